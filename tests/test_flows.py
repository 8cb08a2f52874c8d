"""Flows: who goes from where to where, how far, and what of it is certain."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats import areas, published
from crimestats.errors import CallError
from crimestats.files import read_csv, shipped
from crimestats.frames import FLOWS, TRAFFICKING
from crimestats.trafficking import dataset, flow_lineage, flows, matrix, ranked
from crimestats.trafficking.flows import window_name
from crimestats.trafficking.levels import LEVELS, level_of, levels
from crimestats.trafficking.matrices import between, side_by_side
from crimestats.trafficking.pairs import list_totals, pairs

TABLES = shipped("questionnaires", "trafficking")


def figure(area, year, country, value, **more):
    """A figure of the dataset on citizenship: a number, `<5`, or `…` for withheld."""
    bounds = {"<5": (math.nan, 0, 4, "bounded"), "…": (math.nan, math.nan, math.nan, "withheld")}
    number, lower, upper, status = bounds.get(value, (value, value, value, "exact"))
    blank = {name: "_U" if kind == "key" else "" for name, kind in TRAFFICKING.columns.items()}
    return blank | {
        "area": area, "year": year, "dimension": "citizenship", "iccs": "0204", "measure": "victims",
        "unit": "number", "sex": "_T", "age": "_T", "exploitation": "_T", "country": country,
        "citizenship": "NAT" if country == area else "_U" if country == "_U" else "FOR",
        "value": number, "lower": lower, "upper": upper, "status": status,
    } | more  # fmt: skip


def home(area, year, country, value, **more):
    """A figure of the dataset on persons brought home."""
    said = {"dimension": "repatriation", "measure": "repatriated", "citizenship": "_T"}
    return figure(area, year, country, value, **(said | more))


def table(*rows):
    frame = pd.DataFrame(list(rows))
    return TRAFFICKING.cast(frame.assign(figure_id=[f"file!sheet!A{at}" for at in range(len(frame))]))


def made(*rows, grouping="glotip", **how):
    return flows(table(*rows), groupings=(grouping,), **how)


def told(frame, *columns):
    return frame.astype("object").where(frame.notna(), None)[list(columns)].to_numpy().tolist()


PAIR = ("origin", "destination", "value", "lower", "upper", "level", "is_flow")


def test_own_citizens_are_domestic_and_others_come_from_their_country():
    found = made(figure("ARG", 2018, "ARG", 738), figure("ARG", 2018, "BOL", 531), figure("ARG", 2018, "BRA", "<5"),
                 figure("ARG", 2018, "NGA", 4), figure("ARG", 2018, "_U", 22, label="R.Dominicana"))  # fmt: skip
    assert told(found, *PAIR) == [
        ["ARG", "ARG", 738, 738, 738, "domestic", "yes"],
        ["BOL", "ARG", 531, 531, 531, "within_subregion", "yes"],
        ["BRA", "ARG", None, 0, 4, "within_subregion", "no"],
        ["NGA", "ARG", 4, 4, 4, "transregional", "no"],
        ["_U", "ARG", 22, 22, 22, "_U", "_Z"],
    ]
    share = found.set_index("origin").loc["BOL"]
    assert told(share.to_frame().T, "base", "base_lower", "base_upper") == [[1275, 1273, 1277]]
    assert share["share"] == 531 / 1275
    assert (share["share_lower"], share["share_upper"]) == (531 / 1277, 531 / 1273)
    assert math.isnan(found.set_index("origin").loc["_U", "share"])


@pytest.mark.parametrize(
    ("threshold", "verdicts"),
    [(5, ["yes", "no", "undecided"]), (1, ["yes", "undecided", "undecided"]), (9, ["no", "no", "no"])],
)
def test_a_pair_is_a_flow_from_the_threshold_on_as_far_as_its_bounds_tell(threshold, verdicts):
    found = made(figure("ITA", 2019, "ALB", 5), figure("ITA", 2019, "NGA", "<5"),
                 figure("ITA", 2018, "ROU", "<5"), figure("ITA", 2019, "ROU", "<5"),
                 threshold=threshold, window=2)  # fmt: skip
    found = found[found["year"] == 2019]
    assert dict(zip(found["origin"], found["is_flow"], strict=True)) == dict(
        zip(["ALB", "NGA", "ROU"], verdicts, strict=True)
    )


def test_windows_add_years_or_take_the_latest_of_each_reporting_country():
    rows = [figure("ITA", 2018, "NGA", 10), figure("ITA", 2019, "NGA", "<5"), figure("ESP", 2018, "NGA", 7)]
    added = made(*rows, window=2).query("year == 2019")
    assert told(added, "destination", "first_year", "window", "value", "lower", "upper") == [
        ["ESP", 2018, "sum2", 7, 7, 7], ["ITA", 2018, "sum2", 12, 10, 14],
    ]  # fmt: skip
    latest = made(*rows, window=2, combine="latest").query("year == 2019")
    assert told(latest, "destination", "first_year", "window", "value", "lower", "upper") == [
        ["ESP", 2018, "latest2", 7, 7, 7], ["ITA", 2018, "latest2", None, 0, 4],
    ]  # fmt: skip
    merged = levels(made(*rows, window=2, combine="latest"), by=("world",)).query("year == 2019")
    assert merged["first_year"].unique().tolist() == [2018]  # rows of one window have the same keys
    assert made(*rows)["window"].unique().tolist() == [window_name(1)] == ["year"]


def test_no_window_ends_in_a_year_without_figures():
    assert made(figure("ITA", 2018, "NGA", 10), window=3)["year"].tolist() == [2018]


def test_which_country_is_home_to_persons_brought_home_is_told_by_source_and_year():
    found = made(
        home("RUS", 2012, "UZB", 903), home("NGA", 2018, "LBY", 101),
        home("NGA", 2012, "LBY", 12, questionnaire="glotip-2024"), home("MMR", 2017, "_U", 8),
    )  # fmt: skip
    assert sorted(told(found, "year", "origin", "destination", "basis", "value")) == [
        [2012, "NGA", "LBY", "repatriation", 12], [2012, "UZB", "RUS", "repatriation", 903],
        [2017, "MMR", "_U", "repatriation", 8], [2018, "NGA", "LBY", "repatriation", 101],
    ]  # fmt: skip


def test_nobody_is_brought_home_from_home():
    found = made(home("SVK", 2018, "SVK", 23), home("UZB", 2013, "UZB", 558))
    assert told(found, "origin", "destination", "is_flow") == [["_U", "UZB", "_Z"], ["SVK", "_U", "_Z"]]


def test_totals_breakdowns_and_rows_of_no_country_are_not_flows():
    found = made(
        figure("ITA", 2018, "NGA", 10),
        figure("_U", 2018, "NGA", 3346, area_label="SAM"), figure("ITA", 2018, "_T", 900, citizenship="FOR"),
        figure("ITA", 2018, "NGA", 6, sex="F"), figure("ITA", 2018, "NGA", 5, measure="convicted"),
        figure("ITA", 2018, "NGA", 4, iccs="02041"), figure("ITA", 2018, "_T", 900, dimension="_T"),
        figure("ITA", 2018, "ROU", math.nan, status="not_available"), home("ITA", 2018, "_T", 70),
    )  # fmt: skip
    assert told(found, "origin", "destination", "value", "base") == [["NGA", "ITA", 10, 10]]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((8, ""), (8, ""), (8, 8, 8, "exact")),
        (("<5", ""), (11, ""), (None, 0, 11, "conflict")),
        ((8, "Mali"), (3, "3 maliens"), (None, 8, 11, "conflict")),
        (("<5", "Mali"), ("<5", "Maliens"), (None, 0, 8, "conflict")),
        (("…", ""), (3, ""), (None, None, None, "withheld")),
    ],
)
def test_a_pair_that_stands_twice_is_never_settled_by_chance(first, second, expected):
    rows = [figure("FRA", 2018, "MLI", value, label=label) for value, label in (first, second)]
    for order in (rows, rows[::-1]):
        assert told(made(*order), "value", "lower", "upper", "status") == [list(expected)]


def test_findings_of_both_rows_go_with_the_pair():
    rows = [figure("FRA", 2018, "MLI", 8, findings="a"), figure("FRA", 2018, "MLI", 3, findings="b;a")]
    assert made(*rows)["findings"].tolist() == ["a;b"]
    assert (
        made(rows[0], figure("FRA", 2019, "MLI", 3, findings="c"), window=2)["findings"].tolist()[-1] == "a;c"
    )


def test_unknown_countries_are_added_where_their_labels_differ():
    rows = [figure("BOL", 2018, "_U", 26, label="Gana"), figure("BOL", 2018, "_U", 332, label="Congo")]
    assert told(made(*rows), "value", "lower", "upper", "status") == [[358, 358, 358, "exact"]]
    nameless = [row | {"label": ""} for row in rows]
    assert told(made(*nameless), "value", "lower", "upper", "status") == [[None, 332, 358, "conflict"]]


def test_what_is_withheld_is_missing_and_not_nought():
    found = made(
        figure("ITA", 2018, "NGA", 10), figure("ITA", 2018, "ROU", "…"), figure("ITA", 2018, "ALB", "<5")
    )
    known = found.set_index("origin")
    assert told(found, "origin", "value", "lower", "upper", "is_flow", "status") == [
        ["ALB", None, 0, 4, "no", "bounded"], ["NGA", 10, 10, 10, "yes", "exact"],
        ["ROU", None, None, None, "undecided", "withheld"],
    ]  # fmt: skip
    assert known["base"].isna().all()
    assert known["base_upper"].isna().all()
    assert known["base_lower"].unique().tolist() == [10]
    assert told(known, "share", "share_lower", "share_upper") == [
        [None, 0, pytest.approx(4 / 14)], [None, 0, 1], [None, 0, 1],
    ]  # fmt: skip
    assert levels(found, by=("world",))["share"].isna().all()


def total(area, year, value):
    """All detected victims of an area."""
    return figure(area, year, "_T", value, dimension="_T", citizenship="_T")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("ROU", 20), ("NGA", "<5"), ("_U", 22)], None),
        ([("ROU", 20), ("NGA", "<5"), ("_U", 22), ("Gana", 26)], (48, 48, 48)),
        ([("ROU", 20), ("NGA", "<5"), ("_U", 2)], (2, 2, 2)),
        ([("NGA", 11), ("_U", 11)], (11, 11, 11)),
        ([("_U", 22)], (22, 22, 22)),
        ([("_U", 44)], (None, 22, 44)),
        ([("ITA", 22), ("ITA", 22), ("_U", 22)], None),
    ],
)
def test_a_nameless_row_that_is_the_total_of_its_list_is_not_counted_again(rows, expected):
    """Persons of a total of 22: the nameless row is it where it cannot stand beside the others."""
    listed = [
        figure(
            "ITA", 2018, "_U" if country == "Gana" else country, value, label=country * (country == "Gana")
        )
        for country, value in rows
    ]
    found = made(total("ITA", 2018, 22), *listed).query("origin == '_U'")
    assert told(found, "value", "lower", "upper") == ([] if expected is None else [list(expected)])
    totals = list_totals(table(total("ITA", 2018, 22), *listed))
    assert len(totals) == (expected is None)


def test_without_a_total_a_nameless_row_stays():
    found = made(
        figure("ITA", 2018, "ROU", 20), figure("ITA", 2018, "NGA", "<5"), figure("ITA", 2018, "_U", 22)
    )
    assert found["origin"].tolist() == ["NGA", "ROU", "_U"]


def test_a_country_that_may_have_counted_nobody_is_in_no_base_of_levels():
    rows = [figure("ITA", 2018, "ROU", 30), figure("FRA", 2018, "ROU", "<5"), figure("FRA", 2018, "_U", 8),
            figure("ESP", 2018, "_U", 9), figure("DEU", 2018, "ROU", "<5"), figure("DEU", 2018, "DEU", 1)]  # fmt: skip
    world = levels(made(*rows), by=("world",)).set_index("level")
    columns = ("lower", "upper", "base_lower", "base_upper", "n_areas")
    assert told(world.loc[["nearby_subregion"]], *columns) == [[30, 34, 31, 35, 2]]
    assert told(world.loc[["_U"]], "value", "share", "n_areas") == [[17, None, 2]]


def test_rows_that_are_one_figure_share_its_weight():
    data = table(figure("SLB", 2019, "SLB", 8), figure("SLB", 2019, "SLB", 8), figure("SLB", 2019, "CHN", 6))
    found = flows(data, groupings=("glotip",))
    edges = flow_lineage(data, found).merge(
        data[["figure_id", "value"]], left_on="part_id", right_on="figure_id"
    )
    sums = (edges["value"] * edges["weight"]).groupby(edges["figure_id_x"]).sum()
    assert sums.to_dict() == dict(zip(found["figure_id"], found["value"], strict=True))


counts = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(counts, st.randoms(use_true_random=False))
def test_bounds_hold_whatever_the_hidden_counts_are(drawn, random):
    """Shares computed from true counts lie within those computed from the published ones."""
    origins = ["ITA", "NGA", "ROU", "FRA", "BRA", "VNM"][: len(drawn)]
    true = [random.randint(0, 4) if hidden else count + 5 for count, hidden in drawn]
    rows = [
        figure("ITA", 2018, origin, "<5" if hidden else count)
        for origin, count, (_, hidden) in zip(origins, true, drawn, strict=True)
    ]
    found = made(*rows).set_index("origin")
    if not sum(true):
        return
    for origin, count in zip(origins, true, strict=True):
        assert found.loc[origin, "lower"] <= count <= found.loc[origin, "upper"]
        low, high = found.loc[origin, ["share_lower", "share_upper"]]
        assert low - 1e-12 <= count / sum(true) <= high + 1e-12
    shares = levels(made(*rows), by=("area",)).set_index("level")
    level = dict(zip(found.index, found["level"], strict=True))
    for name in shares.index:
        part = sum(count for origin, count in zip(origins, true, strict=True) if level[origin] == name)
        assert (
            shares.loc[name, "share_lower"] - 1e-12
            <= part / sum(true)
            <= shares.loc[name, "share_upper"] + 1e-12
        )


def test_levels_divide_the_victims_of_a_place_whose_level_is_known():
    rows = [figure("ITA", 2018, "ITA", 50), figure("ITA", 2018, "ROU", 30), figure("ITA", 2018, "FRA", "<5"),
            figure("ITA", 2018, "_U", 7), figure("ITA", 2018, "HKG", 9), figure("ROU", 2018, "ROU", 20),
            figure("USA", 2018, "CHN", 18)]  # fmt: skip
    found = levels(made(*rows))
    world = found[found["destination"] == "001"].sort_values("level")
    assert told(world, "origin", "level", "value", "lower", "upper", "base", "n_areas", "is_flow") == [
        ["_T", "_U", 16, 16, 16, None, 1, "_Z"], ["_T", "domestic", 70, 70, 70, 120, 3, "_Z"],
        ["_T", "nearby_subregion", 30, 30, 30, 120, 3, "_Z"], ["_T", "transregional", 18, 18, 18, 120, 3, "_Z"],
        ["_T", "within_subregion", None, 0, 4, 120, 3, "_Z"],
    ]  # fmt: skip
    assert world["share"].sum() == pytest.approx(1)
    europe = found[found["destination"] == "G4"].set_index("level")
    assert (europe.loc["domestic", "share"], europe.loc["domestic", "n_areas"]) == (70 / 102, 2)
    assert found["figure_id"].is_unique
    pd.testing.assert_frame_equal(levels(FLOWS.join(made(*rows), found)), found)


def test_a_country_is_told_alike_by_its_parts_and_lies_where_they_do():
    found = made(figure("GBR_S", 2018, "GBR", 9), figure("GBR_S", 2018, "IRL", 8), grouping="m49")
    assert dict(zip(found["origin"], found["level"], strict=True)) == {
        "GBR": "domestic",
        "IRL": "within_subregion",
    }


@pytest.mark.parametrize(
    ("origin", "destination", "m49", "glotip"),
    [
        ("MEX", "USA", "nearby_subregion", "within_subregion"), ("ROU", "ITA", "nearby_subregion", "nearby_subregion"),
        ("MAR", "ESP", "transregional", "transregional"), ("NGA", "LBY", "nearby_subregion", "nearby_subregion"),
        ("UZB", "RUS", "transregional", "within_subregion"), ("SMP", "ITA", "_U", "_U"), ("SMP", "SMP",) + ("domestic",) * 2,
        ("PRI", "USA", "nearby_subregion", "_U"),
    ],
)  # fmt: skip
def test_levels_of_pairs(origin, destination, m49, glotip):
    pair = pd.DataFrame({"origin": [origin], "destination": [destination]})
    assert [level_of(pair, name).item() for name in ("m49", "glotip")] == [m49, glotip]


def test_which_subregions_are_near_is_a_table(tmp_path):
    own = tmp_path / "near.csv"
    own.write_text("grouping,subregion,nearby,choice\nglotip,G12,G41,project\n")
    pair = pd.DataFrame({"origin": ["MAR", "ESP", "ROU"], "destination": ["ESP", "MAR", "ITA"]})
    assert level_of(pair, "glotip", own).tolist() == ["nearby_subregion", "nearby_subregion", "transregional"]
    found = made(figure("ESP", 2018, "MAR", 9), nearby=own)
    assert found["level"].tolist() == ["nearby_subregion"]


def test_shipped_tables_name_groups_that_exist_and_all_pairs_of_a_region():
    near = read_csv(TABLES / "nearby.csv")
    for grouping, rows in near.groupby("grouping"):
        listed = areas.groupings(str(grouping))
        region = dict(listed.loc[listed["level"] == "region", ["area", "code"]].to_numpy())
        subregions = listed[listed["level"] == "subregion"].drop_duplicates("code")
        of = dict(zip(subregions["code"], subregions["area"].map(region), strict=True))
        expected = {frozenset({a, b}) for a in of for b in of if a != b and of[a] == of[b]}
        assert {frozenset(pair) for pair in rows[["subregion", "nearby"]].to_numpy()} == expected
        assert len(rows) == len(expected)
    assert set(near["choice"]) == {"same_region"}
    assert read_csv(TABLES / "flow_levels.csv")["level"].tolist() == [*LEVELS, "_U"]
    homes = read_csv(TABLES / "repatriation.csv")
    assert set(homes["home"]) == {"area", "country"}
    assert homes["questionnaire"].iloc[-1] == "*"
    short = read_csv(TABLES / "short_names.csv")
    assert short["area"].is_unique
    assert set(short["area"]) <= set(areas.areas()["area"])


def test_every_flow_leads_back_to_its_cells():
    data = table(
        figure("ITA", 2018, "NGA", 10), figure("ITA", 2019, "NGA", "<5"), figure("ITA", 2019, "ITA", 6),
        home("NGA", 2019, "ITA", 3), figure("ITA", 2019, "_U", 2),
    )  # fmt: skip
    for how in ({"window": 1}, {"window": 2}, {"window": 2, "combine": "latest"}):
        made_of = flows(data, **how)
        edges = flow_lineage(data, made_of)
        assert set(edges["figure_id"]) == set(made_of["figure_id"])
        assert set(edges["part_id"]) == set(data["figure_id"])
        bounds = edges.merge(data[["figure_id", "lower", "upper"]], left_on="part_id", right_on="figure_id")
        added = bounds.groupby("figure_id_x")[["lower", "upper"]].sum()
        expected = made_of.set_index("figure_id")[["lower", "upper"]]
        pd.testing.assert_frame_equal(added.sort_index(), expected.sort_index(), check_names=False)


def test_ids_and_figures_do_not_depend_on_the_order_of_the_dataset():
    rows = [figure("ITA", 2018, code, value) for code, value in (("NGA", 10), ("ROU", "<5"), ("ITA", 7))]
    keys = ["figure_id"]
    first, second = made(*rows).sort_values(keys), made(*rows[::-1]).sort_values(keys)
    pd.testing.assert_frame_equal(
        first.reset_index(drop=True), second.reset_index(drop=True), check_categorical=False
    )
    assert first["figure_id"].is_unique


def test_a_dataset_without_figures_has_no_flows():
    empty = flows(TRAFFICKING.empty())
    assert empty.empty
    assert flow_lineage(TRAFFICKING.empty(), empty).empty
    assert levels(empty).empty
    with pytest.raises(CallError, match="has no flows"):
        matrix(empty)


@pytest.mark.parametrize(
    ("how", "said"),
    [({"threshold": 0}, "threshold"), ({"window": 0}, "window"), ({"combine": "mean"}, "'mean'"),
     ({"groupings": ("ldc",)}, "no groups of the level subregion")],
)  # fmt: skip
def test_calls_that_mean_nothing_are_refused(how, said):
    with pytest.raises(CallError, match=said):
        flows(table(figure("ITA", 2018, "NGA", 10)), **how)


MANY = [
    figure("ITA", 2018, "ITA", 90), figure("ITA", 2018, "NGA", 40), figure("ITA", 2018, "ALB", "<5"),
    figure("ESP", 2018, "NGA", 30), figure("ESP", 2018, "ROU", 30), figure("ESP", 2018, "_U", 8),
    figure("USA", 2018, "CHN", "…"), figure("USA", 2017, "CHN", 99),
]  # fmt: skip


def test_a_matrix_has_destinations_down_and_origins_across():
    countries = matrix(made(*MANY), by="area", grouping="glotip")
    assert countries.loc["ITA"].to_dict() == {
        "ALB": "<5", "CHN": "", "ITA": "90", "NGA": "40", "ROU": "", "_U": "",
    }  # fmt: skip
    assert countries.loc["USA", "CHN"] == "…"
    assert list(countries.columns)[-1] == "_U"
    assert matrix(made(*MANY), grouping="glotip").loc["G41"].to_dict() == {
        "G11": "70", "G32": "", "G41": "90", "G42": "30–34", "_U": "8",
    }  # fmt: skip
    sums = between(made(*MANY), by="region", grouping="glotip").set_index(["origin", "destination"])
    assert told(sums.loc[[("G1", "G4")]], "value", "n_pairs", "n_areas") == [[70, 2, 2]]
    assert told(sums.loc[[("G3", "G2")]], "value", "lower", "status") == [[None, None, "withheld"]]


def test_the_largest_flows_come_first_with_the_places_that_their_bounds_leave():
    found = ranked(made(*MANY), grouping="glotip")
    known = found[found["status"] != "withheld"]
    assert told(known, "origin", "destination", "rank", "rank_first", "rank_last") == [
        ["NGA", "ITA", 1, 1, 2], ["NGA", "ESP", 2, 2, 3], ["ROU", "ESP", 3, 2, 3], ["ALB", "ITA", 4, 4, 5],
    ]  # fmt: skip
    assert told(found[found["status"] == "withheld"], "origin", "rank_first", "rank_last") == [["CHN", 1, 5]]
    assert ranked(made(*MANY), grouping="glotip", is_domestic=True, top=1)["origin"].tolist() == ["ITA"]
    assert ranked(made(*MANY), grouping="glotip", year=2017)["value"].tolist() == [99]


def test_flows_of_two_windows_are_not_mixed():
    both = FLOWS.join(made(*MANY), made(*MANY, window=2))
    with pytest.raises(CallError, match="several windows"):
        ranked(both, grouping="glotip")


def test_citizenship_and_repatriation_stand_side_by_side_and_are_never_added():
    found = made(
        figure("ESP", 2010, "ROU", 366), home("ESP", 2010, "ROU", 234), figure("ESP", 2010, "NGA", 9)
    )
    assert told(found, "origin", "basis", "value") == [
        ["NGA", "citizenship", 9], ["ROU", "citizenship", 366], ["ROU", "repatriation", 234],
    ]  # fmt: skip
    both = side_by_side(found, grouping="glotip")
    assert told(both, "origin", "destination", "detected_value", "brought_home_value") == [
        ["ROU", "ESP", 366, 234]
    ]


def test_pairs_lose_no_figure_of_citizenship():
    data = table(*MANY)
    assert pairs(data)["figure_id"].tolist() == data["figure_id"].tolist()


@pytest.fixture(scope="module")
def release(shared):
    """The release of 30 May 2023."""
    return dataset(published.read_published(shared / "unodc" / "data_glotip_2023-05-30.xlsx")[0])


def test_the_number_of_flows_of_the_2014_report_lies_within_the_bounds(release):
    """510 flows in 2010-2012 (Global Report 2014); the file hides every count below five."""
    found = flows(release, window=3, groupings=("glotip",)).query("year == 2012 and basis == 'citizenship'")
    sure = int((found["is_flow"] == "yes").sum())
    assert 350 < sure < 510 < sure + int((found["is_flow"] == "undecided").sum()) < 600


def test_flows_of_a_destination_are_the_cells_of_the_file(release):
    rows = release[(release["area"] == "ARG") & (release["year"] == 2018) & (release["measure"] == "victims")]
    rows = rows[(rows["dimension"] == "citizenship") & ~rows["country"].isin(["_U", "_T"])]
    found = flows(release, groupings=("m49",)).query("destination == 'ARG' and year == 2018")
    found = found[(found["basis"] == "citizenship") & (found["origin"] != "_U")]
    assert (found["lower"].sum(), found["upper"].sum()) == (rows["lower"].sum(), rows["upper"].sum())
    assert np.allclose(found["base_lower"], rows["lower"].sum())
    assert set(flow_lineage(release, found)["part_id"]) == set(rows["figure_id"])
