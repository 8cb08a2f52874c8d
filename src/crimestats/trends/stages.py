"""What follows an offence in the records of one year, and who is in prison."""

from functools import cache

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.files import read_csv, shipped
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL, TRENDS
from crimestats.trends.lines import Flags

WARNING = "not one cohort: persons and offences of a stage in a year are not those of the stage before"
"""Stands in every row of an attrition table: a case is recorded and decided in different years."""

_STAGES = ("order", "stage", "measure", "of", "note")
_PLACE = ["area", "year", "iccs", "sex", "age", "source"]
_NUMBERS = ["value", "lower", "upper"]
_RATIO = ["ratio", "ratio_lower", "ratio_upper"]
_HELD, _CAPACITY = ("held", "imprisonment"), ("capacity", "imprisonment")
_UNSENTENCED = "UNS"
_PRISON_PLACE = ["area", "year", "sex", "age", "source"]


def attrition(trends: DataFrame) -> DataFrame:
    """Offences, suspects, persons prosecuted and persons convicted of a year, each by the stage before.

    The ratios are no probabilities: an offence has several suspects or
    none, and who is convicted in a year was recorded in an earlier one. Every row says so in the
    column `warning`. The first stage counts offences, or victims where these
    are reported and offences are not; it has no sex and no age of persons, since that of victims is not
    that of suspects: rows by sex or age begin with the suspects. Only areas
    are in the table: the stages of a group would be those of different areas.

    Args:
        trends: A trend table (`frames.TRENDS`).

    Returns:
        area, year, iccs, sex, age, source; order and stage, measure (what is
        counted); value, lower, upper, status, segment, provisional; by (the measure of the stage before),
        ratio, ratio_lower, ratio_upper (null where the stage before has no figure; the point null where a
        figure is bounded); warning. Sorted; what has one stage only is left out.
        Stages are rows of `classification/stages.csv`.

    Raises:
        CallError: The table is none.

    Example:
        >>> keys = {name: "_T" for name in TRENDS.columns} | {"grouping": "_Z", "unit": "number"}
        >>> missing = {name: np.nan for name, kind in TRENDS.columns.items() if kind == "number"}
        >>> table = DataFrame({"stage": ["recorded", "formal_contact", "conviction"]})
        >>> table["value"] = [50.0, 40, 10]
        >>> table["measure"] = ["victims", "suspected", "convicted"]
        >>> table = table.assign(lower=table["value"], upper=table["value"], year=2020, segment=1, n_areas=1)
        >>> found = attrition(TRENDS.cast(DataFrame(keys | missing, index=table.index).assign(**table)))
        >>> found[["measure", "by", "ratio"]].to_numpy().tolist()
        [['victims', '', nan], ['suspected', 'victims', 0.8], ['convicted', 'prosecuted', nan]]
    """
    rows = _of_areas(trends, [name for name in BREAKDOWNS if name not in ("sex", "age")])
    table = stages()
    rows = rows.merge(table[["order", "stage", "measure", "of"]], on=["stage", "measure"])
    is_of_persons = rows["of"] == "persons"
    rows = rows[is_of_persons | ((rows["sex"] == TOTAL) & (rows["age"] == TOTAL))]
    rows = rows.sort_values([*_PLACE, "order", "measure", "stage"]).drop_duplicates([*_PLACE, "order"])
    rows = rows[rows.groupby(_PLACE)["order"].transform("size") > 1].reset_index(drop=True)
    before = rows[[*_PLACE, "order", "measure", *_NUMBERS]].assign(order=rows["order"] + 1)
    joined = rows.merge(before, on=[*_PLACE, "order"], how="left", suffixes=("", "_before"))
    ratio = divided(joined[_NUMBERS], joined[[f"{name}_before" for name in _NUMBERS]])
    first = table.drop_duplicates("order").set_index("order")["measure"]
    expected = joined["order"].sub(1).map(first).fillna("")
    by = joined["measure_before"].fillna(expected)
    joined = joined.assign(**ratio, by=by.mask(~is_known_stage(joined), ""), warning=WARNING)
    columns = [
        "order",
        "stage",
        "measure",
        *_NUMBERS,
        "status",
        "segment",
        "provisional",
        "by",
        *_RATIO,
        "warning",
    ]
    return joined[[*_PLACE, *columns]]


def prisons(trends: DataFrame) -> DataFrame:
    """Prison rate, occupancy and unsentenced share of each area and year, with their bounds.

    The rate is of persons held for 100,000 residents of the same sex and age;
    occupancy is persons held by the official capacity (1.2 is a fifth more than there is room
    for); the unsentenced share is of all persons held, whatever is known of the others.
    More unsentenced than held cannot be: such a share is not given, and the note says so. Only
    areas are in the table: a group would divide the figures of some areas by those of others.

    Args:
        trends: A trend table (`frames.TRENDS`).

    Returns:
        area, year, sex, age, source; indicator (`prison_rate`, `occupancy`,
        `unsentenced_share`), value, lower, upper (a rate for 100,000, else a share), numerator and
        denominator (null where bounded), provisional, note. Sorted.

    Raises:
        CallError: The table is none.

    Example:
        >>> keys = {name: "_T" for name in TRENDS.columns} | {"grouping": "_Z", "unit": "number"}
        >>> missing = {name: np.nan for name, kind in TRENDS.columns.items() if kind == "number"}
        >>> table = DataFrame({"measure": ["held", "held", "capacity"], "legal_status": ["_T", "UNS", "_T"]})
        >>> table = table.assign(stage="imprisonment", iccs=["_T", "_T", "_Z"], value=[120.0, 30.0, 100.0])
        >>> table = table.assign(lower=table["value"], upper=table["value"], year=2020, segment=1, n_areas=1)
        >>> found = prisons(TRENDS.cast(DataFrame(keys | missing, index=table.index).assign(**table)))
        >>> found[["indicator", "value"]].to_numpy().tolist()
        [['occupancy', 1.2], ['unsentenced_share', 0.25]]
    """
    rows = _of_areas(trends, [name for name in BREAKDOWNS if name not in ("sex", "age", "legal_status")])
    rows = rows[rows["iccs"].isin([TOTAL, NOT_APPLICABLE])]
    is_held, is_capacity = (_is(rows, *of) for of in (_HELD, _CAPACITY))
    held = rows[is_held & (rows["legal_status"] == TOTAL).to_numpy()]
    unsentenced = rows[is_held & (rows["legal_status"] == _UNSENTENCED).to_numpy()]
    capacity = rows[is_capacity & (rows["legal_status"] == TOTAL).to_numpy()]
    tables = [_prison_rate(held), _share("occupancy", held, capacity), _part(unsentenced, held)]
    columns = [*_PRISON_PLACE, "indicator", *_NUMBERS, "numerator", "denominator", "provisional", "note"]
    joined = pd.concat([table[columns] for table in tables], ignore_index=True)
    return joined.sort_values([*_PRISON_PLACE, "indicator"], ignore_index=True)


