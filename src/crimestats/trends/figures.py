"""Figures on their way into a table: codes as numbers, and what each figure is made of."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, Series

from crimestats.frames import SERIES, UNKNOWN
from crimestats.observations import rank, reconcile
from crimestats.trends import measures

STATUSES = ("exact", "bounded", "conflicting")
"""Statuses of figures that can be summed; the sum has the last of those of its parts."""

NUMBERS = ["value", "lower", "upper"]
KEY = ["area", "year", "iccs", "series"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures with what they are made of.

    Attributes:
        data: One row a figure, its number as the index: area, iccs, series and
            status as places in the lists below, year, value, lower, upper,
            findings, grouping (0 for reporting units), is_summed, and
            `making`, which is equal where figures of a series are made up alike.
        parts: Of every sum, the figures in it: figure, part.
        cells: Of every reported figure, the rows of `Classified` that give it:
            figure, row, weight.
        conflicts: Figures that differ from the sum of their parts: figure, along
            (`iccs` or `area`), lower and upper of the sum, and finding_id.
        areas: Codes of reporting units and groups.
        codes: ICCS codes.
        statuses: Codes of statuses, those of `STATUSES` first.
        series: Measure, unit, stage, source and breakdowns; is_additive and rate_base.
    """

    data: DataFrame
    parts: DataFrame
    cells: DataFrame
    conflicts: DataFrame
    areas: "Index[str]"
    codes: "Index[str]"
    statuses: "Index[str]"
    series: DataFrame

    def key(self, rows: DataFrame) -> Integers:
        """A number for each area, year, category and series."""
        number = rows["area"].to_numpy(np.int64)
        for column, size in (("year", 1 << 15), ("iccs", len(self.codes)), ("series", len(self.series))):
            number = number * size + rows[column].to_numpy(np.int64)
        return number

    def series_names(self) -> NDArray[np.object_]:
        """The codes of each series in one text: `victims|number|recorded|…`."""
        columns = (self.series[name].astype("str") for name in SERIES)
        return reduce(lambda name, code: name + "|" + code, columns).to_numpy(object)

    def names(self, rows: DataFrame) -> list[str]:
        """What tells figures apart, in one text each: `MEX|2021|0101|victims|number|…`."""
        columns = (
            self.areas.to_numpy(object)[rows["area"]], rows["year"],
            self.codes.to_numpy(object)[rows["iccs"]], self.series_names()[rows["series"]],
        )  # fmt: skip
        return [f"{area}|{year}|{code}|{keys}" for area, year, code, keys in zip(*columns, strict=True)]

    def with_sums(self, sums: DataFrame, parts: DataFrame) -> "Figures":
        """These figures and sums of them.

        Args:
            sums: Rows as in `data`, but their number in `group`.
            parts: Group and part.
        """
        first = int(self.data.index.max()) + 1 if len(self.data) else 0
        number = Series(np.arange(first, first + len(sums)), index=sums["group"])
        added = sums.drop(columns="group").set_axis(number.to_numpy(), axis="index")
        kept = parts[parts["group"].isin(number.index)]
        edges = kept[["part"]].assign(figure=number.reindex(kept["group"]).to_numpy())
        return replace(self, data=pd.concat([self.data, added]), parts=pd.concat([self.parts, edges]))


def reported(classified: DataFrame, codes: Iterable[str], further: Iterable[str]) -> Figures:
    """The figures of areas as they were reported.

    What is of no known area or category (`_U`) is left out: it fits into no
    table, and different unknown ones must not be taken for one.

    Args:
        classified: Reported figures (`frames.CLASSIFIED`).
        codes: Categories that figures may have beside those reported.
        further: Areas and groups that sums may be made for.
    """
    area_codes = Index(sorted({*classified["area"].unique(), *further} - {UNKNOWN}), dtype="str")
    categories = Index(sorted({*classified["iccs"].unique(), *codes} - {UNKNOWN}), dtype="str")
    rows, series = _rows(classified, area_codes, categories)
    data = reconcile(rows, KEY)
    others = sorted(set(data["status"].unique()) - set(STATUSES))
    statuses = Index([*STATUSES, *others], dtype="str")
    numbered = data.assign(status=_codes(data["status"], statuses)).drop(columns=["row", "segment"])
    numbered = numbered.assign(grouping=0, is_summed=False, making=mixed(data["segment"].to_numpy(np.uint64)))
    figures = Figures(
        data=numbered.reset_index(drop=True), parts=_empty("figure", "part"), cells=DataFrame(),
        conflicts=DataFrame(columns=["figure", "along", "lower", "upper", "finding_id"]),
        areas=area_codes, codes=categories, statuses=statuses, series=series,
    )  # fmt: skip
    return replace(figures, cells=_cells(figures, rows))


def hashed(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()[:16]


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers spread over 64 bits, so that sums of them tell sets apart (splitmix64; Steele 2014)."""
    mix = numbers + np.uint64(0x9E3779B97F4A7C15)
    mix = (mix ^ (mix >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mix = (mix ^ (mix >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: NDArray[np.uint64] = mix ^ (mix >> np.uint64(31))
    return spread


def _rows(classified: DataFrame, areas: "Index[str]", codes: "Index[str]") -> tuple[DataFrame, DataFrame]:
    """Rows of a known area and category, sorted, and their series."""
    places = [rank(classified[name]) for name in ("cell", "sheet", "return_id")]
    area, code = _codes(classified["area"], areas), _codes(classified["iccs"], codes)
    order = np.lexsort([*places, classified["year"].to_numpy(), code, area])
    order = order[(area[order] >= 0) & (code[order] >= 0)]
    chosen = classified.take(order)
    number = chosen.groupby(list(SERIES), observed=True, sort=False).ngroup().to_numpy()
    series = chosen[list(SERIES)].iloc[np.unique(number, return_index=True)[1]].reset_index(drop=True)
    rows = chosen[["year", *NUMBERS, "status", "findings", "segment"]].assign(
        area=area[order], iccs=code[order], series=number, row=order
    )
    return rows.reset_index(drop=True), pd.concat([series, measures.of_series(series)], axis="columns")


def _codes(column: "Series[Any]", codes: "Index[str]") -> Integers:
    places: Integers = codes.get_indexer(column.cat.categories)[column.cat.codes.to_numpy()]
    return places


def _cells(figures: Figures, rows: DataFrame) -> DataFrame:
    """Which rows give each figure; where several do, each has its share."""
    number = Series(figures.data.index, index=figures.key(figures.data)).reindex(figures.key(rows)).to_numpy()
    cells = DataFrame({"figure": number, "row": rows["row"], "has_figure": rows["lower"].notna()})
    counts = cells.groupby("figure")["has_figure"]
    cells = cells[cells["has_figure"] | ~counts.transform("any")]
    weight = 1 / cells.groupby("figure")["row"].transform("size")
    return cells[["figure", "row"]].assign(weight=weight).reset_index(drop=True)


def _empty(*columns: str) -> DataFrame:
    return DataFrame({name: np.empty(0, dtype=np.int64) for name in columns})
