"""What `trafficking build` says when it is done."""

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crimestats.frames import UNKNOWN

if TYPE_CHECKING:
    from pandas import DataFrame

    from crimestats.cli.building import Build

HEADLINE = {
    "profile": "victims_sex_age",
    "within": "_T",
    "area": "001",
    "grouping": "m49",
    "variant": "pooled",
}
"""The share that is printed: women, girls, men and boys among the detected victims of the world."""
_YEARS = 5
_SEVERITIES = {"error": "errors", "query": "queries", "note": "notes"}
_ERRORS, _WIDTH = 4, 80


def summary(made: "Build") -> str:
    """Numbers of a build as JSON."""
    dataset, findings = made.dataset, made.findings
    counts = findings["severity"].astype("str").value_counts()
    shares = headline(made.profiles)
    return json.dumps({
        "figures": len(dataset), "measures": dataset["measure"].astype("str").value_counts().to_dict(),
        "areas": int(dataset.loc[dataset["area"] != UNKNOWN, "area"].nunique()),
        "years": [int(dataset["year"].min()), int(dataset["year"].max())],
        "profiles": len(made.profiles), "flows": len(made.flows),
        "findings": {name: int(counts.get(name, 0)) for name in ("error", "query", "note")},
        "recoverable": len(made.recoverable), "threshold": made.hides_below,
        "hidden": made.hidden["action"].astype("str").value_counts().to_dict(),
        "headline": json.loads(shares.to_json(orient="records")),
        "seconds": {name: round(each, 1) for name, each in made.seconds.items()},
    })  # fmt: skip


def headline(profiles: "DataFrame") -> "DataFrame":
    """Shares of the world in the latest years, with their base."""
    rows = profiles
    for name, code in HEADLINE.items():
        rows = rows[rows[name].astype("str") == code]
    years = sorted(rows["year"].unique())[-_YEARS:]
    columns = [
        "year",
        "category",
        "share",
        "share_lower",
        "share_upper",
        "base",
        "n_areas",
        "status",
        "figure_id",
    ]
    return rows.loc[rows["year"].isin(years), columns].reset_index(drop=True)


def show(made: "Build", folder: Path) -> None:
    """Print what was made, in a screen."""
    say = made.console
    if say.quiet:
        return
    dataset = made.dataset
    known = dataset[dataset["area"] != UNKNOWN]
    years = f"{dataset['year'].min()} to {dataset['year'].max()}"
    typer.echo(f"{len(dataset):,} figures of {known['area'].nunique()} areas, {years}:")
    for measure, count in dataset["measure"].astype("str").value_counts().items():
        typer.echo(f"  {measure:<12}{count:>8,}")
    _show_headline(headline(made.profiles))
    typer.echo(textwrap.fill(_hidden(made), _WIDTH))
    _show_findings(made.findings)
    typer.echo(f"Wrote {folder}: open {folder / 'chapter.html'}")


def _show_headline(rows: "DataFrame") -> None:
    """Women, girls, men and boys across, years down."""
    if rows.empty:
        return
    categories = list(dict.fromkeys(rows["category"].astype("str")))
    typer.echo("Detected victims of the world, per cent of those of known sex and age:")
    typer.echo(f"  {'':<6}" + "".join(f"{name:>8}" for name in categories) + f"{'base':>10}{'countries':>11}")
    for year, own in rows.groupby("year"):
        shares = own.assign(category=own["category"].astype("str")).set_index("category")["share"]
        cells = "".join(f"{_percent(shares.get(name)):>8}" for name in categories)
        typer.echo(f"  {year:<6}{cells}{own['base'].iloc[0]:>10,.0f}{own['n_areas'].iloc[0]:>11,}")


def _show_findings(findings: "DataFrame") -> None:
    """How many there are, and the first errors."""
    counts = findings["severity"].astype("str").value_counts()
    said = ", ".join(f"{counts.get(name, 0):,} {plural}" for name, plural in _SEVERITIES.items())
    typer.echo(f"Findings: {said}; all of them are in findings.json.")
    errors = findings[findings["severity"] == "error"]
    for text in errors["message"].drop_duplicates().head(_ERRORS):
        typer.echo(textwrap.fill(f"error {text}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    if len(errors) > _ERRORS:
        typer.echo(f"  and {len(errors) - _ERRORS} more errors")


def _percent(share: Any) -> str:
    return "" if share is None or share != share else f"{share:.1%}"


def _hidden(made: "Build") -> str:
    if made.hides_below is None:
        if made.recoverable.empty:
            return "Nothing was hidden: the figures are public, and no `<5` can be computed."
        likely = int((made.findings["kind"] == "disclosure_likely").sum())
        return (
            f"Nothing was hidden: the figures are public. {len(made.recoverable) - likely:,} of them that say"
            f" `<5` can be computed from the others, {likely:,} more most likely."
        )
    status = made.dataset["status"].astype("str")
    gone = set(made.dataset.loc[status == "withheld", "figure_id"])
    least = made.hides_below
    count = int(((status == "bounded") & (made.dataset["upper"] < least)).sum())
    earlier = count - int((made.hidden["action"].astype("str") == "primary").sum())
    persons = made.whole.loc[made.whole["figure_id"].isin(gone), "value"].sum()
    return (
        f"{count:,} figures below {least} are shown as <{least} ({max(earlier, 0):,} of them by the sender"
        f" already); {len(gone):,} others with {persons:,.0f} persons are withheld, so that these stay"
        " hidden. None can be computed from the others."
    )
