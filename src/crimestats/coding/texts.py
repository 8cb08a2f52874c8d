"""Offence texts as the coder reads them: one spelling, and the parts of a heading."""

import re

from pandas import Series

from crimestats.classification.words import fold

PARTS = ("head", "body", "bracket")
"""Of `Chapter - offence (circumstances)`: the chapter, the offence, the circumstances."""

_DIGIT = re.compile(r"\d")
_NUMBERS = re.compile(r"\b\w*\d\w*\b")
_WORD = re.compile(r"\w+")
_BETWEEN = re.compile(r"\s[-–—/|]+\s|[:;]\s+")
_BRACKET = re.compile(r"[(\[][^()\[\]]*(?:[)\]]|$)")


def plain(text: str) -> str:
    """The words of a text in one spelling, numbers left out.

    Numbers are paragraphs, ages and codes of one country: they say nothing in
    another.

    >>> plain("  VIOLACIÓN (Art. 170) - agravada "), plain("§ 223 StGB Körperverletzung")
    ('violacion art agravada', 'stgb korperverletzung')
    """
    return words(fold(text))


def parts(folded: str) -> tuple[str, str, str]:
    """The parts of a folded text, each as plain words.

    >>> parts("violacion - explotacion sexual (agente tutor)")
    ('violacion', 'explotacion sexual', 'agente tutor')
    >>> parts("robo")
    ('', 'robo', '')
    """
    if not ("(" in folded or "[" in folded or _BETWEEN.search(folded)):
        return "", words(folded), ""
    bracket = words(" ".join(_BRACKET.findall(folded)))
    pieces = [piece for piece in map(words, _BETWEEN.split(_BRACKET.sub(" ", folded))) if len(piece) > 2]
    if not pieces:
        return "", bracket, ""
    return " ".join(pieces[:-1]), pieces[-1], bracket


def folded(texts: "Series[str]") -> "Series[str]":
    """Texts with case, accents and surplus blanks aside; what is no text is empty."""
    return texts.map(lambda text: fold(text) if isinstance(text, str) else "").astype("str")


def sound(text: object) -> str:
    """A text that can be written; what is no text is empty."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""


def words(folded: str) -> str:
    """The words of a folded text, numbers left out."""
    return " ".join(_WORD.findall(_NUMBERS.sub(" ", folded) if _DIGIT.search(folded) else folded))
