"""The module on victimisation surveys, and the inputs of the Goals that come out of it."""

import math

import pandas as pd
import pytest

import crimestats as cs
from crimestats import sdg
from crimestats.classification import Classification
from crimestats.errors import CallError, DefinitionError
from crimestats.frames import BREAKDOWNS, CELLS, OBSERVATIONS
from crimestats.questionnaire import codelist
from crimestats.sdg import tables

SURVEY = cs.Questionnaire.load("victimisation-survey")
ITEMS = SURVEY.data.to_dict("records")
POPULATION = pd.DataFrame({
    "area": "MEX", "year": 2020, "sex": ["_T", "M", "F"], "age": "_T", "population": [1000.0, 400.0, 600.0]
})  # fmt: skip


def read_back(tmp_path, rows):
    """Cells of a built workbook with figures (item, year, value)."""
    figures = pd.DataFrame(
        [("MEX", year, item, value) for item, year, value in rows], columns=["area", "year", "item", "value"]
    )
    years = tuple(sorted({int(year) for _, year, _ in rows}))
    path = cs.build(SURVEY, tmp_path / "MEX.xlsx", area="MEX", years=years, figures=figures)
    return cs.read(path, SURVEY)


def found(tmp_path, rows):
    """Rule and item of what is found in such a workbook, of the questionnaire's own rules."""
    data = cs.validate(read_back(tmp_path, rows), SURVEY).data
    data = data[(data["verdict"] == "fail") & ~data["rule"].isin(["ALL-050", "ALL-051"])]
    return sorted(zip(data["rule"].astype(str), data["item"].astype(str), strict=True))


def observed(*rows):
    """Observations of MEX 2020: item, and the figure as a number, a pair of bounds or a status."""
    lines = []
    for item, figure in rows:
        pair = figure if isinstance(figure, tuple) else (figure, figure)
        low, high = (math.nan, math.nan) if isinstance(figure, str) else pair
        status = figure if isinstance(figure, str) else "exact" if low == high else "bounded"
        lines.append({
            "area": "MEX", "year": 2020, "item": item, "value": low if low == high else math.nan,
            "lower": low, "upper": high, "status": status, "segment": 1, "return_id": f"{len(lines)}.xlsx",
        })  # fmt: skip
    frame = pd.DataFrame(lines)
    texts = {name: "" for name in OBSERVATIONS.columns if name not in frame}
    return OBSERVATIONS.cast(frame.assign(**texts))


def inputs(indicator, *rows, sex="_T", series=""):
    """The one row of an indicator, as a mapping."""
    data = sdg.indicators(observed(*rows), POPULATION)
    data = data[(data["indicator"] == indicator) & (data["sex"] == sex)]
    (row,) = data[data["series"].str.contains(series)].to_dict("records")
    return row


# --- the questionnaire ----------------------------------------------------------


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row["item"])
def test_every_item_is_coded(row):
    iccs = Classification.load("iccs")
    assert row["iccs"] == "_Z" or all(code in iccs for code in row["iccs"].split("+"))
    assert row["number"].startswith(row["table"] + ".")
    assert row["numbering"] == "project"
    assert row["label"]


def test_it_is_one_module_for_the_survey_authority():
    assert [(module["id"], module["number"], module["sheet"]) for module in SURVEY.modules] == [
        ("victimisation", "7", "Victimisation")
    ]
    assert SURVEY.agencies == ("survey",)
    assert set(SURVEY.data["unit"]) == {"number", "per_cent"}
    assert not SURVEY.data.duplicated(["iccs", "measure", "unit", "stage", "source", *BREAKDOWNS]).any()
    assert set(SURVEY.data["measure"]) <= set(codelist("measure")["code"])
    assert all(f"measure.{measure}" in SURVEY.labels for measure in SURVEY.data["measure"])
    assert {rule.parameters["check"] for rule in SURVEY.rules if rule.id.startswith("VIC-")} >= {
        "R06", "R10", "R11", "R30", "R32", "R60", "R63", "R64"
    }  # fmt: skip


