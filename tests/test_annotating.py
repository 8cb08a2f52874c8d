"""The sender's own workbook comes back with the questions in it, and with all else as it was."""

import io
import posixpath
import random
import re
import shutil
import struct
import subprocess
import warnings
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from lxml import etree

import crimestats as cs
from crimestats.errors import CallError, FileError
from crimestats.files import read_csv, shipped
from crimestats.frames import FINDINGS
from crimestats.questionnaire import build
from crimestats.validation.annotating import annotate, questions
from crimestats.validation.annotating.sheet import unselected
from crimestats.validation.annotating.texts import encoded

CTS = cs.Questionnaire.load("un-cts-2024")
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
ERROR, QUERY, NOTE = "FFFFC9C4", "FFFFE0B3", "FFD3E5F8"


def finding(sheet, cell, severity="query", number=1, **other):
    row = dict.fromkeys(FINDINGS.columns, "") | {
        "finding_id": f"{number:016x}", "questionnaire": "un-cts-2024", "rule": f"CTS24-{number:03}", "severity": severity,
        "return_id": "x.xlsx", "area": "PRT", "year": 2022, "sheet": sheet, "cell": cell, "item": "homicide_victims",
        "value": "412", "expected": "403", "question": "total 412, but its parts add to 403.", "state": "open",
    }  # fmt: skip
    return row | other


def frame(*rows):
    return FINDINGS.cast(pd.DataFrame(list(rows), columns=list(FINDINGS.columns)))


def workbook(folder, name="x.xlsx", **settings):
    table = pd.DataFrame({"year": ["2022", "2021"], "item": ["homicide_victims"] * 2, "value": ["412", "<5"]})
    return build(CTS, folder / name, **{"area": "PRT", "years": (2021, 2022), "figures": table} | settings)


def send_back(source, *rows, name="back.xlsx", **settings):
    return annotate(source, source.parent / name, frame(*rows), definition=CTS, **settings)


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def index_of(parts):
    return next(name for name, data in parts.items() if b"Questions about your return" in data)


