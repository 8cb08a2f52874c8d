"""The tables that a chapter is made from, and which of their figures it shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from crimestats.errors import CallError, FileError
from crimestats.files import read_csv, reason
from crimestats.frames import FINDINGS, FLOWS, HIDDEN, LINEAGE, PROFILES, SOURCES, TRAFFICKING, UNKNOWN
from crimestats.report.chapter.detected import thick

WORLD = "001"
MAIN, MAIN_VARIANT = "victims_sex_age", "pooled"
"""The profile whose base tells which years are thin, and the variant that the chapter prints."""

_NEEDED = {"dataset": TRAFFICKING, "profiles": PROFILES, "flows": FLOWS}
_FURTHER = {"lineage": LINEAGE, "sources": SOURCES, "hidden": HIDDEN}
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
        hidden: What was hidden and why (`frames.HIDDEN`); may be empty.
        hidden_population: What `trafficking estimate --json` gave, one for each population.
        chosen_year: That headlines are of; the latest that is not thin if None.
    """

    dataset: DataFrame
    profiles: DataFrame
    flows: DataFrame
    findings: DataFrame
    lineage: DataFrame
    sources: DataFrame
    hidden: DataFrame
    hidden_population: tuple[Mapping[str, Any], ...] = ()
    chosen_year: int | None = None

    @classmethod
    def of(cls, tables: "Mapping[str, Any] | Tables | str | Path") -> "Tables":
        """Tables by their names, or of a build folder.

        Args:
            tables: `dataset`, `profiles`, `flows`; where there are any `findings`, `lineage`, `sources`,
                `hidden` and `hidden_population` (one estimate or several). Or the folder with their files.

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
        return rows

    @cached_property
    def least(self) -> int:
        """Persons below which a count is only known to be from nothing up to it: mostly 5; 0 if none is.

        Several may be in force, the sender's own and that of this build: it is the one of most figures.
        """
        rows = self.dataset[
            (self.dataset["status"].astype("str") == "bounded") & (self.dataset["lower"] == 0)
        ]
        uppers = rows["upper"].dropna()
        return int(uppers.mode().max()) + 1 if len(uppers) else 0

    @cached_property
    def is_of_many(self) -> bool:
        """Whether there is more than one area, so that groups of them are spoken of."""
        return len(set(self.dataset["area"].astype("str")) - {UNKNOWN}) > 1

    def filled(self, figure_ids: "pd.Series[str] | None" = None) -> "pd.Series[int]":
        """How many figures of the dataset fill a gap from another source, by the title of the source.

        Args:
            figure_ids: Only those that these derived figures rest on (by `lineage`); all if None.
        """
        is_gap = self.sources["gap_filled"].astype("str") == "yes"
        gaps = self.sources.loc[is_gap & self.sources["figure_id"].isin(self.dataset["figure_id"])]
        if figure_ids is not None:
            parts = self.lineage.loc[self.lineage["figure_id"].isin(figure_ids), "part_id"]
            gaps = gaps[gaps["figure_id"].isin(parts)]
        titles = (
            gaps["source_title"]
            .astype("str")
            .mask(gaps["source_title"] == "", gaps["source_id"].astype("str"))
        )
        counts: pd.Series[int] = titles.groupby(titles).size().sort_values(ascending=False, kind="stable")
        return counts


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
    for name in ("findings", "hidden_population"):
        path = folder / f"{name}.json"
        if path.is_file():
            found[name] = _json(path)
    path = folder / "hidden.csv"
    if path.is_file():
        found["hidden"] = HIDDEN.cast(_numbers(read_csv(path, tuple(HIDDEN.columns))))
    return found


def _numbers(table: DataFrame) -> DataFrame:
    """The bounds of a table that was read as text."""
    return table.assign(**{name: pd.to_numeric(table[name]) for name in ("year", "lower", "upper")})


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
