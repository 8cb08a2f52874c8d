"""Inputs of the indicators of the Sustainable Development Goals, out of reported figures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from crimestats import areas
from crimestats.frames import OBSERVATIONS, TOTAL, UNKNOWN
from crimestats.observations import reconcile
from crimestats.sdg.tables import COMPONENTS, POPULATION, table

_SPEC = ["indicator", "series", "sex", "unit", "times"]
_OWNER = "owner"
_KEY = ["area", "year", _OWNER]
_BOUNDS = ["value", "lower", "upper"]
_RESULT = ["area", "year", "indicator", "series", "sex", *COMPONENTS, "unit", "basis", "note"]
_ADDED = "+"
_SHARE = "per_cent"
_MOST_DECIMALS = 6
_SLACK = 1e-9
_CONFLICTING = "conflicting"

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def indicators(observations: DataFrame, population: DataFrame | None = None) -> DataFrame:
    """The inputs of the indicators, for every area and year with a figure or a mark of one of their items.

    A share that is reported is taken as it is, with the limits of the survey's
    95 per cent interval where both are given; else it is the quotient of
    numerator and denominator, with bounds by interval arithmetic where one of
    them is a range. Where both are given and differ by more than the decimals
    of the reported one explain, the note says so. What cannot be had stays, as
    null, and the note says what is missing.

    Args:
        observations: Reported figures (`frames.OBSERVATIONS`), of one questionnaire or several.
        population: Persons by area, year, sex and age; the shipped table where not given.

    Returns:
        `area`, `year`, `indicator`, `series`, `sex`, `numerator`, `denominator`,
        `value`, `lower`, `upper` (null where it is not known), `unit`
        (`per_cent`, `per_100000`), `basis` (`reported`, `computed`; empty
        without a figure) and `note`; in the order of area, year and of the table.

    Raises:
        CallError: The observations are not what `observe` returns.

    >>> import crimestats as cs
    >>> from crimestats.files import shipped
    >>> definition = cs.Questionnaire.load("un-cts-2024")
    >>> cells = cs.read(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), definition)
    >>> observations = cs.observe(cells, cs.validate(cells, definition))
    >>> killed = indicators(observations).query("indicator == '16.1.1' and sex == '_T' and year == 2022")
    >>> killed[["numerator", "denominator", "basis"]].to_numpy().tolist()
    [[36.0, 919422.0, 'computed']]
    >>> round(killed["value"].item(), 2)
    3.92
    """
    return inputs(observations, population)[_RESULT]


def inputs(observations: DataFrame, population: DataFrame | None = None) -> DataFrame:
    """What `indicators` returns, with the bounds and the statuses that it rests on.

    Args:
        observations: As for `indicators`.
        population: As for `indicators`.

    Returns:
        Its columns, and `numerator_lower`, `numerator_upper`, `denominator_lower`,
        `denominator_upper`, and `owner`, the return where the area is unknown.
    """
    figures = _figures(OBSERVATIONS.check(observations))
    rows = _asked(figures)
    parts = {name: _part(rows, name, figures, population) for name in COMPONENTS}
    computed = _quotient(rows, parts)
    result = _chosen(parts, computed)
    notes = _notes(rows, parts, computed)
    numbers = {
        f"{name}{end}": parts[name][column].to_numpy()
        for name in COMPONENTS[:2]
        for end, column in (("", "value"), ("_lower", "lower"), ("_upper", "upper"))
    }
    return rows.drop(columns=list(COMPONENTS)).assign(**numbers, **result, note=notes)


def _specs() -> DataFrame:
    """One row an indicator, series and sex, with the items of each component, `+` between."""
    data = table()
    wide = data.pivot_table(index=_SPEC, columns="component", values="item", aggfunc=_ADDED.join)
    order = data[_SPEC].drop_duplicates()
    return order.merge(wide.reindex(columns=list(COMPONENTS)).fillna("").reset_index(), on=_SPEC)


def _figures(observations: DataFrame) -> DataFrame:
    """The figures of the items concerned, each once; what several returns give differently is in conflict."""
    is_meant = observations["item"].isin(table()["item"]).to_numpy()
    figures = observations.loc[is_meant].reset_index(drop=True)
    owner = figures["return_id"].astype("str").where(figures["area"].astype("str") == UNKNOWN, "")
    figures = figures.assign(**{_OWNER: owner.astype("category")})
    settled = reconcile(figures, [*_KEY, "item"])
    texts = dict.fromkeys(["area", _OWNER, "item", "status"], "str")
    return settled[[*_KEY, "item", "value", "lower", "upper", "status"]].astype(texts)


def _asked(figures: DataFrame) -> DataFrame:
    """Area, year and indicator, where a figure or a mark of one of the indicator's own items is there."""
    specs = _specs()
    long = table()[[*_SPEC, "item"]]
    found = figures[[*_KEY, "item"]].merge(long, on="item")[[*_KEY, *_SPEC]].drop_duplicates()
    found = found.merge(specs.assign(place=np.arange(len(specs))), on=_SPEC)
    return found.sort_values([*_KEY, "place"], ignore_index=True)


