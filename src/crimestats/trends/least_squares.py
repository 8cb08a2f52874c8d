"""Trends of figures that are not counts: least squares on the logarithm, of many lines at once."""

import numpy as np

from crimestats.trends.lines import Floats, Integers
from crimestats.trends.poisson import Trend


def trend(
    logs: Floats, variance: Floats | None, year: Floats, line: Integers, least_dispersion: float
) -> Trend:
    """The straight line through the logarithms of the figures of each line.

    Args:
        logs: Natural logarithms.
        variance: Of each of them; all alike and not known if None.
        year: Of each figure.
        line: Number of the line of each figure, all from 0 upwards.
        least_dispersion: What the variances are multiplied by at least, where
            the figures lie closer to the line than they say; 0 where they are not known.

    >>> found = trend(np.log([10.0, 11.0, 12.1]), None, np.arange(3.0), np.zeros(3, dtype=int), 0.0)
    >>> np.expm1(found.slope).round(6).tolist()
    [0.1]
    """
    size = int(line.max()) + 1 if len(line) else 0
    weight = np.ones(len(logs)) if variance is None else 1 / variance
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.bincount(line, weight, size)
        time = year - (np.bincount(line, weight * year, size) / total)[line]
        level = logs - (np.bincount(line, weight * logs, size) / total)[line]
        spread = np.bincount(line, weight * time**2, size)
        slope = np.where(spread > 0, np.bincount(line, weight * time * level, size) / spread, np.nan)
        rest = np.bincount(line, weight * (level - slope[line] * time) ** 2, size)
        freedom = np.bincount(line, minlength=size).astype(np.float64) - 2
        dispersion = np.maximum(np.where(freedom > 0, rest / freedom, np.nan), least_dispersion)
        error: Floats = np.sqrt(dispersion / spread)
    return Trend(slope, error, freedom)


def tilted(lower: Floats, upper: Floats, year: Floats, line: Integers) -> tuple[Floats, Floats]:
    """The figures within their bounds that fall most and rise most on a straight line of equal weights.

    >>> falling, rising = tilted(np.zeros(3), np.ones(3), np.arange(3.0), np.zeros(3, dtype=int))
    >>> falling.tolist(), rising.tolist()
    ([1.0, 1.0, 0.0], [0.0, 1.0, 1.0])
    """
    size = int(line.max()) + 1 if len(line) else 0
    middle = np.bincount(line, year, size) / np.maximum(np.bincount(line, minlength=size), 1)
    is_late, is_early = year >= middle[line], year <= middle[line]
    return np.where(is_early, upper, lower), np.where(is_late, upper, lower)
