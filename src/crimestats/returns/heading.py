"""The heading row of a table: which column is of which year, and which columns do not say."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crimestats.questionnaire.workbook import FIRST_YEAR
from crimestats.returns.form import Form

_YEAR = re.compile(r"(\d{4})(?:\s*(?:[*†‡¹²³]+|\([^()\d]*\)))?")
"""A year, and after it at most a mark or a remark in brackets; a span of years is none."""
_LIKELY = range(1900, 2101)
"""What is a year wherever it stands; elsewhere than here, only in a column of years."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading row says of the columns of its table.

    Attributes:
        years: Column to year.
        unread: Columns of the table without one year of their own, to what they say instead.
        note: The column of notes; -1 where there is no heading.
        table: The printed number of its table; empty where it does not say.
    """

    years: Mapping[int, int] = field(default_factory=dict)
    unread: Mapping[int, str] = field(default_factory=dict)
    note: int = -1
    table: str = ""

    @property
    def columns(self) -> Sequence[int]:
        """The columns in which figures may stand."""
        return sorted({*self.years, *self.unread})


def heading(form: Form, anchor: int, entry: Sequence[Any]) -> Heading | None:
    """What a heading row says; none where the row is no heading.

    A heading has the table's number where items have theirs, or the heading of
    the notes at its end. The years need not rise: what stands there counts.
    """
    texts = [printed(value) for value in entry]
    if texts[anchor] not in form.tables and form.note.isdisjoint(texts[anchor + 2 :]):
        return None
    first = _first(form, anchor, texts)
    found = {column: year for column, text in enumerate(texts) if column >= first and (year := _year(text))}
    often = Counter(found.values())
    years = {column: year for column, year in found.items() if often[year] == 1}
    note = _note(form, first, texts)
    end = max(len(texts) if note < 0 else note, 1 + max(found, default=-1))
    further = {column for column in range(end, len(texts)) if column != note and _has_digit(texts[column])}
    unread = {
        column: _said(texts[column], column in found)
        for column in {*range(first, end), *further} - {*years, note}
    }
    table = texts[anchor] if texts[anchor] in form.tables else ""
    return Heading(years, unread, note if note >= 0 else len(texts), table)


def printed(value: object) -> str:
    """A cell of the printed frame as text."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _first(form: Form, anchor: int, texts: Sequence[str]) -> int:
    """The first column of figures: after the counting unit, or where a year stands before it."""
    measure = next((at for at, text in enumerate(texts) if text in form.measure), -1)
    labelled = measure + 1 if measure >= 0 else anchor + FIRST_YEAR
    years = (at for at, text in enumerate(texts) if at > anchor and _year(text) in _LIKELY)
    return min(labelled, next(years, labelled))


def _year(text: str) -> int:
    """The year of a heading, as it stands: 1013 is what the sender wrote; 0 where it is none."""
    found = _YEAR.fullmatch(text)
    year = int(found[1]) if found else 0
    return year if year >= 1000 else 0


def _note(form: Form, first: int, texts: Sequence[str]) -> int:
    """The column of notes: by its heading, else the first one after all that could be years, if any."""
    labelled = next((at for at, text in enumerate(texts) if text in form.note), -1)
    if labelled >= 0:
        return labelled
    last = max((at for at, text in enumerate(texts) if at >= first and _has_digit(text)), default=-1)
    return next((at for at, text in enumerate(texts) if at > last and text), last + 1) if last >= 0 else -1


def _has_digit(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _said(text: str, is_year: bool) -> str:
    if is_year:
        return f"'{text}' more than once"
    return f"'{text}'" if text else "nothing"
