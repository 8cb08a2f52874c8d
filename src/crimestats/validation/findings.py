"""What rules say of a round, as a table of findings."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.frames import BREAKDOWNS, FINDINGS, NOT_APPLICABLE, TOTAL, UNKNOWN
from crimestats.questionnaire import Questionnaire, Rule
from crimestats.questionnaire.definition import SEVERITIES
from crimestats.questionnaire.kinds import FAIL, UNDECIDED, Judgement, Round
from crimestats.validation import messages

Keys = NDArray[np.int64]
Pairs = set[tuple[int, int]]

_PLACE = ("return_id", "sheet", "cell")
SLIP = "scale"
"""The kind that finds a figure a thousand times off."""
_NAMED = ("M.", "H.", "L.", "N.")
"""Items of cells that have a name: answers, the header, countries and cities, notes."""
_OF_FILE = ("_file", "_sha256")


class _Sifted(NamedTuple):
    """A rule, what it says, and which rows of that become findings."""

    rule: Rule
    judgement: Judgement
    chosen: NDArray[np.intp]

    @property
    def place(self) -> NDArray[np.intp]:
        return self.judgement.place[self.chosen]

    @property
    def is_undecided(self) -> NDArray[np.bool_]:
        undecided: NDArray[np.bool_] = self.judgement.verdict[self.chosen] == UNDECIDED
        return undecided


def findings(
    wide: Round,
    judgements: Mapping[str, Judgement],
    failing: Mapping[str, Any],
    languages: Mapping[str, Questionnaire] | None = None,
) -> DataFrame:
    """One row for each real problem, in the order of the cells.

    Args:
        wide: The round.
        judgements: What each rule says of it.
        failing: For each rule that failed, the rows at which its check did.
        languages: For returns in another language the questionnaire in it, by return.

    Returns:
        The findings (`frames.FINDINGS`).
    """
    rows = [
        row
        for sifted in _sift(wide, judgements, failing)
        if len(sifted.chosen)
        for row in _rows(wide, sifted, languages or {})
    ]
    if not rows:
        return FINDINGS.empty()
    rows.sort(key=lambda row: (row["at"], row["rule"]))
    _number(rows, wide.definition)
    return FINDINGS.cast(DataFrame({name: [row[name] for row in rows] for name in FINDINGS.columns}))


def _sift(wide: Round, judgements: Mapping[str, Judgement], failing: Mapping[str, Any]) -> Iterator[_Sifted]:
    """What becomes a finding.

    The failures that pandera reports and the undecided answers worth a person's
    eye, without those that a finding of another rule says already.
    """
    keys, rules = _cell_keys(wide), wide.definition.rules
    needed = {other for rule in rules for other in rule.parameters.get("unless", ())}
    said = {name: _involved(judgements[name], keys, FAIL) for name in needed}
    doubted = {
        rule.id: _involved(judgements[rule.id], keys, UNDECIDED)
        for rule in rules
        if rule.id in needed and "undecided" in rule.parameters
    }
    for rule in rules:
        judgement = judgements[rule.id]
        wanted = (judgement.verdict == FAIL) & np.isin(judgement.place, failing.get(rule.id, []))
        if "undecided" in rule.parameters:
            wanted |= judgement.verdict == UNDECIDED
        chosen = np.flatnonzero(wanted)
        before = rule.parameters.get("unless", ())
        others: Pairs = set().union(*(said[name] for name in before))
        open_: Pairs = others.union(*(doubted.get(name, set()) for name in before))
        if open_ and len(chosen):  # what is doubted elsewhere silences a doubt, never a failure
            is_doubt = judgement.verdict[chosen] == UNDECIDED
            is_new = [
                not _is_said(judgement, row, keys, open_ if doubt else others)
                for row, doubt in zip(chosen.tolist(), is_doubt.tolist(), strict=True)
            ]
            chosen = chosen[np.array(is_new)]
        yield _Sifted(rule, judgement, chosen)


def _cell_keys(wide: Round) -> Keys:
    """A number for each cell of a workbook, the same for all rows that speak of it."""
    frame = wide.frame
    codes = [frame[name].cat.codes.to_numpy().astype(np.int64) for name in _PLACE]
    sizes = [len(frame[name].cat.categories) + 1 for name in _PLACE]
    keys = (codes[0] * sizes[1] + codes[1]) * sizes[2] + codes[2]
    nowhere = (frame["cell"] == NOT_APPLICABLE).to_numpy()
    return np.where(nowhere, -2 - np.arange(len(frame)), keys)


def _involved(judgement: Judgement, keys: Keys, verdict: int) -> Pairs:
    """Pairs of the place of an answer and a cell that it rests on, itself among them."""
    chosen = judgement.verdict == verdict
    own = keys[judgement.place[chosen]]
    pairs = set(zip(own.tolist(), own.tolist(), strict=True))
    if judgement.others is not None:
        for column in judgement.others[chosen].T:
            there = column >= 0
            pairs.update(zip(own[there].tolist(), keys[column[there]].tolist(), strict=True))
    return pairs


def _is_said(judgement: Judgement, row: int, keys: Keys, said: Pairs) -> bool:
    """Another finding rests on this place, and this one on the place of that."""
    own = int(keys[judgement.place[row]])
    beside = [] if judgement.others is None else judgement.others[row].tolist()
    return any((place, own) in said for place in (own, *(int(keys[other]) for other in beside if other >= 0)))


def _rows(wide: Round, sifted: _Sifted, languages: Mapping[str, Questionnaire]) -> list[dict[str, Any]]:
    rule, rows, severities = sifted.rule, _places(wide, sifted), _severities(sifted)
    own, questions = _fields(wide, sifted, wide.definition), _questions(wide, sifted, rows, languages)
    for number, row in enumerate(rows):
        undecided = bool(sifted.is_undecided[number])
        shown = {**_common(wide.definition, row), **own[number]}
        if row["item"] in _OF_FILE:  # where a file lies on the office's disk is nobody's business
            shown["value"] = row["return_id"]
        text = messages.template(wide.definition, rule, undecided).format_map(shown)
        text = " ".join(text.split())
        where = messages.place(row["return_id"], row["sheet"], row["cell"])
        row.update(
            questionnaire=wide.definition.id, rule=rule.id, kind=rule.kind, severity=severities[number],
            verdict="undecided" if undecided else "fail", value=shown["value"],
            expected=shown.get("expected", ""), previous=shown.get("previous", ""), others=shown["cells"],
            culprit="", fitting="", state="open", question=_sentence(questions.get(number, text)),
            message=messages.message(rule.id, where, row["area"], shown["year"], text),
        )  # fmt: skip
    return rows


def folded(found: DataFrame) -> DataFrame:
    """One entry for a slip of thousands: contradictions that have it as their culprit are part of it.

    The entry takes the worst severity among them, so that what is proved wrong stays an error.

    Args:
        found: The findings with their culprits (`frames.FINDINGS`).
    """
    slips = found[(found["kind"] == SLIP) & (found["verdict"] == "fail")]
    if slips.empty:
        return found
    at = {
        (str(source), messages.place(str(source), str(sheet), str(cell))): row
        for row, source, sheet, cell in zip(
            slips.index, slips["return_id"], slips["sheet"], slips["cell"], strict=True
        )
    }
    keys = zip(found["return_id"].astype(str), found["culprit"], strict=True)
    owner = Series([at.get(key, -1) for key in keys], index=found.index)
    owner = owner.where(owner != owner.index.to_series(), -1)
    taken = owner[owner >= 0]
    rank = found["severity"].astype(str).map(SEVERITIES.index)
    worst = rank[taken.index].groupby(taken).min().reindex(found.index)
    severity = rank.where(worst.isna() | (rank <= worst), worst).astype(int).map(dict(enumerate(SEVERITIES)))
    kept = found.assign(severity=severity.astype("category"))[owner < 0]
    return FINDINGS.cast(kept.reset_index(drop=True))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _questions(
    wide: Round, sifted: _Sifted, rows: list[dict[str, Any]], languages: Mapping[str, Questionnaire]
) -> dict[int, str]:
    """Fault and remedy in the language of the return, where that is another, by number of the row."""
    known: dict[str, list[dict[str, str]]] = {}
    said = {}
    for number, row in enumerate(rows if languages else ()):
        definition = languages.get(row["return_id"])
        if definition is None:
            continue
        if definition.language not in known:
            known[definition.language] = _fields(wide, sifted, definition)
        template = messages.template(definition, sifted.rule, bool(sifted.is_undecided[number]))
        shown = {**_common(definition, row), **known[definition.language][number]}
        said[number] = " ".join(template.format_map(shown).split())
    return said


def _common(definition: Questionnaire, row: Mapping[str, Any]) -> dict[str, str]:
    """What every message may show."""
    year = "" if row["year"] is None else str(row["year"])
    names = {"file": row["return_id"], "sheet": row["sheet"], "area": row["area"]}
    return {**names, "year": year, "label": _label(definition, row["item"])}


def _places(wide: Round, sifted: _Sifted) -> list[dict[str, Any]]:
    """Where each finding is, and of what area, item and year."""
    judgement, at = sifted.judgement, sifted.place
    columns: dict[str, list[Any]] = {"at": at.tolist()}
    for name in ("return_id", "area", "sheet", "cell", "item"):
        columns[name] = _codes(wide, name, at)
    columns["year"] = [None if np.isnan(year) else int(year) for year in wide.year[at]]
    of_file = np.broadcast_to(judgement.is_of_file, judgement.place.shape)[sifted.chosen]
    for row in np.flatnonzero(of_file).tolist():
        columns["sheet"][row] = columns["cell"][row] = NOT_APPLICABLE
        columns["item"][row], columns["year"][row] = "_file", None
    if judgement.item is not None and judgement.year is not None:
        columns["item"] = [judgement.item[row] for row in sifted.chosen]
        columns["year"] = judgement.year[sifted.chosen].tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _severities(sifted: _Sifted) -> list[str]:
    """The rule's; a note where the difference is small, and never an error where nothing is proved."""
    severity = np.full(len(sifted.chosen), sifted.rule.severity, dtype=object)
    if sifted.rule.severity == "error":
        severity[sifted.is_undecided] = "query"
    if sifted.judgement.is_near is not None:
        severity[sifted.judgement.is_near[sifted.chosen] & ~sifted.is_undecided] = "note"
    return list(severity)


