"""What is to be said of sources and case records: rules in `questionnaires/trafficking/source_rules.csv`."""

from collections.abc import Hashable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache

from pandas import DataFrame, Series

from crimestats.files import read_csv, shipped
from crimestats.frames import FINDINGS, NOT_APPLICABLE
from crimestats.trends.figures import hashed
from crimestats.validation import messages

_COLUMNS = ("rule", "kind", "severity", "verdict", "fault", "remedy")
_LISTED, _NEAR = 12, 3
_AWAY = {"return_id": NOT_APPLICABLE, "sheet": NOT_APPLICABLE, "cell": NOT_APPLICABLE, "area": "", "item": ""}


def told(rule: str, rows: DataFrame) -> DataFrame:
    """One finding for each row.

    Args:
        rule: Its id in the table of rules.
        rows: What the text of the rule names (`value`, `expected`, `others`, …), the place
            (`return_id`, `sheet`, `cell`), `area` and `year`; what is not there is empty.

    Returns:
        The findings (`frames.FINDINGS`), under ids that are the same on every run.
    """
    if rows.empty:
        return FINDINGS.empty()
    record = _rules()[rule]
    given = rows.reset_index(drop=True)
    absent = {
        name: _AWAY.get(name, "")
        for name in (*FINDINGS.columns, "column", "near", "codes", "table", "source_title", "file")
        if name not in given
    }
    texts = given.assign(**absent).astype("str")
    texts = texts.assign(
        rule=rule, kind=record["kind"], severity=record["severity"], verdict=record["verdict"],
        questionnaire=NOT_APPLICABLE, state="open", question=record["remedy"],
        year=given["year"].astype("Int16") if "year" in given else Series(dtype="Int16", index=given.index),
    )  # fmt: skip
    texts["message"] = [
        _message(rule, record, row) for row in texts.astype({"year": "object"}).to_dict("records")
    ]
    names = ["return_id", "sheet", "cell", "area", "year", "column", "table"]
    texts["finding_id"] = ["|".join((rule, *map(str, row))) for row in texts[names].to_numpy().tolist()]
    texts["finding_id"] = texts["finding_id"].map(hashed)
    texts["item"] = texts["item"].replace("", NOT_APPLICABLE)
    texts["area"] = texts["area"].replace("", NOT_APPLICABLE)
    return FINDINGS.cast(texts)


def near(value: str, codes: Iterable[str]) -> str:
    """The question that names codes spelt nearly so, with a comma before it; empty where none is.

    >>> near("victms", ["victims", "convicted"])
    ' (near: victims)'
    """
    found = get_close_matches(value.casefold(), list(codes), n=_NEAR)
    return f" (near: {', '.join(found)})" if found else ""


def listed(codes: Iterable[str]) -> str:
    """The first codes of a list, as a message names them.

    >>> listed(["F", "M"])
    'F, M'
    """
    every = list(codes)
    more = ", …" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more


def _message(rule: str, record: Mapping[Hashable, str], row: Mapping[Hashable, object]) -> str:
    shown = {str(name): messages.shown("" if value is None else value) for name, value in row.items()}
    shown["near"] = str(row["near"])  # begins with a blank
    texts = [str(record[name]).format_map(shown) for name in ("fault", "remedy")]
    place = messages.place(str(row["return_id"]), str(row["sheet"]), str(row["cell"]))
    whole = place if place.startswith(str(row["return_id"])) else f"{row['return_id']} {place}"
    where = whole if row["return_id"] != NOT_APPLICABLE else str(row["area"])
    year = "" if row["year"] is None or row["year"] != row["year"] else str(row["year"])
    area = "" if row["area"] == NOT_APPLICABLE else str(row["area"])
    said = messages.message(rule, where, area, year, " ".join(texts))
    return said.replace(" (): ", ": ", 1)


@cache
def _rules() -> Mapping[Hashable, Mapping[Hashable, str]]:
    table = read_csv(shipped("questionnaires", "trafficking", "source_rules.csv"), _COLUMNS)
    return {row["rule"]: row for row in table.to_dict("records")}
