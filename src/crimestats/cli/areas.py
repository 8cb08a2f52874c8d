"""Commands `areas`: reporting units and their labels."""

import typer

app = typer.Typer(no_args_is_help=True, help="Reporting units and their labels.", rich_markup_mode="rich")
