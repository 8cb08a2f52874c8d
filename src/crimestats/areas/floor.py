"""How many of the areas of a group need a figure before the group has one."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEW = 10
"""Inhabited areas of a group; of one with fewer, half of them may be enough. A choice of the project."""


def enough(count: ArrayLike, size: ArrayLike, least: int) -> NDArray[np.bool_]:
    """Whether enough areas of a group have a figure.

    Args:
        count: Areas with a figure.
        size: Inhabited areas of the group; a group of which that is not known counts as large.
        least: Areas that a group needs; half of the inhabited ones, rounded down and at least one,
            where that is fewer in a group with fewer than `FEW`. With 0 any number is enough.

    Returns:
        For each group, whether it has enough.

    >>> enough([2, 2, 4, 5, 0], [5, 6, 10, 10, 1], 5).tolist()
    [True, False, False, True, False]
    """
    sizes = np.asarray(size, dtype=np.float64)
    half = np.maximum(sizes // 2, 1)
    needed = np.where(sizes < FEW, np.minimum(least, half), least)
    is_enough: NDArray[np.bool_] = np.asarray(count) >= needed
    return is_enough
