"""The verbs in their order, each step once and only when something asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pandas import DataFrame

from crimestats import areas, classification, observations, release, returns, store, trends, validation
from crimestats.classification.counted import read_counted
from crimestats.cli.console import Console
from crimestats.errors import CallError, FileError
from crimestats.frames import ESTIMATES, FINDINGS, LINEAGE, NOT_APPLICABLE, OBSERVATIONS
from crimestats.questionnaire import Questionnaire
from crimestats.trends import imputed
from crimestats.trends.rollup import ESTIMATED


@dataclass(frozen=True)
class Flow:
    """A round on its way from workbooks to a release.

    Attributes:
        figures: Folder of workbooks, one workbook, a CSV of figures under the ICCS, a Parquet
            file of observations, classified or not, or a store.
        questionnaire: Id or folder.
        console: Where progress is shown.
        previous: Last round's observations, or nothing.
        population: A table of the user's own, or nothing for the shipped one.
        strict: Leave out figures with an open error.
        options: Further arguments of `trends.tabulate`.
        store: The place of a store whose figures are taken, and not those of a file.
    """

    figures: Path
    questionnaire: str
    console: Console
    previous: Path | None = None
    population: Path | None = None
    strict: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    store: str | None = None

    @property
    def is_of_observations(self) -> bool:
        """Whether it begins with a table of figures and not with workbooks."""
        return self.store is not None or self._kind in (".parquet", ".csv")

    @property
    def is_csv(self) -> bool:
        """Whether the figures are a CSV of the user's own."""
        return self.store is None and self._kind == ".csv"

    @property
    def _kind(self) -> str:
        return self.figures.suffix.casefold()

    @cached_property
    def definition(self) -> Questionnaire:
        """The questionnaire that the returns should follow."""
        return Questionnaire.load(self.questionnaire)

    @cached_property
    def denominators(self) -> DataFrame:
        """The population: the user's own table, else the one in force in the store, else the shipped."""
        if self.store is None or self.population is not None or not self.vintage:
            return areas.population(self.population)
        with store.Store.open(self.store, create=False) as kept:
            return store.population_as_of(kept, self.vintage)

    @property
    def whose_population(self) -> str:
        """Which population table is used, in words."""
        if self.population is not None:
            return str(self.population)
        if not self.vintage:
            return "the shipped table"
        sources = ", ".join(sorted(self.denominators["source"].astype("str").unique()))
        return f"as accepted with vintage {self.vintage} of the store (source: {sources})"

    @cached_property
    def vintage(self) -> int:
        """The last vintage of the store, whose figures and population are taken; 0 where there is none."""
        if self.store is None:
            return 0
        with store.Store.open(self.store, create=False) as kept:
            return len(store.log(kept))

    @cached_property
    def cells(self) -> DataFrame:
        """What the workbooks hold."""
        if not self.figures.exists():
            raise FileError(str(self.figures), "is not there.", "Name a folder of workbooks.")
        if self.is_of_observations:
            raise CallError(
                str(self.figures),
                "is no folder of workbooks.",
                "Use `crimestats tabulate` for a table of figures.",
            )
        with self.console.progress("Reading") as step:
            return returns.read(self.figures, self.definition, progress=step)

    @cached_property
    def report(self) -> Any:
        """What is wrong with it."""
        last = None if self.previous is None else OBSERVATIONS.check(release.read_parquet(self.previous))
        cells = self.cells
        with self.console.progress("Validating"):
            return validation.validate(cells, self.definition, previous=last, population=self.denominators)

    @cached_property
    def observed(self) -> DataFrame:
        """The figures reported."""
        if self.is_of_observations and self.strict:
            raise CallError(
                "--strict", "needs the workbooks.", "Leave it out, or name the folder of returns."
            )
        if self.store is not None:
            with store.Store.open(self.store, create=False) as kept:
                return OBSERVATIONS.cast(store.as_of(kept, self.vintage or None))
        if self.is_csv:
            return read_counted(self.figures)
        if self.is_of_observations:
            return self._parquet()
        return observations.observe(self.cells, self.report, strict=self.strict)

    def _parquet(self) -> DataFrame:
        table = release.read_parquet(self.figures)
        if not set(OBSERVATIONS.columns) <= set(table.columns):
            fault = "holds no observations."
            remedy = "Give an observations.parquet, or what `crimestats classify` wrote."
            raise CallError(str(self.figures), fault, remedy)
        return table

    @cached_property
    def classified(self) -> DataFrame:
        """The figures under the ICCS."""
        observed = self.observed
        return observed if "iccs" in observed else classification.classify(observed)

    @cached_property
    def trends(self) -> DataFrame:
        """The trend table."""
        classified = self.classified
        with self.console.progress("Tabulating"):
            return trends.tabulate(classified, self.denominators, **self.options)

    @cached_property
    def estimates(self) -> DataFrame:
        """What the method `estimated` put in the place of missing figures."""
        if ESTIMATED not in self.options.get("methods", ()):
            return ESTIMATES.empty()
        groupings = self.options.get("groupings", ("m49",))
        with self.console.progress("Estimating"):
            return imputed.estimates(self.classified, self.denominators, groupings)

    @cached_property
    def lineage(self) -> DataFrame:
        """What each figure of the trend table is made of."""
        edges = trends.lineage(self.classified, self.trends, window=self.options.get("window"))
        return LINEAGE.join(edges, imputed.edges(self.trends, self.estimates))

    @cached_property
    def findings(self) -> DataFrame:
        """What the rules found, and where a figure and the sum of its parts differ."""
        found = [] if self.is_of_observations else [self.report.data]
        return FINDINGS.join(*found, trends.conflicts(self.classified))

    def publish(self, folder: Path) -> Path:
        """Write the release folder."""
        table, findings, classified = self.trends, self.findings, self.classified
        is_divided = (classified["correspondence"] != NOT_APPLICABLE).any()
        report = None if self.is_of_observations else self.report
        with self.console.progress("Publishing"):
            return release.publish(
                table,
                folder,
                observations=OBSERVATIONS.cast(self.observed),
                findings=findings,
                lineage=self.lineage,
                returns=None if report is None else report.returns,
                estimates=None if self.estimates.empty else self.estimates,
                classified=classified if is_divided else None,
                definition=None if report is None else self.definition,
                population=self.denominators,
            )
