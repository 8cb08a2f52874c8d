"""Kinds that judge the header and the metadata sheet."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from pandas import DataFrame, concat

from crimestats.questionnaire import languages
from crimestats.questionnaire.kinds.cells import near
from crimestats.questionnaire.kinds.registry import Patterns, Texts, kind
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
    """An answer is one of the choices, in any language; a year has four digits; a date holds a day."""
    said = _answers(wide)
    said = said[said["raw"] != ""].merge(wide.definition.metadata, on=["module", "question"])
    asked = zip(said["raw"], said["type"], said["choices"], strict=True)
    wrong = said[np.array([not _fits(text, form, allowed) for text, form, allowed in asked], dtype=bool)]
    sources = wide.frame["return_id"].iloc[wrong["row"]].astype(str)
    allowed = [
        _choices(codes, wide.languages.get(source, "")) if codes else []
        for codes, source in zip(wrong["choices"], sources, strict=True)
    ]
    texts = list(wrong["raw"])
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
            answer is worth a finding. An answer chosen from a list is read as its code, whatever
            language it was chosen in; what is none of the list is left to the kind `choices`.
    """
    said = wide.answers(question)
    form = wide.definition.metadata.set_index(["module", "question"])[["type", "choices"]]
    types = form.reindex([(module, question) for module in said["module"]]).fillna("")
    asked = zip(said["raw"], types["type"], types["choices"], strict=True)
    wrong = np.array(
        [
            re.fullmatch(pattern, languages.choice(text) if kind == "choice" else text, re.IGNORECASE) is None
            and (kind != "choice" or _fits(text, kind, allowed))
            for text, kind, allowed in asked
        ],
        dtype=bool,
    )
    return Judgement.at(said.loc[wrong, "row"], value=list(said.loc[wrong, "raw"]))


@kind("previous")
def changed_answer(wide: Round, items: Sequence[str], *, besides: Texts = ()) -> Judgement:
    """A metadata answer is that of the last round; undecided where one of them is missing.

    Nothing is judged where the round was given no answers of the last one.

    Args:
        wide: The round.
        items: Not read.
        besides: Questions whose answer changes by its nature (`break_year`).
    """
    if wide.background.previous_metadata is None:
        return Judgement.at([])
    before, said = _answers_before(wide.background.previous_metadata), _answers(wide)
    said = said.assign(area=wide.areas[said["unit"]])[~said["question"].isin(list(besides))]
    keys = ["area", "module", "question"]
    said = said.astype(dict.fromkeys(keys, "str")).merge(
        before.astype("str"), on=keys, suffixes=("", "_before")
    )
    now, then = (said[name].map(_plain) for name in ("raw", "raw_before"))
    differs, open_ = (now != then) & (now != "") & (then != ""), (now == "") != (then == "")
    return Judgement.of(
        differs.to_numpy(dtype=bool), open_.to_numpy(dtype=bool), said["row"].to_numpy(dtype=np.intp),
        value=said["raw"].to_numpy(dtype=object), previous=said["raw_before"].to_numpy(dtype=object),
    )  # fmt: skip


@kind("count")
def provisional(
    wide: Round, items: Sequence[str], *, question: str, patterns: Patterns, answer: str = "yes"
) -> Judgement:
    """The figures of a module are final: one answer for a module, however many of its cells are marked.

    Args:
        wide: The round.
        items: Not read.
        question: Metadata question that asks whether figures are provisional.
        patterns: Regular expressions of the mark beside a figure.
        answer: The code of the answer that says so.
    """
    said = wide.answers(question)
    said = said[(said["raw"].map(languages.choice) == answer).to_numpy(dtype=bool)]
    searched = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
    figures = (wide.column >= 0) & ~np.isnan(wide.lower)
    rows = np.flatnonzero(figures & ~wide.frame["raw"].str.isdigit().to_numpy(dtype=bool))
    texts = wide.frame["raw"].iloc[rows]
    hit = {text: searched.search(text) is not None for text in texts.unique()}
    rows = rows[texts.map(hit).to_numpy(dtype=bool)]
    module = wide.definition.data["module"].to_numpy(dtype=object)[wide.column[rows]]
    cells = DataFrame({"row": rows, "unit": wide.unit[rows], "module": module})
    columns = {"row": "int64", "unit": "int64", "module": "str"}
    both = concat([said[[*columns]].astype(columns).assign(n=0.0), cells.astype(columns).assign(n=1.0)])
    found = both.groupby(["unit", "module"], sort=False).agg(row=("row", "first"), n=("n", "sum"))
    return Judgement.at(found["row"], count=found["n"].to_numpy(dtype=np.float64))


def _answers_before(table: DataFrame) -> DataFrame:
    """Last round's answers: area, module, question and raw, from a table of them or from cells."""
    columns = ["area", "module", "question", "raw"]
    if "module" not in table.columns:
        item = table["item"].astype(str)
        table = table[item.str.startswith("M.") & (item.str.count(r"\.") == 2)]
        parts = table["item"].astype(str).str.split(".", expand=True).reindex(columns=range(3))
        table = table.assign(module=parts[1], question=parts[2])
    return table[columns].astype(str).drop_duplicates(columns[:3])


def _plain(text: str) -> str:
    return languages.choice(" ".join(text.split())).casefold()


def _choices(codes: str, language: str) -> list[str]:
    """The labels of a list of codes in a language, English where it is none of ours."""
    from crimestats.questionnaire.loading import codelist

    table = codelist("choice")
    labels = dict(zip(table["code"], table["label"], strict=True))
    spoken = language if language in languages.LANGUAGES else "en"
    return [languages.translate(labels.get(code, code), spoken) for code in codes.split("|")]


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
        return languages.choice(text).casefold() in allowed.casefold().split("|")
    if form == "year":
        return re.search(r"(?<!\d)(19|20)\d\d(?!\d)", unicodedata.normalize("NFKC", text)) is not None
    return form != "date" or re.search(r"\d", text) is not None
