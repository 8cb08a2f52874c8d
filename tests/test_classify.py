"""Figures put under the ICCS by a correspondence table: nothing lost, splits with bounds, everything counted."""

import json

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats import release
from crimestats.classification import Classification, classify
from crimestats.classification.correspondence import Correspondence
from crimestats.classification.counts import outcome, usage
from crimestats.classification.reported import read_figures
from crimestats.cli.classification import classify as command
from crimestats.errors import CallError, ClassificationError, DefinitionError, FileError
from crimestats.frames import BREAKDOWNS, CLASSIFIED, OBSERVATIONS

HEADER = "code,title,iccs,relation,share_lower,share,share_upper,valid_from,valid_to,tags\n"
TABLE = """\
010,Murder,0101,equal,,,,,,
020,Assault,02011,broader,,,,,,
030,Killing,0101,part,,.25,,,,
030,Killing,0103,part,,.75,,,,
040,Threat or blackmail,02012,part,.2,.4,.6,,,
040,Threat or blackmail,02051,part,.4,.6,.8,,,
050,Drugs,06011,part,,,,,,
050,Drugs,06012,part,,,,,,
060,Parking,,,,,,,,
070,Fraud,0701,,,,,,2012,
070,Fraud,07019,,,,,2013,2015,
080,Online fraud,0701,,,,,,,Cy At=1
090,Plot to kill,0101,,,,,,,CP
0A1,Theft,0502,narrower,,,,,,
100,Half outside,0401,part,,.5,,,,
100,Half outside,,part,,.5,,,,
"""
KEYS = dict.fromkeys(OBSERVATIONS.columns, "_Z") | dict.fromkeys(BREAKDOWNS, "_T")
KEYS |= {"segment": 1, "findings": "", "note": "", "area": "SMP", "measure": "offences", "unit": "number"}


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Correspondence:
    path = tmp_path_factory.mktemp("table") / "xx.csv"
    path.write_text(HEADER + TABLE, encoding="utf-8")
    return Correspondence.from_csv(path)


def figures(*rows: tuple, scheme: str = "xx") -> pd.DataFrame:
    """Observations in short: code, figure (a number, two bounds, or a status), and year."""
    made = []
    for code, figure, *year in rows:
        low, high = figure if isinstance(figure, tuple) else (figure, figure)
        is_missing = isinstance(figure, str)
        numbers = (np.nan,) * 3 if is_missing else (low if low == high else np.nan, low, high)
        status = figure if is_missing else "exact" if low == high else "bounded"
        values = dict(zip(("value", "lower", "upper"), numbers, strict=True))
        made.append(
            KEYS | values | {"scheme": scheme, "code": code, "year": (year or [2020])[0], "status": status}
        )
    return OBSERVATIONS.cast(pd.DataFrame(made, columns=list(OBSERVATIONS.columns)))