def _fields(wide: Round, sifted: _Sifted, definition: Questionnaire) -> list[dict[str, str]]:
    """What the message of each finding may show, as texts in the language of a definition."""
    judgement, chosen = sifted.judgement, sifted.chosen
    own: dict[str, Any] = {
        name: tuple(part[chosen] for part in values)
        if isinstance(values, tuple)
        else [values[row] for row in chosen]
        for name, values in judgement.fields.items()
    }
    own.setdefault("value", wide.frame["raw"].iloc[sifted.place].astype(object).tolist())
    fields = {**own, "cells": _others(wide, sifted)}
    return messages.rows(fields, len(chosen), definition.text)


def _others(wide: Round, sifted: _Sifted) -> list[str]:
    """The other cells that each finding rests on."""
    if sifted.judgement.others is None:
        return [""] * len(sifted.chosen)
    others, at = sifted.judgement.others[sifted.chosen], sifted.place
    rows = np.unique(np.concatenate([at, others.ravel()]))
    rows = rows[rows >= 0]
    named = [_codes(wide, name, rows) for name in _PLACE]
    places = dict(zip(rows.tolist(), zip(*named, strict=True), strict=True))
    return [
        messages.cells(places[own], [places[other] for other in beside if other >= 0])
        for own, beside in zip(at.tolist(), others.tolist(), strict=True)
    ]


