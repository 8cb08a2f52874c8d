"""Figures of a user's own CSV, as observations."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pandas import DataFrame, Series

from crimestats.classification.rows import FIRST, LAST, is_empty, years
from crimestats.errors import DefinitionError
from crimestats.files import line_of, read_csv
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, OBSERVATIONS, TOTAL, UNKNOWN
from crimestats.returns.figures import Reading, read_text

NEEDED = ("year", "code", "value")
_KEYS = ("item", "scheme", "measure", "unit", "stage", "source", *BREAKDOWNS, "sheet", "cell")
_PLAIN = r"-?\d+(?:\.\d+)?"
_TWO_WAYS = r"-?\d{1,3}\.\d{3}"
_WHOLE = ("number", NOT_APPLICABLE)  # units that are counted
_BLANK, _EXACT = "blank", "exact"


def read_figures(path: Path | str, scheme: str) -> DataFrame:
    """Read a CSV of figures in a national scheme.

    Args:
        path: year, code, value; and if wanted area, item, scheme, measure, unit, stage,
            source, the breakdowns (sex, age, ...) and note. What is missing or empty
            is `_T` for a breakdown, `_U` for the area, else `_Z`.
        scheme: Of the codes, where the file does not say.

    Returns:
        The figures (`frames.OBSERVATIONS`). A value is read as in a
        questionnaire (`<5`, `1,234`, `n.a.`); what is no plain number stays
        in the note. return_id is the file's name, cell its line (`L12`).

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A column is missing, there are no rows, or a year is none; file,
            line and column are named.
    """
    table = read_csv(path, NEEDED)
    _refuse(path, table)
    table = DataFrame({str(name): table[name].str.strip() for name in table})
    _refuse_bounds(path, table)
    keys = {name: _key(table, name, _default(name, scheme)) for name in (*_KEYS, "area", "code")}
    note = table["note"] if "note" in table else Series("", index=table.index, dtype="str")
    figures = table.assign(**keys, year=years(table["year"]), note=note)
    figures = figures.assign(segment=0, findings="", return_id=Path(path).name)
    if "cell" not in table:
        figures["cell"] = lines(path, len(table))
    return OBSERVATIONS.cast(with_values(figures, table["value"], _reading))


def _refuse(path: Path | str, table: DataFrame) -> None:
    if table.empty:
        raise DefinitionError(f"{path}, line 1", "has no figures below its header.", "Add them.")
    is_wrong = years(table["year"].str.strip()).isna().to_numpy()
    if is_wrong.any():
        row = int(is_wrong.argmax())
        place = f"{path}, line {line_of(path, row)}, column year"
        fault = f"{table['year'].iloc[row]!r} is no year from {FIRST} to {LAST}."
        raise DefinitionError(place, fault, "Write four digits.")


def _refuse_bounds(path: Path | str, table: DataFrame) -> None:
    for name in ("lower", "upper", "status"):
        if name in table and not is_empty(table[name]).all():
            fault = f"has a column {name}, which would be lost."
            raise DefinitionError(f"{path}, line 1", fault, "Write bounds in the value: <5, or 90-110.")


def _default(name: str, scheme: str) -> str:
    given = {"scheme": scheme, "area": UNKNOWN, "code": UNKNOWN, **dict.fromkeys(BREAKDOWNS, TOTAL)}
    return given.get(name, NOT_APPLICABLE)


def _key(table: DataFrame, name: str, default: str) -> "Series[str]":
    if name not in table:
        return Series(default, index=table.index, dtype="str")
    return table[name].mask(is_empty(table[name]), default)


def lines(path: Path | str, n_rows: int) -> "Series[str]":
    """Line of each row (`L12`); where cells run over lines, the file is asked for each."""
    if line_of(path, n_rows - 1) == n_rows + 1:
        numbers = np.arange(2, n_rows + 2).tolist()
    else:
        numbers = [line_of(path, row) for row in range(n_rows)]
    return Series([f"L{number}" for number in numbers], dtype="str")


def _reading(text: str, is_whole: bool) -> Reading:
    """A number as programs write it, else as people write it; no count is below 0.

    `12.125` offences may be twelve thousand or twelve and a bit: not to be read.
    """
    if is_whole and re.fullmatch(_TWO_WAYS, text):
        return Reading()
    if not re.fullmatch(_PLAIN, text) or (is_whole and not float(text).is_integer()):
        return read_text(text, is_whole)
    number = float(text)
    return (
        Reading(status="impossible") if number < 0 and is_whole else Reading(number, number, number, _EXACT)
    )


def with_values(figures: DataFrame, raw: "Series[str]", read: Callable[[str, bool], Reading]) -> DataFrame:
    """The figures with value, bounds and status of their texts; a text that is no plain number is noted.

    Args:
        figures: With unit, and note.
        raw: What stands in the file.
        read: From a text, and whether it is of something counted.
    """
    pairs = DataFrame({"text": raw, "is_whole": figures["unit"].isin(_WHOLE)})
    number = pairs.groupby(["text", "is_whole"], sort=False).ngroup().to_numpy()
    different = pairs.drop_duplicates().itertuples(index=False, name=None)
    readings = [read(text, is_whole) for text, is_whole in different]
    values = {
        name: np.array([getattr(each, name) for each in readings])[number]
        for name in ("value", "lower", "upper")
    }
    status = np.array([each.status for each in readings], dtype=object)[number]
    is_plain = raw.str.fullmatch(_PLAIN).to_numpy() & (status == _EXACT) | (status == _BLANK)
    told = ("as reported: " + raw).where(~is_plain, "")
    between = Series(np.where((told != "") & (figures["note"] != ""), "; ", ""), index=raw.index)
    return figures.assign(**values, status=status, note=figures["note"] + between + told)
