"""Missing figures of one series imputed many times: on the log rate, with what is not known of it.

Years between two figures of an area are interpolated on the logarithm of the
rate; years before the first and after the last carry it; both as a random
walk, whose variance grows with the years that nothing was reported. An area
that has no figure near takes the rates of a reporting area of its subregion,
drawn anew for each imputation from a bootstrap of these areas (approximate
Bayesian bootstrap; Rubin and Schenker 1986).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

HOW = ("", "reported", "interpolated", "carried", "drawn")
"""How a figure came about; empty where there is none."""

NONE, REPORTED, INTERPOLATED, CARRIED, DRAWN = range(len(HOW))

CARRY = 20
"""Years that a figure at an end is carried. In reported homicide counts of 1990 to 2017 the spread of the log
rate between two years grows as that of a random walk up to 20 years (0.13 after one, 0.55 after twenty)."""

STEP = 0.13
"""Standard deviation of a year's change of the log rate (the same data), where a series shows too little."""

LEAST_DONORS = 5
"""Areas with a figure that a subregion needs, else the region is drawn from, else all areas."""

LEAST_COUNT = 5.0
"""Figure that an area needs to be drawn from: the rate of a smaller one is mostly chance."""

SPREAD = 0.7
"""Standard deviation of the log rate between areas of a subregion (the same data: 0.35 to 1.0), which counts
for as much as four areas beside those that are drawn from."""

_PRIOR = 4.0  # changes that the common step counts for, beside an area's own; areas that `SPREAD` does
_LEAST_CHANGES = 10  # of a series, to know its common step
_HALF = 0.5  # added to a count, so that nil has a logarithm (Jeffreys prior of a Poisson rate)
_SMALLEST = 1e-4
_NIL = 1e-9  # what is left of nil after its logarithm
_UPPER = 0.975  # quantile at which Student's t and the normal distribution are compared


@dataclass(frozen=True, slots=True)
class Series:
    """One series of all areas.

    Attributes:
        counts: Figures, null where there is none: area by year.
        persons: Residents: area by year.
        segment: Number of the segment of each figure: area by year.
        pools: Subregion and region of each area, as numbers: area by level, narrowest first.
        seeds: A number for each area from which its random numbers follow.
    """

    counts: Numbers
    persons: Numbers
    segment: Integers
    pools: Integers
    seeds: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Imputed:
    """A series without gaps.

    Attributes:
        point: The figure as reported, or the best one: area by year.
        draws: Imputations of it: area by year by draw; what is reported is the same in each.
        how: Place in `HOW`: area by year.
        before: Place of the year of the figure that it rests on, or of the one before; -1 without one.
        after: Place of the year of the figure after, where it is interpolated; else -1.
    """

    point: Numbers
    draws: Numbers
    how: Integers
    before: Integers
    after: Integers


def impute(series: Series, draws: int, carry: int = CARRY) -> Imputed:
    """Fill the gaps of a series.

    Args:
        series: Figures and residents.
        draws: Number of imputations.
        carry: Years that a figure is carried beyond the ends of its area.

    Returns:
        The series; no figure where no area has one in the year, or the residents are unknown.
    """
    rate = _log_rate(series)
    before, after = _neighbours(series, ~np.isnan(rate))
    how = _how(series, before, after, carry)
    middle = _between(rate, before, after)
    spread = _spread(series, rate, before, after, draws)
    own = (how != NONE)[:, :, None]
    expected = np.exp(middle) * series.persons
    drawn = np.where(own, np.exp(middle[:, :, None] + spread) * series.persons[:, :, None], np.nan)
    point = np.where(how == REPORTED, series.counts, np.where(own[:, :, 0], expected - _HALF, np.nan))
    drawn = np.where((how == REPORTED)[:, :, None], series.counts[:, :, None], np.maximum(drawn - _HALF, 0))
    point = np.where(point < _NIL, 0, point)
    return _from_others(series, Imputed(point, drawn, how, before, after))


