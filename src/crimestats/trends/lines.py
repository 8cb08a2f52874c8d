"""Lines of a trend table: the figures of one area or group, category and series over the years."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats.frames import SERIES, TRENDS
from crimestats.trends import measures

LINE = ["area", "iccs", *SERIES, "grouping", "method"]
"""What tells lines apart."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_WIDEST = 2**62
_NUMBERS = ("value", "lower", "upper", "population", "rate", "rate_lower", "rate_upper")
_KEPT = ("year", "segment", "provisional", "rate_status", *_NUMBERS)


def numbered(table: DataFrame, keys: list[str]) -> Integers:
    """A number for each combination of keys, from 0, in the order in which they first stand there.

    Args:
        table: With the keys, codes as `category`.
        keys: Columns of codes or whole numbers.

    >>> numbered(DataFrame({"area": ["FJI", "AUS", "FJI"], "year": [2020, 2020, 2020]}), ["area", "year"])
    array([0, 1, 0])
    """
    number, size = np.zeros(len(table), dtype=np.int64), 1
    for name in keys:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, width = column.cat.codes.to_numpy(np.int64), len(column.cat.categories)
        else:
            codes, found = pd.factorize(column)
            width = len(found)
        if size * max(width, 1) > _WIDEST:
            number, kept = pd.factorize(number)
            size = len(kept)
        number, size = number * max(width, 1) + codes, size * max(width, 1)
    return pd.factorize(number)[0].astype(np.int64)


def figures(trends: DataFrame, by: str) -> DataFrame:
    """The rows of a table that have a figure, in the order of their lines, segments and years.

    Args:
        trends: A table (`frames.TRENDS`).
        by: `rate` or `value`.

    Returns:
        The keys of the line, year, segment, provisional and rate_status; line, its
        number; figure, figure_lower and figure_upper, of the rate or value; count,
        count_lower and count_upper, what was counted; exposure, the residents it
        was counted among (1 for values); is_count, whether it is a sum of units
        that were counted, and neither a percentage, an amount nor an estimate of
        a survey. Where rates pool the years of small areas, it is the rate of the
        year by itself.

    Raises:
        CallError: It is no such table.
    """
    TRENDS.check(trends)
    has_figure = trends["rate_lower" if by == "rate" else "lower"].notna()
    rows = trends.loc[has_figure.to_numpy(), [*LINE, *_KEPT]]
    pair = numbered(rows, ["measure", "unit"])
    treated = measures.of_series(rows.iloc[np.unique(pair, return_index=True)[1]][["measure", "unit"]])
    is_count = treated["is_additive"].to_numpy(bool)[pair] & (rows["unit"] == "number").to_numpy()
    rows = rows.assign(line=numbered(rows, LINE), is_count=is_count)
    rows = _by_rate(rows, treated["rate_base"].to_numpy()[pair]) if by == "rate" else _by_value(rows)
    rows = rows.drop(columns=list(_NUMBERS))
    order = np.lexsort([rows["year"].to_numpy(), rows["segment"].to_numpy(), rows["line"].to_numpy()])
    return rows.take(order).reset_index(drop=True)


def _by_value(rows: DataFrame) -> DataFrame:
    named = {"figure": "value", "figure_lower": "lower", "figure_upper": "upper"}
    counted = {"count": "value", "count_lower": "lower", "count_upper": "upper"}
    return rows.assign(exposure=1.0, **{new: rows[name] for new, name in (named | counted).items()})


def _by_rate(rows: DataFrame, base: Floats) -> DataFrame:
    """The rate of a group is over the areas with residents: their counts, not the whole sum."""
    residents = rows["population"].to_numpy()
    is_pooled = (rows["rate_status"] == "pooled").to_numpy()
    columns: dict[str, Floats | str] = {"exposure": residents}
    for end, rate, value in (
        ("", "rate", "value"), ("_lower", "rate_lower", "lower"), ("_upper", "rate_upper", "upper"),
    ):  # fmt: skip
        count = rows[rate].to_numpy() * residents / base
        counted = np.where(is_pooled, rows[value].to_numpy(), count)
        columns["count" + end] = counted
        columns["figure" + end] = np.where(is_pooled, counted / residents * base, rows[rate].to_numpy())
    return rows.assign(**columns)
