"""Trend tables: figures rolled up, related to the population, and compared over years."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from pandas import Categorical, DataFrame, Index

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE, SERIES, TRENDS
from crimestats.trends.figures import NUMBERS, Figures, Integers
from crimestats.trends.rates import coverage, rates
from crimestats.trends.residents import residents
from crimestats.trends.rollup import METHOD, figure_ids, members, rolled_up
from crimestats.trends.segments import comparison, segments


def tabulate(
    classified: DataFrame,
    population: DataFrame | None = None,
    *,
    groupings: Iterable[str] = ("m49",),
    base_year: int | None = None,
) -> DataFrame:
    """Make trend tables of what was reported, and of what follows from it.

    A category that is not reported is summed from its parts in the
    classification, and a country from its parts, where all of them are there;
    nothing is summed across measures, units, stages, sources or breakdowns.
    The figure of a group of areas is the sum over those that have one, with
    the share of the group that they are. Bounds go through every sum and rate.
    Figures of an unknown area or category (`_U`) are in no table.

    Args:
        classified: Reported figures under the ICCS (`frames.CLASSIFIED`).
        population: As `areas.population()` gives it; the shipped table if None.
        groupings: Groupings of areas to sum over (see `areas.groupings`).
        base_year: Year of the index; the first of each segment if None.

    Returns:
        The figures (`frames.TRENDS`), sorted. Those of reporting units have
        the grouping and the method `_Z`; those of groups have the name of the
        grouping, the code of the group as area, and the method `reported`.
        What was stated to be missing stays, without a value. `rate_status`
        says how a rate came about (see `rates.rates`). `index` (base = 100)
        and `change` from the year before (0.1 is a tenth more) are of the
        value, and within a segment only (see `segments.segments`).

    Raises:
        CallError: A table is not what its name says, or no figure is of the base year.

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
        [('FJI', 16.0, nan), ('001', 16.0, 0.0), ('009', 16.0, 0.021), ('054', 16.0, 0.075)]
    """
    names = list(dict.fromkeys(groupings))
    figures = rolled_up(classified, names)
    _refuse_base(figures, base_year)
    persons = residents(areas.population() if population is None else population, figures)
    segment = segments(figures)
    columns = [
        _keys(figures, names), figures.data[[*NUMBERS, "findings"]], rates(figures, persons),
        comparison(figures, segment, base_year), coverage(figures, persons, _members(figures, names)),
    ]  # fmt: skip
    table = pd.concat(columns, axis="columns").assign(segment=segment)
    return TRENDS.cast(table.take(_order(figures)).reset_index(drop=True))


def _refuse_base(figures: Figures, base_year: int | None) -> None:
    years = sorted(figures.data["year"].unique())
    if base_year is not None and base_year not in years:
        known = f"{years[0]} to {years[-1]}" if years else "another table"
        raise CallError("base_year", f"no figure is of {base_year}.", f"Give one of {known}.")


def _keys(figures: Figures, groupings: list[str]) -> DataFrame:
    """The key columns as texts, with the id."""
    data = figures.data
    series = figures.series[list(SERIES)].take(data["series"].to_numpy()).set_axis(data.index)
    methods = [NOT_APPLICABLE, *[METHOD] * len(groupings)]
    places = {
        "area": (data["area"], figures.areas), "iccs": (data["iccs"], figures.codes),
        "status": (data["status"], figures.statuses),
        "grouping": (data["grouping"], Index([NOT_APPLICABLE, *groupings])),
        "basis": (data["is_summed"].astype("int64"), Index(["reported", "summed"])),
    }  # fmt: skip
    keys = {name: Categorical.from_codes(codes, categories=texts) for name, (codes, texts) in places.items()}
    method = pd.Series(methods, dtype="category").take(data["grouping"].to_numpy()).set_axis(data.index)
    keyed = series.assign(**keys, method=method, year=data["year"], figure_id=figure_ids(figures, groupings))
    chosen = keyed.select_dtypes("category").columns
    return keyed.assign(**{name: keyed[name].cat.remove_unused_categories() for name in chosen})


def _order(figures: Figures) -> Integers:
    """Groupings, areas, series, categories, years."""
    data = figures.data
    series = np.argsort(np.argsort(figures.series_names()))[data["series"].to_numpy()]
    year, code, area, grouping = (data[name].to_numpy() for name in ("year", "iccs", "area", "grouping"))
    return np.lexsort([year, code, series, area, grouping])


def _members(figures: Figures, groupings: list[str]) -> DataFrame:
    listed = members(groupings)
    codes = {name: figures.areas.get_indexer(Index(listed[name])) for name in ("whole", "member")}
    return listed.assign(**codes)
