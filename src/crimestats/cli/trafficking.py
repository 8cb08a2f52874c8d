"""Commands `trafficking`: the datasets of a report on trafficking in persons."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crimestats.cli import console, hidden
from crimestats.cli.options import (
    Definition,
    Json,
    Out,
    Population,
    Quiet,
    Strict,
    example,
    is_stdout,
    write_json,
)
from crimestats.cli.sources import EXAMPLES, cases, sources
from crimestats.errors import CallError

if TYPE_CHECKING:
    from crimestats.cli.building import Build

_STOPPED = 130  # 128 and the number of the signal of Ctrl-C, as shells have it

app = typer.Typer(
    no_args_is_help=True, help="Datasets of a report on trafficking in persons.", rich_markup_mode="rich"
)
app.command("sources", epilog=example(EXAMPLES["sources"]))(sources)
app.command("cases", epilog=example(EXAMPLES["cases"]))(cases)
app.command("estimate", epilog=example(hidden.EXAMPLE))(hidden.estimate)


@app.command("build", epilog=example("crimestats trafficking build data_glotip.xlsx --out report"))
def build(
    source: Annotated[
        str,
        typer.Argument(
            help="A workbook of UNODC's data portal or its CSV, a folder of returned workbooks or one of"
            " them, an observations.parquet, the dataset.parquet of a build, or a store of accepted figures."
        ),
    ],
    out: Out = Path("trafficking"),
    threshold: Annotated[
        int | None,
        typer.Option(
            help="Persons below which a figure is hidden, with others so that it stays hidden. 5 for"
            " returns; what is public already is only attacked where not given."
        ),
    ] = None,
    flow_threshold: Annotated[
        int, typer.Option(help="Victims from which on a pair of countries is a flow.")
    ] = 5,
    window: Annotated[
        int, typer.Option(help="Years up to each year of which the figures are taken; 1: the year itself.")
    ] = 1,
    grouping: Annotated[
        list[str] | None,
        typer.Option(help="Groups of areas: m49, glotip, or a CSV of your own; may be repeated."),
    ] = None,
    population: Population = None,
    sources: Annotated[
        Path | None, typer.Option(help="Folder of other sources, whose figures fill gaps and say so.")
    ] = None,
    estimates: Annotated[
        list[Path] | None,
        typer.Option(
            "--hidden",
            help="JSON of `trafficking estimate`: the hidden population, told in the chapter; may be"
            " repeated.",
        ),
    ] = None,
    questionnaire: Definition = "glotip-2024",
    public: Annotated[
        bool,
        typer.Option("--public", help="The figures of a Parquet file, store or return are public already."),
    ] = False,
    strict: Strict = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Build the dataset, profiles, flows, findings and the chapter of a trafficking report."""
    from crimestats.cli.building import Build
    from crimestats.cli.summing import show, summary

    _refuse(threshold, flow_threshold, window)
    say = console.Console(quiet or is_stdout(json))
    made = Build(
        source, say, questionnaire, strict, public, threshold, flow_threshold, window,
        _groupings(grouping), population, sources, tuple(estimates or ()),
    )  # fmt: skip
    try:
        folder = made.write(out)
    except KeyboardInterrupt:
        typer.echo("stopped; nothing was written", err=True)
        raise typer.Exit(_STOPPED) from None
    show(made, folder)
    write_json(json, summary(made))
    raise typer.Exit(1 if _has_errors(made) else 0)


@app.command("trace", epilog=example("crimestats trafficking trace report --figure 2f0c1d6e8b9a4c37"))
def trace(
    folder: Annotated[Path, typer.Argument(help="A folder that `trafficking build` made.")],
    figure: Annotated[
        str | None, typer.Option(help="Id of a share, flow or figure of the dataset; the chapter has them.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Shares of a profile: victims_sex_age.")] = None,
    category: Annotated[str | None, typer.Option(help="Of a category: women.")] = None,
    year: Annotated[int | None, typer.Option(help="Of a year.")] = None,
    area: Annotated[
        str | None, typer.Option(help="Of an area or a group: FJI, or 001 for the world.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="A further column and its code: variant=pooled; of flows origin=NGA and"
            " destination=ITA. May be repeated."
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Print every cell, however many there are.")] = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say which cells a figure of the report is made of."""
    from crimestats.cli.cells_of import show, traced

    chosen = {"profile": profile, "category": category, "year": year, "area": area}
    keys = {name: str(code) for name, code in chosen.items() if code is not None}
    found = traced(folder, figure, keys | dict(_pair(text) for text in where or ()))
    if not quiet and not is_stdout(json):
        show(found, full)
    write_json(json, found.to_json(orient="records", force_ascii=False))


def _refuse(threshold: int | None, flow_threshold: int, window: int) -> None:
    limits = {"--threshold": (threshold, 2), "--flow-threshold": (flow_threshold, 1), "--window": (window, 1)}
    for name, (value, least) in limits.items():
        if value is not None and value < least:
            raise CallError(name, f"is {value}.", f"Write {least} or more.")


def _groupings(names: list[str] | None) -> tuple[str, ...]:
    """Names of groupings; one in a file is made known by the file's name."""
    from crimestats import areas
    from crimestats.areas.memberships import is_path

    chosen = [areas.name_grouping(name) if is_path(name) else name for name in names or ("m49", "glotip")]
    for name in chosen:
        areas.groupings(name)  # a name that there is not is told before the work
    return tuple(dict.fromkeys(chosen))


def _has_errors(made: "Build") -> bool:
    findings = made.findings
    return bool(((findings["severity"] == "error") & (findings["verdict"] == "fail")).any())


def _pair(text: str) -> tuple[str, str]:
    name, sign, code = text.partition("=")
    if not sign or not name or not code:
        raise CallError("--where", f"{text!r} is no column and code.", "Write e.g. category=women.")
    return name.strip(), code.strip()
