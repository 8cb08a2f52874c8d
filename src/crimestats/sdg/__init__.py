"""Indicators of the Sustainable Development Goals, of areas, of regions and of the world."""

from crimestats.sdg.figures import read_figures
from crimestats.sdg.inputs import indicators
from crimestats.sdg.needs import needed
from crimestats.sdg.reporting import report
from crimestats.sdg.sdmx import to_sdmx_csv
from crimestats.sdg.tables import COMPONENTS, POPULATION, rules, table

__all__ = [
    "COMPONENTS",
    "POPULATION",
    "indicators",
    "needed",
    "read_figures",
    "report",
    "rules",
    "table",
    "to_sdmx_csv",
]
