"""Regions of the Global Study on Homicide 2019, from UNODC's estimates and from what was reported alone."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import crimestats as cs
from crimestats import areas, frames

FOLDER = Path(__file__).resolve().parents[1] / "notebooks" / "data"
PUBLISHED = {"002": 13.0, "019": 17.2, "142": 2.3, "150": 3.0, "009": 2.8}
FOUR = ["019", "142", "150", "009"]
KEYS = {"measure": "victims", "unit": "number", "stage": "recorded", "source": "criminal_justice"}


def given(name):
    return pd.read_csv(FOLDER / f"homicide_{name}.csv", dtype={"area": "str"}, keep_default_na=False)


def population():
    return given("population").assign(sex="_T", age="_T", source="UNODC")


def classified(name):
    rows = given(name)
    figures = rows[["area", "year"]].assign(
        item="homicide", scheme="iccs-1.0", code="0101", **KEYS, **dict.fromkeys(frames.BREAKDOWNS, "_T"),
        value=rows["value"], lower=rows["value"], upper=rows["value"], status="exact", segment=1,
        findings="", note="", return_id="made", sheet="_Z", cell="_Z",
    )  # fmt: skip
    return cs.classify(frames.OBSERVATIONS.cast(figures))


@cache
def regions(column, method):
    table = cs.tabulate(classified(column), population(), methods=(method,))
    return table[table["method"] == method].astype({"area": "str"}).set_index(["area", "year"])


def estimates():
    """UNODC's own: sums over the areas that it has an estimate of."""
    region = areas.regions().set_index("area")["region"]
    rows = given("estimated").assign(region=lambda table: table["area"].map(region))
    return rows.groupby(["region", "year"])["value"].sum()


@pytest.mark.parametrize("code", FOUR)
def test_unodcs_estimates_give_the_published_rates(code):
    assert regions("estimated", "reported").loc[(code, 2017), "rate"] == pytest.approx(
        PUBLISHED[code], abs=0.05
    )


@pytest.mark.parametrize("code", FOUR)
def test_what_was_reported_gives_them_too_once_gaps_are_estimated(code):
    assert regions("reported", "estimated").loc[(code, 2017), "rate"] == pytest.approx(
        PUBLISHED[code], abs=0.25
    )


def test_the_bounds_hold_unodcs_estimates_in_nine_of_ten_region_years():
    table, theirs = regions("reported", "estimated"), estimates()
    years = table[table.index.isin([(code, year) for code in FOUR for year in range(1990, 2018)])]
    known = theirs.reindex(years.index)
    assert len(years) == 4 * 28
    assert ((years["lower"] <= known) & (known <= years["upper"])).mean() >= 0.9


def test_africa_is_refused_or_its_bounds_hold_what_was_published():
    row = regions("reported", "estimated").loc[("002", 2017)]
    assert row["coverage_reported"] < 0.25
    assert row["status"] == "below_floor" or row["rate_lower"] <= PUBLISHED["002"] <= row["rate_upper"]


def test_the_world_hides_nothing_of_it():
    table = regions("reported", "estimated")
    world, africa = table.loc[("001", 2017)], table.loc[("002", 2017)]
    if africa["status"] == "below_floor":
        assert world["status"] == "below_floor"
    else:
        assert world["upper"] - world["lower"] >= 0.9 * (africa["upper"] - africa["lower"])


def test_no_figure_is_printed_below_the_floor():
    for method in ("reported", "panel", "estimated"):
        table = regions("reported", method)
        refused = table["status"] == "below_floor"
        assert table.loc[refused, ["value", "lower", "upper", "rate"]].isna().all(axis=None)
        assert (table.loc[~refused, "coverage_population"] >= 0.5).all()
        regions_refused = refused[refused.index.get_level_values("area").isin(PUBLISHED)]
        worst = regions_refused.groupby("year").any()
        assert refused.xs("001", level="area").loc[worst[worst].index].all()
    assert regions("reported", "reported").loc[("002", 2017), "status"] == "below_floor"
