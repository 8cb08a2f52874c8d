"""Figures of groups of areas: put together by the indicator's regional rule, with their coverage."""

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats import areas
from crimestats.frames import TOTAL
from crimestats.sdg.averages import BOUNDS, SHARE, is_exactly, quotient, widest
from crimestats.sdg.floor import floored
from crimestats.sdg.tables import RATIO, WEIGHTED, Rule

_PLACE = ["code", "year", "sex"]


def grouped(figures: DataFrame, rule: Rule, held: DataFrame, grouping: str) -> DataFrame:
    """The figures of the groups of a grouping, one row a group, year and sex.

    Args:
        figures: Of areas, as `averages.averaged` returns them, of one series.
        rule: Its rule.
        held: Residents, as `averages.held_by_year` returns them.
        grouping: Name of a grouping of areas.

    Returns:
        `area` (code of the group), `year`, `sex`, the bounds of numerator and denominator, value,
        lower, upper, `nature`, `basis`, `status`, `coverage_population`, `coverage_areas`, `n_areas`
        and `note`.
    """
    listed = areas.groupings(grouping)
    members = listed[["code", "area"]].drop_duplicates()
    with_figure = figures[figures["lower"].notna() | (figures["status"] == "not_applicable")]
    rows = members.merge(_weighed(with_figure, rule, held), on="area")
    frame = _frame(members, figures)
    table = frame.join(_together(rows, rule)).join(_coverage(rows, members, held, frame)).reset_index()
    named = table.rename(columns={"code": "area"}).assign(grouping=listed["grouping"].iloc[0])
    return floored(named, rule, listed.drop_duplicates("code"))


def _weighed(figures: DataFrame, rule: Rule, held: DataFrame) -> DataFrame:
    """With the weight of each, and residents of both sexes."""
    of_all = held.loc[held["sex"] == TOTAL, ["area", "year", "residents"]]
    weighed = figures.merge(of_all, on=["area", "year"], how="left")
    own = held.rename(columns={"residents": "weight", "is_shipped": "is_weight_shipped"})
    weighed = weighed.merge(own, on=["area", "year", "sex"], how="left")
    if rule.regional == RATIO:
        return weighed
    weighed = weighed[weighed["lower"].notna()]
    return weighed[weighed["weight"].notna()] if rule.regional == WEIGHTED else weighed.assign(weight=1.0)


def _frame(members: DataFrame, figures: DataFrame) -> DataFrame:
    """Every group in every year and sex of the figures."""
    years, sexes = sorted(figures["year"].unique()), sorted(figures["sex"].unique())
    index = pd.MultiIndex.from_product([members["code"].unique(), years, sexes], names=_PLACE)
    return DataFrame(index=index)


def _together(rows: DataFrame, rule: Rule) -> DataFrame:
    """Numerators and denominators summed, or shares averaged, by group, year and sex."""
    keys = [rows[name] for name in _PLACE]
    if rule.regional == RATIO:
        reach, least = widest(rows, rule.is_part)
        sums = rows.assign(reach=reach, least=least)[[*BOUNDS, "reach", "least"]].groupby(keys).sum()
        largest = sums.assign(numerator_upper=sums["reach"], denominator_lower=sums["least"])
        lower, upper = quotient(largest, rule.is_part, rule.times)
        return sums[BOUNDS].assign(value=lower.where(is_exactly(sums)), lower=lower, upper=upper)
    weight = rows["weight"].groupby(keys).sum()
    means = rows[SHARE].mul(rows["weight"], axis=0).groupby(keys).sum().div(weight, axis=0)
    means["value"] = means["value"].mask(rows["value"].isna().groupby(keys).any())
    return means.assign(**dict.fromkeys(BOUNDS, np.nan))


def _coverage(rows: DataFrame, members: DataFrame, held: DataFrame, frame: DataFrame) -> DataFrame:
    """How much of each group its figures are of: residents and inhabited areas, and their number."""
    living = members.merge(held[held["sex"] == TOTAL], on="area").groupby(["code", "year"])
    whole = living["residents"].agg(["sum", "size"]).assign(shipped=living["is_shipped"].sum())
    keys = [rows[name] for name in _PLACE]
    of = rows["residents"].groupby(keys).agg(["sum", "count"])
    of["n"] = rows["area"].groupby(keys).size()
    of["shipped"] = rows["is_weight_shipped"].fillna(False).astype("bool").groupby(keys).sum()
    of = of.reindex(frame.index).fillna(0)
    places = pd.MultiIndex.from_arrays([frame.index.get_level_values(name) for name in _PLACE[:2]])
    of_whole = whole.reindex(places).set_axis(frame.index)
    return DataFrame({
        "coverage_population": of["sum"] / of_whole["sum"], "coverage_areas": of["count"] / of_whole["size"],
        "n_areas": of["n"].astype("int64"), "inhabited": of_whole["size"].fillna(0),
        "shipped": of_whole["shipped"].fillna(0), "shipped_weights": of["shipped"],
    })  # fmt: skip
