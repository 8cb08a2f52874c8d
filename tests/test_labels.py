"""Labels of areas: every decided string, the rules, what is refused, the command."""

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats.areas import areas, match
from crimestats.areas.rewriting import readings
from crimestats.areas.spellings import codes, spelling
from crimestats.cli import app
from crimestats.files import read_csv, read_toml, shipped
from crimestats.published.series import countries

SHARED = Path(os.environ.get("CRIMESTATS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
TABLES = shipped("classification", "areas", "areas.csv").parent
LABELS, DEMONYMS, WORDS, OBSERVED, RULES, REFUSALS = (
    read_csv(TABLES / f"{name}.csv")
    for name in ("labels", "demonyms", "words", "labels_observed", "rewritings", "refusals")
)
REASONS = {
    "own", "foreign", "stateless", "not_stated", "total", "group", "people", "former_state", "several",
    "ambiguous", "prompt", "number",
}  # fmt: skip


def one(label: str) -> tuple[str, str, str]:
    """Area, how and reason of a label."""
    row = match(pd.Series([label])).iloc[0]
    return row["area"], row["how"], row["reason"]


def test_every_observed_label_is_what_was_decided() -> None:
    found = match(OBSERVED["label"]).assign(area=lambda table: table["area"].replace("_U", ""))
    columns = ["label", "area", "how", "reason", "candidates"]
    assert found[columns].to_numpy().tolist() == OBSERVED[columns].to_numpy().tolist()


def test_observed_labels_are_matched_or_refused_with_a_reason() -> None:
    assert OBSERVED["label"].is_unique
    assert OBSERVED["releases"].isin(["2023-05-30", "2025-04-14", "2023-05-30 2025-04-14"]).all()
    is_refused = OBSERVED["how"] == "refused"
    assert (is_refused == (OBSERVED["area"] == "")).all()
    assert set(OBSERVED.loc[is_refused, "reason"]) <= REASONS
    assert set(OBSERVED.loc[~is_refused, "area"]) <= set(areas()["area"])
    assert (OBSERVED.loc[~is_refused, ["reason", "candidates"]] == "").all(axis=None)


def test_no_spelling_stands_for_two_things() -> None:
    units = areas()
    named = [
        *zip(units["area"], units["area"], strict=True), *zip(units["name"], units["area"], strict=True),
        *zip(LABELS["label"], LABELS["area"], strict=True),
        *zip(DEMONYMS["label"], DEMONYMS["area"], strict=True),
        *zip(WORDS["label"], WORDS["reason"] + WORDS["candidates"], strict=True),
    ]  # fmt: skip
    table = pd.DataFrame(named, columns=["label", "meaning"])
    assert table.groupby(table["label"].map(spelling))["meaning"].nunique().max() == 1


def test_rows_of_the_tables_are_sound() -> None:
    sources = {entry["key"] for entry in read_toml(TABLES / "source.toml")["source"]}
    assert set(DEMONYMS["source"]) <= sources
    assert set(DEMONYMS["area"]) <= set(areas()["area"])
    assert not DEMONYMS["label"].duplicated().any()
    assert set(WORDS["reason"]) <= REASONS
    assert set(REFUSALS["reason"]) <= REASONS
    named = {code for row in WORDS["candidates"] if row for code in row.split(", ")}
    assert named <= set(areas()["area"])
    assert WORDS.loc[WORDS["reason"].isin(["former_state", "several"]), "candidates"].ne("").all()


def test_every_demonym_is_found_also_in_the_plural() -> None:
    assert match(DEMONYMS["label"])["area"].tolist() == DEMONYMS["area"].tolist()
    english = DEMONYMS[(DEMONYMS["language"] == "en") & DEMONYMS["label"].str.endswith("an")]
    assert match(english["label"] + "s")["area"].tolist() == english["area"].tolist()
    assert len(english) > 100


def test_every_word_is_refused_for_its_reason() -> None:
    found = match(WORDS["label"])
    assert (found["area"] == "_U").all()
    assert found["reason"].tolist() == WORDS["reason"].tolist()
    assert found["candidates"].tolist() == WORDS["candidates"].tolist()


def test_countries_of_the_united_nations_have_an_english_demonym() -> None:
    units = areas()
    countries_ = set(units.loc[units["kind"] == "country", "area"])
    lacking = countries_ - set(DEMONYMS.loc[DEMONYMS["language"] == "en", "area"])
    assert lacking == {
        "COD",
        "COG",
        "DMA",
        "DOM",
        "FSM",
        "VAT",
    }  # their words are ambiguous, or there is none


@pytest.mark.parametrize("row", RULES.to_dict("records"), ids=lambda row: row["example"])
def test_every_rule_is_needed_by_its_example(row: dict[str, str]) -> None:
    area, how, _ = one(row["example"])
    assert area == row["area"]
    assert row["rule"] in how.removeprefix("rule:").split("+")


@pytest.mark.parametrize("row", REFUSALS.to_dict("records"), ids=lambda row: row["example"])
def test_every_form_that_is_refused(row: dict[str, str]) -> None:
    assert re.search(row["pattern"], row["example"], re.IGNORECASE)
    assert one(row["example"]) == ("_U", "refused", row["reason"])


@pytest.mark.parametrize(
    ("label", "area", "how"),
    [
        ("CÃ´te d'Ivoire", "CIV", "rule:mojibake"), ("TÃ¼rkiye", "TUR", "rule:mojibake"),
        ("PERÃ\x9a", "PER", "rule:mojibake"), ("C\ufffdte d\ufffdIvoire", "CIV", "rule:replacement"),
        ("Per\ufffd", "PER", "rule:replacement"), ("Espa\ufffd\ufffda", "ESP", "rule:replacement"),
        ("Salvadore\ufffdas", "SLV", "rule:plural+replacement"), ("3 maliens", "MLI", "rule:count+plural"),
        ("Netherlands (own country)", "NLD", "rule:remark"), ("Emirati (UAE)", "ARE", "rule:remark"),
        ("ressortissants du Sénégal", "SEN", "rule:citizens"), ("Tanzanian", "TZA", "table"),
        ("Kosovo (under UNSC res. 1244)", "XKX", "table"), ("NA", "NAM", "code"), ("bgr", "BGR", "code"),
        ("dominicana", "DOM", "table"), ("nigérien", "NER", "table"), ("nigériane", "NGA", "table"),
    ],
)  # fmt: skip
def test_what_leads_to_an_area(label: str, area: str, how: str) -> None:
    assert one(label) == (area, how, "")


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("Chin\ufffd", "unknown"), ("Niger\ufffd", "unknown"), ("\ufffd", "unknown"), ("Congo (Democratic Republic)", "unknown"),
        ("Samoa (American)", "unknown"), ("Guineas", "unknown"), ("Congos", "unknown"), ("Dominicans", "ambiguous"),
        ("2 Congolese", "ambiguous"), ("Korean nationals", "ambiguous"), ("Virgin Islands", "ambiguous"),
        ("USSR", "former_state"), ("Serbia and Montenegro", "former_state"), ("Yugoslavia", "former_state"),
        ("nationals of other countries", "group"), ("", "not_stated"), (" ", "not_stated"), ("()", "not_stated"),
        ("10,5", "number"), ("Q6.1_2s_2021", "prompt"), ("Ciudadanos de su pa\ufffds", "own"),
        ("Personnes de nationalit\ufffd \ufffdtrang\ufffdre", "foreign"), ("Ruritania", "unknown"),
    ],
)  # fmt: skip
def test_what_is_refused(label: str, reason: str) -> None:
    assert one(label) == ("_U", "refused", reason)


