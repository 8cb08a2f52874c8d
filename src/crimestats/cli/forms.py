"""Commands about questionnaires: list, describe, and write the workbook."""

from pathlib import Path
from typing import Annotated, Any

import typer

from crimestats.cli import console
from crimestats.cli.options import QUESTIONNAIRE, Json, Out, example, is_stdout, write_json
from crimestats.errors import CallError, FileError

app = typer.Typer(
    help="List, write and describe questionnaires.",
    epilog=example("crimestats questionnaire build un-cts-2024 --out form.xlsx"),
    no_args_is_help=True,
)


@app.command("list", epilog=example("crimestats questionnaire list"))
def list_questionnaires(json: Json = None) -> None:
    """Name the shipped questionnaires."""
    import json as codec

    from crimestats.files import shipped
    from crimestats.questionnaire import Questionnaire

    folders = sorted(path.parent for path in shipped("questionnaires").glob("*/questionnaire.toml"))
    definitions = [Questionnaire.load(folder) for folder in folders]
    if not is_stdout(json):
        console.Console(False).questionnaires(definitions)
    write_json(json, codec.dumps([codec.loads(definition.to_json()) for definition in definitions]))


@app.command("items", epilog=example("crimestats questionnaire items un-cts-2024 --out items.csv"))
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


@app.command(
    "build",
    epilog=example("crimestats questionnaire build un-cts-2024 --area MEX --years 2013:2022 --out MEX.xlsx"),
)
def build(
    questionnaire: Annotated[str, typer.Argument(help="Id or folder.")],
    out: Out,
    area: Annotated[str, typer.Option(help="Code of the reporting unit, e.g. MEX or GBR_S.")] = "",
    years: Annotated[
        str, typer.Option(help="First and last year, e.g. 2013:2022, or a list 2015,2020.")
    ] = "",
    figures: Annotated[
        Path | None,
        typer.Option(help="Figures reported before, in grey: CSV (area, year, item, value) or Parquet."),
    ] = None,
    agency: Annotated[
        str,
        typer.Option(
            help="Whose part: police, prosecution, courts, prisons, survey; `each` for one file each; "
            "any other text is the name of the agency that fills in the whole."
        ),
    ] = "",
    lang: Annotated[str, typer.Option(help="Language of labels and instructions: en fr es ru ar zh.")] = "en",
) -> None:
    """Write the workbook that a reporting unit fills in, empty or pre-filled."""
    from crimestats.questionnaire import Questionnaire
    from crimestats.questionnaire import build as write

    definition = Questionnaire.load(questionnaire, lang)
    table, asked, say = _figures(figures), _years(years), console.Console(False)
    if agency != "each":
        write(definition, out, area=area, agency=agency, years=asked, before=table)
        say.wrote(out)
        return
    if not out.is_dir():
        raise FileError(str(out), "is no folder.", "Make the folder first: each agency has a file in it.")
    for code in definition.agencies:
        path = out / f"{'_'.join(filter(None, (area or definition.id, code)))}.xlsx"
        write(definition, path, area=area, agency=code, years=asked, before=table)
        say.wrote(path)


@app.command("checks", epilog=example("crimestats questionnaire checks un-cts-2024"))
def checks(
    questionnaire: Annotated[str, typer.Argument(help="Id or folder.")] = QUESTIONNAIRE, json: Json = None
) -> None:
    """List the catalogue of checks: limit, source, evidence, and the rules that carry each out."""
    from crimestats.files import read_csv, shipped
    from crimestats.questionnaire import Questionnaire

    table = read_csv(shipped("questionnaires", "checks.csv"), ("check", "title"))
    rules = Questionnaire.load(questionnaire).rules
    carried = {
        check: [rule.id for rule in rules if rule.parameters.get("check") == check]
        for check in table["check"]
    }
    table = table.assign(rules=[" ".join(carried[check]) for check in table["check"]])
    if not is_stdout(json):
        console.Console(False).checks(table)
    write_json(json, table.to_json(orient="records", force_ascii=False))


def _figures(path: Path | None) -> Any:
    from crimestats import release
    from crimestats.files import read_csv

    if path is None:
        return None
    if path.suffix == ".parquet":
        return release.read_parquet(path)
    return read_csv(path, ("area", "year", "item", "value"))


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
