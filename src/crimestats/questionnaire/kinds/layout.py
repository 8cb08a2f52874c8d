"""How the items of a questionnaire lie in its tables, for kinds that judge a table as a whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import Series


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The tables of a questionnaire: which columns of a round each holds.

    Attributes:
        number: For each column, the number of its table.
        module: For each table, the number of its module.
        members: Columns of each table, one row a table, -1 beyond its last.
    """

    number: NDArray[np.intp]
    module: NDArray[np.intp]
    members: NDArray[np.intp]

    @classmethod
    def of(cls, table: Series, module: Series) -> "Tables":
        """From the name of the table and of the module of each column."""
        number = table.factorize()[0].astype(np.intp)
        size = np.bincount(number, minlength=1)
        order = np.argsort(number, kind="stable")
        rank = np.arange(len(number)) - (np.cumsum(size) - size)[number[order]]
        members = np.full((len(size), size.max(initial=1)), -1, dtype=np.intp)
        members[number[order], rank] = order
        first = ~table.duplicated().to_numpy()
        return cls(number, module.factorize()[0][first].astype(np.intp), members)

    def count(self, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many columns of each table are marked: the last dimension becomes that of the tables."""
        counted: NDArray[np.int64] = _grouped(np.add, marked.astype(np.int64), self.number)
        return counted

    def largest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The largest value in each table; nought where nothing is known."""
        largest: NDArray[np.float64] = _grouped(np.maximum, np.nan_to_num(values), self.number)
        return largest


def _grouped(how: np.ufunc, values: Any, number: NDArray[np.intp]) -> Any:
    """Columns of one number taken together."""
    if not len(number):
        return values
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    return how.reduceat(values[..., order], starts, axis=-1)
