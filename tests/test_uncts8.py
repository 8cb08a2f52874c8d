"""The Eighth survey (2001-2002): loaded by institution, and compared through its correspondence table."""

import pandas as pd
import pytest

import crimestats as cs
from crimestats.classification import Classification, Correspondence
from crimestats.errors import ClassificationError
from crimestats.frames import BREAKDOWNS
from crimestats.questionnaire import codelist

OLD = cs.Questionnaire.load("un-cts-8")
TABLE = Correspondence.load("un-cts-8")
ITEMS = OLD.data.to_dict("records")


def returned(folder, definition, rows):
    """Cells of a built workbook with figures (item, year, value)."""
    figures = pd.DataFrame(
        [("MEX", year, item, value) for item, year, value in rows], columns=["area", "year", "item", "value"]
    )
    years = tuple(sorted({year for _, year, _ in rows}))
    path = cs.build(definition, folder / f"{definition.id}.xlsx", area="MEX", years=years, figures=figures)
    return cs.read(path, definition)


def observed(folder, definition, rows):
    cells = returned(folder, definition, rows)
    return cs.observe(cells, cs.validate(cells, definition))


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row["item"])
def test_every_item_is_of_its_scheme(row):
    titles = dict(zip(TABLE.data["code"], TABLE.data["iccs"], strict=True))
    assert row["numbering"] == "project"
    assert row["number"].startswith(row["table"] + ".")
    assert row["label"]
    if row["code"]:
        assert row["iccs"] == (titles[row["code"]] or "_U")
    else:
        assert row["iccs"] in ("_T", "_Z")


def test_every_code_of_the_table_is_asked_for():
    assert set(TABLE.data["code"]) == set(OLD.data["code"]) - {""}
    assert set(TABLE.data["iccs"]) - {""} <= set(Classification.load("iccs").codes)


def test_it_is_divided_by_institution():
    assert [(module["id"], module["agency"], module["number"]) for module in OLD.modules] == [
        ("police", "police", "1"), ("prosecution", "prosecution", "2"), ("courts", "courts", "3"),
        ("prisons", "prisons", "4"),
    ]  # fmt: skip
    assert (OLD.data["agency"] == OLD.data["module"]).all()
    assert OLD.years == (2001, 2002)
    assert OLD.record["scheme"] == TABLE.scheme


def test_no_two_items_ask_for_the_same_figure():
    key = ["code", "iccs", "measure", "unit", "stage", "source", *BREAKDOWNS]
    assert not OLD.data.duplicated(key).any()
    for dimension in ("measure", "unit", "stage", "source", *BREAKDOWNS):
        assert set(OLD.data[dimension]) <= set(codelist(dimension)["code"])
    assert all(f"measure.{measure}" in OLD.labels for measure in OLD.data["measure"])


def test_every_rule_names_its_check():
    own = [rule for rule in OLD.rules if rule.id.startswith("CTS8-")]
    assert all(rule.parameters.get("check") for rule in own)
    assert {rule.parameters["check"] for rule in own} >= {
        "R06", "R10", "R11", "R12", "R20", "R21", "R22", "R30", "R32", "R33", "R52", "R60", "R61", "R63", "R64"
    }  # fmt: skip


def test_figures_come_back_with_the_survey_s_own_codes(tmp_path):
    figures = observed(
        tmp_path,
        OLD,
        [("recorded_intentional_homicide", 2001, 1200), ("recorded_major_theft", 2001, "<5"),
         ("recorded_total", 2001, 90000), ("held_total", 2001, 5000), ("police_budget", 2001, "12345.5"),
         ("recorded_intentional_homicide_firearm", 2001, 300)],
    )  # fmt: skip
    figures = figures[figures["lower"].notna()].set_index("item")
    assert figures["scheme"].unique().tolist() == ["un-cts-8"]
    assert figures["code"].astype(str).to_dict() == {
        "recorded_intentional_homicide": "intentional_homicide", "recorded_major_theft": "major_theft",
        "recorded_total": "_T", "held_total": "_T", "police_budget": "_Z",
        "recorded_intentional_homicide_firearm": "intentional_homicide",
    }  # fmt: skip
    assert figures.loc["police_budget", "value"] == 12345.5
    assert figures.loc["recorded_intentional_homicide_firearm", "mechanism"] == "FIR"


