"""A Sankey diagram of flows: bands from origins on the left to destinations on the right."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import UNKNOWN
from crimestats.report.chart import COLOURS
from crimestats.report.display import shown
from crimestats.report.pictures import flowing
from crimestats.report.pictures.sheet import INK, MUTED, Sheet, altair
from crimestats.report.pictures.wording import listed, several, text
from crimestats.trafficking.flows import THRESHOLD
from crimestats.trafficking.levels import DOMESTIC, members
from crimestats.trafficking.matrices import Place, chosen

if TYPE_CHECKING:
    from altair import VConcatChart

_WIDTH, _NAMES, _NODE = 1100, 280, 14
_HEIGHT, _GAP, _LINE = 560, 9, 30  # pixels: of all bands, between nodes, of a label of two lines
_STEPS = 32
_TOP = 12
_SMALL = 0.01  # part of all victims below which subregions of a side stand together
_LETTERS = 40
OTHER = "_O"


def sankey(
    flows: DataFrame,
    *,
    grouping: str = "glotip",
    by: Place = "subregion",
    basis: str = "citizenship",
    year: int | None = None,
    destination: str | None = None,
    is_domestic: bool = False,
    top: int = _TOP,
    threshold: int = THRESHOLD,
    source: str | None = None,
) -> "VConcatChart":
    """Draw where victims are from and where they were detected.

    Args:
        flows: `frames.FLOWS`, of one window.
        grouping: Of the places.
        by: `subregion` or `region` of both sides; with `area` the `top` countries of each side.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.
        destination: Code of an area: only what goes there, by country of origin, coloured by level.
        is_domestic: Whether own citizens are drawn; their number is told otherwise.
        top: Countries that are drawn by themselves; the others are one.
        threshold: That is told.
        source: Where the figures come from.

    Raises:
        CallError: There are no such flows.
    """
    rows = chosen(flows, grouping=grouping, basis=basis, year=year)
    rows = rows if destination is None else rows[rows["destination"] == destination]
    drawn = rows if is_domestic else rows[rows["level"] != DOMESTIC]
    if drawn.empty or not drawn["middle"].sum():
        raise CallError(f"flows, {basis}", "has nothing to draw.", "Name another year or destination.")
    names = dict(flowing.place_names(grouping))
    if destination is not None or by == "area":
        names[UNKNOWN] = text("flow.unknown.area")
    place: Place = by if destination is None else "area"
    bands = _bands(drawn, grouping, place, top, names)
    colours = _colours(bands, grouping, is_by_level=destination is not None)
    nodes, bands = _placed(bands)
    body = altair().layer(*_band_layers(bands, colours), *_node_layers(nodes, names, colours))
    height = float(nodes["bottom"].max()) + _LINE / 2
    body = body.properties(width=_WIDTH, height=height)
    if destination is not None:
        body = altair().vconcat(body, _level_key(bands), spacing=14)
    sheet = _sheet(rows, drawn, bands, names, grouping, threshold, source, place, destination)
    return sheet.around(body, _WIDTH)


def _bands(rows: DataFrame, grouping: str, by: Place, top: int, names: dict[str, str]) -> DataFrame:
    """A row for each band: `left`, `right` (codes), `level` where all of it is of one, numbers."""
    sides = {}
    for side, column in (("left", "origin"), ("right", "destination")):
        codes = rows[column].map(members(grouping, by)).fillna(UNKNOWN)
        sides[side] = _largest(codes, rows["middle"], by, top, names, side)
    bands = rows.assign(**sides).groupby(["left", "right"], as_index=False).agg(
        middle=("middle", "sum"), lower=("lower", "sum"), upper=("upper", "sum"), level=("level", "first"),
        n_levels=("level", "nunique"), n_pairs=("level", "size"),
    )  # fmt: skip
    return bands[bands["middle"] > 0].reset_index(drop=True)


def _largest(
    codes: "Series[str]", numbers: "Series[float]", by: Place, top: int, names: dict[str, str], side: str
) -> "Series[str]":
    """The largest places; the others become one, named by how many it holds.

    Of countries the `top` largest stand by themselves, of subregions and regions those that are not small.
    """
    sums = numbers.groupby(codes).sum().drop(UNKNOWN, errors="ignore").sort_values(ascending=False)
    sums = sums[sums > 0]
    rest = list(sums.index[top:] if by == "area" else sums.index[sums < _SMALL * numbers.sum()])
    if len(rest) < 2:
        return codes
    other = f"{OTHER}{side}"
    names[other] = text(f"flow.other.{by}", number=len(rest))
    return codes.replace(dict.fromkeys(rest, other))


def _colours(bands: DataFrame, grouping: str, *, is_by_level: bool) -> dict[str, str]:
    """Colour of each node, and under `band <left>` that of the bands from it."""
    known = {**flowing.colours(grouping), f"{OTHER}left": MUTED, f"{OTHER}right": MUTED}
    codes = [*bands["left"], *bands["right"]]
    found = {code: known.get(code, flowing.UNKNOWN_COLOUR) for code in codes}
    of_left = {code: found[code] for code in bands["left"]}
    if is_by_level:
        order = _level_colours()
        is_mixed = bands["left"].str.startswith(OTHER)
        of_left = dict(zip(bands["left"], bands["level"].map(order).mask(is_mixed, MUTED), strict=True))
        found |= of_left
    return found | {f"band {code}": colour for code, colour in of_left.items()}


def _level_colours() -> dict[str, str]:
    return dict(zip(flowing.level_labels(), (*COLOURS[:4], flowing.UNKNOWN_COLOUR), strict=True))


def _level_key(bands: DataFrame) -> Any:
    """The colours of the levels that occur, each beside its name."""
    alt = altair()
    colours, labels = _level_colours(), flowing.level_labels()
    there = [level for level in labels if level in set(bands["level"])]
    wide = np.cumsum([0, *(len(labels[level]) * 6.5 + 50 for level in there)])[:-1]
    table = DataFrame({
        "x": _NAMES + wide, "x2": _NAMES + wide + 18, "label": [labels[level] for level in there],
        "colour": [colours[level] for level in there],
    })  # fmt: skip
    chart = alt.Chart(alt.Data(values=table.to_dict("records"))).encode(tooltip=alt.value(None))
    boxes = chart.mark_rect(opacity=0.8, y=0, y2=12).encode(
        x=_pixel(alt.X, "x", axis=None), x2=alt.X2("x2:Q"), fill=alt.Fill("colour:N", scale=None, legend=None)
    )
    words = chart.mark_text(align="left", baseline="middle", fontSize=11, color=MUTED, dx=6, y=6).encode(
        x=_pixel(alt.X, "x2", axis=None), text="label:N"
    )
    return alt.layer(boxes, words).properties(width=_WIDTH, height=14)


def _placed(bands: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Heights in pixels: of the nodes of both sides, and of each band at its two ends."""
    scale = _HEIGHT / bands["middle"].sum()
    sides = []
    for side in ("left", "right"):
        sums = bands.groupby(side)[["middle", "lower", "upper"]].sum()
        order = sums.sort_values("middle", ascending=False).index
        last = [code for code in order if code == UNKNOWN or code.startswith(OTHER)]
        sums = sums.loc[[*(code for code in order if code not in last), *sorted(last)]]
        sides.append(sums.assign(side=side, size=sums["middle"] * scale).rename_axis("code").reset_index())
    nodes = _stacked(sides)
    for side, other in (("left", "right"), ("right", "left")):
        start = nodes[nodes["side"] == side].set_index("code")["top"]
        across = bands[other].map(nodes[nodes["side"] == other].set_index("code")["top"])
        size = (bands["middle"] * scale).iloc[np.argsort(across, kind="stable")]
        before = size.groupby(bands[side]).cumsum() - size
        bands = bands.assign(**{f"{side}_top": before + bands[side].map(start)})
    return nodes, bands.assign(size=bands["middle"] * scale)


