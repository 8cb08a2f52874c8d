"""Hiding small figures so that they stay hidden."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.disclosure.attacking import Found, attack, first_rows, found_out, identities, ways
from crimestats.disclosure.cells import Flags, Places, cells_of, least_withheld
from crimestats.disclosure.choosing import Stock, choose, costs
from crimestats.disclosure.equations import LIKELY, SURE, Links, link
from crimestats.disclosure.narrowing import components
from crimestats.errors import CallError
from crimestats.frames import HIDDEN

THRESHOLD = 5
"""UNODC publishes no count of trafficking victims under five: `<5` in its files."""

UP, DOWN = 1.0, -1.0


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is hidden so far.

    Attributes:
        links: The cells as an outsider sees them.
        node: What each node of the links is in the whole table.
        protects: What each withheld node protects, both as nodes of the whole table.
        least: Least that a withheld figure is known to be.
    """

    links: Links
    node: Places
    protects: dict[int, int]
    least: float

    def with_withheld(self, withheld: Places, for_: Places) -> "_Pattern":
        """The pattern with further nodes withheld."""
        links = self.links
        lower, upper, is_hidden = links.lower.copy(), links.upper.copy(), links.is_hidden.copy()
        lower[withheld], upper[withheld], is_hidden[withheld] = self.least, np.inf, True
        pairs = zip(self.node[withheld].tolist(), self.node[for_].tolist(), strict=True)
        changed = replace(links, lower=lower, upper=upper, is_hidden=is_hidden)
        return replace(self, links=changed, protects=self.protects | dict(pairs))

    def at(self, found: Places) -> "_Pattern":
        """Only the places where something was found."""
        place = self.links.places()
        kept = np.isin(place, place[found])
        return replace(self, links=self.links.part(kept), node=self.node[kept])

    def stock(self) -> Stock:
        """What may still be withheld."""
        links = self.links
        may = (links.lower == links.upper) & (links.lower >= self.least) & links.is_published
        return Stock(may, links.lower, costs(links), self.least)


def protect(
    table: DataFrame, *, threshold: int = THRESHOLD, least_width: int = 1, hide_zero: bool = True,
    readings: tuple[str, ...] = (SURE, LIKELY), sums: DataFrame | None = None,
) -> tuple[DataFrame, DataFrame]:  # fmt: skip
    """Hide small figures, and as many others as it takes for them to stay hidden.

    Primary: a count below the threshold becomes bounded; narrower bounds of
    such a count (`<5` under a threshold of 10, `2 to 3`) are widened to those
    of all, since beside `<10` they would say more. Secondary: where a hidden
    figure can be found out (`attack`), further figures are withheld, at the
    least loss, until it can be two things at least; a reader who knows that
    withheld figures are not small cannot tell them either. The same table gives
    the same pattern, in whatever order its rows are.

    Args:
        table: Figures (`frames.TRAFFICKING` or `frames.OBSERVATIONS`).
        threshold: Least count that is shown.
        least_width: How far apart the least and the most value of a hidden figure must be.
        hide_zero: Whether nought is hidden too, as in the published files.
        readings: Attacks that must fail (see `attack`).
        sums: Totals and parts; the shipped ones where not given.

    Returns:
        The table with figures hidden, and what was hidden and why (`frames.HIDDEN`).

    Raises:
        CallError: A threshold below 1, or a figure that cannot be protected.
    """
    if threshold < 1:
        raise CallError("threshold", f"is {threshold}.", "Give the least count that may be shown, 1 or more.")
    first, is_primary = _primary(table, threshold, hide_zero)
    cells = cells_of(first)
    least = max(float(threshold), least_withheld(first))
    links = link(cells, sums)
    protects = _proved(_Pattern(links, np.arange(len(links.lower)), {}, least), ways(readings), least_width)
    hidden = _withheld(first, links, protects)
    left = attack(hidden, least_width=least_width, readings=readings, sums=sums)
    if len(left):
        fault = f"cannot be protected: {len(left)} figures are found out, first {left['figure_id'].iloc[0]}."
        raise CallError("table", fault, "Raise the threshold, or leave the figures of that place out.")
    return hidden, _log(table, hidden, is_primary, links, protects)


def _primary(table: DataFrame, threshold: int, hide_zero: bool) -> tuple[DataFrame, Flags]:
    """Small counts as bounds, the same for all: narrower bounds are widened to them."""
    value, lower, upper = (table[name].to_numpy(float) for name in ("value", "lower", "upper"))
    is_count = (table["unit"].astype("str") == "number").to_numpy() if "unit" in table else np.True_
    is_bounded = (table["status"].astype("str") == "bounded").to_numpy() & np.isnan(value)
    from_, to = (0.0 if hide_zero else 1.0), float(threshold - 1)
    is_small = (value < threshold) & (value >= from_) & is_count
    is_small |= is_bounded & is_count & (upper <= to) & ((lower > from_) | (upper < to))
    hidden = table.assign(
        value=table["value"].mask(is_small),
        lower=table["lower"].mask(is_small, Series(np.fmin(from_, lower), index=table.index)),
        upper=table["upper"].mask(is_small, to),
        status=table["status"].astype("str").mask(is_small, "bounded"),
    )
    return hidden, is_small