def opened(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what openpyxl itself would drop
        return openpyxl.load_workbook(path)


def fill(cell):
    return cell.fill.fgColor.rgb if cell.fill.patternType else None


def looks(cell):
    return (
        cell.number_format, cell.font.name, cell.font.sz, cell.font.b, cell.border.left.style, cell.border.bottom.style,
        cell.alignment.horizontal, cell.alignment.wrap_text, cell.protection.locked, cell.value,
    )  # fmt: skip


def check_package(path):
    """Every part is well-formed, every relationship leads somewhere, every id stands once, cells are in their order."""
    parts = parts_of(path)
    roots = {name: etree.fromstring(data) for name, data in parts.items() if name.endswith((".xml", ".rels"))}
    types = roots["[Content_Types].xml"]
    defaults = [entry.get("Extension").lower() for entry in types if entry.tag.endswith("Default")]
    overrides = [entry.get("PartName") for entry in types if entry.tag.endswith("Override")]
    assert len(set(defaults)) == len(defaults)
    assert len(set(overrides)) == len(overrides)
    assert {name.lstrip("/") for name in overrides} <= parts.keys()
    for name in parts:
        assert (
            f"/{name}" in overrides
            or name.rpartition(".")[2].lower() in defaults
            or name == "[Content_Types].xml"
        ), name
    for name, root in roots.items():
        if name.endswith(".rels"):
            folder, own = posixpath.split(name)
            assert (
                not own.removesuffix(".rels")
                or posixpath.join(posixpath.dirname(folder), own.removesuffix(".rels")) in parts
            )
            ids = [entry.get("Id") for entry in root]
            assert len(ids) == len(set(ids))
            for entry in root:
                if entry.get("TargetMode") != "External":
                    target = posixpath.normpath(
                        posixpath.join("/" + posixpath.dirname(folder), entry.get("Target"))
                    )
                    assert target.lstrip("/") in parts, (name, entry.get("Target"))
    check_book(roots, parts)


def check_book(roots, parts):
    book = roots["xl/workbook.xml"]
    sheets = [entry for entry in book.iter() if etree.QName(entry).localname == "sheet"]
    for key in ("name", "sheetId"):
        assert len({entry.get(key) for entry in sheets}) == len(sheets)
    names = [
        (entry.get("name").lower(), entry.get("localSheetId"))
        for entry in book.iter()
        if etree.QName(entry).localname == "definedName"
    ]
    assert len(names) == len(set(names))
    styles = next(root for root in roots.values() if etree.QName(root).localname == "styleSheet")
    for table in ("fonts", "fills", "borders", "cellXfs"):
        found = next(child for child in styles if etree.QName(child).localname == table)
        assert int(found.get("count", len(found))) == len(found), table
    xfs = next(child for child in styles if etree.QName(child).localname == "cellXfs")
    selected = 0
    for root in roots.values():
        local = etree.QName(root).localname
        if local == "worksheet":
            check_sheet(root, len(xfs))
            selected += any(
                view.get("tabSelected") == "1"
                for view in root.iter()
                if etree.QName(view).localname == "sheetView"
            )
        if local == "comments":
            places = [entry.get("ref") for entry in root.iter() if etree.QName(entry).localname == "comment"]
            assert len(places) == len(set(places))
    assert selected <= 1
    for name, data in parts.items():
        shapes = re.findall(rb'id="(_x0000_s\d+)"', data) if name.endswith(".vml") else []
        assert len(shapes) == len(set(shapes))


def check_sheet(root, styles):
    known = [
        questions.ORDER.index(etree.QName(child).localname) for child in root if isinstance(child.tag, str)
    ]
    assert known == sorted(known)
    rows = [row for row in root.iter() if etree.QName(row).localname == "row"]
    stated = [int(row.get("r")) for row in rows if row.get("r")]
    assert stated == sorted(set(stated))
    for row in rows:
        places = [openpyxl.utils.cell.coordinate_from_string(cell.get("r")) for cell in row if cell.get("r")]
        columns = [openpyxl.utils.column_index_from_string(letters) for letters, _ in places]
        assert columns == sorted(set(columns))
        assert {digits for _, digits in places} <= {int(row.get("r", 0))}
        assert all(int(cell.get("s", 0)) < styles for cell in row)


def test_the_cells_in_question_and_no_others(tmp_path):
    source = workbook(tmp_path)
    done = send_back(
        source,
        finding("Homicide", "E5", "error"),
        finding("Homicide", "F5", "note", 2),
        finding("Homicide", "E5", "note", 3),
    )
    before, after = opened(source), opened(done.path)
    changed = [(sheet.title, cell.coordinate, fill(after[sheet.title][cell.coordinate])) for sheet in before for row in sheet.iter_rows()
               for cell in row if fill(cell) != fill(after[sheet.title][cell.coordinate])]  # fmt: skip
    assert changed == [("Homicide", "E5", ERROR), ("Homicide", "F5", NOTE)]
    different = [cell.coordinate for sheet in before for row in sheet.iter_rows() for cell in row
                 if looks(cell) != looks(after[sheet.title][cell.coordinate])]  # fmt: skip
    assert different == []
    commented = [
        cell.coordinate for sheet in after for row in sheet.iter_rows() for cell in row if cell.comment
    ]
    assert commented == ["E5", "F5"]
    assert (done.cells, done.questions, done.lost) == (2, 3, ())
    check_package(done.path)


def test_a_comment_says_what_is_asked(tmp_path):
    row = finding("Homicide", "E5", previous="398", culprit="'Homicide'!E9", fitting="21")
    done = send_back(
        workbook(tmp_path), row, finding("Homicide", "E5", number=2, question="", message="Another.")
    )
    comment = opened(done.path)["Homicide"]["E5"].comment
    assert comment.author == "crimestats"
    assert comment.text == (
        "crimestats:\nCTS24-001: total 412, but its parts add to 403.\nExpected: 403\nLast year's value: 398\n"
        "Probably wrong: 'Homicide'!E9\nValue that would fit: 21\n\nCTS24-002: Another.\nExpected: 403\n— crimestats"
    )


def test_the_sheet_of_questions(tmp_path):
    source = workbook(tmp_path)
    rows = (finding("Homicide", "E5", culprit="'Homicide'!E9", fitting="21"), finding("_Z", "_Z", "error", 2, item="_file", year=None),
            finding("Metadata", "D5", number=3, item="M.homicide.definition_differs", state="no_reply"))  # fmt: skip
    done = send_back(source, *rows, answers={f"{3:016x}": "=see our letter"})
    book = opened(done.path)
    sheet = book["Questions"]
    assert book.active.title == "Questions"
    assert [[cell.value for cell in line[:12]] for line in sheet["A4:L7"]] == [
        ["Rule", "Cell", "Item", "Year", "Value", "Expected", "Last year's value", "Probably wrong", "Question", "Answer", "Earlier answer", None],
        ["CTS24-001", "Homicide!E5", sheet["C5"].value, 2022, "412", "403", None,
         "'Homicide'!E9\nValue that would fit: 21", "total 412, but its parts add to 403.", None, None, f"{1:016x}"],
        ["CTS24-002", "Whole file", None, None, "412", "403", None, None, "total 412, but its parts add to 403.", None, None, f"{2:016x}"],
        ["CTS24-003", "Metadata!D5", sheet["C7"].value, 2022, "412", "403", None, None,
         "Asked before, without an answer. total 412, but its parts add to 403.", None, "=see our letter", f"{3:016x}"],
    ]  # fmt: skip
    assert sheet["C5"].value == f"{CTS['homicide_victims'].number}  {CTS['homicide_victims'].label}"
    assert [(cell, sheet[cell].hyperlink.location if sheet[cell].hyperlink else None) for cell in ("B5", "B6", "B7")] == [
        ("B5", "'Homicide'!E5"), ("B6", None), ("B7", "'Metadata'!D5"),
    ]  # fmt: skip
    names = {
        name: entry.attr_text
        for name, entry in book.defined_names.items()
        if name[:2] in ("A.", "K.") or name == "H.original"
    }
    assert names == {
        "K.1": "'Homicide'!$E$5", "K.2": "'Metadata'!$D$5", f"A.{1:016x}": "'Questions'!$J$5", f"A.{2:016x}": "'Questions'!$J$6",
        f"A.{3:016x}": "'Questions'!$J$7", "H.original": "'Questions'!$B$9",
    }  # fmt: skip
    from hashlib import sha256

    assert sheet["B9"].value == sha256(source.read_bytes()).hexdigest()
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"
    assert (sheet.protection.sheet, sheet["J5"].protection.locked, sheet["I5"].protection.locked) == (
        True,
        False,
        True,
    )
    assert [letter for letter, column in sheet.column_dimensions.items() if column.hidden] == ["L", "M"]


def test_all_other_parts_are_byte_for_byte_the_same(tmp_path):
    source = workbook(tmp_path)
    done = send_back(source, finding("Homicide", "E5"))
    before, after = parts_of(source), parts_of(done.path)
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {"[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/workbook.xml",
                       "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"}  # fmt: skip
    assert after["xl/worksheets/sheet1.xml"] == before["xl/worksheets/sheet1.xml"].replace(
        b'tabSelected="1"', b'tabSelected="0"'
    )
    assert set(done.kept) == before.keys() - changed


def test_reading_it_gives_the_same_figures(tmp_path):
    source = workbook(tmp_path)
    done = send_back(source, finding("Homicide", "E5"), finding("Prisons", "F9", number=2))
    columns = ["sheet", "cell", "item", "year", "raw", "value", "lower", "upper", "status", "area"]
    before, after = (
        cells[~cells["item"].astype(str).str.startswith("_") & (cells["sheet"] != "Questions")][columns]
        .astype(str)
        .reset_index(drop=True)
        for cells in (cs.read(path, CTS) for path in (source, done.path))
    )
    pd.testing.assert_frame_equal(before, after)


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b""))  # fmt: skip


