"""Other forms of exploitation as published: one row that is their total, several that add up, or all persons.

The published file has up to five rows of one key under other forms, whose names were lost. One of them may be
the total of the rest, so that a plain sum counts persons twice; and a row may hold the total of all
forms. The persons that the totals leave for other forms tell which it is.
"""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.frames import TOTAL, UNKNOWN

SUM, ROW, SPAN, ROOM = "sum", "row", "span", "room"
"""What other forms are: their rows added up; the largest row; from that to the sum, where nothing tells;
what all persons but those of the other forms leave, where the row holds all persons."""

_ALL, _SEXUAL, _LABOUR, OTHER = "0204", "02041", "02042", "02043+02044"
PLACE = ["measure", "area", "year", "sex", "age"]
_ENDS = ("lower", "upper")


def references(dataset: DataFrame) -> DataFrame:
    """What other forms can be by what stands beside them.

    Args:
        dataset: `frames.TRAFFICKING`.

    Returns:
        One row for each of `PLACE`: `total_…` (all persons), `forms_…` (of sexual exploitation and forced
        labour), `room_…` (all less these) and `ages_…` (other forms of adults and children), each with its
        lower and upper bound, null where it is not given.
    """
    names = [*PLACE, "iccs", "dimension", "exploitation"]
    is_of = (dataset["area"] != UNKNOWN) & (dataset["citizenship"] == TOTAL) & (dataset["country"] == TOTAL)
    rows = dataset.loc[
        is_of & ~(dataset["status"].isin(["blank", "absent", "not_applicable"])), [*names, *_ENDS]
    ]
    rows = rows.astype({name: "int64" if name == "year" else "str" for name in names})
    rows = rows.assign(lower=rows["lower"].fillna(0), upper=rows["upper"].fillna(np.inf))
    keys = rows.groupby(names, as_index=False).agg(lower=("lower", "min"), upper=("upper", "max"))
    whole = _at(keys[(keys["iccs"] == _ALL) & (keys["dimension"] == TOTAL)])
    is_form = keys["iccs"].isin([_SEXUAL, _LABOUR]) & (keys["exploitation"] == TOTAL)
    forms = keys[is_form].groupby(PLACE)[[*_ENDS]].sum()
    other = keys[keys["iccs"] == OTHER].groupby(PLACE).agg(lower=("lower", "max"), upper=("upper", "sum"))
    parts = [whole.add_prefix("total_"), forms.add_prefix("forms_"), _ages(other).add_prefix("ages_")]
    table = pd.concat(parts, axis=1)
    named = [f"forms_{end}" for end in _ENDS]
    table[named] = table[named].fillna(0)
    return table.assign(
        room_lower=table["total_lower"] - table["forms_upper"],
        room_upper=table["total_upper"] - table["forms_lower"],
    )


def judged(sums: DataFrame, beside: DataFrame) -> DataFrame:
    """Other forms as they can be meant: the largest row where that is their total, and not all persons.

    Args:
        sums: Sums over the rows of a key: `PLACE`, lower, upper, is_known, is_conflict, `is_other`, `count`
            (rows) and `most_lower`, `most_upper` (the largest of them).
        beside: As `references` gives it.

    Returns:
        The same rows with the bounds that hold, and `taken`: one of `SUM`, `ROW`, `SPAN`, `ROOM`.
    """
    near = beside.reindex(pd.MultiIndex.from_frame(sums[PLACE])).reset_index(drop=True)
    table = sums.reset_index(drop=True)
    several = table["is_other"] & (table["count"] > 1) & table["is_known"]
    is_row, is_sum = _told(table, near)
    taken = np.select([several & is_row & ~is_sum, several & ~(is_sum & ~is_row)], [ROW, SPAN], SUM)
    lower = table["lower"].mask(taken != SUM, table["most_lower"])
    upper = table["upper"].mask(taken == ROW, table["most_upper"])
    is_all = holds_all(lower, upper, near) & table["is_other"] & table["is_known"]
    room = near["room_upper"]
    return table.assign(
        lower=lower.mask(is_all, 0.0), upper=upper.mask(is_all, room), taken=Series(taken).mask(is_all, ROOM),
        is_known=table["is_known"] & ~(is_all & (room < 0)),
        is_conflict=table["is_conflict"] | (taken == SPAN) | is_all,
    )  # fmt: skip


def holds_all(lower: "Series[float]", upper: "Series[float]", beside: DataFrame) -> "Series[bool]":
    """Whether a figure of other forms is the total of all persons, though other forms are above nought."""
    is_exact = (lower == upper) & (beside["total_lower"] == beside["total_upper"])
    return is_exact & (lower > 0) & (lower == beside["total_lower"]) & (beside["forms_lower"] > 0)


def _told(table: DataFrame, near: DataFrame) -> tuple["Series[bool]", "Series[bool]"]:
    """Whether what stands beside fits the largest row and not the sum, and the sum and not the row."""
    is_row = is_sum = Series(False, index=table.index)
    for name in ("room", "ages"):
        fits_row = _meets(table["most_lower"], table["most_upper"], near, name)
        fits_sum = _meets(table["lower"], table["upper"], near, name)
        is_row, is_sum = is_row | (fits_row & ~fits_sum), is_sum | (fits_sum & ~fits_row)
    return is_row, is_sum


def _meets(lower: "Series[float]", upper: "Series[float]", near: DataFrame, name: str) -> "Series[bool]":
    return (lower <= near[f"{name}_upper"]) & (upper >= near[f"{name}_lower"])


def _at(keys: DataFrame) -> DataFrame:
    return keys.groupby(PLACE).agg(lower=("lower", "min"), upper=("upper", "max"))


def _ages(other: DataFrame) -> DataFrame:
    """Adults and children together, where both are given, at the place of all ages."""
    rows = other.reset_index()
    rows = rows[rows["age"].isin(["Y0T17", "Y_GE18"])]
    both = rows.assign(age=TOTAL).groupby(PLACE).agg(
        lower=("lower", "sum"), upper=("upper", "sum"), count=("lower", "size")
    )  # fmt: skip
    return both.loc[both["count"] == 2, [*_ENDS]]
