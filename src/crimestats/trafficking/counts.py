"""Persons in the categories of profiles by area and year, and which areas have all categories."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats.errors import DefinitionError
from crimestats.files import line_of, read_csv, shipped
from crimestats.frames import TOTAL, UNKNOWN
from crimestats.trafficking import other_forms
from crimestats.trafficking.capping import capped, limited

KEYS = ["measure", "dimension", "iccs", "sex", "age", "exploitation", "citizenship"]
"""Columns of the dataset by which a row of `profiles.csv` names its figures; `country` says which of them."""
PARTS = "parts"
"""Of `country` in `profiles.csv`: all figures but the total, added up."""
EMPTY = ("blank", "absent", "not_applicable")
"""Statuses of figures without a value by which nothing was meant; by the others there may be persons."""
BOUNDS = ["value", "lower", "upper"]

_COLUMNS = ("profile", "within", "category", "alternative", "needed", *KEYS, "country", "note")
_CATEGORY = ["profile", "within", "category"]
_BASE = ["denominator", "area", "year"]


ROOM = 4
"""Persons, at most, that a total may leave for categories that are missing: what a published `<5` can be."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Persons of categories, and the figures that they are made of.

    Attributes:
        categories: The categories of the profiles: profile, within, category, measure, `is_needed` and
            `denominator`, a number for each profile and what it is within.
        data: One row a category (`of`, its number), area and year: `denominator`, value (the middle where it
            is bounded), lower, upper (persons), `is_known`, `is_conflict`, `is_closed`.
        bases: One row a denominator, area and year: value, lower, upper of all its categories, `given` (how
            many that are needed), `is_complete`, `is_closed`, `excess` (see `capping.limited`),
            `is_certain` (at least one person is counted for certain).
        wholes: All persons that areas reported: denominator, area, year, value, lower, upper.
        cells: What `data` is made of: category (`of`; -1 the total that closes a base), denominator, area,
            year, `row` of the dataset, weight, `is_conflict`.
    """

    categories: DataFrame
    data: DataFrame
    bases: DataFrame
    wholes: DataFrame
    cells: DataFrame


@cache
def _table() -> DataFrame:
    path = shipped("questionnaires", "trafficking", "profiles.csv")
    table = read_csv(path, _COLUMNS)
    for name, allowed in (("needed", ("0", "1")), ("country", (TOTAL, PARTS))):
        wrong = np.flatnonzero(~table[name].isin(allowed))
        if len(wrong):
            place = f"{path}, line {line_of(path, int(wrong[0]))}"
            fault = f"has {table[name].iloc[wrong[0]]!r} as {name}."
            raise DefinitionError(place, fault, f"Write {' or '.join(allowed)}.")
    return table.assign(alternative=table["alternative"].astype("int64"), needed=table["needed"] == "1")


def table() -> DataFrame:
    """The profiles: which figures of the dataset are which category of which profile.

    Returns:
        One row a figure: profile, within, category, alternative (the first that an area has is used),
        needed, the keys of the figure (`KEYS`), country (`_T` the total, `parts` all others, added up), note.
        The category `_T` is all persons, known or not.

    Example:
        >>> rows = table().query("profile == 'victims_sex_age'")
        >>> rows["category"].tolist()
        ['_T', 'women', 'girls', 'men', 'boys']
    """
    return _table().copy()


def counted(dataset: DataFrame) -> Counts:
    """Count the persons of every category of every profile, by area and year.

    Figures of a known area alone enter. Several of the same key that differ make one
    with the bounds that span them, a conflict; several that agree make one. A
    category whose parts are partly hidden or unreadable is not known.

    A category that an area does not give at all is closed where the total that it
    reports leaves fewer than five persons for it (`ROOM`): it has between none and as
    many. Published files have no nought, and a form of exploitation that nobody
    suffered is a row that is not there.

    No base is above the total that the area reports, where the figures allow
    it (`capping.capped`). A base of `<5` alone may be of nobody: published files have such rows for
    nearly every country, also those that reported nothing, so that only a base with one person for
    certain counts (`is_certain`).

    Args:
        dataset: As `trafficking.dataset` gives it.
    """
    rules = _table()
    is_whole = rules["category"] == TOTAL
    categories = _categories(rules[~is_whole])
    of = pd.MultiIndex.from_frame(categories[_CATEGORY])
    first = categories.drop_duplicates("denominator").assign(category=TOTAL)
    beside = other_forms.references(dataset)
    data, cells = _added(dataset, rules[~is_whole], of, beside)
    whole = pd.MultiIndex.from_frame(first[_CATEGORY])
    wholes, whole_cells = _added(dataset, rules[is_whole], whole, beside)
    for table in (data, cells):
        table["denominator"] = categories["denominator"].to_numpy()[table["of"]]
    wholes = wholes[wholes["is_known"]].rename(columns={"of": "denominator"})[[*_BASE, *BOUNDS]]
    whole_cells = whole_cells.rename(columns={"of": "denominator"}).assign(of=-1)
    bases = _bases(data, categories, wholes)
    closed = bases.loc[bases["is_closed"], [*_BASE, "room"]]
    data = pd.concat([data.assign(is_closed=False), _missing(closed, data, categories)], ignore_index=True)
    cells = pd.concat([cells, whole_cells.merge(closed[_BASE], on=_BASE)], ignore_index=True)
    sums = data.groupby(_BASE)[["lower", "upper"]].sum()
    data = capped(data, wholes)
    sums = sums.assign(value=data.groupby(_BASE)["value"].sum()).reset_index()
    bases = limited(bases.drop(columns=[*BOUNDS, "room"]).merge(sums, on=_BASE), wholes)
    return Counts(categories, data, bases.assign(is_certain=bases["lower"] >= 1), wholes, cells)


def _added(
    dataset: DataFrame, rules: DataFrame, of: pd.MultiIndex, beside: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """Persons of each of the categories by area and year, and the cells that they are made of."""
    number = of.get_indexer(pd.MultiIndex.from_frame(rules[_CATEGORY]))
    rules = rules.assign(of=number, rule=range(len(rules)))
    found = _found(dataset, rules)
    data, chosen = _first_alternatives(_spanned(found), rules, beside)
    cells = found.merge(chosen, on=["of", "alternative", "area", "year"])
    cells["weight"] *= _taken(cells)
    cells["is_conflict"] |= cells["taken"].isin([other_forms.SPAN, other_forms.ROOM])
    columns = ["of", "area", "year", "row", "weight", "is_conflict"]
    return data, cells.loc[cells["lower"].notna(), columns].reset_index(drop=True)


def _taken(cells: DataFrame) -> NDArray[np.float64]:
    """What part of each cell is in its category: of several rows of other forms, one may be their total."""
    place = ["of", "area", "year"]
    order = cells.sort_values([*place, "lower", "upper", "key"], ascending=[True] * 3 + [False, False, True])
    largest = order.drop_duplicates(place).set_index(place)["key"]
    is_largest = largest.reindex(pd.MultiIndex.from_frame(cells[place])).to_numpy() == cells["key"].to_numpy()
    rest = {other_forms.SUM: 1.0, other_forms.ROW: 0.0, other_forms.SPAN: 0.5, other_forms.ROOM: 0.0}
    is_whole = is_largest & (cells["taken"] != other_forms.ROOM).to_numpy()
    return np.where(is_whole, 1.0, cells["taken"].map(rest).to_numpy(np.float64))


def _categories(rules: DataFrame) -> DataFrame:
    first = rules.drop_duplicates(_CATEGORY).reset_index(drop=True)
    is_needed = rules.groupby(_CATEGORY)["needed"].any()
    of = pd.MultiIndex.from_frame(first[_CATEGORY])
    numbers = first.groupby(["profile", "within"], sort=False).ngroup()
    kept = first[[*_CATEGORY, "measure"]]
    return kept.assign(denominator=numbers, is_needed=is_needed.reindex(of).to_numpy(bool))


def _found(dataset: DataFrame, rules: DataFrame) -> DataFrame:
    """The figures of each rule, with what tells those of the same key: area, year, country and spelling."""
    rows = dataset[[*KEYS, "area", "year", "country", "label", "lower", "upper", "value", "status"]].assign(
        row=np.arange(len(dataset))
    )
    rows = rows[(rows["area"] != UNKNOWN) & ~(rows["status"].isin(EMPTY) & rows["lower"].isna())]
    rows = rows.astype({**dict.fromkeys([*KEYS, "area", "country", "label"], "str"), "year": "int64"})
    wanted = rules[[*KEYS, "country", "of", "rule", "alternative", "needed"]].rename(
        columns={"country": "wanted"}
    )
    both = rows.merge(wanted, on=KEYS)
    both = both[(both["wanted"] == TOTAL) == (both["country"] == TOTAL)]
    both["spelling"] = both["label"].where(both["country"] == UNKNOWN, "")
    both["key"] = both.groupby(["rule", "area", "year", "country", "spelling"]).ngroup()
    of_key = both.groupby("key")
    both["weight"] = 1 / of_key["row"].transform("size")
    differs = (of_key["lower"].transform("nunique") > 1) | (of_key["upper"].transform("nunique") > 1)
    return both.assign(is_conflict=differs).reset_index(drop=True)


def _spanned(found: DataFrame) -> DataFrame:
    """One row a key: the bounds that span its figures; unknown where one of them is."""
    of_key = found.groupby("key", sort=False)
    keys = of_key[["of", "rule", "alternative", "needed", "area", "year", "is_conflict"]].first()
    is_unknown = found["lower"].isna().groupby(found["key"], sort=False).any()
    lower, upper = of_key["lower"].min(), of_key["upper"].max()
    return keys.assign(lower=lower.mask(is_unknown), upper=upper.mask(is_unknown))


def _first_alternatives(keys: DataFrame, rules: DataFrame, beside: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Of each category, area and year the sum by the first alternative whose needed figures are all known."""
    place = ["of", "area", "year", "alternative"]
    sums = other_forms.judged(_sums(keys, rules), beside)
    best = sums.sort_values(
        [*place[:3], "is_known", "alternative"], ascending=[True, True, True, False, True]
    )
    best = best.drop_duplicates(place[:3])
    known = best[best["is_known"]]
    data = best.assign(value=(best["lower"] + best["upper"]) / 2)
    data[BOUNDS] = data[BOUNDS].where(data["is_known"])
    columns = ["of", "area", "year", *BOUNDS, "is_known", "is_conflict"]
    return data[columns].reset_index(drop=True), known[[*place, "taken"]].reset_index(drop=True)


