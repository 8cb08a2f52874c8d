"""How much of a group its figures are of, who came and who went, and what that did to the figure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crimestats.areas import enough
from crimestats.trends.figures import BASES, Figures, Flags, Integers, Numbers, sizes_of, starts_of
from crimestats.trends.imputation import HOW
from crimestats.trends.membership import Membership, Wholes

_NEGLIGIBLE = 0.005  # of a group; with more of it unknown, no share of its residents is given
_COVERAGES = ("coverage_population", "coverage_areas", "coverage_volume", "coverage_reported")
_OWN = ("interpolated", "carried")
_ESTIMATED = BASES.index("estimated")


@dataclass(frozen=True, slots=True)
class Floor:
    """Below what coverage no figure of a group is given.

    Attributes:
        population: Share of the residents of the group who live in areas with a figure.
        areas: Areas with a figure; half of the inhabited ones, rounded down, where that is fewer in a group
            with less than ten.
    """

    population: float = 0.5
    areas: int = 5


@dataclass(frozen=True, slots=True)
class Before:
    """What each figure of an area has in the year before.

    Attributes:
        has_figure: Whether it is a figure at all.
        is_old: Whether there is one the year before, too.
        stays: Whether there is one the year after, too.
        is_alike: Whether that of the year before can be compared with it.
    """

    has_figure: Flags
    is_old: Flags
    stays: Flags
    is_alike: Flags


def before(figures: Figures, line: Integers, n_areas: int) -> Before:
    """Which figures of areas were there in the year before."""
    data = figures.data
    year, making = (data[name].to_numpy()[:n_areas] for name in ("year", "making"))
    line = line[:n_areas]
    has_figure = ~np.isnan(data["lower"].to_numpy()[:n_areas])
    follows = np.zeros(n_areas, dtype=bool)
    follows[1:] = (line[1:] == line[:-1]) & (year[1:] == year[:-1] + 1) & has_figure[1:] & has_figure[:-1]
    is_alike = follows.copy()
    is_alike[1:] &= making[1:] == making[:-1]
    return Before(has_figure, follows, np.append(follows[1:], False) if n_areas else follows, is_alike)


def coverage(
    figures: Figures, line: Integers, parts: Membership, groups: Wholes, floor: Floor
) -> dict[str, NDArray[Any]]:
    """How much of a group lives in areas with a figure, and how many areas these are.

    No share of the residents is given where those of the year are unknown for
    areas in which over half a per cent of the group lives (by the shipped table
    where the one given has nothing of them), or for all areas with a figure.

    Args:
        figures: In order, with the sums of groups.
        line: Of each figure.
        parts: Of the groups.
        groups: Who lives in them.
        floor: Below what coverage there is no figure.

    Returns:
        `coverage_population`, `coverage_areas`, `coverage_volume` (shares, null
        for reporting units), `n_areas`, `coverage_reported`, and `is_below`
        (the floor). The volume of an area is the mean of its figures of the
        category and series over the years, the middle of its bounds where a
        figure is not exact. An estimate is also of the areas that enter it with
        an estimate from figures of their own, and the floor counts these;
        `coverage_reported` is of the areas with a figure of the year. Where the
        share of residents is not known, the floor takes it from the year in
        which each area has most. The world is below the floor where one of its
        regions is, which its figure would hide.
    """
    data, n = figures.data, len(figures.data)
    columns: dict[str, NDArray[Any]] = {name: np.full(n, np.nan) for name in _COVERAGES}
    n_areas = np.zeros(n, dtype=np.int64)
    n_areas[: parts.n_areas] = ~np.isnan(data["lower"].to_numpy()[: parts.n_areas])
    is_below = np.zeros(n, dtype=bool)
    if n > parts.n_areas:
        rows = slice(parts.n_areas, n)
        place = groups.of(data["grouping"].to_numpy()[rows], data["area"].to_numpy()[rows])
        found = _covered(figures, parts, groups)
        _add_filled(found, figures, parts, groups)
        n_areas[rows] = found.count
        columns["coverage_population"][rows], columns["coverage_reported"][rows], known = _shares(
            found, data["year"].to_numpy()[rows], place, groups
        )
        columns["coverage_areas"][rows] = _by(found.count, groups.size[place])
        columns["coverage_volume"][rows] = _volume(figures, line, parts, groups, place)
        is_below[rows] = _is_below(floor, known, found.count, groups.size[place])
        is_below[rows] |= _hides(figures, is_below[rows], parts.n_areas, groups, floor)
    return {**columns, "n_areas": n_areas, "is_below": is_below}


def _hides(figures: Figures, is_below: Flags, n_areas: int, groups: Wholes, floor: Floor) -> Flags:
    """The figures of the world in which a region is hidden that is below the floor, or has none."""
    data = figures.data.iloc[n_areas:]
    area, grouping = (data[name].to_numpy(np.int64) for name in ("area", "grouping"))
    when = figures.key(data.assign(area=0))
    hides = np.zeros(len(data), dtype=bool)
    for pair, (world, regions) in groups.regions.items():
        own = grouping == pair
        of_world = np.flatnonzero(own & (area == world))
        is_region = own & np.isin(area, regions)
        least = len(regions) if floor.population > 0 or floor.areas > 0 else 0
        known, count = np.unique(when[is_region & ~is_below], return_counts=True)
        at = np.minimum(np.searchsorted(known, when[of_world]), len(known) - 1)
        found = np.where(known[at] == when[of_world], count[at], 0) if len(known) else 0
        hides[of_world] = found < least
    return hides


@dataclass(slots=True)
class _Covered:
    """Of each figure of a group: its areas, their residents, and those that they have at most."""

    count: Integers
    living: Numbers
    reported: Numbers
    most: Numbers


def _by(above: NDArray[Any], below: NDArray[Any]) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Numbers = above / below
    return quotient


def _covered(figures: Figures, parts: Membership, groups: Wholes) -> _Covered:
    """The areas with a figure of the year; no residents where none of them has any, or one is unheard of."""
    data, n_areas = figures.data, parts.n_areas
    area, year = (data[name].to_numpy()[:n_areas] for name in ("area", "year"))
    living = groups.residents.of(area, year, np.full(n_areas, groups.residents.all))
    largest = groups.residents.largest[area]
    size, own = len(data) - n_areas, parts.figure - n_areas
    none = np.full(size, np.nan)
    found = _Covered(np.zeros(size, dtype=np.int64), none, none.copy(), np.zeros(size))
    is_known = parts.any(~np.isnan(living)) & ~parts.any(np.isnan(largest))
    found.count[own] = parts.sizes
    found.reported[own] = np.where(is_known, parts.summed(np.nan_to_num(living)), np.nan)
    found.living = found.reported.copy()
    found.most[own] = parts.summed(np.nan_to_num(largest))
    return found


def _add_filled(found: _Covered, figures: Figures, parts: Membership, groups: Wholes) -> None:
    """Add the areas that enter an estimate with figures of other years."""
    figure, area = _filled(figures, parts.n_areas, groups)
    if not len(figure):
        return
    own, size = figure - parts.n_areas, len(found.count)
    year = figures.data["year"].to_numpy()[figure]
    living = groups.residents.of(area, year, np.full(len(area), groups.residents.all))
    further = np.bincount(own, weights=np.nan_to_num(living), minlength=size)
    is_filled = np.bincount(own, minlength=size) > 0
    is_unknown = is_filled & np.isnan(found.living) & (found.count > 0)
    found.living = np.where(is_filled & ~is_unknown, np.nan_to_num(found.living) + further, found.living)
    found.reported = np.where(is_filled & (found.count == 0), 0.0, found.reported)
    found.count += np.bincount(own, minlength=size)
    found.most += np.bincount(own, weights=np.nan_to_num(groups.residents.largest)[area], minlength=size)


def _filled(figures: Figures, n_areas: int, groups: Wholes) -> tuple[Integers, Integers]:
    """Figures of groups, and the areas that enter them with an estimate from figures of their own."""
    made = figures.estimates
    if made.empty:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    made = made[made["how"].isin([HOW.index(name) for name in _OWN])]
    own = figures.data.iloc[n_areas:]
    listed: list[tuple[Integers, Integers]] = []
    for pair, whole in np.argwhere(groups.place >= 0):
        is_member = groups.members[groups.place[pair, whole]]
        rows = made[(made["grouping"] == pair) & is_member[made["area"].to_numpy(np.int64)]]
        of_whole = np.flatnonzero((own["grouping"] == pair) & (own["area"] == whole))
        key, wanted = figures.key(own.iloc[of_whole]), figures.key(rows.assign(area=whole))
        at = np.searchsorted(key, wanted)
        is_there = np.append(key, -1)[at] == wanted
        listed.append((of_whole[at[is_there]] + n_areas, rows["area"].to_numpy(np.int64)[is_there]))
    return np.concatenate([each for each, _ in listed]), np.concatenate([each for _, each in listed])


def _shares(
    found: _Covered, year: Integers, place: Integers, groups: Wholes
) -> tuple[Numbers, Numbers, Numbers]:
    """Shares of the residents: of its areas, of those that reported, and what the floor takes."""
    first = int(year.min())
    tables = groups.years(first, int(year.max()), groups.residents.all)
    living, unknown = (table[place, year - first] for table in tables)
    whole = np.where(unknown <= living * _NEGLIGIBLE, living, np.nan)
    share, reported = _by(found.living, whole), _by(found.reported, whole)
    largest = (groups.members @ np.nan_to_num(groups.residents.largest))[place]
    return share, reported, np.where(np.isnan(share), _by(found.most, largest), share)


def _is_below(floor: Floor, share: Numbers, count: Integers, size: Integers) -> Flags:
    is_enough = enough(count, size, floor.areas) & ((share >= floor.population) | (floor.population <= 0))
    return ~is_enough


def _volume(figures: Figures, line: Integers, parts: Membership, groups: Wholes, place: Integers) -> Numbers:
    """The share that the areas with a figure have in the volume of all that ever have one."""
    data, n_areas = figures.data, parts.n_areas
    starts = starts_of(line[:n_areas])
    middle = _middle(*(data[name].to_numpy()[:n_areas] for name in ("value", "lower", "upper")))
    count = np.add.reduceat(~np.isnan(middle), starts, dtype=np.int64)
    mean = np.nan_to_num(_by(np.add.reduceat(np.nan_to_num(middle), starts), count))
    volume = np.zeros(len(data) - n_areas)
    volume[parts.figure - n_areas] = parts.summed(np.repeat(mean, sizes_of(starts, n_areas)))
    kind = data["series"].to_numpy().astype(np.int64) * len(figures.codes) + data["iccs"].to_numpy()
    known, of_line = np.unique(kind[:n_areas][starts], return_inverse=True)
    area, whole = data["area"].to_numpy()[:n_areas][starts], np.zeros((len(groups.size), len(known)))
    for number, is_member in enumerate(groups.members):
        chosen = is_member[area]
        whole[number] = np.bincount(of_line[chosen], weights=mean[chosen], minlength=len(known))
    return _by(volume, whole[place, np.searchsorted(known, kind[n_areas:])])


def _middle(value: Numbers, lower: Numbers, upper: Numbers) -> Numbers:
    """A figure, or the middle of its bounds; the lower one where there is no upper."""
    middle = np.where(np.isinf(upper), lower, (lower + upper) / 2)
    return np.where(np.isnan(value), middle, value)


def moved(
    figures: Figures, line: Integers, parts: Membership, earlier: Before
) -> dict[str, tuple[Integers, Integers]]:
    """Who came and who went: pairs of figure and area, figure by figure, in the order of the areas.

    Returns:
        `entered`: areas with a figure in the year and not in the year before
        (all of them where there is no figure of the group in the year before);
        `left`: the other way round.
    """
    area, year = figures.data["area"].to_numpy(), figures.data["year"].to_numpy()
    owner = np.repeat(parts.figure, parts.sizes)
    follows = (line[owner - 1] == line[owner]) & (year[owner - 1] == year[owner] - 1)
    came = ~follows | ~earlier.is_old[parts.part]
    entered = owner[came], area[parts.part[came]].astype(np.int64)
    follower = np.minimum(owner + 1, len(line) - 1)
    went = ~earlier.stays[parts.part]
    went &= (line[follower] == line[owner]) & (year[follower] == year[owner] + 1) & (follower > owner)
    return {"entered": entered, "left": (follower[went], area[parts.part[went]].astype(np.int64))}


def decomposition(
    figures: Figures,
    line: Integers,
    parts: Membership,
    earlier: Before,
    table: dict[str, Numbers],
    persons: Numbers,
) -> dict[str, Numbers]:
    """The change of a group: change in areas that reported both years, and change in who reported.

    An area whose figures of both years cannot be compared, since a break lies
    between them, counts as one that went and another that came. The parts of the
    change of the rate are in hundredths of the rate of the year before, too:
    that of the areas of both years is the difference of their common rate.

    Args:
        figures: In order.
        line: Of each figure.
        parts: Of the groups.
        earlier: What the areas have in the year before.
        table: value and rate, as they are given.
        persons: Residents of the series, of each figure.

    Returns:
        `change_within` and `change_coverage`, whose sum is the value by that of
        the year before less one, and the same of the rate; null for reporting
        units, estimates, bounded figures, and where the year before has none, or nil.
    """
    n, data = len(figures.data), figures.data
    names = ("change_within", "change_coverage", "rate_change_within", "rate_change_coverage")
    found = {name: np.full(n, np.nan) for name in names}
    if not len(parts.figure):
        return found
    at = parts.figure
    year, value = data["year"].to_numpy(), data["value"].to_numpy()[: parts.n_areas]
    follows = (
        (line[at - 1] == line[at])
        & (year[at - 1] == year[at] - 1)
        & (data["basis"].to_numpy()[at] != _ESTIMATED)
    )
    last_value = np.append(np.nan, value[:-1])
    is_alike = earlier.is_alike
    within = parts.summed(np.where(is_alike, value - last_value, 0))
    _divide(found, names[:2], at, follows, table["value"], within)
    living = persons[: parts.n_areas]
    last_living = np.append(np.nan, living[:-1])
    is_both = is_alike & ~np.isnan(living) & ~np.isnan(last_living)
    now, then, of_now, of_then = (
        parts.summed(np.where(is_both, numbers, 0)) for numbers in (value, last_value, living, last_living)
    )
    base = figures.series["rate_base"].to_numpy()[data["series"].to_numpy()[at]]
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(of_now > 0, (now / of_now - then / of_then) * base, 0)
    _divide(found, names[2:], at, follows, table["rate"], within)
    return found


def _divide(
    found: dict[str, Numbers],
    names: tuple[str, ...],
    at: Integers,
    follows: Flags,
    numbers: Numbers,
    within: Numbers,
) -> None:
    """Put the two parts of the change, by the figure of the year before."""
    last = np.where(follows, numbers[at - 1], np.nan)
    last = np.where(last == 0, np.nan, last)
    whole = numbers[at] - last
    found[names[0]][at] = np.where(np.isnan(whole), np.nan, within / last)
    found[names[1]][at] = (whole - within) / last
