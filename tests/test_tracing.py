"""Traces: the tree of a figure, from regions to cells, findings and answers."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser

import duckdb
import numpy as np
import pandas as pd
import pytest

import crimestats as cs
from crimestats import frames, release
from crimestats.classification import Correspondence, classify
from crimestats.errors import CallError, FileError
from crimestats.store import Store
from crimestats.store.findings import FINDINGS as KNOWN
from crimestats.store.findings import HISTORY
from crimestats.tracing import LEVELS, Trace, trace
from crimestats.tracing.texts import figure_texts
from crimestats.trends import lineage, tabulate

PEOPLE = {"FJI": 900_000.0, "AUS": 25_000_000.0, "NZL": 5_000_000.0}
KEYS = {
    "measure": "offences", "unit": "number", "stage": "recorded", "source": "CJS",
    **dict.fromkeys(frames.BREAKDOWNS, "_T"),
}  # fmt: skip
TO_CELLS = """
    WITH RECURSIVE parts AS (
        SELECT figure_id, part_kind, part_id, weight FROM '{folder}/lineage.parquet' WHERE figure_id = '{figure}'
        UNION ALL
        SELECT below.figure_id, below.part_kind, below.part_id, parts.weight * below.weight
        FROM parts JOIN '{folder}/lineage.parquet' AS below
        ON parts.part_kind = 'figure' AND below.figure_id = parts.part_id
    )
    SELECT sum(weight * value) FROM parts
    JOIN '{folder}/observations.parquet'
    ON part_kind = 'cell' AND part_id = return_id || '!' || sheet || '!' || cell
