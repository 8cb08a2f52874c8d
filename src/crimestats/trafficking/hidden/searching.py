"""Choosing a log-linear model by the Bayesian information criterion, for many tables at once.

The criterion is `k log n - 2 l`: `k` terms of the model with the intercept, those
at minus infinity among them, `n` persons seen, `l` the log-likelihood of the
counts. Other packages take the number of capture histories for `n` (BIC of a
general linear model in R does), or leave terms at minus infinity out of `k`;
they punish a term less, and can choose others. Of all models with pairs, with `n`
the histories: C:H for the five lists of New Orleans (925 persons, not 1,034), and
A:B, A:E and D:E for the Western United States (2,450, not 2,483); with the finite
terms counted alone 829 and 2,056, with both 674 and 2,308.
A model that does not carry an estimate is no candidate.
"""

from dataclasses import dataclass, fields

import numpy as np

from crimestats.trafficking.hidden.designs import Bools, Counts, Design, Floats
from crimestats.trafficking.hidden.fitting import fit

GAIN = 1e-8
"""A step that lowers the criterion by less is rounding."""


@dataclass(frozen=True)
class Found:
    """The model chosen for each table.

    Attributes:
        models: Terms, shape (tables, terms).
        dark: Expected number of those on no list; infinite where no candidate carries an estimate.
        bic: The criterion; infinite where there is none.
        aic: Akaike's criterion, for comparison.
        parameters: Of the terms, shape (tables, terms); 0 for those not in the model.
    """

    models: Bools
    dark: Floats
    bic: Floats
    aic: Floats
    parameters: Floats


def fitted(of: Design, counts: Counts, rows: Counts, models: Bools, start: Floats | None = None) -> Found:
    """Fit model `i` to the table `counts[rows[i]]`, beginning from parameters where given."""
    fits = fit(of, counts, rows, models, start)
    terms = models.sum(axis=1)
    with np.errstate(divide="ignore"):  # a table of nobody
        persons = np.log(counts.sum(axis=1)[rows])
    bic = np.where(fits.has_arrived, terms * np.where(np.isfinite(persons), persons, 0.0), 0.0)
    deviance = -2 * fits.log_likelihood
    return Found(models, fits.dark, bic + deviance, 2 * terms + deviance, fits.parameters)


def fixed(of: Design, counts: Counts, model: Bools) -> Found:
    """One model for all tables."""
    rows = np.arange(len(counts))
    return fitted(of, counts, rows, np.repeat(model[None, :], len(counts), axis=0))


def stepwise(of: Design, counts: Counts, kept: Bools) -> Found:
    """Go downhill by the criterion, one interaction at a time, from the terms kept.

    In each step every interaction is tried that may be added (its smaller terms
    are in the model) or dropped (no larger term rests on it, and it is not one
    of those kept), and the step taken that lowers the criterion most; it ends
    when none lowers it. Each table goes its own way.
    """
    best = fixed(of, counts, kept)
    going = np.arange(len(counts))
    while len(going):
        step = _best_neighbour(of, counts, going, best, kept)
        better = step.bic < best.bic[going] - GAIN
        going, step = going[better], _of(step, np.flatnonzero(better))
        _put(best, going, step)
    return best


def by_overlaps(of: Design, counts: Counts, kept: Bools, entry: float) -> Found:
    """Add interactions one at a time while an overlap is surprising, the most surprising first.

    Under the model so far the persons on all lists of a term are Poisson with the
    mean expected; the term enters if the one-sided probability of what was counted
    is below `entry` and the wider model carries an estimate, else the next one is
    tried (Chan, Silverman and Vincent 2021, section 3.2, who take 0.02 and pairs).
    """
    from scipy.stats import poisson

    rows = np.arange(len(counts))
    models = np.repeat(kept[None, :], len(counts), axis=0)
    fits, overlaps = fit(of, counts, rows, models), counts @ of.matrix
    expected, going = fits.expected, rows[fits.has_arrived]
    while len(going):
        mean, seen = expected[going], overlaps[going]
        surprise = np.minimum(poisson.cdf(seen, mean), poisson.sf(seen - 1, mean))
        surprise = np.where(of.may_be_added(models[going]), surprise, 1.0)
        going = _enter(of, counts, going, models, expected, surprise, entry)
    return fitted(of, counts, rows, models)


def _enter(
    of: Design, counts: Counts, going: Counts, models: Bools, expected: Floats, surprise: Floats, entry: float
) -> Counts:
    """Put the most surprising term that carries an estimate into each model; which tables got one."""
    entered, left = [], np.arange(len(going))
    while len(left):
        term = surprise[left].argmin(axis=1)
        left, term = left[(low := surprise[left, term] < entry)], term[low]
        if len(left) == 0:
            break
        wider = models[going[left]]
        wider[np.arange(len(left)), term] = True
        fits = fit(of, counts, going[left], wider)
        good = fits.has_arrived
        rows = going[left[good]]
        models[rows], expected[rows] = wider[good], fits.expected[good]
        entered.append(rows)
        surprise[left, term] = 1.0
        left = left[~good]
    return np.sort(np.concatenate(entered)) if entered else np.empty(0, dtype=np.int64)


def best_of(of: Design, counts: Counts, models: Bools) -> Found:
    """The model of lowest criterion among those given, for each table; the first where several are."""
    best = fixed(of, counts, models[0])
    for model in models[1:]:
        other = fixed(of, counts, model)
        better = np.flatnonzero(other.bic < best.bic - GAIN)
        _put(best, better, _of(other, better))
    return best


def ranked(of: Design, counts: Counts, models: Bools) -> Found:
    """All models on one table, by the criterion; those that carry no estimate stand last."""
    found = fitted(of, counts, np.zeros(len(models), dtype=np.int64), models)
    return _of(found, np.lexsort((models.sum(axis=1), np.round(found.bic, 7))))


def neighbours(of: Design, models: Bools, kept: Bools) -> tuple[Counts, Bools]:
    """Every model one interaction away from each: which it is near to, and its terms."""
    changes = of.may_be_added(models) | (of.may_be_dropped(models) & ~kept)
    origin, term = np.nonzero(changes)
    near = models[origin]
    near[np.arange(len(origin)), term] ^= True
    return origin, near


def _best_neighbour(of: Design, counts: Counts, going: Counts, best: Found, kept: Bools) -> Found:
    origin, models = neighbours(of, best.models[going], kept)
    stay = _of(best, going)
    if len(origin) == 0:
        return stay
    found = fitted(of, counts, going[origin], models, stay.parameters[origin])
    order = np.lexsort((np.round(found.bic, 7), origin))
    first = order[np.unique(origin[order], return_index=True)[1]]
    _put(stay, origin[first], _of(found, first))
    return stay


def _of(found: Found, rows: Counts) -> Found:
    return Found(*(getattr(found, field.name)[rows] for field in fields(found)))


def _put(found: Found, rows: Counts, other: Found) -> None:
    for field in fields(found):
        getattr(found, field.name)[rows] = getattr(other, field.name)
