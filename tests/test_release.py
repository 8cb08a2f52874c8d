import errno
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from crimestats import frames, release, report
from crimestats.errors import CallError, FileError

PARQUET = ("trends", "observations", "findings", "lineage", "returns")


def filled(name, n=40, seed=1):
    """A frame of a name with something of every kind in it, ranges and nulls among the numbers."""
    draw = np.random.default_rng(seed)
    makers = {
        "key": lambda: draw.choice(["_T", "0101", "NA", "Å", "b"], n),
        "text": lambda: draw.choice(["", "<5", "a note, “quoted”"], n),
        "number": lambda: np.where(draw.random(n) < 0.2, np.nan, draw.random(n) * 100),
        "count": lambda: draw.integers(0, 9, n),
        "year": lambda: draw.integers(2013, 2023, n),
        "place_year": lambda: pd.array(draw.integers(2013, 2023, n), dtype="Int16"),
    }
    frame = frames.FRAMES[name]
    table = pd.DataFrame({column: makers[kind]() for column, kind in frame.columns.items()})
    if name == "Trends":
        table = table.assign(measure="victims", unit="number", stage="recorded", grouping="_Z", iccs="0101")
        table = table.assign(**dict.fromkeys(frames.BREAKDOWNS, "_T"))
    if name == "Findings":
        severities, verdicts = ["error", "query", "note"], ["fail", "undecided"]
        table = table.assign(severity=draw.choice(severities, n), verdict=draw.choice(verdicts, n))
    if name == "Returns":
        ids = [f"{number}.xlsx" for number in range(n)]
        table = table.assign(return_id=ids, file=ids, sha256="ab" * 32)
    return frame.cast(table)


def tables(seed=1):
    return {
        name.lower(): filled(name, seed=seed)
        for name in ("Trends", "Observations", "Findings", "Lineage", "Returns")
    }


def publish(folder, given, **further):
    return release.publish(
        given["trends"], folder, **{name: given[name] for name in given if name != "trends"}, **further
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("round") / "release 2024", tables())


def test_files_of_a_release(published):
    names = {*(f"{name}.parquet" for name in PARQUET), "index.html", "findings.html", "release.json"}
    assert {path.name for path in published.iterdir()} == names
    assert [path.name for path in published.parent.iterdir()] == ["release 2024"]


def test_only_what_is_given_is_written(tmp_path):
    folder = release.publish(filled("Trends"), tmp_path / "small")
    assert {path.name for path in folder.iterdir()} == {"trends.parquet", "index.html", "release.json"}


@pytest.mark.parametrize("name", PARQUET)
def test_what_is_read_is_what_was_written(published, name):
    given, got = tables()[name], release.read_parquet(published / f"{name}.parquet")
    columns = list(given.columns)
    texts = [table.astype("str").sort_values(columns, ignore_index=True) for table in (given, got)]
    pd.testing.assert_frame_equal(*texts)
    frames.FRAMES[name.capitalize()].check(got)


@pytest.mark.parametrize("name", PARQUET)
def test_schema_and_metadata_are_ours_alone(published, name):
    schema = pq.read_schema(published / f"{name}.parquet")
    assert schema.remove_metadata().equals(frames.FRAMES[name.capitalize()].arrow())
    assert set(schema.metadata) == {b"crimestats"}
    record = json.loads(schema.metadata[b"crimestats"])
    assert record["frame"] == name.capitalize()
    assert (record["classification"], record["crimestats"]) == ("iccs-1.0", "0.1.0")
    assert record["workbooks"]["0.xlsx"] == "ab" * 32
    assert len(record["population"]["sha256"]) == 64
    assert "wb" in record["population"]["sources"]
    assert str(published.parent) not in schema.metadata[b"crimestats"].decode()


def test_where_the_workbooks_lay_is_not_told(tmp_path):
    given = tables()
    given["returns"] = given["returns"].assign(file="/home/somebody/" + given["returns"]["file"])
    folder = publish(tmp_path / "release", given)
    assert not any(b"somebody" in written for written in contents(folder).values())
    assert set(release.read_parquet(folder / "returns.parquet")["file"]) == set(given["returns"]["return_id"])


def test_compression_and_codes(published):
    column = pq.ParquetFile(published / "trends.parquet").metadata.row_group(0).column(1)
    assert (column.compression, column.has_dictionary_page) == ("ZSTD", True)


