"""Files that are no workbook, or would cost the reader its memory: each is a fault, and the round goes on."""

import random
import re
import struct
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from crimestats.questionnaire import Questionnaire, build
from crimestats.returns import guard, read, returns
from crimestats.returns.form import to_form
from crimestats.returns.guard import Limits
from crimestats.returns.workbook import Reader

CTS = Questionnaire.load("un-cts-2024")
FORM = to_form(CTS)
SHEET = "xl/worksheets/sheet2.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    figures = pd.DataFrame({"year": 2022, "item": ["homicide_victims", "held"], "value": ["412", "<5"]})
    path = build(
        CTS, tmp_path_factory.mktemp("good") / "a.xlsx", area="PRT", years=(2021, 2022), figures=figures
    )
    return path.read_bytes()


def change(good: bytes, more: dict[str, bytes] | None = None, **parts) -> bytes:
    """The workbook with parts changed (`sheet2=function`) and further parts."""
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(good)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            data = source.read(name)
            function = parts.get(Path(name).stem)
            archive.writestr(name, function(data) if function else data)
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return target.getvalue()


def cells_in(good: bytes, xml: bytes) -> bytes:
    """The workbook with further cells at the end of its second sheet."""
    return change(good, sheet2=lambda part: part.replace(b"</sheetData>", xml + b"</sheetData>"))


def zipped(**parts: bytes) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return target.getvalue()


def faults(path: Path, data: bytes, limits: Limits = guard.LIMITS) -> list[str]:
    path.write_bytes(data)
    sheaf = Reader(FORM, limits).examine(str(path))
    return [item.removeprefix("_fault.") for item, *_ in sheaf.records if item.startswith("_fault.")]