def _stacked(sides: list[DataFrame]) -> DataFrame:
    """Nodes below each other, with room for the label beside each, both sides of one height."""
    tops = []
    for nodes in sides:
        size = nodes["size"].to_numpy()
        apart = _LINE + (size[:-1] - size[1:]) / 2  # so that the labels of two nodes have room
        steps = np.maximum(size[:-1] + _GAP, apart)
        tops.append(max(0.0, (_LINE - size[0]) / 2) + np.concatenate([[0.0], np.cumsum(steps)]))
    deep = [float(top[-1] + nodes["size"].iloc[-1]) for top, nodes in zip(tops, sides, strict=True)]
    found = []
    for top, nodes, own in zip(tops, sides, deep, strict=True):
        spread = np.linspace(0, max(deep) - own, len(top)) if len(top) > 1 else (max(deep) - own) / 2
        found.append(nodes.assign(top=top + spread, bottom=top + spread + nodes["size"]))
    return pd.concat(found, ignore_index=True)


def _pixel(channel: Any, field: str, **more: Any) -> Any:
    return channel(f"{field}:Q", scale=None, **more)


def _band_layers(bands: DataFrame, colours: Mapping[str, str]) -> list[Any]:
    """Each band as an area between two curves; the broad ones below."""
    alt = altair()
    at = np.linspace(0, 1, _STEPS + 1)
    ease = at * at * (3 - 2 * at)
    x = _NAMES + _NODE + at * (_WIDTH - 2 * (_NAMES + _NODE))
    ordered = bands.sort_values("middle", ascending=False, ignore_index=True)
    curve = np.outer(ordered["left_top"], 1 - ease) + np.outer(ordered["right_top"], ease)
    thick = np.maximum(ordered["size"].to_numpy(), 0.5)[:, None]
    points = DataFrame({
        "band": np.repeat(np.arange(len(ordered)), len(at)), "x": np.tile(x, len(ordered)).round(2),
        "y": curve.ravel().round(2), "y2": (curve + thick).ravel().round(2),
        "colour": np.repeat([colours[f"band {code}"] for code in ordered["left"]], len(at)),
    })  # fmt: skip
    data = flowing.packed(points.to_dict("records"))
    area = alt.Chart(data).mark_area(opacity=0.45, orient="vertical", line=False).encode(
        x=_pixel(alt.X, "x", axis=None), y=_pixel(alt.Y, "y", axis=None, stack=None), y2=alt.Y2("y2:Q"),
        detail="band:N", fill=alt.Fill("colour:N", scale=None, legend=None), tooltip=alt.value(None),
    )  # fmt: skip
    return [area]


