"""Averages: over years, and over the areas of a group, side by side."""

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE, SERIES, TOTAL, TRENDS
from crimestats.trends import measures
from crimestats.trends.lines import LINE, numbered

_AVERAGED = ["value", "lower", "upper", "rate", "rate_lower", "rate_upper"]
_POINTS = {"value": ["value", "lower", "upper"], "rate": ["rate", "rate_lower", "rate_upper"]}
_MEANS = ("ratio_of_sums", "weighted_mean", "unweighted_mean", "median")
_ENDS = ("", "_lower", "_upper")
_GROUPED = ["code", "year", "series"]


def averages(trends: DataFrame, years: int = 3) -> DataFrame:
    """Moving averages of the figures of each line, as the SDG indicator 16.3.2 uses them.

    An average is over the years with a figure, missing ones left out, of one
    segment: it does not reach across a break. That of the rate is the mean
    of the rates of the years.

    Args:
        trends: A trend table (`frames.TRENDS`).
        years: How many, the year of the row the last of them.

    Returns:
        The keys of a line, segment, first_year and year (of the window), n_years
        (with a figure), value, lower, upper, n_rates (years with a rate), rate, rate_lower, rate_upper.
        A point is null where a figure in it is bounded. A row for each year from
        the first to the last with a figure.

    Raises:
        CallError: The table is none, or `years` is below one.

    Example:
        >>> import crimestats as cs
        >>> keys = {name: "_T" for name in TRENDS.columns} | {"segment": 1, "n_areas": 1}
        >>> missing = {name: np.nan for name, kind in TRENDS.columns.items() if kind == "number"}
        >>> table = DataFrame({"year": [2019, 2021], "value": [10.0, 14.0]})
        >>> table = table.assign(lower=table["value"], upper=table["value"])
        >>> table = TRENDS.cast(DataFrame(keys | missing, index=table.index).assign(**table))
        >>> averages(table)[["year", "n_years", "value"]].to_numpy().tolist()
        [[2019.0, 1.0, 10.0], [2020.0, 1.0, 10.0], [2021.0, 2.0, 12.0]]
    """
    if years < 1:
        raise CallError("years", f"is {years}.", "Give one or more.")
    TRENDS.check(trends)
    rows = trends[trends["lower"].notna().to_numpy()]
    keys = [*LINE, "segment"]
    rows = rows[[*keys, "year", *_AVERAGED]].assign(
        line=numbered(rows, keys), at=rows["year"].astype("int64")
    )
    ends = rows.groupby("line")["at"].max()
    spread = pd.concat([rows.assign(at=rows["at"] + later) for later in range(years)])
    spread = spread[(spread["at"] <= spread["line"].map(ends)).to_numpy()]
    grouped = spread.groupby(["line", "at"])
    means = grouped[_AVERAGED].mean()
    for name, low in (("value", "lower"), ("rate", "rate_lower")):
        number = grouped[low].count()
        means[f"n_{name}"] = number
        means[name] = means[name].where(grouped[name].count() == number)
    means = means.rename(columns={"n_value": "n_years", "n_rate": "n_rates"}).reset_index(
        names=["line", "year"]
    )
    named = rows.drop_duplicates("line").set_index("line")[keys].reindex(means["line"]).reset_index(drop=True)
    table = pd.concat([named, means.drop(columns="line")], axis="columns")
    table = table.assign(first_year=table["year"] - years + 1)
    columns = ["first_year", "year", "n_years", *_POINTS["value"], "n_rates", *_POINTS["rate"]]
    return table[[*keys, *columns]]


