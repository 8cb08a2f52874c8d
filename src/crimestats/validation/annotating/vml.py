"""The drawing of comments, which spreadsheets keep as VML.

It is edited as bytes: programs write it with tags that are never closed, so that
no parser of XML reads every one, and shapes and controls of the sender stand in it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crimestats.returns.package import Place

CONTENT = "application/vnd.openxmlformats-officedocument.vmlDrawing"

_SPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_EMPTY = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    b'<o:idmap v:ext="edit" data="%s"/></o:shapelayout>'
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
_TAG = re.compile(rb"<(/?)(?:\w+:)?shape(?=[\s>])")
_NOTE = re.compile(rb"""ObjectType\s*=\s*["']Note["']""")
_ROW = re.compile(rb"<(?:\w+:)?Row>\s*(\d+)\s*</(?:\w+:)?Row>")
_COLUMN = re.compile(rb"<(?:\w+:)?Column>\s*(\d+)\s*</(?:\w+:)?Column>")
_ID = re.compile(rb"_x0000_s(\d+)")
_BLOCKS = re.compile(rb"""(<(?:\w+:)?idmap\b[^>]*\bdata\s*=\s*["'])([0-9, ]*)(["'])""")
_END = re.compile(rb"</(?:\w+:)?xml>\s*\Z")
_PER_BLOCK = 1024  # shape ids 1024 n to 1024 n + 1023 are of block n


class Box(NamedTuple):
    """Where and how large a comment opens.

    Attributes:
        place: Its cell.
        anchor: Left column and offset, top row and offset, right column and offset, bottom row and offset.
        is_right_to_left: Its text runs from the right.
    """

    place: Place
    anchor: tuple[int, int, int, int, int, int, int, int]
    is_right_to_left: bool


def empty(taken: Iterable[int]) -> bytes:
    """A drawing without shapes, in the first block of ids that no other drawing has."""
    return _EMPTY % str(max(taken, default=0) + 1).encode()


def blocks(part: bytes) -> set[int]:
    """The blocks of shape ids that a drawing has, by what it states and by what stands in it."""
    stated = {int(number) for _, listed, _ in _BLOCKS.findall(part) for number in re.findall(rb"\d+", listed)}
    return stated | {int(number) // _PER_BLOCK for number in _ID.findall(part)}


def places(part: bytes) -> set[Place]:
    """Cells with a shape of a comment."""
    return {found for first, last in _shapes(part) if (found := _place(part[first:last]))}


def is_bare(part: bytes) -> bool:
    """Whether nothing is drawn in it."""
    return b"ClientData" not in part and not re.search(
        rb"<(?:\w+:)?(?:shape|group|rect|line|oval|image)\s", part
    )


def without(part: bytes, gone: set[Place]) -> bytes:
    """The drawing without the shapes of the comments at some cells; all else byte for byte."""
    pieces, at = [], 0
    for first, last in _shapes(part):
        if _place(part[first:last]) in gone:
            pieces.append(part[at:first])
            at = last
    return b"".join([*pieces, part[at:]])


def added(part: bytes, boxes: list[Box], taken: Iterable[int]) -> bytes:
    """The drawing with a shape for each comment behind those that it has.

    Args:
        part: The drawing.
        boxes: The comments.
        taken: Blocks of shape ids of all drawings of the workbook.
    """
    numbers = _free(part, len(boxes), set(taken))
    head = part[: part.find(b">", max(part.find(b"<xml"), 0)) + 1]
    spaces = "".join(
        f' xmlns:{name}="{uri}"' for name, uri in _SPACES.items() if f"xmlns:{name}=".encode() not in head
    )
    shapes = "".join(_shape(box, number, spaces) for box, number in zip(boxes, numbers, strict=True)).encode()
    end = _END.search(part)
    at = end.start() if end else len(part)
    return _stated(part[:at] + shapes + part[at:], {number // _PER_BLOCK for number in numbers})


def _shapes(part: bytes) -> Iterator[tuple[int, int]]:
    """Where each shape begins and ends; one without content is passed over."""
    start = -1
    for tag in _TAG.finditer(part):
        end = part.find(b">", tag.end()) + 1
        if tag[1] and start >= 0:
            yield start, end
            start = -1
        elif not tag[1] and start < 0 and part[end - 2 : end] != b"/>":
            start = tag.start()


def _shape(box: Box, number: int, spaces: str) -> str:
    row, column = box.place
    side = ";direction:RTL" if box.is_right_to_left else ""
    align = "right" if box.is_right_to_left else "left"
    anchor = ", ".join(map(str, box.anchor))
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;visibility:hidden" '
        f'fillcolor="#ffffe1" o:insetmode="auto"{spaces}><v:fill color2="#ffffe1"/>'
        f'<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        f'<v:textbox style="mso-direction-alt:auto"><div style="text-align:{align}{side}"></div></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


def _place(shape: bytes) -> Place | None:
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    return (int(row[1]), int(column[1])) if row and column and _NOTE.search(shape) else None


def _free(part: bytes, count: int, taken: set[int]) -> list[int]:
    """Shape ids that are free: of the drawing's own blocks, then of blocks that nobody has."""
    used = {int(number) for number in _ID.findall(part)}
    own = sorted(blocks(part)) or [max(taken, default=0) + 1]
    numbers: list[int] = []
    while len(numbers) < count:
        first = own.pop(0) * _PER_BLOCK
        wanted = (number for number in range(first + 1, first + _PER_BLOCK) if number not in used)
        numbers += list(wanted)[: count - len(numbers)]
        taken.add(first // _PER_BLOCK)
        own = own or [max(taken) + 1]
    return numbers


def _stated(part: bytes, own: set[int]) -> bytes:
    """The drawing with its new blocks in the list that it states."""
    found = _BLOCKS.search(part)
    if found is None or own <= blocks(found[0]):
        return part
    listed = ",".join(map(str, sorted(blocks(found[0]) | own))).encode()
    return part[: found.start()] + found[1] + listed + found[3] + part[found.end() :]
