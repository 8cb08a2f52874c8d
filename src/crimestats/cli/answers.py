"""Commands for the office's decisions on findings: list, accept, reopen, decide in a workbook, look back."""

import json as codec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli import console
from crimestats.cli.options import Json, example, is_stdout, write_json
from crimestats.errors import CallError

if TYPE_CHECKING:
    from pandas import DataFrame

    from crimestats.store import Store

ROWS_SHOWN = 50
_WRAPPED = ("value", "answer", "text", "by")
_LONGEST = 80  # signs of a text that are shown; `--json` has all


app = typer.Typer(
    help="List findings over the rounds, accept or reopen them, and see what was answered.",
    epilog=example("crimestats findings list findings.sqlite --state open --area MEX"),
    no_args_is_help=True,
)

Place = Annotated[
    str, typer.Argument(metavar="STORE", help="What `validate --store` wrote: a file, or a database by URL.")
]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Findings, by their id.")]
By = Annotated[str, typer.Option("--by", help="Who decides; stays on record.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; stays on record.")]


@app.command(
    "list", epilog=example("crimestats findings list findings.sqlite --state no_reply --xlsx findings.xlsx")
)
def list_findings(
    store: Place,
    state: Annotated[
        str, typer.Option("--state", help="open, explained, corrected, accepted or no_reply.")
    ] = "",
    area: Annotated[str, typer.Option("--area", help="Code of the reporting unit, e.g. MEX or GBR_S.")] = "",
    questionnaire: Annotated[str, typer.Option("--questionnaire", help="Id, e.g. un-cts-2024.")] = "",
    json: Json = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="Write them as a workbook to decide in; see `decide`.")
    ] = None,
) -> None:
    """List what the store knows of findings, with state and answer."""
    from crimestats import store as stores

    with _opened(store) as kept:
        table = stores.known(kept, state=state, area=area, questionnaire=questionnaire)
        strange = len(stores.unknown_answers(kept))
    if xlsx is not None:
        from crimestats.report.workbook import write_findings

        write_findings(table, xlsx)
    write_json(json, _json(table))
    if not is_stdout(json):
        _show(table, strange)
        if xlsx is not None:
            console.Console(False).wrote(xlsx)


@app.command(
    epilog=example(
        'crimestats findings accept findings.sqlite 0c1f5a7be2d94a36 --by "A. Reyes" --reason "As published"'
    )
)
def accept(store: Place, ids: Ids, by: By, reason: Reason) -> None:
    """Accept figures as they are: they are not asked about again as long as they stay the same."""
    from crimestats import store as stores

    with _opened(store) as kept:
        _tell(stores.accept_findings(kept, ids, by, reason), len(set(ids)), "accepted")


@app.command(
    epilog=example(
        'crimestats findings reopen findings.sqlite 0c1f5a7be2d94a36 --by "A. Reyes" --reason "No source"'
    )
)
def reopen(store: Place, ids: Ids, by: By, reason: Reason) -> None:
    """Ask again, though it was accepted, explained or not replied to."""
    from crimestats import store as stores

    with _opened(store) as kept:
        _tell(stores.reopen(kept, ids, by, reason), len(set(ids)), "opened again")


@app.command(epilog=example('crimestats findings decide findings.sqlite findings.xlsx --by "A. Reyes"'))
def decide(
    store: Place,
    file: Annotated[
        Path, typer.Argument(help="Workbook of `list --xlsx` or `validate --xlsx`, decisions filled in.")
    ],
    by: By,
) -> None:
    """Take in what was decided in a workbook: accept or reopen, each with its reason; all or nothing."""
    from crimestats import store as stores
    from crimestats.report.workbook import read_decisions

    made = read_decisions(file)
    with _opened(store) as kept:
        done = stores.decide(kept, made, by)
    _tell(done["accept"], int((made["decision"] == "accept").sum()), "accepted")
    _tell(done["reopen"], int((made["decision"] == "reopen").sum()), "opened again")


@app.command(epilog=example("crimestats findings history findings.sqlite 0c1f5a7be2d94a36"))
def history(
    store: Place, finding: Annotated[str, typer.Argument(metavar="ID", help="Its id.")], json: Json = None
) -> None:
    """Show all that happened to a finding: when it was found, asked, answered, decided, and by whom."""
    from crimestats import store as stores

    with _opened(store) as kept:
        events = stores.history(kept, finding)
    if events.empty:
        raise CallError("ID", f"`{finding}` is not in the store.", "See `crimestats findings list`.")
    write_json(json, _json(events))
    if not is_stdout(json):
        _print(events.assign(at=events["at"].str[:19]), ("at", "event", "to_state", "text", "by"))


def _opened(place: str) -> "Store":
    from crimestats.store import Store

    return Store.open(place, create=False)


def _tell(done: int, wanted: int, what: str) -> None:
    left = f"; {wanted - done} stayed as they were" if done < wanted else ""
    if wanted:
        typer.echo(f"{done} {what}{left}")


def _show(table: "DataFrame", strange: int) -> None:
    shown = table.head(ROWS_SHOWN)
    shown = shown.assign(place=shown["sheet"] + "!" + shown["cell"])
    _print(shown, ("finding_id", "area", "state", "place", "value", "answer"))
    counted = ", ".join(f"{number} {state}" for state, number in table["state"].value_counts().items())
    typer.echo(f"{len(table)} findings{': ' if counted else ''}{counted}")
    if len(table) > len(shown):
        typer.echo(f"The first {len(shown)} are shown; `--xlsx` or `--json` has all.")
    if strange:
        typer.echo(f"{strange} answers in workbooks belong to no question of the store; they are kept.")


def _print(table: "DataFrame", columns: tuple[str, ...]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(box=box.SIMPLE)
    for name in columns:
        shown.add_column(name, no_wrap=name not in _WRAPPED, overflow="fold")
    for row in table[list(columns)].astype("str").itertuples(index=False):
        shown.add_row(*(escape(_printable(cell)) for cell in row))
    Console(highlight=False).print(shown)


def _printable(text: str) -> str:
    """As much as a table can show, without what would move the cursor or colour the terminal."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _json(table: "DataFrame") -> str:
    plain = table.astype("object")
    return codec.dumps(plain.where(plain.notna(), None).to_dict("records"), ensure_ascii=False, indent=1)
