"""What stands on pictures and in publication tables: texts by key, from `questionnaires/pictures.en.csv`."""

from functools import cache
from typing import Any

from crimestats.errors import CallError
from crimestats.files import read_csv, shipped
from crimestats.frames import NOT_APPLICABLE
from crimestats.report import names


@cache
def _texts() -> dict[str, str]:
    table = read_csv(shipped("questionnaires", "pictures.en.csv"), ("key", "text"))
    return dict(zip(table["key"], table["text"], strict=True))


def text(key: str, **filled: Any) -> str:
    """The text of a key, its places filled in.

    >>> text("by.rate", base="100,000")
    'Rate per 100,000 residents'
    """
    return _texts()[key].format(**filled)


def has_text(key: str) -> bool:
    """Whether there is a text of that key."""
    return key in _texts()


def several(key: str, number: int, **filled: Any) -> str:
    """The text for one (`key.one`) or for another number (`key.many`), which is put in as `number`.

    >>> several("explain.areas", 1), several("explain.areas", 1200)
    ('one area', '1,200 areas')
    """
    return text(f"{key}.one" if number == 1 else f"{key}.many", number=f"{number:,}", **filled)


def listed(texts: list[str], longest: int = 12) -> str:
    """Texts in a row; beyond so many their number.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = ", ".join(texts[:longest])
    return shown if len(texts) <= longest else f"{shown} and {len(texts) - longest} more"


def area_names(grouping: str = NOT_APPLICABLE) -> dict[str, str]:
    """Codes of reporting units, M49 regions, and groups of the grouping: code to name."""
    from crimestats import areas

    known = dict(names.area_names())
    if grouping in (NOT_APPLICABLE, "m49"):
        return known
    try:
        table = areas.groupings(grouping)
    except CallError:  # a user's own, which only the table of figures knows
        return known
    return known | dict(zip(table["code"], table["name"], strict=True))


def label(dimension: str, code: str) -> str:
    """The label of a code, the code itself where no list has it."""
    return names.code_labels(dimension).get(code, code)
