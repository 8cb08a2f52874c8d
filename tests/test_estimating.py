"""Estimated groups: what is not known is in the bounds, or there is no figure."""

import numpy as np
import pandas as pd
import pytest

import crimestats as cs
from crimestats import frames
from crimestats.trends.imputed import edges, estimates

KEYS = {"measure": "victims", "unit": "number", "stage": "recorded", "source": "criminal_justice"}
WESTERN = ["AUT", "BEL", "FRA", "DEU", "LIE", "LUX", "MCO", "NLD", "CHE"]
SMALL = ["LIE", "MCO"]
YEARS = range(2010, 2015)


def classified(rows, **further):
    """Figures from rows of area, year, lower and upper."""
    table = pd.DataFrame(rows, columns=["area", "year", "lower", "upper"])
    exact = table["lower"] == table["upper"]
    table = table.assign(
        item="any", scheme="iccs-1.0", code="0101", **KEYS, **dict.fromkeys(frames.BREAKDOWNS, "_T"),
        value=table["lower"].where(exact), status=np.where(exact, "exact", "bounded"), segment=1, findings="",
        note="", return_id="made", sheet="S", cell="A1",
    )  # fmt: skip
    return cs.classify(frames.OBSERVATIONS.cast(table.assign(**further)))


def everywhere(count=100.0, without=(), years=YEARS):
    return [(area, year, count, count) for area in WESTERN for year in years if (area, year) not in without]


def people(without=(), strata=("_T",)):
    rows = [(area, year, sex, 1e3 if area in SMALL else 1e6)
            for area in WESTERN for year in YEARS for sex in strata if (area, year) not in without]  # fmt: skip
    return pd.DataFrame(rows, columns=["area", "year", "sex", "population"]).assign(age="_T", source="test")


def western(figures, population, **options):
    table = cs.tabulate(figures, population, methods=["estimated"], **options)
    return table[table["area"] == "155"].set_index("year")


def test_a_gap_is_filled_and_has_bounds():
    row = western(classified(everywhere(without={("FRA", 2012)})), people()).loc[2012]
    assert row["value"] == pytest.approx(900)
    assert 850 < row["lower"] < 890
    assert 910 < row["upper"] < 1000
    assert row["status"] == "estimated"


def test_there_is_no_figure_where_a_silent_area_has_no_known_residents():
    table = western(classified(everywhere(without={("FRA", 2012)})), people(without={("FRA", 2012)}))
    assert table["status"].tolist() == ["estimated", "estimated", "no_population", "estimated", "estimated"]
    assert table.loc[2012, ["value", "lower", "upper", "rate", "change"]].isna().all()
    assert np.isnan(table.loc[2013, "change"])


def test_a_negligible_area_without_known_residents_leaves_the_figure_but_starts_a_segment():
    table = western(classified(everywhere(without={("LIE", 2012)})), people(without={("LIE", 2012)}))
    assert table.loc[2012, "value"] == pytest.approx(800)
    assert table["segment"].tolist() == [1, 1, 2, 1, 1]


def test_a_stratum_that_the_population_lacks_gives_no_estimate():
    figures = classified(everywhere(without={("FRA", 2012), ("DEU", 2012)}), sex="F")
    assert western(figures, people()).loc[2012, "status"] == "no_population"


def test_the_rate_leaves_out_what_has_no_residents_and_nothing_else():
    figures = classified(everywhere(without={("FRA", 2012)}))
    row = western(figures, people(without={("AUT", 2012)})).loc[2012]
    assert row["value"] == pytest.approx(900)
    assert row["rate"] == pytest.approx((900 - 100) / 6_002_000 * 1e5)
    assert row["rate_lower"] < row["rate"] < row["rate_upper"]
    assert row["rate_status"] == "partial"


def test_the_bounds_of_a_figure_reach_the_years_estimated_from_it():
    rows = [row for row in everywhere(without={("FRA", 2012)}) if row[0] != "FRA"]
    rows += [("FRA", year, 100.0, 900.0) for year in YEARS if year != 2012]
    table = western(classified(rows), people())
    assert (table["lower"] <= 900).all()
    assert (table["upper"] >= 1700).all()


