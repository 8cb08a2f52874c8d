"""The branches of a trace, level by level."""

from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification import Classification
from crimestats.frames import NOT_APPLICABLE, UNKNOWN
from crimestats.release import cell_ids
from crimestats.store import Store, known
from crimestats.store.findings import HISTORY, chunks, table_of
from crimestats.tracing.tables import Tables
from crimestats.tracing.texts import estimate_texts, figure_texts, link_texts, observation_texts

COLUMNS = (
    "node", "parent", "level", "key", "area", "year", "iccs", "weight", "value", "lower", "upper", "status",
    "text",
)  # fmt: skip

_PARTS = {"figure": "figure", "cell": "observation", "estimate": "estimate"}
_AT = ["area", "year", "iccs"]
_NUMBERS = ["value", "lower", "upper"]
_PLACE = ["return_id", "sheet", "cell"]
_WHOSE = ["questionnaire", "agency", "period", "provisional"]
_ABSENT = "not in the tables of this release"
_ANSWERS = ("answered", "corrected", "no_reply", "accepted", "reopened")
"""Events of the store that say what was answered, or decided."""


def expanded(tables: Tables, roots: DataFrame) -> DataFrame:
    """Figures and all that they are made of.

    Args:
        tables: Of the release.
        roots: The figures (`frames.TRENDS`).

    Returns:
        node, parent (-1 for the figures), level, key (`figure_id`, or the id of a cell) and weight.
    """
    front = DataFrame({"node": range(len(roots)), "parent": -1, "key": roots["figure_id"].to_numpy()})
    levels = [front.assign(level="figure", weight=np.nan)]
    while len(front := levels[-1][levels[-1]["level"].isin(["figure", "estimate"])]):
        first = int(levels[-1]["node"].max()) + 1
        below = front[["node", "key"]].merge(_edges(tables, front), left_on="key", right_on="figure_id")
        if below.empty:
            break
        levels.append(DataFrame({
            "node": range(first, first + len(below)), "parent": below["node"], "key": below["part_id"],
            "level": below["part_kind"].map(_PARTS), "weight": below["weight"],
        }))  # fmt: skip
    return pd.concat(levels, ignore_index=True)


def described(tables: Tables, nodes: DataFrame) -> DataFrame:
    """The nodes with what the tables say of each: keys, numbers, ids of findings, a line of text."""
    of = {level: nodes.loc[nodes["level"] == level, "key"] for level in _PARTS.values()}
    figures = tables.rows("trends", figure_id=of["figure"]).set_index("figure_id")
    estimates = tables.rows("estimates", figure_id=of["estimate"]).set_index("figure_id")
    parts = [
        _told(nodes, "figure", figures.assign(text=figure_texts(figures))),
        _told(nodes, "estimate", estimates.assign(text=estimate_texts(estimates), status="estimated")),
        _observed(tables, nodes, figures),
    ]
    filled = [part.astype(dict.fromkeys(_AT, "str")) for part in parts if len(part)]
    return pd.concat(filled).sort_values("node", ignore_index=True)


def origins(tables: Tables, nodes: DataFrame) -> list[DataFrame]:
    """The link of each observation, and the return that it is of."""
    seen = nodes[nodes["return_id"].notna()]
    own = {"parent": seen["node"], **{name: seen[name] for name in _AT}}
    link = DataFrame({**own, "level": "link", "key": seen["key"], "text": seen["link"]})
    files = tables.rows("returns", return_id=seen["return_id"]).drop_duplicates("return_id")
    of = dict(zip(files["return_id"].astype("str"), files["sha256"], strict=True))
    sha = Series([of.get(file, "")[:12] for file in seen["return_id"]], index=seen.index, dtype="str")
    text = "return " + seen["return_id"]
    for name in _WHOSE:
        said = seen[name].astype("str")
        text = text + (f", {name} " + said).where(~said.isin([UNKNOWN, NOT_APPLICABLE, "no"]), "")
    text = text + (", SHA-256 " + sha + "…").where(sha != "", "")
    return [link, DataFrame({**own, "level": "return", "key": seen["return_id"], "text": text})]


