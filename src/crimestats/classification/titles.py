"""Titles of a correspondence table: against the categories they go to, and against each other."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, Series

from crimestats.classification.rows import spans
from crimestats.classification.tree import Classification

STEM = 5
"""Letters of a stem: enough to tell words apart, few enough to meet them within compounds."""

RUNS = {1: 2.0, -1: 2.0, 2: 3.0, -2: 3.0, 3: 3.5, -3: 3.5}
"""By how many rows codes may be shifted against their titles, and how much better, summed, the titles of a
run must fit there than where they stand: a title that fits wholly there and not at all here counts 1. In the
shipped tables as they are, no run reaches more than three quarters of these sums."""

DRIFT = 0.02
"""What a row of a run costs: rows that say nothing do not make it longer."""

SINGLE, NOTHING = 0.6, 0.05
"""How well a single title must fit a category beside it, and how little its own at most."""

ALIKE = 0.9
"""From which similarity two titles are near-duplicates (Dice, of stems of three letters)."""

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Found = tuple[str, int, str, str, str]

_WORD = re.compile(r"\w+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_OF_IT = "exclusion|see-also"
_NUMBERED = r"\w*\d\w*"


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The words in which categories are spoken of: titles and phrases, all languages together.

    Attributes:
        codes: Of the categories.
        stems: Of the words.
        has: Whether a category, one above it (sections aside) or one below it
            has a stem: codes by stems, the last row of no category.
        weights: What a stem tells: more, the fewer divisions have it; the last of an unknown one.
    """

    codes: "Index[str]"
    stems: "Index[str]"
    has: NDArray[np.bool_]
    weights: Numbers


def shifted(table: DataFrame, iccs: Classification) -> Iterator[Found]:
    """Rows whose title fits the category of a row above or below, and not their own.

    Runs of such rows are one finding: there the codes were moved against the titles.

    Args:
        table: With its types, in the order of the file.
        iccs: Where the column iccs points to.
    """
    fits = _Fits(table, _vocabulary(iccs))
    codes, titles = table["iccs"].tolist(), table["title"].tolist()
    is_told = np.zeros(len(table), dtype=bool)
    for offset, first, last in _runs(fits):
        if not is_told[first : last + 1].any():
            is_told[first : last + 1] = True
            place = f"{abs(offset)} row{'s' if abs(offset) > 1 else ''} {'below' if offset > 0 else 'above'}"
            fault = (
                f"{codes[first]!r}, and those of {last - first} rows after it, fit less than those {place}."
            )
            yield "shifted", first, "iccs", fault, "Look whether a cell was lost or put in here."
    for row, offset in _singles(fits):
        if not is_told[row]:
            is_told[row] = True
            fault = (
                f"{codes[row]!r} shares nothing with {titles[row]!r}, and {codes[row + offset]} beside does."
            )
            yield "shifted", row, "iccs", fault, "Look whether the two were exchanged."


def alike(table: DataFrame) -> Iterator[Found]:
    """Titles that are nearly the same under categories of which neither lies in the other.

    Of a title that is the same, any other category is told. Rows that are not valid at once do not count.

    Args:
        table: With its types.
    """
    keys = ["code", "title", "valid_from", "valid_to"]
    codes = table.groupby(keys, sort=False, dropna=False)["iccs"].agg(lambda each: " ".join(sorted({*each})))
    lines = codes.reset_index()
    lines = lines.join(spans(lines)).assign(row=np.flatnonzero(~table.duplicated(keys)))
    first, second, _ = near_duplicates(lines["title"])
    one, other = (lines.take(each).reset_index(drop=True) for each in (first, second))
    pairs = one.join(other.add_suffix("_other"))
    for pair in pairs[_is_told(pairs)].drop_duplicates("row_other").to_dict("records"):
        here, there = pair["iccs_other"] or "no category", pair["iccs"] or "no category"
        fault = f"{pair['title_other']!r} goes to {here}, and {pair['title']!r} ({pair['code']}) to {there}."
        yield (
            "alike",
            int(pair["row_other"]),
            "title",
            fault,
            "Decide both alike, or leave them if they differ.",
        )


