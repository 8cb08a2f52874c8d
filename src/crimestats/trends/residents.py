"""The residents that figures are of: what rates are divided by."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, MultiIndex, Series
from pandas.api.types import is_numeric_dtype

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import TOTAL
from crimestats.trends.figures import Integers, Numbers

PERSONS = ["sex", "age", "citizenship"]
"""Breakdowns that divide the residents of an area; the others divide only what is counted."""

_NEEDED = ("area", "year", "sex", "age", "population")


class Coded(Protocol):
    """What the areas and series of figures are: `Encoded` or `Figures`."""

    @property
    def areas(self) -> "Index[str]":
        """Codes of reporting units and groups."""

    @property
    def series(self) -> DataFrame:
        """Measure, unit, stage, source and breakdowns."""


@dataclass(frozen=True, slots=True)
class Residents:
    """A population table made ready for look-ups.

    Attributes:
        grid: Residents by stratum, area and year; null where the table has none.
        first: The first year of the grid.
        strata: Sexes, ages and citizenships.
        of_series: The stratum of each series.
        largest: Residents of each area in the year that it has most; by the shipped
            table where this one has none of it, and null where neither has.
    """

    grid: Numbers
    first: int
    strata: MultiIndex
    of_series: Integers
    largest: Numbers

    def of(self, area: Integers, year: Integers, stratum: Integers) -> Numbers:
        """Residents, null where the table has none."""
        n_years = self.grid.shape[2]
        place = np.asarray(year, dtype=np.int64) - self.first
        is_inside = (place >= 0) & (place < n_years)
        found: Numbers = self.grid[stratum, area, np.clip(place, 0, n_years - 1)]
        return found if is_inside.all() else np.where(is_inside, found, np.nan)

    @property
    def all(self) -> int:
        """The stratum of all residents."""
        return int(self.strata.get_indexer(MultiIndex.from_tuples([(TOTAL,) * len(PERSONS)]))[0])


def residents(population: DataFrame, figures: Coded) -> Residents:
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
    area = _places(rows["area"], figures.areas)
    stratum = strata.get_indexer(MultiIndex.from_frame(rows[PERSONS].astype("str")))
    is_known = (area >= 0) & (stratum >= 0)
    rows, area, stratum = rows[is_known], area[is_known], stratum[is_known]
    year = rows["year"].to_numpy("int64")
    first, last = (int(year.min()), int(year.max())) if len(year) else (0, 0)
    _refuse_repeated(rows, ((stratum * len(figures.areas) + area) << 15) + year)
    grid = np.full((len(strata), len(figures.areas), last - first + 1), np.nan)
    grid[stratum, area, year - first] = rows["population"].to_numpy("float64")
    largest = _largest(population, figures).fillna(_largest(areas.population(), figures))
    of_series = strata.get_indexer(MultiIndex.from_frame(kinds))
    return Residents(grid, first, strata, of_series, np.asarray(largest, dtype=np.float64))


def _places(column: "Series[str]", texts: "Index[str]") -> Integers:
    kept = column.astype("category").cat
    found: Integers = texts.get_indexer(kept.categories.astype("str"))[kept.codes]
    return found.astype(np.int64)


def _largest(population: DataFrame, figures: Coded) -> "Series[float]":
    is_total = population["population"] > 0
    for name in PERSONS:
        is_total &= population[name] == TOTAL if name in population else True
    rows = population.loc[is_total, ["area", "population"]].astype({"area": "str"})
    most: Series[float] = rows.groupby("area")["population"].max().reindex(figures.areas)
    return most


def _refuse_others(population: DataFrame) -> None:
    remedy = "Give a table as `areas.population()` reads it."
    missing = [name for name in _NEEDED if name not in population]
    if missing:
        raise CallError("population", f"lacks the column {', '.join(missing)}.", remedy)
    texts = [name for name in ("year", "population") if not is_numeric_dtype(population[name])]
    if texts:
        raise CallError("population", f"has text in {' and '.join(texts)}.", remedy)


def _refuse_repeated(rows: DataFrame, keys: Integers) -> None:
    repeated = Index(keys).duplicated()
    if repeated.any():
        named = " ".join(str(code) for code in rows[["area", "year", *PERSONS]][repeated].iloc[0])
        raise CallError("population", f"has two rows for {named}.", "Leave one of them out.")
