"""Small multiples: a panel for each area, with breaks, bounds, gaps and coverage drawn."""

from collections.abc import Sequence
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.report.pictures.choosing import By, Chosen, chosen, methods_of
from crimestats.report.pictures.explaining import described, notes_of
from crimestats.report.pictures.sheet import (
    BAND,
    BROKEN,
    INK,
    INTERVAL,
    METHOD_COLOURS,
    METHOD_SHAPES,
    MUTED,
    Sheet,
    altair,
)  # fmt: skip
from crimestats.report.pictures.wording import text

if TYPE_CHECKING:
    from altair import VConcatChart

WIDTH = 1180
_HEIGHT, _STRIP, _GUTTER, _AXIS, _YEAR, _BETWEEN = 104, 6, 22, 38, 34, 66
_COLUMNS = ((1, 1), (2, 2), (3, 3), (24, 4), (60, 6))  # up to so many panels, so many columns
_MOST_COLUMNS = 8
_BELOW = -1.0  # the scale of a panel without a figure: no other has numbers below nothing, and none is shown
_ABOVE = 1.08  # the top of a panel over its largest figure


def small_multiples(
    trends: DataFrame,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    grouping: str | None = None,
    by: By = "rate",
    first: int | None = None,
    last: int | None = None,
    shared: bool = False,
    source: str | None = None,
) -> "VConcatChart":
    """Draw a panel for each area or group: how its figures move.

    A line joins figures of one segment in successive years and nothing else:
    it is never drawn across a break, which is a dashed rule, nor across a year
    without a figure. Figures of which only bounds are known are vertical bars.

    Args:
        trends: Figures (`frames.TRENDS`); of one indicator once `iccs` and the totals
            of the breakdowns are chosen, else narrow them first (`choose`).
        iccs: Code of the category.
        areas: Codes of reporting units, or of groups where a grouping is named; all if None.
        grouping: Of which groups (e.g. `m49`); every method in the table is drawn in its own marks.
        by: `rate`, `value` or `index`.
        first: First year.
        last: Last year.
        shared: All panels have one scale; else each has its own, from nothing.
        source: Where the figures come from; the series itself says it where not given.

    Returns:
        The chart; `write` puts it into a file.

    Raises:
        CallError: Figures of several indicators are meant, or none.
    """
    alt = altair()
    picked = chosen(trends, iccs=iccs, areas=areas, grouping=grouping, first=first, last=last)
    figures = picked.figures(by)
    columns = _columns(picked)
    width = WIDTH / columns - _GUTTER - _AXIS
    rows = _marks(figures, picked, shared)
    is_empty = rows["mark"] == "none"
    rows.loc[is_empty, ["low", "high"]] = 0.0 if shared and not is_empty.all() else _BELOW
    layers = _layers(rows, picked, width)
    panels = alt.layer(*layers).properties(
        width=width, height=_HEIGHT + (2 * _STRIP if picked.is_of_groups else 0)
    )
    names = list(_headings(picked, columns).values())
    looks: dict[str, Any] = {
        "labelFontSize": 12,
        "labelFontWeight": "bold",
        "labelColor": INK,
        "labelAnchor": "start",
        "labelPadding": 8,
    }
    header = alt.Header(title=None, labelExpr="split(datum.label, '\\n')", labelLineHeight=14, **looks)
    scale = "shared" if shared else "independent"
    body = panels.facet(
        facet=alt.Facet("name:N", sort=names, header=header), columns=columns,
        spacing={"row": _BETWEEN, "column": _GUTTER + _AXIS}, bounds="flush", align="all",
        data=alt.Data(values=_records(rows)),
    ).resolve_scale(y=scale, x="shared").resolve_axis(x="independent")  # fmt: skip
    return _sheet(figures, picked, by, shared, source, rows).around(body, WIDTH, _AXIS)


def _sheet(
    figures: DataFrame, picked: Chosen, by: By, shared: bool, source: str | None, rows: DataFrame
) -> Sheet:
    scale = text("scale.shared" if shared else "scale.own")
    years = text("years", first=figures["year"].min(), last=figures["year"].max())
    colours = {name: METHOD_COLOURS.get(name, INK) for name in methods_of(picked.rows)}
    band = {"bounds": colours["estimated"]} if "estimated" in colours else {}
    return Sheet(
        title=picked.title,
        subtitle=[f"{picked.unit(by)}, {years}. {scale}"],
        marks=_occurring(rows, picked),
        notes=notes_of(picked, by, "multiples", source),
        description=described(picked, by, "multiples"),
        colours=colours | band,
    )


def _columns(picked: Chosen) -> int:
    return next((many for most, many in _COLUMNS if len(picked.names) <= most), _MOST_COLUMNS)


def _headings(picked: Chosen, columns: int) -> dict[str, str]:
    """Names in at most two lines that a panel has room for, no two alike."""
    letters = int(WIDTH / columns / 7.2)
    lines = {code: wrap(name, letters) or [code] for code, name in picked.names.items()}
    short = {
        code: "\n".join(
            parts if len(parts) < 3 else [parts[0], shorten(" ".join(parts[1:]), letters, placeholder="…")]
        )
        for code, parts in lines.items()
    }
    twice = pd.Series(short).duplicated(keep=False)
    return {code: f"{name} ({code})" if twice[code] else name for code, name in short.items()}


