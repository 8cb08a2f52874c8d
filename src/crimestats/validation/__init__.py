"""Validation: what is wrong with the returns of a round, cell by cell."""

from crimestats.validation.validating import Finding, Report, validate

__all__ = ["Finding", "Report", "validate"]