def test_shares_are_read_back_with_their_decimals(tmp_path):
    cells = read_back(
        tmp_path, [("survey_robbery_prevalence", 2020, "2.75"), ("survey_robbery_victims", 2020, 27500)]
    )
    values = dict(zip(cells["item"].astype(str), cells["value"], strict=True))
    assert values["survey_robbery_prevalence"] == 2.75
    assert values["survey_robbery_victims"] == 27500
    assert cs.validate(cells, SURVEY).data.query("rule == 'ALL-032'").empty


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("survey_robbery_victims", 2020, 1000), ("survey_robbery_victims_m", 2020, 600),
             ("survey_robbery_victims_f", 2020, 300)],
            [("VIC-105", "survey_robbery_victims")],
        ),
        (
            [("survey_robbery_victims", 2020, 1000), ("survey_robbery_victims_m", 2020, 1600)],
            [("VIC-205", "survey_robbery_victims_m")],
        ),
        (
            [("survey_fraud_victims", 2020, 100), ("survey_fraud_reporters", 2020, 101)],
            [("VIC-236", "survey_fraud_reporters")],
        ),
        (
            [("survey_contacts", 2020, 100), ("survey_bribery_victims", 2020, 101)],
            [("VIC-251", "survey_bribery_victims")],
        ),
        (
            [("survey_population", 2020, 99), ("survey_theft_victims", 2020, 100)],
            [("VIC-254", "survey_theft_victims")],
        ),
        (
            [("survey_theft_prevalence", 2020, 5), ("survey_theft_prevalence_upper", 2020, "4.5")],
            [("VIC-283", "survey_theft_prevalence")],
        ),
        (
            [("survey_theft_prevalence", 2020, 5), ("survey_theft_prevalence_lower", 2020, "5.5"),
             ("survey_theft_prevalence_upper", 2020, "6.5")],
            [("VIC-283", "survey_theft_prevalence_lower")],
        ),
        ([("survey_theft_reporting", 2020, "100.5")], [("VIC-401", "survey_theft_reporting")]),
        ([("survey_theft_reporting", 2020, -3)], [("ALL-031", "survey_theft_reporting")]),
        ([("survey_theft_victims", 2020, 500000)], []),  # a count is no share
        ([("survey_theft_victims", 2020, "500.5")], [("ALL-032", "survey_theft_victims")]),
        (
            [("survey_theft_prevalence", 2019, 3), ("survey_theft_prevalence", 2020, 9)],
            [("VIC-321", "survey_theft_prevalence")],
        ),
        (
            [("survey_theft_victims", 2019, 30000), ("survey_theft_victims", 2020, 300000)],
            [("VIC-323", "survey_theft_victims")],
        ),
        (
            [("survey_theft_victims", 2019, 31234), ("survey_theft_victims", 2020, 31234)],
            [("VIC-324", "survey_theft_victims")],
        ),
    ],
)  # fmt: skip
def test_rules_find_what_cannot_be(tmp_path, rows, expected):
    assert found(tmp_path, rows) == expected


@pytest.mark.parametrize(
    ("question", "answer", "rules"),
    [
        ("recall_period", "months_12", []),
        ("recall_period", "The last 12 months", []),
        ("recall_period", "calendar", ["VIC-502"]),
        ("break_year", "2019", ["VIC-503"]),
        ("coverage", "part", ["VIC-504"]),
        ("coverage", "whole", []),
    ],
)
def test_answers_that_move_a_figure_are_noted(tmp_path, question, answer, rules):
    cells = read_back(tmp_path, [("survey_theft_victims", 2020, 5000)])
    answered = cells["item"].astype(str) == f"M.victimisation.{question}"
    assert answered.sum() == 1 or question in ("break_year", "coverage")
    rows = cells[answered] if answered.any() else cells[cells["item"].astype(str) == "M.victimisation.source"]
    given = rows.astype({"item": "str", "status": "str"}).assign(
        item=f"M.victimisation.{question}", raw=answer, status="text"
    )
    data = cs.validate(CELLS.join(cells[~answered], given), SURVEY).data
    told = data.loc[data["rule"].astype(str).str.startswith("VIC-"), "rule"].astype(str)
    assert sorted(told) == rules


def test_a_sound_survey_has_no_finding(tmp_path):
    rows = [
        ("survey_population", 2020, 90000), ("survey_population_m", 2020, 44000),
        ("survey_population_f", 2020, 46000), ("survey_sample", 2020, 5000),
        ("survey_response_rate", 2020, "71.2"), ("survey_contacts", 2020, 30000),
        ("survey_bribery_victims", 2020, 3000), ("survey_bribery_prevalence", 2020, 10),
        ("survey_bribery_prevalence_lower", 2020, "8.8"), ("survey_bribery_prevalence_upper", 2020, "11.3"),
        ("survey_burglary_victims", 2020, 0), ("survey_burglary_reporters", 2020, 0),
    ]  # fmt: skip
    assert found(tmp_path, rows) == []


