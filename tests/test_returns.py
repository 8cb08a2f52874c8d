"""Workbooks to cells: every input cell in its place, whatever was done to the workbook."""

import datetime as dt
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from crimestats.errors import CallError, FileError
from crimestats.frames import CELLS, RETURNS
from crimestats.questionnaire import Questionnaire, build
from crimestats.returns import read, returns
from crimestats.returns.records import reference_years

CTS = Questionnaire.load("un-cts-2024")
YEARS = (2021, 2022)
FIGURES = (
    ("homicide_victims", 2021, "412"), ("homicide_victims", 2022, "<5"),
    ("homicide_victims_m", 2021, "300"), ("homicide_victims_m", 2022, ".."),
    ("homicide_victims_f", 2021, "112"), ("homicide_victims_f", 2022, "1 234"),
    ("theft_offences", 2021, "5000"), ("held", 2022, "777"),
)  # fmt: skip
ROW = 9  # homicide_victims stands in row 9 of its sheet, 2021 in column E


def make(path: Path, *figures: tuple, area: str = "PRT", years: tuple = YEARS, **more) -> Path:
    table = pd.DataFrame(figures or FIGURES, columns=["item", "year", "value"])
    return build(CTS, path, area=area, years=years, figures=table, **more)


def edit(path: Path, change) -> Path:
    """The workbook as a person leaves it: opened, changed, saved by another program."""
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def rewrite(path: Path, **parts) -> Path:
    """Change parts of the file itself: `sheet2=function`, by the name of the part without its ending."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            change = parts.pop(Path(name).stem, None)
            changed = change(data) if change else data
            assert change is None or changed != data, name
            target.writestr(name, changed)
    assert not parts
    return path


def figures(cells: pd.DataFrame) -> dict:
    """Item and year to raw text and value, of filled figures."""
    own = cells[cells["item"].isin(list(CTS.data["item"])) & (cells["raw"] != "")]
    keys = zip(own["item"], own["year"], strict=True)
    return dict(zip(keys, zip(own["raw"], own["value"].fillna(-1), strict=True), strict=True))


def odd(cells: pd.DataFrame, prefix: str = "_cell.") -> list[tuple]:
    rows = cells[cells["item"].astype("str").str.startswith(prefix)]
    return list(
        zip(rows["item"].str.removeprefix("_"), rows["sheet"], rows["cell"], rows["raw"], strict=True)
    )


EXPECTED = {
    ("homicide_victims", 2021): ("412", 412), ("homicide_victims", 2022): ("<5", -1),
    ("homicide_victims_m", 2021): ("300", 300), ("homicide_victims_m", 2022): ("..", -1),
    ("homicide_victims_f", 2021): ("112", 112), ("homicide_victims_f", 2022): ("1 234", 1234),
    ("theft_offences", 2021): ("5000", 5000), ("held", 2022): ("777", 777),
}  # fmt: skip


# --- what is built is read ------------------------------------------------------


def test_a_built_workbook_is_read(tmp_path):
    cells = read(make(tmp_path / "PRT.xlsx", agency="Police", metadata={"homicide.source": "Register"}), CTS)
    CELLS.check(cells)
    assert figures(cells) == EXPECTED
    assert odd(cells) == []
    assert odd(cells, "_fault.") == []
    bounded = cells[cells["status"] == "bounded"].iloc[0]
    assert (bounded["sheet"], bounded["cell"], bounded["lower"], bounded["upper"]) == ("Homicide", "F9", 0, 4)
    assert set(cells["area"]) == {"PRT"}
    other = cells.set_index("item")["raw"]
    assert other["H.questionnaire"] == "un-cts-2024"
    assert (other["H.agency"], other["M.homicide.source"]) == ("Police", "Register")
    assert len(other["_sha256"]) == 64
    assert other["_file"].endswith("PRT.xlsx")


values = st.one_of(
    st.integers(0, 10**9).map(str),
    st.integers(0, 10**9).map(lambda number: repr(number / 100)),
    st.integers(1, 1000).map(lambda number: f"<{number}"),
    st.sampled_from(
        ["", "..", "x", "-", "1,234", "no idea", "412 (provisional)", "=1+1", "١٢٣", "NA", "None", "  "]
    ),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(list(CTS.data["item"])), st.sampled_from((2013, 2020, 2022))), values
    ),
    st.sampled_from(["MEX", "GBR_S", "PRT"]),
)
def test_build_followed_by_read_gives_the_same_figures(given_figures, area):
    rows = [(item, year, value) for (item, year), value in given_figures.items()]
    with tempfile.TemporaryDirectory() as folder:
        path = make(
            Path(folder, "a.xlsx"), *rows or [("held", 2013, "")], area=area, years=(2013, 2020, 2022)
        )
        cells = read(path, CTS)
    found = figures(cells)
    filled = {key: value.strip() for key, value in given_figures.items() if value.strip()}
    assert set(found) == set(filled)
    for key, value in filled.items():
        raw, number = found[key]
        try:
            assert number == float(value)
        except ValueError:
            assert raw == value
    assert set(cells["area"]) == {area}
    assert odd(cells) == []


def test_required_cells_are_there_when_blank(tmp_path):
    cells = read(make(tmp_path / "a.xlsx", ("theft_offences", 2021, "7")), CTS)
    blank = cells[cells["status"] == "blank"]
    required = set(CTS.data.loc[CTS.data["required"] == "1", "item"])
    asked = blank[blank["item"].isin(required)]
    assert set(zip(asked["item"], asked["year"], strict=True)) == {
        (item, year) for item in required for year in YEARS if (item, year) != ("theft_offences", 2021)
    }
    answers = set(blank["item"].astype("str")) - required
    assert answers == {
        f"M.other.{name}"
        for name in ("source", "counting_unit", "recording", "principal_offence", "attempts")
    }
    assert (asked["raw"] == "").all()
    assert asked["value"].isna().all()


def test_only_reference_years_of_the_workbook_are_asked_for(tmp_path):
    path = rewrite(make(tmp_path / "a.xlsx"), sharedStrings=lambda xml: xml.replace(b"2021:2022", b"2022"))
    blank = read(path, CTS).query("status == 'blank'")
    assert set(blank["year"].dropna()) == {2022}


@pytest.mark.parametrize(
    ("text", "years"),
    [("2013:2016", (2013, 2014, 2015, 2016)), ("2013 2018", (2013, 2018)), ("2013", (2013,)), ("", ()),
     ("2018, 2013", (2013, 2018)), ("all", ()), ("0001:9999", tuple(range(1, 202))), ("2016:2013", ())],
)  # fmt: skip
def test_reference_years(text, years):
    assert reference_years(text) == years


def test_notes_stand_beside_the_figures_of_their_row(tmp_path):
    def note(book):
        book["Homicide"].cell(ROW, 7).value = "Provisional"
        book["Homicide"].cell(ROW - 3, 7).value = "Not counted before 2023"

    cells = read(edit(make(tmp_path / "a.xlsx"), note), CTS)
    own = cells[cells["item"] == "homicide_victims"]
    assert set(own["note"]) == {"Provisional"}
    assert set(cells.loc[cells["item"] == "homicide_victims_m", "note"]) == {""}
    alone = cells[cells["item"] == "N.homicide_attempted_offences"].iloc[0]
    assert (alone["raw"], alone["cell"], alone["status"]) == ("Not counted before 2023", "G6", "text")


def test_values_of_other_kinds_are_kept_as_text_and_not_read(tmp_path):
    def change(book):
        sheet = book["Homicide"]
        sheet.cell(ROW, 5).value = dt.date(2022, 12, 31)
        sheet.cell(ROW, 6).value = True
        sheet.cell(ROW + 1, 5).value = dt.time(12, 30)
        sheet.cell(ROW + 1, 6).value = 0.5
        sheet.cell(ROW + 2, 5).value = -3

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    found = figures(cells)
    assert found["homicide_victims", 2021] == ("2022-12-31", -1)
    assert found["homicide_victims", 2022] == ("TRUE", -1)
    assert found["homicide_victims_m", 2021] == ("12:30:00", -1)
    assert found["homicide_victims_m", 2022] == ("0.5", 0.5)
    assert found["homicide_victims_f", 2021] == ("-3", -3)


@pytest.mark.parametrize(
    ("number", "raw"), [(b"NaN", "nan"), (b"1e999", "inf"), (b"1E+20", "1e+20"), (b"-0", "0")]
)
def test_numbers_that_are_none_are_not_read(tmp_path, number, raw):
    path = rewrite(
        make(tmp_path / "a.xlsx"), sheet2=lambda xml: xml.replace(b"<v>412</v>", b"<v>" + number + b"</v>")
    )
    cells = read(path, CTS)
    cell = cells[cells["cell"] == "E9"].iloc[0]
    assert cell["raw"] == raw
    assert (cell["status"] == "exact") == (raw in ("1e+20", "0"))


def test_one_decimal_point_makes_the_other_point_doubtful(tmp_path):
    rows = [
        ("homicide_victims", 2021, "9"),
        ("homicide_victims_m", 2021, "412"),
        ("held", 2021, "1,234"),
    ]
    path = make(tmp_path / "a.xlsx", *rows)

    def as_text(book):
        book["Homicide"].cell(ROW, 5).value = "1.234"
        book["Homicide"].cell(ROW + 1, 5).value = "412.0"

    cells = read(edit(path, as_text), CTS)
    status = {item: row["status"] for item, row in cells[cells["raw"] != ""].set_index("item").iterrows()}
    assert (status["homicide_victims"], status["homicide_victims_m"], status["held"]) == (
        "unreadable",
        "exact",
        "exact",
    )


# --- what people do to a workbook -----------------------------------------------


def shift(book, sheet: str, rows: int = 0, columns: int = 0) -> None:
    """Insert rows above and columns left, and move the names as a spreadsheet program does."""
    book[sheet].insert_rows(1, rows) if rows else None
    book[sheet].insert_cols(1, columns) if columns else None
    for name in list(book.defined_names):
        target = book.defined_names[name].attr_text
        found = re.fullmatch(r"'?(\w+)'?!\$([A-Z]+)\$(\d+)", target)
        if found and found[1] == sheet:
            column = openpyxl.utils.column_index_from_string(found[2]) + columns
            letters = openpyxl.utils.get_column_letter(column)
            book.defined_names[name] = DefinedName(
                name, attr_text=f"'{sheet}'!${letters}${int(found[3]) + rows}"
            )


def lose_names(book, pattern: str = ".") -> None:
    for name in list(book.defined_names):
        if re.match(pattern, name):
            del book.defined_names[name]


def rename(book) -> None:
    for name in list(book.defined_names):
        text = book.defined_names[name].attr_text.replace("Homicide", "Police's 1")
        book.defined_names[name] = DefinedName(
            name, attr_text=re.sub(r"^'?Police's 1'?!", "'Police''s 1'!", text)
        )
    book["Homicide"].title = "Police's 1"


@pytest.mark.parametrize(
    "change",
    [
        lambda book: None,
        lambda book: shift(book, "Homicide", rows=3),
        lambda book: shift(book, "Homicide", columns=2),
        lambda book: shift(book, "Homicide", rows=1, columns=1),
        rename,
        lambda book: book.move_sheet("Prisons", -4),
    ],
    ids=["saved", "rows above", "columns left", "both", "sheet renamed", "sheets reordered"],
)
def test_names_move_with_their_cells(tmp_path, change):
    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED
    assert odd(cells) == []
    assert odd(cells, "_fault.") == []


@pytest.mark.parametrize(
    "change",
    [
        lose_names,
        lambda book: (lose_names(book), shift(book, "Homicide", rows=2, columns=1)),
        lambda book: (lose_names(book), setattr(book["Homicide"], "title", "Sheet1")),
    ],
    ids=["lost", "lost and moved", "lost and renamed"],
)
def test_without_names_rows_and_headings_say_the_same(tmp_path, change):
    path = make(tmp_path / "a.xlsx", agency="Police", metadata={"homicide.source": "Register"})
    cells = read(edit(path, change), CTS)
    assert figures(cells) == EXPECTED
    assert {row[0] for row in odd(cells)} == {"cell.name_lost"}
    assert len(odd(cells)) == len(CTS.modules)
    assert set(cells["area"]) == {"PRT"}
    assert set(cells.loc[cells["item"] == "M.homicide.source", "raw"]) == {"Register"}


def test_some_names_lost_is_said_once_for_a_sheet(tmp_path):
    cells = read(
        edit(make(tmp_path / "a.xlsx"), lambda book: lose_names(book, "F.homicide_victims_[mf]\\.")), CTS
    )
    assert figures(cells) == EXPECTED
    assert odd(cells) == [
        ("cell.name_lost", "Homicide", "E10", "Cells without a name: 4, placed by row number and year.")
    ]


def test_an_inserted_row_without_number_is_not_placed(tmp_path):
    def change(book):
        lose_names(book)
        book["Homicide"].insert_rows(ROW + 1)
        book["Homicide"].cell(ROW + 1, 2).value = "of which by police"
        book["Homicide"].cell(ROW + 1, 5).value = 17

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED
    assert ("cell.unplaced", "Homicide", "E10", "17") in odd(cells)


def test_a_year_that_somebody_added_is_placed_by_its_heading(tmp_path):
    def change(book):
        sheet = book["Homicide"]
        sheet.cell(ROW - 1, 8).value = 2023
        sheet.cell(ROW, 8).value = 99

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED | {("homicide_victims", 2023): ("99", 99)}
    assert [row[:3] for row in odd(cells)] == [("cell.name_lost", "Homicide", "H9")]


def test_a_column_without_year_is_not_placed(tmp_path):
    def change(book):
        lose_names(book)
        book["Homicide"].insert_cols(6)
        book["Homicide"].cell(ROW, 6).value = "see above"

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED
    assert ("cell.unplaced", "Homicide", "F9", "see above") in odd(cells)


def swap(book, first: str, second: str) -> None:
    one, other = (book.defined_names[f"F.{item}.2021"].attr_text for item in (first, second))
    book.defined_names[f"F.{first}.2021"] = DefinedName(f"F.{first}.2021", attr_text=other)
    book.defined_names[f"F.{second}.2021"] = DefinedName(f"F.{second}.2021", attr_text=one)


def test_where_name_and_row_disagree_neither_is_believed(tmp_path):
    change = lambda book: swap(book, "homicide_victims_m", "homicide_victims_f")  # noqa: E731
    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    moved = cells[cells["item"] == "_cell.moved"]
    assert list(zip(moved["cell"], moved["raw"], strict=True)) == [("E10", "300"), ("E11", "112")]
    assert (
        "name says homicide_victims_f 2021, row and heading say homicide_victims_m 2021"
        in moved["note"].iloc[0]
    )
    doubtful = cells[
        cells["item"].isin(["homicide_victims_m", "homicide_victims_f"]) & cells["year"].eq(2021)
    ]
    assert set(doubtful["status"]) == {"unreadable"}
    assert doubtful["value"].isna().all()
    assert figures(cells)["homicide_victims", 2021] == ("412", 412)


@pytest.mark.parametrize("left", [None, 413])
def test_a_cell_moved_out_of_its_row_is_said(tmp_path, left):
    """Cut and pasted, a cell takes its name along; the row that it left may have been filled again."""

    def change(book):
        sheet = book["Homicide"]
        sheet["E475"], sheet["E9"] = 412, left
        target = DefinedName("F.homicide_victims.2021", attr_text="Homicide!$E$475")
        book.defined_names["F.homicide_victims.2021"] = target

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert ("cell.unplaced", "Homicide", "E475", "412") in odd(cells)
    cell = cells[cells["item"].eq("homicide_victims") & cells["year"].eq(2021)].iloc[0]
    assert (cell["cell"], cell["status"]) == ("E9", "unreadable" if left else "blank")


def test_two_names_on_one_cell_do_not_hide_the_right_one(tmp_path):
    def change(book):
        target = book.defined_names["F.homicide_victims_m.2021"].attr_text
        book.defined_names["F.homicide_victims_f.2021"] = DefinedName(
            "F.homicide_victims_f.2021", attr_text=target
        )

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED


def test_a_deleted_row_is_said(tmp_path):
    def change(book):
        book["Homicide"].delete_rows(ROW + 1)
        lose_names(book)

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert ("homicide_victims_m", 2021) not in figures(cells)
    gone = [row for row in odd(cells) if row[0] == "cell.unplaced"]
    row = f"1.2.2 {CTS['homicide_victims_m'].label}"
    assert gone == [("cell.unplaced", "_Z", "_Z", f"No row {row} was found, by name or by number.")]


def test_a_required_row_that_is_gone_is_asked_for(tmp_path):
    def change(book):
        book["Homicide"].delete_rows(ROW)
        lose_names(book)

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    gone = cells[cells["item"] == "homicide_victims"]
    assert list(zip(gone["sheet"], gone["year"], gone["status"], strict=True)) == [
        ("_Z", 2021, "blank"),
        ("_Z", 2022, "blank"),
    ]


def test_names_that_lead_nowhere(tmp_path):
    def change(book):
        for year in YEARS:
            book.defined_names[f"F.held.{year}"] = DefinedName(f"F.held.{year}", attr_text="#REF!")
        book["Prisons"].cell(5, 1).value = None
        book["Homicide"].cell(ROW - 1, 6).value = "last year"
        book.defined_names["F.homicide_victims.2022"] = DefinedName(
            "F.homicide_victims.2022", attr_text="Homicide!#REF!"
        )

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    texts = [row[3] for row in odd(cells) if row[0] == "cell.unplaced"]
    assert "The name F.homicide_victims.2022 leads to no cell." in texts
    assert any(text.startswith("No row 5.1.1") for text in texts)
    assert "777" in texts
    assert ("held", 2022) not in figures(cells)


def test_a_part_of_a_workbook_is_read(tmp_path):
    def change(book):
        for sheet in ("Violent", "Other", "Prisons"):
            del book[sheet]
        for name in list(book.defined_names):
            if re.search("Violent|Other|Prisons", book.defined_names[name].attr_text):
                book.defined_names[name] = DefinedName(name, attr_text="#REF!")

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert set(figures(cells)) == {key for key in EXPECTED if key[0].startswith("homicide")}
    assert odd(cells) == []
    assert [row[3] for row in odd(cells, "_fault.")] == [
        f"No cell of the sheet {name} was found." for name in ("Violent", "Other", "Prisons")
    ]
    blank = cells[cells["status"] == "blank"]
    assert not blank["item"].isin(["held", "theft_offences"]).any()


def test_a_copied_sheet_counts_only_where_it_differs(tmp_path):
    def change(book):
        copy = book.copy_worksheet(book["Homicide"])
        copy.cell(ROW, 5).value = 413

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED
    assert odd(cells) == [("cell.unplaced", "Homicide Copy", "E9", "413")]
    assert "holds '412'" in cells.loc[cells["item"] == "_cell.unplaced", "note"].iloc[0]


def test_two_sheets_without_names_that_differ_are_not_told_apart(tmp_path):
    def change(book):
        lose_names(book)
        book.copy_worksheet(book["Homicide"]).cell(ROW, 5).value = 413

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    doubtful = cells[cells["item"].eq("homicide_victims") & cells["year"].eq(2021)]
    assert list(doubtful["status"]) == ["unreadable"]
    assert figures(cells)["homicide_victims_m", 2021] == ("300", 300)


def test_a_name_of_another_edition_is_said(tmp_path):
    def change(book):
        book["Start"]["D20"] = 12
        book.defined_names["F.homicide_by_drone.2022"] = DefinedName(
            "F.homicide_by_drone.2022", attr_text="Start!$D$20"
        )

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert odd(cells) == [("cell.unplaced", "Start", "D20", "12")]
    assert figures(cells) == EXPECTED


def test_names_copied_with_a_sheet_help_where_the_first_are_gone(tmp_path):
    names = {}

    def change(book):
        for name in list(book.defined_names):
            text = book.defined_names[name].attr_text
            if name.startswith("F.") and "Homicide" in text:
                names[name] = text
                book.defined_names[name] = DefinedName(name, attr_text="#REF!")
                book["Homicide"].defined_names[name] = DefinedName(name, attr_text=text)
        for row in range(1, 80):
            book["Homicide"].cell(row, 1).value = None

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert names
    assert figures(cells) == EXPECTED


# --- headings that were changed ---------------------------------------------------

THEFT = (("theft_offences", 2021, "7"), ("theft_offences", 2022, "8"), ("homicide_victims", 2021, "412"))


def head(book, sheet: str, item: str, *texts: object) -> None:
    """Write over the years above an item's row."""
    own = book[sheet]
    table, number = CTS[item].table, CTS[item].number
    rows = {str(own.cell(row, 1).value): row for row in range(1, own.max_row + 1)}
    assert rows[table] < rows[number]
    for column, text in enumerate(texts, start=5):
        own.cell(rows[table], column).value = text


