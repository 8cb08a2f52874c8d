"""Correspondence tables: reading, what the linter finds and what it leaves alone, differences, pivots."""

import json
import time
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats.classification import Classification
from crimestats.classification.checking import SEVERITIES, check
from crimestats.classification.comparing import diff
from crimestats.classification.correspondence import Association, Correspondence, schemes
from crimestats.classification.pivoting import pivot
from crimestats.classification.rows import COLUMNS
from crimestats.classification.titles import near_duplicates
from crimestats.cli.classification import app
from crimestats.errors import CallError, DefinitionError, FileError
from crimestats.files import shipped

ICCS = Classification.load("iccs")
WIDE = "code,title,iccs,relation,share_lower,share,share_upper,valid_from,valid_to,status,tags"


def write(path, lines: str, header: str = "code,title,iccs"):
    """A table written inline; rows of fewer cells than the header are filled up."""
    width = header.count(",")
    rows = [line.strip() + "," * (width - line.count(",")) for line in lines.strip().splitlines()]
    file = path / "own.csv" if path.is_dir() else path
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def found(path, lines: str, header: str = WIDE) -> list[tuple[str, int, str]]:
    """Check, line and column of all findings."""
    table = check(write(path, lines, header))
    assert (table["severity"] == table["check"].map(SEVERITIES)).all()
    return list(table[["check", "line", "column"]].itertuples(index=False, name=None))


# --- loading ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["us-nibrs", "US NIBRS", "FBI NIBRS", "nibrs", "us_nibrs"])
def test_a_shipped_table_has_several_names(name):
    assert Correspondence.load(name).scheme == "us-nibrs"


@pytest.mark.parametrize(("name", "remedy"), [("us-nibr", "Did you mean us-nibrs"), ("?", "There are ")])
def test_an_unknown_name_gets_candidates(name, remedy):
    with pytest.raises(FileError) as error:
        Correspondence.load(name)
    assert error.value.remedy.startswith(remedy)


def test_schemes_are_the_folders():
    folders = sorted(
        path.parent.name for path in shipped("classification", "correspondence").glob("*/table.csv")
    )
    table = schemes()
    assert table["scheme"].tolist() == folders
    assert (table["rows"] >= table["coded"]).all()
    assert list(table.columns) == [
        "scheme",
        "title",
        "country",
        "language",
        "rows",
        "coded",
        "first",
        "differ",
        "deeper",
    ]


def test_three_columns_are_enough(tmp_path):
    table = Correspondence.from_csv(write(tmp_path, "01,Murder,0101\n02,Tax,"))
    assert (table.scheme, table.country, table.language, table.source) == ("own", "", "", {})
    assert (len(table), "01" in table, "1" in table, 1 in table) == (2, True, False, False)
    assert list(table) == [
        Association("01", "Murder", "0101", "narrower", 1.0, 1.0, 1.0, None, None, "user", (), ""),
        Association("02", "Tax", None, "", 1.0, 1.0, 1.0, None, None, "user", (), ""),
    ]
    assert list(table.data.columns) == list(COLUMNS)
    assert repr(table) == "<Correspondence own: 2 rows>"


def test_empty_cells_mean_something(tmp_path):
    lines = """
    1,One,0101,part,,.25,,2010,2012,official,At=1 Cy
    1,One,0102,part,,,.5,2010,2012
    1,One,0103,part,.1,,,2010,2012
    1,One,0201,equal,,,,2013
    """
    table = Correspondence.from_csv(write(tmp_path, lines, WIDE), scheme="mine")
    data = table.data
    assert table.scheme == "mine"
    assert data["share_lower"].tolist() == [0.25, 0.0, 0.1, 1.0]
    assert data["share_upper"].tolist() == [0.25, 0.5, 1.0, 1.0]
    assert data["share"].isna().tolist() == [False, True, True, False]
    assert (str(data["valid_from"].dtype), str(data["share"].dtype)) == ("Int16", "float64")
    assert data["status"].tolist() == ["official", "user", "user", "user"]
    assert next(iter(table)).tags == ("At=1", "Cy")
    assert [len(table.valid_in(year)) for year in (2009, 2010, 2012, 2013, 2100)] == [0, 3, 3, 1, 1]


