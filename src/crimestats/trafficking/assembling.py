"""Shares of groups put together from those of their areas, with coverage, influence and floor."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.frames import NOT_APPLICABLE
from crimestats.trafficking.counts import BOUNDS
from crimestats.trafficking.covering import covered
from crimestats.trafficking.influence import Integers, influence
from crimestats.trafficking.panels import AREA, POOLED, POPULATION_WEIGHTED, Panel
from crimestats.trafficking.shares import Numbers, share, share_bounds
from crimestats.trends.figures import mixed, numbers_of

BELOW, BOUNDED, EXACT = "below_floor", "bounded", "exact"
IDENTITY = [
    "profile", "within", "category", "measure", "area", "grouping", "level", "year", "first_year", "window",
    "variant",
]  # fmt: skip
"""Columns that say which figure of a profile it is."""

_BASE = ["base_value", "base_lower", "base_upper"]
_REST = ["rest_lower", "rest_upper"]
_SHARE = ["share", "share_lower", "share_upper"]


def assembled(panel: Panel, variant: str, minimum_base: float, floor: tuple[int, float]) -> DataFrame:
    """The shares of areas and groups by one variant.

    Args:
        panel: As `panels.panel` makes it.
        variant: One of `panels.VARIANTS`; areas by themselves stand in `pooled` only.
        minimum_base: Persons of an area, at least, for its share to enter a mean.
        floor: Areas, and part of the residents, that a group needs.

    Returns:
        One row a figure (none of a category that is not needed and that none of the areas gives): the
        columns of `frames.PROFILES`, with `of` (the category's number) and `place` (that of the group) in
        place of what they stand for.
    """
    entries = weighed(panel.entries, variant, minimum_base)
    owners = panel.members if variant == POOLED else panel.members[panel.members["level"] != AREA]
    rows = entries.merge(owners[["area", "place"]], on="area").sort_values(["of", "place", "year", "area"])
    rows = rows[rows.groupby(["of", "place", "year"])["is_given"].transform("any")]
    if rows.empty:
        return DataFrame()
    groups = panel.members.drop_duplicates("place").set_index("place")
    starts, of = _runs(rows)
    table = rows.iloc[starts][["of", "denominator", "place", "year"]].reset_index(drop=True)
    table = table.join(groups[["whole", "grouping", "level"]].rename(columns={"whole": "area"}), on="place")
    table = table.assign(variant=variant, **_summed(rows, starts), **_shares(rows, starts, variant))
    table = table.assign(**_influences(rows, starts, of))
    return _floored(covered(table, panel, panel.members, entries), floor)


def identified(table: DataFrame) -> DataFrame:
    """With the id of each figure: a hash of what it is, the same on every run.

    Args:
        table: With the columns `IDENTITY`.
    """
    number = np.zeros(len(table), dtype=np.uint64)
    for name in IDENTITY:
        column = table[name].astype("str").astype("category").cat
        number = mixed(number ^ numbers_of(pd.Index(column.categories))[column.codes])
    return table.assign(figure_id=[f"{each:016x}" for each in number.tolist()])


def weighed(entries: DataFrame, variant: str, minimum_base: float) -> DataFrame:
    """The areas that enter a variant, with what each adds to the share.

    Args:
        entries: Of a panel.
        variant: One of `panels.VARIANTS`.
        minimum_base: Persons of an area, at least, for its share to enter a mean.

    Returns:
        The rows that enter, with `part` and `weight`: the share of a group is the sum of the one by that of
        the other.
    """
    if variant == POOLED:
        return entries.assign(part=entries["value"], weight=entries["base_value"])
    chosen = entries[(entries["base_lower"] >= minimum_base) & (entries["base_lower"] > 0)]
    if variant == POPULATION_WEIGHTED:
        chosen = chosen[chosen["residents"].notna()]
        return chosen.assign(part=chosen["share"] * chosen["residents"], weight=chosen["residents"])
    return chosen.assign(part=chosen["share"], weight=1.0)


def _runs(rows: DataFrame) -> tuple[Integers, Integers]:
    keys = rows[["of", "place", "year"]].to_numpy(np.int64)
    is_first = np.ones(len(keys), dtype=bool)
    is_first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return np.flatnonzero(is_first), np.cumsum(is_first) - 1


def _summed(rows: DataFrame, starts: Integers) -> dict[str, Numbers]:
    sums = {name: np.add.reduceat(rows[name].to_numpy(), starts) for name in (*BOUNDS, *_BASE)}
    return {("base" if name == "base_value" else name): sums[name] for name in sums}


def _shares(rows: DataFrame, starts: Integers, variant: str) -> dict[str, Numbers]:
    total = {
        name: np.add.reduceat(rows[name].to_numpy(), starts) for name in (*BOUNDS, *_REST, "part", "weight")
    }
    if variant == POOLED:
        low, high = share_bounds(*(total[name] for name in ("lower", "upper", *_REST)))
        return dict(zip(_SHARE, (share(total["part"], total["weight"]), low, high), strict=True))
    weight = rows["weight"].to_numpy()
    return {
        name: share(np.add.reduceat(rows[name].to_numpy() * weight, starts), total["weight"])
        for name in _SHARE
    }


def _influences(rows: DataFrame, starts: Integers, of: Integers) -> dict[str, NDArray[np.generic]]:
    found = influence(rows["part"].to_numpy(), rows["weight"].to_numpy(), of, starts)
    codes = rows["area"].to_numpy(object)
    return {
        "influence": found.influence,
        "influence_area": np.where(found.mover >= 0, codes[found.mover], NOT_APPLICABLE),
        "largest_share": found.largest_share,
        "largest_area": np.where(found.largest >= 0, codes[found.largest], NOT_APPLICABLE),
        "n_areas": np.diff(starts, append=len(rows)),
    }


def _floored(table: DataFrame, floor: tuple[int, float]) -> DataFrame:
    """Without the figures of groups below the floor; base and coverage stay."""
    is_group = table["level"] != AREA
    few = ~areas.enough(table["n_areas"], table["inhabited"], floor[0])
    is_below = is_group & (few | (table["coverage_population"].fillna(0) < floor[1]))
    is_bounded = table["share_lower"] < table["share_upper"]
    status = np.select([is_below, is_bounded], [BELOW, BOUNDED], EXACT)
    numbers = {name: table[name].mask(is_below) for name in (*BOUNDS, *_SHARE, "influence")}
    mover: Series[str] = table["influence_area"].mask(is_below, NOT_APPLICABLE)
    return table.assign(**numbers, influence_area=mover, status=status)
