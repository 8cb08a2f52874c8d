"""Whether a table and a model carry an estimate, and if not, why, in words.

Two things can fail once terms whose lists share nobody are at minus infinity
(Chan, Silverman and Vincent 2021, section 2): the histories that are left may
not tell the parameters apart (the rank of the design), and the likelihood may
have no maximum, which is so exactly if no table with persons in every history
has the same margins (Fienberg and Rinaldo 2012): a linear programme.
"""

import numpy as np

from crimestats.trafficking.hidden.designs import Bools, Counts, Design, Floats, name_of
from crimestats.trafficking.hidden.fitting import impossible
from crimestats.trafficking.hidden.lists import Overlaps

LEAST = 1e-6
"""Persons in the emptiest history that tell a maximum inside from one on the border."""


def reason_against(of: Design, table: Overlaps, model: Bools) -> str:
    """Why the model carries no estimate for the table; empty if it carries one."""
    counts = table.counts.astype(float)
    absent, possible = (each[0] for each in impossible(of, counts[None, :], model[None, :]))
    design = of.matrix[possible][:, model & ~absent]
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return _unidentified(of, table, absent, design)
    if not has_maximum(design, counts[possible].astype(np.int64)):
        return _unbounded(table)
    return ""


def has_maximum(design: Floats, counts: Counts) -> bool:
    """Whether the likelihood has a maximum: some table without an empty history has the same margins.

    Args:
        design: Histories that are possible by finite terms.
        counts: Persons of these histories.

    >>> import numpy as np
    >>> has_maximum(np.array([[1.0, 1, 0], [1, 0, 1], [1, 1, 1]]), np.array([40, 30, 6]))
    True
    >>> has_maximum(np.array([[1.0, 1, 0], [1, 0, 1], [1, 1, 1]]), np.array([40, 30, 0]))
    False
    """
    from scipy.optimize import linprog

    histories, terms = design.shape
    equal = np.hstack([design.T, np.zeros((terms, 1))])
    below = np.hstack([-np.eye(histories), np.ones((histories, 1))])
    aim = np.zeros(histories + 1)
    aim[-1] = -1.0
    bounds = [(0, None)] * histories + [(None, 1)]
    solved = linprog(
        aim,
        A_ub=below,
        b_ub=np.zeros(histories),
        A_eq=equal,
        b_eq=design.T @ counts,
        bounds=bounds,
        method="highs",
    )
    return bool(solved.status == 0 and -solved.fun > LEAST)


def _unidentified(of: Design, table: Overlaps, absent: Bools, design: Floats) -> str:
    histories, terms = design.shape
    gone = ", ".join(name_of(int(term), table.labels) for term in of.terms[absent & (of.sizes > 1)])
    because = f"nobody is on the lists of {gone} together, and " if gone else ""
    return (
        f"The parameters cannot be told apart: {because}{histories} capture histories are left for"
        f" {terms} parameters."
    )


def _unbounded(table: Overlaps) -> str:
    shared = table.shared - np.diag(np.diag(table.shared))
    alone = [label for label, row in zip(table.labels, shared, strict=True) if row.sum() == 0]
    if len(alone) == 1:
        lists = f": list {alone[0]} shares nobody with another list"
    else:
        lists = f": lists {', '.join(alone)} share nobody with another list" if alone else ""
    return f"The likelihood has no maximum; the number on no list can be as large as one likes{lists}."
