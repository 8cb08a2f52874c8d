"""Rounding to a base, in place of hiding: every count is shown, none exactly."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats.disclosure.attacking import attack, identities
from crimestats.disclosure.cells import cells_of
from crimestats.disclosure.equations import LIKELY, SURE
from crimestats.errors import CallError
from crimestats.frames import HIDDEN

BASE = 5
_EXAMPLES = 3


def rounded(
    table: DataFrame, base: int = BASE, *, sums: DataFrame | None = None
) -> tuple[DataFrame, DataFrame]:
    """Round every exact count to the nearest multiple of a base.

    Conventional and deterministic: half way is rounded up. Each figure is
    rounded by itself, so that rounded parts do not add up to rounded totals. A
    reader knows of each figure that it lies within half the base of what is
    shown; these bounds stand beside it, and its status is `bounded`. The sums
    hold of the true figures and may narrow the bounds; where they leave one
    value of a figure below the base, rounding does not hide it, and the table
    is refused. Figures that are bounded or withheld already stay.

    Args:
        table: Figures (`frames.TRAFFICKING` or `frames.OBSERVATIONS`).
        base: What every count shown is a multiple of.
        sums: Totals and parts; the shipped ones where not given.

    Returns:
        The table, with the multiple as `value`, and what was rounded (`frames.HIDDEN`).

    Raises:
        CallError: The base is below 2, or a count below it can still be computed.
    """
    if base < 2:
        raise CallError("base", f"is {base}.", "Give 2 or more.")
    value = table["value"].to_numpy(float)
    is_count = (table["unit"].astype("str") == "number").to_numpy() if "unit" in table else np.True_
    is_rounded = ~np.isnan(value) & is_count
    shown = multiples(value, base)
    lower, upper = reach(shown, base)
    status = table["status"].astype("str").mask(is_rounded, "bounded")
    masked = {
        name: table[name].mask(is_rounded, bound)
        for name, bound in (("value", shown), ("lower", lower), ("upper", upper))
    }
    result = table.assign(**masked, status=status.astype("category"))
    _refuse(attack(result, readings=(SURE,), sums=sums), attack(result, readings=(LIKELY,), sums=sums), base)
    return result, _log(result, is_rounded, base)


def multiples(value: NDArray[np.float64], base: int) -> NDArray[np.float64]:
    """The nearest multiples; half way up.

    >>> multiples(np.array([0.0, 2, 3, 7, 8]), 5).tolist()
    [0.0, 0.0, 5.0, 5.0, 10.0]
    """
    nearest: NDArray[np.float64] = np.floor(value / base + 0.5) * base
    return nearest


def reach(shown: NDArray[np.float64], base: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the most whole number that is rounded to each multiple.

    >>> low, high = reach(np.array([0.0, 5.0]), 5)
    >>> low.tolist(), high.tolist()
    ([0.0, 3.0], [2.0, 7.0])
    """
    lower = np.maximum(np.ceil(shown - base / 2), 0.0)
    upper = np.ceil(shown + base / 2) - 1
    return lower, upper


def _refuse(sure: DataFrame, likely: DataFrame, base: int) -> None:
    found = pd.concat([sure, likely])
    told = found[found["found_upper"] < base]
    if len(told):
        named = ", ".join(told["figure_id"].drop_duplicates().head(_EXAMPLES))
        fault = f"gives away {told['figure_id'].nunique()} counts below {base} when rounded ({named})."
        raise CallError("table", fault, "Take a larger base, or hide small figures instead (protect).")


def _log(table: DataFrame, is_rounded: NDArray[np.bool_], base: int) -> DataFrame:
    row = np.flatnonzero(is_rounded)
    there, seen = table.iloc[row], cells_of(table)
    return HIDDEN.cast(pd.DataFrame({
        "figure_id": identities(table)[row], "area": there["area"].astype("str"), "year": there["year"],
        "action": "rounded", "reason": "rounded_to_base", "protects": "", "lower": seen.lower[row],
        "upper": seen.upper[row], "note": f"Rounded to a multiple of {base}; rounded parts do not add up.",
    }))  # fmt: skip
