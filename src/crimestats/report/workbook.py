"""The findings as a workbook, in which a statistician decides: accept what is right, or reopen."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from crimestats.errors import DefinitionError, FileError
from crimestats.files import replacing

DECISIONS = ("accept", "reopen")
SHEET, ID = "Findings", "finding_id"

_COLUMNS = ("decision", "reason")
_ROWS = 1_000_000  # findings on a sheet; what is beyond stands on a further one
_LONGEST = 32_767  # characters that a cell holds
_STAMP = datetime(2024, 1, 1)  # noqa: DTZ001 - equal findings give equal bytes
_COLOURS = {"error": "#F8D7D7", "query": "#FCEBC8", "note": "#DCEAF5"}
_WIDTHS = {
    "finding_id": 18, "questionnaire": 14, "rule": 12, "return_id": 18, "area": 7, "year": 7, "cell": 8,
    "item": 28, "message": 60, "question": 60, "answer": 40, "decision": 11, "reason": 40,
    "value": 14, "expected": 16, "others": 18,
}  # fmt: skip
_WIDTH, _WRAPPED = 12, ("message", "question", "answer", "reason")


def write_findings(findings: DataFrame, path: str | Path) -> Path:
    """Write findings as a workbook in which the office decides.

    Texts stand as texts, so that nothing in a return becomes a formula or a link; years are
    numbers. The columns `decision` (accept or reopen) and `reason` are empty; `read_decisions`
    reads them.

    Args:
        findings: `frames.FINDINGS`, what `store.settle` returned, or what `store.known` gives.
        path: Where to.

    Returns:
        The path.

    Raises:
        FileError: The path cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    with replacing(path) as place:
        book = xlsxwriter.Workbook(str(place), {"strings_to_urls": False})
        book.set_properties({"title": SHEET, "created": _STAMP})
        formats = _formats(book)
        for start in range(0, max(len(findings), 1), _ROWS):
            name = SHEET if not start else f"{SHEET} {start // _ROWS + 1}"
            _sheet(book.add_worksheet(name), findings.iloc[start : start + _ROWS], formats)
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error
    return Path(path)


def read_decisions(path: str | Path) -> DataFrame:
    """Read what was decided in such a workbook.

    Returns:
        Columns `finding_id`, `decision` (`accept` or `reopen`) and `reason`, of the findings that have one.

    Raises:
        FileError: It is not there or no workbook.
        DefinitionError: A column is missing, a decision is none, or has no reason; the row is named.
    """
    tables = [_table(name, rows, path) for name, rows in _rows(path)]
    found = [table for table in tables if table is not None]
    if not found:
        fault = f"has no column {ID}, decision and reason in its first row."
        raise DefinitionError(str(path), fault, "Give the workbook that `write_findings` wrote.")
    table = pd.concat(found, ignore_index=True)
    table["decision"] = table["decision"].str.casefold()
    _check(table, path)
    return table.loc[table["decision"] != "", [ID, *_COLUMNS]].reset_index(drop=True)


def _formats(book: Any) -> dict[str, Any]:
    body = {"font_name": "Calibri", "font_size": 10, "valign": "top", "num_format": "@"}
    rule = {"border": 1, "border_color": "#BFBFBF"}
    plain = {name: {**body, **rule, "bg_color": colour} for name, colour in _COLOURS.items()} | {
        "": {**body, **rule},
        "ask": {**body, **rule, "text_wrap": True, "bg_color": "#FFFFFF"},
        "heading": {**body, "bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF"},
    }
    years = {f"{name} year": {**plain[name], "num_format": "0"} for name in ("", *_COLOURS)}
    wrapped = {f"{name} wrapped": {**plain[name], "text_wrap": True} for name in ("", *_COLOURS)}
    return {name: book.add_format(settings) for name, settings in {**plain, **years, **wrapped}.items()}


def _sheet(sheet: Any, findings: DataFrame, formats: Mapping[str, Any]) -> None:
    columns = [name for name in findings.columns if name not in _COLUMNS]
    shades = [shade if shade in _COLOURS else "" for shade in _cells(findings, "severity")]
    for at, name in enumerate((*columns, *_COLUMNS)):
        sheet.set_column(at, at, _WIDTHS.get(name, _WIDTH))
        sheet.write_string(0, at, name, formats["heading"])
    for at, name in enumerate(columns):
        kind = " year" if name == "year" else " wrapped" if name in _WRAPPED else ""
        looks = [formats[f"{shade}{kind}"] for shade in shades]
        _column(sheet, at, _cells(findings, name), looks)
    first, last = len(columns), max(len(findings), 1)
    for at in (first, first + 1):
        _column(sheet, at, [""] * len(findings), [formats["ask"]] * len(findings))
    choice = {"validate": "list", "source": list(DECISIONS)}
    sheet.data_validation(1, first, last, first, choice)
    sheet.freeze_panes(1, columns.index(ID) + 1 if ID in columns else 0)
    sheet.autofilter(0, 0, last, first + 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _cells(findings: DataFrame, name: str) -> list[str | int]:
    if name == "year":
        return [int(year) if year > 0 else "" for year in findings[name].fillna(0)]
    texts: list[str | int] = [
        text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        for text in findings[name].astype("str").fillna("").tolist()
    ]
    return texts


def _column(sheet: Any, at: int, cells: Iterable[str | int], looks: Iterable[Any]) -> None:
    for row, (cell, look) in enumerate(zip(cells, looks, strict=True), start=1):
        if isinstance(cell, int):
            sheet.write_number(row, at, cell, look)
        elif cell:
            sheet.write_string(row, at, cell, look)
        else:
            sheet.write_blank(row, at, None, look)


def _rows(path: str | Path) -> list[tuple[str, list[list[Any]]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        return [
            (name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names
        ]
    except (OSError, CalamineError) as error:
        fault = f"cannot be read ({error})."
        raise FileError(str(path), fault, "Give the workbook that `write_findings` wrote.") from error


def _table(name: str, rows: list[list[Any]], path: str | Path) -> DataFrame | None:
    """The three columns of a sheet with the row that each stands in; None where the sheet is another."""
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    if not {ID, *_COLUMNS} <= set(header):
        return None
    places = [header.index(column) for column in (ID, *_COLUMNS)]
    listed = [[str(row[place]).strip() for place in places] for row in rows[1:]]
    table = DataFrame(listed, columns=[ID, *_COLUMNS], dtype="str")
    return table.assign(place=[f"{path}, {name} row {number}" for number in range(2, len(rows) + 1)])


def _check(table: DataFrame, path: str | Path) -> None:
    made = table.loc[table["decision"] != ""]
    twice = made[made.duplicated(ID, keep=False)]
    for rows, fault, remedy in (
        (made[~made["decision"].isin(DECISIONS)], "the decision `{}` is none.", "Write accept or reopen."),
        (made[made["reason"] == ""], "`{}` has no reason.", "Write why: it stays on record."),
        (made[made[ID] == ""], "`{}` stands beside no finding.", "Leave the column finding_id as it was."),
        (twice, "`{}` stands beside a finding that is there twice.", "Decide it in one row."),
    ):
        if len(rows):
            first = rows.iloc[0]
            raise DefinitionError(str(first["place"]), fault.format(first["decision"]), remedy)
