"""Which further cells to withhold so that a hidden one can be two things at least."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import csr_matrix, diags_array, eye_array, hstack, vstack

from crimestats.disclosure.believing import Belief
from crimestats.disclosure.cells import AXES, Flags, Numbers, Places
from crimestats.disclosure.equations import Links
from crimestats.disclosure.narrowing import System, components
from crimestats.disclosure.solving import is_near_whole, solved
from crimestats.files import read_csv, shipped
from crimestats.frames import TOTAL

_MISS = 1e7
"""Cost of not moving a cell that is asked for: more than withholding all others."""
_NEARLY = 1e-6
_GOLDEN = 0.6180339887498949  # its multiples, cut at one, differ from each other


@dataclass(frozen=True, slots=True)
class Stock:
    """What may be withheld, and at what cost.

    Attributes:
        may: Nodes that are published exactly.
        value: What they are published as.
        cost: Information lost with each.
        least: Least that a withheld figure is known to be.
    """

    may: Flags
    value: Numbers
    cost: Numbers
    least: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What comes of moving one number of each place.

    Attributes:
        withheld: Nodes to withhold.
        for_: The node that each of them protects.
        moved: Nodes that two whole fillings show with different values.
        stuck: Nodes that cannot be moved in the direction asked for.
    """

    withheld: Places
    for_: Places
    moved: Places
    stuck: Places


@cache
def _costs() -> tuple[float, ...]:
    table = read_csv(shipped("questionnaires", "disclosure", "costs.csv"), ("totals", "cost", "why"))
    return tuple(float(cost) for cost in table["cost"])


def costs(links: Links) -> Numbers:
    """What is lost with each node: more for totals, more for large figures, never the same for two.

    The cost is that of the table (`questionnaires/disclosure/costs.csv`) by
    the number of columns in which the figure is a total beyond the most
    divided figure of its place, times one and the logarithm of the figure.
    """
    listed = _costs()
    totals = sum((links.keys[name] == TOTAL).to_numpy(int) for name in AXES if name in links.keys)
    degree = np.clip(
        totals - (len([name for name in AXES if name in links.keys]) - len(listed)) - 1, 0, len(listed) - 1
    )
    value = np.where(np.isinf(links.upper), 0.0, links.upper)
    turns = ((links.rank + 1) * _GOLDEN) % 1
    cost: Numbers = np.asarray(listed)[degree] * (1 + np.log2(1 + value)) + turns / 1000
    return cost


def choose(belief: Belief, links: Links, stock: Stock, number: Places, way: Numbers, width: int) -> Choice:
    """Move one number of each place by a width, at the least cost.

    All sums still hold of the numbers moved; published ones that move with it
    are to be withheld. That is the linear program of Kelly, Golden and Assad
    (1992) with the cost on each cell's movement, for many places at once.

    Args:
        belief: Sums that hold together.
        links: Cells, with the bounds as an outsider has them.
        stock: What may be withheld.
        number: Hidden nodes, no two of one place.
        way: 1 to find a filling in which it is more, -1 for less.
        width: By how much.
    """
    system = belief.system
    place, line_place = components(system, np.ones(len(system.lower), bool))
    chosen = place[number]
    column = np.flatnonzero(np.isin(place, chosen))
    line = np.flatnonzero(np.isin(line_place, chosen))
    found = _moved(system, links, stock, column, line, np.searchsorted(column, number), way * width)
    before, after = found
    shift = after - before
    moved = np.abs(shift) > _NEARLY
    withheld = column[moved & stock.may[column]]
    reached = np.abs(shift[np.searchsorted(column, number)]) > width - _NEARLY
    whole = np.ones(int(place.max()) + 1, bool)
    whole[place[column[~(is_near_whole(before) & is_near_whole(after))]]] = False
    target = np.full(len(whole), -1, np.int64)
    target[chosen] = number
    sure = moved & whole[place[column]] & (np.abs(shift) > width - _NEARLY)
    return Choice(withheld, target[place[withheld]], column[sure], number[~reached])


def _moved(
    system: System, links: Links, stock: Stock, column: Places, line: Places, at: Places, by: Numbers
) -> tuple[Numbers, Numbers]:  # fmt: skip
    """Two fillings of the places, the second with the numbers asked for moved.

    Columns of the program: the filling, the movement up, the movement down,
    and what is missing of the movement asked for.
    """
    matrix = system.matrix()[line][:, column].tocsr()
    count, rows, many = len(column), len(line), len(at)
    may, value = stock.may[column], stock.value[column]
    lower, upper = links.lower[column], links.upper[column]
    top = np.where(np.isinf(upper), lower.sum() + np.where(np.isinf(upper), 0, upper).sum() + 100, upper)
    most_up = np.where(may, np.maximum(value, 1) + 100, np.where(lower < upper, top, 0.0))
    most_down = np.where(may, np.maximum(value - stock.least, 0.0), np.where(lower < upper, top, 0.0))
    most = np.where(system.is_open[line], np.inf, 0.0)
    none = csr_matrix((rows, many))
    pick = csr_matrix((np.ones(many), (np.arange(many), at)), shape=(many, count))
    free = ~may
    keep = eye_array(count).tocsr()[np.flatnonzero(free)]
    limits = vstack([
        hstack([matrix, csr_matrix((rows, 2 * count)), none]),
        hstack([matrix, matrix, -matrix, none]),
        hstack([keep, keep, -keep, csr_matrix((free.sum(), many))]),
        hstack([csr_matrix((many, count)), pick, -pick, diags_array(np.sign(by))]),
    ])  # fmt: skip
    zero = np.zeros(rows)
    cost = np.where(may, stock.cost[column], 1e-3)
    cost[at] = 0.0
    found = solved(
        np.concatenate([np.zeros(count), cost, cost, np.full(many, _MISS)]),
        np.zeros(3 * count + many, int), csr_matrix(limits),
        (np.concatenate([zero, zero, lower[free], by]), np.concatenate([most, most, top[free], by])),
        (
            np.concatenate([lower, np.zeros(2 * count + many)]),
            np.concatenate([top, most_up, most_down, np.abs(by)]),
        ),
    )  # fmt: skip
    assert found is not None  # to move nothing is always possible
    before = found[:count]
    return before, before + found[count : 2 * count] - found[2 * count : 3 * count]
