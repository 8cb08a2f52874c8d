"""A classification for other systems: what is written is read back by others' readers."""

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from crimestats.classification import Classification
from crimestats.classification.exports import COMMON, STRUCTURE, write_sdmx, write_skos
from crimestats.errors import CallError, ClassificationError, FileError

ICCS = Classification.load("iccs")
BASE = "https://example.org/iccs/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XKOS = "http://rdf-vocabulary.ddialliance.org/xkos#"
AWKWARD = 'code,parent,level,title\nA/1,,1,"Say ""no"", \\ and\ttab\nnew line"\nB>é,A/1,2,<Ü> & \U0001f40e 盗窃 \x07bell\n'


def own(path, table=AWKWARD, **arguments):
    (path / "own.csv").write_text(table, encoding="utf-8")
    return Classification.from_csv(path / "own.csv", **arguments)


@pytest.fixture(scope="module")
def turtle(tmp_path_factory):
    path = tmp_path_factory.mktemp("skos") / "iccs.ttl"
    write_skos(path, base=BASE)
    return path


@pytest.fixture(scope="module")
def graph(turtle):
    rdflib = pytest.importorskip("rdflib")
    return rdflib.Graph().parse(turtle, format="turtle")


@pytest.fixture(scope="module")
def message(tmp_path_factory):
    path = tmp_path_factory.mktemp("sdmx") / "iccs.xml"
    write_sdmx(path)
    return path


# --- SKOS --------------------------------------------------------------------


def test_skos_has_every_category_with_its_labels(graph):
    from rdflib import Literal, Namespace, URIRef

    skos = Namespace(SKOS)
    for category in ICCS:
        node = URIRef(BASE + category.code)
        assert graph.value(node, skos.notation) == Literal(category.code)
        assert {(each.language, str(each)) for each in graph.objects(node, skos.prefLabel)} == set(
            category.titles.items()
        )
        assert {str(each) for each in graph.objects(node, skos.broader)} == (
            set() if category.parent is None else {BASE + category.parent}
        )
        assert {str(each) for each in graph.objects(node, skos.narrower)} == {
            BASE + each for each in ICCS.children(category.code)
        }
        notes = [str(each) for each in graph.objects(node, skos.scopeNote)]
        assert notes == ([ICCS.note(category.code)] if ICCS.note(category.code) else [])
    assert len(set(graph.subjects(skos.inScheme, URIRef(BASE)))) == 320


def test_skos_labels_of_a_concept_do_not_meet(graph):
    from rdflib import Namespace

    skos = Namespace(SKOS)
    assert set(graph.subject_objects(skos.prefLabel)).isdisjoint(graph.subject_objects(skos.altLabel))
    found = {
        (str(node)[len(BASE) :], label.language, str(label))
        for node, label in graph.subject_objects(skos.altLabel)
    }
    told = {(each.code, language, title) for each in ICCS for language, title in each.titles.items()}
    phrases = set(ICCS.phrases[["code", "language", "phrase"]].itertuples(index=False, name=None))
    terms = ICCS.index[ICCS.index["kind"] == "index"][["code", "language", "term"]]
    assert found == (phrases | set(terms.itertuples(index=False, name=None))) - told


def test_xkos_levels(graph):
    from rdflib import Namespace, URIRef
    from rdflib.collection import Collection

    skos, xkos = Namespace(SKOS), Namespace(XKOS)
    scheme = URIRef(BASE)
    levels = list(Collection(graph, graph.value(scheme, xkos.levels)))
    assert int(graph.value(scheme, xkos.numberOfLevels)) == len(levels) == 4
    assert [int(graph.value(level, xkos.depth)) for level in levels] == [1, 2, 3, 4]
    assert [len(list(graph.objects(level, skos.member))) for level in levels] == [11, 63, 148, 98]
    names = [{each.language: str(each) for each in graph.objects(level, skos.prefLabel)} for level in levels]
    assert [name["en"] for name in names] == ["section", "division", "group", "class"]
    assert len(list(graph.objects(scheme, skos.hasTopConcept))) == 11


def test_xkos_notes(graph):
    from rdflib import Namespace, URIRef

    xkos = Namespace(XKOS)
    notes = {each.language: str(each) for each in graph.objects(URIRef(BASE + "0101"), xkos.exclusionNote)}
    assert set(notes) == {"en", "es"}
    assert "attempted intentional homicide (0102)" in notes["en"].split("; ")
    inclusions = [str(each) for each in graph.objects(URIRef(BASE + "02059"), xkos.inclusionNote)]
    assert inclusions == []


