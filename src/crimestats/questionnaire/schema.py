"""A questionnaire's rules as a pandera schema, and a round judged by it."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandas import DataFrame, Series
from pandera.api.extensions import register_check_method
from pandera.errors import SchemaErrorReason, SchemaErrors

from crimestats.errors import CallError
from crimestats.frames import CELLS, NOT_APPLICABLE, UNKNOWN
from crimestats.questionnaire.definition import Questionnaire, Rule
from crimestats.questionnaire.kinds import KINDS, Background, Judgement, Round, judge

PREFIX = "crimestats_"
"""What the kinds are called among pandera's check methods: `pa.Check.crimestats_parts`."""

_NEEDED = ("area", "year", "item", "value")
_ABSENT = {"return_id": NOT_APPLICABLE, "sheet": NOT_APPLICABLE, "cell": NOT_APPLICABLE, "note": ""}


@dataclass(slots=True)
class Bench:
    """Where a schema's rules are judged: one frame laid out once, each rule judged once.

    Attributes:
        background: What the rules know beside the returns.
        by_row: Whether a check answers for each row, as an analyst wants it, or for the whole
            frame: for pandera to write the failing rows out costs more than to judge all rules.
        fault: What kept a rule from being judged; pandera holds exceptions back.
    """

    background: Background = field(repr=False)  # pandera writes the arguments of every check out
    by_row: bool = True
    _frame: Callable[[], DataFrame | None] = field(default=lambda: None, repr=False)
    _round: Round | None = field(default=None, repr=False)
    _judgements: dict[str, Judgement] = field(default_factory=dict, repr=False)
    fault: Exception | None = None

    def round(self, frame: DataFrame) -> Round:
        """The frame as the kinds read it."""
        if self._round is None or self._frame() is not frame:
            self._frame, self._round, self._judgements = weakref.ref(frame), Round(frame, self.background), {}
        return self._round

    def judge(self, frame: DataFrame, rule: Rule) -> Judgement:
        """What a rule says of the frame."""
        wide = self.round(frame)
        if rule.id not in self._judgements:
            self._judgements[rule.id] = judge(wide, rule)
        return self._judgements[rule.id]

    def passes(self, frame: DataFrame, rules: tuple[Rule, ...]) -> "Series[bool] | bool":
        """For each row of the frame, or for all of it, whether the rules find nothing wrong."""
        try:
            failing = [self.judge(frame, rule).failing for rule in rules]
        except Exception as fault:
            self.fault = fault
            raise
        if not self.by_row:
            return not any(map(len, failing))
        passes = np.ones(len(frame), dtype=bool)
        passes[np.concatenate(failing)] = False
        return Series(passes, index=frame.index, dtype="bool")


def compile_schema(
    definition: Questionnaire,
    previous: DataFrame | None = None,
    population: DataFrame | None = None,
    n_failure_cases: int | None = None,
) -> pa.DataFrameSchema:
    """Make a definition's rules checks of a pandera schema.

    The schema reads a frame of cells (`frames.CELLS`), or an analyst's own long
    frame of figures with area, year, item and value; what else a cell has is
    filled in. Each rule is one check, named by its id, on the whole frame. A
    check fails at the rows of its findings; what it cannot decide passes.
    pandera's `failure_cases` repeat a row for each column of the frame: take the
    rows from a schema error's `check_output` instead.

    Args:
        definition: The questionnaire.
        previous: Last round's figures, for the rules that compare with them.
        population: Persons by area, year, sex and age; the shipped table where not given.
        n_failure_cases: How many failure cases pandera writes out for each check.

    >>> frame = DataFrame({
    ...     "area": "SMP", "year": 2023, "item": ["held", "held_m", "held_f"], "value": [412, 390, 13]})
    >>> schema = compile_schema(Questionnaire.load("un-cts-2024"))
    >>> try:
    ...     _ = schema.validate(frame, lazy=True)
    ... except SchemaErrors as errors:
    ...     for error in errors.schema_errors:
    ...         print(error.check.name, list(frame["item"][~error.check_output]))
    CTS24-124 ['held']
    """
    return _schema(Bench(Background(definition, previous, population)), n_failure_cases)


