"""One entry for each real problem: faults planted in a world round, and the findings that come out.

    python benchmarks/planted.py                  about 16,000 faults in 1.2 million cells
    python benchmarks/planted.py --areas 20       a tenth of it

The figures agree with each other before anything is planted, which is checked first. Each kind of fault
has items of its own, which no other kind touches, and years apart, so that no two faults meet. What
is planted in a cell must come out as a finding of one rule at that cell, and nothing else may come out.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame

import crimestats as cs
from crimestats.frames import CELLS
from crimestats.questionnaire.kinds import items_named

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))
import invented

FIRST, LAST = 1998, 2022
APART = 4  # years between two faults of one item, so that no fault is the neighbour of another
MEN = 5  # times as many men as women where the sexes are to be exchanged
STEPS = range(37, 61)  # figures of the first year are so many times a base, of the next one time more
LEVELS = {
    **invented.LEVELS, "police_personnel": 30_000, "prosecutors": 2_100, "judges": 1_700, "prison_staff": 5_300,
    "held_unsentenced_lt6": 2_300,
}  # fmt: skip
STAFF = ("police_personnel", "prosecutors", "judges", "prison_staff")
LARGE = 1000  # from here on equal figures of different tables are asked about
POPULATION = 40_000_000  # for a country of scale 1: so many that no rate is out of range


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Attributes:
        kind: What it is called.
        rule: The rule that finds it.
        items: The items of which it chooses one.
        plant: Changes a table of cells in place, given the positions of the cells to spoil.
        share: Weight of the kind among the others.
        once: At most once in a series.
    """

    kind: str
    rule: str
    items: tuple[str, ...]
    plant: Callable[[DataFrame, np.ndarray], None]
    share: float = 1.0
    once: bool = False


def text(words: str) -> Callable[[DataFrame, np.ndarray], None]:
    """A text in place of the figure."""

    def plant(cells: DataFrame, at: np.ndarray) -> None:
        cells.loc[at, "raw"] = [
            words.format(item=item, year=year)
            for item, year in zip(cells.loc[at, "item"], cells.loc[at, "year"], strict=True)
        ]
        cells.loc[at, ["value", "lower", "upper"]] = np.nan
        cells.loc[at, "status"] = {"": "blank", "-": "ambiguous"}.get(words, "unreadable")

    return plant


def number(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[DataFrame, np.ndarray], None]:
    """Another figure, made of the one that stands there."""

    def plant(cells: DataFrame, at: np.ndarray) -> None:
        write(cells, at, change(cells.loc[at, "value"].to_numpy()))

    return plant


def write(cells: DataFrame, at: np.ndarray, values: np.ndarray) -> None:
    for name in ("value", "lower", "upper"):
        cells.loc[at, name] = values
    cells.loc[at, "raw"] = [f"{value:.12g}" for value in values]


def beside(cells: DataFrame, at: np.ndarray, item: str = "", back: int = 0) -> np.ndarray:
    """Positions of another item, or of an earlier year, beside those given."""
    keys = ["area", "year", "item"]
    wanted = cells.loc[at, keys]
    wanted = wanted.assign(item=item or wanted["item"], year=wanted["year"] - back)
    index = pd.MultiIndex.from_frame(cells.loc[cells["year"].notna(), keys])
    return index.get_indexer(pd.MultiIndex.from_frame(wanted))


def year_before(cells: DataFrame, at: np.ndarray) -> None:
    write(cells, at, cells.loc[beside(cells, at, back=1), "value"].to_numpy())


def exchanged(cells: DataFrame, at: np.ndarray) -> None:
    for item in STAFF:
        of_item = at[(cells.loc[at, "item"] == f"{item}_m").to_numpy()]
        other = beside(cells, of_item, f"{item}_f")
        one, two = cells.loc[of_item, "value"].to_numpy(), cells.loc[other, "value"].to_numpy()
        write(cells, of_item, two)
        write(cells, other, one)


def table_again(cells: DataFrame, at: np.ndarray) -> None:
    for item in TABLE:
        year_before(cells, beside(cells, at, item))


def part_wrong(part: str) -> Callable[[DataFrame, np.ndarray], None]:
    """A part of the figure is a tenth too large, so that the sum is off."""

    def plant(cells: DataFrame, at: np.ndarray) -> None:
        other = beside(cells, at, part)
        write(cells, other, np.ceil(cells.loc[other, "value"].to_numpy() * 1.1))

    return plant


def above(largest: str, share: float) -> Callable[[DataFrame, np.ndarray], None]:
    """A part above its total."""

    def plant(cells: DataFrame, at: np.ndarray) -> None:
        total = cells.loc[beside(cells, at, largest), "value"].to_numpy()
        write(cells, at, np.ceil(total * share) + 1)

    return plant


def other_year(cells: DataFrame, at: np.ndarray) -> None:
    cells.loc[at, "year"] = 1013


def other_item(cells: DataFrame, at: np.ndarray) -> None:
    cells.loc[at, "item"] = cells.loc[at, "item"].str.replace("offences", "ofences")


