"""A map of one year: areas shaded by their figure, the small ones as points, those without a figure grey."""

import itertools
import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.files import read_csv, shipped
from crimestats.frames import NOT_APPLICABLE
from crimestats.report.display import shown as figure_shown
from crimestats.report.pictures.choosing import By, chosen
from crimestats.report.pictures.explaining import described, notes_of
from crimestats.report.pictures.sheet import EMPTY, INK, MUTED, Sheet, altair
from crimestats.report.pictures.wording import several, text

if TYPE_CHECKING:
    from altair import VConcatChart

SHADES = ("#d6e6f4", "#9dc6e0", "#5a9fd0", "#2171b5", "#08306b")
"""From low to high: one hue, told apart by lightness alone (after the Blues of ColorBrewer)."""

_WIDTH, _HEIGHT, _BOX, _LINE = 1180, 535, 18, 22
_SCALE, _EQUATOR = 215, 284  # the world without the Antarctic fills the picture
_RANGE = "#e8c9a0"  # known within bounds that span several classes
_EDGE = "#8a94a0"
_POINT = 62
_FEWEST = 2  # figures of a class


def map_of(
    trends: DataFrame,
    year: int,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    by: By = "rate",
    source: str | None = None,
) -> "VConcatChart":
    """Draw a map of the world with the figures of a year.

    Classes hold about as many areas each. Areas too small for a shape, and parts
    of countries, are points. An area of which only bounds are known has the shade
    of its class where both bounds lie in it, else a colour of its own.

    Args:
        trends: Figures (`frames.TRENDS`) of reporting units.
        year: Of the figures.
        iccs: Code of the category.
        areas: Codes; all that have a figure if None.
        by: `rate` or `index`; counts follow the size of a country and are refused.
        source: Where the figures come from.

    Raises:
        CallError: There is no figure of the year, several indicators are meant, or counts are.
    """
    alt = altair()
    if by == "value":
        raise CallError('by="value"', "makes a map of the size of countries.", "Draw rates, or use `dots`.")
    if len(trends) and (trends["grouping"] != NOT_APPLICABLE).all():
        raise CallError("trends", "are of groups, which a map does not draw.", "Use `dots` for them.")
    picked = chosen(trends, iccs=iccs, areas=areas, first=year, last=year)
    rows = picked.figures(by)
    rows = rows[rows["shown_lower"].notna()]
    if rows.empty:
        raise CallError(f"year {year}", "has no figure of these areas.", "Choose another year.")
    limits = class_limits(rows["shown"].dropna(), picked.digits(by))
    rows = rows.assign(shade=_shades(rows, limits))
    legend = _legend(limits, picked.digits(by), rows)
    projection = {"scale": _SCALE, "translate": [_WIDTH / 2, _EQUATOR]}
    drawn = alt.layer(*_layers(rows), *legend).project("equalEarth", **projection)
    body = drawn.properties(width=_WIDTH, height=_HEIGHT)
    missing = [name for code, name in zip(rows["area"], rows["name"], strict=True) if code not in _places()]
    undrawn = [several("note.undrawn", len(missing), names=", ".join(missing))] if missing else []
    sheet = Sheet(
        title=picked.title,
        subtitle=[f"{picked.unit(by)}, {year}"],
        marks=[],
        notes=[text("note.map"), *undrawn, *notes_of(picked, by, "map", source)],
        description=described(picked, by, "map"),
    )
    return sheet.around(body, _WIDTH)


@cache
def _world() -> dict[str, Any]:
    world: dict[str, Any] = json.loads(
        shipped("classification", "map", "world.json").read_text(encoding="utf-8")
    )
    return world


@cache
def _points() -> DataFrame:
    table = read_csv(shipped("classification", "map", "points.csv"), ("area", "longitude", "latitude"))
    return table.astype({"longitude": "float64", "latitude": "float64"})


def _shapes() -> set[str]:
    return {entry["properties"]["area"] for entry in _world()["objects"]["areas"]["geometries"]}


def _places() -> set[str]:
    return _shapes() | set(_points()["area"])


