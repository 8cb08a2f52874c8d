"""What becomes of findings over the rounds: answered, corrected, accepted, without reply; nothing is lost."""

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crimestats import build, read, validate
from crimestats import store as stores
from crimestats.errors import CallError, FileError
from crimestats.frames import CELLS, FINDINGS, RETURNS
from crimestats.questionnaire import Questionnaire
from crimestats.store import Store
from crimestats.store.basis import _named as named_cells
from crimestats.store.findings import EVENTS

START = datetime(2024, 5, 1, tzinfo=UTC)
FIGURE = ("SMP.xlsx", "Violent", "D27", "assault_offences", 2023)
ALLOWED = {
    "": {"open"},
    "open": {"open", "explained", "no_reply", "accepted", "corrected"},
    "no_reply": {"no_reply", "open", "explained", "accepted", "corrected"},
    "explained": {"explained", "open", "accepted", "corrected"},
    "accepted": {"accepted", "open", "corrected"},
    "corrected": {"corrected", "open", "explained", "accepted"},
    "unknown": {"unknown"},
}


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def row(frame, **given):
    kinds = {"number": None, "place_year": None, "count": 0, "year": 0}
    return {name: kinds.get(kind, "") for name, kind in frame.columns.items()} | given


def findings(*rows, q="cts", area="SMP"):
    """Findings as (id, value) or (id, value, expected) or (id, value, expected, place)."""
    listed = []
    for finding, value, *more in rows:
        expected, place = (*more, *("", FIGURE)[len(more) :])
        file, sheet, cell, item, year = place
        listed.append(row(
            FINDINGS, finding_id=finding, questionnaire=q, rule="R-1", kind="parts", severity="error",
            verdict="fail", return_id=file, area=area, sheet=sheet, cell=cell, item=item, year=year,
            value=value, expected=expected, message="m", question="q", state="open",
        ))  # fmt: skip
    return FINDINGS.cast(pd.DataFrame(listed, columns=list(FINDINGS.columns)))


def cells(*rows, file="SMP.xlsx", area="SMP"):
    """Cells as (item, raw), of the figure's place, or (item, raw, sheet, year)."""
    listed = []
    for item, raw, *more in rows:
        sheet, year = more or ("Violent", 2023)
        listed.append(
            row(CELLS, return_id=file, area=area, sheet=sheet, cell="D27", item=item, year=year, raw=raw)
        )
    return CELLS.cast(pd.DataFrame(listed, columns=list(CELLS.columns)))


def returns(*rows):
    """Files as (return_id, sha256) or (return_id, sha256, status, area)."""
    listed = []
    for file, sha, *more in rows:
        status, area = (*more, *("read", "SMP")[len(more) :])
        listed.append(row(RETURNS, return_id=file, sha256=sha, questionnaire="cts", area=area, status=status))
    return RETURNS.cast(pd.DataFrame(listed, columns=list(RETURNS.columns)))


FILLED = ("assault_offences", "412")


def settle(store, found, filled, sha, hours, status="read"):
    told = stores.settle(store, found, filled, returns(("SMP.xlsx", sha, status)), at(hours))
    return dict(zip(told["finding_id"], told["state"].astype(str), strict=True))


def states(store):
    known = stores.known(store)
    return dict(zip(known["finding_id"], known["state"], strict=True))


