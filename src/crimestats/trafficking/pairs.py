"""Origin and destination: which two countries a figure on citizenship or repatriation is about."""

from functools import cache

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.files import read_csv, shipped
from crimestats.frames import NOT_APPLICABLE, TOTAL, TRAFFICKING, UNKNOWN

BASES = ("citizenship", "repatriation")
"""What a flow is seen by. The two count other persons, in other places, and are never added."""
NUMBERS = ["value", "middle", "lower", "upper"]
WITHHELD, CONFLICT, BOUNDED, EXACT = "withheld", "conflict", "bounded", "exact"

_KEY = ["basis", "measure", "origin", "destination", "year"]
_SPELT = [*_KEY, "reporter", "label"]
_LIST = ["basis", "reporter", "year"]
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
        bounds that are missing are left out, as are totals (also nameless ones: `list_totals`) and those
        of no known area. A nameless row that alone is above the total of its area may hold persons twice:
        its lower bound is the total then, and its status `conflict`.
    """
    table = TRAFFICKING.cast(dataset)
    told = _told(table)
    beside = _beside(told, _totals(table))
    told = _above_total(told, beside)
    return told[~_is_list_total(told, beside)].reset_index(drop=True)


def list_totals(dataset: DataFrame) -> DataFrame:
    """Nameless rows of lists of countries that are the total of the list and not persons of no country.

    Such a row equals, within the bounds, the sum of the other rows of its area, year and measure, and cannot
    stand beside them, as both together are above the total that the area reported. Without that total
    a row is not told from persons of no known country, and stays.

    Args:
        dataset: `frames.TRAFFICKING`.

    Returns:
        As `pairs` gives them, with `others_lower` and `others_upper`, the sum of the other rows.
    """
    table = TRAFFICKING.cast(dataset)
    told = _told(table)
    beside = _beside(told, _totals(table))
    told = told.assign(others_lower=beside["others_lower"], others_upper=beside["others_upper"])
    return told[_is_list_total(told, beside)].reset_index(drop=True)


def _told(table: DataFrame) -> DataFrame:
    """All rows of two countries, totals of lists among them."""
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


def _totals(table: DataFrame) -> DataFrame:
    """All persons of each area, basis and year, `total_lower` and `total_upper`."""
    is_total = (table["iccs"] == _FORM) & (table["area"] != UNKNOWN) & table["lower"].notna()
    for name in (*_WHOLE, "citizenship"):
        is_total &= table[name] == TOTAL
    parts = []
    for basis, measure in _MEASURES.items():
        is_own = (table["dimension"] == TOTAL) | (
            (table["dimension"] == "repatriation") & (basis == "repatriation")
        )
        is_own &= table["country"].isin([TOTAL, NOT_APPLICABLE]) & (table["measure"] == measure)
        parts.append(table.loc[is_total & is_own, ["area", "year", "lower", "upper"]].assign(basis=basis))
    rows = pd.concat(parts).astype({"area": "str", "basis": "str"})
    groups = rows.rename(columns={"area": "reporter"}).groupby(_LIST)
    return groups.agg(total_lower=("lower", "min"), total_upper=("upper", "max")).reset_index()


def _beside(told: DataFrame, totals: DataFrame) -> DataFrame:
    """For each row the sum of all other rows of its list, how many they are, and the total of the area."""
    is_known = (told["origin"] != UNKNOWN) & (told["destination"] != UNKNOWN)
    rows = pd.concat([_known(told[is_known]), told[~is_known]])
    sums = rows.groupby(_LIST).agg(
        others_lower=("lower", "sum"), others_upper=("upper", "sum"), n_others=("lower", "size")
    ).reset_index()  # fmt: skip
    found = told[_LIST].merge(sums, on=_LIST, how="left").merge(totals, on=_LIST, how="left")
    own = told[["lower", "upper"]].replace(np.inf, 0.0)
    return found.set_axis(told.index).assign(
        others_lower=lambda table: table["others_lower"] - own["lower"],
        others_upper=lambda table: table["others_upper"] - own["upper"],
        n_others=lambda table: table["n_others"] - 1,
    )


def _is_nameless(told: DataFrame) -> "Series[bool]":
    is_unknown = (told["origin"] == UNKNOWN) | (told["destination"] == UNKNOWN)
    is_said: Series[bool] = is_unknown & (told["label"].fillna("") == "") & (told["lower"] >= 1)
    return is_said


def _is_list_total(told: DataFrame, beside: DataFrame) -> "Series[bool]":
    meets = (told["lower"] <= beside["others_upper"]) & (told["upper"] >= beside["others_lower"])
    is_too_much = beside["others_lower"] + told["lower"] > beside["total_upper"]
    is_said: Series[bool] = _is_nameless(told) & (beside["n_others"] > 0) & meets & is_too_much
    return is_said


def _above_total(told: DataFrame, beside: DataFrame) -> DataFrame:
    """Nameless rows that stand alone and are above the total of the area, as the interval of both."""
    is_above = _is_nameless(told) & (beside["n_others"] == 0) & (told["lower"] > beside["total_upper"])
    lower = told["lower"].mask(is_above, beside["total_lower"])
    return told.assign(
        lower=lower, value=told["value"].mask(is_above),
        middle=told["middle"].mask(is_above, (lower + told["upper"]) / 2),
        status=told["status"].mask(is_above, CONFLICT),
    )  # fmt: skip


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
    unknown = summed(_agreed(table[is_unknown], _SPELT, "either"), [*_KEY, "reporter"])
    return pd.concat([_known(table[~is_unknown]), unknown], ignore_index=True)


def _known(table: DataFrame) -> DataFrame:
    return _agreed(_agreed(table, _SPELT, "span"), [*_KEY, "reporter"], "either")


def weights(table: DataFrame) -> "Series[float]":
    """What part of each row its pair counts: rows of a known country under one label are one figure.

    Args:
        table: As `pairs` gives it.
    """
    n = table.groupby(_SPELT, observed=True)["lower"].transform("size").astype("float64")
    is_unknown = (table["origin"] == UNKNOWN) | (table["destination"] == UNKNOWN)
    return (1.0 / n).mask(is_unknown, 1.0)


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
