"""Faults of a user's table, told by line."""

from pathlib import Path

from pandas import DataFrame, Series

from crimestats.errors import DefinitionError
from crimestats.files import line_of


def refuse(
    path: Path | str,
    table: DataFrame,
    column: str,
    wrong: "Series[bool]",
    fault: str,
    written: "Series[str] | None" = None,
    near: "Series[str] | None" = None,
) -> None:
    """Refuse a table of which rows are wrong, naming the first of them.

    Args:
        path: Where the table was read from.
        table: As `files.read_csv` gives it: a row for each line below the header.
        column: Where the fault is.
        wrong: Of each row.
        fault: What is wrong with the value.
        written: The values as they stand in the file, where the table has others.
        near: What may have been meant.

    Raises:
        DefinitionError: A row is wrong.
    """
    if not wrong.any():
        return
    row = int(wrong.to_numpy().argmax())
    value = (table[column] if written is None else written).iloc[row]
    close = "" if near is None else near.iloc[row]
    remedy = f"Mend the row, or leave it out ({int(wrong.sum())} such in the file)."
    place = f"{path}, line {line_of(path, row)}, column {column}"
    raise DefinitionError(place, f"{value!r} {fault}", f"{remedy} Near: {close}." if close else remedy)