def short(classified: pd.DataFrame, *columns: str) -> list[list]:
    part = classified[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


# --- classify ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("010", 5), [["0101", 5, 5, 5, "exact", "equal"]]),
        (("020", 5), [["02011", 5, 5, 5, "exact", "broader"]]),
        (("010", (0, 4)), [["0101", None, 0, 4, "bounded", "equal"]]),
        (("010", "not_available"), [["0101", None, None, None, "not_available", "equal"]]),
        (("030", 8), [["0101", 2, 2, 2, "exact", "part"], ["0103", 6, 6, 6, "exact", "part"]]),
        (("030", (4, 8)), [["0101", None, 1, 2, "bounded", "part"], ["0103", None, 3, 6, "bounded", "part"]]),
        (("040", 10), [["02012", None, 2, 6, "bounded", "part"], ["02051", None, 4, 8, "bounded", "part"]]),
        (("050", 10), [["06011", None, 0, 10, "bounded", "part"], ["06012", None, 0, 10, "bounded", "part"]]),
        (("050", 0), [["06011", 0, 0, 0, "exact", "part"], ["06012", 0, 0, 0, "exact", "part"]]),
        (("050", "blank"), [["06011", None, None, None, "blank", "part"], ["06012", None, None, None, "blank", "part"]]),
        (("050", (5, np.inf)), [["06011", None, 0, np.inf, "bounded", "part"], ["06012", None, 0, np.inf, "bounded", "part"]]),
        (("060", 5), [["_Z", 5, 5, 5, "exact", "_Z"]]),
        (("070", 5, 2012), [["0701", 5, 5, 5, "exact", "narrower"]]),
        (("070", 5, 2013), [["07019", 5, 5, 5, "exact", "narrower"]]),
        (("070", 5, 2016), [["_U", 5, 5, 5, "exact", "_Z"]]),
        (("999", 5), [["_U", 5, 5, 5, "exact", "_Z"]]),
        (("", 5), [["_U", 5, 5, 5, "exact", "_Z"]]),
        (("_T", 5), [["_T", 5, 5, 5, "exact", "equal"]]),
        (("_Z", 5), [["_Z", 5, 5, 5, "exact", "_Z"]]),
        (("_U", 5), [["_U", 5, 5, 5, "exact", "_Z"]]),
        (("100", 4), [["0401", 2, 2, 2, "exact", "part"], ["_Z", 2, 2, 2, "exact", "_Z"]]),
        (("10", 5), [["0101", 5, 5, 5, "exact", "equal"]]),
        (("0a1", 5), [["0502", 5, 5, 5, "exact", "narrower"]]),
    ],
)  # fmt: skip
def test_classify_a_figure(table, row, expected):
    classified = CLASSIFIED.check(classify(figures(row, ("010", 1)), table))
    own = classified[:-1]  # the other one is there so that a figure is of the table
    assert short(own, "iccs", "value", "lower", "upper", "status", "relation") == expected
    is_through = row[0] not in ("_T", "_Z", "_U")
    assert set(own["correspondence"]) == {"xx" if is_through else "_Z"}
    assert own["code"].tolist() == [row[0]] * len(own)


def test_figures_stay_in_their_order_and_parts_in_that_of_the_table(table):
    classified = classify(figures(("030", 8), ("010", 1), ("999", 1), ("050", 1)), table)
    assert classified["iccs"].tolist() == ["0101", "0103", "0101", "_U", "06011", "06012"]
    assert classified.index.tolist() == list(range(6))


def test_figures_that_carry_their_code_stand_beside(table):
    coded = figures(("101", 5), ("0199", 1), scheme="iccs-1.0")
    both = OBSERVATIONS.join(coded, figures(("010", 2)))
    classified = CLASSIFIED.check(classify(both, table))
    assert short(classified, "iccs", "relation", "correspondence") == [
        ["0101", "equal", "_Z"], ["_U", "_Z", "_Z"], ["0101", "equal", "xx"],
    ]  # fmt: skip
    assert (classified[["share_lower", "share", "share_upper"]] == 1).all(axis=None)


def test_shares_are_kept_and_the_note_says_of_what(table):
    classified = classify(figures(("040", 10), ("050", (2, 4)), ("030", 8)), table)
    assert short(classified, "share_lower", "share", "share_upper", "note") == [
        [0.2, 0.4, 0.6, "part of 10"], [0.4, 0.6, 0.8, "part of 10"],
        [0, None, 1, "part of 2 to 4"], [0, None, 1, "part of 2 to 4"],
        [0.25, 0.25, 0.25, ""], [0.75, 0.75, 0.75, ""],
    ]  # fmt: skip


