"""What figures are on: the same thing, and the table that a thing stands in."""

import numpy as np
from pandas import DataFrame, Series

from crimestats.areas import areas
from crimestats.frames import TOTAL, UNKNOWN
from crimestats.trafficking.dataset import TRAFFICKING_IN_PERSONS
from crimestats.trafficking.source_codes import measures

THING = (
    "area",
    "year",
    "dimension",
    "iccs",
    "measure",
    "sex",
    "age",
    "exploitation",
    "citizenship",
    "country",
)
"""What must be equal for two figures to be on the same thing; unit, stage, period, part are judged apart."""

_BY = {"iccs": "form", "exploitation": "sub-form", "sex": "sex", "age": "age"}
_WHOLE = {"iccs": TRAFFICKING_IN_PERSONS}


def thing(table: DataFrame) -> "Series[int]":
    """A number for each thing that figures are on; a nameless form or country is one of its own."""
    is_nameless = table["exploitation"].str.match("OTH_\\d") | (table["country"] == UNKNOWN)
    own = table["figure_id"].where(is_nameless, "")
    return table.assign(own=own).groupby([*THING, "own"], sort=False).ngroup()


def table_of(figures: DataFrame) -> "Series[int]":
    """A number for each table: one area, year, measure and dimension, broken down by the same."""
    keys = [figures[name] for name in ("area", "year", "measure", "dimension")]
    return figures.groupby([*keys, _pattern(figures)], sort=False).ngroup()


def title(figures: DataFrame) -> "Series[str]":
    """The table that a figure stands in, in words: `detected victims by sex and age`."""
    named = measures()["title"].reindex(figures["measure"]).set_axis(figures.index).str.lower()
    words = {code: _words(code) for code in _pattern(figures).unique()}
    dimension = {
        "citizenship": " by citizenship",
        "repatriation": " by country",
        "within_country": " within the country",
    }
    beside = figures["dimension"].map(dimension).astype("object").fillna("").astype("str")
    return named + beside + _pattern(figures).map(words).astype("str")


def family(figures: DataFrame) -> "Series[str]":
    """The country of a unit that is a part of one or has parts; empty for all others."""
    units = areas()
    parts = units[units["part_of"] != ""]
    wholes = dict(zip(parts["area"], parts["part_of"], strict=True)) | {
        each: each for each in parts["part_of"]
    }
    return Series([wholes.get(area, "") for area in figures["area"]], index=figures.index, dtype="str")


def _pattern(figures: DataFrame) -> "Series[int]":
    """A number whose bits say what the table is broken down by."""
    flags = [(figures[name] != _WHOLE.get(name, TOTAL)).to_numpy() for name in _BY]
    flags.append(((figures["dimension"] == "citizenship") & (figures["citizenship"] == TOTAL)).to_numpy())
    return Series(sum(flag.astype(np.int64) << bit for bit, flag in enumerate(flags)), index=figures.index)


def _words(pattern: int) -> str:
    names = [name for bit, name in enumerate(_BY.values()) if pattern >> bit & 1]
    return f" by {' and '.join(names)}" if names else ""
