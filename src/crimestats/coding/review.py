"""The queue of texts on which people decide: what the coder was not sure of, and a sample of what it was."""

import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256
from math import ceil

import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification import Classification
from crimestats.errors import CallError

CANDIDATES = 5
KEY = ("scheme", "language", "national_code", "text")
"""What makes a unit of decision: the same text under another national code is another unit."""

CAUSES = {
    "refused": "no code was given",
    "backed_off": "the code was moved up to a parent",
    "sampled": "drawn at random from the accepted",
}
"""Why a text is in the queue, the strongest cause first."""

_OFFERED = tuple(
    f"{name}_{rank}" for name in ("candidate", "title", "note") for rank in range(1, CANDIDATES + 1)
)
QUEUE = (
    "unit", *KEY, "cause", "suggested", "probability", "tags", "basis", "reason", "rows", "weight", "round",
    *_OFFERED,
)  # fmt: skip
"""Columns of a queue; candidate_1 is the best, its title and scope note stand in title_1 and note_1."""

_FOUND = ("exact", "index")
_LEVELS = ("code_l1", "code_l2", "code_l3", "code_l4")
_NEEDED = ("code", *_LEVELS, "top5")
_MADE = (*_NEEDED, "probability", "p_l1", "p_l2", "p_l3", "p_l4", "tags", "basis", "reason")


def queue(
    suggestions: DataFrame,
    sample: float = 0.05,
    seed: int = 1,
    column: str = "description",
    *,
    code_column: str | None = None,
    scheme: str = "",
    language: str = "",
    weight: str | None = None,
) -> DataFrame:
    """Texts on which a person decides, each different one once, those with most cases first.

    In it are the texts that were refused, those whose code was moved up (it
    is less deep than the best code), and a random draw from the others. Lines
    without text are left out. Drawing goes by a hash of seed and text: a
    larger sample holds the smaller one, in whatever order the lines stand.

    Args:
        suggestions: What `suggest` gave, beside the columns that it was given.
        sample: Of the accepted: below 1 the share (rounded up), else the number.
        seed: Another one draws another sample.
        column: Where the text stands.
        code_column: Where the national code stands; a text is then decided for each code.
        scheme: Of the national codes.
        language: Of the texts; candidates have their titles in it, where there are any.
        weight: Column of caseloads; without it a line counts 1.

    Returns:
        `QUEUE`; `rows` and `weight` are sums over the lines of the text.

    Raises:
        CallError: A column is missing, a code is none of the ICCS, or an argument does not fit.
    """
    iccs = Classification.load("iccs")
    _refuse_columns(suggestions, column, code_column, weight)
    suggestions = suggestions.reset_index(drop=True).astype("str").fillna("")
    _refuse_codes(suggestions, iccs)
    lines = _lines(suggestions, column, code_column, weight)
    lines = lines.assign(scheme=tidy(scheme), language=tidy(language), cause=_causes(lines, iccs))
    texts = _different(lines)
    accepted = texts[texts["cause"] == "accepted"]
    drawn = _drawn(accepted, sample, seed).assign(cause="sampled")
    chosen = pd.concat([texts[texts["cause"] != "accepted"], drawn])
    chosen = chosen.sort_values(["weight", "unit"], ascending=[False, True], ignore_index=True)
    offered = offer(chosen["top5"].str.split(), iccs, language)
    chosen = chosen.join(offered).assign(round=_round(chosen, sample, seed))
    return chosen.rename(columns={"code": "suggested"})[list(QUEUE)]