def test_a_folder_gives_its_name_and_its_source(tmp_path):
    folder = tmp_path / "xx-own"
    folder.mkdir()
    (folder / "source.toml").write_text('country = "XX"\nlanguage = "en"\nknown_as = ["Old name"]\n')
    write(folder / "table.csv", "1,Murder,0101")
    for place in (folder, folder / "table.csv"):
        table = Correspondence.from_csv(place)
        assert (table.scheme, table.country, table.names) == ("xx-own", "XX", ("xx-own", "Old name"))
        assert table.is_of(pd.Series(["XX_OWN", "old-name", "other", None])).tolist() == [
            True,
            True,
            False,
            False,
        ]


def test_codes_of_the_iccs_as_others_print_them_are_read(tmp_path):
    table = Correspondence.from_csv(write(tmp_path, "1,Other,01042\n2,Both,02044+02043\n3,All,_T"))
    assert table.data["iccs"].tolist() == ["01049", "02043+02044", "_T"]


NATIONAL = "0110,A,0101\n110,B,0102\n0120,C,0103\n13A,D,0201\n09a,E,0202\n09A,F,0203\n7,G,0204"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0110", "0110"), ("110", "110"), (110, "110"), ("120", "0120"), (120.0, "0120"), (" 0120 ", "0120"),
        ("00120", "_U"), ("13a", "13A"), ("13 A", "13A"), ("09a", "09a"), ("09A", "09A"), ("０１２０", "0120"),
        ("9A", "_U"), ("", "_U"), (None, "_U"), ("07", "_U"), ("_T", "_T"), ("_Z", "_Z"), ("_U", "_U"),
    ],
)  # fmt: skip
def test_normalise(tmp_path, written, code):
    table = Correspondence.from_csv(write(tmp_path, NATIONAL))
    assert table.normalise(pd.Series([written], dtype=object)).tolist() == [code]


def test_a_code_that_two_rows_would_fit_is_unknown(tmp_path):
    table = Correspondence.from_csv(write(tmp_path, "010,A,0101\n0010,B,0102\nx1,C,0103\nX1,D,0104"))
    assert table.normalise(pd.Series(["10", "X 1", "x1"])).tolist() == ["_U", "_U", "x1"]


# --- the linter -------------------------------------------------------------

ERRORS = [
    (",Blank,0101", "code", 2, "code"),
    ("_T,All,0101", "code", 2, "code"),
    ("1,One,0199", "iccs", 2, "iccs"),
    ("1,One,0101 0102", "iccs", 2, "iccs"),
    ("1,One,_Z", "iccs", 2, "iccs"),
    ("1,One,0101+0101", "iccs", 2, "iccs"),
    ("1,One,101", "lost_zeros", 2, "iccs"),
    ("1,One,10321", "lost_zeros", 2, "iccs"),
    ("1,One,101+0102", "lost_zeros", 2, "iccs"),
    ("1,One,0101,same", "relation", 2, "relation"),
    ("1,One,0101,,,,,,,draft", "status", 2, "status"),
    ("1,One,0101,,,,,99", "year", 2, "valid_from"),
    ("1,One,0101,,,,,,2010.0", "year", 2, "valid_to"),
    ("1,One,0101,,,,,2012,2010", "year", 2, "valid_to"),
    ("1,One,0101,,,0.5", "share", 2, "share"),
    ("1,One,0101,equal,0", "share", 2, "share"),
    ("1,One,0101,part,,half\n1,One,0102,part", "share", 2, "share"),
    ("1,One,0101,part,,1.2\n1,One,0102,part", "share", 2, "share"),
    ("1,One,0101,part,.5,.4,.6\n1,One,0102,part,,.6", "share", 2, "share"),
    ("1,One,0101,part,.8,,.6\n1,One,0102,part", "share", 2, "share"),
    ("1,One,0101\n1,One,0101", "repeated", 3, "code"),
    ("1,One,0101\n1,One,0102", "overlap", 3, "valid_from"),
    ("1,One,0101,,,,,,2012\n1,One,0102,,,,,2012", "overlap", 3, "valid_from"),
    ("1,One,0101,,,,,2012\n1,One,0102", "overlap", 2, "valid_from"),
    ("1,One,0101,part\n1,One,0102,part\n1,One,0103", "overlap", 4, "valid_from"),
    ("1,One,0101,part,,,,2010\n1,One,0102,part,,,,2010\n1,One,0103,part\n1,One,0104,part", "overlap", 2, "valid_from"),
    ("1,One,0101,part", "single_part", 2, "relation"),
    ("1,One,0101,part,,.5\n1,One,0102,part,,.4", "sum", 2, "share"),
    ("1,One,0101,part,,.5\n1,One,0102,part,.6", "sum", 2, "share"),
    ("1,One,0101,part,0,,.4\n1,One,0102,part,0,,.4", "sum", 2, "share"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "rule", "line", "column"), ERRORS)
