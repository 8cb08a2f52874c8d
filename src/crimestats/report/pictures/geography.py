"""Where areas lie on the shipped map: the middle of their largest shape, or their point."""

import json
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crimestats.files import read_csv, shipped

Numbers = NDArray[np.float64]

_FARTHEST = 78.0  # degrees of latitude that a curve may reach
_HALF, _FAR, _BENT = 180.0, 280.0, 1.7  # degrees between two places: the long way round, too long to draw

# Equal Earth (Savric, Patterson and Jenny 2018, Int. J. of Geographical Information Science 33).
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = np.sqrt(3) / 2


@cache
def world() -> dict[str, Any]:
    """The shapes of all areas (TopoJSON); the caller copies before it writes."""
    path = shipped("classification", "map", "world.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@cache
def world_text() -> str:
    """The shapes of all areas as they are written (TopoJSON)."""
    return shipped("classification", "map", "world.json").read_text(encoding="utf-8")


@cache
def places() -> dict[str, tuple[float, float]]:
    """Code of each area to longitude and latitude of its middle.

    >>> [round(number) for number in places()["POL"]]
    [19, 52]
    """
    table = read_csv(shipped("classification", "map", "points.csv"), ("area", "longitude", "latitude"))
    columns = (table["longitude"].astype("float64"), table["latitude"].astype("float64"))
    points = dict(zip(table["area"], zip(*columns, strict=True), strict=True))
    return points | _middles()


def _middles() -> dict[str, tuple[float, float]]:
    scale, shift = (np.array(world()["transform"][name]) for name in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in world()["arcs"]]
    largest: dict[str, tuple[float, tuple[float, float]]] = {}
    for entry in world()["objects"]["areas"]["geometries"]:
        shapes = entry["arcs"] if entry["type"] == "MultiPolygon" else [entry["arcs"]]
        for shape in shapes:
            size, middle = _middle(_ring(arcs, shape[0]))
            code = entry["properties"]["area"]
            if size > largest.get(code, (0.0,))[0]:
                largest[code] = (size, middle)
    return {code: middle for code, (_, middle) in largest.items()}


def _ring(arcs: list[Numbers], indices: list[int]) -> Numbers:
    return np.concatenate([arcs[at] if at >= 0 else arcs[~at][::-1] for at in indices])


def _middle(ring: Numbers) -> tuple[float, tuple[float, float]]:
    """Size of a ring, in degrees as they are seen at its latitude, and its centre of gravity."""
    x, y = np.unwrap(ring[:, 0], period=360), ring[:, 1]  # Russia goes on beyond 180 degrees
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    if area == 0:
        return 0.0, (float(x.mean()), float(y.mean()))
    middle = [((axis + np.roll(axis, -1)) * cross).sum() / (6 * area) for axis in (x, y)]
    longitude = (float(middle[0]) + 180) % 360 - 180
    return abs(area) * float(np.cos(np.radians(middle[1]))), (longitude, float(middle[1]))


def projected(longitude: Numbers, latitude: Numbers) -> tuple[Numbers, Numbers]:
    """Equal Earth: degrees to the plane, x to the east and y to the north, in radii of the globe."""
    angle = np.arcsin(_M * np.sin(np.radians(latitude)))
    square = angle**2
    slope = _A[0] + 3 * _A[1] * square + square**3 * (7 * _A[2] + 9 * _A[3] * square)
    x = np.radians(longitude) * np.cos(angle) / (_M * slope)
    y = angle * (_A[0] + _A[1] * square + square**3 * (_A[2] + _A[3] * square))
    return x, y


def over_edge(start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Whether a line is so much shorter over the edge of the map that it goes there.

    >>> over_edge((105.0, 36.0), (-99.0, 40.0)), over_edge((171.0, -44.0), (-172.0, -14.0))
    (False, True)
    """
    return abs(end[0] - start[0]) > _FAR


def arc(start: tuple[float, float], end: tuple[float, float], bulge: float, steps: int) -> Numbers:
    """Points of a curve from one place to another, bent to the right.

    Two opposite ways do not lie upon each other. The curve is drawn in degrees, keeps away from the
    poles, where the great circle would be torn, and goes over the edge of the map only between
    places that are near to it on its two sides (`over_edge`); the others stay on the map, bent more.

    Args:
        start: Longitude and latitude.
        end: Longitude and latitude.
        bulge: How far the middle lies beside the straight line, as a part of its length.
        steps: Pieces.

    Returns:
        `steps + 1` rows of longitude (-180 to 180) and latitude.

    >>> arc((170.0, 0.0), (-170.0, 0.0), 0.1, 2).round(6).tolist()
    [[170.0, 0.0], [-180.0, -2.0], [-170.0, 0.0]]
    """
    across = end[0] - start[0]
    if over_edge(start, end):
        across = (across + 180) % 360 - 180
    elif abs(across) > _HALF:
        bulge *= _BENT
    way = np.array([across, end[1] - start[1]])
    at = np.linspace(0, 1, steps + 1)[:, None]
    right = np.array([way[1], -way[0]])
    points = np.array(start) + at * way + bulge * 4 * at * (1 - at) * right
    longitude = points[:, 0]
    if over_edge(start, end):
        longitude = (longitude + 180) % 360 - 180
    return np.column_stack([np.clip(longitude, -180, 180), np.clip(points[:, 1], -_FARTHEST, _FARTHEST)])
