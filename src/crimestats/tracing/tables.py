"""The tables of a release, read as far as a trace asks for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pandas import DataFrame

from crimestats import frames
from crimestats.errors import FileError
from crimestats.release import read_parquet

_NEEDED = ("trends", "lineage", "observations")


class Tables:
    """Tables of a release folder, or frames by their names.

    Args:
        release: The folder, or the frames; trends, lineage and observations must be among them.

    Raises:
        FileError: One of these is missing.
    """

    def __init__(self, release: str | Path | Mapping[str, DataFrame]) -> None:
        self._frames: Mapping[str, DataFrame] = release if isinstance(release, Mapping) else {}
        self._folder = None if isinstance(release, Mapping) else Path(release)
        for name in _NEEDED:
            if not self.has(name):
                place = "release" if self._folder is None else str(self._folder)
                fault = f"has no {name}{'' if self._folder is None else '.parquet'}."
                raise FileError(place, fault, "Give a release that `crimestats run` made, or its tables.")

    def has(self, name: str) -> bool:
        """Whether there is such a table."""
        return name in self._frames if self._folder is None else (self._folder / f"{name}.parquet").is_file()

    def rows(self, name: str, **wanted: Any) -> DataFrame:
        """Rows of a table whose columns have one of the values wanted; none where there is no such table."""
        frame = frames.FRAMES[name.capitalize()]
        if not self.has(name):
            return frame.empty()
        listed = {column: list(dict.fromkeys(values)) for column, values in wanted.items()}
        if self._folder is not None:
            return read_parquet(self._folder / f"{name}.parquet", listed)
        table = self._frames[name]
        for column, values in listed.items():
            table = table[table[column].isin(values)]
        return frame.cast(table.reset_index(drop=True))
