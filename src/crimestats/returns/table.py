"""From what was read of each file to the table of cells of the whole round."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats.frames import CELLS, NOT_APPLICABLE
from crimestats.returns.figures import Reading, read_text
from crimestats.returns.form import Form
from crimestats.returns.sheaf import Grid, Sheaf, as_text

Codes = NDArray[np.int64]
_TEXT = pd.StringDtype(na_value=np.nan)
_WHOLE = 1e15  # from here on a float is written with an exponent


@dataclass(slots=True)
class _Codes:
    """Texts and their positions, in the order in which they came."""

    of: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, text: str) -> int:
        return self.of.setdefault(text, len(self.of))

    def all(self, texts: Iterable[str]) -> Codes:
        return np.fromiter((self[text] for text in texts), dtype=np.int64)

    def column(self, codes: Codes) -> pd.Categorical:
        """A category column with the texts that occur, sorted, so that equal rounds give equal tables."""
        texts = list(self.of)
        used = np.zeros(len(texts), dtype=bool)
        used[codes] = True
        names = sorted(texts[code] for code in np.flatnonzero(used).tolist())
        rank = np.full(len(texts), -1, dtype=np.int64)
        rank[[self.of[name] for name in names]] = np.arange(len(names))
        return pd.Categorical.from_codes(rank[codes], categories=pd.Index(names, dtype=_TEXT))


@dataclass(slots=True)
class _Rows:
    """Columns of some rows; texts by code where they repeat."""

    owner: Codes
    sheet: Codes
    cell: Codes
    item: Codes
    year: Codes  # -1 where the row is not of a year
    raw: pa.Array
    note: Codes
    value: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    status: Codes


@dataclass(slots=True)
class _Books:
    """The codes of every column of a round."""

    sheet: _Codes = field(default_factory=_Codes)
    cell: _Codes = field(default_factory=_Codes)
    item: _Codes = field(default_factory=_Codes)
    note: _Codes = field(default_factory=_Codes)
    status: _Codes = field(default_factory=_Codes)


def to_cells(sheaves: Sequence[Sheaf], return_ids: Sequence[str], form: Form) -> DataFrame:
    """The table of cells of a round.

    Args:
        sheaves: What was read of each file.
        return_ids: How each file is called in the table.
        form: The questionnaire.

    Returns:
        `frames.CELLS`: by file, its figures in the order of the workbook, then
        header, metadata and facts.
    """
    books = _Books()
    figures, others = _figures(sheaves, form, books), _others(sheaves, form, books)
    order = np.argsort(np.concatenate([figures.owner, others.owner]), kind="stable")

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(figures, name), getattr(others, name)])[order]

    areas, ids = _Codes(), _Codes()
    area, return_id = areas.all(sheaf.area for sheaf in sheaves), ids.all(return_ids)
    owner, year = joined("owner"), joined("year")
    raw = pa.concat_arrays([figures.raw, others.raw]).take(pa.array(order))
    notes = pa.array(list(books.note.of), type=pa.large_string()).take(pa.array(joined("note")))
    columns = {
        "return_id": ids.column(return_id[owner]), "area": areas.column(area[owner]),
        "sheet": books.sheet.column(joined("sheet")), "cell": books.cell.column(joined("cell")),
        "item": books.item.column(joined("item")),
        "year": pd.arrays.IntegerArray(np.maximum(year, 0).astype(np.int16), year < 0),
        "raw": _text(raw), "note": _text(notes),
        "value": joined("value"), "lower": joined("lower"), "upper": joined("upper"),
        "status": books.status.column(joined("status")),
    }  # fmt: skip
    return CELLS.cast(DataFrame(columns, copy=False))


def _text(texts: pa.Array) -> Any:
    return _TEXT.__from_arrow__(texts)  # type: ignore[attr-defined]


def _figures(sheaves: Sequence[Sheaf], form: Form, books: _Books) -> _Rows:
    grids = [(owner, sheaf, grid) for owner, sheaf in enumerate(sheaves) for grid in sheaf.grids]
    values: list[float | str] = []
    for _, _, grid in grids:
        values += grid.values
    owner = _repeat(grids, [owner for owner, _, _ in grids])
    item = _join([grid.plan.items for _, _, grid in grids])
    numbers = np.array([value if value.__class__ is float else np.nan for value in values], dtype=np.float64)
    is_number = np.isfinite(numbers)
    asked = _join([_asked(sheaf, grid, form) for _, sheaf, grid in grids]).astype(bool)
    is_text = np.zeros(len(values), dtype=bool)
    is_text[[at for at in np.flatnonzero(~is_number).tolist() if values[at] != ""]] = True
    kept = np.flatnonzero(is_number | is_text | asked)
    texts = [as_text(values[at]) for at in kept[~is_number[kept]].tolist()]
    rows = _Rows(
        owner=owner[kept],
        sheet=_repeat(grids, [books.sheet[grid.plan.sheet] for _, _, grid in grids])[kept],
        cell=_join(_cell_codes(grids, books))[kept],
        item=books.item.all(form.items)[item][kept],
        year=_join([grid.plan.years for _, _, grid in grids])[kept],
        raw=_raw(numbers[kept], is_number[kept], texts),
        note=_join([_note_codes(grid, books) for _, _, grid in grids])[kept],
        value=numbers[kept], lower=numbers[kept].copy(), upper=numbers[kept].copy(),
        status=np.full(len(kept), books.status["exact"]),
    )  # fmt: skip
    _read_texts(rows, np.flatnonzero(~is_number[kept]), texts, form.whole[item[kept]], books)
    _spoil(rows, _join([_spoiled(grid) for _, _, grid in grids]).astype(bool)[kept], books)
    return rows


def _asked(sheaf: Sheaf, grid: Grid, form: Form) -> NDArray[np.bool_]:
    """Figures that stand in the table even when blank."""
    if sheaf.is_blank or sheaf.is_superseded:
        return np.zeros(len(grid.values), dtype=bool)
    required = form.required[grid.plan.items]
    return required & np.isin(grid.plan.years, sheaf.years) if sheaf.years else required


def _spoiled(grid: Grid) -> NDArray[np.bool_]:
    spoiled = np.zeros(len(grid.values), dtype=bool)
    spoiled[grid.spoiled] = True
    return spoiled


def _note_codes(grid: Grid, books: _Books) -> Codes:
    if not any(grid.notes):
        return np.full(len(grid.values), books.note[""])
    return books.note.all([*grid.notes, ""])[grid.plan.note_of]


def _cell_codes(grids: Sequence[tuple[int, Sheaf, Grid]], books: _Books) -> list[Codes]:
    known = {id(grid.plan): grid.plan for _, _, grid in grids}
    codes = {name: books.cell.all(plan.cells) for name, plan in known.items()}
    return [codes[id(grid.plan)] for _, _, grid in grids]


def _repeat(grids: Sequence[tuple[int, Sheaf, Grid]], codes: Sequence[int]) -> Codes:
    return np.repeat(np.array(codes, dtype=np.int64), [len(grid.values) for _, _, grid in grids])


def _join(pieces: Sequence[NDArray[np.generic]]) -> Codes:
    return np.concatenate(pieces).astype(np.int64) if pieces else np.empty(0, dtype=np.int64)


def _raw(numbers: NDArray[np.float64], is_number: NDArray[np.bool_], texts: Sequence[str]) -> pa.Array:
    """Numbers in their shortest form, texts as found."""
    whole = is_number & (np.abs(numbers, where=is_number, out=np.full_like(numbers, np.inf)) < _WHOLE)
    whole[whole] = numbers[whole] == np.floor(numbers[whole])
    other = is_number & ~whole
    pool = pa.concat_arrays([
        pa.array(numbers[whole].astype(np.int64)).cast(pa.large_string()),
        pa.array([as_text(number) for number in numbers[other].tolist()], type=pa.large_string()),
        pa.array(texts, type=pa.large_string()),
    ])  # fmt: skip
    position = np.empty(len(numbers), dtype=np.int64)
    position[np.concatenate([np.flatnonzero(whole), np.flatnonzero(other), np.flatnonzero(~is_number)])] = (
        np.arange(len(numbers))
    )
    return pool.take(pa.array(position))


def _read_texts(
    rows: _Rows, at: Codes, texts: Sequence[str], whole: NDArray[np.bool_], books: _Books
) -> None:
    """Enter what the texts say, each different text read once."""
    if not texts:
        return
    keys = list(zip(texts, whole[at].tolist(), strict=True))
    known = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    readings = [read_text(text, is_whole) for text, is_whole in known]
    which = np.fromiter((known[key] for key in keys), dtype=np.int64)
    for name in ("value", "lower", "upper"):
        getattr(rows, name)[at] = np.array(
            [getattr(reading, name) for reading in readings], dtype=np.float64
        )[which]
    rows.status[at] = books.status.all(reading.status for reading in readings)[which]
    _spoil(rows, _inconsistent(rows.owner, at, which, readings), books)


def _inconsistent(owner: Codes, at: Codes, which: Codes, readings: Sequence[Reading]) -> NDArray[np.bool_]:
    """Rows with `1,234` in a workbook that elsewhere has the same sign before decimals."""
    clash = np.zeros(len(owner), dtype=bool)
    decimals = {
        (who, readings[what].decimal) for who, what in zip(owner[at].tolist(), which.tolist(), strict=True)
    }
    for row, what in zip(at.tolist(), which.tolist(), strict=True):
        clash[row] = readings[what].group != "" and (int(owner[row]), readings[what].group) in decimals
    return clash


def _spoil(rows: _Rows, where: NDArray[np.bool_], books: _Books) -> None:
    where = where & (rows.status != books.status["blank"])
    for name in ("value", "lower", "upper"):
        getattr(rows, name)[where] = np.nan
    rows.status[where] = books.status["unreadable"]


def _others(sheaves: Sequence[Sheaf], form: Form, books: _Books) -> _Rows:
    """Header, metadata, facts, and required items that have no cell."""
    found: list[tuple[int, str, str, str, str, str, int]] = []
    for owner, sheaf in enumerate(sheaves):
        path = sheaf.path.encode("utf-8", "replace").decode()  # a name may hold bytes that are no text
        facts = [("_file", path), ("_sha256", sheaf.sha256)]
        found += [(owner, item, NOT_APPLICABLE, NOT_APPLICABLE, raw, "", -1) for item, raw in facts]
        found += [(owner, *record, -1) for record in sheaf.records]
        found += [
            (owner, item, NOT_APPLICABLE, NOT_APPLICABLE, "", "", year)
            for item, year in _unplaced(sheaf, form)
        ]
    owners, items, sheets, cells, raws, notes, years = zip(*found, strict=True) if found else [()] * 7
    nothing = np.full(len(found), np.nan)
    return _Rows(
        owner=np.array(owners, dtype=np.int64), sheet=books.sheet.all(sheets), cell=books.cell.all(cells),
        item=books.item.all(items), year=np.array(years, dtype=np.int64),
        raw=pa.array(raws, type=pa.large_string()), note=books.note.all(notes),
        value=nothing, lower=nothing, upper=nothing,
        status=books.status.all("text" if raw.strip() else "blank" for raw in raws),
    )  # fmt: skip


def _unplaced(sheaf: Sheaf, form: Form) -> list[tuple[str, int]]:
    """Required items of the workbook's modules for which it has no cell, in each of its years."""
    if sheaf.is_blank or sheaf.is_superseded:
        return []
    lacking = [
        form.items[item]
        for item in np.flatnonzero(form.required).tolist()
        if form.modules[item] in sheaf.modules
        and item not in sheaf.placed
        and (not sheaf.part or form.agencies[item] in sheaf.part)
    ]
    return [(item, year) for item in lacking for year in sheaf.years or form.years]
