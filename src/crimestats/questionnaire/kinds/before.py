"""Figures of the last round, and of other sources, in the places of this round's."""

from functools import reduce

import numpy as np
from pandas import DataFrame, Series

from crimestats.frames import BREAKDOWNS, UNKNOWN
from crimestats.questionnaire.kinds.round import ENTERED_BY, Figures, Mask, Round, Rows, spelt

DESCRIBED = ("scheme", "code", "measure", *BREAKDOWNS)
"""What says beside its item what a figure is of: items of two questionnaires may have the same name."""
_ENTERED = "ENTERED"


def previous_figures(wide: Round) -> Figures:
    """Last round's figures in the places of this round's; what stands there more than once as its span.

    A figure of a row in which the sender names a country or city has the place of the row
    that names the same one now, and none where no row does.
    """
    shape, none = wide.wide.place.shape, np.full(wide.wide.place.shape, np.nan)
    table = wide.background.previous
    if table is None or not none.size:
        return Figures(np.full(shape, -1), none, none)
    before = _before(wide, table)
    before = before[before["now"] >= 0]
    where = tuple(before[name].to_numpy(dtype=np.intp) for name in ("unit", "year", "now"))
    lower, upper = none.copy(), none.copy()
    np.fmin.at(lower, where, before["lower"].to_numpy(dtype=np.float64))
    np.fmax.at(upper, where, before["upper"].to_numpy(dtype=np.float64))
    return Figures(np.full(shape, -1), lower, upper)


def names_gone(wide: Round) -> DataFrame:
    """Figures of the last round in rows that named a country or city that no row names now.

    Columns unit, year, column, name, said (as it was written), lower and upper. Left out is
    what may stand in a row whose name is lacking or not known: that row is asked about.
    """
    table = wide.background.previous
    if table is None or not wide.wide.place.size:
        return DataFrame({name: [] for name in ("unit", "year", "column", "name", "said", "lower", "upper")})
    before = _before(wide, table)
    before = before[(before["now"] < 0) & (before["name"] != "") & before["lower"].notna()]
    keys = before["unit"].astype(str) + "|" + before["table"]
    said = wide.names["unit"].astype(str) + "|" + wide.names["table"]
    is_named = (keys + "|" + before["name"]).isin(said + "|" + wide.names["name"])
    spans = before[~is_named & ~(keys + "|" + before["year"].astype(str)).isin(_open(wide))]
    where = ["unit", "year", "column", "name"]
    spans = spans.groupby(where, sort=True).agg(
        said=("said", "first"), lower=("lower", "min"), upper=("upper", "max")
    )
    return spans.reset_index()


def places(wide: Round, table: DataFrame) -> tuple[tuple[Rows, ...], Mask]:
    """Unit, year and item of the rows of a table that have a place in the round, and which rows those are."""
    unit = {str(area): number for number, area in enumerate(wide.areas)}
    year = {int(year): number for number, year in enumerate(wide.years)}
    index = [
        table["area"].astype(str).map(unit).to_numpy(dtype=np.float64),
        table["year"].astype(int).map(year).to_numpy(dtype=np.float64),
        table["item"].astype(str).map(wide.columns).to_numpy(dtype=np.float64),
    ]
    there = np.asarray(~np.isnan(np.stack(index)).any(axis=0))
    there[there] &= _is_of_item(wide, table[there], index[2][there].astype(np.intp))
    return tuple(each[there].astype(np.intp) for each in index), there


def _is_of_item(wide: Round, table: DataFrame, column: Rows) -> Mask:
    """Whether what a table says of its figures beside the item is what the questionnaire says of it."""
    data = wide.definition.data
    own = data.assign(
        code=data["code"].where(data["code"] != "", data["iccs"]), scheme=wide.definition.record["scheme"]
    )
    entered = (data["entry"] != "").to_numpy()[column]
    same = np.ones(len(table), dtype=bool)
    for name in (name for name in DESCRIBED if name in table.columns):
        said = table[name].astype("str").fillna("").to_numpy(dtype=object)
        fits = (said == "") | (said == own[name].to_numpy(dtype=object)[column])
        same &= fits | (entered if name in ENTERED_BY else False)
    return same


def _before(wide: Round, table: DataFrame) -> DataFrame:
    """Last round: unit, year, column, table, lower, upper, name, said, and the column `now` or -1."""
    (unit, year, column), there = places(wide, table)
    own = table[there]
    said = _said_before(wide, own, column)
    before = DataFrame({
        "unit": unit, "year": year, "column": column, "table": wide.row_tables[column],
        "lower": own["lower"].to_numpy(dtype=np.float64), "upper": own["upper"].to_numpy(dtype=np.float64),
        "said": said.fillna("").to_numpy(dtype=object),
    })  # fmt: skip
    is_city = (wide.definition.data["entry"] == "city").to_numpy()[column]
    before["name"] = before["said"].where(~is_city, before["said"].map(spelt))
    before["now"] = np.where(said.isna(), column, _column_now(wide, before))
    return before


def _said_before(wide: Round, table: DataFrame, column: Rows) -> Series:
    """The country or city that each figure was of, empty where unknown; null where none was asked for."""
    entry = wide.definition.data["entry"].to_numpy(dtype=object)[column]
    name = Series(None, index=range(len(table)), dtype=object)
    for each in {"country", "city"} & set(table.columns):
        said, own = table[each].astype("str").fillna(""), entry == each
        name[own] = said.where(~said.isin([UNKNOWN, _ENTERED]), "").to_numpy(dtype=object)[own]
    return name


def _column_now(wide: Round, before: DataFrame) -> Rows:
    """The column of the row that names the same now; where neither of the two rows is known, the same row."""
    said = wide.names
    is_sure = ~wide.apart[said["unit"].to_numpy(dtype=np.intp), said["column"].to_numpy(dtype=np.intp)]
    rows = said[is_sure].drop_duplicates(["unit", "table", "name", "column"])
    rows = rows[~rows.duplicated(["unit", "table", "name"], keep=False)]
    keys = [part["unit"].astype(str) + "|" + part["table"] + "|" + part["name"] for part in (rows, before)]
    now = keys[1].map(dict(zip(keys[0], rows["column"], strict=True))).fillna(-1).to_numpy(dtype=np.intp)
    at = before["unit"].to_numpy(dtype=np.intp), before["column"].to_numpy(dtype=np.intp)
    is_open = ~wide.is_told[at] & ~wide.apart[at]
    column: Rows = np.where(before["name"] != "", now, np.where(is_open, at[1], -1))
    return column


def _open(wide: Round) -> Series:
    """Unit, table and year of the rows that have figures and of which nobody knows what they are of."""
    unit, year, column = np.nonzero(
        wide.wide.known & (wide.definition.data["entry"] != "").to_numpy() & ~wide.is_told[:, None, :]
    )
    parts = [Series(part).astype(str) for part in (unit, wide.row_tables[column], year)]
    return reduce(lambda one, two: one + "|" + two, parts)
