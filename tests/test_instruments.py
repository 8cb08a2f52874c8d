"""Every shipped questionnaire: it loads, its workbook is built and read back, whole and by agency."""

import openpyxl
import pandas as pd
import pytest

import crimestats as cs
from crimestats import files
from crimestats.classification import Classification
from crimestats.errors import CallError, DefinitionError
from crimestats.frames import BREAKDOWNS

FOLDERS = sorted(path.parent for path in files.shipped("questionnaires").glob("*/questionnaire.toml"))
IDS = [folder.name for folder in FOLDERS]
DEFINITIONS = {name: cs.Questionnaire.load(name) for name in IDS}
INSTRUMENTS = (
    "glotip-2024", "iafq-2024", "un-cts-2023", "un-cts-2024", "un-cts-8", "victimisation-survey",
)  # fmt: skip


def figures(definition, year: int) -> pd.DataFrame:
    """A figure for every item, no two alike."""
    rows = [
        (str(year), item.item, str(1000 + n), "Nigeria" if item.entry else "")
        for n, item in enumerate(definition)
    ]
    return pd.DataFrame(rows, columns=["year", "item", "value", "label"])


def read_back(path, definition) -> dict:
    cells = cs.read(path, definition)
    own = cells[cells["item"].isin(definition.data["item"]) & (cells["raw"] != "")]
    return dict(zip(own["item"], own["raw"], strict=True))


def test_the_instruments_are_there():
    assert tuple(IDS) == INSTRUMENTS


@pytest.mark.parametrize("name", IDS)
def test_items_are_coded_and_no_two_ask_for_the_same_figure(name):
    iccs, data = Classification.load("iccs"), DEFINITIONS[name].data
    codes = {code for text in data["iccs"] for code in text.split("+")} - {"_T", "_Z", "_U"}
    assert {code for code in codes if code not in iccs} == set()
    keys = ["iccs", *(["code"] if "code" in data else []), "measure", "unit", "stage", "source", *BREAKDOWNS]
    told = data[data["entry"] == ""]  # what the sender names tells the other rows apart
    assert told.loc[told.duplicated(keys, keep=False), "item"].tolist() == []
    assert data["agency"].ne("").all()


@pytest.mark.parametrize("name", IDS)
def test_what_is_built_is_read(tmp_path, name):
    definition = DEFINITIONS[name]
    year = definition.years[-1]
    table = figures(definition, year)
    cs.build(definition, tmp_path / "MEX.xlsx", area="MEX", figures=table, years=[year])
    assert read_back(tmp_path / "MEX.xlsx", definition) == dict(
        zip(table["item"], table["value"], strict=True)
    )


@pytest.mark.parametrize("name", IDS)
def test_the_parts_of_the_agencies_make_the_whole(tmp_path, name):
    definition = DEFINITIONS[name]
    year = definition.years[-1]
    table = figures(definition, year)
    for agency in definition.agencies:
        own = table[table["item"].isin(definition.data.loc[definition.data["agency"] == agency, "item"])]
        cs.build(
            definition, tmp_path / f"MEX_{agency}.xlsx", area="MEX", agency=agency, figures=own, years=[year]
        )
    cells = cs.read(tmp_path, definition)
    assert read_back(tmp_path, definition) == dict(zip(table["item"], table["value"], strict=True))
    facts = cells.loc[cells["item"].astype(str).str.startswith(("_fault", "_cell")), ["item", "raw"]]
    assert facts.values.tolist() == []


@pytest.mark.parametrize("name", IDS)
def test_workbooks_have_every_label(tmp_path, name):
    definition = DEFINITIONS[name]
    book = openpyxl.load_workbook(cs.build(definition, tmp_path / "form.xlsx"))
    keys = {f"table.{table}" for table in definition.data["table"]}
    keys |= {f"measure.{measure}" for measure in definition.data["measure"]}
    keys |= {f"metadata.{question}" for question in definition.metadata["question"]}
    assert {key for key in keys if key not in definition.labels} == set()
    assert "Start" in book.sheetnames


