"""The chapter as one page that opens offline: text, charts, tables, method and findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.frames import UNKNOWN
from crimestats.report import page
from crimestats.report.chapter import figures
from crimestats.report.chapter.bars import Line, Part, share_parts
from crimestats.report.chapter.counting import countries, trend
from crimestats.report.chapter.crossing import flow_parts
from crimestats.report.chapter.detected import LEAST_AREAS
from crimestats.report.chapter.headlines import headlines, named, sentence
from crimestats.report.chapter.siding import source_parts
from crimestats.report.chapter.tables import MAIN, WORLD, Tables
from crimestats.report.chapter.texts import text
from crimestats.report.display import shown
from crimestats.trafficking.windows import MOST_RECENT

METHODS = (
    "detected",
    "base",
    "change",
    "influence",
    "bounds",
    "regional",
    "floor",
    "flows",
    "forms",
    "disclosure",
)
"""Notes on method and limits, in their order; `method.<name>` is each."""

READING = ("note.bounds", "note.wide", "note.moved", "note.thin")
"""How to read charts and tables."""

_OF_MANY = ("change", "influence", "floor", "note.moved", "note.thin")
"""Notes that are true only where there is more than one country."""

_SEVERITIES = ("error", "query", "note")
_LONGEST = 220  # letters of a finding that stands as an example


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page: sentences, then parts."""

    id: str
    title: str
    said: list[Markup | str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


def chapter(
    tables: Mapping[str, Any] | Tables | str | Path,
    *,
    title: str = "",
    source: str = "",
    year: int | None = None,
    population: Sequence[str] = (),
) -> str:
    """Write the chapter on trafficking in persons from the tables of a build.

    Every figure on it carries the id of the row of `profiles` or `flows` that it is, as
    `data-figure`, with its part (`share`, `base`, `influence` and others) as `data-part`. A
    number that is no figure, such as a year or a threshold, says what it is as `data-about`.
    What has no figure has no section.

    Args:
        tables: `dataset`, `profiles` and `flows` (best `completed`), and where there are any `lineage`,
            `findings`, `sources` and `hidden_population`; or the folder that holds them.
        title: Heading; one is made where not given.
        source: Where the figures come from, as it is to be cited; the names of the files if empty.
        year: That headlines and regions are of; the latest that is not thin (see `detected.thick`) if None.
        population: Sources of the residents, to be cited.

    Returns:
        HTML, in one file: style and drawings stand in it, and it asks for nothing from outside.

    Raises:
        CallError: A table is missing or not what its name says, or the year has no figure.
        FileError: The folder has not these files.
    """
    import crimestats

    read = _of_year(Tables.of(tables), year)
    area = text("area.world") if read.focus == WORLD else figures.name(read.focus)
    sections = _sections(read, area)
    years = read.dataset["year"]
    span = (int(years.min()), int(years.max())) if len(years) else (read.year, read.year)
    heading = title or (text("title") if read.focus == WORLD else text("title.of", area=area))
    return page.fill(
        "chapter", title=heading, sections=sections, contents=text("contents"),
        lead=_lead(read, span, source), scroll=text("scroll"),
        made=text("footer.made", version=crimestats.__version__),
        population=text("footer.population", sources="; ".join(population)) if population else "",
    )  # fmt: skip


def _lead(tables: Tables, span: tuple[int, int], source: str) -> Markup:
    """What the chapter has, from where, and how much of it other sources filled in."""
    said = [
        Markup(
            escape(
                text(
                    "lead" if span[0] < span[1] else "lead.one",
                    first=span[0],
                    last=span[1],
                    source=source or source_of(tables),
                )
            )
        )
    ]
    counts = tables.filled()
    if len(counts):
        ends = {"n": f"{counts.sum():,}", "all": f"{len(tables.dataset):,}"}
        numbers = {name: figures.about("figures", number) for name, number in ends.items()}
        said.append(sentence("lead.filled", sources=named(counts), **numbers))
    if (tables.profiles["window"].astype("str") == MOST_RECENT).any():
        said.append(Markup(escape(text("lead.window"))))
    return Markup(" ").join(said)


def source_of(tables: Tables) -> str:
    """The file that the figures are of, or how many returns."""
    files = sorted(tables.dataset["return_id"].astype("str").unique())
    if not files:
        return text("source.unknown")
    return (
        files[0] if len(files) == 1 else text("source.returns", n=len(files), first=files[0], last=files[-1])
    )


def _of_year(tables: Tables, year: int | None) -> Tables:
    if year is None:
        return tables
    if not (tables.profiles["year"] == year).any():
        raise CallError(f"year {year}", "has no figure in the profiles.", "Give a year that they have.")
    return replace(tables, chosen_year=year)


def _sections(tables: Tables, area: str) -> list[Section]:
    said, panel = trend(tables)
    given = [
        _section("headlines", list(headlines(tables))),
        *([_section("reading", _reading(tables))] if len(tables.dataset) else []),
        *(_section(name, [], share_parts(tables, name, area)) for name in ("victims", "forms", "offenders")),
        _section("flows", [], flow_parts(tables)),
        *([_section("trend", [said], panel)] if len(tables.dataset) else []),
        _section("countries", [], countries(tables)),
        _section(
            "sources", [text("sources.said")] if len(tables.sources) else [], source_parts(tables.sources)
        ),
        _section("hidden", _hidden(tables.hidden_population)),
        _section("methods", _methods(tables)),
        _section("findings", *_findings(tables.findings)),
    ]
    return [section for section in given if section.said or section.parts]


def _section(name: str, said: Sequence[Markup | str], parts: Sequence[Part] = ()) -> Section:
    return Section(name, text(f"section.{name}"), list(said), list(parts))


def _reading(tables: Tables) -> list[Markup | str]:
    keys = [key for key in READING if tables.is_of_many or key not in _OF_MANY]
    return [
        sentence(key, **_small(tables)) if key == "note.bounds" else text(key)
        for key in keys
        if key != "note.bounds" or tables.least
    ]


def _small(tables: Tables) -> dict[str, Markup]:
    """The threshold in force, and the highest count below it."""
    ends = {"least": tables.least, "most": tables.least - 1}
    return {name: figures.about("threshold", number) for name, number in ends.items()}


def _methods(tables: Tables) -> list[Markup | str]:
    said = {name: _method(name, tables) for name in METHODS}
    notes = [
        _NOTE.format(title=text(f"method.{name}.title"), said=note) for name, note in said.items() if note
    ]
    return [*notes, *_traced(tables)]


def _method(name: str, tables: Tables) -> Markup:
    """A note on method; empty where it is not of these figures."""
    key = f"method.{name}"
    thresholds = tables.flows["threshold"].dropna()
    has_sums = bool((tables.dataset["area"].astype("str") == UNKNOWN).any())
    untrue = {
        "flows": thresholds.empty, "regional": not has_sums, "bounds": not tables.least,
        **dict.fromkeys(_OF_MANY, not tables.is_of_many),
    }  # fmt: skip
    if untrue.get(name):
        return Markup("")
    if name == "disclosure":
        return _disclosure(tables)
    filled = {
        "flows": {"threshold": figures.about("threshold", shown(float(thresholds.max())))},
        "bounds": _small(tables), "floor": {"least": figures.about("floor", LEAST_AREAS)},
    }  # fmt: skip
    return sentence(key, **filled.get(name, {}))


def _disclosure(tables: Tables) -> Markup:
    """How many figures are shown as small, by whom hidden, and how many are withheld beside them."""
    status = tables.dataset["status"].astype("str")
    n_small = int(((status == "bounded") & (tables.dataset["upper"] < tables.least)).sum())
    n_primary = int((tables.hidden["action"].astype("str") == "primary").sum())
    n_withheld = int((status == "withheld").sum())
    if not n_withheld and tables.hidden.empty:
        return sentence("method.disclosure.none")
    numbers = {"small": n_small, "n": n_withheld}
    said = {name: figures.about("figures", f"{number:,}") for name, number in numbers.items()}
    said["earlier"] = Markup("")
    if n_primary:
        earlier = figures.about("figures", f"{max(n_small - n_primary, 0):,}")
        said["earlier"] = sentence("method.disclosure.earlier", earlier=earlier)
    return sentence("method.disclosure.withheld", **said, **_small(tables))


_NOTE = Markup("<strong>{title}.</strong> {said}")
_COMMAND = Markup('<strong>{title}.</strong> {said} <code data-about="command">{command}</code>')


def _traced(tables: Tables) -> list[Markup]:
    rows = tables.pick(MAIN, area=tables.focus, year=tables.year)
    shown_ids = rows.loc[rows["share"].notna()].sort_values("figure_id")["figure_id"].head(1)
    return [
        _COMMAND.format(
            title=text("method.trace.title"), said=text("method.trace"),
            command=text("method.trace.command", id=figure_id),
        )
        for figure_id in shown_ids
    ]  # fmt: skip


def _findings(findings: DataFrame) -> tuple[list[Markup | str], list[Part]]:
    """How many of each rule, the gravest first, with one message as an example."""
    if findings.empty:
        return [text("findings.none")], []
    table = findings.astype({"rule": "str", "severity": "str", "kind": "str", "message": "str"})
    grouped = table.groupby(["rule", "severity"], as_index=False).agg(
        kind=("kind", "first"), n=("finding_id", "nunique"), example=("message", "first")
    )
    places = {severity: place for place, severity in enumerate(_SEVERITIES)}
    grouped["place"] = grouped["severity"].map(places).fillna(len(places))
    grouped = grouped.sort_values(["place", "n", "rule"], ascending=[True, False, True])
    lines = [
        Line(rule, [Markup("{}").format(severity), figures.about("findings", f"{n:,}"), _example(example)])
        for rule, severity, n, example in grouped[["rule", "severity", "n", "example"]].itertuples(
            index=False
        )
    ]
    head = [text(f"column.{name}") for name in ("rule", "severity", "n_findings", "example")]
    part = Part("rules", "", "", "", [], head, lines, [text("findings.effect")])
    return [text("findings.said")], [part]


def _example(message: str) -> Markup:
    said = message if len(message) <= _LONGEST else message[: _LONGEST - 1].rstrip() + "…"
    return figures.about("finding", said)


def _hidden(estimates: Sequence[Mapping[str, Any]]) -> list[Markup | str]:
    return [_estimate(estimate) for estimate in estimates]


def _estimate(estimate: Mapping[str, Any]) -> Markup:
    """An estimate with its interval, or that there is none and why."""
    if not estimate.get("estimable") or estimate.get("estimate") is None:
        reason = estimate.get("reason") or estimate.get("notes") or text("hidden.no_reason")
        return sentence("hidden.refused", reason=figures.about("reason", reason))
    ends = {
        name: figures.about(
            "estimate", shown(float(estimate[name])) if estimate.get(name) is not None else "…"
        )
        for name in ("estimate", "lower", "upper", "observed")
    }
    sensitivity = estimate.get("sensitivity") or {}
    key = "hidden.not_carried" if sensitivity.get("carries") is False else "hidden.said"
    verdict = figures.about("verdict", sensitivity.get("verdict") or text("hidden.no_verdict"))
    model = figures.about("model", estimate.get("model", ""))
    return sentence(key, model=model, verdict=verdict, **ends)
