"""The datasets of a report on trafficking in persons: profiles, flows, sources, the hidden population."""

from crimestats.trafficking.dataset import dataset

__all__ = ["dataset"]
