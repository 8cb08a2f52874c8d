"""Hidden population: multiple systems estimation from overlapping lists."""

from crimestats.trafficking.hidden.estimating import Estimate, estimate
from crimestats.trafficking.hidden.lists import read_lists

__all__ = ["Estimate", "estimate", "read_lists"]
