"""What was read of one file, before it becomes rows of a table."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from crimestats.frames import NOT_APPLICABLE, UNKNOWN
from crimestats.returns.guard import RefusedError
from crimestats.returns.layout import Plan
from crimestats.returns.names import Spot
from crimestats.returns.package import Place, cell_label

Lines = list[list[Any]]
"""A sheet as the reader hands it over: rows of equal length, '' where there is nothing."""
Sheets = dict[str, Lines]
Record = tuple[str, str, str, str, str]
"""Item, sheet, cell, raw text and note of a row that is no figure."""

_MOST_TEXT = 32 << 20
"""Characters that are told of a file beside its figures; many names may lead to one long text."""
_MOST_RECORDS = 250_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The figures of one sheet as found.

    Attributes:
        plan: Where they stand.
        values: For every figure of the plan a float, or a text; '' where blank.
        notes: For every note of the plan its text.
        spoiled: Positions of figures that cannot be told.
    """

    plan: Plan
    values: list[float | str]
    notes: list[str]
    spoiled: list[int]

    @property
    def is_filled(self) -> bool:
        """Whether there is any figure."""
        return self.values.count("") < len(self.values)

    def filled_modules(self) -> set[str]:
        """Modules of which the sheet has a figure."""
        modules = set(self.plan.modules)
        if len(modules) == 1:
            return modules if self.is_filled else set()
        return {module for module, value in zip(self.plan.modules, self.values, strict=True) if value != ""}


@dataclass(slots=True)
class Sheaf:
    """What was read of one file.

    Attributes:
        path: As given.
        sha256: Of the file; empty where it could not be read.
        area: From the header, or unknown.
        part: The agencies that the workbook is for; all where it names none.
        original: The hashes of the files that this one answers, blanks between.
        years: Reference years of the workbook.
        modules: Modules that have a cell in it.
        placed: Positions of the items that have one.
        grids: Its figures.
        records: Header, metadata, faults and oddities.
        is_blank: Nothing is filled in.
        is_superseded: Another file answers it; only what that one leaves out still counts.
        weight: Characters of the records.
        is_weighed: Whether too many of them are refused; no more once the file is read.
    """

    path: str
    sha256: str = ""
    area: str = UNKNOWN
    part: tuple[str, ...] = ()
    original: str = ""
    years: tuple[int, ...] = ()
    modules: frozenset[str] = frozenset()
    placed: frozenset[int] = frozenset()
    grids: list[Grid] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    is_blank: bool = False
    is_superseded: bool = False
    weight: int = 0
    is_weighed: bool = True

    def add(self, item: str, raw: str, spot: Spot | None = None, note: str = "") -> None:
        """Add a row that is no figure; without a spot it is about the file."""
        sheet, cell = (spot[0], cell_label(spot[1:])) if spot else (NOT_APPLICABLE, NOT_APPLICABLE)
        self.records.append((item, sheet, cell, raw, note))
        self.weight += len(raw) + len(note)
        if self.is_weighed and (self.weight > _MOST_TEXT or len(self.records) > _MOST_RECORDS):
            detail = f"Its notes and names say {self.weight:,} characters in {len(self.records):,} places."
            raise RefusedError("bomb", detail)

    def stated(self) -> str:
        """The questionnaire that the file says it answers; empty where it does not say."""
        raw = next((raw for item, _, _, raw, _ in self.records if item == "H.questionnaire"), "")
        return raw.strip().casefold()

    def refuse(self, kind: str, detail: str) -> None:
        """Leave nothing but the fault."""
        self.grids, self.records, self.weight, self.original = [], [], 0, ""
        self.add(f"_fault.{kind}", detail)


def cell_value(lines: Lines, place: Place) -> Any:
    """What the reader found in a cell; '' beyond the last one."""
    row, column = place
    return lines[row][column] if row < len(lines) and column < len(lines[row]) else ""


def text_at(sheets: Sheets, spot: Spot | None) -> str:
    """The raw text of a cell; '' where there is no such cell."""
    return as_text(cell_value(sheets.get(spot[0], []), spot[1:])) if spot else ""


def as_text(value: object) -> str:
    """The raw text of a value: numbers in their shortest form, dates in ISO form.

    >>> as_text(412.0), as_text(0.5), as_text(True), as_text(dt.datetime(2022, 12, 31))
    ('412', '0.5', 'TRUE', '2022-12-31')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