def test_an_error_is_found_and_keeps_the_table_from_being_loaded(tmp_path, lines, rule, line, column):
    findings = found(tmp_path, lines)
    assert (rule, line, column) in findings
    assert SEVERITIES[rule] == "error"
    with pytest.raises(DefinitionError, match=r"own\.csv, line \d+, column ") as error:
        Correspondence.from_csv(tmp_path / "own.csv")
    first = min(number for name, number, _ in findings if SEVERITIES[name] == "error")
    assert f"line {first}," in error.value.place


def test_every_error_of_the_linter_has_a_case():
    assert {rule for _, rule, _, _ in ERRORS} == {
        name for name, how in SEVERITIES.items() if how == "error"
    } - {"file"}


@pytest.mark.parametrize(
    "lines",
    [
        "1,One,0101\n2,Two,0102\n3,Three,",
        "1,One,0101,part,,.4\n1,One,0102,part,,.6",
        "1,One,0101,part,,.3333333\n1,One,0102,part,,.3333333\n1,One,0103,part,,.3333334",
        "1,One,0101,part,.2,,.6\n1,One,0102,part,.3,,.9",
        "1,One,0101,part,.2,.4,.6\n1,One,0102,part,.3,.6,.9",
        "1,One,0101,part\n1,One,,part",
        "1,One,0101,,,,,,2010\n1,One,0102,,,,,2011",
        "1,One,0101,part,,,,,2010\n1,One,0102,part,,,,,2010\n1,One,0102,,,,,2011",
        "1,One,0101,equal,1,1.0,1,2000,2000,official,At=1 Cy SiC We CP Th AA Ac In",
        "1,One,02043+02044",
        "1,All crimes,_T",
    ],
)
def test_a_sound_table_has_no_findings(tmp_path, lines):
    assert found(tmp_path, lines) == []
    assert len(Correspondence.from_csv(tmp_path / "own.csv")) == lines.count("\n") + 1


QUERIES = [
    ("1,One,01", "level_1", 2, "iccs"),
    ("1,One,01+02", "level_1", 2, "iccs"),
    ("1,,0101", "title", 2, "title"),
    ("1,One,0101,,,,,,2010\n1,One,0102,,,,,2013", "gap", 3, "valid_from"),
    ("1,One,0101,equal\n2,Two,0101,equal", "equal", 3, "relation"),
    ("1,One,0101,,,,,,,,cy", "tag", 2, "tags"),
    ("1,Theft of a bicycle,050229\n2,Theft of a bicycle,0401", "alike", 3, "title"),
    ("1,THEFT of a bicycle,050229\n2,Theft of a bicycle,0502", "alike", 3, "title"),
    ("1,Theft of a bicycle,050229\n2,Theft of a bicycle,", "alike", 3, "title"),
    ("1,Possession of an imitation firearm in public,09011\n2,Possession of imitation firearms in public,0401",
     "alike", 3, "title"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "rule", "line", "column"), QUERIES)
def test_a_query_is_found_and_the_table_is_loaded(tmp_path, lines, rule, line, column):
    assert found(tmp_path, lines) == [(rule, line, column)]
    assert SEVERITIES[rule] == "query"
    assert len(Correspondence.from_csv(tmp_path / "own.csv")) > 0


@pytest.mark.parametrize(
    "lines",
    [
        "1,One,0101,equal,,,,,2010\n2,Two,0101,equal,,,,2011",  # not at once
        "1,Theft of a bicycle,050229,,,,,,2010\n2,Theft of a bicycle,0401,,,,,2011",
        "1,Burglary of a residence by day,05012\n2,Burglary of a residence by day time,0501",  # one lies in the other
    ],
)
def test_what_may_be_so_is_not_asked_about(tmp_path, lines):
    assert found(tmp_path, lines) == []