CONTROL = (
    b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    b'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"><mc:Choice Requires="x14" '
    b'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><controls><mc:AlternateContent><mc:Choice Requires="x14">'
    b'<control shapeId="1025" r:id="rId99" name="Box"><controlPr defaultSize="0" print="0" autoFill="0"><anchor><from><xdr:col>9</xdr:col>'
    b"<xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></from><to><xdr:col>10</xdr:col><xdr:colOff>0</xdr:colOff>"
    b"<xdr:row>2</xdr:row><xdr:rowOff>0</xdr:rowOff></to></anchor></controlPr></control></mc:Choice></mc:AlternateContent></controls></mc:Choice></mc:AlternateContent>"
)


def furnished(path, *, has_control=True):
    """A workbook with all that a library for cells alone would drop; LibreOffice crashes on the control, with us or without."""
    book = xlsxwriter.Workbook(str(path))
    first, second, third = (
        book.add_worksheet("Figures"),
        book.add_worksheet("It's hidden"),
        book.add_worksheet("Questions"),
    )
    grey = book.add_format({"bg_color": "#D9D9D9", "num_format": "0.0", "bold": True})
    first.set_column("A:C", 14)
    for row in range(1, 8):
        first.write_number(row, 1, row * 10, grey)
    first.write_formula("D4", "=SUM(B2:B8)", None, 280)
    first.merge_range("B12:D13", "merged", grey)
    first.insert_image("F2", "logo.png", {"image_data": io.BytesIO(png())})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Figures!$B$2:$B$8"})
    first.insert_chart("F8", chart)
    first.insert_textbox("A20", "A shape")
    first.insert_button("J2", {"caption": "Press", "macro": "x"})
    first.write_comment("B3", "Our own note.", {"author": "Office"})
    first.write_comment("C9", "Another note.", {"author": "Office"})
    first.conditional_format("B2:B8", {"type": "data_bar", "data_bar_2010": True})
    first.data_validation("B2:B8", {"validate": "whole", "criteria": ">=", "value": 0})
    first.add_sparkline("E2", {"range": "Figures!B2:B8"})
    first.set_header("&C&G", {"image_center": "logo.png", "image_data_center": io.BytesIO(png())})
    first.protect("secret", {"objects": True})
    second.hide()
    second.write_number("A1", 5)
    third.write_string("A1", "of the sender")
    book.define_name("Total", "=Figures!$D$4")
    line = book.add_chart({"type": "line"})
    line.add_series({"values": "=Figures!$B$2:$B$8"})
    book.add_chartsheet("Chart").set_chart(line)
    book.close()
    return with_control(path) if has_control else path


