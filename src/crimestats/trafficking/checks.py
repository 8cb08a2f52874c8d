"""Where figures of the trafficking dataset cannot be right, or cannot be used."""

from functools import cache

import numpy as np
from pandas import DataFrame, MultiIndex, Series

from crimestats.areas import groupings, match
from crimestats.files import read_csv, shipped
from crimestats.frames import TOTAL, UNKNOWN
from crimestats.trafficking import other_forms, pairs
from crimestats.trafficking.dataset import TRAFFICKING_IN_PERSONS

PLACE = ["area", "area_label", "year", "measure", "unit", "stage", "source"]
KEY = [*PLACE, "dimension", "iccs", "sex", "age", "exploitation", "citizenship", "country"]
"""What two figures of one thing have in common."""
FOUND = ("row", "value", "expected", "others", "said", "name", "reason", "near", "count")
"""What a check says: the row of the dataset, texts for the message, and `others`, a list of further rows."""

_AGES, _SEXES = ("Y0T17", "Y_GE18"), ("F", "M", "O")
_LINES = (
    *((("_T", age), [(sex, age) for sex in _SEXES]) for age in _AGES),
    *(((sex, "_T"), [(sex, age) for age in _AGES]) for sex in _SEXES),
    (("_T", "_T"), [*((sex, "_T") for sex in _SEXES), ("_U", "_U")]),
    (("_T", "_T"), [*(("_T", age) for age in _AGES), ("_U", "_U")]),
    (("_T", "_T"), [*((sex, age) for sex in _SEXES for age in _AGES), ("_U", "_U")]),
)
"""A total by sex and age and its parts; persons of unknown sex and age are one row together."""
_NEAR_YEAR = 1


def subregions(table: DataFrame) -> DataFrame:
    """Rows under the code of a subregion, beside what its countries add to: one finding a code and year."""
    known = _subregions()
    rows = table[table["area_label"].isin(known)]
    if rows.empty:
        return _found([])
    wholes = table[_is_whole(table) & table["lower"].notna()]
    found = []
    for (label, year), group in rows.groupby(["area_label", "year"], sort=True):
        grouping, code = known[str(label)]
        members = groupings(grouping)
        members = members[members["code"] == code]
        said = _compared(wholes[wholes["year"] == year], str(label), set(members["area"]))
        found.append({"row": group.index[0], "value": str(label), "others": [*group.index[1:]],
                      "name": members["name"].iloc[0], "said": said, "count": f"{len(group):,}"})  # fmt: skip
    return _found(found)


def _compared(wholes: DataFrame, label: str, members: set[str]) -> str:
    """Totals under the code, each with those of the countries."""
    texts = []
    for measure, own in wholes[wholes["area_label"] == label].groupby("measure", sort=False):
        parts = wholes[(wholes["measure"] == measure) & wholes["area"].isin(members)]
        summed = span(parts["lower"].sum(), parts["upper"].sum()) if len(parts) else "no figure"
        count = parts["area"].nunique()
        texts.append(f"{measure} {shown(own).iloc[0]} ({summed} of {count} countries)")
    return ", ".join(texts) or "no total"


def repeated(table: DataFrame) -> DataFrame:
    """Figures of one key that differ; those of countries that are not known are different countries."""
    there = table[table["lower"].notna() & ~_is_nowhere(table)]
    several = there[there.duplicated(KEY, keep=False)]
    if several.empty:
        return _found([])
    found = []
    for _, group in several.groupby(KEY, sort=True):
        texts = shown(group)
        if texts.iloc[1:].ne(texts.iloc[0]).any():
            found.append({"row": group.index[0], "value": texts.iloc[0], "others": [*group.index[1:]],
                          "expected": ", ".join(texts.iloc[1:]), "said": ", ".join(texts),
                          "count": str(len(group))})  # fmt: skip
    return _found(found)


def refused(table: DataFrame) -> DataFrame:
    """Labels of countries that no code was found for: one finding a label, with why and what it may be."""
    rows = table[(table["label"] != "") & (table["country"] == UNKNOWN)]
    if rows.empty:
        return _found([])
    matched = match(Series(rows["label"].unique(), dtype="object")).set_index("label").astype("str")
    reasons = matched["reason"].mask((matched["reason"] == "") & (matched["area"] != UNKNOWN), "ambiguous")
    reasons = reasons.replace("", "not in the table").str.replace("_", " ")
    found = []
    for label, group in rows.groupby("label", sort=True):
        near = matched["candidates"][label]
        found.append({"row": group.index[0], "value": str(label), "others": [*group.index[1:]],
                      "reason": reasons[label],
                      "near": f"It may be {near}." if near else "", "count": f"{len(group):,}",
                      "said": span(group["lower"].sum(), group["upper"].sum())})  # fmt: skip
    return _found(found)