def test_notes(tmp_path):
    table = check(write(tmp_path, "1,Other,01042,2010,x", "code,title,iccs,valid_form,mine"))
    assert table[["check", "severity", "line", "column"]].to_numpy().tolist() == [
        ["column", "note", 1, "valid_form"], ["column", "note", 1, "mine"], ["alternative", "note", 2, "iccs"],
    ]  # fmt: skip
    assert "Did you mean valid_from?" in table["message"].iloc[0]


MESSAGES = {
    "1,One,0199": "own.csv, line 2, column iccs: '0199' is no code of iccs-1.0. Did you mean 0",
    "1,One,101": "own.csv, line 2, column iccs: '101' has lost its zero: 0101 is meant. Write 0101 (",
    "1,One,0101,part,,.5\n1,One,0102,part,,.4": "column share: the shares of '1' sum to 0.9, not 1. ",
    "1,One,0101\n1,One,0102": "'1' has two rows for the same year (the other goes to '0101'). End one before",
    "1,One,0101,,,,,,2010\n1,One,0102,,,,,2013": "'1' has no row for 2011 to 2012. Close the gap",
}  # fmt: skip


@pytest.mark.parametrize(("lines", "message"), MESSAGES.items())
def test_a_message_names_place_fault_and_remedy(tmp_path, lines, message):
    assert message in check(write(tmp_path, lines, WIDE))["message"].iloc[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("code,title\n1,One\n", 1), ("code,code,title,iccs\n1,1,One,0101\n", 1), ("", 1),
        ("code,title,iccs\n1,One,0101\n2,Two\n", 3), ('code,title,iccs\n1,"One,0101\n', 2),
        ("code;title;iccs\n1;One;0101\n", 1),
    ],
)  # fmt: skip
def test_a_torn_file_is_a_finding(tmp_path, text, line):
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    table = check(tmp_path / "own.csv")
    assert table[["check", "severity", "line"]].to_numpy().tolist() == [["file", "error", line]]
    with pytest.raises(DefinitionError):
        Correspondence.from_csv(tmp_path / "own.csv")


