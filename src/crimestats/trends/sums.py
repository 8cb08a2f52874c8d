"""Sums of figures by interval arithmetic, along the classification and along areas."""

from dataclasses import replace

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from crimestats.observations import join_ids
from crimestats.trends.figures import NUMBERS, Figures, hashed, mixed

_FINAL = ("conflicting", "withheld")  # why there is no figure is a finding that a sum would pass over
_TOLERANCE = 1e-9

RULES = {"iccs": "TAB-01", "area": "TAB-02"}
"""Ids of what is found when figures are summed, by what the parts differ in."""


def complete(figures: Figures, along: str, edges: DataFrame) -> Figures:
    """Sums where all parts are there, and the whole itself is not reported.

    A whole that is reported stands; where the sum of its parts differs, that
    is a conflict, and its id goes to the findings of the whole.

    Args:
        figures: Not yet with groupings.
        along: Column that the parts differ in: `iccs` or `area`.
        edges: `member` and `whole`, both codes, and `needed`, how many members make the whole.
    """
    parts = _members(figures, along, edges)
    parts = parts[parts.groupby("group")["part"].transform("size") == parts["needed"]]
    if parts.empty:
        return figures
    sums = _added(figures, parts, along)
    places = Index(figures.key(figures.data)).get_indexer(Index(sums["group"]))
    there = figures.data.iloc[places[places >= 0]]
    stands = there["lower"].notna() | there["status"].isin(figures.statuses.get_indexer(Index(_FINAL)))
    is_wanted = places < 0
    is_wanted[~is_wanted] = ~stands
    compared = sums[places >= 0].set_axis(there.index)
    kept = _without(_in_conflict(figures, compared[stands], along), there.index[~stands])
    return kept.with_sums(sums[is_wanted], parts)


def over_groups(figures: Figures, members: DataFrame, grouping: int) -> Figures:
    """Sums over the members of groups of areas, whichever have a figure.

    Args:
        figures: Of reporting units; sums of other groupings may be among them.
        members: `member` and `whole`, both area codes.
        grouping: Number of the grouping.
    """
    parts = _members(figures, "area", members.assign(needed=0))
    if parts.empty:
        return figures
    sums = _added(figures, parts, "area").assign(grouping=grouping)
    return figures.with_sums(sums, parts)


def _members(figures: Figures, along: str, edges: DataFrame) -> DataFrame:
    """Figures that may be part of a sum: part, group (key of the whole), needed, and their own columns."""
    codes = figures.codes if along == "iccs" else figures.areas
    known = edges.assign(
        member=codes.get_indexer(Index(edges["member"])), whole=codes.get_indexer(Index(edges["whole"]))
    )
    data = figures.data
    may = data[along].isin(known["member"]) & data["lower"].notna() & (data["grouping"] == 0)
    may &= figures.series["is_additive"].to_numpy()[data["series"]]
    rows = data[may].rename_axis("part").reset_index().rename(columns={along: "member"})
    rows = rows.merge(known[["member", "whole", "needed"]], on="member").rename(columns={"whole": along})
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
    wholes = wholes.loc[found.index]
    ids = Series([hashed(f"{RULES[along]}|{name}") for name in figures.names(wholes)], index=found.index)
    data = figures.data.copy()
    data.loc[found.index, "findings"] = (wholes["findings"] + " " + ids).str.strip()
    conflicts = found.assign(along=along, finding_id=ids).rename_axis("figure").reset_index()
    return replace(figures, data=data, conflicts=pd.concat([figures.conflicts, conflicts]))
