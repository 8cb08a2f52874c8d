"""The attack: find out what is hidden from what is published."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas import DataFrame
from scipy.sparse import csc_matrix, csr_matrix

from crimestats.disclosure.believing import Belief, believe, said_alone
from crimestats.disclosure.cells import Cells, Flags, Numbers, Places, cells_of
from crimestats.disclosure.equations import LIKELY, PLAIN, SURE, Links, link
from crimestats.disclosure.narrowing import System, told
from crimestats.disclosure.searching import reach
from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE, RECOVERABLE

SUM, SUMS, NARROWED = "sum", "sums", "narrowed"
_SUFFIX = {SURE: "", LIKELY: "_likely", PLAIN: "_likely"}
_WAYS = {SURE: (SURE,), LIKELY: (LIKELY, PLAIN)}
_DENIED = "_contradicted"
_PLACE = ("return_id", "sheet", "cell")
_MOST_NAMED = 12
"""Cells named of those that give a figure away; a message of more is not read."""


@dataclass(frozen=True, slots=True)
class Found:
    """Nodes that are found out.

    Attributes:
        node: Which.
        lower: Least that each can be.
        upper: Most.
        how: By what.
        is_alone: Whether one sum tells it that contradicts others.
        belief: The sums that hold together.
        reading: How the sums were taken.
    """

    node: Places
    lower: Numbers
    upper: Numbers
    how: list[str]
    is_alone: Flags
    belief: Belief
    reading: str


def attack(
    table: DataFrame, *, least_width: int = 1, readings: tuple[str, ...] = (SURE, LIKELY),
    sums: DataFrame | None = None,
) -> DataFrame:  # fmt: skip
    """Find hidden figures that what is published gives away.

    Every figure is a whole number within the bounds that the table shows. The
    sums between totals and parts are used wherever the figures let them hold
    (see `believing`). For each hidden figure the least and the most value is
    sought that is in keeping with all of them (Fischetti and Salazar 2001).

    `how` says by what a figure is found: `sum` (sums read one after the
    other), `sums` (several at once, by the solver); `…_likely` where it
    rests on parts that are not published being nought, or on nobody being in
    two forms of exploitation; `…_contradicted` where a sum of its place does
    not agree with others, and another choice of sums tells another figure. Where `least_width` is
    more than 1, `narrowed` marks figures of which few values are left.

    Args:
        table: Figures as they are published (`frames.TRAFFICKING` or `frames.OBSERVATIONS`).
        least_width: Figures of which most less least is smaller are found out.
        readings: How the sums are taken, one after the other: `sure`, `likely`.
        sums: Totals and parts (`equations.equations`); the shipped ones where not given.

    Returns:
        What is found out (`frames.RECOVERABLE`), in the order of the table.

    Raises:
        CallError: A column is missing, or an argument is not one of those named.
    """
    _refuse(least_width, readings)
    cells = cells_of(table)
    links = link(cells, sums)
    every = [found_out(links, each, least_width) for each in ways(readings)]
    tables = [_rows(table, cells, links, each) for each in doubtful(every)]
    found = pd.concat([RECOVERABLE.empty().astype("object"), *tables])
    first = found[~found.index.duplicated()].sort_index()
    return RECOVERABLE.cast(first.reset_index(drop=True))


def _refuse(least_width: int, readings: tuple[str, ...]) -> None:
    if least_width < 1:
        raise CallError("least_width", f"is {least_width}.", "Give 1 (no figure is found exactly) or more.")
    if not readings or {*readings} - {SURE, LIKELY}:
        raise CallError("readings", f"are {readings}.", f"Name {SURE}, {LIKELY} or both.")


def ways(readings: tuple[str, ...]) -> tuple[str, ...]:
    """All ways of taking the sums that the readings stand for."""
    return tuple(way for reading in readings for way in _WAYS[reading])


def found_out(links: Links, reading: str, least_width: int) -> Found:
    """Hidden nodes that are found out under one reading of the sums."""
    belief = believe(links, reading)
    lower, upper = reach(belief, links.is_hidden, least_width)
    was_wide = links.upper - links.lower >= least_width
    is_found = links.is_hidden & was_wide & (upper - lower < least_width)
    by_narrowing = belief.system.upper - belief.system.lower < least_width
    alone_lower, alone_upper = said_alone(belief.alone)
    is_alone = links.is_hidden & was_wide & (alone_upper - alone_lower < least_width) & ~is_found
    is_alone &= alone_lower <= alone_upper
    node = np.flatnonzero(is_found | is_alone)
    low, high = np.where(is_alone, alone_lower, lower)[node], np.where(is_alone, alone_upper, upper)[node]
    how = _how(low, high, (by_narrowing | is_alone)[node], is_alone[node], _SUFFIX[reading])
    return Found(node, low, high, how, is_alone[node], belief, reading)


def doubtful(every: list[Found]) -> list[Found]:
    """What is found, marked where a sum that had to be given up says otherwise, in whatever reading."""
    alone = [said_alone(each.belief.alone) for each in every]
    lower = np.max([low for low, _ in alone], axis=0)
    upper = np.min([high for _, high in alone], axis=0)
    marked = []
    for found in every:
        is_denied = (found.lower > upper[found.node]) | (found.upper < lower[found.node])
        how = [_denied(name) if denied else name for name, denied in zip(found.how, is_denied, strict=True)]
        marked.append(replace(found, how=how))
    return marked


def _denied(how: str) -> str:
    kind, _, rest = how.replace(_DENIED, "").partition("_")
    return kind + _DENIED + (f"_{rest}" if rest else "")


def _how(lower: Numbers, upper: Numbers, is_plain: Flags, is_denied: Flags, suffix: str) -> list[str]:
    kind = np.where(lower < upper, NARROWED, np.where(is_plain, SUM, SUMS))
    return [
        str(name) + (_DENIED if each else "") + suffix for name, each in zip(kind, is_denied, strict=True)
    ]


def _grounds(links: Links, found: Found) -> list[Places]:
    """For each node found, the published nodes of the sums that give it away."""
    belief = found.belief
    tight = _telling(belief.system, belief.system.lower, belief.system.upper)
    alone = _telling(belief.alone, *said_alone(belief.alone), (belief.alone.lower, belief.alone.upper))
    every = np.ones(len(belief.system.line), bool)
    ways = [_Ways.of(belief.system, tight), _Ways.of(belief.system, every), _Ways.of(belief.alone, alone)]
    is_several = np.array([SUMS in how for how in found.how], bool)
    chosen = np.where(found.is_alone, 2, is_several.astype(int))
    is_published = links.is_published
    return [
        ways[way].ground(number, is_published)
        for way, number in zip(chosen, found.node.tolist(), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Ways:
    """Sums by number, those that tell it something, and numbers by sum."""

    lines: csc_matrix
    numbers: csr_matrix

    @classmethod
    def of(cls, system: System, entries: Flags) -> "_Ways":
        shape = (system.count, len(system.lower))
        places = (system.line[entries], system.column[entries])
        telling = csc_matrix((np.ones(int(entries.sum())), places), shape=shape)
        return cls(telling, system.matrix())

    def ground(self, number: int, is_published: Flags) -> Places:
        """The published nodes beside a number; unpublished ones are followed to their own parts."""
        seen, ahead, grounds = {number}, [number], set()
        while ahead:
            at = ahead.pop()
            for line in self.lines.indices[self.lines.indptr[at] : self.lines.indptr[at + 1]]:
                beside = self.numbers.indices[self.numbers.indptr[line] : self.numbers.indptr[line + 1]]
                new = {*beside.tolist()} - seen
                seen |= new
                grounds |= {each for each in new if is_published[each]}
                ahead += [each for each in new if not is_published[each]]
        return np.array(sorted(grounds), dtype=np.int64)


def _telling(
    system: System, lower: Numbers, upper: Numbers, from_: tuple[Numbers, Numbers] | None = None
) -> Flags:
    """Entries at which a sum gives a bound of its number that stands in the end."""
    least, most = told(system, *(from_ or (lower, upper)))
    telling: Flags = (np.maximum(least, 0) == lower[system.column]) | (most == upper[system.column])
    return telling


def _rows(table: DataFrame, cells: Cells, links: Links, found: Found) -> DataFrame:
    """The rows of the table at the nodes found, with what is said of them."""
    rank = np.full(len(links.lower), -1)
    rank[found.node] = np.arange(len(found.node))
    row = np.flatnonzero((links.node_of >= 0) & cells.is_hidden)
    row = row[rank[links.node_of[row]] >= 0]
    which = rank[links.node_of[row]]
    there = table.iloc[row]
    ids = identities(table)
    first = first_rows(links)
    grounds = _grounds(links, found)
    named = [_joined(ids, first, grounds[each]) for each in which]
    item = item_of(there)
    return DataFrame({
        "figure_id": ids[row], "area": there["area"].astype("str").to_numpy(),
        "year": there["year"].to_numpy(),
        "item": item, "lower": cells.lower[row], "upper": cells.upper[row],
        "found_lower": found.lower[which] + 0.0, "found_upper": found.upper[which] + 0.0,
        "how": [found.how[each] for each in which], "rests_on": [" ".join(each) for each in named],
        "message": _messages(there, item, cells, row, found, which, named),
        **{name: there[name].astype("str").to_numpy() for name in _PLACE if name in there},
        **{name: NOT_APPLICABLE for name in _PLACE if name not in there},
    }, index=row).astype("object")  # fmt: skip


def first_rows(links: Links) -> Places:
    """The first row of each node; -1 where it is not published."""
    first = np.full(len(links.lower), -1, dtype=np.int64)
    row = np.flatnonzero(links.node_of >= 0)[::-1]
    first[links.node_of[row]] = row
    return first


def _joined(ids: "np.ndarray[tuple[int], np.dtype[np.object_]]", first: Places, nodes: Places) -> list[str]:
    return [str(ids[row]) for row in np.sort(first[nodes])]


def identities(table: DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    """What each figure is called: its id, else its place, else its row."""
    if "figure_id" in table:
        return table["figure_id"].astype("str").to_numpy(dtype=object)
    if {"return_id", "sheet", "cell"} <= {*table}:
        parts = [table[name].astype("str") for name in ("return_id", "sheet", "cell")]
        return (parts[0] + "!" + parts[1] + "!" + parts[2]).to_numpy(dtype=object)
    return np.array([f"row {number}" for number in range(len(table))], dtype=object)


def item_of(table: DataFrame) -> list[str]:
    """What a figure is of, in a few codes: measure, form, sex, age, citizenship."""
    names = [
        name
        for name in ("measure", "iccs", "code", "exploitation", "sex", "age", "citizenship", "country")
        if name in table
    ]
    columns = [table[name].astype("str") for name in names]
    return [" ".join(code for code in row if code != "_T") for row in zip(*columns, strict=True)]


def _messages(
    there: DataFrame, item: list[str], cells: Cells, row: Places, found: Found, which: Places,
    named: list[list[str]],
) -> list[str]:  # fmt: skip
    areas, years = there["area"].astype("str"), there["year"]
    texts = []
    for area, year, what, place, each, cited in zip(areas, years, item, row, which, named, strict=True):
        said = span(cells.lower[place], cells.upper[place])
        told = span(found.lower[each], found.upper[each])
        by = ", ".join(name.rpartition("!")[2] for name in cited[:_MOST_NAMED])
        more = f" and {len(cited) - _MOST_NAMED} more" if len(cited) > _MOST_NAMED else ""
        texts.append(f"{area} {year} {what}: said to be {said}, is {told} by {by}{more}.")
    return texts


def span(lower: float, upper: float) -> str:
    """Bounds in words.

    >>> span(0, 4), span(3, 3), span(5, float("inf"))
    ('0 to 4', '3', '5 or more')
    """
    if lower == upper:
        return f"{lower:.0f}"
    return f"{lower:.0f} or more" if np.isinf(upper) else f"{lower:.0f} to {upper:.0f}"
