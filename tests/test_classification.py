"""The room `classification`: the shipped ICCS row by row, users' own tables, figures put under the ICCS."""

import hashlib
import os
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimestats import files
from crimestats.classification import Category, Classification, classify
from crimestats.errors import CallError, ClassificationError, DefinitionError, FileError
from crimestats.frames import CLASSIFIED, OBSERVATIONS

ICCS = Classification.load("iccs")
SHARED = (
    Path(os.environ.get("CRIMESTATS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    / "data"
    / "iccs"
)
DIGITS = {1: 2, 2: 4, 3: 5, 4: 6}
ADDED = ["iccs", "iccs_version", "share_lower", "share", "share_upper", "relation", "tags", "correspondence"]


def own(path: Path, table: str, **arguments) -> Classification:
    """A classification of one's own, from a table written inline."""
    path = path / "own.csv" if path.is_dir() else path
    path.write_text(table, encoding="utf-8")
    return Classification.from_csv(path, **arguments)


# --- the shipped ICCS -------------------------------------------------------


@pytest.mark.parametrize("category", ICCS, ids=lambda category: category.code)
def test_every_category_of_the_iccs(category):
    assert len(category.code) == DIGITS[category.level]
    assert category.code.isascii()
    assert category.code.isdecimal()
    if category.level == 1:
        assert category.parent is None
    else:
        assert category.parent == category.code[: DIGITS[category.level - 1]]
        assert ICCS.level(category.parent) == category.level - 1
    assert set(category.titles) == {"en", "es"}
    assert category.titles["en"] == category.title
    for title in category.titles.values():
        assert title == " ".join(title.split())
        assert title[0].isupper()
        assert not title.endswith(".")
    if category.is_residual:
        assert category.code.endswith("9")
        assert "other" in category.title.lower()
        assert " otr" in f" {category.titles['es'].lower()}"


def test_iccs_counts():
    table = ICCS.data
    assert len(ICCS) == len(table) == 320
    assert table["level"].value_counts().to_dict() == {1: 11, 2: 63, 3: 148, 4: 98}
    assert int(table["is_residual"].sum()) == 74
    leaves = pd.Series([ICCS.level(code) for code in ICCS.leaves()])
    assert leaves.value_counts().to_dict() == {2: 18, 3: 115, 4: 98}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (2, [8, 12, 3, 2, 5, 3, 5, 9, 8, 5, 3]),
        (3, [4, 33, 6, 5, 15, 6, 15, 26, 14, 15, 9]),
        (4, [2, 27, 11, 7, 11, 13, 6, 3, 10, 2, 6]),
    ],
)
def test_iccs_counts_by_section(level, expected):
    codes = ICCS.data.query("level == @level")["code"]
    assert codes.str[:2].value_counts(sort=False).sort_index().tolist() == expected


def test_iccs_residuals_are_a_fact_and_not_a_digit():
    ends_in_9 = {category.code for category in ICCS if category.code.endswith("9") and category.level > 1}
    assert [code for code in sorted(ends_in_9) if not ICCS[code].is_residual] == ["0209"]
    assert not ICCS["02044"].is_residual


def test_iccs_categories_divided_without_a_residual():
    without = [
        code
        for code, children in ICCS.children_of.items()
        if not any(ICCS[child].is_residual for child in children)
    ]
    assert " ".join(without) == (
        "0103 01032 02011 02012 0204 04013 05012 06011 07011 07021 07031 0808 09032 1002 10031"
    )


def test_iccs_alternatives():
    found = {category.code: category.alternatives for category in ICCS if category.alternatives}
    assert found == {"01049": ("01042",), "02044": ("02049",), "0909": ("0908",)}


def test_iccs_no_two_categories_can_be_meant():
    assert all(len(codes) == 1 for codes in ICCS._spellings.values())


@pytest.mark.parametrize("column", ["title", "title_es"])
def test_iccs_titles_repeat_only_down_a_branch(column):
    repeated = ICCS.data[ICCS.data[column].duplicated(keep=False)]
    for _, codes in repeated.groupby(column)["code"]:
        first, *others = codes
        assert all(first in ICCS.ancestors(code) for code in others)


