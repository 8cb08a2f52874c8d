"""The sheets of a published workbook as one long table of texts, whatever stands above and beside it."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from pandas import DataFrame, concat

from crimestats.areas.labels import spelling
from crimestats.errors import FileError
from crimestats.files import read_csv, shipped
from crimestats.returns.guard import Limits, RefusedError
from crimestats.returns.package import column_letters, oddities, open_package

COLUMNS = (
    "iso3", "country", "region", "subregion", "indicator", "dimension", "category", "sex", "age",
    "year", "unit", "value", "source",
)  # fmt: skip
"""The columns of the data portal's layout, as they are called here."""

NEEDED = frozenset({"indicator", "category", "year", "value"})
"""Columns without which a sheet is not in that layout; beside them a country or its code."""

PLACE = ("sheet", "cell", "row")

RELEASE = Limits(inflated=512 << 20, cells=4_000_000, area=12_000_000, areas=24_000_000, text=512 << 20)
"""What a published workbook may cost. The largest supplied (prisons, May 2023) has 65,800 rows,
855,000 cells and 30 MB inflated, ten times as many cells as a return: four times that is let in,
and still less than half a gigabyte is held at once."""

_TITLE_ROWS = 60  # a heading that has not come by then does not come; the older releases have 14 above it
_YEAR = re.compile(r"(?:19|20)\d{2}")
_TERM = re.compile(r"['“‘\"]\s*([^'“”‘’\"]{3,60}?)\s*['”’\"]")
_LEAST_YEARS = 3
_ERROR = re.compile(rb"""t\s*=\s*["']e["']""")


@dataclass(slots=True)
class Sheets:
    """What a file holds.

    Attributes:
        table: One row for each row of figures: `COLUMNS`, sheet, cell, row (all text).
        facts: What was not read: kind (as in `_fault.<kind>`), sheet and what there is to say.
    """

    table: DataFrame
    facts: list[tuple[str, str, str]] = field(default_factory=list)


def read_sheets(path: Path) -> Sheets:
    """Read every sheet of a published file that has figures in a layout known.

    The heading is looked for under the title rows; its columns may stand in any
    order. What cannot be read is a fact and not an exception.

    Raises:
        FileError: There is no such file.
    """
    data = _load(path)
    read = Sheets(DataFrame(columns=[*COLUMNS, *PLACE], dtype="str"))
    try:
        named = [(path.stem, _records(data))] if path.suffix.lower() == ".csv" else _worksheets(data)
        tables = [table for name, rows in named if (table := _table(name, rows, read.facts)) is not None]
    except RefusedError as error:
        read.facts.append((error.kind, "_Z", error.detail))
        return read
    if tables:
        read.table = concat(tables, ignore_index=True).astype("str")
    else:
        read.facts.append(("no_figures", "_Z", "No sheet has a heading that is known."))
    return read


def _load(path: Path) -> bytes:
    """The bytes of an ordinary file of a size that is read; a pipe would keep the reader waiting."""
    try:
        if path.exists() and not path.is_file():
            raise FileError(str(path), "is no ordinary file.", "Give a workbook or a CSV file.")
        if path.stat().st_size > RELEASE.packed:
            remedy = "Give the workbook as the publisher has it, or a part of it."
            raise FileError(str(path), f"has {path.stat().st_size:,} bytes, too many to be read.", remedy)
        return path.read_bytes()
    except OSError as error:
        raise FileError(str(path), f"cannot be read ({error.strerror}).", "Check the path.") from error


def _records(data: bytes) -> list[list[Any]]:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return [*csv.reader(StringIO(data.decode(encoding), newline=""))]
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise RefusedError("unreadable", f"The file is not CSV ({error}).") from error
    raise RefusedError("unreadable", "The file is not text.")


def _worksheets(data: bytes) -> list[tuple[str, list[list[Any]]]]:
    """Sheets from their first cell on, since the size that they state is often wrong; errors as they show."""
    from python_calamine import CalamineError, CalamineWorkbook

    package = open_package(data, RELEASE)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
            if package.sheets.get(name) in package.grids
        }
    except (CalamineError, OSError, ValueError) as error:
        raise RefusedError("unreadable", f"The workbook cannot be read ({error}).") from error
    for name, rows in sheets.items():
        cells = package.grids[package.sheets[name]]
        if b"<f" not in cells and not _ERROR.search(cells):
            continue
        for odd in oddities(package, name):
            row, column = odd.place
            if odd.kind in ("error_value", "formula_not_computed") and row < len(rows):
                rows[row][column] = odd.text
    return [*sheets.items()]


def _table(name: str, rows: list[list[Any]], facts: list[tuple[str, str, str]]) -> DataFrame | None:
    """A sheet's figures; None, and a fact, where it has no heading that is known."""
    for number, row in enumerate(rows[:_TITLE_ROWS]):
        if place := _heading(row):
            facts += _untold(name, place)
            return _long(name, rows, number, place)
        if (first := _first_year(row)) is not None:
            return _wide(name, rows, number, first, facts)
    if any(cell not in ("", None) for row in rows for cell in row):
        facts.append(("sheet_unread", name, f"Its first row is “{_joined(rows)}”."))
    return None


