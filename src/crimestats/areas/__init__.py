"""Reporting units, their groupings and labels, and the population of each.

A reporting unit is not always a country: the United Kingdom and Iraq return
by parts, and the parts carry codes of their own (`GBR_E_W`, `IRQ_C`).

>>> list(parts()["part"])
['GBR_E_W', 'GBR_NI', 'GBR_S', 'IRQ_C', 'IRQ_KRI']
"""

from crimestats.areas.denominators import population
from crimestats.areas.floor import enough
from crimestats.areas.labels import match, match_sex
from crimestats.areas.units import areas, groupings, name_grouping, parts, regions

__all__ = [
    "areas", "enough", "groupings", "match", "match_sex", "name_grouping", "parts", "population", "regions",
]  # fmt: skip
