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
_DONE = {
    "primary": "below {limit}, shown as <{limit} now",
    "secondary": "withheld, so that others stay hidden",
    "rounded": "rounded to a multiple of {limit}",
}
"""What was done to figures (`action` of `frames.HIDDEN`), in words."""
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
    from crimestats.cli.tables import CSV, refuse_inputs, refuse_place, write_csv

    if out is not None:
        refuse_place("--out", out, (CSV,))
    refuse_inputs({"--out": out, "--json": json}, [file])
    _refuse_below("--least-width", least_width, 1)
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
    keep_zero: Annotated[
        bool, typer.Option("--keep-zero", help="Show nought, which is hidden as a small count otherwise.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Hide small figures, and as many others as it takes, until the attack fails."""
    from crimestats import disclosure
    from crimestats.cli.tables import CSV, refuse_inputs, refuse_place, write_csv

    _refuse_pair(file, out)
    if rounding_base is not None and out.suffix.casefold() != _PARQUET:
        fault = f"{out.name} has no column for the bounds of rounded counts."
        raise CallError("--out", fault, "Write a .parquet file, or hide small figures instead.")
    if log is not None:
        refuse_place("--log", log, (CSV,))
    refuse_inputs({"--out": out, "--log": log}, [file])
    _refuse_below("--threshold", threshold, 2)
    _refuse_below("--rounding-base", rounding_base, 2)
    say = console.Console(quiet)
    table = _read(file, say)
    with say.progress("Protecting"):
        if rounding_base is not None:
            safe, hidden = disclosure.rounded(table, rounding_base)
        else:
            safe, hidden = disclosure.protect(table, threshold=threshold, hide_zero=not keep_zero)
    _write(file, out, safe, hidden)
    say.wrote(out)
    if log is not None:
        write_csv(hidden, log)
        say.wrote(log)
    if not quiet:
        _tell(table, hidden, threshold if rounding_base is None else rounding_base)


def _read(file: Path, say: console.Console) -> "DataFrame":
    """The figures of a file as the attack takes them: the trafficking dataset, or observations."""
    from crimestats import trafficking
    from crimestats.published import read_published

    if file.suffix.casefold() == _PARQUET:
        table = _release_table(file)
        if "dimension" in table:
            return table
        if "item" not in table or "code" not in table:
            raise FileError(str(file), "holds no figures that can be attacked.", f"Give a {_READ}.")
    else:
        with say.progress("Reading"):
            table, found = read_published(file)
        if table.empty:
            raise FileError(str(file), _fault(file, found), f"Give a {_READ}.")
    arranged = trafficking.dataset(table)
    is_whole = len(arranged) == int((table["unit"].astype("str") == "number").sum())
    return arranged if is_whole else table


def _release_table(file: Path) -> "DataFrame":
    from crimestats import release

    try:
        return release.read_parquet(file)
    except FileError as error:
        damaged = error.fault.replace("it is a Parquet file", "it is a Parquet file cut short or damaged")
        raise FileError(error.place, damaged, f"Give a {_READ}.") from error


def _fault(file: Path, found: "DataFrame") -> str:
    """Why a published file gives no figures: what its first finding says, or what keeps it from being CSV."""
    from crimestats.errors import DefinitionError
    from crimestats.files import read_csv

    if file.stat().st_size == 0:
        return "is empty."
    if found.empty:
        return "has a heading and no figures below it."
    try:
        read_csv(file)
    except DefinitionError as error:
        if "separated" in error.fault:
            return f"{error.fault} {error.remedy}"
    except FileError:
        pass  # said by the finding
    return str(found["message"].iloc[0]).partition("): ")[2]


def _refuse_pair(file: Path, out: Path) -> None:
    from crimestats.cli.tables import refuse_place

    is_portal = file.suffix.casefold() in _PORTAL
    refuse_place("--out", out, (_PARQUET, *_PORTAL) if is_portal else (_PARQUET,))


def _refuse_below(option: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise CallError(option, f"is {value}.", f"Write {least} or more.")


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


def _tell(table: "DataFrame", hidden: "DataFrame", limit: int) -> None:
    """How much was hidden: figures, and the persons in them."""
    from crimestats.disclosure.attacking import identities

    actions = hidden.set_index("figure_id")["action"].astype("str")
    of = table.assign(action=identities(table)).set_index("action", drop=False)["action"].map(actions)
    value = table["value"].set_axis(of.index)
    exact, changed = value.notna(), of.notna()
    shown, less = int(exact.sum()), int((exact & changed).sum())
    typer.echo(f"{less:,} of {shown:,} figures that were shown exactly no longer are{':' if less else '.'}")
    for action, said in _DONE.items():
        chosen = value[exact & (of == action)]
        if len(chosen):
            what = f"figure{'' if len(chosen) == 1 else 's'} {said.format(limit=limit)}"
            typer.echo(f"  {len(chosen):>7,} {what}; persons in all: {chosen.sum():,.0f}")
    if less:
        typer.echo("A person can be counted in several figures, as in a total and its parts.")
    if wider := int((~exact & changed).sum()):
        typer.echo(f"Figures that were not exact before, and are less so now: {wider:,}.")
