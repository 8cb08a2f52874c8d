"""Intervals of rates of counted events, exact where the counts are small."""

from collections.abc import Callable

import numpy as np

from crimestats.trends.figures import Numbers

EXACT_UP_TO = 100
"""Up to so many events the interval is exact; above, the score interval is within a hundredth of it."""
LEVEL = 0.95


def poisson(
    lower: Numbers, upper: Numbers, exact_up_to: int = EXACT_UP_TO, level: float = LEVEL
) -> tuple[Numbers, Numbers]:
    """The interval of the expectation of a count of events.

    Exact by the chi-squared distribution (Garwood 1936) for small counts; by
    inversion of the score test above: z the quantile of the normal distribution,
    count + z^2/2 -+ z sqrt(count + z^2/4). Of a count that lies between bounds,
    from the lower end of the lower to the upper end of the upper.

    Args:
        lower: Counts, at least; null where there is none.
        upper: Counts, at most.
        exact_up_to: The largest count that is treated exactly.
        level: Of confidence; a named share of it is left out on each side alike.

    Returns:
        Lower and upper limits; null without a count.

    >>> low, high = poisson(np.array([0.0, 10.0, 400.0]), np.array([0.0, 10.0, 400.0]))
    >>> [(round(a, 2), round(b, 2)) for a, b in zip(low.tolist(), high.tolist())]
    [(0.0, 3.69), (4.8, 18.39), (362.67, 441.17)]
    """
    from scipy import special

    tail = (1 - level) / 2
    z = float(special.ndtri(1 - tail))
    whole = np.arange(exact_up_to + 1, dtype=np.float64)

    def least(counts: Numbers) -> Numbers:
        found: Numbers = np.where(counts > 0, special.gammaincinv(np.where(counts > 0, counts, 1), tail), 0)
        return found

    def most(counts: Numbers) -> Numbers:
        found: Numbers = special.gammaincinv(counts + 1, 1 - tail)
        return found

    return _limits(lower, -z, least, whole), _limits(upper, z, most, whole)


def _limits(counts: Numbers, z: float, exact: Callable[[Numbers], Numbers], whole: Numbers) -> Numbers:
    """The limit of each count: exact where it is small, worked out once for each that is different."""
    with np.errstate(invalid="ignore"):
        limits = counts + z * z / 2 + z * np.sqrt(counts + z * z / 4)
    limits = np.where(np.isinf(counts), np.inf, limits)
    small = np.flatnonzero(counts <= whole[-1])
    chosen = counts[small]
    places = chosen.astype(np.int64)
    is_whole = places == chosen
    limits[small] = exact(whole)[places]
    if not is_whole.all():
        different, place = np.unique(chosen[~is_whole], return_inverse=True)
        limits[small[~is_whole]] = exact(different)[place]
    return limits