def headed(path: Path, *texts: object, names: bool) -> pd.DataFrame:
    """The sheet `Other` with another heading, its theft figures 7 and 8 in columns E and F."""

    def change(book):
        head(book, "Other", "theft_offences", *texts)
        if not names:
            lose_names(book)

    return read(edit(make(path, *THEFT), change), CTS)


def theft(cells: pd.DataFrame) -> list[tuple]:
    own = cells[cells["item"].eq("theft_offences") & cells["raw"].ne("")]
    return list(zip(own["cell"].str[0], own["year"], own["status"], strict=True))


@pytest.mark.parametrize("table", ["2.1", "2.2", "2.3"])
def test_without_names_every_table_has_the_years_of_its_own_heading(tmp_path, table):
    item = next(item for item in CTS if item.table == table)

    def change(book):
        lose_names(book)
        head(book, "Violent", item.item, 2022, 2021)

    path = make(tmp_path / "a.xlsx", (item.item, 2021, "1"), (item.item, 2022, "2"), ("held", 2021, "3"))
    cells = read(edit(path, change), CTS)
    assert figures(cells) == {
        (item.item, 2022): ("1", 1),
        (item.item, 2021): ("2", 2),
        ("held", 2021): ("3", 3),
    }
    assert {row[0] for row in odd(cells)} == {"cell.name_lost"}


