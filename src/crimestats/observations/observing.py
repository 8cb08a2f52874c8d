"""The figures that the cells of a round hold, one for each area, item and year."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.frames import CELLS, OBSERVATIONS, SERIES, TOTAL, UNKNOWN
from crimestats.observations import regime
from crimestats.observations.breaking import breaks, last_break

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from crimestats.questionnaire import Questionnaire
    from crimestats.validation import Report

_KEY = ["area", "year", "item"]
_OWNER = "owner"
_SAME = [*_KEY, _OWNER, "entered"]
_PLACE = ["return_id", "sheet", "cell"]
_NUMBERS = ["value", "lower", "upper"]


def observe(cells: DataFrame, report: "Report", strict: bool = False) -> DataFrame:
    """Take the reported figures out of the cells of a round.

    Every readable figure is there, with the ids of the findings at its cell,
    and every missing one with the status that says why; so is, without its
    value, one of a year that the questionnaire cannot mean (`misdated`) or
    below nought (`impossible`). A figure that several
    returns of an area give alike is one observation; where they differ, none
    of them is believed: it is `conflicting`, and its bounds are the lowest and
    the highest of them. Returns that do not say their area (`_U`) stay apart.

    Args:
        cells: What the workbooks hold (`frames.CELLS`).
        report: What `validate` said about them.
        strict: Leave out figures with an open error: no value, status `withheld`.

    Returns:
        The figures (`frames.OBSERVATIONS`) in the order of area, item and
        year; `segment` is the year of the last break up to the figure's year
        that the metadata declare for the item's module (see `breaks`), 0 where
        there is none: it means the same in every return.

    Raises:
        CallError: The cells are not what `read` returns.

    Example:
        >>> import crimestats as cs
        >>> from crimestats.files import shipped
        >>> definition = cs.Questionnaire.load("un-cts-2024")
        >>> fiji = shipped("questionnaires", "examples", "returns", "FJI.xlsx")
        >>> cells = cs.read(fiji, definition)
        >>> observations = observe(cells, cs.validate(cells, definition))
        >>> victims = observations.query("item == 'homicide_victims' and year >= 2019")
        >>> [*zip(victims["year"], victims["value"], victims["status"])]
        [(2019, nan, 'blank'), (2020, 27.0, 'exact'), (2021, 16.0, 'exact'), (2022, 36.0, 'exact')]
    """
    figures = _figures(CELLS.check(cells), report.definition)
    figures = regime.described(figures, cells, report.definition)
    figures = _from_whom(figures, report)
    figures["findings"] = _findings(figures, report.data)
    figures = _without(figures, _is_misdated(figures, report.definition), "misdated")
    figures = _without(figures, _is_impossible(figures, report.definition), "impossible")
    figures["segment"] = _segments(figures, cells, report.definition)
    figures = _entered(figures, cells, report.definition)
    figures, several = reconcile(figures, _SAME), figures
    if strict:
        figures = _without(figures, _is_doubtful(figures, several, report.data), "withheld")
    return OBSERVATIONS.cast(_named(_described(figures, report.definition), report.definition))


def reconcile(figures: DataFrame, keys: list[str]) -> DataFrame:
    """One row for each key: a figure given several times is given once, or is in conflict.

    A figure goes before a mark for a missing one, and a mark before a blank.

    Args:
        figures: With value, lower, upper, status (`category`), findings and
            segment; of several equal rows the first stands.
        keys: Columns that tell figures apart.

    Returns:
        The rows in their order. Where figures differ: no value, the widest
        bounds, status `conflicting`, and the findings of all of them.
    """
    repeated = figures.duplicated(keys, keep=False).to_numpy()
    if not repeated.any():
        return figures
    figures = figures.assign(status=_with_code(figures["status"], "conflicting"))
    return pd.concat([figures[~repeated], _settled(figures[repeated], keys)]).sort_index()


def join_ids(groups: "NDArray[Any]", ids: "Series[str]") -> "Series[str]":
    """Ids of the same group in one text, each once, sorted, blanks between; indexed by group.

    Args:
        groups: Number of the group of each text, from 0.
        ids: An id, or several with blanks between.

    >>> join_ids(np.array([7, 2, 7]), Series(["b c", "d", "a b"])).to_dict()
    {2: 'd', 7: 'a b c'}
    """
    single = DataFrame({"group": groups, "id": ids.astype("str").str.split().to_numpy()}).explode("id")
    single = single.dropna().drop_duplicates().sort_values(["group", "id"])
    starts = np.flatnonzero(np.diff(single["group"], prepend=-1))
    listed, ends = single["id"].tolist(), np.append(starts, len(single))[1:]
    texts = [" ".join(listed[start:end]) for start, end in zip(starts, ends, strict=True)]
    return Series(texts, index=single["group"].to_numpy()[starts], dtype="str")


def rank(column: "Series[Any]") -> "NDArray[np.int64]":
    """Place of each code of a key column in the alphabet of its codes: sorts as the texts do, but faster."""
    places = np.argsort(np.argsort(column.cat.categories.to_numpy(object)))
    ranks: NDArray[np.int64] = places[column.cat.codes.to_numpy()]
    return ranks


def _figures(cells: DataFrame, definition: "Questionnaire") -> DataFrame:
    """The cells that hold a figure, sorted.

    `position` is the item's in the questionnaire, `owner` the return where the area is unknown, else -1.
    """
    place = pd.Index(definition.data["item"]).get_indexer(cells["item"].cat.categories)
    position = place[cells["item"].cat.codes]
    is_figure = (position >= 0) & cells["year"].notna().to_numpy()
    figures = cells.assign(position=position).loc[is_figure].astype({"year": "int16"})
    columns = [figures["year"].to_numpy(), figures["position"].to_numpy(), rank(figures["area"])]
    order = np.lexsort([*(rank(figures[name]) for name in reversed(_PLACE)), *columns])
    figures[_OWNER] = figures["return_id"].cat.codes.where(figures["area"] == UNKNOWN, -1)
    kept = [*_KEY, _OWNER, "position", *_PLACE, *_NUMBERS, "status", "note", "raw"]
    chosen: DataFrame = figures[kept].take(order).reset_index(drop=True)
    return chosen


def _places(frame: DataFrame, like: DataFrame) -> "NDArray[np.int64]":
    """A number for each return, sheet and cell, the same as in the other frame; -1 where that has it not."""
    number = np.zeros(len(frame), dtype=np.int64)
    is_known = np.ones(len(frame), dtype=bool)
    for column in _PLACE:
        categories = like[column].cat.categories
        codes = frame[column].cat.set_categories(categories).cat.codes.to_numpy(np.int64)
        number, is_known = number * len(categories) + codes, is_known & (codes >= 0)
    return np.where(is_known, number, -1)


def _findings(figures: DataFrame, findings: DataFrame) -> "Series[str]":
    found = _places(findings, figures)
    ids = join_ids(found[found >= 0], findings.loc[found >= 0, "finding_id"])
    return ids.reindex(_places(figures, figures)).fillna("").set_axis(figures.index)


def _from_whom(figures: DataFrame, report: "Report") -> DataFrame:
    """With the questionnaire and the agency of the return of each."""
    returns = report.returns[["return_id", "agency", "questionnaire"]].astype("str")
    said = figures[["return_id"]].astype("str").merge(returns.drop_duplicates("return_id"), how="left")
    agency = said["agency"].fillna("").replace("", UNKNOWN)
    questionnaire = said["questionnaire"].fillna(report.definition.id)
    return figures.assign(agency=agency, questionnaire=questionnaire)


def _is_doubtful(figures: DataFrame, several: DataFrame, findings: DataFrame) -> "NDArray[np.bool_]":
    """Figures with an open error at one of the cells that give them a value."""
    errors = findings[(findings["severity"] == "error") & (findings["verdict"] == "fail")]
    at_error = np.isin(_places(several, several), _places(errors, several)) & several["lower"].notna()
    doubted = pd.MultiIndex.from_frame(several.loc[at_error, _SAME])
    return pd.MultiIndex.from_frame(figures[_SAME]).isin(doubted)


def _is_misdated(figures: DataFrame, definition: "Questionnaire") -> "NDArray[np.bool_]":
    """Figures of a year that the questionnaire cannot mean (1013 was published once)."""
    is_misdated = np.zeros(len(figures), dtype=bool)
    for rule in definition.rules:
        if rule.kind == "year_range":
            is_misdated |= (
                ~figures["year"].between(rule.parameters["first"], rule.parameters["last"]).to_numpy()
            )
    return is_misdated


def _is_impossible(figures: DataFrame, definition: "Questionnaire") -> "NDArray[np.bool_]":
    """Figures below what a count can be."""
    is_impossible = np.zeros(len(figures), dtype=bool)
    for rule in definition.rules:
        if rule.kind == "within" and "minimum" in rule.parameters:
            is_meant = figures["item"].isin(rule.items) if rule.items else True
            is_impossible |= ((figures["lower"] < rule.parameters["minimum"]) & is_meant).to_numpy()
    return is_impossible


def _without(figures: DataFrame, chosen: "NDArray[np.bool_]", status: str) -> DataFrame:
    """The figures chosen without their values, and with a status that says why."""
    taken = chosen & figures["lower"].notna().to_numpy()
    numbers = {name: figures[name].mask(taken) for name in _NUMBERS}
    return figures.assign(**numbers, status=_with_code(figures["status"], status).mask(taken, status))


def _with_code(column: "Series[Any]", code: str) -> "Series[Any]":
    return column if code in column.cat.categories else column.cat.add_categories(code)


def _segments(figures: DataFrame, cells: DataFrame, definition: "Questionnaire") -> "NDArray[np.int64]":
    """The year of the last break that is declared for the area and the item's module up to the year."""
    module = definition.data["module"].astype("category").take(figures["position"].to_numpy())
    lines = figures[["area", "year"]].assign(module=module.array)
    return last_break(lines, breaks(cells), ["area", "module"])


