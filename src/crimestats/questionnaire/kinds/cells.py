"""Kinds that judge one cell, or one fact about a file, at a time."""

import difflib
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.frames import NOT_APPLICABLE, UNKNOWN
from crimestats.questionnaire import languages
from crimestats.questionnaire.kinds.registry import Patterns, Texts, kind
from crimestats.questionnaire.kinds.round import COUNT, Judgement, Mask, Round, Rows

_MARKS = r"[^0-9A-Za-z]+"
_SOUGHT = (
    100  # of so many different unknown codes candidates are sought: where there are more, they are no slips
)


@kind("count", "said", "detail")
def fact(
    wide: Round, items: Sequence[str], *, facts: Texts, besides: Texts = (), once: str = ""
) -> Judgement:
    """A fact about a file or a cell that reading it brought to light.

    Args:
        wide: The round.
        items: Not read.
        facts: Reserved items of the cells frame (`_fault.encrypted`); a final `*` stands for any ending.
        besides: Facts that other rules name.
        once: `return` or `sheet`: one finding for all such cells of a file, or of a sheet of it.
    """
    starts = tuple(each[:-1] for each in facts if each.endswith("*"))
    found = wide.rows(
        "item",
        lambda item: (item in facts or (bool(starts) and item.startswith(starts))) and item not in besides,
    )
    rows = np.flatnonzero(found)
    if not len(rows):
        return Judgement.at(rows, count=np.ones(0), said=[], detail=[])
    said, detail = (_sentences(wide.frame[name].iloc[rows]) for name in ("raw", "note"))
    if not once:
        return Judgement.at(rows, count=np.ones(len(rows)), said=said, detail=detail)
    keys = wide.frame.iloc[rows][["return_id", "item", "sheet"][: 2 + (once == "sheet")]].astype(str)
    number = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    first = ~Series(number).duplicated().to_numpy()
    count = np.bincount(number, minlength=1)[number].astype(float)
    return Judgement.at(rows[first], count=count[first], said=said[first], detail=detail[first])


@kind()
def number(wide: Round, items: Sequence[str]) -> Judgement:
    """A figure can be read; undecided where a mark may mean nil or not available."""
    unreadable, ambiguous = (
        wide.has_status(status) & (wide.column >= 0) for status in ("unreadable", "ambiguous")
    )
    return _each(unreadable, ambiguous)


@kind()
def whole(wide: Round, items: Sequence[str]) -> Judgement:
    """A count is a whole number; a share or an amount need be none."""
    counts = np.append((wide.definition.data["unit"] == COUNT).to_numpy(), False)[wide.column]
    fails = counts & (wide.lower == wide.upper) & (wide.lower % 1 != 0)
    return _each(fails, np.zeros_like(fails))


@kind(single=True)
def within(
    wide: Round, items: Sequence[str], *, minimum: float = -np.inf, maximum: float = np.inf
) -> Judgement:
    """A figure lies between two numbers: any figure where no item is named."""
    figure = (wide.column >= 0) & ~np.isnan(wide.lower)
    if items:
        figure &= np.isin(wide.column, [wide.columns[item] for item in items])
    fails = figure & ((wide.upper < minimum) | (wide.lower > maximum))
    holds = (wide.lower >= minimum) & (wide.upper <= maximum)
    return _each(fails, figure & ~fails & ~holds)


@kind()
def required(wide: Round, items: Sequence[str]) -> Judgement:
    """What everybody is asked for is given by one of a unit's returns; undecided where a mark is ambiguous.

    Args:
        wide: The round.
        items: The items; those that the questionnaire marks as required where none is named.
    """
    data = wide.definition.data
    asked = wide.figures(items or list(data.loc[data["required"] == "1", "item"])).place
    blank, ambiguous = (np.append(wide.has_status(status), False)[asked] for status in ("blank", "ambiguous"))
    return Judgement.of(blank, ambiguous, asked)


