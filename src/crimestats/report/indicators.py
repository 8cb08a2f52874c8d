"""The indicators of a release: measure and ICCS category at total breakdowns, each with its series."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from pandas import DataFrame, MultiIndex

from crimestats import areas
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL
from crimestats.report import names
from crimestats.trends import indicators as treatments

FIGURES = ("value", "lower", "upper")
RATES = ("rate", "rate_lower", "rate_upper")
DRAWN = ("drawn", "drawn_lower", "drawn_upper")
_KEY = ["stage", "measure", "iccs", "unit", "source"]
_COLUMNS = [
    "area", "year", "grouping", "method", *FIGURES, *RATES, "rate_status", "change", "segment", "basis",
    "coverage_population", "coverage_areas", "coverage_reported", "n_areas", "findings",
]  # fmt: skip
_SMALLEST_PANEL = 5  # areas; a median of fewer says more about single areas than about their middle


@dataclass(frozen=True, eq=False)
class Indicator:
    """What one chart shows.

    Attributes:
        anchor: Its place on the page.
        iccs: Code of the category, `_T` all crimes, `_Z` not about crime.
        title: Of the category and the measure.
        measure: Label of the measure.
        stage: Label of the stage.
        base: Persons that the rates are given for; None where the figures themselves are drawn.
        digits: Decimals of a figure.
        drawn_digits: Decimals of what is drawn.
        series: Its figures by reporting unit and year, sorted: columns of
            `frames.TRENDS` with `name`; `drawn`, `drawn_lower` and
            `drawn_upper`, the rate or the figure; and `run`, the stretch of
            years without gap or break that an exact one stands in (null for
            the others).
        regions: Its figures by region and year, with the same columns.
    """

    anchor: str
    iccs: str
    title: str
    measure: str
    stage: str
    base: int | None
    digits: int
    drawn_digits: int
    series: DataFrame
    regions: DataFrame

    @property
    def code(self) -> str:
        """The ICCS code, or an empty text where it is none."""
        return "" if self.iccs in (TOTAL, NOT_APPLICABLE) else self.iccs

    @property
    def group(self) -> str:
        """Stage and measure, in words."""
        return f"{self.stage}: {self.measure.lower()}"

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of which there is a figure."""
        return tuple(int(year) for year in sorted(self.reported["year"].unique()))

    @cached_property
    def reported(self) -> DataFrame:
        """The series without the places where there is no figure, not even a range."""
        return self.series.loc[self.series["lower"].notna()]

    @cached_property
    def counted(self) -> DataFrame:
        """The figures reported, without parts of an area that has one itself for the year."""
        parts = areas.parts()
        whole = self.reported["area"].map(dict(zip(parts["part"], parts["whole"], strict=True)))
        there = MultiIndex.from_frame(self.reported[["area", "year"]])
        return self.reported.loc[~MultiIndex.from_arrays([whole, self.reported["year"]]).isin(there)]

    @cached_property
    def year(self) -> int:
        """The latest year of which at least half of the areas have a figure, else the latest."""
        n_areas = self.counted.groupby("year")["area"].nunique()
        enough = n_areas[n_areas * 2 >= self.counted["area"].nunique()]
        return int((n_areas if enough.empty else enough).index.max())

    @property
    def of_year(self) -> DataFrame:
        """The figures counted of that year."""
        return self.counted.loc[self.counted["year"] == self.year]

    @property
    def latest(self) -> DataFrame:
        """The latest figure of each area, by name."""
        return self.reported.drop_duplicates("area", keep="last").sort_values(["name", "area"])

    def median(self) -> tuple["pd.Series[float]", int]:
        """Median by year over a fixed panel, and how many areas are in it.

        The panel are the areas with one unbroken series in every year that at
        least half of the areas report, so that the line moves because figures
        move and not because areas come and go. Empty below five areas.
        """
        exact = self.counted.dropna(subset="drawn")
        wide = exact.pivot_table(index="area", columns="year", values="drawn", observed=True)
        wide = wide.loc[:, wide.notna().sum() * 2 >= len(wide)]
        broken = is_broken(exact)
        panel = wide.loc[wide.notna().all(axis="columns") & ~broken]
        enough = len(panel) >= _SMALLEST_PANEL
        return (panel if enough else panel.iloc[:0]).median().dropna(), len(panel)


