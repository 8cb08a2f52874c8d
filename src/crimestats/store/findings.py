"""Findings over the rounds: their tables, the office's decisions, and what is still to be asked.

A finding is never deleted, and everything that happens to it is an event.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pandas import DataFrame
from sqlalchemy import Column, Connection, Index, Integer, String, Table, Text, bindparam, select, update

from crimestats.errors import CallError
from crimestats.store.catalogue import TABLES, Store

OPEN, EXPLAINED, CORRECTED, ACCEPTED, NO_REPLY = "open", "explained", "corrected", "accepted", "no_reply"
STATES = (OPEN, EXPLAINED, CORRECTED, ACCEPTED, NO_REPLY)
UNKNOWN_ANSWER = "unknown"
"""State of an answer in a workbook to a question that the store does not know."""

EVENTS = (
    "found", "changed", "found_again", "answered", "corrected", "no_reply", "asked", "accepted", "reopened",
    "unknown",
)  # fmt: skip
"""What can happen to a finding; `unknown` is an answer to a question that the store does not know."""

FINDINGS = Table(
    "findings", TABLES,
    Column("finding_id", String(64), primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("questionnaire", "area", "rule", "severity")),
    *(Column(name, Text, nullable=False) for name in ("return_id", "sheet", "cell", "item")),
    Column("year", Integer),
    *(Column(name, Text, nullable=False) for name in ("value", "expected", "message", "question")),
    Column("state", String(16), nullable=False), Column("answer", Text, nullable=False),
    Column("first_seen", String(32), nullable=False), Column("last_seen", String(32), nullable=False),
    Column("asked", String(32)),
    Index("findings_of_area", "questionnaire", "area"),
)  # fmt: skip
HISTORY = Table(
    "events", TABLES,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("finding_id", String(64), nullable=False, index=True),
    Column("at", String(32), nullable=False), Column("event", String(16), nullable=False),
    Column("from_state", String(16), nullable=False), Column("to_state", String(16), nullable=False),
    Column("text", Text, nullable=False), Column("by", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
)  # fmt: skip
BASES = Table(
    "bases", TABLES,
    Column("finding_id", String(64), primary_key=True),
    Column("basis", Text, nullable=False),
)  # fmt: skip
"""What a finding rests on, as `basis.bases` says it; those of an older store have none until found again."""
FILES = Table(
    "files", TABLES,
    Column("sha256", String(64), primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("return_id", "questionnaire", "area")),
    Column("first_seen", String(32), nullable=False),
)  # fmt: skip

_CHUNK = 500  # values in one condition, well below the limits of both databases
_MOVES = {
    "asked": {OPEN: OPEN, NO_REPLY: NO_REPLY},
    "accepted": dict.fromkeys((OPEN, EXPLAINED, NO_REPLY), ACCEPTED),
    "reopened": dict.fromkeys((EXPLAINED, ACCEPTED, NO_REPLY), OPEN),
}
_DECISIONS = {"accept": "accepted", "reopen": "reopened"}


def known(
    store: Store,
    *,
    state: str = "",
    area: str = "",
    questionnaire: str = "",
    ids: Sequence[str] | None = None,
) -> DataFrame:
    """What the store knows of findings.

    Args:
        store: The store.
        state: Only those in this state.
        area: Only those of this reporting unit.
        questionnaire: Only those of this questionnaire.
        ids: Only these.

    Returns:
        One row a finding: its place, value and question when it was last found, `state`, `answer`,
        and when it was first and last seen and last asked.

    Raises:
        CallError: There is no such state.
    """
    if state and state not in STATES:
        raise CallError("state", f"`{state}` is none.", f"States: {', '.join(STATES)}.")
    query = select(FINDINGS).order_by(*(FINDINGS.c[name] for name in ("area", "sheet", "cell", "finding_id")))
    for name, wanted in (("state", state), ("area", area), ("questionnaire", questionnaire)):
        query = query.where(FINDINGS.c[name] == wanted) if wanted else query
    with store.reading() as connection:
        if ids is None:
            rows = list(connection.execute(query))
        else:
            parts = (query.where(FINDINGS.c.finding_id.in_(part)) for part in chunks(ids))
            rows = [row for part in parts for row in connection.execute(part)]
    return table_of(FINDINGS, rows)


def history(store: Store, finding_id: str) -> DataFrame:
    """All that happened to a finding, in order.

    Returns:
        Columns `at` (UTC), `event` (one of `EVENTS`), `from_state`, `to_state`, `text` (the answer,
        the reason, or what changed), `by` and `sha256` of the file.
    """
    query = select(HISTORY).where(HISTORY.c.finding_id == finding_id).order_by(HISTORY.c.id)
    with store.reading() as connection:
        return table_of(HISTORY, list(connection.execute(query))).drop(columns=["id", "finding_id"])


def unknown_answers(store: Store) -> DataFrame:
    """Answers in returned workbooks to questions that the store does not know, or knows of another area.

    Returns:
        Columns `finding_id`, `at`, `text` and `sha256` of the file.
    """
    query = select(HISTORY).where(HISTORY.c.event == "unknown").order_by(HISTORY.c.id)
    with store.reading() as connection:
        return table_of(HISTORY, list(connection.execute(query)))[["finding_id", "at", "text", "sha256"]]


def to_ask(findings: DataFrame) -> DataFrame:
    """What to put to the senders: what is open, and once more what came back without a reply.

    Args:
        findings: What `settle` returned.

    Returns:
        Those findings, with `is_reminder` beside.
    """
    state = findings["state"].astype("str")
    wanted = state.isin([OPEN, NO_REPLY])
    return findings.loc[wanted].assign(is_reminder=(state == NO_REPLY)[wanted]).reset_index(drop=True)


def mark_asked(store: Store, ids: Iterable[str], at: datetime) -> int:
    """Keep that questions were put, when an annotated workbook or a letter was written.

    Args:
        store: The store.
        ids: Findings; those that are not open or without reply are passed over.
        at: When.

    Returns:
        How many were asked.

    Raises:
        CallError: An id is not in the store, or `at` has no time zone.
    """
    when = moment(at)
    with store.writing() as connection:
        return _move(connection, ids, "asked", when, "", "")


def accept_findings(
    store: Store, ids: Iterable[str], by: str, reason: str, at: datetime | None = None
) -> int:
    """Accept figures as they are: the office's decision, which ends the asking.

    Args:
        store: The store.
        ids: Findings; what is corrected or accepted already stays as it is.
        by: Who decides.
        reason: Why.
        at: When; now where not given.

    Returns:
        How many were accepted.

    Raises:
        CallError: An id is not in the store, nobody or no reason is named.
    """
    _need(by=by, reason=reason)
    when = moment(at)
    with store.writing() as connection:
        return _move(connection, ids, "accepted", when, reason.strip(), by.strip())


def reopen(store: Store, ids: Iterable[str], by: str, reason: str, at: datetime | None = None) -> int:
    """Ask again, though it was accepted, explained or not replied to; arguments as of `accept_findings`.

    Returns:
        How many were opened again.

    Raises:
        CallError: An id is not in the store, nobody or no reason is named.
    """
    _need(by=by, reason=reason)
    when = moment(at)
    with store.writing() as connection:
        return _move(connection, ids, "reopened", when, reason.strip(), by.strip())


def decide(store: Store, decisions: DataFrame, by: str, at: datetime | None = None) -> dict[str, int]:
    """Take in several decisions, all of them or none.

    Args:
        store: The store.
        decisions: Columns `finding_id`, `decision` (`accept` or `reopen`) and `reason`.
        by: Who decides.
        at: When; now where not given.

    Returns:
        How many were accepted and reopened, under `accept` and `reopen`.

    Raises:
        CallError: An id is not in the store, a decision is none, nobody or no reason is named.
    """
    when, done = moment(at), dict.fromkeys(_DECISIONS, 0)
    with store.writing() as connection:
        for key, rows in decisions.groupby(["decision", "reason"], sort=False):
            decision, reason = (str(part) for part in key)
            if decision not in _DECISIONS:
                raise CallError("decision", f"`{decision}` is none.", "Write accept or reopen.")
            _need(by=by, reason=reason)
            event = _DECISIONS[decision]
            done[decision] += _move(connection, rows["finding_id"], event, when, reason.strip(), by.strip())
    return done


def moment(at: datetime | None) -> str:
    """A time as the store writes it: UTC, so that texts sort as times do.

    Raises:
        CallError: It has no time zone.
    """
    at = datetime.now(UTC) if at is None else at
    if at.tzinfo is None:
        raise CallError("at", f"{at.isoformat()} has no time zone.", "Give one, e.g. `datetime.now(UTC)`.")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids in parts that a condition can hold, each once."""
    listed = list(dict.fromkeys(ids))
    yield from (listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK))


