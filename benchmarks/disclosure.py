"""How long it takes to attack and to protect a whole published file.

    python benchmarks/disclosure.py data_glotip_2023-05-30.xlsx

Prints seconds of each step, hidden figures found out before and after, and what
the protection costs: figures withheld and the share of persons counted in them.
"""

import sys
import time

from crimestats.disclosure import attack, protect
from crimestats.published import read_published
from crimestats.trafficking import dataset


def main() -> None:
    table = dataset(read_published(sys.argv[1])[0])
    start = time.perf_counter()
    before = attack(table)
    attacked = time.perf_counter()
    safe, hidden = protect(table)
    protected = time.perf_counter()
    after = attack(safe)
    withheld = table["figure_id"].isin(hidden["figure_id"])
    persons = table.loc[withheld, "value"].sum() / table["value"].sum()
    print(f"{len(table):,} figures, {(table['status'] == 'bounded').sum():,} hidden")
    print(f"attack   {attacked - start:6.1f} s   {len(before):,} found out")
    print(
        f"protect  {protected - attacked:6.1f} s   {withheld.sum():,} more hidden, {persons:.1%} of all persons shown"
    )
    print(f"attack   {time.perf_counter() - protected:6.1f} s   {len(after):,} found out")


if __name__ == "__main__":
    main()
