"""Beside the categories: terms of the document row by row, references followed, variables, phrases, notes."""

import os
from pathlib import Path

import pandas as pd
import pytest

from crimestats import files
from crimestats.classification import Classification
from crimestats.classification.index import INDEX, PHRASES, TERMS, VARIABLES, expand
from crimestats.errors import ClassificationError, DefinitionError

ICCS = Classification.load("iccs")
SHARED = (
    Path(os.environ.get("CRIMESTATS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    / "data"
    / "iccs"
)
COUNTS = {
    ("inclusion", "en"): 733, ("inclusion", "es"): 728,
    ("exclusion", "en"): 433, ("exclusion", "es"): 433,
    ("see-also-inclusion", "en"): 77, ("see-also-inclusion", "es"): 77,
    ("see-also-exclusion", "en"): 233, ("see-also-exclusion", "es"): 233,
    ("index", "en"): 968,
}  # fmt: skip
TINY = "code,parent,level,title\nA,,1,Alpha\nA1,A,2,One\nA2,A,2,Two\nB,,1,Beta\n"


def own(path: Path, phrases: str = "") -> Classification:
    (path / "own.csv").write_text(TINY, encoding="utf-8")
    (path / "phrases.csv").write_text(phrases, encoding="utf-8")
    return Classification.from_csv(
        path / "own.csv", phrases={"en": path / "phrases.csv"} if phrases else None
    )


def lines(frame: pd.DataFrame, language: str = "en") -> list[tuple[str, str, str]]:
    chosen = frame[frame["language"] == language]
    return list(chosen[["term", "target", "from_code"]].itertuples(index=False, name=None))


# --- the terms ---------------------------------------------------------------


def test_terms_are_all_there():
    index = ICCS.index
    assert tuple(index) == INDEX
    assert index.groupby(["kind", "language"]).size().to_dict() == COUNTS
    assert (index["term"].str.strip() == index["term"]).all()
    assert (index["term"] != "").all()
    assert index["code"].isin(ICCS.codes).all()


def test_terms_point_to_categories_that_there_are():
    for row in ICCS.index.itertuples():
        codes = expand(row.target, ICCS.codes)
        assert set(codes) <= set(ICCS.codes), row
        assert bool(codes) == bool(row.target), row
        assert row.kind != "inclusion" or not row.target
        assert not row.kind.startswith("see-also") or codes
        assert row.kind != "exclusion" or row.code not in codes, row


def test_a_reference_is_to_children_or_upwards():
    below_another = {("030223", "0302"), ("050121", "0501"), ("050122", "0501"), ("100312", "1003")}
    see_also = ICCS.index[ICCS.index["kind"].str.startswith("see-also")]
    for row in see_also.itertuples():
        codes = expand(row.target, ICCS.codes)
        parent = ICCS.parent(row.code)
        if row.kind == "see-also-inclusion":
            assert set(codes) <= set(ICCS.children(row.code)), row
        elif "-" in row.target:  # a residual: what its siblings send away
            level = row.code if ICCS.level(row.code) == ICCS.level(codes[0]) else parent
            assert set(codes) <= set(ICCS.children(ICCS.parent(level))) - {row.code}, row
        else:
            siblings = ICCS.children(parent) if ICCS[row.code].is_residual else ()
            assert codes[0] in (parent, *siblings) or (row.code, row.target) in below_another, row


@pytest.mark.parametrize(
    ("code", "kind", "printed", "target"),
    [
        ("02043", "exclusion", "02061", "02071"),
        ("0309", "exclusion", "0203", "0205"),
        ("0309", "exclusion", "0207", "0208"),
        ("050211", "exclusion", "050221", "050222"),
        ("050212", "exclusion", "050221", "050222"),
        ("09031", "exclusion", "02011", "02111"),
        ("09033", "exclusion", "02011", "02111"),
        ("0609", "exclusion", "8042", "08042"),
        ("0808", "exclusion", "02010", "0210"),
        ("070211", "exclusion", "070219", "070212"),
        ("08071", "exclusion", "08071", "0208"),
        ("020219", "see-also-exclusion", "02012", "02021"),
        ("02029", "see-also-inclusion", "020291-02039", "020291-020299"),
        ("1009", "see-also-exclusion", "1001-1008", "1001-1004"),
        ("05043", "see-also-exclusion", "05042", "0504"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_misprints_stand_beside_their_repairs(code, kind, printed, target, language):
    index = ICCS.index.query("code == @code and kind == @kind and language == @language")
    found = index[index["printed_target"] == printed]
    assert found["target"].tolist() == [target]
    assert (found["note"] != "").all()


def test_misprints_are_as_many_in_both_languages():
    index = ICCS.index[ICCS.index["printed_target"] != ""]
    assert index["language"].value_counts().to_dict() == {"en": 27, "es": 27}
    assert (index["printed_target"] != index["target"]).all()
    exclusions = ICCS.index[ICCS.index["kind"] == "exclusion"]
    targets = exclusions["target"].groupby(exclusions["term"].str.casefold()).agg(set)
    assert [term for term, each in targets.items() if len(each) > 1] == []


def test_codes_of_the_alphabetical_index_are_kept_as_printed():
    index = ICCS.index[(ICCS.index["printed_code"] != "") & (ICCS.index["kind"] == "index")]
    assert len(index) == 25
    assert index.set_index("term").loc["Piracy", ["code", "printed_code"]].tolist() == ["11012", "011012"]
    table_1 = ICCS.index[(ICCS.index["printed_code"] != "") & (ICCS.index["kind"] != "index")]
    assert set(zip(table_1["code"], table_1["printed_code"], strict=True)) == {
        ("01049", "01042"),
        ("0909", "0908"),
    }


@pytest.mark.skipif(not SHARED.exists(), reason="the outside lists are not here")
def test_terms_agree_with_the_outside_lists():
    english, spanish = (files.read_csv(SHARED / name) for name in ("iccs_index.csv", "iccs_index_es.csv"))
    ours = ICCS.index.groupby("language")
    for language, outside, term in (("en", english, "term"), ("es", spanish, "term_es")):
        found = ours.get_group(language)
        assert found["code"].tolist() == outside["code"].tolist()
        assert found["term"].tolist() == outside[term].str.split().str.join(" ").tolist()
    printed = ours.get_group("en")
    printed = printed["printed_target"].mask(printed["printed_target"] == "", printed["target"])
    grouped = english["note"].str.startswith("code printed only on the last")
    assert printed.to_numpy()[~grouped].tolist() == english["target"][~grouped].tolist()


# --- references followed -----------------------------------------------------


def test_inclusions_come_up_from_what_is_below():
    found = ICCS.inclusions("0103")
    assert tuple(found) == TERMS
    assert found["from_code"].unique().tolist() == ["0103", "01031", "01032", "010321", "010322"]
    alone = ICCS.inclusions("0103", is_resolved=False)
    assert alone["from_code"].unique().tolist() == ["0103"]
    assert set(lines(alone)) < set(lines(found))


def test_exclusions_come_down_from_what_is_above():
    found = ICCS.exclusions("010321")
    assert found["from_code"].unique().tolist() == ["010321", "01032", "0103"]
    assert ("voluntary manslaughter", "0101", "0103") in lines(found)


def test_exclusions_that_lead_into_the_category_are_not_its_own():
    assert ("theft of pets", "050229", "05022") in lines(ICCS.exclusions("05022", is_resolved=False))
    for code in ICCS.codes:
        inside = {code, *ICCS.descendants(code)}
        targets = {each for target in ICCS.exclusions(code)["target"] for each in target.split()}
        assert inside.isdisjoint(targets), code


def test_no_inclusions_are_a_dash_in_print_and_nothing_here():
    assert (
        ICCS.index.query("code == '02059' and kind == 'inclusion' and language == 'en'")["term"] == "-"
    ).all()
    assert ICCS.inclusions("02059").empty


@pytest.mark.parametrize("code", ICCS.codes)
def test_references_end(code):
    inclusions, exclusions = ICCS.inclusions(code), ICCS.exclusions(code)
    assert set(inclusions["from_code"]) <= {code, *ICCS.descendants(code)}
    assert not exclusions.duplicated(["term", "language", "target"]).any()
    assert set(ICCS.see_also(code)["from_code"]) <= {code}


def test_references_that_go_round_end(tmp_path):
    from crimestats.classification.index import Reference

    header = ",".join(INDEX)
    rows = "A1,see-also-exclusion,x,en,A2,,,,\nA2,see-also-exclusion,x,en,A1-A2,,,,\nA1,exclusion,one,en,B,,,,\nA2,exclusion,two,en,,,,,\n"
    (tmp_path / "index.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    reference = Reference(own(tmp_path).data, tmp_path)
    assert lines(reference.terms("A2", "exclusion", True)) == [("two", "", "A2"), ("one", "B", "A1")]
    assert lines(reference.terms("A2", "exclusion", False)) == [("two", "", "A2")]


def test_see_also_names_the_codes_of_a_range():
    assert ("apply all inclusions listed in 020291-02039", "020291 020292 020299", "02029") in lines(
        ICCS.see_also("02029")
    )


def test_an_unknown_code_is_refused():
    for method in (ICCS.inclusions, ICCS.exclusions, ICCS.see_also, ICCS.note):
        with pytest.raises(ClassificationError, match="'0199' is not one of its codes"):
            method("0199")


# --- variables ---------------------------------------------------------------


def test_variables_are_34_with_their_values():
    variables = ICCS.variables
    assert tuple(variables) == VARIABLES
    assert len(variables) == 280
    assert len(variables.drop_duplicates(["group", "variable"])) == 34
    assert not variables.duplicated(["group", "variable", "value"]).any()
    values = variables[variables["value"] != ""]
    assert (values[["title", "title_es"]] != "").all(axis=None)
    assert (variables.loc[variables["value"] == "", ["title", "title_es"]] == "").all(axis=None)
    assert (variables[["name", "name_es"]] != "").all(axis=None)
    for _, group in values.groupby(["group", "variable"]):
        assert set(group["parent"]) - {""} <= set(group["value"])


@pytest.mark.parametrize(
    ("group", "variable", "value", "column", "expected", "printed"),
    [
        ("perpetrator", "AP", "5", "title", "60+", "60"),
        ("event", "DaT", "date", "title", "Date format: dd/mm/yyyy", "Date format: dddd/mm/yyyy"),
        ("homicide", "ViP-H", "1.2.1.2", "title_es", "Hijo o hija", "Menor"),
        (
            "homicide",
            "ViP-H",
            "1.1.1.1.2",
            "title_es",
            "Pareja con quien convive",
            "Pareja con quien no convive",
        ),
    ],
)
def test_misprinted_values_stand_beside_their_repairs(group, variable, value, column, expected, printed):
    row = ICCS.variables.query("group == @group and variable == @variable and value == @value").iloc[0]
    assert (row[column], row[column.replace("title", "printed")]) == (expected, printed)
    assert row["note"]


def test_variables_have_no_third_situational_context():
    values = ICCS.variables.query("group == 'event' and variable == 'SiC'")["value"].tolist()
    assert values == ["", "1", "2", "4", "5", "6", "7", "8", "9", "10"]


# --- phrases and notes -------------------------------------------------------


def test_phrases_have_a_category_and_a_language():
    phrases = ICCS.phrases
    assert tuple(phrases) == PHRASES
    assert phrases["code"].isin(ICCS.codes).all()
    assert (phrases["origin"] == "project").all()
    assert {"en", "es", "fr", "de"} <= set(phrases["language"])


def test_phrases_of_ones_own(tmp_path):
    found = own(tmp_path, "code,phrase\nA1,first\nA2,second\nA2,Second\n").phrases
    expected = [
        ("A1", "first", "", "", "en", "user"),
        ("A2", "second", "", "", "en", "user"),
        ("A2", "Second", "", "", "en", "user"),
    ]
    assert list(found.itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize(
    ("phrases", "place", "fault"),
    [
        ("code,phrase\nA1,first\nZ9,second\n", "line 3, column code", "'Z9' is not a category."),
        ("code,phrase\nA1, \n", "line 2, column phrase", "' ' is empty."),
        (
            "code,phrase\nA1,Été  noir\nB,other\nA2,ETE NOIR\n",
            "line 4, column phrase",
            "'ETE NOIR' stands under A1 and under A2.",
        ),
    ],
)
def test_phrases_with_a_fault_are_refused(tmp_path, phrases, place, fault):
    with pytest.raises(DefinitionError) as caught:
        _ = own(tmp_path, phrases).phrases
    assert caught.value.place == f"{tmp_path / 'phrases.csv'}, {place}"
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("row", "place", "fault"),
    [
        ("Z,inclusion,x,en,,,,,", "column code", "'Z' is not a category."),
        ("A,within,x,en,,,,,", "column kind", "'within' is no kind of term."),
        ("A,exclusion,x,en,A9,,,,", "column target", "'A9' has no such category."),
    ],
)
def test_terms_with_a_fault_are_refused(tmp_path, row, place, fault):
    from crimestats.classification.index import Reference

    (tmp_path / "index.csv").write_text(f"{','.join(INDEX)}\n{row}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        _ = Reference(own(tmp_path).data, tmp_path).index
    assert (caught.value.place, caught.value.fault) == (f"{tmp_path / 'index.csv'}, line 2, {place}", fault)


def test_notes_of_ones_own_folder(tmp_path):
    from crimestats.classification.index import Reference

    (tmp_path / "notes.en.csv").write_text("code,note\nA,Everything\n", encoding="utf-8")
    reference = Reference(own(tmp_path).data, tmp_path)
    assert reference.notes == {"en": {"A": "Everything"}}
    (tmp_path / "notes.en.csv").write_text("code,note\nA,Everything\nA,Again\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"line 3, column code: 'A' stands on an earlier line too\."):
        _ = Reference(own(tmp_path).data, tmp_path).notes


def test_a_classification_with_nothing_beside_it(tmp_path):
    mine = own(tmp_path)
    for frame in (
        mine.index,
        mine.phrases,
        mine.variables,
        mine.inclusions("A"),
        mine.exclusions("A"),
        mine.see_also("A"),
    ):
        assert frame.empty
    assert mine.note("A") == ""
    assert mine.reference.source == {}


def test_notes_are_of_known_categories_and_in_no_other_language():
    assert set(ICCS.reference.notes.get("en", {})) <= set(ICCS.codes)
    assert ICCS.note("0101", "xx") == ""