def table_of(table: Table, rows: Sequence[Any]) -> DataFrame:
    """Rows of a table of the store, texts as texts; a year or time that there is none of is missing."""
    frame = DataFrame([tuple(row) for row in rows], columns=[column.name for column in table.columns])
    texts = [column.name for column in table.columns if not isinstance(column.type, Integer)]
    return frame.astype(dict.fromkeys(texts, "str") | ({"year": "Int16"} if "year" in frame else {}))


def add_events(connection: Connection, events: DataFrame) -> None:
    """Put events on record, in the order of the rows."""
    if len(events):
        names = ["finding_id", "at", "event", "from_state", "to_state", "text", "by", "sha256"]
        connection.execute(HISTORY.insert(), events[names].to_dict("records"))  # type: ignore[arg-type]


def _need(**given: str) -> None:
    for name, text in given.items():
        if not text.strip():
            raise CallError(name, "is empty.", "Say who decides, and why: both stay on record.")


def _move(connection: Connection, ids: Iterable[str], event: str, at: str, text: str, by: str) -> int:
    """Move the findings that are in one of some states; what is opened again has not been asked yet."""
    wanted, moves = list(dict.fromkeys(ids)), _MOVES[event]
    query = select(FINDINGS.c.finding_id, FINDINGS.c.state)
    states = {
        finding: state
        for part in chunks(wanted)
        for finding, state in connection.execute(query.where(FINDINGS.c.finding_id.in_(part)))
    }
    _need_known(wanted, states)
    rows = [
        {"finding_id": finding, "at": at, "event": event, "from_state": states[finding],
         "to_state": moves[states[finding]], "text": text, "by": by, "sha256": ""}
        for finding in wanted if states[finding] in moves
    ]  # fmt: skip
    if rows:
        asked: dict[str, str | None] = (
            {} if event == "accepted" else {"asked": at if event == "asked" else None}
        )
        change = update(FINDINGS).where(FINDINGS.c.finding_id == bindparam("key"))
        change = change.values(state=bindparam("to"), **asked)
        connection.execute(change, [{"key": row["finding_id"], "to": row["to_state"]} for row in rows])
        add_events(connection, DataFrame(rows))
    return len(rows)


def _need_known(wanted: Sequence[str], states: dict[str, str]) -> None:
    if unknown := [finding for finding in wanted if finding not in states]:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        fault = f"{', '.join(unknown[:5])}{more} is not in the store."
        raise CallError("finding_id", fault, "See `crimestats findings list` for those that are.")
