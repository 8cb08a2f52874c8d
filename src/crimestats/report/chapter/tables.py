"""The tables that a chapter is made from, and which of their figures it shows."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError, FileError
from crimestats.files import reason
from crimestats.frames import FINDINGS, FLOWS, LINEAGE, PROFILES, SOURCES, TRAFFICKING
from crimestats.report.chapter.detected import thick

WORLD = "001"
MAIN, MAIN_VARIANT = "victims_sex_age", "pooled"
"""The profile whose base tells which years are thin, and the variant that the chapter prints."""

_NEEDED = {"dataset": TRAFFICKING, "profiles": PROFILES, "flows": FLOWS}
_FURTHER = {"lineage": LINEAGE, "sources": SOURCES}
_OF = ["profile", "within", "area", "year"]
_NO_MEMBERS = DataFrame({"code": [], "area": []}, dtype="str")
_REMEDY = "Give a folder that `crimestats trafficking build` wrote, or its tables by name."


@dataclass(frozen=True, eq=False)
class Tables:
    """What `trafficking build` writes.

    Attributes:
        dataset: Figures (`frames.TRAFFICKING`).
        profiles: Shares, and counts of persons detected (`frames.PROFILES`).
        flows: Origin and destination (`frames.FLOWS`).
        findings: What the rules found (`frames.FINDINGS`).
        lineage: What each figure is made of (`frames.LINEAGE`).
        sources: Figures of several sources side by side (`frames.SOURCES`); may be empty.
        hidden_population: What `trafficking estimate --json` gave, one for each population.
        chosen_year: That headlines are of; the latest that is not thin if None.
    """

    dataset: DataFrame
    profiles: DataFrame
    flows: DataFrame
    findings: DataFrame
    lineage: DataFrame
    sources: DataFrame
    hidden_population: tuple[Mapping[str, Any], ...] = ()
    chosen_year: int | None = None

    @classmethod
    def of(cls, tables: "Mapping[str, Any] | Tables | str | Path") -> "Tables":
        """Tables by their names, or of a build folder.

        Args:
            tables: `dataset`, `profiles`, `flows`; where there are any `findings`, `lineage`, `sources` and
                `hidden_population` (one estimate or several). Or the folder with their files.

        Raises:
            CallError: One of the first three is missing, or a table is not what its name says.
            FileError: The folder has not these files.
        """
        if isinstance(tables, Tables):
            return tables
        given = tables if isinstance(tables, Mapping) else _folder(Path(tables))
        missing = [name for name in _NEEDED if given.get(name) is None]
        if missing:
            raise CallError("tables", f"have no {', '.join(missing)}.", _REMEDY)
        frames: dict[str, Any] = {name: frame.cast(given[name]) for name, frame in _NEEDED.items()}
        for name, frame in _FURTHER.items():
            frames[name] = frame.empty() if given.get(name) is None else frame.cast(given[name])
        estimates = given.get("hidden_population") or ()
        listed = (estimates,) if isinstance(estimates, Mapping) else tuple(estimates)
        return cls(findings=_findings(given.get("findings")), hidden_population=listed, **frames)

    @cached_property
    def focus(self) -> str:
        """Whom the chapter is on: the world, or else the area with the most persons."""
        rows = self.profiles[self.profiles["profile"].astype("str") == MAIN]
        shown = rows[rows["share"].notna()]
        if shown.empty or (shown["area"].astype("str") == WORLD).any():
            return WORLD
        return str(shown["area"].astype("str").to_numpy()[shown["base"].to_numpy().argmax()])

    @cached_property
    def year(self) -> int:
        """The year chosen, or the latest that is not thin; 0 where there is no figure at all."""
        if self.chosen_year is not None:
            return self.chosen_year
        n_areas = self._n_areas
        if len(n_areas):
            return int(n_areas.index[thick(n_areas)].max())
        return int(self.dataset["year"].max()) if len(self.dataset) else 0

    @cached_property
    def thin_years(self) -> set[int]:
        """Years with figures of few areas, which are shown pale and carry no headline."""
        n_areas = self._n_areas
        return {int(year) for year in n_areas.index[~thick(n_areas)]} if len(n_areas) else set()

    @property
    def _n_areas(self) -> "pd.Series[float]":
        """Areas in the base of the main profile by year, where it has a share."""
        rows = self.pick(MAIN, area=self.focus)
        return rows[rows["share"].notna()].groupby("year")["n_areas"].max().astype("float64")

    def pick(self, profile: str, *, variant: str = MAIN_VARIANT, **wanted: Any) -> DataFrame:
        """Rows of a profile whose columns are as wanted; of several groupings and windows the first."""
        rows = self.profiles[self.profiles["profile"].astype("str") == profile]
        rows = rows[rows["variant"].astype("str") == variant]
        for name, value in wanted.items():
            rows = rows[rows[name] == value if name == "year" else rows[name].astype("str") == value]
        for name in ("window", "grouping"):
            rows = rows[rows[name] == rows[name].iloc[0]] if len(rows) else rows
        keys = rows[_OF].astype({"year": "int64"} | dict.fromkeys(_OF[:3], "str"))
        certain = [self._certain.get(key) for key in keys.itertuples(index=False, name=None)]
        return rows.assign(n_certain=pd.Series(certain, index=rows.index, dtype="float64"))

    @cached_property
    def _certain(self) -> dict[tuple[Hashable, ...], int]:
        """Areas of each group that have persons in its base for sure: some tell `<5` of everything."""
        from crimestats import areas

        rows = self.profiles[self.profiles["variant"].astype("str") == MAIN_VARIANT]
        rows = rows[(rows["level"].astype("str") == "area") & (rows["base_lower"] > 0)]
        rows = rows[_OF].astype({"year": "int64"} | dict.fromkeys(_OF[:3], "str")).drop_duplicates()
        known = set(self.profiles["grouping"].astype("str"))
        tables = [areas.groupings(name) for name in ("m49", "glotip") if name in known]
        members = pd.concat([_NO_MEMBERS, *tables])[["code", "area"]].astype("str").drop_duplicates()
        placed = rows.rename(columns={"area": "unit"}).merge(members, left_on="unit", right_on="area")
        placed = placed.drop(columns="area").rename(columns={"code": "area"})
        counted = placed.groupby(_OF)["unit"].nunique()
        return dict(zip(counted.index.tolist(), counted.tolist(), strict=True))


def records(rows: DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by the names of its columns: few, and to be shown one by one."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _findings(given: Any) -> DataFrame:
    """Findings as a frame; a list of objects as `findings.json` has it becomes one."""
    if given is None:
        return FINDINGS.empty()
    table = DataFrame(given, columns=list(FINDINGS.columns)) if isinstance(given, list) else given
    texts = [name for name, kind in FINDINGS.columns.items() if kind in ("key", "text")]
    return FINDINGS.cast(table.assign(**{name: table[name].astype("str").fillna("") for name in texts}))


def _folder(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*_NEEDED, *_FURTHER):
        path = folder / f"{name}.parquet"
        if path.is_file() or name in _NEEDED:
            found[name] = _parquet(path)
    path = folder / "findings.json"
    if path.is_file():
        found["findings"] = _json(path)
    return found


def _parquet(path: Path) -> DataFrame:
    import pyarrow

    try:
        return pd.read_parquet(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise FileError(str(path), f"cannot be read ({reason(path, error)}).", _REMEDY) from error


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(str(path), f"cannot be read ({reason(path, error)}).", _REMEDY) from error
