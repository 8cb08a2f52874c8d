"""What a source of figures on trafficking is, and the figures in it: published, returned, or kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crimestats import observations, published, release, returns, store, validation
from crimestats.cli.console import Console
from crimestats.cli.tabulating import is_store
from crimestats.errors import CallError, FileError
from crimestats.frames import FINDINGS, OBSERVATIONS, TRAFFICKING
from crimestats.questionnaire import Questionnaire

if TYPE_CHECKING:
    from pandas import DataFrame

PUBLISHED, RETURNED, KEPT = "published", "returned", "kept"
_REMEDY = (
    "Give a workbook of the data portal or its CSV, a folder of returned workbooks, an observations.parquet,"
    " a dataset.parquet or a store."
)
_FRAMES = "Give an observations.parquet that crimestats wrote, or the dataset.parquet of a build."
_WHOLE = "Copy it again, or write it again."


@dataclass(frozen=True)
class Supplied:
    """Figures, and what is known of where they are from.

    Attributes:
        kind: `published`, `returned` (workbooks of a round) or `kept` (a Parquet file or a store).
        name: What the source is called in a record: no folder.
        observations: `frames.OBSERVATIONS`.
        findings: What the rules of the source found (`frames.FINDINGS`).
        n_files: Workbooks read.
        dataset: Where the source is a dataset.parquet, this (`frames.TRAFFICKING`), without observations.
    """

    kind: str
    name: str
    observations: "DataFrame"
    findings: "DataFrame"
    n_files: int = 1
    dataset: "DataFrame | None" = None


def supplied(source: str, questionnaire: str, say: Console, *, strict: bool = False) -> Supplied:
    """Read a source, whatever it is.

    Args:
        source: A published workbook or CSV, a folder of returns or one of them, an
            observations.parquet, a dataset.parquet of an earlier build, or a store.
        questionnaire: Id or folder, of returns.
        say: Where progress is shown.
        strict: Leave out returned figures with an open error.

    Raises:
        FileError: There is nothing at that place, or nothing that can be read.
        CallError: Returns answer another questionnaire.
    """
    if is_store(source):
        return _kept(source, lambda: store.as_of(source))
    place = Path(source)
    if not place.exists():
        raise FileError(source, "is not there.", _REMEDY)
    if place.is_dir():
        return _returned(place, questionnaire, say, strict)
    if place.suffix.casefold() == ".parquet":
        return _parquet(place)
    return _file(place, questionnaire, say, strict)


def _kept(source: str, read: "Callable[[], DataFrame]") -> Supplied:
    return Supplied(KEPT, Path(source).name, OBSERVATIONS.cast(read()), FINDINGS.empty())


def _parquet(place: Path) -> Supplied:
    """Observations, or the dataset of an earlier build."""
    try:
        table = release.read_parquet(place)
    except FileError as error:
        is_cut = "it is a Parquet file" in error.fault
        fault = "cannot be read: the Parquet file is cut off or damaged." if is_cut else error.fault
        raise FileError(str(place), fault, _WHOLE if is_cut else _FRAMES) from error
    if set(TRAFFICKING.columns) <= set(table.columns):
        return Supplied(
            KEPT, place.name, OBSERVATIONS.empty(), FINDINGS.empty(), dataset=TRAFFICKING.cast(table)
        )
    if set(OBSERVATIONS.columns) <= set(table.columns):
        return _kept(str(place), lambda: table)
    raise FileError(str(place), "holds neither observations nor a dataset on trafficking.", _FRAMES)


def _file(place: Path, questionnaire: str, say: Console, strict: bool) -> Supplied:
    """One file: published if a sheet has the heading of a published file, else a return."""
    with say.progress("Reading"):
        figures, found = published.read_published(place)
    if len(figures):
        return Supplied(PUBLISHED, place.name, figures, found)
    if place.suffix.casefold() != ".csv":
        try:
            return _returned(place, questionnaire, say, strict)
        except CallError as error:
            if "another questionnaire" in error.fault:
                raise
    said = found["question"].iloc[0] if len(found) else "It is empty."
    raise FileError(str(place), f"holds no figures that can be read. {said}", _REMEDY)


def _returned(place: Path, questionnaire: str, say: Console, strict: bool) -> Supplied:
    definition = Questionnaire.load(questionnaire)
    with say.progress("Reading") as step:
        cells = returns.read(place, definition, progress=step)
    with say.progress("Validating"):
        report = validation.validate(cells, definition)
    _refuse_unread(place, definition, report)
    figures = observations.observe(cells, report, strict=strict)
    return Supplied(RETURNED, place.name, figures, report.data, len(report.returns))


def _refuse_unread(place: Path, definition: Questionnaire, report: validation.Report) -> None:
    """Refuse a folder of which no file could be read as a return; one that could is enough to go on."""
    status = report.returns["status"].astype("str")
    if (status == "read").any():
        return
    stated = set(report.returns["questionnaire"].astype("str")) - {definition.id, "_U"}
    if stated:
        fault = (
            f"holds returns of another questionnaire ({', '.join(sorted(stated))}), not of {definition.id}."
        )
        raise CallError(str(place), fault, "Name theirs with --questionnaire, or give the right folder.")
    first = report.data["question"].iloc[0] if len(report.data) else ""
    raise CallError(str(place), f"holds no return that can be read ({len(status)} files). {first}", _REMEDY)
