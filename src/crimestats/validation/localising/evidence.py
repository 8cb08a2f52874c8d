"""Which of several equally small changes the neighbouring years and the digits speak for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.questionnaire.kinds import Round
from crimestats.questionnaire.kinds.round import Mask, Numbers
from crimestats.validation.localising.edits import Edits

FACTORS = (10.0, 100.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """When one of several equally small changes is preferred. Limits are the project's own.

    Attributes:
        guard: Added to every figure before it is compared with another year: small ones move much.
        clear: By how much (logarithm of the ratio) a change must bring the figure nearer to its
            neighbouring years; about a third, since theft and corruption change by as much in
            5 of 100 published pairs of years.
        times: How many times as much as any other change does.
        noise: How many square roots of the neighbouring figure a change must amount to.
        least: Digits tell only of figures that are at least this.
    """

    guard: float = 10.0
    clear: float = 0.3
    times: float = 2.0
    noise: float = 4.0
    least: float = 20.0


def preferred(wide: Round, edits: Edits, changes: DataFrame, evidence: Evidence) -> Series:
    """The alternative of each component that is preferred, null where none is.

    A change speaks for itself where it brings the figure near to the years before and after, and no
    other change does as much; else where the figure that fits is what stands there with its comma
    moved or two neighbouring digits exchanged, and the other years do not contradict it.

    Args:
        wide: The round.
        edits: The linear rules.
        changes: Columns component, alternative, row, column, lower and upper.
        evidence: The limits.
    """
    only = changes.groupby("component")["alternative"].max() == 0
    gain = _gain(wide, edits, changes, evidence)
    table = changes.assign(gain=gain, slip=_is_slip(edits, changes, evidence), seen=~np.isnan(gain))
    summed = table.groupby(["component", "alternative"], sort=True)
    sets = summed.agg(gain=("gain", "sum"), slip=("slip", "all"), seen=("seen", "all")).reset_index()
    sets["slip"] &= sets["gain"] >= 0
    choice = Series(np.nan, index=only.index)
    choice[only] = 0.0
    several = sets[~sets["component"].map(only).astype(bool)]
    by_digits = several[several["slip"] & (several.groupby("component")["slip"].transform("sum") == 1)]
    choice[by_digits["component"]] = by_digits["alternative"].to_numpy(dtype=np.float64)
    by_years = _clearest(several, evidence)
    choice[by_years["component"]] = by_years["alternative"].to_numpy(dtype=np.float64)
    return choice


def _clearest(sets: DataFrame, evidence: Evidence) -> DataFrame:
    """The alternatives that bring figures clearly nearer to their other years than any else.

    Where one of the changed figures has no other years to compare with, nothing is said.
    """
    ranked = sets.sort_values(["component", "gain"], ascending=[True, False], kind="stable")
    rank = ranked.groupby("component").cumcount()
    first, second = ranked[rank == 0], ranked[rank == 1]
    runner = first["component"].map(second.set_index("component")["gain"])
    all_seen = first["component"].map(sets.groupby("component")["seen"].all())
    clear = (first["gain"] >= evidence.clear) & (first["gain"] >= evidence.times * runner)
    chosen: DataFrame = first[clear & all_seen.astype(bool)]
    return chosen


def _gain(wide: Round, edits: Edits, changes: DataFrame, evidence: Evidence) -> Numbers:
    """How much nearer to the neighbouring years each change brings its figure; null where there are none."""
    row, column = changes["row"].to_numpy(), changes["column"].to_numpy()
    neighbour, now = _neighbour(wide, edits.rows[row], column), _now(edits, changes)
    fit = np.clip(neighbour, changes["lower"], changes["upper"])
    far, near = (
        np.abs(np.log((np.maximum(part, 0) + evidence.guard) / (neighbour + evidence.guard)))
        for part in (now, fit)
    )
    is_noise = np.abs(now - fit) < evidence.noise * np.sqrt(neighbour + 1)
    gain: Numbers = np.where(is_noise, np.minimum(far - near, 0.0), far - near)
    return gain


def _neighbour(wide: Round, rows: NDArray[np.intp], column: NDArray[np.intp]) -> Numbers:
    """Geometric mean of the figures of the year before and the year after, as far as they are exact."""
    unit, year = np.divmod(rows, len(wide.years))
    lower, upper = wide.wide.lower, wide.wide.upper
    logs = []
    for step in (-1, 1):
        other = np.clip(year + step, 0, len(wide.years) - 1)
        there = wide.years[other] == wide.years[year] + step
        low, high = lower[unit, other, column], upper[unit, other, column]
        logs.append(np.where(there & (low == high) & (low >= 0), np.log1p(np.maximum(low, 0)), np.nan))
    known = ~np.isnan(logs)
    mean = np.where(known, logs, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    neighbour: Numbers = np.expm1(mean)
    return neighbour


def _now(edits: Edits, changes: DataFrame) -> Numbers:
    """What stands there; null for a range."""
    at = changes["row"].to_numpy(), changes["column"].to_numpy()
    exact = (edits.lower[at] == edits.upper[at]) & ~edits.unbounded[at]
    now: Numbers = np.where(exact, edits.lower[at], np.nan)
    return now


def _is_slip(edits: Edits, changes: DataFrame, evidence: Evidence) -> Mask:
    """Whether the value that fits is a slip away: a power of ten, or two neighbouring digits exchanged."""
    now, fit = _now(edits, changes), changes["lower"].to_numpy(dtype=np.float64)
    told = (fit == changes["upper"]) & (np.minimum(now, fit) > 0) & (np.maximum(now, fit) >= evidence.least)
    tenfold = np.any([(now == factor * fit) | (fit == factor * now) for factor in FACTORS], axis=0)
    exchanged = [
        bool(one) and _are_exchanged(f"{a:.0f}", f"{b:.0f}") for one, a, b in zip(told, now, fit, strict=True)
    ]
    slip: Mask = np.asarray(told) & (tenfold | np.array(exchanged, dtype=bool))
    return slip


def _are_exchanged(one: str, two: str) -> bool:
    """Whether a text is another with two neighbouring characters exchanged.

    >>> _are_exchanged("4130", "4310"), _are_exchanged("413", "143"), _are_exchanged("413", "341")
    (True, True, False)
    """
    places = [number for number, (a, b) in enumerate(zip(one, two, strict=False)) if a != b]
    if len(one) != len(two) or len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return one[first] == two[second] and one[second] == two[first]
