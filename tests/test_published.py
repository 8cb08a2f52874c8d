"""Published workbooks become observations, and the faults known in them are found."""

import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from crimestats.files import read_csv, shipped
from crimestats.frames import BREAKDOWNS, FINDINGS, OBSERVATIONS
from crimestats.published import observed_rates, read_published, rules, series
from crimestats.published.layout import RELEASE, read_sheets
from crimestats.published.values import figures
from crimestats.questionnaire import Questionnaire

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HERE = pytest.mark.skipif(not (DATA / "unodc").is_dir(), reason="the published files are not at hand")
HEADING = ["Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex", "Age",
           "Year", "Unit of measurement", "VALUE", "Source"]  # fmt: skip
TIP = ("Detected trafficking victims", "Total", "Total")
HELD = ("Persons held", "Total", "Total")
OTHER = ("Detected trafficking victims", "by form of exploitation", "Other forms of exploitation")
CITIZENS = ("Detected trafficking victims", "by citizenship")
THEFT = ("Offences", "by type of offence", "Theft")


def row(
    labels, value, *, area="ARG", country="Argentina", sex="Total", age="Total", year=2019, unit="Counts"
):
    return [area, country, "Americas", "South America", *labels, sex, age, year, unit, value, "CTS"]


def workbook(path, rows, *, heading=HEADING, title=(("UNODC", "x@un.org"), ("16/05/2024",)), more=None):
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("data_1")
    for number, cells in enumerate([*title, heading, *rows]):
        sheet.write_row(number, 0, cells)
    for name, cells in (more or {}).items():
        other = book.add_worksheet(name)
        for number, line in enumerate(cells):
            other.write_row(number, 0, line)
    book.close()
    return path


def found(findings, rule):
    return findings[findings["rule"] == rule].astype({"cell": "str", "message": "str"})


@pytest.fixture
def read(tmp_path):
    return lambda rows, **more: read_published(workbook(tmp_path / "data.xlsx", rows, **more))


def test_rows_are_observations_with_their_place(read):
    observations, findings = read([
        row(HELD, 70, sex="Male", age="Adult", area="MEX", country="Mexico", year="2013"),
        row(THEFT, 12.5, area="GBR_S", country="United Kingdom (Scotland)", unit="Rate per 100,000 population"),
    ])  # fmt: skip
    OBSERVATIONS.check(observations)
    FINDINGS.check(findings)
    assert findings.empty
    columns = ["area", "year", "item", "code", "unit", "sex", "age", "value", "cell", "sheet"]
    assert observations[columns].astype(object).to_numpy().tolist() == [
        ["MEX", 2013, "held_m_adult", "_T", "number", "M", "ADULT", 70.0, "L4", "data_1"],
        ["GBR_S", 2019, "_Z", "0502", "rate_per_100000", "_T", "_T", 12.5, "L5", "data_1"],
    ]
    assert observations["return_id"].unique().tolist() == ["data.xlsx"]
    assert observations["note"].tolist() == ["Source: CTS", "Source: CTS"]


def test_columns_may_be_moved_renamed_and_left_out_and_the_title_grow(read):
    heading = ["VALUE", "year ", "CATEGORY", "Dimension", "indicator", "ISO3", "Unit of measure"]
    rows = [["1,757", "2010", *reversed(THEFT), "FRA", "Counts"]]
    observations, findings = read(rows, heading=heading, title=[("a",)] * 9)
    assert observations[["area", "item", "value", "sex"]].astype(object).to_numpy().tolist() == [
        ["FRA", "theft_offences", 1757.0, "_T"]
    ]
    assert findings["rule"].tolist() == ["PUB-003"]