def near_duplicates(titles: "Series[str]", least: float = ALIKE) -> tuple[Integers, Integers, Numbers]:
    """Pairs of titles whose similarity is so high or higher.

    Only titles that share one of their rarest stems are compared (Chaudhuri,
    Ganti and Kaushik 2006), so that nothing is missed and little is compared.

    Returns:
        Places of the first and of the second, and their similarity (Dice).
    """
    found = stems(titles, 3)
    number, names = pd.factorize(found["stem"])
    frequency = np.bincount(number, minlength=len(names))
    ranks = np.argsort(np.argsort(frequency, kind="stable"), kind="stable")[number]  # rare stems first
    keys = np.sort(found["row"].to_numpy(np.int64) * len(names) + ranks)
    row, rank = keys // max(len(names), 1), keys % max(len(names), 1)
    size = np.bincount(row, minlength=len(titles))
    starts = np.cumsum(size) - size
    needed = least / (2 - least)  # the share of common stems among all of both
    is_first = np.arange(len(row)) - starts[row] < size[row] - np.ceil(needed * size[row] - 1e-9) + 1
    rare = DataFrame({"row": row[is_first], "stem": rank[is_first]})
    pairs = rare.merge(rare, on="stem", suffixes=("", "_other"))
    pairs = pairs.loc[pairs["row"] < pairs["row_other"], ["row", "row_other"]].drop_duplicates()
    first, second = pairs["row"].to_numpy(np.int64), pairs["row_other"].to_numpy(np.int64)
    may = np.minimum(size[first], size[second]) >= needed * np.maximum(size[first], size[second]) - 1e-9
    first, second = first[may], second[may]
    shared = _shared(first, second, keys, size, starts, len(names))
    similarity = 2 * shared / (size[first] + size[second])
    is_near = similarity >= least
    return first[is_near], second[is_near], similarity[is_near]


def _shared(
    first: Integers, second: Integers, keys: Integers, size: Integers, starts: Integers, n_stems: int
) -> Numbers:
    """How many stems the titles of each pair share."""
    pair = np.repeat(np.arange(len(first)), size[first])
    place = np.arange(len(pair)) - np.repeat(np.cumsum(size[first]) - size[first], size[first])
    stem = keys[starts[first][pair] + place] % max(n_stems, 1)
    wanted = second[pair] * n_stems + stem
    found = np.searchsorted(keys, wanted)
    is_shared = keys[np.minimum(found, len(keys) - 1)] == wanted
    return np.bincount(pair, is_shared, len(first)).astype(np.float64)


def stems(texts: "Series[str]", length: int) -> DataFrame:
    """The stems of texts: all runs of so many letters within a word; short words as they are.

    Case and accents aside; of Chinese, two characters.

    Returns:
        `row` (place of the text) and `stem`, each pair once.

    >>> stems(Series(["Vol à main"]), 3)["stem"].tolist()
    ['vol', 'a', 'mai', 'ain']
    """
    places, different = pd.factorize(texts.to_numpy(object))
    found = [dict.fromkeys(_stems_of(text, length)) for text in different]
    listed = DataFrame({
        "text": np.repeat(np.arange(len(found)), [len(each) for each in found]),
        "stem": Series([stem for each in found for stem in each], dtype="str"),
    })  # fmt: skip
    rows = DataFrame({"row": np.arange(len(places)), "text": places})
    return rows.merge(listed, on="text")[["row", "stem"]]


def _stems_of(text: str, length: int) -> Iterator[str]:
    folded = unicodedata.normalize("NFKD", text.casefold())
    for word in _WORD.findall("".join(each for each in folded if not unicodedata.combining(each))):
        size = 2 if _HAN.search(word) else length
        yield from (word[place : place + size] for place in range(max(1, len(word) - size + 1)))


class _Fits:
    """How well each title fits the category some rows away: 0 not at all to 1, null where there is none."""

    def __init__(self, table: DataFrame, vocabulary: Vocabulary) -> None:
        titles = table["title"].str.replace(_NUMBERED, " ", regex=True)
        found = stems(titles, STEM)
        self._vocabulary, self._row = vocabulary, found["row"].to_numpy(np.int64)
        self._stem = vocabulary.stems.get_indexer(Index(found["stem"]))
        self._weight = vocabulary.weights[self._stem]
        self._total = np.bincount(self._row, self._weight, len(table))
        self._place = vocabulary.codes.get_indexer(Index(table["iccs"]))
        self._code = table["code"].to_numpy(object)

    def at(self, offset: int) -> Numbers:
        """Of the category so many rows below; null where it is the same, or of the same code."""
        size = len(self._place)
        row = np.arange(size)
        other = row + offset
        is_there = (other >= 0) & (other < size)
        other = np.where(is_there, other, row)
        place = np.where(is_there, self._place[other], -1)
        is_met = (self._stem >= 0) & self._vocabulary.has[place[self._row], self._stem]
        met = np.bincount(self._row, self._weight * is_met, size)
        is_told = (place >= 0) & (self._total > 0)
        if offset:
            is_told &= (place != self._place) & (self._code[other] != self._code) & (self._place >= 0)
        return np.where(is_told, met / np.maximum(self._total, 1e-9), np.nan)