# --- a new year ------------------------------------------------------------------


def next_year(tmp_path, changes: str, items: str = "", labels: str = "", rules: str = ""):
    folder = tmp_path / "un-cts-2025"
    folder.mkdir()
    record = f'id = "un-cts-2025"\nfollows = "un-cts-2024"\nedition = "2025"\nyears = [2014, 2023]\n{changes}'
    (folder / "questionnaire.toml").write_text(record, encoding="utf-8")
    for name, text in (("items.csv", items), ("labels.en.csv", labels), ("rules.toml", rules)):
        if text:
            (folder / name).write_text(text, encoding="utf-8")
    return cs.Questionnaire.load(folder)


def test_a_new_year_says_only_what_changed(tmp_path):
    items = (
        "item,number,numbering,module,table,parent,required,iccs,measure,unit,stage,source\n"
        "arson_offences,3.99,project,other,3,,0,0504,offences,number,recorded,CJS\n"
        "theft_offences,3.1,project,other,3,,1,0502,offences,number,recorded,CJS\n"
    )
    own = next_year(
        tmp_path,
        '[changes]\nwithout = ["money_laundering_offences"]\n',
        items,
        "key,text\nitem.arson_offences,Arson\nitem.theft_offences,Theft\n",
    )
    old = DEFINITIONS["un-cts-2024"]
    assert set(own.data["item"]) - set(old.data["item"]) == {"arson_offences"}
    assert set(old.data["item"]) - set(own.data["item"]) == {"money_laundering_offences"}
    assert own["theft_offences"].is_required
    assert list(own.data["item"]).index("theft_offences") == list(old.data["item"]).index("theft_offences")
    assert own.years == tuple(range(2014, 2024))
    assert own.id == "un-cts-2025"


def test_a_rule_that_needs_what_is_left_out_is_refused(tmp_path):
    with pytest.raises(
        DefinitionError, match=r"leaves out homicide_victims_f, which the rule CTS24-\d+ still needs"
    ):
        next_year(tmp_path, '[changes]\nwithout = ["homicide_victims_f"]\n')


def test_what_follows_itself_is_refused(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "questionnaire.toml").write_text(
        'id = "a"\nfollows = "a"\nedition = "1"\nyears = [2020, 2021]\n'
    )
    with pytest.raises(DefinitionError, match="includes itself"):
        cs.Questionnaire.load(folder)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ('[changes]\nwithout = ["victimisatoin"]\n',
         r"changes, without: `victimisatoin` is nothing that is taken over\. Did you mean victimisation"),
        ('[changes]\nwithout_rules = ["CTS24-101", "NOSUCH-1"]\n',
         r"changes, without_rules: `NOSUCH-1` is nothing that is taken over\. "),
        ('include = ["iafq-2024"]\n[changes]\nwithout_rules = ["IAFQ24-101"]\n',
         r"`prosecuted` is one figure in un-cts-2024 and another one in iafq-2024; 6 are so"),
    ],
)  # fmt: skip
def test_what_is_taken_over_is_named_rightly_and_stands_once(tmp_path, changes, fault):
    with pytest.raises(DefinitionError, match=fault):
        next_year(tmp_path, changes)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (DEFINITIONS["un-cts-2024"]["theft_offences"].number,
         r"`theft_offences` and `arms` both have the number .*; 1 stand twice"),
        ("9.1.1", r"`CTS24-101` is a rule at .*un-cts-2024.* and another one at .*fictive"),
    ],
)  # fmt: skip
def test_numbers_and_rules_of_two_questionnaires_are_kept_apart(tmp_path, number, fault):
    fictive(tmp_path / "fictive", number)
    with pytest.raises(DefinitionError, match=fault):
        next_year(tmp_path, 'include = ["fictive"]\n')


