"""People decide: the queue, the record, the terminal, the Excel sheet, and what becomes of decisions."""

import io
import threading

import pandas as pd
import pytest
import typer
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from crimestats.classification import Classification, Correspondence, check
from crimestats.cli.desk import Desk, Keys
from crimestats.cli.review import EXAMPLE, review
from crimestats.coding import decisions as record_of
from crimestats.coding.decisions import (
    COLUMNS,
    decision,
    disagreements,
    disputes,
    none_yet,
    read_decisions,
    record,
    settled,
    standing,
)  # fmt: skip
from crimestats.coding.filled import read_sheet
from crimestats.coding.outcomes import examples, left_out, to_table, write_table
from crimestats.coding.review import QUEUE, queue, tidy
from crimestats.coding.sheet import NO_CATEGORY, shown_text, write_sheet
from crimestats.errors import CallError, CrimestatsError, DefinitionError, FileError

ICCS = Classification.load("iccs")


def suggested(text: str, code: str, best: str, top5: str, **more: str) -> dict[str, str]:
    path = [*reversed(ICCS.ancestors(best)), best] if best else []
    levels = {f"code_l{level}": code for level, code in enumerate((path + [""] * 4)[:4], start=1)}
    row = {
        "description": text,
        "nr": "",
        "cases": "1",
        "code": code,
        "probability": "0.7",
        **levels,
        "top5": top5,
    }
    return row | {"tags": "", "basis": "model", "reason": "nearest: theft"} | more


REFUSED = suggested("All offences", "", "0502", "0502 0401 0201 0301 0701", basis="aggregate", cases="900")
BACKED = suggested("Theft from  a vehicle", "0502", "050222", "050222 05021 050229", cases="40")
FORMULA = suggested("=1+1", "", "0701", "0701 07019", cases="7", tags="Cy=1")
SURE = [
    suggested("Murder", "0101", "0101", "0101 0102 01031", cases="3"),
    suggested("Robbery", "0401", "0401", "0401 04011", cases="2", basis="index"),
    suggested("Bribery", "07031", "07031", "07031 07032", cases="5", basis="exact"),
]
SUGGESTIONS = pd.DataFrame([*SURE, REFUSED, BACKED, FORMULA]).astype("str")


def texts_of(found: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(found["text"], found["cause"], strict=True))


QUEUED = queue(SUGGESTIONS, sample=1, weight="cases", language="en")
[DRAWN] = [text for text, cause in texts_of(QUEUED) if cause == "sampled"]


# --- the queue ---------------------------------------------------------------


def test_in_the_queue_is_what_was_refused_backed_off_or_drawn():
    assert tuple(QUEUED.columns) == QUEUE
    assert texts_of(QUEUED)[:3] == [
        ("All offences", "refused"), ("Theft from a vehicle", "backed_off"), ("=1+1", "refused"),
    ]  # fmt: skip
    assert len(QUEUED) == 4
    backed = QUEUED.iloc[1]
    assert (backed["suggested"], backed["candidate_1"], backed["candidate_4"]) == ("0502", "050222", "")
    assert backed["title_1"] == ICCS["050222"].title
    assert backed["note_1"] == ICCS.note("050222")


def test_titles_in_the_language_of_the_texts():
    spanish = queue(SUGGESTIONS, 0, language="es")
    assert spanish.loc[spanish["text"] == "All offences", "title_1"].tolist() == [ICCS["0502"].titles["es"]]


@pytest.mark.parametrize(("sample", "n"), [(0, 3), (0.05, 4), (0.5, 5), (0.99, 6), (1, 4), (2, 5), (50, 6)])
def test_sample(sample, n):
    assert len(queue(SUGGESTIONS, sample)) == n


def test_a_larger_sample_holds_the_smaller_one_in_any_order_of_lines():
    one, two = queue(SUGGESTIONS, 1, seed=3), queue(SUGGESTIONS.iloc[::-1], 2, seed=3)
    assert set(one["unit"]) < set(two["unit"])
    assert one["round"].iloc[0] != two["round"].iloc[0]
    assert queue(SUGGESTIONS, 1, seed=3)["round"].equals(one["round"])
    assert len({queue(SUGGESTIONS, 1, seed=seed)["unit"].str.cat() for seed in range(9)}) > 1


def test_each_different_text_once_with_its_sums():
    again = BACKED | {"description": " Theft from a vehicle ", "cases": "2"}
    sure = BACKED | {"code": "050222", "cases": "100", "reason": "sure"}
    found = queue(pd.DataFrame([sure, again, BACKED]), 0, weight="cases")
    assert found[["text", "rows", "weight", "cause"]].to_numpy().tolist() == [
        ["Theft from a vehicle", 3, 142.0, "backed_off"]
    ]
    by_code = queue(pd.DataFrame([again | {"nr": "1"}, BACKED | {"nr": "01"}]), 0, code_column="nr")
    assert sorted(by_code["national_code"]) == ["01", "1"]


