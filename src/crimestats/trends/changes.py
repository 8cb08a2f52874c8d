"""Change over a window of years, with its interval and a verdict by a named test."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import CHANGES
from crimestats.trends import least_squares, poisson
from crimestats.trends.lines import LINE, Flags, Floats, Integers, figures

TESTS = ("quasi_poisson_trend", "weighted_log_trend", "log_trend")
"""Of counts, of estimates, and of figures that are neither."""

LEVEL_OF_ESTIMATES = 0.95
"""Level of the bounds of figures by the method `estimated`."""

_NOTES = {
    "few": "too few years: fewer than {least_years} have a figure",
    "nil": "no trend can be fitted: the figures are nil, or all but nil in one year",
    "open": "no trend can be fitted: a figure has no upper bound",
    "wide": "too uncertain: the interval of the annual change leaves rise, fall and no change open",
    "pooled": "rates pool years in the table; here each year is by itself",
    "provisional": "the last figure is provisional",
}
_SHORT = {"few": "too few years", "nil": "nil figures", "open": "no upper bound", "wide": "too uncertain"}
_CUT = "cut to one segment: "
_RATIO = ["ratio", "ratio_lower", "ratio_upper"]
_ANNUAL = ["annual", "annual_lower", "annual_upper"]
_BOUNDS = ["figure_lower", "figure_upper"]
_COUNTS = ["count_lower", "count_upper"]


def changes(
    trends: DataFrame,
    first_year: int | None = None,
    last_year: int | None = None,
    *,
    by: Literal["rate", "value"] = "rate",
    margin: float = 0.01,
    tolerance: float = 0.05,
    level: float = 0.95,
    least_years: int = 5,
) -> DataFrame:
    """Say how much the figures of each line changed over a window, and whether that is a change.

    A line is the figures of an area or group, category and series by one
    method. Compared are those of one segment only, that of the last year with
    a figure in the window: one that crosses a break is cut to the years since,
    and the note says so.

    Sums of counted units are Poisson counts among their residents. `ratio` has the exact
    conditional interval (`poisson.ratio_interval`); `annual` comes from a
    quasi-Poisson log-linear trend with Student's t (`poisson.trend`). Bounds of
    figures are within the intervals: they span the line that falls most and
    the one that rises most within them. Figures by the method
    `estimated` are weighted by what their bounds and their counts leave open,
    the years taken as independent. Other figures (percentages, amounts,
    estimates of surveys) have a least-squares trend on the logarithm, and a ratio
    without an interval, since nothing says how exact they are.

    The verdict is `stable` if the interval of `annual` lies within the margin
    on both sides of nought (equivalence), else `rising` or `falling` if it lies
    on one side of nought, else `stable` if it lies within the tolerance, so that
    any change is smaller than that, else `too_few` (too few to say), with the
    reason in the note. In a simulation without change, of 5 to 20 counts of 1 to 400 on
    average, up to 5 per cent of lines were called rising or falling. It is a verdict
    on the years of the window: where the level itself wanders from year to year, as that
    of homicide does, a line that rose in them need not go on rising (of lines that wander by
    13 per cent a year without a direction, a quarter of those of 5 years is called one or the other, and
    half of those of 10 years).

    Args:
        trends: A trend table (`frames.TRENDS`).
        first_year: First year of the window; the first of each line's segment if None.
        last_year: Last year of it; the last of each line if None.
        by: What is compared: `rate`, or `value`. Lines without any are left out.
        margin: Annual change that counts as none, however sure: 0.01 is one per cent.
        tolerance: Annual change that would have been seen: a line whose interval has nought in it
            and does not reach so far is stable.
        level: Of the intervals.
        least_years: Years with a figure that a verdict needs, three at least.

    Returns:
        A row for each line (`frames.CHANGES`): the years that were compared,
        how many have a figure, the first and the last one (null where bounded),
        last by first, the change a year (0.1 is a tenth more), each with its
        interval, the verdict, the test and the note.

    Raises:
        CallError: The table is none, or an argument cannot be.

    Example:
        >>> import crimestats as cs
        >>> from crimestats.trends.table import tabulate
        >>> keys = {name: "_T" for name in cs.frames.BREAKDOWNS}
        >>> counts = [412, 420, 431, 455, 468, 480, 493, 511]
        >>> figures = pd.DataFrame({"year": range(2014, 2022), "value": counts})
        >>> figures = figures.assign(
        ...     lower=figures["value"], upper=figures["value"], area="FJI", scheme="iccs-1.0", code="0501",
        ...     item="burglary", measure="offences", unit="number", stage="recorded", source="CJS",
        ...     status="exact", segment=1, findings="", note="", return_id="r", sheet="s", cell="c", **keys)
        >>> trends = tabulate(cs.classify(cs.frames.OBSERVATIONS.cast(figures)), groupings=())
        >>> change = changes(trends, by="value").iloc[0]
        >>> [change["verdict"], float(change["annual"].round(3)), float(change["annual_lower"].round(3))]
        ['rising', 0.032, 0.014]
    """
    _refuse(by, margin, tolerance, level, least_years)
    rows, cut = _window(figures(trends, by), first_year, last_year)
    if rows.empty:
        return CHANGES.empty()
    ends = _ends(rows)
    annual, why = _annual(rows, level)
    table = pd.concat([ends["keys"], _ratio(ends["first"], ends["last"], level), annual], axis="columns")
    said = _verdict(table, margin, tolerance)
    reason = _reason(table, why, said, least_years)
    verdict = np.where(reason == "", said, "too_few")
    notes = [cut.reindex(table.index).fillna(""), reason, *_remarks(rows, ends["last"])]
    return CHANGES.cast(table.assign(verdict=verdict, note=_joined(notes)))


def in_words(table: DataFrame) -> "Series[str]":
    """The verdict of each row of `changes` in words: of those that are too few to say, why they are.

    Example:
        >>> notes = ["", "too few years: fewer than 5 have a figure"]
        >>> table = DataFrame({"verdict": ["rising", "too_few"], "note": notes})
        >>> in_words(table).tolist()
        ['rising', 'too few to say: too few years']
    """
    verdict, note = (table[name].astype("str") for name in ("verdict", "note"))
    kinds = [note.str.contains(_NOTES[key].partition("{")[0], regex=False) for key in _SHORT]
    reason = Series(np.select(kinds, list(_SHORT.values()), ""), table.index, dtype="str")
    is_few = reason == _SHORT["few"]
    reason = reason.mask(is_few & is_cut(table), reason + " since a break")
    return verdict.mask(verdict == "too_few", "too few to say: " + reason)


def is_cut(table: DataFrame) -> "Series[bool]":
    """Which rows of `changes` leave figures of the window out, since a break or other areas lie between."""
    cut: Series[bool] = table["note"].astype("str").str.startswith(_CUT)
    return cut


def _refuse(by: str, margin: float, tolerance: float, level: float, least_years: int) -> None:
    faults = {
        "by": (by not in ("rate", "value"), f"is {by!r}.", "Give rate or value."),
        "margin": (not 0 <= margin < 1, f"is {margin}.", "Give a share a year, such as 0.01."),
        "tolerance": (tolerance < margin, f"is {tolerance}.", "Give no less than the margin."),
        "level": (not 0 < level < 1, f"is {level}.", "Give a level such as 0.95."),
        "least_years": (
            least_years < 3,
            f"is {least_years}.",
            "A trend has an interval from three years on.",
        ),
    }
    for name, (is_wrong, fault, remedy) in faults.items():
        if is_wrong:
            raise CallError(name, fault, remedy)


def _window(rows: DataFrame, first: int | None, last: int | None) -> tuple[DataFrame, "Series[str]"]:
    """The figures of the window that are of one segment, lines from 0; and what was cut off, by line."""
    year = rows["year"].astype("int64")
    rows = rows[((year >= (first or year.min())) & (year <= (last or year.max()))).to_numpy()]
    rows = rows.assign(line=pd.factorize(rows["line"])[0])
    latest = rows.sort_values(["line", "year"]).drop_duplicates("line", keep="last")
    segment = latest.set_index("line")["segment"]
    is_same = rows["segment"].to_numpy() == segment.reindex(rows["line"]).to_numpy()
    others = rows[~is_same].groupby("line")["year"].agg(["min", "max"]).astype("str")
    text = f"{_CUT}figures before a break, or over other areas, are left out, of "
    span = others["min"].mask(others["min"] != others["max"], others["min"] + " to " + others["max"])
    return rows[is_same].reset_index(drop=True), text + span


def _ends(rows: DataFrame) -> dict[str, DataFrame]:
    """The first and last figure of each line, and its keys."""
    first = rows.drop_duplicates("line").set_index("line")
    last = rows.drop_duplicates("line", keep="last").set_index("line")
    keys = first[[*LINE, "segment"]].assign(
        first_year=first["year"], last_year=last["year"], n_years=np.bincount(rows["line"]),
        first=first["figure"], last=last["figure"],
        test=np.select([_is_estimated(first), first["is_count"]], [TESTS[1], TESTS[0]], TESTS[2]),
    )  # fmt: skip
    return {"keys": keys, "first": first, "last": last}


def _is_estimated(rows: DataFrame) -> Flags:
    flags: Flags = (rows["method"] == "estimated").to_numpy()
    return flags


def _ratio(first: DataFrame, last: DataFrame, level: float) -> DataFrame:
    """Last by first, with its interval by the kind of figure."""
    is_two = (first["year"] != last["year"]).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = last["figure"].to_numpy() / first["figure"].to_numpy()
    lower, upper = np.full((2, len(first)), np.nan)
    is_estimated, is_count = _is_estimated(first), first["is_count"].to_numpy(bool)
    for chosen, interval in ((is_count & ~is_estimated, _counted), (is_estimated, _estimated)):
        at = chosen & is_two
        lower[at], upper[at] = interval(first[at], last[at], level)
    ratio[~np.isfinite(ratio) | ~is_two] = np.nan
    return DataFrame(dict(zip(_RATIO, (ratio, lower, upper), strict=True)), index=first.index)


def _counted(first: DataFrame, last: DataFrame, level: float) -> tuple[Floats, Floats]:
    one, two = (tuple(rows[name].to_numpy() for name in _COUNTS) for rows in (first, last))
    return poisson.ratio_interval(
        (one[0], one[1]), (two[0], two[1]), (first["exposure"].to_numpy(), last["exposure"].to_numpy()), level
    )


def _estimated(first: DataFrame, last: DataFrame, level: float) -> tuple[Floats, Floats]:
    from scipy.special import ndtri

    with np.errstate(invalid="ignore", divide="ignore"):
        reach = ndtri((1 + level) / 2) * np.sqrt(_variance(first) + _variance(last))
        ratio = last["figure"].to_numpy() / first["figure"].to_numpy()
        return ratio * np.exp(-reach), ratio * np.exp(reach)


def _variance(rows: DataFrame) -> Floats:
    """Of the logarithm of an estimate: of what was filled in, and of the counts themselves."""
    from scipy.special import ndtri

    lower, upper = (rows[name].to_numpy() for name in _BOUNDS)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = (np.log(upper) - np.log(lower)) / (2 * ndtri((1 + LEVEL_OF_ESTIMATES) / 2))
        variance: Floats = error**2 + np.where(rows["is_count"], 1 / rows["count"].to_numpy(), 0.0)
    return variance


def _annual(rows: DataFrame, level: float) -> tuple[DataFrame, "Series[str]"]:
    """Change a year of each line, with its interval; and why there is none."""
    size = int(rows["line"].max()) + 1
    line = rows["line"].to_numpy()
    is_open = np.bincount(line, ~np.isfinite(rows["figure_upper"].to_numpy()), size) > 0
    is_bounded = np.bincount(line, rows["figure"].isna().to_numpy(), size) > 0
    is_estimated, is_count = _is_estimated(rows), rows["is_count"].to_numpy(bool)
    numbers = np.full((3, size), np.nan)
    kinds: list[tuple[Flags, Callable[[DataFrame, float, bool], tuple[Floats, ...]]]] = [
        (~is_estimated & is_count, _poisson_trend), (~is_estimated & ~is_count, _log_trend),
        (is_estimated, _weighted_trend),
    ]  # fmt: skip
    for is_kind, fit in kinds:
        for with_bounds in (False, True):
            chosen = is_kind & ~is_open[line] & (is_bounded[line] == with_bounds)
            if chosen.any():
                codes, lines = pd.factorize(line[chosen])
                numbers[:, lines] = fit(rows[chosen].assign(line=codes), level, with_bounds)
    with np.errstate(over="ignore"):
        annual = DataFrame(dict(zip(_ANNUAL, np.expm1(numbers), strict=True)))
    annual["annual"] = annual["annual"].where(np.isfinite(annual["annual"]) & ~is_bounded)
    return annual, Series(np.where(is_open, "open", ""), index=annual.index, dtype="str")


def _poisson_trend(rows: DataFrame, level: float, with_bounds: bool) -> tuple[Floats, ...]:
    year, line, exposure = _axes(rows)
    lower, upper = (rows[name].to_numpy() for name in _COUNTS)
    ends = poisson.tilted(lower, upper, year, line) if with_bounds else ()
    return _span([poisson.trend(each, exposure, year, line) for each in (lower, *ends)], level)


def _log_trend(rows: DataFrame, level: float, with_bounds: bool) -> tuple[Floats, ...]:
    year, line, _ = _axes(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        lower, upper = (_logs(rows[name].to_numpy()) for name in _BOUNDS)
        ends = least_squares.tilted(lower, upper, year, line) if with_bounds else ()
    return _span([least_squares.trend(each, None, year, line, 0.0) for each in (lower, *ends)], level)


def _weighted_trend(rows: DataFrame, level: float, _: bool) -> tuple[Floats, ...]:
    year, line, _exposure = _axes(rows)
    logs, variance = _logs(rows["figure"].to_numpy()), _variance(rows)
    return _span(
        [least_squares.trend(logs, variance, year, line, poisson.LEAST_DISPERSION)], level
    )  # an estimate that varies less than its bounds say is no surer for it


def _axes(rows: DataFrame) -> tuple[Floats, Integers, Floats]:
    return rows["year"].to_numpy(float), rows["line"].to_numpy(np.int64), rows["exposure"].to_numpy()


def _logs(numbers: Floats) -> Floats:
    """Logarithms; nil has none, and so its line has no trend."""
    return np.log(np.where(numbers > 0, numbers, np.nan))


def _span(fits: list[poisson.Trend], level: float) -> tuple[Floats, ...]:
    """The slope, and the interval that spans those of the lines tilted most, with the widest error."""
    if len(fits) == 1:
        return fits[0].slope, *fits[0].interval(level)
    _, falling, rising = fits
    error = np.fmax.reduce([fit.error for fit in fits])
    low = poisson.Trend(falling.slope, error, falling.freedom).interval(level)[0]
    high = poisson.Trend(rising.slope, error, rising.freedom).interval(level)[1]
    low, high = (
        np.where(falling.slope == -np.inf, -np.inf, low),
        np.where(rising.slope == np.inf, np.inf, high),
    )
    is_none = np.isnan(low) | np.isnan(high) | (low == np.inf) | (high == -np.inf)
    return fits[0].slope, np.where(is_none, np.nan, low), np.where(is_none, np.nan, high)


def _verdict(table: DataFrame, margin: float, tolerance: float) -> "Series[str]":
    lower, upper = table["annual_lower"], table["annual_upper"]
    within = (lower >= -margin) & (upper <= margin)
    near = (lower >= -tolerance) & (upper <= tolerance)
    said = np.select([within, lower > 0, upper < 0, near], ["stable", "rising", "falling", "stable"], "")
    return Series(said, table.index)


def _reason(table: DataFrame, why: "Series[str]", said: "Series[str]", least_years: int) -> "Series[str]":
    """Why there is no verdict, in words; empty where there is one."""
    is_null = table["annual_lower"].isna() | table["annual_upper"].isna()
    is_few = table["n_years"] < least_years
    key = np.select([is_few, why != "", is_null, said == ""], ["few", why, "nil", "wide"], "")
    words = {name: text.format(least_years=least_years) for name, text in _NOTES.items()}
    return Series(key, table.index, dtype="str").map({"": "", **words})


def _remarks(rows: DataFrame, last: DataFrame) -> list["Series[str]"]:
    is_pooled = (rows["rate_status"] == "pooled").groupby(rows["line"]).any()
    is_provisional = last["provisional"] == "yes"
    marks = (("pooled", is_pooled), ("provisional", is_provisional))
    return [Series(np.where(flag, _NOTES[name], ""), index=flag.index, dtype="str") for name, flag in marks]


def _joined(notes: list["Series[str]"]) -> "Series[str]":
    joined = notes[0]
    for note in notes[1:]:
        joined = joined + np.where((joined != "") & (note != ""), "; ", "") + note
    return joined
