"""A folder of returns of any questionnaire: what is wrong, what is asked, what was answered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pandas import DataFrame

from crimestats import areas, observations, quality, release, returns, store, validation
from crimestats.cli.console import Console
from crimestats.errors import FileError
from crimestats.files import read_csv, shipped
from crimestats.frames import CELLS, FINDINGS, OBSERVATIONS, RETURNS
from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.limits import with_limits
from crimestats.report import Part, render_round
from crimestats.validation.annotating import annotate

DEFAULT = "un-cts-2024"
ASKED = ("error", "query")
"""What is put to the sender; a note stands in the office's pages only."""
SOURCES = ("source", "area", "year", "item", "value")
ANSWER = ("return_id", "area", "questionnaire", "cells", "questions", "lost", "workbook")


@dataclass(frozen=True)
class Round:
    """Returns on their way to findings, answers and the next letter.

    Attributes:
        folder: Folder of workbooks, or one workbook.
        console: Where progress is shown.
        questionnaire: Id or folder, for all files; each file's own where not given.
        previous: Last round's observations (Parquet) or the folder of its returns, or nothing.
        population: A table of the user's own, or nothing for the shipped one.
        limits: Limits of rules of the user's own (TOML), or nothing.
        place: Where findings are kept over the rounds: a file, a URL, or nothing.
        is_dry: Nothing is written to the store.
        sources: Figures of other sources to compare with (CSV), or nothing.
    """

    folder: Path
    console: Console
    questionnaire: str | None = None
    previous: Path | None = None
    population: Path | None = None
    limits: Path | None = None
    place: str | None = None
    is_dry: bool = False
    sources: Path | None = None

    @cached_property
    def read(self) -> list[tuple[Questionnaire, DataFrame]]:
        """The cells of each questionnaire that a file answers."""
        if not self.folder.exists():
            raise FileError(str(self.folder), "is not there.", "Name a folder of workbooks.")
        first = self._load(self.questionnaire or DEFAULT)
        others = {} if self.questionnaire else self._others()
        with self.console.progress("Reading") as step:
            return returns.read_round(self.folder, first, others, progress=step)

    @cached_property
    def reports(self) -> list[Any]:
        """What is wrong with them, one report a questionnaire."""
        parts, population = self.read, areas.population(self.population)
        last, earlier = self.last
        others = None if self.sources is None else read_csv(self.sources, SOURCES)
        with self.console.progress("Validating") as step:
            found = []
            for done, (definition, cells) in enumerate(parts, start=1):
                found.append(validation.validate(
                    cells, definition, previous=last, population=population, sources=others,
                    previous_metadata=_last_answers(definition, earlier),
                ))  # fmt: skip
                step(done, len(parts))
            return found

    @cached_property
    def last(self) -> tuple[DataFrame | None, list[tuple[Questionnaire, DataFrame]]]:
        """Figures of the last round, and where its returns are at hand their cells by questionnaire."""
        return self._last()

    def _given(self, definition: Questionnaire) -> set[str]:
        """What the round of a questionnaire was compared with."""
        figures, earlier = self.last
        is_there = {
            "previous": figures is not None, "sources": self.sources is not None,
            "previous_metadata": _last_answers(definition, earlier) is not None,
        }  # fmt: skip
        return {name for name, given in is_there.items() if given}

    def _last(self) -> tuple[DataFrame | None, list[tuple[Questionnaire, DataFrame]]]:
        """Figures of the last round, and where its returns are at hand their cells by questionnaire."""
        if self.previous is None:
            return None, []
        if not self.previous.is_dir():
            return OBSERVATIONS.check(release.read_parquet(self.previous)), []
        earlier = Round(self.previous, self.console, self.questionnaire, population=self.population)
        figures = [
            observations.observe(cells, report)
            for report, (_, cells) in zip(earlier.reports, earlier.read, strict=True)
        ]
        return OBSERVATIONS.join(*figures), earlier.read

    @cached_property
    def settled(self) -> list[DataFrame]:
        """The findings of each report with the state that the store gives them."""
        at, reports, kept = datetime.now(UTC), self.reports, self.kept
        return [
            store.settle(kept, report.data, cells, report.returns, at, definition, self._given(definition))
            for report, (definition, cells) in zip(reports, self.read, strict=True)
        ]

    @cached_property
    def kept(self) -> store.Store:
        """The store; one in memory where none is named."""
        is_new = self.place is not None and "://" not in self.place and not Path(self.place).exists()
        return store.Store.open(None if self.is_dry and is_new else self.place, trial=self.is_dry)

    @cached_property
    def findings(self) -> DataFrame:
        """All findings (`frames.FINDINGS`)."""
        return FINDINGS.join(*self.settled) if self.settled else FINDINGS.empty()

    @cached_property
    def returned(self) -> DataFrame:
        """All files (`frames.RETURNS`)."""
        return RETURNS.join(*(report.returns for report in self.reports))

    @cached_property
    def parts(self) -> list[Part]:
        """What the pages show of each questionnaire."""
        return [
            Part(
                report.definition, found, report.returns, quality.by_module(cells, report.definition),
                quality.assess(cells, report), self._corrected(report.definition.id),
            )
            for report, found, (_, cells) in zip(self.reports, self.settled, self.read, strict=True)
        ]  # fmt: skip

    @property
    def strangers(self) -> int:
        """Number of answers to questions that the store does not know."""
        return 0 if self.place is None else len(store.unknown_answers(self.kept))

    @property
    def errors(self) -> int:
        """Number of findings of severity error."""
        return int((self.findings["severity"] == "error").sum())

    def render(self, path: Path) -> list[Path]:
        """Write the page of the round and those of the reporting units."""
        parts = self.parts
        with self.console.progress("Pages"):
            return render_round(parts, path)

    def questions(self) -> Iterator[tuple[Any, DataFrame]]:
        """For each questionnaire its report, and what is to be asked."""
        for report, found in zip(self.reports, self.settled, strict=True):
            asked = store.to_ask(found)
            yield report, asked[asked["severity"].isin(ASKED)].reset_index(drop=True)

    def annotate(self, folder: Path) -> DataFrame:
        """Write the senders' workbooks back with their questions, and a letter to each reporting unit.

        Returns:
            What was written or, on a dry run, would be: return_id, area, questionnaire, cells,
            questions, workbook and letter.
        """
        from crimestats.report.letter import letters

        if not self.is_dry:
            _make(folder)
        rows = [row for report, asked in self.questions() for row in self._answers(report, asked, folder)]
        table = DataFrame(rows, columns=list(ANSWER))
        if self.is_dry:
            return table
        for report, asked in self.questions():
            letters(asked, report.definition, report.returns, folder / "letters")
        at = datetime.now(UTC)
        for _, asked in self.questions():
            store.mark_asked(self.kept, asked["finding_id"].astype(str), at)
        return table

    def _answers(self, report: Any, asked: DataFrame, folder: Path) -> Iterator[tuple[Any, ...]]:
        """Annotate the workbooks of one questionnaire; a file that cannot be opened has a letter only."""
        paths = dict(zip(report.returns["return_id"].astype(str), report.returns["file"], strict=True))
        stated = report.returns["language"].astype(str)
        languages = dict(zip(report.returns["return_id"].astype(str), stated, strict=True))
        whose = asked["return_id"].astype(str)
        with self.console.progress("Annotating") as step:
            ids = list(dict.fromkeys(whose))
            for done, source in enumerate(ids, start=1):
                own = asked[whose == source]
                target = folder / _target(source)
                cells = int((own["cell"].astype(str) != "_Z").sum())
                row = (source, str(own["area"].iloc[0]), report.definition.id, cells, len(own))
                yield (
                    *row,
                    *self._annotate(Path(paths[source]), target, own, languages.get(source, "en"), report),
                )
                step(done, len(ids))

    def _annotate(
        self, path: Path, target: Path, own: DataFrame, language: str, report: Any
    ) -> tuple[str, str]:
        if self.is_dry:
            return "", str(target)
        _make(target.parent)
        try:
            written = annotate(path, target, own, language=language, definition=report.definition)
        except FileError as error:
            return f"a letter only: {str(error).partition('. ')[0]}.", ""
        return "; ".join(written.lost), str(target)

    def _load(self, name: str) -> Questionnaire:
        definition = Questionnaire.load(name)
        return definition if self.limits is None else with_limits(definition, self.limits)

    def _others(self) -> Mapping[str, Callable[[], Questionnaire]]:
        folders = shipped("questionnaires").glob("*/questionnaire.toml")
        return {path.parent.name: partial(self._load, path.parent.name) for path in folders}

    def _corrected(self, questionnaire: str) -> DataFrame | None:
        if self.place is None:
            return None
        return store.known(self.kept, state="corrected", questionnaire=questionnaire)


def _last_answers(
    definition: Questionnaire, earlier: list[tuple[Questionnaire, DataFrame]]
) -> DataFrame | None:
    """Last round's cells of a questionnaire and, after them, of its other editions, the nearest first."""
    lineage = definition.record["lineage"]
    of = {own.id: cells for own, cells in earlier}
    kin = {
        own.id: next(lineage.index(name) for name in lineage if name in own.record["lineage"])
        for own, _ in earlier
        if set(lineage) & set(own.record["lineage"])
    }
    if not kin:
        return None
    nearest = sorted(kin, key=lambda name: (name != definition.id, kin[name]))
    return CELLS.join(*(of[name] for name in nearest))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Choose another folder."
        raise FileError(str(folder), f"cannot be made ({error.strerror}).", remedy) from error


def _target(return_id: str) -> str:
    """Where the answer to a return goes: its own path below the folder of returns."""
    name, _, mark = return_id.partition("~")
    path = Path(name)
    path = path.with_name(f"{path.stem}~{mark}{path.suffix}") if mark and path.name else path
    parts = [part for part in path.parts if part not in ("..", "/", "\\")]
    return str(Path(*parts)) if parts else "return.xlsx"