def test_tags_are_a_column_and_cy_a_breakdown(table):
    given = figures(("080", 1), ("090", 1), ("010", 1), ("080", 1)).astype({"note": "str"})
    given.loc[3, "note"] = "late"
    given["cy"] = given["cy"].cat.add_categories("_U")
    given.loc[3, "cy"] = "_U"
    assert short(classify(given, table), "cy", "tags", "note") == [
        ["1", "At=1 Cy", ""], ["_T", "CP", ""], ["_T", "_Z", ""], ["_U", "At=1 Cy", "late"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["us-ucr", "UCR", "Us_Ucr"])
def test_any_name_of_the_scheme_will_do(name):
    classified = classify(figures(("0110", 1), scheme=name), Correspondence.load("us-ucr"))
    assert short(classified, "iccs", "correspondence", "scheme") == [["0101", "us-ucr", name]]


@pytest.mark.parametrize("dtype", ["category", "object", "str"])
def test_any_kind_of_text_column_will_do(table, dtype):
    given = figures(("050", 4), ("080", 1))
    given = given.astype(dict.fromkeys(("scheme", "code", "status", "cy", "area"), dtype))
    classified = classify(given, table)
    assert short(classified, "iccs", "status", "cy") == [
        ["06011", "bounded", "_T"], ["06012", "bounded", "_T"], ["0701", "exact", "1"],
    ]  # fmt: skip


def test_figures_of_another_scheme_are_refused(table):
    both = OBSERVATIONS.join(figures(("010", 1)), figures(("1", 1), ("2", 1), scheme="yy"))
    with pytest.raises(ClassificationError, match=r"holds yy \(figures: 2\), and the table is from xx"):
        classify(both, table)
    with pytest.raises(ClassificationError, match="holds no figure of xx"):
        classify(figures(("0101", 1), scheme="iccs-1.0"), table)
    with pytest.raises(ClassificationError, match="there is no table from it"):
        classify(figures(("010", 1)))


def test_figures_are_divided_once(table):
    with pytest.raises(CallError, match="divided again"):
        classify(classify(figures(("030", 8)), table), table)


def test_columns_are_wanted(table):
    with pytest.raises(CallError, match="lack the column year and status"):
        classify(figures(("010", 1)).drop(columns=["year", "status"]), table)


def test_no_figures_are_no_fault(table):
    assert CLASSIFIED.check(classify(figures(), table)).empty


CODES = st.sampled_from([
    "010", "10", "030", "040", "050", "060", "070", "100", "0a1", "x", "_T", "", "080",
])  # fmt: skip
FIGURES = (
    st.integers(0, 10**6)
    | st.tuples(st.integers(0, 9), st.integers(10, 99))
    | st.sampled_from(["blank", "text"])
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(CODES, FIGURES, st.sampled_from([2012, 2014, 2020])), min_size=1))
def test_nothing_is_lost(table, picks):
    given_figures = figures(("010", 0), *picks)
    classified = CLASSIFIED.check(classify(given_figures, table))
    numbers = ["lower", "upper"]
    before = given_figures.groupby("year")[numbers].sum()
    after = classified.groupby("year")[numbers].sum()
    assert (after["lower"] <= before["lower"] + 1e-6).all()
    assert (after["upper"] >= before["upper"] - 1e-6).all()
    is_exact = (classified["share_lower"] == classified["share_upper"]).to_numpy()
    exact_codes = ~given_figures["code"].isin(["040", "050"])
    sums = given_figures[exact_codes].groupby("year")["value"].sum()
    parts = [classified[is_exact & chosen].groupby("year")["value"].sum()
             for chosen in (classified["iccs"] == "_U", classified["iccs"] != "_U")]  # fmt: skip
    pd.testing.assert_series_equal(parts[0].add(parts[1], fill_value=0.0), sums, check_index_type=False)
    has_value = classified["value"].notna()
    assert (classified["value"] == classified["lower"])[has_value].all()
    assert (classified["value"] == classified["upper"])[has_value].all()
    assert outcome(classified, table)["figures"] == len(given_figures)
    assert usage(classified, table)["n_figures"].sum() == (~given_figures["code"].isin(["_T"])).sum()
    assert set(classified["iccs"]) <= {*Classification.load("iccs").codes, "_T", "_Z", "_U"}


