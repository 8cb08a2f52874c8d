"""Rules that lead from what was written to a label that the tables have."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from crimestats.areas.spellings import LOST, Known, fitting, named
from crimestats.files import read_csv, shipped

OWN = "own"
PLURAL = "plural"
_DEPTH = 3  # damaged, counted and in the plural: no label that was seen needs more
_REMARK = re.compile(r"(?P<label>[^()]+)\((?P<remark>[^()]+)\)")


class Reading(NamedTuple):
    """A label that is known, and the rules that led to it."""

    rules: tuple[str, ...]
    known: Known


def readings(label: str) -> list[Reading]:
    """All that rules make of a label, the shortest way to each first; what is known is not rewritten.

    Example:
        >>> [(reading.rules, reading.known.area) for reading in readings("3 maliens")]
        [(('count', 'plural'), 'MLI')]
    """
    found: dict[Known, Reading] = {}
    here: dict[str, tuple[str, ...]] = {label: ()}
    seen = set(here)
    for _ in range(_DEPTH + 1):
        ahead: dict[str, tuple[str, ...]] = {}
        for text, rules in here.items():
            meant = _known(text, is_plural=PLURAL in rules)
            for rule, known in meant:
                found.setdefault(known, Reading((*rules, *rule), known))
            for name, other in () if meant else _rewritten(text):
                ahead.setdefault(other, (*rules, name))
        here = {text: rules for text, rules in ahead.items() if text and text not in seen}
        seen.update(here)
    return list(found.values())


def refusal(label: str) -> str:
    """Why a label of this form is no area, by `refusals.csv`; empty where none says so.

    Example:
        >>> refusal("Q6.1_10s_2019"), refusal("Africa others"), refusal("Ruritania")
        ('prompt', 'group', '')
    """
    text = label.strip().strip("()")
    return next((reason for form, reason in _refusals() if form.search(text)), "")


def _known(text: str, *, is_plural: bool) -> list[tuple[tuple[str, ...], Known]]:
    """What a text stands for; one in the plural names citizens, since countries have no plural."""
    found: list[tuple[tuple[str, ...], Known]]
    if LOST in text:
        found = [(("replacement",), known) for known in fitting(text)]
    else:
        plain, aside = named(text), _aside(text)
        found = [((), plain)] if plain else []
        found += [(("remark",), aside)] if aside else []
    return [(rule, known) for rule, known in found if not is_plural or known.is_demonym or not known.area]


def _aside(text: str) -> Known | None:
    """The area before a bracket, where the bracket says the same once more or "own country".

    Nothing else may stand there: `Congo (Democratic Republic)` is not the Congo.
    """
    parts = _REMARK.fullmatch(text.strip())
    if parts is None:
        return None
    label, remark = named(parts["label"]), named(parts["remark"])
    if label is None or remark is None or not label.area:
        return None
    return label if remark.reason == OWN or remark.area == label.area else None


def _rewritten(text: str) -> Iterator[tuple[str, str]]:
    mended = _mended(text)
    if mended != text:
        yield "mojibake", mended
    for rule, forms in _rules().items():
        changed = text
        for form, becomes in forms:
            changed = form.sub(becomes, changed)
        if changed != text:
            yield rule.split(":")[0], changed.strip()


def _mended(text: str) -> str:
    """A text of UTF-8 that was read as Windows-1252 or Latin-1; any other text as it is."""
    try:
        return b"".join(_byte(letter) for letter in text).decode("utf-8")
    except UnicodeError:
        return text


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


@cache
def _rules() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """Patterns and what they become, by rule and language: those of one language work together."""
    found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for rule, language, pattern, becomes in _lines("rewritings", "rule", "language", "pattern", "becomes"):
        form = re.compile(pattern, re.IGNORECASE)
        found.setdefault(f"{rule}:{language}", []).append((form, becomes))
    return found


@cache
def _refusals() -> list[tuple[re.Pattern[str], str]]:
    lines = _lines("refusals", "pattern", "reason")
    return [(re.compile(pattern, re.IGNORECASE), reason) for pattern, reason in lines]


def _lines(name: str, *columns: str) -> list[list[str]]:
    table = read_csv(shipped("classification", "areas", f"{name}.csv"), columns)
    rows: list[list[str]] = table[list(columns)].to_numpy(dtype=object).tolist()
    return rows
