"""A world round: what each step costs against reading the same workbooks with python-calamine alone.

    make bench            200 workbooks of about 1,400 input cells
    python benchmarks/world_round.py --workbooks 40

All steps run in one process run, one after the other, on the same files; CPU
seconds are those of the process and its children. Only the ratios to the floor
travel between machines.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook

import crimestats as cs
from crimestats import areas

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))
import invented

YEARS = tuple(range(2015, 2023))  # 181 items by 8 years: 1,448 input cells


def workbooks(folder: Path, number: int) -> list[Path]:
    """Returns with every cell filled, seeded: figures that agree with each other, one in a hundred of them then changed.

    Of the changed ones half are wrong by a factor of up to ten, a quarter are bounded, a quarter missing.
    """
    definition = cs.Questionnaire.load("un-cts-2024")
    units = areas.areas().query("kind == 'country' or kind == 'territory'")["area"].tolist()
    if number > len(units):
        sys.exit(f"There are {len(units)} reporting units; ask for no more workbooks.")
    draw = np.random.default_rng(2024)
    paths = []
    for area in units[:number]:
        values = invented.figures(definition, YEARS, scale=float(draw.lognormal(0, 1)))
        table = pd.DataFrame([(str(year), item, str(value)) for (item, year), value in values.items()],
                             columns=["year", "item", "value"])  # fmt: skip
        chosen = draw.random(len(table))
        wrong = chosen < 0.005
        factors = draw.uniform(0.1, 10, wrong.sum())
        table.loc[wrong, "value"] = (
            (table.loc[wrong, "value"].astype(float) * factors).astype(int).astype(str)
        )
        table.loc[(chosen > 0.005) & (chosen < 0.0075), "value"] = "<5"
        table.loc[(chosen > 0.0075) & (chosen < 0.01), "value"] = ".."
        metadata = {
            f"{row.module}.{row.question}": _answer(row)
            for row in definition.metadata.itertuples()
            if row.required == "1"
        }
        paths.append(cs.build(definition, folder / f"{area}.xlsx", area=area, agency="Office", years=YEARS,
                              figures=table, metadata=metadata))  # fmt: skip
    return paths


def _answer(question: Any) -> str:
    return {"stock_date": "31-12"}.get(question.question, question.choices.split("|")[0] or "Office")


def floor(paths: list[Path]) -> int:
    """Values of all sheets by python-calamine, nothing else."""
    cells = 0
    for path in paths:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            cells += sum(len(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False))
    return cells


def timed(step: Callable[[], Any]) -> tuple[float, float, Any]:
    """CPU seconds of the process tree, wall seconds, and what the step returns."""
    before, start = os.times(), time.perf_counter()
    result = step()
    wall, after = time.perf_counter() - start, os.times()
    return sum(after[:4]) - sum(before[:4]), wall, result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workbooks", type=int, default=200)
    parser.add_argument(
        "--repeat", type=int, default=3, help="the floor and read are timed so often, the median counts"
    )
    options = parser.parse_args()
    definition = cs.Questionnaire.load("un-cts-2024")
    population = cs.population()
    with tempfile.TemporaryDirectory() as place:
        paths = workbooks(Path(place), options.workbooks)
        warm = cs.observe(cells := cs.read(paths[:2], definition), cs.validate(cells, definition))
        cs.tabulate(cs.classify(warm), population)
        ways = (
            lambda: floor(paths),
            lambda: cs.read(paths, definition),
            lambda: cs.read(paths, definition, workers=2),
        )
        reading = [[timed(way) for way in ways] for _ in range(options.repeat)]
        base, read, threads = (
            sorted(turn[way][:2] for turn in reading)[options.repeat // 2] for way in range(len(ways))
        )
        cells = reading[-1][1][2]
        *validate, report = timed(lambda: cs.validate(cells, definition, population=population))
        *observe, observations = timed(lambda: cs.observe(cells, report))
        *tabulate, tables = timed(lambda: _tabulate(cells, observations, population))
        *publish, _ = timed(lambda: _publish(tables, observations, report, Path(place) / "release"))
    steps = {"floor: python-calamine": base, "read, with its guard": read,
             "the same in two threads": threads, "validate": validate, "observe": observe,
             "classify and tabulate": tabulate, "publish": publish}  # fmt: skip
    upto = ["read, with its guard", "validate", "observe"]
    steps["read + validate + observe"] = [sum(steps[name][k] for name in upto) for k in (0, 1)]
    whole = [*upto, "classify and tabulate", "publish"]
    steps["whole run"] = [sum(steps[name][k] for name in whole) for k in (0, 1)]
    show(
        steps,
        f"{len(paths)} workbooks, {len(observations):,} figures, {len(report):,} findings, {len(tables[0]):,} trend rows",
    )


def _tabulate(
    cells: pd.DataFrame, observations: pd.DataFrame, population: pd.DataFrame
) -> tuple[pd.DataFrame, ...]:
    classified = cs.classify(observations)
    trends = cs.tabulate(classified, population)
    return trends, cs.lineage(classified, trends)


def _publish(tables: tuple[pd.DataFrame, ...], observations: pd.DataFrame, report: Any, folder: Path) -> Path:
    trends, lineage = tables
    return cs.publish(trends, folder, observations=observations, findings=report.data, lineage=lineage)


def show(steps: dict[str, Any], title: str) -> None:
    print(title)
    print(f"{'step':28} {'CPU s':>8} {'ratio':>7} {'wall s':>8} {'ratio':>7}")
    cpu, wall = steps["floor: python-calamine"]
    for name, (cost, elapsed) in steps.items():
        print(f"{name:28} {cost:8.2f} {cost / cpu:7.2f} {elapsed:8.2f} {elapsed / wall:7.2f}")
    peak = [
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    print(f"peak memory: {peak[0]:.0f} MB in this process, {peak[1]:.0f} MB in the largest worker")


if __name__ == "__main__":
    main()
