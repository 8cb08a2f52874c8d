"""The letter to a reporting unit, the findings as a workbook to decide in, and the commands around them."""

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from crimestats import store as stores
from crimestats.cli import answers
from crimestats.errors import CallError, DefinitionError, FileError
from crimestats.files import read_csv, shipped
from crimestats.frames import CELLS, FINDINGS, RETURNS
from crimestats.questionnaire import Questionnaire
from crimestats.report import letter
from crimestats.report.letter import letter_page, letters
from crimestats.report.workbook import DECISIONS, read_decisions, write_findings
from crimestats.store import Store

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture(scope="module")
def definition():
    return Questionnaire.load("un-cts-2024")


def finding(number, item, sheet="Homicide", cell="E9", **given):
    kinds = {"number": None, "place_year": 2023}
    row = {name: kinds.get(kind, "") for name, kind in FINDINGS.columns.items()}
    return row | {
        "finding_id": f"f{number}", "questionnaire": "un-cts-2024", "rule": "CTS24-114", "severity": "query",
        "verdict": "fail", "return_id": "SMP.xlsx", "area": "SMP", "item": item, "sheet": sheet, "cell": cell,
        "value": "412", "expected": "403", "message": "m", "question": f"question {number}", "state": "open",
    } | given  # fmt: skip


def findings(*rows):
    return FINDINGS.cast(pd.DataFrame(list(rows), columns=list(FINDINGS.columns)))


def returns(*rows):
    listed = [dict.fromkeys(RETURNS.columns, "") | {"return_id": file, "language": language, "area": area, "status": "read", "questionnaire": "un-cts-2024", "sha256": file} for file, area, language in rows]  # fmt: skip
    return RETURNS.cast(pd.DataFrame(listed, columns=list(RETURNS.columns)))


ASKED = (
    finding(1, "held", "Prisons", "E5"),
    finding(2, "homicide_victims", "Homicide", "E9", culprit="E10", fitting="203"),
    finding(3, "homicide_offences", "Homicide", "E5", severity="error"),
    finding(4, "M.homicide.source", "Metadata", "D4", year=None, value="", severity="note"),
    finding(5, "_file", "_Z", "_Z", year=None, value="/home/office/SMP.xlsx"),
    finding(6, "_cell.formula", "Prisons", "H9", year=None),
)


class Outline(HTMLParser):
    """Headings and rows of a page as text."""

    def __init__(self):
        super().__init__()
        self.parts, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("h2", "h3", "tr"):
            self.parts.append([tag, ""])

    def handle_data(self, data):
        if self.parts:
            self.parts[-1][1] += data


def outline(html):
    parser = Outline()
    parser.feed(html)
    found = []
    for tag, text in parser.parts:
        asked = re.search(r"[Qq]uestion (\d+)", text)
        if tag != "tr" or asked:
            found.append(asked[1] if tag == "tr" else " ".join(text.split()))
    return found


def test_questions_stand_by_agency_and_table(definition):
    known = set(definition.data["item"])
    assert {row["item"] for row in ASKED[:3]} <= known
    assert outline(letter_page(findings(*ASKED), definition)) == [
        "National co-ordinator", "Whole file", "5",
        "Police", "1.1 Intentional homicide and attempts: offences", "3",
        "1.2 Victims of intentional homicide by sex", "2", "Metadata: Intentional homicide", "4",
        "Prisons and probation", "5.1 Persons held by sex and age status", "1", "Prisons", "6",
    ]  # fmt: skip


def test_a_question_shows_cell_values_and_what_would_fit(definition):
    html = letter_page(
        findings(ASKED[1]), definition, deadline=date(2027, 1, 15), on=date(2026, 11, 22), office="The office"
    )
    for said in (
        "Homicide!E9",
        ">412<",
        ">403<",
        ">E10<",
        ">203<",
        "Question 2",
        "2027-01-15",
        "2026-11-22",
        "The office",
        "Samplonia",
    ):
        assert said in html
    assert "/home/office" not in letter_page(findings(ASKED[4]), definition)


def test_reminders_are_marked(definition):
    asked = findings(*ASKED[:2]).assign(is_reminder=[True, False])
    assert letter_page(asked, definition).count("Asked before, without an answer.") == 1


def test_texts_of_workbooks_are_escaped(definition):
    row = finding(1, HOSTILE, HOSTILE, HOSTILE, **dict.fromkeys(("value", "expected", "previous", "question", "return_id", "culprit", "fitting", "rule"), HOSTILE), area="SMP")  # fmt: skip
    html = letter_page(findings(row), definition, office=HOSTILE)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 8
    assert "http" not in re.sub(r"http-equiv", "", html)


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("fr", "ltr")])
def test_language_and_direction(definition, language, direction):
    html = letter_page(findings(*ASKED), definition, language)
    assert f'<html lang="{language}" dir="{direction}">' in html


