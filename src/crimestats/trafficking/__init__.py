"""The datasets of a report on trafficking in persons: profiles, flows, sources, the hidden population."""

from crimestats.trafficking import hidden
from crimestats.trafficking.cases import count_cases, read_cases
from crimestats.trafficking.dataset import dataset, left_out
from crimestats.trafficking.findings import findings_of, recoverable_findings
from crimestats.trafficking.flows import flow_lineage, flows
from crimestats.trafficking.matrices import matrix, ranked
from crimestats.trafficking.precedence import combine, compare, used
from crimestats.trafficking.profiles import influences, profile_lineage, profiles
from crimestats.trafficking.sources import read_sources

__all__ = [
    "combine", "compare", "count_cases", "dataset", "findings_of", "flow_lineage", "flows", "hidden",
    "influences", "left_out", "matrix", "profile_lineage", "profiles", "ranked", "read_cases", "read_sources",
    "recoverable_findings", "used",
]  # fmt: skip
