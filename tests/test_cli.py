"""The commands as a user types them."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from crimestats import __version__, frames
from crimestats.files import shipped

RETURNS = shipped("questionnaires", "examples", "returns")
SAMPLONIA = shipped("questionnaires", "examples", "samplonia")
RELEASED = Path("made") / "observations.parquet"
FILES = {"observations.parquet", "findings.parquet", "trends.parquet", "lineage.parquet", "index.html"}


def crimestats(*words: object, cwd=None) -> subprocess.CompletedProcess:
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
    """Three of the example returns."""
    (tmp_path / "my returns").mkdir()
    for name in ("MEX", "GBR_S", "FJI"):
        shutil.copy(RETURNS / f"{name}.xlsx", tmp_path / "my returns")
    return tmp_path / "my returns"


def test_help_has_an_example_everywhere():
    for words in ([], ["demo"], ["run"], ["validate"], ["tabulate"], ["publish"],
                  ["questionnaire"], ["questionnaire", "list"], ["questionnaire", "items"], ["questionnaire", "build"]):  # fmt: skip
        shown = crimestats(*words, "--help")
        assert shown.returncode == 0
        assert "crimestats " + " ".join(words) in " ".join(shown.stdout.split()), words


def test_version():
    assert __version__ in crimestats("--version").stdout


def test_run_writes_the_release(folder, tmp_path):
    out = tmp_path / "release"
    done = crimestats("run", folder, "--out", out, "--json", "-")
    summary = json.loads(done.stdout)
    assert done.returncode == (1 if summary["findings"]["error"] else 0)
    assert summary["returns"] == 3
    assert {path.name for path in out.iterdir()} >= FILES
    for name in ("observations", "findings", "trends", "lineage"):
        table = pd.read_parquet(out / f"{name}.parquet")
        assert list(table.columns) == list(frames.FRAMES[name.capitalize()].columns)
    assert summary["figures"] == len(pd.read_parquet(out / "trends.parquet"))


def test_a_second_run_writes_the_same_bytes(folder, tmp_path):
    releases = [tmp_path / "one", tmp_path / "two"]
    for out in releases:
        crimestats("run", folder, "--out", out, "--quiet")
    for path in releases[0].iterdir():
        assert path.read_bytes() == (releases[1] / path.name).read_bytes(), path.name


def test_quiet_says_nothing(folder, tmp_path):
    done = crimestats("run", folder, "--out", tmp_path / "release", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


def test_validate_writes_page_and_json(folder, tmp_path):
    done = crimestats(
        "validate", folder, "--report", tmp_path / "report.html", "--json", tmp_path / "findings.json"
    )
    findings = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert set(frames.FINDINGS.columns) <= set(findings[0])
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert {row["rule"] for row in findings if row["severity"] == "error"} <= set(done.stdout.split())
    assert "Validating" in done.stderr


def test_samplonia_has_errors_and_the_status_says_so(tmp_path):
    assert crimestats("validate", SAMPLONIA, "--quiet").returncode == 1
    done = crimestats("tabulate", SAMPLONIA, "--out", tmp_path / "trends.parquet")
    assert done.returncode == 1
    assert "ALL-031" in done.stdout


def test_the_table_shown_fits_a_terminal_of_80_columns(tmp_path):
    done = crimestats("demo", "--out", tmp_path / "release")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    mexico = next(line for line in lines if line.strip().startswith("Mexico"))
    assert [float(cell) for cell in mexico.split()[1:]] == [
        19.5,
        16.7,
        17.1,
        20.1,
        26.0,
        29.2,
        29.0,
        28.0,
        25.9,
    ]
    assert "No region is shown: too few of its residents live in areas that report." in done.stdout
    assert max(len(line) for line in lines if "release" not in line.lower()) <= 80


def test_the_findings_counted_are_those_of_the_release(folder, tmp_path):
    done = crimestats("run", folder, "--out", tmp_path / "release", "--json", tmp_path / "summary.json")
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    findings = pd.read_parquet(tmp_path / "release" / "findings.parquet")
    assert sum(summary["findings"].values()) + summary["undecided"] == len(findings)
    assert f"Findings: {len(findings):,} in 3 returns" in done.stdout


def test_tabulate_and_publish(folder, tmp_path):
    crimestats("run", folder, "--out", tmp_path / "release", "--quiet")
    done = crimestats(
        "tabulate", tmp_path / "release" / "observations.parquet", "--out", tmp_path / "trends.parquet"
    )
    assert done.returncode == 0, done.stderr
    assert len(pd.read_parquet(tmp_path / "trends.parquet")) == len(
        pd.read_parquet(tmp_path / "release" / "trends.parquet")
    )
    words = ("--method", "estimated", "--estimates", tmp_path / "estimates.parquet", "--quiet")
    source = tmp_path / "release" / "observations.parquet"
    done = crimestats("tabulate", source, *words, "--out", tmp_path / "trends.parquet")
    assert done.returncode == 0, done.stderr
    beside = ("--estimates", tmp_path / "estimates.parquet", "--out", tmp_path / "second")
    done = crimestats("publish", tmp_path / "trends.parquet", *beside)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "second" / "index.html").is_file()
    published = pd.read_parquet(tmp_path / "second" / "estimates.parquet")
    pd.testing.assert_frame_equal(published, pd.read_parquet(tmp_path / "estimates.parquet"))


def test_questionnaire_items_and_list(tmp_path):
    done = crimestats("questionnaire", "items", "un-cts-2024", "--out", tmp_path / "items.csv")
    assert done.returncode == 0
    items = pd.read_csv(tmp_path / "items.csv", dtype=str, keep_default_na=False)
    assert list(items.columns[:8]) == ["item", "module", "label", "iccs", "measure", "unit", "sex", "age"]
    assert "0101" in set(items["iccs"])
    listed = json.loads(crimestats("questionnaire", "list", "--json", "-").stdout)
    assert "un-cts-2024" in [record["id"] for record in listed]


def test_build_prefills_and_reads_back(tmp_path):
    figures = tmp_path / "figures.csv"
    figures.write_text(
        "area,year,item,value\nMEX,2021,held,220420\nMEX,2022,held,<5\nMEX,2022,theft_offences,\n",
        encoding="utf-8",
    )
    done = crimestats("questionnaire", "build", "un-cts-2024", "--area", "MEX", "--years", "2013:2022",
                      "--figures", figures, "--out", tmp_path / "in" / "MEX.xlsx")  # fmt: skip
    assert done.returncode == 2  # the folder is not there: said, not made
    (tmp_path / "in").mkdir()
    done = crimestats("questionnaire", "build", "un-cts-2024", "--area", "MEX", "--years", "2013:2022",
                      "--figures", figures, "--out", tmp_path / "in" / "MEX.xlsx")  # fmt: skip
    assert done.returncode == 0, done.stderr
    crimestats("run", tmp_path / "in", "--out", tmp_path / "release", "--quiet")
    found = pd.read_parquet(tmp_path / "release" / "observations.parquet").query(
        "item == 'held' and status != 'blank'"
    )
    assert found[["year", "lower", "upper"]].to_numpy().tolist() == [[2021, 220420, 220420], [2022, 0, 4]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere", "--out", "x"], "nowhere"),
        (["run"], "Missing"),
        (["run", RETURNS / "FJI.xlsx", "--out", "x", "--json", "none/x.json"], "no such folder"),
        (["run", RELEASED, "--out", "x"], "is no folder of workbooks"),
        (["tabulate", RELEASED, "--strict"], "--strict: needs the workbooks"),
        (
            ["validate", RETURNS / "FJI.xlsx", "--previous", RELEASED.parent / "trends.parquet"],
            "Observations frame",
        ),
        (["validate", ".", "--questionnaire", "un-cts-1999"], "un-cts-1999"),
        (["questionnaire", "build", "un-cts-2024", "--area", "MEXX", "--out", "x.xlsx"], "MEXX"),
        (["questionnaire", "build", "un-cts-2024", "--years", "2022:2013", "--out", "x.xlsx"], "2022:2013"),
        (["tabulate", "nowhere.parquet"], "nowhere.parquet"),
        (["publish", "nowhere.parquet", "--out", "x"], "nowhere.parquet"),
        (["questionnaire", "items", "un-cts-2024", "--out", "none/items.csv"], "none"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what(tmp_path, words, said):
    if RELEASED in words or RELEASED.parent / "trends.parquet" in words:
        crimestats("run", RETURNS / "FJI.xlsx", "--out", tmp_path / RELEASED.parent, "--quiet")
    done = crimestats(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_population_table_with_a_fault_is_named_by_line(folder, tmp_path):
    own = tmp_path / "population.csv"
    own.write_text("area,year,sex,age,population,source\nMEX,2022,_T,_T,many,me\n", encoding="utf-8")
    done = crimestats("run", folder, "--out", tmp_path / "release", "--population", own)
    assert done.returncode == 2
    assert "line 2, column population" in done.stderr
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_half_written(tmp_path, sent):
    out = tmp_path / "release"
    command = [
        sys.executable,
        "-c",
        "from crimestats.cli import main; main()",
        "run",
        str(RETURNS),
        "--out",
        str(out),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".release.*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the run ended before it could be interrupted"
    process.send_signal(sent)
    assert process.wait(timeout=60) not in (0, 1)
    assert list(tmp_path.iterdir()) == []
