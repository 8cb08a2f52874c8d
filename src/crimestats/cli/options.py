"""What several commands take and how they write: options, examples, JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

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
Json = Annotated[
    Path | None,
    typer.Option("--json", help="Write the result as JSON; alone or with - to standard output."),
]
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


class Commands(TyperGroup):
    """The commands; `--json` without a place means standard output, in each of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the place of the JSON where it was left out."""
        return super().parse_args(ctx, said(args))


def said(arguments: Sequence[str]) -> list[str]:
    """Arguments of a command line with `-` after a `--json` that has no place.

    >>> said(["estimate", "lists.csv", "--json", "--quiet"]), said(["sdg", "--json", "out.json"])
    (['estimate', 'lists.csv', '--json', '-', '--quiet'], ['sdg', '--json', 'out.json'])
    """
    following = [*arguments[1:], "--"]
    pairs = zip(arguments, following, strict=True)
    given = [
        [each, "-"] if each == "--json" and then.startswith("-") and then != "-" else [each]
        for each, then in pairs
    ]
    return [each for group in given for each in group]


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