def test_without_names_a_reversed_heading_of_a_sheet_is_read(tmp_path):
    cells = headed(tmp_path / "a.xlsx", 2022, 2021, names=False)
    assert theft(cells) == [("E", 2022, "exact"), ("F", 2021, "exact")]
    assert odd(cells, "_fault.") == []


CHANGED = [
    ((2022, 2021), "EF"), ((1013, 1014), "EF"), ((1013, 2022), "E"), (("2019/20", 2022), "E"), ((None, 2022), "E"),
    (("2019/20", "2020/21"), "EF"), ((2021, 2021), "EF"), ((2021, "last year"), "F"), ((20021, 2022), "E"),
    (("0213", 2022), "E"), (("2021 (2020)", 2022), "E"), (("2020-2021", 2022), "E"), (("2021 to date", 2022), "E"),
    ((dt.date(2021, 12, 31), 2022), "E"), ((None, None), "EF"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "disputed"), CHANGED)
def test_a_heading_that_does_not_say_the_year_of_the_name_is_not_believed(tmp_path, texts, disputed):
    cells = headed(tmp_path / "a.xlsx", *texts, names=True)
    status = dict.fromkeys("EF", "exact") | dict.fromkeys(disputed, "unreadable")
    assert [(column, what) for column, _, what in theft(cells)] == list(status.items())
    assert [row[:3] for row in odd(cells)] == [("cell.moved", "Other", f"{column}5") for column in disputed]
    assert figures(cells)["homicide_victims", 2021] == ("412", 412)