# --- what is no workbook --------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"area,item\nPRT,held\n", "not_workbook"),
        (b"<html><table>", "not_workbook"),
        (b"%PDF-1.7", "not_workbook"),
        (bytes(range(256)) * 40, "not_workbook"),
        (b"PK\x03\x04", "truncated"),
        (b"PK\x03\x04" + b"\0" * 100 + b"PK\x05\x06" + b"\0" * 18, "not_workbook"),
        (OLE + b"\0" * 600, "old_format"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (zipped(a=b"1"), "not_workbook"),
        (zipped(word__document=b"<w/>"), "not_workbook"),
        (zipped(**{"xl__workbook.bin": b""}), "old_format"),
        (zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "old_format"),
        (zipped(**{"xl__workbook.xml": b"<workbook/>"}), "unreadable"),
        (zipped(**{"xl__workbook.xml": b""}), "unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_said(tmp_path, data, fault):
    assert faults(tmp_path / "a.xlsx", data) == [fault]


@pytest.mark.parametrize("kept", [10, 100, 1000, -1000, -100, -22, -1])
def test_a_file_cut_off_is_said(tmp_path, good, kept):
    assert faults(tmp_path / "a.xlsx", good[:kept]) == ["truncated"]


def test_what_is_no_file_is_said(tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    cells = (
        read([tmp_path / "a.xlsx"], CTS) if False else read([tmp_path / "a.xlsx", tmp_path / "a.xlsx"], CTS)
    )
    assert set(cells["item"]) == {"_file", "_sha256", "_fault.unreadable"}
    assert list(cells["return_id"].cat.categories) == ["a.xlsx~", "a.xlsx~~2"]


def test_another_questionnaire_is_said(tmp_path, good):
    other = change(good, sharedStrings=lambda part: part.replace(b">un-cts-2024<", b">un-cts-2023<"))
    (tmp_path / "a.xlsx").write_bytes(other)
    cells = read(tmp_path / "a.xlsx", CTS)
    fault = cells[cells["item"] == "_fault.other_questionnaire"].iloc[0]
    assert fault["raw"] == "The header says 'un-cts-2023'; un-cts-2024 was expected."
    assert not cells["item"].isin(list(CTS.data["item"])).any()
    file = returns(cells).iloc[0]
    assert (file["questionnaire"], file["area"], file["status"]) == ("un-cts-2023", "PRT", "refused")


def test_a_workbook_without_header_is_judged_by_its_tables(tmp_path, good):
    blank = change(good, sharedStrings=lambda part: part.replace(b">un-cts-2024<", b"><"))
    assert faults(tmp_path / "a.xlsx", blank) == []
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["budget", 2022])
    assert faults(tmp_path / "b.xlsx", (tmp_path / "b.xlsx").read_bytes()) == ["other_questionnaire"]


def test_an_empty_form_is_said_and_not_asked_about_cell_by_cell(tmp_path):
    build(CTS, tmp_path / "a.xlsx", area="PRT")
    cells = read(tmp_path / "a.xlsx", CTS)
    assert list(cells.loc[cells["item"] == "_fault.empty", "raw"]) == [
        "No figure and no answer is filled in."
    ]
    assert not cells["item"].isin(list(CTS.data["item"])).any()
    assert list(returns(cells)["status"]) == ["read"]


def test_what_a_workbook_carries_is_said_and_it_is_read(tmp_path, good):
    more = {
        "xl/vbaProject.bin": b"x", "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/connections.xml": b"<connections/>", "xl/embeddings/oleObject1.bin": b"x",
    }  # fmt: skip
    path = tmp_path / "a.xlsm"
    assert sorted(faults(path, change(good, more))) == ["connections", "embedded", "external_links", "macros"]
    cells = read(path, CTS)
    assert cells.loc[cells["item"] == "homicide_victims", "value"].max() == 412
    assert list(returns(cells)["status"]) == ["read"]


def test_a_round_goes_on(tmp_path, good):
    files = {
        "b.xlsx": b"",
        "c.xlsx": b"no",
        "d.xlsx": good[:2000],
        "e.xlsx": cells_in(good, FAR["far"]),
        "f.xls": OLE,
    }
    for name, data in ({"a.xlsx": good, "g.xlsx": good} | files).items():
        (tmp_path / name).write_bytes(data)
    cells = read(tmp_path, CTS)
    table = returns(cells).set_index("return_id")
    assert list(table["status"]) == ["read"] + ["refused"] * 5 + ["read"]
    assert (table["sha256"].str.len() == 64).all()
    found = cells[cells["item"] == "homicide_victims"]
    assert set(found["return_id"]) == {"a.xlsx", "g.xlsx"}


# --- what would cost the reader its memory --------------------------------------

FAR = {
    "far": b'<row r="1048576"><c r="AZ1048576"><v>1</v></c></row>',
    "impossible column": b'<row r="100"><c r="ZZZZZ100"><v>1</v></c></row>',
    "impossible row": b'<row r="100"><c r="A4294967295"><v>1</v></c></row>',
    "very long row": b'<row r="100"><c r="A99999999999999999999"><v>1</v></c></row>',
    "second address": b'<row r="100"><c r="A100" r="ZZZZZ100"><v>1</v></c></row>',
    "other quotes": b'<row r="100"><c r="A100" s="1" r=\'ZZZZZ100\'><v>1</v></c></row>',
    "spaces": b'<row r="100"><c r = "ZZZZZ100"><v>1</v></c></row>',
    "line break": b'<row r="100"><c\nr="ZZZZZ100"><v>1</v></c></row>',
    "quoted bracket": b'<row r="100"><c x=">" r="ZZZZZ100"><v>1</v></c></row>',
    "prefix": b'<x:row r="100"><x:c r="ZZZZZ100"><x:v>1</x:v></x:c></x:row>',
    "small letters": b'<row r="100"><c r="zzzzz100"><v>1</v></c></row>',
    "entity": b'<row r="100"><c r="&#90;ZZZZ100"><v>1</v></c></row>',
    "row by number": b'<row r="99999999"><c><v>1</v></c></row>',
    "cells without address": b'<row r="1">' + b"<c/>" * 200_000 + b"<c><v>1</v></c></row>",
    "cells without address, prefix": b'<x:row r="1">'
    + b"<x:c/>" * 200_000
    + b"<x:c><x:v>1</x:v></x:c></x:row>",
    "rows without address": b"<row/>" * 200_000
    + b'<row><c r="Z200001"><v>1</v></c></row><row><c><v>1</v></c></row>',
    "too many": b'<row r="1">' + b'<c r="A1"/>' * 1_000_001 + b"</row>",
}


@pytest.mark.parametrize("name", FAR)
def test_cells_far_away_are_refused_before_they_are_read(tmp_path, good, name):
    assert faults(tmp_path / "a.xlsx", cells_in(good, FAR[name])) in (["too_large"], ["unreadable"], ["bomb"])


@pytest.mark.parametrize(
    "xml",
    [
        b'<row r="1048576" ht="12.8"></row>',
        b'<row r="300"><c r="AB300" s="1"/></row>',
        b'<row r="12000"><c r="A12000"><v>1</v></c></row>',
        b"<row><c><v>1</v></c><c><v>2</v></c></row>",
        b'<row r="300"><c r="A300" t="inlineStr"><is><t>text</t></is></c></row>',
        b'<row r="300"><c r="A300" t="str"><f>"a"&amp;"b!?"</f><v>&amp;</v></c></row>',
    ],
    ids=["a far row without cells", "a column after Z", "a long sheet", "no address", "inline text", "signs"],
)
def test_cells_a_little_away_are_read(tmp_path, good, xml):
    path = tmp_path / "a.xlsx"
    assert faults(path, cells_in(good, xml)) == []
    cells = read(path, CTS)
    assert cells.loc[cells["item"] == "homicide_victims", "value"].max() == 412


@pytest.mark.parametrize(
    ("part", "function", "fault"),
    [
        ("sharedStrings", lambda xml: xml.replace(b"uniqueCount=", b'uniqueCount="99999999999" x='), "bomb"),
        ("sharedStrings", lambda xml: xml.replace(b"uniqueCount", b'uniqueCount="9999999999999" x'), "bomb"),
        ("sharedStrings", lambda xml: xml.replace(b"</sst>", b"<si/>" * 1_000_001 + b"</sst>"), "too_large"),
        ("sharedStrings", lambda xml: xml.replace(b"<sst", b'<!DOCTYPE a [<!ENTITY b "c">]><sst', 1), "dtd"),
        ("workbook", lambda xml: xml.replace(b"<workbook", b"<!doctype a><workbook", 1), "dtd"),
        ("sheet2", lambda xml: xml.decode().encode("utf-16"), "unreadable"),
        ("sheet2", lambda xml: xml.replace(b"<v>412</v>", b"<v><![CDATA[412]]></v>"), "unreadable"),
        ("sheet2", lambda xml: xml.replace(b"<v>412</v>", b"<v>&unknown;</v>"), "unreadable"),
        ("sheet2", lambda xml: xml.replace(b"<v>412</v>", b"<v>4&#49;2</v>"), "unreadable"),
        ("sheet2", lambda xml: xml.replace(b"<v>412</v>", b"<f>1</f><v>4&#49;2</v>"), "unreadable"),
        ("sheet2", lambda xml: xml.replace(b"<v>412</v>", b"<v>4<!-- -->12</v>"), "unreadable"),
        ("sheet2", lambda xml: xml.replace(b"<v>412</v>", b"<v>4<?a?>12</v>"), "unreadable"),
        ("sharedStrings", lambda xml: xml.replace(b">PRT<", b">P<!-- -->RT<"), "unreadable"),
        ("sharedStrings", lambda xml: xml.replace(b">PRT<", b"><![CDATA[PRT]]><"), "unreadable"),
        ("sheet2", lambda xml: b"", "unreadable"),
        ("sheet2", lambda xml: xml[: len(xml) // 2], "truncated"),
        ("sharedStrings", lambda xml: xml[: len(xml) // 2], "truncated"),
    ],
)  # fmt: skip
def test_parts_that_lie_are_refused(tmp_path, good, part, function, fault):
    assert faults(tmp_path / "a.xlsx", change(good, **{part: function})) == [fault]


@pytest.mark.parametrize("name", [SHEET, "xl/evil.xml", "docProps/app.xml"])
def test_a_bomb_is_refused(tmp_path, good, name):
    blanks = b" " * (130 << 20)
    if name == "xl/evil.xml":
        data = change(good, {name: blanks})
    else:
        data = change(good, **{Path(name).stem: lambda part: part.replace(b">", b">" + blanks, 1)})
    assert len(data) < 1_000_000
    start = time.process_time()
    assert faults(tmp_path / "a.xlsx", data) == ["bomb"]
    assert time.process_time() - start < 5


def test_sizes_in_the_directory_are_not_believed(tmp_path, good):
    data = bytearray(change(good, {"xl/evil.xml": b" " * (9 << 20)}))
    entry = data.rfind(b"xl/evil.xml") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = struct.pack("<I", 10)
    assert faults(tmp_path / "a.xlsx", bytes(data)) == ["truncated"]


def test_one_text_many_times_is_refused(tmp_path, good):
    xml = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(100, 9_999)
    )
    long = change(
        good,
        sharedStrings=lambda part: part.replace(
            b"<si><t", b"<si><t>" + b"a" * 32_000 + b"</t></si><si><t", 1
        ),
    )
    assert faults(tmp_path / "a.xlsx", cells_in(long, xml)) == ["bomb"]
    assert faults(tmp_path / "a.xlsx", cells_in(good, xml)) == []


def test_what_two_programs_would_read_differently_is_refused(tmp_path, good):
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = change(good, {SHEET: b"<worksheet/>"})
    assert faults(tmp_path / "a.xlsx", twice) == ["unreadable"]
    assert faults(tmp_path / "a.xlsx", change(good, {SHEET.upper(): b"<worksheet/>"})) == ["unreadable"]
    end = good.rfind(b"PK\x05\x06")
    locator = b"PK\x06\x07" + b"\0" * 16
    assert faults(tmp_path / "a.xlsx", good[:end] + locator + good[end:]) == ["unreadable"]


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (Limits(packed=1000), "too_large"),
        (Limits(inflated=1000, small=1000), "bomb"),
        (Limits(ratio=2, small=1000), "bomb"),
        (Limits(parts=3), "bomb"),
        (Limits(cells=20), "too_large"),
        (Limits(merged=0), "too_large"),
    ],
)
def test_limits_can_be_set(tmp_path, good, limits, fault):
    merged = change(
        good,
        sheet2=lambda part: part.replace(b"</sheetData>", b'</sheetData><mergeCell ref="E9:F9"/>'),
    )
    assert faults(tmp_path / "a.xlsx", merged) == []
    assert faults(tmp_path / "a.xlsx", merged, limits) == [fault]


def test_cells_that_say_nothing_of_their_place_are_found(tmp_path, good):
    """A writer may leave out addresses; errors and formulas are then found by counting."""
    bare = lambda part: re.sub(rb'<(c|row) r="[A-Z]*\d+"', rb"<\1", part)  # noqa: E731
    dense = b'<row><c t="str"><v>1.2</v></c><c/><c/><c/><c><v>2021</v></c><c><v>2022</v></c></row>'
    cells = b'<c t="e"><v>#REF!</v></c><c><f>1+1</f><v>2</v></c>'
    row = b'<row><c t="str"><v>1.2.1</v></c><c/><c/><c/>' + cells + b"</row>"
    data = change(
        good,
        sheet2=lambda part: re.sub(
            rb"<sheetData>.*</sheetData>", b"<sheetData>" + bare(dense + row) + b"</sheetData>", part
        ),
        workbook=lambda part: re.sub(rb"<definedNames>.*</definedNames>", b"", part),
    )
    (tmp_path / "a.xlsx").write_bytes(data)
    cells = read(tmp_path / "a.xlsx", CTS)
    odd = cells[cells["item"].isin(["_cell.error_value", "_cell.formula"])]
    assert list(zip(odd["item"], odd["cell"], odd["raw"], strict=True)) == [
        ("_cell.error_value", "E2", "#REF!"), ("_cell.formula", "F2", "=1+1"),
    ]  # fmt: skip


def test_prefixes_change_nothing(tmp_path, good):
    wrong = b'<c r="F9" t="e"><v>#N/A</v></c>'
    plain = change(good, sheet2=lambda part: re.sub(rb'<c r="F9"[^>]*><v>412</v></c>', wrong, part))
    data = change(plain, sheet2=lambda part: re.sub(rb"<(/?)(\w)", rb"<\1x:\2", part))
    tables = []
    for number, version in enumerate((plain, data)):
        (tmp_path / f"{number}.xlsx").write_bytes(version)
        cells = read(tmp_path / f"{number}.xlsx", CTS)
        tables.append(
            cells[~cells["item"].isin(["_file", "_sha256"])].drop(columns="return_id").astype("str")
        )
    pd.testing.assert_frame_equal(*tables)
    assert (tables[0]["item"] == "_cell.error_value").sum() == 1


# --- anything at all ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_never_raise(tmp_path, good, seed):
    chance = random.Random(seed)
    start = time.process_time()
    for _ in range(25):
        data = bytearray(good)
        for _ in range(chance.choice((1, 1, 3, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            data = data[: chance.randrange(len(data))]
        (tmp_path / "a.xlsx").write_bytes(bytes(data))
        Reader(FORM).examine(str(tmp_path / "a.xlsx"))
    assert time.process_time() - start < 30


TOKENS = [
    b"<",
    b">",
    b'"',
    b"/>",
    b"</c>",
    b"<c>",
    b"<row>",
    b'r="',
    b"ZZZ9",
    b"&",
    b"<!--",
    b"\0",
    b"\xff",
    b"1",
    b"-",
    b"<f>",
    b' t="e"',
    b"#REF!",
]


@pytest.mark.parametrize("seed", range(8))
def test_damaged_parts_never_raise(tmp_path, good, seed):
    chance = random.Random(seed)
    stems = (
        "sheet2",
        "workbook",
        "sharedStrings",
        "styles",
        "[Content_Types]",
        "workbook.xml",
        "sheet1",
        "sheet6",
    )

    def damage(part: bytes) -> bytes:
        data = bytearray(part)
        for _ in range(chance.choice((1, 2, 5))):
            at = chance.randrange(len(data) + 1)
            data[at : at + chance.choice((0, 0, 1, 8, 200))] = chance.choice(TOKENS)
        return bytes(data)

    for _ in range(20):
        stem = chance.choice(stems)
        (tmp_path / "a.xlsx").write_bytes(change(good, **{stem: damage}))
        sheaf = Reader(FORM).examine(str(tmp_path / "a.xlsx"))
        assert sheaf.records
