"""A published workbook as observations, and the faults in it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.areas import areas, match
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, OBSERVATIONS, TOTAL, UNKNOWN
from crimestats.published import rules
from crimestats.published.kinds import NOTHING, WRITTEN
from crimestats.published.layout import read_sheets
from crimestats.published.release import Release, to_release
from crimestats.published.series import countries, describe
from crimestats.published.values import figures, years

SCHEME = "iccs-1.0"
"""Of the codes in the table of series, as of the questionnaires whose items they are."""


def read_published(path: Path | str | os.PathLike[str]) -> tuple[DataFrame, DataFrame]:
    """Read a workbook of UNODC's data portal, or an older release with years as columns.

    Every row is an observation, nothing is summed, corrected or left out: rows
    that stand twice are two observations, and what cannot be told apart or
    read stays with the status, item or area `_U` that says so. Counts, rates
    and percentages are observations of their own unit; only counts are figures
    of an item of our questionnaires. `source` is of what kind the figures are;
    what the publisher says of a row's source is in the note.

    Args:
        path: `.xlsx` or `.csv`.

    Returns:
        The figures (`frames.OBSERVATIONS`), in the order of the file, and the faults
        found (`frames.FINDINGS`) by the rules of `questionnaires/published/rules.toml`.

    Raises:
        FileError: There is no such file. A file that cannot be read is a finding.
    """
    path = Path(path)
    sheets = read_sheets(path)
    table = described(sheets.table)
    known = rules.load()
    named = rules.series_named(known)
    release = to_release(path.name, table, sheets.facts, known, named)
    misread = rules.unusable(release)["unreadable"]
    if misread.any():  # the id of a cell must not enter a sum
        release = to_release(path.name, _unread(table, misread), sheets.facts, known, named)
    found = rules.judge(release)
    return _observations(path.name, release, found), found


def described(table: DataFrame) -> DataFrame:
    """The rows of a published file with what their labels mean, and their figures."""
    whose = _areas(table)
    labels = describe(table)
    given = figures(table, labels["unit"]).rename(columns={"value": "value_"})
    named = countries(labels["label"], whose["area"])
    is_named = labels["label"].ne("") | (labels["country"] == "ENTERED")
    whole = table.rename(columns={"source": "said_source", "unit": "unit_label",
                                  "sex": "sex_label", "age": "age_label"})  # fmt: skip
    described = pd.concat(
        [whole, labels.rename(columns={"country": "country_code"}), whose, given], axis="columns"
    )
    return described.assign(
        own_year=years(table["year"]),
        country_code=named["country"].where(is_named, labels["country"]),
        citizenship=named["citizenship"].where(is_named, labels["citizenship"]),
        country_known=np.where(is_named & ~named["is_known"], "0", "1"),
    )


def _unread(table: DataFrame, chosen: Series) -> DataFrame:
    """The rows chosen without their figures."""
    numbers = {name: table[name].mask(chosen) for name in ("value_", "lower", "upper")}
    return table.assign(**numbers, status=table["status"].mask(chosen, "unreadable"))


def _areas(table: DataFrame) -> DataFrame:
    """The reporting unit by its code, else by its name."""
    code, name = table["iso3"], table["country"]
    is_code = code.isin(areas()["area"])
    unique = match(Series(name.unique(), dtype="object")).set_index("label")
    stripped = name.str.rstrip("*† ")
    bare = match(Series(stripped.unique(), dtype="object")).set_index("label")
    named = stripped.map(bare["area"]).fillna(UNKNOWN)
    near = name.map(unique["candidates"]).fillna("")
    return DataFrame({
        "area": code.where(is_code, named), "area_near": near.where(~is_code, ""),
        "area_named": named.where(is_code & (named != UNKNOWN) & (named != code), ""),
    })  # fmt: skip


def _observations(name: str, release: Release, found: DataFrame) -> DataFrame:
    table = release.table
    doubted = rules.unusable(release)
    status = table["status"].mask(doubted["misdated"], "misdated").mask(doubted["impossible"], "impossible")
    status = status.mask(doubted["unreadable"], "unreadable")
    is_without = doubted.any(axis="columns")
    divided = {each: each for each in BREAKDOWNS if each in table} | {"country": "country_code"}
    breakdowns = {each: table[column] for each, column in divided.items()}
    whole = {each: TOTAL for each in BREAKDOWNS if each not in breakdowns}
    lost = (table["lost"] == "1") & table.duplicated(["area", "iso3", "own_year", "key", "unit"], keep=False)
    return OBSERVATIONS.cast(DataFrame({
        "area": table["area"], "year": table["own_year"], "item": table["item"].mask(lost, UNKNOWN),
        "scheme": SCHEME, **{key: table[key] for key in ("code", "measure", "unit", "stage", "source")},
        **breakdowns, **whole,
        "value": table["value_"].mask(is_without), "lower": table["lower"].mask(is_without),
        "upper": table["upper"].mask(is_without), "status": status, "segment": 0,
        "findings": _ids(table, found), "note": _notes(table, is_without), "return_id": name,
        "sheet": table["sheet"], "cell": table["cell"],
    }, index=table.index))  # fmt: skip


def _ids(table: DataFrame, found: DataFrame) -> Series:
    """Ids of the findings at each row's cell."""
    placed = found[found["cell"] != NOT_APPLICABLE].astype({"sheet": "str", "cell": "str"})
    ids = placed.groupby(["sheet", "cell"])["finding_id"].agg(" ".join)
    keys = pd.MultiIndex.from_frame(table[["sheet", "cell"]])
    return Series(ids.reindex(keys).fillna("").to_numpy(), index=table.index, dtype="str")


def _written(table: DataFrame, name: str) -> Series:
    """The label of sex, age or unit as it was published, where it is not known."""
    is_unknown = (table["unknown"] == name) | ((table["unknown"] != "") & (table[name] == UNKNOWN))
    return table[WRITTEN[name]].replace("", NOTHING).where(is_unknown, "")


def _notes(table: DataFrame, is_without: Series) -> Series:
    """What the publisher says that no column holds: source, a country not known, a value not taken."""
    parts = DataFrame({
        "Source: ": table["said_source"],
        "Area: ": (table["iso3"] + " " + table["country"]).str.strip().where(table["area"] == UNKNOWN, ""),
        "Marked by the publisher: ": table["country"].str.extract(r"([*†]+)\s*$")[0].fillna(""),
        "Label: ": table["category"].where((table["unknown"] != "") | (table["country_known"] == "0"), ""),
        **{f"{name.capitalize()}: ": _written(table, name) for name in WRITTEN},
        "Year: ": table["year"].where(table["own_year"] == 0, ""),
        "Value: ": table["value"].where(is_without | table["value_"].isna(), ""),
    })  # fmt: skip
    note = Series("", index=table.index, dtype="str")
    for label, column in parts.items():
        joint = np.where(note != "", "; ", "")
        note = note.mask(column != "", note + joint + str(label) + column)
    return note
