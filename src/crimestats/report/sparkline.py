"""A series as a line of a table's height, on its own scale from nothing, gaps and breaks left open."""

import numpy as np
from pandas import DataFrame

WIDTH, HEIGHT = 96, 20
_EDGE = 2  # pixels that a thick line needs on each side


def sparklines(series: DataFrame, first: int, last: int) -> dict[str, str]:
    """The path of each area, in the coordinates of an SVG element of `WIDTH` by `HEIGHT`.

    Args:
        series: Rows sorted by area and year with area, year, drawn,
            drawn_lower, drawn_upper and run (see `indicators.Indicator`).
        first: The year at the left edge.
        last: The year at the right edge.
    """
    rows = series.loc[
        series["drawn_lower"].notna(), ["area", "year", "drawn", "drawn_lower", "drawn_upper", "run"]
    ]
    highest = rows["drawn_upper"].where(np.isfinite(rows["drawn_upper"]), rows["drawn_lower"])
    scale = highest.groupby(rows["area"]).transform("max").replace(0, 1)
    x = _EDGE + (rows["year"] - first) / max(last - first, 1) * (WIDTH - 2 * _EDGE)
    lower, upper = (
        HEIGHT - _EDGE - values / scale * (HEIGHT - 2 * _EDGE) for values in (rows["drawn_lower"], highest)
    )
    starts = rows["run"].isna() | (rows["run"] != rows["run"].shift())
    alone = starts & (rows["run"] != rows["run"].shift(-1))
    ends = np.where(lower != upper, upper.map("V{:.1f}".format), np.where(alone, "m-1 0h2", ""))
    pieces = [
        f"{'M' if begins else 'L'}{at:.0f} {low:.1f}{end}"
        for at, low, begins, end in zip(x, lower, starts, ends, strict=True)
    ]
    paths = rows.assign(piece=pieces).groupby("area")["piece"].agg("".join)
    return {str(area): path for area, path in paths.items()}
