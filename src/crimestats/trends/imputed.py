"""What is put in the place of missing figures, area by area, and how it enters the sums of groups."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from pandas import DataFrame, Index, Series

from crimestats import areas
from crimestats.frames import ESTIMATES, LINEAGE, NOT_APPLICABLE, SERIES
from crimestats.trends.estimating import names_of
from crimestats.trends.figures import Figures, Integers
from crimestats.trends.residents import residents
from crimestats.trends.rollup import ESTIMATED, Plan, figure_ids, members, rolling
from crimestats.trends.texts import hexadecimal

_KEY = ["area", "year", "iccs", *SERIES]
_TEXTS = dict.fromkeys(("area", "iccs", *SERIES), "str")
_AREA = (NOT_APPLICABLE, NOT_APPLICABLE)


def estimates(
    classified: DataFrame, population: DataFrame | None = None, groupings: Iterable[str] = ("m49",)
) -> DataFrame:
    """What the method `estimated` puts in the place of missing figures.

    Args:
        classified: Reported figures under the ICCS (`frames.CLASSIFIED`).
        population: As `areas.population()` gives it; the shipped table if None.
        groupings: Whose groups are estimated.

    Returns:
        One row a missing figure of an area (`frames.ESTIMATES`): `how` it came about
        (`interpolated`, `carried`, `drawn` from areas of the subregion), the figure, the bounds that
        95 per cent of the imputations lie in, and in `rests_on` the ids of the reported figures that
        it is interpolated or carried from (blanks between; none where it is drawn).

    Example:
        >>> import crimestats as cs
        >>> from crimestats.files import shipped
        >>> definition = cs.Questionnaire.load("un-cts-2024")
        >>> cells = cs.read(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), definition)
        >>> classified = cs.classify(cs.observe(cells, cs.validate(cells, definition)))
        >>> homicide = classified.query("iccs == '0101' and measure == 'victims'")
        >>> table = estimates(homicide[homicide["mechanism"] == "_T"], groupings=["sids"])
        >>> fiji = table.query("area == 'FJI' and sex == '_T'")
        >>> [*zip(fiji["year"], fiji["how"], fiji["value"].round(1))]
        [(2015, 'interpolated', 21.1), (2016, 'interpolated', 22.2), (2017, 'interpolated', 23.3), ...
    """
    names = list(dict.fromkeys(groupings))
    plan = Plan(names, (ESTIMATED,), disjoint=True)
    rolled = rolling(classified, plan)
    persons = residents(areas.population() if population is None else population, rolled.encoded)
    tables = [ESTIMATES.empty(), *(_table(figures, plan) for figures in rolled.blocks(persons))]
    return ESTIMATES.join(*tables)


def edges(trends: DataFrame, estimates: DataFrame) -> DataFrame:
    """Which estimates are in which figures of groups.

    Args:
        trends: With figures of the method `estimated` (`frames.TRENDS`).
        estimates: What was put in the place of missing figures (`frames.ESTIMATES`).

    Returns:
        The edges (`frames.LINEAGE`), of the kind `estimate`; each weighs 1.
    """
    sums = trends.loc[(trends["method"] == ESTIMATED) & trends["value"].notna()]
    found = [LINEAGE.empty()]
    line = ["year", "iccs", *SERIES]
    for grouping in sorted(set(sums["grouping"])):
        own, whole = (
            table.loc[table["grouping"] == grouping, ["figure_id", *_KEY]].astype(_TEXTS)
            for table in (estimates, sums)
        )
        whole = whole.rename(columns={"area": "whole", "figure_id": "sum"})
        within = own.merge(members(grouping), left_on="area", right_on="member")
        both = whole.merge(within, on=["whole", *line])
        table = both[["sum", "figure_id"]].set_axis(["figure_id", "part_id"], axis="columns")
        found.append(LINEAGE.cast(table.assign(part_kind="estimate", weight=1.0)))
    return LINEAGE.join(*found)


def _table(figures: Figures, plan: Plan) -> DataFrame:
    made = figures.estimates
    if made.empty:
        return ESTIMATES.empty()
    series = figures.series[list(SERIES)].take(made["series"].to_numpy(np.int64)).set_axis(made.index)
    names = Index([name for name, _ in plan.pairs])
    table = made.assign(
        **series, area=figures.areas[made["area"]], iccs=figures.codes[made["iccs"]],
        grouping=names[made["grouping"].to_numpy(np.int64) - 1], how=names_of(made["how"].to_numpy(np.int64)),
        rests_on=_rests_on(figures, made), figure_id=_ids(figures, plan),
    )  # fmt: skip
    return ESTIMATES.cast(table)


def _ids(figures: Figures, plan: Plan) -> "Series[str]":
    """The id of each estimate: that of the area's figure by the grouping and method."""
    rows = figures.estimates[["area", "year", "iccs", "series", "grouping"]]
    return Series(hexadecimal(figure_ids(_of(figures, rows), plan.pairs)), index=rows.index)


def _rests_on(figures: Figures, made: DataFrame) -> "Series[str]":
    """The ids of the figures of the area before and after."""
    texts = Series("", index=made.index, dtype="str")
    for name in ("before", "after"):
        year = made[name].to_numpy(np.int64)
        rows = made[["area", "iccs", "series"]].assign(year=year, grouping=0)
        ids = Series(hexadecimal(figure_ids(_of(figures, rows), [_AREA])), index=made.index)
        texts = (texts + " " + ids.where(Series(year > 0, index=made.index), "")).str.strip()
    return texts


def _of(figures: Figures, rows: DataFrame) -> Figures:
    """Figures of the same codes, with these rows."""
    columns: dict[str, Integers] = {str(name): rows[name].to_numpy(np.int64) for name in rows}
    return replace(figures, data=DataFrame(columns))
