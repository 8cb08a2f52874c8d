"""`trafficking build` makes the whole folder or nothing, and every figure leads back to its cells."""

import json
import shutil

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from crimestats import release
from crimestats.cli import app, building
from crimestats.cli.building import Build
from crimestats.cli.console import Console
from crimestats.errors import CallError, CrimestatsError, FileError
from crimestats.files import shipped
from crimestats.frames import FINDINGS, FRAMES, HIDDEN, TRAFFICKING
from test_trafficking_dataset import of, published, total

FILES = {
    "annex.xlsx", "chapter.html", "codebook.csv", "dataset.parquet", "findings.json", "flows.parquet", "lineage.parquet",
    "profiles.parquet", "release.json",
}  # fmt: skip
CELLS = [("Female", "18 years or over", "50"), ("Female", "0 to 17 years", "30"),
         ("Male", "18 years or over", "20"), ("Male", "0 to 17 years", "<5")]  # fmt: skip
AREAS = ("ARG", "BRA", "NGA", "ITA", "PRT", "THA")


def rows():
    """Six countries with victims by sex and age, one flow, and a row of a subregion."""
    listed = [total(value, sex, age, area) for area in AREAS for sex, age, value in CELLS]
    listed += [total("104", area=area) for area in AREAS]
    return [
        *listed,
        of("Nigeria", "12", area="ITA"),
        of("Nationals", "9", area="ITA"),
        total("300", area="SAM"),
    ]


