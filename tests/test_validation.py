"""A round judged: one finding for each real problem, at its place, with an id that stays."""

import json
import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from pandera.errors import SchemaErrors

import crimestats as cs
from crimestats.errors import CallError
from crimestats.frames import CELLS, FINDINGS
from crimestats.questionnaire.kinds import KINDS, Background
from crimestats.questionnaire.schema import judge_round
from crimestats.validation import Finding, Report, validate
from crimestats.validation.findings import findings

CTS = cs.Questionnaire.load("un-cts-2024")
SHEETS = {module["id"]: module["sheet"] for module in CTS.modules}
FACTS = ("_file", "_sha256", "H.questionnaire", "H.agency", "H.language")
ANSWERS = "M.prisons.source _ x\n M.prisons.counting_unit _ person\n M.prisons.stock_date _ 31 December"


def cells(table: str) -> DataFrame:
    """Cells of returns: lines `item year raw`, the file's name before them if it is another.

    Header and facts about each file are added, so that the round is as `read` gives it.
    """
    rows = []
    for line in table.strip().split("\n"):
        words = line.split()
        file = words.pop(0) if ".xlsx" in words[0] else "SMP.xlsx"
        rows.append((file, words[0], None if words[1] == "_" else int(words[1]), " ".join(words[2:])))
    files = dict.fromkeys(row[0] for row in rows)
    facts = [(file, item, None, file) for file in files for item in FACTS]
    areas = [(file, "H.area", None, file.partition(".")[0].partition("_")[0]) for file in files]
    return CELLS.cast(DataFrame([_row(*row) for row in (*facts, *areas, *rows)]))


def _row(file: str, item: str, year: int | None, raw: str) -> dict[str, object]:
    sheet, cell = "Start", "B4"
    if item in CTS:
        place = list(CTS.data["item"]).index(item)
        column = chr(69 + (year or 0) - 2013) if year in range(2013, 2030) else "Z"
        sheet, cell = SHEETS[CTS[item].module], f"{column}{place + 5}"
    elif item.startswith("M."):
        sheet, cell = "Metadata", f"D{5 + len(item)}"
    elif item.startswith("_"):
        sheet, cell = "_Z", "_Z"
    number = float(raw) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e308)?", raw) else np.nan
    low, high = (0.0, float(raw[1:]) - 1) if re.fullmatch("<[0-9]+", raw) else (number, number)
    status = {"": "blank", "-": "ambiguous"}.get(raw, "bounded" if low < high else "exact")
    status = "unreadable" if item in CTS and status == "exact" and np.isnan(number) else status
    return {
        "return_id": file, "area": file.partition(".")[0].partition("_")[0], "sheet": sheet, "cell": cell,
        "item": item, "year": year, "raw": raw, "note": "", "value": number, "lower": low, "upper": high,
        "status": status if item in CTS or not raw else "text",
    }  # fmt: skip


def listed(report: Report) -> list[tuple[str, str, str]]:
    data = report.data
    places = data["sheet"].astype(str) + "!" + data["cell"].astype(str)
    return list(zip(data["rule"], places, data["severity"], strict=True))


def test_a_finding_names_place_fault_and_remedy():
    report = validate(
        cells("held 2020 412\n held_m 2020 390\n held_f 2020 13\n held_unsentenced 2020 ..x\n" + ANSWERS), CTS
    )
    assert listed(report) == [("CTS24-124", "Prisons!L309", "query"), ("ALL-030", "Prisons!L319", "error")]
    (finding, _) = report
    assert finding.message == (
        "CTS24-124 at 'Prisons'!L309 (SMP 2020): total 412, but its parts L310:L311 add to 403. "
        "A total equals the sum of its parts: correct one of them, or explain the difference in the note "
        "column."
    )
    assert (finding.value, finding.expected, finding.kind, finding.verdict) == ("412", "403", "parts", "fail")
    assert (finding.year, finding.item, finding.area, finding.return_id) == (2020, "held", "SMP", "SMP.xlsx")


