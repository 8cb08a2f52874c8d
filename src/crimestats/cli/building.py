"""The steps of `trafficking build`, each once, and the folder that they make."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from pandas import MultiIndex

from crimestats import __version__, areas, published, release, trafficking
from crimestats.cli.console import Console
from crimestats.cli.supplied import PUBLISHED, Supplied, supplied
from crimestats.errors import CallError, FileError
from crimestats.files import read_csv, reason, shipped
from crimestats.frames import FINDINGS, HIDDEN, LINEAGE, RECOVERABLE, SOURCES, TRAFFICKING
from crimestats.trafficking.findings import marked, without_figures

if TYPE_CHECKING:
    from pandas import DataFrame

PARQUET = {"dataset": "Trafficking", "profiles": "Profiles", "flows": "Flows", "lineage": "Lineage"}
"""Tables of the folder, and the frames that they are of."""
THRESHOLD = 5
"""Least number of persons that is told of returns, which are not public: the files of UNODC say `<5`."""
_THING = ["area", "year", "measure"]
_DIFFERENCES = (
    "difference", "difference_lower", "difference_upper", "relative", "relative_lower", "relative_upper",
)  # fmt: skip
_FOUND = 3  # figures named in a refusal
_ESTIMATED = {"estimate", "estimable", "model"}


@dataclass(frozen=True)
class Build:
    """A trafficking report on its way from its figures to the folder.

    Attributes:
        source: A published workbook or CSV, returns, an observations.parquet, a dataset.parquet or a store.
        console: Where progress is shown.
        questionnaire: Id or folder, of returns.
        strict: Leave out returned figures with an open error.
        public: The figures are public already, whatever the source is.
        threshold: Below which figures are hidden; none: 5 where they are not public, else nothing.
        flow_threshold: Victims from which on a pair of countries is a flow.
        window: Years of which the most recent figure is taken.
        groupings: Of areas.
        population: A table of the user's own, or nothing for the shipped one.
        sources: A folder of other sources that fill gaps, or nothing.
        estimates: Files of `trafficking estimate --json`, which the chapter tells of.
    """

    source: str
    console: Console
    questionnaire: str = "glotip-2024"
    strict: bool = False
    public: bool = False
    threshold: int | None = None
    flow_threshold: int = 5
    window: int = 1
    groupings: tuple[str, ...] = ("m49", "glotip")
    population: Path | None = None
    sources: Path | None = None
    estimates: tuple[Path, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def given(self) -> Supplied:
        """The figures as they are supplied."""
        return supplied(self.source, self.questionnaire, self.console, strict=self.strict)

    @property
    def is_public(self) -> bool:
        """Whether the figures may be known to everybody, so that nothing is hidden of itself."""
        return self.public or self.given.kind == PUBLISHED

    @property
    def hides_below(self) -> int | None:
        """The threshold of suppression; none where nothing is hidden."""
        return self.threshold if self.threshold is not None or self.is_public else THRESHOLD

    @cached_property
    def denominators(self) -> "DataFrame":
        """The population."""
        return areas.population(self.population)

    @cached_property
    def whole(self) -> "DataFrame":
        """The dataset before anything is hidden."""
        given = self.given
        with self._step("Arranging"):
            table = given.dataset if given.dataset is not None else trafficking.dataset(given.observations)
        if table.empty:
            gone = int(trafficking.left_out(given.observations)["figures"].sum())
            fault = f"holds no figures on trafficking in persons ({gone:,} others)."
            raise CallError(self.source, fault, "Give GLOTIP returns, or the trafficking file of the portal.")
        return table

    def _protect(self, table: "DataFrame") -> "tuple[DataFrame, DataFrame]":
        """The figures with small ones hidden, and without the notes beside these, which may tell them."""
        if self.hides_below is None:
            return table, HIDDEN.empty()
        from crimestats.disclosure import protect

        with self._step("Protecting"):
            table, hidden = protect(_with_bounds(table, self.hides_below), threshold=self.hides_below)
        noted = table["figure_id"].isin(hidden["figure_id"]).to_numpy()
        return table.assign(note=table["note"].mask(noted, "")), hidden

    @cached_property
    def _first(self) -> "tuple[DataFrame, DataFrame]":
        """The figures supplied, protected: other sources are compared with these."""
        return self._protect(self.whole)

    @cached_property
    def combined(self) -> Any:
        """The figures with gaps filled from other sources, and all side by side; none without sources."""
        if self.sources is None:
            return None
        from crimestats.cli.sources import protection

        table = self._first[0]
        with self._step("Comparing"):
            return trafficking.combine(table, self.sources, protect=protection(self.hides_below or THRESHOLD))

    @cached_property
    def _told(self) -> "tuple[DataFrame, DataFrame]":
        """The dataset as it is to be published, and what was hidden: also for what fills a gap."""
        table, hidden = self._first
        if self.combined is None:
            return table, hidden
        table, more = self._protect(self.combined.dataset)
        return table, HIDDEN.join(hidden, more[~more["figure_id"].isin(hidden["figure_id"])])

    @property
    def hidden(self) -> "DataFrame":
        """What was hidden, and why."""
        return self._told[1]

    @cached_property
    def recoverable(self) -> "DataFrame":
        """Hidden figures that what is to be published gives away.

        Raises:
            CallError: There are some although small figures were hidden, or some that are not public.
        """
        from crimestats.disclosure import attack

        with self._step("Attacking"):
            found = RECOVERABLE.cast(attack(self._told[0]))
        is_public = found["figure_id"].isin(self.whole["figure_id"]) & (self.hides_below is None)
        secret = found[~is_public]
        if len(secret):
            named = ", ".join(secret["figure_id"].head(_FOUND))
            fault = f"{len(secret)} hidden figures can still be computed ({named}). Nothing was written."
            remedy = "Give --threshold, so that all small figures are hidden together."
            higher = f"Raise --threshold above {self.hides_below}."
            raise CallError(self.source, fault, remedy if self.hides_below is None else higher)
        return found

    @cached_property
    def findings(self) -> "DataFrame":
        """What is wrong, of the source and of the dataset; without figures that are hidden."""
        others = self.given.findings
        if self.combined is not None:
            others = FINDINGS.join(others, self.combined.findings)
        recoverable = self.recoverable
        table = self._told[0] if self.hides_below is None else self.whole
        with self._step("Checking"):
            given = None if self.given.dataset is not None else self.given.observations
            found = trafficking.findings_of(table, given, others, recoverable)
        return without_figures(found, self.hidden) if len(self.hidden) else found

    @cached_property
    def dataset(self) -> "DataFrame":
        """The dataset as it is written: everything else is made from it."""
        return TRAFFICKING.cast(marked(self._told[0], self.findings))

    @cached_property
    def profiles(self) -> "DataFrame":
        """Shares (`frames.PROFILES`)."""
        table = self.dataset
        with self._step("Profiles"):
            return trafficking.profiles(
                table, self.denominators, groupings=self.groupings, window=self.window
            )

    @cached_property
    def flows(self) -> "DataFrame":
        """Origins and destinations (`frames.FLOWS`)."""
        table = self.dataset
        with self._step("Flows"):
            return trafficking.flows(
                table, threshold=self.flow_threshold, window=self.window, groupings=self.groupings
            )

    @cached_property
    def lineage(self) -> "DataFrame":
        """What each share and flow is made of (`frames.LINEAGE`)."""
        table, shares, pairs = self.dataset, self.profiles, self.flows
        with self._step("Lineage"):
            return LINEAGE.join(
                trafficking.profile_lineage(table, shares, self.denominators),
                trafficking.flow_lineage(table, pairs),
            )

    @cached_property
    def tables(self) -> "dict[str, DataFrame]":
        """All tables of the folder, by name."""
        from crimestats.report.chapter import completed

        made = {name: getattr(self, name) for name in (*PARQUET, "findings")}
        with self._step("Completing"):
            made = completed(made, self.denominators, groupings=self.groupings)
        if self.estimates:
            made["hidden_population"] = [_estimate(path) for path in self.estimates]
        if self.combined is None:
            return made
        return {**made, "sources": hidden_alike(self.combined.sources, self._told[0], self.hidden)}

    @property
    def cited(self) -> str:
        """Where the figures come from, as the chapter cites it."""
        if self.given.kind == PUBLISHED:
            return f"UNODC data portal, {self.given.name}"
        return f"Returns of governments, {self.given.name}"

    def write(self, folder: Path) -> Path:
        """Write the folder: it is there whole, or not at all."""
        target = folder.resolve()
        for path in self.estimates:
            _estimate(path)  # a fault in it is told before the work, too
        with release.replacing_folder(
            target
        ) as new:  # a place that cannot be written is told before the work
            tables = self.tables
            with self._step("Writing"):
                self._write_tables(new, tables)
            with self._step("Chapter"):
                self._write_chapter(new, tables)
            self._write_record(new)
        return target

    def _write_tables(self, new: Path, tables: "dict[str, DataFrame]") -> None:
        for name, frame in {**PARQUET, "sources": "Sources"}.items():
            if name in tables:
                release.write_parquet(tables[name], frame, new / f"{name}.parquet")
        (new / "findings.json").write_text(published.to_json(tables["findings"]) + "\n", encoding="utf-8")
        rows = read_csv(shipped("questionnaires", "trafficking", "columns.csv"))
        rows = rows[[(new / each).exists() or each == "hidden.csv" for each in rows["file"]]]
        rows.to_csv(new / "codebook.csv", index=False, lineterminator="\n")
        if len(self.hidden):
            self.hidden.to_csv(new / "hidden.csv", index=False, lineterminator="\n")

    def _write_chapter(self, new: Path, tables: "dict[str, DataFrame]") -> None:
        from crimestats.report.chapter import annex, chapter

        of = sorted({key for joined in self.denominators["source"].unique() for key in joined.split("+")})
        text = chapter({**tables, "hidden": self.hidden}, source=self.cited, population=of)
        (new / "chapter.html").write_text(text, encoding="utf-8", newline="\n")
        annex(tables, new / "annex.xlsx", source=self.cited)

    def _write_record(self, new: Path) -> None:
        """What the folder was made from and how, and its files; by it a later build may replace it."""
        files = {
            path.name: {"sha256": sha256(path.read_bytes()).hexdigest()} for path in sorted(new.iterdir())
        }
        record = {
            "title": "Trafficking in persons", "crimestats": __version__, "source": self.given.name,
            "kind": self.given.kind, "threshold": self.hides_below, "flow_threshold": self.flow_threshold,
            "window": self.window, "groupings": list(self.groupings), "files": files,
        }  # fmt: skip
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (new / release.RECORD).write_text(text + "\n", encoding="utf-8", newline="\n")

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Progress of a step, and how long it took."""
        start = monotonic()
        with self.console.progress(name) as step:
            yield step
        self.seconds[name] = monotonic() - start


