"""Who is in the figure of a group: the members of each, and how large the groups are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Index

from crimestats.trends.figures import Figures, Flags, Integers, Numbers, sizes_of, starts_of
from crimestats.trends.residents import Residents


@dataclass(frozen=True, slots=True)
class Membership:
    """The areas' figures in the figures of groups.

    Attributes:
        n_areas: How many figures are of reporting units; those of groups follow.
        figure: Figures of groups that have parts, rising.
        starts: Where the parts of each begin.
        part: The parts, figure by figure, in the order of their areas.
    """

    n_areas: int
    figure: Integers
    starts: Integers
    part: Integers

    @property
    def sizes(self) -> Integers:
        """How many parts each has."""
        return sizes_of(self.starts, len(self.part))

    def summed(self, of_areas: NDArray[np.generic]) -> Numbers:
        """The sum over the parts of each."""
        return np.add.reduceat(of_areas[self.part], self.starts) if len(self.starts) else np.empty(0)

    def any(self, of_areas: Flags) -> Flags:
        """Whether it is so of any part of each."""
        if not len(self.starts):
            return np.empty(0, dtype=bool)
        found: Flags = np.logical_or.reduceat(of_areas[self.part], self.starts)
        return found


def membership(figures: Figures) -> Membership:
    """The parts of the figures of groups.

    Args:
        figures: In order (`groups.in_order`).
    """
    n_areas = int(np.searchsorted(figures.data["grouping"].to_numpy(), 1))
    owner, part = figures.parts["figure"].to_numpy(), figures.parts["part"].to_numpy()
    of_groups = len(owner) - int(np.count_nonzero(owner >= n_areas))
    owner, part = owner[of_groups:], part[of_groups:]
    starts = starts_of(owner)
    return Membership(n_areas, owner[starts], starts, part)


@dataclass(frozen=True, slots=True)
class Wholes:
    """The groups of each pair of grouping and method, and who lives in them.

    Attributes:
        place: Place of each group below, by pair and area.
        members: Of each group, which areas are members; those that are inhabited.
        size: Number of inhabited areas.
        residents: Of all areas.
        regions: Of each pair that has a world: its area, and those of its inhabited regions.
    """

    place: Integers
    members: Flags
    size: Integers
    residents: Residents
    regions: dict[int, tuple[int, Integers]]

    def of(self, grouping: Integers, area: Integers) -> Integers:
        """The place of each group."""
        return self.place[grouping, area]

    def years(self, first: int, last: int, stratum: int) -> tuple[Numbers, Numbers]:
        """Residents of a stratum of each group in each year, and how many more there may be."""
        n_areas = self.members.shape[1]
        area, year = np.meshgrid(np.arange(n_areas), np.arange(first, last + 1), indexing="ij")
        found = self.residents.of(area.ravel(), year.ravel(), np.full(area.size, stratum)).reshape(area.shape)
        may = np.where(np.isnan(found), np.nan_to_num(self.residents.largest)[:, None], 0)
        members = self.members.astype(np.float64)
        return members @ np.nan_to_num(found), members @ may


def wholes(
    members: dict[int, DataFrame], areas: "Index[str]", residents: Residents, heard: Integers
) -> Wholes:
    """The groups of a table.

    Of the areas those count that are inhabited, as a row of either table of
    population or a figure shows, and so not Antarctica or Bouvet Island.

    Args:
        members: Whole, member and level of the whole, by number of the pair.
        areas: Codes of areas and groups.
        residents: Of all areas.
        heard: Areas of which there is a figure.
    """
    is_inhabited = ~np.isnan(residents.largest)
    is_inhabited[heard] = True
    place = np.full((max(members, default=0) + 1, len(areas)), -1)
    rows: list[Flags] = []
    for pair, table in members.items():
        whole, member = (areas.get_indexer(Index(table[name])) for name in ("whole", "member"))
        for code in np.unique(whole):
            place[pair, code] = len(rows)
            is_member = np.zeros(len(areas), dtype=bool)
            is_member[member[whole == code]] = True
            rows.append(is_member & is_inhabited)
    listed = np.array(rows, dtype=bool).reshape(len(rows), len(areas))
    size = listed.sum(axis=1)
    regions: dict[int, tuple[int, Integers]] = {}
    for pair, table in members.items():
        world, parts = (areas.get_indexer(Index(table.loc[table["level"] == level, "whole"].unique()))
                        for level in ("world", "region"))  # fmt: skip
        if len(world) == 1:
            regions[pair] = int(world[0]), parts[size[place[pair, parts]] > 0]
    return Wholes(place, listed, size, residents, regions)