# --- the inputs of the Goals ----------------------------------------------------


def test_every_item_of_the_table_is_in_its_questionnaire():
    table = sdg.table()
    for questionnaire, rows in table[table["item"] != sdg.POPULATION].groupby("questionnaire"):
        definition = cs.Questionnaire.load(str(questionnaire))
        assert [item for item in rows["item"] if item not in definition] == []
        sexes = {item: definition[item].keys["sex"] for item in rows["item"]}
        assert [item for item, sex in zip(rows["item"], rows["sex"], strict=True) if sexes[item] != sex] == []
    assert {"16.1.1", "16.1.3", "16.1.4", "16.2.2", "16.3.1", "16.3.2", "16.4.2", "16.5.1", "11.7.2"} == set(
        table["indicator"]
    )


def test_every_series_can_be_had_and_is_of_one_kind():
    table = sdg.table()
    key = ["indicator", "series", "sex"]
    parts = table.groupby(key)["component"].agg(set)
    assert all(part >= {"numerator", "denominator"} for part in parts)
    assert set(zip(table["unit"], table["times"], strict=True)) == {("per_cent", 100), ("per_100000", 100000)}
    of_persons = table[table["indicator"] != "16.4.2"]
    assert set(of_persons.groupby(["indicator", "series"])["sex"].nunique()) == {3}


def test_a_share_is_computed_where_none_is_reported():
    row = inputs("16.3.1", ("survey_sexual_violence_victims_f", 800), ("survey_sexual_violence_reporters_f", 90),
                 sex="F", series="sexual")  # fmt: skip
    assert [row[name] for name in ("numerator", "denominator", "value", "lower", "upper")] == [
        90, 800, 11.25, 11.25, 11.25
    ]  # fmt: skip
    assert (row["basis"], row["unit"]) == ("computed", "per_cent")
    assert row["note"] == ""


def test_a_rate_is_of_the_residents_of_the_sex():
    row = inputs("16.1.1", ("homicide_victims_f", 3), sex="F")
    assert (row["denominator"], row["value"], row["unit"]) == (600, 500, "per_100000")
    missing = sdg.indicators(observed(("homicide_victims_f", 3)), POPULATION.assign(year=2019))
    row = missing[missing["sex"] == "F"].iloc[0]
    assert math.isnan(row["value"])
    assert row["note"] == "no figure of population (not in the table)"


def test_a_reported_share_stands_with_the_limits_of_the_survey():
    row = inputs(
        "16.5.1", ("survey_contacts", 30000), ("survey_bribery_victims", 3000), ("survey_bribery_prevalence", 10.0),
        ("survey_bribery_prevalence_lower", 8.8), ("survey_bribery_prevalence_upper", 11.3),
    )  # fmt: skip
    assert [row[name] for name in ("value", "lower", "upper", "basis")] == [10.0, 8.8, 11.3, "reported"]
    assert row["note"] == "bounds are the survey's 95 per cent limits"


@pytest.mark.parametrize(
    ("limits", "note"),
    [
        ([], ""),
        ([("survey_bribery_prevalence_lower", 8.8)], "left out"),
        ([("survey_bribery_prevalence_lower", 10.5), ("survey_bribery_prevalence_upper", 11.3)], "left out"),
    ],
)
def test_limits_that_are_none_are_left_out(limits, note):
    row = inputs("16.5.1", ("survey_contacts", 30000), ("survey_bribery_victims", 3000),
                 ("survey_bribery_prevalence", 10.0), *limits)  # fmt: skip
    assert [row[name] for name in ("value", "lower", "upper")] == [10.0, 10.0, 10.0]
    assert note in row["note"]
    assert bool(note) == bool(row["note"])


@pytest.mark.parametrize(
    ("reported", "differs"),
    [(33.3, False), (33.33, False), (33.0, False), (33.4, True), (33.32, True), (40.0, True), (0.3333, True)],
)
def test_both_given_are_compared_within_the_decimals(reported, differs):
    row = inputs("16.3.1", ("survey_physical_violence_victims", 300), ("survey_physical_violence_reporters", 100),
                 ("survey_physical_violence_reporting", reported), series="physical")  # fmt: skip
    assert row["value"] == reported
    assert row["note"] == (f"reported {reported:.6g}, but 33.3333 is computed" if differs else "")