def with_control(path):
    parts = parts_of(path)
    sheet, rels = "xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels"
    parts[sheet] = parts[sheet].replace(b"<extLst>", CONTROL + b"<extLst>")
    assert CONTROL in parts[sheet]
    parts[rels] = parts[rels].replace(b"</Relationships>", (
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/ctrlProp" '
        b'Target="../ctrlProps/ctrlProp1.xml"/></Relationships>'))  # fmt: skip
    parts["xl/ctrlProps/ctrlProp1.xml"] = (
        b'<formControlPr xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" objectType="Button" lockText="1"/>'
    )
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", (
        b'<Override PartName="/xl/ctrlProps/ctrlProp1.xml" ContentType="application/vnd.ms-excel.controlproperties+xml"/></Types>'))  # fmt: skip
    return zipped(path, parts)


FURNISHED = (finding("Figures", "B3", "error"), finding("Figures", "D4", number=2), finding("Figures", "C13", "note", 3),
             finding("Figures", "A2", number=4), finding("Figures", "H40", number=5), finding("It's hidden", "A1", number=6))  # fmt: skip


def test_nothing_of_a_furnished_workbook_is_dropped(tmp_path):
    source = furnished(tmp_path / "x.xlsx")
    done = send_back(source, *FURNISHED)
    before, after = parts_of(source), parts_of(done.path)
    edited = {"[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml",
              "xl/worksheets/sheet2.xml", "xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"}  # fmt: skip
    assert {name for name in before if before[name] != after.get(name)} == edited
    assert {name for name in before if "media" in name or "chart" in name or "ctrlProp" in name} <= set(
        done.kept
    )
    old, new = (etree.fromstring(parts["xl/worksheets/sheet1.xml"]) for parts in (before, after))
    kept = ("conditionalFormatting", "dataValidations", "sheetProtection", "mergeCells", "drawing", "legacyDrawing", "legacyDrawingHF", "extLst", "cols",
            "AlternateContent")  # fmt: skip
    for name in kept:
        both = [
            [etree.tostring(found, method="c14n") for found in root.findall(f"{{*}}{name}")]
            for root in (old, new)
        ]
        assert both[0] == both[1] != [], name
    assert b'ObjectType="Button"' in after["xl/drawings/vmlDrawing1.vml"]
    assert after["xl/drawings/vmlDrawing1.vml"].startswith(
        before["xl/drawings/vmlDrawing1.vml"].rpartition(b"</xml>")[0][:-5].rstrip()[:300]
    )
    check_package(done.path)


def test_what_openpyxl_sees_of_a_furnished_workbook(tmp_path):
    done = send_back(furnished(tmp_path / "x.xlsx"), *FURNISHED)
    book = opened(done.path)
    sheet = book["Figures"]
    assert book.sheetnames == ["Figures", "It's hidden", "Questions", "Chart", "Questions 2"]
    assert book["It's hidden"].sheet_state == "hidden"
    assert [(cell, fill(sheet[cell]), bool(sheet[cell].comment)) for cell in ("B3", "D4", "A2", "H40", "B12", "B4", "C9")] == [
        ("B3", ERROR, True), ("D4", QUERY, True), ("A2", QUERY, True), ("H40", QUERY, True), ("B12", NOTE, True),
        ("B4", "FFD9D9D9", False), ("C9", None, True),
    ]  # fmt: skip
    assert (sheet["B3"].number_format, sheet["B3"].font.b, sheet["D4"].value) == ("0.0", True, "=SUM(B2:B8)")
    assert sheet["C9"].comment.text == "Another note."
    assert (sheet["B3"].comment.author, sheet["B3"].comment.text[:26]) == (
        "Office",
        "Our own note.\n\ncrimestats:",
    )
    assert (book.defined_names["Total"].attr_text, book["Questions 2"]["B7"].hyperlink.location) == (
        "Figures!$D$4",
        "'Figures'!B12",
    )
    assert book["Questions 2"]["B10"].hyperlink.location == "'It''s hidden'!A1"


