"""Kinds that follow a figure over the years of one reporting unit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crimestats.questionnaire.kinds.registry import DEFAULT, Factors, Limits, kind
from crimestats.questionnaire.kinds.round import Figures, Judgement, Numbers, Round, Rows


@kind("expected", "previous", "previous_year", "ratio", "low", "high", least=1)
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


@kind("expected", "previous", "previous_year", "factor", least=1)
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
