"""Pictures and publication tables of a trend table."""

import json as as_json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crimestats.cli.options import Json, Quiet, is_stdout, write_json
from crimestats.errors import CallError

if TYPE_CHECKING:
    from pandas import DataFrame

PICTURE_EXAMPLE = (
    "crimestats picture trends.parquet --iccs 0101 --measure victims --areas MEX,COL --out homicide.svg"
)
TABLE_EXAMPLE = "crimestats table trends.parquet --iccs 0101 --measure victims --out homicide.xlsx"

Trends = Annotated[Path, typer.Argument(help="A trends.parquet.")]
Iccs = Annotated[str, typer.Option("--iccs", help="Code of the category, e.g. 0101; _T for all crimes.")]
Areas = Annotated[
    str | None,
    typer.Option("--areas", help="Codes of areas or groups, with commas between; all if not given."),
]
Grouping = Annotated[
    str | None, typer.Option("--grouping", help="Groups of this grouping (m49, ldc, ...) instead of areas.")
]
Measure = Annotated[str | None, typer.Option("--measure", help="What is counted, e.g. victims.")]
Stage = Annotated[str | None, typer.Option("--stage", help="Stage, e.g. recorded.")]
Source = Annotated[str | None, typer.Option("--source", help="Source of the figures, e.g. CJS.")]
Sex = Annotated[str | None, typer.Option("--sex", help="_T, F or M; the total if not given.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", help="Another breakdown as dimension=code, e.g. mechanism=FIR; may be repeated."),
]
Method = Annotated[
    list[str] | None,
    typer.Option("--method", help="Of groups: reported, panel or estimated; may be repeated."),
]
From = Annotated[int | None, typer.Option("--from", help="First year; of slope the year on the left.")]
To = Annotated[int | None, typer.Option("--to", help="Last year; of dots and map the only one.")]
By = Annotated[
    Literal["rate", "value", "index"],
    typer.Option("--by", help="Rates, numbers, or an index of the first year."),
]
Cite = Annotated[
    str | None, typer.Option("--cite", help="Where the figures come from, for the line of the source.")
]


