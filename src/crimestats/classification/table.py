"""Reading the table of a classification, and what it may not contain."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pandas import DataFrame, Series

from crimestats.errors import DefinitionError
from crimestats.files import line_of, read_csv

NEEDED = ("code", "parent", "level", "title")
OPTIONAL = ("is_residual", "alternatives", "note")


class Fault(NamedTuple):
    """Something wrong in a table: at which row (from 0) and column, what, and the remedy."""

    row: int
    column: str
    fault: str
    remedy: str


Check = Callable[[DataFrame], Iterator[Fault]]


def read_categories(path: Path) -> DataFrame:
    """Read the categories of a classification.

    Args:
        path: CSV with the columns code, parent (empty at level 1), level
            (from 1) and title; is_residual (0 or 1), alternatives (other
            codes in use, blanks between) and note may be there.

    Returns:
        The categories in the order of their codes: code, parent, level
        (int), title, is_residual (bool), alternatives, note.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: It has a fault; file, line and column are named.
    """
    table = read_csv(path, NEEDED)
    for column in OPTIONAL:
        if column not in table:
            table[column] = ""
    stop_at_fault(path, table, _FAULTS)
    table = table[[*NEEDED, *OPTIONAL]].astype({"level": int})
    return table.assign(is_residual=table["is_residual"] == "1").sort_values("code", ignore_index=True)


def read_titles(path: Path, codes: Series) -> Series:
    """Read the titles in one language (CSV with the columns code and title), in the order of `codes`.

    A category without a row has an empty title.

    Raises:
        DefinitionError: A title is for no category, given twice or empty.
    """
    table = read_csv(path, ("code", "title"))

    def strangers(table: DataFrame) -> Iterator[Fault]:
        is_stranger = ~table["code"].isin(codes)
        yield from where_wrong(
            table, "code", is_stranger, "is not a category.", "Correct it, or take the row out."
        )

    stop_at_fault(path, table, (strangers, _duplicates, _untitled))
    return table.set_index("code")["title"].reindex(codes, fill_value="").reset_index(drop=True)


def stop_at_fault(path: Path, table: DataFrame, checks: tuple[Check, ...]) -> None:
    """Refuse a table at its first fault, with file, line and column.

    Raises:
        DefinitionError: It has a fault.
    """
    for check in checks:
        for fault in check(table):
            place = f"{path}, line {line_of(path, fault.row)}, column {fault.column}"
            raise DefinitionError(place, fault.fault, fault.remedy)


def where_wrong(table: DataFrame, column: str, is_wrong: Series, fault: str, remedy: str) -> Iterator[Fault]:
    """A fault for each cell of a column that is wrong; the fault's text begins with what stands there."""
    for row in is_wrong.to_numpy().nonzero()[0]:
        yield Fault(int(row), column, f"{table[column].iloc[row]!r} {fault}", remedy)


def _malformed(table: DataFrame) -> Iterator[Fault]:
    is_malformed = ~table["code"].str.fullmatch(r"[^\s_]\S*")
    remedy = "Write one without blanks that does not begin with an underscore."
    yield from where_wrong(table, "code", is_malformed, "is no code.", remedy)


def _duplicates(table: DataFrame) -> Iterator[Fault]:
    is_repeated = table["code"].duplicated()
    yield from where_wrong(
        table, "code", is_repeated, "stands on an earlier line too.", "Keep one of the rows."
    )


def _untitled(table: DataFrame) -> Iterator[Fault]:
    is_blank = table["title"].str.strip() == ""
    yield from where_wrong(table, "title", is_blank, "is no title.", "Write the category's title.")


def _orphans(table: DataFrame) -> Iterator[Fault]:
    is_unknown = (table["parent"] != "") & ~table["parent"].isin(table["code"])
    remedy = "Correct it, or add the parent's row."
    yield from where_wrong(table, "parent", is_unknown, "is not a code of the table.", remedy)


def _cycles(table: DataFrame) -> Iterator[Fault]:
    parents = dict(zip(table["code"], table["parent"], strict=True))
    for row, code in enumerate(table["code"]):
        chain = [code]
        while parents[chain[-1]] and parents[chain[-1]] not in chain:
            chain.append(parents[chain[-1]])
        if parents[chain[-1]] == code:
            fault = f"{parents[code]!r} makes a circle: {' in '.join([*chain, code])}."
            yield Fault(row, "parent", fault, "Correct one of these parents.")


def _levels(table: DataFrame) -> Iterator[Fault]:
    levels = {"": "0", **dict(zip(table["code"], table["level"], strict=True))}
    for row, (level, parent) in enumerate(zip(table["level"], table["parent"], strict=True)):
        above = levels[parent]
        if above.isdecimal() and level != str(int(above) + 1):  # what is no number is a fault of its own row
            fault = (
                f"{level!r} is not one below its parent's {above}."
                if parent
                else f"{level!r} is not the top's."
            )
            yield Fault(row, "level", fault, f"Write {int(above) + 1}, or another parent.")


def _flags(table: DataFrame) -> Iterator[Fault]:
    is_strange = ~table["is_residual"].isin(["", "0", "1"])
    yield from where_wrong(table, "is_residual", is_strange, "is no flag.", "Write 1 (residual) or 0.")


def _alternatives(table: DataFrame) -> Iterator[Fault]:
    codes, given = set(table["code"]), set[str]()
    for row, others in enumerate(table["alternatives"].str.split()):
        for other in others:
            if other in codes:
                yield Fault(row, "alternatives", f"{other!r} is itself a code of the table.", "Take it out.")
            if other in given:
                yield Fault(
                    row, "alternatives", f"{other!r} stands on an earlier line too.", "Keep one of them."
                )
            given.add(other)


_FAULTS = (_malformed, _duplicates, _untitled, _orphans, _cycles, _levels, _flags, _alternatives)
