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
DRAWS = 200
"""Draws from the replicates by which the error of the limits is told."""


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
        acceleration: Change of the standard deviation with the estimate; None where it cannot be told,
            and is taken as 0.
        places: Shares of the replicates below the limits, once corrected.
        errors: Monte Carlo error of the lower and the upper limit: their standard deviation over other
            seeds, by drawing again from the replicates; infinite where a draw does not bound the limit.
            Too small where a limit is among the outermost replicates (see `places`).
    """

    lower: float
    upper: float
    percentile: tuple[float, float]
    replicates: int
    unbounded: int
    bias: float
    acceleration: float | None
    places: tuple[float, float]
    errors: tuple[float, float]


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


def acceleration(counts: Counts, search: Search) -> float | None:
    """Acceleration, from the estimates without one person of each history, weighted by its count.

    None where leaving out a person leaves no estimate: it cannot be told then.
    """
    seen = np.flatnonzero(counts)
    tables = np.repeat(counts[None, :], len(seen), axis=0)
    tables[np.arange(len(seen)), seen] -= 1
    estimates, weights = search(tables), counts[seen]
    known = np.isfinite(estimates)
    if not known.all():
        return None
    away = np.average(estimates, weights=weights) - estimates
    spread = float((weights * away**2).sum())
    return float((weights * away**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


def interval(
    estimate: float, replicates: Floats, accelerated: float | None, level: float, seed: int = 1
) -> Interval:
    """Limits at a level of confidence from the estimates of the replicates; the seed is of their errors."""
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    places, bias = _places(estimate, replicates, accelerated or 0.0, tails)
    lower, upper = quantiles(replicates, places)
    generator = np.random.default_rng([seed, len(replicates)])
    again = (generator.choice(replicates, len(replicates)) for _ in range(DRAWS))
    moved = np.array(
        [quantiles(each, _places(estimate, each, accelerated or 0.0, tails)[0]) for each in again]
    )
    bounded = np.isfinite(moved).all(axis=0)
    errors = np.where(bounded, np.where(bounded, moved, 0.0).std(axis=0, ddof=1), np.inf)
    return Interval(
        lower, upper, quantiles(replicates, tails), len(replicates),
        int(np.isinf(replicates).sum()), bias, accelerated,
        (float(places[0]), float(places[1])), (float(errors[0]), float(errors[1])),
    )  # fmt: skip


def _places(estimate: float, replicates: Floats, accelerated: float, tails: Floats) -> tuple[Floats, float]:
    """Shares of the replicates below the bias-corrected and accelerated limits, and the bias."""
    from scipy.special import ndtr, ndtri

    below = np.mean(replicates < estimate) + np.mean(replicates == estimate) / 2
    bias = float(ndtri(np.clip(below, 0.5 / len(replicates), 1 - 0.5 / len(replicates))))
    shifted = bias + ndtri(tails)
    return np.asarray(ndtr(bias + shifted / (1 - accelerated * shifted))), bias


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
