import pytest

from crimestats import files
from crimestats.errors import DefinitionError, FileError


def test_codes_stay_text(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("code,area\n0101,NA\n02,\n", encoding="utf-8")
    assert files.read_csv(path).to_numpy().tolist() == [["0101", "NA"], ["02", ""]]


def test_lines_count_breaks_and_empty_lines(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_bytes(b'\xef\xbb\xbfcode,title\r\n\r\na,"x\r\ny"\r\n   \r\nb,z\r\n')
    assert [files.line_of(path, row) for row in range(len(files.read_csv(path)))] == [3, 6]


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("", "line 1", "is empty"),
        ("code\n1\n", "line 1", "no column title"),
        ("code,code,title\n1,2,3\n", "line 1", "twice"),
        ("code,title\n01,x\n01,0101,x\n", "line 3", "3 cells"),
        ("code,title\n\n01\n", "line 3", "1 cells"),
        ('code,title\n01,"x\n', "line 2", "not CSV"),
    ],
)
def test_a_faulty_table_is_named_by_line(tmp_path, text, place, fault):
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=fault) as caught:
        files.read_csv(path, ("code", "title"))
    assert place in caught.value.place


def test_what_is_not_there(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        files.read_csv(tmp_path / "none.csv")
    with pytest.raises(FileError, match="not among the shipped data"):
        files.shipped("classification", "none")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("code\nNiño\n".encode("latin-1"))
    with pytest.raises(FileError, match="UTF-8"):
        files.read_csv(latin)


def test_toml_names_the_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('id = "x"\nyears = [2013,,]\n', encoding="utf-8")
    with pytest.raises(DefinitionError, match="line 2"):
        files.read_toml(path)


def interrupted(path):
    with files.replacing(path) as place:
        place.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt


def test_replacing_leaves_the_old_file_where_writing_fails(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert path.read_text(encoding="utf-8") == "old"
    with files.replacing(path) as place:
        place.write_text("new", encoding="utf-8")
    assert [(found.name, found.read_text(encoding="utf-8")) for found in tmp_path.iterdir()] == [
        ("table.csv", "new")
    ]
    with (
        pytest.raises(FileError, match="cannot be written"),
        files.replacing(tmp_path / "none" / "x") as place,
    ):
        place.write_text("x", encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "place", "fault"),
    [
        (
            b"area;year\nFJI;2020\n",
            ", line 1",
            "is separated by semicolons. Save it as comma-separated",
        ),
        (b'area\tyear\nFJI\t"2020\n', ", line 1", "is separated by tabs"),
        ("area,year\nFJI,2020\n".encode("utf-16"), "", "it is UTF-16 text"),
        (b"PAR1\xff\xfe", "", "it is a Parquet file"),
        (b"area\n\xe9\n", "", "it is not UTF-8 text"),
        (None, "", "it is a folder"),
    ],
)
def test_a_file_of_another_kind_is_told_in_one_line(tmp_path, content, place, fault):
    path = tmp_path / "bad.csv"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises((FileError, DefinitionError)) as caught:
        files.read_csv(path)
    assert caught.value.place == f"{path}{place}"
    assert fault in str(caught.value)
    assert "codec" not in str(caught.value)
    assert "Errno" not in str(caught.value)


def test_one_column_needs_no_separator(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("title\na; b\n", encoding="utf-8")
    assert files.read_csv(path)["title"].tolist() == ["a; b"]
