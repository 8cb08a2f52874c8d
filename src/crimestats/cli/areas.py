"""Commands `areas`: reporting units and their labels."""

import json as codec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli.options import Json, Quiet, example, is_stdout, write_json
from crimestats.errors import CallError

if TYPE_CHECKING:
    from pandas import DataFrame

app = typer.Typer(no_args_is_help=True, help="Reporting units and their labels.", rich_markup_mode="rich")

_ADDED = ("area", "how", "reason", "candidates")
_SHOWN = 20


@app.callback()
def areas() -> None:
    """Reporting units and their labels."""


@app.command("match", epilog=example("crimestats areas match LABELS.csv --column Category --out matched.csv"))
def match_labels(
    labels: Annotated[Path, typer.Argument(help="CSV (UTF-8, commas) with a column of labels.")],
    column: Annotated[str, typer.Option("--column", help="The column that names areas.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the table, as CSV.")],
    prefix: Annotated[
        str, typer.Option("--prefix", help="Put before the names of the new columns, where yours clash.")
    ] = "",
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Put names of countries and citizens, as people wrote them, under codes of areas.

    All columns stay; area, how, reason and candidates are added. A label that
    is not clear is refused: its area is _U, and reason says why. NA, NR, SD and
    the like are codes only in a column of codes of two letters.
    """
    from crimestats.cli.console import Console
    from crimestats.cli.tables import CSV, refuse_inputs, refuse_place
    from crimestats.files import read_csv, replacing

    refuse_place("--out", out, (CSV,))
    is_stdout(json)
    refuse_inputs({"--out": out, "--json": json}, [labels])
    table = read_csv(labels, every_line=True)
    _refuse_column(table, column)
    matched = _matched(table, column, prefix)
    with replacing(out) as place:
        table.join(matched).to_csv(place, index=False, lineterminator="\n", encoding="utf-8")
    said = matched.set_axis(list(_ADDED), axis="columns").assign(label=table[column])
    write_json(json, codec.dumps(_counts(said), ensure_ascii=False))
    if not (quiet or is_stdout(json)):
        _show(said)
        Console(quiet).wrote(out)


def _refuse_column(table: "DataFrame", column: str) -> None:
    from difflib import get_close_matches

    if column in table:
        return
    folded = {str(name).casefold(): str(name) for name in table}
    near = [folded[each] for each in get_close_matches(column.casefold(), folded, n=3)]
    remedy = f"Columns: {', '.join(map(str, table))}." + (
        f" Did you mean {' or '.join(near)}?" if near else ""
    )
    raise CallError("--column", f"{column}: the file has no such column.", remedy)


def _matched(table: "DataFrame", column: str, prefix: str) -> "DataFrame":
    """The new columns, under their names in the file."""
    from crimestats.areas import match

    found = match(table[column], marks=True)[list(_ADDED)].add_prefix(prefix)
    clash = [prefix + name for name in _ADDED if prefix + name in table]
    if clash:
        fault = f"would stand twice: the file has a column {', '.join(clash)} of its own."
        raise CallError("--out", fault, "Choose other names, as with --prefix matched_.")
    return found


def _counts(said: "DataFrame") -> dict[str, object]:
    """Rows and different labels by what became of them, and the labels that nothing knows."""
    unknown = said.loc[said["reason"] == "unknown", "label"].unique().tolist()
    groups, matched = _groups(said), int((said["how"] != "refused").sum())
    return {
        "rows": len(said), "labels": int(said["label"].nunique()), "matched": matched,
        "how": groups[groups["reason"] == ""].set_index("how")["rows"].to_dict(),
        "refused": groups[groups["reason"] != ""].set_index("reason")["rows"].to_dict(),
        "unknown": unknown,
    }  # fmt: skip


def _groups(said: "DataFrame") -> "DataFrame":
    """Rows and different labels by how and reason; the largest first, refused after matched."""
    groups = (
        said.groupby(["how", "reason"], sort=True)["label"].agg(rows="size", labels="nunique").reset_index()
    )
    return groups.assign(late=groups["reason"] != "").sort_values(
        ["late", "rows"], ascending=[True, False], kind="stable", ignore_index=True
    )


def _show(said: "DataFrame") -> None:
    """A line for each way of being matched and reason of being refused, then the labels nothing knows."""
    from rich import box
    from rich import print as show
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{len(said):,} rows", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("Result", "Reason"):
        table.add_column(heading)
    for heading in ("Rows", "Labels"):
        table.add_column(heading, justify="right")
    for how, reason, rows, labels in (
        _groups(said)[["how", "reason", "rows", "labels"]].to_numpy(object).tolist()
    ):
        table.add_row(how if reason else f"matched: {how}", reason, f"{rows:,}", f"{labels:,}")
    show(table)
    unknown = said[said["reason"] == "unknown"].drop_duplicates("label")
    for label, near in unknown[["label", "candidates"]].head(_SHOWN).to_numpy(object).tolist():
        show(f"[yellow]unknown[/] {escape(label)}" + (f" (near: {near})" if near else ""))
    if len(unknown) > _SHOWN:
        show(f"and {len(unknown) - _SHOWN} more labels that nothing knows: see reason in the file")
