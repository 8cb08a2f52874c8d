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
        The table with `inhabited` (areas), the coverages, `n_closed`, `n_left_out`, `left_out` and
        `findings`.
    """
    located = members[["area", "place"]]
    once = entries.drop_duplicates(_ONCE)
    inside = once.merge(located, on="area").groupby(_FIGURE)["residents"]
    living = panel.living.merge(located, on="area").groupby(["place", "year"])["residents"]
    reported = panel.reported.merge(located, on="area").groupby(_FIGURE)["value"].sum()
    closed = once[once["is_closed"]].merge(located, on="area").groupby(_FIGURE)
    left = _left_out(panel, once).merge(located, on="area").groupby(_FIGURE)["value"]
    key, place = (pd.MultiIndex.from_frame(table[names]) for names in (_FIGURE, ["place", "year"]))
    inhabited = _at(living.size(), place)
    return table.assign(
        inhabited=inhabited,
        coverage_population=share(_at(inside.sum(), key), _at(living.sum(), place)),
        coverage_areas=share(_at(inside.count(), key), inhabited),
        coverage_volume=share(table["base"].to_numpy(np.float64), _at(reported, key)),
        n_closed=_at(closed.size(), key).astype(np.int64),
        n_left_out=_at(left.size(), key).astype(np.int64),
        left_out=_at(left.sum(), key),
        findings=_findings(panel, once, members, key),
    )


def _at(of_figures: "Series[float] | Series[int]", key: pd.MultiIndex) -> Numbers:
    return np.asarray(of_figures.reindex(key).fillna(0), dtype=np.float64)


def _left_out(panel: Panel, once: DataFrame) -> DataFrame:
    """Areas of which only a part is known, and those whose base is too small for a mean."""
    every = panel.entries.drop_duplicates(_ONCE)
    is_in = pd.MultiIndex.from_frame(every[_ONCE]).isin(pd.MultiIndex.from_frame(once[_ONCE]))
    small = every.loc[~is_in, [*_ONCE, "base_value"]].rename(columns={"base_value": "value"})
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
