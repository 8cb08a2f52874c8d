"""Sums that link published cells: totals and their parts, by key.

Which sums there are is a table (`questionnaires/disclosure/equations.csv`);
which of them hold at a place is for the figures to say.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.sparse import csr_matrix

from crimestats.disclosure.cells import AXES, Cells, Flags, Numbers, Places
from crimestats.disclosure.groups import group_sums
from crimestats.disclosure.plain import plain
from crimestats.errors import CallError
from crimestats.files import read_csv, shipped

COLUMNS = (
    "equation", "column", "total", "parts", "where", "reading", "fewest", "crossed", "never", "seldom",
    "words",
)  # fmt: skip
SURE, LIKELY, PLAIN = "sure", "likely", "plain"
"""How a reader may take the sums. Sure: parts that are not published may be anything, and persons may be in
several forms of exploitation. Likely: whatever the figures let hold; parts not published are nought, but for
cells at which a published row and column cross. Plain: only sums of which all usual parts are published or
could be; other cells that are not published are nought. A reader of likely sums takes them in both ways."""

ANY = "*"
"""In `parts`: whatever stands in that column beside the total."""


@dataclass(frozen=True, slots=True)
class Links:
    """Cells that have a place in a sum, and the sums.

    A node is a distinct key: of one or more rows, or of none where only its
    parts are published. A sum is a line of the matrix: 1 at its total, -1 at
    its parts.

    Attributes:
        node_of: Node of each row; -1 where the row has no figure.
        lower: Least that each node can be.
        upper: Most.
        is_hidden: Nodes of which every figure is hidden.
        matrix: Sums by nodes.
        is_whole: Sums of which every part that the table of sums names is published.
        is_sure: Sums that cannot fail but by a mistake, where all parts are published.
        is_few: Sums of a published total of which too few parts are published to take them for all.
        is_shown: Nodes of the plain reading; all others are nought in it.
        is_plain: Sums of the plain reading.
        family: Which sum of the table each line is, as its number there.
        words: What each sum of the table is called.
        keys: The key of each node, as text.
        rank: Of each node at its place, in the order of the keys.
    """

    node_of: Places
    lower: Numbers
    upper: Numbers
    is_hidden: Flags
    matrix: csr_matrix
    is_whole: Flags
    is_sure: Flags
    is_few: Flags
    is_shown: Flags
    is_plain: Flags
    family: Places
    words: tuple[str, ...]
    keys: DataFrame
    rank: Places

    @property
    def is_published(self) -> Flags:
        """Nodes of which there is a row."""
        there: Flags = np.bincount(self.node_of[self.node_of >= 0], minlength=len(self.lower)) > 0
        return there

    def taken(self, reading: str) -> "Links":
        """The cells as a reading takes those of which nothing is published."""
        if reading != PLAIN:
            return self
        upper = np.where(self.is_shown, self.upper, 0.0)
        return replace(self, upper=upper)

    def places(self) -> Places:
        """Which nodes hang together by any of the sums."""
        from scipy.sparse.csgraph import connected_components

        _, label = connected_components(self.matrix.T @ self.matrix, directed=False)
        places: Places = label.astype(np.int64)
        return places

    def part(self, kept: Flags) -> "Links":
        """Some places only; the rows of the table are not carried along."""
        line = np.asarray((abs(self.matrix) @ kept) > 0).ravel()
        return Links(
            np.flatnonzero(self.is_published[kept]), self.lower[kept], self.upper[kept], self.is_hidden[kept],
            self.matrix[line][:, kept].tocsr(), self.is_whole[line], self.is_sure[line], self.is_few[line],
            self.is_shown[kept], self.is_plain[line], self.family[line], self.words,
            self.keys[kept].reset_index(drop=True), self.rank[kept],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Condition:
    column: int
    codes: NDArray[np.int64]
    is_not: bool

    def holds(self, nodes: NDArray[np.int64]) -> Flags:
        holds: Flags = np.isin(nodes[:, self.column], self.codes) != self.is_not
        return holds


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the table of sums, with columns and codes as numbers."""

    column: int
    total: int
    parts: NDArray[np.int64]
    is_any: bool
    where: _Condition
    never: NDArray[np.int64]
    never_where: _Condition
    seldom: NDArray[np.int64]

    def is_part(self, nodes: NDArray[np.int64]) -> Flags:
        """Nodes that are a part in one of the sums."""
        is_part: Flags = np.isin(nodes[:, self.column], self.parts) & self.where.holds(nodes)
        return is_part

    def is_never(self, nodes: NDArray[np.int64]) -> Flags:
        """Nodes that are nought unless they are published."""
        is_never: Flags = np.isin(nodes[:, self.column], self.never) & self.never_where.holds(nodes)
        return is_never


def equations() -> DataFrame:
    """The sums that are shipped, one a row (columns: `COLUMNS`)."""
    return _shipped().copy()


@cache
def _shipped() -> DataFrame:
    return read_csv(shipped("questionnaires", "disclosure", "equations.csv"), COLUMNS)


