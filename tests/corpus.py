"""Hostile and broken files, each named by what it is, and a walk through all that is done with a file.

`python corpus.py FOLDER` writes the files, the same in every run. `--walk whole` sends each through its
whole way in a process of its own and prints a line of JSON for it: outcome, findings, seconds, MiB;
`--walk round` sends those that are not large through it together, as a round.
"""

# ruff: noqa: B023 - every function is called before the loop goes on

import argparse
import json
import os
import random
import re
import signal
import struct
import sys
import time
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

ADDRESS = "F9"  # homicide_victims in 2022
SHEET, BOOK, TEXTS, STYLES = (
    "xl/worksheets/sheet2.xml",
    "xl/workbook.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
)
START, METADATA = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet9.xml"
TYPES, RELATIONS = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
FIGURE = b'<c r="F9" s="9"><v>412</v></c>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECONDS, MEMORY = 10, 1024  # what one file may cost, MiB

READ = "read"
Parts = dict[str, bytes]
Case = tuple[str, tuple[str, ...], bytes]
"""Name of the file, outcomes that are right (`read`, or the kind of the fault), and its bytes."""


# --- tools ----------------------------------------------------------------------


def good_return(folder: Path) -> bytes:
    """A return with figures, a bound, a text, notes, answers and a city."""
    import crimestats as cs
    from crimestats.questionnaire import build

    items = ["homicide_victims", "homicide_victims", "held", "kidnapping_offences"]
    figures = pd.DataFrame(
        {"year": [2021, 2022, 2022, 2022], "item": items, "value": ["405", "412", "<5", "12"]}
    )
    definition = cs.Questionnaire.load("un-cts-2024")
    return build(
        definition, folder / "good.xlsx", area="PRT", years=(2021, 2022), figures=figures
    ).read_bytes()


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    level = 1 if method == zipfile.ZIP_DEFLATED else None
    with zipfile.ZipFile(target, "w", method, compresslevel=level) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target.getvalue()


def changed(good: bytes, changes: dict[str, Callable[[bytes], bytes]] | None = None, **more: bytes) -> bytes:
    """The return with parts changed, and further parts (`__` for `/`)."""
    parts = parts_of(good)
    for name, function in (changes or {}).items():
        parts[name] = function(parts[name])
    return packed(parts | {name.replace("__", "/").replace("--", "."): data for name, data in more.items()})


