"""The annex of a chapter as a workbook: every figure with its base, bounds and id."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from math import isnan
from pathlib import Path
from textwrap import wrap
from typing import Any

from pandas import DataFrame, Series

from crimestats.files import read_csv, replacing, shipped
from crimestats.report.chapter.detected import LEAST_AREAS
from crimestats.report.chapter.figures import LOOSE, is_loose
from crimestats.report.chapter.sheets import SheetRows, sheets
from crimestats.report.chapter.tables import Tables
from crimestats.report.chapter.texts import look, text
from crimestats.report.display import shown

MOST_ROWS = 1_000_000
"""Rows of a sheet; what is beyond stands in the Parquet files only, and the sheet says so."""

_STAMP = datetime(2024, 1, 1)  # noqa: DTZ001 - equal tables give equal bytes
_HEADER = 2
_LETTERS, _LINE = 118, 13.5  # of a line of notes: letters, and points of height
_MOST_ON_PAGE = 18  # columns
_A4, _A3 = 9, 8  # as workbooks number them
_USUAL = 5  # the threshold that the note names where no figure is hidden
_FORMATS = {
    "count": "#,##0.##", "whole": "#,##0", "share": "0.0%", "points": "+0.0%;-0.0%;0.0%", "rate": "0.000",
    "year": "0",
}  # fmt: skip
_LONGEST = 32_767  # letters that a cell holds


def annex(tables: Mapping[str, Any] | Tables | str | Path, path: str | Path, *, source: str = "") -> Path:
    """Write the annex of a chapter as a workbook.

    Sheets: how to read it, profiles by world, region, subregion and country, persons counted, flows
    ranked and as matrices, sources where there are any, findings. Numbers stand as numbers,
    unrounded; `<5`, `withheld` and `below floor` as texts. No text becomes a formula or a link.
    The same tables give the same bytes.

    Args:
        tables: As for `chapter`.
        path: Where to.
        source: Where the figures come from, as it is to be cited.

    Returns:
        The path.

    Raises:
        CallError: A table is missing or not what its name says.
        FileError: The path cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    read = Tables.of(tables)
    with replacing(path) as place:
        options = {"strings_to_urls": False, "strings_to_formulas": False, "nan_inf_to_errors": False}
        book = xlsxwriter.Workbook(str(place), options)
        book.set_properties({"title": text("annex.title"), "created": _STAMP})
        formats = _formats(book)
        readme = book.add_worksheet(text("sheet.readme"))
        written = [_sheet(book, listed, formats, read.least) for listed in sheets(read)]
        _readme(readme, written, source, formats, read.least)
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error
    return Path(path)


@cache
def columns(table: str) -> DataFrame:
    """The columns of a kind of sheet (`annex_columns.csv`): label, kind of cell and width."""
    declared = read_csv(shipped("questionnaires", "trafficking", "annex_columns.csv"))
    return declared[declared["table"] == table]


