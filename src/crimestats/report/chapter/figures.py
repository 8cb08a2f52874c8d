"""Figures as they stand on the page: each carries its id, and says on what it rests."""

from collections.abc import Mapping
from functools import cache
from math import isnan
from typing import Any

from markupsafe import Markup
from pandas import DataFrame, Series

from crimestats.report.chapter.detected import LEAST_AREAS
from crimestats.report.chapter.texts import has_text, look, several, text
from crimestats.report.display import shown, shown_between
from crimestats.report.pictures.flowing import place_names

Row = Mapping[str, Any]
"""A figure: a row of `frames.PROFILES` or `frames.FLOWS`."""

_DASH = "–"
_RATE = 100_000
LOOSE = 20.0
"""Percentage points between the bounds of a share beyond which they stand alone: the project's choice."""
OPEN = 50.0
"""Percentage points between the bounds of a share beyond which its row is left out: the project's choice."""
_PAIR = Markup('<span class="f" data-figure="{id}" data-part="{part}" title="{tip}">{said}</span>')
_BOUNDS = Markup(' <small class="b" data-figure="{id}" data-part="{part} bounds">({said})</small>')
_ABOUT = Markup('<span data-about="{what}">{said}</span>')


def about(what: str, said: object) -> Markup:
    """A number that is no figure of the dataset: a year, a parameter, a number of findings."""
    return _ABOUT.format(what=what, said=said)


def name(area: object) -> str:
    """An area by its name, its code where there is none.

    >>> name("PER"), name("nowhere")
    ('Peru', 'nowhere')
    """
    return _names().get(str(area), str(area))


@cache
def _names() -> dict[str, str]:
    return {**place_names("glotip"), **place_names("m49")}


def share(row: Row, digits: int = 1, *, unit: bool = False) -> Markup:
    """A share in per cent, with its bounds where it has some; only these where they lie far apart.

    Args:
        row: With share, share_lower, share_upper.
        digits: After the point.
        unit: Whether `%` stands behind it, as in a sentence.
    """
    value, lower, upper = (float(row[part]) * 100 for part in ("share", "share_lower", "share_upper"))
    if isnan(value):
        return _absent(row, "share")
    if upper - lower > LOOSE:
        said = text("between", lower=shown(lower), upper=shown(upper))
        said = text("per_cent", share=said) if unit else said
        return _span(row, "share bounds", said, _tip(row, (lower, upper)))
    said = shown(value, digits)
    said = text("per_cent", share=said) if unit else said
    return _with_bounds(row, "share", said, (lower, upper), digits, _tip(row, (lower, upper)))


def count(row: Row, part: str = "value") -> Markup:
    """Persons, or the base of a share, with their bounds; `<5` where only that is known."""
    value, lower, upper = (float(row[name]) for name in _columns(part))
    if isnan(value) and isnan(lower):
        return _absent(row, part)
    tip = text(
        "tip.count", lower=shown(lower), upper=shown(upper), countries=_countries(row), when=when(row),
        id=row["figure_id"],
    )  # fmt: skip
    if isnan(value):
        return _span(row, part, shown_between(value, lower, upper), tip)
    return _with_bounds(row, part, shown(value), (lower, upper), 0, tip)


def rate(row: Row) -> Markup:
    """Persons per 100,000 of the base, with bounds."""
    value, lower, upper = (float(row[part]) * _RATE for part in ("share", "share_lower", "share_upper"))
    if isnan(value):
        return _absent(row, "rate")
    tip = text(
        "tip.count", lower=shown(lower, 3), upper=shown(upper, 3), countries=_countries(row), when=when(row),
        id=row["figure_id"],
    )  # fmt: skip
    return _with_bounds(row, "rate", shown(value, 2), (lower, upper), 2, tip)


def plain(row: Row, part: str, said: str) -> Markup:
    """Another number of a row, such as its countries: without bounds of its own."""
    return _span(row, part, said, text("base.figure", id=row["figure_id"]))


def countries(row: Row, *, unit: bool = False) -> Markup:
    """Number of countries that a figure rests on.

    Args:
        row: With n_areas.
        unit: Whether `countries` stands behind it, as in a sentence.
    """
    return plain(row, "n_areas", _countries(row) if unit else shown(float(row["n_areas"])))


