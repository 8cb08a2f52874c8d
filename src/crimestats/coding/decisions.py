"""What people decided: a record that only grows, and what stands of it.

A later decision of the same coder on the same text supersedes the earlier one,
which stays on record; one that is undone is withdrawn by a row of its own.
What coders do not agree on is used only after a third person has resolved it.
"""

import csv
import io
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from crimestats import files
from crimestats.classification import Classification
from crimestats.coding.review import KEY, QUEUE, offer, tidy, units
from crimestats.errors import CallError, DefinitionError, FileError

try:
    import fcntl as _fcntl
except ImportError:  # not a POSIX system
    _fcntl = None  # type: ignore[assignment]

NEEDED = (
    "decision_id", "text", "language", "scheme", "national_code", "suggested", "decided", "coder", "when",
    "why", "round", "is_blind",
)  # fmt: skip
COLUMNS = (*NEEDED, "tags", "kind")
"""Columns of the record. suggested: the code that was shown; decided: the category, empty for none; tags: the
ICCS variables that the text carries; kind: what the row is."""

KINDS = ("decision", "resolution", "withdrawal")

_WAIT = 10.0
"""Seconds that a writer waits for another one."""


def decision(
    unit: Mapping[str, Any],
    decided: str,
    coder: str,
    why: str = "",
    is_blind: bool = False,
    kind: str = "decision",
) -> dict[str, str]:
    """A row of the record, dated now.

    Args:
        unit: A row of a queue.
        decided: Category; empty for none.
        coder: Who.
        why: In their words.
        is_blind: Nothing was suggested to them.
        kind: One of `KINDS`.

    Raises:
        CallError: There is no coder, or the category is none of the ICCS.
    """
    if not tidy(coder):
        raise CallError("coder", "is not named.", "Say who decides.")
    if decided and decided not in Classification.load("iccs"):
        raise CallError("decided", f"{decided!r} is not a category.", "Give a code of the ICCS, or nothing.")
    given = {name: str(unit.get(name, "")) for name in (*KEY, "round", "tags")}
    return given | {
        "decision_id": secrets.token_hex(6),
        "suggested": "" if is_blind else str(unit.get("suggested", "")),
        "decided": decided,
        "coder": tidy(coder),
        "when": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "why": tidy(why),
        "is_blind": str(int(is_blind)),
        "kind": kind,
    }


def record(path: Path | str, rows: Iterable[Mapping[str, str]]) -> None:
    """Add decisions at the end of a record, which is begun if it is not there.

    All of them are on the disk when it returns; of several writers each adds whole rows.

    Raises:
        FileError: The file cannot be written.
        DefinitionError: It is not such a record.
    """
    place = Path(path)
    added = [[row[name] for name in COLUMNS] for row in rows]
    try:
        with locked(place) as number:
            start = os.fstat(number).st_size
            if start:
                _refuse_header(place)
            head = [list(COLUMNS)] if start == 0 else []
            gap = "" if start == 0 or _last_byte(place) == b"\n" else "\n"
            _write(number, (gap + _text([*head, *added])).encode(), start)
    except OSError as error:
        fault = f"cannot be written ({error.strerror or type(error).__name__})."
        raise FileError(str(path), fault, "Free the place, or choose another folder.") from error


def read_decisions(path: Path | str) -> DataFrame:
    """Read a record.

    Returns:
        `COLUMNS`, all text, in the order in which they were written.

    Raises:
        FileError: It cannot be read.
        DefinitionError: A row has a fault, or was torn; file, line and column are named.
    """
    table = files.read_csv(path, NEEDED)
    missing = {name: value for name, value in (("tags", ""), ("kind", KINDS[0])) if name not in table}
    table = table.assign(**missing).astype("str")[list(COLUMNS)]
    codes = Classification.load("iccs").codes
    remedies = {
        "decided": (table["decided"].isin(["", *codes]), "Write a code of the ICCS, or nothing."),
        "is_blind": (table["is_blind"].isin(["0", "1"]), "Write 1 or 0."),
        "kind": (table["kind"].isin(KINDS), f"Write one of {', '.join(KINDS)}."),
        "coder": (table["coder"].str.strip() != "", "Say who decided."),
        "text": (table["text"].str.strip() != "", "Write the text that was decided."),
    }
    for column, (is_right, remedy) in remedies.items():
        if not is_right.all():
            row = int((~is_right).to_numpy().argmax())
            place = f"{path}, line {files.line_of(path, row)}, column {column}"
            raise DefinitionError(place, f"{table[column].iloc[row]!r} does not belong there.", remedy)
    return table


def none_yet() -> DataFrame:
    """A record without rows."""
    return DataFrame(columns=list(COLUMNS), dtype="str")


def standing(decisions: DataFrame) -> DataFrame:
    """The latest row of each coder on each text, in the order of the record; what was withdrawn is gone.

    Returns:
        `COLUMNS`, unit, and by (the coder, case aside).
    """
    latest = _keyed(decisions).drop_duplicates(["unit", "by"], keep="last")
    return latest[latest["kind"] != "withdrawal"].reset_index(drop=True)


def first_opinions(decisions: DataFrame) -> DataFrame:
    """The first decision of each coder on each text that was not withdrawn: later ones may follow a talk.

    Returns:
        As `standing`.
    """
    keyed = _keyed(decisions)
    withdrawn = (keyed["kind"] == "withdrawal")[::-1].groupby([keyed["unit"], keyed["by"]]).cummax()[::-1]
    kept = keyed[~withdrawn & (keyed["kind"] == "decision")]
    return kept.drop_duplicates(["unit", "by"]).reset_index(drop=True)


