"""What every picture has around it: title, key of its marks, notes, and the way into a file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from crimestats.errors import CallError
from crimestats.files import replacing
from crimestats.report.chart import COLOURS
from crimestats.report.pictures.wording import text

if TYPE_CHECKING:
    from altair import VConcatChart

INK, MUTED, GRID, EMPTY = "#1a2230", "#4a5563", "#e4e8ec", "#d5dae0"
REPORTED, PANEL, ESTIMATED = COLOURS[0], COLOURS[1], COLOURS[3]
BROKEN = "#6b2f00"
METHOD_COLOURS = {"reported": REPORTED, "panel": PANEL, "estimated": ESTIMATED, "_Z": REPORTED}
METHOD_SHAPES = {"reported": "circle", "panel": "triangle-up", "estimated": "diamond", "_Z": "circle"}
FONT = "Liberation Sans, Arial, Helvetica, DejaVu Sans, Noto Sans, sans-serif"
BAND, INTERVAL = 0.38, 0.16  # opacity of what the bounds enclose, and of what the interval does

_LETTER = 5.5  # pixels that a letter of a note is wide, on the average
_LINE, _NOTE = 15, 11
_ROW, _SYMBOL, _ENTRY = 20, 34, 12
_SHADES = (0.04, 0.35, 0.65, 1.0)
_SCALE = 2.0  # pixels of a PNG for each of the drawing: sharp on paper at 15 cm
_OPENING = re.compile(r"<svg ([^>]*)>")


@dataclass(frozen=True)
class Sheet:
    """What stands around a picture.

    Attributes:
        title: What is shown.
        subtitle: Unit, years, scales; a line each.
        marks: Keys of the marks that occur (`key.<mark>` is what each means).
        notes: Below the picture, a paragraph each.
        description: The picture in words, for those who do not see it.
    """

    title: str
    subtitle: Sequence[str]
    marks: Sequence[str]
    notes: Sequence[str]
    description: str
    colours: dict[str, str] = field(default_factory=dict)

    def around(self, body: Any, width: int, left: float = 0) -> "VConcatChart":
        """The picture with all of it, as one chart; its marks begin so many pixels right of its edge."""
        alt = altair()
        key, notes = _key(self.marks, self.colours, width, -left), _notes(self.notes, width, -left)
        parts = [part for part in (key, body, notes) if part is not None]
        looks: dict[str, Any] = {
            "anchor": "start",
            "fontSize": 17,
            "fontWeight": 600,
            "color": INK,
            "offset": 14,
        }
        small = {
            "subtitleFontSize": 12,
            "subtitleColor": MUTED,
            "subtitlePadding": 6,
            "subtitleLineHeight": 16,
        }
        letters = int(width / _LETTER)
        lines = [line for part in self.subtitle for line in wrap(part, letters)]
        title = alt.TitleParams(wrap(self.title, int(letters * 0.66)), subtitle=lines, **looks, **small)
        sheet = alt.vconcat(*parts, spacing=16).properties(
            title=title, description=self.description, padding=16
        )
        whole: VConcatChart = (
            sheet.configure(font=FONT, background="white")
            .configure_view(stroke=None)
            .configure_axis(
                labelFontSize=11, labelColor=MUTED, gridColor=GRID, domainColor=EMPTY, tickColor=EMPTY
            )
            .resolve_scale(color="independent", shape="independent", opacity="independent")
        )  # fmt: skip
        return whole


def altair() -> Any:
    """Altair, loaded when a picture is drawn; what its marks take is not typed alike for all of them."""
    import altair as library

    return library


def _alone() -> Any:
    """A mark that stands where it is told and shows no figure."""
    alt = altair()
    return alt.Chart(alt.Data(values=[{}])).encode(tooltip=alt.value(None))


def _notes(notes: Sequence[str], width: int, left: float) -> Any:
    lines = [line for note in notes for line in wrap(note, int(width / _LETTER))]
    if not lines:
        return None
    looks: dict[str, Any] = {"align": "left", "baseline": "top", "fontSize": _NOTE, "lineHeight": _LINE}
    chart = _alone().mark_text(text=lines, x=left, y=0, color=MUTED, **looks)
    return chart.properties(width=width + left, height=_LINE * len(lines))


def _key(marks: Sequence[str], colours: dict[str, str], width: int, left: float) -> Any:
    """The marks that occur, each beside what it means, in as many rows as they need."""
    alt = altair()
    if not marks:
        return None
    entries = _placed(marks, width)
    layers = [
        layer for entry in entries for layer in _symbol(entry["mark"], entry["x"] + left, entry["y"], colours)
    ]
    looks: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": _NOTE, "color": MUTED}
    for entry in entries:
        words = _alone().mark_text(text=entry["text"], x=entry["x"] + left + _SYMBOL, y=entry["y"], **looks)
        layers.append(words)
    return alt.layer(*layers).properties(width=width + left, height=entries[-1]["y"] + _ROW / 2)


def _placed(marks: Sequence[str], width: int) -> list[dict[str, Any]]:
    entries, x, y = [], 0.0, _ROW / 2
    for mark in marks:
        words = text(f"key.{mark}")
        needed = _SYMBOL + len(words) * _LETTER + 2 * _ENTRY
        if x and x + needed > width:
            x, y = 0.0, y + _ROW
        entries.append({"mark": mark, "text": words, "x": x, "y": y})
        x += needed
    return entries


def _symbol(mark: str, x: float, y: float, colours: dict[str, str]) -> list[Any]:
    """One mark of the key, between 0 and 28 pixels from x."""
    colour, middle = colours.get(mark, REPORTED), x + 14
    dashed: dict[str, Any] = {"strokeDash": [4, 3], "strokeWidth": 1.4}
    upright = {
        "range": {"color": colour, "strokeWidth": 4, "opacity": 0.7},
        "break": {"color": BROKEN, **dashed},
        "region": {"color": INK, "strokeWidth": 1.6},
    }
    boxes = {
        "bounds": (colour, BAND),
        "interval": (colour, INTERVAL),
        "figures": (colour, 1.0),
        "none": (EMPTY, 1.0),
    }
    if mark in boxes:
        fill, opacity = boxes[mark]
        return [_alone().mark_rect(x=x, x2=x + 28, y=y - 6, y2=y + 6, color=fill, opacity=opacity)]
    if mark in upright:
        return [_straight((middle, middle), (y - 9, y + 9), **upright[mark])]
    if mark in ("around", "lying"):
        bar = _straight((x, x + 28), (y, y), color=colour, strokeWidth=5, opacity=0.5)
        return [bar, *_symbol("dot", x, y, colours)] if mark == "around" else [bar]
    if mark == "whisker":
        return [_straight((x, x + 28), (y, y), color=colour, strokeWidth=1.4)]
    return _shades(x, y) if mark == "coverage" else _line_symbol(mark, x, y, colour)


def _straight(x: tuple[float, float], y: tuple[float, float], **looks: Any) -> Any:
    alt = altair()
    ends = {"x": alt.value(x[0]), "x2": alt.value(x[1]), "y": alt.value(y[0]), "y2": alt.value(y[1])}
    return _alone().mark_rule(**looks).encode(**ends)


def _shades(x: float, y: float) -> list[Any]:
    looks: dict[str, Any] = {"y": y - 4, "y2": y + 4, "fill": INK, "stroke": INK, "strokeWidth": 0.6}
    return [
        _alone().mark_rect(x=x + 7 * at, x2=x + 7 * (at + 1), fillOpacity=shade, **looks)
        for at, shade in enumerate(_SHADES)
    ]


def _line_symbol(mark: str, x: float, y: float, colour: str) -> list[Any]:
    """A point on a line: of a method, of a verdict, hollow where provisional."""
    line = _straight((x, x + 28), (y, y), color=colour, strokeWidth=2)
    shape = METHOD_SHAPES.get(mark, "circle")
    fill = "white" if mark in ("provisional", "open") else colour
    looks: dict[str, Any] = {"stroke": colour, "strokeWidth": 1.5, "size": 44, "opacity": 1}
    point = _alone().mark_point(x=x + 14, y=y, shape=shape, fill=fill, **looks)
    return [point] if mark in ("open", "dot") else [line, point]


def write(chart: Any, path: str | Path) -> Path:
    """Write a picture as PNG or SVG, as the ending says; nothing is asked from outside.

    The SVG carries the description of the picture as its `title`, for those who do not see it.

    Args:
        chart: What `small_multiples`, `slope`, `dots` or `map_of` returned.
        path: Ends in `.png` or `.svg`.

    Returns:
        The path.

    Raises:
        CallError: It has another ending.
        FileError: It cannot be written.
    """
    import vl_convert

    target = Path(path)
    drawings = {".png": _png, ".svg": _svg}
    if target.suffix.lower() not in drawings:
        raise CallError(str(path), "is neither PNG nor SVG.", "End the name in .png or .svg.")
    spec = chart.to_dict(format="vega-lite")
    content = drawings[target.suffix.lower()](vl_convert, spec)
    with replacing(target) as place:
        place.write_bytes(content)
    return target


def _version(vl_convert: Any) -> str:
    """The version of Vega-Lite that the chart was written for, where it can be drawn; else the newest."""
    alt = altair()
    wanted = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    known: list[str] = vl_convert.get_vegalite_versions()
    return wanted if wanted in known else known[-1]


def _png(vl_convert: Any, spec: dict[str, Any]) -> bytes:
    png: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=_version(vl_convert), scale=_SCALE, allowed_base_urls=[]
    )
    return png


def _svg(vl_convert: Any, spec: dict[str, Any]) -> bytes:
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=_version(vl_convert), allowed_base_urls=[])
    said = escape(spec["description"])
    opening = rf'<svg role="img" aria-label="{said}" \1><title>{said}</title>'.replace("\\1", r"\g<1>")
    return _OPENING.sub(lambda found: opening.replace(r"\g<1>", found[1]), svg, count=1).encode()