"""


def observations_of(text, scheme="iccs-1.0"):
    """Reported figures from lines of area, year, code, figure, and key=code for what is no total."""
    rows = []
    for place, line in enumerate(text.strip().splitlines(), start=1):
        area, year, code, figure, *further = line.split()
        value = float(figure) if figure.replace(".", "").isdecimal() else np.nan
        bounds = (
            {"lower": 0.0, "upper": float(figure[1:]) - 1}
            if figure[0] == "<"
            else {"lower": value, "upper": value}
        )
        rows.append({
            "area": area, "year": int(year), "item": "any", "scheme": scheme, "code": code, **KEYS,
            "value": value, **bounds, "status": "bounded" if figure[0] == "<" else "exact",
            "findings": "", "note": "", "segment": 1, "return_id": f"{area}.xlsx", "sheet": "Violent",
            "cell": f"D{place}", **dict(pair.split("=") for pair in further),
        })  # fmt: skip
    return frames.OBSERVATIONS.cast(pd.DataFrame(rows))


def people():
    rows = [(area, year, "_T", persons) for area, persons in PEOPLE.items() for year in (2019, 2020)]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "population"]).assign(age="_T", source="test")


def tables_of(observations, correspondence=None, **arguments):
    classified = classify(observations, correspondence)
    arguments = {"groupings": (), "floor_population": 0, "floor_areas": 0, **arguments}
    table = tabulate(classified, people(), **arguments)
    edges = lineage(classified, table)
    return {"trends": table, "lineage": edges, "observations": observations, "classified": classified}


def shape(found):
    """Level and key of each branch, indented as in the tree."""
    data = found.data.set_index("node")
    depth = {-1: -1}
    for node, parent in data["parent"].items():
        depth[node] = depth[parent] + 1
    return [(depth[node], level) for node, level in data["level"].items()]


def levels(found):
    return found.data["level"].value_counts().to_dict()


def finding_of(finding_id, **given):
    row = dict.fromkeys(frames.FINDINGS.columns, "")
    row |= {"finding_id": finding_id, "rule": "X-1", "severity": "error", "state": "open", "verdict": "fail"}
    return {**row, "message": "is <odd>.", "year": 2020, **given}


def findings_of(*rows):
    return frames.FINDINGS.cast(pd.DataFrame(rows))


def test_a_reported_figure_is_its_cell():
    tables = tables_of(observations_of("FJI 2020 0401 36\nFJI 2019 0401 30"))
    found = trace(tables, area="FJI", year=2020, iccs="0401")
    assert shape(found) == [(0, "figure"), (1, "observation"), (2, "link"), (2, "return"), (3, "cell")]
    row = found.data.iloc[1]
    assert (row["key"], row["value"], row["weight"]) == ("FJI.xlsx!Violent!D1", 36, 1)
    assert str(found).splitlines() == [
        "Fiji 2020, 0401 Robbery, offences recorded CJS: 36 (exact, reported); 4 per 100,000",
        "└─ reported: any Fiji 2020: 36 (exact)",
        "   ├─ iccs-1.0 0401 → ICCS 0401 Robbery (equal)",
        "   └─ return FJI.xlsx",
        "      └─ sheet Violent, cell D1",
    ]


def test_regions_go_down_to_the_cells_of_their_areas():
    text = "FJI 2020 03011 1\nFJI 2020 03012 2\nFJI 2020 03019 4\nAUS 2020 0301 50\nNZL 2020 0301 9"
    found = trace(tables_of(observations_of(text), groupings=("m49",)), area="009", year=2020, iccs="0301")
    assert levels(found) == {"figure": 7, "observation": 5, "link": 5, "return": 5, "cell": 5}
    leaves = found.data[found.data["level"] == "observation"]
    assert (leaves["weight"] * leaves["value"]).sum() == found.data["value"].iloc[0] == 66
    top = [line for line in str(found).splitlines() if line[:3] in ("├─ ", "└─ ")]
    assert [line.split()[1] for line in top] == ["Australia", "New", "Fiji"]  # the largest first
    assert str(found).startswith("Oceania [m49, reported] 2020, 0301 Sexual violence")


def test_areas_and_categories_are_found_in_other_spellings():
    tables = tables_of(observations_of("FJI 2020 0401 36"))
    keys = [
        trace(tables, area=area, year=2020, iccs=iccs).data["key"][0]
        for area, iccs in (("FJI", "0401"), ("fiji", "401"))
    ]
    assert keys[0] == keys[1]


def test_a_divided_figure_shows_its_table_and_share(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "code,title,iccs,relation,share_lower,share,share_upper\n"
        "T,Theft or burglary,0501,part,0.25,0.25,0.25\nT,Theft or burglary,0502,part,0.75,0.75,0.75\n",
        encoding="utf-8",
    )
    table = Correspondence.from_csv(path)
    tables = tables_of(observations_of("FJI 2020 T 40", table.scheme), table)
    found = trace(tables, area="FJI", year=2020, iccs="0501")
    text = str(found)
    assert "10 (exact" in text.splitlines()[0]
    assert "share 0.25, by the table" in text
    assert f"{table.scheme} T → ICCS 0501 Burglary (part" in text


def test_a_range_is_shown_as_one():
    found = trace(tables_of(observations_of("FJI 2020 0401 <5")), area="FJI", year=2020, iccs="0401")
    assert ": 0 to 4 (bounded" in str(found)


def test_an_estimate_stands_below_the_figure_and_what_it_rests_on_below_it():
    tables = tables_of(observations_of("FJI 2019 0401 30\nAUS 2020 0401 50"), groupings=("m49",))
    region = tables["trends"].query("area == '009' and year == 2020")["figure_id"].item()
    last = tables["trends"].query("area == 'FJI' and year == 2019")["figure_id"].item()
    guess = {**KEYS, "figure_id": "guess", "area": "FJI", "year": 2020, "iccs": "0401", "grouping": "m49",
             "how": "carried", "value": 31.0, "lower": 20.0, "upper": 45.0, "population": 9e5, "rests_on": last}  # fmt: skip
    edge = pd.DataFrame([{"figure_id": region, "part_kind": "estimate", "part_id": "guess", "weight": 1.0}])
    tables["lineage"] = frames.LINEAGE.join(tables["lineage"], frames.LINEAGE.cast(edge))
    tables["estimates"] = frames.ESTIMATES.cast(pd.DataFrame([guess]))
    found = trace(tables, area="009", year=2020, iccs="0401")
    assert levels(found)["estimate"] == 1
    lines = str(found).splitlines()
    place = next(number for number, line in enumerate(lines) if "about 31 (20 to 45) (carried)" in line)
    assert "Fiji 2019, 0401 Robbery" in lines[place + 1]


# Findings and answers


def with_findings():
    observations = observations_of("FJI 2020 0401 36\nAUS 2020 0401 50")
    observations = observations.assign(findings=["f1", ""])
    tables = tables_of(observations, groupings=("m49",))
    tables["findings"] = findings_of(finding_of("f1", area="FJI"), finding_of("f2", area="AUS"))
    return tables


def test_a_finding_stands_at_its_cell_only():
    found = trace(with_findings(), area="009", year=2020, iccs="0401")
    flagged = found.data[found.data["level"] == "finding"]
    assert flagged[["key", "status", "area"]].to_numpy().tolist() == [["f1", "open", "FJI"]]
    above = found.data.set_index("node").loc[flagged["parent"].item()]
    assert (above["level"], above["key"]) == ("cell", "FJI.xlsx!Violent!D1")


def test_a_finding_of_a_figure_itself_stands_at_the_figure():
    text = "FJI 2020 0301 9\nFJI 2020 03011 1\nFJI 2020 03012 2\nFJI 2020 03019 4"
    tables = tables_of(observations_of(text))
    tables["findings"] = cs.conflicts(tables["classified"])
    found = trace(tables, area="FJI", year=2020, iccs="0301")
    flagged = found.data[found.data["level"] == "finding"]
    assert len(flagged) == 1
    assert flagged["parent"].item() == 0
    assert "TAB-01" in flagged["text"].item()


def test_answers_of_the_store_stand_at_the_finding(tmp_path):
    tables = with_findings()
    with Store.open(tmp_path / "findings.sqlite") as store:
        known = {column.name: "" for column in KNOWN.columns} | {
            "finding_id": "f1", "rule": "X-1", "severity": "error", "message": "is odd.", "year": 2020,
            "state": "accepted", "asked": None,
        }  # fmt: skip
        at = datetime(2024, 5, 1, tzinfo=UTC).isoformat(timespec="microseconds")
        event = {
            "finding_id": "f1",
            "at": at,
            "from_state": "open",
            "to_state": "explained",
            "by": "",
            "sha256": "",
        }
        with store.writing() as connection:
            connection.execute(KNOWN.insert(), [known])
            connection.execute(HISTORY.insert(), [
                {**event, "event": "found", "text": ""}, {**event, "event": "answered", "text": "A riot."},
                {**event, "event": "accepted", "text": "Plausible.", "by": "A. Person"},
            ])  # fmt: skip
        found = trace(tables, area="FJI", year=2020, iccs="0401", store=store)
    by_place = trace(tables, area="FJI", year=2020, iccs="0401", store=tmp_path / "findings.sqlite")
    assert found.data.equals(by_place.data)
    assert found.data.loc[found.data["level"] == "finding", "status"].tolist() == ["accepted"]
    assert [line.strip(" │├└─") for line in str(found).splitlines()][-2:] == [
        "answered, 2024-05-01: A riot.", "accepted by A. Person, 2024-05-01: Plausible.",
    ]  # fmt: skip


# Which figures


def test_several_figures_that_fit_are_all_shown():
    found = trace(
        tables_of(observations_of("FJI 2020 0401 36\nFJI 2020 0401 40 measure=victims")),
        area="FJI", year=2020, iccs="0401",
    )  # fmt: skip
    assert (found.data["parent"] == -1).sum() == 2


def test_breakdowns_are_total_unless_they_are_named():
    tables = tables_of(
        observations_of("FJI 2020 0401 36\nFJI 2020 0401 6 sex=F\nFJI 2020 0401 2 sex=F age=Y0T17")
    )
    assert trace(tables, area="FJI", year=2020, iccs="0401").data["value"][0] == 36
    assert trace(tables, area="FJI", year=2020, iccs="0401", sex="F").data["value"][0] == 6
    young = trace(tables, area="FJI", year=2020, iccs="0401", sex="F", where={"age": "Y0T17"})
    assert young.data["value"][0] == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"year": 2021}, "there is no figure of FJI, 2021, 0401"),
        ({"iccs": "9999"}, "there is no figure of FJI, 2020, 9999"),
        ({"area": "Nowhere"}, "there is no figure of Nowhere"),
        ({"sex": "M"}, "sex: no figure of FJI, 2020, 0401 has 'M'. There is F, _T."),
        ({"where": {"colour": "red"}}, "colour is no column to choose by"),
    ],
)
def test_what_does_not_fit_is_said(asked, said):
    tables = tables_of(observations_of("FJI 2020 0401 36\nFJI 2020 0401 6 sex=F"))
    with pytest.raises(CallError, match=said):
        trace(tables, **{"area": "FJI", "year": 2020, "iccs": "0401", **asked})


def test_of_too_many_figures_the_choices_are_named():
    lines = "\n".join(f"FJI 2020 0401 {number} stage=s{number:02}" for number in range(1, 23))
    with pytest.raises(CallError, match=r"22 figures .* fit\. Choose among stage \(s01, s02"):
        trace(tables_of(observations_of(lines)), area="FJI", year=2020, iccs="0401")


def test_tables_that_are_needed_are_named(tmp_path):
    tables = tables_of(observations_of("FJI 2020 0401 36"))
    del tables["lineage"]
    with pytest.raises(FileError, match="release: has no lineage"):
        trace(tables, area="FJI", year=2020, iccs="0401")
    with pytest.raises(FileError, match=r"has no trends\.parquet"):
        trace(tmp_path, area="FJI", year=2020, iccs="0401")


# As a document


class Balance(HTMLParser):
    """The text of a page, and whether its tags close."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_in_a_notebook_it_is_a_list_that_unfolds():
    found = trace(with_findings(), area="009", year=2020, iccs="0401")
    page = Balance()
    html = found._repr_html_()
    page.feed(html)
    assert page.open == []
    assert "<odd>" not in html
    assert sorted(page.text) == sorted(found.data["text"])


