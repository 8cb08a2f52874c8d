"""Trend tables, what each of their figures is made of, and what they say over the years."""

from crimestats.trends.adjusting import level_adjusted, with_adjusted
from crimestats.trends.averages import averages, means
from crimestats.trends.changes import changes
from crimestats.trends.imputed import estimates
from crimestats.trends.jumps import jumps
from crimestats.trends.measures import indicators
from crimestats.trends.origins import conflicts, lineage
from crimestats.trends.stages import attrition, prisons
from crimestats.trends.table import tabulate

__all__ = [
    "attrition",
    "averages",
    "changes",
    "conflicts",
    "estimates",
    "indicators",
    "jumps",
    "level_adjusted",
    "lineage",
    "means",
    "prisons",
    "tabulate",
    "with_adjusted",
]
