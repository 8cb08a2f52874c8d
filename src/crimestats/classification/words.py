"""Words as they are compared: case, accents and vowel signs aside."""

import re
import unicodedata

LONGEST = 1000
"""Characters of a text that are read."""

_WORD = re.compile(r"\w+")
_HAN = re.compile("([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)")
_ARTICLE = re.compile("^(?:\u0648|\u0628|\u0641)?\u0627\u0644(?=\\w{3})")
_MARKS = {place: None for place in range(0x10000) if unicodedata.combining(chr(place))}
_ALIKE = _MARKS | str.maketrans({"\u0649": "\u064a", "\u0629": "\u0647", "\u0640": ""})
"""Accents and vowel signs; Arabic letters that are written for each other at the end of a word, and the
stroke that lengthens one."""


def fold(text: str) -> str:
    """A text in one spelling: case, accents, vowel signs and surplus blanks aside.

    >>> fold("  Robo   con FUERZA, agresión "), fold("Körperverletzung")
    ('robo con fuerza, agresion', 'korperverletzung')
    """
    plain = text[:LONGEST].casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).translate(_ALIKE)
    return " ".join(plain.split())


def words(text: str) -> list[str]:
    """The words of a text, folded.

    Chinese, which is written without blanks, is taken by pairs of characters;
    Arabic words lose their article.

    >>> words("Theft of a motor-vehicle"), words("\u76d7\u7a83\u7f6a")
    (['theft', 'of', 'a', 'motor', 'vehicle'], ['\u76d7\u7a83', '\u7a83\u7f6a'])
    """
    return [part for word in _WORD.findall(fold(text)) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if not _HAN.search(word):
        return [_ARTICLE.sub("", word)]
    return [part for run in _HAN.split(word) if run for part in (_pairs(run) if _HAN.match(run) else [run])]


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)] or [run]
