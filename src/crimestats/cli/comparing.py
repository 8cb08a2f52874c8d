"""Commands on a trend table: changes and their verdicts, undeclared jumps, attrition, prisons."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crimestats.cli.console import Console
from crimestats.cli.options import Json, Quiet, is_stdout, write_json
from crimestats.errors import FileError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

SHOWN = 20  # rows that are printed; all are in the files
_WHAT = r" at (.*?) \("  # the figures that a finding is about, in its message
_TITLED = ("iccs", "measure")

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
    tolerance: Annotated[
        float,
        typer.Option(help="Annual change that would be seen: a line whose interval is within it is stable."),
    ] = 0.05,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    least_years: Annotated[int, typer.Option(help="Years with a figure that a verdict needs.")] = 5,
    out: Written = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say how much each line of a trend table changed: rising, falling, stable, or too few to say."""
    from crimestats.trends.changes import changes as compare
    from crimestats.trends.changes import in_words, is_cut

    table = compare(
        _read(trends, out),
        first,
        last,
        by=by,
        margin=margin,
        tolerance=tolerance,
        level=level,
        least_years=least_years,
    )
    _hand_over(table, "Changes", out, json, quiet)
    if not (quiet or is_stdout(json)):
        words = in_words(table)
        _print(
            {
                "Area": table["area"],
                "Figures": _told_apart(table),
                "Years": table["first_year"].astype("str") + "–" + table["last_year"].astype("str"),
                "A year, per cent": _yearly(table),
                "Verdict": words,
            },
            right="A year, per cent",
        )
        _tell_more(table)
        typer.echo(f"Lines: {len(table)}" if len(table) else "No figure in the window.")
        for verdict, count in words.value_counts(sort=False).sort_index().items():
            typer.echo(f"  {count} {verdict}")
        if is_cut(table).any():
            typer.echo(f"Cut to the years since a break, or over the same areas: {int(is_cut(table).sum())}")


def jumps(trends: Trends, out: Written = None, json: Json = None, quiet: Quiet = False) -> None:
    """Ask about jumps that no declared break explains; nothing is changed by it."""
    from crimestats.frames import NOT_APPLICABLE
    from crimestats.trends.jumps import LIMITS
    from crimestats.trends.jumps import jumps as find

    table = find(_read(trends, out))
    _hand_over(table, "Findings", out, json, quiet)
    if not (quiet or is_stdout(json)):
        typer.echo(f"Questions: {len(table)}")
        if len(table):
            what = table["message"].astype("str").str.extract(_WHAT, expand=False).fillna("")
            what = what.str.replace(f" {NOT_APPLICABLE}", "", regex=False)
            columns = {"Area": "area", "Year": "year", "Before": "expected", "After": "value"}
            shown = {heading: table[name].astype("str") for heading, name in columns.items()}
            _print({**shown, "Figures": what})
            typer.echo("Is there a break in the year? Declare it in the metadata, or explain the change.")
            typer.echo("Before, after: means of up to three years. --json has each question whole.")
        typer.echo(textwrap.fill(LIMITS, 80))
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
    return release.read_parquet(trends, frame="Trends")


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


def _print(columns: "dict[str, Series[str]]", right: str = "") -> None:
    """The first rows as a table that fits the terminal; what is long is broken over lines."""
    from rich import box
    from rich import print as show
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in columns:
        is_long = heading in ("Figures", "Verdict")
        table.add_column(
            heading, no_wrap=not is_long, overflow="fold", justify="right" if heading == right else "left"
        )
    texts = [column.astype("str").head(SHOWN) for column in columns.values()]
    for row in zip(*texts, strict=True):
        table.add_row(*map(escape, row))
    if len(texts[0]):
        show(table)


def _told_apart(table: "DataFrame") -> "Series[str]":
    """Category and measure, and of the other dimensions those of which there are several."""
    from crimestats.frames import NOT_APPLICABLE, TOTAL
    from crimestats.trends.lines import LINE

    names = [name for name in LINE if name != "area"]
    codes = {name: set(table[name].unique()) - {NOT_APPLICABLE} for name in names}
    several = [name for name in names if name in _TITLED or len(codes[name]) > 1]
    texts = table[several].astype("str")
    joined = texts[several[0]]
    for name in several[1:]:
        is_said = ~texts[name].isin([TOTAL, NOT_APPLICABLE])
        joined = joined + (" " + texts[name]).where(is_said, "")
    return joined


def _yearly(table: "DataFrame") -> "Series[str]":
    """Change a year with its interval: `+3.2 (+1.4 to +5.0)`; only the interval where figures are bounded."""

    def shown(column: str) -> "Series[str]":
        return (100 * table[column]).map(lambda number: f"{number:+.1f}", na_action="ignore").astype("str")

    point = shown("annual").where(table["annual"].notna(), "")
    interval = "(" + shown("annual_lower") + " to " + shown("annual_upper") + ")"
    has_interval = table["annual_lower"].notna() & table["annual_upper"].notna()
    return (point + " " + interval.where(has_interval, "")).str.strip()


def _tell_more(table: "DataFrame") -> None:
    if len(table) > SHOWN:
        typer.echo(f"and {len(table) - SHOWN} more: write them with --out or --json")
