"""Accepted figures: nothing is overwritten, lost or doubled, and every vintage can be read for ever."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer import Typer
from typer.testing import CliRunner

import crimestats as cs
from crimestats import areas, release
from crimestats import store as stores
from crimestats.cli import store as commands
from crimestats.errors import CallError, FileError
from crimestats.files import shipped
from crimestats.frames import OBSERVATIONS, RETURNS, REVISIONS, SERIES
from crimestats.store import Store
from crimestats.store.accepting import OUTCOMES

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
import acceptance

START = datetime(2024, 5, 1, tzinfo=UTC)
PERSONS = pd.DataFrame(
    {"area": ["SMP", "PRT"], "year": [2022, 2022], "sex": "_T", "age": "_T", "population": [1_000_000.0, 2e6]}
)


def at(hours):
    return START + timedelta(hours=hours)


def obs(*rows, **of):
    """Figures as (item, value) or (item, status), of SMP in 2022; further columns by name."""
    listed = []
    for item, said in rows:
        number = np.nan if isinstance(said, str) else float(said)
        row = dict.fromkeys(OBSERVATIONS.columns, "_T") | {
            "area": "SMP", "year": 2022, "item": item, "scheme": "iccs-1.0", "code": "0101", "unit": "number",
            "value": number, "lower": number, "upper": number, "segment": 1, "questionnaire": "cts",
            "status": said if isinstance(said, str) else "exact", "agency": "Office", "regime": "_U",
            "period": "calendar", "provisional": "no", "findings": "", "note": "", "return_id": "SMP.xlsx",
            "sheet": "Violent", "cell": "D27",
        }  # fmt: skip
        listed.append(row | of)
    return OBSERVATIONS.cast(pd.DataFrame(listed, columns=list(OBSERVATIONS.columns)))


def bounded(item, lower, upper, **of):
    return obs((item, "bounded"), **of).assign(lower=float(lower), upper=float(upper))


def files(*rows):
    """Files as (return_id, sha256), or (return_id, sha256, status, area)."""
    listed = []
    for name, sha, *more in rows:
        status, area = more or ("read", "SMP")
        listed.append({"return_id": name, "file": name, "sha256": sha, "questionnaire": "cts", "area": area,
                       "agency": "Office", "language": "en", "status": status})  # fmt: skip
    return RETURNS.cast(pd.DataFrame(listed, columns=list(RETURNS.columns)))


def held(store, vintage=None):
    """What stands: (area, item) to the value, or to the status where there is none."""
    table = stores.as_of(store, vintage)
    said = [row.status if np.isnan(row.value) else row.value for row in table.itertuples()]
    keys = list(zip(table["area"], table["item"], strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, said, strict=True))


def counts(told):
    return {name: told.count(name) for name in OUTCOMES if told.count(name)}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """A store's place and the folder of its figures, once in each database."""
    if request.param == "sqlite":
        return tmp_path / "kept", None
    return request.getfixturevalue("database"), tmp_path / "figures"


@pytest.fixture
def store(place):
    with Store.open(place[0], files=place[1]) as opened:
        yield opened


def test_a_later_return_supersedes_figure_by_figure(store):
    first = stores.accept(obs(("a", 1), ("b", 2), ("c", "blank")), store, by=" Ana ", at=at(0))
    second = stores.accept(obs(("a", 5), ("b", "blank"), ("d", 4)), store, by="Ben", at=at(1))
    assert (first.vintage, second.vintage, first.is_new, second.is_new) == (1, 2, True, True)
    assert held(store, 1) == {("SMP", "a"): 1, ("SMP", "b"): 2, ("SMP", "c"): "blank"}
    assert held(store) == {("SMP", "a"): 5, ("SMP", "b"): 2, ("SMP", "c"): "blank", ("SMP", "d"): 4}
    assert stores.as_of(store).set_index("item")["vintage"].to_dict() == {"a": 2, "b": 1, "c": 1, "d": 2}
    assert counts(first) == {"new": 2, "empty": 1}
    assert counts(second) == {"changed": 1, "standing": 1, "new": 1}
    log = stores.log(store)
    shown = [
        "vintage",
        "at",
        "by",
        "figures",
        "new",
        "changed",
        "withdrawn",
        "returns",
        "areas",
        "questionnaires",
    ]
    assert log[shown].to_numpy().tolist() == [
        [1, "2024-05-01T00:00:00.000000+00:00", "Ana", 3, 2, 0, 0, 1, "SMP", "cts"],
        [2, "2024-05-01T01:00:00.000000+00:00", "Ben", 3, 1, 1, 0, 1, "SMP", "cts"],
    ]


