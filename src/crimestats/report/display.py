"""Figures as they are shown: rounded half to even here and nowhere before."""

import math
from decimal import Decimal

_LONGEST = 1e15  # beyond this no count of a state lies, and digits would break the table


def shown(value: float, digits: int = 0) -> str:
    """A number with its thousands apart, rounded half to even; a dash where there is none.

    >>> shown(1234.5), shown(0.125, 2), shown(float("nan"))
    ('1,234', '0.12', '–')
    """
    if math.isnan(value):
        return "–"
    if abs(value) >= _LONGEST:
        return f"{value:.3g}"
    return format(Decimal(repr(float(value))), f",.{digits}f")


def shown_between(value: float, lower: float, upper: float, digits: int = 0) -> str:
    """A number, or the range that it lies in.

    A count from nothing to a small number is written as it was reported: 0 to 4 is `<5`.

    >>> [shown_between(*figure) for figure in [(7, 7, 7), (math.nan, 0, 4), (math.nan, 6, math.inf)]]
    ['7', '<5', '6 or more']
    """
    if not math.isnan(value) or math.isnan(lower):
        return shown(value, digits)
    if math.isinf(upper):
        return f"{shown(lower, digits)} or more"
    if digits == 0 and lower == 0 and upper == int(upper):
        return f"<{shown(upper + 1)}"
    return f"{shown(lower, digits)}–{shown(upper, digits)}"


def shown_change(ratio: float) -> str:
    """A change in per cent with its sign; a dash where there is none.

    >>> shown_change(0.125), shown_change(-0.5), shown_change(0.001)
    ('+12 %', '−50 %', '0 %')
    """
    text = shown(abs(ratio) * 100)
    return text if text == "–" else f"{'' if text == '0' else '+' if ratio > 0 else '−'}{text} %"
