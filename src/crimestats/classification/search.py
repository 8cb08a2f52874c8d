"""Finding categories by what people call them."""

import difflib
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.classification.index import NONE
from crimestats.classification.spelling import spellings
from crimestats.classification.words import LONGEST, words
from crimestats.errors import CallError

FOUND = ("code", "level", "title", "score", "matched", "kind", "language")
"""What a search returns; kind is title, inclusion, exclusion, index, phrase or code."""

WEIGHTS = {"title": 1.0, "inclusion": 0.97, "index": 0.97, "phrase": 0.95, "exclusion": 0.85}
"""What a match is worth: of equal ones, the document's words come before those of the project, and an
exclusion, which another category prints for this one, comes last."""

WORDS_READ = 20
"""Different words of the text that are looked up; a longer one is no search."""

LEAST = 0.15
"""Scores below it are chance."""

_CODE = re.compile(r"(?:iccs)?[\s_-]*(\S*\d\S*)", re.IGNORECASE)
_POINT_ZERO = re.compile(r"(?<=\d)\.0+$")
_LEADING = 4
_CANDIDATES = 60
_LONGEST_CODE = 40
_SHORTEST = 3
"""Letters of a beginning; in other scripts a single character may be a word."""

Integers = NDArray[np.int64]
Numbers = NDArray[np.floating[Any]]


class Finder:
    """The search over a classification, built once.

    A text is compared with every title, term and phrase: the words that both
    have, weighted by how rare they are, over all words of both (Dice). A word
    counts less the less of it agrees: other forms of a word share its
    beginning, long words (5 letters) are met within compounds, and misspelt
    ones by the letters that they share in groups of three, ranked by
    `difflib` (at least 0.75).

    Args:
        table: The categories (`Classification.data`).
        index: Terms of the document (`Classification.index`).
        phrases: Phrases in use (`Classification.phrases`).
    """

    def __init__(self, table: DataFrame, index: DataFrame, phrases: DataFrame) -> None:
        self._table = table.set_index("code")
        self._entries = entries(table, index, phrases)
        self._weights: Numbers = self._entries["kind"].map(WEIGHTS).to_numpy(dtype=np.float64)
        self._languages = sorted(set(self._entries["language"]))
        written = self._entries["term"].map(words)
        pairs = written.explode().dropna().reset_index().drop_duplicates()
        places, names = pd.factorize(pairs["term"], sort=True)
        order = np.argsort(places, kind="stable")
        self._names: list[str] = [str(name) for name in names]
        self._having: Integers = pairs["index"].to_numpy(dtype=np.int64)[order]
        self._starts: Integers = np.searchsorted(places[order], np.arange(len(names) + 1))
        self._rarity: Numbers = np.log1p(len(self._entries) / np.maximum(np.diff(self._starts), 1))
        self._unknown = float(np.log1p(len(self._entries)))
        sizes = np.zeros(len(self._entries))
        np.add.at(sizes, pairs["index"].to_numpy(dtype=np.int64), self._rarity[places])
        self._sizes: Numbers = sizes

    def __call__(self, text: str, language: str | None, limit: int) -> DataFrame:
        """Categories that fit a text, best first (`FOUND`)."""
        self._refuse(language, limit)
        found = pd.concat([self._by_code(text), self._by_words(text, language)], ignore_index=True)
        found = found.assign(level=found["code"].map(self._table["level"]).astype("int64"))
        order = ["score", "level", "code"]
        found = found.sort_values(order, ascending=[False, True, True], kind="stable").drop_duplicates("code")
        titles = self._titles(language).reindex(found["code"]).to_numpy(dtype=object)
        found = found.assign(title=Series(titles, found.index, dtype="str"), score=found["score"].round(3))
        return found[list(FOUND)].head(limit).reset_index(drop=True)

    def _refuse(self, language: str | None, limit: int) -> None:
        if language is not None and language not in self._languages:
            remedy = f"Give one of {', '.join(self._languages)}."
            raise CallError("language", f"{language!r} has no terms here.", remedy)
        if limit < 1:
            raise CallError("limit", f"{limit} is no number of categories.", "Give 1 or more.")

    def _titles(self, language: str | None) -> "Series[str]":
        titles = self._table["title"]
        own = f"title_{language}"
        return titles if own not in self._table else self._table[own].where(self._table[own] != "", titles)

    def _by_code(self, text: str) -> DataFrame:
        written = unicodedata.normalize("NFKC", text[:LONGEST]).strip()
        match = _CODE.fullmatch(written) if len(written) <= _LONGEST_CODE else None
        part = "" if match is None else _POINT_ZERO.sub("", match[1].casefold())
        rows = [
            (code, len(part) / len(form) * (1.0 if form.startswith(part) else 0.5), form, "code", "")
            for form, codes in (self._codes.items() if part else ())
            if part in form
            for code in codes
        ]
        return DataFrame(rows, columns=["code", "score", "matched", "kind", "language"]).astype(
            dict.fromkeys(("code", "matched", "kind", "language"), "str") | {"score": "float64"}
        )

    @cached_property
    def _codes(self) -> dict[str, tuple[str, ...]]:
        alternatives = self._table["alternatives"].str.split()
        forms = spellings(zip(self._table.index, alternatives, strict=True))
        return {form.casefold(): codes for form, codes in forms.items()}

    def _by_words(self, text: str, language: str | None) -> DataFrame:
        scores = self._scores(list(dict.fromkeys(words(text)))[:WORDS_READ])
        is_found = scores >= LEAST
        if language is not None:
            is_found &= (self._entries["language"] == language).to_numpy()
        chosen = self._entries[is_found].rename(columns={"term": "matched"}).assign(score=scores[is_found])
        best = chosen.sort_values("score", ascending=False, kind="stable").drop_duplicates("code")
        return best[["code", "score", "matched", "kind", "language"]]

    def _scores(self, asked: list[str]) -> Numbers:
        """How much each entry shares with words; a shared word counts the mean rarity of its two forms."""
        shared = np.zeros(len(self._entries))
        size = 0.0
        for word in asked:
            places, fits = self._matches(word)
            rarity = float(self._rarity[places[fits.argmax()]]) if len(places) else self._unknown
            size += rarity
            best = np.zeros(len(self._entries))
            for place, worth in zip(places, fits * (rarity + self._rarity[places]), strict=True):
                having = self._having[self._starts[place] : self._starts[place + 1]]
                best[having] = np.maximum(best[having], worth)
            shared += best
        scores: Numbers = np.minimum(shared / np.maximum(size + self._sizes, 1e-9), 1.0)
        return scores * self._weights

    def _matches(self, word: str) -> tuple[Integers, Numbers]:
        """Known words that may be meant (their places), and how well each fits (0 to 1)."""
        fits: dict[int, float] = dict(self._forms(word))
        is_known = any(fit == 1.0 for fit in fits.values())
        for place, fit in (*self._compounds(word), *(() if is_known else self._misspelt(word))):
            fits[place] = max(fit, fits.get(place, 0.0))
        return np.array(list(fits), dtype=np.int64), np.array(list(fits.values()))

    def _forms(self, word: str) -> Iterator[tuple[int, float]]:
        """Words that the word begins, or that share 4 letters and 60 per cent with it from the first."""
        stem = word[:_LEADING]
        shortest = _SHORTEST if word.isascii() else 1
        for place in range(bisect_left(self._names, stem), len(self._names)):
            other = self._names[place]
            if not other.startswith(stem):
                return
            shared = _shared(word, other)
            share = shared / max(len(word), len(other))
            if other == word:
                yield place, 1.0
            elif shared == len(word) >= shortest or (shared >= _LEADING and share >= 0.6):
                yield place, 0.5 + 0.4 * share

    def _compounds(self, word: str) -> Iterator[tuple[int, float]]:
        if len(word) > _LEADING:
            places, shares = self._sharing(word)
            for place in places[shares == len(_threes(word))]:
                if word in self._names[place]:
                    yield int(place), 0.3 + 0.4 * len(word) / len(self._names[place])

    def _misspelt(self, word: str) -> Iterator[tuple[int, float]]:
        if len(word) < _LEADING:
            return
        marked = f"^{word}$"
        places, counts = self._sharing(marked)
        lengths = self._lengths[places]
        near = 2 * counts / (len(_threes(marked)) + lengths)
        for place in places[np.argsort(-near, kind="stable")[:_CANDIDATES]]:
            alike = difflib.SequenceMatcher(None, word, self._names[place], autojunk=False).ratio()
            if alike >= 0.75:
                yield int(place), 0.9 * alike

    def _sharing(self, letters: str) -> tuple[Integers, Integers]:
        """Known words with some of the same groups of three letters, and how many they share."""
        met = [self._threes[three] for three in _threes(letters) if three in self._threes]
        if not met:
            return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
        places, counts = np.unique(np.concatenate(met), return_counts=True)
        return places, counts

    @cached_property
    def _threes(self) -> dict[str, Integers]:
        having: defaultdict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._names):
            for three in _threes(f"^{name}$"):
                having[three].append(place)
        return {three: np.array(places, dtype=np.int64) for three, places in having.items()}

    @cached_property
    def _lengths(self) -> Integers:
        return np.array([len(_threes(f"^{name}$")) for name in self._names], dtype=np.int64)