def _proved(pattern: _Pattern, readings: tuple[str, ...], width: int) -> dict[int, int]:
    """Withhold nodes until an attack on all places together finds nothing."""
    ahead = pattern
    while True:
        protects = _secured(ahead, readings, width)
        node = np.array(sorted(protects), np.int64)
        pattern = pattern.with_withheld(node, np.array([protects[each] for each in node.tolist()], np.int64))
        found = np.concatenate([found_out(pattern.links, reading, width).node for reading in readings])
        if not len(found):
            return protects
        ahead = pattern.at(found)


def _secured(pattern: _Pattern, readings: tuple[str, ...], width: int) -> dict[int, int]:
    """Withhold further nodes until no figure is found out; places where none is are not looked at again.

    Returns:
        Nodes withheld, and what each protects.
    """
    while True:
        before = len(pattern.protects)
        found: list[Places] = []
        for reading in readings:
            told = found_out(pattern.links, reading, width)
            found.append(told.node)
            pattern = _freed(_freed_alone(pattern, told), told, width)
        every = np.concatenate(found)
        if not len(every):
            return pattern.protects
        if len(pattern.protects) == before:
            names = pattern.links.keys.iloc[every[0]]
            named = " ".join(code for code in names if code not in ("_T", "_U", ""))
            fault = f"has {len(every)} figures that withholding others does not protect, first {named}."
            raise CallError("table", fault, "Leave the figures of that place out.")
        pattern = pattern.at(every)


def _freed(pattern: _Pattern, found: Found, width: int) -> _Pattern:
    """Go through the figures found out, one of each place at a time, in the order of their keys."""
    node, value = found.node[~found.is_alone], found.lower[~found.is_alone]
    count = len(pattern.node)
    place, _ = components(found.belief.system, np.ones(count, bool))
    waiting, turned, way = np.zeros(count, bool), np.zeros(count, bool), np.full(count, UP)
    waiting[node] = True
    way[node] = np.where(value + width <= pattern.links.upper[node], UP, DOWN)
    while waiting.any():
        number = np.flatnonzero(waiting)
        number = number[np.unique(place[number], return_index=True)[1]]
        links = pattern.links.taken(found.reading)
        choice = choose(found.belief, links, pattern.stock(), number, way[number], width)
        pattern = pattern.with_withheld(choice.withheld, choice.for_)
        waiting[choice.moved] = waiting[number] = False
        again = choice.stuck[~turned[choice.stuck]]
        waiting[again], turned[again], way[again] = True, True, -way[again]
    return pattern


def _freed_alone(pattern: _Pattern, found: Found) -> _Pattern:
    """For a figure that one sum tells by itself, withhold the cheapest other figure of that sum."""
    alone = found.belief.alone
    for number in found.node[found.is_alone]:
        for line in np.unique(alone.line[alone.column == number]):
            stock = pattern.stock()
            beside = alone.column[alone.line == line]
            may = beside[stock.may[beside]]
            if len(may):
                chosen = may[[np.argmin(stock.cost[may])]]
                pattern = pattern.with_withheld(chosen, np.array([number]))
    return pattern


def _withheld(table: DataFrame, links: Links, protects: dict[int, int]) -> DataFrame:
    chosen = np.isin(links.node_of, np.fromiter(protects, np.int64, len(protects)))
    numbers = {name: table[name].mask(chosen) for name in ("value", "lower", "upper")}
    status = table["status"].astype("str").mask(chosen, "withheld")
    return table.assign(**numbers, status=status.astype("category"))


def _log(
    table: DataFrame, hidden: DataFrame, is_primary: Flags, links: Links, protects: dict[int, int]
) -> DataFrame:
    """What was hidden, why, and what a reader can still tell."""
    ids = identities(table)
    node_of = links.node_of
    row = np.flatnonzero(is_primary | np.isin(node_of, np.fromiter(protects, np.int64, len(protects))))
    protected = [protects.get(int(node), -1) for node in node_of[row]]
    first = first_rows(links)
    named = [str(ids[first[node]]) if node >= 0 and first[node] >= 0 else "" for node in protected]
    is_second = ~is_primary[row]
    was_bounded = table["value"].isna().to_numpy()[row]
    seen = cells_of(hidden)
    there = hidden.iloc[row]
    return HIDDEN.cast(pd.DataFrame({
        "figure_id": ids[row], "area": there["area"].astype("str").to_numpy(),
        "year": there["year"].to_numpy(),
        "action": np.where(is_second, "secondary", "primary"),
        "reason": np.where(is_second, "protects_another", "below_threshold"),
        "protects": named, "lower": seen.lower[row], "upper": seen.upper[row],
        "note": [_note(*each) for each in zip(is_second, was_bounded, named, strict=True)],
    }))  # fmt: skip


def _note(is_secondary: bool, was_bounded: bool, protects: str) -> str:
    if is_secondary:
        return f"Withheld: with the figures beside it {protects or 'a hidden figure'} could be computed."
    if was_bounded:
        return "A count below the threshold: its bounds are widened to those of all such counts."
    return "A count below the threshold: only its bounds are shown."