def rounds(source, number, *rows):
    """The workbook sent to and fro; what comes back is what was sent."""
    paths = [source]
    for turn in range(number):
        paths.append(send_back(paths[-1], *rows, name=f"round{turn}.xlsx").path)
    return paths


@pytest.mark.parametrize(
    "make", [workbook, lambda folder: furnished(folder / "x.xlsx")], ids=["built", "furnished"]
)
def test_it_does_not_grow_over_three_rounds(tmp_path, make):
    rows = (
        FURNISHED
        if "lambda" in make.__name__
        else (finding("Homicide", "E5", "error"), finding("Prisons", "A9", number=2))
    )
    _, first, second, third = rounds(make(tmp_path), 3, *rows)
    names = [parts_of(path) for path in (first, second, third)]
    assert names[0].keys() == names[1].keys() == names[2].keys()
    index = index_of(names[0])
    assert {name for name in names[0] if names[1][name] != names[2][name]} == {index}
    assert {name for name in names[0] if len(names[0][name]) < len(names[1][name])} <= {
        index,
        "xl/workbook.xml",
        "xl/styles.xml",
    }
    assert len(names[2][index]) - len(names[1][index]) == len(" " + 64 * "f")  # one digest more
    for path in (first, second, third):
        check_package(path)


def test_colours_comments_and_names_go_when_a_question_is_settled(tmp_path):
    source = furnished(tmp_path / "x.xlsx")
    back = send_back(send_back(source, *FURNISHED).path, finding("Figures", "B5"), name="again.xlsx")
    before, after = opened(source), opened(back.path)
    changed = [(sheet.title, cell.coordinate) for sheet in before.worksheets for row in sheet.iter_rows() for cell in row
               if fill(cell) != fill(after[sheet.title][cell.coordinate]) or looks(cell) != looks(after[sheet.title][cell.coordinate])]  # fmt: skip
    assert changed == [("Figures", "B5")]
    assert fill(after["Figures"]["H40"]) is None
    assert {cell.coordinate: cell.comment.text[:13] for row in after["Figures"].iter_rows() for cell in row if cell.comment} == {
        "B3": "Our own note.", "C9": "Another note.", "B5": "crimestats:\nC",
    }  # fmt: skip
    assert after["Figures"]["B3"].comment.text == "Our own note."
    assert [name for name in after.defined_names if name.startswith("K.")] == ["K.1"]
    assert after.sheetnames.count("Questions 2") == 1


def test_comments_are_gone_with_the_last_question_of_a_sheet(tmp_path):
    source = workbook(tmp_path)
    back = send_back(
        send_back(source, finding("Homicide", "E5")).path, finding("Prisons", "E9"), name="again.xlsx"
    )
    names = [name for name in parts_of(back.path) if "comments" in name or name.endswith(".vml")]
    assert len(names) == 2
    check_package(back.path)


def edited(path, part, *pairs):
    """The file after its receiver has changed something in it."""
    parts = parts_of(path)
    for old, new in pairs:
        assert old in parts[part], old
        parts[part] = parts[part].replace(old, new)
    return zipped(path, parts)


def test_what_the_sender_wrote_into_our_comment_stays(tmp_path):
    first = send_back(workbook(tmp_path), finding("Homicide", "E5"))
    path = edited(
        first.path, "xl/comments1.xml", ("— crimestats".encode(), "— crimestats\nThis is right.".encode())
    )
    second = send_back(path, finding("Homicide", "E5"), name="again.xlsx")
    text = opened(second.path)["Homicide"]["E5"].comment.text
    assert text.startswith("\nThis is right.\n\ncrimestats:\nCTS24-001")
    assert text.count("crimestats:") == 1


def test_an_answer_is_carried_along(tmp_path):
    first = send_back(workbook(tmp_path), finding("Homicide", "E5"), finding("Homicide", "F5", number=2))
    book = opened(first.path)
    book["Questions"]["J5"] = "A riot in May."
    book.save(first.path)
    second = send_back(
        first.path, finding("Homicide", "E5"), finding("Homicide", "F5", number=2), name="again.xlsx"
    )
    sheet = opened(second.path)["Questions"]
    assert [sheet["K4"].value, sheet["J5"].value, sheet["K5"].value, sheet["K6"].value] == [
        "Earlier answer",
        None,
        "A riot in May.",
        None,
    ]
    third = send_back(second.path, finding("Homicide", "E5"), name="third.xlsx")
    assert opened(third.path)["Questions"]["K5"].value == "A riot in May."


