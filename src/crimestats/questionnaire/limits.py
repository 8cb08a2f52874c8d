"""Limits of one's own: one TOML file that sets the parameters of rules, and silences rules.

```toml
[R30.limits]                  # every rule of a check of the catalogue
default = [0.4, 2.5]

["CTS24-301"]                 # one rule
base = 30
severity = "note"

["CTS24-301".limits]          # single items of it; the others keep theirs
homicide_victims = [0.5, 2.0]

["ALL-026"]
skip = true
```
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from crimestats import files
from crimestats.errors import DefinitionError
from crimestats.questionnaire.definition import SEVERITIES, Questionnaire, Rule
from crimestats.questionnaire.kinds import KINDS, check_parameters, items_named
from crimestats.questionnaire.kinds.registry import DEFAULT

_OWN = ("severity", "skip")


class _Table(NamedTuple):
    """What the file says of one rule or check, and where."""

    name: str
    place: str
    fields: Mapping[str, Any]


def with_limits(definition: Questionnaire, path: str | Path) -> Questionnaire:
    """The same questionnaire with the limits of a file.

    A table of the file is named by a rule (`["CTS24-301"]`) or by a check of the
    catalogue (`[R30]`: all rules that carry it out and take the parameter); what it says
    of a rule goes before what it says of the rule's check. A table of limits by item
    replaces the items that it names and leaves the others. `severity` and `skip` may be
    set of any rule.

    Args:
        definition: The questionnaire.
        path: The TOML file.

    Returns:
        The questionnaire; its data and labels are those given.

    Raises:
        FileError: The file cannot be read.
        DefinitionError: It names a rule, parameter or item that there is none of, or a
            value that the rule's kind cannot read; file, line and field are named.
    """
    tables = _tables(Path(path))
    rules = {rule.id: rule for rule in definition.rules}
    checks = {str(rule.parameters["check"]) for rule in definition.rules if "check" in rule.parameters}
    for table in tables:
        if table.name not in rules and table.name not in checks:
            raise DefinitionError(
                table.place,
                f"`{table.name}` is neither a rule nor a check of {definition.id}.",
                _near(table.name, [*rules, *checks]),
            )
    skipped: set[str] = set()
    for table in sorted(tables, key=lambda table: table.name in rules):
        concerned = _concerned(table, rules)
        for rule in concerned:
            rules[rule.id] = _set(rules[rule.id], table, concerned)
            _check_items(rules[rule.id], table, definition)
        if table.fields.get("skip") is not None:
            ids = {rule.id for rule in concerned}
            skipped = skipped | ids if table.fields["skip"] else skipped - ids
    return replace(definition, rules=_without(rules.values(), skipped))


def _tables(path: Path) -> list[_Table]:
    record, lines = files.read_toml(path), path.read_text(encoding="utf-8").splitlines()
    tables = []
    for name, fields in record.items():
        header = re.compile(
            rf"""\s*\[\s*["']?{re.escape(name)}["']?\s*[.\]]|\s*["']?{re.escape(name)}["']?\s*[.=]"""
        )
        line = next((number for number, text in enumerate(lines, 1) if header.match(text)), 1)
        place = f"{path}, line {line}"
        if not isinstance(fields, dict):
            raise DefinitionError(
                f"{place}, {name}", "is not a table.", f'Write `["{name}"]` and its limits below it.'
            )
        tables.append(_Table(name, place, fields))
    return tables


def _concerned(table: _Table, rules: Mapping[str, Rule]) -> list[Rule]:
    """The rules that a table is about, each of its fields being one that some of them takes."""
    if table.name in rules:
        concerned = [rules[table.name]]
    else:
        concerned = [rule for rule in rules.values() if rule.parameters.get("check") == table.name]
    for name in table.fields:
        takes = {each for rule in concerned for each in KINDS[rule.kind].parameters}
        if name not in _OWN and name not in takes:
            raise DefinitionError(
                f"{table.place}, {name}", f"is no limit of {table.name}.", _near(name, [*_OWN, *takes])
            )
    return concerned


def _set(rule: Rule, table: _Table, concerned: Iterable[Rule]) -> Rule:
    """A rule with what a table says of it."""
    severity, skip = table.fields.get("severity", rule.severity), table.fields.get("skip", False)
    if severity not in SEVERITIES:
        raise DefinitionError(
            f"{table.place}, severity", f"`{severity}` is unknown.", f"One of {', '.join(SEVERITIES)}."
        )
    if not isinstance(skip, bool):
        raise DefinitionError(f"{table.place}, skip", f"{skip!r} does not fit.", "Give true or false.")
    parameters = dict(rule.parameters)
    for name, value in table.fields.items():
        if name in KINDS[rule.kind].parameters:
            parameters[name] = _joined(rule, table, name, value, concerned)
    check_parameters(replace(rule, parameters=parameters, place=table.place))
    return replace(rule, parameters=parameters, severity=severity)


def _check_items(rule: Rule, table: _Table, definition: Questionnaire) -> None:
    for item, name in items_named(rule).items():
        if item not in definition:
            remedy = _near(item, list(definition.data["item"]))
            raise DefinitionError(f"{table.place}, {name}", f"`{item}` is not an item.", remedy)


def _joined(rule: Rule, table: _Table, name: str, value: Any, concerned: Iterable[Rule]) -> Any:
    """A parameter as the table sets it; limits by item are laid over those of the rule."""
    before = rule.parameters.get(name)
    if not isinstance(before, dict) or not isinstance(value, dict):
        return value
    known = {item for each in concerned for item in each.items}
    for item in value:
        if known and item not in known and item != DEFAULT:
            raise DefinitionError(
                f"{table.place}, {name}", f"`{item}` is not an item of {table.name}.", _near(item, [*known])
            )
    own = {item: limit for item, limit in value.items() if item in (*rule.items, DEFAULT) or not rule.items}
    return {**before, **own}


def _without(rules: Iterable[Rule], skipped: set[str]) -> tuple[Rule, ...]:
    """The rules without those skipped, which no other one names any more."""
    kept = []
    for rule in rules:
        named = rule.parameters.get("unless", ())
        if set(named) & skipped:
            left = [name for name in named if name not in skipped]
            rule = replace(rule, parameters={**rule.parameters, "unless": left})
        if rule.id not in skipped:
            kept.append(rule)
    return tuple(kept)


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(sorted(known)[:12])}."
