"""Commands that put national offence texts under the ICCS."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import example
from crimestats.cli.review import EXAMPLE, review
from crimestats.errors import CallError, DefinitionError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

    from crimestats.coding import Coder


app = typer.Typer(
    help="Suggest ICCS codes for national offence texts, train the model, and review.",
    epilog=example("crimestats coding suggest offences.csv --column description --language es --out out.csv"),
    no_args_is_help=True,
)
app.command("review", epilog=example(EXAMPLE))(review)

Model = Annotated[
    Path | None,
    typer.Option("--model", help="A model of your own; without it, that of the shipped tables and index."),
]
Language = Annotated[
    str | None, typer.Option("--language", help="Of the texts, e.g. es; leave it out for several languages.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing; only the exit status and the files.")]


@app.command(
    epilog=example("crimestats coding suggest offences.csv --column description --language es --out out.csv")
)
def suggest(
    file: Annotated[Path, typer.Argument(help="CSV with a column of descriptions.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the suggestions, a CSV.")],
    column: Annotated[str, typer.Option("--column", help="Column of the descriptions.")] = "description",
    language: Language = None,
    model: Model = None,
    precision: Annotated[
        float, typer.Option("--precision", help="Share of the codes given that should be right, 0.5 to 0.99.")
    ] = 0.95,
    k: Annotated[int, typer.Option("--k", help="Candidates in the column top5.")] = 5,
    quiet: Quiet = False,
) -> None:
    """Suggest an ICCS code for each text, as deep as the evidence carries.

    The file has the input's columns, and: code (empty where none is sure
    enough), probability, code_l1 to code_l4 (the best at each level, before any
    back-off), p_l1 to p_l4, top5, p_top5, tags, basis and reason.
    """
    from crimestats import coding
    from crimestats.files import read_csv, replacing

    table = read_csv(file, (column,))
    if not len(table):
        raise DefinitionError(f"{file}, line 2", "there are no texts.", "Give a row for each description.")
    say = console.Console(quiet)
    with say.steps("Suggesting") as step:
        coder = _coder(model, step)
        found = coding.suggest(table[column], language, k, coder, precision)
    with replacing(out) as place:
        _beside(table, found).to_csv(place, index=False, lineterminator="\n", float_format="%.4f")
    if not quiet:
        _summary(found)
    say.wrote(out)


@app.command(epilog=example("crimestats coding train --leave-out us-nibrs --out model.skops"))
def train(
    out: Annotated[Path, typer.Option("--out", help="Where to write the model.")],
    leave_out: Annotated[
        list[str] | None,
        typer.Option("--leave-out", help="A scheme, or a country with all its lists; may be repeated."),
    ] = None,
    own: Annotated[
        list[Path] | None,
        typer.Option("--with", help="A correspondence table of your own, or decisions; may be repeated."),
    ] = None,
    card: Annotated[Path | None, typer.Option("--card", help="Write the model card, Markdown.")] = None,
    quiet: Quiet = False,
) -> None:
    """Train the model from the shipped tables and index, about a minute on two cores."""
    from crimestats import coding
    from crimestats.coding.card import card as described
    from crimestats.files import replacing

    say = console.Console(quiet)
    if not out.parent.is_dir():
        raise FileError(str(out), "cannot be written (no such folder).", "Make the folder first.")
    left = [name.strip() for names in leave_out or [] for name in names.split(",") if name.strip()]
    with say.steps("Training") as step:
        coder = coding.train(left, own or [], progress=step)
    coding.save(coder, out)
    say.wrote(out)
    if card is not None:
        with replacing(card) as place:
            place.write_text(described(coder), encoding="utf-8")
        say.wrote(card)


@app.command(epilog=example('crimestats coding explain "robo agravado en banda" --language es'))
def explain(
    text: Annotated[str, typer.Argument(help="Description of an offence.")],
    language: Language = None,
    model: Model = None,
) -> None:
    """Show what speaks for the likeliest categories of a text: coded examples, exclusions, scope notes."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from crimestats import coding

    say = console.Console(False)
    with say.steps("Reading") as step:
        coder = _coder(model, step)
        found = coding.suggest([text], language, coder=coder).iloc[0]
        evidence = coding.explain(text, coder, language)
    page = Console(highlight=False)
    page.print(f"[bold]{found['code'] or 'no code'}[/bold]  {escape(found['reason'])}", markup=True)
    for (code, title, likely), rows in evidence.groupby(["code", "title", "probability"], sort=False):
        shown = Table(
            box=box.SIMPLE, title=f"{code} {title} ({likely:.2f})", title_justify="left", show_header=False
        )
        for kind, of, source, likeness in zip(
            rows["kind"], rows["text"], rows["source"], rows["likeness"], strict=True
        ):
            shown.add_row(kind, escape(of), source, "" if kind == "note" else f"{likeness:.2f}")
        page.print(shown)


@app.command(epilog=example("crimestats coding card --model model.skops"))
def card(model: Model = None) -> None:
    """Print the model card: data, thresholds, limits."""
    from crimestats.coding.card import card as described

    say = console.Console(False)
    with say.steps("Reading") as step:
        text = described(_coder(model, step))
    typer.echo(text)


def _coder(model: Path | None, step: Any) -> "Coder":
    from crimestats.coding.storage import default, load

    return load(model) if model is not None else default(step)


def _beside(table: "DataFrame", found: "DataFrame") -> "DataFrame":
    """The input's columns and the suggestions; an input column of the same name is kept as `input_<name>`."""
    added = found.drop(columns="text")
    taken = {name: f"input_{name}" for name in table if name in added}
    both = [name for name in taken.values() if name in table]
    if both:
        raise CallError(
            f"column {both[0]}", "stands beside the column that would be renamed to it.", "Rename it."
        )
    return table.rename(columns=taken).join(added)


def _summary(found: "DataFrame") -> None:
    given = found["code"] != ""
    levels = found.loc[given, "code"].str.len().map({4: 2, 5: 3, 6: 4}).value_counts().sort_index()
    depth = ", ".join(f"{count:,} at level {level}" for level, count in levels.items())
    basis = ", ".join(f"{name} {count:,}" for name, count in found["basis"].value_counts().items())
    typer.echo(f"{len(found):,} texts: {int(given.sum()):,} coded ({depth or 'none'}),", nl=False)
    typer.echo(f" {int((~given).sum()):,} refused")
    typer.echo(f"by evidence: {basis}")
    if not given.all():
        typer.echo(
            "Decide the others: crimestats coding review SUGGESTIONS --decisions decisions.csv --coder NAME"
        )