def test_a_wrong_size_of_the_sheet_hides_no_row(tmp_path):
    path = workbook(tmp_path / "right.xlsx", [row(THEFT, n + 1, year=2003 + n) for n in range(15)])
    wrong = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(wrong, "w") as made:
        for name in given.namelist():
            part = given.read(name)
            if name.endswith("sheet1.xml"):
                part = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', part)
                assert b'ref="A1"' in part
            made.writestr(name, part)
    assert read_published(wrong)[0]["value"].tolist() == [n + 1 for n in range(15)]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1,122", "number", (1122, 1122, "exact")),
        ("<5", "number", (0, 4, "bounded")),
        ("4556.3", "number", (4556.3, 4556.3, "exact")),
        ("0.0000123", "rate_per_100000", (0.0000123, 0.0000123, "exact")),
        ("1.5e-05", "rate_per_100000", (1.5e-05, 1.5e-05, "exact")),
        ("1,234.5", "rate_per_100000", (1234.5, 1234.5, "exact")),
        ("some", "number", (None, None, "unreadable")),
        ("1.234", "number", (None, None, "unreadable")),
        ("1.234", "rate_per_100000", (1.234, 1.234, "exact")),
        ("", "number", (None, None, "blank")),
    ],
)
def test_values_are_read_or_left(text, unit, expected):
    read = figures(pd.DataFrame({"value": [text]}), pd.Series([unit])).iloc[0]
    bounds = [None if pd.isna(read[name]) else read[name] for name in ("lower", "upper")]
    assert (*bounds, read["status"]) == expected


def test_the_whole_column_tells_which_sign_is_the_decimal_one():
    units = pd.Series(["number"] * 2)
    assert figures(pd.DataFrame({"value": ["1.234", "1,122"]}), units)["value"].tolist() == [1.234, 1122.0]
    mixed = figures(pd.DataFrame({"value": ["3,5", "1.234,5"]}), pd.Series(["rate_per_100000"] * 2))
    assert mixed["value"].tolist() == [3.5, 1234.5]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1,234", "2,345"], [None, None]),
        (["1,234", "12.5"], [None, 12.5]),  # 12.5 may have been a number, written by the program
        (["1,234", "1,234.5"], [1234.0, 1234.5]),
        (["1,234", "1,234,567"], [1234.0, 1234567.0]),
        (["-12,345", "3,5"], [None, 3.5]),
    ],
)
def test_a_rate_with_one_comma_is_left_unless_the_column_tells(texts, values):
    read = figures(pd.DataFrame({"value": texts}), pd.Series(["rate_per_100000"] * 2))
    assert [None if pd.isna(value) else value for value in read["value"]] == values
    assert (read["status"] == "unreadable").tolist() == [value is None for value in values]


def test_a_rate_that_cannot_be_read_is_a_finding(read):
    rate = {"unit": "Rate per 100,000 population"}
    observations, findings = read([row(THEFT, "1,234", **rate), row(THEFT, "2,345", year=2020, **rate)])
    assert observations["status"].tolist() == ["unreadable"] * 2
    assert findings[["rule", "cell"]].astype(str).to_numpy().tolist() == [
        ["PUB-010", "L4"],
        ["PUB-010", "L5"],
    ]


def test_a_share_above_the_whole_is_found_and_not_taken(read):
    share = {"unit": "Percentage of total persons held"}
    unsentenced = ("Persons held", "by status", "Unsentenced")
    observations, findings = read([
        row(unsentenced, 2550, **share), row(unsentenced, 25.5, year=2020, **share),
        row(unsentenced, 100, year=2021, **share), row(HELD, 2550, year=2021),
    ])  # fmt: skip
    assert observations["status"].tolist() == ["impossible", "exact", "exact", "exact"]
    assert observations["value"].isna().tolist() == [True, False, False, False]
    assert "Value: 2550" in observations["note"].iloc[0]
    assert findings[["rule", "severity", "cell"]].astype(str).to_numpy().tolist() == [
        ["PUB-018", "error", "L4"]
    ]


def test_a_cell_that_can_be_computed_is_found_with_the_cells_that_tell_it(read):
    ages = {"age": "0 to 17 years"}
    _, findings = read([
        row(TIP, "101", **ages), row(TIP, "70", sex="Female", **ages), row(TIP, "31", sex="Male", **ages),
        row(TIP, "<5", sex="Other", **ages), row(TIP, "<5", sex="Other", age="18 years or over"),
        row(TIP, "100", area="BRA", country="Brazil", **ages),
        row(TIP, "70", sex="Female", area="BRA", country="Brazil", **ages),
        row(TIP, "<5", sex="Other", area="BRA", country="Brazil", **ages),
    ])  # fmt: skip
    told = findings[["rule", "area", "cell", "expected", "others"]].astype(str).to_numpy().tolist()
    assert told == [["PUB-701", "ARG", "L7", "0", "L4:L6"]]


