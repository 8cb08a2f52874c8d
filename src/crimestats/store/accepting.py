"""Accepting figures: one immutable file, then one transaction: a vintage is there whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from sqlalchemy import Connection, func, select

from crimestats.frames import OBSERVATIONS, RETURNS, UNKNOWN
from crimestats.store.breaks import refuse_numbers
from crimestats.store.catalogue import Store
from crimestats.store.figures import encoded_figures, encoded_population, keep, name_of, place_of, table_of
from crimestats.store.findings import chunks
from crimestats.store.folding import NEEDED, SAME, SAYS, Block, Statements, statements, weight
from crimestats.store.vintages import (
    ACCEPTED,
    VINTAGES,
    blocks_of,
    filtered,
    known_vintages,
    now_after,
    reduced,
    rows_in,
)

if TYPE_CHECKING:
    import pyarrow

OUTCOMES = ("new", "changed", "described", "withdrawn", "unchanged", "standing", "outdated", "empty")
"""What an acceptance does to a figure: it is new; its value, bounds or status is another; only what is
said of it is another; it is taken back; it is as it was; an earlier one stands, since there is nothing
here, or nothing that can be read; one that came in a later workbook stands; there is none."""

_SAID = ("value", "lower", "upper", "status")
_BESIDE = ("code", "segment", "regime", "period", "provisional", "note")
_COLUMNS = list(dict.fromkeys([*NEEDED, *_SAID, *_BESIDE]))
_MANY = 100_000  # statements that are worth being laid over one another before
_WHO = ["area", "questionnaire", "agency"]
_RETURN = ["return_id", "sha256", *_WHO]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What came of an acceptance.

    Attributes:
        vintage: Its number; where nothing was new, that of the last vintage, which stands.
        is_new: Whether a vintage was made.
        figures: By area, questionnaire and agency, how many of each of the `OUTCOMES`.
        conflicts: How many figures two agencies of an area now say differently.
        strangers: Returns of no known area: their figures belong nowhere and were left out.
    """

    vintage: int
    is_new: bool
    figures: DataFrame
    conflicts: int
    strangers: tuple[str, ...] = ()

    def count(self, outcome: str) -> int:
        """How many figures had one of the `OUTCOMES`."""
        return int(self.figures[outcome].sum())


@dataclass(slots=True)
class _Offer:
    """What is to be accepted, made ready before it is the turn of this process."""

    content: bytes
    population: bytes
    is_own_population: bool
    table: "pyarrow.Table"
    returns: DataFrame
    by: str
    again: bool
    blocks: list[Block] = field(default_factory=list)
    upto: int = 0

    @property
    def areas(self) -> set[str]:
        return set(self.returns["area"])


def accept(
    observations: DataFrame,
    store: Store | str | Path,
    *,
    by: str = "",
    returns: DataFrame | None = None,
    population: DataFrame | None = None,
    at: datetime | None = None,
    again: bool = False,
) -> Acceptance:
    """Keep figures for good, as a new vintage of a store.

    Nothing is overwritten. A later return supersedes an earlier one of the same area, questionnaire
    and agency, figure by figure; see `as_of` for what stands. A workbook that was accepted before is
    not a later one: what came since stands. Where nothing is new there is no new vintage.

    Args:
        observations: Reported figures (`frames.OBSERVATIONS`).
        store: The store, or its place; made where there is none.
        by: Who accepts; stays on record.
        returns: The files that they were read from (`frames.RETURNS`). Without their hashes each
            acceptance counts as later than those before.
        population: The population table in force (as `areas.population`); where not given the last one
            of your own, else the shipped one.
        at: When; now where not given.
        again: Let workbooks that were accepted before count as if they came now, to undo an acceptance.

    Returns:
        What came of it.

    Raises:
        CallError: A table is not what is declared, a `segment` is no year of a break up to the figure's
            year, or `at` has no zone or lies before the last vintage.
        FileError: The store cannot be read or written.

    >>> from crimestats.frames import OBSERVATIONS
    >>> row = dict.fromkeys(OBSERVATIONS.columns, "_T") | {"area": "PRT", "year": 2022, "status": "exact",
    ...        "value": 72.0, "lower": 72.0, "upper": 72.0, "segment": 0}
    >>> with Store.open(None) as store:
    ...     first = accept(DataFrame([row]), store, by="A. Reyes")
    ...     second = accept(DataFrame([row]), store, by="B. Ndiaye")
    >>> first.vintage, first.is_new, first.count("new"), second.is_new, second.count("unchanged")
    (1, True, 1, False, 1)
    """
    offer, strangers = _offer(observations, by, returns, population, again)
    if not isinstance(store, Store):
        with Store.open(store) as opened:
            return replace(_accept(opened, offer, at), strangers=strangers)
    return replace(_accept(store, offer, at), strangers=strangers)


def accepted_before(store: Store, returns: DataFrame) -> "Series[int]":
    """For each return the vintage in which the same workbook was first accepted; 0 where it never was.

    Args:
        store: The store.
        returns: Files (`frames.RETURNS`).
    """
    sha = returns["sha256"].astype("str")
    with store.reading() as connection:
        known = _since(connection, sha)
    return sha.map(known).fillna(0).astype("int64").set_axis(returns["return_id"].astype("str"))


