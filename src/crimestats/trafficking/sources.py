"""Figures of sources that are not questionnaires, each with a record of the source.

A folder holds `sources.csv` (a row a source), `figures.csv` (a row a figure) and, for
sources that count case records, folders of case tables (`crimestats.trafficking.cases`).
The columns are told in `questionnaires/trafficking/sources.md`.

One call is all that a build needs: `precedence.combine(dataset, folder)` gives the
dataset with gaps filled, the figures of all sources side by side, and the findings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pandas import DataFrame

from crimestats.errors import DefinitionError
from crimestats.frames import FINDINGS, NOT_APPLICABLE, SOURCES, TRAFFICKING, UNKNOWN
from crimestats.trafficking.cases import count_cases, findings_of_cases, read_cases
from crimestats.trafficking.source_codes import (
    RETURNS,
    codes,
    place_of,
    read_table,
    refuse_codes,
    source_types,
)
from crimestats.trafficking.source_figures import read_figures

SOURCES_FILE, FIGURES_FILE = "sources.csv", "figures.csv"
NATIONAL, SUBNATIONAL = "national", "subnational"

_RECORD = ("source_id", "source_type", "title", "method", "period", "geography", "unit", "reliability")
_BESIDE = (
    "producer",
    "citation",
    "published",
    "period_note",
    "part",
    "stage",
    "definition",
    "licence",
    "cases",
)
_CODED = ("method", "period", "geography", "unit", "reliability")
_DATE = r"(\d{4}(-\d{2}(-\d{2})?)?)?"

Protect = Callable[[DataFrame], DataFrame]
"""What hides small counts: a dataset (`frames.TRAFFICKING`) to the same one, fit to be published."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a folder of sources holds.

    Attributes:
        records: A row a source, with all columns of `sources.csv`.
        figures: The figures, not yet compared (`frames.SOURCES`): none is used.
        findings: What is wrong with rows that were left out (`frames.FINDINGS`).
    """

    records: DataFrame
    figures: DataFrame
    findings: DataFrame


def read_sources(folder: Path | str, *, protect: Protect | None = None) -> Collected:
    """Read sources and their figures; nothing is compared or added.

    Args:
        folder: With `sources.csv`, and `figures.csv` or the folders of case records that the
            column `cases` names.
        protect: Hides small counts in the figures of case records, which are given to it as a
            dataset; `lambda table: disclosure.protect(table)[0]`. Without it they are exact,
            and not to be published.

    Raises:
        FileError: A file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or not known, a source is not recorded, stands
            twice, or has a code that there is not; file, line and column are named.
    """
    place = Path(folder)
    records = read_records(place / SOURCES_FILE)
    tables, found = [SOURCES.empty()], [FINDINGS.empty()]
    of_cases = records.loc[records["cases"] != "", ["source_id", "cases"]]
    if (place / FIGURES_FILE).exists() or of_cases.empty:
        table, faults = read_figures(place / FIGURES_FILE, records)
        tables, found = [*tables, described_by(table, records)], [*found, faults]
    for source, cases in of_cases.to_numpy().tolist():
        read = read_cases(place / cases, source)
        counts = described_by(_staged(count_cases(read), source, records), records)
        tables.append(hidden_by(protect, counts) if protect else counts)
        found.append(findings_of_cases(read))
    return Collected(records, SOURCES.join(*tables), FINDINGS.join(*found))


def read_records(path: Path) -> DataFrame:
    """Read the record of each source.

    Args:
        path: A `sources.csv`.

    Returns:
        A row a source; an optional column that the file has not is empty.

    Raises:
        FileError: The file is not there or is not UTF-8 text.
        DefinitionError: A column is missing or not known, an id stands twice, a code is none.
    """
    table = read_table(path, _RECORD, _BESIDE)
    for name in _CODED:
        refuse_codes(path, table, name, codes(name))
    refuse_codes(path, table, "source_type", tuple(source_types().index))
    refuse_codes(path, table, "stage", ("", *codes("stage")))
    ids = table["source_id"]
    for column, fault, wrong in (
        ("source_id", "is empty.", ids == ""),
        ("source_id", "stands twice.", ids.duplicated()),
        ("source_id", f"is {RETURNS}, the name of the dataset itself.", ids == RETURNS),
        ("source_id", "holds `!`, which parts the place of a figure.", ids.str.contains("!", regex=False)),
        ("published", "is no date.", ~table["published"].str.fullmatch(_DATE)),
    ):
        if wrong.any():
            remedy = (
                "Write 2024, 2024-03 or 2024-03-31."
                if column == "published"
                else "Give each source its own id."
            )
            raise DefinitionError(place_of(path, int(np.argmax(wrong)), column), fault, remedy)
    return table


def of_dataset(dataset: DataFrame, title: str = "Government returns") -> DataFrame:
    """The dataset as figures of one source, of the type `government_return`.

    Figures whose reporting unit is not known (among them sums of regions) are on nothing
    that another source could speak of, and are left out here; `precedence.used` keeps them.

    Args:
        dataset: `frames.TRAFFICKING`.
        title: Of the source.

    Returns:
        The figures, not yet compared (`frames.SOURCES`).
    """
    known = dataset[(dataset["area"] != UNKNOWN).to_numpy()]
    return _undecided(
        known.assign(
            source_id=RETURNS, source_type=RETURNS, source_title=title, method="administrative_records",
            geography=NATIONAL, reliability="high", published="",
        )
    )  # fmt: skip


def described_by(figures: DataFrame, records: DataFrame) -> DataFrame:
    """Figures with what is recorded of their source.

    Args:
        figures: Keys, value, bounds, status, note and place of figures, and `source_id`.
        records: As `read_records` gives them.

    Returns:
        The figures, not yet compared (`frames.SOURCES`).
    """
    part = (SUBNATIONAL + ": " + records["part"]).where(records["part"] != "", SUBNATIONAL)
    own = records.assign(
        source_title=records["title"], geography=part.where(records["geography"] != NATIONAL, NATIONAL)
    )
    columns = ["source_type", "source_title", "method", "period", "geography", "reliability", "published"]
    joined = figures.drop(columns=columns, errors="ignore").merge(
        own[["source_id", *columns]], on="source_id", how="left", validate="many_to_one"
    )
    return _undecided(joined)


def hidden_by(protect: Protect, figures: DataFrame) -> DataFrame:
    """Figures with the small ones hidden.

    Args:
        protect: See `Protect`.
        figures: `frames.SOURCES`.

    Returns:
        The same rows; what is hidden has the bounds and the status that `protect` gave it.
    """
    done = protect(as_dataset(figures)).set_index("figure_id")[["value", "lower", "upper", "status"]]
    known = done.reindex(figures["figure_id"]).set_axis(figures.index)
    return SOURCES.cast(figures.assign(**{str(name): known[name] for name in known}))


def as_dataset(figures: DataFrame) -> DataFrame:
    """Figures of sources as a dataset: the type of the source stands in the column `source`.

    Args:
        figures: `frames.SOURCES`.

    Returns:
        `frames.TRAFFICKING`; title and reliability of the source are in the note.
    """
    note = "Source: " + figures["source_title"] + "; reliability: " + figures["reliability"].astype("str")
    said = note.where(figures["note"] == "", note + "; " + figures["note"])
    return TRAFFICKING.cast(
        figures.assign(source=figures["source_type"], note=said, area_label="", label="", provisional=UNKNOWN)
    )


def _staged(counts: DataFrame, source: str, records: DataFrame) -> DataFrame:
    """Victims of case records at the stage that the source says: assisted persons are not detected ones."""
    (stage,) = records.loc[records["source_id"] == source, "stage"]
    return counts.assign(stage=counts["stage"].mask((counts["measure"] == "victims") & (stage != ""), stage))


def _undecided(figures: DataFrame) -> DataFrame:
    place = [figures[name].astype("str") for name in ("return_id", "sheet", "cell")]
    unknown = {name: np.nan for name in SOURCES.columns if name.startswith(("difference", "relative"))}
    return SOURCES.cast(
        figures.assign(
            figure_id=figures.get("figure_id", place[0] + "!" + place[1] + "!" + place[2]),
            rank=0, used="no", gap_filled="no", reason=NOT_APPLICABLE,
            findings=figures.get("findings", ""), **unknown,
        )
    )  # fmt: skip