def test_nothing_is_computed_from_sums_that_do_not_hold(read):
    ages = {"age": "0 to 17 years"}
    _, findings = read([
        row(TIP, "90", **ages), row(TIP, "70", sex="Female", **ages), row(TIP, "31", sex="Male", **ages),
        row(TIP, "<5", sex="Other", **ages),
    ])  # fmt: skip
    assert "PUB-701" not in set(findings["rule"])


def test_keys_that_stand_twice_are_kept_and_named(read):
    observations, findings = read([
        row(HELD, 70, sex="Male"), row(HELD, 4914, sex="Male"),
        row(HELD, 5, year=2020), row(HELD, 5, year=2020),
        row(OTHER, "16"), row(OTHER, "<5"), row(OTHER, "96"),
    ])  # fmt: skip
    assert len(observations) == 7
    assert [*zip(findings["rule"], findings["cell"], findings["others"], strict=True)] == [
        ("PUB-030", "L4", "L5"), ("PUB-031", "L6", "L7"), ("PUB-032", "L8", "L9:L10"),
    ]  # fmt: skip
    assert observations["item"].tolist()[4:] == ["_U"] * 3


def test_a_single_other_form_is_a_figure_of_its_item(read):
    assert read([row(OTHER, "16")])[0]["item"].tolist() == ["victims_other"]


def test_labels_not_known_are_kept_and_candidates_named(read):
    observations, findings = read([
        row(("Offences", "by type of offence", "Thefft"), 5), row(("Offences", "by type of offence", "Thefft"), 6),
        row(THEFT, 7, sex="Women"),
    ])  # fmt: skip
    assert observations["item"].tolist() == ["_U"] * 3
    assert observations["value"].tolist() == [5.0, 6.0, 7.0]
    unknown = found(findings, "PUB-020")
    assert unknown["cell"].tolist() == ["L4", "L6"]
    assert "(category; 2 rows). Near: Theft" in unknown["message"].iloc[0]
    assert unknown["value"].tolist() == ["Thefft", "Women"]


def test_each_unit_that_is_not_known_is_named(read):
    units = ["Rate per 1,000 inhabitants of age", "Rates", "", "Rates"]
    observations, findings = read([row(THEFT, 5, unit=unit, year=2010 + n) for n, unit in enumerate(units)])
    unknown = found(findings, "PUB-020")
    assert unknown["value"].astype(str).tolist() == [
        "Rate per 1,000 inhabitants of age",
        "Rates",
        "(nothing)",
    ]
    assert "“Rates” is not a label that is known (unit; 2 rows)" in unknown["message"].iloc[1]
    assert [note.partition("Unit: ")[2] for note in observations["note"]] == [
        "Rate per 1,000 inhabitants of age", "Rates", "(nothing)", "Rates",
    ]  # fmt: skip


def test_labels_that_drift_are_matched_and_noted(read):
    observations, findings = read([
        row(("Persons held", "by selected crime", "Drug trafficking"), 5),
        row(("Persons entering prison", "by selected crime", "Drug Trafficking"), 5),
        row(("Persons entering prison", "by type of criminal acts", "Acts against the natural environ-ment"), 5),
    ])  # fmt: skip
    assert observations["item"].tolist() == [
        "held_drug_trafficking",
        "entered_drug_trafficking",
        "entered_iccs10",
    ]
    assert findings[["rule", "cell"]].astype(str).to_numpy().tolist() == [
        ["PUB-022", "L5"],
        ["PUB-021", "L6"],
    ]


