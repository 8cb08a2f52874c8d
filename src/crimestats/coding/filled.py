"""Decisions on an Excel sheet that was filled in, read back against the queue that it was made from."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from pandas import DataFrame

from crimestats.classification import Classification
from crimestats.classification.spelling import without_zeros
from crimestats.coding.decisions import decision, standing
from crimestats.coding.review import tidy
from crimestats.coding.sheet import CODES, NO_CATEGORY, REVIEW, shown_text
from crimestats.errors import ClassificationError, FileError
from crimestats.returns.guard import LIMITS
from crimestats.returns.package import cell_label, oddities, open_package

FINDINGS = ("check", "severity", "sheet", "cell", "message")

_READ = ("Id", "Text", "Decided", "Why", "Coder")
_QUEUE = re.compile(r"Queue (\w+)( \(blind\))?")
_NONE = ("0", NO_CATEGORY, "no category", "none")
_POINT_ZERO = re.compile(r"\.0+$")
_ODD = {"error_value": "is an error", "formula_not_computed": "is a formula without a value"}

_Finding = tuple[str, str, str, str, str]
_Place = tuple[int, int]


class Returned(NamedTuple):
    """What a sheet holds.

    Attributes:
        decisions: New rows of the record.
        findings: What is wrong: check, severity (`error`: the line was not
            taken; `query`), sheet, cell, message.
        n_open: Lines without a decision.
        n_known: Decisions that are on record already.
    """

    decisions: list[dict[str, str]]
    findings: DataFrame
    n_open: int
    n_known: int


def read_sheet(path: Path | str, queue: DataFrame, decisions: DataFrame, coder: str = "") -> Returned:
    """Read the decisions on a sheet.

    A line with a fault is told and not taken; the others are taken. What its
    coder has decided alike and with the same reason is not taken again.

    Args:
        path: A workbook that `sheet.write_sheet` made, filled in.
        queue: The queue that it was made from.
        decisions: The record so far.
        coder: If given, the only one whose decisions are taken.

    Raises:
        FileError: The file is no workbook, or is dangerous to read.
    """
    grid, odd = _grid(Path(path))
    marked = _QUEUE.search(" ".join(cell for row in grid[:3] for cell in row))
    heads = [row for row, cells in enumerate(grid) if set(_READ) <= set(cells)]
    fault = _wrong_sheet(grid, marked[1] if marked else "", bool(heads), queue)
    if fault is not None or marked is None:
        return Returned([], DataFrame([fault], columns=list(FINDINGS)), 0, 0)
    places = {name: column for column, name in enumerate(grid[heads[0]])}
    sheet = _Sheet(queue, places, odd, coder, bool(marked[2]))
    return sheet.read(grid, heads[0] + 1, decisions)


class _Sheet:
    """Reads the lines of a sheet.

    Args:
        queue: Its texts.
        places: Columns by their headings.
        odd: Cells whose value cannot be trusted, and why.
        coder: The only one whose decisions are taken; empty for any.
        is_blind: Whether it was made without suggestions.
    """

    def __init__(
        self,
        queue: DataFrame,
        places: Mapping[str, int],
        odd: Mapping[_Place, str],
        coder: str,
        is_blind: bool,
    ) -> None:
        self.iccs = Classification.load("iccs")
        self.units: dict[str, Any] = {str(row["unit"]): row for row in queue.to_dict("records")}
        self.places, self.odd, self.coder, self.is_blind = places, odd, tidy(coder), is_blind
        self.findings: list[_Finding] = []
        self.seen: dict[str, int] = {}

    def read(self, grid: list[list[str]], start: int, decisions: DataFrame) -> Returned:
        """All lines from one on, against the record so far."""
        taken: dict[str, dict[str, str]] = {}
        open_units = set()
        for row in range(start, len(grid)):
            cells = {name: grid[row][self.places[name]] for name in _READ}
            if not any(cells.values()) or not self._is_sound(cells, row):
                taken.pop(cells["Id"], None)  # of a text that stands twice neither line is taken
            elif not cells["Decided"]:
                open_units.add(cells["Id"])
            elif (made := self._decided(cells, row)) is not None:
                taken[cells["Id"]] = made
        for unit, text in self.units.items():
            if unit not in self.seen:
                self._removed(text)
        new = _new(taken, decisions)
        findings = DataFrame(self.findings, columns=list(FINDINGS))
        return Returned(new, findings, len(open_units), len(taken) - len(new))

    def _is_sound(self, cells: Mapping[str, str], row: int) -> bool:
        """Whether a line is one of the queue, once and unchanged, and can be read."""
        unit = cells["Id"]
        for name in _READ:
            if (place := (row, self.places[name])) in self.odd:
                self._tell("unreadable", row, name, f"{self.odd[place]}. Write the value itself.")
                self.seen.setdefault(unit, row)
                return False
        if unit not in self.units:
            fault = f"{unit!r} is no text of this queue ({cells['Text'][:60]!r})."
            self._tell("unknown_row", row, "Id", f"{fault} Put its id back, or take the line out.")
            return False
        if unit in self.seen:
            fault = f"the text stands in line {self.seen[unit] + 1} too, and neither was taken."
            self._tell("decided_twice", row, "Id", f"{fault} Keep one of the two lines.")
            return False
        self.seen[unit] = row
        expected = shown_text(str(self.units[unit]["text"]))
        if cells["Text"] != expected:
            fault = f"{cells['Text'][:60]!r} is not the text that was exported, {expected[:60]!r}."
            self._tell("changed_text", row, "Text", f"{fault} Put it back, and decide on that.")
            return False
        return True

    def _decided(self, cells: Mapping[str, str], row: int) -> dict[str, str] | None:
        written, coder = cells["Decided"], cells["Coder"]
        fault = self._fault(written)
        if fault is not None:
            self._tell(fault[0], row, "Decided", fault[1])
            return None
        if not coder:
            remedy = "Write who decided."
            self._tell("missing_coder", row, "Coder", f"{written!r} is decided, by nobody. {remedy}")
            return None
        if self.coder and coder.casefold() != self.coder.casefold():
            remedy = "Correct the name, or import the sheet for that coder."
            self._tell("other_coder", row, "Coder", f"{coder!r} is not {self.coder!r}. {remedy}")
            return None
        code = "" if written.casefold() in _NONE else written.split()[0]
        if code and self.iccs.level(code) == 1:
            remedy = "Name a division at least, or leave it if the text is that wide."
            self._tell("section", row, "Decided", f"{code} is a whole section. {remedy}", "query")
        return decision(self.units[cells["Id"]], code, coder, cells["Why"], self.is_blind)

    def _fault(self, written: str) -> tuple[str, str] | None:
        """What is wrong with a decision as written: a code, its title behind it if wanted, or none."""
        if written.casefold() in _NONE:
            return None
        code, _, title = written.partition(" ")
        if code in self.iccs:
            category = self.iccs[code]
            called = {tidy(each).casefold() for each in (category.title, *category.titles.values())}
            if not title or title.casefold() in called:
                return None
            fault = f"{title!r} is not the title of {code} ({category.title})."
            return "unclear", f"{fault} Write the code only."
        number = _POINT_ZERO.sub("", code)
        try:
            meant = self.iccs[self.iccs.resolve(number)]
        except ClassificationError as error:
            remedy = error.remedy if "Did you" in error.remedy else f"Take one of the sheet '{CODES}'."
            return "unknown_code", f"{written!r} is no code of the ICCS. {remedy}"
        if without_zeros(meant.code) == number:
            remedy = f"Write {meant.code} as text if {meant.title!r} is meant."
            return "lost_zero", f"{written!r} has lost its zero. {remedy}"
        return "unknown_code", f"{written!r} is an older name of {meant.code} ({meant.title}). Write that."

    def _removed(self, unit: Mapping[str, Any]) -> None:
        fault = f"the line of {shown_text(str(unit['text']))[:60]!r} ({unit['unit']}) is missing."
        message = f"'{REVIEW}': {fault} It stays undecided, and will come again."
        self.findings.append(("removed_row", "query", REVIEW, "", message))

    def _tell(self, check: str, row: int, heading: str, message: str, severity: str = "error") -> None:
        cell = cell_label((row, self.places[heading]))
        self.findings.append((check, severity, REVIEW, cell, f"'{REVIEW}'!{cell}: {message}"))


def _new(taken: Mapping[str, dict[str, str]], decisions: DataFrame) -> list[dict[str, str]]:
    """Decisions that do not stand on record in the same words."""
    now = standing(decisions)
    keys = zip(now["unit"], now["by"], strict=True)
    said = dict(zip(keys, zip(now["decided"], now["why"], strict=True), strict=True))
    return [
        made
        for unit, made in taken.items()
        if said.get((unit, made["coder"].casefold())) != (made["decided"], made["why"])
    ]


def _wrong_sheet(grid: list[list[str]], marked: str, has_head: bool, queue: DataFrame) -> _Finding | None:
    """Why nothing of a workbook can be taken."""
    own = str(queue["round"].iloc[0]) if len(queue) else "empty"
    if not grid:
        message = f"'{REVIEW}': there is no such sheet, or it is empty. Give the workbook that was exported."
        return "no_sheet", "error", REVIEW, "", message
    if marked != own:
        said = f"is of queue {marked}" if marked else "does not say of which queue it is"
        remedy = "Name the suggestions, columns, sample and seed that it was exported with."
        message = f"'{REVIEW}'!A2: the sheet {said}, and this is queue {own}; nothing was taken. {remedy}"
        return "other_queue", "error", REVIEW, "A2", message
    if not has_head:
        message = f"'{REVIEW}': no line has the headings {', '.join(_READ)}. Put the line back."
        return "no_heading", "error", REVIEW, "", message
    return None


def _grid(path: Path) -> tuple[list[list[str]], dict[_Place, str]]:
    """The cells of the sheet as text, and those whose value cannot be trusted, with the reason."""
    from python_calamine import CalamineWorkbook

    try:
        with open(path, "rb") as stream:
            data = stream.read(LIMITS.packed + 1)
        package = open_package(data)
    except OSError as error:
        raise FileError(str(path), f"cannot be read ({error.strerror}).", "Check the path.") from error
    except FileError as error:
        raise FileError(str(path), error.fault, "Give the .xlsx workbook that was exported.") from error
    if REVIEW not in package.sheets:
        return [], {}
    rows = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name(REVIEW)
    grid = [[_cell(value) for value in row] for row in rows.to_python(skip_empty_area=False)]
    odd = {
        each.place: f"{each.text!r} {_ODD[each.kind]}"
        for each in oddities(package, REVIEW)
        if each.kind in _ODD
    }
    return grid, odd


def _cell(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return tidy(str(int(value) if whole and isinstance(value, float) else value))
