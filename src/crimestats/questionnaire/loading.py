"""A folder of data read into a `Questionnaire`, every fault named by file, line and column."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pandas import DataFrame, Series, concat

from crimestats import files
from crimestats.errors import CallError, DefinitionError
from crimestats.frames import BREAKDOWNS
from crimestats.questionnaire import languages
from crimestats.questionnaire.definition import (
    ENTRIES,
    ITEM_COLUMNS,
    METADATA_COLUMNS,
    OPTIONAL_COLUMNS,
    SEVERITIES,
    Questionnaire,
    Rule,
)

_ID = re.compile(r"[a-z][a-z0-9_]*")
_FIGURE = ["iccs", "code", "measure", "unit", "stage", "source", "entry", *BREAKDOWNS]
"""Columns that say which figure an item is."""
_RULE_FIELDS = ("id", "kind", "severity", "message", "why")


class _Parts(NamedTuple):
    """What a folder defines, with what it takes over from others; without the rules common to all."""

    record: dict[str, Any]
    labels: dict[str, str]
    data: DataFrame
    metadata: DataFrame
    rules: tuple[Rule, ...]


def load(folder: Path, language: str) -> Questionnaire:
    """The questionnaire of a folder, checked.

    Raises:
        FileError: A file of the folder is not there.
        DefinitionError: A file has a fault; file, line and column are named.
    """
    parts = _parts(folder, language, ())
    common = _rules_of(files.shipped("questionnaires", "rules.toml"), set(parts.data["item"]))
    return Questionnaire(
        id=parts.record["id"], record=parts.record, data=parts.data, metadata=parts.metadata,
        rules=_linked((*common, *parts.rules)), labels=parts.labels, language=language,
    )  # fmt: skip


def _parts(folder: Path, language: str, seen: tuple[str, ...]) -> _Parts:
    """What a folder defines: what it follows first, then its own, then what it includes."""
    record = _record(folder / "questionnaire.toml")
    if record["id"] in seen:
        raise DefinitionError(
            str(folder), f"follows or includes itself ({' → '.join(seen)}).", "Break the circle."
        )
    seen = (*seen, record["id"])
    before = [_parts(_beside(folder, name), language, seen) for name in _names(record, "follows")]
    after = [_parts(_beside(folder, name), language, seen) for name in _names(record, "include")]
    changes = record.get("changes", {})
    _refuse_strangers(folder, changes, [*before, *after])
    taken = [_without(parts, changes, folder) for parts in (*before, *after)]
    _refuse_namesakes(folder, taken)
    return _own(folder, language, record, taken[: len(before)], taken[len(before) :])


def _own(
    folder: Path, language: str, record: dict[str, Any], before: list[_Parts], after: list[_Parts]
) -> _Parts:
    taken = [*before, *after]
    common = files.shipped("questionnaires", "labels.en.csv")
    labels = {key: languages.translate(text, language) for key, text in _texts(common).items()}
    for parts in (*after, *before):
        labels |= parts.labels
    labels |= _labels(folder, language, is_needed=not taken)
    mine = {module["id"]: module for module in record.get("module", ())}
    modules = _in_order(_modules(before), mine, _modules(after))
    lineage = [name for parts in before for name in parts.record["lineage"]]
    record = {**_inherited(before), **record, "module": modules, "lineage": [record["id"], *lineage]}
    whole = not taken
    given = [parts.data for parts in taken]
    own = (
        _items(folder / "items.csv", record, labels, given)
        if whole or (folder / "items.csv").is_file()
        else None
    )
    data = _merged([parts.data for parts in before], own, [parts.data for parts in after], ["item"])
    _refuse_repeated_numbers(folder, data)
    is_there = whole or (folder / "metadata.csv").is_file()
    asked = _metadata(folder / "metadata.csv", record) if is_there else None
    tables = [parts.metadata for parts in before], [parts.metadata for parts in after]
    metadata = _merged(tables[0], asked, tables[1], ["module", "question"])
    data = data.assign(label=("item." + data["item"]).map(labels))
    is_ruled = whole or (folder / "rules.toml").is_file()
    ruled = _rules_of(folder / "rules.toml", set(data["item"])) if is_ruled else ()
    return _Parts(record, labels, data, metadata, _ruled(folder, before, _distinct(ruled), after))


def _ruled(folder: Path, before: list[_Parts], own: dict[str, Rule], after: list[_Parts]) -> tuple[Rule, ...]:
    first, last = ({rule.id: rule for parts in bases for rule in parts.rules} for bases in (before, after))
    for parts in (*before, *after):
        for rule in parts.rules:
            other = first.get(rule.id, last.get(rule.id, rule))
            if other.place != rule.place and rule.id not in own:
                fault = f"`{rule.id}` is a rule at {other.place} and another one at {rule.place}."
                raise DefinitionError(str(folder), fault, "Write it anew in rules.toml.")
    return tuple(_in_order(first, own, last))


def _names(record: dict[str, Any], field: str) -> tuple[str, ...]:
    named = record.get(field, ())
    return (named,) if isinstance(named, str) else tuple(named)


def _beside(folder: Path, name: str) -> Path:
    """The folder of another questionnaire: beside this one, else shipped."""
    own = folder.parent / name
    return own if (own / "questionnaire.toml").is_file() else files.shipped("questionnaires", name)


def _inherited(before: list[_Parts]) -> dict[str, Any]:
    own = ("id", "module", "follows", "include", "changes", "lineage")
    return {name: value for parts in before for name, value in parts.record.items() if name not in own}


def _modules(several: list[_Parts]) -> dict[str, Any]:
    return {module["id"]: module for parts in several for module in parts.record["module"]}


def _in_order(before: dict[str, Any], own: dict[str, Any], after: dict[str, Any]) -> list[Any]:
    """By id what is followed, own and included; an own one stands in the place of its namesake."""
    chosen = {**after, **before, **own}
    return [chosen[name] for name in {**before, **own, **after}]


def _merged(
    before: list[DataFrame], own: DataFrame | None, after: list[DataFrame], keys: list[str]
) -> DataFrame:
    """Rows taken over and own rows; an own row stands in the place of one with the same key."""
    tables = [*before, *([] if own is None else [own]), *after]
    joined = concat(tables, ignore_index=True)
    if own is None or len(tables) == 1:
        return joined.drop_duplicates(keys, ignore_index=True)
    first = joined.drop_duplicates(keys)[keys].itertuples(index=False, name=None)
    chosen = concat([own, joined]).drop_duplicates(keys)
    order = {key: number for number, key in enumerate(first)}
    places = [order[key] for key in chosen[keys].itertuples(index=False, name=None)]
    return chosen.iloc[Series(places).argsort()].reset_index(drop=True)


def _refuse_strangers(folder: Path, changes: dict[str, Any], bases: list[_Parts]) -> None:
    """Every name that the change leaves out is one of what is taken over."""
    modules = {module["id"] for parts in bases for module in parts.record["module"]}
    asked = {name for parts in bases for column in ("module", "table", "item") for name in parts.data[column]}
    rules = {rule.id for parts in bases for rule in parts.rules}
    for field, known in (("without", modules | asked), ("without_rules", rules)):
        for name in _names(changes, field):
            if name not in known:
                place = f"{folder / 'questionnaire.toml'}, changes, {field}"
                remedy = _near(name, known) if known else "Leave it out."
                raise DefinitionError(place, f"`{name}` is nothing that is taken over.", remedy)


def _refuse_namesakes(folder: Path, bases: list[_Parts]) -> None:
    """No item is one figure in a questionnaire taken over and another one in the next."""
    if len(bases) < 2:
        return
    tables = [parts.data.assign(base=parts.record["id"]) for parts in bases]
    items = concat(tables, ignore_index=True).drop_duplicates(["item", *_FIGURE])
    twice = items[items["item"].duplicated(keep=False)]
    if len(twice):
        item = twice["item"].iloc[0]
        one, other = twice.loc[twice["item"] == item, "base"].iloc[:2]
        raise DefinitionError(
            str(folder),
            f"`{item}` is one figure in {one} and another one in {other}; {twice['item'].nunique()} are so.",
            "Leave it out under `[changes] without`, or take over one of the two only.",
        )


def _refuse_repeated_numbers(folder: Path, data: DataFrame) -> None:
    twice = data[data["number"].duplicated(keep=False)]
    if len(twice):
        number = twice["number"].iloc[0]
        one, other = twice.loc[twice["number"] == number, "item"].iloc[:2]
        raise DefinitionError(
            str(folder),
            f"`{one}` and `{other}` both have the number {number}; {twice['number'].nunique()} stand twice.",
            "Leave one out under `[changes] without`, or give it another number in items.csv.",
        )


def _without(parts: _Parts, changes: dict[str, Any], folder: Path) -> _Parts:
    """What is taken over, without the modules, tables, items and rules that the change leaves out."""
    gone, dropped = set(_names(changes, "without")), set(_names(changes, "without_rules"))
    if not gone and not dropped:
        return parts
    data, metadata = parts.data, parts.metadata
    left = data["module"].isin(gone) | data["table"].isin(gone) | data["item"].isin(gone)
    items = set(data.loc[left, "item"])
    kept = [_rule_without(rule, items, folder) for rule in parts.rules if rule.id not in dropped]
    rules = [rule for rule in kept if rule is not None]
    modules = [module for module in parts.record["module"] if module["id"] not in gone]
    return parts._replace(
        record={**parts.record, "module": modules}, data=data[~left].reset_index(drop=True),
        metadata=metadata[~metadata["module"].isin(gone)].reset_index(drop=True), rules=tuple(rules),
    )  # fmt: skip


def _rule_without(rule: Rule, items: set[str], folder: Path) -> Rule | None:
    from crimestats.questionnaire.kinds import without

    try:
        return without(rule, items)
    except CallError as error:
        gone = ", ".join(sorted(items & set(_items_named(rule)))[:3])
        raise DefinitionError(
            f"{folder / 'questionnaire.toml'}, changes",
            f"leaves out {gone}, which the rule {rule.id} still needs.",
            "Name the rule under `without_rules`, or write it anew in rules.toml.",
        ) from error


def _items_named(rule: Rule) -> dict[str, str]:
    from crimestats.questionnaire.kinds import items_named

    return items_named(rule)


def codelist(dimension: str) -> DataFrame:
    """Codes and labels of a dimension (`sex`, `measure`, `status`, …), columns code and label."""
    table = files.read_csv(files.shipped("questionnaires", "codelists.csv"), ("dimension", "code", "label"))
    return table.loc[table["dimension"] == dimension, ["code", "label"]].reset_index(drop=True)


def _record(path: Path) -> dict[str, Any]:
    record = files.read_toml(path)
    whole = "follows" not in record
    for name in ("id", "edition", "years", *(("scheme", "module") if whole else ())):
        if name not in record:
            raise DefinitionError(
                str(path), f"has no `{name}`.", "Add it, as the shipped questionnaires have it."
            )
    for number, module in enumerate(record.get("module", ()), start=1):
        lacking = [name for name in ("id", "number", "sheet") if name not in module]
        if lacking:
            raise DefinitionError(f"{path}, module {number}", f"has no `{lacking[0]}`.", "Add it.")
    first, last = record["years"]
    if not 1900 <= first <= last <= 2100:
        raise DefinitionError(
            f"{path}, years", f"[{first}, {last}] is not a range of years.", "Give first and last year."
        )
    return record


def _labels(folder: Path, language: str, is_needed: bool) -> dict[str, str]:
    """The labels of a folder: English ones translated, and a file of the language's own before them."""
    known = languages.translations(language)
    own = folder / f"labels.{language}.csv"
    english = folder / "labels.en.csv"
    labels = {} if not english.is_file() and not is_needed else _texts(english)
    if known:
        labels = {key: languages.translate(text, language) for key, text in labels.items()}
    if language != "en" and own.is_file():
        labels |= _texts(own)
    return labels