def settled(decisions: DataFrame) -> DataFrame:
    """What is decided on each text.

    The latest resolution stands; without one, what all coders agree on.

    Returns:
        unit, scheme, language, national_code, text, tags, status (`agreed`,
        `resolved` or `open`), decided (empty where open, or no category), who
        (coders and days), why.
    """
    now = standing(decisions)
    now = now.assign(who=now["coder"] + " " + now["when"].str[:10])
    ruling = now[now["kind"] == "resolution"].drop_duplicates("unit", keep="last")
    opinions = now[(now["kind"] == "decision") & ~now["unit"].isin(ruling["unit"])]
    groups = opinions.groupby("unit", sort=False)
    joined = groups.agg(who=("who", ", ".join), why=("why", _joined), n=("decided", "nunique"))
    last = opinions.drop_duplicates("unit", keep="last").drop(columns=["who", "why"])
    agreed = last.merge(joined, on="unit")
    is_open = agreed.pop("n") > 1
    agreed = agreed.assign(status=is_open.map({True: "open", False: "agreed"}))
    agreed["decided"] = agreed["decided"].mask(is_open, "")
    found = pd.concat([agreed, ruling.assign(status="resolved")], ignore_index=True)
    columns = ["unit", *KEY, "tags", "status", "decided", "who", "why"]
    return found[columns].astype("str").sort_values("text", kind="stable", ignore_index=True)


def disagreements(decisions: DataFrame) -> DataFrame:
    """Texts on which coders differ.

    Returns:
        unit, the columns of `review.KEY`, round, tags, level (the first at which they part; 0 where
        one says that there is no category), opinions (coder, code and
        reason), codes (blanks between; `none` for no category), status
        (`open` or `resolved`), resolved (the category).
    """
    now = standing(decisions)
    opinions = now[now["kind"] == "decision"]
    differing = opinions[opinions.groupby("unit")["decided"].transform("nunique") > 1]
    ends = settled(decisions).set_index("unit")
    rows = []
    for unit, group in differing.groupby("unit", sort=False):
        told = [_opinion(row) for row in group.to_dict("records")]
        codes = sorted(set(group["decided"]))
        end = ends.loc[str(unit)]
        rows.append((
            unit, *group[[*KEY, "round", "tags"]].iloc[-1], _parting(codes), "; ".join(told),
            " ".join(code or "none" for code in codes), str(end["status"]), str(end["decided"]),
        ))  # fmt: skip
    columns = ["unit", *KEY, "round", "tags", "level", "opinions", "codes", "status", "resolved"]
    return DataFrame(rows, columns=columns).astype({name: "str" for name in columns if name != "level"})


def disputes(decisions: DataFrame, coder: str) -> tuple[DataFrame, int]:
    """Open disagreements as a queue for a third person: the candidates are what was decided.

    Args:
        decisions: A record.
        coder: Who resolves; texts on which they decided themselves are left out.

    Returns:
        The queue (`review.QUEUE`), and how many texts were left out.
    """
    differing = disagreements(decisions)
    differing = differing[differing["status"] == "open"]
    now = standing(decisions)
    own = differing["unit"].isin(now.loc[now["by"] == tidy(coder).casefold(), "unit"])
    chosen = differing[~own].sort_values("text", kind="stable", ignore_index=True)
    codes = chosen["codes"].str.split().map(lambda each: [code for code in each if code != "none"])
    offered = offer(codes, Classification.load("iccs"))
    chosen = chosen.assign(cause="coders differ", reason=chosen["opinions"], suggested="", probability="")
    chosen = chosen.assign(basis="", rows=1, weight=1.0).join(offered)
    return chosen[list(QUEUE)], int(own.sum())


def _opinion(row: Mapping[Any, Any]) -> str:
    reason = f" ({row['why']})" if row["why"] else ""
    return f"{row['coder']}: {row['decided'] or 'no category'}{reason}"


def _parting(codes: list[str]) -> int:
    if "" in codes:
        return 0
    iccs = Classification.load("iccs")
    paths = [[*reversed(iccs.ancestors(code)), code] for code in codes]
    shared = 0
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared += 1
    return shared + 1


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))


def _keyed(decisions: DataFrame) -> DataFrame:
    kept = decisions.reset_index(drop=True)
    return kept.assign(unit=units(kept), by=kept["coder"].str.casefold())


def _text(rows: list[list[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _write(number: int, data: bytes, start: int) -> None:
    """All or nothing: what a full disk cuts off is taken back."""
    try:
        while data:
            data = data[os.write(number, data) :]
        os.fsync(number)
    except OSError:
        os.ftruncate(number, start)
        raise


def _refuse_header(place: Path) -> None:
    with open(place, encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(stream), [])
    if tuple(header) != COLUMNS:
        fault = "is not a record of decisions that can be added to."
        raise DefinitionError(f"{place}, line 1", fault, f"Its columns have to be {','.join(COLUMNS)}.")


def _last_byte(place: Path) -> bytes:
    with open(place, "rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1)


@contextmanager
def locked(place: Path) -> Iterator[int]:
    """The file, open for adding; other writers wait."""
    with _lock_file(place) if _fcntl is None else _nothing():
        number = os.open(place, os.O_APPEND | os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if _fcntl is not None:
                _fcntl.flock(number, _fcntl.LOCK_EX)
            yield number
        finally:
            os.close(number)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _lock_file(place: Path) -> Iterator[None]:
    """A file beside it that only one writer can make, for systems without `fcntl`."""
    lock, end = place.with_name(f".{place.name}.lock"), time.monotonic() + _WAIT
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > end:
                remedy = f"Wait for them; if nobody writes, remove {lock}."
                raise FileError(str(place), "is being written by another.", remedy) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