def class_limits(figures: "pd.Series[float]", digits: int) -> list[float]:
    """Limits between classes of about as many figures each, as they are shown; fewer where figures are few.

    >>> class_limits(pd.Series([0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0, 20.0, 30.0, 50.0]), 1)
    [1.4, 3.2, 11.2, 22.0]
    """
    number = min(len(SHADES), len(figures) // _FEWEST)
    if number < 2:
        return []
    cuts = figures.quantile(np.arange(1, number) / number).round(digits)
    return [float(cut) for cut in dict.fromkeys(cuts) if figures.min() < cut <= figures.max()]


def _classes(figures: "pd.Series[float]", limits: list[float]) -> "pd.Series[int]":
    return pd.Series(np.searchsorted(limits, figures, side="right"), index=figures.index)


def _shades(rows: DataFrame, limits: list[float]) -> list[str]:
    colours = _colours(limits)
    low, high = _classes(rows["shown_lower"], limits), _classes(rows["shown_upper"], limits)
    at = _classes(rows["shown"].fillna(rows["shown_lower"]), limits)
    is_sure = rows["shown"].notna() | (low == high)
    return [colours[place] if sure else _RANGE for place, sure in zip(at, is_sure, strict=True)]


def _colours(limits: list[float]) -> list[str]:
    """As many shades as there are classes, from the whole breadth."""
    places = np.linspace(0, len(SHADES) - 1, len(limits) + 1).round().astype(int)
    return [SHADES[place] for place in places]


def _layers(rows: DataFrame) -> list[Any]:
    """All shapes grey, those with a figure shaded, then the points."""
    alt = altair()
    colour = dict(zip(rows["area"], rows["shade"], strict=True))
    world = json.loads(json.dumps(_world()))
    for entry in world["objects"]["areas"]["geometries"]:
        entry["properties"]["shade"] = colour.get(entry["properties"]["area"], EMPTY)
    data = alt.InlineData(values=world, format=alt.TopoDataFormat(feature="areas", type="topojson"))
    shade = alt.Fill("properties.shade:N", scale=None, legend=None)
    shapes = alt.Chart(data).mark_geoshape(stroke=_EDGE, strokeWidth=0.4).encode(fill=shade)
    points = _points()[_points()["area"].isin(colour)]
    if points.empty:
        return [shapes]
    spots = alt.Data(values=points.assign(shade=points["area"].map(colour)).to_dict("records"))
    looks: dict[str, Any] = {"size": _POINT, "opacity": 1, "stroke": INK, "strokeWidth": 0.8}
    circles = alt.Chart(spots).mark_circle(**looks).encode(
        longitude="longitude:Q", latitude="latitude:Q", fill=alt.Fill("shade:N", scale=None, legend=None)
    )  # fmt: skip
    return [shapes, circles]


def _legend(limits: list[float], digits: int, rows: DataFrame) -> list[Any]:
    """The classes with the number of areas in each, over the southern Pacific."""
    edges = [figure_shown(limit, digits) for limit in limits]
    named = [text("class.one")] if not edges else [
        text("class.below", limit=edges[0]),
        *(text("class.between", low=low, high=high) for low, high in itertools.pairwise(edges)),
        text("class.from", limit=edges[-1]),
    ]  # fmt: skip
    entries = list(zip(_colours(limits), named, strict=True))
    entries += [(_RANGE, text("class.range"))] if (rows["shade"] == _RANGE).any() else []
    entries = [(shade, f"{said} ({(rows['shade'] == shade).sum()})") for shade, said in entries]
    entries.append((EMPTY, text("key.none")))
    first = _HEIGHT - _LINE * len(entries)
    return [
        mark for at, (shade, said) in enumerate(entries) for mark in _entry(shade, said, first + _LINE * at)
    ]


def _entry(shade: str, said: str, y: float) -> list[Any]:
    alt = altair()
    alone = alt.Chart(alt.Data(values=[{}])).encode(tooltip=alt.value(None))
    looks: dict[str, Any] = {"stroke": _EDGE, "strokeWidth": 0.6, "fill": shade}
    words: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 12, "color": MUTED}
    box = alone.mark_rect(x=0, x2=_BOX * 1.5, y=y, y2=y + _BOX * 0.8, **looks)
    return [box, alone.mark_text(text=said, x=_BOX * 1.5 + 8, y=y + _BOX * 0.4, **words)]
