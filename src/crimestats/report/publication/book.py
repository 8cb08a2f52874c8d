"""Trend tables as a workbook: numbers as numbers, flags and bounds beside, every gap with its reason."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.files import replacing
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, SERIES, TOTAL
from crimestats.report.pictures.choosing import By, Chosen, chosen
from crimestats.report.pictures.explaining import explain, notes_of
from crimestats.report.pictures.wording import label, several, text
from crimestats.report.publication.cells import cells, flags, letters, occurring

_STAMP = datetime(2024, 1, 1)  # noqa: DTZ001 - equal figures give equal bytes
_LONGEST_NAME = 31  # letters of a sheet's name
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_KEYS = ("region", "area", "name")
_WIDTHS = {"region": 29, "area": 9, "name": 34}
_HEADER = 3  # row of the column labels, below title and unit
_MOST_LISTED = 1_000_000  # rows that a sheet holds, less its header
_NUMBER, _FLAG = 11, 7
_MOST_ON_PAGE, _SMALLEST = 32, 60  # columns; per cent of the size
_LETTERS, _LINE = 118, 13.5  # of a line of the notes: letters, and points of height


@dataclass(frozen=True, eq=False)
class _Table:
    """One indicator on its sheet."""

    sheet: str
    picked: Chosen
    by: By
    cells: DataFrame

    @property
    def number_format(self) -> str:
        digits = self.picked.digits(self.by)
        return "#,##0" + (f".{'0' * digits}" if digits else "")


def publication_workbook(
    trends: DataFrame,
    path: str | Path,
    *,
    iccs: Sequence[str] | None = None,
    grouping: str | None = None,
    by: Sequence[By] = ("rate",),
    first: int | None = None,
    last: int | None = None,
    source: str | None = None,
    population: str = "",
    on: date | None = None,
) -> Path:
    """Write trend tables as a workbook: a sheet for each indicator, then notes, flags and metadata.

    A cell holds the unrounded figure and shows it with the digits of the table of
    indicators. A missing figure is an empty, shaded cell with its SDMX code in
    the column of flags; the sheet of footnotes says why, figure by figure. What
    stands in the figures' texts becomes no formula and no link. The same
    figures give the same bytes.

    Args:
        trends: Figures (`frames.TRENDS`); every indicator in them has a sheet, at the total of each
            breakdown that has one.
        path: Where to.
        iccs: Categories; all if None.
        grouping: Of the groups; reporting units where not named.
        by: `value`, `rate`, `index`: a sheet for each; where an indicator has no rate, its figures.
        first: First year.
        last: Last year.
        source: Where the figures come from; each series says it itself where not given.
        population: What the rates rest on, as it is to be cited.
        on: The day to name in the metadata; none is named where not given.

    Returns:
        The path.

    Raises:
        CallError: There is no such figure.
        FileError: The path cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    tables = list(_tables(trends, iccs, grouping, by, first, last))
    with replacing(path) as place:
        book = xlsxwriter.Workbook(str(place), {"strings_to_urls": False, "nan_inf_to_errors": False})
        book.set_properties({"title": text("table.title"), "created": _STAMP})
        formats = _formats(book, {table.number_format for table in tables})
        notes = book.add_worksheet(text("sheet.notes"))
        for table in tables:
            _sheet(book.add_worksheet(table.sheet), table, formats)
        _notes(notes, tables, source, formats)
        _footnotes(book.add_worksheet(text("sheet.footnotes")), tables, formats)
        _metadata(book.add_worksheet(text("sheet.metadata")), tables, population, on, formats)
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error
    return Path(path)


def _tables(
    trends: DataFrame,
    iccs: Sequence[str] | None,
    grouping: str | None,
    by: Sequence[By],
    first: int | None,
    last: int | None,
) -> Iterator[_Table]:
    """The indicators by category and series; where no rate is given, the figures stand instead."""
    there = trends[trends["grouping"] == (grouping or NOT_APPLICABLE)]
    for name in BREAKDOWNS:
        codes = there[name].astype("str")
        there = there[codes == TOTAL] if (codes == TOTAL).any() else there
    there = there if iccs is None else there[there["iccs"].isin(list(iccs))]
    if there.empty:
        raise CallError(
            "trends", "no figure of these categories is in it.", "Name others, or leave `iccs` out."
        )
    taken: set[str] = set()
    keys = ["iccs", *SERIES]
    for _, rows in sorted(there.groupby(keys, observed=True, sort=True), key=lambda pair: pair[0]):
        picked = chosen(rows, grouping=grouping, first=first, last=last)
        has_rate = rows["rate_lower"].notna().any()
        for kind in dict.fromkeys("value" if kind == "rate" and not has_rate else kind for kind in by):
            yield _Table(_sheet_name(picked, kind, taken), picked, kind, cells(picked, kind))


