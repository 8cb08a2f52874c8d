"""The section on sources: how many figures of each, and the same thing by several, side by side."""

import numpy as np
from markupsafe import Markup, escape
from pandas import DataFrame, Series

from crimestats.files import read_csv, shipped
from crimestats.report.chapter import figures
from crimestats.report.chapter.bars import Line, Part
from crimestats.report.chapter.headlines import sentence
from crimestats.report.chapter.tables import records
from crimestats.report.chapter.texts import has_text, look, text
from crimestats.report.display import shown_between
from crimestats.trafficking.source_codes import source_types

SIDES_SHOWN = 40
"""Rows of the table of several sources that the page has; the annex has all."""

_THING = [
    "area", "year", "measure", "dimension", "iccs", "sex", "age", "exploitation", "citizenship", "country",
]  # fmt: skip
_SAID = ("iccs", "exploitation", "sex", "age", "citizenship")


def source_parts(sources: DataFrame) -> list[Part]:
    """The figures of each source, and those that several sources have, with their differences."""
    return [] if sources.empty else [_by_source(named(sources)), *_side_by_side(named(sources))]


def named(sources: DataFrame) -> DataFrame:
    """Sources with `area_name`, `thing` (what is counted, in words), `title` and `type_title`."""
    texts = [*(name for name in _THING if name != "year"), "source_id", "source_type", "source_title"]
    rows = sources.astype(dict.fromkeys([*texts, "used", "gap_filled"], "str"))
    types = source_types()
    return rows.assign(
        area_name=rows["area"].map(figures.name), thing=_things(rows),
        title=rows["source_title"].where(rows["source_title"] != "", rows["source_id"]),
        type_title=[types.get(code, code) for code in rows["source_type"]],
    )  # fmt: skip


def _things(rows: DataFrame) -> "Series[str]":
    """Whose number it is: measure, and what distinguishes it from the total."""
    titles = _titles()
    said = rows["measure"].map(lambda code: look(code).label)
    for column in _SAID:
        total = "0204" if column == "iccs" else "_T"
        words = rows[column].map(lambda code, column=column: titles.get((column, code), look(code).label))
        said = said.where(rows[column] == total, said + ", " + words.str.lower())
    is_named = ~rows["country"].isin(["_T", "_U", "_Z"]) & (rows["citizenship"] == "FOR")
    named: Series[str] = said.where(~is_named, said + " (" + rows["country"].map(figures.name) + ")")
    return named


def _titles() -> dict[tuple[str, str], str]:
    """Titles of codes (`codelists.csv`), by dimension and code."""
    table = read_csv(shipped("questionnaires", "codelists.csv"), ("dimension", "code", "label"))
    listed = table[["dimension", "code", "label"]].itertuples(index=False, name=None)
    forms = {
        ("iccs", key.removeprefix("iccs.")): text(key)
        for key in ("iccs.02041", "iccs.02042", "iccs.02043", "iccs.02044", "iccs.02043+02044")
        if has_text(key)
    }
    return {(dimension, code): title for dimension, code, title in listed} | forms


def _by_source(rows: DataFrame) -> Part:
    flags = rows.assign(is_used=rows["used"] == "yes", is_gap=rows["gap_filled"] == "yes")
    grouped = flags.groupby(["source_id", "title", "type_title"], as_index=False).agg(
        rank=("rank", "min"), n=("figure_id", "size"), n_used=("is_used", "sum"), n_gap=("is_gap", "sum")
    )
    lines = [
        Line(row["title"], [
            escape(row["type_title"]),
            *(figures.about("figures", f"{row[name]:,}") for name in ("n", "n_used", "n_gap")),
        ])
        for row in records(grouped.sort_values(["rank", "title"]))
    ]  # fmt: skip
    head = [text(f"column.{name}") for name in ("source", "type", "n_figures", "n_used", "n_gap_filled")]
    return Part("by_source", text("part.by_source"), "", "", [], head, lines, [])


def _side_by_side(rows: DataFrame) -> list[Part]:
    """What at least two sources tell, the figure used first."""
    rows = rows[rows["lower"].notna() | (rows["status"].astype("str") == "withheld")]
    n_sources = rows.groupby(_THING)["source_id"].transform("nunique")
    both = rows[n_sources > 1].assign(first=lambda table: table["used"] != "yes")
    both = both.sort_values([*_THING, "first", "rank", "source_id"]).reset_index(drop=True)
    if both.empty:
        return []
    lines = [_side(row) for row in records(both.head(SIDES_SHOWN))]
    head = [text(f"column.{name}") for name in ("thing", "source", "type", "figure", "mark", "difference")]
    more = [sentence("note.sources", n=figures.about("rows", SIDES_SHOWN))]
    notes: list[Markup | str] = [*more] if len(both) > SIDES_SHOWN else []
    return [Part("side_by_side", text("part.side_by_side"), "", "", [], head, lines, notes)]


def _side(row: dict[str, object]) -> Line:
    used = "filled" if row["gap_filled"] == "yes" else "used" if row["used"] == "yes" else "not_used"
    name = f"{row['area_name']} {row['year']}: {row['thing']}"
    cells = [
        escape(str(row["title"])), escape(str(row["type_title"])),
        figures.about("source figure", _number(row, ("value", "lower", "upper"), str(row["status"]))),
        escape(text(f"sources.{used}")),
        figures.about("difference", _number(row, ("difference", "difference_lower", "difference_upper"))),
    ]  # fmt: skip
    return Line(name, cells)


def _number(row: dict[str, object], columns: tuple[str, str, str], status: str = "") -> str:
    """A figure of a source, or what it lies between."""
    value, lower, upper = (float(str(row[name])) for name in columns)
    if np.isnan(value) and np.isnan(lower):
        return text("annex.withheld") if status == "withheld" else "–"
    if columns[0] == "value":
        return shown_between(value, lower, upper)
    if np.isnan(value):
        return text("between.signed", lower=figures.signed(lower, 0), upper=figures.signed(upper, 0))
    return figures.signed(value, 0)
