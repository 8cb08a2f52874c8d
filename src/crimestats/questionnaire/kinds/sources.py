"""Kinds that hold a figure against another source: another return, the last round, the population."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.questionnaire.kinds.before import names_gone, places, previous_figures
from crimestats.questionnaire.kinds.registry import DEFAULT, Limits, Texts, kind
from crimestats.questionnaire.kinds.round import (
    FAIL,
    UNDECIDED,
    Figures,
    Judgement,
    Mask,
    Numbers,
    Round,
)

PER = 100_000.0


@kind("expected", "other_file")
def unique(wide: Round, items: Sequence[str]) -> Judgement:
    """Two returns of one reporting unit do not differ on a figure; undecided where ranges differ but meet."""
    later, first = wide.repeated
    low, high = wide.lower, wide.upper
    apart = (low[later] > high[first]) | (high[later] < low[first])
    differs = (low[later] != low[first]) | (high[later] != high[first])
    return Judgement(
        later[differs], np.where(apart, FAIL, UNDECIDED).astype(np.int8)[differs],
        {"expected": (low[first][differs], high[first][differs]), "other_file": _files(wide, first[differs])},
        others=first[differs][:, None],
    )  # fmt: skip


@kind("other_file", "count")
def agree(wide: Round, items: Sequence[str]) -> Judgement:
    """Two returns of one reporting unit do not give the same figures: one answer for a pair of files."""
    later, first = wide.repeated
    same = (wide.lower[later] == wide.lower[first]) & (wide.upper[later] == wide.upper[first])
    pairs = DataFrame({"one": _files(wide, first[same]), "two": _files(wide, later[same])})
    pairs = pairs[pairs["one"] != pairs["two"]]
    counted = pairs.groupby(["two", "one"], sort=True).size().reset_index(name="count")
    place = wide.file_rows.loc[counted["two"]].to_numpy(dtype=np.intp)
    fields = {"other_file": list(counted["one"]), "count": counted["count"].to_numpy(dtype=np.float64)}
    return Judgement(place, np.full(len(place), FAIL, dtype=np.int8), fields, is_of_file=True)


@kind("expected", "previous", "percent")
def revised(wide: Round, items: Sequence[str], *, note_within: float = 0.0) -> Judgement:
    """A figure is the one reported before for the same year; undecided where ranges differ but meet.

    Args:
        wide: The round.
        items: Not read.
        note_within: Relative difference up to which the finding is a note.
    """
    now, before = wide.wide, previous_figures(wide)
    known = now.known & before.known
    fails = known & ((now.lower > before.upper) | (now.upper < before.lower))
    differs = known & ((now.lower != before.lower) | (now.upper != before.upper))
    percent = (now.lower / before.lower - 1) * 100
    gap = np.maximum(now.lower - before.upper, before.lower - now.upper)
    return Judgement.of(
        fails, differs & ~fails, now.place, is_near=gap <= note_within * np.abs(before.lower),
        previous=(before.lower, before.upper), expected=(before.lower, before.upper), percent=percent,
    )  # fmt: skip


@kind("expected", "previous")
def withdrawn(wide: Round, items: Sequence[str]) -> Judgement:
    """A figure reported before is given again, where the return asks for its year and fills in its module."""
    now, before = wide.wide, previous_figures(wide)
    gone = before.known & ~now.known & _asked(wide)[:, :, None] & _returned(wide)[:, None, :]
    units, years, columns = np.nonzero(gone)
    own = now.place[units, years, columns]
    anchor = _anchor(wide)[units]
    items_gone = [list(wide.columns)[column] for column in columns]
    bounds = (before.lower[gone], before.upper[gone])
    return Judgement(
        np.where(own >= 0, own, anchor), np.full(len(own), FAIL, dtype=np.int8),
        {"previous": bounds, "expected": bounds, "value": [""] * len(own)},
        is_of_file=own < 0, item=items_gone, year=wide.years[years].astype(np.int16),
    )  # fmt: skip


@kind("expected", "previous")
def name_withdrawn(wide: Round, items: Sequence[str]) -> Judgement:
    """A country or city that the last round had figures of is named in a row again, as `withdrawn`."""
    gone = names_gone(wide)
    unit, year, column = (gone[name].to_numpy(dtype=np.intp) for name in ("unit", "year", "column"))
    asked = _asked(wide)[unit, year] & _returned(wide)[unit, column]
    gone, unit, year, column = gone[asked], unit[asked], year[asked], column[asked]
    labels = dict(zip(areas.areas()["area"], areas.areas()["name"], strict=True))
    bounds = (gone["lower"].to_numpy(dtype=np.float64), gone["upper"].to_numpy(dtype=np.float64))
    return Judgement(
        _anchor(wide)[unit], np.full(len(unit), FAIL, dtype=np.int8),
        {"previous": bounds, "expected": bounds, "value": [labels.get(name, name) for name in gone["said"]]},
        is_of_file=np.ones(len(unit), dtype=bool), item=[list(wide.columns)[each] for each in column],
        year=wide.years[year].astype(np.int16),
    )  # fmt: skip


@kind("expected", "source", "ratio", "low", "high")
def compared(
    wide: Round, items: Sequence[str], *, limits: Limits, base: float = 0.0, sources: Texts = (),
    besides: Texts = (),
) -> Judgement:  # fmt: skip
    """A figure is near that of another source; undecided where ranges leave it open.

    Nothing is judged where the round was given no figures of other sources.

    Args:
        wide: The round.
        items: The figures; all that the other source has where none is named.
        limits: Least and greatest ratio to the other source, by item and `default`.
        base: Only where the larger of the two figures is at least this.
        sources: Names of the other sources; all where none is named.
        besides: Sources that other rules name.
    """
    unit, year, column, table = _from_sources(wide, items, sources, besides)
    place, lower, upper = (part[unit, year, column] for part in wide.wide)
    value = table["value"].to_numpy(dtype=np.float64)
    own = [limits.get(item, limits[DEFAULT]) for item in table["item"].astype(str)]
    low, high = np.array(own, dtype=np.float64).reshape(-1, 2).T
    asked = ~np.isnan(lower) & ~np.isnan(value) & (np.maximum(upper, value) >= base)
    fails = asked & ((upper < low * value) | (lower > high * value))
    holds = (lower >= low * value) & (upper <= high * value)
    return Judgement.of(
        fails, asked & ~fails & ~holds, place, expected=value, ratio=lower / value, low=low, high=high,
        source=table["source"].astype(str).to_numpy(dtype=object),
    )  # fmt: skip


def _from_sources(
    wide: Round, items: Sequence[str], sources: Sequence[str], besides: Sequence[str]
) -> tuple[Any, Any, Any, DataFrame]:
    """Figures of other sources with their places in the round: unit, year, item and the figures' rows."""
    table = wide.background.sources
    if table is None or not wide.wide.place.size:
        none = np.empty(0, dtype=np.intp)
        return none, none, none, DataFrame({"source": [], "item": [], "value": []})
    named = table["source"].isin(list(sources)) if sources else ~table["source"].isin(list(besides))
    named &= table["item"].isin(list(items or wide.columns))
    if "questionnaire" in table:
        named &= table["questionnaire"].astype("str").fillna("").isin(["", wide.definition.id])
    where, there = places(wide, table[named])
    unit, year, column = where
    return unit, year, column, table[named][there]


