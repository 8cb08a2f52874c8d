"""Published labels to series: what is counted, of whom, under which code, in which unit."""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pandas import DataFrame, Series

from crimestats.areas import match, parts
from crimestats.files import read_csv, shipped
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL, UNKNOWN

LABELS = ("indicator", "dimension", "category")
DIVISIONS = ("sex", "age", "unit")
KEYS = ("code", "measure", "stage", "source", *(name for name in BREAKDOWNS if name not in DIVISIONS))
DESCRIBED = ("series", "key", "item", *KEYS, *DIVISIONS, "lost", "unknown", "near", "label")
"""What `describe` says of a row."""

SEVERAL = "*"
"""In the table of series, a category that names a country instead."""

COUNT = "number"
OWN = "OWN"

_SUFFIX = {
    TOTAL: "", "F": "_f", "M": "_m", "O": "_o", UNKNOWN: "_u", "Y0T17": "_0_17", "Y_GE18": "_18_over",
    "ADULT": "_adult", "JUVENILE": "_juvenile",
}  # fmt: skip
_APART = re.compile(r"[\W_]+")
_MOST, _SIMILARITY = 3, 0.6


def describe(table: DataFrame) -> DataFrame:
    """Say what each published row is a figure of.

    Labels are compared without case, accents, hyphens and spaces. A label that
    is not in the tables makes the row one of an unknown item; nothing is guessed.

    Args:
        table: What `read_sheets` found.

    Returns:
        Under the same index: series, key (the series with sex and age), item, `KEYS`,
        sex, age, unit, lost (`1` where sub-forms are published whose names were
        lost), unknown (the column whose label is not known), near (known labels
        spelt nearly so), label (of a country, where the category names one).
    """
    labels = [*LABELS, *DIVISIONS]
    combined = table[labels].drop_duplicates(ignore_index=True)
    said = [_described(row) for row in combined.itertuples(index=False, name=None)]
    found = DataFrame(said, columns=list(DESCRIBED), dtype="str")
    number = {row: line for line, row in enumerate(combined.itertuples(index=False, name=None))}
    lines = [number[row] for row in table[labels].itertuples(index=False, name=None)]
    return found.take(lines).set_axis(table.index)


