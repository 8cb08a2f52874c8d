"""Findings of the trafficking dataset, beside those that its source has already."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from crimestats.files import read_toml, shipped
from crimestats.frames import FINDINGS, NOT_APPLICABLE, RECOVERABLE
from crimestats.trafficking import checks
from crimestats.trafficking.dataset import left_out
from crimestats.validation import messages

QUESTIONNAIRE = "trafficking"
"""Of which the findings are."""

_AT = ["return_id", "sheet", "cell"]
_UNSAID = (
    "the figures are not told here, since some beside them are hidden. Validate the returns to see them."
)
_FIGURE = r"\S.*?![A-Za-z]+\d+(?= |$)"
"""Ids of figures in a text: they end with a cell, and the names of files and sheets may have blanks."""
_EMPTY = ("previous", "culprit", "fitting")
_ID_KEYS = [name for name in checks.KEY if name not in ("area", "year", "unit")]


def findings_of(
    dataset: DataFrame,
    observations: DataFrame | None = None,
    found: DataFrame | None = None,
    recoverable: DataFrame | None = None,
) -> DataFrame:
    """What is wrong with the dataset, with what its source was found to have.

    Each fault stands once: where the source's own rules say it, theirs stays, unless the dataset
    can say more (`questionnaires/trafficking/rules.toml`: `yields` and `replaces`).

    Args:
        dataset: The figures (`frames.TRAFFICKING`).
        observations: What they were taken from, to tell what was left out.
        found: Findings of the source: of `validate` or of `read_published`.
        recoverable: What `disclosure.attack` found, where the source is public already.

    Returns:
        All findings (`frames.FINDINGS`): those of the source, then those of the dataset, by rule and
        in the order of the file.
    """
    table = _texts(dataset)
    earlier = FINDINGS.empty() if found is None else FINDINGS.cast(found)
    parts = [_judged(table, rule, earlier) for rule in rules().values() if rule["kind"] in checks.CHECKS]
    if observations is not None:
        parts.append(_left_out(observations))
    if recoverable is not None:
        parts.append(recoverable_findings(recoverable, dataset))
    own = FINDINGS.join(*parts)
    return FINDINGS.join(_kept(earlier, own), own)


def recoverable_findings(recoverable: DataFrame, dataset: DataFrame) -> DataFrame:
    """Hidden figures that what is published gives away, as findings.

    Args:
        recoverable: What `disclosure.attack` found (`frames.RECOVERABLE`).
        dataset: The table that was attacked (`frames.TRAFFICKING`).

    Returns:
        One finding each (`frames.FINDINGS`).
    """
    table, rows = _texts(dataset), RECOVERABLE.cast(recoverable)
    is_likely = rows["how"].astype("str").str.contains("likely|contradicted")
    return FINDINGS.join(
        _recoverable(table, rows[~is_likely], _rule("disclosure")),
        _recoverable(table, rows[is_likely], _rule("disclosure_likely")),
    )


def _recoverable(table: DataFrame, rows: DataFrame, rule: Mapping[str, Any]) -> DataFrame:
    place = {figure: row for row, figure in enumerate(table["figure_id"])}
    beside = [[place[each] for each in re.findall(_FIGURE, ids) if each in place] for ids in rows["rests_on"]]
    bounds = zip(rows["found_lower"], rows["found_upper"], strict=True)
    said = [f"{'exactly ' if low == high else ''}{checks.span(low, high)}" for low, high in bounds]
    found = DataFrame({
        "row": [place.get(each, -1) for each in rows["figure_id"]], "others": beside, "expected": said,
    })  # fmt: skip
    found = found[found["row"] >= 0].reset_index(drop=True)
    found["value"] = checks.shown(table.loc[found["row"]]).to_numpy()
    blank = {name: "" for name in checks.FOUND if name not in found}
    return _made(table, rule, found.assign(**blank))


def marked(dataset: DataFrame, findings: DataFrame) -> DataFrame:
    """The dataset with the ids of the findings at each figure's cell in its column `findings`.

    A finding at a cell that is no figure, such as the name of a country, is of all figures of its row.
    """
    placed = findings[findings["cell"] != NOT_APPLICABLE].astype(dict.fromkeys(_AT, "str"))
    cells = dataset[_AT].astype("str")
    at = pd.MultiIndex.from_frame(cells)
    ids = placed.groupby(_AT)["finding_id"].agg(" ".join)
    is_figure = pd.MultiIndex.from_frame(placed[_AT]).isin(at)
    rows = placed[~is_figure].assign(cell=placed["cell"].str.extract(r"(\d+)$", expand=False))
    of_rows = rows.dropna(subset="cell").groupby(_AT)["finding_id"].agg(" ".join)
    row = cells.assign(cell=cells["cell"].str.extract(r"(\d+)$", expand=False).fillna(""))
    own = ids.reindex(at).fillna("").astype("str").to_numpy(object)
    beside = of_rows.reindex(pd.MultiIndex.from_frame(row)).fillna("").astype("str").to_numpy(object)
    joined = [" ".join(filter(None, pair)) for pair in zip(own, beside, strict=True)]
    return dataset.assign(findings=Series(joined, index=dataset.index, dtype="str"))


def without_figures(findings: DataFrame, hidden: DataFrame) -> DataFrame:
    """The findings without the figures that they quote, to stand beside a dataset of which some are hidden.

    A text that says what a total is and what its parts add to gives away what was hidden, and so does
    one that compares a year with the one before. Which rule found something, where and of what kind
    stays; the whole text is for those who have the returns.

    Args:
        findings: `frames.FINDINGS`.
        hidden: What was hidden (`frames.HIDDEN`): findings of these areas lose their numbers.
    """
    names = ["value", "expected", "previous", "others", "culprit", "fitting"]
    is_about = findings["year"].notna()  # of a figure; what is about a file or an answer has no year
    is_about &= findings["area"].astype("str").isin(set(hidden["area"].astype("str")))
    is_about &= (
        findings[["question", "value", "expected", "previous"]].agg(" ".join, axis=1).str.contains(r"\d")
    )
    place = [messages.place(*each) for each in findings[_AT].astype("str").to_numpy().tolist()]
    years = findings["year"].astype("object").where(findings["year"].notna(), "").astype("str")
    keys = zip(findings["rule"], place, findings["area"], years, strict=True)
    said = [messages.message(rule, where, area, year, _UNSAID) for rule, where, area, year in keys]
    return FINDINGS.cast(findings.assign(
        **{name: findings[name].mask(is_about, "") for name in names},
        message=findings["message"].mask(is_about, Series(said, index=findings.index, dtype="str")),
        question=findings["question"].mask(is_about, _UNSAID[:1].upper() + _UNSAID[1:]),
    ))  # fmt: skip


@cache
def rules() -> dict[str, dict[str, Any]]:
    """The rules, by id."""
    records = read_toml(shipped("questionnaires", "trafficking", "rules.toml"))["rule"]
    return {record["id"]: record for record in records}


def _rule(kind: str) -> dict[str, Any]:
    return next(rule for rule in rules().values() if rule["kind"] == kind)


def _texts(dataset: DataFrame) -> DataFrame:
    keys = [name for name in dataset.columns if isinstance(dataset[name].dtype, pd.CategoricalDtype)]
    return dataset.astype(dict.fromkeys(keys, "str")).reset_index(drop=True)


def _judged(table: DataFrame, rule: Mapping[str, Any], earlier: DataFrame) -> DataFrame:
    """What a check finds, but for what is said already at the figure, or at those beside it."""
    found = checks.CHECKS[rule["kind"]](table)
    is_before = earlier["kind"].isin(rule["yields"]) | earlier["rule"].isin(rule["yields"])
    said = set(_places(earlier[is_before]))
    places = _places(table).to_numpy()
    beside: Iterable[list[int]] = found["others"] if rule["at"] == "any" else [[]] * len(found)
    is_said = [
        any(places[each] in said for each in (row, *others))
        for row, others in zip(found["row"], beside, strict=True)
    ]
    return _made(table, rule, found[[not each for each in is_said]].reset_index(drop=True))


def _kept(earlier: DataFrame, own: DataFrame) -> DataFrame:
    """Findings of the source without those that the dataset's take the place of."""
    is_said = Series(False, index=earlier.index)
    for rule in rules().values():
        mine = own[own["rule"] == rule["id"]]
        is_said |= earlier["rule"].isin(rule["replaces"]) & (
            _places(earlier).isin(_places(mine)) if rule["kind"].startswith("disclosure") else
            earlier["value"].isin(mine["value"])
        )  # fmt: skip
    return earlier[~is_said]