def link(cells: Cells, sums: DataFrame | None = None) -> Links:
    """Find the sums among the cells of a table.

    Args:
        cells: The cells.
        sums: Totals and parts (as `equations`); where not given, the shipped ones and those of
            the groups among the areas (`group_sums`). A column may be any key of the cells, `area`
            and `year` too.

    Raises:
        CallError: The sums name a column that the cells do not have.
    """
    if sums is None:
        sums = pd.concat([equations(), group_sums(cells.keys["area"])], ignore_index=True)
    missing = {*sums["column"]} - {*cells.keys}
    if missing:
        raise CallError(
            "sums", f"run over {', '.join(sorted(missing))}, which is no column.", "Name a column."
        )
    keys = cells.keys[cells.is_there].reset_index(drop=True)
    coded, names, codes = _coded(keys, sums)
    families = [_family(row, names, codes) for row in _records(sums)]
    rows, inverse = np.unique(coded, axis=0, return_inverse=True) if len(coded) else (coded, np.zeros(0, int))
    nodes = _closed(
        rows,
        families,
        [each for each, is_crossed in zip(families, sums["crossed"], strict=True) if is_crossed == "yes"],
    )
    place = _places(nodes, rows)[inverse.ravel()] if len(coded) else np.zeros(0, np.int64)
    node_of = np.full(len(cells.is_there), -1, dtype=np.int64)
    node_of[cells.is_there] = place
    lower, upper, is_hidden = _known(cells, node_of, len(nodes))
    matrix, family, is_whole = _lines(nodes, families)
    there = np.bincount(place, minlength=len(nodes)) > 0
    at = [number for number, name in enumerate(names) if name not in AXES]
    is_few = _few(matrix, there, sums["fewest"].astype("int").iloc[family])
    text = {name: np.asarray(codes[name], object)[nodes[:, number]] for number, name in enumerate(names)}
    is_sure = (sums["reading"] == SURE).to_numpy()[family]
    words = tuple(sums["words"])
    return Links(
        node_of,
        lower,
        upper,
        is_hidden,
        matrix,
        is_whole,
        is_sure,
        is_few,
        *plain(nodes, families, sums, matrix, family, there, at),
        family,
        words,
        DataFrame(text),
        _ranks(nodes, names),
    )


def _coded(keys: DataFrame, sums: DataFrame) -> tuple[NDArray[np.int64], list[str], dict[str, list[str]]]:
    """Keys as numbers of sorted codes, so that the order of the rows does not matter."""
    there = [str(name) for name in keys]
    names = [name for name in there if name not in AXES] + [name for name in there if name in AXES]
    codes: dict[str, list[str]] = {}
    for name in names:
        of = sums[sums["column"] == name]
        said = {*of["total"], *(part for parts in of["parts"] for part in parts.split() if part != ANY)}
        codes[name] = sorted({*keys[name].unique()} | said)
    columns = [_numbers(codes[name], keys[name].tolist()) for name in names]
    return np.stack(columns, axis=1).astype(np.int64), names, codes


def _numbers(codes: list[str], wanted: list[str]) -> Places:
    """The number of each code; -1 for what is none."""
    known = pd.Index(Series(codes, dtype="str"))
    numbers: Places = known.get_indexer(pd.Index(Series(wanted, dtype="str"))).astype(np.int64)
    return numbers


def _records(sums: DataFrame) -> list[dict[str, str]]:
    columns = [str(name) for name in sums]
    return [dict(zip(columns, row, strict=True)) for row in sums.astype("str").to_numpy(object).tolist()]


def _family(row: dict[str, str], names: list[str], codes: dict[str, list[str]]) -> Family:
    known = codes[row["column"]]
    total = known.index(row["total"])
    is_any = row["parts"] == ANY
    parts = np.delete(np.arange(len(known)), total) if is_any else _numbers(known, row["parts"].split())
    where = _condition(row.get("where", ""), row["column"], names, codes)
    never, _, at = row.get("never", "").partition(" where ")
    return Family(
        names.index(row["column"]), total, parts, is_any, where,
        _numbers(known, never.split()), _condition(at, row["column"], names, codes),
        _numbers(known, row.get("seldom", "").split()),
    )  # fmt: skip


def _condition(text: str, otherwise: str, names: list[str], codes: dict[str, list[str]]) -> _Condition:
    """`column=codes` or `column!=codes`; what holds everywhere where nothing is said of a column there is."""
    column, _, listed = text.partition("=")
    column, is_not = column.removesuffix("!"), column.endswith("!")
    if column not in names:
        column, is_not, listed = otherwise, True, ""
    return _Condition(names.index(column), _numbers(codes[column], listed.split()), is_not)


def _totals(nodes: NDArray[np.int64], family: Family) -> NDArray[np.int64]:
    totals = nodes.copy()
    totals[:, family.column] = family.total
    return totals


