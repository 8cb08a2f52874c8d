"""What is wrong in a correspondence table, row by row."""

import difflib
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pandas import DataFrame, Series

from crimestats.classification import rows as columns
from crimestats.classification import spelling, titles
from crimestats.classification.rows import COLUMNS, SHARES, YEARS, is_empty, read_rows, spans, typed
from crimestats.classification.tree import Classification
from crimestats.errors import ClassificationError, DefinitionError
from crimestats.files import line_of
from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

TOLERANCE = 1e-6
"""By how much shares of a code may miss 1."""

SEVERITIES = {
    "file": "error", "code": "error", "iccs": "error", "lost_zeros": "error", "relation": "error",
    "status": "error", "year": "error", "share": "error", "repeated": "error", "overlap": "error",
    "single_part": "error", "sum": "error",
    "level_1": "query", "tag": "query", "gap": "query", "equal": "query", "title": "query",
    "shifted": "query", "alike": "query", "alternative": "note", "column": "note",
}  # fmt: skip
"""What each check finds: an `error` keeps a table from being loaded, a `query` is for a person to decide."""

_FINDINGS = ["check", "severity", "line", "column", "code", "message"]
_LINE = re.compile(r"line (\d+)$")
_OTHER = (TOTAL, NOT_APPLICABLE, UNKNOWN)

Found = tuple[str, int, str, str, str]
"""Check, row (from 0; -1 the header), column, fault and remedy."""


def check(path: Path | str, classification: Classification | None = None) -> DataFrame:
    """Say what is wrong with a correspondence table.

    Errors keep the table from being loaded. Queries may be right and want a
    look: categories of level 1, years between two validities, two codes equal
    to one category, titles that fit the category of a row above or below
    better than their own, titles alike under different categories.

    Args:
        path: A CSV as `Correspondence.from_csv` takes it.
        classification: Where the column iccs points to; the shipped ICCS where not given.

    Returns:
        The findings in the order of the lines: check, severity (`error`,
        `query`, `note`), line, column, code (of the row), message.

    Raises:
        FileError: The file cannot be read.
    """
    iccs = classification or Classification.load("iccs")
    try:
        rows = read_rows(path)
    except DefinitionError as error:
        return _unreadable(error)
    table = typed(rows, iccs)
    found = [*faults(rows, table, iccs), *_queries(rows, table, iccs)]
    return _findings(path, rows, found)


def first_error(path: Path | str, rows: DataFrame, table: DataFrame, iccs: Classification) -> None:
    """Refuse a table with a finding of severity error.

    Raises:
        DefinitionError: It has one; file, line and column are named.
    """
    errors = sorted((each for each in faults(rows, table, iccs)), key=lambda each: each[1])
    if errors:
        _, row, column, fault, remedy = errors[0]
        raise DefinitionError(_place(path, line_of(path, row), column), fault, remedy)


def faults(rows: DataFrame, table: DataFrame, iccs: Classification) -> list[Found]:
    """What keeps a table from being loaded.

    Args:
        rows: As read.
        table: The same rows with their types.
        iccs: Where the column iccs points to.
    """
    in_cells = [each for find in _OF_CELLS for each in find(rows)]
    targets = [each for each in _targets(rows, iccs) if SEVERITIES[each[0]] == "error"]
    return [*in_cells, *targets, *_shares(rows, table), *_of_spans(table)]


def _queries(rows: DataFrame, table: DataFrame, iccs: Classification) -> Iterator[Found]:
    yield from _columns(rows)
    yield from _where(
        "title", rows, "title", is_empty(rows["title"]), "is no title.", "Write the national title."
    )
    yield from (each for each in _targets(rows, iccs) if SEVERITIES[each[0]] != "error")
    yield from _tags(rows, iccs)
    yield from _gaps(table)
    yield from _equals(table)
    yield from titles.shifted(table, iccs)
    yield from titles.alike(table)


