"""Trend tables: figures rolled up, related to the population, and compared over years."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE
from crimestats.trends.assembling import Block, Gathered, assembled
from crimestats.trends.composition import Floor, before, coverage, decomposition, moved
from crimestats.trends.figures import NUMBERS, ORIGINS, Figures, Flags, Integers
from crimestats.trends.membership import Wholes, membership, wholes
from crimestats.trends.rates import Small, rates, statuses_of_rates
from crimestats.trends.residents import residents
from crimestats.trends.rollup import Plan, Rolling, figure_ids, rolling
from crimestats.trends.segments import comparison, segments

_BELOW = "below_floor"
_HIDDEN = ("rate", "rate_lower", "rate_upper", "interval_lower", "interval_upper")


@dataclass(frozen=True, slots=True)
class Rules:
    """How figures become a table.

    Attributes:
        base_year: Year of the index; the first of each segment if None.
        floor: Below what coverage no figure of a group is given.
        small: What becomes of the rates of small countries.
    """

    base_year: int | None
    floor: Floor
    small: Small


def tabulate(
    classified: DataFrame,
    population: DataFrame | None = None,
    *,
    groupings: Iterable[str] = ("m49",),
    methods: Iterable[str] = ("reported",),
    base_year: int | None = None,
    window: tuple[int, int] | None = None,
    floor_population: float = 0.5,
    floor_areas: int = 5,
    small_below: float = 0.0,
    small_rule: str = "as_reported",
    disjoint: bool = False,
) -> DataFrame:
    """Make trend tables of what was reported, and of what follows from it.

    A category that is not reported is summed from its parts in the
    classification, and a country from its parts, where all of them are there;
    nothing is summed across measures, units, stages, sources or breakdowns.
    Several national codes under one category (see `classify`) are added.
    Bounds go through every sum, rate, index and change. Figures of an unknown
    area or category (`_U`) are in no table.

    The figure of a group of areas is made by one method or several:
    `reported` is the sum over the areas that have a figure; `panel` over those
    that have one in every year of the window, without a break between them;
    `estimated` fills the gaps (see `estimating`). Each has the share of the
    group that reported; below the floor it has no value.

    Args:
        classified: Reported figures under the ICCS (`frames.CLASSIFIED`).
        population: As `areas.population()` gives it; the shipped table if None.
        groupings: Groupings of areas to sum over (see `areas.groupings`).
        methods: How the figures of groups are made.
        base_year: Year of the index; the first of each segment if None.
        window: First and last year of the panel; all years in which there is
            any figure of the category and series if None.
        floor_population: Share of the residents of a group that must live in
            areas with a figure.
        floor_areas: Number of areas with a figure that a group must have; of a
            group of fewer than 10 inhabited areas, half of these are enough.
        small_below: Residents; an area with fewer is small.
        small_rule: What becomes of the rate of a small area: `as_reported`;
            `pooled_years` (it is that of the year, the one before and the one
            after together); or `no_rate`.
        disjoint: National codes are known not to contain one another, though
            the record of their list warns of it.

    Returns:
        The figures (`frames.TRENDS`), sorted. Those of reporting units have
        the grouping and the method `_Z`; those of groups have the name of the
        grouping, the code of the group as area, and the method.
        What was stated to be missing stays, without a value. `rate_status`
        says how a rate came about (see `rates.rates`), `interval_lower` and
        `interval_upper` how far chance may move it (95 per cent, see `intervals.poisson`).
        `index` (base = 100) and `change` from the year before (0.1 is a tenth
        more) are of the value, and within a segment only (see `segments.segments`);
        `entered`, `left`, and the two parts of the change of a group cross segments
        (see `composition`).

    Raises:
        CallError: A table or argument is not what its name says, no figure is of the base
            year, or national codes would be added that may contain one another.

    Example:
        >>> import crimestats as cs
        >>> from crimestats.files import shipped
        >>> definition = cs.Questionnaire.load("un-cts-2024")
        >>> cells = cs.read(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), definition)
        >>> observations = cs.observe(cells, cs.validate(cells, definition))
        >>> trends = tabulate(cs.classify(observations), cs.population())
        >>> killed = trends.query("iccs == '0101' and measure == 'victims' and sex == '_T' and year == 2021")
        >>> killed = killed[killed["mechanism"] == "_T"]
        >>> [*zip(killed["area"], killed["value"], killed["coverage_population"].round(3))]
        [('FJI', 16.0, nan), ('001', nan, 0.0), ('009', nan, 0.021), ('054', nan, 0.075)]
    """
    plan = Plan(list(dict.fromkeys(groupings)), tuple(dict.fromkeys(methods)), window, disjoint)
    rules = Rules(base_year, Floor(floor_population, floor_areas), Small(small_below, small_rule))
    rolled = rolling(classified, plan)
    encoded = rolled.encoded
    _refuse_base(classified, encoded.area, encoded.iccs, base_year)
    persons = residents(areas.population() if population is None else population, encoded)
    groups = wholes(rolled.members, encoded.areas, persons, encoded.heard())
    gathered = Gathered(len(classified))
    figures = None
    for figures in rolled.blocks(persons):
        gathered.add(_block(figures, groups, rolled, rules))
    lists = encoded.lists()
    del rolled, encoded, figures
    return assembled(gathered, lists, plan.pairs)


def _refuse_base(classified: DataFrame, area: Integers, iccs: Integers, base_year: int | None) -> None:
    if base_year is None:
        return
    years = np.unique(classified["year"].to_numpy()[(area >= 0) & (iccs >= 0)]).tolist()
    if base_year not in years:
        known = f"{years[0]} to {years[-1]}" if years else "another table"
        raise CallError("base_year", f"no figure is of {base_year}.", f"Give one of {known}.")


def _block(figures: Figures, groups: Wholes, rolled: Rolling, rules: Rules) -> Block:
    """The columns of the table for the figures of a block."""
    data = figures.data
    n_lines = len(figures.areas) * len(figures.series) * len(figures.codes)
    line = data["grouping"].to_numpy(np.int64) * n_lines + figures.line(data)
    parts = membership(figures)
    covered = coverage(figures, line, parts, groups, rules.floor)
    related = rates(figures, line, parts, groups, rules.small)
    numbers = {name: data[name].to_numpy() for name in NUMBERS}
    hidden = covered.pop("is_below")
    numbers = {name: np.where(hidden, np.nan, column) for name, column in numbers.items()}
    related |= {name: np.where(hidden, np.nan, related[name]) for name in _HIDDEN}
    status, rate_status = _statuses(figures, related.pop("rate_status"), hidden)
    segment = segments(line, data["making"].to_numpy())
    earlier = before(figures, line, parts.n_areas)
    area, year, series = (data[name].to_numpy()[: parts.n_areas] for name in ("area", "year", "series"))
    persons = groups.residents.of(area, year, groups.residents.of_series[series])
    columns = {
        **numbers, **related, **comparison(line, segment, data["year"].to_numpy(), numbers, rules.base_year),
        **covered, **decomposition(figures, line, parts, earlier, {**numbers, **related}, persons),
        "segment": segment, "status": status, "rate_status": rate_status,
        "figure_id": figure_ids(figures, rolled.plan.pairs), "year": data["year"].to_numpy(),
        **{name: data[name].to_numpy() for name in ("area", "iccs", "series", "grouping", "basis", *ORIGINS)},
    }  # fmt: skip
    findings = figures.findings.sort_index()
    return Block(columns, moved(figures, line, parts, earlier), findings)


def _statuses(
    figures: Figures, of_rates: NDArray[np.int8], hidden: Flags
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The statuses of figures and of their rates, where they are given; else `below_floor`."""
    names = statuses_of_rates(list(figures.statuses))
    below, given = names.index(_BELOW), figures.data["status"].to_numpy()
    has_rate = of_rates != names.index(NOT_APPLICABLE)
    status = np.where(hidden, below, given).astype(np.int8)
    return status, np.where(hidden & has_rate, below, of_rates).astype(np.int8)