def test_record_lists_every_file_with_its_hash(published):
    from hashlib import sha256

    record = json.loads((published / "release.json").read_text(encoding="utf-8"))
    there = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in published.iterdir()
        if path.name != "release.json"
    }
    assert {name: file["sha256"] for name, file in record["files"].items()} == there
    assert record["files"]["trends.parquet"]["rows"] == 40


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_same_input_same_bytes(published, tmp_path, seed):
    given = tables()
    if seed is not None:
        given = {name: shuffled(table, seed) for name, table in given.items()}
    assert contents(publish(tmp_path / "again", given)) == contents(published)


SERIES_OF = {
    "Trends": ["area", "iccs", *frames.SERIES, "grouping", "method"],
    "Estimates": ["area", "iccs", *frames.SERIES, "grouping"],
    "Observations": ["area", "item", "scheme", "code", *frames.SERIES, "questionnaire", "agency"],
    "Classified": ["area", "item", "scheme", "code", *frames.SERIES, "questionnaire", "agency", "iccs"],
    "Revisions": ["area", "questionnaire", "agency", "item", "scheme", "iccs", *frames.SERIES],
    "Sdg": ["indicator", "series", "area", "grouping", "sex"],
    "Cells": ["area", "item"],
}
STEADY = ("series_title", "unit", "iccs_version", "correspondence", "tags", "grouping", "method")


@pytest.mark.parametrize("name", SERIES_OF)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_years_of_a_series_stand_together_in_their_order(tmp_path, name, seed):
    years = list(range(1990, 2014))
    table = pd.concat([filled(name, len(years)).assign(year=years) for _ in range(2)], ignore_index=True)
    series = SERIES_OF[name]
    for column in {*series, *STEADY} & set(table):
        table[column] = pd.Categorical(["_T"] * len(table))
    table["area"] = pd.Categorical(["MEX"] * len(years) + ["FJI"] * len(years))
    varied = [key for key, kind in frames.FRAMES[name].columns.items()
              if kind == "key" and key not in {*series, *STEADY}]  # fmt: skip
    assert varied
    for place, column in enumerate(varied):
        codes = [f"{(7 * row + place) % 5}" for row in range(len(table))]
        table[column] = pd.Categorical(codes)
    table = frames.FRAMES[name].cast(table)
    paths = [release.write_parquet(rows, name, tmp_path / f"{number}.parquet")
             for number, rows in enumerate([table, shuffled(table, seed)])]  # fmt: skip
    assert paths[0].read_bytes() == paths[1].read_bytes()
    got = release.read_parquet(paths[0])
    assert got["area"].tolist() == ["FJI"] * len(years) + ["MEX"] * len(years)
    assert got["year"].tolist() == years * 2


def shuffled(table, seed):
    """The same rows in another order, with codes in another order and codes that do not occur."""
    table = table.sample(frac=1, random_state=seed)
    for name in table.select_dtypes("category"):
        codes = ["unused", *table[name].cat.categories[::-1]]
        table[name] = table[name].cat.set_categories(codes)
    return table


def test_population_of_the_users_own_is_told(tmp_path):
    own = pd.DataFrame(
        {
            "area": ["MEX"],
            "year": [2020],
            "sex": "_T",
            "age": "_T",
            "population": [1.0],
            "source": "census <2020>",
        }
    )
    folder = release.publish(filled("Trends"), tmp_path / "own", population=own)
    assert json.loads((folder / "release.json").read_text(encoding="utf-8"))["population"]["sources"] == [
        "census <2020>"
    ]
    assert "Population: census &lt;2020&gt;." in (folder / "index.html").read_text(encoding="utf-8")


