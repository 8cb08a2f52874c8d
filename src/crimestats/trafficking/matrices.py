"""Flows arranged to be read: as a matrix, in their order, by citizenship and repatriation side by side."""

from typing import Literal

import numpy as np
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import FLOWS, NOT_APPLICABLE, TOTAL, UNKNOWN
from crimestats.trafficking.levels import DOMESTIC, members
from crimestats.trafficking.pairs import summed

Place = Literal["area", "subregion", "region", "world"]
_TEXTS = ["origin", "destination", "basis", "measure", "window", "grouping", "level", "is_flow", "status"]
_WINDOW = ["measure", "year", "first_year", "window"]


def chosen(
    flows: DataFrame, *, grouping: str = "m49", basis: str = "citizenship", year: int | None = None
) -> DataFrame:
    """The flows of one grouping, basis and year, codes as text, with `middle` and finite or infinite bounds.

    Args:
        flows: `frames.FLOWS`, of one window.
        grouping: Whose levels the rows have.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.

    Raises:
        CallError: There are no such flows, or they are of several windows.
    """
    table = FLOWS.cast(flows).astype(dict.fromkeys(_TEXTS, "str"))
    is_pair = (table["origin"] != TOTAL) & (table["destination"] != TOTAL)
    table = table[is_pair & (table["grouping"] == grouping) & (table["basis"] == basis)]
    windows = sorted(table["window"].unique())
    if len(windows) > 1:
        fault = f"are of several windows: {', '.join(windows)}."
        raise CallError("flows", fault, "Choose those of one.")
    last = table["year"].max() if year is None else year
    table = table[table["year"] == last].reset_index(drop=True)
    if table.empty:
        place = f"grouping {grouping}, {basis}, {'any year' if year is None else year}"
        raise CallError(place, "has no flows.", "Name another grouping, basis or year.")
    middle = table["value"].fillna((table["lower"] + table["upper"]) / 2)
    return table.assign(middle=middle, lower=table["lower"].fillna(0.0), upper=table["upper"].fillna(np.inf))


def between(
    flows: DataFrame,
    *,
    by: Place = "subregion",
    origins_by: Place | None = None,
    grouping: str = "m49",
    basis: str = "citizenship",
    year: int | None = None,
) -> DataFrame:
    """Victims between places: areas, or the subregions or regions of a grouping.

    Args:
        flows: `frames.FLOWS`, of one window.
        by: What the destinations are added up to.
        origins_by: What the origins are added up to; the same if None.
        grouping: Of the places.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.

    Returns:
        `origin`, `destination` (codes; `_U` where not known or in no group), `measure`, `year`,
        `first_year`, `window`, `value`, `lower`, `upper`, `status`, `n_pairs` (pairs of countries
        it rests on) and `n_areas` (reporting countries).

    Raises:
        CallError: There are no such flows, or no such level in the grouping.
    """
    rows = chosen(flows, grouping=grouping, basis=basis, year=year)
    ends = {"origin": members(grouping, origins_by or by), "destination": members(grouping, by)}
    placed = rows.assign(
        **{name: rows[name].map(of_area).fillna(UNKNOWN) for name, of_area in ends.items()},
        holder=rows["destination"] if basis == "citizenship" else rows["origin"], findings="",
        first_year=rows["first_year"].min(),
    )  # fmt: skip
    keys = ["origin", "destination", *_WINDOW]
    counted = placed.groupby(keys).agg(n_pairs=("holder", "size"), n_areas=("holder", "nunique"))
    added = summed(placed, keys).merge(counted.reset_index(), on=keys).drop(columns=["middle", "findings"])
    return _open(added).sort_values(["destination", "origin"], ignore_index=True)


def _open(table: DataFrame) -> DataFrame:
    """No infinite bounds: what is withheld has none."""
    endless = ~np.isfinite(table["upper"])
    return table.assign(**{name: table[name].mask(endless) for name in ("value", "lower", "upper")})


