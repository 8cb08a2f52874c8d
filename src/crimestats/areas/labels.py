"""Labels that people write, to codes of reporting units."""

from difflib import get_close_matches
from functools import cache

from pandas import DataFrame, Series

from crimestats.areas.rewriting import Reading, readings, refusal
from crimestats.areas.spellings import LOST, codes, named, spelling, spellings
from crimestats.files import read_csv, shipped
from crimestats.frames import TOTAL, UNKNOWN

__all__ = ["MATCHED", "REFUSED", "match", "match_sex", "spelling"]

MATCHED = ("label", "area", "candidates", "how", "reason")
"""Columns of `match`."""

REFUSED = "refused"
_CODE, _TABLE, _RULE = "code", "table", "rule:"
_AMBIGUOUS, _NOT_STATED, _UNKNOWN = "ambiguous", "not_stated", "unknown"
_SIMILARITY, _MOST = 0.65, 3


def match(labels: Series, *, marks: bool = False) -> DataFrame:
    """Put what people wrote for an area under its code; nothing is guessed.

    The tables of names, demonyms and words go first (`classification/areas`).
    Case, accents, punctuation and the word "the" do not count. Codes are labels
    too: three letters in any case, two letters in capitals only, since `no` and
    `na` are rarely Norway and Namibia. What is in no table goes through a few
    rules (damaged letters, a count before it, a plural), whose result is taken
    where all lead to one and the same area.

    Args:
        labels: Names, demonyms or codes of areas, as they were written.
        marks: `NA`, `NR`, `SD` and the like, which also say that nothing is known, are refused as
            `ambiguous`, with the area they are the code of, unless all labels are codes of two
            letters and some of them no such mark.

    Returns:
        A row for each label, under its index: `label`; `area` (`_U` where it is
        refused); `candidates`, codes of areas that may be meant, joined by comma
        (of a label that nothing knows those spelt nearly so, nearest first);
        `how`: `code`, `table`, `rule:` and the rules joined by `+`, or `refused`;
        `reason`, of a refused label only: `ambiguous`, `former_state`, `several`,
        `group`, `people`, `own`, `foreign`, `stateless`, `not_stated`, `total`,
        `prompt`, `number`, or `unknown` where no table and no rule has it.

    Example:
        >>> found = match(Series(["côte d’ivoire", "3 maliens", "NA", "Unted Kingdom", "Congolese"]))
        >>> found["area"].tolist(), found["how"].tolist()[:3]
        (['CIV', 'MLI', 'NAM', '_U', '_U'], ['table', 'rule:count+plural', 'code'])
        >>> found[["candidates", "reason"]].to_numpy().tolist()[3:]
        [['GBR, GBR_S', 'unknown'], ['COD, COG', 'ambiguous']]
    """
    written = labels.astype(object).where(labels.notna(), "").astype(str)
    found = {label: _found(label) for label in written.unique()}
    if marks and not _are_codes(found):
        found |= {
            label: (UNKNOWN, each[0], REFUSED, _AMBIGUOUS)
            for label, each in found.items()
            if label.strip() in _marks()
        }
    rows = [found[label] for label in written]
    table = DataFrame(rows, columns=list(MATCHED[1:]), index=labels.index, dtype="str")
    table.insert(0, MATCHED[0], written)
    return table


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


def _found(label: str) -> tuple[str, str, str, str]:
    """Area, candidates, how and reason of a label."""
    code = codes().get(label.strip()) or codes().get(spelling(label))
    if code and LOST not in label:
        return code, "", _CODE, ""
    known = named(label)
    if known is not None:
        how = _TABLE if known.area else REFUSED
        return known.area or UNKNOWN, known.candidates, how, known.reason
    read = readings(label)
    if read:
        return _agreed(read)
    reason = refusal(label) or ("" if spelling(label) or LOST in label else _NOT_STATED)
    return UNKNOWN, "" if reason else _near(spelling(label)), REFUSED, reason or _UNKNOWN


def _agreed(read: list[Reading]) -> tuple[str, str, str, str]:
    """What all readings say: one area, or one reason for there being none; else it is ambiguous."""
    areas, reasons = ({getattr(each.known, name) for each in read} for name in ("area", "reason"))
    if len(areas) == 1 and "" not in areas:
        return areas.pop(), "", _RULE + "+".join(read[0].rules), ""
    named_by = [
        area for each in read for area in (each.known.area, *each.known.candidates.split(", ")) if area
    ]
    reason = reasons.pop() if len(reasons) == 1 else _AMBIGUOUS
    return UNKNOWN, ", ".join(dict.fromkeys(named_by)), REFUSED, reason or _AMBIGUOUS


def _near(key: str) -> str:
    known = spellings()
    close = get_close_matches(key, _names(), n=_MOST, cutoff=_SIMILARITY)
    return ", ".join(dict.fromkeys(known[spelt].area for spelt in close))


@cache
def _names() -> list[str]:
    return [spelt for spelt, known in spellings().items() if known.area]


@cache
def _sexes() -> dict[str, str]:
    table = read_csv(shipped("classification", "areas", "sexes.csv"), ("label", "sex"))
    return dict(zip(table["label"].str.casefold(), table["sex"], strict=True))


def _are_codes(found: dict[str, tuple[str, str, str, str]]) -> bool:
    """Whether the labels are of a column of codes of two letters."""
    stated = {label.strip(): each for label, each in found.items() if label.strip()}
    return all(len(label) == 2 and each[2] == _CODE for label, each in stated.items()) and bool(
        set(stated) - _marks()
    )


@cache
def _marks() -> frozenset[str]:
    return frozenset(read_csv(shipped("classification", "areas", "marks.csv"), ("label",))["label"])
