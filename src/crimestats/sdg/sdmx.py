"""An indicator as SDMX-CSV 2.0, in the layout of the global SDG data flow."""

from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.files import replacing
from crimestats.frames import NOT_APPLICABLE, SDG, TOTAL, UNKNOWN

DATAFLOW = "IAEG-SDGs:DF_SDG_GLH(1.24)"
"""The harmonised global data flow, as it was published in April 2026."""
DIMENSIONS = (
    "FREQ", "REPORTING_TYPE", "SERIES", "REF_AREA", "SEX", "AGE", "URBANISATION", "INCOME_WEALTH_QUANTILE",
    "EDUCATION_LEV", "OCCUPATION", "CUST_BREAKDOWN", "COMPOSITE_BREAKDOWN", "DISABILITY_STATUS", "ACTIVITY",
    "PRODUCT", "TIME_PERIOD",
)  # fmt: skip
ATTRIBUTES = (
    "OBS_STATUS", "UNIT_MULT", "UNIT_MEASURE", "NATURE", "TIME_DETAIL", "COMMENT_OBS", "UPPER_BOUND",
    "LOWER_BOUND",
)  # fmt: skip
_UNITS = {"per_cent": "PT", "per_100000": "PER_100000_POP"}


def to_sdmx_csv(sdg: DataFrame, path: Path | str, *, dataflow: str = DATAFLOW) -> int:
    """Write an indicator as SDMX-CSV 2.0.

    Left out are rows without a figure or bounds, areas that have no M49 number (parts of
    countries, Kosovo), series whose code is not known, and groups that M49 does not number.

    Args:
        sdg: What `report` returns (`frames.SDG`).
        path: The file to write.
        dataflow: Agency, id and version of the data flow.

    Returns:
        The number of rows written.

    Raises:
        CallError: The table is not what its name says.
        FileError: The file cannot be written.
    """
    rows = SDG.check(sdg)
    rows = rows.assign(place=_places(rows))
    kept = rows[rows["lower"].notna() & (rows["place"] != "") & (rows["series"].astype("str") != UNKNOWN)]
    message = _message(kept, dataflow)
    with replacing(path) as place:
        message.to_csv(place, index=False, lineterminator="\n")
    return len(message)


def _places(rows: DataFrame) -> "Series[str]":
    """M49 numbers without leading noughts, as the global database writes them; empty where there is none."""
    numbers = areas.areas().set_index("area")["m49"]
    code = rows["area"].astype("str")
    grouping = rows["grouping"].astype("str")
    number = code.map(numbers).where(grouping == NOT_APPLICABLE, code.where(grouping == "m49", ""))
    return number.fillna("").str.lstrip("0")


def _message(rows: DataFrame, dataflow: str) -> DataFrame:
    texts = rows.astype(dict.fromkeys(("series", "sex", "unit", "nature", "note", "years"), "str"))
    given = {
        "FREQ": "A", "REPORTING_TYPE": "G", "SERIES": texts["series"], "REF_AREA": texts["place"],
        "SEX": texts["sex"], "TIME_PERIOD": texts["year"].astype("str"), "OBS_VALUE": _numbers(rows["value"]),
        "OBS_STATUS": "A", "UNIT_MULT": "0", "UNIT_MEASURE": texts["unit"].map(_UNITS),
        "NATURE": texts["nature"], "TIME_DETAIL": texts["years"], "COMMENT_OBS": texts["note"],
        "UPPER_BOUND": _numbers(rows["upper"]), "LOWER_BOUND": _numbers(rows["lower"]),
    }  # fmt: skip
    columns = ["STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "OBS_VALUE", *ATTRIBUTES]
    unsaid = {name: TOTAL for name in DIMENSIONS if name not in given}
    kind = {"STRUCTURE": "dataflow", "STRUCTURE_ID": dataflow, "ACTION": "I"}
    return DataFrame({**kind, **unsaid, **given}, index=rows.index)[columns]


def _numbers(column: "Series[float]") -> "Series[str]":
    finite = column.where(np.isfinite(column))
    return finite.map(lambda number: "" if pd.isna(number) else repr(float(number)))
