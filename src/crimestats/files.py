"""The only place that knows where the shipped data lies.

In a checkout the two data folders stand at the top level; a wheel carries them
inside the package as `crimestats/data`.
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crimestats.errors import DefinitionError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

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


def read_csv(path: Path | str, columns: tuple[str, ...] = ()) -> "DataFrame":
    """Read a table of codes: every column as text, nothing taken for missing.

    `0101` keeps its zero and Namibia its `NA`; an empty cell is the empty string.

    Args:
        path: A UTF-8 CSV file with a header row.
        columns: Names that must be there.

    Raises:
        FileError: The file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or the CSV is ragged; file and line are named.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(str(path), f"cannot be read ({error}).", "Give a UTF-8 CSV file.") from error
    except ValueError as error:
        raise DefinitionError(
            str(path), f"is not a regular CSV table ({error}).", "Mend the row named."
        ) from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DefinitionError(
            f"{path}, line 1",
            f"has no column {', '.join(missing)}.",
            f"Columns needed: {', '.join(columns)}.",
        )
    return table


def read_toml(path: Path | str) -> dict[str, Any]:
    """Read a TOML record.

    Raises:
        FileError: The file is not there.
        DefinitionError: It is not TOML; file, line and column are named.
    """
    try:
        with open(path, "rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise FileError(str(path), f"cannot be read ({error}).", "Check the path.") from error
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(str(path), f"is not TOML: {error}.", "Mend the line named.") from error
