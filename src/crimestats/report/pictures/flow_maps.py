"""A map of flows: the largest pairs of countries as lines that grow from origin to destination."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import NOT_APPLICABLE
from crimestats.report.display import shown
from crimestats.report.pictures import flowing, geography
from crimestats.report.pictures.sheet import INK, MUTED, Sheet, altair
from crimestats.report.pictures.wording import listed, several, text
from crimestats.trafficking.flows import THRESHOLD
from crimestats.trafficking.levels import DOMESTIC
from crimestats.trafficking.matrices import chosen, figure_text

if TYPE_CHECKING:
    from altair import VConcatChart

_WIDTH, _HEIGHT = 1100, 500
_SCALE, _EQUATOR = 200, 265  # the world without the Antarctic fills the picture
_TOP = 25
_BULGE, _STEPS = 0.1, 30
_THIN, _BROAD = 0.7, 13.0  # pixels: a line at its beginning, the largest one at its end
_LAND, _EDGE = "#eceff2", "#c3cad2"
_PALE, _DARK = (158, 188, 218), (136, 20, 60)  # of a line, from beginning to end; told apart by lightness
_LETTER, _LINE = 6.2, 13
_COLUMNS, _ROW = 3, 17
_FAR = (7, 16, 28, 42)  # pixels of a name from its point; without room there it stands in the list only
_NUMBER = "#5b0f2b"
_TRIED = (
    18,
    20,
    16,
    22,
    14,
    24,
    12,
    26,
    10,
    8,
    6,
    28,
    4,
    29,
    2,
    1,
)  # steps of a line where its number may stand


def flow_map(
    flows: DataFrame,
    *,
    basis: str = "citizenship",
    year: int | None = None,
    destination: str | None = None,
    origin: str | None = None,
    top: int = _TOP,
    threshold: int = THRESHOLD,
    source: str | None = None,
) -> "VConcatChart":
    """Draw the largest flows between countries on a map of the world, and list them below.

    Own citizens are not drawn; their number is told. Lines lie beside the great circle, so that
    two opposite flows do not lie upon each other; those that go over the edge of the map are named. Each
    line has its number in the list, and a country its name where there is room.

    Args:
        flows: `frames.FLOWS`, of one window.
        basis: `citizenship` or `repatriation`.
        year: That the window ends with; the last one if None.
        destination: Code of an area: only what goes there.
        origin: Code of an area: only what comes from there.
        top: How many pairs are drawn.
        threshold: That is told.
        source: Where the figures come from.

    Raises:
        CallError: There are no such flows.
    """
    groupings = list(flows["grouping"].astype("str").unique())
    if not groupings:
        raise CallError("flows", "has no rows.", "Hand over what `flows` returned.")
    rows = chosen(flows, grouping=groupings[0], basis=basis, year=year)
    for column, code in (("destination", destination), ("origin", origin)):
        rows = rows if code is None else rows[rows[column] == code]
    known = rows[(rows["is_flow"] != NOT_APPLICABLE) & (rows["level"] != DOMESTIC) & (rows["middle"] > 0)]
    if known.empty:
        raise CallError(f"flows, {basis}", "has nothing to draw.", "Name another year or country.")
    ordered = known.sort_values(["middle", "destination", "origin"], ascending=[False, True, True])
    largest = flowing.with_names(ordered.head(top), groupings[0]).reset_index(drop=True)
    where = geography.places()
    has_place = largest["origin"].isin(list(where)) & largest["destination"].isin(list(where))
    alt = altair()
    body = alt.layer(_land(), _lines(largest[has_place], where), *_words(largest[has_place], where))
    projection = {"scale": _SCALE, "translate": [_WIDTH / 2, _EQUATOR]}
    drawn = body.project("equalEarth", **projection).properties(width=_WIDTH, height=_HEIGHT)
    whole = alt.vconcat(drawn, _list(largest), spacing=10)
    missing = largest[~has_place]
    only = [flowing.place_names(groupings[0]).get(code, code) for code in (origin, destination) if code]
    return _sheet(rows, known, largest, missing, threshold, source, only).around(whole, _WIDTH)


def _land() -> Any:
    alt = altair()
    data = flowing.packed(geography.world_text(), type="topojson", feature="areas")
    return alt.Chart(data).mark_geoshape(fill=_LAND, stroke=_EDGE, strokeWidth=0.4)


def _lines(rows: DataFrame, where: Mapping[str, tuple[float, float]]) -> Any:
    """Each line as short pieces, every next one broader and darker; the largest lie below."""
    alt = altair()
    at = (np.arange(_STEPS) + 0.5) / _STEPS
    shades = [_shade(float(share)) for share in at]
    broad = np.maximum(_BROAD * rows["middle"] / rows["middle"].max(), _THIN).to_numpy()
    features: list[dict[str, Any]] = []
    for start, end, width in zip(rows["origin"], rows["destination"], broad, strict=True):
        points = geography.arc(where[start], where[end], _BULGE, _STEPS).round(2).tolist()
        features += [
            {"type": "Feature", "shade": shade, "wide": round(_THIN + (width - _THIN) * float(share), 2),
             "geometry": {"type": "LineString", "coordinates": points[step : step + 2]}}
            for step, (share, shade) in enumerate(zip(at, shades, strict=True))
        ]  # fmt: skip
    data = flowing.packed({"type": "FeatureCollection", "features": features}, property="features")
    looks: dict[str, Any] = {"filled": False, "opacity": 1, "strokeCap": "butt"}
    return alt.Chart(data).mark_geoshape(**looks).encode(
        stroke=alt.Stroke("shade:N", scale=None, legend=None),
        strokeWidth=alt.StrokeWidth("wide:Q", scale=None, legend=None),
    )  # fmt: skip


def _shade(share: float) -> str:
    parts = [round(pale + (dark - pale) * share) for pale, dark in zip(_PALE, _DARK, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*parts)


def _words(rows: DataFrame, where: Mapping[str, tuple[float, float]]) -> list[Any]:
    """A point for each country that a line begins or ends at, its name, and the numbers of the lines."""
    if rows.empty:
        return []
    ends = pd.concat([
        rows[[side, f"{side}_name", "middle"]].set_axis(["area", "name", "middle"], axis="columns")
        for side in ("destination", "origin")
    ])  # fmt: skip
    ends = ends.sort_values("middle", ascending=False).drop_duplicates("area", ignore_index=True)
    x, y = _on_paper(np.array([where[area] for area in ends["area"]]))
    ends = ends.assign(x=x, y=y)
    numbers = _number_places(rows, where, ends)
    taken = [_round(x, y) for x, y in zip(numbers["x"], numbers["y"], strict=True)]
    ends = ends.assign(**_label_places(ends, taken))
    named = ends.dropna(subset=["dx"])
    named = named.assign(align=(named["dx"] >= 0).map({True: "left", False: "right"}))
    layers = [_spots(ends)]
    for align, part in named.groupby("align"):
        layers += _written(part, str(align))
    return [*layers, *_numbered(numbers)]


def _on_paper(degrees: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = geography.projected(degrees[:, 0], degrees[:, 1])
    return _WIDTH / 2 + _SCALE * x, _EQUATOR - _SCALE * y


def _number_places(rows: DataFrame, where: Mapping[str, tuple[float, float]], ends: DataFrame) -> DataFrame:
    """Where on its line each number stands: clear of all points and numbers, where there is such a place."""
    taken = [_round(x, y, 4) for x, y in zip(ends["x"], ends["y"], strict=True)]
    found = []
    for at, start, end in zip(rows.index, rows["origin"], rows["destination"], strict=True):
        x, y = _on_paper(geography.arc(where[start], where[end], _BULGE, _STEPS))
        spots = [(float(x[step]), float(y[step])) for step in _TRIED]
        free = [spot for spot in spots if not _meets(_round(*spot), taken)]
        spot = (free or sorted(spots, key=lambda spot: _crowd(spot, taken)))[0]
        taken.append(_round(*spot))
        found.append({"rank": str(at + 1), "x": round(spot[0], 1), "y": round(spot[1], 1)})
    return DataFrame(found)


def _crowd(spot: tuple[float, float], taken: Sequence[Sequence[float]]) -> int:
    """On how many places that are taken a number would lie."""
    return sum(_meets(_round(*spot, 5), [box]) for box in taken)


def _round(x: float, y: float, radius: float = 8) -> tuple[float, float, float, float]:
    return (x - radius, y - radius, x + radius, y + radius)


def _numbered(numbers: DataFrame) -> list[Any]:
    alt = altair()
    chart = alt.Chart(alt.Data(values=numbers.to_dict("records"))).encode(
        x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None), tooltip=alt.value(None)
    )
    looks: dict[str, Any] = {
        "size": 170,
        "opacity": 1,
        "fill": "white",
        "stroke": _NUMBER,
        "strokeWidth": 0.8,
    }
    words: dict[str, Any] = {"fontSize": 9, "fontWeight": 600, "color": _NUMBER, "baseline": "middle"}
    return [chart.mark_circle(**looks), chart.mark_text(**words).encode(text="rank:N")]


def _spots(ends: DataFrame) -> Any:
    alt = altair()
    data = alt.Data(values=ends[["x", "y"]].to_dict("records"))
    looks: dict[str, Any] = {"size": 20, "opacity": 1, "fill": "white", "stroke": INK, "strokeWidth": 1}
    return alt.Chart(data).mark_circle(**looks).encode(
        x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None), tooltip=alt.value(None)
    )  # fmt: skip


def _written(ends: DataFrame, align: str) -> list[Any]:
    alt = altair()
    table = ends.assign(at_x=ends["x"] + ends["dx"], at_y=ends["y"] + ends["dy"])
    data = alt.Data(values=table[["x", "y", "at_x", "at_y", "name"]].to_dict("records"))
    ways = {"x": alt.X("at_x:Q", scale=None, axis=None), "y": alt.Y("at_y:Q", scale=None, axis=None)}
    looks: dict[str, Any] = {
        "align": align,
        "baseline": "middle",
        "fontSize": 11,
        "dx": 2 if align == "left" else -2,
    }
    halo = alt.Chart(data).mark_text(**looks, stroke="white", strokeWidth=3, opacity=0.85)
    words = alt.Chart(data).mark_text(**looks, color=INK)
    leader = alt.Chart(data).mark_rule(color=MUTED, strokeWidth=0.6).encode(
        x=alt.X("x:Q", scale=None, axis=None), x2=alt.X2("at_x:Q"),
        y=alt.Y("y:Q", scale=None, axis=None), y2=alt.Y2("at_y:Q"),
    )  # fmt: skip
    return [leader, *(chart.encode(**ways, text="name:N") for chart in (halo, words))]


def _label_places(
    ends: DataFrame, numbers: Sequence[tuple[float, float, float, float]] = ()
) -> dict[str, list[float]]:
    """Where each name stands beside its point: the nearest place that nothing has yet; NaN without one."""
    tried = [
        (side * far * (1.0 if abs(up) < 2 else 0.6), up * far * 0.55)
        for far in _FAR
        for up in (0, -1, 1, -2, 2, -3, 3)
        for side in (1, -1)
    ]
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in zip(ends["x"], ends["y"], strict=True)]
    taken += numbers
    found: dict[str, list[float]] = {"dx": [], "dy": []}
    for own, (x, y, name) in enumerate(zip(ends["x"], ends["y"], ends["name"], strict=True)):
        others = [box for at, box in enumerate(taken) if at != own]
        boxes = [(_box(x + dx, y + dy, name, dx), dx, dy) for dx, dy in tried]
        free = [(box, dx, dy) for box, dx, dy in boxes if not _meets(box, others) and _inside(box)]
        box, dx, dy = free[0] if free else (None, np.nan, np.nan)
        taken += [box] if box else []
        found["dx"].append(dx)
        found["dy"].append(dy)
    return found


def _box(x: float, y: float, name: str, side: float) -> tuple[float, float, float, float]:
    wide = len(name) * _LETTER + 4
    start = x if side >= 0 else x - wide
    return (start, y - _LINE / 2, start + wide, y + _LINE / 2)


def _meets(box: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
    return any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for other in others
    )


def _inside(box: Sequence[float]) -> bool:
    return box[0] >= 0 and box[2] <= _WIDTH and box[1] >= 0 and box[3] <= _HEIGHT


def _list(rows: DataFrame) -> Any:
    """The flows in their order, in columns: what the map shows, in figures."""
    alt = altair()
    deep = -(-len(rows) // _COLUMNS)
    figures = figure_text(rows.assign(upper=rows["upper"].replace(np.inf, np.nan)))
    words = [
        text("flow.listed", rank=at + 1, origin=start, destination=end, number=figure)
        for at, (start, end, figure) in enumerate(
            zip(rows["origin_name"], rows["destination_name"], figures, strict=True)
        )
    ]
    places = np.arange(len(rows))
    table = DataFrame(
        {"words": words, "x": places // deep * (_WIDTH / _COLUMNS), "y": places % deep * _ROW + 8}
    )
    data = alt.Data(values=table.to_dict("records"))
    looks: dict[str, Any] = {
        "align": "left",
        "baseline": "middle",
        "fontSize": 11,
        "color": INK,
        "limit": 350,
    }
    return alt.Chart(data).mark_text(**looks).encode(
        x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None), text="words:N",
        tooltip=alt.value(None),
    ).properties(width=_WIDTH, height=_ROW * deep)  # fmt: skip


def _sheet(
    rows: DataFrame, known: DataFrame, largest: DataFrame, missing: DataFrame, threshold: float,
    source: str | None, only: list[str],
) -> Sheet:  # fmt: skip
    basis = str(rows["basis"].iloc[0])
    title = flowing.title(rows, *only)
    how = text("flow.map.how" if basis == "citizenship" else "flow.map.how.repatriation")
    top = text(
        "flow.note.top", drawn=len(largest), all=f"{len(known):,}", share=flowing.share_text(largest, known),
        pairs=flowing.pairs_text(known, threshold),
    )  # fmt: skip
    beyond = _over_edge(largest.drop(index=missing.index))
    off = [several("flow.note.edge", len(beyond), names=listed(beyond))] if beyond else []
    gone = listed((missing["origin_name"] + " – " + missing["destination_name"]).tolist())
    unplaced = [several("flow.note.unplaced", len(missing), names=gone)] if len(missing) else []
    said = listed([
        text("alt.flow", origin=start, destination=end, number=shown(figure))
        for start, end, figure in zip(largest["origin_name"], largest["destination_name"], largest["middle"],
                                      strict=True)
    ][:5])  # fmt: skip
    return Sheet(
        title=title, subtitle=[how, top], marks=[],
        notes=[*unplaced, *off, *flowing.left_out(rows, known), *flowing.notes(largest, threshold, source),
               text("note.map").partition(". ")[2]],
        description=" ".join([title + ".", text("alt.flow_map"), top, text("alt.largest", listed=said)]),
    )  # fmt: skip


def _over_edge(rows: DataFrame) -> list[str]:
    where = geography.places()
    return [
        f"{start} – {end}"
        for start, end, origin, destination in rows[
            ["origin_name", "destination_name", "origin", "destination"]
        ].to_numpy().tolist()
        if geography.over_edge(where[origin], where[destination])
    ]  # fmt: skip
