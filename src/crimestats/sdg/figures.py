"""A table of a user's own as the inputs of an indicator."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.areas.faults import refuse
from crimestats.errors import DefinitionError
from crimestats.files import read_csv
from crimestats.frames import TOTAL, UNKNOWN
from crimestats.sdg.averages import COUNTRY, NATURES
from crimestats.sdg.categories import categories, with_sums
from crimestats.sdg.inputs import residents
from crimestats.sdg.needs import needed_columns
from crimestats.sdg.tables import RATIO, Rule, rules_of

_KEY = ["area", "year", "series", "sex"]
_SAYS = ("unit", "indicator")
_KEYS = ("area", "year", "sex", "series", "nature", "iccs", "age", *_SAYS)
_NUMBERS = ("numerator", "denominator", "value", "weight", "lower", "upper")
_SEXES = (TOTAL, "F", "M")


@dataclass(frozen=True, slots=True)
class _Form:
    """Where a table has the figure, and what it is divided by.

    Attributes:
        figure: Column of the count, or of the share.
        below: Column of the denominator; empty where it is the residents, or where there is none.
        is_count: Whether the figure is a count.
    """

    figure: str
    below: str
    is_count: bool


def read_figures(path: Path | str, indicator: str, population: DataFrame | None = None) -> DataFrame:
    """Read a CSV table of figures of an indicator, for `report`.

    The columns are `area` and `year`, and `sex` (all persons where it is not there).
    A rate of residents needs `numerator`, the count, or `iccs` and `value`, as other
    tables of counts have them: rows of its category count (0101 for 16.1.1, 0204 or all
    its parts for 16.2.2), those of others do not. A share needs `numerator` and
    `denominator`; or `value`, with `unit`, which says `per_cent`, or `indicator`, its
    number, and with `weight`, the denominator, where regions are the ratio of sums.
    `lower` and `upper` bound the count or the value, which is empty then. `series`
    names the code, or the title, where the indicator has several; `nature` the nature
    of the figure (C where it is not there). Of rows with `age`, those of all ages
    count; of rows with `indicator`, those of this one.

    Args:
        path: The table.
        indicator: Number of the Goals.
        population: Residents that rates are divided by; the shipped table if None.

    Returns:
        The inputs as `report` takes them.

    Raises:
        CallError: There is no such indicator.
        FileError: The file cannot be read.
        DefinitionError: A column is missing or not known, the table does not say that it is of the
            indicator, or a row holds what cannot be; file, line and column are named.
    """
    chosen = rules_of(indicator)
    table = read_csv(path, ("area", "year"))
    is_by_category = "iccs" in table
    codes = categories(path, table, chosen) if is_by_category else Series("", index=table.index)
    form = _form(path, table, chosen)
    given, used = _coded(path, table, chosen, codes, form)
    numbers = {name: _number(path, table, name, used) for name in _NUMBERS if name in table}
    blank = Series(np.nan, index=table.index)
    rows = given.assign(**{name: numbers.get(name, blank) for name in _NUMBERS})
    low, high = (rows[form.figure].fillna(rows[name]) for name in ("lower", "upper"))
    refuse(path, table, form.figure, used & (low.isna() != high.isna()), "has one bound only beside it.")
    refuse(path, table, form.figure, used & (low > high), "has a `lower` above its `upper`.")
    rows = rows.assign(low=low, high=high)[used].reset_index(drop=True).astype({"year": "int64"})
    if is_by_category:
        rows = with_sums(rows, chosen[0], _KEY)
    return _inputs(rows, form, chosen[0], areas.population() if population is None else population)


def _form(path: Path | str, table: DataFrame, chosen: list[Rule]) -> _Form:
    """The form that the table has; one that fits none is refused with what the indicator needs."""
    rule, has = chosen[0], set(table.columns)
    counts: dict[tuple[str, ...], _Form] = {
        ("numerator", "denominator"): _Form("numerator", "denominator", True)
    }
    weighed: dict[tuple[str, ...], _Form] = {
        ("value", "weight", said): _Form("value", "weight", False) for said in _SAYS
    }
    forms: dict[tuple[str, ...], _Form] = {
        **counts,
        **weighed,
        **{("value", said): _Form("value", "", False) for said in _SAYS},
    }
    if rule.is_of_residents:
        forms = {("numerator",): _Form("numerator", "", True), ("iccs", "value"): _Form("value", "", True)}
    elif rule.regional == RATIO:
        forms = {**counts, **weighed}
    remedy = needed_columns(chosen)
    unknown = [name for name in table.columns if name not in (*_KEYS, *_NUMBERS)]
    if unknown:
        raise DefinitionError(f"{path}, line 1", f"has a column {unknown[0]} that is not known.", remedy)
    fitting = [form for names, form in forms.items() if has >= set(names)]
    if not fitting or (len(chosen) > 1 and "series" not in has):
        raise DefinitionError(f"{path}, line 1", "lacks columns of the indicator.", remedy)
    return fitting[0]


def _coded(
    path: Path | str, table: DataFrame, chosen: list[Rule], codes: "Series[str]", form: _Form
) -> tuple[DataFrame, "Series[bool]"]:
    """Area, year, sex, series, nature and category of each row, and which rows are of the indicator."""
    rule = chosen[0]
    used = _used(path, table, chosen) & ((codes != "") | ("iccs" not in table))
    titles = {each.series: each.title for each in chosen if each.series} | {
        each.title: each.title for each in chosen
    }
    found, blank = areas.match(table["area"]), Series("", index=table.index)
    series = table["series"].map(titles).fillna("") if "series" in table else blank + rule.title
    nature = table["nature"] if "nature" in table else blank + COUNTRY
    sex = areas.match_sex(table.get("sex", blank))
    given = DataFrame({
        "area": found["area"], "year": table["year"], "sex": sex, "series": series, "nature": nature,
        "code": codes, "note": blank,
    })  # fmt: skip
    is_unknown = used & (given["area"] == UNKNOWN)
    refuse(path, table, "area", is_unknown, "is not a reporting unit.", near=found["candidates"])
    refuse(path, table, "year", used & ~table["year"].str.fullmatch(r"[12]\d{3}"), "is not a year.")
    refuse(path, table, "sex", used & ~sex.isin(_SEXES), "is not a sex: _T, F or M.")
    if "unit" in table:
        unit = "number" if form.is_count else rule.unit
        refuse(path, table, "unit", used & (table["unit"].str.strip() != unit), f"is not the unit: {unit}.")
    known = ", ".join(each.series or each.title for each in chosen)
    refuse(path, table, "series", used & (series == ""), f"is no series of the indicator: {known}.")
    refuse(path, table, "nature", used & ~nature.isin(NATURES), f"is no nature: {', '.join(NATURES)}.")
    twice = given[used].duplicated([*_KEY, "code"]).reindex(table.index, fill_value=False)
    refuse(path, table, "area", twice, "stands twice for the same year, series and sex.")
    return given, used


def _used(path: Path | str, table: DataFrame, chosen: list[Rule]) -> "Series[bool]":
    """Which rows are of all ages, and of the indicator where the table names it."""
    used = Series(True, index=table.index)
    if "age" in table:
        used &= table["age"] == TOTAL
    if "indicator" in table:
        used &= table["indicator"].str.strip() == chosen[0].indicator
        if not used.any():
            fault = f"names no row of {chosen[0].indicator}."
            raise DefinitionError(f"{path}, column indicator", fault, needed_columns(chosen))
    return used


def _number(path: Path | str, table: DataFrame, name: str, used: "Series[bool]") -> "Series[float]":
    found = pd.to_numeric(table[name], errors="coerce").astype("float64")
    wrong = (table[name].str.strip() != "") & ~(np.isfinite(found) & (found >= 0))
    refuse(path, table, name, used & wrong, "is not a number from 0.")
    return found


def _inputs(rows: DataFrame, form: _Form, rule: Rule, population: DataFrame) -> DataFrame:
    """The columns that `report` takes: counts with what they are divided by, or shares."""
    low, high = rows["low"], rows["high"]
    if rule.is_of_residents:
        below = residents(rows, population)
    else:
        below = rows[form.below] if form.below else Series(np.nan, index=rows.index)
    counts = (low, high) if form.is_count else (low * below / rule.times, high * below / rule.times)
    shares = (low, high)
    if form.is_count:
        divisor = below.where(below > 0)
        shares = (rule.times * low / divisor, rule.times * high / divisor)
    if rule.is_part:  # a range of shares ends at the whole
        shares = (shares[0], shares[1].where(shares[0] > rule.times, shares[1].clip(upper=rule.times)))
    is_none = (counts[0].isna() & shares[0].isna()) & (rows["note"] == "")
    note = rows["note"].mask(is_none, "no figure")
    if rule.is_of_residents:
        note = note.mask(below.isna() & (note == ""), "no residents in the table of population")
    return rows[["area", "year", "sex", "series", "nature"]].assign(
        indicator=rule.indicator, numerator_lower=counts[0], numerator_upper=counts[1],
        denominator_lower=below, denominator_upper=below, value=shares[0].where(shares[0] == shares[1]),
        lower=shares[0], upper=shares[1], basis="computed" if form.is_count else "reported", note=note,
    )  # fmt: skip
