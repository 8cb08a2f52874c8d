"""Rates by population, with what the bounds and the smallness of the counts leave open."""

from dataclasses import dataclass

import numpy as np

from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE
from crimestats.trends.figures import BASES, NUMBERS, Figures, Flags, Integers, Numbers
from crimestats.trends.intervals import poisson
from crimestats.trends.membership import Membership, Wholes

AS_REPORTED, POOLED, NO_RATE = "as_reported", "pooled_years", "no_rate"
RULES = (AS_REPORTED, POOLED, NO_RATE)
"""What becomes of the rates of small countries: as any other, of three years together, or none."""

_RATES = {"value": "rate", "lower": "rate_lower", "upper": "rate_upper"}
_SAID = ("partial", "no_population", "pooled", "small_population", NOT_APPLICABLE)
_ESTIMATED = BASES.index("estimated")


@dataclass(frozen=True, slots=True)
class Small:
    """Which countries are small, and what becomes of their rates.

    Attributes:
        below: Residents; an area with fewer is small.
        rule: One of `RULES`.
    """

    below: float = 0.0
    rule: str = AS_REPORTED

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise CallError(
                "small_rule", f"there is no rule {self.rule!r}.", f"Name one of {', '.join(RULES)}."
            )


def statuses_of_rates(statuses: list[str]) -> list[str]:
    """The statuses that a rate can have, as they are numbered."""
    return [*statuses, *(name for name in _SAID if name not in statuses)]


def rates(
    figures: Figures, line: Integers, parts: Membership, groups: Wholes, small: Small
) -> dict[str, np.ndarray]:
    """Figures for so many residents of the same area, year, sex and age.

    The rate of a group is the sum over its areas with a figure and a known
    population, divided by the residents of these areas; where it is estimated,
    it is divided by the residents of all of its areas.

    Args:
        figures: In order.
        line: Of each figure.
        parts: Of the groups.
        groups: Who lives in them.
        small: What becomes of the rates of small countries.

    Returns:
        `population`, `rate`, `rate_lower`, `rate_upper`, `interval_lower` and
        `interval_upper` (95 per cent, by `intervals.poisson`; null for what is
        estimated or cannot be added up) and `rate_status` as a place in
        `statuses_of_rates`: the status of the figure, or `_Z` (no rate is given
        for the measure), `no_population`, `partial` (areas of the group without
        a known population are left out of the rate), `pooled` or `small_population`.
    """
    data = figures.data
    series = data["series"].to_numpy()
    stratum = groups.residents.of_series[series]
    area, year = data["area"].to_numpy(), data["year"].to_numpy()
    persons = groups.residents.of(area, year, stratum)
    counted: dict[str, Numbers] = {name: data[name].to_numpy() for name in NUMBERS}
    is_estimated = data["basis"].to_numpy() == _ESTIMATED
    counted, persons, is_partial = _of_groups(counted, persons, parts, is_estimated)
    persons = _of_estimates(figures, stratum, persons, groups)
    base = figures.series["rate_base"].to_numpy()[series]
    living = np.where(np.isnan(base), np.nan, persons)
    status = _status(figures, living, is_partial, base)
    related, divisor, status = _small(figures, line, counted, living, status, parts.n_areas, groups, small)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = base / divisor
        found = {_RATES[name]: related[name] * times for name in NUMBERS}
    is_counted = figures.series["is_additive"].to_numpy()[series] & ~np.isnan(times)
    is_counted &= (data["basis"].to_numpy() != _ESTIMATED) & ~np.isnan(related["lower"])
    interval = _intervals(related, times, is_counted)
    return {"population": living, **found, **interval, "rate_status": status}


def _intervals(counted: dict[str, Numbers], times: Numbers, is_counted: Flags) -> dict[str, Numbers]:
    chosen = np.flatnonzero(is_counted)
    ends = poisson(counted["lower"][chosen], counted["upper"][chosen])
    found = {}
    for name, limits in zip(("interval_lower", "interval_upper"), ends, strict=True):
        column = np.full(len(times), np.nan)
        column[chosen] = limits * times[chosen]
        found[name] = column
    return found


def _of_groups(
    counted: dict[str, Numbers], persons: Numbers, parts: Membership, is_estimated: Flags
) -> tuple[dict[str, Numbers], Numbers, Flags]:
    """What is counted and the residents it is of; of groups, over the areas whose residents are known."""
    is_partial = np.zeros(len(persons), dtype=bool)
    if not len(parts.starts):
        return counted, persons, is_partial
    is_known = ~np.isnan(persons[: parts.n_areas])
    persons = persons.copy()
    living = parts.summed(np.nan_to_num(persons[: parts.n_areas]))
    persons[parts.figure] = np.where(living > 0, living, np.nan)
    lacks = parts.any(~is_known)
    if lacks.any():
        is_partial[parts.figure] = lacks
        at = parts.figure[lacks]
        for name, numbers in counted.items():
            own = numbers[: parts.n_areas]
            known, others = (
                parts.summed(np.where(chosen, own, 0))[lacks] for chosen in (is_known, ~is_known)
            )
            counted = counted | {
                name: _put(numbers, at, np.where(is_estimated[at], numbers[at] - others, known))
            }
    return counted, persons, is_partial