def test_what_was_found_as_it_stands_is_not_backed_off():
    assert queue(pd.DataFrame([BACKED | {"basis": "exact"}]), 0).empty
    assert texts_of(queue(pd.DataFrame([BACKED | {"basis": "index"}]), 1)) == [
        ("Theft from a vehicle", "sampled")
    ]


def test_lines_without_text_are_left_out():
    assert queue(pd.DataFrame([REFUSED | {"description": "  "}])).empty


def test_what_is_missing_is_no_text():
    frame = pd.DataFrame([REFUSED, BACKED], dtype=object)
    frame.loc[0, "code"] = None
    assert texts_of(queue(frame, 0)) == texts_of(queue(pd.DataFrame([REFUSED, BACKED]), 0))


@pytest.mark.parametrize(
    ("change", "given", "told"),
    [
        ({"code": "501"}, {}, "suggestions, row 1, column code: '501' is not a code"),
        ({"top5": "0501 0599"}, {}, "column top5: '0599'"),
        (
            {},
            {"column": "texto"},
            "no column 'texto'. Other columns than the coder's are: description, nr, cases.",
        ),
        ({}, {"code_column": "code"}, "'code' is a column of the coder"),
        ({"cases": "many"}, {"weight": "cases"}, "column cases: 'many' is no caseload"),
        ({"cases": "-1"}, {"weight": "cases"}, "'-1' is no caseload"),
        ({}, {"sample": -1}, "sample: -1 is neither"),
        ({}, {"sample": 2.5}, "sample: 2.5 is neither"),
    ],
)
def test_a_wrong_call_is_refused(change, given, told):
    with pytest.raises(CallError, match=r"suggestions|sample|code_column") as caught:
        queue(pd.DataFrame([BACKED | change]), **given)
    assert told in str(caught.value)
    with pytest.raises(CallError, match="no column 'top5'"):
        queue(SUGGESTIONS.drop(columns="top5"))


# --- the record --------------------------------------------------------------


def said(*rows: tuple[str, str, str], **more: str) -> pd.DataFrame:
    """Decisions of (text, coder, code); a code `-` withdraws, `!0501` resolves."""
    kinds = {"-": "withdrawal", "!": "resolution"}
    made = [
        decision({"text": text, **more}, code.strip("-!"), coder, kind=kinds.get(code[:1], "decision"))
        for text, coder, code in rows
    ]
    return pd.DataFrame(made, columns=list(COLUMNS), dtype="str")


