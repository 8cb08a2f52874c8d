"""Vintages: what each acceptance said, and which figures stood after it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from sqlalchemy import Column, Connection, Integer, String, Table, Text, select

from crimestats.errors import CallError
from crimestats.files import replacing
from crimestats.frames import OBSERVATIONS
from crimestats.observations import rank
from crimestats.store.breaks import DECLARED, declared, with_segments
from crimestats.store.catalogue import TABLES, Store, opened
from crimestats.store.figures import encoded_figures, faults, fetch, population_from, table_of
from crimestats.store.findings import moment
from crimestats.store.findings import table_of as rows_of
from crimestats.store.folding import NEEDED, ROW, Block, statements

if TYPE_CHECKING:
    import pyarrow

VINTAGES = Table(
    "vintages", TABLES,
    Column("vintage", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False), Column("by", Text, nullable=False),
    Column("file", String(64), nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("figures", "new", "changed", "withdrawn")),
    Column("population", String(64), nullable=False), Column("is_own_population", Integer, nullable=False),
)  # fmt: skip
"""Acceptances, numbered from 1 without gaps; file and population are names of files."""
ACCEPTED = Table(
    "accepted_returns", TABLES,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("vintage", Integer, nullable=False, index=True),
    Column("return_id", Text, nullable=False), Column("sha256", String(64), nullable=False, index=True),
    Column("since", Integer, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("area", "questionnaire", "agency")),
)  # fmt: skip
"""The returns of each acceptance; `since` is the vintage in which the same workbook came first."""

Which = int | datetime | None
_MANY = 1_500_000  # statements that are held at a time
_ORDER = ["area", "item", "year", "questionnaire", "agency", "scheme", "country", "city", "trait", "sex",
          "age", "sheet", "cell", "return_id"]  # fmt: skip


def log(store: Store | str | Path) -> DataFrame:
    """The acceptances of a store, one row each.

    Args:
        store: The store, or its place.

    Returns:
        `vintage`, `at` (UTC), `by`, `figures` (statements in its file), of them `new`, `changed` and
        `withdrawn`, `returns` (their number), `areas` and `questionnaires` (blanks between), and the
        names of its `file` and of the `population` table in force, each the SHA-256 of its content.

    Raises:
        FileError: There is no such store.
    """
    with opened(store) as kept, kept.reading() as connection:
        vintages, accepted = known_vintages(connection), _accepted(connection)
    groups = accepted.groupby("vintage")
    listed = {f"{name}s": groups[name].agg(lambda texts: " ".join(sorted(set(texts))))
              for name in ("area", "questionnaire")}  # fmt: skip
    counted = groups["return_id"].nunique().rename("returns")
    table = vintages.join(DataFrame({"returns": counted, **listed}), on="vintage")
    table = table.fillna({"returns": 0, "areas": "", "questionnaires": ""}).astype({"returns": "int64"})
    return table[["vintage", "at", "by", "figures", "new", "changed", "withdrawn", "returns", "areas",
                  "questionnaires", "file", "population"]]  # fmt: skip


def accepted_returns(store: Store | str | Path, vintage: int | None = None) -> DataFrame:
    """The returns that acceptances rest on.

    Args:
        store: The store, or its place.
        vintage: Of this one only.

    Returns:
        `vintage`, `return_id`, `sha256` of the workbook (empty where it was not told), `since` (the
        vintage in which that workbook was first accepted), `area`, `questionnaire`, `agency`.
    """
    with opened(store) as kept, kept.reading() as connection:
        table = _accepted(connection)
    chosen = table if vintage is None else table[table["vintage"] == vintage]
    return chosen.drop(columns="id").reset_index(drop=True)


def as_of(store: Store | str | Path, vintage: Which = None) -> DataFrame:
    """The figures that stood after an acceptance.

    Of the statements of one figure by one agency the last one stands that says something: a blank
    takes nothing back, nor does what cannot be read; a stated withdrawal does, and so stands without
    a value. What two agencies of an area say differently stays side by side.

    Args:
        store: The store, or its place.
        vintage: Its number; a time with its zone, for what stood then; the last one where not given.

    Returns:
        The figures (`frames.OBSERVATIONS`), and beside them `vintage`: the one that said it last. A
        break that any return up to then declared for an area and item stays declared for all their
        figures, whatever a later return says, and `segment` is the year of the last of them.

    Raises:
        CallError: There is no such vintage, or the time has no zone.
        FileError: There is no such store, or one of its files is gone or is not what was accepted.
    """
    with opened(store) as kept:
        with kept.reading() as connection:
            number = _number(connection, vintage)
            broken: list[DataFrame] = []
            blocks = blocks_of(
                connection, kept, upto=number, columns=[*NEEDED, *DECLARED],
                look=lambda table: broken.append(declared(table)),
            )  # fmt: skip
        return _standing(kept, blocks, number, broken)


def write_figures(figures: DataFrame, path: Path | str) -> None:
    """Write figures as `as_of` gives them, with the vintage of each; the same figures are the same bytes.

    Raises:
        CallError: They are not what `as_of` gives.
        FileError: The file cannot be written.
    """
    content = encoded_figures(OBSERVATIONS.check(figures))
    with replacing(path) as place:
        place.write_bytes(content)


def population_as_of(store: Store | str | Path, vintage: Which = None) -> DataFrame:
    """The population table that was in force after an acceptance, as `areas.population` gives it.

    Raises:
        CallError: Nothing was accepted yet, or there is no such vintage.
        FileError: The file is gone, or is not what was accepted.
    """
    with opened(store) as kept:
        with kept.reading() as connection:
            number, vintages = _number(connection, vintage), known_vintages(connection)
        if number == 0:
            raise CallError("vintage", "nothing was accepted yet.", "Name a later one.")
        name = vintages.set_index("vintage")["population"][number]
        return population_from(fetch(kept.files, name))


def check(store: Store | str | Path) -> DataFrame:
    """Whether every file is there and is what was accepted.

    Returns:
        `file` and `fault`, one row for each file that is gone, damaged, or of no vintage; and
        `is_loss`, whether a vintage cannot be read for it.
    """
    with opened(store) as kept:
        with kept.reading() as connection:
            vintages = known_vintages(connection)
        names = {*vintages["file"], *vintages["population"]}
        if not names:
            return DataFrame(columns=["file", "fault", "is_loss"])
        rows = [(path, fault, Path(path).stem in names) for path, fault in faults(kept.files, names)]
    return DataFrame(rows, columns=["file", "fault", "is_loss"])


def known_vintages(connection: Connection) -> DataFrame:
    """The rows of `VINTAGES`, in order."""
    return rows_of(VINTAGES, list(connection.execute(select(VINTAGES).order_by(VINTAGES.c.vintage))))


def blocks_of(
    connection: Connection,
    store: Store,
    *,
    upto: int,
    after: int = 0,
    areas: Collection[str] | None = None,
    columns: Sequence[str] = NEEDED,
    look: "Callable[[pyarrow.Table], None] | None" = None,
) -> list[Block]:
    """The statements of the acceptances of a store, of some areas where they are named.

    Where they are many, those that no longer stand are left out on the way; `look` sees them all.
    """
    vintages, accepted = known_vintages(connection), _accepted(connection)
    if areas is not None:
        accepted = accepted[accepted["vintage"].isin(accepted.loc[accepted["area"].isin(areas), "vintage"])]
    since = {number: dict(zip(rows["return_id"], rows["since"], strict=True))
             for number, rows in accepted.groupby("vintage")}  # fmt: skip
    chosen = vintages[vintages["vintage"].between(after + 1, upto) & vintages["vintage"].isin(list(since))]
    blocks: list[Block] = []
    most = _MANY
    for number, file in zip(chosen["vintage"].tolist(), chosen["file"], strict=True):
        table = _of(_numbered(table_of(fetch(store.files, file), list(dict.fromkeys(columns)))), areas)
        if look is not None:
            look(table)
        blocks.append(Block(number, since[number], table))
        if rows_in(blocks) > most:
            blocks = reduced(blocks, upto)
            most = max(_MANY, 2 * rows_in(blocks))
    return blocks


def reduced(blocks: Sequence[Block], upto: int) -> list[Block]:
    """The same acceptances with nothing but what still stands."""
    return filtered(blocks, statements(blocks).standing(upto)) if blocks else []


def rows_in(blocks: Sequence[Block]) -> int:
    """Number of statements."""
    return sum(block.table.num_rows for block in blocks)


def filtered(blocks: Sequence[Block], chosen: NDArray[np.bool_]) -> list[Block]:
    """The same acceptances with some of their statements only; those with none are left out."""
    ends = np.cumsum([block.table.num_rows for block in blocks])
    parts = zip(blocks, np.split(chosen, ends[:-1]), strict=True)
    return [replace(block, table=block.table.filter(mask)) for block, mask in parts if mask.any()]


def _numbered(table: "pyarrow.Table") -> "pyarrow.Table":
    import pyarrow

    return table.append_column(ROW, pyarrow.array(np.arange(table.num_rows)))


def _accepted(connection: Connection) -> DataFrame:
    return rows_of(ACCEPTED, list(connection.execute(select(ACCEPTED).order_by(ACCEPTED.c.id))))


def _number(connection: Connection, vintage: Which) -> int:
    """The number of a vintage; 0 where nothing was accepted by then."""
    known = known_vintages(connection)
    last = len(known)
    if vintage is None:
        return last
    if isinstance(vintage, datetime):
        return int((known["at"] <= moment(vintage)).sum())
    if not 1 <= vintage <= last:
        has = f"The store has 1 to {last}." if last else "Nothing was accepted yet."
        raise CallError("vintage", f"{vintage} is none.", has)
    return int(vintage)


def _of(table: "pyarrow.Table", areas: Collection[str] | None) -> "pyarrow.Table":
    """The rows of some areas."""
    if areas is None:
        return table
    column = table.column("area").combine_chunks()
    wanted = np.isin(np.array(column.dictionary.to_pylist(), dtype="str"), list(areas))
    return table if wanted.all() else table.filter(wanted[column.indices.to_numpy()])


def _standing(store: Store, blocks: Sequence[Block], number: int, broken: Sequence[DataFrame]) -> DataFrame:
    import pyarrow

    if not blocks:
        return OBSERVATIONS.empty().assign(vintage=np.empty(0, dtype=np.int64))
    with store.reading() as connection:
        files = known_vintages(connection).set_index("vintage")["file"]
    tables, vintages = [], []
    for block in reduced(blocks, number):
        tables.append(table_of(fetch(store.files, files[block.vintage])).take(block.table.column(ROW)))
        vintages.append(np.full(block.table.num_rows, block.vintage, dtype=np.int64))
    joined = pyarrow.concat_tables(tables).unify_dictionaries().combine_chunks().to_pandas()
    table = OBSERVATIONS.cast(joined).assign(vintage=np.concatenate(vintages))
    return _in_order(with_segments(table, broken))


def _in_order(table: DataFrame) -> DataFrame:
    """The rows by area, item and year, whatever they were accepted after."""
    places = [table[name] if name == "year" else rank(table[name]) for name in reversed(_ORDER)]
    ordered: DataFrame = table.take(np.lexsort(places)).reset_index(drop=True)
    return ordered


def now_after(last: str, at: datetime | None) -> str:
    """When an acceptance is made: never before the one that it follows.

    Raises:
        CallError: A time was given that lies before it, or has no zone.
    """
    when = moment(at)
    if when >= last:
        return when
    if at is not None:
        fault = f"{datetime.fromisoformat(when).astimezone(UTC).isoformat()} is before the last one ({last})."
        raise CallError("at", fault, "Give a later time, or none for now.")
    return last
