"""The plain reading: sums of published cells, and nothing where nothing is published."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.sparse import csr_matrix

from crimestats.disclosure.cells import Flags, Places

if TYPE_CHECKING:
    from crimestats.disclosure.equations import Family


def plain(
    nodes: NDArray[np.int64], families: "list[Family]", sums: DataFrame, matrix: csr_matrix, family: Places,
    there: Flags, at: list[int],
) -> tuple[Flags, Flags, Flags]:  # fmt: skip
    """Nodes and sums of the plain reading, and those of the sums that lack a part that could be.

    The nodes are what is published, and totals of published parts.

    A sum over the sexes or the ages needs all its usual parts, any other as
    many as it needs to be believed. A total that is not published is derived
    where its sum is over the citizens or the sub-forms, or where it is of a
    seldom code itself: the unknown of sex and age is all there is of unknown
    sex. Where a place (columns `at`) uses a seldom code, it is not nought elsewhere.
    """
    parts = (matrix < 0).astype(float)
    entries = (matrix > 0).tocoo()
    head = np.zeros(matrix.shape[0], np.int64)
    head[entries.row] = entries.col
    fewest = np.where(there[head], sums["fewest"].astype("int").to_numpy()[family], 1)
    is_free = np.array([len(each.seldom) == 0 for each in families], bool)
    derives = is_free & (
        (sums["reading"] == "sure").to_numpy() | np.array([each.is_any for each in families])
    )
    of_code = [np.isin(nodes[:, each.column], each.seldom) for each in families]
    is_rest = ~there[head] & np.any([np.zeros(len(nodes), bool), *of_code], axis=0)[head]
    shown = there.copy()
    while True:
        many = parts @ shown.astype(float)
        holds: Flags = (many >= fewest) & (there[head] | derives[family] | is_rest)
        for number, (each, code) in enumerate(zip(families, of_code, strict=True)):
            usual = np.setdiff1d(each.parts, each.seldom)
            is_full = (parts @ (shown & ~code).astype(float)) >= len(usual)
            if len(each.seldom):
                holds &= (family != number) | is_full | is_rest
        more = shown.copy()
        more[head[holds]] = True
        if (more == shown).all():
            is_lacking = ~shown & _used(nodes, families, of_code, there, shown, at)
            return shown, holds, np.asarray(parts @ is_lacking.astype(float)).ravel() > 0
        shown = more


def _used(
    nodes: NDArray[np.int64], families: "list[Family]", of_code: list[Flags], there: Flags, shown: Flags,
    at: list[int],
) -> Flags:  # fmt: skip
    """Nodes that could have a figure: of usual codes, or of seldom ones that their place uses.

    It uses them if it has a figure of the same codes elsewhere, of another
    form say, or one of the seldom code beside a usual one.
    """
    is_used: Flags = ~np.any([np.zeros(len(nodes), bool), *of_code], axis=0)
    columns = sorted({*at, *(family.column for family in families if len(family.seldom))})
    is_used |= _among(nodes[:, columns], shown)
    for number, (family, code) in enumerate(zip(families, of_code, strict=True)):
        others = [each for other, each in enumerate(of_code) if other != number]
        alone = there & code & ~np.any([np.zeros(len(nodes), bool), *others], axis=0)
        is_used |= code & _among(nodes[:, [*at, family.column]], alone)
    return is_used


def _among(keys: NDArray[np.int64], chosen: Flags) -> Flags:
    """Whether the same key is among those chosen."""
    _, number = np.unique(keys, axis=0, return_inverse=True)
    among: Flags = np.isin(number.ravel(), number.ravel()[chosen])
    return among