def test_the_record_keeps_every_row(tmp_path):
    path = tmp_path / "decisions.csv"
    record(path, [decision(QUEUED.iloc[1].to_dict(), "050222", " Ana  B ", 'says "so",\nreally')])
    record(path, [decision(QUEUED.iloc[0].to_dict(), "", "BEN", is_blind=True)])
    kept = read_decisions(path)
    assert tuple(kept.columns) == COLUMNS
    assert kept[["text", "suggested", "decided", "coder", "why", "is_blind", "kind"]].to_numpy().tolist() == [
        ["Theft from a vehicle", "0502", "050222", "Ana B", 'says "so", really', "0", "decision"],
        ["All offences", "", "", "BEN", "", "1", "decision"],
    ]
    assert kept["when"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()
    assert kept["decision_id"].is_unique
    assert kept["round"].tolist() == QUEUED["round"].tolist()[:2]
    assert path.read_bytes().count(b"\r") == 0


@pytest.mark.parametrize("has_fcntl", [True, False])
def test_writers_at_once_lose_nothing(tmp_path, monkeypatch, has_fcntl):
    if not has_fcntl:
        monkeypatch.setattr(record_of, "_fcntl", None)
    path = tmp_path / "decisions.csv"

    def write(coder: str) -> None:
        for number in range(20):
            record(path, [decision({"text": f"text {number}"}, "0501", coder, "x" * 300)])

    writers = [threading.Thread(target=write, args=(f"C{number}",)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(standing(read_decisions(path))) == 80


def test_a_lock_that_stays_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(record_of, "_fcntl", None)
    monkeypatch.setattr(record_of, "_WAIT", 0.1)
    (tmp_path / ".d.csv.lock").touch()
    with pytest.raises(FileError, match="is being written by another"):
        record(tmp_path / "d.csv", [])


def test_a_torn_row_is_told_and_does_not_spoil_the_next(tmp_path):
    path = tmp_path / "decisions.csv"
    record(path, [decision({"text": "a"}, "0501", "ANA"), decision({"text": "b"}, "0501", "ANA")])
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DefinitionError, match=r"line 3, column kind: 'decis' does not belong there"):
        read_decisions(path)
    record(path, [decision({"text": "c"}, "0501", "ANA")])
    assert path.read_text().splitlines()[3].endswith(",decision")


def test_a_full_disk_leaves_no_torn_row(tmp_path, monkeypatch):
    path = tmp_path / "decisions.csv"
    record(path, [decision({"text": "a"}, "0501", "ANA")])
    before = path.read_bytes()
    write = record_of.os.write
    calls = []

    def failing(number, data):
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(number, data[:5])

    monkeypatch.setattr(record_of.os, "write", failing)
    with pytest.raises(FileError, match="No space left"):
        record(path, [decision({"text": "b"}, "0501", "ANA")])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [("decided", "501"), ("is_blind", "yes"), ("coder", " "), ("text", ""), ("kind", "x")],
)
def test_a_record_with_a_fault_names_it(tmp_path, column, value):
    table = said(("a", "ANA", "0501"), ("b", "ANA", "0502"))
    table.loc[1, column] = value
    table.to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(DefinitionError, match=f"d.csv, line 3, column {column}"):
        read_decisions(tmp_path / "d.csv")


def test_what_is_no_record_is_not_added_to(tmp_path):
    (tmp_path / "other.csv").write_text("code,title\n1,x\n")
    with pytest.raises(DefinitionError, match="line 1: is not a record"):
        record(tmp_path / "other.csv", [])
    with pytest.raises(FileError, match="cannot be written"):
        record(tmp_path / "no" / "d.csv", [])
    with pytest.raises(CallError, match="coder: is not named"):
        decision({"text": "a"}, "0501", "  ")
    with pytest.raises(CallError, match="'501' is not a category"):
        decision({"text": "a"}, "501", "ANA")


def test_a_record_without_kind_and_tags_is_read(tmp_path):
    said(("a", "ANA", "0501")).drop(columns=["kind", "tags"]).to_csv(tmp_path / "d.csv", index=False)
    assert read_decisions(tmp_path / "d.csv")["kind"].tolist() == ["decision"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", "ANA", "0501")], ("agreed", "0501")),
        ([("a", "ANA", "0501"), ("a", "ana", "0502")], ("agreed", "0502")),
        ([("a", "ANA", "0501"), ("a", "BEN", "0501")], ("agreed", "0501")),
        ([("a", "ANA", "0501"), ("a", "BEN", "0502")], ("open", "")),
        ([("a", "ANA", "0501"), ("a", "BEN", "")], ("open", "")),
        ([("a", "ANA", "0501"), ("a", "BEN", "0502"), ("a", "BEN", "0501")], ("agreed", "0501")),
        ([("a", "ANA", "0501"), ("a", "BEN", "0502"), ("a", "BEN", "-")], ("agreed", "0501")),
        ([("a", "ANA", "0501"), ("a", "BEN", "0502"), ("a", "CY", "!05")], ("resolved", "05")),
        ([("a", "ANA", "0501"), ("a", "BEN", "0502"), ("a", "CY", "!05"), ("a", "CY", "-")], ("open", "")),
        (
            [("a", "ANA", "0501"), ("a", "BEN", "0502"), ("a", "CY", "!05"), ("a", "ANA", "0502")],
            ("resolved", "05"),
        ),
        ([("a", "ANA", "0501"), ("a", "ANA", "-")], None),
    ],
)
def test_what_stands(rows, expected):
    found = settled(said(*rows))
    assert (None if found.empty else tuple(found[["status", "decided"]].iloc[0])) == expected


def test_the_same_text_of_another_scheme_or_code_is_another():
    both = pd.concat([said(("a", "ANA", "0501"), scheme="x"), said(("a", "BEN", "0502"), scheme="y")])
    assert settled(both)["status"].tolist() == ["agreed", "agreed"]
    assert settled(none_yet()).empty
    assert disagreements(none_yet()).empty


def test_disagreements_say_where_coders_part():
    table = said(
        ("a", "ANA", "05021"), ("a", "BEN", "05022"), ("b", "ANA", "05"), ("b", "BEN", "0502"),
        ("c", "ANA", ""), ("c", "BEN", "0502"), ("d", "ANA", "0101"), ("d", "BEN", "0502"), ("e", "ANA", "0101"),
        ("d", "CY", "!0101"),
    )  # fmt: skip
    found = disagreements(table)
    shown = found[["text", "level", "codes", "status", "resolved"]].to_numpy().tolist()
    assert shown == [
        ["a", 3, "05021 05022", "open", ""], ["b", 2, "05 0502", "open", ""],
        ["c", 0, "none 0502", "open", ""], ["d", 1, "0101 0502", "resolved", "0101"],
    ]  # fmt: skip
    assert found["opinions"].iloc[2] == "ANA: no category; BEN: 0502"