def test_of_many_branches_the_largest_are_printed_and_the_others_counted():
    rows = [{"node": 0, "parent": -1, "level": "figure", "text": "root", "lower": 1.0, "upper": 1.0}]
    rows += [{"node": number, "parent": 0, "level": "figure", "text": f"part {number}", "lower": float(number),
              "upper": float(number)} for number in range(1, 21)]  # fmt: skip
    found = Trace(pd.DataFrame(rows))
    lines = str(found).splitlines()
    assert lines[1] == "├─ part 20"
    assert lines[-1] == "└─ … and 8 more of the level figure"
    assert len(found.tree(None).splitlines()) == 21
    assert repr(found) == "Trace(21 branches)"


# In a release


@pytest.fixture(scope="module")
def published(example_round, tmp_path_factory):
    return release.publish(
        example_round.trends, tmp_path_factory.mktemp("traced") / "release",
        observations=example_round.observations, findings=example_round.report.data,
        lineage=example_round.lineage, returns=example_round.report.returns, definition=example_round.definition,
    )  # fmt: skip


def test_a_release_gives_the_same_trace_as_its_tables(published, example_round):
    asked = {"area": "FJI", "year": 2021, "iccs": "0101", "measure": "victims"}
    tables = {"trends": example_round.trends, "lineage": example_round.lineage,
              "observations": example_round.observations, "findings": example_round.report.data,
              "returns": example_round.report.returns}  # fmt: skip
    assert str(trace(published, **asked)) == str(trace(tables, **asked))
    assert set(trace(published, **asked).data["level"]) <= set(LEVELS)


