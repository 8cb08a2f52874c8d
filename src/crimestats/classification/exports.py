"""A classification for other systems: SKOS with XKOS in Turtle, and an SDMX code list."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from pandas import DataFrame

from crimestats.classification.index import NONE
from crimestats.classification.tree import Category, Classification
from crimestats.errors import CallError, ClassificationError
from crimestats.files import replacing

PREFIXES = {
    "dct": "http://purl.org/dc/terms/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xkos": "http://rdf-vocabulary.ddialliance.org/xkos#",
}
MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
STRUCTURE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"
COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"

_UNDATED = "1970-01-01"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
_AGENCY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*")
_SDMX_ID = re.compile(r"[A-Za-z0-9_@$-]+")

Statements = list[tuple[str, str]]


def write_skos(
    path: Path | str, classification: Classification | None = None, base: str | None = None
) -> None:
    """Write a classification as SKOS concepts with XKOS levels and notes, in Turtle.

    Phrases in use and the terms of the alphabetical index are alternative
    labels, inclusions and exclusions (with their targets) are notes of the
    category that prints them. The same classification gives the same bytes.

    Args:
        path: Where to write.
        classification: The ICCS unless told otherwise.
        base: Of the identifiers, to which the codes are added; a name of this
            project's if none is given, since no official one is known.

    Raises:
        CallError: The base is no IRI.
        FileError: The file cannot be written.
    """
    chosen = Classification.load("iccs") if classification is None else classification
    base = f"urn:x-crimestats:{quote(chosen.scheme, safe='')}:" if base is None else base
    if not _IRI.fullmatch(base):
        raise CallError("base", f"{base!r} is no IRI.", "Give one such as https://example.org/iccs/.")
    with replacing(path) as place:
        place.write_text("\n".join(_turtle(chosen, base)), encoding="utf-8", newline="\n")


def write_sdmx(
    path: Path | str, classification: Classification | None = None, agency: str = "CRIMESTATS"
) -> None:
    """Write a classification as an SDMX-ML 2.1 structure message with one code list.

    Codes carry their names by language, their scope note as description, and
    their parent. The same classification gives the same bytes: the message is
    dated as the classification is.

    Args:
        path: Where to write.
        classification: The ICCS unless told otherwise.
        agency: Who maintains the code list; not UNODC, which publishes none that this one is a copy of.

    Raises:
        CallError: The agency is no SDMX identifier.
        ClassificationError: A code is no SDMX identifier.
        FileError: The file cannot be written.
    """
    chosen = Classification.load("iccs") if classification is None else classification
    if not _AGENCY.fullmatch(agency):
        raise CallError("agency", f"{agency!r} is no SDMX identifier.", "Begin with a letter; no blanks.")
    for code in chosen.codes:
        if not _SDMX_ID.fullmatch(code):
            fault = f"{code!r} is no SDMX identifier."
            raise ClassificationError(chosen.scheme, fault, "Use letters, digits, _, @, $ and - in codes.")
    tree = ElementTree.ElementTree(_message(chosen, agency))
    ElementTree.indent(tree)
    with replacing(path) as place:
        tree.write(place, encoding="utf-8", xml_declaration=True)


def _turtle(classification: Classification, base: str) -> Iterator[str]:
    yield from (f"@prefix {name}: <{iri}> ." for name, iri in PREFIXES.items())
    yield ""
    yield from _node(f"<{base}>", "skos:ConceptScheme", _scheme(classification, base))
    for level in range(1, classification.depth + 1):
        yield from _node(
            f"<{base}level/{level}>", "xkos:ClassificationLevel", _level(classification, base, level)
        )
    labels, notes = _labels(classification), _notes(classification)
    for category in classification:
        statements = _concept(classification, category, base)
        statements += labels.get(category.code, []) + notes.get(category.code, [])
        yield from _node(_concept_iri(base, category.code), "skos:Concept", statements)


def _node(subject: str, kind: str, statements: Statements) -> Iterator[str]:
    lines = [f"{subject} a {kind}", *(f"    {predicate} {value}" for predicate, value in statements)]
    yield from (f"{line} ;" for line in lines[:-1])
    yield f"{lines[-1]} ."
    yield ""


def _scheme(classification: Classification, base: str) -> Statements:
    source = classification.reference.source
    levels = " ".join(f"<{base}level/{level}>" for level in range(1, classification.depth + 1))
    told = [
        (predicate, _literal(str(source[key]), "en"))
        for predicate, key in (
            ("dct:creator", "producer"),
            ("dct:source", "citation"),
            ("dct:rights", "licence"),
        )
        if key in source
    ]
    return [
        ("dct:title", _literal(str(source.get("title", classification.scheme)), "en")),
        ("skos:notation", _literal(classification.scheme)),
        *told,
        ("xkos:numberOfLevels", str(classification.depth)),
        ("xkos:levels", f"( {levels} )"),
        *(
            ("skos:hasTopConcept", _concept_iri(base, each.code))
            for each in classification
            if each.level == 1
        ),
    ]


def _level(classification: Classification, base: str, level: int) -> Statements:
    names = classification.reference.source.get("levels", {})
    told = [
        ("skos:prefLabel", _literal(each[level - 1], language))
        for language, each in names.items()
        if len(each) >= level
    ]
    members = [_concept_iri(base, each.code) for each in classification if each.level == level]
    return [*told, ("xkos:depth", str(level)), ("skos:member", ",\n        ".join(members))]


def _concept(classification: Classification, category: Category, base: str) -> Statements:
    parent, children = category.parent, classification.children(category.code)
    note = classification.note(category.code)
    above = (
        ("skos:topConceptOf", f"<{base}>") if parent is None else ("skos:broader", _concept_iri(base, parent))
    )
    return [
        ("skos:inScheme", f"<{base}>"),
        ("skos:notation", _literal(category.code)),
        *(("skos:prefLabel", _literal(title, language)) for language, title in category.titles.items()),
        above,
        *(("skos:narrower", _concept_iri(base, child)) for child in children),
        *([("skos:scopeNote", _literal(note, "en"))] if note else []),
    ]


def _labels(classification: Classification) -> dict[str, Statements]:
    """Alternative labels by category; none that is its title, and none twice."""
    index = classification.index
    printed = index[index["kind"] == "index"].rename(columns={"term": "phrase"})
    found: dict[str, Statements] = {}
    told = {
        (each.code, language, title) for each in classification for language, title in each.titles.items()
    }
    columns = ["code", "language", "phrase"]
    for frame in (printed, classification.phrases):
        for code, language, phrase in frame[columns].itertuples(index=False, name=None):
            if (code, language, phrase) not in told:
                told.add((code, language, phrase))
                found.setdefault(code, []).append(("skos:altLabel", _literal(phrase, language)))
    return found


def _notes(classification: Classification) -> dict[str, Statements]:
    """What each category prints as its inclusions and exclusions, one note a language."""
    found: dict[str, Statements] = {}
    for (code, kind, language), terms in _printed(classification.index).groupby(
        ["code", "kind", "language"], sort=False
    )["text"]:
        found.setdefault(str(code), []).append(
            (f"xkos:{kind}Note", _literal("; ".join(terms), str(language)))
        )
    return found


def _printed(index: DataFrame) -> DataFrame:
    chosen = index[index["kind"].isin(["inclusion", "exclusion"]) & (index["term"] != NONE)]
    target = " (" + chosen["target"].str.replace(" ", ", ") + ")"
    return chosen.assign(text=chosen["term"] + target.where(chosen["target"] != "", ""))


def _concept_iri(base: str, code: str) -> str:
    return f"<{base}{quote(code, safe='')}>"


def _literal(text: str, language: str = "") -> str:
    return f'"{_CONTROL.sub("", text).translate(_ESCAPES)}"' + (f"@{language}" if language else "")


def _message(classification: Classification, agency: str) -> ElementTree.Element:
    for prefix, uri in (("mes", MESSAGE), ("str", STRUCTURE), ("com", COMMON)):
        ElementTree.register_namespace(prefix, uri)
    message = ElementTree.Element(f"{{{MESSAGE}}}Structure")
    source = classification.reference.source
    identifier = _identifier(classification.id)
    header = ElementTree.SubElement(message, f"{{{MESSAGE}}}Header")
    _text(header, f"{{{MESSAGE}}}ID", identifier)
    _text(header, f"{{{MESSAGE}}}Test", "false")
    _text(header, f"{{{MESSAGE}}}Prepared", f"{_dated(str(source.get('date', '')))}T00:00:00")
    ElementTree.SubElement(header, f"{{{MESSAGE}}}Sender", id=agency)
    structures = ElementTree.SubElement(message, f"{{{MESSAGE}}}Structures")
    lists = ElementTree.SubElement(structures, f"{{{STRUCTURE}}}Codelists")
    version = classification.version if re.fullmatch(r"\d+(\.\d+)*", classification.version) else "1.0"
    attributes = {"id": f"CL_{identifier}", "agencyID": agency, "version": version}
    codes = ElementTree.SubElement(lists, f"{{{STRUCTURE}}}Codelist", attributes)
    _names(codes, [("en", str(source.get("title", classification.scheme)))])
    for category in classification:
        _code(codes, category, classification.note(category.code))
    return message


def _code(codes: ElementTree.Element, category: Category, note: str) -> None:
    code = ElementTree.SubElement(codes, f"{{{STRUCTURE}}}Code", id=category.code)
    _names(code, category.titles.items())
    if note:
        _text(code, f"{{{COMMON}}}Description", note, "en")
    if category.parent is not None:
        parent = ElementTree.SubElement(code, f"{{{STRUCTURE}}}Parent")
        ElementTree.SubElement(parent, "Ref", id=category.parent)


def _names(element: ElementTree.Element, names: Iterable[tuple[str, str]]) -> None:
    for language, name in names:
        _text(element, f"{{{COMMON}}}Name", name, language)


def _text(element: ElementTree.Element, tag: str, text: str, language: str = "") -> None:
    attributes = {"{http://www.w3.org/XML/1998/namespace}lang": language} if language else {}
    ElementTree.SubElement(element, tag, attributes).text = _CONTROL.sub("", text)


def _identifier(id: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", id.upper())


def _dated(date: str) -> str:
    """The date in full: `2015-03` is its first day."""
    return (date + _UNDATED[len(date) :]) if re.fullmatch(r"\d{4}(-\d\d){0,2}", date) else _UNDATED
