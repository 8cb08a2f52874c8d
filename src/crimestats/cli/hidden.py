"""Command `trafficking estimate`: the hidden population from overlapping lists, its sensitivity first."""

from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli.console import Console
from crimestats.cli.options import Json, Quiet, is_stdout, write_json
from crimestats.cli.tables import refuse_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pandas import DataFrame

    from crimestats.trafficking.hidden import Estimate
    from crimestats.trafficking.hidden.bootstrap import Interval

EXAMPLE = "crimestats trafficking estimate lists.csv --model main --interactions A:E --json -"
WIDTH = 78
KINDS = {
    "model": ("model near the best by BIC", "models near the best by BIC"),
    "without": ("table with one list left out", "tables with one list left out"),
    "merged": ("table with two lists merged", "tables with two lists merged"),
}
"""Kinds of other models and lists, of one and of several."""


def estimate(
    lists: Annotated[
        Path, typer.Argument(help="CSV: a 0/1 column for each list, and last `count` or `n`, the persons.")
    ],
    model: Annotated[
        str,
        typer.Option(
            help="stepwise: downhill by BIC from main effects; all: the best of all models by BIC; main:"
            " main effects. BIC has the persons seen for its number (not the capture histories, as in R)"
            " and counts interactions of lists that share nobody."
        ),
    ] = "stepwise",
    interactions: Annotated[
        str, typer.Option(help="Interactions that are in every model, as A:E,D:E, in any case.")
    ] = "",
    order: Annotated[int, typer.Option(help="Highest number of lists in an interaction.")] = 2,
    bootstrap: Annotated[
        int, typer.Option(help="Replicates for the interval, 20 or more; 0: no interval.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the replicates.")] = 1,
    criterion: Annotated[
        str,
        typer.Option(
            help="What stepwise goes by: bic, or overlaps, forward by the Poisson probability of an overlap."
            " The published intervals (Chan, Silverman and Vincent 2021) are those of overlaps."
        ),
    ] = "bic",
    entry: Annotated[
        float, typer.Option(help="Probability below which `overlaps` takes an interaction in.")
    ] = 0.02,
    level: Annotated[float, typer.Option(help="Confidence of the interval.")] = 0.95,
    within: Annotated[
        float, typer.Option(help="Models whose BIC is no more above the best count for the sensitivity.")
    ] = 6.0,
    widest: Annotated[
        float, typer.Option(help="Ratio of highest to lowest above which no figure is carried.")
    ] = 3.0,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Estimate how many there are, with those on no list, from lists that overlap.

    Printed first is how the estimate moves with the choice of model and of
    lists. Exit status: 0 an estimate was made, also where it moves too far to be
    a figure (`carries` in the JSON is false then); 1 there is none; 2 wrong use.
    """
    from crimestats.trafficking import hidden

    page = Console(quiet or is_stdout(json))
    refuse_inputs({"--json": json}, [lists])
    table = hidden.read_lists(lists)
    with _bar(page) as report:
        result = hidden.estimate(
            table, model=model, interactions=[each for each in interactions.split(",") if each.strip()],
            order=order, bootstrap=bootstrap, seed=seed, criterion=criterion, entry=entry, level=level,
            within=within, widest=widest, report=report,
        )  # fmt: skip
    if not page.quiet:
        _show(result)
    write_json(json, result.to_json())
    if not result.estimable:
        raise typer.Exit(1)


@contextmanager
def _bar(page: Console) -> "Iterator[Callable[[int, int], None]]":
    """A bar that is there from the first report on: what is refused before shows none."""
    with ExitStack() as stack:
        begun: list[Callable[[int, int], None]] = []

        def report(done: int, total: int) -> None:
            if not begun:
                begun.append(stack.enter_context(page.progress("Replicates")))
            begun[0](done, total)

        yield report


def _show(result: "Estimate") -> None:
    from textwrap import fill

    from rich import box
    from rich.console import Console as Terminal
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="How far the estimate moves", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("Model or lists", overflow="fold", min_width=48)
    for heading in ("BIC", "Estimate"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, bic, value in _rows(result.sensitivity):
        table.add_row(escape(name), bic, value)
    terminal = Terminal(width=WIDTH)
    if len(result.sensitivity):
        terminal.print(table)
    paragraphs = [result.verdict.text, *_sentences(result), *result.notes]
    for paragraph in paragraphs:
        terminal.print(escape(fill(paragraph, WIDTH)), highlight=False)


def _rows(spread: "DataFrame") -> list[tuple[str, str, str]]:
    """The ways of choosing one by one; of the other kinds how many, and from where to where."""
    ways = spread[spread["kind"] == "method"]
    rows = [
        (f"{what}: {_interactions(model)}" if ":" in model else str(what), _figure(bic, 1), _figure(value, 0))
        for what, model, bic, value in ways[["what", "model", "bic", "estimate"]].itertuples(index=False)
    ]
    for kind, (one, several) in KINDS.items():
        some = spread[spread["kind"] == kind]
        if len(some) == 0:
            continue
        known = some.dropna(subset="estimate").sort_values("estimate", kind="stable")
        failing = len(some) - len(known)
        carry = f"; {failing} {'carries' if failing == 1 else 'carry'} none" if failing else ""
        rows.append((f"{len(some)} {one if len(some) == 1 else several}{carry}", "", ""))
        for word, place in (("lowest", 0), ("highest", -1)) if len(known) else ():
            what, model, bic, value = known[["what", "model", "bic", "estimate"]].iloc[place]
            shown = _interactions(model) if kind == "model" else f"{what}; {_interactions(model)}"
            rows.append((f"  {word}: {shown}", _figure(bic, 1), _figure(value, 0)))
    return rows


def _sentences(result: "Estimate") -> list[str]:
    """The estimate with its interval and what it rests on."""
    if result.estimate is None:
        return [f"No estimate. {result.observed:,} persons were seen. Model: {_interactions(result.model)}."]
    lead = (
        "Estimate:"
        if result.verdict.carries
        else "No figure is carried by these data. For study only: the model gives"
    )
    said = [
        f"{lead} {result.estimate:,.0f} persons, of whom {result.observed:,} were seen and"
        f" {result.dark:,.0f} are on no list. Model: {_interactions(result.model)}."
    ]
    if result.interval is not None:
        said.append(_limits(result, result.interval))
    if result.at_minus_infinity:
        said.append(f"Nobody is on both, so at minus infinity: {', '.join(result.at_minus_infinity)}.")
    return said


def _limits(result: "Estimate", made: "Interval") -> str:
    """The interval, how it was made, and how far another seed would move it."""
    lower, upper = (
        "no limit" if limit is None else f"{limit:,.0f}" for limit in (result.lower, result.upper)
    )
    errors = " and ".join("unknown" if error == float("inf") else f"{error:,.0f}" for error in made.errors)
    return (
        f"Interval at {result.level:.0%}: {lower} to {upper} (BCa, {made.replicates:,} replicates, seed"
        f" {result.seed}). Another seed moves these limits by about {errors} (standard deviations)."
    )


def _interactions(model: str) -> str:
    return ", ".join(term for term in model.split(" + ") if ":" in term) or "main effects"


def _figure(value: float, digits: int) -> str:
    return "–" if value != value else f"{value:,.{digits}f}"
