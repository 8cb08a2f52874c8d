"""Pictures of trend tables and of flows, drawn offline, each with a text beside."""

from crimestats.report.pictures.choosing import choose
from crimestats.report.pictures.dotted import dots
from crimestats.report.pictures.explaining import explain
from crimestats.report.pictures.flow_maps import flow_map
from crimestats.report.pictures.heatmap import heat_map
from crimestats.report.pictures.maps import map_of
from crimestats.report.pictures.multiples import small_multiples
from crimestats.report.pictures.sankey import sankey
from crimestats.report.pictures.sheet import write
from crimestats.report.pictures.slopes import slope

__all__ = [
    "choose", "dots", "explain", "flow_map", "heat_map", "map_of", "sankey", "slope", "small_multiples",
    "write",
]  # fmt: skip
