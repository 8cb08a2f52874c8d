"""The commands of the coder as a user types them, with a small model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from crimestats import frames
from crimestats.cli import app
from crimestats.coding import load, storage, training
from crimestats.coding.examples import examples
from crimestats.errors import CallError, CrimestatsError, DefinitionError, FileError

ADDED = [name for name in frames.SUGGESTIONS.columns if name != "text"]
FIXED = ["code", "probability", "code_l1", "code_l2", "code_l3", "code_l4", "top5", "reason"]
"""Columns whose names others rely on."""


def go(*words: object):
    return CliRunner().invoke(app, ["coding", *map(str, words)])


def done(*words: object) -> str:
    """What a command prints that ends well."""
    result = go(*words)
    assert result.exit_code == 0, result.exception or result.output
    return result.output


def refused(kind: type[CrimestatsError], *words: object) -> str:
    """What a command says that is refused."""
    result = go(*words)
    assert isinstance(result.exception, kind), result.exception or result.output
    return str(result.exception)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with a model of robbery and theft, and its card."""
    folder = tmp_path_factory.mktemp("trained")

    def some(leave_out=(), own=()) -> pd.DataFrame:
        rows = examples(leave_out, own)
        rows = rows[rows["code"].str[:2].isin(["04", "05"]) & rows["language"].isin(["en", "es", "und"])]
        is_phrase = rows["source"] == "phrases"
        return rows[~is_phrase | (is_phrase.cumsum() % 4 == 0)].reset_index(drop=True)

    own = folder / "mine.csv"
    own.write_text("code,title,iccs\nZ1,Vélo emprunté sans retour,05022\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "examples", some)
        words = ["--leave-out", "FBI NIBRS, GB", "--leave-out", "de_pks", "--with", own]
        printed = done("train", *words, "--out", folder / "model.skops", "--card", folder / "card.md")
    (folder / "printed.txt").write_text(printed, encoding="utf-8")
    return folder


@pytest.fixture
def asked(trained, tmp_path):
    """Suggestions for a CSV of some content."""

    def ask(content: str | bytes, *words: object) -> pd.DataFrame:
        (tmp_path / "in.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        out = tmp_path / "out.csv"
        done("suggest", tmp_path / "in.csv", "--model", trained / "model.skops", "--out", out, *words)
        return pd.read_csv(out, dtype=str, keep_default_na=False)

    return ask


# --- train, card -------------------------------------------------------------


def test_train_writes_the_model_and_its_card(trained):
    model = load(trained / "model.skops")
    assert model.about["left_out"] == ["FBI NIBRS", "GB", "de_pks"]
    assert not {"us-nibrs", "gb-eaw-home-office"} & set(model.examples["source"])
    assert {"us-ucr", "mine"} <= set(model.examples["source"])
    printed = (trained / "printed.txt").read_text(encoding="utf-8")
    assert "Fitting on all lists" in printed
    assert "model.skops" in "".join(printed.split())
    assert "card.md" in "".join(printed.split())


def test_card(trained):
    kept = (trained / "card.md").read_text(encoding="utf-8")
    assert done("card", "--model", trained / "model.skops").endswith(kept + "\n")
    assert "left out of training: FBI NIBRS, GB, de_pks" in kept
    assert "## Limits" in kept


def test_a_wrong_source_is_told_with_those_near(tmp_path):
    told = refused(CallError, "train", "--leave-out", "us-nibr", "--out", tmp_path / "m.skops")
    assert told.startswith("leave_out: 'us-nibr' is no scheme")
    assert "us-nibrs" in told
    assert list(tmp_path.iterdir()) == []


def test_a_fault_in_ones_own_table_is_told(tmp_path):
    (tmp_path / "mine.csv").write_text("code,title,iccs\nA,Theft,0502\nB,Robbery,0499\n")
    told = refused(
        DefinitionError, "train", "--with", tmp_path / "mine.csv", "--out", tmp_path / "m.skops", "--quiet"
    )
    assert "mine.csv, line 3, column iccs" in told


# --- suggest -----------------------------------------------------------------


def test_the_columns_of_the_input_and_those_fixed(asked):
    found = asked(
        'nr,description,cases\n007,"Robbery, of a bank",12\n008,All offences,\n009,,3\n', "--language", "en"
    )
    assert list(found.columns) == ["nr", "description", "cases", *ADDED]
    assert set(FIXED) <= set(found.columns)
    assert found[["nr", "description", "cases"]].to_numpy().tolist() == [
        ["007", "Robbery, of a bank", "12"], ["008", "All offences", ""], ["009", "", "3"],
    ]  # fmt: skip
    assert found["code"].tolist()[1:] == ["", ""]
    assert found["code"][0].startswith("0401")
    assert found["basis"].tolist()[1:] == ["aggregate", "empty"]
    assert len(found["top5"][0].split()) == 5
    assert found["probability"].str.fullmatch(r"[01]\.\d{4}").all()
    assert found["code_l1"][0] == "04"


def test_codes_keep_their_zeros_and_lines_end_alike(asked, tmp_path):
    asked("description\nrobbery\nburglary\n")
    written = (tmp_path / "out.csv").read_bytes()
    assert b",04," in written
    assert b"\r" not in written
    assert written.count(b"\n") == 3


def test_a_table_of_ones_own_is_an_exact_match(asked):
    found = asked("description\nVELO EMPRUNTE SANS RETOUR\n")
    assert found[["code", "basis"]].to_numpy().tolist() == [["05022", "exact"]]
    assert "(mine Z1: 05022)" in found["reason"][0]


def test_another_column_and_fewer_candidates(asked):
    found = asked("texto;n\nrobo;1\n".replace(";", ","), "--column", "texto", "--k", "2", "--language", "es")
    assert len(found["top5"][0].split()) == 2


def test_a_column_of_the_same_name_is_kept_beside(asked):
    found = asked("code,description,reason\nX9,robbery,why\n")
    assert list(found.columns) == ["input_code", "description", "input_reason", *ADDED]
    assert found.loc[0, ["input_code", "input_reason"]].tolist() == ["X9", "why"]
    assert found["code"][0] == "0401"


def test_a_column_that_the_renamed_one_would_meet(trained, tmp_path):
    (tmp_path / "in.csv").write_text("code,input_code,description\n1,2,robbery\n")
    told = refused(
        CallError,
        "suggest",
        tmp_path / "in.csv",
        "--model",
        trained / "model.skops",
        "--out",
        tmp_path / "o.csv",
    )
    assert told.startswith("column input_code: ")
    assert not (tmp_path / "o.csv").exists()


def test_a_column_of_texts_of_the_same_name(asked):
    found = asked("code\nrobbery\n", "--column", "code")
    assert list(found.columns) == ["input_code", *ADDED]
    assert found["code"].tolist() == ["0401"]


@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        ("text\nrobbery\n", DefinitionError, "description"),
        ("", DefinitionError, "in.csv"),
        ("description\n", DefinitionError, "in.csv, line 2: there are no texts."),
        ("description,description\na,b\n", DefinitionError, "description"),
        ("description\na,b\n", DefinitionError, "in.csv, line 2"),
        (None, FileError, "in.csv"),
    ],
)
def test_a_wrong_file_is_told(trained, tmp_path, content, kind, told):
    if content is not None:
        (tmp_path / "in.csv").write_text(content)
    out = tmp_path / "out.csv"
    said = refused(kind, "suggest", tmp_path / "in.csv", "--model", trained / "model.skops", "--out", out)
    assert told in said
    assert not out.exists()


