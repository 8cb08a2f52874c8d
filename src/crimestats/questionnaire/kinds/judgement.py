"""What a kind reads and what it answers: figures as intervals, the background, and a judgement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats.questionnaire.definition import Questionnaire

FAIL, UNDECIDED = 1, 2
COUNT = "number"
"""The unit of what is counted; other units (a share, an amount) need be no whole numbers."""
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
        sources: Figures of other sources (source, area, year, item, value), if there are any.
        previous_metadata: Last round's answers (area, module, question, raw), or its cells.
    """

    definition: Questionnaire
    previous: DataFrame | None = None
    population: DataFrame | None = None
    sources: DataFrame | None = None
    previous_metadata: DataFrame | None = None


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

    def where(self, chosen: Mask) -> "Judgement":
        """Those of its rows that are chosen."""

        def take(values: Any) -> Any:
            if isinstance(values, tuple):
                return tuple(take(part) for part in values)
            return (
                values[chosen] if isinstance(values, np.ndarray) else list(compress(values, chosen.tolist()))
            )

        return Judgement(
            self.place[chosen], self.verdict[chosen],
            {name: take(values) for name, values in self.fields.items()},
            None if self.others is None else self.others[chosen],
            None if self.is_near is None else self.is_near[chosen],
            self.is_of_file if isinstance(self.is_of_file, bool) else self.is_of_file[chosen],
            None if self.item is None else take(self.item),
            None if self.year is None else self.year[chosen],
        )  # fmt: skip

    @property
    def failing(self) -> Rows:
        """Rows of the frame that fail."""
        failing: Rows = self.place[self.verdict == FAIL]
        return failing

    @property
    def undecided(self) -> int:
        """Number of places that cannot be judged."""
        return int((self.verdict == UNDECIDED).sum())