SAID = [
    (5, 5, "changed"), ("not_available", "not_available", "withdrawn"), ("suppressed", "suppressed", "withdrawn"),
    ("not_applicable", "not_applicable", "withdrawn"), ("not_collected", "not_collected", "withdrawn"),
    ("blank", 1, "standing"), ("unreadable", 1, "standing"), ("text", 1, "standing"), ("withheld", 1, "standing"),
    ("ambiguous", 1, "standing"), ("misdated", 1, "standing"), ("impossible", 1, "standing"), (1, 1, "unchanged"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "stands", "outcome"), SAID)
def test_what_takes_a_figure_back(said, stands, outcome):
    with Store.open(None) as store:
        stores.accept(obs(("a", 1)), store)
        told = stores.accept(obs(("a", said)), store)
        assert counts(told) == {outcome: 1}
        assert held(store) == {("SMP", "a"): stands}
        assert told.is_new == (outcome in ("changed", "withdrawn"))


def test_every_status_of_the_codelist_was_tried_or_is_a_figure():
    codes = pd.read_csv(shipped("questionnaires", "codelists.csv"), dtype=str)
    known = set(codes.loc[codes.iloc[:, 0] == "status"].iloc[:, 1])
    assert known - {said for said, *_ in SAID} == {"exact", "bounded", "conflicting"}


def test_what_was_withdrawn_stays_so_until_there_is_a_figure_again():
    with Store.open(None) as store:
        for said in (1, "not_available", "blank", "unreadable"):
            stores.accept(obs(("a", said)), store)
        assert held(store) == {("SMP", "a"): "not_available"}
        assert counts(stores.accept(obs(("a", 3)), store)) == {"new": 1}
        assert held(store) == {("SMP", "a"): 3}


def test_bounds_supersede_as_figures_do():
    with Store.open(None) as store:
        stores.accept(obs(("a", 1)), store)
        assert counts(stores.accept(bounded("a", 0, 4), store)) == {"changed": 1}
        row = stores.as_of(store).iloc[0]
        assert (row["lower"], row["upper"], row["status"]) == (0, 4, "bounded")
        assert np.isnan(row["value"])


@pytest.mark.parametrize(
    "other",
    [{"area": "PRT"}, {"agency": "Courts"}, {"questionnaire": "glotip"}, {"year": 2021}, {"scheme": "x"}]
    + [{name: "other"} for name in SERIES],
)
def test_what_tells_figures_apart(other):
    with Store.open(None) as store:
        stores.accept(obs(("a", 1)), store)
        assert counts(stores.accept(obs(("a", 2), **other), store)) == {"new": 1}
        assert sorted(stores.as_of(store)["value"]) == [1, 2]


@pytest.mark.parametrize(
    "other", [{"agency": " OFFICE "}, {"return_id": "B.xlsx"}, {"code": "0102"}, {"cell": "E1"}]
)
def test_what_does_not_tell_figures_apart(other):
    with Store.open(None) as store:
        stores.accept(obs(("a", 1)), store)
        assert counts(stores.accept(obs(("a", 2), **other), store)) == {"changed": 1}
        assert held(store) == {("SMP", "a"): 2}


@pytest.mark.parametrize("name", ["code", "regime", "period", "provisional", "note"])
def test_what_is_said_of_a_figure_travels_with_it(store, name):
    stores.accept(obs(("a", 1)), store)
    told = stores.accept(obs(("a", 1), **{name: "other"}), store)
    assert (counts(told), told.is_new) == ({"described": 1}, True)
    assert stores.as_of(store)[name].astype(str).tolist() == ["other"]
    assert stores.as_of(store, 1)[name].astype(str).tolist() != ["other"]


def test_the_same_figures_are_not_accepted_twice(store):
    figures = obs(("a", 1), ("b", "blank"), ("c", "not_available"), ("d", "text"))
    stores.accept(figures, store)
    told = stores.accept(figures.iloc[::-1], store)
    assert (told.vintage, told.is_new) == (1, False)
    assert len(stores.log(store)) == 1
    assert len(list(store.files.iterdir())) == 2  # the figures and the population


def test_the_same_workbook_is_not_a_later_one(store):
    stores.accept(obs(("a", 1), ("b", 1)), store, returns=files(("SMP.xlsx", "s1")))
    stores.accept(obs(("a", 2)), store, returns=files(("SMP.xlsx", "s2")))
    told = stores.accept(
        obs(("a", 1), ("b", 1)), store, returns=files(("old/SMP.xlsx", "s1"), ("SMP.xlsx", "s1"))
    )
    assert (counts(told), told.is_new) == ({"outdated": 1, "unchanged": 1}, False)
    assert held(store) == {("SMP", "a"): 2, ("SMP", "b"): 1}