def _places(found: DataFrame) -> Series:
    return (
        found["return_id"].astype("str")
        + "!"
        + found["sheet"].astype("str")
        + "!"
        + found["cell"].astype("str")
    )


def _made(table: DataFrame, rule: Mapping[str, Any], found: DataFrame) -> DataFrame:
    """What a check found, as findings."""
    if found.empty:
        return FINDINGS.empty()
    at = table.loc[found["row"].astype("int64")].reset_index(drop=True)
    cells = _beside(table, at, found["others"])
    fields = found.drop(columns=["row", "others"]).assign(cells=cells).to_dict("records")
    texts = [" ".join(str(rule["message"]).format_map(each).split()) for each in fields]
    return _findings(rule, at, texts, found, cells)


def _findings(
    rule: Mapping[str, Any], at: DataFrame, texts: Sequence[str], found: DataFrame, cells: Sequence[str]
) -> DataFrame:
    where = zip(
        at["return_id"], at["sheet"], at["cell"], at["area"], at["year"].astype("str"), texts, strict=True
    )
    said = [
        messages.message(rule["id"], messages.place(file, sheet, cell), area, year, text)
        for file, sheet, cell, area, year, text in where
    ]
    return FINDINGS.cast(DataFrame({
        "finding_id": _ids(rule["id"], at), "questionnaire": QUESTIONNAIRE, "rule": rule["id"],
        "kind": rule["kind"], "severity": rule["severity"], "verdict": "fail",
        "return_id": at["return_id"], "area": at["area"], "year": at["year"].astype("Int16"),
        "sheet": at["sheet"], "cell": at["cell"], "item": at["measure"] + "." + at["iccs"],
        "value": found["value"].to_numpy(), "expected": found["expected"].to_numpy(), "others": cells,
        "message": said, "question": [text[:1].upper() + text[1:] for text in texts], "state": "open",
        **dict.fromkeys(_EMPTY, ""),
    }))  # fmt: skip