def fictive(folder, number: str, module: str = "arms") -> None:
    """A questionnaire of one item, with a rule that has the id of another one's."""
    folder.mkdir()
    (folder / "questionnaire.toml").write_text(
        'id = "fictive"\nedition = "1"\nyears = [2020, 2021]\nscheme = "iccs-1.0"\n'
        f'[[module]]\nid = "{module}"\nagency = "police"\nnumber = "9"\nsheet = "Arms"\n'
    )
    (folder / "items.csv").write_text(
        "item,number,numbering,module,table,parent,required,iccs,measure,unit,stage,source\n"
        f"arms,{number},project,{module},9.1,,0,0904,offences,number,recorded,CJS\n"
    )
    (folder / "labels.en.csv").write_text("key,text\nitem.arms,Arms\n")
    (folder / "metadata.csv").write_text("module,question,type,choices,required\n")
    (folder / "rules.toml").write_text(RULE)


RULE = (
    '[[rule]]\nid = "CTS24-101"\nkind = "required"\nseverity = "note"\nitems = ["arms"]\n'
    'message = "fictive."\nwhy = "Project."\n'
)


def test_rules_are_left_out_of_what_loses_nothing_else(tmp_path):
    own = next_year(tmp_path, '[changes]\nwithout_rules = ["CTS24-101", "VIC-101"]\n')
    gone = {rule.id for rule in DEFINITIONS["un-cts-2024"].rules} - {rule.id for rule in own.rules}
    assert gone == {"CTS24-101", "VIC-101"}
    fictive(tmp_path / "fictive", "9.1.1")
    also = '[changes]\nwithout = ["victimisation"]\nwithout_rules = ["CTS24-101", "VIC-502"]\n'
    own = renewed(tmp_path, f'include = ["fictive"]\n{also}')
    assert "arms" in own
    assert "CTS24-101" not in {rule.id for rule in own.rules}


def renewed(tmp_path, changes: str, **more: str):
    """The next year, written anew."""
    import shutil

    shutil.rmtree(tmp_path / "un-cts-2025", ignore_errors=True)
    return next_year(tmp_path, changes, **more)


def test_what_is_own_stands_before_what_is_included(tmp_path):
    fictive(tmp_path / "fictive", "9.1.1", module="violent")
    rule = RULE.replace("fictive.", "own.").replace('"arms"', '"theft_offences"')
    own = next_year(tmp_path, 'include = ["fictive"]\n', rules=rule)
    assert [each.message for each in own.rules if each.id == "CTS24-101"] == ["own."]
    sheets = {module["id"]: module["sheet"] for module in own.record["module"]}
    assert sheets["violent"] == "Violent"
    again = '[[module]]\nid = "violent"\nagency = "police"\nnumber = "2"\nsheet = "Ours"\n'
    own = renewed(tmp_path, f'include = ["fictive"]\n{again}', rules=rule)
    assert {module["id"]: module["sheet"] for module in own.record["module"]}["violent"] == "Ours"


# --- the workbook ------------------------------------------------------------------


def test_earlier_figures_stand_in_grey_and_may_be_corrected(tmp_path):
    cts = DEFINITIONS["un-cts-2024"]
    before = pd.DataFrame({
        "area": ["MEX", "PRT", "MEX"], "year": [2021, 2021, 2019], "item": ["theft_offences"] * 3,
        "value": [float("nan"), 7.0, 8.0], "lower": [0.0, 7.0, 8.0], "upper": [4.0, 7.0, 8.0],
    })  # fmt: skip
    path = cs.build(cts, tmp_path / "MEX.xlsx", area="MEX", years=[2021, 2022], before=before)
    book = openpyxl.load_workbook(path)
    cells = {}
    for year in (2021, 2022):
        sheet, cell = next(iter(book.defined_names[f"F.theft_offences.{year}"].destinations))
        cells[year] = book[sheet][cell.replace("$", "")]
    assert (cells[2021].value, cells[2022].value or "") == ("<5", "")
    assert cells[2021].fill.fgColor.rgb == "FFD9D9D9"
    assert cells[2022].fill.fill_type is None
    assert not cells[2021].protection.locked


