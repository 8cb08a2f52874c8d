"""The smallest sets of figures whose change satisfies all rules, where no single figure does.

Sought by generating edits (Fellegi and Holt 1976, A Systematic Approach to Automatic Edit and
Imputation, Journal of the American Statistical Association 71): a set of figures that hits every
edit known to fail is tried, smaller sets first; where no values for it satisfy all rules, the dual
values of that linear programme combine the rules into a further edit, which fails whatever the set
is changed to, and which the next set must hit too. HiGHS solves the programmes. No big constant
links figures to choices, so that a difference of one in figures of a thousand million is not lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pandas import DataFrame

from crimestats.questionnaire.kinds.round import Mask, Numbers, Rows
from crimestats.validation.localising.edits import Edits
from crimestats.validation.localising.single import ROUNDING, Failures, whole

_OPTIMAL, _UNBOUNDED = 0, 3
_SLIGHT = 1e-7  # the feasibility tolerance of HiGHS
_SEEN = 1e-9  # a weight below it is none


@dataclass(frozen=True, slots=True)
class Search:
    """How long sets are sought.

    Attributes:
        components: For how many components of a round; the rest is said not to be solved.
        tries: How many sets are tried for a component.
        seconds: Time limit of each programme.
        alternatives: How many equally small sets are counted.
        largest: Greatest number of figures to change; of more nobody can say which are wrong.
    """

    components: int = 50
    tries: int = 40
    seconds: float = 2.0
    alternatives: int = 20
    largest: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The figures of a component and of the rules about them.

    Attributes:
        row: Row of the edits' tables.
        column: Columns that may change.
        weights: Edits by those columns.
        least: Lower limits of the edits, less the figures that may not change.
        most: Upper limits.
        lower: Least value of each figure.
        upper: Greatest value.
        is_whole: Counts.
        fails: Edits that fail.
    """

    row: int
    column: Rows
    weights: Numbers
    least: Numbers
    most: Numbers
    lower: Numbers
    upper: Numbers
    is_whole: Mask
    fails: Mask

    def limits(self, free: Mask) -> tuple[Numbers, Numbers]:
        """Limits of the sums of the free figures, the others as they are."""
        fixed = self.weights[:, ~free]
        low, high = self.lower[~free], self.upper[~free]
        rising, falling = np.maximum(fixed, 0), np.minimum(fixed, 0)
        least = _dot(rising, low) + _dot(falling, high)
        most = _dot(rising, high) + _dot(falling, low)
        return self.least - most, self.most - least


@dataclass(slots=True)
class _Found:
    """What the search of one component comes to."""

    outcome: str = "none"
    sets: list[tuple[Rows, Numbers, Numbers]] = field(default_factory=list)


def sets(
    edits: Edits, failures: Failures, wanted: Rows, search: Search
) -> tuple[DataFrame, dict[int, str], dict[int, int]]:
    """The smallest sets for some components.

    A component that cannot be mended alone, since a rule that holds ties it to another, is
    mended with those that rules link it to.

    Args:
        edits: The linear rules.
        failures: What fails.
        wanted: Numbers of the components.
        search: How long sets are sought.

    Returns:
        Columns component, alternative, row, column, lower, upper, one row for each figure of a
        set; for each component that has none why: `none` (no change within reach satisfies the
        rules), `limit` (the search was given up) or `not_asked`; and for each component that is
        mended with another the number of that.
    """
    rows: dict[int, list[tuple[float, ...]]] = {}
    outcomes: dict[int, str] = {}
    joined: dict[int, int] = {}
    for number in wanted.tolist()[: search.components]:
        if number in joined:
            continue
        block, found = _solved(edits, failures, [number], search)
        if found.outcome == "none" and len(linked := _linked(edits, failures, number)) > 1:
            block, found = _solved(edits, failures, linked, search)
            if not found.outcome:
                joined |= dict.fromkeys(linked, number)
        if found.outcome:
            outcomes[number] = found.outcome
        else:
            rows[number] = list(_rows(number, block, found))
    outcomes |= dict.fromkeys(wanted.tolist()[search.components :], "not_asked")
    left = [row for number, those in rows.items() if joined.get(number, number) == number for row in those]
    outcomes = {number: why for number, why in outcomes.items() if number not in joined}
    columns = ["component", "alternative", "row", "column", "lower", "upper"]
    return DataFrame(left, columns=columns), outcomes, joined


def _solved(edits: Edits, failures: Failures, numbers: list[int], search: Search) -> tuple[_Block, _Found]:
    block = _block(edits, failures, numbers)
    return block, _search(block, search)


def _rows(number: int, block: _Block, found: _Found) -> Iterator[tuple[float, ...]]:
    for alternative, (chosen, lower, upper) in enumerate(found.sets):
        for at, low, high in zip(block.column[chosen].tolist(), lower, upper, strict=True):
            yield number, alternative, block.row, at, low, high


