"""Profiles of the published file: how long they take, and the world's shares by variant and window.

python benchmarks/profiles.py data_glotip_2023-05-30.xlsx
python benchmarks/profiles.py data_glotip_2023-05-30.xlsx --parts complete
"""

import argparse
import time

from crimestats.published import read_published
from crimestats.trafficking.dataset import dataset
from crimestats.trafficking.grounds import influences
from crimestats.trafficking.panels import PARTS, VARIANTS
from crimestats.trafficking.profiles import profile_lineage, profiles

CATEGORIES = ["women", "girls", "men", "boys"]
PUBLISHED = {2014: (51, 20, 21, 8), 2016: (49, 23, 21, 7), 2018: (46, 19, 20, 15), 2019: (), 2020: ()}
"""Per cent of women, girls, men and boys by the global reports; none for the years that we have not read."""
WINDOWS = (1, 3)


def main() -> None:
    """Time the profiles and their lineage, and print shares, distance to the published ones and influence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workbook")
    parser.add_argument("--parts", choices=PARTS, default=PARTS[0])
    chosen = parser.parse_args()
    figures = dataset(read_published(chosen.workbook)[0])
    start = time.perf_counter()
    table = profiles(figures, parts=chosen.parts)
    made = time.perf_counter()
    edges = profile_lineage(figures, table, parts=chosen.parts)
    print(f"{len(table):,} shares in {made - start:.1f} s")
    print(f"{len(edges):,} edges in {time.perf_counter() - made:.1f} s")
    for window in WINDOWS:
        shares(figures, window, chosen.parts)
    moved(figures, chosen.parts)


def shares(figures, window, parts) -> None:
    """The world's shares of each year and variant, and how far the furthest is from the published one."""
    table = profiles(figures, groupings=["m49"], window=window, years=PUBLISHED, parts=parts)
    world = table[(table["profile"] == "victims_sex_age") & (table["area"] == "001")]
    for (variant, year), rows in world.groupby([world["variant"].astype("str"), "year"]):
        by_category = rows.set_index(rows["category"].astype("str")).loc[CATEGORIES]
        ours, women = 100 * by_category["share"], by_category.loc["women"]
        printed = PUBLISHED[int(year)]
        furthest = f"{max(abs(a - b) for a, b in zip(ours, printed, strict=True)):.1f}" if printed else "-"
        text = " ".join(f"{share:5.1f}" for share in ours)
        print(
            f"{window} {variant:20}{year}{text}  furthest {furthest:>4}  base {women['base']:,.0f} of"
            f" {women['n_areas']} areas, left out {women['left_out']:,.0f} of {women['n_left_out']}"
        )


def moved(figures, parts) -> None:
    """The areas that move the world's share of women most."""
    for year in PUBLISHED:
        most = influences(figures, "victims_sex_age", "women", year, variant=VARIANTS[0], parts=parts).head(4)
        listed = ", ".join(f"{row.area} {100 * row.influence:+.1f}" for row in most.itertuples())
        print(f"women {year}, points when left out: {listed}")


if __name__ == "__main__":
    main()