def test_a_report_is_a_collection_of_findings():
    report = validate(cells("held 2020 4.5\n held_f 2020 -1\n" + ANSWERS), CTS)
    assert len(report) == 2
    assert [finding.rule for finding in report] == ["ALL-032", "ALL-031"]
    first = next(iter(report))
    assert isinstance(first, Finding)
    assert first.finding_id in report
    assert report[first.finding_id] == first
    assert "nothing" not in report
    with pytest.raises(KeyError):
        report["nothing"]
    assert (report.errors, report.queries, report.notes) == (2, 0, 0)
    assert str(report) == "2 errors, 0 queries, 0 notes in 1 return"
    assert report.definition is CTS
    with pytest.raises(FrozenInstanceError):
        report.data = None


def test_findings_are_what_is_declared():
    report = validate(cells("held 2020 4.5"), CTS)
    FINDINGS.check(report.data)
    FINDINGS.check(validate(CELLS.empty(), CTS).data)
    assert list(report.returns["return_id"]) == ["SMP.xlsx"]


def test_json_has_nulls_and_the_columns_of_findings():
    report = validate(
        cells("held 2020 4.5\n M.prisons.source _\n" + ANSWERS.replace("M.prisons.source _ x\n", "")), CTS
    )
    records = json.loads(report.to_json())
    assert [record["year"] for record in records] == [2020, None]
    assert [list(record) for record in records] == [list(FINDINGS.columns)] * 2
    assert validate(CELLS.empty(), CTS).to_json() == "[]"


def test_an_id_is_the_same_on_the_next_submission():
    first = validate(cells("held 2020 4.5"), CTS)
    again = validate(cells("SMP_2.xlsx held 2020 9.25\n SMP_2.xlsx held 2021 8.5"), CTS)
    rule = [finding.finding_id for finding in first if finding.rule == "ALL-032"]
    assert rule == [
        finding.finding_id for finding in again if (finding.rule, finding.year) == ("ALL-032", 2020)
    ]
    assert again.data["finding_id"].is_unique


def test_ids_differ_between_files_and_cells():
    report = validate(
        cells("a.xlsx _fault.encrypted _ x\n b.xlsx _fault.encrypted _ x\n b.xlsx _fault.dtd _ y"), CTS
    )
    assert report.data["finding_id"].is_unique
    assert [finding.rule for finding in report if finding.rule < "ALL-010"] == [
        "ALL-002",
        "ALL-002",
        "ALL-007",
    ]


def test_a_file_that_cannot_be_read_is_a_finding_of_that_file():
    bad = cells("bad.xlsx _fault.not_workbook _ The file begins with MZ")
    bad = bad[~bad["item"].str.startswith("H.")]
    bad["area"] = bad["area"].cat.rename_categories({"bad": "_U"})
    report = validate(CELLS.cast(bad), CTS)
    assert [finding.message for finding in report] == [
        "ALL-001 at bad.xlsx (_U): the file is not a workbook. The file begins with MZ. "
        "Ask the sender for the questionnaire in the format of Excel 2007 and later."
    ]


def test_one_finding_for_one_fault():
    """An error value or a cell's own name is not unreadable too, a part above its whole no wrong sum too."""
    report = validate(cells(
        "held 2020 L309\n held_m 2020 #REF!\n capacity 2020 -\n deaths 2020 10\n deaths_natural 2020 11\n "
        "deaths_external 2020 0\n"
        + ANSWERS
    ), CTS)  # fmt: skip
    assert listed(report) == [
        ("ALL-034", "Prisons!L309", "error"),
        ("ALL-030", "Prisons!L310", "error"),
        ("ALL-030", "Prisons!L363", "query"),
        ("CTS24-228", "Prisons!L370", "query"),
    ]
    frame = cells("held 2020 #REF!\n" + ANSWERS)
    seen = frame[frame["item"] == "held"].assign(item="_cell.error_value", year=np.nan, status="text")
    both = DataFrame({name: [*frame[name].astype(object), *seen[name].astype(object)] for name in frame})
    assert listed(validate(CELLS.cast(both), CTS)) == [("ALL-025", "Prisons!L309", "error")]


def test_a_difference_within_one_per_cent_is_a_note():
    small, large = (
        "held 2020 1000\n held_m 2020 995\n held_f 2020 0\n",
        "held 2021 1000\n held_m 2021 980\n held_f 2021 0\n",
    )
    report = validate(cells(small + large + ANSWERS), CTS)
    assert listed(report)[:1] == [("CTS24-124", "Prisons!L309", "note")]
    assert ("CTS24-124", "Prisons!M309", "query") in listed(report)


