"""One indicator as a line chart: Vega-Lite written out, drawn offline as SVG.

Every area is a line, from which a page can pick one by its label. No line
crosses a year without a figure or a break in the series; a range is a bar.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.report.axis import Axis
from crimestats.report.indicators import DRAWN

WIDTH, HEIGHT = 440, 300
COLOURS = ("#0072b2", "#c04e00", "#00795c", "#a03c78", "#8a6100")
"""Of the areas that are named: after Okabe and Ito (2008), darkened until they read as text on white."""

_MARGIN = {"left": 46, "right": 160, "top": 10, "bottom": 26}
_GREY, _INK, _MUTED, _GRID = "#b4bbc4", "#1a2230", "#5b6673", "#e4e8ec"
_LABEL_GAP, _LABEL_LENGTH = 14, 24  # pixels between end labels; letters that fit the margin
_YEARS_WRITTEN = 11
_NOISE = re.compile(
    r' (?:role|aria-roledescription|aria-hidden|pointer-events)="[^"]*"'
    r'| (?:font-family|opacity|stroke-linecap|stroke-linejoin)="[^"]*"'
    r'|<path class="(?:background|foreground)"[^>]*/>'
)
_DECIMALS = re.compile(r"(\.\d)\d+(?=[\s,a-zA-Z\"])")
_SVG = re.compile(r"<svg [^>]*>")


def line_chart(series: DataFrame, named: Mapping[str, str], median: "pd.Series[float]", panel: int) -> str:
    """Draw an indicator.

    Args:
        series: Rows with area, name, year, drawn, drawn_lower, drawn_upper and run
            (see `indicators.Indicator`); those without a figure are left out.
        named: Areas whose line is coloured and labelled, with their colours.
        median: By year, drawn thick; may be empty.
        panel: Number of areas that the median is of.

    Returns:
        An SVG element without ids, the same for the same figures.
    """
    import vl_convert

    drawn = series.loc[series["drawn_lower"].notna(), ["area", "name", "year", "run", *DRAWN]]
    axis = axis_of(drawn)
    middle = _median_rows(median)
    spec = {
        "width": WIDTH, "height": HEIGHT, "autosize": "none", "padding": _MARGIN, "background": None,
        "encoding": {"x": _years(int(drawn["year"].min()), int(drawn["year"].max())), "y": axis.encoding()},
        "layer": [*_figures(_styled(drawn, middle, named), axis), _labels(drawn, named, middle, panel, axis)],
        "config": {"view": {"stroke": None}, "axis": _AXES},
    }  # fmt: skip
    return _lighter(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def axis_of(series: DataFrame) -> Axis:
    """The axis that a series is drawn on."""
    return Axis.fitting(pd.concat([series["drawn_lower"], series["drawn_upper"]]))


_AXES = {
    "labelFontSize": 11,
    "labelColor": _MUTED,
    "labelPadding": 6,
    "gridColor": _GRID,
    "domain": False,
    "ticks": False,
    "aria": False,
}


def _years(first: int, last: int) -> dict[str, Any]:
    step = -(-(last - first + 1) // _YEARS_WRITTEN)
    values = list(range(first, last + 1, step))
    looks = {"title": None, "format": "d", "grid": False, "labelFlush": False, "labelPadding": 9}
    domain = [first, last] if first < last else [first - 1, first + 1]
    return {
        "field": "year",
        "type": "quantitative",
        "scale": {"domain": domain, "nice": False},
        "axis": {**looks, "values": values},
    }


def _styled(drawn: DataFrame, middle: DataFrame, named: Mapping[str, str]) -> DataFrame:
    """The rows with colour and width of their lines; what is drawn above stands below."""
    is_named = drawn["area"].isin(list(named))
    colours = [named.get(area, _GREY) for area in drawn["area"]]
    rows = drawn.assign(colour=colours, width=np.where(is_named, 1.8, 1.0))
    rows = pd.concat([rows.loc[~is_named], rows.loc[is_named]])
    return pd.concat([rows, middle.assign(colour=_INK, width=3.0)]) if len(middle) else rows


def _figures(rows: DataFrame, axis: Axis) -> list[dict[str, Any]]:
    """Lines through the runs of exact figures, a point for a year that stands alone, a bar for a range."""
    rows = rows.assign(**{name: axis.place(rows[name]) for name in DRAWN})
    exact, ranges = rows.loc[rows["drawn"].notna()], rows.loc[rows["drawn"].isna()]
    alone = ~(exact["run"].duplicated() | exact["run"].duplicated(keep="last"))
    level, width = _quantity("drawn"), {"field": "width", "type": "quantitative", "scale": None}
    line = {"y": level, "detail": {"field": "run"}, "strokeWidth": width}
    point = {"y": level, "size": {"value": 18}, "opacity": {"value": 1}}
    between = {"y": _quantity("drawn_lower"), "y2": {"field": "drawn_upper"}, "strokeWidth": {"value": 1.5}}
    layers = [
        _layer("line", exact.loc[~alone, [*_LOOKS, "drawn", "run", "width"]], line),
        _layer("circle", exact.loc[alone, [*_LOOKS, "drawn"]], point),
        _layer("rule", ranges[[*_LOOKS, "drawn_lower", "drawn_upper"]], between),
    ]
    return [layer for layer in layers if layer["data"]["values"]]


_LOOKS = ["year", "name", "colour"]


def _layer(mark: str, rows: DataFrame, encoding: dict[str, Any]) -> dict[str, Any]:
    looks = {"color": {"field": "colour", "type": "nominal", "scale": None}, "description": {"field": "name"}}
    return {"data": {"values": rows.to_dict("records")}, "mark": mark, "encoding": {**encoding, **looks}}


def _quantity(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative"}


def _median_rows(median: "pd.Series[float]") -> DataFrame:
    rows = DataFrame({"year": median.index.astype(int), "drawn": median.to_numpy(float)})
    run = -(rows["year"].diff() != 1).cumsum()
    return rows.assign(drawn_lower=rows["drawn"], drawn_upper=rows["drawn"], run=run, name="Median", area="")


def _labels(
    drawn: DataFrame, named: Mapping[str, str], middle: DataFrame, panel: int, axis: Axis
) -> dict[str, Any]:
    """Names at the right end, each beside its line and none upon another."""
    last = int(drawn["year"].max())
    ends = drawn.dropna(subset="drawn").drop_duplicates("area", keep="last").set_index("area")
    named_ends = ends.loc[[area for area in named if area in ends.index], ["name", "year", "drawn"]]
    labels: list[dict[str, Any]] = [
        {"text": _end_label(name, year, last), "colour": named[area], "y": HEIGHT * (1 - axis.height(end))}
        for area, name, year, end in named_ends.itertuples()
    ]
    if len(middle):
        y = HEIGHT * (1 - axis.height(float(middle["drawn"].iloc[-1])))
        labels.append({"text": f"Median of {panel} areas", "colour": _INK, "y": y})
    mark = {
        "type": "text",
        "align": "left",
        "baseline": "middle",
        "fontSize": 11,
        "fontWeight": 600,
        "aria": False,
    }
    place = {"field": "y", "type": "quantitative", "scale": None, "axis": None}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    encoding = {"x": {"value": WIDTH + 8}, "y": place, "text": {"field": "text"}, "color": colour}
    return {"data": {"values": _apart(labels)}, "mark": mark, "encoding": encoding}


def _end_label(name: str, year: int, last: int) -> str:
    when = "" if year == last else f", {year}"
    room = _LABEL_LENGTH - len(when)
    return (name if len(name) <= room else name[: room - 1].rstrip() + "…") + when


def _apart(labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Move labels down, then up, until none stands upon another."""
    labels = sorted(labels, key=lambda label: (label["y"], label["text"]))
    lowest = -float("inf")
    for label in labels:
        label["y"] = lowest = max(label["y"], lowest + _LABEL_GAP)
    highest = HEIGHT + _LABEL_GAP / 2
    for label in reversed(labels):
        label["y"] = min(label["y"], highest)
        highest = label["y"] - _LABEL_GAP
    return labels


def _lighter(svg: str) -> str:
    """The drawing without what the page says itself, and with tenths of a pixel."""
    width, height = (WIDTH + _MARGIN["left"] + _MARGIN["right"], HEIGHT + _MARGIN["top"] + _MARGIN["bottom"])
    opening = f'<svg viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false">'
    return _DECIMALS.sub(r"\1", _SVG.sub(opening, _NOISE.sub("", svg), count=1))