def _offer(
    observations: DataFrame, by: str, returns: DataFrame | None, population: DataFrame | None, again: bool
) -> tuple[_Offer, tuple[str, ...]]:
    given = OBSERVATIONS.check(OBSERVATIONS.cast(observations))
    refuse_numbers(given)
    is_known = given["area"] != UNKNOWN
    strangers = sorted(given.loc[~is_known, "return_id"].astype("str").unique())
    figures = given[is_known]
    listed = _returns(figures, returns)
    workbooks = dict(zip(listed["return_id"], listed["sha256"], strict=True))
    content = encoded_figures(figures, workbooks=workbooks)
    offer = _Offer(
        content, encoded_population(population), population is not None, table_of(content, _COLUMNS),
        listed, by.strip(), again,
    )  # fmt: skip
    return offer, tuple(strangers)


def _returns(figures: DataFrame, returns: DataFrame | None) -> DataFrame:
    """The returns of the figures, and those without any, each with the hash of its workbook."""
    own = figures[["return_id", *_WHO]].drop_duplicates().astype("str")
    if returns is None:
        return own.assign(sha256="")[_RETURN]
    files = RETURNS.check(returns).astype(dict.fromkeys(RETURNS.columns, "str"))
    sha = files.drop_duplicates("return_id").set_index("return_id")["sha256"]
    own = own.assign(sha256=own["return_id"].map(sha).astype("str").fillna(""))
    is_other = ~files["return_id"].isin(own["return_id"]) & (files["area"] != UNKNOWN)
    others = files[is_other & (files["status"] != "refused")]
    others = others.assign(agency=others["agency"].replace("", UNKNOWN))
    return pd.concat([own[_RETURN], others[_RETURN]], ignore_index=True)


def _accept(store: Store, offer: _Offer, at: datetime | None) -> Acceptance:
    _read_ahead(store, offer)
    with store.writing() as connection:
        vintages = known_vintages(connection)
        number = len(vintages) + 1
        since = _since(connection, offer.returns["sha256"]) if not offer.again else {}
        offer.returns["since"] = offer.returns["sha256"].map(since).fillna(number).astype("int64")
        _choose_population(offer, vintages)
        came = dict(zip(offer.returns["return_id"], offer.returns["since"].tolist(), strict=True))
        fresh = blocks_of(
            connection, store, after=offer.upto, upto=number - 1, areas=offer.areas, columns=_COLUMNS
        )
        blocks = [*offer.blocks, *fresh, Block(number, came, offer.table)]
        laid = statements(blocks)
        outcome, moves = _outcomes(blocks, laid, number)
        told = Acceptance(number, True, _counted(offer.table, outcome), _conflicts(blocks, laid, number))
        if not (moves or _is_news(offer, vintages, number)):
            return replace(told, vintage=number - 1, is_new=False)
        if not store.is_trial:
            _keep(store.files, offer, vintages)
        when = now_after("" if vintages.empty else vintages["at"].iloc[-1], at)
        _write(connection, offer, told, when)
        return told


def _read_ahead(store: Store, offer: _Offer) -> None:
    """What was said so far, so that others wait only while the little that came since is added."""
    with store.reading() as connection:
        upto = len(known_vintages(connection))
        blocks = blocks_of(connection, store, upto=upto, areas=offer.areas, columns=_COLUMNS)
    offer.blocks, offer.upto = reduced(blocks, upto) if rows_in(blocks) > _MANY else blocks, upto


def _since(connection: Connection, hashes: "Series[str]") -> dict[str, int]:
    """The vintage in which each workbook was first accepted, of those that were."""
    query = select(ACCEPTED.c.sha256, func.min(ACCEPTED.c.vintage)).group_by(ACCEPTED.c.sha256)
    known = chunks(hashes[hashes != ""])
    return {sha: vintage for part in known
            for sha, vintage in connection.execute(query.where(ACCEPTED.c.sha256.in_(part)))}  # fmt: skip


def _choose_population(offer: _Offer, vintages: DataFrame) -> None:
    """A table of the user's own stays in force until another is given."""
    if not offer.is_own_population and len(vintages) and vintages["is_own_population"].iloc[-1]:
        offer.population, offer.is_own_population = b"", True


def _is_news(offer: _Offer, vintages: DataFrame, number: int) -> bool:
    """Whether there is a workbook that never came before, or another population, though no figure moves."""
    is_workbook = (offer.returns["since"] == number) & (offer.returns["sha256"] != "")
    has_population = bool(offer.population) and len(vintages) > 0
    return bool(is_workbook.any()) or (
        has_population and name_of(offer.population) != vintages["population"].iloc[-1]
    )


