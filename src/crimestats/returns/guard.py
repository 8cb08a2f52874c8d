"""Look into a file before it is read: what it is, how large it becomes, what it carries.

A workbook is a zip of XML parts. The reader of values (python-calamine) trusts
what it is given: one cell at AZ1048576 costs it 2 GB, and an impossible cell
address or a false count of shared strings ends the whole process. So every
part is inflated once, counted while it grows, and looked through as bytes;
only then is the file read.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from posixpath import basename
from xml.parsers import expat

from crimestats.errors import FileError

Parts = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a returned file may cost.

    An empty workbook of the shipped questionnaire has 50 kB and 425 kB
    inflated, a ratio of 9; spreadsheet programs stay under a ratio of 30. The
    limits leave room for logos and for further sheets.

    Attributes:
        packed: Bytes of the file.
        inflated: Bytes of all parts together.
        ratio: Inflated over packed bytes, for files that inflate to more than `small`.
        small: Inflated bytes below which no ratio is a danger.
        parts: Number of parts.
        cells: Cells of a sheet that are written in the file.
        area: Rows times columns up to the last cell of a sheet; the reader keeps them all.
        areas: The same of all sheets together.
        text: Bytes of text that the cells of all sheets may repeat from the shared list.
        merged: Merged ranges of a sheet.
        names: Defined names.
    """

    packed: int = 64 << 20
    inflated: int = 128 << 20
    ratio: int = 200
    small: int = 8 << 20
    parts: int = 5_000
    cells: int = 1_000_000
    area: int = 3_000_000
    areas: int = 4_000_000
    text: int = 64 << 20
    merged: int = 10_000
    names: int = 250_000


LIMITS = Limits()

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP, _ZIP_END, _ZIP64 = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07"
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEAD = 4096  # bytes of a part in which a document type is declared, if it is
_PREFIX = re.compile(rb"<(/?)[A-Za-z_][\w.-]*:")
_OUT_OF_THE_PLAIN = re.compile(rb'<c(?! r="[A-Z][0-9]{1,4}"[ tsn0-9="]*(?:inlineStr"|str")?(?:/>|><[vi]))')
_NO_CELLS = re.compile(rb"<sheetData\s*/>")
_UNIQUE = re.compile(rb"""uniqueCount\s*=\s*["']\s*\+?([0-9]+)""")
_ENDS = (3, 5)  # expat: no element found, unclosed token
_UNREAD = ("docprops/", "customxml/", "xl/media/", "xl/embeddings/", "xl/printersettings/")
_RELATIONS = "xl/_rels/workbook.xml.rels"
_CARRIED = (
    ("macros", "vbaproject.bin"),
    ("macros", "xl/macrosheets/"),
    ("external_links", "xl/externallinks/"),
    ("connections", "xl/connections.xml"),
    ("embedded", "xl/embeddings/"),
    ("embedded", "xl/activex/"),
)


class RefusedError(FileError):
    """A file that is not read; it becomes a `_fault` row of its return.

    Args:
        kind: The fault, as in `_fault.<kind>`.
        detail: What was found, for people.
    """

    def __init__(self, kind: str, detail: str) -> None:
        self.kind, self.detail = kind, detail
        super().__init__(kind, detail, "Ask for the file again, as an .xlsx workbook.")


def recognise(data: bytes) -> None:
    """Refuse what is no .xlsx file by its first and last bytes.

    Raises:
        RefusedError: Empty, encrypted, the old binary format, cut off, or no workbook at all.
    """
    if not data:
        raise RefusedError("empty", "The file has no bytes.")
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise RefusedError("encrypted", "The workbook is locked with a password. Save it without one.")
        raise RefusedError("old_format", "This is the format of Excel 97 to 2003 (.xls). Save it as .xlsx.")
    if not data.startswith(_ZIP):
        raise RefusedError("not_workbook", f"The file begins with “{_readable(data[:24])}”.")
    end = data.rfind(_ZIP_END)
    if end < 0:
        raise RefusedError("truncated", "The end of the file is missing; it was cut off on its way.")
    if data[end - 20 : end].startswith(_ZIP64):
        raise RefusedError(
            "unreadable", "The file has two directories; programs would differ on what it holds."
        )


def _readable(start: bytes) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in start.decode("latin-1")).strip()


