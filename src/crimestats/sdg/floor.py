"""Which figures of groups too little stands behind, and what is said of them."""

import numpy as np
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.sdg.averages import BOUNDS, GLOBAL, NOT_AVAILABLE, SHARE, joined
from crimestats.sdg.tables import RATIO, REFUSED, WEIGHTED, Rule

BELOW = "below_floor"
FLOOR_SHARE, FLOOR_AREAS = 0.5, 5
"""Share of the residents, and number of areas, that must have a figure; a choice of the project."""
UNDER_SHARE = f"under {FLOOR_SHARE:.0%} of the residents"

_WHEN = ["year", "sex"]
_SLACK = 1e-9


def floored(table: DataFrame, rule: Rule, groups: DataFrame) -> DataFrame:
    """Without the figures that too little stands behind, and with a note of what must be known.

    The world has regions of which some are below the floor, though it is not: the rule says whether
    its figure is given, with these regions named, or refused.

    Args:
        table: Figures of groups, with `inhabited`, `shipped` and `shipped_weights`.
        rule: That of the series.
        groups: One row a group, with `code`, `name` and `level`.

    Returns:
        The table with `status`, `nature`, `basis` and `note`.
    """
    why = _why(table, rule)
    hidden = _regions_below(table, why != "", groups).mask(why != "", "")
    is_refused = (hidden != "") & (rule.world == REFUSED)
    is_below = (why != "") | is_refused
    is_none = ~is_below & table["lower"].isna()
    status = np.select(
        [is_below, is_none, table["value"].notna()], [BELOW, "not_applicable", "exact"], "bounded"
    )
    numbers = {name: table[name].mask(is_below) for name in (*BOUNDS, *SHARE)}
    is_range = (numbers["lower"] < numbers["upper"]) & (rule.regional != RATIO)
    bounds = _text(table, "bounds are means of the areas' own").where(is_range, "")
    opening = _text(table, "regions below the floor: ").mask(
        is_refused, "refused, since below the floor are: "
    )
    regions = (opening + hidden).where(hidden != "", "")
    note = joined(joined(joined(why, regions), bounds), _of_shipped(table, rule))
    nature = np.where(numbers["lower"].isna(), NOT_AVAILABLE, GLOBAL)
    return table.assign(**numbers, status=status, nature=nature, basis=rule.regional, note=note)


def percent(share: "Series[float]") -> "Series[str]":
    """A share in whole per cent, rounded down: what is under the floor does not look as if it were not."""
    whole = (100 * share.fillna(0) + _SLACK).astype("int64")
    return whole.astype("str") + "%"


def _why(table: DataFrame, rule: Rule) -> "Series[str]":
    """Why a group is below the floor by its own areas; empty where it is not."""
    count = table["n_areas"]
    is_few = (count < rule.fewest) | ~areas.enough(count, table["inhabited"], FLOOR_AREAS)
    size = table["inhabited"].astype("int64").astype("str")
    few = "too few areas: " + count.astype("str") + " of " + size
    of_share = _text(table, UNDER_SHARE).mask(table["coverage_population"] >= FLOOR_SHARE, "")
    return joined(of_share, few.where(is_few, ""))


def _regions_below(table: DataFrame, is_below: "Series[bool]", groups: DataFrame) -> "Series[str]":
    """Of the world: its inhabited regions that are below the floor, with their coverage; else empty."""
    level = table["area"].map(groups.set_index("code")["level"])
    none = _text(table, "")
    if (groups["level"] == "world").sum() != 1:
        return none
    short = table[(level == "region") & is_below & (table["inhabited"] > 0)]
    name = short["area"].map(groups.set_index("code")["name"])
    covered = percent(short["coverage_population"]) + " of the residents, " + _areas(short["n_areas"])
    texts = (name + " (" + covered + ")").groupby([short[each] for each in _WHEN]).agg(", ".join)
    if texts.empty:
        return none
    found = table[_WHEN].merge(texts.rename("text").reset_index(), on=_WHEN, how="left")["text"]
    return found.set_axis(table.index).fillna("").where(level == "world", "").astype("str")


def _of_shipped(table: DataFrame, rule: Rule) -> "Series[str]":
    """For how many areas the shipped table says who lives there, where another was given that does not."""
    for_weights = table["shipped_weights"] * (rule.regional == WEIGHTED)
    said = [
        (f"residents by the shipped table, of another vintage, for {what} of " + _areas(number)).where(
            number > 0, ""
        )
        for what, number in (("the coverage", table["shipped"]), ("the weights", for_weights))
    ]
    return joined(*said)


def _areas(number: "Series[float]") -> "Series[str]":
    many = Series(" areas", index=number.index, dtype="str").mask(number == 1, " area")
    return number.astype("int64").astype("str") + many


def _text(table: DataFrame, text: str) -> "Series[str]":
    return Series(text, index=table.index, dtype="str")