def parts_above(table: DataFrame) -> DataFrame:
    """Totals by sex or age that are below what their parts add to."""
    rows = _single(table[table["lower"].notna() & (table["area"] != UNKNOWN)])
    keys = [name for name in KEY if name not in ("sex", "age")]
    cells = MultiIndex.from_frame(rows[["sex", "age"]])
    group = Series(rows.groupby(keys, sort=False).ngroup().to_numpy(), index=rows.index)
    found: list[dict[str, object]] = []
    for whole, parts in _LINES:
        of_group = group[cells.isin(parts)]
        summed = rows["lower"].reindex(of_group.index).groupby(of_group).sum()
        own = rows[cells.isin([whole])]
        least = group[own.index].map(summed).fillna(0.0)
        said = [each["row"] for each in found]
        wrong = own.index[(least > own["upper"]).to_numpy() & ~own.index.isin(said)]
        beside = of_group[of_group.isin(group[wrong])]
        members = {number: [*ids] for number, ids in beside.groupby(beside).groups.items()}
        named = _what(rows.loc[wrong])
        found += [_above(table, row, members[group[row]], named[row]) for row in wrong]
    return _found(found)


def part_above(table: DataFrame) -> DataFrame:
    """Figures of a form or a citizenship that are above the total for the same sex and age."""
    rows = _single(table[table["lower"].notna() & (table["area"] != UNKNOWN)])
    keys = [*PLACE, "sex", "age"]
    is_total = (rows["dimension"] == TOTAL) & (rows["iccs"] == TRAFFICKING_IN_PERSONS)
    totals = rows[is_total].assign(whole=rows.index[is_total])
    totals = totals[~totals.duplicated(keys, keep=False)].set_index(keys)
    parts = rows[~is_total & (rows["dimension"] != "repatriation")]
    most = totals[["upper", "whole"]].reindex(MultiIndex.from_frame(parts[keys]))
    is_above = parts["lower"].to_numpy() > most["upper"].to_numpy()
    named = _what(parts[is_above])
    wholes = most["whole"].to_numpy()[is_above].astype("int64").tolist()
    return _found(
        [_above(table, row, [whole], named[row]) for row, whole in zip(named.index, wholes, strict=True)]
    )


def other_is_total(table: DataFrame) -> DataFrame:
    """Figures of other forms that are those of all persons, though there are other forms beside."""
    is_other = (
        (table["iccs"] == other_forms.OTHER) & (table["area"] != UNKNOWN) & (table["citizenship"] == TOTAL)
    )
    rows = table[is_other]
    beside = other_forms.references(table).reindex(MultiIndex.from_frame(rows[other_forms.PLACE]))
    beside = beside.set_axis(rows.index)
    beside = beside[other_forms.holds_all(rows["lower"], rows["upper"], beside)]
    is_total = (table["dimension"] == TOTAL) & (table["iccs"] == TRAFFICKING_IN_PERSONS)
    wholes = table[is_total].groupby(other_forms.PLACE).groups
    texts = shown(rows)
    return _found([
        {"row": row, "value": texts[row], "others": [*wholes[tuple(place)]],
         "expected": span(least, most)}
        for row, place, least, most in zip(
            beside.index, rows.loc[beside.index, other_forms.PLACE].to_numpy(dtype=object).tolist(),
            beside["forms_lower"], beside["forms_upper"], strict=True,
        )
    ])  # fmt: skip


def only_small(table: DataFrame) -> DataFrame:
    """Areas without a total whose figures may all be nobody: one finding a measure and year."""
    key = ["measure", "year", "area"]
    rows = table[(table["area"] != UNKNOWN) & (table["dimension"] != "repatriation") & table["upper"].notna()]
    groups = rows.assign(is_whole=_is_whole(rows)).groupby(key)
    states = groups.agg(lower=("lower", "max"), upper=("upper", "max"), is_whole=("is_whole", "any"))
    gone = states[(states["lower"] < 1) & (states["upper"] > 0) & ~states["is_whole"]].reset_index()
    found = []
    for (measure, year), own in gone.groupby(["measure", "year"], sort=True):
        of = rows[(rows["measure"] == measure) & (rows["year"] == year) & rows["area"].isin(own["area"])]
        small = of[of["upper"] > 0]
        found.append({"row": small.index[0], "value": f"“{shown(small).iloc[0]}”", "others": [],
                      "name": str(measure), "count": f"{len(own):,}"})  # fmt: skip
    return _found(found)


