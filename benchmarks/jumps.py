"""What the search for undeclared jumps finds, and how often it asks without reason.

    python benchmarks/jumps.py                    2,000 series in each cell of the table
    python benchmarks/jumps.py --series 200       a tenth of them

Series of yearly rates with a jump in a year drawn at random (not in the first or last two years, which
the search cannot see) or without one. Per cent of the series asked about: without a jump at all, with one in
the year of the jump. `noise` is the standard deviation of a year, on the logarithm: around a level (level),
around a rise of 6 per cent a year (rise), of which half stays for the next year (stays), of the change from
year to year (walk), the same with the tails of Student's t with 4 degrees (tails), or only that of Poisson
counts of the mean given (counts). The exit status is 1 if more than 5 per
cent of the series without a jump are asked about in a row of usual noise: up to 10 per cent a year, without
the tails, where single years do jump. Reported homicide rates change by 13 per cent from year to year.
"""

import argparse
import sys
import time

import numpy as np
from pandas import DataFrame

from crimestats.frames import SERIES, TRENDS
from crimestats.trends.jumps import LEAST_SIDE, jumps

LENGTHS = (8, 12, 20, 30)
FACTORS = (1.0, 1.3, 1.5, 2.0, 3.0)
NOISE = {
    "level": (0.05, 0.10, 0.20),
    "rise": (0.10,),
    "stays": (0.10,),
    "walk": (0.05, 0.10, 0.20),
    "tails": (0.10,),
}
COUNTS = (5, 30, 200)
RISE, STAYS, FREEDOM = 0.06, 0.5, 4
RESIDENTS, LARGE = 10_000_000, 20_000
MOST_FALSE, USUAL = 0.05, 0.10


def logs(kind: str, noise: float, size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Logarithms of rates: series by year."""
    drawn = random.normal(0, noise, size)
    if kind == "rise":
        return drawn + RISE * np.arange(size[1])
    if kind == "walk":
        return drawn.cumsum(axis=1)
    if kind == "tails":
        return (random.standard_t(FREEDOM, size) * noise / np.sqrt(FREEDOM / (FREEDOM - 2))).cumsum(axis=1)
    if kind == "stays":
        for year in range(1, size[1]):
            drawn[:, year] += STAYS * drawn[:, year - 1]
    return drawn


def table(counts: np.ndarray) -> DataFrame:
    """A trend table of one area a series."""
    series, years = counts.shape
    value = counts.ravel().astype(float)
    rows = DataFrame({"area": np.repeat([f"A{number}" for number in range(series)], years), "value": value})
    rows["year"] = np.tile(np.arange(1990, 1990 + years), series)
    keys = dict.fromkeys(
        (*SERIES, "iccs", "figure_id", "entered", "left", "findings", "regime", "period"), "_T"
    )
    keys |= {"measure": "offences", "unit": "number", "grouping": "_Z", "method": "_Z", "basis": "reported"}
    keys |= {"provisional": "_U", "status": "exact", "rate_status": "exact", "segment": 1, "n_areas": 1}
    numbers = {name: np.nan for name, kind in TRENDS.columns.items() if kind == "number" and name != "value"}
    rows = rows.assign(**keys, **numbers).assign(lower=value, upper=value, population=float(RESIDENTS))
    rates = dict.fromkeys(("rate", "rate_lower", "rate_upper"), value / RESIDENTS * 1e5)
    return TRENDS.cast(rows.assign(**rates))


def row(
    kind: str, noise: float, years: int, series: int, random: np.random.Generator
) -> dict[str, float | str]:
    """Shares of series that are asked about, by the size of the jump."""
    found: dict[str, float | str] = {"noise": kind, "size": noise, "years": years}
    for factor in FACTORS:
        at = random.integers(LEAST_SIDE, years - LEAST_SIDE + 1, series)
        jump = np.log(factor) * (np.arange(years) >= at[:, None])
        if kind == "counts":
            counts = random.poisson(noise * np.exp(jump))
        else:
            counts = np.round(LARGE * np.exp(logs(kind, noise, (series, years), random) + jump))
        asked = jumps(table(counts))
        area = asked["area"].astype("str").str[1:].astype(int).to_numpy()
        hit = asked["year"].to_numpy(int) == 1990 + at[area] if len(asked) else np.empty(0, bool)
        share = len(np.unique(area if factor == 1 else area[hit])) / series
        found["none" if factor == 1 else f"x{factor:g}"] = share
    return found


def main() -> int:
    """Print the table; 1 if there are too many false alarms."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    random, began = np.random.default_rng(chosen.seed), time.perf_counter()
    cells = [(kind, noise) for kind, noises in NOISE.items() for noise in noises]
    cells += [("counts", mean) for mean in COUNTS]
    rows = [row(kind, noise, years, chosen.series, random) for kind, noise in cells for years in LENGTHS]
    shown = DataFrame(rows)
    numbers = shown.columns[3:]
    print("Per cent of series asked about, without a jump and with one of so many times the level")
    print(shown.assign(**(shown[numbers] * 100).round(1)).to_string(index=False))
    false = shown["none"]
    is_usual = (shown["noise"] != "tails") & ((shown["size"] <= USUAL) | (shown["noise"] == "counts"))
    seconds = time.perf_counter() - began
    print(f"{chosen.series * len(rows) * len(FACTORS):,} series in {seconds:.0f} s")
    usual, others = false[is_usual], false[~is_usual & (shown["noise"] != "tails")]
    print(
        f"False alarms at usual noise: at most {usual.max():.1%}, on average {usual.mean():.1%} (goal: {MOST_FALSE:.0%})"
    )
    print(f"At twice that noise: at most {others.max():.1%}; with tails: at most {false.max():.1%}")
    return int(usual.max() > MOST_FALSE)


if __name__ == "__main__":
    sys.exit(main())
