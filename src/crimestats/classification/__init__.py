"""Classifications such as the ICCS, correspondence tables to them, and figures put under them."""

from crimestats.classification.checking import check
from crimestats.classification.comparing import diff
from crimestats.classification.correspondence import Association, Correspondence, schemes
from crimestats.classification.counts import outcome, usage
from crimestats.classification.figures import classify
from crimestats.classification.pivoting import pivot
from crimestats.classification.tree import Category, Classification

__all__ = [
    "Association",
    "Category",
    "Classification",
    "Correspondence",
    "check",
    "classify",
    "diff",
    "outcome",
    "pivot",
    "schemes",
    "usage",
]
