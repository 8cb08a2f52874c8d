"""The validation report as a page: what was found, by severity, return and rule, then area by area."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
from pandas import DataFrame, Series

from crimestats import frames
from crimestats.questionnaire.definition import SEVERITIES
from crimestats.report import names, page

if TYPE_CHECKING:
    from crimestats.questionnaire import Questionnaire

UNDECIDED = "undecided"
FAULT_OF_FILE = "_fault."
_MARKS = (*SEVERITIES, UNDECIDED)
_TEXTS = [name for name, kind in frames.FINDINGS.columns.items() if kind == "key"]
_ORDER = ["name", "return_id", "rank", "sheet", "line", "column", "year", "rule", "finding_id"]


class Report(Protocol):
    """What `validation.validate` returns."""

    @property
    def data(self) -> DataFrame:
        """`frames.FINDINGS`."""

    @property
    def returns(self) -> DataFrame:
        """`frames.RETURNS`."""

    @property
    def definition(self) -> "Questionnaire":
        """The questionnaire."""


def render(report: Report, path: str | Path) -> Path:
    """Write the validation report of a round as a page that opens offline.

    Returns:
        The path.

    Raises:
        FileError: The path cannot be written.
    """
    return page.write(findings_page(report.data, report.returns, report.definition), path)


def findings_page(
    findings: DataFrame,
    returns: DataFrame | None = None,
    definition: "Questionnaire | None" = None,
    *,
    back: str = "",
    scores: Sequence[Mapping[str, Any]] = (),
    title: str = "Validation report",
) -> str:
    """The validation report as HTML.

    Args:
        findings: What the rules found (`frames.FINDINGS`).
        returns: The files that were read (`frames.RETURNS`); those of the findings where not given.
        definition: The questionnaire, for the labels of items and the reasons of rules.
        back: Where the page of the round lies, if this is the page of one reporting unit.
        scores: The components of its assessment, for the same.
        title: What stands above.
    """
    import crimestats

    rows = _rows(findings, definition)
    files = _files(returns, findings)
    faults = rows.loc[rows["item"].str.startswith(FAULT_OF_FILE)]
    return page.fill(
        "findings",
        title=title,
        back=back,
        scores=scores,
        questionnaire=definition.label("title") if definition else "",
        marks=[(mark, _label(mark), int((rows["mark"] == mark).sum())) for mark in _MARKS],
        n_files=len(files),
        faults=_records(faults),
        returns=_by_return(files, rows),
        rules=_by_rule(rows, definition),
        areas=_by_area(files, rows),
        version=crimestats.__version__,
    )


def _label(mark: str) -> str:
    return names.code_labels("verdict" if mark == UNDECIDED else "severity").get(mark, mark)


def _rows(findings: DataFrame, definition: "Questionnaire | None") -> DataFrame:
    """The findings as they are listed: area, then severity, then place, with labels."""
    rows = frames.FINDINGS.cast(findings).astype(dict.fromkeys(_TEXTS, "str"))
    mark = rows["severity"].where(rows["verdict"] == "fail", UNDECIDED)
    cell = rows["cell"].str.extract(r"^([A-Z]*)(\d*)$").fillna("")
    rows = rows.assign(
        mark=mark,
        rank=mark.map({name: rank for rank, name in enumerate(_MARKS)}),
        line=cell[1].str.zfill(9),
        column=cell[0].str.rjust(3),
        name=names.named(rows["area"]),
        place=(rows["sheet"] + "!" + rows["cell"]).where(rows["sheet"] != frames.NOT_APPLICABLE, ""),
        label=_labels(rows["item"], definition),
        says=_without_place(rows),
        state=rows["state"].map(names.code_labels("state")).fillna(rows["state"]),
        when=[str(year) if year > 0 else "" for year in rows["year"].fillna(0)],
    )
    return rows.sort_values(_ORDER, ignore_index=True)


def _without_place(rows: DataFrame) -> list[str]:
    """Messages without the rule and place that they begin with: both have columns of their own."""
    pairs = zip(rows["rule"], rows["message"], strict=True)
    parted = (
        (message, message.partition("): ")[2], message.startswith(f"{rule} at ")) for rule, message in pairs
    )
    return [says if begins and says else message for message, says, begins in parted]


def _labels(items: "Series[str]", definition: "Questionnaire | None") -> "Series[str]":
    """Number and label of an item; the id where the questionnaire does not have it."""
    if definition is None:
        return items
    known = dict(
        zip(definition.data["item"], definition.data["number"] + "  " + definition.data["label"], strict=True)
    )
    asked = {
        f"M.{module}.{question}": definition.label(f"metadata.{question}")
        for module, question in zip(
            definition.metadata["module"], definition.metadata["question"], strict=True
        )
    }
    return items.map({**known, **asked}).fillna(items.where(items != frames.NOT_APPLICABLE, ""))


def _files(returns: DataFrame | None, findings: DataFrame) -> DataFrame:
    if returns is None:
        known = findings[["return_id", "area"]].astype("str").drop_duplicates("return_id")
        returns = known.assign(agency="")
    table = returns[["return_id", "area", "agency"]].astype("str")
    return table.assign(name=names.named(table["area"]), anchor=table["area"].map(names.anchor)).sort_values(
        ["name", "return_id"]
    )


def _counts(rows: DataFrame, by: str) -> dict[str, dict[str, int]]:
    """How many findings of each mark there are, by the codes of a column."""
    crossed = pd.crosstab(rows[by], rows["mark"]).reindex(columns=list(_MARKS), fill_value=0)
    return {
        str(code): {mark: int(row[mark]) for mark in _MARKS} for code, row in crossed.to_dict("index").items()
    }


def _records(rows: DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _by_return(files: DataFrame, rows: DataFrame) -> list[dict[str, Any]]:
    counts, nothing = _counts(rows, "return_id"), dict.fromkeys(_MARKS, 0)
    unread = set(
        rows.loc[rows["item"].str.startswith(FAULT_OF_FILE) & (rows["mark"] == "error"), "return_id"]
    )
    return [
        {**file, "counts": counts.get(file["return_id"], nothing), "is_unread": file["return_id"] in unread}
        for file in _records(files)
    ]


def _by_rule(rows: DataFrame, definition: "Questionnaire | None") -> list[dict[str, Any]]:
    """Each rule that found something, the worst and the most frequent first."""
    reasons = {rule.id: rule.why for rule in definition.rules} if definition else {}
    counts = _counts(rows, "rule")
    rules = rows.groupby("rule", as_index=False).agg(
        kind=("kind", "first"), severity=("severity", "first"), returns=("return_id", "nunique")
    )
    told = [
        {**rule, "counts": counts[rule["rule"]], "why": reasons.get(rule["rule"], "")}
        for rule in _records(rules)
    ]
    for rule in told:
        rule["fails"] = sum(rule["counts"][severity] for severity in SEVERITIES)
    return sorted(told, key=lambda rule: (_MARKS.index(rule["severity"]), -rule["fails"], rule["rule"]))


def _by_area(files: DataFrame, rows: DataFrame) -> list[dict[str, Any]]:
    """Areas in the order of their names, each with its files and their findings."""
    groups = {str(key): _records(group) for key, group in rows.groupby("return_id", sort=False)}
    areas: dict[str, dict[str, Any]] = {}
    for file in _records(files):
        area = areas.setdefault(file["area"], {**file, "returns": []})
        area["returns"].append({**file, "findings": groups.get(file["return_id"], [])})
    return list(areas.values())


__all__: Sequence[str] = ["Report", "findings_page", "render"]
