"""Origin and destination: which two countries a figure on citizenship or repatriation is about."""

from functools import cache

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.files import read_csv, shipped
from crimestats.frames import TOTAL, TRAFFICKING, UNKNOWN

BASES = ("citizenship", "repatriation")
"""What a flow is seen by. The two count other persons, in other places, and are never added."""
NUMBERS = ["value", "middle", "lower", "upper"]
WITHHELD, CONFLICT, BOUNDED, EXACT = "withheld", "conflict", "bounded", "exact"

_KEY = ["basis", "measure", "origin", "destination", "year"]
_FIGURE = [*NUMBERS, "status", "findings"]
_READ = [
    "figure_id", "area", "year", "dimension", "measure", "citizenship", "country", "label", "value", "lower",
    "upper", "status", "questionnaire", "findings",
]  # fmt: skip
_WHOLE = ("sex", "age", "exploitation")
_MEASURES = {"citizenship": "victims", "repatriation": "repatriated"}
_FORM = "0204"
_RULES = ("questionnaire", "first_year", "last_year", "home", "why")
_ANY, _FIRST, _LAST = "*", "0", "9999"


def pairs(dataset: DataFrame) -> DataFrame:
    """The figures of the dataset that tell of two countries, one row each.

    Victims by citizenship go from the country of citizenship to the country that detected them.
    For repatriation the dataset names two countries and `repatriation.csv` says which one is home:
    in the published file that changed with the figures of 2017. Persons who were brought home from
    their own country, as some rows have it, came back from a place that is not known.

    Args:
        dataset: `frames.TRAFFICKING`.

    Returns:
        `figure_id`, `basis`, `measure`, `origin`, `destination` (`_U` where not known), `reporter`,
        `year`, `label`, `value`, `middle` (the figure, or the middle of its bounds), `lower`,
        `upper` (infinite where the figure is withheld), `status`, `findings`. Figures without
        bounds that are missing are left out, as are totals and those of no known area.
    """
    table = TRAFFICKING.cast(dataset)
    table = table.loc[_is_pair(table), _READ]
    names = ["area", "dimension", "measure", "citizenship", "country", "status", "questionnaire"]
    table = table.astype(dict.fromkeys(names, "str"))
    ends = _ends(table)
    hidden = table["lower"].isna()
    middle = table["value"].fillna((table["lower"] + table["upper"]) / 2)
    return table.assign(
        basis=table["dimension"], origin=ends["origin"], destination=ends["destination"],
        reporter=table["area"], middle=middle, lower=table["lower"].mask(hidden, 0.0),
        upper=table["upper"].mask(hidden, np.inf),
    )[["figure_id", *_KEY, "reporter", "label", *_FIGURE]].reset_index(drop=True)  # fmt: skip


def _is_pair(table: DataFrame) -> "Series[bool]":
    is_whole = table["iccs"] == _FORM
    for name in _WHOLE:
        is_whole &= table[name] == TOTAL
    is_basis = Series(False, index=table.index)
    for basis, measure in _MEASURES.items():
        is_basis |= (table["dimension"] == basis) & (table["measure"] == measure)
    is_there = table["lower"].notna() | (table["status"] == WITHHELD)
    is_own = (table["citizenship"] == "NAT") & (table["dimension"] == "citizenship")
    is_total = (table["country"] == TOTAL) & ~is_own
    is_said: Series[bool] = is_whole & is_basis & is_there & ~is_total & (table["area"] != UNKNOWN)
    return is_said


def _ends(table: DataFrame) -> DataFrame:
    """Origin and destination of each row."""
    area, other = table["area"], table["country"]
    is_brought_home = table["dimension"] == "repatriation"
    is_own = (table["citizenship"] == "NAT") & ~is_brought_home
    other = other.mask(is_brought_home & (_whole(other) == _whole(area)), UNKNOWN)
    other = other.mask(is_own, area)
    is_home = is_brought_home & (_homes(table) == "area")
    return DataFrame({"origin": other.mask(is_home, area), "destination": area.mask(is_home, other)})


def _homes(table: DataFrame) -> "Series[str]":
    """Which of the two countries of a figure on repatriation is the home of the victims: area or country."""
    home = Series("", index=table.index, dtype="str")
    for rule in _rules().to_dict("records"):
        is_meant = table["questionnaire"].eq(rule["questionnaire"]) | (rule["questionnaire"] == _ANY)
        years = int(rule["first_year"] or _FIRST), int(rule["last_year"] or _LAST)
        home = home.mask(is_meant & table["year"].between(*years) & (home == ""), rule["home"])
    return home


@cache
def _rules() -> DataFrame:
    return read_csv(shipped("questionnaires", "trafficking", "repatriation.csv"), _RULES)


