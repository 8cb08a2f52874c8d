"""Figures of groups of areas in which what was not reported is estimated, with bounds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index

from crimestats import areas
from crimestats.trends import groups as reporting
from crimestats.trends.figures import BASES, NUMBERS, STATES, Figures, Integers, Numbers, mixed
from crimestats.trends.imputation import DRAWN, HOW, NONE, REPORTED, Flags, Imputed, Series, impute
from crimestats.trends.residents import Residents

DRAWS = 300
"""Imputations of each series: their quantiles are within about a point of the level that is named."""

LEVEL = 0.95
"""Share of the imputations that lie within the bounds."""

_LINE = ["iccs", "series"]


@dataclass(frozen=True, slots=True)
class Estimated:
    """What is estimated of one grouping.

    Attributes:
        groups: One row a group, year, category and series: area (the group), year, iccs, series,
            value, lower, upper, making.
        areas: One row an area, year, category and series that has no figure: area, year, iccs,
            series, how (place in `imputation.HOW`), value, lower, upper, population, before and
            after (years of the figures that it rests on; 0 without one).
    """

    groups: DataFrame
    areas: DataFrame


def over_groups(figures: Figures, members: DataFrame, grouping: int, residents: Residents) -> Figures:
    """Sums over the members of groups of areas, with estimates for those that have no figure.

    Args:
        figures: Of reporting units; sums of other groupings may be among them.
        members: `member` and `whole`, both area codes.
        grouping: Number of the grouping and method.
        residents: Of all areas.

    Returns:
        The figures and the sums, whose parts are the figures reported; what was put in the place
        of the others is in `Figures.estimates`.
    """
    found = estimated(figures, members, residents)
    summed = reporting.over_groups(figures, members, grouping)
    data = summed.data
    keys = ["area", "year", *_LINE]
    own = data.index[len(figures.data) :]
    told = pd.MultiIndex.from_frame(data.loc[own, keys].astype("int64"))
    made = found.groups.set_index(keys)
    known = made.reindex(told).set_axis(own)
    known = known[known["upper"].notna()]
    fixed = {"basis": BASES.index("estimated"), "status": STATES.index("estimated")}
    changed = data.loc[known.index].assign(**{name: known[name] for name in (*NUMBERS, "making")}, **fixed)
    without = data.loc[own[~own.isin(known.index)]].assign(**dict.fromkeys(NUMBERS, np.nan), **_UNKNOWN)
    data = pd.concat(
        [data.iloc[: len(figures.data)], *(table.astype(data.dtypes) for table in (changed, without))]
    )
    data = data.sort_index()
    others = made[~made.index.isin(told)].reset_index()
    others = others.assign(**fixed, grouping=grouping, group=np.arange(len(others)))
    filled = replace(summed, data=data, estimates=_with(figures, found.areas, grouping))
    return filled.with_sums(others, DataFrame({"group": others["group"][:0], "part": others["group"][:0]}))


def _with(figures: Figures, made: DataFrame, grouping: int) -> DataFrame:
    tables = [table for table in (figures.estimates, made.assign(grouping=grouping)) if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else figures.estimates


def estimated(figures: Figures, members: DataFrame, residents: Residents) -> Estimated:
    """Estimate the figures of groups, and those of the areas that they are made of.

    Each series is imputed by itself, over the years from its first figure to its last. Where figures
    have bounds, it is imputed from their middles, and from all lower and all upper ends for the bounds.
    A figure without an upper end is no less than its lower one, and nothing else is estimated from it.
    No figure is given for a group where more than half a per cent of its residents live in areas that
    have no figure and whose residents of the year are not known.

    Args:
        figures: Of reporting units; sums of groups may be among them.
        members: `member` and `whole`, both area codes.
        residents: Of all areas.
    """
    numbers = {name: figures.areas.get_indexer(Index(members[name])) for name in ("whole", "member")}
    listed = members.assign(**numbers)
    inside = np.unique(listed["member"].to_numpy(np.int64))
    pools, seeds = _pools(figures, inside), _seeds(figures, inside)
    groups, largest = np.unique(listed["whole"].to_numpy(np.int64)), np.nan_to_num(residents.largest[inside])
    belongs = np.zeros((len(groups), len(inside)))
    belongs[np.searchsorted(groups, listed["whole"]), np.searchsorted(inside, listed["member"])] = 1
    made, missing = [], []
    for line in _lines(figures, inside, residents):
        runs = [_imputed(line, counts, pools, seeds) for counts in line.counts]
        made.append(_groups(line, runs, belongs, groups, largest))
        missing.append(_missing(line, runs, inside))
    return Estimated(_joined(made, _GROUPS), _joined(missing, _AREAS))


_NEGLIGIBLE = 0.005  # share of the residents of a group
_UNKNOWN = {"basis": BASES.index("estimated"), "status": STATES.index("no_population")}
_GROUPS = ["area", "year", *_LINE, *NUMBERS, "making"]
_AREAS = ["area", "year", *_LINE, "how", *NUMBERS, "population", "before", "after"]


@dataclass(frozen=True, slots=True)
class _Line:
    """One category and series, area by year.

    Attributes:
        counts: Figures that others are estimated from: middles, and where they are not exact,
            lower ends and upper ends too.
        least: Figures without an upper end; else 0.
        is_open: Where these are.
    """

    iccs: int
    series: int
    years: Integers
    counts: list[Numbers]
    least: Numbers
    is_open: Flags
    persons: Numbers
    making: NDArray[np.uint64]


def _lines(figures: Figures, inside: Integers, residents: Residents) -> Iterator[_Line]:
    data = figures.data
    may = (data["grouping"] == 0) & data["lower"].notna() & data["area"].isin(inside)
    may &= figures.series["is_additive"].to_numpy()[data["series"]]
    for _, rows in data[may].groupby(_LINE):
        code, series = (int(rows[name].iloc[0]) for name in _LINE)
        years = np.arange(rows["year"].min(), rows["year"].max() + 1, dtype=np.int64)
        shape = (len(inside), len(years))
        at = (np.searchsorted(inside, rows["area"]), rows["year"].to_numpy(np.int64) - years[0])
        lower, upper = np.full(shape, np.nan), np.full(shape, np.nan)
        lower[at], upper[at] = rows["lower"].to_numpy(), rows["upper"].to_numpy()
        making = np.zeros(shape, dtype=np.uint64)
        making[at] = rows["making"].to_numpy(np.uint64)
        area, year = (each.ravel() for each in np.meshgrid(inside, years, indexing="ij"))
        stratum = np.full(len(area), residents.of_series[series])
        persons = residents.of(area, year, stratum).reshape(shape)
        is_open = np.isinf(upper)
        least = np.where(is_open, lower, 0)
        low, high = (np.where(is_open, np.nan, each) for each in (lower, upper))
        is_exact = np.array_equal(low, high, equal_nan=True)
        counts = [low] if is_exact else [(low + high) / 2, low, high]
        yield _Line(code, series, years, counts, least, is_open, persons, making)


def _imputed(line: _Line, counts: Numbers, pools: Integers, seeds: NDArray[np.uint64]) -> Imputed:
    """The line without gaps; no less than what has only a lower end."""
    made = impute(Series(counts, line.persons, line.making.view(np.int64), pools, seeds), DRAWS)
    if not line.is_open.any():
        return made
    point = np.where(line.is_open, np.fmax(made.point, line.least), made.point)
    is_open, least = line.is_open[:, :, None], line.least[:, :, None]
    return replace(made, point=point, draws=np.where(is_open, np.fmax(made.draws, least), made.draws))


def _bounds(runs: list[Numbers], point: Numbers) -> tuple[Numbers, Numbers]:
    """Where the draws lie: those of the middles, or of the lower and of the upper ends."""
    tail = (1 - LEVEL) / 2
    lower = np.quantile(runs[1 if len(runs) > 1 else 0], tail, axis=-1)
    upper = np.quantile(runs[-1], 1 - tail, axis=-1)
    return np.minimum(lower, point), np.maximum(upper, point)


def _groups(
    line: _Line, runs: list[Imputed], belongs: Numbers, groups: Integers, largest: Numbers
) -> DataFrame:
    """Sums over the members of each group, and the quantiles of the sums of each draw."""
    imputed = runs[0]
    shape = (len(groups), *imputed.draws.shape[1:])
    point = belongs @ np.nan_to_num(imputed.point)
    sums = [(belongs @ np.nan_to_num(run.draws).reshape(belongs.shape[1], -1)).reshape(shape) for run in runs]
    lower, upper = _bounds(sums, point)
    upper = np.where(belongs @ line.is_open > 0, np.inf, upper)
    is_none = (imputed.how == NONE) & ~line.is_open
    unknown = belongs @ (largest[:, None] * is_none) > _NEGLIGIBLE * (belongs @ largest)[:, None]
    at, year = np.nonzero(((belongs @ ~is_none) > 0) & ~unknown)
    making = _making(line, imputed, belongs, is_none)
    numbers = dict(zip(NUMBERS, (point, lower, upper), strict=True))
    return DataFrame({
        "area": groups[at], "year": line.years[year], "iccs": line.iccs, "series": line.series,
        **{name: values[at, year] for name, values in numbers.items()}, "making": making[at, year],
    })  # fmt: skip


def _making(line: _Line, imputed: Imputed, belongs: Numbers, is_none: Flags) -> NDArray[np.uint64]:
    """What each group is made of: its areas, and the segments that their estimates are of."""
    of_area = np.take_along_axis(line.making, np.maximum(imputed.before, 0), axis=1)
    of_area = np.where(imputed.before < 0, np.uint64(0), of_area)
    named = mixed(np.arange(len(of_area), dtype=np.uint64))[:, None]
    spread = np.where(is_none, np.uint64(0), mixed((named ^ of_area).ravel()).reshape(of_area.shape))
    made: NDArray[np.uint64] = belongs.astype(np.uint64) @ spread
    return made


def _missing(line: _Line, runs: list[Imputed], inside: Integers) -> DataFrame:
    """What was put in the place of figures that are not there."""
    imputed = runs[0]
    at, year = np.nonzero((imputed.how != NONE) & (imputed.how != REPORTED) & ~line.is_open)
    point, is_drawn = imputed.point[at, year], imputed.how[at, year] == DRAWN
    lower, upper = _bounds([run.draws[at, year] for run in runs], point)
    rests = {name: np.where(is_drawn | (place[at, year] < 0), 0, line.years[place[at, year]])
             for name, place in (("before", imputed.before), ("after", imputed.after))}  # fmt: skip
    return DataFrame({
        "area": inside[at], "year": line.years[year], "iccs": line.iccs, "series": line.series,
        "how": imputed.how[at, year], "value": point, "lower": lower, "upper": upper,
        "population": line.persons[at, year], **rests,
    })  # fmt: skip


def _pools(figures: Figures, inside: Integers) -> Integers:
    """Subregion and region of each area, as numbers; 0 where it is in none."""
    table = areas.regions().set_index("area").reindex(figures.areas[inside])
    codes = table[["subregion", "region"]].apply(pd.to_numeric, errors="coerce")
    numbers: Integers = codes.fillna(0).to_numpy(np.int64)
    return numbers


def _seeds(figures: Figures, inside: Integers) -> NDArray[np.uint64]:
    """A number that follows from the code of each area, whatever other areas there are."""
    return pd.util.hash_array(figures.areas.to_numpy(object))[inside].astype(np.uint64)


def _joined(tables: list[DataFrame], columns: list[str]) -> DataFrame:
    return pd.concat(tables, ignore_index=True)[columns] if tables else DataFrame(columns=columns)


def names_of(how: Integers) -> Index:
    """The names of places in `HOW`."""
    return Index(HOW).take(how)
