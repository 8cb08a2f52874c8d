"""Where the counting rules or the reference period of a line change, as the metadata state them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crimestats.trends.figures import Figures, Flags, Integers, mixed

_PERIODS = ("calendar", "other_period")
_PERIOD = "period"
_BETWEEN, _IS = ";", "="


def divided(figures: Figures) -> Figures:
    """The figures, made up differently from where their regime contradicts the one before.

    A rule that is answered in both years, and differently, is a contradiction,
    and so is another reference period; what is not answered contradicts
    nothing, and the last answer given counts. A break at a missing figure is
    one for the figures behind it.

    Args:
        figures: As reported, in the order of area, series, category and year.
    """
    line, told = figures.line(figures.data), _answers(figures)
    breaks = np.zeros(len(line), dtype=bool)
    is_same = line[1:] == line[:-1]
    for codes in told:
        differs = is_same & (codes[1:] != codes[:-1])
        if differs.any():
            touched = np.isin(line, line[1:][differs])
            breaks |= _changes(line, codes, touched)
    if not breaks.any():
        return figures
    era = np.cumsum(breaks)
    first = np.flatnonzero(np.concatenate([[True], ~is_same]))
    era = era - np.repeat(era[first], np.diff(first, append=len(line)))
    making = figures.data["making"].to_numpy()
    making = np.where(era > 0, mixed(making ^ mixed(era.astype(np.uint64))), making)
    return replace(figures, data=figures.data.assign(making=making))


def _answers(figures: Figures) -> list[Integers]:
    """The answer to each question that any regime states, as a number of each figure; -1 for none."""
    regimes, periods = (figures.origins[name] for name in ("regime", _PERIOD))
    stated = [dict(pair.split(_IS, 1) for pair in text.split(_BETWEEN) if _IS in pair) for text in regimes]
    code, period = (figures.data[name].to_numpy() for name in ("regime", _PERIOD))
    answers = [
        _coded([rules.get(question) for rules in stated])[code]
        for question in sorted({question for rules in stated for question in rules})
    ]
    return [*answers, _coded([text if text in _PERIODS else None for text in periods])[period]]


def _coded(texts: list[str | None]) -> NDArray[np.int32]:
    known = sorted({text for text in texts if text is not None})
    return np.array([-1 if text is None else known.index(text) for text in texts], dtype=np.int32)


def _changes(line: Integers, codes: Integers, touched: Flags) -> Flags:
    """Figures whose answer is another one than the last that was given on their line."""
    given = np.flatnonzero(touched & (codes >= 0))
    breaks = np.zeros(len(line), dtype=bool)
    is_other = (line[given][1:] == line[given][:-1]) & (codes[given][1:] != codes[given][:-1])
    breaks[given[1:][is_other]] = True
    return breaks
