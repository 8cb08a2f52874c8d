"""Pages and charts from the same tables: the validation report and the summary of a release.

A page is one file that opens offline: style and script stand in it, charts are
SVG drawn beforehand, and no request leaves it.
"""

from crimestats.report.findings import findings_page, render
from crimestats.report.office import Part, quality_page, render_round
from crimestats.report.page import write
from crimestats.report.summary import release_page, render_release

__all__ = [
    "Part", "findings_page", "quality_page", "release_page", "render", "render_release", "render_round",
    "write",
]  # fmt: skip