def test_ids_of_cells_prompts_and_damage_in_labels_are_found(read):
    observations, findings = read([
        row((*CITIZENS, "Q6.1_10s_2019"), "61,102,019", area="PAK", country="Pakistan"),
        row((*CITIZENS, "India"), "61,102,019", area="PAK", country="Pakistan", year=2021),
        row((*CITIZENS, "(especifique el país)"), "<5"),
        row((*CITIZENS, "Espa\ufffda"), "6"),
        row((*CITIZENS, "CÃ´te d'Ivoire"), "7"),
        row((*CITIZENS, "Nigeria"), "8"),
    ])  # fmt: skip
    where = {rule: found(findings, rule)["cell"].tolist() for rule in ("PUB-012", "PUB-013", "PUB-014")}
    assert where == {"PUB-012": ["L4", "L5"], "PUB-013": ["L6"], "PUB-014": ["L7", "L8"]}
    assert observations["status"].tolist() == ["unreadable"] * 2 + ["bounded"] + ["exact"] * 3
    assert observations["lower"].isna().tolist() == [True, True, False, False, False, False]
    assert observations["country"].tolist()[-1] == "NGA"
    assert "Value: 61,102,019" in observations["note"].iloc[0]


def test_the_id_of_a_cell_enters_no_sum(read):
    _, findings = read([
        row((*CITIZENS, "India"), "61,102,019"), row((*CITIZENS, "Nigeria"), "8"), row(TIP, "20"),
    ])  # fmt: skip
    assert findings[["rule", "cell"]].astype(str).to_numpy().tolist() == [["PUB-012", "L4"]]


def test_rows_of_unknown_units_are_not_compared_with_one_another(read):
    _, findings = read([
        row(HELD, 10, area="SAM", country=""), row(HELD, 20, sex="Male", area="SAF", country=""),
    ])  # fmt: skip
    assert set(findings["rule"]) == {"PUB-023"}


def test_a_large_count_that_ends_like_a_year_is_no_cell_id(read):
    observations, findings = read([row(THEFT, 6112019, area="USA", country="United States of America")])
    assert findings.empty
    assert observations["value"].tolist() == [6112019.0]


def test_nationals_are_those_of_the_reporting_country(read):
    observations, _ = read([row((*CITIZENS, "Nationals"), "9"), row((*CITIZENS, "Abroad"), "8")])
    columns = ["country", "citizenship"]
    assert observations[columns].astype(str).to_numpy().tolist() == [["ARG", "NAT"], ["_U", "FOR"]]


def test_an_impossible_year_and_a_count_below_nought_lose_their_value(read):
    observations, findings = read([row(HELD, 5, year=1013), row(HELD, -3), row(HELD, 57.12, year=2020)])
    assert observations["status"].tolist() == ["misdated", "impossible", "exact"]
    assert observations["year"].tolist() == [1013, 2019, 2020]
    assert observations["lower"].isna().tolist() == [True, True, False]
    assert findings["rule"].tolist() == ["PUB-017", "PUB-016", "PUB-015"]
    assert [bool(ids) for ids in observations["findings"]] == [True] * 3


def test_areas_are_found_by_code_or_name_or_are_unknown(read):
    observations, findings = read([
        row(THEFT, 5, area="", country="Chile*"), row(THEFT, 6, area="SAM", country=""),
        row(THEFT, 7, area="BRA", country="Chile", year=2020),
    ])  # fmt: skip
    assert observations["area"].tolist() == ["CHL", "_U", "BRA"]
    assert findings["rule"].tolist() == ["PUB-023", "PUB-024"]
    assert "Area: SAM" in observations["note"].iloc[1]


def test_sums_stages_and_implied_populations_are_judged(read):
    rate = {"unit": "Rate per 100,000 population"}
    fraud = ("Offences", "by type of offence", "Fraud")
    vehicle = ("Offences", "by type of offence", "Theft: of a motorized vehicle")
    _, findings = read([
        row(THEFT, 1000), row(THEFT, 10.0, **rate), row(fraud, 500), row(fraud, 5.0, **rate),
        row(vehicle, 1100), row(vehicle, 12.0, **rate),
        row(("Persons prosecuted", "Total", "Total"), 5), row(("Persons convicted", "Total", "Total"), 9),
        row(HELD, 100, year=2015), row(HELD, 30, sex="Female", year=2015), row(HELD, 60, sex="Male", year=2015),
    ])  # fmt: skip
    assert [*zip(findings["rule"], findings["cell"], strict=True)] == [
        ("PUB-203", "L8"), ("PUB-310", "L8"), ("PUB-220", "L11"), ("PUB-103", "L12"),
    ]  # fmt: skip


