"""The store: accepted figures and their vintages; findings, and what was answered and decided."""

from crimestats.store.accepting import Acceptance, accept, accepted_before
from crimestats.store.catalogue import Store
from crimestats.store.findings import (
    accept_findings,
    decide,
    history,
    known,
    mark_asked,
    reopen,
    to_ask,
    unknown_answers,
)
from crimestats.store.revisions import revised, revisions
from crimestats.store.settling import settle
from crimestats.store.vintages import accepted_returns, as_of, check, log, population_as_of, write_figures

__all__ = [
    "Acceptance",
    "Store",
    "accept",
    "accept_findings",
    "accepted_before",
    "accepted_returns",
    "as_of",
    "check",
    "decide",
    "history",
    "known",
    "log",
    "mark_asked",
    "population_as_of",
    "reopen",
    "revised",
    "revisions",
    "settle",
    "to_ask",
    "unknown_answers",
    "write_figures",
]
