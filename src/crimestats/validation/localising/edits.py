"""The linear rules of a questionnaire as limits of weighted sums of figures.

A rule that a total equals its parts, or that one figure is not above another,
says that a weighted sum of figures of one reporting unit and year lies between
two limits. An edit is one such sum; it is active where its figures are known as
the kind of its rule asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from crimestats.questionnaire import Rule
from crimestats.questionnaire.kinds import Judgement, Round
from crimestats.questionnaire.kinds.round import Mask, Numbers, Rows
from crimestats.returns.form import WHOLE_UNITS


class Edit(NamedTuple):
    """A weighted sum of figures that lies between two limits.

    Attributes:
        rule: The id of its rule.
        own: Item at which the rule's finding stands.
        weights: Items and their weights.
        least: Lower limit of the sum.
        most: Upper limit.
        needed: Items without which it is not judged.
        absent: Items with which it is not judged, since a nearer one is compared.
    """

    rule: str
    own: str
    weights: Mapping[str, float]
    least: float
    most: float
    needed: Sequence[str]
    absent: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """Edits over the rows (unit and year) of a round in which one of them fails.

    Attributes:
        rules: Id of the rule of each edit.
        rows: Rows of the wide table, of which each row below is one.
        place: Row of the frame of each figure: rows, columns.
        known: Where there is a figure.
        lower: Least value of each, 0 where there is none.
        upper: Greatest value of each that is finite, 0 where there is none.
        unbounded: Where a figure has no greatest value.
        is_whole: Columns of counts.
        weights: Edits by columns, sparse.
        dense: The same as a plain table.
        least: Lower limit of each edit.
        most: Upper limit.
        active: Where the edit is judged: rows, edits.
        fails: Where it fails.
        own: Row of the frame at which the finding stands, likewise.
    """

    rules: tuple[str, ...]
    rows: Rows
    place: Rows
    known: Mask
    lower: Numbers
    upper: Numbers
    unbounded: Mask
    is_whole: Mask
    weights: Any
    dense: Numbers
    least: Numbers
    most: Numbers
    active: Mask
    fails: Mask
    own: Rows

    def weight(self, edit: Rows, column: Rows) -> Numbers:
        """The weights of some columns in some edits."""
        weight: Numbers = self.dense[edit, column]
        return weight

    def sums(self) -> tuple[Numbers, Numbers, Rows, Rows]:
        """Least and greatest sum of each edit, and how many of its figures leave it open below and above."""
        rising, falling = self.weights.maximum(0), self.weights.minimum(0)
        lowest = _product(rising, self.lower) + _product(falling, self.upper)
        highest = _product(rising, self.upper) + _product(falling, self.lower)
        below = _product(falling != 0, self.unbounded)
        above = _product(rising != 0, self.unbounded | ~self.known)
        return lowest, highest, below.astype(np.intp), above.astype(np.intp)


def read(wide: Round, rules: Sequence[Rule], judgements: Mapping[str, Judgement]) -> Edits | None:
    """The linear rules among some rules, in the rows where one of them fails; None where none does.

    Rules of severity note are left out: they ask for an explanation and contradict nothing.

    Args:
        wide: The round.
        rules: Its rules.
        judgements: What they say of it.
    """
    chosen = [rule for rule in rules if rule.kind in _KINDS and rule.severity != "note"]
    failing = {rule.id: judgements[rule.id].failing for rule in chosen}
    rows = _rows_of(wide, failing)
    edits = [edit for rule in chosen for edit in _KINDS[rule.kind](rule, wide)]
    if not len(rows) or not edits:
        return None
    place = wide.wide.place.reshape(-1, len(wide.columns))[rows]
    lower, upper = (part.reshape(-1, len(wide.columns))[rows] for part in (wide.wide.lower, wide.wide.upper))
    known = ~np.isnan(lower)
    own: Rows = place[:, [wide.columns[edit.own] for edit in edits]]
    least, most = (np.array([getattr(edit, name) for edit in edits]) for name in ("least", "most"))
    weights = _matrix([edit.weights for edit in edits], wide)
    read = Edits(
        tuple(edit.rule for edit in edits), rows, place, known, np.where(known, lower, 0.0),
        np.where(np.isfinite(upper), upper, 0.0), known & np.isinf(upper), _is_whole(wide),
        weights, weights.toarray(), least, most, _active(edits, wide, known),
        _said(edits, own, failing, len(wide.frame)), own,
    )  # fmt: skip
    return _agreed(read)


def _agreed(edits: Edits) -> Edits:
    """The same without the edits that their rules judge otherwise than their sums show."""
    lowest, highest, below, above = edits.sums()
    broken = ((lowest > edits.most) & (below == 0)) | ((highest < edits.least) & (above == 0))
    fails = edits.active & edits.fails & broken
    return replace(edits, active=edits.active & (fails == broken), fails=fails)


def _rows_of(wide: Round, failing: Mapping[str, Rows]) -> Rows:
    """Rows of the wide table (unit and year) in which a rule fails."""
    if not failing or not wide.wide.place.size:
        return np.empty(0, dtype=np.intp)
    places = np.concatenate(list(failing.values()))
    places = places[wide.is_figure[places]]
    year = np.searchsorted(wide.years, wide.year[places])
    rows: Rows = np.unique(wide.unit[places] * len(wide.years) + year)
    return rows


def _of_parts(rule: Rule, wide: Round) -> Iterator[Edit]:
    total, parts = rule.items[0], rule.parameters["parts"]
    least = 0.0 if rule.parameters.get("exhaustive", True) else -np.inf
    yield Edit(rule.id, total, {total: -1.0, **dict.fromkeys(parts, 1.0)}, least, 0.0, (total,))


def _of_at_most(rule: Rule, wide: Round) -> Iterator[Edit]:
    largest, times = rule.parameters["largest"], float(rule.parameters.get("times", 1.0))
    for item in rule.items:
        yield Edit(rule.id, item, {item: 1.0, largest: -times}, -np.inf, 0.0, (item, largest))


def _of_order(rule: Rule, wide: Round) -> Iterator[Edit]:
    for one, two in combinations(range(len(rule.items)), 2):
        earlier, later = rule.items[one], rule.items[two]
        between = rule.items[one + 1 : two]
        yield Edit(rule.id, later, {later: 1.0, earlier: -1.0}, -np.inf, 0.0, (earlier, later), between)


def _of_within(rule: Rule, wide: Round) -> Iterator[Edit]:
    low, high = (float(rule.parameters.get(name, worst)) for name, worst in _OPEN)
    for item in rule.items or wide.columns:
        yield Edit(rule.id, item, {item: 1.0}, low, high, (item,))


_OPEN = (("minimum", -np.inf), ("maximum", np.inf))
_KINDS: dict[str, Callable[[Rule, Round], Iterator[Edit]]] = {
    "parts": _of_parts,
    "at_most": _of_at_most,
    "order": _of_order,
    "within": _of_within,
}


def _active(edits: Sequence[Edit], wide: Round, known: Mask) -> Mask:
    """Where the figures that an edit needs are known, and those that it passes over are not."""
    needed = _matrix([dict.fromkeys(edit.needed, 1.0) for edit in edits], wide)
    absent = _matrix([dict.fromkeys(edit.absent, 1.0) for edit in edits], wide)
    some = _matrix([dict.fromkeys(edit.weights, 1.0) for edit in edits], wide)
    least = np.array([len(edit.needed) + (len(edit.weights) > len(edit.needed)) for edit in edits])
    there = _product(needed, known) == np.array([len(edit.needed) for edit in edits])
    active: Mask = there & (_product(absent, known) == 0) & (_product(some, known) >= least)
    return active


def _said(edits: Sequence[Edit], own: Rows, failing: Mapping[str, Rows], size: int) -> Mask:
    """Where the rule of an edit fails at its own place."""
    said = np.zeros(own.shape, dtype=bool)
    marks = {}
    for rule, places in failing.items():
        marks[rule] = np.zeros(size + 1, dtype=bool)
        marks[rule][places] = True
    for number, edit in enumerate(edits):
        said[:, number] = marks[edit.rule][own[:, number]]
    return said


def _is_whole(wide: Round) -> Mask:
    """Columns of counts, whose figures are whole numbers."""
    whole: Mask = wide.definition.data["unit"].isin(WHOLE_UNITS).to_numpy(dtype=bool)
    return whole


def _matrix(weights: Sequence[Mapping[str, float]], wide: Round) -> Any:
    from scipy.sparse import csr_array

    rows = np.repeat(np.arange(len(weights)), [len(each) for each in weights])
    columns = [wide.columns[item] for each in weights for item in each]
    values = [value for each in weights for value in each.values()]
    shape = (len(weights), len(wide.columns))
    return csr_array((values, (rows, columns)), shape=shape, dtype=np.float64)


def _product(matrix: Any, figures: Any) -> Numbers:
    product: Numbers = np.ascontiguousarray((matrix.astype(np.float64) @ figures.T.astype(np.float64)).T)
    return product
