"""Persons over the years, of the same countries throughout; and the countries behind the shares."""

from typing import Any

import numpy as np
from markupsafe import Markup
from pandas import DataFrame

from crimestats import areas
from crimestats.report.chapter import figures
from crimestats.report.chapter.bars import YEARS_SHOWN, Line, Part
from crimestats.report.chapter.detected import LEAST_AREAS, PANEL_YEARS, PROFILE
from crimestats.report.chapter.drawings import columns_over_years
from crimestats.report.chapter.headlines import sentence
from crimestats.report.chapter.tables import MAIN, MAIN_VARIANT, Tables, records
from crimestats.report.chapter.texts import look, text
from crimestats.report.display import shown

COUNTRIES_SHOWN = 20
"""Countries that the table of the page lists; the annex has all."""
_RATE = 100_000


def trend(tables: Tables) -> tuple[Markup, list[Part]]:
    """What can be said of a trend: of a constant panel, or nothing.

    Returns:
        The sentence, and the part with the panel beside the number of all countries; no part where
        the panel has too few countries.
    """
    everyone = tables.pick(PROFILE, area=tables.focus, measure="victims")
    everyone = everyone[everyone["value"].notna() & (everyone["year"] > everyone["year"].max() - YEARS_SHOWN)]
    rows = tables.pick(PROFILE, variant="panel", area=tables.focus, measure="victims").sort_values("year")
    if rows.empty or rows["share"].isna().any():
        return _no_trend(tables, rows), []
    years = records(rows)
    first, last = years[0], years[-1]
    of_all = everyone[everyone["year"] == last["year"]]
    said = sentence(
        "trend.said", n_areas=figures.countries(last), first=figures.about("year", first["year"]),
        last=figures.about("year", last["year"]), before=figures.rate(first), after=figures.rate(last),
    )  # fmt: skip
    if len(of_all):
        share = float(last["value"]) / float(of_all["value"].iloc[0])
        part_of_all = figures.plain(last, "share of all", text("per_cent", share=shown(share * 100)))
        said += " " + sentence("trend.part", share=part_of_all, last=figures.about("year", last["year"]))
    return said + _resting(last), [_panel(rows, everyone)]


def _resting(last: dict[str, Any]) -> Markup:
    """Which country the rate of the last year rests on most."""
    if np.isnan(last["influence"]):
        return Markup()
    without = shown((float(last["share"]) + float(last["influence"])) * _RATE, 2)
    return Markup(" ") + sentence(
        "trend.rests", area=figures.name(last["influence_area"]), last=figures.about("year", last["year"]),
        without=figures.plain(last, "without", without),
    )  # fmt: skip


def _no_trend(tables: Tables, rows: DataFrame) -> Markup:
    last = int(rows["year"].max()) if len(rows) else tables.year
    first = int(rows["first_year"].min()) if len(rows) else last - PANEL_YEARS + 1
    return sentence(
        "trend.none", least=figures.about("floor", LEAST_AREAS), first=figures.about("year", first),
        last=figures.about("year", last),
    )  # fmt: skip


def _panel(rows: DataFrame, everyone: DataFrame) -> Part:
    rates = DataFrame({
        "year": rows["year"], "value": rows["share"] * _RATE,
        "lower": rows["share_lower"] * _RATE, "upper": rows["share_upper"] * _RATE,
    })  # fmt: skip
    first, last = int(rows["year"].min()), int(rows["year"].max())
    values = ", ".join(
        text("alt.value", year=year, value=shown(value, 2))
        for year, value in zip(rates["year"], rates["value"], strict=True)
    )
    n_areas = int(rows["n_areas"].iloc[0])
    return Part(
        id="panel", title=text("part.panel", n=n_areas, first=first, last=last),
        svg=columns_over_years(rates, 2), alt=text("alt.panel", values=values), legend=[],
        head=[
            text("column.year"), text("column.rate"), text("column.index", year=first),
            text("column.detected"), text("column.n_areas"), text("column.influence"),
            text("column.n_all"), text("column.n_areas"),
        ],
        lines=_years(rows, everyone), notes=[text("note.panel"), text("note.panel_all")],
    )  # fmt: skip


def _years(rows: DataFrame, everyone: DataFrame) -> list[Line]:
    of_year = {row["year"]: row for row in records(rows)}
    start = float(rows["share"].iloc[0])
    lines = []
    for row in records(everyone.sort_values("year", ascending=False)):
        own = of_year.get(row["year"])
        none = [Markup("–")] * 5
        cells = none if own is None else [
            figures.rate(own), figures.plain(own, "index", shown(float(own["share"]) / start * 100)),
            figures.count(own), figures.countries(own), figures.moved_rate(own),
        ]  # fmt: skip
        lines.append(Line(str(row["year"]), [*cells, figures.count(row), figures.countries(row)]))
    return lines


def countries(tables: Tables) -> list[Part]:
    """The countries behind the shares of the main profile, those with the most victims first."""
    units = set(areas.areas()["area"])
    rows = tables.profiles[tables.profiles["profile"].astype("str") == MAIN]
    rows = rows[(rows["variant"].astype("str") == MAIN_VARIANT) & (rows["year"] == tables.year)]
    rows = rows[rows["area"].astype("str").isin(units) & rows["share"].notna()].astype({"area": "str"})
    if rows["area"].nunique() < 2:
        return []
    categories = sorted(rows["category"].astype("str").unique(), key=lambda category: look(category).order)
    world = tables.pick(MAIN, area=tables.focus, year=tables.year)
    whole = float(world["base"].iloc[0]) if len(world) else float("nan")
    by_area = [records(group) for _, group in rows.groupby("area")]
    by_area.sort(key=lambda shares: (-shares[0]["base"], shares[0]["area"]))
    lines = [_country(shares, categories, whole) for shares in by_area[:COUNTRIES_SHOWN]]
    head = [
        text("column.area"), text("column.base.victims"), text("column.share_of_base"),
        *(look(category).label + ", %" for category in categories),
    ]  # fmt: skip
    first = sentence("note.countries", n=figures.about("rows", COUNTRIES_SHOWN))
    notes: list[Markup | str] = [first] if len(by_area) > COUNTRIES_SHOWN else []
    return [
        Part(
            "by_country",
            text("part.countries", when=figures.when(by_area[0][0])),
            "",
            "",
            [],
            head,
            lines,
            notes,
        )
    ]


def _country(shares: list[dict[str, Any]], categories: list[str], whole: float) -> Line:
    of = {str(share["category"]): share for share in shares}
    first = shares[0]
    part = float(first["base"]) / whole * 100 if whole > 0 else np.nan
    cells = [figures.count(first, "base"), figures.plain(first, "share of base", shown(part, 1))]
    cells += [figures.share(of[category]) if category in of else Markup("–") for category in categories]
    return Line(figures.name(first["area"]), cells)