def stages() -> DataFrame:
    """The stages of criminal proceedings in their order, and what is counted at each.

    Returns:
        `order` (from 1), `stage` and `measure` (codes of the questionnaires),
        `of` (offences, victims or persons) and `note`; where an order has several
        rows, the first that has a figure counts.

    >>> stages().drop_duplicates("order")["measure"].tolist()
    ['offences', 'suspected', 'prosecuted', 'convicted']
    """
    return _stages().copy()


@cache
def _stages() -> DataFrame:
    table = read_csv(shipped("classification", "stages.csv"), _STAGES)
    return table.assign(order=table["order"].astype("int64"))


def is_known_stage(rows: DataFrame) -> "Series[bool]":
    """Whether a stage stands before that of a row; not so for the first one of persons by sex or age."""
    is_divided = (rows["sex"] != TOTAL) | (rows["age"] != TOTAL)
    table = _stages()
    first_of_persons = int(table.loc[table["of"] == "persons", "order"].min())
    is_later: Series[bool] = (rows["order"] > 1) & ~(is_divided & (rows["order"] == first_of_persons))
    return is_later


def divided(numerator: DataFrame, denominator: DataFrame) -> dict[str, "Series[float]"]:
    """Ratios by interval arithmetic, without an upper bound where the denominator may be nil."""
    value, lower, upper = (numerator[name].to_numpy() for name in numerator)
    by, least, most = (denominator[name].to_numpy() for name in denominator)
    with np.errstate(divide="ignore", invalid="ignore"):
        highest = np.where(least > 0, upper / least, np.where(upper == 0, 0.0, np.inf))
        numbers = (np.where(by > 0, value / by, np.nan), lower / most, highest)
    known = ~np.isnan(lower) & ~np.isnan(least) & (most > 0)
    return {
        name: Series(np.where(known, number, np.nan), index=numerator.index)
        for name, number in zip(_RATIO, numbers, strict=True)
    }


def _of_areas(trends: DataFrame, totals: list[str]) -> DataFrame:
    """Figures of areas, counts, total by these breakdowns; codes as text."""
    TRENDS.check(trends)
    chosen = (trends["grouping"] == NOT_APPLICABLE) & (trends["unit"] == "number") & trends["lower"].notna()
    for name in totals:
        chosen &= trends[name] == TOTAL
    rows = trends[chosen.to_numpy()]
    keys = [name for name, kind in TRENDS.columns.items() if kind == "key"]
    return rows.astype(dict.fromkeys(keys, "str"))


def _is(rows: DataFrame, measure: str, stage: str) -> Flags:
    flags: Flags = ((rows["measure"] == measure) & (rows["stage"] == stage)).to_numpy()
    return flags


def _prison_rate(held: DataFrame) -> DataFrame:
    rows = held[held["rate_lower"].notna()]
    return rows.assign(
        indicator="prison_rate", numerator=rows["value"], denominator=rows["population"], note="",
        value=rows["rate"], lower=rows["rate_lower"], upper=rows["rate_upper"],
    )  # fmt: skip


def _share(indicator: str, part: DataFrame, whole: DataFrame) -> DataFrame:
    columns = [*_PRISON_PLACE, *_NUMBERS, "provisional"]
    both = part[columns].merge(whole[columns], on=_PRISON_PLACE, suffixes=("", "_whole"))
    ratio = divided(both[_NUMBERS], both[[f"{name}_whole" for name in _NUMBERS]])
    numbers = {name: ratio[made] for name, made in zip(_NUMBERS, _RATIO, strict=True)}
    is_open = both["upper_whole"] == 0
    is_provisional = (both["provisional"] == "yes") | (both["provisional_whole"] == "yes")
    return both.assign(
        indicator=indicator, numerator=both["value"], denominator=both["value_whole"],
        provisional=both["provisional"].mask(is_provisional, "yes"),
        note=np.where(is_open, "nothing to divide by", ""), **numbers,
    )  # fmt: skip


def _part(part: DataFrame, whole: DataFrame) -> DataFrame:
    """A share of a whole that the part is in: no bound is above one."""
    table = _share("unsentenced_share", part, whole)
    cannot = (table["lower"] > 1).to_numpy()
    table = table.assign(upper=table["upper"].clip(upper=1.0))
    table.loc[cannot, _NUMBERS] = np.nan
    note = np.where(cannot, "more unsentenced persons than persons held", table["note"])
    return table.assign(note=note)
