"""Trend tables to publish: the page and the workbook show the same figures, flags and reasons."""

import html
import math
import re
from datetime import date

import openpyxl
import pandas as pd
import pytest

from crimestats.errors import CallError, FileError
from crimestats.frames import TRENDS
from crimestats.questionnaire import codelist
from crimestats.report import publication
from crimestats.report.pictures import choosing
from crimestats.report.publication import cells as cells_of

KEYS = {"iccs": "0101", "measure": "victims", "unit": "number", "stage": "recorded", "source": "CJS"}


def row(area, year, value=math.nan, lower=None, upper=None, **more):
    """A figure of a trend table; its rate is per 100,000 of a million residents."""
    lower, upper = value if lower is None else lower, value if upper is None else upper
    blank = {
        name: "_T" if kind == "key" else "" if kind == "text" else math.nan
        for name, kind in TRENDS.columns.items()
    }
    status = "exact" if value == value else "bounded" if lower == lower else "not_available"
    return blank | KEYS | {
        "area": area, "year": year, "value": value, "lower": lower, "upper": upper, "population": 1e6,
        "rate": value / 10, "rate_lower": lower / 10, "rate_upper": upper / 10, "rate_status": status, "segment": 1,
        "grouping": "_Z", "method": "_Z", "basis": "reported", "status": status, "n_areas": 1, "regime": "_U",
        "period": "calendar", "provisional": "no",
    } | more  # fmt: skip


def trends(*rows):
    return TRENDS.cast(pd.DataFrame(list(rows)))


ROWS = [
    row("MEX", 2010, 1234.5), row("MEX", 2011), row("MEX", 2012, 60.0, segment=2, provisional="yes"),
    row("FJI", 2010, math.nan, 0.0, 4.0), row("FJI", 2012, math.nan, 6.0, math.inf, period="other_period"),
    row("GBR", 2011, 200.0, 180.0, 230.0, basis="summed"), row("COL", 2010, status="suppressed"),
]  # fmt: skip
GROUPS = [
    row("002", 2010, grouping="m49", method="reported", status="below_floor", coverage_population=0.2),
    row("002", 2010, 50.0, 40.0, 60.0, grouping="m49", method="estimated", coverage_population=0.2),
]


def cells(table, by="value", **more):
    made = cells_of.cells(choosing.chosen(table, **more), by)
    return made.set_index(["area", "method", "year"])


@pytest.mark.parametrize(
    ("area", "year", "flags", "missing"),
    [
        ("MEX", 2010, "", ""), ("MEX", 2011, "", "not_available"), ("MEX", 2012, "provisional break", ""),
        ("FJI", 2010, "bounded", ""), ("FJI", 2011, "", "absent"), ("FJI", 2012, "bounded other_period", ""),
        ("GBR", 2010, "", "absent"), ("GBR", 2011, "summed", ""), ("COL", 2010, "", "suppressed"),
    ],
)  # fmt: skip
def test_every_cell_has_its_flags_or_its_reason(area, year, flags, missing):
    cell = cells(trends(*ROWS)).loc[(area, "_Z", year)]
    assert (cell["flags"], cell["missing"]) == (flags, missing)


def test_cells_are_complete_and_in_the_order_of_regions():
    table = cells(trends(*ROWS)).reset_index()
    assert len(table) == 4 * 3
    assert table["region"].drop_duplicates().tolist() == ["Americas", "Europe", "Oceania"]
    assert table["name"].drop_duplicates().tolist()[:2] == ["Colombia", "Mexico"]
    assert ((table["missing"] == "") == table["lower"].notna()).all()


def test_groups_stand_by_method_and_below_the_floor_is_no_figure():
    table = cells(trends(*GROUPS), "rate", grouping="m49")
    assert table.loc[("002", "estimated", 2010), "flags"] == "estimated"
    assert table.loc[("002", "reported", 2010), "missing"] == "below_floor"


def test_a_figure_without_a_rate_says_why():
    table = cells(trends(*ROWS[:1], row("COL", 2010, 5.0, rate=math.nan, rate_lower=math.nan, rate_upper=math.nan,
                                        rate_status="no_population")), "rate")  # fmt: skip
    assert table.loc[("COL", "_Z", 2010), "missing"] == "no_population"


