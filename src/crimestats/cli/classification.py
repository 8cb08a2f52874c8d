"""Commands about correspondence tables, and figures put under the ICCS by them."""

import json as codec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli import console, search
from crimestats.cli.options import Json, example, is_stdout, write_json

if TYPE_CHECKING:
    from pandas import DataFrame

    from crimestats.classification.correspondence import Correspondence

SHOWN = 8  # findings of a check that are printed; all are in the JSON
NAMED = 10  # unknown codes that are printed; all are in the table of usage


app = typer.Typer(
    help="Search the ICCS; check, compare and make correspondence tables.",
    epilog=example("crimestats classification check table.csv"),
    no_args_is_help=True,
)
app.command("search", epilog=example('crimestats classification search "theft of a bicycle"'))(search.search)
app.command("export", epilog=example("crimestats classification export --format skos --out iccs.ttl"))(
    search.export
)

Table = Annotated[str, typer.Argument(help="A CSV of your own, or the name of a shipped table.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing; only the exit status and the files.")]


@app.command("check", epilog=example("crimestats classification check table.csv --json findings.json"))
def check(
    file: Annotated[Path, typer.Argument(help="The table, a CSV: code, title, iccs and more.")],
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with a correspondence table, line by line; errors give exit status 1."""
    from crimestats.classification.checking import check as find

    findings = find(file)
    if not (quiet or is_stdout(json)):
        _show_findings(findings)
    _write_table(json, findings)
    raise typer.Exit(1 if (findings["severity"] == "error").any() else 0)


@app.command("diff", epilog=example("crimestats classification diff us-ucr mine.csv --out changes.csv"))
def diff(
    a: Table,
    b: Table,
    out: Annotated[Path | None, typer.Option("--out", help="Write all changes as CSV.")] = None,
    quiet: Quiet = False,
) -> None:
    """Say what changed from one table to another: rows, categories, titles, years, shares."""
    from crimestats.classification.comparing import diff as compare

    changes = compare(_table(a), _table(b))
    if out is not None:
        _write_csv(changes, out)
    if quiet:
        return
    counts = changes["change"].value_counts().to_dict()
    told = ", ".join(f"{count} {change}" for change, count in counts.items()) or "nothing"
    typer.echo(f"Changed from {a} to {b}: {told}")
    shown = changes.head(20).to_dict("records") if out is None else []
    for row in shown:
        typer.echo(f"  {row['code']:12} {row['change']:12} {row['before'] or '-'} -> {row['after'] or '-'}")
    if out is None and len(changes) > 20:
        typer.echo(f"  and {len(changes) - 20} more: write them with --out")
    if out is not None:
        console.Console(quiet).wrote(out)


@app.command(
    "pivot",
    epilog=example("crimestats classification pivot to_ucr.csv --through us-ucr --out candidate.csv"),
)
def pivot(
    first: Annotated[
        Path, typer.Argument(help="CSV from your codes to those of a third scheme: code, title, via.")
    ],
    through: Annotated[str, typer.Option("--through", help="Table of the third scheme: its name, or a CSV.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the candidate table.")],
    quiet: Quiet = False,
) -> None:
    """Make a candidate table to the ICCS through a third scheme; a person decides what stays."""
    from crimestats.classification.pivoting import pivot as make
    from crimestats.files import read_csv

    candidate = make(read_csv(first, ("code", "title")), _table(through))
    _write_csv(candidate, out)
    if not quiet:
        codes = candidate.groupby("code")
        n_none = int((codes["iccs"].max() == "").sum())
        n_parts = candidate.loc[candidate["relation"] == "part", "code"].nunique()
        typer.echo(f"Codes: {codes.ngroups}; over several categories: {n_parts}; without one: {n_none}")
        console.Console(quiet).wrote(out)


@app.command("schemes", epilog=example("crimestats classification schemes"))
def schemes(json: Json = None) -> None:
    """Name the shipped correspondence tables."""
    from crimestats.classification.correspondence import schemes as shipped

    table = shipped()
    if not is_stdout(json):
        console.Console(False).schemes(table)
    _write_table(json, table)


def classify(
    figures: Annotated[
        Path, typer.Argument(help="CSV of year, code, value and more; or an observations.parquet.")
    ],
    scheme: Annotated[str, typer.Option("--scheme", help="Name of a shipped table, or a CSV of your own.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the figures.")] = Path(
        "classified.parquet"
    ),
    usage: Annotated[
        Path | None, typer.Option("--usage", help="Write what became of each code, as CSV.")
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Put figures of a national scheme under the ICCS; what is unknown stays, and is counted."""
    from crimestats import release
    from crimestats.classification import counts as used
    from crimestats.classification.figures import classify as put
    from crimestats.classification.reported import read_figures

    table = _table(scheme)
    is_parquet = figures.suffix == ".parquet"
    observations = release.read_parquet(figures) if is_parquet else read_figures(figures, table.scheme)
    classified = put(observations, table)
    release.write_parquet(classified, "Classified", out)
    counts, codes = used.outcome(classified, table), used.usage(classified, table)
    if usage is not None:
        _write_csv(codes, usage)
    if not (quiet or is_stdout(json)):
        _show_outcome(counts, codes, table)
        for path in (out, usage):
            if path is not None:
                console.Console(quiet).wrote(path)
    write_json(json, codec.dumps(counts))


def _table(name: str) -> "Correspondence":
    """A shipped table, or the user's own where the name is that of a file."""
    from crimestats.classification.correspondence import Correspondence

    path = Path(name)
    return (
        Correspondence.from_csv(path)
        if path.suffix == ".csv" or path.is_file()
        else Correspondence.load(name)
    )


def _show_findings(findings: "DataFrame") -> None:
    from rich import print as show
    from rich.markup import escape

    if findings.empty:
        typer.echo("Nothing found.")
        return
    for severity, style in console.STYLES.items():
        of_severity = findings[findings["severity"] == severity]
        for check, group in of_severity.groupby("check", sort=False):
            show(f"[{style}]{severity}[/] {check}: {len(group)}")
            for message in group["message"].head(SHOWN):
                typer.echo(f"  {message}")
            if len(group) > SHOWN:
                show(escape(f"  and {len(group) - SHOWN} more: write them with --json"))


def _show_outcome(counts: dict[str, int], codes: "DataFrame", table: "Correspondence") -> None:
    labels = {
        "figures": "Figures", "classified": "Classified", "divided": "  of these, over several categories",
        "no_category": "Without a category", "unknown": "Of unknown codes",
        "not_valid": "Of codes not valid in their year",
        "no_value": "Without a value (missing, or not to be read)",
        "unused": f"Codes of {table.scheme} that no figure has",
    }  # fmt: skip
    for name, label in labels.items():
        typer.echo(f"{label}: {counts[name]:,}")
    if "warning" in table.source:
        typer.secho(f"{table.scheme}: {table.source['warning']}", fg="yellow")
    unknown = codes[codes["state"] == "unknown"].sort_values("n_figures", ascending=False, kind="stable")
    if len(unknown):
        named = ", ".join(f"{row.code} ({row.n_figures})" for row in unknown.head(NAMED).itertuples())
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        typer.echo(f"Unknown codes: {named}{more}. Add them to a table of your own, or correct them.")


def _write_csv(table: "DataFrame", path: Path) -> None:
    from crimestats.files import replacing

    with replacing(path) as place:
        table.to_csv(place, index=False, lineterminator="\n", float_format="%.12g")


def _write_table(path: Path | None, table: "DataFrame") -> None:
    if path is not None:
        write_json(path, table.to_json(orient="records", force_ascii=False))
