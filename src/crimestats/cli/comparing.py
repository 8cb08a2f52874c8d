"""Commands on a trend table: changes and their verdicts, undeclared jumps, attrition, prisons."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crimestats.cli.console import Console
from crimestats.cli.options import Json, Quiet, is_stdout, write_json
from crimestats.errors import FileError

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 20  # rows that are printed; all are in the files

EXAMPLES = {
    "changes": "crimestats changes trends.parquet --from 2015 --to 2022 --out changes.csv",
    "jumps": "crimestats jumps trends.parquet --json questions.json",
    "attrition": "crimestats attrition trends.parquet --out attrition.csv",
    "prisons": "crimestats prisons trends.parquet --out prisons.csv",
}

Trends = Annotated[Path, typer.Argument(help="A trends.parquet.")]
Written = Annotated[Path | None, typer.Option("--out", help="Where to write: a file .csv or .parquet.")]


def changes(
    trends: Trends,
    first: Annotated[int | None, typer.Option("--from", help="First year of the window.")] = None,
    last: Annotated[int | None, typer.Option("--to", help="Last year of the window.")] = None,
    by: Annotated[Literal["rate", "value"], typer.Option(help="What is compared: rate or value.")] = "rate",
    margin: Annotated[float, typer.Option(help="Annual change taken for none: 0.01 is 1 per cent.")] = 0.01,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    least_years: Annotated[int, typer.Option(help="Years with a figure that a verdict needs.")] = 5,
    out: Written = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say how much each line of a trend table changed: rising, falling, stable, or too few to say."""
    from crimestats.trends.changes import changes as compare

    table = compare(
        _read(trends, out), first, last, by=by, margin=margin, level=level, least_years=least_years
    )
    _hand_over(table, "Changes", out, json, quiet)
    if not (quiet or is_stdout(json)):
        counts = table["verdict"].astype("str").value_counts().sort_index()
        said = (
            ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no figure in the window"
        )
        typer.echo(f"Lines: {len(table)} ({said})")
        columns = ["first_year", "last_year", "annual", "annual_lower", "annual_upper", "verdict", "note"]
        _show(table, ["area", "iccs", "measure", *columns])


def jumps(trends: Trends, out: Written = None, json: Json = None, quiet: Quiet = False) -> None:
    """Ask about jumps that no declared break explains; nothing is changed by it."""
    from crimestats.trends.jumps import jumps as find

    table = find(_read(trends, out))
    _hand_over(table, "Findings", out, json, quiet)
    if not (quiet or is_stdout(json)):
        typer.echo(f"Questions: {len(table)}")
        for message in table["message"].head(SHOWN):
            typer.echo(message)
        _tell_more(table)


def attrition(trends: Trends, out: Written = None, json: Json = None, quiet: Quiet = False) -> None:
    """Offences, suspects, prosecuted and convicted of each year; these are not one cohort."""
    from crimestats.trends.stages import WARNING
    from crimestats.trends.stages import attrition as follow

    table = follow(_read(trends, out))
    _hand_over(table, "", out, json, quiet)
    if not (quiet or is_stdout(json)):
        typer.echo(f"Attrition: {len(table)} rows. Stages of one year are {WARNING}.")
        _show(table, ["area", "year", "iccs", "sex", "measure", "value", "by", "ratio"])


def prisons(trends: Trends, out: Written = None, json: Json = None, quiet: Quiet = False) -> None:
    """Prison rate, occupancy and unsentenced share of each area and year."""
    from crimestats.trends.stages import prisons as of_prisons

    table = of_prisons(_read(trends, out))
    _hand_over(table, "", out, json, quiet)
    if not (quiet or is_stdout(json)):
        typer.echo(f"Prisons: {len(table)} rows")
        _show(table, ["area", "year", "sex", "indicator", "value", "lower", "upper", "note"])


def _read(trends: Path, out: Path | None) -> "DataFrame":
    """The table; a place that cannot be written to is refused before the work."""
    from crimestats import release

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise FileError(str(out), "is neither .csv nor .parquet.", "Name the file so.")
    if out is not None and not out.parent.is_dir():
        raise FileError(str(out), "cannot be written (no such folder).", "Make the folder first.")
    return release.read_parquet(trends)


def _hand_over(table: "DataFrame", frame: str, out: Path | None, json: Path | None, quiet: bool) -> None:
    """Write the table where it is wanted; `frame` is its declaration, if it has one."""
    from crimestats import release
    from crimestats.files import replacing

    if out is not None and out.suffix == ".parquet" and frame:
        release.write_parquet(table, frame, out)
    elif out is not None:
        with replacing(out) as place:
            if out.suffix == ".csv":
                table.to_csv(place, index=False, lineterminator="\n")
            else:
                table.to_parquet(place, index=False)
    if out is not None:
        Console(quiet or is_stdout(json)).wrote(out)
    write_json(json, table.to_json(orient="records"))


def _show(table: "DataFrame", columns: list[str]) -> None:
    """The first rows, numbers short."""
    if len(table):
        shown = table[columns].head(SHOWN)
        typer.echo(shown.to_string(index=False, na_rep="", float_format=lambda number: f"{number:.4g}"))
        _tell_more(table)


def _tell_more(table: "DataFrame") -> None:
    if len(table) > SHOWN:
        typer.echo(f"and {len(table) - SHOWN} more: write them with --out or --json")