def test_an_agency_that_is_misspelt_is_refused(tmp_path):
    with pytest.raises(
        CallError, match=r"agency `prosecutoin`: is not asked by the questionnaire\. Did you mean prosecution"
    ):
        cs.build(DEFINITIONS["un-cts-2024"], tmp_path / "a.xlsx", agency="prosecutoin")


def test_cells_that_two_agencies_fill_in_differently_are_a_finding_of_both_files(tmp_path):
    cts = DEFINITIONS["un-cts-2024"]
    for name, value in (("one", "412"), ("two", "421")):
        table = pd.DataFrame(
            [("2021", "held", value), ("2021", "held_m", "400")], columns=["year", "item", "value"]
        )
        cs.build(cts, tmp_path / f"{name}.xlsx", area="MEX", agency="prisons", figures=table, years=[2021])
    report = cs.validate(cs.read(tmp_path, cts), cts)
    found = report.data[report.data["kind"] == "unique"]
    assert found[["item", "value"]].values.tolist() == [["held", "421"]]
    assert "one.xlsx" in found["message"].item()
    assert found["return_id"].item() == "two.xlsx"
    observed = cs.observe(cs.read(tmp_path, cts), report).set_index("item")
    assert observed.loc["held_m", "value"] == 400
    assert observed.loc["held", "status"] == "conflicting"


# --- what the sender names -----------------------------------------------------------


def test_a_country_that_the_sender_names_is_the_country_of_the_figure(tmp_path):
    glotip = DEFINITIONS["glotip-2024"]
    rows = [item.item for item in glotip if item.entry == "country"][:3]
    table = pd.DataFrame(
        {"year": "2022", "item": rows, "value": "9", "label": ["Côte d'Ivoire", "Atlantis", ""]}
    )
    cs.build(glotip, tmp_path / "MEX.xlsx", area="MEX", figures=table, years=[2022])
    cells = cs.read(tmp_path, glotip)
    observed = cs.observe(cells, cs.validate(cells, glotip)).set_index("item").loc[rows]
    assert observed["country"].tolist() == ["CIV", "_U", "_U"]
    assert observed["note"].tolist()[:2] == ["Côte d'Ivoire", "Atlantis"]


# --- resubmissions ---------------------------------------------------------------------


def test_a_file_that_another_one_answers_counts_no_more(tmp_path):
    from hashlib import sha256

    cts = DEFINITIONS["un-cts-2024"]
    table = pd.DataFrame([("2021", "theft_offences", "412")], columns=["year", "item", "value"])
    first = cs.build(cts, tmp_path / "MEX.xlsx", area="MEX", figures=table, years=[2021])
    book = openpyxl.load_workbook(first)
    sheet = book.create_sheet("Questions")
    sheet["A1"], sheet["A2"] = sha256(first.read_bytes()).hexdigest(), "It was a slip."
    for name, cell in (("H.original", "A1"), ("A.abc", "A2")):
        book.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(
            name, attr_text=f"Questions!$A${cell[1]}"
        )
    place, cell = next(iter(book.defined_names["F.theft_offences.2021"].destinations))
    book[place][cell.replace("$", "")].value = 421
    book.save(tmp_path / "MEX (answered).xlsx")
    cells = cs.read(tmp_path, cts)
    given = cells[(cells["item"] == "theft_offences") & (cells["raw"] != "")]
    assert given[["return_id", "raw"]].values.tolist() == [["MEX (answered).xlsx", "421"]]
    assert cells.loc[cells["item"] == "A.abc", "raw"].item() == "It was a slip."
    states = cs.returns.returns(cells).set_index("return_id")["status"].to_dict()
    assert states == {"MEX (answered).xlsx": "read", "MEX.xlsx": "superseded"}