def test_iccs_source_is_named():
    source = files.read_toml(files.shipped("classification", "iccs", "1.0", "source.toml"))
    assert {"producer", "title", "citation", "date", "version", "licence", "files"} <= set(source)
    assert source["licence"].startswith("(c) United Nations")
    assert all(len(record["sha256"]) == 64 for record in source["files"].values())


@pytest.mark.skipif(not SHARED.exists(), reason="the outside lists are not here")
def test_iccs_agrees_with_the_outside_list():
    outside = files.read_csv(SHARED / "iccs.csv")
    titles = (
        files.read_csv(SHARED / "iccs_titles_multilingual.csv")
        .query("lang == 'es'")
        .set_index("code")["title"]
    )
    ours = [
        (
            each.code,
            each.parent or "",
            str(each.level),
            each.title,
            str(int(each.is_residual)),
            each.titles["es"],
        )
        for each in ICCS
    ]
    theirs = outside.sort_values("code").assign(es=lambda table: table["code"].map(titles))
    columns = ["code", "parent", "level", "title_en", "is_residual", "es"]
    assert ours == list(theirs[columns].itertuples(index=False, name=None))
    alternatives = outside.loc[outside["alt_code"] != "", ["code", "alt_code"]]
    assert ICCS.normalise(alternatives["alt_code"]).tolist() == alternatives["code"].tolist()
    assert ICCS.data["title"].isin(outside["definition_en"]).sum() == 0


@pytest.mark.skipif(not SHARED.exists(), reason="the outside lists are not here")
def test_iccs_was_made_from_these_files():
    source = tomllib.loads(files.shipped("classification", "iccs", "1.0", "source.toml").read_text("utf-8"))
    for name, record in source["files"].items():
        assert hashlib.sha256((SHARED / name).read_bytes()).hexdigest() == record["sha256"]


# --- the collection and its relations ---------------------------------------


def test_behaves_as_a_collection():
    assert "0101" in ICCS
    assert ICCS["0101"] in ICCS
    assert Category("0101", "01", 2, "Something else") not in ICCS
    assert "101" not in ICCS
    assert 101 not in ICCS
    codes = [category.code for category in ICCS]
    assert codes == sorted(codes) == list(ICCS.codes) == ICCS.data["code"].tolist()
    assert repr(ICCS) == "<Classification iccs-1.0: 320 categories>"


def test_relations():
    assert ICCS.parent("01") is None
    assert ICCS.parent("010321") == "01032"
    assert ICCS.children("0101") == ()
    assert ICCS.children("02011") == ("020111", "020112")
    assert ICCS.ancestors("010321") == ("01032", "0103", "01")
    assert ICCS.descendants("0103") == ("01031", "01032", "010321", "010322")
    assert ICCS.leaves("0103") == ("01031", "010321", "010322")
    assert ICCS.leaves("0101") == ("0101",)
    assert ICCS.level("10011") == 3
    assert ICCS.depth == 4


@pytest.mark.parametrize("relation", ["parent", "children", "ancestors", "descendants", "level", "leaves"])
def test_relations_of_an_unknown_code_name_candidates(relation):
    with pytest.raises(ClassificationError, match=r"'101' is not .* 0101 \(Intentional homicide\)"):
        getattr(ICCS, relation)("101")


def test_data_is_out_of_reach():
    mine = ICCS.data
    mine.loc[0, "title"] = "Spoilt"
    assert ICCS.data["title"].iloc[0] == ICCS["01"].title


def test_edges_say_when_children_are_complete():
    edges = ICCS.edges
    assert list(edges.columns) == ["code", "parent", "level", "n_children"]
    assert len(edges) == 320 - 11
    assert edges.query("parent == '0103'").values.tolist() == [
        ["01031", "0103", 3, 2],
        ["01032", "0103", 3, 2],
    ]
    assert (edges["parent"].map(lambda code: len(ICCS.children(code))) == edges["n_children"]).all()


