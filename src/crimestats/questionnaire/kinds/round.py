"""The returns of a round side by side, as the rule kinds read them.

Cells come long, one row a figure. A rule compares figures of one reporting
unit and year, or of one unit over the years; so a round is laid out wide once,
one row a unit and year, one column an item, and every kind works on columns.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.frames import SERIES, UNKNOWN
from crimestats.questionnaire.definition import Questionnaire, Rule
from crimestats.questionnaire.kinds.judgement import (
    COUNT,
    FAIL,
    UNDECIDED,
    Background,
    Figures,
    Judgement,
    Mask,
    Numbers,
    Rows,
)  # fmt: skip
from crimestats.questionnaire.kinds.layout import Tables

__all__ = [
    "COUNT", "FAIL", "UNDECIDED", "Background", "Figures", "Judgement", "Mask", "Numbers", "Round", "Rows",
    "spelt", "years_named",
]  # fmt: skip

ENTERED_BY = ("country", "city", "trait")
"""The breakdowns that tell the rows of a table apart in which the sender names something."""
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""What may be a reference year at all, as in `questionnaire.toml`: no file widens the table without end."""


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
    def _codes(self) -> dict[str, tuple[list[str], Rows]]:
        return {}

    @cached_property
    def judged(self) -> dict[str, Judgement]:
        """What rules said of the round by themselves, by rule."""
        return {}

    @cached_property
    def named(self) -> DataFrame:
        """What senders named in rows: row, unit, column, item, entry, table and raw.

        `table` holds all keys but those that tell the rows of a table apart.
        """
        rows = np.flatnonzero(self.rows("item", lambda item: item[:2] == "L." and item[2:] in self.columns))
        raw = self.frame["raw"].iloc[rows].str.strip().to_numpy(dtype=object)
        rows, raw = rows[raw != ""], raw[raw != ""]
        column = np.array([self.columns[item[2:]] for item in self.frame["item"].iloc[rows]], dtype=np.intp)
        data = self.definition.data.iloc[column]
        return DataFrame({
            "row": rows, "unit": self.unit[rows], "column": column, "item": data["item"].to_numpy(),
            "entry": data["entry"].to_numpy(), "table": self.row_tables[column], "raw": raw,
        })  # fmt: skip

    @cached_property
    def row_tables(self) -> NDArray[np.object_]:
        """For each column, all its keys but those that tell rows apart in which senders name something."""
        data = self.definition.data
        keys = [name for name in ("module", "table", "iccs", "code", *SERIES) if name not in ENTERED_BY]
        return np.array(
            ["|".join(each) for each in zip(*(data[name] for name in keys), strict=True)], dtype=object
        )

    @cached_property
    def matched(self) -> DataFrame:
        """Each name of a country that senders wrote in a row, looked up once (see `areas.match`)."""
        from crimestats import areas

        match = areas.match(Series(self.named["raw"].unique(), dtype=object))
        return match.set_index("label")

    @cached_property
    def names(self) -> DataFrame:
        """`named`, and as `name` the code of a known country, else what is written, however it is spelt."""
        said = self.named
        area = self.matched.loc[said["raw"], "area"].to_numpy(dtype=object)
        is_known = (said["entry"] == "country").to_numpy() & (area != UNKNOWN)
        written = said["raw"].map(spelt).to_numpy(dtype=object)
        return said.assign(name=np.where(is_known, area, written), is_known=is_known)

    @cached_property
    def is_told(self) -> Mask:
        """Rows of tables of which it is known what country or city they are of: unit, item."""
        said = self.names[self.names["is_known"] | (self.names["entry"] == "city")]
        told = np.zeros((self.n_units, len(self.columns)), dtype=bool)
        told[said["unit"].to_numpy(dtype=np.intp), said["column"].to_numpy(dtype=np.intp)] = True
        return told

    @cached_property
    def named_apart(self) -> DataFrame:
        """Names that differ from the one in the first file that fills in the row: `names`, and `first`.

        A file that names something in a row and gives no figure there says nothing. Each name counts once.
        """
        rows = np.flatnonzero(self.is_figure & ~np.isnan(self.lower))
        source = self.frame["return_id"].cat.codes.to_numpy().astype(np.int64)
        said, size = self.names, len(self.columns)
        filled = np.unique(source[rows] * size + self.column[rows])
        said = said[np.isin(source[said["row"]] * size + said["column"].to_numpy(dtype=np.int64), filled)]
        first = said.groupby(["unit", "column"], sort=False)[["row", "name"]].transform("first")
        differs = (said["name"] != first["name"]).to_numpy(dtype=bool)
        found = said.assign(first=first["row"])[differs]
        return found.drop_duplicates(["unit", "column", "name"])

    @cached_property
    def apart(self) -> Mask:
        """Rows of tables in which two files of a unit name different countries or cities: unit, item.

        What such a row is of is not known, so that its figures are compared with nothing.
        """
        found, apart = self.named_apart, np.zeros((self.n_units, len(self.columns)), dtype=bool)
        apart[found["unit"].to_numpy(dtype=np.intp), found["column"].to_numpy(dtype=np.intp)] = True
        return apart

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
        """Every figure: unit, year, item; not known where two files name different countries in its row."""
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
        lower, upper = (np.where(self.apart[:, None], np.nan, each.reshape(shape)) for each in (least, most))
        return Figures(place.reshape(shape), lower, upper)

    @cached_property
    def repeated(self) -> tuple[Rows, Rows]:
        """Figures that stand more than once: the later rows, and for each the first row."""
        rows, key = np.flatnonzero(self.is_figure), self._key
        counts = ~np.isnan(self.lower[rows]) & ~self.apart[self.unit[rows], self.column[rows]]
        rows, key = rows[counts], key[counts]
        count = np.bincount(key, minlength=1)
        several = count[key] > 1
        rows, key = rows[several], key[several]
        _, first, number = np.unique(key, return_index=True, return_inverse=True)
        later = rows != rows[first][number]
        return rows[later], rows[first][number][later]

    def figures(self, items: Sequence[str]) -> Figures:
        """Some items side by side, one row a unit and year."""
        chosen, (place, lower, upper) = [self.columns[item] for item in items], self.wide
        shape = (place.shape[0] * place.shape[1], len(chosen))  # of no items too
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
        categories, codes = self._coded(column)
        passing = np.array([*map(test, categories), False])
        passes: Mask = passing[codes] if passing.any() else np.zeros(len(codes), dtype=bool)
        return passes

    def _coded(self, column: str) -> tuple[list[str], Rows]:
        """The codes of a key column, and for each row which it has; -1, the last, where it is null."""
        if column not in self._codes:
            keys = self.frame[column].astype("category").cat
            self._codes[column] = (
                [str(code) for code in keys.categories],
                keys.codes.to_numpy().astype(np.intp),
            )
        return self._codes[column]

    @cached_property
    def covering(self) -> list[Rule]:
        """Rules that leave no finding of another kind to the cells that theirs rest on."""
        return [rule for rule in self.definition.rules if rule.parameters.get("covers")]

    @cached_property
    def _answers(self) -> DataFrame:
        """Every metadata answer that is given: row, unit, module, question and raw."""
        rows = np.flatnonzero(self.rows("item", lambda item: item.startswith("M.")))
        said = self.frame.iloc[rows]
        parts = [item.split(".") for item in said["item"].astype(str)]
        table = DataFrame({
            "row": rows, "unit": self.unit[rows], "module": [part[1] for part in parts],
            "question": [part[-1] for part in parts], "raw": said["raw"].str.strip().to_numpy(),
        })  # fmt: skip
        return table[table["raw"] != ""]

    def answers(self, question: str) -> DataFrame:
        """Metadata answers that are given: columns row, unit, module and raw.

        Args:
            question: Its id (e.g. `break_year`).
        """
        said = self._answers
        own = said.loc[(said["question"] == question).to_numpy(), ["row", "unit", "module", "raw"]]
        return own.reset_index(drop=True)

    def breaks(self, question: str) -> Mask:
        """Whether a break is declared: unit, year, item. An answer may name several years."""
        modules, marked = (
            self.definition.data["module"].to_numpy(),
            np.zeros(self.wide.place.shape, dtype=bool),
        )
        said = self.answers(question)
        for unit, module, raw in zip(said["unit"], said["module"], said["raw"], strict=True):
            marked[unit] |= np.isin(self.years, years_named(raw))[:, None] & (modules == module)[None, :]
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
    def tables(self) -> Tables:
        """The tables of the questionnaire as sets of columns."""
        data = self.definition.data
        return Tables.of(data["module"] + "|" + data["table"], data["module"])

    @cached_property
    def languages(self) -> dict[str, str]:
        """The language that each workbook says it is in."""
        rows = self.frame[self.rows("item", lambda item: item == "H.language")]
        return dict(zip(rows["return_id"].astype(str), rows["raw"].str.strip(), strict=True))

    @cached_property
    def file_rows(self) -> Series:
        """For each return, the row that stands for the file: a fact about it, else its first row."""
        order = np.argsort(~self.rows("item", lambda item: item in ("_file", "_sha256")), kind="stable")
        ids = self.frame["return_id"].iloc[order]
        first = ~ids.duplicated().to_numpy()
        return Series(order[first], index=ids[first].astype(str))


def spelt(text: str) -> str:
    """A name as it is compared: without the case of letters, accents and further blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).split())


def years_named(text: str) -> list[int]:
    """The years that an answer names."""
    return [int(year) for year in re.findall(r"(?<!\d)\d{4}(?!\d)", text)]


def _looked_up(values: list[Any], codes: Series, absent: Any) -> Any:
    return np.array([*values, absent])[codes.cat.codes.to_numpy()]  # the code of what is null is -1, the last


def _span(text: str) -> frozenset[int]:
    years = [int(year) for year in re.findall(r"\d{4}", text)]
    is_range = len(years) == 2 and ":" in text
    return frozenset(range(years[0], years[1] + 1) if is_range else years)
