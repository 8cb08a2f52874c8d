"""The residents that figures are of: what rates are divided by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, MultiIndex, Series
from pandas.api.types import is_numeric_dtype

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import TOTAL
from crimestats.trends.figures import Figures, Integers

PERSONS = ["sex", "age", "citizenship"]
"""Breakdowns that divide the residents of an area; the others divide only what is counted."""

_NEEDED = ("area", "year", "sex", "age", "population")


@dataclass(frozen=True, slots=True)
class Residents:
    """A population table made ready for look-ups.

    Attributes:
        persons: Residents by number of area, year and stratum.
        strata: Sexes, ages and citizenships.
        of_series: The stratum of each series.
        largest: Residents of each area in the year that it has most; by the shipped
            table where this one has none of it, and null where neither has.
    """

    persons: "Series[float]"
    strata: MultiIndex
    of_series: Integers
    largest: NDArray[np.float64]

    def of(self, area: Integers, year: Integers, stratum: Integers) -> NDArray[np.float64]:
        """Residents, null where the table has none."""
        key = _key(area, year, stratum, len(self.strata))
        return np.asarray(self.persons.reindex(key), dtype=np.float64)

    @property
    def all(self) -> int:
        """The stratum of all residents."""
        return int(self.strata.get_indexer(MultiIndex.from_tuples([(TOTAL,) * len(PERSONS)]))[0])


def residents(population: DataFrame, figures: Figures) -> Residents:
    """Make a population table ready for the figures.

    Args:
        population: Columns of `areas.population()`. Where it does not divide
            the residents (by citizenship, say), only the total has any.
        figures: Whose areas and series are looked up.

    Raises:
        CallError: A column is missing, or two rows are for the same persons.
    """
    _refuse_others(population)
    kinds = figures.series[PERSONS].astype("str")
    total = DataFrame([dict.fromkeys(PERSONS, TOTAL)])
    strata = MultiIndex.from_frame(pd.concat([kinds, total]).drop_duplicates().sort_values(PERSONS))
    rows = population.assign(**{name: TOTAL for name in PERSONS if name not in population})
    rows = rows.loc[rows["population"] > 0]
    area = figures.areas.get_indexer(Index(rows["area"].astype("str")))
    stratum = strata.get_indexer(MultiIndex.from_frame(rows[PERSONS].astype("str")))
    is_known = (area >= 0) & (stratum >= 0)
    key = _key(area, rows["year"].to_numpy("int64"), stratum, len(strata))
    persons = Series(rows["population"].to_numpy("float64"), index=key)[is_known]
    _refuse_repeated(rows[is_known], persons)
    largest = _largest(population, figures).fillna(_largest(areas.population(), figures))
    of_series = strata.get_indexer(MultiIndex.from_frame(kinds))
    return Residents(persons, strata, of_series, np.asarray(largest, dtype=np.float64))


def _largest(population: DataFrame, figures: Figures) -> "Series[float]":
    is_total = population["population"] > 0
    for name in PERSONS:
        is_total &= population[name] == TOTAL if name in population else True
    rows = population.loc[is_total, ["area", "population"]].astype({"area": "str"})
    most: Series[float] = rows.groupby("area")["population"].max().reindex(figures.areas)
    return most


def _key(area: Integers, year: Integers, stratum: Integers, strata: int) -> Integers:
    return (area.astype("int64") * (1 << 15) + year) * strata + stratum


def _refuse_others(population: DataFrame) -> None:
    remedy = "Give a table as `areas.population()` reads it."
    missing = [name for name in _NEEDED if name not in population]
    if missing:
        raise CallError("population", f"lacks the column {', '.join(missing)}.", remedy)
    texts = [name for name in ("year", "population") if not is_numeric_dtype(population[name])]
    if texts:
        raise CallError("population", f"has text in {' and '.join(texts)}.", remedy)


def _refuse_repeated(rows: DataFrame, persons: "Series[float]") -> None:
    repeated = persons.index.duplicated()
    if repeated.any():
        named = " ".join(str(code) for code in rows[["area", "year", *PERSONS]][repeated].iloc[0])
        raise CallError("population", f"has two rows for {named}.", "Leave one of them out.")
