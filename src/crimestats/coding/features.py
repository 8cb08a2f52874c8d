"""Texts as numbers: words, pairs of words, and runs of characters within words (TF-IDF)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import Index, Series
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

Matrix = Any
"""A sparse matrix of scipy, which has no types."""

Places = NDArray[np.intp]

RUNS = (3, 5)
"""Lengths of the runs of characters, a blank before and after the word included."""

COMPARED = 4
"""Length of the runs by which texts are compared with examples."""

LEAST_RARITY = 1 + float(np.log(1 / 0.03))
"""Runs that stand in more than 3 in 100 texts are not compared: they cost much and say little."""

MOST_RUNS, MOST_WORDS, LEAST = 40_000, 20_000, 2
"""How many features are kept, most frequent first, and in how many texts one must stand."""


@dataclass(frozen=True)
class Features:
    """The features of a model: what they are and how rare.

    Attributes:
        words: Words and pairs of words (with a blank between).
        runs: Runs of characters.
        rarity: Inverse document frequency of the runs and then the words,
            `ln((1 + n) / (1 + n_with)) + 1` (as in scikit-learn).
    """

    words: tuple[str, ...]
    runs: tuple[str, ...]
    rarity: NDArray[np.float32]

    @classmethod
    def of(cls, texts: "Series[str]") -> "Features":
        """The features worth having of plain texts."""
        tokens = Tokens.of(texts)
        keys = np.unique(tokens.pairs[tokens.pairs >= 0])
        single = _matrix(tokens.row, tokens.word, len(texts), len(tokens.names))
        double = _matrix(tokens.row[:-1], _place(keys, tokens.pairs), len(texts), len(keys))
        first, second = np.divmod(keys, len(tokens.names))
        pairs = tokens.names[first] + " " + tokens.names[second]
        spread = np.concatenate([_spread(single), _spread(double)])
        chosen = _most(spread, MOST_WORDS)
        within = CountVectorizer(analyzer="char_wb", ngram_range=RUNS, lowercase=False, dtype=np.float32)
        run_spread = _spread((single @ within.fit_transform(tokens.names)).tocsr())
        runs = _most(run_spread, MOST_RUNS)
        found = np.concatenate([run_spread[runs], spread[chosen]])
        rarity = (np.log((1 + len(texts)) / (1 + found)) + 1).astype(np.float32)
        named = np.concatenate([tokens.names, pairs])[chosen]
        return cls(tuple(named), tuple(within.get_feature_names_out()[runs]), rarity)

    def counts(self, parts: list["Series[str]"]) -> list[Matrix]:
        """How often each feature stands in each part of texts: runs, then words; one matrix a part.

        Runs are counted once a word, however many texts it stands in.
        """
        tokens = Tokens.of(pd.concat(parts))
        n = sum(len(part) for part in parts)
        single = _matrix(tokens.row, tokens.word, n, len(tokens.names))
        known = self._known.get_indexer(Index(tokens.names, dtype="str"))
        runs = single @ self._runs_of(tokens.names, known)
        first, second = known[tokens.word[:-1]], known[tokens.word[1:]]
        is_pair = (first >= 0) & (second >= 0) & (tokens.pairs >= 0)
        keys = np.where(is_pair, first.astype(np.int64) * len(self._known) + second, -1)
        column = np.concatenate([self._column[known[tokens.word]], self._pair_column(keys)])
        words = _matrix(np.concatenate([tokens.row, tokens.row[:-1]]), column, n, len(self.words))
        both = sparse.hstack([sparse.csr_matrix(runs, shape=(n, len(self.runs))), words], format="csr")
        ends = np.cumsum([len(part) for part in parts])
        return [both[end - len(part) : end] for part, end in zip(parts, ends, strict=True)]

    def weigh(self, counts: Matrix) -> tuple[Matrix, Matrix]:
        """Counts as TF-IDF with damped counts: all features, and the runs that texts are compared by.

        Runs and words have length 1 each in the first, the runs in the second.
        """
        damped = counts.copy()
        damped.data = (1 + np.log(damped.data)) * self.rarity[damped.indices]
        runs, words = damped[:, : len(self.runs)], damped[:, len(self.runs) :]
        both = sparse.hstack([normalize(runs), normalize(words)], format="csr", dtype=np.float32)
        return both, normalize(runs[:, self._compared]).astype(np.float32)

    @cached_property
    def _compared(self) -> Places:
        is_long = np.array([len(run) == COMPARED for run in self.runs])
        return np.flatnonzero(is_long & (self.rarity[: len(self.runs)] > LEAST_RARITY))

    @cached_property
    def _known(self) -> "Index[str]":
        """All words of the features, those of pairs too."""
        return Index(sorted({word for feature in self.words for word in feature.split(" ")}))

    @cached_property
    def _column(self) -> Places:
        """For each known word the column of its feature, -1 where it has none; last one for unknown words."""
        column = np.full(len(self._known) + 1, -1, dtype=np.intp)
        single = [(place, word) for place, word in enumerate(self.words) if " " not in word]
        column[self._known.get_indexer(Index([word for _, word in single]))] = [place for place, _ in single]
        return column

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.int64], Places]:
        """Keys of the pairs among the features, sorted, and their columns."""
        places = np.array([place for place, word in enumerate(self.words) if " " in word], dtype=np.intp)
        first, second = (
            self._known.get_indexer(Index([self.words[place].split(" ")[side] for place in places]))
            for side in (0, 1)
        )
        keys = first.astype(np.int64) * len(self._known) + second
        order = np.argsort(keys)
        return keys[order], places[order]

    def _runs_of(self, names: NDArray[np.object_], known: Places) -> Matrix:
        """The runs of words; those of known words are kept."""
        new = np.flatnonzero(known < 0)
        order = np.where(known >= 0, known, 0)
        order[new] = len(self._known) + np.arange(len(new))
        return sparse.vstack([self._runs_of_known, self._within.transform(names[new])], format="csr")[order]

    @cached_property
    def _runs_of_known(self) -> Matrix:
        return self._within.transform(self._known)

    def _pair_column(self, keys: NDArray[np.int64]) -> Places:
        known, column = self._pairs
        place = _place(known, keys)
        return np.where(place >= 0, column[place], -1)

    @cached_property
    def _within(self) -> CountVectorizer:
        return CountVectorizer(
            analyzer="char_wb", ngram_range=RUNS, lowercase=False, dtype=np.float32,
            vocabulary={run: place for place, run in enumerate(self.runs)},
        )  # fmt: skip


@dataclass(frozen=True)
class Tokens:
    """The words of texts, one after another.

    Attributes:
        names: The different words.
        word: For each word of the texts, its place in `names`.
        row: The text that it stands in.
        pairs: For each word but the last, it and the next as one number; -1 at the end of a text.
    """

    names: NDArray[np.object_]
    word: Places
    row: Places
    pairs: NDArray[np.int64]

    @classmethod
    def of(cls, texts: "Series[str]") -> "Tokens":
        """Take plain texts apart at their blanks."""
        lists = [text.split() for text in texts.to_numpy(object)]
        row = np.repeat(np.arange(len(lists)), [len(words) for words in lists])
        word, names = pd.factorize(np.array([each for words in lists for each in words], dtype=object))
        pairs = np.where(row[1:] == row[:-1], word[:-1].astype(np.int64) * len(names) + word[1:], -1)
        return cls(names, word, row, pairs)


def _matrix(row: Places, column: Places, n_rows: int, n_columns: int) -> Matrix:
    """How often each column stands in each row; columns below 0 are left out."""
    kept = column >= 0
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    return sparse.csr_matrix((ones, (row[kept], column[kept])), shape=(n_rows, n_columns))


def _place(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> Places:
    """Places of numbers among sorted ones; -1 where they are not."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.intp)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def _spread(counts: Matrix) -> Places:
    """In how many texts each column stands."""
    return np.bincount(counts.indices, minlength=counts.shape[1])


def _most(spread: Places, most: int) -> Places:
    """Places of the features that stand in most texts, in order of place."""
    order = np.argsort(-spread, kind="stable")[:most]
    return np.sort(order[spread[order] >= LEAST])
