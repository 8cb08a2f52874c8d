"""Command `tabulate`: trend tables of areas, regions and the world."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import (
    QUESTIONNAIRE,
    Definition,
    Json,
    Out,
    Population,
    Quiet,
    Strict,
    is_stdout,
    write_json,
)  # fmt: skip
from crimestats.cli.tables import refuse_place, write_table
from crimestats.errors import CallError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from crimestats.cli.flow import Flow

EXAMPLE = (
    "crimestats tabulate figures.csv --population population.csv --grouping m49 --method reported"
    " --out trends.parquet"
)

_LEVELS = ("world", "region", "group")
_DATABASES = (".sqlite", ".sqlite3", ".db")
_MOST = 40  # rows of a table that is printed, and areas that one is printed for
_NAMED = 5  # categories of a measure that are named
_UNUSABLE = ("unreadable", "ambiguous", "text", "impossible", "misdated")


def tabulate(
    figures: Annotated[
        str,
        typer.Argument(
            help="Folder of returned workbooks, an observations.parquet, a CSV with area, year, iccs, sex"
            " and value, or a store of accepted figures."
        ),
    ],
    out: Out = Path("trends.parquet"),
    population: Population = None,
    grouping: Annotated[
        list[str] | None,
        typer.Option(
            help="Groups of areas: m49, ldc, lldc, sids, glotip, or a CSV of your own with code, name"
            " and area; may be repeated. m49 where not given."
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="How groups are made: reported (areas with a figure), panel (areas with every year) or"
            " estimated (gaps filled, with bounds); may be repeated. reported where not given."
        ),
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Years that an area of a panel must have, e.g. 2005-2017.")
    ] = None,
    base_year: Annotated[
        int | None, typer.Option(help="Year whose figure is 100 in the index; the first of a series else.")
    ] = None,
    floor_population: Annotated[
        float | None,
        typer.Option(help="Share of a group's residents below which it has no figure; 0.5 where not given."),
    ] = None,
    floor_areas: Annotated[
        int | None, typer.Option(help="Areas of a group below which it has no figure; 5 where not given.")
    ] = None,
    small_rule: Annotated[
        str | None, typer.Option(help="Rates of small areas: as_reported, pooled_years or no_rate.")
    ] = None,
    small_below: Annotated[
        float | None, typer.Option(help="Residents below which an area is small; none where not given.")
    ] = None,
    disjoint: Annotated[
        bool,
        typer.Option("--disjoint", help="National codes contain no other, though their list warns of it."),
    ] = False,
    estimates: Annotated[
        Path | None,
        typer.Option(help="Where to write what the method estimated put in the place of missing figures."),
    ] = None,
    release_folder: Annotated[
        Path | None,
        typer.Option("--release", help="Write a release folder too, which `crimestats trace` can read."),
    ] = None,
    questionnaire: Definition = QUESTIONNAIRE,
    strict: Strict = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Build the trend table: rates, index, change, regions with their coverage."""
    from crimestats import areas
    from crimestats.cli.flow import Flow

    say = console.Console(quiet or is_stdout(json))
    _refuse_places(out, estimates)
    if estimates is not None and "estimated" not in (method or ()):
        raise CallError("--estimates", "there are none.", "Add --method estimated.")
    years = None if window is None else _years(window)
    if years is not None and "panel" not in (method or ()):
        raise CallError("--window", "is of the method panel only.", "Add --method panel, or leave it out.")
    _refuse_limits(floor_population, floor_areas, small_rule, small_below)
    given = {
        "groupings": [_grouping(name) for name in grouping or ()] or None, "methods": method or None,
        "window": years, "base_year": base_year,
        "floor_population": floor_population, "floor_areas": floor_areas,
        "small_rule": small_rule, "small_below": small_below, "disjoint": disjoint or None,
    }  # fmt: skip
    options = {name: value for name, value in given.items() if value is not None}
    own = areas.population(population)  # a fault in it is told before the work
    if population is not None:
        _doubt(own, say)
    place = figures if is_store(figures) else None
    flow = Flow(Path(figures), questionnaire, say, None, population, strict, options, place)
    write_table(flow.trends, "Trends", out)
    _tell(flow, say)
    say.wrote(out)
    if estimates is not None:
        write_table(flow.estimates, "Estimates", estimates)
        say.wrote(estimates)
    if release_folder is not None:
        say.release(flow.publish(release_folder))
    write_json(json, flow.trends.to_json(orient="records"))
    raise typer.Exit(0 if flow.is_of_observations or not flow.report.errors else 1)


def _refuse_places(out: Path, estimates: Path | None) -> None:
    refuse_place("--out", out)
    if estimates is not None:
        refuse_place("--estimates", estimates)
        if estimates.resolve() == out.resolve():
            raise CallError("--estimates", "is the place of --out.", "Name another file.")


