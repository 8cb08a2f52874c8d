"""Jumps in a series that no break is declared for, found and put as questions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import BREAKDOWNS, FINDINGS, NOT_APPLICABLE, TOTAL, TRENDS
from crimestats.trends.figures import hashed
from crimestats.trends.lines import Flags, Floats, figures
from crimestats.validation import messages

RULE = "TAB-04"

LEAST_YEARS = 8
"""Figures of a segment that a jump is looked for in: with fewer, its usual changes are not known."""

PENALTY = 3.0
"""Of a further level, in variances of the usual change times the logarithm of the years: the modified
information criterion of Zhang and Siegmund 2007. The variance is that of changes from year to year, and not
around a level, since levels of crime wander."""

LEAST_STEP = 4.0
"""Standard deviations of the usual change that the step between two years must be from it."""

LEAST_RATIO = 1.25
"""A level that moves by less is not worth a question, however quiet the series."""

LEAST_USUAL = 0.03
"""Usual change on the logarithm that is assumed at least: figures written alike for years are not exact."""

BESIDE = 3
"""Years on each side that make up the level before and after."""

LEAST_SIDE = 2
"""Years that a level lasts at least: one year apart is an outlier, and another rule's business."""

_NORMAL = 1.4826  # median absolute deviation to standard deviation
_NIL = 0.5  # added to a count, so that nil has a logarithm
_CAUSE = ["area", "year", "iccs", "measure", "unit", "stage", "source"]
_NO_PLACE = ("questionnaire", "return_id", "sheet", "cell", "item")
_REMEDY = "Is there a break in {year}? Declare it in the metadata, or explain the change in the note column."


LIMITS = (
    "Found, at 10 per cent of noise a year: of jumps to double the level 6 to 9 in 10, to half as much "
    "again 2 to 4 in 10; 0 to 4 in 100 series without a jump are asked about. Not found: jumps in the "
    "first or last two years, and slow changes (benchmarks/jumps.py)."
)
"""What the search finds and does not, in short, as a reader of its questions should know."""


def jumps(
    trends: DataFrame,
    *,
    least_years: int = LEAST_YEARS,
    penalty: float = PENALTY,
    least_step: float = LEAST_STEP,
    least_ratio: float = LEAST_RATIO,
) -> DataFrame:
    """Ask about jumps in reported series that no declared break explains. Nothing is changed by it.

    The logarithm of the rate (of the value, for measures without one) is cut into
    levels by optimal partitioning (Killick, Fearnhead and Eckley 2012, as the
    library ruptures has it), within each segment. Of the places that it cuts at, those are
    asked about where the step between the two years is far beyond the other
    changes from year to year of the series (by the median absolute deviation,
    and not below what Poisson counts vary by), and the level of the years
    after keeps most of it. Bounded figures are left out. Of several series of one
    area, year, category and measure that jump together, the most total is asked about.

    What it finds, by `benchmarks/jumps.py`, in 12 or 20 years with changes of
    10 per cent a year from noise alone: of jumps to double the level 6 to 9 in 10, of those to half
    as much again 2 to 4 in 10, of those to three times the level 9 in 10 and more; and
    0 to 4 in 100 of the series without a jump are asked about (with 20 per cent
    a year, up to 6). Where single
    years often change a lot (Student's t with 4 degrees) it asks about 1 to 2
    in 10. Of some 30 cases a year it sees 1 doubling in 10, of 5 a year none. It does not
    look for jumps in the first or last two years, nor for slow changes.

    Args:
        trends: A trend table (`frames.TRENDS`); reported figures of areas are looked at.
        least_years: See `LEAST_YEARS`.
        penalty: See `PENALTY`.
        least_step: See `LEAST_STEP`.
        least_ratio: See `LEAST_RATIO`.

    Returns:
        Questions (`frames.FINDINGS`, rule `TAB-04`, severity `query`, verdict `undecided`): year is
        the first of the new level, value the level after, expected the one before
        (means of up to three years, in the unit of the rate), others the series that
        jump with it. No cell is named: a figure may be of several.

    Raises:
        CallError: The table is none, or an argument cannot be.

    Example:
        >>> from crimestats.frames import SERIES
        >>> table = DataFrame({"year": range(2004, 2016), "value": [96, 103, 99, 105, 98, 101] + [203] * 6})
        >>> keys = {name: "_T" for name in TRENDS.columns} | {"segment": 1, "n_areas": 1, "area": "FJI"}
        >>> keys |= dict(grouping="_Z", basis="reported", iccs="0501", measure="offences", unit="number")
        >>> missing = {name: np.nan for name, kind in TRENDS.columns.items() if kind == "number"}
        >>> table = table.assign(lower=table["value"], upper=table["value"], rate_status="_Z")
        >>> found = jumps(TRENDS.cast(DataFrame(keys | missing, index=table.index).assign(**table)))
        >>> found["message"].str.split(": ").str[1].tolist()
        ['the figure was about 101 in 2007 to 2009 and is about 203 in 2010 to 2012, 2 times as much...']
    """
    for name, given, least in (
        ("least_years", least_years, 2 * LEAST_SIDE + 1), ("penalty", penalty, 0),
        ("least_step", least_step, 0), ("least_ratio", least_ratio, 1),
    ):  # fmt: skip
        if given < least:
            raise CallError(name, f"is {given}.", f"Give {least} or more.")
    rows = _stretches(_rows(trends), least_years)
    rows = rows.assign(**_steps(rows))
    far = np.abs(rows["step"].to_numpy()) > least_step * rows["usual"].to_numpy()
    candidates = rows[np.isin(rows["stretch"], rows.loc[far, "stretch"].unique())]
    cut = _cuts(candidates, penalty) & far[candidates.index]
    found = _levels(candidates, np.flatnonzero(cut))
    is_kept = np.sign(found["shift"]) == np.sign(found["step"])
    is_kept &= found["shift"].abs() >= np.maximum(found["step"].abs() / 2, np.log(least_ratio))
    return _questions(found[is_kept])


