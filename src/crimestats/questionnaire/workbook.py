"""Write a questionnaire as a workbook, empty or pre-filled.

Every input cell carries a defined name, so that rows may be moved, sheets
split and labels translated without losing it: `F.<item>.<year>` for a figure,
`N.<item>` for the note of a row, `M.<module>.<question>` for a metadata answer
and `H.<field>` for the header on the first sheet.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pandas import DataFrame, Series

from crimestats import areas, files
from crimestats.errors import CallError
from crimestats.questionnaire.definition import Item, Questionnaire

HEADER = ("questionnaire", "area", "agency", "language", "years", "contact")
FIRST_YEAR = 4  # column E: number, item, ICCS and counting unit stand before the years
_STAMP = datetime(2024, 1, 1, tzinfo=UTC).replace(
    tzinfo=None
)  # a constant, so that equal figures give equal bytes
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?", re.ASCII)  # what a spreadsheet keeps to the last digit
_AMBIGUOUS = r"\d{1,3}(\.\d{3})+"  # thousands in one country, decimals in another
_GREY, _BLUE, _RULE = "#F2F2F2", "#1F3864", "#BFBFBF"


def build(
    definition: Questionnaire,
    path: str | Path,
    *,
    area: str = "",
    agency: str = "",
    years: Iterable[int] | None = None,
    figures: DataFrame | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write the workbook that a reporting unit fills in.

    Args:
        definition: The questionnaire, loaded in the language of the workbook.
        path: Where to write, ending in `.xlsx`.
        area: Code of the reporting unit (e.g. `MEX`, `GBR_S`); empty for a blank form.
        agency: Who fills it in.
        years: Reference years, one column each; the definition's own where not given.
        figures: To pre-fill: columns year, item, value (a number as text, `<5`,
            or empty) and, where there is more than one reporting unit, area;
            `note`, if there, goes to the row's column of notes.
        metadata: Answers to pre-fill, by `<module>.<question>`.

    Returns:
        The path written.

    Raises:
        CallError: An area, year, item or metadata question is unknown; candidates are named.
        FileError: The path cannot be written.
    """
    columns = tuple(sorted(definition.years if years is None else set(years)))
    values, notes = _prefill(definition, area, columns, figures)
    answers = _answers(definition, metadata or {})
    header = {
        "questionnaire": definition.id,
        "area": area,
        "agency": agency,
        "contact": "",
        "language": str(definition.record.get("language", "en")),
        "years": _span(columns),
    }
    name = _area_name(area)
    with files.replacing(path) as place:
        _write(place, definition, header, name, columns, values, notes, answers)
    return Path(path)


def _write(
    place: Path,
    definition: Questionnaire,
    header: Mapping[str, str],
    name: str,
    columns: tuple[int, ...],
    values: Mapping[tuple[str, int], str],
    notes: Mapping[str, str],
    answers: Mapping[str, str],
) -> None:
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    book = xlsxwriter.Workbook(str(place))
    book.set_properties({"title": definition.label("title"), "subject": definition.id, "created": _STAMP})
    pen = _Pen(book, _formats(book))
    _start(pen, definition, header, name)
    for module in definition.modules:
        _module(pen, definition, module, columns, values, notes)
    _metadata(pen, definition, answers)
    try:
        book.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Pen:
    book: Any
    formats: Mapping[str, Any]

    def sheet(self, name: str, title: str, hint: str) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer("&L&8&A&R&8&P / &N")
        sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
        sheet.write_string(0, 0, title, self.formats["title"])
        sheet.write_string(1, 0, hint, self.formats["hint"])
        sheet.set_row(0, 26)
        return sheet

    def name(self, name: str, sheet: Any, row: int, column: int) -> None:
        from xlsxwriter.utility import xl_rowcol_to_cell

        self.book.define_name(name, f"='{sheet.get_name()}'!{xl_rowcol_to_cell(row, column, True, True)}")


def _formats(book: Any) -> dict[str, Any]:
    body = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
    grid = {**body, "border": 1, "border_color": _RULE}
    locked = {**grid, "bg_color": _GREY}
    plain = {
        "title": {**body, "bold": True, "font_size": 16, "font_color": _BLUE},
        "hint": {**body, "italic": True, "font_color": "#595959"},
        "text": {**body, "text_wrap": True, "valign": "top"},
        "heading": {**grid, "bold": True, "bg_color": _BLUE, "font_color": "#FFFFFF", "text_wrap": True},
        "year": {**grid, "bold": True, "bg_color": _BLUE, "font_color": "#FFFFFF", "align": "right"},
        "label": {**locked, "text_wrap": True},
        "code": {**locked, "font_color": "#595959", "num_format": "@"},
        "figure": {**grid, "num_format": "#,##0.######", "align": "right", "locked": False},
        "answer": {**grid, "num_format": "@", "text_wrap": True, "locked": False},
        "note": {**grid, "locked": False, "font_size": 9, "indent": 1},
    }
    return {name: book.add_format(settings) for name, settings in plain.items()} | {
        f"label{depth}": book.add_format({**locked, "text_wrap": True, "indent": depth}) for depth in range(5)
    }


