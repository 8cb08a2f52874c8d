"""Which figures of a trend table a picture shows: one indicator, some areas or groups, some years."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, SERIES, TOTAL, TRENDS, UNKNOWN
from crimestats.report import names
from crimestats.report.display import shown
from crimestats.report.pictures.wording import area_names, label, text
from crimestats.trends import indicators

By = Literal["rate", "value", "index"]

_COLUMNS = {
    "rate": ("rate", "rate_lower", "rate_upper"),
    "value": ("value", "lower", "upper"),
    "index": ("index", "index_lower", "index_upper"),
}
_METHODS = ("reported", "panel", "estimated")
_LONGEST = 12  # choices that a message names


@dataclass(frozen=True, eq=False)
class Chosen:
    """One indicator of a trend table, ready to be shown.

    Attributes:
        rows: `frames.TRENDS` with codes as texts, sorted by area, method and
            year, and `name`, the area's.
        iccs: Code of the category.
        series: The code of each dimension of the series.
        grouping: Of which groups the figures are; `_Z` for reporting units.
        names: Of every area that is meant, code to name, in the order in which they are shown;
            those that were asked for and have no row stand here too.
    """

    rows: DataFrame
    iccs: str
    series: Mapping[str, str]
    grouping: str
    names: Mapping[str, str]

    @property
    def is_of_groups(self) -> bool:
        """Whether the figures are of groups of areas."""
        return self.grouping != NOT_APPLICABLE

    @property
    def title(self) -> str:
        """Category, measure and what the figures are divided by."""
        measure = label("measure", self.series["measure"])
        category = names.category_title(self.iccs)
        whole = f"{category}: {measure.lower()}" if category else measure
        parts = [label(name, self.series[name]) for name in BREAKDOWNS if self.series[name] != TOTAL]
        return ", ".join([whole, *(part.lower() for part in parts)])

    @property
    def treatment(self) -> tuple[int | None, int, int]:
        """Persons that a rate is given for (None: no rate), decimals of figures and of rates."""
        table = indicators()
        of_series = (table["measure"] == self.series["measure"]) & (table["unit"] == self.series["unit"])
        if not of_series.any():
            return None, 0, 2
        base, digits, rate_digits = table.loc[of_series, ["rate_base", "digits", "rate_digits"]].iloc[0]
        return (
            None if pd.isna(base) else int(base),
            int(digits),
            2 if pd.isna(rate_digits) else int(rate_digits),
        )

    def digits(self, by: By) -> int:
        """Decimals that are shown of a value, a rate or an index."""
        return {"value": self.treatment[1], "rate": self.treatment[2], "index": 1}[by]

    def unit(self, by: By) -> str:
        """What the numbers are, in words: `Rate per 100,000 residents`."""
        if by == "value" and self.series["unit"] != "number":
            return label("unit", self.series["unit"])
        base = self.treatment[0]
        return text(f"by.{by}", base=shown(base) if base else "")

    def source(self) -> str:
        """Where the figures come from, as their series says it."""
        source, stage = self.series["source"], label("stage", self.series["stage"])
        if source in (NOT_APPLICABLE, UNKNOWN):
            return text("note.unsaid", stage=stage.lower())
        return f"{label('source', source)} ({stage.lower()})"

    def figures(self, by: By) -> DataFrame:
        """The figures as they are drawn.

        Returns:
            The rows with `shown`, `shown_lower`, `shown_upper` (the figure and its
            bounds), `interval_lower`, `interval_upper` (of the rate only),
            `coverage` (residents of areas that reported in the year, as a share; areas where
            that is not known) and
            `run`: the stretch of years without gap or break that an exact
            figure stands in, null for the others.

        Raises:
            CallError: There is no such figure of this indicator.
        """
        rows = self.rows.copy()
        for drawn, column in zip(("shown", "shown_lower", "shown_upper"), _COLUMNS[by], strict=True):
            rows[drawn] = rows[column]
        if by == "index":
            for bound in ("shown_lower", "shown_upper"):
                rows[bound] = rows[bound].fillna(rows["shown"])
        if by != "rate":
            rows[["interval_lower", "interval_upper"]] = float("nan")
        elif self.rows["lower"].notna().any() and rows["shown_lower"].isna().all():
            remedy = 'Show them by="value", or tabulate with a population that has these areas and years.'
            raise CallError('by="rate"', "there is no rate of these figures.", remedy)
        coverage = (
            rows["coverage_reported"].fillna(rows["coverage_population"]).fillna(rows["coverage_areas"])
        )
        return rows.assign(coverage=coverage, run=_runs(rows))


def choose(
    trends: DataFrame,
    *,
    iccs: str | None = None,
    measure: str | None = None,
    stage: str | None = None,
    source: str | None = None,
    unit: str | None = None,
    breakdowns: Mapping[str, str] | None = None,
    areas: Iterable[str] | None = None,
    grouping: str | None = None,
    methods: Iterable[str] | None = None,
    first: int | None = None,
    last: int | None = None,
) -> DataFrame:
    """Narrow a trend table to one indicator.

    A dimension that is not named is its total, or the one code that there is;
    where several codes are left, nothing is chosen by itself.

    Args:
        trends: Figures (`frames.TRENDS`).
        iccs: Code of the category.
        measure: What is counted (e.g. `victims`).
        stage: Of the criminal justice system.
        source: Of the figures.
        unit: Of the figures.
        breakdowns: Code by breakdown, e.g. `{"sex": "F"}`.
        areas: Codes of areas, or of groups where a grouping is named; all that have figures if None.
        grouping: Of which groups; reporting units where not named.
        methods: Of the figures of groups; all that are there if None.
        first: First year.
        last: Last year.

    Returns:
        The rows of `trends` that are meant, at least one.

    Raises:
        CallError: No figure is so, or figures of several indicators are.
    """
    rows = trends
    wanted = {"iccs": iccs, "measure": measure, "stage": stage, "source": source, "unit": unit}
    rows = _of_kind(rows, areas, grouping, methods)
    for name, code in {**wanted, **dict.fromkeys(BREAKDOWNS), **(breakdowns or {})}.items():
        rows = _of_code(rows, name, code)
    years = rows["year"].astype("int64")
    meant = rows[years.between(first or years.min(), last or years.max())]
    if meant.empty:
        known = f"Years there are: {years.min()} to {years.max()}."
        raise CallError("first, last", f"no figure is of the years {first or ''} to {last or ''}.", known)
    return meant.reset_index(drop=True)


def chosen(
    trends: DataFrame,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    grouping: str | None = None,
    first: int | None = None,
    last: int | None = None,
) -> Chosen:
    """The figures of one indicator, ready to be shown; the arguments are those of `choose`."""
    table = TRENDS.cast(trends)
    groupings = set(table["grouping"].astype("str"))
    if grouping is None and len(groupings) == 1 and NOT_APPLICABLE not in groupings:
        (grouping,) = groupings
    rows = choose(table, iccs=iccs, areas=areas, grouping=grouping, first=first, last=last)
    keys = [name for name, kind in TRENDS.columns.items() if kind == "key"]
    rows = rows.astype({**dict.fromkeys(keys, "str"), "year": "int64"})
    of_grouping = grouping or NOT_APPLICABLE
    called = _called(
        rows["area"].unique().tolist() if areas is None else list(areas), of_grouping, areas is None
    )
    rows = rows.assign(name=rows["area"].map(called)).sort_values(
        ["area", "method", "year"], ignore_index=True
    )
    series = {name: str(rows[name].iloc[0]) for name in SERIES}
    return Chosen(rows, str(rows["iccs"].iloc[0]), series, of_grouping, called)


def _called(codes: Sequence[str], grouping: str, is_sorted: bool) -> dict[str, str]:
    """Codes and names: units by name, groups as their table has them; with the code where two are alike."""
    known = area_names(grouping)
    named = Series({code: known.get(code, code) for code in codes}, dtype="str")
    twice = named.duplicated(keep=False)
    named = named.mask(twice, named + " (" + named.index.to_series() + ")")
    if is_sorted and grouping == NOT_APPLICABLE:
        named = named.sort_values(key=lambda texts: texts.str.casefold())
    elif is_sorted:
        places = {code: at for at, code in enumerate(known)}
        named = named.sort_index(
            key=lambda index: index.map(lambda code: (places.get(code, len(places)), code))
        )
    return {str(code): str(name) for code, name in named.items()}


def _of_kind(
    rows: DataFrame, areas: Iterable[str] | None, grouping: str | None, methods: Iterable[str] | None
) -> DataFrame:
    """The rows of reporting units, or of the groups of one grouping."""
    kept = rows[rows["grouping"] == (grouping or NOT_APPLICABLE)]
    if kept.empty:
        known = sorted(set(rows["grouping"].astype("str")) - {NOT_APPLICABLE})
        remedy = f"Groupings there are: {', '.join(known) or 'none'}."
        raise CallError(f"grouping {grouping!r}", "has no figure in the table.", remedy)
    if methods is not None:
        kept = _among(kept, "method", methods)
    return kept if areas is None else _among(kept, "area", areas)


def _among(rows: DataFrame, column: str, codes: Iterable[str]) -> DataFrame:
    wanted = [codes] if isinstance(codes, str) else list(codes)
    there = set(rows[column].astype("str"))
    for code in wanted:
        if code not in there:
            raise CallError(
                f"{column} {code!r}", "has no figure in the table.", f"There are: {_some(there)}."
            )
    return rows[rows[column].isin(wanted)]


def _of_code(rows: DataFrame, name: str, code: str | None) -> DataFrame:
    """The rows of one code of a dimension: the one named, the total, or the only one."""
    if name not in rows.columns:
        raise CallError(name, "is no dimension of a trend table.", f"Name one of {', '.join(BREAKDOWNS)}.")
    codes = rows[name].astype("str")
    there = set(codes.unique())
    if code is None and TOTAL in there and name in BREAKDOWNS:
        code = TOTAL
    if code is None and len(there) == 1:
        return rows
    if code is None:
        fault = f"figures of {len(there)} are meant: {_some(there)}."
        raise CallError(name, fault, "Name one.")
    if code not in there:
        raise CallError(f"{name} {code!r}", "has no figure among these.", f"There are: {_some(there)}.")
    return rows[codes == code]


def _some(codes: Iterable[str]) -> str:
    ordered = sorted(codes)
    more = f" and {len(ordered) - _LONGEST} more" if len(ordered) > _LONGEST else ""
    return ", ".join(ordered[:_LONGEST]) + more


def _runs(rows: DataFrame) -> "Series[float]":
    """Number the stretches of exact figures, year after year, of one area, method and segment."""
    exact = rows.loc[rows["shown"].notna()].sort_values(["area", "method", "year"])
    before = exact[["area", "method", "segment", "year"]].shift()
    goes_on = exact["year"] == before["year"] + 1
    for name in ("area", "method", "segment"):
        goes_on &= exact[name] == before[name]
    return (~goes_on).cumsum().astype("float64").reindex(rows.index)


def methods_of(rows: DataFrame) -> list[str]:
    """The methods of figures of groups, as they are told apart; of reporting units `_Z`."""
    there = set(rows["method"])
    return [name for name in _METHODS if name in there] + sorted(there - set(_METHODS))
