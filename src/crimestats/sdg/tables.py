"""What each indicator is made of, and how it is averaged and put together for regions: the tables."""

from dataclasses import dataclass, fields
from functools import cache

import pandas as pd
from pandas import DataFrame, Series

from crimestats.errors import CallError, DefinitionError
from crimestats.files import line_of, read_csv, shipped

COMPONENTS = ("numerator", "denominator", "value", "lower", "upper")
POPULATION = "population"
"""What stands for an item where the residents of the sex are divided by: the table of population."""
RATIO, WEIGHTED, MEAN = "ratio_of_sums", "weighted_mean", "mean"
"""Regional rules: by the sums, by the mean weighted by residents, by the mean of the areas."""
NAMED, REFUSED = "named", "refused"
"""The world's figure where a region is below the floor: given with the region named, or not given."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a series is averaged and put together: a row of `rules`, with the same names."""

    indicator: str
    series: str
    title: str
    iccs: str
    iccs_parts: str
    counted: str
    denominator: str
    unit: str
    times: float
    is_part: bool
    regional: str
    world: str
    years: int
    fewest: int

    @property
    def is_of_residents(self) -> bool:
        """Whether the residents are the denominator."""
        return self.unit == "per_100000"


_COLUMNS = ("indicator", "series", "sex", "component", "item", "unit", "times", "questionnaire", "source")
_SPEC = ["indicator", "series", "sex", "unit", "times"]
_RULES = (
    "indicator", "series", "title", "iccs", "iccs_parts", "counted", "denominator", "unit", "times",
    "is_part", "regional", "weight", "world", "world_reason", "years", "fewest", "code", "code_source",
    "rule", "rule_source", "note",
)  # fmt: skip
_NUMBERS = ("times", "years", "fewest")
_CHOICES = {
    "unit": ("per_cent", "per_100000"), "is_part": ("yes", "no"), "regional": (RATIO, WEIGHTED, MEAN),
    "world": (NAMED, REFUSED),
    "code": ("confirmed", "not_found"), "rule": ("read", "project"),
}  # fmt: skip


def table() -> DataFrame:
    """What each indicator is made of.

    Returns:
        One row an item of a component: `indicator` (number of the Goals), `series`
        (what is counted), `sex`, `component` (numerator, denominator, or value, lower
        and upper where the questionnaire asks for the share itself and its limits),
        `item` (or `population`; several items of a component are added), `unit`,
        `times` (what the quotient is multiplied by), `questionnaire` (one that has
        the item) and `source`.

    Raises:
        DefinitionError: A row names a component that there is not, or no number.

    >>> rows = table().query("indicator == '16.3.2' and sex == '_T'")
    >>> dict(zip(rows["component"], rows["item"]))
    {'numerator': 'held_unsentenced', 'denominator': 'held'}
    """
    return _table().copy()


def rules(indicator: str | None = None) -> DataFrame:
    """How each series is averaged over years and put together for a group of areas.

    Args:
        indicator: Number of the Goals; all of them if None.

    Returns:
        One row a series: `indicator`, `series` (code of the global SDG database; empty
        where none is known), `title` (`series` of `table`), `iccs` (category of a
        table of counts), `iccs_parts` (what it is made of, `|` between two spellings
        of one), `counted`, `denominator`, `unit`, `times`, `is_part` (whether the
        numerator is part of the denominator), `regional` (`ratio_of_sums`,
        `weighted_mean`, `mean`), `weight`, `world` (its figure where a region is below
        the floor: given and the region `named`, or `refused`) with `world_reason`,
        `years` (that are averaged, the last one giving its name), `fewest` (areas that
        a group needs), `code` (confirmed, not_found), `rule` (read in the metadata, or
        the project's) with the source of each, and `note`.

    Raises:
        CallError: There is no such indicator.

    >>> rules("16.3.2")[["series", "regional", "years"]].to_numpy().tolist()
    [['VC_PRS_UNSNT', 'ratio_of_sums', 3]]
    """
    data = _rules()
    if indicator is None:
        return data.copy()
    chosen = data[data["indicator"] == indicator]
    if chosen.empty:
        known = ", ".join(data["indicator"].unique())
        raise CallError("indicator", f"there is no rule for {indicator!r}.", f"Name one of {known}.")
    return chosen.reset_index(drop=True)


def rules_of(indicator: str) -> list[Rule]:
    """The rules of an indicator's series, as objects.

    Raises:
        CallError: There is no such indicator.
    """
    names = [field.name for field in fields(Rule)]
    return [Rule(*row) for row in rules(indicator)[names].itertuples(index=False)]


@cache
def _table() -> DataFrame:
    path = shipped("questionnaires", "sdg.csv")
    rows = read_csv(path, _COLUMNS)
    times = pd.to_numeric(rows["times"], errors="coerce")
    wrong = ~rows["component"].isin(COMPONENTS) | times.isna()
    wrong |= rows.duplicated([*_SPEC, "component", "item"])
    if wrong.any():
        first = rows.loc[wrong, ["indicator", "sex", "component"]].iloc[0]
        fault = f"`{' '.join(first)}` is no component, has no number in `times` or stands twice."
        raise DefinitionError(str(path), fault, f"Components: {', '.join(COMPONENTS)}.")
    return rows.assign(times=times.astype("float64"))


@cache
def _rules() -> DataFrame:
    path = shipped("questionnaires", "sdg_series.csv")
    rows = read_csv(path, _RULES)
    numbers = {name: pd.to_numeric(rows[name], errors="coerce") for name in _NUMBERS}
    for name, found in numbers.items():
        _refuse(str(path), rows, name, ~(found >= 1), "a number from 1")
    for name, known in _CHOICES.items():
        _refuse(str(path), rows, name, ~rows[name].isin(known), ", ".join(known))
    _refuse(str(path), rows, "title", rows.duplicated(["indicator", "title"]), "a title once")
    kinds = {"times": "float64", "years": "int64", "fewest": "int64"}
    return rows.assign(**numbers, is_part=rows["is_part"] == "yes").astype(kinds)


def _refuse(path: str, rows: DataFrame, column: str, wrong: "Series[bool]", wanted: str) -> None:
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        place = f"{path}, line {line_of(path, row)}, column {column}"
        raise DefinitionError(place, f"holds {rows[column].iloc[row]!r}.", f"Give {wanted}.")
