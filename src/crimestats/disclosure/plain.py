"""The plain reading: sums of published cells, and nothing where nothing can be."""

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
) -> tuple[Flags, Flags]:  # fmt: skip
    """Nodes and sums of the plain reading.

    The nodes are what is published, totals of published parts, and what could
    be though it is not published: girls where women and all females are.

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
        is_full = _full(families, of_code, parts, family, shown) | is_rest
        holds: Flags = (many >= fewest) & (there[head] | derives[family] | is_rest) & is_full
        more = shown.copy()
        more[head[holds]] = True
        if (more == shown).all():
            break
        shown = more
    could_be = shown | _used(nodes, families, of_code, there, shown, at)
    is_full = _full(families, of_code, parts, family, could_be) | is_rest
    is_split = np.array([len(each.seldom) > 0 for each in families], bool)[family]
    is_head = there[head] | derives[family] | is_rest | (is_split & could_be[head])
    return could_be, (many >= fewest) & is_head & is_full


def _full(
    families: "list[Family]", of_code: list[Flags], parts: csr_matrix, family: Places, shown: Flags
) -> Flags:
    """Sums of which all usual parts are among those shown; any sum of a family that has no seldom parts."""
    is_full: Flags = np.ones(len(family), bool)
    for number, (each, code) in enumerate(zip(families, of_code, strict=True)):
        if len(each.seldom):
            usual = np.setdiff1d(each.parts, each.seldom)
            is_full &= (family != number) | (parts @ (shown & ~code).astype(float) >= len(usual))
    return is_full


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
