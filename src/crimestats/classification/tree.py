"""A classification as a tree of categories."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
from pandas import DataFrame, Series

from crimestats import files
from crimestats.classification import spelling
from crimestats.classification.index import Reference
from crimestats.classification.table import read_categories, read_titles
from crimestats.errors import CallError, ClassificationError
from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

_KEPT = (TOTAL, NOT_APPLICABLE, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Category:
    """A place in a classification, such as intentional homicide.

    Attributes:
        code: As text, with its leading zeros (e.g. `0101`).
        parent: Code of the category that it divides (e.g. `01`); None at the top.
        level: From 1; in the ICCS section, division, group and class.
        title: In English.
        is_residual: It takes what its siblings do not ("other ..."). A fact of
            the table: 0209, defamation or insult, ends in 9 and is none.
        alternatives: Other codes that official documents print for it (e.g. `01042` for 01049).
        titles: By language (e.g. `es`), English included.
    """

    code: str
    parent: str | None
    level: int
    title: str
    is_residual: bool = False
    alternatives: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Classification:
    """A tree of categories, of one version.

    It is the collection of its categories in the order of their codes: `len`,
    `in`, `[]`, iteration. The relations take a code and give codes, so that
    they go straight into `isin`. All of them want the code as the
    classification writes it; `resolve` and `normalise` take it as others do.

    Attributes:
        id: The folder's name (e.g. `iccs`).
        version: e.g. `1.0`.

    >>> iccs = Classification.load("iccs")
    >>> len(iccs), iccs["0101"].title, "0199" in iccs
    (320, 'Intentional homicide', False)
    >>> iccs.children("0103"), iccs.parent("01031")
    (('01031', '01032'), '0103')
    >>> iccs.resolve(101), iccs.resolve("0908")
    ('0101', '0909')
    """

    id: str
    version: str
    _table: DataFrame
    _reference: Reference | None = None
    _categories: dict[str, Category] = field(init=False)
    _children: dict[str, tuple[str, ...]] = field(init=False)
    _spellings: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        categories = {category.code: category for category in _categories(self._table)}
        children: dict[str, list[str]] = {}
        for category in categories.values():
            if category.parent is not None:
                children.setdefault(category.parent, []).append(category.code)
        object.__setattr__(self, "_categories", categories)
        object.__setattr__(self, "_children", {code: tuple(below) for code, below in children.items()})
        known = spelling.spellings((category.code, category.alternatives) for category in categories.values())
        object.__setattr__(self, "_spellings", known)
        object.__setattr__(self, "_reference", self._reference or Reference(self._table))

    @classmethod
    def load(cls, id: str, version: str = "1.0") -> "Classification":
        """Load a shipped classification.

        Raises:
            FileError: None of that id and version is shipped.
        """
        return _load(id, version)

    @classmethod
    def from_csv(
        cls,
        path: Path | str,
        version: str = "",
        titles: Mapping[str, Path | str] | None = None,
        phrases: Mapping[str, Path | str] | None = None,
    ) -> "Classification":
        """Read a user's own classification; its id is the file's name without the ending.

        Args:
            path: The categories: code, parent, level, title, and if wanted
                is_residual, alternatives, note.
            version: Part of the name of its scheme.
            titles: By language, CSV files of code and title.
            phrases: By language, CSV files of code and phrase; kind and tags if wanted. They are read when
                they are first asked for.

        Raises:
            FileError: A file cannot be read.
            DefinitionError: A table has a fault; file, line and column are named.
        """
        table = _read(Path(path), titles or {})
        return cls(Path(path).stem, version, table, Reference(table, phrases=phrases))

    @property
    def scheme(self) -> str:
        """Its name in the column `scheme` of observations (e.g. `iccs-1.0`)."""
        return f"{self.id}-{self.version}" if self.version else self.id

    @property
    def data(self) -> DataFrame:
        """The categories as a table, in the order of their codes.

        Columns: code, parent (empty at the top), level, title, is_residual,
        alternatives (blanks between), note, and title_<language> for each
        further language.
        """
        return self._table.copy(deep=False)

    @property
    def edges(self) -> DataFrame:
        """Each category under its parent: code, parent, level, and n_children, how many the parent has.

        The figures of children make up their parent only when all
        `n_children` are there.
        """
        edges = self._table.loc[self._table["parent"] != "", ["code", "parent", "level"]]
        n_children = edges.groupby("parent")["code"].transform("size")
        return edges.assign(n_children=n_children).reset_index(drop=True)

    @property
    def children_of(self) -> Mapping[str, tuple[str, ...]]:
        """Every divided category, with the codes of its children."""
        return dict(self._children)

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes, in order."""
        return tuple(self._categories)

    @property
    def depth(self) -> int:
        """The deepest level."""
        return max((category.level for category in self), default=0)

    def __len__(self) -> int:
        return len(self._categories)

    def __iter__(self) -> Iterator[Category]:
        return iter(self._categories.values())

    def __contains__(self, category: object) -> bool:
        if isinstance(category, Category):
            return self._categories.get(category.code) == category
        return category in self._categories

    def __getitem__(self, code: str) -> Category:
        try:
            return self._categories[code]
        except KeyError:
            raise self._unknown(code) from None

    def __repr__(self) -> str:
        return f"<Classification {self.scheme}: {len(self)} categories>"

    def parent(self, code: str) -> str | None:
        """The category that this one divides; None at the top."""
        return self[code].parent

    def children(self, code: str) -> tuple[str, ...]:
        """The categories that divide this one; none for a leaf."""
        return self._children.get(self[code].code, ())

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The categories that this one lies in, the nearest first."""
        parent = self[code].parent
        return () if parent is None else (parent, *self.ancestors(parent))

    def descendants(self, code: str) -> tuple[str, ...]:
        """All categories within this one, in the order of the tree."""
        return tuple(below for child in self.children(code) for below in (child, *self.descendants(child)))

    def level(self, code: str) -> int:
        """Level of a category, from 1."""
        return self[code].level

    def leaves(self, code: str | None = None) -> tuple[str, ...]:
        """The undivided categories: all, or those within one category (itself, if it is a leaf)."""
        within = self.codes if code is None else (code, *self.descendants(code))
        return tuple(each for each in within if not self.children(each))

    def cut(self, level: int) -> tuple[str, ...]:
        """A full list at a level: every act is in exactly one category of it.

        A level by itself leaves out what is divided less deeply (ICCS 1.0,
        footnote 21), so undivided categories above it stand for themselves.

        >>> iccs = Classification.load("iccs")
        >>> [len(iccs.cut(level)) for level in (1, 2, 3, 4)]
        [11, 63, 166, 231]

        Raises:
            CallError: The classification has no such level.
        """
        if level not in range(1, self.depth + 1):
            raise CallError("level", f"{level} is none of {self.scheme}.", f"Give 1 to {self.depth}.")
        above = (each.code for each in self if each.level < level)
        undivided = {code for code in above if not self.children(code)}
        return tuple(each.code for each in self if each.level == level or each.code in undivided)

    def resolve(self, written: object) -> str:
        """The code that a text or number stands for.

        Taken are the code itself, its alternatives, each also with its leading
        zeros lost, as a number (101, 101.0) and with blanks around it.

        Raises:
            ClassificationError: No code fits, or more than one does.
        """
        fits = spelling.fitting(written, self._spellings)
        if len(fits) > 1:
            raise spelling.ambiguous(self.scheme, written, fits)
        if not fits:
            raise self._unknown(written)
        return fits[0]

    def normalise(self, codes: Series) -> Series:
        """Codes as the classification writes them; all at once, as `resolve` does one.

        Args:
            codes: Text, numbers or both.

        Returns:
            Text, with the same index. What no code fits, a missing value too,
            is `_U` (unknown); `_T`, `_Z` and `_U` stay. A sum of categories
            (`2043+02044`) stays one, its codes in order (`02043+02044`),
            unless one of them is unknown or lies in another.

        Raises:
            ClassificationError: More than one code fits.

        >>> Classification.load("iccs").normalise(pd.Series(["0101", 102.0, "1042", "_T", "9999"])).tolist()
        ['0101', '0102', '01049', '_T', '_U']
        """
        places, different = pd.factorize(codes, use_na_sentinel=True)
        # a missing value has the place -1, and so takes what stands last
        normal = pd.array([*(self._normal(each) for each in different), UNKNOWN], dtype="str")
        return Series(normal.take(places), index=codes.index, name=codes.name)

    def _normal(self, written: object) -> str:
        text = spelling.clean(written)
        if text in _KEPT:
            return text
        if spelling.fitting(written, self._spellings):
            return self.resolve(written)
        return self._normal_sum(text.split("+")) if "+" in text else UNKNOWN

    def _normal_sum(self, parts: list[str]) -> str:
        if not all(spelling.fitting(part, self._spellings) for part in parts):
            return UNKNOWN
        codes = sorted(self.resolve(part) for part in parts)
        within = {code for part in codes for code in self.descendants(part)}
        is_counted_twice = len(set(codes)) < len(codes) or not within.isdisjoint(codes)
        return UNKNOWN if is_counted_twice else "+".join(codes)

    @property
    def reference(self) -> Reference:
        """What stands beside the categories, and who made them (`source`)."""
        return self._reference or Reference(self._table)

    @property
    def index(self) -> DataFrame:
        """The terms of the document, as printed and repaired (`index.INDEX`)."""
        return self.reference.index.copy(deep=False)

    @property
    def phrases(self) -> DataFrame:
        """Phrases in use: code, phrase, kind, tags, language, origin (`project`, or `user` for one's own)."""
        return self.reference.phrases.copy(deep=False)

    @property
    def variables(self) -> DataFrame:
        """Disaggregating variables with their values (`index.VARIABLES`); value is empty in its own row."""
        return self.reference.variables.copy(deep=False)

    def inclusions(self, code: str, is_resolved: bool = True) -> DataFrame:
        """Acts that the document names within a category: term, language, target (empty), from_code.

        Resolved, with those of the categories that it refers to ("apply all
        inclusions listed in ..."), and so on down.
        """
        return self.reference.terms(self[code].code, "inclusion", is_resolved)

    def exclusions(self, code: str, is_resolved: bool = True) -> DataFrame:
        """Acts that the document sends elsewhere: term, language, target (codes, blanks between), from_code.

        An empty target is no offence, or the offence that was committed.
        Resolved, with those of the categories that it refers to ("apply all
        exclusions listed in ..."), and so on up, without what would be sent
        into the category itself.
        """
        return self.reference.terms(self[code].code, "exclusion", is_resolved)

    def see_also(self, code: str) -> DataFrame:
        """Whose inclusions or exclusions apply too: term, language, target (all codes), from_code."""
        return self.reference.see_also(self[code].code)

    def note(self, code: str, language: str = "en") -> str:
        """Scope note of a category, in this project's words; empty where there is none."""
        return self.reference.notes.get(language, {}).get(self[code].code, "")

    def search(self, text: str, language: str | None = None, limit: int = 20) -> DataFrame:
        """Find categories of any level by title, term, phrase or code, for people.

        Case and accents do not matter; other forms of a word, parts of long
        words and near misspellings count, but less (`search.Finder`).

        Returns:
            Best first: code, level, title, score (0 to 1), matched (what was
            found), kind (title, inclusion, exclusion, index, phrase or code), language.

        Raises:
            CallError: Nothing is written in that language, or limit is below 1.

        >>> Classification.load("iccs").search("honour killing", limit=1)["code"].tolist()
        ['0101']
        """
        return self.reference.finder(str(text), language, limit)

    def _unknown(self, written: object) -> ClassificationError:
        fits = spelling.fitting(written, self._spellings) or spelling.candidates(written, self._spellings)
        near = " or ".join(f"{code} ({self._categories[code].title})" for code in fits)
        remedy = f"Did you mean {near}?" if near else "See `.data` for its codes."
        return ClassificationError(self.scheme, f"{written!r} is not one of its codes.", remedy)


@cache
def _load(id: str, version: str) -> Classification:
    path = files.shipped("classification", id, version, "categories.csv")
    titles = {each.name.split(".")[1]: each for each in sorted(path.parent.glob("titles.*.csv"))}
    table = _read(path, titles)
    return Classification(id, version, table, Reference(table, path.parent))


def _read(path: Path, titles: Mapping[str, Path | str]) -> DataFrame:
    table = read_categories(path)
    for language, each in titles.items():
        table[f"title_{language}"] = read_titles(Path(each), table["code"])
    return table


def _categories(table: DataFrame) -> Iterator[Category]:
    further = [str(name) for name in table if str(name).startswith("title_")]
    languages = {"title": "en", **{name: name.removeprefix("title_") for name in further}}
    for row in table.to_dict("records"):
        yield Category(
            code=row["code"],
            parent=row["parent"] or None,
            level=row["level"],
            title=row["title"],
            is_residual=row["is_residual"],
            alternatives=tuple(row["alternatives"].split()),
            titles={language: row[column] for column, language in languages.items() if row[column]},
        )
