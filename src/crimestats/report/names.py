"""What codes are called on a page; a code that no table knows is shown as it is."""

import re
from functools import cache
from hashlib import sha256

from pandas import Series

from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

ALL_CRIMES = "All crimes"
UNNAMED = "Area not known"

_LONGEST = 60  # characters of a file's name; a path may have 260 in all on some systems


@cache
def area_names() -> dict[str, str]:
    """Reporting units, regions and the world: code to name."""
    from crimestats import areas

    units = areas.areas()
    regions = areas.groupings("m49")
    return {
        **dict(zip(regions["code"], regions["name"], strict=True)),
        **dict(zip(units["area"], units["name"], strict=True)),
    }


def named(codes: "Series[str]") -> "Series[str]":
    """Areas by their names."""
    return codes.map({UNKNOWN: UNNAMED, **area_names()}).fillna(codes)


def anchor(code: str) -> str:
    """A code as a place on a page: what a link could not carry becomes a hyphen.

    >>> anchor("MEX"), anchor('07032+07033 "')
    ('MEX', '07032-07033-')
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", code)


def file_stem(text: str) -> str:
    """A text of a return as a part of a file's name: no longer than file systems take, no other's.

    >>> file_stem("MEX"), file_stem("Mex/ico"), file_stem("Mex ico")
    ('MEX', 'Mex-ico-b88805fa', 'Mex-ico-cc01d4f6')
    """
    name = anchor(text)
    is_plain = name == text.upper() and len(name) <= _LONGEST
    return name if is_plain else f"{name[:_LONGEST]}-{sha256(text.encode()).hexdigest()[:8]}"


@cache
def code_labels(dimension: str) -> dict[str, str]:
    """Codes of a dimension (e.g. `measure`) and their labels, in the order of the list."""
    from crimestats.questionnaire import codelist

    table = codelist(dimension)
    return dict(zip(table["code"], table["label"], strict=True))


@cache
def _titles() -> dict[str, str]:
    from crimestats.classification import Classification

    return {category.code: category.title for category in Classification.load("iccs")}


def category_title(code: str) -> str:
    """Title of an ICCS code, of several joined by `+` the first; `_Z`, not about crime, has none.

    >>> category_title("0101"), category_title("_T"), category_title("0101+0102")
    ('Intentional homicide', 'All crimes', 'Intentional homicide and 1 more')
    """
    if code in (TOTAL, NOT_APPLICABLE):
        return ALL_CRIMES if code == TOTAL else ""
    first, *others = code.split("+")
    return _titles().get(first, first) + (f" and {len(others)} more" if others else "")