def test_texts_are_translated(definition, monkeypatch):
    monkeypatch.setattr(letter, "translate", lambda text, language: f"[{language}] {text}")
    html = letter_page(findings(*ASKED), definition, "fr", deadline=date(2027, 1, 15))
    texts = read_csv(shipped("questionnaires", "texts", "letter.csv"), ("english",))["english"]
    used = {text for text in texts if f"[fr] {text.partition('{')[0]}" in html.replace("&#39;", "'")}
    assert set(texts) - used == {"Last year's value", "Asked before, without an answer."}


def test_a_letter_for_each_unit_in_its_language_and_none_for_several_strangers(definition, tmp_path):
    rows = [
        finding(1, "homicide_victims", return_id="a.xlsx"),
        finding(2, "homicide_victims", return_id="b.xlsx", area="PRT"),
        finding(3, "_file", "_Z", "_Z", return_id="c d.xlsx", area="_U"),
        finding(4, "_file", "_Z", "_Z", return_id="c-d.xlsx", area="_U"),
    ]
    sent = returns(
        ("a.xlsx", "SMP", "ar"), ("b.xlsx", "PRT", "tlh"), ("c d.xlsx", "_U", "_U"), ("c-d.xlsx", "_U", "_U")
    )
    paths = letters(findings(*rows), definition, sent, tmp_path / "new" / "letters")
    assert [path.name for path in paths] == [
        "PRT_un-cts-2024.html", "SMP_un-cts-2024.html", "_U_un-cts-2024_c-d-xlsx.html", "_U_un-cts-2024_c-d-xlsx-2.html",
    ]  # fmt: skip
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert [re.search(r'<html lang="(\w+)"', text)[1] for text in texts] == ["en", "ar", "en", "en"]
    assert ["uestion 3" in text for text in texts] == [False, False, True, False]


def test_nothing_to_ask_is_no_letter(definition, tmp_path):
    assert letters(FINDINGS.empty(), definition, returns(), tmp_path) == []


def test_a_folder_that_cannot_be_made(definition, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be made"):
        letters(findings(ASKED[0]), definition, returns(("SMP.xlsx", "SMP", "en")), tmp_path / "file")


def test_findings_as_a_workbook(tmp_path):
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "https://x.example", "\x07bell", "x" * 40_000]
    table = findings(
        *(finding(number, "homicide_victims", value=value) for number, value in enumerate(hostile))
    )
    path = write_findings(table.assign(answer="=cmd()"), tmp_path / "findings.xlsx")
    sheet = openpyxl.load_workbook(path)["Findings"]
    header = [cell.value for cell in sheet[1]]
    assert header == [*FINDINGS.columns, "answer", "decision", "reason"]
    cells = {name: [row[header.index(name)] for row in sheet.iter_rows(min_row=2)] for name in header}
    assert {cell.data_type for cell in cells["value"]} == {"s"}
    assert [cell.value for cell in cells["value"]][:5] == hostile[:5]
    assert len(cells["value"][6].value) == 32_767
    assert not any(cell.hyperlink for cell in cells["value"])
    assert {(cell.value, cell.data_type) for cell in cells["year"]} == {(2023, "n")}
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(len(hostile) + 1, len(header)).coordinate}"
    assert [str(rule.sqref) for rule in sheet.data_validations.dataValidation] == ["W2:W8"]
    colours = dict.fromkeys(("error", "query", "note"))
    shaded = openpyxl.load_workbook(write_findings(findings(*(finding(n, "x", severity=s) for n, s in enumerate(colours))), tmp_path / "s.xlsx"))  # fmt: skip
    assert len({shaded["Findings"].cell(row, 1).fill.fgColor.rgb for row in (2, 3, 4)}) == 3


def test_equal_findings_give_equal_bytes_and_none_give_a_header(tmp_path):
    one, two = (write_findings(findings(*ASKED), tmp_path / name) for name in ("1.xlsx", "2.xlsx"))
    assert one.read_bytes() == two.read_bytes()
    assert read_decisions(write_findings(FINDINGS.empty(), tmp_path / "3.xlsx")).empty


