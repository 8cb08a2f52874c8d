"""Commands of the store of accepted figures: accept a folder of returns, and look at the vintages."""

import json as codec
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import (
    Folder,
    Json,
    OneForAll,
    Population,
    Quiet,
    Strict,
    example,
    is_stdout,
    write_json,
)  # fmt: skip
from crimestats.cli.tables import CSV, print_table, refuse_place, write_csv, write_table
from crimestats.errors import CallError

if TYPE_CHECKING:
    from pandas import DataFrame

    from crimestats.cli.round import Round
    from crimestats.store import Acceptance, Store

EXAMPLE = 'crimestats accept returns/2024 --store accepted --by "A. Reyes"'
ROWS_SHOWN = 50
SUFFIXES = (".csv", ".parquet", ".xlsx")
"""How revisions can be written."""
_SHOWN = {"area": "Area", "questionnaire": "Questionnaire", "agency": "Agency", "new": "New",
          "changed": "Changed", "withdrawn": "Withdrawn", "unchanged": "Unchanged",
          "kept": "Kept"}  # fmt: skip
_FIGURES = (
    "Figures: all that the returns of a vintage state, unchanged ones and cells without a value among them."
)  # fmt: skip
_LONGEST = 16  # signs of an agency that are shown; `--json` has all
_REVISED = ("area", "year", "item", "kind", "value_before", "value", "difference", "moved")

app = typer.Typer(
    help="Accepted figures and their vintages: what was accepted, what stood when, and what was revised.",
    epilog=example("crimestats store log accepted"),
    no_args_is_help=True,
)

Files = Annotated[
    Path | None,
    typer.Option("--files", help="Folder of the figures of a database by URL; kept there, so given once."),
]
Place = Annotated[
    str | None, typer.Argument(metavar="STORE", help="What `accept --store` wrote: folder, file or URL.")
]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="The store, where it is not the first argument.")
]


def accept(
    folder: Folder,
    store: Annotated[
        str, typer.Option("--store", help="Where figures are kept: a folder, a SQLite file, or a URL.")
    ],
    by: Annotated[
        str | None, typer.Option("--by", help="Who accepts; stays on record. The user's name if not given.")
    ] = None,
    files: Files = None,
    strict: Strict = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Let workbooks accepted before count as new, to undo an acceptance."),
    ] = False,
    questionnaire: OneForAll = None,
    population: Population = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Keep the figures of returned workbooks as a new vintage; nothing is overwritten.

    A later return supersedes an earlier one of the same area, questionnaire and agency, figure by
    figure. A blank takes nothing back, a stated withdrawal (..) does. A workbook that was accepted
    before is not a later one.
    """
    from crimestats import areas
    from crimestats import store as stores
    from crimestats.cli.round import Round

    say = console.Console(quiet or is_stdout(json))
    if by is not None and not by.strip():
        raise CallError("--by", "is empty.", "Name who accepts, or leave the option out.")
    work = Round(folder, say, questionnaire, population=population)
    reports = work.reports
    refused = _refused(reports)
    with stores.Store.open(store, files=files) as kept:
        told = stores.accept(
            _observed(work, kept, strict, again), kept, by=_name() if by is None else by,
            returns=work.returned, population=None if population is None else areas.population(population),
            again=again,
        )  # fmt: skip
    _tell(told, refused, say)
    write_json(json, _summary(told, refused))
    raise typer.Exit(1 if refused or told.strangers else 0)


@app.command("log", epilog=example("crimestats store log accepted --check"))
def log(
    place: Place = None,
    store: StoreOption = None,
    files: Files = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read every file, and name what is gone, damaged or left over.")
    ] = False,
    json: Json = None,
) -> None:
    """List the vintages: when, by whom, how many figures, and what they did to those before."""
    from crimestats import store as stores

    with _opened(_only(place, store), files) as kept:
        table = stores.log(kept)
        faults = stores.check(kept) if check else None
    write_json(json, _records(table))
    if not is_stdout(json):
        shown = table.assign(at=table["at"].str[:19])
        print_table(shown, ("vintage", "at", "by", "returns", "figures", "new", "changed", "withdrawn"))
        _plainly(_counted(len(table), "vintage"))
        if (table["figures"] > table["new"] + table["changed"]).any():
            _plainly(_FIGURES)
    if faults is not None:
        for fault in faults.itertuples():
            typer.echo(f"{fault.file} {fault.fault}", err=True)
        lost = int(faults["is_loss"].sum())
        verb = "is" if lost == 1 else "are"
        told = f"{_counted(lost, 'file')} {verb} gone or damaged." if lost else "Every vintage is whole."
        typer.echo(told, err=True)
        raise typer.Exit(1 if lost else 0)


@app.command(
    "as-of", epilog=example("crimestats store as-of accepted --at 2024-06-30 --out observations.parquet")
)
def as_of(
    place: Place = None,
    store: StoreOption = None,
    files: Files = None,
    vintage: Annotated[
        int | None, typer.Option("--vintage", help="Its number; the last if not given.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="A time (ISO 8601; UTC if no zone is said), or a day: its end.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where to write: .parquet or .csv.")] = Path(
        "observations.parquet"
    ),
    quiet: Quiet = False,
) -> None:
    """Write the figures that stood after a vintage, or at a time; each says the vintage that gave it."""
    from crimestats import store as stores

    if vintage is not None and at is not None:
        raise CallError("--vintage and --at", "are both given.", "Give one of them.")
    refuse_place("--out", out)
    with _opened(_only(place, store), files) as kept:
        if at is not None:
            _refuse_early(stores.log(kept), at)
        figures = stores.as_of(kept, vintage if at is None else _moment(at))
    if out.suffix.casefold() == CSV:
        write_csv(figures, out)
    else:
        stores.write_figures(figures, out)
    if not quiet:
        _plainly(_held(figures))
    console.Console(quiet).wrote(out)


@app.command("revisions", epilog=example("crimestats store revisions accepted 1 2 --out revisions.xlsx"))
def revisions(
    words: Annotated[
        list[str],
        typer.Argument(metavar="STORE A B", help="The store, and two vintages: numbers, times or days."),
    ],
    store: StoreOption = None,
    files: Files = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write them as .csv, .parquet or .xlsx.")] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say what changed, vanished and appeared between two vintages, and what moved.

    Each is compared with the population table that was in force with it.
    """
    from crimestats import store as stores

    if out is not None and out.suffix not in SUFFIXES:
        raise CallError("--out", f"{out.name} has no known suffix.", f"Suffixes: {', '.join(SUFFIXES)}.")
    given = words if store is None else [store, *words]
    if len(given) != 3:
        raise CallError("revisions", f"has {len(given)} of three arguments.", "Give STORE A B.")
    with _opened(given[0], files) as kept:
        table = stores.revised(kept, _which(given[1]), _which(given[2]))
    if out is not None:
        write_table(table, "Revisions", out)
    write_json(json, _records(table))
    if not (quiet or is_stdout(json)):
        _show_revisions(table)
        if out is not None:
            console.Console(False).wrote(out)