def _put(numbers: Numbers, places: Integers, found: Numbers) -> Numbers:
    numbers = numbers.copy()
    numbers[places] = found
    return numbers


def _of_estimates(figures: Figures, stratum: Integers, persons: Numbers, groups: Wholes) -> Numbers:
    """Of what is estimated for a group, the residents of all of its areas."""
    rows = np.flatnonzero(
        (figures.data["basis"].to_numpy() == _ESTIMATED) & (figures.data["grouping"].to_numpy() > 0)
    )
    if not len(rows):
        return persons
    area, grouping, year = (figures.data[name].to_numpy()[rows] for name in ("area", "grouping", "year"))
    first, last = int(year.min()), int(year.max())
    persons = persons.copy()
    place = groups.of(grouping, area)
    for kind in np.unique(stratum[rows]):
        living = (
            groups.years(first, last, int(kind))[0]
            if kind >= 0
            else np.zeros((len(groups.size), last - first + 1))
        )
        chosen = stratum[rows] == kind
        found = living[place[chosen], year[chosen] - first]
        persons[rows[chosen]] = np.where(found > 0, found, np.nan)
    return persons


def _status(figures: Figures, persons: Numbers, is_partial: Flags, base: Numbers) -> Integers:
    names = statuses_of_rates(list(figures.statuses))
    given = figures.data["status"].to_numpy()
    has_figure = ~np.isnan(figures.data["lower"].to_numpy())
    status = np.where(has_figure & is_partial, names.index("partial"), given)
    status = np.where(has_figure & np.isnan(persons), names.index("no_population"), status)
    return np.where(np.isnan(base), names.index(NOT_APPLICABLE), status).astype(np.int8)


def _small(
    figures: Figures, line: Integers, counted: dict[str, Numbers], persons: Numbers, status: Integers,
    n_areas: int, groups: Wholes, small: Small,
) -> tuple[dict[str, Numbers], Numbers, Integers]:  # fmt: skip
    """What the rates of areas with few residents rest on, by the rule that is asked for."""
    if small.rule == AS_REPORTED or small.below <= 0:
        return counted, persons, status
    data = figures.data.iloc[:n_areas]
    total = np.full(n_areas, groups.residents.all)
    living = groups.residents.of(data["area"].to_numpy(), data["year"].to_numpy(), total)
    rows = np.flatnonzero(
        (living < small.below) & ~np.isnan(counted["lower"][:n_areas]) & ~np.isnan(persons[:n_areas])
    )
    names, status = statuses_of_rates(list(figures.statuses)), status.copy()
    if small.rule == NO_RATE:
        status[rows] = names.index("small_population")
        return (
            {name: _put(numbers, rows, np.full(len(rows), np.nan)) for name, numbers in counted.items()},
            persons,
            status,
        )
    rows = rows[figures.series["is_additive"].to_numpy()[data["series"].to_numpy()[rows]]]
    status[rows] = names.index("pooled")
    return *_pooled(
        data["making"].to_numpy(), data["year"].to_numpy(), line[:n_areas], counted, persons, rows
    ), status


def _pooled(
    making: np.ndarray,
    year: Integers,
    line: Integers,
    counted: dict[str, Numbers],
    persons: Numbers,
    rows: Integers,
) -> tuple[dict[str, Numbers], Numbers]:
    """Counts and residents of the year, the year before and the year after, of the same segment."""
    sums = {name: numbers[rows].copy() for name, numbers in counted.items()}
    living = persons[rows].copy()
    for step in (-1, 1):
        other = np.clip(rows + step, 0, len(line) - 1)
        is_near = (
            (line[other] == line[rows]) & (year[other] == year[rows] + step) & (making[other] == making[rows])
        )
        is_near &= ~np.isnan(counted["lower"][other]) & ~np.isnan(persons[other])
        living += np.where(is_near, persons[other], 0)
        for name, numbers in counted.items():
            sums[name] += np.where(is_near, numbers[other], 0)
    return {name: _put(numbers, rows, sums[name]) for name, numbers in counted.items()}, _put(
        persons, rows, living
    )


__all__ = ["RULES", "Small", "rates", "statuses_of_rates"]
