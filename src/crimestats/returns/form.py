"""What reading needs to know of a questionnaire, ready for looking up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crimestats.questionnaire import Questionnaire
from crimestats.questionnaire.languages import LANGUAGES, spellings, translate

WHOLE_UNITS = ("number",)
"""Units in which a figure has no decimals, so that `1,234` can only be 1234."""


@dataclass(frozen=True, eq=False, slots=True)
class Form:
    """A questionnaire by position of its items.

    Attributes:
        questionnaire: Its id.
        items: Item ids in order.
        index: Item id to its position.
        numbers: Printed number of an item to its position.
        labels: What is printed of an item, for messages.
        modules: Module of each item.
        sheets: Module to the sheet that `build` writes.
        tables: Printed numbers of the tables; they stand in the heading rows.
        table_of: Table of each item.
        required: Which items are asked about when blank.
        whole: Which items are whole numbers.
        questions: `<module>.<question>` to whether an answer is required.
        asked: Module and question as printed, to `<module>.<question>`.
        fields: Header field as printed, to its name.
        years: Reference years of the questionnaire's own workbook.
        measure: The heading of the column of counting units, the last before the years, in all languages.
        note: The heading of the column of notes, in all languages.
        agencies: Agency of each item.
        entries: Positions of the items whose country or city the sender names, to the prompt
            that stands there in an empty workbook, in all languages.
    """

    questionnaire: str
    items: tuple[str, ...]
    index: Mapping[str, int] = field(repr=False)
    numbers: Mapping[str, int] = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    modules: tuple[str, ...] = field(repr=False)
    sheets: Mapping[str, str]
    tables: frozenset[str]
    table_of: tuple[str, ...] = field(repr=False)
    required: NDArray[np.bool_] = field(repr=False)
    whole: NDArray[np.bool_] = field(repr=False)
    questions: Mapping[str, bool] = field(repr=False)
    asked: Mapping[tuple[str, str], str] = field(repr=False)
    fields: Mapping[str, str]
    years: tuple[int, ...]
    measure: frozenset[str]
    note: frozenset[str]
    agencies: tuple[str, ...] = field(repr=False)
    entries: Mapping[int, frozenset[str]] = field(repr=False)


def to_form(definition: Questionnaire) -> Form:
    """The form of a questionnaire; what is printed in it counts in every language."""
    items, data = list(definition), definition.metadata
    keys = list(data["module"] + "." + data["question"])
    return Form(
        questionnaire=definition.id,
        items=tuple(item.item for item in items),
        index={item.item: position for position, item in enumerate(items)},
        numbers={item.number: position for position, item in enumerate(items)},
        labels=tuple(f"{item.number} {item.label}" for item in items),
        modules=tuple(item.module for item in items),
        sheets={module["id"]: module["sheet"] for module in definition.modules},
        tables=frozenset(item.table for item in items),
        table_of=tuple(item.table for item in items),
        required=np.array([item.is_required for item in items], dtype=bool),
        whole=np.array([item.keys["unit"] in WHOLE_UNITS for item in items], dtype=bool),
        questions=dict(zip(keys, data["required"] == "1", strict=True)),
        asked=_asked(definition, keys),
        fields=_fields(definition),
        years=definition.years,
        measure=spellings(definition.label("heading.measure")),
        note=spellings(definition.label("heading.note")),
        agencies=tuple(item.agency for item in items),
        entries={
            position: spellings(definition.label(f"prompt.{item.entry}"))
            for position, item in enumerate(items)
            if item.entry
        },
    )


def _asked(definition: Questionnaire, keys: list[str]) -> dict[tuple[str, str], str]:
    data = definition.metadata
    return {
        (
            translate(definition.label(f"module.{module}"), language),
            translate(definition.label(f"metadata.{question}"), language),
        ): key
        for module, question, key in zip(data["module"], data["question"], keys, strict=True)
        for language in LANGUAGES
    }


def _fields(definition: Questionnaire) -> dict[str, str]:
    return {
        text: key.removeprefix("start.")
        for key, label in definition.labels.items()
        if key.startswith("start.")
        for text in spellings(label)
    }
