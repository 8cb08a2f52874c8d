"""The trafficking dataset has every figure once, in its place; what is wrong with it is said once."""

import csv

import pandas as pd
import pytest

import crimestats as cs
from crimestats.files import read_csv, shipped
from crimestats.frames import FINDINGS, HIDDEN, OBSERVATIONS, RECOVERABLE, TRAFFICKING
from crimestats.questionnaire import build
from crimestats.trafficking import checks, dataset, findings_of, left_out, recoverable_findings
from crimestats.trafficking.findings import marked, rules, without_figures

HEADER = (
    "Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex", "Age", "Year",
    "Unit of measurement", "VALUE", "Source",
)  # fmt: skip
VICTIMS = "Detected trafficking victims"
NAMES = {"ARG": "Argentina", "NGA": "Nigeria", "SMP": "", "PRT": "Portugal"}


def published(path, rows):
    """A file of the portal: rows are area, dimension, category, sex, age, value and, if not 2019, the year."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for area, dimension, category, sex, age, value, *year in rows:
            writer.writerow([
                area, NAMES.get(area, ""), "", "", VICTIMS, dimension, category, sex, age, *(year or [2019]),
                "Counts", value, "GLOTIP",
            ])  # fmt: skip
    return path


def total(value, sex="Total", age="Total", area="ARG"):
    return (area, "Total", "Total", sex, age, value)


def form(category, value, sex="Total", age="Total"):
    return ("ARG", "by form of exploitation", category, sex, age, value)


def of(category, value, area="ARG", dimension="by citizenship", year=2019):
    return (area, dimension, category, "Total", "Total", value, year)


def home(category, value, year=2019):
    return of(category, value, dimension="by country of repatriation", year=year)


@pytest.fixture
def made(tmp_path):
    """The dataset of rows, with its observations and the findings of the source."""

    def make(*rows):
        observations, found = cs.read_published(published(tmp_path / "tip.csv", rows))
        return dataset(observations), observations, found

    return make


def listed(table, *columns):
    return [tuple(row) for row in table[list(columns)].astype("object").to_numpy().tolist()]


def said(found, kind):
    return found[found["kind"] == kind]


def test_figures_stand_once_and_in_their_place(made):
    table, observations, _ = made(total("50"), total("<5", "Other", "0 to 17 years"), of("Nationals", "20"))
    assert len(table) == len(observations) == 3
    assert listed(
        table, "figure_id", "dimension", "sex", "age", "citizenship", "lower", "upper", "status"
    ) == [
        ("tip.csv!tip!L2", "_T", "_T", "_T", "_T", 50.0, 50.0, "exact"),
        ("tip.csv!tip!L3", "_T", "O", "Y0T17", "_T", 0.0, 4.0, "bounded"),
        ("tip.csv!tip!L4", "citizenship", "_T", "_T", "NAT", 20.0, 20.0, "exact"),
    ]
    TRAFFICKING.check(table)


def test_own_citizens_are_those_of_the_reporting_country_however_they_are_called(made):
    table, *_ = made(of("Nationals", "20"), of("Argentina", "21"), of("Nigeria", "6"), of("Congo", "7"),
                     of("Unknown", "8"))  # fmt: skip
    assert listed(table, "citizenship", "country", "label") == [
        ("NAT", "ARG", ""), ("NAT", "ARG", ""), ("FOR", "NGA", ""), ("_U", "_U", "Congo"), ("_U", "_U", ""),
    ]  # fmt: skip


def test_nameless_rows_of_other_forms_are_told_apart_and_a_single_one_is_the_total(made):
    other = "Other forms of exploitation"
    table, *_ = made(form(other, "9"), form("Sexual exploitation", "30"), form(other, "<5"), form(other, "12"),
                     form(other, "13", "Female", "18 years or over"))  # fmt: skip
    assert listed(table, "iccs", "exploitation", "sex", "cell") == [
        ("02043+02044", "OTH_1", "_T", "L2"), ("02041", "_T", "_T", "L3"), ("02043+02044", "OTH_2", "_T", "L4"),
        ("02043+02044", "OTH_3", "_T", "L5"), ("02043+02044", "_T", "F", "L6"),
    ]  # fmt: skip


def test_sub_forms_keep_the_order_of_the_file_though_rows_are_shuffled_or_sorted_as_text(made):
    other = "Other forms of exploitation"
    _, observations, _ = made(*(form("Sexual exploitation", "5") for _ in range(6)), form(other, "9"),
                              form(other, "8"), form(other, "7"))  # fmt: skip
    shuffled = observations.sample(frac=1, random_state=1).sort_values("cell")
    found = dataset(shuffled)
    found = found[found["iccs"] == "02043+02044"].set_index("cell")["exploitation"].astype("str").to_dict()
    assert found == {"L8": "OTH_1", "L9": "OTH_2", "L10": "OTH_3"}


def test_all_persons_brought_home_are_a_total_and_no_country(made):
    table, *_ = made(home("Abroad", "15"), home("Italy", "9"), home("Nationals", "15"))
    assert listed(table, "measure", "dimension", "country", "citizenship") == [
        ("repatriated", "_T", "_T", "NAT"), ("repatriated", "repatriation", "ITA", "_T"),
        ("repatriated", "_T", "_T", "NAT"),
    ]  # fmt: skip


def test_units_that_are_part_of_a_country_have_its_citizens_as_their_own():
    table = dataset(observed(area="GBR_S", citizenship="_T", country="GBR"))
    assert listed(table, "citizenship", "country") == [("NAT", "GBR_S")]


def observed(**keys):
    """One observation of twelve victims, with some keys of its own."""
    row = {name: "_T" for name, kind in OBSERVATIONS.columns.items() if kind == "key"}
    row |= {
        "area": "PRT", "year": 2019, "item": "x", "scheme": "iccs-1.0", "code": "0204", "measure": "victims",
        "unit": "number", "stage": "detected", "source": "CJS", "value": 12.0, "lower": 12.0, "upper": 12.0,
        "status": "exact", "segment": 0, "findings": "", "note": "", "return_id": "r.xlsx", "sheet": "s",
        "cell": "A1", **dict.fromkeys(("questionnaire", "agency", "regime", "period", "provisional"), "_U"),
    } | keys  # fmt: skip
    return OBSERVATIONS.cast(pd.DataFrame([row]))


@pytest.mark.parametrize(("keys", "reason"), [
    ({"code": "0101"}, "other_crime"),
    ({"measure": "held"}, "other_measure"),
    ({"unit": "per_100000"}, "other_unit"),
    ({"relationship": "PARTNER"}, "other_breakdown relationship"),
    ({"trait": "ALTERED"}, "other_breakdown trait"),
    ({"trait": "ROW3", "country": "_U", "status": "blank", "value": None}, "blank_row"),
])  # fmt: skip
def test_what_has_no_place_in_the_dataset_is_counted(keys, reason):
    rows = observed(**keys)
    assert dataset(rows).empty
    assert listed(left_out(rows), "reason", "figures") == [(reason, 1)]
    told = said(findings_of(dataset(rows), rows), "left_out")
    assert listed(told, "rule", "severity") == [("TIP-07", "note")]
    assert reason.replace("_", " ") in told["message"].iloc[0]


def test_a_return_enters_with_its_forms_rows_and_labels(tmp_path):
    definition = cs.Questionnaire.load("glotip-2024")
    rows = [
        ("victims", "40", ""), ("victims_domestic", "9", ""), ("victims_other_begging", "6", ""),
        ("victims_other_organs", "5", ""), ("victims_row1", "7", ""), ("victims_row2", "8", "Nigeria"),
        ("victims_row3", "<5", "Neverland"), ("suspected_foreign", "11", ""), ("repatriated", "13", ""),
        ("repatriated_row2", "12", "Italy"),
    ]  # fmt: skip
    year = max(definition.years)
    figures = pd.DataFrame(rows, columns=["item", "value", "label"]).assign(year=year)
    cells = cs.read(build(definition, tmp_path / "PRT.xlsx", area="PRT", figures=figures), definition)
    table = dataset(cs.observe(cells, cs.validate(cells, definition)))
    given = table[table["lower"].notna()]
    keys = ("measure", "dimension", "iccs", "exploitation", "citizenship", "country", "label", "upper")
    assert set(listed(given, *keys)) == {
        ("victims", "_T", "0204", "_T", "_T", "_T", "", 40.0),
        ("victims", "within_country", "0204", "_T", "_T", "_T", "", 9.0),
        ("victims", "exploitation", "02044", "OTH_BEGGING", "_T", "_T", "", 6.0),
        ("victims", "exploitation", "02043", "_T", "_T", "_T", "", 5.0),
        ("victims", "citizenship", "0204", "_T", "NAT", "PRT", "", 7.0),
        ("victims", "citizenship", "0204", "_T", "FOR", "NGA", "Nigeria", 8.0),
        ("victims", "citizenship", "0204", "_T", "FOR", "_U", "Neverland", 4.0),
        ("suspected", "citizenship", "0204", "_T", "FOR", "_T", "", 11.0),
        ("repatriated", "_T", "0204", "_T", "NAT", "_T", "", 13.0),
        ("repatriated", "repatriation", "0204", "_T", "NAT", "ITA", "Italy", 12.0),
    }
    assert set(table["questionnaire"]) == {"glotip-2024"}
    assert (
        not (table["dimension"] == "citizenship")
        .mul(table["status"] == "blank")
        .mul(table["country"] == "_U")
        .any()
    )


def test_rows_of_a_subregion_are_named_beside_what_its_countries_add_to(made):
    table, observations, found = made(total("50"), total("60", area="SAM"), total("<5", "Female", area="SAM"))
    told = findings_of(table, observations, found)
    assert listed(said(told, "subregion_rows"), "rule", "cell", "value", "others") == [
        ("TIP-01", "L3", "SAM", "L4")
    ]
    assert "South America" in said(told, "subregion_rows")["message"].iloc[0]
    assert "victims 60 (50 of 1 countries)" in said(told, "subregion_rows")["message"].iloc[0]
    assert said(found, "area_unknown")["value"].tolist() == ["SAM"]
    assert said(told, "area_unknown").empty


def test_each_code_of_a_subregion_is_that_of_a_group():
    for code, grouping, group, note in listed(
        read_csv(shipped("questionnaires", "trafficking", "subregions.csv")),
        "code",
        "grouping",
        "group",
        "note",
    ):
        from crimestats.areas import areas, groupings

        assert (groupings(grouping)["code"] == group).any()
        assert code not in set(areas()["area"])
        assert note


def test_two_labels_of_one_country_that_say_different_things_are_one_conflict(made):
    table, observations, found = made(of("Nationals", "20"), of("Argentina", "21"), of("Argentina", "21"))
    told = findings_of(table, observations, found)
    own = told[told["rule"] == "TIP-02"]
    assert listed(own, "severity", "cell", "value", "expected", "others") == [
        ("error", "L2", "20", "21, 21", "L3:L4")
    ]


def test_unknown_countries_of_different_labels_are_no_conflict(made):
    table, observations, found = made(of("Congo", "20"), of("Neverland", "21"))
    told = findings_of(table, observations, found)
    assert said(told, "repeated_key").empty
    assert listed(said(told, "label_refused"), "value", "rule") == [
        ("Congo", "TIP-03"),
        ("Neverland", "TIP-03"),
    ]
    assert set(said(found, "country_unknown")["value"]) & {"Congo", "Neverland"} == {"Congo", "Neverland"}
    assert said(told, "country_unknown").empty


def test_a_form_above_the_total_and_a_total_below_its_sexes_are_found_once(made):
    table, observations, found = made(
        total("10", "Total", "0 to 17 years"), total("8", "Female", "0 to 17 years"),
        total("7", "Male", "0 to 17 years"), form("Sexual exploitation", "12", "Total", "0 to 17 years"),
    )  # fmt: skip
    told = findings_of(table, observations, found)
    assert listed(said(told, "parts_above"), "cell", "value", "expected", "others") == [
        ("L2", "10", "15", "L3:L4")
    ]
    assert listed(said(told, "part_above"), "cell", "value", "expected", "others") == [
        ("L5", "12", "10", "L2")
    ]


def test_a_total_below_women_girls_men_and_boys_together_is_found_once(made):
    ages = ("18 years or over", "0 to 17 years")
    rows = [total("509"), *(total("263", sex, age) for sex in ("Female", "Male") for age in ages)]
    table, observations, found = made(*rows)
    above = said(findings_of(table, observations, found), "parts_above")
    assert above[["value", "expected"]].to_numpy().tolist() == [["509", "1,052"]]
    known = findings_of(*made(*rows, total("526", "Female"), total("526", "Male")))
    assert len(known) == 1  # the rule of published files says it of women and men already


def test_other_forms_that_hold_all_persons_are_an_error(made):
    rows = [total("676"), form("Sexual exploitation", "516"), form("Forced labour", "160"),
            form("Other forms of exploitation", "676"), ]  # fmt: skip
    told = said(findings_of(*made(*rows)), "other_is_total")
    assert told[["value", "expected", "severity"]].to_numpy().tolist() == [["676", "676", "error"]]
    assert said(findings_of(*made(*rows[:1], *rows[3:])), "other_is_total").empty


def test_areas_that_give_only_small_figures_and_no_total_are_counted_by_year(made):
    rows = [form("Sexual exploitation", "<5"), form("Forced labour", "<5")]
    told = said(findings_of(*made(*rows)), "only_small")
    assert told["message"].str.contains("“<5”, which may be nobody: 1.", regex=False).tolist() == [True]
    assert said(findings_of(*made(*rows, total("<5"))), "only_small").empty
    assert said(findings_of(*made(rows[0], form("Forced labour", "7"))), "only_small").empty


@pytest.mark.parametrize("value", ["<5", "15"])
def test_bounds_that_can_meet_are_no_finding(made, value):
    table, observations, found = made(
        total("15", "Total", "0 to 17 years"), total("12", "Female", "0 to 17 years"),
        total("<5", "Male", "0 to 17 years"), form("Sexual exploitation", value, "Total", "0 to 17 years"),
    )  # fmt: skip
    own = findings_of(table, observations, found)
    assert own[own["rule"].astype("str").str.startswith("TIP")].empty


def test_what_the_source_has_said_already_is_not_said_again(made):
    table, observations, found = made(total("10"), total("8", "Female"), total("7", "Male"))
    told = findings_of(table, observations, found)
    assert len(said(found, "parts")) == len(said(told, "parts")) > 0
    assert said(told, "parts_above").empty


def test_the_year_in_the_place_of_the_figure_is_found(made):
    table, observations, found = made(home("Italy", "2,019"), home("France", "2,050"))
    assert listed(said(findings_of(table, observations, found), "year_as_figure"), "value") == [("2,019",)]


def test_ids_do_not_hang_on_the_name_of_the_file_or_the_order_of_rows(made, tmp_path):
    rows = [total("60", area="SAM"), of("Neverland", "21"), home("Italy", "2,019")]
    first = findings_of(*made(*rows))
    observations, found = cs.read_published(published(tmp_path / "again.csv", [rows[0], *rows[:0:-1]]))
    again = findings_of(dataset(observations), observations, found)
    ids = [set(each.loc[each["questionnaire"] == "trafficking", "finding_id"]) for each in (first, again)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 3


def recovered(table, how, rests_on):
    row = dict.fromkeys(RECOVERABLE.columns, "") | {
        "figure_id": table["figure_id"].iloc[0], "area": "ARG", "year": 2019, "lower": 0.0, "upper": 4.0,
        "found_lower": 0.0, "found_upper": 0.0, "how": how, "rests_on": rests_on, "return_id": "tip.csv",
        "sheet": "tip", "cell": "L2",
    }  # fmt: skip
    return RECOVERABLE.cast(pd.DataFrame([row]))


@pytest.mark.parametrize(("how", "rule", "severity"), [
    ("sum", "TIP-08", "query"), ("sums", "TIP-08", "query"), ("sum_likely", "TIP-09", "note"),
    ("sum_contradicted_likely", "TIP-09", "note"),
])  # fmt: skip
def test_figures_that_can_be_computed_are_findings(made, how, rule, severity):
    table, *_ = made(total("<5", "Other"), total("70", "Female"), total("31", "Male"))
    given = recovered(table, how, "tip.csv!tip!L3 tip.csv!tip!L4")
    told = recoverable_findings(given, table)
    assert listed(told, "rule", "severity", "cell", "value", "expected", "others") == [
        (rule, severity, "L2", "<5", "exactly 0", "L3:L4")
    ]


def test_a_recoverable_figure_takes_the_place_of_the_finding_of_the_source(made):
    rows = [total("101", "Total", "0 to 17 years"), total("70", "Female", "0 to 17 years"),
            total("31", "Male", "0 to 17 years"), total("<5", "Other", "0 to 17 years")]  # fmt: skip
    table, observations, found = made(*reversed(rows))
    assert len(said(found, "recoverable")) == 1
    told = findings_of(table, observations, found, recovered(table, "sum", "tip.csv!tip!L3"))
    assert said(told, "recoverable").empty
    assert len(said(told, "disclosure")) == 1


def test_figures_carry_the_ids_of_findings_at_their_cell(made):
    table, observations, found = made(home("Italy", "2,019"), home("France", "6"))
    told = findings_of(table, observations, found)
    own = said(told, "year_as_figure")["finding_id"].iloc[0]
    ids = marked(table, told)["findings"].tolist()
    assert own in ids[0].split()
    assert own not in ids[1].split()


def test_a_finding_at_the_name_of_a_country_is_of_the_figures_of_its_row(made):
    table, observations, found = made(home("Italy", "2,019"), home("France", "6"))
    told = findings_of(table, observations, found)
    placed = told[told["kind"] == "year_as_figure"]
    ids = marked(table, placed.assign(cell="G3"))["findings"].tolist()
    assert ids == ["", placed["finding_id"].iloc[0]]
    assert marked(table, placed.assign(cell="G33"))["findings"].tolist() == ["", ""]


def test_beside_hidden_figures_no_finding_quotes_a_number(made):
    table, observations, found = made(
        total("10"), total("8", "Female"), total("7", "Male"), of("Neverland", "3")
    )
    told = findings_of(table, observations, found)
    hidden = HIDDEN.cast(pd.DataFrame([
        dict.fromkeys(HIDDEN.columns, "") | {"area": "ARG", "year": 2018, "lower": 0.0, "upper": 4.0}
    ]))  # fmt: skip
    safe = without_figures(told, hidden)
    FINDINGS.check(safe)
    assert len(safe) == len(told)
    assert (safe["finding_id"] == told["finding_id"]).all()
    about = safe["year"].notna()
    assert about.sum() > 0
    assert set(safe.loc[about, "value"]) | set(safe.loc[about, "expected"]) == {""}
    assert not safe.loc[about, "question"].str.contains(r"\d").any()
    elsewhere = without_figures(told, hidden.assign(area="NGA"))
    pd.testing.assert_frame_equal(elsewhere, told)


def test_every_rule_has_its_check_and_says_why():
    kinds = {rule["kind"] for rule in rules().values()}
    assert kinds == {*checks.CHECKS, "left_out", "disclosure", "disclosure_likely"}
    assert all(rule["why"] and rule["at"] in ("own", "any") for rule in rules().values())


def test_the_published_release_enters_whole(shared):
    path = shared / "unodc" / "data_glotip_2023-05-30.xlsx"
    observations, found = cs.read_published(path)
    table = dataset(observations)
    assert len(table) == len(observations) == 46_556
    assert left_out(observations).empty
    assert table["figure_id"].is_unique
    subforms = table["exploitation"].astype("str").value_counts()
    assert (subforms["OTH_1"], subforms["OTH_5"]) == (277, 17)
    told = findings_of(table, observations, found)
    assert told["finding_id"].is_unique
    assert set(said(told, "subregion_rows")["value"]) == {"SAM", "SAF", "CAR", "CAS", "EEU", "MCA", "MCN"}
