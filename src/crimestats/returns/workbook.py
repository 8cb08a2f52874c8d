"""Read one returned workbook: guard, values, place of every input cell."""

import os
import stat
from collections.abc import Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum

from crimestats.returns import names as defined
from crimestats.returns import package as structure
from crimestats.returns import records
from crimestats.returns.form import Form
from crimestats.returns.guard import LIMITS, Limits, RefusedError, carried
from crimestats.returns.layout import Layout, Plan, lay_out, outline
from crimestats.returns.names import Names, Spot
from crimestats.returns.package import Oddity, Package
from crimestats.returns.sheaf import Grid, Lines, Sheaf, Sheets, as_text, cell_value, text_at

HEADER = ("questionnaire", "area", "agency", "part", "language", "years", "original", "earlier")
_SHEETS = (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet)
_SMALL = 1 << 20  # bytes of a block of names that is kept; larger ones are of one workbook alone
_REMEMBERED = 256  # layouts and blocks of names kept in one round; workbooks built alike share one


class Reader:
    """Reads the workbooks of a round; what they have in common is worked out once.

    Args:
        form: The questionnaire.
        limits: What a file may cost.
    """

    def __init__(self, form: Form, limits: Limits = LIMITS) -> None:
        self.form, self.limits = form, limits
        self._names: dict[bytes, Names] = {}
        self._layouts: dict[tuple[Any, ...], Layout] = {}

    def examine(self, path: str) -> Sheaf:
        """Read a file; whatever is wrong with it is a row of the result."""
        sheaf = Sheaf(path)
        try:
            self._read(sheaf)
        except RefusedError as refused:
            sheaf.refuse(refused.kind, refused.detail)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a panic of the reader is no Exception
            sheaf.refuse("unreadable", f"{type(error).__name__}: {error}"[:300])
        sheaf.is_weighed = False
        return sheaf

    def _read(self, sheaf: Sheaf) -> None:
        data = _load(sheaf.path, self.limits)
        sheaf.sha256 = sha256(data).hexdigest()
        package = structure.open_package(data, self.limits)
        for kind, detail in carried(package.parts):
            sheaf.add(f"_fault.{kind}", detail)
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = _sheets(book)
        odd = {name: structure.oddities(package, name) for name in sheets}
        for name, oddities in odd.items():
            _stamp(sheets[name], oddities)
        found = self._find_names(package)
        sheaf.part = tuple(text_at(sheets, _within(found.header.get("part"), sheets)).split())
        layout = self._find_layout(found, sheets, sheaf.part)
        header, answers = _lookup(self.form, found, sheets, layout)
        records.head(sheaf, header, sheets)
        if records.is_other(self.form, sheaf, layout):
            return
        sheaf.modules, sheaf.placed = layout.modules, layout.placed
        sheaf.grids = [_grid(plan, sheets[plan.sheet]) for plan in layout.plans]
        records.notes(sheaf, self.form)
        records.answers(sheaf, self.form, layout, answers, sheets)
        records.places(sheaf, layout, sheets)
        records.entries(sheaf, self.form, layout, sheets)
        records.replies(sheaf, found, sheets)
        records.shares(sheaf, package)
        records.oddities(sheaf, layout, odd, [*header.values(), *answers.values()])
        records.sheets(sheaf, book, package, self.limits)

    def _find_names(self, package: Package) -> Names:
        known = self._names.get(package.names)
        if known is None:
            known = defined.parse(package.names, self.form.index)
            if len(package.names) < _SMALL:
                _remember(self._names, package.names, known)
        return known

    def _find_layout(self, found: Names, sheets: Sheets, part: tuple[str, ...]) -> Layout:
        numbers = self.form.numbers
        asked = {spot[0] for spot in (*found.questions.values(), found.header.get("original")) if spot}
        asked -= {spot[0] for spot in found.figures}  # a name that was moved leads to a sheet of figures
        frames = [
            frame
            for name, lines in sheets.items()
            if name not in asked and (frame := outline(name, lines, numbers))
        ]  # the sheet of questions quotes numbers and values; none of them is a figure
        key = (found, tuple(sheets), tuple(frames), part)
        known = self._layouts.get(key)
        if known is None:
            known = lay_out(self.form, found, frames, tuple(sheets), part)
            _remember(self._layouts, key, known)
        return known