def cells(nodes: DataFrame) -> DataFrame:
    """The cell of each return in the tree.

    Args:
        nodes: With those of the level `return`, below their observations.
    """
    files = nodes[nodes["level"] == "return"]
    seen = nodes.set_index("node").loc[files["parent"]].reset_index(drop=True)
    is_sheet = seen["sheet"] != NOT_APPLICABLE
    text = ("sheet " + seen["sheet"] + ", cell " + seen["cell"]).where(
        is_sheet, "line " + seen["cell"].str.removeprefix("L")
    )
    own = {name: seen[name] for name in _AT}
    return DataFrame({
        "parent": files["node"].to_numpy(), **own, "level": "cell", "key": seen["key"], "text": text,
        "findings": seen["findings"],
    })  # fmt: skip


def findings(tables: Tables, nodes: DataFrame, store: Store | None) -> DataFrame:
    """What was found at cells; and at a figure, what was not found at one of its parts.

    Args:
        tables: Of the release.
        nodes: Figures, estimates, observations and cells.
        store: Whose states and answers are newer than those of the release.
    """
    own = _own(nodes)
    rows = tables.rows("findings", finding_id=own["key"]).drop_duplicates("finding_id")
    rows = rows.set_index("finding_id")[["rule", "severity", "state", "message"]].astype("str")
    if store is not None and len(own):
        kept = known(store, ids=own["key"].tolist()).set_index("finding_id")[list(rows.columns)]
        rows = kept.combine_first(rows)
    told = rows.reindex(own["key"]).reset_index(drop=True)
    text = told["rule"] + " (" + told["severity"] + ", " + told["state"] + "): " + told["message"]
    text = "finding " + text.fillna(own["key"] + ", " + _ABSENT)
    return own.assign(level="finding", status=told["state"].fillna(UNKNOWN), text=text)


def answers(nodes: DataFrame, store: Store | None) -> DataFrame:
    """What was answered or decided about each finding, in order.

    Args:
        nodes: With those of the level `finding`.
        store: Where it is kept; there is nothing without one.
    """
    asked = nodes[nodes["level"] == "finding"]
    if store is None or asked.empty:
        return asked.head(0)[["parent", "level", "key", "text", *_AT]]
    query = HISTORY.select().where(HISTORY.c.event.in_(_ANSWERS)).order_by(HISTORY.c.id)
    with store.reading() as connection:
        parts = [query.where(HISTORY.c.finding_id.in_(part)) for part in chunks(asked["key"])]
        events = table_of(HISTORY, [row for part in parts for row in connection.execute(part)])
    found = asked[["node", "key", *_AT]].merge(events, left_on="key", right_on="finding_id")
    by = (" by " + found["by"]).where(found["by"] != "", "")
    text = (
        found["event"]
        + by
        + ", "
        + found["at"].str[:10]
        + (": " + found["text"]).where(found["text"] != "", "")
    )
    return found[_AT].assign(parent=found["node"], level="answer", key=found["key"], text=text)


def numbered(tables: list[DataFrame]) -> DataFrame:
    """The branches of all levels in one table, each with its number."""
    first = tables[0]
    count = int(first["node"].max()) + 1
    done = [first]
    for table in tables[1:]:
        done.append(table.assign(node=range(count, count + len(table))))
        count += len(table)
    return pd.concat([table for table in done if len(table)], ignore_index=True)


def _edges(tables: Tables, front: DataFrame) -> DataFrame:
    """What figures are made of, and what estimates rest on."""
    edges = tables.rows("lineage", figure_id=front["key"]).astype({"part_kind": "str"})
    own = front.loc[front["level"] == "estimate", "key"]
    if own.empty:
        return edges
    rests = tables.rows("estimates", figure_id=own)[["figure_id", "rests_on"]]
    rests = rests.assign(part_id=rests["rests_on"].str.split()).explode("part_id").dropna()
    figures = tables.rows("trends", figure_id=rests["part_id"])["figure_id"]
    rests = rests[rests["part_id"].isin(figures)].assign(part_kind="figure", weight=np.nan)
    return pd.concat([edges, rests[list(edges.columns)]], ignore_index=True)


