"""The command `tabulate` on a user's own figures: what a CSV may hold, and what is said of it."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats import areas, frames, release
from crimestats.classification import Classification
from crimestats.classification.counted import read_counted, unread
from crimestats.cli.tabulating import _spans
from crimestats.errors import DefinitionError
from crimestats.files import read_csv, shipped
from crimestats.questionnaire import codelist
from crimestats.store import Store, accept
from crimestats.tracing import trace

ICCS = Classification.load("iccs")
NORTH = {"DNK": 5.8e6, "FIN": 5.5e6, "ISL": 0.37e6, "NOR": 5.4e6, "SWE": 10.4e6}
GROUPS = "code,name,area\n" + "".join(f"NORTH,The North,{area}\n" for area in NORTH)


def crimestats(*words, cwd=None):
    command = [sys.executable, "-W", "error", "-c", "from crimestats.cli import main; main()"]
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=300)


def written(folder, text, name="figures.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder, text):
    return frames.OBSERVATIONS.check(read_counted(written(folder, text)))


def seen(table, *columns):
    chosen = table[list(columns)].astype(object)
    return [tuple(row) for row in chosen.where(chosen.notna(), None).to_numpy()]


# What a CSV may hold


def test_areas_categories_and_sexes_in_any_spelling(tmp_path):
    table = read(tmp_path, (
        "area,year,iccs,sex,value\nMEX,2020,0101,_T,5\nCôte d’Ivoire,2020,101,Female,6\n"
        "Republic of Korea,2021,0101,total,7\nGBR_S,2021,2044+02043,,8\nFJI,2021,_T,m,9\n"
    ))  # fmt: skip
    assert seen(table, "area", "year", "code", "sex", "value") == [
        ("MEX", 2020, "0101", "_T", 5.0), ("CIV", 2020, "0101", "F", 6.0),
        ("KOR", 2021, "0101", "_T", 7.0), ("GBR_S", 2021, "02043+02044", "_T", 8.0),
        ("FJI", 2021, "_T", "M", 9.0),
    ]  # fmt: skip
    assert seen(table, "return_id", "sheet", "cell")[1] == ("figures.csv", "_Z", "L3")
    assert set(table["scheme"]) == {ICCS.scheme}


@pytest.mark.parametrize(
    ("value", "status", "number", "lower", "upper"),
    [
        ("12", "exact", 12, 12, 12),
        ("499.170457842021", "exact", 499.170457842021, 499.170457842021, 499.170457842021),
        ("1e-05", "exact", 1e-5, 1e-5, 1e-5),
        (".5", "exact", 0.5, 0.5, 0.5),
        ('"1,234"', "exact", 1234, 1234, 1234),
        ("<5", "bounded", None, 0, 4),
        ("90-110", "bounded", None, 90, 110),
        ("", "blank", None, None, None),
        ("n.a.", "not_available", None, None, None),
        ("-3", "impossible", None, None, None),
        ("1.234", "unreadable", None, None, None),
        ("inf", "unreadable", None, None, None),
    ],
)
def test_values(tmp_path, value, status, number, lower, upper):
    table = read(tmp_path, f"area,year,iccs,sex,value\nMEX,2020,0101,_T,{value}\n")
    assert seen(table, "status", "value", "lower", "upper") == [(status, number, lower, upper)]


def test_what_is_no_plain_number_is_kept_as_it_was_written(tmp_path):
    table = read(
        tmp_path, "area,year,iccs,sex,value\nMEX,2020,0101,_T,<5\nMEX,2021,0101,_T,5\nMEX,2022,0101,_T,\n"
    )
    assert table["note"].tolist() == ["as reported: <5", "", ""]


def test_a_point_is_what_the_other_figures_of_the_file_say(tmp_path):
    head, decimal = "area,year,iccs,value\n", "FJI,2020,0101,2.125\n"
    alone = read(tmp_path, head + decimal)
    beside = read(tmp_path, head + decimal + "FJI,2021,0101,3.5\n")
    grouped = read(tmp_path, head + decimal + "FJI,2021,0101,1.234.567\n")
    comma = read(tmp_path, head + 'FJI,2020,0101,"1,234"\nFJI,2021,0101,"3,5"\n')
    assert [table["value"].iloc[0] for table in (alone, beside, grouped, comma)] == [
        pytest.approx(np.nan, nan_ok=True), 2.125, pytest.approx(np.nan, nan_ok=True), pytest.approx(np.nan, nan_ok=True),
    ]  # fmt: skip
    assert alone["status"].tolist() == ["unreadable"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1e9, allow_subnormal=False).map(lambda x: round(x, 6)), min_size=1, max_size=8))
def test_numbers_that_a_program_wrote_come_back(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("numbers")
    table = pd.DataFrame({"area": "FJI", "year": range(2000, 2000 + len(numbers)), "iccs": "0101"})
    table.assign(value=[*numbers]).assign(sex="_T").to_csv(folder / "a.csv", index=False)
    found = read_counted(folder / "a.csv")
    is_told = found["status"] == "exact"
    assert found.loc[is_told, "value"].tolist() == [
        x for x, told in zip(numbers, is_told, strict=True) if told
    ]
    assert (found["status"].isin(["exact", "unreadable"])).all()  # never another number


def test_the_measure_is_that_of_the_category(tmp_path):
    table = read(tmp_path, (
        "area,year,iccs,value\nFJI,2020,0101,1\nFJI,2020,0401,1\nFJI,2020,02041,1\nFJI,2020,0204,1\n"
    ))  # fmt: skip
    assert seen(table, "code", "measure", "unit", "stage") == [
        ("0101", "victims", "number", "recorded"), ("0401", "offences", "number", "recorded"),
        ("02041", "victims", "number", "detected"), ("0204", "victims", "number", "detected"),
    ]  # fmt: skip
    given_measure = read(
        tmp_path, "area,year,iccs,value,measure\nFJI,2020,0101,1,suspected\nFJI,2020,0101,1,\n"
    )
    assert given_measure["measure"].tolist() == ["suspected", "victims"]


def test_every_row_of_the_usual_measures():
    table = read_csv(shipped("classification", "measures.csv"), ("code", "measure", "unit", "stage", "note"))
    assert table["code"].is_unique
    assert "" in set(table["code"])
    assert all(code == "" or code in ICCS for code in table["code"])
    for name in ("measure", "unit", "stage"):
        assert set(table[name]) <= set(codelist(name)["code"])


def test_bounds_beside_a_value(tmp_path):
    table = read(tmp_path, (
        "area,year,iccs,value,lower,upper\nFJI,2020,0101,5,4,9\nFJI,2021,0101,,4,9\n"
        "FJI,2022,0101,7,7,7\nFJI,2023,0101,,7,7\nFJI,2019,0101,6,,\n"
    ))  # fmt: skip
    assert seen(table, "year", "value", "lower", "upper", "status", "note") == [
        (2020, None, 4.0, 9.0, "bounded", "best estimate: 5"), (2021, None, 4.0, 9.0, "bounded", ""),
        (2022, 7.0, 7.0, 7.0, "exact", ""), (2023, 7.0, 7.0, 7.0, "exact", ""),
        (2019, 6.0, 6.0, 6.0, "exact", ""),
    ]  # fmt: skip


def test_breakdowns_segments_and_origin(tmp_path):
    table = read(tmp_path, (
        "area,year,iccs,value,age,source,segment,provisional,country,note\n"
        "FJI,2020,0101,5,0-17 years,CJS,2,yes,Peru,seen\nFJI,2020,0101,6,,,,,,\n"
    ))  # fmt: skip
    columns = ("age", "source", "segment", "provisional", "country", "note", "regime")
    assert seen(table, *columns) == [
        ("Y0T17", "CJS", 2, "yes", "PER", "seen", "_U"), ("_T", "_Z", 0, "_U", "_T", "", "_U"),
    ]  # fmt: skip


def test_columns_that_are_not_read_are_named(tmp_path):
    path = written(tmp_path, "area,year,iccs,value,region\nFJI,2020,0101,5,Oceania\n")
    assert unread(path) == ["region"]


@pytest.mark.parametrize(
    ("row", "column", "fault"),
    [
        ("Figi,2020,0101,_T,5", "area", "'Figi' is not a reporting unit.*Near: .*FJI"),
        ("World,2020,0101,_T,5", "area", "'World' is not a reporting unit"),
        ("FJI,20,0101,_T,5", "year", "'20' is no year"),
        ("FJI,2020,9999,_T,5", "iccs", "'9999' is no category"),
        ("FJI,2020,0101+010,_T,5", "iccs", "is no category of the ICCS, nor a sum"),
        ("FJI,2020,0101,H,5", "sex", "'H' is no sex"),
    ],
)
def test_faults_name_file_line_and_column(tmp_path, row, column, fault):
    path = written(tmp_path, f"area,year,iccs,sex,value\nFJI,2019,0101,_T,4\n{row}\n")
    with pytest.raises(DefinitionError, match=f"figures.csv, line 3, column {column}: .*{fault}"):
        read_counted(path)


@pytest.mark.parametrize(
    ("head", "row", "fault"),
    [
        ("area,year,iccs,value,lower,upper", "FJI,2020,0101,5,6,9", "column value: '5' does not lie within"),
        ("area,year,iccs,value,lower,upper", "FJI,2020,0101,,9,6", "column lower: '9' is above"),
        ("area,year,iccs,value,lower,upper", "FJI,2020,0101,5,6,", "column upper: '' is no bound"),
        ("area,year,iccs,value,lower,upper", "FJI,2020,0101,n.a.,6,7", "column value: 'n.a.' is no number"),
        ("area,year,iccs,value,measure", "FJI,2020,0101,5,victim", "column measure: 'victim' is no measure"),
        ("area,year,iccs,value,segment", "FJI,2020,0101,5,x", "column segment: 'x' is neither"),
        ("area,year,iccs,value,country", "FJI,2020,0101,5,Fiji", "column country: .* is the reporting unit"),
        ("area,year,iccs,value,age", "FJI,2020,0101,5,a|b", "column age: 'a|b' has a sign"),
    ],
)
def test_faults_of_further_columns(tmp_path, head, row, fault):
    with pytest.raises(DefinitionError, match=f"figures.csv, line 2, {fault}".replace("|", r"\|")):
        read_counted(written(tmp_path, f"{head}\n{row}\n"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("area,year,iccs,value\n", "has no figures below its header"),
        ("area,year,value\nFJI,2020,5\n", "has no column iccs"),
        ("area,year,iccs,value,Sex\nFJI,2020,0101,5,F\n", "has a column 'Sex'.*Write it `sex`"),
    ],
)
def test_faults_of_the_header(tmp_path, text, fault):
    with pytest.raises(DefinitionError, match=f"figures.csv, line 1: {fault}"):
        read_counted(written(tmp_path, text))


# The command


@pytest.fixture
def inputs(tmp_path):
    """Five countries with ten victims a hundred thousand each in two years; in 2021 only one has a figure."""
    rows = [
        f"{area},{year},0101,_T,{persons / 1e4}" for area, persons in NORTH.items() for year in (2019, 2020)
    ]
    written(tmp_path, "area,year,iccs,sex,value\n" + "\n".join([*rows, "ISL,2021,0101,_T,37"]) + "\n")
    people = [
        f"{area},{year},Total,{persons}" for area, persons in NORTH.items() for year in (2019, 2020, 2021)
    ]
    written(tmp_path, "area,year,sex,population\n" + "\n".join(people) + "\n", "population.csv")
    written(tmp_path, GROUPS, "halves.csv")
    return tmp_path


def test_a_csv_becomes_a_trend_table(inputs):
    done = crimestats("tabulate", "figures.csv", "--population", "population.csv", "--grouping", "halves.csv",
                      "--method", "reported", "--out", "trends.parquet", cwd=inputs)  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = release.read_parquet(inputs / "trends.parquet")
    group = table[table["area"] == "NORTH"].sort_values("year")
    assert group[["grouping", "method"]].drop_duplicates().astype(str).to_numpy().tolist() == [
        ["halves", "reported"]
    ]
    assert group["rate"].round(9).tolist()[:2] == [10, 10]
    assert group["status"].tolist()[2] == "below_floor"
    assert np.isnan(group["rate"].iloc[2])
    assert "figures of 0101 are taken as victims" in done.stdout
    assert "The North (reported): 2021" in " ".join(done.stdout.split())
    line = next(line for line in done.stdout.splitlines() if line.strip().startswith("The North"))
    assert line.split()[2:5] == ["reported", "2020", "10.00"]


def test_options_reach_the_table(inputs):
    done = crimestats("tabulate", "figures.csv", "--population", "population.csv", "--grouping", "halves.csv",
                      "--grouping", "m49", "--method", "reported", "--method", "panel", "--window", "2019-2020",
                      "--floor-population", "0", "--floor-areas", "0", "--base-year", "2020",
                      "--small-rule", "no_rate", "--small-below", "400000", "--out", "trends.parquet",
                      cwd=inputs)  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = release.read_parquet(inputs / "trends.parquet").astype(
        {"area": str, "method": str, "grouping": str}
    )
    assert set(table["method"]) == {"_Z", "reported", "panel"}
    assert {"halves", "m49"} < set(table["grouping"])
    assert table.loc[table["area"] == "ISL", "rate_status"].unique().tolist() == ["small_population"]
    north = table[(table["area"] == "NORTH") & (table["method"] == "reported")].set_index("year")
    assert north.loc[2021, "value"] == 37
    panel = table[(table["area"] == "NORTH") & (table["method"] == "panel")].set_index("year")
    assert panel.loc[[2019, 2020], "n_areas"].tolist() == [5, 5]


def test_a_release_of_a_csv_can_be_traced(inputs):
    done = crimestats("tabulate", "figures.csv", "--population", "population.csv", "--grouping", "halves.csv",
                      "--method", "estimated", "--floor-population", "0", "--floor-areas", "0",
                      "--release", "made", "--estimates", "estimates.parquet", cwd=inputs)  # fmt: skip
    assert done.returncode == 0, done.stderr
    filled = release.read_parquet(inputs / "estimates.parquet")
    assert sorted(filled["area"]) == ["DNK", "FIN", "NOR", "SWE"]
    assert filled.equals(release.read_parquet(inputs / "made" / "estimates.parquet"))
    found = trace(inputs / "made", area="NORTH", year=2021, iccs="0101")
    levels = found.data.loc[found.data["parent"] == 0, "level"].value_counts().to_dict()
    assert levels == {"estimate": 4, "figure": 1}
    parts = found.data[found.data["parent"] == 0]
    assert (parts["weight"] * parts["value"]).sum() == pytest.approx(found.data["value"][0], rel=1e-6)
    rests = found.data[found.data["parent"].isin(parts.loc[parts["level"] == "estimate", "node"])]
    assert rests[["level", "year"]].drop_duplicates().to_numpy().tolist() == [["figure", "2020"]]


def test_a_place_of_this_machine_is_not_in_the_table(inputs):
    grouping = inputs / "halves.csv"
    crimestats("tabulate", inputs / "figures.csv", "--grouping", grouping, "--out", inputs / "trends.parquet")
    assert str(inputs).encode() not in (inputs / "trends.parquet").read_bytes()


def test_what_could_not_be_used_is_said(tmp_path):
    written(tmp_path, (
        "area,year,iccs,sex,value,region\nFJI,2020,0401,_T,5,x\nFiji,2020,401,Total,7,x\n"
        "FJI,2021,0401,_T,5,x\nFJI,2021,0401,_T,5,x\nFJI,2022,0401,_T,1.234,x\n"
    ))  # fmt: skip
    done = crimestats("tabulate", "figures.csv", cwd=tmp_path)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert "Columns that are not read: region." in said
    assert "Figures that are unreadable, and in no sum: 1; the first: figures.csv, L6." in said
    assert "Rows that give a figure again: 2; figures given differently, in conflict: 1." in said
    table = release.read_parquet(tmp_path / "trends.parquet")
    own = table[table["area"] == "FJI"].sort_values("year")
    assert seen(own, "year", "value", "lower", "upper", "status") == [
        (2020, None, 5.0, 7.0, "conflicting"), (2021, 5.0, 5.0, 5.0, "exact"), (2022, None, None, None, "unreadable"),
    ]  # fmt: skip


def test_json_goes_to_standard_output(inputs):
    done = crimestats("tabulate", "figures.csv", "--json", "-", cwd=inputs)
    rows = json.loads(done.stdout)
    assert {row["area"] for row in rows} >= set(NORTH)
    quiet = crimestats("tabulate", "figures.csv", "--quiet", cwd=inputs)
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_figures_of_a_store(tmp_path):
    path = written(tmp_path, "area,year,iccs,value,questionnaire,agency\nFJI,2020,0101,5,own,police\n")
    with Store.open(tmp_path / "kept") as store:
        accept(read_counted(path), store, by="A. Person")
    done = crimestats("tabulate", tmp_path / "kept", "--out", tmp_path / "trends.parquet")
    assert done.returncode == 0, done.stderr
    table = release.read_parquet(tmp_path / "trends.parquet")
    assert table.loc[table["area"] == "FJI", "value"].tolist() == [5.0]
    assert crimestats("tabulate", tmp_path / "none.sqlite").returncode == 2
    assert "Population: as accepted with vintage 1 of the store (source: " in " ".join(done.stdout.split())


def test_figures_of_a_store_are_divided_by_the_population_in_force_with_them(tmp_path):
    path = written(tmp_path, "area,year,iccs,value\nFJI,2020,0101,100\n")
    head = "area,year,sex,population\n"
    own = areas.population(written(tmp_path, f"{head}FJI,2020,_T,1000000\n", "own.csv"))
    other = written(tmp_path, f"{head}FJI,2020,_T,2000000\n", "other.csv")
    with Store.open(tmp_path / "kept") as store:
        accept(read_counted(path), store, population=own)
    rates, said = {}, {}
    for name, words in {"store": (), "given": ("--population", other)}.items():
        out = tmp_path / f"{name}.parquet"
        done = crimestats("tabulate", tmp_path / "kept", *words, "--out", out)
        assert done.returncode == 0, done.stderr
        table, said[name] = release.read_parquet(out), " ".join(done.stdout.split())
        rates[name] = table.loc[table["area"] == "FJI", "rate"].tolist()
    assert rates == {"store": [10.0], "given": [5.0]}
    assert "Population: as accepted with vintage 1 of the store (source: own)." in said["store"]
    assert "vintage" not in said["given"]
    assert "other.csv" in said["given"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--window", "2017-2005"], "--window: '2017-2005' is no span of years"),
        (["--grouping", "oecd"], "there is no grouping 'oecd'"),
        (["--grouping", "none.csv"], "none.csv"),
        (["--method", "guessed"], "guessed"),
        (["--population", "figures.csv"], "figures.csv"),
        (["--estimates", "estimates.parquet"], "--estimates: there are none"),
    ],
)
def test_wrong_use_is_one_line(inputs, words, said):
    done = crimestats("tabulate", "figures.csv", *words, cwd=inputs)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_help_ends_with_an_example():
    assert "--method reported --out trends.parquet" in " ".join(
        crimestats("tabulate", "--help").stdout.split()
    )


def test_years_in_one_text():
    assert _spans([1990, 1991, 1992, 1995, 1997, 1998]) == "1990-1992, 1995, 1997-1998"


def test_regional_rates_of_the_global_study(tmp_path, shared):
    """Global Study on Homicide 2019: Americas 17.2, Asia 2.3, Europe 3.0, Oceania 2.8 in 2017."""
    source = read_csv(shared / "homicide" / "homicide_country_estimates_1990_2017.csv")
    source = source[(source["Level"] == "Country") & (areas.match(source["UNODC_Name"])["area"] != "_U")]
    keys = {"area": source["UNODC_Name"], "year": source["Year"], "sex": "_T"}
    figures = pd.DataFrame({**keys, "iccs": "0101", "value": source["Estimate"]})
    people = pd.DataFrame({**keys, "population": source["Pop"]})
    figures[figures["value"] != ""].to_csv(tmp_path / "figures.csv", index=False)
    people[people["population"] != ""].to_csv(tmp_path / "population.csv", index=False)
    done = crimestats("tabulate", "figures.csv", "--population", "population.csv", "--grouping", "m49",
                      "--method", "reported", "--out", "trends.parquet", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = release.read_parquet(tmp_path / "trends.parquet").query("year == 2017 and grouping == 'm49'")
    rates = table.astype({"area": str}).set_index("area")["rate"]
    published = {"019": 17.2, "142": 2.3, "150": 3.0, "009": 2.8}
    assert rates[list(published)].to_dict() == pytest.approx(published, abs=0.05)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "trends.txt"], "--out: trends.txt has no known suffix. Suffixes: .parquet, .csv."),
        (["--out", "none/trends.csv"], "no such folder"),
        (["--out", "."], "cannot be written (it is a folder)"),
        (["--method", "estimated", "--estimates", "trends.parquet"], "--estimates: is the place of --out"),
        (
            ["--floor-population", "50"],
            "--floor-population: 50 is no share. Write one from 0 to 1, e.g. 0.5.",
        ),
        (["--floor-population", "nan"], "--floor-population: nan is no share"),
        (["--floor-areas", "-1"], "--floor-areas: -1 is no number of areas"),
        (["--window", "2019-2020"], "--window: is of the method panel only"),
        (
            ["--small-rule", "no_rate"],
            "--small-rule: needs to know which areas are small. Add --small-below.",
        ),
        (["--small-below", "1000"], "--small-below: does nothing without a rule"),
        (["--small-below", "0", "--small-rule", "no_rate"], "--small-below: 0 is no number of residents"),
        (["--grouping", "head.csv"], "head.csv, line 1: has no memberships below its header"),
        (["--population", "people.csv"], "people.csv, line 1: has no residents below its header"),
        (["--population", "thousands.csv"], "is about 1/1000 of the shipped population"),
    ],
)
def test_what_would_be_passed_over_is_refused(inputs, words, said):
    written(inputs, "code,name,area\n", "head.csv")
    written(inputs, "area,year,population\n", "people.csv")
    written(inputs, "area,year,population\nDNK,2020,5800\n", "thousands.csv")
    done = crimestats("tabulate", "figures.csv", *words, cwd=inputs)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (inputs / "trends.parquet").exists()


def test_tables_are_written_as_their_names_say(inputs):
    for suffix in ("csv", "parquet"):
        done = crimestats("tabulate", "figures.csv", "--grouping", "halves.csv", "--method", "estimated",
                          "--floor-areas", "0", "--floor-population", "0", "--out", f"t.{suffix}",
                          "--estimates", f"e.{suffix}", cwd=inputs)  # fmt: skip
        assert done.returncode == 0, done.stderr
    for name, frame in (("t", frames.TRENDS), ("e", frames.ESTIMATES)):
        plain = read_csv(inputs / f"{name}.csv")
        table = release.read_parquet(inputs / f"{name}.parquet")
        assert list(plain) == list(table) == list(frame.columns)
        assert sorted(plain["figure_id"]) == sorted(table["figure_id"])
        numbers = plain.set_index("figure_id")["value"].replace("", "nan").astype(float)
        assert numbers.to_dict() == pytest.approx(
            table.set_index("figure_id")["value"].to_dict(), nan_ok=True
        )
    said = " ".join(done.stdout.split())
    assert "figures of 0101 are taken as victims" in said


def test_the_screen_tells_who_reported_from_who_has_a_figure(inputs):
    done = crimestats("tabulate", "figures.csv", "--population", "population.csv", "--grouping", "halves.csv",
                      "--method", "estimated", "--floor-areas", "0", cwd=inputs)  # fmt: skip
    lines = done.stdout.splitlines()
    head = next(line for line in lines if line.split()[:1] == ["Group"])
    assert head.split()[-3:] == ["Reported", "Own", "Areas"]
    row = next(line for line in lines if line.strip().startswith("The North"))
    table = release.read_parquet(inputs / "trends.parquet").astype({"area": str})
    last = table[(table["area"] == "NORTH") & (table["year"] == 2021)].iloc[0]
    shares = [f"{last[name]:.0%}" for name in ("coverage_reported", "coverage_population")]
    assert shares == ["1%", "100%"]
    assert row.split()[-3:] == [*shares, "5"]


def test_residents_far_from_the_shipped_ones_are_asked_about(inputs):
    rows = [f"{area},2020,{persons * (5 if area == 'ISL' else 1)}" for area, persons in NORTH.items()]
    written(inputs, "area,year,population\n" + "\n".join(rows) + "\n", "people.csv")
    done = crimestats("tabulate", "figures.csv", "--population", "people.csv", cwd=inputs)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert "1 of 5 areas differ from the shipped table by a factor of more than 3: ISL 5" in said


def test_figures_given_twice_are_named_by_line(tmp_path):
    written(tmp_path, (
        "area,year,iccs,value\nFJI,2020,0401,5\nFJI,2020,0401,5\nFJI,2021,0401,5\nFJI,2019,0401,1\n"
        "FJI,2021,0401,7\n"
    ))  # fmt: skip
    said = " ".join(crimestats("tabulate", "figures.csv", cwd=tmp_path).stdout.split())
    assert "The first: FJI 2021, 0401, in figures.csv, line 4; figures.csv, line 6." in said
    assert "trends.parquet has" not in said
