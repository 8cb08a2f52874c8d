"""What the coder learns from: coded national lists, the index of the ICCS, and decisions of people."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification import Classification, Correspondence, schemes
from crimestats.coding.cues import Cues
from crimestats.coding.decisions import read_decisions
from crimestats.coding.outcomes import examples as decided
from crimestats.coding.texts import folded, words
from crimestats.errors import CallError, FileError
from crimestats.files import read_csv

COLUMNS = ("text", "full", "words", "language", "code", "against", "source", "country", "place", "weight")
"""Of the examples: text as written, its plain words, the same without cues, language, ICCS code (empty:
decided that there is none), category that it is not (an exclusion), source (a scheme, `index` or
`phrases`), country, code in its list, weight."""

OWN_WEIGHT = 3.0
"""A decision of the user counts as much as three rows of other lists."""

INDEX, PHRASES = "index", "phrases"
_TAKEN = ("inclusion", "index", "exclusion")


class Left(NamedTuple):
    """What is left out of training: schemes, or all lists of a country."""

    schemes: frozenset[str]
    countries: frozenset[str]


def examples(leave_out: Iterable[str] = (), own: Iterable[Path | str] = ()) -> DataFrame:
    """All coded texts, each text and code once in a country.

    Args:
        leave_out: Schemes (by any of their names), countries (`US`; with them
            go the lists of their parts, `US-IL`), `index` (of the ICCS) or
            `phrases` (the project's own index) not to be learnt from.
        own: Correspondence tables of the user's own, or records of a review
            (`decisions.csv`).

    Returns:
        As `COLUMNS` says. Rows without a category, and those of a section
        only, teach nothing and are not there.

    Raises:
        CallError: No scheme or country has a name of `leave_out`.
        DefinitionError: A table has a fault; file, line and column are named.
    """
    left = _left(leave_out)
    tables = [_of_table(Correspondence.load(scheme), 1.0) for scheme in schemes()["scheme"]]
    kept = [table for table in tables if not _is_left(table, left)]
    mine = [_of_user(Path(path)) for path in own]
    words_of = {INDEX: _of_index, PHRASES: _of_phrases}
    terms = [read() for name, read in words_of.items() if name not in left.schemes]
    table = pd.concat([*mine, *kept, *terms], ignore_index=True)
    whole = folded(table["text"])
    bare = Cues.load().find(whole)["bare"]
    table = table.assign(full=whole.map(words), words=bare.map(words))[list(COLUMNS)]
    is_own = (table["weight"] == OWN_WEIGHT) & (table["code"] == "")  # decided: no category
    is_useful = (table["full"] != "") & ((table["code"].str.len() > 2) | (table["against"] != "") | is_own)
    return table[is_useful].drop_duplicates(
        ["full", "words", "code", "against", "country"], ignore_index=True
    )


def _left(names: Iterable[str]) -> Left:
    shipped = schemes()
    countries = set(shipped["country"]) | {country.split("-")[0] for country in shipped["country"]}
    out: set[str] = set()
    gone: set[str] = set()
    for name in names:
        if name in (INDEX, PHRASES):
            out.add(name)
            continue
        if name.upper() in countries:
            gone.add(name.upper())
            continue
        try:
            out.add(Correspondence.load(name).scheme)
        except FileError as error:
            fault = f"{name!r} is no scheme and no country."
            raise CallError("leave_out", fault, error.remedy) from error
    return Left(frozenset(out), frozenset(gone))


def _is_left(table: DataFrame, left: Left) -> bool:
    country, scheme = table["country"].iloc[0], table["source"].iloc[0]
    return scheme in left.schemes or bool({country, country.split("-")[0]} & left.countries)


def _of_table(table: Correspondence, weight: float) -> DataFrame:
    rows = table.data
    is_kept = ~rows["iccs"].isin(["", "_T"]) | ((rows["iccs"] == "") & (weight == OWN_WEIGHT))
    rows = rows[is_kept & ~rows["iccs"].str.contains("+", regex=False)]
    return DataFrame({
        "text": rows["title"], "language": table.language or "und", "code": rows["iccs"], "against": "",
        "source": table.scheme, "country": table.country or "INT", "place": rows["code"], "weight": weight,
    })  # fmt: skip


def _of_user(path: Path) -> DataFrame:
    """A table of the user's own, or the record of a review."""
    if "decision_id" not in read_csv(path).columns:
        return _of_table(Correspondence.from_csv(path), OWN_WEIGHT)
    rows = decided(read_decisions(path))
    return DataFrame({
        "text": rows["text"], "language": rows["language"], "code": rows["code"], "against": "",
        "source": path.stem, "country": "INT", "place": "", "weight": OWN_WEIGHT,
    })  # fmt: skip


def _of_index() -> DataFrame:
    """Titles, inclusions, index terms; an exclusion is an example of its target, and against its category."""
    iccs = Classification.load("iccs")
    rows = iccs.index[iccs.index["kind"].isin(_TAKEN)]
    is_exclusion = rows["kind"] == "exclusion"
    is_category = rows["target"].isin(iccs.codes) & (rows["target"].str.len() > 2)
    target = rows["target"].where(is_category, "")
    terms = DataFrame({
        "text": rows["term"], "language": rows["language"], "code": rows["code"].mask(is_exclusion, target),
        "against": rows["code"].where(is_exclusion, ""),
    })  # fmt: skip
    titles = [
        DataFrame({"text": iccs.data[column], "language": language, "code": iccs.data["code"], "against": ""})
        for column, language in (("title", "en"), ("title_es", "es"))
    ]
    return pd.concat([*titles, terms]).assign(source=INDEX, country="INT", place="", weight=1.0)


def _of_phrases() -> DataFrame:
    rows = Classification.load("iccs").phrases
    return DataFrame({
        "text": rows["phrase"], "language": rows["language"], "code": rows["code"], "against": "",
        "source": PHRASES, "country": "INT", "place": "", "weight": 1.0,
    })  # fmt: skip


def counts(table: DataFrame) -> "Series[int]":
    """How many examples there are of each source and language, for the model card."""
    return table.groupby(["source", "language"], sort=True).size()


def refuse_empty(table: DataFrame) -> None:
    """Stop where nothing is left to learn from, or no list by which scores are calibrated.

    Raises:
        CallError: There are national lists of fewer than two categories.
    """
    is_listed = ~table["source"].isin([INDEX, PHRASES]) & (table["code"] != "")
    if table.loc[is_listed, "code"].nunique() < 2:
        raise CallError("leave_out", "leaves no examples to learn from.", "Leave fewer sources out.")
