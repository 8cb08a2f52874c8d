"""Commands `trafficking`: the datasets of a report on trafficking in persons."""

import typer

app = typer.Typer(
    no_args_is_help=True, help="Datasets of a report on trafficking in persons.", rich_markup_mode="rich"
)
