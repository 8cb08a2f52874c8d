"""Case records: events, victims, perpetrators and the entities that report them.

The four tables are the four entities of the International Classification for Administrative
Data on Trafficking in Persons (IC-TIP; International Organization for Migration and UNODC,
endorsed by the Statistical Commission in 2025). Its own code lists were not at hand: the columns
and codes here are this project's (`questionnaires/trafficking/cases/`), and say so.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.areas import match, match_sex
from crimestats.files import read_csv, shipped
from crimestats.frames import FINDINGS, TOTAL, UNKNOWN
from crimestats.returns.package import column_letters
from crimestats.trafficking.source_codes import FIRST_YEAR, LAST_YEAR, lines, read_table
from crimestats.trafficking.source_findings import listed, near, told

TABLES = ("reporting_entities", "events", "victims", "perpetrators")
OLDEST = 120
"""Years that nobody is known to have been older than by much: an age above is a slip."""

ADULT = 18
"""Age from which a person is no child: Protocol of 2000, article 3 (d)."""

CHILD_BAND, ADULT_BAND = "Y0T17", "Y_GE18"
_DATE = r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?"
_ORDERS = (
    ("events", "started", "ended"), ("events", "started", "identified"),
    ("perpetrators", "suspected", "prosecuted"), ("perpetrators", "prosecuted", "convicted"),
)  # fmt: skip
"""What cannot be before what."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Case records of one source, checked: unknown codes are `_U`, rows that lead nowhere left out.

    Attributes:
        source_id: Of the source.
        reporting_entities: Who keeps the records.
        events: With `reporting_entity_id`, `area` and dates.
        victims: With `event_id`, and `sex`, `age` (band), `citizenship`, `exploitation` (forms, parted
            by semicolons), `exploitation_area`.
        perpetrators: With `event_id`, `sex`, `age` (band), `citizenship` and the dates of the stages.
        findings: What is wrong with the records (`frames.FINDINGS`).
    """

    source_id: str
    reporting_entities: DataFrame
    events: DataFrame
    victims: DataFrame
    perpetrators: DataFrame
    findings: DataFrame


def read_cases(folder: Path | str, source_id: str = "cases") -> Cases:
    """Read and check case records.

    Args:
        folder: With `reporting_entities.csv`, `events.csv`, `victims.csv` and, where there are
            any, `perpetrators.csv`; their columns are in `questionnaires/trafficking/cases/fields.csv`.
        source_id: Of the source, for the findings and the figures.

    Raises:
        FileError: A file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or not known.
    """
    place = Path(folder)
    tables = {name: _read(place / f"{name}.csv", name, source_id) for name in TABLES}
    faults = [FINDINGS.empty()]
    for name, table in tables.items():
        found = []
        for step in (_keys_twice, _links, _codes, _ages, _dates):
            table, faulty = step(name, table, tables)
            found.append(faulty)
        tables[name] = table.reset_index(drop=True)
        faults += found
    faults += [_order(tables[name], first, last) for name, first, last in _ORDERS]
    return Cases(source_id, **tables, findings=FINDINGS.join(*faults))


@cache
def fields() -> DataFrame:
    """The columns of the case tables: table, column, needed, kind, codes, note."""
    path = shipped("questionnaires", "trafficking", "cases", "fields.csv")
    return read_csv(path, ("table", "column", "needed", "kind", "codes"))


@cache
def forms() -> DataFrame:
    """The forms of exploitation of case records, under the ICCS: form, iccs, exploitation, title."""
    path = shipped("questionnaires", "trafficking", "cases", "forms.csv")
    return read_csv(path, ("form", "iccs", "exploitation")).set_index("form")


@cache
def codes(name: str) -> tuple[str, ...]:
    """The codes of a list of case records.

    >>> codes("age_band")
    ('Y0T17', 'Y_GE18', '_U')
    """
    if name == "form":
        return tuple(forms().index)
    path = shipped("questionnaires", "trafficking", "cases", "codes.csv")
    table = read_csv(path, ("list", "code"))
    return tuple(table.loc[table["list"] == name, "code"])


def _read(path: Path, name: str, source_id: str) -> DataFrame:
    own = fields()[fields()["table"] == name]
    needed, optional = (tuple(own.loc[own["needed"] == said, "column"]) for said in ("yes", "no"))
    if name == "perpetrators" and not path.exists():
        return DataFrame(columns=[*needed, *optional, "return_id", "sheet", "line"], dtype="str")
    table = read_table(path, needed, optional)
    return table.assign(return_id=source_id, sheet=path.name, line=lines(path, len(table)).astype("str"))


def _at(rows: DataFrame, column: str) -> DataFrame:
    """Rows with the place of a column in them, and its text as the value; columns stand as in the file."""
    letters = column_letters(list(rows.columns).index(column))
    return rows.assign(column=column, value=rows[column], cell=letters + rows["line"])


def _columns(name: str, *kinds: str) -> list[tuple[str, str]]:
    own = fields()[(fields()["table"] == name) & fields()["kind"].isin(kinds)]
    return list(zip(own["column"], own["codes"], strict=True))


def _keys_twice(name: str, table: DataFrame, tables: dict[str, DataFrame]) -> tuple[DataFrame, DataFrame]:
    keys = [column for column, _ in _columns(name, "key")]
    keys += ["event_id"] if name in ("victims", "perpetrators") else []
    size = table.groupby(keys)[keys[0]].transform("size") if len(table) else Series(dtype="int64")
    again = table.duplicated(keys)
    rows = _at(table, keys[0]).assign(others=size.astype("str"))[again]
    kept = table[~again].drop_duplicates(keys)
    return kept, told("TIP-31", rows)


def _links(name: str, table: DataFrame, tables: dict[str, DataFrame]) -> tuple[DataFrame, DataFrame]:
    found = [FINDINGS.empty()]
    for column, other in _columns(name, "link"):
        key = _columns(other, "key")[0][0]
        orphan = ~table[column].isin(tables[other][key])
        rows = _at(table, column).assign(file=f"{other}.csv")[orphan]
        found.append(told("TIP-30", rows))
        table = table[~orphan]
    if name == "events":
        known = _code_of(table["area"])
        rows = _at(table, "area").assign(near=known["near"])[(known["code"] == UNKNOWN).to_numpy()]
        found.append(told("TIP-21", rows))
        table = table.assign(area=known["code"])[(known["code"] != UNKNOWN).to_numpy()]
    return table, FINDINGS.join(*found)


def _codes(name: str, table: DataFrame, tables: dict[str, DataFrame]) -> tuple[DataFrame, DataFrame]:
    """Codes that are known; what is empty or not known is unknown."""
    found, known = [FINDINGS.empty()], table
    for column, list_of in (*_columns(name, "code", "sex", "forms"), *_columns(name, "area")):
        if (name, column) == ("events", "area"):
            continue
        code = _known(table[column], list_of, column)
        wrong = (code["wrong"] & (table[column] != "")).to_numpy()
        said = "ISO 3166-1 alpha-3 codes of areas" if not list_of else listed(codes(list_of))
        rows = _at(table, column).assign(near=code["near"], codes=said)[wrong]
        found.append(told("TIP-32", rows))
        known = known.assign(**{column: code["code"]})
    return known, FINDINGS.join(*found)


def _known(labels: Series, list_of: str, column: str) -> DataFrame:
    """Code of each label, whether it is wrong, and codes spelt nearly so."""
    if not list_of:
        found = _code_of(labels)
        return found.assign(wrong=(found["code"] == UNKNOWN) & (labels != UNKNOWN))
    if list_of == "form":
        return _forms_of(labels)
    allowed = codes(list_of)
    code = match_sex(labels).replace(TOTAL, "") if list_of == "sex" else labels
    wrong = ~code.isin(allowed)
    said = {label: near(label, allowed) for label in labels[wrong].unique()}
    return DataFrame(
        {
            "code": code.mask(wrong, UNKNOWN),
            "wrong": wrong,
            "near": labels.map(said).astype("object").fillna(""),
        }
    )


def _forms_of(labels: Series) -> DataFrame:
    """The forms of each text in their order, each once; unknown where none of them is known."""
    read = {}
    for label in labels.unique():
        given = [part.strip() for part in label.split(";") if part.strip()]
        wrong = [part for part in given if part not in forms().index]
        kept = sorted(set(given) - set(wrong) - {UNKNOWN})
        read[label] = (";".join(kept) or UNKNOWN, bool(wrong), near(wrong[0], forms().index) if wrong else "")
    rows = [read[label] for label in labels]
    return DataFrame(rows, columns=["code", "wrong", "near"], index=labels.index)


def _code_of(labels: Series) -> DataFrame:
    found = match(labels)
    said = (" (near: " + found["candidates"] + ")").where(found["candidates"] != "", "")
    return DataFrame({"code": found["area"].mask(labels.isin(["", UNKNOWN]), UNKNOWN), "near": said})


def _ages(name: str, table: DataFrame, tables: dict[str, DataFrame]) -> tuple[DataFrame, DataFrame]:
    """The age as a band: of the years where they are given, else the band itself."""
    if not _columns(name, "age"):
        return table, FINDINGS.empty()
    years = pd.to_numeric(table["age"].where(table["age"].str.fullmatch(r"\d{1,3}")), errors="coerce")
    years = years.where(years <= OLDEST)
    of_years = Series(np.where(years < ADULT, CHILD_BAND, ADULT_BAND), index=table.index, dtype="str")
    of_years = of_years.where(years.notna(), "")
    band = table["age_band"].replace(UNKNOWN, "")
    unlike = (of_years != "") & (band != "") & (of_years != band)
    no_age = (table["age"] != "") & (table["age"] != UNKNOWN) & years.isna()
    rows = _at(table, "age").assign(expected=str(OLDEST), others=band)
    found = FINDINGS.join(told("TIP-33", rows[no_age]), told("TIP-34", rows[unlike]))
    joined = of_years.where(of_years != "", band).mask(unlike | no_age, "").replace("", UNKNOWN)
    known = table.assign(age=joined)
    return known, found


def _dates(name: str, table: DataFrame, tables: dict[str, DataFrame]) -> tuple[DataFrame, DataFrame]:
    """Dates that can be read; others are empty."""
    found, known = [FINDINGS.empty()], table
    for column, _ in _columns(name, "date"):
        year = pd.to_numeric(table[column].str.slice(0, 4), errors="coerce")
        is_date = table[column].str.fullmatch(_DATE) & year.between(FIRST_YEAR, LAST_YEAR)
        wrong = ~is_date & (table[column] != "")
        found.append(told("TIP-35", _at(table, column)[wrong]))
        known = known.assign(**{column: table[column].where(is_date, "")})
    return known, FINDINGS.join(*found)


def _order(table: DataFrame, first: str, last: str) -> DataFrame:
    """Dates that are before what they cannot be before; a year alone may be any day of it."""
    earliest, latest = _padded(table[first], "-01-01"), _padded(table[last], "-12-31")
    wrong = (table[first] != "") & (table[last] != "") & (latest < earliest)
    rows = table.assign(
        column=last, value=table[last], others=f"`{first}`", expected=table[first],
        cell="line " + table["line"], area=table.get("area", ""),
    )  # fmt: skip
    return told("TIP-36", rows[wrong])


def _padded(dates: Series, rest: str) -> Series:
    """A date to the day: the first or the last that it can be."""
    missing = 10 - dates.str.len()
    return dates.where(missing == 0, (dates + rest[-6:]).where(missing == 6, dates + rest[-3:]))