def _neighbours(series: Series, known: Flags) -> tuple[Integers, Integers]:
    """Places of the years that a figure is interpolated from or carried from; -1 where there is none.

    A gap in which a new segment begins carries the figure before it: nothing is drawn across a break.
    """
    years = np.arange(known.shape[1])
    before = np.maximum.accumulate(np.where(known, years, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, years, len(years))[:, ::-1], axis=1)[:, ::-1]
    after = np.where(after == len(years), -1, after)
    both = (before >= 0) & (after >= 0)
    one, other = (np.take_along_axis(series.segment, np.maximum(at, 0), axis=1) for at in (before, after))
    after = np.where(both & (one != other), -1, after)
    return np.where(before < 0, after, before), np.where(before < 0, -1, after)


def _how(series: Series, before: Integers, after: Integers, carry: int) -> Integers:
    years = np.arange(series.counts.shape[1])
    how = np.where(after >= 0, INTERPOLATED, np.where(np.abs(years - before) <= carry, CARRIED, NONE))
    how = np.where((before < 0) | np.isnan(series.persons) | (series.persons <= 0), NONE, how)
    chosen: Integers = np.where(np.isnan(series.counts), how, REPORTED).astype(np.int64)
    return chosen


def _log_rate(series: Series) -> Numbers:
    """Logarithm of the rate; null where there is no figure, or nobody to relate it to."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.log((series.counts + _HALF) / series.persons)
    return np.where(np.isfinite(rate), rate, np.nan)


def _weight(before: Integers, after: Integers) -> Numbers:
    """How far between the two figures each year is, from 0 to 1."""
    years = np.arange(before.shape[1])
    gap = np.where(after > before, after - before, 1)
    weight: Numbers = np.where(after >= 0, (years - before) / gap, 0.0)
    return weight


def _between(values: Numbers, before: Integers, after: Integers) -> Numbers:
    """Values at the years with figures, drawn out to all years: area by year, or by draw too."""
    weight = _weight(before, after)
    at, then = np.maximum(before, 0), np.where(after >= 0, after, np.maximum(before, 0))
    if values.ndim > weight.ndim:
        weight, at, then = weight[:, :, None], at[:, :, None], then[:, :, None]
    first, second = (np.take_along_axis(values, place, axis=1) for place in (at, then))
    return first + weight * (second - first)


def _spread(series: Series, rate: Numbers, before: Integers, after: Integers, draws: int) -> Numbers:
    """What is added to the log rate in each draw: a walk that is nought at the figures, and their noise."""
    walk, noise, small = _random(tuple(series.seeds.tolist()), rate.shape[1], draws)
    walk = walk * np.sqrt(_steps(series, rate))[:, None, None]
    counts = np.where(np.isnan(series.counts), 0, series.counts) + _HALF
    noise = noise / np.sqrt(counts)[:, :, None]
    with np.errstate(over="ignore"):
        expected = np.exp(_between(rate, before, after)) * series.persons
    small = small / np.sqrt(np.maximum(np.nan_to_num(expected), _HALF))[:, :, None]
    spread: Numbers = walk - _between(walk, before, after) + _between(noise, before, after) + small
    return spread


@lru_cache(maxsize=2)
def _random(seeds: tuple[int, ...], years: int, draws: int) -> tuple[Numbers, Numbers, Numbers]:
    """A walk and two kinds of noise for each area, year and draw; all series of an area have the same."""
    found = np.empty((3, len(seeds), years, draws))
    for place, seed in enumerate(seeds):
        random = np.random.Generator(np.random.Philox(key=seed))
        for numbers in found:
            numbers[place] = random.standard_normal((years, draws))
    return np.cumsum(found[0], axis=1), found[1], found[2]


def _steps(series: Series, rate: Numbers) -> Numbers:
    """Variance of a year's change of the log rate, of each area: its own, drawn towards the common one."""
    known = ~np.isnan(rate)
    last = np.maximum.accumulate(np.where(known, np.arange(rate.shape[1]), -1), axis=1)
    last = np.concatenate([np.full((len(rate), 1), -1), last[:, :-1]], axis=1)
    at = np.maximum(last, 0)
    then, count = (np.take_along_axis(each, at, axis=1) for each in (rate, series.counts))
    is_change = known & (last >= 0) & (np.take_along_axis(series.segment, at, axis=1) == series.segment)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = 1 / (series.counts + _HALF) + 1 / (count + _HALF)
        size = ((rate - then) ** 2 - chance) / (np.arange(rate.shape[1]) - last)
    size = np.where(is_change, size, 0.0)
    own, changes = np.maximum(size.sum(axis=1), 0), is_change.sum(axis=1)
    is_enough = changes.sum() >= _LEAST_CHANGES
    common = own.sum() / changes.sum() if is_enough else STEP**2
    steps: Numbers = np.maximum((_PRIOR * common + own) / (_PRIOR + changes), _SMALLEST)
    return steps


