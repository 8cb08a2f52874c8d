"""Two sources that overlap: what is adjusted, what is refused, and that neither is changed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats.errors import CallError
from crimestats.frames import BREAKDOWNS, CLASSIFIED
from crimestats.trends.adjusting import level_adjusted, with_adjusted

NUMBERS = ["value", "lower", "upper"]


def classified_of(text):
    """Figures from lines of area, source, year, figure (or <5), and key=code."""
    rows = []
    for place, line in enumerate(text.strip().splitlines()):
        area, source, year, figure, *further = line.split()
        if figure == "-":
            bounds = (np.nan,) * 3
        else:
            bounds = (np.nan, 0.0, float(figure[1:]) - 1) if "<" in figure else (float(figure),) * 3
        rows.append({
            "area": area, "year": int(year), "item": "any", "scheme": "iccs-1.0", "code": "0101", "iccs": "0101",
            "measure": "victims", "unit": "number", "stage": "recorded", "source": source,
            **dict.fromkeys(BREAKDOWNS, "_T"), **dict(zip(NUMBERS, bounds, strict=True)),
            "status": "bounded" if figure.startswith("<") else "exact", "segment": 1, "findings": "", "note": "",
            "return_id": "r", "sheet": "s", "cell": f"D{place}", "iccs_version": "1.0", "share_lower": 1.0,
            "share": 1.0, "share_upper": 1.0, "relation": "equal", "tags": "_Z", "correspondence": "_Z",
            **dict(pair.split("=") for pair in further),
        })  # fmt: skip
    return CLASSIFIED.cast(pd.DataFrame(rows))


def source(name, first, *figures, area="FJI", further=""):
    figures = [f"{area} {name} {first + at} {each} {further}" for at, each in enumerate(figures)]
    return "\n".join(line for line in figures if " None " not in line) + "\n"


HEALTH = source("HEALTH", 2010, 60, 66, 72, 88, 77, 99)
JUSTICE = source("CJS", 2013, 80, 70, 90, 85)


def test_years_of_one_source_are_brought_to_the_level_of_the_other():
    table = level_adjusted(classified_of(HEALTH + JUSTICE), "CJS", "HEALTH")
    assert table["year"].tolist() == [2010, 2011, 2012]
    assert table["value"].tolist() == [60, 66, 72]
    assert table["adjusted"].to_numpy() == pytest.approx(np.array([60, 66, 72]) / 1.1)
    assert table["factor"].to_numpy() == pytest.approx(1 / 1.1)
    assert set(table["overlap"]) == {"2013 2014 2015"}
    assert table["spread"].to_numpy() == pytest.approx(0, abs=1e-12)
    assert "mean ratio of CJS to HEALTH in 2013, 2014, 2015" in table["recipe"].iloc[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEALTH + source("CJS", 2014, 70, 90, 85), "only 2 years"),
        (HEALTH + source("CJS", 2013, 80, 40, 120), "do not move alike"),
        (source("HEALTH", 2005, *(100,) * 8) + source("CJS", 2007, 100, 96, 93, 90, 86, 83), "drift apart"),
        (HEALTH + source("CJS", 2013, "<5", "<5", "<5"), "no year"),
        (HEALTH + JUSTICE + source("HEALTH", 2010, 3), "several figures"),
        (source("HEALTH", 2010, 60, 66, 72) + source("HEALTH", 2013, 88, 77, 99, further="segment=2") + JUSTICE, "no year"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(text, reason):
    table = level_adjusted(classified_of(text), "CJS", "HEALTH")
    assert set(table["status"]) == {"refused"}
    assert table["reason"].str.contains(reason).all()
    assert table[["adjusted", "adjusted_lower", "adjusted_upper", "factor"]].isna().all(axis=None)
    assert len(with_adjusted(classified_of(text), table, "CJS", "HEALTH")) == len(text.strip().splitlines())


def test_bounds_are_carried_and_widened_by_the_spread():
    uneven = classified_of(source("HEALTH", 2011, "<21", 72, 88, 77, 99) + source("CJS", 2013, 80, 73, 88))
    table = level_adjusted(uneven, "CJS", "HEALTH").set_index("year")
    ratios = np.log([80 / 88, 73 / 77, 88 / 99])
    reach = 4.302652729911275 * ratios.std(ddof=1) * np.sqrt(4 / 3)  # Student's t, 2 degrees, 97.5 per cent
    low, high = np.exp(ratios.mean() - reach), np.exp(ratios.mean() + reach)
    assert table.loc[2012, ["adjusted_lower", "adjusted_upper"]].tolist() == pytest.approx(
        [72 * low, 72 * high]
    )
    assert table.loc[2011, ["adjusted_lower", "adjusted_upper"]].tolist() == pytest.approx([0, 20 * high])
    assert np.isnan(table.loc[2011, "adjusted"])


def test_adjusted_figures_are_a_source_beside_both():
    given_figures = classified_of(HEALTH + source("CJS", 2013, 80, 73, 90, 85) + source("CJS", 2012, "-"))
    table = with_adjusted(given_figures, level_adjusted(given_figures, "CJS", "HEALTH"), "CJS", "HEALTH")
    CLASSIFIED.check(table)
    pd.testing.assert_frame_equal(
        table[: len(given_figures)].astype("str"), given_figures.astype("str"), check_dtype=False
    )
    made = table[len(given_figures) :]
    assert set(made["source"]) == {"adjusted:CJS+HEALTH"}
    figures = made.dropna(subset="lower").set_index("year").sort_index()
    assert figures["status"].tolist() == ["bounded"] * 3 + ["exact"] * 4
    assert figures["value"].isna().tolist() == [True] * 3 + [False] * 4
    assert figures.loc[2010, "note"].startswith("HEALTH times 0.9219 (0.8173 to 1.04), best 55.3138: ")
    assert set(made["segment"]) == {1}


def test_an_even_ratio_gives_exact_figures():
    even = classified_of(source("HEALTH", 2010, 60, 88, 76, 98) + source("CJS", 2011, 44, 38, 49))
    table = with_adjusted(even, level_adjusted(even, "CJS", "HEALTH"), "CJS", "HEALTH")
    assert table.loc[
        (table["source"] == "adjusted:CJS+HEALTH") & (table["year"] == 2010), "value"
    ].tolist() == [30]


def test_a_figure_is_adjusted_by_the_overlap_nearest_to_it():
    health = source("HEALTH", 2000, *(100,) * 12)
    old, new = source("CJS", 2001, 50, 50, 50), source("CJS", 2008, 80, 80, 80, further="segment=2")
    table = level_adjusted(classified_of(health + old + new), "CJS", "HEALTH").set_index("year")
    assert table["factor"].round(6).to_dict() == {
        2000: 0.5,
        2004: 0.5,
        2005: 0.5,
        2006: 0.8,
        2007: 0.8,
        2011: 0.8,
    }
    assert table["segment"].to_dict() == {2000: 1, 2004: 1, 2005: 1, 2006: 2, 2007: 2, 2011: 2}


def test_lines_are_apart():
    women = source("HEALTH", 2010, 6, 6, 6, 8, 8, 8, further="sex=F")
    text = HEALTH + JUSTICE + women + source("HEALTH", 2010, 5, 5, 5, area="AUS")
    table = level_adjusted(classified_of(text), "CJS", "HEALTH")
    assert set(zip(table["area"], table["sex"], strict=True)) == {("FJI", "_T")}


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.1, 10), figures=st.lists(st.integers(1, 10_000), min_size=5, max_size=5))
def test_a_source_that_is_a_multiple_is_brought_back(factor, figures):
    health, justice = (
        source("HEALTH", 2010, *(each * factor for each in figures)),
        source("CJS", 2012, *figures[2:]),
    )
    table = level_adjusted(classified_of(health + justice), "CJS", "HEALTH")
    assert table["adjusted"].to_numpy() == pytest.approx(np.array(figures[:2]), rel=1e-9)


@pytest.mark.parametrize(
    "call", [("CJS", "CJS", 3), ("WHO", "CJS", 3), ("CJS", "WHO", 3), ("CJS", "HEALTH", 2)]
)
def test_calls_that_cannot_be_are_refused(call):
    with pytest.raises(CallError):
        level_adjusted(classified_of(HEALTH + JUSTICE), call[0], call[1], least_overlap=call[2])