@kind("expected")
def year_range(wide: Round, items: Sequence[str], *, first: int, last: int) -> Judgement:
    """A reference year lies in the range of the survey, and is one that the workbook asks for.

    Args:
        wide: The round.
        items: Not read.
        first: First reference year that there can be.
        last: Last one.
    """
    outside = (wide.column >= 0) & ~((wide.year >= first) & (wide.year <= last) & wide.is_asked)
    rows = np.flatnonzero(outside)
    returned = wide.frame["return_id"].iloc[rows].astype(object)
    own = [wide.reference_years.get(str(source), frozenset((first, last))) for source in returned]
    ends = [np.array([end(years) for years in own], dtype=np.float64) for end in (min, max)]
    return Judgement.at(rows, expected=tuple(ends))


@kind()
def cell_id(wide: Round, items: Sequence[str]) -> Judgement:
    """A value is not the address, the name or the number of its own cell, with or without punctuation."""
    rows = np.flatnonzero((wide.frame["sheet"] != NOT_APPLICABLE).to_numpy() & _is_text(wide))
    cells = wide.frame.iloc[rows]
    raw, cell, item, sheet = (_bare(cells[name].astype(str)) for name in ("raw", "cell", "item", "sheet"))
    name = item + cells["year"].astype("str").fillna("")
    own = [(raw == form).to_numpy() for form in (cell, sheet + cell, name, "F" + name)]
    found = rows[np.logical_or.reduce(own) & (raw != "").to_numpy()]
    return Judgement.at(np.sort(np.concatenate([found, np.flatnonzero(_is_own_number(wide))])))


@kind()
def prompt(wide: Round, items: Sequence[str], *, prompts: Texts = (), patterns: Patterns = ()) -> Judgement:
    """No words of the template stand where an answer belongs.

    Args:
        wide: The round.
        items: Not read.
        prompts: Keys of the labels whose text is looked for, in every language.
        patterns: Regular expressions to look for, in any case of letters.
    """
    labels = [wide.definition.label(key) for key in prompts if wide.definition.label(key) != key]
    texts = [re.escape(text) for label in labels for text in sorted(languages.spellings(label))]
    if not texts and not patterns:
        return Judgement.at([])
    searched = re.compile("|".join([*texts, *(f"(?:{pattern})" for pattern in patterns)]), re.IGNORECASE)
    raw, note = wide.frame["raw"], wide.frame["note"]
    in_raw = _search(searched, raw, np.flatnonzero((raw != "").to_numpy() & _is_text(wide)))
    in_note = _search(searched, note, np.flatnonzero((note != "").to_numpy() & ~_is_fact(wide)))
    beside = wide.frame.iloc[in_note][["return_id", "item"]].astype(str)  # a note stands once beside its row
    in_note = in_note[~beside.duplicated().to_numpy()]
    found = [*raw.iloc[in_raw], *note.iloc[in_note]]
    return Judgement.at(np.concatenate([in_raw, in_note]), value=found)


@kind("near")
def part_of(wide: Round, items: Sequence[str]) -> Judgement:
    """A return is of a whole country and not of a part of one: one answer for a return."""
    units = areas.areas()
    whole = dict(zip(units["area"], units["part_of"], strict=True))
    partial = wide.rows("area", lambda code: bool(whole.get(code)))
    rows = wide.file_rows.to_numpy(dtype=np.intp)
    rows = rows[partial[rows]]
    own = wide.frame["area"].iloc[rows].astype(str).tolist()
    return Judgement.at(rows, value=own, near=[whole[area] for area in own])


@kind("near")
def codes(wide: Round, items: Sequence[str], *, column: str) -> Judgement:
    """A code is one that there is: of a reporting unit, of an item, or of a breakdown.

    Args:
        wide: The round.
        items: Not read.
        column: `area`, `item`, or a breakdown such as `sex` and `age`, judged where the frame has it.
    """
    if column == "area":
        return _areas(wide)
    if column not in wide.frame.columns:
        return Judgement.at([])
    known = _known(wide, column)
    rows = np.flatnonzero(
        wide.rows(column, lambda code: code not in known and not code.startswith(("_", "H.", "A.")))
    )
    found = [str(code) for code in wide.frame[column].iloc[rows]]
    nearest = {code: near(code, known) for code in list(dict.fromkeys(found))[:_SOUGHT]}
    return Judgement.at(rows, value=found, near=[nearest.get(code, "") for code in found])