def run(*arguments):
    return CliRunner().invoke(app, ["trafficking", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("build")
    source = published(place / "tip.csv", rows())
    result = run("build", source, "--out", place / "report")
    assert result.exit_code == 0, result.output
    return place / "report", result.output


def table(folder, name):
    return release.read_parquet(folder / f"{name}.parquet")


def test_the_folder_holds_all_its_files_in_their_frames(folder):
    place, output = folder
    assert {path.name for path in place.iterdir()} == FILES
    for name, frame in building.PARQUET.items():
        FRAMES[frame].check(table(place, name))
    found = json.loads((place / "findings.json").read_text(encoding="utf-8"))
    assert set(found[0]) == set(FINDINGS.columns)
    assert {each["rule"] for each in found} >= {"TIP-01"}
    assert set(json.loads((place / "release.json").read_text(encoding="utf-8"))["files"]) == FILES - {
        "release.json"
    }
    assert max(map(len, output.splitlines()[:12])) <= 80


def test_the_share_of_the_world_is_that_of_its_countries_and_not_of_the_subregion(folder):
    shares = table(folder[0], "profiles").astype({"category": "str"})
    world = shares[(shares["profile"] == "victims_sex_age") & (shares["area"] == "001") & (shares["within"] == "_T")
                   & (shares["variant"] == "pooled") & (shares["grouping"] == "m49")]  # fmt: skip
    found = world.set_index("category")
    assert found.loc["women", "n_areas"] == 6
    assert found.loc["women", "base"] == 6 * 102
    assert found.loc["women", "share"] == pytest.approx(50 / 102)
    assert (found.loc["women", "share_lower"], found.loc["women", "share_upper"]) == pytest.approx(
        (50 / 104, 0.5)
    )


def test_every_share_and_flow_leads_to_cells_of_the_dataset(folder):
    edges, cells = table(folder[0], "lineage"), set(table(folder[0], "dataset")["figure_id"])
    assert set(edges.loc[edges["part_kind"] == "cell", "part_id"]) <= cells
    for name in ("profiles", "flows"):
        figures = table(folder[0], name)
        told = figures[figures["lower"].notna()]
        assert len(told)
        assert set(told["figure_id"]) <= set(edges["figure_id"])


def test_weights_give_the_persons_back(folder):
    dataset, edges, shares = (table(folder[0], name) for name in ("dataset", "lineage", "profiles"))
    pooled = shares[
        (shares["variant"] == "pooled") & (shares["profile"] == "victims_sex_age") & shares["lower"].notna()
    ]
    parts = edges.merge(
        dataset[["figure_id", "lower"]], left_on="part_id", right_on="figure_id", suffixes=("", "_of")
    )
    summed = (parts["lower"] * parts["weight"]).groupby(parts["figure_id"]).sum()
    assert summed.reindex(pooled["figure_id"]).to_numpy() == pytest.approx(pooled["lower"].to_numpy())


def test_a_share_is_traced_to_its_cells(folder):
    result = run("trace", folder[0], "--profile", "victims_sex_age", "--category", "boys", "--year", 2019, "--area",
                 "001", "--where", "variant=pooled", "--where", "grouping=m49", "--where", "within=_T", "--json", "-")  # fmt: skip
    assert result.exit_code == 0, result.output
    parts = pd.DataFrame(json.loads(result.stdout))
    own = parts[parts["weight"] == 1]
    assert sorted(own["area"]) == sorted(AREAS)
    assert set(own["value"]) == {"<5"}
    assert set(own["sheet"]) == {"tip"}
    again = run("trace", folder[0], "--figure", parts["figure_id"].iloc[0], "--json", "-")
    assert json.loads(again.stdout) == json.loads(result.stdout)


def test_a_flow_and_a_cell_are_traced(folder):
    flow = run("trace", folder[0], "--where", "origin=NGA", "--where", "destination=ITA", "--where", "grouping=m49",
               "--json", "-")  # fmt: skip
    parts = json.loads(flow.stdout)
    assert [(each["country"], each["value"]) for each in _cells(folder, parts) if each["weight"] == 1] == [
        ("NGA", "12")
    ]
    cell = parts[0]["part_id"]
    assert [
        each["part_id"]
        for each in json.loads(run("trace", folder[0], "--figure", cell, "--json", "-").stdout)
    ] == [cell]
    shown = run("trace", folder[0], "--figure", cell)
    assert shown.exit_code == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80


def _cells(folder, parts):
    countries = table(folder[0], "dataset").set_index("figure_id")["country"].astype("str")
    return [{**each, "country": countries[each["part_id"]]} for each in parts]


@pytest.mark.parametrize(("arguments", "said"), [
    (["--figure", "nothing"], "0 figures fit figure_id=nothing"),
    (["--profile", "victims_sex_age"], "figures fit profile=victims_sex_age"),
    ([], "is missing"),
    (["--where", "nonsense"], "is no column and code"),
])  # fmt: skip
def test_what_cannot_be_traced_is_said(folder, arguments, said):
    result = run("trace", folder[0], *arguments)
    assert isinstance(result.exception, CallError)
    assert said in str(result.exception)


def test_other_programs_read_the_tables(folder):
    with duckdb.connect() as base:
        found = base.execute(
            f"select measure, count(*), sum(lower) from '{folder[0]}/dataset.parquet' group by measure"
        ).fetchall()
    assert found == [("victims", 33, 6 * (100 + 104) + 21 + 300)]


def test_a_build_replaces_a_build_and_nothing_else(folder, tmp_path):
    place = tmp_path / "report"
    shutil.copytree(folder[0], place)
    source = published(tmp_path / "tip.csv", rows())
    (place / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(FileError, match=r"mine\.txt"):
        Build(str(source), Console(True)).write(place)
    assert (place / "mine.txt").read_text(encoding="utf-8") == "kept"
    (place / "mine.txt").unlink()
    Build(str(source), Console(True)).write(place)
    assert {path.name for path in place.iterdir()} == FILES


def test_the_same_source_gives_the_same_tables(folder, tmp_path):
    source = published(tmp_path / "tip.csv", rows())
    Build(str(source), Console(True)).write(tmp_path / "again")
    for name in (
        "dataset.parquet",
        "profiles.parquet",
        "flows.parquet",
        "lineage.parquet",
        "findings.json",
        "chapter.html",
    ):
        assert (tmp_path / "again" / name).read_bytes() == (folder[0] / name).read_bytes(), name


def test_a_build_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Build, "_write_chapter", broken)
    source = published(tmp_path / "tip.csv", rows())
    with pytest.raises(FileError, match="No space left"):
        Build(str(source), Console(True)).write(tmp_path / "report")
    assert [path.name for path in tmp_path.iterdir()] == ["tip.csv"]


@pytest.fixture(scope="module")
def returned(tmp_path_factory):
    place = tmp_path_factory.mktemp("returned")
    folder = place / "returns"
    shutil.copytree(shipped("questionnaires", "examples", "samplonia-trafficking"), folder)
    (folder / "broken.xlsx").write_bytes(b"%PDF-1.4")
    result = run("build", folder, "--out", place / "report")
    return place / "report", result


def test_returns_are_protected_and_a_broken_file_among_them_is_a_finding(returned):
    place, result = returned
    assert result.exit_code == 1
    dataset = table(place, "dataset")
    assert not dataset["value"].between(0, 4).any()
    hidden = pd.read_csv(place / "hidden.csv")
    assert list(hidden.columns) == list(HIDDEN.columns)
    assert set(hidden["action"]) >= {"primary"}
    noted = dataset.set_index("figure_id")["note"].reindex(hidden["figure_id"])
    assert set(noted) == {""}
    found = json.loads((place / "findings.json").read_text(encoding="utf-8"))
    assert any(each["return_id"] == "broken.xlsx" and each["severity"] == "error" for each in found)
    smp = [each for each in found if each["area"] == "SMP" and each["year"] is not None]
    assert smp
    assert not any(character.isdigit() for each in smp for character in each["question"])


def test_a_single_return_is_told_from_a_published_file(tmp_path):
    source = shipped("questionnaires", "examples", "samplonia-trafficking", "SMP.xlsx")
    made = Build(str(source), Console(True))
    assert (made.given.kind, made.hides_below) == ("returned", 5)
    assert Build(str(source), Console(True), public=True).hides_below is None
    assert Build(str(published(tmp_path / "tip.csv", rows())), Console(True)).hides_below is None


def test_observations_of_a_file_are_not_taken_for_public(folder, tmp_path):
    from crimestats.published import read_published

    observations, _ = read_published(published(tmp_path / "tip.csv", rows()))
    path = release.write_parquet(observations, "Observations", tmp_path / "observations.parquet")
    made = Build(str(path), Console(True))
    assert (made.given.kind, made.hides_below) == ("kept", 5)
    TRAFFICKING.check(made.whole)
    assert len(made.whole) == len(rows())


def _files(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.xlsx").write_bytes(b"")
    (tmp_path / "paper.xlsx").write_bytes(b"%PDF-1.4 x")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "uncts").mkdir()
    shutil.copy(shipped("questionnaires", "examples", "returns", "FJI.xlsx"), tmp_path / "uncts")


@pytest.mark.parametrize(("name", "said"), [
    ("nothing.xlsx", "is not there"),
    ("empty", "holds no workbook"),
    ("empty.xlsx", "no bytes"),
    ("paper.xlsx", "holds no figures that can be read"),
    ("table.csv", "holds no figures that can be read"),
    ("uncts", "returns of another questionnaire (un-cts-2024)"),
    ("uncts/FJI.xlsx", "returns of another questionnaire (un-cts-2024)"),
])  # fmt: skip
def test_a_source_that_is_none_is_refused_in_one_sentence(tmp_path, name, said):
    _files(tmp_path)
    result = run("build", tmp_path / name, "--out", tmp_path / "report")
    assert isinstance(result.exception, CrimestatsError)
    assert said in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "report").exists()


def test_a_published_file_without_trafficking_is_refused(tmp_path):
    source = published(tmp_path / "tip.csv", rows())
    text = source.read_text(encoding="utf-8").replace(
        "Detected trafficking victims", "Victims of intentional homicide"
    )
    source.write_text(text, encoding="utf-8")
    with pytest.raises(CallError, match="no figures on trafficking in persons"):
        Build(str(source), Console(True)).write(tmp_path / "report")


@pytest.mark.parametrize(("option", "value"), [("--threshold", 1), ("--flow-threshold", 0), ("--window", 0)])
def test_limits_that_can_be_none_are_refused(tmp_path, option, value):
    result = run("build", "nothing.xlsx", option, value)
    assert isinstance(result.exception, CallError)
    assert option in str(result.exception)


def test_nothing_is_written_while_a_hidden_figure_can_be_computed(tmp_path, monkeypatch):
    import crimestats.disclosure

    source = published(tmp_path / "tip.csv", [
        total("101", "Total", "0 to 17 years"), total("70", "Female", "0 to 17 years"),
        total("31", "Male", "0 to 17 years"), total("<5", "Other", "0 to 17 years"),
    ])  # fmt: skip
    monkeypatch.setattr(crimestats.disclosure, "protect", lambda table, **_: (table, HIDDEN.empty()))
    with pytest.raises(CallError, match="can still be computed"):
        Build(str(source), Console(True), threshold=5).write(tmp_path / "report")
    assert not (tmp_path / "report").exists()
    public = Build(str(source), Console(True))
    assert (public.findings["kind"] == "disclosure").sum() == 1


def test_the_readme_of_the_tables_names_every_column():
    text = shipped("questionnaires", "trafficking", "README.md").read_text(encoding="utf-8")
    for frame in building.PARQUET.values():
        assert [
            name for name in FRAMES[frame].columns if f"`{name}`" not in text and f"/{name}`" not in text
        ] == []


def test_the_codebook_names_every_column_of_every_table(folder):
    book = pd.read_csv(folder[0] / "codebook.csv", dtype=str, keep_default_na=False)
    assert list(book.columns) == ["file", "column", "holds", "codes"]
    assert book["holds"].ne("").all()
    assert not book.duplicated(["file", "column"]).any()
    for name, frame in {**building.PARQUET, "hidden": "Hidden"}.items():
        file = "hidden.csv" if name == "hidden" else f"{name}.parquet"
        assert set(book.loc[book["file"] == file, "column"]) == set(FRAMES[frame].columns), file


def test_a_dataset_is_built_from_again(folder, tmp_path):
    made = Build(str(folder[0] / "dataset.parquet"), Console(True), public=True)
    assert made.given.kind == "kept"
    made.write(tmp_path / "again")
    for name in ("profiles", "flows", "lineage"):
        pd.testing.assert_frame_equal(table(tmp_path / "again", name), table(folder[0], name))
    assert Build(str(folder[0] / "dataset.parquet"), Console(True)).hides_below == 5


@pytest.mark.parametrize(("name", "said"), [
    ("plain.parquet", "names no frame. Give an observations.parquet"),
    ("cut.parquet", "the Parquet file is cut off or damaged. Copy it again"),
    ("flows.parquet", "holds neither observations nor a dataset"),
])  # fmt: skip
def test_a_parquet_file_of_something_else_is_refused_with_what_to_do(folder, tmp_path, name, said):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    (tmp_path / "cut.parquet").write_bytes((folder[0] / "dataset.parquet").read_bytes()[:3000])
    shutil.copy(folder[0] / "flows.parquet", tmp_path)
    result = run("build", tmp_path / name, "--out", tmp_path / "report")
    assert isinstance(result.exception, FileError)
    assert said in str(result.exception)


def test_a_column_that_there_is_not_is_named_with_those_near(folder):
    result = run("trace", folder[0], "--where", "orgin=NGA")
    assert isinstance(result.exception, CallError)
    assert "no column 'orgin'. Did you mean origin?" in str(result.exception)


def test_of_several_shares_the_pooled_one_comes_first_with_how_to_narrow(folder):
    shown = run("trace", folder[0], "--profile", "victims_sex_age", "--category", "women", "--area", "001",
                "--year", 2019, "--where", "grouping=m49")  # fmt: skip
    assert shown.exit_code == 0, shown.output
    titles = [line for line in shown.stdout.splitlines() if "victims_sex_age" in line]
    assert len(titles) == 3
    assert "pooled" in titles[0]
    assert "To narrow: --where variant=pooled" in " ".join(shown.stdout.split())


def test_a_share_of_a_window_is_told_with_its_years(tmp_path):
    source = published(tmp_path / "tip.csv", rows())
    Build(str(source), Console(True), window=3).write(tmp_path / "report")
    shown = run(
        "trace", tmp_path / "report", "--profile", "victims_sex_age", "--category", "women", "--area", "ARG"
    )
    assert "ARG 2017-2019 (most recent) victims_sex_age women" in shown.stdout


def test_a_build_that_is_stopped_says_so_and_leaves_nothing(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Build, "_write_chapter", stop)
    source = published(tmp_path / "tip.csv", rows())
    result = run("build", source, "--out", tmp_path / "report")
    assert result.exit_code == 130
    assert "stopped; nothing was written" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["tip.csv"]


def test_the_screen_says_what_is_small_and_what_is_withheld(returned):
    place, result = returned
    status = table(place, "dataset")["status"].astype("str").value_counts()
    said = " ".join(result.output.split())
    assert f"{status['bounded']:,} figures below 5 are shown as <5" in said
    assert f"{status.get('withheld', 0):,} others with" in said


def test_ranges_below_the_threshold_are_hidden_like_other_small_figures(tmp_path):
    source = shipped("questionnaires", "examples", "samplonia-trafficking")
    made = Build(str(source), Console(True))
    whole = made.whole.astype({"status": "str"})
    row = whole.index[whole["value"].between(2, 4)][0]
    whole.loc[row, ["value", "lower", "upper", "status", "note"]] = [
        float("nan"),
        2.0,
        3.0,
        "conflicting",
        "2 or 3",
    ]
    safe, hidden = made._protect(TRAFFICKING.cast(whole))
    assert safe.loc[row, ["lower", "upper", "note"]].tolist() == [0, 4, ""]
    assert whole.loc[row, "figure_id"] in set(hidden["figure_id"])


def test_an_estimate_of_the_hidden_population_is_told_in_the_chapter(tmp_path):
    source = published(tmp_path / "tip.csv", rows())
    (tmp_path / "none.json").write_text("[1]", encoding="utf-8")
    result = run("build", source, "--out", tmp_path / "report", "--hidden", tmp_path / "none.json")
    assert isinstance(result.exception, FileError)
    assert "is no estimate of a hidden population" in str(result.exception)
    lists = tmp_path / "lists.csv"
    lists.write_text(
        "A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,35\n1,1,0,12\n1,0,1,9\n0,1,1,8\n1,1,1,4\n", encoding="utf-8"
    )
    estimated = run(
        "estimate", lists, "--model", "main", "--bootstrap", 20, "--json", tmp_path / "e.json", "--quiet"
    )
    assert (tmp_path / "e.json").is_file(), estimated.output
    made = Build(str(source), Console(True), estimates=(tmp_path / "e.json", tmp_path / "e.json"))
    assert len(made.tables["hidden_population"]) == 2
    made.write(tmp_path / "report")
    assert (tmp_path / "report" / "chapter.html").stat().st_size > 0
