"""The survey of crime trends: seven modules in even years, six in odd ones, and a year that follows another."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pandas import DataFrame

from crimestats.classification import Classification
from crimestats.errors import DefinitionError
from crimestats.frames import BREAKDOWNS, CELLS
from crimestats.questionnaire import Questionnaire, codelist
from crimestats.questionnaire.kinds import Background
from crimestats.questionnaire.schema import fill, judge_round
from crimestats.validation.findings import findings

EVEN, ODD = Questionnaire.load("un-cts-2024"), Questionnaire.load("un-cts-2023")
MODULES = ["homicide", "violent", "other", "process", "prisons", "personnel", "victimisation"]
BOTH = pytest.mark.parametrize("cts", [EVEN, ODD], ids=lambda cts: cts.id)
STAGES = {
    "suspected": "police",
    "prosecuted": "prosecution",
    "brought_before_court": "courts",
    "convicted": "courts",
}


def test_modules_are_seven_in_even_years_and_six_in_odd_ones():
    assert [(module["number"], module["id"]) for module in EVEN.modules] == [
        (str(number), name) for number, name in enumerate(MODULES, start=1)
    ]
    assert [module["id"] for module in ODD.modules] == MODULES[:-1]
    assert (ODD.record["edition"], ODD.years[0], ODD.years[-1]) == ("2023", 2012, 2021)
    assert "alternates" in ODD.record["changes"]["note"]


def test_the_odd_year_asks_for_the_same_figures_by_the_same_rules():
    kept = EVEN.data[EVEN.data["module"] != "victimisation"].reset_index(drop=True)
    assert ODD.data.equals(kept)
    own = {rule.id for rule in EVEN.rules if not rule.id.startswith("VIC-")}
    assert {rule.id for rule in ODD.rules} == own
    assert ODD.label("title").startswith("UN-CTS 2023")


@BOTH
def test_items_are_numbered_below_their_table_and_their_module(cts):
    numbers = {module["id"]: module["number"] for module in cts.modules}
    assert cts.data["number"].is_unique
    assert all(item.number.startswith(f"{item.table}.") for item in cts)
    assert all(item.table.split(".")[0] == numbers[item.module] for item in cts)
    published = {item.number: item.item for item in cts if item.numbering == "published"}
    assert published["4.6.2.1"] == "contact_iccs01"


def test_items_of_a_module_stand_together_in_the_order_of_its_tables():
    places = [tuple(map(int, table.split("."))) for table in ODD.data["table"]]
    assert places == sorted(places)


@BOTH
def test_what_people_read_has_a_text(cts):
    keys = [f"item.{item.item}" for item in cts] + [f"measure.{item.keys['measure']}" for item in cts]
    keys += [f"table.{table}" for table in cts.data["table"]] + [f"module.{m['id']}" for m in cts.modules]
    keys += [f"metadata.{question}" for question in cts.metadata["question"]]
    assert [key for key in dict.fromkeys(keys) if not cts.labels.get(key)] == []


@BOTH
def test_codes_are_those_of_the_classification_and_the_code_lists(cts):
    iccs, choices = Classification.load("iccs"), set(codelist("choice")["code"])
    codes = {part for code in cts.data["iccs"] for part in code.split("+")} - {"_T", "_Z"}
    assert all(code in iccs for code in codes)
    offered = {
        choice for choices_of in cts.metadata["choices"] if choices_of for choice in choices_of.split("|")
    }
    assert offered <= choices


@BOTH
def test_no_figure_is_asked_for_twice(cts):
    fixed = cts.data[cts.data["entry"] == ""]
    assert not fixed.duplicated(["iccs", "measure", "unit", "stage", "source", *BREAKDOWNS]).any()


def test_every_row_says_which_agency_is_asked():
    process = ODD.data[ODD.data["module"] == "process"]
    assert (process["agency"] == process["measure"].map(STAGES)).all()
    personnel = ODD.data[ODD.data["module"] == "personnel"].set_index("item")["agency"]
    assert personnel[["police_personnel", "prosecutors", "judges", "prison_staff"]].tolist() == [
        "police", "prosecution", "courts", "prisons",
    ]  # fmt: skip
    assert set(ODD.agencies) == {"police", "prosecution", "courts", "prisons"}
    assert set(EVEN.agencies) == {*ODD.agencies, "survey"}


def test_every_section_of_the_iccs_is_followed_through_the_process():
    sections = ODD.data[ODD.data["table"] == "4.6"]
    expected = [f"{section:02}" for section in range(1, 12)]
    by_stage = {measure: list(rows["iccs"]) for measure, rows in sections.groupby("measure", observed=True)}
    assert by_stage == dict.fromkeys(("suspected", "prosecuted", "convicted"), expected)


def test_cities_are_named_by_the_sender_and_belong_to_no_breakdown_of_the_country():
    cities = [item for item in ODD if item.entry]
    assert {item.table for item in cities} == {"1.8"}
    assert {item.keys["city"] for item in cities} == {"ENTERED"}
    assert {item.keys["city"] for item in ODD if not item.entry} == {"_T"}


@BOTH
def test_every_module_is_asked_where_its_figures_come_from_and_how_they_are_counted(cts):
    asked = cts.metadata.groupby("module")["question"].agg(set)
    for module in cts.data["module"].unique():
        assert {"source", "break_year", "coverage"} <= asked[module]
    rules = {"counting_unit", "recording", "principal_offence", "several_persons", "multiple_offences"}
    for module in ("homicide", "violent", "other", "process"):
        assert rules <= asked[module], "the five questions of annex 1 of the ICCS"
    required = cts.metadata[cts.metadata["required"] == "1"].groupby("module")["question"].agg(set)
    assert rules <= required["process"]


@BOTH
def test_every_rule_of_its_own_names_the_check_that_it_carries_out(cts):
    for rule in cts.rules:
        if rule.id.startswith("CTS24-"):
            check = rule.parameters["check"]
            assert rule.why.startswith("Project" if check == "project" else check), rule.id


def test_no_two_rules_say_the_same_of_an_answer():
    asked = [rule.parameters["question"] for rule in EVEN.rules if rule.kind == "answer"]
    assert sorted(asked) == sorted(set(asked))


def said(rules: tuple[str, ...], **figures: str) -> list[tuple[str, str, str]]:
    """Rule, item and severity of what some rules find in a return of one year."""
    frame = DataFrame({
        "area": "SMP", "year": 2020, "item": list(figures), "value": [float(text) for text in figures.values()]
    })  # fmt: skip
    own = replace(EVEN, rules=tuple(EVEN.rule(rule) for rule in rules))
    found = findings(*judge_round(CELLS.cast(fill(frame)), Background(own)))
    return list(zip(found["rule"], found["item"], found["severity"], strict=True))


CONTEXTS = " ".join(
    f"homicide_victims_{context} {victims}"
    for context, victims in (("organized", 3), ("criminal", 1), ("interpersonal", 4), ("sociopolitical", 1))
)


@pytest.mark.parametrize(
    ("rules", "figures", "expected"),
    [
        (("CTS24-601", "CTS24-701"), f"homicide_victims 10 {CONTEXTS} homicide_victims_context_unknown 1", []),
        (("CTS24-601", "CTS24-701"), f"homicide_victims 10 {CONTEXTS} homicide_victims_context_unknown 3",
         [("CTS24-601", "homicide_victims", "query")]),
        (("CTS24-704",), "homicide_victims_sociopolitical 3 homicide_victims_terrorist 4",
         [("CTS24-704", "homicide_victims_terrorist", "error")]),
        (("CTS24-610",), "homicide_victims_f_gender 12 homicide_victims_f_ipfm 9 homicide_victims_f_gender_other 3", []),
        (("CTS24-610",), "homicide_victims_f_gender 12 homicide_victims_f_ipfm 9 homicide_victims_f_gender_other 1",
         [("CTS24-610", "homicide_victims_f_gender", "query")]),
        (("CTS24-707",), "homicide_victims_f_gender 12 homicide_victims_f 9",
         [("CTS24-707", "homicide_victims_f_gender", "error")]),
        (("CTS24-611", "CTS24-710"), "homicide_victims 10 homicide_victims_city_2 11",
         [("CTS24-710", "homicide_victims_city_2", "error")]),
        (("CTS24-611", "CTS24-710"), "homicide_victims 10 homicide_victims_largest_city 6 homicide_victims_city_2 5",
         [("CTS24-611", "homicide_victims", "query")]),
        (("CTS24-801",), "contact 100 prosecuted 60 court 60 convicted 50", []),
        (("CTS24-801",), "contact 100 prosecuted 60 convicted 61", [("CTS24-801", "convicted", "note")]),
        (("CTS24-801",), "contact 100 court 101", [("CTS24-801", "court", "note")]),
        (("CTS24-716",), "court_represented 5 court_legal_aid 6", [("CTS24-716", "court_legal_aid", "error")]),
        (("CTS24-720",), "contact_iccs01 5 contact_homicide 6", [("CTS24-720", "contact_homicide", "query")]),
        (("CTS24-760",), "police_personnel 5 police_personnel_f 6", [("CTS24-760", "police_personnel_f", "error")]),
    ],
)  # fmt: skip
def test_the_rules_of_the_added_tables(rules, figures, expected):
    words = figures.split()
    assert said(rules, **dict(zip(words[::2], words[1::2], strict=True))) == expected


# --- a year that follows another ------------------------------------------------

NEXT = """id = "un-cts-2025"
edition = "2025"
years = [2014, 2023]
follows = "un-cts-2024"

