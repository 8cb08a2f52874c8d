"""Which sums hold at a place: all that the figures let hold together."""

from dataclasses import dataclass, replace

import numpy as np

from crimestats.disclosure.cells import Numbers, Places
from crimestats.disclosure.equations import PLAIN, SURE, Links
from crimestats.disclosure.narrowing import System, components, fit, narrowed, told
from crimestats.disclosure.solving import Program, doubted, program

_DERIVED = 0.5
"""Cost of a miss of a plain sum whose total is not published, to 1 where it is: that unknown sex is all
of unknown sex and age is the reader's guess, that women are the women of all ages is in the file."""


@dataclass(frozen=True, slots=True)
class Belief:
    """The sums that hold together, and those that hold only by themselves.

    Attributes:
        system: Numbers with narrowed bounds, and the sums that can all hold.
        component: Of each number; -1 where it is known.
        line_component: Of each line.
        circular: Components whose sums form circles: their bounds may be narrower than these.
        alone: A system whose sums contradict others, each to be read by itself, with the bounds as published.
    """

    system: System
    component: Places
    line_component: Places
    circular: Places
    alone: System

    def program(self, chosen: Places) -> Program:
        """The program of some components."""
        return program(self.system, self.component, self.line_component, chosen)


def system_of(links: Links, reading: str) -> System:
    """The sums of a table as a system, as one reading takes them."""
    links = links.taken(reading)
    entries = links.matrix.tocoo()
    is_open = ~links.is_whole if reading == SURE else links.is_few
    kept = {SURE: links.is_sure, PLAIN: links.is_plain}.get(reading)
    system = System(
        links.lower, links.upper, entries.row.astype(np.int64), entries.col.astype(np.int64), entries.data,
        is_open, np.arange(len(links.lower)), links.family,
    )  # fmt: skip
    return system if kept is None else system.with_lines(kept)


def believe(links: Links, reading: str) -> Belief:
    """Keep the sums that can hold together at each place.

    A sum whose parts are too few for its total is taken for open, one whose
    parts are too many is given up: persons may be in several forms of
    exploitation, and lists of countries may be partial. Where sums that could
    each hold contradict each other, those are given up by which the whole misses least.

    Args:
        links: Cells and sums.
        reading: `sure`, `likely` or `plain` (see `equations`).
    """
    system = system_of(links, reading)
    short, over = fit(system)
    system = replace(system, is_open=system.is_open | short).with_lines(~over)
    alone = np.zeros(system.count, bool)
    is_open = system.is_open.copy()
    given_up = np.zeros(system.count, bool)
    dear = _dear(system, links, reading)
    while True:
        current = replace(system, is_open=is_open).with_lines(~given_up)
        lines = np.flatnonzero(~given_up)
        found, opened, dropped = _settled(current, dear[lines])
        if found is not None:
            return replace(found, alone=system.with_lines(alone))
        is_open[lines[opened]] = True
        given_up[lines[dropped]] = True
        alone[lines[opened]] = alone[lines[dropped]] = True


def _settled(system: System, dear: Numbers) -> tuple[Belief | None, Places, Places]:
    """The belief, if all sums can hold together; else the lines to open and to give up."""
    lower, upper, moving = narrowed(system)
    is_free = system.lower < system.upper
    component, line_component = components(system, is_free)
    moving[system.line[(lower > upper)[system.column]]] = True
    clashing = np.unique(line_component[moving & (line_component >= 0)])
    if len(clashing):
        return None, *doubted(program(system, component, line_component, clashing), dear)
    tight = replace(system, lower=lower, upper=upper)
    component, line_component = components(tight, lower < upper)
    circular = _circular(tight, component, line_component)
    problem = program(tight, component, line_component, circular)
    opened, dropped = doubted(problem, dear)
    if len(opened) or len(dropped):
        return None, opened, dropped
    return Belief(
        tight, component, line_component, circular, system.with_lines(np.zeros(system.count, bool))
    ), *_none()


def _dear(system: System, links: Links, reading: str) -> Numbers:
    """What a miss of each sum costs beside one of another."""
    is_head = system.sign > 0
    is_derived = np.zeros(system.count, bool)
    is_derived[system.line[is_head]] = ~links.is_published[system.column[is_head]]
    return np.where(is_derived & (reading == PLAIN), _DERIVED, 1.0)


def _none() -> tuple[Places, Places]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


def _circular(system: System, component: Places, line_component: Places) -> Places:
    """Components with as many links as numbers and sums: sums that share two numbers or close a ring."""
    linked = component[system.column] >= 0
    if not linked.any():
        return np.zeros(0, np.int64)
    count = int(max(component.max(), line_component.max())) + 1
    links = np.bincount(line_component[system.line[linked]], minlength=count)
    ends = np.bincount(component[component >= 0], minlength=count)
    ends += np.bincount(line_component[line_component >= 0], minlength=count)
    return np.flatnonzero(links >= np.maximum(ends, 1)).astype(np.int64)


def said_alone(alone: System) -> tuple[Numbers, Numbers]:
    """What sums that contradict others say of their numbers, each by itself."""
    lower, upper = alone.lower.copy(), alone.upper.copy()
    least, most = told(alone, alone.lower, alone.upper)
    np.maximum.at(lower, alone.column, least)
    np.minimum.at(upper, alone.column, most)
    return lower, upper