def test_every_status_of_the_codelist_has_a_row_among_the_flags():
    statuses = set(codelist("status")["code"]) - {"exact"}
    assert statuses <= set(cells_of.flags().index)
    table = cells_of.flags()
    assert table.index.is_unique
    assert (table["meaning"] != "").all()
    assert set(table["sdmx"]) <= {"", "A", "B", "E", "P", "L", "M", "O", "Q"}
    assert ((table["flag"] != "") ^ (table["mark"] != "")).all()
    assert table["flag"][table["flag"] != ""].is_unique


def page_of(table, **more):
    return publication.table_page(publication.publication_table(table, **more), "What it shows. Figures.")


def shown_in(page):
    """The texts of a page's cells, by the first of each row."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S)
    found = [
        [
            html.unescape(re.sub(r"<[^>]+>", "|", cell))
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", text, re.S)
        ]
        for text in rows
    ]
    return {texts[0].strip("|\n "): [text.strip("|\n ") for text in texts[1:]] for texts in found if texts}


def test_the_page_shows_figures_ranges_marks_and_flags():
    shown = shown_in(page_of(trends(*ROWS), by=("value",)))
    assert shown["Mexico"] == ["MEX", "1,234", "…", "60|b p"] or shown["Mexico"] == [
        "MEX",
        "1,234",
        "…",
        "60|p b",
    ]
    assert shown["Fiji"] == ["FJI", "<5", "…", "6 or more|y"]
    assert [text.split("|")[0] for text in shown["Colombia"]] == ["COL", "///", "…", "…"]
    (uk,) = [texts for name, texts in shown.items() if name.startswith("United Kingdom")]
    assert uk[2].replace("|", "") == "200s180–230"


def test_every_flag_and_mark_on_the_page_is_explained():
    page = page_of(trends(*ROWS), by=("value", "rate"))
    for said in (
        "p  Provisional",
        "b  Break",
        "s  Summed",
        "y  The reference period",
        "///  Suppressed",
        "Known within bounds",
    ):
        assert re.sub(r"\s+", " ", said) in re.sub(r"\s+", " ", html.unescape(page)), said
    assert "Estimated" not in page
    assert "Rate per 100,000 residents" in page


def test_the_page_asks_nothing_from_outside_and_is_the_same_each_time():
    page = page_of(trends(*ROWS))
    assert not re.search(r"(?:src|href)=|url\(|@import", page)
    assert page == page_of(trends(*ROWS))
    assert page.startswith("<!DOCTYPE html>")


def test_nothing_in_a_name_becomes_markup():
    page = page_of(trends(row("<script>x</script>", 2010, 1.0)))
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_groups_have_their_bounds_and_coverage_on_the_page():
    page = page_of(trends(*GROUPS), grouping="m49")
    assert "4.00–6.00" in page
    assert "‡" in page
    assert "Residents covered, %" in page


def sheets(path):
    return openpyxl.load_workbook(path)


def columns(sheet):
    return {sheet.cell(4, at).value: at for at in range(1, sheet.max_column + 1)}


def place(sheet, area, heading):
    lines = [line for line in range(5, sheet.max_row + 1) if sheet.cell(line, 2).value == area]
    return sheet.cell(lines[0], columns(sheet)[heading])


@pytest.fixture
def book(tmp_path):
    return sheets(publication.publication_workbook(trends(*ROWS), tmp_path / "x.xlsx", by=("value", "rate")))


def test_figures_are_numbers_with_the_digits_of_their_measure(book):
    cell = place(book["0101 victims number"], "MEX", "2010")
    assert (cell.value, cell.data_type, cell.number_format) == (1234.5, "n", "#,##0")
    cell = place(book["0101 victims rate"], "MEX", "2010")
    assert (cell.value, cell.number_format) == (123.45, "#,##0.00")


def test_flags_stand_beside_and_gaps_have_their_code_and_no_figure(book):
    sheet = book["0101 victims number"]
    assert place(sheet, "MEX", "2012 flag").value.split() == ["P", "B"]
    assert place(sheet, "MEX", "2011").value is None
    assert place(sheet, "MEX", "2011 flag").value == "O"
    assert place(sheet, "COL", "2010 flag").value == "Q"
    assert place(sheet, "FJI", "2010").value is None
    assert (place(sheet, "FJI", "2010 lower").value, place(sheet, "FJI", "2010 upper").value) == (0, 4)
    assert place(sheet, "FJI", "2012 upper").value == "no upper bound"
    assert (place(sheet, "GBR", "2011 lower").value, place(sheet, "GBR", "2011 upper").value) == (180, 230)
    assert place(sheet, "MEX", "2010 lower").value is None


def test_the_book_is_frozen_filtered_and_says_why_each_figure_is_missing(book):
    sheet = book["0101 victims number"]
    assert sheet.freeze_panes == "D5"
    assert sheet.auto_filter.ref.startswith("A4:")
    lines = list(book["Footnotes"].values)
    assert ("0101 victims number", "COL", "Colombia", 2010, "Q", "Suppressed without a bound") in lines
    assert ("0101 victims number", "FJI", "Fiji", 2011, "O", "Nothing was reported") in lines
    assert any("shaded cell has no figure" in str(line[0]) for line in book["Read me"].values)


def test_the_metadata_name_what_the_figures_rest_on(tmp_path):
    path = tmp_path / "x.xlsx"
    publication.publication_workbook(trends(*ROWS), path, population="WPP 2024", on=date(2026, 5, 1))
    said = {line[0]: line[1] for line in sheets(path)["Metadata"].values}
    assert said["Population"] == "WPP 2024"
    assert said["Date"] == "2026-05-01"
    assert said["Classification of the categories"] == "iccs-1.0"


def test_the_same_figures_give_the_same_bytes(tmp_path):
    paths = [publication.publication_workbook(trends(*rows), tmp_path / f"{name}.xlsx")
             for name, rows in (("a", ROWS), ("b", ROWS[::-1]))]  # fmt: skip
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_every_indicator_has_a_sheet_whose_name_is_its_own(tmp_path):
    long = "02011+02012+02013+02014+02015+02016"
    more = [row("MEX", 2010, 3.0, iccs=code, measure=measure) for code in (long, long + "+0202", "_T", "0101")
            for measure in ("offences", "held")]  # fmt: skip
    book = sheets(publication.publication_workbook(trends(*ROWS, *more), tmp_path / "x.xlsx"))
    assert len(book.sheetnames) == 9 + 3
    assert all(len(name) <= 31 for name in book.sheetnames)


def test_a_measure_without_a_rate_has_its_figures(tmp_path):
    bare = dict.fromkeys(("rate", "rate_lower", "rate_upper"), math.nan)
    table = trends(row("MEX", 2010, 7.0, measure="deaths", rate_status="_Z", **bare))
    book = sheets(publication.publication_workbook(table, tmp_path / "x.xlsx"))
    assert place(book["0101 deaths number"], "MEX", "2010").value == 7


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "http://example.org", "+cmd|' /C calc'!A0"])
def test_no_text_becomes_a_formula_or_a_link(tmp_path, text):
    book = sheets(publication.publication_workbook(trends(row(text, 2010, 1.0)), tmp_path / "x.xlsx"))
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f"
                assert cell.hyperlink is None or cell.hyperlink.location
    assert place(book["0101 victims rate"], text, "2010").value == 0.1


def test_the_book_and_the_page_show_the_same(tmp_path, example_round):
    table = example_round.trends.query("iccs == '0101' and measure == 'victims' and grouping == '_Z'")
    wide = shown_in(publication.table_page(publication.publication_table(table, by=("value",))))
    book = sheets(publication.publication_workbook(table, tmp_path / "x.xlsx", by=("value",)))
    sheet = book["0101 victims number"]
    years = [heading for heading in columns(sheet) if re.fullmatch(r"\d{4}", heading)]
    for line in range(5, sheet.max_row + 1):
        numbers = [sheet.cell(line, columns(sheet)[year]).value for year in years]
        texts = [text.split("|")[0].replace(",", "") for text in wide[sheet.cell(line, 3).value][1:]]
        assert [float(text) if text.isdigit() else None for text in texts] == numbers


def test_nothing_to_show_is_refused(tmp_path):
    with pytest.raises(CallError, match="no figure of these categories"):
        publication.publication_workbook(trends(*ROWS), tmp_path / "x.xlsx", iccs=["0102"])
    with pytest.raises(CallError, match="measure"):
        publication.publication_table(trends(*ROWS, row("MEX", 2010, 3.0, measure="held")))
    with pytest.raises(FileError):
        publication.publication_workbook(trends(*ROWS), tmp_path / "none" / "x.xlsx")


def test_the_page_is_written_with_its_text(tmp_path):
    path = publication.write_table(trends(*ROWS), tmp_path / "x.html", by=("value",))
    assert "What it cannot say." in path.read_text(encoding="utf-8")