def test_a_cell_painted_over_keeps_its_colour(tmp_path):
    first = send_back(workbook(tmp_path), finding("Homicide", "E5"), finding("Homicide", "F5", number=2))
    book = opened(first.path)
    book["Homicide"]["E5"].fill = openpyxl.styles.PatternFill("solid", fgColor="FF00FF00")
    book.save(first.path)
    sheet = opened(send_back(first.path, name="again.xlsx").path)["Homicide"]
    assert (fill(sheet["E5"]), fill(sheet["F5"])) == ("FF00FF00", None)


def test_the_digests_of_all_that_it_supersedes(tmp_path):
    from hashlib import sha256

    paths = rounds(workbook(tmp_path), 3, finding("Homicide", "E5"))
    sheet = opened(paths[3])["Questions"]
    digests = [sha256(path.read_bytes()).hexdigest() for path in paths[:3]]
    assert (sheet["B7"].value, sheet["C7"].value) == (digests[2], f"{digests[1]} {digests[0]}")


def test_an_earlier_sheet_that_was_deleted_or_renamed(tmp_path):
    first = send_back(workbook(tmp_path), finding("Homicide", "E5"))
    renamed = edited(
        first.path, "xl/workbook.xml", (b'name="Questions"', b'name="Asked"'), (b"'Questions'!", b"Asked!")
    )
    second = send_back(renamed, finding("Homicide", "E5"), name="again.xlsx")
    assert opened(second.path).sheetnames[-1] == "Asked"
    gone = edited(second.path, "xl/workbook.xml", (b"'Asked'!", b"#REF!"))
    third = send_back(gone, finding("Homicide", "F5"), name="third.xlsx")
    book = opened(third.path)
    assert (book.sheetnames[-1], fill(book["Homicide"]["E5"]), fill(book["Homicide"]["F5"])) == (
        "Questions",
        None,
        QUERY,
    )
    check_package(third.path)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_text_that_looks_like_a_formula_is_text(tmp_path, text):
    done = send_back(workbook(tmp_path), finding("Homicide", "E5", value=text, question=text, culprit=text))
    sheet = opened(done.path)["Questions"]
    assert [
        (sheet[cell].value, sheet[cell].data_type in "si", sheet[cell].quotePrefix)
        for cell in ("E5", "H5", "I5")
    ] == [(text, True, True)] * 3
    assert sheet["F5"].quotePrefix is False


def test_characters_that_xml_forbids(tmp_path):
    done = send_back(
        workbook(tmp_path), finding("Homicide", "E5", question="a\x0bb _x000B_ <&>", value="x" * 40_000)
    )
    parts = parts_of(done.path)
    for part in (index_of(parts), "xl/comments1.xml"):
        assert b"a_x000B_b _x005F_x000B_ &lt;&amp;&gt;" in parts[part]
    assert len(opened(done.path)["Questions"]["E5"].value) == 32_767
    assert encoded("\r\n\ud800\uffff") == "\n?_xFFFF_"


def test_arabic_runs_from_the_right(tmp_path):
    done = send_back(
        workbook(tmp_path), finding("Homicide", "E5", question="المجموع لا يساوي أجزاءه."), language="ar"
    )
    book = opened(done.path)
    sheet = book.active
    assert sheet.sheet_view.rightToLeft
    orders = {name: sheet[name].alignment.readingOrder for name in ("A5", "E5", "F5", "I5", "J5")}
    assert orders == {"A5": 1, "E5": 1, "F5": 1, "I5": 2, "J5": 2}
    assert b"direction:RTL" in parts_of(done.path)["xl/drawings/vmlDrawing1.vml"]
    assert not book["Homicide"].sheet_view.rightToLeft


PLAIN = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
    'Type="{r}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<x:workbook xmlns:x="{s}" xmlns:q="{r}"><x:sheets><x:sheet name="A" sheetId="4" q:id="z"/></x:sheets></x:workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="z" '
    'Type="{r}/worksheet" Target="/xl/Elsewhere/Page.xml"/></Relationships>',
    "xl/Elsewhere/Page.xml": '<x:worksheet xmlns:x="{s}"><x:cols><x:col min="2" max="3" width="9"/></x:cols><x:sheetData>'
    "<x:row><x:c><x:v>1</x:v></x:c><x:c><x:v>2</x:v></x:c></x:row><x:row r=\"4\"><x:c/><x:c r=\"E4\"><x:v>3</x:v></x:c></x:row>"
    "</x:sheetData></x:worksheet>",
}  # fmt: skip
STRICT = {
    "s": "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "r": "http://purl.oclc.org/ooxml/officeDocument/relationships",
}