def test_refused_labels_name_candidates() -> None:
    labels = pd.Series(["Dominican", "Congolese", "Former Czechoslovakia", "3 nig\ufffdriens et 1 tunisien"])
    assert match(labels)["candidates"].tolist() == ["DMA, DOM", "COD, COG", "CZE, SVK", "NER, TUN"]


@pytest.mark.parametrize(
    ("labels", "areas_"),
    [
        (["NA", "Chad"], ["_U", "TCD"]), (["NA", "FRA"], ["_U", "FRA"]), (["NA", "NO", ""], ["_U", "_U", "_U"]),
        (["NA", "FR", ""], ["NAM", "FRA", "_U"]), (["SD", "DK", "FR"], ["SDN", "DNK", "FRA"]), (["FR", "Chad"], ["FRA", "TCD"]),
    ],
)  # fmt: skip
def test_marks_of_what_is_missing_are_codes_only_among_codes(labels: list[str], areas_: list[str]) -> None:
    found = match(pd.Series(labels), marks=True)
    assert found["area"].tolist() == areas_
    refused = found[(found["area"] == "_U") & (found["label"] != "")]
    assert (refused["reason"] == "ambiguous").all()
    assert refused["candidates"].tolist() == match(refused["label"])["area"].tolist()


def test_every_mark_is_a_code() -> None:
    marks = read_csv(TABLES / "marks.csv", ("label", "meaning", "language"))
    assert set(marks["label"]) <= set(areas()["iso2"])


