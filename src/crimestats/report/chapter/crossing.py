"""The section on flows: how far victims come, the largest flows, and their pictures."""

from typing import Any

from markupsafe import Markup, escape
from pandas import DataFrame, Series

from crimestats.errors import CrimestatsError
from crimestats.report.chapter import figures
from crimestats.report.chapter.bars import YEARS_SHOWN, Line, Part, drawn, in_order, missing, window_notes
from crimestats.report.chapter.completing import between_countries
from crimestats.report.chapter.detected import LEAST_AREAS
from crimestats.report.chapter.drawings import share_bars, svg
from crimestats.report.chapter.headlines import LEVELS_BY, sentence
from crimestats.report.chapter.tables import WORLD, Tables, records
from crimestats.report.chapter.texts import look, text
from crimestats.report.display import shown
from crimestats.trafficking.levels import LEVELS
from crimestats.trafficking.matrices import ranked

TOP = 20
"""Flows that the table of the page lists."""
BASIS = "citizenship"


def flow_parts(tables: Tables) -> list[Part]:
    """The parts of the section that have a figure."""
    found = [part for name in ("flow_levels", "flow_levels_regions") if (part := _levels(tables, name))]
    pairs = between_countries(tables.flows)
    there = pairs[(pairs["basis"].astype("str") == BASIS) & (pairs["year"] == tables.year)]
    if there.empty:
        return found
    return [*found, *_pictures(pairs, tables.year), *_ranked(pairs, tables.year)]


def level_rows(tables: Tables) -> DataFrame:
    """Shares of the levels of flows by citizenship, the place of detection in `place`."""
    names = ["origin", "destination", "basis", "grouping", "level"]
    rows = tables.flows.astype(dict.fromkeys(names, "str"))
    rows = rows[(rows["basis"] == BASIS) & (rows["grouping"] == LEVELS_BY) & (rows["origin"] == "_T")]
    rows = rows[rows["level"].isin(LEVELS)]
    return rows.assign(place=rows["destination"], category=rows["level"])


def _levels(tables: Tables, part: str) -> Part | None:
    from crimestats import areas

    rows = level_rows(tables)
    if part == "flow_levels":
        rows = rows[(rows["place"] == WORLD) & (rows["year"] > rows["year"].max() - YEARS_SHOWN)]
        rows = rows.sort_values("year", ascending=False)
        named = [figures.when(row, "row") for row in records(rows)]
        rows = rows.assign(
            row=Series(named, rows.index, dtype="str"), is_thin=rows["year"].isin(tables.thin_years)
        )
    else:
        table = areas.groupings(LEVELS_BY)
        regions = set(table.loc[table["level"] == "region", "code"])
        rows = rows[rows["place"].isin(regions) & (rows["year"] == tables.year)]
        rows = rows.sort_values("place", key=lambda codes: codes.map(in_order(LEVELS_BY)))
        rows = rows.assign(row=rows["place"].map(figures.name), is_thin=False)
    is_shown = rows["share"].notna() & (rows["n_areas"] >= LEAST_AREAS)
    left_out = [name for name in dict.fromkeys(rows["row"]) if not is_shown[rows["row"] == name].any()]
    return _level_part(tables, rows[is_shown], part, left_out) if is_shown.any() else None


def _level_part(tables: Tables, rows: DataFrame, part: str, left_out: list[str]) -> Part:
    of_row = [(str(name), records(group)) for name, group in rows.groupby("row", sort=False)]
    lines = [_level_line(name, shares) for name, shares in of_row]
    first = text("column.year" if part == "flow_levels" else "column.region")
    head = [
        first, *(look(level).label + ", %" for level in LEVELS), text("column.base.citizenship"),
        text("column.n_areas"),
    ]  # fmt: skip
    said = ", ".join(
        text("alt.share", category=look(share["category"]).label, share=shown(share["share"] * 100))
        for share in of_row[0][1]
    )
    first_row = text("alt.row", row=of_row[0][0], shares=said)
    return Part(
        id=part, title=text(f"part.{part}", when=figures.when(of_row[0][1][0])), svg=share_bars(drawn(rows)),
        alt=text("alt.bars", rows=", ".join(name for name, _ in of_row), first=first_row),
        legend=[(look(level).label, look(level).colour) for level in LEVELS], head=head, lines=lines,
        notes=_level_notes(tables, rows, part, left_out),
    )  # fmt: skip


