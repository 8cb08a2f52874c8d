"""The size of a population of which overlapping lists each show a part."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from crimestats.errors import CallError
from crimestats.trafficking.hidden import bootstrap as resampling
from crimestats.trafficking.hidden.bootstrap import Interval
from crimestats.trafficking.hidden.choosing import Choice, Method, asked_for, check_method, choose
from crimestats.trafficking.hidden.designs import Counts, Floats, name_of
from crimestats.trafficking.hidden.estimability import reason_against
from crimestats.trafficking.hidden.fitting import impossible
from crimestats.trafficking.hidden.lists import Overlaps, overlaps
from crimestats.trafficking.hidden.sensitivity import CLOSE, sensitivity
from crimestats.trafficking.hidden.verdicts import LEAST_REPLICATES, WIDEST, Verdict, remarks, verdict

if TYPE_CHECKING:
    from pandas import DataFrame

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Estimate:
    """An estimate of a hidden population, or why there is none.

    Attributes:
        estimate: Persons in all, seen or not; None where the data carry no estimate.
        lower: Lower limit of the interval; None without one.
        upper: Upper limit; None without one, or where the replicates do not bound it.
        model: Terms of the model.
        estimable: Whether table and model carry an estimate.
        reason: Why not, in words.
        observed: Persons on at least one list.
        dark: Persons on none, as estimated.
        method: How the model was chosen.
        aic: Akaike's criterion of the model.
        bic: Bayesian information criterion of the model, with the persons seen as its number.
        at_minus_infinity: Interactions of the model whose lists share nobody.
        apart: All pairs of lists that share nobody.
        interval: How the interval was made; None without one.
        level: Confidence of the interval.
        seed: Seed of the replicates.
        sensitivity: Estimates of other models and lists (`sensitivity`).
        verdict: Whether the estimate can be carried, in words, with the spread.
        notes: What else a reader has to know.
    """

    estimate: float | None
    lower: float | None
    upper: float | None
    model: str
    estimable: bool
    reason: str
    observed: int
    dark: float | None
    method: Method
    aic: float | None
    bic: float | None
    at_minus_infinity: tuple[str, ...]
    apart: tuple[str, ...]
    interval: Interval | None
    level: float
    seed: int
    sensitivity: "DataFrame"
    verdict: Verdict
    notes: tuple[str, ...]

    def to_json(self) -> str:
        """All of it as JSON; what is not known or not bounded is null."""
        return json.dumps(_plain(self), ensure_ascii=False, indent=2, allow_nan=False)


def estimate(
    lists: "DataFrame",
    *,
    model: str = "stepwise",
    interactions: Iterable[str] = (),
    order: int = 2,
    bootstrap: int = 1000,
    seed: int = 1,
    criterion: str = "bic",
    entry: float = 0.02,
    level: float = 0.95,
    within: float = CLOSE,
    widest: float = WIDEST,
    report: Report | None = None,
) -> Estimate:
    """Estimate how many persons there are, with those on no list (multiple systems estimation).

    Args:
        lists: As of `read_lists`: a 0/1 column for each list, and `count`.
        model: `stepwise` goes downhill by BIC from main effects, adding or dropping one interaction at
            a time; `all` takes the best of all hierarchical models by BIC; `main` main effects.
            The BIC has the persons seen for its number and counts the terms at minus infinity.
        interactions: As `A:E`, in any case; they are in every model.
        order: Highest number of lists in an interaction.
        bootstrap: Replicates of the interval, the model being chosen again in each; 0 for none. Fewer
            than 20 are refused, fewer than 200 are told in the notes.
        seed: Of the replicates. The order of lists and rows does not change them; the names do.
        criterion: Of stepwise: `bic`, or `overlaps` (forward by the one-sided Poisson probability of an
            overlap: the published intervals of Chan, Silverman and Vincent 2021).
        entry: Probability below which `overlaps` takes an interaction in.
        level: Confidence of the interval.
        within: Models whose BIC is less above the best count for the sensitivity.
        widest: Ratio of the highest to the lowest estimate, or limit, above which the verdict is that
            the data do not carry a figure. A convention of this package, not a published one.
        report: Called with replicates done and asked for, first when nothing more is refused.

    Returns:
        The estimate with interval, sensitivity and verdict; `estimable` is false and `estimate` None
        where the data carry none.

    Raises:
        CallError: The frame or an argument is wrong.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"A": [1, 0, 1], "B": [0, 1, 1], "count": [40, 30, 6]})
    >>> round(estimate(two, bootstrap=0).estimate)
    276
    """
    table = overlaps(lists).in_order
    method = Method(model, asked_for(interactions, table.labels), order, criterion, entry)
    check_method(method, table.labels)
    _check_numbers(bootstrap, seed, level, within, widest)
    report = report or (lambda done, total: None)
    report(0, max(bootstrap, 1))
    table, method = _inhabited(table, method)
    if len(table.labels) < 2:
        return _without(table, method, level, seed)
    choice = choose(table, method)
    spread = sensitivity(table, method, choice, within=within)
    reason = reason_against(choice.design, table, choice.model)
    if not reason and not np.isfinite(choice.found.dark[0]):
        reason = "Newton's method came to no maximum of the likelihood, though there is one."
    limits = _interval(table, choice, bootstrap, seed, level, report) if not reason and bootstrap else None
    return _result(table, method, choice, reason, limits, spread, level, seed, widest)


def _inhabited(table: Overlaps, method: Method) -> tuple[Overlaps, Method]:
    """The table without lists that have nobody: they tell nothing, and are named in the notes."""
    empty = [
        label for label, persons in zip(table.labels, np.diag(table.shared), strict=True) if persons == 0
    ]
    notes = table.notes
    for label in empty:
        table = table.without(table.labels.index(label))
        notes = (*notes, f"Nobody is on list {label}; it was left out.")
    return replace(table, notes=notes), method.renamed(dict.fromkeys(empty, ""))


def _interval(
    table: Overlaps, choice: Choice, replicates: int, seed: int, level: float, report: Report
) -> Interval:
    def search(tables: Counts) -> Floats:
        return np.asarray(tables.sum(axis=1) + choice.search(tables).dark)

    value = table.observed + float(choice.found.dark[0])
    drawn = resampling.replicated(table.counts, search, replicates, seed, report)
    return resampling.interval(value, drawn, resampling.acceleration(table.counts, search), level, seed)


def _result(
    table: Overlaps, method: Method, choice: Choice, reason: str, limits: Interval | None,
    spread: "DataFrame", level: float, seed: int, widest: float,
) -> Estimate:  # fmt: skip
    dark = None if reason else float(choice.found.dark[0])
    absent = impossible(choice.design, table.counts[None, :].astype(float), choice.model[None, :])[0][0]
    value = None if dark is None else table.observed + dark
    return Estimate(
        value, _finite(limits.lower if limits else None), _finite(limits.upper if limits else None),
        choice.label(table.labels),
        not reason, reason, table.observed, dark, method,
        None if reason else float(choice.found.aic[0]), None if reason else float(choice.found.bic[0]),
        tuple(name_of(int(term), table.labels) for term in choice.design.terms[absent]),
        tuple(table.apart()), limits, level, seed, spread,
        verdict(spread, limits, reason, widest), (*table.notes, *remarks(table, method, limits)),
    )  # fmt: skip


def _without(table: Overlaps, method: Method, level: float, seed: int) -> Estimate:
    """What is said of a table in which one list alone has persons."""
    import pandas as pd

    from crimestats.trafficking.hidden.sensitivity import COLUMNS

    reason = f"Only list {table.labels[0]} has persons: there is no overlap to estimate from."
    empty = pd.DataFrame({name: [] for name in COLUMNS})
    return Estimate(
        None, None, None, table.labels[0], False, reason, table.observed, None, method, None, None, (), (),
        None, level, seed, empty, verdict(empty, None, reason, WIDEST), table.notes,
    )  # fmt: skip


def _check_numbers(bootstrap: int, seed: int, level: float, within: float, widest: float) -> None:
    if bootstrap < 0 or 0 < bootstrap < LEAST_REPLICATES:
        remedy = f"Give 0 for no interval, or 1000 replicates; fewer than {LEAST_REPLICATES} have no tails."
        raise CallError("bootstrap", f"is {bootstrap}.", remedy)
    if seed < 0:
        raise CallError("seed", f"is {seed}.", "Give 0 or a positive number.")
    if not 0 < level < 1:
        raise CallError("level", f"is {level}.", "Give a share between 0 and 1, as 0.95.")
    if not within >= 0:
        raise CallError("within", f"is {within}.", "Give 0 or more.")
    if not widest > 1:
        raise CallError("widest", f"is {widest}.", "Give a ratio above 1, as 3.")


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _plain(result: Estimate) -> dict[str, Any]:
    """The estimate in the types of JSON, figures to a tenth of a person."""
    limits = result.interval
    rows = result.sensitivity.astype(object).where(result.sensitivity.notna(), None)
    return {
        "estimate": _rounded(result.estimate),
        "lower": _rounded(result.lower), "upper": _rounded(result.upper),
        "model": result.model, "estimable": result.estimable, "reason": result.reason,
        "observed": result.observed, "dark": _rounded(result.dark),
        "sensitivity": {
            "verdict": result.verdict.text, "carries": result.verdict.carries,
            "lowest": _rounded(result.verdict.lowest), "highest": _rounded(result.verdict.highest),
            "not_estimable": result.verdict.failing,
            "estimates": [
                {name: _rounded(value) for name, value in row.items()} for row in rows.to_dict("records")
            ],
        },
        "method": {
            "model": result.method.model, "criterion": result.method.criterion, "order": result.method.order,
            "interactions": [":".join(term) for term in result.method.interactions],
        },
        "aic": _rounded(result.aic), "bic": _rounded(result.bic),
        "at_minus_infinity": list(result.at_minus_infinity), "apart": list(result.apart),
        "interval": None if limits is None else {
            "kind": "BCa", "level": result.level,
            "replicates": limits.replicates, "unbounded": limits.unbounded,
            "percentile": [_rounded(value) for value in limits.percentile],
            "bias": round(limits.bias, 4),
            "acceleration": None if limits.acceleration is None else round(limits.acceleration, 4),
            "places": [round(place, 5) for place in limits.places],
            "monte_carlo_errors": [_rounded(value) for value in limits.errors], "seed": result.seed,
        },
        "notes": list(result.notes),
    }  # fmt: skip


def _rounded(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return round(float(value), 1) if np.isfinite(value) else None
    return value
