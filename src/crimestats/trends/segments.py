"""Which figures of a series may be compared over the years, and the comparison."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.trends.figures import Figures, Integers


def segments(figures: Figures) -> Integers:
    """Number the ways in which the figures of a series are made up, from 1, in the order of their first year.

    Figures are of one segment if no break is declared between them, they are
    reported or summed alike, from the same parts, and, for a group, over the
    same areas. In the order of the figures.
    """
    data = figures.data
    line = _line(figures)
    order = np.lexsort([data["year"].to_numpy(), line])
    making = pd.factorize(pd.MultiIndex.from_arrays([line[order], data["making"].to_numpy()[order]]))[0]
    first = Series(making).groupby(line[order]).transform("min").to_numpy()
    numbers = np.empty(len(data), dtype=np.int64)
    numbers[order] = making - first + 1
    return numbers


def comparison(figures: Figures, segment: Integers, base_year: int | None) -> DataFrame:
    """Index and change, within a segment and between exact figures only.

    Args:
        figures: All figures of a table.
        segment: Of each figure.
        base_year: Year whose figure is 100; the first one of each segment if None.

    Returns:
        `index` (base = 100) and `change` from the year before (0.1 is a tenth
        more), in the order of the figures; null where what they are compared
        with is missing, bounded or nil.
    """
    data = figures.data
    rows = DataFrame({"line": _line(figures), "segment": segment, "year": data["year"].to_numpy("int64")})
    rows["value"] = data["value"].to_numpy()
    keys = ["line", "segment"]
    exact = rows.dropna(subset="value")
    first = exact.sort_values("year").drop_duplicates(keys)
    base = first if base_year is None else exact[exact["year"] == base_year]
    compared = rows.merge(base[[*keys, "value"]], how="left", on=keys, suffixes=("", "_base"))
    before = exact.assign(year=exact["year"] + 1)
    compared = compared.merge(before, how="left", on=[*keys, "year"], suffixes=("", "_before"))
    compared = compared.set_axis(data.index)
    base_value, last = compared["value_base"], compared["value_before"]
    return DataFrame({
        "index": compared["value"] / base_value.where(base_value != 0) * 100,
        "change": compared["value"] / last.where(last != 0) - 1,
    })  # fmt: skip


def _line(figures: Figures) -> Integers:
    """A number for the figures of one area or group, category and series over the years."""
    data = figures.data
    number = data["grouping"].to_numpy("int64")
    for column, size in (("area", figures.areas), ("iccs", figures.codes), ("series", figures.series)):
        number = number * len(size) + data[column].to_numpy("int64")
    return number