def test_the_same_workbook_read_otherwise_replaces_its_own_figures_only(store):
    stores.accept(obs(("a", 1), ("b", 1)), store, returns=files(("SMP.xlsx", "s1")))
    stores.accept(obs(("a", 2)), store, returns=files(("SMP.xlsx", "s2")))
    told = stores.accept(obs(("a", 7), ("b", 7)), store, returns=files(("SMP.xlsx", "s1")))
    assert counts(told) == {"outdated": 1, "changed": 1}
    assert held(store) == {("SMP", "a"): 2, ("SMP", "b"): 7}


def test_an_acceptance_can_be_undone_by_accepting_the_earlier_workbook_again(store):
    for value, sha in ((1, "s1"), (2, "s2")):
        stores.accept(obs(("a", value)), store, returns=files(("SMP.xlsx", sha)))
    told = stores.accept(obs(("a", 1)), store, returns=files(("SMP.xlsx", "s1")), again=True)
    assert counts(told) == {"changed": 1}
    assert held(store) == {("SMP", "a"): 1}
    assert held(store, 2) == {("SMP", "a"): 2}


def test_a_workbook_that_repeats_what_is_known_is_on_record(store):
    stores.accept(obs(("a", 1)), store, returns=files(("SMP.xlsx", "s1")))
    told = stores.accept(
        obs(("a", 1)), store, returns=files(("B.xlsx", "s2"), ("C.xlsx", "", "refused", "SMP"))
    )
    assert (told.vintage, told.is_new) == (2, True)
    listed = stores.accepted_returns(store)
    assert listed[["vintage", "return_id", "sha256", "since"]].to_numpy().tolist() == [
        [1, "SMP.xlsx", "s1", 1], [2, "SMP.xlsx", "", 2], [2, "B.xlsx", "s2", 2],
    ]  # fmt: skip
    assert stores.accepted_before(store, files(("x", "s2"), ("y", "s9"), ("z", ""))).to_dict() == {
        "x": 2, "y": 0, "z": 0,
    }  # fmt: skip


def test_what_two_agencies_say_differently_stays_side_by_side(store):
    stores.accept(obs(("a", 1), ("b", 3), agency="Police"), store)
    told = stores.accept(obs(("a", 2), ("b", 3), agency="Courts"), store)
    assert told.conflicts == 1
    table = stores.as_of(store)
    assert [*zip(table["item"], table["agency"], table["value"], strict=True)] == [
        ("a", "Courts", 2), ("a", "Police", 1), ("b", "Courts", 3), ("b", "Police", 3),
    ]  # fmt: skip
    assert cs.tabulate(cs.classify(table), areas.population()).query("area == 'SMP'")["status"].tolist() == [
        "conflicting"
    ]


def test_rows_that_stand_twice_in_a_published_table_both_stay(store):
    both = OBSERVATIONS.join(obs(("a", 1)), obs(("a", 2), cell="E5"))
    assert counts(stores.accept(both, store)) == {"new": 2}
    assert not stores.accept(both.iloc[::-1], store).is_new
    assert stores.as_of(store)["value"].tolist() == [1, 2]
    stores.accept(obs(("a", 3)), store)
    assert stores.as_of(store)["value"].tolist() == [3]


def test_figures_of_no_known_area_are_left_out_and_said():
    with Store.open(None) as store:
        figures = OBSERVATIONS.join(obs(("a", 1)), obs(("a", 2), area="_U", return_id="X.xlsx"))
        told = stores.accept(
            figures, store, returns=files(("SMP.xlsx", "s1"), ("X.xlsx", "s2", "read", "_U"))
        )
        assert told.strangers == ("X.xlsx",)
        assert held(store) == {("SMP", "a"): 1}
        assert stores.accepted_returns(store)["return_id"].tolist() == ["SMP.xlsx"]


def years(first, segments, item="a", **of):
    rows = [obs((item, year), year=year, **of).assign(segment=segment)
            for year, segment in enumerate(segments, first)]  # fmt: skip
    return OBSERVATIONS.join(*rows)


def segments(store, vintage=None, **of):
    table = stores.as_of(store, vintage)
    for name, value in ({"area": "SMP", "item": "a"} | of).items():
        table = table[table[name] == value]
    return table.sort_values("year", kind="stable")["segment"].tolist()


SEAMS = [
    # a later return declares a break in its own first year, and one that lies before it
    ([0, 0, 0], 2018, [2018, 2018], [0, 0, 0, 2018, 2018]),
    ([0, 0, 0], 2018, [2017, 2017], [0, 0, 2017, 2017, 2017]),
    # it declares what the earlier one did, one more, and none
    ([0, 2016, 2016], 2017, [2016, 2016], [0, 2016, 2016, 2016]),
    ([0, 2016, 2016], 2017, [2016, 2018], [0, 2016, 2016, 2018]),
    ([0, 2016, 2016], 2017, [0, 0], [0, 2016, 2016, 2016]),
    # it gives all anew
    ([0, 2016, 2017], 2015, [0, 0, 0], [0, 2016, 2017]),
    ([1, 1, 1], 2018, [0, 0], [0, 0, 0, 0, 0]),
]


