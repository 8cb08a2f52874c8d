"""Rows of a correspondence table: their columns, what stands where a cell is empty, and their types."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification.tree import Classification
from crimestats.files import read_csv

NEEDED = ("code", "title", "iccs")
COLUMNS = (
    *NEEDED, "relation", "share_lower", "share", "share_upper", "valid_from", "valid_to",
    "status", "tags", "first_opinion", "note",
)  # fmt: skip
SHARES = ["share_lower", "share", "share_upper"]
YEARS = ["valid_from", "valid_to"]
RELATIONS = ("equal", "narrower", "broader", "part")
"""Of the national category to the ICCS category: the same, within it, more than it, or one of several."""
STATUSES = ("official", "project", "candidate", "user")

FIRST, LAST = 1800, 2199
"""Years that a table may name."""

_YEAR = r"1[89]\d\d|2[01]\d\d"
_SHARE = r"\d+(?:\.\d*)?(?:[eE]-?\d+)?|\.\d+"


def read_rows(path: Path | str) -> DataFrame:
    """Read a correspondence table: text everywhere, without blanks around, further columns as they are.

    Args:
        path: CSV with the columns code, title and iccs, and if wanted those of `COLUMNS`.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A column is missing or named twice, or a row is torn; file and line are named.
    """
    table = read_csv(path, NEEDED)
    stripped = {str(name): table[name].str.strip() for name in table}
    missing = {name: "" for name in COLUMNS if name not in table}
    return DataFrame(stripped).assign(**missing).astype(dict.fromkeys(missing, "str"))


def typed(rows: DataFrame, classification: Classification) -> DataFrame:
    """The rows with their types, and with what an empty cell means.

    No relation is `narrower`, no status `user`. A category that is not divided
    goes whole (shares 1); of a part, no share is an unknown one, and no bounds
    are the share itself, or 0 and 1 where it is unknown.

    Args:
        rows: As `read_rows` gives them; what cannot be read is null.
        classification: Where the column iccs points to.

    Returns:
        `COLUMNS`: years Int16, shares float64, the others text; iccs as the
        broad list writes it, empty where the row has no category.
    """
    is_coded = rows["iccs"] != ""
    relation = rows["relation"].mask((rows["relation"] == "") & is_coded, "narrower")
    codes = classification.normalise(rows["iccs"]).where(is_coded, "").astype("str")
    status = rows["status"].mask(rows["status"] == "", "user")
    table = rows[list(COLUMNS)].assign(iccs=codes, relation=relation, status=status)
    return table.assign(**_shares(rows, relation == "part"), **{name: years(rows[name]) for name in YEARS})


def years(column: "Series[str]") -> "Series[Any]":
    """Years of texts; null where empty or no year."""
    is_year = column.str.fullmatch(_YEAR)
    return pd.to_numeric(column.where(is_year), errors="coerce").astype("Int16")


def shares(column: "Series[str]") -> "Series[float]":
    """Shares of texts; null where empty or no number."""
    is_share = column.str.fullmatch(_SHARE)
    return pd.to_numeric(column.where(is_share), errors="coerce").astype("float64")


def is_empty(column: "Series[str]") -> "Series[bool]":
    """Where nothing is written."""
    return column == ""


def spans(table: DataFrame) -> DataFrame:
    """First and last year of each row as numbers; an open end is one beyond all years."""
    first = table["valid_from"].fillna(FIRST - 1).astype("int64")
    last = table["valid_to"].fillna(LAST + 1).astype("int64")
    return DataFrame({"first": first, "last": last})


def _shares(rows: DataFrame, is_part: "Series[bool]") -> "dict[str, Series[float]]":
    share = shares(rows["share"])
    lower = shares(rows["share_lower"]).fillna(share).fillna(0.0)
    upper = shares(rows["share_upper"]).fillna(share).fillna(1.0)
    given = dict(zip(SHARES, (lower, share, upper), strict=True))
    written = {name: shares(rows[name]).fillna(1.0) for name in SHARES}
    return {
        name: Series(np.where(is_part, column, written[name]), index=rows.index)
        for name, column in given.items()
    }
