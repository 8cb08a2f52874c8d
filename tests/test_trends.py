"""Trend tables: roll-up, countries from parts, rates, comparison over years, groups, lineage."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crimestats import areas, frames
from crimestats.classification import Classification, classify
from crimestats.errors import CallError
from crimestats.questionnaire import codelist
from crimestats.trends import conflicts, indicators, lineage, tabulate
from crimestats.trends.tree import sums

ICCS = Classification.load("iccs")
PEOPLE = {"FJI": 900_000.0, "AUS": 25_000_000.0, "NZL": 5_000_000.0, "GBR": 67_000_000.0, "FRA": 68_000_000.0}
YEARS = range(2014, 2024)
SERIES = {
    "measure": "offences", "unit": "number", "stage": "recorded", "source": "CJS",
    **dict.fromkeys(frames.BREAKDOWNS, "_T"),
}  # fmt: skip
WITHOUT_FLOOR = {"floor_population": 0, "floor_areas": 0}
OCEANIA, EUROPE, WORLD = "009", "150", "001"


def number(text):
    """Status, value, lower and upper of a short notation: 412, <5, >5, 3..9 (in conflict), or a status."""
    if text.startswith("<"):
        return "bounded", np.nan, 0.0, float(text[1:]) - 1
    if text.startswith(">"):
        return "bounded", np.nan, float(text[1:]) + 1, np.inf
    if ".." in text:
        lower, upper = text.split("..")
        return "conflicting", np.nan, float(lower), float(upper)
    if text.replace(".", "").isdecimal():
        return "exact", float(text), float(text), float(text)
    return text, np.nan, np.nan, np.nan


def classified_of(text):
    """Classified figures from lines of area, year, ICCS code, figure, and key=code for what is no total."""
    rows = []
    for place, line in enumerate(text.strip().splitlines(), start=1):
        area, year, code, figure, *further = line.split()
        status, value, lower, upper = number(figure)
        keys = dict(pair.split("=", 1) for pair in further)
        rows.append({
            "area": area, "year": int(year), "item": "any", "scheme": "iccs-1.0", "code": code, **SERIES,
            "value": value, "lower": lower, "upper": upper, "status": status, "findings": "", "note": "",
            "return_id": f"{area}.xlsx", "sheet": "Violent", "cell": f"D{place}", "segment": 1, **keys,
        })  # fmt: skip
    return classify(frames.OBSERVATIONS.cast(pd.DataFrame(rows)))


@cache
def inhabited():
    return set(areas.population()["area"].astype(str))


@cache
def people():
    """So many residents in every year, half of them women; next to none elsewhere, unknown in Tuvalu."""
    rows = [(area, year, sex, persons / (1 if sex == "_T" else 2))
            for area, persons in PEOPLE.items() for year in YEARS for sex in ("_T", "F", "M")]  # fmt: skip
    elsewhere = inhabited() - set(areas.parts()["part"]) - {*PEOPLE, "TUV"}
    rows += [(area, year, "_T", 1e-6) for area in sorted(elsewhere) for year in YEARS]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "population"]).assign(age="_T", source="test")


def table_of(text, **arguments):
    classified = classified_of(text) if isinstance(text, str) else text
    return tabulate(classified, people(), **{"groupings": (), **WITHOUT_FLOOR, **arguments})


def seen(table, *columns):
    chosen = table[list(columns)]
    return [tuple(row) for row in chosen.astype(object).where(chosen.notna(), None).to_numpy()]


def test_a_reported_figure_comes_out_unchanged():
    table = table_of("FJI 2020 0101 36 measure=victims sex=F")
    row = table.iloc[0]
    expected = {
        "area": "FJI", "year": 2020, "iccs": "0101", "measure": "victims", "sex": "F", "age": "_T",
        "grouping": "_Z", "method": "_Z", "value": 36.0, "lower": 36.0, "upper": 36.0,
        "population": 450_000.0, "rate": 8.0,
        "rate_lower": 8.0, "rate_upper": 8.0, "index": 100.0, "segment": 1, "basis": "reported",
        "status": "exact", "rate_status": "exact", "n_areas": 1, "findings": "",
    }  # fmt: skip
    assert len(table) == 1
    assert {name: row[name] for name in expected} == expected
    assert row[["change", "coverage_population", "coverage_areas"]].isna().all()
    assert frames.TRENDS.check(table) is table


def test_the_id_of_a_figure_follows_from_its_key_alone():
    text = "FJI 2020 0101 36 measure=victims sex=F\nAUS 2020 0101 1 measure=victims sex=F"
    table = table_of(text, groupings=("m49",), methods=("reported", "panel"))
    further = table_of(
        text.replace("1 measure", "7 measure") + "\nFJI 2019 0102 9\nNZL 2020 0101 5", groupings=("m49",)
    )
    assert table["figure_id"].is_unique
    assert table["figure_id"].str.fullmatch("[0-9a-f]{16}").all()
    own = table[table["method"] != "panel"]
    assert set(own["figure_id"]) <= set(further["figure_id"])
    assert own.loc[own["area"] == "FJI", "figure_id"].item() == "b339e7124ee72308"


# Roll-up

ANSWERED = sorted(set(codelist("status")["code"]) - {
    "exact", "bounded", "conflicting", "blank", "not_available", "not_collected",
})  # fmt: skip
SECTIONS = " ".join(f"{section:02}=1" for section in range(1, 12))


@pytest.mark.parametrize(
    ("reported", "code", "expected"),
    [
        ("03011=1 03012=2 03019=4", "0301", ("summed", "exact", 7.0, 7.0)),
        ("03011=1 03012=2", "0301", None),
        ("03011=1 03012=2 03019=not_available", "0301", None),
        ("03011=1 03012=<5 03019=4", "0301", ("summed", "bounded", 5.0, 9.0)),
        ("03011=1 03012=2..6 03019=<5", "0301", ("summed", "conflicting", 3.0, 11.0)),
        ("03011=1 03012=>2 03019=4", "0301", ("summed", "bounded", 8.0, np.inf)),
        ("0301=9 03011=1 03012=2 03019=4", "0301", ("reported", "exact", 9.0, 9.0)),
        ("0301=<5 03011=1 03012=2 03019=4", "0301", ("reported", "bounded", 0.0, 4.0)),
        ("0301=blank 03011=1 03012=2 03019=4", "0301", ("summed", "exact", 7.0, 7.0)),
        ("0301=not_collected 03011=1 03012=2 03019=4", "0301", ("summed", "exact", 7.0, 7.0)),
        ("0301=not_available 03011=1 03012=2 03019=4", "0301", ("summed", "exact", 7.0, 7.0)),
        *[(f"0301={status} 03011=1 03012=2 03019=4", "0301", ("reported", status, None, None))
          for status in ANSWERED],
        ("0301=3..5 03011=1 03012=2 03019=4", "0301", ("reported", "conflicting", 3.0, 5.0)),
        ("0301=not_available 03011=1", "0301", ("reported", "not_available", None, None)),
        # over two levels: the sum of a class is part of the sum of a division
        ("010321=1 010322=2 01031=4", "01032", ("summed", "exact", 3.0, 3.0)),
        ("010321=1 010322=2 01031=4", "0103", ("summed", "exact", 7.0, 7.0)),
        ("01032=8 010321=1 010322=2 01031=4", "0103", ("summed", "exact", 12.0, 12.0)),
        ("010321=1 01031=4", "0103", None),
        # codes for several categories stand between them and their parent
        ("03021=1 03022+03029=2", "0302", ("summed", "exact", 3.0, 3.0)),
        ("03021=1 03022+03029=2 03022=1", "0302", ("summed", "exact", 3.0, 3.0)),
        ("03022+03029=2 03022=1", "0302", None),
        ("03021=1 03022+03029=blank 03022=1 03029=3", "0302", ("summed", "exact", 5.0, 5.0)),
        ("07031=1 07032+07033+07034+07035+07039=2", "0703", ("summed", "exact", 3.0, 3.0)),
        ("03011+03012+03019=5", "0301", ("summed", "exact", 5.0, 5.0)),
        # of two that overlap only the first stands in the tree; the other is still a sum of its members
        ("03011+03012=3 03012+03019=blank 03012=2 03019=4", "0301", ("summed", "exact", 7.0, 7.0)),
        ("03011+03012=3 03012+03019=blank 03012=2 03019=4", "03012+03019", ("summed", "exact", 6.0, 6.0)),
        ("0301+0401=blank 0301=1 0401=2", "0301+0401", ("summed", "exact", 3.0, 3.0)),
        # the sections are not all crimes
        (SECTIONS, "_T", None),
        (SECTIONS + " _T=blank", "_T", ("reported", "blank", None, None)),
        (SECTIONS + " _T=12", "_T", ("reported", "exact", 12.0, 12.0)),
    ],
)  # fmt: skip
def test_roll_up(reported, code, expected):
    given = dict(pair.split("=") for pair in reported.split())
    table = table_of("\n".join(f"FJI 2020 {part} {figure}" for part, figure in given.items()))
    found = seen(table[table["iccs"] == code], "basis", "status", "lower", "upper")
    assert found == ([] if expected is None else [expected])
    for other in set(given) - {code}:
        assert len(table[table["iccs"] == other]) == 1


@pytest.mark.parametrize(
    "key", ["measure=victims", "stage=prosecuted", "source=HEALTH", "sex=F", "unit=days", "cy=1"]
)
def test_nothing_is_summed_across_keys(key):
    table = table_of(f"FJI 2020 03011 1\nFJI 2020 03012 2\nFJI 2020 03019 4 {key}")
    assert (table["basis"] == "reported").all()


def test_nothing_is_summed_that_is_no_number_of_things():
    text = "\n".join(
        f"{area} 2020 {code} 5 unit=per_cent"
        for area in ("FJI", "AUS")
        for code in ("03011", "03012", "03019")
    )
    table = table_of(text, groupings=("m49",))
    assert seen(table, "basis", "rate", "rate_status") == [("reported", None, "_Z")] * 6


def test_breakdowns_are_not_summed_to_a_total():
    table = table_of("FJI 2020 0101 1 sex=F\nFJI 2020 0101 2 sex=M\nFJI 2020 0101 3 sex=_U")
    assert sorted(table["sex"]) == ["F", "M", "_U"]


def test_unknown_areas_and_categories_are_in_no_table():
    table = table_of("FJI 2020 9999 1\n_U 2020 0101 2\nFJI 2020 _Z 3 measure=capacity")
    assert seen(table, "area", "iccs", "value") == [("FJI", "_Z", 3.0)]


def test_a_figure_given_by_two_items_is_one_figure_or_in_conflict():
    table = table_of("FJI 2020 0101 3\nFJI 2020 101 3\nFJI 2021 0101 3\nFJI 2021 101 5")
    assert seen(table, "year", "status", "lower", "upper") == [
        (2020, "exact", 3.0, 3.0),
        (2021, "conflicting", 3.0, 5.0),
    ]


@pytest.mark.parametrize("code", ["03+0301", "03011+03011", "03011+0399", "03011+"])
def test_a_code_that_counts_twice_or_is_unknown_is_the_sum_of_nothing(code):
    edges = sums(ICCS, [code])
    assert code not in {*edges["member"], *edges["whole"]}
    assert edges.equals(sums(ICCS, []))


def test_what_was_answered_wrongly_is_never_replaced_by_a_sum():
    assert {"unreadable", "suppressed", "not_applicable", "ambiguous", "misdated", "text"} <= set(ANSWERED)
    assert {"withheld", "impossible"} <= set(ANSWERED)


def test_a_sum_takes_over_the_findings_of_the_blank_that_it_replaces():
    classified = classified_of("FJI 2020 0301 blank\nFJI 2020 03011 1\nFJI 2020 03012 2\nFJI 2020 03019 4")
    table = table_of(classified.assign(findings=["c a", "b", "", "a"]), groupings=("m49",))
    found = table[table["iccs"] == "0301"]
    assert set(seen(found, "basis", "findings")) == {("summed", "a b c")}
    table = table_of(classified.assign(findings=["c", "", "", ""]))
    assert seen(table[table["iccs"] == "0301"], "value", "findings") == [(7.0, "c")]
    assert lineage(classified, table).query("part_kind == 'figure'")["weight"].tolist() == [1.0] * 3


# Conflicts


def test_all_crimes_are_compared_with_the_sections():
    lines = [f"FJI 2020 {pair.replace('=', ' ')} measure=held" for pair in [*SECTIONS.split(), "_T=4"]]
    found = conflicts(classified_of("\n".join(lines)))
    assert seen(found, "rule", "value", "expected") == [("TAB-01", "4", "11")]


def test_two_items_of_one_category_that_differ_are_a_finding():
    text = "FJI 2020 0101 3\nFJI 2020 101 5\nFJI 2021 0101 3\nFJI 2021 101 3\nFJI 2022 0101 9\nFJI 2022 101 blank"
    classified = classified_of(text)
    found = conflicts(classified)
    assert seen(found, "rule", "kind", "cell", "year", "value", "expected") == [
        ("TAB-03", "consistent", "D1", 2020, "3", "5")
    ]
    assert found["message"].item() == (
        "TAB-03 at 'Violent'!D1 (FJI 2020): the figure is 3, but the same figure is given elsewhere as 5. "
        "Neither stands: correct one of them."
    )
    table = table_of(classified, groupings=("m49",))
    ids = [(row.year, row.status, row.findings) for row in table.itertuples() if row.area in ("FJI", "001")]
    told = found["finding_id"].item()
    assert ids == [(2020, "conflicting", told), (2021, "exact", ""), (2022, "exact", "")] * 2


def test_a_parent_that_differs_from_its_parts_stands_and_a_finding_says_so():
    text = """
        GBR_E_W 2019 0301 164308
        GBR_E_W 2019 03011 1000
        GBR_E_W 2019 03012 130000
        GBR_E_W 2019 03019 7171
        GBR_E_W 2020 0301 <9
        GBR_E_W 2020 03011 <5
        GBR_E_W 2020 03012 3
        GBR_E_W 2020 03019 4
    """
    classified = classified_of(text)
    found = conflicts(classified)
    assert seen(
        found, "rule", "kind", "severity", "verdict", "return_id", "sheet", "cell", "value", "expected"
    ) == [("TAB-01", "parts", "note", "fail", "GBR_E_W.xlsx", "Violent", "D1", "164308", "138171")]
    assert found["message"].item() == (
        "TAB-01 at 'Violent'!D1 (GBR_E_W 2019): "
        "the figure is 164308, but the categories that make it up add to 138171. "
        "The figure stands: correct one of them, or explain the difference in the note column."
    )
    assert frames.FINDINGS.check(found) is found
    table = table_of(classified)
    marked = table[table["findings"] != ""]
    assert seen(marked, "iccs", "year", "findings") == [("0301", 2019, found["finding_id"].item())]


def test_no_conflict_is_no_finding():
    assert conflicts(classified_of("FJI 2020 0301 7\nFJI 2020 03011 7")).empty


def test_findings_go_with_the_figures_into_their_sums():
    classified = classified_of("FJI 2020 03011 1\nFJI 2020 03012 2\nFJI 2020 03019 4")
    table = table_of(classified.assign(findings=["b", "", "a c"]), groupings=("m49",))
    summed = table[(table["iccs"] == "0301")]
    assert set(summed["findings"]) == {"a b c"}
    assert set(summed["area"]) == {"FJI", "001", "009", "054"}


# Countries from their parts

UK = "GBR_E_W 2020 0101 600\nGBR_S 2020 0101 60\nGBR_NI 2020 0101 6"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UK, ("summed", "exact", 666.0, 666.0, 67_000_000.0)),
        (UK.replace("60\n", "<5\n"), ("summed", "bounded", 606.0, 610.0, 67_000_000.0)),
        (UK.replace("GBR_S 2020", "GBR_S 2019"), None),
        (UK.replace("60\n", "suppressed\n"), None),
        (UK + "\nGBR 2020 0101 700", ("reported", "exact", 700.0, 700.0, 67_000_000.0)),
        (UK + "\nGBR 2020 0101 blank", ("summed", "exact", 666.0, 666.0, 67_000_000.0)),
        (UK + "\nGBR 2020 0101 blank\nGBR_E_W 2021 0101 1", ("summed", "exact", 666.0, 666.0, 67_000_000.0)),
    ],
)
def test_a_country_is_summed_from_all_of_its_parts(text, expected):
    table = table_of(text)
    found = table[(table["area"] == "GBR") & (table["year"] == 2020)]
    assert seen(found, "basis", "status", "lower", "upper", "population") == (
        [] if expected is None else [expected]
    )


def test_parts_are_rolled_up_before_they_are_summed():
    lines = ["GBR_E_W 2020 0301 10", "GBR_S 2020 0301 20"]
    lines += [f"GBR_NI 2020 {code} 1" for code in ("03011", "03012", "03019")]
    table = table_of("\n".join(lines))
    assert seen(table[table["area"] == "GBR"], "iccs", "value", "basis") == [("0301", 33.0, "summed")]


def test_a_country_that_differs_from_its_parts_stands_and_a_finding_says_so():
    found = conflicts(classified_of(UK + "\nGBR 2020 0101 700"))
    assert seen(found, "rule", "area", "cell", "value", "expected") == [("TAB-02", "GBR", "D4", "700", "666")]


# Rates


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("FJI 2020 0101 9", (900_000.0, 1.0, 1.0, 1.0, "exact")),
        ("FJI 2020 0101 9 sex=F", (450_000.0, 2.0, 2.0, 2.0, "exact")),
        ("FJI 2020 0101 9 mechanism=FIR", (900_000.0, 1.0, 1.0, 1.0, "exact")),
        ("FJI 2020 0101 <10", (900_000.0, None, 0.0, 1.0, "bounded")),
        ("FJI 2020 0101 0", (900_000.0, 0.0, 0.0, 0.0, "exact")),
        ("FJI 2020 _Z 9 measure=facilities", (900_000.0, 1.0, 1.0, 1.0, "exact")),
        ("FJI 2020 _Z 9 measure=deaths", (None, None, None, None, "_Z")),
        ("FJI 2020 0101 9 measure=unheard_of", (None, None, None, None, "_Z")),
        ("FJI 2020 0101 blank", (900_000.0, None, None, None, "blank")),
        ("FJI 2020 0101 9 sex=_U", (None, None, None, None, "no_population")),
        ("FJI 2020 0101 9 age=Y0T9", (None, None, None, None, "no_population")),
        ("FJI 2020 0101 9 citizenship=NAT", (None, None, None, None, "no_population")),
        ("FJI 2030 0101 9", (None, None, None, None, "no_population")),
        ("XXX 2020 0101 9", (None, None, None, None, "no_population")),
    ],
)
def test_rates(line, expected):
    assert seen(table_of(line), "population", "rate", "rate_lower", "rate_upper", "rate_status") == [expected]


def test_a_population_by_citizenship_gives_rates_by_citizenship():
    citizens = people().assign(citizenship="_T")
    nationals = citizens.assign(citizenship="NAT", population=citizens["population"] / 3)
    classified = classified_of(
        "FJI 2020 0101 9\nFJI 2020 0101 9 citizenship=NAT\nFJI 2020 0101 9 citizenship=FOR"
    )
    table = tabulate(classified, pd.concat([citizens, nationals]), groupings=())
    assert seen(table.sort_values("citizenship"), "citizenship", "rate") == [
        ("FOR", None),
        ("NAT", 3.0),
        ("_T", 1.0),
    ]


def test_rates_by_age_rest_on_the_age_bands_of_the_population():
    children = people().assign(age="Y0T17", population=300_000.0)
    classified = classified_of("FJI 2020 0101 3 age=Y0T17")
    assert tabulate(classified, pd.concat([people(), children]), groupings=())["rate"].tolist() == [1.0]


def test_every_indicator_is_one_measure_and_unit():
    table = indicators()
    assert not table.duplicated(["measure", "unit"]).any()
    assert table["is_additive"].dtype == bool
    assert (table["rate_base"].dropna() > 0).all()
    assert table["digits"].notna().all()
    assert table["rate_base"].isna().eq(table["rate_digits"].isna()).all()
    table.loc[:, "rate_base"] = 1
    assert (indicators()["rate_base"] != 1).all()


def test_every_measure_of_the_questionnaires_is_an_indicator():
    assert set(codelist("measure")["code"]) == set(indicators()["measure"])


# Comparison over years


def years_of(text, **arguments):
    return seen(table_of(text, **arguments), "year", "segment", "index", "change")


def test_index_and_change():
    text = "FJI 2018 0101 200\nFJI 2019 0101 150\nFJI 2021 0101 300\nFJI 2022 0101 0\nFJI 2023 0101 6"
    assert years_of(text) == [
        (2018, 1, 100.0, None), (2019, 1, 75.0, -0.25), (2021, 1, 150.0, None), (2022, 1, 0.0, -1.0),
        (2023, 1, 3.0, None),
    ]  # fmt: skip
    assert [row[2] for row in years_of(text, base_year=2019)] == [
        pytest.approx(400 / 3),
        100.0,
        200.0,
        0.0,
        4.0,
    ]
    assert [row[2] for row in years_of(text, base_year=2022)] == [None] * 5


def test_a_bounded_figure_has_no_index_and_nothing_is_compared_with_it():
    figures = ["<5", "4", "3..9", "8", "blank", "2"]
    text = "\n".join(f"FJI {year} 0101 {figure}" for year, figure in enumerate(figures, start=2018))
    assert years_of(text) == [
        (2018, 1, None, None), (2019, 1, 100.0, None), (2020, 1, None, None), (2021, 1, 200.0, None),
        (2022, 1, None, None), (2023, 1, 50.0, None),
    ]  # fmt: skip


def test_no_change_across_a_declared_break():
    text = "FJI 2018 0101 2\nFJI 2019 0101 4\nFJI 2020 0101 5 segment=2\nFJI 2021 0101 10 segment=2"
    rows = [(2018, 1, 100.0, None), (2019, 1, 200.0, 1.0), (2020, 2, 100.0, None), (2021, 2, 200.0, 1.0)]
    assert years_of(text) == rows
    assert [row[2] for row in years_of(text, base_year=2018)] == [100.0, 200.0, None, None]


def test_what_is_summed_is_not_compared_with_what_is_reported():
    parts = "\n".join(f"FJI 2020 {code} 4" for code in ("03011", "03012", "03019"))
    table = table_of(f"FJI 2018 0301 10\nFJI 2019 0301 20\n{parts}\nFJI 2021 0301 30")
    found = table[table["iccs"] == "0301"]
    assert seen(found, "year", "basis", "segment", "index", "change") == [
        (2018, "reported", 1, 100.0, None), (2019, "reported", 1, 200.0, 1.0),
        (2020, "summed", 2, 100.0, None), (2021, "reported", 1, 300.0, None),
    ]  # fmt: skip


def test_sums_of_different_parts_are_not_compared():
    text = "FJI 2019 01031 4\nFJI 2019 01032 4\nFJI 2020 01031 4\nFJI 2020 010321 4\nFJI 2020 010322 4"
    found = table_of(text).query("iccs == '0103'")
    assert seen(found, "value", "segment", "change") == [(8.0, 1, None), (12.0, 2, None)]


def test_a_break_in_a_part_is_a_break_in_the_whole():
    text = "FJI 2019 01031 4\nFJI 2019 01032 4\nFJI 2020 01031 4\nFJI 2020 01032 4 segment=2"
    table = table_of(text, groupings=("m49",))
    assert table.query("iccs == '0103'")["segment"].tolist() == [1, 2] * 4
    assert table.query("iccs == '0103'")["change"].isna().all()
    assert seen(table.query("iccs == '01031' and area == '009'"), "segment", "change") == [
        (1, None),
        (1, 0.0),
    ]


def test_a_group_is_compared_only_over_the_same_areas():
    text = """
        FJI 2019 0101 1
        AUS 2019 0101 10
        FJI 2020 0101 2
        AUS 2020 0101 20
        FJI 2021 0101 3
        FJI 2022 0101 3
        NZL 2022 0101 30
        FJI 2023 0101 4
        AUS 2023 0101 40
    """
    found = table_of(text, groupings=("m49",)).query("area == '009'")
    assert seen(found, "year", "value", "n_areas", "segment", "index", "change") == [
        (2019, 11.0, 2, 1, 100.0, None), (2020, 22.0, 2, 1, 200.0, 1.0), (2021, 3.0, 1, 2, 100.0, None),
        (2022, 33.0, 2, 3, 100.0, None), (2023, 44.0, 2, 1, 400.0, None),
    ]  # fmt: skip


# Groups of areas


def test_a_group_stands_with_its_coverage():
    table = table_of(
        "FJI 2020 0101 9\nAUS 2020 0101 250\nFRA 2020 0101 680\nGBR 2020 0101 blank", groupings=("m49",)
    )
    found = table[table["grouping"] == "m49"].set_index("area")
    columns = ["value", "population", "rate", "coverage_population", "n_areas", "basis", "method", "status"]
    assert found.loc[OCEANIA, columns].tolist() == [
        259.0, 25_900_000.0, 1.0, pytest.approx(25.9 / 30.9), 2, "summed", "reported", "exact",
    ]  # fmt: skip
    assert found.loc[EUROPE, columns].tolist() == [
        680.0, 68_000_000.0, 1.0, pytest.approx(68 / 135), 1, "summed", "reported", "exact",
    ]  # fmt: skip
    assert found.loc[WORLD, "coverage_population"] == pytest.approx(93.9 / 165.9)
    listed = areas.groupings("m49")
    members = listed[listed["area"].isin(inhabited())].groupby("code")["area"].nunique()
    assert found["coverage_areas"].to_dict() == pytest.approx(
        (found["n_areas"] / members.reindex(found.index)).to_dict()
    )
    assert set(found.index) == {WORLD, OCEANIA, EUROPE, "053", "054", "155"}


def test_bounds_go_through_a_group():
    table = table_of("FJI 2020 0101 <10\nAUS 2020 0101 250\nNZL 2020 0101 3..9", groupings=("m49",))
    found = table[table["area"] == OCEANIA]
    assert seen(found, "value", "lower", "upper", "status", "rate", "n_areas") == [
        (None, 253.0, 268.0, "conflicting", None, 3)
    ]
    assert found["rate_upper"].item() == pytest.approx(268 / 309)


def test_an_area_without_population_is_in_the_sum_but_not_in_the_rate():
    table = table_of("FJI 2020 0101 9\nTUV 2020 0101 100", groupings=("m49",))
    found = table[table["area"] == OCEANIA]
    columns = ("value", "population", "rate", "rate_status", "status", "n_areas")
    assert seen(found, *columns) == [(109.0, 900_000.0, 1.0, "partial", "exact", 2)]
    alone = table_of("TUV 2020 0101 100", groupings=("m49",))
    assert set(seen(alone, "value", "population", "rate", "rate_status")) == {
        (100.0, None, None, "no_population")
    }
    assert alone["coverage_population"].isna().all()


def covered(text, population):
    table = tabulate(classified_of(text), population, **WITHOUT_FLOOR)
    return table[table["grouping"] == "m49"].set_index("area")


def test_no_share_of_residents_is_given_where_the_population_lacks_areas():
    rows = people().query("sex == '_T'")
    text = "FRA 2020 0101 9\nAUS 2020 0101 9"
    some = covered(text, rows[rows["area"].isin(["AUS", "FRA"])])
    assert some["coverage_population"].isna().all()
    assert some["rate"].notna().all()
    lacking = covered(text, rows[rows["area"] != "AUS"])
    assert lacking["coverage_population"].notna().to_dict() == {
        "001": False, "009": False, "053": False, "150": True, "155": True,
    }  # fmt: skip
    nobody = covered(text, rows[(rows["year"] != 2020) | (rows["area"] != "AUS")])
    assert nobody.loc[["001", "009", "053"], "coverage_population"].isna().all()


def test_a_negligible_gap_in_the_population_leaves_the_share():
    found = covered("FJI 2020 0101 9", people())["coverage_population"]
    assert found["009"] == pytest.approx(0.9 / 30.9)
    found = covered("FJI 2020 0101 9\nPCN 2020 0101 1", people())
    assert found.loc[["009", "001"], "coverage_population"].isna().all()
    assert found.loc["054", "coverage_population"] == pytest.approx(1)


def test_only_inhabited_areas_are_counted():
    found = covered("ARG 2022 0101 9", None)
    south = areas.groupings().query("code == '005'")["area"]
    assert {"BVT", "SGS"} <= set(south)
    assert found.loc["005", "coverage_areas"] == 1 / (len(south) - 2)
    found = covered("ARG 2022 0101 9\nSGS 2022 0101 1", None)
    assert found.loc["005", "coverage_areas"] == 2 / (len(south) - 1)


def test_a_part_of_a_country_is_in_no_group_by_itself():
    assert set(table_of("GBR_E_W 2020 0101 600", groupings=("m49",))["grouping"]) == {"_Z"}
    whole = table_of(UK, groupings=("m49",))
    assert seen(whole[whole["area"] == EUROPE], "value", "n_areas") == [(666.0, 1)]


def test_a_part_is_no_member_whatever_the_grouping_says(monkeypatch):
    listed = pd.DataFrame({"grouping": "isles", "code": "isles", "area": ["GBR", "GBR_E_W", "IRL"]}).assign(
        level="group"
    )
    monkeypatch.setattr(areas, "groupings", lambda name="m49": listed)
    table = table_of(UK, groupings=("isles",)).query("area == 'isles'")
    assert seen(table, "value", "n_areas", "coverage_areas") == [(666.0, 1, 0.5)]


def test_several_groupings():
    table = table_of("FJI 2020 0101 9\nTUV 2020 0101 1", groupings=("m49", "sids", "ldc", "m49"))
    assert table.groupby("grouping", observed=True)["value"].max().to_dict() == {
        "_Z": 9,
        "m49": 10,
        "sids": 10,
        "ldc": 1,
    }
    assert table["figure_id"].is_unique


def test_the_shipped_population_is_the_default():
    table = tabulate(classified_of("MEX 2021 0101 100"))
    shipped = areas.population().query("area == 'MEX' and year == 2021 and sex == '_T' and age == '_T'")
    assert table.loc[table["area"] == "MEX", "population"].tolist() == shipped["population"].tolist()
    assert 0 < table.loc[table["area"] == "019", "coverage_population"].item() < 0.2


# Lineage


def test_lineage_leads_from_the_region_to_the_cells():
    text = UK.replace("GBR_NI 2020 0101 6", "GBR_NI 2020 01 6") + "\nFRA 2020 0101 7"
    text = "\n".join(
        text.replace("0101", code).replace(" 01 ", f" {code} ") for code in ("03011", "03012", "03019")
    )
    classified = classified_of(text)
    table = table_of(classified, groupings=("m49",))
    edges = lineage(classified, table)
    assert frames.LINEAGE.check(edges) is edges
    ids = {(row.area, row.iccs): row.figure_id for row in table.itertuples()}
    parts = edges.groupby("figure_id")["part_id"].agg(set)
    assert parts[ids[EUROPE, "0301"]] == {ids["GBR", "0301"], ids["FRA", "0301"]}
    assert parts[ids["GBR", "0301"]] == {ids[part, "0301"] for part in ("GBR_E_W", "GBR_S", "GBR_NI")}
    assert parts[ids["GBR_S", "0301"]] == {ids["GBR_S", code] for code in ("03011", "03012", "03019")}
    assert parts[ids["GBR_S", "03011"]] == {"GBR_S.xlsx!Violent!D2"}
    assert set(parts.index) == set(table["figure_id"])


def test_lineage_of_some_rows_goes_down_to_their_cells():
    classified = classified_of(
        "FJI 2020 03011 1\nFJI 2020 03012 2\nFJI 2020 03019 4\nAUS 2020 0301 8\nFRA 2020 0301 9"
    )
    table = table_of(classified, groupings=("m49",))
    edges = lineage(classified, table[(table["area"] == OCEANIA) & (table["iccs"] == "0301")])
    assert sorted(edges.loc[edges["part_kind"] == "cell", "part_id"]) == [
        "AUS.xlsx!Violent!D4", "FJI.xlsx!Violent!D1", "FJI.xlsx!Violent!D2", "FJI.xlsx!Violent!D3",
    ]  # fmt: skip


def test_a_missing_figure_leads_to_its_cell():
    classified = classified_of("FJI 2020 0101 not_available")
    assert lineage(classified, table_of(classified))["part_id"].tolist() == ["FJI.xlsx!Violent!D1"]


def test_a_figure_given_twice_leads_to_both_cells_half_each():
    classified = classified_of("FJI 2020 0101 6\nFJI 2020 101 6\nFJI 2021 0101 blank\nFJI 2021 101 4")
    edges = lineage(classified, table_of(classified))
    assert seen(edges, "part_id", "weight") == [
        ("FJI.xlsx!Violent!D1", 0.5), ("FJI.xlsx!Violent!D2", 0.5), ("FJI.xlsx!Violent!D4", 1.0),
    ]  # fmt: skip


def test_lineage_refuses_a_table_made_from_something_else():
    with pytest.raises(CallError, match="do not follow"):
        lineage(classified_of("FJI 2020 0101 1"), table_of("FJI 2021 0101 1"))


# Wrong calls


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"base_year": 1999}, "base_year: no figure is of 1999. Give one of 2020 to 2020."),
        ({"groupings": ("moon",)}, "moon"),
        ({"population": "age"}, "lacks the column age"),
        ({"population": "text"}, "has text in population"),
        ({"population": "twice"}, "has two rows for FJI 2014"),
    ],
)
def test_wrong_calls_are_refused(arguments, fault):
    tables = {
        "age": people().drop(columns="age"),
        "text": people().astype({"population": "str"}),
        "twice": pd.concat([people(), people()]),
    }
    arguments = {
        name: tables.get(value, value) if name == "population" else value for name, value in arguments.items()
    }
    with pytest.raises(CallError, match=fault):
        tabulate(classified_of("FJI 2020 0101 1"), **{"population": people(), **arguments})


def test_tables_of_another_kind_are_refused():
    classified = classified_of("FJI 2020 0101 1")
    with pytest.raises(CallError, match="Classified frame"):
        tabulate(classified.drop(columns="iccs"), people())
    two = pd.concat([classified, classified.assign(iccs_version="2.0")])
    with pytest.raises(CallError, match=r"versions 1\.0 and 2\.0"):
        tabulate(two.astype({"iccs_version": "category"}), people())


@pytest.mark.parametrize(
    "numbers",
    [(None, 5, 4), (4, 3, 4), (4, 4, 5), (4, None, None), (None, None, 5), (None, 5, None), (4, 4, None)],
)
def test_a_value_that_does_not_fit_its_bounds_is_refused(numbers):
    classified = classified_of("FJI 2019 0101 1\nFJI 2020 0101 1")
    columns = ["value", "lower", "upper"]
    wrong = classified.assign(**{name: [1.0, number] for name, number in zip(columns, numbers, strict=True)})
    wrong = wrong.astype(dict.fromkeys(columns, "float64"))
    with pytest.raises(CallError, match=r"classified: 1 figures have bounds .* first FJI 2020 0101 \("):
        tabulate(wrong, people())
    with pytest.raises(CallError):
        conflicts(wrong)


def test_nothing_in_nothing_out():
    nothing = classified_of("FJI 2020 0101 1").head(0)
    table = tabulate(nothing, people())
    assert table.empty
    assert frames.TRENDS.check(table) is table
    assert lineage(nothing, table).empty
    assert conflicts(nothing).empty


# The example returns


def test_all_crimes_are_not_made_up_in_the_example_returns(example_round):
    table = example_round.trends
    own = table.query("iccs == '_T' and grouping == '_Z'")
    assert set(own.loc[own["basis"] == "summed", "area"]) <= set(areas.parts()["whole"])
    found = table.query("area == 'BRB' and year == 2016 and measure == 'entered' and iccs == '_T'")
    assert found["value"].isna().all()


def test_every_figure_of_the_example_returns_comes_out_unchanged_and_leads_to_its_cell(example_round):
    keys = ["area", "year", "iccs", *frames.SERIES]
    figures = example_round.classified.query("status == 'exact' and area != '_U' and iccs != '_U'")
    own = example_round.trends[example_round.trends["grouping"] == "_Z"]
    both = figures.astype(dict.fromkeys(keys, "str")).merge(
        own.astype(dict.fromkeys(keys, "str")), on=keys, how="left", suffixes=("", "_out")
    )
    assert len(both) == len(figures) > 10_000
    assert (both["value_out"] == both["value"]).all()
    assert (both["basis"] == "reported").all()
    cells = example_round.lineage.query("part_kind == 'cell'").set_index("figure_id")["part_id"]
    places = (
        both["return_id"].astype("str") + "!" + both["sheet"].astype("str") + "!" + both["cell"].astype("str")
    )
    assert (cells.loc[both["figure_id"]].to_numpy() == places.to_numpy()).all()


# Properties

CODES = [
    "0103",
    "01031",
    "01032",
    "010321",
    "010322",
    "0302",
    "03021",
    "03022",
    "03029",
    "03022+03029",
    "03021+03022",
]
PLACES = ["FJI", "AUS", "NZL", "FRA", "GBR", "GBR_E_W", "GBR_S", "GBR_NI", "TUV"]
KEYS = st.tuples(st.sampled_from(PLACES), st.sampled_from([2019, 2020, 2021]), st.sampled_from(CODES))


@st.composite
def rounds(draw, kinds=("exact", "bounded", "blank", "conflicting")):
    """Figures of few areas, years and categories, so that many sums are complete; with breaks."""
    chosen = draw(st.sets(st.sampled_from(PLACES), min_size=2, max_size=5))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=3, max_size=7, unique=True))
    left_out = draw(st.sets(KEYS, max_size=12))
    random = draw(st.randoms(use_true_random=False))
    breaks = {(area, year) for area in chosen for year in (2020, 2021) if random.random() < 0.15}
    lines = []
    for area in sorted(chosen):
        for year in (2019, 2020, 2021):
            segment = 1 + sum((area, before) in breaks for before in range(2020, year + 1))
            for code in codes:
                if (area, year, code) in left_out:
                    continue
                count, kind = random.randrange(0, 40), random.choice(kinds)
                text = {"exact": f"{count}", "bounded": f"<{count + 1}", "blank": "blank",
                        "conflicting": f"{count}..{count + random.randrange(1, 9)}"}[kind]  # fmt: skip
                lines.append(f"{area} {year} {code} {text} segment={segment}")
    return "\n".join(lines)


MOSTLY_EXACT = (*["exact"] * 7, "bounded", "blank", "conflicting")
some = settings(max_examples=15, deadline=None)


def leaves(code):
    return [leaf for part in code.split("+") for leaf in ICCS.leaves(part)]


@cache
def made_of(text):
    """The table of a round, and for every figure the rows of `classified` under it, each with its weight."""
    classified = classified_of(text)
    table = table_of(classified, groupings=("m49",))
    edges = lineage(classified, table)
    cells = (
        classified["return_id"].astype(str)
        + "!"
        + classified["sheet"].astype(str)
        + "!"
        + classified["cell"].astype(str)
    )
    rows = dict(zip(cells, classified.to_dict("records"), strict=True))
    below = {}
    for figure, kind, part, weight in edges.itertuples(index=False):
        below.setdefault(figure, []).append((kind, part, weight))

    def under(figure, share=1.0):
        for kind, part, weight in below[figure]:
            yield from [(rows[part], share * weight)] if kind == "cell" else under(part, share * weight)

    return table, {figure: list(under(figure)) for figure in table["figure_id"]}


@some
@given(rounds(MOSTLY_EXACT))
def test_the_cells_under_a_figure_add_to_it(text):
    table, cells = made_of(text)
    for row in table.itertuples():
        for bound in ("value", "lower", "upper"):
            expected = sum(weight * cell[bound] for cell, weight in cells[row.figure_id])
            assert getattr(row, bound) == pytest.approx(expected, nan_ok=True)


@some
@given(rounds(MOSTLY_EXACT))
def test_every_sum_holds_every_leaf_of_every_area_once(text):
    table, cells = made_of(text)
    parts = areas.parts().groupby("whole")["part"].agg(set)
    for row in table.itertuples():
        held = {}
        for cell, _ in cells[row.figure_id]:
            assert cell["year"] == row.year
            held.setdefault(cell["area"], []).extend(leaves(cell["iccs"]))
        for found in held.values():
            assert sorted(found) == sorted(leaves(row.iccs))
        if row.grouping == "_Z":
            assert set(held) in ({row.area}, parts.get(row.area))


@some
@given(rounds(MOSTLY_EXACT))
def test_a_group_rests_on_its_members_only_and_on_all_that_have_a_figure(text):
    table, cells = made_of(text)
    parts = areas.parts().set_index("part")["whole"]
    members = areas.groupings("m49").groupby("code")["area"].agg(set)
    own = table[(table["grouping"] == "_Z") & table["lower"].notna() & ~table["area"].isin(parts.index)]
    for row in table[table["grouping"] == "m49"].itertuples():
        countries = {parts.get(cell["area"], cell["area"]) for cell, _ in cells[row.figure_id]}
        reporting = own[
            (own["iccs"] == row.iccs) & (own["year"] == row.year) & own["area"].isin(members[row.area])
        ]
        assert countries == set(reporting["area"]) <= members[row.area]
        assert row.n_areas == len(countries)
        lived_in = members[row.area] & (inhabited() | {"TUV"})
        living = {area: PEOPLE[area] for area in members[row.area] & set(PEOPLE)}
        known = [area for area in countries if area in living]
        assert row.coverage_areas == pytest.approx(len(countries) / len(lived_in))
        share = sum(living[area] for area in known) / sum(living.values()) if known else np.nan
        assert row.coverage_population == pytest.approx(share, nan_ok=True)
        counted = reporting[reporting["area"].isin(known)]["upper"].sum()
        persons = sum(living[area] for area in known) or np.nan
        assert row.rate_upper == pytest.approx(counted / persons * 100_000, nan_ok=True)


@some
@given(rounds(MOSTLY_EXACT))
def test_no_change_is_computed_across_a_break(text):
    table, cells = made_of(text)
    made = {
        figure: sorted((cell["area"], cell["iccs"], cell["segment"]) for cell, _ in below)
        for figure, below in cells.items()
    }
    at = {(row.grouping, row.area, row.iccs, row.year): row for row in table.itertuples()}
    for row in table.itertuples():
        before = at.get((row.grouping, row.area, row.iccs, row.year - 1))
        may = (
            before is not None and made[before.figure_id] == made[row.figure_id] and before.basis == row.basis
        )
        if may and before.value > 0:
            assert row.change == pytest.approx(row.value / before.value - 1, nan_ok=True)
        else:
            assert np.isnan(row.change)
        others = [other for key, other in at.items() if key[:3] == (row.grouping, row.area, row.iccs)]
        for other in others:
            assert (other.segment == row.segment) == (made[other.figure_id] == made[row.figure_id])


def reported(text):
    """Area, year, code to the notation of each figure."""
    return {tuple(line.split()[:3]): line.split()[3] for line in text.splitlines()}


@some
@given(rounds(("exact",)))
def test_roll_up_finds_every_complete_frontier(text):
    """Against the tree walked by itself, without the codes for several categories."""
    lines = [line for line in text.splitlines() if "+" not in line]
    figures = {key: float(figure) for key, figure in reported("\n".join(lines)).items()}

    def total(area, year, code):
        if (area, year, code) in figures:
            return figures[area, year, code]
        parts = [total(area, year, child) for child in ICCS.children(code)]
        return None if not parts or None in parts else sum(parts)

    places = {key[:2] for key in figures}
    expected = {(*place, code): total(*place, code) for place in places for code in ICCS.codes}
    table = table_of("\n".join(lines))
    own = table[
        table["area"].isin({area for area, _ in places})
        & ~((table["area"] == "GBR") & (table["basis"] == "summed"))
    ]
    found = {(row.area, str(row.year), row.iccs): row.value for row in own.itertuples()}
    expected = {
        key: value
        for key, value in expected.items()
        if value is not None and (key in found or key[0] != "GBR")
    }
    assert found == expected


@some
@given(rounds(("exact",)), st.data())
def test_bounds_contain_the_exact_result(text, data):
    hidden = []
    for line in text.splitlines():
        area, year, code, figure, segment = line.split()
        above = data.draw(st.sampled_from([None, None, 1, 5]))
        hidden.append(
            f"{area} {year} {code} {figure if above is None else f'<{int(figure) + above}'} {segment}"
        )
    exact = table_of(text, groupings=("m49",)).set_index("figure_id")
    bounded = table_of("\n".join(hidden), groupings=("m49",)).set_index("figure_id")
    assert exact.index.equals(bounded.index)
    for name in ("value", "rate"):
        lower, upper = ("lower", "upper") if name == "value" else ("rate_lower", "rate_upper")
        known = exact[name].notna()
        assert (bounded.loc[known, lower] <= exact.loc[known, name] + 1e-9).all()
        assert (bounded.loc[known, upper] >= exact.loc[known, name] - 1e-9).all()
        told = bounded[name].notna()
        assert np.allclose(bounded.loc[told, name], exact.loc[told, name])
    assert (bounded["lower"] == bounded["upper"])[bounded["value"].notna()].all()
    assert exact["segment"].equals(bounded["segment"])


@some
@given(rounds(MOSTLY_EXACT), st.sampled_from([0.5, 2.0, 1024.0]))
def test_scaling_counts_and_population_together_leaves_rates_unchanged(text, factor):
    classified = classified_of(text)
    scaled = classified.assign(**{name: classified[name] * factor for name in ("value", "lower", "upper")})
    residents = people()
    table = tabulate(classified, residents, groupings=("m49",))
    again = tabulate(
        scaled, residents.assign(population=residents["population"] * factor), groupings=("m49",)
    )
    same = [
        "figure_id",
        "rate",
        "rate_lower",
        "rate_upper",
        "index",
        "change",
        "segment",
        "coverage_population",
        "n_areas",
    ]
    pd.testing.assert_frame_equal(table[same], again[same])


@some
@given(rounds(MOSTLY_EXACT), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(text, random):
    classified = classified_of(text)
    order = list(range(len(classified)))
    random.shuffle(order)
    shuffled = classified.iloc[order]
    for name in ("area", "iccs", "status", "cell"):
        codes = list(shuffled[name].cat.categories)
        random.shuffle(codes)
        shuffled = shuffled.assign(**{name: shuffled[name].cat.set_categories([*codes, "unused"])})
    table, again = (table_of(figures, groupings=("m49",)) for figures in (classified, shuffled))
    pd.testing.assert_frame_equal(table, again)
    pd.testing.assert_frame_equal(lineage(classified, table), lineage(shuffled, again))
    pd.testing.assert_frame_equal(conflicts(classified), conflicts(shuffled))
