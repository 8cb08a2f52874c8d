"""The chapter as one page that opens offline: text, charts, tables, method and findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pandas import DataFrame

from crimestats.errors import CallError
from crimestats.report import page
from crimestats.report.chapter import figures
from crimestats.report.chapter.bars import Line, Part, share_parts
from crimestats.report.chapter.counting import countries, trend
from crimestats.report.chapter.crossing import flow_parts
from crimestats.report.chapter.headlines import headlines, sentence
from crimestats.report.chapter.tables import MAIN, WORLD, Tables, records
from crimestats.report.chapter.texts import text
from crimestats.report.display import shown

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

READING = ("note.bounds", "note.wide", "note.certain", "note.moved", "note.thin")
"""How to read charts and tables."""

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
        lead=text("lead", first=span[0], last=span[1], source=source or source_of(read)),
        made=text("footer.made", version=crimestats.__version__),
        population=text("footer.population", sources="; ".join(population)) if population else "",
    )  # fmt: skip


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
        *([_section("reading", [text(key) for key in READING])] if len(tables.dataset) else []),
        *(_section(name, [], share_parts(tables, name, area)) for name in ("victims", "forms", "offenders")),
        _section("flows", [], flow_parts(tables)),
        *([_section("trend", [said], panel)] if len(tables.dataset) else []),
        _section("countries", [], countries(tables)),
        _section("sources", *_sources(tables.sources)),
        _section("hidden", _hidden(tables.hidden_population)),
        _section("methods", _methods(tables)),
        _section("findings", *_findings(tables.findings)),
    ]
    return [section for section in given if section.said or section.parts]


def _section(name: str, said: Sequence[Markup | str], parts: Sequence[Part] = ()) -> Section:
    return Section(name, text(f"section.{name}"), list(said), list(parts))


def _methods(tables: Tables) -> list[Markup | str]:
    thresholds = tables.flows["threshold"].dropna()
    threshold = figures.about("threshold", shown(float(thresholds.iloc[0]))) if len(thresholds) else ""
    notes = []
    for name in METHODS:
        key = f"method.{name}"
        if name == "flows" and not threshold:
            continue
        if name == "disclosure":
            n_withheld = int((tables.dataset["status"].astype("str") == "withheld").sum())
            said = (
                sentence(f"{key}.withheld", n=figures.about("withheld", f"{n_withheld:,}"))
                if n_withheld
                else (sentence(f"{key}.none"))
            )
        else:
            said = sentence(key, threshold=threshold) if name == "flows" else sentence(key)
        notes.append(_NOTE.format(title=text(f"{key}.title"), said=said))
    return [*notes, *_traced(tables)]


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


def _sources(sources: DataFrame) -> tuple[list[Markup | str], list[Part]]:
    """The figures of each source: how many, how many of them used, how many fill a gap."""
    if sources.empty:
        return [], []
    table = sources.astype(dict.fromkeys(("source_id", "source_type", "used", "gap_filled"), "str"))
    table = table.assign(is_used=table["used"] == "yes", is_gap=table["gap_filled"] == "yes")
    grouped = table.groupby(["rank", "source_id", "source_title", "source_type"], as_index=False).agg(
        n=("figure_id", "size"), n_used=("is_used", "sum"), n_gap=("is_gap", "sum")
    )
    lines = [
        Line(row["source_title"] or row["source_id"], [
            Markup("{}").format(row["source_type"]),
            *(figures.about("figures", f"{row[name]:,}") for name in ("n", "n_used", "n_gap")),
        ])
        for row in records(grouped)
    ]  # fmt: skip
    head = [text(f"column.{name}") for name in ("source", "type", "n_figures", "n_used", "n_gap_filled")]
    return [text("sources.said")], [Part("by_source", "", "", "", [], head, lines, [])]


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
    return sentence("hidden.said", model=figures.about("model", estimate.get("model", "")), **ends)
