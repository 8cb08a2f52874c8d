"""Sums over groups of areas: which figures enter them, and who they are of."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.trends.figures import Figures, Integers, numbers_of, sizes_of, starts_of
from crimestats.trends.sums import added, joined


@dataclass(frozen=True, slots=True)
class Ground:
    """Figures of areas that may enter a group, in the order of series, category, year and area.

    Attributes:
        rows: Their numbers.
        area: Of each.
        run: A number for each series, category and year, rising.
        line: A number for each series and category, rising.
    """

    rows: Integers
    area: Integers
    run: Integers
    line: Integers

    def only(self, chosen: "np.ndarray") -> "Ground":
        """Those chosen."""
        return Ground(self.rows[chosen], self.area[chosen], self.run[chosen], self.line[chosen])


def ground(figures: Figures) -> Ground:
    """The figures of reporting units that may be added up.

    Args:
        figures: Rolled up; sums of other groupings may be among them.
    """
    data = figures.data
    may = data["lower"].notna() & (data["grouping"] == 0)
    may &= figures.series["is_additive"].to_numpy()[data["series"]]
    rows = np.flatnonzero(may.to_numpy())
    area, series, iccs, year = (
        data[name].to_numpy()[rows].astype(np.int64) for name in ("area", "series", "iccs", "year")
    )
    line = series * len(figures.codes) + iccs
    run = line * (1 << 15) + year
    order = np.argsort(run * len(figures.areas) + area)
    return Ground(rows[order], area[order], run[order], line[order])


def over_groups(
    figures: Figures, members: DataFrame, grouping: int, entering: Ground | None = None
) -> Figures:
    """Sums over the members of groups of areas, whichever have a figure.

    Args:
        figures: Of reporting units; sums of other groupings may be among them.
        members: `member` and `whole`, both area codes.
        grouping: Number of the grouping and method.
        entering: The figures that may enter; all of reporting units if None.
    """
    entering = ground(figures) if entering is None else entering
    codes = figures.areas
    wholes = codes.get_indexer(pd.Index(members["whole"]))
    member = codes.get_indexer(pd.Index(members["member"]))
    parts, starts, owners, n_parts = [], [], [], 0
    for whole in np.unique(wholes):
        is_member = np.zeros(len(codes), dtype=bool)
        is_member[member[wholes == whole]] = True
        chosen = np.flatnonzero(is_member[entering.area])
        first = starts_of(entering.run[chosen])
        parts.append(entering.rows[chosen])
        starts.append(first + n_parts)
        owners.append(np.full(len(first), whole))
        n_parts += len(chosen)
    if not n_parts:
        return figures
    return _with_groups(figures, grouping, *(np.concatenate(each) for each in (parts, starts, owners)))


def _with_groups(
    figures: Figures, grouping: int, part: Integers, starts: Integers, whole: Integers
) -> Figures:
    named = numbers_of(figures.areas)[figures.data["area"].to_numpy()[part]]
    first = part[starts]
    keys = {name: figures.data[name].to_numpy()[first] for name in ("series", "iccs", "year")}
    sums = DataFrame({"area": whole, **keys, **added(figures, part, starts, named), "grouping": grouping})
    number = len(figures.data) + np.arange(len(starts))
    owner = np.repeat(number, sizes_of(starts, len(part)))
    rows = sums[list(figures.data.columns)].astype(figures.data.dtypes)
    return replace(
        figures,
        data=pd.concat([figures.data, rows], ignore_index=True),
        parts=pd.concat([figures.parts, DataFrame({"figure": owner, "part": part})], ignore_index=True),
        findings=pd.concat([figures.findings, joined(figures, part, owner)]),
    )


def in_order(figures: Figures) -> Figures:
    """The figures in the order of grouping, area, series, category and year, and numbered anew.

    Args:
        figures: In any order.
    """
    data = figures.data
    key = figures.key(data)
    grouping = data["grouping"].to_numpy()
    if _is_rising(grouping, key):
        return figures
    order = np.lexsort([key, grouping])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    parts = DataFrame({name: number[figures.parts[name].to_numpy()] for name in ("figure", "part")})
    return replace(
        figures,
        data=data.take(order).reset_index(drop=True),
        parts=parts.sort_values(["figure", "part"], ignore_index=True),
        cells=figures.cells.assign(figure=number[figures.cells["figure"].to_numpy()]),
        conflicts=figures.conflicts.assign(figure=number[figures.conflicts["figure"].to_numpy(np.int64)]),
        findings=figures.findings.set_axis(number[figures.findings.index.to_numpy(np.int64)]),
    )


def _is_rising(grouping: "np.ndarray", key: Integers) -> bool:
    is_next = grouping[1:] > grouping[:-1]
    return bool((is_next | ((grouping[1:] == grouping[:-1]) & (key[1:] > key[:-1]))).all())