def judge_round(
    cells: DataFrame, background: Background
) -> tuple[Round, dict[str, Judgement], dict[str, Any]]:
    """Validate a round lazily, once.

    Args:
        cells: The cells of all returns.
        background: The definition and what its rules know beside.

    Returns:
        The round; the judgement of each rule; and for each rule that fails, the
        positions of the rows at which its check failed.

    Raises:
        CallError: A column that every frame needs is missing.
    """
    bench = Bench(background, by_row=False)
    try:
        checked, errors = _schema(bench, 1).validate(cells, lazy=True), []
    except SchemaErrors as failure:
        checked, errors = failure.data, failure.schema_errors
    failed = set()
    for error in errors:
        if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
            raise bench.fault or CallError(
                "cells frame", f"does not fit ({error}).", "Hand over what `read` returned."
            )
        failed.add(error.check.name)
    judgements = {rule.id: bench.judge(checked, rule) for rule in background.definition.rules}
    failing = {
        rule.id: judgements[rule.id].failing for rule in background.definition.rules if rule.kind in failed
    }
    return bench.round(checked), judgements, failing


def _schema(bench: Bench, n_failure_cases: int | None) -> pa.DataFrameSchema:
    definition = bench.background.definition
    columns = {
        "area": pa.Column("category"), "item": pa.Column("category"), "status": pa.Column("category"),
        "year": pa.Column("Int16", nullable=True), "raw": pa.Column("str"),
        **{name: pa.Column("float64", nullable=True) for name in ("value", "lower", "upper")},
    }  # fmt: skip
    if bench.by_row:
        checks = [_check(bench, (rule,), n_failure_cases) for rule in definition.rules]
    else:  # one check a kind: pandera's own work for each check costs more than most rules
        kinds = dict.fromkeys(rule.kind for rule in definition.rules)
        groups = [tuple(rule for rule in definition.rules if rule.kind == kind) for kind in kinds]
        checks = [_check(bench, group, n_failure_cases) for group in groups]
    return pa.DataFrameSchema(columns, checks=checks, parsers=pa.Parser(fill), name=definition.id)


def _check(bench: Bench, rules: tuple[Rule, ...], n_failure_cases: int | None) -> pa.Check:
    """A check of one rule, named by its id, or of all rules of a kind, named by that."""
    first, is_single = rules[0], len(rules) == 1 and bench.by_row
    make = getattr(pa.Check, PREFIX + first.kind)
    check: pa.Check = make(
        rules=rules,
        bench=bench,
        error=first.id if is_single else first.kind,
        title=first.message if is_single else first.kind,
        description=first.why if is_single else "",
        ignore_na=False,
        n_failure_cases=n_failure_cases,
    )
    check.name = first.id if is_single else first.kind
    return check


def fill(frame: DataFrame) -> DataFrame:
    """A long frame of figures with all that a cell has.

    Args:
        frame: At least area, year, item and value. A value that is text and no
            number is unreadable; `raw` keeps it.

    Raises:
        CallError: One of the four is missing.
    """
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        raise CallError(
            "frame", f"lacks the column {', '.join(missing)}.", f"Columns needed: {', '.join(_NEEDED)}."
        )
    value = frame["value"]
    number = pd.to_numeric(value, errors="coerce").astype("float64")
    raw = frame["raw"] if "raw" in frame else value.map(_text).astype("str")
    blank = (raw == "").to_numpy()
    status = np.where(number.notna(), "exact", np.where(blank, "blank", "unreadable"))
    area = frame["area"].astype("object").fillna(UNKNOWN) if frame["area"].isna().any() else frame["area"]
    own = {**_ABSENT, "raw": raw, "status": status, "lower": number, "upper": number}
    own = {name: column for name, column in own.items() if name not in frame}
    filled = frame.assign(value=number, area=area, **own)
    beside = [name for name in filled.columns if name not in CELLS.columns]
    return CELLS.cast(filled).assign(**{name: filled[name] for name in beside})


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _register(name: str) -> None:
    def check(frame: DataFrame, *, rules: tuple[Rule, ...], bench: Bench) -> "Series[bool] | bool":
        return bench.passes(frame, rules)

    check.__name__ = PREFIX + name
    if check.__name__ not in pa.Check.REGISTERED_CUSTOM_CHECKS:
        register_check_method(check, statistics=["rules", "bench"], supported_types=[DataFrame])


for _name in KINDS:
    _register(_name)