def test_sheets_in_another_layout_are_named_and_not_read(read):
    observations, findings = read(
        [row(THEFT, 5)], more={"Metadata": [["Term", "Meaning"], ["CTS", "survey"]]}
    )
    assert len(observations) == 1
    assert [*zip(findings["rule"], findings["sheet"], strict=True)] == [("PUB-002", "Metadata")]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04cut", b"not a workbook"])
def test_a_file_that_cannot_be_read_is_a_finding(tmp_path, data):
    path = tmp_path / "data.xlsx"
    path.write_bytes(data)
    observations, findings = read_published(path)
    assert observations.empty
    assert findings["rule"].tolist() == ["PUB-001"]


def test_the_older_layout_has_years_as_columns_under_a_definition(tmp_path):
    path = tmp_path / "old.csv"
    path.write_text(
        ",,,,,\n,“Robbery” means the theft of property.,,,,\n,,,\"Rate per 100,000 population\",,\n"
        "Region,Sub-region I,Country/territory,2003,2004,2005\nAfrica,,Mauritius*,69.3,,\"1,234.5\"\n"
        ",,,,,\n* Changes in definitions.,,,,,\n", encoding="utf-8",
    )  # fmt: skip
    observations, findings = read_published(path)
    columns = ["area", "year", "item", "code", "unit", "value", "cell"]
    assert observations[columns].astype(object).to_numpy().tolist() == [
        ["MUS", 2003, "_Z", "0401", "rate_per_100000", 69.3, "D5"],
        ["MUS", 2005, "_Z", "0401", "rate_per_100000", 1234.5, "F5"],
    ]
    assert observations["note"].tolist() == ["Marked by the publisher: *"] * 2
    assert findings.empty


def test_every_row_of_the_shipped_tables_is_sound():
    table = series.table()
    codes = read_csv(shipped("questionnaires", "codelists.csv"))
    known = codes.groupby("dimension")["code"].agg(set)
    assert not table["series"].duplicated().any()
    assert not table.duplicated(["indicator", "dimension", "category"]).any()
    for name in (
        "measure",
        "stage",
        *(each for each in BREAKDOWNS if each in table and each not in ("sex", "age")),
    ):
        assert set(table[name]) <= known[name] | {"_Z"}, name
    items = read_csv(shipped("questionnaires", "published", "items.csv"))
    assert not items.duplicated(["series", "sex", "age"]).any()
    assert set(items["series"]) <= set(table["series"])
    counted = items.merge(table, on="series")
    for name, starts in (
        ("glotip-2024", "tip_"),
        ("iafq-2024", ("arms_", "ammunition", "parts", "seizures")),
    ):
        own = counted[counted["series"].str.startswith(starts)]
        assert_same_keys(own, Questionnaire.load(name).data)
        counted = counted.drop(own.index)
    assert_same_keys(counted, Questionnaire.load("un-cts-2024").data)


def assert_same_keys(counted, data):
    own = data.rename(columns={"iccs": "code"}) if "code" not in data else data.assign(code=data["iccs"])
    of_item = own.set_index("item").loc[counted["item"]]
    for name in ("code", "measure", "stage", "source", *(set(BREAKDOWNS) & set(counted.columns))):
        assert of_item[name].tolist() == counted[name].tolist(), name


def test_rules_fit_their_kinds_and_have_ids_of_their_own():
    loaded = rules.load()
    assert len({rule.id for rule in loaded}) == len(loaded) > 50
    assert all(
        rule.parameters["check"] in rule.why or rule.why.startswith(("Project", "R")) for rule in loaded
    )


@pytest.fixture(scope="module")
def published():
    names = {"violent": "violent_and_sexual", "economic": "corruption", "prisons": "prisons", "glotip": "glotip",
             "firearms": "iafq"}  # fmt: skip
    return {
        name: read_published(next((DATA / "unodc").glob(f"*{part}*.xlsx"))) for name, part in names.items()
    }


