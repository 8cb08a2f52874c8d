"""Figures of several sources on the same thing, side by side; one is used, none are added."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats.cli import app
from crimestats.errors import CallError, DefinitionError, FileError
from crimestats.files import read_csv, shipped
from crimestats.frames import SOURCES, TRAFFICKING
from crimestats.trafficking.judging import judged
from crimestats.trafficking.precedence import as_published, combine, compare, read_precedence, used
from crimestats.trafficking.side_by_side import named, side_by_side
from crimestats.trafficking.source_codes import measures, source_types
from crimestats.trafficking.sources import described_by, of_dataset, read_records, read_sources

EXAMPLE = shipped("questionnaires", "examples", "samplonia-sources-tip")

RECORDS = """source_id,source_type,title,method,period,geography,unit,reliability,published,part,stage
report,national_report,National report,administrative_records,calendar,national,person,high,2022,,
ngo,non_governmental_organisation,Shelters,service_data,calendar,national,person,medium,2022,,
ngo2,non_governmental_organisation,Helpline,service_data,calendar,national,person,high,2022,,
north,national_report,Northern police,administrative_records,calendar,subnational,person,high,2022,North,
fiscal,international_organisation,Office,service_data,other_period,national,person,high,2022,,
sums,international_organisation,Sums,service_data,cumulative,national,person,high,2022,,
calls,non_governmental_organisation,Calls,service_data,calendar,national,call,high,2022,,
assisted,international_organisation,Assisted,service_data,calendar,national,person,high,2022,,assisted
press,media,Press,compilation,calendar,national,person,low,2022,,
courts,court_cases,Judgments,case_files,calendar,national,person,high,2022,,
"""
HEAD = "source_id,area,year,measure,sex,age,country,value"


def folder(tmp_path, *rows, head=HEAD, records=RECORDS):
    (tmp_path / "sources.csv").write_text(records, encoding="utf-8")
    (tmp_path / "figures.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return tmp_path


def returns(*rows):
    """A dataset: (area, year, measure, sex, age, lower, upper)."""
    table = pd.DataFrame(rows, columns=["area", "year", "measure", "sex", "age", "lower", "upper"])
    keys = dict.fromkeys(("agency", "regime", "questionnaire", "period", "provisional"), "_U")
    keys |= dict.fromkeys(("exploitation", "citizenship", "country", "dimension"), "_T")
    keys |= dict.fromkeys(("area_label", "label", "findings", "note"), "")
    keys |= {"iccs": "0204", "unit": "number", "source": "CJS", "return_id": "r", "sheet": "s"}
    cells = [f"A{row}" for row in range(len(table))]
    exact = table["lower"] == table["upper"]
    stages = table["measure"].map(measures()["stage"]) if len(table) else ""
    return TRAFFICKING.cast(table.assign(
        **keys, stage=stages, cell=cells, figure_id=[f"r!s!{cell}" for cell in cells],
        value=table["lower"].where(exact), status=exact.map({True: "exact", False: "bounded"}),
    ))  # fmt: skip


def said(sources, *columns):
    named_columns = columns or ("source_id", "used", "reason")
    return [tuple(row) for row in sources[list(named_columns)].astype("str").to_numpy().tolist()]


def test_the_better_source_is_used_and_the_other_stays_with_its_difference(tmp_path):
    found = combine(
        returns(("FJI", 2020, "victims", "_T", "_T", 100.0, 100.0)),
        folder(tmp_path, "ngo,FJI,2020,victims,,,,130"),
    )
    assert said(found.sources) == [("government_return", "yes", "_Z"), ("ngo", "no", "lower_rank")]
    other = found.sources.iloc[1]
    assert (other["difference"], other["relative"]) == (30, pytest.approx(0.3))
    assert found.dataset["value"].tolist() == [100]
    assert list(found.sources["gap_filled"]) == ["no", "no"]


def test_a_gap_is_filled_and_says_so(tmp_path):
    whole = returns(("FJI", 2019, "victims", "_T", "_T", 100.0, 100.0))
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,130", "report,Fiji,2020,victims,,,,120"))
    assert said(found.sources, "source_id", "used", "gap_filled") == [
        ("government_return", "yes", "no"), ("report", "yes", "yes"), ("ngo", "no", "no"),
    ]  # fmt: skip
    filled = found.dataset[found.dataset["source"] != "CJS"]
    assert said(filled, "area", "year", "source", "value", "figure_id") == [
        ("FJI", "2020", "national_report", "120.0", "report!figures.csv!H3")
    ]
    assert found.findings["rule"].tolist() == ["TIP-27"]
    assert filled["findings"].tolist() == found.findings["finding_id"].tolist()
    assert "National report; reliability: high" in filled["note"].iloc[0]
    kept = found.dataset[found.dataset["source"] == "CJS"]
    assert kept.astype("str").equals(whole.astype("str"))


def test_parts_of_one_whole_are_of_one_source(tmp_path):
    whole = returns(
        ("FJI", 2020, "victims", "F", "Y_GE18", 60.0, 60.0),
        ("FJI", 2020, "victims", "M", "Y_GE18", 20.0, 20.0),
    )
    place = folder(
        tmp_path,
        "ngo,FJI,2020,victims,F,Y0T17,,30",
        "ngo,FJI,2020,victims,F,Y_GE18,,70",
        "ngo,FJI,2020,victims,,,,100",
    )
    found = combine(whole, place)
    assert set(said(found.sources)) == {
        ("government_return", "yes", "_Z"), ("ngo", "no", "mixed_table"), ("ngo", "no", "lower_rank"), ("ngo", "yes", "_Z"),
    }  # fmt: skip
    assert sorted(found.dataset["value"]) == [20, 60, 100]
    assert found.findings["rule"].tolist() == ["TIP-27", "TIP-28"]
    by_figure = combine(whole, place, fill="figure")
    assert sorted(by_figure.dataset["value"]) == [20, 30, 60, 100]


@pytest.mark.parametrize(
    ("source", "reason"),
    [("north", "subnational"), ("fiscal", "other_period"), ("sums", "cumulative"), ("calls", "other_unit"),
     ("assisted", "other_stage"), ("press", "never_used")],
)  # fmt: skip
def test_what_cannot_be_put_against_a_national_figure_of_the_year_is_shown_and_not_used(
    tmp_path, source, reason
):
    place = folder(tmp_path, f"{source},FJI,2020,victims,,,,130")
    found = combine(returns(), place)
    assert said(found.sources) == [(source, "no", reason)]
    assert found.dataset.empty
    if reason in ("other_period", "other_unit", "other_stage"):
        assert said(combine(returns(), place, also=(reason,)).sources) == [(source, "yes", "_Z")]


def test_a_return_for_another_period_is_still_the_figure_of_the_state(tmp_path):
    whole = returns(("FJI", 2020, "victims", "_T", "_T", 100.0, 100.0)).assign(period="other_period")
    found = combine(TRAFFICKING.cast(whole), folder(tmp_path, "report,FJI,2020,victims,,,,130"))
    assert said(found.sources, "source_id", "used") == [("government_return", "yes"), ("report", "no")]


def test_a_figure_that_a_return_hides_is_not_told_by_another_source(tmp_path):
    whole = returns(("FJI", 2020, "victims", "_T", "_T", 3.0, 3.0))
    whole = TRAFFICKING.cast(
        whole.assign(value=float("nan"), lower=float("nan"), upper=float("nan"), status="withheld")
    )
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,130"))
    assert said(found.sources, "source_id", "used") == [("government_return", "yes"), ("ngo", "no")]
    assert found.dataset["status"].tolist() == ["withheld"]


def test_a_return_that_says_nothing_leaves_a_gap(tmp_path):
    whole = returns(("FJI", 2020, "victims", "_T", "_T", 3.0, 3.0))
    whole = TRAFFICKING.cast(
        whole.assign(value=float("nan"), lower=float("nan"), upper=float("nan"), status="not_available")
    )
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,130"))
    assert set(said(found.sources)) == {("government_return", "no", "no_figure"), ("ngo", "yes", "_Z")}
    assert found.dataset["value"].tolist() == [130]


def test_a_country_and_its_parts_are_not_both_used(tmp_path):
    whole = returns(
        ("GBR_S", 2020, "victims", "_T", "_T", 10.0, 10.0), ("GBR_NI", 2020, "victims", "_T", "_T", 5.0, 5.0)
    )
    found = combine(whole, folder(tmp_path, "ngo,GBR,2020,victims,,,,500", "ngo,GBR_E_W,2020,victims,,,,400"))
    assert dict(zip(found.sources["area"], found.sources["reason"], strict=True)) == {
        "GBR": "other_area", "GBR_E_W": "_Z", "GBR_NI": "_Z", "GBR_S": "_Z",
    }  # fmt: skip


def test_ties_go_to_the_more_reliable_and_are_asked_about(tmp_path):
    found = combine(returns(), folder(tmp_path, "ngo,FJI,2020,victims,,,,130", "ngo2,FJI,2020,victims,,,,90"))
    assert said(found.sources) == [("ngo2", "yes", "_Z"), ("ngo", "no", "same_rank")]
    query = found.findings[found.findings["rule"] == "TIP-26"].iloc[0]
    assert (query["severity"], query["value"], query["others"]) == ("query", "90", "Shelters says 130")
    same = combine(returns(), folder(tmp_path, "ngo,FJI,2020,victims,,,,<100", "ngo2,FJI,2020,victims,,,,90"))
    assert "TIP-26" not in set(same.findings["rule"])


def test_ranks_are_by_measure(tmp_path):
    rows = [
        f"{source},FJI,2020,{measure},,,,9"
        for source in ("report", "courts")
        for measure in ("victims", "convicted")
    ]
    found = combine(returns(), folder(tmp_path, *rows))
    taken = found.sources[found.sources["used"] == "yes"]
    assert dict(zip(taken["measure"], taken["source_id"], strict=True)) == {
        "victims": "report",
        "convicted": "courts",
    }


def test_an_order_of_your_own(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("source_type,measure,rank\nnon_governmental_organisation,_T,1\ngovernment_return,_T,2\n")
    whole = returns(
        ("FJI", 2020, "victims", "_T", "_T", 100.0, 100.0), ("FJI", 2020, "victims", "F", "_T", 70.0, 70.0)
    )
    found = combine(
        whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,130", "report,FJI,2021,victims,,,,1"), precedence=own
    )
    assert sorted(found.dataset["value"]) == [70, 130]
    assert set(said(found.sources, "source_id", "used", "reason")) == {
        ("ngo", "yes", "_Z"), ("government_return", "no", "lower_rank"), ("government_return", "yes", "_Z"),
        ("report", "no", "never_used"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column"),
    [("ngos,_T,1", "source_type"), ("media,victim,1", "measure"), ("media,_T,first", "rank")],
)
def test_a_wrong_order_is_refused_with_line_and_column(tmp_path, line, column):
    own = tmp_path / "own.csv"
    own.write_text(f"source_type,measure,rank\ngovernment_return,_T,1\n{line}\n")
    with pytest.raises(DefinitionError, match=f"line 3, column {column}"):
        read_precedence(own)


def test_bounds_of_a_difference_are_those_of_intervals(tmp_path):
    whole = returns(("FJI", 2020, "victims", "_T", "_T", 0.0, 4.0))
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,120-150"))
    other = found.sources.iloc[1]
    assert (other["difference_lower"], other["difference_upper"]) == (116, 150)
    assert other[["difference", "relative", "relative_upper"]].isna().all()
    assert other["relative_lower"] == 120 / 4 - 1


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.integers(0, 30)] * 4))
def test_a_difference_holds_every_pair_of_values(numbers):
    low, high = sorted(numbers[:2])
    least, most = sorted(numbers[2:])
    figures = pd.concat([
        of_dataset(returns(("FJI", 2020, "victims", "_T", "_T", float(low), float(high)))),
        of_dataset(returns(("FJI", 2020, "victims", "_T", "_T", float(least), float(most)))).assign(
            source_id="ngo", source_type="non_governmental_organisation"
        ),
    ])  # fmt: skip
    other = compare(SOURCES.join(figures)).set_index("source_id").loc["ngo"]
    pairs = [two - one for one in range(low, high + 1) for two in range(least, most + 1)]
    assert (other["difference_lower"], other["difference_upper"]) == (min(pairs), max(pairs))


def test_figures_of_one_source_that_differ_all_stand_and_are_told(tmp_path):
    found = combine(returns(), folder(tmp_path, "ngo,FJI,2020,victims,,,,130", "ngo,FJI,2020,victims,,,,140"))
    assert list(found.sources["used"]) == ["yes", "yes"]
    twice = found.findings[found.findings["rule"] == "TIP-24"].iloc[0]
    assert (twice["value"], twice["others"], twice["expected"]) == ("130", "140", "130 to 140")
    same = combine(returns(), folder(tmp_path, "ngo,FJI,2020,victims,,,,130", "ngo,FJI,2020,victims,,,,130"))
    assert "TIP-25" in set(same.findings["rule"])


def test_filled_parts_that_are_more_than_the_total_are_asked_about(tmp_path):
    whole = returns(("FJI", 2020, "victims", "_T", "_T", 100.0, 100.0))
    rows = ["ngo,FJI,2020,victims,F,,,80", "ngo,FJI,2020,victims,M,,,30"]
    assert "TIP-29" in set(combine(whole, folder(tmp_path, *rows)).findings["rule"])
    fitting = ["ngo,FJI,2020,victims,F,,,70", "ngo,FJI,2020,victims,M,,,30"]
    assert "TIP-29" not in set(combine(whole, folder(tmp_path, *fitting)).findings["rule"])


@pytest.mark.parametrize(
    ("row", "rule", "cell", "value"),
    [
        ("ngo,FJI,2020,victim,,,,1", "TIP-20", "H2", "victim"),
        ("ngo,FJI,2020,victims,X,,,1", "TIP-20", "H2", "X"),
        ("ngo,Fidji Islandz,2020,victims,,,,1", "TIP-21", "H2", "Fidji Islandz"),
        ("ngo,_U,2020,victims,,,,1", "TIP-21", "H2", "_U"),
        ("ngo,FJI,2020,victims,,,Nowhere,1", "TIP-21", "H2", "Nowhere"),
        ("ngo,FJI,20,victims,,,,1", "TIP-22", "H2", "20"),
        ("ngo,FJI,2023,victims,,,,1", "TIP-22", "H2", "2023"),
        ("ngo,FJI,2020,victims,,,,about 50", "TIP-23", "H2", "about 50"),
        ("ngo,FJI,2020,victims,,,,-5", "TIP-23", "H2", "-5"),
        ("ngo,FJI,2020,victims,,,,12.5", "TIP-23", "H2", "12.5"),
    ],
)
def test_a_wrong_row_is_told_and_gives_no_figure(tmp_path, row, rule, cell, value):
    read = read_sources(folder(tmp_path, row, "ngo,FJI,2019,victims,,,,7"))
    assert said(read.findings, "rule", "cell", "value") == [(rule, cell, value)]
    assert read.figures["lower"].dropna().tolist() == [7]


def test_values_as_they_are_written(tmp_path):
    texts = ["<5", '"1,122"', "120-150", "n.a.", "c"]
    read = read_sources(
        folder(tmp_path, *(f"ngo,FJI,{2010 + n},victims,,,,{text}" for n, text in enumerate(texts)))
    )
    shown = read.figures.assign(
        **{name: read.figures[name].astype("object").fillna("none") for name in ("lower", "upper")}
    )
    assert said(shown, "lower", "upper", "status") == [
        ("0.0", "4.0", "bounded"), ("1122.0", "1122.0", "exact"), ("120.0", "150.0", "bounded"),
        ("none", "none", "not_available"), ("none", "none", "suppressed"),
    ]  # fmt: skip


def test_keys_are_those_of_the_dataset(tmp_path):
    head = "source_id,area,year,measure,iccs,citizenship,country,value"
    rows = [
        "ngo,FJI,2020,victims,,,FJI,1", "ngo,FJI,2020,victims,,NAT,,1", "ngo,FJI,2020,victims,,,Nigeria,1",
        "ngo,FJI,2020,victims,,FOR,,1", "ngo,FJI,2020,repatriated,,,AUS,1", "ngo,FJI,2020,repatriated,,,,1",
        "ngo,FJI,2020,victims,02041,,,1", "ngo,FJI,2020,victims,,,,1",
    ]  # fmt: skip
    read = read_sources(folder(tmp_path, *rows, head=head))
    assert said(read.figures, "dimension", "citizenship", "country") == [
        ("citizenship", "NAT", "FJI"), ("citizenship", "NAT", "FJI"), ("citizenship", "FOR", "NGA"),
        ("citizenship", "FOR", "_T"), ("repatriation", "NAT", "AUS"), ("_T", "NAT", "_T"),
        ("exploitation", "_T", "_T"), ("_T", "_T", "_T"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "place"),
    [
        (RECORDS.replace("ngo2,non", "ngo,non"), "line 4, column source_id"),
        (RECORDS.replace(",media,", ",medium,"), "line 10, column source_type"),
        (RECORDS.replace("other_period", "fiscal"), "line 6, column period"),
        (RECORDS.replace("medium,2022", "medium,May 2022"), "line 3, column published"),
        (RECORDS.replace("reliability", "reliabilty"), "line 1"),
        (RECORDS.replace("report,national", "government_return,national"), "line 2, column source_id"),
    ],
)
def test_a_wrong_record_is_refused_with_line_and_column(tmp_path, records, place):
    with pytest.raises(DefinitionError, match=place):
        read_records(folder(tmp_path, records=records) / "sources.csv")


def test_figures_of_a_source_without_record_or_under_unknown_columns_are_refused(tmp_path):
    with pytest.raises(DefinitionError, match="line 2, column source_id"):
        read_sources(folder(tmp_path, "who,FJI,2020,victims,,,,1"))
    with pytest.raises(DefinitionError, match="citizenhip"):
        read_sources(folder(tmp_path, head="source_id,area,year,measure,citizenhip,value"))
    (tmp_path / "figures.csv").unlink()
    with pytest.raises(FileError):
        read_sources(tmp_path)


def test_choices_that_there_are_not(tmp_path):
    figures = read_sources(folder(tmp_path, "ngo,FJI,2020,victims,,,,1")).figures
    with pytest.raises(CallError, match="fill"):
        compare(figures, fill="all")
    with pytest.raises(CallError, match="subnational"):
        compare(figures, also=("subnational",))


def test_figures_side_by_side_do_not_tell_what_is_hidden(tmp_path):
    whole = returns(
        ("FJI", 2020, "victims", "_T", "_T", 3.0, 3.0), ("FJI", 2020, "victims", "F", "_T", 50.0, 50.0)
    )
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,13"))
    assert found.sources["difference"].dropna().tolist() == [10]
    hidden = whole.assign(value=[float("nan")] * 2, lower=[0.0, float("nan")], upper=[4.0, float("nan")])
    shown = as_published(found, TRAFFICKING.cast(hidden.assign(status=["bounded", "withheld"])))
    own = shown.sources[shown.sources["source_id"] == "government_return"]
    assert own["value"].isna().all()
    assert set(own["status"]) == {"bounded", "withheld"}
    other = shown.sources[shown.sources["source_id"] == "ngo"].iloc[0]
    assert (other["difference_lower"], other["difference_upper"]) == (9, 13)
    assert pd.isna(other["difference"])


def test_nameless_forms_and_countries_are_never_the_same_thing():
    whole = returns(*[("FJI", 2020, "victims", "_T", "_T", 9.0, 9.0)] * 2)
    nameless = TRAFFICKING.cast(
        whole.assign(exploitation="OTH_1", iccs="02043+02044", dimension="exploitation")
    )
    other = of_dataset(nameless).assign(source_id="ngo", source_type="media", figure_id=["x", "y"])
    table = compare(SOURCES.join(of_dataset(nameless), other))
    assert set(table.loc[table["source_id"] == "ngo", "difference_lower"].isna()) == {True}


def test_unknown_areas_stay_in_the_dataset(tmp_path):
    whole = returns(
        ("_U", 2020, "victims", "_T", "_T", 9.0, 9.0), ("FJI", 2020, "victims", "_T", "_T", 8.0, 8.0)
    )
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,13"))
    assert len(found.sources) == 2
    assert found.dataset.astype("str").equals(whole.astype("str"))


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(6)))
def test_the_same_figures_are_used_whatever_the_order_of_the_rows(order):
    records = read_records(EXAMPLE / "sources.csv")
    read = read_sources(EXAMPLE).figures.query("sheet == 'figures.csv'").reset_index(drop=True)
    assert set(read["source_id"]) < set(records["source_id"])
    places = [row for start in order for row in range(start, len(read), 6)]
    shuffled, _ = judged(compare(read.take(places)))
    straight, _ = judged(compare(read))
    columns = ["figure_id", "used", "reason", "difference_lower", "findings"]
    one, two = (
        table[columns].astype("str").sort_values("figure_id", ignore_index=True)
        for table in (shuffled, straight)
    )
    assert one.equals(two)


def test_tables_of_the_room_hold_together():
    order = read_csv(shipped("questionnaires", "trafficking", "precedence.csv"))
    assert set(order.loc[order["measure"] == "_T", "source_type"]) == set(source_types().index)
    assert set(order["measure"]) <= {"_T", *measures().index}
    rules = read_csv(shipped("questionnaires", "trafficking", "source_rules.csv"))
    assert rules["rule"].is_unique
    assert set(rules["severity"]) <= {"error", "query", "note"}
    assert rules["rule"].between("TIP-20", "TIP-40").all()


def test_side_by_side(tmp_path):
    whole = returns(
        ("FJI", 2020, "victims", "_T", "_T", 1000.0, 1000.0), ("FJI", 2019, "victims", "_T", "_T", 8.0, 8.0)
    )
    found = combine(whole, folder(tmp_path, "ngo,FJI,2020,victims,,,,<5", "north,FJI,2020,victims,,,,7"))
    (row,) = side_by_side(found.sources).to_dict("records")
    assert [row[name] for name in ("government_return", "north", "ngo", "used")] == [
        "1,000 *", "(7, subnational)", "0 to 4", "government_return",
    ]  # fmt: skip
    assert len(side_by_side(found.sources, every=True)) == 2
    women = compare(read_sources(folder(tmp_path, "ngo,FJI,2020,victims,F,Y_GE18,,<5")).figures)
    assert named(side_by_side(women)).tolist() == ["detected victims by sex and age: F Y_GE18"]


def test_the_command_writes_what_it_is_asked_for(tmp_path):
    asked = {"--out": "sources.parquet", "--table": "side.xlsx", "--used": "used.parquet"}
    words = [word for option, name in asked.items() for word in (option, str(tmp_path / name))]
    done = CliRunner().invoke(app, ["trafficking", "sources", str(EXAMPLE), *words], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "rapporteur 131 *" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == set(asked.values())
    assert set(pd.read_parquet(tmp_path / "sources.parquet")["used"]) == {"yes", "no"}
    small = pd.read_parquet(tmp_path / "sources.parquet").query("sheet == 'cases' and unit == 'number'")
    assert len(small) > 100
    assert not small["value"].between(0, 4).any()
    shown = CliRunner().invoke(app, ["trafficking", "sources", str(EXAMPLE), "--json", "-"])
    assert {row["area"] for row in json.loads(shown.stdout)} == {"SMP"}


def test_the_command_refuses_places_and_choices(tmp_path):
    for words, fault in (
        (["--out", str(tmp_path / "x.txt")], "x.txt"), (["--table", str(tmp_path / "x.parquet")], "x.parquet"),
        (["--out", str(tmp_path / "x.csv"), "--table", str(tmp_path / "x.csv")], "the place of --out too"),
        (["--out", str(tmp_path / "no" / "x.csv")], "no such folder"), (["--also", "subnational"], "also"), (["--threshold", "1"], "threshold"),
    ):  # fmt: skip
        done = CliRunner().invoke(app, ["trafficking", "sources", str(EXAMPLE), *words])
        assert fault in str(done.exception)


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ("sources", "--out", "sources.csv"), ("sources", "--out", "figures.csv"), ("sources", "--table", "figures.csv"),
        ("sources", "--json", "sources.csv"), ("sources", "--out", "shelter-cases/victims.csv"), ("sources", "--out", "order.csv"),
        ("cases", "--out", "shelter-cases/victims.csv"), ("cases", "--json", "shelter-cases/events.csv"),
    ],
)  # fmt: skip
def test_the_commands_never_write_over_what_they_read(tmp_path, command, option, name):
    place = tmp_path / "folder"
    shutil.copytree(EXAMPLE, place)
    (place / "order.csv").write_text("source_type,measure,rank\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    own = ["--precedence", str(place / "order.csv")] if command == "sources" else []
    folder_ = place if command == "sources" else place / "shelter-cases"
    done = CliRunner().invoke(app, ["trafficking", command, str(folder_), *own, option, str(place / name)])
    assert f"{Path(name).name} is a file that is read" in str(done.exception)
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_every_source_of_the_example_is_described():
    read = read_sources(EXAMPLE)
    assert read.findings.query("severity == 'error'").empty
    assert set(read.figures["source_id"]) == set(read.records["source_id"])
    again = described_by(read.figures, read.records)
    assert again["source_title"].equals(read.figures["source_title"])
    assert used(compare(read.figures))["source"].isin(source_types().index).all()
