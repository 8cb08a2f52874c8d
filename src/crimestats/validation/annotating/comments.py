"""The comments of a sheet: ours written beside the sender's, and taken out again."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from lxml import etree

from crimestats.returns.package import Place, cell_label
from crimestats.validation.annotating import vml
from crimestats.validation.annotating.archive import Archive, Element, parse
from crimestats.validation.annotating.sheet import Sheet, place_of
from crimestats.validation.annotating.texts import encoded

AUTHOR = "crimestats"

_OPENING, _CLOSING = f"{AUTHOR}:\n", f"\n— {AUTHOR}"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_THREAD = "tc={"  # how the author of the stand-in for a threaded comment begins
_WIDE, _LINE, _LETTERS = 340, 17, 48  # a box in pixels: width, height of a line; letters in a line
_ROW, _MOST_LINES = 20, 36  # pixels of a row, lines that a box shows at most


class Comments:
    """The comments of one sheet, in their part and in the drawing that shows them.

    Args:
        archive: The workbook.
        part: The part of the sheet.
        sheet: The sheet, to be edited.
    """

    def __init__(self, archive: Archive, part: str, sheet: Sheet) -> None:
        self.archive, self.part, self.sheet = archive, part, sheet
        self._listed = {relation.id: relation for relation in archive.relations(part)}
        kinds = {relation.kind: relation for relation in self._listed.values() if relation.target in archive}
        self._relation = kinds.get("comments")
        self.root: Element = None if self._relation is None else archive.tree(self._relation.target)

    def clear(self) -> None:
        """Take our texts out: a comment that has nothing else with its box, of others our part only."""
        gone: set[Place] = set()
        for comment in list(self._entries()):
            if _strip(comment, self._author(comment)):
                place = place_of(comment.get("ref", ""))
                gone |= {place} if place else set()
                comment.getparent().remove(comment)
        drawing = self._drawing()
        if gone and drawing:
            self.archive.write(drawing, vml.without(self.archive.read(drawing), gone))
        if gone and not self._entries():
            self._drop(drawing)

    def add(self, texts: Mapping[Place, str], *, is_right_to_left: bool = False) -> list[Place]:
        """Write a comment at each cell, below what stands there.

        Args:
            texts: What to say, by cell.
            is_right_to_left: The texts run from the right.

        Returns:
            Cells with a threaded comment: programs show that one alone, so nothing is added to it.
        """
        if not texts:
            return []
        there = {place_of(comment.get("ref", "")): comment for comment in self._entries()}
        threaded = [p for p in texts if p in there and self._author(there[p]).startswith(_THREAD)]
        said = {place: text for place, text in texts.items() if place not in threaded}
        if said and self.root is None:
            self._begin()
        for place, text in sorted(said.items()):
            comment = there.get(place)
            if comment is None:
                comment = self._entry(place)
            _say(comment, text)
        self._draw(said, is_right_to_left)
        return threaded

    def _tag(self, name: str) -> str:
        return f"{{{etree.QName(self.root).namespace}}}{name}"

    def _entries(self) -> list[Element]:
        return (
            []
            if self.root is None
            else self.root.findall(f"{self._tag('commentList')}/{self._tag('comment')}")
        )

    def _authors(self) -> list[Element]:
        return [] if self.root is None else self.root.findall(f"{self._tag('authors')}/{self._tag('author')}")

    def _author(self, comment: Element) -> str:
        number, authors = comment.get("authorId", ""), self._authors()
        known = number.isascii() and number.isdigit() and int(number) < len(authors)
        return (authors[int(number)].text or "") if known else ""

    def _begin(self) -> None:
        ns = self.archive.ns
        text = f'<comments xmlns="{ns}"><authors/><commentList/></comments>'
        self.root = parse(text.encode(), "comments")
        name = self.archive.add("xl/comments", ".xml", self.root, _CONTENT)
        self.archive.relate(self.part, "comments", name)

    def _entry(self, place: Place) -> Element:
        """A new comment of ours, in the order of rows and columns."""
        names = [author.text or "" for author in self._authors()]
        if AUTHOR not in names:
            etree.SubElement(self._child("authors"), self._tag("author")).text = AUTHOR
            names.append(AUTHOR)
        comment = etree.Element(
            self._tag("comment"), ref=cell_label(place), authorId=str(names.index(AUTHOR))
        )
        etree.SubElement(comment, self._tag("text"))
        self._child("commentList").append(comment)
        return comment

    def _child(self, name: str) -> Element:
        found = self.root.find(self._tag(name))
        if found is None:
            found = etree.Element(self._tag(name))
            self.root.insert(0 if name == "authors" else len(self.root), found)
        return found

    def _drawing(self) -> str:
        """The part that draws comments and controls; empty where there is none."""
        legacy = self.sheet.root.find(self.sheet.tag("legacyDrawing"))
        relation = None if legacy is None else self._listed.get(legacy.get(f"{{{self.archive.base}}}id", ""))
        return relation.target if relation and relation.target in self.archive else ""

    def _draw(self, texts: Mapping[Place, str], is_right_to_left: bool) -> None:
        archive, drawing = self.archive, self._drawing()
        shown = vml.places(archive.read(drawing)) if drawing else set()
        boxes = [
            vml.Box(place, self._anchor(place, text), is_right_to_left)
            for place, text in sorted(texts.items())
            if place not in shown
        ]
        if not boxes:
            return
        taken = {
            block for part in archive if part.endswith(".vml") for block in vml.blocks(archive.read(part))
        }
        if not drawing:
            drawing = archive.add("xl/drawings/vmlDrawing", ".vml", vml.empty(taken), vml.CONTENT)
            legacy = self.sheet.child("legacyDrawing")
            legacy.set(f"{{{archive.base}}}id", archive.relate(self.part, "vmlDrawing", drawing))
        archive.write(drawing, vml.added(archive.read(drawing), boxes, taken))

    def _anchor(self, place: Place, text: str) -> tuple[int, int, int, int, int, int, int, int]:
        """A box right of the cell, as high as its text."""
        row, column = place
        last, rest = column + 1, _WIDE
        while (width := self.sheet.pixels(last)) < rest:
            last, rest = last + 1, rest - width
        lines = sum(max(1, ceil(len(line) / _LETTERS)) for line in text.split("\n")) + 2
        height = min(lines, _MOST_LINES) * _LINE
        top = max(row - 1, 0)
        return column + 1, 12, top, 4, last, rest, top + height // _ROW, height % _ROW

    def _drop(self, drawing: str) -> None:
        """Take the empty list of comments out, and the drawing where nothing else is in it."""
        assert self._relation is not None
        self.archive.unrelate(self.part, self._relation.id)
        self.archive.remove(self._relation.target)
        self._relation = self.root = None
        if drawing and vml.is_bare(self.archive.read(drawing)):
            legacy = self.sheet.child("legacyDrawing")
            self.archive.unrelate(self.part, legacy.get(f"{{{self.archive.base}}}id"))
            self.sheet.root.remove(legacy)
            self.archive.remove(drawing)


def _say(comment: Element, text: str) -> None:
    """Our text behind what a comment says, under a name as programs put it there."""
    tag = comment.tag.replace("}comment", "}")
    body = comment.find(f"{tag}text")
    if body is None:
        body = etree.SubElement(comment, f"{tag}text")
    said = "".join(body.itertext())
    plain = body.find(f"{tag}t")
    if plain is not None and len(body) == 1:  # a text without runs cannot stand beside runs
        run = etree.SubElement(body, f"{tag}r")
        run.append(plain)
    _run(body, tag, ("\n\n" if said.strip() else "") + _OPENING, is_bold=True)
    _run(body, tag, encoded(text) + _CLOSING, is_bold=False)


def _run(body: Element, tag: str, text: str, *, is_bold: bool) -> None:
    run = etree.SubElement(body, f"{tag}r")
    look = etree.SubElement(run, f"{tag}rPr")
    if is_bold:
        etree.SubElement(look, f"{tag}b")
    settings: tuple[tuple[str, Any], ...] = (
        ("sz", "9"),
        ("color", None),
        ("rFont", "Tahoma"),
        ("family", "2"),
    )
    for name, value in settings:
        etree.SubElement(look, f"{tag}{name}", {"val": value} if value else {"indexed": "81"})
    written = etree.SubElement(run, f"{tag}t")
    written.text = text
    written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _strip(comment: Element, author: str) -> bool:
    """Take our text out of a comment, whatever runs it is cut into; whether it was ours and nothing is left.

    Where the sender has written over our closing line, all that follows our name
    may be the sender's; it stays.
    """
    texts = [element for element in comment.iter() if etree.QName(element).localname == "t"]
    whole = "".join(element.text or "" for element in texts)
    spans = _spans(whole)
    if not spans and author == AUTHOR and whole.startswith(_OPENING):
        spans = [(0, len(_OPENING))]
    at = 0
    for element in texts:
        text = element.text or ""
        element.text = _outside(text, [(first - at, last - at) for first, last in spans])
        at += len(text)
    if spans:
        _prune(texts)
    return bool(spans) and not "".join(element.text for element in texts).strip()


def _spans(text: str) -> list[tuple[int, int]]:
    """Where our texts begin and end, with the blank lines before them."""
    spans: list[tuple[int, int]] = []
    last = 0
    while (first := text.find(_OPENING, last)) >= 0:
        end = text.find(_CLOSING, first)
        if end < 0:
            break
        first = last + len(text[last:first].rstrip("\n"))
        last = end + len(_CLOSING)
        spans.append((first, last))
    return spans


def _outside(text: str, spans: list[tuple[int, int]]) -> str:
    kept, at = "", 0
    for first, last in spans:
        kept += text[at : max(first, at)]
        at = max(at, last)
    return kept + text[at:]


def _prune(texts: list[Element]) -> None:
    """Take out the runs that are left without text."""
    for element in texts:
        run = element.getparent()
        if not element.text and etree.QName(run).localname == "r":
            run.getparent().remove(run)
