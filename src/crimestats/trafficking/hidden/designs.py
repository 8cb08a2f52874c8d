"""Log-linear designs over capture histories: terms, models, and what they are called.

Lists, terms and capture histories are bit patterns: bit `j` stands for the
list `j`. A history is one of `1 … 2^t - 1` (nobody is seen on no list); a term
is a set of lists whose joint effect is a parameter, `0` the intercept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """All terms of up to `order` of a number of lists; a model is a row of booleans over them.

    Attributes:
        lists: Number of lists.
        order: Highest number of lists in one term.
    """

    lists: int
    order: int

    @cached_property
    def cells(self) -> Counts:
        """Capture histories as bit patterns, shape (2^lists - 1,)."""
        return np.arange(1, 2**self.lists, dtype=np.int64)

    @cached_property
    def terms(self) -> Counts:
        """Terms as bit patterns, the intercept first, then by number of lists."""
        everything = np.arange(2**self.lists, dtype=np.int64)
        sizes = np.bitwise_count(everything)
        chosen = everything[sizes <= self.order]
        return chosen[np.lexsort((chosen, sizes[sizes <= self.order]))]

    @cached_property
    def sizes(self) -> Counts:
        """Number of lists in each term."""
        return np.bitwise_count(self.terms).astype(np.int64)

    @cached_property
    def matrix(self) -> Floats:
        """1 where a history has all lists of a term, shape (cells, terms)."""
        return contains(self.cells, self.terms)

    @cached_property
    def below(self) -> Floats:
        """1 where the row's term is the column's term without one of its lists, shape (terms, terms)."""
        inside = (self.terms[:, None] & self.terms[None, :]) == self.terms[:, None]
        return np.asarray(inside & (self.sizes[:, None] == self.sizes[None, :] - 1), dtype=np.float64)

    @cached_property
    def main_effects(self) -> Bools:
        """The model of independent lists."""
        return np.asarray(self.sizes <= 1)

    def model(self, interactions: Iterable[int]) -> Bools:
        """Main effects with interactions, and with every smaller term inside one (hierarchical)."""
        inside = [(self.terms & term) == self.terms for term in interactions]
        return np.asarray(np.logical_or.reduce([self.main_effects, *inside]), dtype=np.bool_)

    def may_be_added(self, models: Bools) -> Bools:
        """Interactions whose smaller terms are all in the model, shape (models, terms)."""
        needed = self.below.sum(axis=0)
        return np.asarray(~models & (self.sizes >= 2) & (models.astype(float) @ self.below == needed))

    def may_be_dropped(self, models: Bools) -> Bools:
        """Interactions that no larger term of the model rests on, shape (models, terms)."""
        return np.asarray(models & (self.sizes >= 2) & (models.astype(float) @ self.below.T == 0))


def contains(cells: Counts, terms: Counts) -> Floats:
    """1 where a history has all lists of a term, shape (cells, terms)."""
    return np.asarray((cells[:, None] & terms[None, :]) == terms[None, :], dtype=np.float64)


@cache
def design(lists: int, order: int) -> Design:
    """The design of a number of lists; one object for each, since its matrices are large.

    >>> design(3, 2).terms.tolist()
    [0, 1, 2, 4, 3, 5, 6]
    """
    return Design(lists, order)


def number_of_models(lists: int, order: int, limit: int) -> int:
    """How many hierarchical models there are with all main effects; counting stops above the limit.

    >>> number_of_models(5, 2, 10_000), number_of_models(4, 3, 10_000), number_of_models(8, 2, 10_000)
    (1024, 113, 268435456)
    """
    if order <= 2:
        return int(2 ** (comb(lists, 2) if order == 2 else 0))
    if 2 ** comb(lists, 2) > limit:
        return int(2 ** comb(lists, 2))
    return len(every_model(design(lists, order), design(lists, order).main_effects, limit))


def every_model(of: Design, kept: Bools, limit: int) -> Bools:
    """Every hierarchical model that has the terms kept, shape (models, terms); more than the limit are cut.

    Terms are taken in or left out one by one, smaller ones first, so that a
    larger term meets only models that have all its parts.
    """
    models = kept[None, :].copy()
    for position in np.flatnonzero((of.sizes >= 2) & ~kept):
        wider = models[of.may_be_added(models)[:, position]]
        wider[:, position] = True
        models = np.concatenate([models, wider])
        if len(models) > limit:
            break
    return models


def name_of(term: int, labels: tuple[str, ...]) -> str:
    """The lists of a term, joined by colons.

    >>> name_of(0b10001, ("A", "B", "C", "D", "E"))
    'A:E'
    """
    return ":".join(label for position, label in enumerate(labels) if term >> position & 1)


def label_of(model: Bools, of: Design, labels: tuple[str, ...]) -> str:
    """A model as its terms, the intercept left unsaid.

    >>> label_of(design(3, 2).model([0b101]), design(3, 2), ("A", "B", "C"))
    'A + B + C + A:C'
    """
    return " + ".join(name_of(int(term), labels) for term in of.terms[model] if term)