def _findings(path: Path | str, rows: DataFrame, found: list[Found]) -> DataFrame:
    lines = _lines(path, len(rows))
    order = sorted(found, key=lambda each: each[1])
    findings = [
        (
            check, SEVERITIES[check], line := lines(row), column, rows["code"].iloc[row] if row >= 0 else "",
            f"{_place(path, line, column)}: {fault} {remedy}",
        )
        for check, row, column, fault, remedy in order
    ]  # fmt: skip
    return DataFrame(findings, columns=_FINDINGS).astype({"line": "int64"})


def _unreadable(error: DefinitionError) -> DataFrame:
    line = _LINE.search(error.place)
    row = ("file", "error", int(line[1]) if line else 1, "", "", str(error))
    return DataFrame([row], columns=_FINDINGS)


def _lines(path: Path | str, n_rows: int) -> Callable[[int], int]:
    """Line of each row; the file is read again only where rows and lines part."""
    if n_rows == 0 or line_of(path, n_rows - 1) == n_rows + 1:
        return lambda row: row + 2
    return lambda row: line_of(path, row) if row >= 0 else 1


def _place(path: Path | str, line: int, column: str) -> str:
    return f"{path}, line {line}, column {column}"


def _where(
    check: str, rows: DataFrame, column: str, is_wrong: "Series[bool]", fault: str, remedy: str
) -> Iterator[Found]:
    for row in is_wrong.to_numpy().nonzero()[0]:
        yield check, int(row), column, f"{rows[column].iloc[row]!r} {fault}", remedy


def _codes(rows: DataFrame) -> Iterator[Found]:
    remedy = "Write the national code."
    yield from _where("code", rows, "code", is_empty(rows["code"]), "is no code.", remedy)
    is_kept = rows["code"].isin(_OTHER)
    yield from _where("code", rows, "code", is_kept, "stands for totals and the like.", "Write another code.")


def _listed(column: str, allowed: tuple[str, ...], rows: DataFrame) -> Iterator[Found]:
    is_strange = ~rows[column].isin(["", *allowed])
    remedy = f"Write {', '.join(allowed[:-1])} or {allowed[-1]}."
    yield from _where(column, rows, column, is_strange, f"is no {column}.", remedy)


def _years(rows: DataFrame) -> Iterator[Found]:
    for column in YEARS:
        is_wrong = ~is_empty(rows[column]) & columns.years(rows[column]).isna()
        remedy = "Write four digits, or nothing where it is open."
        yield from _where(
            "year", rows, column, is_wrong, f"is no year from {columns.FIRST} to {columns.LAST}.", remedy
        )
    first, last = (columns.years(rows[column]) for column in YEARS)
    is_wrong = (last < first).fillna(value=False).astype(bool)
    fault = "is before the year that it begins in."
    yield from _where("year", rows, "valid_to", is_wrong, fault, "Correct one of the two.")


_OF_CELLS = (
    _codes,
    partial(_listed, "relation", columns.RELATIONS),
    partial(_listed, "status", columns.STATUSES),
    _years,
)


def _targets(rows: DataFrame, iccs: Classification) -> Iterator[Found]:
    written = rows.loc[rows["iccs"] != "", "iccs"]
    different = Series(written.unique(), dtype="str")
    canonical = iccs.normalise(different)
    for text, code in zip(different, canonical, strict=True):
        told = _target(text, code, iccs)
        if told:
            check, fault, remedy = told
            for row in (rows["iccs"] == text).to_numpy().nonzero()[0]:
                yield check, int(row), "iccs", f"{text!r} {fault}", remedy