def test_duckdb_joins_figures_to_their_cells(published, example_round):
    table = example_round.trends
    exact = table[table["value"].notna() & (table["method"].astype(str) != "estimated")]
    some = pd.concat([
        exact[exact["basis"] == "summed"].head(3), exact[exact["basis"] == "reported"].head(2),
    ])  # fmt: skip
    assert len(some) == 5
    for figure, value in zip(some["figure_id"], some["value"], strict=True):
        ((found,),) = duckdb.sql(TO_CELLS.format(folder=published, figure=figure)).fetchall()
        assert found == pytest.approx(value)


def test_only_rows_that_are_wanted_are_read(published, example_round):
    path = published / "trends.parquet"
    ids = example_round.trends["figure_id"].head(3).tolist()
    assert set(release.read_parquet(path, {"figure_id": ids})["figure_id"]) == set(ids)
    assert set(release.read_parquet(path, {"area": ["FJI"], "year": [2020, 2021]})["year"]) == {2020, 2021}
    assert release.read_parquet(path, {"area": []}).empty
    assert len(release.read_parquet(path)) == len(example_round.trends)


def test_estimates_and_links_go_into_a_release(tmp_path):
    tables = tables_of(observations_of("FJI 2020 0401 36"))
    folder = release.publish(
        tables["trends"], tmp_path / "release", classified=tables["classified"],
        estimates=frames.ESTIMATES.empty(),
    )  # fmt: skip
    for name in ("classified", "estimates"):
        assert list(release.read_parquet(folder / f"{name}.parquet")) == list(
            frames.FRAMES[name.capitalize()].columns
        )


