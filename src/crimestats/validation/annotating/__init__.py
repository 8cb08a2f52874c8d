"""The sender's own workbook, with the questions in it."""

from crimestats.validation.annotating.annotate import Annotated, annotate

__all__ = ["Annotated", "annotate"]
