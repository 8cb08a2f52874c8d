"""Maximum likelihood of many log-linear models on many tables at once.

The counts of the capture histories are Poisson with the logarithm of the
expectation linear in the terms of the model; the expectation of the history of
nobody is the exponential of the intercept: the dark figure. A term whose lists
share nobody has its maximum at minus infinity: it is put there, the histories
that it makes impossible are left out, and the others are fitted (extended
maximum likelihood: Fienberg and Rinaldo 2012; Chan, Silverman and Vincent
2021). Newton's method runs over all tables together; sums of expectations over
the histories that have a set of lists give the information matrix.
"""

from dataclasses import dataclass

import numpy as np

from crimestats.trafficking.hidden.designs import Bools, Counts, Design, Floats, contains

ITERATIONS = 40
HALVINGS = 25
TOLERANCE = 1e-7
"""Largest Newton step of a fit that has arrived; where no maximum exists, steps stay about 1."""
SINGULAR = 1e-9
"""Smallest eigenvalue of the counted design, as a share of the largest, that tells parameters apart."""
LARGEST = 700.0
"""Logarithm of the largest expectation that is tried: above it numbers overflow."""
CHUNK = 600_000
"""Numbers (tables by histories) that are worked on together: what fits the cache."""
RIDGE = 1e-13
"""Added to the diagonal of the information, so that it can be solved even where no maximum exists."""


@dataclass(frozen=True)
class Fits:
    """What came of fitting, an entry for each table and model.

    Attributes:
        dark: Expected number of those on no list; infinite where there is no estimate.
        log_likelihood: Of the counts, with their factorials; minus infinity without an estimate.
        is_identified: The histories left tell all parameters apart.
        has_arrived: Newton's method came to a maximum.
        expected: Persons expected on all lists of a term, shape (fits, terms); 0 without an estimate.
        parameters: Of the terms, shape (fits, terms); 0 for a term not in the model or at minus infinity.
    """

    dark: Floats
    log_likelihood: Floats
    is_identified: Bools
    has_arrived: Bools
    expected: Floats
    parameters: Floats


