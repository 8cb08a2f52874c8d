"""The returns of a round side by side, as the rule kinds read them.

Cells come long, one row a figure. A rule compares figures of one reporting
unit and year, or of one unit over the years; so a round is laid out wide once,
one row a unit and year, one column an item, and every kind works on columns.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.frames import UNKNOWN
from crimestats.questionnaire.definition import Questionnaire

FAIL, UNDECIDED = 1, 2
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""What may be a reference year at all, as in `questionnaire.toml`: no file widens the table without end."""

Rows = NDArray[np.intp]
Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What the rules know beside the returns.

    Attributes:
        definition: The questionnaire that is judged.
        previous: Last round's figures (area, year, item, lower, upper), if there are any.
        population: Persons by area, year, sex and age; the shipped table where not given.
    """

    definition: Questionnaire
    previous: DataFrame | None = None
    population: DataFrame | None = None


class Figures(NamedTuple):
    """Figures as intervals, in arrays of one shape.

    Attributes:
        place: Row of the frame that a figure stands in, -1 where it is in none.
        lower: Least value that it can have, null where it is not known.
        upper: Greatest value that it can have; `lower` where it is exact.
    """

    place: Rows
    lower: Numbers
    upper: Numbers

    @property
    def known(self) -> Mask:
        """Where there is a figure, exact or bounded."""
        return ~np.isnan(self.lower)

    @property
    def exact(self) -> Mask:
        """Where the figure is one number."""
        exact: Mask = self.lower == self.upper
        return exact


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one rule says of a round: a row for every place that does not pass.

    Attributes:
        place: Row of the frame that the answer is attached to.
        verdict: `FAIL`, or `UNDECIDED` where too little is known.
        fields: What the message shows: a column of texts or numbers, or a pair
            of columns for an interval.
        others: Further rows that the answer rests on, -1 for none; two dimensions.
        is_near: Where the difference is small enough for a note.
        is_of_file: Where the answer is about the file and not about the cell at the place.
        item: The item that is meant, where it is not the one at the place.
        year: Likewise.
    """

    place: Rows
    verdict: NDArray[np.int8]
    fields: dict[str, Any] = field(default_factory=dict)
    others: Rows | None = None
    is_near: Mask | None = None
    is_of_file: Mask | bool = False
    item: Sequence[str] | None = None
    year: NDArray[np.int16] | None = None

    @classmethod
    def of(cls, fails: Mask, undecided: Mask, place: Rows, *, others: Rows | None = None,
           is_near: Mask | None = None, **fields: Any) -> "Judgement":  # fmt: skip
        """Take the places that do not pass out of whole arrays.

        Args:
            fails: Where the rule cannot hold.
            undecided: Where it is not known whether it holds.
            place: Rows of the frame, of the same shape.
            others: The same shape and one dimension more.
            is_near: Where the difference is small.
            fields: Arrays that broadcast to the shape, or pairs of them.
        """
        chosen = (fails | undecided) & (place >= 0)

        def take(values: Any) -> Any:
            if isinstance(values, tuple):
                return tuple(take(part) for part in values)
            return np.broadcast_to(values, chosen.shape)[chosen]

        beside = (
            None if others is None else np.broadcast_to(others, (*chosen.shape, others.shape[-1]))[chosen]
        )
        return cls(
            place[chosen], np.where(fails[chosen], FAIL, UNDECIDED).astype(np.int8),
            {name: take(values) for name, values in fields.items()}, beside,
            None if is_near is None else take(is_near),
        )  # fmt: skip

    @classmethod
    def at(cls, rows: Any, verdict: int = FAIL, **fields: Any) -> "Judgement":
        """One verdict for the rows given."""
        place = np.asarray(rows, dtype=np.intp)
        return cls(place, np.full(len(place), verdict, dtype=np.int8), fields)

    @property
    def failing(self) -> Rows:
        """Rows of the frame that fail."""
        failing: Rows = self.place[self.verdict == FAIL]
        return failing

    @property
    def undecided(self) -> int:
        """Number of places that cannot be judged."""
        return int((self.verdict == UNDECIDED).sum())


