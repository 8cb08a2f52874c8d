"""What a rule kind is, and whether a rule fits its kind."""

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import Annotated, Any

import numpy as np

from crimestats.errors import CallError, DefinitionError
from crimestats.questionnaire.definition import Rule
from crimestats.questionnaire.kinds.round import FAIL, Judgement, Mask, Round, Rows

ItemId = Annotated[str, "item"]
ItemIds = Annotated[Sequence[str], "items"]
Factors = Annotated[Sequence[float], "factors"]
Limits = Annotated[Mapping[str, Sequence[float]], "limits"]
Patterns = Annotated[Sequence[str], "patterns"]
Texts = Annotated[Sequence[str], "texts"]

FIELDS = frozenset({"value", "cells", "label", "file", "sheet", "area", "year"})
"""What every message may show."""

COMMON = {"unless": Texts, "undecided": str, "check": str, "covers": Texts}
"""Parameters of every kind: the rules whose finding on the same cells says it already, the
message of an undecided answer where it is worth a person's eye (else it is only counted), the
check of the catalogue (`questionnaires/checks.csv`) that the rule carries out, and the kinds that
leave to a finding of this rule what rests on its cells and on no other items than its own (a table
repeated as a whole is one finding, not one for each of its figures). A query covers no error."""

_WEIGHTS = ("note", "query", "error")

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of judging: one pure function over the whole round.

    Attributes:
        name: As rules name it.
        judge: Takes the round, the rule's items and its parameters by name.
        fields: What its messages may show.
        least: How many items a rule must name.
        most: How many it may name, if there is a limit.
        parameters: Its parameters by name; those without default are needed.
        is_single: It judges each of its items by itself, so that one may be left out.
    """

    name: str
    judge: Callable[..., Judgement]
    fields: frozenset[str]
    least: int
    most: int | None
    parameters: Mapping[str, inspect.Parameter]
    is_single: bool = False


KINDS: dict[str, Kind] = {}
"""The kinds by name."""


def kind(
    *fields: str, least: int = 0, most: int | None = None, single: bool = False
) -> Callable[[Callable[..., Judgement]], Callable[..., Judgement]]:
    """Make a function a kind under its own name.

    Args:
        fields: What its messages may show beyond `FIELDS`.
        least: How many items a rule must name.
        most: How many it may name.
        single: It judges each of its items by itself.
    """

    def enter(function: Callable[..., Judgement]) -> Callable[..., Judgement]:
        _, _, *own = inspect.signature(function).parameters.values()
        name = function.__name__
        KINDS[name] = Kind(
            name, function, FIELDS | set(fields), least, most, {each.name: each for each in own}, single
        )
        return function

    return enter


def judge(wide: Round, rule: Rule) -> Judgement:
    """What a rule says of a round, without what a finding of a covering rule says already.

    A covering finding leaves out what rests on one of its cells, and on no other items than
    its own. What rests on other items too says more, and a query never takes the place of an error.
    """
    said = _said(wide, rule)
    for other in wide.covering:
        weighs = _WEIGHTS.index(other.severity) >= _WEIGHTS.index(rule.severity)
        if rule.kind in other.parameters["covers"] and other.id != rule.id and weighs:
            said = said.where(~_is_covered(wide, said, _said(wide, other)))
    return said


def _is_covered(wide: Round, said: Judgement, covering: Judgement) -> Mask:
    """Which rows of a judgement rest on a cell of a failure of another one, and on its items alone."""
    covering = covering.where(covering.verdict == FAIL)
    cells, others, size = _cells(said), _cells(covering), len(wide.columns) + 1
    column = np.append(wide.column, -1) + 1
    finding = np.full(len(wide.frame) + 1, -1)
    number = np.broadcast_to(np.arange(len(others))[:, None], others.shape)
    finding[others] = number
    finding[-1] = -1
    own = np.unique((number * size + column[others])[others >= 0])
    covered = np.zeros(len(cells), dtype=bool)
    for each in finding[cells].T:
        inside = np.isin(each[:, None] * size + column[cells], own) | (cells < 0)
        covered |= (each >= 0) & inside.all(axis=1)
    return covered


def _cells(said: Judgement) -> Rows:
    """The rows of the frame that each row of a judgement rests on, -1 for none."""
    own = said.place[:, None]
    return own if said.others is None else np.concatenate([own, said.others], axis=1)


def _said(wide: Round, rule: Rule) -> Judgement:
    """What a rule says by itself; judged once for a round, since covering rules are asked again."""
    if rule.id not in wide.judged:
        own = {name: value for name, value in rule.parameters.items() if name not in COMMON}
        with np.errstate(
            invalid="ignore", divide="ignore", over="ignore"
        ):  # unknown figures are null and stay so
            wide.judged[rule.id] = KINDS[rule.kind].judge(wide, rule.items, **own)
    return wide.judged[rule.id]


def check_parameters(rule: Rule) -> None:
    """Refuse a rule that its kind cannot read.

    Raises:
        DefinitionError: The kind is unknown, or the number of items, a parameter or a
            message does not fit it; file, line and field are named.
    """
    if rule.kind not in KINDS:
        raise DefinitionError(
            f"{rule.place}, kind", f"`{rule.kind}` is unknown.", f"One of {', '.join(sorted(KINDS))}."
        )
    kind = KINDS[rule.kind]
    _check_items(rule, kind)
    for name, value in rule.parameters.items():
        _check_parameter(rule, kind, name, value)
    for name, parameter in kind.parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in rule.parameters:
            raise DefinitionError(f"{rule.place}, {name}", "is missing.", f"The kind `{kind.name}` needs it.")
    _check_message(rule, kind, "message", rule.message)
    if "undecided" in rule.parameters:
        _check_message(rule, kind, "undecided", rule.parameters["undecided"])
    for name in set(rule.parameters.get("covers", ())) - set(KINDS):
        raise DefinitionError(
            f"{rule.place}, covers", f"`{name}` is no kind.", f"One of {', '.join(sorted(KINDS))}."
        )


def without(rule: Rule, items: Collection[str]) -> Rule | None:
    """A rule for a questionnaire that leaves some items out: the same, a shorter one, or none.

    Raises:
        CallError: It needs one of the items for what it says of the others.
    """
    named = items_named(rule)
    gone = sorted(set(named) & set(items))
    if not gone:
        return rule
    if set(named) <= set(items):
        return None
    limits = [name for name, own in KINDS[rule.kind].parameters.items() if own.annotation is Limits]
    fields = {"items", *limits}
    if not KINDS[rule.kind].is_single or any(named[item] not in fields for item in gone):
        raise CallError(rule.id, f"needs {', '.join(gone)}.", "Leave the rule out too, or write it anew.")
    kept = {
        name: {item: own for item, own in value.items() if item not in gone} if name in limits else value
        for name, value in rule.parameters.items()
    }
    left = tuple(item for item in rule.items if item not in gone)
    return replace(rule, items=left, parameters=kept) if left else None


def items_named(rule: Rule) -> dict[str, str]:
    """Every item that a rule names, with the field that names it."""
    named = dict.fromkeys(rule.items, "items")
    for name, parameter in KINDS[rule.kind].parameters.items():
        value = rule.parameters.get(name, ())
        if parameter.annotation is ItemId and value:
            named[str(value)] = name
        elif parameter.annotation in (ItemIds, Limits):
            named.update({item: name for item in value if item != DEFAULT})
    return named


def _check_items(rule: Rule, kind: Kind) -> None:
    if len(rule.items) < kind.least or (kind.most is not None and len(rule.items) > kind.most):
        wanted = f"at least {kind.least}" if kind.most is None else f"{kind.least} to {kind.most}"
        raise DefinitionError(
            f"{rule.place}, items",
            f"names {len(rule.items)} items.",
            f"The kind `{kind.name}` reads {wanted}.",
        )


def _check_parameter(rule: Rule, kind: Kind, name: str, value: Any) -> None:
    known = {**COMMON, **{own: parameter.annotation for own, parameter in kind.parameters.items()}}
    if name not in known:
        raise DefinitionError(
            f"{rule.place}, {name}",
            f"is no parameter of the kind `{kind.name}`.",
            f"It takes {', '.join(sorted(known))}.",
        )
    fits, wanted = _TYPES[known[name]]
    if not fits(value):
        raise DefinitionError(f"{rule.place}, {name}", f"{value!r} does not fit.", f"Give {wanted}.")


def _check_message(rule: Rule, kind: Kind, name: str, text: str) -> None:
    try:
        shown = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise DefinitionError(
            f"{rule.place}, {name}", f"cannot be read ({error}).", "Close every brace."
        ) from error
    for field in sorted(shown - kind.fields):
        raise DefinitionError(
            f"{rule.place}, {name}",
            f"`{{{field}}}` is not known.",
            f"It may show {', '.join(sorted(kind.fields))}.",
        )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(part, str) and part for part in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_limit(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(map(_is_number, value))
        and 0 < value[0] <= 1 <= value[1]
    )


def _are_patterns(value: Any) -> bool:
    try:
        return _is_texts(value) and all(re.compile(part) for part in value)
    except re.error:
        return False


_TYPES: dict[Any, tuple[Callable[[Any], bool], str]] = {
    str: (lambda value: isinstance(value, str), "a text"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    int: (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    float: (_is_number, "a number"),
    ItemId: (lambda value: isinstance(value, str), "the id of an item"),
    ItemIds: (_is_texts, "a list of items"),
    Texts: (_is_texts, "a list of texts"),
    Factors: (
        lambda value: isinstance(value, list | tuple) and all(map(_is_number, value)),
        "a list of numbers",
    ),
    Patterns: (_are_patterns, "a list of regular expressions"),
    Limits: (
        lambda value: isinstance(value, dict) and DEFAULT in value and all(map(_is_limit, value.values())),
        f"`{DEFAULT}` and any items, each with the least and the greatest ratio, for example [0.5, 2]",
    ),
}