def _whole(codes: "Series[str]") -> "Series[str]":
    """The country of each reporting unit: itself, or what it is a part of."""
    return codes.replace(dict(areas.parts()[["part", "whole"]].to_numpy().tolist()))


def settled(table: DataFrame) -> DataFrame:
    """One row for each pair, basis and year.

    Rows of one pair that say the same are one figure. Where they differ, or stand under different
    spellings of the country, they may be two readings or two parts: the lower bound is then the
    highest of theirs, the upper one their sum, and under one spelling the interval that spans them;
    the status is `conflict`. Rows of an unknown country under different labels are of different
    countries and are added; under one label, or none, they may be two readings or two parts.

    Args:
        table: As `pairs` gives it.

    Returns:
        The key, `reporter`, the numbers, `status`, `findings` (joined by `;`).
    """
    is_unknown = (table["origin"] == UNKNOWN) | (table["destination"] == UNKNOWN)
    keys, spelt = [*_KEY, "reporter"], [*_KEY, "reporter", "label"]
    known = _agreed(_agreed(table[~is_unknown], spelt, "span"), keys, "either")
    unknown = summed(_agreed(table[is_unknown], spelt, "either"), keys)
    return pd.concat([known, unknown], ignore_index=True)


def _agreed(table: DataFrame, keys: list[str], how: str) -> DataFrame:
    """Rows of one key as one: as they stand where there is one or all agree, else their interval."""
    is_alone = ~table.duplicated(keys, keep=False)
    lonely = table.loc[is_alone, [*keys, *_FIGURE]]
    if is_alone.all():
        return lonely
    groups = table.assign(is_withheld=table["status"] == WITHHELD).groupby(keys, observed=True)
    found = groups.agg(
        least=("lower", "min"), most=("lower", "max"), low=("upper", "min"), high=("upper", "max"),
        total=("upper", "sum"),
        value=("value", "first"), middle=("middle", "first"), status=("status", "first"),
        findings=("findings", _joined), n=("upper", "size"), is_withheld=("is_withheld", "any"),
    ).reset_index()  # fmt: skip
    found = found[found.pop("n") > 1]
    agrees = (found["least"] == found["most"]) & (found["low"] == found["high"]) & (how == "span")
    lower = found["least"] if how == "span" else found["most"]
    upper = found["high"] if how == "span" else found["total"]
    upper = upper.where(~agrees, found["high"])
    both = found.assign(
        lower=lower, upper=upper, value=found["value"].where(agrees),
        middle=found["middle"].where(agrees, (lower + upper) / 2),
        status=found["status"].where(agrees, CONFLICT).mask(found["is_withheld"], WITHHELD),
    )  # fmt: skip
    return pd.concat([lonely, both[lonely.columns]], ignore_index=True)


def summed(table: DataFrame, keys: list[str]) -> DataFrame:
    """Figures of one key added, with the bounds of the sum; one alone stays as it is.

    The status of a sum is `withheld` where one of its parts is, else `conflict`, else `bounded`,
    and `exact` where all are.

    Args:
        table: Has the keys, the numbers, `status` and `findings`.
        keys: What is told apart.
    """
    is_alone = ~table.duplicated(keys, keep=False)
    columns = [*keys, *_FIGURE]
    lonely = table.loc[is_alone, columns]
    marks = {name: table["status"] == name for name in (WITHHELD, CONFLICT)}
    marked = table.assign(**marks, is_exact=table["lower"] == table["upper"])[~is_alone]
    found = marked.groupby(keys, sort=True, observed=True).agg(
        middle=("middle", "sum"), lower=("lower", "sum"), upper=("upper", "sum"),
        withheld=(WITHHELD, "any"), conflict=(CONFLICT, "any"), is_exact=("is_exact", "all"),
    ).reset_index()  # fmt: skip
    found = found.assign(
        findings=_findings(marked, keys, found), middle=found["middle"].where(np.isfinite(found["upper"]))
    )
    status = np.select(
        [found[WITHHELD], found[CONFLICT], found["is_exact"]], [WITHHELD, CONFLICT, EXACT], BOUNDED
    )
    found = found.assign(value=found["middle"], status=Series(status, index=found.index, dtype="str"))
    return pd.concat([lonely, found[columns]], ignore_index=True)


def _findings(table: DataFrame, keys: list[str], found: DataFrame) -> "Series[str]":
    """The findings of the parts of each sum; few figures have any."""
    noted = table[table["findings"] != ""]
    if noted.empty:
        return Series("", index=found.index, dtype="str")
    joined = noted.groupby(keys, observed=True)["findings"].agg(_joined).reset_index()
    return found[keys].merge(joined, on=keys, how="left")["findings"].fillna("").set_axis(found.index)


def _joined(findings: "Series[str]") -> str:
    return ";".join(sorted({name for text in findings for name in text.split(";") if name}))
