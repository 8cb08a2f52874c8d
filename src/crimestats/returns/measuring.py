"""How much the sheets of a workbook would cost the reader of values, told from their bytes alone."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crimestats.returns.guard import LIMITS, Limits, RefusedError

_SHORTEST = len(b'<c r="A1"/>')  # bytes of a plain cell
_FAR = re.compile(rb"""r\s*=\s*["'](?![A-Z]?[0-9]{1,4}["'])""")
_NO_ADDRESS = re.compile(rb"""\br\s*=\s*["'](?![A-Za-z]{0,3}[0-9]{1,7}["'])""")
_LETTERS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)""")
_DIGITS = re.compile(rb"""\br\s*=\s*["'][A-Za-z]+([0-9]+)""")
_ANY_DIGITS = re.compile(rb"""\br\s*=\s*["'][A-Za-z]*([0-9]+)""")
_PIECE = 1 << 20  # bytes of cells that are looked through at once
_NUMBER_WITH_REFERENCE = re.compile(
    rb"""<c\b(?![^<>]*\st\s*=\s*["'](?:str|inlineStr|d)["'])[^<>]*>"""
    rb"""(?:\s*<f\b[^<>]*(?:/>|>[^<]*</f>))?\s*<v\b[^<>]*>[^<&]*&"""
)
_TWO_VALUES = re.compile(rb"</v>\s*<[vi]")
_NO_INDEX = re.compile(rb"""\st=["']s["'][^<>]*><v>(?![0-9]+</v>)""")
_INDEX = re.compile(
    rb"""\st\s*=\s*["']s["'][^<>]*>\s*(?:<f\b[^<>]*(?:/>|>[^<]*</f>))?\s*<v\b[^<>]*>\s*([0-9]{1,9})"""
)
_NEAR = (9_999, 26)  # rows and columns that a plain sheet may have


def measure(place: str, cells: bytes, limits: Limits = LIMITS, *, is_near: bool = False) -> int:
    """Rows times columns of a sheet, or more; refuse one that would cost the reader more than the limits.

    Args:
        place: The sheet's part, for the message.
        cells: Its `grid`.
        limits: What it may cost.
        is_near: The cells are plain, so that none is far away.

    Raises:
        RefusedError: Too many cells, cells too far away, or figures written in a way of which
            the reader sees the first half.
    """
    if _is_marked(cells):
        raise RefusedError("unreadable", f"{place} has comments or references amid its figures.")
    if _TWO_VALUES.search(cells) or _NO_INDEX.search(cells):
        raise RefusedError("unreadable", f"{place} has a cell with two values, or with one that is none.")
    written = len(cells) // _SHORTEST
    if not is_near or written > limits.cells:
        written = cells.count(b"<c")
    if written > limits.cells:
        raise RefusedError("too_large", f"{place} has {written:,} cells.")
    rows, columns = _NEAR if is_near else _extent(place, cells, written)
    if rows * columns > limits.area:
        raise RefusedError("too_large", f"{place} reaches to row {rows:,} and column {columns:,}.")
    return rows * columns


def measure_together(
    grids: Mapping[str, bytes], areas: Sequence[int], strings: bytes, limits: Limits = LIMITS
) -> None:
    """Refuse sheets each of which may be read, but not all of them.

    Args:
        grids: The cells of every sheet.
        areas: What `measure` said of them.
        strings: The part of shared strings.
        limits: What they may cost together.

    Raises:
        RefusedError: Too many cells in all, or texts repeated too often.
    """
    if sum(areas) > limits.areas:
        near = _NEAR[0] * _NEAR[1]
        exact = (_depth(cells) * _NEAR[1] if area == near else area
                 for area, cells in zip(areas, grids.values(), strict=True))  # fmt: skip
        if (area := sum(exact)) > limits.areas:
            raise RefusedError("too_large", f"Its {len(grids):,} sheets have room for {area:,} cells.")
    texts = strings.split(b"</si>")
    longest = max(map(len, texts))
    if sum(map(len, grids.values())) // _SHORTEST * longest <= limits.text:
        return
    sizes = np.fromiter(map(len, texts), dtype=np.int64)
    said = sum(_said(cells, sizes) for cells in grids.values())
    if said > limits.text:
        raise RefusedError("bomb", f"Its cells repeat {said:,} bytes of text; the longest has {longest:,}.")


def _said(cells: bytes, sizes: NDArray[np.int64]) -> int:
    """Bytes of shared texts that the cells of a sheet repeat."""
    found = np.fromiter((int(index[1]) for index in _INDEX.finditer(cells)), dtype=np.int64)
    return int(sizes[found[found < len(sizes)]].sum())


def _is_marked(cells: bytes) -> bool:
    """Whether a number may be interrupted; the single signs are looked for first, which costs nothing."""
    return (
        (b"!" in cells and b"<!" in cells)
        or (b"?" in cells and b"<?" in cells)
        or (b"&" in cells and _NUMBER_WITH_REFERENCE.search(cells) is not None)
    )


def _extent(place: str, cells: bytes, written: int) -> tuple[int, int]:
    """Rows and columns up to the last cell, or more; never less.

    Cells may leave out their address and then stand one after the other; where
    any does, every cell is taken for a column and every row for a row more.
    """
    lines = cells.count(b"<row")
    addressed = cells.count(b'<c r="') == written
    if addressed and not _FAR.search(cells):
        return _NEAR
    if _NO_ADDRESS.search(cells):
        raise RefusedError("unreadable", f"{place} has a cell at an impossible address.")
    rows, columns = 1, 1
    for piece in _pieces(cells):
        columns = max(columns, *map(_column, {b"", *_LETTERS.findall(piece)}))
        digits = _DIGITS.findall(piece) if addressed else _ANY_DIGITS.findall(piece)
        rows = max(rows, *map(int, {b"1", *digits}))
    return (rows, columns) if addressed else (rows + lines, columns + written)


def _depth(cells: bytes) -> int:
    """The last row of a sheet whose cells all stand near and say where."""
    return max(max(map(int, {b"1", *_DIGITS.findall(piece)})) for piece in _pieces(cells))


def _pieces(cells: bytes) -> Iterator[bytes]:
    """The cells in pieces of some size, cut between tags; a list of all addresses would cost more."""
    start = 0
    while start < len(cells) or not start:
        end = cells.find(b"<", start + _PIECE)
        end = len(cells) if end < 0 else end
        yield cells[start:end]
        start = max(end, 1)


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - 64
    return column
