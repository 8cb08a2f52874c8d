"""Figures of a user's own CSV that carry their ICCS code, as observations."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.areas.faults import refuse
from crimestats.classification.reported import lines, with_values
from crimestats.classification.rows import FIRST, LAST, is_empty, years
from crimestats.classification.tree import Classification
from crimestats.errors import DefinitionError
from crimestats.files import read_csv, shipped
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, OBSERVATIONS, ORIGIN, SERIES, TOTAL, UNKNOWN
from crimestats.observations import UNBROKEN
from crimestats.questionnaire import codelist
from crimestats.returns.figures import Reading, read_text

NEEDED = ("area", "year", "iccs", "value")
OPTIONAL = (*SERIES, "lower", "upper", "segment", "note", *ORIGIN)
"""Columns that are read where they are there."""

_COUNTING = ("measure", "unit", "stage")
_LISTED = ("measure", "unit")  # a code that is not in their list would be neither summed nor given a rate
_JOINT = r"[|!]"
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_POINT_OR_GROUP = r"-?[1-9]\d{0,2}\.\d{3}"
_COMMA_OR_GROUP = r"-?[1-9]\d{0,2},\d{3}"
_HAS_POINT = (
    r"-?(?:\d*\.(?:\d{1,2}|\d{4,})|0+\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?:[eE][+-]?\d+)?"
)
_HAS_COMMA = r"-?(?:\d+,(?:\d{1,2}|\d{4,})|0+,\d+|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,})"


def read_counted(path: Path | str) -> DataFrame:
    """Read a CSV of figures under the ICCS.

    A number is read as programs write it, fractions of counts too, since
    estimates have them; else as in a questionnaire (`<5`, `1,234`, `n.a.`).
    `1.234` is read as one and a bit where other figures of the file show that
    the point is its decimal sign, and is else `unreadable`. Two rows for one
    figure stay two; whoever sums them finds them in conflict.

    Args:
        path: area (code, or any spelling that `areas.match` knows), year, iccs
            (any form that the classification takes, `02043+02044` and `_T` too)
            and value; if wanted sex (`_T`, `F`, `M`, or words), measure, unit,
            stage, source, the other breakdowns, lower and upper, segment (year of
            the last break; 1, 2, … where that is not known), note and the columns
            of `frames.ORIGIN`. Without a measure, unit or stage it is what
            `classification/measures.csv` says for the category. Further columns
            are not read (see `unread`).

    Returns:
        The figures (`frames.OBSERVATIONS`), scheme `iccs-1.0`. One with a lower and
        an upper bound that differ is bounded: its best estimate stands in the note.
        return_id is the file's name, cell its line (`L12`).

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A column is missing or named in capitals, there are no rows, or a row has an
            area, year, category, sex, measure or bounds that cannot be; file, line and column are named.
    """
    table = read_csv(path, NEEDED)
    if table.empty:
        raise DefinitionError(f"{path}, line 1", "has no figures below its header.", "Add them.")
    _refuse_capitals(path, table)
    table = DataFrame({str(name): table[name].str.strip() for name in table})
    figures = DataFrame({"year": _years(path, table), "area": _areas(path, table)})
    figures["code"] = _categories(path, table)
    counting = _counting(path, figures["code"], table)
    figures = figures.assign(**counting, **_keys(path, table), segment=_segments(path, table))
    figures["country"] = _countries(path, table, figures)
    figures = figures.assign(
        item=NOT_APPLICABLE, scheme=Classification.load("iccs").scheme, sheet=NOT_APPLICABLE, findings="",
        note=_text(table, "note"), return_id=Path(path).name, cell=lines(path, len(table)),
    )  # fmt: skip
    figures = with_values(figures, table["value"], _reader(table["value"]))
    return OBSERVATIONS.cast(_bounded(path, figures, table))


def unread(path: Path | str) -> list[str]:
    """Columns of such a file that are not read."""
    return [str(name) for name in read_csv(path, NEEDED) if name not in (*NEEDED, *OPTIONAL)]


def _refuse_capitals(path: Path | str, table: DataFrame) -> None:
    """A column `Sex` that is passed over would make women and men one figure twice."""
    known = {*NEEDED, *OPTIONAL}
    for name in table:
        meant = str(name).strip().casefold()
        if name not in known and meant in known:
            remedy = f"Write it `{meant}` if it is that, else leave it out or call it otherwise."
            raise DefinitionError(f"{path}, line 1", f"has a column {name!r}.", remedy)


def _years(path: Path | str, table: DataFrame) -> "Series[int]":
    found = years(table["year"])
    refuse(path, table, "year", found.isna(), f"is no year from {FIRST} to {LAST}.")
    return found.astype("int16")


def _areas(path: Path | str, table: DataFrame) -> "Series[str]":
    found = areas.match(table["area"])
    is_unknown = found["area"] == UNKNOWN
    refuse(path, table, "area", is_unknown, "is not a reporting unit.", near=found["candidates"])
    return found["area"]


def _categories(path: Path | str, table: DataFrame) -> "Series[str]":
    codes = Classification.load("iccs").normalise(table["iccs"])
    none = codes.isin([UNKNOWN, NOT_APPLICABLE])
    refuse(path, table, "iccs", none, "is no category of the ICCS, nor a sum of some (`02043+02044`).")
    return codes


def _counting(path: Path | str, codes: "Series[str]", table: DataFrame) -> "dict[str, Series[str]]":
    """Measure, unit and stage of each row: what stands there, else what is usual for the category."""
    usual = codes.map({code: _usual(code) for code in codes.unique()})
    given = {
        name: _text(table, name).where(lambda text: text != "", usual.str[place])
        for place, name in enumerate(_COUNTING)
    }
    for name in _LISTED:
        known = codelist(name)["code"]
        refuse(
            path, table.assign(**given), name, ~given[name].isin(known), f"is no {name} of the code lists."
        )
    return given


def _usual(code: str) -> tuple[str, ...]:
    """What the longest row says that the code begins with; of several categories together, the first code."""
    table = read_csv(shipped("classification", "measures.csv"), ("code", *_COUNTING))
    is_of = [code.startswith(start) for start in table["code"]]
    rows = table[is_of].sort_values("code", key=lambda column: column.str.len())
    return tuple(rows[list(_COUNTING)].iloc[-1])


def _keys(path: Path | str, table: DataFrame) -> "dict[str, Series[str]]":
    """Source, breakdowns and origin of each row."""
    keys = {"sex": _sexes(path, table), "source": _coded(path, table, "source", NOT_APPLICABLE)}
    keys |= {name: _coded(path, table, name, TOTAL) for name in BREAKDOWNS if name != "sex"}
    return keys | {name: _text(table, name).replace("", UNKNOWN) for name in ORIGIN}


def _coded(path: Path | str, table: DataFrame, name: str, empty: str) -> "Series[str]":
    """A column of codes; the words of a code list are its codes too."""
    if name not in table:
        return Series(empty, index=table.index, dtype="str")
    listed = codelist(name)
    words = dict(zip(listed["label"].str.casefold(), listed["code"], strict=True))
    codes = table[name].str.casefold().map(words).fillna(table[name]).replace("", empty)
    refuse(path, table, name, codes.str.contains(_JOINT), "has a sign that codes are joined with.")
    return codes


def _text(table: DataFrame, name: str) -> "Series[str]":
    return table[name] if name in table else Series("", index=table.index, dtype="str")


def _sexes(path: Path | str, table: DataFrame) -> "Series[str]":
    written = _text(table, "sex")
    sexes = areas.match_sex(written)
    refuse(path, table, "sex", sexes == "", "is no sex: _T, F, M, or a word for them.")
    return sexes


def _countries(path: Path | str, table: DataFrame, figures: DataFrame) -> "Series[str]":
    """The other country that a figure is about; the reporting one is in the column area."""
    found = areas.match(figures["country"])["area"]
    codes = found.where(found != UNKNOWN, figures["country"])
    fault = "is the reporting unit itself; `country` is for another one, of citizenship say."
    refuse(path, table, "country", codes == figures["area"], fault)
    return codes


def _segments(path: Path | str, table: DataFrame) -> "Series[int]":
    text = _text(table, "segment").replace("", "0")
    fault = "is neither the year of the last break nor the number of a segment: 1, 2, …"
    refuse(path, table, "segment", ~text.str.fullmatch(r"\d{1,4}"), fault)
    number = text.astype("int64")
    return number.where(number > UNBROKEN, 0)


def _reader(values: "Series[str]") -> Callable[[str, bool], Reading]:
    """How figures of the file are read, by what its points and commas can only be."""
    has_point, has_comma = (bool(values.str.fullmatch(form).any()) for form in (_HAS_POINT, _HAS_COMMA))
    return partial(_reading, is_point=has_point and not has_comma, is_comma=has_comma)


def _reading(text: str, is_whole: bool, is_point: bool, is_comma: bool) -> Reading:
    if is_whole and not is_point and re.fullmatch(_POINT_OR_GROUP, text):
        return Reading()
    if is_comma and re.fullmatch(_COMMA_OR_GROUP, text):
        return Reading()
    if not re.fullmatch(_NUMBER, text):
        return read_text(text, is_whole)
    number = float(text)
    return Reading(status="impossible") if number < 0 and is_whole else _exact(number)


def _exact(number: float) -> Reading:
    return Reading(number, number, number, "exact") if np.isfinite(number) else Reading()


def _bounded(path: Path | str, figures: DataFrame, table: DataFrame) -> DataFrame:
    """The figures with the bounds that stand beside them; where these differ, the value goes to the note."""
    texts = {name: _text(table, name) for name in ("lower", "upper")}
    given = ~is_empty(texts["lower"]) | ~is_empty(texts["upper"])
    if not given.any():
        return figures
    bounds = {name: pd.to_numeric(text, errors="coerce") for name, text in texts.items()}
    for name, number in bounds.items():
        refuse(path, table, name, given & ~np.isfinite(number), "is no bound; both are needed.", texts[name])
    lower, upper, value = bounds["lower"], bounds["upper"], figures["value"]
    refuse(path, table, "lower", given & (lower > upper), "is above the upper bound.", texts["lower"])
    is_out = given & ((value < lower) | (value > upper))
    refuse(path, table, "value", is_out, "does not lie within its bounds.")
    is_told = given & value.isna() & ~is_empty(table["value"])
    refuse(path, table, "value", is_told, "is no number, though bounds are given.")
    is_open = given & (lower < upper)
    is_estimate = is_open & value.notna()
    best = ("best estimate: " + table["value"]).where(is_estimate, "")
    between = Series(np.where((best != "") & (figures["note"] != ""), "; ", ""), index=figures.index)
    return figures.assign(
        value=value.mask(is_open).fillna(lower.where(given & ~is_open)),
        lower=figures["lower"].mask(given, lower), upper=figures["upper"].mask(given, upper),
        status=figures["status"].mask(given, "exact").mask(is_open, "bounded"),
        note=figures["note"] + between + best,
    )  # fmt: skip
