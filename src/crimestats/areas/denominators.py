"""The population that rates rest on."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

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
DOUBTED = 3.0
"""Times more or fewer residents than in the shipped table, of an area over its years, that are worth a
question; its sources differ by far less for all but a few territories. A choice of the project."""
REFUSED = 100.0
"""The same, for the middle one of all areas: no table of persons is so far off. A choice of the project."""
_UNITS = {1000: "in thousands", 1_000_000: "in millions", 100_000: "in units of 100,000"}
_NAMED = 5  # areas that a doubt names
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
        DefinitionError: There are no rows; a row has an area, year, sex, age or population that
            cannot be, or stands twice (file, line and column are named); or the middle area has
            `REFUSED` times more or fewer residents than in the shipped table.

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


def doubts(own: DataFrame) -> list[str]:
    """Areas of which a table of the user's own has far more or fewer residents than the shipped one.

    Args:
        own: As `population` gives it.

    Returns:
        A sentence where there are any: how many areas differ by a factor of more than `DOUBTED`, and how far
        the first are off.
    """
    found = _factors(own)
    far = found[(found > DOUBTED) | (found < 1 / DOUBTED)]
    if far.empty:
        return []
    named = ", ".join(f"{area} {_times(factor)}" for area, factor in far.head(_NAMED).items())
    more = f" and {len(far) - _NAMED} more" if len(far) > _NAMED else ""
    return [
        f"Population: {len(far)} of {len(found)} areas differ from the shipped table by a factor of more than"
        f" {DOUBTED:g}: {named}{more}; rates differ as much. Is the table in persons?"
    ]


def _factors(own: DataFrame) -> "Series[float]":
    """Residents in a table of the user's own by those in the shipped one, the middle year of each area."""
    keys = _KEY[:-1]
    residents = own[own["citizenship"] == TOTAL] if "citizenship" in own else own
    pairs = residents[[*keys, "population"]].astype(dict.fromkeys(["area", "sex", "age"], "str"))
    shipped_rows = _shipped()[[*keys, "population"]].astype(dict.fromkeys(["area", "sex", "age"], "str"))
    both = pairs.merge(shipped_rows, on=keys, suffixes=("", "_shipped"))
    factors: Series[float] = (both["population"] / both["population_shipped"]).groupby(both["area"]).median()
    return factors


def _times(factor: float) -> str:
    """A factor in words, two digits of it: `about 1/1000`, `4.2 times`."""
    return f"about 1/{float(f'{1 / factor:.2g}'):.0f}" if factor < 1 else f"{factor:.3g} times"


def _refuse_units(path: Path | str, own: DataFrame) -> None:
    """Rates by a table in thousands would be a thousand times too high, and look like rates."""
    middle = float(_factors(own).median())
    if not (middle > REFUSED or middle < 1 / REFUSED):  # of areas that are not shipped it is not a number
        return
    units = [name for unit, name in _UNITS.items() if 0.5 < middle * unit < 2]
    fault = f"is {_times(middle)} of the shipped population in the middle area{_asked(units)}."
    raise DefinitionError(f"{path}, column population", fault, "Give persons.")


def _asked(units: list[str]) -> str:
    return f" ({units[0]}?)" if units else ""


def _own(path: Path | str) -> DataFrame:
    table = read_csv(path, _NEEDED)
    if table.empty:
        raise DefinitionError(f"{path}, line 1", "has no residents below its header.", "Add them.")
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
    _refuse_units(path, own)
    return own
