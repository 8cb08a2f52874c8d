"""Kinds that judge the countries and cities that the sender names in rows of a table."""

from collections.abc import Sequence

import numpy as np

from crimestats import areas
from crimestats.frames import UNKNOWN
from crimestats.questionnaire.kinds.registry import Texts, kind
from crimestats.questionnaire.kinds.round import FAIL, Judgement, Round


@kind("near")
def country(wide: Round, items: Sequence[str]) -> Judgement:
    """A country named in a row is one of the table of spellings.

    One that only a rule of `areas.match` finds, as `3 maliens`, is asked about too: the sender can
    still say what was meant.

    Args:
        wide: The round.
        items: Not read.
    """
    said = wide.named
    said = said[said["entry"] == "country"]
    match = wide.matched.loc[said["raw"]]
    by_rule = match["how"].str.startswith("rule:").to_numpy(dtype=bool)
    unknown = (match["area"] == UNKNOWN).to_numpy() | by_rule
    wrong, few = said[unknown], np.where(by_rule, match["area"], match["candidates"])[unknown]
    asked = [f"Did you mean {' or '.join(each.split(', ')[:3])}?" if each else "" for each in few]
    return Judgement.at(wrong["row"], value=list(wrong["raw"]), near=asked)


@kind("expected")
def named_twice(wide: Round, items: Sequence[str]) -> Judgement:
    """No two rows of a table name the same country or city, however it is spelt.

    Args:
        wide: The round.
        items: Not read.
    """
    said = wide.names
    keys = ["unit", "table", "name"]
    first = said.groupby(keys, sort=False)[["row", "item"]].transform("first")
    twice = (said["item"] != first["item"]).to_numpy(dtype=bool)
    others = first.loc[twice, "row"].to_numpy(dtype=np.intp)
    wrong, raw = said[twice], wide.frame["raw"]
    return Judgement.of(
        np.ones(len(wrong), dtype=bool), np.zeros(len(wrong), dtype=bool),
        wrong["row"].to_numpy(dtype=np.intp), others=others[:, None],
        expected=raw.iloc[others].str.strip().to_numpy(dtype=object),
    )  # fmt: skip


@kind("expected", "other_file")
def named_apart(wide: Round, items: Sequence[str]) -> Judgement:
    """No two returns of a reporting unit name different countries or cities in the same row of a table.

    Such a row is compared with nothing: it is not known what its figures are of.

    Args:
        wide: The round.
        items: Not read.
    """
    found, raw = wide.named_apart, wide.frame["raw"]
    first = found["first"].to_numpy(dtype=np.intp)
    return Judgement(
        found["row"].to_numpy(dtype=np.intp), np.full(len(found), FAIL, dtype=np.int8),
        {"expected": raw.iloc[first].str.strip().to_numpy(dtype=object),
         "other_file": wide.frame["return_id"].iloc[first].astype(str).tolist()},
        others=first[:, None],
    )  # fmt: skip


@kind()
def own_country(wide: Round, items: Sequence[str], *, citizenships: Texts) -> Judgement:
    """The reporting country is not named in a row for other countries.

    Args:
        wide: The round.
        items: Not read.
        citizenships: Codes of the rows that are for citizens of other countries.
    """
    units = areas.areas()
    whole = dict(zip(units["area"], units["part_of"], strict=True))
    said = wide.names
    said = said[said["is_known"]]
    citizenship = wide.definition.data["citizenship"].to_numpy(dtype=object)[said["column"]]
    unit = wide.areas[said["unit"].to_numpy(dtype=np.intp)]
    own = [name in (area, whole.get(area)) for name, area in zip(said["name"], unit, strict=True)]
    wrong = said[np.isin(citizenship, list(citizenships)) & np.array(own, dtype=bool)]
    return Judgement.at(wrong["row"], value=list(wrong["raw"]))


@kind()
def unnamed(wide: Round, items: Sequence[str]) -> Judgement:
    """A row in which the sender names a country or city, and which has figures, has the name too.

    One answer for a row, at its first figure; undecided where that figure is nought.

    Args:
        wide: The round.
        items: Not read.
    """
    columns = np.flatnonzero((wide.definition.data["entry"] != "").to_numpy())
    place, lower, upper = (part[..., columns] for part in wide.wide)
    said = wide.named
    is_named = np.zeros((wide.n_units, len(wide.columns)), dtype=bool)
    is_named[said["unit"].to_numpy(dtype=np.intp), said["column"].to_numpy(dtype=np.intp)] = True
    known = ~np.isnan(lower) & ~is_named[:, None, columns]
    more = known & (upper > 0)
    unit, item = np.nonzero(known.any(axis=1))
    filled = np.where(more.any(axis=1, keepdims=True), more, known)[unit, :, item]
    year = filled.argmax(axis=1) if len(unit) else unit
    fails = upper[unit, year, item] > 0
    return Judgement.of(fails, ~fails, place[unit, year, item])
