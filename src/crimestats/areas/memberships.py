"""A grouping of the user's own."""

from pathlib import Path

from pandas import DataFrame, Series

from crimestats.areas.faults import refuse
from crimestats.errors import DefinitionError
from crimestats.files import read_csv

_NEEDED = ("code", "name", "area")
_LEVEL = "group"
_CODE = r"[\w.-]+"


def is_path(name: str | Path) -> bool:
    """Whether it is a file's path and not the name of a grouping."""
    return isinstance(name, Path) or Path(name).suffix != "" or len(Path(name).parts) > 1


def read_grouping(path: str | Path, units: DataFrame) -> DataFrame:
    """Read a grouping of one's own: one row a membership.

    Args:
        path: CSV with code and name of the group, area (code, or any spelling
            that `areas.match` knows) and if wanted level (`group` where not
            given). An area may be in several groups.
        units: The reporting units, as `areas.areas()`.

    Returns:
        As `areas.groupings`; `grouping` is the file's name without its ending, `source` `own`.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: A column is missing, there are no rows, a code cannot be one or is an area's, an
            area is unknown or a part of a country, a group has two names or levels, or a row
            stands twice; file, line and column are named.
    """
    from crimestats.areas.labels import match

    table = read_csv(path, _NEEDED)
    if table.empty:
        raise DefinitionError(f"{path}, line 1", "has no memberships below its header.", "Add them.")
    table = DataFrame({str(name): table[name].str.strip() for name in table})
    level = table["level"].replace("", _LEVEL) if "level" in table else Series(_LEVEL, index=table.index)
    found = match(table["area"])
    table = table.assign(level=level, label=table["area"], area=found["area"])
    refuse(path, table, "code", ~table["code"].str.fullmatch(_CODE), "is no code of a group.")
    is_area = table["code"].isin(units["area"])
    refuse(path, table, "code", is_area, "is the code of a reporting unit, and cannot be that of a group.")
    refuse(path, table, "name", table["name"] == "", "is no name.")
    unknown = found["area"] == "_U"
    refuse(path, table, "area", unknown, "is not a reporting unit.", table["label"], found["candidates"])
    is_part = table["area"].isin(units.loc[units["kind"] == "part", "area"])
    refuse(path, table, "area", is_part, "is a part of a country; its whole is the member.", table["label"])
    for column in ("name", "level"):
        first = table["code"].map(table.drop_duplicates("code").set_index("code")[column])
        refuse(path, table, column, table[column] != first, "is the second of its group.")
    twice = table.duplicated(["code", "area"])
    refuse(path, table, "area", twice, "stands twice in its group.", table["label"])
    table = table.assign(grouping=Path(path).stem, source="own")
    return table[["grouping", "code", "name", "level", "area", "source"]].astype("str")