def test_equal_when_loaded_twice():
    assert Classification.load("iccs") is Classification.load("iccs", version="1.0")
    with pytest.raises(FileError, match="not among the shipped"):
        Classification.load("iccs", version="9.9")


def assert_parts_leaves(classification: Classification) -> None:
    for level in range(1, classification.depth + 1):
        cut = set(classification.cut(level))
        assert all(classification.level(code) <= level for code in cut)
        for leaf in classification.leaves():
            assert len(cut.intersection((leaf, *classification.ancestors(leaf)))) == 1
        assert all(classification.leaves(code) for code in cut)


def test_a_cut_of_the_iccs_holds_every_leaf_once():
    assert_parts_leaves(ICCS)
    assert [len(ICCS.cut(level)) for level in (1, 2, 3, 4)] == [11, 63, 166, 231]
    assert ICCS.cut(4) == ICCS.leaves()


@pytest.mark.parametrize("level", [0, 5, -1])
def test_a_cut_at_no_level_is_refused(level):
    with pytest.raises(CallError, match="Give 1 to 4"):
        ICCS.cut(level)


@given(st.lists(st.integers(0, 1000), max_size=25))
def test_a_cut_of_any_tree_holds_every_leaf_once(tmp_path_factory, picks):
    levels, rows = [1], ["c0,,1,Top"]
    for number, pick in enumerate(picks, 1):
        parent = pick % (number + 1)  # the last choice: a further top
        level = 1 if parent == number else levels[parent] + 1
        levels.append(level)
        rows.append(f"c{number},{'' if parent == number else f'c{parent}'},{level},Title {number}")
    table = "\n".join(["code,parent,level,title", *reversed(rows)])
    tree = own(tmp_path_factory.getbasetemp() / "tree.csv", table)
    assert len(tree) == len(picks) + 1
    assert_parts_leaves(tree)


# --- codes as others write them ---------------------------------------------

WRITTEN = [
    str,
    int,
    float,
    np.int64,
    np.float64,
    lambda code: code.lstrip("0"),
    lambda code: f" {code}\u00a0",
    lambda code: f"{int(code)}.0",
    lambda code: code.translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
]


@given(st.lists(st.tuples(st.sampled_from(ICCS.codes), st.sampled_from(WRITTEN))))
def test_any_spelling_of_a_code_comes_back(picks):
    written = pd.Series([write(code) for code, write in picks], dtype=object)
    assert ICCS.normalise(written).tolist() == [code for code, _ in picks]
    assert [ICCS.resolve(each) for each in written] == [code for code, _ in picks]


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "str", "category", "object"])
def test_normalise_of_any_column(dtype):
    column = pd.Series([101, 10321, 10011, 101], index=[7, 7, 8, 9], name="code").astype(dtype)
    expected = pd.Series(["0101", "010321", "10011", "0101"], index=[7, 7, 8, 9], name="code", dtype="str")
    pd.testing.assert_series_equal(ICCS.normalise(column), expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("01042", "01049"), (1042, "01049"), ("0908", "0909"), (908.0, "0909"), ("2049", "02044"),
        ("02049", "02044"), ("8042", "08042"),
        ("_T", "_T"), ("_Z", "_Z"), ("_U", "_U"), (" _T ", "_T"),
        # a zero too many, a draft's code, a padded code, a misprint: none is guessed at
        ("01001", "_U"), ("011012", "_U"), ("040122", "_U"), ("010100", "_U"), ("02010", "_U"), ("12", "_U"),
        ("01 01", "_U"), ("ICCS0101", "_U"),
        (101.5, "_U"), (-101, "_U"), ("101.01", "_U"),
        ("", "_U"), (None, "_U"), (float("nan"), "_U"), (pd.NA, "_U"), (0, "_U"), ("0", "_U"),
    ],
)  # fmt: skip
def test_normalise(written, expected):
    assert ICCS.normalise(pd.Series([written], dtype=object)).tolist() == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("07032+07033+07039", "07032+07033+07039"),
        (" 2044 + 2043", "02043+02044"),
        ("0101+0102.0", "0101+0102"),
        ("0908+0101", "0101+0909"),
        ("0101+0199", "_U"),
        ("0101+", "_U"),
        ("+", "_U"),
        # one act would be counted twice
        ("0101+101", "_U"),
        ("0103+010321", "_U"),
    ],
)
def test_normalise_of_a_sum_of_categories(written, expected):
    once = ICCS.normalise(pd.Series([written]))
    assert once.tolist() == [expected]
    assert ICCS.normalise(once).tolist() == [expected]


