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
from crimestats.cli import classification, coding, console
from crimestats.errors import CallError, CrimestatsError, FileError

QUESTIONNAIRE = "un-cts-2024"


def _example(line: str) -> str:
    return f"[bold]Example:[/bold] {line}"


app = typer.Typer(
    name="crimestats",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
forms = typer.Typer(
    help="List, write and describe questionnaires.",
    epilog=_example("crimestats questionnaire build un-cts-2024 --out form.xlsx"),
    no_args_is_help=True,
)
app.add_typer(forms, name="questionnaire")
app.add_typer(classification.app, name="classification")
app.add_typer(coding.app, name="coding")
app.command(
    "classify", epilog=_example("crimestats classify figures.csv --scheme us-nibrs --out classified.parquet")
)(classification.classify)

Folder = Annotated[Path, typer.Argument(help="Folder of returned workbooks, or one workbook.")]
Out = Annotated[Path, typer.Option("--out", help="Where to write.")]
Definition = Annotated[
    str, typer.Option("--questionnaire", help="Id of a shipped questionnaire, or a folder of your own.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the result as JSON; - for standard output.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="No progress, no tables; only the exit status and the files.")
]
Previous = Annotated[
    Path | None, typer.Option("--previous", help="Last round's observations.parquet, to compare with.")
]
Population = Annotated[
    Path | None, typer.Option("--population", help="CSV of your own: area, year, sex, age, population.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Leave out figures with an open error.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crimestats {__version__}")
        raise typer.Exit


@app.callback(epilog=_example("crimestats demo"))
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """From questionnaire returns to comparable crime trend tables. Start with: crimestats demo."""


@app.command(epilog=_example("crimestats demo --out release/demo"))
def demo(out: Out = Path("release/demo"), quiet: Quiet = False) -> None:
    """Run the whole way on the shipped example returns and show what comes out."""
    from crimestats.files import shipped

    say = console.Console(quiet)
    _release(_flow(shipped("questionnaires", "examples", "returns"), QUESTIONNAIRE, say), out, say)


@app.command(epilog=_example("crimestats run returns/2024 --out release/2024"))
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
    say = console.Console(quiet or _is_stdout(json))
    flow = _flow(folder, questionnaire, say, previous, population, strict)
    _release(flow, out, say)
    _write_json(json, console.summary(flow))
    raise typer.Exit(1 if flow.report.errors else 0)


@app.command(epilog=_example("crimestats validate returns/2024 --report report.html --json findings.json"))
def validate(
    folder: Folder,
    questionnaire: Definition = QUESTIONNAIRE,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write an HTML page that opens offline.")
    ] = None,
    previous: Previous = None,
    population: Population = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with returned workbooks, cell by cell."""
    from crimestats.report import render

    say = console.Console(quiet or _is_stdout(json))
    found = _flow(folder, questionnaire, say, previous, population).report
    say.findings(found.data, len(found.returns), messages=20)
    if report is not None:
        render(found, report)
        say.wrote(report)
    _write_json(json, found.to_json())
    raise typer.Exit(1 if found.errors else 0)


@app.command(epilog=_example("crimestats tabulate returns/2024 --out trends.parquet"))
def tabulate(
    figures: Annotated[
        Path, typer.Argument(help="Folder of returned workbooks, or an observations.parquet.")
    ],
    out: Out = Path("trends.parquet"),
    questionnaire: Definition = QUESTIONNAIRE,
    population: Population = None,
    strict: Strict = False,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Build the trend table: rates, index, change, regions with their coverage."""
    from crimestats import release

    say = console.Console(quiet or _is_stdout(json))
    flow = _flow(figures, questionnaire, say, None, population, strict)
    release.write_parquet(flow.trends, "Trends", out)
    if not flow.is_of_observations:
        say.findings(flow.findings, len(flow.report.returns))
    say.trends(flow.trends)
    say.wrote(out)
    _write_json(json, flow.trends.to_json(orient="records"))
    raise typer.Exit(0 if flow.is_of_observations or not flow.report.errors else 1)


@app.command(
    epilog=_example(
        "crimestats publish trends.parquet --observations observations.parquet --out release/2024"
    )
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
        release.read_parquet(trends),
        out,
        observations=table(observations),
        findings=table(findings),
        lineage=table(lineage),
        returns=table(returns),
        definition=Questionnaire.load(questionnaire),
        population=areas.population(population),
    )
    console.Console(quiet).release(out)


@forms.command("list", epilog=_example("crimestats questionnaire list"))
def list_questionnaires(json: Json = None) -> None:
    """Name the shipped questionnaires."""
    import json as codec

    from crimestats.files import shipped
    from crimestats.questionnaire import Questionnaire

    folders = sorted(path.parent for path in shipped("questionnaires").glob("*/questionnaire.toml"))
    definitions = [Questionnaire.load(folder) for folder in folders]
    if not _is_stdout(json):
        console.Console(False).questionnaires(definitions)
    _write_json(json, codec.dumps([codec.loads(definition.to_json()) for definition in definitions]))


@forms.command("items", epilog=_example("crimestats questionnaire items un-cts-2024 --out items.csv"))
def items(
    questionnaire: Annotated[str, typer.Argument(help="Id or folder.")], out: Out = Path("items.csv")
) -> None:
    """Write the items of a questionnaire as CSV: item, module, label, ICCS code, keys of every breakdown."""
    from crimestats.files import replacing
    from crimestats.frames import BREAKDOWNS
    from crimestats.questionnaire import Questionnaire

    columns = ["item", "module", "label", "iccs", "measure", "unit", *BREAKDOWNS]
    extra = ["number", "numbering", "table", "parent", "required", "stage", "source"]
    data = Questionnaire.load(questionnaire).data[[*columns, *extra]]
    with replacing(out) as place:
        data.to_csv(place, index=False, lineterminator="\n")
    console.Console(False).wrote(out)


@forms.command(
    "build",
    epilog=_example("crimestats questionnaire build un-cts-2024 --area MEX --years 2013:2022 --out MEX.xlsx"),
)
def build(
    questionnaire: Annotated[str, typer.Argument(help="Id or folder.")],
    out: Out,
    area: Annotated[str, typer.Option(help="Code of the reporting unit, e.g. MEX or GBR_S.")] = "",
    years: Annotated[
        str, typer.Option(help="First and last year, e.g. 2013:2022, or a list 2015,2020.")
    ] = "",
    figures: Annotated[Path | None, typer.Option(help="CSV to pre-fill: area, year, item, value.")] = None,
    agency: Annotated[str, typer.Option(help="Who fills it in.")] = "",
    lang: Annotated[str, typer.Option(help="Language of labels and instructions.")] = "en",
) -> None:
    """Write the workbook that a reporting unit fills in, empty or pre-filled."""
    from crimestats.files import read_csv
    from crimestats.questionnaire import Questionnaire
    from crimestats.questionnaire import build as write

    definition = Questionnaire.load(questionnaire, lang)
    table = None if figures is None else read_csv(figures, ("area", "year", "item", "value"))
    write(definition, out, area=area, agency=agency, years=_years(years), figures=table)
    console.Console(False).wrote(out)


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


def _years(text: str) -> tuple[int, ...] | None:
    if not text:
        return None
    try:
        first, _, last = text.partition(":")
        years = range(int(first), int(last) + 1) if last else (int(year) for year in text.split(","))
        found = tuple(years)
    except ValueError:
        found = ()
    if not found or min(found) < 1900 or max(found) > 2100 or len(set(found)) < len(found):
        raise CallError(
            "--years",
            f"`{text}` is not a range of years.",
            "Give first and last, as in 2013:2022, or a list.",
        )
    return found


def _is_stdout(path: Path | None) -> bool:
    """Whether JSON goes to standard output; a folder that is not there is refused before the work."""
    if path is not None and not path.parent.is_dir():
        raise FileError(
            str(path), "cannot be written (no such folder).", "Make the folder first, or choose another."
        )
    return path is not None and str(path) == "-"


def _write_json(path: Path | None, text: str) -> None:
    from crimestats.files import replacing

    if path is None:
        return
    if _is_stdout(path):
        typer.echo(text)
        return
    with replacing(path) as place:
        place.write_text(text + "\n", encoding="utf-8")
