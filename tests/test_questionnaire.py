import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest

from crimestats import files
from crimestats.classification import Classification
from crimestats.errors import CallError, DefinitionError, FileError
from crimestats.frames import BREAKDOWNS
from crimestats.questionnaire import Questionnaire, build, codelist

CTS = Questionnaire.load("un-cts-2024")
ITEMS = CTS.data.to_dict("records")


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped questionnaire, to break."""
    return shutil.copytree(files.shipped("questionnaires", "un-cts-2024"), tmp_path / "own")


def figures(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area", "year", "item", "value"])


# --- the definition -------------------------------------------------------------


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row["item"])
def test_every_item_is_coded(row):
    iccs = Classification.load("iccs")
    assert row["iccs"] in ("_T", "_Z") or all(code in iccs for code in row["iccs"].split("+"))
    assert row["label"]
    assert row["number"].startswith(row["table"] + ".")


def test_a_questionnaire_is_the_collection_of_its_items():
    assert len(CTS) == len(list(CTS)) == len(CTS.data)
    assert "homicide_victims" in CTS
    assert "homicides" not in CTS
    assert CTS["homicide_victims"].is_required
    assert CTS["fraud_cyber_offences"].keys["cy"] == "1"
    assert [module["number"] for module in CTS.modules] == ["1", "2", "3", "4", "5", "6", "7"]
    assert CTS.rule(CTS.rules[0].id) is CTS.rules[0]
    with pytest.raises(KeyError):
        CTS.rule("CTS24-999")


def test_no_two_items_ask_for_the_same_figure():
    fixed = CTS.data[CTS.data["entry"] == ""]  # the others are of whatever country or city the sender names
    assert not fixed.duplicated(["iccs", "measure", "unit", "stage", "source", *BREAKDOWNS]).any()


def test_published_numbers_are_marked_and_the_others_too():
    published = set(CTS.data.query("numbering == 'published'")["number"])
    assert published == {"1.1.1", "1.1.2", "4.6.2.1"}


@pytest.mark.parametrize("dimension", ["measure", "unit", "stage", "source", *BREAKDOWNS])
def test_every_code_of_a_dimension_has_one_label(dimension):
    codes = codelist(dimension)
    assert codes["code"].is_unique
    assert (codes["label"] != "").all()
    assert set(CTS.data[dimension]) <= set(codes["code"])


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "fault"),
    [
        ("items.csv", "homicide_victims_m,1.2.2", "homicide_victims,1.2.2", "line 5, column item", "stands twice"),
        ("items.csv", "homicide_attempted_offences,", "Homicide attempted,", "line 3, column item", "not an id"),
        ("items.csv", "recorded,CJS,M,_T,_T", "recorded,CJS,X,_T,_T", "line 5, column sex", "`X` is unknown"),
        ("items.csv", "project,homicide,1.2,homicide_victims,", "project,homicid,1.2,homicide_victims,", "line 5, column module", "homicid"),
        ("items.csv", "item,number", "items,number", "line 1", "no column item"),
        ("metadata.csv", "homicide,source,text", "homicide,source,memo", "line 2, column type", "memo"),
        ("labels.en.csv", "item.homicide_victims,", "item.homicide_victim,", "items.csv, line 4", "has no label"),
        ("questionnaire.toml", "years = [2013, 2022]", "years = [2022, 2013]", "years", "not a range"),
        ("questionnaire.toml", 'edition = "2024"', "", "questionnaire.toml", "no `edition`"),
        ("questionnaire.toml", 'sheet = "Violent"', "", "module 2", "no `sheet`"),
        ("rules.toml", "[[rule]]", "[[rule", "rules.toml", "not TOML"),
    ],
)  # fmt: skip
def test_a_fault_in_a_definition_is_named_by_file_line_and_column(folder, name, old, new, place, fault):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=fault) as caught:
        Questionnaire.load(folder)
    assert place in caught.value.place


@pytest.mark.parametrize(
    ("rule", "place", "fault"),
    [
        ('id = "X-1"\nkind = "sum"', "kind", "sum"),
        ('id = "X-1"\nkind = "required"\nseverity = "fatal"', "severity", "fatal"),
        (
            'id = "X-1"\nkind = "required"\nseverity = "error"\nitems = ["homicide_victim"]',
            "items",
            "homicide_victim",
        ),
        ('kind = "required"', "id", "missing"),
    ],
)
def test_a_fault_in_a_rule_is_named_by_line(folder, rule, place, fault):
    rest = "".join(
        f'{name} = "{value}"\n'
        for name, value in (("severity", "error"), ("message", "m"), ("why", "w"))
        if f"{name} =" not in rule
    )
    (folder / "rules.toml").write_text(f"# a comment\n[[rule]]\n{rule}\n{rest}", encoding="utf-8")
    with pytest.raises(DefinitionError, match=fault) as caught:
        Questionnaire.load(folder)
    assert "rules.toml, line 2" in caught.value.place
    assert place in caught.value.place


def test_what_is_not_there_is_named():
    with pytest.raises(FileError, match="un-cts-1999"):
        Questionnaire.load("un-cts-1999")
    with pytest.raises(FileError, match="Languages: en, fr, es, ru, ar, zh"):
        Questionnaire.load("un-cts-2024", "tlh")


# --- the workbook ---------------------------------------------------------------


def test_every_input_cell_has_a_name_and_can_be_filled_in(tmp_path):
    path = build(
        CTS,
        tmp_path / "SMP.xlsx",
        area="MEX",
        years=(2021, 2022),
        figures=figures(("MEX", "2022", "theft_offences", "<5")),
    )
    book = openpyxl.load_workbook(path)
    names = set(book.defined_names)
    assert {f"F.{item}.{year}" for item in CTS.data["item"] for year in (2021, 2022)} <= names
    assert {f"N.{item}" for item in CTS.data["item"]} <= names
    assert {
        f"M.{m}.{q}" for m, q in zip(CTS.metadata["module"], CTS.metadata["question"], strict=True)
    } <= names
    sheet, cell = next(iter(book.defined_names["F.theft_offences.2022"].destinations))
    assert book[sheet][cell].value == "<5"
    assert not book[sheet][cell].protection.locked
    assert book["Other"].protection.sheet
    assert book["Other"]["B5"].protection.locked
    assert book["Other"].freeze_panes == "E3"
    assert book["Other"].page_setup.orientation == "landscape"
    assert book["Other"].data_validations.count == 1
    assert [book["Start"][f"B{row}"].value for row in (4, 5, 6, 9)] == [
        "un-cts-2024",
        "MEX",
        "Mexico",
        "2021:2022",
    ]


def test_the_same_figures_give_the_same_bytes(tmp_path):
    table = figures(("", "2013", "held", "12"))
    paths = [build(CTS, tmp_path / name, figures=table) for name in ("a.xlsx", "b.xlsx")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"area": "MEXX"}, "area `MEXX`.*MEX"),
        ({"figures": figures(("MEX", "2013", "homicide_victim", "1"))}, "item `homicide_victim`.*homicide_victims"),
        ({"figures": figures(("MEX", "2031", "held", "1"))}, "year `2031`"),
        ({"figures": figures(("USA", "2013", "held", "1"))}, "no row of `MEX`"),
        ({"figures": figures(("MEX", "2013", "held", "1"), ("MEX", "2013", "held", "2"))}, "held 2013: stands twice"),
        ({"figures": figures(("MEX", "2013", "held", "1")).drop(columns="value")}, "no column value"),
        ({"figures": figures(("MEX", "2013", "held", "2.000"))}, "held 2013: `2.000` may be a thousand times as much"),
        ({"area": "", "figures": figures(("MEX", "2013", "held", "2"))}, "names areas, and the workbook none.*MEX"),
        ({"area": "mex"}, "area `mex`: is not a reporting unit. Did you mean MEX"),
        ({"metadata": {"homicide.attempt": "yes"}}, "metadata question `homicide.attempt`.*homicide.attempts"),
    ],
)  # fmt: skip
def test_a_wrong_call_of_build_has_candidates(tmp_path, arguments, fault):
    with pytest.raises(CallError, match=fault):
        build(CTS, tmp_path / "x.xlsx", **{"area": "MEX", **arguments})
    assert not (tmp_path / "x.xlsx").exists()


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(FileError, match="cannot be written"):
        build(CTS, tmp_path / "none" / "x.xlsx")


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it(tmp_path):
    path = build(
        CTS,
        tmp_path / "SMP.xlsx",
        area="MEX",
        years=(2022,),
        figures=figures(("MEX", "2022", "held", "98765")),
    )
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "ods",
               "--outdir", str(tmp_path), str(path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert (tmp_path / "SMP.ods").stat().st_size > 10_000


def test_years_stand_in_their_order(tmp_path):
    book = openpyxl.load_workbook(build(CTS, tmp_path / "x.xlsx", years=(2022, 2013, 2013)))
    assert [book["Other"].cell(4, column).value for column in (5, 6, 7)] == [2013, 2022, "Notes"]