def test_old_figures_are_classified_and_stand_beside_new_ones(tmp_path):
    old = observed(
        tmp_path,
        OLD,
        [("recorded_intentional_homicide", 2001, 1200), ("recorded_attempted_intentional_homicide", 2001, 70),
         ("recorded_major_theft", 2001, 40), ("recorded_theft", 2002, 8000), ("recorded_total", 2001, 90000),
         ("held_total", 2001, 5000), ("convicted_drug_trafficking", 2002, 30)],
    )  # fmt: skip
    classified = cs.classify(old, TABLE)
    classified = classified[classified["lower"].notna()].set_index("item")
    assert classified["iccs"].astype(str).to_dict() == {
        "recorded_intentional_homicide": "0101", "recorded_attempted_intentional_homicide": "0102",
        "recorded_major_theft": "_Z", "recorded_theft": "0502", "recorded_total": "_T", "held_total": "_T",
        "convicted_drug_trafficking": "06012",
    }  # fmt: skip
    assert classified["value"].to_dict()["recorded_intentional_homicide"] == 1200
    new = cs.classify(
        observed(tmp_path, cs.Questionnaire.load("un-cts-2024"), [("homicide_offences", 2020, 1100)])
    )
    both = pd.concat([classified.reset_index().astype(str), new.astype(str)])
    key = ["iccs", "measure", "unit", "stage", "source", "sex", "mechanism"]
    same = both.loc[both["iccs"] == "0101"].query("measure == 'offences' and lower != 'nan'")
    assert same.drop_duplicates(key).shape[0] == 1
    assert same["year"].tolist() == ["2001", "2020"]


def test_without_the_table_old_figures_are_refused(tmp_path):
    old = observed(tmp_path, OLD, [("recorded_robbery", 2001, 12)])
    with pytest.raises(ClassificationError, match="un-cts-8"):
        cs.classify(old)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("held_total", 2001, 1000), ("held_total_m", 2001, 900), ("held_total_f", 2001, 50)],
            [("CTS8-109", "held_total")],
        ),
        ([("held_total", 2001, 1000), ("held_total_m", 2001, 1100)], [("CTS8-209", "held_total_m")]),
        (
            [("convicted_total_m", 2001, 100), ("convicted_total_m_adult", 2001, 90),
             ("convicted_total_m_juvenile", 2001, 5)],
            [("CTS8-123", "convicted_total_m")],
        ),
        (
            [("held_total", 2001, 1000), ("held_sentenced", 2001, 700), ("held_unsentenced", 2001, 200),
             ("held_other", 2001, 0)],
            [("CTS8-116", "held_total")],
        ),
        ([("held_total", 2001, 1000), ("capacity_total", 2001, 300)], [("CTS8-253", "held_total")]),
        (
            [("recorded_intentional_homicide", 2001, 10), ("recorded_intentional_homicide_firearm", 2001, 11)],
            [("CTS8-251", "recorded_intentional_homicide_firearm")],
        ),
        ([("recorded_theft", 2001, 10), ("recorded_automobile_theft", 2001, 11)], [("CTS8-233", "recorded_automobile_theft")]),
        ([("recorded_total", 2001, 10), ("recorded_robbery", 2001, 11)], [("CTS8-231", "recorded_robbery")]),
        (
            [("suspected_rape", 2001, 10), ("prosecuted_rape", 2001, 8), ("convicted_rape", 2001, 9)],
            [("CTS8-278", "convicted_rape")],
        ),
        ([("recorded_rape", 2001, 100), ("recorded_rape", 2002, 300)], [("CTS8-301", "recorded_rape")]),
        ([("recorded_rape", 2001, 100), ("recorded_rape", 2002, 1000)], [("CTS8-302", "recorded_rape")]),
        ([("recorded_rape", 2001, 123), ("recorded_rape", 2002, 123)], [("CTS8-303", "recorded_rape")]),
        (
            [("recorded_rape", 2003, 100)],  # with the required cells of that column
            [("CTS8-501", "held_total"), ("CTS8-501", "recorded_intentional_homicide"), ("CTS8-501", "recorded_rape")],
        ),
        ([("prison_staff", 2001, 500), ("prison_staff", 2002, 500)], []),
        ([("police_budget", 2001, "1000000.25")], []),
        ([("suspected_total", 2001, 10), ("suspected_total_m", 2001, "<5"), ("suspected_total_f", 2001, 8)], []),
    ],
)  # fmt: skip
def test_rules_find_what_cannot_be(tmp_path, rows, expected):
    data = cs.validate(returned(tmp_path, OLD, rows), OLD).data
    data = data[(data["verdict"] == "fail") & data["rule"].astype(str).str.startswith("CTS8-")]
    assert sorted(zip(data["rule"].astype(str), data["item"].astype(str), strict=True)) == expected
