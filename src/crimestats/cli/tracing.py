"""Command `trace`: where a figure came from."""

from pathlib import Path
from typing import Annotated

import typer

from crimestats.cli.options import Json, Quiet, is_stdout, write_json
from crimestats.errors import CallError

EXAMPLE = "crimestats trace release/2024 --area FJI --year 2021 --iccs 0101 --measure victims"


def trace(
    release: Annotated[Path, typer.Argument(help="A release folder.")],
    area: Annotated[str, typer.Option(help="Reporting unit (code or name), or code of a group: 150.")],
    year: Annotated[int, typer.Option(help="Year of the figure.")],
    iccs: Annotated[str, typer.Option(help="Its category.")],
    sex: Annotated[str, typer.Option(help="_T, F or M.")] = "_T",
    measure: Annotated[str | None, typer.Option(help="victims, offences, …; all where not given.")] = None,
    method: Annotated[
        str | None, typer.Option(help="Of groups: reported, panel or estimated; all where not given.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="A further column and its code: age=Y0T17; may be repeated. Else totals only."),
    ] = None,
    store: Annotated[
        str | None, typer.Option(help="Where findings and answers are kept: a file, or a database by URL.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every branch, however many there are.")] = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say where a figure came from: areas, observations, return, cell, findings and answers."""
    from crimestats.store import Store
    from crimestats.tracing import SHOWN
    from crimestats.tracing import trace as traced

    is_shown = not quiet and not is_stdout(json)
    keys = dict(_pair(text) for text in where or ())
    kept = None if store is None else Store.open(store, create=False)
    try:
        found = traced(
            release, area=area, year=year, iccs=iccs, sex=sex, measure=measure, method=method, where=keys,
            store=kept,
        )  # fmt: skip
    finally:
        if kept is not None:
            kept.close()
    if is_shown:
        typer.echo(found.tree(None if full else SHOWN))
    write_json(json, found.data.to_json(orient="records", force_ascii=False))


def _pair(text: str) -> tuple[str, str]:
    name, sign, code = text.partition("=")
    if not sign or not name or not code:
        raise CallError("--where", f"{text!r} is no column and code.", "Write e.g. age=Y0T17.")
    return name.strip(), code.strip()