def entries(table: DataFrame, index: DataFrame, phrases: DataFrame) -> DataFrame:
    """Everything that is searched: code, term, kind, language.

    A term that a category excludes stands for the categories that it points
    to; one that points nowhere is left out.
    """
    languages = {"title": "en"} | {name: name[6:] for name in map(str, table) if name.startswith("title_")}
    titles = [
        DataFrame({"code": table["code"], "term": table[column], "kind": "title", "language": language})
        for column, language in languages.items()
    ]
    columns = ["code", "term", "kind", "language"]
    printed = index[index["kind"].isin(["inclusion", "index"]) & (index["term"] != NONE)][columns]
    excluded = index[(index["kind"] == "exclusion") & (index["target"] != "")]
    excluded = excluded.assign(code=excluded["target"].str.split()).explode("code")[columns]
    used = phrases.rename(columns={"phrase": "term"}).assign(kind="phrase")[columns]
    found = pd.concat([*titles, printed, excluded, used], ignore_index=True)
    return found[found["term"] != ""].astype("str").reset_index(drop=True).rename_axis("index")


def _shared(word: str, other: str) -> int:
    """How many letters two words have in common from the first."""
    for place, (mine, theirs) in enumerate(zip(word, other, strict=False)):
        if mine != theirs:
            return place
    return min(len(word), len(other))


def _threes(letters: str) -> set[str]:
    return {letters[start : start + 3] for start in range(len(letters) - 2)}