def _observed(work: "Round", kept: "Store", strict: bool, again: bool) -> "DataFrame":
    """The figures of a round, by when the workbooks first came: one that came later is in no conflict."""
    from crimestats import observations
    from crimestats import store as stores
    from crimestats.frames import OBSERVATIONS

    tables = []
    for report, (definition, cells) in zip(work.reports, work.read, strict=True):
        judged = _still_open(report, kept) if strict else report
        is_figure = cells["item"].isin(definition.data["item"])
        since = stores.accepted_before(kept, report.returns)
        for came in [] if again else since.unique():
            own = ~is_figure | cells["return_id"].isin(since.index[since == came])
            tables.append(observations.observe(cells[own], judged, strict=strict))
        if again:
            tables.append(observations.observe(cells, judged, strict=strict))
    return OBSERVATIONS.join(*tables) if tables else OBSERVATIONS.empty()


def _still_open(report: Any, kept: "Store") -> Any:
    """The report, in which what was explained or accepted is no error any more."""
    from dataclasses import replace

    from crimestats import store as stores

    known = stores.known(kept, ids=report.data["finding_id"].tolist())
    settled = known.loc[known["state"].isin(["explained", "accepted"]), "finding_id"]
    severity = report.data["severity"].astype("str").mask(report.data["finding_id"].isin(settled), "note")
    return replace(report, data=report.data.assign(severity=severity.astype("category")))


def _refused(reports: list[Any]) -> dict[str, str]:
    """The files that could not be read, each with what is the matter."""
    refused = {}
    for report in reports:
        files = report.returns[report.returns["status"] == "refused"]
        for name in files["return_id"].astype("str"):
            said = report.data.loc[report.data["return_id"] == name, "message"]
            refused[name] = str(said.iloc[0]) if len(said) else name
    return refused


