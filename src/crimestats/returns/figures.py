"""What a text in a figure's cell says: a figure, a bound, why there is none, or nothing that can be told.

Texts are read without guessing. What could be meant in two ways is
`unreadable`, and the text is kept; the focal point is asked.

In a cell for a whole number `1,234`, `1.234` and `1 234` can only be 1234: a
count has no decimals. `12.5` is not read there, since a digit may be missing;
`1,234.5` is, since both signs show what they are, and the rules then say that a
count has no decimals. In other cells `1,234` is not read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, inf, nan
from unicodedata import category, decimal

from crimestats import files

_GROUP = r"[,.' ٬]"
_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(rf"[1-9][0-9]{{0,2}}(?:({_GROUP})[0-9]{{3}})(?:\1[0-9]{{3}})*")
_INDIAN = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_BOTH = re.compile(rf"[1-9][0-9]{{0,2}}(?:({_GROUP})[0-9]{{3}})(?:\1[0-9]{{3}})*([.,٫])([0-9]+)")
_DECIMAL = re.compile(r"([0-9]+)([.,٫])([0-9]+)")
_BOUND = re.compile(r"(<=|>=|=<|=>|≤|≥|<|>) ?(.+)")
_RANGE = re.compile(r"([0-9][0-9,.' ٬٫]*?) ?[-–—] ?([0-9][0-9,.' ٬٫]*)")
_NOTED = re.compile(r"(.*?[0-9])(?: ?([*†‡]+|[⁰¹²³⁴-⁹]+)| ?[(\[]([^()\[\]]+)[)\]]| ([^\W\d_][^()\[\]]*))")
_SIGNS = {"⩽": "≤", "⩾": "≥", "≦": "≤", "≧": "≥", "’": "'", "ʼ": "'", "،": ",", "−": "-"}
_FULL_WIDTH = "，．＜＞＝－％＊（）＇"
_LONGEST = 80  # characters; no figure is longer, whatever is noted beside it


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, read.

    Attributes:
        value: Where it is exact.
        lower: Least that it can be.
        upper: Most that it can be.
        status: As in the codelist `status`.
        group: The comma or point of a single group of thousands (`1,234`), which
            is a decimal sign in other hands.
        decimal: The decimal sign, where there is one.
    """

    value: float = nan
    lower: float = nan
    upper: float = nan
    status: str = "unreadable"
    group: str = ""
    decimal: str = ""


_UNREADABLE = Reading()


def read_text(text: str, is_whole: bool = True) -> Reading:
    """Read a text in a figure's cell.

    >>> read_text("1 234 (provisional)").value
    1234.0
    >>> reading = read_text("<5")
    >>> reading.lower, reading.upper, reading.status
    (0.0, 4.0, 'bounded')
    >>> read_text("1,23").status, read_text("n.a.").status
    ('unreadable', 'not_available')
    """
    plain = _normalise(text)
    if not plain:
        return Reading(status="blank")
    if status := _marks().get(plain.casefold()):
        return Reading(status=status)
    if len(plain) > _LONGEST:
        return _UNREADABLE
    plain = _without_note(plain)
    if bound := _BOUND.fullmatch(plain):
        return _bounded(bound[1], _number(bound[2], is_whole), is_whole)
    if between := _RANGE.fullmatch(plain):
        return _between(_number(between[1], is_whole), _number(between[2], is_whole))
    if plain.startswith("-"):
        reading = _number(plain[1:], is_whole)
        return Reading(
            -reading.value, -reading.value, -reading.value, reading.status, reading.group, reading.decimal
        )
    return _number(plain, is_whole)


def _normalise(text: str) -> str:
    """Digits of any script as 0-9, spaces as one, full-width signs as usual, no invisible marks."""
    return " ".join(text.translate(_CHARACTERS).split())


