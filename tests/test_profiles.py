"""Profiles: shares with their base, bounds, coverage and influence, and what they are made of."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats import areas
from crimestats.errors import CallError, DefinitionError
from crimestats.files import read_csv, shipped
from crimestats.frames import LINEAGE, PROFILES, TRAFFICKING
from crimestats.published import read_published
from crimestats.trafficking import counts
from crimestats.trafficking.dataset import dataset as dataset_of
from crimestats.trafficking.profiles import influences, profile_lineage, profiles
from crimestats.trafficking.shares import share_bounds
from crimestats.trafficking.windows import windowed

PERSONS = {"women": ("F", "Y_GE18"), "girls": ("F", "Y0T17"), "men": ("M", "Y_GE18"), "boys": ("M", "Y0T17")}
SHARES = ["share", "share_lower", "share_upper"]
COUNTS = ["value", "lower", "upper"]
KEYS = {
    "area_label": "", "dimension": "_T", "iccs": "0204", "measure": "victims", "unit": "number",
    "stage": "detected", "source": "CJS", "sex": "_T", "age": "_T", "exploitation": "_T", "citizenship": "_T",
    "country": "_T", "label": "", "questionnaire": "_U", "agency": "_U", "regime": "_U", "period": "_U",
    "provisional": "_U", "findings": "", "note": "", "return_id": "r", "sheet": "s",
}  # fmt: skip
NORDIC = ["DNK", "FIN", "ISL", "NOR", "SWE"]


def number(figure):
    if figure == "?":
        return np.nan, np.nan, np.nan, "withheld"
    if figure.startswith("<"):
        return np.nan, 0.0, float(figure[1:]) - 1, "bounded"
    return float(figure), float(figure), float(figure), "exact"


def figures(text, **keys):
    """A dataset from lines of area, year, figure (412, <5, ? for withheld) and a category or key=code."""
    rows = []
    for place, line in enumerate(text.strip().splitlines()):
        area, year, figure, *further = line.split()
        value, lower, upper, status = number(figure)
        row = {**KEYS, **keys, "area": area, "year": int(year), "value": value, "lower": lower,
               "upper": upper, "status": status, "cell": f"A{place}", "figure_id": f"r!s!A{place}"}  # fmt: skip
        for each in further:
            if each in PERSONS:
                row["sex"], row["age"] = PERSONS[each]
            else:
                name, code = each.split("=")
                row[name] = code
        rows.append(row)
    return TRAFFICKING.cast(pd.DataFrame(rows))


def by_sex_and_age(table, year=2018):
    """A dataset of women, girls, men and boys from a dict of area to four figures."""
    lines = [
        f"{area} {year} {figure} {category}"
        for area, given_ in table.items()
        for category, figure in zip(PERSONS, given_, strict=True)
        if figure is not None
    ]
    return figures("\n".join(lines))


def shares(table, area="001", variant="pooled", profile="victims_sex_age", within="_T"):
    chosen = table[(table["area"] == area) & (table["variant"] == variant)]
    chosen = chosen[(chosen["profile"] == profile) & (chosen["within"] == within)]
    return chosen.set_index(chosen["category"].astype("str"))


def made(table, population=None, **arguments):
    return profiles(table, population, **{"groupings": ["m49"], "floor_areas": 1, **arguments})


TWO = {"PRT": ["40", "30", "20", "10"], "MEX": ["10", "20", "30", "140"]}


def test_a_pooled_share_is_of_all_persons_whose_attribute_is_known():
    women = shares(made(by_sex_and_age(TWO))).loc["women"]
    assert women[["value", "base", "n_areas", "status"]].tolist() == [50, 300, 2, "exact"]
    assert women[SHARES].tolist() == pytest.approx([50 / 300] * 3)
    assert women[["window", "first_year", "year", "grouping", "level"]].tolist() == [
        "year", 2018, 2018, "m49", "world",
    ]  # fmt: skip


def test_means_weigh_the_shares_of_countries_by_residents_or_alike():
    living = pd.DataFrame(
        {"area": ["PRT", "MEX"], "year": 2018, "sex": "_T", "age": "_T", "population": [1e6, 3e6]}
    )
    table = made(by_sex_and_age(TWO), living)
    assert shares(table, variant="country_average")["share"]["women"] == pytest.approx((0.4 + 0.05) / 2)
    assert shares(table, variant="population_weighted")["share"]["women"] == pytest.approx(
        0.4 / 4 + 0.05 * 3 / 4
    )
    women = shares(table).loc["women"]
    assert women[["coverage_population", "coverage_areas", "coverage_volume"]].tolist() == [1, 1, 1]
    assert set(table.loc[table["level"] == "area", "variant"]) == {"pooled"}


def test_the_bounds_of_shares_are_those_of_every_count_that_may_be():
    table = by_sex_and_age({"PRT": ["6", "<5", "7", "<5"], "MEX": ["<5", "5", "5", "9"]})
    found = made(table)
    shown = {"pooled": [], "country_average": []}
    for a, b, c in product(range(5), repeat=3):
        own = [(6, 6 + a + 7 + b), (c, c + 5 + 5 + 9)]
        shown["pooled"].append(sum(each[0] for each in own) / sum(each[1] for each in own))
        shown["country_average"].append(sum(part / base for part, base in own) / 2)
    for variant, every in shown.items():
        women = shares(found, variant=variant).loc["women"]
        assert [women["share_lower"], women["share_upper"]] == pytest.approx([min(every), max(every)])
        assert women["status"] == "bounded"
    assert shares(found)["share"]["women"] == pytest.approx((6 + 2) / (17 + 21))


COUNT = st.tuples(st.integers(0, 6), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair)))


@settings(deadline=None)
@given(COUNT, COUNT)
def test_share_bounds_are_reached_and_not_passed(part, rest):
    every = [
        a / (a + b) for a in range(part[0], part[1] + 1) for b in range(rest[0], rest[1] + 1) if a + b > 0
    ]
    low, high = (float(each[0]) for each in share_bounds(*(np.array([float(n)]) for n in (*part, *rest))))
    if not every:
        assert np.isnan([low, high]).all()
    else:
        assert (low, high) == pytest.approx((min(every), max(every)))


def test_an_area_without_all_categories_is_left_out_and_counted():
    table = by_sex_and_age({**TWO, "FRA": ["100", "50", None, None]})
    women = shares(made(table)).loc["women"]
    assert women[["base", "n_areas", "n_left_out", "left_out"]].tolist() == [300, 2, 1, 150]
    assert women["coverage_volume"] == pytest.approx(300 / 450)
    plain = shares(made(table, parts="available")).loc["women"]
    assert plain[["value", "base", "n_areas", "n_left_out"]].tolist() == [150, 450, 3, 0]


@pytest.mark.parametrize(("total", "boys"), [("90", (0, 0)), ("93", (0, 3)), ("94", (0, 4))])
def test_a_total_that_leaves_nobody_or_a_few_closes_a_base(total, boys):
    given_ = by_sex_and_age({"PRT": ["40", "30", "20", None], "MEX": TWO["MEX"]})
    table = TRAFFICKING.cast(pd.concat([given_, figures(f"PRT 2018 {total}")], ignore_index=True))
    found = shares(made(table), "PRT")
    assert found.loc["boys", ["lower", "upper"]].tolist() == list(boys)
    assert found.loc["boys", "value"] == sum(boys) / 2
    assert found.loc["women", "share_lower"] == pytest.approx(40 / (90 + boys[1]))
    world = shares(made(table)).loc["women"]
    assert world[["n_areas", "n_closed", "n_left_out"]].tolist() == [2, 1, 0]
    complete = shares(made(table, parts="complete")).loc["women"]
    assert complete[["n_areas", "n_closed", "n_left_out", "left_out"]].tolist() == [
        1,
        0,
        1,
        90 + sum(boys) / 2,
    ]


@pytest.mark.parametrize("total", ["89", "95", "?"])
def test_a_total_that_is_too_small_or_leaves_many_closes_nothing(total):
    given_ = by_sex_and_age({"PRT": ["40", "30", "20", None], "MEX": TWO["MEX"]})
    table = TRAFFICKING.cast(pd.concat([given_, figures(f"PRT 2018 {total}")], ignore_index=True))
    assert shares(made(table), "PRT").empty
    assert shares(made(table))["n_left_out"]["women"] == 1


def test_a_withheld_category_is_not_closed_by_the_total():
    given_ = by_sex_and_age({"PRT": ["40", "30", "20", "?"]})
    table = TRAFFICKING.cast(pd.concat([given_, figures("PRT 2018 92")], ignore_index=True))
    assert shares(made(table), "PRT").empty


def test_a_form_within_which_all_are_women_is_closed_by_the_women():
    lines = "PRT 2018 60 iccs=02041 women\nPRT 2018 60 women dimension=_T"
    found = shares(made(figures(lines, dimension="exploitation")), "PRT", profile="victims_forms_by_sex_age",
                   within="women")  # fmt: skip
    assert found["share"].to_dict() == {"sexual": 1, "labour": 0, "other": 0}


def test_rows_of_no_known_area_never_enter():
    table = by_sex_and_age({**TWO, "_U": ["900", "900", "900", "900"]})
    assert shares(made(table))["base"]["women"] == 300
    assert "_U" not in set(made(table)["area"])


def test_the_total_that_an_area_reports_says_how_much_of_it_is_known():
    table = pd.concat([by_sex_and_age(TWO), figures("PRT 2018 200\nMEX 2018 150")], ignore_index=True)
    found = made(TRAFFICKING.cast(table))
    assert shares(found, "PRT")["coverage_volume"]["women"] == pytest.approx(0.5)
    assert shares(found, "MEX")["coverage_volume"]["women"] == 1  # its total is below its own parts


def test_two_figures_of_the_same_key_that_agree_are_one_and_others_are_spanned():
    lines = "PRT 2018 6 women\nPRT 2018 6 women\nPRT 2018 <5 girls\nPRT 2018 11 girls\nPRT 2018 10 men\nPRT 2018 10 boys"
    table = figures(lines)
    found = shares(made(table), "PRT")
    assert found.loc["women", COUNTS].tolist() == [6, 6, 6]
    assert found.loc["girls", COUNTS].tolist() == [5.5, 0, 11]
    assert found.loc["women", ["base_lower", "base_upper"]].tolist() == [26, 37]
    assert set(found["findings"]) == {"conflict:PRT:2018"}
    table["findings"] = ["a", "", "", "c b", "", ""]
    assert shares(made(table), "PRT")["findings"]["men"] == "a b c"
    assert shares(made(table), "150")["findings"]["men"] == "b c"


def test_a_withheld_figure_is_missing_and_not_nought():
    found = made(by_sex_and_age({**TWO, "FRA": ["5", "5", "5", "?"]}))
    assert shares(found, "FRA").empty
    assert shares(found)["n_left_out"]["women"] == 1
    named = "PRT 2018 40 citizenship=NAT country=PRT\nPRT 2018 10 citizenship=FOR country=BRA\n"
    some = figures(named + "PRT 2018 ? citizenship=FOR country=AGO", dimension="citizenship")
    every = figures(named + "PRT 2018 30 citizenship=FOR country=AGO", dimension="citizenship")
    assert shares(made(some), "PRT", profile="victims_citizenship").empty
    assert shares(made(every), "PRT", profile="victims_citizenship")["share"]["own"] == 0.5


def test_foreign_citizens_are_one_figure_or_the_sum_of_the_countries_never_both():
    lines = "PRT 2018 40 citizenship=NAT country=PRT\nPRT 2018 10 citizenship=FOR country=BRA\n"
    lines += "PRT 2018 5 citizenship=FOR country=_U label=x\nPRT 2018 5 citizenship=FOR country=_U label=y\n"
    table = figures(lines, dimension="citizenship")
    assert shares(made(table), "PRT", profile="victims_citizenship")["value"]["foreign"] == 20
    table = figures(lines + "PRT 2018 25 citizenship=FOR", dimension="citizenship")
    assert shares(made(table), "PRT", profile="victims_citizenship")["value"]["foreign"] == 25


def test_an_area_of_which_nobody_is_certain_is_in_no_base_and_no_coverage():
    few = {area: ["<5", "<5", "<5", "<5"] for area in ("FRA", "ESP", "ITA")}
    women = shares(made(by_sex_and_age({**TWO, **few}))).loc["women"]
    alone = shares(made(by_sex_and_age(TWO))).loc["women"]
    same = ["value", "lower", "upper", "base", "base_upper", "n_areas", *SHARES, "coverage_population",
            "coverage_areas", "coverage_volume"]  # fmt: skip
    assert women[same].tolist() == alone[same].tolist()
    assert women[["n_left_out", "n_uncertain", "left_out"]].tolist() == [3, 3, 0]
    assert alone[["n_left_out", "n_uncertain"]].tolist() == [0, 0]
    assert shares(made(by_sex_and_age({**TWO, **few})), "FRA").empty
    one = shares(made(by_sex_and_age({**TWO, "FRA": ["<5", "<5", "1", "<5"]}))).loc["women"]
    assert one[["n_areas", "n_uncertain"]].tolist() == [3, 0]


def test_a_year_of_which_nobody_is_certain_is_not_the_most_recent_one():
    early, late = by_sex_and_age({"PRT": TWO["PRT"]}, 2016), by_sex_and_age({"PRT": ["<5"] * 4}, 2018)
    table = TRAFFICKING.cast(pd.concat([early, late], ignore_index=True))
    assert shares(made(table, window=3, years=[2018])).loc["women", "value"] == 40


def test_the_total_caps_the_base_and_the_categories():
    table = pd.concat([by_sex_and_age({"PRT": ["10", "<5", "<5", "<5"]}), figures("PRT 2018 12")])
    found = shares(made(TRAFFICKING.cast(table.reset_index(drop=True))), "PRT")
    assert found.loc["women", ["base", "base_lower", "base_upper"]].tolist() == [11, 10, 12]
    assert found.loc["girls", COUNTS].tolist() == pytest.approx([1 / 3, 0, 2])
    assert found["value"].sum() == pytest.approx(11)
    assert found.loc["women", SHARES].tolist() == pytest.approx([10 / 11, 10 / 12, 1])
    assert found.loc["girls", ["share_lower", "share_upper"]].tolist() == pytest.approx([0, 2 / 12])


@settings(max_examples=40, deadline=None)
@given(st.lists(COUNT, min_size=4, max_size=4), st.integers(1, 30))
def test_bounds_under_a_total_are_those_of_every_count_that_it_allows(counted_, total):
    if not 1 <= sum(low for low, _ in counted_) <= total:
        return
    lines = [f"PRT 2018 <5 {name}" for name in PERSONS]
    table = figures("\n".join([*lines, f"PRT 2018 {total}"]))
    table.loc[:3, "lower"], table.loc[:3, "upper"] = zip(
        *(map(float, pair) for pair in counted_), strict=True
    )
    found = shares(made(table), "PRT").loc["women"]
    every = [
        each for each in product(*(range(low, high + 1) for low, high in counted_)) if sum(each) <= total
    ]
    parts = [each[0] / sum(each) for each in every]
    assert found[["share_lower", "share_upper"]].tolist() == pytest.approx([min(parts), max(parts)])
    assert found[["lower", "upper"]].tolist() == [min(e[0] for e in every), max(e[0] for e in every)]
    assert found["base_upper"] == max(map(sum, every))
    assert found["share_lower"] - 1e-12 <= found["share"] <= found["share_upper"] + 1e-12


def test_a_base_above_the_total_is_marked_and_covers_no_more_than_was_reported():
    table = pd.concat([by_sex_and_age(TWO), figures("PRT 2018 60\nMEX 2018 400")])
    found = made(TRAFFICKING.cast(table.reset_index(drop=True)))
    world = shares(found).loc["women"]
    assert world[["n_excess", "excess"]].tolist() == [1, 40]
    assert world["coverage_volume"] == pytest.approx((60 + 200) / 460)
    assert shares(found, "MEX").loc["women", ["n_excess", "excess"]].tolist() == [0, 0]


def test_a_category_that_nobody_gives_and_none_needs_has_no_row():
    table = figures(
        "PRT 2018 9 sex=F\nPRT 2018 8 sex=M\nMEX 2018 9 sex=F\nMEX 2018 8 sex=M\nMEX 2018 5 sex=O"
    )
    found = made(table)
    assert list(shares(found, "PRT", profile="victims_sex").index) == ["female", "male"]
    assert shares(found, profile="victims_sex").loc["other", "value"] == 5


def nameless(area, total, sexual, labour, others, year=2018):
    """Forms of an area with nameless rows of other forms."""
    lines = [f"{area} {year} {total} dimension=_T", f"{area} {year} {sexual} iccs=02041",
             f"{area} {year} {labour} iccs=02042"]  # fmt: skip
    lines += [f"{area} {year} {figure} iccs=02043+02044 exploitation=OTH_{place}"
              for place, figure in enumerate(others, 1)]  # fmt: skip
    return figures("\n".join(lines), dimension="exploitation")


@pytest.mark.parametrize(("given_", "bounds"), [
    (("163", "65", "63", ["35", "<5", "20", "12"]), [35, 35]),  # Finland 2018: the first is their total
    (("195", "65", "63", ["35", "20", "12"]), [67, 67]),  # the sum is what the total leaves
    (("400", "65", "63", ["35", "20", "12"]), [35, 67]),  # nothing tells
    (("163", "65", "63", ["35", "<5"]), [35, 35]),  # both fit: no more than the total leaves
    (("163", "65", "63", ["20", "<5", "35"]), [35, 35]),
])  # fmt: skip
def test_one_of_several_other_forms_may_be_their_total(given_, bounds):
    table = nameless("FIN", *given_)
    found = shares(made(table), "FIN", profile="victims_forms")
    assert found.loc["other", ["lower", "upper"]].tolist() == bounds
    edges = profile_lineage(table, made(table))
    assert set(edges["weight"]) <= {0, 0.5, 1}


def test_the_ages_of_other_forms_tell_whether_one_is_their_total():
    ages = "FIN 2018 32 iccs=02043+02044 age=Y_GE18\nFIN 2018 <5 iccs=02043+02044 age=Y0T17"
    ages = figures(ages, dimension="exploitation")
    table = pd.concat([nameless("FIN", "400", "65", "63", ["35", "20", "12"]), ages], ignore_index=True)
    found = shares(made(TRAFFICKING.cast(table)), "FIN", profile="victims_forms").loc["other"]
    assert found[COUNTS].tolist() == [35, 35, 35]


@pytest.mark.parametrize(("sexual", "value"), [("516", 0), ("600", None)])
def test_other_forms_that_are_all_persons_are_not_taken_as_other(sexual, value):
    table = nameless("MYS", "676", sexual, "160", ["676"])  # Malaysia 2016
    table["findings"] = ["", "", "", "a"]
    found = made(pd.concat([table], ignore_index=True))
    own = shares(found, "MYS", profile="victims_forms")
    if value is None:
        assert own.empty
        return
    assert own.loc["other", COUNTS].tolist() == [value] * 3
    assert own.loc["sexual", "share"] == pytest.approx(516 / 676)
    assert set(shares(found, "035", profile="victims_forms")["findings"]) == {"a"}


FORMS = "PRT 2018 30 iccs=02041\nPRT 2018 20 iccs=02042\n"


@pytest.mark.parametrize(("others", "value"), [
    ("PRT 2018 50 iccs=02043+02044", 50),
    ("PRT 2018 6 iccs=02043+02044 exploitation=OTH_1\nPRT 2018 7 iccs=02043+02044 exploitation=OTH_2", 10),
    ("PRT 2018 6 iccs=02043\nPRT 2018 8 iccs=02044", 14),
    ("PRT 2018 6 iccs=02043\nPRT 2018 8 iccs=02044\nPRT 2018 50 iccs=02043+02044", 50),
    ("PRT 2018 ? iccs=02043+02044\nPRT 2018 6 iccs=02043\nPRT 2018 8 iccs=02044", 14),
    ("PRT 2018 6 iccs=02043", None),
])  # fmt: skip
def test_other_forms_are_taken_as_they_are_given(others, value):
    found = shares(made(figures(FORMS + others, dimension="exploitation")), "PRT", profile="victims_forms")
    assert (found.empty and value is None) or found["value"]["other"] == value


def test_a_category_that_is_not_needed_enters_where_it_is_given():
    lines = "PRT 2018 30 sex=F\nPRT 2018 20 sex=M\nMEX 2018 5 sex=F\nMEX 2018 5 sex=M\nMEX 2018 40 sex=O"
    found = shares(made(figures(lines)), profile="victims_sex")
    assert found["value"].to_dict() == {"female": 35, "male": 25, "other": 40}
    assert set(found["base"]) == {100}


def test_forms_within_women_and_women_within_forms_have_their_own_bases():
    lines = []
    for form, persons in {
        "02041": (60, 20, 10, 10),
        "02042": (15, 5, 70, 10),
        "02043+02044": (5, 5, 5, 5),
    }.items():
        lines += [f"PRT 2018 {n} iccs={form} {each}" for each, n in zip(PERSONS, persons, strict=True)]
    found = made(figures("\n".join(lines), dimension="exploitation"))
    forms = shares(found, "PRT", profile="victims_forms_by_sex_age", within="women")
    assert forms["share"].to_dict() == pytest.approx({"sexual": 0.75, "labour": 0.1875, "other": 0.0625})
    persons = shares(found, "PRT", profile="victims_sex_age_by_form", within="sexual")
    assert persons["share"].to_dict() == pytest.approx({"women": 0.6, "girls": 0.2, "men": 0.1, "boys": 0.1})


def test_the_most_recent_year_of_a_window_stands_for_an_area_once():
    early, late = by_sex_and_age({"PRT": TWO["PRT"]}, 2016), by_sex_and_age({"MEX": TWO["MEX"]}, 2018)
    old = by_sex_and_age({"MEX": ["99", "99", "99", "99"], "FRA": ["9", "9", "9", "9"]}, 2015)
    table = TRAFFICKING.cast(pd.concat([early, late, old], ignore_index=True))
    found = shares(made(table, window=3, years=[2018])).loc["women"]
    assert found[["base", "n_areas", "first_year", "window"]].tolist() == [300, 2, 2016, "most_recent"]
    assert shares(made(table, years=[2018])).loc["women", "base"] == 200


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(2010, 2020)), unique=True), st.integers(1, 5))
def test_a_window_takes_the_latest_year_that_is_in_it(given_, window):
    table = pd.DataFrame(given_, columns=["area", "year"]).astype({"area": "str", "year": "int64"})
    found = windowed(table, ["area"], [2015, 2018], window)
    expected = {
        (area, end, max(inside))
        for area, end in product("ab", (2015, 2018))
        if (inside := [year for a, year in given_ if a == area and end - window < year <= end])
    }
    assert set(found[["area", "year", "used"]].itertuples(index=False, name=None)) == expected
    assert len(found) == len(expected)


def test_the_bases_of_regions_add_to_that_of_the_world():
    found = made(by_sex_and_age({**THREE, "AUS": TWO["PRT"], "KEN": TWO["MEX"]}))
    women = found[(found["category"] == "women") & (found["variant"] == "pooled")]
    sums = women.groupby("level", observed=True)[["value", "base", "base_upper", "n_areas"]].sum()
    for level in ("region", "subregion", "area"):
        columns = ["value", "base", "base_upper", "n_areas"]
        assert sums.loc[level, columns].tolist() == sums.loc["world", columns].tolist()


def test_below_the_floor_a_group_has_no_share_but_its_base_and_coverage_stay():
    table = by_sex_and_age({area: ["9", "9", "9", "9"] for area in NORDIC[:4]})
    found = shares(profiles(table), "154").loc["women"]
    assert found["status"] == "below_floor"
    assert found[[*COUNTS, *SHARES, "influence"]].isna().all()
    assert found[["base", "n_areas", "influence_area"]].tolist() == [144, 4, "_Z"]
    assert 0 < found["coverage_population"] < 1
    five = shares(profiles(by_sex_and_age({area: ["9", "9", "9", "9"] for area in NORDIC})), "154").loc[
        "women"
    ]
    assert five["status"] == "exact"
    strict = profiles(table, floor_areas=1, floor_population=0.5)
    assert shares(strict, "154")["status"]["women"] == "below_floor"
    assert shares(strict, "NOR")["status"]["women"] == "exact"


def test_of_a_small_group_half_of_the_areas_are_enough():
    table = by_sex_and_age(
        {"AUS": ["9", "9", "9", "9"], "NZL": ["9", "9", "9", "9"], "NFK": ["9", "9", "9", "9"]}
    )
    assert shares(profiles(table), "053")["status"]["women"] == "exact"


def test_the_share_of_a_country_with_few_persons_does_not_enter_a_mean():
    table = by_sex_and_age({**TWO, "FRA": ["<5", "<5", "<5", "<5"], "ESP": ["<5", "<5", "5", "<5"]})
    found = made(table)
    mean = shares(found, variant="country_average").loc["women"]
    assert mean[["n_areas", "base", "n_left_out", "left_out"]].tolist() == [3, 311, 1, 0]
    assert shares(found)["n_areas"]["women"] == 3
    every = made(table, minimum_base=0)
    assert shares(every, variant="country_average")["n_areas"]["women"] == 3  # nobody, perhaps: no share


def test_an_area_of_unknown_residents_has_no_weight():
    living = areas.population().query("area != 'MEX'")
    found = made(by_sex_and_age(TWO), living)
    weighted = shares(found, variant="population_weighted").loc["women"]
    assert weighted[["n_areas", "n_left_out", "share"]].tolist() == [1, 1, 0.4]
    assert shares(found)["n_areas"]["women"] == 2


THREE = {"PRT": ["40", "30", "20", "10"], "MEX": ["10", "20", "30", "140"], "FRA": ["7", "<5", "9", "5"]}


@pytest.mark.parametrize("variant", ["pooled", "population_weighted", "country_average"])
@pytest.mark.parametrize("category", ["women", "boys"])
def test_influence_is_what_leaving_an_area_out_moves(variant, category):
    table = by_sex_and_age(THREE)
    whole = shares(made(table), variant=variant).loc[category]
    moved = {}
    for area in THREE:
        rest = made(TRAFFICKING.cast(table[table["area"] != area].reset_index(drop=True)))
        moved[area] = shares(rest, variant=variant)["share"][category] - whole["share"]
    most = max(moved, key=lambda area: abs(moved[area]))
    assert whole["influence_area"] == most
    assert whole["influence"] == pytest.approx(moved[most])
    every = influences(table, "victims_sex_age", category, 2018, variant=variant)
    assert dict(zip(every["area"], every["influence"], strict=True)) == pytest.approx(moved)
    assert every["area"].iloc[0] == most
    assert every["of_base"].sum() == pytest.approx(1)


def test_the_largest_base_is_named_unless_all_count_alike():
    found = made(by_sex_and_age(THREE))
    pooled = shares(found).loc["women"]
    assert pooled["largest_area"] == "MEX"
    assert pooled["largest_share"] == pytest.approx(200 / 323)
    mean = shares(found, variant="country_average").loc["women"]
    assert mean[["largest_area", "largest_share"]].tolist() == ["_Z", pytest.approx(1 / 3)]
    alone = shares(found, "PRT").loc["women"]
    assert alone[["influence_area", "largest_area"]].tolist() == ["_Z", "PRT"]
    assert np.isnan(alone["influence"])


def test_ids_are_the_same_whatever_else_is_in_the_table():
    table = by_sex_and_age(THREE)
    whole = made(table, groupings=["m49", "glotip"])
    assert whole["figure_id"].is_unique
    turned = TRAFFICKING.cast(table[table["area"] != "PRT"].iloc[::-1].reset_index(drop=True))
    other = made(turned, years=[2017, 2018])
    key = ["profile", "within", "category", "area", "grouping", "year", "variant"]
    both = other.merge(whole, on=key, suffixes=("", "_whole"))
    assert len(both) == len(other)
    assert (both["figure_id"] == both["figure_id_whole"]).all()
    assert (
        shares(made(by_sex_and_age({"PRT": TWO["PRT"]})), "PRT")["figure_id"]["women"] == "aff2be045cb2b5d9"
    )


def test_the_parts_of_a_figure_times_their_weights_add_to_it():
    twice = figures("PRT 2018 40 women\nMEX 2018 9 girls")
    table = TRAFFICKING.cast(pd.concat([by_sex_and_age(THREE), twice], ignore_index=True))
    table["figure_id"] = [f"r!s!A{place}" for place in range(len(table))]
    found = made(table, window=2, years=[2018, 2019])
    edges = profile_lineage(table, found)
    assert list(edges.columns) == list(LINEAGE.columns)
    middle = ((table["lower"] + table["upper"]) / 2).set_axis(table["figure_id"])
    parts = edges.assign(value=edges["weight"] * middle.reindex(edges["part_id"]).to_numpy())
    sums = parts.groupby("figure_id")["value"].sum().reindex(found["figure_id"]).to_numpy()
    assert sums == pytest.approx(found["value"].to_numpy(), nan_ok=True)
    women = shares(found[found["year"] == 2018]).loc["women", "figure_id"]
    own = edges[edges["figure_id"] == women]
    assert len(own) == len(table)
    assert set(own.loc[own["weight"] > 0, "part_id"]) == {"r!s!A0", "r!s!A4", "r!s!A8", "r!s!A12"}
    assert set(own.loc[own["part_id"].isin(["r!s!A0", "r!s!A12"]), "weight"]) == {0.5}


def test_the_total_that_closes_a_base_stands_in_the_lineage_without_weight():
    given_ = by_sex_and_age({"PRT": ["40", "30", "20", None]})
    table = TRAFFICKING.cast(pd.concat([given_, figures("PRT 2018 92")], ignore_index=True))
    table["figure_id"] = [f"r!s!A{place}" for place in range(len(table))]
    found = made(table)
    edges = profile_lineage(table, found)
    men = edges[edges["figure_id"] == shares(found, "PRT").loc["men", "figure_id"]]
    assert dict(zip(men["part_id"], men["weight"], strict=True)) == {
        "r!s!A0": 0, "r!s!A1": 0, "r!s!A2": 1, "r!s!A3": 0,
    }  # fmt: skip


def test_lineage_refuses_profiles_of_another_making():
    table = by_sex_and_age({**THREE, "ESP": ["9", None, "9", "9"]})
    found = made(table, parts="available")
    with pytest.raises(CallError, match="has a base of other areas"):
        profile_lineage(table, found)
    assert len(profile_lineage(table, found, parts="available"))
    assert profile_lineage(table, found.iloc[:0]).empty


def test_nothing_in_is_nothing_out():
    for table in (figures("PRT 2018 9"), TRAFFICKING.empty()):
        found = profiles(table)
        assert list(found.columns) == list(PROFILES.columns)
        assert found.empty
    assert made(by_sex_and_age({"PRT": ["0", "0", "0", "0"]})).empty


@pytest.mark.parametrize(("arguments", "place"), [
    ({"window": 0}, r"profiles\(window\)"),
    ({"parts": "some"}, r"profiles\(parts\)"),
    ({"variants": ["median"]}, r"profiles\(variants\)"),
    ({"groupings": ["eu"]}, r"groupings\(name\)"),
])  # fmt: skip
def test_wrong_calls_are_refused(arguments, place):
    with pytest.raises(CallError, match=place):
        made(by_sex_and_age(TWO), **arguments)


def test_influences_need_a_share():
    with pytest.raises(CallError, match="no category 'nobody'"):
        influences(by_sex_and_age(TWO), "victims_sex_age", "nobody", 2018)
    with pytest.raises(CallError, match="no area of '142'"):
        influences(by_sex_and_age(TWO), "victims_sex_age", "women", 2018, area="142")


def test_the_table_of_profiles_names_codes_that_there_are():
    table = counts.table()
    codes = read_csv(shipped("questionnaires", "codelists.csv"))
    for name in ("sex", "age", "citizenship"):
        assert set(table[name]) <= set(codes.loc[codes["dimension"] == name, "code"]), name
    assert set(table["iccs"]) <= {"0204", "02041", "02042", "02043", "02044", "02043+02044"}
    key = ["profile", "within", "category"]
    assert not table.duplicated([*key, "alternative", *counts.KEYS, "country"]).any()
    assert not table.drop_duplicates([*key, "measure"]).duplicated(key).any()
    assert set(table.loc[table["category"] == "_T", "within"]) == set(table["within"])
    needed = table[table["needed"]].drop_duplicates([*key, "alternative"])
    unneeded = table.drop_duplicates([*key, "alternative"])["category"].value_counts() - needed[
        "category"
    ].value_counts().reindex(table["category"].unique(), fill_value=0)
    assert unneeded[unneeded != 0].to_dict() == {"other": 4}  # the sexes of four profiles


def test_a_fault_in_the_table_of_profiles_is_named(tmp_path, monkeypatch):
    text = shipped("questionnaires", "trafficking", "profiles.csv").read_text(encoding="utf-8")
    path = tmp_path / "profiles.csv"
    path.write_text(text.replace("women,1,1", "women,1,yes", 1), encoding="utf-8")
    monkeypatch.setattr(counts, "shipped", lambda *parts: path)
    counts._table.cache_clear()
    with pytest.raises(DefinitionError, match="line 3: has 'yes' as needed"):
        counts.table()
    monkeypatch.undo()
    counts._table.cache_clear()


AREAS = st.dictionaries(
    st.sampled_from(["PRT", "MEX", "FRA", "ESP"]),
    st.lists(st.sampled_from(["<5", "<3", "5", "12", "300"]), min_size=4, max_size=4), min_size=1,
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(AREAS)
def test_shares_of_a_profile_add_to_one_and_stay_in_their_bounds(table):
    found = made(by_sex_and_age(table)).dropna(subset=["share"])
    sums = found.groupby(["area", "variant"], observed=True)["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))
    assert (found["share_lower"] <= found["share"] + 1e-12).all()
    assert (found["share"] <= found["share_upper"] + 1e-12).all()
    assert ((found["share_lower"] >= 0) & (found["share_upper"] <= 1 + 1e-12)).all()
    assert ((found["largest_share"] > 0) & (found["largest_share"] <= 1 + 1e-12)).all()


PUBLISHED = {2014: (51, 20, 21, 8), 2018: (46, 19, 20, 15)}
"""Shares of women, girls, men and boys in per cent, as the global reports of 2016 and 2020 give them."""


def test_the_published_shares_come_out_of_the_published_file(shared):
    observations, _ = read_published(shared / "unodc" / "data_glotip_2023-05-30.xlsx")
    found = profiles(dataset_of(observations), years=PUBLISHED)
    for year, printed in PUBLISHED.items():
        world = shares(found[found["year"] == year])
        ours = [100 * world["share"][category] for category in ("women", "girls", "men", "boys")]
        assert np.abs(np.array(ours) - printed).max() < 3, year
    latest = shares(found[found["year"] == 2018])
    assert latest.loc["women", ["influence_area", "largest_area"]].tolist() == ["GBR", "USA"]
