"""An indicator of areas and of groups of areas, by its own rules."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE, OBSERVATIONS, SDG, TOTAL, UNKNOWN
from crimestats.sdg.averages import COUNTRY, averaged, held_by_year, is_exactly, with_wholes
from crimestats.sdg.groups import grouped
from crimestats.sdg.inputs import inputs
from crimestats.sdg.tables import Rule, rules_of


def report(
    indicator: str,
    figures: DataFrame,
    population: DataFrame | None = None,
    *,
    grouping: str = "m49",
    years: int | None = None,
) -> DataFrame:
    """An indicator of the Goals: of every area with a figure, and of every group of a grouping.

    Each indicator has its own denominator, its own number of years that are averaged and
    its own rule for regions (see `rules`). A country is summed from its parts where all of
    them have a figure. The numerator cannot be above the denominator that it is part of:
    such a figure is left out, and the row says so. A group of which less than half of the
    residents, or fewer than five areas (half of the areas of a group with fewer than ten,
    rounded down), have a figure is given without one, with its coverage, and the note says which of
    the two it was. The world has regions below the floor in many years: a share is given with these
    regions and their coverage in its note, a rate of residents is refused (column `world` of `rules`).
    The world's 16.3.2 of 2008 and 2009 is 1.1 points lower than what UNODC published in 2023, and
    within one point of it in the other years from 2005 to 2020: few returned these two years (Africa,
    Asia and Oceania are below the floor), and South Africa, Indonesia, Malaysia and Sri Lanka, with
    figures of 2003 to 2005, did not.

    Coverage and weights need the residents of every area: where the table given lacks them, those of
    the shipped table are taken and the note says so; a rate is never divided by them.

    Args:
        indicator: Number of the Goals, `16.3.2`.
        figures: Reported figures (`frames.OBSERVATIONS`), or what `read_figures` returns.
        population: As `areas.population()` gives it; the shipped table if None.
        grouping: Groups of areas (see `areas.groupings`).
        years: Years that are averaged, the indicator's own number if None.

    Returns:
        The indicator (`frames.SDG`): rows of areas have the grouping `_Z`; those of groups
        the code of the group as area and the rule as basis.

    Raises:
        CallError: There is no such indicator or grouping, `years` is no number from 1, or the
            table is not what its name says.

    Example:
        >>> import crimestats as cs
        >>> from crimestats.files import shipped
        >>> definition = cs.Questionnaire.load("un-cts-2024")
        >>> cells = cs.read(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), definition)
        >>> data = report("16.3.2", cs.observe(cells, cs.validate(cells, definition)))
        >>> held = data.query("sex == '_T' and year == 2022 and area in ['FJI', '009']")
        >>> held[["area", "years", "value", "status"]].round(1).to_numpy().tolist()
        [['FJI', '2021', 19.9, 'exact'], ['009', '', nan, 'below_floor']]
    """
    chosen = rules_of(indicator)
    if years is not None and years < 1:
        raise CallError("years", f"{years} is not a number from 1.", "Give the years that are averaged.")
    persons = areas.population() if population is None else population
    given = _given(figures, indicator, persons)
    tables = [
        _of_series(given[given["series"] == rule.title], rule, persons, grouping, years or rule.years)
        for rule in chosen
    ]
    return _sorted(SDG.join(*tables))


def _given(figures: DataFrame, indicator: str, population: DataFrame) -> DataFrame:
    """The inputs of the indicator, without areas that are not known."""
    if "item" in figures.columns:
        made = inputs(OBSERVATIONS.check(OBSERVATIONS.cast(figures)), population).assign(nature=COUNTRY)
    else:
        made = figures
    if "numerator_lower" not in made.columns or "series" not in made.columns:
        fault = "are neither reported figures nor the inputs of an indicator."
        raise CallError("figures", fault, "Hand over observations, or what `read_figures` returns.")
    is_known = (made["indicator"] == indicator) & (made["area"].astype("str") != UNKNOWN)
    kinds = {"area": "str", "year": "int64", "sex": "str", "series": "str"}
    return made[is_known].astype(kinds).reset_index(drop=True)


def _of_series(given: DataFrame, rule: Rule, persons: DataFrame, grouping: str, years: int) -> DataFrame:
    """The rows of one series."""
    if given.empty:
        return SDG.empty()
    figures = averaged(with_wholes(given, rule, persons), rule, years)
    held = held_by_year(persons, sorted(int(year) for year in figures["year"].unique()))
    group = grouped(figures, rule, held, grouping)
    own = figures.assign(
        grouping=NOT_APPLICABLE, coverage_population=np.nan, coverage_areas=np.nan,
        n_areas=figures["lower"].notna().astype("int64"),
    )  # fmt: skip
    of_group = group.assign(years=_years_of(group, years))
    return _finished(pd.concat([own, of_group], ignore_index=True), rule)


def _years_of(rows: DataFrame, years: int) -> "Series[str]":
    """The years that may have entered: those that end with the year of the row."""
    spans = {
        year: " ".join(str(year - back) for back in reversed(range(years))) for year in set(rows["year"])
    }
    return rows["year"].map(spans).where(rows["lower"].notna(), "")


def _finished(rows: DataFrame, rule: Rule) -> DataFrame:
    is_exact = is_exactly(rows)
    texts = {
        "indicator": rule.indicator, "series": rule.series or UNKNOWN, "series_title": rule.title,
        "unit": rule.unit,
    }  # fmt: skip
    return SDG.cast(rows.assign(
        **texts, numerator=rows["numerator_lower"].where(is_exact),
        denominator=rows["denominator_lower"].where(is_exact),
        basis=rows["basis"].replace("", NOT_APPLICABLE),
    ))  # fmt: skip


def _sorted(table: DataFrame) -> DataFrame:
    """Areas before groups, then by series, sex (all first) and year."""
    is_group = table["grouping"].astype("str") != NOT_APPLICABLE
    is_sex = table["sex"].astype("str") != TOTAL
    keys = ["group", "area", "series_title", "is_sex", "sex", "year"]
    order = table.assign(group=is_group, is_sex=is_sex).astype(
        {"area": "str", "series_title": "str", "sex": "str"}
    )
    places = order.sort_values(keys, kind="stable").index
    return table.loc[places].reset_index(drop=True)
