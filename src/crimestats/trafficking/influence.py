"""How far the share of a group moves when one of its areas is left out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crimestats.trafficking.shares import Numbers, share

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Influence:
    """The area that moves each share most, and the one that most of its base is of.

    Attributes:
        influence: The share without the area less the share with it; null where there is no other area.
        mover: Its place among the parts, -1 where there is none.
        largest_share: Part of the base that is of one area; null where the base is nil.
        largest: The place of that area among the parts, -1 where several all count alike.
    """

    influence: Numbers
    mover: Integers
    largest_share: Numbers
    largest: Integers


def without(part: Numbers, base: Numbers, of: Integers, parts: Numbers, bases: Numbers) -> Numbers:
    """Shift of the share of each figure when a part is left out of it: the share without, less the share.

    Args:
        part: Persons of the category of each part (or its weighted share).
        base: The base of each part (or its weight).
        of: The figure of each part, a place in the next two.
        parts: Sum of `part` over the parts of each figure.
        bases: Sum of `base`.

    >>> shift = without(np.array([9.0, 1.0]), np.array([10.0, 10.0]), np.array([0, 0]),
    ...                 np.array([10.0]), np.array([20.0]))
    >>> shift.round(9).tolist()
    [-0.4, 0.4]
    """
    left = bases[of] - base
    is_left = left > 1e-9 * bases[of]
    rest = share(np.where(is_left, parts[of] - part, 0), np.where(is_left, left, 0))
    shift: Numbers = rest - share(parts, bases)[of]
    return shift


def influence(part: Numbers, base: Numbers, of: Integers, starts: Integers) -> Influence:
    """The largest shift of each figure, with its sign, and the largest base.

    Of areas that move it alike the first counts.

    Args:
        part: Persons of the category of each part (or its weighted share).
        base: The base of each part (or its weight).
        of: The figure of each part, rising.
        starts: Where the parts of each figure begin.
    """
    if not len(starts):
        none = np.empty(0)
        return Influence(none, none.astype(np.int64), none, none.astype(np.int64))
    parts, bases = np.add.reduceat(part, starts), np.add.reduceat(base, starts)
    shift = without(part, base, of, parts, bases)
    mover = _first_largest(np.where(np.isnan(shift), -1.0, np.abs(shift).round(12)), of, starts)
    largest = _first_largest(base, of, starts)
    sizes = np.diff(starts, append=len(base))
    is_alike = (np.minimum.reduceat(base, starts) == base[largest]) & (sizes > 1)
    return Influence(
        influence=shift[mover],
        mover=np.where(np.isnan(shift[mover]), -1, mover),
        largest_share=share(base[largest], bases),
        largest=np.where(is_alike | (bases <= 0), -1, largest),
    )


def _first_largest(values: Numbers, of: Integers, starts: Integers) -> Integers:
    is_largest = values == np.maximum.reduceat(values, starts)[of]
    places = np.where(is_largest, np.arange(len(values)), len(values))
    first: Integers = np.minimum.reduceat(places, starts)
    return first