def _rows(trends: DataFrame) -> DataFrame:
    """Exact reported figures of areas, and `log`, in the order of lines, segments and years."""
    TRENDS.check(trends)
    chosen = (
        (trends["grouping"] == NOT_APPLICABLE) & (trends["basis"] == "reported") & trends["value"].notna()
    )
    reported = trends[chosen.to_numpy()]
    has_rate = (reported["rate_status"] != NOT_APPLICABLE).to_numpy()
    tables = []
    for by, part in (("rate", reported[has_rate]), ("value", reported[~has_rate])):
        rows = figures(part, by).assign(by=by)
        number = np.where(rows["is_count"], rows["count"] + _NIL, rows["count"])
        with np.errstate(divide="ignore", invalid="ignore"):
            rows["log"] = np.log(number / rows["exposure"].to_numpy())
        tables.append(rows[np.isfinite(rows["log"]).to_numpy()])
    joined: DataFrame = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    return joined


def _stretches(rows: DataFrame, least_years: int) -> DataFrame:
    """The figures of long enough segments, `stretch` their number from 0."""
    keys = ["by", "line", "segment"]
    rows = rows[(rows.groupby(keys)["year"].transform("size") >= least_years).to_numpy()]
    rows = rows.reset_index(drop=True)
    return rows.assign(stretch=rows.groupby(keys, sort=False).ngroup())


def _steps(rows: DataFrame) -> dict[str, Any]:
    """The change of each figure from the one before, less the usual one; and how much is usual."""
    grouped = rows.groupby("stretch")
    years = grouped["year"].diff().astype("float64")
    change = grouped["log"].diff()
    rest = change - change.groupby(rows["stretch"]).transform("median")
    usual = _NORMAL * rest.abs().groupby(rows["stretch"]).transform("median")
    counted = 1 / (rows["count"] + _NIL)
    sampling = (counted + counted.groupby(rows["stretch"]).shift()).where(rows["is_count"], 0.0)
    variance = np.maximum(usual.clip(lower=LEAST_USUAL) ** 2 * years, sampling)
    return {"step": rest, "usual": np.sqrt(variance)}


def _cuts(rows: DataFrame, penalty: float) -> Flags:
    """Which figures begin a new level."""
    from ruptures import KernelCPD

    cut = np.zeros(len(rows), dtype=bool)
    logs, stretch = rows["log"].to_numpy(), rows["stretch"].to_numpy()
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    variance = (rows["usual"] ** 2).groupby(stretch).median().to_numpy()
    for start, signal, usual in zip(starts, np.split(logs, starts[1:]), variance, strict=False):
        search = KernelCPD(kernel="linear", min_size=LEAST_SIDE).fit(signal[:, None])
        cut[start + np.array(search.predict(pen=penalty * usual * np.log(len(signal)))[:-1], dtype=int)] = (
            True
        )
    return cut


