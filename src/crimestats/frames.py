"""A pandera model for every table that crosses a room.

Bulk passes between rooms as plain `pandas.DataFrame`. Each kind of table is
declared once here, as data: what a column holds, and with it its dtype, its
pandera check and its Parquet type. `check` guards the entry of a room; a
failure there is a bad call, not bad data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from crimestats.errors import CallError

if TYPE_CHECKING:
    import pandera.pandas as pa
    import pyarrow

TOTAL, NOT_APPLICABLE, UNKNOWN = "_T", "_Z", "_U"

BREAKDOWNS = (
    "sex", "age", "relationship", "mechanism", "citizenship", "legal_status", "duration", "cause", "cy",
    "context", "exploitation", "country", "city", "arm", "trait",
)  # fmt: skip
"""Columns that divide a figure, in the order of the files; `cy` is the ICCS tag Cy, cyber-related.

`country` is another country than the reporting one (of citizenship, of repatriation),
`arm` the type of a firearm and `trait` what is said of it beside (marking, condition)."""

SERIES = ("measure", "unit", "stage", "source", *BREAKDOWNS)
"""With the area and the category, what must be equal for two figures to be of one series."""

ORIGIN = ("questionnaire", "agency", "regime", "period", "provisional")
"""Who was asked what, and how it was counted: the questionnaire, the agency that answers, its counting rules
(`question=answer`, joined by `;`), the reference period (`calendar`, `other_period`), whether the figure is
provisional (`yes`, `no`). In a frame that has not these columns all of it is unknown (`_U`)."""

_DTYPES = {
    "key": "category",  # a code, never null
    "text": "str",  # may be empty, never null
    "number": "float64",  # null where missing
    "count": "int64",
    "year": "int16",
    "place_year": "Int16",  # null where the place is not of a year
}


@dataclass(frozen=True, slots=True)
class Frame:
    """The declaration of a table: its name and what each column holds.

    Attributes:
        name: As the design names it, for example `Cells`.
        columns: Column to what it holds: `key`, `text`, `number`, `count`,
            `year` or `place_year` (a year, or null where the row is not of a year).
    """

    name: str
    columns: dict[str, str]

    def join(self, *tables: pd.DataFrame) -> pd.DataFrame:
        """Several such tables as one, in their order.

        Raises:
            CallError: One of them is not what is declared.
        """
        loose = {name: "str" if kind == "key" else _DTYPES[kind] for name, kind in self.columns.items()}
        return self.cast(pd.concat([self.cast(table).astype(loose) for table in tables], ignore_index=True))

    def empty(self) -> pd.DataFrame:
        """The table without rows."""
        return self.cast(pd.DataFrame(columns=list(self.columns)))

    def cast(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same rows with the declared columns, order and dtypes; other columns are left out.

        Columns of `ORIGIN` that are not there are unknown.

        Raises:
            CallError: A column is missing or holds something else.
        """
        self._need(frame, but=ORIGIN)
        unsaid = {name: UNKNOWN for name in ORIGIN if name in self.columns and name not in frame.columns}
        frame = frame.assign(**unsaid) if unsaid else frame
        try:
            cast: pd.DataFrame = frame[list(self.columns)].astype(
                {name: _DTYPES[kind] for name, kind in self.columns.items()}
            )
        except (TypeError, ValueError) as error:
            raise CallError(
                f"{self.name} frame", f"has a column of the wrong kind ({error}).", "Cast it first."
            ) from error
        return cast

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Guard the entry of a room: the frame itself, if it is what is declared.

        Raises:
            CallError: A column is missing, has another dtype, or a key is null.
        """
        import pandera.errors

        self._need(frame)
        try:
            self.model().validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as errors:
            faults = errors.failure_cases[["column", "check"]].drop_duplicates().head(5)
            listed = "; ".join(f"{row.column} ({row.check})" for row in faults.itertuples())
            raise CallError(
                f"{self.name} frame",
                f"does not fit its declaration: {listed}.",
                "Hand over what the verb before returned.",
            ) from None
        return frame

    def model(self) -> pa.DataFrameSchema:
        """The declaration as a pandera schema; further columns may stand beside."""
        return _model(self.name)

    def arrow(self) -> pyarrow.Schema:
        """The declaration as a Parquet schema: keys are dictionary columns."""
        import pyarrow as pq

        kinds = {
            "key": pq.dictionary(pq.int32(), pq.string()),
            "text": pq.string(),
            "number": pq.float64(),
            "count": pq.int64(),
            "year": pq.int16(),
            "place_year": pq.int16(),
        }
        return pq.schema(
            [
                pq.field(name, kinds[kind], nullable=kind in ("number", "place_year"))
                for name, kind in self.columns.items()
            ]
        )

    def _need(self, frame: pd.DataFrame, *, but: tuple[str, ...] = ()) -> None:
        missing = [name for name in self.columns if name not in frame.columns and name not in but]
        if missing:
            raise CallError(
                f"{self.name} frame",
                f"lacks the column {', '.join(missing)}.",
                "Hand over what the verb before returned.",
            )


@cache
def _model(name: str) -> pa.DataFrameSchema:
    import pandera.pandas as pa

    columns: dict[str, Any] = {}
    for column, kind in FRAMES[name].columns.items():
        columns[column] = pa.Column(_DTYPES[kind], nullable=kind in ("number", "place_year"))
    return pa.DataFrameSchema(columns, strict=False, name=name)


def _keys(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "key")


_VALUES = {"value": "number", "lower": "number", "upper": "number", "status": "key"}
_PLACE = {"return_id": "key", "sheet": "key", "cell": "key"}

RETURNS = Frame("Returns", {
    "return_id": "key", "file": "text", "sha256": "text", "questionnaire": "key", "area": "key",
    "agency": "text", "language": "key", "status": "key",
})  # fmt: skip
CELLS = Frame("Cells", {
    "return_id": "key", "area": "key", "sheet": "key", "cell": "key", "item": "key", "year": "place_year",
    "raw": "text", "note": "text", **_VALUES,
})  # fmt: skip
FINDINGS = Frame("Findings", {
    "finding_id": "text", "questionnaire": "key", "rule": "key", "kind": "key", "severity": "key",
    "verdict": "key", "return_id": "key", "area": "key", "year": "place_year", "sheet": "key", "cell": "key",
    "item": "key", "value": "text", "expected": "text", "previous": "text", "others": "text",
    "culprit": "text", "fitting": "text", "message": "text", "question": "text", "state": "key",
})  # fmt: skip
OBSERVATIONS = Frame("Observations", {
    "area": "key", "year": "year", "item": "key", "scheme": "key", "code": "key", **_keys(*SERIES),
    **_VALUES, "segment": "count", **_keys(*ORIGIN), "findings": "text", "note": "text", **_PLACE,
})  # fmt: skip
"""`segment` is the year of the last break that is declared up to the figure's year, 0 where there is none."""
CLASSIFIED = Frame("Classified", {
    **OBSERVATIONS.columns, "iccs": "key", "iccs_version": "key",
    "share_lower": "number", "share": "number", "share_upper": "number",
    "relation": "key", "tags": "key", "correspondence": "key",
})  # fmt: skip
TRENDS = Frame("Trends", {
    "figure_id": "text", "area": "key", "year": "year", "iccs": "key", **_keys(*SERIES),
    "grouping": "key", "method": "key", "value": "number", "lower": "number", "upper": "number",
    "population": "number", "rate": "number", "rate_lower": "number", "rate_upper": "number",
    "interval_lower": "number", "interval_upper": "number", "rate_status": "key",
    "index": "number", "index_lower": "number", "index_upper": "number",
    "change": "number", "change_lower": "number", "change_upper": "number", "segment": "count",
    "basis": "key", "status": "key",
    "coverage_population": "number", "coverage_areas": "number", "coverage_volume": "number",
    "coverage_reported": "number", "n_areas": "count", "entered": "text", "left": "text",
    "change_within": "number", "change_coverage": "number",
    "rate_change_within": "number", "rate_change_coverage": "number",
    "regime": "key", "period": "key", "provisional": "key", "findings": "text",
})  # fmt: skip
ESTIMATES = Frame("Estimates", {
    "figure_id": "text", "area": "key", "year": "year", "iccs": "key", **_keys(*SERIES), "grouping": "key",
    "how": "key", "value": "number", "lower": "number", "upper": "number", "population": "number",
    "rests_on": "text",
})  # fmt: skip
CHANGES = Frame("Changes", {
    "area": "key", "iccs": "key", **_keys(*SERIES), "grouping": "key", "method": "key", "segment": "count",
    "first_year": "year", "last_year": "year", "n_years": "count", "first": "number", "last": "number",
    "ratio": "number", "ratio_lower": "number", "ratio_upper": "number",
    "annual": "number", "annual_lower": "number", "annual_upper": "number",
    "verdict": "key", "test": "key", "note": "text",
})  # fmt: skip
REVISIONS = Frame("Revisions", {
    "area": "key", "year": "year", "questionnaire": "key", "agency": "key", "item": "key", "scheme": "key",
    "iccs": "key", **_keys(*SERIES), "grouping": "key", "method": "key", "kind": "key",
    "value_before": "number", "lower_before": "number", "upper_before": "number", "status_before": "key",
    "value": "number", "lower": "number", "upper": "number", "status": "key",
    "difference": "number", "relative": "number",
    "population_before": "number", "population": "number", "rate_before": "number", "rate": "number",
    "moved": "key",
})  # fmt: skip
SDG = Frame("Sdg", {
    "indicator": "key", "series": "key", "series_title": "key", "area": "key", "grouping": "key",
    "year": "year", "years": "text", "sex": "key", "numerator": "number", "denominator": "number",
    "value": "number", "lower": "number", "upper": "number", "unit": "key", "nature": "key", "basis": "key",
    "status": "key", "coverage_population": "number", "coverage_areas": "number", "n_areas": "count",
    "note": "text",
})  # fmt: skip
TRAFFICKING = Frame("Trafficking", {
    "figure_id": "text", "area": "key", "area_label": "text", "year": "year", "dimension": "key",
    "iccs": "key", "measure": "key", "unit": "key", "stage": "key", "source": "key", "sex": "key",
    "age": "key", "exploitation": "key", "citizenship": "key", "country": "key", "label": "text", **_VALUES,
    **_keys(*ORIGIN), "findings": "text", "note": "text", **_PLACE,
})  # fmt: skip
"""A figure of the trafficking dataset; `figure_id` is its place, `return_id!sheet!cell`."""
_BASE = {
    "base": "number", "base_lower": "number", "base_upper": "number",
    "share": "number", "share_lower": "number", "share_upper": "number",
}  # fmt: skip
PROFILES = Frame("Profiles", {
    "figure_id": "text", "profile": "key", "within": "key", "category": "key", "measure": "key",
    "area": "key", "grouping": "key", "level": "key", "year": "year", "first_year": "year", "window": "key",
    "variant": "key", "value": "number", "lower": "number", "upper": "number", **_BASE,
    "influence": "number", "influence_area": "key", "largest_share": "number", "largest_area": "key",
    "coverage_population": "number", "coverage_areas": "number", "coverage_volume": "number",
    "n_areas": "count", "n_closed": "count", "n_left_out": "count", "left_out": "number",
    "n_uncertain": "count", "n_excess": "count", "excess": "count", "status": "key", "findings": "text",
})  # fmt: skip
"""A share of a profile. `value`, `lower`, `upper` are persons of the category, `base` all persons with the
attribute known, shares fractions; `influence` is how far the share moves when `influence_area` is left out.
`coverage_volume` is the base, of each area no more than its total, by all persons that the areas reported; of
`n_closed` areas a category that they did not give is bounded by their total; `left_out` are persons of
`n_left_out` areas of which a part of the attribute is not known, or that are too few for a mean, or
(`n_uncertain` of them) of whom all figures may be nobody. Of `n_excess` areas the categories add to more
than their total, by `excess` persons: a person is in several forms, or a figure is wrong."""
FLOWS = Frame("Flows", {
    "figure_id": "text", "origin": "key", "destination": "key", "basis": "key", "measure": "key",
    "year": "year", "first_year": "year", "window": "key", "value": "number", "lower": "number",
    "upper": "number", "grouping": "key", "level": "key", "is_flow": "key", "threshold": "number", **_BASE,
    "n_areas": "count", "status": "key", "findings": "text",
})  # fmt: skip
"""Victims from an origin detected at a destination; `is_flow` is yes, no or undecided by the threshold."""
SOURCES = Frame("Sources", {
    "figure_id": "text", "area": "key", "year": "year", "dimension": "key", "iccs": "key",
    "measure": "key", "unit": "key", "stage": "key", "sex": "key", "age": "key", "exploitation": "key",
    "citizenship": "key", "country": "key", "source_id": "key", "source_type": "key", "source_title": "text",
    "method": "key", "period": "key", "geography": "text", "reliability": "key", "published": "text",
    "rank": "count",
    **_VALUES, "used": "key", "gap_filled": "key", "reason": "key", "difference": "number",
    "difference_lower": "number", "difference_upper": "number", "relative": "number",
    "relative_lower": "number", "relative_upper": "number", "findings": "text", "note": "text", **_PLACE,
})  # fmt: skip
"""A figure of one of several sources on the same thing, and whether the order of precedence uses it; `reason`
says why it does not (`_Z` where it does), the differences are from the figure used."""
HIDDEN = Frame("Hidden", {
    "figure_id": "text", "area": "key", "year": "year", "action": "key", "reason": "key", "protects": "text",
    "lower": "number", "upper": "number", "note": "text",
})  # fmt: skip
"""What `disclosure.protect` did to a figure and why; `lower` and `upper` are what a reader can still tell."""
RECOVERABLE = Frame("Recoverable", {
    "figure_id": "text", "area": "key", "year": "year", "item": "text", "lower": "number", "upper": "number",
    "found_lower": "number", "found_upper": "number", "how": "key", "rests_on": "text", "message": "text",
    **_PLACE,
})  # fmt: skip
"""A hidden figure that what is published gives away: said to be `lower` to `upper`, found to be `found_…`."""
SUGGESTIONS = Frame("Suggestions", {
    "text": "text", "code": "text", "probability": "number",
    "code_l1": "text", "code_l2": "text", "code_l3": "text", "code_l4": "text",
    "p_l1": "number", "p_l2": "number", "p_l3": "number", "p_l4": "number",
    "top5": "text", "p_top5": "text", "tags": "text", "basis": "text", "reason": "text",
})  # fmt: skip
LINEAGE = Frame("Lineage", {"figure_id": "text", "part_kind": "key", "part_id": "text", "weight": "number"})

_ALL = (
    RETURNS, CELLS, FINDINGS, OBSERVATIONS, CLASSIFIED, TRENDS, ESTIMATES, CHANGES, REVISIONS, SDG,
    TRAFFICKING, PROFILES, FLOWS, SOURCES, HIDDEN, RECOVERABLE, SUGGESTIONS, LINEAGE,
)  # fmt: skip
FRAMES = {frame.name: frame for frame in _ALL}