@kind("expected", "rate", "population", "percent", least=1, most=2)
def consistent(
    wide: Round, items: Sequence[str], *, tolerance: float = 0.05, maximum: float = np.inf
) -> Judgement:
    """Count, rate per 100,000 and population agree, and the rate that the count makes is not above a limit.

    Args:
        wide: The round.
        items: A count, and its rate if the questionnaire asks for one.
        tolerance: Relative difference allowed between the table's population and that implied by both.
        maximum: Greatest rate per 100,000 of the count by the table's population.
    """
    figures, population = wide.figures(items), _population(wide, items[0])
    least, most = figures.lower[:, 0] / population * PER, figures.upper[:, 0] / population * PER
    fails, holds = least > maximum, most <= maximum
    known, off = figures.known.all(axis=1), np.full(len(least), np.nan)
    if len(items) == 2:
        low, high = figures.lower[:, 1], figures.upper[:, 1]
        fails |= (least > high * (1 + tolerance)) | (most < low * (1 - tolerance))
        holds &= (most <= high * (1 + tolerance)) & (least >= low * (1 - tolerance))
        off = (low / least - 1) * 100
    return Judgement.of(
        fails & known, known & ~fails & ~holds, figures.place[:, 0], others=figures.place[:, 1:],
        rate=(least, most), population=population, percent=off,
        expected=_expected(figures, population, maximum),
    )  # fmt: skip