def tidy(text: str) -> str:
    """A text as it is kept: composed letters, single blanks.

    >>> tidy("  Robo   a casa ")
    'Robo a casa'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def units(table: DataFrame) -> "Series[str]":
    """Id of the unit of decision of each row, from the columns `KEY`."""
    rows = zip(*(table[name] for name in KEY), strict=True)
    return Series([_hash(*row) for row in rows], index=table.index, dtype="str")


def offer(codes: Iterable[Sequence[str]], iccs: Classification, language: str = "") -> DataFrame:
    """Candidates with titles and scope notes, side by side; empty where there are fewer than five.

    Args:
        codes: Of each text, best first.
        iccs: Where the codes are from.
        language: Of titles and notes, English where there are none in it.
    """
    ranked = [[*each[:CANDIDATES], *[""] * (CANDIDATES - len(each))] for each in codes]
    names = [f"candidate_{rank}" for rank in range(1, CANDIDATES + 1)]
    wide = DataFrame(ranked, columns=names, dtype="str")
    called = titles(iccs, language)
    notes = {code: iccs.note(code, language) or iccs.note(code) for code in iccs.codes}
    for name in names:
        rank = name.rpartition("_")[2]
        wide[f"title_{rank}"] = wide[name].map(called).fillna("").astype("str")
        wide[f"note_{rank}"] = wide[name].map(notes).fillna("").astype("str")
    return wide


def titles(iccs: Classification, language: str = "") -> dict[str, str]:
    """Title of each category in a language, English where there is none in it."""
    return {each.code: each.titles.get(language) or each.title for each in iccs}


def _refuse_columns(suggestions: DataFrame, column: str, code_column: str | None, weight: str | None) -> None:
    for name in (column, *_NEEDED, *filter(None, (code_column, weight))):
        if name not in suggestions:
            there = ", ".join(str(each) for each in suggestions if each not in _MADE)
            fault = f"have no column {name!r}."
            remedy = f"Other columns than the coder's are: {there or 'none'}."
            if name in _NEEDED:
                remedy = "Give the file that `crimestats coding suggest` wrote."
            raise CallError("suggestions", fault, remedy)
    if code_column in _MADE:
        fault = f"{code_column!r} is a column of the coder, not of the national codes."
        raise CallError("code_column", fault, "Name the input's column under another name.")


def _refuse_codes(suggestions: DataFrame, iccs: Classification) -> None:
    for name in _NEEDED:
        words = suggestions[name].str.split().explode().dropna()
        strange = words[~words.isin(iccs.codes)]
        if len(strange):
            place = f"suggestions, row {int(strange.index[0]) + 1}, column {name}"
            fault = f"{strange.iloc[0]!r} is not a code of {iccs.scheme}."
            remedy = "Write the file again with `crimestats coding suggest`; a spreadsheet takes off zeros."
            raise CallError(place, fault, remedy)


def _lines(suggestions: DataFrame, column: str, code_column: str | None, weight: str | None) -> DataFrame:
    """Lines that have a text: key, what was suggested, weight; everything as text but the weight."""
    made = {name: suggestions.get(name, "") for name in _MADE}
    codes = suggestions[code_column].map(tidy) if code_column else ""
    lines = DataFrame({"text": suggestions[column].map(tidy), "national_code": codes, **made})
    lines = lines.astype("str").assign(weight=_weights(suggestions, weight))
    return lines[lines["text"] != ""]


def _weights(suggestions: DataFrame, weight: str | None) -> "Series[float]":
    if weight is None:
        return Series(1.0, index=suggestions.index)
    numbers = pd.to_numeric(suggestions[weight], errors="coerce").astype("float64")
    is_wrong = ~(numbers >= 0) | (numbers == float("inf"))
    if is_wrong.any():
        row = int(is_wrong.to_numpy().argmax())
        fault = f"{suggestions[weight].iloc[row]!r} is no caseload."
        raise CallError(f"suggestions, row {row + 1}, column {weight}", fault, "Write a number from 0 up.")
    return numbers


def _causes(lines: DataFrame, iccs: Classification) -> "Series[str]":
    """Refused, backed_off or accepted: by the depth of the code and that of the best one.

    What was found as it stands, in a table or the index, is not backed off.
    """
    depths = {"": 0} | {each.code: each.level for each in iccs}
    depth = lines["code"].map(depths)
    best = DataFrame({name: lines[name].map(depths) for name in _LEVELS}).max(axis="columns")
    causes = Series("accepted", index=lines.index, dtype="str")
    return causes.mask((depth < best) & ~lines["basis"].isin(_FOUND), "backed_off").mask(
        lines["code"] == "", "refused"
    )


def _different(lines: DataFrame) -> DataFrame:
    """Each different text once, with the line of it that is least sure, and sums over its lines."""
    keys = list(KEY)
    order = {name: rank for rank, name in enumerate((*CAUSES, "accepted"))}
    first = lines.assign(order=lines["cause"].map(order)).sort_values("order", kind="stable")
    first = first.drop_duplicates(keys).set_index(keys)
    sums = lines.groupby(keys, sort=False)["weight"].agg(rows="size", weight="sum")
    texts = first.drop(columns="weight").join(sums).reset_index()
    return texts.assign(unit=units(texts))


def _drawn(accepted: DataFrame, sample: float, seed: int) -> DataFrame:
    if not 0 <= sample < float("inf") or (sample > 1 and sample != int(sample)):
        remedy = "Give a share below 1, or a whole number of texts."
        raise CallError("sample", f"{sample} is neither a share nor a number of texts.", remedy)
    number = ceil(sample * len(accepted) - 1e-9) if sample < 1 else int(sample)
    lots = accepted["unit"].map(lambda unit: _hash(str(seed), unit))
    return accepted.loc[lots.sort_values().index[:number]]


def _round(chosen: DataFrame, sample: float, seed: int) -> str:
    """Id of a queue: the same texts, suggestions, sample and seed have the same."""
    lines = (chosen["unit"] + chosen["cause"] + chosen["code"] + " " + chosen["top5"]).sort_values()
    return _hash(f"{sample:g}", str(seed), *lines)[:8]


def _hash(*texts: str) -> str:
    return sha256("\x1f".join(texts).encode()).hexdigest()[:16]
