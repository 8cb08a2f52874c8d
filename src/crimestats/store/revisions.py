"""What one table of figures says otherwise than another: changed, vanished, appeared, and what moved."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pandas.api.types import union_categoricals

from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE, OBSERVATIONS, REVISIONS, SERIES, TOTAL, TRENDS
from crimestats.store.catalogue import Store, opened
from crimestats.store.folding import SAME, combined, folded
from crimestats.store.vintages import Which, as_of, population_as_of

TOLERANCE = 1e-9
"""Relative difference up to which two numbers are the same: far above what a sum in another order makes of
it, far below what any office rounds to."""

_PERSONS = ["area", "year", "sex", "age", "citizenship"]
_OF_TRENDS = ("area", "year", "iccs", *SERIES, "grouping", "method")
_NUMBERS = ["value", "lower", "upper", "population", "rate"]
_PER = 100_000
_NUMBER = "number"  # code of the codelist `unit`: only of counts there are rates
_ICCS = "iccs"


def revisions(
    before: DataFrame,
    after: DataFrame,
    *,
    population_before: DataFrame | None = None,
    population: DataFrame | None = None,
    tolerance: float = TOLERANCE,
) -> DataFrame:
    """What changed, vanished and appeared between two tables of figures.

    Args:
        before: Reported figures (`frames.OBSERVATIONS`) or a trend table (`frames.TRENDS`).
        after: A later one of the same kind.
        population_before: Of reported figures, the population (as `areas.population`) that was in
            force with the first; trend tables carry their own.
        population: The one in force with the second.
        tolerance: Relative difference up to which two numbers are the same.

    Returns:
        One row for each figure that is not as it was (`frames.REVISIONS`): `kind` is `changed`,
        `vanished` (there was a value or bounds, now there is none; `status` says why, `_Z` where there
        is no row any more) or `appeared`; `difference` and `relative` to the value before are null where
        either is bounded; `moved` is `count`, `population`, `both`, or `status` where only that is
        another. The rate is per 100,000 residents, of counts.

    Raises:
        CallError: The tables are of different kinds, or of neither.
    """
    kinds = [_kind(table) for table in (before, after)]
    if kinds[0] is not kinds[1]:
        fault = f"are {kinds[0].name} and {kinds[1].name}."
        raise CallError("before and after", fault, "Compare two tables of one kind.")
    sides = [
        _prepared(kinds[0].check(kinds[0].cast(table)), persons)
        for table, persons in ((before, population_before), (after, population))
    ]
    keys = list(_OF_TRENDS if kinds[0] is TRENDS else SAME)
    one, two = _side_by_side(sides[0], sides[1], keys)
    chosen, kind, moved = _judged(one, two, tolerance)
    return _table(one[chosen], two[chosen], kind[chosen], moved[chosen])


def revised(store: Store | str | Path, before: Which, after: Which = None) -> DataFrame:
    """What changed between two vintages of a store, each with the population that was in force.

    Args:
        store: The store, or its place.
        before: Number of a vintage, or a time with its zone.
        after: A later one; the last where not given.

    Returns:
        As `revisions`.

    Raises:
        CallError: There is no such vintage.
        FileError: The store cannot be read.
    """
    with opened(store) as kept:
        return revisions(
            as_of(kept, before), as_of(kept, after),
            population_before=population_as_of(kept, before), population=population_as_of(kept, after),
        )  # fmt: skip


def _kind(table: DataFrame) -> Any:
    return TRENDS if "figure_id" in table else OBSERVATIONS


def _prepared(table: DataFrame, population: DataFrame | None) -> DataFrame:
    """The columns of `REVISIONS` that a figure brings with it, and `agency` as it is compared."""
    if "figure_id" in table:
        absent = dict.fromkeys(("questionnaire", "agency", "item", "scheme"), NOT_APPLICABLE)
        return _categorical(table.assign(**absent))
    is_iccs = table["scheme"].astype("str").str.startswith(_ICCS)
    iccs = table["code"].astype("str").where(is_iccs, NOT_APPLICABLE)
    persons = _residents(table, population)
    rate = (table["value"] / persons * _PER).where(table["unit"] == _NUMBER)
    absent = dict.fromkeys(("grouping", "method"), NOT_APPLICABLE)
    return _categorical(table.assign(**absent, iccs=iccs, population=persons, rate=rate))


def _categorical(table: DataFrame) -> DataFrame:
    names = [name for name, kind in REVISIONS.columns.items() if kind == "key" and name in table]
    return table[[*names, "year", *_NUMBERS]].astype(dict.fromkeys(names, "category"))


def _residents(table: DataFrame, population: DataFrame | None) -> "Series[float]":
    """Residents of each figure's area, year, sex, age and citizenship; null where they are not known."""
    if population is None:
        return Series(np.nan, index=table.index)
    place = pd.factorize(combined([table[name].astype("category") for name in _PERSONS]))[0]
    wanted = table[_PERSONS].iloc[np.unique(place, return_index=True)[1]]
    rows = population if "citizenship" in population else population.assign(citizenship=TOTAL)
    texts = {name: "str" for name in _PERSONS if name != "year"} | {"year": "int64"}
    known = wanted.astype(texts).merge(rows[[*_PERSONS, "population"]].astype(texts), on=_PERSONS, how="left")
    return Series(known["population"].to_numpy()[place], index=table.index)


