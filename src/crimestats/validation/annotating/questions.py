"""The sheet of questions: one row for each, with a link to the cell and a place for the answer."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import ceil
from typing import Any

from lxml import etree

from crimestats.questionnaire.languages import RIGHT_TO_LEFT, translate
from crimestats.returns.package import Place, cell_label, column_letters
from crimestats.validation.annotating.archive import Element, parse
from crimestats.validation.annotating.sheet import ORDER
from crimestats.validation.annotating.styles import COLOURS, SOLID, Look, Styles
from crimestats.validation.annotating.texts import encoded, is_like_formula, reading_order

COLUMNS = (
    ("rule", "Rule", 13), ("place", "Cell", 15), ("label", "Item", 32), ("year", "Year", 7),
    ("value", "Value", 11), ("expected", "Expected", 14), ("previous", "Last year's value", 11),
    ("culprit", "Probably wrong", 17), ("question", "Question", 54), ("answer", "Answer", 42),
    ("earlier", "Earlier answer", 28),
)  # fmt: skip
"""Columns that are seen: what they hold, the heading, the width in characters."""

SEVERITIES = {"error": "Cannot be right", "query": "Please check", "note": "Please explain"}

_HOW = (
    "Where a figure is wrong, correct it in its own cell; the link leads there. "
    "Where it is right, write the explanation in the answer column. Then send this workbook back."
)
_HIDDEN = (("id", 18), ("fill", 18))  # the finding's id, so that a moved row is noticed; fills to bring back
_HEADER = 3  # row of the headings, from 0
_BLUE, _GREY, _RULE = "FF1F3864", "FF7F7F7F", "FFBFBFBF"
_KEPT = ("drawing", "legacyDrawing", "picture")  # what a sender may have put on the sheet
_LETTERS, _LINE = 1.15, 13.5  # letters of 10 points in a character's width; points of a line


@dataclass(frozen=True, slots=True)
class Entry:
    """One question.

    Attributes:
        finding: Its id.
        severity: Of its rule.
        texts: What the columns hold, by `COLUMNS`; the answer is empty.
        link: The cell in question as a link has it, or an empty text.
    """

    finding: str
    severity: str
    texts: Mapping[str, str]
    link: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What the sheet says.

    Attributes:
        entries: The questions.
        fills: What cells looked like before they were coloured, by the name given to the cell.
        lost: What the annotation could not keep or mark, in the sender's language.
        original: Digest of the file that this one answers to, and of those before it.
        language: Of the sender.
    """

    entries: Sequence[Entry]
    fills: Mapping[str, str]
    lost: Sequence[str]
    original: tuple[str, ...]
    language: str