def _level_notes(tables: Tables, rows: DataFrame, part: str, left_out: list[str]) -> list[Markup | str]:
    if part != "flow_levels":
        return [text("note.flows"), *missing(rows, left_out)]
    keys = ["note.flows", *(["note.changing"] if tables.is_of_many else []), *window_notes(rows)]
    return [*(text(key) for key in keys), *_domestic(tables, rows), *missing(rows, left_out)]


def _domestic(tables: Tables, rows: DataFrame) -> list[Markup]:
    """Why the part of own citizens is one figure by the profile and another by the flows."""
    own = tables.pick("victims_citizenship", area=tables.focus, year=tables.year, category="own")
    here = rows[(rows["year"] == tables.year) & (rows["category"] == "domestic")]
    pairs = zip(records(own[own["share"].notna()]), records(here), strict=False)
    return [
        sentence(
            "note.domestic", own=figures.share(first, unit=True), own_base=figures.count(first, "base"),
            own_areas=figures.countries(first, unit=True), domestic=figures.share(second, unit=True),
            base=figures.count(second, "base"), n_areas=figures.countries(second, unit=True),
            when=figures.about("year", figures.when(second)),
        )
        for first, second in pairs
    ]  # fmt: skip


def _level_line(name: str, shares: list[dict[str, Any]]) -> Line:
    of = {str(share["category"]): share for share in shares}
    cells = [figures.share(of[level]) if level in of else Markup("–") for level in LEVELS]
    cells += [figures.count(shares[0], "base"), figures.countries(shares[0])]
    return Line(name, cells, bool(shares[0]["is_thin"]))


def _ranked(pairs: DataFrame, year: int) -> list[Part]:
    table = ranked(pairs, top=TOP, grouping=LEVELS_BY, basis=BASIS, year=year)
    table = table[table["is_flow"] == "yes"]
    if table.empty:
        return []
    lines = [
        Line(
            figures.name(row["origin"]),
            [escape(figures.name(row["destination"])), figures.count(row), figures.share(row),
             escape(look(str(row["level"])).label)],
        )
        for row in records(table)
    ]  # fmt: skip
    head = [
        text(f"column.{name}") for name in ("origin", "destination", "victims", "share_of_detected", "level")
    ]
    when = figures.when(records(table.head(1))[0])
    threshold = figures.about("threshold", shown(float(table["threshold"].iloc[0])))
    notes: list[Markup | str] = [sentence("note.ranked", threshold=threshold)]
    return [Part("ranked", text("part.ranked", when=when), "", "", [], head, lines, notes)]


def _pictures(pairs: DataFrame, year: int) -> list[Part]:
    """Sankey and map, as far as there are flows for them."""
    parts = []
    for id_, draw in (("sankey", _sankey), ("map", _map)):
        try:
            chart = draw(pairs, year)
        except CrimestatsError:  # too few flows for this picture; the table has those there are
            continue
        spec = chart.to_dict(format="vega-lite")
        parts.append(Part(id_, "", svg(spec, id_), str(spec["description"]), [], [], [], []))
    return parts


def _sankey(pairs: DataFrame, year: int) -> Any:
    from crimestats.report.pictures.sankey import sankey

    return sankey(pairs, year=year, grouping=LEVELS_BY)


def _map(pairs: DataFrame, year: int) -> Any:
    from crimestats.report.pictures.flow_maps import flow_map

    return flow_map(pairs, year=year)