def _runs(fits: _Fits) -> list[tuple[int, int, int]]:
    """Rows that fit better elsewhere, the clearest run first: offset, first and last row."""
    found = []
    here = fits.at(0)
    for offset, least in RUNS.items():
        better = fits.at(offset) - here
        gain = np.where(np.isnan(better), 0.0, better - DRIFT)
        while len(gain):
            total, first, last = _best_run(gain)
            if total < least or first == last:
                break
            found.append((total, offset, first, last))
            gain[first : last + 1] = -1.0
    return [(offset, first, last) for _, offset, first, last in sorted(found, reverse=True)]


def _best_run(gain: Numbers) -> tuple[float, int, int]:
    """The rows in a row of the greatest sum, and the sum."""
    sums = np.concatenate([[0.0], np.cumsum(gain)])
    lowest = np.minimum.accumulate(sums[:-1])
    last = int((sums[1:] - lowest).argmax())
    first = last - int(sums[last::-1].argmin())  # the last of equal ones: rows that say nothing stay outside
    return float(sums[last + 1] - sums[first]), first, last


def _singles(fits: _Fits) -> list[tuple[int, int]]:
    """Rows that fit a category beside them and not their own: row and offset."""
    own = fits.at(0)
    return [
        (int(row), offset)
        for offset in (1, -1)
        for row in np.flatnonzero((own <= NOTHING) & (fits.at(offset) >= SINGLE))
    ]


def _is_told(pairs: DataFrame) -> "Series[bool]":
    """Pairs of different codes, valid at once, that go to different categories."""
    at_once = (pairs["first"] <= pairs["last_other"]) & (pairs["first_other"] <= pairs["last"])
    differ = (pairs["code"] != pairs["code_other"]) & (pairs["iccs"] != pairs["iccs_other"])
    is_same = pairs["title"].str.casefold() == pairs["title_other"].str.casefold()
    is_within = Series(
        [
            min(one, other, key=len) == max(one, other, key=len)[: min(len(one), len(other))]
            for one, other in zip(pairs["iccs"], pairs["iccs_other"], strict=True)
        ],
        index=pairs.index, dtype=bool,
    )  # fmt: skip
    return at_once & differ & (is_same | ~is_within)


@cache
def _vocabulary(iccs: Classification) -> Vocabulary:
    spoken = _spoken(iccs)
    found = stems(spoken["text"], STEM)
    found = found.assign(code=spoken["code"].to_numpy(object)[found["row"]])[
        ["code", "stem"]
    ].drop_duplicates()
    joined = _kin(iccs).merge(found, on="code")
    codes, known = Index(iccs.codes), Index(joined["stem"].unique())
    has = np.zeros((len(codes) + 1, len(known)), dtype=bool)
    has[codes.get_indexer(Index(joined["of"])), known.get_indexer(Index(joined["stem"]))] = True
    division = {code: (code, *iccs.ancestors(code))[-2:][0] for code in iccs.codes}
    spread = found.assign(division=found["code"].map(division)).groupby("stem")["division"].nunique()
    n_divisions = len(set(division.values()))
    weights = np.log((1 + n_divisions) / spread.reindex(known).to_numpy(dtype=np.float64))
    return Vocabulary(codes, known, has, np.append(weights, np.log(1 + n_divisions)))


def _kin(iccs: Classification) -> DataFrame:
    """Each category (of) with itself, those above it but sections, and those below it (code)."""
    kin = [
        (code, other)
        for code in iccs.codes
        for other in (code, *(up for up in iccs.ancestors(code) if iccs.parent(up)), *iccs.descendants(code))
    ]
    return DataFrame(kin, columns=["of", "code"])


def _spoken(iccs: Classification) -> DataFrame:
    """What stands for categories: code and text, of all languages."""
    data, index = iccs.data, iccs.index
    index = index[~index["kind"].str.contains(_NOT_OF_IT)]
    titles = [data[["code", str(name)]] for name in data if str(name).startswith("title")]
    terms = [*titles, index[["code", "term"]], iccs.phrases[["code", "phrase"]]]
    spoken = pd.concat([each.set_axis(["code", "text"], axis="columns") for each in terms])
    return spoken[spoken["code"].isin(iccs.codes)].reset_index(drop=True)
