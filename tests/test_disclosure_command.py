"""The commands of disclosure: what they refuse, and what they say of what they did."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from crimestats.cli import app
from crimestats.cli.disclosure import _DONE
from crimestats.disclosure.portal import write_rows
from crimestats.errors import CallError, FileError

HEADING = "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source"


def rows(*figures):
    """A published file: victims of Argentina in 2019, children by sex."""
    lines = zip(("Total", "Female", "Male", "Other"), figures, strict=True)
    return pd.DataFrame([
        {"iso3": "ARG", "country": "Argentina", "region": "Americas", "subregion": "Latin America and the Caribbean", "indicator": "Detected trafficking victims",
         "dimension": "Total", "category": "Total", "sex": sex, "age": "0 to 17 years", "year": "2019", "unit": "Counts", "value": value, "source": "GLOTIP",
         "sheet": "data", "cell": f"L{number}", "row": str(number)} for number, (sex, value) in enumerate(lines, start=4)
    ])  # fmt: skip


def published(folder, *figures):
    path = folder / "published.csv"
    write_rows(rows(*figures), path)
    return path


def run(*words):
    return CliRunner().invoke(app, ["disclosure", *map(str, words)])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("semi.csv", b"a;b\n1;2\n", "separated by semicolons"),
        ("latin.csv", b"Land,Jahr\n\xd6sterreich,2019\n", "no heading that is known"),
        ("other.csv", b"x,y\n1,2\n", "Its first row is “x; y”"),
        ("empty.csv", b"", "is empty"),
        ("heading.csv", HEADING.encode() + b"\n", "no figures below it"),
        ("pdf.xlsx", b"%PDF-1.4 of something", "begins with “%PDF-1.4"),
        ("text.parquet", b"no table", "cannot be read"),
        ("cut.parquet", b"PAR1 and no more", "cut short or damaged"),
    ],
)
@pytest.mark.parametrize("command", ["attack", "protect"])
def test_what_cannot_be_read_is_told_apart(tmp_path, command, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    own = ["--out", tmp_path / "safe.parquet"] if command == "protect" else []
    done = run(command, path, *own)
    assert isinstance(done.exception, FileError)
    assert says in str(done.exception)
    assert "\n" not in str(done.exception)
    assert "dataset.parquet" in done.exception.remedy


def test_a_file_that_is_not_there_is_told_as_such(tmp_path):
    for name in ("none.csv", "none.parquet"):
        assert "o such file" in str(run("attack", tmp_path / name).exception)


def test_a_parquet_of_other_makers_is_refused(tmp_path):
    path = tmp_path / "plain.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    done = run("attack", path)
    assert "names no frame" in str(done.exception)
    assert "Give a published" in done.exception.remedy


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--threshold", 1], "--threshold: is 1. Write 2 or more."),
        (["--threshold", 0], "--threshold: is 0. Write 2 or more."),
        (["--threshold", -1], "--threshold: is -1. Write 2 or more."),
        (["--log", "safe.csv"], "the place of --out too"),
        (["--log", "published.csv"], "is a file that is read"),
        (["--out", "published.csv"], "is a file that is read"),
    ],
)
def test_wrong_calls_are_refused_before_anything_is_done(tmp_path, words, fault):
    path = published(tmp_path, "73", "70", "3", "0")
    before = path.read_bytes()
    placed = [tmp_path / word if str(word).endswith(".csv") else word for word in words]
    done = run("protect", path, "--out", tmp_path / "safe.csv", *placed)
    assert isinstance(done.exception, CallError)
    assert fault in str(done.exception)
    assert "Reading" not in done.output
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (before, [path.name])


def test_the_attack_never_writes_over_its_file(tmp_path):
    path = published(tmp_path, "73", "70", "3", "0")
    for option in ("--out", "--json"):
        assert "is a file that is read" in str(run("attack", path, option, path).exception)


def test_nought_is_hidden_or_kept(tmp_path):
    path, safe = published(tmp_path, "73", "70", "3", "0"), tmp_path / "safe.csv"
    for own, shown in (((), "<5"), (("--keep-zero",), "0")):
        assert run("protect", path, "--out", safe, *own).exit_code == 0
        assert pd.read_csv(safe, dtype="str").set_index("Sex")["txtVALUE"].loc[
            ["Male", "Other"]
        ].tolist() == [
            "<5",
            shown,
        ]


def test_what_was_hidden_is_told_in_figures_and_persons(tmp_path):
    path = published(tmp_path, "73", "70", "3", "0")
    said = run("protect", path, "--out", tmp_path / "safe.csv", "--keep-zero").stdout
    assert "2 of 4 figures that were shown exactly no longer are:" in said
    assert "1 figure below 5, shown as <5 now; persons in all: 3" in said
    assert "1 figure withheld, so that others stay hidden; persons in all: 70" in said
    assert max(map(len, said.splitlines()[1:])) <= 80


def test_nothing_hidden_is_told_without_a_colon(tmp_path):
    said = run("protect", published(tmp_path, "90", "40", "30", "20"), "--out", tmp_path / "safe.csv").stdout
    assert "0 of 4 figures that were shown exactly no longer are." in said
    assert "primary" not in said


def test_every_action_has_its_words(tmp_path):
    path, log = published(tmp_path, "73", "70", "30", "20"), tmp_path / "log.csv"
    done = run("protect", path, "--out", tmp_path / "safe.parquet", "--log", log, "--rounding-base", 5)
    assert "4 figures rounded to a multiple of 5; persons in all: 193" in done.stdout
    assert set(pd.read_csv(log)["action"]) <= set(_DONE)