@pytest.mark.parametrize(("old", "first", "new", "found"), SEAMS)
def test_a_break_that_any_return_declared_stays(old, first, new, found):
    with Store.open(None) as store:
        stores.accept(OBSERVATIONS.join(years(2015, old), years(2015, [0] * 3, item="b")), store)
        own = [max(segment, 0) if segment > 1 else 0 for segment in old]
        assert segments(store) == own
        stores.accept(OBSERVATIONS.join(years(first, new), years(2015, [0, 2016], area="PRT")), store)
        assert segments(store) == found
        assert segments(store, 1) == own  # what stood before knows no later break
        assert segments(store, item="b") == [0] * 3
        assert segments(store, area="PRT") == [0, 2016]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(2010, 2016), st.integers(1, 6), st.sets(st.integers(2008, 2020))),
        min_size=1,
        max_size=4,
    )
)
def test_no_two_figures_of_a_segment_lie_on_both_sides_of_a_break(returns):
    known = set()
    with Store.open(None) as store:
        for number, (first, n_years, declared) in enumerate(returns):
            said = [
                max((each for each in declared if each <= year), default=0)
                for year in range(first, first + n_years)
            ]
            known |= set(said) - {0}
            rows = years(first, said, return_id=f"{number}.xlsx")
            stores.accept(rows.assign(value=rows["value"] + number), store)
        table = stores.as_of(store)
    expected = [max((each for each in known if each <= year), default=0) for year in table["year"]]
    assert table["segment"].tolist() == expected


@pytest.mark.parametrize("segment", [2, 999, 2023])
def test_a_segment_that_is_no_year_before_the_figure_is_refused(segment):
    with Store.open(None) as store, pytest.raises(CallError, match=f"segment {segment} .SMP, a, 2022."):
        stores.accept(obs(("a", 1)).assign(segment=segment), store)


def test_a_vintage_is_named_by_number_or_time(store):
    for hours in (0, 2):
        stores.accept(obs(("a", hours)), store, at=at(hours))
    cases = [(1, 0), (2, 2), (None, 2), (at(0), 0), (at(1), 0), (at(2), 2), (at(9), 2)]
    assert [held(store, which)["SMP", "a"] for which, _ in cases] == [value for _, value in cases]
    assert held(store, at(-1)) == {}
    OBSERVATIONS.check(stores.as_of(store, at(-1)))
    for which, says in ((0, "is none"), (3, "1 to 2"), (datetime(2024, 5, 1), "no time zone")):  # noqa: DTZ001
        with pytest.raises(CallError, match=says):
            stores.as_of(store, which)
    with pytest.raises(CallError, match="before the last"):
        stores.accept(obs(("a", 5)), store, at=at(1))
    assert stores.accept(obs(("a", 5)), store).vintage == 3


def test_an_empty_store_holds_nothing(store):
    assert len(stores.as_of(store)) == len(stores.log(store)) == len(stores.check(store)) == 0
    told = stores.accept(OBSERVATIONS.empty(), store)
    assert (told.vintage, told.is_new, len(told.figures)) == (0, False, 0)
    with pytest.raises(CallError, match="nothing was accepted"):
        stores.population_as_of(store)


def test_a_trial_keeps_nothing(place):
    with Store.open(place[0], files=place[1]) as store:
        stores.accept(obs(("a", 1)), store)
    with Store.open(place[0], files=place[1], trial=True) as store:
        before = sorted(store.files.iterdir())
        assert counts(stores.accept(obs(("a", 2)), store)) == {"changed": 1}
        assert held(store) == {("SMP", "a"): 1}
        assert sorted(store.files.iterdir()) == before