TABLE = ("supervised", "supervised_m", "supervised_f")
BESIDE = (
    *TABLE,
    *(f"{item}_f" for item in STAFF),
    "bribery_offences",
    "homicide_victims",
    "held_unsentenced_lt12",
)
THOUSANDS = ("robbery_offences", "theft_offences", "serious_assault_offences")
FAULTS = (  # those that take a cell out of its place come last, since others look for cells beside
    Fault("unreadable text", "ALL-030", ("kidnapping_offences",), text("see annex")),
    Fault("nil or not available", "ALL-030", ("depletion_offences",), text("-")),
    Fault("the cell's own name", "ALL-034", ("waste_offences",), text("F.{item}.{year}")),
    Fault("template prompt", "ALL-035", ("pollution_offences",), text("(please specify)")),
    Fault("empty though required", "ALL-033", ("burglary_offences",), text("")),
    Fault("negative", "ALL-031", ("facilities",), number(lambda value: -value)),
    Fault("no whole number", "ALL-032", ("species_offences",), number(lambda value: value + 0.5)),
    Fault("thousand times", "ALL-065", THOUSANDS, number(lambda value: value * 1000), 0.5),
    Fault("a thousandth", "ALL-065", THOUSANDS, number(lambda value: np.round(value / 1000)), 0.5),
    Fault("total off", "CTS24-123", ("corruption_offences",), part_wrong("bribery_offences")),
    Fault("total off, a part", "CTS24-114", ("serious_assault_victims",), number(lambda value: np.floor(value * 0.93))),
    Fault("sexes exchanged", "ALL-064", tuple(f"{item}_m" for item in STAFF), exchanged, 1.0, True),
    Fault("year before again", "CTS24-305", ("fraud_offences",), year_before),
    Fault("table of the year before again", "ALL-063", TABLE[:1], table_again),
    Fault("part above the whole", "CTS24-241", ("homicide_offences",), above("homicide_victims", 1.0)),
    Fault("part above its total", "CTS24-224", ("held_unsentenced_lt6",), above("held_unsentenced_lt12", 1.0)),
    Fault("year that cannot be", "CTS24-501", ("computer_access_offences",), other_year),
    Fault("unknown item", "ALL-041", ("money_laundering_offences",), other_item),
)  # fmt: skip


def world(areas: int, years: range) -> tuple[cs.Questionnaire, DataFrame, DataFrame]:
    """The questionnaire, the cells of a round without a fault, and the population that goes with them."""
    definition = cs.Questionnaire.load("un-cts-2024")
    units = cs.areas.areas().query("kind == 'country' or kind == 'territory'")["area"].tolist()[:areas]
    draw = np.random.default_rng(2024)
    scales = dict(zip(units, np.clip(draw.lognormal(0, 0.5, len(units)), 0.7, 3).tolist(), strict=True))
    steps = _steps(definition)
    table = pd.concat(
        [_figures(definition, steps, *each, years) for each in scales.items()], ignore_index=True
    )
    population = DataFrame(
        [(area, year, "_T", "_T", POPULATION * scale) for area, scale in scales.items() for year in years],
        columns=["area", "year", "sex", "age", "population"],
    )
    cells = _laid_out(definition, table, years)
    return definition, _without_chance(cells, definition, population), population


def _without_chance(cells: DataFrame, definition: cs.Questionnaire, population: DataFrame) -> DataFrame:
    """The cells without the series of which a rule says something: two invented figures are equal by chance.

    Neither is a figure that equals one of a spoilt item kept, since a second one may become equal.
    """
    said = judged(cells, definition, population)[["area", "item"]].astype(str)
    keys, spoilt = ["area", "year", "value"], {*BESIDE, *(item for fault in FAULTS for item in fault.items)}
    is_spoilt = cells["item"].isin(spoilt).to_numpy()
    like = cells[~is_spoilt & (cells["value"] >= LARGE)].merge(cells.loc[is_spoilt, keys], on=keys)
    out = pd.concat([said, like[["area", "item"]]]).drop_duplicates()
    out = out[~out["item"].isin(spoilt)]
    beside = cells[["area", "item"]].merge(out, how="left", indicator="out")["out"]
    return cells[(beside != "both").to_numpy()].reset_index(drop=True)