def test_the_two_parts_of_st_martin_are_not_taken_for_one() -> None:
    found = match(pd.Series(["St Martin", "Saint-Martin", "ST. MARTIN", "Saint Martin (French Part)"]))
    assert found["candidates"].tolist() == [*["MAF, SXM"] * 3, ""]
    assert found["area"].tolist() == [*["_U"] * 3, "MAF"]


@given(st.sampled_from(DEMONYMS["label"].tolist()))
def test_wrongly_read_letters_are_mended(label: str) -> None:
    damaged = label.encode("utf-8").decode("latin-1")
    assert match(pd.Series([damaged]))["area"].tolist() == match(pd.Series([label]))["area"].tolist()


@given(st.sampled_from([*LABELS["label"], *DEMONYMS["label"]]))
def test_lost_letters_never_lead_to_another_area(label: str) -> None:
    lost = label.encode("cp1252", "replace").decode("ascii", "replace")
    area = match(pd.Series([label]))["area"].iloc[0]
    assert match(pd.Series([lost]))["area"].iloc[0] in {area, "_U"}


@given(st.text(max_size=20))
def test_any_text_is_matched_or_refused(label: str) -> None:
    area, how, reason = one(label)
    assert (area == "_U") == (how == "refused") == (reason != "")
    if how == "code":
        assert codes().get(label.strip()) == area or spelling(label) == spelling(area)
    assert len(readings(label)) < 10


def test_own_and_foreign_citizens_of_a_published_file() -> None:
    labels = ["Ciudadanos de su pa\ufffds", "Abroad", "Stateless", "NO REGISTRA", "TOTAL", "Belga", "Kurdistan, Iraq",
              "Congo", "Great Britain", "Former Yugoslavia", "Rohingya", ""]  # fmt: skip
    index = [f"L{number}" for number in range(len(labels))]
    found = countries(pd.Series(labels, index=index), pd.Series("BOL", index=index))
    assert found.index.tolist() == index
    assert found.to_numpy().tolist() == [
        ["BOL", "NAT", True], ["_U", "FOR", True], ["_U", "FOR", True], ["_U", "_U", True], ["_T", "_T", True],
        ["BEL", "_T", True], ["IRQ", "_T", True], ["_U", "_T", False], ["GBR", "_T", True],
        ["_U", "_T", False], ["_U", "_T", False], ["_U", "_U", True],
    ]  # fmt: skip


def run(*words: object) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(app, ["areas", "match", *map(str, words)])
    return result.exit_code, result.stdout, result.exception


TABLE = "Country,n\nNA,1\n3 maliens,2\nCongolese,3\nRuritania,4\nRuritania,5\n"


def test_the_command_keeps_all_columns(tmp_path: Path) -> None:
    source, out = tmp_path / "labels.csv", tmp_path / "matched.csv"
    source.write_text(TABLE, encoding="utf-8-sig")
    code, said, _ = run(source, "--column", "Country", "--out", out)
    assert code == 0
    assert read_csv(out).to_numpy().tolist() == [
        ["NA", "1", "_U", "refused", "ambiguous", "NAM"], ["3 maliens", "2", "MLI", "rule:count+plural", "", ""],
        ["Congolese", "3", "_U", "refused", "ambiguous", "COD, COG"],
        *(["Ruritania", number, "_U", "refused", "unknown", "MRT, GBR"] for number in "45"),
    ]  # fmt: skip
    assert said.count("Ruritania") == 1
    assert "ambiguous" in said
    assert max(map(len, said.splitlines())) <= 80


