"""The languages of questionnaires: English texts are the keys, translations stand in one file a language.

`questionnaires/translations/<language>.csv` holds each English text once (a label,
an instruction, a rule's message, a heading of a page) with its translation, so that
a new year of an instrument brings only its new texts. What is not translated stays
English and is never lost. All translations are the project's own.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from crimestats import files
from crimestats.errors import FileError

LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")
"""The official languages of the United Nations, as ISO 639-1 codes."""

RIGHT_TO_LEFT = ("ar",)
_COLONS = {"fr": " : ", "zh": "："}
_PARTS = re.compile(r": ")


@cache
def translations(language: str) -> Mapping[str, str]:
    """English texts and what they are in a language; nothing for English.

    Raises:
        FileError: It is none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise FileError(f"language `{language}`", "is not there.", f"Languages: {', '.join(LANGUAGES)}.")
    if language == "en":
        return MappingProxyType({})
    path = files.shipped("questionnaires", "translations", f"{language}.csv")
    table = files.read_csv(path, ("english", "text"))
    return MappingProxyType({
        english: text for english, text in zip(table["english"], table["text"], strict=True) if text
    })  # fmt: skip


def translate(text: str, language: str) -> str:
    """An English text in another language; in parts (`Males: 0-9 years`) where the whole is not there.

    >>> translate("no such text", "fr")
    'no such text'
    """
    known = translations(language)
    if text in known or not known:
        return known.get(text, text)
    parts = _PARTS.split(text)
    if len(parts) > 1 and all(part in known for part in parts):
        return _COLONS.get(language, ": ").join(known[part] for part in parts)
    return text


def is_translated(text: str, language: str) -> bool:
    """Whether a text, or each part of it, has a translation."""
    known = translations(language)
    return text in known or all(part in known for part in _PARTS.split(text))


def spellings(text: str) -> frozenset[str]:
    """A text in every language: what a workbook may show, whatever language it was built in."""
    return frozenset(translate(text, language) for language in LANGUAGES)


@cache
def _choices() -> Mapping[str, str]:
    from crimestats.questionnaire.loading import codelist

    table = codelist("choice")
    pairs = zip(table["code"], table["label"], strict=True)
    return {
        spelling.casefold(): code for code, label in pairs for spelling in (code, *spellings(label))
    }  # fmt: skip


def choice(text: str) -> str:
    """The code of an answer chosen from a list, whatever language it was chosen in; the text itself else.

    >>> choice("Yes")
    'yes'
    """
    plain = " ".join(text.split())
    return _choices().get(plain.casefold(), plain)
