"""How far estimated figures of regions can be believed: reports are taken away, and the truth is known.

Invented truth: homicides of all areas with a population in the shipped table, their rates spread within and between
subregions as in reported figures, walking from year to year, Poisson around them. Reports are then removed at random,
or by income group (least developed countries report less; their rates the same, or higher by half).

    python benchmarks/estimation.py [--replicates 40] [--truth TRUTH.csv]

TRUTH.csv (area, year, value) takes the place of the invented figures, each removal drawn anew.
"""

import argparse
import time

import numpy as np
import pandas as pd

import crimestats as cs
from crimestats import areas, frames

YEARS = range(1990, 2018)
LEVEL, WITHIN = 0.95, 0.05
SPREAD_OF_SUBREGIONS, SPREAD_OF_AREAS, STEP, RATE = 0.6, 0.6, 0.13, 4.0
KEYS = {"measure": "victims", "unit": "number", "stage": "recorded", "source": "test"}
REGIONS = ("001", "002", "009", "019", "142", "150")


def people():
    """Residents by area and year, of areas that M49 has."""
    table = areas.population()
    table = table[(table["sex"] == "_T") & (table["age"] == "_T")].astype({"area": "str"})
    wide = table.pivot_table(index="area", columns="year", values="population")[list(YEARS)].dropna()
    return wide[wide.index.isin(areas.groupings("m49")["area"])]


def invented(random, persons, extra):
    """Counts: area by year; least developed countries have rates exp(extra) times as high."""
    subregion = pd.factorize(areas.regions().set_index("area")["subregion"].reindex(persons.index))[0]
    level = np.log(RATE) + random.normal(0, SPREAD_OF_SUBREGIONS, subregion.max() + 1)[subregion]
    level = level + random.normal(0, SPREAD_OF_AREAS, len(persons)) + extra * is_poor(persons)
    own = STEP * np.exp(random.normal(0, 0.3, len(persons)))[:, None]
    walk = np.cumsum(random.normal(0, 1, persons.shape) * own, axis=1)
    return random.poisson(np.exp(level[:, None] + walk) * persons.to_numpy() / 1e5).astype(float)


def is_poor(persons):
    return persons.index.isin(areas.groupings("ldc")["area"])


def lost(random, persons, by_income):
    """Which reports are missing: single years, or areas that never report, late starters and early leavers."""
    if not by_income:
        return random.random(persons.shape) < 0.45
    poor, years = is_poor(persons), np.arange(persons.shape[1])
    never = random.random(len(persons)) < np.where(poor, 0.6, 0.1)
    start = random.integers(0, 12, len(persons)) * (random.random(len(persons)) < 0.6)
    end = persons.shape[1] - random.integers(0, 8, len(persons)) * (random.random(len(persons)) < 0.5)
    gone = random.random(persons.shape) < np.where(poor, 0.4, 0.15)[:, None]
    return never[:, None] | (years < start[:, None]) | (years >= end[:, None]) | gone


def classified(counts, persons):
    """Counts of each replicate as figures of a city of that name: replicate, area, year."""
    replicate, area, year = np.nonzero(~np.isnan(counts))
    value = counts[replicate, area, year]
    rows = pd.DataFrame({
        "area": persons.index.to_numpy(object)[area], "year": np.array(YEARS)[year], "item": "any",
        "scheme": "iccs-1.0", "code": "0101", **KEYS, **dict.fromkeys(frames.BREAKDOWNS, "_T"),
        "city": [f"R{number:03d}" for number in replicate], "value": value, "lower": value, "upper": value,
        "status": "exact", "segment": 1, "findings": "", "note": "", "return_id": "made", "sheet": "S",
        "cell": "A1",
    })  # fmt: skip
    return cs.classify(frames.OBSERVATIONS.cast(rows))


def denominators(persons):
    long = persons.reset_index().melt("area", var_name="year", value_name="population")
    long = long.astype({"year": "int64"})
    return long.assign(sex="_T", age="_T", source="test")


