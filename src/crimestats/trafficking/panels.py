"""Which areas stand in the base of a group's profile in a year, with their shares and weights."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.frames import NOT_APPLICABLE, TOTAL
from crimestats.trafficking.counts import BOUNDS, Counts
from crimestats.trafficking.shares import share, share_bounds
from crimestats.trafficking.windows import windowed

POOLED, POPULATION_WEIGHTED, COUNTRY_AVERAGE = VARIANTS = ("pooled", "population_weighted", "country_average")
CLOSED, COMPLETE, AVAILABLE = PARTS = ("closed", "complete", "available")
"""When an area enters: with all categories given or closed by its total (`counts.counted`), with all
given, or with any, the others as nought."""
MINIMUM_BASE = 5
"""Persons, at least, that the share of a country rests on that enters a mean: one of fewer moves by
twenty points and more with one person. The project's choice; five is also where published counts begin."""
AREA = "area"
"""The level of a figure of one reporting unit."""

_BASE = ["base_value", "base_lower", "base_upper"]


@dataclass(frozen=True, slots=True)
class Panel:
    """The areas' figures that profiles are made of, before any is put together.

    Attributes:
        entries: One row an area in the base of a year and a category: denominator, of (category), area, year,
            used (the year its figures are of), value, lower, upper, base_value, base_lower, base_upper,
            rest_lower, rest_upper (persons of the other categories), excess (persons of the base above the
            total that the area reports), share, share_lower, share_upper, residents, `is_closed`, `is_given`
            (the category is needed, or the area gives it).
        left_out: One row an area of which only some categories are known, or nobody for certain
            (`is_certain` is false): denominator, area, year, value (persons; none where nobody is certain).
        members: Whole, area, grouping, level and place (a number of the whole); an area is a whole too.
        reported: Persons that areas reported in all: denominator, area, year, value.
        living: Inhabited areas and their residents: area, year, residents.
        findings: Findings at the figures: denominator, area, used, is_conflict, ids (blanks between).
    """

    entries: DataFrame
    left_out: DataFrame
    members: DataFrame
    reported: DataFrame
    living: DataFrame
    findings: DataFrame


def panel(
    counts: Counts,
    dataset: DataFrame,
    residents: DataFrame,
    *,
    groupings: Iterable[str],
    window: int,
    years: list[int],
    parts: str,
) -> Panel:
    """Choose the year of each area, and put the shares and residents of each beside it.

    Args:
        counts: As `counted` gives them.
        dataset: What they were counted in.
        residents: Columns of `areas.population()`.
        groupings: Names of groupings of areas.
        window: In years.
        years: The years that windows end in.
        parts: One of `PARTS`: when an area enters.
    """
    bases = counts.bases.rename(columns=dict(zip(BOUNDS, _BASE, strict=True)))
    enters = bases["given"] > 0 if parts == AVAILABLE else bases["is_complete"]
    if parts != COMPLETE:
        enters = enters | bases["is_closed"]
    enters &= bases["is_certain"]
    of = ["denominator", "area"]
    columns = [*of, "year", "is_closed", "excess", *_BASE]
    chosen = windowed(bases.loc[enters, columns], of, years, window)
    rest = counts.bases.loc[~enters.to_numpy(), [*of, "year", "value", "is_certain"]]
    others = windowed(rest.assign(value=rest["value"].where(rest["is_certain"], 0)), of, years, window)
    place = pd.MultiIndex.from_frame(others[[*of, "year"]])
    left_out = others[~place.isin(pd.MultiIndex.from_frame(chosen[[*of, "year"]]))]
    living = _living(residents, years)
    return Panel(
        entries=_entries(counts, chosen, living),
        left_out=left_out[[*of, "year", "value", "is_certain"]],
        members=_members(groupings, pd.Index(counts.bases["area"].unique())),
        reported=_reported(counts, years, window),
        living=living,
        findings=_findings(counts, dataset),
    )


