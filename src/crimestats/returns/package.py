"""How the parts of a workbook hang together, and what a reader of values does not see in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import zip_longest
from posixpath import basename, dirname, join, normpath

from crimestats.returns import guard, measuring
from crimestats.returns.guard import LIMITS, Limits, Parts, RefusedError

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^<>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)')""")
_TAG = re.compile(rb"<(row|c)\b([^<>]*?)(/?)>")
_ODD = re.compile(rb"""<c\b([^<>]*)>(?=\s*<f\b)|<c\b([^<>]*\st\s*=\s*["']e["'][^<>]*)>""")
_ADDRESS = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]*)([0-9]*)["']""")
_IS_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_IS_TEXT = re.compile(rb"""\st\s*=\s*["']str["']""")
_FORMULA = re.compile(rb"<f\b[^<>]*?(?:/>|>([^<]*)</f>)")
_VALUE = re.compile(rb"<v\b[^<>]*>([^<]*)</v>")
_MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*?\bref\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7}):([A-Za-z]{1,3})([0-9]{1,7})["']"""
)
_COMMENT = re.compile(
    rb"""<(?:\w+:)?comment\s[^<>]*?\bref\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["'][^<>]*>"""
)
_COMMENT_END = re.compile(rb"</(?:\w+:)?comment>")
_RUN = re.compile(rb"<(?:\w+:)?t(?:\s[^<>]*)?>([^<]*)<")
_ON_LOAD = re.compile(rb"""\bfullCalcOnLoad\s*=\s*["'](?:1|true)["']""")

Place = tuple[int, int]
"""Row and column, both from 0."""
_STYLE = re.compile(rb"""\bs\s*=\s*["']([0-9]+)["']""")
_NUMBER_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s([^<>]*)>")
_STYLE_ENTRY = re.compile(rb"<(?:\w+:)?xf\b([^<>]*)>")
_FORMAT_ID = re.compile(rb"""\bnumFmtId\s*=\s*["']([0-9]+)["']""")
_LITERAL = re.compile(r"\"[^\"]*\"|\\.")
"""What stands in a number format as it is: in quotes, or behind a backslash."""


@dataclass(frozen=True, slots=True)
class Package:
    """The structure of a workbook.

    Attributes:
        parts: Part name to its bytes.
        grids: The cells of every part that is a sheet.
        plain: Those of them that hold neither formulas nor errors (`guard.is_plain`).
        sheets: Sheet name to the name of its part.
        names: The block of defined names, as it stands.
        is_calculated: Whether a spreadsheet program has computed the formulas. A
            library that only writes asks for it on opening and leaves no order
            of calculation behind; a 0 that it wrote for a formula is no figure.
    """

    parts: Parts
    grids: Parts
    plain: frozenset[str]
    sheets: dict[str, str]
    names: bytes
    is_calculated: bool


_FRAME = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedstrings.xml", "xl/styles.xml")
"""Parts beside the sheets that say what a cell holds; styles tell a date from a number."""

_OPENING, _CLOSING = re.compile(r"crimestats:\s"), re.compile(r"\s— crimestats")
"""What an annotation wrote into a comment stands between them: no word of the sender's."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """What a cell holds beside, or instead of, the value that a reader sees.

    Attributes:
        place: Row and column.
        kind: `error_value`, `formula_not_computed`, `formula`, `comment`.
        text: The error, the formula or the comment.
    """

    place: Place
    kind: str
    text: str


def open_package(data: bytes, limits: Limits = LIMITS) -> Package:
    """The parts of a workbook, checked, and how they hang together.

    Raises:
        RefusedError: The file is no workbook, or would cost too much to read.
    """
    guard.recognise(data)
    parts = guard.unpack(data, limits)
    strings = _part(parts, "xl/sharedstrings.xml")
    guard.check_strings(strings, limits)
    targets = _relations(parts, "xl/workbook.xml")
    grids = _grids(parts, targets)
    plain = frozenset(name for name, cells in grids.items() if guard.is_plain(cells))
    areas = [measuring.measure(name, cells, limits, is_near=name in plain) for name, cells in grids.items()]
    measuring.measure_together(grids, areas, strings, limits)
    for name in (*_FRAME, *grids):
        if name in parts:
            guard.check_form(name, parts[name])
    book = parts["xl/workbook.xml"]
    start, end = book.find(b"definedNames"), book.rfind(b"definedNames")
    if (count := book.count(b"definedName ")) > limits.names:
        raise RefusedError("too_large", f"The workbook has {count:,} defined names.")
    head = book[:start] + book[end:] if start >= 0 else book
    return Package(
        parts=parts, grids=grids, plain=plain, sheets=_sheets(head, targets), names=book[start:end],
        is_calculated="xl/calcchain.xml" in parts or not _ON_LOAD.search(head),
    )  # fmt: skip


def column_letters(column: int) -> str:
    """The letters of a column, from 0.

    >>> column_letters(0), column_letters(26)
    ('A', 'AA')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_label(place: Place) -> str:
    """The address of a cell as a spreadsheet shows it.

    >>> cell_label((26, 3))
    'D27'
    """
    return f"{column_letters(place[1])}{place[0] + 1}"