def picture(
    trends: Trends,
    iccs: Iccs,
    out: Annotated[Path, typer.Option("--out", help="Where to write; ends in .svg or .png.")],
    kind: Annotated[
        Literal["multiples", "slope", "dots", "map"],
        typer.Option(
            "--kind",
            help="A panel for each area; lines between two years; dots of one year; a map of one year.",
        ),
    ] = "multiples",
    areas: Areas = None,
    grouping: Grouping = None,
    measure: Measure = None,
    stage: Stage = None,
    source: Source = None,
    sex: Sex = None,
    where: Where = None,
    method: Method = None,
    first: From = None,
    last: To = None,
    by: By = "rate",
    changes: Annotated[
        Path | None,
        typer.Option("--changes", help="A table of tested changes, whose verdicts colour a slope."),
    ] = None,
    cite: Cite = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Draw a picture of one indicator, and say in words what it shows and what it cannot."""
    from crimestats.report import pictures

    is_stdout(json)
    given = {
        "iccs": iccs,
        "measure": measure,
        "stage": stage,
        "source": source,
        "grouping": grouping,
        "areas": _codes(areas),
    }
    picked = _narrowed(_read(trends), given, _breakdowns(sex, where), method, (first, last))
    years = (int(picked["year"].min()), int(picked["year"].max()))
    chart = _drawn(kind, picked, _with_regions(trends, picked, given, kind), by, years, changes, cite)
    only = years[1] if kind in ("dots", "map") else None
    said = pictures.explain(picked, kind, grouping=grouping, by=by, first=only, last=only)
    pictures.write(chart, out)
    _say(out, said, json, quiet)


def table(
    trends: Trends,
    iccs: Iccs,
    out: Annotated[Path, typer.Option("--out", help="Where to write; ends in .html or .xlsx.")],
    areas: Areas = None,
    grouping: Grouping = None,
    measure: Measure = None,
    stage: Stage = None,
    source: Source = None,
    sex: Sex = None,
    where: Where = None,
    method: Method = None,
    first: From = None,
    last: To = None,
    by: By = "rate",
    cite: Cite = None,
    population: Annotated[
        str, typer.Option("--population", help="What the rates rest on, as the workbook is to cite it.")
    ] = "",
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Lay out a table of one indicator to publish: a page, or a workbook with flags and footnotes."""
    from crimestats.report import pictures, publication

    is_stdout(json)
    if out.suffix.lower() not in (".html", ".xlsx"):
        raise CallError(str(out), "is neither a page nor a workbook.", "End the name in .html or .xlsx.")
    given = {
        "iccs": iccs,
        "measure": measure,
        "stage": stage,
        "source": source,
        "grouping": grouping,
        "areas": _codes(areas),
    }
    picked = _narrowed(_read(trends), given, _breakdowns(sex, where), method, (first, last))
    if out.suffix.lower() == ".html":
        publication.write_table(picked, out, by=(by,), grouping=grouping, source=cite)
    else:
        publication.publication_workbook(
            picked, out, by=(by,), grouping=grouping, source=cite, population=population
        )
    _say(out, pictures.explain(picked, "table", grouping=grouping, by=by), json, quiet)


def _read(path: Path) -> "DataFrame":
    from crimestats import release
    from crimestats.frames import TRENDS

    return TRENDS.cast(release.read_parquet(path, frame="Trends"))


def _codes(areas: str | None) -> list[str] | None:
    return None if areas is None else [code.strip() for code in areas.split(",") if code.strip()]


def _breakdowns(sex: str | None, where: Sequence[str] | None) -> dict[str, str]:
    chosen = {} if sex is None else {"sex": sex}
    for said in where or ():
        dimension, is_there, code = said.partition("=")
        if not is_there:
            raise CallError(f"--where {said}", "is no dimension=code.", "Write, for example, mechanism=FIR.")
        chosen[dimension.strip()] = code.strip()
    return chosen


def _narrowed(
    table: "DataFrame",
    given: dict[str, Any],
    breakdowns: dict[str, str],
    methods: Sequence[str] | None,
    years: tuple[int | None, int | None],
) -> "DataFrame":
    from crimestats.report.pictures import choose

    return choose(table, **given, breakdowns=breakdowns, methods=methods, first=years[0], last=years[1])


def _with_regions(trends: Path, picked: "DataFrame", given: dict[str, Any], kind: str) -> "DataFrame":
    """For dots of areas the figures of their regions beside; else the figures alone."""
    import pandas as pd

    if kind != "dots" or given["grouping"] is not None:
        return picked
    table = _read(trends)
    return pd.concat([picked, table[table["grouping"] == "m49"]], ignore_index=True)


def _changes(path: Path) -> "DataFrame":
    """Changes as `crimestats changes --out` wrote them, as CSV or Parquet."""
    import pandas as pd

    from crimestats import files, release
    from crimestats.frames import CHANGES

    if path.suffix.casefold() != ".csv":
        return CHANGES.check(release.read_parquet(path))
    table = files.read_csv(path, tuple(CHANGES.columns))
    kinds = CHANGES.columns.items()
    numbers = {
        name: pd.to_numeric(table[name]) for name, kind in kinds if kind in ("number", "count", "year")
    }
    return CHANGES.cast(table.assign(**numbers))


def _drawn(
    kind: str,
    picked: "DataFrame",
    beside: "DataFrame",
    by: Literal["rate", "value", "index"],
    years: tuple[int, int],
    changes: Path | None,
    cite: str | None,
) -> Any:
    from crimestats.frames import NOT_APPLICABLE
    from crimestats.report import pictures

    of = str(picked["grouping"].iloc[0])
    grouping = None if of == NOT_APPLICABLE else of
    if kind == "multiples":
        return pictures.small_multiples(picked, grouping=grouping, by=by, source=cite)
    if kind == "slope":
        tested = None if changes is None else _changes(changes)
        return pictures.slope(picked, *years, grouping=grouping, by=by, changes=tested, source=cite)
    if kind == "dots":
        return pictures.dots(beside, years[1], grouping=grouping, by=by, source=cite)
    return pictures.map_of(picked, years[1], by=by, source=cite)


def _say(out: Path, said: str, json: Path | None, quiet: bool) -> None:
    if not quiet and not (json is not None and is_stdout(json)):
        typer.echo(f"{said}\n\nWrote {out}.")
    write_json(json, as_json.dumps({"out": str(out), "text": said}, ensure_ascii=False))
