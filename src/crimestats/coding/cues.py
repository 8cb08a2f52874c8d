"""Words that say how an act was done and not which, and texts that are no single act.

Attempt, conspiracy, threat, aid, incitement, computer, group and weapon become
ICCS variables (At, CP, Th, AA, In, Cy, SiC, We; ICCS 1.0, Table II) and not
codes. A sum such as "all offences" has no code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pandas import DataFrame, Series

from crimestats.classification.table import Fault, stop_at_fault
from crimestats.classification.words import fold
from crimestats.files import read_csv, shipped

_LETTER = re.compile(r"[^\W\d_]")
COLUMNS = ("language", "kind", "pattern", "hint", "tags")
KINDS = ("tag", "aggregate")
LONGEST = 12
"""Words of a text that may be an aggregate; no heading of a sum is longer."""


class Cue(NamedTuple):
    """Words that say how.

    Attributes:
        hints: One of these texts stands in whatever the pattern matches.
        pattern: What it is.
        tags: ICCS variables, blanks between.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    tags: str


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of all languages, compiled.

    Attributes:
        tags: By language, a pattern that a text with a cue contains for sure,
            and the cues: pattern and tags.
        aggregate: What a text is that is no single offence.
    """

    tags: dict[str, tuple[str, tuple["Cue", ...]]]
    aggregate: re.Pattern[str]

    @classmethod
    def load(cls) -> "Cues":
        """The shipped cues."""
        return _load(shipped("classification", "iccs", "1.0", "cues.csv"))

    def find(self, folded: "Series[str]", language: str | None = None) -> DataFrame:
        """The cues of folded texts.

        Args:
            folded: From `texts.folded`, each text once.
            language: Of the texts; None looks for the cues of all.

        Returns:
            tags (blanks between, in order), bare (the text without its cues)
            and is_aggregate (a sum, or nothing but cues), with the same index.
        """
        tags = np.full(len(folded), "", dtype=object)
        bare = folded.to_numpy(object).copy()
        for name in [language] if language in self.tags else list(self.tags):
            hint, cues = self.tags[name]
            for place in np.flatnonzero(folded.str.contains(hint, regex=True).to_numpy(bool)):
                bare[place], tags[place] = _taken_out(bare[place], tags[place], cues)
        is_bare = np.array([not _LETTER.search(text) for text in bare], dtype=bool) & (tags != "")
        is_sum = self._sums(folded) | is_bare
        return DataFrame({"tags": tags, "bare": bare, "is_aggregate": is_sum}, index=folded.index)

    def _sums(self, folded: "Series[str]") -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        is_short = folded.str.count(" ").to_numpy() < LONGEST
        found = np.zeros(len(folded), dtype=bool)
        chosen = np.flatnonzero(is_short)
        found[chosen] = [bool(self.aggregate.match(text)) for text in folded.to_numpy(object)[chosen]]
        return found & (folded != "").to_numpy()


def _taken_out(text: str, tags: str, cues: tuple[Cue, ...]) -> tuple[str, str]:
    """The text without its cues, and their tags."""
    bare, found = text, set(tags.split())
    for cue in cues:
        if any(hint in bare for hint in cue.hints):
            bare, count = cue.pattern.subn(_gap, bare)
            found |= set(cue.tags.split()) if count else set()
    return bare, " ".join(sorted(found))


def _gap(found: re.Match[str]) -> str:
    """What stands where a cue stood; a cue of no width takes nothing away and parts no word."""
    return " " if found.group() else ""


@cache
def _load(path: Path) -> Cues:
    table = read_csv(path, COLUMNS)
    stop_at_fault(path, table, (_kinds, _patterns))
    table = table.assign(pattern=table["pattern"].map(_spelled), hint=table["hint"].map(_spelled))
    tags = {}
    for language, rows in table[table["kind"] == "tag"].groupby("language", sort=False):
        hints = sorted({re.escape(hint) for hint in rows["hint"].str.split("|").explode()})
        triples = rows[["hint", "pattern", "tags"]].to_numpy(str).tolist()
        cues = tuple(
            Cue(tuple(hint.split("|")), re.compile(pattern), names) for hint, pattern, names in triples
        )
        tags[str(language)] = ("|".join(hints), cues)
    sums = table.loc[table["kind"] == "aggregate", "pattern"]
    return Cues(tags, re.compile("|".join(f"(?:{pattern})" for pattern in sums)))


def _spelled(pattern: str) -> str:
    """A pattern in the letters of folded texts, which have one for each Arabic alef and Cyrillic i."""
    return "".join(_letter(sign) if sign.isalpha() and not sign.isascii() else sign for sign in pattern)


def _letter(sign: str) -> str:
    """A folded letter; one that becomes two, `ß`, stays, since it may stand in a class of letters."""
    folded = fold(sign)
    return folded if len(folded) == 1 else sign


def _kinds(table: DataFrame) -> Iterator[Fault]:
    for row, kind in enumerate(table["kind"]):
        if kind not in KINDS:
            yield Fault(row, "kind", f"{kind!r} is no kind of cue.", f"Write one of {', '.join(KINDS)}.")


def _patterns(table: DataFrame) -> Iterator[Fault]:
    for row, pattern in enumerate(table["pattern"]):
        try:
            re.compile(pattern)
        except re.error as error:
            yield Fault(row, "pattern", f"is no regular expression ({error}).", "Correct it.")