@pytest.mark.parametrize(
    ("text", "said"),
    [("2019/20", "'2019/20'"), (None, "nothing"), ("2022", "'2022' more than once")],
)
def test_a_heading_that_cannot_be_read_is_quoted(tmp_path, text, said):
    cells = headed(tmp_path / "a.xlsx", text, 2022, names=True)
    note = cells.loc[cells["item"].eq("_cell.moved") & cells["cell"].eq("E5"), "note"].item()
    assert note == f"The name says theft_offences 2021, the heading says {said}."


@pytest.mark.parametrize(("texts", "lost"), [row for row in CHANGED if row[0][0] not in (2022, 1013)])
def test_without_names_a_column_whose_heading_is_no_year_is_not_read(tmp_path, texts, lost):
    cells = headed(tmp_path / "a.xlsx", *texts, names=False)
    kept = [(column, year, "exact") for column, year in (("E", 2021), ("F", 2022)) if column not in lost]
    assert theft(cells) == kept
    found = {row[2] for row in odd(cells) if row[:2] == ("cell.unplaced", "Other")}
    assert found == {f"{column}5" for column in lost}
    assert odd(cells, "_fault.") == []


def test_a_sheet_whose_heading_is_no_year_is_not_called_absent(tmp_path):
    cells = headed(tmp_path / "a.xlsx", "2019/20", "2020/21", names=False)
    rows = int((CTS.data["module"] == "other").sum())
    assert (
        "cell.unplaced",
        "_Z",
        "_Z",
        f"{rows} rows of the sheet Other have no year in their heading.",
    ) in odd(cells)
    asked = cells[cells["item"].eq("theft_offences")]
    assert list(zip(asked["sheet"], asked["year"], asked["status"], strict=True)) == [
        ("_Z", 2021, "blank"),
        ("_Z", 2022, "blank"),
    ]


