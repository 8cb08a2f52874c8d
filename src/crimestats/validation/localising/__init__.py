"""Which cell is wrong, where several rules fail together: the smallest change that satisfies them all."""

from crimestats.validation.localising.culprits import COLUMNS, localise, name_culprits

__all__ = ["COLUMNS", "localise", "name_culprits"]