def unpack(data: bytes, limits: Limits = LIMITS) -> Parts:
    """Inflate every part of a workbook, counting while it grows.

    Sizes in the zip directory are not believed.

    Args:
        data: The file.
        limits: What it may cost.

    Returns:
        Part name, in small letters and with `/`, to its bytes.

    Raises:
        RefusedError: A bomb, damaged, another kind of file, or a part that declares entities.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = _inflate(archive, len(data), limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise RefusedError("truncated", f"The file is damaged ({error}).") from error
    except (NotImplementedError, RuntimeError, ValueError, OverflowError) as error:
        raise RefusedError("unreadable", f"The file is packed in a way of its own ({error}).") from error
    _belongs(parts)
    for name, part in parts.items():
        if name.endswith((".xml", ".rels", ".vml")):
            _plain(name, part)
    return parts


def _inflate(archive: zipfile.ZipFile, packed: int, limits: Limits) -> Parts:
    """The parts; those that no reader of cells opens are named only."""
    members = _members(archive, limits)
    ceiling = min(limits.inflated, max(limits.small, packed * limits.ratio))
    if sum(member.file_size for member in members.values()) > ceiling:
        raise RefusedError("bomb", f"{packed:,} bytes say that they grow to more than {ceiling:,}.")
    parts: Parts = dict.fromkeys(members, b"")
    total = 0
    for name in sorted(members, key=_RELATIONS.__ne__):
        if name.startswith(_UNREAD) and basename(name).encode() not in parts.get(_RELATIONS, b"").lower():
            continue
        with archive.open(members[name]) as stream:
            parts[name] = stream.read(ceiling - total + 1)
        total += len(parts[name])
        if total > ceiling:
            raise RefusedError(
                "bomb", f"{packed:,} bytes grow to more than {ceiling:,}, most of them in {name}."
            )
    return parts


def _members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    found = archive.infolist()
    if len(found) > limits.parts:
        raise RefusedError("bomb", f"The file has {len(found):,} parts.")
    members = {member.filename.replace("\\", "/").lower(): member for member in found}
    if len(members) < len(found):
        raise RefusedError(
            "unreadable", "A part stands twice in the file; programs would differ on which holds."
        )
    return members


def _belongs(parts: Parts) -> None:
    if "xl/workbook.xml" in parts:
        return
    if "xl/workbook.bin" in parts:
        raise RefusedError("old_format", "This is Excel's binary format (.xlsb). Save it as .xlsx.")
    if b"opendocument.spreadsheet" in parts.get("mimetype", b""):
        raise RefusedError("old_format", "This is an OpenDocument spreadsheet (.ods). Save it as .xlsx.")
    listed = ", ".join(list(parts)[:5]) or "nothing"
    raise RefusedError("not_workbook", f"A zip file without xl/workbook.xml; it holds {listed}.")


def _plain(name: str, part: bytes) -> None:
    if part.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
        raise RefusedError("unreadable", f"The part {name} is not UTF-8.")
    if _DTD.search(part, 0, _HEAD):
        raise RefusedError(
            "dtd", f"The part {name} declares a document type or entities; no workbook needs that."
        )
    if name.startswith("xl/sharedstrings") and (b"<!" in part or part.find(b"<?", 1) > 0):
        raise RefusedError("unreadable", f"{name} has comments or raw sections amid its texts.")


def carried(parts: Parts) -> list[tuple[str, str]]:
    """What a workbook brings along besides its cells: macros, links to other files, embedded objects.

    None of it is run or followed.

    Returns:
        Kind and the names of the parts, once for each kind.
    """
    found: dict[str, list[str]] = {}
    for name in parts:
        for kind, mark in _CARRIED:
            if mark in name and not name.endswith(".rels"):
                found.setdefault(kind, []).append(name)
    return [(kind, ", ".join(names[:5])) for kind, names in found.items()]


def grid(place: str, part: bytes) -> bytes:
    """The cells of a sheet's part, `sheetData` and all in it, names without prefix.

    Raises:
        RefusedError: They have no end; a reader would give the half that is there.
    """
    if b":sheetData" in part:
        part = _PREFIX.sub(rb"<\1", part)
    start, end = part.find(b"<sheetData"), part.rfind(b"</sheetData>")
    if end < 0 and not _NO_CELLS.search(part):
        raise RefusedError("truncated", f"{place} ends in the middle.")
    cells = part[max(start, 0) : end if end > start else len(part)]
    return _PREFIX.sub(rb"<\1", cells) if b":c" in cells else cells


def is_plain(cells: bytes) -> bool:
    """Whether a `grid` holds nothing but numbers and texts, up to column Z and row 9,999.

    Then there are no formulas, no errors and no cell far away, and nothing more
    is to be looked for. Most returns are so, and one search says it.
    """
    return _OUT_OF_THE_PLAIN.search(cells) is None


def check_form(place: str, part: bytes) -> None:
    """Refuse a part that is no XML; readers would differ on where it goes wrong.

    Raises:
        RefusedError: It is not well-formed, or declares a document type.
    """

    def refuse(*_: object) -> None:
        raise RefusedError("dtd", f"The part {place} declares a document type; no workbook needs that.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        kind = "truncated" if part and getattr(error, "code", 0) in _ENDS else "unreadable"
        raise RefusedError(kind, f"The part {place} is no XML ({error}).") from error


def check_strings(strings: bytes, limits: Limits = LIMITS) -> None:
    """Refuse a list of shared strings that is too long, or claims to be; the reader would believe it.

    Raises:
        RefusedError: It has no end, too many texts, or a count larger than itself.
    """
    if strings and b"sst>" not in strings[-_HEAD:]:
        raise RefusedError("truncated", "The list of shared strings ends in the middle.")
    written = strings.count(b"<si")
    if written > limits.cells:
        raise RefusedError("too_large", f"The list of shared strings has {written:,} texts.")
    for count in _UNIQUE.findall(strings):
        if len(count) > 12 or int(count) > max(len(strings), 1_000):
            raise RefusedError("bomb", f"The list of shared strings claims {count.decode()} texts.")
