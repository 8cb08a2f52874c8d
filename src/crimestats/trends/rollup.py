"""All figures that follow from the reported ones, in their order: categories, countries, groups of areas."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats import areas
from crimestats.classification import Classification
from crimestats.errors import CallError
from crimestats.frames import CLASSIFIED, NOT_APPLICABLE, TOTAL
from crimestats.trends import overlaps, tree
from crimestats.trends.encoding import BLOCK, Encoded, encode, with_tags
from crimestats.trends.figures import NUMBERS, Figures, Integers, mixed, numbers_of
from crimestats.trends.groups import ground, in_order, over_groups
from crimestats.trends.panels import panel
from crimestats.trends.reported import reported
from crimestats.trends.residents import Residents
from crimestats.trends.sums import apart, complete

REPORTED, PANEL, ESTIMATED = "reported", "panel", "estimated"
METHODS = (REPORTED, PANEL, ESTIMATED)
"""How the figure of a group is made: of the areas that have one; of those that have every year; or with
figures estimated for those that have none."""

_CLASSIFICATION = "iccs"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which sums are made.

    Attributes:
        groupings: Groupings of areas.
        methods: Of those in `METHODS`.
        window: First and last year of a panel; None for all.
        disjoint: National codes are known not to contain one another.
        pairs: Grouping and method; the number of a pair is its place, from 1.
    """

    groupings: list[str] = field(default_factory=list)
    methods: tuple[str, ...] = (REPORTED,)
    window: tuple[int, int] | None = None
    disjoint: bool = False

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Grouping and method, in the order of their numbers, from 1."""
        return [(name, method) for name in self.groupings for method in self.methods]


@dataclass(frozen=True, slots=True)
class Rolling:
    """Classified figures, ready to be rolled up block by block.

    Attributes:
        encoded: The figures as numbers.
        edges: Sums along the classification (`tree.sums`).
        parts: Parts of countries.
        members: Areas of each group, by pair of grouping and method.
        plan: Which sums are made.
    """

    encoded: Encoded
    edges: DataFrame
    parts: DataFrame
    members: dict[int, DataFrame]
    plan: Plan

    def blocks(self, residents: Residents | None = None) -> Iterator[Figures]:
        """The figures of each block of series with all sums, in order."""
        for rows in self.encoded.blocks():
            yield self.rolled_up(rows, residents)

    def rolled_up(self, rows: Integers, residents: Residents | None) -> Figures:
        """The figures of a block of rows with all sums, in order."""
        figures, differing = reported(self.encoded, rows)
        figures = apart(figures, differing)
        for _, step in self.edges.groupby("step"):
            figures = complete(figures, "iccs", step)
        figures = in_order(complete(figures, "area", self.parts))
        entering = ground(figures)
        fixed = panel(figures, entering, self.plan.window) if PANEL in self.plan.methods else entering
        for number, (_, method) in enumerate(self.plan.pairs, start=1):
            if method == ESTIMATED and residents is not None:
                from crimestats.trends import estimating

                figures = estimating.over_groups(figures, self.members[number], number, residents)
            else:
                chosen = fixed if method == PANEL else entering
                figures = over_groups(figures, self.members[number], number, chosen)
        return in_order(figures)


def rolling(classified: DataFrame, plan: Plan, size: int = BLOCK) -> Rolling:
    """Make classified figures ready to be rolled up.

    Raises:
        CallError: The table is not what `classify` returns, or holds figures of
            several versions of the ICCS, national codes that contain one
            another, or a value or bounds that do not belong together.
    """
    _refuse_bounds(classified if _fits(classified) else CLASSIFIED.check(classified))
    _refuse_methods(plan)
    if not plan.disjoint:
        overlaps.refuse(with_tags(classified))
    edges = tree.sums(_classification(classified), classified["iccs"].unique())
    parts = areas.parts().rename(columns={"part": "member"})
    parts = parts.assign(needed=parts.groupby("whole")["member"].transform("size"), is_made=True)
    groups = {place: members(name) for place, (name, _) in enumerate(plan.pairs, start=1)}
    further = {
        code for table in (parts, *groups.values()) for name in ("member", "whole") for code in table[name]
    }
    encoded = encode(classified, {TOTAL: -1, **tree.families(edges)}, further, size)
    return Rolling(encoded, edges, parts, groups, plan)


def members(grouping: str) -> DataFrame:
    """The areas of each group: whole, member and level of the whole.

    A part of a country is no member, whatever the grouping says: it would count twice.
    """
    listed = areas.groupings(grouping)
    listed = listed.loc[~listed["area"].isin(areas.parts()["part"]), ["code", "area", "level"]]
    return listed.set_axis(["whole", "member", "level"], axis="columns").drop_duplicates(ignore_index=True)


def figure_ids(figures: Figures, pairs: Iterable[tuple[str, str]]) -> "np.ndarray":
    """A number of 64 bits for each figure, from all that tells it apart; the same on every machine."""
    data = figures.data
    ends = pd.Index([f"{name}|{method}" for name, method in [(NOT_APPLICABLE, NOT_APPLICABLE), *pairs]])
    number = numbers_of(figures.areas)[data["area"].to_numpy()]
    number = mixed(number ^ data["year"].to_numpy().astype(np.uint64))
    number = mixed(number ^ numbers_of(figures.codes)[data["iccs"].to_numpy()])
    number = mixed(number ^ figures.series["number"].to_numpy()[data["series"].to_numpy()])
    return mixed(number ^ numbers_of(ends)[data["grouping"].to_numpy()])


def _refuse_methods(plan: Plan) -> None:
    unknown = [name for name in plan.methods if name not in METHODS]
    if unknown or (plan.groupings and not plan.methods):
        fault = f"there is no method {unknown[0]!r}." if unknown else "no method is named."
        raise CallError("methods", fault, f"Name some of {', '.join(METHODS)}.")
    if plan.window is not None and plan.window[0] > plan.window[1]:
        raise CallError(
            "window", f"{plan.window[0]} is after {plan.window[1]}.", "Give the first year first."
        )


def _fits(classified: DataFrame) -> bool:
    """Whether a table is as it is declared, seen from its types alone: much faster than to check it."""
    model = CLASSIFIED.empty().dtypes
    if not all(
        name in classified.columns and _is_alike(classified[name].dtype, dtype)
        for name, dtype in model.items()
    ):
        return False
    keys = [name for name, kind in CLASSIFIED.columns.items() if kind == "key"]
    return all(classified[name].cat.codes.min() >= 0 for name in keys) if len(classified) else True


def _is_alike(dtype: object, declared: object) -> bool:
    return (
        isinstance(dtype, pd.CategoricalDtype)
        if isinstance(declared, pd.CategoricalDtype)
        else dtype == declared
    )


def _refuse_bounds(classified: DataFrame) -> None:
    """A value is its own bounds; what has one bound has both, and they are in order."""
    value, lower, upper = (classified[name].to_numpy() for name in NUMBERS)
    is_wrong = (lower > upper) | (np.isnan(lower) != np.isnan(upper))
    is_wrong |= ~np.isnan(value) & ((value != lower) | (value != upper))
    if is_wrong.any():
        first = int(is_wrong.argmax())
        named = " ".join(str(code) for code in classified[["area", "year", "iccs"]].iloc[first])
        found = f"value {value[first]:g}, lower {lower[first]:g}, upper {upper[first]:g}"
        fault = f"{int(is_wrong.sum())} figures have bounds that cannot be, first {named} ({found})."
        raise CallError("classified", fault, "Give an exact figure as value, lower and upper alike.")


def _classification(classified: DataFrame) -> Classification:
    """The one that the figures are under."""
    versions = sorted(classified["iccs_version"].unique())
    if len(versions) > 1:
        fault = f"holds versions {' and '.join(versions)} of the ICCS."
        raise CallError("classified", fault, "Tabulate one at a time.")
    return Classification.load(_CLASSIFICATION, *versions)