def _texts(path: Path) -> dict[str, str]:
    table = files.read_csv(path, ("key", "text"))
    _unique(path, table, "key")
    return dict(zip(table["key"], table["text"], strict=True))


def _items(path: Path, record: dict[str, Any], labels: dict[str, str], taken: list[DataFrame]) -> DataFrame:
    table = files.read_csv(path, ITEM_COLUMNS)
    agencies = {module["id"]: module.get("agency", "") for module in record["module"]}
    table = table.assign(**{name: value for name, value in OPTIONAL_COLUMNS.items() if name not in table})
    _unique(path, table, "item")
    _unique(path, table, "number")
    _refuse(path, table, "item", ~table["item"].map(lambda text: bool(_ID.fullmatch(text))),
            "is not an id.", "Small letters, digits and underscores, a letter first.")  # fmt: skip
    _within(path, table, "module", list(agencies))
    _within(path, table, "parent", ["", *table["item"], *(item for data in taken for item in data["item"])])
    _within(path, table, "numbering", ["published", "project"])
    _within(path, table, "required", ["0", "1"])
    _within(path, table, "entry", ENTRIES)
    for dimension in ("measure", "unit", "stage", "source", *BREAKDOWNS):
        _within(path, table, dimension, codelist(dimension)["code"])
    unlabelled = ~("item." + table["item"]).isin(list(labels))
    _refuse(path, table, "item", unlabelled, "has no label.", "Add a row `item.<id>` to the labels file.")
    agency = table["agency"].where(table["agency"] != "", table["module"].map(agencies))
    _within(path, table.assign(agency=agency), "agency", ["", *codelist("agency")["code"]])
    return table.assign(agency=agency)[[*ITEM_COLUMNS, *OPTIONAL_COLUMNS]]


def _metadata(path: Path, record: dict[str, Any]) -> DataFrame:
    table = files.read_csv(path, METADATA_COLUMNS)
    _within(path, table, "module", [module["id"] for module in record["module"]])
    _within(path, table, "type", ["text", "choice", "year", "date"])
    _within(path, table, "required", ["0", "1"])
    twice = table.duplicated(["module", "question"])
    _refuse(path, table, "question", twice, "stands twice.", "Leave out one row.")
    return table


def _distinct(rules: tuple[Rule, ...]) -> dict[str, Rule]:
    known: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in known:
            raise DefinitionError(
                f"{rule.place}, id", f"`{rule.id}` stands twice.", "Give every rule an id of its own."
            )
        known[rule.id] = rule
    return known


def _linked(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules, each once, and every rule that another one names is there."""
    seen = set(_distinct(rules))
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