def _sums(keys: DataFrame, rules: DataFrame) -> DataFrame:
    """The sum of every alternative, with its largest figure and what it is of."""
    place = ["of", "area", "year", "alternative"]
    keys = keys.sort_values([*place, "lower", "upper"], ascending=[True] * 4 + [False, False])
    groups = keys.assign(is_known=keys["lower"].notna()).groupby(place)
    sums = groups.agg(
        lower=("lower", "sum"), upper=("upper", "sum"), count=("lower", "size"), is_known=("is_known", "all"),
        is_conflict=("is_conflict", "any"), most_lower=("lower", "first"), most_upper=("upper", "first"),
    )  # fmt: skip
    given = keys[keys["needed"]].drop_duplicates([*place, "rule"]).groupby(place).size()
    sums = sums.assign(given=given).reset_index()
    alternative = pd.MultiIndex.from_frame(sums[["of", "alternative"]])
    needed = rules[rules["needed"]].groupby(["of", "alternative"]).size()
    sums["is_known"] &= sums["given"].fillna(0).to_numpy() >= needed.reindex(alternative).fillna(0).to_numpy()
    kinds = rules.drop_duplicates(["of", "alternative"]).set_index(["of", "alternative"])
    kinds = kinds[["measure", "iccs", "sex", "age"]].reindex(alternative).reset_index(drop=True)
    return sums.join(kinds.drop(columns="iccs")).assign(is_other=kinds["iccs"] == other_forms.OTHER)


