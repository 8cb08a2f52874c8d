"""How far a flow goes: within a country, a subregion, from a nearby one, between regions."""

from functools import cache
from pathlib import Path

import numpy as np
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.errors import CallError
from crimestats.files import read_csv, shipped
from crimestats.frames import FLOWS, NOT_APPLICABLE, TOTAL, UNKNOWN
from crimestats.trafficking.pairs import summed
from crimestats.trends.figures import hashed

DOMESTIC, WITHIN, NEARBY, BETWEEN = "domestic", "within_subregion", "nearby_subregion", "transregional"
LEVELS = (DOMESTIC, WITHIN, NEARBY, BETWEEN)
WORLD = "001"
PLACES = ("area", "subregion", "region", "world")

_NEARBY = ("grouping", "subregion", "nearby", "choice")
_KEYS = ["basis", "measure", "year", "window", "grouping"]


def level_of(flows: DataFrame, grouping: str, nearby: Path | str | None = None) -> "Series[str]":
    """The level of each pair of countries in a grouping.

    A part of a country lies where its whole does. Which subregions are near each other is a table:
    by default those of one region (`questionnaires/trafficking/nearby.csv`). The Global Report's own
    definition of a nearby subregion is not among our sources.

    Args:
        flows: Has `origin` and `destination`.
        grouping: `m49`, `glotip` or another one with subregions.
        nearby: A table of your own: grouping, subregion, nearby, choice.

    Returns:
        `domestic`, `within_subregion`, `nearby_subregion`, `transregional`, or `_U` where a country
        is not known or in no subregion of the grouping.

    Raises:
        CallError: The grouping has no subregions.

    Example:
        >>> pairs = DataFrame({"origin": ["PER", "BOL", "NGA", "GBR", "_U"],
        ...                    "destination": ["PER", "ARG", "ITA", "GBR_S", "ITA"]})
        >>> level_of(pairs, "glotip").tolist()
        ['domestic', 'within_subregion', 'transregional', 'domestic', '_U']
    """
    start, end = (_wholes(flows[name]) for name in ("origin", "destination"))
    of_area = members(grouping, "subregion")
    first, second = start.map(of_area), end.map(of_area)
    near = _near(grouping, nearby)
    is_near = Series(
        [pair in near for pair in zip(first, second, strict=True)], index=flows.index, dtype=bool
    )
    is_known = first.notna() & second.notna()
    conditions = [
        (start == UNKNOWN) | (end == UNKNOWN), start == end, ~is_known, first == second, is_near,
    ]  # fmt: skip
    found = np.select(conditions, [UNKNOWN, DOMESTIC, UNKNOWN, WITHIN, NEARBY], BETWEEN)
    return Series(found, index=flows.index, dtype="str")


def _wholes(codes: Series) -> "Series[str]":
    return codes.astype("str").replace(dict(areas.parts()[["part", "whole"]].to_numpy().tolist()))


def members(grouping: str, level: str) -> dict[str, str]:
    """Code of each area to that of its group on a level, parts of countries with their whole.

    Raises:
        CallError: The grouping has no such level.
    """
    if level == "area":
        return {area: area for area in areas.areas()["area"]}
    table = areas.groupings(grouping)
    if level == "world":
        return dict.fromkeys([*table["area"], *areas.areas()["area"]], WORLD)
    table = table[table["level"] == level].drop_duplicates("area")
    if table.empty:
        fault = f"the grouping {grouping} has no groups of the level {level}."
        raise CallError("grouping", fault, "Name one that has, e.g. m49 or glotip.")
    of_area = dict(zip(table["area"], table["code"], strict=True))
    parts = areas.parts()
    in_group = parts[parts["whole"].isin(list(of_area))]
    return of_area | dict(zip(in_group["part"], in_group["whole"].map(of_area), strict=True))


def _near(grouping: str, own: Path | str | None) -> set[tuple[str, str]]:
    table = _shipped() if own is None else read_csv(own, _NEARBY)
    table = table[table["grouping"] == grouping]
    one = list(zip(table["subregion"], table["nearby"], strict=True))
    return {*one, *((second, first) for first, second in one)}


@cache
def _shipped() -> DataFrame:
    return read_csv(shipped("questionnaires", "trafficking", "nearby.csv"), _NEARBY)


def levels(flows: DataFrame, *, by: tuple[str, ...] = PLACES) -> DataFrame:
    """How many of the victims of a place came from how far.

    The base are the victims whose level is known. Those of an unknown country stand in a row of the
    level `_U` without a share, those who are known only to be foreign among them. A country of which
    only figures of `<5` are there may have counted nobody, and is in no base: see `counted`.

    Args:
        flows: `frames.FLOWS`, of one or several windows and groupings.
        by: Places that the victims are added up for: area, subregion, region, world.

    Returns:
        `frames.FLOWS` with a row for each place and level: `origin` is `_T` and `destination` the
        place (for repatriation the other way round, as the place is then where they came home to),
        `n_areas` the countries in the base (in a row of `_U` those with persons of an unknown country),
        `is_flow` `_Z`.

    Raises:
        CallError: A grouping lacks a level that is asked for, or there is no such level.
    """
    unknown = [name for name in by if name not in PLACES]
    if unknown:
        raise CallError("levels(by)", f"there is no {unknown[0]!r}.", f"Name some of {', '.join(PLACES)}.")
    rows = counted(_plain(flows))
    tables = [
        _shares(_placed(part, str(grouping), level))
        for grouping, part in rows.groupby("grouping", sort=False)
        for level in by
    ]
    return FLOWS.join(*tables) if tables else FLOWS.empty()