def test_a_workbook_with_figures_under_no_year_is_not_called_empty(tmp_path):
    def change(book):
        lose_names(book)
        head(book, "Other", "theft_offences", "2019/20", "2020/21")

    cells = read(edit(make(tmp_path / "a.xlsx", *THEFT[:2]), change), CTS)
    assert odd(cells, "_fault.") == []
    assert {row[3] for row in odd(cells) if row[1] == "Other"} == {"7", "8"}


@pytest.mark.parametrize("text", ["2021", " 2021 ", 2021.0, "2021 (provisional)", "2021*", "2021¹", "٢٠٢١"])
@pytest.mark.parametrize("names", [True, False])
def test_a_year_with_a_remark_is_a_year(tmp_path, text, names):
    cells = headed(tmp_path / "a.xlsx", text, 2022, names=names)
    assert theft(cells) == [("E", 2021, "exact"), ("F", 2022, "exact")]
    assert {row[0] for row in odd(cells)} == (set() if names else {"cell.name_lost"})


@pytest.mark.parametrize("names", [True, False])
def test_a_year_out_of_range_is_read_as_it_stands(tmp_path, names):
    def change(book):
        target = book.defined_names.pop("F.theft_offences.2021").attr_text
        book.defined_names["F.theft_offences.1013"] = DefinedName("F.theft_offences.1013", attr_text=target)
        head(book, "Other", "theft_offences", 1013, 2022)
        if not names:
            lose_names(book)

    cells = read(edit(make(tmp_path / "a.xlsx", *THEFT), change), CTS)
    assert theft(cells) == [("E", 1013, "exact"), ("F", 2022, "exact")]


