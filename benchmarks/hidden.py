"""Multiple systems estimation: published intervals, Monte Carlo error, time, and coverage.

python benchmarks/hidden.py                     (published intervals, five seeds, and the time)
python benchmarks/hidden.py --coverage 200      (how often the interval has the truth, on simulated tables)
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from crimestats.files import shipped
from crimestats.trafficking.hidden import read_lists
from crimestats.trafficking.hidden.bootstrap import acceleration, drawn, interval
from crimestats.trafficking.hidden.choosing import Method, choose
from crimestats.trafficking.hidden.designs import Counts, Floats
from crimestats.trafficking.hidden.lists import Overlaps, overlaps

EXAMPLES = shipped("questionnaires", "examples", "lists")
METHODS = {
    "fixed": Method("main"),
    "fixed D:E": Method("main", (("D", "E"),)),
    "fixed A:E": Method("main", (("A", "E"),)),
    "overlaps 0.02": Method("stepwise", criterion="overlaps"),
    "overlaps 0.001": Method("stepwise", criterion="overlaps", entry=0.001),
    "stepwise BIC": Method("stepwise"),
    "all BIC": Method("all"),
}
CASES = {
    "new-orleans": (
        "644-1618 (997), 717-1657 (1184)",
        ("fixed", "fixed D:E", "overlaps 0.001", "overlaps 0.02"),
    ),
    "new-orleans-five": ("589-1703 (1034)", ("fixed", "overlaps 0.02", "stepwise BIC", "all BIC")),
    "western-us": ("1293-3670 (2483)", ("fixed A:E", "overlaps 0.02", "stepwise BIC", "all BIC")),
}
CHANCES = {"independent": 0.0, "one interaction": 1.0}
"""Logarithm of the odds ratio of the first two lists in the simulated tables."""


def searching(table: Overlaps, method: Method) -> tuple[float, Callable[[Counts], Floats]]:
    choice = choose(table, method)

    def search(tables: Counts) -> Floats:
        return np.asarray(tables.sum(axis=1) + choice.search(tables).dark)

    return table.observed + float(choice.found.dark[0]), search


def limits(table: Overlaps, method: Method, replicates: int, seed: int) -> tuple[float, float, float]:
    value, search = searching(table, method)
    found = interval(
        value, search(drawn(table.counts, replicates, seed)), acceleration(table.counts, search), 0.95
    )
    return value, found.lower, found.upper


def published(replicates: int, seeds: int) -> None:
    for name, (said, methods) in CASES.items():
        table = overlaps(read_lists(EXAMPLES / f"{name}.csv"))
        print(f"{name}: published {said}")
        for label in methods:
            start = time.perf_counter()
            rows = np.array([limits(table, METHODS[label], replicates, seed) for seed in range(1, seeds + 1)])
            took = (time.perf_counter() - start) / seeds
            mean, error = rows.mean(axis=0), rows.std(axis=0, ddof=1)
            print(
                f"  {label:15} {mean[0]:6,.0f}  lower {mean[1]:6,.0f} ± {error[1]:4,.0f}"
                f"  upper {mean[2]:6,.0f} ± {error[2]:4,.0f}   {took:5.1f} s for {replicates:,} replicates"
            )


def coverage(tables: int, replicates: int, persons: int) -> None:
    """Five lists with chances of 2 to 8 per cent, as sparse as the published ones."""
    generator = np.random.default_rng(1)
    on = (np.arange(32)[:, None] >> np.arange(5)) & 1
    odds = np.log(np.array([0.06, 0.05, 0.08, 0.04, 0.03]))
    for name, ratio in CHANCES.items():
        weights = np.exp(on @ odds + ratio * on[:, 0] * on[:, 1])
        drawn_tables = generator.multinomial(persons, weights / weights.sum(), size=tables)[:, 1:]
        for label in ("fixed", "overlaps 0.02", "stepwise BIC"):
            inside, known = 0, 0
            for seed, counts in enumerate(drawn_tables):
                table = Overlaps(tuple("ABCDE"), counts.astype(np.int64))
                value, lower, upper = limits(table, METHODS[label], replicates, seed)
                known += int(np.isfinite(value))
                inside += int(np.isfinite(value) and lower <= persons <= upper)
            print(f"{name:16} {label:14} covers {inside / known:.1%} of {known} at 95% (nominal)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--coverage", type=int, default=0)
    parser.add_argument("--persons", type=int, default=2000)
    options = parser.parse_args()
    if options.coverage:
        coverage(options.coverage, options.replicates, options.persons)
    else:
        published(options.replicates, options.seeds)


if __name__ == "__main__":
    main()
