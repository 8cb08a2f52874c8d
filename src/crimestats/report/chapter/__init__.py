"""The chapter on trafficking in persons: page and annex, from the tables of `trafficking build`."""

from pathlib import Path

from crimestats.report import page as pages
from crimestats.report.chapter.annex import annex
from crimestats.report.chapter.completing import completed
from crimestats.report.chapter.detected import detected
from crimestats.report.chapter.page import chapter

__all__ = ["annex", "chapter", "completed", "detected", "write_chapter"]


def write_chapter(folder: str | Path, *, title: str = "", source: str = "") -> Path:
    """Write `chapter.html` from the tables of a build folder.

    Args:
        folder: With dataset.parquet, profiles.parquet, flows.parquet, and more where there is more.
        title: Heading; one is made where not given.
        source: Where the figures come from, as it is to be cited.

    Raises:
        FileError: A table cannot be read, or the page not written.
    """
    return pages.write(chapter(folder, title=title, source=source), Path(folder) / "chapter.html")
