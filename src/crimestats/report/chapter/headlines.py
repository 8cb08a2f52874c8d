"""The first lines of a chapter: what was counted, with base, bounds and the country that it rests on."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape
from pandas import DataFrame

from crimestats.report.chapter import figures
from crimestats.report.chapter.completing import COUNTED
from crimestats.report.chapter.detected import PROFILE
from crimestats.report.chapter.tables import MAIN, Tables, records
from crimestats.report.chapter.texts import look, text
from crimestats.report.display import shown

_SHARES = {
    "head.sex_age": MAIN,
    "head.forms": "victims_forms",
    "head.citizenship": "victims_citizenship",
    "head.convicted_sex": "convicted_sex",
}
"""Sentences that name the shares of a profile, each by its category."""

LEVELS_BY = "m49"
"""Grouping that levels of flows are told by in the chapter."""


def headlines(tables: Tables) -> list[Markup]:
    """The sentences of the first section; those without a figure are left out."""
    said = [
        *_counted(tables, "victims", "head.detected"),
        *_shares(tables, "head.sex_age"),
        *_resting(tables),
        *_shares(tables, "head.forms"),
        *_shares(tables, "head.citizenship"),
        *_flows(tables),
        *_joined(_counted(tables, "convicted", "head.convicted"), _shares(tables, "head.convicted_sex")),
    ]
    return said or [Markup(escape(text("head.none")))]


def sentence(key: str, **filled: Any) -> Markup:
    """A sentence whose places are filled with figures; what is no figure is escaped."""
    pattern = str(escape(text(key, **{name: f"\x01{name}\x02" for name in filled})))
    for name, value in filled.items():
        pattern = pattern.replace(f"\x01{name}\x02", str(escape(value)))
    return Markup(pattern)


def _joined(first: Iterator[Markup], second: Iterator[Markup]) -> list[Markup]:
    both = [*first, *second]
    return [Markup(" ").join(both)] if both else []


def _year(tables: Tables) -> Markup:
    return figures.about("year", tables.year)


def _records(rows: DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["category"]): row for row in records(rows)}


def _counted(tables: Tables, measure: str, key: str) -> Iterator[Markup]:
    rows = tables.pick(PROFILE, area=tables.focus, year=tables.year, measure=measure)
    for row in records(rows[rows["value"].notna()].head(1)):
        filled = {"value": figures.count(row), "n_areas": figures.countries(row), "year": _year(tables)}
        yield sentence(key, **filled)


def _shares(tables: Tables, key: str) -> Iterator[Markup]:
    rows = tables.pick(_SHARES[key], area=tables.focus, year=tables.year)
    rows = rows[rows["share"].notna()]
    if len(rows):
        of = _records(rows)
        first = next(iter(of.values()))
        shares = {category: figures.share(row, 0, unit=True) for category, row in of.items()}
        yield sentence(
            key,
            base=figures.count(first, "base"),
            n_areas=figures.countries(first),
            year=_year(tables),
            **shares,
        )


def _resting(tables: Tables) -> Iterator[Markup]:
    """Which share one country moves most, and what it would be without it."""
    rows = tables.pick(MAIN, area=tables.focus, year=tables.year)
    rows = rows[rows["share"].notna() & rows["influence"].notna()]
    if len(rows):
        in_order = sorted(records(rows), key=lambda row: look(str(row["category"])).order)
        row = max(in_order, key=lambda row: abs(round(float(row["influence"]), 9)))
        without = text("per_cent", share=shown((float(row["share"]) + float(row["influence"])) * 100))
        yield sentence(
            "head.influence", category=look(str(row["category"])).label.casefold(),
            area=figures.name(row["influence_area"]), without=figures.plain(row, "without", without),
            points=figures.plain(row, "influence", figures.signed(float(row["influence"]) * 100)),
        )  # fmt: skip


def _flows(tables: Tables) -> Iterator[Markup]:
    rows = tables.flows.astype(dict.fromkeys(("level", "basis", "grouping"), "str"))
    rows = rows[
        (rows["level"] == COUNTED) & (rows["basis"] == "citizenship") & (rows["grouping"] == LEVELS_BY)
    ]
    for row in records(rows[rows["year"] == tables.year].head(1)):
        threshold = figures.about("threshold", shown(float(row["threshold"])))
        yield sentence(
            "head.flows", value=figures.count(row), n_areas=figures.countries(row), threshold=threshold,
            year=_year(tables),
        )  # fmt: skip