def test_a_file_that_cannot_be_read_is_an_exception(tmp_path):
    with pytest.raises(FileError):
        check(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("code,title,iccs\n1,Körper,0201\n".encode("latin-1"))
    with pytest.raises(FileError):
        check(tmp_path / "latin.csv")


def test_lines_are_true_where_cells_run_over_them(tmp_path):
    text = 'code,title,iccs\n1,"One\nand more",0101\n\n2,Two,0199\n'
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    assert check(tmp_path / "own.csv")["line"].tolist() == [5]


def test_a_table_without_rows_has_no_findings(tmp_path):
    assert check(write(tmp_path, "")).empty
    assert len(Correspondence.from_csv(tmp_path / "own.csv")) == 0


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "", "_T"]) | CELLS, CELLS, st.sampled_from(["0101", "101", "", "01", "x"]) | CELLS,
        st.sampled_from(["", "part", "equal", "is"]), *[st.sampled_from(["", "0", ".5", "1", "2", "-1", "nan", "inf"])] * 3,
        *[st.sampled_from(["", "2010", "2012", "x", "99999"])] * 2, CELLS, CELLS,
    ), max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_any_content_is_judged_and_what_has_no_error_is_loaded(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    pd.DataFrame(rows, columns=WIDE.split(",")).to_csv(path, index=False)
    findings = check(path)
    assert findings["line"].is_monotonic_increasing
    if (findings["severity"] == "error").any():
        with pytest.raises(DefinitionError):
            Correspondence.from_csv(path)
    else:
        assert len(Correspondence.from_csv(path)) == len(rows)


# --- codes moved against their titles ---------------------------------------


def shift(path, scheme: str, first: int, by: int, last: int | None = None):
    """A shipped table whose ICCS codes are moved down (or up) from a row on."""
    rows = pd.read_csv(
        shipped("classification", "correspondence", scheme, "table.csv"), dtype=str, keep_default_na=False
    )
    moved = rows[["iccs", "relation"]].shift(by).fillna("")
    chosen = slice(first, last or len(rows) - 1)
    rows.loc[chosen, ["iccs", "relation"]] = moved.loc[chosen]
    rows[["code", "title", "iccs"]].drop_duplicates("code").to_csv(path / "moved.csv", index=False)
    return path / "moved.csv"


@pytest.mark.parametrize(
    "scheme", ["us-nibrs", "us-ncic", "us-ucr", "gb-eaw-home-office", "de-pks", "de-stgb"]
)
@pytest.mark.parametrize("by", [1, -1])
def test_codes_moved_by_a_row_are_found(tmp_path, scheme, by):
    path = shift(tmp_path, scheme, 30, by)
    findings = check(path)
    runs = findings[findings["message"].str.contains("rows after it")]
    side = "1 row below" if by == 1 else "1 row above"
    assert len(runs) >= 1
    assert runs["message"].str.contains(side).any()
    assert runs["line"].min() in range(25, 90)


def test_codes_moved_by_two_rows_are_found(tmp_path):
    messages = check(shift(tmp_path, "us-ncic", 30, 2))["message"]
    assert messages[messages.str.contains("rows after it")].str.contains("2 rows below").any()


def test_two_codes_exchanged_are_found(tmp_path):
    lines = """
    1,Murder,0101
    2,Kidnapping,0401
    3,Robbery,020221
    4,Theft of a car,05021
    """
    findings = check(write(tmp_path, lines))
    assert findings[["check", "code"]].to_numpy().tolist() == [["shifted", "2"], ["shifted", "3"]]


@pytest.mark.parametrize(
    "lines", ["1,Xyz,0101\n2,Abc,0401\n3,Qqq,0501", "1,123,0101\n2,§ 4,0401", "1,谋杀,0101\n2,抢劫,0401"]
)
def test_titles_that_say_nothing_are_not_asked_about(tmp_path, lines):
    assert check(write(tmp_path, lines)).empty


@given(st.lists(st.text("abcde ", min_size=1, max_size=14), max_size=12), st.sampled_from([0.6, 0.8, 0.9]))
def test_near_duplicates_misses_nothing(titles, least):
    column = pd.Series(titles, dtype="str")
    sets = [{w[i : i + 3] for w in each.split() for i in range(max(1, len(w) - 2))} for each in titles]
    expected = {
        (a, b) for a, b in combinations(range(len(sets)), 2)
        if sets[a] and sets[b] and 2 * len(sets[a] & sets[b]) / (len(sets[a]) + len(sets[b])) >= least - 1e-12
    }  # fmt: skip
    first, second, _ = near_duplicates(column, least)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == expected


def test_three_thousand_rows_are_checked_in_seconds(tmp_path):
    draw = np.random.default_rng(1)
    words = ICCS.data["title"].str.split().explode().to_numpy()
    table = pd.DataFrame({"code": range(3000), "iccs": draw.choice(ICCS.leaves(), 3000)})
    table["title"] = [" ".join(draw.choice(words, 8)) for _ in range(3000)]
    table.to_csv(tmp_path / "own.csv", index=False)
    check(tmp_path / "own.csv")  # the words of the categories are read once
    begun = time.perf_counter()
    check(tmp_path / "own.csv")
    assert time.perf_counter() - begun < 5


# --- differences ------------------------------------------------------------

OLD = """
1,One,0101
2,Two,0102
3,Three,0103,,,,,,2010
4,Four,0104,part,,.5
4,Four,0105,part,,.5
5,Five,0201
6,Six,0202,,,,,,,,At=1
"""
NEW = """
1,One,0102
2,Second,0102
3,Three,0103,,,,,,2012
4,Four,0104,part,,.4
4,Four,0105,part,,.6
6,Six,0202
7,Seven,
"""


def tables(path, *texts):
    return [Correspondence.from_csv(write(path / f"{n}.csv", text, WIDE)) for n, text in enumerate(texts)]


def test_diff(tmp_path):
    old, new = tables(tmp_path, OLD, NEW)
    assert diff(old, new)[["code", "change", "before", "after"]].to_numpy().tolist() == [
        ["1", "recoded", "0101", "0102"],
        ["2", "retitled", "Two", "Second"],
        ["3", "revalidated", "open to 2010", "open to 2012"],
        [
            "4",
            "reshared",
            "0104 part 0.5..0.5..0.5; 0105 part 0.5..0.5..0.5",
            "0104 part 0.4..0.4..0.4; 0105 part 0.6..0.6..0.6",
        ],
        ["5", "gone", "0201 (Five)", ""],
        ["6", "retagged", "0202 At=1", ""],
        ["7", "added", "", "(Seven)"],
    ]
    back = diff(new, old)["change"].value_counts()
    assert (
        back.to_dict()
        == diff(old, new)["change"].replace({"added": "gone", "gone": "added"}).value_counts().to_dict()
    )
    assert diff(old, old).empty


def test_diff_of_a_code_that_gets_a_second_validity(tmp_path):
    old, new = tables(tmp_path, "1,One,0101", "1,One,0101,,,,,,2012\n1,One,0102,,,,,2013")
    assert diff(old, new)[["valid_from", "valid_to", "change"]].astype(object).fillna("").to_numpy().tolist() == [
        ["", 2012, "revalidated"], [2013, "", "added"],
    ]  # fmt: skip


# --- pivots -----------------------------------------------------------------

THIRD = """
a,Alpha,0101,equal
b,Beta,0102,narrower
c,Gamma,0103,broader
d,Delta,0104,part,,.25
d,Delta,0105,part,,.75
e,Epsilon,0201,,,,,,2010
e,Epsilon,0202,,,,,2011
f,Phi,
g,Rho,0104,part
g,Rho,0201,part
"""


def through(
    path, rows: str, header: str = "code,title,via,relation,share,valid_from,valid_to"
) -> SimpleNamespace:
    """The pivot of rows written inline: the table, its checks, and each row in short."""
    third = Correspondence.from_csv(write(path / "third.csv", THIRD, WIDE))
    first = pd.read_csv(write(path / "first.csv", rows, header), dtype=str, keep_default_na=False)
    table = pivot(first, third)
    table.to_csv(path / "candidate.csv", index=False)
    findings = check(path / "candidate.csv")
    assert set(table["status"]) <= {"candidate"}
    assert len(Correspondence.from_csv(path / "candidate.csv")) == len(table)
    short = table[["code", "iccs", "relation", "share", "share_lower", "share_upper"]]
    return SimpleNamespace(
        table=table,
        findings=findings,
        rows=short.astype(object).where(short.notna(), None).to_numpy().tolist(),
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("1,One,a,equal", [["0101", "equal", 1]]),
        ("1,One,a", [["0101", "narrower", 1]]),
        ("1,One,b,equal", [["0102", "narrower", 1]]),
        ("1,One,b,narrower", [["0102", "narrower", 1]]),
        ("1,One,c,broader", [["0103", "broader", 1]]),
        ("1,One,c,narrower", [["0103", "broader", 1]]),
        ("1,One,d,equal", [["0104", "part", 0.25], ["0105", "part", 0.75]]),
        (
            "1,One,a,part,.4\n1,One,d,part,.6",
            [["0101", "part", 0.4], ["0104", "part", 0.15], ["0105", "part", 0.45]],
        ),
        ("1,One,a\n1,One,b", [["0101", "part", None], ["0102", "part", None]]),
        ("1,One,a\n1,One,f", [["0101", "part", None], ["", "part", None]]),
        ("1,One,g\n1,One,d", [["0104", "part", None], ["0201", "part", None], ["0105", "part", None]]),
        ("1,One,f", [["", "", 1]]),
        ("1,One,zzz", [["", "", 1]]),
        (
            "1,One,d,part,.5\n1,One,g,part,.5",
            [["0104", "part", None], ["0105", "part", 0.375], ["0201", "part", None]],
        ),
    ],
)
def test_pivot(tmp_path, rows, expected):
    made = through(tmp_path, rows)
    assert [
        [code, relation, share if share is None else pytest.approx(share)]
        for code, relation, share in expected
    ] == [row[1:4] for row in made.rows]
    assert not (made.findings["severity"] == "error").any()


