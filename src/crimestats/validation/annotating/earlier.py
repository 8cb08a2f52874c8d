"""Take an earlier annotation back, so that a workbook may go to and fro without growing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

from python_calamine import CalamineWorkbook

from crimestats.errors import FileError
from crimestats.returns.package import Place
from crimestats.validation.annotating.archive import REMEDY, Archive
from crimestats.validation.annotating.book import Book
from crimestats.validation.annotating.comments import AUTHOR
from crimestats.validation.annotating.styles import Styles

_OLDER = 12  # files whose digests are carried along


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier annotation leaves behind.

    Attributes:
        sheet: The name of its sheet of questions; empty where there is none.
        answers: What stands in its column of answers, or else beside it as said before, by finding.
        originals: Digests of the files that it superseded, the last one first.
    """

    sheet: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    originals: tuple[str, ...] = field(default=())


def take_back(archive: Archive, book: Book, styles: Styles) -> Earlier:
    """Give coloured cells their fill again and take our comments and names out.

    A cell that somebody has painted over since keeps what it has. The sheet of
    questions stays, to be written anew at its place.

    Args:
        archive: The workbook's parts.
        book: The workbook.
        styles: Its formats.
    """
    names = book.ours()
    inputs = book.with_inputs()  # a sender may have moved one of our cells to such a sheet
    sheet = next(
        (
            target[0]
            for name, target in names.items()
            if name[0] in "HA" and target[0] in book.names and target[0] not in inputs
        ),
        "",
    )
    sheet = sheet if sheet and book.part(sheet) else ""
    texts = _texts(archive, sheet)
    fills = dict(text.partition(" ")[::2] for row in texts for text in row if text.startswith("K."))
    for name, (where, place) in names.items():
        if name.startswith("K.") and book.part(where) and not book.is_too_large(where):
            cells = book.sheet(where)
            if styles.is_ours(style := cells.style(place)):
                cells.paint(place, styles.painted(style, fills.get(name, "")))
    for where in book.names:
        if book.part(where) and not book.is_too_large(where) and book.has_comments(where, AUTHOR):
            book.comments(where).clear()
    answers = {
        name.removeprefix("A."): text
        for name, (_, place) in names.items()
        if name.startswith("A.") and (text := _answer(texts, name.removeprefix("A."), place))
    }
    listed = [_at(texts, names[name][1]) for name in ("H.original", "H.earlier") if name in names]
    book.forget(sheet)
    return Earlier(sheet, answers, tuple(" ".join(listed).split())[:_OLDER])


def _texts(archive: Archive, sheet: str) -> list[list[str]]:
    """The cells of the earlier sheet of questions as texts, from its first row and column."""
    if not sheet:
        return []
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(archive.source.read_bytes()))
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of the reader is no Exception
        raise FileError(archive.source.name, f"cannot be read ({error}).", REMEDY) from error
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _answer(texts: list[list[str]], finding: str, place: Place) -> str:
    """The answer to a finding; where its row was moved, so that another finding's id stands there, none."""
    row, column = place
    if row >= len(texts) or finding not in texts[row][column + 1 :]:
        return ""
    said = _at(texts, (row, column + 1))
    return _at(texts, place).strip() or (said if said != finding else "")


def _at(texts: list[list[str]], place: Place) -> str:
    row, column = place
    return texts[row][column] if row < len(texts) and column < len(texts[row]) else ""
