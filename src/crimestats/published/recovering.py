"""Suppressed cells that the cells beside them give away."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from crimestats.published.release import Release
from crimestats.questionnaire.kinds import Judgement

Numbers = NDArray[np.float64]
Line = Sequence[int]
"""An equation: the column of its total, then those of its parts."""


def recoverable(
    wide: Release, items: Sequence[str], *, equations: Sequence[Sequence[str]], rounds: int
) -> Judgement:
    """A suppressed cell cannot be computed from the cells beside it.

    Each figure is an interval, `<5` is 0 to 4. A total equals the sum of its
    parts, so that every part lies between the least total less the most of the
    other parts and the most total less the least of the others, and the total
    between the sums. This is repeated until nothing changes, or so many times.
    A part that is not published, or twice with different values, may be
    anything from nought up. Where one value is left of a cell that said `<5`,
    everybody can compute it. Nothing is concluded from a country and year in
    which the intervals cannot meet: its sums do not hold.

    Args:
        wide: The file.
        items: Not read.
        equations: A total and its parts, each.
        rounds: How often the intervals are narrowed at most.
    """
    names = list(dict.fromkeys(name for equation in equations for name in equation))
    lines = [[names.index(name) for name in equation] for equation in equations]
    cells = wide.figures(names)
    known = cells.known & ~np.isin(cells.place, wide.repeated[1])
    lower, upper = np.where(known, cells.lower, 0.0), np.where(known, cells.upper, np.inf)
    _narrowed(lower, upper, lines, rounds)
    meets = np.all(lower <= upper, axis=1, keepdims=True)
    found = known & ~cells.exact & (lower == upper) & meets
    others = np.full((*found.shape, _widest(lines)), -1, dtype=np.intp)
    for line in reversed(lines):
        _name_others(others, line, lower, upper, np.where(known, cells.place, -1))
    judgement = Judgement.at(cells.place[found], expected=lower[found])
    return Judgement(judgement.place, judgement.verdict, judgement.fields, others[found])


def _narrowed(lower: Numbers, upper: Numbers, lines: Sequence[Line], rounds: int) -> None:
    for _ in range(rounds):
        before = lower.copy(), upper.copy()
        for line in lines:
            narrow(lower, upper, line)
        if all(np.array_equal(old, new) for old, new in zip(before, (lower, upper), strict=True)):
            return


def narrow(lower: Numbers, upper: Numbers, line: Line) -> None:
    """Narrow the intervals of one equation, in place.

    >>> lower, upper = np.array([[101.0, 70, 31, 0]]), np.array([[101.0, 70, 31, 4]])
    >>> narrow(lower, upper, (0, 1, 2, 3))
    >>> float(lower[0, 3]), float(upper[0, 3])
    (0.0, 0.0)
    """
    for column in line:
        least, most = _told(lower, upper, line, column)
        np.maximum(lower[:, column], least, out=lower[:, column])
        np.minimum(upper[:, column], most, out=upper[:, column])


def _told(lower: Numbers, upper: Numbers, line: Line, column: int) -> tuple[Numbers, Numbers]:
    """What the other cells of an equation say of one of its cells."""
    total, *parts = line
    others = [part for part in parts if part != column]
    least, most = lower[:, others].sum(axis=1), upper[:, others].sum(axis=1)
    if column == total:
        return least, most
    bound = np.where(np.isinf(most), 0.0, lower[:, total] - np.where(np.isinf(most), 0.0, most))
    return bound, upper[:, total] - least


def _name_others(
    others: NDArray[np.intp], line: Line, lower: Numbers, upper: Numbers, place: NDArray[np.intp]
) -> None:
    """For the cells that an equation tells, the places of its other cells."""
    for column in line:
        least, most = _told(lower, upper, line, column)
        is_told = (np.maximum(least, 0) == lower[:, column]) | (most == upper[:, column])
        beside = [each for each in line if each != column]
        is_told &= (place[:, beside] >= 0).any(axis=1)
        others[is_told, column] = -1
        others[is_told, column, : len(beside)] = place[is_told][:, beside]


def _widest(lines: Sequence[Line]) -> int:
    return max(len(line) for line in lines) - 1


KINDS: dict[str, Callable[..., Judgement]] = {"recoverable": recoverable}
