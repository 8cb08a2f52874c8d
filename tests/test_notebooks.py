"""Every notebook runs from top to bottom, says what it should, and is stored without outputs."""

import html
import json
import re
from pathlib import Path

import pytest

from crimestats.files import read_csv

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TAGS = re.compile(r"<style.*?</style>|<[^>]+>", re.DOTALL)


def run(name: str) -> str:
    """What a notebook shows, as text."""
    nbclient = pytest.importorskip("nbclient")
    import nbformat

    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute(cwd=str(FOLDER))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [
        output for output in outputs if output.get("name") == "stderr" and "Warning" in output["text"]
    ]
    return "\n".join(output.get("text") or _plain(output.get("data", {})) for output in outputs)


def _plain(data: dict[str, str]) -> str:
    if "text/html" in data:
        return " ".join(html.unescape(TAGS.sub(" ", data["text/html"])).split())
    return data.get("text/plain", "")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_without_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_well_formed(path):
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell["id"] for cell in notebook.cells] == [
        f"cell-{place:02d}" for place in range(len(notebook.cells))
    ]


def test_every_notebook_is_run_here():
    here = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f'run("{path.name}")' not in here] == []


@pytest.mark.filterwarnings("ignore")  # of the Jupyter machinery, which is not ours
def test_from_returns_to_trends():
    text = run("01_from_returns_to_trends.ipynb")
    assert "United Kingdom 2015:" in text
    assert "agree once the population is put beside ours" in text
    counted = next(line for line in text.splitlines() if "published rates;" in line)
    published, agreeing = (
        int(word.replace(",", "")) for word in counted.split() if word.replace(",", "").isdigit()
    )
    assert published == agreeing > 5_000


@pytest.mark.filterwarnings("ignore")
def test_coding_national_offences(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # sheets and tables go there
    text = run("02_coding_national_offences.ipynb")
    n_texts = len(read_csv(FOLDER / "data" / "samplonia_offences.csv"))

    # suggested: some coded, some backed off, some refused; sums of offences are never coded
    assert re.search(r"backed off \d+ [\d,]+ \d+% coded \d+ [\d,]+ \d+% refused \d+ [\d,]+ \d+%", text)
    for heading in ("Total de delitos registrados", "Otros delitos contra leyes especiales"):
        assert f"{heading}\n    refused: a sum of offences" in text

    # decided: a slip is told and not taken, then corrected; two coders, six disagreements, all resolved
    assert f"ana.xlsx: {n_texts} decisions, 0 left open" in text
    assert text.count("'701' has lost its zero") == 2
    assert f"2 new, {n_texts - 2} on record already, 0 findings" in text
    assert f"4 alpha Ana, Ben {n_texts} 0 {(n_texts - 6) / n_texts:.2f}" in text
    assert f"agreed {n_texts - 6} resolved 6" in text

    # a table: sound as written, and each planted fault found
    assert "0 decided texts could not be written" in text
    assert "0 findings in the table" in text
    for planted in (
        "error (lost_zeros): faulty.csv",
        "error (sum): faulty.csv",
        "query (shifted): faulty.csv",
    ):
        assert text.count(planted) == 1
    assert "\nfaulty.csv, line 17, column iccs: '40111' has lost its zero" in text

    # used: nothing is lost, and a divided code has bounds
    assert "Nothing is lost." in text
    counts = read_csv(FOLDER / "data" / "samplonia_counts.csv").astype({"value": float})
    of = counts[counts["year"] == "2022"].set_index("code")["value"]
    assert of.drop("099").sum() == of["099"]
    assert f"Recorded in 2022: {of['099']:,.0f}" in text
    assert f"0701 Fraud 2022 {of['056'] + 0.38 * of['057']:,.0f} {of['056'] + 0.52 * of['057']:,.0f}" in text
    assert (
        f"0702 Forgery/counterfeiting 2021 0 {counts.loc[counts['code'] == '057', 'value'].iloc[0]:,.0f}"
        in text
    )

    # compared: what only one of the two has
    assert "Samplonia only: 0102 Attempted intentional homicide" in text


@pytest.mark.filterwarnings("ignore")
def test_a_round_of_returns(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    text = run("03_a_round_of_returns.ipynb")

    # sent out: the prisons' part, in Spanish, with the figures reported before
    assert "['Start', 'Prisons', 'Personnel', 'Metadata']" in text
    assert "Personas recluidas: total" in text

    # judged: culprits named, and wider limits ask less
    assert re.search(r"most likely 'Homicide'!\w+: \d+ would fit", text)
    shipped, wider = map(
        int, re.search(r"(\d+) queries with the limits shipped, (\d+) with ours", text).groups()
    )
    assert 0 < wider < shipped

    # asked and answered: what was corrected and explained moved on, the rest had no reply
    assert re.search(r"\d+ questions to Samplonia, \d+ cells coloured, letter SMP_un-cts-2024.html", text)
    for state in ("no_reply", "corrected", "explained"):
        assert re.search(rf"{state} +[1-9]", text)
    assert "superseded: SMP.xlsx" in text
    assert "Confirmed by the register's handbook." in text


@pytest.mark.filterwarnings("ignore")
def test_trend_tables(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    text = run("04_trend_tables.ipynb")
    assert "counting rules of 2020 and not of 2019: attempts=yes" in text
    assert "sheet Homicide, cell G9" in text
    assert "Warning: not one cohort" in text
    assert "all of them undecided" in text


@pytest.mark.filterwarnings("ignore")
def test_regional_estimates(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    text = run("05_regional_estimates.ipynb")
    held, of = map(int, re.search(r"(\d+) of (\d+) region-years have bounds", text).groups())
    assert of == 112
    assert held >= 0.9 * of
    assert "entered: Russian Federation, Ukraine" in text
    assert "Africa 2017, estimated:" in text


@pytest.mark.filterwarnings("ignore")
def test_trafficking_report(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    text = run("06_trafficking_report.ipynb")
    figures = read_csv(FOLDER / "data" / "trafficking.csv")
    assert f"{len(figures):,} figures of 24 countries" in text
    before, withheld, after = map(
        int, re.search(r"found out before: (\d+); withheld: (\d+); found out after: (\d+)", text).groups()
    )
    assert before > 0
    assert withheld > 0
    assert after == 0
    assert "main effects give 1,034" in text
    assert "were detected in" in text
    assert re.search(r"\w{16}: \d+ cells, of \d+ countries", text)
    assert {path.name for path in tmp_path.glob("trafficking-*/*")} == {"chapter.html", "annex.xlsx"}
