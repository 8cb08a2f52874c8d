"""Persons counted over the years: of all areas that tell, and of a panel that tells every year.

The number of all areas moves with the areas that report. Only the panel, the same
areas in every year, carries a statement on a trend.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import LINEAGE, NOT_APPLICABLE, PROFILES, TOTAL, TRAFFICKING, UNKNOWN
from crimestats.trends.figures import hashed

PROFILE = "detected"
PANEL_YEARS = 5
"""Years of the panel up to its last one: long enough for a direction, short enough to keep areas."""
THIN = 0.5
"""A year is thin where it has figures of less than this share of the areas of the fullest year."""
LEAST_AREAS = 5
"""Areas below which a group has no figure: the project's own floor, as for its trend tables."""

_MEASURES = ("victims", "suspected", "prosecuted", "convicted")
_TOTALS = ("sex", "age", "exploitation", "citizenship", "country")
_KEYS = ["measure", "grouping", "area", "level", "variant", "first_year", "year"]


def detected(
    dataset: DataFrame,
    population: DataFrame | None = None,
    *,
    groupings: Sequence[str] = ("m49", "glotip"),
    panel_years: int = PANEL_YEARS,
    last_year: int | None = None,
    least_areas: int = LEAST_AREAS,
) -> tuple[DataFrame, DataFrame]:
    """Count victims and offenders by year, over all areas with a total and over a constant panel.

    A key that stands twice with different values counts as the interval that spans them.
    The panel of a group holds its areas with a total in each of the years up to the last
    one and with known residents; its `base` are these residents, so that `share` times
    100,000 is the rate. The row of all areas has no rate.

    Args:
        dataset: Figures (`frames.TRAFFICKING`); only areas that are known are counted.
        population: Residents (as `areas.population`); the shipped table if None.
        groupings: Whose groups are counted.
        panel_years: Length of the panel.
        last_year: Last year of the panel; the latest that is not thin (see `thick`) if None.
        least_areas: Fewest areas that a group has a figure with.

    Returns:
        Rows of profile `detected` (`frames.PROFILES`), variants `pooled` (all areas) and `panel`,
        and the lineage of each (`frames.LINEAGE`): the cells of the totals, weight 1
        (of a total that stands several times the part of one).

    Raises:
        CallError: The panel is shorter than two years.
    """
    if panel_years < 2:
        raise CallError(f"panel_years={panel_years}", "is no panel.", "Give 2 years or more.")
    totals = _totals(TRAFFICKING.cast(dataset))
    if totals.empty:
        return PROFILES.empty(), LINEAGE.empty()
    last = last_year if last_year is not None else _last(totals)
    totals = totals.merge(_residents(population), on=["area", "year"], how="left")
    sets = pd.concat([
        totals.assign(variant="pooled", first_year=totals["year"], residents=np.nan),
        _panel(totals, last - panel_years + 1, last),
    ], ignore_index=True)  # fmt: skip
    members = _members(groupings)
    parts = sets.rename(columns={"area": "unit"}).merge(members, left_on="unit", right_on="member")
    if parts.empty:  # of no group that is known
        return PROFILES.empty(), LINEAGE.empty()
    rows = _figures(parts, members, population, least_areas)
    return PROFILES.cast(rows), _lineage(rows, parts)


def thick(n_areas: "pd.Series[Any]", share: float = THIN) -> "pd.Series[bool]":
    """Whether a year has figures of enough areas to stand for itself.

    Args:
        n_areas: Number of areas by year.
        share: Of the areas of the fullest year that it must have.

    >>> thick(pd.Series({2019: 116, 2020: 125, 2021: 55})).tolist()
    [True, True, False]
    """
    is_thick: pd.Series[bool] = n_areas >= share * n_areas.max()
    return is_thick


def _totals(dataset: DataFrame) -> DataFrame:
    """One row for each measure, area and year: its interval, its middle, and its cells."""
    is_total = (dataset["iccs"].astype("str") == "0204") & (dataset["area"].astype("str") != UNKNOWN)
    is_total &= dataset["dimension"].astype("str") == TOTAL
    for name in _TOTALS:
        is_total &= dataset[name].astype("str") == TOTAL
    is_total &= dataset["measure"].astype("str").isin(_MEASURES) & dataset["lower"].notna()
    rows = dataset.loc[is_total, ["area", "measure", "year", "lower", "upper", "figure_id"]]
    rows = rows.astype({"area": "str", "measure": "str", "year": "int64"})
    grouped = rows.groupby(["measure", "area", "year"], as_index=False, sort=True)
    spans = grouped.agg(lower=("lower", "min"), upper=("upper", "max"), cells=("figure_id", list))
    spans["value"] = (spans["lower"] + spans["upper"]) / 2
    return spans


def _last(totals: DataFrame) -> int:
    n_areas = totals[totals["measure"] == "victims"].groupby("year")["area"].nunique()
    n_areas = n_areas if len(n_areas) else totals.groupby("year")["area"].nunique()
    return int(n_areas.index[thick(n_areas)].max())


def _residents(population: DataFrame | None) -> DataFrame:
    from crimestats import areas

    table = areas.population() if population is None else population
    table = table[(table["sex"].astype("str") == TOTAL) & (table["age"].astype("str") == TOTAL)]
    residents = table[["area", "year", "population"]].astype({"area": "str", "year": "int64"})
    return residents.rename(columns={"population": "residents"}).drop_duplicates(["area", "year"])