@dataclass(frozen=True, eq=False)
class Round:
    """All returns of a round, long and wide.

    Returns of one reporting unit are read together, since a workbook is divided
    among agencies and comes back in parts: a figure that only one of them gives
    counts for all, and where two differ the figure is the span of both. Returns
    that do not say whose they are stay apart.

    Attributes:
        frame: The cells (`frames.CELLS`), in any order; rules name their rows by position.
        background: What the rules know beside.
    """

    frame: DataFrame
    background: Background

    @property
    def definition(self) -> Questionnaire:
        """The questionnaire that is judged."""
        return self.background.definition

    @cached_property
    def columns(self) -> dict[str, int]:
        """Items to columns of the wide table."""
        return {item: number for number, item in enumerate(self.definition.data["item"])}

    @cached_property
    def column(self) -> Rows:
        """For each row, the column of its item; -1 for what is no figure of the questionnaire."""
        items = self.frame["item"]
        column: Rows = _looked_up([self.columns.get(item, -1) for item in items.cat.categories], items, -1)
        return column

    @cached_property
    def unit(self) -> Rows:
        """For each row, the number of its reporting unit."""
        area, source = self.frame["area"].cat, self.frame["return_id"].cat
        codes = area.codes.to_numpy().astype(np.intp)
        apart = len(area.categories) + source.codes.to_numpy().astype(np.intp)
        codes = np.where(self.rows("area", lambda code: code == UNKNOWN), apart, codes)
        present = np.bincount(codes, minlength=1) > 0
        numbers: Rows = (np.cumsum(present) - 1)[codes]
        return numbers

    @cached_property
    def areas(self) -> NDArray[np.object_]:
        """The area code of each unit."""
        codes = np.full(self.n_units, UNKNOWN, dtype=object)
        area = self.frame["area"].array
        _, first = np.unique(self.unit, return_index=True)
        codes[self.unit[first]] = area.categories.to_numpy(dtype=object)[area.codes[first]]
        return codes

    @cached_property
    def n_units(self) -> int:
        """Number of reporting units."""
        return int(self.unit.max(initial=-1)) + 1

    @cached_property
    def year(self) -> Numbers:
        """For each row, its year; null where it is not of a year."""
        return self.frame["year"].to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def is_figure(self) -> Mask:
        """Rows that are a figure of the questionnaire in a year of our time; others are not compared."""
        return (self.column >= 0) & (self.year >= FIRST_YEAR) & (self.year <= LAST_YEAR)

    @cached_property
    def years(self) -> NDArray[np.int64]:
        """The years that have figures or are asked for."""
        asked = [
            year
            for years in self.reference_years.values()
            for year in years
            if FIRST_YEAR <= year <= LAST_YEAR
        ]
        return np.unique(np.concatenate([self.year[self.is_figure], asked])).astype(np.int64)

    @cached_property
    def _key(self) -> Rows:
        rows = np.flatnonzero(self.is_figure)
        year = np.searchsorted(self.years, self.year[rows])
        key: Rows = (self.unit[rows] * len(self.years) + year) * len(self.columns) + self.column[rows]
        return key

    @cached_property
    def wide(self) -> Figures:
        """Every figure: unit, year, item."""
        rows, key = np.flatnonzero(self.is_figure), self._key
        lower, upper = self.lower[rows], self.upper[rows]
        size = self.n_units * len(self.years) * len(self.columns)
        place = np.full(size, -1, dtype=np.intp)
        worth = np.where(~np.isnan(lower), 2, np.where(self.has_status("blank")[rows], 0, 1))
        for rank in (0, 1, 2):  # of several rows the first that says most
            chosen = np.flatnonzero(worth == rank)[::-1]
            place[key[chosen]] = rows[chosen]
        least, most = np.full(size, np.nan), np.full(size, np.nan)
        np.fmin.at(least, key, lower)
        np.fmax.at(most, key, upper)
        shape = (self.n_units, len(self.years), len(self.columns))
        return Figures(place.reshape(shape), least.reshape(shape), most.reshape(shape))

    @cached_property
    def repeated(self) -> tuple[Rows, Rows]:
        """Figures that stand more than once: the later rows, and for each the first row."""
        rows, key = np.flatnonzero(self.is_figure & ~np.isnan(self.lower)), self._key
        key = key[~np.isnan(self.lower[self.is_figure])]
        count = np.bincount(key, minlength=1)
        several = count[key] > 1
        rows, key = rows[several], key[several]
        _, first, number = np.unique(key, return_index=True, return_inverse=True)
        later = rows != rows[first][number]
        return rows[later], rows[first][number][later]

    def figures(self, items: Sequence[str]) -> Figures:
        """Some items side by side, one row a unit and year."""
        chosen, (place, lower, upper) = [self.columns[item] for item in items], self.wide
        shape = (-1, len(chosen))
        return Figures(
            place[:, :, chosen].reshape(shape),
            lower[:, :, chosen].reshape(shape),
            upper[:, :, chosen].reshape(shape),
        )

    @cached_property
    def follows(self) -> Mask:
        """For each year after the first, whether the year before it has figures too."""
        follows: Mask = np.diff(self.years) == 1
        return follows

    @cached_property
    def lower(self) -> Numbers:
        """For each row, the least value."""
        return self.frame["lower"].to_numpy(dtype=np.float64)

    @cached_property
    def upper(self) -> Numbers:
        """For each row, the greatest value."""
        return self.frame["upper"].to_numpy(dtype=np.float64)

    def has_status(self, *codes: str) -> Mask:
        """Rows of one of these statuses."""
        return self.rows("status", lambda status: status in codes)

    def rows(self, column: str, test: Callable[[str], bool]) -> Mask:
        """Rows whose code in a key column passes a test; the test sees each code once."""
        codes = self.frame[column].astype("category")
        passes: Mask = _looked_up([test(str(code)) for code in codes.cat.categories], codes, False)
        return passes

    def answers(self, question: str) -> DataFrame:
        """Metadata answers that are given: columns row, unit, module and raw.

        Args:
            question: Its id (e.g. `break_year`).
        """
        rows = np.flatnonzero(
            self.rows("item", lambda item: item.startswith("M.") and item.endswith(f".{question}"))
        )
        said = self.frame.iloc[rows]
        table = DataFrame({
            "row": rows, "unit": self.unit[rows], "module": [item.split(".")[1] for item in said["item"]],
            "raw": said["raw"].str.strip().to_numpy(),
        })  # fmt: skip
        return table[table["raw"] != ""].reset_index(drop=True)

    def breaks(self, question: str) -> Mask:
        """Whether a break is declared: unit, year, item. An answer may name several years."""
        modules, marked = (
            self.definition.data["module"].to_numpy(),
            np.zeros(self.wide.place.shape, dtype=bool),
        )
        said = self.answers(question)
        for unit, module, raw in zip(said["unit"], said["module"], said["raw"], strict=True):
            declared = [int(year) for year in re.findall(r"(?<!\d)\d{4}(?!\d)", raw)]
            marked[unit] |= np.isin(self.years, declared)[:, None] & (modules == module)[None, :]
        return marked

    @cached_property
    def reference_years(self) -> dict[str, frozenset[int]]:
        """The years that each workbook asks for, as its first sheet says."""
        rows = self.frame[self.rows("item", lambda item: item == "H.years")]
        return {str(row.return_id): _span(str(row.raw)) for row in rows.itertuples() if _span(str(row.raw))}

    @cached_property
    def is_asked(self) -> Mask:
        """Rows of a year that their own workbook asks for, or whose workbook does not say."""
        source = self.frame["return_id"].cat
        number = {str(name): code for code, name in enumerate(source.categories)}
        asked = np.ones((len(number), LAST_YEAR - FIRST_YEAR + 1), dtype=bool)
        for name, years in self.reference_years.items():
            asked[number[name]] = np.isin(np.arange(FIRST_YEAR, LAST_YEAR + 1), list(years))
        there = (self.year >= FIRST_YEAR) & (self.year <= LAST_YEAR)
        is_asked = np.zeros(len(there), dtype=bool)
        year = self.year[there].astype(np.intp) - FIRST_YEAR
        is_asked[there] = asked[source.codes.to_numpy()[there], year]
        return is_asked

    @cached_property
    def file_rows(self) -> Series:
        """For each return, the row that stands for the file: a fact about it, else its first row."""
        order = np.argsort(~self.rows("item", lambda item: item in ("_file", "_sha256")), kind="stable")
        ids = self.frame["return_id"].iloc[order]
        first = ~ids.duplicated().to_numpy()
        return Series(order[first], index=ids[first].astype(str))


def _looked_up(values: list[Any], codes: Series, absent: Any) -> Any:
    return np.array([*values, absent])[codes.cat.codes.to_numpy()]  # the code of what is null is -1, the last


def _span(text: str) -> frozenset[int]:
    years = [int(year) for year in re.findall(r"\d{4}", text)]
    is_range = len(years) == 2 and ":" in text
    return frozenset(range(years[0], years[1] + 1) if is_range else years)