def _node_layers(nodes: DataFrame, names: Mapping[str, str], colours: Mapping[str, str]) -> list[Any]:
    """Upright bars with the name and the figure of each place beside, none upon another."""
    alt = altair()
    layers = []
    for side, x, sign in (("left", _NAMES, -1), ("right", _WIDTH - _NAMES - _NODE, 1)):
        rows = nodes[nodes["side"] == side]
        called = rows["code"].map(names).fillna(rows["code"])
        called = called.map(lambda name: name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…")
        figures = [flowing.count_text(nodes.loc[[at]]) for at in rows.index]
        middle = (rows["top"] + rows["bottom"]) / 2
        table = rows.assign(
            colour=rows["code"].map(colours), name=called, figure=figures, at=middle,
            bottom=np.maximum(rows["bottom"], rows["top"] + 1.0),
        )[["top", "bottom", "colour", "name", "figure", "at"]]  # fmt: skip
        data = alt.Data(values=table.to_dict("records"))
        edge = x if sign < 0 else x + _NODE
        layers += [_bars(data, x), *_labels(data, edge, sign)]
    return layers


def _bars(data: Any, x: float) -> Any:
    alt = altair()
    return alt.Chart(data).mark_rect(opacity=1).encode(
        x=alt.value(x), x2=alt.value(x + _NODE), y=_pixel(alt.Y, "top", axis=None), y2=alt.Y2("bottom:Q"),
        fill=alt.Fill("colour:N", scale=None, legend=None),
    )  # fmt: skip


def _labels(data: Any, edge: float, sign: int) -> list[Any]:
    alt = altair()
    align = "right" if sign < 0 else "left"
    looks = {
        "name": {"fontSize": 12, "fontWeight": 600, "color": INK, "baseline": "bottom", "dy": 1},
        "figure": {"fontSize": 11, "color": MUTED, "baseline": "top", "dy": 2},
    }
    return [
        alt.Chart(data).mark_text(align=align, **look).encode(
            x=alt.value(edge + sign * 8), y=_pixel(alt.Y, "at", axis=None), text=f"{field}:N"
        )
        for field, look in looks.items()
    ]  # fmt: skip


def _sheet(
    rows: DataFrame, drawn: DataFrame, bands: DataFrame, names: Mapping[str, str], grouping: str,
    threshold: float, source: str | None, by: str, destination: str | None,
) -> Sheet:  # fmt: skip
    basis = str(rows["basis"].iloc[0])
    left, right = text(f"flow.left.{basis}"), text(f"flow.right.{basis}")
    colour = text("flow.colour.region" if destination is None else "flow.colour.level")
    sides = text("flow.sides", left=left, right=right, colour=colour)
    holder = drawn["destination"] if basis == "citizenship" else drawn["origin"]
    areas = several("explain.areas", holder.nunique())
    base = text("flow.base", number=flowing.count_text(drawn), pairs=flowing.pairs_text(drawn, threshold),
                areas=areas)  # fmt: skip
    title = flowing.title(rows, None if destination is None else names.get(destination, destination), by=by)
    is_together = (
        by != "area" and (bands["left"].str.startswith(OTHER) | bands["right"].str.startswith(OTHER)).any()
    )
    small = [text("flow.note.small", share=shown(100 * _SMALL))] if is_together else []
    largest = bands.sort_values("middle", ascending=False).head(5)
    said = listed([
        text("alt.flow", origin=names.get(start, start), destination=names.get(end, end),
             number=flowing.count_text(largest[largest.index == at]))
        for at, start, end in zip(largest.index, largest["left"], largest["right"], strict=True)
    ])  # fmt: skip
    return Sheet(
        title=title, subtitle=[sides, base], marks=[],
        notes=[*small, *flowing.left_out(rows, drawn), *flowing.notes(drawn, threshold, source),
               *flowing.grouping_note(grouping)],
        description=" ".join([title + ".", text("alt.sankey"), base, text("alt.largest", listed=said)]),
    )  # fmt: skip
