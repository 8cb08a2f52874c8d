"""A questionnaire as data: its items, rules, metadata questions and labels."""

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pandas import DataFrame

from crimestats import files
from crimestats.errors import FileError
from crimestats.frames import BREAKDOWNS, TOTAL
from crimestats.questionnaire import languages

if TYPE_CHECKING:
    import pandera.pandas as pa

ITEM_COLUMNS = (
    "item", "number", "numbering", "module", "table", "parent", "required",
    "iccs", "measure", "unit", "stage", "source",
)  # fmt: skip
OPTIONAL_COLUMNS = {"agency": "", "entry": "", "code": "", **dict.fromkeys(BREAKDOWNS, TOTAL)}
"""Columns that `items.csv` may leave out, with what an item then has there.

`code` is the offence's code in the questionnaire's own scheme, where that is not the ICCS."""
ENTRIES = ("", "country", "city")
"""What the sender may have to name in the row of an item (`Persons convicted: citizens of …`)."""
METADATA_COLUMNS = ("module", "question", "type", "choices", "required")
SEVERITIES = ("error", "query", "note")


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a questionnaire table: what is asked, apart from the year.

    Attributes:
        item: Its id, stable over editions (e.g. `homicide_victims_f`).
        number: As printed in the instrument (e.g. `1.2.3`); `numbering` says
            whether it is `published` or the `project`'s own.
        module: The module it stands in (e.g. `homicide`).
        table: The table it stands in (e.g. `1.2`).
        label: What the respondent reads.
        parent: The item that it is a part of, or an empty text.
        is_required: A blank is asked about.
        iccs: ICCS code, several joined by `+`, `_T` all crimes, `_Z` not about crime.
        agency: Which agency is asked (`police`, `prosecution`, `courts`, `prisons`, `survey`, …).
        entry: What the sender names in the row (`country`, `city`), or an empty text.
        keys: Measure, unit, stage, source and every breakdown with its code.
    """

    item: str
    number: str
    numbering: str
    module: str
    table: str
    label: str
    parent: str
    is_required: bool
    iccs: str
    agency: str
    entry: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check of the questionnaire's content, as data.

    Attributes:
        id: Printed in every finding (e.g. `CTS24-114`); never reused.
        kind: The name of the check that judges it (see `crimestats.questionnaire.kinds`).
        severity: `error` cannot be true or cannot be read, `query` goes to the
            focal point, `note` wants an explanation.
        items: The items that it is about, in the order its kind reads them.
        parameters: Limits and further names that its kind takes.
        message: What the statistician reads: the fault with `{values}` and the remedy.
        why: Where the rule and its limits come from.
        place: File and line, for a message about the rule itself.
    """

    id: str
    kind: str
    severity: str
    items: tuple[str, ...]
    parameters: Mapping[str, Any]
    message: str
    why: str
    place: str


@dataclass(frozen=True)
class Questionnaire:
    """A survey instrument of one edition, as its folder of data defines it.

    It behaves as the collection of its items: `len`, `in`, `[]`, iteration.

    Attributes:
        id: The folder's name (e.g. `un-cts-2024`).
        record: What `questionnaire.toml` says.
        data: The items, one row each, columns of `items.csv` with `label` (all text).
        metadata: The metadata questions, one row for each module and question.
        rules: The rules in the order of `rules.toml`.
        labels: Texts of the workbook in the language loaded.
        language: Which language that is.

    >>> cts = Questionnaire.load("un-cts-2024")
    >>> cts["homicide_victims_f"].iccs
    '0101'
    """

    id: str
    record: Mapping[str, Any] = field(repr=False)
    data: DataFrame = field(repr=False, compare=False)
    metadata: DataFrame = field(repr=False, compare=False)
    rules: tuple[Rule, ...] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    language: str = "en"

    @classmethod
    def load(cls, questionnaire: str | Path, language: str = "en") -> "Questionnaire":
        """Load a shipped questionnaire by its id, or a user's own by its folder.

        Args:
            questionnaire: An id such as `un-cts-2024`, or the path of a folder
                with `questionnaire.toml`, `items.csv`, `metadata.csv`,
                `labels.en.csv` and `rules.toml`; a folder that names another
                one as `follows` or `include` holds only what differs.
            language: Of labels and messages, one of `languages.LANGUAGES`. What has
                no translation stays English; a folder of one's own may have a
                `labels.<language>.csv` beside.

        Raises:
            FileError: There is no such questionnaire or language.
            DefinitionError: A file has a fault; file, line and column are named.
        """
        folder = Path(questionnaire)
        if not (folder / "questionnaire.toml").is_file():
            there = {
                path.parent.name: path.parent
                for path in files.shipped("questionnaires").glob("*/questionnaire.toml")
            }
            if str(questionnaire) not in there:
                remedy = f"Shipped: {', '.join(sorted(there))}; or give the folder of your own."
                raise FileError(f"questionnaire {questionnaire}", "is not there.", remedy)
            folder = there[str(questionnaire)]
        from crimestats.questionnaire import loading

        return loading.load(folder, language)

    @cached_property
    def _items(self) -> dict[str, Item]:
        rows = self.data.to_dict("records")
        return {row["item"]: _item(row) for row in rows}

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __getitem__(self, item: str) -> Item:
        return self._items[item]

    @property
    def modules(self) -> tuple[Mapping[str, str], ...]:
        """The modules in order, each with `id`, `number` and `sheet`."""
        return tuple(self.record["module"])

    @property
    def years(self) -> tuple[int, ...]:
        """Reference years that an empty workbook asks for."""
        first, last = self.record["years"]
        return tuple(range(first, last + 1))

    def rule(self, rule: str) -> Rule:
        """The rule of that id.

        Raises:
            KeyError: There is none.
        """
        return self._rules[rule]

    def label(self, key: str) -> str:
        """The text behind a key of the labels file; the key itself where none is given."""
        return self.labels.get(key, key)

    def text(self, english: str) -> str:
        """An English text in the language loaded; itself where it has no translation."""
        return languages.translate(english, self.language)

    def in_language(self, language: str) -> "Questionnaire":
        """The same questionnaire with its labels in another language, from those it was loaded with.

        Only a questionnaire loaded in English can be turned into another language.
        """
        labels = {key: languages.translate(text, language) for key, text in self.labels.items()}
        data = self.data.assign(label=("item." + self.data["item"]).map(labels))
        return replace(self, labels=labels, data=data, language=language)

    @property
    def agencies(self) -> tuple[str, ...]:
        """The agencies that are asked, in the order of their first item."""
        return tuple(dict.fromkeys(self.data["agency"]))

    def schema(self) -> "pa.DataFrameSchema":
        """The rules as a pandera schema, for any frame of cells (see `schema.compile_schema`)."""
        from crimestats.questionnaire.schema import compile_schema

        return compile_schema(self)

    def to_json(self) -> str:
        """Id, edition, modules and number of items and rules, for a machine to read."""
        record = {
            "id": self.id,
            "edition": self.record["edition"],
            "items": len(self),
            "rules": len(self.rules),
        }
        return json.dumps({**record, "modules": [module["id"] for module in self.modules]})


def _item(row: Mapping[Hashable, str]) -> Item:
    keys = {name: row[name] for name in ("measure", "unit", "stage", "source", *BREAKDOWNS)}
    names = ("item", "number", "numbering", "module", "table", "label", "parent", "iccs", "agency", "entry")
    return Item(**{name: row[name] for name in names}, is_required=row["required"] == "1", keys=keys)