def test_skos_of_awkward_texts(tmp_path):
    rdflib = pytest.importorskip("rdflib")
    mine = own(tmp_path)
    write_skos(tmp_path / "own.ttl", mine)
    graph = rdflib.Graph().parse(tmp_path / "own.ttl", format="turtle")
    skos = rdflib.Namespace(SKOS)
    found = {
        str(graph.value(node, skos.notation)): str(label)
        for node, label in graph.subject_objects(skos.prefLabel)
    }
    assert found == {"A/1": 'Say "no", \\ and\ttab\nnew line', "B>é": "<Ü> & \U0001f40e 盗窃 bell"}


@pytest.mark.parametrize("base", ["", "iccs", "https://example.org/a b/", "urn:<x>"])
def test_a_base_that_is_no_iri_is_refused(tmp_path, base):
    with pytest.raises(CallError, match=r"is no IRI\. Give one such as"):
        write_skos(tmp_path / "iccs.ttl", base=base)
    assert list(tmp_path.iterdir()) == []


# --- SDMX --------------------------------------------------------------------


def test_sdmx_has_every_category_with_its_names_and_parent(message):
    root = ElementTree.parse(message).getroot()
    codes = root.findall(f".//{{{STRUCTURE}}}Code")
    assert [code.get("id") for code in codes] == list(ICCS.codes)
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    for code, category in zip(codes, ICCS, strict=True):
        names = {name.get(language): name.text for name in code.findall(f"{{{COMMON}}}Name")}
        assert names == category.titles
        parent = code.find(f"{{{STRUCTURE}}}Parent/Ref")
        assert (None if parent is None else parent.get("id")) == category.parent
        description = code.findtext(f"{{{COMMON}}}Description", default="")
        assert description == ICCS.note(category.code)


def test_sdmx_is_valid_and_read_by_pysdmx(message):
    pytest.importorskip("pysdmx")
    from pysdmx.io import read_sdmx

    (codes,) = read_sdmx(message, validate=True).get_codelists()
    assert (codes.id, codes.agency, codes.version, len(codes.items)) == ("CL_ICCS", "CRIMESTATS", "1.0", 320)
    assert [(code.id, code.name) for code in codes.items] == [(each.code, each.title) for each in ICCS]


def test_sdmx_of_ones_own(tmp_path):
    table = "code,parent,level,title\nA-1,,1,One & <two>\x0b\nA_1,A-1,2,Three\n"
    mine = own(tmp_path, table, version="draft", titles={})
    write_sdmx(tmp_path / "own.xml", mine, agency="INE.CRIME")
    codes = ElementTree.parse(tmp_path / "own.xml").getroot().find(f".//{{{STRUCTURE}}}Codelist")
    assert codes.attrib == {"id": "CL_OWN", "agencyID": "INE.CRIME", "version": "1.0"}
    assert [name.text for name in codes.findall(f"{{{STRUCTURE}}}Code/{{{COMMON}}}Name")] == [
        "One & <two>",
        "Three",
    ]


def test_codes_that_sdmx_does_not_allow_are_refused(tmp_path):
    with pytest.raises(ClassificationError, match="'A/1' is no SDMX identifier"):
        write_sdmx(tmp_path / "own.xml", own(tmp_path))
    with pytest.raises(CallError, match=r"^agency: '1 INE' is no SDMX identifier\."):
        write_sdmx(tmp_path / "own.xml", agency="1 INE")


# --- both --------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_skos, write_sdmx])
def test_a_folder_that_is_not_there_is_refused(tmp_path, write):
    with pytest.raises(FileError, match="cannot be written"):
        write(tmp_path / "none" / "iccs")


@pytest.mark.parametrize("write", ["write_skos", "write_sdmx"])
def test_the_same_classification_gives_the_same_bytes(tmp_path, write):
    code = f"from crimestats.classification import exports; exports.{write}('{{}}')"
    for name, seed in (("a", "1"), ("b", "2")):
        call = code.format(str(tmp_path / name).replace("\\", "/"))
        subprocess.run([sys.executable, "-c", call], check=True, env={"PYTHONHASHSEED": seed})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(("format", "begins"), [("skos", "@prefix"), ("sdmx", "<?xml")])
def test_command(tmp_path, format, begins):
    import typer
    from typer.testing import CliRunner

    from crimestats.cli.search import export

    app = typer.Typer()
    app.command()(export)
    shown = CliRunner().invoke(app, ["--format", format, "--out", str(tmp_path / "iccs")])
    assert shown.exit_code == 0, shown.output
    assert "Wrote" in shown.stdout
    assert (tmp_path / "iccs").read_text(encoding="utf-8").startswith(begins)
    assert CliRunner().invoke(app, ["--format", "csv", "--out", str(tmp_path / "x")]).exit_code == 2
