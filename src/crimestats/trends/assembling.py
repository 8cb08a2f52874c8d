"""One table out of the blocks: column by column, so that no column is there twice for long."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import Categorical, DataFrame, Index, Series

from crimestats.frames import NOT_APPLICABLE, SERIES, TRENDS
from crimestats.trends import texts
from crimestats.trends.encoding import Encoded
from crimestats.trends.figures import BASES, Integers, sizes_of, starts_of
from crimestats.trends.rates import statuses_of_rates

_SPARE = 1.25  # of the rows that are expected: memory that is not written to is not taken


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of some figures, in the order of grouping, area, series, category and year.

    Attributes:
        columns: Numbers, and keys as places in their lists.
        moved: `entered` and `left`: pairs of figure and area.
        findings: Ids, of those figures that have any.
    """

    columns: dict[str, NDArray[Any]]
    moved: dict[str, tuple[Integers, Integers]]
    findings: "Series[str]"


@dataclass(slots=True)
class Gathered:
    """The columns of all blocks, one block behind the other, each column in one piece of memory.

    Attributes:
        expected: How many rows there may be; more are possible.
        columns: The columns; what lies behind the rows so far is empty.
        lengths: Of the blocks so far.
        moved: Of the blocks so far.
        findings: Of the blocks so far.
    """

    expected: int
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)
    moved: list[dict[str, tuple[Integers, Integers]]] = field(default_factory=list)
    findings: "list[Series[str]]" = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Put a block behind those before it."""
        begin, length = sum(self.lengths), len(block.columns["year"])
        for name, column in block.columns.items():
            held = self.columns.get(name)
            if held is None or begin + length > len(held):
                larger = np.empty(max(int(self.expected * _SPARE), (begin + length) * 2), dtype=column.dtype)
                larger[:begin] = 0 if held is None else held[:begin]
                held = self.columns[name] = larger
            held[begin : begin + length] = column
        self.lengths.append(length)
        self.moved.append({name: (pairs[0] + begin, pairs[1]) for name, pairs in block.moved.items()})
        self.findings.append(block.findings.set_axis(block.findings.index.to_numpy(np.int64) + begin))

    def taken(self, name: str, order: Integers) -> NDArray[Any]:
        """A column of the table, which is no longer here."""
        held = self.columns.pop(name)
        ordered: NDArray[Any] = held[: sum(self.lengths)].take(order)
        return ordered


def assembled(gathered: Gathered, encoded: Encoded, pairs: list[tuple[str, str]]) -> DataFrame:
    """The table of all blocks.

    Args:
        gathered: Of all blocks; it is used up.
        encoded: Lists of the codes.
        pairs: Grouping and method, by number from 1.
    """
    length = sum(gathered.lengths)
    if not length:
        return TRENDS.empty()
    order = _order(gathered, (len(encoded.areas), len(encoded.series), len(encoded.codes)))
    made = _texts(gathered, order, encoded.areas)
    made |= _keys(gathered, order, encoded, pairs)
    for name in list(TRENDS.columns):
        if name not in made:
            made[name] = gathered.taken(name, order)
    made["figure_id"] = texts.hexadecimal(made["figure_id"])
    made["year"] = made["year"].astype(np.int16, copy=False)
    return DataFrame({name: made.pop(name) for name in TRENDS.columns}, copy=False)


def _order(gathered: Gathered, sizes: tuple[int, int, int]) -> Integers:
    """In each area of each grouping, one series comes after the other, and in it one category."""
    length = sum(gathered.lengths)
    number = gathered.columns["grouping"][:length].astype(np.int64)
    for name, size in zip(("area", "series", "iccs"), sizes, strict=True):
        number *= size
        number += gathered.columns[name][:length]
    begun = np.cumsum(gathered.lengths)[:-1]
    starts = np.union1d(starts_of(number), begun[begun < length]).astype(np.int64)
    lines = np.argsort(number[starts], kind="stable")
    counts = sizes_of(starts, length)[lines]
    order = np.arange(length)
    order += np.repeat(starts[lines] - (np.cumsum(counts) - counts), counts)
    return order


def _texts(gathered: Gathered, order: Integers, areas: "Index[str]") -> dict[str, Any]:
    """Findings, and who entered and who left."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    made = {"findings": _findings(gathered, place)}
    return made | {name: _moved(gathered, place, name, areas) for name in ("entered", "left")}


def _findings(gathered: Gathered, place: Integers) -> Any:
    at = place[np.concatenate([each.index.to_numpy(np.int64) for each in gathered.findings])]
    ids = np.concatenate([each.to_numpy(object) for each in gathered.findings])
    order = np.argsort(at)
    return texts.scattered(len(place), at[order], ids[order])


def _moved(gathered: Gathered, place: Integers, name: str, areas: "Index[str]") -> Any:
    owner = place[np.concatenate([moved[name][0] for moved in gathered.moved])]
    area = np.concatenate([moved[name][1] for moved in gathered.moved])
    order = np.argsort(owner, kind="stable")
    return texts.scattered(len(place), *texts.listed(owner[order], area[order], areas))


def _keys(
    gathered: Gathered, order: Integers, encoded: Encoded, pairs: list[tuple[str, str]]
) -> dict[str, Any]:
    """The key columns; each has the codes that are in the table, and no others."""
    names = [(NOT_APPLICABLE, NOT_APPLICABLE), *pairs]
    lists = {
        "area": encoded.areas, "iccs": encoded.codes, "status": encoded.statuses, "basis": Index(BASES),
        "rate_status": Index(statuses_of_rates(list(encoded.statuses))), **encoded.origins,
    }  # fmt: skip
    keys = {name: _category(gathered.taken(name, order), codes) for name, codes in lists.items()}
    grouping = gathered.taken("grouping", order)
    for place, name in enumerate(("grouping", "method")):
        keys[name] = _category(grouping, Index([pair[place] for pair in names]))
    series = gathered.taken("series", order)
    used = np.zeros(len(encoded.series), dtype=bool)
    used[series] = True
    for name in SERIES:
        keys[name] = _category(series, Index(encoded.series[name].astype("str")), used)
    return keys


def _category(
    codes: NDArray[Any], listed: "Index[str]", used: NDArray[np.bool_] | None = None
) -> Categorical:
    """A column of codes that stand in a list; those that are not used are no categories."""
    if used is None:
        used = np.zeros(len(listed), dtype=bool)
        used[codes] = True
    different = Index(dict.fromkeys(listed[used]), dtype="str")
    number = np.full(len(listed), -1, dtype=np.min_scalar_type(-len(different) - 1))
    number[used] = different.get_indexer(listed[used])
    return Categorical.from_codes(number[codes], categories=different, validate=False)
