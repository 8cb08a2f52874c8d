"""The parts of a workbook's zip, opened to be edited: what is not touched is written as it came."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from posixpath import basename, dirname, join, normpath, relpath
from typing import Any
from urllib.parse import unquote

from lxml import etree

from crimestats.errors import FileError
from crimestats.returns.guard import LIMITS, Limits, RefusedError
from crimestats.returns.package import open_package

Element = Any
"""An element of lxml, which has no types of its own."""

BOOK = "xl/workbook.xml"
_TYPES = "[content_types].xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELATIONS = f"{_PACKAGE}/relationships"
_CONTENT = f"{_PACKAGE}/content-types"
_BASES = {
    "http://purl.oclc.org/ooxml/spreadsheetml/main": "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
_BASE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WHEN = (1980, 1, 1, 0, 0, 0)  # a constant, so that equal workbooks give equal bytes
_PACKED = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".zip")  # deflating them again gains nothing
_LEVEL = 6
_COMPARED = 1 << 20  # bytes up to which a part that was looked into is found to be unchanged
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
LARGEST = 16 << 20
"""Bytes of a part that is edited; the tree of it costs some thirty times as much memory."""

REMEDY = "Send the questions in a letter, and ask for the file again as an .xlsx workbook."


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship of a part.

    Attributes:
        id: As the part refers to it.
        kind: The last piece of its type (`worksheet`, `comments`, `vmlDrawing`).
        target: The part it leads to, in small letters; empty where it leads out of the file.
    """

    id: str
    kind: str
    target: str


class Archive:
    """A workbook that passed the guard of reading, its parts by name in small letters.

    Args:
        source: The file.
        limits: What it may cost (see `crimestats.returns.guard`).

    Raises:
        FileError: It is refused, damaged, or its XML is not well-formed.
    """

    def __init__(self, source: Path, limits: Limits = LIMITS) -> None:
        self.source = source
        data = _load(source, limits)
        self.sha256 = sha256(data).hexdigest()
        try:
            open_package(data, limits)
            self._names, self._parts = _unpack(data)
        except RefusedError as refused:
            raise FileError(source.name, refused.detail, REMEDY) from refused
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise FileError(source.name, f"is damaged ({error}).", REMEDY) from error
        self._before = dict(self._parts)
        self._trees: dict[str, Element] = {}
        self._came: dict[str, bytes] = {}
        self.ns = etree.QName(self.tree(BOOK)).namespace or ""
        self.base = _BASES.get(self.ns, _BASE)

    def __contains__(self, part: object) -> bool:
        return part in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._parts))

    def read(self, part: str) -> bytes:
        """The bytes of a part."""
        return self._parts[part]

    def write(self, part: str, data: bytes) -> None:
        """Replace the bytes of a part."""
        self._trees.pop(part, None)
        self._came.pop(part, None)
        self._parts[part] = data

    def tree(self, part: str) -> Element:
        """The root of a part's XML; what is changed in it will be written.

        Raises:
            FileError: It is not well-formed, declares a document type, or is too large.
        """
        if part not in self._trees:
            if self.is_too_large(part):
                raise FileError(f"{self.source.name}, {part}", "is too large to be edited.", REMEDY)
            self._trees[part] = root = parse(self._parts[part], f"{self.source.name}, {part}")
            if len(self._parts[part]) <= _COMPARED:
                self._came[part] = etree.tostring(root)
        return self._trees[part]

    def is_too_large(self, part: str) -> bool:
        """Whether a part is left as it is."""
        return len(self._parts[part]) > LARGEST

    def add(self, stem: str, suffix: str, data: bytes | Element, content: str) -> str:
        """A new part under the first free number.

        Args:
            stem: Folder and beginning of the name (`xl/comments`).
            suffix: The end of the name (`.xml`).
            data: Bytes, or the root of its XML.
            content: Its content type.

        Returns:
            The name of the part.
        """
        number = next(
            n for n in range(1, len(self._parts) + 2) if f"{stem}{n}{suffix}".lower() not in self._parts
        )
        name = f"{stem}{number}{suffix}"
        self._names[name.lower()], self._parts[name.lower()] = name, b""
        self.put(name.lower(), data)
        self._declare(name, content)
        return name.lower()

    def put(self, part: str, data: bytes | Element) -> None:
        """Give a part its bytes, or the root of its XML."""
        if isinstance(data, bytes):
            self.write(part, data)
        else:
            self._trees[part] = data
            self._came.pop(part, None)

    def remove(self, part: str) -> None:
        """Take a part out, with its relationships and its content type."""
        for name in (part, _relations_of(part)):
            self._forget(name)
        for entry in self.tree(_TYPES).findall(f"{{{_CONTENT}}}Override"):
            if entry.get("PartName", "").lstrip("/").lower() == part:
                entry.getparent().remove(entry)

    def relations(self, part: str) -> list[Relation]:
        """The relationships of a part; of the whole package for an empty name."""
        name = _relations_of(part)
        if name not in self._parts:
            return []
        return [
            Relation(entry.get("Id", ""), entry.get("Type", "").rpartition("/")[2], _target(part, entry))
            for entry in self.tree(name).findall(f"{{{_RELATIONS}}}Relationship")
        ]

    def relate(self, part: str, kind: str, target: str) -> str:
        """Relate a part to another and return the id."""
        name = _relations_of(part)
        if name not in self._parts:
            folder = dirname(self._names[part])
            self._names[name] = f"{folder}/_rels/{basename(self._names[part])}.rels"
            self._parts[name] = b""
            self._trees[name] = etree.Element(f"{{{_RELATIONS}}}Relationships", nsmap={None: _RELATIONS})
        root = self.tree(name)
        taken = {entry.get("Id", "") for entry in root}
        new = next(f"rId{n}" for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
        path = relpath(self._names[target], dirname(self._names[part]) or ".")
        etree.SubElement(
            root, f"{{{_RELATIONS}}}Relationship", Id=new, Type=f"{self.base}/{kind}", Target=path
        )
        return new

    def unrelate(self, part: str, relation: str) -> None:
        """Take one relationship of a part out."""
        root = self.tree(_relations_of(part))
        for entry in root.findall(f"{{{_RELATIONS}}}Relationship"):
            if entry.get("Id") == relation:
                root.remove(entry)
        if not len(root):
            self._forget(_relations_of(part))

    @property
    def kept(self) -> tuple[str, ...]:
        """Parts that will be written byte for byte as they came, by their own names."""
        same = (part for part, data in self._before.items() if self._parts.get(part) is data)
        return tuple(
            self._names[part] for part in same if part not in self._trees or self._is_unchanged(part)
        )

    def save(self, path: Path) -> None:
        """Write the workbook."""
        parts = {name: self._bytes(name) for name in sorted(self._parts, key=_TYPES.__ne__)}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for name, data in parts.items():
                entry = zipfile.ZipInfo(self._names[name], _WHEN)
                is_packed = name.endswith(_PACKED)
                entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)

    def _forget(self, part: str) -> None:
        for memory in (self._parts, self._trees, self._came):
            memory.pop(part, None)

    def _bytes(self, part: str) -> bytes:
        if part not in self._trees or self._is_unchanged(part):
            return self._parts[part]
        return serialised(self._trees[part])

    def _is_unchanged(self, part: str) -> bool:
        return part in self._came and etree.tostring(self._trees[part]) == self._came[part]

    def _declare(self, name: str, content: str) -> None:
        root = self.tree(_TYPES)
        suffix = name.rpartition(".")[2]
        defaults = {
            entry.get("Extension", "").lower(): entry.get("ContentType")
            for entry in root.findall(f"{{{_CONTENT}}}Default")
        }
        if suffix != "xml" and suffix not in defaults:
            root.insert(0, etree.Element(f"{{{_CONTENT}}}Default", Extension=suffix, ContentType=content))
        elif defaults.get(suffix) != content:
            etree.SubElement(root, f"{{{_CONTENT}}}Override", PartName=f"/{name}", ContentType=content)