def _entries(counts: Counts, chosen: DataFrame, living: DataFrame) -> DataFrame:
    """Every category of the base of every area that enters; one that it has not is nought."""
    categories = counts.categories[["denominator", "is_needed"]].assign(of=np.arange(len(counts.categories)))
    every = chosen.merge(categories, on="denominator")
    known = counts.data.loc[counts.data["is_known"], ["of", "area", "year", *BOUNDS]]
    entries = every.merge(known.rename(columns={"year": "used"}), on=["of", "area", "used"], how="left")
    entries["is_given"] = entries["is_needed"] | entries["lower"].notna()
    entries[BOUNDS] = entries[BOUNDS].fillna(0)
    others = np.minimum(entries["base_upper"] - entries["lower"], _others(entries))
    entries = entries.assign(rest_lower=entries["base_lower"] - entries["lower"], rest_upper=others)
    numbers = [entries[name].to_numpy() for name in ("lower", "upper", "rest_lower", "rest_upper")]
    low, high = share_bounds(*numbers)
    own = share(entries["value"].to_numpy(), entries["base_value"].to_numpy())
    shares = entries.assign(share=own, share_lower=low, share_upper=high)
    return shares.merge(living, on=["area", "year"], how="left")


def _others(entries: DataFrame) -> "Series[float]":
    """The most that the other categories of the same base can have together."""
    of = ["denominator", "area", "year"]
    return entries.groupby(of)["upper"].transform("sum") - entries["upper"]


def _living(residents: DataFrame, years: list[int]) -> DataFrame:
    """Residents of the inhabited areas; of a year that the table has not, those of its nearest year."""
    is_all = (residents["sex"] == TOTAL) & (residents["age"] == TOTAL) & (residents["population"] > 0)
    if "citizenship" in residents:
        is_all &= residents["citizenship"] == TOTAL
    rows = residents.loc[is_all, ["area", "year", "population"]].astype({"area": "str", "year": "int64"})
    grid = rows.pivot_table(index="area", columns="year", values="population")
    wide = grid.reindex(columns=sorted({*grid.columns, *years})).ffill(axis=1).bfill(axis=1)[years]
    long = wide.reset_index().melt(id_vars="area", var_name="year", value_name="residents")
    return long.astype({"year": "int64"})


def _members(groupings: Iterable[str], units: "pd.Index[str]") -> DataFrame:
    own = DataFrame({"whole": units, "area": units, "grouping": NOT_APPLICABLE, "level": AREA})
    listed = [areas.groupings(name) for name in dict.fromkeys(groupings)]
    groups = [table.rename(columns={"code": "whole"})[list(own.columns)] for table in listed]
    members = pd.concat([own, *groups], ignore_index=True).astype("str")
    return members.assign(place=members.groupby(["grouping", "whole"], sort=False).ngroup())


def _reported(counts: Counts, years: list[int], window: int) -> DataFrame:
    """What areas reported in all; of those without a total the sum of the categories, of someone at least."""
    columns = ["denominator", "area", "year", "value"]
    sums = counts.bases.loc[counts.bases["is_certain"], columns]
    both = pd.concat([counts.wholes[columns], sums]).drop_duplicates(columns[:3])
    return windowed(both, columns[:2], years, window)[columns]


def _findings(counts: Counts, dataset: DataFrame) -> DataFrame:
    """The ids at the figures of each area and year; of a conflict that has none, what it is of."""
    cells = counts.cells.assign(ids=dataset["findings"].to_numpy(object)[counts.cells["row"]])
    unnamed = "conflict:" + cells["area"] + ":" + cells["year"].astype("str")
    of_key = ["of", "area", "year"]
    has_none = (cells["ids"] == "").groupby([cells[name] for name in of_key]).transform("all")
    cells["ids"] = cells["ids"].mask(cells["is_conflict"] & has_none, unnamed)
    named = cells[cells["ids"] != ""].rename(columns={"year": "used"})
    return named[["denominator", "area", "used", "is_conflict", "ids"]].drop_duplicates(ignore_index=True)
