"""Several rows for one figure: given twice, or several national codes under one category."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.frames import NOT_APPLICABLE
from crimestats.observations import join_ids, rank, reconcile
from crimestats.trends.figures import BASES, NUMBERS, ORIGINS, mixed, numbers_of

_PLACE = ("return_id", "sheet", "cell")
_WAY = ["key", "way"]
_PART = [*_WAY, "component"]
_NOT_APPLICABLE = "not_applicable"
_SHARES = ("share_lower", "share", "share_upper")


@dataclass(frozen=True, slots=True)
class Settled:
    """One row for each figure that several rows gave, or that a correspondence did.

    Attributes:
        figures: key, value, lower, upper, status (text), basis, making, regime, period,
            provisional (codes), findings.
        cells: key, row and weight.
        apart: Figures that are given differently: key, lower and upper of another one.
    """

    figures: DataFrame
    cells: DataFrame
    apart: DataFrame


def components(classified: DataFrame) -> "Series[int]":
    """A number for the national code and tags of each row; 0 for one that carries its ICCS code."""
    columns = ["correspondence", "code", "tags"]
    number = classified.groupby(columns, observed=True, sort=True).ngroup() + 1
    return number.where((classified["correspondence"] != NOT_APPLICABLE).to_numpy(), 0)


def making_of(rows: DataFrame) -> np.ndarray:
    """What tells apart how figures are made up: their segment, and their national code and shares."""
    making = mixed(rows["segment"].to_numpy(np.uint64))
    is_divided = (rows["correspondence"] != NOT_APPLICABLE).to_numpy()
    if is_divided.any():
        own = rows[is_divided]
        code = np.zeros(len(own), dtype=np.uint64)
        for name in ("correspondence", "code", "tags"):
            column = own[name].cat
            code = mixed(code ^ numbers_of(column.categories)[column.codes])
        for name in _SHARES:
            code = mixed(code ^ own[name].to_numpy(np.float64).view(np.uint64))
        making[is_divided] = mixed(code ^ making[is_divided])
    return making


def settle(rows: DataFrame, classified: DataFrame, is_additive: np.ndarray, yes: int) -> Settled:
    """Make one figure of the rows of each key.

    A figure that is given several times alike is one; where it is given
    differently, none of them stands. Figures of several national codes under
    one category are added by interval arithmetic, each code once; what is
    missing of one of them may be any number. Figures that cannot be added are
    taken for statements of one figure.

    Args:
        rows: key, row, making, regime, period, provisional (codes); those of one key may be many.
        classified: Where the rows are from.
        is_additive: Of the series of each row.
        yes: The code of what is provisional.
    """
    given = _given(rows, classified, is_additive)
    marked = (given["provisional"] == yes).groupby(given["key"]).transform("any")
    given = given.assign(provisional=given["provisional"].mask(marked, yes))
    once = reconcile(given, _PART)
    once["making"] = once["making"].where(once["is_national"], mixed(once["segment"].to_numpy(np.uint64)))
    summed = _summed(once)
    figures = reconcile(summed, ["key"]).sort_values("key", ignore_index=True)
    apart = pd.concat([_apart(given, _PART), _apart(summed, ["key"])]).drop_duplicates("key")
    return Settled(figures.astype({"status": "str"}), _weighed(given), apart)


def _given(rows: DataFrame, classified: DataFrame, is_additive: np.ndarray) -> DataFrame:
    """The rows with all that is needed, in the order of key and place."""
    taken = classified.take(rows["row"].to_numpy())
    component = components(taken).to_numpy() * is_additive
    columns = {name: taken[name].to_numpy() for name in (*NUMBERS, "segment", "share")}
    is_national = taken["correspondence"].to_numpy() != NOT_APPLICABLE
    scheme = taken["correspondence"].cat.codes.to_numpy(np.int64) + 1
    given = rows.reset_index(drop=True).assign(
        **columns, component=component, is_national=is_national, way=np.where(component > 0, scheme, 0),
        status=taken["status"].reset_index(drop=True), findings=taken["findings"].reset_index(drop=True),
        basis=0,
    )  # fmt: skip
    order = np.lexsort([*(rank(taken[name]) for name in reversed(_PLACE)), given["key"].to_numpy()])
    return given.take(order).reset_index(drop=True)


def _summed(once: DataFrame) -> DataFrame:
    """One row for each key and way: the sum over its national codes, those that do not apply left out."""
    applies = once["status"] != _NOT_APPLICABLE
    once = once[applies | ~applies.groupby([once[name] for name in _WAY]).transform("any")]
    counts = once.groupby(_WAY)["key"].transform("size")
    if (counts == 1).all():
        return once
    single, several = once[counts == 1], once[counts > 1].sort_values(_PART, ignore_index=True)
    group = several.groupby(_WAY).ngroup()
    told = several["lower"].notna().groupby(group).any()
    numbers = several[NUMBERS].fillna({"lower": 0, "upper": np.inf}).groupby(group).sum(min_count=1)
    exact = several["value"].notna().groupby(group).all()
    findings = join_ids(group.to_numpy(np.int64), several["findings"])
    added = several.groupby(group).first().assign(
        value=numbers["value"].where(exact), lower=numbers["lower"].where(told),
        upper=numbers["upper"].where(told), status=_status(several, group, exact, told),
        findings=findings.reindex(told.index).fillna(""),
        basis=told.map({True: BASES.index("summed"), False: BASES.index("reported")}),
        making=Series(mixed(several["making"].to_numpy(np.uint64))).groupby(group).sum(),
        **{name: _common(several[name], group) for name in ORIGINS},
    )  # fmt: skip
    both = [single.astype({"status": "str"}), added.astype({"status": "str"})]
    return pd.concat(both, ignore_index=True).astype({"status": "category"})


def _status(
    several: DataFrame, group: "Series[int]", exact: "Series[bool]", told: "Series[bool]"
) -> "Series[str]":
    """Exact where all are; in conflict where one is; else bounded, or what the first one says."""
    status = several["status"].astype("str")
    is_apart = (status == "conflicting").groupby(group).any()
    kind = Series("bounded", index=told.index).mask(exact, "exact").mask(is_apart, "conflicting")
    return kind.where(told, status.groupby(group).first())


def _common(codes: "Series[int]", group: "Series[int]") -> "Series[int]":
    """The code that all of a group have, else -1, for `mixed`."""
    groups = codes.groupby(group)
    return groups.first().where(groups.min() == groups.max(), -1)


def _apart(rows: DataFrame, keys: list[str]) -> DataFrame:
    """Of rows that should say the same, the first that says something else: key, lower, upper."""
    told = rows.loc[rows["lower"].notna(), [*keys, "lower", "upper"]]
    told = told.loc[:, ~told.columns.duplicated()]
    first = told.groupby(keys)[["lower", "upper"]].transform("first")
    differs = (told["lower"] != first["lower"]) | (told["upper"] != first["upper"])
    return told.loc[differs, ["key", "lower", "upper"]].drop_duplicates("key")


def _weighed(given: DataFrame) -> DataFrame:
    """The rows that make each figure, with their share of the cell, divided by those that say the same."""
    has_figure = given["lower"].notna()
    kept = given[has_figure | ~has_figure.groupby(given["key"]).transform("any")]
    ways = kept.groupby("key")["way"].transform("nunique")
    rows = kept.groupby(_PART)["row"].transform("size")
    weight = kept["share"] / (ways * rows)
    return DataFrame({"key": kept["key"], "row": kept["row"], "weight": weight})