def _panel(totals: DataFrame, first: int, last: int) -> DataFrame:
    """The rows of areas with a total and residents in every year."""
    rows = totals[totals["year"].between(first, last) & totals["residents"].notna()]
    n_years = rows.groupby(["measure", "area"])["year"].transform("nunique")
    return rows[n_years == last - first + 1].assign(variant="panel", first_year=first)


def _members(groupings: Sequence[str]) -> DataFrame:
    """Groups and their areas; the world has all areas that any grouping knows."""
    from crimestats import areas

    tables = [areas.groupings(name) for name in groupings]
    columns = {"area": "member", "code": "area"}
    listed = pd.concat(tables)[["grouping", "code", "level", "area"]].rename(columns=columns)
    return listed.astype("str").drop_duplicates()


def _figures(
    parts: DataFrame, members: DataFrame, population: DataFrame | None, least_areas: int
) -> DataFrame:
    """Sums with their bounds, the area with the most persons, and how much of the group stands behind."""
    grouped = parts.groupby(_KEYS, sort=True)
    rows = grouped.agg(
        value=("value", "sum"), lower=("lower", "sum"), upper=("upper", "sum"), n_areas=("unit", "nunique"),
        base=("residents", lambda residents: residents.sum(skipna=False)), most=("value", "max"),
    ).reset_index()  # fmt: skip
    largest = parts.loc[grouped["value"].idxmax()].set_index(_KEYS)["unit"]
    rows = rows.assign(largest_area=largest.reindex(rows.set_index(_KEYS).index).to_numpy())
    rows["largest_share"] = (rows["most"] / rows["value"]).where(rows["value"] > 0)
    for name, part in (("share", "value"), ("share_lower", "lower"), ("share_upper", "upper")):
        rows[name] = rows[part] / rows["base"]
    rows = rows.assign(base_lower=rows["base"], base_upper=rows["base"], profile=PROFILE, within=TOTAL)
    rows = _covered(rows, parts, members, population)
    rows["status"] = np.where(rows["lower"] < rows["upper"], "bounded", "exact")
    few = rows["n_areas"] < least_areas
    rows.loc[few, ["value", "lower", "upper", "share", "share_lower", "share_upper"]] = np.nan
    rows["status"] = rows["status"].mask(few, "below_floor")
    rows = rows.assign(category=TOTAL, window="year", **_influence(rows, parts))
    rows.loc[few, "influence"] = np.nan
    rows = rows.assign(coverage_volume=1.0, left_out=0.0, findings="", figure_id=_ids(rows))
    none = {name: 0 for name, kind in PROFILES.columns.items() if kind == "count" and name not in rows}
    return rows.assign(**none)


def _influence(rows: DataFrame, parts: DataFrame) -> dict[str, Any]:
    """Of a rate: the area without which it differs most, and the rate without it less the rate."""
    wholes = rows[[*_KEYS, "value", "base"]].rename(columns={"value": "sum", "base": "living"})
    each = parts[parts["variant"] == "panel"].merge(wholes, on=_KEYS)
    rest = each["living"] - each["residents"]
    without = (each["sum"] - each["value"]) / rest.where(rest > 0)
    each = each.assign(shift=without - each["sum"] / each["living"])
    each = each.assign(size=each["shift"].abs()).sort_values(["size", "unit"], ascending=[False, True])
    largest = each.drop_duplicates(_KEYS).set_index(_KEYS).reindex(rows.set_index(_KEYS).index)
    area = largest["unit"].where(largest["shift"].notna()).fillna(NOT_APPLICABLE)
    return {"influence": largest["shift"].to_numpy(), "influence_area": area.to_numpy()}


def _covered(
    rows: DataFrame, parts: DataFrame, members: DataFrame, population: DataFrame | None
) -> DataFrame:
    groups = ["grouping", "area", "level"]
    sizes = members.groupby(groups)["member"].nunique().rename("n_members").reset_index()
    living = members.merge(_residents(population), left_on="member", right_on="area", suffixes=("", "_of"))
    whole = living.groupby([*groups, "year"])["residents"].sum().rename("whole").reset_index()
    there = parts.drop(columns="residents").merge(
        _residents(population).rename(columns={"area": "unit"}), on=["unit", "year"], how="left"
    )
    covered = there.groupby(_KEYS)["residents"].sum().rename("covered").reset_index()
    rows = rows.merge(sizes, on=groups).merge(whole, on=[*groups, "year"], how="left")
    rows = rows.merge(covered, on=_KEYS, how="left")
    rows["coverage_areas"] = rows["n_areas"] / rows["n_members"]
    rows["coverage_population"] = rows["covered"] / rows["whole"]
    return rows


def _ids(rows: DataFrame) -> list[str]:
    """The same id for the same key on every run."""
    keys = rows[_KEYS].astype("str").agg("|".join, axis=1)
    return [hashed(f"{PROFILE}|{key}") for key in keys]


def _lineage(rows: DataFrame, parts: DataFrame) -> DataFrame:
    once = parts.assign(weight=1.0 / parts["cells"].str.len())  # a total that stands twice counts once
    edges = once.merge(rows[[*_KEYS, "figure_id"]], on=_KEYS)[["figure_id", "cells", "weight"]].explode(
        "cells"
    )
    edges = edges.rename(columns={"cells": "part_id"}).assign(part_kind="cell")
    return LINEAGE.cast(edges.reset_index(drop=True))
