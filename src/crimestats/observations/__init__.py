"""Reported figures: what the returns of a round say, area by area, item by item, year by year."""

from crimestats.observations.observing import breaks, join_ids, observe, rank, reconcile

__all__ = ["breaks", "join_ids", "observe", "rank", "reconcile"]