def _levels(rows: DataFrame, at: Any) -> DataFrame:
    """The figures at these places with the level of the years before and after, on the logarithm."""
    rows, logs, stretch = rows.reset_index(drop=True), rows["log"].to_numpy(), rows["stretch"].to_numpy()
    years = rows["year"].to_numpy()
    number, ends = rows["figure"].to_numpy(), []
    for places in (at[:, None] - 1 - np.arange(BESIDE), at[:, None] + np.arange(BESIDE)):
        inside = np.clip(places, 0, max(len(rows) - 1, 0))
        is_own = (inside == places) & (stretch[inside] == stretch[at][:, None])
        levels = [_mean(column[inside], is_own) for column in (logs, number)]
        ends.append((*levels, *_span(years[inside], is_own)))
    before, after = ends
    found: DataFrame = rows.iloc[at].assign(
        shift=after[0] - before[0], before=before[1], after=after[1],
        before_first=before[2], before_last=before[3], after_first=after[2], after_last=after[3],
    )  # fmt: skip
    return found


def _mean(numbers: Floats, chosen: Flags) -> Floats:
    mean: Floats = np.where(chosen, numbers, 0.0).sum(axis=1) / chosen.sum(axis=1)
    return mean


def _span(years: Any, chosen: Flags) -> tuple[Any, Any]:
    return np.where(chosen, years, 9999).min(axis=1), np.where(chosen, years, 0).max(axis=1)


def _questions(found: DataFrame) -> DataFrame:
    """One question for each cause: that of the most total series, the others named in it."""
    if found.empty:
        return FINDINGS.empty()
    codes = found[list(BREAKDOWNS)].astype("str")
    series = [
        " ".join(f"{name}={code}" for name, code in row.items() if code != TOTAL)
        for row in codes.to_dict("records")
    ]
    found = found.astype(dict.fromkeys((name for name in _CAUSE if name != "year"), "str"))
    found = found.assign(series=series, n_totals=(codes == TOTAL).sum(axis="columns"))
    found = found.sort_values([*_CAUSE, "n_totals", "series"], ascending=[True] * len(_CAUSE) + [False, True])
    beside = found[found.duplicated(_CAUSE)].groupby(_CAUSE)["series"].agg("; ".join)
    asked = found.drop_duplicates(_CAUSE).reset_index(drop=True)
    others = beside.reindex(pd.MultiIndex.from_frame(asked[_CAUSE])).fillna("").to_numpy()
    asked = asked.assign(others=others)
    texts = [_text(row) for row in asked.to_dict("records")]
    return FINDINGS.cast(pd.concat([asked[["area", "year"]], DataFrame(texts)], axis="columns"))


def _text(row: Mapping[Any, Any]) -> dict[str, str]:
    what = " ".join(filter(None, (row["iccs"], row["measure"], row["stage"], row["source"], row["series"])))
    before, after = messages.shown(float(row["before"])), messages.shown(float(row["after"]))
    spans = [f"{row[f'{end}_first']} to {row[f'{end}_last']}" for end in ("before", "after")]
    noun = "rate" if row["by"] == "rate" else "figure"
    times = f", {row['after'] / row['before']:.3g} times as much" if row["before"] > 0 else ""
    fault = (
        f"the {noun} was about {before} in {spans[0]} and is about {after} in {spans[1]}{times}, "
        "far beyond its other changes from year to year."
    )
    remedy = _REMEDY.format(year=row["year"])
    place = f"{row['area']}|{row['year']}|{row['unit']}|{what}"
    empty = dict.fromkeys(("previous", "culprit", "fitting"), "")
    return {
        "finding_id": hashed(f"{RULE}|{place}"), "rule": RULE, "kind": "jump", "severity": "query",
        "verdict": "undecided", "state": "open", "value": after, "expected": before, "others": row["others"],
        "question": remedy, **dict.fromkeys(_NO_PLACE, NOT_APPLICABLE),
        "message": messages.message(RULE, what, row["area"], str(row["year"]), f"{fault} {remedy}"), **empty,
    }  # fmt: skip
