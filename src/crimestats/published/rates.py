"""How often the checks hold in published figures: the evidence that their limits rest on."""

from collections.abc import Callable

from pandas import DataFrame, Series

from crimestats.areas import areas
from crimestats.files import read_csv, shipped
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, OBSERVATIONS, TOTAL, UNKNOWN
from crimestats.published.series import COUNT, key_of, table

RATE = "rate_per_100000"
NEAR, SPREAD, BASE, FAR = 0.01, 0.005, 50.0, 0.3
"""Difference that is near, spread of implied populations, least count of a ratio, change that is far."""

FIRST_YEAR, LAST_YEAR = 1990, 2026
COLUMNS = ("check", "n", "holds", "under", "over", "beyond", "low", "high")


def observed_rates(observations: DataFrame) -> DataFrame:
    """Measure how often each check holds.

    Offences and trafficking figures are those of whole countries, not of their
    parts; a sum or a bound of offences is judged where none of its counts is
    nought. Persons in prison are those of every reporting unit. Suppressed
    figures are the intervals that they are.

    Args:
        observations: What `read_published` returned, of one file or several (`frames.OBSERVATIONS`).

    Returns:
        One row for each check of `questionnaires/published/rates.csv` that has figures:
        `check`; `n`, how many could be judged; `holds`, of how many it is true; `under` and
        `over`, in how many the parts are
        less or more than the total; `beyond`, how many are off by more than 1 per cent (sums), by more
        than 0.5 per cent (implied populations), or changed by more than 30 per cent (ratios); `low` and
        `high`, the 5th and 95th percentile of the ratios.
    """
    known = OBSERVATIONS.check(observations).astype({"area": "str", "unit": "str", "item": "str"})
    known = known.assign(key=_keys(known))
    lines = []
    for row in read_csv(shipped("questionnaires", "published", "rates.csv")).itertuples():
        found = KINDS[str(row.kind)](known, str(row.total), str(row.parts).split())
        if found.get("n"):
            lines.append({"check": row.check, **found})
    counted = DataFrame(lines, columns=list(COLUMNS))
    return counted.astype(dict.fromkeys(COLUMNS[1:6], "Int64")).astype({"low": "float64", "high": "float64"})


def _keys(known: DataFrame) -> Series:
    """The series of each figure, with sex and age, from what it counts."""
    names = [
        "code",
        "measure",
        "stage",
        "source",
        *(name for name in BREAKDOWNS if name not in ("sex", "age")),
    ]
    series = table()
    series = series[series["indicator"] != "Definition"].drop_duplicates(names)[[*names, "series"]]
    texts = known[[*names, "sex", "age"]].astype("str").reset_index(drop=True)
    is_listed = ~texts["country"].isin([TOTAL, NOT_APPLICABLE]) | (texts["citizenship"] != TOTAL)
    of_country = texts["code"].eq("0204") & is_listed
    texts = texts.assign(country=texts["country"].mask(of_country, "ENTERED"),
                         citizenship=texts["citizenship"].mask(of_country, TOTAL))  # fmt: skip
    merged = texts.merge(series, on=names, how="left")
    keys = [
        key_of(*row) for row in merged[["series", "sex", "age"]].fillna("").itertuples(index=False, name=None)
    ]
    return Series(keys, index=known.index, dtype="str")


def _whole(known: DataFrame) -> DataFrame:
    units = areas()
    parts = units.loc[units["kind"] == "part", "area"]
    return known[~known["area"].isin([UNKNOWN, *parts])]


def _wide(known: DataFrame, names: list[str], column: str, unit: str = COUNT) -> DataFrame:
    """Figures side by side, the first where a key stands twice and of two tables the one with an item."""
    own = known[(known["unit"] == unit) & known["key"].isin(names) & (known["area"] != UNKNOWN)]
    own = own.assign(rank=own["item"] == NOT_APPLICABLE).sort_values("rank", kind="stable")
    own = own.drop_duplicates(["area", "year", "key"])
    wide = own.set_index(["area", "year", "key"])[column].unstack()  # noqa: PD010
    return wide.reindex(columns=names)


