"""The summary page of a release: an overview, then each indicator with its chart and latest figures."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame, Series

from crimestats import areas, files
from crimestats.frames import NOT_APPLICABLE
from crimestats.report import names, page, sparkline
from crimestats.report.chart import COLOURS, axis_of, line_chart
from crimestats.report.display import shown, shown_between, shown_change
from crimestats.report.indicators import DRAWN, FIGURES, Indicator, indicators, is_broken

if TYPE_CHECKING:
    from pathlib import Path

    from crimestats.questionnaire import Questionnaire

TITLE = "Crime trend tables"
_LEVELS = ("world", "region")
_REPORTED, _ESTIMATED = "reported", "estimated"
_CAPTIONS = {
    _REPORTED: "Sums over the areas that report, {year}",
    "panel": "Sums over the areas that report every year, {year}",
    _ESTIMATED: "Estimates for {year}: gaps filled, with bounds; areas are those with a figure in some year",
}
_FEWEST = 3  # areas that a sentence is about
_FLAGS = {"b": "break in the series", "s": "summed from its parts", "q": "an open finding"}
_BELOW = "the areas that report hold too few of the residents, or are too few"
_PARTIAL = "the rate rests on fewer areas than the sum: of the others the population is not known"


def render_release(
    trends: DataFrame,
    path: "str | Path",
    definition: "Questionnaire | None" = None,
    *,
    population: DataFrame | None = None,
    title: str = "",
    parts: Sequence[str] = (),
) -> "Path":
    """Write the summary page of a trend table.

    Args:
        trends: Figures of the tables (`frames.TRENDS`).
        path: The HTML file.
        definition: The questionnaire behind them.
        population: What the rates rest on, for its sources; the shipped table where not given.
        title: Heading; `Crime trend tables` where not given.
        parts: Names of files beside the page, to link to.

    Raises:
        FileError: The path cannot be written.
    """
    return page.write(release_page(trends, definition, population=population, title=title, parts=parts), path)


def release_page(
    trends: DataFrame,
    definition: "Questionnaire | None" = None,
    *,
    population: DataFrame | None = None,
    title: str = "",
    parts: Sequence[str] = (),
) -> str:
    """The summary page as HTML (see `render_release`)."""
    import crimestats

    found = list(indicators(trends))
    named = _named(trends)
    return page.fill(
        "release",
        title=title or TITLE,
        questionnaire=definition.label("title") if definition else "",
        sections=[_section(indicator, named, "findings.html" in parts) for indicator in found],
        areas=_areas(found),
        named=[(names.area_names().get(area, area), colour) for area, colour in named.items()],
        parts=parts,
        span=_span([year for indicator in found for year in indicator.years]),
        flags=_FLAGS,
        sources=_citations(population),
        spark=sparkline,
        version=crimestats.__version__,
    )


def _named(trends: DataFrame) -> dict[str, str]:
    """The areas of most people, whose lines are labelled in every chart, with their colours."""
    units = trends.loc[(trends["grouping"] == NOT_APPLICABLE) & trends["value"].notna()]
    largest = units.groupby("area", observed=True)["population"].max().dropna()
    return dict(
        zip(largest.sort_values(ascending=False, kind="stable").index.astype(str), COLOURS, strict=False)
    )


def _areas(found: Sequence[Indicator]) -> list[str]:
    return sorted({name for indicator in found for name in indicator.reported["name"]})


def _span(years: Sequence[int]) -> str:
    return f"{min(years)}–{max(years)}" if years else ""


def _section(indicator: Indicator, named: Mapping[str, str], has_findings: bool) -> dict[str, Any]:
    """What the template shows of an indicator."""
    median, panel = indicator.median()
    drawn = indicator.reported["drawn_lower"].notna().any()
    year = indicator.of_year
    return {
        "indicator": indicator,
        "years": _span(indicator.years),
        "svg": line_chart(indicator.reported, named, median, panel) if drawn else "",
        "is_log": drawn and axis_of(indicator.reported).is_log,
        "base": f"{indicator.base:,}" if indicator.base else "",
        "scale": f"Per {indicator.base:,} population" if indicator.base else "Number",
        "sentence": _sentence(indicator),
        "rows": _rows(indicator, has_findings),
        "tables": _tables(indicator),
        "withheld": _withheld(indicator),
        "n": indicator.counted["area"].nunique(),
        "n_of_year": len(year),
        "middle": shown(year["drawn"].median(), indicator.drawn_digits),
    }


def _sentence(indicator: Indicator) -> str:
    """The year in words, and which way the areas went that have the first year too."""
    drawn = indicator.of_year["drawn"].dropna()
    if len(drawn) < _FEWEST:
        return ""
    what = f"per {indicator.base:,} population" if indicator.base else indicator.measure.lower()
    middle = shown(drawn.median(), indicator.drawn_digits)
    now = f"{indicator.year}: {len(drawn)} areas; half of them have {middle} {what} or less."
    lower, higher, n = _directions(indicator)
    if n < _FEWEST:
        return now
    since = f"Of the {n} areas that have {indicator.years[0]} too, without a break since,"
    return f"{now} {since} {lower} are lower now and {higher} higher."


def _directions(indicator: Indicator) -> tuple[int, int, int]:
    """How many areas went down and up from the first year, of how many that have both years and no break."""
    exact = indicator.counted.dropna(subset="drawn")
    wide = exact.pivot_table(index="area", columns="year", values="drawn")
    unbroken = wide.loc[~is_broken(exact).reindex(wide.index)]
    first, last = unbroken.get(indicator.years[0]), unbroken.get(indicator.year)
    if first is None or last is None:
        return 0, 0, 0
    return int((last < first).sum()), int((last > first).sum()), int((first.notna() & last.notna()).sum())


def _rows(indicator: Indicator, has_findings: bool) -> list[dict[str, Any]]:
    """The table of latest figures, one row an area."""
    latest = indicator.latest
    paths = sparkline.sparklines(indicator.reported, indicator.years[0], indicator.years[-1])
    flags = DataFrame({
        "b": latest["area"].map(is_broken(indicator.reported)),
        "s": latest["basis"] == "summed",
        "q": latest["findings"] != "",
    })  # fmt: skip
    shown_rows = DataFrame({
        "name": latest["name"],
        "anchor": latest["area"].map(names.anchor),
        "path": latest["area"].map(paths).fillna(""),
        "year": latest["year"],
        "is_old": latest["year"] < indicator.year,
        "figure": _shown(latest, FIGURES, _digits(latest["value"], indicator)),
        "rate": _shown(latest, DRAWN, indicator.drawn_digits),
        "change": latest["change"].map(shown_change),
        "flags": [[flag for flag, is_set in row.items() if is_set] for row in flags.to_dict("records")],
    })  # fmt: skip
    return _records(shown_rows.assign(has_findings=has_findings))


def _sums(indicator: Indicator, method: str) -> DataFrame:
    """Rows of the world and its regions of the year by a method, those without a figure among them."""
    levels = areas.groupings("m49").drop_duplicates("code").set_index("code")["level"]
    sums = indicator.regions
    sums = sums.loc[
        (sums["year"] == indicator.year) & (sums["grouping"] == "m49") & (sums["method"] == method)
    ]
    level = sums["area"].map(levels)
    sums = sums.assign(rank=level.map({name: rank for rank, name in enumerate(_LEVELS)}))
    return sums.dropna(subset="rank").sort_values(["rank", "name"])


def _withheld(indicator: Indicator) -> str:
    """Which of the world and its regions have areas that report, and yet no figure; and why."""
    sums = _sums(indicator, _REPORTED)
    below = sums[sums["lower"].isna() & (sums["n_areas"] > 0)]
    if below.empty:
        return ""
    beginning = (
        f"Not shown for {indicator.year}"
        if sums["lower"].notna().any()
        else f"No sum of the world or of a region is shown for {indicator.year}"
    )
    listed = "; ".join(
        f"{name}: {_share(share)} of residents, {n} {'area' if n == 1 else 'areas'}"
        for name, share, n in zip(below["name"], below["coverage_population"], below["n_areas"], strict=True)
    )
    world = (
        " The world is not shown either where one of its regions is not."
        if (below["rank"] == 0).any()
        else ""
    )
    return f"{beginning}: {_BELOW} ({listed}).{world}"


def _tables(indicator: Indicator) -> list[dict[str, Any]]:
    """The sums of the world and its regions in the year, one table a method."""
    made = ((caption, _regions(indicator, method)) for method, caption in _CAPTIONS.items())
    return [{"caption": caption.format(year=indicator.year), "rows": rows} for caption, rows in made if rows]


def _regions(indicator: Indicator, method: str) -> list[dict[str, Any]]:
    """The sums by a method, with how much of each group reported."""
    sums = _sums(indicator, method)
    sums = sums[sums["lower"].notna()]
    figures = _shown(sums, FIGURES, _digits(sums["value"], indicator))
    rates = _shown(sums, DRAWN, indicator.drawn_digits)
    if method == _ESTIMATED:
        figures = _with_bounds(figures, sums.assign(value=np.nan), FIGURES, 0)
        rates = _with_bounds(rates, sums.assign(drawn=np.nan), DRAWN, indicator.drawn_digits)
    return _records(DataFrame({
        "name": sums["name"], "figure": figures, "rate": rates,
        "partly": (sums["rate_status"] == "partial").map({True: _PARTIAL, False: ""}),
        "n": sums["n_areas"],
        "areas": sums["coverage_areas"].map(_share),
        "population": sums["coverage_reported"].map(_share),
    }))  # fmt: skip


def _with_bounds(
    figures: list[str], rows: DataFrame, columns: tuple[str, str, str], digits: int
) -> list[str]:
    """Figures with the bounds that they lie in behind them."""
    bounds = _shown(rows, columns, digits)
    return [f"{figure} ({between})" for figure, between in zip(figures, bounds, strict=True)]


def _records(rows: DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _shown(rows: DataFrame, columns: tuple[str, str, str], digits: int) -> list[str]:
    numbers = (rows[name] for name in columns)
    return [shown_between(value, lower, upper, digits) for value, lower, upper in zip(*numbers, strict=True)]


def _digits(figures: "Series[float]", indicator: Indicator) -> int:
    """Those of the indicator, and one more where a figure would be shown as what it is not."""
    known = figures.dropna()
    return indicator.digits if (known == known.round(indicator.digits)).all() else indicator.digits + 1


def _share(share: float) -> str:
    return "–" if math.isnan(share) else f"{shown(share * 100)} %"


def _citations(population: DataFrame | None) -> list[str]:
    """The sources of a population table; a source of the user's own by its name."""
    table = areas.population() if population is None else population
    record = files.read_toml(files.shipped("classification", "areas", "source.toml"))
    citations = {source["key"]: source["citation"] for source in record["source"]}
    used = sorted({key for joined in table["source"].unique() for key in joined.split("+")})
    return [citations.get(key, key) for key in used]
