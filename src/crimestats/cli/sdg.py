"""Command `sdg`: an indicator of the Sustainable Development Goals, of areas, regions and the world."""

from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import QUESTIONNAIRE, Json, OneForAll, Population, Quiet, is_stdout, write_json
from crimestats.errors import CallError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

EXAMPLE = "crimestats sdg 16.3.2 returns/2024 --grouping m49 --out unsentenced.parquet"
_GROUPS_SHOWN, _YEARS_SHOWN = 20, 4
_LEVELS = ("world", "region", "group")
_SLACK = 1e-9


def sdg(
    indicator: Annotated[str, typer.Argument(help="Number of the indicator: 16.1.1, 16.3.2, 16.5.1 ...")],
    figures: Annotated[
        str,
        typer.Argument(
            help="Folder of returned workbooks, an observations.parquet, a store of accepted figures, or a"
            " CSV: area, year, sex, and for a share numerator and denominator, or value with unit"
            " (per_cent) or indicator (16.5.1) and, for 16.3.2 and 16.4.2, weight; for a rate (16.1.1,"
            " 16.2.2) numerator, or iccs (0101; 0204) and value, of which rows of other categories are"
            " left out."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Where to write: .parquet or .csv.")] = Path(
        "sdg.parquet"
    ),
    grouping: Annotated[
        str, typer.Option("--grouping", help="Groups of areas: m49, ldc, lldc, sids, or a CSV of your own.")
    ] = "m49",
    years: Annotated[
        int | None, typer.Option("--years", help="Years that are averaged; the indicator's own if not given.")
    ] = None,
    population: Population = None,
    questionnaire: OneForAll = None,
    sdmx: Annotated[
        Path | None, typer.Option("--sdmx", help="Write SDMX-CSV 2.0 for the global data flow.")
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Compute an indicator of the Goals by its own denominator, averaging and regional rule."""
    from crimestats.sdg import report, rules, to_sdmx_csv

    for path in (out, sdmx, json):
        is_stdout(path)
    if out.suffix not in (".parquet", ".csv"):
        raise CallError("--out", f"{out.name!r} is no kind of table.", "End it in .parquet or .csv.")
    rules(indicator)
    say = console.Console(quiet or is_stdout(json))
    given = _given(figures, indicator, population, questionnaire, say)
    table = report(indicator, given.figures, given.persons, grouping=grouping, years=years)
    wrote = [] if table.empty else [out] if sdmx is None else [out, sdmx]
    if wrote:
        _write(table, out)
    if sdmx in wrote:
        to_sdmx_csv(table, sdmx)
    write_json(json, table.to_json(orient="records", force_ascii=False))
    if table["lower"].isna().all() and (table["status"].astype("str") != "not_applicable").all():
        _tell_none(table, indicator, figures, wrote)
        raise typer.Exit(1)
    if not say.quiet:
        typer.echo(f"Population: {given.whose}.")
        _show(table, grouping, indicator, out)
    for path in wrote:
        say.wrote(path)
    raise typer.Exit(1 if given.errors else 0)


@dataclass(frozen=True)
class _Given:
    """Figures, and the residents that go with them.

    Attributes:
        figures: What `report` takes.
        persons: The population.
        whose: Which table that is, in words.
        errors: How many errors the returns have.
    """

    figures: "DataFrame"
    persons: "DataFrame"
    whose: str
    errors: int = 0


def _given(
    place: str, indicator: str, population: Path | None, questionnaire: str | None, say: console.Console
) -> _Given:
    """The figures of a store, a CSV, a Parquet file or a folder of workbooks."""
    from crimestats import areas, observations, release
    from crimestats.cli.tabulating import is_store
    from crimestats.frames import OBSERVATIONS
    from crimestats.sdg import read_figures

    persons = areas.population(population)  # a fault in it is told before the work
    if is_store(place):
        return _of_store(place, population, say)
    path, whose = Path(place), "the shipped table" if population is None else str(population)
    if path.suffix.casefold() == ".csv":
        return _Given(read_figures(path, indicator, persons), persons, whose)
    if path.suffix.casefold() == ".parquet":
        return _Given(OBSERVATIONS.check(release.read_parquet(path)), persons, whose)
    if not path.exists():
        remedy = "Name a folder of workbooks, a .parquet, a .csv or a store."
        raise FileError(place, "is not there.", remedy)
    from crimestats.cli.round import Round

    work = Round(path, say, questionnaire, population=population)
    parts = zip(work.reports, work.read, strict=True)
    observed = [observations.observe(cells, report) for report, (_, cells) in parts]
    figures = OBSERVATIONS.join(*observed) if observed else OBSERVATIONS.empty()
    return _Given(figures, persons, whose, work.errors)


def _of_store(place: str, population: Path | None, say: console.Console) -> _Given:
    """Of the last vintage, with the population accepted with it where no other is named."""
    from crimestats.cli.flow import Flow

    flow = Flow(Path(place), QUESTIONNAIRE, say, None, population, store=place)
    return _Given(flow.observed, flow.denominators, flow.whose_population)


def _tell_none(table: "DataFrame", indicator: str, place: str, wrote: list[Path]) -> None:
    """What is missing, on standard error: no file says so by itself."""
    from crimestats.sdg import needed

    notes = table.loc[table["note"].astype("str") != "", ["area", "year", "note"]].head(1)
    first = [f" The first row, {row.area} {row.year}: {row.note}." for row in notes.itertuples()]
    said = f"crimestats: {place}: has no figure of {indicator}.{''.join(first)} {needed(indicator)}"
    written = f"Rows without a figure are in {wrote[0]}." if wrote else "No table was written."
    typer.secho(f"{said} {written}", err=True, fg="red")


def _write(table: "DataFrame", out: Path) -> None:
    from crimestats import release
    from crimestats.files import replacing

    if out.suffix == ".parquet":
        release.write_parquet(table, "Sdg", out)
        return
    with replacing(out) as place:
        table.to_csv(place, index=False, lineterminator="\n")


def _show(table: "DataFrame", grouping: str, indicator: str, out: Path) -> None:
    """The latest years of the world and the regions: the figure and the share of the residents behind it."""
    from rich.console import Console as Terminal

    from crimestats import areas
    from crimestats.sdg import rules

    terminal = Terminal(highlight=False)
    rows = table.astype({"grouping": "str", "sex": "str", "area": "str"})
    rows = rows[(rows["grouping"] != "_Z") & (rows["sex"] == "_T")]
    groups = areas.groupings(grouping).drop_duplicates("code").set_index("code")
    listed = groups[groups["level"].isin(_LEVELS)]["name"].head(_GROUPS_SHOWN)
    every = sorted(rows["year"].unique())
    years = every[-_YEARS_SHOWN:]
    units = {rule["title"]: _unit(rule) for rule in rules(indicator).to_dict("records")}
    for title, of_series in rows.groupby("series_title", observed=True):
        terminal.print(f"{title}, {units[str(title)]}", markup=False)
        terminal.print(_page(of_series, listed, years))
        for line in _footnotes(of_series, listed, years):
            terminal.print(line, markup=False)
    if len(rows):
        terminal.print("In brackets: share of the residents covered. A dash: under the floor, or no figure.")
        left = [
            f"{n} {what}"
            for n, what in ((len(every) - len(years), "earlier years"), (len(groups) - len(listed), "groups"))
            if n
        ]
        if left:
            terminal.print(f"Not shown: {' and '.join(left)}; they are in {out}.", markup=False)


def _unit(rule: dict[Any, Any]) -> str:
    base = "per cent" if rule["unit"] == "per_cent" else f"per {rule['times']:,.0f}"
    return f"{base} of {rule['denominator']}" if base == "per cent" else f"{base} {rule['denominator']}"


def _page(rows: "DataFrame", listed: Any, years: list[int]) -> Any:
    """Groups down, years across."""
    from rich import box
    from rich.table import Table

    page = Table(box=box.SIMPLE)
    page.add_column("Group", no_wrap=True)
    for year in years:
        page.add_column(str(year), justify="right", no_wrap=True)
    for code, name in listed.items():
        own = rows[rows["area"] == code].set_index("year")
        page.add_row(name[:25], *(_cell(own.loc[year]) if year in own.index else "-" for year in years))
    return page


def _footnotes(rows: "DataFrame", listed: Any, years: list[int]) -> list[str]:
    """What must be known of the figures marked `*`: the years that share a note together."""
    noted = rows[rows["area"].isin(listed.index) & rows["year"].isin(years) & rows.apply(_is_noted, axis=1)]
    noted = noted.assign(year=noted["year"].astype("str"))
    spans = noted.groupby(["area", "note"], sort=False)["year"].agg(", ".join).reset_index()
    return [f"* {listed[row.area]} {row.year}: {row.note}." for row in spans.itertuples()]


def _is_noted(row: Any) -> bool:
    """Whether there is a note that the figure, or the dash, and its share do not say by themselves."""
    from crimestats.sdg.floor import UNDER_SHARE

    return row["note"] not in ("", UNDER_SHARE)


def _cell(row: Any) -> str:
    cover = ""
    if row["coverage_population"] == row["coverage_population"]:
        cover = f" ({floor(100 * row['coverage_population'] + _SLACK)}%)"
    mark = "*" if _is_noted(row) else ""
    if row["value"] == row["value"]:
        return f"{row['value']:.1f}{mark}{cover}"
    if row["lower"] == row["lower"]:
        return f"{row['lower']:.1f}-{row['upper']:.1f}{mark}{cover}"
    return f"-{mark}{cover}"