def _marks(figures: DataFrame, picked: Chosen, shared: bool) -> DataFrame:
    """A row for everything that is drawn: what it is (`mark`), where it stands, what it looks like."""
    tops = _tops(figures, shared)
    rows = figures.assign(top=figures["area"].map(tops), hollow=figures["provisional"] == "yes")
    exact, ranges = rows[rows["shown"].notna()], rows[rows["shown"].isna() & rows["shown_lower"].notna()]
    alone = ~(exact["run"].duplicated() | exact["run"].duplicated(keep="last"))
    has_bounds = (exact["shown_lower"] < exact["shown_upper"]).groupby(exact["run"]).transform("any")
    has_interval = exact["interval_lower"].notna()
    bounds, interval = ("shown_lower", "shown_upper"), ("interval_lower", "interval_upper")
    parts = [
        _part("interval", exact[has_interval & ~alone], *interval),
        _part("interval_alone", exact[has_interval & alone], *interval),
        _part("interval_alone", ranges[ranges["interval_lower"].notna()], *interval),
        _part("bounds", exact[has_bounds & ~alone], *bounds),
        _part("bounds_alone", exact[has_bounds & alone], *bounds),
        _part("range", ranges, *bounds),
        _part("line", exact[~alone], "shown", "shown"),
        _part("point", exact, "shown", "shown"),
        _breaks(rows), _strips(rows, picked), _empty(figures, picked, tops),
    ]  # fmt: skip
    made = pd.concat(parts, ignore_index=True)
    headings = _headings(picked, _columns(picked))
    made["high"] = made["high"].clip(upper=made["top"])
    return made.assign(name=made["area"].map(headings))


_DRAWN = ["mark", "area", "method", "year", "until", "low", "high", "run", "hollow", "top", "share"]


def _part(mark: str, rows: DataFrame, low: str, high: str) -> DataFrame:
    part = rows.assign(mark=mark, low=rows[low], high=rows[high], share=np.nan, until=np.nan)
    return part[_DRAWN]


def _tops(figures: DataFrame, shared: bool) -> "pd.Series[float]":
    """The largest finite number of each area's panel, with a little room; a range without end ends there."""
    numbers = figures[["shown", "shown_lower", "shown_upper", "interval_upper"]]
    largest = numbers.where(np.isfinite(numbers)).max(axis="columns")
    tops = largest.groupby(figures["area"]).max().fillna(0.0)
    tops = tops.where(tops > 0, 1.0) * _ABOVE
    return tops * 0 + tops.max() if shared else tops


def _breaks(rows: DataFrame) -> DataFrame:
    """Where the segment changes between two figures of an area: half a year before the second."""
    there = rows[rows["shown_lower"].notna()].sort_values(["area", "method", "year"])
    before = there[["area", "method", "segment", "year"]].shift()
    changed = (there["area"] == before["area"]) & (there["method"] == before["method"])
    changed &= there["segment"] != before["segment"]
    between = (there["year"] + before["year"]) / 2
    return _part("break", there.assign(year=between, zero=0.0)[changed], "zero", "top")


def _strips(rows: DataFrame, picked: Chosen) -> DataFrame:
    """The coverage of each year, of groups only: by what was reported where that is in the table."""
    if not picked.is_of_groups:
        return _part("coverage", rows.iloc[:0], "shown", "shown")
    told = rows[rows["coverage"].notna() & (rows["method"] == methods_of(picked.rows)[0])]
    strip = _part("coverage", told, "shown", "shown")
    return strip.assign(year=strip["year"] - 0.5, until=strip["year"] + 0.5, share=told["coverage"])


def _empty(figures: DataFrame, picked: Chosen, tops: "pd.Series[float]") -> DataFrame:
    """A word in the panels of areas that have no figure at all."""
    has = set(figures.loc[figures["shown_lower"].notna(), "area"])
    without = [code for code in picked.names if code not in has]
    middle = (figures["year"].min() + figures["year"].max()) / 2
    empty = DataFrame({"area": without, "mark": "none", "year": middle, "method": "_Z", "hollow": False})
    empty = empty.assign(
        low=1.0, high=1.0, run=np.nan, share=np.nan, until=np.nan, top=empty["area"].map(tops).fillna(1.0)
    )
    return empty[_DRAWN]


def _records(rows: DataFrame) -> list[dict[str, Any]]:
    plain = rows.drop(columns=["area", "top"]).astype(object)
    records = plain.where(plain.notna(), None).to_dict("records")
    return [{str(name): entry for name, entry in record.items()} for record in records]