def test_a_store_may_be_named_by_its_place(tmp_path):
    cs.store.accept(obs(("a", 1)), tmp_path / "kept")
    assert held(str(tmp_path / "kept")) == {("SMP", "a"): 1}
    assert len(stores.log(tmp_path / "kept")) == 1
    with pytest.raises(FileError, match="is not there"):
        stores.log(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_files_are_read_without_us_and_never_written_to(store):
    stores.accept(obs(("a", 1), ("b", 2)), store, returns=files(("SMP.xlsx", "s1")))
    name = stores.log(store)["file"].iloc[0]
    path = store.files / f"{name}.parquet"
    assert not path.stat().st_mode & 0o222
    plain = pd.read_parquet(path)
    assert plain[["area", "item", "value"]].to_numpy().tolist() == [["SMP", "a", 1.0], ["SMP", "b", 2.0]]
    assert release.read_parquet(path)["value"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("fault", ["gone", "damaged", "swapped"])
def test_a_file_that_is_not_what_was_accepted_is_an_error(store, fault):
    for value in (1, 2):
        stores.accept(obs(("a", value)), store)
    one, two = (store.files / f"{name}.parquet" for name in stores.log(store)["file"])
    one.chmod(0o644)
    if fault == "gone":
        one.unlink()
    else:
        one.write_bytes(two.read_bytes() if fault == "swapped" else one.read_bytes()[:-1] + b"x")
    with pytest.raises(FileError, match=r"cannot be read|is not what was accepted") as caught:
        stores.as_of(store)
    assert caught.value.place == str(one)
    with pytest.raises(FileError):
        stores.accept(obs(("a", 3)), store)
    table = stores.check(store)
    assert table[["file", "is_loss"]].to_numpy().tolist() == [[str(one), True]]
    assert len(stores.log(store)) == 2


def test_what_is_left_over_does_no_harm_and_is_said(store):
    stores.accept(obs(("a", 1)), store)
    (store.files / ".0a.part").write_bytes(b"half")
    (store.files / f"{'0' * 64}.parquet").write_bytes(b"of an acceptance that was killed")
    assert stores.check(store)["is_loss"].tolist() == [False, False]
    assert held(store) == {("SMP", "a"): 1}


def test_the_population_in_force_is_kept(store):
    stores.accept(obs(("a", 1)), store)
    pd.testing.assert_frame_equal(
        stores.population_as_of(store)[["area", "year", "sex", "age", "population"]].astype(str),
        areas.population()[["area", "year", "sex", "age", "population"]].astype(str)
        .sort_values(["area", "year", "sex", "age"], ignore_index=True),
    )  # fmt: skip
    told = stores.accept(obs(("a", 1)), store, population=PERSONS)
    assert (told.vintage, told.is_new, counts(told)) == (2, True, {"unchanged": 1})
    stores.accept(obs(("a", 2)), store)
    assert not stores.accept(obs(("a", 2)), store, population=PERSONS).is_new
    for vintage in (2, 3):
        kept = stores.population_as_of(store, vintage)
        assert kept[["area", "population"]].to_numpy().tolist() == [["PRT", 2e6], ["SMP", 1e6]]
    moved = stores.revised(store, 2, 3)
    assert moved[["kind", "moved", "value_before", "value", "rate_before", "rate"]].to_numpy().tolist() == [
        ["changed", "count", 1, 2, pytest.approx(0.1), pytest.approx(0.2)]
    ]


def test_revisions_say_what_changed_vanished_and_appeared():
    before = obs(("same", 7), ("more", 10), ("gone", 3), ("taken", 4), ("why", "blank"), ("nil", 0), ("b", 5))
    after = OBSERVATIONS.join(
        obs(("same", 7), ("more", 15), ("come", 2), ("taken", "not_available"), ("why", "not_collected"), ("nil", 2)),
        bounded("b", 0, 4), obs(("nothing", "blank")),
    )  # fmt: skip
    table = stores.revisions(before, after)
    REVISIONS.check(table)
    shown = ["item", "kind", "difference", "relative", "status", "moved"]
    got = table[shown].astype(object).where(table[shown].notna(), None)
    assert got.to_numpy().tolist() == [
        ["b", "changed", None, None, "bounded", "count"],
        ["come", "appeared", None, None, "exact", "count"],
        ["gone", "vanished", None, None, "_Z", "count"],
        ["more", "changed", 5, 0.5, "exact", "count"],
        ["nil", "changed", 2, None, "exact", "count"],
        ["taken", "vanished", None, None, "not_available", "count"],
        ["why", "changed", None, None, "not_collected", "status"],
    ]
    assert set(table["iccs"]) == {"0101"}


@pytest.mark.parametrize(
    ("value", "persons", "moved"),
    [(1, 1e6, []), (2, 1e6, ["count"]), (1, 2e6, ["population"]), (2, 2e6, ["both"]), (1 + 1e-12, 1e6, [])],
)
def test_revisions_say_whether_the_population_or_the_count_moved(value, persons, moved):
    later = PERSONS.assign(population=persons)
    table = stores.revisions(obs(("a", 1)), obs(("a", value)), population_before=PERSONS, population=later)
    assert table["moved"].tolist() == moved
    if moved:
        assert table[["population_before", "population"]].to_numpy().tolist() == [[1e6, persons]]


def test_revisions_of_rows_that_stand_twice_pair_what_is_the_same():
    before = OBSERVATIONS.join(obs(("a", 2)), obs(("a", 5)), obs(("a", 5)))
    after = OBSERVATIONS.join(obs(("a", 5)), obs(("a", 1)), obs(("a", 2)), obs(("a", 5)))
    table = stores.revisions(before, after)
    assert table[["kind", "value"]].to_numpy().tolist() == [["appeared", 1]]
    assert len(stores.revisions(after, before)) == 1
    assert stores.revisions(after, after.iloc[::-1]).empty


def test_revisions_compare_trend_tables_too(example_round):
    before = example_round.trends
    pick = before[(before["area"] == "FJI") & (before["iccs"] == "0101") & before["rate"].notna()].iloc[0]
    is_it = before["figure_id"] == pick["figure_id"]
    after = before.assign(population=before["population"].mask(is_it, pick["population"] * 2))
    table = stores.revisions(before, after.iloc[::-1])
    assert table[["area", "year", "iccs", "kind", "moved"]].to_numpy().tolist() == [
        ["FJI", pick["year"], "0101", "changed", "population"]
    ]
    vanished = stores.revisions(before, before[~is_it])
    assert vanished[["kind", "value_before"]].to_numpy().tolist() == [["vanished", pick["value"]]]
    with pytest.raises(CallError, match="Trends and Observations"):
        stores.revisions(before, example_round.observations)


def test_a_round_is_given_back_as_it_was(example_round, tmp_path):
    given = example_round.observations
    told = stores.accept(given, tmp_path / "kept", returns=example_round.report.returns)
    figures = int(given["lower"].notna().sum())
    assert told.count("new") == figures
    back = stores.as_of(tmp_path / "kept").drop(columns="vintage")
    order = ["area", "item", "year", "country", "city", "trait", "cell"]
    sort = [table.astype(dict.fromkeys(order, "str")).sort_values(order, ignore_index=True).astype("object")
            for table in (given, back)]  # fmt: skip
    pd.testing.assert_frame_equal(*sort)
    assert stores.revisions(given, back).empty


SAYINGS = st.sampled_from(["1", "2", "blank", "not_available", "unreadable"])
ACCEPTANCES = st.lists(
    st.tuples(
        st.dictionaries(st.tuples(st.sampled_from(["SMP", "PRT"]), st.sampled_from(["a", "b"])), SAYINGS, min_size=1),
        st.sampled_from(["", "s1", "s2", "s3"]),
    ),
    max_size=6,
)  # fmt: skip
WEIGHT = {"blank": 1, "unreadable": 2}


@settings(max_examples=10, deadline=None)
@given(rounds=ACCEPTANCES)
def test_any_sequence_of_acceptances_is_what_a_ledger_says(rounds):
    """The same by hand: of each figure the statements with weight, arrival and turn; the greatest stands."""
    with Store.open(None) as store:
        ledger, arrived, expected = {}, {}, []
        for said, sha in rounds:
            figures = [obs((item, text if not text.isdigit() else int(text)), area=area, return_id=sha or "none")
                       for (area, item), text in said.items()]  # fmt: skip
            told = stores.accept(OBSERVATIONS.join(*figures), store, returns=files((sha or "none", sha)))
            number = len(expected) + 1
            came = arrived.get(sha, number)
            trial = dict(ledger)
            for key, text in said.items():
                trial[key] = max(trial.get(key, (0, 0, 0, "")), (WEIGHT.get(text, 3), came, number, text))
            moves = {key: text[3] for key, text in trial.items()} != {
                key: text[3] for key, text in ledger.items()
            }
            assert told.is_new == (moves or (sha != "" and sha not in arrived))
            if told.is_new:
                ledger = trial
                if sha:
                    arrived.setdefault(sha, number)
                expected.append(
                    {key: float(row[3]) if row[3].isdigit() else row[3] for key, row in ledger.items()}
                )
        assert [held(store, number) for number in range(1, len(expected) + 1)] == expected
        assert stores.log(store)["vintage"].tolist() == list(range(1, len(expected) + 1))


def _accept(place, folder, number):
    for turn in range(5):
        with Store.open(place, files=folder) as store:
            stores.accept(obs((f"own{number}", turn), ("all", 10 * number + turn)), store)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_several_people_accept_at_once(place):
    running = [acceptance.fork(lambda _, number=number: _accept(*place, number))[0] for number in range(4)]
    assert [os.waitpid(process, 0)[1] for process in running] == [0] * 4
    with Store.open(place[0], create=False) as store:
        assert stores.log(store)["vintage"].tolist() == list(range(1, 21))
        last = held(store)
        assert {last["SMP", f"own{number}"] for number in range(4)} == {4}
        assert stores.check(store).empty
        seen = [held(store, number)["SMP", "all"] for number in range(1, 21)]
        assert sorted(seen) == sorted(10.0 * number + turn for number in range(4) for turn in range(5))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_process_that_is_killed_leaves_the_last_vintage_whole(place, tmp_path):
    told = acceptance.killed(place[0], place[1], kills=20, seed=1)
    assert told.kills == 20
    assert told.faults == []


@pytest.mark.exhaustive
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_many_kills_and_eight_at_once(place):
    assert acceptance.killed(place[0], place[1], kills=300, seed=2).faults == []
    assert acceptance.at_once(place[0], place[1], processes=8, turns=10).faults == []


APP = Typer()
APP.add_typer(commands.app, name="store")
APP.command("accept")(commands.accept)


def run(*words, status=0):
    done = CliRunner().invoke(APP, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.stdout


@pytest.fixture
def returned(tmp_path):
    """A folder of returns of two questionnaires; call it to write the figures of one of them."""
    folder = tmp_path / "returns"
    folder.mkdir()

    def write(name, figures, area="PRT", questionnaire="un-cts-2024"):
        table = pd.DataFrame([("2022", item, value) for item, value in figures.items()],
                             columns=["year", "item", "value"])  # fmt: skip
        definition = cs.Questionnaire.load(questionnaire)
        cs.build(definition, folder / name, area=area, years=[2021, 2022], figures=table, agency="Office")
        return folder

    return write


def test_commands_accept_a_folder_and_say_what_was_revised(returned, tmp_path):
    folder, kept = (
        returned("PRT.xlsx", {"homicide_victims": "72", "theft_offences": "500"}),
        tmp_path / "kept",
    )
    returned("SEN.xlsx", {"offences": "9"}, area="SEN", questionnaire="glotip-2024")
    first = json.loads(run("accept", folder, "--store", kept, "--by", "Ana", "--json", "-"))
    assert (first["vintage"], first["is_new"], first["refused"]) == (1, True, [])
    assert {row["questionnaire"] for row in first["figures"]} == {"un-cts-2024", "glotip-2024"}
    assert "Nothing is new" in run("accept", folder, "--store", kept, "--by", "Ana")
    returned("PRT_2.xlsx", {"homicide_victims": "73", "theft_offences": ".."})
    second = run("accept", folder, "--store", kept, "--by", "Ben")
    assert "Vintage 2: 0 new, 1 changed, 1 withdrawn" in second
    (folder / "letter.xlsx").write_text("Dear colleagues", encoding="utf-8")
    refused = CliRunner().invoke(APP, ["accept", str(folder), "--store", str(kept), "--quiet"])
    assert (refused.exit_code, "Left out: ALL-001 at letter.xlsx" in refused.output) == (1, True)
    assert run("store", "log", kept).count("Ana") == 1
    logged = json.loads(
        run("store", "log", "--store", kept, "--check", "--json", "-").partition("\nEvery")[0]
    )
    assert [(row["vintage"], row["by"]) for row in logged] == [(1, "Ana"), (2, "Ben")]
    table = json.loads(run("store", "revisions", kept, "1", "2", "--json", "-"))
    assert [(row["item"], row["kind"], row["moved"]) for row in table] == [
        ("homicide_victims", "changed", "count"), ("theft_offences", "vanished", "count"),
    ]  # fmt: skip
    for suffix in ("csv", "parquet", "xlsx"):
        shown = run("store", "revisions", "--store", kept, "1", "2", "--out", tmp_path / f"r.{suffix}")
        assert "2 revisions" in shown
    assert pd.read_csv(tmp_path / "r.csv")["value"].tolist()[0] == 73
    assert (
        pd.read_excel(tmp_path / "r.xlsx", engine="openpyxl", dtype={"iccs": str})["iccs"].tolist()[0]
        == "0101"
    )
    assert len(release.read_parquet(tmp_path / "r.parquet")) == 2
    out = tmp_path / "o.parquet"
    for words, value in ((("--vintage", 1), 72), ((), 73), (("--at", "2999-01-01"), 73)):
        run("store", "as-of", kept, *words, "--out", out)
        figures = pd.read_parquet(out).query("area == 'PRT' and item == 'homicide_victims' and year == 2022")
        assert figures["value"].tolist() == [value]
    assert "vintage" in pd.read_parquet(out)
    OBSERVATIONS.check(release.read_parquet(out))


def test_strict_leaves_out_figures_with_an_open_error(returned, tmp_path):
    wrong = {"rape_offences": "30", "sexual_violence_offences": "100", "fraud_offences": "50",
             "fraud_cyber_offences": "90", "theft_offences": "500"}  # fmt: skip
    folder, kept = returned("PRT.xlsx", wrong), tmp_path / "kept"

    def statuses():
        return stores.as_of(kept).query("year == 2022").set_index("item")["status"].astype(str).to_dict()

    run("accept", folder, "--store", kept, "--strict", "--quiet")
    withheld = {item for item, status in statuses().items() if status == "withheld"}
    assert withheld
    assert withheld <= {"fraud_offences", "fraud_cyber_offences"}
    assert statuses()["theft_offences"] == "exact"
    definition = cs.Questionnaire.load("un-cts-2024")
    cells = cs.read(folder, definition)
    report = cs.validate(cells, definition)
    with Store.open(kept) as store:
        stores.settle(store, report.data, cells, report.returns, datetime.now(UTC), definition)
        stores.accept_findings(store, report.data["finding_id"], "Ana", "Confirmed")
    run("accept", folder, "--store", kept, "--strict", "--quiet")
    assert {status for item, status in statuses().items() if item in withheld} == {"exact"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("store", "log"), "named 0 times"),
        (("store", "log", "a", "--store", "b"), "named 2 times"),
        (("store", "log", "nothing"), "is not there"),
        (("store", "revisions", "kept", "1"), "2 of three"),
        (("store", "revisions", "kept", "1", "x"), "no number and no time"),
        (("store", "revisions", "kept", "1", "9"), "1 to 1"),
        (("store", "revisions", "kept", "1", "1", "--out", "r.doc"), "no known suffix"),
        (("store", "as-of", "kept", "--vintage", "1", "--at", "2024-01-01"), "both given"),
        (("accept", "nothing", "--store", "kept"), "is not there"),
    ],
)
def test_wrong_use_is_told(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    stores.accept(obs(("a", 1)), "kept")
    with pytest.raises((CallError, FileError), match=says):
        run(*words)


@pytest.mark.parametrize("words", [["accept"], ["store", "log"], ["store", "as-of"], ["store", "revisions"]])
def test_the_help_of_the_commands_of_the_store_ends_with_an_example(words):
    command = [each for each in commands.app.registered_commands if each.name == words[-1]]
    text = command[0].epilog if command else commands.EXAMPLE
    assert f"crimestats {' '.join(words)}" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("accept", ".", "--store", "kept", "--by", "  "), "--by: is empty"),
        (
            ("store", "as-of", "kept", "--at", "2001-01-01"),
            "0 figures stood at 2001-01-01; the first vintage is of",
        ),
        (
            ("store", "as-of", "kept", "--out", "o.xlsx"),
            "o.xlsx has no known suffix. Suffixes: .parquet, .csv.",
        ),
    ],
)
def test_what_would_be_passed_over_is_refused(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    stores.accept(obs(("a", 1)), "kept")
    with pytest.raises(CallError, match=says):
        run(*words)


def test_what_stood_is_written_as_csv_too(tmp_path):
    stores.accept(obs(("a", 1.5), ("b", 2)), tmp_path / "kept")
    said = run("store", "as-of", tmp_path / "kept", "--out", tmp_path / "o.csv")
    assert "2 figures, of them 2 with a value or bounds" in said
    table = pd.read_csv(tmp_path / "o.csv")
    assert dict(zip(table["item"], table["value"], strict=True)) == {"a": 1.5, "b": 2.0}
    assert table["vintage"].tolist() == [1, 1]


def test_tables_of_the_store_keep_one_line_a_row_in_80_columns(returned, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    folder = returned("PRT.xlsx", {"homicide_victims": "72000000"})
    told = run("accept", folder, "--store", tmp_path / "kept", "--by", "Ana").splitlines()
    assert [line.split()[0] for line in told if "un-cts-2024" in line] == ["PRT"]
    assert max(map(len, told)) <= 80 or told[-1].startswith("Vintage 1:")
    logged = run("store", "log", tmp_path / "kept")
    assert "1 vintage\n" in logged
    assert max(len(line) for line in logged.split("1 vintage")[0].splitlines()) <= 80


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_acceptance_that_is_interrupted_leaves_the_store_whole(returned, tmp_path, sent):
    folder, kept = returned("PRT.xlsx", {"homicide_victims": "72"}), tmp_path / "kept"
    run("accept", folder, "--store", kept, "--by", "Ana", "--quiet")
    returned("PRT_2.xlsx", {"homicide_victims": "73", "theft_offences": "500"})
    command = [sys.executable, "-c", "from crimestats.cli import main; main()", "accept", str(folder),
               "--store", str(kept), "--by", "Ben", "--quiet"]  # fmt: skip
    before = set((kept / "figures").iterdir())
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while (
        set((kept / "figures").iterdir()) == before and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.0005)
    process.send_signal(sent)
    said = process.communicate(timeout=60)[1]
    assert "Traceback" not in said
    assert not stores.check(kept)["is_loss"].any()
    stood = stores.as_of(kept).query("item == 'homicide_victims' and year == 2022")["value"].tolist()
    assert stood == [72.0 if len(stores.log(kept)) == 1 else 73.0]
    run("accept", folder, "--store", kept, "--by", "Ben", "--quiet")
    assert len(stores.log(kept)) == 2
    assert stores.as_of(kept).query("item == 'homicide_victims' and year == 2022")["value"].tolist() == [73.0]
