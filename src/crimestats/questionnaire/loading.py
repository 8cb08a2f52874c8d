"""A folder of data read into a `Questionnaire`, every fault named by file, line and column."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pandas import DataFrame, Series

from crimestats import files
from crimestats.errors import DefinitionError, FileError
from crimestats.frames import BREAKDOWNS
from crimestats.questionnaire.definition import (
    ITEM_COLUMNS,
    METADATA_COLUMNS,
    SEVERITIES,
    Questionnaire,
    Rule,
)

_ID = re.compile(r"[a-z][a-z0-9_]*")
_RULE_FIELDS = ("id", "kind", "severity", "message", "why")


def load(folder: Path, language: str) -> Questionnaire:
    """The questionnaire of a folder, checked.

    Raises:
        FileError: A file of the folder is not there.
        DefinitionError: A file has a fault; file, line and column are named.
    """
    record = _record(folder / "questionnaire.toml")
    labels = _labels(folder, language)
    data = _items(folder / "items.csv", record, labels)
    metadata = _metadata(folder / "metadata.csv", record)
    return Questionnaire(
        id=record["id"], record=record, data=data, metadata=metadata,
        rules=_rules(folder / "rules.toml", set(data["item"])), labels=labels,
    )  # fmt: skip


def codelist(dimension: str) -> DataFrame:
    """Codes and labels of a dimension (`sex`, `measure`, `status`, …), columns code and label."""
    table = files.read_csv(files.shipped("questionnaires", "codelists.csv"), ("dimension", "code", "label"))
    return table.loc[table["dimension"] == dimension, ["code", "label"]].reset_index(drop=True)


def _record(path: Path) -> dict[str, Any]:
    record = files.read_toml(path)
    for name in ("id", "edition", "years", "scheme", "module"):
        if name not in record:
            raise DefinitionError(
                str(path), f"has no `{name}`.", "Add it, as the shipped questionnaires have it."
            )
    for number, module in enumerate(record["module"], start=1):
        lacking = [name for name in ("id", "number", "sheet") if name not in module]
        if lacking:
            raise DefinitionError(f"{path}, module {number}", f"has no `{lacking[0]}`.", "Add it.")
    first, last = record["years"]
    if not 1900 <= first <= last <= 2100:
        raise DefinitionError(
            f"{path}, years", f"[{first}, {last}] is not a range of years.", "Give first and last year."
        )
    return record


def _labels(folder: Path, language: str) -> dict[str, str]:
    path = folder / f"labels.{language}.csv"
    if not path.is_file():
        there = ", ".join(sorted(found.name.split(".")[1] for found in folder.glob("labels.*.csv")))
        raise FileError(str(path), "is not there.", f"Languages of this questionnaire: {there or 'none'}.")
    table = files.read_csv(path, ("key", "text"))
    _unique(path, table, "key")
    return dict(zip(table["key"], table["text"], strict=True))


def _items(path: Path, record: dict[str, Any], labels: dict[str, str]) -> DataFrame:
    table = files.read_csv(path, ITEM_COLUMNS)
    _unique(path, table, "item")
    _unique(path, table, "number")
    _refuse(path, table, "item", ~table["item"].map(lambda text: bool(_ID.fullmatch(text))),
            "is not an id.", "Small letters, digits and underscores, a letter first.")  # fmt: skip
    modules = [module["id"] for module in record["module"]]
    _within(path, table, "module", modules)
    _within(path, table, "parent", ["", *table["item"]])
    _within(path, table, "numbering", ["published", "project"])
    _within(path, table, "required", ["0", "1"])
    for dimension in ("measure", "unit", "stage", "source", *BREAKDOWNS):
        _within(path, table, dimension, codelist(dimension)["code"])
    unlabelled = ~("item." + table["item"]).isin(list(labels))
    _refuse(path, table, "item", unlabelled, "has no label.", "Add a row `item.<id>` to the labels file.")
    return table.assign(label=("item." + table["item"]).map(labels))


def _metadata(path: Path, record: dict[str, Any]) -> DataFrame:
    table = files.read_csv(path, METADATA_COLUMNS)
    _within(path, table, "module", [module["id"] for module in record["module"]])
    _within(path, table, "type", ["text", "choice", "year", "date"])
    _within(path, table, "required", ["0", "1"])
    _refuse(
        path,
        table,
        "question",
        table.duplicated(["module", "question"]),
        "stands twice.",
        "Leave out one row.",
    )
    return table


def _rules(path: Path, items: set[str]) -> tuple[Rule, ...]:
    """The rules that every questionnaire has, then the questionnaire's own."""
    common = files.shipped("questionnaires", "rules.toml")
    rules = (*_rules_of(common, items), *_rules_of(path, items))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise DefinitionError(
                f"{rule.place}, id", f"`{rule.id}` stands twice.", "Give every rule an id of its own."
            )
        seen.add(rule.id)
    for rule in rules:
        for other in set(rule.parameters.get("unless", ())) - seen:
            raise DefinitionError(f"{rule.place}, unless", f"`{other}` is not a rule.", _near(other, seen))
    return rules


def _rules_of(path: Path, items: set[str]) -> tuple[Rule, ...]:
    records = files.read_toml(path).get("rule", [])
    lines = [
        n
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.strip() == "[[rule]]"
    ]
    if not isinstance(records, list) or len(lines) != len(records):
        raise DefinitionError(
            f"{path}", "has rules that are not `[[rule]]` tables.", "Begin each with a line `[[rule]]`."
        )
    return tuple(
        _rule(f"{path}, line {line}", record, items) for line, record in zip(lines, records, strict=True)
    )


def _rule(place: str, record: dict[str, Any], items: set[str]) -> Rule:
    from crimestats.questionnaire.kinds import check_parameters, items_named

    for name in _RULE_FIELDS:
        if not isinstance(record.get(name), str):
            raise DefinitionError(f"{place}, {name}", "is missing or is not a text.", "Every rule needs it.")
    if record["severity"] not in SEVERITIES:
        raise DefinitionError(
            f"{place}, severity", f"`{record['severity']}` is unknown.", f"One of {', '.join(SEVERITIES)}."
        )
    named = tuple(str(item) for item in record.get("items", ()))
    parameters = {name: value for name, value in record.items() if name not in (*_RULE_FIELDS, "items")}
    rule = Rule(
        **{name: record[name] for name in _RULE_FIELDS}, items=named, parameters=parameters, place=place
    )
    check_parameters(rule)
    for item, name in items_named(rule).items():
        if item not in items:
            raise DefinitionError(f"{place}, {name}", f"`{item}` is not an item.", _near(item, items))
    return rule


def _unique(path: Path, table: DataFrame, column: str) -> None:
    _refuse(path, table, column, table[column].duplicated(), "stands twice.", "Leave out one row.")


def _within(path: Path, table: DataFrame, column: str, allowed: Iterable[str]) -> None:
    codes = list(allowed)
    wrong = ~table[column].isin(codes)
    if wrong.any():
        value = table.loc[wrong, column].iloc[0]
        _refuse(path, table, column, wrong, "is unknown.", _near(value, set(codes)))


def _refuse(
    path: Path, table: DataFrame, column: str, wrong: "Series[bool]", fault: str, remedy: str
) -> None:
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        value = table[column].iloc[row]
        raise DefinitionError(
            f"{path}, line {files.line_of(path, row)}, column {column}", f"`{value}` {fault}", remedy
        )


def _near(value: str, known: set[str]) -> str:
    import difflib

    near = difflib.get_close_matches(value, sorted(known), n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(sorted(known)[:12])}."
