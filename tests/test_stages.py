"""Attrition tables and prisons."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimestats.frames import BREAKDOWNS, TRENDS
from crimestats.questionnaire import codelist
from crimestats.trends.stages import WARNING, attrition, divided, prisons, stages

NUMBERS = [name for name, kind in TRENDS.columns.items() if kind == "number"]
STAGE_OF = {
    "offences": "recorded", "victims": "recorded", "suspected": "formal_contact", "prosecuted": "prosecution",
    "convicted": "conviction", "held": "imprisonment", "capacity": "imprisonment",
}  # fmt: skip
KEYS = {
    "iccs": "0101", "unit": "number", "source": "CJS", **dict.fromkeys(BREAKDOWNS, "_T"), "grouping": "_Z",
    "method": "_Z", "rate_status": "exact", "segment": 1, "basis": "reported", "status": "exact", "n_areas": 1,
    "entered": "", "left": "", "regime": "_U", "period": "_U", "provisional": "_U", "findings": "",
    "figure_id": "", "area": "FJI", "year": 2020,
}  # fmt: skip


def trends_of(*lines):
    """Rows from texts of measure, figure (or <5), and key=code."""
    rows = []
    for line in lines:
        measure, figure, *further = line.split()
        value, lower, upper = (np.nan, 0.0, float(figure[1:]) - 1) if "<" in figure else (float(figure),) * 3
        rates = {"population": 1e5, "rate": value, "rate_lower": lower, "rate_upper": upper}
        keys = {
            **KEYS,
            "measure": measure,
            "stage": STAGE_OF[measure],
            **dict(pair.split("=") for pair in further),
        }
        if STAGE_OF[measure] == "imprisonment":
            keys["iccs"] = "_T" if measure == "held" else "_Z"
        rows.append(
            {
                **dict.fromkeys(NUMBERS, np.nan),
                "value": value,
                "lower": lower,
                "upper": upper,
                **rates,
                **keys,
            }
        )
    return TRENDS.cast(pd.DataFrame(rows))


def listed(table, *columns):
    return [*zip(*(table[name] for name in columns), strict=True)]


def test_each_stage_by_the_one_before():
    table = attrition(trends_of("victims 50", "suspected 40", "prosecuted 20", "convicted 15"))
    assert listed(table, "measure", "by", "ratio")[1:] == [
        ("suspected", "victims", 0.8), ("prosecuted", "suspected", 0.5), ("convicted", "prosecuted", 0.75),
    ]  # fmt: skip
    assert set(table["warning"]) == {WARNING}
    assert (table["ratio_lower"].dropna() == table["ratio"].dropna()).all()


def test_offences_go_before_victims_and_a_missing_stage_is_not_jumped_over():
    table = attrition(trends_of("victims 60", "offences 50", "suspected 40", "convicted 15"))
    assert listed(table, "measure", "by")[1:] == [("suspected", "offences"), ("convicted", "prosecuted")]
    assert np.isnan(table["ratio"].iloc[-1])
    assert np.isnan(table["ratio_upper"].iloc[-1])


def test_victims_by_sex_are_not_set_against_suspects_by_sex():
    table = attrition(trends_of("victims 50 sex=F", "suspected 4 sex=F", "prosecuted 3 sex=F"))
    assert listed(table, "measure", "by") == [("suspected", ""), ("prosecuted", "suspected")]
    assert table["ratio"].iloc[1] == 0.75


def test_what_cannot_be_set_side_by_side_is_left_out():
    lines = ("suspected 40", "prosecuted 20")
    assert attrition(trends_of(*lines)).shape[0] == 2
    assert attrition(trends_of(*(f"{line} grouping=m49 area=009" for line in lines))).empty
    assert attrition(trends_of(lines[0], lines[1] + " source=HEALTH")).empty
    assert attrition(trends_of(lines[0], lines[1] + " citizenship=NAT")).empty
    assert attrition(trends_of(lines[0], lines[1] + " year=2021")).empty
    assert attrition(trends_of(lines[0], lines[1] + " iccs=0501")).empty


def test_bounds_of_ratios():
    table = attrition(trends_of("offences <5", "suspected 8", "prosecuted <5", "convicted 0"))
    bounds = listed(table, "ratio", "ratio_lower", "ratio_upper")[1:]
    expected = [(np.nan, 2, np.inf), (np.nan, 0, 0.5), (np.nan, 0, 0)]
    assert np.array(bounds) == pytest.approx(np.array(expected), nan_ok=True)


@given(
    numbers=st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 9), st.sampled_from([0, 0.25, 0.5, 1])),
        min_size=2,
        max_size=2,
    )
)
def test_ratios_of_figures_within_their_bounds_are_within_the_bounds(numbers):
    parts = [(low + part * width, low, low + width) for low, width, part in numbers]
    top, bottom = (pd.DataFrame([part], columns=["value", "lower", "upper"]) for part in parts)
    ratio = {name: numbers.iloc[0] for name, numbers in divided(top, bottom).items()}
    if parts[1][0] > 0:
        assert ratio["ratio_lower"] <= ratio["ratio"] * (1 + 1e-12)
        assert ratio["ratio"] <= ratio["ratio_upper"] * (1 + 1e-12)
    else:
        assert np.isnan(ratio["ratio"])


def test_prison_rate_occupancy_and_unsentenced_share():
    table = prisons(
        trends_of("held 120", "held 30 legal_status=UNS", "held 90 legal_status=SEN", "capacity 100")
    )
    assert listed(table, "indicator", "value", "numerator", "denominator") == [
        ("occupancy", 1.2, 120, 100), ("prison_rate", 120, 120, 1e5), ("unsentenced_share", 0.25, 30, 120),
    ]  # fmt: skip


def test_more_unsentenced_than_held_is_said_and_not_given():
    table = prisons(trends_of("held 20", "held 30 legal_status=UNS"))
    share = table[table["indicator"] == "unsentenced_share"].iloc[0]
    assert np.isnan([share["value"], share["lower"], share["upper"]]).all()
    assert share["note"] == "more unsentenced persons than persons held"


def test_bounds_of_a_share_end_at_one():
    table = prisons(trends_of("held 3", "held <6 legal_status=UNS", "capacity <3"))
    bounds = table.set_index("indicator")[["value", "lower", "upper"]]
    assert bounds.loc["unsentenced_share"].tolist() == pytest.approx([np.nan, 0, 1], nan_ok=True)
    assert bounds.loc["occupancy"].tolist() == pytest.approx([np.nan, 1.5, np.inf], nan_ok=True)


def test_prisons_are_of_one_sex_and_provisional_if_a_part_is():
    table = prisons(
        trends_of("held 20 sex=F", "held 5 legal_status=UNS sex=F provisional=yes", "capacity 30")
    )
    assert listed(table, "sex", "indicator", "provisional") == [
        ("F", "prison_rate", "_U"), ("F", "unsentenced_share", "yes")
    ]  # fmt: skip
    assert prisons(trends_of("held 20 iccs=0101"))["indicator"].tolist() == ["prison_rate"]
    assert prisons(TRENDS.empty()).empty
    assert attrition(TRENDS.empty()).empty


def test_stages_are_codes_of_the_questionnaires():
    table = stages()
    for column in ("stage", "measure"):
        assert set(table[column]) <= set(codelist(column)["code"])
    assert table["order"].is_monotonic_increasing
