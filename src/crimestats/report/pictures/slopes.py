"""Slopes: two years of every area, the lines coloured by what a test says of the change."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import CHANGES, SERIES
from crimestats.report.axis import Axis
from crimestats.report.chart import COLOURS
from crimestats.report.display import shown
from crimestats.report.pictures.choosing import By, Chosen, chosen, methods_of
from crimestats.report.pictures.explaining import described, notes_of
from crimestats.report.pictures.sheet import INK, MUTED, Sheet, altair
from crimestats.report.pictures.wording import has_text, listed, several, text

if TYPE_CHECKING:
    from altair import VConcatChart

VERDICTS = {"rising": COLOURS[1], "falling": COLOURS[0], "stable": "#4a5563", "too_few": "#9aa3ae"}
UNTESTED, _BROKEN = "untested", "open"
_COLOURS = {**VERDICTS, UNTESTED: MUTED, _BROKEN: MUTED}

_WIDTH, _ACROSS, _LABEL = 1180, 420, 13
_LOWEST = 320  # pixels of height, at least
_LETTERS = 44


def slope(
    trends: DataFrame,
    first: int,
    last: int,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    grouping: str | None = None,
    by: By = "rate",
    changes: DataFrame | None = None,
    source: str | None = None,
) -> "VConcatChart":
    """Draw a line for each area from its figure in one year to that in another.

    Areas with an exact figure in both years are drawn. Where a break lies between
    them there is no line, only two open points. Colours tell a verdict that was
    tested; without one no line is said to rise.

    Args:
        trends: Figures (`frames.TRENDS`).
        first: Year on the left.
        last: Year on the right.
        iccs: Code of the category.
        areas: Codes; all if None.
        grouping: Of the groups, which must be of one method then (`choose`).
        by: `rate`, `value` or `index`.
        changes: Tested changes between the same two years (`frames.CHANGES`).
        source: Where the figures come from.

    Raises:
        CallError: The years are not in order, no area has figures of both, or several methods are meant.
    """
    alt = altair()
    if first >= last:
        raise CallError("first, last", f"{first} is not before {last}.", "Give the earlier year first.")
    picked = chosen(trends, iccs=iccs, areas=areas, grouping=grouping, first=first, last=last)
    refuse_several(picked)
    rows = _ends(picked, by, first, last)
    rows = rows.assign(verdict=_verdicts(rows, picked, changes, first, last))
    height = max(_LOWEST, _LABEL * len(rows))
    layers = _drawn(rows, picked, by, height, (first, last))
    body = alt.layer(*layers).properties(width=_WIDTH, height=height)
    return _sheet(rows, picked, by, source, (first, last)).around(body, _WIDTH)


def refuse_several(picked: Chosen) -> None:
    """Refuse figures of several methods, where each group can have one only."""
    methods = methods_of(picked.rows)
    if len(methods) > 1:
        fault = f"figures of {len(methods)} are meant: {', '.join(methods)}."
        raise CallError("methods", fault, "Choose one, e.g. choose(trends, methods=[...]).")


def _ends(picked: Chosen, by: By, first: int, last: int) -> DataFrame:
    """A row for each area with an exact figure in both years, and whether a break lies between."""
    exact = picked.figures(by)
    exact = exact[exact["shown"].notna()]
    ends = [
        exact.loc[exact["year"] == year, ["area", "name", "shown", "segment"]].set_index("area")
        for year in (first, last)
    ]
    rows = ends[0].join(ends[1][["shown"]].rename(columns={"shown": "right"}), how="inner")
    if rows.empty:
        fault = f"no area has an exact figure of {first} and of {last}."
        raise CallError("first, last", fault, "Choose other years.")
    segments = exact[["area", "year", "segment"]].merge(rows[["segment"]].reset_index(), on="area")
    moved = segments.loc[segments["segment_x"] != segments["segment_y"], "area"]
    rows = rows.assign(is_broken=rows.index.isin(set(moved)))
    return rows.rename(columns={"shown": "left"}).reset_index()


def _verdicts(
    rows: DataFrame, picked: Chosen, changes: DataFrame | None, first: int, last: int
) -> "pd.Series[str]":
    """What was tested of the same series and years; `untested` elsewhere, `open` across a break."""
    verdict = pd.Series(UNTESTED, index=rows.index, dtype="str")
    if changes is not None:
        table = CHANGES.cast(changes)
        same = (table["iccs"].astype("str") == picked.iccs) & (
            table["grouping"].astype("str") == picked.grouping
        )
        same &= table["method"].astype("str").isin(methods_of(picked.rows))
        same &= (table["first_year"] == first) & (table["last_year"] == last)
        for name in SERIES:
            same &= table[name].astype("str") == picked.series[name]
        said = table[same].drop_duplicates("area").set_index("area")["verdict"].astype("str")
        verdict = rows["area"].map(dict(said.items())).fillna(UNTESTED).astype("str")
    return verdict.where(verdict.isin(list(_COLOURS)), UNTESTED).mask(rows["is_broken"], _BROKEN)


def _drawn(rows: DataFrame, picked: Chosen, by: By, height: int, years: tuple[int, int]) -> list[Any]:
    alt = altair()
    axis = _axis(rows)
    place = {side: height * (1 - rows[side].map(axis.height)) for side in ("left", "right")}
    left, right = (_WIDTH - _ACROSS) / 2, (_WIDTH + _ACROSS) / 2
    colours = rows["verdict"].map(_COLOURS)
    base = DataFrame(
        {"left": place["left"], "right": place["right"], "colour": colours, "key": rows["verdict"]}
    )
    whole = base[~rows["is_broken"]]
    layers = [_lines(whole, left, right)] if len(whole) else []
    digits = picked.digits(by)
    for side, x, sign in (("left", left, -1), ("right", right, 1)):
        layers.append(_points(base, side, x))
        layers += _labels(rows, base, side, x, sign, digits, height)
        year = alt.Chart(alt.Data(values=[{}])).encode(tooltip=alt.value(None))
        looks: dict[str, Any] = {"fontSize": 13, "fontWeight": 600, "color": INK}
        layers.append(year.mark_text(text=str(years[0 if sign < 0 else 1]), x=x, y=-18, **looks))
    return layers


def _axis(rows: DataFrame) -> Axis:
    """The scale of both years; logarithmic where figures differ manifold."""
    return Axis.fitting(pd.concat([rows["left"], rows["right"]]))


def _pixels(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _colour() -> Any:
    alt = altair()
    return alt.Color("colour:N", scale=None, legend=None)


def _lines(base: DataFrame, left: float, right: float) -> Any:
    alt = altair()
    chart = alt.Chart(alt.Data(values=base.to_dict("records"))).mark_rule(strokeWidth=1.4)
    ends = {
        "y": alt.Y(**_pixels("left")),
        "y2": alt.Y2("right"),
        "x": alt.value(left),
        "x2": alt.value(right),
    }
    return chart.encode(**ends, color=_colour())


def _points(base: DataFrame, side: str, x: float) -> Any:
    alt = altair()
    fill = base["colour"].where(base["key"] != _BROKEN, "#ffffff")
    data = alt.Data(values=base.assign(fill=fill).to_dict("records"))
    return alt.Chart(data).mark_point(size=34, opacity=1, strokeWidth=1.4).encode(
        x=alt.value(x), y=alt.Y(**_pixels(side)), stroke=alt.Stroke("colour:N", scale=None, legend=None),
        fill=alt.Fill("fill:N", scale=None, legend=None),
    )  # fmt: skip


def _labels(
    rows: DataFrame, base: DataFrame, side: str, x: float, sign: int, digits: int, height: int
) -> list[Any]:
    """Names and figures beside the points, none upon another, each joined to its point where it was moved."""
    alt = altair()
    figures = rows[side].map(lambda value: shown(value, digits))
    called = rows["name"].map(lambda name: name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…")
    words = called + "  " + figures if sign < 0 else figures + "  " + called
    table = DataFrame({"y": base[side], "at": apart(base[side], _LABEL, height), "words": words})
    data = alt.Data(values=table.to_dict("records"))
    looks: dict[str, Any] = {"fontSize": 11, "baseline": "middle", "color": INK}
    align = "right" if sign < 0 else "left"
    leader = alt.Chart(data).mark_rule(color="#b4bbc4", strokeWidth=0.8).encode(
        x=alt.value(x + sign * 7), x2=alt.value(x + sign * 24), y=alt.Y(**_pixels("y")), y2=alt.Y2("at")
    )  # fmt: skip
    label = alt.Chart(data).mark_text(align=align, **looks).encode(
        x=alt.value(x + sign * 28), y=alt.Y(**_pixels("at")), text="words:N"
    )  # fmt: skip
    return [leader, label]


def apart(places: "pd.Series[float]", gap: float, lowest: float) -> "pd.Series[float]":
    """Heights moved until each is a gap from the next: down where they meet, then up from the lowest.

    >>> apart(pd.Series([10.0, 11.0, 99.0, 100.0]), 5, 100).tolist()
    [10.0, 15.0, 95.0, 100.0]
    """
    order = places.sort_values(kind="stable")
    steps = np.arange(len(order)) * gap
    down = np.maximum.accumulate(order.to_numpy() - steps) + steps
    floor = lowest - steps[::-1]
    return pd.Series(np.minimum(down, floor), index=order.index).reindex(places.index)


def _sheet(rows: DataFrame, picked: Chosen, by: By, source: str | None, years: tuple[int, int]) -> Sheet:
    found = [name for name in _COLOURS if (rows["verdict"] == name).any()]
    without = [name for code, name in picked.names.items() if code not in set(rows["area"])]
    notes = notes_of(picked, by, "slope", source)
    left_out = [several("note.not_both", len(without), names=listed(without))] if without else []
    tested = [] if any(name in VERDICTS for name in found) else [text("note.untested")]
    scale = text("scale.log" if _axis(rows).is_log else "scale.shared_one")
    span = text("years", first=years[0], last=years[1])
    return Sheet(
        title=picked.title,
        subtitle=[f"{picked.unit(by)}, {span}. {scale}"],
        marks=[name for name in found if has_text(f"key.{name}")],
        notes=[*tested, *left_out, *notes],
        description=described(picked, by, "slope"),
        colours=_COLOURS,
    )
