"""What stands in the chapter and its annex: texts by key, and how categories are called and coloured."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from crimestats.files import read_csv, shipped

_PLAIN = ("#5b6673", "#ffffff")


@dataclass(frozen=True, slots=True)
class Look:
    """How a category is shown.

    Attributes:
        label: Its name, beginning with a capital.
        colour: Of its part of a bar.
        ink: Of the letters on that colour.
        order: Place among the categories of a figure.
    """

    label: str
    colour: str
    ink: str
    order: int


@cache
def _texts() -> dict[str, str]:
    table = read_csv(shipped("questionnaires", "trafficking", "chapter.en.csv"), ("key", "text"))
    return dict(zip(table["key"], table["text"], strict=True))


def text(key: str, **filled: Any) -> str:
    """The text of a key, its places filled in.

    >>> text("base.year", year=2020)
    '2020'
    """
    return _texts()[key].format(**filled)


def has_text(key: str) -> bool:
    """Whether there is a text of that key."""
    return key in _texts()


def several(key: str, number: int, **filled: Any) -> str:
    """The text for one (`key.one`) or for another number (`key.many`), which is put in as `number`.

    >>> several("count.countries", 1), several("count.countries", 1200)
    ('1 country', '1,200 countries')
    """
    return text(f"{key}.one" if number == 1 else f"{key}.many", number=f"{number:,}", **filled)


@cache
def looks() -> dict[str, Look]:
    """Categories, levels and measures by their code (`chapter_categories.csv`)."""
    columns = ("category", "label", "colour", "ink")
    table = read_csv(shipped("questionnaires", "trafficking", "chapter_categories.csv"), columns)
    rows = table[list(columns)].itertuples(index=False, name=None)
    return {code: Look(label, colour, ink, place) for place, (code, label, colour, ink) in enumerate(rows)}


def look(category: str) -> Look:
    """How a category is shown; one that the table has not is grey, by its code.

    >>> look("women").label, look("unheard of").label
    ('Women', 'unheard of')
    """
    return looks().get(category, Look(category, *_PLAIN, len(looks())))
