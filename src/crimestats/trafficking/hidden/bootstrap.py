"""Bootstrap intervals of a population estimate that take the choice of the model in.

Persons seen are drawn again with replacement; in every replicate the model is
chosen again in the same way (Chan, Silverman and Vincent 2021, section 3.3;
Silverman, Chan and Vincent 2024). The interval is bias-corrected and
accelerated (DiCiccio and Efron 1996), the acceleration from leaving out one
person at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crimestats.trafficking.hidden.designs import Counts, Floats

Search = Callable[[Counts], Floats]
"""Estimates of the population for tables, shape (tables, histories) to (tables,); infinite without one."""
BATCH = 250
"""Replicates between two reports of progress."""


@dataclass(frozen=True)
class Interval:
    """Limits of the population; infinite where the replicates do not bound it.

    Attributes:
        lower: Lower limit, bias-corrected and accelerated.
        upper: Upper limit, likewise.
        percentile: Limits that are plain quantiles of the replicates.
        replicates: How many were drawn.
        unbounded: How many of them carry no estimate; they count as infinite.
        bias: Correction for bias, in standard deviations.
        acceleration: Change of the standard deviation with the estimate.
    """

    lower: float
    upper: float
    percentile: tuple[float, float]
    replicates: int
    unbounded: int
    bias: float
    acceleration: float


def drawn(counts: Counts, replicates: int, seed: int) -> Counts:
    """Tables of as many persons, drawn with replacement, shape (replicates, histories)."""
    seen = np.flatnonzero(counts)
    tables = np.zeros((replicates, len(counts)), dtype=np.int64)
    shares = counts[seen] / counts.sum()
    tables[:, seen] = np.random.default_rng(seed).multinomial(int(counts.sum()), shares, size=replicates)
    return tables


def replicated(
    counts: Counts, search: Search, replicates: int, seed: int, report: Callable[[int, int], None]
) -> Floats:
    """Estimates of the replicates; `report` is told how many are done, of how many."""
    tables = drawn(counts, replicates, seed)
    parts = []
    for start in range(0, replicates, BATCH):
        parts.append(search(tables[start : start + BATCH]))
        report(min(start + BATCH, replicates), replicates)
    return np.concatenate(parts)


def acceleration(counts: Counts, search: Search) -> float:
    """Acceleration, from the estimates without one person of each history, weighted by its count.

    Nought where leaving out a person leaves no estimate: it cannot be told then.
    """
    seen = np.flatnonzero(counts)
    tables = np.repeat(counts[None, :], len(seen), axis=0)
    tables[np.arange(len(seen)), seen] -= 1
    estimates, weights = search(tables), counts[seen]
    known = np.isfinite(estimates)
    if not known.all():
        return 0.0
    away = np.average(estimates, weights=weights) - estimates
    spread = float((weights * away**2).sum())
    return float((weights * away**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


def interval(estimate: float, replicates: Floats, accelerated: float, level: float) -> Interval:
    """Limits at a level of confidence from the estimates of the replicates."""
    from scipy.stats import norm

    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    below = np.mean(replicates < estimate) + np.mean(replicates == estimate) / 2
    bias = float(norm.ppf(np.clip(below, 0.5 / len(replicates), 1 - 0.5 / len(replicates))))
    shifted = bias + norm.ppf(tails)
    places = norm.cdf(bias + shifted / (1 - accelerated * shifted))
    lower, upper = quantiles(replicates, places)
    return Interval(
        lower, upper, quantiles(replicates, tails), len(replicates),
        int(np.isinf(replicates).sum()), bias, accelerated,
    )  # fmt: skip


def quantiles(replicates: Floats, places: Floats) -> tuple[float, float]:
    """Two quantiles, between neighbours in proportion; infinite where a neighbour is."""
    ordered = np.sort(replicates)
    at = places * (len(ordered) - 1)
    before, after = np.floor(at).astype(int), np.ceil(at).astype(int)
    share = at - before
    with np.errstate(invalid="ignore"):
        between = ordered[before] + share * (ordered[after] - ordered[before])
    limits = np.where(ordered[before] == ordered[after], ordered[before], between)
    return float(limits[0]), float(limits[1])
