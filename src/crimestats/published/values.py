"""Values of a published column as figures: exact, bounded, missing with a status, or unreadable."""

import math
import re

from pandas import DataFrame, Series

from crimestats.published.series import COUNT
from crimestats.returns.figures import Reading, read_text

_GROUPED = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_SINGLE = re.compile(r"-?[1-9]\d{0,2},\d{3}")  # `1,234`: a thousand, or a decimal in other hands
_PROOF = re.compile(r"-?[1-9]\d{0,2}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_THREE = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")  # `1.234`: a decimal, or a thousand in other hands
_POINT = re.compile(r"-?(?:\d+\.(?:\d{1,2}|\d{4,})|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d+|0\.\d+)")
_COMMA = re.compile(r"-?\d+,(?:\d{1,2}|\d{4,})|-?\d{4,},\d+|-?\d{1,3}(?:\.\d{3})+,\d+|-?0,\d+")
_LEAST_YEAR, _MOST_YEAR = -32768, 32767  # what the frame can hold
_YEAR = re.compile(r"-?\d{1,5}")


def figures(table: DataFrame, unit: Series) -> DataFrame:
    """Read the values of a published file.

    A file is written by one program with one decimal sign, so that the whole
    column tells whether `1,122` is a thousand: it is, unless a value such as
    `3,5` shows that the comma is the decimal sign. `1.234` in a column of
    counts that does not show it either is unreadable. So is `1,234` as a rate or
    a percentage, unless a value such as `1,234.5` or `1,234,567` shows that the
    comma parts thousands: the point of a number that was no text (12.5) shows nothing.

    Args:
        table: Rows with `value`.
        unit: Code of the unit of each row.

    Returns:
        value, lower, upper and status, under the index of the table.
    """
    texts = table["value"]
    unique = texts.drop_duplicates()
    is_point = any(_POINT.fullmatch(text) or _GROUPED.fullmatch(text) for text in unique)
    is_comma = any(_COMMA.fullmatch(text) for text in unique)
    is_grouped = any(_PROOF.fullmatch(text) for text in unique)
    keys = DataFrame({"text": texts, "is_count": unit == COUNT})
    distinct = keys.drop_duplicates()
    read = {
        (text, whole): _read(text, whole, is_point and not is_comma, is_comma, is_grouped)
        for text, whole in distinct.itertuples(index=False, name=None)
    }
    rows = [read[pair] for pair in zip(keys["text"], keys["is_count"], strict=True)]
    columns = ("value", "lower", "upper", "status")
    return DataFrame({name: [getattr(row, name) for row in rows] for name in columns}, index=table.index)


def years(column: Series) -> Series:
    """Years as numbers, from text or numbers; 0 where there is none that can be held."""
    parsed = {text: _year(text) for text in column.unique()}
    return column.map(parsed).astype("int16")


def _year(text: str) -> int:
    plain = text.removesuffix(".0")
    year = int(plain) if _YEAR.fullmatch(plain) else 0
    return year if _LEAST_YEAR <= year <= _MOST_YEAR else 0


def _read(text: str, is_count: bool, is_point: bool, is_comma: bool, is_grouped: bool) -> Reading:
    if is_comma:
        return read_text(text, is_whole=is_count)
    if _SINGLE.fullmatch(text) and not is_count and not is_grouped:
        return Reading()
    if _THREE.fullmatch(text) and is_count and not is_point:
        return Reading()
    if _GROUPED.fullmatch(text) or _PLAIN.fullmatch(text):
        value = float(text.replace(",", ""))
        return Reading(value, value, value, "exact") if math.isfinite(value) else Reading()
    return read_text(text, is_whole=is_count)
