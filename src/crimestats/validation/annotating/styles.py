"""Formats of cells: the same format with another fill, and the formats of the sheet of questions."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from crimestats.errors import FileError
from crimestats.validation.annotating.archive import BOOK, Archive, Element, parse

COLOURS = {"error": "FFFFC9C4", "query": "FFFFE0B3", "note": "FFD3E5F8"}
"""Fill of a cell by the severity of its worst finding: light red, orange, blue."""

_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_ORDER = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles")
_PLAIN = """<styleSheet xmlns="{ns}">
<fonts><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>
<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>"""
SOLID = (
    '<fill><patternFill patternType="solid"><fgColor rgb="{rgb}"/>'
    '<bgColor indexed="64"/></patternFill></fill>'
)
"""A fill of one colour."""

_LONGEST_FILL = 4_000  # characters; a gradient of many stops has a few hundred

Look = Mapping[str, Any]
"""A format: `font`, `fill`, `border` as XML, and the attributes of `alignment`, `protection` and `xf`."""


class Styles:
    """The table of formats of a workbook; a format that is there already is used, never doubled.

    Args:
        archive: The workbook. Without a part of styles it gets one.
    """

    def __init__(self, archive: Archive) -> None:
        self.ns = archive.ns
        self.root = archive.tree(_part(archive))
        self._xfs, self._fills = self._list("cellXfs"), self._list("fills")
        self._known: dict[str, dict[bytes, int]] = {}
        self._painted: dict[tuple[int, str], int] = {}

    def solid(self, severity: str) -> str:
        """The fill of a severity, as `painted` takes it."""
        solid = SOLID.format(rgb=COLOURS.get(severity, COLOURS["note"]))
        return solid.replace("<fill>", '<fill applyFill="1">')

    def fill(self, style: int) -> str:
        """The fill of a format as a text that `painted` takes back; empty where it has none.

        The text says also whether the format states a fill of its own (`applyFill`).
        """
        xf = self._xf(style)
        number = _number(xf.get("fillId"))
        if number == 0 or number >= len(self._fills):
            return ""
        shown = _bare(self._fills[number])
        if (applied := xf.get("applyFill")) is not None:
            shown.set("applyFill", applied)
        text: str = etree.tostring(shown, encoding="unicode")
        return text if len(text) <= _LONGEST_FILL else ""

    def is_ours(self, style: int) -> bool:
        """Whether a format has the fill of a severity, so that nobody has painted it over."""
        return any(f'"{rgb}"' in self.fill(style) for rgb in COLOURS.values())

    def painted(self, style: int, fill: str) -> int:
        """The number of the same format with another fill; everything else in it stays."""
        if (style, fill) not in self._painted:
            self._painted[style, fill] = self._paint(style, fill)
        return self._painted[style, fill]

    def add(self, look: Look) -> int:
        """The number of a format of our own."""
        numbers = {
            f"{name}Id": str(self._place(f"{name}s", self._element(look[name]))) if name in look else "0"
            for name in ("font", "fill", "border")
        }
        xf = etree.Element(
            f"{{{self.ns}}}xf", {"numFmtId": "0", **numbers, "xfId": "0", **look.get("xf", {})}
        )
        for name in ("font", "fill", "border", "alignment", "protection"):
            if name in look:
                xf.set(f"apply{name.title()}", "1")
        for name in ("alignment", "protection"):
            if name in look:
                etree.SubElement(xf, f"{{{self.ns}}}{name}", look[name])
        return self._place("cellXfs", xf)

    def _paint(self, style: int, fill: str) -> int:
        xf = deepcopy(self._xf(style))
        xf.tail = None
        element = self._element(fill) if _is_fill(fill) else None
        applied = None if element is None else element.attrib.pop("applyFill", None)
        xf.set("fillId", "0" if element is None else str(self._place("fills", element)))
        xf.attrib.pop("applyFill", None)
        if applied is not None:
            xf.set("applyFill", applied)
        return self._place("cellXfs", xf)

    def _element(self, text: str) -> Element:
        found = parse(text.encode(), "styles")
        for element in found.iter():
            element.tag = f"{{{self.ns}}}{etree.QName(element).localname}"
        return found

    def _place(self, name: str, element: Element) -> int:
        table = self._list(name)
        if name not in self._known:
            entries = list(enumerate(table))
            self._known[name] = {_canonical(entry): number for number, entry in reversed(entries)}
        key = _canonical(element)
        if key not in self._known[name]:
            self._known[name][key] = len(table)
            table.append(element)
            table.set("count", str(len(table)))
        return self._known[name][key]

    def _xf(self, style: int) -> Element:
        return self._xfs[style if 0 <= style < len(self._xfs) else 0]

    def _list(self, name: str) -> Element:
        found = self.root.find(f"{{{self.ns}}}{name}")
        if found is None:
            plain = parse(_PLAIN.format(ns=self.ns).encode(), "styles").find(f"{{{self.ns}}}{name}")
            earlier = [
                child for child in self.root if etree.QName(child).localname in _ORDER[: _ORDER.index(name)]
            ]
            self.root.insert(self.root.index(earlier[-1]) + 1 if earlier else 0, plain)
            found = plain
        return found


def _part(archive: Archive) -> str:
    for relation in archive.relations(BOOK):
        if relation.kind == "styles" and relation.target in archive:
            return relation.target
    root = parse(_PLAIN.format(ns=archive.ns).encode(), "styles")
    part = archive.add("xl/styles", ".xml", root, _CONTENT)
    archive.relate(BOOK, "styles", part)
    return part


def _is_fill(text: str) -> bool:
    """Whether a text is a fill; a sender may have changed what was kept."""
    try:
        found = parse(text.encode(), "a kept fill")
    except FileError:
        return False
    kinds = [child.tag for child in found]
    return found.tag == "fill" and kinds in (["patternFill"], ["gradientFill"])


def _bare(element: Element) -> Element:
    """An element and all in it without namespaces and without the blanks between them."""
    attributes = {etree.QName(name).localname: value for name, value in element.attrib.items()}
    copy = etree.Element(etree.QName(element).localname, attributes)
    copy.extend([_bare(child) for child in element if isinstance(child.tag, str)])
    return copy


def _canonical(element: Element) -> bytes:
    text: bytes = etree.tostring(_bare(element), method="c14n")
    return text


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
