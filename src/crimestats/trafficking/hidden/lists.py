"""Overlapping lists of persons: read, checked, and counted by capture history."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crimestats.errors import CallError, CrimestatsError, DefinitionError
from crimestats.files import line_of, read_csv
from crimestats.trafficking.hidden.designs import Counts

if TYPE_CHECKING:
    from pandas import DataFrame, Series

COUNT_NAMES = ("count", "n")
AT_MOST = 12
"""Lists that are taken; the histories double with every list."""
LARGEST_COUNT = 10**9
"""Persons that one row may count; above it the file is not about persons on lists."""

Fault = Callable[[int | None, str, str], CrimestatsError]
"""An exception for a row (or the header), a fault and a remedy."""


@dataclass(frozen=True)
class Overlaps:
    """How many persons have each capture history.

    Attributes:
        labels: Names of the lists, in the order of the columns.
        counts: Persons of history `1 … 2^lists - 1`; bit `j` of a history is the list `j`.
        notes: What was done to the rows, in words.
    """

    labels: tuple[str, ...]
    counts: Counts
    notes: tuple[str, ...] = ()

    @property
    def observed(self) -> int:
        """Persons on at least one list."""
        return int(self.counts.sum())

    @property
    def shared(self) -> Counts:
        """Persons on both of two lists, shape (lists, lists); on the diagonal those of one list."""
        on = (np.arange(1, len(self.counts) + 1)[:, None] >> np.arange(len(self.labels))) & 1
        return np.asarray((on * self.counts[:, None]).T @ on, dtype=np.int64)

    @property
    def in_order(self) -> "Overlaps":
        """The same table with the lists by name, so that draws do not hang on the order of the columns."""
        order = sorted(range(len(self.labels)), key=lambda place: (self.labels[place].casefold(), place))
        table = self._regrouped([[place] for place in order], tuple(self.labels[place] for place in order))
        return replace(table, notes=self.notes)

    def apart(self) -> list[str]:
        """Pairs of lists that share nobody."""
        first, second = np.nonzero(np.triu(self.shared == 0, 1))
        return [f"{self.labels[one]}:{self.labels[two]}" for one, two in zip(first, second, strict=True)]

    def without(self, position: int) -> "Overlaps":
        """The table as it would be without one list; who was on no other is lost."""
        kept = [place for place in range(len(self.labels)) if place != position]
        return self._regrouped([[place] for place in kept], tuple(self.labels[place] for place in kept))

    def merged(self, first: int, second: int) -> "Overlaps":
        """The table with two lists as one: on it who was on either."""
        others = [place for place in range(len(self.labels)) if place not in (first, second)]
        groups = [[first, second], *([place] for place in others)]
        name = f"{self.labels[first]}+{self.labels[second]}"
        return self._regrouped(groups, (name, *(self.labels[place] for place in others)))

    def _regrouped(self, groups: list[list[int]], labels: tuple[str, ...]) -> "Overlaps":
        histories = np.arange(1, len(self.counts) + 1)
        masks = [sum(1 << place for place in group) for group in groups]
        new = sum((((histories & mask) > 0).astype(np.int64) << at) for at, mask in enumerate(masks))
        counts = np.bincount(np.asarray(new), weights=self.counts, minlength=2 ** len(groups))
        return Overlaps(labels, counts[1:].astype(np.int64))


def read_lists(path: Path | str) -> "DataFrame":
    """Read a table of overlapping lists.

    Args:
        path: CSV with a 0/1 column for each list (`1.0` and `0.0` are read too) and last a column
            `count` or `n`: the persons who are on exactly these lists. Histories of nobody may be
            left out.

    Returns:
        A column for each list (0 or 1) and `count`, one row for each row of the file; a row of no
        list is left out, its count has to be blank.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: It is no such table; the line is named.
    """
    table = read_csv(path)

    def fault(row: int | None, what: str, remedy: str) -> CrimestatsError:
        return DefinitionError(f"{path}, line {1 if row is None else line_of(path, row)}", what, remedy)

    return _checked(table, fault)


def overlaps(lists: "DataFrame") -> Overlaps:
    """Count persons by capture history; rows of the same history are added up.

    Args:
        lists: As of `read_lists`.

    Raises:
        CallError: The frame is no such table.

    >>> import pandas as pd
    >>> overlaps(pd.DataFrame({"A": [1, 0, 1], "B": [0, 1, 1], "count": [40, 30, 6]})).counts.tolist()
    [40, 30, 6]
    """

    def fault(row: int | None, what: str, remedy: str) -> CrimestatsError:
        return CallError("lists" if row is None else f"lists, row {row}", what, remedy)

    table = _checked(lists.astype("str").fillna(""), fault)
    labels = tuple(table.columns[:-1])
    histories = (table[list(labels)].to_numpy(np.int64) << np.arange(len(labels))).sum(axis=1)
    weights = table["count"].to_numpy(float)
    counts = np.bincount(histories, weights=weights, minlength=2 ** len(labels))[1:].astype(np.int64)
    again = len(histories) - len(np.unique(histories))
    rows = "1 row repeats" if again == 1 else f"{again} rows repeat"
    notes = (f"{rows} a capture history; their persons were added up.",) if again else ()
    return Overlaps(labels, counts, notes)


def _checked(table: "DataFrame", fault: Fault) -> "DataFrame":
    import pandas as pd

    table = table.rename(columns=lambda name: str(name).strip())
    _check_header(list(table.columns), fault)
    lists = {name: _members(table[name], fault) for name in table.columns[:-1]}
    frame = pd.DataFrame(lists)
    count = table[table.columns[-1]].str.strip()
    nobody = (frame.sum(axis=1) == 0).to_numpy()
    for row in np.flatnonzero(nobody & (count != "").to_numpy()):
        what = f"counts {count.iloc[row]} persons who are on no list."
        raise fault(
            int(row), what, "Leave the row out, or its count blank: that number is what is estimated."
        )
    frame, rows = frame[~nobody], np.flatnonzero(~nobody)
    return frame.assign(count=_counts(count[~nobody], rows, fault)).reset_index(drop=True)


def _check_header(names: list[str], fault: Fault) -> None:
    if names[-1].lower() not in COUNT_NAMES:
        elsewhere = [name for name in names if name.lower() in COUNT_NAMES]
        remedy = f"Put `{elsewhere[0]}` last." if elsewhere else "Add the number of persons of each row."
        raise fault(None, f"has `{names[-1]}` as its last column, not `count` or `n`.", remedy)
    labels = names[:-1]
    if len(labels) < 2:
        raise fault(
            None, f"has {len(labels)} list.", "Give two lists at least: overlaps are what is counted."
        )
    if len(labels) > AT_MOST:
        remedy = f"Merge lists of one kind until {AT_MOST} are left."
        raise fault(None, f"has {len(labels)} lists, more than {AT_MOST}.", remedy)
    for label in labels:
        if not label or ":" in label or "," in label:
            raise fault(None, f"names a list `{label}`.", "Give each list a name without colon and comma.")
    if len({label.casefold() for label in labels}) < len(labels):
        raise fault(None, "names two lists alike.", "Give each list a name of its own.")


def _members(column: "Series[str]", fault: Fault) -> "Series[int]":
    import pandas as pd

    numbers = pd.to_numeric(column.str.strip(), errors="coerce")
    wrong = ~numbers.isin([0, 1])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        what = f"has `{column.iloc[row]}` for list `{column.name}`."
        raise fault(row, what, "Write 1 for persons on the list and 0 for others.")
    return numbers.astype("int8")


def _counts(column: "Series[str]", rows: Counts, fault: Fault) -> "Series[int]":
    import pandas as pd

    bounded = column.str.startswith("<").to_numpy()
    if bounded.any():
        at = int(np.flatnonzero(bounded)[0])
        remedy = "Ask for the exact count, or estimate twice, with the least and the most it can be."
        raise fault(int(rows[at]), f"has the count `{column.iloc[at]}`, which is hidden.", remedy)
    numbers = pd.to_numeric(column, errors="coerce")
    good = (numbers >= 0) & (numbers <= LARGEST_COUNT) & (numbers == numbers.round())
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise fault(int(rows[at]), f"has the count `{column.iloc[at]}`.", "Give whole persons, 0 or more.")
    if numbers.sum() == 0:
        raise fault(None, "counts nobody.", "Give a table with persons on lists.")
    return numbers.astype("int64")
