"""Charts of the chapter: Vega-Lite written out, drawn offline as SVG that stands in the page."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from pandas import DataFrame

from crimestats.report.chapter.texts import look, text
from crimestats.report.display import shown

WIDTH, ROW, BASES = 420, 30, 92
_LETTER, _LABELS_LEAST = 7.2, 64  # pixels of a letter of a row's name, and the least that names take
WIDE = 1.0
"""Percentage points between the bounds of a share beyond which its bar says `≈`."""
_NARROW, _NARROW_ABOUT = 5.0, 8.0  # per cent of a bar below which no number, or one with `≈`, fits into it
_INK, _MUTED, _GRID, _THIN = "#1a2230", "#4a5563", "#e4e8ec", 0.45
_FONT = "Noto Sans, Segoe UI, Helvetica Neue, Arial, sans-serif"
_LETTERS = 32  # of a row's name
_COLUMN = 46  # pixels for a year of the panel
_HEIGHT = 210
_SVG = re.compile(r"<svg ([^>]*)>")
_SIZE = re.compile(r' height="[^"]*"')
_CLIP = re.compile(r"\bclip(\d+)\b")
_NOISE = re.compile(r' (?:role|aria-roledescription|aria-hidden|aria-label|pointer-events)="[^"]*"')
_DECIMALS = re.compile(r"(\.\d\d)\d+(?=[\s,a-zA-Z\"])")


def share_bars(rows: DataFrame) -> str:
    """Bars of shares, one below the other, each a hundred per cent of its own base.

    Args:
        rows: `row` (name, in order), `category`, `share`, `share_lower`, `share_upper` (fractions),
            `base`, `is_thin`; rows without a share are left out.

    Returns:
        An SVG element, the same for the same figures; empty where nothing can be drawn.
    """
    parts = _placed(rows[rows["share"].notna()].reset_index(drop=True))
    if parts.empty:
        return ""
    names = list(dict.fromkeys(parts["name"]))
    axis = {"title": None, "domain": False, "ticks": False, "labelPadding": 8, "labelLimit": 0}
    labels = max(_LABELS_LEAST, 12 + _LETTER * max(len(name) for name in names))
    y = {"field": "name", "type": "nominal", "sort": names, "axis": axis}
    spec = {
        "width": WIDTH, "height": ROW * len(names), "autosize": "none", "background": None,
        "padding": {"left": labels, "right": BASES, "top": 4, "bottom": 24},
        "data": {"values": parts.to_dict("records")}, "encoding": {"y": y},
        "layer": [_bars(), _numbers(), _bases(parts)], "config": _LOOKS,
    }  # fmt: skip
    return svg(spec)


def columns_over_years(rows: DataFrame, digits: int = 0) -> str:
    """Columns by year with their bounds as an upright line.

    Args:
        rows: `year`, `value`, `lower`, `upper`.
        digits: That the number above a column has.
    """
    there = rows[rows["value"].notna()]
    if there.empty:
        return ""
    values = there[["year", "value", "lower", "upper"]].assign(
        year=there["year"].astype("str"), said=[shown(value, digits) for value in there["value"]]
    )
    x = {"field": "year", "type": "ordinal", "axis": {"title": None, "labelAngle": 0, "domain": False}}
    y = {"type": "quantitative", "axis": {"title": None, "tickCount": 4}}
    above = {"type": "text", "dy": -8, "fontSize": 12, "color": _INK}
    spec = {
        "width": max(_COLUMN * len(values), 3 * _COLUMN), "height": _HEIGHT, "background": None,
        "padding": {"left": 8, "right": 8, "top": 12, "bottom": 4},
        "data": {"values": values.to_dict("records")}, "encoding": {"x": x},
        "layer": [
            {"mark": {"type": "bar", "color": look("women").colour, "width": {"band": 0.7}},
             "encoding": {"y": {"field": "value", **y}}},
            {"mark": {"type": "rule", "color": _INK, "strokeWidth": 2},
             "encoding": {"y": {"field": "lower", **y}, "y2": {"field": "upper"}}},
            {"mark": above, "encoding": {"y": {"field": "upper", **y}, "text": {"field": "said"}}},
        ],
        "config": _LOOKS,
    }  # fmt: skip
    return svg(spec)


def svg(spec: dict[str, Any], name: str = "") -> str:
    """Draw a Vega-Lite specification as an element of a page: it scales, and is told of beside.

    Args:
        spec: As Vega-Lite has it.
        name: Distinguishes what it refers to inside from that of the other drawings of a page.
    """
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    drawn = _DECIMALS.sub(r"\1", _NOISE.sub("", drawn))
    # the drawing program numbers them on and on, so that the second page would differ from the first
    number = {found: place for place, found in enumerate(dict.fromkeys(_CLIP.findall(drawn)))}
    drawn = _CLIP.sub(lambda found: f"clip-{name}-{number[found[1]]}", drawn) if name else drawn
    return _SVG.sub(lambda found: f"<svg {_opening(found[1])}>", drawn, count=1)


def _opening(attributes: str) -> str:
    return f'{_SIZE.sub("", " " + attributes).strip()} aria-hidden="true" focusable="false"'


_LOOKS: dict[str, Any] = {
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12, "labelColor": _INK, "gridColor": _GRID, "ticks": False, "domain": False,
        "aria": False,
    },
}  # fmt: skip


def _placed(rows: DataFrame) -> DataFrame:
    """Where each part of a bar begins and ends, in per cent, and what stands in it."""
    rows = rows.assign(order=[look(category).order for category in rows["category"]])
    rows = rows.sort_values("order", kind="stable")
    end = rows.groupby("row", sort=False)["share"].cumsum() * 100
    width = rows["share"] * 100
    is_wide = (rows["share_upper"] - rows["share_lower"]) * 100 > WIDE
    said = [("≈" if wide else "") + shown(share) for share, wide in zip(width, is_wide, strict=True)]
    is_fitting = width >= np.where(is_wide, _NARROW_ABOUT, _NARROW)
    placed = DataFrame({
        "name": _short(rows["row"]), "category": rows["category"], "start": end - width, "end": end,
        "middle": end - width / 2, "said": np.where(is_fitting, said, ""),
        "colour": [look(category).colour for category in rows["category"]],
        "ink": np.where(rows["is_thin"], _INK, [look(category).ink for category in rows["category"]]),
        "opacity": np.where(rows["is_thin"], _THIN, 1.0), "base": [shown(base) for base in rows["base"]],
    })  # fmt: skip
    return placed.loc[rows.index.sort_values()]


def _short(names: "Iterable[str]") -> list[str]:
    return [name if len(name) <= _LETTERS else name[: _LETTERS - 1].rstrip() + "…" for name in names]


def _bars() -> dict[str, Any]:
    axis = {"title": None, "values": [0, 25, 50, 75, 100], "labelExpr": "datum.value + ' %'"}
    x = {"field": "start", "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": axis}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    opacity = {"field": "opacity", "type": "quantitative", "scale": None}
    mark = {"type": "bar", "height": {"band": 0.72}, "stroke": "#ffffff", "strokeWidth": 1}
    return {"mark": mark, "encoding": {"x": x, "x2": {"field": "end"}, "color": colour, "opacity": opacity}}


def _numbers() -> dict[str, Any]:
    colour = {"field": "ink", "type": "nominal", "scale": None}
    x = {"field": "middle", "type": "quantitative"}
    mark = {"type": "text", "fontSize": 12, "fontWeight": 600, "baseline": "middle"}
    return {"mark": mark, "encoding": {"x": x, "text": {"field": "said"}, "color": colour}}


def _bases(parts: DataFrame) -> dict[str, Any]:
    rows = parts.drop_duplicates("name")[["name", "base"]]
    mark = {"type": "text", "align": "left", "fontSize": 11, "color": _MUTED, "baseline": "middle"}
    said = [{"name": name, "base": text("chart.base", base=base)} for name, base in rows.to_numpy()]
    encoding = {"x": {"value": WIDTH + 8}, "text": {"field": "base"}}
    return {"data": {"values": said}, "mark": mark, "encoding": encoding}
