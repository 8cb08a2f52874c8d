"""Shares of counts that are known within bounds."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def share(part: Numbers, whole: Numbers) -> Numbers:
    """A part of a whole; null where the whole is nil.

    >>> share(np.array([3.0, 0.0]), np.array([4.0, 0.0])).tolist()
    [0.75, nan]
    """
    none = np.full(np.shape(part), np.nan)
    found: Numbers = np.divide(part, whole, out=none, where=np.asarray(whole) > 0)
    return found


def share_bounds(
    lower: Numbers, upper: Numbers, rest_lower: Numbers, rest_upper: Numbers
) -> tuple[Numbers, Numbers]:
    """The least and the largest share that a part can have of itself and the rest.

    The share part / (part + rest) rises with the part and falls with the rest, and
    the two move apart from each other, so that these bounds are reached:
    lower / (lower + rest_upper) and upper / (upper + rest_lower). Where nobody may
    be counted at all there is no share in that case, and the bounds are of the other
    cases: a part of at least nought beside a rest that is nil is all of it.

    Args:
        lower: Persons of the category, at least.
        upper: The same, at most.
        rest_lower: Persons of the other categories, at least.
        rest_upper: The same, at most.

    Returns:
        Bounds of the share; null where there can be nobody at all.

    >>> low, high = share_bounds(*(np.array([each]) for each in (0.0, 4.0, 6.0, 6.0)))
    >>> low.tolist(), high.tolist()
    ([0.0], [0.4])
    """
    is_nobody = upper + rest_upper <= 0
    low = np.where(lower + rest_upper > 0, share(lower, lower + rest_upper), 1.0)
    high = np.where(upper + rest_lower > 0, share(upper, upper + rest_lower), 0.0)
    return np.where(is_nobody, np.nan, low), np.where(is_nobody, np.nan, high)
