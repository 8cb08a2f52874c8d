"""Bounded figures held against the total that an area reports itself."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

BASE = ["denominator", "area", "year"]


def capped(data: DataFrame, wholes: DataFrame) -> DataFrame:
    """The figures with no more persons, together, than the area says that there are.

    What the total leaves above the least sum of the categories is shared by their
    bounded figures: none can have more than that, and their middles add to its half. A total
    below the least sum caps nothing: one of the two is wrong, or persons are counted under several
    categories (`excess`).

    Args:
        data: Known figures of categories: denominator, area, year, value, lower, upper.
        wholes: All persons: the same without categories.

    Returns:
        The rows with value and upper as capped.
    """
    of = [data[name] for name in BASE]
    width = data["upper"] - data["lower"]
    widths = width.groupby(of).transform("sum")
    least = data["lower"].groupby(of).transform("sum")
    whole = wholes.set_index(BASE)["upper"].reindex(pd.MultiIndex.from_frame(data[BASE])).to_numpy()
    room = whole - least
    is_capped = (room >= 0) & (room < widths) & data["is_known"]
    part = (room / 2) / widths.where(widths > 0)
    return data.assign(
        value=data["value"].mask(is_capped, data["lower"] + width * part),
        upper=data["upper"].mask(is_capped, data["lower"] + np.minimum(width, room)),
    )


def limited(bases: DataFrame, wholes: DataFrame) -> DataFrame:
    """Bases no larger than the total where they can be, and by how much they are above it where they cannot.

    Args:
        bases: Denominator, area, year, value, lower, upper of all categories together.
        wholes: All persons.

    Returns:
        The rows with `excess`: persons, at least, by which the base is above the total.
    """
    at = pd.MultiIndex.from_frame(bases[BASE])
    most: NDArray[np.float64] = wholes.set_index(BASE)["upper"].reindex(at).to_numpy(np.float64)
    least = bases["lower"].to_numpy(np.float64)
    upper = bases["upper"].to_numpy(np.float64)
    is_capped = (most >= least) & (most < upper)
    return bases.assign(
        upper=np.where(is_capped, most, upper), excess=np.nan_to_num(np.maximum(least - most, 0))
    )
