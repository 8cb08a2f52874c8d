"""Trend tables, and what each of their figures is made of."""

from crimestats.trends.measures import indicators
from crimestats.trends.origins import conflicts, lineage
from crimestats.trends.table import tabulate

__all__ = ["conflicts", "indicators", "lineage", "tabulate"]
