"""What is to be said of compared figures: gaps filled, sources that differ, totals that do not hold."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.frames import FINDINGS, NOT_APPLICABLE, SOURCES, TOTAL
from crimestats.trafficking.source_codes import COUNT, RETURNS
from crimestats.trafficking.source_findings import listed, told
from crimestats.trafficking.things import table_of, thing, title

_SOURCE = ["source_id", "source_title", "unit", "stage", "geography", "period"]
_RETURN = ["area", "year", "measure", "source_id"]
_PARTS = ("sex", "age")


def judged(sources: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Findings of figures that were compared.

    Args:
        sources: As `precedence.compare` gives them (`frames.SOURCES`).

    Returns:
        The same rows with the ids of the findings that they have, and the findings
        (`frames.FINDINGS`, rules `TIP-24` to `TIP-29`).
    """
    keys = [name for name, kind in SOURCES.columns.items() if kind == "key"]
    rows = sources.astype(dict.fromkeys(keys, "str")).reset_index(drop=True)
    rows = rows.assign(number=rows.index, thing=thing(rows), block=table_of(rows))
    found, edges = [FINDINGS.empty()], []
    for rule, cases, group in (*_twice(rows), _ranks(rows), _fills(rows), _mixed(rows), _doubts(rows)):
        findings = told(rule, cases)
        found.append(findings)
        edges.append(cases[group].reset_index(drop=True).assign(finding_id=findings["finding_id"]))
    ids = [
        rows[[*dict.fromkeys(["number", *edge.columns.drop("finding_id")])]].merge(edge)[
            ["number", "finding_id"]
        ]
        for edge in edges
    ]
    joined = pd.concat(ids).drop_duplicates().groupby("number")["finding_id"].agg(" ".join)
    texts = (rows["findings"] + " " + joined.reindex(rows.index).astype("object").fillna("")).str.strip()
    return SOURCES.cast(sources.reset_index(drop=True).assign(findings=texts)), FINDINGS.join(*found)


def written(lower: Series, upper: Series) -> "Series[str]":
    """A figure, or the range that it lies in, as text.

    >>> written(Series([5.0, 0.0, 3.0, np.nan]), Series([5.0, 4.0, np.inf, np.nan])).tolist()
    ['5', '0 to 4', 'at least 3', 'none']
    """
    least, most = (column.map("{:,.0f}".format).astype("str") for column in (lower, upper))
    text = least.where(lower == upper, least + " to " + most)
    return text.mask(np.isinf(upper), "at least " + least).mask(lower.isna(), "none")


def _twice(rows: DataFrame) -> list[tuple[str, DataFrame, list[str]]]:
    """Figures that one source gives more than once; the dataset's own are judged where it is made."""
    own = rows[(rows["source_id"] != RETURNS) & rows["lower"].notna()]
    several = own[own.duplicated(["thing", *_SOURCE], keep=False)]
    several = several.assign(text=written(several["lower"], several["upper"]))
    grouped = several.groupby(["thing", *_SOURCE])
    spans = {"least": grouped["lower"].transform("min"), "most": grouped["upper"].transform("max")}
    several = several.assign(
        **spans, size=grouped["text"].transform("size"), kinds=grouped["text"].transform("nunique")
    )
    said = grouped["text"].agg(lambda texts: ", ".join(dict.fromkeys(texts.iloc[1:])))
    firsts = several.drop_duplicates(["thing", *_SOURCE])
    others = said.reindex(pd.MultiIndex.from_frame(firsts[["thing", *_SOURCE]])).to_numpy()
    firsts = firsts.assign(
        value=firsts["text"], others=others, expected=written(firsts["least"], firsts["most"])
    )
    same = firsts["kinds"] == 1
    repeated = firsts[same].assign(others=firsts.loc[same, "size"].astype("str"), expected="")
    return [("TIP-24", firsts[~same], ["thing", *_SOURCE]), ("TIP-25", repeated, ["thing", *_SOURCE])]


