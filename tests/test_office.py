"""A round in the office: judged, asked, answered, asked again, on one folder of several questionnaires."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import crimestats as cs
from crimestats import frames, store
from crimestats.cli.console import Console
from crimestats.cli.round import Round
from crimestats.files import shipped

sys.path.append(str(Path(__file__).parent))
from test_report import Page, chromium

EXAMPLES = shipped("questionnaires", "examples")
ROWS = [
    ("2021", "homicide_victims", "400"), ("2021", "homicide_victims_m", "300"), ("2021", "homicide_victims_f", "80"),
    ("2021", "homicide_victims_u", "0"), ("2022", "homicide_victims", "410"), ("2021", "theft_offences", "see annex"),
]  # fmt: skip


def crimestats(*words, cwd=None) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        "from crimestats.cli import main; main()",
        *map(str, words),
    ]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


@pytest.fixture
def folder(tmp_path):
    """A French return of the UN-CTS, a Spanish one on trafficking, and a file that is none."""
    folder = tmp_path / "returns"
    folder.mkdir()
    figures = pd.DataFrame(ROWS, columns=["year", "item", "value"])
    cs.build(cs.Questionnaire.load("un-cts-2024", "fr"), folder / "SEN.xlsx", area="SEN", years=[2021, 2022],
             figures=figures)  # fmt: skip
    glotip = cs.Questionnaire.load("glotip-2024", "es")
    total = next(item.item for item in glotip if item.keys["measure"] == "victims" and item.is_required)
    table = pd.DataFrame([("2022", total, "1.5")], columns=["year", "item", "value"])
    cs.build(glotip, folder / "PER.xlsx", area="PER", years=[2021, 2022], figures=table)
    (folder / "letter.xlsx").write_text("Dear colleagues", encoding="utf-8")
    return folder


def validated(folder, tmp_path, *more) -> list[dict]:
    done = crimestats(
        "validate", folder, "--store", tmp_path / "s.sqlite", "--json", tmp_path / "f.json", *more
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == "" or "Traceback" not in done.stderr
    return json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))


def states(tmp_path) -> dict[str, str]:
    with cs.Store.open(tmp_path / "s.sqlite") as kept:
        known = store.known(kept)
    return dict(zip(known["finding_id"], known["state"], strict=True))


def cell_of(book, name):
    sheet, place = next(iter(book.defined_names[name].destinations))
    return book[sheet][place.replace("$", "")]


def test_returns_of_several_questionnaires_are_judged_each_by_its_own(folder, tmp_path):
    found = validated(folder, tmp_path)
    assert all(list(row) == list(frames.FINDINGS.columns) for row in found)
    of = {(row["return_id"], row["questionnaire"]) for row in found}
    assert of == {("SEN.xlsx", "un-cts-2024"), ("PER.xlsx", "glotip-2024"), ("letter.xlsx", "un-cts-2024")}
    decimal = next(row for row in found if row["rule"] == "ALL-032" and row["return_id"] == "PER.xlsx")
    assert decimal["value"] == "1.5"
    assert {row["state"] for row in found} == {"open"}


def test_a_round_is_asked_answered_and_asked_no_more(folder, tmp_path):
    found = validated(folder, tmp_path, "--annotate", tmp_path / "out")
    wrong = next(row for row in found if row["rule"] == "CTS24-101" and row["severity"] == "query")
    text = next(row for row in found if row["value"] == "see annex")
    book = openpyxl.load_workbook(tmp_path / "out" / "SEN.xlsx")
    place = book[wrong["sheet"]][wrong["cell"]]
    assert place.fill.fill_type == "solid"
    assert "CTS24-101" in place.comment.text
    others = [cell for row in book["Homicide"].iter_rows() for cell in row if cell.comment]
    asked = {row["cell"] for row in found if row["sheet"] == "Homicide" and row["severity"] != "note"}
    assert {cell.coordinate for cell in others} == asked
    assert cell_of(book, f"A.{wrong['finding_id']}").value in (None, "")
    assert (tmp_path / "out" / "letters" / "SEN_un-cts-2024.html").is_file()
    assert 'lang="fr"' in (tmp_path / "out" / "letters" / "SEN_un-cts-2024.html").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "letter.xlsx").exists()

    cell_of(book, "F.homicide_victims_f.2021").value = 100
    cell_of(book, f"A.{text['finding_id']}").value = "=1+1 est la réponse"
    book.save(folder / "Sénégal, réponse.xlsx")
    again = validated(folder, tmp_path, "--annotate", tmp_path / "out2")
    now = states(tmp_path)
    assert now[wrong["finding_id"]] == "corrected"
    assert now[text["finding_id"]] == "explained"
    assert set(now.values()) <= {"corrected", "explained", "no_reply", "open"}
    assert text["finding_id"] in {row["finding_id"] for row in again}
    second = openpyxl.load_workbook(tmp_path / "out2" / "Sénégal, réponse.xlsx")
    names = set(second.defined_names)
    assert f"A.{text['finding_id']}" not in names
    assert f"A.{wrong['finding_id']}" not in names
    assert not (tmp_path / "out2" / "SEN.xlsx").exists()

    before = states(tmp_path)
    validated(folder, tmp_path)
    assert states(tmp_path) == before


def test_a_dry_run_writes_nothing(folder, tmp_path):
    done = crimestats(
        "validate", folder, "--store", tmp_path / "s.sqlite", "--annotate", tmp_path / "out", "--dry-run"
    )
    assert "questions would be put to" in done.stdout
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "s.sqlite").exists()


def test_the_page_of_the_round_leads_to_every_unit(folder, tmp_path):
    validated(folder, tmp_path, "--report", tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    links = {link for link in page.links if not link.startswith(("#", "data:"))}
    assert links == {
        "report-pages/SEN-un-cts-2024.html", "report-pages/PER-glotip-2024.html", "report-pages/_U-un-cts-2024.html",
    }  # fmt: skip
    assert all((tmp_path / link).is_file() for link in links)
    senegal = page.row("Senegal", "un-cts-2024")
    assert senegal[3:6] == ["fr", "1", "1"]
    assert page.row("Sub-Saharan Africa")[1:3] == ["1", "53"]
    unit = Page((tmp_path / "report-pages" / "SEN-un-cts-2024.html").read_text(encoding="utf-8"))
    assert "../report.html" in unit.links
    assert {"quality", "rules", "findings"} <= set(unit.ids)
    for html in (tmp_path / "report-pages").glob("*.html"):
        assert not re.search(r"(?:src|href)=[\"']?https?:", html.read_text(encoding="utf-8"))


@pytest.mark.skipif(chromium() is None, reason="no Chromium")
def test_the_page_of_the_round_works_from_a_keyboard(folder, tmp_path):
    validated(folder, tmp_path, "--report", tmp_path / "report.html")
    keys = "".join(
        f"dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}'}}));" for key in ("j", "j", "k", "j")
    )
    script = f"{keys} document.title = document.activeElement.textContent;"
    html = (tmp_path / "report.html").read_text(encoding="utf-8").replace("</script>", f"{script}</script>")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom",
        f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "page.html").as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    assert "<title>Peru</title>" in shown


def test_the_findings_can_be_decided_in_a_workbook(folder, tmp_path):
    found = validated(folder, tmp_path, "--xlsx", tmp_path / "f.xlsx")
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    assert set(frames.FINDINGS.columns) <= set(header)
    assert sheet.max_row == len(found) + 1
    first = sheet.cell(2, header.index("finding_id") + 1).value
    sheet.cell(2, header.index("decision") + 1).value = "accept"
    sheet.cell(2, header.index("reason") + 1).value = "Confirmed by telephone."
    book.save(tmp_path / "decided.xlsx")
    done = crimestats("findings", "decide", tmp_path / "s.sqlite", tmp_path / "decided.xlsx", "--by", "Ana")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path)[first] == "accepted"
    assert "Confirmed by telephone." in crimestats("findings", "history", tmp_path / "s.sqlite", first).stdout


def test_quality_is_written_and_printed(folder, tmp_path):
    done = crimestats("quality", folder, "--out", tmp_path / "q.html", "--json", tmp_path / "q.json")
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "q.json").read_text(encoding="utf-8"))
    assert {(row["area"], row["questionnaire"]) for row in rows} == {
        ("SEN", "un-cts-2024"),
        ("PER", "glotip-2024"),
    }
    page = Page((tmp_path / "q.html").read_text(encoding="utf-8"))
    overall = next(row for row in rows if row["area"] == "SEN" and row["component"] == "overall")
    assert page.row("Senegal", "un-cts-2024")[-1] == f"{overall['score']:.0f}"


def test_limits_and_the_last_round_are_read(folder, tmp_path):
    (tmp_path / "limits.toml").write_text('["ALL-030"]\nseverity = "note"\n', encoding="utf-8")
    last = tmp_path / "last"
    last.mkdir()
    figures = pd.DataFrame([("2021", "homicide_victims", "300")], columns=["year", "item", "value"])
    cs.build(
        cs.Questionnaire.load("un-cts-2024"), last / "a.xlsx", area="SEN", years=[2020, 2021], figures=figures
    )
    found = validated(folder, tmp_path, "--limits", tmp_path / "limits.toml", "--previous", last)
    assert {row["severity"] for row in found if row["rule"] == "ALL-030"} == {"note"}
    revised = next(row for row in found if row["rule"] == "ALL-070")
    assert (revised["item"], revised["previous"], revised["value"]) == ("homicide_victims", "300", "400")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["validate", "nowhere"], "nowhere: is not there."),
        (["validate", "{folder}", "--limits", "no.toml"], "no.toml: cannot be read"),
        (["validate", "{folder}", "--store", "{folder}/letter.xlsx"], "letter.xlsx"),
        (["validate", "{folder}", "--previous", "no.parquet"], "no.parquet"),
        (["validate", "{folder}", "--questionnaire", "un-cts-1999"], "un-cts-1999"),
        (["quality", "{folder}", "--out", "no/q.html"], "no/q.html"),
        (["questionnaire", "build", "un-cts-2024", "--lang", "tlh", "--out", "a.xlsx"], "Languages: en, fr"),
        (
            ["questionnaire", "build", "un-cts-2024", "--agency", "polise", "--out", "a.xlsx"],
            "Did you mean police",
        ),
        (["findings", "list", "no.sqlite"], "no.sqlite"),
        (
            ["read-published", "no.xlsx", "--out", "o.parquet", "--findings", "f.json"],
            "no.xlsx",
        ),
    ],
)
def test_wrong_use_is_one_line_and_status_2(folder, tmp_path, words, fault):
    done = crimestats(*(word.format(folder=folder) for word in words), cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert fault in done.stderr
    assert "Traceback" not in done.stderr


def test_every_agency_has_a_file(tmp_path):
    done = crimestats(
        "questionnaire", "build", "un-cts-2024", "--area", "MEX", "--agency", "each", "--out", tmp_path
    )
    assert done.returncode == 0, done.stderr
    agencies = cs.Questionnaire.load("un-cts-2024").agencies
    assert {path.name for path in tmp_path.iterdir()} == {f"MEX_{agency}.xlsx" for agency in agencies}


def test_the_demo_folder_is_left_as_it_is(tmp_path):
    shutil.copytree(EXAMPLES / "samplonia", tmp_path / "samplonia")
    before = {path.name: path.read_bytes() for path in (tmp_path / "samplonia").iterdir() if path.is_file()}
    crimestats("validate", tmp_path / "samplonia", "--annotate", tmp_path / "out", "--quiet")
    assert {
        path.name: path.read_bytes() for path in (tmp_path / "samplonia").iterdir() if path.is_file()
    } == before


@pytest.mark.parametrize(
    "words",
    [
        ["quality"], ["read-published"], ["questionnaire", "checks"], ["findings"], ["findings", "list"],
        ["findings", "accept"], ["findings", "reopen"], ["findings", "decide"], ["findings", "history"],
    ],
)  # fmt: skip
def test_help_has_an_example(words):
    shown = crimestats(*words, "--help")
    assert shown.returncode == 0
    assert "crimestats " + " ".join(words) in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("then", "now"),
    [("un-cts-2023", "un-cts-2024"), ("un-cts-2024", "un-cts-2023"), ("un-cts-2024", "un-cts-2024")],
)
def test_answers_are_compared_with_those_of_another_edition(tmp_path, then, now):
    last, current = tmp_path / "last", tmp_path / "now"
    for folder, name, answer in ((last, then, "Police"), (current, now, "Ministry of the Interior")):
        folder.mkdir()
        figures = pd.DataFrame([("2021", "theft_offences", "300")], columns=["year", "item", "value"])
        definition = cs.Questionnaire.load(name)
        path = cs.build(definition, folder / "a.xlsx", area="SEN", years=[2020, 2021], figures=figures)
        book = openpyxl.load_workbook(path)
        cell_of(book, "M.other.source").value = answer
        book.save(path)
    done = Round(current, Console(quiet=True), previous=last)
    found = done.findings[done.findings["rule"] == "ALL-056"]
    assert found[["questionnaire", "value", "previous"]].astype(str).to_numpy().tolist() == [
        [now, "Ministry of the Interior", "Police"]
    ]


def test_ranges_are_put_in_the_language_of_the_answer(tmp_path):
    french = cs.Questionnaire.load("un-cts-2024", "fr")
    rows = [("2020", "theft_offences", "1000"), ("2021", "theft_offences", "9876")]
    table = pd.DataFrame(rows, columns=["year", "item", "value"])
    source = cs.build(french, tmp_path / "a.xlsx", area="MEX", years=[2020, 2021], figures=table)
    cts = cs.Questionnaire.load("un-cts-2024")
    found = cs.validate(cs.read(source, cts), cts).data
    jump = found[found["kind"] == "change"]
    low, high = jump["expected"].item().split(" to ")
    cs.annotate(source, tmp_path / "back.xlsx", jump, definition=cts, language="fr")
    sheet = openpyxl.load_workbook(tmp_path / "back.xlsx").worksheets[-1]
    shown = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert f"{low} to {high}" not in shown
    assert any(low in text and high in text and len(text) < 40 for text in shown)


def test_a_mark_that_may_mean_nil_is_asked_about_once(tmp_path):
    cts = cs.Questionnaire.load("un-cts-2024")
    table = pd.DataFrame([("2021", "homicide_victims", "-")], columns=["year", "item", "value"])
    cs.build(cts, tmp_path / "a.xlsx", area="MEX", years=[2021], figures=table)
    found = cs.validate(cs.read(tmp_path, cts), cts).data
    assert found.loc[found["item"] == "homicide_victims", "rule"].tolist() == ["ALL-030"]
