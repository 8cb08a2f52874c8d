"""Fixed panels: the areas that have every year."""

import numpy as np

from crimestats.trends.figures import Figures, Integers, sizes_of, starts_of
from crimestats.trends.groups import Ground


def panel(figures: Figures, entering: Ground, window: tuple[int, int] | None) -> Ground:
    """The figures of areas that have one in every year, all of one making.

    An area whose series breaks within the years is not in the panel, since its
    figures cannot be compared: so all years of a panel are one segment.

    Args:
        figures: Rolled up.
        entering: Their figures that may enter a group.
        window: First and last year; all years in which any area has a figure
            of the category and series if None.
    """
    if window is not None:
        year = figures.data["year"].to_numpy()[entering.rows]
        entering = entering.only((year >= window[0]) & (year <= window[1]))
    if not len(entering.rows):
        return entering
    needed = _years(entering) if window is None else np.full(len(entering.rows), window[1] - window[0] + 1)
    making = figures.data["making"].to_numpy()[entering.rows]
    order = np.lexsort([entering.run, entering.area, entering.line])
    starts = starts_of(entering.line[order] * len(figures.areas) + entering.area[order])
    sizes = sizes_of(starts, len(order))
    made = making[order]
    is_one = np.minimum.reduceat(made, starts) == np.maximum.reduceat(made, starts)
    has_all = is_one & (sizes == needed[order][starts])
    chosen = np.empty(len(order), dtype=bool)
    chosen[order] = np.repeat(has_all, sizes)
    return entering.only(chosen)


def _years(entering: Ground) -> Integers:
    """In how many years there is any figure of the line of each."""
    runs = starts_of(entering.run)
    lines = starts_of(entering.line[runs])
    counts = sizes_of(lines, len(runs))
    return np.repeat(counts, np.diff(runs[lines], append=len(entering.run)))
