"""Returns: workbooks to cells, behind a guard that looks into each file first."""

from crimestats.returns.reading import read, read_round, returns

__all__ = ["read", "read_round", "returns"]