def folded(label: str) -> str:
    """A label without what drifts between releases: the form in which labels are compared.

    >>> folded("Acts against the natural environ-ment") == folded("Acts against the Natural Environment")
    True
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", label) if not unicodedata.combining(c))
    return _APART.sub("", plain.casefold())


def countries(labels: Series, areas: Series) -> DataFrame:
    """The countries that categories name: columns country, citizenship and is_known.

    What is no area, or means something else here than elsewhere, has its meaning
    in `countries.csv`: by its label, else by the reason for which `areas.match`
    refuses it. A part of a country is put under the country, since nobody is a
    citizen of a part.

    Args:
        labels: As they were published: names in several languages, “Nationals”, “Abroad”.
        areas: The reporting unit of each, which is what “Nationals” means.
    """
    unique = Series(labels.unique(), dtype="object")
    found, words, whole = match(unique, marks=True), _words(), _whole()
    meant = [
        words.get(("label", folded(label))) or words.get(("reason", reason))
        or (whole.get(area, area), TOTAL, area != UNKNOWN)
        for label, area, reason in zip(unique, found["area"], found["reason"], strict=True)
    ]  # fmt: skip
    said = DataFrame(meant, columns=["country", "citizenship", "is_known"], index=unique)
    table = said.loc[labels].set_axis(labels.index)
    return table.assign(country=table["country"].mask(table["country"] == OWN, areas))


def table() -> DataFrame:
    """The series that are known: labels as they should be written, keys, `lost`."""
    return _table().copy()


def spelt(column: str) -> dict[str, str]:
    """Labels of a column as they should be written, by the form in which they are compared."""
    return dict(_spelt(column))


def key_of(series: str, sex: str, age: str) -> str:
    """A series with sex and age, as rules name it; nothing for no series.

    >>> key_of("held", "M", "ADULT"), key_of("tip_victims", "_U", "_U"), key_of("", "F", "_T")
    ('held_m_adult', 'tip_victims_u_u', '')
    """
    return series and series + _SUFFIX.get(sex, f"_{sex.lower()}") + _SUFFIX.get(age, f"_{age.lower()}")


def accepted(column: str) -> frozenset[str]:
    """Labels of a column that stand in the tables as they are."""
    return frozenset(_table()[column]) if column in LABELS else frozenset(_spelt(column).values())


def _described(row: Sequence[str]) -> dict[str, str]:
    own = dict(zip((*LABELS, *DIVISIONS), row, strict=True))
    labels = tuple(folded(_meant(own[name])) for name in LABELS)
    series = _series().get(labels) or _series().get((*labels[:2], SEVERAL))
    codes = {name: _codes().get((name, folded(own[name])), "") for name in DIVISIONS}
    if series is not None:
        codes = {name: code or series.get(name, "") or (TOTAL if own[name] == "" and name != "unit" else "")
                 for name, code in codes.items()}  # fmt: skip
    unknown = "" if series else _stray(labels)
    unknown = unknown or next((name for name in DIVISIONS if not codes[name]), "")
    codes = {name: code or UNKNOWN for name, code in codes.items()}
    if series is None:
        blank = {name: TOTAL for name in BREAKDOWNS if name not in DIVISIONS}
        return {"series": "", "key": "", "item": UNKNOWN, **blank, "code": UNKNOWN, "measure": UNKNOWN,
                "stage": UNKNOWN, "source": UNKNOWN, **codes, "lost": "", "unknown": unknown,
                "near": _near(own, unknown), "label": ""}  # fmt: skip
    key = key_of(series["series"], codes["sex"], codes["age"])
    item = _items().get((series["series"], codes["sex"], codes["age"]), NOT_APPLICABLE)
    if codes["unit"] != COUNT:
        item = NOT_APPLICABLE
    is_named = series["category"] == SEVERAL
    return {"series": series["series"], "key": key, "item": UNKNOWN if unknown else item,
            **{name: series[name] for name in KEYS}, **codes, "lost": series["lost"], "unknown": unknown,
            "near": _near(own, unknown), "label": own["category"] if is_named else ""}  # fmt: skip


def _stray(labels: tuple[str, ...]) -> str:
    """The first column whose label no series has beside the labels before it."""
    known = _series()
    for number, name in enumerate(LABELS, start=1):
        if not any(each[:number] == labels[:number] for each in known):
            return name
    return LABELS[-1]


def _near(own: dict[str, str], unknown: str) -> str:
    if not unknown:
        return ""
    known = _spelt(unknown)
    close = difflib.get_close_matches(folded(own[unknown]), known, n=_MOST, cutoff=_SIMILARITY)
    return ", ".join(known[each] for each in close)


def _meant(label: str) -> str:
    return _spellings().get(folded(label), label)


@cache
def _table() -> DataFrame:
    table = read_csv(_path("series"), ("series", *LABELS, "code", "lost"))
    table = table.assign(**{name: "" for name in (*KEYS, *DIVISIONS) if name not in table})
    return table.assign(**{name: table[name].replace("", TOTAL) for name in KEYS})


@cache
def _series() -> dict[tuple[str, ...], dict[str, str]]:
    table = _table()
    rows = [dict(zip(table.columns, row, strict=True)) for row in _lines(table)]
    return {
        tuple(SEVERAL if row[name] == SEVERAL else folded(row[name]) for name in LABELS): row for row in rows
    }


@cache
def _items() -> dict[tuple[str, str, str], str]:
    lines = _lines(read_csv(_path("items"), ("series", "sex", "age", "item")))
    return {(series, sex, age): item for series, sex, age, item in lines}


@cache
def _codes() -> dict[tuple[str, str], str]:
    lines = _lines(read_csv(_path("labels"), ("column", "label", "code")))
    return {(column, folded(label)): code for column, label, code in lines}


@cache
def _spellings() -> dict[str, str]:
    lines = _lines(read_csv(_path("spellings"), ("written", "meant")))
    return {folded(written): meant for written, meant in lines}


@cache
def _spelt(column: str) -> dict[str, str]:
    if column in LABELS:
        known = {label for label in _table()[column] if label not in ("", SEVERAL)}
        wrong = {written: meant for written, meant in _spellings().items() if meant in known}
        return {**wrong, **{folded(label): label for label in sorted(known)}}
    lines = _lines(read_csv(_path("labels"), ("column", "label", "code")))
    return {folded(label): label for each, label, _ in lines if each == column}


@cache
def _words() -> dict[tuple[str, str], tuple[str, str, bool]]:
    """Country, citizenship and whether they are known, by a label or by a reason of `areas.match`."""
    lines = _lines(read_csv(_path("countries"), ("label", "reason", "country", "citizenship")))
    return {
        ("label", folded(label)) if label else ("reason", reason): (
            country,
            citizenship,
            not (label and reason),
        )
        for label, reason, country, citizenship in lines
    }


@cache
def _whole() -> dict[str, str]:
    table = parts()
    return dict(zip(table["part"], table["whole"], strict=True))


def _path(name: str) -> Path:
    return shipped("questionnaires", "published", f"{name}.csv")


def _lines(table: DataFrame) -> list[list[str]]:
    lines: list[list[str]] = table.to_numpy(dtype=object).tolist()
    return lines
