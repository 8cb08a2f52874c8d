"""What UNODC publishes, read into observations: the workbooks of the data portal and the older releases."""

from crimestats.published.rates import observed_rates
from crimestats.published.reading import read_published
from crimestats.published.rules import to_json

__all__ = ["observed_rates", "read_published", "to_json"]
