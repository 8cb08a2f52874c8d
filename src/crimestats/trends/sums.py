"""Sums of figures by interval arithmetic, along the classification and along areas."""

from dataclasses import replace

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from crimestats.trends import texts
from crimestats.trends.figures import (
    BASES,
    NUMBERS,
    ORIGINS,
    Figures,
    Flags,
    Integers,
    common,
    hashed,
    mixed,
    numbers_of,
    sizes_of,
    starts_of,
)

_NOT_GIVEN = ("blank", "not_available", "not_collected")  # any other answer stands, right or wrong
_TOLERANCE = 1e-9
_SUMMED = BASES.index("summed")

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
    wholes, part, starts = _complete(figures, along, edges)
    if wholes.empty:
        return figures
    places = _places(figures, figures.key(wholes))
    is_there, is_made = places >= 0, wholes["is_made"].to_numpy(dtype=bool)
    has_figure, is_blank = np.zeros(len(places), dtype=bool), np.zeros(len(places), dtype=bool)
    has_figure[is_there] = figures.data["lower"].notna().to_numpy()[places[is_there]]
    answers = figures.statuses.get_indexer(Index(_NOT_GIVEN))
    is_blank[is_there] = np.isin(figures.data["status"].to_numpy()[places[is_there]], answers)
    wanted = is_made & (~is_there | (is_blank & ~has_figure))
    compared = _bounds(figures, places, has_figure, part, starts)
    figures = _in_conflict(figures, compared, along)
    of_wanted = np.repeat(wanted, sizes_of(starts, len(part)))
    part, sizes = part[of_wanted], sizes_of(starts, len(part))[wanted]
    starts = np.cumsum(sizes) - sizes
    sums = _added(figures, wholes[wanted], part, starts, along)
    return _put(figures, sums, places[wanted], part, starts) if len(sums) else figures


def apart(figures: Figures, found: DataFrame) -> Figures:
    """The figures, with a finding at each that several items give differently.

    Args:
        figures: As reported.
        found: figure, and lower and upper of what it differs from.
    """
    return with_conflicts(figures, found.set_index("figure"), "item") if len(found) else figures


def _complete(figures: Figures, along: str, edges: DataFrame) -> tuple[DataFrame, Integers, Integers]:
    """Wholes of which every member has a figure, and the figures that make them.

    Returns:
        area, iccs, series, year and is_made of each whole; the parts, whole
        by whole; and where those of each begin.
    """
    codes = figures.codes if along == "iccs" else figures.areas
    member, whole = (codes.get_indexer(Index(edges[name])) for name in ("member", "whole"))
    data = figures.data
    may = data["lower"].notna().to_numpy() & figures.series["is_additive"].to_numpy()[data["series"]]
    may &= np.isin(np.arange(len(codes)), member)[data[along].to_numpy()]
    part, edge = _expanded(np.flatnonzero(may), data[along].to_numpy(), member)
    taken = data[["area", "series", "iccs", "year"]].take(part).assign(**{along: whole[edge]})
    taken = taken.assign(is_made=edges["is_made"].to_numpy()[edge], needed=edges["needed"].to_numpy()[edge])
    key = figures.key(taken)
    order = np.lexsort([part, key]) if len(key) and (np.diff(key) < 0).any() else np.arange(len(key))
    starts = starts_of(key[order])
    sizes = sizes_of(starts, len(order))
    is_whole = sizes == taken["needed"].to_numpy()[order][starts]
    kept = order[np.repeat(is_whole, sizes)]
    ends = np.cumsum(sizes[is_whole])
    wholes = taken.take(order[starts[is_whole]]).reset_index(drop=True)
    return wholes, part[kept], ends - sizes[is_whole]


def _expanded(rows: Integers, codes: Integers, member: Integers) -> tuple[Integers, Integers]:
    """Rows and edges that fit each other: a row of a member of several wholes stands several times."""
    order = np.argsort(member, kind="stable")
    first, last = (np.searchsorted(member[order], codes[rows], side=side) for side in ("left", "right"))
    counts = last - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(rows, counts), order[np.repeat(first, counts) + within]


def _places(figures: Figures, wanted: Integers) -> Integers:
    """Where each key stands among the figures; -1 where it does not."""
    key = figures.key(figures.data)
    if (np.diff(key) <= 0).any():
        return Index(key).get_indexer(Index(wanted)).astype(np.int64)
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[at] == wanted, at, -1)


def _bounds(figures: Figures, places: Integers, chosen: Flags, part: Integers, starts: Integers) -> DataFrame:
    """Lower and upper of the sums that are chosen, by the number of the whole."""
    sums = {name: np.add.reduceat(figures.data[name].to_numpy()[part], starts) for name in ("lower", "upper")}
    return DataFrame(sums, index=places)[chosen]


