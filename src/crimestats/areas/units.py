"""Reporting units and the groupings that countries belong to."""

from functools import cache
from pathlib import Path

from pandas import DataFrame

from crimestats.areas.memberships import is_path, read_grouping
from crimestats.errors import CallError
from crimestats.files import read_csv, shipped
from crimestats.frames import NOT_APPLICABLE

_AREA_COLUMNS = ("area", "m49", "iso2", "name", "kind", "part_of", "note")
_GROUPING_COLUMNS = ("grouping", "code", "name", "level", "area", "source")
_OWN: dict[str, DataFrame] = {}


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


def groupings(name: str | Path = "m49") -> DataFrame:
    """The members of every group of one grouping: one row a membership.

    Only countries and territories are members, never parts: a region is summed
    over countries, and a country from its parts first.

    Args:
        name: `m49` (levels world, region, subregion, intermediate); `ldc`,
            `lldc`, `sids` (level group); `glotip`, the trafficking report's own
            (region, subregion, intermediate), where `source` says how sure each
            membership is; one named by `name_grouping`; or the path of a CSV of
            your own (see `memberships.read_grouping`).

    Returns:
        `grouping`, `code` (M49, as text: `150`), `name`, `level`, `area`, `source`.

    Raises:
        CallError: There is no grouping of that name.
        FileError, DefinitionError: The CSV cannot be read, or has a fault.

    Example:
        >>> world = groupings().query("level == 'region'")
        >>> world["name"].unique().tolist()
        ['Africa', 'Oceania', 'Americas', 'Asia', 'Europe']
    """
    if is_path(name):
        return read_grouping(name, _areas())
    named, table = str(name), _groupings()
    if named in _OWN:
        return _OWN[named].copy()
    known = [*table["grouping"].unique(), *_OWN]
    if named not in known:
        fault = f"there is no grouping {named!r}."
        raise CallError("groupings(name)", fault, f"Name one of {', '.join(known)}, or a CSV of your own.")
    return table[table["grouping"] == named].reset_index(drop=True)


def name_grouping(path: Path | str) -> str:
    """Make a grouping of your own known by the name of its file, until the program ends.

    A table that is made with it then names the grouping, and not the place where
    the file lay, so that it is the same on another machine.

    Args:
        path: A CSV as `memberships.read_grouping` takes it.

    Returns:
        The name: that of the file without its ending.

    Raises:
        CallError: A shipped grouping has that name.
        FileError, DefinitionError: The CSV cannot be read, or has a fault.
    """
    table, name = read_grouping(path, _areas()), Path(path).stem
    if name in set(_groupings()["grouping"]):
        raise CallError(str(path), f"has the name of the grouping {name}.", "Call the file otherwise.")
    _OWN[name] = table
    return name


def parts() -> DataFrame:
    """Which parts make up a whole that returns by parts: columns `whole` and `part`."""
    table = _areas()
    chosen = table.loc[table["kind"] == "part", ["part_of", "area"]]
    return chosen.set_axis(["whole", "part"], axis="columns").reset_index(drop=True)


def regions() -> DataFrame:
    """The M49 subregion and region of every reporting unit: one row a unit.

    A part of a country lies where its whole does. What M49 does not list by
    itself (`XKX`, `TWN`) lies where UNODC puts it.

    Returns:
        `area`, `subregion` and `region` (M49, as text: `039`, `150`); `_Z` for
        what is in none (Antarctica, the invented Samplonia).

    Example:
        >>> regions().set_index("area").loc[["XKX", "GBR_S", "ATA"]].to_numpy().tolist()
        [['039', '150'], ['154', '150'], ['_Z', '_Z']]
    """
    table, listed = _areas(), groupings("m49")
    whole = table["part_of"].where(table["part_of"] != "", table["area"])
    codes = {
        level: whole.map(rows.set_index("area")["code"]).fillna(NOT_APPLICABLE)
        for level, rows in listed.groupby("level")
        if level in ("subregion", "region")
    }
    return DataFrame({"area": table["area"], "subregion": codes["subregion"], "region": codes["region"]})


@cache
def _areas() -> DataFrame:
    return read_csv(shipped("classification", "areas", "areas.csv"), _AREA_COLUMNS)


@cache
def _groupings() -> DataFrame:
    return read_csv(shipped("classification", "areas", "groupings.csv"), _GROUPING_COLUMNS)