def test_files_that_name_different_countries_in_a_row_are_two_figures(tmp_path):
    glotip = DEFINITIONS["glotip-2024"]
    row = next(item.item for item in glotip if item.entry == "country")
    for name, label in (("a", "Spain"), ("b", "France")):
        table = pd.DataFrame({"year": ["2021"], "item": [row], "value": ["30"], "label": [label]})
        cs.build(glotip, tmp_path / f"{name}.xlsx", area="MEX", figures=table, years=[2021])
    cells = cs.read(tmp_path, glotip)
    observed = cs.observe(cells, cs.validate(cells, glotip))
    own = observed[(observed["item"] == row) & observed["value"].notna()]
    assert sorted(zip(own["country"], own["value"], strict=True)) == [("ESP", 30), ("FRA", 30)]


@pytest.mark.parametrize("emptied", [False, True])
def test_what_an_answer_leaves_out_or_empties_still_counts(tmp_path, emptied):
    from hashlib import sha256

    cts = DEFINITIONS["un-cts-2024"]
    rows = [("2021", "theft_offences", "412"), ("2021", "held", "70"), ("2021", "robbery_offences", "9")]
    table = pd.DataFrame(rows, columns=["year", "item", "value"])
    first = cs.build(cts, tmp_path / "all.xlsx", area="MEX", figures=table, years=[2021])
    book = openpyxl.load_workbook(first)
    place, cell = next(iter(book.defined_names["F.held.2021"].destinations))
    book[place][cell.replace("$", "")].value = 71
    if emptied:
        place, cell = next(iter(book.defined_names["F.theft_offences.2021"].destinations))
        book[place][cell.replace("$", "")].value = None
    else:
        del book["Other"], book["Violent"]
    sheet = book.create_sheet("Questions")
    sheet["A1"] = sha256(first.read_bytes()).hexdigest()
    name = openpyxl.workbook.defined_name.DefinedName("H.original", attr_text="Questions!$A$1")
    book.defined_names["H.original"] = name
    book.save(tmp_path / "answered.xlsx")
    cells = cs.read(tmp_path, cts)
    report = cs.validate(cells, cts)
    observed = cs.observe(cells, report).dropna(subset="value").set_index("item")["value"].to_dict()
    assert observed == {"theft_offences": 412, "held": 71, "robbery_offences": 9}
    assert ("ALL-029" in set(report.data["rule"])) is emptied
    assert (report.data["rule"] == "ALL-013").sum() == 1
    assert "ALL-009" not in set(report.data["rule"])
    assert set(report.returns["status"]) == {"read", "superseded"}


@pytest.mark.parametrize(
    ("style", "is_read"), [("0.0%", False), ("0%", False), ('0.0" %"', True), ("0.00", True)]
)
def test_a_cell_shown_as_per_cent_is_not_read_as_what_it_holds(tmp_path, style, is_read):
    survey = DEFINITIONS["victimisation-survey"]
    item = next(item.item for item in survey if item.keys["unit"] == "per_cent")
    table = pd.DataFrame({"year": ["2021"], "item": [item], "value": ["0.25"]})
    path = cs.build(survey, tmp_path / "MEX.xlsx", area="MEX", figures=table, years=[2021])
    book = openpyxl.load_workbook(path)
    place, cell = next(iter(book.defined_names[f"F.{item}.2021"].destinations))
    book[place][cell.replace("$", "")].number_format = style
    book.save(path)
    cells = cs.read(path, survey)
    report = cs.validate(cells, survey)
    assert (cells.loc[cells["item"] == item, "value"].item() == 0.25) is is_read
    assert cells.loc[cells["item"] == item, "raw"].item() == "0.25"
    assert ("ALL-039" in set(report.data["rule"])) is not is_read
    assert "ALL-030" not in set(report.data["rule"])