def _figures(
    definition: cs.Questionnaire, step: dict[str, int], area: str, scale: float, years: range
) -> DataFrame:
    """Figures of the items that follow from the invented levels; what the questionnaire asks beside is left out.

    Items that rules tie to each other grow in step, so that their sums stay exact; others do not, so
    that they are not equal.
    """
    rules = [
        (rule.items[0], list(rule.parameters["parts"])) for rule in definition.rules if rule.kind == "parts"
    ]
    values = {item: round(level * scale / step[item]) for item, level in LEVELS.items() if item in definition}
    values |= {f"{item}_f": values[item] // (MEN + 1) for item in STAFF}
    before = 0
    while len(values) > before:
        before = len(values)
        for total, parts in rules:
            invented._divide(values, total, parts)
    asked = {
        item: value for item, value in values.items() if item in definition and not definition[item].entry
    }
    rows = [
        (area, year, item, value * (step[item] + passed))
        for passed, year in enumerate(years)
        for item, value in asked.items()
    ]
    return DataFrame(rows, columns=["area", "year", "item", "value"])


def _steps(definition: cs.Questionnaire) -> dict[str, int]:
    """For each item a number, the same for items that a sum or a limit ties to each other."""
    group = {item: number for number, item in enumerate(definition.data["item"])}
    for rule in definition.rules:
        if rule.kind in ("parts", "at_most", "order"):
            tied = items_named(rule)
            numbers = {group[item] for item in tied}
            group = {item: min(numbers) if number in numbers else number for item, number in group.items()}
    order = {number: place for place, number in enumerate(sorted(set(group.values())))}
    return {item: STEPS[order[number] % len(STEPS)] for item, number in group.items()}


def _laid_out(definition: cs.Questionnaire, table: DataFrame, years: range) -> DataFrame:
    """Every figure in a cell of its own: a row for each item, a column for each year."""
    order = {item: place for place, item in enumerate(definition.data["item"])}
    sheets = {module["id"]: module["sheet"] for module in definition.modules}
    sheet = dict(zip(definition.data["item"], definition.data["module"].map(sheets), strict=True))
    letters = dict(zip(years, _letters(len(years)), strict=True))
    row = (table["item"].map(order) + 5).astype(str)
    value = table["value"].astype("float64")
    return table.assign(
        return_id=table["area"] + ".xlsx", sheet=table["item"].map(sheet), cell=table["year"].map(letters) + row,
        value=value, lower=value, upper=value, raw=table["value"].astype(str), note="", status="exact",
    )  # fmt: skip


def _letters(number: int) -> list[str]:
    columns = [chr(65 + place) for place in range(26)]
    return [*columns[4:], *(f"A{letter}" for letter in columns)][:number]


def plant(cells: DataFrame, faults: int, seed: int = 2024) -> tuple[DataFrame, DataFrame]:
    """The cells with about so many faults, and where which of them stands."""
    draw, spoilt = np.random.default_rng(seed), cells.copy()
    share = sum(fault.share for fault in FAULTS)
    planted = []
    year, item = cells["year"].to_numpy(), cells["item"].to_numpy()
    for place, fault in enumerate(FAULTS):
        same = [other for other in FAULTS if other.items == fault.items]
        apart = APART * len(same)
        slot = (year - FIRST) % apart == APART * same.index(fault) + 2
        there = np.flatnonzero(np.isin(item, fault.items) & slot & (year < LAST) & (year > FIRST))
        if fault.once:
            there = draw.permutation(there)
            there = there[~cells.loc[there, ["area", "item"]].duplicated().to_numpy()]
        wanted = min(len(there), round(faults * fault.share / share))
        at = np.sort(draw.choice(there, wanted, replace=False))
        planted.append(
            cells.loc[at, ["return_id", "sheet", "cell"]].assign(
                kind=fault.kind, rule=fault.rule, order=place
            )
        )
        fault.plant(spoilt, at)
    return spoilt, pd.concat(planted, ignore_index=True)


def judged(cells: DataFrame, definition: cs.Questionnaire, population: DataFrame) -> DataFrame:
    """The findings of a round."""
    frame = cells.assign(year=cells["year"].astype("Int16"))
    return cs.validate(CELLS.cast(frame), definition, population=population).data


def compare(planted: DataFrame, found: DataFrame) -> tuple[DataFrame, DataFrame]:
    """For each kind how many were planted, found at their place and missed; and the findings that nobody planted."""
    keys = ["rule", "return_id", "sheet", "cell"]
    found = found.assign(**{name: found[name].astype(str) for name in keys})
    marked = planted.merge(found[keys].drop_duplicates(), on=keys, how="left", indicator="met")
    marked["met"] = marked["met"] == "both"
    table = marked.groupby(["order", "kind", "rule"])["met"].agg(planted="size", found="sum").reset_index()
    table["missed"] = table["planted"] - table["found"]
    extra = found.merge(planted[keys], on=keys, how="left", indicator="met")
    return table.drop(columns="order"), extra[extra["met"] != "both"].drop(columns="met")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--areas", type=int, default=200)
    parser.add_argument("--faults", type=int, default=0, help="80 for each area where it is not given")
    options = parser.parse_args()
    definition, cells, population = world(options.areas, range(FIRST, LAST + 1))
    clean = judged(cells, definition, population)
    print(f"{len(cells):,} cells; {len(clean)} findings before anything is planted")
    print(clean["rule"].value_counts().head(20).to_string() if len(clean) else "")
    spoilt, planted = plant(cells, options.faults or 80 * options.areas)
    found = judged(spoilt, definition, population)
    table, extra = compare(planted, found)
    print(table.to_string(index=False))
    print(f"planted {len(planted):,}, found at their place {table['found'].sum():,}, missed {table['missed'].sum():,}, "
          f"findings {len(found):,}, extra {len(extra):,}")  # fmt: skip
    if len(extra):
        print(
            extra.groupby(["rule", "item"], observed=True)
            .size()
            .sort_values(ascending=False)
            .head(30)
            .to_string()
        )


if __name__ == "__main__":
    main()