def _ranks(rows: DataFrame) -> tuple[str, DataFrame, list[str]]:
    """Figures of two sources of one rank that cannot both be right."""
    used = (
        rows[rows["used"] == "yes"].groupby("thing")[["lower", "upper"]].agg({"lower": "min", "upper": "max"})
    )
    names = rows[rows["used"] == "yes"].drop_duplicates("thing").set_index("thing")["source_title"]
    ties = rows[(rows["reason"] == "same_rank").to_numpy()]
    least, most = (ties["thing"].map(used[name]) for name in ("lower", "upper"))
    ties = ties.assign(
        value=written(least, most), expected=ties["rank"].astype("str"),
        others=ties["source_title"] + " says " + written(ties["lower"], ties["upper"]),
        source_title=ties["thing"].map(names),
    )[(ties["lower"] > most) | (ties["upper"] < least)]  # fmt: skip
    return "TIP-26", ties, ["number"]


def _fills(rows: DataFrame) -> tuple[str, DataFrame, list[str]]:
    """Tables filled from a source that is not the first in the order."""
    return "TIP-27", _listed(rows[rows["gap_filled"] == "yes"]), [*_RETURN, "gap_filled"]


def _mixed(rows: DataFrame) -> tuple[str, DataFrame, list[str]]:
    """Figures that would complete a table of another source."""
    used = rows[rows["used"] == "yes"].drop_duplicates("block").set_index("block")["source_title"]
    mixed = rows[rows["reason"] == "mixed_table"]
    others = mixed["block"].map(used).astype("str")
    return "TIP-28", _listed(mixed.assign(others=others)), [*_RETURN, "reason"]


def _listed(rows: DataFrame) -> DataFrame:
    """One row for each area, year, measure and source, with what it is about."""
    given = rows.assign(table=title(rows), expected=rows["rank"].astype("str"))
    grouped = given.groupby(_RETURN)
    firsts = given.drop_duplicates(_RETURN).assign(cell=NOT_APPLICABLE)
    index = pd.MultiIndex.from_frame(firsts[_RETURN])
    said = {"value": grouped.size().astype("str")}
    said |= {name: grouped[name].agg(_each_once) for name in ("table", "others") if name in given}
    return firsts.assign(**{name: texts.reindex(index).to_numpy() for name, texts in said.items()})


def _each_once(texts: Series) -> str:
    return listed(dict.fromkeys(texts))


def _doubts(rows: DataFrame) -> tuple[str, DataFrame, list[str]]:
    """Parts that are more than the total used beside them, where one of both fills a gap.

    Sexes and ages part the total, so that their sum counts; of forms and citizenships, which
    may overlap, the largest part does.
    """
    used = rows[(rows["used"] == "yes") & rows["lower"].notna() & (rows["unit"] == COUNT)]
    same = ["area", "year", "measure"]
    is_total = (used["dimension"] == TOTAL) & (used[[*_PARTS]] == TOTAL).all(axis="columns")
    totals = (
        used[is_total].groupby(same).agg(most=("upper", "max"), is_filled=("gap_filled", "max")).reset_index()
    )
    parts = used[~is_total & (used["dimension"] != "within_country")]
    once = parts.groupby(["thing", "block", "dimension"])["lower"].min().reset_index()
    grouped = once.groupby("block")["lower"]
    sums = grouped.sum().where(once.groupby("block")["dimension"].first() == TOTAL, grouped.max())
    firsts = parts.drop_duplicates(["block", "source_id"]).assign(cell=NOT_APPLICABLE)
    firsts = firsts.assign(table=title(firsts)).merge(totals, on=same)
    firsts = firsts.assign(sum=firsts["block"].map(sums))
    wrong = (firsts["sum"] > firsts["most"]) & (
        (firsts["gap_filled"] == "yes") | (firsts["is_filled"] == "yes")
    )
    said = firsts.assign(
        value=written(firsts["sum"], firsts["sum"]), expected=written(firsts["most"], firsts["most"])
    )
    return "TIP-29", said[wrong], ["block", "source_id", "used"]
