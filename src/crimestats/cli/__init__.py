"""The verbs as commands.

Exit status: 0 clean, 1 findings of severity error, 2 wrong use (a path, an
argument, a definition). Rooms are imported inside the commands, so that
`--help` answers at once.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from crimestats import __version__
from crimestats.cli import (
    answers,
    areas,
    classification,
    coding,
    comparing,
    console,
    disclosure,
    forms,
    office,
    pictures,
    published,
    sdg,
    store,
    tabulating,
    tracing,
    trafficking,
)
from crimestats.cli.options import (
    QUESTIONNAIRE,
    Commands,
    Definition,
    Folder,
    Json,
    Out,
    Population,
    Previous,
    Quiet,
    Strict,
    example,
    is_stdout,
    write_json,
)  # fmt: skip
from crimestats.errors import CrimestatsError

app = typer.Typer(
    name="crimestats",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(forms.app, name="questionnaire")
app.add_typer(classification.app, name="classification")
app.add_typer(coding.app, name="coding")
app.add_typer(answers.app, name="findings")
app.add_typer(store.app, name="store")
app.add_typer(areas.app, name="areas")
app.add_typer(trafficking.app, name="trafficking")
app.add_typer(disclosure.app, name="disclosure")
app.command("tabulate", epilog=example(tabulating.EXAMPLE))(tabulating.tabulate)
for name, line in comparing.EXAMPLES.items():
    app.command(name, epilog=example(line))(getattr(comparing, name))
app.command("sdg", epilog=example(sdg.EXAMPLE))(sdg.sdg)
app.command("picture", epilog=example(pictures.PICTURE_EXAMPLE))(pictures.picture)
app.command("table", epilog=example(pictures.TABLE_EXAMPLE))(pictures.table)
app.command("trace", epilog=example(tracing.EXAMPLE))(tracing.trace)
app.command("accept", epilog=example(store.EXAMPLE))(store.accept)
app.command("validate", epilog=example(office.EXAMPLE))(office.validate)
app.command("quality", epilog=example("crimestats quality returns/2024 --out quality.html"))(office.quality)
app.command(
    "read-published",
    epilog=example("crimestats read-published FILE.xlsx --out observations.parquet --findings findings.json"),
)(published.read_published)
app.command(
    "classify", epilog=example("crimestats classify figures.csv --scheme us-nibrs --out classified.parquet")
)(classification.classify)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crimestats {__version__}")
        raise typer.Exit


@app.callback(epilog=example("crimestats demo"))
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """From questionnaire returns to comparable crime trend tables. Start with: crimestats demo."""


@app.command(epilog=example("crimestats demo --out release/demo"))
def demo(out: Out = Path("release/demo"), quiet: Quiet = False) -> None:
    """Run the whole way on the shipped example returns and show what comes out."""
    from crimestats.files import shipped

    say = console.Console(quiet)
    _release(_flow(shipped("questionnaires", "examples", "returns"), QUESTIONNAIRE, say), out, say)


@app.command(epilog=example("crimestats run returns/2024 --out release/2024"))
def run(
    folder: Folder,
    out: Out,
    questionnaire: Definition = QUESTIONNAIRE,
    previous: Previous = None,
    population: Population = None,
    strict: Strict = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Read, validate, classify, tabulate and publish every workbook of a folder."""
    say = console.Console(quiet or is_stdout(json))
    flow = _flow(folder, questionnaire, say, previous, population, strict)
    _release(flow, out, say)
    write_json(json, console.summary(flow))
    raise typer.Exit(1 if flow.report.errors else 0)


@app.command(
    epilog=example("crimestats publish trends.parquet --observations observations.parquet --out release/2024")
)
def publish(
    trends: Annotated[Path, typer.Argument(help="A trends.parquet.")],
    out: Out,
    observations: Annotated[
        Path | None, typer.Option(help="An observations.parquet to put beside it.")
    ] = None,
    findings: Annotated[Path | None, typer.Option(help="A findings.parquet to put beside it.")] = None,
    lineage: Annotated[Path | None, typer.Option(help="A lineage.parquet to put beside it.")] = None,
    returns: Annotated[
        Path | None, typer.Option(help="A returns.parquet, for the hashes of the workbooks.")
    ] = None,
    estimates: Annotated[
        Path | None,
        typer.Option(help="An estimates.parquet, for what stands in the place of missing figures."),
    ] = None,
    questionnaire: Definition = QUESTIONNAIRE,
    population: Population = None,
    quiet: Quiet = False,
) -> None:
    """Write a release folder: Parquet tables and a page to read."""
    from crimestats import areas, release
    from crimestats.questionnaire import Questionnaire

    def table(path: Path | None) -> Any:
        return None if path is None else release.read_parquet(path)

    release.publish(
        release.read_parquet(trends, frame="Trends"),
        out,
        observations=table(observations),
        findings=table(findings),
        lineage=table(lineage),
        returns=table(returns),
        estimates=table(estimates),
        definition=Questionnaire.load(questionnaire),
        population=areas.population(population),
    )
    console.Console(quiet).release(out)


def main() -> None:
    """Entry point: an exception of the package becomes one line and exit status 2.

    A run that is interrupted, or told to end, leaves nothing half-written.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app(prog_name="crimestats")
    except CrimestatsError as error:
        typer.secho(f"crimestats: {error}", err=True, fg="red")
        raise SystemExit(2) from None


def _flow(
    figures: Path,
    questionnaire: str,
    say: console.Console,
    previous: Path | None = None,
    population: Path | None = None,
    strict: bool = False,
) -> Any:
    from crimestats.cli.flow import Flow

    return Flow(figures, questionnaire, say, previous, population, strict)


def _release(flow: Any, out: Path, say: console.Console) -> None:
    flow.publish(out)
    say.findings(flow.findings, len(flow.report.returns))
    say.trends(flow.trends)
    say.release(out)