def _formats(book: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
    dark: dict[str, Any] = {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True}
    settings = {
        "text": {**body, "num_format": "@"},
        "said": {**body, "num_format": "@", "align": "right", "font_color": "#4A5563"},
        "wrapped": {**body, "text_wrap": True},
        "title": {**body, "bold": True, "font_size": 14},
        "strong": {**body, "bold": True},
        "link": {**body, "font_color": "#0B5394", "underline": 1},
        "heading": {**body, **dark},
        **{kind: {**body, "num_format": shape} for kind, shape in _FORMATS.items()},
    }
    return {name: book.add_format(setting) for name, setting in settings.items()}


def _sheet(book: Any, listed: SheetRows, formats: Mapping[str, Any], least: int) -> tuple[SheetRows, int]:
    """A sheet with its title, heading and rows; how many rows it has."""
    sheet = book.add_worksheet(listed.name)
    rows = listed.rows.head(MOST_ROWS)
    sheet.write_string(0, 0, listed.title, formats["title"])
    if len(listed.rows) > len(rows):
        said = text("annex.more", n=f"{len(listed.rows) - len(rows):,}", file=listed.file)
        sheet.write_string(1, 0, said, formats["said"])
    declared = _declared(listed)
    for at, (column, label, kind, width) in enumerate(declared):
        sheet.set_column(at, at, width)
        sheet.write_string(_HEADER, at, label, formats["heading"])
        for row, cell in enumerate(_cells(rows, column, kind, least), start=_HEADER + 1):
            _write(sheet, row, at, cell, kind, formats)
    sheet.set_row(_HEADER, 3 * _LINE)
    sheet.freeze_panes(_HEADER + 1, listed.frozen)
    sheet.autofilter(_HEADER, 0, _HEADER + max(len(rows), 1), len(declared) - 1)
    _printed(sheet, len(declared))
    sheet.repeat_rows(_HEADER)
    return listed, len(rows)


def _declared(listed: SheetRows) -> list[tuple[str, str, str, float]]:
    if listed.table == "matrix":
        first = [("destination_name", text("column.destination"), "text", 30.0)]
        return first + [(str(name), str(name), "mixed", 9.0) for name in listed.rows.columns[1:]]
    table = columns(listed.table)
    rows = zip(table["column"], table["label"], table["kind"], table["width"].astype("float64"), strict=True)
    return [(column, label, kind, width) for column, label, kind, width in rows]


def _cells(rows: DataFrame, column: str, kind: str, least: int) -> Iterator[str | float | None]:
    """The cells of a column: a number, a text that says why there is none, or nothing."""
    if kind in ("text", "wrapped", "code", "mixed"):
        yield from rows[column].astype("str")
    elif kind == "look":
        labels = {
            code: look(code).label if code != "_T" else "" for code in rows[column].astype("str").unique()
        }
        yield from rows[column].astype("str").map(labels)
    else:
        said = _said(rows, column, least)
        for number, words in zip(rows[column].astype("float64"), said, strict=True):
            yield words or (None if isnan(number) else number)


def _said(rows: DataFrame, column: str, least: int) -> "Series[str]":
    """What stands in place of a number: `<5`, withheld, below the floor, bounds that lie too far apart."""
    said = Series("", index=rows.index, dtype="str")
    if column not in ("value", "share") or "status" not in rows:
        return said
    status = rows["status"].astype("str")
    said = said.mask((status == "withheld") & rows[column].isna(), text("annex.withheld"))
    said = said.mask((status == "below_floor") & rows[column].isna(), text("annex.below_floor"))
    if column == "value":
        return said.mask((rows["lower"] == 0) & (rows["upper"] == least - 1), f"<{least}")
    if "share_lower" not in rows:
        return said
    loose = rows[is_loose(rows) & rows["share"].notna()]
    ends = zip(loose["share_lower"] * 100, loose["share_upper"] * 100, strict=True)
    between = [text("annex.loose", lower=shown(lower), upper=shown(upper)) for lower, upper in ends]
    return Series(between, loose.index, dtype="str").reindex(said.index).fillna(said)


def _write(sheet: Any, row: int, at: int, cell: Any, kind: str, formats: Mapping[str, Any]) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        is_number = kind == "mixed" and cell.replace(",", "").isdigit()
        if is_number:
            sheet.write_number(row, at, float(cell.replace(",", "")), formats["whole"])
            return
        looks = formats[
            "said" if kind in (*_FORMATS, "mixed") else "wrapped" if kind == "wrapped" else "text"
        ]
        sheet.write_string(row, at, cell[:_LONGEST], looks)
    else:
        sheet.write_number(row, at, cell, formats[kind])


def _readme(
    sheet: Any, written: list[tuple[SheetRows, int]], source: str, formats: Mapping[str, Any], least: int
) -> None:
    """How to read the annex, and what each sheet holds."""
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 92)
    _printed(sheet)
    sheet.write_string(0, 0, text("annex.title"), formats["title"])
    row = 1
    if source:
        sheet.write_string(row, 0, text("annex.source", source=source), formats["text"])
    row += 2
    small = {"least": least or _USUAL, "most": (least or _USUAL) - 1}
    read = text("annex.read", floor=LEAST_AREAS, points=shown(LOOSE), **small)
    for paragraph in read.split("|"):
        sheet.set_row(row, _LINE * max(len(wrap(paragraph, _LETTERS)), 1))
        sheet.merge_range(row, 0, row, 1, paragraph, formats["wrapped"])
        row += 1
    row += 1
    for listed, number in written:
        sheet.write_url(row, 0, f"internal:'{listed.name}'!A1", formats["link"], listed.name)
        sheet.write_string(row, 1, f"{listed.title} ({text('annex.of', n=f'{number:,}')})", formats["text"])
        row += 1


def _printed(sheet: Any, n_columns: int = 0) -> None:
    """As wide as the page: A4 where that can still be read, else A3."""
    sheet.set_landscape()
    sheet.set_paper(_A4 if n_columns <= _MOST_ON_PAGE else _A3)
    sheet.fit_to_pages(1, 0)
