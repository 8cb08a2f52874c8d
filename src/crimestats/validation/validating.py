"""Judge a round by a questionnaire's rules."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import CELLS, FINDINGS
from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.kinds import Background
from crimestats.questionnaire.languages import LANGUAGES
from crimestats.validation.findings import findings, folded


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer at a place.

    Attributes:
        finding_id: The same on the next submission, so that an answer to it stays.
        questionnaire: Whose rule it is.
        rule: Id of the rule.
        kind: Its kind.
        severity: `error` cannot be true or cannot be read, `query` goes to the focal
            point, `note` wants an explanation.
        verdict: `fail`, or `undecided` where too little is known.
        return_id: The file.
        area: Its reporting unit.
        year: The year, or None.
        sheet: The sheet; `_Z` for the whole file.
        cell: The cell; `_Z` for the whole file.
        item: The item, metadata question or header cell.
        value: What is there.
        expected: What the rule expects, where it can say it.
        previous: The figure of the year before, or the one reported before for the year.
        others: The other cells that it rests on.
        culprit: The cell that is most likely wrong, where several rules tell it.
        fitting: The value there that would satisfy them all.
        message: Place, fault and remedy in one line.
        question: Fault and remedy in the language of the return.
        state: `open`, `explained`, `corrected`, `accepted` or `no_reply`.
    """

    finding_id: str
    questionnaire: str
    rule: str
    kind: str
    severity: str
    verdict: str
    return_id: str
    area: str
    year: int | None
    sheet: str
    cell: str
    item: str
    value: str
    expected: str
    previous: str
    others: str
    culprit: str
    fitting: str
    message: str
    question: str
    state: str


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The findings of a round: `len`, `in`, `[]` by finding id, iteration.

    Attributes:
        data: The findings, one row each (`frames.FINDINGS`), in the order of the cells.
        returns: The files of the round (`frames.RETURNS`).
        definition: The questionnaire by whose rules they were judged.
        undecided: For each rule, at how many places it could not be judged. Such places
            are findings only where the rule has a message for them.
    """

    data: DataFrame = field(repr=False)
    returns: DataFrame = field(repr=False)
    definition: Questionnaire
    undecided: Mapping[str, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Finding]:
        return (Finding(**row) for row in _records(self.data))

    def __contains__(self, finding_id: object) -> bool:
        return bool((self.data["finding_id"] == finding_id).any())

    def __getitem__(self, finding_id: str) -> Finding:
        rows = _records(self.data[self.data["finding_id"] == finding_id])
        if not rows:
            raise KeyError(finding_id)
        return Finding(**rows[0])

    @property
    def errors(self) -> int:
        """Number of findings of severity error."""
        return self._count("error")

    @property
    def queries(self) -> int:
        """Number of findings of severity query."""
        return self._count("query")

    @property
    def notes(self) -> int:
        """Number of findings of severity note."""
        return self._count("note")

    def to_json(self) -> str:
        """The findings as a list of objects, for a machine to read; a year that there is none of is null."""
        return json.dumps(_records(self.data), ensure_ascii=False, indent=1)

    def __str__(self) -> str:
        counted = (
            (self.errors, "error", "errors"),
            (self.queries, "query", "queries"),
            (self.notes, "note", "notes"),
        )
        said = ", ".join(f"{number} {one if number == 1 else more}" for number, one, more in counted)
        return f"{said} in {len(self.returns)} {'return' if len(self.returns) == 1 else 'returns'}"

    def _count(self, severity: str) -> int:
        return int((self.data["severity"] == severity).sum())


_PREVIOUS = ("area", "year", "item", "lower", "upper")
_SOURCES = ("source", "area", "year", "item", "value")


def validate(
    cells: DataFrame,
    definition: Questionnaire,
    previous: DataFrame | None = None,
    population: DataFrame | None = None,
    *,
    sources: DataFrame | None = None,
    previous_metadata: DataFrame | None = None,
) -> Report:
    """Judge all returns of a round, once, by the definition's rules.

    Wrong data is a finding, never an exception, and every failure is kept. An
    answer that cannot be decided (a part is missing, a figure is a range) is
    counted, and listed only where its rule has a message for it.

    Args:
        cells: What `read` returned (`frames.CELLS`).
        definition: The questionnaire.
        previous: Last round's figures (`frames.OBSERVATIONS`), to compare with.
        population: Persons by area, year, sex and age; the shipped table where not given.
        sources: Figures of other sources to compare with (source, area, year, item, value).
        previous_metadata: Last round's cells, or its answers (area, module, question, raw).

    Raises:
        CallError: A frame is not what the verb before returned.
    """
    from crimestats.questionnaire.schema import judge_round
    from crimestats.returns import returns
    from crimestats.validation.localising import name_culprits

    CELLS.check(cells)
    _need("previous", previous, _PREVIOUS, "Hand over the observations of the last round.")
    _need("sources", sources, _SOURCES, "One row a figure of another source.")
    background = Background(definition, previous, population, sources, previous_metadata)
    wide, judgements, failing = judge_round(cells, background)
    undecided = {rule: judgement.undecided for rule, judgement in judgements.items() if judgement.undecided}
    of_round = returns(cells)
    found = findings(wide, judgements, failing, _in_their_languages(of_round, definition))
    found = folded(name_culprits(found, wide, definition.rules, judgements))
    return Report(found, of_round, definition, undecided)


def _need(name: str, frame: DataFrame | None, columns: tuple[str, ...], remedy: str) -> None:
    lacking = [] if frame is None else [column for column in columns if column not in frame]
    if lacking:
        raise CallError(name, f"lacks the column {', '.join(lacking)}.", remedy)


def _in_their_languages(of_round: DataFrame, definition: Questionnaire) -> dict[str, Questionnaire]:
    """For each return that states another language than the definition's, the definition in it."""
    stated = dict(zip(of_round["return_id"].astype(str), of_round["language"].astype(str), strict=True))
    others = {code for code in stated.values() if code in LANGUAGES and code != definition.language}
    known = {code: definition.in_language(code) for code in others}
    return {source: known[code] for source, code in stated.items() if code in known}


def _records(data: DataFrame) -> list[dict[str, Any]]:
    years = [None if year != year else int(year) for year in data["year"].astype("float64").tolist()]
    columns = {
        name: years if name == "year" else data[name].astype(str).tolist() for name in FINDINGS.columns
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