def _part(rows: DataFrame, name: str, figures: DataFrame, population: DataFrame | None) -> DataFrame:
    """Item, value, bounds and status of a component, row by row; status empty where nothing was reported.

    A component of several items is their sum where all of them have a figure; else the item and
    the status are those of the first that has none.
    """
    wanted = rows[[*_KEY, "sex"]].assign(item=rows[name].str.split(_ADDED), row=np.arange(len(rows)))
    found = wanted.explode("item").astype({"item": "str"}).merge(figures, on=[*_KEY, "item"], how="left")
    found["status"] = found["status"].fillna("")
    is_population = (found["item"] == POPULATION).to_numpy()
    if is_population.any():
        persons = residents(found, areas.population() if population is None else population)
        for column in _BOUNDS:
            found[column] = found[column].mask(is_population, persons)
    return _added(found)


def _added(found: DataFrame) -> DataFrame:
    """One row a component, out of its items."""
    merit = np.select([found["lower"].isna(), found["status"] == _CONFLICTING], [0, 1], 2)
    first = found.assign(merit=merit).sort_values(["row", "merit"], kind="stable").drop_duplicates("row")
    sums = found[_BOUNDS].isna().groupby(found["row"]).any()
    numbers = found.groupby("row")[_BOUNDS].sum().mask(sums)
    kept = first.set_index("row")[["item", "status"]].join(numbers)
    return kept.reset_index(drop=True)[["item", *_BOUNDS, "status"]]


def residents(rows: DataFrame, population: DataFrame) -> "Series[float]":
    """Residents of the area, year and sex of each row; null where the table has none."""
    held = all_ages(population)
    found = rows[["area", "year", "sex"]].merge(held, on=["area", "year", "sex"], how="left")
    return found["population"].set_axis(rows.index)


def all_ages(population: DataFrame) -> DataFrame:
    """Residents of all ages and citizenships: area, year, sex and population."""
    is_total = population["population"] > 0
    for name in ("age", "citizenship"):
        is_total &= population[name] == TOTAL if name in population else True
    kept = population.loc[is_total, ["area", "year", "sex", "population"]]
    return kept.astype({"area": "str", "sex": "str", "year": "int64"})


def _quotient(rows: DataFrame, parts: dict[str, DataFrame]) -> dict[str, Numbers]:
    """Numerator by denominator, times what the table says; a range of shares ends at 100."""
    above, below = (parts[name][["value", "lower", "upper"]].to_numpy().T for name in COMPONENTS[:2])
    times = rows["times"].to_numpy()
    is_nought = below[2] <= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        value, lower, upper = (
            np.where(is_nought, np.nan, times * (top / bottom))
            for top, bottom in zip(above, (below[0], below[2], below[1]), strict=True)
        )
    is_known = ~np.isnan(above[1]) & ~np.isnan(below[1]) & ~is_nought
    upper = np.where(is_known & np.isnan(upper), np.inf, upper)
    is_share = (rows["unit"] == _SHARE).to_numpy()
    upper = np.where(is_share & (lower <= 100) & np.isnan(value), np.minimum(upper, 100), upper)
    return {"value": value, "lower": np.where(is_known, lower, np.nan), "upper": upper}


def _chosen(parts: dict[str, DataFrame], computed: dict[str, Numbers]) -> dict[str, Any]:
    """Value, bounds and basis: an exact share as reported, else the quotient, else a range as reported."""
    given = {name: parts["value"][name].to_numpy() for name in ("value", "lower", "upper")}
    is_reported = ~np.isnan(given["value"])
    is_computed = ~is_reported & ~np.isnan(computed["lower"])
    is_range = ~is_reported & ~is_computed & ~np.isnan(given["lower"])
    limits = is_reported & _has_limits(parts)
    result: dict[str, Any] = {
        name: np.select([is_reported | is_range, is_computed], [given[name], computed[name]], np.nan)
        for name in given
    }
    for name in ("lower", "upper"):
        result[name] = np.where(limits, parts[name]["value"].to_numpy(), result[name])
    return {**result, "basis": np.select([is_reported | is_range, is_computed], ["reported", "computed"], "")}


