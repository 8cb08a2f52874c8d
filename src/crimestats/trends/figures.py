"""Figures on their way into a table: codes as numbers, and what each figure is made of."""

from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, Series

from crimestats.frames import SERIES

STATUSES = ("exact", "bounded", "conflicting")
"""Statuses of figures that can be summed; the sum has the last of those of its parts."""
STATES = (*STATUSES, "estimated", "below_floor", "no_population")
"""Statuses that the tables know beside those that are reported, as they are numbered."""
BASES = ("reported", "summed", "estimated")
"""How a figure came about, as `basis` numbers it."""

NUMBERS = ["value", "lower", "upper"]
ORIGINS = ["regime", "period", "provisional"]
YES, MIXED = "yes", "mixed"
_YEARS = 1 << 15

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures with what they are made of.

    Attributes:
        data: One row a figure, its number as the index, from 0: area, iccs, series,
            status, regime, period and provisional as places in the lists below,
            basis as a place in `BASES`, year, value, lower, upper, grouping (0
            for reporting units, else the number of the pair of grouping and
            method), and `making`, equal where figures of a series are made up alike.
        parts: Of every sum, the figures in it: figure, part.
        cells: Of every reported figure, the rows of `Classified` that give it:
            figure, row, weight.
        conflicts: Figures that differ from the sum of their parts: figure, along
            (`iccs` or `area`), lower and upper of the sum, and finding_id.
        findings: Ids of findings at figures, blanks between; none where there are none.
        areas: Codes of reporting units and groups.
        codes: ICCS codes.
        statuses: Codes of statuses, those of `STATES` first.
        series: Measure, unit, stage, source and breakdowns; is_additive, rate_base, and a number of
            64 bits that follows from its codes.
        origins: The texts of regime, period and provisional.
        estimates: What stands for areas without a figure in the sums that are
            estimated (`estimating.Estimated`), with the number of their grouping.
    """

    data: DataFrame
    parts: DataFrame
    cells: DataFrame
    conflicts: DataFrame
    findings: "Series[str]"
    areas: "Index[str]"
    codes: "Index[str]"
    statuses: "Index[str]"
    series: DataFrame
    origins: dict[str, "Index[str]"]
    estimates: DataFrame = field(default_factory=DataFrame)

    def line(self, rows: DataFrame) -> Integers:
        """A number for each area, series and category."""
        number = rows["area"].to_numpy(np.int64)
        for column, size in (("series", len(self.series)), ("iccs", len(self.codes))):
            number = number * size + rows[column].to_numpy(np.int64)
        return number

    def key(self, rows: DataFrame) -> Integers:
        """A number for each area, series, category and year."""
        year: Integers = rows["year"].to_numpy(np.int64)
        return self.line(rows) * _YEARS + year

    def series_names(self) -> NDArray[np.object_]:
        """The codes of each series in one text: `victims|number|recorded|…`."""
        return series_names(self.series)

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
            sums: Rows as in `data`, but their number in `group`; texts may stand in `findings`.
                Without regime, period and provisional they are of several.
            parts: Group and part.
        """
        number = Series(np.arange(len(self.data), len(self.data) + len(sums)), index=sums["group"])
        several = {name: place_of(MIXED, texts) for name, texts in self.origins.items() if name not in sums}
        added = sums.assign(**several)[list(self.data.columns)].astype(self.data.dtypes)
        kept = parts[parts["group"].isin(number.index)]
        edges = kept[["part"]].assign(figure=number.reindex(kept["group"]).to_numpy())
        texts = Series("", index=number.to_numpy(), dtype="str")
        if "findings" in sums:
            texts = Series(sums["findings"].to_numpy(), index=number.to_numpy(), dtype="str")
        return replace(
            self,
            data=pd.concat([self.data, added], ignore_index=True),
            parts=pd.concat([self.parts, edges], ignore_index=True),
            findings=pd.concat([self.findings, texts[texts != ""]]),
        )


def series_names(series: DataFrame) -> NDArray[np.object_]:
    """The codes of each series in one text."""
    columns = (series[name].astype("str") for name in SERIES)
    return reduce(lambda name, code: name + "|" + code, columns).to_numpy(object)


def place_of(text: str, texts: "Index[str]") -> int:
    """The place of a text in a list that has it once."""
    return list(texts).index(text)


def hashed(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()[:16]


def numbers_of(texts: "Index[str]") -> NDArray[np.uint64]:
    """A number of 64 bits for each text, the same on every machine."""
    return _numbers_of(tuple(texts))


@lru_cache(maxsize=64)
def _numbers_of(texts: tuple[str, ...]) -> NDArray[np.uint64]:
    return np.array([int(hashed(text), 16) for text in texts], dtype=np.uint64)


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers spread over 64 bits, so that sums of them tell sets apart (splitmix64; Steele 2014)."""
    mix = numbers + np.uint64(0x9E3779B97F4A7C15)
    mix = (mix ^ (mix >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mix = (mix ^ (mix >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: NDArray[np.uint64] = mix ^ (mix >> np.uint64(31))
    return spread


def starts_of(sorted_numbers: NDArray[np.generic]) -> Integers:
    """Where each run of equal numbers begins."""
    if not len(sorted_numbers):
        return np.empty(0, dtype=np.int64)
    is_first = np.empty(len(sorted_numbers), dtype=bool)
    is_first[0] = True
    np.not_equal(sorted_numbers[1:], sorted_numbers[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def sizes_of(starts: Integers, length: int) -> Integers:
    """How long each run is."""
    return np.diff(starts, append=length)


def common(codes: Integers, starts: Integers, texts: "Index[str]") -> Integers:
    """The code that all parts of each sum have, else that of `mixed`; `yes` where one part has it."""
    least, most = np.minimum.reduceat(codes, starts), np.maximum.reduceat(codes, starts)
    found = np.where(least == most, least, place_of(MIXED, texts)).astype(codes.dtype)
    if texts[-1] == YES:
        found[most == len(texts) - 1] = len(texts) - 1
    return found
