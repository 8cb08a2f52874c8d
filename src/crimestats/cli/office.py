"""Commands of the office: judge a round, write back to the senders, assess the returns."""

from pathlib import Path
from typing import Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import (
    Folder,
    Json,
    OneForAll,
    Out,
    Population,
    Previous,
    Quiet,
    is_stdout,
    write_json,
)  # fmt: skip

EXAMPLE = "crimestats validate returns/2024 --report report.html --annotate answers --store findings.sqlite"


def validate(
    folder: Folder,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", help="Write the workbooks back with their questions, and letters."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write the page of the round, and one a reporting unit beside it."),
    ] = None,
    json: Json = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="Write the findings as a workbook to decide in.")
    ] = None,
    previous: Previous = None,
    store: Annotated[
        str | None,
        typer.Option("--store", help="Where findings and answers are kept: a file, or a database by URL."),
    ] = None,
    limits: Annotated[
        Path | None, typer.Option("--limits", help="Limits of rules of your own (TOML).")
    ] = None,
    questionnaire: OneForAll = None,
    population: Population = None,
    sources: Annotated[
        Path | None,
        typer.Option("--sources", help="Figures of other sources (CSV: source, area, year, item, value)."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; write no answers and no states.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with returned workbooks, cell by cell, and write back to their senders.

    Workbooks that were answered and put back into the folder move their findings on.
    """
    from crimestats.cli.round import Round

    say = console.Console(quiet or is_stdout(json))
    for path in (report, xlsx):
        is_stdout(path)  # no state moves before it is known that all can be written
    work = Round(folder, say, questionnaire, previous, population, limits, store, dry_run, sources)
    findings = work.findings
    say.findings(findings, len(work.returned), messages=20)
    if annotate is not None or dry_run:
        say.answers(work.annotate(annotate or Path("answers")), dry_run)
    if work.strangers:
        say.warn(
            f"{work.strangers} answers are to questions that the store does not know; see `findings list`."
        )
    if report is not None:
        work.render(report)
        say.wrote(report)
    if xlsx is not None:
        from crimestats.report.workbook import write_findings

        write_findings(findings, xlsx)
        say.wrote(xlsx)
    write_json(json, _as_json(findings))
    raise typer.Exit(1 if work.errors else 0)


def quality(
    folder: Folder,
    out: Out = Path("quality.html"),
    previous: Previous = None,
    questionnaire: OneForAll = None,
    population: Population = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Assess returns: completeness, consistency, timeliness, metadata, comparability, stability."""
    import pandas as pd

    from crimestats.cli.round import Round
    from crimestats.report import quality_page, write

    say = console.Console(quiet or is_stdout(json))
    work = Round(folder, say, questionnaire, previous, population)
    table = pd.concat([part.quality for part in work.parts], ignore_index=True)
    write(quality_page(table), out)
    say.quality(table)
    say.wrote(out)
    write_json(json, table.to_json(orient="records"))


def _as_json(findings: Any) -> str:
    """Findings as a list of objects; a year that there is none of is null."""
    text: str = findings.to_json(orient="records", force_ascii=False, indent=1)
    return text