def test_a_figure_without_an_upper_end_gives_none_and_is_no_less_than_its_lower_one():
    rows = [row for row in everywhere(1000.0) if row[:2] != ("FRA", 2012)] + [("FRA", 2012, 100.0, np.inf)]
    table = western(classified(rows), people())
    assert table.loc[2012, "value"] == pytest.approx(9000)
    assert table.loc[2012, "upper"] == np.inf
    assert table.loc[2013, "upper"] == 9000
    alone = [row for row in everywhere() if row[0] != "FRA"] + [("FRA", 2012, 5000.0, np.inf)]
    assert western(classified(alone), people()).loc[2012, "lower"] >= 5000


def test_what_is_drawn_from_one_area_or_from_nil_is_not_sure(tmp_path):
    grouping = tmp_path / "pair.csv"
    grouping.write_text("code,name,area\nP,Pair,AUS\nP,Pair,NZL\n", encoding="utf-8")
    figures = classified([("AUS", year, 200.0, 200.0) for year in YEARS])
    persons = pd.DataFrame(
        [(area, year, "_T", 2e7 if area == "AUS" else 5e6) for area in ("AUS", "NZL") for year in YEARS],
        columns=["area", "year", "sex", "population"],
    ).assign(age="_T", source="test")
    table = cs.tabulate(figures, persons, groupings=[str(grouping)], methods=["estimated"])
    row = table[table["method"] == "estimated"].iloc[0]
    assert row["value"] == pytest.approx(250)
    assert row["lower"] < 225
    assert row["upper"] > 300
    nil = classified([row for row in everywhere(0.0) if row[0] != "FRA"])
    row = western(nil, people()).loc[2012]
    assert (row["value"], row["lower"]) == (0, 0)
    assert 0 < row["upper"] < 10


def test_nil_everywhere_is_nil_and_has_no_change():
    nil = classified(everywhere(0.0, without={(area, 2012) for area in WESTERN}))
    table = western(nil, people())
    assert table["value"].tolist() == [0] * 5
    assert table["change"].isna().all()


def test_neither_the_order_of_rows_nor_another_series_moves_an_estimate():
    rows = everywhere(without={("FRA", 2012), ("DEU", 2010), ("CHE", 2014)})
    one = classified(rows)
    both = frames.CLASSIFIED.join(one.sample(frac=1, random_state=3), classified(rows[::2], sex="F"))
    persons = people(strata=("_T", "F"))
    first, second = (western(figures, persons) for figures in (one, both))
    second = second[second["sex"] == "_T"]
    numbers = ["value", "lower", "upper"]
    assert np.array_equal(first[numbers].to_numpy(), second[numbers].to_numpy())


def test_reported_figures_and_estimates_add_to_the_group():
    figures = classified(everywhere(without={("FRA", 2012), ("DEU", 2012)}))
    persons = people()
    table = cs.tabulate(figures, persons, methods=["estimated"])
    made = estimates(figures, persons)
    assert made.query("year == 2012")["how"].tolist() == ["interpolated"] * 2
    listed = frames.LINEAGE.join(cs.lineage(figures, table), edges(table, made))
    values = pd.concat([table, made]).set_index("figure_id")["value"]
    group = table[(table["area"] == "155") & (table["year"] == 2012)].iloc[0]
    parts = listed[listed["figure_id"] == group["figure_id"]]
    assert (values[parts["part_id"]].to_numpy() * parts["weight"]).sum() == pytest.approx(group["value"])
    kinds = parts["part_kind"].value_counts()
    assert (kinds["figure"], kinds["estimate"]) == (7, 2)
    rests = made.query("year == 2012 and area == 'FRA'")["rests_on"].item().split()
    assert set(table.set_index("figure_id").loc[rests, "year"]) == {2011, 2013}
