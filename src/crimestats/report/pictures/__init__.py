"""Pictures of trend tables, drawn offline, each with a text beside: small multiples, slopes, dots, a map."""

from crimestats.report.pictures.choosing import choose
from crimestats.report.pictures.dotted import dots
from crimestats.report.pictures.explaining import explain
from crimestats.report.pictures.maps import map_of
from crimestats.report.pictures.multiples import small_multiples
from crimestats.report.pictures.sheet import write
from crimestats.report.pictures.slopes import slope

__all__ = ["choose", "dots", "explain", "map_of", "slope", "small_multiples", "write"]
