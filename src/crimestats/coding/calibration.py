"""From scores to probabilities, and the probability that a promised precision asks for.

Both come from lists whose country was left out of training: a random split
would promise too much, since the lists repeat themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

Floats = NDArray[np.float32]

PROMISES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
"""Precisions for which thresholds are kept; one between takes the next above."""

FIRST_LEVEL = 2
"""No text is put under a section only: UNODC's reviewers ask for a division at least."""

_EDGE = 1e-6
_FEWEST = 40
"""Accepted texts of a country from which its precision is judged."""

_NEVER = 1.01


@dataclass(frozen=True)
class Calibration:
    """What scores are worth.

    Attributes:
        coefficients: For each level, of a logistic regression on 1, the logit
            of the likelihood, the cosine of the nearest example, and whether
            the very text is an example.
        thresholds: For each of `PROMISES`, the least probability at each
            level; above 1 where no text reaches it.
    """

    coefficients: Floats
    thresholds: Floats

    @classmethod
    def fit(
        cls,
        found: Floats,
        nearest: Floats,
        is_exact: NDArray[np.bool_],
        is_right: Floats,
        country: NDArray[np.object_],
    ) -> "Calibration":
        """Learn from texts whose country was left out.

        Args:
            found: Likelihood of the best category at each level (0: none).
            nearest: Cosine of the nearest example.
            is_exact: The very text is an example.
            is_right: 1 where the best category at the level is or contains
                the true one, nan where the text does not count at that level.
            country: Each weighs as the root of its texts.
        """
        from sklearn.linear_model import LogisticRegression

        _, number, size = np.unique(country, return_inverse=True, return_counts=True)
        weight = 1 / np.sqrt(size[number])
        seen = _seen(found, nearest, is_exact)
        coefficients = np.zeros((found.shape[1], seen.shape[2]), dtype=np.float32)
        for level in range(found.shape[1]):
            counts = np.isfinite(is_right[:, level]) & (found[:, level] > 0)
            right = is_right[counts, level]
            if len(np.unique(right)) < 2:  # too few texts to tell right from wrong: their share, drawn to 1/2
                coefficients[level, 0] = np.log((right.sum() + 1) / ((1 - right).sum() + 1))
                continue
            model = LogisticRegression(C=10.0, fit_intercept=False)
            model.fit(seen[counts, level], right, sample_weight=weight[counts])
            coefficients[level] = model.coef_[0]
        itself = cls(coefficients, np.empty((0, 0), dtype=np.float32))
        likely = itself.probabilities(found, nearest, is_exact)
        return cls(coefficients, _thresholds(likely, is_right, country))

    def probabilities(self, found: Floats, nearest: Floats, is_exact: NDArray[np.bool_]) -> Floats:
        """Probability that the best category at each level is right; 0 where there is none.

        No category is likelier than the one that it lies in.
        """
        scores = np.einsum("nlf,lf->nl", _seen(found, nearest, is_exact), self.coefficients)
        likely = np.where(found > 0, 1 / (1 + np.exp(-scores)), 0)
        return np.minimum.accumulate(likely, axis=1).astype(np.float32)

    def asked(self, precision: float) -> Floats:
        """The least probability at each level for a promised precision."""
        place = int(np.searchsorted(PROMISES, precision - 1e-9))
        asked: Floats = self.thresholds[min(place, len(PROMISES) - 1)]
        return asked


def _seen(found: Floats, nearest: Floats, is_exact: NDArray[np.bool_]) -> Floats:
    """What the regression sees: texts by levels by 4."""
    clipped = np.clip(found, _EDGE, 1 - _EDGE)
    ones = np.ones_like(clipped)
    columns = [ones, np.log(clipped / (1 - clipped)), ones * nearest[:, None], ones * is_exact[:, None]]
    return np.stack(columns, axis=2).astype(np.float32)


def _thresholds(likely: Floats, is_right: Floats, country: NDArray[np.object_]) -> Floats:
    """For each promise, the least probability at each level with which every country keeps it nearly.

    The mean precision of the countries reaches the promise, and none falls
    short of it by more than twice what is missing from 1 to the promise, or 3 points.
    """
    thresholds = np.full((len(PROMISES), likely.shape[1]), _NEVER, dtype=np.float32)
    for level in range(FIRST_LEVEL - 1, likely.shape[1]):
        counts = np.isfinite(is_right[:, level]) & (likely[:, level] > 0)
        if not counts.any():
            continue
        curve = _curve(likely[counts, level], is_right[counts, level], country[counts])
        for row, promise in enumerate(PROMISES):
            slack = max(0.03, 1 - promise)
            kept = curve[(curve["mean"] >= promise) & (curve["least"] >= promise - slack)]
            if len(kept):
                thresholds[row, level] = kept["threshold"].min()
    return thresholds


def _curve(likely: Floats, is_right: Floats, country: NDArray[np.object_]) -> DataFrame:
    """Mean and least precision of the countries at each of 200 thresholds."""
    names = np.unique(country)
    rows = []
    for threshold in np.unique(np.quantile(likely, np.linspace(0, 0.995, 200))):
        accepted = likely >= threshold
        each = [is_right[accepted & (country == name)] for name in names]
        judged = [part.mean() for part in each if len(part) >= _FEWEST]
        if judged:
            total = is_right[accepted].mean()
            rows.append((threshold, min(float(np.mean(judged)), float(total)), min(judged)))
    return DataFrame(rows, columns=["threshold", "mean", "least"])
