"""Reporting units and the groupings that countries belong to."""

from functools import cache

from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.files import read_csv, shipped

_AREA_COLUMNS = ("area", "m49", "iso2", "name", "kind", "part_of", "note")
_GROUPING_COLUMNS = ("grouping", "code", "name", "level", "area", "source")


def areas() -> DataFrame:
    """All reporting units: one row a unit, every column text.

    Returns:
        `area` (ISO 3166-1 alpha-3, or UNODC's code where that has none), `m49`,
        `iso2`, `name`, `kind` (country, territory, part, invented), `part_of`
        (the whole that a part belongs to) and `note`.

    Example:
        >>> areas().set_index("area").loc["NAM", ["iso2", "name"]].tolist()
        ['NA', 'Namibia']
    """
    return _areas().copy()


def groupings(name: str = "m49") -> DataFrame:
    """The members of every group of one grouping: one row a membership.

    Only countries and territories are members, never parts: a region is summed
    over countries, and a country from its parts first.

    Args:
        name: `m49` (levels world, region, subregion, intermediate), or `ldc`,
            `lldc`, `sids` (level group).

    Returns:
        `grouping`, `code` (M49, as text: `150`), `name`, `level`, `area`, `source`.

    Raises:
        CallError: There is no grouping of that name.

    Example:
        >>> world = groupings().query("level == 'region'")
        >>> world["name"].unique().tolist()
        ['Africa', 'Oceania', 'Americas', 'Asia', 'Europe']
    """
    table = _groupings()
    known = table["grouping"].unique()
    if name not in known:
        raise CallError(
            "groupings(name)", f"there is no grouping {name!r}.", f"Name one of {', '.join(known)}."
        )
    return table[table["grouping"] == name].reset_index(drop=True)


def parts() -> DataFrame:
    """Which parts make up a whole that returns by parts: columns `whole` and `part`."""
    table = _areas()
    chosen = table.loc[table["kind"] == "part", ["part_of", "area"]]
    return chosen.set_axis(["whole", "part"], axis="columns").reset_index(drop=True)


@cache
def _areas() -> DataFrame:
    return read_csv(shipped("classification", "areas", "areas.csv"), _AREA_COLUMNS)


@cache
def _groupings() -> DataFrame:
    return read_csv(shipped("classification", "areas", "groupings.csv"), _GROUPING_COLUMNS)
