"""Profiles: shares of women, men, girls and boys, of forms of exploitation, of own and foreign citizens."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from pandas import DataFrame

from crimestats import areas
from crimestats.errors import CallError
from crimestats.frames import PROFILES, TRAFFICKING, UNKNOWN
from crimestats.trafficking.assembling import assembled, identified
from crimestats.trafficking.counts import counted
from crimestats.trafficking.grounds import influences, profile_lineage
from crimestats.trafficking.panels import CLOSED, MINIMUM_BASE, PARTS, VARIANTS, panel
from crimestats.trafficking.windows import named

__all__ = ["influences", "profile_lineage", "profiles"]

FLOOR_AREAS = 5
"""Areas that a group needs to have a share, half of those of a small group (`areas.enough`); our choice."""
FLOOR_POPULATION = 0.0
"""Part of a group's residents that must live in areas of the base: none is asked, since a pooled share is of
the victims detected, and not of the residents. `coverage_population` says how many do."""


def profiles(
    dataset: DataFrame,
    population: DataFrame | None = None,
    *,
    groupings: Iterable[str] = ("m49", "glotip"),
    window: int = 1,
    years: Iterable[int] | None = None,
    variants: Iterable[str] = VARIANTS,
    parts: str = CLOSED,
    minimum_base: float = MINIMUM_BASE,
    floor_areas: int = FLOOR_AREAS,
    floor_population: float = FLOOR_POPULATION,
) -> DataFrame:
    """Shares of the categories of every profile, for areas and groups of areas.

    A share is persons of the category by all persons whose attribute is known, of
    the areas of which every category is known (GLOTIP practice: its figures are based on
    the victims whose sex and age were reported, and say how many, of how many
    countries).

    Args:
        dataset: As `trafficking.dataset` gives it. Parts of a country stand by themselves, and in no group.
        population: Columns of `areas.population()`; the shipped table if None.
        groupings: Names of groupings of areas (see `areas.groupings`).
        window: 1 takes the year itself, a longer one the most recent year of each area in so many years.
        years: Years that windows end in; those of the dataset if None.
        variants: `pooled` adds up persons; `population_weighted` and `country_average` are means of the
            areas' shares, by residents and each alike. Of one area they are the same, and `pooled` stands.
        parts: `closed`: an area enters when it gives every category, or when the total that it reports leaves
            fewer than five persons for those it does not give, which then have between none and as many
            (`n_closed` areas); `complete`: when it gives every one; `available`: with any, the others as
            nought, which is nearly a plain sum.
        minimum_base: Persons of an area, at least, for its share to enter a mean.
        floor_areas: Areas that a group needs (see `areas.enough`), else it has no share.
        floor_population: Part of its residents that it needs.

    Returns:
        The shares (`frames.PROFILES`). `value` and `base` are persons, in means those of the areas that
        enter, so that value by base is the share in `pooled` only. A bounded count
        enters with its middle, or less where the total of the area leaves less, and the bounds are exact.
        An area enters with one person for certain (`base_lower` of 1 or more): others are in no base and
        no coverage, and are counted (`n_left_out`, of these `n_uncertain`).

    Raises:
        CallError: An argument cannot be, or the dataset is not one.
    """
    TRAFFICKING.check(dataset)
    chosen = list(dict.fromkeys(variants))
    _refuse(window, parts, chosen)
    ends = _years(dataset, years)
    counts = counted(dataset)
    if counts.data.empty or not ends:
        return PROFILES.empty()
    living = areas.population() if population is None else population
    made = panel(counts, dataset, living, groupings=groupings, window=window, years=ends, parts=parts)
    tables = [assembled(made, variant, minimum_base, (floor_areas, floor_population)) for variant in chosen]
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        return PROFILES.empty()
    keys = counts.categories[["profile", "within", "category", "measure"]]
    table = table.join(keys, on="of").assign(window=named(window), first_year=table["year"] - window + 1)
    table = identified(table.sort_values(["of", "place", "year", "variant"], kind="stable"))
    return PROFILES.cast(table.reset_index(drop=True))


def _refuse(window: int, parts: str, variants: list[str]) -> None:
    if window < 1:
        raise CallError("profiles(window)", f"is {window} years.", "Give 1 for the year itself, or more.")
    if parts not in PARTS:
        raise CallError("profiles(parts)", f"is {parts!r}.", f"Name one of {', '.join(PARTS)}.")
    unknown = [name for name in variants if name not in VARIANTS]
    if unknown:
        raise CallError(
            "profiles(variants)", f"names {unknown[0]!r}.", f"Name some of {', '.join(VARIANTS)}."
        )


def _years(dataset: DataFrame, years: Iterable[int] | None) -> list[int]:
    if years is not None:
        return sorted({int(year) for year in years})
    known = dataset.loc[(dataset["area"] != UNKNOWN).to_numpy(), "year"]
    return [int(year) for year in np.unique(known)]