def _from_others(series: Series, imputed: Imputed) -> Imputed:
    """With the areas that have no figure near: the rates of areas of their subregion."""
    point, drawn, how = imputed.point.copy(), imputed.draws.copy(), imputed.how.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, rates = point / series.persons, drawn / series.persons[:, :, None]
    is_donor = (how != NONE) & np.isfinite(rate)
    is_firm = is_donor & (point >= LEAST_COUNT)
    is_donor = np.where(is_firm.any(axis=0), is_firm, is_donor)
    is_needed = (how == NONE) & (series.persons > 0)
    levels = [*series.pools.T, np.zeros(len(point), dtype=np.int64)]
    for pool in levels:
        for number in np.unique(pool[is_needed.any(axis=1)]):
            inside = pool == number
            for year in np.flatnonzero(is_needed[inside].any(axis=0)):
                donors = np.flatnonzero(inside & is_donor[:, year])
                if len(donors) < (LEAST_DONORS if pool is not levels[-1] else 1):
                    continue
                takers = np.flatnonzero(inside & is_needed[:, year])
                picked, jitter = _picked(donors, series.seeds[takers], int(number), drawn.shape[2])
                taken = rates[picked, year, np.arange(drawn.shape[2])]
                persons = series.persons[takers, year]
                point[takers, year] = rate[donors, year].mean() * persons
                spread = _spread_out(taken, rate[donors, year], series.persons[donors, year], jitter)
                drawn[takers, year] = _by_chance(spread * persons[:, None], jitter)
                how[takers, year], is_needed[takers, year] = DRAWN, False
    return Imputed(point, drawn, how, imputed.before, imputed.after)


def _picked(donors: Integers, seeds: NDArray[np.uint64], pool: int, draws: int) -> tuple[Integers, Numbers]:
    """A donor for each taker and draw, out of a bootstrap of the donors that all takers of a draw share.

    The same in every year, so that an area follows one donor over the years of a draw; beside it a
    standard normal number, the same in every year too.
    """
    shared = np.random.Generator(np.random.Philox(key=pool + 1)).random((len(donors), draws))
    bootstrap = donors[(shared * len(donors)).astype(np.int64)]
    own, jitter = (np.stack(each) for each in zip(*(_own(int(seed), draws) for seed in seeds), strict=True))
    picked: Integers = bootstrap[(own * len(donors)).astype(np.int64), np.arange(draws)]
    return picked, jitter


@lru_cache(maxsize=1024)
def _own(seed: int, draws: int) -> tuple[Numbers, Numbers]:
    """Uniform and normal numbers of an area, one a draw."""
    random = np.random.Generator(np.random.Philox(key=seed ^ 1))
    return random.random(draws), random.standard_normal(draws)


def _spread_out(taken: Numbers, rates: Numbers, persons: Numbers, jitter: Numbers) -> Numbers:
    """Rates taken from few areas, spread as a new area would be.

    A new area differs from the mean of n others by their variance times 1 + 1/n, where the drawing has
    that of the n themselves only; and by the quantiles of Student's t, since the variance is not known
    either. Half an event among all of them stands for nil.
    """
    least = _HALF / persons.sum()
    logs, free = np.log(rates + least), _PRIOR + len(rates) - 1
    variance = (_PRIOR * SPREAD**2 + len(rates) * logs.var()) / free
    short = np.sqrt(max(variance * (1 + 1 / len(rates)) - logs.var(), 0))
    wider = stdtrit(free, _UPPER) / ndtri(_UPPER)
    middle = logs.mean()
    spread: Numbers = np.exp(middle + wider * (np.log(taken + least) - middle + short * jitter)) - least
    return np.maximum(spread, 0)


def _by_chance(expected: Numbers, jitter: Numbers) -> Numbers:
    """Counts around what is expected (normal approximation of a Poisson), in an order of their own."""
    chance: Numbers = expected + np.sqrt(expected) * np.roll(jitter, 1, axis=1)
    return np.maximum(chance, 0)
