"""Trend tables: coverage and floors, panels, who came and went, intervals, regimes, small countries, national codes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crimestats import areas, frames
from crimestats.classification import Correspondence, classify
from crimestats.errors import CallError
from crimestats.trends import encoding, lineage, tabulate
from crimestats.trends.intervals import EXACT_UP_TO, poisson
from test_trends import (
    EUROPE,
    OCEANIA,
    PEOPLE,
    SERIES,
    WITHOUT_FLOOR,
    YEARS,
    classified_of,
    people,
    seen,
    table_of,
)

NORTH = ["AUT", "BEL", "CZE", "DEU", "DNK", "EST", "FIN", "FRA", "GRC", "HUN", "IRL", "ITA"]


def lines(*rows, code="0101"):
    """Lines of area, first year and the figures of the years from there."""
    return "\n".join(
        f"{area} {year} {code} {figure}"
        for area, first, *figures in rows
        for year, figure in enumerate(figures, start=first)
        if figure is not None
    )


def group(text, code, **arguments):
    table = table_of(text, groupings=("m49",), **arguments)
    return table[(table["area"] == code) & (table["grouping"] == "m49")]


def citizens(persons):
    """The same residents of every country in every year."""
    rows = [(area, year, "_T", "_T", float(persons.get(area, 1e-6))) for area in persons for year in YEARS]
    elsewhere = sorted(set(areas.population()["area"].astype(str)) - set(persons))
    rows += [(area, year, "_T", "_T", 1e-6) for area in elsewhere for year in YEARS]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "age", "population"])


# Coverage and the floor


@pytest.mark.parametrize(
    ("reporting", "status", "value"),
    [
        (NORTH[:5], "exact", 50.0),
        (NORTH[:4], "below_floor", None),  # too few areas
        (NORTH[1:9], "below_floor", None),  # less than half of the residents
    ],
)
def test_below_the_floor_no_figure_is_given(reporting, status, value):
    living = citizens({area: 100 if place == 0 else 10 for place, area in enumerate(NORTH)})
    text = "\n".join(f"{area} 2020 0101 10" for area in reporting)
    table = tabulate(classified_of(text), living)
    found = table[table["area"] == EUROPE]
    assert seen(found, "status", "value", "lower", "upper") == [(status, value, value, value)]
    hidden = ["rate", "rate_lower", "interval_lower", "interval_upper", "index", "change"]
    assert found[hidden[:-2]].isna().all(axis=None) == (value is None)
    assert found["n_areas"].item() == len(reporting)
    assert found["coverage_population"].notna().all()
    again = tabulate(classified_of(text), living, floor_population=0, floor_areas=0)
    assert again.loc[again["area"] == EUROPE, "value"].tolist() == [10.0 * len(reporting)]


def test_of_a_small_group_half_of_the_areas_are_enough():
    shown = table_of(
        lines(("AUS", 2020, 5), ("NZL", 2020, 5)), groupings=("m49",), floor_population=0.5, floor_areas=5
    )
    assert shown[shown["area"] == "053"]["status"].tolist() == ["exact"]
    assert shown[shown["area"] == OCEANIA]["status"].tolist() == ["below_floor"]


def test_nothing_is_compared_with_a_figure_below_the_floor():
    living = citizens(dict.fromkeys(NORTH, 10))
    text = lines(
        *[
            (area, 2019 if place < 4 else 2020, *([3] * (3 if place < 4 else 2)))
            for place, area in enumerate(NORTH)
        ]
    )
    table = tabulate(classified_of(text), living)
    found = table[table["area"] == EUROPE]
    assert found["status"].tolist() == ["below_floor", "exact", "exact"]
    assert seen(found, "change_within", "change_coverage") == [(None, None), (None, None), (0.0, 0.0)]


def test_the_share_of_volume_is_that_of_the_areas_with_a_figure():
    found = group(lines(("FJI", 2019, 10, 30), ("AUS", 2019, 100), ("NZL", 2020, "50..90")), OCEANIA)
    whole = 20 + 100 + 70
    assert found["coverage_volume"].tolist() == pytest.approx([120 / whole, 90 / whole])
    assert (
        seen(found, "coverage_population", "coverage_reported")[0][0]
        == seen(found, "coverage_reported")[0][0]
    )


def test_of_figures_that_are_all_nil_no_share_of_volume_is_given():
    assert group("FJI 2019 0101 0", OCEANIA)["coverage_volume"].isna().all()


def test_who_entered_and_who_left():
    found = group(
        lines(("FJI", 2018, 1, 1, None, 1), ("AUS", 2019, 1, 1, 1), ("NZL", 2018, 1, None, "blank", "<5")),
        OCEANIA,
    )
    assert seen(found, "year", "entered", "left") == [
        (2018, "FJI NZL", ""), (2019, "AUS", "NZL"), (2020, "", "FJI"), (2021, "FJI NZL", ""),
    ]  # fmt: skip
    assert (table_of("FJI 2019 0101 1")[["entered", "left"]] == "").all(axis=None)


def test_the_change_of_a_group_is_divided():
    found = group(lines(("FJI", 2019, 10, 12), ("AUS", 2019, 30), ("NZL", 2020, 20)), OCEANIA)
    assert found["change_within"].tolist()[1] == pytest.approx(2 / 40)
    assert found["change_coverage"].tolist()[1] == pytest.approx((20 - 30) / 40)
    assert found["change"].isna().all()
    rate = 32 / (PEOPLE["FJI"] + PEOPLE["NZL"]) / (40 / (PEOPLE["FJI"] + PEOPLE["AUS"])) - 1
    parts = found[["rate_change_within", "rate_change_coverage"]].iloc[1]
    assert parts.sum() == pytest.approx(rate)
    assert parts["rate_change_within"] == pytest.approx(
        (2 / PEOPLE["FJI"]) / (40 / (PEOPLE["FJI"] + PEOPLE["AUS"]))
    )


def test_an_area_behind_a_break_has_not_changed_but_come():
    found = group("FJI 2019 0101 10\nFJI 2020 0101 30 segment=2\nAUS 2019 0101 10\nAUS 2020 0101 12", OCEANIA)
    assert found["change_within"].tolist()[1] == pytest.approx(2 / 20)
    assert found["change_coverage"].tolist()[1] == pytest.approx(20 / 20)
    assert found["entered"].tolist() == ["AUS FJI", ""]


some = settings(max_examples=25, deadline=None)
AREAS = ["FJI", "AUS", "NZL", "TUV"]
FIGURES = st.dictionaries(
    st.tuples(st.sampled_from(AREAS), st.integers(2016, 2021)), st.integers(0, 30), min_size=4
)


@some
@given(FIGURES)
def test_the_parts_of_a_change_add_to_it(figures):
    text = "\n".join(f"{area} {year} 0101 {figure}" for (area, year), figure in figures.items())
    found = group(text, OCEANIA).set_index("year")
    for year, row in found.iterrows():
        for name, parts in (("value", ("change_within", "change_coverage")),
                            ("rate", ("rate_change_within", "rate_change_coverage"))):  # fmt: skip
            last = found[name].get(year - 1, np.nan)
            expected = row[name] / last - 1 if last > 0 else np.nan
            assert row[parts[0]] + row[parts[1]] == pytest.approx(expected, nan_ok=True, abs=1e-9)
        came = {area for area in AREAS if (area, year) in figures and (area, year - 1) not in figures}
        if year - 1 in found.index:
            assert set(row["entered"].split()) == came
            went = {area for area in AREAS if (area, year - 1) in figures and (area, year) not in figures}
            assert set(row["left"].split()) == went
            both = {area for area in AREAS if (area, year) in figures and (area, year - 1) in figures}
            if not both:
                assert row["change_within"] == 0 or np.isnan(row["change_within"])


# Panels


def test_a_panel_has_the_areas_with_every_year():
    text = lines(("FJI", 2018, 1, 2, 3), ("AUS", 2018, 10, None, 30), ("NZL", 2018, 5, "<5", 7))
    found = group(text, OCEANIA, methods=("panel",))
    assert seen(found, "year", "lower", "upper", "n_areas", "entered", "left", "segment") == [
        (2018, 6.0, 6.0, 2, "FJI NZL", "", 1), (2019, 2.0, 6.0, 2, "", "", 1), (2020, 10.0, 10.0, 2, "", "", 1),
    ]  # fmt: skip
    assert found["coverage_volume"].between(0, 0.5).all()


def test_a_window_of_years():
    text = lines(("FJI", 2018, 1, 2, 3), ("AUS", 2018, 10, 20), ("NZL", 2019, 5, 6))
    found = group(text, OCEANIA, methods=("panel",), window=(2018, 2019))
    assert seen(found, "year", "value") == [(2018, 11.0), (2019, 22.0)]
    assert group(text, OCEANIA, methods=("panel",), window=(2015, 2019)).empty


def test_an_area_that_breaks_is_in_no_panel():
    text = "FJI 2019 0101 1\nFJI 2020 0101 2 segment=2\nAUS 2019 0101 3\nAUS 2020 0101 4"
    assert group(text, OCEANIA, methods=("panel",))["value"].tolist() == [3.0, 4.0]


def test_methods_stand_side_by_side_with_their_lineage():
    text = lines(("FJI", 2019, 1, 2), ("AUS", 2019, 3))
    classified = classified_of(text)
    table = table_of(classified, groupings=("m49",), methods=("reported", "panel"))
    found = table[table["area"] == OCEANIA]
    assert seen(found, "method", "year", "value") == [
        ("reported", 2019, 4.0), ("reported", 2020, 2.0), ("panel", 2019, 1.0), ("panel", 2020, 2.0),
    ]  # fmt: skip
    assert table["figure_id"].is_unique
    edges = lineage(classified, table)
    values = table.set_index("figure_id")["value"]
    made = edges[edges["part_kind"] == "figure"]
    sums = (made["part_id"].map(values) * made["weight"]).groupby(made["figure_id"]).sum()
    pd.testing.assert_series_equal(sums, values.loc[sums.index], check_names=False)
    narrow = table_of(classified, groupings=("m49",), methods=("panel",), window=(2019, 2019))
    with pytest.raises(CallError, match="do not follow"):
        lineage(classified, narrow)
    assert len(lineage(classified, narrow, window=(2019, 2019)))


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"methods": ("guessed",)}, "no method 'guessed'"), ({"methods": ()}, "no method is named"),
        ({"window": (2020, 2019)}, "2020 is after 2019"), ({"small_rule": "smooth"}, "no rule 'smooth'"),
    ],
)  # fmt: skip
def test_wrong_calls_are_refused(arguments, fault):
    with pytest.raises(CallError, match=fault):
        group("FJI 2020 0101 1", OCEANIA, **arguments)


# Bounds and intervals


def test_index_and_change_of_bounded_figures_have_bounds():
    found = table_of(lines(("FJI", 2018, 4, "<5", 8, "2..6")))
    rows = found[["index_lower", "index_upper", "change_lower", "change_upper"]].to_numpy()
    expected = [[100, 100, np.nan, np.nan], [0, 100, -1, 0], [200, 200, 1, np.inf], [50, 150, -0.75, -0.25]]
    assert rows == pytest.approx(np.array(expected), nan_ok=True)
    exact = found[found["value"].notna() & found["change"].notna()]
    assert (exact["change_lower"] == exact["change"]).all()


@pytest.mark.parametrize("count", [0, 1, 5, EXACT_UP_TO, 2.5])
def test_small_counts_have_the_exact_interval(count):
    (low,), (high,) = poisson(np.array([float(count)]), np.array([float(count)]))
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * count + 2) / 2)


def test_above_them_the_interval_is_that_of_the_score_test():
    count = float(EXACT_UP_TO + 44)
    (low,), (high,) = poisson(np.array([count]), np.array([count]))
    z = stats.norm.ppf(0.975)
    assert [(count - end) / np.sqrt(end) for end in (low, high)] == pytest.approx([z, -z])
    assert [low, high] == pytest.approx(
        [stats.chi2.ppf(0.025, 2 * count) / 2, stats.chi2.ppf(0.975, 2 * count + 2) / 2], rel=0.01
    )


def test_intervals_of_rates():
    table = table_of(
        "FJI 2020 0101 9\nFJI 2021 0101 <10\nFJI 2022 0101 >5\nFJI 2023 0101 blank", groupings=("m49",)
    )
    ends = [stats.chi2.ppf(0.025, 18) / 2, stats.chi2.ppf(0.975, 20) / 2]
    for area in ("FJI", OCEANIA):
        rows = table[table["area"] == area][["interval_lower", "interval_upper"]].to_numpy() * 9
        assert rows[0] == pytest.approx(ends)
        assert rows[1] == pytest.approx([0, ends[1]])
        assert rows[2] == pytest.approx([stats.chi2.ppf(0.025, 12) / 2, np.inf])
    assert table[table["status"] == "blank"]["interval_lower"].isna().all()
    without = table_of("FJI 2020 _Z 9 measure=deaths\nFJI 2020 _Z 9 measure=sample unit=number")
    assert without[["interval_lower", "interval_upper"]].isna().all(axis=None)


# Regimes and periods


@pytest.mark.parametrize(
    ("regimes", "segments"),
    [
        (["a=1", "a=1", "a=2", "a=2"], [1, 1, 2, 2]),
        (["a=1", "_U", "a=2", "a=1"], [1, 1, 2, 3]),
        (["a=1", "b=1", "a=1;b=1", "b=2"], [1, 1, 1, 2]),
        (["a=1;b=1", "a=1;b=2", "a=2", "a=2;b=2"], [1, 2, 3, 3]),
        (["_U", "_U", "a=1", "b=2"], [1, 1, 1, 1]),
    ],
)
def test_a_segment_ends_where_counting_rules_contradict_each_other(regimes, segments):
    text = "\n".join(
        f"FJI {year} 0101 {year} regime={regime}" for year, regime in enumerate(regimes, start=2018)
    )
    found = table_of(text, groupings=("m49",))
    for area in ("FJI", OCEANIA):
        rows = found[found["area"] == area]
        assert rows["segment"].tolist() == segments
        assert rows["regime"].tolist() == regimes


def test_a_segment_ends_where_the_reference_period_changes():
    periods = ["calendar", "_U", "calendar", "other_period", "_U"]
    text = "\n".join(f"FJI {year} 0101 5 period={period}" for year, period in enumerate(periods, start=2018))
    assert table_of(text)["segment"].tolist() == [1, 1, 1, 2, 2]


def test_a_break_at_a_missing_figure_is_one_for_those_behind_it():
    text = "FJI 2018 0101 5 regime=a=1\nFJI 2019 0101 blank regime=a=2\nFJI 2020 0101 5 regime=_U"
    assert table_of(text)["segment"].tolist() == [1, 2, 2]


def test_sums_say_whether_their_parts_are_alike():
    text = "FJI 2020 0101 1 regime=a=1 period=calendar provisional=no\nAUS 2020 0101 1 regime=a=2 period=calendar provisional=yes"
    found = group(text, OCEANIA)
    assert seen(found, "regime", "period", "provisional") == [("mixed", "calendar", "yes")]


# Small countries

SMALL = lines(("FJI", 2018, 2, 4, 9), ("AUS", 2018, 7, 7, 7))


def test_a_small_country_has_its_rate_from_three_years():
    found = table_of(SMALL, small_below=1e6, small_rule="pooled_years").set_index(["area", "year"])
    assert found.loc["FJI", "rate"].tolist() == pytest.approx([3 / 9, 5 / 9, 6.5 / 9])
    assert set(found.loc["FJI", "rate_status"]) == {"pooled"}
    assert found.loc["FJI", "population"].tolist() == [900_000.0] * 3
    assert found.loc[("FJI", 2019), "interval_lower"] * 27 == pytest.approx(stats.chi2.ppf(0.025, 30) / 2)
    assert set(found.loc["AUS", "rate_status"]) == {"exact"}
    assert found.loc["FJI", "value"].tolist() == [2.0, 4.0, 9.0]


def test_years_across_a_break_are_not_pooled():
    text = "FJI 2018 0101 2\nFJI 2019 0101 4 segment=2"
    found = table_of(text, small_below=1e6, small_rule="pooled_years")
    assert found["rate"].tolist() == pytest.approx([2 / 9, 4 / 9])


def test_a_small_country_has_no_rate_by_another_rule():
    found = table_of(SMALL, small_below=1e6, small_rule="no_rate")
    none = found[found["area"] == "FJI"]
    assert none[["rate", "rate_lower", "interval_lower"]].isna().all(axis=None)
    assert set(none["rate_status"]) == {"small_population"}
    assert found[found["area"] == "AUS"]["rate"].notna().all()
    pd.testing.assert_frame_equal(table_of(SMALL), table_of(SMALL, small_below=1e6))


# National codes


def national(text, scheme):
    """Figures of national codes, classified; lines of area, year, code, figure and key=code."""
    rows = classified_of(
        "\n".join(line.replace(line.split()[2], "0101", 1) for line in text.strip().splitlines())
    )
    rows = rows.assign(code=[line.split()[2] for line in text.strip().splitlines()], scheme=scheme)
    return classify(frames.OBSERVATIONS.cast(rows), Correspondence.load(scheme))


def test_several_codes_under_one_category_are_added():
    text = "FJI 2019 09A 5\nFJI 2019 200 1\nFJI 2020 11A 4\nFJI 2020 11B 3"
    classified = national(text, "us-nibrs")
    table = tabulate(classified, people(), groupings=("m49",), **WITHOUT_FLOOR)
    rape = table[(table["iccs"] == classified["iccs"].iloc[2]) & (table["area"] == "FJI")]
    both = classified["iccs"].iloc[2] == classified["iccs"].iloc[3]
    assert rape["value"].tolist() == ([7.0] if both else [4.0])
    edges = lineage(classified, table)
    assert set(edges[edges["part_kind"] == "cell"]["weight"]) == {1.0}


@pytest.fixture
def own(tmp_path):
    """Codes a and b wholly 0101, c by 0.4 to it and by 0.6 to 0102, d between nothing and all to each."""
    path = tmp_path / "own.csv"
    path.write_text(
        "code,title,iccs,relation,share_lower,share,share_upper,tags\n"
        "a,a,0101,narrower,1,1,1,\nb,b,0101,narrower,1,1,1,\nc,c,0101,part,0.4,0.4,0.4,\nc,c,0102,part,0.6,0.6,0.6,\n"
        "d,d,0101,part,0,,1,\nd,d,0102,part,0,,1,\np,p,0101,narrower,1,1,1,CP\n"
    )
    return Correspondence.from_csv(path)


def own_table(own, text, **arguments):
    rows = text.strip().splitlines()
    figures = classified_of("\n".join(row.replace(f" {row.split()[2]} ", " 0101 ", 1) for row in rows))
    figures = figures.assign(code=[row.split()[2] for row in rows], scheme=own.scheme)
    classified = classify(frames.OBSERVATIONS.cast(figures), own)
    return classified, table_of(classified, **arguments)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ("a=5", ("exact", 5.0, 5.0, "reported")),
        ("a=5 b=2", ("exact", 7.0, 7.0, "summed")),
        ("a=5 b=<5", ("bounded", 5.0, 9.0, "summed")),
        ("a=5 c=10", ("exact", 9.0, 9.0, "summed")),
        ("a=5 d=10", ("bounded", 5.0, 15.0, "summed")),
        ("a=5 a=5 b=1", ("exact", 6.0, 6.0, "summed")),
        ("a=5 a=6 b=1", ("conflicting", 6.0, 7.0, "summed")),
        ("a=5 b=suppressed", ("bounded", 5.0, np.inf, "summed")),
        ("a=5 b=not_applicable", ("exact", 5.0, 5.0, "reported")),
        ("a=blank b=blank", ("blank", None, None, "reported")),
        ("a=not_applicable b=not_applicable", ("not_applicable", None, None, "reported")),
    ],
)
def test_national_codes_of_one_category(own, figures, expected):
    text = "\n".join(f"FJI 2020 {pair.replace('=', ' ')}" for pair in figures.split())
    classified, table = own_table(own, text)
    found = table[table["iccs"] == "0101"]
    assert seen(found, "status", "lower", "upper", "basis") == [expected]
    edges = lineage(classified, table)
    assert set(edges["figure_id"]) == set(table["figure_id"])


def test_the_cells_under_a_divided_figure_add_to_it(own):
    classified, table = own_table(own, "FJI 2020 a 5\nFJI 2020 a 5\nFJI 2020 c 10")
    edges = lineage(classified, table).astype({"part_id": "str"})
    cells = {"FJI.xlsx!Violent!D1": 5.0, "FJI.xlsx!Violent!D2": 5.0, "FJI.xlsx!Violent!D3": 10.0}
    sums = (edges["part_id"].map(cells) * edges["weight"]).groupby(edges["figure_id"]).sum()
    assert sums.to_dict() == pytest.approx(table.set_index("figure_id")["value"].to_dict())


def test_no_change_crosses_a_change_in_the_codes(own):
    _, table = own_table(
        own, "FJI 2018 a 5\nFJI 2019 a 5\nFJI 2020 a 5\nFJI 2020 b 1\nFJI 2021 b 6\nFJI 2022 a 6"
    )
    found = table[table["iccs"] == "0101"]
    assert found["segment"].tolist() == [1, 1, 2, 3, 1]
    assert found["change"].notna().tolist() == [False, True, False, False, False]


def test_what_was_only_planned_is_no_killing(own):
    _, table = own_table(own, "FJI 2020 a 5\nFJI 2020 p 3")
    assert seen(table[table["iccs"] == "0101"], "trait", "value") == [("CP", 3.0), ("_T", 5.0)]


def test_codes_that_may_contain_one_another_are_not_added():
    scheme = "gb-eaw-home-office"
    classified = national("FJI 2010 001/00 5\nFJI 2010 001/02 3", scheme)
    with pytest.raises(CallError, match="0101: 001/00 and 001/02") as raised:
        tabulate(classified, people())
    assert "disjoint=True" in str(raised.value)
    stated = tabulate(classified, people(), groupings=(), disjoint=True)
    assert stated["value"].tolist() == [8.0]
    apart = "FJI 2010 001/00 5\nFJI 2010 002/00 3\nFJI 2010 003/02 1"
    assert sorted(tabulate(national(apart, scheme), people(), groupings=())["value"]) == [1.0, 3.0, 5.0]


def test_the_eighth_survey_goes_into_tables():
    codes = [
        code
        for code, iccs in zip(
            *Correspondence.load("un-cts-8").data[["code", "iccs"]].to_numpy().T, strict=True
        )
        if iccs
    ]
    text = "\n".join(
        f"FJI {year} {code} {place + 1}" for year in (2001, 2002) for place, code in enumerate(codes)
    )
    classified = national(text, "un-cts-8")
    table = tabulate(classified, areas.population(), **WITHOUT_FLOOR)
    own = table[(table["area"] == "FJI") & (table["basis"] == "reported")]
    assert sorted(own["value"]) == sorted(classified["value"])
    assert own[own["year"] == 2002]["change"].eq(0).all()


# Blocks


def test_blocks_make_no_difference(monkeypatch):
    text = "\n".join(
        lines((area, 2018, *figures), code=code) + f" sex={sex}"
        for sex in "FM" for code in ("0101", "0102", "0301", "_T", "03011+03012") for area, figures in
        (("FJI", (1, 2, 3)), ("AUS", (4, None, 6)), ("GBR", (7, 8, "<9")))
    )  # fmt: skip
    classified = classified_of(text).assign(
        findings=["x" if place % 3 == 0 else "" for place in range(len(text.splitlines()))]
    )
    whole = table_of(classified, groupings=("m49", "sids"), methods=("reported", "panel"))
    monkeypatch.setattr(encoding, "BLOCK", 1)
    monkeypatch.setattr("crimestats.trends.rollup.BLOCK", 1)
    parts = table_of(classified, groupings=("m49", "sids"), methods=("reported", "panel"))
    pd.testing.assert_frame_equal(whole, parts)
    assert whole["figure_id"].is_unique


def test_what_is_there_is_what_is_declared():
    table = table_of("FJI 2020 0101 1\nAUS 2020 0101 <5", groupings=("m49",), methods=("reported", "panel"))
    cast = frames.TRENDS.cast(table)
    pd.testing.assert_frame_equal(table, cast)
    assert frames.TRENDS.check(table) is table
    assert list(SERIES) == list(frames.SERIES)
