"""National offence texts put under the ICCS: suggestions with their probabilities, and people who decide."""

from crimestats.coding.coder import Coder
from crimestats.coding.explaining import explain
from crimestats.coding.storage import load, save
from crimestats.coding.suggesting import suggest
from crimestats.coding.training import train

__all__ = ["Coder", "explain", "load", "save", "suggest", "train"]
