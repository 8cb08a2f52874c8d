"""Figures of sources, read from `figures.csv`: those under known codes, and findings of the others."""

from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.areas import match
from crimestats.frames import FINDINGS, TOTAL, UNKNOWN
from crimestats.returns.figures import read_text
from crimestats.returns.package import column_letters
from crimestats.trafficking.dataset import FOREIGN, OWN, TRAFFICKING_IN_PERSONS, WITHIN_COUNTRY
from crimestats.trafficking.source_codes import (
    COUNT,
    FIRST_YEAR,
    LAST_YEAR,
    codes,
    exploitations,
    lines,
    measures,
    read_table,
    refuse_codes,
)
from crimestats.trafficking.source_findings import listed, near, told

COLUMNS = ("source_id", "area", "year", "measure", "value")
OPTIONAL = (
    "dimension", "iccs", "unit", "stage", "sex", "age", "exploitation", "citizenship", "country", "place",
    "note",
)  # fmt: skip
"""What is left empty is the total; unit and stage are then those of the source, else of the measure."""

_NONE = ["unreadable", "ambiguous", "text"]


def read_figures(path: Path, records: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Read the figures of sources.

    Args:
        path: `figures.csv`, with `COLUMNS` and any of `OPTIONAL`.
        records: The sources, as `read_sources` gives them.

    Returns:
        The figures (keys, value, bounds, status, note, place), and findings of the rows
        that were left out or have no value that can be read.

    Raises:
        FileError: The file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or not known, or a source is not recorded.
    """
    table = read_table(path, COLUMNS, OPTIONAL)
    refuse_codes(path, table, "source_id", tuple(records["source_id"]))
    column = column_letters(list(table.columns).index("value"))
    cells = column + lines(path, len(table)).astype("str")
    table = table.assign(return_id=table["source_id"], sheet=path.name, cell=cells)
    table, faults = coded(_defaulted(table, records))
    table, unread = _valued(table)
    return table, FINDINGS.join(faults, unread)


def _defaulted(table: DataFrame, records: DataFrame) -> DataFrame:
    own = records.set_index("source_id")
    known = measures().reindex(table["measure"]).astype("object").fillna("").reset_index(drop=True)
    unit = table["unit"].where(table["unit"] != "", table["source_id"].map(own["unit"]))
    stage = table["stage"].where(table["stage"] != "", table["source_id"].map(own["stage"]))
    filled = {name: table[name].replace("", TOTAL) for name in ("sex", "age", "exploitation", "country")}
    return table.assign(
        iccs=table["iccs"].replace("", TRAFFICKING_IN_PERSONS), unit=unit, counted=known["unit"],
        stage=stage.where(stage != "", known["stage"]),
        until=table["source_id"].map(own["published"]).str[:4], **filled,
    )  # fmt: skip


def coded(table: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The rows whose codes, areas and years are known, under the dataset's keys; findings of the others."""
    table = table.assign(text=table["value"])
    wrong, faults = Series(False, index=table.index), []
    for check in (_wrong_codes, _wrong_areas, _wrong_years):
        for rule, rows in check(table):
            faults.append(told(rule, rows.assign(area="")))
            wrong |= Series(table.index.isin(rows.index), index=table.index)
    kept = table[~wrong]
    areas = {name: _area(kept[name])["code"] for name in ("area", "country")}
    kept = _keyed(kept.assign(**areas, year=pd.to_numeric(kept["year"]).astype("int16")))
    unlike = ~kept["dimension"].isin(["", WITHIN_COUNTRY]) & (kept["dimension"] != kept["derived"])
    rows = kept.assign(column="dimension", value=kept["dimension"], codes=kept["derived"])
    faults.append(told("TIP-20", rows[unlike]))
    kept = kept.assign(dimension=kept["derived"].mask(kept["dimension"] == WITHIN_COUNTRY, WITHIN_COUNTRY))
    return kept[~unlike].reset_index(drop=True), FINDINGS.join(FINDINGS.empty(), *faults)


def _wrong_codes(table: DataFrame) -> list[tuple[str, DataFrame]]:
    known = {name: codes(name) for name in ("iccs", "sex", "age", "unit")}
    known |= {"measure": tuple(measures().index), "exploitation": exploitations()}
    known |= {"citizenship": ("", *codes("citizenship")), "stage": ("", *codes("stage"))}
    found = []
    for name, allowed in known.items():
        rows = table[~table[name].isin(allowed)]
        said = [near(value, allowed) for value in rows[name]]
        year = rows["year"].where(rows["year"].str.fullmatch(r"\d{4}"))
        every = listed(filter(None, allowed))
        found.append(
            ("TIP-20", rows.assign(column=name, value=rows[name], near=said, codes=every, year=year))
        )
    return found


def _wrong_areas(table: DataFrame) -> list[tuple[str, DataFrame]]:
    found = []
    for name in ("area", "country"):
        codes_of = _area(table[name])
        is_wrong = (codes_of["code"] == "") | (codes_of["code"].isin([UNKNOWN, TOTAL]) & (name == "area"))
        rows = table.assign(column=name, value=table[name], near=codes_of["candidates"])[is_wrong]
        found.append(("TIP-21", rows.assign(year=rows["year"].where(rows["year"].str.fullmatch(r"\d{4}")))))
    return found


def _wrong_years(table: DataFrame) -> list[tuple[str, DataFrame]]:
    """Years that are none, or after the one that the source was published in."""
    year = pd.to_numeric(table["year"].where(table["year"].str.fullmatch(r"\d{4}")), errors="coerce")
    last = pd.to_numeric(table["until"], errors="coerce").fillna(LAST_YEAR).astype("int64")
    rows = table.assign(
        value=table["year"],
        year=Series(index=table.index, dtype="Int16"),
        codes=f"{FIRST_YEAR} to " + last.astype("str"),
    )
    return [("TIP-22", rows[~((year >= FIRST_YEAR) & (year <= last))])]


def _area(labels: Series) -> DataFrame:
    """Code of each area, empty where it is not known, and candidates as a message names them."""
    found = match(labels)
    is_code = labels.isin([TOTAL, UNKNOWN])
    code = found["area"].mask(found["area"] == UNKNOWN, "").mask(is_code, labels)
    candidates = (" (near: " + found["candidates"] + ")").where(found["candidates"] != "", "")
    return DataFrame({"code": code, "candidates": candidates})


def _keyed(table: DataFrame) -> DataFrame:
    """Dimension, citizenship and country as the dataset has them; a measure's own unit is `number`."""
    is_home, country = table["measure"] == "repatriated", table["country"]
    said = table["citizenship"].replace("", TOTAL)
    is_known = ~country.isin([TOTAL, UNKNOWN])
    is_own = ~is_home & ((is_known & (country == table["area"])) | ((said == OWN) & ~is_known))
    citizenship = said.mask(is_known & ~is_own, FOREIGN).mask(is_own | is_home, OWN)
    citizenship = citizenship.mask((country == UNKNOWN) & (said == TOTAL) & ~is_home, UNKNOWN)
    is_named = (country != TOTAL) | (citizenship != TOTAL)
    is_form = (table["iccs"] != TRAFFICKING_IN_PERSONS) | (table["exploitation"] != TOTAL)
    kinds = [is_home & (country != TOTAL), is_home, is_named, is_form]
    derived = np.select(kinds, ["repatriation", TOTAL, "citizenship", "exploitation"], TOTAL)
    return table.assign(
        country=country.mask(is_own, table["area"]), citizenship=citizenship,
        derived=Series(derived, index=table.index, dtype="str"),
        unit=table["unit"].mask(table["unit"] == table["counted"], COUNT),
    )  # fmt: skip


def _valued(table: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The figures read, and findings of what cannot be read or cannot be a count."""
    read = {text: read_text(text, is_whole=True) for text in table["value"].unique()}
    rows = [
        (each.value, each.lower, each.upper, each.status) for each in map(read.get, table["value"]) if each
    ]
    numbers = DataFrame(rows, columns=["value", "lower", "upper", "status"], index=table.index)
    is_negative = numbers["lower"] < 0
    status = numbers["status"].astype("str").mask(is_negative, "impossible")
    is_wrong = status.isin(_NONE) | is_negative
    faults = told("TIP-23", table.assign(expected=status)[is_wrong])
    note = (table["place"] + "; " + table["note"]).str.strip("; ")
    kept = {name: numbers[name].astype("float64").mask(is_negative) for name in ("value", "lower", "upper")}
    return table.assign(status=status, note=note, **kept), faults