def _without_note(text: str) -> str:
    """The text before a footnote mark or a known note; a note that is not known may change the figure."""
    noted = _NOTED.fullmatch(text)
    if not noted:
        return text
    figure, mark, in_brackets, word = noted.groups()
    note = (in_brackets or word or "").strip().casefold()
    is_footnote = bool(in_brackets) and bool(re.fullmatch(r"[0-9]|[a-h*]", note))
    return figure if mark or is_footnote or note in _notes() else text


def _number(text: str, is_whole: bool) -> Reading:
    if _PLAIN.fullmatch(text):
        return _exact(float(text))
    if grouped := _GROUPED.fullmatch(text):
        is_single = grouped[1] in ",." and text.count(grouped[1]) == 1
        if is_single and not is_whole:
            return Reading(group=grouped[1])
        return _exact(_join(text), group=grouped[1] if is_single else "")
    if _INDIAN.fullmatch(text):
        return _exact(_join(text))
    if (both := _BOTH.fullmatch(text)) and both[1] != both[2]:
        if len(both[3]) == 3 and (is_whole or both[1] not in ",."):
            return _UNREADABLE
        return _exact(float(f"{_join(text[: both.start(2)]):.0f}.{both[3]}"), decimal=both[2])
    if parted := _DECIMAL.fullmatch(text):
        return _parted(parted[1], parted[2], parted[3], is_whole)
    return _UNREADABLE


def _parted(whole: str, sign: str, rest: str, is_whole: bool) -> Reading:
    if is_whole and (len(rest) > 2 or rest.strip("0")):
        return Reading(decimal=sign)
    return _exact(float(f"{whole}.{rest}"), decimal=sign)


def _join(text: str) -> float:
    return float("".join(filter(str.isdigit, text)))


def _exact(value: float, group: str = "", decimal: str = "") -> Reading:
    if value == inf:
        return _UNREADABLE
    return Reading(value, value, value, "exact", group, decimal)


def _bounded(sign: str, limit: Reading, is_whole: bool) -> Reading:
    """A figure said to be under or over a limit; a whole number under 5 is 4 at most."""
    if limit.status != "exact":
        return Reading(group=limit.group, decimal=limit.decimal)
    value, is_open = limit.value, sign in "<>"
    lower, upper = 0.0, inf
    if sign in ("<", "<=", "=<", "≤"):
        upper = (ceil(value) - 1 if is_open else floor(value)) if is_whole else value
    else:
        lower = (floor(value) + 1 if is_open else ceil(value)) if is_whole else value
    return _interval(lower, upper, limit)


def _between(first: Reading, last: Reading) -> Reading:
    if first.status != "exact" or last.status != "exact" or first.value >= last.value:
        return _UNREADABLE
    return _interval(first.value, last.value, last if last.group or last.decimal else first)


def _interval(lower: float, upper: float, limit: Reading) -> Reading:
    if lower > upper:
        return _UNREADABLE
    return Reading(nan, float(lower), float(upper), "bounded", limit.group, limit.decimal)


@cache
def _marks() -> Mapping[str, str]:
    table = files.read_csv(files.shipped("questionnaires", "missing.csv"), ("text", "status"))
    return {
        _normalise(text).casefold(): status
        for text, status in zip(table["text"], table["status"], strict=True)
    }


@cache
def _notes() -> frozenset[str]:
    table = files.read_csv(files.shipped("questionnaires", "trailing.csv"), ("text",))
    return frozenset(_normalise(text).casefold() for text in table["text"])


class _Characters(dict[int, str | None]):
    """Characters as they are read: digits of all scripts, one kind of space, plain signs, no hidden marks.

    Superscripts are no digits: they are footnotes.
    """

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        kind = category(character)
        plain: str | None = _SIGNS.get(character, character)
        if kind == "Nd":
            plain = str(decimal(character))
        elif kind == "Zs":
            plain = " "
        elif kind == "Cf":
            plain = None
        elif character in _FULL_WIDTH:
            plain = chr(code - 0xFEE0)
        self[code] = plain
        return plain


_CHARACTERS = _Characters()
