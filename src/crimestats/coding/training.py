"""Training the coder: fitted on all lists, calibrated on lists whose country was left out."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from sklearn.linear_model import SGDClassifier

from crimestats import __version__
from crimestats.coding.calibration import PROMISES, Calibration
from crimestats.coding.coder import LEVELS, Coder, Floats, Places
from crimestats.coding.cues import Cues
from crimestats.coding.examples import counts, examples, refuse_empty
from crimestats.coding.features import Features, Matrix
from crimestats.coding.texts import folded, words

FOLDS = (("US",), ("GB", "FR", "MX"), ("DE", "BR", "CA", "IN", "INT"))
"""Countries left out together, so that no list tells of its neighbour; others go with the last."""

ALPHA, ROUNDS, ROUNDS_IN_FOLDS = 3e-6, 6, 4
"""Strength of the penalty, and passes over the examples."""

Step = Callable[[str], None]
_TABLES_ONLY = ("index", "phrases")


def train(
    leave_out: Iterable[str] = (), own: Iterable[Path | str] = (), progress: Step | None = None
) -> Coder:
    """Train a coder from the shipped tables and index, and from the user's own tables.

    The same input gives the same model.

    Args:
        leave_out: Schemes or countries not to learn from.
        own: Correspondence tables, or decisions as such tables.
        progress: Called with what begins.

    Raises:
        CallError: A name of `leave_out` is no scheme, or leaves nothing to learn from.
        DefinitionError: A table has a fault; file, line and column are named.
    """
    if isinstance(leave_out, str):
        leave_out = [leave_out]
    say = progress or (lambda _: None)
    left = sorted(set(leave_out))
    say("Reading tables and index")
    table = examples(left, own)
    refuse_empty(table)
    say(f"Counting words and runs of {len(table):,} texts")
    features = Features.of(table["words"])
    seen, vectors = features.weigh(features.counts([table["words"]])[0])
    columns = {code: place for place, code in enumerate(sorted(set(table["code"]) - {""}))}
    place = table["code"].map(columns).fillna(-1).to_numpy(np.intp)
    blank = Calibration(
        np.zeros((len(LEVELS), 4), np.float32), np.zeros((len(PROMISES), len(LEVELS)), np.float32)
    )

    def fitted(is_used: NDArray[np.bool_], rounds: int) -> Coder:
        weights, intercepts = _linear(seen, place, table["weight"], is_used, len(columns), rounds)
        return Coder({}, tuple(columns), features, weights, intercepts, table, vectors, blank)

    calibration = _calibrated(table, fitted, say)
    say("Fitting on all lists")
    coder = fitted(np.ones(len(table), dtype=bool), ROUNDS)
    return replace(coder, about=_about(table, left), calibration=calibration)


def _linear(
    seen: Matrix, place: Places, weight: "Series[float]", is_used: NDArray[np.bool_], n: int, rounds: int
) -> tuple[Floats, Floats]:
    """A logistic regression for each category against all others."""
    rows = np.flatnonzero(is_used & (place >= 0))
    model = SGDClassifier(loss="log_loss", alpha=ALPHA, max_iter=rounds, tol=None, random_state=0, n_jobs=-1)
    model.fit(seen[rows], place[rows], sample_weight=weight.to_numpy()[rows])
    weights = np.zeros((seen.shape[1], n), dtype=np.float32)
    intercepts = np.full(n, -30, dtype=np.float32)
    weights[:, model.classes_], intercepts[model.classes_] = model.coef_.T, model.intercept_
    return weights, intercepts


def _calibrated(
    table: DataFrame, fitted: Callable[[NDArray[np.bool_], int], Coder], say: Step
) -> Calibration:
    """What scores are worth for texts of countries left out."""
    is_listed = (~table["source"].isin(_TABLES_ONLY) & (table["code"] != "")).to_numpy()
    fold = _folds(table["country"])
    parts = []
    for number in np.unique(fold[is_listed]):
        say(f"Calibrating on countries left out ({number + 1} of {fold.max() + 1})")
        is_used = ~(is_listed & (fold == number))
        coder = fitted(is_used, ROUNDS_IN_FOLDS)
        rows = table[~is_used].drop_duplicates(["country", "words", "code"])
        parts.append((rows, *read(coder, rows["text"], is_used)))
    truth = np.concatenate([rows["code"].to_numpy(object) for rows, *_ in parts])
    country = np.concatenate([rows["country"].str.split("-").str[0].to_numpy(object) for rows, *_ in parts])
    codes, found, nearest, is_exact = (
        np.concatenate([part[place] for part in parts]) for place in (1, 2, 3, 4)
    )
    return Calibration.fit(found, nearest, is_exact, rightness(codes, truth), country)


def read(
    coder: Coder, texts: "Series[str]", is_used: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.object_], Floats, Floats, NDArray[np.bool_]]:
    """The best category at each level, its likelihood before calibration, nearest cosine, exactness."""
    whole = folded(texts)
    bare = Cues.load().find(whole)["bare"].astype("str")
    full = [words(text) for text in whole.to_numpy(object)]
    reading = coder.read(bare, is_used, full)
    places, found = coder.tree.best(reading.likely)
    codes = [
        np.where(place < 0, "", names[place]) for place, names in zip(places, coder.tree.codes, strict=True)
    ]
    return np.stack(codes, axis=1), np.stack(found, axis=1), reading.nearest, reading.is_exact


def rightness(codes: NDArray[np.object_], truth: NDArray[np.object_]) -> Floats:
    """1 where the category is or contains the true one, 0 where not, nan where there is none.

    A category deeper than the true one is not right: the text does not say so much.
    """
    right = np.full(codes.shape, np.nan, dtype=np.float32)
    for level in range(codes.shape[1]):
        pairs = zip(codes[:, level], truth, strict=True)
        right[:, level] = [float(true.startswith(code)) if code else np.nan for code, true in pairs]
    return right


def _folds(countries: "Series[str]") -> Places:
    numbers = {name: number for number, names in enumerate(FOLDS) for name in names}
    fold = countries.str.split("-").str[0].map(numbers).fillna(len(FOLDS) - 1)
    return np.asarray(fold, dtype=np.intp)


def _about(table: DataFrame, left: list[str]) -> dict[str, Any]:
    found = [[*names, int(n)] for names, n in zip(counts(table).index, counts(table), strict=True)]
    return {"crimestats": __version__, "left_out": left, "examples": found}
