"""The cells of a sheet's part: found where they stand, put in where they are missing."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from lxml import etree

from crimestats.returns.package import Place, cell_label, to_place
from crimestats.validation.annotating.archive import Element

ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr",
    "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate",
    "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting", "dataValidations",
    "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks",
    "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing",
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "AlternateContent",
    "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
"""Children of a worksheet in the order of its schema (ISO/IEC 29500, part 1, 18.3.1.99)."""

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_SELECTED = re.compile(rb"""(\stabSelected\s*=\s*["'])(?:1|true)(["'])""")
_PIXELS, _WIDTH = 7, 9.14  # of a character of the standard font; of a column that states no width
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384


class Sheet:
    """A worksheet part that is edited in place.

    Args:
        root: Its root element.
    """

    def __init__(self, root: Element) -> None:
        self.root = root
        self.ns = etree.QName(root).namespace

    def tag(self, name: str) -> str:
        """An element's name with the namespace of the part."""
        return f"{{{self.ns}}}{name}"

    def style(self, place: Place) -> int:
        """The number of a cell's format; that of its row or column where there is no cell."""
        row = self._rows.get(place[0])
        cell = None if row is None else self._cells(row).get(place[1])
        if cell is not None:
            return _count(cell.get("s"))
        if row is not None and row.get("customFormat") in ("1", "true"):
            return _count(row.get("s"))
        return next((_count(col.get("style")) for col in self._columns if _spans(col, place[1])), 0)

    def paint(self, place: Place, style: int) -> None:
        """Give a cell another format; a cell that is not written yet is put in at its place."""
        cell = self._cell(place)
        if style or cell.get("s"):
            cell.set("s", str(style))

    def visible(self, place: Place) -> Place:
        """The cell that shows what is done to a place: the first one where it lies under a merged range."""
        row, column = place
        for top, left, bottom, right in self._merged:
            if top <= row <= bottom and left <= column <= right:
                return top, left
        return place

    def pixels(self, column: int) -> int:
        """About how wide a column is shown."""
        for col in self._columns:
            if _spans(col, column):
                return 0 if col.get("hidden") in ("1", "true") else int(_PIXELS * _float(col.get("width")))
        return int(_PIXELS * _WIDTH)

    def child(self, name: str) -> Element:
        """A child of the worksheet, put in at its place in the schema's order where it is missing."""
        found = self.root.find(self.tag(name))
        if found is None:
            found = etree.Element(self.tag(name))
            later = ORDER[ORDER.index(name) + 1 :]
            after = (child for child in self.root if isinstance(child.tag, str))
            first = next((child for child in after if etree.QName(child).localname in later), None)
            self.root.insert(len(self.root) if first is None else self.root.index(first), found)
        return found

    @cached_property
    def _rows(self) -> dict[int, Element]:
        """Rows by number; those that leave out their number are given it."""
        rows = dict(reversed(list(_placed(self.child("sheetData").iter(self.tag("row")), _row_of))))
        for number, row in rows.items():
            if not row.get("r"):
                row.set("r", str(number + 1))
        return rows

    @cached_property
    def _columns(self) -> list[Element]:
        return list(self.root.iterfind(f"{self.tag('cols')}/{self.tag('col')}"))

    @cached_property
    def _merged(self) -> list[tuple[int, int, int, int]]:
        ranges = self.root.iterfind(f"{self.tag('mergeCells')}/{self.tag('mergeCell')}")
        corners = ([to_place(*pair) for pair in _ADDRESS.findall(found.get("ref", ""))] for found in ranges)
        return [(*pair[0], *pair[1]) for pair in corners if len(pair) == 2]

    def _cells(self, row: Element) -> dict[int, Element]:
        """Cells of a row by column; those that leave out their address are given it."""
        cells = dict(reversed(list(_placed(row.iter(self.tag("c")), _column_of))))
        number = _row_of(row)
        for column, cell in cells.items():
            if not cell.get("r"):
                cell.set("r", cell_label((number or 0, column)))
        return cells

    def _cell(self, place: Place) -> Element:
        row = self._row(place[0])
        cells = self._cells(row)
        if place[1] not in cells:
            cell = etree.Element(self.tag("c"), r=cell_label(place))
            if style := self.style(place):
                cell.set("s", str(style))
            later = [other for column, other in cells.items() if column > place[1]]
            row.insert(min(map(row.index, later), default=len(row)), cell)
            row.attrib.pop("spans", None)
            self._extend(place)
            return cell
        return cells[place[1]]

    def _row(self, number: int) -> Element:
        rows = self._rows
        if number not in rows:
            data = self.child("sheetData")
            row = etree.Element(self.tag("row"), r=str(number + 1))
            later = [other for at, other in rows.items() if at > number]
            data.insert(min(map(data.index, later), default=len(data)), row)
            rows[number] = row
        return rows[number]

    def _extend(self, place: Place) -> None:
        """The stated dimension, so that it holds a new cell too."""
        dimension = self.root.find(self.tag("dimension"))
        if dimension is not None:
            corners = [to_place(*pair) for pair in _ADDRESS.findall(dimension.get("ref", ""))]
            rows, columns = zip(*corners, place, strict=True)
            first, last = (min(rows), min(columns)), (max(rows), max(columns))
            dimension.set(
                "ref", f"{cell_label(first)}:{cell_label(last)}" if first != last else cell_label(first)
            )


def place_of(address: str) -> Place | None:
    """Row and column, from 0, of an address; nothing where it is none.

    >>> place_of("D27"), place_of("_Z")
    ((26, 3), None)
    """
    found = _ADDRESS.fullmatch(address)
    if not found:
        return None
    row, column = to_place(*found.groups())
    return (row, column) if 0 <= row < _LAST_ROW and column < _LAST_COLUMN else None


def unselected(part: bytes) -> bytes:
    """A sheet's part no longer selected: what is typed into two selected sheets goes into both."""
    start, end = (
        part.find(b"sheetViews"),
        part.rfind(b"sheetViews", 0, max(part.find(b"sheetData"), 0) or None),
    )
    views = part[max(start, 0) : max(end, 0)]
    if not _SELECTED.search(views):
        return part
    return part[:start] + _SELECTED.sub(rb"\g<1>0\g<2>", views) + part[end:]


def _placed(
    elements: Iterable[Element], number: Callable[[Element], int | None]
) -> Iterator[tuple[int, Element]]:
    """Elements with their number; one that states none stands after the one before."""
    at = -1
    for element in elements:
        stated = number(element)
        at = at + 1 if stated is None else stated
        yield at, element


def _row_of(row: Element) -> int | None:
    text = row.get("r", "")
    return int(text) - 1 if text.isascii() and text.isdigit() else None


def _column_of(cell: Element) -> int | None:
    place = place_of(cell.get("r", ""))
    return None if place is None else place[1]


def _spans(col: Element, column: int) -> bool:
    return _count(col.get("min")) <= column + 1 <= _count(col.get("max"))


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _float(text: str | None) -> float:
    try:
        return min(max(float(text or _WIDTH), 0.0), 255.0)
    except ValueError:
        return _WIDTH
