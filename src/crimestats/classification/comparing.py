"""What changed from one correspondence table to another."""

import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification.correspondence import Correspondence
from crimestats.classification.rows import SHARES, YEARS

_CHANGES = ["code", "valid_from", "valid_to", "change", "before", "after"]
_PERIOD = ["code", "valid_from", "valid_to"]
_ASPECTS = {"titles": "retitled", "targets": "recoded", "weights": "reshared", "tags": "retagged"}


def diff(a: Correspondence, b: Correspondence) -> DataFrame:
    """What changed from one table to another, by code and validity.

    Returns:
        code, valid_from, valid_to (of the new row; of the old one where it is
        gone), change, before and after. Changes: `added`, `gone`,
        `revalidated` (other years), `retitled`, `recoded` (other categories),
        `reshared` (other relation or shares), `retagged`.

    >>> ucr = Correspondence.load("us-ucr")
    >>> len(diff(ucr, ucr))
    0
    """
    old, new = _periods(a), _periods(b)
    both = old.merge(new, on=_PERIOD, how="outer", suffixes=("_old", "_new"), indicator=True)
    left = old[_is_left(old, both, "left_only")].assign(turn=lambda each: each.groupby("code").cumcount())
    right = new[_is_left(new, both, "right_only")].assign(turn=lambda each: each.groupby("code").cumcount())
    moved = left.merge(right, on=["code", "turn"], how="outer", suffixes=("_old", "_new"), indicator="found")
    moved = moved.assign(found=moved["found"].astype("str"))
    pairs = pd.concat([both[both["_merge"] == "both"], _replaced(moved[moved["found"] == "both"])])
    parts = [
        _lone(moved[moved["found"] == "right_only"], "added", "_new"),
        _lone(moved[moved["found"] == "left_only"], "gone", "_old"),
        _revalidated(moved[moved["found"] == "both"]),
        *(_changed(pairs, aspect, change) for aspect, change in _ASPECTS.items()),
    ]
    changes = pd.concat([each for each in parts if len(each)] or [DataFrame(columns=_CHANGES)])
    changes = changes.astype(dict.fromkeys(YEARS, "Int16"))
    return changes.sort_values(["code", *YEARS, "change"], na_position="first", ignore_index=True)[_CHANGES]


def _periods(table: Correspondence) -> DataFrame:
    """One row for each code and validity, with its titles, categories, weights and tags as texts."""
    data = table.data
    numbers = data[SHARES].map(lambda share: "?" if pd.isna(share) else f"{share:.6g}")
    weight = data["iccs"] + " " + data["relation"] + " " + numbers["share_lower"]
    weight = weight + ".." + numbers["share"] + ".." + numbers["share_upper"]
    lines = data[[*_PERIOD, "title", "iccs", "tags"]].assign(weight=weight)
    lines = lines.assign(tagged=(lines["iccs"] + " " + lines["tags"]).where(lines["tags"] != "", ""))
    grouped = lines.groupby(_PERIOD, dropna=False, sort=False)
    return DataFrame({
        "titles": grouped["title"].agg(_joined), "targets": grouped["iccs"].agg(_joined),
        "weights": grouped["weight"].agg(_joined), "tags": grouped["tagged"].agg(_joined),
    }).reset_index()  # fmt: skip


def _joined(texts: "Series[str]") -> str:
    return "; ".join(sorted({text for text in texts if text.strip()}))


def _is_left(periods: DataFrame, both: DataFrame, side: str) -> "Series[bool]":
    lone = pd.MultiIndex.from_frame(both.loc[both["_merge"] == side, _PERIOD])
    return Series(pd.MultiIndex.from_frame(periods[_PERIOD]).isin(lone), index=periods.index)


def _replaced(moved: DataFrame) -> DataFrame:
    """Rows whose years changed, under their new ones."""
    return moved.rename(columns={f"{name}_new": name for name in YEARS})


def _lone(rows: DataFrame, change: str, side: str) -> DataFrame:
    text = (rows[f"targets{side}"] + " (" + rows[f"titles{side}"] + ")").str.strip()
    before, after = ("", text) if side == "_new" else (text, "")
    own = rows[["code"]].assign(**{name: rows[f"{name}{side}"] for name in YEARS})
    return own.assign(change=change, before=before, after=after)


def _revalidated(moved: DataFrame) -> DataFrame:
    texts = {side: _years_text(moved, side) for side in ("_old", "_new")}
    own = moved[["code"]].assign(**{name: moved[f"{name}_new"] for name in YEARS})
    return own.assign(change="revalidated", before=texts["_old"], after=texts["_new"])


def _years_text(rows: DataFrame, side: str) -> "Series[str]":
    first, last = (rows[f"{name}{side}"].astype("str").fillna("open") for name in YEARS)
    return first + " to " + last


def _changed(pairs: DataFrame, aspect: str, change: str) -> DataFrame:
    differ = pairs[f"{aspect}_old"] != pairs[f"{aspect}_new"]
    if change == "reshared":  # other categories have other weights: that is told already
        differ &= pairs["targets_old"] == pairs["targets_new"]
    found = pairs[differ]
    return found[_PERIOD].assign(change=change, before=found[f"{aspect}_old"], after=found[f"{aspect}_new"])