def test_normalise_of_nothing():
    assert ICCS.normalise(pd.Series([], dtype="str")).tolist() == []


def test_normalise_is_idempotent_on_the_iccs():
    assert ICCS.normalise(ICCS.data["code"]).tolist() == list(ICCS.codes)


def test_resolve_names_candidates():
    with pytest.raises(ClassificationError) as error:
        ICCS.resolve("01001")
    assert str(error.value).startswith(
        "iccs-1.0: '01001' is not one of its codes. "
        "Did you mean 1001 (Acts that cause environmental pollution or degradation) or "
    )
    with pytest.raises(ClassificationError, match=r"See `\.data` for its codes"):
        ICCS.resolve("murder")


TWINS = """\
code,parent,level,title
01,,1,One
0101,01,2,With a zero
101,,1,Without
02,,1,Two
"""


@pytest.mark.parametrize("written", ["101", 101, 101.0, " 101 "])
def test_a_code_that_two_would_fit_is_refused(tmp_path, written):
    twins = own(tmp_path, TWINS)
    with pytest.raises(ClassificationError) as error:
        twins.resolve(written)
    assert str(error.value) == (
        f"own: {str(written).strip()!r} may be 0101 or 101 (leading zeros are lost in spreadsheets). "
        "Give the codes of the classification forms that differ by more than leading zeros."
    )
    with pytest.raises(ClassificationError, match="may be 0101 or 101"):
        twins.normalise(pd.Series(["0101", written], dtype=object))


def test_a_code_that_only_one_would_fit_is_taken_beside_twins(tmp_path):
    twins = own(tmp_path, TWINS)
    assert twins.resolve("0101") == "0101"
    assert twins["101"].title == "Without"
    assert twins.normalise(pd.Series(["0101", "2", "1"])).tolist() == ["0101", "02", "01"]


def test_letters_and_points_in_codes(tmp_path):
    lettered = own(
        tmp_path, "code,parent,level,title\n0A1,,1,Letters\n10.0,,1,Point\n01.2,,1,Lost\n", version="2"
    )
    assert lettered.scheme == "own-2"
    assert lettered.normalise(pd.Series(["0A1", "A1", "10.0", "1.2", 1.2])).tolist() == [
        "0A1", "_U", "10.0", "01.2", "01.2",
    ]  # fmt: skip


# --- a user's own table ------------------------------------------------------


def test_own_table(tmp_path):
    (tmp_path / "fr.csv").write_text("code,title\nB,Second\n", encoding="utf-8")
    mine = own(
        tmp_path,
        "title,code,parent,level,remark,alternatives\nPart,B1,B,2,x,b1 b.1\nB itself,B,,1,,\n",
        titles={"fr": tmp_path / "fr.csv"},
    )
    assert (mine.id, mine.version, mine.scheme) == ("own", "", "own")
    assert mine["B"].titles == {"en": "B itself", "fr": "Second"}
    assert mine["B1"] == Category("B1", "B", 2, "Part", False, ("b1", "b.1"), {"en": "Part"})
    assert mine.resolve("b.1") == "B1"
    assert list(mine.data.columns) == [
        "code", "parent", "level", "title", "is_residual", "alternatives", "note", "title_fr",
    ]  # fmt: skip