def _target(text: str, code: str, iccs: Classification) -> tuple[str, str, str] | None:
    """What is to be said of an ICCS code as written, and as the broad list has it."""
    if code == UNKNOWN or text == NOT_APPLICABLE:
        return "iccs", f"is no code of {iccs.scheme}.", _near(text, iccs)
    if text == code:
        is_section = code != TOTAL and any(iccs.level(each) == 1 for each in code.split("+"))
        remedy = "Name a division at least, as UNODC asks for; or leave it if the offence is that wide."
        return ("level_1", "is a whole section.", remedy) if is_section else None
    parts, meant = text.split("+"), code.split("+")
    if any(spelling.without_zeros(each) in map(str.strip, parts) for each in meant if each[0] == "0"):
        remedy = f"Write {code} (a spreadsheet takes codes for numbers: look at the national codes too)."
        return "lost_zeros", f"has lost its zero: {code} is meant.", remedy
    return "alternative", f"is read as {code}.", f"Write {code}, as the broad list of the ICCS does."


def _near(text: str, iccs: Classification) -> str:
    if text in _OTHER:
        return "Leave it empty where the code has no category."
    try:
        iccs.resolve(text)
    except ClassificationError as error:
        return error.remedy if "Did you" in error.remedy else "Take one of the ICCS, or leave it empty."
    return "Take one of the ICCS, or leave it empty."


def _shares(rows: DataFrame, table: DataFrame) -> Iterator[Found]:
    for column in SHARES:
        is_wrong = ~is_empty(rows[column]) & ~columns.shares(rows[column]).between(0, 1)
        yield from _where("share", rows, column, is_wrong, "is no share.", "Write a number from 0 to 1.")
    is_part = table["relation"] == "part"
    is_wrong = ~is_part & (table[SHARES] != 1).any(axis="columns")
    remedy = "Write 1 or nothing, or make it one of several rows of the relation part."
    yield from _where("share", rows, "share", is_wrong, "is the share of a code that goes whole.", remedy)
    lower, share, upper = (table[name] for name in SHARES)
    is_wrong = is_part & ((lower > upper) | (share < lower) | (share > upper))
    bounds = rows["share_lower"] + " to " + rows["share_upper"]
    for row in is_wrong.to_numpy().nonzero()[0]:
        fault = f"{rows['share'].iloc[row]!r} is not within the bounds {bounds.iloc[row]}."
        yield "share", int(row), "share", fault, "Give bounds of which the share lies between."


def _of_spans(table: DataFrame) -> Iterator[Found]:
    """Codes of several rows or of parts: repeated rows, rows valid at once, shares of the parts."""
    lines = table[["code", "iccs", "relation", *SHARES]].join(spans(table))
    lines = lines[lines["code"].duplicated(keep=False) | (lines["relation"] == "part")]
    lines = lines[lines["code"] != ""]
    is_repeated = lines.duplicated(["code", "iccs", "first", "last"])
    for row in lines.index[is_repeated]:
        fault = f"{lines['code'][row]!r} goes to {lines['iccs'][row]!r} on an earlier line too."
        yield "repeated", int(row), "code", fault, "Keep one of the rows."
    lines = lines[~is_repeated]
    yield from _overlaps(lines)
    parts = lines[lines["relation"] == "part"]
    for (code, _, _), group in parts.groupby(["code", "first", "last"], sort=False):
        yield from _parts(str(code), group)


def _overlaps(lines: DataFrame) -> Iterator[Found]:
    """Rows of a code that are valid in the same year and are not its parts of the same years."""
    order = lines.assign(row=lines.index).sort_values(["code", "first", "last", "row"])
    latest = order.groupby("code")["last"].cummax().shift()
    is_later = order["code"] == order["code"].shift()
    is_same = is_later & (order[["first", "last"]] == order[["first", "last"]].shift()).all(axis="columns")
    both_parts = (order["relation"] == "part") & (order["relation"].shift() == "part")
    is_wrong = is_later & (order["first"] <= latest) & ~(is_same & both_parts)
    for row, code, earlier in zip(order["row"], order["code"], order["row"].shift(), strict=True):
        if is_wrong[row]:
            fault = f"{code!r} has two rows for the same year (the other goes to {lines['iccs'][earlier]!r})."
            remedy = "End one before the other begins, or make both rows of the relation part."
            yield "overlap", int(row), "valid_from", fault, remedy


