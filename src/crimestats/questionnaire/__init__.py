"""Questionnaires: items, rules and labels as data; building and pre-filling a workbook."""

from crimestats.questionnaire.definition import Item, Questionnaire, Rule
from crimestats.questionnaire.loading import codelist
from crimestats.questionnaire.workbook import build

__all__ = ["Item", "Questionnaire", "Rule", "build", "codelist"]