def test_three_hundred_thousand_figures_are_classified_at_once(table):
    many = figures(*[("010", 1), ("050", 2), ("x", 3)] * 10).take(np.tile(np.arange(30), 10_000))
    assert len(classify(many.reset_index(drop=True), table)) == 400_000


# --- usage and outcome ------------------------------------------------------


def test_usage(table):
    rows = [("010", 5), ("010", 2), ("10", 1), ("040", 10), ("030", 8), ("060", 1), ("070", 4, 2012), ("070", 3, 2018),
            ("070", 3, 2017), ("zz", 7), ("010", "blank")]  # fmt: skip
    found = usage(classify(figures(*rows), table), table)
    assert short(found[found["state"] != "unused"], "code", "iccs", "state", "n_figures", "value") == [
        ["010", "0101", "used", 4, 8],
        ["030", "0101 0103", "used", 1, 8],
        ["040", "02012 02051", "used", 1, 10],
        ["060", "", "no category", 1, 1],
        ["070", "0701 07019", "used, not valid in 2017 2018", 3, 10],
        ["zz", "_U", "unknown", 1, 7],
    ]
    assert found.loc[found["state"] == "unused", "code"].tolist() == [
        "020",
        "050",
        "080",
        "090",
        "0A1",
        "100",
    ]
    assert found["title"].iloc[0] == "Murder"


def test_usage_does_not_add_what_cannot_be_added(table):
    given = figures(("010", 5), ("010", 3), ("020", 4))
    given["measure"] = pd.Categorical(["victims", "offences", "offences"])
    assert usage(classify(given, table), table)["value"].head(2).fillna(-1).tolist() == [-1, 4]
    given = figures(("010", 5), ("010", 3))
    given["sex"] = pd.Categorical(["_T", "F"])
    assert usage(classify(given, table), table)["value"].iloc[0] == 5
    given["unit"] = pd.Categorical(["percent"] * 2)
    assert usage(classify(given, table), table)["value"].isna().all()


def test_outcome(table):
    rows = [("010", 5), ("040", 10), ("060", 1), ("070", 3, 2018), ("zz", 7), ("zz", 7), ("_T", 9)]
    assert outcome(classify(figures(*rows), table), table) == {
        "figures": 7, "classified": 3, "divided": 1, "no_category": 1, "unknown": 2, "not_valid": 1, "no_value": 0, "unused": 7,
    }  # fmt: skip


# --- figures of a CSV, and the command --------------------------------------


def write(path, text: str):
    (path / "figures.csv").write_text(text, encoding="utf-8")
    return path / "figures.csv"


def test_figures_of_a_file(tmp_path):
    path = write(
        tmp_path,
        'year,code,value,sex,note\n2020,010,"1,234",,\n2020,010,<5,F,est.\n\n2021,,,,\n2021, 9 ,12,,\n',
    )
    table = OBSERVATIONS.check(read_figures(path, "xx"))
    assert short(table, "year", "code", "value", "lower", "upper", "status", "sex", "note", "cell") == [
        [2020, "010", 1234, 1234, 1234, "exact", "_T", "as reported: 1,234", "L2"],
        [2020, "010", None, 0, 4, "bounded", "F", "est.; as reported: <5", "L3"],
        [2021, "_U", None, None, None, "blank", "_T", "", "L5"],
        [2021, "9", 12, 12, 12, "exact", "_T", "", "L6"],
    ]
    assert set(table["scheme"]) == {"xx"}
    assert set(table["area"]) == {"_U"}
    assert set(table["measure"]) == {"_Z"}
    assert set(table["return_id"]) == {"figures.csv"}