def _start(pen: _Pen, definition: Questionnaire, header: Mapping[str, str], name_of_area: str) -> None:
    sheet = pen.sheet(
        "Start", definition.label("title"), definition.label("start.questionnaire") + ": " + definition.id
    )
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 80)
    row = 3
    for name in HEADER:
        sheet.write_string(row, 0, definition.label(f"start.{name}"), pen.formats["label"])
        sheet.write_string(row, 1, header[name], pen.formats["code" if name == "questionnaire" else "answer"])
        pen.name(f"H.{name}", sheet, row, 1)
        row += 1
        if name == "area":
            sheet.write_string(row, 0, definition.label("start.area_name"), pen.formats["label"])
            sheet.write_string(row, 1, name_of_area, pen.formats["label"])
            row += 1
    row += 1
    for key in sorted((key for key in definition.labels if key.startswith("instruction.")), key=_ordinal):
        sheet.merge_range(row, 0, row, 1, f"{_ordinal(key)}.  {definition.label(key)}", pen.formats["text"])
        sheet.set_row(row, 28)
        row += 1
    sheet.activate()


def _module(
    pen: _Pen,
    definition: Questionnaire,
    module: Mapping[str, str],
    years: tuple[int, ...],
    values: Mapping[tuple[str, int], str],
    notes: Mapping[str, str],
) -> None:
    title = f"{module['number']}  {definition.label('module.' + module['id'])}"
    sheet = pen.sheet(module["sheet"], title, definition.label("prompt.figure"))
    sheet.freeze_panes(2, FIRST_YEAR)
    sheet.repeat_rows(0, 1)
    note = FIRST_YEAR + len(years)
    for first, last, width in (
        (0, 0, 8),
        (1, 1, 60),
        (2, 2, 12),
        (3, 3, 16),
        (FIRST_YEAR, note - 1, 10),
        (note, note, 60),
    ):
        sheet.set_column(first, last, width)
    row = 3
    for table, items in _tables(definition, module["id"]):
        _heading(pen, definition, sheet, row, table, years)
        _check(sheet, definition, row + 1, row + len(items), note - 1)
        for item in items:
            row += 1
            _item(pen, definition, sheet, row, item, years, values, notes)
        row += 2
    sheet.print_area(0, 0, row - 2, note)


def _tables(definition: Questionnaire, module: str) -> list[tuple[str, list[Item]]]:
    tables: dict[str, list[Item]] = {}
    for item in definition:
        if item.module == module:
            tables.setdefault(item.table, []).append(item)
    return list(tables.items())


def _heading(
    pen: _Pen, definition: Questionnaire, sheet: Any, row: int, table: str, years: tuple[int, ...]
) -> None:
    texts = (
        table,
        definition.label(f"table.{table}"),
        definition.label("heading.iccs"),
        definition.label("heading.measure"),
    )
    for column, text in enumerate(texts):
        sheet.write_string(row, column, text, pen.formats["heading"])
    for column, year in enumerate(years, start=FIRST_YEAR):
        sheet.write_number(row, column, year, pen.formats["year"])
    sheet.write_string(row, FIRST_YEAR + len(years), definition.label("heading.note"), pen.formats["heading"])
    sheet.set_row(row, 30)


def _item(
    pen: _Pen,
    definition: Questionnaire,
    sheet: Any,
    row: int,
    item: Item,
    years: tuple[int, ...],
    values: Mapping[tuple[str, int], str],
    notes: Mapping[str, str],
) -> None:
    depth = min(_depth(definition, item), 4)
    sheet.write_string(row, 0, item.number, pen.formats["code"])
    sheet.write_string(row, 1, item.label, pen.formats[f"label{depth}"])
    sheet.write_string(row, 2, "" if item.iccs in ("_T", "_Z") else item.iccs, pen.formats["code"])
    sheet.write_string(row, 3, definition.label(f"measure.{item.keys['measure']}"), pen.formats["code"])
    for column, year in enumerate(years, start=FIRST_YEAR):
        _figure(sheet, row, column, values.get((item.item, year), ""), pen.formats["figure"])
        pen.name(f"F.{item.item}.{year}", sheet, row, column)
    column = FIRST_YEAR + len(years)
    sheet.write_string(row, column, notes.get(item.item, ""), pen.formats["note"])
    pen.name(f"N.{item.item}", sheet, row, column)


