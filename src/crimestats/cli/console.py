"""What the commands show: progress on standard error, tables on standard output."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

STYLES = {"error": "bold red", "query": "yellow", "note": "cyan"}
RULES_SHOWN = 20
AREA_WIDTH = 17  # with ten years beside it, a terminal of 80 columns
SHOWN = {
    "iccs": "0101",
    "measure": "victims",
}  # the table that is printed: intentional homicide, the most complete


class Console:
    """The terminal, or nothing when quiet."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet

    @contextmanager
    def progress(self, text: str) -> "Iterator[Callable[[int, int], None]]":
        """A bar while a long step runs: call it with done and total, or let it wait."""
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Terminal(stderr=True), disable=self.quiet) as bar:
            task = bar.add_task(text, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
            bar.update(task, completed=1, total=1)

    @contextmanager
    def steps(self, text: str) -> "Iterator[Callable[[str], None]]":
        """A spinner with the step that runs: call it with what begins."""
        from rich.console import Console as Terminal

        terminal = Terminal(stderr=True, quiet=self.quiet)
        with terminal.status(text) as status:

            def say(step: str) -> None:
                if terminal.is_terminal:
                    status.update(step)
                else:
                    terminal.print(step, highlight=False)

            yield say

    def schemes(self, schemes: "DataFrame") -> None:
        """The correspondence tables, and how far two readings of them agree."""
        from rich import box
        from rich.console import Console as Terminal
        from rich.table import Table

        table = Table(box=box.SIMPLE)
        table.add_column("Scheme", no_wrap=True)
        for heading in ("Of", "In"):
            table.add_column(heading, no_wrap=True)
        for heading in ("Rows", "Coded", "Twice", "Other", "Deeper"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in schemes.drop(columns="title").to_numpy(object).tolist():
            table.add_row(*(f"{each:,}" if isinstance(each, int) else each for each in row))
        page = Terminal()
        page.print(table)
        page.print("Coded: rows with a category. Twice: read by two; other: where they differ;")
        page.print("deeper: where the second only went further down from the first.")

    def findings(self, findings: "DataFrame", returns: int, messages: int = 4) -> None:
        """Findings by rule with the number of each, and the first messages in full."""
        if self.quiet:
            return
        from rich.markup import escape
        from rich.table import Table

        title = f"Findings: {len(findings):,} in {returns} {'return' if returns == 1 else 'returns'}"
        table = Table(title=title, title_justify="left", expand=True)
        for heading in ("Severity", "Rule", "Findings", "Returns"):
            side: Any = "right" if heading in ("Findings", "Returns") else "left"
            table.add_column(heading, justify=side, min_width=8, no_wrap=True)
        table.add_column("For example", no_wrap=True, overflow="ellipsis", ratio=1)
        rules = _by_rule(findings)
        for (severity, rule), group in rules[:RULES_SHOWN]:
            example = group["message"].iloc[0].split(": ", 1)[-1]
            counts = (f"{len(group):,}", str(group["return_id"].nunique()))
            table.add_row(f"[{STYLES[severity]}]{severity}[/]", rule, *counts, escape(example))
        self._print(table)
        if len(rules) > RULES_SHOWN:
            self._print(f"and {len(rules) - RULES_SHOWN} more rules: see the page of findings")
        order = findings["severity"].astype(str).map({name: rank for rank, name in enumerate(STYLES)})
        for row in (
            findings.assign(order=order).sort_values("order", kind="stable").head(messages).itertuples()
        ):
            self._print(f"[{STYLES[str(row.severity)]}]{row.severity:5}[/] {escape(str(row.message))}")

    def trends(self, trends: "DataFrame") -> None:
        """One indicator of the trend table, areas and regions down, years across."""
        if self.quiet:
            return
        from rich import box, get_console
        from rich.table import Table

        shown, years = _pivot(trends)
        years = years[-max(1, (get_console().width - AREA_WIDTH - 3) // 6) :]  # a figure is never cut off
        if shown.empty:
            self._print("No figures of intentional homicide to show here; the table that is written has all.")
            return
        title = "Victims of intentional homicide per 100,000 population"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0)
        table.add_column(
            "Area", no_wrap=True, overflow="ellipsis", min_width=AREA_WIDTH, max_width=AREA_WIDTH
        )
        for year in years:
            table.add_column(str(year), justify="right", no_wrap=True, min_width=5)
        for name, row in zip(shown["name"], shown[years].to_numpy(), strict=True):
            table.add_row(name, *("" if rate != rate else f"{rate:.1f}" for rate in row))
        self._print(table)
        if shown["is_region"].any():
            said = (
                "A region is what its areas reported: in brackets their share of its population, latest year."
            )
        else:
            said = "No region is shown: too few of its residents live in areas that report."
        self._print(said)

    def questionnaires(self, definitions: Iterable[Any]) -> None:
        """Shipped questionnaires with their modules."""
        for definition in definitions:
            modules = ", ".join(definition.label("module." + module["id"]) for module in definition.modules)
            self._print(f"[bold]{definition.id}[/]  {definition.label('title')}")
            self._print(f"  {len(definition)} items, {len(definition.rules)} rules; modules: {modules}")

    def release(self, folder: Path) -> None:
        """Where the release lies."""
        if not self.quiet:
            self._print(f"Release folder: [bold]{folder}[/] (open {folder}/index.html)")

    def answers(self, table: "DataFrame", is_dry: bool) -> None:
        """What goes back to the senders, or on a dry run would go."""
        if self.quiet:
            return
        questions = int(table["questions"].sum())
        verb = "would be put" if is_dry else "are put"
        self._table(
            f"{questions:,} questions {verb} to {table['area'].nunique()} reporting units",
            {"Return": "return_id", "Unit": "area", "Cells": "cells", "Questions": "questions",
             "Workbook": "workbook", "Could not be kept": "lost"}, table,
        )  # fmt: skip
        if is_dry:
            self._print("Dry run: nothing was written, and no state was changed.")

    def quality(self, table: "DataFrame") -> None:
        """Scores, reporting units down and components across."""
        if self.quiet:
            return
        from crimestats.quality import COMPONENTS, OVERALL

        names = [*COMPONENTS, OVERALL]
        wide = table.pivot_table(
            index=["area", "questionnaire"], columns="component", values="score", dropna=False
        )
        shown = wide.reindex(columns=names).round(0).astype("Int64").astype(object).fillna("–").reset_index()
        headings = {"Unit": "area", "Questionnaire": "questionnaire"}
        self._table(
            "Scores from 0 to 100", {**headings, **{name.capitalize()[:9]: name for name in names}}, shown
        )

    def checks(self, table: "DataFrame") -> None:
        """The catalogue of checks."""
        self._table(
            f"{len(table)} checks",
            {"Check": "check", "What": "title", "Severity": "severity", "Limit": "default", "Rules": "rules"},
            table,
        )

    def _table(self, title: str, columns: "dict[str, str]", table: "DataFrame") -> None:
        from rich import box
        from rich.markup import escape
        from rich.table import Table

        shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for heading, column in columns.items():
            is_number = table[column].map(lambda value: isinstance(value, int)).all() and len(table) > 0
            shown.add_column(heading, justify="right" if is_number else "left", overflow="fold")
        for row in table[list(columns.values())].to_numpy(object).tolist():
            shown.add_row(*(f"{each:,}" if isinstance(each, int) else escape(str(each)) for each in row))
        self._print(shown)

    def warn(self, text: str) -> None:
        """What a person should look at."""
        if not self.quiet:
            self._print(f"[yellow]{text}[/]")

    def wrote(self, path: Path) -> None:
        """Where a file was written."""
        if not self.quiet:
            self._print(f"Wrote {path}")

    def _print(self, what: Any) -> None:
        from rich import print as show

        show(what)


def summary(flow: Any) -> str:
    """Numbers of a run as JSON: returns, findings by severity, figures."""
    fails = flow.findings[flow.findings["verdict"] == "fail"]
    counts = fails["severity"].astype(str).value_counts()
    return json.dumps({
        "returns": len(flow.report.returns),
        "findings": {severity: int(counts.get(severity, 0)) for severity in STYLES},
        "undecided": len(flow.findings) - len(fails),
        "figures": len(flow.trends),
    })  # fmt: skip


def _by_rule(findings: "DataFrame") -> "list[tuple[tuple[str, str], DataFrame]]":
    order = {severity: rank for rank, severity in enumerate(STYLES)}
    groups = findings.astype({"severity": str, "rule": str}).groupby(["severity", "rule"])
    named = [((str(severity), str(rule)), group) for (severity, rule), group in groups]
    return sorted(named, key=lambda pair: (order[pair[0][0]], pair[0][1]))


def _pivot(trends: "DataFrame") -> "tuple[DataFrame, list[int]]":
    """Rates of the indicator shown, by name of area and year; the world and the regions first."""
    from crimestats.areas import areas, groupings
    from crimestats.frames import BREAKDOWNS, NOT_APPLICABLE, TOTAL

    chosen = trends[(trends[list(SHOWN)] == list(SHOWN.values())).all(axis=1)]
    chosen = chosen[(chosen[list(BREAKDOWNS)] == TOTAL).all(axis=1) & chosen["rate"].notna()]
    if chosen.empty:
        return chosen, []
    chosen = chosen.astype({"area": str, "grouping": str})
    m49 = groupings("m49").drop_duplicates("code").set_index("code")
    regions = m49.loc[m49["level"].isin(["world", "region"]), "name"]
    names = areas().set_index("area")["name"]
    chosen = chosen[chosen["area"].isin(regions.index) | chosen["area"].isin(names.index)]
    covered = (
        chosen.sort_values("year")
        .drop_duplicates("area", keep="last")
        .set_index("area")["coverage_population"]
    )
    one = chosen["source"] == chosen["source"].value_counts().index[0]  # two sources are two series
    chosen = chosen[one & chosen["method"].isin([NOT_APPLICABLE, "reported"])]
    wide = chosen.set_index(["grouping", "area", "year"])["rate"].unstack("year")  # noqa: PD010 - a mean would hide two series
    wide = wide.sort_index(ascending=[False, True])
    years = list(range(int(wide.columns.min()), int(wide.columns.max()) + 1))
    labels = [
        f"{regions[code]} [{covered[code]:.0%}]" if code in regions.index else str(names[code])
        for code in wide.index.get_level_values("area")
    ]
    is_region = wide.index.get_level_values("area").isin(regions.index)
    named = wide.reindex(columns=years).assign(name=labels, is_region=is_region)
    return named.reset_index(drop=True), years