def test_a_heading_without_table_number_or_notes_is_still_one(tmp_path):
    def change(book, column):
        head(book, "Other", "theft_offences", 2022, 2021)
        book["Other"].cell(4, column).value = None

    for column in (1, 7):
        path = edit(make(tmp_path / f"{column}.xlsx", *THEFT), lambda book, at=column: change(book, at))
        assert {row[2] for row in theft(read(path, CTS))} == {"unreadable"}


def test_notes_under_a_heading_without_their_word_are_kept(tmp_path):
    def change(book):
        book["Other"].cell(4, 7).value = None
        book["Other"].cell(5, 7).value = "Provisional"

    cells = read(edit(make(tmp_path / "a.xlsx", *THEFT), change), CTS)
    assert set(cells.loc[cells["item"] == "theft_offences", "note"]) == {"Provisional"}
    assert odd(cells) == []


# --- what a reader of values does not see ---------------------------------------


def test_an_error_is_no_blank(tmp_path):
    error = rb'<c r="E9" s="\1" t="e"><v>#DIV/0!</v></c>'
    change = lambda xml: re.sub(rb'<c r="E9" s="(\d+)"><v>412</v></c>', error, xml)  # noqa: E731
    path = rewrite(make(tmp_path / "a.xlsx"), sheet2=change)
    cells = read(path, CTS)
    assert odd(cells) == [("cell.error_value", "Homicide", "E9", "#DIV/0!")]
    cell = cells[cells["item"].eq("homicide_victims") & cells["year"].eq(2021)].iloc[0]
    assert (cell["raw"], cell["status"]) == ("#DIV/0!", "unreadable")


