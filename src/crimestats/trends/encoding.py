"""Classified figures as numbers, in blocks between which nothing is ever summed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, Series

from crimestats.frames import NOT_APPLICABLE, SERIES, TOTAL, UNKNOWN
from crimestats.trends import measures
from crimestats.trends.figures import MIXED, ORIGINS, STATES, YES, numbers_of, series_names

BLOCK = 300_000
"""Rows of a block: enough that numpy is at its speed, few enough that memory stays flat."""

Codes = NDArray[Any]
"""Whole numbers of as few bytes as they need."""

_INCHOATE = ("At", "AA", "In", "CP", "Th")
_KILLING = "0101"
_LARGEST = 1 << 62


@dataclass(frozen=True, slots=True)
class Encoded:
    """Classified figures, their codes as numbers.

    Attributes:
        classified: The figures (`frames.CLASSIFIED`).
        area: Place of the area of each row in `areas`; -1 where it is unknown.
        iccs: Place of its category in `codes`; -1 where it is unknown.
        number: Place of its series in `series`.
        order: Rows by series and family of categories.
        cuts: Where the blocks begin and end in `order`.
        areas: Codes of reporting units and groups.
        codes: ICCS codes.
        statuses: Codes of statuses.
        series: Measure, unit, stage, source and breakdowns; is_additive, rate_base, and a number of
            64 bits that follows from its codes.
        origins: Texts of regime, period and provisional.
    """

    classified: DataFrame
    area: Codes
    iccs: Codes
    number: Codes
    order: Codes
    cuts: Codes
    areas: "Index[str]"
    codes: "Index[str]"
    statuses: "Index[str]"
    series: DataFrame
    origins: dict[str, "Index[str]"]

    def blocks(self) -> Iterator[Codes]:
        """The rows of each block, of a known area and category."""
        for first, last in zip(self.cuts[:-1], self.cuts[1:], strict=True):
            rows = self.order[first:last]
            yield rows[(self.area[rows] >= 0) & (self.iccs[rows] >= 0)]

    def lists(self) -> "Encoded":
        """The lists of codes without the rows."""
        none = {name: getattr(self, name)[:0].copy() for name in ("area", "iccs", "number", "order", "cuts")}
        return replace(self, classified=self.classified.head(0), **none)

    def heard(self) -> Codes:
        """Areas of which there is a figure."""
        told = self.area[self.classified["lower"].notna().to_numpy()]
        return np.flatnonzero(np.bincount(told + 1, minlength=len(self.areas) + 1)[1:])


def encode(
    classified: DataFrame, families: Mapping[str, int], further: Iterable[str], size: int = BLOCK
) -> Encoded:
    """Number the codes of classified figures.

    What is of no known area or category (`_U`) is in no block: it fits into no
    table, and different unknown ones must not be taken for one. What a table of
    correspondence tags as planned, incited or aided under intentional homicide
    (0101) is no killing (ICCS 1.0, Table I): it has the tags as its `trait`,
    and so a series of its own.

    Args:
        classified: Reported figures (`frames.CLASSIFIED`).
        families: Categories that figures may have beside those reported, each
            with the number of the sums that connect it to others (`tree.families`).
        further: Areas and groups that sums may be made for.
        size: Rows of a block; what a sum may connect is never divided.
    """
    classified = with_tags(classified)
    areas = Index(sorted({*classified["area"].unique(), *further} - {UNKNOWN}), dtype="str")
    categories = Index(sorted({*classified["iccs"].unique(), *families} - {UNKNOWN}), dtype="str")
    statuses = Index(list(dict.fromkeys([*STATES, *sorted(classified["status"].unique())])), dtype="str")
    number, series = _series(classified)
    iccs = places(classified["iccs"], categories)
    order, cuts = _cut(_units(number, iccs, categories, families, len(series)), size)
    return Encoded(
        classified=classified, area=places(classified["area"], areas), order=order, cuts=cuts,
        iccs=iccs, number=number, areas=areas, codes=categories,
        statuses=statuses, series=series, origins={name: _texts(classified[name]) for name in ORIGINS},
    )  # fmt: skip


def places(column: "Series[str]", texts: "Index[str]") -> Codes:
    """The place of each code of a key column in a list; -1 where it is not there."""
    found = texts.get_indexer(column.cat.categories).astype(np.int16 if len(texts) < 1 << 15 else np.int32)
    numbered: Codes = found[column.cat.codes.to_numpy()]
    return numbered


def _texts(column: "Series[str]") -> "Index[str]":
    """The texts of a column, `mixed` and `yes` at the end, where the larger of two codes is to be kept."""
    told = sorted(set(column.cat.categories) - {MIXED, YES})
    return Index([*told, MIXED, *([YES] if column.name == ORIGINS[-1] else [])], dtype="str")


def with_tags(classified: DataFrame) -> DataFrame:
    """The figures, those of acts that only led up to a killing with their tags as `trait` (see `encode`)."""
    tags = classified["tags"]
    if list(tags.cat.categories) == [NOT_APPLICABLE]:
        return classified
    is_inchoate = [
        bool({tag.split("=")[0] for tag in text.split()} & set(_INCHOATE)) for text in tags.cat.categories
    ]
    is_killing = [
        any(code.startswith(_KILLING) for code in text.split("+"))
        for text in classified["iccs"].cat.categories
    ]
    chosen = (
        np.array(is_inchoate, dtype=bool)[tags.cat.codes]
        & np.array(is_killing, dtype=bool)[classified["iccs"].cat.codes]
    )
    chosen &= (classified["trait"] == TOTAL).to_numpy()
    if not chosen.any():
        return classified
    trait = classified["trait"].astype("str").mask(chosen, tags.astype("str"))
    return classified.assign(trait=trait.astype("category"))


def _series(classified: DataFrame) -> tuple[Codes, DataFrame]:
    """The number of the series of each row, and the series, in the order of their names."""
    number, size = np.zeros(len(classified), dtype=np.int64), 1
    for name in SERIES:
        column = classified[name].cat
        if len(column.categories) < 2:
            continue
        if size * len(column.categories) >= _LARGEST:
            number, found = pd.factorize(number)
            size = len(found)
        number *= len(column.categories)
        number += column.codes.to_numpy()
        size *= len(column.categories)
    number, found = pd.factorize(number)
    first = np.empty(len(found), dtype=np.int64)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1, dtype=np.int64)
    series = classified[list(SERIES)].take(first).reset_index(drop=True)
    order = np.argsort(series_names(series))
    names = Index(series_names(series)[order])
    series = series.take(order).reset_index(drop=True).assign(number=numbers_of(names))
    rank = np.empty(len(order), dtype=np.uint16 if len(order) < 1 << 16 else np.int32)
    rank[order] = np.arange(len(order))
    numbered = rank[number]
    return numbered, pd.concat([series, measures.of_series(series)], axis="columns")


def _units(
    number: Codes, iccs: Codes, codes: "Index[str]", families: Mapping[str, int], n_series: int
) -> Codes:
    """A number for what may be summed together: a family of a series, or all of one that has all crimes."""
    of_code = np.array([families.get(code, len(families) + place) for place, code in enumerate(codes)] + [0])
    of_code = np.unique(of_code, return_inverse=True)[1].astype(np.int32)
    has_total = np.zeros(n_series, dtype=bool)
    if TOTAL in codes:
        has_total[number[iccs == codes.get_loc(TOTAL)]] = True
    unit = np.where(has_total[number], 0, of_code[iccs])
    unit += number.astype(np.int32) * (int(of_code.max()) + 1)
    used = np.flatnonzero(np.bincount(unit))
    small = np.zeros(int(used.max(initial=0)) + 1, dtype=np.uint16 if len(used) < 1 << 16 else np.int32)
    small[used] = np.arange(len(used))
    dense: Codes = small[unit]
    return dense


def _cut(unit: Codes, size: int) -> tuple[Codes, Codes]:
    """Rows unit by unit, and where blocks of whole units begin and end."""
    order = np.argsort(unit, kind="stable").astype(np.int32 if len(unit) < 1 << 31 else np.int64)
    counts = np.bincount(unit)
    ends = np.cumsum(counts)
    cuts = [0]
    for before, end in zip((ends - counts).tolist(), ends.tolist(), strict=True):
        if before - cuts[-1] > 0 and end - cuts[-1] > size:
            cuts.append(before)
    return order, np.array([*cuts, *ends[-1:].tolist()], dtype=np.int64)
