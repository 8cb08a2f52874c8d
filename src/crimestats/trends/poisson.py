"""Counts compared: the exact interval of a ratio, and the quasi-Poisson trend of many lines at once."""

from dataclasses import dataclass

import numpy as np

from crimestats.trends.lines import Flags, Floats, Integers

LEAST_DISPERSION = 1.0
"""Counts vary at least as Poisson counts do: a line that happens to lie smoother proves nothing."""

_STEPS = 100
_SETTLED = 1e-12
_STEEPEST = 200.0  # of a slope times the years of its line, on the log: beyond it no count is told from nil


@dataclass(frozen=True, slots=True)
class Trend:
    """Slopes of lines on the logarithm, one for each.

    Attributes:
        slope: Null where there is none, infinite where all is at one end of the line.
        error: Standard error.
        freedom: Degrees of freedom of the error: years less two.
    """

    slope: Floats
    error: Floats
    freedom: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Bounds of the slope by Student's t; null with fewer than three years."""
        from scipy.special import stdtrit

        with np.errstate(invalid="ignore"):
            reach = stdtrit(np.where(self.freedom > 0, self.freedom, np.nan), (1 + level) / 2) * self.error
            return self.slope - reach, self.slope + reach


def ratio_interval(
    first: tuple[Floats, Floats], last: tuple[Floats, Floats], exposure: tuple[Floats, Floats], level: float
) -> tuple[Floats, Floats]:
    """The exact interval of the ratio of two Poisson rates, last to first.

    Given their sum, the last of two counts is binomial (Przyborowski and
    Wilenski 1940); the interval of its share is that of Clopper and Pearson
    1934. It covers at least the level. Of bounded counts it is the union.

    Args:
        first: Lower and upper bound of the first counts, equal where they are exact.
        last: Of the last ones.
        exposure: Residents of the first and of the last, or 1 and 1.
        level: For example 0.95.

    Returns:
        Lower and upper bounds; from nought, or without end, where a count may be nil.

    >>> one = np.ones(1)
    >>> low, high = ratio_interval((10 * one, 10 * one), (20 * one, 20 * one), (one, one), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.894], [4.785])
    """
    from scipy.special import betaincinv

    tail, scale = (1 - level) / 2, exposure[0] / exposure[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        least = betaincinv(last[0], first[1] + 1, tail)
        most = betaincinv(last[1] + 1, first[0], 1 - tail)
        lower = np.where((last[0] == 0) | np.isinf(first[1]), 0.0, least / (1 - least) * scale)
        upper = np.where((first[0] == 0) | np.isinf(last[1]), np.inf, most / (1 - most) * scale)
    return lower, upper


def trend(counts: Floats, exposure: Floats, year: Floats, line: Integers) -> Trend:
    """The log-linear trend of each line by quasi-Poisson regression (McCullagh and Nelder 1989).

    The dispersion is Pearson's, and not below `LEAST_DISPERSION`. All lines are
    fitted at once, by Newton's steps in the slope, between bounds that close in.

    Args:
        counts: Not null.
        exposure: Residents of the year, above nought.
        year: Of each count.
        line: Number of the line of each count, all from 0 upwards.

    >>> found = trend(np.array([100.0, 110.0, 121.0]), np.ones(3), np.arange(3.0), np.zeros(3, dtype=int))
    >>> np.expm1(found.slope).round(6).tolist()
    [0.1]
    """
    size = int(line.max()) + 1 if len(line) else 0
    time = _centred(year, line, size)
    slope = _slopes(counts, exposure, time, line, size)
    freedom = np.bincount(line, minlength=size).astype(np.float64) - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        share, centre = _shares(np.where(np.isfinite(slope), slope, 0.0), exposure, time, line, size)
        fitted = share * np.bincount(line, counts, size)[line]
        information = np.bincount(line, fitted * (time - centre[line]) ** 2, size)
        pearson = np.bincount(line, np.where(fitted > 0, (counts - fitted) ** 2 / fitted, 0.0), size)
        dispersion = np.maximum(np.where(freedom > 0, pearson / freedom, np.nan), LEAST_DISPERSION)
        error: Floats = np.where(np.isfinite(slope), np.sqrt(dispersion / information), np.nan)
    return Trend(slope, error, freedom)


def tilted(lower: Floats, upper: Floats, year: Floats, line: Integers) -> tuple[Floats, Floats]:
    """The counts within their bounds that fall most, and those that rise most, in each line.

    The slope grows with the mean year of what was counted. That is greatest
    with every count after it at its upper bound and every one before it at its
    lower one, which a few steps find (Dinkelbach 1967).

    Args:
        lower: Bounds of the counts.
        upper: Finite.
        year: Of each count.
        line: Number of the line of each count, all from 0 upwards.

    >>> falling, rising = tilted(np.zeros(3), np.full(3, 4.0), np.arange(3.0), np.zeros(3, dtype=int))
    >>> falling.tolist(), rising.tolist()
    ([4.0, 0.0, 0.0], [0.0, 0.0, 4.0])
    """
    size = int(line.max()) + 1 if len(line) else 0
    ends = []
    for sign in (-1.0, 1.0):
        counts = upper
        for _ in range(_STEPS):
            total = np.bincount(line, counts, size)
            centre = np.bincount(line, counts * year, size) / np.where(total > 0, total, 1.0)
            beyond = sign * (year - centre[line]) >= 0
            moved = np.where(beyond, upper, lower)
            if np.array_equal(moved, counts):
                break
            counts = moved
        ends.append(counts)
    return ends[0], ends[1]


def _centred(year: Floats, line: Integers, size: int) -> Floats:
    """Years from the middle of their line, so that nothing overflows."""
    middle: Floats = np.bincount(line, year, size) / np.maximum(np.bincount(line, minlength=size), 1)
    centred: Floats = year - middle[line]
    return centred


def _slopes(counts: Floats, exposure: Floats, time: Floats, line: Integers, size: int) -> Floats:
    """The slope at which the mean year that the line fits is the mean year of what was counted."""
    first, last = _ends(time, line, size)
    total = np.bincount(line, counts, size)
    is_late = np.bincount(line, counts * (time > first[line]), size) > 0
    is_early = np.bincount(line, counts * (time < last[line]), size) > 0
    is_nil = (total <= 0) | (last <= first)
    wanted = np.bincount(line, counts * time, size) / np.where(total > 0, total, 1.0)
    solved = _newton(wanted, exposure, time, line, _STEEPEST / np.maximum(last - first, 1.0))
    slope: Floats = np.select([is_nil, ~is_late, ~is_early], [np.nan, -np.inf, np.inf], solved)
    return slope


def _newton(wanted: Floats, exposure: Floats, time: Floats, line: Integers, steepest: Floats) -> Floats:
    size = len(wanted)
    low, high, slope = -steepest, steepest, np.zeros(size)
    for _ in range(_STEPS):
        share, centre = _shares(slope, exposure, time, line, size)
        spread = np.bincount(line, share * (time - centre[line]) ** 2, size)
        low, high = np.where(centre < wanted, slope, low), np.where(centre > wanted, slope, high)
        step = (wanted - centre) / np.where(spread > 0, spread, 1.0)
        moved = slope + step
        outside: Flags = (moved <= low) | (moved >= high) | (spread <= 0)
        moved = np.where(outside & (centre != wanted), (low + high) / 2, np.where(outside, slope, moved))
        settled = bool((np.abs(moved - slope) * steepest.max(initial=0.0) <= _SETTLED * _STEEPEST).all())
        slope = moved
        if settled:
            break
    return slope


def _shares(
    slope: Floats, exposure: Floats, time: Floats, line: Integers, size: int
) -> tuple[Floats, Floats]:
    """What of a line's counts falls in each year by the slope, and the mean year of it."""
    power = slope[line] * time
    top = np.full(size, -np.inf)
    np.maximum.at(top, line, power)
    weight = exposure * np.exp(power - top[line])
    share: Floats = weight / np.bincount(line, weight, size)[line]
    centre: Floats = np.bincount(line, share * time, size).astype(np.float64)
    return share, centre


def _ends(time: Floats, line: Integers, size: int) -> tuple[Floats, Floats]:
    first: Floats = np.full(size, np.inf)
    last: Floats = np.full(size, -np.inf)
    np.minimum.at(first, line, time)
    np.maximum.at(last, line, time)
    return first, last
