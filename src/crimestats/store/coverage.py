"""Which findings a round could have found again: what was not sent, or not read, corrects nothing."""

from collections.abc import Sequence

import pandas as pd
from pandas import DataFrame, Series

from crimestats.frames import NOT_APPLICABLE
from crimestats.questionnaire import Questionnaire

_YEARS = (1900, 2100)  # outside of them a year is the fault itself, and no later return has it
_PART = "H.part"  # the agencies whose part of the questionnaire a file holds
_ABOUT = r"_|H\."  # items that are about one file


def covered(
    gone: DataFrame, cells: DataFrame, files: DataFrame, definition: Questionnaire | None = None
) -> "Series[bool]":
    """Whether a file that was read this time speaks of what a finding is about.

    A finding about a file asks for that file; one about a figure for that figure, filled in again or
    declared missing (a blank in a later return withdraws nothing); one about a blank for its sheet and year.

    Args:
        gone: Findings that are not found any longer.
        cells: The round (`frames.CELLS`).
        files: Its files (`frames.RETURNS`).
        definition: Says which agency is asked for an item, for files of one agency.
    """
    read = files.loc[files["status"] == "read", ["return_id", "questionnaire"]]
    rows = cells.loc[cells["area"].isin(set(gone["area"])) & cells["return_id"].isin(set(read["return_id"]))]
    texts = dict.fromkeys(("return_id", "area", "sheet", "item", "raw"), "str")
    rows = rows[[*texts, "year"]].astype(texts).merge(read, on="return_id")
    filled = rows.loc[rows["raw"].str.strip() != ""]
    again = _is_in(gone, filled, ("item", "year"))
    by_sheet = _sheet_is_in(gone, rows, definition) & _year_is_in(gone, rows)
    of_file = gone["item"].str.match(_ABOUT) | (gone["sheet"] == NOT_APPLICABLE)
    plausible = gone["year"].isna() | gone["year"].between(*_YEARS)
    was_filled = (gone["value"].str.strip() != "") & plausible
    covers = (again & was_filled) | (by_sheet & ~was_filled)
    same_file = gone["return_id"].isin(read["return_id"])
    return covers.where(~of_file, same_file).astype("bool")


def is_newer(gone: DataFrame, files: DataFrame) -> "Series[bool]":
    """Whether something was sent since the finding was last found.

    Where nothing was, it is the checks that differ (no previous figures were given, say), not the figures.
    """
    read = files.loc[files["status"] == "read"]
    latest = read.groupby(["questionnaire", "area"])["first_seen"].max().rename("latest")
    joined = gone[["questionnaire", "area", "last_seen"]].join(latest, on=["questionnaire", "area"])
    return joined["latest"].fillna("") > joined["last_seen"]


def _sheet_is_in(gone: DataFrame, rows: DataFrame, definition: Questionnaire | None) -> "Series[bool]":
    """Whether a file asks for the sheet: whole, or the part of the agency that is asked for the item.

    Without the questionnaire nothing says what a file of one agency asks for.
    """
    parts = rows.loc[(rows["item"] == _PART) & (rows["raw"].str.strip() != ""), ["return_id", "raw"]]
    whole = _is_in(gone, rows.loc[~rows["return_id"].isin(parts["return_id"])], ("sheet",))
    if definition is None or parts.empty:
        return whole
    asked = dict(zip(definition.data["item"], definition.data["agency"], strict=True))
    agencies = parts.assign(agency=parts["raw"].str.split()).explode("agency").drop(columns="raw")
    own = gone.assign(agency=gone["item"].map(asked).astype("str").fillna(""))
    return whole | _is_in(own, rows.merge(agencies, on="return_id"), ("sheet", "agency"))


def _year_is_in(gone: DataFrame, rows: DataFrame) -> "Series[bool]":
    is_any = gone["year"].isna() | ~gone["year"].between(*_YEARS).fillna(False)
    return is_any.astype("bool") | _is_in(gone, rows, ("sheet", "year"))


def _is_in(gone: DataFrame, rows: DataFrame, names: Sequence[str]) -> "Series[bool]":
    """Whether rows of the same questionnaire and area agree in some columns; no year is a year of its own."""
    keys = ["questionnaire", "area", *names]
    sides = [side[keys].assign(year=side["year"].fillna(0).astype("int32")) for side in (gone, rows)]
    known, there = (side[keys] for side in sides)
    found = pd.MultiIndex.from_frame(known).isin(pd.MultiIndex.from_frame(there.drop_duplicates()))
    return Series(found, index=gone.index)
