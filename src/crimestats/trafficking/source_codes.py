"""The codes that sources and their figures are told in, and what refuses others."""

from functools import cache
from pathlib import Path

import numpy as np
from pandas import DataFrame, Series

from crimestats.errors import DefinitionError
from crimestats.files import line_of, read_csv, shipped
from crimestats.trafficking.source_findings import near

RETURNS = "government_return"
"""Source type and id under which the dataset itself stands among the sources."""

COUNT = "number"
"""Unit of a figure that is in the counting unit of its measure."""

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years that a figure may be of; the Protocol that defines the crime is of 2000."""


@cache
def codes(column: str) -> tuple[str, ...]:
    """The codes of a column of `sources.csv` or `figures.csv`, in their order.

    >>> codes("reliability")
    ('high', 'medium', 'low', '_U')
    """
    path = shipped("questionnaires", "trafficking", "source_codes.csv")
    table = read_csv(path, ("column", "code", "order"))
    own = table[table["column"] == column]
    return tuple(own.sort_values("order", key=lambda order: order.astype(int), kind="stable")["code"])


@cache
def measures() -> DataFrame:
    """What is counted, with the counting unit and the stage that figures of the dataset have."""
    path = shipped("questionnaires", "trafficking", "measures.csv")
    table = read_csv(path, ("measure", "unit", "stage", "title"))
    return table.set_index("measure")


@cache
def source_types() -> "Series[str]":
    """The types of sources, with their titles."""
    path = shipped("questionnaires", "trafficking", "source_types.csv")
    return read_csv(path, ("source_type", "title")).set_index("source_type")["title"]


@cache
def exploitations() -> tuple[str, ...]:
    """The codes of sub-forms of exploitation, the total first."""
    table = read_csv(shipped("questionnaires", "codelists.csv"), ("dimension", "code"))
    return tuple(table.loc[table["dimension"] == "exploitation", "code"])


def read_table(path: Path, needed: tuple[str, ...], optional: tuple[str, ...]) -> DataFrame:
    """Read a table of these columns and no others; an optional one that is not there is empty.

    Raises:
        FileError: The file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or not known.
    """
    table = read_csv(path, needed)
    known = (*needed, *optional)
    for name in table.columns:
        if name not in known:
            fault = f"names the column `{name}`, which is not known{near(name, known)}."
            raise DefinitionError(f"{path}, line 1", fault, f"Columns: {', '.join(known)}.")
    absent = {name: "" for name in optional if name not in table}
    stripped: DataFrame = table.apply(lambda column: column.str.strip()).assign(**absent)
    return stripped


def refuse_codes(path: Path, table: DataFrame, column: str, known: tuple[str, ...]) -> None:
    """Refuse a table with a code that is not among those known.

    Raises:
        DefinitionError: There is one; file, line and column are named.
    """
    wrong = ~table[column].isin(known)
    if wrong.any():
        row = int(np.argmax(wrong))
        value = table[column].iloc[row]
        fault = f"is {value!r}, which is not among its codes{near(value, known)}."
        remedy = f"Write one of {', '.join(filter(None, known))}."
        raise DefinitionError(place_of(path, row, column), fault, remedy)


def place_of(path: Path, row: int, column: str) -> str:
    """Where a cell of a CSV file stands, for a person."""
    return f"{path}, line {line_of(path, row)}, column {column}"


def lines(path: Path, number: int) -> "Series[int]":
    """The line of the file at which each row starts: its row in a sheet, unless a text has several lines."""
    rows = Series(np.arange(number) + 2)
    if number == 0 or line_of(path, number - 1) == number + 1:
        return rows
    return Series([line_of(path, row) for row in range(number)])
