"""A full set of trend tables: seconds, peak memory, and how both grow with the rows.

    python benchmarks/full_tables.py
    python benchmarks/full_tables.py --sizes 0.25 0.5 1

The full set (size 1) has 200 areas, 33 years and 300 indicators by sex (M, F): about
4 million figures, one in fifty missing, one in two hundred between bounds, those of a
category the sum of its parts; one in two hundred has a finding. Each size
is made and tabulated in a process of its own, whose peak memory holds the figures that
go in as well as the table that comes out; making the figures is not counted in the time.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

N_AREAS, YEARS, N_INDICATORS = 200, range(1990, 2023), 300
MEASURES = ("victims", "offences", "suspected", "prosecuted", "convicted")
SIZES = (0.25, 0.5, 1.0)
SEED = 2024


def figures(size: float) -> pd.DataFrame:
    """Classified figures of that share of the indicators."""
    from crimestats import areas
    from crimestats.classification import Classification
    from crimestats.frames import BREAKDOWNS, CLASSIFIED

    draw = np.random.default_rng(SEED)
    units = areas.areas().query("kind == 'country' or kind == 'territory'")["area"].to_numpy(object)[:N_AREAS]
    codes = np.array(list(Classification.load("iccs").codes), dtype=object)
    indicators = [(code, measure) for code in codes for measure in MEASURES][: round(N_INDICATORS * size)]
    shape = (len(units), len(YEARS), len(indicators), 2)
    area, year, indicator, sex = (axis.ravel() for axis in np.indices(shape, dtype=np.int16))
    chosen = np.flatnonzero(draw.random(len(area)) >= 0.02)
    area, year, indicator, sex = (axis[chosen] for axis in (area, year, indicator, sex))
    scale = draw.lognormal(3, 1.5, (len(units), len(indicators)))
    counts = draw.poisson(np.broadcast_to(scale[:, None, :, None], shape)).astype(np.float32)
    count = _added_up(counts, indicators)[area, year, indicator, sex].astype(np.float64)
    del counts
    is_bounded = draw.random(len(count)) < 0.005
    numbers = {"value": np.where(is_bounded, np.nan, count), "lower": np.where(is_bounded, 0, count),
               "upper": np.where(is_bounded, count + 4, count)}  # fmt: skip
    measure = np.array([MEASURES.index(name) for _, name in indicators], dtype=np.int8)
    code = pd.factorize(np.array([code for code, _ in indicators], dtype=object))
    keys = {
        "area": (area, units), "iccs": (code[0].astype(np.int16)[indicator], code[1]),
        "code": (code[0].astype(np.int16)[indicator], code[1]), "item": (indicator, np.arange(len(indicators)).astype(str)),
        "measure": (measure[indicator], MEASURES), "sex": (sex.astype(np.int8), ["F", "M"]),
        "status": (is_bounded.astype(np.int8), ["exact", "bounded"]), "return_id": (area, [f"{unit}.xlsx" for unit in units]),
        "cell": (((year.astype(np.int32) * 2 + sex) * len(indicators) + indicator), [f"D{n}" for n in range(len(YEARS) * 2 * len(indicators))]),
    }  # fmt: skip
    same = {"scheme": "iccs-1.0", "unit": "number", "stage": "recorded", "source": "CJS", "sheet": "Sheet",
            "iccs_version": "1.0", "relation": "equal", "tags": "_Z", "correspondence": "_Z",
            **dict.fromkeys(("questionnaire", "agency", "regime", "period", "provisional"), "_U"),
            **{name: "_T" for name in BREAKDOWNS if name != "sex"}}  # fmt: skip
    n = len(count)
    columns: dict[str, object] = {
        name: pd.Categorical.from_codes(places, categories=list(texts))
        for name, (places, texts) in keys.items()
    }
    columns |= {
        name: pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), categories=[text])
        for name, text in same.items()
    }
    empty = pd.array(np.full(n, ""), dtype="str")
    found = np.where(draw.random(n) < 0.005, "0123456789abcdef", "").astype(object)
    columns |= {**numbers, "year": (year + YEARS[0]).astype(np.int16), "segment": np.ones(n, dtype=np.int64),
                "findings": pd.array(found, dtype="str"), "note": empty, **{f"share{end}": np.ones(n) for end in ("_lower", "", "_upper")}}  # fmt: skip
    return pd.DataFrame({name: columns.pop(name) for name in CLASSIFIED.columns}, copy=False)


def _added_up(counts: np.ndarray, indicators: list[tuple[str, str]]) -> np.ndarray:
    """The counts, those of a category with all its parts among the indicators being their sum."""
    from crimestats.classification import Classification

    iccs, place = Classification.load("iccs"), {pair: number for number, pair in enumerate(indicators)}
    for code, measure in sorted(indicators, key=lambda pair: -len(pair[0])):
        parts = [place.get((child, measure)) for child in iccs.children(code)]
        if parts and None not in parts:
            counts[:, :, place[code, measure]] = counts[:, :, parts].sum(axis=2)
    return counts


def one(size: float) -> dict[str, float]:
    """Seconds and peak memory of one size, in this process."""
    from crimestats import areas
    from crimestats.trends import tabulate

    classified, population = figures(size), areas.population()
    before = _peak()
    start, cpu = time.perf_counter(), time.process_time()
    table = tabulate(classified, population)
    return {
        "rows": len(classified), "figures": len(table), "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu, "before": before, "peak": _peak(),
    }  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES, help="shares of the 300 indicators")
    parser.add_argument("--one", type=float, help="measure this size here and print it as JSON")
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(one(options.one)))
        return
    print(
        f"{'size':>5} {'rows':>10} {'figures':>10} {'seconds':>8} {'CPU s':>6} {'us/row':>7} {'ratio':>6} {'peak MiB':>9} {'B/row':>6} {'ratio':>6}"
    )
    first: tuple[float, float] | None = None
    for size in options.sizes:
        found = subprocess.run(
            [sys.executable, __file__, "--one", str(size)], check=True, capture_output=True, text=True
        )
        row = json.loads(found.stdout)
        costs = row["cpu"] / row["rows"] * 1e6, row["peak"] * 2**20 / row["rows"]
        first = first or costs
        print(f"{size:5} {row['rows']:10,} {row['figures']:10,} {row['seconds']:8.2f} {row['cpu']:6.2f} {costs[0]:7.2f} {costs[0] / first[0]:6.2f} "
              f"{row['peak']:9.0f} {costs[1]:6.0f} {costs[1] / first[1]:6.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
