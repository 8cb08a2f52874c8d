"""Ways of judging a published file that a questionnaire has no need of: labels, keys, recoverable cells."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.published.release import Release
from crimestats.published.series import COUNT, accepted, folded, spelt
from crimestats.questionnaire.kinds import FAIL, Judgement

Own = Callable[..., Judgement]
Texts = NDArray[np.object_]
Mask = NDArray[np.bool_]
Fields = dict[str, Any]
KINDS: dict[str, Own] = {}
"""The kinds of this room by name; the others are those of `crimestats.questionnaire.kinds`."""

WRITTEN = {"sex": "sex_label", "age": "age_label", "unit": "unit_label"}
"""Columns of the table that hold a label as it was published, where the column of the name has its code."""

NOTHING = "(nothing)"
_DIGITS = re.compile(r"\D+")


def kind(function: Own) -> Own:
    """Make a function a kind under its own name."""
    KINDS[function.__name__] = function
    return function


@kind
def label_unknown(wide: Release, items: Sequence[str]) -> Judgement:
    """A label is in the tables of labels: one answer for each that is not, at its first row."""
    column = wide.column_of("unknown")
    label = np.full(len(column), "", dtype=object)
    for name in set(column) - {""}:
        written = wide.column_of(WRITTEN.get(name, name))
        label = np.where(column == name, np.where(written == "", NOTHING, written), label)
    return _once(
        wide, column != "", [column, label], value=label, column=column, near=_near(wide.column_of("near"))
    )


@kind
def label_drift(wide: Release, items: Sequence[str], *, columns: Sequence[str]) -> Judgement:
    """A label is written as in the tables, case, hyphens and accents included: one answer for each."""
    answers = []
    for name in columns:
        label = wide.column_of(name)
        known = spelt(name)
        right = accepted(name)
        meant = {text: "" if text in right else known.get(folded(text), "") for text in set(label)}
        expected = np.array([meant[text] for text in label], dtype=object)
        drifts = (expected != "") & (expected != label) & (wide.column_of("label") == "")
        answers.append(
            _once(wide, drifts, [label], value=label, column=np.full(len(label), name), near=expected)
        )
    return _joined(answers)


@kind
def label_varies(wide: Release, items: Sequence[str], *, columns: Sequence[str]) -> Judgement:
    """A label is spelt one way in a file: an answer at the first row of each further spelling."""
    answers = []
    for name in columns:
        label, is_typed = wide.column_of(name), wide.column_of("label") != ""
        usual = _usual(label[~is_typed], spelt(name))
        expected = np.array([usual.get(folded(text), text) for text in label], dtype=object)
        varies = ~is_typed & (expected != label)
        column = np.full(len(label), name, dtype=object)
        answers.append(_once(wide, varies, [label], value=label, column=column, near=expected))
    return _joined(answers)


def _usual(labels: Texts, known: dict[str, str]) -> dict[str, str]:
    """How each label is spelt in a file: as in the tables if it is so anywhere, else as most often."""
    counts = Counter(labels)
    usual: dict[str, str] = {}
    for text, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        usual.setdefault(folded(text), text)
    return usual | {form: label for form, label in known.items() if counts.get(label)}


@kind
def area_unknown(wide: Release, items: Sequence[str]) -> Judgement:
    """A row is of a reporting unit that is known: one answer for each that is not."""
    code, name = wide.column_of("iso3"), wide.column_of("country")
    said = np.array(
        [" ".join(part for part in pair if part) for pair in zip(code, name, strict=True)], dtype=object
    )
    return _once(wide, ~wide.is_of_area, [said], value=said, near=_near(wide.column_of("area_near")))


@kind
def area_differs(wide: Release, items: Sequence[str]) -> Judgement:
    """Code and name of a country mean the same: one answer for each pair that does not."""
    pair = [wide.column_of("iso3"), wide.column_of("country")]
    named = wide.column_of("area_named")
    return _once(wide, named != "", pair, value=pair[1], expected=named, near=pair[0])


@kind
def country_unknown(wide: Release, items: Sequence[str]) -> Judgement:
    """A category that names a country names one that is known: an answer for each unit and label."""
    label = wide.column_of("label")
    is_listed = wide.column_of("key") != ""
    unknown = is_listed & (wide.table["country_known"] == "0").to_numpy()
    own = np.where(label == "", NOTHING, label)
    return _once(wide, unknown, [wide.column_of("area"), label], value=own)


@kind
def label_matches(
    wide: Release, items: Sequence[str], *, patterns: Sequence[str], columns: Sequence[str]
) -> Judgement:
    """No label has what a template or a wrong encoding leaves behind: an answer for each unit and label."""
    form = re.compile("|".join(f"(?:{each})" for each in patterns), re.IGNORECASE)
    answers = []
    for name in columns:
        label = wide.column_of(name)
        hits = {text for text in set(label) if form.search(text)}
        found = np.isin(label, list(hits)) if hits else np.zeros(len(label), dtype=bool)
        answers.append(
            _once(wide, found, [wide.column_of("area"), label], value=label, column=np.full(len(label), name))
        )
    return _joined(answers)


@kind
def own_cell_id(
    wide: Release, items: Sequence[str], *, pattern: str, numbers: str, least: float
) -> Judgement:
    """Neither label nor value is the id of the cell that it came from, with or without its marks.

    Args:
        wide: The file.
        items: Not read.
        pattern: Of an id such as `Q6.1_10s_2019`.
        numbers: Of an id without its marks, `61102019`, in a table whose labels the sender writes.
        least: No figure of such a table is as large as this.
    """
    label, value = wide.column_of("category"), wide.column_of("value")
    ids = {text: _DIGITS.sub("", text) for text in set(label) if re.fullmatch(pattern, text, re.IGNORECASE)}
    is_label = np.isin(label, list(ids)) if ids else np.zeros(len(label), dtype=bool)
    bare = np.array([_DIGITS.sub("", text) for text in value], dtype=object)
    is_value = np.array([bool(re.fullmatch(pattern, text, re.IGNORECASE)) for text in value], dtype=bool)
    own = np.array([ids.get(text, "-") for text in label], dtype=object)
    is_value |= (own == bare).astype(bool)
    large = (wide.column_of("label") != "") & np.array(
        [float(digits or 0) >= least for digits in bare], dtype=bool
    )
    is_value |= large & np.array([bool(re.fullmatch(numbers, digits)) for digits in bare], dtype=bool)
    said = [f"{text} in the row “{own}”" for text, own in zip(value, label, strict=True)]
    rows = np.flatnonzero(is_label | is_value)
    return Judgement.at(rows, value=[said[row] for row in rows])


@kind
def unreadable(wide: Release, items: Sequence[str], *, statuses: Sequence[str]) -> Judgement:
    """A value can be read as a figure."""
    return Judgement.at(np.flatnonzero(wide.table["status"].isin(list(statuses)).to_numpy()))


@kind
def fraction(wide: Release, items: Sequence[str]) -> Judgement:
    """A count is a whole number."""
    is_count = (wide.table["unit"] == COUNT).to_numpy()
    return Judgement.at(np.flatnonzero(is_count & (wide.lower[: len(is_count)] % 1 > 0)))


@kind
def negative(wide: Release, items: Sequence[str]) -> Judgement:
    """No figure is below nought."""
    return Judgement.at(np.flatnonzero(wide.upper[: len(wide.table)] < 0))


@kind
def share_above(wide: Release, items: Sequence[str], *, unit: str, most: float) -> Judgement:
    """No share of a whole is above it.

    Args:
        wide: The file.
        items: Not read.
        unit: Code of the unit that shares are in.
        most: No share is larger, however it was rounded.
    """
    is_share = (wide.table["unit"] == unit).to_numpy()
    return Judgement.at(np.flatnonzero(is_share & (wide.lower[: len(is_share)] > most)))


@kind
def year_outside(wide: Release, items: Sequence[str], *, first: int, last: int) -> Judgement:
    """A year is one that the survey can mean."""
    year = wide.table["own_year"].to_numpy()
    rows = np.flatnonzero((year < first) | (year > last))
    return Judgement.at(rows, value=wide.column_of("year")[rows], expected=[f"{first} to {last}"] * len(rows))


@kind
def repeated_key(wide: Release, items: Sequence[str], *, differ: bool, lost: bool) -> Judgement:
    """A key stands once. An answer for each key that stands more often, at its first row.

    Args:
        wide: The file.
        items: Not read.
        differ: Those whose values differ, or those whose values are equal; of lost ones all.
        lost: Those of series whose sub-forms have lost their names, or the others.
    """
    table = wide.table
    keys = ["iso3", "country", "indicator", "dimension", "category", "sex", "age", "year", "unit"]
    several = table[table.duplicated(keys, keep=False) & ((table["lost"] == "1") == lost)]
    number = several.groupby(keys, sort=False).ngroup()
    rows = several.index.to_numpy()
    groups = DataFrame({"row": rows, "value": several["value"].to_numpy(), "key": number.to_numpy()})
    grouped = groups.groupby("key", sort=False).agg(list)
    is_different = grouped["value"].map(lambda values: len(set(values)) > 1)
    return _of_keys(grouped if lost else grouped[is_different == differ])


def _of_keys(grouped: DataFrame) -> Judgement:
    """An answer for each key: rows and values, in lists."""
    rows, values = grouped["row"].tolist(), grouped["value"].tolist()
    widest = max((len(each) for each in rows), default=2) - 1
    others = np.full((len(rows), widest), -1, dtype=np.intp)
    for line, each in enumerate(rows):
        others[line, : len(each) - 1] = each[1:]
    fields: Fields = {
        "value": [each[0] for each in values],
        "expected": [", ".join(each[1:]) for each in values],
        "count": [len(each) for each in values],
    }
    place = np.array([each[0] for each in rows], dtype=np.intp)
    return Judgement(place, np.full(len(rows), FAIL, dtype=np.int8), fields, others)


@kind
def implied_population(wide: Release, items: Sequence[str], *, spread: float) -> Judgement:
    """Every rate of a country, year and sex rests on one population: count over rate is the same for all.

    Args:
        wide: The file.
        items: Not read.
        spread: Relative distance from the median of the year that is taken for rounding.
    """
    pairs = implied(wide.table)
    keys = ["area", "own_year", "sex"]
    middle = pairs.groupby(keys)["persons"].transform("median")
    several = pairs.groupby(keys)["persons"].transform("size") > 1
    off = pairs[several & ((pairs["persons"] / middle - 1).abs() > spread)]
    expected = middle.loc[off.index]
    return Judgement.at(
        off["row_count"].to_numpy(), value=off["value_count"].tolist(), rate=off["value_rate"].tolist(),
        persons=off["persons"].tolist(), expected=expected.tolist(),
    )  # fmt: skip


def implied(table: DataFrame) -> DataFrame:
    """Counts with the rate published beside them, and the population that the two imply."""
    keys = ["area", "iso3", "own_year", "key", "sex", "age"]
    known = table[
        (table["key"] != "") & (table["lost"] != "1") & table["value_"].gt(0) & (table["unknown"] == "")
    ]
    known = known.assign(row=known.index).drop_duplicates([*keys, "unit"], keep=False)
    counts, rates = (known[known["unit"] == unit] for unit in (COUNT, "rate_per_100000"))
    pairs = counts.merge(rates, on=keys, suffixes=("_count", "_rate"))
    return pairs.assign(persons=pairs["value__count"] / pairs["value__rate"] * 1e5)


def _once(wide: Release, chosen: Mask, keys: list[Texts], **fields: Texts) -> Judgement:
    """One answer for each value of the keys, at its first row; `count` is how many rows there are."""
    rows = np.flatnonzero(chosen)
    columns = {str(number): key[rows] for number, key in enumerate(keys)}
    group = DataFrame(columns).groupby([*columns], sort=False).ngroup().to_numpy()
    at = rows[~Series(group).duplicated().to_numpy()]
    first = np.isin(rows, at)
    said: Fields = {name: column[at].tolist() for name, column in fields.items()}
    return _at(at, said | {"count": np.bincount(group)[group[first]].tolist() if len(rows) else []})


def _at(place: NDArray[np.intp], fields: Fields) -> Judgement:
    return Judgement(place, np.full(len(place), FAIL, dtype=np.int8), fields)


def _near(column: Texts) -> Texts:
    return np.array([f"Near: {text}." if text else "" for text in column], dtype=object)


def _joined(answers: list[Judgement]) -> Judgement:
    place = np.concatenate([each.place for each in answers])
    names = answers[0].fields
    return _at(place, {name: [value for each in answers for value in each.fields[name]] for name in names})
