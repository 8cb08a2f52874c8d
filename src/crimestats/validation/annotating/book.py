"""The workbook's own part: its sheets, which one is shown, and its defined names."""

import re
from collections.abc import Iterator

from lxml import etree

from crimestats.returns.package import Place, cell_label
from crimestats.validation.annotating.archive import BOOK, Archive, Element
from crimestats.validation.annotating.comments import Comments
from crimestats.validation.annotating.sheet import Sheet, place_of, unselected

OURS = re.compile(r"A\.[0-9a-f]{8,64}|K\.[0-9]{1,6}|H\.original|H\.earlier")
"""Names that annotating gives: answers, coloured cells, the files that this one supersedes."""

_INPUT = re.compile(r"[FHLMN]\.")
_TARGET = re.compile(r"=?(?:'((?:[^']|'')+)'|([^'!\[\]]+))!(\$?[A-Za-z]{1,3}\$?[0-9]{1,7})")
_BEFORE_VIEWS = (
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "workbookProtection",
    "AlternateContent",
    "revisionPtr",
)
_BEFORE_NAMES = (*_BEFORE_VIEWS, "bookViews", "sheets", "functionGroups", "externalReferences")
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_NAME = 31


class Book:
    """The workbook as a whole, edited in place.

    Args:
        archive: Its parts.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.root = archive.tree(BOOK)
        self._sheets: dict[str, Sheet] = {}
        self._comments: dict[str, Comments] = {}
        targets = {relation.id: relation for relation in archive.relations(BOOK)}
        self._targets = {name: targets.get(self._id(entry)) for name, entry in self._entries()}

    @property
    def names(self) -> list[str]:
        """The sheets in their order, charts and dialogs too."""
        return [name for name, _ in self._entries()]

    def part(self, name: str) -> str:
        """The part of a worksheet; empty where there is none of that name, or it is another kind."""
        relation = self._targets.get(name)
        is_there = relation is not None and relation.kind == "worksheet" and relation.target in self.archive
        return relation.target if relation is not None and is_there else ""

    def is_too_large(self, name: str) -> bool:
        """Whether a sheet is so large that it is left as it is."""
        parts = [self.part(name), *self._commented(name)]
        return any(self.archive.is_too_large(part) for part in parts)

    def sheet(self, name: str) -> Sheet:
        """The cells of a worksheet, to be edited."""
        part = self.part(name)
        if part not in self._sheets:
            self._sheets[part] = Sheet(self.archive.tree(part))
        return self._sheets[part]

    def comments(self, name: str) -> Comments:
        """The comments of a worksheet, to be edited."""
        part = self.part(name)
        if part not in self._comments:
            self._comments[part] = Comments(self.archive, part, self.sheet(name))
        return self._comments[part]

    def has_comments(self, name: str, author: str) -> bool:
        """Whether the comments of a worksheet mention somebody."""
        return any(author.encode() in self.archive.read(part) for part in self._commented(name))

    def ours(self) -> dict[str, tuple[str, Place]]:
        """Names of an earlier annotation that still lead to a cell: sheet and place."""
        found = {}
        for entry in self._defined():
            if entry.get("localSheetId") is None and OURS.fullmatch(entry.get("name", "")):
                target = _TARGET.fullmatch((entry.text or "").strip())
                place = place_of(target[3]) if target else None
                if target and place:
                    sheet = target[1].replace("''", "'") if target[1] else target[2]
                    found[entry.get("name")] = (sheet, place)
        return found

    def with_inputs(self) -> set[str]:
        """Sheets that hold cells of the questionnaire; they are the sender's."""
        found = set()
        for entry in self._defined():
            name, target = entry.get("name", ""), _TARGET.fullmatch((entry.text or "").strip())
            if target and _INPUT.match(name) and not OURS.fullmatch(name):
                found.add(target[1].replace("''", "'") if target[1] else target[2])
        return found

    def forget(self, sheet: str) -> None:
        """Take the names of an earlier annotation out, and those that repeat headings on its sheet."""
        own = str(self.names.index(sheet)) if sheet in self.names else "none"
        for entry in list(self._defined()):
            name, local = entry.get("name", ""), entry.get("localSheetId")
            if (local is None and OURS.fullmatch(name)) or (local == own and name.startswith("_xlnm.")):
                entry.getparent().remove(entry)

    def define(
        self, name: str, sheet: str, target: str, *, local: bool = False, hidden: bool = False
    ) -> None:
        """Give a name to cells of a sheet (`target` as in `$A$1`)."""
        own = str(self.names.index(sheet)) if local else ""
        if local:
            self._undefine(name, own)
        entry = etree.SubElement(
            self._child("definedNames", _BEFORE_NAMES), self._tag("definedName"), name=name
        )
        if local:
            entry.set("localSheetId", own)
        if hidden:
            entry.set("hidden", "1")
        entry.text = f"{quoted(sheet)}!{target}"

    def place(self, name: str, place: Place) -> str:
        """How a formula or a link names a cell."""
        return f"{quoted(name)}!{cell_label(place)}"

    def free_name(self, wanted: str) -> str:
        """A name for a new sheet: as wanted, numbered where it is taken."""
        taken = {name.casefold() for name in self.names}
        plain = _FORBIDDEN.sub(" ", wanted).strip(" '") or "?"
        numbers = (f" {number}" for number in range(2, len(taken) + 3))
        tries = [plain[:_LONGEST_NAME], *(plain[: _LONGEST_NAME - len(end)] + end for end in numbers)]
        return next(name for name in tries if name.casefold() not in taken)

    def append(self, name: str, root: Element) -> None:
        """A new sheet behind all others, where no formula over several sheets takes it in."""
        part = self.archive.add("xl/worksheets/sheet", ".xml", root, _SHEET)
        relation = self.archive.relate(BOOK, "worksheet", part)
        numbers = [int(entry.get("sheetId", "0")) for _, entry in self._entries()]
        entry = etree.SubElement(self._child("sheets", _BEFORE_NAMES[:-3]), self._tag("sheet"), name=name)
        entry.set("sheetId", str(max(numbers, default=0) + 1))
        entry.set(f"{{{self.archive.base}}}id", relation)
        self._targets[name] = next(r for r in self.archive.relations(BOOK) if r.id == relation)

    def show(self, name: str) -> None:
        """Make a sheet the one that is seen on opening, and the only one selected."""
        for other in self._targets.values():
            if other is not None and other.target in self.archive and other.target != self.part(name):
                self._deselect(other.target)
        entry = dict(self._entries())[name]
        entry.attrib.pop("state", None)
        views = self._child("bookViews", _BEFORE_VIEWS)
        if not len(views):
            etree.SubElement(views, self._tag("workbookView"))
        for view in views:
            view.set("activeTab", str(self.names.index(name)))

    def _commented(self, name: str) -> list[str]:
        listed = self.archive.relations(self.part(name))
        parts = [relation.target for relation in listed if relation.kind == "comments"]
        return [part for part in parts if part in self.archive]

    def _undefine(self, name: str, own: str) -> None:
        for entry in list(self._defined()):
            if (entry.get("name"), entry.get("localSheetId")) == (name, own):
                entry.getparent().remove(entry)

    def _deselect(self, part: str) -> None:
        """In the tree where the sheet is edited, else in its bytes."""
        if part not in self._sheets:
            data = self.archive.read(part)
            if (plain := unselected(data)) != data:
                self.archive.write(part, plain)
            return
        sheet = self._sheets[part]
        for view in sheet.root.iterfind(f"{sheet.tag('sheetViews')}/{sheet.tag('sheetView')}"):
            if view.get("tabSelected"):
                view.set("tabSelected", "0")

    def _tag(self, name: str) -> str:
        return f"{{{self.archive.ns}}}{name}"

    def _id(self, entry: Element) -> str:
        return str(entry.get(f"{{{self.archive.base}}}id", ""))

    def _entries(self) -> Iterator[tuple[str, Element]]:
        for entry in self.root.iterfind(f"{self._tag('sheets')}/{self._tag('sheet')}"):
            yield entry.get("name", ""), entry

    def _defined(self) -> Iterator[Element]:
        yield from self.root.iterfind(f"{self._tag('definedNames')}/{self._tag('definedName')}")

    def _child(self, name: str, before: tuple[str, ...]) -> Element:
        """A child of the workbook, put in behind those that the schema has before it."""
        found = self.root.find(self._tag(name))
        if found is None:
            found = etree.Element(self._tag(name))
            earlier = [
                number
                for number, child in enumerate(self.root)
                if isinstance(child.tag, str) and etree.QName(child).localname in before
            ]
            self.root.insert(max(earlier, default=-1) + 1, found)
        return found


def quoted(sheet: str) -> str:
    """A sheet's name as formulas have it.

    >>> quoted("Women's prisons")
    "'Women''s prisons'"
    """
    return "'" + sheet.replace("'", "''") + "'"
