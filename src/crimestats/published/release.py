"""A published file as the rule kinds read it: a round whose units are countries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.frames import BREAKDOWNS, CELLS, NOT_APPLICABLE, TOTAL, UNKNOWN
from crimestats.published.series import COUNT
from crimestats.questionnaire import Questionnaire, Rule
from crimestats.questionnaire.definition import ITEM_COLUMNS, OPTIONAL_COLUMNS
from crimestats.questionnaire.kinds import Background, Round

SUM = "_sum"
"""Ends the id of the sum of the countries that a table lists."""

NAME = "published"


@dataclass(frozen=True, eq=False)
class Release(Round):
    """A published file, its rows long and its counts wide.

    Attributes:
        table: The rows as published and described: the columns of `read_sheets`, of `describe`, and
            area, area_near, country_known, own_year, value, lower, upper, status. Its rows are the
            first of the frame.
    """

    table: DataFrame

    def column_of(self, name: str) -> NDArray[np.object_]:
        """A column of the table as an array of texts."""
        return self.table[name].to_numpy(dtype=object)

    @cached_property
    def is_of_area(self) -> NDArray[np.bool_]:
        """Rows of a reporting unit that is known."""
        return (self.table["area"] != UNKNOWN).to_numpy()


def to_release(name: str, table: DataFrame, facts: list[tuple[str, str, str]], rules: tuple[Rule, ...],
               named: set[str]) -> Release:  # fmt: skip
    """Lay a published file out for the rules.

    Args:
        name: The file's name.
        table: Its rows, described.
        facts: What reading it brought to light (`Sheets.facts`).
        rules: Rules to judge it by.
        named: Series that the rules name.
    """
    items = _counted(table)
    rows = _rows(name, table, items)
    sums = _sums(name, table)
    said = _facts(name, facts)
    frame = CELLS.cast(
        pd.concat([part for part in (rows, sums, said) if len(part)] or [said], ignore_index=True)
    )
    labels = {f"item.{key}": label for key, label in _labels(table).items()}
    there = sorted({*items[items != NOT_APPLICABLE], *sums["item"], *named})
    definition = Questionnaire(
        id=NAME,
        record={"module": [], "edition": "", "years": (0, 0), "scheme": NAME},
        data=_items(there, labels),
        metadata=DataFrame(columns=["module", "question"]),
        rules=rules,
        labels=labels | {key.removeprefix("item."): label for key, label in labels.items()},
    )
    return Release(frame, Background(definition), table)


def _counted(table: DataFrame) -> Series:
    """Series whose counts are compared; `_Z` where a row stands for no figure of its own."""
    is_count = (
        (table["unit"] == COUNT) & (table["key"] != "") & (table["unknown"] == "") & (table["label"] == "")
    )
    is_count &= table["area"] != UNKNOWN  # rows of nobody are not one country
    key = table["key"].where(is_count, NOT_APPLICABLE)
    several = table.assign(key=key).duplicated(["area", "iso3", "own_year", "key"], keep=False)
    return key.mask((table["lost"] == "1") & several, NOT_APPLICABLE)


def _rows(name: str, table: DataFrame, items: Series) -> DataFrame:
    named = items.where(items != NOT_APPLICABLE, _other(table))
    return DataFrame(
        {
            "return_id": name, "area": table["area"], "sheet": table["sheet"], "cell": table["cell"],
            "item": named, "year": table["own_year"].astype("Int16"), "raw": table["value"], "note": "",
            "value": table["value_"], "lower": table["lower"], "upper": table["upper"],
            "status": table["status"],
        }
    )  # fmt: skip


def _other(table: DataFrame) -> Series:
    """What a row that is not compared is called: never the id of a series that is."""
    key = table["key"].where(table["key"] != "", UNKNOWN)
    return key + "." + table["unit"]


def _sums(name: str, table: DataFrame) -> DataFrame:
    """For each table of countries the sum of its rows, at the first of them."""
    is_part = (table["label"] != "") & table["lower"].notna() & (table["country"] != TOTAL)
    parts = table[is_part & (table["unit"] == COUNT) & (table["unknown"] == "") & (table["area"] != UNKNOWN)]
    if parts.empty:
        return DataFrame(columns=list(CELLS.columns))
    groups = parts.groupby(["area", "own_year", "key"], sort=False)
    first = groups[["sheet", "cell"]].first()
    bounds = groups[["lower", "upper"]].sum()
    found = pd.concat([first, bounds], axis="columns").reset_index()
    return found.assign(
        return_id=name, item=found["key"] + SUM, year=found["own_year"].astype("Int16"), note="",
        raw=[_span(low, high) for low, high in zip(found["lower"], found["upper"], strict=True)],
        value=found["lower"].where(found["lower"] == found["upper"]),
        status=np.where(found["lower"] == found["upper"], "exact", "bounded"),
    )[list(CELLS.columns)]  # fmt: skip


def _span(low: float, high: float) -> str:
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _facts(name: str, facts: list[tuple[str, str, str]]) -> DataFrame:
    lines = [
        {"return_id": name, "area": UNKNOWN, "sheet": sheet, "cell": NOT_APPLICABLE, "item": f"_fault.{kind}",
         "raw": said, "note": "", "status": "text"}
        for kind, sheet, said in facts
    ]  # fmt: skip
    blank: dict[str, Any] = {"year": pd.NA, "value": np.nan, "lower": np.nan, "upper": np.nan}
    table = DataFrame(lines, columns=[*CELLS.columns])
    for name, nothing in blank.items():
        table[name] = nothing
    return table.astype({"year": "Int16"})


def _labels(table: DataFrame) -> dict[str, str]:
    """What each series is called by its publisher."""
    one = table[table["key"] != ""].drop_duplicates(["key", "unit"])
    named = (
        one["label"].where(one["label"] == "", "several countries").where(one["label"] != "", one["category"])
    )
    parts = [one["indicator"], one["dimension"], named, one["sex_label"], one["age_label"]]
    texts = [
        ", ".join(part for part in row if part not in ("", "Total", "na")) for row in zip(*parts, strict=True)
    ]
    whole = dict(zip(one["key"], texts, strict=True))
    rates = {f"{key}.{unit}": text for key, unit, text in zip(one["key"], one["unit"], texts, strict=True)}
    sums = {key + SUM: text for key, text in whole.items()}
    return {**rates, **sums, **whole}


def _items(items: list[str], labels: dict[str, str]) -> DataFrame:
    columns = [*ITEM_COLUMNS, *OPTIONAL_COLUMNS, *BREAKDOWNS, "measure", "unit", "stage", "source"]
    named = DataFrame(
        {"item": items, "label": [labels.get(f"item.{item}", item) for item in items]}, dtype="str"
    )
    for name in columns:
        if name not in named:
            named[name] = TOTAL if name in BREAKDOWNS else ""
    return named
