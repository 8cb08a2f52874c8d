"""A matrix of flows as shaded cells: destinations down, origins across."""

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import UNKNOWN
from crimestats.report.pictures import flowing
from crimestats.report.pictures.maps import SHADES
from crimestats.report.pictures.sheet import INK, Sheet, altair
from crimestats.report.pictures.wording import listed, several, text
from crimestats.trafficking.flows import THRESHOLD
from crimestats.trafficking.matrices import Place, between, chosen, figure_text

if TYPE_CHECKING:
    from altair import VConcatChart

_WIDTH, _NAMES, _ROW = 1100, 220, 32
_DARK = 0.55  # of the scale from which letters are white
_MOST = 25
_BROADEST = 100  # pixels of a column
_UPRIGHT = 12  # columns up to which their names stand upright, a few words a line
_ASLANT = 110  # pixels that the last name of a column reaches beyond it
_LETTER = 6.2


def heat_map(
    flows: DataFrame,
    *,
    by: Place = "subregion",
    grouping: str = "glotip",
    basis: str = "citizenship",
    year: int | None = None,
    threshold: int = THRESHOLD,
    source: str | None = None,
) -> "VConcatChart":
    """Draw the matrix of flows; every cell has its figure, shades follow its logarithm.

    Args:
        flows: `frames.FLOWS`, of one window.
        by: `subregion` or `region` of the grouping; `area` where there are at most 25 of a side.
        grouping: Of the places.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.
        threshold: That is told.
        source: Where the figures come from.

    Raises:
        CallError: There are no such flows, or too many places to be read.
    """
    cells = between(flows, by=by, grouping=grouping, basis=basis, year=year)
    rows = chosen(flows, grouping=grouping, basis=basis, year=year)
    sides = {side: _order(cells[side]) for side in ("destination", "origin")}
    if max(map(len, sides.values())) > _MOST:
        fault = f"has {max(map(len, sides.values()))} places on a side, more than {_MOST}."
        raise CallError("heat_map(by)", fault, "Draw subregions or regions, or choose fewer flows.")
    body = _cells(_shaded(cells), sides, flowing.place_names(grouping))
    return _sheet(rows, cells, by, grouping, threshold, source).around(body, _WIDTH, _NAMES)


def _order(codes: "Series[str]") -> list[str]:
    return sorted(codes.unique(), key=lambda code: (code == UNKNOWN, code))


def _shaded(cells: DataFrame) -> DataFrame:
    middle = cells["value"].fillna((cells["lower"] + cells["upper"]) / 2)
    size = np.log1p(middle.fillna(0.0))
    return cells.assign(figure=figure_text(cells), heat=size / (size.max() or 1.0))


def _cells(cells: DataFrame, sides: dict[str, list[str]], names: Mapping[str, str]) -> Any:
    alt = altair()
    order = {side: [names[code] for code in codes] for side, codes in sides.items()}
    number = len(order["origin"])
    is_upright = number <= _UPRIGHT
    width = min(_WIDTH - _NAMES - (0 if is_upright else _ASLANT), _BROADEST * number)
    figures = _broken(cells["figure"], width / number)
    named = cells.assign(**{side: cells[side].map(names) for side in sides}, figure=figures)
    data = alt.Data(values=named[["origin", "destination", "figure", "heat"]].to_dict("records"))
    shared: dict[str, Any] = {"title": None, "domain": False, "ticks": False, "labelColor": INK}
    down = alt.Axis(**shared, labelLimit=_NAMES - 10, minExtent=_NAMES, maxExtent=_NAMES)
    aslant: dict[str, Any] = {"labelAngle": -50, "labelAlign": "left", "labelLimit": 200}
    across = alt.Axis(**shared, orient="top", **({"labels": False} if is_upright else aslant))
    places = {
        "y": alt.Y("destination:N", sort=order["destination"], axis=down, scale=alt.Scale(paddingInner=0.06)),
        "x": alt.X("origin:N", sort=order["origin"], axis=across, scale=alt.Scale(paddingInner=0.04)),
    }
    colour = alt.Fill("heat:Q", scale=alt.Scale(domain=[0, 1], range=["#f3f7fb", *SHADES]), legend=None)
    letters = alt.condition(f"datum.heat > {_DARK}", alt.value("white"), alt.value(INK))
    chart = alt.Chart(data).encode(**places, tooltip=alt.value(None))
    lines = [
        chart.transform_calculate(line=f"split(datum.figure, '|')[{at}]")
        .transform_filter(f"length(split(datum.figure, '|')) == {parts}")
        .mark_text(fontSize=11 if is_upright else 10, dy=shift).encode(text="line:N", color=letters)
        for parts, at, shift in ((1, 0, 0), (2, 0, -6), (2, 1, 6))
    ]  # fmt: skip
    headings = _headings(order["origin"], width / number, places["x"]) if is_upright else []
    layers = alt.layer(chart.mark_rect().encode(fill=colour), *lines, *headings)
    return layers.properties(width=width, height=_ROW * len(order["destination"]))


def _broken(figures: "Series[str]", room: float) -> "Series[str]":
    """Ranges that are broader than a cell in two lines, apart by `|`."""
    is_broad = figures.str.len() * _LETTER > room - 4
    return figures.mask(is_broad, figures.str.replace("–", "–|", regex=False))


def _headings(names: list[str], room: float, x: Any) -> list[Any]:
    """The names of columns above them, in as many lines as they need."""
    alt = altair()
    letters = max(8, int(room / _LETTER))
    lines = [(name, line, up) for name in names for up, line in enumerate(reversed(wrap(name, letters)))]
    table = DataFrame(lines, columns=["origin", "line", "up"])
    return [
        alt.Chart(alt.Data(values=part.to_dict("records")))
        .mark_text(fontSize=11, color=INK, baseline="bottom", y=-6 - 13 * up)
        .encode(x=x, text="line:N")
        for up, part in ((up, table[table["up"] == up]) for up in range(int(table["up"].max()) + 1))
    ]  # fmt: skip


def _sheet(
    rows: DataFrame, cells: DataFrame, by: Place, grouping: str, threshold: float, source: str | None
) -> Sheet:
    basis = str(rows["basis"].iloc[0])
    title, names = flowing.title(rows, by=by), flowing.place_names(grouping)
    how = text("flow.heat.how", left=text(f"flow.left.{basis}"), right=text(f"flow.right.{basis}"))
    holder = rows["destination"] if basis == "citizenship" else rows["origin"]
    areas = several("explain.areas", holder.nunique())
    pairs = flowing.pairs_text(rows, threshold)
    base = text("flow.base", number=flowing.count_text(rows), pairs=pairs, areas=areas)
    largest = cells.sort_values("lower", ascending=False).head(5)
    said = listed([
        text("alt.flow", origin=names[start], destination=names[end], number=figure)
        for start, end, figure in zip(
            largest["origin"], largest["destination"], figure_text(largest), strict=True
        )
    ])  # fmt: skip
    return Sheet(
        title=title, subtitle=[how, base], marks=[],
        notes=[*flowing.notes(rows, threshold, source, drawn_widths=False), *flowing.grouping_note(grouping)],
        description=" ".join([title + ".", text("alt.heat"), base, text("alt.largest", listed=said)]),
    )  # fmt: skip