def _side_by_side(one: DataFrame, two: DataFrame, keys: list[str]) -> tuple[DataFrame, DataFrame]:
    """The rows of both tables, those of one figure in the same place; null where a table has it not."""
    number = combined([_together(one[name], two[name], name) for name in keys])
    rows = DataFrame({"key": number, "side": np.repeat([0, 1], [len(one), len(two)])})
    rows["row"] = np.concatenate([np.arange(len(one)), np.arange(len(two))])
    rows["turn"] = _turns(rows, pd.concat([one, two]), len(one))
    first, second = (rows.loc[rows["side"] == side, ["key", "turn", "row"]] for side in (0, 1))
    pairs = first.merge(second, on=["key", "turn"], how="outer", suffixes=("_before", "_after"))
    chosen = [table.reset_index(drop=True).reindex(pairs[f"row_{name}"]).reset_index(drop=True)
              for table, name in ((one, "before"), (two, "after"))]  # fmt: skip
    return chosen[0], chosen[1]


def _together(one: "Series[Any]", two: "Series[Any]", name: str) -> "Series[Any]":
    """A key column of both tables, with the same codes."""
    columns = [column.astype("category") for column in (one, two)]
    if name == "agency":
        columns = [folded(column.astype("str")).astype("category") for column in columns]
    return Series(union_categoricals(columns))


def _turns(rows: DataFrame, said: DataFrame, n_before: int) -> "Series[int]":
    """Which of several rows of a figure each is: those that are the same in both tables stand together."""
    turn = Series(0, index=rows.index)
    several = rows.duplicated(["key", "side"], keep=False)
    if not several.any():
        return turn
    doubled = rows[rows["key"].isin(rows.loc[several, "key"])]
    content = said.iloc[doubled.index.to_numpy()][["lower", "upper", "status"]].set_axis(doubled.index)
    doubled = doubled.join(content.astype({"status": "str"}).fillna({"lower": -np.inf, "upper": -np.inf}))
    same = ["key", "lower", "upper", "status"]
    doubled["turn"] = doubled.groupby(["side", *same]).cumcount()
    is_paired = doubled.duplicated([*same, "turn"], keep=False)
    pair = doubled.groupby([*same, "turn"]).ngroup()
    left = doubled[~is_paired].sort_values(["lower", "upper"]).groupby(["side", "key"]).cumcount()
    turn.loc[doubled.index] = pair.add(1).where(is_paired, 0) - left.reindex(doubled.index).fillna(0).astype(
        "int64"
    )
    return turn


def _judged(
    one: DataFrame, two: DataFrame, tolerance: float
) -> tuple[NDArray[np.bool_], NDArray[Any], NDArray[Any]]:
    """Which figures are not as they were, the kind of each revision, and what moved."""
    had, has = one["lower"].notna().to_numpy(), two["lower"].notna().to_numpy()
    is_count = np.logical_or.reduce([~_close(one[name], two[name], tolerance) for name in _NUMBERS[:3]])
    is_population = had & has & ~_close(one["population"], two["population"], tolerance)
    both = one["status"].notna().to_numpy() & two["status"].notna().to_numpy()
    is_status = both & (one["status"].astype("str").to_numpy() != two["status"].astype("str").to_numpy())
    kind = np.select([had & ~has, has & ~had], ["vanished", "appeared"], "changed")
    moved = np.select(
        [is_count & is_population, is_count, is_population], ["both", "count", "population"], "status"
    )
    return is_count | is_population | is_status, kind, moved


def _close(one: "Series[float]", two: "Series[float]", tolerance: float) -> NDArray[np.bool_]:
    close: NDArray[np.bool_] = np.isclose(one, two, rtol=tolerance, atol=0.0, equal_nan=True)
    return close


def _table(one: DataFrame, two: DataFrame, kind: NDArray[Any], moved: NDArray[Any]) -> DataFrame:
    keys = [name for name, held in REVISIONS.columns.items() if held in ("key", "year") and name in two]
    named = {name: two[name].astype(object).where(two["year"].notna(), one[name]) for name in keys}
    before = one[_NUMBERS].add_suffix("_before")
    difference = two["value"] - one["value"]
    table = DataFrame(named).assign(
        **before, **two[_NUMBERS], kind=kind, moved=moved, difference=difference,
        relative=(difference / one["value"]).where(one["value"] != 0),
        status=two["status"].astype(object).fillna(NOT_APPLICABLE),
        status_before=one["status"].astype(object).fillna(NOT_APPLICABLE),
    )  # fmt: skip
    ordered = REVISIONS.cast(table).astype({"area": "str", "item": "str", "iccs": "str"})
    ordered = ordered.sort_values(["area", "item", "iccs", "year"], kind="stable", ignore_index=True)
    return REVISIONS.cast(ordered)
