"""The figures of areas as they were reported, one for each area, series, category and year."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Index, Series

from crimestats.trends import eras
from crimestats.trends.encoding import Encoded, places
from crimestats.trends.figures import (
    MIXED,
    NUMBERS,
    ORIGINS,
    YES,
    Figures,
    Flags,
    Integers,
    place_of,
    sizes_of,
    starts_of,
)
from crimestats.trends.settling import Settled, making_of, settle


def reported(encoded: Encoded, rows: Integers) -> tuple[Figures, DataFrame]:
    """The figures of a block of rows, in the order of area, series, category and year.

    Args:
        encoded: All rows.
        rows: Those of the block.

    Returns:
        The figures, and those that are given differently in several places:
        figure, and lower and upper of another place.
    """
    empty = Figures(
        data=DataFrame(), parts=_empty("figure", "part"), cells=DataFrame(),
        conflicts=DataFrame(columns=["figure", "along", "lower", "upper", "finding_id"]),
        findings=Series(dtype="str"), areas=encoded.areas, codes=encoded.codes, statuses=encoded.statuses,
        series=encoded.series, origins=encoded.origins,
    )  # fmt: skip
    table, row = _numbered(encoded, rows, empty)
    starts = starts_of(table["key"].to_numpy())
    figure = np.repeat(np.arange(len(starts)), sizes_of(starts, len(table)))
    data = table.take(starts).reset_index(drop=True)
    cells = DataFrame({"figure": figure, "row": row, "weight": 1.0})
    findings = _findings(encoded, row, figure)
    apart = DataFrame(columns=["figure", "lower", "upper"])
    needs = _needing(encoded, row, starts)
    if needs.any():
        told = DataFrame(
            {"row": row, **{name: table[name].to_numpy() for name in ("key", "making", *ORIGINS)}}
        )
        is_additive = encoded.series["is_additive"].to_numpy()[table["series"]]
        yes = place_of(YES, encoded.origins[ORIGINS[-1]])
        settled = settle(told[needs], encoded.classified, is_additive[needs], yes)
        data, cells, findings, apart = _with_settled(data, cells[~needs], findings, settled, encoded)
    figures = _replaced(empty, data.drop(columns="key"), cells, findings)
    return eras.divided(figures), apart


def _numbered(encoded: Encoded, rows: Integers, empty: Figures) -> tuple[DataFrame, Integers]:
    """The rows as numbers, sorted, and their places in `Classified`; equal keys are of one figure."""
    classified = encoded.classified
    keys = DataFrame({
        "area": encoded.area[rows], "series": encoded.number[rows], "iccs": encoded.iccs[rows],
        "year": classified["year"].to_numpy()[rows],
    })  # fmt: skip
    key = empty.key(keys)
    order = np.argsort(key, kind="stable")
    row = rows[order].astype(np.int64)
    columns = {str(name): column.to_numpy()[order] for name, column in keys.items()}
    columns |= {name: classified[name].to_numpy()[row] for name in NUMBERS}
    texts: dict[str, Index[str]] = {"status": encoded.statuses, **encoded.origins}
    columns |= {name: places(classified[name].take(row), index) for name, index in texts.items()}
    needed = ["segment", "correspondence", "code", "tags", "share_lower", "share", "share_upper"]
    making = making_of(classified[needed].take(row))
    same = {"grouping": np.zeros(len(row), dtype=np.int16), "basis": np.zeros(len(row), dtype=np.int8)}
    return DataFrame({"key": key[order], **columns, **same, "making": making}, copy=False), row


def _needing(encoded: Encoded, row: Integers, starts: Integers) -> Flags:
    """Rows that share their figure with others, or have a part of a national code."""
    sizes = sizes_of(starts, len(row))
    is_part: Flags = encoded.classified["share"].to_numpy()[row] != 1
    return np.repeat(sizes > 1, sizes) | is_part


def _findings(encoded: Encoded, row: Integers, figure: Integers) -> "Series[str]":
    """The ids of findings, of those figures that have any."""
    texts = encoded.classified["findings"].take(row)
    flagged = np.flatnonzero((texts != "").to_numpy())
    return texts.take(flagged).set_axis(figure[flagged]).astype("str")


def _with_settled(
    data: DataFrame, cells: DataFrame, findings: "Series[str]", settled: Settled, encoded: Encoded
) -> tuple[DataFrame, DataFrame, "Series[str]", DataFrame]:
    """The figures with those that several rows gave as they were settled."""
    keys, found = data["key"].to_numpy(), settled.figures
    where = np.searchsorted(keys, found["key"])
    mixed = {name: place_of(MIXED, texts) for name, texts in encoded.origins.items()}
    codes = {name: found[name].where(found[name] >= 0, mixed[name]) for name in ORIGINS}
    found = found.assign(status=encoded.statuses.get_indexer(Index(found["status"])), **codes)
    data = data.copy()
    for name in (*NUMBERS, "status", "basis", "making", *ORIGINS):
        column = data[name].to_numpy().copy()
        column[where] = found[name].to_numpy()
        data[name] = column
    own = settled.cells.assign(figure=np.searchsorted(keys, settled.cells["key"]))
    cells = pd.concat([cells, own[["figure", "row", "weight"]]]).sort_values(
        "figure", kind="stable", ignore_index=True
    )
    texts = found["findings"].set_axis(where)
    findings = pd.concat([findings[~findings.index.isin(where)], texts[texts != ""]])
    apart = settled.apart.assign(figure=np.searchsorted(keys, settled.apart["key"]))
    return data, cells, findings, apart[["figure", "lower", "upper"]]


def _replaced(empty: Figures, data: DataFrame, cells: DataFrame, findings: "Series[str]") -> Figures:
    return Figures(
        data=data, parts=empty.parts, cells=cells, conflicts=empty.conflicts, findings=findings,
        areas=empty.areas, codes=empty.codes, statuses=empty.statuses, series=empty.series,
        origins=empty.origins,
    )  # fmt: skip


def _empty(*columns: str) -> DataFrame:
    return DataFrame({name: np.empty(0, dtype=np.int64) for name in columns})