def test_own_table_without_rows(tmp_path):
    empty = own(tmp_path, "code,parent,level,title\n")
    assert (len(empty), empty.leaves(), empty.depth, len(empty.edges)) == (0, (), 0, 0)
    assert empty.normalise(pd.Series(["1"])).tolist() == ["_U"]


HEADER = "code,parent,level,title,is_residual,alternatives\n"


@pytest.mark.parametrize(
    ("rows", "line", "column", "fault"),
    [
        ("1,,1,One,0,\n1,,1,Again,0,\n", 3, "code", "'1' stands on an earlier line too."),
        ("1,,1,One,0,\n\n\n1,,1,Again,0,\n", 5, "code", "'1' stands on an earlier line too."),
        ('1,,1,"One\nand a half",0,\n1,,1,Again,0,\n', 4, "code", "'1' stands on an earlier line too."),
        ("1,,1,One,0,\n,,1,Two,0,\n", 3, "code", "'' is no code."),
        ("_T,,1,All,0,\n", 2, "code", "'_T' is no code."),
        ("1 1,,1,All,0,\n", 2, "code", "'1 1' is no code."),
        ("1,,1,One,0,\n2,3,2,Two,0,\n", 3, "parent", "'3' is not a code of the table."),
        ("1,1,2,One,0,\n", 2, "parent", "'1' makes a circle: 1 in 1."),
        ("0,1,2,Nil,0,\n1,3,1,One,0,\n2,1,2,Two,0,\n3,2,3,Three,0,\n", 3, "parent",
         "'3' makes a circle: 1 in 3 in 2 in 1."),
        ("1,,2,One,0,\n", 2, "level", "'2' is not the top's."),
        ("1,,1,One,0,\n2,1,3,Two,0,\n", 3, "level", "'3' is not one below its parent's 1."),
        ("2,1,2,Two,0,\n1,,top,One,0,\n", 3, "level", "'top' is not the top's."),
        ("1,,1,One,0,\n2,,1, ,0,\n", 3, "title", "' ' is no title."),
        ("1,,1,One,yes,\n", 2, "is_residual", "'yes' is no flag."),
        ("1,,1,One,0,\n2,,1,Two,0,7 1\n", 3, "alternatives", "'1' is itself a code of the table."),
        ("1,,1,One,0,7\n2,,1,Two,0,7\n", 3, "alternatives", "'7' stands on an earlier line too."),
    ],
)  # fmt: skip
def test_a_fault_of_an_own_table_is_placed(tmp_path, rows, line, column, fault):
    with pytest.raises(DefinitionError) as error:
        own(tmp_path, HEADER + rows)
    assert error.value.place == f"{tmp_path / 'own.csv'}, line {line}, column {column}"
    assert error.value.fault == fault
    assert error.value.remedy.endswith(".")


def test_a_missing_column_of_an_own_table_is_named(tmp_path):
    with pytest.raises(DefinitionError, match="line 1: has no column level, title"):
        own(tmp_path, "code,parent\n1,\n")