def _bases(data: DataFrame, categories: DataFrame, wholes: DataFrame) -> DataFrame:
    """All persons by area and year; complete where every needed category is known and none hidden."""
    groups = data.groupby(_BASE)
    is_needed = data["is_known"] & categories["is_needed"].to_numpy()[data["of"]]
    given = is_needed.groupby([data[name] for name in _BASE]).sum()
    wanted = categories.groupby("denominator")["is_needed"].sum()
    bases = groups[BOUNDS].sum().assign(given=given, is_all_known=groups["is_known"].all()).reset_index()
    is_every = bases["given"] >= bases["denominator"].map(wanted)
    upper = wholes.set_index(_BASE)["upper"].reindex(pd.MultiIndex.from_frame(bases[_BASE])).to_numpy()
    room = upper - bases["lower"]
    is_closed = bases["is_all_known"] & ~is_every & (bases["given"] > 0) & room.between(0, ROOM)
    return bases.assign(is_complete=bases["is_all_known"] & is_every, is_closed=is_closed, room=room)


def _missing(closed: DataFrame, data: DataFrame, categories: DataFrame) -> DataFrame:
    """The needed categories that closed bases lack: between none and what the total leaves."""
    needed = categories.assign(of=np.arange(len(categories))).loc[categories["is_needed"]]
    every = closed.merge(needed[["denominator", "of"]], on="denominator")
    key = ["of", "area", "year"]
    is_there = pd.MultiIndex.from_frame(every[key]).isin(pd.MultiIndex.from_frame(data[key]))
    rows = every[~is_there]
    known = rows.assign(
        value=rows["room"] / 2, lower=0.0, upper=rows["room"], is_known=True, is_conflict=False
    )
    return known.assign(is_closed=True).drop(columns="room")