def _parts(code: str, group: DataFrame) -> Iterator[Found]:
    row = int(group.index[0])
    if len(group) == 1:
        fault = f"{code!r} has this one part only."
        yield "single_part", row, "relation", fault, "Add the other parts, or write narrower."
        return
    known = group["share"].sum()
    remedy = "Correct them, or leave the unknown ones empty and give bounds."
    if group["share"].notna().all():
        if abs(known - 1) > TOLERANCE:
            yield "sum", row, "share", f"the shares of {code!r} sum to {known:.6g}, not 1.", remedy
        return
    lower = group["share"].fillna(group["share_lower"]).sum()
    upper = group["share"].fillna(group["share_upper"]).sum()
    if lower > 1 + TOLERANCE or upper < 1 - TOLERANCE:
        fault = (
            f"the shares of {code!r} cannot sum to 1: with their bounds they give {lower:.6g} to {upper:.6g}."
        )
        yield "sum", row, "share", fault, remedy


def _gaps(table: DataFrame) -> Iterator[Found]:
    lines = table[["code"]].join(spans(table))
    lines = lines[lines["code"].duplicated(keep=False)]
    order = lines.assign(row=lines.index).sort_values(["code", "first", "last"])
    before = order.groupby("code")["last"].cummax().shift()
    is_gap = (order["code"] == order["code"].shift()) & (order["first"] > before + 1)
    for row, code, last, first in order.assign(before=before)[is_gap][
        ["row", "code", "before", "first"]
    ].to_numpy():
        missing = f"{int(last) + 1}" if first == last + 2 else f"{int(last) + 1} to {first - 1}"
        fault = f"{code!r} has no row for {missing}."
        yield "gap", int(row), "valid_from", fault, "Close the gap if the code was in use."


def _equals(table: DataFrame) -> Iterator[Found]:
    lines = (
        table.loc[table["relation"] == "equal", ["code", "iccs"]].join(spans(table)).reset_index(names="row")
    )
    pairs = lines.merge(lines, on="iccs", suffixes=("", "_other"))
    at_once = (pairs["first"] <= pairs["last_other"]) & (pairs["first_other"] <= pairs["last"])
    pairs = pairs[at_once & (pairs["code"] != pairs["code_other"]) & (pairs["row"] > pairs["row_other"])]
    for pair in pairs.drop_duplicates("row").to_dict("records"):
        fault = f"{pair['code']!r} and {pair['code_other']!r} are both said to be equal to {pair['iccs']}."
        yield "equal", int(pair["row"]), "relation", fault, "Write narrower for one or both."


def _tags(rows: DataFrame, iccs: Classification) -> Iterator[Found]:
    """Tags that are no variable of the classification; one that has none takes any."""
    variables = iccs.variables
    known = {name for column in ("variable", "alternatives") for name in " ".join(variables[column]).split()}
    for tags in rows.loc[rows["tags"] != "", "tags"].unique() if known else ():
        strange = [tag for tag in tags.split() if tag.split("=")[0] not in known]
        if strange:
            near = difflib.get_close_matches(strange[0], known, n=1)
            remedy = (
                f"Did you mean {near[0]}?" if near else f"Take variables of {iccs.scheme}, blanks between."
            )
            is_wrong = rows["tags"] == tags
            yield from _where("tag", rows, "tags", is_wrong, f"has no ICCS variable {strange[0]}.", remedy)


def _columns(rows: DataFrame) -> Iterator[Found]:
    for name in rows:
        if name not in COLUMNS:
            near = difflib.get_close_matches(str(name).casefold(), COLUMNS, n=1)
            remedy = f"Did you mean {near[0]}?" if near else "Leave it if it is for yourself."
            yield (
                "column",
                -1,
                str(name),
                "is not a column of a correspondence table, and is not read.",
                remedy,
            )
