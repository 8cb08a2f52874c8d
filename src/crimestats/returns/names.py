"""The defined names of a workbook: which cell is which input."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

from crimestats.returns.package import to_place

Key = tuple[int, int]
"""Position of the item in the questionnaire, and year."""
Spot = tuple[str, int, int]
"""Sheet, row and column, from 0."""

Name = tuple[str, str, str]
"""Kind, first and second piece of a name, the last one empty where there is none."""

_NAME = re.compile(rb"<(?:\w+:)?definedName\s([^<>]*)>([^<]*)<")
_IS = re.compile(rb"""\bname\s*=\s*["']([FNMHLA])\.([^"'.]+)(?:\.([^"'.]+))?["']""")
_TARGET = re.compile(r"\$?(?:'((?:[^']|'')+)'|([^'!\[\]]+?))[!.]\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


@dataclass(frozen=True, eq=False, slots=True)
class Names:
    """Input cells by defined name; shared by all workbooks that have the same.

    Attributes:
        figures: Sheet, row and column to the item and year that names give to it
            (more than one where a sender made two names point to one cell).
        notes: The same for the notes of an item.
        answers: `<module>.<question>` of the metadata to its cell.
        header: Header field to its cell.
        labels: Position of an item to the cell in which the sender names its country or city.
        questions: Id of a finding to the cell for the answer to it.
        unknown: Cells whose name looks like an input's but is not of this questionnaire.
        broken: Names that lead to no single cell.
    """

    figures: dict[Spot, tuple[Key, ...]] = field(default_factory=dict)
    notes: dict[Spot, int] = field(default_factory=dict)
    answers: dict[str, Spot] = field(default_factory=dict)
    header: dict[str, Spot] = field(default_factory=dict)
    labels: dict[int, Spot] = field(default_factory=dict)
    questions: dict[str, Spot] = field(default_factory=dict)
    unknown: dict[Spot, str] = field(default_factory=dict)
    broken: list[Name] = field(default_factory=list)


def parse(block: bytes, items: Mapping[str, int]) -> Names:
    """Input cells from the block of defined names of `xl/workbook.xml`.

    Names that belong to one sheet only are copies that a spreadsheet program
    made with the sheet; they count where the name itself leads nowhere.

    Args:
        block: The XML.
        items: Item id to its position in the questionnaire.
    """
    names, own, shared = Names(), set[Name](), dict[Spot, list[Key]]()
    copies: list[tuple[Name, Spot]] = []
    for attributes, target in _NAME.findall(block):
        if named := _IS.search(attributes):
            kind, first, second = (text.decode("utf-8", "replace") for text in named.groups(b""))
            name = (kind, first, second)
            spot = _spot(target)
            if spot is None:
                names.broken.append(name)
            elif b"localSheetId" in attributes:
                copies.append((name, spot))
            else:
                own.add(name)
                _enter(names, name, spot, items, shared)
    for name, spot in copies:
        if name not in own:
            own.add(name)
            _enter(names, name, spot, items, shared)
    names.figures.update({spot: tuple(keys) for spot, keys in shared.items()})
    return names


def _enter(
    names: Names, name: Name, spot: Spot, items: Mapping[str, int], figures: dict[Spot, list[Key]]
) -> None:
    kind, first, second = name
    if kind == "F" and first in items and re.fullmatch("[0-9]{4}", second):
        figures.setdefault(spot, []).append((items[first], int(second)))
    elif kind == "N" and first in items:
        names.notes[spot] = items[first]
    elif kind == "M":
        names.answers.setdefault(f"{first}.{second}", spot)
    elif kind == "H":
        names.header.setdefault(first, spot)
    elif kind == "L" and first in items:
        names.labels.setdefault(items[first], spot)
    elif kind == "A":
        names.questions.setdefault(first, spot)
    else:
        names.unknown[spot] = ".".join(filter(None, name))


def _spot(target: bytes) -> Spot | None:
    found = _TARGET.fullmatch(unescape(target.decode("utf-8", "replace")).strip())
    if not found:
        return None
    quoted, plain, letters, digits = found.groups()
    return (quoted.replace("''", "'") if quoted else plain, *to_place(letters, digits))
