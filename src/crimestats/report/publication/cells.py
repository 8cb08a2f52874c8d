"""The cells of a publication table: each figure with its flags, each missing one with its mark and reason."""

from functools import cache

import numpy as np
import pandas as pd
from pandas import DataFrame, MultiIndex, Series

from crimestats.files import read_csv, shipped
from crimestats.frames import NOT_APPLICABLE
from crimestats.report.pictures.choosing import By, Chosen
from crimestats.report.pictures.wording import text

_COLUMNS = ("status", "flag", "sdmx", "mark", "meaning")


@cache
def flags() -> DataFrame:
    """By status the letter, the SDMX code (CL_OBS_STATUS 2.2), the mark and what it means."""
    return read_csv(shipped("questionnaires", "flags.csv"), _COLUMNS).set_index("status")


def cells(picked: Chosen, by: By, within: str = "m49") -> DataFrame:
    """Every area, method and year of a table, whether there is a figure or not.

    Args:
        picked: The indicator.
        by: `rate`, `value` or `index`.
        within: Grouping whose regions the areas are put under.

    Returns:
        `region` (of groups the method), `area`, `name`, `method`, `year`,
        `number`, `lower`, `upper`, `coverage` (null where none), `flags`
        (statuses of the table of flags, blanks between) and `missing` (the
        status that says why there is no figure, empty where there is one);
        sorted by region, name and year.
    """
    rows = picked.figures(by)
    figures = _whole(rows, picked)
    made = DataFrame({
        "area": figures["area"], "method": figures["method"], "year": figures["year"],
        "name": figures["area"].map(dict(picked.names)), "number": figures["shown"],
        "lower": figures["shown_lower"], "upper": figures["shown_upper"], "coverage": figures["coverage"],
        "flags": _flagged(figures, picked), "missing": _missing(figures, by),
    })  # fmt: skip
    made = made.assign(region=_regions(made, picked, within), place=_places(made["area"], picked))
    made = made.sort_values(["region", "place", "method", "year"], key=_last_if_empty, ignore_index=True)
    return made.drop(columns="place")


def _last_if_empty(column: Series) -> Series:
    return column.replace("", "￿") if column.name == "region" else column


def _whole(rows: DataFrame, picked: Chosen) -> DataFrame:
    """The rows, and empty ones for years of an area or method that has none."""
    years = range(int(rows["year"].min()), int(rows["year"].max()) + 1)
    there = rows[["area", "method"]].drop_duplicates()
    pairs = [(area, method) for area, method in there.itertuples(index=False)]
    pairs += [(code, NOT_APPLICABLE) for code in picked.names if code not in set(there["area"])]
    keys = [(area, method, year) for area, method in pairs for year in years]
    index = MultiIndex.from_tuples(keys, names=["area", "method", "year"])
    return (
        rows.drop_duplicates(["area", "method", "year"]).set_index(index.names).reindex(index).reset_index()
    )


def _missing(figures: DataFrame, by: By) -> "Series[str]":
    """Why there is no figure: the status of the figure, or of its rate where the figure itself is there."""
    reason = figures["status"].where(figures["lower"].isna(), figures["rate_status"])
    known = reason.where(reason.isin(flags().index), "other").where(reason.notna(), "absent").astype("str")
    return known.where(figures["shown_lower"].isna(), "")


def _flagged(figures: DataFrame, picked: Chosen) -> "Series[str]":
    there = figures["shown_lower"].notna()
    is_flag = {
        "provisional": figures["provisional"] == "yes",
        "estimated": (figures["method"] == "estimated") | (figures["status"] == "estimated"),
        "break": _is_after_break(figures, there),
        "summed": (figures["basis"] == "summed") & (not picked.is_of_groups),
        "bounded": figures["shown"].isna(),
        "partial": figures["rate_status"] == "partial",
        "other_period": figures["period"] == "other_period",
        "conflicting": figures["status"] == "conflicting",
    }
    joined = Series("", index=figures.index)
    for name, holds in is_flag.items():
        joined = joined.where(~(holds & there), joined + " " + name)
    return joined.str.strip()


def _is_after_break(figures: DataFrame, there: "Series[bool]") -> "Series[bool]":
    """Whether a figure stands in another segment than the one before; rows by area, method, year."""
    given = figures.loc[there, ["area", "method", "segment"]]
    before = given.shift()
    is_same = (given["area"] == before["area"]) & (given["method"] == before["method"])
    broken = is_same & (given["segment"] != before["segment"])
    return broken.reindex(figures.index, fill_value=False)


def _regions(made: DataFrame, picked: Chosen, within: str) -> "Series[str]":
    """What a row stands under: of areas their region, of groups the method."""
    from crimestats.report.pictures.dotted import regions

    if picked.is_of_groups:
        return made["method"].map(lambda method: text(f"method.heading.{method}"))
    return regions(made["area"], within)


def _places(codes: "Series[str]", picked: Chosen) -> "Series[int]":
    return codes.map({code: at for at, code in enumerate(picked.names)})


def letters(joined: "Series[str]", column: str = "flag") -> "Series[str]":
    """Statuses joined by blanks as their letters (`flag`) or SDMX codes (`sdmx`), blanks between.

    >>> letters(Series(["break provisional", ""])).tolist()
    ['b p', '']
    """
    table = flags()
    short = {name: table[column].get(name) or table["flag"].get(name, "") for name in table.index}
    known = {said: " ".join(short.get(name, "") for name in said.split()) for said in joined.unique()}
    return joined.map(known)


def occurring(table: DataFrame) -> "pd.Index[str]":
    """The statuses that the flags and marks of a table have, in the order of their table."""
    used = {name for said in table["flags"].unique() for name in said.split()} | set(table["missing"])
    order = flags().index
    return order[np.isin(order, list(used))]
