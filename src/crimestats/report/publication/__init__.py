"""Trend tables to publish: a page to print and a workbook, from the same cells."""

from crimestats.report.publication.book import publication_workbook
from crimestats.report.publication.page import publication_table, table_page, write_table

__all__ = ["publication_table", "publication_workbook", "table_page", "write_table"]
