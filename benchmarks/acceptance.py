"""Accepting figures while processes are killed, and several at once: nothing lost, nothing doubled, all readable.

    python benchmarks/acceptance.py --kills 1000 --processes 8
    python benchmarks/acceptance.py --kills 1000 --processes 8 --postgresql     (a server of Debian, started for it)
    python benchmarks/acceptance.py --url postgresql+psycopg://user@host/name --files FOLDER
    python benchmarks/acceptance.py --speed                                     (a world round, and 20 vintages)

A killed process is a fork of this one, which has everything loaded: it accepts one return after the other and
says through a pipe when it was told that one is kept. SIGKILL comes at a random moment. What was told must be
there; what was not may be there or not, but whole.
"""

import argparse
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow

import crimestats as cs
from crimestats import areas
from crimestats import store as stores
from crimestats.frames import OBSERVATIONS, RETURNS, SERIES
from crimestats.store.figures import encoded_population, fetch

FIGURES = 30  # of one return; one figure in it is given by all returns, the others are its own
AT_MOST = 40  # vintages that are folded one by one at the end; of all of them the file is read


@dataclass
class Result:
    """What came of it.

    Attributes:
        kills: How many processes were killed.
        told: For each acceptance that its process was told of (process, turn) the vintage.
        faults: What is wrong; none, if all is well.
        vintages: How many there are in the end.
        early: Kills that came before the process was told of any.
    """

    kills: int = 0
    told: dict[tuple[int, int], int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    vintages: int = 0
    early: int = 0


def figures(process: int, turn: int) -> pd.DataFrame:
    """The figures of one return, of an area that the process chooses: its own ones, and one that others give too."""
    units = areas.areas()["area"]
    items = ["shared", *(f"own.{process}.{turn}.{number}" for number in range(1, FIGURES))]
    row = dict.fromkeys(OBSERVATIONS.columns, "_T") | {
        "area": units[process % len(units)], "year": 2022, "status": "exact", "segment": 1, "questionnaire": "cts",
        "agency": "Office", "return_id": f"{process}.{turn}.xlsx", "findings": "", "note": "",
    }  # fmt: skip
    value = float(1000 * process + turn)
    table = pd.DataFrame(
        [row | {"item": item, "value": value, "lower": value, "upper": value} for item in items]
    )
    return OBSERVATIONS.cast(table)


def workbook(process: int, turn: int, area: str) -> pd.DataFrame:
    """The file that they come from."""
    return RETURNS.cast(pd.DataFrame([{
        "return_id": f"{process}.{turn}.xlsx", "file": "", "sha256": f"{process}.{turn}", "questionnaire": "cts",
        "area": area, "agency": "Office", "language": "en", "status": "read",
    }]))  # fmt: skip


def accept_for_ever(place: Any, files: Path | None, process: int, turns: int, say: int) -> None:
    """Accept one return after the other, and say so when each is kept."""
    with stores.Store.open(place, files=files) as store:
        for turn in range(turns):
            given = figures(process, turn)
            told = stores.accept(
                given, store, by=str(process), returns=workbook(process, turn, given["area"].iloc[0])
            )
            os.write(say, f"{process} {turn} {told.vintage}\n".encode())


def fork(work: Callable[[int], None]) -> tuple[int, int]:
    """A process that does some work; its id and the end of the pipe on which it speaks."""
    hear, say = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads; those here hold no lock of ours
        process = os.fork()
    if process:
        os.close(say)
        return process, hear
    status = 1
    try:
        os.close(hear)
        work(say)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def heard(hear: int) -> dict[tuple[int, int], int]:
    """What a process said until it ended; a line that it did not end was said too, for it is written at once."""
    parts = []
    while part := os.read(hear, 1 << 16):
        parts.append(part)
    os.close(hear)
    lines = [tuple(map(int, line.split())) for line in b"".join(parts).decode().splitlines()]
    return {(process, turn): vintage for process, turn, vintage in lines}


def killed(place: Any, files: Path | None, kills: int, seed: int) -> Result:
    """Kill processes that accept, one after the other, and look after each whether the last vintage is whole."""
    _warm()
    chance, result = random.Random(seed), Result()
    began = time.perf_counter()
    process, hear = fork(lambda say: accept_for_ever(place, files, 0, 4, say))
    result.told |= heard(hear)
    _ended(process, result)
    usual = (time.perf_counter() - began) / 4
    for number in range(1, kills + 1):
        process, hear = fork(lambda say, number=number: accept_for_ever(place, files, number, 10_000, say))
        time.sleep(chance.uniform(0, 3 * usual))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        told = heard(hear)
        result.told |= told
        result.kills += 1
        result.early += not told
        result.faults += _last(place, files)
    return _judged(place, files, result)


def at_once(place: Any, files: Path | None, processes: int, turns: int) -> Result:
    """Let several processes accept at once."""
    _warm()
    result, running = Result(), []
    for number in range(processes):
        running.append(
            fork(lambda say, number=number: accept_for_ever(place, files, 10**6 + number, turns, say))
        )
    waiting = {hear: process for process, hear in running}
    while waiting:
        for hear in select.select(list(waiting), [], [])[0]:
            result.told |= heard(hear)
            _ended(waiting.pop(hear), result)
    if len(result.told) != processes * turns:
        result.faults.append(f"{len(result.told)} of {processes * turns} acceptances were told of")
    return _judged(place, files, result)


def _warm() -> None:
    pyarrow.set_cpu_count(1)  # a fork has none of the threads of its parent
    encoded_population(None)
    with stores.Store.open(None) as store:
        stores.accept(figures(0, 0), store, returns=workbook(0, 0, "x"))
        stores.as_of(store)


def _ended(process: int, result: Result) -> None:
    status = os.waitpid(process, 0)[1]
    if status:
        result.faults.append(f"a process ended with {os.waitstatus_to_exitcode(status)}")


def _last(place: Any, files: Path | None) -> list[str]:
    """Whether the last vintage is whole, after a kill."""
    try:
        with stores.Store.open(place, files=files) as store:
            log = stores.log(store)
            if len(log):
                fetch(store.files, log["file"].iloc[-1])
                fetch(store.files, log["population"].iloc[-1])
    except cs.CrimestatsError as error:
        return [str(error)]
    return []


def _judged(place: Any, files: Path | None, result: Result) -> Result:
    """Whether all that was told is there, once, and every vintage can be read."""
    with stores.Store.open(place, files=files) as store:
        log, accepted = stores.log(store), stores.accepted_returns(store)
        result.vintages = len(log)
        if log["vintage"].tolist() != list(range(1, len(log) + 1)):
            result.faults.append("the numbers of the vintages have gaps")
        kept = accepted.groupby("sha256")["vintage"].agg(list).to_dict()
        for (process, turn), vintage in result.told.items():
            if kept.get(f"{process}.{turn}") != [vintage]:
                result.faults.append(
                    f"{process}.{turn} was told to be vintage {vintage}, and is {kept.get(f'{process}.{turn}')}"
                )
        result.faults += [
            f"{row.file} {row.fault}" for row in stores.check(store).itertuples() if row.is_loss
        ]
        result.faults += _misread(store, accepted, len(log))
    return result


def _misread(store: stores.Store, accepted: pd.DataFrame, last: int) -> list[str]:
    """What some vintages, the last among them, say otherwise than the returns that they rest on."""
    numbers = sorted(
        {*np.linspace(1, max(len(accepted), 1), AT_MOST).astype(int).tolist(), len(accepted)} - {0}
    )
    faults = []
    for number in numbers:
        rests_on = accepted[accepted["vintage"] <= number]
        expected = {}
        for row in rests_on.itertuples():
            process, turn = map(int, row.sha256.split("."))
            value = float(1000 * process + turn)
            expected[row.area, "shared"] = value
            expected |= {(row.area, f"own.{process}.{turn}.{each}"): value for each in range(1, FIGURES)}
        table = stores.as_of(store, number)
        found = dict(zip(zip(table["area"], table["item"], strict=True), table["value"], strict=True))
        if len(found) != len(table):
            faults.append(f"vintage {number} has {len(table) - len(found)} figures twice")
        if found != expected:
            faults.append(
                f"vintage {number} is not what was accepted ({len(found)} figures, {len(expected)} expected)"
            )
    return faults


def world_round(rows: int, seed: int) -> pd.DataFrame:
    """Figures of 200 returns, every one filled."""
    definition, draw = cs.Questionnaire.load("un-cts-2024"), np.random.default_rng(seed)
    units = areas.areas().query("kind == 'country' or kind == 'territory'")["area"].to_numpy()[:200]
    years = np.arange(2020, 2024)
    n_items = max(1, rows // (len(units) * len(years)))
    items = definition.data.iloc[:n_items]
    place = np.tile(np.repeat(np.arange(len(items)), len(years)), len(units))
    described = items.iloc[place].reset_index(drop=True)
    value = draw.integers(0, 10_000, len(place)).astype(float)
    area = np.repeat(units, len(items) * len(years))
    table = pd.DataFrame({name: described[name] for name in ("item", *SERIES)}).assign(
        area=area, year=np.tile(years, len(units) * len(items)), scheme="iccs-1.0", code=described["iccs"],
        value=value, lower=value, upper=value, status="exact", segment=1, questionnaire=definition.id,
        agency="Office", findings="", note="", return_id=area + ".xlsx", sheet="Violent",
        cell=[f"D{number % 300}" for number in place],
    )  # fmt: skip
    return OBSERVATIONS.cast(table)


def speed(place: Any, files: Path | None, rows: int, vintages: int) -> None:
    """What it costs to accept world rounds, and to look back over them."""
    given = world_round(rows, 0)
    draw = np.random.default_rng(1)
    with stores.Store.open(place, files=files) as store:
        for number in range(1, vintages + 1):
            moved = draw.random(len(given)) < 0.02
            for name in ("value", "lower", "upper"):
                given[name] = given[name] + moved
            _timed(f"accept round {number} of {len(given):,} figures", lambda: stores.accept(given, store))
        _timed(f"as_of over {vintages} vintages", lambda: stores.as_of(store))
        _timed("revisions of the first and the last", lambda: stores.revised(store, 1, vintages))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _timed(what: str, step: Callable[[], Any]) -> None:
    began = time.perf_counter()
    step()
    print(f"{what:44} {time.perf_counter() - began:6.2f} s")


def show(what: str, result: Result, began: float) -> None:
    print(f"{what}: {result.vintages:,} vintages, {len(result.told):,} told of, {len(result.faults)} faults, "
          f"{time.perf_counter() - began:.0f} s")  # fmt: skip
    if result.kills:
        print(f"  {result.kills:,} kills, {result.early:,} of them before the first acceptance was told of")
    for fault in result.faults[:20]:
        print(f"  {fault}")


def run(place: Any, files: Path | None, options: argparse.Namespace) -> int:
    if options.speed:
        speed(place, files, options.rows, options.vintages)
        return 0
    began = time.perf_counter()
    one = killed(place, files, options.kills, options.seed)
    show("killed", one, began)
    began = time.perf_counter()
    two = at_once(place, files, options.processes, options.turns)
    show(f"{options.processes} at once", two, began)
    return 1 if one.faults or two.faults else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--turns", type=int, default=25, help="acceptances of each process")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--url", help="an empty database; SQLite in a temporary folder where not given")
    parser.add_argument("--files", type=Path, help="folder for the figures of the database by URL")
    parser.add_argument("--postgresql", action="store_true", help="start a server of Debian for it")
    parser.add_argument("--speed", action="store_true", help="time world rounds instead")
    parser.add_argument("--rows", type=int, default=300_000, help="figures of a world round")
    parser.add_argument("--vintages", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.postgresql:
            sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
            import postgresql

            with postgresql.server() as url, postgresql.database(url, "acceptance") as place:
                status = run(place, Path(folder), options)
        elif options.url:
            status = run(options.url, options.files or Path(folder), options)
        else:
            status = run(Path(folder, "kept"), None, options)
    sys.exit(status)


if __name__ == "__main__":
    main()
