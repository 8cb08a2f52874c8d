"""A round and what the store knew before: which findings were answered, corrected, or left without reply."""

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from pandas import DataFrame, Series
from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from crimestats import frames
from crimestats.questionnaire import Questionnaire
from crimestats.store.basis import bases, parts, said_in
from crimestats.store.catalogue import Store
from crimestats.store.coverage import corrected
from crimestats.store.findings import (
    BASES,
    CORRECTED,
    FILES,
    FINDINGS,
    HISTORY,
    OPEN,
    STATES,
    add_events,
    chunks,
    moment,
    table_of,
)
from crimestats.store.moves import events, moves, unknown_events

REPLY = "A."
"""Cells whose item begins so hold the answer to the finding named after it."""

_ERROR = r"#(?:N/A|NAME\?|VALUE!|REF!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)"
_STATE = pd.CategoricalDtype(list(STATES))
_SHOWN = ("rule", "severity", "return_id", "sheet", "cell", "item", "year", "value", "expected", "message",
          "question")  # fmt: skip
_FILE = "_file"  # what is about a file has its path for a value, which is another on each machine
_MUST = ("questionnaire", "area")


def settle(
    store: Store,
    findings: DataFrame,
    cells: DataFrame,
    returns: DataFrame,
    at: datetime,
    definition: Questionnaire | None = None,
    given: Collection[str] = (),
) -> DataFrame:
    """Move the store's findings on by a round, and say in which state each finding of the round is.

    `open` is what nobody has answered; `explained` what is still found and was answered;
    `corrected` what is no longer found though its rule ran, in a newer return that gives all its
    figures again and one of them anew; `accepted` what the office took as it is; `no_reply` what
    was asked, and came back blank with the same value. A finding that was explained or accepted is
    open again when its value, or what is expected of it, changes.
    An answer counts once: the same file read again moves nothing.

    Args:
        store: The store.
        findings: What was found in this round (`frames.FINDINGS`).
        cells: The round (`frames.CELLS`); rows `A.<finding_id>` are the answers in the workbooks.
        returns: Its files (`frames.RETURNS`).
        at: When.
        definition: The questionnaire by which the round was judged; what another rule found is not corrected.
        given: What the round was compared with: `previous`, `sources`, `previous_metadata`, as `validate`
            has them. What was not given corrects nothing.

    Returns:
        The findings with their `state` and, beside, `answer`.

    Raises:
        CallError: A frame is not what is declared, or `at` has no time zone.
        FileError: The store cannot be written.
    """
    frames.FINDINGS.check(findings)
    frames.CELLS.check(cells)
    frames.RETURNS.check(returns)
    now = moment(at)
    with store.writing() as connection:
        files = _files(connection, returns, now)
        table = _side_by_side(connection, findings, files, now)
        replies, strange = _replies(connection, cells, files, table)
        table = table.join(replies, on="finding_id")
        table["before"] = _before(connection, table)
        gone = table.loc[~table["is_found"] & (table["state"] != CORRECTED)]
        read = parts(cells, files)
        said = said_in(cells, read, {*gone["area"], *findings["area"].astype("str")})
        resting = bases(findings, said, read, definition, given)
        is_gone = corrected(
            _with_basis(connection, gone), _resting(findings, resting), said, read, definition, given
        )
        table["is_corrected"] = is_gone.reindex(table.index, fill_value=False)
        moved = moves(table)
        _write(connection, moved, now)
        _upsert(connection, BASES, resting)
        add_events(connection, events(moved, now))
        add_events(connection, unknown_events(strange, now))
    told = moved.set_index("finding_id")[["state_to", "answer_to"]].reindex(findings["finding_id"])
    return findings.assign(state=told["state_to"].to_numpy(), answer=told["answer_to"].to_numpy()).astype(
        {"state": _STATE, "answer": "str"}
    )


def _files(connection: Connection, returns: DataFrame, now: str) -> DataFrame:
    """The files of the round, each with the time at which its bytes were first read."""
    files = returns.astype(dict.fromkeys(returns.columns, "str"))
    shas = files.loc[files["sha256"] != "", "sha256"]
    query = select(FILES)
    rows = [row for part in chunks(shas) for row in connection.execute(query.where(FILES.c.sha256.in_(part)))]
    before = table_of(FILES, rows).set_index("sha256")["first_seen"]
    is_new = (files["status"] == "read") & (files["sha256"] != "") & ~files["sha256"].isin(before.index)
    new = files.loc[is_new].drop_duplicates("sha256").assign(first_seen=now)
    if len(new):
        names = [column.name for column in FILES.columns]
        connection.execute(FILES.insert(), new[names].to_dict("records"))  # type: ignore[arg-type]
    return files.assign(first_seen=files["sha256"].map(before).astype("str").fillna(now))


def _side_by_side(connection: Connection, findings: DataFrame, files: DataFrame, now: str) -> DataFrame:
    """What the store knows of the questionnaires of the round, and what was found, a row for each finding."""
    texts = {name: "str" for name in (*_SHOWN, *_MUST, "finding_id") if name != "year"}
    found = findings[["finding_id", *_MUST, *_SHOWN]].astype(texts).drop_duplicates("finding_id")
    found["value"] = found["value"].where(found["item"] != _FILE, found["return_id"])
    wanted = sorted({*found["questionnaire"], *files.loc[files["status"] == "read", "questionnaire"]})
    query = select(FINDINGS).where(FINDINGS.c.questionnaire.in_(wanted))
    known = table_of(FINDINGS, list(connection.execute(query))).set_index("finding_id")
    table = known.join(found.set_index("finding_id").add_suffix("_now"), how="outer")
    table["is_found"] = table["rule_now"].notna()
    table["is_new"] = table["state"].isna()
    for name in (*_MUST, *_SHOWN):
        table[name] = table[name].where(~table["is_new"], table[f"{name}_now"])
    blank = {"state": OPEN, "answer": "", "first_seen": now, "last_seen": now}
    return table.fillna(blank).rename_axis("finding_id").reset_index()


