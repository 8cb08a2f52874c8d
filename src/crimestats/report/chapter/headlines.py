"""The first lines of a chapter: what was counted, with base, bounds and the country that it rests on."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape
from pandas import DataFrame, Series

from crimestats.report.chapter import figures
from crimestats.report.chapter.completing import COUNTED
from crimestats.report.chapter.detected import LEAST_AREAS, PROFILE
from crimestats.report.chapter.figures import Row
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

_NAMED = {
    "head.sex_age": ("women", "girls", "men", "boys"),
    "head.forms": ("sexual", "labour", "other"),
    "head.citizenship": ("own",),
    "head.convicted_sex": ("female",),
}
"""Categories that a sentence has a place for: one that nobody reported stands as a dash."""

LEVELS_BY = "m49"
"""Grouping that levels of flows are told by in the chapter."""


LEAST_PERSONS = 20
"""Persons that a base has for certain for its shares to stand in a headline: the project's choice."""


def headlines(tables: Tables) -> list[Markup]:
    """The sentences of the first section; those without a figure, or with too loose a one, are left out."""
    said = [
        *_counted(tables, "victims", "head.detected"),
        *_shares(tables, "head.sex_age"),
        *_resting(tables),
        *_shares(tables, "head.forms"),
        *_shares(tables, "head.citizenship"),
        *_flows(tables),
        *_joined(_counted(tables, "convicted", "head.convicted"), _shares(tables, "head.convicted_sex")),
    ]
    return [*(said or [sentence("head.none", least=figures.about("floor", LEAST_AREAS))]), *_left_out(tables)]


def _left_out(tables: Tables) -> Iterator[Markup]:
    """Of what there are shares that small counts leave too open for a headline."""
    gone = [
        key for key in _SHARES if len(_share_rows(tables, key)) and not _carries(_share_rows(tables, key))
    ]
    if gone:
        yield sentence(
            "head.left_out", topics=", ".join(text(f"topic.{key}") for key in gone),
            points=figures.about("limit", shown(figures.LOOSE)),
            persons=figures.about("limit", LEAST_PERSONS),
        )  # fmt: skip


def _share_rows(tables: Tables, key: str) -> DataFrame:
    rows = tables.pick(_SHARES[key], area=tables.focus, year=tables.year)
    return rows[rows["share"].notna()]


def _carries(rows: DataFrame) -> bool:
    """Whether the shares are known closely enough, of persons enough, to be said first."""
    return not figures.is_loose(rows).any() and bool((rows["base_lower"] >= LEAST_PERSONS).all())


def _filled(tables: Tables, rows: DataFrame) -> Markup:
    """How many of the figures that a sentence rests on are of other sources; empty where none is."""
    counts = tables.filled(rows["figure_id"])
    if counts.empty:
        return Markup("")
    return Markup(" ") + sentence(
        "head.filled", n=figures.about("figures", f"{counts.sum():,}"), sources=named(counts)
    )


def named(counts: "Series[int]") -> Markup:
    """Sources, each with its number of figures."""
    listed = [
        sentence("sources.n", source=str(title), n=figures.about("figures", f"{n:,}"))
        for title, n in counts.items()
    ]
    return Markup(", ").join(listed)


def sentence(key: str, **filled: Any) -> Markup:
    """A sentence whose places are filled with figures; what is no figure is escaped."""
    pattern = str(escape(text(key, **{name: f"\x01{name}\x02" for name in filled})))
    for name, value in filled.items():
        pattern = pattern.replace(f"\x01{name}\x02", str(escape(value)))
    return Markup(pattern)


def _joined(first: Iterator[Markup], second: Iterator[Markup]) -> list[Markup]:
    both = [*first, *second]
    return [Markup(" ").join(both)] if both else []


def _when(row: Row) -> Markup:
    return figures.about("year", figures.when(row))


def _records(rows: DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["category"]): row for row in records(rows)}


def _counted(tables: Tables, measure: str, key: str) -> Iterator[Markup]:
    rows = tables.pick(PROFILE, area=tables.focus, year=tables.year, measure=measure)
    rows = rows[rows["value"].notna()].head(1)
    for row in records(rows):
        filled = {
            "value": figures.count(row),
            "n_areas": figures.countries(row, unit=True),
            "when": _when(row),
        }
        yield sentence(key, **filled) + _filled(tables, rows)


def _shares(tables: Tables, key: str) -> Iterator[Markup]:
    rows = _share_rows(tables, key)
    if len(rows) and _carries(rows):
        of = _records(rows)
        first = next(iter(of.values()))
        shares = {category: figures.share(row, 0, unit=True) for category, row in of.items()}
        absent = {category: Markup("–") for category in _NAMED[key] if category not in of}
        yield sentence(
            key,
            base=figures.count(first, "base"),
            n_areas=figures.countries(first, unit=True),
            when=_when(first),
            **shares,
            **absent,
        ) + _filled(tables, rows.head(1))


def _resting(tables: Tables) -> Iterator[Markup]:
    """Which share one country moves most, and what it would be without it."""
    rows = tables.pick(MAIN, area=tables.focus, year=tables.year)
    rows = rows[rows["share"].notna() & rows["influence"].notna()]
    if len(rows) and _carries(rows):
        in_order = sorted(records(rows), key=lambda row: look(str(row["category"])).order)
        row = max(in_order, key=lambda row: abs(round(float(row["influence"]), 9)))
        without = text("per_cent", share=shown((float(row["share"]) + float(row["influence"])) * 100))
        yield sentence(
            "head.influence", category=look(str(row["category"])).label.casefold(),
            area=figures.name(row["influence_area"]), without=figures.plain(row, "without", without),
            points=figures.plain(row, "influence", figures.signed(float(row["influence"]) * 100)),
            when=_when(row),
        )  # fmt: skip


def _flows(tables: Tables) -> Iterator[Markup]:
    rows = tables.flows.astype(dict.fromkeys(("level", "basis", "grouping"), "str"))
    rows = rows[
        (rows["level"] == COUNTED) & (rows["basis"] == "citizenship") & (rows["grouping"] == LEVELS_BY)
    ]
    for row in records(rows[rows["year"] == tables.year].head(1)):
        threshold = figures.about("threshold", shown(float(row["threshold"])))
        yield sentence(
            "head.flows", value=figures.count(row), threshold=threshold, when=_when(row),
        )  # fmt: skip
