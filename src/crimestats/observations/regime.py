"""What the metadata of a return say of its figures: counting rules, reference period, provisional marks."""

import re
from typing import TYPE_CHECKING

import pandas as pd
from pandas import DataFrame

from crimestats.frames import UNKNOWN
from crimestats.questionnaire import languages

if TYPE_CHECKING:
    from crimestats.questionnaire import Questionnaire

PERIOD, PROVISIONAL = "reference_period", "provisional"
YES = "yes"
_NO_ANSWER = ("", "unknown")


def described(figures: DataFrame, cells: DataFrame, definition: "Questionnaire") -> DataFrame:
    """The figures with what their return says of the module that their item belongs to.

    Args:
        figures: With return_id, raw, and `position` of the item in the questionnaire.
        cells: What the workbooks hold (`frames.CELLS`).
        definition: The questionnaire.

    Returns:
        The figures with `regime`, the counting rules as `question=answer` joined by `;`, those
        without an answer left out (`_U` where none has one); `period` (`calendar`, `other_period`,
        `_U`) and `provisional` (`yes`, `no`, `_U`: asked of the last year only, else by a mark beside it).
    """
    said = _answers(cells, definition)
    module = pd.Index(definition.data["module"])[figures["position"].to_numpy()]
    keys = pd.MultiIndex.from_arrays([figures["return_id"].astype("str"), module])
    rules = said[~said["question"].isin([PERIOD, PROVISIONAL])]
    rules = rules.assign(text=rules["question"] + "=" + rules["answer"])
    regime = rules.groupby(["return_id", "module"])["text"].agg(";".join)
    columns = {"regime": regime.reindex(keys).fillna(UNKNOWN).to_numpy()}
    for name, question in (("period", PERIOD), ("provisional", PROVISIONAL)):
        answers = said[said["question"] == question].set_index(["return_id", "module"])["answer"]
        columns[name] = answers.reindex(keys).fillna(UNKNOWN).to_numpy()
    described = figures.assign(**columns)
    is_last = figures["year"] == figures.groupby("return_id", observed=True)["year"].transform("max")
    described["provisional"] = described["provisional"].where(is_last, UNKNOWN)  # that is what is asked
    is_marked = _marked(figures, definition)
    return described.assign(provisional=described["provisional"].mask(is_marked, YES))


def _answers(cells: DataFrame, definition: "Questionnaire") -> DataFrame:
    """Answers of a choice: return_id, module, question and answer, in the order of the questionnaire."""
    form = definition.metadata
    form = form.loc[form["type"] == "choice", ["module", "question"]]
    form = form.assign(item="M." + form["module"] + "." + form["question"])
    chosen = cells.loc[cells["item"].astype("str").isin(form["item"]), ["return_id", "item", "raw"]]
    chosen = chosen.astype("str").drop_duplicates(["return_id", "item"])
    codes = {raw: languages.choice(" ".join(raw.split())).casefold() for raw in chosen["raw"].unique()}
    chosen = chosen.assign(answer=chosen["raw"].map(codes))
    said = form.merge(chosen, on="item")
    return said.loc[~said["answer"].isin(_NO_ANSWER), ["return_id", "module", "question", "answer"]]


def _marked(figures: DataFrame, definition: "Questionnaire") -> "pd.Series[bool]":
    """Figures with a mark of a provisional one beside them, as the questionnaire's rule knows it."""
    patterns = [text for rule in definition.rules for text in rule.parameters.get("patterns", ())
                if rule.kind == PROVISIONAL]  # fmt: skip
    if not patterns:
        return pd.Series(False, index=figures.index)
    raw = figures["raw"]
    searched = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
    hit = {text: searched.search(text) is not None for text in raw[~raw.str.isdigit()].unique()}
    return raw.map(hit).eq(True)
