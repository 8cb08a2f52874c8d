"""What several commands take and how they write: options, examples, JSON."""

from pathlib import Path
from typing import Annotated

import typer

from crimestats.errors import FileError

QUESTIONNAIRE = "un-cts-2024"


def example(line: str) -> str:
    """The example at the end of a command's help."""
    return f"[bold]Example:[/bold] {line}"


Folder = Annotated[Path, typer.Argument(help="Folder of returned workbooks, or one workbook.")]
Out = Annotated[Path, typer.Option("--out", help="Where to write.")]
Definition = Annotated[
    str, typer.Option("--questionnaire", help="Id of a shipped questionnaire, or a folder of your own.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the result as JSON; - for standard output.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="No progress, no tables; only the exit status and the files.")
]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", help="Last round's observations.parquet, or the folder of its returns."),
]
Population = Annotated[
    Path | None, typer.Option("--population", help="CSV of your own: area, year, sex, age, population.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Leave out figures with an open error.")]
OneForAll = Annotated[
    str | None,
    typer.Option("--questionnaire", help="Id or folder, for all files; each file's own where not given."),
]


def is_stdout(path: Path | None) -> bool:
    """Whether JSON goes to standard output; a folder that is not there is refused before the work."""
    if path is not None and not path.parent.is_dir():
        raise FileError(
            str(path), "cannot be written (no such folder).", "Make the folder first, or choose another."
        )
    return path is not None and str(path) == "-"


def write_json(path: Path | None, text: str) -> None:
    """Write a result to a file, or to standard output; nowhere where no path is given."""
    from crimestats.files import replacing

    if path is None:
        return
    if is_stdout(path):
        typer.echo(text)
        return
    with replacing(path) as place:
        place.write_text(text + "\n", encoding="utf-8")