def _has_limits(parts: dict[str, DataFrame]) -> Flags:
    """Where both limits are given as numbers and the share lies between them."""
    value, lower, upper = (parts[name]["value"].to_numpy() for name in COMPONENTS[2:])
    has: Flags = (lower <= value) & (value <= upper)
    return has


def _notes(rows: DataFrame, parts: dict[str, DataFrame], computed: dict[str, Numbers]) -> list[str]:
    """What has to be known of each row, `; ` between."""
    share = parts["value"]
    is_share = (rows["unit"] == _SHARE).to_numpy()
    is_above = is_share & (parts["numerator"]["lower"] > parts["denominator"]["upper"]).to_numpy()
    said = [
        *(_missing(parts[name]) for name in COMPONENTS[:2]),
        np.where(np.isnan(computed["lower"]) | (share["status"] == _CONFLICTING), _missing(share), ""),
        np.where(parts["denominator"]["upper"] <= 0, "the denominator is nought", ""),
        np.where(is_above, "the numerator is above the denominator", ""),
        *_beyond(is_share, parts),
        _differing(share, computed),
        _of_limits(parts),
    ]
    joined = Series("", index=rows.index, dtype="str")
    for each in said:
        column = Series(each, index=rows.index, dtype="str")
        joined = joined.where((joined == "") | (column == ""), joined + "; ") + column
    return list(joined)


def _beyond(is_share: Flags, parts: dict[str, DataFrame]) -> list[NDArray[Any]]:
    """Which reported shares, and which limits that stand beside them, are above the whole."""
    is_limit = _has_limits(parts) & ~np.isnan(parts["value"]["value"].to_numpy())
    said = (("value", "share", is_share), ("upper", "upper limit", is_share & is_limit))
    return [
        np.where(taken & (parts[name]["lower"] > 100).to_numpy(), f"the reported {each} is above 100", "")
        for name, each, taken in said
    ]


def _missing(part: DataFrame) -> NDArray[Any]:
    """`no figure of held (not_available)`, or that returns differ on it; nothing where there is no item."""
    status = part["status"].mask(part["status"] == "", "not reported")
    status = status.mask(part["item"] == POPULATION, "not in the table")
    is_asked = part["item"] != ""
    texts: NDArray[Any] = np.select(
        [is_asked & (part["status"] == _CONFLICTING), is_asked & part["lower"].isna()],
        ["returns differ on " + part["item"], "no figure of " + part["item"] + " (" + status + ")"],
        "",
    )
    return texts


def _of_limits(parts: dict[str, DataFrame]) -> NDArray[Any]:
    """Which bounds stand beside a reported share."""
    is_given = parts["lower"]["lower"].notna() | parts["upper"]["lower"].notna()
    is_given &= parts["value"]["lower"].notna()
    taken, left = "bounds are the survey's 95 per cent limits", "the survey's 95 per cent limits are left out"
    texts: NDArray[Any] = np.select(
        [_has_limits(parts), is_given], [taken, f"{left}: not both are given around the value"], ""
    )
    return texts


def _differing(share: DataFrame, computed: dict[str, Numbers]) -> NDArray[Any]:
    """`reported 2, but 3.5 is computed`, where its decimals do not explain the difference."""
    given, lower, upper = share[["value", "lower", "upper"]].to_numpy().T
    slack = _last_decimal(given) / 2 + _SLACK
    differs = (upper + slack < computed["lower"]) | (lower - slack > computed["upper"])
    texts = np.full(len(share), "", dtype=object)
    pairs = ((lower, upper), (computed["lower"], computed["upper"]))
    one, other = (map(_range, *(bound[differs] for bound in pair)) for pair in pairs)
    texts[differs] = [
        f"reported {ours}, but {theirs} is computed" for ours, theirs in zip(one, other, strict=True)
    ]
    return texts


def _range(lower: float, upper: float) -> str:
    return f"{lower:.6g}" if lower == upper else f"{lower:.6g} to {upper:.6g}"


def _last_decimal(values: Numbers) -> Numbers:
    """The unit of the last decimal that a number is written with."""
    unit = np.full(len(values), 10.0**-_MOST_DECIMALS)
    for decimals in reversed(range(_MOST_DECIMALS)):
        is_so_written = np.isclose(values, np.round(values, decimals), rtol=0, atol=_SLACK)
        unit = np.where(is_so_written, 10.0**-decimals, unit)
    return unit
