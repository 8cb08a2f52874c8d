"""Tables that a command shows, or writes where it is told to, in the form that the name of the file says."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crimestats.errors import CallError, FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pandas import DataFrame

CSV, PARQUET, WORKBOOK = ".csv", ".parquet", ".xlsx"
_LEAST = 13  # signs of a text that a narrow terminal shows: the id of a questionnaire


def refuse_place(option: str, path: Path, suffixes: tuple[str, ...] = (PARQUET, CSV)) -> None:
    """Refuse a place that cannot be written to, before the work.

    Args:
        option: By which it was given, for example `--out`.
        path: The place.
        suffixes: Endings that a file may have there.

    Raises:
        CallError: The file's name ends otherwise.
        FileError: The folder is not there, or the place is a folder.
    """
    if path.is_dir():
        raise FileError(str(path), "cannot be written (it is a folder).", "Name a file in it.")
    if path.suffix.casefold() not in suffixes:
        raise CallError(option, f"{path.name} has no known suffix.", f"Suffixes: {', '.join(suffixes)}.")
    if not path.parent.is_dir():
        fault = "cannot be written (no such folder)."
        raise FileError(str(path), fault, "Make the folder first, or choose another.")


def refuse_inputs(outputs: "Mapping[str, Path | None]", inputs: "Iterable[Path | None]") -> None:
    """Refuse to write over what is read, or two results into one file, before the work.

    Args:
        outputs: Places by the options that they were given by; `-` is standard output.
        inputs: Files that are read; those that are not there are passed over.

    Raises:
        CallError: An output is an input, or another output.
    """
    read = [path for path in inputs if path is not None and path.is_file()]
    taken: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None or str(path) == "-":
            continue
        if path.exists() and any(path.samefile(each) for each in read):
            raise CallError(option, f"{path.name} is a file that is read.", "Choose another name.")
        other = taken.setdefault(path.resolve(), option)
        if other != option:
            raise CallError(option, f"{path.name} is the place of {other} too.", "Choose another name.")


def write_table(table: "DataFrame", frame: str, path: Path) -> None:
    """Write a table as CSV, as a workbook, or as the Parquet that its frame declares, as the file is named.

    Args:
        table: The rows.
        frame: Name of its declaration (e.g. `Trends`).
        path: The file.

    Raises:
        CallError: The table is not what the name says.
        FileError: The file cannot be written.
    """
    from crimestats import release
    from crimestats.files import replacing

    if path.suffix.casefold() == CSV:
        write_csv(table, path)
    elif path.suffix.casefold() == WORKBOOK:
        with replacing(path) as place:
            _write_workbook(table, frame, place)
    else:
        release.write_parquet(table, frame, path)


def write_csv(table: "DataFrame", path: Path) -> None:
    """Write a table as CSV: UTF-8, a header, what is missing left empty.

    Raises:
        FileError: The file cannot be written.
    """
    from crimestats.files import replacing

    with replacing(path) as place:
        table.to_csv(place, index=False, lineterminator="\n")


def print_table(table: "DataFrame", columns: tuple[str, ...]) -> None:
    """Print columns of a table, a line for each row; numbers are never cut."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    numbers = set(table.select_dtypes("number").columns)
    rows = [[_cell(cell) for cell in row] for row in table[list(columns)].to_numpy(object).tolist()]
    shown = Table(box=box.SIMPLE_HEAD, padding=0)
    for place, name in enumerate(columns):
        longest = max((len(row[place]) for row in rows), default=0)
        if name in numbers:  # never cut; the heading is folded instead
            shown.add_column(name, justify="right", overflow="fold", min_width=longest)
        else:
            least = min(longest, _LEAST)
            shown.add_column(name, overflow="ellipsis", no_wrap=True, min_width=least)
    for row in rows:
        shown.add_row(*map(escape, row))
    Console(highlight=False).print(shown)


def _write_workbook(table: "DataFrame", title: str, path: Path) -> None:
    import xlsxwriter

    numbers = set(table.select_dtypes("number").columns)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(title)
        sheet.write_row(0, 0, list(table.columns), book.add_format({"bold": True}))
        for place, name in enumerate(table.columns):
            column = table[name].astype("object" if name in numbers else "str")
            sheet.write_column(1, place, column.where(table[name].notna(), None))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)


def _cell(value: Any) -> str:
    """A value as a table shows it, without what would move the cursor or colour the terminal."""
    if isinstance(value, float):
        return "" if value != value else f"{value:,.6g}"
    return "".join(sign if sign.isprintable() else " " for sign in str(value))
