"""What each sum says of its cells, taken for all sums at once."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from crimestats.disclosure.cells import Flags, Numbers, Places


@dataclass(frozen=True, slots=True)
class System:
    """Whole numbers within bounds, and the sums that link them.

    Attributes:
        lower: Least of each number.
        upper: Most, infinite where nothing bounds it.
        line: Of each entry of the sums: its line,
        column: its number,
        sign: and 1 for a total, -1 for a part.
        is_open: Lines whose parts may not be all: the total is at least their sum.
        node: Which node of the links each number is.
        family: Which sum of the table each line is.
    """

    lower: Numbers
    upper: Numbers
    line: Places
    column: Places
    sign: Numbers
    is_open: Flags
    node: Places
    family: Places

    @property
    def count(self) -> int:
        """How many sums there are."""
        return len(self.is_open)

    def matrix(self) -> csr_matrix:
        """The sums as a sparse matrix."""
        return csr_matrix((self.sign, (self.line, self.column)), shape=(self.count, len(self.lower)))

    def with_lines(self, kept: Flags) -> "System":
        """The system with some of its sums only."""
        number = np.cumsum(kept) - 1
        there = kept[self.line]
        return replace(
            self, line=number[self.line[there]], column=self.column[there], sign=self.sign[there],
            is_open=self.is_open[kept], family=self.family[kept],
        )  # fmt: skip

    def with_numbers(self, kept: Flags) -> "System":
        """The system with some of its numbers only; the others stand in no sum."""
        number = np.cumsum(kept) - 1
        return replace(
            self, lower=self.lower[kept], upper=self.upper[kept], node=self.node[kept],
            column=number[self.column],
        )  # fmt: skip


def components(system: System, is_free: Flags) -> tuple[Places, Places]:
    """Which numbers hang together by sums of which they are both free numbers.

    Args:
        system: Numbers and sums.
        is_free: Numbers that are not fixed.

    Returns:
        The component of each number and of each line; -1 where none is free.
    """
    count = len(system.lower)
    linked = is_free[system.column]
    ends = (system.line[linked] + count, system.column[linked])
    size = count + system.count
    graph = csr_matrix((np.ones(linked.sum()), ends), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    has_free = np.zeros(system.count, bool)
    has_free[system.line[linked]] = True
    of_number = np.where(is_free, label[:count], -1).astype(np.int64)
    return of_number, np.where(has_free, label[count:], -1).astype(np.int64)


def told(system: System, lower: Numbers, upper: Numbers) -> tuple[Numbers, Numbers]:
    """What the other numbers of a sum say of each of its numbers, at each entry.

    Returns:
        Least and most, by entry of the sums.
    """
    is_total = system.sign > 0
    own_lower, own_upper = lower[system.column], upper[system.column]
    least, most, many = _sums(system, np.where(is_total, 0.0, own_lower), np.where(is_total, 0.0, own_upper))
    low, high = _totals(system, lower, upper)
    line, is_open = system.line, system.is_open[system.line]
    is_endless = np.isinf(own_upper)
    others_most = most[line] - np.where(is_endless, 0.0, own_upper)
    is_told = (many[line] - is_endless <= 0) & ~is_open
    part_least = np.where(is_told, low[line] - others_most, 0.0)
    total_most = np.where((many[line] > 0) | is_open, np.inf, most[line])
    part_most = high[line] - (least[line] - own_lower)
    return np.where(is_total, least[line], part_least), np.where(is_total, total_most, part_most)


def _sums(system: System, lower: Numbers, upper: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Per line: the least of the sum of the parts, the finite part of its most, and how many are infinite."""
    is_infinite = np.isinf(upper)
    least = np.bincount(system.line, lower, minlength=system.count).astype(float)
    most = np.bincount(system.line, np.where(is_infinite, 0.0, upper), minlength=system.count).astype(float)
    many = np.bincount(system.line, is_infinite, minlength=system.count).astype(float)
    return least, most, many


def _totals(system: System, lower: Numbers, upper: Numbers) -> tuple[Numbers, Numbers]:
    is_total = system.sign > 0
    low, high = np.zeros(system.count), np.full(system.count, np.inf)
    low[system.line[is_total]] = lower[system.column[is_total]]
    high[system.line[is_total]] = upper[system.column[is_total]]
    return low, high


def fit(system: System) -> tuple[Flags, Flags]:
    """Sums that their own numbers cannot meet: parts too few for the total, and too many."""
    least, most = told(system, system.lower, system.upper)
    is_total = system.sign > 0
    short, over = np.zeros(system.count, bool), np.zeros(system.count, bool)
    short[system.line[is_total]] = most[is_total] < system.lower[system.column[is_total]]
    over[system.line[is_total]] = least[is_total] > system.upper[system.column[is_total]]
    return short, over


def narrowed(system: System, rounds: int = 200) -> tuple[Numbers, Numbers, Flags]:
    """Narrow the bounds of all numbers by all sums until nothing changes.

    Where sums form no circle the bounds are exact: each value between them
    belongs to a filling of whole numbers that meets all sums.

    Args:
        system: Numbers and sums.
        rounds: How often at most.

    Returns:
        Least and most of each number, and the lines whose numbers still moved at the end.
    """
    lower, upper = system.lower.copy(), system.upper.copy()
    moving = np.zeros(system.count, bool)
    live = system
    lines = np.arange(system.count)
    for _ in range(rounds):
        least, most = told(live, lower, upper)
        moved = (least > lower[live.column]) | (most < upper[live.column])
        moved &= lower[live.column] <= upper[live.column]
        moving = np.zeros(system.count, bool)
        if not moved.any():
            break
        moving[lines[np.unique(live.line[moved])]] = True
        np.maximum.at(lower, live.column[moved], least[moved])
        np.minimum.at(upper, live.column[moved], most[moved])
        touched = np.zeros(len(lower), bool)
        touched[live.column[moved]] = True
        near = np.zeros(system.count, bool)
        near[system.line[touched[system.column]]] = True
        live, lines = system.with_lines(near), np.flatnonzero(near)
    return lower, upper, moving
