"""The sheets of a questionnaire's workbook, as xlsxwriter draws them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from crimestats.questionnaire.definition import Item, Questionnaire
from crimestats.questionnaire.languages import RIGHT_TO_LEFT
from crimestats.questionnaire.loading import codelist

HEADER = ("questionnaire", "area", "agency", "language", "years", "contact", "part")
FIRST_YEAR = 4  # column E: number, item, ICCS and counting unit stand before the years
_STAMP = datetime(2024, 1, 1, tzinfo=UTC).replace(
    tzinfo=None
)  # a constant, so that equal figures give equal bytes
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?", re.ASCII)  # what a spreadsheet keeps to the last digit
_GREY, _BLUE, _RULE, _BEFORE = "#F2F2F2", "#1F3864", "#BFBFBF", "#D9D9D9"
_LISTS, _LONGEST_LIST = "Lists", 255
_WHOLE = ("number",)  # units of which a cell is checked to be a whole number


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in the cells of a workbook.

    Attributes:
        header: Cells of the first sheet by name.
        area_name: The reporting unit in words.
        years: Reference years.
        values: Figures by item and year.
        before: Which of them were reported before, and stand in grey.
        notes: Notes by item.
        entries: Countries and cities by item.
        answers: Metadata answers by `<module>.<question>`.
    """

    header: Mapping[str, str]
    area_name: str
    years: tuple[int, ...]
    values: Mapping[tuple[str, int], str]
    before: frozenset[tuple[str, int]]
    notes: Mapping[str, str]
    entries: Mapping[str, str]
    answers: Mapping[str, str]