def _settled(several: DataFrame, keys: list[str]) -> DataFrame:
    """Figures given more than once, each once."""
    group = several.groupby(keys, observed=True, sort=False).ngroup()
    numbers = several[["lower", "upper", "segment"]].groupby(group)
    least, most = numbers.transform("min"), numbers.transform("max")
    differ = (least["lower"] < most["lower"]) | (least["upper"] < most["upper"])
    ids = join_ids(group.to_numpy(np.int64), several["findings"]).reindex(group).fillna("")
    settled = several.assign(
        value=several["value"].mask(differ), lower=least["lower"], upper=most["upper"],
        status=several["status"].mask(differ, "conflicting"),
        findings=ids.set_axis(several.index), segment=most["segment"],
    )  # fmt: skip
    merit = np.select([several["lower"].notna(), several["status"] != "blank"], [0, 1], 2)
    best = DataFrame({"group": group, "merit": merit}).sort_values("merit", kind="stable")
    return settled.loc[best.drop_duplicates("group").index]


def _described(figures: DataFrame, definition: "Questionnaire") -> DataFrame:
    """With what the questionnaire says of each item: code, measure, unit, stage, source and breakdowns."""
    data = definition.data
    code = data["code"].where(data["code"] != "", data["iccs"])
    items = data.assign(code=code, scheme=definition.record["scheme"])
    position = figures["position"].to_numpy()
    described: dict[str, Any] = {}
    for name in ("scheme", "code", *SERIES):
        column = items[name].astype("category")
        described[name] = column.take(position).set_axis(figures.index)
    return figures.assign(**described)


