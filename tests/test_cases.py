"""Figures counted from case records."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from crimestats.cli import app
from crimestats.errors import DefinitionError
from crimestats.files import read_csv, shipped
from crimestats.trafficking.case_records import fields, forms
from crimestats.trafficking.cases import count_cases, figures_file, findings_of_cases, read_cases
from crimestats.trafficking.source_codes import exploitations
from crimestats.trafficking.source_findings import told
from crimestats.trafficking.sources import read_sources

EXAMPLE = shipped("questionnaires", "examples", "samplonia-sources-tip", "shelter-cases")
ENTITIES = "reporting_entity_id,title\nA,Police\nB,Shelter\n"
EVENTS = "event_id,reporting_entity_id,area,identified,started\nE1,A,FJI,2020-03-01,2019\nE2,B,FJI,2020,\nE3,A,FJI,2021,\n"
VICTIMS = "victim_id,event_id,person_id,sex,age,age_band,citizenship,exploitation,identified"


def records(tmp_path, *victims, events=EVENTS, perpetrators=None):
    texts = {
        "reporting_entities": ENTITIES,
        "events": events,
        "victims": "\n".join([VICTIMS, *victims]) + "\n",
    }
    if perpetrators:
        texts["perpetrators"] = "\n".join(perpetrators) + "\n"
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_cases(tmp_path, "x")


def counts(figures, **keys):
    """Bounds of the figures of these keys; the rest is total."""
    wanted = {"measure": "victims", "iccs": "0204", "year": "2020"} | dict.fromkeys(
        ("sex", "age", "exploitation", "citizenship", "country"), "_T") | keys  # fmt: skip
    rows = figures[(figures[list(wanted)].astype("str") == list(wanted.values())).all(axis="columns")]
    return list(zip(rows["lower"], rows["upper"], strict=True))


def rules(cases):
    found = findings_of_cases(cases)
    return list(zip(found["rule"], found["cell"].astype("str"), strict=True))


def test_a_person_counts_once_a_year_and_once_in_each_form(tmp_path):
    cases = records(tmp_path, "V1,E1,P1,F,17,,FJI,SEX;LAB_FISHING,", "V1,E2,P1,F,18,,FJI,SEX,", "V1,E3,P1,F,18,,FJI,ORG,",
                    "V2,E1,P2,M,30,,NGA,LAB;LAB_MINING;OTH_BEGGING,")  # fmt: skip
    figures = count_cases(cases)
    assert counts(figures) == [(2, 2)]
    assert counts(figures, year="2021") == [(1, 1)]
    assert counts(figures, sex="F", age="Y0T17") == [(1, 1)]
    assert counts(figures, sex="F", age="Y_GE18") == [(0, 0)]
    forms_of = {code: counts(figures, iccs=code) for code in ("02041", "02042", "02044", "02043+02044")}
    assert forms_of == {"02041": [(1, 1)], "02042": [(2, 2)], "02044": [(1, 1)], "02043+02044": [(1, 1)]}
    assert counts(figures, iccs="02042", exploitation="LAB_MINING") == [(1, 1)]
    assert counts(figures, citizenship="NAT", country="FJI") == [(1, 1)]
    assert counts(figures, citizenship="FOR", country="NGA") == counts(figures, citizenship="FOR") == [(1, 1)]
    assert ("TIP-37", "_Z") in rules(cases)


def test_persons_who_are_not_matched_give_a_range(tmp_path):
    cases = records(tmp_path, "V1,E1,,F,20,,,SEX,", "V2,E1,,F,21,,,SEX,", "V9,E2,,F,20,,,SEX,")
    figures = count_cases(cases)
    assert counts(figures) == counts(figures, sex="F") == [(2, 3)]
    assert counts(figures, citizenship="_U") == [(0, 3)]  # the other entity may know it
    assert figures.loc[figures["lower"] < figures["upper"], "status"].eq("bounded").all()
    assert rules(cases) == [("TIP-39", "_Z")]


def test_matched_persons_are_a_lower_bound(tmp_path):
    cases = records(tmp_path, "V1,E1,P1,F,20,,,SEX,", "V2,E2,P2,F,21,,,SEX,", "V3,E2,,F,20,,,SEX,")
    assert counts(count_cases(cases)) == [(2, 3)]


def test_what_records_differ_on_is_unknown(tmp_path):
    cases = records(
        tmp_path,
        "V1,E1,P1,F,20,,FJI,SEX,",
        "V1,E2,P1,M,20,,FJI,SEX,",
        "V2,E2,P2,,20,,FJI,SEX,",
        "V2,E1,P2,M,20,,FJI,SEX,",
    )
    figures = count_cases(cases)
    assert counts(figures, sex="_U", age="Y_GE18") == [(1, 1)]
    assert counts(figures, sex="M") == [(1, 1)]
    assert ("TIP-38", "_Z") in rules(cases)


def test_noughts_are_counts_only_where_the_records_tell_sexes(tmp_path):
    figures = count_cases(records(tmp_path, "V1,E1,,,20,,,SEX,"))
    assert counts(figures, sex="F") == []
    assert counts(figures, age="Y0T17") == [(0, 0)]


def test_perpetrators_count_at_each_stage_in_its_year(tmp_path):
    table = ["perpetrator_id,event_id,sex,age,citizenship,suspected,prosecuted,convicted",
             "P1,E1,M,30,FJI,2020,2020-05,2021", "P1,E2,M,30,FJI,2020,,", "P2,E1,F,17,NGA,2020,,"]  # fmt: skip
    figures = count_cases(records(tmp_path, "V1,E1,,F,20,,,SEX,", perpetrators=table))
    found = {(m, y): counts(figures, measure=m, year=y) for m, y in
             (("suspected", "2020"), ("prosecuted", "2020"), ("convicted", "2020"), ("convicted", "2021"))}  # fmt: skip
    assert found == {("suspected", "2020"): [(2, 3)], ("prosecuted", "2020"): [(1, 1)], ("convicted", "2020"): [],
                     ("convicted", "2021"): [(1, 1)]}  # fmt: skip
    assert counts(figures, measure="offences") == [(2, 2)]
    assert set(figures.loc[figures["measure"] == "offences", "unit"]) == {"event"}


@pytest.mark.parametrize(
    ("victim", "rule", "cell"),
    [
        ("V2,E9,,F,20,,,SEX,", "TIP-30", "B3"),
        ("V1,E1,,F,20,,,SEX,", "TIP-31", "A3"),
        ("V2,E1,,X,20,,,SEX,", "TIP-32", "D3"),
        ("V2,E1,,F,20,,,SEKS,", "TIP-32", "H3"),
        ("V2,E1,,F,20,,Nowhere,SEX,", "TIP-32", "G3"),
        ("V2,E1,,F,121,,,SEX,", "TIP-33", "E3"),
        ("V2,E1,,F,-1,,,SEX,", "TIP-33", "E3"),
        ("V2,E1,,F,20,Y0T17,,SEX,", "TIP-34", "E3"),
        ("V2,E1,,F,20,,,SEX,2020-13", "TIP-35", "I3"),
    ],
)
def test_a_wrong_record_is_told(tmp_path, victim, rule, cell):
    cases = records(tmp_path, "V1,E1,,F,30,,FJI,SEX,", victim)
    assert rules(cases) == [(rule, cell)]
    assert counts(count_cases(cases)) == [(1 if rule in ("TIP-30", "TIP-31") else 2,) * 2]


def test_dates_out_of_order_and_records_without_a_date(tmp_path):
    events = "event_id,reporting_entity_id,area,identified,started\nE1,A,FJI,2020-03,2020-04-01\nE2,B,FJI,,\n"
    cases = records(tmp_path, "V1,E1,,F,30,,FJI,SEX,", "V2,E2,,F,30,,FJI,SEX,", events=events)
    assert [rule for rule, _ in rules(cases)] == ["TIP-36", "TIP-40"]
    assert counts(count_cases(cases)) == [(1, 1)]


def test_columns_that_are_missing_or_not_known_are_refused(tmp_path):
    with pytest.raises(DefinitionError, match="started_on"):
        records(tmp_path, events="event_id,reporting_entity_id,area,started_on\nE1,A,FJI,2020\n")
    with pytest.raises(DefinitionError, match="area"):
        records(tmp_path, events="event_id,reporting_entity_id\nE1,A\n")


def test_no_victims_are_no_figures(tmp_path):
    figures = count_cases(records(tmp_path))
    assert set(figures["measure"]) == {"offences"}


def test_counts_are_read_back_as_they_were(tmp_path):
    cases = records(tmp_path, "V1,E1,,F,20,,,SEX,", "V2,E1,,F,21,,NGA,SEX,", "V9,E2,,F,20,,,SEX,")
    figures = count_cases(cases)
    figures_file(figures).to_csv(tmp_path / "figures.csv", index=False)
    record = "source_id,source_type,title,method,period,geography,unit,reliability\n"
    (tmp_path / "sources.csv").write_text(
        record + "x,court_cases,X,case_files,calendar,national,person,high\n"
    )
    read = read_sources(tmp_path)
    columns = [
        "year",
        "measure",
        "dimension",
        "iccs",
        "unit",
        "stage",
        "sex",
        "age",
        "citizenship",
        "country",
        "lower",
        "upper",
    ]
    one, two = (
        table[columns].astype({"year": int, "lower": float, "upper": float}).astype("str")
        for table in (figures, read.figures)
    )
    assert read.findings.empty
    assert one.reset_index(drop=True).equals(two.reset_index(drop=True))


def test_the_command_hides_small_counts_unless_told_otherwise(tmp_path):
    out = tmp_path / "figures.csv"
    done = CliRunner().invoke(app, ["trafficking", "cases", str(EXAMPLE), "--out", str(out)])
    assert done.exit_code == 0, done.output
    shown = read_csv(out)
    values = shown.loc[shown["unit"] == "", "value"]
    assert not set(values) & set("01234")
    assert {"<5"} <= set(values)
    exact = CliRunner().invoke(
        app, ["trafficking", "cases", str(EXAMPLE), "--out", str(out), "--threshold", "0"]
    )
    assert "not to be published" in exact.stdout
    assert set(read_csv(out)["value"]) & set("01234")


def test_the_tables_of_case_records_hold_together():
    assert set(forms()["exploitation"]) <= set(exploitations())
    assert set(fields()["kind"]) == {"key", "text", "code", "area", "link", "date", "sex", "age", "forms"}
    rows = pd.DataFrame(
        {"value": ["1"], "return_id": ["x"], "sheet": ["s"], "cell": ["A1"], "year": [2020], "area": ["FJI"]}
    )
    known = read_csv(shipped("questionnaires", "trafficking", "source_rules.csv"))["rule"]
    assert all("{" not in told(rule, rows)["message"].iloc[0] for rule in known)
