"""Categories found by what people call them; the command that shows them."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats.classification import Classification
from crimestats.classification.search import FOUND
from crimestats.classification.words import fold, words
from crimestats.errors import CallError

ICCS = Classification.load("iccs")
TINY = "code,parent,level,title,alternatives\nA1,,1,Alpha theft,X7\nA12,A1,2,Stealing of boats,\nB1,,1,Burning,\n"


def first(text: str, language: str | None = None) -> str:
    found = ICCS.search(text, language, limit=1)
    return "" if found.empty else found["code"].iloc[0]


# --- words -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ürün  Çalma", "urun calma"),
        ("Straße", "strasse"),
        ("ПОДЖОГ", "поджог"),
        ("ＡＢＣ", "abc"),
        ("سَرِقَة", "سرقه"),
        ("", ""),
    ],
)
def test_fold(text, expected):
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vol à l'étalage", ["vol", "a", "l", "etalage"]),
        ("盗窃罪 (入室)", ["盗窃", "窃罪", "入室"]),
        ("抢", ["抢"]),
        ("ATM诈骗", ["atm", "诈骗"]),
        ("السرقة والقتل", ["سرقه", "قتل"]),
        ("§ 242 StGB", ["242", "stgb"]),
        ("  -- ", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


# --- what is found -----------------------------------------------------------


def test_columns_and_order():
    found = ICCS.search("theft of a car", limit=8)
    assert tuple(found) == FOUND
    assert len(found) == 8
    assert found["score"].is_monotonic_decreasing
    assert found["score"].between(0, 1).all()
    assert not found["code"].duplicated().any()
    assert (found["level"] == found["code"].map(ICCS.level)).all()


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("Intentional homicide", None, "0101"),
        ("MURDER", "en", "0101"),
        ("murders", "en", "0101"),
        ("homocide", "en", "0101"),
        ("asesiantos", "es", "0101"),
        ("Violacion", "es", "03011"),
        ("robos", "es", "0401"),
        ("siphoning oil", "en", "050222"),
        ("waging a war against the government", "en", "0904"),
        ("euthanasa", None, "0105"),
    ],
)
def test_titles_terms_and_their_forms(text, language, code):
    assert first(text, language) == code


def test_every_title_finds_its_category():
    for category in ICCS:
        for language, title in category.titles.items():
            found = ICCS.search(title, language, limit=3)
            best = found[found["score"] == 1.0]
            assert category.code in set(best["code"]), (category.code, language)


@pytest.mark.parametrize("kind", ["inclusion", "index", "exclusion"])
def test_every_term_finds_its_category(kind):
    chosen = ICCS.index[(ICCS.index["kind"] == kind) & (ICCS.index["term"] != "-")]
    chosen = chosen[(chosen["kind"] != "exclusion") | (chosen["target"] != "")]
    for row in chosen.sample(60, random_state=1).itertuples():
        codes = set(row.target.split()) if kind == "exclusion" else {row.code}
        assert codes <= set(ICCS.search(row.term, row.language, limit=40)["code"]), row


def test_exclusions_point_at_their_target():
    found = ICCS.search("theft of pets", "en").set_index("code")
    assert found.loc["050229", ["matched", "kind"]].tolist() == ["theft of pets", "exclusion"]
    assert "justifiable homicide in self-defence" not in set(
        ICCS.search("justifiable homicide in self-defence")["matched"]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0101", "0101"),
        (" 101 ", "0101"),
        ("101.0", "0101"),
        ("ICCS0401", "0401"),
        ("iccs 0401", "0401"),
        ("0908", "0909"),
        ("２０１", "0201"),
    ],
)
def test_a_code_finds_its_category(text, expected):
    row = ICCS.search(text, limit=1).iloc[0]
    assert (row["code"], row["kind"], row["score"], row["language"]) == (expected, "code", 1.0, "")


def test_a_number_is_searched_as_its_code():
    assert ICCS.search(101, limit=1)["code"].tolist() == ["0101"]  # as a cell of a spreadsheet may hold it


def test_part_of_a_code_finds_those_that_have_it():
    found = ICCS.search("0502", limit=100).query("kind == 'code'")["code"].tolist()
    assert found[0] == "0502"
    assert set(found) >= set(ICCS.descendants("0502"))


def test_titles_are_in_the_language_asked_for():
    assert ICCS.search("robo", "es", limit=1)["title"].tolist() == ["Robo"]
    assert ICCS.search("robo", limit=1)["title"].tolist() == ["Robbery"]
    assert set(ICCS.search("homicide", "fr")["language"]) == {"fr"}


@pytest.mark.parametrize(
    "text", ["", "   ", "-", "%%", "12345678901", "qqqqzzzz", "\x00", ".", "_" * 100_000, "1" * 100_000]
)
def test_nothing_is_found_without_an_error(text):
    found = ICCS.search(text)
    assert tuple(found) == FOUND
    assert found.empty


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_searched(text):
    assert tuple(ICCS.search(text)) == FOUND


def test_a_search_is_fast_and_long_texts_are_no_slower():
    ICCS.search("theft")
    for text in ("robo con violencia en la calle", "homocide " * 2000, "asesiantos misspeled wrods " * 500):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            ICCS.search(text)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.25, text[:20]  # under 0.1 on a machine that does nothing else


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": "xx"}, r"^language: 'xx' has no terms here\. Give one of .*en, es"),
        ({"limit": 0}, r"^limit: 0 is no number of categories\. Give 1 or more\."),
    ],
)
def test_a_wrong_call_is_refused(arguments, message):
    with pytest.raises(CallError, match=message):
        ICCS.search("theft", **arguments)


def test_ones_own_classification_is_searched(tmp_path):
    (tmp_path / "own.csv").write_text(TINY, encoding="utf-8")
    (tmp_path / "slang.csv").write_text("code,phrase\nB1,torching\n", encoding="utf-8")
    mine = Classification.from_csv(tmp_path / "own.csv", phrases={"en": tmp_path / "slang.csv"})
    cases = [("stolen boat", "A12"), ("x7", "A1"), ("A1", "A1"), ("torch", "B1"), ("burn", "B1")]
    assert [(text, mine.search(text, limit=1)["code"].iloc[0]) for text, _ in cases] == cases


def test_an_empty_classification_is_searched(tmp_path):
    (tmp_path / "none.csv").write_text("code,parent,level,title\n", encoding="utf-8")
    assert Classification.from_csv(tmp_path / "none.csv").search("theft").empty


# --- the command -------------------------------------------------------------


def run(*arguments: str):
    import typer
    from typer.testing import CliRunner

    from crimestats.cli.search import search

    app = typer.Typer()
    app.command()(search)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})


def test_command_shows_a_table():
    shown = run("murder", "--limit", "2")
    assert shown.exit_code == 0
    assert "0101" in shown.stdout
    assert "Intentional homicide" in shown.stdout
    assert "Nothing is called like" in run("qqqqzzzz").stdout


def test_command_writes_json(tmp_path):
    shown = run("violación", "--language", "es", "--limit", "1", "--json", "-")
    assert json.loads(shown.stdout)[0]["code"] == "03011"
    run("murder", "--json", str(tmp_path / "found.json"))
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))[0]["code"] == "0101"