def _remember(memory: dict[Any, Any], key: object, value: object) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


def _load(path: str, limits: Limits) -> bytes:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("unreadable", "This is no ordinary file.")
        if status.st_size > limits.packed:
            detail = f"The file has {status.st_size:,} bytes; up to {limits.packed:,} are read."
            raise RefusedError("too_large", detail)
        with open(path, "rb") as stream:
            return stream.read(limits.packed)
    except OSError as error:
        raise RefusedError("unreadable", f"The file cannot be opened ({error.strerror}).") from error


def _sheets(book: CalamineWorkbook) -> Sheets:
    names = [sheet.name for sheet in book.sheets_metadata if sheet.typ in _SHEETS]
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}


def _stamp(lines: Lines, odd: Sequence[Oddity]) -> None:
    """Put errors, and formulas without a value, where the reader saw nothing or a zero."""
    for oddity in odd:
        if oddity.kind in ("error_value", "formula_not_computed"):
            row, column = oddity.place
            width = max(column + 1, len(lines[0]) if lines else 0)
            if lines and width > len(lines[0]):
                lines[:] = [line + [""] * (width - len(line)) for line in lines]
            lines.extend([""] * width for _ in range(row + 1 - len(lines)))
            lines[row][column] = oddity.text


def _lookup(
    form: Form, found: Names, sheets: Sheets, layout: Layout
) -> tuple[Mapping[str, Spot | None], Mapping[str, Spot | None]]:
    """Cells of header and metadata: by name, else beside the printed question."""
    header = {name: _within(found.header.get(name), sheets) for name in HEADER}
    answers = {key: _within(found.answers.get(key), sheets) for key in form.questions}
    if None in header.values() or None in answers.values():
        figures = {plan.sheet for plan in layout.plans}
        for name, lines in sheets.items():
            if name not in figures:
                _look_beside(form, name, lines, header, answers)
    return header, answers


def _within(spot: Spot | None, sheets: Sheets) -> Spot | None:
    return spot if spot and spot[0] in sheets else None


def _look_beside(
    form: Form, name: str, lines: Lines, header: dict[str, Spot | None], answers: dict[str, Spot | None]
) -> None:
    labels = {*form.fields, *(text for text, _ in form.asked)}
    for row, line in enumerate(lines):
        if labels.isdisjoint(line):
            continue
        for column, (text, following) in enumerate(pairwise(line)):
            field = form.fields.get(text, "")
            if field in header and header[field] is None:
                header[field] = (name, row, column + 1)
            key = form.asked.get((text, following), "")
            if key and answers[key] is None:
                answers[key] = (name, row, column + 2)


def _grid(plan: Plan, lines: Lines) -> Grid:
    if len(lines) >= plan.height and len(lines[0]) >= plan.width:
        values: list[Any] = []
        for row, first, after in plan.segments:
            values += lines[row][first:after]
        notes = [lines[row][column] for row, column in plan.notes]
    else:
        values = [cell_value(lines, place) for place in plan.places]
        notes = [cell_value(lines, place) for place in plan.notes]
    if not {float, str}.issuperset(map(type, values)):
        values = [value if type(value) in (float, str) else _other(value) for value in values]
    return Grid(plan, values, [as_text(note) for note in notes], list(plan.disputed))


def _other(value: object) -> float | str:
    """A value of another kind; only whole numbers are numbers, a date or a truth value is a text."""
    return float(value) if type(value) is int else as_text(value)