def _outcomes(blocks: Sequence[Block], laid: Statements, number: int) -> tuple[NDArray[np.int64], bool]:
    """The place in `OUTCOMES` of each statement of the last acceptance, and whether anything moves."""
    frame = _said(blocks)
    own = laid.vintage == number
    before, after = laid.standing(number - 1), laid.standing(number)
    best = np.full(laid.n_keys, -1, dtype=np.int64)
    np.maximum.at(best, laid.key[own], laid.rank[own])
    chosen = own & (laid.rank == best[laid.key])
    same = {name: _digest(laid, frame[name], before) == _digest(laid, frame[name], chosen)
            for name in ("said", "beside")}  # fmt: skip
    had, had_figure = (_any(laid, mask)[laid.key[own]] for mask in (before, before & frame["is_figure"]))
    key, stands, is_figure = laid.key[own], after[own], frame["is_figure"].to_numpy()[own]
    is_said, is_beside = same["said"][key] & had, same["beside"][key] & had
    has_figure = _any(laid, after & frame["is_figure"])[key]
    says = (frame["weight"] == SAYS).to_numpy()[own]
    cases = [
        (is_said & is_beside & says, "unchanged"), (~stands & is_said & says, "unchanged"),
        (~stands & ~says & has_figure, "standing"), (~stands & says, "outdated"),
        (stands & is_figure & ~had_figure, "new"), (stands & ~is_figure & had_figure, "withdrawn"),
        (stands & is_figure & is_said, "described"), (stands & is_figure, "changed"),
    ]  # fmt: skip
    places = [OUTCOMES.index(name) for _, name in cases]
    outcome = np.select([case for case, _ in cases], places, OUTCOMES.index("empty"))
    return outcome, bool((stands & ~(is_said & is_beside)).any())


def _said(blocks: Sequence[Block]) -> DataFrame:
    """Of each statement what it says and what is said beside, as numbers; and how much it says."""
    import pyarrow

    table = pyarrow.concat_tables([block.table.select([*_SAID, *_BESIDE]) for block in blocks])
    frame = table.unify_dictionaries().to_pandas()
    hashed = {
        name: pd.util.hash_pandas_object(frame[list(columns)], index=False).to_numpy()
        for name, columns in (("said", _SAID), ("beside", _BESIDE))
    }
    return DataFrame({**hashed, "weight": weight(frame), "is_figure": frame["lower"].notna()})


def _digest(laid: Statements, hashed: "Series[Any]", mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """A number for each figure, equal where the same is said of it, as often."""
    total = np.zeros(laid.n_keys, dtype=np.uint64)
    np.add.at(total, laid.key[mask], hashed.to_numpy()[mask] | np.uint64(1))
    return total


def _any(laid: Statements, mask: "NDArray[np.bool_] | Series[bool]") -> NDArray[np.bool_]:
    found = np.zeros(laid.n_keys, dtype=bool)
    found[laid.key[np.asarray(mask)]] = True
    return found


def _counted(table: "pyarrow.Table", outcome: NDArray[np.int64]) -> DataFrame:
    """By area, questionnaire and agency the number of figures of each outcome."""
    who = table.select(_WHO).to_pandas().astype("str")
    counts = who.assign(outcome=np.array(OUTCOMES)[outcome]).groupby([*_WHO, "outcome"]).size()
    wide = counts.unstack("outcome", fill_value=0).reindex(columns=list(OUTCOMES), fill_value=0)  # noqa: PD010
    counted: DataFrame = wide.rename_axis(columns=None).reset_index()
    return counted


def _conflicts(blocks: Sequence[Block], laid: Statements, number: int) -> int:
    """Figures that stand several times, of two agencies mostly, and differ."""
    standing = filtered(blocks, laid.standing(number))
    if not standing:
        return 0
    bounds = pd.concat([block.table.select(["lower", "upper"]).to_pandas() for block in standing])
    key = statements(standing, [name for name in SAME if name != "agency"]).key
    if len(key) == len(np.unique(key)):
        return 0
    groups = bounds.groupby(key)
    spread = groups.max() - groups.min()
    return int((spread > 0).any(axis="columns").sum())


def _keep(folder: Path, offer: _Offer, vintages: DataFrame) -> None:
    """Put the files into their places, before the catalogue names them."""
    known: Mapping[str, bytes] = {name_of(content): content for content in (offer.content, offer.population)}
    for name, content in known.items():
        is_kept = name in {*vintages["file"], *vintages["population"]} and place_of(folder, name).exists()
        if content and not is_kept:
            keep(folder, content)


def _write(connection: Connection, offer: _Offer, told: Acceptance, when: str) -> None:
    population = name_of(offer.population) if offer.population else None
    if population is None:
        last = select(VINTAGES.c.population).where(VINTAGES.c.vintage == told.vintage - 1)
        population = connection.execute(last).scalar_one()
    connection.execute(VINTAGES.insert(), {
        "vintage": told.vintage, "at": when, "by": offer.by, "file": name_of(offer.content),
        "figures": offer.table.num_rows, "new": told.count("new"), "changed": told.count("changed"),
        "withdrawn": told.count("withdrawn"), "population": population,
        "is_own_population": int(offer.is_own_population),
    })  # fmt: skip
    rows = offer.returns.assign(vintage=told.vintage)[["vintage", "since", *_RETURN]]
    if len(rows):
        connection.execute(ACCEPTED.insert(), rows.to_dict("records"))  # type: ignore[arg-type]
