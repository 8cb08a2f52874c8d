"""A review queue as an Excel sheet to decide in."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pandas import DataFrame

from crimestats import files
from crimestats.classification import Classification
from crimestats.coding.review import CANDIDATES, CAUSES, tidy, titles
from crimestats.errors import CallError

REVIEW, CODES, START = "Review", "ICCS", "Instructions"
NO_CATEGORY = "0 no category"
LONGEST = 1500
"""Characters of a text that are shown."""

_HEADING = 3
_MOST = 1_000_000
_STAMP = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # equal queues give equal bytes
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_GREY, _BLUE, _RULE, _YELLOW = "#F2F2F2", "#1F3864", "#BFBFBF", "#FFF9E5"
_INSTRUCTIONS = (
    "Go through the sheet “Review” from above; the texts with most cases come first.",
    "In “Decided”, choose a candidate from the list, or type any code of the sheet “ICCS”. "
    "Cells are text: a code keeps its zero.",
    "Choose “0 no category” where the text is no offence, or stands for all or for other offences together.",
    "Where the text covers several categories, decide on the parent that holds them all.",
    "Name at least a division (four digits); a section (two digits) only if the text is that wide.",
    "Attempts, conspiracy and the use of computers have no codes of their own, homicide aside: decide on the "
    "act. The column “Tags” says what was met.",
    "Put your name into “Coder” in every line that you decide, and a reason into “Why” where it helps.",
    "Leave “Decided” empty where you cannot say: the text will come again.",
    "Do not change the columns “Text” and “Id”. Lines may be filtered; what is missing is reported.",
    "A cell with a red corner shows the scope note of the category when the mouse rests on it.",
)

_BLIND = "You decide blind: no code is suggested, and the candidates stand in the order of their codes."


class _Column(NamedTuple):
    heading: str
    width: int
    style: str
    is_shown_blind: bool = True


_COLUMNS = (
    _Column("No.", 6, "number"),
    _Column("Code", 12, "text"),
    _Column("Text", 40, "strong"),
    _Column("Suggested", 21, "text", False),
    *(_Column(f"Candidate {rank}", 21, "text") for rank in range(1, CANDIDATES + 1)),
    _Column("None", 11, "grey"),
    _Column("Decided", 24, "answer"),
    _Column("Why", 24, "answer"),
    _Column("Coder", 10, "answer"),
    _Column("Cases", 9, "number"),
    _Column("In the queue because", 30, "small", False),
    _Column("Tags", 9, "small"),
    _Column("Id", 18, "grey"),
)


def write_sheet(queue: DataFrame, path: Path | str, coder: str = "", is_blind: bool = False) -> Path:
    """Write a queue as a workbook to decide in.

    Args:
        queue: As `review.queue` gives it.
        path: Ending in `.xlsx`.
        coder: Whose name is filled in.
        is_blind: Show no suggestion, and the candidates in the order of their codes.

    Raises:
        CallError: The queue has more texts than a sheet has lines.
        FileError: The path cannot be written.
    """
    if len(queue) > _MOST:
        fault = f"has {len(queue):,} texts, a sheet room for {_MOST:,}."
        raise CallError("queue", fault, "Review a part of the suggestions.")
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    with files.replacing(path) as place:
        book = xlsxwriter.Workbook(str(place))
        book.set_properties({"title": "Review of ICCS codes", "created": _STAMP})
        styles = {name: book.add_format(settings) for name, settings in _styles().items()}
        language = str(queue["language"].iloc[0]) if len(queue) else ""
        _start(book.add_worksheet(START), styles, queue, is_blind)
        _review(book.add_worksheet(REVIEW), styles, queue, coder, is_blind)
        _codes(book.add_worksheet(CODES), styles, language)
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error
    return Path(path)


def shown_text(text: str) -> str:
    """A text as a cell shows it: without control characters, and cut off where it is too long.

    >>> shown_text(f"a{chr(7)}b")
    'a b'
    """
    plain = tidy(_HIDDEN.sub(" ", text))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rstrip() + "…"


def _styles() -> dict[str, dict[str, Any]]:
    cell = {"font_name": "Calibri", "font_size": 10, "valign": "top", "text_wrap": True}
    grid = {**cell, "border": 1, "border_color": _RULE, "num_format": "@", "quote_prefix": True}
    return {
        "title": {"font_name": "Calibri", "font_size": 15, "bold": True, "font_color": _BLUE},
        "hint": {"font_name": "Calibri", "font_size": 10, "font_color": "#595959"},
        "plain": {**cell, "align": "left"},
        "heading": {**cell, "bold": True, "bg_color": _BLUE, "font_color": "#FFFFFF", "valign": "vcenter",
                    "border": 1, "border_color": _RULE},
        "number": {**cell, "border": 1, "border_color": _RULE, "num_format": "#,##0", "bg_color": _GREY,
                   "align": "right", "indent": 1},
        "text": {**grid, "bg_color": _GREY},
        "strong": {**grid, "bg_color": _GREY, "bold": True},
        "small": {**grid, "bg_color": _GREY, "font_size": 9},
        "grey": {**grid, "bg_color": _GREY, "font_size": 9, "font_color": "#7F7F7F"},
        "answer": {**grid, "quote_prefix": False, "bg_color": _YELLOW, "locked": False},
        "code": {**grid, "bold": True},
        "entry": grid,
    }  # fmt: skip


def _start(sheet: Any, styles: Mapping[str, Any], queue: DataFrame, is_blind: bool) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, "Review of ICCS codes", styles["title"])
    sheet.write_string(1, 0, _name(queue, is_blind), styles["hint"])
    texts = list(_INSTRUCTIONS)
    if is_blind:
        texts.insert(
            1, "You decide blind: no code is suggested, and the candidates stand in the order of their codes."
        )
    for number, text in enumerate(texts, start=1):
        sheet.write_number(number + 2, 0, number, styles["plain"])
        sheet.write_string(number + 2, 1, text, styles["plain"])
        sheet.set_row(number + 2, 16 * _height(text, 100))
    _page(sheet)


def _review(sheet: Any, styles: Mapping[str, Any], queue: DataFrame, coder: str, is_blind: bool) -> None:
    columns = [
        each
        for each in _COLUMNS
        if (each.is_shown_blind or not is_blind) and (each.heading != "Code" or queue["national_code"].any())
    ]
    places = {each.heading: place for place, each in enumerate(columns)}
    sheet.write_string(0, 0, "Review of ICCS codes", styles["title"])
    sheet.write_string(1, 0, _name(queue, is_blind), styles["hint"])
    hint = f"Decide in the yellow cells; what they mean stands on the sheet “{START}”."
    sheet.write_string(1, places["Text"] + 1, hint, styles["hint"])
    for place, each in enumerate(columns):
        sheet.set_column(place, place, each.width)
        sheet.write_string(_HEADING, place, each.heading, styles["heading"])
    sheet.set_row(_HEADING, 30)
    for number, unit in enumerate(queue.to_dict("records"), start=1):
        _line(sheet, styles, _HEADING + number, columns, _cells(number, unit, coder, is_blind))
    last = _HEADING + max(len(queue), 1)
    _choices(sheet, places, last, is_blind)
    sheet.freeze_panes(_HEADING + 1, places["Text"] + 1)
    sheet.autofilter(_HEADING, 0, last, len(columns) - 1)
    sheet.repeat_rows(_HEADING)
    allowed = ("format_columns", "format_rows", "autofilter", "select_locked_cells")
    sheet.protect("", dict.fromkeys(allowed, True))
    sheet.activate()
    sheet.set_selection(_HEADING + 1, places["Decided"], _HEADING + 1, places["Decided"])
    _page(sheet)


def _cells(number: int, unit: Mapping[Any, Any], coder: str, is_blind: bool) -> dict[str, tuple[Any, str]]:
    """What stands under each heading, and its scope note."""
    offered = [
        (str(unit[f"candidate_{rank}"]), str(unit[f"title_{rank}"]), str(unit[f"note_{rank}"]))
        for rank in range(1, CANDIDATES + 1)
    ]
    if is_blind:
        offered.sort(key=lambda each: (each[0] == "", each[0]))
    candidates = {
        f"Candidate {rank}": (f"{code} {title}".strip(), note)
        for rank, (code, title, note) in enumerate(offered, start=1)
    }
    suggested = str(unit["suggested"])
    called = (
        titles(Classification.load("iccs"), str(unit["language"])).get(suggested, "") if suggested else ""
    )
    cause = CAUSES.get(str(unit["cause"]), str(unit["cause"]))
    because = f"{cause[:1].upper()}{cause[1:]}. {unit['reason']}"
    return {
        "No.": (number, ""),
        "Code": (unit["national_code"], ""),
        "Text": (unit["text"], ""),
        "Suggested": (f"{suggested} {called}".strip(), ""),
        **candidates,
        "None": (NO_CATEGORY, ""),
        "Decided": ("", ""),
        "Why": ("", ""),
        "Coder": (coder, ""),
        "Cases": (float(unit["weight"]), ""),
        "In the queue because": (because, ""),
        "Tags": (unit["tags"], ""),
        "Id": (unit["unit"], ""),
    }  # fmt: skip


def _line(
    sheet: Any,
    styles: Mapping[str, Any],
    row: int,
    columns: list[_Column],
    cells: Mapping[str, tuple[Any, str]],
) -> None:
    height = 1
    for place, each in enumerate(columns):
        value, note = cells[each.heading]
        if each.style == "number":
            sheet.write_number(row, place, value, styles["number"])
            continue
        text = shown_text(str(value))
        sheet.write_string(row, place, text, styles[each.style])
        height = max(height, _height(text, each.width))
        if note:
            size = {
                "x_scale": 2.2,
                "y_scale": max(0.5, 0.22 * _height(note, 46)),
                "font_size": 9,
                "author": "",
            }
            sheet.write_comment(row, place, note, size)
    sheet.set_row(row, min(13.5 * height + 4, 400))


def _choices(sheet: Any, places: Mapping[str, int], last: int, is_blind: bool) -> None:
    """The list of each line: what stands from the suggestion to `0 no category`; other entries are free."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    first = places["Candidate 1" if is_blind else "Suggested"]
    cells = (xl_rowcol_to_cell(_HEADING + 1, place, col_abs=True) for place in (first, places["None"]))
    source = "=" + ":".join(cells)
    choice = {"validate": "list", "source": source, "show_error": False, "ignore_blank": True}
    sheet.data_validation(_HEADING + 1, places["Decided"], last, places["Decided"], choice)


def _codes(sheet: Any, styles: Mapping[str, Any], language: str) -> None:
    iccs = Classification.load("iccs")
    called = titles(iccs, language)
    columns = (("Code", 10, "code"), ("Title", 60, "entry"), ("Scope note", 80, "entry"))
    for place, (heading, width, _) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, styles["heading"])
    for row, category in enumerate(iccs, start=1):
        indent = "    " * (category.level - 1)
        note = iccs.note(category.code, language) or iccs.note(category.code)
        texts = (category.code, indent + called[category.code], note)
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, styles[columns[place][2]])
        height = max(_height(text, width) for text, (_, width, _) in zip(texts, columns, strict=True))
        sheet.set_row(row, 13.5 * height + 2)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(iccs), len(columns) - 1)
    sheet.repeat_rows(0)
    _page(sheet)


def _page(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_footer("&L&8&A&R&8&P / &N")


def _name(queue: DataFrame, is_blind: bool) -> str:
    own = str(queue["round"].iloc[0]) if len(queue) else "empty"
    return f"Queue {own}{' (blind)' if is_blind else ''}"


def _height(text: str, width: int) -> int:
    """Lines that a text fills in a column; a full-width letter counts two."""
    letters = sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
    return max(1, -(-letters // width))