def is_broken(figures: DataFrame) -> "pd.Series[bool]":
    """Whether the series of an area has a break between its first and its last figure, by area."""
    segments = figures.groupby("area")["segment"]
    return segments.min() != segments.max()


def indicators(trends: DataFrame) -> Iterator[Indicator]:
    """The indicators that have a figure, by stage and measure as their lists have them, then by category."""
    total = trends.loc[(trends[list(BREAKDOWNS)] == TOTAL).all(axis="columns")]
    total = total.astype(dict.fromkeys(["area", "grouping", "method", "basis"], "str"))
    groups = [(tuple(map(str, key)), rows[_COLUMNS]) for key, rows in total.groupby(_KEY, observed=True)]
    for key, rows in sorted(groups, key=lambda group: _place(group[0])):
        if rows["lower"].notna().any():
            yield _indicator(key, rows)


def _place(key: tuple[str, ...]) -> tuple[int, int, bool, tuple[str, ...]]:
    """Where an indicator stands among the others; all crimes go before single categories."""
    iccs = key[2]
    ranks = (list(names.code_labels(dimension)) for dimension in ("stage", "measure"))
    stage, measure = (
        order.index(code) if code in order else len(order) for order, code in zip(ranks, key, strict=False)
    )
    return stage, measure, iccs != TOTAL, key


def _indicator(key: tuple[str, ...], rows: DataFrame) -> Indicator:
    stage, measure, iccs, unit, _ = key
    base, digits, rate_digits = _treatment(measure, unit)
    base = base if rows["rate_lower"].notna().any() else None
    drawn = {new: rows[old] for new, old in zip(DRAWN, RATES if base else FIGURES, strict=True)}
    named = rows.assign(name=names.named(rows["area"]), **drawn).sort_values(
        ["area", "year"], ignore_index=True
    )
    regional = named["grouping"] != NOT_APPLICABLE
    label = names.code_labels("measure").get(measure, measure)
    title = names.category_title(iccs)
    return Indicator(
        anchor=names.anchor(f"{stage}-{measure}-{iccs}"), iccs=iccs,
        title=f"{title}: {label.lower()}" if title and title != names.ALL_CRIMES else label,
        measure=label, stage=names.code_labels("stage").get(stage, stage),
        base=base, digits=digits, drawn_digits=digits if base is None else rate_digits,
        series=named.loc[~regional].assign(run=_runs(named.loc[~regional])), regions=named.loc[regional],
    )  # fmt: skip


def _treatment(measure: str, unit: str) -> tuple[int | None, int, int]:
    """Base of the rate, decimals of figures and of rates, as the table of indicators has them."""
    table = treatments()
    row = table.loc[(table["measure"] == measure) & (table["unit"] == unit)]
    if row.empty:
        return None, 0, 0
    base, digits, rate_digits = (
        row[["rate_base", "digits", "rate_digits"]].astype("float64").fillna(0).iloc[0]
    )
    return int(base) or None, int(digits), int(rate_digits)


def _runs(series: DataFrame) -> "pd.Series[float]":
    """Number the stretches of exact figures, year after year, of one area and one segment."""
    exact = series.dropna(subset="drawn")
    before = exact[["area", "year", "segment"]].shift()
    goes_on = (exact["area"] == before["area"]) & (exact["segment"] == before["segment"])
    goes_on &= exact["year"] == before["year"] + 1
    return (~goes_on).cumsum().astype(np.float64).reindex(series.index)