def _expected(figures: Figures, population: Numbers, maximum: float) -> tuple[Numbers, Numbers]:
    if figures.place.shape[1] == 1:
        limit = np.floor(population * maximum / PER)
        return limit, limit
    return figures.lower[:, 1] * population / PER, figures.upper[:, 1] * population / PER


def _files(wide: Round, rows: Any) -> list[str]:
    return [str(source) for source in wide.frame["return_id"].iloc[rows]]


def _population(wide: Round, item: str) -> Numbers:
    """Persons of the sex and age of an item, one row a unit and year; null where the table has none."""
    table = wide.background.population if wide.background.population is not None else areas.population()
    keys = wide.definition[item].keys
    table = table[(table["sex"] == keys["sex"]) & (table["age"] == keys["age"])]
    held = Series(
        table["population"].to_numpy(), index=[table["area"].astype(str), table["year"].astype(int)]
    )
    asked = [(area, int(year)) for area in wide.areas for year in wide.years]
    found: Numbers = held.reindex(asked).to_numpy(dtype=np.float64) if asked else np.empty(0)
    return found


def _asked(wide: Round) -> Mask:
    """Years that a reporting unit's returns ask for; those that they fill where none says it."""
    asked: Mask = np.asarray((wide.wide.place >= 0).any(axis=2))
    for source, years in wide.reference_years.items():
        unit = wide.unit[wide.file_rows[source]]
        asked[unit] |= np.isin(wide.years, list(years))
    return asked


def _returned(wide: Round) -> Mask:
    """Items that a reporting unit's files ask for, of modules in which it gives a figure: unit, item."""
    modules, filled = wide.definition.data["module"].to_numpy(), wide.wide.known.any(axis=1)
    returned: Mask = np.zeros_like(filled, dtype=bool)
    for module in set(modules):
        given = np.asarray(filled)[:, modules == module].any(axis=1)
        returned |= np.asarray(given)[:, None] & (modules == module)[None, :]
    return returned & _is_of_part(wide)


def _is_of_part(wide: Round) -> Mask:
    """Items of the agencies whose part of the questionnaire was read: unit, item.

    A file that does not say which part it is asks for all; one that another file answers
    asks for nothing more.
    """
    agencies = wide.definition.data["agency"].to_numpy(dtype=object)
    said = wide.frame[wide.rows("item", lambda item: item == "H.part")]
    parts = dict(zip(said["return_id"].astype(str), said["raw"].str.split(), strict=True))
    answered = wide.frame.loc[wide.rows("item", lambda item: item == "_fault.superseded"), "return_id"]
    asked: Mask = np.zeros((wide.n_units, len(agencies)), dtype=bool)
    figures = wide.frame["return_id"].iloc[np.flatnonzero(wide.is_figure)].astype(str)
    for source in set(figures.unique()) - set(answered.astype(str)):
        unit = wide.unit[wide.file_rows[source]]
        own = parts.get(source)
        asked[unit] |= np.isin(agencies, [*own, ""]) if own else True
    return asked


def _anchor(wide: Round) -> Any:
    anchor = np.zeros(wide.n_units, dtype=np.intp)
    rows = wide.file_rows.to_numpy(dtype=np.intp)
    anchor[wide.unit[rows][::-1]] = rows[::-1]
    return anchor
