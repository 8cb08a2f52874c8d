"""Components of failing edits, and the single figures whose change satisfies all of one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from pandas import DataFrame

from crimestats.questionnaire.kinds.round import Mask, Numbers, Rows
from crimestats.validation.localising.edits import Edits

ROUNDING = 1e-14
"""Relative size of what a sum of figures may be off by in the arithmetic of the machine."""
_SLIGHT = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Failures:
    """The edits that fail, and which of them hang together.

    Attributes:
        row: Row of the edits' tables.
        edit: Number of the edit.
        component: Number of the component: failing edits of one unit and year that share figures.
        cells: Component of each figure that a failing edit rests on, -1 for others: rows, columns.
        number: How many components there are.
    """

    row: Rows
    edit: Rows
    component: Rows
    cells: Rows
    number: int

    def joined(self, others: Mapping[int, int]) -> "Failures":
        """The same with some components counted as part of another."""
        numbers = np.arange(self.number + 1)
        for component, whole in others.items():
            numbers[component] = whole
        numbers[-1] = -1
        return replace(self, component=numbers[self.component], cells=numbers[self.cells])


def components(edits: Edits) -> Failures:
    """Link the failing edits that share a known figure."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row, edit = np.nonzero(edits.fails)
    failure, column = _expanded(edits, row, edit)
    size = edits.known.size
    figure = row[failure] * edits.known.shape[1] + column
    shape = (len(row) + size, len(row) + size)
    graph = coo_array((np.ones(len(failure)), (failure, len(row) + figure)), shape=shape)
    _, label = connected_components(graph, directed=False)
    _, number = np.unique(label[: len(row)], return_inverse=True)
    cells = np.full(size, -1, dtype=np.intp)
    cells[figure] = number[failure]
    return Failures(row, edit, number, cells.reshape(edits.known.shape), int(number.max(initial=-1)) + 1)


def single(edits: Edits, failures: Failures) -> DataFrame:
    """Every figure whose change alone satisfies all rules that it stands in, those that hold among them.

    Returns:
        Columns component, alternative, row, column, lower and upper (the values that fit).
    """
    row, column = _in_all(edits, failures)
    wanted = np.zeros(edits.known.shape, dtype=bool)
    wanted[row, column] = True
    at, edit = np.nonzero(edits.active & _touches(edits, wanted))
    entry, own = _expanded(edits, at, edit)
    chosen = wanted[at[entry], own]
    entry, own = entry[chosen], own[chosen]
    low, high = _fitting(edits, at[entry], edit[entry], own)
    least, most = np.full(edits.known.shape, -np.inf), np.full(edits.known.shape, np.inf)
    np.maximum.at(least, (at[entry], own), low)
    np.minimum.at(most, (at[entry], own), high)
    lower, upper = whole(least[row, column], most[row, column], edits.is_whole[column])
    table = DataFrame({
        "component": failures.cells[row, column], "row": row, "column": column,
        "lower": lower, "upper": upper,
    })  # fmt: skip
    table = table[table["lower"] <= table["upper"]].sort_values(["component", "row", "column"])
    table.insert(1, "alternative", table.groupby("component").cumcount())
    return table.reset_index(drop=True)


def whole(lower: Numbers, upper: Numbers, is_whole: Mask) -> tuple[Numbers, Numbers]:
    """The whole numbers between limits, where only whole numbers fit; a limit itself counts."""
    slack = [
        np.maximum(_SLIGHT, ROUNDING * np.where(np.isfinite(part), np.abs(part), 0))
        for part in (lower, upper)
    ]
    low = np.where(is_whole, np.ceil(lower - slack[0]), lower)
    high = np.where(is_whole, np.floor(upper + slack[1]), upper)
    close = ~is_whole & (low > high) & (low <= high + slack[0])
    return low + 0.0, np.where(close, low, high) + 0.0


def _in_all(edits: Edits, failures: Failures) -> tuple[Rows, Rows]:
    """Known figures that stand in every failing edit of their component."""
    failure, column = _expanded(edits, failures.row, failures.edit)
    count = np.zeros(edits.known.shape, dtype=np.intp)
    np.add.at(count, (failures.row[failure], column), 1)
    wanted = np.bincount(failures.component, minlength=1)
    row, column = np.nonzero((failures.cells >= 0) & (count == wanted[failures.cells]))
    return row, column


def _touches(edits: Edits, cells: Mask) -> Mask:
    """Edits that one of some figures stands in."""
    touches: Mask = ((edits.weights != 0).astype(np.float64) @ cells.T.astype(np.float64)).T > 0
    return touches


def _expanded(edits: Edits, row: Rows, edit: Rows) -> tuple[Rows, Rows]:
    """The known figures of some edits: number of the edit in the list, and column."""
    start, length = edits.weights.indptr[edit], np.diff(edits.weights.indptr)[edit]
    number = np.repeat(np.arange(len(edit)), length)
    first = np.repeat(start - np.concatenate([[0], np.cumsum(length)[:-1]]), length) if len(edit) else start
    column = edits.weights.indices[np.arange(len(number)) + first]
    known = edits.known[row[number], column]
    return number[known], column[known]


def _fitting(edits: Edits, row: Rows, edit: Rows, column: Rows) -> tuple[Numbers, Numbers]:
    """Values of a figure between which an edit holds, the others as they are."""
    lowest, highest, below, above = (part[row, edit] for part in edits.sums())
    weight = edits.weight(edit, column)
    one, two = weight * edits.lower[row, column], weight * edits.upper[row, column]
    endless, rises = edits.unbounded[row, column], weight > 0
    rest = [lowest - np.minimum(one, two), highest - np.maximum(one, two)]
    rest[0] = np.where(below > (endless & ~rises), -np.inf, rest[0])
    rest[1] = np.where(above > (endless & rises), np.inf, rest[1])
    low, high = (edits.least[edit] - rest[1]) / weight, (edits.most[edit] - rest[0]) / weight
    return np.where(rises, low, high), np.where(rises, high, low)
