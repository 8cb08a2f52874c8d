"""Where a figure came from: its areas, observations, category, return, cell, findings and answers."""

from crimestats.tracing.document import LEVELS, SHOWN, Trace
from crimestats.tracing.tracing import MOST, trace

__all__ = ["LEVELS", "MOST", "SHOWN", "Trace", "trace"]
