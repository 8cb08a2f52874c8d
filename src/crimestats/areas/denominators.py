"""The population that rates rest on."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.areas.faults import refuse
from crimestats.areas.labels import match, match_sex
from crimestats.errors import DefinitionError
from crimestats.files import read_csv, shipped
from crimestats.frames import TOTAL, UNKNOWN

_COLUMNS = ("area", "year", "sex", "age", "population", "source")
_NEEDED = ("area", "year", "population")
_OPTIONAL = {"sex": TOTAL, "age": TOTAL, "citizenship": TOTAL, "source": "own"}
_KEY = ["area", "year", "sex", "age", "citizenship"]
_TYPES = {
    "area": "category", "year": "int16", "sex": "category", "age": "category",
    "population": "float64", "source": "category",
}  # fmt: skip
_YEAR = r"[12]\d{3}"
_SEXES = (TOTAL, "F", "M")
_AGE = r"_T|Y\d{1,3}|Y\d{1,3}T\d{1,3}|Y_(?:GE|LT)\d{1,3}"


def population(path: Path | str | None = None) -> DataFrame:
    """Persons by area, year, sex and age: what rates are divided by.

    The shipped table holds mid-year totals for 1990-2024, the sexes in every
    age, and the age bands of the survey for the years that have them; a band
    that is not there is not known. Each row names its sources (keys of
    `classification/areas/source.toml`, joined by `+`).

    Args:
        path: A table of your own, used instead: area (code, or any spelling that
            `match` knows), year and population; sex and age where the residents are
            divided by them (else all of them), citizenship (_T, NAT, FOR), source.

    Returns:
        `area`, `year`, `sex` (_T, F, M), `age` (`_T`, `Y0T17`, `Y_GE18`, ...),
        `population` in persons, `source`. No two rows have the same key.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A row has an area, year, sex, age or population that cannot be, or
            stands twice; file, line and column are named.

    Example:
        >>> mexico = population().query("area == 'MEX' and year == 2021 and age == '_T'")
        >>> dict(zip(mexico["sex"], mexico["population"]))
        {'_T': 127648148.0, 'F': 65202253.0, 'M': 62445895.0}
    """
    return _shipped().copy() if path is None else _own(path)


@cache
def _shipped() -> DataFrame:
    path = shipped("classification", "areas", "population.csv")
    return pd.read_csv(path, dtype=_TYPES, keep_default_na=False)


def _own(path: Path | str) -> DataFrame:
    table = read_csv(path, _NEEDED)
    table = table.assign(**{name: text for name, text in _OPTIONAL.items() if name not in table})
    columns = dict.fromkeys((*_COLUMNS, *_OPTIONAL))
    unknown = [name for name in table.columns if name not in columns]
    if unknown:
        fault = f"has a column {unknown[0]} that is not known."
        raise DefinitionError(f"{path}, line 1", fault, f"Columns: {', '.join(columns)}.")
    persons = pd.to_numeric(table["population"], errors="coerce")
    found, written = match(table["area"].str.strip()), table
    table = table.assign(area=found["area"], year=table["year"].str.strip(), sex=match_sex(table["sex"]))
    stated = "is not a reporting unit."
    refuse(path, table, "area", found["area"] == UNKNOWN, stated, written["area"], found["candidates"])
    refuse(path, table, "year", ~table["year"].str.fullmatch(_YEAR), "is not a year.")
    is_sex = table["sex"].isin(_SEXES)
    refuse(path, table, "sex", ~is_sex, "is not a sex: _T, F or M.", written["sex"])
    is_age = table["age"].str.fullmatch(_AGE)
    refuse(path, table, "age", ~is_age, "is not an age band such as _T, Y0T17 or Y_GE18.")
    refuse(path, table, "population", ~np.isfinite(persons), "is not a number.")
    refuse(path, table, "population", persons <= 0, "is not above zero.")
    twice = "stands twice for the same persons and year."
    refuse(path, table, "area", table.duplicated(_KEY), twice, written["area"])
    own: DataFrame = table.assign(population=persons)[list(columns)].astype(_TYPES)
    return own
