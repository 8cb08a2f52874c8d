"""A series brought to the level of another source, where the two overlap and move alike."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.errors import CallError
from crimestats.frames import CLASSIFIED, SERIES
from crimestats.trends.lines import Floats, numbered

LEAST_OVERLAP = 3
"""Years with a figure of both sources: with fewer nothing says how far the ratio is the same each year."""

MOST_SPREAD = 0.15
"""Standard deviation of the logarithm of the ratio; beyond it the sources do not move alike. It is about the
change that homicide rates show from one year to the next: no more than that may lie between two sources."""

MOST_DRIFT = 0.02
"""Change of the logarithm of the ratio in a year; one beyond it that is no chance grows with the years."""

CHANCE = 0.05
"""Level at which a drift is no chance (Student's t), and of the bounds of what is adjusted."""

_KEYS = ["area", "iccs", *(name for name in SERIES if name != "source")]
_NUMBERS = ["value", "lower", "upper"]
_REASONS = {
    "none": "no year has an exact figure above nought of both sources",
    "several": "several figures stand for one year, and it is not known which of them belong together",
    "few": "only {n_overlap} years have a figure of both, {least} are needed",
    "spread": "the sources do not move alike: the log of their ratio spreads by {spread:.2f}, above {most}",
    "drift": "the sources drift apart: their ratio changes by {drift:.1%} a year",
}


def level_adjusted(
    classified: DataFrame,
    onto: str,
    source: str,
    *,
    least_overlap: int = LEAST_OVERLAP,
    most_spread: float = MOST_SPREAD,
    most_drift: float = MOST_DRIFT,
) -> DataFrame:
    """Bring the figures of one source to the level of another, for the years that only the first has.

    The factor is the geometric mean of the ratio in the years with an exact
    figure of both, within a segment of each. It is used only where the ratio is the
    same each year, but for a spread and a drift that have a limit. The bounds carry those of
    the figure, widened by what the ratio of one further year may be (Student's t,
    95 per cent). Neither source is changed: see `with_adjusted`.

    Where there are several overlaps, since a source has breaks, a figure is
    adjusted by the one nearest in time of its own segment, and gets the segment that
    the other source has there.

    Args:
        classified: Reported figures under the ICCS (`frames.CLASSIFIED`).
        onto: The source whose level is kept, e.g. `CJS`.
        source: The one that is adjusted.
        least_overlap: See `LEAST_OVERLAP`.
        most_spread: See `MOST_SPREAD`.
        most_drift: See `MOST_DRIFT`.

    Returns:
        A row for each figure of `source` in a year that `onto` has none of:
        row (its place in `classified`), area, year, iccs and the keys of the series, segment;
        value, lower, upper (unadjusted), adjusted, adjusted_lower,
        adjusted_upper; factor, factor_lower, factor_upper, n_overlap, overlap (years), spread
        and drift (of the logarithm of the ratio, the latter a year); status `adjusted`
        or `refused`, with the reason; recipe (what was done, in words). Refused ones have no
        adjusted figure.

    Raises:
        CallError: The table is none, a source has no figure, or an argument cannot be.

    Example:
        >>> import crimestats as cs
        >>> years = [*range(2010, 2016), *range(2013, 2019)]
        >>> table = DataFrame({"year": years, "source": ["HEALTH"] * 6 + ["CJS"] * 6})
        >>> table["value"] = [66.0, 55, 77, 88, 66, 77, 80, 60, 70, 75, 80, 85]
        >>> keys = {name: "_T" for name in CLASSIFIED.columns} | {"segment": 1}
        >>> table = table.assign(lower=table["value"], upper=table["value"])
        >>> shares = {"share_lower": 1, "share": 1, "share_upper": 1}
        >>> table = CLASSIFIED.cast(DataFrame(keys | shares, index=table.index).assign(**table))
        >>> adjusted = level_adjusted(table, "CJS", "HEALTH")
        >>> adjusted[["year", "value", "adjusted"]].round(6).to_numpy().tolist()
        [[2010.0, 66.0, 60.0], [2011.0, 55.0, 50.0], [2012.0, 77.0, 70.0]]
    """
    _refuse(classified, onto, source, least_overlap)
    rows = classified.reset_index(drop=True)
    rows = rows.assign(line=numbered(rows, _KEYS), row=rows.index)
    rows = rows[rows["lower"].notna().to_numpy()]
    own, other = (rows[(rows["source"] == name).to_numpy()] for name in (source, onto))
    years = ["line", "year"]
    twice = {*own.loc[own.duplicated(years), "line"], *other.loc[other.duplicated(years), "line"]}
    alone = own[~own.set_index(years).index.isin(other.set_index(years).index)]
    alone = alone[alone["line"].isin(other["line"]).to_numpy()]
    pairs = _overlaps(own[~own["line"].isin(twice)], other[~other["line"].isin(twice)])
    table = _nearest(alone, pairs)
    reason = _reasons(table, twice, least_overlap, most_spread, most_drift)
    return _result(table.assign(reason=reason), onto, source)


def with_adjusted(classified: DataFrame, adjusted: DataFrame, onto: str, source: str) -> DataFrame:
    """The figures with a further source beside both: those of one, and the adjusted ones of the other.

    Its key is `adjusted:CJS+HEALTH`, the level first. It has every figure of `onto` of
    the lines that were adjusted, as it is, and the adjusted ones, with the recipe in
    their notes. These are bounded: as everywhere, a figure that is not exact has no value
    but bounds; the best estimate stands in the note.

    Args:
        classified: What `level_adjusted` was given.
        adjusted: What it returned.
        onto: As it was given.
        source: As it was given.

    Returns:
        Figures under the ICCS (`frames.CLASSIFIED`), those given first.

    Raises:
        CallError: The tables are none.

    Example:
        >>> empty = CLASSIFIED.empty()
        >>> with_adjusted(empty, DataFrame({"status": [], "row": [], "line": []}), "CJS", "HEALTH").empty
        True
    """
    rows = CLASSIFIED.check(classified).reset_index(drop=True)
    used = adjusted[adjusted["status"] == "adjusted"]
    if used.empty:
        return rows
    number = numbered(rows, _KEYS)
    kept = rows[(rows["source"] == onto).to_numpy() & np.isin(number, number[used["row"].to_numpy(int)])]
    made = rows.take(used["row"].to_numpy(int))
    lower, upper = used["adjusted_lower"].to_numpy(), used["adjusted_upper"].to_numpy()
    is_exact = lower == upper
    made = made.astype({"status": "str"}).assign(
        value=np.where(is_exact, lower, np.nan), lower=lower, upper=upper,
        segment=used["segment"].to_numpy(), note=_noted(made["note"], used["recipe"]),
        status=np.where(is_exact, made["status"], "bounded"),
    )  # fmt: skip
    both = CLASSIFIED.join(kept, made).assign(source=f"adjusted:{onto}+{source}")
    return CLASSIFIED.join(rows, both)


def _refuse(classified: DataFrame, onto: str, source: str, least_overlap: int) -> None:
    CLASSIFIED.check(classified)
    known = sorted(classified["source"].astype("str").unique())
    for name, code in (("onto", onto), ("source", source)):
        if code not in known:
            raise CallError(name, f"no figure has the source {code!r}.", f"Give one of {', '.join(known)}.")
    if onto == source:
        raise CallError("source", f"is {source!r}, as onto.", "Give two sources.")
    if least_overlap < LEAST_OVERLAP:
        raise CallError("least_overlap", f"is {least_overlap}.", f"Give {LEAST_OVERLAP} or more.")


def _overlaps(own: DataFrame, other: DataFrame) -> DataFrame:
    """The ratio of the sources for each line and pair of segments: its mean, spread and drift."""
    columns = ["line", "year", "segment", "value"]
    both = own[columns].merge(other[columns], on=["line", "year"], suffixes=("_own", ""))
    both = both[(both["value"] > 0) & (both["value_own"] > 0)]
    both = both.assign(log=np.log(both["value"] / both["value_own"]), year=both["year"].astype("float64"))
    grouped = both.groupby(["line", "segment_own", "segment"])
    time = both["year"] - grouped["year"].transform("mean")
    rest = both["log"] - grouped["log"].transform("mean")
    sums = both.assign(tt=time**2, tl=time * rest, ll=rest**2)
    sums = sums.groupby(["line", "segment_own", "segment"])[["tt", "tl", "ll"]].sum()
    number, drift = grouped.size(), sums["tl"] / sums["tt"].where(sums["tt"] > 0)
    spread = np.sqrt(sums["ll"] / (number - 1).where(number > 1))
    error = np.sqrt(
        (sums["ll"] - drift * sums["tl"]).clip(lower=0) / (number - 2).where(number > 2) / sums["tt"]
    )
    years = both["year"].astype("int64").astype("str")
    overlap = years.groupby([both[name] for name in ("line", "segment_own", "segment")]).agg(" ".join)
    return DataFrame({
        "mean": grouped["log"].mean(), "spread": spread, "drift": drift, "error": error, "n_overlap": number,
        "overlap": overlap, "first": grouped["year"].min(), "last": grouped["year"].max(),
    }).reset_index().rename(columns={"segment": "segment_onto"})  # fmt: skip


def _nearest(alone: DataFrame, pairs: DataFrame) -> DataFrame:
    """Each figure with the overlap of its segment that is nearest in time, if there is any."""
    keyed = alone.rename(columns={"segment": "segment_own"})
    joined = keyed.merge(pairs, on=["line", "segment_own"], how="left")
    year = joined["year"].astype("float64")
    away = np.maximum(joined["first"] - year, 0) + np.maximum(year - joined["last"], 0)
    joined = joined.assign(away=away).sort_values(["row", "away", "first"], kind="stable")
    return joined.drop_duplicates("row").reset_index(drop=True)


def _reasons(
    table: DataFrame, twice: set[int], least: int, most_spread: float, most_drift: float
) -> "Series[str]":
    """Why a figure is not adjusted, in words; empty where it is."""
    from scipy.special import stdtr

    number = table["n_overlap"].fillna(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        steep = np.abs(table["drift"].to_numpy()) / table["error"].to_numpy()
        chance = 2 * (1 - stdtr(np.maximum(number.to_numpy() - 2, 1), steep))
    drifts = (table["drift"].abs() > most_drift) & (chance < CHANCE)
    key = np.select(
        [table["line"].isin(twice), number == 0, number < least, table["spread"] > most_spread, drifts],
        ["several", "none", "few", "spread", "drift"],
        "",
    )
    fields = (number.astype("int64"), table["spread"], table["drift"])
    words = [
        _REASONS[name].format(n_overlap=years, spread=spread, drift=drift, least=least, most=most_spread)
        if name
        else ""
        for name, years, spread, drift in zip(key, *fields, strict=True)
    ]
    return Series(words, index=table.index, dtype="str")


def _result(table: DataFrame, onto: str, source: str) -> DataFrame:
    from scipy.special import stdtrit

    number, is_used = table["n_overlap"].fillna(0).to_numpy(float), (table["reason"] == "").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = stdtrit(np.maximum(number - 1, 1), 1 - CHANCE / 2) * np.sqrt(1 + 1 / number)
        reach = reach * table["spread"].to_numpy()
    columns = {"factor": 0.0, "factor_lower": -reach, "factor_upper": reach}
    factors: dict[str, Floats] = {
        name: np.where(is_used, np.exp(table["mean"].to_numpy() + off), np.nan)
        for name, off in columns.items()
    }
    pairs = zip(("adjusted", "adjusted_lower", "adjusted_upper"), _NUMBERS, factors.values(), strict=True)
    made = {name: table[number].to_numpy() * factor for name, number, factor in pairs}
    segment = table["segment_onto"].fillna(table["segment_own"]).astype("int64")
    table = table.assign(
        **factors, **made, segment=segment, source=source, overlap=table["overlap"].fillna(""),
        n_overlap=number.astype("int64"), status=np.where(is_used, "adjusted", "refused"),
    )  # fmt: skip
    table["recipe"] = _recipes(table, onto, source)
    keys = ["row", "area", "year", "iccs", *SERIES, "segment"]
    columns_of_ratio = ["n_overlap", "overlap", "spread", "drift", "status", "reason", "recipe"]
    return table[[*keys, *_NUMBERS, *made, *factors, *columns_of_ratio]]


def _recipes(table: DataFrame, onto: str, source: str) -> list[str]:
    """What was done to each figure, in words; empty where nothing was."""
    texts = []
    for row in table.to_dict("records"):
        best = "" if np.isnan(row["adjusted"]) else f", best {row['adjusted']:.6g}"
        factor = f"{row['factor']:.4g} ({row['factor_lower']:.4g} to {row['factor_upper']:.4g})"
        years = row["overlap"].replace(" ", ", ")
        text = f"{source} times {factor}{best}: mean ratio of {onto} to {source} in {years}"
        texts.append(text if row["status"] == "adjusted" else "")
    return texts


def _noted(notes: "Series[str]", recipes: "Series[str]") -> NDArray[np.object_]:
    joined = [f"{note}; {text}" if note else text for note, text in zip(notes, recipes, strict=True)]
    return np.array(joined, dtype=object)
