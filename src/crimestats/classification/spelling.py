"""How a code is written by others: another official code, leading zeros lost, a number, blanks around."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from crimestats.errors import ClassificationError

_NUMBER = re.compile(r"\d+(\.\d+)?")
_POINT_ZERO = re.compile(r"(?<=\d)\.0+$")

Spellings = Mapping[str, tuple[str, ...]]
"""Each way to write a code, and the codes that it fits (more than one: refused)."""


def clean(written: object) -> str:
    """A code as text: full-width digits made plain, blanks around it taken off.

    >>> clean(" 0101 "), clean(101)
    ('0101', '101')
    """
    return unicodedata.normalize("NFKC", str(written)).strip()


def without_zeros(code: str) -> str:
    """The code as a spreadsheet keeps it that took it for a number.

    >>> without_zeros("0101"), without_zeros("0A1")
    ('101', '0A1')
    """
    return (code.lstrip("0") or "0") if _NUMBER.fullmatch(code) else code


def spellings(codes: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    """All ways to write the codes of a classification.

    Args:
        codes: Each code with its alternatives.
    """
    known: dict[str, tuple[str, ...]] = {}
    for code, alternatives in codes:
        forms = {form for text in (code, *alternatives) for form in (clean(text), without_zeros(clean(text)))}
        for form in forms:
            known[form] = (*known.get(form, ()), code)
    return known


def fitting(written: object, known: Spellings) -> tuple[str, ...]:
    """The codes that a text or number may stand for: none, one or several.

    A number read from a spreadsheet may end in `.0`; a leading zero too many
    is no code (a padded `01001` is not 1001).
    """
    text = clean(written)
    return known.get(text) or known.get(_POINT_ZERO.sub("", text), ())


def candidates(written: object, known: Spellings, count: int = 3) -> list[str]:
    """Codes whose spelling comes near, best first."""
    near = difflib.get_close_matches(clean(written), known, n=count * 2)
    return list(dict.fromkeys(code for form in near for code in known[form]))[:count]


def ambiguous(place: str, written: object, fits: Iterable[str]) -> ClassificationError:
    """Why a text that fits several codes is refused."""
    return ClassificationError(
        place,
        f"{clean(written)!r} may be {' or '.join(sorted(fits))} (leading zeros are lost in spreadsheets).",
        "Give the codes of the classification forms that differ by more than leading zeros.",
    )
