"""Command `sdg`: an indicator of the Sustainable Development Goals, of areas, regions and the world."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import Json, OneForAll, Population, Quiet, is_stdout, write_json
from crimestats.errors import CallError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

EXAMPLE = "crimestats sdg 16.3.2 returns/2024 --grouping m49 --out unsentenced.parquet"
_GROUPS_SHOWN, _YEARS_SHOWN = 8, 4


def sdg(
    indicator: Annotated[str, typer.Argument(help="Number of the indicator: 16.1.1, 16.3.2, 16.5.1 ...")],
    figures: Annotated[
        Path,
        typer.Argument(help="Folder of returned workbooks, an observations.parquet, or a CSV of figures."),
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
    from crimestats import areas
    from crimestats.sdg import report, rules, to_sdmx_csv

    for path in (out, sdmx, json):
        is_stdout(path)
    if out.suffix not in (".parquet", ".csv"):
        raise CallError("--out", f"{out.name!r} is no kind of table.", "End it in .parquet or .csv.")
    rules(indicator)
    say = console.Console(quiet or is_stdout(json))
    persons = areas.population(population)
    given, errors = _figures(figures, indicator, persons, say, questionnaire, population)
    table = report(indicator, given, persons, grouping=grouping, years=years)
    _write(table, out)
    if sdmx is not None:
        to_sdmx_csv(table, sdmx)
    _show(table, grouping, say)
    for path in (out, sdmx):
        if path is not None:
            say.wrote(path)
    write_json(json, table.to_json(orient="records", force_ascii=False))
    raise typer.Exit(1 if errors else 0)


def _figures(
    path: Path,
    indicator: str,
    persons: "DataFrame",
    say: console.Console,
    questionnaire: str | None,
    population: Path | None,
) -> tuple[Any, int]:
    """What `report` takes, and how many errors the returns have."""
    from crimestats import observations, release
    from crimestats.frames import OBSERVATIONS
    from crimestats.sdg import read_figures

    if path.suffix == ".csv":
        return read_figures(path, indicator, persons), 0
    if path.suffix == ".parquet":
        return OBSERVATIONS.check(release.read_parquet(path)), 0
    if not path.exists():
        raise FileError(str(path), "is not there.", "Name a folder of workbooks, a .parquet or a .csv.")
    from crimestats.cli.round import Round

    work = Round(path, say, questionnaire, population=population)
    parts = zip(work.reports, work.read, strict=True)
    observed = [observations.observe(cells, report) for report, (_, cells) in parts]
    return OBSERVATIONS.join(*observed) if observed else OBSERVATIONS.empty(), work.errors


def _write(table: "DataFrame", out: Path) -> None:
    from crimestats import release
    from crimestats.files import replacing

    if out.suffix == ".parquet":
        release.write_parquet(table, "Sdg", out)
        return
    with replacing(out) as place:
        table.to_csv(place, index=False, lineterminator="\n")


def _show(table: "DataFrame", grouping: str, say: console.Console) -> None:
    """The latest years of the largest groups: the figure and the share of the residents behind it."""
    if say.quiet:
        return
    from rich import box
    from rich.console import Console as Terminal
    from rich.table import Table

    from crimestats import areas

    rows = table[(table["grouping"].astype("str") != "_Z") & (table["sex"].astype("str") == "_T")]
    listed = areas.groupings(grouping).drop_duplicates("code").set_index("code")["name"]
    shown = sorted(rows["year"].unique())[-_YEARS_SHOWN:]
    for title, of_series in rows.groupby("series_title", observed=True):
        Terminal().print(f"{title} ({of_series['unit'].iloc[0]})")
        page = Table(box=box.SIMPLE)
        page.add_column("Group", no_wrap=True)
        for year in shown:
            page.add_column(str(year), justify="right", no_wrap=True)
        for code in list(listed.index)[:_GROUPS_SHOWN]:
            own = of_series[of_series["area"].astype("str") == code].set_index("year")
            page.add_row(str(listed[code])[:25], *(_cell(own.loc[year]) for year in shown))
        Terminal().print(page)
    if len(rows):
        Terminal().print(
            "In brackets: share of the residents covered. A dash: under the floor, or no figure."
        )


def _cell(row: Any) -> str:
    cover = (
        ""
        if row["coverage_population"] != row["coverage_population"]
        else f" ({row['coverage_population']:.0%})"
    )
    if row["value"] == row["value"]:
        return f"{row['value']:.1f}{cover}"
    if row["lower"] == row["lower"]:
        return f"{row['lower']:.1f}-{row['upper']:.1f}{cover}"
    return f"-{cover}"