def _refuse_limits(share: float | None, count: int | None, rule: str | None, below: float | None) -> None:
    """Refuse limits that can be none, or that nothing is done with."""
    if share is not None and not 0 <= share <= 1:
        raise CallError("--floor-population", f"{share:g} is no share.", "Write one from 0 to 1, e.g. 0.5.")
    if count is not None and count < 0:
        raise CallError("--floor-areas", f"{count} is no number of areas.", "Write 0 or more.")
    if below is not None and not below > 0:
        raise CallError("--small-below", f"{below:g} is no number of residents.", "Write one above 0.")
    if rule is not None and below is None:
        raise CallError("--small-rule", "needs to know which areas are small.", "Add --small-below.")
    if below is not None and rule is None:
        remedy = "Add --small-rule: as_reported, pooled_years or no_rate."
        raise CallError("--small-below", "does nothing without a rule.", remedy)


def _doubt(population: "DataFrame", say: console.Console) -> None:
    """Say where a table of the user's own has far more or fewer residents than the shipped one."""
    from crimestats.areas.denominators import doubts

    for line in doubts(population):
        say.warn(line)


def is_store(place: str) -> bool:
    """Whether figures are taken from a store: a database by URL, its file, or the folder that holds it."""
    from crimestats.store.catalogue import CATALOGUE

    return "://" in place or Path(place).suffix in _DATABASES or (Path(place) / CATALOGUE).is_file()


def _grouping(name: str) -> str:
    """The name of a grouping; one in a file is made known by the file's name."""
    from crimestats import areas
    from crimestats.areas.memberships import is_path

    return areas.name_grouping(name) if is_path(name) else name


def _years(window: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{4})-(\d{4})", window.strip())
    if not found or found[1] > found[2]:
        raise CallError("--window", f"{window!r} is no span of years.", "Write e.g. 2005-2017.")
    return int(found[1]), int(found[2])


def _tell(flow: "Flow", say: console.Console) -> None:
    """What went in, what of it could not be used, and the figures of groups."""
    from crimestats.frames import NOT_APPLICABLE

    if say.quiet:
        return
    typer.echo(f"Population: {flow.whose_population}.")
    if not flow.is_of_observations:
        say.findings(flow.findings, len(flow.report.returns))
    else:
        for line in [*_unread(flow), *_assumed(flow), *_unusable(flow.observed)]:
            say.warn(line)
    if _is_short(flow.trends):
        say.trends(flow.trends[flow.trends["grouping"] == NOT_APPLICABLE])
    show_groups(flow.trends)


def _is_short(trends: "DataFrame") -> bool:
    """Whether the rates of single areas can be printed: few areas, and one series of each."""
    from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL

    rows = trends[(trends["grouping"] == NOT_APPLICABLE) & (trends[list(BREAKDOWNS)] == TOTAL).all(axis=1)]
    rows = rows[(rows[list(console.SHOWN)] == list(console.SHOWN.values())).all(axis=1)]
    return rows["area"].nunique() <= _MOST and not rows.duplicated(["area", "year"]).any()


def _unread(flow: "Flow") -> list[str]:
    from crimestats.classification.counted import unread

    names = unread(flow.figures) if flow.is_csv else []
    return [f"Columns that are not read: {', '.join(names)}."] if names else []


def _assumed(flow: "Flow") -> list[str]:
    """By which measure a CSV without that column is taken."""
    from crimestats.files import read_csv

    if not flow.is_csv or "measure" in read_csv(flow.figures):
        return []
    taken = flow.observed[["code", "measure"]].astype("str").drop_duplicates()
    texts = [
        f"figures of {_listed(rows['code'])} are taken as {name}" for name, rows in taken.groupby("measure")
    ]
    return [f"The file has no column `measure`: {', '.join(texts)}."]


def _listed(codes: "Series[str]") -> str:
    """The first codes, and how many more there are."""
    more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
    return ", ".join(codes.head(_NAMED)) + more


def _unusable(observed: "DataFrame") -> list[str]:
    """How many figures could not be read, and how many stand more than once."""
    from crimestats.frames import SERIES

    lines = []
    status = observed["status"].astype("str")
    for name in _UNUSABLE:
        rows = observed[status == name]
        if len(rows):
            first = f"{rows['return_id'].iloc[0]}, {rows['cell'].iloc[0]}"
            lines.append(f"Figures that are {name}, and in no sum: {len(rows)}; the first: {first}.")
    key = ["area", "year", "code", *SERIES]
    there = observed[observed["lower"].notna()]
    if there.duplicated(key).any():
        several = there.groupby(key, observed=True)[["lower", "upper"]].nunique()
        differ = int((several > 1).any(axis="columns").sum())
        again = int(there.duplicated(key).sum())
        lines.append(
            f"Rows that give a figure again: {again}; figures given differently, in conflict: {differ}."
            f" The first: {_first_again(there, key)}."
        )
    return lines


