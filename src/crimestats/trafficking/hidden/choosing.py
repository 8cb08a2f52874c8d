"""How the model is chosen: asked for, and carried out on a table."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from crimestats.errors import CallError
from crimestats.trafficking.hidden.designs import (
    Bools,
    Counts,
    Design,
    design,
    every_model,
    label_of,
    number_of_models,
)
from crimestats.trafficking.hidden.lists import Overlaps
from crimestats.trafficking.hidden.searching import Found, best_of, by_overlaps, fixed, ranked, stepwise

MODELS = ("stepwise", "all", "main")
CRITERIA = ("bic", "overlaps")
LIMIT = 40_000
"""Models that `all` fits at most: those of six lists with pairs are 32,768."""
TOP = 50
"""Models, by the criterion on the table itself, among which `all` chooses in a replicate.

Silverman, Chan and Vincent 2024 find that some dozens give the intervals of all.
"""


@dataclass(frozen=True)
class Method:
    """How a model is chosen.

    Attributes:
        model: `stepwise`, `all` or `main`.
        interactions: Lists of each interaction that is always in the model.
        order: Highest number of lists in an interaction.
        criterion: What stepwise goes by: `bic`, or `overlaps` that surprise (forward only).
        entry: Probability below which an overlap surprises.
    """

    model: str
    interactions: tuple[tuple[str, ...], ...] = ()
    order: int = 2
    criterion: str = "bic"
    entry: float = 0.02

    def renamed(self, names: Mapping[str, str]) -> "Method":
        """The method on a table in which lists were merged (new names) or left out (an empty name)."""
        changed = [
            tuple(dict.fromkeys(names.get(label, label) for label in term)) for term in self.interactions
        ]
        return replace(self, interactions=tuple(term for term in changed if len(term) > 1 and all(term)))


@dataclass(frozen=True)
class Choice:
    """The model chosen for a table, and the way to choose again for others of the same lists.

    Attributes:
        design: Terms.
        kept: Terms that are in every model.
        found: Models, the chosen one first.
        search: Chooses for tables, shape (tables, histories).
    """

    design: Design
    kept: Bools
    found: Found
    search: Callable[[Counts], Found]

    @property
    def model(self) -> Bools:
        """Terms of the model chosen."""
        return np.asarray(self.found.models[0])

    def label(self, labels: tuple[str, ...]) -> str:
        """The model chosen, in words."""
        return label_of(self.model, self.design, labels)


def choose(table: Overlaps, method: Method) -> Choice:
    """Choose the model for a table.

    Raises:
        CallError: There are too many models to try all.
    """
    of = design(len(table.labels), min(method.order, len(table.labels) - 1))
    kept = of.model(term_of(term, table.labels) for term in method.interactions)
    counts = table.counts[None, :]
    if method.model == "all":
        _refuse_too_many(of)
        ranking = ranked(of, counts, every_model(of, kept, LIMIT))
        top = ranking.models[:TOP]
        return Choice(of, kept, ranking, lambda tables: best_of(of, tables, top))

    def search(tables: Counts) -> Found:
        if method.model == "main":
            return fixed(of, tables, kept)
        if method.criterion == "overlaps":
            return by_overlaps(of, tables, kept, method.entry)
        return stepwise(of, tables, kept)

    return Choice(of, kept, search(counts), search)


def asked_for(interactions: Iterable[str], labels: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The lists of interactions as they are written, in any case, under the names that the lists have.

    >>> asked_for(["a:E"], ("A", "E"))
    (('A', 'E'),)
    """
    known = {label.casefold(): label for label in labels}
    written = (tuple(part.strip() for part in each.split(":")) for each in interactions)
    return tuple(tuple(known.get(part.casefold(), part) for part in term) for term in written)


def check_method(method: Method, labels: tuple[str, ...]) -> None:
    """Refuse what cannot be chosen by.

    Raises:
        CallError: An argument is out of its range or names an unknown list (near names are given), or
            there are too many models to try all.
    """
    _refuse_unknown("model", method.model, MODELS)
    _refuse_unknown("criterion", method.criterion, CRITERIA)
    if method.order < 1:
        raise CallError("order", f"is {method.order}.", "Give 1 for main effects, 2 for pairs, or more.")
    if not 0 < method.entry < 1:
        raise CallError("entry", f"is {method.entry}.", "Give a probability between 0 and 1, as 0.02.")
    for term in method.interactions:
        _check_term(term, method.order, labels)
    if method.model == "all":
        _refuse_too_many(design(len(labels), min(method.order, len(labels) - 1)))


def term_of(term: tuple[str, ...], labels: tuple[str, ...]) -> int:
    """The lists of an interaction as a bit pattern."""
    return sum(1 << labels.index(label) for label in set(term))


def _check_term(term: tuple[str, ...], order: int, labels: tuple[str, ...]) -> None:
    shown = ":".join(term)
    for label in term:
        if label not in labels:
            near = difflib.get_close_matches(label.casefold(), [each.casefold() for each in labels], n=3)
            names = [each for each in labels if each.casefold() in near] if len(label) > 2 else []
            meant = f" Did you mean {' or '.join(names)}?" if names else ""
            remedy = f"Lists are: {', '.join(labels)}. Write two as {labels[0]}:{labels[1]}.{meant}"
            fault = f"names a list `{label}`, which is not in the table."
            raise CallError(f"interaction {shown}", fault, remedy)
    if len(set(term)) < 2:
        raise CallError(f"interaction {shown}", "names one list.", "Give two lists, as A:E.")
    if len(set(term)) > order:
        fault = f"has {len(set(term))} lists, the order is {order}."
        raise CallError(f"interaction {shown}", fault, f"Give order {len(set(term))}, or fewer lists.")
    if len(set(term)) >= len(labels):
        remedy = "Take one list out of it."
        raise CallError(f"interaction {shown}", "has all lists: nothing is left to estimate from.", remedy)


def _refuse_too_many(of: Design) -> None:
    models = number_of_models(of.lists, of.order, LIMIT)
    if models > LIMIT:
        fault = f"means at least {models:,} models of {of.lists} lists up to order {of.order}."
        raise CallError("model all", fault, f"At most {LIMIT:,} are fitted: take stepwise, or merge lists.")


def _refuse_unknown(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise CallError(name, f"is `{value}`.", f"Give {', '.join(known[:-1])} or {known[-1]}.")
