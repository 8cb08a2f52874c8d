"""How far people agree among themselves: Cohen's kappa of each pair, Krippendorff's alpha of all, by level.

A code is compared at a level as far as it goes: it is cut to the level, and one
that ends above it stands as it is. So 05 and 0502 agree at level 1 and differ
at level 2, and level 4 compares the codes as they were decided. "No category"
is a value of its own at every level.
"""

from itertools import combinations

import pandas as pd
from pandas import DataFrame, Series

from crimestats.classification import Classification
from crimestats.coding.decisions import first_opinions

AGREEMENT = ("level", "measure", "coders", "units", "shown", "agreed", "value", "note")
"""units: texts decided by two or more; shown: those of them that nobody decided blind, so that the suggestion
may have raised agreement; agreed: as observed; value: NaN where it is not defined, and note says why."""

NO_CATEGORY = "none"


def agreement(decisions: DataFrame) -> DataFrame:
    """Agreement by level.

    Each coder's first decision on a text counts that was not withdrawn:
    later ones may follow a talk. Resolutions do not count.

    Args:
        decisions: A record (`decisions.read_decisions`).

    Returns:
        `AGREEMENT`: for each level a row of kappa for every pair of coders,
        and one of alpha.
    """
    iccs = Classification.load("iccs")
    opinions = first_opinions(decisions)
    names = dict(zip(opinions["by"], opinions["coder"], strict=True))
    rows = []
    for level in range(1, iccs.depth + 1):
        cut = {code: at_level(code, level, iccs) for code in iccs.codes} | {"": NO_CATEGORY}
        coded = opinions.assign(value=opinions["decided"].map(cut))
        wide = coded.pivot_table(index="unit", columns="by", values="value", aggfunc="first")
        blind = coded.pivot_table(index="unit", columns="by", values="is_blind", aggfunc="first")
        wide, blind = wide.rename(columns=names), blind.rename(columns=names)
        pairs = [list(pair) for pair in combinations(wide.columns, 2)]
        rows += [(level, *_kappa(wide[pair], blind[pair])) for pair in pairs]
        rows.append((level, *_alpha(wide, blind)))
    return DataFrame(rows, columns=list(AGREEMENT))


def at_level(code: str, level: int, iccs: Classification) -> str:
    """The category at a level in which a code lies; a code that ends above stands for itself.

    >>> iccs = Classification.load("iccs")
    >>> at_level("010321", 2, iccs), at_level("01", 2, iccs)
    ('0103', '01')
    """
    path = [*reversed(iccs.ancestors(code)), code]
    return path[min(level, len(path)) - 1]


def krippendorff_alpha(values: DataFrame) -> float:
    """Krippendorff's alpha for nominal data (Krippendorff 2011, section C).

    Args:
        values: A row for each unit, a column for each coder; missing where one did not decide.

    Returns:
        1 for full agreement, 0 for what chance gives. NaN where it is not
        defined: no unit with two values, or one value only.

    >>> values = DataFrame({"Jon": ["a", "b", "b", None], "Han": ["a", "b", "a", "b"]})
    >>> round(krippendorff_alpha(values), 3)
    0.444
    """
    counts = _counts(values)
    made = counts.sum(axis="columns")
    totals = counts.sum()
    n = totals.sum()
    same = (counts * (counts - 1)).sum(axis="columns") / (made - 1)
    expected = (totals * (totals - 1)).sum()
    if n == 0 or expected == n * (n - 1):
        return float("nan")
    return float(1 - (n - 1) * (n - same.sum()) / (n * (n - 1) - expected))


def _kappa(values: DataFrame, blind: DataFrame) -> tuple[str, str, int, int, float, float, str]:
    from sklearn.metrics import cohen_kappa_score

    both = values.dropna()
    first, second = (both[name].to_list() for name in both)
    agreed = float("nan") if both.empty else float((both.iloc[:, 0] == both.iloc[:, 1]).mean())
    note = _undefined(both)
    value = float("nan") if note else float(cohen_kappa_score(first, second))
    return "kappa", ", ".join(map(str, values)), len(both), _shown(both, blind), agreed, value, note


def _alpha(values: DataFrame, blind: DataFrame) -> tuple[str, str, int, int, float, float, str]:
    made = values[values.notna().sum(axis="columns") > 1]
    note = _undefined(made)
    value = float("nan") if note else krippendorff_alpha(made)
    return (
        "alpha",
        ", ".join(map(str, values)),
        len(made),
        _shown(made, blind),
        _pairs_agreed(made),
        value,
        note,
    )


def _undefined(values: DataFrame) -> str:
    used = pd.unique(values.to_numpy().ravel())
    used = used[pd.notna(used)]
    if len(values) == 0:
        return "not defined: no text was decided by two coders"
    return f"not defined: only one category was used ({used[0]})" if len(used) == 1 else ""


def _pairs_agreed(values: DataFrame) -> float:
    """Share of equal pairs of values, each unit counted by its number of values."""
    if values.empty:
        return float("nan")
    counts = _counts(values)
    made = counts.sum(axis="columns")
    same = (counts * (counts - 1)).sum(axis="columns") / (made - 1)
    return float(same.sum() / made.sum())


def _counts(values: DataFrame) -> DataFrame:
    """How often each value (across) was given to each unit (down) that has two or more."""
    long = values.reset_index(drop=True).melt(ignore_index=False).dropna()
    counts = pd.crosstab(long.index, long["value"])
    return counts[counts.sum(axis="columns") > 1]


def _shown(values: DataFrame, blind: DataFrame) -> int:
    """Units of which no decision was blind."""
    is_blind: Series[bool] = (blind.loc[values.index] == "1").any(axis="columns")
    return int((~is_blind).sum())
