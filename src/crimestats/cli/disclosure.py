"""Commands `disclosure`: whether small figures stay hidden."""

import typer

app = typer.Typer(
    no_args_is_help=True, help="Small figures: hide them, and try to find them again.", rich_markup_mode="rich"
)
