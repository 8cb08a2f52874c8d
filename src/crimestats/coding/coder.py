"""A trained coder: how likely each category is for a text.

Two models are multiplied. The first is linear in words and runs of
characters: one logistic regression a category, made to add up to 1. The
second compares the text with coded examples: the sixth powers of the cosines
with all examples of a category are added up, so that one near example weighs
more than many far ones; a text that the classification excludes counts
against its category. The text is read as a whole, without what stands in
brackets, and (by the second) by its last heading alone.

A category may be the end of the way at any level: what is coded 0502 (theft)
is none of its classes. The probability of a category is therefore that of
itself and of all below it, right for leaves of any depth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy import sparse

from crimestats.classification import Classification
from crimestats.coding.calibration import Calibration
from crimestats.coding.features import Features, Matrix
from crimestats.coding.texts import PARTS, parts, words

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

LEVELS = (1, 2, 3, 4)
CANDIDATES = 5
"""Categories, best first by the linear model, whose examples are compared."""

POWER = 6
SHARE_COMPARED, SHARE_BARE = 0.3, 0.5
"""Weight of the comparison in the product; weight of the text without brackets beside the whole."""

_NOTHING = np.float32(1e-9)
_EXACT, _DIVIDED = 0.9, 0.5
"""What a text that is an example itself has from that before calibration: of one category, of several."""

_ALL = 0.999


@dataclass(frozen=True)
class Coder:
    """A model and what it learnt from.

    Attributes:
        about: Version, sources, what was left out, figures.
        categories: ICCS codes that a text may end in, in order.
        features: What it sees of a text.
        weights: Of the linear model, one row a feature, one column a category.
        intercepts: One a category.
        examples: text, full, words, language, code, against, source, place, weight.
        vectors: The examples as runs of characters, in their order.
        calibration: From scores to probabilities, and thresholds.
        path: Where it is kept; empty where it is not.
    """

    about: Mapping[str, Any]
    categories: tuple[str, ...]
    features: Features
    weights: Floats
    intercepts: Floats
    examples: DataFrame
    vectors: Matrix
    calibration: Calibration
    path: str = field(default="", init=False)

    def read(
        self, bare: "Series[str]", is_used: NDArray[np.bool_] | None = None, full: list[str] | None = None
    ) -> "Reading":
        """How likely each category is for texts without cues, before calibration.

        A text that is an example itself takes its category before all else.

        Args:
            bare: From `Cues.find`.
            is_used: Which examples are known; all without it.
            full: The plain words of the texts, cues and all; without it they have no cues.
        """
        reading = self._scores(bare, is_used)
        exact = self._exact(full or reading.words, reading.words, is_used)
        highest = exact.max(axis=1, initial=0)
        share = np.where(highest > _ALL, _EXACT, np.where(highest > 0, _DIVIDED, 0)).astype(np.float32)[
            :, None
        ]
        likely = (1 - share) * reading.likely + share * exact
        return replace(reading, likely=likely, is_exact=highest > _ALL)

    def nearest(self, reading: "Reading", column: Places) -> Places:
        """For each text the example of a category that comes nearest; -1 where none has a run in common."""
        found = np.full(len(column), -1, dtype=np.intp)
        for place in np.unique(column):
            rows, weights, transposed = self._blocks[place]
            chosen = np.flatnonzero(column == place)
            if transposed is None:
                continue
            cosines = (reading.compared[chosen] @ transposed).tocsr()
            if (weights < 0).any():
                cosines.data[weights[cosines.indices] < 0] = 0
            filled = np.flatnonzero(np.diff(cosines.indptr))
            if len(filled):
                first = cosines.indptr[filled]
                highest = np.repeat(np.maximum.reduceat(cosines.data, first), np.diff(cosines.indptr)[filled])
                at = np.flatnonzero(cosines.data == highest)
                best = at[np.searchsorted(at, first)]
                found[chosen[filled]] = rows[cosines.indices[best]]
        return found

    def written(self, reading: "Reading", full: list[str], column: Places) -> Places:
        """For each text the example of a category that it is itself; -1 where there is none."""
        found = np.full(len(column), -1, dtype=np.intp)
        for row in np.flatnonzero(column >= 0):
            same = [*self._written.get(full[row], []), *self._written.get(reading.words[row], [])]
            found[row] = next((place for place, each, _ in same if each == column[row]), -1)
        return found

    def _scores(self, bare: "Series[str]", is_used: NDArray[np.bool_] | None) -> "Reading":
        counts, has_parts = self._counts(bare)
        whole = counts[0] + counts[1] + counts[2]
        seen, compared = self.features.weigh(whole)
        likely = self._linear(seen)
        inner = np.flatnonzero(has_parts)
        queries, owner = [compared], [np.arange(len(bare))]
        weight = np.where(has_parts, 1.0, 3.0).astype(np.float32)
        if len(inner):
            outside, without = self.features.weigh((counts[0] + counts[1])[inner])
            likely[inner] = (likely[inner] + SHARE_BARE * self._linear(outside)) / (1 + SHARE_BARE)
            queries += [without, self.features.weigh(counts[1][inner])[1]]
            owner += [inner, inner]
        alike, nearest = self._alike(
            sparse.vstack(queries, format="csr"), np.concatenate(owner), likely, is_used, weight
        )
        product = np.exp(  # a geometric mean; in single precision much faster than powers
            (1 - SHARE_COMPARED) * np.log(likely) + SHARE_COMPARED * np.log(_shares(alike + _NOTHING))
        )
        is_exact = np.zeros(len(bare), dtype=bool)
        return Reading(
            [words(text) for text in bare.to_numpy(object)], _shares(product), nearest, is_exact, compared
        )

    def _exact(self, full: list[str], bare: list[str], is_used: NDArray[np.bool_] | None) -> Floats:
        """Shares of the categories that have the very text as an example; rows without one are 0.

        The text as it stands, else without its cues. Decisions of the user count alone.
        """
        known = self._written
        plain = [text if text in known else short for text, short in zip(full, bare, strict=True)]
        shares = np.zeros((len(plain), len(self.categories)), dtype=np.float32)
        for row in [row for row, text in enumerate(plain) if text in known]:
            same = [each for each in known[plain[row]] if is_used is None or is_used[each[0]]]
            most = max((weight for *_, weight in same), default=0.0)
            for _, column, weight in same:
                shares[row, column] += weight == most
        total = shares.sum(axis=1, keepdims=True)
        divided: Floats = np.divide(shares, total, out=shares, where=total > 0)
        return divided

    @cached_property
    def _written(self) -> dict[str, list[tuple[int, int, float]]]:
        """The examples for a category by all their words: place, column of the category, weight."""
        column = {code: place for place, code in enumerate(self.categories)}
        written: dict[str, list[tuple[int, int, float]]] = {}
        rows = zip(self.examples["full"], self.examples["code"], self.examples["weight"], strict=True)
        for place, (text, code, weight) in enumerate(rows):
            if code in column:
                written.setdefault(text, []).append((place, column[code], float(weight)))
        return written

    def _counts(self, bare: "Series[str]") -> tuple[list[Matrix], NDArray[np.bool_]]:
        pieces = DataFrame([parts(text) for text in bare.to_numpy(object)], columns=list(PARTS), dtype=object)
        has_parts = ((pieces["head"] != "") | (pieces["bracket"] != "")).to_numpy()
        return self.features.counts([pieces[name] for name in PARTS]), has_parts

    def _linear(self, seen: Matrix) -> Floats:
        """Logistic regressions, one a category, made to add up to 1."""
        likely = 1 / (1 + np.exp(-np.clip(seen @ self.weights + self.intercepts, -30, 30)))
        return _shares(likely + _NOTHING)

    def _alike(
        self,
        queries: Matrix,
        owner: Places,
        likely: Floats,
        is_used: NDArray[np.bool_] | None,
        weight: Floats,
    ) -> tuple[Floats, Floats]:
        """Likeness to the examples of the likeliest categories, and the greatest cosine among them.

        Args:
            queries: Texts, and parts of them, as runs.
            owner: The text that each query is of.
            likely: Of the linear model.
            is_used: Which examples count.
            weight: Of each text's queries.
        """
        first = np.argpartition(-likely, min(CANDIDATES, likely.shape[1]) - 1, axis=1)[:, :CANDIDATES]
        is_candidate = np.zeros(likely.shape, dtype=bool)
        np.put_along_axis(is_candidate, first, True, axis=1)
        alike, nearest = np.zeros_like(likely), np.zeros_like(likely)
        for place, (rows, weights, transposed) in enumerate(self._blocks):
            chosen = np.flatnonzero(is_candidate[owner, place])
            if not len(chosen) or transposed is None:
                continue
            cosines = (queries[chosen] @ transposed).tocsr()
            if is_used is not None:
                cosines = cosines.multiply(is_used[rows].astype(np.float32)).tocsr()
            highest = _greatest(cosines, weights > 0)
            cosines.data **= POWER
            np.add.at(alike[:, place], owner[chosen], cosines @ weights)
            np.maximum.at(nearest[:, place], owner[chosen], highest)
        best = np.take_along_axis(nearest, likely.argmax(axis=1)[:, None], axis=1)
        return np.clip(alike * weight[:, None], 0, None), best.ravel()

    @cached_property
    def _blocks(self) -> list[tuple[Places, Floats, Matrix | None]]:
        """For each category its examples: places, weights (below 0 for what it excludes), vectors."""
        column = {code: place for place, code in enumerate(self.categories)}
        weight = self.examples["weight"].to_numpy(np.float32)
        own = self.examples["code"].map(column).fillna(-1).to_numpy(np.intp)
        other = self.examples["against"].map(column).fillna(-1).to_numpy(np.intp)
        blocks: list[tuple[Places, Floats, Matrix | None]] = []
        for place in range(len(self.categories)):
            for_it, against = np.flatnonzero(own == place), np.flatnonzero((other == place) & (own != place))
            rows = np.concatenate([for_it, against])
            signed = np.concatenate([weight[for_it], -weight[against]])
            blocks.append((rows, signed, self.vectors[rows].T.tocsr() if len(rows) else None))
        return blocks

    @cached_property
    def declined(self) -> frozenset[str]:
        """What the user decided to have no category, as plain words."""
        rows = self.examples
        is_none = (rows["code"] == "") & (rows["against"] == "")
        return frozenset(rows.loc[is_none, "full"]) - set(rows.loc[rows["code"] != "", "full"])

    @cached_property
    def tree(self) -> "Tree":
        """Where the categories stand."""
        return Tree.of(self.categories)


@dataclass(frozen=True)
class Reading:
    """What a model makes of texts.

    Attributes:
        words: The texts as plain words.
        likely: Texts by categories; rows add up to 1.
        nearest: Cosine of the nearest example of the likeliest category.
        is_exact: The very text is an example.
        compared: The texts as the runs that they are compared by.
    """

    words: list[str]
    likely: Floats
    nearest: Floats
    is_exact: NDArray[np.bool_]
    compared: Matrix


@dataclass(frozen=True)
class Tree:
    """The categories above those that a text may end in, level by level.

    Attributes:
        codes: At each level, the codes.
        within: At each level, which category (columns) each end (rows) is or lies in.
        parents: At each level, the place of the parent in the level above.
    """

    codes: tuple[NDArray[np.object_], ...]
    within: tuple[Floats, ...]
    parents: tuple[Places, ...]

    @classmethod
    def of(cls, categories: tuple[str, ...]) -> "Tree":
        """The tree of some ends."""
        iccs = Classification.load("iccs")
        lines = {code: (*reversed(iccs.ancestors(code)), code) for code in categories}
        codes, within, parents = [], [], []
        for level in LEVELS:
            here = sorted({line[level - 1] for line in lines.values() if len(line) >= level})
            codes.append(np.array(here, dtype=object))
            matrix = np.zeros((len(categories), len(here)), dtype=np.float32)
            for row, code in enumerate(categories):
                if len(lines[code]) >= level:
                    matrix[row, here.index(lines[code][level - 1])] = 1
            within.append(matrix)
            above = list(codes[level - 2]) if level > 1 else []
            parents.append(
                np.array([above.index(iccs[code].parent) if above else 0 for code in here], dtype=np.intp)
            )
        return cls(tuple(codes), tuple(within), tuple(parents))

    def best(self, likely: Floats) -> tuple[list[Places], list[Floats]]:
        """The likeliest category at each level, each within the one above.

        Returns:
            Places in `codes` (-1 where the way ends above), and their likelihoods.
        """
        places: list[Places] = []
        found: list[Floats] = []
        for level, (matrix, parents) in enumerate(zip(self.within, self.parents, strict=True)):
            sums = likely @ matrix
            if level:
                sums = np.where(parents[None, :] == places[-1][:, None], sums, -1)
            place = sums.argmax(axis=1)
            value = np.take_along_axis(sums, place[:, None], axis=1).ravel()
            places.append(np.where(value < 0, -1, place))
            found.append(np.where(value < 0, 0, value).astype(np.float32))
        return places, found


def _shares(scores: Floats) -> Floats:
    shares: Floats = scores / scores.sum(axis=1, keepdims=True)
    return shares


def _greatest(cosines: Matrix, is_for: NDArray[np.bool_]) -> Floats:
    """The greatest of each row among the examples for a category; 0 where a row is empty."""
    values = np.where(is_for[cosines.indices], cosines.data, 0)
    greatest = np.zeros(cosines.shape[0], dtype=np.float32)
    filled = np.flatnonzero(np.diff(cosines.indptr))
    if len(filled):
        greatest[filled] = np.maximum.reduceat(values, cosines.indptr[filled])
    return greatest
