"""The likely culprits of a round, and the findings that name them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, concat

from crimestats.questionnaire import Rule
from crimestats.questionnaire.kinds import Judgement, Round
from crimestats.validation import messages
from crimestats.validation.localising.edits import Edits, read
from crimestats.validation.localising.evidence import Evidence, preferred
from crimestats.validation.localising.sets import Search, sets
from crimestats.validation.localising.single import Failures, components, single

COLUMNS = {
    "component": "int64", "place": "int64", "lower": "float64", "upper": "float64", "rules": "str",
    "size": "int64", "alternatives": "int64", "outcome": "str",
}  # fmt: skip
"""What `localise` gives."""

BESIDE = ("change", "consistent", "repeat")
"""Kinds whose finding at a named cell is explained by it, though they are no sums."""

_SPOT = ["return_id", "sheet", "cell"]


_CHANGE = {
    "component": "int64", "alternative": "int64", "row": "int64", "column": "int64", "lower": "float64",
    "upper": "float64",
}  # fmt: skip

_Spot = tuple[str, str, str]
_Named = tuple[_Spot, str]


class _Located(NamedTuple):
    """Where the faults are.

    Attributes:
        edits: The linear rules.
        failures: Those that fail.
        chosen: The changes named: component, row, column, lower, upper, place.
        counted: For each component that is solved, size and alternatives.
        outcomes: For each of the others why it is not.
    """

    edits: Edits
    failures: Failures
    chosen: DataFrame
    counted: DataFrame
    outcomes: dict[int, str]


def localise(
    wide: Round,
    rules: Sequence[Rule],
    judgements: Mapping[str, Judgement],
    search: Search | None = None,
    evidence: Evidence | None = None,
) -> DataFrame:
    """Name the fewest figures whose change would satisfy all rules that fail together.

    Failing rules of one reporting unit and year that share figures make a component. All
    linear rules about its figures count, those that hold as well, so that no change breaks
    another; ranges ("<5") may be any value in them, and what is missing any number from
    nought up, at no cost. Where several changes are equally small, one is named only if the
    other years or its digits speak for it. Source: Fellegi and Holt 1976, A Systematic
    Approach to Automatic Edit and Imputation, Journal of the American Statistical
    Association 71.

    Args:
        wide: The round.
        rules: Its rules; those of the kinds parts, at_most, order and within are read, unless
            they are but notes.
        judgements: What they say of it.
        search: How long sets of more than one figure are sought.
        evidence: When one of several changes is preferred.

    Returns:
        One row for each figure named, and one for each component in which none is (place -1).
        Columns: component, its number; place, the row of `wide.frame`; lower and upper, the values
        that fit; rules, the failing rules of the component that it stands in; size, how many
        figures have to change, 0 where that is not known; alternatives, the number of equally
        small changes (up to the limit of the search); outcome: `named`, `several` (equally small,
        nothing speaks for one), `none` (no small change satisfies the rules), `limit` (the search
        was given up) or `not_asked` (more components than the search was asked for).
    """
    located = _locate(wide, rules, judgements, search or Search(), evidence or Evidence())
    if located is None:
        return DataFrame({name: [] for name in COLUMNS}).astype(COLUMNS)
    return _table(located)


def name_culprits(
    findings: DataFrame, wide: Round, rules: Sequence[Rule], judgements: Mapping[str, Judgement]
) -> DataFrame:
    """Fill in the likely culprit and the value that would fit.

    Findings of the rules that fail together name the figures that they rest on; a finding of an
    unusual change or rate at such a figure names it too.

    Args:
        findings: What `findings` made of the judgements (`frames.FINDINGS`).
        wide: The round.
        rules: Its rules.
        judgements: What they say of it.

    Returns:
        The findings with `culprit` (as `'Violent'!D29`) and `fitting` (as `403` or `403 to 405`).
    """
    located = _locate(wide, rules, judgements, Search(), Evidence())
    if located is None or located.chosen.empty:
        return findings
    said, beside = _said(wide, located)
    keys = zip(*(findings[name].astype(str) for name in ("rule", *_SPOT, "kind", "verdict")), strict=True)
    texts = [
        _text(
            (source, sheet, cell),
            said.get((rule, (source, sheet, cell)), []),
            beside if kind in BESIDE else {},
        )
        if verdict == "fail"
        else ("", "")
        for rule, source, sheet, cell, kind, verdict in keys
    ]
    culprit, fitting = ([text[part] for text in texts] for part in (0, 1))
    return findings.assign(
        culprit=Series(culprit, index=findings.index, dtype=findings["culprit"].dtype),
        fitting=Series(fitting, index=findings.index, dtype=findings["fitting"].dtype),
    )


def _locate(
    wide: Round,
    rules: Sequence[Rule],
    judgements: Mapping[str, Judgement],
    search: Search,
    evidence: Evidence,
) -> _Located | None:
    edits = read(wide, rules, judgements)
    if edits is None or not edits.fails.any():
        return None
    failures = components(edits)
    alone = single(edits, failures)
    left = np.setdiff1d(np.arange(failures.number), alone["component"])
    together, outcomes, joined = sets(edits, failures, left, search)
    alone = alone[~alone["component"].isin(list(joined))]
    failures = failures.joined(joined)
    changes = concat([alone, together], ignore_index=True).astype(_CHANGE)
    choice = preferred(wide, edits, changes, evidence)
    counted = changes.groupby("component").agg(
        alternatives=("alternative", "nunique"), figures=("alternative", "size")
    )
    counted["size"] = counted.pop("figures") // counted["alternatives"]
    chosen = changes[changes["alternative"] == changes["component"].map(choice)].drop(columns="alternative")
    chosen = chosen.assign(place=edits.place[chosen["row"], chosen["column"]])
    return _Located(edits, failures, chosen, counted, outcomes)


def _table(located: _Located) -> DataFrame:
    """What `localise` gives."""
    edits, failures, chosen, counted, outcomes = located
    ids = np.array(edits.rules, dtype=object)
    failing = DataFrame({"component": failures.component, "edit": failures.edit, "rule": ids[failures.edit]})
    joined = chosen.merge(failing, on="component")
    joined = joined[edits.weight(joined["edit"].to_numpy(), joined["column"].to_numpy()) != 0]
    by_place = joined.groupby("place")["rule"].agg(lambda rules: " ".join(dict.fromkeys(rules))).to_dict()
    unnamed = np.setdiff1d(failures.component, chosen["component"])
    rows = DataFrame({"component": unnamed, "place": -1, "lower": np.nan, "upper": np.nan})
    table = concat([chosen[list(rows.columns)], rows], ignore_index=True)
    table["rules"] = [by_place.get(place, "") for place in table["place"].tolist()]
    for name in ("size", "alternatives"):
        table[name] = table["component"].map(counted[name]).fillna(0)
    table["outcome"] = [
        "named" if place >= 0 else outcomes.get(component, "several")
        for place, component in zip(table["place"].tolist(), table["component"].tolist(), strict=True)
    ]
    return table.astype(COLUMNS).sort_values(["component", "place"], ignore_index=True)


def _said(
    wide: Round, located: _Located
) -> tuple[dict[tuple[str, _Spot], list[_Named]], dict[_Spot, _Named]]:
    """The named figures that each failing rule rests on, by rule and place; and by their own place."""
    edits, failures, chosen, *_ = located
    own = edits.own[failures.row, failures.edit]
    failing = DataFrame({"component": failures.component, "edit": failures.edit, "own": own})
    joined = chosen.merge(failing, on="component")
    joined = joined[edits.weight(joined["edit"].to_numpy(), joined["column"].to_numpy()) != 0]
    spots = _spots(wide, np.unique(np.concatenate([joined["own"], chosen["place"]])))
    said: dict[tuple[str, _Spot], list[_Named]] = {}
    for edit, place, *rest in joined[["edit", "own", "place", "lower", "upper"]].itertuples(index=False):
        named = _named(spots, *rest)
        said.setdefault((edits.rules[edit], spots[place]), []).append(named)
    beside = [_named(spots, *row) for row in chosen[["place", "lower", "upper"]].itertuples(index=False)]
    return said, {named[0]: named for named in beside}


def _named(spots: Mapping[int, _Spot], place: int, lower: float, upper: float) -> _Named:
    return spots[place], messages.shown((lower, upper))


def _text(own: _Spot, named: Sequence[_Named], beside: Mapping[_Spot, _Named]) -> tuple[str, str]:
    """Culprit and fitting value of a finding; a place in another file is named with the file."""
    named = named or ([beside[own]] if own in beside else [])
    places = [
        messages.place(*spot) if spot[0] == own[0] else f"{spot[0]} {messages.place(*spot)}"
        for spot, _ in named
    ]
    return ", ".join(places), ", ".join(fitting for _, fitting in named)


def _spots(wide: Round, rows: NDArray[np.intp]) -> dict[int, _Spot]:
    """File, sheet and cell of some rows."""
    columns = []
    for name in _SPOT:
        column = wide.frame[name].array
        columns.append(column.categories.to_numpy(dtype=object)[column.codes[rows]].tolist())
    return dict(zip(rows.tolist(), zip(*columns, strict=True), strict=True))