def test_pivot_names_its_way(tmp_path):
    notes = through(tmp_path, "1,One,a,equal\n2,Two,c,narrower\n3,Three,zzz").table["note"].tolist()
    assert notes == [
        "through third: a Alpha",
        "through third: c Gamma (doubtful: one step goes up, the other down)",
        "third has no row for zzz",
    ]


def test_pivot_keeps_to_the_years_of_both(tmp_path):
    made = through(tmp_path, "1,One,e,,,2005,2012\n2,Two,e").table
    assert made[["code", "iccs", "valid_from", "valid_to"]].astype(object).fillna("").to_numpy().tolist() == [
        ["1", "0201", 2005, 2010], ["1", "0202", 2011, 2012], ["2", "0201", "", 2010], ["2", "0202", 2011, ""],
    ]  # fmt: skip


def test_pivot_of_parts_whose_years_differ(tmp_path):
    made = through(tmp_path, "1,One,e,part,.5\n1,One,a,part,.5").table
    assert made[["iccs", "valid_from", "valid_to", "share"]].astype(object).fillna("").to_numpy().tolist() == [
        ["0201", "", 2010, 0.5], ["0101", "", 2010, 0.5], ["0202", 2011, "", 0.5], ["0101", 2011, "", 0.5],
    ]  # fmt: skip