FORMULAS = [
    (b"<f>SUM(E11:E12)</f><v>412</v>", b"", "formula", "412", "exact"),
    (b"<f>SUM(E11:E12)</f><v>0</v>", b"", "formula", "0", "exact"),
    (
        b"<f>SUM(E11:E12)</f><v>0</v>",
        b'fullCalcOnLoad="1"',
        "formula_not_computed",
        "=SUM(E11:E12)",
        "unreadable",
    ),
    (b"<f>SUM(E11:E12)</f><v>412</v>", b'fullCalcOnLoad="1"', "formula", "412", "exact"),
    (b"<f>SUM(E11:E12)</f>", b"", "formula_not_computed", "=SUM(E11:E12)", "unreadable"),
    (b"<f>SUM(E11:E12)</f><v></v>", b"", "formula_not_computed", "=SUM(E11:E12)", "unreadable"),
    (b"<f>SUM(E11:E12)</f><v/>", b"", "formula_not_computed", "=SUM(E11:E12)", "unreadable"),
    (b'<f t="shared" si="0"/><v>7</v>', b"", "formula", "7", "exact"),
    (b"<f>A1&lt;B1</f>", b"", "formula_not_computed", "=A1<B1", "unreadable"),
]


@pytest.mark.parametrize(("body", "calculation", "kind", "raw", "status"), FORMULAS)
def test_a_formula_counts_by_what_was_computed(tmp_path, body, calculation, kind, raw, status):
    path = rewrite(
        make(tmp_path / "a.xlsx"),
        sheet2=lambda xml: xml.replace(b"<v>412</v>", body),
        workbook=lambda xml: xml.replace(
            b'calcId="124519" fullCalcOnLoad="1"', b'calcId="191029" ' + calculation
        ),
    )
    cells = read(path, CTS)
    assert [row[:3] for row in odd(cells)] == [(f"cell.{kind}", "Homicide", "E9")]
    cell = cells[cells["item"].eq("homicide_victims") & cells["year"].eq(2021)].iloc[0]
    assert (cell["raw"], cell["status"]) == (raw, status)


def test_a_formula_whose_result_is_an_empty_text_is_a_blank(tmp_path):
    cell = b'<c r="E9" s="10" t="str"><f>IF(A1="","",1)</f><v></v></c>'
    path = rewrite(
        make(tmp_path / "a.xlsx"),
        sheet2=lambda xml: re.sub(rb'<c r="E9" s="\d+"><v>412</v></c>', cell, xml),
        workbook=lambda xml: xml.replace(b'fullCalcOnLoad="1"', b""),
    )
    cells = read(path, CTS)
    assert [row[0] for row in odd(cells)] == ["cell.formula"]
    assert list(cells[cells["cell"].eq("E9") & cells["item"].eq("homicide_victims")]["status"]) == ["blank"]


def test_a_formula_that_openpyxl_wrote_was_never_computed(tmp_path):
    def change(book):
        book["Homicide"].cell(ROW, 5).value = "=SUM(E11:E12)"

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert odd(cells) == [("cell.formula_not_computed", "Homicide", "E9", "=SUM(E11:E12)")]
    assert figures(cells)["homicide_victims", 2021] == ("=SUM(E11:E12)", -1)


def test_comments_are_kept(tmp_path):
    def change(book):
        book["Homicide"].cell(ROW, 5).comment = Comment("Provisional & <old>", "office")

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert odd(cells) == [("cell.comment", "Homicide", "E9", "Provisional & <old>")]
    assert figures(cells) == EXPECTED