def test_the_command_as_json(tmp_path: Path) -> None:
    source, out = tmp_path / "labels.csv", tmp_path / "matched.csv"
    source.write_text(TABLE, encoding="utf-8")
    code, said, _ = run(source, "--column", "Country", "--out", out, "--json", "-")
    assert code == 0
    assert json.loads(said) == {
        "rows": 5, "labels": 4, "matched": 1, "how": {"rule:count+plural": 1},
        "refused": {"unknown": 2, "ambiguous": 2}, "unknown": ["Ruritania"],
    }  # fmt: skip
    assert run(source, "--column", "Country", "--out", out, "--quiet")[:2] == (0, "")


@pytest.mark.parametrize(
    ("content", "column", "fault"),
    [
        ("Country\nChad\n", "Land", "Land: the file has no such column. Columns: Country."),
        ("Category,n\nChad,1\n", "category", "Columns: Category, n. Did you mean Category?"),
        ("Country,area\nChad,1\n", "Country", "has a column area of its own"),
        ("Country;n\nChad;1\n", "n", "separated by semicolons"),
        ("Country,n\nPer\xfa,1\n", "Country", "not UTF-8 text"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, content: str, column: str, fault: str) -> None:
    source, out = tmp_path / "labels.csv", tmp_path / "matched.csv"
    source.write_text(content, encoding="cp1252")
    code, _, error = run(source, "--column", column, "--out", out)
    assert code != 0
    assert fault in str(error)
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--out", "labels.csv"], "is a file that is read"),
        (["--out", "matched.csv", "--json", "labels.csv"], "is a file that is read"),
        (["--out", "same.csv", "--json", "same.csv"], "is the place of --out too"),
        (["--out", "matched.xlsx"], "no known suffix"),
        (["--out", "none/matched.csv"], "no such folder"),
        (["--out", "link.csv"], "is a file that is read"),
    ],
)
def test_places_that_the_command_refuses(tmp_path: Path, words: list[str], fault: str) -> None:
    source = tmp_path / "labels.csv"
    source.write_text(TABLE, encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(source)
    placed = [word if word.startswith("--") else tmp_path / word for word in words]
    code, _, error = run(source, "--column", "Country", *placed)
    assert code != 0
    assert fault in str(error)
    assert source.read_text(encoding="utf-8") == TABLE
    assert {path.name for path in tmp_path.iterdir()} == {"labels.csv", "link.csv"}


def test_empty_lines_of_one_column_are_rows(tmp_path: Path) -> None:
    source, out = tmp_path / "labels.csv", tmp_path / "matched.csv"
    source.write_text("Country\nChad\n\n \nTogo\n", encoding="utf-8")
    assert run(source, "--column", "Country", "--out", out, "--quiet")[0] == 0
    found = read_csv(out)
    assert found["Country"].tolist() == ["Chad", "", "", "Togo"]
    assert found["area"].tolist() == ["TCD", "_U", "_U", "TGO"]
    assert found["reason"].tolist() == ["", "not_stated", "not_stated", ""]


def test_columns_of_ones_own_are_kept_by_a_prefix(tmp_path: Path) -> None:
    source, out = tmp_path / "labels.csv", tmp_path / "matched.csv"
    source.write_text("area,label\n1,Chad\n", encoding="utf-8")
    assert run(source, "--column", "label", "--out", out, "--prefix", "matched_", "--quiet")[0] == 0
    assert read_csv(out).iloc[0, :4].tolist() == ["1", "Chad", "TCD", "table"]


@pytest.mark.skipif(not (SHARED / "data" / "glotip").is_dir(), reason="the list of labels is not here")
def test_every_label_that_was_published_is_decided() -> None:
    listed = read_csv(SHARED / "data" / "glotip" / "glotip_country_labels_observed.csv")
    decided = OBSERVED.loc[OBSERVED["releases"].str.contains("2025-04-14"), "label"]
    assert set(listed["Category"]) == set(decided)
    assert len(decided) == 746
