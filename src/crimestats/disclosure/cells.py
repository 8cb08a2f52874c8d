"""Published figures as the cells of linked tables: what an outsider knows of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import TOTAL, UNKNOWN

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

HIDDEN_STATUSES = ("bounded", "withheld", "suppressed")
OPEN_STATUSES = ("withheld", "suppressed")
"""A figure is there and nothing is said of it: `suppressed` is how the mark `c` of a file is read."""

PLACE = (
    "area",
    "area_label",
    "year",
    "measure",
    "unit",
    "stage",
    "source",
    "questionnaire",
    "agency",
    "return",
)
AXES = ("iccs", "exploitation", "sex", "age", "citizenship", "country")
_LINKED = ("exploitation", "citizenship", "repatriation")
"""Dimensions whose figures are parts of the totals, as the dataset of trafficking names them."""

_NEEDED = ("area", "year", "measure", "sex", "age", "value", "lower", "upper", "status")


@dataclass(frozen=True, slots=True)
class Cells:
    """The figures of a file, one row each, under the keys that sums run over.

    Attributes:
        keys: One column for each key: what divides a figure, and where and when it is of.
        lower: Least that an outsider takes each figure for.
        upper: Most, infinite where nothing is said.
        is_there: Whether the row has a figure, shown or hidden: a blank says nothing.
        is_hidden: Whether it is hidden.
    """

    keys: DataFrame
    lower: Numbers
    upper: Numbers
    is_there: Flags
    is_hidden: Flags


def cells_of(table: DataFrame) -> Cells:
    """The cells of a table as an outsider sees them.

    A bounded figure is known within its bounds. A withheld one is known to be
    there, and, since small figures are bounded, not to be small: at least one
    more than the largest upper bound that the table shows. That is stricter
    than knowing nothing of it.

    Args:
        table: Figures (`frames.TRAFFICKING`, or `frames.OBSERVATIONS`); only whole counts are cells.

    Raises:
        CallError: A column that the sums need is missing.
    """
    missing = [name for name in _NEEDED if name not in table]
    if missing or not {"iccs", "code"} & set(table.columns):
        lacking = ", ".join(missing or ["iccs"])
        raise CallError(
            "table", f"lacks the column {lacking}.", "Give a trafficking dataset or observations."
        )
    status = table["status"].astype("str")
    lower, upper = (table[name].to_numpy(float, copy=True) for name in ("lower", "upper"))
    is_open = status.isin(OPEN_STATUSES).to_numpy()
    is_bounded = (status == "bounded").to_numpy()
    least = least_withheld(table)
    lower[is_open] = np.where(np.isnan(lower[is_open]), least, lower[is_open])
    upper[is_open] = np.where(np.isnan(upper[is_open]), np.inf, upper[is_open])
    is_count = (table["unit"].astype("str") == "number").to_numpy() if "unit" in table else np.True_
    finite = np.where(np.isinf(upper), lower, upper)
    is_there = ~np.isnan(lower) & ~np.isnan(upper) & is_count & (lower >= 0) & (lower <= upper)
    is_there &= (np.nan_to_num(lower) % 1 == 0) & (np.nan_to_num(finite) % 1 == 0)
    return Cells(_keys(table), lower, upper, is_there, is_there & (is_open | (is_bounded & (lower < upper))))


def least_withheld(table: DataFrame) -> float:
    """Least that a withheld figure can be: more than the bounds of small ones, which are not withheld."""
    is_small = (table["status"].astype("str") == "bounded").to_numpy() & (table["lower"].to_numpy(float) <= 1)
    upper = table["upper"].to_numpy(float)[is_small]
    known = upper[np.isfinite(upper)]
    return float(known.max()) + 1 if len(known) else 0.0


def _keys(table: DataFrame) -> DataFrame:
    renamed = table if "iccs" in table else table.rename(columns={"code": "iccs"})
    there = [name for name in (*PLACE, *AXES) if name in renamed]
    keys = renamed[there].astype("str").reset_index(drop=True)
    if "dimension" in renamed:  # another dimension is another table: victims trafficked within the country
        named = renamed["dimension"].astype("str").reset_index(drop=True)
        keys["dimension"] = named.where(~named.isin(_LINKED), TOTAL)
    for name in AXES:
        if name not in keys:
            keys[name] = TOTAL
    return keys.assign(**_named(keys, table))


def _named(keys: DataFrame, table: DataFrame) -> dict[str, "Series[str]"]:
    """Citizens of a country as parts of the foreign ones; own and unknown ones have no other country."""
    country, citizenship = keys["country"], keys["citizenship"]
    is_listed = country != TOTAL
    if "dimension" in table:
        is_listed = Series((table["dimension"].astype("str") == "citizenship").to_numpy())
    label = (
        Series(table["label"].astype("str").to_numpy()) if "label" in table else Series("", index=keys.index)
    )
    is_lost = (country == UNKNOWN) & (label != "")
    country = country.mask(is_lost, UNKNOWN + ":" + label)
    citizenship = citizenship.mask(is_listed & (country != TOTAL) & (citizenship == TOTAL), "FOR")
    is_own = citizenship.isin(["NAT", UNKNOWN])
    return {"citizenship": citizenship, "country": country.mask(is_own, TOTAL)}
