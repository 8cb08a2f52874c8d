"""Linear and integer programs over linked cells, solved by HiGHS.

Components are independent of each other, so that one sparse program holds
them all and asks one thing of each at once. A solution of whole numbers is a
witness: a filling that is in keeping with everything published. Only where the
solution of a component is not whole, that component is solved by itself in
whole numbers.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from crimestats.disclosure.cells import Flags, Numbers, Places
from crimestats.disclosure.narrowing import System
from crimestats.errors import CallError

_NEARLY = 1e-6  # what HiGHS takes for nought: its tolerance of feasibility is 1e-7
_ROOM = 100.0
_OVER = 2.0
_UNEVEN = 1e-2
_GOLDEN = 0.6180339887498949
_SECONDS = 60.0
"""For one component of a few hundred cells, which takes some milliseconds."""


@dataclass(frozen=True, slots=True)
class Program:
    """The free numbers of some components, and the sums with the fixed ones taken to the right side.

    Attributes:
        number: Place of each column in the system.
        line: Place of each row in the system.
        matrix: Rows by columns.
        least: Right side of each row.
        most: The same, or infinite where the sum is open.
        lower: Least of each column.
        upper: Most, made finite.
        component: Of each column.
        row_component: Of each row.
    """

    number: Places
    line: Places
    matrix: csr_matrix
    least: Numbers
    most: Numbers
    lower: Numbers
    upper: Numbers
    component: Places
    row_component: Places

    def of(self, component: int) -> "Program":
        """The part of one component."""
        columns, rows = self.component == component, self.row_component == component
        return Program(
            self.number[columns], self.line[rows], self.matrix[rows][:, columns], self.least[rows],
            self.most[rows], self.lower[columns], self.upper[columns], self.component[columns],
            self.row_component[rows],
        )  # fmt: skip


def program(system: System, component: Places, line_component: Places, chosen: Places) -> Program:
    """The program of the components chosen.

    Args:
        system: Numbers and sums, bounds narrowed.
        component: Of each number, -1 where it is fixed.
        line_component: Of each line.
        chosen: Components.
    """
    number = np.flatnonzero(np.isin(component, chosen) & (component >= 0))
    line = np.flatnonzero(np.isin(line_component, chosen) & (line_component >= 0))
    whole = system.matrix()[line]
    fixed = np.where(component < 0, system.lower, 0.0)
    right = -(whole @ fixed)
    most = np.where(system.is_open[line], np.inf, right)
    lower, upper = system.lower[number], system.upper[number]
    upper = np.minimum(upper, np.maximum(_room(lower, upper, component[number]), lower))
    return Program(
        number, line, whole[:, number].tocsr(), right, most, lower, upper,
        component[number], line_component[line],
    )  # fmt: skip


def _room(lower: Numbers, upper: Numbers, component: Places) -> Numbers:
    """More than any number of a component needs to be, in place of infinity."""
    if not len(component):
        return lower
    finite = np.where(np.isinf(upper), 0.0, upper)
    total = np.bincount(component, 2 * lower + 2 * finite).astype(float)
    room: Numbers = total[component] + _ROOM
    return room


def extreme(problem: Program, objective: Numbers, *, is_whole: bool = False) -> Numbers | None:
    """A filling in which the objective is least; None where there is no filling.

    Args:
        problem: What must hold.
        objective: Weight of each column.
        is_whole: Whether the filling must be of whole numbers.

    Raises:
        CallError: The solver gives up.
    """
    return solved(objective, np.full(len(objective), int(is_whole)), problem.matrix,
                  (problem.least, problem.most), (problem.lower, problem.upper))  # fmt: skip


def solved(
    objective: Numbers, whole: NDArray[np.int_], matrix: csr_matrix, sides: tuple[Numbers, Numbers],
    bounds: tuple[Numbers, Numbers],
) -> Numbers | None:  # fmt: skip
    """The least of a linear objective, by HiGHS; None where nothing meets the constraints.

    Args:
        objective: Weight of each column.
        whole: 1 for each column that must be a whole number, else 0.
        matrix: Constraints by columns.
        sides: Least and most of each constraint.
        bounds: Least and most of each column.

    Raises:
        CallError: The solver gives up.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    limits = [LinearConstraint(matrix, *sides)] if matrix.shape[0] else []
    with _unspoken():
        answer = milp(
            objective, integrality=whole, constraints=limits, bounds=Bounds(*bounds),
            options={"time_limit": _SECONDS, "mip_rel_gap": 0.0},
        )  # fmt: skip
    if answer.status == 2:
        return None
    if answer.x is None or answer.status != 0:
        raise CallError("solver", f"gives no answer ({answer.message}).", "Attack the countries one by one.")
    found: Numbers = np.asarray(answer.x)
    return found


@contextmanager
def _unspoken() -> Iterator[None]:
    """HiGHS writes some lines of its own to standard output, past Python; they would end up in the JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def is_near_whole(values: Numbers) -> Flags:
    """Numbers that are whole but for the tolerance of the solver."""
    near: Flags = np.abs(values - np.round(values)) < _NEARLY
    return near


def doubted(problem: Program, dear: Numbers) -> tuple[Places, Places]:
    """Sums to give up so that the others of each component can all hold.

    Each sum may miss its total at a cost, twice as much where its parts are
    too many as where they are too few; the sums that miss where the whole cost
    is least are doubted (an elastic program, Brown and Graves 1975). All
    components together show which have such sums; the choice is then made in
    each by itself, so that it does not depend on what else is in the table.

    Args:
        problem: What should hold.
        dear: Cost of a miss of one, of each line of the system.

    Returns:
        Lines to take for open, since their parts are too few, and lines to give up.
    """
    short, over = _missed(problem, dear)
    opened, dropped = [short[:0]], [over[:0]]
    for component in np.unique(problem.row_component[np.isin(problem.line, np.union1d(short, over))]):
        some, others = _missed(problem.of(int(component)), dear)
        opened.append(np.setdiff1d(some, others))
        dropped.append(others)
    return np.concatenate(opened), np.concatenate(dropped)


def _missed(problem: Program, dear: Numbers) -> tuple[Places, Places]:
    """Lines whose parts are too few, and too many, where they miss least together."""
    from scipy.sparse import eye_array, hstack

    rows, columns = problem.matrix.shape
    if not rows:
        return problem.line, problem.line
    uneven = dear[problem.line] * (1 + _UNEVEN * _turns(problem.row_component))
    free = (np.zeros(2 * rows), np.full(2 * rows, np.inf))
    found = solved(
        np.concatenate([np.zeros(columns), uneven, _OVER * uneven]),
        np.zeros(columns + 2 * rows, int),
        csr_matrix(hstack([problem.matrix, -eye_array(rows), eye_array(rows)])),
        (problem.least, problem.most),
        (np.concatenate([problem.lower, free[0]]), np.concatenate([problem.upper, free[1]])),
    )
    assert found is not None  # every sum may miss
    short, over = found[columns:].reshape(2, rows) > _NEARLY
    return problem.line[short], problem.line[over]


def _turns(component: Places) -> Numbers:
    """A number from 0 to 1 for each row by its rank in its component: no two choices cost the same."""
    order = np.argsort(component, kind="stable")
    sorted_ = component[order]
    start = np.concatenate([[True], sorted_[1:] != sorted_[:-1]])
    first = np.maximum.accumulate(np.where(start, np.arange(len(order)), 0))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order)) - first + 1
    turns: Numbers = (rank * _GOLDEN) % 1
    return turns