def _entries(definition: "Questionnaire") -> "Series[str]":
    """The items in whose row the sender names a country or a city, and which of the two."""
    return definition.data[definition.data["entry"] != ""].set_index("item")["entry"]


def _entered(figures: DataFrame, cells: DataFrame, definition: "Questionnaire") -> DataFrame:
    """With what the sender named in each row (`label`) and what that is (`entered`), else empty.

    A name that is no known country is `_U`; a city is called as the sender calls it. Files that
    name different countries in the same row give different figures.
    """
    asked = _entries(definition)
    own = figures["item"].isin(asked.index).to_numpy()
    figures = figures.assign(label="", entered="")
    if not own.any():
        return figures
    said = cells[cells["item"].astype("str").str.startswith("L.")].astype({"return_id": "str", "item": "str"})
    written = Series(
        said["raw"].str.strip().to_numpy(),
        index=pd.MultiIndex.from_arrays([said["return_id"], said["item"].str.removeprefix("L.")]),
    )
    rows = figures.loc[own, ["return_id", "item"]].astype("str")
    label = written[~written.index.duplicated()].reindex(pd.MultiIndex.from_frame(rows)).fillna("")
    label = label.set_axis(rows.index)
    is_country = rows["item"].map(asked) == "country"
    code = areas.match(label)["area"].where(is_country, label.where(label != "", UNKNOWN))
    figures.loc[rows.index, "label"], figures.loc[rows.index, "entered"] = label, code
    return figures


def _named(figures: DataFrame, definition: "Questionnaire") -> DataFrame:
    """With the country or city that the sender named as a breakdown; the words stay in the note.

    The number of the row (`trait`) told rows apart that are not named yet; a named one is told by
    its name, so that a country is one series whatever row it stands in.
    """
    dimension = figures["item"].astype("str").map(_entries(definition))
    if dimension.isna().all():
        return figures
    named = figures.assign(note=figures["note"].astype("str"))
    for column in ("country", "city"):
        chosen = dimension == column
        named[column] = named[column].astype("str").mask(chosen, named["entered"])
    told = dimension.notna() & (named["entered"] != UNKNOWN)
    named["trait"] = named["trait"].astype("str").mask(told, TOTAL)
    between = np.where((named["label"] != "") & (named["note"] != ""), "; ", "")
    named["note"] = (named["label"] + between + named["note"]).where(dimension.notna(), named["note"])
    return named
