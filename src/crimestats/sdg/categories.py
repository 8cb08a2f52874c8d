"""Counts by category of the ICCS as figures of an indicator."""

from pathlib import Path

import pandas as pd
from pandas import DataFrame, Series

from crimestats.areas.faults import refuse
from crimestats.errors import DefinitionError
from crimestats.sdg.needs import needed_columns
from crimestats.sdg.tables import Rule

_SHOWN = 5
_CODE = r"_T|\d{2,6}(?:\+\d{2,6})*"


def categories(path: Path | str, table: DataFrame, chosen: list[Rule]) -> "Series[str]":
    """The code of each row that is of the indicator's category or of a part of it; others have none.

    Args:
        path: The table.
        table: With a column `iccs`; codes may have lost their leading zeros.
        chosen: The rules of the indicator's series.

    Raises:
        DefinitionError: The indicator is no count of a category, a code cannot be one, or no row is of
            the category, or of a part of it.
    """
    place, rule = f"{path}, column iccs", chosen[0]
    if not rule.iccs:
        fault = f"makes the figures counts by category, of which {rule.indicator} is not made."
        raise DefinitionError(place, fault, needed_columns(chosen))
    written = table["iccs"].str.strip()
    refuse(path, table, "iccs", ~written.str.fullmatch(_CODE), "is no code of the ICCS.")
    codes = written.map(_spellings(rule)).fillna("").astype("str")
    if (codes == "").all():
        others = ", ".join(written.unique()[:_SHOWN])
        fault = f"has no row of {rule.iccs}, which {rule.indicator} is made of, but of {others}."
        raise DefinitionError(place, fault, needed_columns(chosen))
    return codes


def with_sums(rows: DataFrame, rule: Rule, key: list[str]) -> DataFrame:
    """Rows of the category itself; where there is none, the sum of its parts, if all of them have a row.

    Args:
        rows: With `code`, and the bounds `low` and `high`.
        rule: Of the series.
        key: What a figure is of.

    Returns:
        One row a figure, with a `note`: what has a row of some of the parts only has no figure.
    """
    is_whole = rows["code"] == rule.iccs
    whole, parts = rows[is_whole].assign(note=""), rows[~is_whole]
    parts = parts[~parts.set_index(key).index.isin(whole.set_index(key).index)]
    if parts.empty:
        return whole.reset_index(drop=True)
    groups = parts.groupby(key, sort=False)
    sums = groups[["low", "high"]].agg("sum").where(groups["code"].size() == len(_parts(rule)))
    sums = sums.mask(groups[["low", "high"]].agg("count") < len(_parts(rule)))
    note = Series(f"sum of the parts of {rule.iccs}", index=sums.index, dtype="str")
    note = note.mask(sums["low"].isna(), f"no figure: not all parts of {rule.iccs} are there")
    first = groups.first().drop(columns=["low", "high"])
    made = first.join(sums).assign(note=note).reset_index()
    return made if whole.empty else pd.concat([whole, made[whole.columns]], ignore_index=True)


def _spellings(rule: Rule) -> dict[str, str]:
    """The category and its parts as they may be written: the code of each."""
    ways = [(code, group[0]) for group in [[rule.iccs], *_parts(rule)] for code in group]
    return {text: code for written, code in ways for text in (written, written.lstrip("0"))}


def _parts(rule: Rule) -> list[list[str]]:
    """The parts of the category, each as it may be written."""
    return [part.split("|") for part in rule.iccs_parts.split()]