def list_totals(table: DataFrame) -> DataFrame:
    """Nameless rows of a list of countries that are the total of the list."""
    totals = pairs.list_totals(table)
    place = Series(table.index, index=table["figure_id"])
    texts = shown(table.loc[place[totals["figure_id"]]]).tolist()
    bounds = zip(totals["others_lower"], totals["others_upper"], strict=True)
    rows = zip(totals["figure_id"], texts, bounds, totals["basis"], strict=True)
    return _found([{"row": place[each], "value": text, "expected": span(*others), "said": basis}
                   for each, text, others, basis in rows])  # fmt: skip


def years_as_figures(table: DataFrame) -> DataFrame:
    """Counts of persons by country that are the number of the year."""
    is_of = table["dimension"].isin(["citizenship", "repatriation"])
    rows = table[is_of & ((table["value"] - table["year"]).abs() <= _NEAR_YEAR)]
    texts = shown(rows)
    return _found([{"row": row, "value": texts[row]} for row in rows.index])


def _above(table: DataFrame, row: int, beside: list[int], said: str) -> dict[str, object]:
    """A figure and the sum of others; the rows of the table are numbered from nought."""
    lower, upper = table["lower"].array, table["upper"].array
    summed = span(sum(lower[other] for other in beside), sum(upper[other] for other in beside))
    return {
        "row": row,
        "value": span(lower[row], upper[row]),
        "expected": summed,
        "said": said,
        "others": beside,
    }


def _what(rows: DataFrame) -> "Series[str]":
    """What is counted, and the keys that tell it from the total: form, sex, age, citizenship."""
    names = ["measure", "iccs", "exploitation", "sex", "age", "citizenship", "country"]
    parts = rows[names].replace({TOTAL: "", TRAFFICKING_IN_PERSONS: ""})
    texts = [" ".join(each for each in row if each) for row in parts.to_numpy().tolist()]
    return Series(texts, index=rows.index, dtype="str")


def _single(rows: DataFrame) -> DataFrame:
    """Figures that stand once; of which of several holds nothing is concluded."""
    return rows[~rows.duplicated(KEY, keep=False)]


def _is_nowhere(table: DataFrame) -> "Series[bool]":
    """Figures of which the area or the country is not known and no label tells them apart."""
    is_of = table["dimension"].isin(["citizenship", "repatriation"]) & (table["country"] == UNKNOWN)
    return is_of | ((table["area"] == UNKNOWN) & (table["area_label"] == ""))


def _is_whole(table: DataFrame) -> "Series[bool]":
    return (table["dimension"] == TOTAL) & (table["sex"] == TOTAL) & (table["age"] == TOTAL)


def shown(rows: DataFrame) -> "Series[str]":
    """Figures as texts: `<5` where the bounds are nought and 4, a span for others."""
    texts = [span(low, high) for low, high in zip(rows["lower"], rows["upper"], strict=True)]
    return Series(texts, index=rows.index, dtype="str")


def span(lower: float, upper: float) -> str:
    """A figure or the bounds of one as text.

    >>> span(1122, 1122), span(0, 4), span(5, 9), span(3, float("inf"))
    ('1,122', '<5', '5 to 9', 'at least 3')
    """
    if np.isnan(lower):
        return "no figure"
    if np.isinf(upper):
        return f"at least {lower:,.0f}"
    if lower == upper:
        return f"{lower:,.15g}"
    return f"<{upper + 1:,.0f}" if lower == 0 else f"{lower:,.0f} to {upper:,.0f}"


@cache
def _subregions() -> dict[str, tuple[str, str]]:
    """Grouping and group of each code of a subregion."""
    path = shipped("questionnaires", "trafficking", "subregions.csv")
    table = read_csv(path, ("code", "grouping", "group", "note"))
    return dict(zip(table["code"], zip(table["grouping"], table["group"], strict=True), strict=True))


def _found(rows: list[dict[str, object]]) -> DataFrame:
    table = DataFrame(rows, columns=list(FOUND), dtype="object")
    texts = [name for name in FOUND if name not in ("row", "others")]
    table[texts] = table[texts].fillna("")
    table["others"] = [each if isinstance(each, list) else [] for each in table["others"]]
    return table.sort_values("row", kind="stable", ignore_index=True)


CHECKS = {
    "subregion_rows": subregions, "repeated_key": repeated, "label_refused": refused,
    "part_above": part_above, "parts_above": parts_above, "year_as_figure": years_as_figures,
    "other_is_total": other_is_total, "only_small": only_small,
    "list_total": list_totals,
}  # fmt: skip
"""By the kind of rule in `rules.toml`."""