def _first_again(there: "DataFrame", key: list[str]) -> str:
    """Where the first figure stands that is given twice; one given differently if there is any."""
    groups = there.groupby(key, observed=True)
    spread = (groups["lower"].transform("max") > groups["lower"].transform("min")) | (
        groups["upper"].transform("max") > groups["upper"].transform("min")
    )
    several = there[there.duplicated(key, keep=False)]
    chosen = several[spread[several.index]] if spread.any() else several
    same = several[(several[key].astype("str") == chosen[key].astype("str").iloc[0]).all(axis="columns")]
    places = [_place(row) for row in same.head(_NAMED).itertuples()]
    return f"{same['area'].iloc[0]} {same['year'].iloc[0]}, {same['code'].iloc[0]}, in {'; '.join(places)}"


def _place(row: Any) -> str:
    """A line of a CSV, or a cell."""
    from crimestats.frames import NOT_APPLICABLE

    if str(row.sheet) == NOT_APPLICABLE:
        return f"{row.return_id}, line {str(row.cell).removeprefix('L')}"
    return f"{row.return_id}, {row.sheet} {row.cell}"


def show_groups(trends: "DataFrame") -> None:
    """The latest figure of each group, its bounds and coverage, and what the floor refused."""
    from rich import box
    from rich import print as show
    from rich.table import Table

    groups = _groups(trends)
    if groups.empty:
        return
    first = groups.iloc[0]
    title = f"Groups of areas: {first['iccs']} {first['measure']}, latest year with a figure"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Group", overflow="ellipsis", no_wrap=True, min_width=16, max_width=28)
    table.add_column("Method")
    for heading in ("Year", "Rate", "Bounds", "Reported", "Own", "Areas"):
        table.add_column(heading, justify="right", no_wrap=True)
    latest = groups[groups["lower"].notna()].sort_values("year").groupby(_GROUP, sort=False).tail(1)
    for row in latest.sort_values(["grouping", "level", "area", "method"]).head(_MOST).itertuples():
        table.add_row(str(row.name), str(row.method), str(row.year), *_cells(row))
    if len(latest):
        show(table)
        for line in _READ:
            show(line)
    for line in _refused(groups):
        show(line)


_READ = (
    "Reported: share of the group's residents in areas that reported in the year.",
    "Own: the same, of areas with a figure of their own, in the year or filled from their near years.",
    "Areas: number of these. For the rest of the group `estimated` takes rates of the areas beside.",
)  # fmt: skip
_GROUP = ["grouping", "area", "method"]


def _groups(trends: "DataFrame") -> "DataFrame":
    """Figures of groups of the indicator that is printed: homicide victims, else the first there is."""
    from pandas import concat

    from crimestats.areas import groupings
    from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL

    rows = trends[(trends["grouping"] != NOT_APPLICABLE) & (trends[list(BREAKDOWNS)] == TOTAL).all(axis=1)]
    keys = ["iccs", "measure", "unit", "stage", "source"]
    rows = rows.astype(dict.fromkeys([*keys, *_GROUP, "status"], "str"))
    if rows.empty:
        return rows
    is_usual = (rows[list(console.SHOWN)] == list(console.SHOWN.values())).all(axis=1)
    chosen = (rows[is_usual] if is_usual.any() else rows)[keys].iloc[0]
    rows = rows[(rows[keys] == chosen).all(axis=1)]
    named = [groupings(name).drop_duplicates("code") for name in rows["grouping"].unique()]
    names = concat(named)[["grouping", "code", "name", "level"]]
    rows = rows.merge(names.rename(columns={"code": "area"}), on=["grouping", "area"])
    return rows[(rows["grouping"] != "m49") | rows["level"].isin(_LEVELS)].reset_index(drop=True)


def _cells(row: Any) -> list[str]:
    """Rate, bounds and coverage as texts."""
    rate = "" if row.rate != row.rate else f"{row.rate:.2f}"
    has_bounds = row.rate_lower == row.rate_lower and row.rate_lower < row.rate_upper
    bounds = f"{row.rate_lower:.2f}–{row.rate_upper:.2f}" if has_bounds else ""
    shares = [
        "" if share != share else f"{share:.0%}" for share in (row.coverage_reported, row.coverage_population)
    ]
    return [rate, bounds, *shares, str(row.n_areas)]


def _refused(groups: "DataFrame") -> list[str]:
    """Which figures are not printed, since too few report."""
    rows = groups[groups["status"] == "below_floor"]
    texts = [
        f"{name} ({method}): {_spans(sorted(part['year'].unique()))}"
        for (name, method), part in rows.groupby(["name", "method"], sort=False)
    ]
    if not texts:
        return []
    return [f"No figure, since too few areas or residents are covered: {'; '.join(texts)}."]


def _spans(years: list[int]) -> str:
    """Years in one text: `1990-1994, 1996`."""
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
