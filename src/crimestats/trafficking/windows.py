"""Which year of an area stands for a year: that year, or the most recent of a window that has figures."""

import pandas as pd
from pandas import DataFrame

YEAR, MOST_RECENT = "year", "most_recent"


def windowed(figures: DataFrame, by: list[str], years: list[int], window: int) -> DataFrame:
    """The most recent figure of each in the window that ends in each year.

    The reports say `2018 (or most recent)`: what an area gave in the window's
    most recent year stands for it, and it enters once.

    Args:
        figures: One row for each of `by` and `year`.
        by: Columns that say what a figure is of, the area among them.
        years: The years that windows end in.
        window: Length in years; 1 is the year alone.

    Returns:
        The rows with `used`, the year of the figure, and `year`, that of the window's end.

    >>> given = DataFrame({"area": ["PRT", "PRT", "MEX"], "year": [2015, 2016, 2018], "persons": [3, 5, 9]})
    >>> windowed(given, ["area"], [2017, 2018], 3)[["area", "used", "year", "persons"]].values.tolist()
    [['MEX', 2018, 2018, 9], ['PRT', 2016, 2017, 5], ['PRT', 2016, 2018, 5]]
    """
    used = figures.rename(columns={"year": "used"})
    shifted = [used.assign(year=used["used"] + later) for later in range(window)]
    every = pd.concat(shifted, ignore_index=True) if len(shifted) > 1 else shifted[0]
    every = every[every["year"].isin(years)].sort_values([*by, "year", "used"])
    return every.drop_duplicates([*by, "year"], keep="last").reset_index(drop=True)


def named(window: int) -> str:
    """What a window of so many years is called in tables.

    >>> named(1), named(3)
    ('year', 'most_recent')
    """
    return YEAR if window == 1 else MOST_RECENT