def test_undecided_places_are_counted_and_kept_apart():
    report = validate(cells("held 2020 1000\n held_m 2020 900\n" + ANSWERS), CTS)
    assert listed(report) == []
    assert report.undecided["CTS24-124"] == 1


def test_agencies_divide_a_workbook():
    """The parts of a workbook are judged together, and each names its own file where another is meant."""
    report = validate(cells(
        "SMP_police.xlsx homicide_offences 2020 50\n SMP_health.xlsx homicide_victims 2020 40\n"
        "SMP_police.xlsx homicide_victims 2020\n MEX.xlsx homicide_victims 2020 3"
    ), CTS)  # fmt: skip
    assert [finding.message for finding in report] == [
        "CTS24-241 at 'Homicide'!L5 (SMP 2020): 50 offences, but 40 victims in SMP_health.xlsx "
        "'Homicide'!L7. "
        "Explain in the note column how offences without a victim come about."
    ]


def test_two_returns_that_differ_and_two_that_agree():
    one = "SMP_1.xlsx held 2020 10\n SMP_1.xlsx held_m 2020 9\n"
    two = "SMP_2.xlsx held 2020 11\n SMP_2.xlsx held_m 2020 9\n"
    report = validate(cells(one + two), CTS)
    assert listed(report) == [("ALL-061", "_Z!_Z", "note"), ("ALL-060", "Prisons!L309", "error")]
    agree = next(iter(report))
    assert (agree.return_id, agree.year, agree.item) == ("SMP_2.xlsx", None, "_file")


def test_an_unknown_area_has_candidates():
    report = validate(
        cells(
            "MXE.xlsx held 2020 10\n MXE.xlsx held 2021 11\n MXE.xlsx " + ANSWERS.replace("\n", "\n MXE.xlsx")
        ),
        CTS,
    )
    finding = next(iter(report))
    assert (finding.rule, finding.sheet, finding.cell, finding.value) == ("ALL-040", "Start", "B4", "MXE")
    assert "Did you mean MNE or MEX?" in finding.message


def test_the_last_round_is_compared_with():
    previous = DataFrame({
        "area": "SMP", "year": [2020, 2020, 2020, 2019, 2020],
        "item": ["held", "held_m", "held_f", "held", "theft_offences"],
        "lower": [100.0, 90.0, 10.0, 95.0, 700.0], "upper": [100.0, 90.0, 10.0, 95.0, 700.0],
    })  # fmt: skip
    table = "held 2020 102\n held_m 2020 40\n held_f 2020\n H.years _ 2020:2021\n" + ANSWERS
    report = validate(cells(table), CTS, previous=previous)
    assert listed(report) == [
        ("ALL-070", "Prisons!L309", "note"),
        ("ALL-070", "Prisons!L310", "query"),
        ("ALL-071", "Prisons!L311", "query"),
    ]


def test_frames_that_are_not_cells_are_a_wrong_call():
    with pytest.raises(CallError, match="Cells frame"):
        validate(DataFrame({"item": ["held"]}), CTS)


def test_messages_can_be_translated():
    labels = {**CTS.labels, "rule.ALL-032": "{value} no es un número entero."}
    spanish = cs.Questionnaire(CTS.id, CTS.record, CTS.data, CTS.metadata, CTS.rules, labels)
    (finding,) = validate(cells("held 2020 4.5\n" + ANSWERS), spanish)
    assert finding.message == "ALL-032 at 'Prisons'!L309 (SMP 2020): 4.5 no es un número entero."


def test_an_analyst_asks_for_the_schema():
    """Her own frame needs area, year, item and value; the checks are named by the rules."""
    frame = DataFrame({
        "area": "SMP", "year": [2020, 2020, 2020, 2021, 2021],
        "item": ["held", "held_m", "held_f", "held", "helt"], "value": [412, 390, 13, 4.5, 1],
    }, index=list("vwxyz"))  # fmt: skip
    schema = CTS.schema()
    assert isinstance(schema, pa.DataFrameSchema)
    with pytest.raises(SchemaErrors) as caught:
        schema.validate(frame, lazy=True)
    said = {error.check.name: list(frame.index[~error.check_output]) for error in caught.value.schema_errors}
    assert said == {"CTS24-124": ["v"], "ALL-032": ["y"], "ALL-041": ["z"], "CTS24-303": ["y"]}
    assert set(caught.value.failure_cases["check"]) == set(said)
    clean = schema.validate(frame.loc[["w", "x"]], lazy=True)
    assert list(clean["lower"]) == [390, 13]
    assert list(frame.columns) == ["area", "year", "item", "value"], "her frame is not touched"


