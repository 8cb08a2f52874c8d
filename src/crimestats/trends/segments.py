"""Which figures of a series may be compared over the years, and the comparison."""

import numpy as np
from numpy.typing import NDArray

from crimestats.trends.figures import Flags, Integers, Numbers, sizes_of, starts_of


def segments(line: Integers, making: NDArray[np.uint64]) -> Integers:
    """Number the ways in which the figures of a series are made up, from 1, in the order of their first year.

    Figures are of one segment if no break is declared between them, their
    counting rules do not contradict each other, they are reported or summed
    alike, from the same parts, and, for a group, over the same areas.

    Args:
        line: Of each figure; those of a line stand together, year by year.
        making: Of each figure.
    """
    numbers = np.ones(len(line), dtype=np.int64)
    differs = (line[1:] == line[:-1]) & (making[1:] != making[:-1])
    if not differs.any():
        return numbers
    starts = starts_of(line)
    several = np.add.reduceat(np.concatenate([[False], differs]).astype(np.int64), starts) > 0
    rows = np.flatnonzero(np.repeat(several, sizes_of(starts, len(line))))
    order = rows[np.lexsort([rows, making[rows], line[rows]])]
    is_other = np.concatenate(
        [[True], (line[order][1:] != line[order][:-1]) | (making[order][1:] != making[order][:-1])]
    )
    first = np.maximum.accumulate(np.where(is_other, np.arange(len(order)), 0))
    opened = np.sort(order[is_other])
    place = np.searchsorted(opened, order[first])
    before = np.searchsorted(opened, starts[np.searchsorted(starts, order, side="right") - 1])
    numbers[order] = place - before + 1
    return numbers


def comparison(
    line: Integers, segment: Integers, year: Integers, numbers: dict[str, Numbers], base_year: int | None
) -> dict[str, Numbers]:
    """Index and change within a segment, with bounds by interval arithmetic.

    The index rests on the first exact figure of the segment, or on its first
    where none is exact; nothing is compared with a figure that is nil.

    Args:
        line: Of each figure; those of a line stand together, year by year.
        segment: Of each figure.
        year: Of each figure.
        numbers: value, lower and upper.
        base_year: Year whose figure is 100; see above if None.

    Returns:
        `index` (base = 100) and `change` from the year before (0.1 is a tenth
        more), and their `_lower` and `_upper`; null where what they are
        compared with is missing or nil.
    """
    order = _together(line, segment)
    if order is not None:
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        sorted_numbers = {name: array[order] for name, array in numbers.items()}
        found = comparison(
            _run(line, segment)[order], np.ones_like(segment), year[order], sorted_numbers, base_year
        )
        return {name: array[back] for name, array in found.items()}
    base = _bases(line, year, numbers, base_year)
    before = np.arange(-1, len(line) - 1)
    is_next = np.zeros(len(line), dtype=bool)
    is_next[1:] = (line[1:] == line[:-1]) & (year[1:] == year[:-1] + 1)
    before = np.where(is_next, before, -1)
    found = {}
    for name, with_ in (("index", base), ("change", before)):
        ratios = _ratios(numbers, with_)
        is_itself = with_ == np.arange(len(line))
        for end, ratio in ratios.items():
            ratio = np.where(is_itself & ~np.isnan(ratio), 1.0, ratio)
            found[f"{name}{end}"] = ratio * 100 if name == "index" else ratio - 1
    return found


def _run(line: Integers, segment: Integers) -> Integers:
    return line * (int(segment.max(initial=0)) + 1) + segment


def _together(line: Integers, segment: Integers) -> Integers | None:
    """The order in which the figures of a segment stand together; None where they do."""
    falls = (line[1:] == line[:-1]) & (segment[1:] < segment[:-1])
    if not falls.any() and not (segment > 1).any():
        return None
    return np.argsort(_run(line, segment), kind="stable")


def _bases(line: Integers, year: Integers, numbers: dict[str, Numbers], base_year: int | None) -> Integers:
    """The place of the figure that each is compared with; -1 for none."""
    starts = starts_of(line)
    if not len(starts):
        return starts
    far = len(line)
    place = np.arange(far)
    is_told = ~np.isnan(numbers["lower"])
    if base_year is not None:
        chosen = np.minimum.reduceat(np.where(is_told & (year == base_year), place, far), starts)
    else:
        exact = np.minimum.reduceat(np.where(~np.isnan(numbers["value"]), place, far), starts)
        told = np.minimum.reduceat(np.where(is_told, place, far), starts)
        chosen = np.where(exact < far, exact, told)
    return np.repeat(np.where(chosen < far, chosen, -1), sizes_of(starts, far))


def _ratios(numbers: dict[str, Numbers], base: Integers) -> dict[str, Numbers]:
    """Each figure divided by that at the place given: the quotient, and its bounds."""
    is_there: Flags = base >= 0
    value, lower, upper = (
        np.where(is_there, numbers[name][base], np.nan) for name in ("value", "lower", "upper")
    )
    is_nil = upper <= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.where(is_nil, np.nan, numbers["value"] / value)
        least = np.where(is_nil, np.nan, numbers["lower"] / upper)
        most = np.where(is_nil, np.nan, numbers["upper"] / lower)
    least = np.where(np.isinf(upper) & ~np.isnan(numbers["lower"]), 0.0, least)
    most = np.where((lower <= 0) & ~is_nil & ~np.isnan(numbers["upper"]), np.inf, most)
    return {"": quotient, "_lower": least, "_upper": most}
