"""Where the figures of a table come from, and where they do not agree with their parts."""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from crimestats.errors import CallError
from crimestats.frames import FINDINGS, LINEAGE, NOT_APPLICABLE
from crimestats.trends.figures import Figures
from crimestats.trends.rollup import ESTIMATED, METHODS, Plan, figure_ids, rolling
from crimestats.trends.sums import RULES
from crimestats.trends.texts import hexadecimal
from crimestats.validation import messages

_PLACE = ["return_id", "sheet", "cell"]
_STANDS = "The figure stands: correct one of them, or explain the difference in the note column."
_OTHERS = "has figures that do not follow from `classified`."
_REMEDY = "Give the classified figures and the window that `tabulate` made it from."
_SAID = {
    "iccs": ("parts", "the categories that make it up add to", _STANDS),
    "area": ("parts", "the parts of the country add to", _STANDS),
    "item": ("consistent", "the same figure is given elsewhere as", "Neither stands: correct one of them."),
}


def lineage(classified: DataFrame, trends: DataFrame, *, window: tuple[int, int] | None = None) -> DataFrame:
    """What each figure of a table is made of: other figures, or cells of workbooks.

    Args:
        classified: What the table was made from (`frames.CLASSIFIED`).
        trends: The table, or rows of it (`frames.TRENDS`).
        window: Of the panel, as `tabulate` was given it.

    Returns:
        The edges (`frames.LINEAGE`) of the figures and of all that they rest
        on. The values of the parts, times their weights, add to the figure;
        the weight of a cell is its share where its national code is divided.
        Of an estimate they are the reported figures in it, and not all that it is made of.

    Raises:
        CallError: The table has figures that do not follow from `classified`.
    """
    kept = trends.loc[trends["grouping"] != NOT_APPLICABLE, ["grouping", "method"]].drop_duplicates()
    plan = Plan(
        sorted(set(kept["grouping"])), tuple(name for name in METHODS if name in set(kept["method"])),
        window, disjoint=True,
    )  # fmt: skip
    listed = [LINEAGE.empty()]
    n_found = 0
    for figures in rolling(classified, plan).blocks():
        ids = Series(hexadecimal(figure_ids(figures, plan.pairs)), index=figures.data.index)
        place = Index(trends["figure_id"]).get_indexer(Index(ids))
        wanted = ids.index[place >= 0]
        _refuse_others(figures, trends, place)
        n_found += len(wanted)
        edges = _edges(figures, ids, classified)
        edges = edges[edges["figure"].isin(_with_parts(figures, wanted))].sort_values("figure", kind="stable")
        listed.append(LINEAGE.cast(edges.assign(figure_id=edges["figure"].map(ids))))
    # what is estimated may rest on no report of its year
    if n_found < (trends["method"] != ESTIMATED).sum():
        raise CallError("trends", _OTHERS, _REMEDY)
    return LINEAGE.join(*listed)


def _refuse_others(figures: Figures, trends: DataFrame, place: "np.ndarray") -> None:
    """Refuse figures of a table that are not those that the rows of the same name add to."""
    found = place >= 0
    taken = trends.iloc[place[found]]
    is_given = (taken["basis"] != ESTIMATED).to_numpy()
    for name in ("lower", "upper"):
        given, made = taken[name].to_numpy(), figures.data[name].to_numpy()[found]
        is_other = is_given & ~np.isnan(given) & ~np.isclose(given, made, rtol=1e-9, equal_nan=True)
        if is_other.any():
            raise CallError("trends", _OTHERS, _REMEDY)


def conflicts(classified: DataFrame) -> DataFrame:
    """Where a figure and the sum of its parts differ, or two cells that give one figure.

    The parts are the categories that make up its category, or the parts of the
    country; the figure stands. Where several items of a questionnaire are of one
    category and the same breakdowns, none of them does. The ids stand among the
    findings of the figure in the trend table.

    Args:
        classified: Reported figures under the ICCS (`frames.CLASSIFIED`).

    Returns:
        The findings (`frames.FINDINGS`), of the rules `TAB-01`, `TAB-02` and `TAB-03`.
    """
    tables = [
        _conflicts(figures, classified) for figures in rolling(classified, Plan(disjoint=True)).blocks()
    ]
    table = pd.concat([FINDINGS.empty().astype("object"), *(each for each in tables if len(each))])
    return FINDINGS.cast(table.sort_values(["rule", "area", "item", "year", "finding_id"], ignore_index=True))


def _conflicts(figures: Figures, classified: DataFrame) -> DataFrame:
    """The conflicts of a block."""
    found = figures.conflicts
    if found.empty:
        return FINDINGS.empty()
    wholes = figures.data.loc[found["figure"]].reset_index(drop=True)
    row = figures.cells.drop_duplicates("figure").set_index("figure")["row"].reindex(found["figure"])
    placed = classified[[*_PLACE, "item"]].astype("str").reset_index(drop=True).reindex(row)
    placed = placed.fillna(NOT_APPLICABLE).reset_index(drop=True)
    given = classified[["lower", "upper"]].reset_index(drop=True).reindex(row).reset_index(drop=True)
    kind, made, remedy = zip(*found["along"].map(_SAID), strict=True)
    table = placed.assign(
        finding_id=found["finding_id"].to_numpy(), rule=found["along"].map(RULES).to_numpy(), kind=kind,
        severity="note", verdict="fail", area=figures.areas[wholes["area"]], year=wholes["year"],
        value=np.where(found["along"] == "item", _written(given), _written(wholes)),
        expected=_written(found), made=made, remedy=remedy, questionnaire=NOT_APPLICABLE, state="open",
        **dict.fromkeys(("previous", "others", "culprit", "fitting", "question"), ""),
    )  # fmt: skip
    table["message"] = [_message(row) for row in table.astype("str").to_dict("records")]
    return table


def _edges(figures: Figures, ids: "Series[str]", classified: DataFrame) -> DataFrame:
    """Figures in figures, and cells in figures: figure (its number), part_kind, part_id, weight."""
    parts, cells = figures.parts, figures.cells
    read_from = classified[list(_PLACE)].take(cells["row"].to_numpy()).astype("str")
    places = read_from["return_id"] + "!" + read_from["sheet"] + "!" + read_from["cell"]
    made = parts.assign(part_kind="figure", part_id=parts["part"].map(ids), weight=1.0)
    read = cells.assign(part_kind="cell", part_id=places.to_numpy())
    return pd.concat([made, read])[["figure", "part_kind", "part_id", "weight"]]


def _with_parts(figures: Figures, wanted: Index) -> Index:
    """The figures, and those that they are made of, down to the reported ones."""
    reached = wanted
    while len(wanted):
        parts = Index(figures.parts.loc[figures.parts["figure"].isin(wanted), "part"].unique())
        wanted = parts.difference(reached)
        reached = reached.union(wanted)
    return reached


def _written(rows: DataFrame) -> list[str]:
    """A figure, or the range that it lies in, as text."""
    bounds = zip(rows["lower"], rows["upper"], strict=True)
    return [f"{lower:.15g}" if lower == upper else f"{lower:.15g} to {upper:.15g}" for lower, upper in bounds]


def _message(row: Mapping[Hashable, str]) -> str:
    fault = f"the figure is {row['value']}, but {row['made']} {row['expected']}."
    place = messages.place(row["return_id"], row["sheet"], row["cell"])
    return messages.message(row["rule"], place, row["area"], row["year"], f"{fault} {row['remedy']}")