def added(good: bytes, more: Parts, changes: dict[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    parts = parts_of(changed(good, changes))
    return packed(parts | more)


def cell(xml: bytes) -> Callable[[bytes], bytes]:
    """Another cell in the place of the figure."""
    return lambda part: part.replace(FIGURE, xml)


def cells(xml: bytes) -> Callable[[bytes], bytes]:
    """Further rows at the end of the sheet."""
    return lambda part: part.replace(b"</sheetData>", xml + b"</sheetData>")


def names(xml: bytes) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(b"</definedNames>", xml + b"</definedNames>")


def escaped(text: str) -> str:
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("\r", "&#13;").replace("\t", "&#9;").replace("\n", "&#10;")


def inline(address: str, text: str) -> bytes:
    said = f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'
    return said.encode("utf-8", "surrogatepass")


def written(part: bytes, address: str, text: str) -> bytes:
    """The part with a text in a cell."""
    place = re.compile(rb'<c r="' + address.encode() + rb'"[^>]*?(?:/>|>.*?</c>)')
    assert place.search(part), address
    said = inline(address, text)
    return place.sub(lambda _: said, part, count=1)


def repeated(row: bytes, count: int) -> bytes:
    return b"".join(row.replace(b"#", str(number).encode()) for number in range(200, 200 + count))


# --- archives -------------------------------------------------------------------


def archives(good: bytes) -> Iterator[Case]:
    blanks = b" " * (140 << 20)
    inner = packed({"a.zip": packed({"b.zip": packed({"c": blanks})})})
    yield (
        "bomb_high_ratio",
        ("bomb",),
        changed(good, {SHEET: lambda part: part.replace(b">", b">" + blanks, 1)}),
    )
    yield "bomb_in_a_part_nobody_reads", ("bomb", READ), added(good, {"xl/media/image1.png": blanks})
    yield "bomb_nested", (READ,), added(good, {"xl/embeddings/a.zip": inner})
    yield "bomb_many_parts", ("bomb",), added(good, {f"xl/media/{n}.png": b"" for n in range(6_000)})
    yield (
        "bomb_many_large_parts",
        ("bomb",),
        added(good, {f"xl/part{n}.xml": b" " * (9 << 20) for n in range(20)}),
    )
    for name, size in (("small", 10), ("huge", 0xFFFFFFF0)):
        lying = bytearray(added(good, {"xl/evil.xml": b" " * (9 << 20)}))
        entry = lying.rfind(b"xl/evil.xml") - 46
        lying[entry + 24 : entry + 28] = struct.pack("<I", size)
        yield f"sizes_that_lie_{name}", ("truncated", "bomb", "unreadable"), bytes(lying)
    with suppress(NotImplementedError):
        yield "packed_with_lzma", (READ, "unreadable"), packed(parts_of(good), zipfile.ZIP_LZMA)
        yield "packed_with_bzip2", (READ, "unreadable"), packed(parts_of(good), zipfile.ZIP_BZIP2)
    yield "packed_not_at_all", (READ,), packed(parts_of(good), zipfile.ZIP_STORED)
    for kept in (
        1,
        3,
        4,
        30,
        100,
        1_000,
        len(good) // 2,
        len(good) - 2_000,
        len(good) - 100,
        len(good) - 22,
        len(good) - 1,
    ):
        yield f"truncated_at_{kept}", ("truncated", "not_workbook"), good[:kept]
    yield "zip_after_other_bytes", (READ, "not_workbook"), b"MZ" + b"\0" * 500 + good
    yield "bytes_after_the_zip", (READ, "truncated", "unreadable"), good + b"\0" * 70_000
    end = good.rfind(b"PK\x05\x06")
    yield (
        "comment_of_64_kib",
        (READ, "truncated"),
        good[: end + 20] + struct.pack("<H", 65_535) + b"c" * 65_535,
    )
    encrypted = bytearray(good)
    encrypted[encrypted.find(b"PK\x01\x02") + 8] |= 1
    yield "a_member_locked", ("unreadable", "truncated"), bytes(encrypted)
    strange = {
        "separators": "xl\\worksheets\\evil.xml", "dots": "../../../../tmp/evil.xml", "absolute": "/etc/evil.xml",
        "drive": "C:/evil.xml", "drive_backslash": "C:\\evil.xml", "device": "CON", "line_breaks": "xl/a\nb\r.xml",
        "dots_in_folder": "xl/../../evil.xml", "unicode": "xl/\u202egnp.\u0645.xml", "long": "xl/" + "n" * 60_000,
        "folder": "xl/evil/", "blank": " ",
    }  # fmt: skip
    for name, member in strange.items():
        yield f"member_name_{name}", (READ, "unreadable"), added(good, {member: b"<evil/>"})
    yield (
        "member_name_null",
        (READ, "unreadable", "truncated"),
        added(good, {"xl/evilN.xml": b""}).replace(b"evilN", b"evil\0"),
    )
    yield "member_name_cp437", (READ,), added(good, {"xl/evilN.xml": b""}).replace(b"evilN", b"evil\x9c")
    for name, member in (
        ("sheet", SHEET),
        ("sheet_in_capitals", SHEET.upper()),
        ("book", BOOK),
        ("backslash", SHEET.replace("/", "\\")),
    ):
        target = BytesIO(good)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(target, "a") as archive:
                archive.writestr(member, b"<worksheet><sheetData/></worksheet>")
        yield f"member_twice_{name}", ("unreadable",), target.getvalue()


def formats(good: bytes) -> Iterator[Case]:
    yield "empty", ("empty",), b""
    yield "xls_renamed", ("old_format",), OLE + b"\0" * 4_096
    yield "locked", ("encrypted",), OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    yield "csv_renamed", ("not_workbook",), b"area,item,value\nPRT,held,=1+1\n"
    yield "pdf_renamed", ("not_workbook",), b"%PDF-1.7\n" + b"\0" * 500
    yield "html_renamed", ("not_workbook",), b"<html><script>alert(1)</script><table><tr><td>412</table>"
    yield "png_renamed", ("not_workbook",), b"\x89PNG\r\n\x1a\n" + b"\0" * 500
    yield "noise", ("not_workbook",), random.Random(1).randbytes(50_000)
    yield "zeros", ("not_workbook",), b"\0" * 50_000
    ods = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}
    yield "ods_renamed", ("old_format",), packed(ods)
    yield "docx_renamed", ("not_workbook",), packed({TYPES: b"<Types/>", "word/document.xml": b"<a/>"})
    yield "xlsb_renamed", ("old_format",), packed({"xl/workbook.bin": b"\0" * 100})
    yield "zip_of_a_return", ("not_workbook",), packed({"good.xlsx": good})
    yield "zip_of_nothing", ("not_workbook",), packed({})


# --- XML ------------------------------------------------------------------------


def entities(good: bytes) -> Iterator[Case]:
    laughs = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 50) for letter in range(98, 108)
    )
    declared = {
        "expansion": laughs + b"]>", "external": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        "parameter": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
    }  # fmt: skip
    used = {"expansion": b"&k;", "external": b"&e;", "parameter": b""}
    places = {"sheet": SHEET, "book": BOOK, "texts": TEXTS, "styles": STYLES, "types": TYPES, "relations": RELATIONS,
              "app": "docProps/app.xml", "theme": "xl/theme/theme1.xml", "package": "_rels/.rels"}  # fmt: skip
    for place, part in places.items():
        for kind, text in declared.items():

            def put(xml: bytes, text: bytes = text, kind: str = kind) -> bytes:
                xml = xml.replace(b"?>", b"?>" + text, 1)
                return xml.replace(b"<v>412</v>", b"<v>" + used[kind] + b"</v>").replace(
                    b">PRT<", b">" + used[kind] + b"<"
                )

            yield (
                f"entity_{kind}_in_{place}",
                ("dtd", READ) if part.startswith("docProps") else ("dtd",),
                changed(good, {part: put}),
            )
    late = b"<!-- " + b"c" * 5_000 + b" -->"
    for place, part in (("sheet", SHEET), ("texts", TEXTS), ("book", BOOK), ("styles", STYLES)):
        yield (
            f"entity_after_a_long_comment_in_{place}",
            ("dtd", "unreadable"),
            changed(good, {part: lambda xml: xml.replace(b"?>", b"?>" + late + laughs + b"]>", 1)}),
        )
    yield (
        "entity_in_a_comments_part",
        ("dtd",),
        added(good, {"xl/comments1.xml": laughs + b"]><comments>&k;</comments>"}),
    )
    yield (
        "entity_in_a_drawing",
        ("dtd",),
        added(good, {"xl/drawings/vmlDrawing1.vml": laughs + b"]><xml>&k;</xml>"}),
    )