@HERE
def test_the_measured_rates_come_out_of_the_published_files(published):
    figures = OBSERVATIONS.join(*(published[name][0] for name in ("violent", "economic", "prisons")))
    rates = {name: table.iloc[0] for name, table in observed_rates(figures).groupby("check")}
    counted = {
        "R11 rape <= sexual violence": ("n", 1581, "over", 49),
        "R10 rape + sexual assault + other = sexual violence": ("n", 362, "holds", 316),
        "R11 bribery <= corruption": ("n", 507, "over", 0),
        "R10 bribery + other = corruption": ("n", 443, "holds", 415),
        "R11 vehicle theft <= theft": ("n", 1651, "over", 57),
        "R17 implied population": ("n", None, "beyond", 0),
        "R10 female + male = held": ("n", 1500, "holds", 997),
        "R21 sentenced + unsentenced = held": ("n", 1688, "holds", 1104),
    }
    for check, (_, n, column, number) in counted.items():
        assert rates[check][column] == number, check
        assert n is None or rates[check]["n"] == n, check
    assert rates["R10 female + male = held"]["beyond"] == 359
    assert rates["R21 sentenced + unsentenced = held"]["beyond"] == 435
    assert rates["R10 rape + sexual assault + other = sexual violence"][["under", "over"]].tolist() == [
        26,
        20,
    ]
    assert rates["R06 year"]["beyond"] == 1
    shares = {"theft": 9, "corruption": 25, "rape": 11, "kidnapping": 21, "serious assault": 11}
    for offence, share in shares.items():
        each = rates[f"R30 {offence}"]
        assert 100 * each["beyond"] / each["n"] == pytest.approx(share, abs=1), offence
    assert rates["R30 theft"][["low", "high"]].tolist() == pytest.approx([0.74, 1.32], abs=0.01)
    assert rates["R30 corruption"][["low", "high"]].tolist() == pytest.approx([0.62, 1.89], abs=0.01)


@HERE
def test_non_integer_prison_counts_are_as_measured(published):
    rates = observed_rates(published["prisons"][0]).set_index("check")
    assert rates.loc["R05 whole counts", ["n", "beyond"]].tolist() == [41813, 106]


@HERE
def test_every_series_of_the_published_files_is_mapped(published):
    for name, (observations, findings) in published.items():
        assert not (findings["rule"] == "PUB-020").any(), name
        unknown = observations[observations["item"] == "_U"]
        assert set(unknown["code"]) <= {"02043+02044"}, name
    assert [len(observations) for observations, _ in published.values()] == [
        26114,
        22754,
        65797,
        46556,
        11032,
    ]


@HERE
def test_the_known_faults_are_found(published):
    prisons, trafficking = published["prisons"][1], published["glotip"][1]
    year = found(prisons, "PUB-017")
    assert year[["area", "value"]].astype(str).to_numpy().tolist() == [["MAR", "1013"]]
    drift = " ".join(found(prisons, "PUB-022")["value"].astype(str))
    assert {"Drug", "environ-ment"} <= set(drift.split())
    assert len(found(prisons, "PUB-030")) == 12
    assert {"(especifique el pa\ufffds)"} <= set(found(trafficking, "PUB-013")["value"].astype(str))
    told = found(trafficking, "PUB-701")
    here = told[(told["area"] == "ARG") & (told["year"] == 2019) & (told["expected"] == "0")]
    assert "L1189, L1191, L1195" in {", ".join(sorted(re.findall(r"L\d+", text))) for text in here["others"]}
    assert len(found(trafficking, "PUB-032")) > 200


@HERE
@pytest.mark.parametrize("path", sorted((DATA / "older_cts").glob("CTS_*.csv")), ids=lambda path: path.stem)
def test_the_older_releases_are_read(path):
    observations, findings = read_published(path)
    assert len(observations) > 300
    assert set(observations["status"]) == {"exact"}
    assert not (observations["item"] == "_U").any()
    assert set(findings["rule"]) <= {"PUB-021", "PUB-023"}, findings["message"].tolist()[:3]


def test_the_limits_let_a_release_in_and_no_bomb():
    assert RELEASE.cells >= 4 * 855_000
    assert RELEASE.inflated < 1 << 30
    with pytest.raises(Exception, match="cannot be read"):
        read_sheets(Path("nowhere.xlsx"))
