"""The store: what is known of findings over the rounds, and what was answered and decided."""

from crimestats.store.catalogue import Store
from crimestats.store.findings import (
    accept,
    decide,
    history,
    known,
    mark_asked,
    reopen,
    to_ask,
    unknown_answers,
)
from crimestats.store.settling import settle

__all__ = [
    "Store",
    "accept",
    "decide",
    "history",
    "known",
    "mark_asked",
    "reopen",
    "settle",
    "to_ask",
    "unknown_answers",
]