def means(
    trends: DataFrame,
    grouping: str = "m49",
    floor_areas: int = 5,
    floor_population: float = 0.5,
    *,
    population: DataFrame | None = None,
) -> DataFrame:
    """Four ways to say what is usual in a group of areas, side by side, over the same areas.

    `ratio_of_sums` is all that was counted by all residents that it was counted
    among; `weighted_mean` the mean of the rates of the areas, each weighted by
    all its residents; `unweighted_mean` gives each area the same weight, and `median` is the middle one. The
    first two are one and the same where a rate is by all residents: they differ where
    it is by a sex or an age, of which areas have different shares, and where rates
    of small areas pool years. The unweighted mean differs from them where large and small
    areas have different rates; it says what an area is like, not what a resident lives with.
    Percentages have no ratio of sums: they do not say of how many.

    Args:
        trends: A trend table (`frames.TRENDS`); the rows of areas are used.
        grouping: A grouping of areas (see `areas.groupings`).
        floor_areas: Areas with a figure that a group needs; of a small group fewer (see `areas.enough`).
        floor_population: Share of its residents that they need to have.
        population: As `areas.population()` gives it; the shipped table if None.

    Returns:
        area (code of the group), grouping, year, iccs and the series; n_areas (with a
        figure and known residents), coverage_population (their share in the
        residents); the four means with `_lower` and `_upper`, in the unit of the
        rates; status: exact, bounded (points are null) or below_floor (all is null).

    Raises:
        CallError: The table is none, or there is no such grouping.

    Example:
        >>> means(TRENDS.empty()).columns[-4:].tolist()
        ['median', 'median_lower', 'median_upper', 'status']
    """
    TRENDS.check(trends)
    rows = _rates(trends)
    residents = _residents(areas.population() if population is None else population)
    members = _members(grouping)
    rows = rows.merge(residents, on=["area", "year"]).merge(members, on="area")
    table = pd.concat([_mean(rows, end) for end in _ENDS], axis="columns")
    table["n_areas"] = rows.groupby(_GROUPED).size()
    table = table.reset_index().merge(_whole(members, residents), on=["code", "year"])
    covered = rows.groupby(_GROUPED)["residents"].sum().to_numpy()
    table = table.assign(coverage_population=covered / table["whole"].to_numpy(), grouping=grouping)
    is_below = ~areas.enough(table["n_areas"], table["n_members"], floor_areas)
    is_below |= (table["coverage_population"] < floor_population).to_numpy()
    numbers = [name + end for name in _MEANS for end in _ENDS]
    table.loc[is_below, numbers] = np.nan
    status = np.select([is_below, table["median"].isna()], ["below_floor", "bounded"], "exact")
    return _named(table.assign(status=status), trends, numbers)


def _rates(trends: DataFrame) -> DataFrame:
    """Rates and percentages of areas: area, year, series (its number), rate and bounds, population."""
    treated = measures.indicators().set_index(["measure", "unit"])["rate_base"]
    unit = trends["unit"].astype("str")
    base = (
        treated.reindex(pd.MultiIndex.from_arrays([trends["measure"].astype("str"), unit])).notna().to_numpy()
    )
    is_rate = base & trends["rate_lower"].notna().to_numpy()
    is_share = ~base & (unit == "per_cent").to_numpy() & trends["lower"].notna().to_numpy()
    named = {
        rate: np.where(is_rate, trends[rate], trends[value])
        for rate, value in zip(_POINTS["rate"], _POINTS["value"], strict=True)
    }
    rows = trends[["area", "year", "population"]].assign(**named, series=numbered(trends, ["iccs", *SERIES]))
    rows = rows.assign(population=rows["population"].where(is_rate))
    chosen = (is_rate | is_share) & (trends["grouping"] == NOT_APPLICABLE).to_numpy()
    return rows[chosen].astype({"area": "str"})


def _residents(population: DataFrame) -> DataFrame:
    is_all = (population["sex"] == TOTAL) & (population["age"] == TOTAL)
    if "citizenship" in population:
        is_all &= population["citizenship"] == TOTAL
    rows = population.loc[is_all, ["area", "year", "population"]].astype({"area": "str"})
    return rows.rename(columns={"population": "residents"})


def _members(grouping: str) -> DataFrame:
    listed = areas.groupings(grouping)[["code", "area"]].drop_duplicates()
    return listed[~listed["area"].isin(areas.parts()["part"])]


def _whole(members: DataFrame, residents: DataFrame) -> DataFrame:
    """Residents and inhabited areas of each group and year."""
    grouped = members.merge(residents, on="area").groupby(["code", "year"])["residents"]
    return grouped.agg(["sum", "size"]).set_axis(["whole", "n_members"], axis="columns").reset_index()


def _mean(rows: DataFrame, end: str) -> DataFrame:
    """The four means of the rates, or of one end of them."""
    rate, weight, counted = rows[f"rate{end}"], rows["residents"], rows["population"]
    keyed = rows[_GROUPED].assign(
        rate=rate, weighted=rate * weight, weight=weight, count=rate * counted, counted=counted
    )
    grouped = keyed.groupby(_GROUPED)
    sums = grouped[["weighted", "weight", "count", "counted"]].sum(min_count=1)
    numbers = (
        sums["count"] / sums["counted"], sums["weighted"] / sums["weight"],
        grouped["rate"].mean(), grouped["rate"].median(),
    )  # fmt: skip
    is_whole = grouped["rate"].count() == grouped.size()
    return DataFrame({
        name + end: number.where(is_whole) for name, number in zip(_MEANS, numbers, strict=True)
    })  # fmt: skip


def _named(table: DataFrame, trends: DataFrame, numbers: list[str]) -> DataFrame:
    """With the category and series in place of their number, in order."""
    keys = ["iccs", *SERIES]
    series = trends[keys].assign(number=numbered(trends, keys)).drop_duplicates("number").set_index("number")
    named = series.reindex(table["series"]).reset_index(drop=True)
    joined = pd.concat([table.drop(columns="series").rename(columns={"code": "area"}), named], axis="columns")
    columns = ["area", "grouping", "year", *keys, "n_areas", "coverage_population", *numbers, "status"]
    return joined[columns].sort_values(["area", *keys, "year"], ignore_index=True)
