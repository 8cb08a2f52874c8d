"""Command `read-published`: a workbook of the data portal as observations, and the faults in it."""

from pathlib import Path
from typing import Annotated

import typer

from crimestats.cli import console
from crimestats.errors import FileError


def read_published(
    file: Annotated[
        Path, typer.Argument(help="A workbook of UNODC's data portal, or an older release as CSV.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Where to write the observations, as Parquet.")] = Path(
        "observations.parquet"
    ),
    findings: Annotated[
        Path | None, typer.Option("--findings", help="Write the findings as JSON; - for standard output.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Say nothing; only the exit status and the files.")
    ] = False,
) -> None:
    """Read a published workbook into observations and say what is wrong with it."""
    from crimestats import published, release
    from crimestats.files import replacing

    is_stdout = str(findings) == "-"
    for path in (out, findings):
        if path is not None and not path.parent.is_dir():
            raise FileError(str(path), "cannot be written (no such folder).", "Make the folder first.")
    observations, found = published.read_published(file)
    release.write_parquet(observations, "Observations", out)
    say = console.Console(quiet or is_stdout)
    if findings is not None:
        text = published.to_json(found)
        if is_stdout:
            typer.echo(text)
        else:
            with replacing(findings) as place:
                place.write_text(text + "\n", encoding="utf-8")
    say.findings(found, 1, messages=20)
    say.wrote(out)
    raise typer.Exit(1 if (found["severity"] == "error").any() else 0)
