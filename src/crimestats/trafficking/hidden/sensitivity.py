"""How far the estimate moves with the choice of model and of lists."""

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from crimestats.trafficking.hidden.choosing import Choice, Method, choose
from crimestats.trafficking.hidden.designs import label_of, number_of_models
from crimestats.trafficking.hidden.lists import Overlaps
from crimestats.trafficking.hidden.searching import Found, neighbours, ranked

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = ("kind", "what", "model", "observed", "estimate", "bic")
CLOSE = 6.0
"""Models whose criterion is less above the best are near it: up to 6 the evidence is not strong (Kass and
Raftery 1995, 777)."""

COUNTED = 5_000
"""Models that are all tried for the sensitivity: those of five lists with pairs are 1,024."""

Row = dict[str, object]


def sensitivity(table: Overlaps, method: Method, choice: Choice, *, within: float = CLOSE) -> "DataFrame":
    """Estimates of other models and of other lists.

    Args:
        table: Persons by capture history, all lists with persons.
        method: How the model was chosen.
        choice: What was chosen.
        within: How far above the best the criterion of a model may be.

    Returns:
        A row for each estimate: kind (`method`, `model`, `without`, `merged`), what, model,
        observed, estimate (missing where the data carry none), bic (of the same kind `method` or
        `model` only, since other lists are other data).
    """
    import pandas as pd

    best = _best_of_all(table, method, choice)
    near = _near(table, choice) if best is None else best.found
    models = _models(table, choice, near, within)
    rows = [*_methods(table, method, best), *models, *_lists(table, method)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"observed": "int64", "estimate": "float64", "bic": "float64"})


def _best_of_all(table: Overlaps, method: Method, choice: Choice) -> Choice | None:
    """The choice among all models, where they are few enough or were asked for anyway."""
    if method.model == "all" and not method.interactions:
        return choice
    if number_of_models(choice.design.lists, choice.design.order, COUNTED) > COUNTED:
        return None
    return choose(table, replace(method, model="all", interactions=()))


def _near(table: Overlaps, choice: Choice) -> Found:
    """The chosen model, main effects, and those one interaction from either, by the criterion."""
    of = choice.design
    start = np.stack([choice.model, of.main_effects])
    near = neighbours(of, start, of.main_effects)[1]
    return ranked(of, table.counts[None, :], np.unique(np.concatenate([start, near]), axis=0))


def _methods(table: Overlaps, method: Method, best: Choice | None) -> list[Row]:
    """The table by every way of choosing, without the interactions that were asked for, and with them."""
    free = replace(method, interactions=())
    ways = {
        "main effects": replace(free, model="main"),
        "stepwise by BIC": replace(free, model="stepwise", criterion="bic"),
        "stepwise by overlaps": replace(free, model="stepwise", criterion="overlaps"),
    }
    choices = {name: choose(table, way) for name, way in ways.items()}
    if best is not None:
        choices["best of all by BIC"] = best
    if method.interactions:
        choices["as given"] = choose(table, method)
    return [_row("method", name, table, each) for name, each in choices.items()]


def _models(table: Overlaps, choice: Choice, found: Found, within: float) -> list[Row]:
    """The models that are near the best by the criterion; none where no model carries an estimate."""
    if not np.isfinite(found.bic[0]):
        return []
    above = found.bic - found.bic[0]
    return [
        _entry("model", f"{above[at]:.1f} above the best", table, choice, found, int(at))
        for at in np.flatnonzero(above <= within)
    ]


def _lists(table: Overlaps, method: Method) -> list[Row]:
    """The table without each list, and with each two merged; two lists at least have to be left."""
    rows: list[Row] = []
    if len(table.labels) < 3:
        return rows
    for place, label in enumerate(table.labels):
        rows.append(_again("without", label, table.without(place), method.renamed({label: ""})))
    for first, second in combinations(range(len(table.labels)), 2):
        merged = table.merged(first, second)
        pair = {table.labels[first]: merged.labels[0], table.labels[second]: merged.labels[0]}
        rows.append(_again("merged", merged.labels[0], merged, method.renamed(pair)))
    return rows


def _again(kind: str, what: str, table: Overlaps, method: Method) -> Row:
    highest = len(table.labels) - 1
    fitting = replace(
        method, interactions=tuple(term for term in method.interactions if len(term) <= highest)
    )
    row = _row(kind, what, table, choose(table, fitting))
    return row | {"bic": float("nan")}


def _row(kind: str, what: str, table: Overlaps, choice: Choice) -> Row:
    return _entry(kind, what, table, choice, choice.found, 0)


def _entry(kind: str, what: str, table: Overlaps, choice: Choice, found: Found, at: int) -> Row:
    dark = float(found.dark[at])
    known = bool(np.isfinite(dark))
    return {
        "kind": kind,
        "what": what,
        "model": label_of(found.models[at], choice.design, table.labels),
        "observed": table.observed,
        "estimate": table.observed + dark if known else float("nan"),
        "bic": float(found.bic[at]) if known else float("nan"),
    }