# The command


def crimestats(*words):
    command = [sys.executable, "-W", "error", "-c", "from crimestats.cli import main; main()"]
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True, timeout=300)


def test_the_command_prints_the_tree(published):
    asked = ("--area", "FJI", "--year", 2021, "--iccs", "101", "--measure", "victims")
    done = crimestats("trace", published, *asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("Fiji 2021, 0101 Intentional homicide, victims")
    rows = json.loads(crimestats("trace", published, *asked, "--json", "-").stdout)
    assert [row["level"] for row in rows][:2] == ["figure", "observation"]
    assert crimestats("trace", published, *asked, "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--area", "FJI", "--year", 1900, "--iccs", "0101"], "there is no figure of FJI, 1900"),
        (
            ["--area", "FJI", "--year", 2021, "--iccs", "0101", "--where", "age"],
            "'age' is no column and code",
        ),
        (["--area", "FJI", "--year", 2021, "--iccs", "0101", "--store", "none/none.sqlite"], "none.sqlite"),
        (["--area", "FJI", "--year", 2021], "Missing option '--iccs'"),
    ],
)
def test_wrong_use_is_one_line(published, words, said):
    done = crimestats("trace", published, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_help_ends_with_an_example():
    assert "crimestats trace release/2024 --area FJI" in " ".join(
        crimestats("trace", "--help").stdout.split()
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"measure": "victims"}, "measure: no figure of FJI, 2020, 0401 has 'victims'. There is offences."),
        ({"sex": "X"}, "sex: no figure of FJI, 2020, 0401 has 'X'. There is F, _T."),
        (
            {"sex": "F", "where": {"age": "Y0T17"}},
            "age: no figure of FJI, 2020, 0401 has 'Y0T17'. There is _T.",
        ),
        ({"method": "panel"}, "method: no figure of FJI, 2020, 0401 has 'panel'. Leave it out"),
    ],
)
def test_a_choice_that_no_figure_has_is_named_with_what_there_is(asked, says):
    tables = tables_of(observations_of("FJI 2020 0401 36\nFJI 2020 0401 6 sex=F\nFJI 2020 0401 9 age=Y0T17"))
    with pytest.raises(CallError) as caught:
        trace(tables, area="FJI", year=2020, iccs="0401", **asked)
    assert says in str(caught.value)


def test_large_sums_with_a_rest_have_no_empty_decimal():
    tables = tables_of(observations_of("FJI 2020 0401 172323.04\nAUS 2020 0401 1234.56"))
    said = [str(trace(tables, area=area, year=2020, iccs="0401")).splitlines()[0] for area in ("FJI", "AUS")]
    assert ": 172,323 (exact, reported)" in said[0]
    assert ": 1,234.6 (exact, reported)" in said[1]


def test_how_a_figure_was_made_is_said_once():
    figures = tables_of(observations_of("FJI 2020 0401 36"))["trends"].head(1)
    for status, said in (("estimated", ": 36 (estimated);"), ("exact", ": 36 (exact, estimated);")):
        made = figures.assign(status=status, basis="estimated")
        assert said in figure_texts(made).iloc[0]