def fit(of: Design, counts: Counts, rows: Counts, models: Bools, start: Floats | None = None) -> Fits:
    """Fit model `i` to the table `counts[rows[i]]`.

    Args:
        of: The terms.
        counts: Tables, shape (tables, histories).
        rows: Which table each model is fitted to, shape (fits,).
        models: Terms of each fit, shape (fits, terms).
        start: Parameters to begin from, shape (fits, terms).
    """
    size = max(1, CHUNK // len(of.cells))
    order = np.lexsort(models.T[::-1])  # the same models together need fewer sums
    parts = [order[place : place + size] for place in range(0, len(order), size)]
    results = [
        _fit(of, counts[rows[part]].astype(float), models[part], None if start is None else start[part])
        for part in parts
    ]
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Fits(*(np.concatenate(each)[back] for each in zip(*results, strict=True)))


def impossible(of: Design, counts: Floats, models: Bools) -> tuple[Bools, Bools]:
    """Terms at minus infinity, and the histories that stay possible.

    Args:
        of: The terms.
        counts: Tables, shape (fits, histories).
        models: Terms of each fit, shape (fits, terms).

    Returns:
        Shapes (fits, terms) and (fits, histories).
    """
    absent = models & (counts @ of.matrix == 0)
    return absent, np.asarray(absent.astype(float) @ of.matrix.T == 0)


@dataclass(frozen=True)
class _Problem:
    """One chunk: the finite parameters of every fit, padded to the same number.

    Of the counts only the persons on all lists of each term are needed, the
    sufficient statistics; expectations are summed over the same and over the
    sets of lists of two terms together, which is the information.
    """

    design: Floats  # (histories, terms in use)
    possible: Floats  # (fits, histories): 1 or 0
    columns: Counts  # (fits, parameters): place in the terms in use
    is_padding: Bools  # (fits, parameters)
    sums: Floats  # (histories, sets of lists)
    pairs: Counts  # (fits, parameters, parameters): place in the sets of lists
    target: Floats  # (fits, parameters): persons on all lists of the term

    def of(self, chosen: Counts) -> "_Problem":
        return _Problem(
            self.design, self.possible[chosen], self.columns[chosen], self.is_padding[chosen],
            self.sums, self.pairs[chosen], self.target[chosen],
        )  # fmt: skip

    def expectations(self, values: Floats) -> Floats:
        """Persons expected in each history, shape (fits, histories)."""
        predictor = self.wide(values) @ self.design.T
        np.minimum(predictor, LARGEST, out=predictor)
        np.exp(predictor, out=predictor)
        predictor *= self.possible
        return np.asarray(predictor)

    def wide(self, values: Floats) -> Floats:
        """Parameters at their terms in use, shape (fits, terms in use)."""
        placed = np.zeros((len(values), self.design.shape[1]))
        np.put_along_axis(placed, self.columns, np.where(self.is_padding, 0.0, values), axis=1)
        return placed

    def information(self, weights: Floats) -> Floats:
        """Sums of weights over the histories that have the lists of two terms; padding is apart."""
        flat = np.take_along_axis(weights @ self.sums, self.pairs.reshape(len(weights), -1), axis=1)
        matrix = flat.reshape(self.pairs.shape)
        matrix[self.is_padding[:, :, None] | self.is_padding[:, None, :]] = 0.0
        places = np.arange(self.columns.shape[1])
        matrix[:, places, places] += self.is_padding + RIDGE
        return matrix

    def likelihood(self, values: Floats, information: Floats) -> Floats:
        """Log-likelihood without factorials; the persons expected in all stand first in the information."""
        return np.asarray((self.target * values).sum(axis=1) - information[:, 0, 0])


def _fit(
    of: Design, counts: Floats, models: Bools, start: Floats | None
) -> tuple[Floats, Floats, Bools, Bools, Floats, Floats]:
    from scipy.special import gammaln

    problem, used = _problem(of, counts, models)
    eigenvalues = np.linalg.eigvalsh(problem.information(problem.possible))
    identified = eigenvalues[:, 0] > SINGULAR * eigenvalues[:, -1]
    dark, likelihood = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
    arrived = np.zeros(len(counts), dtype=bool)
    expected, parameters = np.zeros(models.shape), np.zeros(models.shape)
    chosen = np.flatnonzero(identified & (counts.sum(axis=1) > 0))
    if len(chosen):
        part = problem.of(chosen)
        begin = _begin(part, counts[chosen], None if start is None else start[chosen][:, used])
        values, reached, came = _newton(part, begin)
        good, part = chosen[came], part.of(np.flatnonzero(came))
        arrived[good] = True
        dark[good] = np.exp(values[came, 0])
        likelihood[good] = (reached - gammaln(counts[chosen] + 1.0).sum(axis=1))[came]
        expected[good] = part.expectations(values[came]) @ of.matrix
        parameters[np.ix_(good, used)] = part.wide(values[came])
    return dark, likelihood, identified, arrived, expected, parameters


def _problem(of: Design, counts: Floats, models: Bools) -> tuple[_Problem, Counts]:
    """The fits of a chunk, and which terms are in use in it."""
    absent, possible = impossible(of, counts, models)
    free = models & ~absent
    used = np.flatnonzero(free.any(axis=0))
    free = free[:, used]
    columns = np.argsort(~free, axis=1, kind="stable")[:, : int(free.sum(axis=1).max())]
    padding = ~np.take_along_axis(free, columns, axis=1)
    terms = of.terms[used][columns]
    unions = terms[:, :, None] | terms[:, None, :]
    sets, places = np.unique(unions, return_inverse=True)
    target = np.take_along_axis(counts @ of.matrix[:, used], columns, axis=1)
    problem = _Problem(
        of.matrix[:, used], possible.astype(float), columns, padding, contains(of.cells, sets),
        places.reshape(unions.shape), np.where(padding, 0.0, target),
    )  # fmt: skip
    return problem, used


def _begin(problem: _Problem, counts: Floats, start: Floats | None) -> Floats:
    """Parameters to begin from: those given, or of one weighted regression of the logarithms."""
    if start is not None:
        return np.where(problem.is_padding, 0.0, np.take_along_axis(start, problem.columns, axis=1))
    weights = problem.possible * (counts + 0.5)
    sides = (weights * np.log(counts + 0.5)) @ problem.design
    sides = np.where(problem.is_padding, 0.0, np.take_along_axis(sides, problem.columns, axis=1))
    return _solve(problem.information(weights), sides)


def _newton(problem: _Problem, values: Floats) -> tuple[Floats, Floats, Bools]:
    """Maxima of the likelihood: parameters, log-likelihood without factorials, whether it arrived."""
    information = problem.information(problem.expectations(values))
    reached = problem.likelihood(values, information)
    arrived = np.zeros(len(values), dtype=bool)
    going, part = np.arange(len(values)), problem
    for _ in range(ITERATIONS):
        step = _solve(information, np.where(part.is_padding, 0.0, part.target - _diagonal(information)))
        values[going], reached[going], information = _advance(
            part, values[going], step, reached[going], information
        )
        size = np.abs(step).max(axis=1)
        arrived[going] = size < TOLERANCE
        still = np.flatnonzero(size >= TOLERANCE)
        if len(still) == 0:
            break
        if len(still) < len(going):
            going, part, information = going[still], part.of(still), information[still]
    return values, reached, arrived


def _advance(
    problem: _Problem, values: Floats, step: Floats, reached: Floats, information: Floats
) -> tuple[Floats, Floats, Floats]:
    """Go a step, halved where it would go downhill: parameters, log-likelihood, information there."""
    moved = values + step
    there = problem.information(problem.expectations(moved))
    best = problem.likelihood(moved, there)
    slack = 1e-9 * (1.0 + np.abs(reached))
    for halving in range(1, HALVINGS):
        worse = np.flatnonzero(~(best >= reached - slack))
        if len(worse) == 0:
            break
        part = problem.of(worse)
        moved[worse] = values[worse] + step[worse] / 2**halving
        there[worse] = part.information(part.expectations(moved[worse]))
        best[worse] = part.likelihood(moved[worse], there[worse])
    return moved, best, there


def _diagonal(information: Floats) -> Floats:
    return np.diagonal(information, axis1=1, axis2=2)


def _solve(matrices: Floats, sides: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrices, sides[:, :, None])[:, :, 0])