def events(store, finding="f1"):
    return [
        tuple(row)
        for row in stores.history(store, finding)[["event", "from_state", "to_state", "text"]].to_numpy()
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a store may lie, once in each database, and the folder of its figures where that must be named."""
    if request.param == "sqlite":
        return str(tmp_path / "kept" / "store.sqlite"), None
    return request.getfixturevalue("database"), tmp_path / "kept" / "figures"


@pytest.fixture
def store(place, tmp_path):
    (tmp_path / "kept").mkdir()
    with Store.open(place[0], files=place[1]) as opened:
        yield opened


@pytest.fixture
def asked(store):
    """One finding, found in the file s1 and asked about an hour later."""
    settle(store, findings(("f1", "412", "403")), cells(FILLED), "s1", 0)
    stores.mark_asked(store, ["f1"], at(1))
    return store


def test_what_is_found_first_is_open(store):
    assert settle(store, findings(("f1", "412", "403")), cells(FILLED), "s1", 0) == {"f1": "open"}
    assert events(store) == [("found", "", "open", "412")]


def test_settle_gives_the_findings_back_with_state_and_answer(asked):
    found = findings(("f2", "9"), ("f1", "412", "403"))
    told = stores.settle(
        asked, found, cells(FILLED, ("A.f1", " New offices ")), returns(("SMP.xlsx", "s2")), at(2)
    )
    FINDINGS.check(told)
    assert told[["finding_id", "state", "answer"]].astype(str).to_numpy().tolist() == [
        ["f2", "open", ""], ["f1", "explained", "New offices"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "sha", "found", "filled", "state"),
    [
        ("answered", "s2", [("f1", "412", "403")], [FILLED, ("A.f1", "why")], "explained"),
        ("blank", "s2", [("f1", "412", "403")], [FILLED, ("A.f1", "  ")], "no_reply"),
        ("the index sheet is gone", "s2", [("f1", "412", "403")], [FILLED], "open"),
        ("blank, but the same file as before it was asked", "s1", [("f1", "412", "403")], [FILLED, ("A.f1", "")], "open"),
        ("blank, but the value is another", "s2", [("f1", "411", "403")], [FILLED, ("A.f1", "")], "open"),
        ("corrected", "s2", [], [("assault_offences", "403")], "corrected"),
        ("corrected and answered", "s2", [], [("assault_offences", "403"), ("A.f1", "mistyped")], "corrected"),
        ("a blank withdraws nothing", "s2", [], [("assault_offences", ""), ("other_item", "5")], "open"),
        ("declared missing", "s2", [], [("assault_offences", "not available")], "corrected"),
        ("another year was sent", "s2", [], [("assault_offences", "403", "Violent", 2022)], "open"),
        ("another sheet was sent", "s2", [], [("prison_held", "403", "Prisons", 2023)], "open"),
        ("nothing was sent since", "s1", [], [("assault_offences", "412")], "open"),
    ],
)  # fmt: skip
def test_what_a_resubmission_does(asked, case, sha, found, filled, state):
    settle(asked, findings(*found), cells(*filled), sha, 2)
    assert states(asked) == {"f1": state}, case


def test_a_refused_file_corrects_nothing(asked):
    settle(asked, findings(), cells(("assault_offences", "403")), "s2", 2, status="refused")
    assert states(asked) == {"f1": "open"}


def test_another_area_corrects_and_answers_nothing(asked):
    foreign = cells(("assault_offences", "403"), ("A.f1", "ours is right"), file="PRT.xlsx", area="PRT")
    stores.settle(asked, findings(), foreign, returns(("PRT.xlsx", "p1", "read", "PRT")), at(2))
    assert states(asked) == {"f1": "open"}
    assert stores.unknown_answers(asked)[["finding_id", "text", "sha256"]].to_numpy().tolist() == [
        ["f1", "ours is right", "p1"]
    ]


PLACES = [
    ("the file, read", ("SMP.xlsx", "_Z", "_Z", "_file", None), "SMP.xlsx", "corrected"),
    ("the file, under another name", ("SMP.xlsx", "_Z", "_Z", "_fault.damaged", None), "SMP_2.xlsx", "corrected"),
    ("a cell that is no figure", ("SMP.xlsx", "Violent", "H3", "_cell.formula", None), "SMP_2.xlsx", "corrected"),
    ("a sheet that was not sent", ("SMP.xlsx", "Prisons", "H3", "_cell.formula", None), "SMP_2.xlsx", "open"),
    ("an impossible year", ("SMP.xlsx", "Violent", "D4", "assault_offences", 1013), "SMP.xlsx", "corrected"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "place", "file", "state"), PLACES, ids=[case[0] for case in PLACES])
def test_what_is_about_files_and_years(store, case, place, file, state):
    settle(store, findings(("f1", "x", "", place)), cells(FILLED), "s1", 0)
    stores.settle(store, findings(), cells(FILLED, file=file), returns((file, "s2")), at(2))
    assert states(store) == {"f1": state}


HEADER = ("ESP.xlsx", "Start", "C7", "H.agency", None)


@pytest.mark.parametrize(
    ("case", "file", "part", "others", "state"),
    [
        ("renamed", "ESP_final.xlsx", "police", (), "corrected"),
        ("the original lies beside", "ESP (2).xlsx", "police", (("ESP.xlsx", "s1", "superseded"),), "corrected"),
        ("of another agency", "ESP_courts.xlsx", "courts", (), "open"),
        ("the whole questionnaire", "ESP_final.xlsx", "", (), "open"),
    ],
)  # fmt: skip
def test_a_fault_of_the_header_is_corrected_by_the_file_that_takes_its_place(
    store, case, file, part, others, state
):
    start = ("H.area", "SMP", "Start", None), ("other_item", "1")
    sent = cells(*start, ("H.part", "police", "Start", None), file="ESP.xlsx")
    stores.settle(store, findings(("f1", "", "", HEADER)), sent, returns(("ESP.xlsx", "s1")), at(0))
    again = cells(*start, ("H.part", part, "Start", None), file=file)
    stores.settle(store, findings(), again, returns((file, "s2"), *others), at(2))
    assert states(store) == {"f1": state}, case


def test_of_two_files_of_a_part_each_is_corrected_under_its_own_name(store):
    start = ("H.area", "SMP", "Start", None)
    both = CELLS.cast(pd.concat([cells(start, file="ESP.xlsx"), cells(start, file="B.xlsx")]))
    sent = returns(("ESP.xlsx", "s1"), ("B.xlsx", "b1"))
    stores.settle(store, findings(("f1", "", "", HEADER)), both, sent, at(0))
    stores.settle(store, findings(), cells(start, file="B.xlsx"), returns(("B.xlsx", "b2")), at(2))
    assert states(store) == {"f1": "open"}
    stores.settle(store, findings(), cells(start, file="ESP.xlsx"), returns(("ESP.xlsx", "s2")), at(3))
    assert states(store) == {"f1": "corrected"}


CTS = Questionnaire.load("un-cts-2024")


def judged(store, folder, files, hours, *, definition=CTS, previous=None, **more):
    """Files as {name: (figures by item and year, agency)}, read, validated and settled."""
    folder.mkdir()
    for name, (figures, agency) in files.items():
        rows = [(str(year), item, value) for (item, year), value in figures.items()]
        table = pd.DataFrame(rows, columns=["year", "item", "value"])
        build(CTS, folder / name, area="SMP", years=range(2019, 2022), figures=table, agency=agency)
    filled = read(folder, definition)
    report = validate(filled, definition, previous=previous, **more)
    given = [] if previous is None else ["previous"]
    given += [name for name in more if more[name] is not None]
    stores.settle(store, report.data, filled, report.returns, at(hours), definition, given)
    known = stores.known(store)
    return {(row.rule, row.item): row.state for row in known.itertuples()}


def in_one(figures):
    return {"SMP.xlsx": (figures, "")}


HELD, MALE, FEMALE = ("held", 2020), ("held_m", 2020), ("held_f", 2020)
SUM = {HELD: "1000", MALE: "700", FEMALE: "200"}


AT_SUM = ("CTS24-124", "held")


@pytest.mark.parametrize(
    ("case", "figures", "state"),
    [
        ("a part is emptied", {HELD: "1000", MALE: "700"}, "open"),
        ("nothing but another figure", {**SUM, ("capacity", 2020): "2000"}, "open"),
        ("a part is corrected", {**SUM, FEMALE: "300"}, "corrected"),
        ("the total is corrected", {**SUM, HELD: "900"}, "corrected"),
        ("a part is declared missing", {**SUM, FEMALE: ".."}, "corrected"),
    ],
)
def test_a_sum_is_corrected_by_another_figure_only(store, tmp_path, case, figures, state):
    assert judged(store, tmp_path / "1", in_one(SUM), 0)[AT_SUM] == "open"
    assert judged(store, tmp_path / "2", in_one(figures), 2)[AT_SUM] == state, case


def before(*rows):
    listed = [(*row, row[-1]) for row in rows]
    return pd.DataFrame(listed, columns=["area", "year", "item", "lower", "upper"])


@pytest.mark.parametrize(
    ("case", "held", "is_given", "state"),
    [
        ("not compared, another figure is new", "1000", False, "open"),
        ("not compared, though the figure is another", "1500", False, "open"),
        ("compared, the figure is another", "1500", True, "corrected"),
    ],
)
def test_what_is_not_compared_again_is_not_corrected(store, tmp_path, case, held, is_given, state):
    last = before(("SMP", 2020, "held", 1500.0))
    first = judged(store, tmp_path / "1", in_one({HELD: "1000"}), 0, previous=last)
    assert first["ALL-070", "held"] == "open"
    sent = in_one({HELD: held, ("held", 2021): "1400"})
    told = judged(store, tmp_path / "2", sent, 2, previous=last if is_given else None)
    assert told["ALL-070", "held"] == state, case


def test_figures_of_other_sources_that_are_not_given_again_correct_nothing(store, tmp_path):
    sources = pd.DataFrame(
        {"source": ["x"], "area": ["SMP"], "year": [2020], "item": ["held"], "value": [9000.0]}
    )
    first = judged(store, tmp_path / "1", in_one({HELD: "1000"}), 0, sources=sources)
    assert first["ALL-081", "held"] == "open"
    again = judged(store, tmp_path / "2", in_one({HELD: "1001"}), 2)
    assert again["ALL-081", "held"] == "open"
    last = judged(store, tmp_path / "3", in_one({HELD: "9001"}), 3, sources=sources)
    assert last["ALL-081", "held"] == "corrected"


def test_a_rule_that_is_skipped_corrects_nothing(store, tmp_path):
    rule = AT_SUM[0]
    judged(store, tmp_path / "1", in_one(SUM), 0)
    fewer = replace(CTS, rules=tuple(each for each in CTS.rules if each.id != rule))
    told = judged(store, tmp_path / "2", in_one({**SUM, FEMALE: "300"}), 2, definition=fewer)
    assert told[rule, "held"] == "open"


def test_the_file_of_one_agency_does_not_correct_what_it_says_against_another(store, tmp_path):
    contact, convicted = ("contact", 2020), ("convicted", 2020)
    courts = {"courts.xlsx": ({convicted: "150"}, "courts")}
    first = judged(store, tmp_path / "1", courts | {"police.xlsx": ({contact: "100"}, "police")}, 0)
    rules = [key for key in first if key[0] in {rule.id for rule in CTS.rules if rule.kind == "order"}]
    assert rules
    more = {"courts.xlsx": ({convicted: "150", ("convicted", 2021): "150"}, "courts")}
    second = judged(store, tmp_path / "2", more, 2)
    assert {second[key] for key in rules} == {"open"}
    third = judged(store, tmp_path / "3", courts | {"police.xlsx": ({contact: "160"}, "police")}, 3)
    assert {third[key] for key in rules} == {"corrected"}


def test_what_another_finding_takes_over_is_not_corrected(store, tmp_path):
    """A total of thousands too many fails its sum; with years beside it the scale says so instead."""
    wrong = {HELD: "3000000", MALE: "2500", FEMALE: "400"}
    assert judged(store, tmp_path / "1", in_one(wrong), 0)[AT_SUM] == "open"
    beside = {("held", 2019): "2900", ("held", 2021): "3100"}
    told = judged(store, tmp_path / "2", in_one(wrong | beside), 2)
    assert told["ALL-065", "held"] == told[AT_SUM] == "open"
    told = judged(store, tmp_path / "3", in_one({**wrong, **beside, MALE: "2501"}), 3)
    assert told[AT_SUM] == "open"
    told = judged(store, tmp_path / "4", in_one({**wrong, **beside, HELD: "2900"}), 4)
    assert told["ALL-065", "held"] == told[AT_SUM] == "corrected"


def test_a_store_without_bases_keeps_what_it_knows_until_it_is_found_again(tmp_path):
    with Store.open(tmp_path / "store.db") as store:
        judged(store, tmp_path / "1", in_one(SUM), 0)
        with store.writing() as connection:
            connection.execute(text("DROP TABLE bases"))
    with Store.open(tmp_path / "store.db") as store:
        right = in_one({**SUM, FEMALE: "300"})
        assert judged(store, tmp_path / "2", right, 2)[AT_SUM] == "open"
        assert judged(store, tmp_path / "3", in_one(SUM), 3)[AT_SUM] == "open"
        assert judged(store, tmp_path / "4", in_one({**SUM, MALE: "800"}), 4)[AT_SUM] == "corrected"


@pytest.mark.parametrize(
    ("named", "cells_named", "is_whole"),
    [
        ("", [], True),
        ("D28:D29, 'Other'!D4", [("r", "S", "D28"), ("r", "S", "D29"), ("r", "Other", "D4")], True),
        ("b, c.xlsx 'It's'!D4", [("b, c.xlsx", "It's", "D4")], True),
        ("D28, 'Oth…", [("r", "S", "D28")], False),
        ("b.xlsx", [], False),
    ],
)
def test_the_cells_that_a_finding_names_are_read(named, cells_named, is_whole):
    table = pd.DataFrame(
        [("f1", "r", "S", "D27", named)], columns=["finding_id", "return_id", "sheet", "cell", "others"]
    )
    rows, unread = named_cells(table)
    assert list(rows[["return_id", "sheet", "cell"]].itertuples(index=False, name=None)) == cells_named
    assert (not unread) == is_whole


def test_an_answer_counts_until_value_or_expected_changes(asked):
    answered = cells(FILLED, ("A.f1", "why"))
    settle(asked, findings(("f1", "412", "403")), answered, "s2", 2)
    assert settle(asked, findings(("f1", "412", "403")), cells(FILLED), "s3", 3) == {"f1": "explained"}
    assert settle(asked, findings(("f1", "412", "405")), answered, "s4", 4) == {"f1": "open"}
    assert events(asked)[-1] == ("changed", "explained", "open", "412 (403 → 405)")
    stores.mark_asked(asked, ["f1"], at(5))
    assert settle(asked, findings(("f1", "412", "405")), answered, "s4", 6) == {"f1": "open"}
    assert settle(asked, findings(("f1", "412", "405")), answered, "s5", 7) == {"f1": "explained"}
    assert stores.known(asked)["answer"].tolist() == ["why"]


def test_no_reply_is_asked_again_as_a_reminder_until_there_is_one(asked):
    blank = cells(FILLED, ("A.f1", ""))
    settle(asked, findings(("f1", "412", "403")), blank, "s2", 2)
    told = stores.settle(
        asked, findings(("f1", "412", "403"), ("f2", "1")), blank, returns(("SMP.xlsx", "s2")), at(3)
    )
    assert stores.to_ask(told)[["finding_id", "is_reminder"]].to_numpy().tolist() == [
        ["f1", True],
        ["f2", False],
    ]
    stores.mark_asked(asked, ["f1"], at(4))
    assert settle(asked, findings(("f1", "412", "403")), cells(FILLED, ("A.f1", "why")), "s3", 5) == {
        "f1": "explained"
    }


def test_what_is_found_again_as_it_was_answered_is_not_asked_again(asked):
    settle(asked, findings(("f1", "412", "403")), cells(FILLED, ("A.f1", "why")), "s2", 2)
    settle(asked, findings(), cells(("assault_offences", "403")), "s3", 3)
    assert settle(asked, findings(("f1", "412", "403")), cells(FILLED), "s4", 4) == {"f1": "explained"}
    settle(asked, findings(), cells(("assault_offences", "403")), "s5", 5)
    assert settle(asked, findings(("f1", "413", "403")), cells(FILLED), "s6", 6) == {"f1": "open"}


def test_the_office_accepts_and_reopens(asked):
    assert stores.accept_findings(asked, ["f1"], "A. Reyes", "Published by the country", at(2)) == 1
    assert stores.accept_findings(asked, ["f1"], "A. Reyes", "again", at(3)) == 0
    assert settle(asked, findings(("f1", "412", "403")), cells(FILLED, ("A.f1", "why")), "s2", 4) == {
        "f1": "accepted"
    }
    assert stores.reopen(asked, ["f1"], "B. Ndiaye", "Revised since", at(5)) == 1
    assert settle(asked, findings(("f1", "412", "403")), cells(FILLED, ("A.f1", "why")), "s2", 6) == {
        "f1": "open"
    }
    assert events(asked)[2:] == [
        ("accepted", "open", "accepted", "Published by the country"),
        ("answered", "accepted", "accepted", "why"),
        ("reopened", "accepted", "open", "Revised since"),
    ]


@pytest.mark.parametrize(
    ("by", "reason", "ids"), [("", "why", ["f1"]), ("me", " ", ["f1"]), ("me", "why", ["f1", "f9"])]
)
def test_a_decision_names_who_why_and_what(asked, by, reason, ids):
    with pytest.raises(CallError):
        stores.accept_findings(asked, ids, by, reason)
    assert states(asked) == {"f1": "open"}


def test_to_ask_leaves_out_what_is_settled():
    table = findings(*((state, "1") for state in ("open", "explained", "corrected", "accepted", "no_reply")))
    asked = stores.to_ask(table.assign(state=table["finding_id"]))
    assert asked["finding_id"].tolist() == ["open", "no_reply"]


def test_an_answer_to_an_unknown_question_is_kept_once(store):
    for hours in (0, 1):
        settle(store, findings(), cells(FILLED, ("A.gone", "=cmd()")), "s1", hours)
    assert stores.unknown_answers(store)["text"].tolist() == ["=cmd()"]


def test_an_answer_that_comes_before_the_store_knew_the_question_still_counts(store):
    settle(store, findings(), cells(FILLED, ("A.f1", "why")), "s1", 0)
    assert settle(store, findings(("f1", "412")), cells(FILLED, ("A.f1", "why")), "s1", 1) == {
        "f1": "explained"
    }


def test_of_two_answers_the_last_filled_one_counts_and_both_stay(asked):
    found = findings(("f1", "412", "403"))
    settle(asked, found, cells(FILLED, ("A.f1", "first")), "s2", 2)
    both = pd.concat(
        [
            cells(("A.f1", "first")),
            cells(("A.f1", "second"), file="B.xlsx"),
            cells(("A.f1", ""), file="C.xlsx"),
        ]
    )
    sent = returns(("SMP.xlsx", "s2"), ("B.xlsx", "s3"), ("C.xlsx", "s4"))
    stores.settle(asked, found, CELLS.cast(both), sent, at(3))
    assert stores.known(asked)["answer"].tolist() == ["second"]
    assert [text for event, *_, text in events(asked) if event == "answered"] == ["first", "second"]


ROUNDS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"]), max_size=3),  # found: value
        st.dictionaries(st.sampled_from(["a", "b", "c", "z"]), st.sampled_from(["", "x", "y"]), max_size=4),  # replies
        st.integers(0, 3),  # which file
        st.sampled_from(["read", "refused"]),
        st.sampled_from(["ask", "accept", "reopen", "nothing"]),
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(rounds=ROUNDS)
def test_any_sequence_of_rounds_loses_nothing(rounds):
    ever, given_answers = set(), set()
    with Store.open(None) as store:
        for number, (found, replies, file, status, decision) in enumerate(rounds):
            seen = SimpleNamespace(
                found=findings(*found.items()),
                filled=cells(FILLED, *((f"A.{name}", text) for name, text in replies.items())),
            )
            for hours in (0, 1):
                settle(store, seen.found, seen.filled, f"s{file}", 10 * number + hours, status)
                if hours == 0:
                    before = stores.known(store).drop(columns="last_seen"), _all_events(store)
            after = stores.known(store).drop(columns="last_seen"), _all_events(store)
            pd.testing.assert_frame_equal(before[0], after[0])
            assert before[1] == after[1]
            _decide(store, decision, 10 * number + 2)
            ever |= set(found)
            given_answers |= {(name, text) for name, text in replies.items() if text}
            assert set(states(store)) == ever
        listed = _all_events(store)
        assert all(event[3] in ALLOWED[event[2]] for event in listed)
        assert {event[1] for event in listed} <= set(EVENTS)
        assert given_answers <= {(event[0], event[4]) for event in listed}
        for finding, state in states(store).items():
            steps = [event for event in listed if event[0] == finding and event[1] != "unknown"]
            assert steps[-1][3] == state
            assert all(one[3] == two[2] for one, two in pairwise(steps))


def _all_events(store):
    listed = [
        (finding, *row)
        for finding in ("a", "b", "c", "z")
        for row in stores.history(store, finding)[["event", "from_state", "to_state", "text"]]
        .to_numpy()
        .tolist()
    ]
    return [tuple(row) for row in listed]


def _decide(store, decision, hours):
    ids = list(states(store))
    if decision == "ask":
        stores.mark_asked(store, ids, at(hours))
    elif decision != "nothing":
        getattr(stores, {"accept": "accept_findings"}.get(decision, decision))(
            store, ids, "me", "why", at(hours)
        )


def _write(place, number):
    with Store.open(place) as store:
        for hours in range(5):
            settle(store, findings((f"f{number}", str(hours))), cells(FILLED), f"s{number}.{hours}", hours)


def test_many_processes_write_to_one_store(place, tmp_path):
    (tmp_path / "kept").mkdir()
    place = place[0]
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(place, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 3
    with Store.open(place, create=False) as store:
        known = stores.known(store)
        assert sorted(known["finding_id"]) == ["f0", "f1", "f2"]
        seen = [len(stores.history(store, f"f{number}")) for number in range(3)]
    assert min(seen) >= 5


def test_the_store_outlives_the_process(place, tmp_path):
    (tmp_path / "kept").mkdir()
    with Store.open(place[0]) as store:
        settle(store, findings(("f1", "412")), cells(FILLED), "s1", 0)
    with Store.open(place[0], create=False) as store:
        assert states(store) == {"f1": "open"}
        assert stores.known(store, area="SMP", state="open", questionnaire="cts", ids=["f1"])[
            "year"
        ].tolist() == [2023]
        assert len(stores.known(store, area="PRT")) == 0


def test_a_settling_that_fails_leaves_the_store_as_it_was(asked, monkeypatch):
    monkeypatch.setattr("crimestats.store.settling.unknown_events", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        settle(asked, findings(("f1", "1"), ("f2", "2")), cells(FILLED), "s2", 2)
    assert states(asked) == {"f1": "open"}
    assert len(events(asked)) == 2


@pytest.mark.parametrize(
    ("there", "given", "catalogue", "figures"),
    [
        ("", "kept", "kept/catalogue.sqlite", "kept/figures"),
        ("kept/", "kept", "kept/catalogue.sqlite", "kept/figures"),
        ("kept.d/", "kept.d", "kept.d/catalogue.sqlite", "kept.d/figures"),
        ("", "round.2024.sqlite", "round.2024.sqlite", "round.2024.figures"),
        ("old", "old", "old", "old.figures"),
    ],
)
def test_a_path_is_a_folder_or_a_file(tmp_path, there, given, catalogue, figures):
    if there.endswith("/"):
        (tmp_path / there).mkdir()
    elif there:
        (tmp_path / there).touch()
    for create in (True, False):
        with Store.open(tmp_path / given, create=create) as store:
            assert store.files == tmp_path / figures
            assert (tmp_path / catalogue).is_file()


def test_the_folder_of_the_figures_is_named_once(place, tmp_path):
    (tmp_path / "kept").mkdir()
    with Store.open(place[0], files=tmp_path / "elsewhere") as store:
        assert store.files == tmp_path / "elsewhere"
    with Store.open(place[0], files=tmp_path / "moved") as store:
        assert store.files == tmp_path / "moved"
    with Store.open(place[0]) as store:
        assert store.files == tmp_path / "elsewhere"


def test_a_database_by_url_needs_a_folder_for_figures(database):
    with Store.open(database) as store, pytest.raises(FileError, match="no folder for the files"):
        _ = store.files


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("nothing.db", "is not there"),
        (".", "is a folder that holds no store"),
        ("none/store.db", "is not there"),
        ("text.db", "cannot be used as a store"),
        ("postgresql+psycopg2cffi://me:secret@host/x", "driver"),
        ("nosuch://me:secret@host/x", "no address of a database"),
    ],
)
def test_what_cannot_be_opened_is_told_without_passwords(tmp_path, monkeypatch, place, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.db").write_text("no database\n" * 100)
    with pytest.raises(FileError, match=says) as caught:
        Store.open(place, create=False)
    assert "secret" not in str(caught.value)


def test_times_have_a_zone(asked):
    with pytest.raises(CallError, match="no time zone"):
        stores.mark_asked(asked, ["f1"], datetime(2024, 5, 1))  # noqa: DTZ001
    with pytest.raises(CallError, match="is none"):
        stores.known(asked, state="closed")
