"""What profiles are made of: the figures of the dataset in each share, and how far each area moves it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import LINEAGE, PROFILES, TOTAL, TRAFFICKING
from crimestats.trafficking.assembling import weighed
from crimestats.trafficking.counts import Counts, counted
from crimestats.trafficking.influence import without
from crimestats.trafficking.panels import AREA, CLOSED, MINIMUM_BASE, POOLED, Panel, panel
from crimestats.trafficking.shares import share

_CATEGORY = ["profile", "within", "category"]
_ENTRY = ["denominator", "area", "year"]
_REMEDY = "Give the dataset, population, parts and minimum_base that the profiles were made with."


def profile_lineage(
    dataset: DataFrame,
    profiles: DataFrame,
    population: DataFrame | None = None,
    *,
    parts: str = CLOSED,
    minimum_base: float = MINIMUM_BASE,
) -> DataFrame:
    """The figures of the dataset that each share is made of.

    The values of the parts (the middle, of a bounded one), times their weights, add
    to `value`, as in the lineage of trends: a figure of the category has the weight 1, one
    of the other categories, or the total that closes a base, 0. Of several figures of the same
    key each has its part of 1; where they differ, the figure is the middle of
    what they span, and only their bounds add to its bounds; and a category that is
    closed by a total is no part's.

    Args:
        dataset: What the profiles were made of.
        profiles: All, or those wanted (`frames.PROFILES`). A grouping of your own must be known by its name
            (`areas.name_grouping`).
        population: As given to `profiles`.
        parts: As given to `profiles`.
        minimum_base: As given to `profiles`.

    Returns:
        Edges (`frames.LINEAGE`) with `part_kind` `cell`; `part_id` is the `figure_id` of the dataset.

    Raises:
        CallError: The profiles were made of something else, or with other arguments.
    """
    TRAFFICKING.check(dataset)
    PROFILES.check(profiles)
    counts = counted(dataset)
    living = areas.population() if population is None else population
    tables = list(_edges(dataset, _placed(profiles, counts), counts, living, parts, minimum_base))
    edges = pd.concat(tables, ignore_index=True) if tables else DataFrame(columns=["figure", "row", "weight"])
    places = dataset["figure_id"].to_numpy(object)[edges["row"].to_numpy(np.int64)]
    figures = profiles["figure_id"].to_numpy(object)[edges["figure"].to_numpy(np.int64)]
    table = DataFrame(
        {"figure_id": figures, "part_kind": "cell", "part_id": places, "weight": edges["weight"]}
    )
    return LINEAGE.cast(table)


def _placed(profiles: DataFrame, counts: Counts) -> DataFrame:
    """The figures with the numbers of their category and denominator."""
    columns = [*_CATEGORY, "area", "grouping", "level", "variant", "year", "first_year", "n_areas"]
    kinds = {name: "int64" if name.endswith(("year", "n_areas")) else "str" for name in columns}
    table = profiles[columns].astype(kinds).rename(columns={"area": "whole"})
    of = pd.MultiIndex.from_frame(counts.categories[_CATEGORY])
    number = of.get_indexer(pd.MultiIndex.from_frame(table[_CATEGORY]))
    if (number < 0).any():
        missing = table.loc[number < 0, "profile"].iloc[0]
        raise CallError("profile_lineage(profiles)", f"has a profile {missing!r} that is not known.", _REMEDY)
    denominator = counts.categories["denominator"].to_numpy()[number]
    window = table["year"] - table["first_year"] + 1
    return table.assign(of=number, denominator=denominator, window=window, figure=np.arange(len(table)))


def _edges(
    dataset: DataFrame, figures: DataFrame, counts: Counts, living: DataFrame, parts: str, minimum_base: float
) -> Iterator[DataFrame]:
    """Figure, row of the dataset and weight, window by window and variant by variant."""
    cells = counts.cells.rename(columns={"of": "part", "year": "used"})
    for window, rows in figures.groupby("window"):
        names = [name for name in rows["grouping"].unique() if name != "_Z"]
        years = sorted(int(year) for year in rows["year"].unique())
        made = panel(
            counts, dataset, living, groupings=names, window=int(str(window)), years=years,
            parts=parts,
        )  # fmt: skip
        for variant, chosen in rows.groupby("variant"):
            entries = weighed(made.entries, str(variant), minimum_base).drop_duplicates(_ENTRY)
            yield _of_areas(chosen, made, entries[[*_ENTRY, "used"]]).pipe(_of_cells, cells)


def _of_areas(figures: DataFrame, made: Panel, entries: DataFrame) -> DataFrame:
    """Each figure with each area in its base, and the year of the area's figures."""
    inside = made.members[["whole", "grouping", "area"]].merge(entries, on="area")
    rows = figures.merge(inside, on=["whole", "grouping", "denominator", "year"])
    found = rows.groupby("figure").size().reindex(figures["figure"]).fillna(0).to_numpy()
    differ = figures[found != figures["n_areas"].to_numpy()]
    if len(differ):
        first = differ.iloc[0]
        fault = f"has a base of other areas for {first['profile']} of {first['whole']} in {first['year']}."
        raise CallError("profile_lineage(profiles)", fault, _REMEDY)
    return rows[["figure", "of", "denominator", "area", "used"]]


