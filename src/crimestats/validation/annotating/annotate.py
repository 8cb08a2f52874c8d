"""Send a return back as it came, with the questions in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pandas import DataFrame

from crimestats import files
from crimestats.errors import CallError, FileError
from crimestats.frames import FINDINGS, NOT_APPLICABLE
from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.languages import RIGHT_TO_LEFT, translate
from crimestats.returns.package import Place, column_letters
from crimestats.validation import messages
from crimestats.validation.annotating import earlier
from crimestats.validation.annotating.archive import BOOK, REMEDY, Archive
from crimestats.validation.annotating.book import Book
from crimestats.validation.annotating.questions import SEVERITIES, Contents, Entry, Page
from crimestats.validation.annotating.sheet import place_of
from crimestats.validation.annotating.styles import Styles

_ID = re.compile(r"[0-9a-f]{8,64}")
_DROPPED = {
    "origin": "The digital signature of the file was removed, since it no longer holds for a changed file.",
    "revisionHeaders": (
        "The list of changes by several users was removed, since it no longer fits the workbook."
    ),
}
"""Relationships whose parts would be wrong in a changed file, and what the sender reads of it."""

_TOO_LARGE = "The sheet {sheet} is too large to be marked; its questions stand here only."
_NO_SHEET = "There is no sheet {sheet} with cells in the file; its questions stand here only."
_THREADED = "A conversation of comments stands at {cell}; the question stands here only."

Row = Mapping[str, Any]
Spots = dict[tuple[str, Place], list[Row]]
"""Findings by sheet and cell."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """A workbook that was written back.

    Attributes:
        path: Where it lies.
        cells: How many cells are coloured.
        questions: How many questions it asks.
        kept: Parts that are in it byte for byte as the sender's file had them.
        lost: What could not be kept or marked, as its sheet of questions says.
    """

    path: Path
    cells: int
    questions: int
    kept: tuple[str, ...]
    lost: tuple[str, ...]


def annotate(
    source: Path,
    target: Path,
    findings: DataFrame,
    *,
    definition: Questionnaire,
    language: str = "en",
    answers: Mapping[str, str] | None = None,
) -> Annotated:
    """Write the sender's own workbook with coloured cells, comments and a sheet of questions.

    Each cell in question is coloured by its worst finding and carries a comment;
    all else stays as it is, and what cannot is named on the sheet. A workbook
    that was annotated before is cleared of that first: it may go to and fro as
    often as need be.

    Args:
        source: The file as it came.
        target: Where to write.
        findings: The questions to ask of this one file (`frames.FINDINGS`).
        definition: Its questionnaire, in English or in the language of the sender.
        language: Of the sheet of questions and of the comments.
        answers: What the sender said before, by finding; what stands in the file itself need not be given.

    Raises:
        FileError: The file is refused or damaged, or the target cannot be written.
        CallError: The findings are of several files, or have ids that are no ids.

    >>> from tempfile import TemporaryDirectory
    >>> from crimestats.questionnaire import build
    >>> cts = Questionnaire.load("un-cts-2024")
    >>> with TemporaryDirectory() as folder:
    ...     source = build(cts, Path(folder, "PRT.xlsx"), area="PRT")
    ...     done = annotate(source, Path(folder, "back.xlsx"), FINDINGS.empty(), definition=cts)
    >>> done.questions, done.lost
    (0, ())
    """
    rows = _rows(findings)
    try:
        spoken = [_spoken(row, language) for row in rows]
        return _annotate(Path(source), Path(target), spoken, definition, language, answers or {})
    except (ValueError, LookupError, RecursionError) as error:  # parts that contradict each other
        fault = f"cannot be annotated ({type(error).__name__}: {error})."
        raise FileError(Path(source).name, fault, REMEDY) from error


def _annotate(
    source: Path,
    target: Path,
    rows: Sequence[Row],
    definition: Questionnaire,
    language: str,
    answers: Mapping[str, str],
) -> Annotated:
    archive = Archive(source)
    book, styles = Book(archive), Styles(archive)
    before = earlier.take_back(archive, book, styles)
    lost = _drop(archive, language)
    spots, astray = _spots(book, rows, language)
    fills = _paint(book, styles, spots)
    lost += [*astray, *_comment(book, spots, language)]
    said = {**before.answers, **answers}
    entries = [_entry(book, row, definition, language, said) for row in rows]
    contents = Contents(entries, fills, lost, (archive.sha256, *before.originals), language)
    _ask(archive, book, Page(styles, archive.base, contents), before.sheet)
    with files.replacing(target) as place:
        archive.save(place)
    return Annotated(target, len(fills), len(rows), archive.kept, tuple(lost))


def _rows(findings: DataFrame) -> list[dict[str, Any]]:
    findings = FINDINGS.cast(findings)  # the schema's check costs more than a small workbook
    if len(findings["return_id"].unique()) > 1:
        raise CallError("findings", "are of several returns.", "Give those of one file at a time.")
    years = ["" if year != year else str(int(year)) for year in findings["year"].astype("float64").tolist()]
    columns = {name: findings[name].astype(str).tolist() for name in FINDINGS.columns} | {"year": years}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    wrong = [row["finding_id"] for row in rows if not _ID.fullmatch(row["finding_id"])]
    if wrong or len({row["finding_id"] for row in rows}) < len(rows):
        fault = f"has `{wrong[0]}`, which is no id." if wrong else "has an id twice."
        raise CallError("findings, column finding_id", fault, "Hand over what validate returned.")
    return rows


def _drop(archive: Archive, language: str) -> list[str]:
    """Take out what a changed file makes wrong, and say so."""
    said = []
    for part in ("", BOOK):
        for relation in archive.relations(part):
            if relation.kind in _DROPPED:
                folder = relation.target.rpartition("/")[0] + "/"
                archive.unrelate(part, relation.id)
                for name in archive:
                    if name.startswith(folder) and "/_rels/" not in name:
                        archive.remove(name)
                said.append(translate(_DROPPED[relation.kind], language))
    return said


def _spots(book: Book, rows: Sequence[Row], language: str) -> tuple[Spots, list[str]]:
    """Findings by the cell that shows them, and the sheets at which nothing can be marked."""
    spots: Spots = {}
    astray: dict[str, str] = {}
    for row in rows:
        sheet, place = row["sheet"], place_of(row["cell"])
        if sheet == NOT_APPLICABLE:
            continue
        if not book.part(sheet) or book.is_too_large(sheet):
            text = _TOO_LARGE if book.part(sheet) else _NO_SHEET
            astray[sheet] = translate(text, language).format(sheet=f"“{sheet}”")
        elif place:
            spots.setdefault((sheet, book.sheet(sheet).visible(place)), []).append(row)
    return spots, list(astray.values())


def _paint(book: Book, styles: Styles, spots: Spots) -> dict[str, str]:
    """Colour the cells, name them, and return the fills that they had, by name."""
    fills = {}
    for number, ((name, place), rows) in enumerate(spots.items(), start=1):
        sheet = book.sheet(name)
        style = sheet.style(place)
        worst = min((row["severity"] for row in rows), key=list(SEVERITIES).index)
        fills[f"K.{number}"] = styles.fill(style)
        sheet.paint(place, styles.painted(style, styles.solid(worst)))
        book.define(f"K.{number}", name, _absolute(place), hidden=True)
    return fills


def _comment(book: Book, spots: Spots, language: str) -> list[str]:
    """Write the comments; say where a conversation of comments stood in the way."""
    by_sheet: dict[str, dict[Place, str]] = {}
    for (name, place), rows in spots.items():
        by_sheet.setdefault(name, {})[place] = "\n\n".join(_remark(row, language) for row in rows)
    said = translate(_THREADED, language)
    return [
        said.format(cell=book.place(name, place))
        for name, texts in by_sheet.items()
        for place in book.comments(name).add(texts, is_right_to_left=language in RIGHT_TO_LEFT)
    ]


def _spoken(row: Row, language: str) -> dict[str, Any]:
    """A finding with its ranges in the language of the sheet."""

    def say(text: str) -> str:
        return translate(text, language)

    said = {name: messages.spoken(str(row[name]), say) for name in ("expected", "previous", "fitting")}
    return {**row, **said}


def _remark(row: Row, language: str) -> str:
    """What a comment says of one finding."""
    further = {
        "Expected": row["expected"],
        "Last year's value": row["previous"],
        "Probably wrong": row["culprit"],
        "Value that would fit": row["fitting"],
    }
    lines = [f"{translate(name, language)}: {text}" for name, text in further.items() if text]
    return "\n".join([f"{row['rule']}: {_question(row, language)}", *lines])


def _question(row: Row, language: str) -> str:
    asked = str(row["question"] or row["message"])
    if row["state"] == "no_reply":
        return f"{translate('Asked before, without an answer.', language)} {asked}"
    return asked


def _entry(
    book: Book, row: Row, definition: Questionnaire, language: str, answers: Mapping[str, str]
) -> Entry:
    sheet, cell = row["sheet"], place_of(row["cell"])
    is_there = bool(book.part(sheet))
    place = book.sheet(sheet).visible(cell) if is_there and cell and not book.is_too_large(sheet) else cell
    fitting = f"{translate('Value that would fit', language)}: {row['fitting']}" if row["fitting"] else ""
    shown = sheet if cell is None else f"{sheet}!{row['cell']}"
    texts = {
        **{name: row[name] for name in ("rule", "year", "value", "expected", "previous")},
        "place": translate("Whole file", language) if sheet == NOT_APPLICABLE else shown,
        "label": _label(definition, row["item"], language),
        "culprit": "\n".join(filter(None, (row["culprit"], fitting))),
        "question": _question(row, language),
        "earlier": answers.get(row["finding_id"], ""),
    }
    return Entry(
        row["finding_id"], row["severity"], texts, book.place(sheet, place or (0, 0)) if is_there else ""
    )


def _label(definition: Questionnaire, item: str, language: str) -> str:
    """What the sender reads of an item, behind its number; nothing for what is about a file or a cell."""
    if item in definition:
        found = definition[item]
        return f"{found.number}  {_said(definition, found.label, language)}"
    if item.startswith("_"):
        return ""
    field = item.removeprefix("H.")
    key = f"metadata.{item.split('.')[-1]}" if item.startswith("M.") else f"start.{field}"
    text = definition.label(key)
    return item if text == key else _said(definition, text, language)


def _said(definition: Questionnaire, text: str, language: str) -> str:
    return translate(text, language) if definition.language == "en" else text


def _ask(archive: Archive, book: Book, page: Page, name: str) -> None:
    """Put the sheet of questions at its place, and its names on record."""
    if name:
        page.keep(archive.tree(book.part(name)))
        archive.put(book.part(name), page.root)
    else:
        name = book.free_name(translate("Questions", page.contents.language))
        book.append(name, page.root)
    for key, place in page.names.items():
        book.define(key, name, _absolute(place))
    book.define("_xlnm.Print_Titles", name, page.titles, local=True)
    book.show(name)


def _absolute(place: Place) -> str:
    return f"${column_letters(place[1])}${place[0] + 1}"
