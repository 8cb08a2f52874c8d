"""Figures that a chapter prints beside profiles and flows, with what each is made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import DataFrame

from crimestats.frames import FLOWS, LINEAGE, PROFILES, TOTAL
from crimestats.report.chapter.detected import PANEL_YEARS, PROFILE, detected
from crimestats.trafficking.levels import counted, levels, members

_WINDOW = ["basis", "measure", "year", "first_year", "window", "grouping"]
COUNTED = "flows"
"""Level of the rows that count pairs across borders: `value` is how many are flows, not of persons."""


def completed(
    tables: Mapping[str, Any],
    population: DataFrame | None = None,
    *,
    groupings: Sequence[str] = ("m49", "glotip"),
    panel_years: int = PANEL_YEARS,
    places: tuple[str, ...] = ("subregion", "region", "world"),
) -> dict[str, Any]:
    """The tables of a build with all figures that its chapter prints, so that each can be traced.

    Added are to the profiles the persons counted (`detected`), to the flows the shares of the levels
    by place (`levels`: one side is `_T`) and the number of pairs across borders that are flows, and to
    the lineage the cells of these. Nothing that is there is changed; what there is is not added again.

    Args:
        tables: `dataset`, `profiles`, `flows` and `lineage`.
        population: Residents (as `areas.population`); the shipped table if None.
        groupings: Whose groups the persons are counted for.
        panel_years: Length of the constant panel.
        places: That the levels of flows are told for.

    Returns:
        The same tables by their names, with `profiles`, `flows` and `lineage` completed.
    """
    made = dict(tables)
    edges = [made["lineage"]]
    if not (made["profiles"]["profile"].astype("str") == PROFILE).any():
        counts, parts = detected(made["dataset"], population, groupings=groupings, panel_years=panel_years)
        made["profiles"] = PROFILES.join(made["profiles"], counts)
        edges.append(parts)
    pairs = between_countries(made["flows"])
    if len(pairs) == len(made["flows"]) and len(pairs):
        shares = levels(pairs, by=places)
        numbers = _numbers(pairs)
        made["flows"] = FLOWS.join(made["flows"], shares, numbers)
        edges += _level_edges(pairs, shares, numbers, made["lineage"], places)
    made["lineage"] = LINEAGE.join(*edges)
    return made


def between_countries(flows: DataFrame) -> DataFrame:
    """The pairs of countries of a table of flows, without sums over places."""
    is_sum = (flows["origin"].astype("str") == TOTAL) | (flows["destination"].astype("str") == TOTAL)
    return flows[~is_sum]


def across_borders(pairs: DataFrame) -> DataFrame:
    """The pairs of two countries: without victims in their own one."""
    return pairs[pairs["origin"].astype("str") != pairs["destination"].astype("str")]


def _numbers(pairs: DataFrame) -> DataFrame:
    """How many pairs across borders are flows: at least those for sure, at most those undecided too."""
    pairs = across_borders(pairs)
    texts = dict.fromkeys([*_WINDOW, "is_flow", "origin", "destination"], "str")
    rows = pairs.astype(texts | {"year": "int64", "first_year": "int64"})
    holder = rows["destination"].where(rows["basis"] == "citizenship", rows["origin"])
    rows = rows.assign(
        holder=holder, sure=rows["is_flow"] == "yes", may=rows["is_flow"].isin(["yes", "undecided"])
    )
    counted = rows.groupby(_WINDOW, as_index=False).agg(
        lower=("sure", "sum"),
        upper=("may", "sum"),
        threshold=("threshold", "first"),
        n_areas=("holder", "nunique"),
    )
    value = counted["lower"].where(counted["lower"] == counted["upper"])
    blank = {f"{name}{end}": float("nan") for name in ("base", "share") for end in ("", "_lower", "_upper")}
    status = (counted["lower"] < counted["upper"]).map({True: "bounded", False: "exact"})
    counted = counted.assign(
        value=value, origin=TOTAL, destination=TOTAL, level=COUNTED, is_flow="_Z", findings="",
        status=status, **blank,
    )  # fmt: skip
    return FLOWS.cast(counted.assign(figure_id=_ids(counted)))


def _ids(rows: DataFrame) -> list[str]:
    from crimestats.trends.figures import hashed

    return [hashed("|".join([COUNTED, *map(str, key)])) for key in rows[_WINDOW].itertuples(index=False)]


def _level_edges(
    pairs: DataFrame, shares: DataFrame, numbers: DataFrame, lineage: DataFrame, places: tuple[str, ...]
) -> list[DataFrame]:
    """The cells of the pairs that a share of a level, or a number of flows, is made of."""
    keys = [*_WINDOW, "level"]
    texts = dict.fromkeys([*_WINDOW, "level", "origin", "destination", "is_flow"], "str")
    plain = pairs.astype(texts)
    entered = counted(plain)
    side = entered["destination"].where(entered["basis"] == "citizenship", entered["origin"])
    groups = shares.astype(texts)
    groups = groups.assign(
        place=groups["destination"].where(groups["basis"] == "citizenship", groups["origin"])
    )
    groups = groups[["figure_id", "place", *keys]].rename(columns={"figure_id": "whole"})
    found = []
    for grouping in entered["grouping"].unique():
        rows = entered[entered["grouping"] == grouping]
        for place in places:
            placed = rows.assign(place=side.loc[rows.index].map(members(str(grouping), place)))
            found.append(placed.merge(groups, on=["place", *keys])[["whole", "figure_id"]])
    flows = across_borders(plain[plain["is_flow"].isin(["yes", "undecided"])])
    whole = numbers.astype(dict.fromkeys(_WINDOW, "str"))[["figure_id", *_WINDOW]].rename(
        columns={"figure_id": "whole"}
    )
    found.append(flows.merge(whole, on=_WINDOW)[["whole", "figure_id"]])
    edges = pd.concat(found, ignore_index=True).drop_duplicates().merge(lineage, on="figure_id")
    return [LINEAGE.cast(edges.drop(columns="figure_id").rename(columns={"whole": "figure_id"}))]