def _added(figures: Figures, wholes: DataFrame, part: Integers, starts: Integers, along: str) -> DataFrame:
    """One row for each whole, columns as in `Figures.data`: no value where a part has none, but bounds."""
    codes = figures.codes if along == "iccs" else figures.areas
    sums = added(figures, part, starts, numbers_of(codes)[figures.data[along].to_numpy()[part]])
    keys = {name: wholes[name].to_numpy() for name in ("area", "series", "iccs", "year")}
    return DataFrame({**keys, **sums, "grouping": 0})


def added(figures: Figures, part: Integers, starts: Integers, named: "np.ndarray") -> dict[str, "np.ndarray"]:
    """Sums of figures: numbers, status, basis, origins, and how they are made up.

    Args:
        figures: Among which the parts are.
        part: The parts, sum by sum.
        starts: Where those of each sum begin.
        named: What tells the parts of a sum apart, of each.
    """
    if not len(starts):
        return {
            name: figures.data[name].to_numpy()[:0]
            for name in (*NUMBERS, "status", "basis", "making", *ORIGINS)
        }
    taken = {name: figures.data[name].to_numpy()[part] for name in (*NUMBERS, "status", "making", *ORIGINS)}
    numbers = {name: np.add.reduceat(taken[name], starts) for name in NUMBERS}
    making = np.add.reduceat(mixed(named ^ taken["making"]), starts)
    status = np.maximum.reduceat(taken["status"], starts)
    origins = {name: common(taken[name], starts, texts) for name, texts in figures.origins.items()}
    basis = np.full(len(starts), _SUMMED, dtype=np.int8)
    return {**numbers, "status": status, "basis": basis, "making": making, **origins}


def joined(figures: Figures, part: Integers, owner: Integers) -> "Series[str]":
    """The findings of the parts of each sum in one text; of those sums that have any.

    Args:
        figures: Among which the parts are.
        part: The parts.
        owner: The number of the sum that each is in.
    """
    if figures.findings.empty:
        return Series(dtype="str")
    place = np.full(len(figures.data), -1)
    place[figures.findings.index] = np.arange(len(figures.findings))
    chosen = np.flatnonzero(place[part] >= 0)
    if not len(chosen):
        return Series(dtype="str")
    return texts.united(owner[chosen], place[part[chosen]], figures.findings)


def _put(figures: Figures, sums: DataFrame, places: Integers, part: Integers, starts: Integers) -> Figures:
    """The figures with sums: in the place of those that only said why there is none, or behind (place -1)."""
    number, is_new = places.copy(), places < 0
    number[is_new] = len(figures.data) + np.arange(is_new.sum())
    owner = np.repeat(number, sizes_of(starts, len(part)))
    findings = joined(figures, part, owner)
    data, replaced = figures.data.copy(), number[~is_new]
    for name in data if len(replaced) else ():
        column = data[name].to_numpy().copy()
        column[replaced] = sums[name].to_numpy()[~is_new]
        data[name] = column
    rows = sums[is_new][list(data.columns)].astype(data.dtypes)
    own = figures.findings[figures.findings.index.isin(replaced)]
    if len(own):
        both = pd.concat([findings, own]).sort_index()
        findings = texts.united(both.index.to_numpy(), np.arange(len(both)), both)
    edges = DataFrame({"figure": owner, "part": part})
    return replace(
        figures,
        data=pd.concat([data, rows], ignore_index=True),
        parts=pd.concat([figures.parts, edges], ignore_index=True),
        cells=figures.cells[~figures.cells["figure"].isin(replaced)] if len(replaced) else figures.cells,
        findings=pd.concat([figures.findings.drop(own.index), findings]),
    )


def _in_conflict(figures: Figures, sums: DataFrame, along: str) -> Figures:
    """The figures, with a finding at each that cannot be equal to its sum; sums bear the whole's number."""
    wholes = figures.data.loc[sums.index]
    above = sums["lower"] > wholes["upper"] + _TOLERANCE * wholes["upper"].clip(lower=1)
    below = sums["upper"] < wholes["lower"] - _TOLERANCE * wholes["lower"].clip(lower=1)
    found = sums.loc[above | below, ["lower", "upper"]]
    return figures if found.empty else with_conflicts(figures, found, along)


def with_conflicts(figures: Figures, found: DataFrame, along: str) -> Figures:
    """The figures, with a finding at each of those found: lower and upper of what they differ from."""
    wholes = figures.data.loc[found.index]
    ids = Series(
        [hashed(f"{RULES[along]}|{name}") for name in figures.names(wholes)], index=found.index, dtype="str"
    )
    before = figures.findings.reindex(found.index).fillna("")
    told = (before + " " + ids).str.strip()
    findings = pd.concat([figures.findings.drop(found.index, errors="ignore"), told])
    conflicts = found.assign(along=along, finding_id=ids).rename_axis("figure").reset_index()
    kept = [figures.conflicts, conflicts] if len(figures.conflicts) else [conflicts]
    return replace(figures, findings=findings, conflicts=pd.concat(kept, ignore_index=True))
