"""The least and the most that each hidden figure can be, given all that is published."""

from dataclasses import dataclass

import numpy as np

from crimestats.disclosure.believing import Belief
from crimestats.disclosure.cells import Flags, Numbers, Places
from crimestats.disclosure.solving import Program, extreme, is_near_whole

LEAST, MOST = 1, -1


@dataclass(slots=True)
class _Seen:
    """What the fillings found so far show of each number: its least and most value in one of them."""

    least: Numbers
    most: Numbers

    def add(self, number: Places, values: Numbers) -> None:
        whole, number = np.round(values)[is_known := ~np.isnan(values)], number[is_known]
        np.minimum.at(self.least, number, whole)
        np.maximum.at(self.most, number, whole)


def reach(belief: Belief, wanted: Flags, least_width: int) -> tuple[Numbers, Numbers]:
    """Bounds of numbers, exact for those that are found out.

    Where two fillings differ in a number by the width wanted, it is safe and
    not looked at further: its bounds then are those of the narrowing.

    Args:
        belief: Sums that can all hold.
        wanted: Numbers asked for.
        least_width: How far apart least and most must be for a number to be safe.

    Returns:
        Least and most of each number.
    """
    system = belief.system
    lower, upper = system.lower.copy(), system.upper.copy()
    is_open = wanted & (upper - lower >= least_width) & np.isin(belief.component, belief.circular)
    seen = _Seen(np.full(len(lower), np.inf), np.full(len(lower), -np.inf))
    _look(belief, is_open, seen, None)
    is_open &= seen.most - seen.least < least_width
    while is_open.any():
        first = _first(belief.component, is_open)
        bounds = _look(belief, is_open, seen, first)
        lower[first], upper[first] = bounds
        is_open[first] = False
        is_open &= seen.most - seen.least < least_width
    return lower, upper


def _first(component: Places, is_open: Flags) -> Places:
    """One open number of each component."""
    number = np.flatnonzero(is_open)
    _, index = np.unique(component[number], return_index=True)
    return number[index]


def _look(belief: Belief, is_open: Flags, seen: _Seen, first: Places | None) -> tuple[Numbers, Numbers]:
    """Ask for the least and the most, of one number of each component or of all of them together."""
    asked = np.flatnonzero(is_open) if first is None else first
    if not len(asked):
        return np.zeros(0), np.zeros(0)
    problem = belief.program(np.unique(belief.component[asked]))
    goal = np.isin(problem.number, asked).astype(float)
    answers = [_answer(problem, goal * way) for way in (LEAST, MOST)]
    for values in answers:
        seen.add(problem.number, values)
    place = np.searchsorted(problem.number, asked)
    least, most = np.round(answers[0][place]), np.round(answers[1][place])
    return np.where(np.isnan(least), -np.inf, least), np.where(np.isnan(most), np.inf, most)


def _answer(problem: Program, goal: Numbers) -> Numbers:
    """A filling of whole numbers of all components in which the goal is least.

    Null in a component that only fractions fill: nothing is concluded from it.
    """
    found = extreme(problem, goal)
    assert found is not None  # the sums believed can all hold
    broken = np.unique(problem.component[~is_near_whole(found)])
    for component in broken:
        part = problem.of(int(component))
        columns = problem.component == component
        values = extreme(part, goal[columns], is_whole=True)
        found[columns] = np.nan if values is None else values
    return found
