"""Known labels of areas, and of what is no area, under the form in which labels are compared."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from crimestats.areas.units import areas
from crimestats.files import read_csv, shipped

LOST = "\ufffd"
"""What stands for a letter that could not be decoded."""

_JOINED = re.compile(r"[.'’‘ʼ`´]")  # left out: `U.S.A.` is `usa`
_APART = re.compile(r"[\W_]+")
_BETWEEN = re.compile(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")


class Known(NamedTuple):
    """What a label of the tables stands for.

    Attributes:
        area: Code of the unit; empty where the label is no area.
        reason: Why it is none: `reason` of words.csv.
        candidates: Codes of the areas that may be meant, joined by comma.
        is_demonym: It names the citizens of an area.
    """

    area: str
    reason: str = ""
    candidates: str = ""
    is_demonym: bool = False


def spelling(label: str) -> str:
    """A label without what does not tell areas apart: the form in which labels are compared.

    Example:
        >>> spelling("The Côte d’Ivoire (Republic)")
        'cote divoire republic'
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", label) if not unicodedata.combining(c))
    words = _APART.sub(" ", _JOINED.sub("", plain.casefold().replace("&", " and "))).split()
    return " ".join(word for word in words if word != "the")


def named(label: str) -> Known | None:
    """What a label stands for in the tables; nothing where it is in none, or has lost letters.

    Example:
        >>> named("tanzanian"), named("Yugoslavia").reason, named("M\ufffdXICO")
        (Known(area='TZA', reason='', candidates='', is_demonym=True), 'former_state', None)
    """
    return None if LOST in label else spellings().get(spelling(label))


def fitting(label: str) -> list[Known]:
    """What the labels stand for that a label with lost letters can have been.

    Each lost letter was one outside ASCII, since only those are lost: `Chin\ufffd` is not China.

    Example:
        >>> [known.area for known in fitting("ESPA\ufffdA")]
        ['ESP']
    """
    runs = re.split(f"({LOST}+)", _outline(label))
    parts = [f"[^\x00-\x7f]{{1,{len(run)}}}" if run.startswith(LOST) else re.escape(run) for run in runs]
    form = re.compile("".join(parts))
    return list(dict.fromkeys(known for text, known in _outlines().items() if form.fullmatch(text)))


@cache
def spellings() -> dict[str, Known]:
    """Everything that is known, by its spelling; a name goes before a demonym, and both before a word."""
    return {spelling(label): known for label, known in reversed(_all())}


@cache
def codes() -> dict[str, str]:
    """Areas by their codes: the own code in any case, two letters in capitals only."""
    table = areas()
    short = {iso2: area for iso2, area in zip(table["iso2"], table["area"], strict=True) if iso2}
    return {**{spelling(area): area for area in table["area"]}, **short}


@cache
def _outlines() -> dict[str, Known]:
    return {_outline(label): known for label, known in reversed(_all())}


def _outline(label: str) -> str:
    """A label with its letters outside ASCII, in one case and with single blanks."""
    return _BETWEEN.sub(" ", unicodedata.normalize("NFC", label).casefold()).strip()


@cache
def _all() -> list[tuple[str, Known]]:
    units = areas()
    names, demonyms = (_table(name, "label", "area") for name in ("labels", "demonyms"))
    own = [(text, Known(area)) for name in ("area", "name")
           for text, area in zip(units[name], units["area"], strict=True)]  # fmt: skip
    words = _table("words", "label", "reason", "candidates")
    return [
        *own,
        *((label, Known(area)) for label, area in names),
        *((label, Known(area, is_demonym=True)) for label, area in demonyms),
        *((label, Known("", reason, candidates)) for label, reason, candidates in words),
    ]


def _table(name: str, *columns: str) -> list[list[str]]:
    rows: list[list[str]] = (
        read_csv(shipped("classification", "areas", f"{name}.csv"), columns)[list(columns)]
        .to_numpy(dtype=object)
        .tolist()
    )
    return rows
