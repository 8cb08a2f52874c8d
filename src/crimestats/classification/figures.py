"""Putting reported figures under the ICCS."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats.classification.correspondence import Correspondence
from crimestats.classification.rows import SHARES, spans
from crimestats.classification.tree import Classification
from crimestats.errors import CallError, ClassificationError
from crimestats.frames import NOT_APPLICABLE, TOTAL, UNKNOWN

_NO_CATEGORY = (TOTAL, NOT_APPLICABLE, UNKNOWN)
_NUMBERS = ["value", "lower", "upper"]
_ADDED = ["iccs", "iccs_version", *SHARES, "relation", "tags", "correspondence"]
_EXACT, _BOUNDED = "exact", "bounded"
_CYBER, _IS_CYBER = r"(?:^| )Cy(?:$| |=)", "1"

Flags = NDArray[np.bool_]


def classify(observations: DataFrame, correspondence: Correspondence | None = None) -> DataFrame:
    """Put reported figures under the ICCS.

    Nothing is lost and nothing is summed. A code that is unknown is `_U` in
    the column `iccs`, one that has no category `_Z`; what is reported stays in
    `code`. A figure about several categories together (`02043+02044`) stays
    under all of them, joined by `+`.

    With a table, the row counts that is valid in the figure's year. A code
    that is divided gives a row for each part: its bounds are the figure's,
    times the bounds of the share. Only where these are one number is there a
    value; else it is null and the status `bounded`, and the best estimate is
    the reported figure times `share`, which the note keeps (`part of 120`).

    ICCS tags of the row stand in `tags`, in order (`CP In`), and `Cy` is the
    breakdown `cy` too. They tell figures of one category apart: conspiracy to
    murder is 0101 with CP (ICCS 1.0, Table I), and no killing.

    Args:
        observations: Reported figures (`frames.OBSERVATIONS`): those that
            carry their ICCS code (scheme `iccs-1.0`), and those of the table's
            scheme; figures about all crimes (`_T`) or about none (`_Z`) may be of any.
        correspondence: From the scheme that the figures are in; not needed
            where all carry their ICCS code.

    Returns:
        The figures with their category (`frames.CLASSIFIED`): iccs as the
        broad list writes it, iccs_version, share_lower, share, share_upper (1
        where a figure goes whole; share null where it is not known), relation
        of the national category to the ICCS's (`equal` where the figure
        carried its code, `_Z` where it has no category), tags (`_Z` for none)
        and correspondence
        (the scheme of the table; `_Z` where none was used).

    Raises:
        CallError: A column is missing, or the figures have been through a table already.
        ClassificationError: Figures are of another scheme, or none is of the table's.

    >>> figures = DataFrame({"scheme": "us-nibrs", "code": ["09A", "XXX"], "year": 2020, "value": [7.0, 1.0]})
    >>> figures = figures.assign(lower=figures["value"], upper=figures["value"], status="exact")
    >>> classify(figures, Correspondence.load("us-nibrs"))[["code", "iccs", "value"]].to_numpy().tolist()
    [['09A', '0101', 7.0], ['XXX', '_U', 1.0]]
    """
    iccs = Classification.load("iccs")
    _need(observations, ["scheme", "code"])
    if correspondence is None:
        _refuse_others(observations, iccs.scheme)
        lines = _coded(observations["code"], iccs)
    else:
        _need(observations, ["year", *_NUMBERS, "status"])
        lines = _through(observations, correspondence, iccs)
    classified = observations.take(lines["place"].to_numpy())
    if correspondence is not None:
        classified = _with_tags(_shared(classified.reset_index(drop=True), lines), lines["tags"])
    added = lines.assign(iccs_version=iccs.version).set_axis(classified.index)[_ADDED]
    classified = classified.assign(**{name: added[name] for name in _ADDED})
    return classified.astype({name: "category" for name in _ADDED if name not in SHARES})


def _need(observations: DataFrame, columns: list[str]) -> None:
    missing = [name for name in columns if name not in observations]
    if missing:
        fault = f"lack the column {' and '.join(missing)}."
        raise CallError("observations", fault, "Hand over what `observe` returned.")


def _coded(codes: "Series[Any]", iccs: Classification) -> DataFrame:
    """Figures that carry their ICCS code, one line each: place among the codes, category and the rest."""
    categories = iccs.normalise(codes).reset_index(drop=True)
    is_none = categories.isin([NOT_APPLICABLE, UNKNOWN])
    relation = Series("equal", index=categories.index).mask(is_none, NOT_APPLICABLE)
    lines = DataFrame({"place": np.arange(len(codes)), "iccs": categories, "relation": relation})
    return lines.assign(**dict.fromkeys(SHARES, 1.0), correspondence=NOT_APPLICABLE, tags=NOT_APPLICABLE)


def _through(observations: DataFrame, correspondence: Correspondence, iccs: Classification) -> DataFrame:
    """All figures, those of the table's scheme by its rows: lines as of `_coded`, one for each part."""
    is_own = correspondence.is_of(observations["scheme"]).to_numpy()
    _refuse_classified(observations)
    _refuse_others(observations[~is_own], iccs.scheme, correspondence.scheme)
    if len(observations) and not is_own.any():
        fault = f"holds no figure of {correspondence.scheme}, which the table is from."
        raise ClassificationError(
            "column scheme", fault, "Take the table of the scheme that the figures are in."
        )
    is_own = is_own & ~observations["code"].isin(_NO_CATEGORY).to_numpy()
    coded = _coded(_put(observations["code"], is_own, UNKNOWN), iccs)
    own = DataFrame({
        "place": np.flatnonzero(is_own), "year": observations["year"].to_numpy()[is_own],
        "code": correspondence.normalise(observations.loc[is_own, "code"]).to_numpy(),
    })  # fmt: skip
    found = rows_for(own, correspondence).assign(correspondence=correspondence.scheme)
    unknown = coded[is_own & ~coded["place"].isin(found["place"])].assign(
        correspondence=correspondence.scheme
    )
    lines = pd.concat([coded[~is_own], found[list(coded.columns)], unknown])
    return lines.sort_values("place", kind="stable", ignore_index=True)


