"""What a statistician reads of a finding: place, fault with values, remedy."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from crimestats.frames import NOT_APPLICABLE
from crimestats.questionnaire import Questionnaire, Rule

_LONGEST = 160
_EXACT = 1e15  # beyond it a figure is no count, and its digits are not its own
_NEAR = re.compile(r"Did you mean (.+)\?")
_RANGE = re.compile(r"(-?[\d.]+) to (-?[\d.]+)")
_AT_LEAST = re.compile(r"at least (-?[\d.]+)")
_DID_YOU_MEAN = "Did you mean {codes}?"
_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")

Place = tuple[str, str, str]
"""Return, sheet and cell."""


def message(rule: str, place: str, area: str, year: str, text: str) -> str:
    """One finding in one line.

    >>> message("CTS24-124", "'Prisons'!E5", "SMP", "2023", "total 412, but its parts add to 403.")
    "CTS24-124 at 'Prisons'!E5 (SMP 2023): total 412, but its parts add to 403."
    """
    whose = " ".join(part for part in (area, year) if part)
    return f"{rule} at {place} ({whose}): {' '.join(text.split())}"


def template(definition: Questionnaire, rule: Rule, is_undecided: bool) -> str:
    """The message of a rule in the language of the questionnaire, else as the rule has it.

    A translation stands in the labels file under `rule.<id>`, of an undecided
    answer under `rule.<id>.undecided`.
    """
    if is_undecided:
        english = str(rule.parameters.get("undecided", ""))
        return definition.labels.get(f"rule.{rule.id}.undecided", definition.text(english))
    return definition.labels.get(f"rule.{rule.id}", definition.text(rule.message))


def place(return_id: str, sheet: str, cell: str) -> str:
    """Where a finding is: sheet and cell, or the file where it is about the whole of it.

    >>> place("SMP.xlsx", "Violent", "D27"), place("SMP.xlsx", "Violent", "_Z"), place("SMP.xlsx", "_Z", "_Z")
    ("'Violent'!D27", "'Violent'", 'SMP.xlsx')
    """
    if sheet == NOT_APPLICABLE:
        return return_id
    return f"'{sheet}'" if cell == NOT_APPLICABLE else f"'{sheet}'!{cell}"


def cells(own: Place, others: Sequence[Place]) -> str:
    """The other cells that a finding rests on, as a reader of the finding's own sheet would name them.

    >>> beside = [("r", "Violent", "D28"), ("r", "Violent", "D29"), ("r", "Other", "D4")]
    >>> cells(("r", "Violent", "D27"), beside)
    "D28:D29, 'Other'!D4"
    """
    named = []
    for first, last in _runs(others):
        span = first[2] if first == last else f"{first[2]}:{last[2]}"
        sheet = "" if first[:2] == own[:2] else f"'{first[1]}'!"
        file = "" if first[0] == own[0] else f"{first[0]} "
        named.append(file.strip() if span == NOT_APPLICABLE else f"{file}{sheet}{span}")
    return ", ".join(part for part in named if part)


def shown(value: Any, say: Callable[[str], str] = str) -> str:
    """A value of a message as text: a number, an interval as a pair of numbers, or a text found in a file.

    Args:
        value: The value.
        say: Puts the English words of an interval into another language.

    >>> shown(412.0), shown((400.0, 412.0)), shown((420.0, float("inf"))), shown(1.8367)
    ('412', '400 to 412', 'at least 420', '1.84')
    """
    if isinstance(value, tuple):
        return _interval(value[0], value[1], say)
    if isinstance(value, float | int):
        return _number(float(value), say)
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def rows(fields: Mapping[str, Any], number: int, say: Callable[[str], str] = str) -> list[dict[str, str]]:
    """The fields of a judgement, row by row, as texts.

    Args:
        fields: Columns of values, or pairs of them.
        number: How many rows.
        say: Puts English words into another language.
    """
    columns = {
        name: list(values) if name == "cells" else _texts(values, say) for name, values in fields.items()
    }  # cells are places, and a place cut short is none
    if "near" in columns:
        columns["near"] = [_asked(text, say) for text in columns["near"]]
    return [{name: texts[row] for name, texts in columns.items()} for row in range(number)]


def spoken(text: str, say: Callable[[str], str]) -> str:
    """A range written in English, in another language; any other text as it is.

    >>> spoken("400 to 412", {"{low} to {high}": "de {low} à {high}"}.get)
    'de 400 à 412'
    """
    if found := _RANGE.fullmatch(text):
        return say("{low} to {high}").format(low=found[1], high=found[2])
    if found := _AT_LEAST.fullmatch(text):
        return say("at least {low}").format(low=found[1])
    return text


def _asked(text: str, say: Callable[[str], str]) -> str:
    """The question that names near codes, in another language."""
    found = _NEAR.fullmatch(text)
    question = say(_DID_YOU_MEAN)
    if not found or question == _DID_YOU_MEAN:
        return text
    return question.format(codes=found[1].replace(" or ", ", "))


def _texts(values: Any, say: Callable[[str], str]) -> list[str]:
    if isinstance(values, tuple):
        return [
            shown(pair, say) for pair in zip(*(np.asarray(part).tolist() for part in values), strict=True)
        ]
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return [shown(value.item() if isinstance(value, np.generic) else value, say) for value in listed]


def _interval(low: float, high: float, say: Callable[[str], str]) -> str:
    if low == high or math.isnan(low):
        return _number(low, say)
    if math.isinf(high):
        return say("at least {low}").format(low=_number(low, say))
    return say("{low} to {high}").format(low=_number(low, say), high=_number(high, say))


def _number(value: float, say: Callable[[str], str]) -> str:
    if math.isnan(value):
        return say("unknown")
    if math.isinf(value):
        return say("any number")
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return f"{value:.0f}" if 1000 <= abs(value) < _EXACT else f"{value:.3g}"


def _runs(places: Sequence[Place]) -> list[tuple[Place, Place]]:
    """First and last of each run of cells that stand under one another."""
    runs: list[tuple[Place, Place]] = []
    for each in places:
        if runs and _is_below(runs[-1][1], each):
            runs[-1] = (runs[-1][0], each)
        else:
            runs.append((each, each))
    return runs


def _is_below(upper: Place, lower: Place) -> bool:
    one, two = _ADDRESS.fullmatch(upper[2]), _ADDRESS.fullmatch(lower[2])
    if one is None or two is None or upper[:2] != lower[:2]:
        return False
    return one[1] == two[1] and int(one[2]) + 1 == int(two[2])
