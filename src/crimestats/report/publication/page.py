"""A trend table to print: areas by region in rows, years in columns, flags beside the figures."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame, Series

from crimestats.report import page
from crimestats.report.display import shown, shown_between
from crimestats.report.pictures.choosing import By, Chosen, chosen
from crimestats.report.pictures.explaining import explain, notes_of
from crimestats.report.pictures.wording import text
from crimestats.report.publication.cells import cells, flags, letters, occurring

if TYPE_CHECKING:
    from great_tables import GT

_STYLE = """
.gt_table { font-variant-numeric: tabular-nums; }
.gt_row { white-space: nowrap; }
.flag { display: inline-block; width: 2.1em; padding-left: .25em; text-align: left; }
.flag { font-size: 80%; color: #6b2f00; }
.bounds { font-size: 80%; color: #4a5563; padding-right: 2.6em; }
.gt_sourcenote { white-space: normal; }
@media print { .gt_table { font-size: 9pt; } tr { break-inside: avoid; } }
"""
_FONTS = ["Liberation Sans", "Arial", "Helvetica", "Noto Sans", "sans-serif"]


def publication_table(
    trends: DataFrame,
    *,
    iccs: str | None = None,
    areas: Sequence[str] | None = None,
    grouping: str | None = None,
    by: Sequence[By] = ("rate",),
    first: int | None = None,
    last: int | None = None,
    source: str | None = None,
) -> "GT":
    """Lay out a table to print, or to show in a notebook.

    Every flag and mark that occurs is explained below the table; a figure that is
    missing has a mark that says why.

    Args:
        trends: Figures (`frames.TRENDS`); of one indicator once `iccs` is chosen.
        iccs: Code of the category.
        areas: Codes; all if None.
        grouping: Of the groups; reporting units where not named.
        by: What stands under each year: `value`, `rate`, `index`, side by side.
        first: First year.
        last: Last year.
        source: Where the figures come from; the series itself says it where not given.

    Returns:
        The table; `table_page` makes a page of it.

    Raises:
        CallError: Figures of several indicators are meant, or none.
    """
    import great_tables as gt

    picked = chosen(trends, iccs=iccs, areas=areas, grouping=grouping, first=first, last=last)
    blocks = {kind: cells(picked, kind) for kind in by}
    wide, labels = _wide(picked, blocks)
    years = f"{picked.rows['year'].min()}–{picked.rows['year'].max()}"
    table = gt.GT(wide, rowname_col="name", groupname_col="region", id="trends")
    table = table.tab_header(gt.html(escape(picked.title)), gt.html(escape(years)))
    called: dict[str, Any] = {
        "area": text("table.code"),
        **{name: label for name, (_, label) in labels.items()},
    }
    table = table.cols_label(called | ({"coverage": text("table.coverage")} if "coverage" in wide else {}))
    for kind in blocks:
        columns = [name for name, (of, _) in labels.items() if of == kind]
        table = table.tab_spanner(label=picked.unit(kind), columns=columns, id=f"spanner-{kind}")
    table = (
        table.fmt(str, columns=list(labels))
        .cols_align("right", columns=list(labels))
        .cols_align("left", columns=["area"])
    )
    for note in _notes(picked, blocks, source):
        table = table.tab_source_note(gt.html(escape(note)))
    table = table.tab_options(
        table_font_size="12px", heading_align="left", heading_title_font_size="17px", data_row_padding="3px",
        heading_subtitle_font_size="13px", row_group_font_weight="bold", column_labels_font_weight="bold",
        row_group_background_color="#eef1f5", table_font_names=_FONTS, source_notes_font_size="11px",
        container_overflow_x="visible", table_font_color="#1a2230",
    )  # fmt: skip
    return table.opt_css(_STYLE)


def table_page(table: "GT", said: str = "") -> str:
    """The table as a page of its own, which asks nothing from outside.

    Args:
        table: As `publication_table` laid it out.
        said: What stands above it, paragraphs divided by an empty line (see `explain`).
    """
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in said.split("\n\n") if part)
    beside = f'<section style="{_BESIDE}">{paragraphs}</section>' if paragraphs else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f'<title>{escape(text("table.title"))}</title></head>\n<body style="margin:16px">'
        f"{table.as_raw_html()}{beside}</body></html>\n"
    )


_BESIDE = (
    "max-width: 56em; margin: 24px auto; font: 13px/1.5 Liberation Sans, Arial, sans-serif; color: #1a2230"
)


def write_table(
    trends: DataFrame,
    path: str | Path,
    *,
    by: Sequence[By] = ("rate",),
    grouping: str | None = None,
    source: str | None = None,
) -> Path:
    """Write the table of one indicator as a page, with the text that explains it.

    Raises:
        CallError: Figures of several indicators are meant.
        FileError: The path cannot be written.
    """
    table = publication_table(trends, by=by, grouping=grouping, source=source)
    return page.write(table_page(table, explain(trends, "table", by=by[0], grouping=grouping)), path)


def _wide(picked: Chosen, blocks: dict[By, DataFrame]) -> tuple[DataFrame, dict[str, tuple[By, str]]]:
    """A row for each area or group, and what each column of figures is: its kind and its label."""
    columns: dict[str, Series] = {}
    labels: dict[str, tuple[By, str]] = {}
    for kind, block in blocks.items():
        texts = block.assign(text=_texts(block, picked.digits(kind)))
        wide = texts.pivot_table(
            index=["region", "area", "name", "method"],
            columns="year",
            values="text",
            aggfunc="first",
            sort=False,
        )
        for year in sorted(wide.columns):
            labels[f"{kind}-{year}"] = (kind, str(year))
            columns[f"{kind}-{year}"] = wide[year]
    table = DataFrame(columns).reset_index().drop(columns="method")
    if picked.is_of_groups:
        table = table.assign(coverage=_coverage(next(iter(blocks.values()))))
    return table, labels


def _coverage(block: DataFrame) -> list[str]:
    """The least and the greatest share of residents covered, in per cent, of each row of the table."""
    rows = block.groupby(["region", "area", "name", "method"], sort=False)["coverage"].agg(["min", "max"])
    ends = [(shown(low * 100), shown(high * 100)) for low, high in rows.itertuples(index=False)]
    return [low if low == high else f"{low}–{high}" for low, high in ends]


def _texts(block: DataFrame, digits: int) -> list[str]:
    """Each cell as it is printed: the figure or its range, or the mark of a missing one, and its flags."""
    marks = block["missing"].map(dict(flags()["mark"])).fillna("")
    codes = letters(block["flags"].str.replace("bounded", "").str.split().str.join(" "))
    figures = zip(block["number"], block["lower"], block["upper"], marks, codes, strict=True)
    return [
        f'{escape(mark or shown_between(number, lower, upper, digits))}<span class="flag">{code}</span>'
        + (
            f'<div class="bounds">{shown_between(np.nan, lower, upper, digits)}</div>'
            if lower < upper and not np.isnan(number)
            else ""
        )
        for number, lower, upper, mark, code in figures
    ]


def _notes(picked: Chosen, blocks: dict[By, DataFrame], source: str | None) -> list[str]:
    table = flags()
    used = dict.fromkeys(name for block in blocks.values() for name in occurring(block))
    by_sign: dict[str, list[str]] = {}
    for name in used:
        sign = table.loc[name, "mark"] or table.loc[name, "flag"]
        by_sign.setdefault("" if name == "bounded" else str(sign), []).append(str(table.loc[name, "meaning"]))
    legend = [f"{sign}  {'; '.join(meanings)}.".strip() for sign, meanings in by_sign.items()]
    has_bounds = any(
        ((block["lower"] < block["upper"]) & block["number"].notna()).any() for block in blocks.values()
    )
    legend += [text("table.bounds")] if has_bounds else []
    return [*legend, *notes_of(picked, next(iter(blocks)), "table", source)]
