"""Make `classification/map/` from the files of the npm package world-atlas 2.0.2 (Natural Earth, public domain).

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python scripts/make_map.py package

`world.json` has the shapes at 1:110 million by our codes of areas, `points.csv` a place for each
area that has no shape at that size: the middle of its largest part at 1:10 million.
"""

import csv
import itertools
import json
import sys
from pathlib import Path

from crimestats.areas import areas

FOLDER = Path(__file__).resolve().parents[1] / "classification" / "map"
NAMED = {
    "Kosovo": "XKX",
    "N. Cyprus": "CYP",
    "Somaliland": "SOM",
}  # shapes without a number, by the name there
LEFT_OUT = ("ATA",)  # not inhabited, and a third of the height of the map
WITHIN = {  # shapes of one area there that belong to another code: west, south, east, north
    "FRA": {"GUF": (-55.0, 2.0, -51.0, 6.0)},  # an area of its own in the M49
    "RUS": {"UKR": (32.0, 44.0, 36.8, 46.5)},  # Crimea (General Assembly resolution 68/262)
}
SAHARA = 27 + 40 / 60  # degrees north: to the south of it, what is drawn as Morocco there is Western Sahara
PLACES = {  # drawn with another area there, or not at all; parts of countries stand at their middle
    "BES": (-68.27, 12.18), "CCK": (96.87, -12.16), "CHI": (-2.3, 49.4), "CXR": (105.65, -10.48),
    "GLP": (-61.55, 16.25),
    "MTQ": (-61.01, 14.65), "MYT": (45.15, -12.82), "REU": (55.53, -21.12), "SJM": (17.5, 78.6),
    "TKL": (-171.85, -9.17), "GBR_E_W": (-1.6, 52.6), "GBR_NI": (-6.7, 54.6), "GBR_S": (-4.2, 56.8),
    "IRQ_C": (43.9, 32.6), "IRQ_KRI": (44.3, 36.2),
}  # fmt: skip


def main(package: Path) -> None:
    table = areas()
    codes = {number: area for number, area in zip(table["m49"], table["area"], strict=True) if number}
    world = json.loads((package / "countries-110m.json").read_text(encoding="utf-8"))
    shapes = [shape(geometry, codes) for geometry in world["objects"]["countries"]["geometries"]]
    kept = [entry for entry in shapes if entry and entry["properties"]["area"] not in LEFT_OUT]
    kept = sorted(divided(kept, world), key=lambda entry: entry["properties"]["area"])
    made = {"type": "Topology", "objects": {"areas": {"type": "GeometryCollection", "geometries": kept}}}
    made |= {"arcs": world["arcs"], "transform": world["transform"]}
    (FOLDER / "world.json").write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")
    drawn = {entry["properties"]["area"] for entry in kept}
    fine = json.loads((package / "countries-10m.json").read_text(encoding="utf-8"))
    write_points(fine, codes, drawn)


def shape(geometry: dict, codes: dict[str, str]) -> dict | None:
    area = code_of(geometry, codes)
    if area is None:
        print("no code:", geometry.get("id"), geometry["properties"]["name"], file=sys.stderr)
        return None
    return {"type": geometry["type"], "properties": {"area": area}, "arcs": geometry["arcs"]}


def divided(shapes: list[dict], world: dict) -> list[dict]:
    """The shapes by our codes: those that lie within another area by themselves, Morocco to its border."""
    arcs = [decoded(arc, world["transform"]) for arc in world["arcs"]]
    own: dict[str, list] = {}
    for entry in shapes:
        area = entry["properties"]["area"]
        polygons = [entry["arcs"]] if entry["type"] == "Polygon" else entry["arcs"]
        for polygon in polygons:
            _, (x, y) = middle(ring(polygon[0], arcs))
            boxes = WITHIN.get(area, {}).items()
            lies = [other for other, (w, s, e, n) in boxes if w <= x <= e and s <= y <= n]
            own.setdefault(lies[0] if lies else area, []).append(polygon)
    north, south = (clipped(ring(own["MAR"][0][0], arcs), sign) for sign in (1, -1))
    own["MAR"], own["ESH"] = [[[added(world, north)]]], [*own["ESH"], [[added(world, south)]]]
    return [
        {"type": "MultiPolygon", "properties": {"area": area}, "arcs": polygons}
        for area, polygons in own.items()
    ]


def clipped(points: list[tuple[float, float]], sign: int) -> list[tuple[float, float]]:
    """The part of a ring on one side of the parallel: 1 the north, -1 the south."""
    kept: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if sign * (y0 - SAHARA) >= 0:
            kept.append((x0, y0))
        if (y0 - SAHARA) * (y1 - SAHARA) < 0:
            kept.append((x0 + (x1 - x0) * (SAHARA - y0) / (y1 - y0), SAHARA))
    return [*kept, kept[0]]


def added(world: dict, points: list[tuple[float, float]]) -> int:
    """The number of a new arc."""
    (sx, sy), (tx, ty) = world["transform"]["scale"], world["transform"]["translate"]
    steps = [(round((x - tx) / sx), round((y - ty) / sy)) for x, y in points]
    before = [(0, 0), *steps]
    world["arcs"].append([[x - x0, y - y0] for (x, y), (x0, y0) in zip(steps, before, strict=False)])
    return len(world["arcs"]) - 1


def code_of(geometry: dict, codes: dict[str, str]) -> str | None:
    return codes.get(geometry.get("id", "")) or NAMED.get(geometry["properties"]["name"])


def write_points(fine: dict, codes: dict[str, str], drawn: set[str]) -> None:
    arcs = [decoded(arc, fine["transform"]) for arc in fine["arcs"]]
    middles: dict[str, tuple[float, tuple[float, float]]] = {}
    for geometry in fine["objects"]["countries"]["geometries"]:
        area = code_of(geometry, codes)
        if area is None or area in drawn or area in LEFT_OUT or geometry["type"] is None:
            continue
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        largest = max(middle(ring(polygon[0], arcs)) for polygon in polygons)
        middles[area] = max(middles.get(area, largest), largest)
    with (FOLDER / "points.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["area", "longitude", "latitude"])
        places = {area: place for area, (_, place) in middles.items()} | PLACES
        for area, (x, y) in sorted(places.items()):
            writer.writerow([area, f"{x:.2f}", f"{y:.2f}"])


def decoded(arc: list, transform: dict) -> list[tuple[float, float]]:
    points, x, y = [], 0, 0
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * sx + tx, y * sy + ty))
    return points


def ring(indices: list[int], arcs: list) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for index in indices:
        part = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += part[1:] if points else part
    return points


def middle(points: list[tuple[float, float]]) -> tuple[float, tuple[float, float]]:
    """Size and centre of a ring."""
    twice = x = y = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        cross = x0 * y1 - x1 * y0
        twice, x, y = twice + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    if not twice:
        return 0.0, points[0]
    return abs(twice) / 2, (x / (3 * twice), y / (3 * twice))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
