"""The axis of rates: where a rate stands, and which ones are written beside it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

_STEPS = (1.0, 2.0, 5.0)
_LOGARITHMIC_FROM = 20  # largest over smallest rate: beyond, a linear axis leaves most lines at its foot
_INTERVALS = 4  # between the ticks of a linear axis, at least


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from nothing, or a logarithmic one where rates differ manifold.

    Attributes:
        is_log: Equal distances are equal ratios.
        lower: The rate at the foot.
        upper: The rate at the top.
        ticks: Rates that are written.
        has_zero: A rate of nothing occurs; a logarithmic axis puts it at the foot.
    """

    is_log: bool
    lower: float
    upper: float
    ticks: tuple[float, ...]
    has_zero: bool

    @classmethod
    def fitting(cls, rates: "pd.Series[float]") -> "Axis":
        """The axis for these rates; what is not finite is left out.

        >>> axis = Axis.fitting(pd.Series([0.0, 0.4, 30.0]))
        >>> axis.is_log, axis.ticks
        (True, (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0))
        """
        finite = rates[np.isfinite(rates)]
        positive = finite[finite > 0]
        has_zero = bool((finite <= 0).any())
        if positive.empty:
            return cls(False, 0.0, 1.0, (0.0, 1.0), has_zero)
        if positive.max() > _LOGARITHMIC_FROM * positive.min():
            return cls._logarithmic(float(positive.min()), float(positive.max()), has_zero)
        return cls._linear(float(positive.max()), has_zero)

    @classmethod
    def _linear(cls, largest: float, has_zero: bool) -> "Axis":
        step = _round_down(largest / _INTERVALS)
        number = math.ceil(largest / step - 1e-9)
        return cls(False, 0.0, step * number, tuple(_clean(step * n) for n in range(number + 1)), has_zero)

    @classmethod
    def _logarithmic(cls, smallest: float, largest: float, has_zero: bool) -> "Axis":
        lower = _round_down(smallest)
        if has_zero:
            lower = _round_down(lower * 0.9)
        decades = range(math.floor(math.log10(lower)), math.ceil(math.log10(largest)) + 1)
        steps = [_clean(step * 10.0**decade) for decade in decades for step in _STEPS]
        within = [step for step in steps if step >= lower]
        upper = next(step for step in within if step >= largest * (1 - 1e-9))
        ticks = [step for step in within if step <= upper]
        return cls(True, lower, upper, tuple(_thinned(ticks)), has_zero)

    def place(self, rates: "pd.Series[float]") -> "pd.Series[float]":
        """Rates as they are drawn: none below the foot or above the top."""
        return rates.clip(self.lower, self.upper)

    def height(self, rate: float) -> float:
        """Share of the axis, from 0 at the foot to 1 at the top."""
        if self.is_log:
            return math.log(max(rate, self.lower) / self.lower) / math.log(self.upper / self.lower)
        return (rate - self.lower) / (self.upper - self.lower)

    def encoding(self) -> dict[str, Any]:
        """The axis in Vega-Lite, without a title."""
        written = "format(datum.value, ',')"
        if self.is_log and self.has_zero:
            written = f"datum.value <= {self.lower * 1.0001!r} ? '0' : {written}"
        scale = {
            "type": "log" if self.is_log else "linear",
            "domain": [self.lower, self.upper],
            "nice": False,
        }
        return {"scale": scale, "axis": {"title": None, "values": list(self.ticks), "labelExpr": written}}


def _round_down(number: float) -> float:
    """The largest of 1, 2, 5, 10, … times a power of ten that is not above the number."""
    power = 10.0 ** math.floor(math.log10(number))
    return _clean(max(step * power for step in (0.5, *_STEPS) if step * power <= number * (1 + 1e-9)))


def _thinned(ticks: list[float]) -> list[float]:
    """Not more than a dozen: every third, powers of ten, where there are more."""
    if len(ticks) <= 12:
        return ticks
    powers = [
        tick for tick in ticks if math.isclose(math.log10(tick) % 1, 0, abs_tol=1e-6) or tick == ticks[0]
    ]
    return powers[:: len(powers) // 12 + 1]


def _clean(number: float) -> float:
    return float(f"{number:.6g}")
