"""Figures of groups of areas in which what was not reported is estimated, with bounds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas import DataFrame, Index

from crimestats import areas
from crimestats.trends import groups as reporting
from crimestats.trends.figures import BASES, NUMBERS, STATES, Figures, Integers, Numbers, mixed
from crimestats.trends.imputation import DRAWN, HOW, NONE, REPORTED, Imputed, Series, impute
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
    data = pd.concat([data.drop(index=known.index), changed.astype(data.dtypes)]).sort_index()
    others = made[~made.index.isin(told)].reset_index()
    others = others.assign(**fixed, grouping=grouping, group=np.arange(len(others)))
    filled = replace(summed, data=data, estimates=_with(figures, found.areas, grouping))
    return filled.with_sums(others, DataFrame({"group": others["group"][:0], "part": others["group"][:0]}))


def _with(figures: Figures, made: DataFrame, grouping: int) -> DataFrame:
    tables = [table for table in (figures.estimates, made.assign(grouping=grouping)) if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else figures.estimates


def estimated(figures: Figures, members: DataFrame, residents: Residents) -> Estimated:
    """Estimate the figures of groups, and those of the areas that they are made of.

    Each series is imputed by itself, over the years from its first figure to its last. A figure
    with bounds enters at their middle, and the bounds of the group are widened by the halves.

    Args:
        figures: Of reporting units; sums of groups may be among them.
        members: `member` and `whole`, both area codes.
        residents: Of all areas.
    """
    numbers = {name: figures.areas.get_indexer(Index(members[name])) for name in ("whole", "member")}
    listed = members.assign(**numbers)
    inside = np.unique(listed["member"].to_numpy(np.int64))
    pools, seeds = _pools(figures, inside), _seeds(figures, inside)
    groups = np.unique(listed["whole"].to_numpy(np.int64))
    belongs = np.zeros((len(groups), len(inside)))
    belongs[np.searchsorted(groups, listed["whole"]), np.searchsorted(inside, listed["member"])] = 1
    made, missing = [], []
    for line in _lines(figures, inside, residents):
        imputed = impute(Series(line.counts, line.persons, line.making.view(np.int64), pools, seeds), DRAWS)
        made.append(_groups(line, imputed, belongs, groups))
        missing.append(_missing(line, imputed, inside))
    return Estimated(_joined(made, _GROUPS), _joined(missing, _AREAS))


_GROUPS = ["area", "year", *_LINE, *NUMBERS, "making"]
_AREAS = ["area", "year", *_LINE, "how", *NUMBERS, "population", "before", "after"]


@dataclass(frozen=True, slots=True)
class _Line:
    """One category and series, area by year."""

    iccs: int
    series: int
    years: Integers
    counts: Numbers
    below: Numbers
    above: Numbers
    persons: Numbers
    making: "np.typing.NDArray[np.uint64]"


def _lines(figures: Figures, inside: Integers, residents: Residents) -> Iterator[_Line]:
    data = figures.data
    may = (data["grouping"] == 0) & data["lower"].notna() & data["area"].isin(inside)
    may &= figures.series["is_additive"].to_numpy()[data["series"]]
    for _, rows in data[may].groupby(_LINE):
        code, series = (int(rows[name].iloc[0]) for name in _LINE)
        years = np.arange(rows["year"].min(), rows["year"].max() + 1, dtype=np.int64)
        shape = (len(inside), len(years))
        at = (np.searchsorted(inside, rows["area"]), rows["year"].to_numpy(np.int64) - years[0])
        lower, upper = rows["lower"].to_numpy(), rows["upper"].to_numpy()
        middle = np.where(np.isfinite(upper), (lower + upper) / 2, lower)
        filled = {name: np.zeros(shape) for name in ("below", "above")} | {"counts": np.full(shape, np.nan)}
        for name, values in (("counts", middle), ("below", middle - lower), ("above", upper - middle)):
            filled[name][at] = values
        making = np.zeros(shape, dtype=np.uint64)
        making[at] = rows["making"].to_numpy(np.uint64)
        area, year = (each.ravel() for each in np.meshgrid(inside, years, indexing="ij"))
        stratum = np.full(len(area), residents.of_series[series])
        persons = residents.of(area, year, stratum).reshape(shape)
        yield _Line(code, series, years, persons=persons, making=making, **filled)


def _groups(line: _Line, imputed: Imputed, belongs: Numbers, groups: Integers) -> DataFrame:
    """Sums over the members of each group, and the quantiles of the sums of each draw."""
    shape = (len(groups), *imputed.draws.shape[1:])
    point = belongs @ np.nan_to_num(imputed.point)
    sums = (belongs @ np.nan_to_num(imputed.draws).reshape(belongs.shape[1], -1)).reshape(shape)
    lower, upper = np.quantile(sums, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=2)
    lower = np.minimum(lower, point) - belongs @ line.below
    upper = np.maximum(upper, point) + _times(belongs, line.above)
    of_area = np.take_along_axis(line.making, np.maximum(imputed.before, 0), axis=1)
    of_area = np.where(imputed.before < 0, np.uint64(0), of_area)
    named = np.arange(belongs.shape[1], dtype=np.uint64)[:, None]
    making = belongs.astype(np.uint64) @ mixed((mixed(named) ^ of_area).ravel()).reshape(of_area.shape)
    is_there = (belongs @ (imputed.how != NONE)) > 0
    at, year = np.nonzero(is_there)
    numbers = dict(zip(NUMBERS, (point, np.maximum(lower, 0), upper), strict=True))
    return DataFrame({
        "area": groups[at], "year": line.years[year], "iccs": line.iccs, "series": line.series,
        **{name: values[at, year] for name, values in numbers.items()}, "making": making[at, year],
    })  # fmt: skip


def _times(belongs: Numbers, above: Numbers) -> Numbers:
    """Sums of the halves above, which may be without end."""
    with np.errstate(invalid="ignore"):
        finite: Numbers = belongs @ np.where(np.isfinite(above), above, 0)
    return np.where((belongs @ np.isinf(above)) > 0, np.inf, finite)


def _missing(line: _Line, imputed: Imputed, inside: Integers) -> DataFrame:
    """What was put in the place of figures that are not there."""
    at, year = np.nonzero((imputed.how != NONE) & (imputed.how != REPORTED))
    bounds = np.quantile(imputed.draws[at, year], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    point, is_drawn = imputed.point[at, year], imputed.how[at, year] == DRAWN
    rests = {name: np.where(is_drawn | (place[at, year] < 0), 0, line.years[place[at, year]])
             for name, place in (("before", imputed.before), ("after", imputed.after))}  # fmt: skip
    return DataFrame({
        "area": inside[at], "year": line.years[year], "iccs": line.iccs, "series": line.series,
        "how": imputed.how[at, year], "value": point, "lower": np.minimum(bounds[0], point),
        "upper": np.maximum(bounds[1], point), "population": line.persons[at, year], **rests,
    })  # fmt: skip


def _pools(figures: Figures, inside: Integers) -> Integers:
    """Subregion and region of each area, as numbers; 0 where it is in none."""
    table = areas.regions().set_index("area").reindex(figures.areas[inside])
    codes = table[["subregion", "region"]].apply(pd.to_numeric, errors="coerce")
    numbers: Integers = codes.fillna(0).to_numpy(np.int64)
    return numbers


def _seeds(figures: Figures, inside: Integers) -> "np.typing.NDArray[np.uint64]":
    """A number that follows from the code of each area, whatever other areas there are."""
    return pd.util.hash_array(figures.areas.to_numpy(object))[inside].astype(np.uint64)


def _joined(tables: list[DataFrame], columns: list[str]) -> DataFrame:
    return pd.concat(tables, ignore_index=True)[columns] if tables else DataFrame(columns=columns)


def names_of(how: Integers) -> Index:
    """The names of places in `HOW`."""
    return Index(HOW).take(how)
