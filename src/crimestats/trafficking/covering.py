"""How much of a group its profile is of, who is left out, and which findings it rests on."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.observations.observing import join_ids
from crimestats.trafficking.panels import AREA, Panel
from crimestats.trafficking.shares import Numbers, share

_ONCE = ["denominator", "area", "year"]
_FIGURE = ["denominator", "place", "year"]


def covered(table: DataFrame, panel: Panel, members: DataFrame, entries: DataFrame) -> DataFrame:
    """Say of each figure which part of the group is in its base, and who is left out.

    Residents and inhabited areas are those of the year that the window ends in.

    Args:
        table: Figures: denominator, place (of the group), year, base.
        panel: Whose areas they are made of.
        members: Whole, area, level and place.
        entries: Those of the panel that enter.

    Returns:
        The table with `inhabited` (areas), the coverages, `n_closed`, `n_left_out`, `left_out`,
        `n_uncertain`, `n_excess`, `excess` and `findings`.
    """
    located = members[["area", "place"]]
    once = entries.drop_duplicates(_ONCE)
    inside = once.merge(located, on="area").groupby(_FIGURE)["residents"]
    living = panel.living.merge(located, on="area").groupby(["place", "year"])["residents"]
    reported = panel.reported.merge(located, on="area").groupby(_FIGURE)["value"].sum()
    once_located = _counted(once, panel).merge(located, on="area")
    closed = once_located[once_located["is_closed"]].groupby(_FIGURE)
    above = once_located[once_located["excess"] > 0].groupby(_FIGURE)["excess"]
    left = _left_out(panel, once).merge(located, on="area")
    uncertain = left[~left["is_certain"]].groupby(_FIGURE)
    gone = left.groupby(_FIGURE)["value"]
    key, place = (pd.MultiIndex.from_frame(table[names]) for names in (_FIGURE, ["place", "year"]))
    inhabited = _at(living.size(), place)
    return table.assign(
        inhabited=inhabited,
        coverage_population=share(_at(inside.sum(), key), _at(living.sum(), place)),
        coverage_areas=share(_at(inside.count(), key), inhabited),
        coverage_volume=share(_at(once_located.groupby(_FIGURE)["counted"].sum(), key), _at(reported, key)),
        n_closed=_at(closed.size(), key).astype(np.int64),
        n_left_out=_at(gone.size(), key).astype(np.int64),
        left_out=_at(gone.sum(), key),
        n_uncertain=_at(uncertain.size(), key).astype(np.int64),
        n_excess=_at(above.size(), key).astype(np.int64),
        excess=_at(above.sum(), key).astype(np.int64),
        findings=_findings(panel, once, members, key),
    )


def _at(of_figures: "Series[float] | Series[int]", key: pd.MultiIndex) -> Numbers:
    return np.asarray(of_figures.reindex(key).fillna(0), dtype=np.float64)


def _counted(once: DataFrame, panel: Panel) -> DataFrame:
    """The bases with `counted`: their persons, but no more than the area reports in all."""
    reported = panel.reported.set_index(_ONCE)["value"].reindex(pd.MultiIndex.from_frame(once[_ONCE]))
    return once.assign(counted=np.fmin(once["base_value"].to_numpy(), reported.to_numpy()))


def _left_out(panel: Panel, once: DataFrame) -> DataFrame:
    """Areas of which only a part is known, and those whose base is too small for a mean."""
    every = panel.entries.drop_duplicates(_ONCE)
    is_in = pd.MultiIndex.from_frame(every[_ONCE]).isin(pd.MultiIndex.from_frame(once[_ONCE]))
    small = every.loc[~is_in, [*_ONCE, "base_value"]].rename(columns={"base_value": "value"})
    small = small.assign(is_certain=True)
    return pd.concat([panel.left_out, small], ignore_index=True)


def _findings(panel: Panel, once: DataFrame, members: DataFrame, key: pd.MultiIndex) -> NDArray[np.object_]:
    """Ids in one text: of an area all at its figures, of a group those of figures that conflict."""
    found = panel.findings.merge(once[[*_ONCE, "used"]], on=["denominator", "area", "used"])
    found = found.merge(members[["area", "place", "level"]], on="area")
    found = found[found["is_conflict"] | (found["level"] == AREA)]
    unique = key.unique()
    number = unique.get_indexer(pd.MultiIndex.from_frame(found[_FIGURE]))
    texts = join_ids(number[number >= 0], found.loc[number >= 0, "ids"])
    named = np.full(len(unique), "", dtype=object)
    named[texts.index] = texts
    return named[unique.get_indexer(key)]