def _of_cells(rows: DataFrame, cells: DataFrame) -> DataFrame:
    columns = ["denominator", "area", "used", "part", "row", "weight"]
    edges = rows.merge(cells[columns], on=columns[:3])
    edges["weight"] = edges["weight"].where(edges["part"] == edges["of"], 0.0)
    return edges[["figure", "row", "weight"]]


def influences(
    dataset: DataFrame,
    profile: str,
    category: str,
    year: int,
    population: DataFrame | None = None,
    *,
    within: str = TOTAL,
    area: str = "001",
    grouping: str = "m49",
    window: int = 1,
    variant: str = POOLED,
    parts: str = CLOSED,
    minimum_base: float = MINIMUM_BASE,
) -> DataFrame:
    """How far each area moves a share of a group: the share without it, less the share with it.

    Args:
        dataset: As `trafficking.dataset` gives it.
        profile: Name of a profile, `victims_sex_age` for example.
        category: One of its categories.
        year: The year, or that in which the window ends.
        population: As for `profiles`, as are window, variant, parts and minimum_base.
        within: What the profile is within, `women` for example.
        area: Code of the group.
        grouping: Name of the grouping.
        window: In years.
        variant: One of pooled, population_weighted, country_average.
        parts: One of closed, complete, available.
        minimum_base: Persons of an area, at least, for its share to enter a mean.

    Returns:
        One row an area, those that move it most first: area, `used` (the year of its figures), value and
        base (persons), share (its own), `of_base` (its part of what the group's share is divided by) and
        influence (null for the only one).

    Raises:
        CallError: There is no such profile, category, group or share.
    """
    TRAFFICKING.check(dataset)
    counts = counted(dataset)
    names = counts.categories[_CATEGORY].to_numpy().tolist()
    if [profile, within, category] not in names:
        fault = f"has no category {category!r} within {within!r} of a profile {profile!r}."
        raise CallError("influences", fault, "See questionnaires/trafficking/profiles.csv.")
    living = areas.population() if population is None else population
    made = panel(
        counts, dataset, living, groupings=[grouping], window=window, years=[year],
        parts=parts,
    )  # fmt: skip
    members = made.members[(made.members["whole"] == area) & (made.members["level"] != AREA)]
    entries = weighed(made.entries, variant, minimum_base)
    of = names.index([profile, within, category])
    rows = entries[(entries["of"] == of) & entries["area"].isin(members["area"])]
    if rows.empty:
        fault = f"no area of {area!r} has a share of {category} in {year}."
        raise CallError("influences", fault, "Name another group or year.")
    return _moves(rows)


def _moves(rows: DataFrame) -> DataFrame:
    part, weight = rows["part"].to_numpy(np.float64), rows["weight"].to_numpy(np.float64)
    parts, weights = np.array([part.sum()]), np.array([weight.sum()])
    table = DataFrame({
        "area": rows["area"], "used": rows["used"], "value": rows["value"], "base": rows["base_value"],
        "share": rows["share"], "of_base": share(weight, np.full(len(weight), weights[0])),
        "influence": without(part, weight, np.zeros(len(rows), dtype=np.int64), parts, weights),
    })  # fmt: skip
    order = table["influence"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
