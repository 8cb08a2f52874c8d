"""All figures that follow from the reported ones, in their order: categories, countries, groups of areas."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.classification import Classification
from crimestats.errors import CallError
from crimestats.frames import CLASSIFIED, NOT_APPLICABLE
from crimestats.trends import tree
from crimestats.trends.figures import NUMBERS, Figures, hashed, reported
from crimestats.trends.sums import complete, given_apart, over_groups

METHOD = "reported"
"""How the figure of a group is made: of the areas that have one, and of no others."""

_CLASSIFICATION = "iccs"


def rolled_up(classified: DataFrame, groupings: list[str]) -> Figures:
    """The reported figures and the sums that they allow.

    Raises:
        CallError: The table is not what `classify` returns, or holds figures
            divided by a correspondence, or of several versions of the ICCS, or
            a value or bounds that do not belong together.
    """
    _refuse_bounds(CLASSIFIED.check(classified))
    edges = tree.sums(_classification(classified), classified["iccs"].unique())
    parts = areas.parts().rename(columns={"part": "member"})
    parts = parts.assign(needed=parts.groupby("whole")["member"].transform("size"), is_made=True)
    groups = members(groupings)
    codes = [*edges["member"], *edges["whole"]]
    further = [*parts["member"], *parts["whole"], *groups["member"], *groups["whole"]]
    figures = given_apart(reported(classified, codes, further), classified)
    for _, step in edges.groupby("step"):
        figures = complete(figures, "iccs", step)
    figures = complete(figures, "area", parts)
    for number, group in groups.groupby("grouping"):
        figures = over_groups(figures, group, int(str(number)))
    return figures


def members(groupings: list[str]) -> DataFrame:
    """The areas of each group: grouping (its place in the list, from 1), whole and member.

    A part of a country is no member, whatever the grouping says: it would count twice.
    """
    tables = [areas.groupings(name).assign(grouping=place) for place, name in enumerate(groupings, start=1)]
    listed = pd.concat([areas.groupings().head(0), *tables])
    listed = listed.loc[~listed["area"].isin(areas.parts()["part"]), ["grouping", "code", "area"]]
    return listed.set_axis(["grouping", "whole", "member"], axis="columns").drop_duplicates(ignore_index=True)


def figure_ids(figures: Figures, groupings: list[str]) -> "Series[str]":
    """The id of each figure, from all that tells it apart."""
    ends = [f"{NOT_APPLICABLE}|{NOT_APPLICABLE}", *(f"{name}|{METHOD}" for name in groupings)]
    data = figures.data
    pairs = zip(figures.names(data), data["grouping"], strict=True)
    return Series([hashed(f"{name}|{ends[place]}") for name, place in pairs], index=data.index, dtype="str")


def _refuse_bounds(classified: DataFrame) -> None:
    """A value is its own bounds; what has one bound has both, and they are in order."""
    value, lower, upper = classified[NUMBERS].to_numpy().T
    is_wrong = (lower > upper) | (np.isnan(lower) != np.isnan(upper))
    is_wrong |= ~np.isnan(value) & ((value != lower) | (value != upper))
    if is_wrong.any():
        first = int(is_wrong.argmax())
        named = " ".join(str(code) for code in classified[["area", "year", "iccs"]].iloc[first])
        found = f"value {value[first]:g}, lower {lower[first]:g}, upper {upper[first]:g}"
        fault = f"{int(is_wrong.sum())} figures have bounds that cannot be, first {named} ({found})."
        raise CallError("classified", fault, "Give an exact figure as value, lower and upper alike.")


def _classification(classified: DataFrame) -> Classification:
    """The one that the figures are under, each as a whole."""
    is_divided = (classified["correspondence"] != NOT_APPLICABLE) | (classified["share"] != 1)
    if is_divided.any():
        fault = f"{int(is_divided.sum())} figures come from a correspondence table."
        raise CallError("classified", fault, "Tabulate figures that carry their ICCS code.")
    versions = sorted(classified["iccs_version"].unique())
    if len(versions) > 1:
        fault = f"holds versions {' and '.join(versions)} of the ICCS."
        raise CallError("classified", fault, "Tabulate one at a time.")
    return Classification.load(_CLASSIFICATION, *versions)
