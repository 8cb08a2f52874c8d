"""What a trace says of each figure, estimate, observation and link: a line of text."""

from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.classification import Classification
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL
from crimestats.trends import indicators

_SHIPPED = ("m49", "ldc", "lldc", "sids", "glotip")
_NUMBERS = ["value", "lower", "upper"]


def figure_texts(figures: DataFrame) -> "Series[str]":
    """`Fiji 2021, 0101 victims: 16 (exact, reported); 1.74 per 100,000`."""
    made = " [" + figures["grouping"].astype("str") + ", " + figures["method"].astype("str") + "]"
    is_group = figures["grouping"].astype("str") != NOT_APPLICABLE
    place = _names(figures["area"]).mask(is_group, _group_names(figures) + made)
    status, how = figures["status"].astype("str"), figures["basis"].astype("str")
    basis = " (" + status + (", " + how).where(how != status, "") + ")"
    what = place + " " + figures["year"].astype("str") + ", " + _what(figures)
    return what + ": " + _amounts(figures) + basis + _rates(figures)


def estimate_texts(estimates: DataFrame) -> "Series[str]":
    """`Fiji 2021, 0101 victims: about 16 (12 to 20) (interpolated)`."""
    what = _names(estimates["area"]) + " " + estimates["year"].astype("str") + ", " + _what(estimates)
    return what + ": about " + _amounts(estimates) + " (" + estimates["how"].astype("str") + ")"


def observation_texts(seen: DataFrame) -> "Series[str]":
    """`reported: homicide_victims Fiji 2021: 16 (exact)`, and the note of the sender."""
    item = seen["item"].astype("str").replace(NOT_APPLICABLE, "")
    what = (item + " " + _names(seen["area"]) + " " + seen["year"].astype("str")).str.strip()
    is_row = seen["sheet"].astype("str") != NOT_APPLICABLE  # a workbook has one note for all years of an item
    whose = Series(np.where(is_row, " – note on all years of the item: ", " – note: "), index=seen.index)
    note = (whose + seen["note"]).where(seen["note"] != "", "")
    return "reported: " + what + ": " + _amounts(seen) + " (" + seen["status"].astype("str") + ")" + note


def link_texts(seen: DataFrame) -> "Series[str]":
    """How the national code came under its category."""
    code, iccs = seen["code"].astype("str"), seen["iccs"].astype("str")
    via = (", by the table " + seen["correspondence"].astype("str")).where(
        seen["correspondence"].astype("str") != NOT_APPLICABLE, ""
    )
    share = [
        "" if whole == 1 else f", share {whole:.4g}" if whole == whole else ", share unknown"
        for whole in seen["share"]
    ]
    link = seen["scheme"].astype("str") + " " + code + " → ICCS " + iccs + " " + _titles(seen["iccs"])
    return (
        link
        + " ("
        + seen["relation"].astype("str")
        + Series(share, index=seen.index, dtype="str")
        + via
        + ")"
    )


def _what(table: DataFrame) -> "Series[str]":
    """Category, measure and the breakdowns that are not total."""
    text = table["iccs"].astype("str") + " " + _titles(table["iccs"]) + ", " + table["measure"].astype("str")
    for name in ("stage", "source", *BREAKDOWNS):
        code = table[name].astype("str")
        shown = " " + (name + "=" if name in BREAKDOWNS else "") + code
        text = text + shown.where(~code.isin([TOTAL, NOT_APPLICABLE]), "")
    return text


def _amounts(table: DataFrame) -> "Series[str]":
    """The value, else its bounds, else why there is none."""
    texts = []
    for value, lower, upper in table[_NUMBERS].itertuples(index=False, name=None):
        if np.isnan(lower) and np.isnan(value):
            texts.append("no figure")
        elif np.isnan(value):
            texts.append(
                f"{_number(lower)} to {_number(upper)}" if np.isfinite(upper) else f"{_number(lower)} or more"
            )
        else:
            is_open = lower < upper
            texts.append(_number(value) + (f" ({_number(lower)} to {_number(upper)})" if is_open else ""))
    return Series(texts, index=table.index, dtype="str")


def _number(number: float) -> str:
    """A count as a whole number; of a fraction four digits, or one decimal."""
    if number == round(number):
        return f"{number:,.0f}"
    return f"{number:,.1f}".removesuffix(".0") if abs(number) >= 1000 else f"{number:.4g}"


def _rates(figures: DataFrame) -> "Series[str]":
    of = indicators().set_index("measure")["rate_base"]
    base = figures["measure"].astype("str").map(of[~of.index.duplicated()])
    texts = [
        f"; {rate:,.4g} per {persons:,.0f}" if rate == rate and persons == persons else ""
        for rate, persons in zip(figures["rate"], base, strict=True)
    ]
    return Series(texts, index=figures.index, dtype="str")


def _names(codes: "Series[Any]") -> "Series[str]":
    names = areas.areas().set_index("area")["name"]
    text = codes.astype("str")
    return text.map(names).fillna(text)


def _group_names(figures: DataFrame) -> "Series[str]":
    """Names of groups; those of a grouping that is not known here go by their codes."""
    shipped = pd.concat([areas.groupings(name) for name in _SHIPPED])
    listed = shipped.drop_duplicates(["grouping", "code"]).set_index(["grouping", "code"])["name"]
    pairs = pd.MultiIndex.from_arrays([figures["grouping"].astype("str"), figures["area"].astype("str")])
    return listed.reindex(pairs).set_axis(figures.index).fillna(figures["area"].astype("str"))


def _titles(codes: "Series[Any]") -> "Series[str]":
    iccs = Classification.load("iccs")
    text = codes.astype("str")
    titles = {code: iccs[code].title if code in iccs else "" for code in text.unique()}
    return text.map({**titles, TOTAL: "All crimes"})