def _linked(edits: Edits, failures: Failures, number: int) -> list[int]:
    """The components of the same unit and year that rules, whether they hold or not, tie to one."""
    row = int(failures.row[failures.component == number][0])
    weights = (edits.dense * edits.known[row] != 0)[edits.active[row]]
    cells = failures.cells[row] == number
    while (wider := cells | weights[weights[:, cells].any(axis=1)].any(axis=0)).sum() > cells.sum():
        cells = wider
    linked = np.unique(failures.cells[row][cells])
    return [int(each) for each in linked if each >= 0]


def _block(edits: Edits, failures: Failures, numbers: list[int]) -> _Block:
    """The figures of some components, those that rules link to them, and all these rules.

    The figures of another component stay as they are.
    """
    mine = np.isin(failures.component, numbers)
    row = int(failures.row[mine][0])
    weights = edits.dense * edits.known[row]
    own = np.isin(failures.cells[row], numbers)
    free = own | (failures.cells[row] < 0)
    judged = edits.active[row] & ~edits.fails[row]
    judged[failures.edit[mine]] = True
    cells = own
    while True:
        touched = judged & (weights[:, cells] != 0).any(axis=1)
        wider = free & (weights[touched] != 0).any(axis=0)
        if (wider <= cells).all():
            break
        cells = cells | wider
    edit, column = np.flatnonzero(touched), np.flatnonzero(cells)
    upper = np.where(edits.unbounded[row], np.inf, edits.upper[row])
    open_above = (edits.dense[edit] * ~edits.known[row] > 0).any(axis=1)
    whole = _Block(
        row, column, weights[edit], edits.least[edit], edits.most[edit], edits.lower[row], upper,
        edits.is_whole[column], edits.fails[row, edit],
    )  # fmt: skip
    least, most = whole.limits(cells)
    least[open_above] = -np.inf
    return _Block(
        row, column, weights[np.ix_(edit, column)], least, most, edits.lower[row, column], upper[column],
        whole.is_whole, whole.fails,
    )  # fmt: skip


def _search(block: _Block, search: Search) -> _Found:
    """All smallest sets of a block, as far as the search goes."""
    found, hits = _Found(), {_bits(hit) for hit in _implied(block)}
    passed: set[int] = set()
    for size in range(1, search.largest + 1):
        while len(found.sets) < search.alternatives:
            chosen = next((each for each in _covers(sorted(hits), size) if each not in passed), None)
            if chosen is None:
                break
            if (search := replace(search, tries=search.tries - 1)).tries < 0:
                return _Found("limit")  # whether the sets found are all there are is not known
            free = _mask(chosen, len(block.column))
            fitting, conflict = _fit(block, free, search)
            if fitting is None:
                hits.add(_bits(conflict))
            else:
                passed.add(chosen)
                found.sets.append((np.flatnonzero(free), *fitting))
        if found.sets:
            return _Found("", found.sets)
    return found


def _covers(hits: list[int], size: int, chosen: int = 0, left_out: int = 0) -> Iterator[int]:
    """Every set of so many figures at most that has one in each of the edits; sets are bits of a number."""
    open_edits = [hit & ~left_out for hit in hits if not hit & chosen]
    if not open_edits:
        yield chosen
    elif size:
        branch = min(open_edits, key=int.bit_count)
        while branch:
            bit = branch & -branch
            yield from _covers(hits, size - 1, chosen | bit, left_out)
            left_out, branch = left_out | bit, branch ^ bit


def _bits(mask: Mask) -> int:
    return sum(1 << int(number) for number in np.flatnonzero(mask))


def _mask(bits: int, size: int) -> Mask:
    mask: Mask = np.array([bits >> number & 1 for number in range(size)], dtype=bool)
    return mask


def _implied(block: _Block) -> Mask:
    """Figures of each failing edit, and of each edit that it and another rule imply and that fails too.

    Of two edits that share a figure a sum is made in which the figure no longer stands.
    """
    weights, (least, most) = block.weights, block.limits(np.zeros(len(block.column), dtype=bool))
    bounded = block.lower < block.upper
    hits = [weights[block.fails] != 0]
    for edit in np.flatnonzero(block.fails):
        other, column = np.nonzero(
            (weights != 0) & (weights[edit] != 0) & (np.arange(len(weights)) != edit)[:, None]
        )
        factor = -weights[edit, column] / weights[other, column]
        lower = least[edit] + np.where(factor > 0, factor * least[other], factor * most[other])
        upper = most[edit] + np.where(factor > 0, factor * most[other], factor * least[other])
        slack = _slack(block, 1 + np.abs(factor))
        fails = (lower > slack) | (upper < -slack)
        summed = weights[edit] + factor[:, None] * weights[other]
        used = (np.abs(summed) > _SEEN) | (bounded & ((weights[edit] != 0) | (weights[other] != 0)))
        hits.append(used[fails])
    distinct: Mask = np.unique(np.concatenate(hits), axis=0)
    return distinct


def _slack(block: _Block, times: Any = 1.0) -> Any:
    """By how much a sum may be off before it counts as missed."""
    return times * max(_SLIGHT, ROUNDING * float(np.abs(block.lower).max()))


