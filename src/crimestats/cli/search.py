"""Commands of the group `classification`: categories found by what people call them, and exports."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli import console

if TYPE_CHECKING:
    from pandas import DataFrame


class Format(StrEnum):
    """What a classification is written as."""

    SKOS = "skos"
    SDMX = "sdmx"


def search(
    text: Annotated[str, typer.Argument(help="Words in any language, or a code or part of one.")],
    language: Annotated[
        str | None, typer.Option("--language", help="Only terms in this language, e.g. es; else all.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many categories at most.")] = 10,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the result as JSON; - for standard output.")
    ] = None,
) -> None:
    """Find categories of the ICCS by title, term, phrase in use or code."""
    from crimestats.classification import Classification
    from crimestats.files import replacing

    found = Classification.load("iccs").search(text, language, limit)
    if json is None:
        _show(found, text)
        return
    written = found.to_json(orient="records", force_ascii=False)
    if str(json) == "-":
        typer.echo(written)
        return
    with replacing(json) as place:
        place.write_text(written + "\n", encoding="utf-8")
    console.Console(False).wrote(json)


def export(
    format: Annotated[Format, typer.Option("--format", help="skos: Turtle; sdmx: SDMX-ML 2.1 code list.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write.")],
    base: Annotated[
        str | None, typer.Option("--base", help="SKOS: begin identifiers so, e.g. https://example.org/iccs/.")
    ] = None,
    agency: Annotated[
        str, typer.Option("--agency", help="SDMX: who maintains the code list.")
    ] = "CRIMESTATS",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing; only the exit status.")] = False,
) -> None:
    """Write the ICCS for other systems, with its terms, phrases and scope notes."""
    from crimestats.classification.exports import write_sdmx, write_skos

    if format is Format.SKOS:
        write_skos(out, base=base)
    else:
        write_sdmx(out, agency=agency)
    console.Console(quiet).wrote(out)


def _show(found: "DataFrame", text: str) -> None:
    from rich import print as show
    from rich.markup import escape
    from rich.table import Table

    if found.empty:
        show(f"Nothing is called like {escape(repr(text[:60]))}. Try fewer words, or another language.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Code", "Title", "Found by", "Kind", "Score"):
        table.add_column(heading, no_wrap=heading in ("Code", "Score"))
    columns = ["code", "title", "matched", "kind", "language", "score"]
    for code, title, matched, kind, language, score in found[columns].itertuples(index=False, name=None):
        table.add_row(code, escape(title), escape(matched), f"{kind} {language}".strip(), f"{score:.2f}")
    show(table)
