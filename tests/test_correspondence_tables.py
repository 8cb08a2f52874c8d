"""The shipped correspondence tables, row by row."""

from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from crimestats.classification import Classification
from crimestats.classification.checking import check
from crimestats.classification.correspondence import Correspondence
from crimestats.classification.rows import COLUMNS
from crimestats.files import read_csv, read_toml, shipped

ICCS = Classification.load("iccs")
FOLDER = shipped("classification", "correspondence")
SCHEMES = sorted(path.parent.name for path in FOLDER.glob("*/table.csv"))
MOST_QUERIES = 0.05
"""Of the rows of a table: more, and the linter cries wolf, or the table wants another look."""


@cache
def rows(scheme: str) -> pd.DataFrame:
    return read_csv(FOLDER / scheme / "table.csv", COLUMNS)


@pytest.fixture(params=SCHEMES)
def scheme(request) -> str:
    return request.param


def test_every_row_is_sound(scheme):
    table = rows(scheme)
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == len(Correspondence.load(scheme)) > 0
    for column in COLUMNS:
        assert not table[column].str.fullmatch(r"\s.*|.*\s", flags=16).any(), column  # blanks around
    assert (table["code"] != "").all()
    assert (table["title"] != "").all()
    assert set(table["status"]) <= {"project", "official"}
    assert (
        table["iccs"].isin(["", "_T", *ICCS.codes]).all()
        or (table["iccs"].str.contains("+", regex=False)).any()
    )
    assert not table["iccs"].isin(ICCS.cut(1)).any()


def test_a_row_without_a_category_says_why(scheme):
    table = rows(scheme)
    silent = table[(table["iccs"] == "") & (table["note"] == "")]
    assert silent["code"].tolist() == []


def test_first_opinions_are_codes(scheme):
    opinions = rows(scheme)["first_opinion"]
    codes = pd.Series(opinions.unique(), dtype="str").str.split().explode().dropna()
    assert codes[ICCS.normalise(codes) == "_U"].tolist() == []


def test_a_decision_against_the_first_opinion_says_why(scheme):
    table = rows(scheme)
    differ = (
        (table["first_opinion"] != "") & (table["first_opinion"] != table["iccs"]) & (table["note"] == "")
    )
    assert table.loc[differ, "code"].tolist() == []


def test_the_linter_finds_no_error_and_asks_little(scheme):
    findings = check(FOLDER / scheme / "table.csv")
    assert findings.loc[findings["severity"] == "error", "message"].tolist() == []
    assert findings.loc[findings["severity"] == "note", "message"].tolist() == []
    assert len(findings) <= max(10, MOST_QUERIES * len(rows(scheme)))
    runs = findings[(findings["check"] == "shifted") & findings["message"].str.contains("rows after it")]
    assert runs["message"].tolist() == []


def test_its_source_is_named(scheme):
    source = read_toml(FOLDER / scheme / "source.toml")
    assert {
        "producer",
        "title",
        "citation",
        "date",
        "country",
        "language",
        "licence",
        "notes",
        "known_as",
    } <= set(source)
    assert source["known_as"]
    assert "@@" not in str(source)
    for name in source["known_as"]:
        assert Correspondence.load(name).scheme == scheme


def test_no_two_tables_have_a_name_in_common():
    pairs = {
        ("".join(filter(str.isalnum, name.casefold())), scheme)
        for scheme in SCHEMES
        for name in Correspondence.load(scheme).names
    }
    names = sorted(name for name, _ in pairs)
    assert [name for name, after in pairwise(names) if name == after] == []


def test_every_code_of_a_table_comes_back(scheme):
    table = Correspondence.load(scheme)
    codes = table.data["code"]
    assert table.normalise(codes).tolist() == codes.tolist()


@pytest.mark.parametrize(
    ("scheme", "code", "year", "expected"),
    [
        ("us-nibrs", "09A", 2020, ["0101"]),
        ("us-nibrs", "40C", 2009, []),
        ("us-nibrs", "370", 2020, ["08022", "030221"]),
        ("us-ucr", "0110", 1990, ["0101"]),
        ("us-ncic", "0999", 2020, ["0101", "0103"]),
        ("cjars-uccs", "1011", 2020, ["0102"]),
    ],
)
def test_what_is_known_of_a_code(scheme, code, year, expected):
    valid = Correspondence.load(scheme).valid_in(year)
    assert valid.loc[valid["code"] == code, "iccs"].tolist() == expected
