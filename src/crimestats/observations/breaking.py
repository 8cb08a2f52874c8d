"""Breaks in series: what returns declare, and the last one that lies before a figure."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNBROKEN = 1
"""Greatest `segment` that says of no break: 0, or the 1 of a table that counts its stretches."""
EARLIEST = 1000
"""Smallest number that is the year of a break; smaller ones count stretches, or are no years."""

_BREAK = r"^M\.(.+)\.break_year$"
_YEAR = r"(?<!\d)\d{4}(?!\d)"
_YEARS = 1 << 16  # more than any int16 year


def breaks(cells: DataFrame) -> DataFrame:
    """Breaks in series that returns declare: the first year after each.

    Every year in the answer counts (`2015 and 2018` are two breaks). An answer
    without a year is none; it is for a rule on the metadata to ask about it.

    Args:
        cells: What the workbooks hold (`frames.CELLS`).

    Returns:
        `area`, `module` and `year`, each break once.
    """
    modules = cells["item"].cat.categories.to_series().astype("str").str.extract(_BREAK)[0].dropna()
    rows = cells.loc[cells["item"].isin(modules.index), ["area", "item", "raw"]].astype("str")
    told = [[int(year) for year in re.findall(_YEAR, raw) if int(year) >= EARLIEST] for raw in rows["raw"]]
    years = Series(told, index=rows.index, dtype=object)
    declared = rows.assign(module=rows["item"].map(modules), year=years)[["area", "module", "year"]]
    declared = declared.explode("year").dropna(subset="year").astype({"year": "int16"})
    return declared.drop_duplicates().sort_values(["area", "module", "year"], ignore_index=True)


def last_break(figures: DataFrame, declared: DataFrame, keys: Sequence[str]) -> "NDArray[np.int64]":
    """The year of the last break up to the year of each figure; 0 where there is none.

    Args:
        figures: year, and the columns that say which breaks concern a figure.
        declared: Breaks: the same columns, `year` the first one after it.
        keys: Those columns, `category` in the figures.

    >>> figures = DataFrame({"area": Series(["MEX"] * 3, dtype="category"), "year": [2017, 2018, 2019]})
    >>> last_break(figures, DataFrame({"area": ["MEX", "PRT"], "year": [2018, 2017]}), ["area"]).tolist()
    [0, 2018, 2018]
    """
    line, of = np.zeros(len(figures), dtype=np.int64), np.zeros(len(declared), dtype=np.int64)
    is_known = np.ones(len(declared), dtype=bool)
    for name in keys:
        categories: pd.Index[Any] = figures[name].cat.categories
        codes = categories.get_indexer(pd.Index(declared[name].astype(categories.dtype)))
        line = line * len(categories) + figures[name].cat.codes.to_numpy(np.int64)
        of, is_known = of * len(categories) + codes, is_known & (codes >= 0)
    known = np.sort((of * _YEARS + declared["year"].to_numpy(np.int64))[is_known])
    known = np.concatenate([[-1], known])
    last = known[np.searchsorted(known, line * _YEARS + figures["year"].to_numpy(np.int64), "right") - 1]
    return np.where(last // _YEARS == line, last % _YEARS, 0)
