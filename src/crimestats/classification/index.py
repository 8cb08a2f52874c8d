"""What stands beside the categories: the terms of the document, phrases in use, variables, scope notes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification.table import Check, Fault, stop_at_fault, where_wrong
from crimestats.classification.words import fold
from crimestats.files import read_csv, read_toml

if TYPE_CHECKING:
    from crimestats.classification.search import Finder

INDEX = ("code", "kind", "term", "language", "target", "printed_code", "printed_target", "page", "note")
TERMS = ("term", "language", "target", "from_code")
PHRASES = ("code", "phrase", "kind", "tags", "language", "origin")
VARIABLES = (
    "group", "variable", "name", "name_es", "alternatives", "value", "parent", "title", "title_es",
    "printed", "printed_es", "note",
)  # fmt: skip
KINDS = ("inclusion", "exclusion", "see-also-inclusion", "see-also-exclusion", "index")
NONE = "-"
"""What the document prints where a category has no inclusions."""


class Reference:
    """What stands beside the categories of a classification, each part read when it is first asked for.

    Args:
        table: The categories (`Classification.data`).
        folder: Where index.csv, variables.csv, phrases.<language>.csv,
            notes.<language>.csv and source.toml may stand.
        phrases: Further files of phrases, by language.
    """

    def __init__(
        self, table: DataFrame, folder: Path | None = None, phrases: Mapping[str, Path | str] | None = None
    ) -> None:
        self._table = table
        self._folder = folder
        self._phrases = phrases or {}

    @cached_property
    def index(self) -> DataFrame:
        """The terms of the document, as `INDEX` names their columns."""
        path = self._path("index.csv")
        return _empty(INDEX) if path is None else read_index(path, self._codes)

    @cached_property
    def phrases(self) -> DataFrame:
        """The phrases in use, shipped ones (origin `project`) before the user's."""
        shipped = [(each.name.split(".")[1], each, "project") for each in self._files("phrases.*.csv")]
        own = [(language, Path(path), "user") for language, path in self._phrases.items()]
        tables = [
            read_phrases(path, self._codes).assign(language=language, origin=origin)
            for language, path, origin in (*shipped, *own)
        ]
        return pd.concat(tables, ignore_index=True)[list(PHRASES)] if tables else _empty(PHRASES)

    @cached_property
    def variables(self) -> DataFrame:
        """The disaggregating variables, as `VARIABLES` names their columns."""
        path = self._path("variables.csv")
        return _empty(VARIABLES) if path is None else read_csv(path, VARIABLES)[list(VARIABLES)]

    @cached_property
    def notes(self) -> dict[str, dict[str, str]]:
        """Scope notes by language and code."""
        return {each.name.split(".")[1]: read_notes(each, self._codes) for each in self._files("notes.*.csv")}

    @cached_property
    def source(self) -> dict[str, Any]:
        """Who made the classification, and the names of its levels by language; empty where no one says."""
        path = self._path("source.toml")
        return {} if path is None else read_toml(path)

    @cached_property
    def finder(self) -> "Finder":
        """The search over titles, terms and phrases."""
        from crimestats.classification.search import Finder

        return Finder(self._table, self.index, self.phrases)

    @cached_property
    def _references(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """By kind, the categories whose terms apply to a category too."""
        see_also = self.index[self.index["kind"].str.startswith("see-also-")]
        pointed: dict[str, dict[str, tuple[str, ...]]] = {"inclusion": {}, "exclusion": {}}
        for code, kind, target in see_also[["code", "kind", "target"]].itertuples(index=False):
            known = pointed[kind.removeprefix("see-also-")]
            known[code] = tuple(dict.fromkeys((*known.get(code, ()), *expand(target, self._codes))))
        return pointed

    @property
    def _codes(self) -> "Series[str]":
        return self._table["code"]

    def _path(self, name: str) -> Path | None:
        path = None if self._folder is None else self._folder / name
        return path if path is not None and path.is_file() else None

    def _files(self, pattern: str) -> list[Path]:
        return [] if self._folder is None else sorted(self._folder.glob(pattern))

    def terms(self, code: str, kind: str, is_resolved: bool) -> DataFrame:
        """Terms of a kind (`inclusion`, `exclusion`) that apply to a category.

        Args:
            code: As the classification writes it.
            kind: `inclusion` or `exclusion`.
            is_resolved: With those of the categories that it refers to, and
                those that they refer to; without exclusions that point into the category itself.

        Returns:
            `TERMS`; from_code is the category where the term stands.
        """
        froms = self._chain(code, kind) if is_resolved else [code]
        chosen = self.index[(self.index["kind"] == kind) & self.index["code"].isin(froms)]
        chosen = chosen[chosen["term"] != NONE]
        order = chosen["code"].map({each: place for place, each in enumerate(froms)})
        table = chosen.iloc[order.argsort(kind="stable")].rename(columns={"code": "from_code"})
        if is_resolved:
            inside = {code, *self._below(code)}
            is_inside = [not inside.isdisjoint(target.split()) for target in table["target"]]
            table = table[~Series(is_inside, index=table.index, dtype=bool)]
            table = table.drop_duplicates(["term", "language", "target"])
        return table[list(TERMS)].reset_index(drop=True)

    def see_also(self, code: str) -> DataFrame:
        """What a category refers to, as printed (`TERMS`); its targets as the codes that there are."""
        is_chosen = self.index["kind"].str.startswith("see-also-") & (self.index["code"] == code)
        chosen = self.index[is_chosen].rename(columns={"code": "from_code"})
        targets = [" ".join(expand(target, self._codes)) for target in chosen["target"]]
        return chosen.assign(target=Series(targets, chosen.index, dtype="str"))[list(TERMS)].reset_index(
            drop=True
        )

    def _chain(self, code: str, kind: str) -> list[str]:
        found = [code]
        for (
            each
        ) in found:  # grows while it is walked; what is there already is not added, so that no chain loops
            found.extend(new for new in self._references[kind].get(each, ()) if new not in found)
        return found

    def _below(self, code: str) -> set[str]:
        below, parents = {code}, self._table[["code", "parent"]]
        while more := set(parents.loc[parents["parent"].isin(below), "code"]) - below:
            below |= more
        return below


def expand(target: str, codes: Sequence[str] | Series) -> tuple[str, ...]:
    """The codes that a reference names; of a range, all of that length that there are.

    >>> expand("0101-0103", ["0101", "01021", "0102", "0103", "0104"]), expand("0701 0502", [])
    (('0101', '0102', '0103'), ('0701', '0502'))
    """
    first, _, last = target.partition("-")
    if not last:
        return tuple(target.split())
    return tuple(code for code in codes if len(code) == len(first) and first <= code <= last)


def read_index(path: Path | str, codes: "Series[str]") -> DataFrame:
    """Read the terms of a classification document.

    Args:
        path: CSV with the columns of `INDEX`; target holds codes (blanks
            between), or a range (`02011-02019`) where it is a see-also.
        codes: Of the categories.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A code, target or kind is not known; file, line and column are named.
    """
    table = read_csv(path, INDEX)[list(INDEX)]
    known = set(codes)

    def targets(table: DataFrame) -> Iterator[Fault]:
        is_wrong = [not known.issuperset(target.replace("-", " ").split()) for target in table["target"]]
        remedy = "Write codes of the classification, or a range of them."
        yield from where_wrong(table, "target", Series(is_wrong, dtype=bool), "has no such category.", remedy)

    def strange(table: DataFrame) -> Iterator[Fault]:
        remedy = f"Write one of {', '.join(KINDS)}."
        yield from where_wrong(table, "kind", ~table["kind"].isin(KINDS), "is no kind of term.", remedy)

    stop_at_fault(Path(path), table, (_strangers(codes), strange, targets))
    return table


def read_phrases(path: Path | str, codes: "Series[str]") -> DataFrame:
    """Read phrases in use for the categories, of one language.

    Args:
        path: CSV with the columns code and phrase; kind and tags may be there.
        codes: Of the categories.

    Returns:
        code, phrase, kind, tags.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A code is not known, a phrase empty, or one phrase
            stands under two codes; file, line and column are named.
    """
    table = read_csv(path, ("code", "phrase"))
    table = table.assign(**{name: "" for name in ("kind", "tags") if name not in table})
    stop_at_fault(Path(path), table, (_strangers(codes), _blank("phrase"), _divided))
    return table[["code", "phrase", "kind", "tags"]]


def read_notes(path: Path | str, codes: "Series[str]") -> dict[str, str]:
    """Read scope notes, by code (CSV with the columns code and note).

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A code is not known or stands twice, or a note is empty; file, line and column
            are named.
    """
    table = read_csv(path, ("code", "note"))

    def repeated(table: DataFrame) -> Iterator[Fault]:
        is_repeated = table["code"].duplicated()
        yield from where_wrong(
            table, "code", is_repeated, "stands on an earlier line too.", "Keep one of the rows."
        )

    stop_at_fault(Path(path), table, (_strangers(codes), repeated, _blank("note")))
    return dict(zip(table["code"], table["note"], strict=True))


def _empty(columns: Sequence[str]) -> DataFrame:
    return DataFrame({name: Series(dtype="str") for name in columns})


def _strangers(codes: "Series[str]") -> Check:
    def check(table: DataFrame) -> Iterator[Fault]:
        is_stranger = ~table["code"].isin(codes)
        yield from where_wrong(
            table, "code", is_stranger, "is not a category.", "Correct it, or take the row out."
        )

    return check


def _blank(column: str) -> Check:
    def check(table: DataFrame) -> Iterator[Fault]:
        is_blank = table[column].str.strip() == ""
        yield from where_wrong(
            table, column, is_blank, "is empty.", f"Write the {column}, or take the row out."
        )

    return check


def _divided(table: DataFrame) -> Iterator[Fault]:
    folded = table["phrase"].map(fold)
    first = table.groupby(folded, sort=False)["code"].transform("first")
    for row in (first != table["code"]).to_numpy().nonzero()[0]:
        under = f"stands under {first.iloc[row]} and under {table['code'].iloc[row]}."
        fault = f"{table['phrase'].iloc[row]!r} {under}"
        remedy = "Keep it under one of them, or under the category that holds both."
        yield Fault(int(row), "phrase", fault, remedy)
