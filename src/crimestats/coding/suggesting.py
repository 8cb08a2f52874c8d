"""ICCS codes for national offence texts, as deep as the evidence carries."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.classification import Classification
from crimestats.coding.calibration import FIRST_LEVEL, PROMISES
from crimestats.coding.coder import LEVELS, Coder, Floats, Places, Reading
from crimestats.coding.cues import Cues
from crimestats.coding.examples import INDEX, PHRASES
from crimestats.coding.storage import default, load
from crimestats.coding.texts import folded, sound, words
from crimestats.errors import CallError
from crimestats.frames import SUGGESTIONS

AT_ONCE = 16384
"""Texts that are coded together."""

MANY = 60_000
"""Different texts from which all processors are used; below, starting them costs more than it gains."""

_LEVELS = len(LEVELS)
_THOUSANDTHS = np.array([f"{number / 1000:.3f}" for number in range(1001)], dtype=object)
_HOMICIDE, _ATTEMPTED = "0101", "0102"
_COMPLETE = ("0101", "0102", "0103")


def suggest(
    texts: Iterable[object],
    language: str | None = None,
    k: int = 5,
    coder: Coder | None = None,
    precision: float = 0.95,
) -> DataFrame:
    """Suggest an ICCS code for each text.

    A text that stands in a table or the index has its code from there, whatever
    the precision; a decision of the user comes before all else. For all others
    the model gives the likeliest category at each level; the code is the deepest
    of them that is likely enough for the precision, at least a division, else
    there is none. Attempt, conspiracy and the like are tags;
    an attempted intentional homicide is 0102. A sum of offences has no code.

    Args:
        texts: Descriptions of offences; what is no text is refused, never an error.
        language: Of the texts, e.g. `es`; None for unknown or several. It says
            which words are cues.
        k: Candidates, best first.
        coder: From `Coder`'s `load` or `train`; without it the shipped data's own.
        precision: Share of the codes given that should be right, from 0.5 to
            0.99, as measured on lists of countries left out. A code deeper
            than the one that a person gave counts there as wrong.

    Returns:
        A row for each text (`frames.SUGGESTIONS`): text, code, probability (of
        the code; of the division where none is given), code_l1 to code_l4 and
        their probabilities p_l1 to p_l4 (calibrated, before any back-off),
        top5 and p_top5 (k ends, blanks between: 0502 beside 05022 means theft
        and no more), tags, basis (exact:
        stands in a table; index: in the index; model; aggregate; empty), reason.

    Raises:
        CallError: k or the precision is out of range.

    """
    language = language.casefold().split("-")[0] if language else None
    if not PROMISES[0] <= precision <= PROMISES[-1]:
        raise CallError("precision", f"is {precision}.", f"Give {PROMISES[0]} to {PROMISES[-1]}.")
    if k < 1:
        raise CallError("k", f"is {k}.", "Give 1 or more.")
    if isinstance(texts, str):
        raise CallError("texts", "is one text.", "Give a list of texts.")
    given = pd.Series(list(texts), dtype=object)
    place, different = pd.factorize(given.map(sound))
    coder = coder or _default()
    if not len(given):
        return SUGGESTIONS.empty()
    is_parallel = len(different) >= MANY and coder.path != "" and Path(coder.path).is_file()
    together = cpu_count() if is_parallel else 1
    rounds = max(1, -(-len(different) // (AT_ONCE * together)))
    parts = [Series(part, dtype=object) for part in np.array_split(different, rounds * together)]
    if is_parallel:
        found = _in_parallel(parts, coder.path, language, k, precision)
    else:
        found = [_suggested(part, coder, language, k, precision) for part in parts]
    each = pd.concat(found, ignore_index=True)
    return SUGGESTIONS.cast(each.take(place).reset_index(drop=True))


def _in_parallel(
    parts: list["Series[str]"], path: str, language: str | None, k: int, precision: float
) -> list[DataFrame]:
    worker = delayed(_suggested_by)
    found: list[DataFrame] = Parallel(n_jobs=-1)(
        worker(part.to_list(), path, language, k, precision) for part in parts
    )
    return found


def _suggested_by(texts: list[str], path: str, language: str | None, k: int, precision: float) -> DataFrame:
    return _suggested(Series(texts, dtype=object), _loaded(path), language, k, precision)


def _loaded(path: str) -> Coder:
    return _loaded_at(path, Path(path).stat().st_mtime_ns)


@cache
def _loaded_at(path: str, changed: int) -> Coder:
    return load(path)


@cache
def _default() -> Coder:
    return default()


def _suggested(
    texts: "Series[str]", coder: Coder, language: str | None, k: int, precision: float
) -> DataFrame:
    """Suggestions for different texts."""
    whole = folded(texts)
    cues = Cues.load().find(whole, language)
    bare, tags = cues["bare"].astype("str"), cues["tags"].to_numpy(object)
    full = [words(text) for text in whole.to_numpy(object)]
    reading = coder.read(bare, full=full)
    is_empty = np.array([text == "" for text in full], dtype=bool)
    _attempts(reading.likely, tags, coder)
    places, found = coder.tree.best(reading.likely)
    likely = coder.calibration.probabilities(np.stack(found, axis=1), reading.nearest, reading.is_exact)
    names = zip(places, coder.tree.codes, strict=True)
    codes = np.stack([np.where(place < 0, "", codes[place]) for place, codes in names], axis=1)
    is_declined = np.array([text in coder.declined for text in full], dtype=bool)
    is_sum = cues["is_aggregate"].to_numpy(bool) & ~reading.is_exact
    single = _single(reading, coder)
    asked = coder.calibration.asked(precision)
    depth = np.where(single >= 0, _depth_of(single, coder), _deepest(likely, asked))
    depth[is_empty | is_sum | is_declined] = -1
    rows = np.arange(len(texts))
    ends = _ends(codes)
    table = DataFrame({"text": texts.to_numpy(object)})
    table["code"] = np.where(depth >= 0, codes[rows, depth], "")
    table["probability"] = np.where(depth >= 0, likely[rows, depth], likely[:, FIRST_LEVEL - 1])
    for level in range(_LEVELS):
        table[f"code_l{level + 1}"], table[f"p_l{level + 1}"] = codes[:, level], likely[:, level]
    table["top5"], table["p_top5"] = _candidates(reading.likely, codes, likely, coder, k)
    table["tags"] = _tags(tags, codes[:, FIRST_LEVEL - 1])
    nearest = coder.nearest(reading, reading.likely.argmax(axis=1))
    nearest = np.where(single >= 0, coder.written(reading, full, single), nearest)
    table["basis"], table["reason"] = _reasons(
        table, nearest, depth, ends, asked, single >= 0, is_empty, is_sum, is_declined, coder
    )
    blank = ["code_l1", "code_l2", "code_l3", "code_l4", "top5", "p_top5"]
    table.loc[is_empty | is_sum, blank] = ""
    table.loc[is_empty | is_sum, ["probability", "p_l1", "p_l2", "p_l3", "p_l4"]] = 0.0
    return SUGGESTIONS.cast(table)


def _attempts(likely: Floats, tags: NDArray[np.object_], coder: Coder) -> None:
    """An attempted intentional homicide is a category of its own (ICCS 1.0, p. 35)."""
    rows = np.flatnonzero(["At=1" in text for text in tags])
    column = {code: place for place, code in enumerate(coder.categories)}
    if len(rows) and _HOMICIDE in column and _ATTEMPTED in column:
        likely[rows, column[_ATTEMPTED]] += likely[rows, column[_HOMICIDE]]
        likely[rows, column[_HOMICIDE]] = 0


def _single(reading: Reading, coder: Coder) -> Places:
    """The category of texts that are examples of this one only; -1 for others."""
    best = reading.likely.argmax(axis=1)
    return np.where(reading.is_exact, best, -1)


def _depth_of(single: Places, coder: Coder) -> Places:
    iccs = Classification.load("iccs")
    levels = np.array([iccs.level(code) - 1 for code in coder.categories], dtype=np.intp)
    return levels[single]


def _deepest(likely: Floats, asked: Floats) -> Places:
    """The deepest level that is likely enough; -1 where not even the division is."""
    is_enough = likely >= asked
    is_enough[:, : FIRST_LEVEL - 1] = False
    deepest = likely.shape[1] - 1 - is_enough[:, ::-1].argmax(axis=1)
    return np.asarray(np.where(is_enough.any(axis=1), deepest, -1), dtype=np.intp)


def _ends(codes: NDArray[np.object_]) -> Places:
    """The deepest level at which there is a category."""
    return np.asarray((codes != "").sum(axis=1) - 1, dtype=np.intp)


def _candidates(
    likely: Floats, codes: NDArray[np.object_], probability: Floats, coder: Coder, k: int
) -> tuple[list[str], list[str]]:
    """The k likeliest ends and their probabilities: the first as calibrated, the others share the rest."""
    k = min(k, likely.shape[1])
    top = np.argpartition(-likely, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(likely, top, axis=1), axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    values = np.take_along_axis(likely, top, axis=1)
    names = np.array(coder.categories, dtype=object)
    is_first = codes == names[top[:, :1]]
    first = np.where(is_first.any(axis=1), (probability * is_first).max(axis=1), values[:, 0])
    rest = np.maximum(1 - values[:, :1], 1e-9)
    shares = np.where(np.arange(k) == 0, first[:, None], values / rest * (1 - first[:, None]))
    shown = _THOUSANDTHS[np.rint(shares * 1000).astype(np.intp)]
    return [" ".join(row) for row in names[top]], [" ".join(row) for row in shown]


def _tags(tags: NDArray[np.object_], division: NDArray[np.object_]) -> list[str]:
    """At does not apply to homicide (ICCS 1.0, Table II): completion is part of the category."""
    return [
        " ".join(tag for tag in text.split() if not (tag == "At=1" and code in _COMPLETE)) if text else ""
        for text, code in zip(tags, division, strict=True)
    ]


def _reasons(
    table: DataFrame, nearest: Places, depth: Places, ends: Places, asked: Floats,
    is_single: NDArray[np.bool_], is_empty: NDArray[np.bool_], is_sum: NDArray[np.bool_],
    is_declined: NDArray[np.bool_], coder: Coder,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Why each text has its code, or has none: basis and a sentence."""
    examples = coder.examples
    columns = [examples[name].to_numpy(object) for name in ("text", "source", "place", "language", "code")]
    basis, reasons = [], []
    codes = table[[f"code_l{level}" for level in LEVELS]].to_numpy(object)
    likely = table[[f"p_l{level}" for level in LEVELS]].to_numpy(float)
    for row, example in enumerate(nearest):
        if is_empty[row]:
            basis.append("empty")
            reasons.append("refused: no words to code")
            continue
        if is_declined[row]:
            basis.append("exact")
            reasons.append("refused: people decided that it has no category")
            continue
        if is_sum[row]:
            basis.append("aggregate")
            reasons.append("refused: a sum of offences, no single one")
            continue
        near = _named(example, columns)
        if is_single[row]:
            is_index = example >= 0 and columns[1][example] in (INDEX, PHRASES)
            basis.append("index" if is_index else "exact")
            reasons.append(f"the very text: {near}")
            continue
        basis.append("model")
        reasons.append(
            f"{_backed(codes[row], likely[row], int(depth[row]), int(ends[row]), asked)}nearest: {near}"
        )
    return basis, reasons


def _named(example: int, columns: list[Any]) -> str:
    if example < 0:
        return "none"
    text, source, place, language, code = (column[example] for column in columns)
    where = f"{source} {place}".strip() if place else f"{source} {language}"
    return f'"{text}" ({where}: {code})'


def _backed(codes: Any, likely: Any, depth: int, end: int, asked: Floats) -> str:
    if depth == end:
        return ""
    at = max(depth + 1, FIRST_LEVEL - 1)
    if at > end:
        return ""
    word = "refused" if depth < 0 else "backed off"
    limit = f"{asked[at]:.2f}" if asked[at] <= 1 else "any that was seen to be enough"
    return f"{word}: {codes[at]} has {likely[at]:.2f}, asked is {limit}; "
