"""What an indicator needs: the items of a questionnaire, or the columns of a table of one's own."""

from pandas import DataFrame

from crimestats.frames import TOTAL
from crimestats.sdg.tables import POPULATION, RATIO, Rule, rules_of, table


def needed(indicator: str) -> str:
    """What figures an indicator is made of, and which questionnaire has them.

    Args:
        indicator: Number of the Goals.

    Returns:
        One or two sentences.

    Raises:
        CallError: There is no such indicator.

    >>> needed("16.3.2")
    '16.3.2 needs held_unsentenced and held (questionnaire un-cts-2024).'
    """
    chosen, rows = rules_of(indicator), table()
    rows = rows[(rows["indicator"] == indicator) & (rows["sex"] == TOTAL) & (rows["item"] != POPULATION)]
    if rows.empty:
        return f"No questionnaire has figures of {indicator}: give a CSV. {needed_columns(chosen)}"
    ways = [_items(rows[rows["series"] == rule.title]) for rule in chosen]
    return f"{indicator} needs {'; or '.join(ways)} (questionnaire {rows['questionnaire'].iloc[0]})."


def needed_columns(chosen: list[Rule]) -> str:
    """What a CSV of one's own needs for the series of an indicator."""
    rule = chosen[0]
    said = f"unit (per_cent) or indicator ({rule.indicator})"
    if rule.is_of_residents:
        ways = f"numerator ({rule.counted}), or iccs ({rule.iccs}) and value, a count"
    elif rule.regional == RATIO:
        ways = f"numerator and denominator, or value and weight with {said}"
    else:
        ways = f"numerator and denominator, or value with {said}"
    series = " and series" if len(chosen) > 1 else ""
    return f"{rule.indicator} needs area and year{series}, and {ways}; beside them sex, lower, upper, nature."


def _items(rows: DataFrame) -> str:
    """`held_unsentenced and held`; the share itself first, where a questionnaire asks for it."""
    parts = {str(name): list(items) for name, items in rows.groupby("component", sort=False)["item"]}
    quotient = " and ".join(_short(parts[name]) for name in ("numerator", "denominator") if name in parts)
    return ", or ".join([*parts.get("value", []), *([quotient] if quotient else [])])


def _short(items: list[str]) -> str:
    more = len(items) - 1
    return items[0] + (f" with {more} more of its kind" if more else "")
