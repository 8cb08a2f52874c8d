"""Which findings were corrected: what was not sent, not read, not judged or is as it was corrects nothing."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from crimestats.frames import NOT_APPLICABLE, UNKNOWN
from crimestats.questionnaire import Questionnaire
from crimestats.store.basis import cells_of

_YEARS = (1900, 2100)  # outside of them a year is the fault itself, and no later return has it
_ABOUT = r"_|H\."  # items that are about one file
_TEXT = r"M\.|L\."  # items that are texts: emptying one is a change, emptying a figure withdraws nothing
_NEEDS = {
    "revised": "previous", "withdrawn": "previous", "changed_answer": "previous_metadata",
    "compared": "sources",
}  # fmt: skip
"""Kinds that say nothing where the round was not given what they compare with."""
_MAY_NEED = {"swapped": "previous"}
_KEYS = ["questionnaire", "area", "item", "year"]


def corrected(
    gone: DataFrame,
    found: DataFrame,
    said: DataFrame,
    files: DataFrame,
    definition: Questionnaire | None = None,
    given: Collection[str] = (),
) -> "Series[bool]":
    """Whether a newer return shows that a finding no longer holds.

    Its rule must have run, with all that it compares with, and without another finding that says
    the same. A finding about figures asks that all cells it rests on are filled again (or declared
    missing), one of them with something else; one about a file that the file, or one in its place, was
    sent anew. In doubt it stays as it is.

    Args:
        gone: Findings that are not found any longer, with their `basis`.
        found: Those that are found, with their `basis`.
        said: What `basis.said_in` says of the round.
        files: What `basis.parts` says of it.
        definition: The questionnaire: its rules are those that ran.
        given: What the round was compared with (`previous`, `sources`, `previous_metadata`).
    """
    gone = gone[gone["basis"] != ""]
    gone = gone[_has_run(gone, definition, given)]
    rested = _with_place(gone)
    hidden = _hidden(rested, gone, found, definition)
    gone = gone[~gone["finding_id"].isin(hidden)]
    is_text = gone["item"].str.match(_TEXT).astype("bool")
    of_year = gone["year"].between(*_YEARS).fillna(False).astype("bool")
    of_cells = (of_year | is_text) & ~gone["item"].str.match(_ABOUT).astype("bool")
    is_whole = Series([json.loads(text)["whole"] for text in gone["basis"]], index=gone.index, dtype="bool")
    changed = gone["finding_id"].isin(_changed(rested, said)) & is_whole & _is_newer(gone, files)
    replaced = gone["finding_id"].isin(_replaced(gone[~of_cells], said, files))
    return changed.where(of_cells, replaced).astype("bool")


def _is_newer(gone: DataFrame, files: DataFrame) -> "Series[bool]":
    """Whether something was sent since the finding was last found."""
    latest = files.groupby(["questionnaire", "area"])["first_seen"].max().rename("latest")
    joined = gone[["questionnaire", "area", "last_seen"]].join(latest, on=["questionnaire", "area"])
    return joined["latest"].astype("str").fillna("") > joined["last_seen"]


def _has_run(gone: DataFrame, definition: Questionnaire | None, given: Collection[str]) -> "Series[bool]":
    """Whether the rule is among those that ran, and what it compares with was there."""
    if definition is None:
        return Series(True, index=gone.index)
    kinds = {rule.id: rule.kind for rule in definition.rules}

    def has_run(rule: str, basis: str) -> bool:
        kind = kinds.get(rule)
        needed = {_NEEDS[kind]} if kind in _NEEDS else {_MAY_NEED.get(kind or "")}
        if kind not in _NEEDS:
            needed &= set(json.loads(basis)["given"])
        return kind is not None and needed <= set(given)

    ran = [has_run(rule, basis) for rule, basis in zip(gone["rule"], gone["basis"], strict=True)]
    return Series(ran, index=gone.index, dtype="bool")


def _with_place(table: DataFrame) -> DataFrame:
    """The cells that findings rest on, with questionnaire and area."""
    whose = table.set_index("finding_id")
    return cells_of(whose["basis"]).join(whose[["questionnaire", "area", "rule"]], on="finding_id")


def _hidden(
    rested: DataFrame, gone: DataFrame, found: DataFrame, definition: Questionnaire | None
) -> set[str]:
    """Findings in whose place another one may stand: of a rule that takes over what theirs would say."""
    if definition is None or gone.empty or found.empty:
        return set()
    rules = {rule.id: rule for rule in definition.rules}
    takers = {name: _takers(name, rules) for name in set(gone["rule"])}
    pairs = rested.assign(taker=rested["rule"].map(takers)).explode("taker")
    pairs = pairs[(pairs["role"] != "beside") & pairs["taker"].notna()]
    taken = _with_place(found[found["area"].isin(set(gone["area"]))])
    taken = taken.loc[taken["role"] != "beside", ["rule", *_KEYS]].drop_duplicates()
    there = pd.MultiIndex.from_frame(taken)
    own = pd.MultiIndex.from_frame(pairs[["taker", *_KEYS]])
    return set(pairs.loc[own.isin(there), "finding_id"])


def _takers(name: str, rules: Mapping[str, Any]) -> list[str]:
    own = rules[name]
    covers = [rule.id for rule in rules.values() if own.kind in rule.parameters.get("covers", ())]
    return [*covers, *own.parameters.get("unless", ())]


def _changed(rested: DataFrame, said: DataFrame) -> set[str]:
    """Findings all of whose cells are there again, and one of them with something else.

    Where two files gave the same figure, both must give it again: of a file that was not sent
    anew nothing is known.
    """
    if rested.empty:
        return set()
    is_text = said["item"].str.match(_TEXT).astype("bool")
    now = said[(said["said"] != "") | is_text]
    number = now.groupby(_KEYS).size().rename("number")
    rows = rested.join(number, on=_KEYS).fillna({"number": 0})
    mine = rows[rows["role"] != "beside"]
    wanted = mine.groupby(["finding_id", *_KEYS])["item"].transform("size")
    same = pd.MultiIndex.from_frame(rows[[*_KEYS, "said"]]).isin(
        pd.MultiIndex.from_frame(now[[*_KEYS, "said"]])
    )
    rows["is_other"] = ~same & (rows["number"] > 0)
    is_there = mine["number"] >= wanted
    return set(rows.loc[rows["is_other"], "finding_id"]) - set(mine.loc[~is_there, "finding_id"])


def _replaced(gone: DataFrame, said: DataFrame, files: DataFrame) -> set[str]:
    """Findings about a file that was sent anew, under its own name or, being the only one, another.

    A file in its place is of the same area and part; what is about a sheet asks for that sheet.
    """
    about = [json.loads(text) for text in gone["basis"]]
    gone = gone.assign(part=[each["part"] for each in about], is_alone=[each["alone"] for each in about])
    names = ["finding_id", "return_id", "sheet", "item", "last_seen"]
    own = gone[[*names, "questionnaire"]].merge(
        files[["return_id", "questionnaire", "first_seen"]].assign(now=files["return_id"]),
        on=["return_id", "questionnaire"],
    )
    keys = ["questionnaire", "area", "part"]
    known = gone[gone["is_alone"] & (gone["area"] != UNKNOWN)]
    other = known[[*names, *keys]].merge(files.rename(columns={"return_id": "now"}), on=keys)
    pairs = pd.concat([own, other], ignore_index=True)
    pairs = pairs[pairs["first_seen"] > pairs["last_seen"]]
    sheets = pd.MultiIndex.from_frame(said[["return_id", "sheet"]].drop_duplicates())
    there = pd.MultiIndex.from_frame(pairs[["now", "sheet"]]).isin(sheets)
    return set(pairs.loc[there | (pairs["sheet"] == NOT_APPLICABLE), "finding_id"])