def draw(place: Path, definition: Questionnaire, contents: Contents) -> None:
    """Write the workbook.

    Raises:
        OSError: The place cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    book = xlsxwriter.Workbook(str(place))
    book.set_properties({"title": definition.label("title"), "subject": definition.id, "created": _STAMP})
    is_rtl = definition.language in RIGHT_TO_LEFT
    pen = _Pen(book, _formats(book, is_rtl), is_rtl)
    _start(pen, definition, contents)
    for module in definition.modules:
        if (definition.data["module"] == module["id"]).any():
            _module(pen, definition, module, contents)
    _metadata(pen, definition, contents)
    try:
        book.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Pen:
    book: Any
    formats: Mapping[str, Any]
    is_rtl: bool

    def sheet(self, name: str, title: str, hint: str) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        if self.is_rtl:
            sheet.right_to_left()
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


def _formats(book: Any, is_rtl: bool) -> dict[str, Any]:
    body = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter", "reading_order": 2 if is_rtl else 0}
    grid = {**body, "border": 1, "border_color": _RULE}
    locked = {**grid, "bg_color": _GREY}
    side = {"align": "right"} if is_rtl else {}  # an indent by itself is from the left
    plain = {
        "title": {**body, "bold": True, "font_size": 16, "font_color": _BLUE},
        "hint": {**body, "italic": True, "font_color": "#595959"},
        "text": {**body, "text_wrap": True, "valign": "top"},
        "heading": {**grid, "bold": True, "bg_color": _BLUE, "font_color": "#FFFFFF", "text_wrap": True},
        "year": {**grid, "bold": True, "bg_color": _BLUE, "font_color": "#FFFFFF", "align": "right"},
        "label": {**locked, "text_wrap": True},
        "code": {**locked, "font_color": "#595959", "num_format": "@"},
        "figure": {**grid, "num_format": "#,##0.######", "align": "right", "locked": False},
        "before": {**grid, "num_format": "#,##0.######", "align": "right", "locked": False,
                   "bg_color": _BEFORE, "italic": True, "font_color": "#595959"},
        "answer": {**grid, "num_format": "@", "text_wrap": True, "locked": False},
        "note": {**grid, "locked": False, "font_size": 9, "indent": 1},
    }  # fmt: skip
    return {name: book.add_format(settings) for name, settings in plain.items()} | {
        f"label{depth}": book.add_format({**locked, "text_wrap": True, "indent": depth, **side})
        for depth in range(5)
    }


def _start(pen: _Pen, definition: Questionnaire, contents: Contents) -> None:
    sheet = pen.sheet(
        "Start", definition.label("title"), definition.label("start.questionnaire") + ": " + definition.id
    )
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 80)
    row = 3
    for name in HEADER:
        sheet.write_string(row, 0, definition.label(f"start.{name}"), pen.formats["label"])
        style = "code" if name in ("questionnaire", "part") else "answer"
        sheet.write_string(row, 1, contents.header[name], pen.formats[style])
        pen.name(f"H.{name}", sheet, row, 1)
        row += 1
        if name == "area":
            sheet.write_string(row, 0, definition.label("start.area_name"), pen.formats["label"])
            sheet.write_string(row, 1, contents.area_name, pen.formats["label"])
            row += 1
    row += 1
    hints = (("translation", definition.language != "en"), ("part", bool(contents.header["part"])),
             ("before", bool(contents.before)))  # fmt: skip
    for name in (name for name, is_shown in hints if is_shown):
        sheet.merge_range(row, 0, row, 1, definition.label(f"hint.{name}"), pen.formats["hint"])
        row += 1
    for key in sorted((key for key in definition.labels if key.startswith("instruction.")), key=_ordinal):
        sheet.merge_range(row, 0, row, 1, f"{_ordinal(key)}.  {definition.label(key)}", pen.formats["text"])
        sheet.set_row(row, 28)
        row += 1
    sheet.activate()


def _module(pen: _Pen, definition: Questionnaire, module: Mapping[str, str], contents: Contents) -> None:
    years = contents.years
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
        for unit, run in groupby(items, key=lambda item: item.keys["unit"]):
            first = row + 1
            for item in run:
                row += 1
                _item(pen, definition, sheet, row, item, contents)
            if unit in _WHOLE:
                _check(sheet, definition, first, row, note - 1)
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


def _item(pen: _Pen, definition: Questionnaire, sheet: Any, row: int, item: Item, contents: Contents) -> None:
    sheet.write_string(row, 0, item.number, pen.formats["code"])
    if item.entry:
        named = contents.entries.get(item.item) or definition.label(f"prompt.{item.entry}")
        sheet.write_string(row, 1, named, pen.formats["answer"])
        pen.name(f"L.{item.item}", sheet, row, 1)
    else:
        depth = min(_depth(definition, item), 4)
        sheet.write_string(row, 1, item.label, pen.formats[f"label{depth}"])
    sheet.write_string(row, 2, "" if item.iccs in ("_T", "_Z") else item.iccs, pen.formats["code"])
    sheet.write_string(row, 3, definition.label(f"measure.{item.keys['measure']}"), pen.formats["code"])
    for column, year in enumerate(contents.years, start=FIRST_YEAR):
        key = (item.item, year)
        style = pen.formats["before" if key in contents.before else "figure"]
        _figure(sheet, row, column, contents.values.get(key, ""), style)
        pen.name(f"F.{item.item}.{year}", sheet, row, column)
    column = FIRST_YEAR + len(contents.years)
    sheet.write_string(row, column, contents.notes.get(item.item, ""), pen.formats["note"])
    pen.name(f"N.{item.item}", sheet, row, column)


def _depth(definition: Questionnaire, item: Item) -> int:
    depth = 0
    while item.parent in definition and definition[item.parent].table == item.table:
        item, depth = definition[item.parent], depth + 1
    return depth


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


def _metadata(pen: _Pen, definition: Questionnaire, contents: Contents) -> None:
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
        choices = _choices(definition, question["choices"])
        answer = contents.answers.get(key, "")
        sheet.write_string(row, 3, choices.get(answer, answer), pen.formats["answer"])
        sheet.set_row(row, 30)
        if choices:
            _offer(pen, sheet, row, list(choices.values()))
        pen.name(f"M.{key}", sheet, row, 3)


def _choices(definition: Questionnaire, codes: str) -> dict[str, str]:
    """Codes of a question's answers to what the respondent reads."""
    table = codelist("choice")
    labels = dict(zip(table["code"], table["label"], strict=True))
    return {code: definition.text(labels.get(code, code)) for code in codes.split("|") if code}


def _offer(pen: _Pen, sheet: Any, row: int, texts: list[str]) -> None:
    """A list to choose from; on a hidden sheet where it is long, or commas would part it."""
    source: Any = texts
    if len(",".join(texts)) > _LONGEST_LIST or any("," in text for text in texts):
        lists = pen.book.get_worksheet_by_name(_LISTS) or pen.book.add_worksheet(_LISTS)
        lists.hide()
        lists.write_row(row, 0, texts)
        from xlsxwriter.utility import xl_rowcol_to_cell

        last = xl_rowcol_to_cell(row, len(texts) - 1, True, True)
        source = f"='{_LISTS}'!{xl_rowcol_to_cell(row, 0, True, True)}:{last}"
    sheet.data_validation(row, 3, row, 3, {"validate": "list", "source": source})


def _ordinal(key: str) -> int:
    return int(key.split(".")[1])