VIAS = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "zzz"])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("123"), st.lists(VIAS, min_size=1, max_size=3, unique=True), min_size=1)
)
def test_any_pivot_can_be_loaded(tmp_path_factory, picks):
    path = tmp_path_factory.getbasetemp()
    rows = "\n".join(f"{code},Title {code},{via}" for code, vias in picks.items() for via in vias)
    made = through(path, rows)
    assert set(made.table["code"]) == set(picks)
    assert not (made.findings["severity"] == "error").any()


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ({"code": ["1"], "via": ["a"]}, "lacks the column title"),
        ({"code": ["1"], "title": ["One"]}, "lacks the column via"),
        ({"code": [""], "title": ["One"], "via": ["a"]}, "holds '' in the column code"),
        (
            {"code": ["1"], "title": ["One"], "via": ["a"], "relation": ["is"]},
            "holds 'is' in the column relation",
        ),
        ({"code": ["1"], "title": ["One"], "via": ["a"], "share": ["2"]}, "holds '2' in the column share"),
    ],
)
def test_a_first_table_that_cannot_be_read_is_refused(first, fault):
    with pytest.raises(CallError, match=fault):
        pivot(pd.DataFrame(first), Correspondence.load("us-ucr"))


# --- commands ---------------------------------------------------------------


def run(*arguments) -> SimpleNamespace:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    return SimpleNamespace(status=result.exit_code, text=result.stdout, error=result.exception)


@pytest.mark.parametrize(("lines", "status"), [("1,One,0101", 0), ("1,One,01", 0), ("1,One,0199", 1)])
def test_check_command(tmp_path, lines, status):
    path = write(tmp_path, lines)
    shown = run("check", path)
    assert shown.status == status
    assert ("Nothing found" in shown.text) == (lines == "1,One,0101")
    assert run("check", path, "--quiet").text == ""
    listed = json.loads(run("check", path, "--json", "-").text)
    assert [each["check"] for each in listed] == check(path)["check"].tolist()


def test_check_command_groups_and_counts(tmp_path):
    text = run("check", write(tmp_path, "\n".join(f"{n},T{n},0199" for n in range(12)))).text
    assert "error iccs: 12" in text
    assert "and 4 more" in text


def test_diff_command(tmp_path):
    tables(tmp_path, OLD, NEW)
    shown = run("diff", tmp_path / "0.csv", tmp_path / "1.csv")
    assert shown.status == 0
    assert "1 recoded" in shown.text
    assert run("diff", "us-ucr", "us-ucr").text == "Changed from us-ucr to us-ucr: nothing\n"
    run("diff", tmp_path / "0.csv", tmp_path / "1.csv", "--out", tmp_path / "out.csv", "--quiet")
    assert len(pd.read_csv(tmp_path / "out.csv")) == 7


def test_pivot_command(tmp_path):
    first = write(tmp_path / "first.csv", "1,Murder,0110\n2,Both,0100\n3,None,zz", "code,title,via")
    shown = run("pivot", first, "--through", "us-ucr", "--out", tmp_path / "candidate.csv")
    assert "Codes: 3; over several categories: 1; without one: 1" in shown.text
    assert run("check", tmp_path / "candidate.csv").status == 0
    assert Correspondence.from_csv(tmp_path / "candidate.csv").data["status"].eq("candidate").all()


def test_schemes_command():
    assert "us-nibrs" in run("schemes").text
    assert [each["scheme"] for each in json.loads(run("schemes", "--json", "-").text)] == schemes()[
        "scheme"
    ].tolist()