class Page:
    """The sheet while it is written; afterwards its root and where its names lead.

    Args:
        styles: The formats of the workbook.
        base: Namespace of relationships, for what is kept of an earlier sheet.
        contents: What it says.
    """

    def __init__(self, styles: Styles, base: str, contents: Contents) -> None:
        self.contents, self.base = contents, base
        self.is_right_to_left = contents.language in RIGHT_TO_LEFT
        self.names: dict[str, Place] = {}
        self._styles, self._known = styles, dict[tuple[str, bool, str], int]()
        shown = [column for column in COLUMNS if column[0] != "earlier" or self._is_answered]
        self.columns = [*shown, *((key, "", width) for key, width in _HIDDEN)]
        self.last = len(shown) - 1
        self.ns = styles.ns
        self.root = parse(
            f'<worksheet xmlns="{self.ns}" xmlns:r="{base}"/>'.encode(), "the sheet of questions"
        )
        self._data: Element = None
        self._links: list[tuple[Place, str]] = []
        self._merged: list[str] = []
        self._write()

    def keep(self, earlier: Element) -> None:
        """Take over what a sender has put on an earlier sheet of questions: pictures, shapes, comments."""
        for name in _KEPT:
            for element in earlier.findall(f"{{{self.ns}}}{name}"):
                later = ORDER[ORDER.index(name) + 1 :]
                after = [n for n, child in enumerate(self.root) if etree.QName(child).localname in later]
                self.root.insert(min(after, default=len(self.root)), deepcopy(element))

    @property
    def titles(self) -> str:
        """The rows that every printed page repeats."""
        return f"${_HEADER + 1}:${_HEADER + 1}"

    @property
    def _is_answered(self) -> bool:
        return any(entry.texts.get("earlier") for entry in self.contents.entries)

    def _write(self) -> None:
        self._frame()
        self._data = self._sub(self.root, "sheetData")
        self._top()
        for number, entry in enumerate(self.contents.entries):
            self._entry(_HEADER + 1 + number, entry)
        self._foot(_HEADER + 2 + len(self.contents.entries))
        self._sub(self.root, "sheetProtection", sheet="1", formatColumns="0", formatRows="0")
        merged = self._sub(self.root, "mergeCells", count=str(len(self._merged)))
        for ref in self._merged:
            self._sub(merged, "mergeCell", ref=ref)
        self._link()
        self._print()

    def _frame(self) -> None:
        properties = self._sub(self.root, "sheetPr")
        self._sub(properties, "tabColor", rgb=COLOURS["query"])
        self._sub(properties, "pageSetUpPr", fitToPage="1")
        views = self._sub(self.root, "sheetViews")
        view = self._sub(views, "sheetView", showGridLines="0", tabSelected="1", workbookViewId="0")
        if self.is_right_to_left:
            view.set("rightToLeft", "1")
        first = f"A{_HEADER + 2}"
        self._sub(
            view, "pane", ySplit=str(_HEADER + 1), topLeftCell=first, activePane="bottomLeft", state="frozen"
        )
        answer = cell_label((_HEADER + 1, self._column("answer")))
        self._sub(view, "selection", pane="bottomLeft", activeCell=answer, sqref=answer)
        self._sub(self.root, "sheetFormatPr", defaultRowHeight="15")
        columns = self._sub(self.root, "cols")
        for number, (_, _, width) in enumerate(self.columns, start=1):
            column = self._sub(
                columns, "col", min=str(number), max=str(number), width=str(width), customWidth="1"
            )
            if number > self.last + 1:
                column.set("hidden", "1")

    def _top(self) -> None:
        self._wide(0, self._say("Questions about your return"), "title", height=26)
        self._wide(
            1,
            self._say(_HOW),
            "hint",
            height=20,
        )
        legend = self._row(2, height=30)
        for number, (severity, text) in enumerate(SEVERITIES.items()):
            self._text(legend, (2, number), self._say(text), severity)
        heading = self._row(_HEADER, height=44)
        for number, (_, text, _) in enumerate(self.columns):
            self._text(heading, (_HEADER, number), self._say(text) if text else "", "heading")

    def _entry(self, row: int, entry: Entry) -> None:
        line = self._row(row, height=self._height(entry))
        for number, (key, _, _) in enumerate(self.columns[: self.last + 1]):
            place, text = (row, number), entry.texts.get(key, "")
            if key == "year" and text:
                self._sub(self._cell(line, place, "number", text), "v").text = text
                continue
            look = {"rule": entry.severity, "answer": "answer", "place": "link" if entry.link else "text"}
            self._text(line, place, text, look.get(key, "text"))
            if key == "answer":
                self.names[f"A.{entry.finding}"] = place
            elif key == "place" and entry.link:
                self._links.append((place, entry.link))
        self._text(line, (row, self.last + 1), entry.finding, "small")
        kept = [f"{name} {fill}" for name, fill in self.contents.fills.items()]
        number = row - _HEADER - 1
        if number < len(kept):
            self._text(line, (row, self.last + 2), kept[number], "small")

    def _foot(self, row: int) -> None:
        if self.contents.lost:
            for text in (self._say("What could not be kept or marked"), *self.contents.lost):
                self._wide(row, text, "small")
                row += 1
            row += 1
        line = self._row(row)
        self._text(line, (row, 0), self._say("Original file"), "small")
        newest, *older = self.contents.original
        for number, (name, text) in enumerate(
            (("H.original", newest), ("H.earlier", " ".join(older))), start=1
        ):
            if text:
                self._text(line, (row, number), text, "small")
                self.names[name] = (row, number)

    def _link(self) -> None:
        if self._links:
            links = self._sub(self.root, "hyperlinks")
            for place, location in self._links:
                self._sub(
                    links, "hyperlink", ref=cell_label(place), location=location, display=encoded(location)
                )

    def _print(self) -> None:
        self._sub(
            self.root,
            "pageMargins",
            left="0.4",
            right="0.4",
            top="0.6",
            bottom="0.6",
            header="0.3",
            footer="0.3",
        )
        self._sub(self.root, "pageSetup", paperSize="9", orientation="landscape", fitToHeight="0")
        footer = self._sub(self.root, "headerFooter")
        self._sub(footer, "oddFooter").text = "&L&8&A&R&8&P / &N"
        whole = (
            f"A{_HEADER + 2}:{column_letters(len(self.columns))}{_HEADER + 2 + len(self.contents.entries)}"
        )
        ignored = self._sub(self.root, "ignoredErrors")
        self._sub(ignored, "ignoredError", sqref=whole, numberStoredAsText="1")

    def _wide(self, row: int, text: str, look: str, height: float | None = None) -> None:
        """A text over all columns that are seen."""
        self._text(self._row(row, height=height), (row, 0), text, look)
        self._merged.append(f"{cell_label((row, 0))}:{cell_label((row, self.last))}")

    def _height(self, entry: Entry) -> float:
        """Points that the longest text of a row needs; programs do not agree on who reckons them."""
        lines = (
            sum(max(1, ceil(len(line) / (width * _LETTERS))) for line in entry.texts.get(key, "").split("\n"))
            for key, _, width in self.columns
        )
        return min(max(2, *lines) * _LINE + 4, 400)

    def _column(self, key: str) -> int:
        return [name for name, _, _ in self.columns].index(key)

    def _say(self, text: str) -> str:
        return translate(text, self.contents.language)

    def _sub(self, parent: Element, name: str, **attributes: str) -> Element:
        return etree.SubElement(parent, f"{{{self.ns}}}{name}", attributes)

    def _row(self, row: int, height: float | None = None) -> Element:
        line = self._sub(self._data, "row", r=str(row + 1))
        if height:
            line.set("ht", f"{height:g}")
            line.set("customHeight", "1")
        return line

    def _cell(self, line: Element, place: Place, look: str, text: str = "") -> Element:
        order = reading_order(text) if self.is_right_to_left else ""
        key = (look, is_like_formula(text), order)
        if key not in self._known:
            self._known[key] = self._styles.add(_look(*key))
        return self._sub(line, "c", r=cell_label(place), s=str(self._known[key]))

    def _text(self, line: Element, place: Place, text: str, look: str) -> None:
        """A text in a cell, as a text and nothing else: no program takes it for a formula."""
        cell = self._cell(line, place, look, text)
        if text:
            cell.set("t", "inlineStr")
            written = self._sub(self._sub(cell, "is"), "t")
            written.text = encoded(text)
            written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _font(size: int = 10, colour: str = "", *marks: str) -> str:
    drawn = f'<color rgb="{colour}"/>' if colour else '<color theme="1"/>'
    marked = "".join(f"<{mark}/>" for mark in marks)
    return f'<font>{marked}<sz val="{size}"/>{drawn}<name val="Calibri"/><family val="2"/></font>'


