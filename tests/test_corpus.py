"""Whatever comes in a file: it is read or refused with a finding, nothing is altered, nothing is run."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import crimestats as cs
from crimestats.questionnaire import build
from crimestats.report import names
from crimestats.report.letter import letters
from crimestats.returns import guard, returns
from crimestats.returns.form import to_form
from crimestats.returns.package import oddities, open_package
from crimestats.returns.records import supersede
from crimestats.returns.sheaf import Sheaf

SCRIPT = Path(__file__).with_name("corpus.py")
_SPEC = importlib.util.spec_from_file_location("corpus", SCRIPT)
assert _SPEC is not None
assert _SPEC.loader is not None
corpus = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(corpus)
FAMILIES = [family.__name__ for family in corpus.FAMILIES]
COSTLY = "|".join([
    "nested_deeply_in_types", "nested_deeply_in_relations", "attribute_without_end_in_types", "cells_formatted", "numbers_200000", "names_60000", "names_many_m", "many_sheets", "many_large",
    "^(note|note_alone|city|agency|language|years|contact|part|metadata)_(longest|bidi|code|markup)$",
])  # fmt: skip
"""Files that the exhaustive tests alone try."""
GROUPS = (FAMILIES[:4], FAMILIES[4:6], FAMILIES[6:7], FAMILIES[7:])
CTS = cs.Questionnaire.load("un-cts-2024")
MIB = 1 << 20


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    return corpus.good_return(tmp_path_factory.mktemp("good"))


def walked(folder: Path, *arguments: str) -> list[dict]:
    """What the walk says of each round, or file, of the corpus."""
    command = [sys.executable, "-W", "error", str(SCRIPT), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3_600, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def faults(said: dict) -> list[str]:
    """What is wrong with a walk: it raised, cost too much, altered a text, ran or let out something."""
    if "raised" in said:
        return [f"{list(said['files'])}: {said['raised']} {said.get('at')}"]
    found = [
        f"{name}: {said[name]}"
        for name in ("altered", "unescaped", "formulas", "formulas_back", "lost", "double")
        if said.get(name)
    ]
    for name, wanted in said["files"].items():
        outcome, rules = said["outcomes"].get(name, "no row"), said["rules"].get(name, [])
        if wanted and outcome not in wanted:
            found.append(f"{name}: {outcome}, and not {wanted}")
        if outcome != corpus.READ and not rules:
            found.append(f"{name}: refused without a finding")
    if len(said["files"]) == 1 and said["seconds"] > corpus.SECONDS * (1 + 2 * ("published" in said)):
        found.append(f"{list(said['files'])}: {said['seconds']} s")
    return found + ([f"{list(said['files'])}: {said['mib']} MiB"] if said["mib"] > corpus.MEMORY else [])


def all_faults(results: list[dict]) -> list[str]:
    return [fault for said in results for fault in faults(said)]


# --- the corpus -----------------------------------------------------------------


@pytest.mark.parametrize("families", GROUPS)
def test_every_file_is_read_or_refused(tmp_path, families):
    results = walked(tmp_path, "--family", *families, "--without", COSTLY, "--walk", "round")
    assert sum(len(said["files"]) for said in results) >= 20 * len(families) // 2
    assert all_faults(results) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("family", FAMILIES)
def test_every_file_goes_its_whole_way_alone(tmp_path, family):
    results = walked(tmp_path, "--family", family, "--walk", "whole")
    assert {len(said["files"]) for said in results} == {1}
    assert all_faults(results) == []


def test_damaged_returns_are_read_or_refused(tmp_path):
    results = walked(tmp_path, "--mutations", "0", "100", "--walk", "round")
    outcomes = [outcome for said in results for outcome in said["outcomes"].values()]
    assert len(outcomes) == 100
    assert 10 < outcomes.count(corpus.READ) < 90
    assert all_faults(results) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", range(100, 2_000, 100))
def test_more_damaged_returns_are_read_or_refused(tmp_path, first):
    results = walked(tmp_path, "--mutations", str(first), str(first + 100), "--walk", "whole")
    assert len(results) == 100
    assert all_faults(results) == []


def test_the_corpus_is_the_same_every_time(good):
    assert corpus.mutated(good, 7) == corpus.mutated(good, 7)
    names_ = [name for name, _, _ in corpus.claims(good)]
    assert names_ == [name for name, _, _ in corpus.claims(good)]
    assert len(set(names_)) == len(names_)


# --- what is no file ------------------------------------------------------------


def test_what_lies_in_a_folder_and_is_no_file_is_said(tmp_path, good):
    (tmp_path / "good.xlsx").write_bytes(good)
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "loop.xlsx").symlink_to(tmp_path / "loop.xlsx")
    (tmp_path / "into.xlsx").symlink_to(tmp_path)
    (tmp_path / "gone.xlsx").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.xlsx")
    table = returns(cs.read(tmp_path, CTS)).set_index("return_id")["status"]
    refused = dict.fromkeys(["gone.xlsx", "loop.xlsx", "pipe.xlsx"], "refused")
    assert dict(table) == refused | {"good.xlsx": "read"}


def test_a_published_file_that_is_a_pipe_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.xlsx")
    said: list[str] = []

    def attempt():
        try:
            cs.read_published(tmp_path / "pipe.xlsx")
        except cs.errors.FileError as error:
            said.append(error.fault)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(10)
    assert said == ["is no ordinary file."]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to the superuser")
def test_a_file_that_may_not_be_read_is_said(tmp_path, good):
    (tmp_path / "a.xlsx").write_bytes(good)
    (tmp_path / "a.xlsx").chmod(0)
    assert list(returns(cs.read(tmp_path, CTS))["status"]) == ["refused"]


NAMES = ("<img src=x onerror=alert(1)>.xlsx", "a\"'`$(id).xlsx", "line\nbreak.xlsx", "=cmd.xlsx", "..\\..\\a.xlsx", "a~b~c.xlsx", " .xlsx",
         "\u202ebidi.xlsx", "n" * 250 + ".xlsx", "{value}%s.xlsx", "-rf.xlsx", "_Z", "nan.xlsx")  # fmt: skip


def test_names_of_files_are_names_and_nothing_more(tmp_path, good):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(good)
    (folder / os.fsdecode(b"no\xfftext.xlsx")).write_bytes(good)
    way = corpus.Way(tmp_path)
    said = way.read([*folder.iterdir()]) | way.judge()
    assert list(said["outcomes"].values()) == [corpus.READ] * (len(NAMES) + 1)
    assert set(NAMES) < set(said["outcomes"])
    assert (said["unescaped"], said["formulas"], said["double"]) == ([], 0, 0)


# --- pages and letters ----------------------------------------------------------


def test_areas_that_look_alike_as_names_of_files_have_pages_of_their_own(tmp_path, good):
    part, address = corpus.places(good)["area"]
    areas = ("P T", "P/T", "P-T", "pt", "PT", "البرتغال", "Португалия", "x" * 5_000)
    for number, area in enumerate(areas):
        data = corpus.changed(good, {part: lambda xml, area=area: corpus.written(xml, address, area)})
        (tmp_path / f"{number}.xlsx").write_bytes(data)
    way = corpus.Way(tmp_path)
    said = way.read(sorted(tmp_path.glob("?.xlsx"))) | way.judge()
    assert said["double"] == 0
    pages = [path.name for path in (tmp_path / "round-pages").iterdir()]
    assert len({name.casefold() for name in pages}) == len(areas)
    assert len([*(tmp_path / "letters").iterdir()]) == len(areas)


def test_a_letter_about_a_file_of_a_long_name_is_written(tmp_path, good):
    name = "é" * 100 + ".xlsx"
    (tmp_path / name).write_bytes(b"no workbook")
    report = cs.validate(cs.read(tmp_path, CTS), CTS)
    written = letters(report.data, CTS, report.returns, tmp_path / "letters")
    assert len(written) == 1
    assert written[0].exists()
    assert len(names.file_stem("x" * 1_000)) < 100


# --- what a file claims ---------------------------------------------------------


def claim(good, folder, *files):
    """Files of an area that say whom they answer, read together: their status, and what is odd."""
    for name, original, area in files:
        (folder / f"{name}.xlsx").write_bytes(corpus.claiming(good, original, area))
    cells = cs.read(folder, CTS)
    odd = cells[cells["item"] == "_cell.other_area"]
    return dict(returns(cells).set_index("return_id")["status"]), list(odd["note"])


def test_a_file_of_another_area_replaces_nothing(tmp_path, good):
    from hashlib import sha256

    first = corpus.claiming(good, "", "ESP")
    (tmp_path / "a.xlsx").write_bytes(first)
    digest = sha256(first).hexdigest()
    status, odd = claim(good, tmp_path, ("b", digest, "PRT"))
    assert status == {"a.xlsx": "read", "b.xlsx": "read"}
    assert odd == ["It says that it answers a.xlsx of ESP; both count."]
    report = cs.validate(cs.read(tmp_path, CTS), CTS)
    assert "ALL-027" in set(report.data.loc[report.data["return_id"] == "b.xlsx", "rule"])
    status, odd = claim(good, tmp_path, ("b", digest, "ESP"))
    assert status == {"a.xlsx": "superseded", "b.xlsx": "read"}
    assert odd == []


def test_an_answer_without_figures_replaces_nothing(tmp_path, good):
    from hashlib import sha256

    (tmp_path / "a.xlsx").write_bytes(good)
    blank = build(CTS, tmp_path / "b.xlsx", area="PRT", years=(2021, 2022)).read_bytes()
    (tmp_path / "b.xlsx").write_bytes(corpus.claiming(blank, sha256(good).hexdigest()))
    assert dict(returns(cs.read(tmp_path, CTS)).set_index("return_id")["status"]) == {
        "a.xlsx": "read",
        "b.xlsx": "read",
    }


def test_files_that_answer_each_other_are_not_both_lost():
    def sheaf(own, original):
        return Sheaf(
            f"{own}.xlsx",
            sha256=own,
            area="PRT",
            original=original,
            records=[("H.area", "S", "A1", "PRT", "")],
        )

    def kept(*sheaves):
        supersede(sheaves, to_form(CTS))
        return [
            each.path for each in sheaves if not any(item == "_fault.superseded" for item, *_ in each.records)
        ]

    assert kept(sheaf("a", "b"), sheaf("b", "a")) == ["a.xlsx", "b.xlsx"]
    assert kept(sheaf("a", "c"), sheaf("b", "a"), sheaf("c", "b")) == ["a.xlsx", "b.xlsx", "c.xlsx"]
    assert kept(sheaf("a", "a")) == ["a.xlsx"]
    assert kept(sheaf("a", ""), sheaf("b", "a"), sheaf("c", "b a")) == ["c.xlsx"]
    assert kept(sheaf("a", ""), sheaf("b", "a a b")) == ["b.xlsx"]


# --- single faults that were found this way -------------------------------------


def sent(folder: Path, data: bytes) -> str:
    (folder / "a.xlsx").write_bytes(data)
    cells = cs.read(folder / "a.xlsx", CTS)
    return next(
        (item.removeprefix("_fault.") for item in cells["item"].astype(str) if item.startswith("_fault.")),
        corpus.READ,
    )


@pytest.mark.parametrize(
    ("name", "xml"),
    [
        ("two values", b'<c r="F9"><v>412</v><v>999</v></c>'),
        ("two values apart", b'<c r="F9"><v>412</v>\n <is><t>999</t></is></c>'),
        ("a text that is none", b'<c r="F9" t="s"><v>-1</v></c>'),
        ("a text that is no number", b'<c r="F9" t="s"><v>evil</v></c>'),
    ],
)
def test_a_cell_that_says_two_things_is_refused(tmp_path, good, name, xml):
    assert sent(tmp_path, corpus.changed(good, {corpus.SHEET: corpus.cell(xml)})) == "unreadable", name


def test_sheets_are_measured_together(good):
    one = corpus.with_sheets(good, 30, b'<row r="9000"><c r="Z9000"><v>1</v></c></row>')
    with pytest.raises(guard.RefusedError, match="sheets have room"):
        open_package(one)
    open_package(one, replace(guard.LIMITS, areas=8_000_000))
    open_package(corpus.with_sheets(good, 300, b'<row r="1"><c r="A1"><v>1</v></c></row>'))
    text = b"<si><t>" + b"a" * 30_000 + b"</t></si></sst>"
    cell = (
        b'<row r="#"><c r="A#" t="s"><v>'
        + str(open_package(good).parts["xl/sharedstrings.xml"].count(b"<si")).encode()
    )
    rows = corpus.repeated(cell + b"</v></c></row>", 200)
    with pytest.raises(guard.RefusedError, match="repeat"):
        open_package(corpus.with_sheets(good, 15, rows, text))
    open_package(corpus.with_sheets(good, 10, rows, text))


def test_a_comment_without_end_costs_no_time(good):
    made = {name: data for name, _, data in corpus.sizes(good) if name.startswith("comments_")}
    start = time.process_time()
    found = {name: len(oddities(open_package(data), "Homicide")) for name, data in made.items()}
    assert time.process_time() - start < 5
    assert found == dict.fromkeys(made, 1)