def to_place(letters: bytes | str, digits: bytes | str) -> Place:
    """Row and column, from 0, of an address in its two pieces.

    >>> to_place("D", "27")
    (26, 3)
    """
    column = 0
    for letter in (letters if isinstance(letters, str) else letters.decode()).upper():
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1, column - 1


def oddities(package: Package, sheet: str) -> list[Oddity]:
    """Error cells, formulas and comments of a sheet, in its order."""
    name = package.sheets.get(sheet, "")
    found = _comments(package, sheet)
    if name not in package.plain:
        cells = package.grids.get(name, b"")
        found += [
            odd
            for place, attributes, body in _odd_cells(cells)
            for odd in _odd(package, place, attributes, body)
        ]
    return found


def shown_as_share(package: Package, sheet: str) -> list[tuple[Place, str]]:
    """Cells whose number is shown as per cent, and the number that they hold: 12.5% holds 0.125."""
    styles = _share_styles(_part(package.parts, "xl/styles.xml"))
    cells = package.grids.get(package.sheets.get(sheet, ""), b"")
    if not styles or not cells:
        return []
    return [
        (place, unescape(value[1].decode("utf-8", "replace")))
        for place, attributes, body in _all_cells(cells)
        if (style := _STYLE.search(attributes)) and style[1] in styles and (value := _VALUE.search(body))
    ]


def _share_styles(part: bytes) -> frozenset[bytes]:
    """Numbers of the cell styles with a per cent sign in their format; 9 and 10 are such by themselves."""
    codes = {b"9", b"10"}
    for tag in _NUMBER_FORMAT.findall(part):
        attributes = _attributes(tag)
        if "%" in _LITERAL.sub("", attributes.get("formatCode", "")):
            codes.add(attributes.get("numFmtId", "").encode())
    start = part.find(b"cellXfs")
    block = part[start : part.find(b"cellXfs", start + 7)] if start >= 0 else b""
    own = [_FORMAT_ID.search(tag) for tag in _STYLE_ENTRY.findall(block)]
    return frozenset(str(at).encode() for at, found in enumerate(own) if found and found[1] in codes)


def merged(package: Package, sheet: str, limits: Limits = LIMITS) -> list[tuple[Place, Place]]:
    """First and last cell of every merged range of a sheet.

    Raises:
        RefusedError: There are more than the limit.
    """
    part = package.parts.get(package.sheets.get(sheet, ""), b"")
    end = part.rfind(b"sheetData>")
    if part.find(b"mergeCell", max(end, 0)) < 0:
        return []
    ranges = _MERGED.findall(part)
    if len(ranges) > limits.merged:
        raise RefusedError("too_large", f"The sheet '{sheet}' has {len(ranges):,} merged ranges.")
    return [(to_place(*found[:2]), to_place(*found[2:])) for found in ranges]


def _grids(parts: Parts, targets: dict[str, str]) -> Parts:
    """Cells of every part that a reader may take for a sheet: by its folder, or by name in the relations."""
    named = {basename(target) for target in targets.values()}
    candidates = {
        name: part
        for name, part in parts.items()
        if name.startswith("xl/worksheets/") or basename(name) in named
    }
    return {name: guard.grid(name, part) for name, part in candidates.items() if b"sheetData" in part}


def _odd_cells(cells: bytes) -> Iterator[tuple[Place, bytes, bytes]]:
    """Place, attributes and content of the cells with a formula or an error."""
    if cells.count(b'<c r="') == cells.count(b"<c"):
        for tag in _ODD.finditer(cells):
            attributes = tag[1] or tag[2]
            if (address := _ADDRESS.search(attributes)) and address[1] and address[2]:
                yield to_place(*address.groups()), attributes, _content(cells, tag.end())
    else:
        yield from (cell for cell in _all_cells(cells) if b"<f" in cell[2] or _IS_ERROR.search(cell[1]))