def test_a_release_is_replaced_whole(published, tmp_path):
    folder = publish(tmp_path / "release", tables(seed=2))
    folder.chmod(0o750)
    first = contents(folder)
    release.publish(filled("Trends", seed=3), folder)
    assert {path.name for path in folder.iterdir()} == {"trends.parquet", "index.html", "release.json"}
    assert contents(folder)["trends.parquet"] != first["trends.parquet"]
    assert folder.stat().st_mode & 0o777 == 0o750
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_an_empty_folder_is_filled_and_parents_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    release.publish(filled("Trends"), tmp_path / "empty")
    release.publish(filled("Trends"), tmp_path / "a" / "b")
    assert (tmp_path / "empty" / "index.html").exists()
    assert (tmp_path / "a" / "b" / "index.html").exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_the_old_release_and_no_litter(tmp_path, monkeypatch, stop):
    folder = publish(tmp_path / "release", tables())
    before = contents(folder)

    def interrupted(*_, **__):
        raise stop

    monkeypatch.setattr(report, "release_page", interrupted)
    with pytest.raises(stop):
        publish(folder, tables(seed=2))
    with pytest.raises(stop):
        publish(tmp_path / "new", tables())
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_a_rename_that_fails_brings_the_old_release_back(tmp_path, monkeypatch):
    folder = publish(tmp_path / "release", tables())
    before = contents(folder)
    rename = type(folder).rename

    def failing(path, target):
        if path.suffix == ".part":
            raise OSError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(type(folder), "rename", failing)
    with pytest.raises(FileError, match="Permission denied"):
        publish(folder, tables(seed=2))
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_a_full_disk_is_a_file_error(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    ways = [
        lambda: publish(tmp_path / "release", tables()),
        lambda: release.write_parquet(filled("Trends"), "Trends", tmp_path / "trends.parquet"),
    ]
    for write in ways:
        with pytest.raises(FileError, match="No space left on device") as caught:
            write()
        assert "disk has room" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.docx").write_text("all my work", encoding="utf-8")
    with pytest.raises(FileError, match=r"holds files that are not of a release: thesis\.docx"):
        release.publish(filled("Trends"), tmp_path)
    folder = release.publish(filled("Trends"), tmp_path / "release")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileError, match=r"notes\.txt"):
        release.publish(filled("Trends"), folder)
    assert (folder / "notes.txt").exists()
    assert (folder / "trends.parquet").exists()


def test_a_place_that_cannot_be_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(FileError, match="is a file"):
        release.publish(filled("Trends"), file)
    with pytest.raises(FileError, match="cannot be written"):
        release.publish(filled("Trends"), file / "below")
    with pytest.raises(FileError, match="cannot be written"):
        release.write_parquet(filled("Trends"), "Trends", tmp_path / "nowhere" / "trends.parquet")


def test_a_broken_record_makes_no_release(tmp_path):
    (tmp_path / "release.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(FileError, match=r"release\.json"):
        release.publish(filled("Trends"), tmp_path)


def test_a_table_of_another_name_is_refused(tmp_path):
    with pytest.raises(CallError):
        release.publish(filled("Lineage"), tmp_path / "release")
    with pytest.raises(CallError):
        release.publish(filled("Trends"), tmp_path / "release", findings=filled("Trends"))
    assert list(tmp_path.iterdir()) == []


def test_one_table_alone(tmp_path):
    path = release.write_parquet(filled("Cells"), "Cells", tmp_path / "cells.parquet")
    assert len(release.read_parquet(path)) == 40
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_table_keeps_its_columns(tmp_path):
    path = release.write_parquet(frames.TRENDS.empty(), "Trends", tmp_path / "trends.parquet")
    got = release.read_parquet(path)
    assert (len(got), list(got.columns)) == (0, list(frames.TRENDS.columns))


def test_what_is_no_table_of_a_release_is_refused(tmp_path):
    (tmp_path / "text.parquet").write_text("text", encoding="utf-8")
    filled("Trends").to_parquet(tmp_path / "other.parquet")
    for name, fault in (
        ("text", "cannot be read"),
        ("absent", "cannot be read"),
        ("other", "names no frame"),
    ):
        with pytest.raises(FileError, match=fault):
            release.read_parquet(tmp_path / f"{name}.parquet")


def test_a_place_that_holds_something_else_is_told_in_one_line(tmp_path):
    (tmp_path / "figures.csv").write_text("area,year\nFJI,2020\n", encoding="utf-8")
    release.write_parquet(frames.LINEAGE.empty(), "Lineage", tmp_path / "lineage.parquet")
    for name, says in (
        ("figures.csv", "it is a file of another kind"), (".", "it is a folder"),
        ("none.parquet", "there is no such file"), ("lineage.parquet", "holds lineage, not trends"),
    ):  # fmt: skip
        with pytest.raises(FileError, match=says) as caught:
            release.read_parquet(tmp_path / name, frame="Trends")
        assert caught.value.place == str(tmp_path / name)
        assert len(str(caught.value)) < len(str(tmp_path)) + 120
    assert release.read_parquet(tmp_path / "lineage.parquet", frame="Lineage").empty
