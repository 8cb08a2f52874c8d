"""Kinds that judge the header and the metadata sheet."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from crimestats.questionnaire.kinds.cells import near
from crimestats.questionnaire.kinds.registry import Texts, kind
from crimestats.questionnaire.kinds.round import Judgement, Round


@kind()
def header(wide: Round, items: Sequence[str], *, name: str) -> Judgement:
    """A return whose first sheet could be read fills in a cell of it.

    Args:
        wide: The round.
        items: Not read.
        name: The cell (`agency`).
    """
    own = wide.frame.loc[wide.rows("item", lambda item: item.startswith("H.")), ["return_id", "item"]]
    headed = own["return_id"].astype(str).unique()
    cells = np.flatnonzero(wide.rows("item", lambda item: item == f"H.{name}"))
    asked = wide.frame[["return_id", "raw"]].iloc[cells].astype({"return_id": str})
    filled = asked.loc[asked["raw"].str.strip() != "", "return_id"].unique()
    place = wide.file_rows.to_dict() | dict(zip(asked["return_id"], cells, strict=True))
    rows = [place[each] for each in headed if each not in set(filled)]
    return Judgement.at(rows)


@kind()
def answered(wide: Round, items: Sequence[str], *, questions: Texts = ()) -> Judgement:
    """A required metadata question is answered by one of the returns of the reporting unit.

    Args:
        wide: The round.
        items: Not read.
        questions: Ids of questions; all that were asked where none is named.
    """
    said = _answers(wide)
    said = said[said["question"].isin(questions)] if questions else said
    given = said.assign(given=said["raw"] != "").groupby(["unit", "item"])["given"].transform("any")
    return Judgement.at(said.loc[~given.astype(bool) & ~said.duplicated(["unit", "item"]), "row"])


@kind("expected", "near")
def choices(wide: Round, items: Sequence[str]) -> Judgement:
    """An answer is one of the question's choices; a year has four digits; a date holds a day."""
    said = _answers(wide)
    said = said[said["raw"] != ""].merge(wide.definition.metadata, on=["module", "question"])
    asked = zip(said["raw"], said["type"], said["choices"], strict=True)
    wrong = said[np.array([not _fits(text, form, allowed) for text, form, allowed in asked], dtype=bool)]
    texts, allowed = list(wrong["raw"]), [choices.split("|") for choices in wrong["choices"]]
    return Judgement.at(
        wrong["row"],
        value=texts,
        expected=[", ".join(each) for each in allowed],
        near=[near(text, each) for text, each in zip(texts, allowed, strict=True)],
    )


@kind()
def answer(wide: Round, items: Sequence[str], *, question: str, pattern: str = "") -> Judgement:
    """An answer, where one is given, reads as expected.

    Args:
        wide: The round.
        items: Not read.
        question: Its id (`stock_date`).
        pattern: Regular expression of the whole answer, in any case of letters; empty where any
            answer is worth a finding.
    """
    said = wide.answers(question)
    wrong = np.array([re.fullmatch(pattern, text, re.IGNORECASE) is None for text in said["raw"]], dtype=bool)
    return Judgement.at(said.loc[wrong, "row"], value=list(said.loc[wrong, "raw"]))


def _answers(wide: Round) -> DataFrame:
    rows = np.flatnonzero(wide.rows("item", lambda item: item.startswith("M.") and item.count(".") == 2))
    item = wide.frame["item"].iloc[rows].astype(str)
    split = item.str.split(".", expand=True).reindex(columns=range(3))
    return DataFrame({
        "row": rows, "unit": wide.unit[rows], "item": item.to_numpy(), "module": split[1].to_numpy(),
        "question": split[2].to_numpy(), "raw": wide.frame["raw"].iloc[rows].str.strip().to_numpy(),
    })  # fmt: skip


def _fits(text: str, form: str, allowed: str) -> bool:
    if form == "choice":
        return text.casefold() in allowed.casefold().split("|")
    if form == "year":
        return re.search(r"(?<!\d)(19|20)\d\d(?!\d)", unicodedata.normalize("NFKC", text)) is not None
    return form != "date" or re.search(r"\d", text) is not None
