"""The verbs in their order, each step once and only when something asks for it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pandas import DataFrame

from crimestats import areas, classification, observations, release, returns, trends, validation
from crimestats.cli.console import Console
from crimestats.errors import CallError, FileError
from crimestats.frames import FINDINGS, OBSERVATIONS
from crimestats.questionnaire import Questionnaire


@dataclass(frozen=True)
class Flow:
    """A round on its way from workbooks to a release.

    Attributes:
        figures: Folder of workbooks, one workbook, or an `observations.parquet`.
        questionnaire: Id or folder.
        console: Where progress is shown.
        previous: Last round's observations, or nothing.
        population: A table of the user's own, or nothing for the shipped one.
        strict: Leave out figures with an open error.
    """

    figures: Path
    questionnaire: str
    console: Console
    previous: Path | None = None
    population: Path | None = None
    strict: bool = False

    @property
    def is_of_observations(self) -> bool:
        """Whether it begins with a table of figures and not with workbooks."""
        return self.figures.suffix == ".parquet"

    @cached_property
    def definition(self) -> Questionnaire:
        """The questionnaire that the returns should follow."""
        return Questionnaire.load(self.questionnaire)

    @cached_property
    def denominators(self) -> DataFrame:
        """The population table."""
        return areas.population(self.population)

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
        if self.is_of_observations:
            return release.read_parquet(self.figures)
        return observations.observe(self.cells, self.report, strict=self.strict)

    @cached_property
    def classified(self) -> DataFrame:
        """The figures under the ICCS."""
        return classification.classify(self.observed)

    @cached_property
    def trends(self) -> DataFrame:
        """The trend table."""
        classified = self.classified
        with self.console.progress("Tabulating"):
            return trends.tabulate(classified, self.denominators)

    @cached_property
    def findings(self) -> DataFrame:
        """What the rules found, and where a figure and the sum of its parts differ."""
        return FINDINGS.join(self.report.data, trends.conflicts(self.classified))

    def publish(self, folder: Path) -> Path:
        """Write the release folder."""
        table, findings = self.trends, self.findings
        with self.console.progress("Publishing"):
            return release.publish(
                table,
                folder,
                observations=self.observed,
                findings=findings,
                lineage=trends.lineage(self.classified, table),
                returns=self.report.returns,
                definition=self.definition,
                population=self.denominators,
            )
