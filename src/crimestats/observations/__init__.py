"""Reported figures: what the returns of a round say, area by area, item by item, year by year."""

from crimestats.observations.breaking import EARLIEST, UNBROKEN, breaks, last_break
from crimestats.observations.observing import join_ids, observe, rank, reconcile

__all__ = ["EARLIEST", "UNBROKEN", "breaks", "join_ids", "last_break", "observe", "rank", "reconcile"]