def _tell(told: "Acceptance", refused: dict[str, str], say: console.Console) -> None:
    if not say.quiet:
        figures = told.figures.assign(
            agency=[
                name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
                for name in told.figures["agency"]
            ],
            kept=told.figures["standing"] + told.figures["outdated"],
        )
        print_table(figures.rename(columns=_SHOWN), tuple(_SHOWN.values()))
        _plainly(_sentence(told))
        if kept := told.count("standing") + told.count("outdated"):
            _plainly(
                f"{kept:,} earlier figures are kept: of a later workbook, or with nothing readable here."
            )
        if told.conflicts:
            _plainly(
                f"{told.conflicts:,} figures are given differently by two agencies of an area; both stay."
            )
    for message in refused.values():
        typer.echo(f"Left out: {message}", err=True)
    for name in told.strangers:
        typer.echo(f"Left out: {name} does not say which area it is of.", err=True)


def _sentence(told: "Acceptance") -> str:
    counts = ", ".join(
        f"{told.count(name):,} {name}" for name in ("new", "changed", "withdrawn", "unchanged")
    )
    if told.is_new:
        return f"Vintage {told.vintage}: {counts}{_rest(told)}."
    stands = f"vintage {told.vintage} stands" if told.vintage else "there is no vintage yet"
    return f"Nothing is new ({counts}): {stands}."


def _rest(told: "Acceptance") -> str:
    """What the returns state beside figures that have a value: they count in the vintage too."""
    described, empty = told.count("described"), told.count("empty")
    beside = f", {described:,} said of otherwise (the value as it was)" if described else ""
    return beside + (f"; {empty:,} cells say only that there is no figure" if empty else "")


def _summary(told: "Acceptance", refused: dict[str, str]) -> str:
    return codec.dumps({
        "vintage": told.vintage, "is_new": told.is_new, "figures": told.figures.to_dict("records"),
        "conflicts": told.conflicts, "refused": list(refused), "strangers": list(told.strangers),
    }, ensure_ascii=False, indent=1)  # fmt: skip


def _refuse_early(vintages: "DataFrame", at: str) -> None:
    """Refuse a time before the first acceptance: no figures is no answer to what stood then."""
    if vintages.empty:
        raise CallError("--at", "nothing was accepted yet.", "Accept a folder of returns first.")
    first = vintages["at"].iloc[0]
    if _moment(at) < datetime.fromisoformat(first):
        fault = f"0 figures stood at {at}; the first vintage is of {first[:19]} (UTC)."
        raise CallError("--at", fault, "Name a later time.")


def _held(figures: "DataFrame") -> str:
    """How many figures there are, and how many of them say a number."""
    valued = int(figures["lower"].notna().sum())
    return (
        f"{_counted(len(figures), 'figure')}, of them {valued:,} with a value or bounds; the others are"
        " stated to be missing, or cannot be read."
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _opened(place: str, files: Path | None) -> "Store":
    from crimestats.store import Store

    return Store.open(place, create=False, files=files)


def _only(place: str | None, store: str | None) -> str:
    """The store, named once, as an argument or by `--store`."""
    named = [each for each in (place, store) if each is not None]
    if len(named) != 1:
        raise CallError("STORE", f"is named {len(named)} times.", "Name it once.")
    return named[0]


def _which(text: str) -> int | datetime:
    return int(text) if text.isdecimal() else _moment(text)


def _moment(text: str) -> datetime:
    """A time; of a day its end, so that what was accepted on it counts."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        remedy = "Write 2024-06-30, or 2024-06-30T12:00+02:00; or the number of a vintage."
        raise CallError("vintage", f"`{text}` is no number and no time.", remedy) from None
    if len(text) <= len("2024-06-30"):
        at = datetime.combine(at.date(), time.max)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _name() -> str:
    """The user's name, where the system knows it."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _show_revisions(table: "DataFrame") -> None:
    print_table(table.head(ROWS_SHOWN), _REVISED)
    by_kind = ", ".join(f"{count:,} {kind}" for kind, count in table["kind"].value_counts().items())
    by_cause = ", ".join(f"{count:,} {what}" for what, count in table["moved"].value_counts().items())
    _plainly(f"{len(table):,} revisions" + (f": {by_kind}; moved: {by_cause}" if len(table) else ""))
    if len(table) > ROWS_SHOWN:
        _plainly(f"The first {ROWS_SHOWN} are shown; `--out` or `--json` has all.")


def _records(table: "DataFrame") -> str:
    text: str = table.to_json(orient="records", force_ascii=False, indent=1)
    return text


def _plainly(text: str) -> None:
    typer.echo(text)