@pytest.mark.parametrize(
    ("titles", "line", "column", "fault"),
    [
        ("1,Un\n9,Neuf\n", 3, "code", "'9' is not a category."),
        ("1,Un\n1,Une\n", 3, "code", "'1' stands on an earlier line too."),
        ("1,\n", 2, "title", "'' is no title."),
    ],
)
def test_a_fault_of_own_titles_is_placed(tmp_path, titles, line, column, fault):
    path = tmp_path / "fr.csv"
    path.write_text("code,title\n" + titles, encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        own(tmp_path, "code,parent,level,title\n1,,1,One\n", titles={"fr": path})
    assert (error.value.place, error.value.fault) == (f"{path}, line {line}, column {column}", fault)


# --- figures put under the ICCS ----------------------------------------------


def figures(*rows: tuple) -> pd.DataFrame:
    """Observations in short: scheme, code, value."""
    table = pd.DataFrame(list(rows), columns=["scheme", "code", "value"])
    return table.assign(area="SMP", year=2023, item="x", lower=table["value"], upper=table["value"])


def test_classify():
    observations = figures(
        ("iccs-1.0", "0101", 5.0), ("iccs-1.0", "101", 1.0), ("iccs-1.0", "01042", 2.0),
        ("iccs-1.0", "0199", 3.0),
        ("iccs-1.0", "_T", 9.0), ("_Z", "_Z", 4.0), ("_Z", "_T", None),
    )  # fmt: skip
    classified = classify(observations)
    assert classified["iccs"].tolist() == ["0101", "0101", "01049", "_U", "_T", "_Z", "_T"]
    assert list(classified.columns) == [*observations.columns, *ADDED]
    pd.testing.assert_frame_equal(classified[observations.columns], observations)
    assert set(classified["iccs_version"]) == {"1.0"}
    assert set(classified["correspondence"]) == {"_Z"}
    assert (classified[["share_lower", "share", "share_upper"]] == 1).all(axis=None)


def test_classify_gives_keys_as_categories():
    for observations in (figures(("iccs-1.0", "0101", 1.0)), figures()):
        dtypes = classify(observations).dtypes.astype(str)
        assert dtypes[["iccs", "iccs_version", "correspondence"]].tolist() == ["category"] * 3
        assert dtypes[["share_lower", "share", "share_upper"]].tolist() == ["float64"] * 3


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_classify_refuses_another_scheme(dtype):
    observations = figures(("iccs-1.0", "0101", 1.0), ("de-pks", "892500", 2.0), ("de-pks", "0101", 2.0))
    with pytest.raises(ClassificationError) as error:
        classify(observations.astype({"scheme": dtype, "code": dtype}))
    assert str(error.value) == (
        "column scheme: holds de-pks (figures: 2), and there is no table from it to iccs-1.0. "
        "Give the items their code of iccs-1.0."
    )


def test_classify_refuses_a_figure_without_a_scheme():
    with pytest.raises(ClassificationError, match="figures: 1"):
        classify(figures(("iccs-1.0", "0101", 1.0), (None, "0101", 1.0)))


def test_classify_wants_its_columns():
    with pytest.raises(CallError, match="lack the column scheme and code"):
        classify(pd.DataFrame({"value": [1.0]}))


REPORTED = st.one_of(
    st.sampled_from(ICCS.codes),
    st.sampled_from(ICCS.codes).map(lambda code: code.lstrip("0")),
    st.sampled_from(["_T", "_Z", "_U", "01042", "0908", "9999", "", "01001"]),
)


@given(st.lists(st.tuples(REPORTED, st.sampled_from([2022, 2023]), st.none() | st.integers(0, 10**6))))
def test_classify_loses_nothing_and_is_idempotent(picks):
    observations = figures(*(("iccs-1.0", code, value) for code, _, value in picks)).astype(
        {"value": "float64"}
    )
    observations["year"] = [year for _, year, _ in picks]
    classified = classify(observations)
    unknown = classified["iccs"] == "_U"
    sums = observations.groupby("year")["value"].sum()
    parts = [classified[chosen].groupby("year")["value"].sum() for chosen in (unknown, ~unknown)]
    pd.testing.assert_series_equal(parts[0].add(parts[1], fill_value=0.0), sums, check_index_type=False)
    assert set(classified["iccs"]) <= {*ICCS.codes, "_T", "_Z", "_U"}
    pd.testing.assert_frame_equal(classify(classified), classified)
    again = classify(classified.assign(code=classified["iccs"]))
    assert again["iccs"].tolist() == classified["iccs"].tolist()


def test_classify_gives_the_frame_that_is_declared():
    observation = dict.fromkeys(OBSERVATIONS.columns, "_Z") | {
        "year": 2023,
        "scheme": "iccs-1.0",
        "code": "0101",
        "segment": 1,
    }
    observation |= {"value": 5.0, "lower": 5.0, "upper": 5.0}
    for observations in (OBSERVATIONS.empty(), OBSERVATIONS.cast(pd.DataFrame([observation]))):
        CLASSIFIED.check(classify(OBSERVATIONS.check(observations)))
