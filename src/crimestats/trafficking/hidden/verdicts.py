"""Whether an estimate can be carried, in words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crimestats.trafficking.hidden.bootstrap import Interval
from crimestats.trafficking.hidden.choosing import Method
from crimestats.trafficking.hidden.lists import Overlaps

if TYPE_CHECKING:
    from pandas import DataFrame

WIDEST = 3.0
"""Ratio of highest to lowest above which figures do not carry an estimate: a convention of this package."""
LEANING = 0.5
"""Bias of the replicates, in standard deviations, that is told: then over two thirds lie on one side."""
LEAST_REPLICATES = 20
"""Replicates below which no interval is made: at 95 % not one of them lies in a tail."""
FEW_REPLICATES = 200
"""Replicates below which it is told that they are few; of 200, five lie in each tail of 95 %."""
OUTERMOST = 5
"""Replicates outside a limit below which drawing again from them tells too small an error of it."""


@dataclass(frozen=True)
class Verdict:
    """What the sensitivity says of the estimate.

    Attributes:
        text: The verdict in words.
        carries: Whether the data carry a figure.
        lowest: Lowest of the estimates of other models and lists; None without any.
        highest: Highest of them.
        failing: How many of them carry no estimate.
    """

    text: str
    carries: bool
    lowest: float | None
    highest: float | None
    failing: int


def verdict(spread: "DataFrame", limits: Interval | None, reason: str, widest: float) -> Verdict:
    """Weigh the spread over models and lists and the width of the interval against a ratio.

    Args:
        spread: As of `sensitivity`.
        limits: Interval, where one was made.
        reason: Why there is no estimate; empty if there is one.
        widest: Ratio of highest to lowest that is still carried.
    """
    known = spread["estimate"].dropna().astype(float)
    failing = int(len(spread) - len(known))
    lowest, highest = (float(known.min()), float(known.max())) if len(known) else (None, None)
    against = [] if reason else _too_wide(lowest, highest, limits, widest)
    if reason:
        text = f"The data carry no estimate with this model. {reason}"
    elif against:
        text = f"Too wide to carry a figure: {'; '.join(against)}"
    else:
        text = f"The data carry an estimate: models and lists move it no more than {widest:g} times"
    carry = "carries" if failing == 1 else "carry"
    end = f"; of {len(spread)} other models and lists {failing} {carry} no estimate" if failing else ""
    carries = not reason and not against
    return Verdict(text.removesuffix(".") + end + ".", carries, lowest, highest, failing)


def remarks(table: Overlaps, method: Method, limits: Interval | None) -> list[str]:
    """What a reader of the estimate has to know besides."""
    said = []
    if len(table.labels) == 2:
        said.append("Two lists: that they are independent cannot be tested, and is assumed.")
    elif method.order >= len(table.labels):
        said.append(f"Of {len(table.labels)} lists no more than {len(table.labels) - 1} can interact.")
    if method.model == "main" and limits is not None:
        said.append("The model was given: the interval leaves out that another might have been chosen.")
    return said if limits is None else [*said, *_of_interval(method, limits)]


def _of_interval(method: Method, limits: Interval) -> list[str]:
    """What a reader of the interval has to know."""
    said = []
    if method.model != "main" and method.criterion == "bic":
        said.append(
            "The interval is of choices by BIC. The intervals that Chan, Silverman and Vincent (2021)"
            " published are of stepwise with the criterion overlaps."
        )
    if limits.replicates < FEW_REPLICATES:
        said.append(
            f"Only {limits.replicates} replicates: the limits are rough, and need not hold the estimate."
            " Take 1000."
        )
    outermost = _outermost(limits)
    if outermost:
        said.append(
            f"The {outermost} of the interval is among the {OUTERMOST} outermost replicates: it moves more"
            " with the seed than is told. Take more replicates."
        )
    if limits.acceleration is None:
        said.append(
            "Without one person of some history there is no estimate, so that the acceleration of the"
            " interval cannot be told: it is taken as 0."
        )
    if limits.unbounded:
        verb = "carries no estimate; it counts" if limits.unbounded == 1 else "carry no estimate; they count"
        said.append(f"{limits.unbounded:,} of {limits.replicates:,} replicates {verb} as infinite.")
    if abs(limits.bias) > LEANING:
        side = "above" if limits.bias < 0 else "below"
        share = _normal_share(abs(limits.bias))
        said.append(
            f"Of the replicates {share:.0%} lie {side} the estimate; the interval is corrected for it."
        )
    return said


def _outermost(limits: Interval) -> str:
    """Which limits have hardly a replicate outside, in words; empty where none."""
    outside = {"lower limit": limits.places[0], "upper limit": 1 - limits.places[1]}
    return " and the ".join(name for name, share in outside.items() if share * limits.replicates < OUTERMOST)


def _too_wide(
    lowest: float | None, highest: float | None, limits: Interval | None, widest: float
) -> list[str]:
    said = []
    if lowest and highest and highest / lowest > widest:
        said.append(
            f"with other models and lists it lies from {lowest:,.0f} to {highest:,.0f},"
            f" {_beyond(highest / lowest, widest)} times"
        )
    if limits is not None and not np.isfinite(limits.upper):
        said.append("the replicates give the interval no upper limit")
    elif limits is not None and limits.upper > widest * limits.lower:
        said.append(f"the interval is wider than {widest:g} times its lower limit")
    if limits is not None and limits.percentile[1] > widest * limits.percentile[0]:
        low, high = (f"{value:,.0f}" if np.isfinite(value) else "no limit" for value in limits.percentile)
        said.append(f"the replicates, before they are corrected for bias, go from {low} to {high}")
    return said


def _beyond(ratio: float, widest: float) -> str:
    """A ratio with as many digits as it takes to see that it is above the widest.

    >>> _beyond(3.004, 3.0), _beyond(5.27, 3.0)
    ('3.004', '5.3')
    """
    texts = (f"{ratio:.{digits}f}" for digits in range(1, 16))
    return next((text for text in texts if float(text) > widest), f"{ratio!r}")


def _normal_share(deviations: float) -> float:
    from scipy.stats import norm

    return float(norm.cdf(deviations))