def _closed(nodes: NDArray[np.int64], families: list[Family], crossed: list[Family]) -> NDArray[np.int64]:
    """The nodes with every total that one of them is a part of, and where a row and a column of totals cross.

    Of a cell that is not published though figures of its row and of its column
    are, nothing is known: it is not nought for not being published.
    """
    pairs = [(one, other) for one in crossed for other in crossed if one.column < other.column]
    while len(nodes):
        found = [_totals(nodes[family.is_part(nodes)], family) for family in families]
        found += [_crossings(nodes, one, other) for one, other in pairs]
        more = np.unique(np.concatenate([nodes, *found]), axis=0)
        if len(more) == len(nodes):
            break
        nodes = more
    return nodes


def _crossings(nodes: NDArray[np.int64], one: Family, other: Family) -> NDArray[np.int64]:
    """Cells of a row of one sum and a column of another, of those that differ in nothing else."""
    in_row = one.is_part(nodes) & (nodes[:, other.column] == other.total)
    in_column = other.is_part(nodes) & (nodes[:, one.column] == one.total)
    rest = [number for number in range(nodes.shape[1]) if number not in (one.column, other.column)]
    rows, columns = DataFrame(nodes[in_row]), DataFrame(nodes[in_column])
    both = rows.merge(columns[[*rest, other.column]], on=rest)
    crossed = both.rename(columns={f"{other.column}_y": other.column})
    cells: NDArray[np.int64] = crossed[[*range(nodes.shape[1])]].to_numpy(np.int64)
    never = one.is_never(cells) | other.is_never(cells)
    return cells[one.is_part(cells) & other.is_part(cells) & ~never]


def _places(nodes: NDArray[np.int64], wanted: NDArray[np.int64]) -> Places:
    """Where each of the wanted rows stands among the sorted nodes."""
    both = np.concatenate([nodes, wanted])
    _, inverse = np.unique(both, axis=0, return_inverse=True)
    return inverse.ravel()[len(nodes) :].astype(np.int64)


def _known(cells: Cells, node_of: Places, count: int) -> tuple[Numbers, Numbers, Flags]:
    """What the rows of a node say together; nothing where they differ."""
    rows = np.flatnonzero(node_of >= 0)
    nodes = node_of[rows]
    lower, upper = np.zeros(count), np.full(count, np.inf)
    is_hidden = np.zeros(count, bool)
    np.maximum.at(lower, nodes, cells.lower[rows])
    np.minimum.at(upper, nodes, cells.upper[rows])
    is_hidden[nodes] = True
    is_hidden[nodes[~cells.is_hidden[rows]]] = False
    differs = lower > upper
    lower[differs], upper[differs] = 0.0, np.inf
    return lower, upper, is_hidden


def _ranks(nodes: NDArray[np.int64], names: list[str]) -> Places:
    place = [number for number, name in enumerate(names) if name not in AXES]
    return np.asarray(DataFrame(nodes).groupby(place).cumcount(), dtype=np.int64)


def _few(matrix: csr_matrix, is_published: Flags, fewest: "Series[int]") -> Flags:
    parts = np.asarray((matrix < 0).sum(axis=1)).ravel()
    total = np.asarray((matrix > 0) @ is_published).ravel()
    is_few: Flags = total & (parts < fewest.to_numpy())
    return is_few


def _lines(nodes: NDArray[np.int64], families: list[Family]) -> tuple[csr_matrix, Places, Flags]:
    rows, columns, signs, family_of, wholes = [], [], [], [], []
    start = 0
    for number, family in enumerate(families):
        parts = np.flatnonzero(family.is_part(nodes)) if len(nodes) else np.zeros(0, np.int64)
        totals = _places(nodes, _totals(nodes[parts], family)) if len(parts) else parts
        heads, line = np.unique(totals, return_inverse=True)
        rows += [start + line.ravel(), start + np.arange(len(heads))]
        columns += [parts, heads]
        signs += [np.full(len(parts), -1.0), np.ones(len(heads))]
        family_of.append(np.full(len(heads), number))
        wholes.append(_is_whole(nodes, family, parts, line.ravel(), heads))
        start += len(heads)
    flat = [np.concatenate(each) if each else np.zeros(0) for each in (signs, rows, columns)]
    matrix = csr_matrix((flat[0], (flat[1].astype(int), flat[2].astype(int))), shape=(start, len(nodes)))
    return (
        matrix,
        np.concatenate(family_of or [np.zeros(0, int)]).astype(np.int64),
        np.concatenate(wholes or [np.zeros(0, bool)]),
    )


def _is_whole(nodes: NDArray[np.int64], family: Family, parts: Places, line: Places, heads: Places) -> Flags:
    """Sums of which all parts are there but those that are nought unless published."""
    is_needed = ~family.is_never(nodes[parts])
    there = np.bincount(line, is_needed, minlength=len(heads))
    fewer = np.where(family.never_where.holds(nodes[heads]), len(family.never), 0)
    is_whole: Flags = (there == len(family.parts) - fewer) & (not family.is_any)
    return is_whole
