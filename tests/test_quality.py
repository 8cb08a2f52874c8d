"""The assessment of returns: every score is its numerator over its denominator."""

import shutil

import pandas as pd
import pytest

import crimestats as cs
from crimestats.files import read_toml, shipped
from crimestats.quality import COMPONENTS, OVERALL, assess, by_module
from crimestats.validation.annotating import annotate

CTS = cs.Questionnaire.load("un-cts-2024")


def assessed(tmp_path, *rows, years=(2021, 2022), metadata=None, **more):
    figures = pd.DataFrame(rows, columns=["year", "item", "value"])
    cs.build(CTS, tmp_path / "SMP.xlsx", area="SMP", years=years, figures=figures, metadata=metadata, **more)
    cells = cs.read(tmp_path, CTS)
    return assess(cells, cs.validate(cells, CTS)).set_index("component")


def test_a_component_is_its_part_of_its_whole(tmp_path):
    table = assessed(tmp_path, ("2021", "homicide_victims", "100"), ("2022", "homicide_victims", "110"))
    assert list(table.index) == [*COMPONENTS, OVERALL]
    known = table.dropna(subset="score")
    assert (known["score"] - 100 * known["part"] / known["whole"]).abs().max() < 1e-9
    assert table.loc["stability", ["part", "whole"]].tolist() == [1, 1]
    assert table.loc["consistency", "score"] == 100
    assert table.loc["timeliness", "score"] == 100


def test_completeness_leaves_out_what_does_not_apply(tmp_path):
    required = int((CTS.data["required"] == "1").sum())
    table = assessed(tmp_path, ("2021", "homicide_victims", "100"), ("2022", "homicide_victims", "x"))
    given = 1 / (2 * required - 1)
    all_given = 1 / (2 * len(CTS) - 1)
    assert table.loc["completeness", "score"] == pytest.approx(100 * (given + all_given) / 2)
    assert f"1 of {2 * required - 1} figures asked of everybody" in table.loc["completeness", "explanation"]


def test_a_figure_that_cannot_be_true_costs_consistency(tmp_path):
    rows = [("2021", "homicide_victims", "100"), ("2021", "homicide_victims_m", "150")]
    table = assessed(tmp_path, *rows)
    assert table.loc["consistency", ["part", "whole"]].tolist() == [1, 2]


def test_a_year_behind_costs_a_quarter(tmp_path):
    assert assessed(tmp_path, ("2021", "homicide_victims", "100")).loc["timeliness", "score"] == 75


def test_answers_are_worth_their_points(tmp_path):
    points = read_toml(shipped("questionnaires", "quality.toml"))["points"]
    metadata = {"homicide.coverage": "whole", "homicide.attempts": "yes"}
    table = assessed(tmp_path, ("2021", "homicide_victims", "100"), metadata=metadata)
    asked = CTS.metadata.query("module == 'homicide'")["question"].isin(points).sum()
    assert table.loc["comparability", ["part", "whole"]].tolist() == [1.5, asked]
    assert "homicide.attempts “Yes”" in table.loc["comparability", "explanation"]


def test_what_cannot_be_judged_is_left_out_and_said(tmp_path):
    table = assessed(tmp_path, ("2021", "homicide_victims", "100"))
    assert pd.isna(table.loc["stability", "score"])
    assert "without stability" in table.loc[OVERALL, "explanation"]
    others = table.drop(index=["stability", OVERALL])["score"]
    assert table.loc[OVERALL, "score"] == pytest.approx(others.mean())


def test_a_part_of_the_agencies_is_asked_for_its_own(tmp_path):
    prisons = CTS.data[CTS.data["agency"] == "prisons"]
    figures = pd.DataFrame([("2021", "held", "100")], columns=["year", "item", "value"])
    cs.build(CTS, tmp_path / "SMP.xlsx", area="SMP", agency="prisons", years=[2021], figures=figures)
    cells = cs.read(tmp_path, CTS)
    table = by_module(cells, CTS)
    assert set(table["module"]) == set(prisons["module"])
    assert table["whole"].sum() == len(prisons)
    assert table["part"].sum() == 1


def test_a_part_that_was_answered_is_asked_for_no_more_than_before(tmp_path):
    figures = pd.DataFrame([("2021", "held", "100")], columns=["year", "item", "value"])
    sent, answered = tmp_path / "SMP.xlsx", tmp_path / "answered"
    cs.build(CTS, sent, area="SMP", agency="prisons", years=[2021], figures=figures)
    cells = cs.read(tmp_path, CTS)
    report, before = cs.validate(cells, CTS), by_module(cells, CTS)
    answered.mkdir()
    annotate(sent, answered / "SMP_answered.xlsx", report.data, definition=CTS)
    shutil.copy(sent, answered / sent.name)
    cells = cs.read(answered, CTS)
    assert sorted(cs.validate(cells, CTS).returns["status"].astype(str)) == ["read", "superseded"]
    pd.testing.assert_frame_equal(by_module(cells, CTS), before)


@pytest.mark.parametrize("agency", ["courts", "prosecution", "survey"])
def test_a_part_without_required_items_is_timely_by_all_its_items(tmp_path, agency):
    item = CTS.data.query("agency == @agency")["item"].iloc[0]
    assert not (CTS.data.query("agency == @agency")["required"] == "1").any()
    rows = [("2021", item, "5"), ("2022", item, "6")]
    assert assessed(tmp_path, *rows, agency=agency).loc["timeliness", "score"] == 100


def test_a_blank_workbook_alone_is_judged(tmp_path):
    table = assessed(tmp_path)
    assert table.loc["completeness", "score"] == 0
    assert pd.isna(table.loc["metadata", "score"])
