"""What a finding rests on: its own cell, the others, and the file, as they were when it was last found."""

import json
import re
from collections.abc import Collection
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.kinds import items_named

_PART = "H.part"  # the agencies whose part of the questionnaire a file holds
_ADDRESS = r"[A-Z]+[0-9]+"
_SPAN = rf"(?P<first>{_ADDRESS})(?::(?P<last>{_ADDRESS}))?(?:, |$)"
_NAMED = tuple(
    re.compile(way + _SPAN) for way in ("", r"'(?P<sheet>.+?)'!", r"(?P<file>.+?) '(?P<sheet>.+?)'!")
)
"""How `others` names cells: of the same sheet, of another one, of another file."""
_ROW = re.compile(r"([A-Z]+)([0-9]+)")
_PLACE = ["return_id", "sheet", "cell"]
_KEYS = ["questionnaire", "area", "item", "year"]
_NO_FIGURE = ("_", "A.", "N.", "H.")  # rows that stand at the cell of a figure without being it
_ANSWERS = ("break_year", "provisional")  # answers about a module by which a figure of it may be explained


def parts(cells: DataFrame, files: DataFrame) -> DataFrame:
    """The files that were read, each with the agencies whose part it holds; none for a whole one.

    Args:
        cells: The round (`frames.CELLS`).
        files: Its files, with `first_seen`.
    """
    rows = cells.loc[cells["item"] == _PART, ["return_id", "raw"]].astype("str")
    said = rows.drop_duplicates("return_id").set_index("return_id")["raw"]
    read = files.loc[files["status"] == "read", ["return_id", "questionnaire", "area", "first_seen"]]
    part = read["return_id"].map(said).astype("str").fillna("")
    return read.assign(part=[" ".join(sorted(set(text.split()))) for text in part])


def said_in(cells: DataFrame, files: DataFrame, areas: Collection[str]) -> DataFrame:
    """What the cells say in the files that were read: place, item, year (0 for none) and `said`.

    A figure says its bounds, so that 412 and 412.0 are the same, anything else its text; the note
    of a figure is a row `N.` of its own.

    Args:
        cells: The round (`frames.CELLS`).
        files: What `parts` says of it.
        areas: The reporting units that are wanted.
    """
    wanted = cells["return_id"].isin(files["return_id"]) & cells["area"].isin(list(areas))
    rows = cells.loc[wanted, [*_PLACE, "item", "year", "raw", "note", "lower", "upper"]]
    rows = rows.astype(dict.fromkeys((*_PLACE, "item", "raw", "note"), "str"))
    rows["year"] = rows["year"].fillna(0).astype("int64")
    exact = rows["lower"].notna()
    bounds = [f"{low:.15g} to {high:.15g}" for low, high in
              zip(rows.loc[exact, "lower"], rows.loc[exact, "upper"], strict=True)]  # fmt: skip
    rows["said"] = rows["raw"].str.strip()
    rows.loc[exact, "said"] = bounds
    noted = rows[rows["note"].str.strip() != ""]
    noted = noted.assign(item="N." + noted["item"], said=noted["note"].str.strip())
    rows = pd.concat([rows, noted], ignore_index=True).drop(columns=["raw", "note", "lower", "upper"])
    return rows.merge(files[["return_id", "questionnaire", "area"]], on="return_id")


def bases(
    found: DataFrame,
    said: DataFrame,
    files: DataFrame,
    definition: Questionnaire | None,
    given: Collection[str],
) -> DataFrame:
    """What each finding rests on, to be kept with it.

    Args:
        found: Findings (`frames.FINDINGS`).
        said: What `said_in` says of the round.
        files: What `parts` says of it.
        definition: The questionnaire, for findings that rest on more cells than their text can name.
        given: What the round was compared with.

    Returns:
        Columns `finding_id` and `basis`, JSON: `part` of the file, whether it was `alone` in that, what
        was `given`, whether all cells are known (`whole`), and the `cells`: role, item, year, said.
    """
    texts = dict.fromkeys((*_PLACE, "finding_id", "questionnaire", "area", "rule", "item", "others"), "str")
    table = found[[*texts, "year"]].astype(texts).drop_duplicates("finding_id")
    table = table.assign(year=table["year"].fillna(0).astype("int64"))
    rested, short = _rested(table, said, definition)
    listed: dict[str, list[Any]] = {}
    for name, role, item, year, text in zip(
        *(rested[column] for column in ("finding_id", "role", "item", "year", "said")), strict=True
    ):
        listed.setdefault(name, []).append([role, item, int(year), text])
    part = dict(zip(files["return_id"], files["part"], strict=True))
    beside = {key: set(rows) for key, rows in files.groupby(["questionnaire", "area", "part"])["return_id"]}
    kept = [
        json.dumps({
            "part": part.get(file, ""), "given": sorted(given),
            "alone": beside.get((of, area, part.get(file, "")), {file}) <= {file},
            "whole": name not in short, "cells": listed.get(name, []),
        }, ensure_ascii=False)
        for name, file, of, area in zip(
            *(table[column] for column in ("finding_id", "return_id", "questionnaire", "area")), strict=True
        )
    ]  # fmt: skip
    return DataFrame({"finding_id": table["finding_id"].to_numpy(), "basis": kept}, dtype="str")