# --- the terminal ------------------------------------------------------------


class Typed(Keys):
    """Keys from a text; what is behind its end breaks the session, as a kill does."""

    def __init__(self, text: str) -> None:
        self.is_terminal = False
        self.stream = io.StringIO(text)

    def key(self) -> str:
        letter = self.stream.read(1)
        if not letter:
            raise RuntimeError("killed")
        return self.key() if letter.isspace() else letter

    def line(self, prompt: str) -> str:
        return self.stream.readline().strip()


def work(path, keys: str, coder="ANA", texts=QUEUED, **more) -> pd.DataFrame:
    known = read_decisions(path) if path.exists() else none_yet()
    Desk(texts, path, known, coder, keys=Typed(keys), **more).run()
    return read_decisions(path) if path.exists() else none_yet()


def codes_of(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["text"], table["decided"], strict=True))


TEXTS = QUEUED["text"].tolist()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("0q", [(TEXTS[0], "")]),
        ("12q", [(TEXTS[0], "0502"), (TEXTS[1], "05021")]),
        ("s aq", [(TEXTS[1], "0502")]),
        ("s pq", [(TEXTS[1], "05")]),
        ("pq", [(TEXTS[0], "05")]),
        ("s 4 3q", [(TEXTS[1], "050229")]),
        ("a xXq", []),
        ("c0101\nq", [(TEXTS[0], "0101")]),
        ("c101\nyq", [(TEXTS[0], "0101")]),
        ("c101\nnq", []),
        ("c0908\nyq", [(TEXTS[0], "0909")]),
        ("cburglary\n1q", [(TEXTS[0], "0501")]),
        ("cburglary\nxq", []),
        ("cqqqqqqqqqqq\nq", []),
        ("c\nq", []),
        ("1u0q", [(TEXTS[0], "")]),
        ("12uu3q", [(TEXTS[0], "0201")]),
        ("uq", []),
    ],
)
def test_keys(tmp_path, keys, expected):
    assert codes_of(standing(work(tmp_path / "d.csv", keys))) == expected


def test_every_decision_is_saved_at_once_and_work_goes_on_where_it_stopped(tmp_path, capsys):
    path = tmp_path / "d.csv"
    with pytest.raises(RuntimeError, match="killed"):
        work(path, "1 n because of the lock\n2")
    kept = read_decisions(path)
    assert codes_of(kept) == [(TEXTS[0], "0502"), (TEXTS[1], "05021")]
    assert kept["why"].tolist() == ["", "because of the lock"]
    capsys.readouterr()
    done = work(path, "1u u 3 0 1")
    shown = capsys.readouterr().out
    assert "2 of 4 are decided already" in shown
    assert "Decided in all: 4 of 4" in shown
    assert codes_of(standing(done)) == [
        (TEXTS[0], "0502"), (TEXTS[1], "050229"), (TEXTS[2], ""), (TEXTS[3], QUEUED["candidate_1"].iloc[3]),
    ]  # fmt: skip
    assert codes_of(done)[:2] == codes_of(kept)


def test_a_blind_coder_sees_neither_suggestion_nor_order(tmp_path, capsys):
    path = tmp_path / "d.csv"
    work(path, "s2q")
    capsys.readouterr()
    done = work(path, "apa s 1q", coder="BEN", is_blind=True)
    shown = capsys.readouterr().out
    assert "moved up" not in shown
    assert "(suggested)" not in shown
    assert "nearest" not in shown
    assert "05021" in shown
    assert done[["coder", "decided", "suggested", "is_blind"]].to_numpy().tolist() == [
        ["ANA", "05021", "0502", "0"], ["BEN", "05021", "", "1"],
    ]  # fmt: skip


def test_a_section_is_warned_of(tmp_path, capsys):
    work(tmp_path / "d.csv", "pq")
    assert "a whole section" in capsys.readouterr().out


def test_text_with_markup_is_shown_as_it_is(tmp_path, capsys):
    found = queue(pd.DataFrame([REFUSED | {"description": "[red]Theft[/red] [/x]", "reason": "[/y]"}]), 0)
    work(tmp_path / "d.csv", "q", texts=found)
    assert "[red]Theft[/red] [/x]" in capsys.readouterr().out


def test_a_third_person_resolves(tmp_path):
    path = tmp_path / "d.csv"
    table = said(("a", "ANA", "05021"), ("a", "BEN", "05022"), ("b", "CY", "05"), ("b", "BEN", "0502"))
    record(path, table.to_dict("records"))
    texts, n_own = disputes(table, "cy")
    assert n_own == 1
    assert texts[["text", "candidate_1", "candidate_2", "reason"]].to_numpy().tolist() == [
        ["a", "05021", "05022", "ANA: 05021; BEN: 05022"]
    ]
    done = work(path, "2", coder="CY", texts=texts, kind="resolution")
    assert settled(done)[["text", "status", "decided"]].to_numpy().tolist() == [
        ["a", "resolved", "05022"], ["b", "open", ""],
    ]  # fmt: skip
    assert disputes(done, "CY")[0].empty


