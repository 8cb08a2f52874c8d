"""Labels that people write, to codes of reporting units."""

import re
import unicodedata
from difflib import get_close_matches
from functools import cache

from pandas import DataFrame, Series

from crimestats.areas.units import areas
from crimestats.files import read_csv, shipped
from crimestats.frames import TOTAL, UNKNOWN

_JOINED = re.compile(r"[.'’‘ʼ`´]")  # left out: `U.S.A.` is `usa`
_APART = re.compile(r"[\W_]+")
_SIMILARITY, _MOST = 0.65, 3


def match(labels: Series) -> DataFrame:
    """Look labels up in the table of known spellings; nothing is guessed.

    Case, accents, punctuation and the word "the" do not count. Codes are
    labels too: three letters in any case, two letters in capitals only, since
    `no` and `na` are rarely Norway and Namibia.

    Args:
        labels: Names or codes of areas, as they were written.

    Returns:
        A row for each label, under its index: `label`, `area` (`_U` where it is
        not in the table) and `candidates`, for an unknown label the codes of
        areas spelt nearly so, nearest first and joined by comma.

    Example:
        >>> found = match(Series(["côte d’ivoire", "Gambia, The", "NA", "Unted Kingdom"]))
        >>> found["area"].tolist(), found["candidates"].iloc[-1]
        (['CIV', 'GMB', 'NAM', '_U'], 'GBR, GBR_S')
    """
    written = labels.astype(object).where(labels.notna(), "").astype(str)
    found = {label: _find(label) for label in written.unique()}
    area = [found[label][0] for label in written]
    candidates = [found[label][1] for label in written]
    return DataFrame({"label": written, "area": area, "candidates": candidates}, index=labels.index)


def match_sex(labels: "Series[str]") -> "Series[str]":
    """Codes of sexes, from the codes themselves or words for them; nothing is guessed.

    Args:
        labels: Texts; case and blanks around do not count.

    Returns:
        `_T`, `F`, `M`, `_U` (stated to be unknown) or `O` (other); empty where the label is not in
        `classification/areas/sexes.csv`. An empty label is the total.

    Example:
        >>> match_sex(Series(["Female", "m", "", "H"])).tolist()
        ['F', 'M', '_T', '']
    """
    known = {**_sexes(), "": TOTAL}
    return labels.str.strip().str.casefold().map(known).fillna("").astype("str")


def spelling(label: str) -> str:
    """A label without what does not tell areas apart: the form in which labels are compared.

    Example:
        >>> spelling("The Côte d’Ivoire (Republic)")
        'cote divoire republic'
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", label) if not unicodedata.combining(c))
    words = _APART.sub(" ", _JOINED.sub("", plain.casefold().replace("&", " and "))).split()
    return " ".join(word for word in words if word != "the")


def _find(label: str) -> tuple[str, str]:
    key = spelling(label)
    short = _short_codes().get(label.strip())
    area = short or _spellings().get(key)
    return (area, "") if area else (UNKNOWN, _candidates(key))


def _candidates(key: str) -> str:
    close = get_close_matches(key, _spellings(), n=_MOST, cutoff=_SIMILARITY)
    return ", ".join(dict.fromkeys(_spellings()[spelt] for spelt in close))


@cache
def _sexes() -> dict[str, str]:
    table = read_csv(shipped("classification", "areas", "sexes.csv"), ("label", "sex"))
    return dict(zip(table["label"].str.casefold(), table["sex"], strict=True))


@cache
def _short_codes() -> dict[str, str]:
    table = areas()
    return {iso2: area for iso2, area in zip(table["iso2"], table["area"], strict=True) if iso2}


@cache
def _spellings() -> dict[str, str]:
    table, units = read_csv(shipped("classification", "areas", "labels.csv"), ("label", "area")), areas()
    pairs = [(units["area"], units["area"]), (units["name"], units["area"]), (table["label"], table["area"])]
    return {spelling(label): area for column in pairs for label, area in zip(*column, strict=True)}