def test_merged_cells_hold_the_first_value_only(tmp_path):
    cells = read(edit(make(tmp_path / "a.xlsx"), lambda book: book["Homicide"].merge_cells("E9:F10")), CTS)
    assert odd(cells) == [("cell.merged", "Homicide", cell, "E9:F10") for cell in ("F9", "E10", "F10")]
    assert figures(cells)["homicide_victims", 2021] == ("412", 412)
    assert ("homicide_victims_m", 2021) not in figures(cells)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_read_and_said(tmp_path, state):
    def change(book):
        book["Homicide"].sheet_state = state
        book["Violent"].sheet_state = state  # holds no figures

    cells = read(edit(make(tmp_path / "a.xlsx"), change), CTS)
    assert figures(cells) == EXPECTED
    assert odd(cells) == [("cell.hidden_sheet", "Homicide", "E9", "The sheet is hidden and holds figures.")]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_a_workbook_saved_by_libreoffice_is_read(tmp_path):
    source = make(tmp_path / "a.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        tmp_path / "out",
        source,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    cells = read(tmp_path / "out" / "a.xlsx", CTS)
    assert figures(cells) == EXPECTED
    assert odd(cells) == []
    assert odd(cells, "_fault.") == []


# --- a round --------------------------------------------------------------------


def test_a_folder_is_read_with_what_lies_below(tmp_path):
    make(tmp_path / "PRT.xlsx")
    (tmp_path / "americas").mkdir()
    make(tmp_path / "americas" / "MEX.xlsx", area="MEX")
    (tmp_path / "~$PRT.xlsx").write_bytes(b"lock")
    (tmp_path / ".hidden.xlsx").write_bytes(b"no")
    (tmp_path / "Thumbs.db").write_bytes(b"of the system")
    (tmp_path / "origins.csv").write_text("a,b\n")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    seen = []
    cells = read(tmp_path, CTS, progress=lambda done, total: seen.append((done, total)))
    assert list(cells["return_id"].cat.categories) == [
        "PRT.xlsx",
        "americas/MEX.xlsx",
        "old.xls",
        "origins.csv",
    ]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    files = returns(cells)
    RETURNS.check(files)
    assert list(zip(files["return_id"], files["area"], files["status"], strict=True)) == [
        ("PRT.xlsx", "PRT", "read"), ("americas/MEX.xlsx", "MEX", "read"), ("old.xls", "_U", "refused"),
        ("origins.csv", "_U", "refused"),
    ]  # fmt: skip
    assert files["questionnaire"].tolist() == ["un-cts-2024", "un-cts-2024", "_U", "_U"]
    assert files["language"].tolist() == ["en", "en", "_U", "_U"]


def test_files_of_one_name_are_told_apart(tmp_path):
    paths = []
    for number, folder in enumerate(("one", "two", "three")):
        (tmp_path / folder).mkdir()
        figure = ("held", 2021, "1" if number else "2")
        paths.append(make(tmp_path / folder / "a.xlsx", figure))
    cells = read(paths, CTS)
    names = list(cells["return_id"].cat.categories)
    assert len(names) == 3
    assert all(re.fullmatch(r"a\.xlsx~[0-9a-f]{8}(~2)?", name) for name in names)


def test_a_name_that_is_no_text_does_not_end_the_round(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.xlsx"
    try:
        make(tmp_path / "a.xlsx").rename(os.fsdecode(path))
    except OSError:
        pytest.skip("this file system has no such names")
    cells = read(tmp_path, CTS)
    assert list(cells["return_id"].cat.categories) == ["?.xlsx"]
    assert figures(cells) == EXPECTED


def test_many_workers_give_the_same_table(tmp_path):
    for number in range(7):
        make(tmp_path / f"{number}.xlsx", ("held", 2021, str(number)), area="MEX" if number % 2 else "PRT")
    (tmp_path / "8.xlsx").write_bytes(b"")
    alone = read(tmp_path, CTS, workers=1)
    for workers in (None, 2, 5):
        pd.testing.assert_frame_equal(read(tmp_path, CTS, workers=workers), alone)
    assert len(returns(alone)) == 8


@pytest.mark.parametrize("workers", [None, 2])
def test_a_break_in_the_progress_ends_the_reading(tmp_path, workers):
    for number in range(6):
        make(tmp_path / f"{number}.xlsx", ("held", 2021, "1"))

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(tmp_path, CTS, progress=interrupt, workers=workers)


def test_wrong_calls_are_exceptions(tmp_path):
    with pytest.raises(FileError, match="is not there"):
        read(tmp_path / "nowhere", CTS)
    with pytest.raises(FileError, match="is not there"):
        read([tmp_path / "nothing.xlsx"], CTS)
    with pytest.raises(FileError, match="holds no workbook"):
        read(tmp_path, CTS)
    with pytest.raises(CallError, match="workers"):
        read(make(tmp_path / "a.xlsx"), CTS, workers=0)
    with pytest.raises(CallError):
        returns(pd.DataFrame({"item": []}))


def test_nothing_to_read_is_an_empty_table():
    cells = read([], CTS)
    CELLS.check(cells)
    assert len(cells) == 0
    assert len(returns(cells)) == 0


@pytest.mark.parametrize("is_named", [True, False])
def test_a_table_that_lost_its_heading_does_not_take_the_years_of_the_one_above(tmp_path, is_named):
    figures = pd.DataFrame({"year": ["2021", "2022"], "item": "homicide_victims", "value": ["7", "8"]})
    path = build(CTS, tmp_path / "MEX.xlsx", area="MEX", years=(2021, 2022), figures=figures)
    book = openpyxl.load_workbook(path)
    sheet = book["Homicide"]
    heading = next(row for row in range(1, 30) if sheet.cell(row, 1).value == "1.2")
    for column in range(1, sheet.max_column + 1):
        sheet.cell(heading, column).value = None
    if not is_named:
        for name in list(book.defined_names):
            del book.defined_names[name]
    book.save(path)
    cells = read(path, CTS)
    found = cells[(cells["item"] == "homicide_victims") & cells["value"].notna()]
    assert found["value"].tolist() == ([7, 8] if is_named else [])
    unplaced = cells[cells["item"] == "_cell.unplaced"]
    assert set(unplaced["raw"]) >= (set() if is_named else {"7", "8"})
    assert is_named == unplaced.empty
