"""Small figures hidden so that they stay hidden, and the attack that checks it."""

from crimestats.disclosure.attacking import attack
from crimestats.disclosure.equations import equations
from crimestats.disclosure.groups import group_sums, year_sum
from crimestats.disclosure.protecting import protect
from crimestats.disclosure.rounding import rounded

__all__ = ["attack", "equations", "group_sums", "protect", "rounded", "year_sum"]
