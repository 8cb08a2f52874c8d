"""Which cell of a workbook is which figure: by defined name, checked against row number and year heading.

A name moves with its cell, so rows and columns may be inserted and sheets
renamed. Where names were lost (a sheet copied to a new workbook, a program
that drops them), the number in the item's row and the years in the table's
heading say the same. Where the two disagree, or the heading of a table cannot
be read, neither is believed.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crimestats.returns.form import Form
from crimestats.returns.heading import Heading, heading, printed
from crimestats.returns.names import Key, Names, Spot
from crimestats.returns.package import Place, cell_label

Row = Sequence[Any]

_FIRST_COLUMNS = 12
"""Item numbers are looked for in so many columns; the questionnaire has them in the first."""

_NAMED = 30
"""Names of an item that are told one by one where they lead to no cell; a form has as many years at most."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The printed frame of a sheet, as far as it says where figures belong.

    Attributes:
        sheet: Its name.
        anchor: The column of item numbers.
        rows: The item number of a row that has one, else the whole row.
    """

    sheet: str
    anchor: int
    rows: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that could not be placed, whatever is filled in.

    Attributes:
        item: The reserved item of its row, `_cell.<kind>` or `_fault.<kind>`.
        text: What is the matter, for people.
        spot: Sheet, row and column, where there is one.
    """

    item: str
    text: str
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """A cell that is a matter only if it is filled.

    Attributes:
        spot: Sheet, row and column.
        kind: `unplaced` or `moved`.
        detail: What is the matter, for people.
    """

    spot: Spot
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A second cell for an item and year that has one; a matter if it holds something else.

    Attributes:
        spot: The second cell.
        first: The cell that is read.
        is_open: Nothing says which is right: neither has a name, or the name stands apart from the row.
    """

    spot: Spot
    first: Spot
    is_open: bool


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """The input cells of one sheet, in its order.

    Attributes:
        sheet: Its name.
        places: Row and column of every figure, to its position.
        cells: The same as addresses.
        segments: The same as runs within a row: row, first column, column after the last.
        items: Position of the item of every figure.
        years: Year of every figure.
        disputed: Positions of figures whose name and row disagree.
        notes: Row and column of every note, to the position of its item.
        note_of: For every figure the position of its note, or -1.
        modules: Module of every figure.
        height: Rows that must be there.
        width: Columns that must be there.
    """

    sheet: str
    places: Mapping[Place, int]
    cells: tuple[str, ...]
    segments: tuple[tuple[int, int, int], ...]
    items: NDArray[np.int64]
    years: NDArray[np.int16]
    disputed: tuple[int, ...]
    notes: Mapping[Place, int]
    note_of: NDArray[np.int64]
    modules: tuple[str, ...]
    height: int
    width: int


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """The input cells of a workbook.

    Attributes:
        plans: One for each sheet with figures.
        watches: Cells that are a matter if filled.
        twins: Cells that double another.
        facts: What could not be placed whatever is filled in.
        placed: Positions of the items that have a cell.
        modules: Modules that have one, or a row.
        entries: Positions of the items whose country or city the sender names, to the cell for it.
    """

    plans: tuple[Plan, ...]
    watches: tuple[Watch, ...]
    twins: tuple[Twin, ...]
    facts: tuple[Fact, ...]
    placed: frozenset[int]
    modules: frozenset[str]
    entries: Mapping[int, Spot] = field(default_factory=dict)


def outline(sheet: str, rows: Sequence[Row], numbers: Mapping[str, int]) -> Outline | None:
    """The printed frame of a sheet; none where it has no item number."""
    width = len(rows[0]) if rows else 0
    for anchor in range(min(width, _FIRST_COLUMNS)):
        if not numbers.keys().isdisjoint([row[anchor] for row in rows]):
            frame = tuple([row[anchor] if row[anchor] in numbers else tuple(row) for row in rows])
            return Outline(sheet, anchor, frame)
    return None


@dataclass(slots=True)
class _Draft:
    """What is known of the cells while a layout is made."""

    rows: dict[int, str] = field(default_factory=dict)
    anchored: dict[Spot, Key] = field(default_factory=dict)
    unread: dict[Spot, str] = field(default_factory=dict)
    notes: dict[Spot, int] = field(default_factory=dict)
    watched: dict[Spot, str] = field(default_factory=dict)
    twins: dict[Spot, Spot] = field(default_factory=dict)
    figures: dict[Spot, Key] = field(default_factory=dict)
    placed: dict[Key, Spot] = field(default_factory=dict)
    disputed: dict[Spot, str] = field(default_factory=dict)
    astray: dict[Spot, Key] = field(default_factory=dict)
    lost: list[Spot] = field(default_factory=list)
    entries: dict[int, Spot] = field(default_factory=dict)


def lay_out(
    form: Form, names: Names, outlines: Sequence[Outline], sheets: Sequence[str], part: Container[str] = ()
) -> Layout:
    """Place every input cell of a workbook.

    Args:
        form: The questionnaire.
        names: The workbook's defined names.
        outlines: The frames of its sheets.
        sheets: All its sheets.
        part: The agencies that the workbook is for; all of them where none is named.
    """
    draft = _Draft()
    named = {spot: keys for spot, keys in names.figures.items() if spot[0] in sheets}
    for frame in outlines:
        _anchor(form, frame, draft, named)
    _agree(form, draft, named)
    _fill(draft)
    _leftover(draft, names, sheets)
    placed = frozenset(item for item, _ in draft.placed)
    used = {spot[0] for spot in draft.figures}
    unsure = {*draft.lost, *draft.astray}
    return Layout(
        plans=tuple(_plan(form, sheet, draft, names) for sheet in sheets if sheet in used),
        watches=tuple(
            Watch(spot, kind, detail)
            for kind, found in (("unplaced", draft.watched), ("moved", draft.disputed))
            for spot, detail in found.items()
        ),
        twins=tuple(Twin(spot, first, bool(unsure & {spot, first})) for spot, first in draft.twins.items()),
        facts=(*_lost(draft), *_absent(form, names, draft, placed, part)),
        placed=placed,
        modules=frozenset(form.modules[item] for item in (*placed, *draft.rows)),
        entries={item: spot for item, spot in (draft.entries | names.labels).items() if spot[0] in sheets},
    )


def _anchor(form: Form, frame: Outline, draft: _Draft, named: Container[Spot]) -> None:
    """Enter the cells where an item's row crosses a year's column; a heading counts down to the next.

    Where the row is of another table than the heading, its own heading was lost: only cells
    with a name, which says the year too, are then believed.
    """
    top = Heading()
    for row, entry in enumerate(frame.rows):
        item = form.numbers.get(entry if isinstance(entry, str) else printed(entry[frame.anchor]))
        if item is None and (found := heading(form, frame.anchor, entry)):
            top = found
        elif item is None:
            _stray(frame, draft, row, entry, top)
        else:
            draft.rows.setdefault(item, frame.sheet)
            if item in form.entries:
                draft.entries.setdefault(item, (frame.sheet, row, frame.anchor + 1))
            is_own = not top.table or top.table == form.table_of[item]
            for column, year in top.years.items():
                spot = (frame.sheet, row, column)
                if is_own or spot in named:
                    draft.anchored[spot] = (item, year)
                else:
                    draft.unread[spot] = "nothing, since its table has none"
            for column, said in top.unread.items():
                draft.unread[frame.sheet, row, column] = said
            if top.columns:
                draft.notes[frame.sheet, row, top.note] = item


def _stray(frame: Outline, draft: _Draft, row: int, entry: Row, top: Heading) -> None:
    for column in top.columns:
        if column < len(entry) and str(entry[column]).strip():
            draft.watched[frame.sheet, row, column] = "The row has no number of an item."


def _agree(form: Form, draft: _Draft, named: Mapping[Spot, tuple[Key, ...]]) -> None:
    """Place the cells that have a name; where row and heading do not say the same, dispute them."""
    with_row = set(draft.anchored.values())
    doubtful: dict[Spot, Key] = {}
    for spot, keys in named.items():
        key = draft.anchored.get(spot, keys[0])
        is_alone = spot not in draft.anchored and spot not in draft.unread and len(keys) == 1
        if is_alone and key in with_row:
            draft.astray[spot] = key
        elif is_alone or (spot in draft.anchored and key in keys):
            draft.figures[spot], draft.placed[key] = key, spot
        else:
            doubtful[spot] = key
    for spot, key in doubtful.items():
        said = " and ".join(f"{form.items[item]} {year}" for item, year in named[spot])
        row = f"{form.items[key[0]]} {key[1]}" if spot in draft.anchored else "nothing"
        unread = draft.unread.get(spot)
        other = f"the heading says {unread}" if unread else f"row and heading say {row}"
        draft.disputed[spot] = f"The name says {said}, {other}."
        if key not in draft.placed:
            draft.figures[spot], draft.placed[key] = key, spot


def _fill(draft: _Draft) -> None:
    """Place the cells that have no name, where nothing else holds their item and year."""
    for spot, key in draft.anchored.items():
        if spot in draft.figures or spot in draft.disputed:
            continue
        if key in draft.placed:
            draft.twins[spot] = draft.placed[key]
        else:
            draft.figures[spot], draft.placed[key] = key, spot
            draft.lost.append(spot)
    draft.twins |= {spot: draft.placed[key] for spot, key in draft.astray.items() if key in draft.placed}


def _leftover(draft: _Draft, names: Names, sheets: Sequence[str]) -> None:
    for spot, name in names.unknown.items():
        if spot[0] in sheets and spot not in draft.figures:
            draft.watched[spot] = f"Its name {name} is not of this questionnaire."
    for spot, said in draft.unread.items():
        draft.watched[spot] = f"The heading of the column is no year: it says {said}."
    for spot in (*draft.figures, *draft.disputed, *draft.twins, *names.notes):
        draft.watched.pop(spot, None)


def _lost(draft: _Draft) -> Iterator[Fact]:
    counts = Counter(spot[0] for spot in draft.lost)
    for sheet, count in counts.items():
        first = min(spot for spot in draft.lost if spot[0] == sheet)
        yield Fact("_cell.name_lost", f"Cells without a name: {count}, placed by row number and year.", first)


def _absent(
    form: Form, names: Names, draft: _Draft, placed: frozenset[int], part: Container[str]
) -> Iterator[Fact]:
    """Modules that are not in the workbook; of the others, items and single years without a cell."""
    there = {form.modules[item] for item in (*placed, *draft.rows)}
    wanted = [item for item, agency in enumerate(form.agencies) if not part or agency in part]
    asked = {form.modules[item] for item in wanted}
    for module, sheet in form.sheets.items():
        if module in asked and module not in there:
            yield Fact("_fault.sheet_absent", f"No cell of the sheet {sheet} was found.")
    for item in wanted:
        if form.modules[item] in there and item not in placed and item not in draft.rows:
            yield Fact("_cell.unplaced", f"No row {form.labels[item]} was found, by name or by number.")
    undated = Counter(sheet for item, sheet in draft.rows.items() if item not in placed)
    for sheet, count in undated.items():
        yield Fact("_cell.unplaced", f"{count} rows of the sheet {sheet} have no year in their heading.")
    yield from _unled(form, names, draft, placed)


def _unled(form: Form, names: Names, draft: _Draft, placed: frozenset[int]) -> Iterator[Fact]:
    """Names of single years that lead to no cell, of items that have one in other years."""
    lost: dict[str, list[str]] = {}
    for kind, name, year in names.broken:
        at = form.index.get(name, -1)
        if kind == "F" and at in placed and _is_year(year) and (at, int(year)) not in draft.placed:
            lost.setdefault(name, []).append(year)
    for name, years in lost.items():
        for year in years[:_NAMED]:
            yield Fact("_cell.unplaced", f"The name F.{name}.{year} leads to no cell.")
        if len(years) > _NAMED:
            yield Fact("_cell.unplaced", f"{len(years) - _NAMED:,} more names of F.{name} lead to no cell.")


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit()


def _plan(form: Form, sheet: str, draft: _Draft, names: Names) -> Plan:
    figures = {spot[1:]: key for spot, key in sorted(draft.figures.items()) if spot[0] == sheet}
    places = {place: position for position, place in enumerate(figures)}
    noted = draft.notes | names.notes
    notes = {spot[1:]: item for spot, item in noted.items() if spot[0] == sheet and spot[2] >= 0}
    note_of = {item: position for position, item in enumerate(notes.values())}
    corners = [*places, *notes]
    return Plan(
        sheet=sheet,
        places=places,
        cells=tuple(map(cell_label, places)),
        segments=_segments(list(places)),
        items=np.array([item for item, _ in figures.values()], dtype=np.int64),
        years=np.array([year for _, year in figures.values()], dtype=np.int16),
        disputed=tuple(places[s[1:]] for s in draft.disputed if s[0] == sheet and s[1:] in places),
        notes=notes,
        note_of=np.array([note_of.get(item, -1) for item, _ in figures.values()], dtype=np.int64),
        modules=tuple(form.modules[item] for item, _ in figures.values()),
        height=1 + max(row for row, _ in corners),
        width=1 + max(column for _, column in corners),
    )


def _segments(places: Sequence[Place]) -> tuple[tuple[int, int, int], ...]:
    runs: list[list[int]] = []
    for row, column in places:
        if runs and runs[-1][0] == row and runs[-1][2] == column:
            runs[-1][2] += 1
        else:
            runs.append([row, column, column + 1])
    return tuple((row, first, after) for row, first, after in runs)
