"""Published files of the data portal with figures hidden: the same rows in the same order."""

import csv
from pathlib import Path

import numpy as np
from pandas import DataFrame, Series

from crimestats.errors import FileError
from crimestats.files import replacing
from crimestats.published.layout import COLUMNS, read_sheets

WITHHELD = "c"
"""SDMX: confidential. `returns.figures.read_text` takes it for a figure that is there and is not told."""

_HEADINGS = (
    "Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex", "Age", "Year",
    "Unit of measurement", "txtVALUE", "Source",
)  # fmt: skip
"""As the portal heads its columns (release of 30 May 2023), in the order of `COLUMNS`."""
_FIRST = 3  # line of the heading there: two lines of titles stand above
_LEGEND = "Small figures are hidden: <n is a count below n, c a count that is withheld to protect another."


def read_rows(path: Path) -> DataFrame:
    """The rows of a published file as text (`published.layout.COLUMNS`, sheet, cell, row).

    Raises:
        FileError: It is not there, or no sheet of it is in the portal's layout.
    """
    rows = read_sheets(path).table
    if rows.empty:
        raise FileError(str(path), "holds no sheet in the layout of the data portal.", "Give another file.")
    return rows


def masked(rows: DataFrame, table: DataFrame, hidden: DataFrame) -> DataFrame:
    """The rows with the figures of the log as they may be shown.

    Args:
        rows: As `read_rows` gives them.
        table: The protected figures, with their place.
        hidden: What was hidden (`frames.HIDDEN`); other rows keep their text.
    """
    changed = table[table["figure_id"].isin(hidden["figure_id"])] if "figure_id" in table else table
    texts = Series(
        _texts(changed).to_numpy(), index=[changed["sheet"].astype("str"), changed["cell"].astype("str")]
    )
    places = list(zip(rows["sheet"], rows["cell"], strict=True))
    new = texts[~texts.index.duplicated()].reindex(places)
    return rows.assign(value=np.where(new.notna(), new.fillna(""), rows["value"]))


def _texts(table: DataFrame) -> "Series[str]":
    upper = table["upper"].fillna(0).astype("int64")
    lower = table["lower"].fillna(0).astype("int64").astype("str")
    value = table["value"].fillna(0).astype("int64").astype("str")
    below = ("<" + (upper + 1).astype("str")).where(lower.isin(["0", "1"]), lower + "-" + upper.astype("str"))
    said = below.mask(table["value"].notna(), value)
    return said.mask(table["status"].astype("str") == "withheld", WITHHELD)


def write_rows(rows: DataFrame, path: Path) -> None:
    """Write rows in the portal's layout, as CSV or as a workbook, as the file is named.

    In a workbook each row stands on the line and the sheet that it had, so
    that places of figures stay what they were.

    Raises:
        FileError: The file cannot be written.
    """
    with replacing(path) as place:
        if path.suffix.casefold() == ".csv":
            _write_csv(rows, place)
        else:
            _write_workbook(rows, place)


def _write_csv(rows: DataFrame, place: Path) -> None:
    with open(place, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_HEADINGS)
        writer.writerows(rows[list(COLUMNS)].to_numpy(object).tolist())


def _write_workbook(rows: DataFrame, place: Path) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with xlsxwriter.Workbook(place, options) as book:
        heading = book.add_format({"bold": True})
        for name, group in rows.groupby("sheet", sort=False):
            sheet = book.add_worksheet(str(name))
            sheet.freeze_panes(_FIRST, 0)
            sheet.write_string(0, 0, _LEGEND)
            sheet.write_row(_FIRST - 1, 0, _HEADINGS, heading)
            shift = max(_FIRST + 1 - int(group["row"].iloc[0]), 0)
            texts = group[list(COLUMNS)].to_numpy(object).tolist()
            for line, row in zip(group["row"].astype("int"), texts, strict=True):
                sheet.write_row(line - 1 + shift, 0, row)