def _sheet_name(picked: Chosen, by: By, taken: set[str]) -> str:
    """A name that no other sheet has, of the letters that a workbook allows."""
    parts = [picked.iccs if picked.iccs != TOTAL else text("sheet.all"), picked.series["measure"]]
    parts += [picked.series[name] for name in BREAKDOWNS if picked.series[name] != TOTAL]
    name = _FORBIDDEN.sub(" ", " ".join([*parts, text(f"sheet.{by}")]))[:_LONGEST_NAME].strip()
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name[: _LONGEST_NAME - 4]} ({number})"
    taken.add(free.casefold())
    return free


def _formats(book: Any, numbers: set[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
    dark: dict[str, Any] = {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True}
    aside: dict[str, Any] = {"font_color": "#4A5563", "italic": True}
    settings = {
        "text": {**body, "num_format": "@"},
        "wrapped": {**body, "text_wrap": True},
        "strong": {**body, "bold": True},
        "title": {**body, "bold": True, "font_size": 14},
        "heading": {**body, **dark},
        "year": {**body, **dark, "align": "right", "num_format": "@"},
        "flag": {**body, "font_color": "#6B2F00", "num_format": "@"},
        "missing": {**body, "bg_color": "#E4E8EC"},
        "count": {**body, "num_format": "#,##0"},
        "share": {**body, "num_format": "0", "font_color": "#4A5563"},
        **{name: {**body, "num_format": name} for name in numbers},
        **{f"bound {name}": {**body, "num_format": name, **aside} for name in numbers},
    }  # fmt: skip
    return {name: book.add_format(looks) for name, looks in settings.items()}


def _sheet(sheet: Any, table: _Table, formats: Mapping[str, Any]) -> None:
    """Keys, then for each year the figure, its bounds and its coverage where any is, and its flag."""
    rows = table.cells.assign(code=_codes(table.cells))
    index = ["region", "area", "name", "method"]
    each = rows[index].drop_duplicates().reset_index(drop=True)
    sheet.write_string(0, 0, table.picked.title, formats["title"])
    sheet.write_string(1, 0, table.picked.unit(table.by), formats["text"])
    for at, name in enumerate(_KEYS):
        sheet.write_string(_HEADER, at, text(f"column.{name}"), formats["heading"])
        sheet.set_column(at, at, _WIDTHS[name])
        for row, said in enumerate(each[name], start=_HEADER + 1):
            sheet.write_string(row, at, said, formats["text"])
    at = len(_KEYS)
    for year, of_year in rows.groupby("year", sort=True):
        in_order = each.merge(of_year, on=index, how="left")
        for kind in _kinds(of_year):
            _column(sheet, at, int(str(year)), kind, in_order, table, formats)
            at += 1
    sheet.set_row(_HEADER, 2 * _LINE)
    last = _HEADER + len(each)
    sheet.freeze_panes(_HEADER + 1, len(_KEYS))
    sheet.autofilter(_HEADER, 0, last, at - 1)
    _printed(sheet, at)
    sheet.repeat_rows(_HEADER)
    sheet.repeat_columns(0, len(_KEYS) - 1)


def _printed(sheet: Any, columns: int = 0) -> None:
    """On A4, as wide as the page where that can still be read."""
    sheet.set_landscape()
    sheet.set_paper(9)
    if columns <= _MOST_ON_PAGE:
        sheet.fit_to_pages(1, 0)
    else:
        sheet.set_print_scale(_SMALLEST)


def _kinds(rows: DataFrame) -> list[str]:
    """Which columns a year has: bounds where any of its figures has some, coverage of groups."""
    has_bounds = (rows["lower"].notna() & (rows["lower"] != rows["upper"])).any()
    return [
        "number", *(["lower", "upper"] if has_bounds else []),
        *(["coverage"] if rows["coverage"].notna().any() else []), "code",
    ]  # fmt: skip


def _codes(rows: DataFrame) -> list[str]:
    """What the column of flags says: the SDMX codes of a figure, or of why there is none."""
    missing = rows["missing"].map(dict(flags()["sdmx"])).fillna("")
    return [gap or code for gap, code in zip(missing, letters(rows["flags"], "sdmx"), strict=True)]


def _column(
    sheet: Any, at: int, year: int, kind: str, rows: DataFrame, table: _Table, formats: Mapping[str, Any]
) -> None:
    heading = str(year) if kind == "number" else f"{year} {text(f'column.{kind}')}"
    sheet.write_string(_HEADER, at, heading, formats["year"])
    sheet.set_column(at, at, _FLAG if kind == "code" else _NUMBER)
    if kind == "code":
        for row, said in enumerate(rows["code"].fillna(""), start=_HEADER + 1):
            sheet.write_string(row, at, said, formats["flag"])
        return
    numbers = rows[kind] * 100 if kind == "coverage" else rows[kind]
    if kind in ("lower", "upper"):
        numbers = numbers.where(rows["lower"] != rows["upper"])
    looks = {"number": table.number_format, "coverage": "share"}.get(kind, f"bound {table.number_format}")
    for row, number in enumerate(numbers, start=_HEADER + 1):
        if np.isfinite(number):
            sheet.write_number(row, at, number, formats[looks])
        elif number == np.inf:
            sheet.write_string(row, at, text("column.no_upper"), formats["text"])
        elif kind == "number":
            sheet.write_blank(row, at, None, formats["missing"])


def _notes(sheet: Any, tables: list[_Table], source: str | None, formats: Mapping[str, Any]) -> None:
    """What each sheet holds, and in plain words how to read it."""
    sheet.set_column(0, 0, 110)
    _printed(sheet)
    sheet.write_string(0, 0, text("table.title"), formats["title"])
    row = 2
    for paragraph in text("book.read").split("|"):
        _paragraph(sheet, row, paragraph, formats)
        row += 1
    for table in tables:
        picked, kind = table.picked, table.by
        grouping = picked.grouping if picked.is_of_groups else None
        said = explain(picked.rows.drop(columns="name"), "table", by=kind, grouping=grouping).split("\n\n")
        sheet.write_url(row + 1, 0, f"internal:'{table.sheet}'!A1", formats["strong"], table.sheet)
        for at, paragraph in enumerate([*said, *notes_of(picked, kind, "table", source)], start=row + 2):
            _paragraph(sheet, at, paragraph, formats)
            row = at
        row += 1


def _paragraph(sheet: Any, row: int, paragraph: str, formats: Mapping[str, Any]) -> None:
    """A cell high enough for its lines, since not every program finds that out by itself."""
    sheet.set_row(row, _LINE * max(len(wrap(paragraph, _LETTERS)), 1))
    sheet.write_string(row, 0, paragraph, formats["wrapped"])


def _footnotes(sheet: Any, tables: list[_Table], formats: Mapping[str, Any]) -> None:
    """What the flags mean; then every figure that has one, or is missing, with the reason."""
    table = flags()
    used = dict.fromkeys(name for each in tables for name in occurring(each.cells))
    codes = table["sdmx"].where(table["sdmx"] != "", table["flag"])
    meant = [(str(codes[name]), str(table.loc[name, "meaning"])) for name in used]
    row = _rows(sheet, 0, ("column.code", "column.meaning"), meant, formats)
    listed = [entry for each in tables for entry in _listed(each)]
    columns = ("column.sheet", "column.area", "column.name", "column.year", "column.code", "column.meaning")
    shown = listed[:_MOST_LISTED]
    last = _rows(sheet, row + 1, columns, shown, formats)
    if shown:
        sheet.autofilter(row + 1, 0, last - 1, len(columns) - 1)
    if len(listed) > len(shown):
        sheet.write_string(last, 0, several("book.more", len(listed) - len(shown)), formats["text"])
    _printed(sheet)
    for at, width in enumerate((30, 30, 34, 8, 8, 70)):
        sheet.set_column(at, at, width)


def _listed(table: _Table) -> Iterator[tuple[str | int, ...]]:
    known = flags()["meaning"]
    rows = table.cells.assign(code=_codes(table.cells))
    rows = rows[(rows["flags"] != "") | (rows["missing"] != "")]
    said = {
        both: "; ".join(known[name] for name in both.split())
        for both in (rows["flags"] + " " + rows["missing"]).unique()
    }
    for area, name, year, code, both in zip(
        rows["area"],
        rows["name"],
        rows["year"],
        rows["code"],
        rows["flags"] + " " + rows["missing"],
        strict=True,
    ):
        yield table.sheet, area, name, int(year), code, said[both]


def _rows(
    sheet: Any,
    row: int,
    columns: Sequence[str],
    entries: Sequence[Sequence[str | int]],
    formats: Mapping[str, Any],
) -> int:
    """Write a heading and rows below it; the number of the next free row."""
    for at, key in enumerate(columns):
        sheet.write_string(row, at, text(key), formats["heading"])
    for row, entry in enumerate(entries, start=row + 1):  # noqa: B020 - goes on below the heading
        for at, said in enumerate(entry):
            if isinstance(said, int):
                sheet.write_number(row, at, said, formats["text"])
            else:
                sheet.write_string(row, at, said, formats["text"])
    return row + 1


def _metadata(
    sheet: Any, tables: list[_Table], population: str, on: date | None, formats: Mapping[str, Any]
) -> None:
    """What the figures rest on."""
    import crimestats
    from crimestats.classification import Classification

    rows = [
        (text("meta.classification"), Classification.load("iccs").scheme),
        (text("meta.software"), f"crimestats {crimestats.__version__}"),
        *([(text("meta.population"), population)] if population else []),
        *([(text("meta.on"), on.isoformat())] if on else []),
    ]
    row = _rows(sheet, 0, ("column.what", "column.said"), rows, formats)
    keys = ("iccs", *SERIES)
    columns = ("column.sheet", "column.dimension", "column.code_of", "column.label")
    listed = [
        (table.sheet, name, code, label(name, code) if name != "iccs" else table.picked.title)
        for table in tables
        for name in keys
        if (code := table.picked.iccs if name == "iccs" else table.picked.series[name]) != TOTAL
        or name == "iccs"
    ]
    _rows(sheet, row + 1, columns, listed, formats)
    _printed(sheet)
    for at, width in enumerate((34, 30, 14, 60)):
        sheet.set_column(at, at, width)
