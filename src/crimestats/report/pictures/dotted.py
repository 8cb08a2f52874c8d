"""Dots: the areas of one year in their order, with what is known of how sure each figure is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import SERIES, TRENDS
from crimestats.report.display import shown as figure_shown
from crimestats.report.pictures.choosing import By, Chosen, chosen
from crimestats.report.pictures.explaining import described, notes_of
from crimestats.report.pictures.sheet import INK, METHOD_COLOURS, REPORTED, Sheet, altair
from crimestats.report.pictures.slopes import refuse_several
from crimestats.report.pictures.wording import has_text, text

if TYPE_CHECKING:
    from altair import VConcatChart

_WIDTH, _NAMES, _ROW, _LETTERS = 1180, 300, 17, 46
_ABOVE = 1.05


def dots(
    trends: DataFrame,
    year: int,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    grouping: str | None = None,
    by: By = "rate",
    within: str = "m49",
    method: str = "reported",
    source: str | None = None,
) -> "VConcatChart":
    """Draw a dot for each area, the highest first within its region; for each group within its level.

    The thin line is the 95 per cent interval of the rate, a thick bar the bounds; an
    area of which only bounds are known stands by their upper end. The upright rule is the
    figure of the region, where the table has one that may be given.

    Args:
        trends: Figures (`frames.TRENDS`), of reporting units and, for the rules, of their regions.
        year: Of the figures.
        iccs: Code of the category.
        areas: Codes; all that have a figure if None.
        grouping: Draw the groups of this grouping instead, of one method.
        by: `rate`, `value` or `index`.
        within: Grouping whose regions the areas are put under.
        method: Of the figures of the regions.
        source: Where the figures come from.

    Raises:
        CallError: There is no figure of the year, or several indicators are meant.
    """
    alt = altair()
    picked = chosen(trends, iccs=iccs, areas=areas, grouping=grouping, first=year, last=year)
    refuse_several(picked)
    rows = picked.figures(by)
    rows = rows[rows["shown_lower"].notna()]
    if rows.empty:
        raise CallError(f"year {year}", "has no figure of these areas.", "Choose another year.")
    headings = levels(rows["area"], picked.grouping) if picked.is_of_groups else regions(rows["area"], within)
    rows = rows.assign(region=headings)
    regional = _regional(trends, picked, by, within, method, year)
    means = dict(zip(regional["name"], regional["shown"].astype("float64"), strict=True))
    top = _top(rows)
    panels = [
        _panel(region, rows[rows["region"] == region], means.get(region), top)
        for region in _order(rows, picked)
    ]
    body = alt.vconcat(*panels, spacing=18).resolve_scale(x="shared", y="independent")
    return _sheet(rows, picked, by, source, year, regional).around(body, _WIDTH, _NAMES)


def regions(codes: "pd.Series[str]", within: str) -> "pd.Series[str]":
    """The region, the highest level below the world, that each area lies in; a part lies in its whole's."""
    from crimestats import areas

    table = areas.groupings(within)
    table = table[table["level"].isin(["region", "group"])].drop_duplicates("area")
    of_area = dict(zip(table["area"], table["name"], strict=True))
    parts = areas.parts()
    of_part = dict(zip(parts["part"], parts["whole"].map(of_area), strict=True))
    return codes.map(of_area | of_part).fillna("")


def _regional(trends: DataFrame, picked: Chosen, by: By, within: str, method: str, year: int) -> DataFrame:
    """The figures of regions that may stand beside those of areas: none of counts, which are not alike."""
    table = TRENDS.cast(trends)
    same = (table["grouping"].astype("str") == within) & (table["method"].astype("str") == method)
    same &= (table["year"] == year) & (table["iccs"].astype("str") == picked.iccs)
    for name in SERIES:
        same &= table[name].astype("str") == picked.series[name]
    if picked.is_of_groups or by == "value" or not same.any():
        return DataFrame({"name": [], "shown": [], "coverage": []})
    regional = chosen(table[same], grouping=within).figures(by)
    return regional.loc[regional["shown"].notna(), ["name", "shown", "coverage"]]


def levels(codes: "pd.Series[str]", grouping: str) -> "pd.Series[str]":
    """The heading of the level that each group is of: a region does not stand in one order with its parts."""
    of_code, known = _levels(grouping)
    named = {level: text(f"level.{level}") if has_text(f"level.{level}") else level for level in known}
    unknown = text("level.group")
    return codes.map(lambda code: named.get(of_code.get(code, ""), unknown))


def _levels(grouping: str) -> tuple[dict[str, str], list[str]]:
    """Code of a group to its level, and the levels in the order of the table."""
    from crimestats import areas

    try:
        table = areas.groupings(grouping).drop_duplicates("code")
    except CallError:  # a user's own, which only the table of figures knows
        return {}, []
    return dict(zip(table["code"], table["level"], strict=True)), list(table["level"].unique())


def _order(rows: DataFrame, picked: Chosen) -> list[str]:
    """Levels as their table has them; regions by the alphabet, areas of none last."""
    if picked.is_of_groups:
        of_code, known = _levels(picked.grouping)
        places = rows["area"].map(of_code).map({level: at for at, level in enumerate(known)})
        return list(rows.loc[places.sort_values(kind="stable").index, "region"].unique())
    return sorted(rows["region"].unique(), key=lambda region: (region == "", region))


