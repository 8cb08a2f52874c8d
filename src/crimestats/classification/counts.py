"""What became of the codes of a scheme: which were used, which the table does not know."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Index, Series

from crimestats.classification.correspondence import Correspondence
from crimestats.classification.figures import rows_for
from crimestats.classification.rows import SHARES
from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL, UNKNOWN

_KIND = ["measure", "unit", "stage", "source"]
_SUMMED = {"number", NOT_APPLICABLE}  # units; a per cent is not
_STATES = ("used", "no category", "unknown")
_NOT_VALID = "not valid"

Flags = NDArray[np.bool_]


def usage(classified: DataFrame, correspondence: Correspondence) -> DataFrame:
    """What became of each national code: what the figures have, and what the table has.

    Args:
        classified: What `classify` gave with the table (`frames.CLASSIFIED`).
        correspondence: The table.

    Returns:
        One row for each code met or in the table, met ones first: code (as the
        table writes it, or as reported where it is unknown), title, iccs (all
        its categories, blanks between), state (`used`, `no category`,
        `unknown`, `unused`, and `not valid in` with the years), n_figures, and
        value: what was reported under the code, over all areas and years; null
        where it cannot be summed (several measures, units, stages or sources,
        no totals of the breakdowns, or a figure between bounds).
    """
    figures = _reported(classified, correspondence)
    data = correspondence.data
    titles = data.drop_duplicates("code").set_index("code")["title"]
    targets = data.groupby("code", sort=False)["iccs"].agg(lambda each: " ".join(dict.fromkeys(each)).strip())
    met = figures.groupby("code").agg(n_figures=("weight", "sum"), value=("value", _sum))
    met["value"] = met["value"].where(~figures.groupby("code")["is_bounded"].any())
    met = met.assign(state=figures.groupby("code")[["year", "state"]].apply(_state))
    codes = Index([*met.index, *titles.index[~titles.index.isin(met.index)]], name="code")
    table = met.reindex(codes).assign(title=titles.reindex(codes), iccs=targets.reindex(codes)).reset_index()
    table = table.fillna({"title": "", "iccs": UNKNOWN, "state": "unused", "n_figures": 0})
    table = table.assign(n_figures=table["n_figures"].round().astype("int64"))
    return table[["code", "title", "iccs", "state", "n_figures", "value"]]


def outcome(classified: DataFrame, correspondence: Correspondence) -> dict[str, int]:
    """How many figures were classified and how many not, and why.

    Args:
        classified: What `classify` gave with the table (`frames.CLASSIFIED`).
        correspondence: The table.

    Returns:
        figures (as they were reported), classified, divided (of these, over
        several categories), no_category, unknown, not_valid (the table has the
        code, but not for the year), no_value (whatever their code: missing, or
        not to be read), unused (codes of the table).
    """
    reported = _reported(classified, correspondence)
    weights = reported.groupby("state")["weight"].sum()
    coded = classified.loc[(classified["correspondence"] != correspondence.scheme).to_numpy(), "iccs"].astype(
        "str"
    )
    n_none, n_unknown = ((coded == code).sum() for code in (NOT_APPLICABLE, UNKNOWN))
    counts = {
        "classified": len(coded) - n_none - n_unknown + weights.get("used", 0.0),
        "divided": reported.loc[reported["is_part"], "weight"].sum(),
        "no_category": n_none + weights.get("no category", 0.0),
        "unknown": n_unknown + weights.get("unknown", 0.0),
        "not_valid": weights.get(_NOT_VALID, 0.0),
    }
    unused = set(correspondence.data["code"]) - set(reported["code"])
    figures = len(coded) + reported["weight"].sum()
    return {
        "figures": round(figures),
        **{name: round(count) for name, count in counts.items()},
        "no_value": _without_value(classified),
        "unused": len(unused),
    }


def _without_value(classified: DataFrame) -> int:
    """Figures as they were reported that have neither value nor bounds."""
    empty = classified[classified["lower"].isna() & classified["upper"].isna() & classified["value"].isna()]
    place = [name for name in ("return_id", "sheet", "cell") if name in empty]
    return len(empty.drop_duplicates(place)) if place else len(empty)


def _reported(classified: DataFrame, correspondence: Correspondence) -> DataFrame:
    """Figures of the table: code, year, is_part, state, weight (one figure together), value as reported."""
    own = classified[(classified["correspondence"] == correspondence.scheme).to_numpy()]
    codes = correspondence.normalise(own["code"]).to_numpy()
    pairs = DataFrame({"code": codes, "year": own["year"].to_numpy()})
    rows = rows_for(pairs.drop_duplicates().assign(place=0), correspondence)
    counts = (
        rows.assign(is_some=rows["share_upper"] > 0).groupby(["code", "year"])["is_some"].agg(["size", "sum"])
    )
    counts = counts.reindex(pd.MultiIndex.from_frame(pairs)).fillna(1)
    is_unknown = codes == UNKNOWN
    is_whole = (own[SHARES] == 1).all(axis="columns").to_numpy()
    upper = own["upper"].to_numpy() / own["share_upper"].where(own["share_upper"] > 0).to_numpy()
    value = np.where(is_whole, own["value"], upper / counts["sum"].to_numpy())
    state = np.select(
        [~is_whole, is_unknown, own["iccs"] == UNKNOWN, own["iccs"] == NOT_APPLICABLE],
        ["used", "unknown", _NOT_VALID, "no category"], "used",
    )  # fmt: skip
    return pairs.assign(
        is_part=~is_whole, code=np.where(is_unknown, own["code"].astype(object), codes), state=state,
        is_bounded=_are_bounded(own), weight=1 / counts["size"].to_numpy(),
        value=np.where(_is_summed(own, codes), value, np.nan),
    )  # fmt: skip


def _are_bounded(own: DataFrame) -> Flags:
    """Figures that were reported between bounds: a sum of their upper ones would be no figure."""
    is_whole = (own[SHARES] == 1).all(axis="columns").to_numpy()
    between = (
        own["note"].astype("str").str.contains(r"part of \S+ to ").to_numpy() if "note" in own else False
    )
    return np.where(is_whole, own["value"].isna() & own["lower"].notna(), between).astype(bool)


def _is_summed(own: DataFrame, codes: "NDArray[Any]") -> Flags:
    """Totals of the breakdowns, of codes whose totals all count the same."""
    is_total = np.ones(len(own), dtype=bool)
    for name in BREAKDOWNS:
        if name in own and name != "cy":  # a tag of the table makes it a breakdown of its own
            is_total &= (own[name] == TOTAL).to_numpy()
    kinds = (
        own[[name for name in _KIND if name in own]]
        .astype("str")
        .assign(code=codes)[is_total]
        .drop_duplicates()
    )
    several = kinds.loc[kinds["code"].duplicated(), "code"]
    rates = kinds.loc[~kinds["unit"].isin(_SUMMED), "code"] if "unit" in kinds else several
    return is_total & ~np.isin(codes, [*several, *rates])


def _sum(values: "Series[float]") -> float:
    return float(values.sum(min_count=1))


def _state(lines: DataFrame) -> str:
    states = set(lines["state"])
    held = [each for each in _STATES if each in states][:1]
    years = sorted(set(lines.loc[lines["state"] == _NOT_VALID, "year"]))
    return ", ".join([*held, *([f"not valid in {' '.join(map(str, years))}"] if years else [])])