def _replies(
    connection: Connection, cells: DataFrame, files: DataFrame, table: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """The last reply to each finding; and answers to what the store does not know of that area."""
    named = cells["item"].cat.categories[cells["item"].cat.categories.str.startswith(REPLY)]
    rows = cells.loc[cells["item"].isin(named), ["return_id", "item", "raw"]].astype("str")
    rows = rows.merge(files[["return_id", "sha256", "area", "questionnaire", "first_seen"]], on="return_id")
    rows = rows.assign(finding_id=rows["item"].str.removeprefix(REPLY), reply=rows["raw"].str.strip())
    rows["reply"] = rows["reply"].mask(rows["reply"].str.fullmatch(_ERROR), "")  # no words of the sender
    is_known = pd.MultiIndex.from_frame(rows[["finding_id", "area", "questionnaire"]]).isin(
        pd.MultiIndex.from_frame(table[["finding_id", "area", "questionnaire"]])
    )
    was_seen = _was_seen(connection, rows)
    rows = rows.assign(has_answer=rows["reply"] != "", was_seen=was_seen["answered"])
    strange = rows.loc[~is_known & rows["has_answer"] & ~was_seen["unknown"]]
    strange = strange.drop_duplicates(["finding_id", "reply", "sha256"])
    last = rows.loc[is_known].sort_values(["has_answer", "first_seen", "return_id"], kind="stable")
    new = last[last["has_answer"] & ~last["was_seen"]].drop_duplicates(["finding_id", "reply"])
    said = new.groupby("finding_id")["reply"].agg(" / ".join)  # two files may answer one question at a time
    last = last.drop_duplicates("finding_id", keep="last").set_index("finding_id")
    last["reply"] = said.reindex(last.index).fillna(last["reply"])
    return last[["reply", "sha256", "was_seen"]].assign(reply_seen=last["first_seen"]), strange


def _was_seen(connection: Connection, rows: DataFrame) -> DataFrame:
    """For each reply whether this answer of this file is on record, to a known question or an unknown one."""
    query = select(HISTORY.c.finding_id, HISTORY.c.text, HISTORY.c.sha256, HISTORY.c.event)
    of_answers = query.where(HISTORY.c.event.in_(["answered", "unknown"]))
    parts = (of_answers.where(HISTORY.c.sha256.in_(part)) for part in chunks(rows["sha256"]))
    seen = {tuple(row) for part in parts for row in connection.execute(part)}
    keys = list(zip(rows["finding_id"], rows["reply"], rows["sha256"], strict=True))
    columns = {event: [(*key, event) in seen for key in keys] for event in ("answered", "unknown")}
    return DataFrame(columns, index=rows.index, dtype="bool")


def _before(connection: Connection, table: DataFrame) -> Series:
    """For findings that are found again the state that they had before they were corrected."""
    again = table.loc[table["is_found"] & (table["state"] == CORRECTED), "finding_id"]
    query = select(HISTORY.c.finding_id, HISTORY.c.from_state).order_by(HISTORY.c.id)
    query = query.where(HISTORY.c.event == "corrected")
    states = {
        finding: state
        for part in chunks(again)
        for finding, state in connection.execute(query.where(HISTORY.c.finding_id.in_(part)))
    }
    return table["finding_id"].map(states).astype("str").fillna("")


def _write(connection: Connection, moved: DataFrame, now: str) -> None:
    """Put down what was found or has moved; what is as it was, and not found, is left alone."""
    is_moved = (moved["state_to"] != moved["state"]) | (moved["answer_to"] != moved["answer"])
    rows = moved.loc[moved["is_found"] | is_moved]
    if rows.empty:
        return
    found = {name: rows[name].where(~rows["is_found"], rows[f"{name}_now"]) for name in (*_MUST, *_SHOWN)}
    rows = rows.assign(
        **found, state=rows["state_to"], answer=rows["answer_to"], asked=rows["asked_to"],
        last_seen=rows["last_seen"].where(~rows["is_found"], now),
    )  # fmt: skip
    columns = [column.name for column in FINDINGS.columns]
    plain = rows[columns].astype("object")
    _upsert(connection, FINDINGS, plain.where(plain.notna(), None))


def _upsert(connection: Connection, table: Table, rows: DataFrame) -> None:
    """Put rows into a table by their finding; when it was first seen stays."""
    if rows.empty:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    kept = ("finding_id", "first_seen")
    others = {name: insert.excluded[name] for name in rows.columns if name not in kept}
    upsert = insert.on_conflict_do_update(index_elements=["finding_id"], set_=others)
    connection.execute(upsert, rows.to_dict("records"))  # type: ignore[arg-type]


def _with_basis(connection: Connection, gone: DataFrame) -> DataFrame:
    """Findings with what the store knows of the cells that they rest on."""
    query = select(BASES.c.finding_id, BASES.c.basis)
    known = {
        finding: basis
        for part in chunks(gone["finding_id"])
        for finding, basis in connection.execute(query.where(BASES.c.finding_id.in_(part)))
    }
    return gone.assign(basis=gone["finding_id"].map(known).astype("str").fillna(""))


def _resting(findings: DataFrame, resting: DataFrame) -> DataFrame:
    """The findings of the round with the cells that they rest on."""
    names = ["finding_id", "questionnaire", "area", "rule"]
    return findings[names].astype("str").drop_duplicates("finding_id").merge(resting, on="finding_id")