def test_ranges_give_ranges():
    row = inputs("16.3.2", ("held_unsentenced", (10.0, 20.0)), ("held", (80.0, 100.0)))
    assert math.isnan(row["value"])
    assert math.isnan(row["numerator"])
    assert (row["lower"], row["upper"], row["basis"]) == (10.0, 25.0, "computed")
    row = inputs("16.3.2", ("held_unsentenced", (0.0, 4.0)), ("held", (0.0, 4.0)))
    assert (row["lower"], row["upper"]) == (0.0, 100.0)
    row = inputs("16.3.1", ("survey_physical_violence_reporting", (20.0, 30.0)), series="physical")
    assert (row["lower"], row["upper"], row["basis"]) == (20.0, 30.0, "reported")
    assert math.isnan(row["value"])


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([("held_unsentenced", 30)], "no figure of held (not reported)"),
        ([("held_unsentenced", 30), ("held", "not_available")], "no figure of held (not_available)"),
        ([("held_unsentenced", "withheld"), ("held", 90)], "no figure of held_unsentenced (withheld)"),
        ([("held_unsentenced", 0), ("held", 0)], "the denominator is nought"),
    ],
)
def test_what_cannot_be_had_stays_and_says_why(rows, note):
    row = inputs("16.3.2", *rows)
    assert all(math.isnan(row[name]) for name in ("value", "lower", "upper"))
    assert (row["basis"], row["note"]) == ("", note)


def test_more_above_than_below_is_said():
    row = inputs("16.3.2", ("held_unsentenced", 150), ("held", 100))
    assert (row["value"], row["note"]) == (150, "the numerator is above the denominator")


@pytest.mark.parametrize(
    ("reported", "upper", "note"),
    [
        (250.0, None, "the reported share is above 100"),
        ((120.0, 130.0), None, "the reported share is above 100"),
        ((20.0, 130.0), None, ""),
        (100.0, None, ""),
        (90.0, 110.0, "the reported upper limit is above 100; bounds are the survey's 95 per cent limits"),
    ],
)
def test_a_reported_share_above_the_whole_is_said(reported, upper, note):
    limits = [("survey_bribery_prevalence_lower", 1.0), ("survey_bribery_prevalence_upper", upper)]
    given = [("survey_bribery_prevalence", reported), *(limits if upper else [])]
    row = inputs("16.5.1", *given)
    assert row["basis"] == "reported"
    assert row["note"].partition("no figure of survey_contacts (not reported)")[2].removeprefix("; ") == note


def test_returns_that_differ_give_a_range_and_say_so():
    row = inputs("16.3.2", ("held_unsentenced", 20), ("held_unsentenced", 30), ("held", 100))
    assert math.isnan(row["value"])
    assert (row["lower"], row["upper"]) == (20, 30)
    assert row["note"] == "returns differ on held_unsentenced"
    assert inputs("16.3.2", ("held_unsentenced", 20), ("held_unsentenced", 20), ("held", 100))["value"] == 20


def test_returns_without_an_area_stay_apart():
    figures = observed(("held_unsentenced", 20), ("held", 100), ("held_unsentenced", 30), ("held", 90))
    figures = figures.assign(area="_U", return_id=["a", "a", "b", "b"]).astype(
        {"area": "category", "return_id": "category"}
    )
    data = sdg.indicators(figures, POPULATION)
    assert data.loc[data["sex"] == "_T", "value"].round(3).tolist() == [20, 33.333]


def test_where_nothing_is_asked_there_is_no_row():
    assert sdg.indicators(OBSERVATIONS.empty()).empty
    assert sdg.indicators(observed(("theft_offences", 5)), POPULATION).empty
    with pytest.raises(CallError):
        sdg.indicators(pd.DataFrame({"item": ["held"]}))


def test_a_fault_in_the_table_is_named(monkeypatch, tmp_path):
    rows = (
        tables.shipped("questionnaires", "sdg.csv")
        .read_text(encoding="utf-8")
        .replace("denominator", "divisor", 1)
    )
    (tmp_path / "sdg.csv").write_text(rows, encoding="utf-8")
    monkeypatch.setattr(tables, "shipped", lambda *parts: tmp_path / parts[-1])
    with pytest.raises(DefinitionError, match=r"16\.1\.1 _T divisor"):
        tables._table.__wrapped__()
