"""The only place that knows where the shipped data lies.

In a checkout the two data folders stand at the top level; a wheel carries them
inside the package as `crimestats/data`.
"""

import csv
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crimestats.errors import DefinitionError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_MARKS = {
    b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text", b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a workbook or an archive",
}  # fmt: skip
"""What a file is whose first bytes are these."""
_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "data", _PACKAGE.parents[1])


def shipped(*parts: str) -> Path:
    """Path of a shipped data file or folder.

    Args:
        parts: Below `classification` or `questionnaires`, for example
            `("classification", "iccs", "1.0", "categories.csv")`.

    Raises:
        FileError: Nothing of that name is shipped.
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileError(
        "/".join(parts), "is not among the shipped data.", "Check the name, or reinstall the package."
    )


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A place beside a file to write its new content to; it becomes the file when all went well.

    Interrupted or failed, the file that was there before is as it was, and
    nothing half-written is left.

    Raises:
        FileError: The folder is not there or cannot be written.
    """
    target = Path(path)
    part = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        yield part
        part.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = "Close the file where it is open, or choose another folder."
        raise FileError(str(path), f"cannot be written ({reason}).", remedy) from error
    finally:
        with suppress(OSError):  # a name too long to be made cannot be taken away either
            part.unlink(missing_ok=True)


def read_csv(path: Path | str, columns: tuple[str, ...] = (), *, every_line: bool = False) -> "DataFrame":
    """Read a table of codes: every column as text, nothing taken for missing.

    `0101` keeps its zero and Namibia its `NA`; an empty cell is the empty string.
    Lines that are empty altogether are passed over.

    Args:
        path: A UTF-8 CSV file with a header row.
        columns: Names that must be there.
        every_line: In a table of one column, an empty line is a row too.

    Raises:
        FileError: The file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or named twice, or a row has more or
            fewer cells than the header; file and line are named.
    """
    import pandas as pd

    header, rows, lines = _records(path, every_line)
    for name in header:
        if header.count(name) > 1:
            raise DefinitionError(f"{path}, line 1", f"names `{name}` twice.", "Rename or remove one.")
    missing = [name for name in columns if name not in header]
    if missing:
        fault = f"has no column {', '.join(missing)}."
        remedy = f"Columns needed: {', '.join(columns)}. There are: {', '.join(header)}."
        raise DefinitionError(f"{path}, line 1", fault, remedy)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            fault = f"has {len(row)} cells, the header {len(header)}."
            raise DefinitionError(f"{path}, line {line}", fault, "Add the missing cells, or quote commas.")
    return pd.DataFrame(rows, columns=header, dtype="str")


def line_of(path: Path | str, row: int) -> int:
    """Line of a CSV file at which a row of `read_csv` (counted from 0) starts."""
    return _records(path)[2][row]


def reason(path: Path | str, error: Exception) -> str:
    """Why a file cannot be read, in a few words: what it is, or what the operating system says of it.

    >>> reason("none.csv", FileNotFoundError(2, "No such file or directory"))
    'there is no such file'
    """
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if Path(path).is_dir():
        return "it is a folder"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    try:
        with open(path, "rb") as stream:
            first = stream.read(4)
    except OSError:
        return type(error).__name__
    kinds = [kind for mark, kind in _MARKS.items() if first.startswith(mark)]
    if kinds:
        return f"it is {kinds[0]}"
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "it is a file of another kind"


def _refuse_separator(path: Path | str, header: list[str]) -> None:
    """A spreadsheet of a country that writes the comma in numbers saves CSV with semicolons."""
    if len(header) != 1:
        return
    for sign, name in _SEPARATORS.items():
        if sign in header[0]:
            fault = f"is separated by {name}."
            raise DefinitionError(f"{path}, line 1", fault, "Save it as comma-separated CSV (UTF-8).")


def _records(path: Path | str, every_line: bool = False) -> tuple[list[str], list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    last = 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            for row in reader:
                if len(row) > 1 or any(cell.strip() for cell in row):
                    if not rows:
                        _refuse_separator(path, row)
                    rows.append(row)
                    lines.append(last + 1)
                elif every_line and rows and len(rows[0]) == 1:
                    rows.append([""])
                    lines.append(last + 1)
                last = reader.line_num
    except (OSError, UnicodeDecodeError) as error:
        fault = f"cannot be read ({reason(path, error)})."
        raise FileError(str(path), fault, "Give a UTF-8 CSV file.") from error
    except csv.Error as error:
        place = f"{path}, line {last + 1}"
        raise DefinitionError(place, f"is not CSV ({error}).", "Mend the quotes of that line.") from error
    if not rows:
        raise DefinitionError(f"{path}, line 1", "is empty.", "Give a table with a header row.")
    return rows[0], rows[1:], lines[1:]


def read_toml(path: Path | str) -> dict[str, Any]:
    """Read a TOML record.

    Raises:
        FileError: The file is not there.
        DefinitionError: It is not TOML; file, line and column are named.
    """
    try:
        with open(path, "rb") as stream:
            return tomllib.load(stream)
    except (OSError, UnicodeDecodeError) as error:
        fault = f"cannot be read ({reason(path, error)})."
        raise FileError(str(path), fault, "Give a UTF-8 TOML file.") from error
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(str(path), f"is not TOML: {error}.", "Mend the line named.") from error