def _told(nodes: DataFrame, level: str, table: DataFrame) -> DataFrame:
    own = nodes[nodes["level"] == level].reset_index(drop=True)
    kept = [name for name in (*_AT, *_NUMBERS, "status", "findings", "text") if name in table]
    told = table[~table.index.duplicated()][kept].reindex(own["key"]).reset_index(drop=True)
    return pd.concat([own, told.assign(text=_times(own) + told["text"].fillna(_ABSENT))], axis="columns")


def _observed(tables: Tables, nodes: DataFrame, figures: DataFrame) -> DataFrame:
    """Observations; of one that a correspondence divides, the part under the category of the figure."""
    own = nodes[nodes["level"] == "observation"].reset_index(drop=True)
    above = own["parent"].map(nodes.set_index("node")["key"])
    holders = figures.loc[figures.index.isin(above)]
    linked = "classified" if tables.has("classified") else "observations"
    at = {name: holders[name].astype("str" if name == "area" else "int64").unique() for name in _AT[:2]}
    seen = _linked(tables.rows(linked, **at))
    seen = seen.assign(text=observation_texts(seen), link=link_texts(seen))
    seen = seen.set_index([cell_ids(seen), seen["iccs"].astype("str")])
    of = dict(zip(figures.index, figures["iccs"].astype("str"), strict=True))
    iccs = [of.get(figure, "") for figure in above]
    told = seen[~seen.index.duplicated()].reindex(pd.MultiIndex.from_arrays([own["key"], iccs]))
    kept = [*_AT, *_NUMBERS, "status", "findings", "text", "link", *_PLACE, *_WHOSE]
    told = told[kept].reset_index(drop=True)
    texts = dict.fromkeys(["link", *_PLACE, *_WHOSE], "str")
    told = told.assign(text=_times(own) + told["text"].fillna(_ABSENT)).astype(texts)
    return pd.concat([own, told], axis="columns")


def _linked(seen: DataFrame) -> DataFrame:
    """Observations with their category; where the release has no link, they carried their code."""
    if "iccs" in seen:
        return seen
    iccs = Classification.load("iccs").normalise(seen["code"])
    return seen.assign(iccs=iccs, share=1.0, relation="equal", correspondence=NOT_APPLICABLE)


def _own(nodes: DataFrame) -> DataFrame:
    """Each finding where it is: at the cell, or at the lowest figure that bears it."""
    flagged = nodes[nodes["findings"].fillna("").ne("") & nodes["level"].ne("observation")]
    listed = flagged[["node", "parent", *_AT]].assign(key=flagged["findings"].str.split())
    listed = listed.explode("key").astype({"key": "str"})
    of_parts = _passed_up(nodes)
    own = listed.merge(of_parts, on=["node", "key"], how="left", indicator=True)
    own = own[own["_merge"] == "left_only"]
    return own[_AT].assign(parent=own["node"], key=own["key"]).reset_index(drop=True)


def _passed_up(nodes: DataFrame) -> DataFrame:
    """Findings that a figure bears for one of its parts: node and key."""
    parts = nodes[nodes["level"].isin(["figure", "estimate", "observation"])]
    parts = parts[parts["findings"].fillna("") != ""]
    listed = DataFrame({"node": parts["parent"], "key": parts["findings"].str.split()}).explode("key")
    return listed.astype({"key": "str"}).drop_duplicates(ignore_index=True)


def _times(nodes: DataFrame) -> "Series[Any]":
    """How often the branch counts, where that is not once."""
    texts = ["" if weight == 1 or np.isnan(weight) else f"{weight:.4g} × " for weight in nodes["weight"]]
    return Series(texts, index=nodes.index, dtype="str")
