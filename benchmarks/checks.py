"""All checks of a world round against pandera on polars evaluating as many row-wise conditions.

    python benchmarks/checks.py                   200 returns, about 300,000 cells; goal: a ratio under 1.5

It needs polars: `pip install "pandera[polars]" "polars>=1.20"`, or the extra `bench` of this project.

A condition is one comparison of one row: what a rule judges in one place, counted as the rule does it.
A rule on cells makes one for each figure. A sum makes two for each unit and year (not below, not above)
where it is exhaustive and one where it is not; a limit or an order one for each figure that is
compared; a rule on years two for each figure (not less, not more than is usual); a rate one or two. A
rule that reads facts, answers or headers makes one for each cell of its sort. The reading of an interval,
a spelling or a message is not counted, though it is timed. Sides are timed in one run, in turn, and the
medians of their CPU seconds are compared: on one side `validate`, on the other `validate(lazy=True)` of a
pandera schema on a polars frame of as many rows as there are cells. Two schemas are timed: one whose
checks make as many comparisons in all, and one that has a condition for each rule, on every row.
"""

import argparse
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pandas import DataFrame

import crimestats as cs
from crimestats.frames import CELLS
from crimestats.questionnaire import Rule
from crimestats.questionnaire.kinds import Background, Round, judge
from crimestats.questionnaire.schema import fill, judge_round
from crimestats.validation.findings import findings
from crimestats.validation.localising import name_culprits

sys.path.append(str(Path(__file__).resolve().parent))
import planted

YEARS = range(2013, 2021)


def conditions(wide: Round, rule: Rule) -> int:
    """How many comparisons of a row a rule makes in a round."""
    known = wide.wide.known
    parameters, kind = rule.parameters, rule.kind
    columns = [wide.columns[item] for item in rule.items]
    if kind == "parts":
        return int(known[:, :, columns[0]].sum()) * (2 if parameters.get("exhaustive", True) else 1)
    if kind == "at_most":
        return int((known[:, :, columns] & known[:, :, [wide.columns[parameters["largest"]]]]).sum())
    if kind == "order":
        return int(known[:, :, columns[1:]].sum())
    if kind in ("change", "repeat", "scale"):
        chosen = columns or list(range(len(wide.columns)))
        return 2 * int((known[:, 1:, chosen] & known[:, :-1, chosen]).sum())
    if kind == "consistent":
        return int(known[:, :, columns].all(axis=2).sum()) * len(columns)
    return _by_cells(wide, kind)


def _by_cells(wide: Round, kind: str) -> int:
    """Comparisons of the rules that go through cells, facts, or answers."""
    figures = int((wide.column >= 0).sum())
    if kind in ("number", "within", "whole", "year_range"):
        return figures
    if kind in ("codes", "cell_id", "prompt"):
        return len(wide.frame)
    if kind == "unique":
        return len(wide.repeated[0])
    if kind == "required":
        asked = wide.definition.data["required"] == "1"
        return int((wide.wide.place[:, :, asked.to_numpy()] >= 0).sum())
    if kind == "fact":
        return int(wide.rows("item", lambda item: item.startswith("_")).sum())
    if kind in ("answered", "choices", "answer"):
        return int(wide.rows("item", lambda item: item.startswith("M.")).sum())
    return 0  # what compares with a source that is not at hand, or whole tables, is timed and not counted


def polars_side(cells: DataFrame, number: int) -> Callable[[], Any]:
    """A pandera schema on polars with so many conditions, on a frame of as many rows as there are cells."""
    import pandera.errors
    import pandera.polars as pa
    import polars as pl

    columns = [f"c{place}" for place in range(8)]
    values = np.nan_to_num(cells["value"].to_numpy(dtype=float))
    frame = pl.DataFrame({name: np.roll(values, place) for place, name in enumerate(columns)})
    checks: dict[str, list[Any]] = {name: [] for name in columns}
    for place in range(number):
        limit = float(-1 - place) if place % 50 else 0.5  # one in fifty finds something
        checks[columns[place % len(columns)]].append(pa.Check.ge(limit, name=f"check {place}"))
    schema = pa.DataFrameSchema({name: pa.Column(pl.Float64, each) for name, each in checks.items()})

    def side() -> int:
        try:
            schema.validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as errors:
            return len(errors.failure_cases)
        return 0

    return side


def timed(step: Callable[[], Any]) -> float:
    """CPU seconds of the process, all its threads."""
    before = os.times()
    step()
    after = os.times()
    return after.user - before.user + after.system - before.system


def dearest(wide: Round, repeat: int = 3) -> list[tuple[str, float]]:
    """CPU seconds of each kind, for the judging alone, on a round that is laid out."""
    cost: Counter[str] = Counter()
    for _ in range(repeat):
        for rule in wide.definition.rules:
            start = time.process_time()
            judge(wide, rule)
            cost[rule.kind] += (time.process_time() - start) / repeat
    return cost.most_common(8)


def steps(cells: DataFrame, background: Background) -> dict[str, float]:
    """CPU seconds of the parts of `validate`."""
    import scipy.optimize  # noqa: F401  loading it is no step

    start = time.process_time()
    wide, judgements, failing = judge_round(cells, background)
    judged = time.process_time()
    found = findings(wide, judgements, failing)
    listed = time.process_time()
    name_culprits(found, wide, background.definition.rules, judgements)
    return {"judging": judged - start, "findings": listed - judged, "culprits": time.process_time() - listed}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--areas", type=int, default=200)
    parser.add_argument("--wrong", type=float, default=0.005, help="share of figures that are changed")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    definition, cells, population = planted.world(options.areas, YEARS)
    draw = np.random.default_rng(7)
    wrong = np.flatnonzero(draw.random(len(cells)) < options.wrong)
    planted.write(
        cells, wrong, np.floor(cells.loc[wrong, "value"].to_numpy() * draw.uniform(0.1, 10, len(wrong)))
    )
    frame = CELLS.cast(cells.assign(year=cells["year"].astype("Int16")))
    background = Background(definition, None, population)
    wide = Round(fill(frame), background)
    number = sum(conditions(wide, rule) for rule in definition.rules)
    try:
        fewest = max(1, round(number / len(frame)))
        others = [polars_side(frame, count) for count in (fewest, len(definition.rules))]
    except ImportError:
        sys.exit('polars is not installed: pip install "pandera[polars]" "polars>=1.20"')
    found: list[Any] = []

    def own() -> None:
        found[:] = [cs.validate(frame, definition, population=population)]

    sides = [own, *others]
    turns = [[timed(side) for side in sides] for _ in range(options.repeat + 1)][1:]  # the first warms up
    mine, few, each = (statistics.median(turn[side] for turn in turns) for side in range(3))
    print(
        f"{len(frame):,} cells, {len(definition.rules)} rules, {len(found[0]):,} findings; validate {mine:.2f} CPU s"
    )
    print(f"as many comparisons:    {number:,} here, {fewest * len(frame):,} in pandera on polars, "
          f"{few:.2f} CPU s, ratio {mine / few:.2f}")  # fmt: skip
    print(f"a condition for a rule: {len(definition.rules)} here, {len(definition.rules)} in pandera on polars, "
          f"{each:.2f} CPU s, ratio {mine / each:.2f}")  # fmt: skip
    print("steps:", ", ".join(f"{name} {cost:.2f}" for name, cost in steps(frame, background).items()))
    print("dearest kinds:", ", ".join(f"{name} {cost:.3f}" for name, cost in dearest(wide)))


if __name__ == "__main__":
    main()
