"""Acceptances laid over one another: of each figure what was said last and stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.frames import SERIES

if TYPE_CHECKING:
    import pyarrow

WITHDRAWN = ("not_available", "not_applicable", "not_collected", "suppressed")
"""Statuses by which a sender states that there is no figure (codelist `status`): they take an earlier one
back. A blank does not, nor does what cannot be read or believed."""

SAME = ("questionnaire", "area", "agency", "item", "year", "scheme", *SERIES)
"""What is equal for two statements of one figure; capitals and blanks of an agency do not count."""

SAYS, DOUBTFUL, BLANK = 3, 2, 1
"""Weights of statements: a figure or a stated withdrawal, what cannot be read or believed, nothing."""

NEEDED = [*SAME, "lower", "status", "return_id"]
ROW = "row"
"""Column of a block that says which row of its file each is."""

_CHUNK = 400_000  # rows whose codes are brought together at once
_LIMIT = 1 << 62

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """The statements of one acceptance.

    Attributes:
        vintage: Its number.
        since: For each of its returns the vintage in which the same workbook was first accepted.
        table: The columns `NEEDED`, keys as dictionaries; and others, such as `ROW`.
    """

    vintage: int
    since: dict[str, int]
    table: "pyarrow.Table"


@dataclass(frozen=True, slots=True)
class Statements:
    """All statements of some acceptances, in the order of the blocks and of their rows.

    Attributes:
        key: A number for each figure, from 0.
        rank: What says more or came later has more.
        vintage: The acceptance of each.
        n_keys: How many figures there are.
    """

    key: Integers
    rank: Integers
    vintage: Integers
    n_keys: int

    def standing(self, upto: int) -> NDArray[np.bool_]:
        """Which statements stand, of those up to a vintage."""
        counts = self.vintage <= upto
        best = np.full(self.n_keys, -1, dtype=np.int64)
        np.maximum.at(best, self.key[counts], self.rank[counts])
        stands: NDArray[np.bool_] = counts & (self.rank == best[self.key])
        return stands


def statements(blocks: Sequence[Block], same: Sequence[str] = SAME) -> Statements:
    """Number the figures of some acceptances, and say which statement goes before which.

    What says more goes before what says less (`SAYS` … `BLANK`); of those that say as much, the
    one of the workbook that came later; of one workbook, the one that was read later.

    Args:
        blocks: The acceptances, one at least.
        same: What is equal for two statements of one figure.
    """
    parts = list(_parts(blocks, same))
    names = pd.concat([signature for signature, _ in parts], ignore_index=True)
    numbers = names.groupby(list(names.columns), sort=False).ngroup().to_numpy()
    starts = np.cumsum([0, *(len(signature) for signature, _ in parts[:-1])])
    areas = pd.Index(sorted({area for _, own in parts for area in own.areas}), dtype="str")
    keys = [
        _key(numbers[start:][own.signature], areas.get_indexer(own.areas)[own.area], own.year)
        for start, (_, own) in zip(starts, parts, strict=True)
    ]
    key, known = pd.factorize(np.concatenate(keys))
    rank = np.concatenate([own.rank for _, own in parts])
    vintage = np.concatenate([own.vintage for _, own in parts])
    return Statements(key.astype(np.int64), rank, vintage, len(known))


@dataclass(frozen=True, slots=True)
class _Rows:
    """The statements of a few acceptances: place of the signature and of the area in their lists."""

    signature: Integers
    area: Integers
    areas: "pd.Index[Any]"
    year: Integers
    rank: Integers
    vintage: Integers


def _parts(blocks: Sequence[Block], same: Sequence[str]) -> Iterator[tuple[DataFrame, _Rows]]:
    """Acceptances brought together until they are worth the work, each with its different signatures."""
    import pyarrow

    names = [name for name in same if name not in ("area", "year")]
    for some in _chunks(blocks):
        tables = [block.table.select(NEEDED) for block in some]
        frame = pyarrow.concat_tables(tables).unify_dictionaries().combine_chunks().to_pandas()
        vintage = np.repeat([block.vintage for block in some], [block.table.num_rows for block in some])
        place = pd.factorize(combined([frame[name] for name in names]))[0].astype(np.int64)
        signature = frame[names].iloc[np.unique(place, return_index=True)[1]].astype("str")
        if "agency" in signature:
            signature = signature.assign(agency=folded(signature["agency"]))
        yield signature, _Rows(
            signature=place, area=frame["area"].cat.codes.to_numpy(np.int64),
            areas=frame["area"].cat.categories, year=frame["year"].to_numpy(np.int64),
            rank=_rank(frame, vintage, some), vintage=vintage.astype(np.int64),
        )  # fmt: skip


def _chunks(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    some: list[Block] = []
    for block in blocks:
        some.append(block)
        if sum(each.table.num_rows for each in some) >= _CHUNK:
            yield some
            some = []
    if some:
        yield some


def folded(agency: "Series[str]") -> "Series[str]":
    """Agencies without the differences of capitals and blanks."""
    known = {text: " ".join(text.casefold().split()) for text in agency.unique()}
    return agency.map(known).astype("str")


def combined(columns: Sequence["Series[Any]"]) -> Integers:
    """A number for each row, equal where all the columns are."""
    number, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        n_codes = len(column.cat.categories) + 1
        if size * n_codes >= _LIMIT:
            number = pd.factorize(number)[0].astype(np.int64)
            size = int(number.max(initial=0)) + 1
        number = number * n_codes + column.cat.codes.to_numpy(np.int64)
        size *= n_codes
    return number


def _key(signature: NDArray[Any], area: NDArray[Any], year: Integers) -> Integers:
    key: Integers = (signature.astype(np.int64) << 32) | (area << 16) | (year + (1 << 15))
    return key


def weight(frame: DataFrame) -> Integers:
    """How much a statement says: `SAYS`, `DOUBTFUL` or `BLANK`."""
    status = frame["status"]
    by_code = np.select(
        [status.cat.categories.isin(WITHDRAWN), status.cat.categories == "blank"], [SAYS, BLANK], DOUBTFUL
    )
    said: Integers = np.where(frame["lower"].notna(), SAYS, by_code[status.cat.codes]).astype(np.int64)
    return said


def _rank(frame: DataFrame, vintage: Integers, blocks: Sequence[Block]) -> Integers:
    """Weight, then when the workbook first came, then when it was read."""
    since = {(block.vintage, name): number for block in blocks for name, number in block.since.items()}
    returns = frame["return_id"]
    place = vintage.astype(np.int64) * (len(returns.cat.categories) + 1) + returns.cat.codes.to_numpy()
    code, first = np.unique(place, return_index=True)
    names = zip(vintage[first].tolist(), returns.iloc[first].astype("str"), strict=True)
    came = np.array([since.get(name, name[0]) for name in names], dtype=np.int64)[
        np.searchsorted(code, place)
    ]
    return (weight(frame) << 48) | (came << 24) | vintage.astype(np.int64)
