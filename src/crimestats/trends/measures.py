"""What may be done with the figures of each measure: summed, related to the population, shown."""

from functools import cache

from pandas import DataFrame, Series

from crimestats.files import read_csv, shipped

_COLUMNS = ("measure", "unit", "is_additive", "rate_base", "digits", "rate_digits", "note")


def indicators() -> DataFrame:
    """How the figures of each measure and unit are treated.

    Returns:
        `measure`, `unit`, `is_additive` (parts and areas may be summed),
        `rate_base` (persons that a rate is given for; null where none is
        given), `digits` and `rate_digits` (decimals where they are shown;
        null without a rate) and `note`.

    >>> indicators().set_index("measure").loc[["victims", "deaths"], "rate_base"].tolist()
    [100000.0, nan]
    """
    return _indicators().copy()


@cache
def _indicators() -> DataFrame:
    table = read_csv(shipped("classification", "indicators.csv"), _COLUMNS)
    numbers = table[["rate_base", "digits", "rate_digits"]].replace("", None).astype("float64")
    return table.assign(**numbers, is_additive=table["is_additive"] == "1")


def of_series(series: DataFrame) -> DataFrame:
    """The row of each series; a measure that the table does not know is neither summed nor given a rate.

    Args:
        series: With `measure` and `unit`.

    Returns:
        `is_additive` and `rate_base`, in the order of the series.
    """
    known = _indicators()[["measure", "unit", "is_additive", "rate_base"]]
    found = series[["measure", "unit"]].astype("str").merge(known, on=["measure", "unit"], how="left")
    is_additive: Series[bool] = found["is_additive"].eq(True)
    return DataFrame({"is_additive": is_additive, "rate_base": found["rate_base"].astype("float64")})
