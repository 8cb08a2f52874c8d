"""Breaks over vintages: once a return has declared one, no later return joins what it parts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.observations import EARLIEST, UNBROKEN, last_break

if TYPE_CHECKING:
    import pyarrow

DECLARED = ("area", "item", "segment")
"""What tells a break in the statements of an acceptance: `segment` is its year."""


def refuse_numbers(figures: DataFrame) -> None:
    """Refuse segments that are no years: a number means something within its own table only.

    Args:
        figures: Reported figures (`frames.OBSERVATIONS`).

    Raises:
        CallError: A segment is neither 0 or 1 (no break) nor a year up to that of the figure.
    """
    segment = figures["segment"]
    wrong = figures[(segment > UNBROKEN) & ((segment < EARLIEST) | (segment > figures["year"]))]
    if len(wrong):
        first = wrong.iloc[0]
        fault = (
            f"holds the segment {first['segment']} ({first['area']}, {first['item']}, {first['year']}), which"
            " is no year of a break before the figure."
        )
        remedy = "Give the first year after the last break, 0 where none is declared."
        raise CallError("observations", fault, remedy)


def declared(table: "pyarrow.Table") -> DataFrame:
    """The breaks that the statements of an acceptance tell: area, item and year, each once."""
    import pyarrow.compute

    rows = table.select(list(DECLARED)).filter(
        pyarrow.compute.greater(table.column("segment"), pyarrow.scalar(UNBROKEN))
    )
    once = rows.to_pandas().drop_duplicates().rename(columns={"segment": "year"})
    told: DataFrame = once.astype({"area": "str", "item": "str"})
    return told


def with_segments(figures: DataFrame, broken: Sequence[DataFrame]) -> DataFrame:
    """The figures, each with the year of the last break that any of the acceptances declared.

    Args:
        figures: As they stand (`frames.OBSERVATIONS`).
        broken: What `declared` found in each acceptance.
    """
    every = pd.concat(broken, ignore_index=True).drop_duplicates()
    return figures.assign(segment=last_break(figures, every, ["area", "item"]).astype(np.int64))