def _figure(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    if _NUMBER.fullmatch(text):
        sheet.write_number(row, column, float(text), style)
    else:
        sheet.write_string(row, column, text, style)


def _check(sheet: Any, definition: Questionnaire, first: int, last: int, column: int) -> None:
    from xlsxwriter.utility import xl_rowcol_to_cell

    cell = xl_rowcol_to_cell(first, FIRST_YEAR)
    check = {
        "validate": "custom",
        "value": f"=OR(ISTEXT({cell}),AND(ISNUMBER({cell}),{cell}>=0,{cell}=INT({cell})))",
        "error_type": "warning",
        "error_title": definition.id,
        "error_message": definition.label("prompt.figure"),
    }
    sheet.data_validation(first, FIRST_YEAR, last, column, check)


def _metadata(pen: _Pen, definition: Questionnaire, answers: Mapping[str, str]) -> None:
    sheet = pen.sheet("Metadata", definition.label("heading.metadata"), definition.label("instruction.7"))
    sheet.freeze_panes(4, 0)
    sheet.repeat_rows(3)
    for column, (heading, width) in enumerate(
        (("number", 8), ("module", 24), ("question", 62), ("answer", 50))
    ):
        sheet.set_column(column, column, width)
        sheet.write_string(3, column, definition.label(f"heading.{heading}"), pen.formats["heading"])
    for row, question in enumerate(definition.metadata.to_dict("records"), start=4):
        key = f"{question['module']}.{question['question']}"
        sheet.write_string(row, 0, f"M{row - 3}", pen.formats["code"])
        sheet.write_string(row, 1, definition.label(f"module.{question['module']}"), pen.formats["label"])
        sheet.write_string(row, 2, definition.label(f"metadata.{question['question']}"), pen.formats["label"])
        sheet.write_string(row, 3, answers.get(key, ""), pen.formats["answer"])
        sheet.set_row(row, 30)
        if question["choices"]:
            sheet.data_validation(
                row, 3, row, 3, {"validate": "list", "source": question["choices"].split("|")}
            )
        pen.name(f"M.{key}", sheet, row, 3)


def _prefill(
    definition: Questionnaire, area: str, years: tuple[int, ...], figures: DataFrame | None
) -> tuple[dict[tuple[str, int], str], dict[str, str]]:
    if figures is None:
        return {}, {}
    lacking = [name for name in ("year", "item", "value") if name not in figures]
    if lacking:
        raise CallError(
            "figures",
            f"has no column {lacking[0]}.",
            "Columns: area, year, item, value and, if wanted, note.",
        )
    own = figures[figures["area"] == area] if "area" in figures else figures
    if len(figures) and not len(own):
        raise CallError(
            "figures, column area",
            f"has no row of `{area}`." if area else "names areas, and the workbook none.",
            f"Name one of {', '.join(sorted(set(figures['area']))[:8])}.",
        )
    texts = own.assign(
        year=own["year"].astype(str).str.strip(), value=own["value"].fillna("").astype(str).str.strip()
    )
    _known(texts["item"], definition.data["item"], "item")
    _known(texts["year"], [str(year) for year in years], "year")
    twice = texts[texts.duplicated(["item", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise CallError(
            f"figures, {row['item']} {row['year']}",
            "stands twice.",
            "Give one figure for an item and a year.",
        )
    doubtful = texts[texts["value"].str.fullmatch(_AMBIGUOUS)]
    if len(doubtful):
        row = doubtful.iloc[0]
        fault = f"`{row['value']}` may be a thousand times as much."
        raise CallError(
            f"figures, {row['item']} {row['year']}",
            fault,
            "Write it without a point, or without the noughts.",
        )
    keys = zip(texts["item"], texts["year"].astype(int), strict=True)
    values = dict(zip(keys, texts["value"], strict=True))
    if "note" not in texts:
        return values, {}
    noted = texts[texts["note"].fillna("") != ""].drop_duplicates(["item", "note"])
    return values, {str(item): "; ".join(group) for item, group in noted.groupby("item")["note"]}


def _answers(definition: Questionnaire, metadata: Mapping[str, str]) -> Mapping[str, str]:
    _known(
        metadata, definition.metadata["module"] + "." + definition.metadata["question"], "metadata question"
    )
    return metadata


def _known(given: Iterable[str], known: Iterable[str], what: str) -> None:
    names = list(known)
    unknown = sorted(set(given) - set(names))
    if unknown:
        near = difflib.get_close_matches(unknown[0], names, n=3) or names[:3] + names[-1:]
        raise CallError(
            f"{what} `{unknown[0]}`", "is not in the questionnaire.", f"Did you mean {', '.join(near)}?"
        )


def _area_name(area: str) -> str:
    if not area:
        return ""
    names = areas.areas().set_index("area")["name"]
    if area not in names.index:
        found = areas.match(Series([area])).iloc[0]
        spelt = ", ".join(difflib.get_close_matches(area.upper(), list(names.index), n=3))
        near = (
            found["area"]
            if found["area"] in names.index
            else found["candidates"] or spelt or "a three-letter code"
        )
        raise CallError(f"area `{area}`", "is not a reporting unit.", f"Did you mean {near}?")
    return str(names[area])


def _depth(definition: Questionnaire, item: Item) -> int:
    depth = 0
    while item.parent and definition[item.parent].table == item.table:
        item, depth = definition[item.parent], depth + 1
    return depth


def _span(years: tuple[int, ...]) -> str:
    whole = tuple(range(years[0], years[-1] + 1)) == years
    return f"{years[0]}:{years[-1]}" if whole else " ".join(str(year) for year in years)


def _ordinal(key: str) -> int:
    return int(key.split(".")[1])