def _content(cells: bytes, start: int) -> bytes:
    return cells[start : cells.find(b"</c>", start)]


def _all_cells(cells: bytes) -> Iterator[tuple[Place, bytes, bytes]]:
    """Every cell; one without address stands right of the one before, a row without below."""
    row = column = -1
    for tag in _TAG.finditer(cells):
        name, attributes, closed = tag.groups()
        address = _ADDRESS.search(attributes)
        if name == b"row":
            row = int(address[2]) - 1 if address and address[2] else row + 1
            column = -1
            continue
        column += 1
        if address and address[1] and address[2]:
            row, column = to_place(address[1], address[2])
        if not closed:
            yield (row, column), attributes, _content(cells, tag.end())


def _odd(package: Package, place: Place, attributes: bytes, body: bytes) -> Iterator[Oddity]:
    value = _VALUE.search(body)
    shown = unescape(value[1].decode("utf-8", "replace")) if value else ""
    if _IS_ERROR.search(attributes):
        yield Oddity(place, "error_value", shown or "#")
    elif formula := _FORMULA.search(body):
        text = "=" + unescape((formula[1] or b"").decode("utf-8", "replace"))
        blank = not shown and not _IS_TEXT.search(attributes)
        lacks = blank or (not package.is_calculated and shown in ("", "0"))
        yield Oddity(place, "formula_not_computed" if lacks else "formula", text)


def _comments(package: Package, sheet: str) -> list[Oddity]:
    if not any("comment" in name for name in package.parts):
        return []
    own = _relations(package.parts, package.sheets.get(sheet, "")).values()
    parts = [
        package.parts[name] for name in own if basename(name).startswith("comment") and name in package.parts
    ]
    texts: dict[Place, list[str]] = {}
    for part in parts:
        for place, body in _bodies(part):
            if text := _without_ours(_text(body)).strip():
                texts.setdefault(place, []).append(text)
    return [Oddity(place, "comment", "\n".join(said)) for place, said in texts.items()]


def _bodies(part: bytes) -> Iterator[tuple[Place, bytes]]:
    """Each comment's cell, and what stands between its tag and the next one."""
    tags = [*_COMMENT.finditer(part)]
    for tag, start in zip_longest(tags, (other.start() for other in tags[1:])):
        end = _COMMENT_END.search(part, tag.end(), len(part) if start is None else start)
        yield to_place(tag[1], tag[2]), part[tag.end() : end.start() if end else start]


def _without_ours(text: str) -> str:
    kept, at = "", 0
    while (first := _OPENING.search(text, at)) and (last := _CLOSING.search(text, first.end() - 1)):
        kept, at = kept + text[at : first.start()], last.end()
    return kept + text[at:]


def _text(body: bytes) -> str:
    return unescape(b"".join(_RUN.findall(body)).decode("utf-8", "replace")).strip()


def _sheets(head: bytes, targets: dict[str, str]) -> dict[str, str]:
    sheets: dict[str, str] = {}
    for tag in _SHEET.findall(head):
        attributes = _attributes(tag)
        relation = next((value for name, value in attributes.items() if name.rpartition(":")[2] == "id"), "")
        sheets.setdefault(attributes.get("name", ""), targets.get(relation, ""))
    return sheets


def _relations(parts: Parts, part: str) -> dict[str, str]:
    folder = dirname(part)
    block = _part(parts, f"{folder}/_rels/{basename(part)}.rels")
    found: dict[str, str] = {}
    for tag in _RELATION.findall(block):
        attributes = _attributes(tag)
        target = attributes.get("Target", "").replace("\\", "/").lower()
        found[attributes.get("Id", "")] = normpath(join("/" + folder, target)).lstrip("/")
    return found


def _attributes(tag: bytes) -> dict[str, str]:
    pairs = ((name, double or single) for name, double, single in _ATTRIBUTE.findall(tag))
    return {
        name.decode("utf-8", "replace"): unescape(value.decode("utf-8", "replace")) for name, value in pairs
    }


def _part(parts: Parts, name: str) -> bytes:
    return parts.get(name, b"")