def matrix(
    flows: DataFrame,
    *,
    by: Place = "subregion",
    grouping: str = "m49",
    basis: str = "citizenship",
    year: int | None = None,
) -> DataFrame:
    """Destinations down, origins across, figures as they are written.

    An empty cell is a pair that nobody reported, which is not a count of nothing; `<5` and `7–11` are
    bounds, `…` is withheld.

    Args:
        flows: `frames.FLOWS`, of one window.
        by: `area`, or `subregion` or `region` of the grouping.
        grouping: Of the places.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.

    Raises:
        CallError: There are no such flows, or no such level in the grouping.
    """
    table = between(flows, by=by, grouping=grouping, basis=basis, year=year)
    written = table.assign(text=figure_text(table))
    wide = written.set_index(["destination", "origin"])["text"].unstack(fill_value="")  # noqa: PD010
    order = [sorted(axis, key=lambda code: (code == UNKNOWN, code)) for axis in (wide.index, wide.columns)]
    return wide.loc[order[0], order[1]]


def figure_text(table: DataFrame) -> "Series[str]":
    """Counts as they are written: a number, `<5`, a range, `…` where withheld.

    >>> bounds = DataFrame({"lower": [7.0, 0.0, 7.0, np.nan], "upper": [7.0, 4.0, 1100.0, np.nan]})
    >>> figure_text(bounds).tolist()
    ['7', '<5', '7–1,100', '…']
    """
    low, high = table["lower"].map("{:,.0f}".format), table["upper"].map("{:,.0f}".format)
    below = "<" + (table["upper"] + 1).map("{:,.0f}".format)
    conditions = [table["lower"].isna(), table["lower"] == table["upper"], table["lower"] == 0]
    return Series(np.select(conditions, ["…", low, below], low + "–" + high), index=table.index, dtype="str")


def ranked(
    flows: DataFrame,
    *,
    top: int = 20,
    grouping: str = "m49",
    basis: str = "citizenship",
    year: int | None = None,
    is_domestic: bool = False,
) -> DataFrame:
    """The largest flows, with what is known of their place in the order.

    Args:
        flows: `frames.FLOWS`, of one window.
        top: How many.
        grouping: Whose levels are told.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.
        is_domestic: Whether own citizens stand among them.

    Returns:
        `rank` by the figure, a bounded one by the middle of its bounds; `rank_first` and `rank_last`,
        between which the bounds leave its place; then the columns of `frames.FLOWS`.

    Raises:
        CallError: There are no such flows.
    """
    rows = chosen(flows, grouping=grouping, basis=basis, year=year)
    rows = rows[(rows["is_flow"] != NOT_APPLICABLE) & (is_domestic | (rows["level"] != DOMESTIC))]
    rows = rows.sort_values(
        ["middle", "lower", "destination", "origin"], ascending=[False, False, True, True], ignore_index=True
    )
    lower, upper = np.sort(rows["lower"].to_numpy()), np.sort(rows["upper"].to_numpy())
    above = len(rows) - np.searchsorted(lower, rows["upper"], side="right")
    reach = len(rows) - np.searchsorted(upper, rows["lower"], side="right") - (rows["upper"] > rows["lower"])
    listed = _open(rows).assign(rank=np.arange(1, len(rows) + 1), rank_first=above + 1, rank_last=reach + 1)
    return listed[["rank", "rank_first", "rank_last", *FLOWS.columns]].head(top)


def side_by_side(flows: DataFrame, *, grouping: str = "m49") -> DataFrame:
    """Pairs and years of which both citizenship and repatriation tell; never added.

    Victims brought home may have been detected in another year, or not at all by the authorities of the
    destination: the two differ without either being wrong.

    Returns:
        `origin`, `destination`, `year`, `first_year`, `window`, then value, lower, upper and status of
        `detected` (by citizenship) and of `brought_home` (by repatriation).
    """
    table = FLOWS.cast(flows).astype(dict.fromkeys(_TEXTS, "str"))
    table = table[(table["grouping"] == grouping) & (table["is_flow"] != NOT_APPLICABLE)]
    keys = ["origin", "destination", "year", "first_year", "window"]
    numbers = ["value", "lower", "upper", "status"]
    names = {"citizenship": "detected", "repatriation": "brought_home"}
    detected, brought_home = (
        table.loc[table["basis"] == basis, [*keys, *numbers]].rename(
            columns={name: f"{side}_{name}" for name in numbers}
        )
        for basis, side in names.items()
    )
    return detected.merge(brought_home, on=keys).sort_values(keys, ignore_index=True)