def _sum(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    """A sum in whole countries, where no figure is nought."""
    wide = _wide(_whole(known), [total, *parts], "value").dropna()
    return _compared(wide[(wide > 0).all(axis="columns")], total, parts)


def _sum_all(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    """A sum in every reporting unit, nought included."""
    return _compared(_wide(known, [total, *parts], "value").dropna(), total, parts)


def _compared(wide: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    whole, added = wide[total], wide[parts].sum(axis="columns")
    return {"n": len(wide), "holds": (whole == added).sum(), "under": (added < whole).sum(),
            "over": (added > whole).sum(), "beyond": ((added / whole - 1).abs() > NEAR).sum()}  # fmt: skip


def _at_most(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    found = _sum(known, total, parts)
    return {"n": found["n"], "holds": found["n"] - found["over"], "over": found["over"]}


def _population(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    """Spread of count over rate among the figures of both sexes of a country and year."""
    own = _whole(known[(known["key"] != "") & (known["sex"] == TOTAL) & (known["value"] > 0)])
    own = own[own["measure"].isin(["offences"])].drop_duplicates(["area", "year", "key", "unit"])
    wide = own.set_index(["area", "year", "key", "unit"])["value"].unstack()  # noqa: PD010
    if not {COUNT, RATE} <= set(wide.columns):
        return {}
    persons = (wide[COUNT] / wide[RATE]).dropna().groupby(level=["area", "year"])
    several = persons.agg(["size", "min", "max"]).query("size > 1")
    beyond = int((several["max"] / several["min"] - 1 > SPREAD).sum())
    return {"n": len(several), "holds": len(several) - beyond, "beyond": beyond}


def _year(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    outside = int((~known["year"].between(FIRST_YEAR, LAST_YEAR)).sum())
    return {"n": len(known), "holds": len(known) - outside, "beyond": outside}


def _whole_counts(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    counts = known[known["unit"] == COUNT]
    odd = int((counts["lower"] % 1 > 0).sum())
    return {"n": len(counts), "holds": len(counts) - odd, "beyond": odd}


def _ratio(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    """Rate over the rate of the year before, where both counts are at least `BASE`."""
    counts, rates = (_wide(_whole(known), [total], "value", unit)[total] for unit in (COUNT, RATE))
    own = DataFrame({"count": counts, "rate": rates}).dropna().reset_index()
    both = own.merge(own.assign(year=own["year"] + 1), on=["area", "year"], suffixes=("", "_before"))
    both = both[(both["count"] >= BASE) & (both["count_before"] >= BASE)]
    if both.empty:
        return {}
    ratio = both["rate"] / both["rate_before"]
    beyond = int(((ratio - 1).abs() > FAR).sum())
    low, high = ratio.quantile([0.05, 0.95])
    return {"n": len(ratio), "holds": len(ratio) - beyond, "beyond": beyond, "low": low, "high": high}


def _interval_sum(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    """A total and the parts that are published beside it, as intervals; rows of one key are added."""
    own = _whole(known[(known["unit"] == COUNT) & known["key"].isin(parts) & known["lower"].notna()])
    added = own.groupby(["area", "year"])[["lower", "upper"]].sum()
    whole = DataFrame(
        {name: _wide(_whole(known), [total], name)[total] for name in ("lower", "upper")}
    ).dropna()
    both = whole.add_suffix("_total").join(added, how="inner")
    under, over = both["upper"] < both["lower_total"], both["lower"] > both["upper_total"]
    return {
        "n": len(both),
        "holds": len(both) - (under | over).sum(),
        "under": under.sum(),
        "over": over.sum(),
    }


def _interval_most(known: DataFrame, total: str, parts: list[str]) -> dict[str, float]:
    whole = _whole(known)
    earlier, later = _wide(whole, [total], "upper")[total], _wide(whole, parts, "lower")[parts[0]]
    both = DataFrame({"earlier": earlier, "later": later}).dropna()
    over = int((both["later"] > both["earlier"]).sum())
    return {"n": len(both), "holds": len(both) - over, "over": over}


KINDS: dict[str, Callable[[DataFrame, str, list[str]], dict[str, float]]] = {
    "sum": _sum, "sum_all": _sum_all, "at_most": _at_most, "population": _population,
    "year": _year, "whole": _whole_counts,
    "ratio": _ratio, "interval_sum": _interval_sum, "interval_most": _interval_most,
}  # fmt: skip
