"""Rates by population, and how much of a group of areas its figures cover."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.frames import NOT_APPLICABLE
from crimestats.trends.figures import NUMBERS, Figures
from crimestats.trends.residents import Residents

_NEGLIGIBLE = 0.005  # of a group; with more of it unknown, no share of its residents is given
_RATES = {"value": "rate", "lower": "rate_lower", "upper": "rate_upper"}


def rates(figures: Figures, residents: Residents) -> DataFrame:
    """Figures for so many residents of the same area, year, sex and age.

    The rate of a group is the sum over its areas with a figure and a known
    population, divided by the residents of these areas.

    Returns:
        `population`, `rate`, `rate_lower`, `rate_upper` and `rate_status`, in
        the order of the figures: the status of the figure, or `_Z` (no rate is
        given for the measure), `no_population`, or `partial` (areas of the group
        without a known population are left out of the rate).
    """
    data = figures.data
    stratum = residents.of_series[data["series"]]
    known = Series(residents.of(data["area"].to_numpy(), data["year"].to_numpy(), stratum), index=data.index)
    counted, is_partial = _of_groups(figures, data[NUMBERS].assign(population=known))
    base = figures.series["rate_base"].to_numpy()[data["series"]]
    persons = counted["population"].where(~np.isnan(base))
    related = {_RATES[name]: counted[name] / persons * base for name in NUMBERS}
    status = _status(figures, persons, is_partial, base)
    return DataFrame({"population": persons, **related, "rate_status": status.astype("category")})


def coverage(figures: Figures, residents: Residents, members: DataFrame) -> DataFrame:
    """How much of a group lives in areas with a figure, and how many areas these are.

    No share of the residents is given where those of the year are unknown for
    areas in which over half a per cent of the group lives (by the shipped table
    where the one given has nothing of them), or for all areas with a figure.
    Of the areas those count that are inhabited, as a row of either table or a
    figure shows, and so not Antarctica or Bouvet Island.

    Args:
        figures: With the sums of groups.
        residents: Of all areas.
        members: Of the groups: grouping, whole and member, as numbers.

    Returns:
        `coverage_population`, `coverage_areas` (shares, null for reporting
        units) and `n_areas`, in the order of the figures.
    """
    data = figures.data
    edges = _edges_of_groups(figures)
    part = data.loc[edges["part"], ["area", "year"]]
    is_unheard = np.isnan(residents.largest)[part["area"]]
    edges = edges.assign(covered=_living(part["area"], part["year"], residents), is_unheard=is_unheard)
    groups = edges.groupby("figure")
    covered = groups["covered"].sum(min_count=1).mask(groups["is_unheard"].any())
    sums = DataFrame({"covered": covered, "size": groups.size()}).reindex(data.index)
    whole = data[["grouping", "area", "year"]].merge(_wholes(data, residents, members), how="left")
    whole = whole.set_axis(data.index)
    is_known = whole["unknown"] <= whole["living"] * _NEGLIGIBLE
    return DataFrame({
        "coverage_population": sums["covered"] / whole["living"].where(is_known),
        "coverage_areas": sums["size"] / whole["n_members"],
        "n_areas": sums["size"].fillna(data["lower"].notna().astype(float)).astype("int64"),
    })  # fmt: skip


def _wholes(data: DataFrame, residents: Residents, members: DataFrame) -> DataFrame:
    """Residents of each group in each year, how many more there may be, and its number of inhabited areas."""
    is_inhabited = ~np.isnan(residents.largest)
    is_inhabited[data.loc[data["lower"].notna(), "area"].unique()] = True
    crossed = members[is_inhabited[members["member"]]].merge(data[["year"]].drop_duplicates(), how="cross")
    living = _living(crossed["member"], crossed["year"], residents)
    unknown = np.where(np.isnan(living), residents.largest[crossed["member"]], 0)
    crossed = crossed.assign(living=living, unknown=unknown).rename(columns={"whole": "area"})
    groups = crossed.groupby(["grouping", "area", "year"])[["living", "unknown"]]
    return groups.sum().assign(n_members=groups.size()).reset_index()


def _living(area: "Series[int]", year: "Series[int]", residents: Residents) -> NDArray[np.float64]:
    total = np.full(len(area), residents.all)
    return residents.of(np.asarray(area, dtype=np.int64), np.asarray(year, dtype=np.int64), total)


def _edges_of_groups(figures: Figures) -> DataFrame:
    of_group = figures.data["grouping"] > 0
    edges = figures.parts[of_group.reindex(figures.parts["figure"]).to_numpy(dtype=bool)]
    return edges.sort_values("figure", kind="stable", ignore_index=True)


def _of_groups(figures: Figures, known: DataFrame) -> tuple[DataFrame, "Series[bool]"]:
    """What is counted and the residents it is of; of groups, over the areas whose residents are known."""
    is_partial = Series(False, index=known.index)
    edges = _edges_of_groups(figures)
    if edges.empty:
        return known, is_partial
    part = known.loc[edges["part"]].to_numpy()
    is_known = ~np.isnan(part[:, -1])
    starts = np.flatnonzero(np.diff(edges["figure"], prepend=-1))
    number = edges["figure"].to_numpy()[starts]
    counted = known.copy()
    counted.loc[number] = np.add.reduceat(np.where(is_known[:, None], part, 0), starts)
    counted["population"] = counted["population"].where(counted["population"] > 0)
    is_partial[number] = ~np.logical_and.reduceat(is_known, starts)
    return counted, is_partial


def _status(
    figures: Figures, persons: "Series[float]", is_partial: "Series[bool]", base: NDArray[np.float64]
) -> "Series[str]":
    data = figures.data
    status = Series(figures.statuses.to_numpy(object)[data["status"]], index=data.index)
    status = status.mask(is_partial, "partial").mask(persons.isna(), "no_population")
    status = status.where(data["lower"].notna(), figures.statuses.to_numpy(object)[data["status"]])
    return status.mask(np.isnan(base), NOT_APPLICABLE)