def test_an_analyst_may_have_texts_and_gaps():
    frame = DataFrame({"area": ["SMP", None], "year": [2020, 2021], "item": "held", "value": ["many", None]})
    with pytest.raises(SchemaErrors) as caught:
        CTS.schema().validate(frame, lazy=True)
    said = {error.check.name: list(frame.index[~error.check_output]) for error in caught.value.schema_errors}
    assert said == {"ALL-030": [0], "ALL-033": [1]}


def test_an_analyst_lacks_a_column():
    with pytest.raises(CallError, match="lacks the column item, value"):
        CTS.schema().validate(DataFrame({"area": ["SMP"], "year": [2020]}), lazy=True)


def test_the_kinds_are_check_methods_of_pandera():
    assert [name for name in KINDS if not hasattr(pa.Check, f"crimestats_{name}")] == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(range(7)))
def test_the_order_of_the_rows_does_not_matter(order):
    table = (
        "held 2020 412\n held_m 2020 390\n held_f 2020 13\n held 2019 4.5\n capacity 2020 9\n"
        "MEX.xlsx held 2020 x\n MEX.xlsx held 2019 3"
    )
    lines = table.split("\n")
    one = validate(cells(table), CTS)
    two = validate(cells("\n".join(lines[position] for position in order)), CTS)
    assert {finding.message for finding in one} == {finding.message for finding in two}
    assert set(one.data["finding_id"]) == set(two.data["finding_id"])


ITEMS = ["held", "held_m", "deaths", "helt", "M.prisons.stock_date", "M.x", "M.other.attempts", "H.area",
         "H.years", "N.held", "_file", "_cell.merged", "_fault.news", "_"]  # fmt: skip
RAWS = st.sampled_from(
    ["", "-", "<5", "12", "-4", "1e308", "L309", "{value}", "31 Dec", "2019:2030", "(specify)"]
)
ROWS = st.tuples(
    st.sampled_from(["a.xlsx", "b.xlsx"]),
    st.sampled_from(["SMP", "MEX", "_U", "", "Ärea {0}"]),
    st.sampled_from(ITEMS),
    st.one_of(st.none(), st.integers(2018, 2021), st.integers(-32768, 32767)),
    st.one_of(RAWS, st.text(max_size=8)),
    st.sampled_from(["", "{note}", "(please specify)"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, max_size=12))
def test_no_cell_stops_the_round(rows):
    made = [
        {**_row("x.xlsx", item, year, raw), "return_id": file, "area": area, "note": note}
        for file, area, item, year, raw, note in rows
    ]
    frame = CELLS.cast(DataFrame(made)) if made else CELLS.empty()
    data = FINDINGS.check(findings(*judge_round(frame, Background(CTS))))
    assert data["finding_id"].is_unique
    assert data["message"].str.len().lt(2000).all()


def test_the_example_returns_are_judged(tmp_path: Path):
    """Build, fill in a fault, read, validate: the place is that of the workbook."""
    figures = DataFrame({"year": 2022, "item": ["held", "held_m", "held_f"], "value": ["412", "390", "13"]})
    cs.build(CTS, tmp_path / "SMP.xlsx", area="SMP", agency="Prison service", years=[2022], figures=figures)
    report = validate(cs.read(tmp_path, CTS), CTS)
    (finding,) = [each for each in report if each.rule == "CTS24-124"]
    assert "'Prisons'!E5 (SMP 2022): total 412, but its parts E6:E7 add to 403." in finding.message


def test_a_last_round_without_its_columns_is_a_bad_call():
    table = cells("held 2020 12")
    with pytest.raises(CallError, match="previous: lacks the column item"):
        validate(
            table, CTS, previous=DataFrame({"area": ["MEX"], "year": [2020], "lower": [1.0], "upper": [1.0]})
        )