def _ids(rule: str, at: DataFrame) -> list[str]:
    """The same for the same figure and rule, whatever the file is called; of several, by the cell too."""
    rows = at[["area", "year", *_ID_KEYS]].astype("str").to_numpy(dtype=object).tolist()
    parts = Series(["|".join([*row, rule]) for row in rows], index=at.index, dtype="str")
    count = parts.groupby(parts).cumcount()
    parts = parts.mask(count > 0, parts + "|" + at["sheet"] + "|" + at["cell"] + "|" + count.astype("str"))
    return [hashlib.sha256(text.encode()).hexdigest()[:16] for text in parts]


def _beside(table: DataFrame, at: DataFrame, others: "Series[Any]") -> list[str]:
    """The other cells of each finding, as a reader of its own sheet would name them."""
    places = table[_AT].to_numpy(dtype=object).tolist()
    own = at[_AT].to_numpy(dtype=object).tolist()
    return [
        messages.cells(tuple(here), [tuple(places[row]) for row in rows])
        for here, rows in zip(own, others, strict=True)
    ]


def _left_out(observations: DataFrame) -> DataFrame:
    """One finding on all figures that the dataset has no place for, at the file."""
    gone, rule = left_out(observations), _rule("left_out")
    if gone.empty or observations.empty:
        return FINDINGS.empty()
    kinds = gone["reason"].str.replace("_", " ") + " (" + gone["measure"] + " " + gone["code"] + ")"
    said = ", ".join(f"{count:,} {kind}" for count, kind in zip(gone["figures"], kinds, strict=True))
    text = str(rule["message"]).format(count=f"{gone['figures'].sum():,}", said=said)
    file = str(observations["return_id"].iloc[0])
    message = messages.message(rule["id"], file, "", "", text)
    number = hashlib.sha256(f"{rule['id']}|{said}".encode()).hexdigest()[:16]
    return FINDINGS.cast(DataFrame([{
        **dict.fromkeys(FINDINGS.columns, ""), "finding_id": number, "questionnaire": QUESTIONNAIRE,
        "rule": rule["id"], "kind": rule["kind"], "severity": rule["severity"], "verdict": "fail",
        "return_id": file, "area": "_U", "year": pd.NA, "sheet": NOT_APPLICABLE, "cell": NOT_APPLICABLE,
        "item": "_file", "message": message, "question": text[:1].upper() + text[1:], "state": "open",
    }]).astype({"year": "Int16"}))  # fmt: skip