@pytest.mark.parametrize("spaces", [{"s": S, "r": R}, STRICT], ids=["transitional", "strict"])
def test_prefixes_other_folders_and_parts_that_are_absent(tmp_path, spaces):
    texts = {name: text.format(**spaces).encode() for name, text in PLAIN.items()}
    source = zipped(tmp_path / "x.xlsx", texts)
    done = send_back(
        source,
        finding("A", "B1"),
        finding("A", "C4", number=2),
        finding("A", "D9", number=3),
        finding("A", "A4", number=4),
    )
    check_package(done.path)
    root = etree.fromstring(parts_of(done.path)["xl/Elsewhere/Page.xml"])
    cells = [
        (cell.get("r"), cell.get("s", "0") != "0", "".join(cell.itertext()))
        for cell in root.iter(f"{{{spaces['s']}}}c")
    ]
    assert cells == [
        ("A1", False, "1"),
        ("B1", True, "2"),
        ("A4", True, ""),
        ("C4", True, ""),
        ("E4", False, "3"),
        ("D9", True, ""),
    ]
    rels = parts_of(done.path)["xl/Elsewhere/_rels/Page.xml.rels"]
    assert rels.count(spaces["r"].encode()) == 2
    again = send_back(done.path, name="again.xlsx")
    check_package(again.path)
    assert b"_rels/Page" not in b"".join(name.encode() for name in parts_of(again.path))


def test_a_signature_is_removed_and_named(tmp_path):
    source = workbook(tmp_path)
    parts = parts_of(source)
    base = b"http://schemas.openxmlformats.org/package/2006/relationships/digital-signature"
    parts["_xmlsignatures/origin.sigs"] = b""
    parts["_xmlsignatures/sig1.xml"] = b"<Signature/>"
    parts["_xmlsignatures/_rels/origin.sigs.rels"] = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
        b'Type="%s/signature" Target="sig1.xml"/></Relationships>' % base
    )
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="sig" Type="%s/origin" Target="_xmlsignatures/origin.sigs"/></Relationships>'
        % base,
    )
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"<Override",
        b'<Default Extension="sigs" ContentType="application/vnd.openxmlformats-package.digital-signature-origin"/><Override',
        1,
    )
    done = send_back(zipped(source, parts), finding("Homicide", "E5"))
    assert [name for name in parts_of(done.path) if "signatures" in name] == []
    assert len(done.lost) == 1
    sheet = opened(done.path)["Questions"]
    assert [sheet["A7"].value, sheet["A8"].value] == ["What could not be kept or marked", done.lost[0]]
    check_package(done.path)


def test_a_conversation_of_comments_is_left_alone_and_named(tmp_path):
    source = furnished(tmp_path / "x.xlsx")
    edited(source, "xl/comments1.xml", (b"<author>Office</author>", b"<author>tc={0-0}</author>"))
    done = send_back(source, finding("Figures", "B3"), finding("Figures", "B4", number=2))
    sheet = opened(done.path)["Figures"]
    assert (sheet["B3"].comment.text, sheet["B4"].comment.author, fill(sheet["B3"])) == (
        "Our own note.",
        "crimestats",
        QUERY,
    )
    assert done.lost == ("A conversation of comments stands at 'Figures'!B3; the question stands here only.",)


def test_a_sheet_that_is_not_there_is_named(tmp_path):
    done = send_back(workbook(tmp_path), finding("Courts", "E5"), finding("Courts", "E6", number=2))
    assert (done.cells, done.questions, done.lost) == (
        0,
        2,
        ("There is no sheet “Courts” with cells in the file; its questions stand here only.",),
    )
    assert opened(done.path)["Questions"]["B5"].value == "Courts!E5"


