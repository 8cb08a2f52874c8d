"""Commands `disclosure`: whether small figures stay hidden."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli import console
from crimestats.cli.options import Json, Quiet, example, is_stdout, write_json
from crimestats.errors import CallError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

app = typer.Typer(
    no_args_is_help=True,
    help="Small figures: hide them, and try to find them again.",
    rich_markup_mode="rich",
)
_SHOWN = 20
_CITED = 4  # cells that give a figure away, in a line of the terminal
_PARQUET, _PORTAL = ".parquet", (".xlsx", ".csv")
_READ = "published .xlsx or .csv, dataset.parquet or observations.parquet"

File = Annotated[Path, typer.Argument(help=f"What is or will be published: {_READ}.")]


@app.command(epilog=example("crimestats disclosure attack data_glotip_2023-05-30.xlsx --out found.csv"))
def attack(
    file: File,
    out: Annotated[Path | None, typer.Option("--out", help="Write what is found as CSV.")] = None,
    least_width: Annotated[
        int, typer.Option("--least-width", help="Report figures known to fewer values than this, plus one.")
    ] = 1,
    sure: Annotated[
        bool,
        typer.Option("--sure", help="Only what rests on no assumption on figures that are not published."),
    ] = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Find hidden figures that the others give away: exit status 1 if there are any."""
    from crimestats import disclosure
    from crimestats.cli.tables import CSV, refuse_place, write_csv

    if out is not None:
        refuse_place("--out", out, (CSV,))
    say = console.Console(quiet or is_stdout(json))
    table = _read(file, say)
    with say.progress("Attacking"):
        readings = ("sure",) if sure else ("sure", "likely")
        found = disclosure.attack(table, least_width=least_width, readings=readings)
    write_json(json, found.to_json(orient="records", indent=2) or "[]")
    if out is not None:
        write_csv(found, out)
        say.wrote(out)
    if not say.quiet:
        _show(found, table)
    raise typer.Exit(1 if len(found) else 0)


@app.command(
    epilog=example("crimestats disclosure protect dataset.parquet --out safe.parquet --log hidden.csv")
)
def protect(
    file: File,
    out: Annotated[
        Path, typer.Option("--out", help="Where to: .xlsx or .csv of a published file, or .parquet.")
    ],
    threshold: Annotated[int, typer.Option("--threshold", help="Least count that is shown.")] = 5,
    log: Annotated[Path | None, typer.Option("--log", help="CSV of what was hidden, and why.")] = None,
    rounding_base: Annotated[
        int | None, typer.Option("--rounding-base", help="Round to multiples of this instead of hiding.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Hide small figures, and as many others as it takes, until the attack fails."""
    from crimestats import disclosure
    from crimestats.cli.tables import CSV, refuse_place, write_csv

    _refuse_pair(file, out)
    if rounding_base is not None and out.suffix.casefold() != _PARQUET:
        fault = f"{out.name} has no column for the bounds of rounded counts."
        raise CallError("--out", fault, "Write a .parquet file, or hide small figures instead.")
    if log is not None:
        refuse_place("--log", log, (CSV,))
    say = console.Console(quiet)
    table = _read(file, say)
    with say.progress("Protecting"):
        if rounding_base is not None:
            safe, hidden = disclosure.rounded(table, rounding_base)
        else:
            safe, hidden = disclosure.protect(table, threshold=threshold)
    _write(file, out, safe, hidden)
    say.wrote(out)
    if log is not None:
        write_csv(hidden, log)
        say.wrote(log)
    if not quiet:
        _tell(table, hidden)


def _read(file: Path, say: console.Console) -> "DataFrame":
    """The figures of a file as the attack takes them: the trafficking dataset, or observations."""
    from crimestats import release, trafficking
    from crimestats.published import read_published

    if file.suffix.casefold() == _PARQUET:
        table = release.read_parquet(file)
        if "dimension" in table:
            return table
        if "item" not in table or "code" not in table:
            raise FileError(str(file), "holds no figures that can be attacked.", f"Give a {_READ}.")
    else:
        with say.progress("Reading"):
            table, _ = read_published(file)
        if table.empty:
            raise FileError(str(file), "holds no figures that can be read.", f"Give a {_READ}.")
    arranged = trafficking.dataset(table)
    is_whole = len(arranged) == int((table["unit"].astype("str") == "number").sum())
    return arranged if is_whole else table


def _refuse_pair(file: Path, out: Path) -> None:
    from crimestats.cli.tables import refuse_place

    is_portal = file.suffix.casefold() in _PORTAL
    refuse_place("--out", out, (_PARQUET, *_PORTAL) if is_portal else (_PARQUET,))
    if file.exists() and out.exists() and file.samefile(out):
        raise CallError("--out", f"{out.name} is the file that is read.", "Choose another name.")


def _write(file: Path, out: Path, safe: "DataFrame", hidden: "DataFrame") -> None:
    from crimestats import release
    from crimestats.disclosure.portal import masked, read_rows, write_rows

    if out.suffix.casefold() != _PARQUET:
        write_rows(masked(read_rows(file), safe, hidden), out)
        return
    changed = safe["figure_id"].isin(hidden["figure_id"]) if "figure_id" in safe else safe["value"].isna()
    noted = safe.assign(note=safe["note"].mask(changed.to_numpy(), ""))  # the text read stands in the note
    release.write_parquet(noted, "Trafficking" if "dimension" in noted else "Observations", out)


def _show(found: "DataFrame", table: "DataFrame") -> None:
    from crimestats.disclosure.attacking import span

    hidden = int(table["status"].astype("str").isin(["bounded", "withheld", "suppressed"]).sum())
    typer.echo(f"{len(found):,} of {hidden:,} hidden figures can be computed from the others.")
    for how, count in found["how"].astype("str").value_counts().items():
        typer.echo(f"  {count:>7,}  {how}")
    for row in found.head(_SHOWN).astype({"rests_on": "str"}).to_dict("records"):
        cited = str(row["rests_on"]).split()
        more = f" and {len(cited) - _CITED} more" if len(cited) > _CITED else ""
        by = ", ".join(each.rpartition("!")[2] for each in cited[:_CITED])
        typer.echo(f"{row['cell']}: {row['area']} {row['year']} {row['item']}")
        typer.echo(f"    is {span(row['found_lower'], row['found_upper'])} by {by}{more}")
    if len(found) > _SHOWN:
        typer.echo(f"and {len(found) - _SHOWN:,} more: see --out or --json")


def _tell(table: "DataFrame", hidden: "DataFrame") -> None:
    """How much was hidden: figures, and the persons in them."""
    ids = hidden.set_index("figure_id")["action"].astype("str")
    exact = int(table["value"].notna().sum())
    typer.echo(f"{len(hidden):,} of {exact:,} figures that were shown are not shown exactly now:")
    for action, count in ids.value_counts().items():
        chosen = (
            table["figure_id"].isin(ids.index[ids == action])
            if "figure_id" in table
            else table["value"].isna()
        )
        typer.echo(f"  {count:>7,}  {action} (of {table.loc[chosen, 'value'].sum():,.0f} counted)")