def is_loose(rows: DataFrame, points: float = LOOSE) -> "Series[bool]":
    """Whether the bounds of a share lie so far apart that no bar is drawn of it.

    Args:
        rows: With share_lower, share_upper (fractions).
        points: Percentage points between them that are too many.
    """
    loose: Series[bool] = (rows["share_upper"] - rows["share_lower"]) * 100 > points
    return loose


def covered(row: Row, column: str = "coverage_population") -> Markup:
    """Share of the group's residents (or of its areas) who live in the countries counted."""
    value = float(row[column])
    return Markup(_DASH) if isnan(value) else plain(row, column, shown(value * 100))


def moved(rows: list[Row]) -> Markup:
    """The largest influence of one country among the shares of a row: country, category, points."""
    known = [row for row in rows if not isnan(float(row["influence"]))]
    if not known or len(rows) < 2:
        return Markup(_DASH)
    known.sort(key=lambda row: look(str(row["category"])).order)
    row = max(known, key=lambda row: abs(round(float(row["influence"]), 9)))
    said = text(
        "influence", area=name(row["influence_area"]), category=look(str(row["category"])).label.casefold(),
        points=signed(float(row["influence"]) * 100),
    )  # fmt: skip
    return plain(row, "influence", said)


def moved_rate(row: Row) -> Markup:
    """The country without which a rate per 100,000 differs most, and by how much."""
    value = float(row["influence"]) * _RATE
    if isnan(value):
        return Markup(_DASH)
    said = text("influence.rate", area=name(row["influence_area"]), points=signed(value, 2))
    return plain(row, "influence", said)


def signed(points: float, digits: int = 1) -> str:
    """A difference with its sign.

    >>> signed(2.04), signed(-0.3), signed(0.01)
    ('+2.0', '−0.3', '0.0')
    """
    said = shown(abs(points), digits)
    return said if float(said.replace(",", "")) == 0 else f"{'+' if points > 0 else '−'}{said}"


def when(row: Row, kind: str = "base") -> str:
    """The year of a figure, the years that its countries' most recent ones lie in, or that are summed.

    Args:
        row: With year, first_year and window.
        kind: `base` within a sentence, `row` as the name of a row.

    >>> when({"year": 2020, "first_year": 2018, "window": "sum3"})
    '2018–2020 added up'
    """
    first, year = int(row["first_year"]), int(row["year"])
    if first == year or row.get("variant") == "panel":
        return text("base.year", year=year)
    return text(f"{kind}.{window_of(row)}", first=first, year=year)


def window_of(row: Row) -> str:
    """How the years of a window stand together: `sum`, or `window` for the most recent of them."""
    return "sum" if str(row.get("window", "")).startswith("sum") else "window"


def _columns(part: str) -> tuple[str, str, str]:
    return ("value", "lower", "upper") if part == "value" else (part, f"{part}_lower", f"{part}_upper")


def _countries(row: Row) -> str:
    n_areas = int(row["n_areas"])
    return several("count.countries", n_areas)


def _tip(row: Row, bounds: tuple[float, float]) -> str:
    return text(
        "tip.share", share=shown(float(row["share"]) * 100, 2), lower=shown(bounds[0], 2),
        upper=shown(bounds[1], 2), base=shown(float(row["base"])), countries=_countries(row), when=when(row),
        id=row["figure_id"],
    )  # fmt: skip


def _with_bounds(
    row: Row, part: str, said: str, bounds: tuple[float, float], digits: int, tip: str
) -> Markup:
    """A figure and, where the bounds would print as anything else than it, these in brackets."""
    span = _span(row, part, said, tip)
    if isnan(bounds[0]) or not bounds[0] < bounds[1]:
        return span
    ends = [shown(bound, digits) if bound == bound else "…" for bound in bounds]
    if ends[0] == ends[1]:
        return span
    between = text("between", lower=ends[0], upper=ends[1])
    return span + _BOUNDS.format(id=row["figure_id"], part=part, said=between)


def _span(row: Row, part: str, said: str, tip: str) -> Markup:
    return _PAIR.format(id=row["figure_id"], part=part, tip=tip, said=said)


def _absent(row: Row, part: str) -> Markup:
    """A dash that tells why there is no figure."""
    key = f"status.{row['status']}"
    status = text(key, least=LEAST_AREAS) if has_text(key) else text("status.missing")
    return _span(row, part, _DASH, text("tip.withheld", status=status, id=row["figure_id"]))
