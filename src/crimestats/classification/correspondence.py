"""Correspondence tables: national categories put under the ICCS, for the years in which that holds."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from crimestats import files
from crimestats.classification import checking, spelling
from crimestats.classification.rows import read_rows, spans, typed
from crimestats.classification.tree import Classification
from crimestats.errors import FileError
from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

_TABLE, _SOURCE = "table.csv", "source.toml"
_OPEN = ("share", "valid_from", "valid_to")
_KEPT = (TOTAL, NOT_APPLICABLE, UNKNOWN)
_NOT_A_NAME = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Association:
    """A row of a correspondence table: what a national category is in the ICCS, and when.

    Attributes:
        code: National, as text.
        title: National.
        iccs: Category of the ICCS; None where it is decided that there is none.
        relation: Of the national category to the other: `equal`, `narrower`,
            `broader`, or `part` where it is divided over several.
        share: How much of it goes there; None where that is not known.
        share_lower: At least so much.
        share_upper: At most so much.
        valid_from: First year; None where it is open.
        valid_to: Last year; None where it is open.
        status: `official`, `project`, `candidate` or `user`.
        tags: ICCS variables that it carries (e.g. `At=1`, `Cy`).
        note: Why.
    """

    code: str
    title: str
    iccs: str | None
    relation: str
    share: float | None
    share_lower: float
    share_upper: float
    valid_from: int | None
    valid_to: int | None
    status: str
    tags: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Correspondence:
    """A table from a national scheme to the ICCS.

    It is the collection of its rows in their order: `len`, iteration, and `in`
    for national codes.

    Attributes:
        scheme: Its name in the column `scheme` of observations (e.g. `us-nibrs`).
        source: Who made it, from what, when: the record `source.toml`, empty where there is none.

    >>> nibrs = Correspondence.load("FBI NIBRS")
    >>> nibrs.scheme, nibrs.country, "09A" in nibrs
    ('us-nibrs', 'US', True)
    >>> [(row.iccs, row.relation) for row in nibrs if row.code == "370"]
    [('08022', 'part'), ('030221', 'part')]
    """

    scheme: str
    source: Mapping[str, Any]
    _table: DataFrame
    _spellings: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        codes = dict.fromkeys(self._table["code"])
        object.__setattr__(self, "_spellings", spelling.spellings((code, ()) for code in codes))

    @classmethod
    def load(cls, scheme: str) -> "Correspondence":
        """Load a shipped table.

        Args:
            scheme: Its name, or one of those that it is known as; case and punctuation aside.

        Raises:
            FileError: None of that name is shipped; near names are given.
        """
        folders = _shipped()
        known = {_plain(name): folder for folder in folders for name in (folder, *_known_as(folder))}
        if (wanted := _plain(scheme)) in known:
            return _load(known[wanted])
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
        names = dict.fromkeys(known[each] for each in near) or folders
        remedy = f"{'Did you mean' if near else 'There are'} {', '.join(names)}{'?' if near else '.'}"
        raise FileError(f"correspondence `{scheme}`", "is not among the shipped tables.", remedy)

    @classmethod
    def from_csv(cls, path: Path | str, scheme: str | None = None) -> "Correspondence":
        """Read a user's own table.

        Args:
            path: CSV with the columns code, title and iccs, and if wanted
                relation, share_lower, share, share_upper, valid_from, valid_to,
                status, tags, note. A `source.toml` beside it is read.
            scheme: Its name; where not given that of the file, or of its folder if the file is `table.csv`.

        Raises:
            FileError: It cannot be read.
            DefinitionError: It has a fault; file, line and column are named.
        """
        place = Path(path) / _TABLE if Path(path).is_dir() else Path(path)
        rows, iccs = read_rows(place), Classification.load("iccs")
        table = typed(rows, iccs)
        checking.first_error(place, rows, table, iccs)
        name = place.resolve().parent.name if place.name == _TABLE else place.stem
        record = place.with_name(_SOURCE)
        return cls(scheme or name, files.read_toml(record) if record.exists() else {}, table)

    @property
    def data(self) -> DataFrame:
        """The rows as a table, with what an empty cell means.

        Columns: code, title, iccs (empty: no category), relation, share_lower,
        share, share_upper (float64; share null where unknown), valid_from,
        valid_to (Int16, null where open), status, tags, first_opinion, note.
        """
        return self._table.copy(deep=False)

    @property
    def country(self) -> str:
        """Whose scheme it is; empty where the source does not say."""
        return str(self.source.get("country", ""))

    @property
    def language(self) -> str:
        """Of the titles; empty where the source does not say."""
        return str(self.source.get("language", ""))

    @property
    def names(self) -> tuple[str, ...]:
        """What the scheme is called: first its name here."""
        return (self.scheme, *map(str, self.source.get("known_as", ())))

    def valid_in(self, year: int) -> DataFrame:
        """The rows that hold in a year, as in `data`.

        >>> ucr = Correspondence.load("us-ucr")
        >>> len(ucr.valid_in(2020)) < len(ucr)
        True
        """
        lines = spans(self._table)
        is_valid = (lines["first"] <= year) & (lines["last"] >= year)
        return self._table[is_valid].reset_index(drop=True)

    def is_of(self, schemes: "Series[Any]") -> "Series[bool]":
        """Where a column of scheme names names this one; case and punctuation aside."""
        own = {_plain(name) for name in self.names}
        named = [name for name in pd.unique(schemes.dropna()) if _plain(str(name)) in own]
        return schemes.isin(named)

    def normalise(self, codes: "Series[Any]") -> "Series[str]":
        """National codes as the table writes them; all at once.

        A code is taken as it stands; else case, blanks and full-width signs
        aside; else as a number that lost its leading zeros, if only one fits.

        Returns:
            Text, with the same index. What no code fits, or more than one, is
            `_U` (unknown); `_T`, `_Z` and `_U` stay.

        >>> Correspondence.load("us-ucr").normalise(Series(["0110", 110.0, "x", "_T"], dtype=object)).tolist()
        ['0110', '0110', '_U', '_T']
        """
        places, different = pd.factorize(codes.astype(object), use_na_sentinel=True)
        folded: dict[str, list[str]] = {}
        for code in dict.fromkeys(self._table["code"]):
            folded.setdefault(_folded(code), []).append(code)
        # a missing value has the place -1, and so takes what stands last
        found = pd.array([*(self._normal(each, folded) for each in different), UNKNOWN], dtype="str")
        return Series(found.take(places), index=codes.index, name=codes.name)

    def _normal(self, written: object, folded: Mapping[str, list[str]]) -> str:
        text = str(written)
        if text in self or text in _KEPT:
            return text
        fits = folded.get(_folded(text)) or spelling.fitting(written, self._spellings)
        return fits[0] if len(fits) == 1 else UNKNOWN

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Association]:
        for row in self._table.drop(columns="first_opinion").to_dict("records"):
            values: dict[str, Any] = {str(name): value for name, value in row.items()}
            known = {name: None if pd.isna(values[name]) else values[name] for name in _OPEN}
            values |= known | {"iccs": values["iccs"] or None, "tags": tuple(values["tags"].split())}
            yield Association(**values)

    def __contains__(self, code: object) -> bool:
        return code in self._spellings and code in self._spellings[str(code)]

    def __repr__(self) -> str:
        return f"<Correspondence {self.scheme}: {len(self)} rows>"


def schemes() -> DataFrame:
    """The shipped correspondence tables.

    Returns:
        scheme, title, country, language, rows, coded (rows with a category),
        first (rows that a first reader had put somewhere), differ (those of
        them that the second reader put elsewhere) and deeper (those of these
        that only went further down from there).
    """
    listed, iccs = [], Classification.load("iccs")
    for folder in _shipped():
        table = _load(folder)
        data = table.data
        has_first, first = data["first_opinion"] != "", iccs.normalise(data["first_opinion"])
        differ = has_first & (first != data["iccs"])
        pairs = zip(data["iccs"], first, strict=True)
        is_deeper = differ & Series([code.startswith(before) for code, before in pairs], index=data.index)
        listed.append((
            folder, str(table.source.get("title", "")), table.country, table.language,
            len(table), int((data["iccs"] != "").sum()),
            int(has_first.sum()), int(differ.sum()), int(is_deeper.sum()),
        ))  # fmt: skip
    names = ["scheme", "title", "country", "language", "rows", "coded", "first", "differ", "deeper"]
    return DataFrame(listed, columns=names)


def _shipped() -> list[str]:
    folder = files.shipped("classification", "correspondence")
    return sorted(each.parent.name for each in folder.glob(f"*/{_TABLE}"))


@cache
def _load(folder: str) -> Correspondence:
    return Correspondence.from_csv(files.shipped("classification", "correspondence", folder, _TABLE))


@cache
def _known_as(folder: str) -> tuple[str, ...]:
    path = files.shipped("classification", "correspondence", folder) / _SOURCE
    return tuple(map(str, files.read_toml(path).get("known_as", ()))) if path.exists() else ()


def _plain(name: str) -> str:
    return _NOT_A_NAME.sub("", name.casefold())


def _folded(code: str) -> str:
    return "".join(spelling.clean(code).casefold().split())
