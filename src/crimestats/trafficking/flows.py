"""Flows: victims by the country that they are from and the country where they were detected."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import FLOWS, LINEAGE, NOT_APPLICABLE, UNKNOWN
from crimestats.trafficking.levels import finished, level_of, with_shares
from crimestats.trafficking.matrices import between, matrix, ranked, side_by_side
from crimestats.trafficking.pairs import pairs, settled, summed, weights

__all__ = ["THRESHOLD", "between", "flow_lineage", "flows", "matrix", "ranked", "side_by_side", "window_name"]

THRESHOLD = 5
"""Detected victims that make a pair of countries a flow (Global Report on Trafficking in Persons 2014)."""

Combine = Literal["sum", "latest"]
_PAIR = ["basis", "measure", "origin", "destination"]
_ORDER = ["basis", "year", "destination", "origin"]  # within them the groupings as they were named


def flows(
    dataset: DataFrame,
    *,
    threshold: int = THRESHOLD,
    window: int = 1,
    combine: Combine = "sum",
    groupings: tuple[str, ...] = ("m49", "glotip"),
    nearby: Path | str | None = None,
) -> DataFrame:
    """Count victims by origin and destination, by citizenship and by repatriation apart.

    By citizenship the destination is the country that detected the victims and the origin the country
    of which they are citizens; own citizens are domestic. That is not a route. By repatriation see
    `pairs`. A pair without a row was not reported, which is not a count of nothing.

    Args:
        dataset: `frames.TRAFFICKING`.
        threshold: Detected victims from which a pair is a flow.
        window: Years that are put together, ending with the `year` of the row.
        combine: `sum` adds the years of the window; `latest` takes of each reporting country its last
            year in the window with figures of the basis; `first_year` is that of the window all the same,
            and `flow_lineage` leads to the cells, of their year.
        groupings: By which the level is told; a row for each.
        nearby: Subregions that are near each other, a table of your own (see `levels.level_of`).

    Returns:
        `frames.FLOWS`. `value` is null where only bounds are known of a single figure; in a sum a bounded
        part counts with the middle of its bounds. `is_flow` is `yes` where the lower bound reaches
        the threshold, `no` where the upper one does not, else `undecided`; `_Z` for unknown countries.
        `share` is among the victims detected at the destination whose citizenship is known, for
        repatriation among those who came home to the origin from a known country; persons known only to be
        foreign are in no base. Rows of one grouping are all flows; do not add those of two.

    Raises:
        CallError: Threshold or window is below 1, or there is no such way to combine.
    """
    _refuse(threshold, window, combine)
    figures = _windowed(settled(pairs(dataset)), window, combine)
    holder = figures["destination"].where(figures["basis"] == "citizenship", figures["origin"])
    is_known = (figures["origin"] != UNKNOWN) & (figures["destination"] != UNKNOWN)
    keys = ["basis", "measure", "year", "holder"]
    figures = with_shares(figures.assign(holder=holder), keys, is_known)
    verdict = np.select(
        [~is_known, figures["lower"] >= threshold, figures["upper"] < threshold],
        [NOT_APPLICABLE, "yes", "no"], "undecided",
    )  # fmt: skip
    figures = figures.assign(is_flow=verdict, threshold=float(threshold), n_areas=1)
    levelled = [
        figures.assign(grouping=grouping, level=level_of(figures, grouping, nearby)) for grouping in groupings
    ]
    found = finished(pd.concat(levelled), "flow").sort_values(_ORDER, kind="stable", ignore_index=True)
    return FLOWS.cast(found)


def _refuse(threshold: int, window: int, combine: str) -> None:
    for name, number in (("threshold", threshold), ("window", window)):
        if number < 1:
            raise CallError(f"flows({name})", f"{number} is below 1.", "Give 1 or more.")
    if combine not in ("sum", "latest"):
        raise CallError("flows(combine)", f"there is no {combine!r}.", "Name sum or latest.")


def window_name(window: int, combine: Combine = "sum") -> str:
    """The code of a window in the column `window`.

    >>> window_name(1), window_name(3), window_name(3, "latest")
    ('year', 'sum3', 'latest3')
    """
    return "year" if window == 1 else f"{combine}{window}"


def _windowed(table: DataFrame, window: int, combine: Combine) -> DataFrame:
    """The figures of the windows that end in each year with figures of the basis."""
    rows = _within(table, window, combine)
    keys = [*_PAIR, "year", "first_year"]
    return summed(rows, keys).assign(window=window_name(window, combine))


def _within(table: DataFrame, window: int, combine: Combine) -> DataFrame:
    """Each row once for every window that it counts in: `year` ends the window, `of_year` is its own."""
    ends = table[["basis", "year"]].drop_duplicates()
    copies = [table.assign(of_year=table["year"], year=table["year"] + later) for later in range(window)]
    rows = pd.concat(copies, ignore_index=True).merge(ends, on=["basis", "year"])
    if combine == "latest":
        last = rows.groupby(["basis", "reporter", "year"])["of_year"].transform("max")
        rows = rows[rows["of_year"] == last]
        newest = rows.groupby([*_PAIR, "year"])["of_year"].transform("max")  # two may report one pair
        rows = rows[rows["of_year"] == newest]
    return rows.assign(first_year=rows["year"] - (window - 1))


def flow_lineage(dataset: DataFrame, flows: DataFrame) -> DataFrame:
    """The figures of the dataset that each flow rests on.

    Args:
        dataset: `frames.TRAFFICKING` that the flows were made from.
        flows: `frames.FLOWS`.

    Returns:
        Edges (`frames.LINEAGE`) of the kind `cell`. Each weighs 1; of several rows of one pair, year and
        spelling, which are one figure, each weighs its part.
    """
    table = FLOWS.cast(flows).astype(dict.fromkeys([*_PAIR, "window"], "str"))
    parts = pairs(dataset).rename(columns={"figure_id": "part_id"})
    parts = parts.assign(weight=weights(parts))
    listed = [LINEAGE.empty()]
    for name, rows in table.groupby("window", sort=False):
        window = int("".join(sign for sign in str(name) if sign.isdigit()) or "1")
        combine: Combine = "latest" if str(name).startswith("latest") else "sum"
        inside = _within(parts, window, combine)[[*_PAIR, "year", "first_year", "part_id", "weight"]]
        found = rows[["figure_id", *_PAIR, "year", "first_year"]].merge(
            inside, on=[*_PAIR, "year", "first_year"]
        )
        listed.append(LINEAGE.cast(found.assign(part_kind="cell")))
    return LINEAGE.join(*listed)
