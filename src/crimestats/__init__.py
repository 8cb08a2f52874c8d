"""crimestats: from questionnaire returns to comparable crime trend tables.

>>> import crimestats as cs
>>> definition = cs.Questionnaire.load("un-cts-2024")
>>> len(definition) > 100
True
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_DOORS = {
    "Questionnaire": "questionnaire",
    "build": "questionnaire",
    "read": "returns",
    "validate": "validation",
    "observe": "observations",
    "annotate": "validation.annotating",
    "Store": "store",
    "settle": "store",
    "read_published": "published",
    "assess": "quality",
    "sdg_indicators": "sdg",
    "Classification": "classification",
    "Correspondence": "classification",
    "schemes": "classification",
    "classify": "classification",
    "usage": "classification",
    "suggest": "coding",
    "population": "areas",
    "accept": "store",
    "as_of": "store",
    "revisions": "store",
    "tabulate": "trends",
    "lineage": "trends",
    "conflicts": "trends",
    "estimates": "trends",
    "changes": "trends",
    "jumps": "trends",
    "trace": "tracing",
    "publish": "release",
    "CrimestatsError": "errors",
}

_OTHER_NAMES = {"sdg_indicators": "indicators"}
"""What is called otherwise in its room, since the word means something else in another."""

__all__ = list(_DOORS)


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module 'crimestats' has no attribute {name!r}")
    return getattr(import_module(f"crimestats.{_DOORS[name]}"), _OTHER_NAMES.get(name, name))


def __dir__() -> list[str]:
    return sorted([*globals(), *_DOORS])