def cells_of(known: "Series[str]") -> DataFrame:
    """The cells that findings rest on, a row each, from the JSON of their bases by finding."""
    rows = [(name, *cell) for name, text in known.items() for cell in json.loads(text)["cells"]]
    table = DataFrame(rows, columns=["finding_id", "role", "item", "year", "said"])
    return table.astype(dict.fromkeys(("finding_id", "role", "item", "said"), "str") | {"year": "int64"})


def _rested(
    table: DataFrame, said: DataFrame, definition: Questionnaire | None
) -> tuple[DataFrame, set[str]]:
    """The cells of each finding, and the findings of which they are not all known."""
    own = table.merge(said[[*_PLACE, "item", "said"]].drop_duplicates([*_PLACE, "item"]), how="left",
                      on=[*_PLACE, "item"])  # fmt: skip
    own = own.assign(role="own", said=own["said"].fillna(""))
    named, unread = _named(table)
    figures = said[~said["item"].str.startswith(_NO_FIGURE)].drop_duplicates(_PLACE)
    beside = named.merge(figures, how="left", on=_PLACE).assign(role="other")
    lost = beside["item"].isna()
    short = unread | set(beside.loc[lost, "finding_id"])
    columns = ["finding_id", "role", "item", "year", "said"]
    listed = [own[columns], beside.loc[~lost, columns], _companions(table, said, definition)[columns]]
    if definition is not None and short:
        added = _of_rule(table[table["finding_id"].isin(short)], said, definition)
        short -= set(added["finding_id"])
        known, keys = pd.concat(listed[:2]), ["finding_id", "item", "year"]
        is_new = ~pd.MultiIndex.from_frame(added[keys]).isin(pd.MultiIndex.from_frame(known[keys]))
        listed.append(added.loc[is_new, columns].drop_duplicates(keys))
    return pd.concat(listed, ignore_index=True).drop_duplicates(), short


def _companions(table: DataFrame, said: DataFrame, definition: Questionnaire | None) -> DataFrame:
    """What may explain a figure without changing it: who is named in its row, its note, a declared break."""
    named = [table.assign(item="L." + table["item"], year=0), table.assign(item="N." + table["item"])]
    if definition is not None:
        module = table["item"].map(dict(zip(definition.data["item"], definition.data["module"], strict=True)))
        own, module = table[module.notna()], module.dropna().astype("str")
        named += [own.assign(item="M." + module + "." + answer, year=0) for answer in _ANSWERS]
    wanted = pd.concat(named, ignore_index=True)
    known = said.drop_duplicates(_KEYS)[[*_KEYS, "said"]]
    joined = wanted[["finding_id", *_KEYS]].merge(known, how="left", on=_KEYS)
    return joined.assign(role="beside", said=joined["said"].fillna(""))


def _of_rule(table: DataFrame, said: DataFrame, definition: Questionnaire) -> DataFrame:
    """All figures of the year that a rule speaks of, where a finding does not name all that it rests on."""
    items = {rule.id: named for rule in definition.rules if (named := list(items_named(rule)))}
    wanted = table.assign(item=table["rule"].map(items)).dropna(subset="item").explode("item")
    wanted = wanted[["finding_id", *_KEYS]].astype({"item": "str"})
    return wanted.merge(said[said["said"] != ""], on=_KEYS).assign(role="other")


def _named(table: DataFrame) -> tuple[DataFrame, set[str]]:
    """Places of the other cells that findings name, and the findings whose text cannot be read to its end."""
    rows, unread = [], set()
    columns = [table[name] for name in ("finding_id", *_PLACE, "others")]
    for name, file, sheet, cell, text in zip(*columns, strict=True):
        at = 0
        while at < len(text):
            found = next(filter(None, (way.match(text, at) for way in _NAMED)), None)
            if found is None:
                unread.add(name)
                break
            at, own = found.end(), {"file": file, "sheet": sheet} | found.groupdict()
            places = [(own["file"], own["sheet"], each) for each in _run(own["first"], own["last"])]
            rows += [(name, *place) for place in places if place != (file, sheet, cell)]
    return DataFrame(rows, columns=["finding_id", *_PLACE], dtype="str").drop_duplicates(), unread


def _run(first: str, last: str | None) -> list[str]:
    """The cells that stand under one another from the first to the last."""
    one, two = _ROW.fullmatch(first), _ROW.fullmatch(last or first)
    if one is None or two is None:
        return [first]
    return [f"{one[1]}{row}" for row in range(int(one[2]), int(two[2]) + 1)]