def _top(rows: DataFrame) -> float:
    numbers = rows[["shown", "shown_lower", "shown_upper", "interval_upper"]]
    return float(numbers.where(np.isfinite(numbers)).max().max()) * _ABOVE or 1.0


def _panel(region: str, rows: DataFrame, mean: float | None, top: float) -> Any:
    alt = altair()
    high = rows["shown_upper"].where(np.isfinite(rows["shown_upper"]), top)
    drawn = rows.assign(order=rows["shown"].fillna(rows["shown_lower"]), high=high)
    drawn = drawn.sort_values(["order", "name"], ascending=[False, True])
    drawn = drawn.assign(label=_short(drawn["name"]), hollow=drawn["provisional"] == "yes")
    names = drawn["label"].tolist()
    columns = [
        "label",
        "shown",
        "shown_lower",
        "high",
        "interval_lower",
        "interval_upper",
        "hollow",
        "method",
    ]
    plain = drawn[columns].astype(object)
    data = alt.Data(values=plain.where(plain.notna(), None).to_dict("records"))
    y = alt.Y(
        "label:N",
        sort=names,
        axis=alt.Axis(
            title=None,
            labelLimit=_NAMES - 12,
            domain=False,
            ticks=False,
            labelPadding=9,
            minExtent=_NAMES,
            maxExtent=_NAMES,
        ),
    )
    layers = [layer.encode(y=y) for layer in _marks(data, drawn, top)]
    if mean is not None:
        rule = alt.Chart(alt.Data(values=[{"mean": mean}])).mark_rule(color=INK, strokeWidth=1.6)
        layers.append(rule.encode(x="mean:Q"))
    looks: dict[str, Any] = {"anchor": "start", "fontSize": 13, "fontWeight": 600, "color": INK, "offset": 6}
    title = alt.TitleParams(region or text("no_region"), **looks)
    return alt.layer(*layers).properties(width=_WIDTH - _NAMES, height=_ROW * len(names), title=title)


def _short(called: "pd.Series[str]") -> "pd.Series[str]":
    short = called.map(lambda name: name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…")
    return short.mask(short.duplicated(keep=False), called)


def _marks(data: Any, drawn: DataFrame, top: float) -> list[Any]:
    """Interval, bounds, point; only those that occur."""
    alt = altair()

    def x(field: str) -> Any:
        axis = alt.Axis(title=None, tickCount=8, orient="bottom")
        return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=axis)

    colours = alt.Scale(domain=list(METHOD_COLOURS), range=list(METHOD_COLOURS.values()))
    colour = alt.Color("method:N", scale=colours, legend=None)
    fill = alt.condition("datum.hollow", alt.value("white"), alt.Fill("method:N", scale=colours, legend=None))
    chart = alt.Chart(data)
    bars = chart.transform_filter("datum.shown_lower < datum.high").mark_rule(strokeWidth=5, opacity=0.5)
    points = chart.transform_filter("isValid(datum.shown)").mark_point(size=44, opacity=1, strokeWidth=1.4)
    layers = [bars.encode(x=x("shown_lower"), x2="high:Q", color=colour)]
    if drawn["interval_lower"].notna().any():
        whiskers = chart.transform_filter("isValid(datum.interval_lower)").mark_rule(
            strokeWidth=1.4, opacity=0.8
        )
        layers.append(whiskers.encode(x=x("interval_lower"), x2="interval_upper:Q", color=colour))
    stroke = alt.Stroke("method:N", scale=colours, legend=None)
    return [*layers, points.encode(x=x("shown"), stroke=stroke, fill=fill)]


def _sheet(
    rows: DataFrame, picked: Chosen, by: By, source: str | None, year: int, regional: DataFrame
) -> Sheet:
    has_bounds = rows["shown_lower"] < rows["shown_upper"]
    there = {
        "dot": bool(rows["shown"].notna().any()), "provisional": bool((rows["provisional"] == "yes").any()),
        "whisker": bool(rows["interval_lower"].notna().any()),
        "around": bool((has_bounds & rows["shown"].notna()).any()),
        "lying": bool((has_bounds & rows["shown"].isna()).any()), "region": len(regional) > 0,
    }  # fmt: skip
    regional = regional[regional["name"].isin(rows["region"])]
    covered = [_covered(regional["coverage"].dropna())] if regional["coverage"].notna().any() else []
    colour = METHOD_COLOURS.get(str(rows["method"].iloc[0]), REPORTED)
    return Sheet(
        title=picked.title,
        subtitle=[f"{picked.unit(by)}, {year}"],
        marks=[mark for mark, is_there in there.items() if is_there],
        notes=[*covered, *notes_of(picked, by, "dots", source)],
        description=described(picked, by, "dots"),
        colours=dict.fromkeys(there, colour),
    )


def _covered(shares: "pd.Series[float]") -> str:
    least, most = (figure_shown(share * 100) for share in (shares.min(), shares.max()))
    return text("note.regions", least=least, most=most)
