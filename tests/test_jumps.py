"""Jumps without a declared break: what is asked about, and what is not."""

import numpy as np
import pandas as pd
import pytest

from crimestats.errors import CallError
from crimestats.frames import BREAKDOWNS, FINDINGS, TRENDS
from crimestats.trends.jumps import jumps

KEYS = {
    "iccs": "0101", "measure": "victims", "unit": "number", "stage": "recorded", "source": "CJS",
    **dict.fromkeys(BREAKDOWNS, "_T"), "grouping": "_Z", "method": "_Z", "rate_status": "exact",
    "segment": 1, "basis": "reported", "status": "exact", "n_areas": 1, "entered": "", "left": "",
    "regime": "_U", "period": "_U", "provisional": "_U", "findings": "", "figure_id": "", "area": "FJI",
}  # fmt: skip
NUMBERS = [name for name, kind in TRENDS.columns.items() if kind == "number"]
RESIDENTS = 10_000_000
QUIET = (412, 430, 405, 421, 440, 418, 409, 433)
JUMP = (*QUIET[:5], *(2 * count for count in QUIET[:5]))


def line(*counts, first=2010, **keys):
    """Figures of one series in consecutive years; None where there is none."""
    value = np.array(counts, dtype=float)
    rows = pd.DataFrame({**dict.fromkeys(NUMBERS, np.nan), **KEYS, **keys}, index=range(len(value)))
    rates = dict.fromkeys(("rate", "rate_lower", "rate_upper"), value / RESIDENTS * 1e5)
    years = np.arange(first, first + len(value))
    return rows.assign(year=years, value=value, lower=value, upper=value, population=RESIDENTS, **rates)


def asked(*lines, **limits):
    found = jumps(TRENDS.join(*map(TRENDS.cast, lines)), **limits)
    FINDINGS.check(found)
    return found


def test_a_doubled_level_is_asked_about_once_and_nothing_is_changed():
    found = asked(line(*JUMP))
    assert [*zip(found["area"], found["year"], found["rule"], found["severity"], strict=True)] == [
        ("FJI", 2015, "TAB-04", "query")
    ]
    assert found["message"].iloc[0] == (
        "TAB-04 at 0101 victims recorded CJS (FJI 2015): the rate was about 4.22 in 2012 to 2014 and is about 8.31 "
        "in 2015 to 2017, 1.97 times as much, far beyond its other changes from year to year. Is there a break in "
        "2015? Declare it in the metadata, or explain the change in the note column."
    )


@pytest.mark.parametrize(
    "counts",
    [
        QUIET,
        (*QUIET, 836),  # the last year alone: an outlier until a second one says the same
        (*QUIET[:4], 836, *QUIET[4:]),
        tuple(400 * 1.1**year for year in range(12)),
        (4, 6, 3, 5, 4, 11, 9, 12, 8, 10),  # Poisson counts do that
        JUMP[2:7],  # too few years
        (*(100,) * 6, *(115,) * 6),  # too small to ask about
        (0,) * 12,
    ],
    ids=["quiet", "last", "spike", "growth", "small", "short", "slight", "nil"],
)
def test_nothing_is_asked_about(counts):
    assert asked(line(*counts)).empty


def test_a_declared_break_is_no_jump():
    old, new = line(*QUIET), line(*(2 * count for count in QUIET), first=2018, segment=2)
    assert asked(old, new).empty
    assert len(asked(old, new.assign(segment=1))) == 1


def test_series_that_jump_together_are_one_question():
    found = asked(line(*JUMP), line(*JUMP, sex="M"), line(*JUMP, sex="F"), line(*JUMP, iccs="0501"))
    assert [*zip(found["others"], found["message"].str.slice(10, 14), strict=True)] == [
        ("sex=F; sex=M", "0101"), ("", "0501")
    ]  # fmt: skip
    assert "sex=F" in asked(line(*JUMP, sex="F"))["message"].iloc[0]


def test_only_reported_figures_of_areas_are_looked_at():
    summed = line(*JUMP, basis="summed")
    group = line(*JUMP, grouping="m49", method="reported", area="054")
    bounded = line(*JUMP).assign(value=np.nan)
    assert asked(summed, group, bounded).empty


def test_measures_without_a_rate_are_looked_at_by_value():
    no_rate = line(*JUMP, measure="deaths", stage="imprisonment", rate_status="_Z")
    found = asked(no_rate.assign(rate=np.nan, rate_lower=np.nan, rate_upper=np.nan))
    assert found["value"].tolist() == ["831"]
    assert "the figure was about" in found["message"].iloc[0]


def test_residents_that_double_with_the_count_are_no_jump():
    doubled = line(*JUMP)
    doubled["population"] = np.where(doubled["year"] < 2015, RESIDENTS, 2 * RESIDENTS)
    for name in ("rate", "rate_lower", "rate_upper"):
        doubled[name] = doubled["value"] / doubled["population"] * 1e5
    assert asked(doubled).empty


def test_a_missing_year_does_not_hide_a_jump():
    counts = line(*JUMP[:5], 999, *JUMP[5:])
    found = asked(counts[counts["year"] != 2015])
    assert found["year"].tolist() == [2016]


def test_few_series_without_a_jump_are_asked_about():
    random = np.random.default_rng(11)
    lines = [
        line(*random.poisson(2000 * np.exp(random.normal(0, 0.1, 20))), area=f"A{at}") for at in range(200)
    ]
    assert len(asked(*lines)) <= 200 * 0.05


def test_ids_and_limits():
    one, two = asked(line(*JUMP)), asked(line(*JUMP, area="AUS"), line(*JUMP))
    assert set(one["finding_id"]) < set(two["finding_id"])
    assert two["finding_id"].is_unique
    assert asked(line(*JUMP), least_step=1000).empty
    assert asked(line(*JUMP), least_ratio=3).empty
    assert asked(line(*JUMP), penalty=1e6).empty
    assert asked(line(*JUMP), least_years=11).empty
    with pytest.raises(CallError, match="least_years"):
        asked(line(*JUMP), least_years=3)