@pytest.mark.parametrize(
    ("value", "unit", "number", "status"),
    [("12.5", "percent", 12.5, "exact"), ("12.5", "number", None, "unreadable"), ("12.0", "number", 12, "exact"),
         ("12.125", "number", None, "unreadable"), ("-5", "number", None, "impossible"),
     ("n.a.", "number", None, "not_available"), ("circa 3", "number", None, "unreadable")],
)  # fmt: skip
def test_values_are_read_as_in_a_questionnaire(tmp_path, value, unit, number, status):
    table = read_figures(write(tmp_path, f"year,code,value,unit,area\n2020,1,{value},{unit},MEX\n"), "xx")
    assert short(table, "value", "status", "area") == [[number, status, "MEX"]]
    assert table["note"].tolist() == ["" if status == "exact" else f"as reported: {value}"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("year,code\n2020,1\n", "line 1"), ("year,code,value\n", "line 1"), ("", "line 1"),
        ("year,code,value\n2020,1,1\n\n20,1,1\n", "line 4, column year"),
        ("year,code,value\n2020.0,1,1\n", "line 2, column year"),
        ("year,code,value\n2020,1\n", "line 2"),
    ],
)  # fmt: skip
def test_a_file_of_figures_with_a_fault_is_refused(tmp_path, text, place):
    path = write(tmp_path, text)
    with pytest.raises(DefinitionError) as error:
        read_figures(path, "xx")
    assert error.value.place == f"{path}, {place}"


APP = typer.Typer()
APP.command()(command)


def run(*arguments):
    return CliRunner().invoke(APP, [str(each) for each in arguments])


def test_classify_command(tmp_path):
    path = write(
        tmp_path, "year,code,value\n2020,09A,5\n2020,370,9\n2020,QQQ,1\n2020,QQQ,2\n2009,40C,1\n2020,90Z,1\n"
    )
    out, used = tmp_path / "classified.parquet", tmp_path / "usage.csv"
    shown = run(path, "--scheme", "us-nibrs", "--out", out, "--usage", used)
    assert shown.exit_code == 0
    for line in (
        "Figures: 6",
        "Classified: 2",
        "of these, over several categories: 1",
        "Unknown codes: QQQ (2).",
    ):
        assert line in shown.stdout
    classified = release.read_parquet(out)
    assert CLASSIFIED.check(classified)["iccs"].value_counts()["_U"] == 3
    assert pd.read_csv(used, dtype=str, keep_default_na=False)["state"].value_counts()["unknown"] == 1
    counts = json.loads(run(path, "--scheme", "FBI NIBRS", "--out", out, "--json", "-").stdout)
    assert counts | {"unused": 0} == {
        "figures": 6, "classified": 2, "divided": 1, "no_category": 1, "unknown": 2, "not_valid": 1, "no_value": 0, "unused": 0,
    }  # fmt: skip
    assert run(path, "--scheme", "us-nibrs", "--out", out, "--quiet").stdout == ""


def test_classify_command_takes_observations_and_a_table_of_ones_own(tmp_path):
    (tmp_path / "xx.csv").write_text(HEADER + TABLE, encoding="utf-8")
    observations = release.write_parquet(
        figures(("010", 5), ("050", 2)), "Observations", tmp_path / "o.parquet"
    )
    out = tmp_path / "classified.parquet"
    assert run(observations, "--scheme", tmp_path / "xx.csv", "--out", out).exit_code == 0
    assert sorted(release.read_parquet(out)["iccs"]) == ["0101", "06011", "06012"]


@pytest.mark.parametrize(
    ("scheme", "text", "kind"),
    [
        ("none-such", "year,code,value\n2020,1,1\n", FileError),
        ("us-nibrs", "year,code\n2020,1\n", DefinitionError),
    ],
)
def test_classify_command_refuses(tmp_path, scheme, text, kind):
    result = run(write(tmp_path, text), "--scheme", scheme, "--out", tmp_path / "out.parquet")
    assert isinstance(result.exception, kind)
    assert not (tmp_path / "out.parquet").exists()