def parse(data: bytes, place: str) -> Element:
    """The root of an XML part, nothing fetched and no entity resolved.

    Raises:
        FileError: It is not well-formed, or declares a document type.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise FileError(place, f"is no well-formed XML ({error.msg}).", REMEDY) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise FileError(place, "declares a document type; no workbook needs that.", REMEDY)
    return root


def serialised(root: Element) -> bytes:
    """The bytes of a part from the root of its XML."""
    data: bytes = etree.tostring(root.getroottree(), encoding="UTF-8")
    start = data.find(b"?>") + 2 if data.startswith(b"<?xml") else 0
    return _DECLARATION + data[start:].lstrip()


def _load(source: Path, limits: Limits) -> bytes:
    try:
        if not source.is_file() or source.stat().st_size > limits.packed:
            raise FileError(source.name, "is no file, or too large to be read.", REMEDY)
        return source.read_bytes()
    except OSError as error:
        raise FileError(source.name, f"cannot be opened ({error.strerror}).", REMEDY) from error


def _unpack(data: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Names as written, and bytes of the parts; folders and names that lead out of the file are left out.

    The guard has measured what is inflated here.
    """
    names: dict[str, str] = {}
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/")
            if not name.endswith("/") and not name.startswith("/") and ".." not in name.split("/"):
                names[name.lower()] = name
                parts[name.lower()] = archive.read(entry)
    return names, parts


def _relations_of(part: str) -> str:
    return join(dirname(part), "_rels", f"{basename(part)}.rels")


def _target(part: str, entry: Element) -> str:
    if entry.get("TargetMode") == "External":
        return ""
    target = unquote(entry.get("Target", "")).replace("\\", "/").lower()
    return normpath(join("/" + dirname(part), target)).lstrip("/")
