"""How the state of a finding moves on in a round, all findings at once."""

import pandas as pd
from pandas import DataFrame, Series

from crimestats.store.findings import ACCEPTED, CORRECTED, EXPLAINED, NO_REPLY, OPEN, UNKNOWN_ANSWER

_ANSWERED = (EXPLAINED, ACCEPTED)


def moves(table: DataFrame) -> DataFrame:
    """What becomes of each finding.

    Args:
        table: A row for each finding: what the store knows (`state`, `value`, `expected`, `answer`,
            `asked`), what was found (`is_found`, `is_new`, `value_now`, `expected_now`), the last
            reply (`reply`, missing where there was no cell for it; `was_seen` where this answer of
            this file is on record; `reply_seen`, when its file was first read), `before` it was
            corrected, and `is_corrected`.

    Returns:
        The same with the states after each step (`found_to`, `answered_to`, `state_to`),
        `answer_to` and `asked_to`.
    """
    table = table.assign(reply=table["reply"].fillna(""), has_reply=table["reply"].notna())
    table["is_again"] = table["is_found"] & (table["state"] == CORRECTED)
    table["is_changed"] = (
        table["is_found"] & ~table["is_new"] & (_differs(table, "value") | _differs(table, "expected"))
    )
    table["found_to"] = _when_found(table)
    is_reset = table["is_changed"] | (table["is_again"] & (table["found_to"] == OPEN))
    is_late = table["asked"].notna() & (table["reply_seen"].fillna("") > table["asked"].fillna(""))
    is_late &= ~is_reset
    table["is_answer"] = _is_answer(table, is_late)
    may_explain = table["is_found"] & table["found_to"].isin([OPEN, NO_REPLY])
    table["answered_to"] = table["found_to"].mask(table["is_answer"] & may_explain, EXPLAINED)
    came_back = table["is_found"] & table["has_reply"] & (table["reply"] == "") & is_late
    state = table["answered_to"].mask(came_back & (table["answered_to"] == OPEN), NO_REPLY)
    table["state_to"] = state.mask(table["is_corrected"], CORRECTED)
    table["answer_to"] = table["answer"].mask(table["is_answer"], table["reply"])
    table["asked_to"] = table["asked"].mask(is_reset)
    return table


def _when_found(table: DataFrame) -> "Series[str]":
    """Open again where the value changed; as it was answered where it is found again as it was."""
    state: Series[str] = table["state"].mask(table["is_changed"], OPEN)
    before = table["before"].where(table["before"].isin(_ANSWERED), OPEN)
    return state.mask(table["is_again"] & ~table["is_changed"], before)


def _is_answer(table: DataFrame, is_late: "Series[bool]") -> "Series[bool]":
    """An answer that is not on record yet: another text, or the same once more after it was asked again."""
    is_filled = (table["reply"] != "") & ~table["was_seen"].eq(True)
    return is_filled & ((table["reply"] != table["answer"]) | is_late)


def _differs(table: DataFrame, name: str) -> "Series[bool]":
    now = table[f"{name}_now"].fillna("").astype("str")
    return table[name].astype("str").str.strip() != now.str.strip()


def events(moved: DataFrame, now: str) -> DataFrame:
    """What happened to the findings, each finding's events in their order."""
    start, found, answered, end = (moved[name] for name in ("state", "found_to", "answered_to", "state_to"))
    said, nothing, is_changed = _said(moved), pd.Series("", index=moved.index), moved["is_changed"]
    steps = [
        (moved["is_new"], "found", nothing, found, said, nothing),
        (moved["is_again"], "found_again", start, found, said, nothing),
        (is_changed & ~moved["is_again"], "changed", start, found, said, nothing),
        (moved["is_answer"], "answered", found, answered, moved["reply"], moved["sha256"]),
        ((end == NO_REPLY) & (answered == OPEN), "no_reply", answered, end, nothing, moved["sha256"]),
        (moved["is_corrected"], "corrected", answered, end, nothing, nothing),
    ]
    parts = [
        DataFrame({"finding_id": moved["finding_id"], "event": event, "from_state": before,
                   "to_state": after, "text": text, "sha256": sha}).loc[chosen]
        for chosen, event, before, after, text, sha in steps
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).assign(at=now, by="")


def _said(moved: DataFrame) -> "Series[str]":
    """What was found: the value, and what it was before."""
    value, before = moved["value_now"].fillna("").astype("str"), moved["value"].astype("str")
    said = value.mask(moved["is_changed"] & _differs(moved, "value"), before + " → " + value)
    now, was = moved["expected_now"].fillna("").astype("str"), moved["expected"].astype("str")
    moved_on = moved["is_changed"] & _differs(moved, "expected")
    return said.mask(moved_on, said + " (" + was + " → " + now + ")")


def unknown_events(strange: DataFrame, now: str) -> DataFrame:
    """Answers to questions that the store does not know, or knows of another area: kept all the same."""
    rows = strange[["finding_id", "sha256"]].assign(text=strange["reply"], at=now, by="", event="unknown")
    return rows.assign(from_state=UNKNOWN_ANSWER, to_state=UNKNOWN_ANSWER)