def _box(style: str = "thin", rgb: str = _RULE) -> str:
    sides = "".join(
        f'<{side} style="{style}"><color rgb="{rgb}"/></{side}>'
        for side in ("left", "right", "top", "bottom")
    )
    return f"<border>{sides}<diagonal/></border>"


_TOP = {"vertical": "top", "wrapText": "1"}
_TEXT = {"numFmtId": "49", "applyNumberFormat": "1"}
_LOOKS: Mapping[str, Look] = {
    "title": {"font": _font(16, _BLUE, "b"), "alignment": {"vertical": "center"}},
    "hint": {"font": _font(11), "alignment": {"vertical": "center", "wrapText": "1"}},
    "heading": {"font": _font(10, "FFFFFFFF", "b"), "fill": SOLID.format(rgb=_BLUE), "border": _box(),
                "alignment": {"vertical": "center", "wrapText": "1"}},
    "text": {"font": _font(), "border": _box(), "alignment": _TOP, "xf": _TEXT},
    "number": {"font": _font(), "border": _box(), "alignment": {"vertical": "top", "horizontal": "left"}},
    "link": {"font": _font(10, "FF0563C1", "u"), "border": _box(), "alignment": _TOP, "xf": _TEXT},
    "answer": {"font": _font(11), "fill": SOLID.format(rgb="FFFFFDE7"), "border": _box("medium", _BLUE),
               "alignment": _TOP, "protection": {"locked": "0"}, "xf": _TEXT},
    "small": {"font": _font(8, _GREY), "alignment": {"vertical": "top"}, "xf": _TEXT},
    **{severity: {"font": _font(), "fill": SOLID.format(rgb=rgb), "border": _box(), "alignment": _TOP,
                  "xf": _TEXT} for severity, rgb in COLOURS.items()},
}  # fmt: skip


def _look(name: str, quoted: bool, order: str) -> dict[str, Any]:
    look: dict[str, Any] = {**_LOOKS.get(name, _LOOKS["note"])}
    if quoted:
        look["xf"] = {**look.get("xf", {}), "quotePrefix": "1"}
    if order:
        look["alignment"] = {**look["alignment"], "horizontal": "right", "readingOrder": order}
    return look