def _with_bounds(table: "DataFrame", threshold: int) -> "DataFrame":
    """Ranges below the threshold, such as 2 to 3 where returns differ, as small counts, to be hidden too."""
    is_small = table["value"].isna() & (table["upper"] < threshold)
    status = table["status"].astype("str")
    return TRAFFICKING.cast(table.assign(status=status.mask(is_small, "bounded")))


def _estimate(path: Path) -> dict[str, Any]:
    """What `trafficking estimate --json` wrote.

    Raises:
        FileError: It cannot be read, or is not that.
    """
    remedy = "Give the JSON of `crimestats trafficking estimate LISTS --json FILE.json`."
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(str(path), f"cannot be read ({reason(path, error)}).", remedy) from error
    if not isinstance(read, dict) or not _ESTIMATED.issubset(read):
        raise FileError(str(path), "is no estimate of a hidden population.", remedy)
    return read


def hidden_alike(sources: "DataFrame", table: "DataFrame", hidden: "DataFrame") -> "DataFrame":
    """Figures side by side, with those hidden that are hidden in the dataset, and what tells of them.

    Args:
        sources: `frames.SOURCES`.
        table: The dataset (`frames.TRAFFICKING`).
        hidden: What was hidden in it (`frames.HIDDEN`).
    """
    at = sources["figure_id"].isin(hidden["figure_id"]).to_numpy()
    names = ("value", "lower", "upper", "status")
    shown = table.set_index("figure_id")[[*names]].reindex(sources["figure_id"]).astype(object)
    columns = {name: sources[name].astype(object).where(~at, shown[name].to_numpy()) for name in names}
    things = MultiIndex.from_frame(sources[_THING].astype("str"))
    beside = things.isin(things[at])
    told = {name: sources[name].mask(beside) for name in _DIFFERENCES}
    return SOURCES.cast(sources.assign(**columns, **told, note=sources["note"].mask(at, "")))