def _sentences(texts: Series) -> NDArray[np.object_]:
    """Texts as sentences of a message: closed by a full stop where nothing closes them."""
    stripped = texts.str.strip()
    closed = stripped.where(stripped.str.fullmatch(r"|.*[.!?]", flags=re.DOTALL), stripped + ".")
    return closed.to_numpy(dtype=object)


def near(text: str, known: Iterable[str]) -> str:
    """A question that names the codes spelt nearly so, or nothing."""
    found = difflib.get_close_matches(text.casefold(), sorted(known), n=3, cutoff=0.6)
    return _question(found)


def _question(candidates: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(candidates)}?" if candidates else ""


def _areas(wide: Round) -> Judgement:
    """One answer for a return, at the cell that names the reporting unit."""
    known = {*areas.areas()["area"]}
    area, source = (wide.frame[name].cat.codes.to_numpy().astype(np.intp) for name in ("area", "return_id"))
    headed = np.isin(source, source[wide.rows("item", lambda item: item.startswith("H."))])
    unknown = wide.rows("area", lambda code: code not in known and code != UNKNOWN)
    rows = np.flatnonzero(unknown | (headed & wide.rows("area", lambda code: code == UNKNOWN)))
    is_header = wide.rows("item", lambda item: item == "H.area")[rows]
    rows = rows[np.argsort(~is_header, kind="stable")]
    rows = np.sort(rows[~DataFrame({"area": area[rows], "source": source[rows]}).duplicated().to_numpy()])
    said = wide.frame["area"].iloc[rows].astype(str).replace(UNKNOWN, "")
    match = areas.match(said)
    nearest = match["area"].where(match["area"] != UNKNOWN, match["candidates"])
    return Judgement.at(
        rows, value=list(said), near=[_question(few.split(", ")[:3]) if few else "" for few in nearest]
    )


def _known(wide: Round, column: str) -> set[str]:
    if column != "item":
        from crimestats.questionnaire.loading import codelist

        return set(codelist(column)["code"])
    metadata = wide.definition.metadata
    questions = "M." + metadata["module"] + "." + metadata["question"]
    return {*wide.columns, *questions, *(f"{letter}.{item}" for item in wide.columns for letter in "NL")}


def _each(fails: Mask, undecided: Mask) -> Judgement:
    return Judgement.of(fails, undecided, np.arange(len(fails)))


def _is_text(wide: Round) -> Mask:
    """Cells that hold neither a figure nor nothing; a fact about a cell is no cell."""
    return ~_is_fact(wide) & ~wide.has_status("exact", "bounded", "blank")


def _is_fact(wide: Round) -> Mask:
    """Facts about a file or a cell, and answers to earlier questions: no cells of the questionnaire."""
    return wide.rows("item", lambda item: item.startswith(("_", "A.")))


def _is_own_number(wide: Round) -> Mask:
    digits = wide.definition.data["number"].str.replace(r"\D", "", regex=True)
    own = np.append(np.array([float(each or "nan") for each in digits]), np.nan)[wide.column]
    is_own: Mask = (wide.lower == own * 10_000 + wide.year) & (wide.lower == wide.upper)
    return is_own


def _bare(texts: Series) -> Series:
    bare: Series = texts.str.replace(_MARKS, "", regex=True).str.upper()
    return bare


def _search(searched: re.Pattern[str], texts: Series, rows: Rows) -> Rows:
    chosen = texts.iloc[rows]
    hit = {text: bool(searched.search(text)) for text in chosen.unique()}
    found: Rows = rows[chosen.map(hit).to_numpy(dtype=bool)]
    return found