def _fit(block: _Block, free: Mask, search: Search) -> tuple[tuple[Numbers, Numbers] | None, Mask]:
    """The values of a set that satisfy all rules, or the edit that they cannot satisfy."""
    least, most = block.limits(free)
    weights = block.weights[:, free]
    if (fitting := _narrowed(weights, least, most, block.is_whole[free])) is not None:
        return fitting, ~free
    slack = _slack(block)
    asked = (weights != 0).any(axis=1) | (least > slack) | (most < -slack)
    violated, dual = _elastic(weights[asked], least[asked], most[asked])
    if violated > slack:
        combined = np.abs(dual @ block.weights[asked]) > _SEEN
        used = np.abs(dual) @ np.abs(block.weights[asked]) > _SEEN
        conflict = combined & ~free
        bounded = used & (block.lower < block.upper) & ~free  # its two ends may cancel in the sum
        return None, conflict | bounded if (conflict | bounded).any() else ~free
    fitting = _ranges(weights, least, most, block.is_whole[free], search)
    return (None, ~free) if fitting is None else (fitting, ~free)


def _narrowed(
    weights: Numbers, least: Numbers, most: Numbers, is_whole: Mask
) -> tuple[Numbers, Numbers] | None:
    """The one value of each free figure, where the rules narrow all down to one by themselves."""
    number = weights.shape[1]
    lower, upper = np.full(number, -np.inf), np.full(number, np.inf)
    for column in [*range(number)] * number:
        touched = weights[:, column] != 0
        weight, rest = weights[touched, column], np.delete(weights[touched], column, axis=1)
        low, high = np.delete(lower, column), np.delete(upper, column)
        rising, falling = np.maximum(rest, 0), np.minimum(rest, 0)
        below = (least[touched] - _dot(rising, high) - _dot(falling, low)) / weight
        above = (most[touched] - _dot(rising, low) - _dot(falling, high)) / weight
        ends = np.where(weight > 0, below, above), np.where(weight > 0, above, below)
        low, high = whole(ends[0].max(initial=-np.inf), ends[1].min(initial=np.inf), is_whole[column])
        lower[column], upper[column] = max(lower[column], low), min(upper[column], high)
    if not (lower == upper).all():
        return None
    sums, slack = weights @ lower, np.maximum(_SLIGHT, ROUNDING * np.abs(weights) @ np.abs(lower))
    return (lower, upper) if ((sums >= least - slack) & (sums <= most + slack)).all() else None


def _elastic(weights: Numbers, least: Numbers, most: Numbers) -> tuple[float, Numbers]:
    """By how much the rules are missed at best, and the dual value of each rule."""
    from scipy.optimize import linprog

    number, free = weights.shape
    over, under = np.isfinite(most), np.isfinite(least)
    matrix = np.concatenate([weights[over], -weights[under]])
    bound = np.concatenate([most[over], -least[under]])
    matrix = np.concatenate([matrix, -np.eye(len(matrix))], axis=1)
    cost = np.concatenate([np.zeros(free), np.ones(len(bound))])
    limits = [(None, None)] * free + [(0, None)] * len(bound)
    answer = linprog(cost, matrix, bound, bounds=limits, method="highs")
    dual = np.zeros(number)
    np.add.at(dual, np.flatnonzero(over), answer.ineqlin.marginals[: over.sum()])
    np.add.at(dual, np.flatnonzero(under), -answer.ineqlin.marginals[over.sum() :])
    return float(answer.fun), dual


def _ranges(
    weights: Numbers, least: Numbers, most: Numbers, is_whole: Mask, search: Search
) -> tuple[Numbers, Numbers] | None:
    """Least and greatest value of each free figure with which all rules hold; None where none does."""
    touched = (weights != 0).any(axis=1)
    limits = weights[touched], least[touched], most[touched]
    ends = [list(_ends(*limits, is_whole, column, search)) for column in range(weights.shape[1])]
    if any(end is None for pair in ends for end in pair):
        return None
    lower, upper = np.array(ends, dtype=np.float64).T
    return lower, upper


def _ends(
    weights: Numbers, least: Numbers, most: Numbers, is_whole: Mask, column: int, search: Search
) -> Iterator[float | None]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    for sign in (1.0, -1.0):
        cost = np.zeros(weights.shape[1])
        cost[column] = sign
        limits, options = LinearConstraint(weights, least, most), {"time_limit": search.seconds}
        answer: Any = milp(
            cost, integrality=is_whole.astype(int), bounds=Bounds(), constraints=limits, options=options
        )
        if answer.status == _OPTIMAL:
            value = float(answer.x[column])
            yield round(value) + 0.0 if is_whole[column] else value
        else:
            yield -sign * np.inf if answer.status == _UNBOUNDED else None


def _dot(weights: Numbers, figures: Numbers) -> Numbers:
    """Sums of weighted figures; what has no weight counts nothing, however large it may be."""
    with np.errstate(invalid="ignore"):
        sums: Numbers = np.where(weights != 0, weights * figures, 0.0).sum(axis=1)
    return sums
