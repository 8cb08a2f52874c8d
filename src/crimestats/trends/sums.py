"""Sums of figures by interval arithmetic, along the classification and along areas."""

from dataclasses import replace

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from crimestats.observations import join_ids
from crimestats.trends.figures import NUMBERS, Figures, hashed, mixed

_NOT_GIVEN = ("blank", "not_available", "not_collected")  # any other answer stands, right or wrong
_TOLERANCE = 1e-9

RULES = {"iccs": "TAB-01", "area": "TAB-02", "item": "TAB-03"}
"""Ids of what is found, by what the parts differ in, or the cells that give one figure."""


def complete(figures: Figures, along: str, edges: DataFrame) -> Figures:
    """Sums where all parts are there, and the whole itself is not reported.

    A whole that is reported stands; where the sum of its parts differs, that
    is a conflict, and its id goes to the findings of the whole. Of what was
    answered without a figure, a sum replaces a blank, `not_available` and
    `not_collected`, and takes their findings over.

    Args:
        figures: Not yet with groupings.
        along: Column that the parts differ in: `iccs` or `area`.
        edges: `member` and `whole`, both codes, `needed`, how many members make
            the whole, and `is_made`, false where the sum is only for comparison.
    """
    parts = _members(figures, along, edges)
    parts = parts[parts.groupby("group")["part"].transform("size") == parts["needed"]]
    if parts.empty:
        return figures
    sums = _added(figures, parts, along)
    places = Index(figures.key(figures.data)).get_indexer(Index(sums["group"]))
    there = figures.data.iloc[places[places >= 0]]
    is_made = parts.drop_duplicates("group")["is_made"].to_numpy(dtype=bool)
    has_figure = there["lower"].notna()
    is_replaced = there["status"].isin(figures.statuses.get_indexer(Index(_NOT_GIVEN))) & ~has_figure
    is_replaced &= is_made[places >= 0]
    compared = sums[places >= 0].set_axis(there.index)
    kept = _without(_in_conflict(figures, compared[has_figure], along), there.index[is_replaced])
    is_wanted = (places < 0) & is_made
    is_wanted[places >= 0] = is_replaced
    return kept.with_sums(_with_findings(sums, there[is_replaced], figures)[is_wanted], parts)


def given_apart(figures: Figures, classified: DataFrame) -> Figures:
    """The figures, with a finding at each that several items give differently.

    Args:
        figures: As reported.
        classified: What they were taken from.
    """
    rows = figures.cells["row"].to_numpy()
    given = classified[["lower", "upper"]].take(rows).set_axis(figures.cells["figure"].to_numpy())
    first = given[~given.index.duplicated()].reindex(given.index)
    others = given[(given["lower"] != first["lower"]) | (given["upper"] != first["upper"])].dropna()
    return _with_conflicts(figures, others[~others.index.duplicated()], "item") if len(others) else figures


def over_groups(figures: Figures, members: DataFrame, grouping: int) -> Figures:
    """Sums over the members of groups of areas, whichever have a figure.

    Args:
        figures: Of reporting units; sums of other groupings may be among them.
        members: `member` and `whole`, both area codes.
        grouping: Number of the grouping.
    """
    parts = _members(figures, "area", members.assign(needed=0, is_made=True))
    if parts.empty:
        return figures
    sums = _added(figures, parts, "area").assign(grouping=grouping)
    return figures.with_sums(sums, parts)


def _members(figures: Figures, along: str, edges: DataFrame) -> DataFrame:
    """Figures that may be part of a sum: part, group (key of the whole), and columns of both."""
    codes = figures.codes if along == "iccs" else figures.areas
    known = edges.assign(
        member=codes.get_indexer(Index(edges["member"])), whole=codes.get_indexer(Index(edges["whole"]))
    )
    data = figures.data
    may = data[along].isin(known["member"]) & data["lower"].notna() & (data["grouping"] == 0)
    may &= figures.series["is_additive"].to_numpy()[data["series"]]
    rows = data[may].rename_axis("part").reset_index().rename(columns={along: "member"})
    rows = rows.merge(known[["member", "whole", "needed", "is_made"]], on="member")
    rows = rows.rename(columns={"whole": along})
    rows = rows.assign(group=figures.key(rows))
    return rows.sort_values(["group", "member"], ignore_index=True)


def _added(figures: Figures, parts: DataFrame, along: str) -> DataFrame:
    """One row for each group, columns as in `Figures.data`: no value where a part has none, but bounds."""
    starts = np.flatnonzero(np.diff(parts["group"], prepend=-1))
    sums = parts[["group", "area", "year", "iccs", "series"]].iloc[starts].reset_index(drop=True)
    numbers = {name: np.add.reduceat(parts[name].to_numpy(), starts) for name in NUMBERS}
    codes = figures.codes if along == "iccs" else figures.areas
    named = pd.util.hash_array(codes.to_numpy(object))[parts["member"]]
    making = np.add.reduceat(mixed(named ^ parts["making"].to_numpy(np.uint64)), starts)
    status = np.maximum.reduceat(parts["status"].to_numpy(), starts)
    flagged = parts["findings"] != ""
    ids = join_ids(parts.loc[flagged, "group"].to_numpy(), parts.loc[flagged, "findings"])
    findings = ids.reindex(sums["group"]).fillna("").to_numpy(object)
    return sums.assign(**numbers, status=status, findings=findings, grouping=0, is_summed=True, making=making)


def _with_findings(sums: DataFrame, replaced: DataFrame, figures: Figures) -> DataFrame:
    """The sums with the findings of the figures that they replace beside those of their parts."""
    flagged = replaced[replaced["findings"] != ""]
    if flagged.empty:
        return sums
    ids = pd.concat([sums.set_index("group")["findings"], flagged["findings"].set_axis(figures.key(flagged))])
    ids = ids[ids != ""]
    joined = join_ids(ids.index.to_numpy(), ids).reindex(sums["group"]).fillna("")
    return sums.assign(findings=joined.to_numpy(object))


def _without(figures: Figures, replaced: Index) -> Figures:
    """The figures without those that only said why there is none."""
    cells = figures.cells[~figures.cells["figure"].isin(replaced)]
    return replace(figures, data=figures.data.drop(index=replaced), cells=cells)


def _in_conflict(figures: Figures, sums: DataFrame, along: str) -> Figures:
    """The figures, with a finding at each that cannot be equal to its sum; sums bear the whole's number."""
    wholes = figures.data.loc[sums.index]
    above = sums["lower"] > wholes["upper"] + _TOLERANCE * wholes["upper"].clip(lower=1)
    below = sums["upper"] < wholes["lower"] - _TOLERANCE * wholes["lower"].clip(lower=1)
    found = sums.loc[above | below, ["lower", "upper"]]
    if found.empty:
        return figures
    return _with_conflicts(figures, found, along)


def _with_conflicts(figures: Figures, found: DataFrame, along: str) -> Figures:
    """The figures, with a finding at each of those found: lower and upper of what they differ from."""
    wholes = figures.data.loc[found.index]
    ids = Series([hashed(f"{RULES[along]}|{name}") for name in figures.names(wholes)], index=found.index)
    data = figures.data.copy()
    data.loc[found.index, "findings"] = (wholes["findings"] + " " + ids).str.strip()
    conflicts = found.assign(along=along, finding_id=ids).rename_axis("figure").reset_index()
    return replace(figures, data=data, conflicts=pd.concat([figures.conflicts, conflicts]))