def _joined(rows: Sequence[Sequence[Any]]) -> str:
    first = next(row for row in rows if any(cell not in ("", None) for cell in row))
    return "; ".join(text(cell) for cell in first if cell not in ("", None))[:120]


def _heading(row: Sequence[Any]) -> dict[str, int]:
    """Columns by name, if the row is a heading of the portal's layout."""
    place: dict[str, int] = {}
    for number, cell in enumerate(row):
        if isinstance(cell, str) and (name := _headings().get(spelling(cell).replace(" ", ""))):
            place.setdefault(name, number)
    is_heading = place.keys() >= NEEDED and bool(place.keys() & {"iso3", "country"})
    return place if is_heading else {}


def _untold(name: str, place: dict[str, int]) -> list[tuple[str, str, str]]:
    missing = [column for column in COLUMNS if column not in place]
    return [("column_absent", name, f"It has no column {', '.join(missing)}.")] if missing else []


def _long(name: str, rows: list[list[Any]], heading: int, place: dict[str, int]) -> DataFrame:
    filled = [
        (number, row)
        for number, row in enumerate(rows[heading + 1 :], start=heading + 2)
        if any(cell not in ("", None) for cell in row)
    ]
    columns = {
        column: [text(row[place[column]]) if place[column] < len(row) else "" for _, row in filled]
        if column in place
        else [""] * len(filled)
        for column in COLUMNS
    }
    letters = column_letters(place["value"])
    cells = [f"{letters}{number}" for number, _ in filled]
    return DataFrame(
        {**columns, "sheet": name, "cell": cells, "row": [str(n) for n, _ in filled]}, dtype="str"
    )


def _first_year(row: Sequence[Any]) -> int | None:
    """The first of several columns headed by years, where a column before names the country."""
    years = [number for number, cell in enumerate(row) if _YEAR.fullmatch(text(cell))]
    named = [_headings().get(spelling(text(cell)).replace(" ", "")) for cell in row]
    return years[0] if len(years) >= _LEAST_YEARS and "country" in named[: years[0]] else None


def _wide(
    name: str, rows: list[list[Any]], heading: int, first: int, facts: list[tuple[str, str, str]]
) -> DataFrame:
    """The layout of about 2012: a country a row, years as columns, the offence in the definition above."""
    above = " ".join(text(cell) for row in rows[:heading] for cell in row if cell not in ("", None))
    term = found[1] if (found := _TERM.search(above)) else ""
    unit = text(rows[heading - 1][first]) if heading and first < len(rows[heading - 1]) else ""
    named = [_headings().get(spelling(text(cell)).replace(" ", "")) for cell in rows[heading]]
    country = named.index("country")
    variable = next(
        (n for n, cell in enumerate(rows[heading][:first]) if spelling(text(cell)) == "variable"), None
    )
    years = {n: text(cell) for n, cell in enumerate(rows[heading]) if _YEAR.fullmatch(text(cell))}
    lines = [
        (number, whose, said or term, year, letters, text(row[column]))
        for number, whose, said, row in _countries(rows, heading, country, variable)
        for column, year in years.items()
        if column < len(row) and text(row[column]) and (letters := column_letters(column))
    ]
    if not lines:
        facts.append(("sheet_unread", name, "It has no figures below its years."))
    table = DataFrame(lines, columns=["row", "country", "category", "year", "letters", "value"], dtype="str")
    table = table.assign(**{column: "" for column in COLUMNS if column not in table})
    return table.assign(indicator=LEGACY, unit=unit, sheet=name, cell=table["letters"] + table["row"])[
        [*COLUMNS, *PLACE]
    ]


LEGACY = "Definition"
"""What stands for the indicator where the offence is named by a definition above the table."""


def _countries(
    rows: list[list[Any]], heading: int, country: int, variable: int | None
) -> Iterator[tuple[int, str, str, list[Any]]]:
    """Rows of figures: number, country (of the row above where it has several), variable and cells."""
    whose = ""
    for number, row in enumerate(rows[heading + 1 :], start=heading + 2):
        own = text(row[country]) if country < len(row) else ""
        if own or variable is None:
            whose = own
        said = text(row[variable]) if variable is not None and variable < len(row) else ""
        if whose:
            yield number, whose, said, row


def text(cell: Any) -> str:
    """A cell as text: a whole number without the `.0` of a spreadsheet, spaces of all kinds as one.

    >>> text(2013.0), text(" Côte  d’Ivoire "), text(57.12), text(None)
    ('2013', 'Côte d’Ivoire', '57.12', '')
    """
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if hasattr(cell, "year") and (cell.month, cell.day) == (1, 1):
        return str(cell.year)
    return "" if cell is None else str(cell)


@cache
def _headings() -> dict[str, str]:
    table = read_csv(shipped("questionnaires", "published", "columns.csv"), ("column", "heading"))
    headings = (spelling(heading).replace(" ", "") for heading in table["heading"])
    return dict(zip(headings, table["column"], strict=True))