def _codes(wide: Round, name: str, rows: NDArray[np.int64]) -> list[str]:
    """What a key column says at some rows; taking them from a whole frame costs more."""
    column = wide.frame[name].array
    listed: list[str] = column.categories.to_numpy(dtype=object)[column.codes[rows]].tolist()
    return listed


def _label(definition: Questionnaire, item: str) -> str:
    if item in definition:
        return definition[item].label
    key = f"metadata.{item.split('.')[-1]}" if item.startswith("M.") else item
    return definition.label(key)


def _number(rows: list[dict[str, Any]], definition: Questionnaire) -> None:
    """Give each finding its id: of questionnaire, area, rule, item, year and breakdown.

    So it is the same on the next submission, whatever the file is called then and
    wherever the cell stands. What is about a cell without a name of its own has its
    sheet and cell in the id too; what is
    about a file of an unknown sender, or would have the id of another finding, the file.
    """
    seen: set[str] = set()
    repeats: Counter[str] = Counter()
    breakdowns = {item.item: _breakdown(item.keys) for item in definition}
    for row in rows:
        key = "|".join([definition.id, row["area"], row["rule"], row["item"], str(row["year"] or "")])
        key += "|" + breakdowns.get(row["item"], "")
        if row["item"] not in breakdowns and not row["item"].startswith(_NAMED):
            key += f"|{row['sheet']}|{row['cell']}"
        if row["area"] == UNKNOWN:
            key += f"|{row['return_id']}"
        if (number := _hash(key)) in seen:
            key += "|" + "|".join(row[name] for name in _PLACE)
            repeats[key] += 1
            number = _hash(f"{key}|{repeats[key]}")
        seen.add(number)
        row["finding_id"] = number


def _breakdown(keys: Mapping[str, str]) -> str:
    return ",".join(f"{name}={keys[name]}" for name in BREAKDOWNS if keys[name] != TOTAL)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