def rows_for(figures: DataFrame, correspondence: Correspondence) -> DataFrame:
    """The rows of the table for each figure: of its code, and valid in its year.

    Args:
        figures: place, year and code as the table writes it.
        correspondence: The table.
    """
    data = correspondence.data
    rows = data[["code", "iccs", "relation", *SHARES, "tags"]].join(spans(data))
    found = figures.merge(rows, on="code")
    found = found[(found["first"] <= found["year"]) & (found["year"] <= found["last"])]
    has_none = found["iccs"] == ""
    tags = found["tags"].map(lambda text: " ".join(sorted(text.split())) or NOT_APPLICABLE)
    relation = found["relation"].mask(has_none, NOT_APPLICABLE)
    return found.assign(iccs=found["iccs"].mask(has_none, NOT_APPLICABLE), relation=relation, tags=tags)


def _shared(classified: DataFrame, lines: DataFrame) -> DataFrame:
    """The figures times their shares, by interval arithmetic; of an open share there is no value."""
    is_part = (lines[SHARES] != 1).any(axis="columns").to_numpy()
    if not is_part.any():
        return classified
    low, high = lines["share_lower"].to_numpy(), lines["share_upper"].to_numpy()
    lower, upper = classified["lower"].to_numpy(), classified["upper"].to_numpy()
    least = np.minimum(_product(lower, low), _product(lower, high))
    most = np.maximum(_product(upper, low), _product(upper, high))
    is_open = is_part & ~(least == most)
    numbers = {"value": np.where(is_part, least, classified["value"]), "lower": least, "upper": most}
    numbers["value"] = np.where(is_open | classified["value"].isna(), np.nan, numbers["value"])
    became = is_open & (classified["status"] == _EXACT).to_numpy()
    divided = classified.assign(**numbers, status=_put(classified["status"], became, _BOUNDED))
    given = is_open & ~np.isnan(lower)
    return _noted(
        divided, given, [f"part of {_range(*pair)}" for pair in zip(lower[given], upper[given], strict=True)]
    )


def _product(number: "NDArray[Any]", share: "NDArray[Any]") -> "NDArray[Any]":
    """Without an upper bound, no share of it has one, but nothing of it is nothing."""
    with np.errstate(invalid="ignore"):
        return np.where((share == 0) & ~np.isnan(number), 0.0, number * share)


def _range(lower: float, upper: float) -> str:
    return f"{lower:.12g}" if lower == upper else f"{lower:.12g} to {upper:.12g}"


def _with_tags(classified: DataFrame, tags: "Series[str]") -> DataFrame:
    """The figures with Cy as a breakdown, where the row has this tag and the figure says nothing of it."""
    if "cy" in classified:
        is_free = classified["cy"].isin([TOTAL, NOT_APPLICABLE]).to_numpy()
        is_cyber = tags.str.contains(_CYBER).to_numpy() & is_free
        classified = classified.assign(cy=_put(classified["cy"], is_cyber, _IS_CYBER))
    return classified


def _noted(classified: DataFrame, chosen: Flags, texts: list[str]) -> DataFrame:
    """The figures with texts behind the notes of those chosen."""
    if "note" not in classified:
        return classified
    notes = classified["note"].astype(object).to_numpy().copy()
    notes[chosen] = [
        f"{note}; {text}" if note else text for note, text in zip(notes[chosen], texts, strict=True)
    ]
    return classified.assign(note=Series(notes, index=classified.index, dtype="str"))


def _put(column: "Series[Any]", chosen: Flags, code: str) -> "Series[Any]":
    if isinstance(column.dtype, pd.CategoricalDtype) and code not in column.cat.categories:
        column = column.cat.add_categories(code)
    return column.mask(chosen, code)


def _refuse_classified(observations: DataFrame) -> None:
    if "correspondence" in observations and (observations["correspondence"] != NOT_APPLICABLE).any():
        fault = "have been through a correspondence table: what was divided would be divided again."
        raise CallError("observations", fault, "Classify the figures as they were reported.")


def _refuse_others(observations: DataFrame, scheme: str, further: str = "") -> None:
    is_other = (observations["scheme"] != scheme) & ~observations["code"].isin(_NO_CATEGORY)
    counts = observations.loc[is_other.to_numpy(), "scheme"].astype(object).value_counts(dropna=False)
    if not counts.empty:
        named = ", ".join(f"{name} (figures: {count})" for name, count in counts.items())
        fault = f"holds {named}, and there is no table from it to {scheme}."
        remedy = f"Give the items their code of {scheme}."
        if further:
            fault = f"holds {named}, and the table is from {further}."
            remedy = "Classify the figures of each scheme by themselves, with its own table."
        raise ClassificationError("column scheme", fault, remedy)
