"""Classifications such as the ICCS, and figures put under them."""

from crimestats.classification.figures import classify
from crimestats.classification.tree import Category, Classification

__all__ = ["Category", "Classification", "classify"]