def sums(counts, persons):
    """True sums of each region: replicate by year."""
    members = areas.groupings("m49").drop_duplicates(["code", "area"])
    for code in REGIONS:
        inside = persons.index.isin(members.loc[members["code"] == code, "area"])
        yield code, counts[:, inside].sum(axis=1)


def covered(title, truth, reported, persons):
    """Share of region-years whose bounds hold the truth, and how wide they are."""
    start = time.perf_counter()
    options = {"methods": ("estimated",), "floor_population": 0.0, "floor_areas": 1}
    table = cs.tabulate(classified(reported, persons), denominators(persons), **options)
    table = table[table["method"] == "estimated"].astype({"area": "str", "city": "str"})
    hits, line = [], []
    for code, true in sums(truth, persons):
        rows = table[table["area"] == code]
        at = (rows["city"].str[1:].astype(int), rows["year"] - YEARS[0])
        known = true[at]
        hit = (rows["lower"] <= known) & (known <= rows["upper"])
        width, error = ((rows["upper"] - rows["lower"]) / known).mean(), (rows["value"] / known - 1).mean()
        hits.append(hit.mean())
        line.append(f"{code} {hit.mean():.1%} (width {width:.0%}, bias {error:+.1%})")
    mean = float(np.mean(hits))
    print(f"{title}: bounds hold the truth in {mean:.1%} of region-years (named {LEVEL:.0%}), ", end="")
    print(f"{time.perf_counter() - start:.0f} s\n  " + "; ".join(line))
    return abs(mean - LEVEL) <= WITHIN


def attributed(random, persons, replicates):
    """Share of a jump that is only coverage which the decomposition gives to coverage."""
    level = np.exp(np.log(RATE) + random.normal(0, 0.8, (replicates, len(persons), 1)))
    counts = random.poisson(level * persons.to_numpy() / 1e5).astype(float)
    stop = random.random((replicates, len(persons))) < 0.35
    middle = len(YEARS) // 2
    counts[:, :, middle:] = np.where(stop[:, :, None], np.nan, counts[:, :, middle:])
    table = cs.tabulate(classified(counts, persons), denominators(persons), floor_population=0, floor_areas=1)
    rows = table[table["area"].isin(REGIONS) & (table["year"] == YEARS[middle])]
    shares = {}
    for name in ("", "rate_"):
        within, coverage = (rows[f"{name}change_{part}"] for part in ("within", "coverage"))
        jump = (within + coverage).abs() > 0.1
        share = (coverage / (within + coverage))[jump]
        shares[name or "count"] = (share.median(), (share >= 0.9).mean(), int(jump.sum()))
    for name, (median, above, n) in shares.items():
        print(f"coverage jump, {name}: median share given to coverage {median:.1%}, ", end="")
        print(f"at least 90 per cent of it in {above:.1%} of {n} regions")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--truth", help="CSV with area, year, value")
    given = parser.parse_args()
    random, persons = np.random.default_rng(5), people()
    known = None
    if given.truth:
        table = pd.read_csv(given.truth).pivot_table(index="area", columns="year", values="value")
        known = table.reindex(columns=list(YEARS)).dropna()
        persons = persons[persons.index.isin(known.index)]
        known = known.reindex(persons.index).to_numpy(float)
    scenarios = {"at random": (False, 0.0), "by income group": (True, 0.0)}
    if known is None:
        scenarios["by income group, whose rates are half as high again"] = (True, np.log(1.5))
    fits = []
    for title, (by_income, extra) in scenarios.items():
        made = range(given.replicates)
        truth = np.stack([invented(random, persons, extra) if known is None else known for _ in made])
        gaps = np.stack([lost(random, persons, by_income) for _ in made])
        fits.append(covered(title, truth, np.where(gaps, np.nan, truth), persons))
    attributed(random, persons, given.replicates)
    print("all within 5 points" if all(fits) else "NOT all within 5 points")


if __name__ == "__main__":
    main()