def _layers(rows: DataFrame, picked: Chosen, width: float) -> list[Any]:
    """The marks that occur, what lies below first."""
    there = set(rows["mark"])
    x, y = _years(picked, width), _scale()
    are_several = len(methods_of(picked.rows)) > 1
    drawn = {
        "interval": _band(INTERVAL), "interval_alone": _bar(INTERVAL, 7), "bounds": _band(BAND),
        "bounds_alone": _bar(BAND, 7), "break": _dashed(are_several), "range": _bar(0.7, 4), "line": _line(),
        "point": _points(), "none": _word(),
    }  # fmt: skip
    layers = [
        chart.transform_filter(f"datum.mark === '{mark}'").encode(x=x, y=y)
        for mark, chart in drawn.items()
        if mark in there
    ]
    strip = _strip().transform_filter("datum.mark === 'coverage'").encode(x=x)
    return [*layers, strip] if "coverage" in there else layers


def _years(picked: Chosen, width: float) -> Any:
    alt = altair()
    first, last = int(picked.rows["year"].min()), int(picked.rows["year"].max())
    step = -(-(last - first + 1) // max(int(width / _YEAR), 1))
    axis = alt.Axis(
        title=None, values=list(range(first, last + 1, step)), format="d", grid=False, labelFlush=False
    )
    return alt.X("year:Q", scale=alt.Scale(domain=[first - 0.6, last + 0.6], nice=False), axis=axis)


def _scale() -> Any:
    """From nothing to the largest."""
    alt = altair()
    is_empty = "datum.value < 0 || datum.value == 0 && datum.index == 1"
    axis = alt.Axis(
        title=None, tickCount=4, minExtent=_AXIS - 8, domain=False,
        labelExpr=f"{is_empty} ? '' : datum.label",
        gridOpacity=alt.condition(is_empty, alt.value(0), alt.value(1)),
        tickOpacity=alt.condition(is_empty, alt.value(0), alt.value(1)),
    )  # fmt: skip
    return alt.Y("low:Q", scale=alt.Scale(zero=True, nice=True, range=[_HEIGHT, 0]), axis=axis)


def _of_method() -> Any:
    alt = altair()
    scale = alt.Scale(domain=list(METHOD_COLOURS), range=list(METHOD_COLOURS.values()))
    return alt.Color("method:N", scale=scale, legend=None)


def _band(opacity: float) -> Any:
    alt = altair()
    area = alt.Chart().mark_area(opacity=opacity, line=False)
    return area.encode(y2="high:Q", color=_of_method(), detail=["run:N", "method:N"])


def _bar(opacity: float, thick: int) -> Any:
    alt = altair()
    return alt.Chart().mark_rule(opacity=opacity, strokeWidth=thick).encode(y2="high:Q", color=_of_method())


def _dashed(is_of_method: bool) -> Any:
    """Breaks; in the colour of their line where lines of several methods stand together."""
    alt = altair()
    rule = alt.Chart().mark_rule(strokeDash=[4, 3], color=BROKEN, strokeWidth=1.2).encode(y2="high:Q")
    return rule.encode(color=_of_method()) if is_of_method else rule


def _line() -> Any:
    alt = altair()
    return alt.Chart().mark_line(strokeWidth=1.8).encode(color=_of_method(), detail=["run:N", "method:N"])


def _points() -> Any:
    alt = altair()
    shapes = alt.Scale(domain=list(METHOD_SHAPES), range=list(METHOD_SHAPES.values()))
    colours = alt.Scale(domain=list(METHOD_COLOURS), range=list(METHOD_COLOURS.values()))
    filled = alt.condition(
        "datum.hollow", alt.value("white"), alt.Fill("method:N", scale=colours, legend=None)
    )
    return alt.Chart().mark_point(size=24, opacity=1, strokeWidth=1.4).encode(
        stroke=alt.Stroke("method:N", scale=colours, legend=None), fill=filled,
        shape=alt.Shape("method:N", scale=shapes, legend=None),
    )  # fmt: skip


def _strip() -> Any:
    alt = altair()
    shade = alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 1]), legend=None)
    box = alt.Chart().mark_rect(fill=INK, stroke=INK, strokeWidth=0.5)
    return box.encode(
        x2="until:Q", y=alt.value(_HEIGHT + 4), y2=alt.value(_HEIGHT + 4 + _STRIP), fillOpacity=shade
    )


def _word() -> Any:
    alt = altair()
    looks: dict[str, Any] = {"color": MUTED, "fontSize": 11, "fontStyle": "italic"}
    return alt.Chart().mark_text(text=text("none"), dy=-_HEIGHT / 2, **looks)  # up from the foot of the scale


def _occurring(rows: DataFrame, picked: Chosen) -> list[str]:
    """The marks that the key has to tell: only those that are drawn."""
    there = set(rows["mark"])
    methods = methods_of(picked.rows) if picked.is_of_groups else ["line"]
    provisional = ["provisional"] if rows.loc[rows["mark"] == "point", "hollow"].any() else []
    kinds = [("bounds", "bounds"), ("interval", "interval"), ("range", "range"), ("break", "break"),
             ("coverage", "coverage")]  # fmt: skip
    return [*methods, *provisional, *(key for key, kind in kinds if {kind, f"{kind}_alone"} & there)]