# --- the sheet ---------------------------------------------------------------


def edited(path, changes: dict[str, object], remove: int = 0, sheet: str = "Review"):
    """Change cells as a person would, and save as another program does."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    for cell, value in changes.items():
        book[sheet][cell] = value
    if remove:
        book[sheet].delete_rows(remove)
    book.save(path)
    return path


@pytest.fixture
def sheet(tmp_path):
    return write_sheet(QUEUED, tmp_path / "sheet.xlsx", "ANA")


def grid(path, name="Review"):
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python(skip_empty_area=False)


def test_the_sheet_holds_the_queue(sheet):
    import openpyxl

    rows = grid(sheet)
    assert rows[3] == [
        "No.", "Text", "Suggested", *(f"Candidate {rank}" for rank in range(1, 6)), "None", "Decided", "Why",
        "Coder", "Cases", "In the queue because", "Tags", "Id",
    ]  # fmt: skip
    assert [row[1] for row in rows[4:]] == TEXTS
    assert rows[5][2] == f"0502 {ICCS['0502'].title}"
    assert len(grid(sheet, "ICCS")) == 321
    book = openpyxl.load_workbook(sheet)
    review_sheet = book["Review"]
    assert review_sheet["B7"].value == "=1+1"
    assert review_sheet["B7"].data_type == "s"
    assert review_sheet.freeze_panes == "C5"
    [choice] = review_sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref), choice.showErrorMessage) == ("$C5:$I5", "J5:J8", False)
    assert review_sheet["D5"].comment.text.strip() == ICCS.note("0502")


def test_a_blind_sheet(tmp_path):
    path = write_sheet(QUEUED, tmp_path / "blind.xlsx", is_blind=True)
    rows = grid(path)
    assert "(blind)" in rows[1][0]
    assert "Suggested" not in rows[3]
    assert "In the queue because" not in rows[3]
    assert [cell.split(" ")[0] for cell in rows[5][2:7]] == ["05021", "050222", "050229", "", ""]
    back = read_sheet(edited(path, {"I5": "0101", "K5": "BEN"}), QUEUED, none_yet())
    assert [(row["decided"], row["is_blind"], row["suggested"]) for row in back.decisions] == [
        ("0101", "1", "")
    ]


def test_the_same_queue_gives_the_same_bytes(sheet, tmp_path):
    again = write_sheet(QUEUED, tmp_path / "again.xlsx", "ANA")
    assert again.read_bytes() == sheet.read_bytes()


def test_decisions_are_read_back(sheet):
    changes = {
        "J5": NO_CATEGORY, "J6": f"0502 {ICCS['0502'].title}", "K6": "as the code says", "J7": "0701",
    }  # fmt: skip
    back = read_sheet(edited(sheet, changes), QUEUED, none_yet())
    assert back.findings.empty
    assert (back.n_open, back.n_known) == (1, 0)
    assert [
        (row["text"], row["decided"], row["coder"], row["why"], row["suggested"]) for row in back.decisions
    ] == [
        ("All offences", "", "ANA", "", ""),
        ("Theft from a vehicle", "0502", "ANA", "as the code says", "0502"),
        ("=1+1", "0701", "ANA", "", ""),
    ]
    once_more = read_sheet(sheet, QUEUED, pd.DataFrame(back.decisions))
    assert (once_more.decisions, once_more.n_known) == ([], 3)
    read_sheet(edited(sheet, {"J7": "0502"}), QUEUED, pd.DataFrame(back.decisions))


FAULTS = [
    ({"J5": "0599"}, "unknown_code", "J5", "'0599' is no code of the ICCS"),
    ({"J5": "burglary"}, "unknown_code", "J5", "'burglary' is no code"),
    ({"J5": "0908"}, "unknown_code", "J5", "older name of 0909"),
    ({"J5": 501}, "lost_zero", "J5", "'501' has lost its zero. Write 0501 as text if 'Burglary' is meant."),
    ({"J5": "101.0"}, "lost_zero", "J5", "Write 0101"),
    ({"J5": "0501 Theft"}, "unclear", "J5", "'Theft' is not the title of 0501 (Burglary)"),
    (
        {"J5": "0501", "B5": "All crimes"},
        "changed_text",
        "B5",
        "'All crimes' is not the text that was exported",
    ),
    ({"J5": "0501", "L5": None}, "missing_coder", "L5", "'0501' is decided, by nobody"),
    ({"J5": "0501", "L5": "BEN"}, "other_coder", "L5", "'BEN' is not 'Ana'"),
    ({"J5": "0501", "P5": "zz"}, "unknown_row", "P5", "'zz' is no text of this queue ('All offences')"),
    ({"J5": "=1/0"}, "unreadable", "J5", "is a formula without a value"),
]


@pytest.mark.parametrize(("changes", "check_id", "cell", "told"), FAULTS)
def test_a_fault_of_a_sheet_is_told_and_the_rest_is_taken(sheet, changes, check_id, cell, told):
    back = read_sheet(edited(sheet, {"J6": "050222", **changes}), QUEUED, none_yet(), "Ana")
    assert [row["decided"] for row in back.decisions] == ["050222"]
    found = back.findings.iloc[0]
    assert (found["check"], found["severity"], found["sheet"], found["cell"]) == (
        check_id,
        "error",
        "Review",
        cell,
    )
    assert found["message"].startswith(f"'Review'!{cell}: ")
    assert told in found["message"]


def test_an_error_value_is_not_an_empty_cell(sheet):
    import zipfile

    path = edited(sheet, {"J5": 4711})
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    [name] = [name for name, part in parts.items() if b"<v>4711</v>" in part]
    start = parts[name].rindex(b"<c ", 0, parts[name].index(b"<v>4711</v>"))
    cell = parts[name][start : parts[name].index(b"</c>", start) + 4]
    style = cell.split(b's="')[1].split(b'"')[0]
    parts[name] = parts[name].replace(cell, b'<c r="J5" s="' + style + b'" t="e"><v>#REF!</v></c>')
    with zipfile.ZipFile(path, "w") as book:
        for each, part in parts.items():
            book.writestr(each, part)
    back = read_sheet(path, QUEUED, none_yet())
    assert back.findings["check"].tolist() == ["unreadable"]
    assert "'#REF!' is an error" in back.findings["message"].iloc[0]


def test_a_text_that_stands_twice_is_not_taken(sheet):
    unit = QUEUED["unit"].iloc[0]
    copied = {"J5": "0501", "B9": "All offences", "J9": "0502", "L9": "ANA", "P9": unit}
    back = read_sheet(edited(sheet, copied), QUEUED, none_yet())
    assert back.decisions == []
    assert back.findings[["check", "cell"]].to_numpy().tolist() == [["decided_twice", "P9"]]
    assert "line 5 too" in back.findings["message"].iloc[0]


def test_a_removed_row_is_told(sheet):
    back = read_sheet(edited(sheet, {"J6": "050222"}, remove=5), QUEUED, none_yet())
    assert [row["decided"] for row in back.decisions] == ["050222"]
    assert back.findings[["check", "severity"]].to_numpy().tolist() == [["removed_row", "query"]]
    assert "'All offences'" in back.findings["message"].iloc[0]


def test_a_section_is_taken_and_asked_about(sheet):
    back = read_sheet(edited(sheet, {"J5": "05"}), QUEUED, none_yet())
    assert [row["decided"] for row in back.decisions] == ["05"]
    assert back.findings[["check", "severity"]].to_numpy().tolist() == [["section", "query"]]


def test_nothing_is_taken_from_another_sheet(sheet, tmp_path):
    edited(sheet, {"J5": "0501"})
    other = read_sheet(sheet, queue(SUGGESTIONS, 2), none_yet())
    assert (other.decisions, other.findings["check"].tolist()) == ([], ["other_queue"])
    assert QUEUED["round"].iloc[0] in other.findings["message"].iloc[0]
    assert read_sheet(edited(sheet, {"A2": ""}), QUEUED, none_yet()).findings["check"].tolist() == [
        "other_queue"
    ]
    headless = write_sheet(QUEUED, tmp_path / "headless.xlsx")
    assert read_sheet(edited(headless, {"P4": "x"}), QUEUED, none_yet()).findings["check"].tolist() == [
        "no_heading"
    ]
    import openpyxl

    book = openpyxl.Workbook()
    book.save(tmp_path / "empty.xlsx")
    assert read_sheet(tmp_path / "empty.xlsx", QUEUED, none_yet()).findings["check"].tolist() == ["no_sheet"]
    (tmp_path / "no.xlsx").write_text("no")
    for name in ("no.xlsx", "absent.xlsx"):
        with pytest.raises(FileError):
            read_sheet(tmp_path / name, QUEUED, none_yet())


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49",
        "-x",
        "@y",
        "a\x07b\x00c",
        "x" * 40_000,
        "\u062d\u0628",
        "'quoted",
        "0501",
        "1e5",
    ],
)
def test_any_text_comes_back_as_it_was_shown(tmp_path, text):
    found = queue(pd.DataFrame([REFUSED | {"description": text}]), 0)
    path = write_sheet(found, tmp_path / "s.xlsx", "ANA")
    back = read_sheet(edited(path, {"J5": "0501"}), found, none_yet())
    assert back.findings.empty
    assert [row["text"] for row in back.decisions] == [tidy(text)]
    assert len(shown_text(text)) <= 1500


def test_a_text_like_an_escape_is_no_other_text(tmp_path):
    found = queue(pd.DataFrame([REFUSED | {"description": "_x0041_ b"}]), 0)
    back = read_sheet(write_sheet(found, tmp_path / "s.xlsx"), found, none_yet())
    assert (back.findings.empty, back.n_open) == (True, 1)


# --- what becomes of decisions -----------------------------------------------

DECIDED = pd.concat(
    [
        said(("Theft from car", "ANA", "050222"), ("Theft from car", "BEN", "050222"), national_code="07"),
        said(("Stealing from a car", "ANA", "050222"), national_code="07"),
        said(("Damage or theft", "ANA", "0502"), national_code="08"),
        said(("Damage to cars", "ANA", "0504"), national_code="08"),
        said(("All offences", "ANA", ""), national_code="99"),
        said(("Brawl", "ANA", "02011"), ("Brawl", "BEN", "0808"), national_code="10"),
        said(("Odd", "ANA", "0501"), ("Odd thing", "ANA", "0501"), national_code="11"),
        said(("Odd too", "ANA", ""), national_code="11"),
        said(("Attempted burglary", "ANA", "0501"), tags="At=1"),
    ],
    ignore_index=True,
)


def test_rows_of_the_users_own_table(tmp_path):
    table = to_table(DECIDED)
    assert table[["code", "title", "iccs", "relation", "tags", "status"]].to_numpy().tolist() == [
        ["07", "Stealing from a car", "050222", "narrower", "", "user"],
        ["08", "Damage or theft", "0502", "part", "", "user"],
        ["08", "Damage to cars", "0504", "part", "", "user"],
        ["99", "All offences", "", "", "", "user"],
        ["Attempted burglary", "Attempted burglary", "0501", "narrower", "At=1", "user"],
    ]
    day = DECIDED["when"].iloc[0][:10]
    assert table["note"].iloc[0] == f"decided by ANA {day}; ANA {day}, BEN {day} (2 texts)"
    assert left_out(DECIDED)[["code", "text"]].to_numpy().tolist() == [
        ["10", "Brawl"], ["11", "Odd"], ["11", "Odd thing"], ["11", "Odd too"],
    ]  # fmt: skip
    path = tmp_path / "my-list" / "table.csv"
    path.parent.mkdir()
    missing = write_table(DECIDED, path)
    assert len(missing) == 4
    own = Correspondence.from_csv(path)
    assert own.scheme == "my-list"
    assert len(own) == 5
    assert check(path).query("severity == 'error'").empty


def test_a_table_keeps_rows_of_another_hand(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("code,title,iccs,mine\n07,Car theft,05021,x\n50,Arson,0504,y\n")
    missing = write_table(DECIDED, path)
    assert missing["why"].iloc[-1] == "decided 050222, but the table has a row of its own to 05021"
    once = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert once.loc[once["code"].isin(["07", "50"]), ["code", "iccs", "mine"]].to_numpy().tolist() == [
        ["07", "05021", "x"], ["50", "0504", "y"],
    ]  # fmt: skip
    before = path.read_bytes()
    write_table(DECIDED, path)
    assert path.read_bytes() == before
    changed = pd.concat([DECIDED, said(("All offences", "ANA", "-"), national_code="99")], ignore_index=True)
    write_table(pd.concat([changed, said(("Damage to cars", "ANA", "0502"), national_code="08")]), path)
    now = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert now.loc[now["code"] == "08", ["iccs", "relation"]].to_numpy().tolist() == [["0502", "narrower"]]
    assert check(path).query("severity == 'error'").empty


def test_one_scheme_at_a_time():
    two = pd.concat([said(("a", "ANA", "0501"), scheme="x"), said(("b", "ANA", "0502"), scheme="y")])
    with pytest.raises(CallError, match="decisions are on x, y"):
        to_table(two)
    with pytest.raises(CallError, match="'z' has no decisions"):
        to_table(two, "z")
    assert to_table(two, "y")["code"].tolist() == ["b"]
    assert to_table(none_yet()).empty


def test_examples():
    rows = [("a", "ANA", "0501"), ("b", "ANA", ""), ("c", "ANA", "0101"), ("c", "BEN", "0102")]
    found = examples(said(*rows, language="es", scheme="pe", tags="At=1"))
    assert found.to_numpy().tolist() == [
        ["a", "es", "0501", "At=1", 1.0, "pe"],
        ["b", "es", "", "At=1", 1.0, "pe"],
    ]
    assert list(found) == ["text", "language", "code", "tags", "weight", "source"]
    assert examples(said(*rows))["source"].unique().tolist() == ["decisions"]


# --- the command -------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SUGGESTIONS.to_csv("suggestions.csv", index=False)
    app = typer.Typer()
    app.command(epilog=EXAMPLE)(review)

    def go(line: str, keys: str = ""):
        return CliRunner().invoke(app, line.split(), input=keys)

    return go


BASE = "suggestions.csv --coder ANA --sample 1 --weight cases --language en"


def test_the_command_in_the_terminal(run):
    first = run(BASE, "1 q")
    assert first.exit_code == 0
    assert "4 texts (2 refused, 1 backed off, 1 sampled)" in first.stdout
    assert "1 of 4 are decided already" in run(BASE, "").stdout
    assert "3 of them are on record" not in run(BASE, "").stdout
    other = run(BASE.replace("en", "es"), "q")
    assert "1 of them are on record under --scheme '' --language 'en'" in other.stdout
    assert len(read_decisions("decisions.csv")) == 1


def test_the_command_with_a_sheet(run):
    assert run(f"{BASE} --export sheet.xlsx").exit_code == 0
    edited("sheet.xlsx", {"J5": "0501", "J6": 501})
    taken = run(f"{BASE} --import sheet.xlsx --json out.json")
    assert taken.exit_code == 1
    assert "error: 'Review'!J6: '501' has lost its zero" in taken.stdout
    assert "Taken: 1. On record already: 0. Not decided: 2. Not taken because of a fault: 1." in taken.stdout
    edited("sheet.xlsx", {"J6": "0501"})
    again = run(f"{BASE} --import sheet.xlsx")
    assert (again.exit_code, "Taken: 1. On record already: 1." in again.stdout) == (0, True)
    assert run(f"{BASE} --import sheet.xlsx --quiet").stdout == ""


def test_the_command_with_two_coders(run, tmp_path):
    run(BASE, "1 1 1 1")
    run(BASE.replace("ANA", "BEN") + " --blind", "1 1 1 1")
    shown = run("--agreement --json -")
    assert '"measure": "kappa"' in shown.stdout
    assert "Agreement between coders" in run("--agreement").stdout
    assert run("--disagreements out.csv").exit_code == 0
    differing = pd.read_csv("out.csv", dtype=str)
    assert set(differing["text"]) >= {"All offences"}
    assert run("--resolve --coder CY", "1" * len(differing)).exit_code == 0
    assert "0 of them are open" in run("--disagreements out.csv").stdout
    assert run("--table table.csv").exit_code == 0
    assert len(Correspondence.from_csv("table.csv")) == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--coder ANA", "SUGGESTIONS: is not given."),
        ("suggestions.csv", "--coder: is not given."),
        ("suggestions.csv --export a.xlsx --import b.xlsx", "--export and --import: do not go together."),
        ("suggestions.csv --table a.csv --resolve", "do not go together"),
        ("suggestions.csv --coder ANA --decisions no/d.csv", "cannot be written"),
        ("suggestions.csv --coder ANA --decisions suggestions.csv", "has no column"),
        ("--agreement", "decisions.csv: cannot be read"),
        ("suggestions.csv --coder ANA --column texto", "no column 'texto'"),
    ],
)
def test_a_wrong_command_is_told(run, line, told):
    done = run(line)
    assert isinstance(done.exception, CrimestatsError)
    assert told in str(done.exception)


def test_help_has_an_example(run):
    assert "crimestats coding review suggestions.csv" in " ".join(run("--help").stdout.split())


def test_what_was_accepted_and_not_reviewed_is_a_candidate(tmp_path):
    from crimestats.classification import check
    from crimestats.coding.decisions import none_yet
    from crimestats.coding.outcomes import candidates, write_table

    given = pd.DataFrame({
        "nr": ["01", "02", "03", "03"], "description": ["Robo", "Cosa", "Hurto", "Daño"],
        "code": ["0401", "", "0502", "0504"], "probability": ["0.97", "0.3", "0.9", "0.9"],
        "tags": ["We", "", "", ""],
    }, dtype="str")  # fmt: skip
    rows = candidates(given, code_column="nr")
    assert rows[["code", "iccs", "status", "tags", "note"]].to_numpy().tolist() == [
        ["01", "0401", "candidate", "We", "suggested at 0.97, not reviewed"]
    ]
    for _ in range(2):  # written again, it is brought up to date and not doubled
        write_table(none_yet(), tmp_path / "mine.csv", suggested=rows)
    assert len(pd.read_csv(tmp_path / "mine.csv")) == 1
    assert check(tmp_path / "mine.csv").query("severity == 'error'").empty
