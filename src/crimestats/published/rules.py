"""The rules of published files: data in `questionnaires/published/rules.toml`, judged all at once."""

import inspect
import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from pandas import DataFrame, Series

from crimestats.errors import DefinitionError
from crimestats.files import read_toml, shipped
from crimestats.frames import FINDINGS
from crimestats.published import kinds, recovering
from crimestats.published.release import Release
from crimestats.questionnaire import Rule
from crimestats.questionnaire.kinds import KINDS, Judgement, check_parameters, items_named
from crimestats.questionnaire.kinds import judge as judge_cells
from crimestats.validation.findings import findings

_FIELDS = ("id", "kind", "severity", "message", "why")
_COMMON = ("check", "unless", "undecided")

OWN = {**kinds.KINDS, **recovering.KINDS}

MISDATED, IMPOSSIBLE, UNREADABLE = ("year_outside",), ("negative", "share_above"), ("own_cell_id",)
"""Kinds whose failures take the value away, as they do in a return."""


@cache
def load() -> tuple[Rule, ...]:
    """The rules, checked.

    Raises:
        DefinitionError: A rule names a kind or a parameter that there is not.
    """
    path = shipped("questionnaires", "published", "rules.toml")
    rules = []
    for record in read_toml(path)["rule"]:
        own = {name: value for name, value in record.items() if name not in (*_FIELDS, "items")}
        rule = Rule(**{name: record[name] for name in _FIELDS}, items=tuple(record.get("items", ())),
                    parameters=own, place=f"{path}, {record['id']}")  # fmt: skip
        _check(rule)
        rules.append(rule)
    return tuple(rules)


def _check(rule: Rule) -> None:
    if rule.kind not in OWN:
        check_parameters(rule)
        return
    known = {*inspect.signature(OWN[rule.kind]).parameters, *_COMMON}
    for name in set(rule.parameters) - known:
        raise DefinitionError(f"{rule.place}, {name}", f"is no parameter of `{rule.kind}`.", "Leave it out.")


def series_named(rules: Iterable[Rule]) -> set[str]:
    """Every series that a rule names."""
    named: set[str] = set()
    for rule in rules:
        if rule.kind in KINDS and rule.kind not in OWN:
            named |= set(items_named(rule))
        else:
            named |= set(rule.items) | _in_equations(rule)
    return named


def _in_equations(rule: Rule) -> set[str]:
    return {series for equation in rule.parameters.get("equations", ()) for series in equation}


def said(release: Release, rule: Rule) -> Judgement:
    """What a rule says of a published file."""
    if rule.kind not in OWN:
        return judge_cells(release, rule)
    own = {name: value for name, value in rule.parameters.items() if name not in _COMMON}
    return OWN[rule.kind](release, rule.items, **own)


def judge(release: Release) -> DataFrame:
    """The findings of a published file (`frames.FINDINGS`)."""
    judgements = {rule.id: said(release, rule) for rule in release.definition.rules}
    failing: dict[str, Any] = {name: judgement.failing for name, judgement in judgements.items()}
    return findings(release, judgements, failing)


def unusable(release: Release) -> DataFrame:
    """Rows whose value is not taken, by reason: columns misdated, impossible, unreadable."""
    columns = {"misdated": MISDATED, "impossible": IMPOSSIBLE, "unreadable": UNREADABLE}
    taken = DataFrame(False, index=release.table.index, columns=list(columns))
    for name, own in columns.items():
        for rule in (each for each in release.definition.rules if each.kind in own):
            rows = said(release, rule).place
            taken[name] |= Series(np.isin(np.arange(len(taken)), rows), index=taken.index)
    return taken


def to_json(found: DataFrame) -> str:
    """Findings as a list of objects, for a machine to read; a year that there is none of is null."""
    years = [None if year != year else int(year) for year in found["year"].astype("float64").tolist()]
    columns = {name: found[name].astype(str).tolist() for name in FINDINGS.columns} | {"year": years}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return json.dumps(rows, ensure_ascii=False, indent=1)