def _plain(flows: DataFrame) -> DataFrame:
    names = ["origin", "destination", "basis", "measure", "window", "grouping", "level", "status"]
    table = FLOWS.cast(flows).astype(dict.fromkeys(names, "str"))
    table = table[(table["origin"] != TOTAL) & (table["destination"] != TOTAL)]
    middle = table["value"].fillna((table["lower"] + table["upper"]) / 2)
    return table.assign(middle=middle, lower=table["lower"].fillna(0.0), upper=table["upper"].fillna(np.inf))


def counted(flows: DataFrame) -> DataFrame:
    """The pairs that levels are made of: of each country only if it counted one person for certain.

    A country is judged by its figures of a known level in one window; its persons of an unknown
    country always stay. Published files have rows of `<5` also for countries that reported nothing.

    Args:
        flows: `frames.FLOWS` of pairs of countries, codes as text.
    """
    known = flows[flows["level"] != UNKNOWN]
    holder = known["destination"].where(known["basis"] == "citizenship", known["origin"])
    keys = [known[name] for name in _KEYS]
    least = known["lower"].fillna(0.0).groupby([*keys, holder], observed=True).transform("sum")
    return flows.drop(index=least.index[least < 1])


def _placed(rows: DataFrame, grouping: str, level: str) -> DataFrame:
    """The flows with the group of the country that they are counted for; of no group are left out."""
    of_area = members(grouping, level)
    holder = rows["destination"].where(rows["basis"] == "citizenship", rows["origin"])
    return rows.assign(holder=holder, place=holder.map(of_area)).dropna(subset=["place"])


def _shares(rows: DataFrame) -> DataFrame:
    keys = [*_KEYS, "place"]
    added = summed(rows, [*keys, "level"]).assign(is_known=lambda table: table["level"] != UNKNOWN)
    stated = rows.assign(is_known=rows["level"] != UNKNOWN).groupby([*keys, "is_known"]).agg(
        n_areas=("holder", "nunique"), threshold=("threshold", "first"), first_year=("first_year", "min")
    ).reset_index()  # fmt: skip
    added = added.merge(stated, on=[*keys, "is_known"])
    added = with_shares(added, keys, added["level"] != UNKNOWN)
    is_by_citizenship = added["basis"] == "citizenship"
    added = added.assign(
        destination=added["place"].where(is_by_citizenship, TOTAL),
        origin=added["place"].mask(is_by_citizenship, TOTAL), is_flow=NOT_APPLICABLE, findings="",
    )  # fmt: skip
    return FLOWS.cast(finished(added, "level"))


def with_shares(table: DataFrame, keys: list[str], is_counted: "Series[bool]") -> DataFrame:
    """Bases and shares of figures among those of the same keys that count, with their bounds.

    The share is lowest where the figure is lowest and all others are highest, and the reverse.

    Args:
        table: Has `middle`, `lower` and `upper`, infinite where not known.
        keys: Of a base.
        is_counted: Which figures make up the base; others have no share.
    """
    counted = table[is_counted]
    groups = counted.groupby(keys, observed=True)
    base = DataFrame(
        {name: groups[name].transform("sum") for name in ("lower", "upper")}, index=counted.index
    )
    middle = groups["middle"].transform("sum").where(np.isfinite(base["upper"]))
    finite = counted["upper"].where(np.isfinite(counted["upper"]), 0.0)
    endless = ~np.isfinite(counted["upper"])
    by_key = [counted[name] for name in keys]
    others = finite.groupby(by_key, observed=True).transform("sum") - finite
    others = others.mask(endless.groupby(by_key, observed=True).transform("sum") > endless, np.inf)
    least = counted["lower"] / (counted["lower"] + others)
    rest = base["lower"] - counted["lower"]
    most = (counted["upper"] / (counted["upper"] + rest)).mask(endless, 1.0)
    return table.assign(
        base=middle, base_lower=base["lower"], base_upper=base["upper"],
        share=(counted["middle"] / middle).where(middle > 0), share_lower=least.fillna(most),
        share_upper=most.fillna(least),
    )  # fmt: skip


def finished(table: DataFrame, kind: str) -> DataFrame:
    """Figures as they are handed out: ids from the keys, no infinite bounds, nothing said of the withheld."""
    endless = ~np.isfinite(table["upper"].astype("float64"))
    bounds = table[["base_upper"]].astype("float64").replace(np.inf, np.nan)
    names = ["basis", "measure", "origin", "destination", "year", "window", "grouping", "level"]
    keys = ["|".join(map(str, row)) for row in table[names].to_numpy(object)]
    return table.assign(
        figure_id=[hashed(f"{kind}|{key}") for key in keys],
        value=table["value"].mask(endless), lower=table["lower"].mask(endless),
        upper=table["upper"].mask(endless), base_upper=bounds["base_upper"],
    )  # fmt: skip