[changes]
without = {without}
without_rules = {rules}
note = "Forgery is asked for; prison staff no more (fictive)."
"""
ADDED = """item,number,numbering,module,table,parent,required,iccs,measure,unit,stage,source
forgery_offences,3.18,project,other,3,,0,0702,offences,number,recorded,CJS
"""


def follow(folder: Path, without: list[str], rules: list[str]) -> Questionnaire:
    """A fictive edition with one item more and something left out."""
    record = NEXT.format(without=json.dumps(without), rules=json.dumps(rules))
    (folder / "questionnaire.toml").write_text(record, encoding="utf-8")
    (folder / "items.csv").write_text(ADDED, encoding="utf-8")
    (folder / "labels.en.csv").write_text("key,text\nitem.forgery_offences,Forgery\n", encoding="utf-8")
    return Questionnaire.load(folder)


def of_table(table: str) -> set[str]:
    return {item.item for item in EVEN if item.table == table}


def test_a_following_year_adds_an_item_and_leaves_a_table_out(tmp_path):
    cts = follow(tmp_path, ["6.4"], ["CTS24-851", "CTS24-854"])
    assert set(EVEN.data["item"]) - set(cts.data["item"]) == of_table("6.4")
    assert set(cts.data["item"]) - set(EVEN.data["item"]) == {"forgery_offences"}
    assert (cts["forgery_offences"].agency, cts["forgery_offences"].keys["sex"]) == ("police", "_T")
    assert (cts.id, cts.years) == ("un-cts-2025", tuple(range(2014, 2024)))
    assert [module["id"] for module in cts.modules] == MODULES
    gone = {rule.id for rule in EVEN.rules} - {rule.id for rule in cts.rules}
    about = {rule.id for rule in EVEN.rules if rule.items and set(rule.items) <= of_table("6.4")}
    assert gone == {"CTS24-851", "CTS24-854", *about}


def test_a_rule_that_needs_what_is_left_out_is_refused(tmp_path):
    assert "prison_staff" not in follow(tmp_path, ["6.4"], [])  # rules that judge it by itself lose it only
    with pytest.raises(DefinitionError, match="contact, which the rule CTS24-642 still needs"):
        follow(tmp_path, ["4.2"], [])