def test_a_wrong_model_is_told(tmp_path):
    (tmp_path / "in.csv").write_text("description\nrobbery\n")
    words = ["suggest", tmp_path / "in.csv", "--out", tmp_path / "out.csv", "--model"]
    assert "none.skops: is not there" in refused(FileError, *words, tmp_path / "none.skops")
    assert "in.csv: is damaged, or is no model" in refused(FileError, *words, tmp_path / "in.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("words", "told"), [(["--precision", "1.5"], "precision: is 1.5"), (["--k", "0"], "k: is 0")]
)
def test_wrong_numbers_are_told(trained, tmp_path, words, told):
    (tmp_path / "in.csv").write_text("description\nrobbery\n")
    common = [
        "suggest",
        tmp_path / "in.csv",
        "--model",
        trained / "model.skops",
        "--out",
        tmp_path / "out.csv",
    ]
    assert told in refused(CallError, *common, *words)
    assert not (tmp_path / "out.csv").exists()


def test_hostile_texts(asked):
    texts = [
        "x" * 10_000,
        '"quoted ""robbery"""',
        "12",
        "=1+1",
        "robo 盗窃 кража",
        "NA",
        "null",
        "rbo de bnco",
    ]
    found = asked("description\n" + "\n".join(texts) + "\n")
    assert found["description"].tolist()[1:7] == [
        'quoted "robbery"',
        "12",
        "=1+1",
        "robo 盗窃 кража",
        "NA",
        "null",
    ]
    assert found["basis"].tolist()[2:4] == ["empty", "empty"]
    assert (found["reason"] != "").all()


def test_the_summary_counts(trained, tmp_path):
    (tmp_path / "in.csv").write_text("description\nrobbery\nall offences\n")
    words = [tmp_path / "in.csv", "--model", trained / "model.skops", "--out", tmp_path / "out.csv"]
    said = done("suggest", *words)
    assert "2 texts: 1 coded (1 at level 2), 1 refused" in said
    assert "aggregate 1" in said
    assert "crimestats coding review" in said
    assert done("suggest", *words, "--quiet") == ""


def test_a_higher_precision_codes_less(asked):
    content = "description\n" + "\n".join(
        f"robbery of a {thing}" for thing in ("bank", "ship", "kiosk", "lama")
    )
    low, high = (asked(content, "--precision", each)["code"].str.len() for each in ("0.5", "0.99"))
    assert (low >= high).all()


def test_without_a_model_the_shipped_datas_own_is_used(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(
        storage, "default", lambda step: (step("First use"), load(trained / "model.skops"))[1]
    )
    (tmp_path / "in.csv").write_text("description\nrobbery\n")
    assert "First use" in done("suggest", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv", dtype=str)["code"].tolist() == ["0401"]


# --- explain -----------------------------------------------------------------


def test_explain(trained):
    said = done("explain", "robo de banco [con arma]", "--language", "es", "--model", trained / "model.skops")
    assert "0401" in said
    assert "example" in said
    assert "note" in said


@pytest.mark.parametrize("text", ["", "[/bold]", "12", "盗窃", "x" * 10_000])
def test_explain_whatever_is_asked(trained, text):
    assert "no code" in done("explain", text, "--model", trained / "model.skops")


def test_help_tells_of_each_command():
    for words in ([], ["suggest"], ["train"], ["explain"], ["card"], ["review"]):
        assert "Example" in done(*words, "--help")
    assert np.isin(["suggest", "train", "explain", "card", "review"], done("--help").split()).all()
