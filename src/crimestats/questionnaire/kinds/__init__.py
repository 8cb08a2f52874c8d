"""Rule kinds: small pure functions that judge a whole round at once.

A rule is data (`rules.toml`); its kind is a function of this package. A new kind
is a function with the decorator `kind`: it takes the round and the rule's items
and, by name, the rule's parameters, and returns a `Judgement`.
"""

from crimestats.questionnaire.kinds import answers, cells, entered, series, sources, sums, tables
from crimestats.questionnaire.kinds.registry import KINDS, Kind, check_parameters, items_named, judge, without
from crimestats.questionnaire.kinds.round import FAIL, UNDECIDED, Background, Judgement, Round

__all__ = [
    "FAIL",
    "KINDS",
    "UNDECIDED",
    "Background",
    "Judgement",
    "Kind",
    "Round",
    "answers",
    "cells",
    "check_parameters",
    "entered",
    "items_named",
    "judge",
    "series",
    "sources",
    "sums",
    "tables",
    "without",
]  # fmt: skip
