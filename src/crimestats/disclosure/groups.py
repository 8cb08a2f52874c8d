"""Regions and years as linked tables: the sums of groups that a table has figures of."""

from pandas import DataFrame, Series

from crimestats.areas import groupings as members_of

GROUPINGS = ("m49", "glotip")
_SURE = {"where": "", "reading": "sure", "fewest": "2", "crossed": "no", "never": "", "seldom": ""}


def group_sums(area: "Series[str]", groupings: tuple[str, ...] = GROUPINGS) -> DataFrame:
    """The sums over the members of each group that stands among the areas.

    A group whose figures are given is the sum of the groups within it that are
    given too, and of its other members. All members named must be there for
    the sum to be sure; else the total is at least their sum, and likely it.
    Rows without an area (`SAM`, `SAF` of the published file, area `_U`) are in
    no sum: they do not add up.

    Args:
        area: Codes of countries and groups, as in `area` of the figures.
        groupings: Whose groups (`areas.groupings`).

    Returns:
        Rows as `equations.equations` has them; none where no group is given.
    """
    there = {*area.unique()}
    rows = [row for name in groupings for row in _of_grouping(name, there)]
    columns = ["equation", "column", "total", "parts", "words", *_SURE]
    return DataFrame(rows, columns=columns, dtype="str")


def year_sum(total: str) -> DataFrame:
    """The sum over all years of a table, where `total` is what stands as their year."""
    words = {
        "equation": "years",
        "column": "year",
        "total": total,
        "parts": "*",
        "words": "the sum over the years",
    }
    return DataFrame([words | _SURE], dtype="str")


def _of_grouping(name: str, there: set[str]) -> list[dict[str, str]]:
    table = members_of(name)
    groups = {
        str(code): frozenset(each["area"].astype("str"))
        for code, each in table[table["code"].isin(there)].groupby("code")
    }
    return [
        _SURE | {
            "equation": f"{name}_{code}", "column": "area", "total": code,
            "parts": " ".join(sorted(_parts(code, groups))), "words": f"the sum over the members of {code}",
        }
        for code in sorted(groups)
    ]  # fmt: skip


def _parts(code: str, groups: dict[str, frozenset[str]]) -> set[str]:
    """The largest groups within a group, and its members outside of them."""
    within = {other for other, members in groups.items() if members < groups[code]}
    largest = {one for one in within if not any(groups[one] < groups[other] for other in within)}
    return largest | (groups[code] - frozenset().union(*(groups[each] for each in largest)))
