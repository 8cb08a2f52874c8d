"""The parts of a chapter that show shares: a chart, and beside it the same figures with their bases."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from markupsafe import Markup
from pandas import DataFrame

from crimestats.files import read_csv, shipped
from crimestats.report.chapter import figures
from crimestats.report.chapter.detected import LEAST_AREAS
from crimestats.report.chapter.drawings import share_bars
from crimestats.report.chapter.headlines import sentence
from crimestats.report.chapter.tables import Tables, records
from crimestats.report.chapter.texts import has_text, look, several, text
from crimestats.report.display import shown

LEAST_VOLUME = 0.2
"""Share of the persons reported that the countries of a row hold, below which it is not shown: who tells
all categories is then too unlike the rest, as those who convict for one form only. The project chose it."""
YEARS_SHOWN = 10
"""Rows of a part by year: the latest so many."""

_COLUMNS = ("section", "part", "profiles", "rows", "grouping", "persons")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: its name and its cells, ready to stand on a page."""

    name: str
    cells: list[Markup]
    is_thin: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A chart with its table.

    Attributes:
        id: Its anchor on the page.
        title: What is shown.
        svg: The drawing; empty where there is none.
        alt: The drawing in words.
        legend: Label and colour of each category.
        head: Names of the columns, the first that of the rows.
        lines: The rows.
        notes: Below them.
    """

    id: str
    title: str
    svg: str
    alt: str
    legend: list[tuple[str, str]]
    head: list[str]
    lines: list[Line]
    notes: list[Markup | str]


@cache
def declared() -> DataFrame:
    """Which parts a chapter has (`chapter_parts.csv`): profiles, and what its rows are."""
    return read_csv(shipped("questionnaires", "trafficking", "chapter_parts.csv"), _COLUMNS)


def share_parts(tables: Tables, section: str, area: str) -> list[Part]:
    """The parts of a section that have a figure.

    Args:
        tables: Of the build.
        section: As `chapter_parts.csv` names it.
        area: Name of whom the chapter is on.
    """
    said = records(declared()[declared()["section"] == section])
    parts = [_part(tables, row, area) for row in said]
    return [part for part in parts if part is not None]


def _part(tables: Tables, said: dict[str, str], area: str) -> Part | None:
    rows = shares_of(tables, said)
    is_given = rows.groupby("row", sort=False)["share"].transform("count") > 0
    if not is_given.any():
        return None
    is_open = rows["row"].isin(rows.loc[figures.is_loose(rows, figures.OPEN), "row"])
    is_slight = rows["row"].isin(rows.loc[rows["coverage_volume"] < LEAST_VOLUME, "row"])
    shares, gone = rows[is_given & ~is_open & ~is_slight], rows[is_given & is_open & ~is_slight]
    left_out = list(dict.fromkeys(rows.loc[~is_given, "row"]))
    categories = sorted(shares["category"].unique(), key=lambda category: look(category).order)
    when = figures.when(records(rows[is_given].head(1))[0])
    notes = [*_notes(said, shares, tables, left_out), *_open(gone), *_slight(rows[is_given & is_slight])]
    title = text(f"part.{said['part']}", area=area, when=when)
    if shares.empty:
        return Part(said["part"], title, "", "", [], [], [], notes)
    return Part(
        id=said["part"], title=title, svg=share_bars(drawn(shares)), alt=_alt(shares),
        legend=[(look(category).label, look(category).colour) for category in categories],
        head=_head(said, categories), lines=list(_lines(shares, categories)), notes=notes,
    )  # fmt: skip


def _open(gone: DataFrame) -> list[str]:
    """Which rows are left out, since small counts leave their shares open."""
    names = ", ".join(dict.fromkeys(gone["row"]))
    return [text("note.below", points=shown(figures.OPEN), names=names)] if names else []


def _slight(gone: DataFrame) -> list[str]:
    """Which rows are left out, since the countries behind them hold few of the persons reported."""
    names = ", ".join(dict.fromkeys(gone["row"]))
    return [text("note.slight", percent=f"{LEAST_VOLUME:.0%}".rstrip("%"), names=names)] if names else []


def shares_of(tables: Tables, said: dict[str, str]) -> DataFrame:
    """The shares of a part, with the name of the `row` that each stands in, in the order of the rows."""
    picked = [_of(tables, profile, said) for profile in said["profiles"].split("+")]
    rows = pd.concat(picked, ignore_index=True)
    texts = ["category", "area", "within", "measure"]
    rows = rows.astype(dict.fromkeys(texts, "str"))
    named: DataFrame = rows.assign(**_rows_named(rows, said["rows"], tables))
    return named


def _of(tables: Tables, profile: str, said: dict[str, str]) -> DataFrame:
    kind = said["rows"]
    if kind == "years":
        rows = tables.pick(profile, area=tables.focus)
        rows = rows[rows["share"].notna()]
        latest: DataFrame = rows[rows["year"] > rows["year"].max() - YEARS_SHOWN]
        return latest.sort_values("year", ascending=False)
    if kind in ("region", "subregion"):
        wanted: dict[str, Any] = {"level": kind, "grouping": said["grouping"]}
        rows = tables.pick(profile, year=tables.year, **wanted)
        return rows.sort_values("area", key=lambda codes: codes.astype("str").map(in_order(said["grouping"])))
    return tables.pick(profile, area=tables.focus, year=tables.year)


@cache
def in_order(grouping: str) -> dict[str, int]:
    """The places of groups: regions by name, and after each its subregions."""
    from crimestats import areas

    listed = areas.groupings(grouping).astype("str")
    regions = listed[listed["level"] == "region"].set_index("area")["name"]
    groups = listed.assign(region=listed["area"].map(regions), is_part=listed["level"] != "region")
    groups = groups.drop_duplicates("code").sort_values(["region", "is_part", "name"])
    return {code: place for place, code in enumerate(groups["code"])}


def drawn(shares: DataFrame) -> DataFrame:
    """The rows of which every share is known closely enough to be drawn."""
    loose = shares.loc[figures.is_loose(shares), "row"].unique()
    close: DataFrame = shares[~shares["row"].isin(loose)]
    return close


def _rows_named(rows: DataFrame, kind: str, tables: Tables) -> dict[str, Any]:
    is_thin = pd.Series(False, index=rows.index)
    if kind == "years":
        named = [figures.when(row, "row") for row in records(rows)]
        return {
            "row": pd.Series(named, rows.index, dtype="str"),
            "is_thin": rows["year"].isin(tables.thin_years),
        }
    if kind in ("region", "subregion"):
        return {"row": rows["area"].map(figures.name), "is_thin": is_thin}
    column = "within" if kind == "within" else "measure"
    return {"row": rows[column].map(lambda code: look(code).label), "is_thin": is_thin}


def _head(said: dict[str, str], categories: list[str]) -> list[str]:
    own = f"column.{said['rows']}.{said['profiles']}"
    first = text(own if has_text(own) else f"column.{said['rows'].removesuffix('s') or said['rows']}")
    shares = [look(category).label + ", %" for category in categories]
    return [
        first, *shares, text(f"column.base.{said['persons']}"), text("column.n_areas"),
        text("column.coverage"), text("column.coverage_volume"), text("column.influence"),
    ]  # fmt: skip


def _lines(shares: DataFrame, categories: list[str]) -> Iterator[Line]:
    for name, of_row in shares.groupby("row", sort=False):
        by_category = {row["category"]: row for row in records(of_row)}
        first = next(iter(by_category.values()))
        cells = [
            figures.share(by_category[category]) if category in by_category else Markup("–")
            for category in categories
        ]
        cells += [
            figures.count(first, "base"), figures.countries(first), figures.covered(first),
            figures.covered(first, "coverage_volume"), figures.moved(list(by_category.values())),
        ]  # fmt: skip
        yield Line(str(name), cells, bool(first["is_thin"]))


def _notes(
    said: dict[str, str], shares: DataFrame, tables: Tables, left_out: list[str]
) -> list[Markup | str]:
    is_by_year = said["rows"] == "years"
    keys = ["note.changing"] if is_by_year and tables.is_of_many else []
    keys += window_notes(shares) if is_by_year else []
    keys += [f"note.{said['part']}"] if has_text(f"note.{said['part']}") else []
    keys += ["note.mentions"] if said["persons"] == "mentions" else []
    first = records(shares.head(1))
    return [*(text(key) for key in keys), *(note for row in first for note in _told(row, said, tables)),
            *missing(shares, left_out)]  # fmt: skip


def window_notes(rows: DataFrame) -> list[str]:
    """The keys of what is to be said of rows that stand for several years."""
    several_years = records(rows[rows["first_year"] < rows["year"]].head(1))
    return [f"note.{figures.window_of(row)}" for row in several_years]


def _told(row: dict[str, Any], said: dict[str, str], tables: Tables) -> Iterator[Markup]:
    """Of the first row: countries left out that may have had nobody, and forms above the totals."""
    if row["n_uncertain"] > 0:
        n_areas = figures.plain(row, "n_uncertain", several("count.countries", int(row["n_uncertain"])))
        yield sentence(
            "note.uncertain", row=row["row"], n=n_areas, least=figures.about("threshold", tables.least)
        )
    if row["n_excess"] > 0 and said["persons"] == "mentions":
        yield sentence(
            "note.excess", row=row["row"], persons=figures.plain(row, "excess", shown(float(row["excess"]))),
            n=figures.plain(row, "n_excess", several("count.countries", int(row["n_excess"]))),
        )  # fmt: skip


def missing(shares: DataFrame, left_out: list[str]) -> list[str]:
    """Which rows are below the floor, and which have bars too loose to be drawn."""
    loose = list(dict.fromkeys(shares.loc[figures.is_loose(shares), "row"]))
    notes = {"note.not_shown": left_out, "note.not_drawn": loose}
    return [
        text(key, names=", ".join(names), least=LEAST_AREAS, points=shown(figures.LOOSE))
        for key, names in notes.items()
        if names
    ]


def _alt(shares: DataFrame) -> str:
    """The first row in words; the others stand in the table."""
    name, of_row = next(iter(shares.groupby("row", sort=False)))
    listed = ", ".join(
        text("alt.share", category=look(category).label, share=shown(share * 100))
        for category, share in of_row[["category", "share"]].itertuples(index=False, name=None)
    )
    rows = ", ".join(dict.fromkeys(shares["row"]))
    return text("alt.bars", rows=rows, first=text("alt.row", row=name, shares=listed))
