"""Kinds that follow a figure over the years of one reporting unit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crimestats.questionnaire.kinds.registry import DEFAULT, Factors, Limits, kind
from crimestats.questionnaire.kinds.round import COUNT, Figures, Judgement, Numbers, Round, Rows, years_named


@kind("expected", "previous", "previous_year", "ratio", "low", "high", least=1, single=True)
def change(
    wide: Round,
    items: Sequence[str],
    *,
    base: float,
    limits: Limits,
    u: float = 0.4,
    a: float = 0.05,
    c: float = 10.0,
    least: float = 0.2,
    pairs: int = 100,
    break_question: str = "",
) -> Judgement:
    """A figure does not change from one year to the next by more than is usual in the round.

    What is usual is read from the round itself, item by item, with the effect
    of Hidiroglou and Berthelot (1986); in a round too small for that, from
    limits given for the item.

    Args:
        wide: The round.
        items: The figures.
        base: Small-number guard: only where the larger of the two years is at least this.
        limits: Least and greatest ratio to the year before, by item and `default`.
        u: Weight of size, 0 to 1: how much less a large figure may change.
        a: Least distance of a limit from the median effect, as a share of it.
        c: Width of the limits.
        least: No limit is nearer to no change than this share, since where most figures stay as
            they are (places, prisons) the quartiles leave no room.
        pairs: How many pairs of years of one item make a round large enough.
        break_question: Metadata question whose answer is the first year after a break;
            a change across a declared break is explained.
    """
    before, after = _pairs(wide, items)
    known = before.known & after.known & (before.lower >= 0) & (after.lower >= 0)  # below nought is no figure
    if break_question:
        known &= ~wide.breaks(break_question)[:, :, [wide.columns[item] for item in items]][
            :, np.flatnonzero(wide.follows) + 1
        ]
    earlier, later = np.maximum(before.lower, 0.5), np.maximum(after.lower, 0.5)  # nought counts as one half
    tested = known & before.exact & after.exact & (np.maximum(earlier, later) >= base)
    low, high = np.empty(tested.shape), np.empty(tested.shape)
    for number, item in enumerate(items):
        here = tested[:, :, number]
        low[:, :, number], high[:, :, number] = limits.get(item, limits[DEFAULT])
        if here.sum() >= pairs:
            x, y = earlier[:, :, number][here], later[:, :, number][here]
            below, above = usual(x, y, u, a, c)
            low[:, :, number][here] = np.minimum(below, 1 / (1 + least))
            high[:, :, number][here] = np.maximum(above, 1 + least)
    ratio = later / earlier
    fails = tested & ((ratio < low) | (ratio > high))
    undecided = known & ~tested & ((before.lower != 0) | (after.lower != 0))
    return Judgement.of(
        fails, undecided, after.place, others=before.place[..., None],
        expected=(low * earlier, high * earlier), ratio=ratio, low=low, high=high, **_said(wide, before),
    )  # fmt: skip


@kind("expected", "previous", "previous_year", "factor", least=1, single=True)
def repeat(wide: Round, items: Sequence[str], *, size: float, factors: Factors = (1.0,)) -> Judgement:
    """A figure is not the year before again, nor a power of ten of it.

    Args:
        wide: The round.
        items: The figures.
        size: Only where the larger of the two years is at least this.
        factors: What the year before is multiplied by: 1 for a repetition, 10 or 0.1 for a slip.
    """
    before, after = _pairs(wide, items)
    tested = before.exact & after.exact & (before.lower > 0) & (np.maximum(before.lower, after.lower) >= size)
    factor = np.full(tested.shape, np.nan)
    for each in factors:
        factor[np.isclose(after.lower, each * before.lower, rtol=1e-9)] = each
    return Judgement.of(
        tested & ~np.isnan(factor), np.zeros_like(tested), after.place, others=before.place[..., None],
        factor=factor, expected=(before.lower, before.upper), **_said(wide, before),
    )  # fmt: skip


@kind("expected", "factor", single=True)
def scale(
    wide: Round, items: Sequence[str], *, factors: Factors = (1000.0, 0.001), size: float = 1000,
    spread: float = 3.0, steady: float = 2.0,
) -> Judgement:  # fmt: skip
    """A figure is not a thousand times its two neighbours, or a thousandth of them.

    The neighbours are the years before and after, at either end of a series the two
    nearest years. With one neighbour only it cannot be said which of the two is wrong.

    Args:
        wide: The round.
        items: The figures; all counts where none is named.
        factors: What a figure in another unit is multiplied by.
        size: Only where the larger of figure and neighbours is at least this.
        spread: How far the figure, put right, may be from its neighbours, as a ratio.
        steady: How far the neighbours may be from each other.
    """
    data = wide.definition.data
    chosen = [wide.columns[item] for item in items or data.loc[data["unit"] == COUNT, "item"]]
    place, lower, upper = _of_years(wide, np.arange(len(wide.years)), chosen)
    value = np.log(np.where((lower == upper) & (lower > 0), lower, np.nan))
    one, two = _neighbours(value, wide.follows)
    level = np.where(np.isnan(one), two, np.where(np.isnan(two), one, (one + two) / 2))
    both = ~np.isnan(one) & ~np.isnan(two)
    factor = np.full(value.shape, np.nan)
    for each in factors:
        factor[np.abs(value - level - np.log(each)) <= np.log(spread)] = each
    found = ~np.isnan(factor) & (np.maximum(value, level) >= np.log(size))
    fails = found & both & (np.abs(one - two) <= np.log(steady))
    return Judgement.of(fails, found & ~both, place, expected=np.exp(level).round(), factor=factor)


def _neighbours(values: Numbers, follows: Any) -> tuple[Numbers, Numbers]:
    """The year before and the year after; at an end of the years the two nearest."""
    there = np.concatenate([[False], follows])
    none = np.full_like(values, np.nan)
    before, after = none.copy(), none.copy()
    before[:, 1:] = np.where(there[1:, None], values[:, :-1], np.nan)
    after[:, :-1] = np.where(there[1:, None], values[:, 1:], np.nan)
    two_before, two_after = none.copy(), none.copy()
    two_before[:, 1:] = np.where(there[1:, None], before[:, :-1], np.nan)
    two_after[:, :-1] = np.where(there[1:, None], after[:, 1:], np.nan)
    return np.where(np.isnan(before), two_after, before), np.where(np.isnan(after), two_before, after)


@kind("value", "ratio")
def steady_break(
    wide: Round, items: Sequence[str], *, question: str, base: float = 50, least: float = 1.25
) -> Judgement:
    """A break is declared in a year in which some figure of the module does jump.

    Undecided where no figure of the module can be compared over that year.

    Args:
        wide: The round.
        items: Not read.
        question: Metadata question whose answer is the first year after the break.
        base: Only figures of which the larger of the two years is at least this.
        least: The largest change that is no jump, as a ratio.
    """
    _, lower, upper = wide.wide
    exact = np.where((lower == upper) & (lower >= 0), np.maximum(lower, 0.5), np.nan)
    jump = np.full(exact.shape, np.nan)
    steps = np.abs(np.log(exact[:, 1:] / exact[:, :-1]))
    large = np.fmax(exact[:, 1:], exact[:, :-1]) >= base
    jump[:, 1:] = np.where(wide.follows[None, :, None] & large, steps, np.nan)
    modules, said = wide.definition.data["module"].to_numpy(), wide.answers(question)
    largest = np.full(len(said), np.nan)
    for row, (unit, module, raw) in enumerate(zip(said["unit"], said["module"], said["raw"], strict=True)):
        declared = np.isin(wide.years, years_named(raw))
        there = jump[unit][declared][:, modules == module]
        largest[row] = np.exp(np.fmax.reduce(there, axis=None, initial=np.nan))
    return Judgement.of(largest < least, np.isnan(largest), said["row"].to_numpy(dtype=np.intp),
                        ratio=largest, value=said["raw"].to_numpy(dtype=object))  # fmt: skip


def usual(before: Numbers, after: Numbers, u: float, a: float, c: float) -> tuple[Numbers, Numbers]:
    """The ratios between which a change is usual, for each pair of figures above nought.

    A ratio is made symmetric about the median, `s = 1 - median / r` below it and
    `r / median - 1` above, and weighted by size, `e = s max(before, after)^u`. What
    lies farther from the median of `e` than `c` times its distance to the quartile
    on that side (at least `a` times the median) is unusual. Source: Hidiroglou and
    Berthelot 1986, Statistical Editing and Imputation for Periodic Business Surveys,
    Survey Methodology 12 (1).

    Args:
        before: Figures of the earlier year.
        after: Figures of the later year.
        u: Weight of size.
        a: Least distance, as a share of the median.
        c: Width of the limits.

    Returns:
        Least and greatest usual ratio, one for each pair.

    >>> low, high = usual(np.full(5, 100.0), np.array([90.0, 95.0, 100.0, 105.0, 400.0]), u=0, a=0.05, c=4)
    >>> bool(400 / 100 > high[4]), bool(90 / 100 < low[0])
    (True, False)
    """
    ratio, size = after / before, np.maximum(before, after) ** u
    centre = np.median(ratio)
    effect = np.where(ratio < centre, 1 - centre / ratio, ratio / centre - 1) * size
    first, middle, third = np.quantile(effect, [0.25, 0.5, 0.75])
    least = abs(a * middle)
    below = (middle - c * max(middle - first, least)) / size
    above = (middle + c * max(third - middle, least)) / size
    return _ratio(below, centre), _ratio(above, centre)


def _ratio(distance: Numbers, centre: Any) -> Numbers:
    """The ratio that lies so far from the centre: the symmetric distance undone."""
    with np.errstate(divide="ignore"):
        ratio: Numbers = np.where(distance < 0, centre / (1 - distance), centre * (1 + distance))
    return ratio


def _pairs(wide: Round, items: Sequence[str]) -> tuple[Figures, Figures]:
    """Each figure with that of the year before: unit, year, item."""
    chosen = [wide.columns[item] for item in items]
    earlier = np.flatnonzero(wide.follows)
    return _of_years(wide, earlier, chosen), _of_years(wide, earlier + 1, chosen)


def _of_years(wide: Round, years: Rows, columns: list[int]) -> Figures:
    place, lower, upper = wide.wide
    return Figures(
        place[:, years][..., columns], lower[:, years][..., columns], upper[:, years][..., columns]
    )


def _said(wide: Round, before: Figures) -> dict[str, Any]:
    years = wide.years[np.flatnonzero(wide.follows)]
    return {"previous": (before.lower, before.upper), "previous_year": years[None, :, None]}