def structure(good: bytes) -> Iterator[Case]:
    lost = (READ, "unreadable", "truncated", "not_workbook", "other_questionnaire")
    parts = parts_of(good)
    for name in (TYPES, RELATIONS, TEXTS, STYLES, SHEET, BOOK, "_rels/.rels", "xl/theme/theme1.xml"):
        yield (
            f"without_{Path(name).name}",
            lost,
            packed({key: data for key, data in parts.items() if key != name}),
        )
        yield f"empty_{Path(name).name}", lost, packed(parts | {name: b""})
        yield f"half_of_{Path(name).name}", lost, packed(parts | {name: parts[name][: len(parts[name]) // 2]})
        yield f"noise_in_{Path(name).name}", lost, packed(parts | {name: random.Random(2).randbytes(500)})
    for name in (SHEET, BOOK, TEXTS):
        for code in ("utf-16", "utf-16-be", "utf-32"):
            yield (
                f"{Path(name).name}_in_{code}",
                ("unreadable", "truncated"),
                packed(parts | {name: parts[name].decode().encode(code)}),
            )
        yield (
            f"{Path(name).name}_says_latin1",
            (READ, "unreadable"),
            changed(good, {name: lambda xml: xml.replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"')}),
        )
        yield (
            f"{Path(name).name}_with_bytes_that_are_no_text",
            lost,
            changed(
                good,
                {
                    name: lambda xml: (
                        xml.replace(b"Homicide", b"Hom\xff\xfecide")
                        .replace(b">412<", b">4\xff12<")
                        .replace(b">PRT<", b">P\xffRT<")
                    )
                },
            ),
        )
    circle = b'<Relationship Id="rId99" Type="http://x/y" Target="workbook.xml"/></Relationships>'
    yield "relations_in_a_circle", (READ,), added(
        good, {"xl/worksheets/_rels/sheet2.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments" Target="sheet2.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/vmlDrawing" Target="../workbook.xml"/></Relationships>'},
        {RELATIONS: lambda xml: xml.replace(b"</Relationships>", circle)},
    )  # fmt: skip
    yield (
        "relations_two_sheets_one_part",
        lost,
        changed(good, {RELATIONS: lambda xml: xml.replace(b"sheet3.xml", b"sheet2.xml")}),
    )
    yield (
        "relations_to_the_web",
        lost,
        changed(
            good,
            {
                RELATIONS: lambda xml: xml.replace(
                    b'Target="worksheets/sheet3.xml"',
                    b'TargetMode="External" Target="http://127.0.0.1:9/sheet3.xml"',
                )
            },
        ),
    )
    yield (
        "relations_out_of_the_file",
        lost,
        changed(
            good, {RELATIONS: lambda xml: xml.replace(b"worksheets/sheet3.xml", b"../../../../etc/passwd")}
        ),
    )
    yield (
        "relations_without_ids",
        lost,
        changed(good, {RELATIONS: lambda xml: re.sub(rb' Id="[^"]*"', b"", xml)}),
    )
    yield (
        "relations_all_one_id",
        lost,
        changed(good, {RELATIONS: lambda xml: re.sub(rb' Id="[^"]*"', b' Id="rId1"', xml)}),
    )
    yield (
        "sheets_of_one_name",
        lost,
        changed(good, {BOOK: lambda xml: xml.replace(b'name="Violent"', b'name="Homicide"')}),
    )
    yield (
        "sheets_of_one_name_but_case",
        lost,
        changed(good, {BOOK: lambda xml: xml.replace(b'name="Violent"', b'name="HOMICIDE"')}),
    )
    yield (
        "sheet_name_hostile",
        lost,
        changed(
            good,
            {BOOK: lambda xml: xml.replace(b'name="Violent"', b"name=\"=cmd|'/c calc'!A1&lt;script&gt;\"")},
        ),
    )
    yield (
        "sheet_name_empty",
        lost,
        changed(good, {BOOK: lambda xml: xml.replace(b'name="Violent"', b'name=""')}),
    )
    yield (
        "sheet_name_long",
        lost,
        changed(good, {BOOK: lambda xml: xml.replace(b'name="Violent"', b'name="' + b"v" * 40_000 + b'"')}),
    )
    for name, part in (("book", BOOK), ("relations", RELATIONS), ("sheet", SHEET), ("types", TYPES)):
        long = b" " + b"a" * 1_500_000 + b">"
        yield (
            f"attribute_without_end_in_{name}",
            lost,
            changed(
                good,
                {
                    part: lambda xml: (
                        xml.replace(b">", long, 3)
                        .replace(b"<sheet ", b"<sheet " + b"b" * 1_500_000 + b" ", 1)
                        .replace(b"<Relationship ", b"<Relationship " + b"b" * 1_500_000 + b" ", 1)
                    )
                },
            ),
        )
        deep = b"<a>" * 200_000
        yield (
            f"nested_deeply_in_{name}",
            lost,
            changed(
                good,
                {
                    part: lambda xml: (
                        xml[: xml.rfind(b"</")] + deep + b"</a>" * 200_000 + xml[xml.rfind(b"</") :]
                    )
                },
            ),
        )


def contents(good: bytes) -> Iterator[Case]:
    yield "macros_renamed", (READ,), added(good, {"xl/vbaProject.bin": b"x" * 500})
    yield "macro_sheet", (READ,), added(good, {"xl/macrosheets/sheet1.xml": b"<worksheet/>"})
    link = b'<externalLink xmlns:r="r"><externalBook r:id="rId1"/></externalLink>'
    yield "external_links", (READ,), added(good, {"xl/externalLinks/externalLink1.xml": link})
    yield (
        "connections",
        (READ,),
        added(
            good,
            {
                "xl/connections.xml": b'<connections><connection id="1"><webPr url="http://127.0.0.1:9"/></connection></connections>'
            },
        ),
    )
    yield (
        "embedded",
        (READ,),
        added(good, {"xl/embeddings/oleObject1.bin": OLE, "xl/activeX/activeX1.bin": OLE}),
    )
    formulas = {
        "webservice": 'WEBSERVICE("http://127.0.0.1:9/"&amp;A1)', "hyperlink": 'HYPERLINK("http://127.0.0.1:9","412")',
        "dde": "cmd|'/c calc'!A1", "importxml": 'IMPORTXML("http://127.0.0.1:9","//a")', "other_file": "[1]Sheet1!$A$1",
        "circular": "F9+1", "long": "1+" * 20_000 + "1", "call": 'CALL("kernel32","WinExec","JCJ","calc",0)',
    }  # fmt: skip
    for name, text in formulas.items():
        xml = b'<c r="F9" s="9"><f>' + text.encode() + b"</f><v>412</v></c>"
        yield f"formula_{name}", (READ,), changed(good, {SHEET: cell(xml)})
    yield "formula_without_value", (READ,), changed(good, {SHEET: cell(b'<c r="F9"><f>1+1</f></c>')})
    yield (
        "formula_shared",
        (READ,),
        changed(good, {SHEET: cell(b'<c r="F9"><f t="shared" ref="F9:F10" si="0">1+1</f><v>412</v></c>')}),
    )
    yield (
        "formula_array_of_everything",
        (READ,),
        changed(good, {SHEET: cell(b'<c r="F9"><f t="array" ref="A1:XFD1048576">1</f><v>412</v></c>')}),
    )


def kinds(good: bytes) -> Iterator[Case]:
    """Figures of all types that a cell can have, and some that it cannot."""
    figures = {
        "date": b'<c r="F9" t="d"><v>2022-12-31</v></c>', "truth": b'<c r="F9" t="b"><v>1</v></c>', "truth_not": b'<c r="F9" t="b"><v>7</v></c>',
        "error": b'<c r="F9" t="e"><v>#REF!</v></c>', "error_unknown": b'<c r="F9" t="e"><v>#EVIL!</v></c>',
        "rich_text": b'<c r="F9" t="inlineStr"><is><r><t>4</t></r><r><rPr><b/></rPr><t>12</t></r></is></c>',
        "phonetic": b'<c r="F9" t="inlineStr"><is><t>412</t><rPh sb="0" eb="1"><t>999</t></rPh></is></c>',
        "inline": b'<c r="F9" t="inlineStr"><is><t>412</t></is></c>', "text": b'<c r="F9" t="str"><v>412</v></c>',
        "type_unknown": b'<c r="F9" t="evil"><v>412</v></c>', "string_beyond": b'<c r="F9" t="s"><v>99999999</v></c>',
        "string_negative": b'<c r="F9" t="s"><v>-1</v></c>', "string_word": b'<c r="F9" t="s"><v>evil</v></c>',
        "style_beyond": b'<c r="F9" s="4294967295"><v>412</v></c>', "style_negative": b'<c r="F9" s="-1"><v>412</v></c>',
        "style_word": b'<c r="F9" s="evil"><v>412</v></c>', "number_huge": b'<c r="F9"><v>1e308</v></c>', "number_beyond": b'<c r="F9"><v>1e999</v></c>',
        "number_nan": b'<c r="F9"><v>NaN</v></c>', "number_inf": b'<c r="F9"><v>-INF</v></c>', "number_hex": b'<c r="F9"><v>0x1F</v></c>',
        "number_comma": b'<c r="F9"><v>4,12</v></c>', "number_blank": b'<c r="F9"><v> </v></c>', "number_padded": b'<c r="F9"><v> 412 </v></c>',
        "number_digits": b'<c r="F9"><v>' + b"9" * 5_000 + b"</v></c>", "number_negative": b'<c r="F9"><v>-412</v></c>', "number_small": b'<c r="F9"><v>5e-324</v></c>',
        "value_twice": b'<c r="F9"><v>412</v><v>999</v></c>', "value_and_inline": b'<c r="F9"><v>412</v><is><t>999</t></is></c>',
        "cell_twice": FIGURE + b'<c r="F9" s="9"><v>999</v></c>', "cell_before": b'<c r="A9"><v>999</v></c>' + FIGURE,
        "nested_cell": b'<c r="F9"><c r="G9"><v>9</v></c><v>412</v></c>', "date_1904": b'<c r="F9" s="1"><v>412</v></c>',
    }  # fmt: skip
    for name, xml in figures.items():
        yield f"figure_{name}", (READ, "unreadable"), changed(good, {SHEET: cell(xml)})
    yield (
        "texts_phonetic",
        (READ,),
        changed(
            good,
            {
                TEXTS: lambda xml: xml.replace(
                    b"<t>PRT</t>", b'<t>PRT</t><rPh sb="0" eb="1"><t>ESP</t></rPh><phoneticPr fontId="1"/>'
                )
            },
        ),
    )
    yield (
        "texts_rich",
        (READ,),
        changed(good, {TEXTS: lambda xml: xml.replace(b"<t>PRT</t>", b"<r><t>P</t></r><r><t>RT</t></r>")}),
    )
    yield (
        "texts_count_false",
        ("bomb",),
        changed(good, {TEXTS: lambda xml: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4000000000"', xml)}),
    )
    yield (
        "texts_too_many",
        ("too_large", "bomb"),
        changed(
            good, {TEXTS: lambda xml: xml.replace(b"</sst>", b"<si><t>a</t></si>" * 1_000_001 + b"</sst>")}
        ),
    )
    yield (
        "texts_one_of_8_mib",
        (READ, "bomb"),
        changed(
            good,
            {TEXTS: lambda xml: xml.replace(b"</sst>", b"<si><t>" + b"a" * (8 << 20) + b"</t></si></sst>")},
        ),
    )


# --- size -----------------------------------------------------------------------


def sizes(good: bytes) -> Iterator[Case]:
    large = (READ, "too_large", "bomb")
    yield (
        "rows_formatted_a_million",
        large,
        changed(good, {SHEET: cells(repeated(b'<row r="#" s="1" customFormat="1" ht="15"/>', 1_000_000))}),
    )
    yield (
        "cells_formatted_a_million",
        large,
        changed(good, {SHEET: cells(repeated(b'<row r="#"><c r="A#" s="1"/></row>', 990_000))}),
    )
    yield (
        "rows_to_the_last",
        (READ,),
        changed(good, {SHEET: cells(b'<row r="1048576" s="1" customFormat="1"/>')}),
    )
    for name, xml in {
        "last_cell": b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "beyond_the_last": b'<row r="1048577"><c r="XFE1048577"><v>1</v></c></row>',
        "row_zero": b'<row r="0"><c r="A0"><v>1</v></c></row>', "row_negative": b'<row r="-1"><c r="A-1"><v>1</v></c></row>',
        "word": b'<row r="evil"><c r="evil"><v>1</v></c></row>', "letters_only": b'<row r="300"><c r="ABC"><v>1</v></c></row>',
        "huge": b'<row r="300"><c r="A99999999999999999999"><v>1</v></c></row>', "out_of_order": b'<row r="300"><c r="Z300"><v>1</v></c><c r="A300"><v>2</v></c></row><row r="200"><c r="A200"><v>3</v></c></row>',
        "row_and_cell_differ": b'<row r="300"><c r="A301"><v>1</v></c></row>', "none": b"<row><c><v>1</v></c></row>" * 500,
    }.items():  # fmt: skip
        yield f"address_{name}", (READ, "too_large", "unreadable"), changed(good, {SHEET: cells(xml)})
    for name, ref in (
        ("small", b"A1"),
        ("whole", b"A1:XFD1048576"),
        ("reversed", b"Z99:A1"),
        ("word", b"evil"),
        ("beyond", b"A1:ZZZZZ99999999999"),
    ):
        yield (
            f"dimension_{name}",
            (READ, "unreadable", "too_large"),
            changed(
                good,
                {
                    SHEET: lambda xml: re.sub(
                        rb'<dimension ref="[^"]*"/>', b'<dimension ref="' + ref + b'"/>', xml
                    )
                },
            ),
        )
    yield (
        "merged_100000",
        ("too_large",),
        changed(
            good,
            {
                SHEET: lambda xml: xml.replace(
                    b"</sheetData>",
                    b"</sheetData><mergeCells>"
                    + repeated(b'<mergeCell ref="A#:B#"/>', 100_000)
                    + b"</mergeCells>",
                )
            },
        ),
    )
    yield (
        "merged_everything",
        (READ,),
        changed(
            good,
            {
                SHEET: lambda xml: xml.replace(
                    b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
                )
            },
        ),
    )
    note = b'<comment ref="A1" authorId="0"><text><t>evil</t></text>'
    for name, text in {
        "without_end": note * 30_000,
        "many": (note + b"</comment>") * 30_000,
        "marked": note + b"<text><t>" + b"crimestats:\n" * 100_000 + b"</t></text></comment>",
    }.items():
        yield (
            f"comments_{name}",
            large,
            added(
                good,
                {
                    "xl/comments1.xml": b"<comments><authors><author/></authors><commentList>"
                    + text
                    + b"</commentList></comments>",
                    "xl/worksheets/_rels/sheet2.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments" Target="../comments1.xml"/></Relationships>',
                },
            ),
        )
    for count, name, row in (
        (300, "sheets_300", b'<row r="1"><c r="A1"><v>1</v></c></row>'), (4_000, "sheets_4000_far", b'<row r="9999"><c r="Z9999"><v>1</v></c></row>'),
        (300, "sheets_300_far", b'<row r="1"><c r="A1"><v>1</v></c></row><row r="100000"><c r="Z100000"><v>1</v></c></row>'),
    ):  # fmt: skip
        yield name, large, with_sheets(good, count, row)
    long = b"<si><t>" + b"a" * 32_000 + b"</t></si></sst>"
    at = parts_of(good)[TEXTS].count(b"<si>")
    once = b"".join(b'<c r="%c#" t="s"><v>%d</v></c>' % (letter, at) for letter in range(65, 85))
    yield (
        "text_repeated_in_many_sheets",
        large,
        with_sheets(good, 60, repeated(b'<row r="#">' + once + b"</row>", 300), long),
    )
    wide = b"<si><t>" + "\U0001f52b".encode() * 32_767 + b"</t></si></sst>"
    yield (
        "text_repeated_in_one_sheet",
        large,
        changed(
            good,
            {
                SHEET: cells(repeated(b'<row r="#">' + once + b"</row>", 95)),
                TEXTS: lambda xml: xml.replace(b"</sst>", wide),
            },
        ),
    )
    numbers = b"".join(b'<c r="%c#"><v>1</v></c>' % letter for letter in range(65, 91))
    yield (
        "numbers_200000_in_20_sheets",
        large,
        with_sheets(good, 20, repeated(b'<row r="#">' + numbers + b"</row>", 7_700)),
    )
    random_names = b"".join(
        b'<definedName name="Name_%d">Homicide!$A$%d</definedName>' % (n, n % 9_999 + 1)
        for n in range(100_000)
    )
    yield "names_100000", (READ,), changed(good, {BOOK: names(random_names)})
    for kind, pattern in {
        "figures_of_one_cell": b'<definedName name="F.held.%04d">Homicide!$F$9</definedName>', "figures_of_many_cells": b'<definedName name="F.held.%04d">Homicide!$F$%d</definedName>',
        "answers_of_one_cell": b'<definedName name="A.%016x">Homicide!$F$9</definedName>', "unknown": b'<definedName name="F.evil%d.2022">Homicide!$F$%d</definedName>',
        "broken": b'<definedName name="F.held.%04d">#REF!</definedName>', "metadata": b'<definedName name="M.evil.%d">Start!$A$1</definedName>',
    }.items():  # fmt: skip
        count = 9_999 if b"%04d" in pattern else 60_000
        xml = b"".join(pattern % ((n, n) if pattern.count(b"%") == 2 else n) for n in range(1, count))
        yield (
            f"names_many_{kind}",
            large,
            changed(
                good,
                {BOOK: names(xml), SHEET: cell(inline("F9", "a" * 32_767)) if "answers" in kind else bytes},
            ),
        )
    every = b"".join(
        b'<definedName name="F.%s.%04d">Homicide!$F$9</definedName>' % (item, year)
        for item in (
            b"held",
            b"capacity",
            b"homicide_victims",
            b"kidnapping_offences",
            b"burglary_offences",
            b"bribery_offences",
        )
        for year in range(10_000)
    )
    yield "names_60000_figures_of_one_cell", large, changed(good, {BOOK: names(every)})


def with_sheets(good: bytes, count: int, rows: bytes, text: bytes = b"") -> bytes:
    """The return with further sheets."""
    parts = parts_of(good)
    ns = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = b"<worksheet " + ns + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    numbers = range(1_000, 1_000 + count)
    parts |= {f"xl/worksheets/sheet{n}.xml": sheet for n in numbers}
    listed = b"".join(b'<sheet name="More %d" sheetId="%d" r:id="rId%d"/>' % (n, n, n) for n in numbers)
    related = b"".join(
        b'<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>' % (n, n)
        for n in numbers
    )  # fmt: skip
    parts[BOOK] = parts[BOOK].replace(b"</sheets>", listed + b"</sheets>")
    parts[RELATIONS] = parts[RELATIONS].replace(b"</Relationships>", related + b"</Relationships>")
    parts[TEXTS] = parts[TEXTS].replace(b"</sst>", text) if text else parts[TEXTS]
    return packed(parts)


# --- texts and names ------------------------------------------------------------

FORMULAS = (
    "=1+1",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    '=HYPERLINK("http://127.0.0.1:9","a")',
)
ODD = {
    "markup": "<script>alert('x')</script>\"'&amp;", "bidi": "\u202e214\u202c\u2066a", "invisible": "4\u200b1\u00ad2\ufeff", "private": "\ue000\U0010fffd",
    "longest": "n" * 32_767, "longer": "n" * 100_000, "escape": "_x000D_ _x0000_ _x005F_", "braces": "{value} {0} {__class__} %s %n",
    "template": "{{ 7*7 }} {% for a in b %}", "spaces": "  412\u00a0\u2003 ", "breaks": "a\nb\r\nc\u2028d\x85e", "combining": "a" + "\u0301" * 2_000, "path": "../../../etc/passwd", "code": "_T", "codes": "_U", "nothing": "_Z", "nan": "nan", "name": "N/A",
}  # fmt: skip
BROKEN = {
    "control": "a\x01\x08\x0b\x0c\x1fb",
    "null": "4\x0012",
    "surrogate": "a\ud800b",
    "not_a_character": "a\ufffe\uffffb",
}
CELLS = {
    "figure": "F.homicide_victims.2022", "note": "N.homicide_victims", "note_alone": "N.homicide_victims_m", "city": "L.homicide_victims_largest_city",
    "area": "H.area", "agency": "H.agency", "language": "H.language", "years": "H.years", "contact": "H.contact", "part": "H.part",
    "questionnaire": "H.questionnaire", "metadata": "M.homicide.counting_unit", "year_heading": (SHEET, "F8"), "item_number": (SHEET, "A10"), "item_label": (SHEET, "B10"),
}  # fmt: skip


def places(good: bytes) -> dict[str, tuple[str, str]]:
    """Part and address of every kind of cell that holds a text."""
    book = parts_of(good)[BOOK].decode()
    sheets = {
        name: f"xl/worksheets/sheet{at}.xml"
        for at, name in enumerate(re.findall('<sheet name="([^"]*)"', book), start=1)
    }
    named = re.findall("<definedName name=\"([^\"]*)\">'([^']*)'!([^<]*)<", book)
    found = {name: (sheets[sheet], address.replace("$", "")) for name, sheet, address in named}
    return {kind: found[place] if isinstance(place, str) else place for kind, place in CELLS.items()}


def texts(good: bytes) -> Iterator[Case]:
    """Every text in every kind of cell: one file for each text, and one for each cell."""
    parts, spots = parts_of(good), places(good)
    for name, text in {**{f"formula_{n}": said for n, said in enumerate(FORMULAS)}, **ODD, **BROKEN}.items():
        own = dict(parts)
        for kind, (part, address) in spots.items():
            if kind not in ("questionnaire", "area", "part", "year_heading", "item_number"):
                own[part] = written(own[part], address, text)
        yield (
            f"text_{name}",
            (READ, "unreadable", "bomb") if name in BROKEN or name == "longer" else (READ,),
            packed(own),
        )
    for kind, (part, address) in spots.items():
        for name, text in {
            "formula": FORMULAS[1],
            "longest": ODD["longest"],
            "markup": ODD["markup"],
            "bidi": ODD["bidi"],
            "code": "_T",
        }.items():
            yield (
                f"{kind}_{name}",
                (READ, "other_questionnaire"),
                packed(parts | {part: written(parts[part], address, text)}),
            )


def wrong_names(good: bytes) -> Iterator[Case]:
    for name, target in {
        "nowhere": "#REF!", "other_file": "[1]Homicide!$F$9", "other_path": "'C:\\a\\[b.xlsx]Homicide'!$F$9", "whole_column": "Homicide!$F:$F", "whole_row": "Homicide!$9:$9", "area": "Homicide!$A$1:$XFD$1048576",
        "no_sheet": "Evil!$F$9", "function": "INDIRECT(\"Homicide!F9\")", "far": "Homicide!$ZZZ$9999999", "zero": "Homicide!$A$0", "empty": "", "constant": "412", "itself": "F.homicide_victims.2022", "web": "WEBSERVICE(\"http://127.0.0.1:9\")", "formula": "Homicide!$F$9+1",
    }.items():  # fmt: skip
        old = b"<definedName name=\"F.homicide_victims.2022\">'Homicide'!$F$9<"
        new = b'<definedName name="F.homicide_victims.2022">' + escaped(target).encode() + b"<"
        assert old in parts_of(good)[BOOK]
        yield f"name_leads_{name}", (READ,), changed(good, {BOOK: lambda xml: xml.replace(old, new)})
    ids = (
        "=1+1",
        "../../etc/passwd",
        "&lt;script&gt;",
        "A" * 30_000,
        "0" * 16,
        "' OR 1=1 --",
        "&#10;",
        "*",
        "\u202e",
        "_T",
        "null",
        "f" * 64,
    )
    xml = "".join(
        f'<definedName name="A.{own}">Homicide!$G${9 + n}</definedName>' for n, own in enumerate(ids)
    )
    yield "answers_to_hostile_ids", (READ,), changed(good, {BOOK: names(xml.encode())})


def claims(good: bytes) -> Iterator[Case]:
    """Files that say which others they answer."""
    from hashlib import sha256

    own = sha256(good).hexdigest()
    for name, text in {
        "another_file": own,
        "every_byte": " ".join(f"{n:064x}" for n in range(500)),
        "formula": "=1+1",
        "itself_in_vain": "0" * 64,
    }.items():
        area = "ESP" if name == "another_file" else "PRT"
        yield f"claims_{name}", (READ,), claiming(good, text, area)


def claiming(good: bytes, original: str, area: str = "PRT") -> bytes:
    """The return as an answer to the file of that digest, from an area of its own."""
    row = b'<row r="90">' + inline("A90", original) + b"</row>"
    return changed(
        good,
        {
            START: lambda xml: cells(row)(written(xml, "B5", area)),
            BOOK: names(b'<definedName name="H.original">Start!$A$90</definedName>'),
        },
    )


FAMILIES = (archives, formats, entities, structure, contents, kinds, sizes, texts, wrong_names, claims)


def cases(good: bytes) -> Iterator[Case]:
    for family in FAMILIES:
        yield from family(good)


# --- mutations ------------------------------------------------------------------

TOKENS = (b"<", b">", b'"', b"'", b"/>", b"</c>", b"<c>", b"</v>", b"<v>", b"<row>", b'r="', b"ZZZ9", b"&", b"&#49;", b"<!--", b"-->", b"<![CDATA[",
          b"\0", b"\xff", b"1", b"-", b"<f>", b' t="e"', b' t="s"', b"#REF!", b"F9", b"\n", b"9" * 20)  # fmt: skip


def mutated(good: bytes, seed: int) -> bytes:
    """The return with a random damage: to its bytes, its members, its XML or an attribute."""
    chance = random.Random(seed)
    parts = parts_of(good)
    kind = chance.choice(("bytes", "members", "xml", "xml", "cut", "attribute", "attribute", "values"))
    if kind == "bytes":
        data = bytearray(good)
        for _ in range(chance.choice((1, 1, 3, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return bytes(data[: chance.randrange(len(data))] if chance.random() < 0.3 else data)
    part = chance.choice([name for name in parts if name.startswith(("xl/w", "xl/s", "xl/_", "["))])
    if kind == "members":
        other = chance.choice(list(parts))
        parts[part], parts[other] = parts[other], parts[part]
        return packed(parts)
    data = bytearray(parts[part])
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(data) + 1)
        if kind == "cut":
            del data[at : at + chance.choice((1, 8, 200, 5_000))]
        elif kind == "xml":
            data[at : at + chance.choice((0, 0, 1, 8, 200))] = chance.choice(TOKENS)
        else:
            found = [
                *re.finditer(
                    rb'="[^"<>]*"' if kind == "attribute" else rb">[^<>]+<", bytes(data[at : at + 4_000])
                )
            ]
            if found:
                first, last = found[0].span()
                data[at + first + 1 + (kind == "attribute") : at + last - 1] = chance.choice(
                    (b"", b"0", b"-1", b"1", b"99999999999", b"F9", b"evil", b"rId1", b"1e5")
                )
    return packed(parts | {part: bytes(data)})


# --- what stands in a file, told by another reader ------------------------------

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def inputs(data: bytes) -> dict[tuple[str, str], str] | None:
    """Sheet and cell to the text of every plain number and text; nothing where a part is no XML."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            wanted = [
                name
                for name in archive.namelist()
                if name.startswith("xl/") and name.endswith((".xml", ".rels"))
            ]
            parts = {
                name: archive.read(name) for name in wanted if not name.startswith(("xl/theme", "xl/evil"))
            }
        book, relations = (ElementTree.fromstring(parts[name]) for name in (BOOK, RELATIONS))
        shared = ElementTree.fromstring(parts[TEXTS])
        targets = {own.get("Id"): own.get("Target") for own in relations}
        link = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
        sheets = {own.get("name"): f"xl/{targets[own.get(link)]}" for own in book.iter(f"{_S}sheet")}
        said = [_said(own) for own in shared.findall(f"{_S}si")]
        return {
            (name, place): text
            for name, part in sheets.items()
            for own in ElementTree.fromstring(parts[part]).iter(f"{_S}c")
            if (place := own.get("r")) and (text := _plain(own, said)) is not None
        }
    except ElementTree.ParseError as error:  # a prefix alone leaves no doubt about a value
        return {} if "prefix" in str(error) else None
    except (
        KeyError,
        ValueError,
        IndexError,
        UnicodeError,
        zipfile.BadZipFile,
        OSError,
        EOFError,
        struct.error,
        NotImplementedError,
        RuntimeError,
        zlib.error,
    ):
        return None


def _plain(own: ElementTree.Element, said: list[str]) -> str | None:
    kind, value = own.get("t", "n"), own.findtext(f"{_S}v")
    if own.find(f"{_S}f") is not None or kind not in ("n", "s", "inlineStr", "str"):
        return None
    if kind == "inlineStr":
        return _said(own)
    if kind == "n" and value and re.fullmatch("-?[0-9]{1,15}", value):
        return str(int(value))
    return said[int(value)] if kind == "s" and value else _decoded(value or "") if kind == "str" else None


def _said(own: ElementTree.Element) -> str:
    """A text without what is said of its pronunciation."""
    return _decoded(
        "".join(
            text.text or ""
            for place in (".//{0}is/{0}t", "{0}t", ".//{0}r/{0}t")
            for text in own.findall(place.format(_S))
        )
    )


def _decoded(text: str) -> str:
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


# --- the walk -------------------------------------------------------------------


class Way:
    """Everything that is done with a file, or with several as a round.

    Args:
        folder: Where what comes out is put.
    """

    def __init__(self, folder: Path) -> None:
        import crimestats as cs

        self.cs, self.folder = cs, folder
        self.definition, self.population = cs.Questionnaire.load("un-cts-2024"), cs.population()

    def read(self, paths: list[Path]) -> dict[str, object]:
        """Outcome of each file, and texts that are not what stands in it."""
        from crimestats.returns import returns

        cells = self.cs.read(paths, self.definition)
        table = returns(cells).astype(str)
        faults = cells[cells["item"].str.startswith("_fault.")]
        kinds = {
            str(own): sorted(set(rows["item"].str.removeprefix("_fault.")))
            for own, rows in faults.groupby("return_id", observed=True)
        }
        outcomes = {
            own: READ if status == "read" else ",".join(kinds.get(own, [])) or status
            for own, status in zip(table["return_id"], table["status"], strict=True)
        }
        ids = dict(zip(table["file"], table["return_id"], strict=True))
        altered = [
            fault
            for path in paths
            if path.is_file() and _inflated(path) <= _LARGE
            for fault in self._altered(cells, ids.get(str(path), ""), path)
        ]
        self.cells, self.returned = cells, table
        return {"outcomes": outcomes, "kinds": kinds, "altered": altered}

    def _altered(self, cells: pd.DataFrame, own: str, path: Path) -> Iterator[str]:
        rows = cells[
            (cells["return_id"] == own) & ~cells["item"].str.startswith("_") & (cells["cell"] != "_Z")
        ]
        stands = inputs(path.read_bytes()) if len(rows) else {}
        for sheet, cell, raw in zip(rows["sheet"], rows["cell"], rows["raw"], strict=True):
            if stands is None:
                yield f"{path.name}: read, though its XML is none"
                return
            if (text := stands.get((sheet, cell))) is not None and text != raw:
                yield f"{path.name}: {sheet}!{cell} holds {text[:60]!r}, read as {raw[:60]!r}"

    def judge(self) -> dict[str, object]:
        """Findings, observations, pages, letters and the findings as a workbook."""
        from crimestats import quality
        from crimestats.report import Part, render_round
        from crimestats.report.letter import letters
        from crimestats.report.workbook import write_findings

        report = self.report = self.cs.validate(self.cells, self.definition, population=self.population)
        observed = self.cs.observe(self.cells, report)
        by_module = quality.by_module(self.cells, self.definition)
        if self.cells["value"].notna().any():
            self.assessed = quality.assess(self.cells, report)
        assessed = self.assessed[self.assessed["area"].isin(self.cells["area"])]
        pages = render_round(
            [Part(self.definition, report.data, report.returns, by_module, assessed)],
            self.folder / "round.html",
        )
        pages += letters(report.data, self.definition, report.returns, self.folder / "letters")
        book = write_findings(report.data, self.folder / "findings.xlsx")
        alone = [
            path.name
            for path in pages
            if re.search(r"<script>alert|<img src=x", path.read_text(encoding="utf-8"))
        ]
        rules = {
            str(own): sorted(set(rows["rule"])) for own, rows in report.data.astype(str).groupby("return_id")
        }
        return {"findings": len(report), "rules": rules, "observed": len(observed), "json": len(report.to_json()), "pages": len(pages),
                "unescaped": alone, "formulas": _formulas(book), "double": len(pages) - len({str(path) for path in pages})}  # fmt: skip

    def send_back(self, path: Path, own: str) -> dict[str, object]:
        """The file annotated, and read once more."""
        from crimestats.errors import FileError
        from crimestats.validation.annotating import annotate

        findings = self.report.data[self.report.data["return_id"] == own]
        target = self.folder / "back.xlsx"
        try:
            annotate(path, target, findings, definition=self.definition)
        except FileError as error:
            return {"annotated": str(error)[:200]}
        again = self.cs.read(target, self.definition)
        later = set(zip(again["item"], again["year"].fillna(0), again["raw"], strict=True))
        before = self.cells[
            (self.cells["return_id"] == own)
            & (self.cells["status"] != "text")
            & ~self.cells["item"].str.startswith(("_", "A."))
        ]
        lost = [
            f"{item} {year}: {raw[:60]!r}"
            for item, year, raw in zip(before["item"], before["year"].fillna(0), before["raw"], strict=True)
            if (item, year, raw) not in later
        ]
        return {"annotated": "", "lost": lost[:5], "formulas_back": _formulas(target) - _formulas(path)}

    def publish(self, path: Path) -> dict[str, object]:
        """The same file taken for a published one."""
        from crimestats.errors import FileError

        try:
            observed, found = self.cs.read_published(path)
        except FileError as error:
            return {"published": str(error)[:200]}
        return {"published": f"{len(observed)} figures, {len(found)} findings"}

    def alone(self, paths: list[Path]) -> dict[str, object]:
        """Reading and judging."""
        return self.read(paths) | self.judge()

    def together(self, paths: list[Path]) -> dict[str, object]:
        """The same for several, and those with texts to be wary of annotated."""
        said = self.alone(paths)
        wary = [path for path in paths if path.name.startswith("text_")]
        sent = [self.send_back(path, path.name) for path in wary]
        return said | {
            name: [each.get(name) for each in sent if each.get(name)] for name in ("lost", "formulas_back")
        }

    def whole(self, paths: list[Path]) -> dict[str, object]:
        """All of it for one file."""
        said = self.alone(paths)
        return (
            said | self.send_back(paths[0], str(self.returned["return_id"].iloc[0])) | self.publish(paths[0])
        )


def _formulas(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        sheets = [
            name
            for name in archive.namelist()
            if name.lower().startswith("xl/worksheets/") and name.endswith(".xml")
        ]
        return sum(len(re.findall(rb"<(?:\w+:)?f[\s>/]", archive.read(name))) for name in sheets)


def alone(
    work: Callable[[], dict[str, object]], out: Path, seconds: float = 12 * SECONDS
) -> dict[str, object]:
    """What a piece of work says, done in a process of its own: its time and memory, or how it ended.

    Processor time, since others may be at work; what hangs is ended.
    """
    sys.stdout.flush()
    start = time.monotonic()
    if not (child := os.fork()):
        try:
            said = work()
        except BaseException as error:
            at = [
                f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ]
            said = {"raised": f"{type(error).__name__}: {error}"[:300], "at": at[-6:]}
        out.write_text(json.dumps(said), encoding="utf-8")
        os._exit(0)
    while not (ended := os.wait4(child, os.WNOHANG))[0]:
        if time.monotonic() - start > seconds:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
    _, status, used = ended
    cost = {"seconds": round(used.ru_utime + used.ru_stime, 2), "mib": used.ru_maxrss >> 10}
    if status:
        return {"raised": f"ended with {status}"} | cost
    return json.loads(out.read_text(encoding="utf-8")) | cost


def walk(way: Way, made: list[Case], kind: str, folder: Path) -> Iterator[dict[str, object]]:
    """Write the files and send them on their way: those that are large alone, the others in rounds."""
    paths: dict[Path, tuple[str, ...]] = {}
    for name, wanted, data in made:
        path = folder / f"{name}.xlsx"
        path.write_bytes(data)
        paths[path] = wanted
    large = [path for path in paths if kind == "whole" or _inflated(path) > _LARGE]
    rest = [path for path in paths if path not in set(large)]
    rounds = [[path] for path in large] + [rest[at : at + _ROUND] for at in range(0, len(rest), _ROUND)]
    for own in rounds:
        work = partial(way.together if len(own) > 1 else way.whole if kind == "whole" else way.alone, own)
        said = alone(work, folder / "said.json")
        if len(own) > 1 and "raised" in said:
            for path in own:
                yield alone(partial(way.whole, [path]), folder / "said.json") | {
                    "files": {path.name: paths[path]}
                }
        else:
            yield said | {"files": {path.name: paths[path] for path in own}}


_LARGE, _ROUND = 3 << 20, 60


def _inflated(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist()) + 50 * len(archive.infolist()) ** 2
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
        return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--family", nargs="*", choices=[family.__name__ for family in FAMILIES])
    parser.add_argument("--mutations", type=int, nargs=2, metavar=("FIRST", "AFTER"))
    parser.add_argument("--only", default="", help="a pattern of names")
    parser.add_argument("--without", default="$^", help="a pattern of names that are left out")
    parser.add_argument("--walk", choices=("round", "whole"))
    given = parser.parse_args()
    folder = given.folder / "files"
    folder.mkdir(parents=True, exist_ok=True)
    good = good_return(given.folder)
    families = [family for family in FAMILIES if given.family is None or family.__name__ in given.family]
    if given.mutations:
        made = [(f"mutation_{seed}", (), mutated(good, seed)) for seed in range(*given.mutations)]
    else:
        made = [
            case
            for family in families
            for case in family(good)
            if re.search(given.only, case[0]) and not re.search(given.without, case[0])
        ]
    if not given.walk:
        for name, _, data in made:
            (folder / f"{name}.xlsx").write_bytes(data)
        return
    way = Way(given.folder)
    way.alone([given.folder / "good.xlsx"])
    for said in walk(way, made, given.walk, folder):
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