def decided(tmp_path, **cells):
    """The workbook of the findings with some cells filled in, by row and column."""
    path = write_findings(findings(*ASKED[:3]), tmp_path / "findings.xlsx")
    book = openpyxl.load_workbook(path)
    header = [cell.value for cell in book["Findings"][1]]
    for place, text in cells.items():
        column, row = place.split("_")
        book["Findings"].cell(int(row), header.index({"id": "finding_id"}.get(column, column)) + 1, text)
    book.save(path)
    return path


def test_decisions_are_read_back(tmp_path):
    path = decided(
        tmp_path,
        decision_2="accept",
        reason_2="as published",
        decision_4="Reopen",
        reason_4="no source",
        reason_3="later",
    )
    assert set(DECISIONS) == {"accept", "reopen"}
    assert read_decisions(path).to_numpy().tolist() == [
        ["f1", "accept", "as published"],
        ["f3", "reopen", "no source"],
    ]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"decision_3": "yes", "reason_3": "why"}, r"row 3: the decision `yes` is none"),
        ({"decision_3": "accept"}, r"row 3: `accept` has no reason"),
        ({"decision_3": "accept", "reason_3": "why", "id_3": ""}, "beside no finding"),
        (
            {"decision_2": "accept", "reason_2": "a", "decision_3": "reopen", "reason_3": "b", "id_3": "f1"},
            "twice",
        ),
        ({"decision_1": "other"}, "has no column"),
    ],
)
def test_decisions_that_cannot_be_taken_in(tmp_path, cells, says):
    with pytest.raises(DefinitionError, match=says):
        read_decisions(decided(tmp_path, **cells))


def test_what_is_no_workbook(tmp_path):
    (tmp_path / "text.xlsx").write_text("none")
    with pytest.raises(FileError):
        read_decisions(tmp_path / "text.xlsx")
    with pytest.raises(FileError):
        read_decisions(tmp_path / "nothing.xlsx")


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "findings.sqlite"
    with Store.open(path) as store:
        sent = returns(("SMP.xlsx", "SMP", "en"))
        stores.settle(store, findings(*ASKED), CELLS.empty(), sent, datetime(2024, 5, 1, tzinfo=UTC))
    return str(path)


def run(*arguments):
    return CliRunner().invoke(answers.app, [str(argument) for argument in arguments])


def listed(place, *options):
    return {
        row["finding_id"]: row["state"]
        for row in json.loads(run("list", place, "--json", "-", *options).output)
    }


def test_commands_decide_and_tell(place, tmp_path):
    assert listed(place) == dict.fromkeys(("f1", "f2", "f3", "f4", "f5", "f6"), "open")
    assert "1 accepted" in run("accept", place, "f1", "--by", "A. Reyes", "--reason", "As published").output
    assert "0 accepted; 1 stayed" in run("accept", place, "f1", "--by", "A. Reyes", "--reason", "x").output
    assert listed(place, "--state", "accepted", "--area", "SMP") == {"f1": "accepted"}
    path = decided(tmp_path, decision_2="reopen", reason_2="no source", decision_3="accept", reason_3="fine")
    assert run("decide", place, path, "--by", "B. Ndiaye").output.splitlines() == [
        "1 accepted",
        "1 opened again",
    ]
    told = run("history", place, "f1")
    assert "As published" in told.output
    steps = [
        (row["event"], row["by"]) for row in json.loads(run("history", place, "f1", "--json", "-").output)
    ]
    assert steps == [("found", ""), ("accepted", "A. Reyes"), ("reopened", "B. Ndiaye")]


def test_decisions_of_a_workbook_are_taken_in_whole_or_not(place, tmp_path):
    path = decided(
        tmp_path, decision_2="accept", reason_2="fine", decision_3="accept", reason_3="z", id_3="f99"
    )
    result = run("decide", place, path, "--by", "B. Ndiaye")
    assert isinstance(result.exception, CallError)
    assert set(listed(place).values()) == {"open"}


def test_the_list_as_a_workbook_can_be_decided_in(place, tmp_path):
    result = run("list", place, "--xlsx", tmp_path / "f.xlsx")
    assert "6 findings: 6 open" in result.output
    header = [cell.value for cell in openpyxl.load_workbook(tmp_path / "f.xlsx")["Findings"][1]]
    assert header[-2:] == ["decision", "reason"]
    assert read_decisions(tmp_path / "f.xlsx").empty


def test_a_store_or_finding_that_is_not_there(place, tmp_path):
    assert isinstance(run("list", tmp_path / "nothing.sqlite").exception, FileError)
    assert not (tmp_path / "nothing.sqlite").exists()
    assert isinstance(run("history", place, "f99").exception, CallError)
