"""Figures of areas: wholes out of their parts, and means over several years."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.sdg.inputs import all_ages, residents
from crimestats.sdg.tables import RATIO, Rule

BOUNDS = ["numerator_lower", "numerator_upper", "denominator_lower", "denominator_upper"]
SHARE = ["value", "lower", "upper"]
KEY = ["area", "year", "series", "sex"]
_PLACE = ["area", "year", "sex"]
COUNTRY, ADJUSTED, GLOBAL, NOT_RELEVANT, NOT_AVAILABLE = "C", "CA", "G", "N", "NA"
NATURES = (COUNTRY, ADJUSTED, "E", "M", GLOBAL, NOT_RELEVANT, NOT_AVAILABLE)
"""Nature of the figures of the global database: country data, country data adjusted, estimated, modelled,
from global monitoring, not relevant, not available."""

_NOTHING, _IMPOSSIBLE, _NOT_APPLICABLE = "no_figure", "impossible", "not_applicable"
_RANKS = {code: rank for rank, code in enumerate(NATURES)}


def with_wholes(inputs: DataFrame, rule: Rule, population: DataFrame) -> DataFrame:
    """The figures, and those of wholes that return by parts: summed where all parts have one.

    A share that a survey gives cannot be summed, so that only ratios of sums have wholes.

    Args:
        inputs: Numerators and denominators of areas, of one series.
        rule: Its rule.
        population: Residents of the whole, where they are the denominator; else denominators are summed.
    """
    if rule.regional != RATIO:
        return inputs
    parts = areas.parts()
    needed = parts.groupby("whole").size()
    needs = BOUNDS[:2] if rule.is_of_residents else BOUNDS
    is_sound = (not rule.is_part) | (inputs["numerator_lower"] <= inputs["denominator_upper"])
    given = inputs[is_sound].dropna(subset=needs).merge(parts, left_on="area", right_on="part")
    if given.empty:
        return inputs
    groups = given.groupby(["whole", *KEY[1:]], sort=False)
    sums = groups[BOUNDS].sum().assign(of=groups.size()).reset_index()
    sums = sums[sums["of"] == sums["whole"].map(needed)].drop(columns="of").rename(columns={"whole": "area"})
    if rule.is_of_residents:
        held = residents(sums, population).to_numpy()
        sums = sums.assign(denominator_lower=held, denominator_upper=held)
    is_there = inputs["lower"].notna()
    own = pd.MultiIndex.from_frame(inputs.loc[is_there, KEY])
    sums = sums[~pd.MultiIndex.from_frame(sums[KEY]).isin(own)]
    kept = inputs[~pd.MultiIndex.from_frame(inputs[KEY]).isin(pd.MultiIndex.from_frame(sums[KEY]))]
    rows = sums.assign(
        **dict.fromkeys(SHARE, np.nan), basis="summed", note="sum of the parts", nature=COUNTRY
    )
    return pd.concat([kept, rows], ignore_index=True)


def averaged(inputs: DataFrame, rule: Rule, years: int) -> DataFrame:
    """The figure of every area and year: of the year itself, or the mean of several that end with it.

    A year without a figure is left out of the mean; an area without any in those years has none.

    Args:
        inputs: Of one series.
        rule: Its rule.
        years: Years that are averaged.

    Returns:
        `area`, `year`, `sex`, the bounds of numerator and denominator, value, lower, upper, `years`
        (blanks between), `nature`, `basis`, `status` and `note`.
    """
    judged = _judged(inputs, rule)
    last = int(judged["year"].max())
    copies = [judged.assign(of=judged["year"], year=judged["year"] + k) for k in range(years)]
    spread = pd.concat(copies, ignore_index=True)
    is_figure = spread["status"] == ""
    with_figure = spread[is_figure & (spread["year"] <= last)]
    without = spread[~is_figure & (spread["of"] == spread["year"])]
    means = _means(with_figure).join(_said(with_figure)).join(_refused(without)).reset_index()
    means = means.assign(note=joined(means["note"], means.pop("refused").fillna("")))
    figures = _computed(means, rule) if rule.regional == RATIO else means
    figures = figures.assign(status=np.where(figures["value"].notna(), "exact", "bounded"))
    nought = (rule.regional == RATIO) & (figures["denominator_upper"] <= 0)
    figures["status"] = figures["status"].mask(nought, _NOT_APPLICABLE)
    figures["nature"] = figures["nature"].mask(nought, NOT_RELEVANT)
    is_there = pd.MultiIndex.from_frame(without[_PLACE]).isin(pd.MultiIndex.from_frame(figures[_PLACE]))
    rest = without[~is_there][[*_PLACE, *BOUNDS, "status", "note", "basis"]]
    rest = rest.assign(years="", nature=NOT_AVAILABLE, **dict.fromkeys(SHARE, np.nan))
    return pd.concat([figures, rest], ignore_index=True)


def _means(figures: DataFrame) -> DataFrame:
    """Mean of each number; null where one of the figures has not this number."""
    numbers = [*BOUNDS, *SHARE]
    keys = [figures[name] for name in _PLACE]
    return figures[numbers].groupby(keys).mean().mask(figures[numbers].isna().groupby(keys).any())


def _refused(figures: DataFrame) -> "Series[str]":
    """What is said of a figure of the year itself that cannot be and is left out of the mean."""
    wrong = figures[figures["status"] == _IMPOSSIBLE].drop_duplicates(_PLACE).set_index(_PLACE)
    return ("left out of the mean: " + wrong["note"]).rename("refused")


def joined(one: "Series[str]", other: "Series[str]") -> "Series[str]":
    """Two notes as one, `; ` between."""
    between = pd.Series("; ", index=one.index).where((one != "") & (other != ""), "")
    return one + between + other


def _judged(inputs: DataFrame, rule: Rule) -> DataFrame:
    """With a status that says why a figure is none: empty where it is one."""
    needed = BOUNDS if rule.regional == RATIO else SHARE[1:]
    lacks = inputs[needed].isna().any(axis=1)
    is_more = (inputs["numerator_lower"] > inputs["denominator_upper"]) & rule.is_part
    if rule.unit == "per_cent":
        is_more |= inputs["lower"] > rule.times
    note = inputs["note"].mask(is_more & (inputs["note"] == ""), "above the whole")
    return inputs.assign(status=np.select([lacks, is_more], [_NOTHING, _IMPOSSIBLE], ""), note=note)


def _said(figures: DataFrame) -> DataFrame:
    """Years, nature, basis and notes of what was averaged."""
    ordered = figures.sort_values([*_PLACE, "of"]).astype({"of": "str"})
    rank = ordered["nature"].map(_RANKS)
    ordered = ordered.assign(rank=rank)
    rows = ordered.groupby(_PLACE)
    said = rows.agg(years=("of", " ".join), n=("of", "size"), rank=("rank", "max"), basis=("basis", "last"))
    notes = ordered[ordered["note"] != ""].drop_duplicates([*_PLACE, "note"])
    texts = notes.groupby(_PLACE)["note"].agg("; ".join)
    nature = said["rank"].map(dict(enumerate(NATURES)))
    nature = nature.mask((nature == COUNTRY) & (said["n"] > 1), ADJUSTED)
    return said[["years", "basis"]].assign(nature=nature, note=texts.reindex(said.index).fillna(""))


def _computed(rows: DataFrame, rule: Rule) -> DataFrame:
    """The quotient of the means."""
    lower, upper = quotient(rows, rule.is_part, rule.times)
    is_exact = is_exactly(rows)
    return rows.assign(value=lower.where(is_exact), lower=lower, upper=upper)


def quotient(rows: DataFrame, is_part: bool, times: float) -> tuple["Series[float]", "Series[float]"]:
    """The least and the largest quotient that the bounds allow."""
    top, below = widest(rows, is_part)
    divisor = rows["denominator_upper"].where(rows["denominator_upper"] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = times * rows["numerator_lower"] / divisor, times * top / below
    upper = upper.fillna(0.0)  # nothing of nothing or of more is nothing
    return lower, upper.where(divisor.notna() & top.notna())


def widest(rows: DataFrame, is_part: bool) -> tuple["Series[float]", "Series[float]"]:
    """Numerator and denominator of the largest quotient.

    Where the numerator is part of the denominator, what is more above is more below too: the
    denominator is the least one that holds the largest numerator.
    """
    top, below = rows["numerator_upper"], rows["denominator_lower"]
    if is_part:
        top = top.where(top < rows["denominator_upper"], rows["denominator_upper"])
        below = below.where(below > top, top)
    return top, below


def is_exactly(rows: DataFrame) -> "Series[bool]":
    """Where numerator and denominator are no ranges."""
    above = rows["numerator_lower"] == rows["numerator_upper"]
    return above & (rows["denominator_lower"] == rows["denominator_upper"])


def held_by_year(population: DataFrame, years: list[int]) -> DataFrame:
    """Residents by area and sex for every year; a year that the tables lack has those of the nearest.

    Rows of the table given come first, those of the shipped table where it has none. The two may be of
    different vintages: they serve for coverage and weights, never as the denominator of a rate.

    Returns:
        `area`, `sex`, `year`, `residents` and `is_shipped` (taken from the shipped table although
        another was given), without areas that the tables do not have.
    """
    own, shipped = all_ages(population), all_ages(areas.population())
    rows = pd.concat([own.assign(is_shipped=0.0), shipped.assign(is_shipped=1.0)])
    rows = rows.drop_duplicates(["area", "sex", "year"])
    persons, is_shipped = (_every_year(rows, name, years) for name in ("population", "is_shipped"))
    return persons.rename("residents").reset_index().assign(is_shipped=is_shipped.to_numpy() > 0)


def _every_year(rows: DataFrame, column: str, years: list[int]) -> "Series[float]":
    """The column by area, sex and each of the years, of the nearest year where it has none."""
    wide = rows.pivot_table(index=["area", "sex"], columns="year", values=column, aggfunc="first")
    wide = wide.reindex(columns=sorted({*wide.columns, *years}))
    filled = wide.ffill(axis=1).bfill(axis=1)[years].reset_index()
    long = filled.melt(["area", "sex"], var_name="year").astype({"year": "int64"})
    return long.set_index(["area", "sex", "year"])["value"]