def test_macros_stay_with_their_content_type(tmp_path):
    source = workbook(tmp_path)
    macro = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    edited(
        source,
        "[Content_Types].xml",
        (b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", macro),
    )
    parts = parts_of(source) | {"xl/vbaProject.bin": b"macro"}
    done = send_back(zipped(source, parts), finding("Homicide", "E5"))
    assert macro in parts_of(done.path)["[Content_Types].xml"]
    assert "xl/vbaProject.bin" in done.kept


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_refused_file(tmp_path, data):
    source = tmp_path / "x.xlsx"
    source.write_bytes(data)
    with pytest.raises(FileError, match="in a letter"):
        send_back(source, finding("Homicide", "E5"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]


def test_a_document_type_far_behind_the_beginning(tmp_path):
    source = workbook(tmp_path)
    late = b"<!--" + b" " * 5000 + b'--><!DOCTYPE styleSheet [<!ENTITY a "b">]><styleSheet '
    edited(source, "xl/styles.xml", (b"<styleSheet ", late))
    with pytest.raises(FileError, match="document type"):
        send_back(source, finding("Homicide", "E5"))


@pytest.mark.parametrize(("rows", "message"), [
    ((finding("A", "B1"), finding("A", "B1", number=2, return_id="y")), "several returns"),
    ((finding("A", "B1"), finding("A", "B2")), "an id twice"),
    ((finding("A", "B1", finding_id="x y"),), "which is no id"),
])  # fmt: skip
def test_findings_that_cannot_be_asked_together(tmp_path, rows, message):
    with pytest.raises(CallError, match=message):
        send_back(workbook(tmp_path), *rows)


def test_equal_calls_give_equal_bytes(tmp_path):
    source = furnished(tmp_path / "x.xlsx")
    one, two = (
        send_back(source, *FURNISHED, name=name).path.read_bytes() for name in ("one.xlsx", "two.xlsx")
    )
    assert one == two


def test_mutated_workbooks_come_back_whole_or_are_refused(tmp_path):
    source = furnished(tmp_path / "x.xlsx")
    good, draw = parts_of(source), random.Random(4)
    names = [
        name
        for name in good
        if name.endswith((".xml", ".rels", ".vml")) and "theme" not in name and "chart" not in name
    ]
    outcomes = Counter()
    for _ in range(150):
        parts, name = dict(good), draw.choice(names)
        data = bytearray(parts[name])
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(data))
            data[at : at + draw.choice((0, 1, 9))] = draw.choice((b"", b"9", b'"', b"<", b"A", b"rId1", b"/"))
        parts[name] = bytes(data)
        try:
            send_back(zipped(tmp_path / "y.xlsx", parts), *FURNISHED)
            outcomes["annotated"] += 1
        except FileError:
            outcomes["refused"] += 1
    assert min(outcomes["annotated"], outcomes["refused"]) > 10


def test_a_sheet_is_unselected_by_its_attribute_alone():
    part = b'<worksheet><sheetViews><sheetView tabSelected="1" x="1"/></sheetViews><sheetData/><x tabSelected="1"/></worksheet>'
    assert unselected(part) == part.replace(b'tabSelected="1" x', b'tabSelected="0" x')
    assert unselected(b"<worksheet/>") == b"<worksheet/>"


def test_every_text_is_listed_for_translation():
    listed = set(read_csv(shipped("questionnaires", "texts", "annotating.csv"), ("english",))["english"])
    from crimestats.validation.annotating import annotate as package_verb

    module = __import__(package_verb.__module__, fromlist=["_"])
    said = (
        {text for _, text, _ in questions.COLUMNS}
        | set(questions.SEVERITIES.values())
        | set(module._DROPPED.values())
    )
    said |= {questions._HOW, module._TOO_LARGE, module._NO_SHEET, module._THREADED}
    for path in (Path(module.__file__), Path(questions.__file__)):
        said |= {
            text
            for _, text in re.findall(
                r"""(?:translate|_say)\((["'])([^"']+)\1""", path.read_text(encoding="utf-8")
            )
        }
    assert listed == said


@OFFICE
@pytest.mark.parametrize("language", ["en", "ar"])
def test_libreoffice_opens_it_and_keeps_what_we_need(tmp_path, language):
    source = furnished(tmp_path / "x.xlsx", has_control=False)
    done = send_back(source, *FURNISHED, language=language)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx",
               "--outdir", str(tmp_path / "saved"), str(done.path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    again = send_back(tmp_path / "saved" / "back.xlsx", name="again.xlsx")
    before, after = opened(source), opened(tmp_path / "saved" / "again.xlsx")
    cells = [
        (sheet.title, cell.coordinate)
        for sheet in (before["Figures"], before["It's hidden"])
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert [spot for spot in cells if fill(before[spot[0]][spot[1]]) != fill(after[spot[0]][spot[1]])] == []
    assert {cell.coordinate: cell.comment.text for row in after["Figures"].iter_rows() for cell in row if cell.comment} == {
        "B3": "Our own note.", "C9": "Another note.",
    }  # fmt: skip
    assert again.questions == 0
