"""Commands `trafficking sources` and `trafficking cases`: figures of other sources, and of case records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crimestats.cli.console import Console
from crimestats.cli.options import Json, Quiet, is_stdout, write_json
from crimestats.cli.tables import CSV, PARQUET, WORKBOOK, refuse_inputs, refuse_place
from crimestats.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

SHOWN = 15  # rows that are printed; all are in the files
EXAMPLES = {
    "sources": "crimestats trafficking sources FOLDER --dataset report/dataset.parquet --table side.xlsx",
    "cases": "crimestats trafficking cases FOLDER --source-id shelters --out figures.csv",
}

Threshold = Annotated[
    int,
    typer.Option(
        help="Persons below which a count of case records is hidden, with others so that it stays hidden;"
        " 0: none is, and nothing may be published."
    ),
]


def sources(
    folder: Annotated[Path, typer.Argument(help="Folder with sources.csv, figures.csv and case records.")],
    dataset: Annotated[
        Path | None, typer.Option(help="A dataset.parquet of `trafficking build`: the government returns.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="All figures compared: a .parquet or .csv.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--table", help="Side by side, a column a source: a .csv or .xlsx.")
    ] = None,
    used: Annotated[
        Path | None, typer.Option("--used", help="The dataset with gaps filled and marked: a .parquet.")
    ] = None,
    precedence: Annotated[
        Path | None, typer.Option(help="CSV of your own order: source_type, measure, rank.")
    ] = None,
    fill: Annotated[
        Literal["table", "figure"],
        typer.Option(help="Gaps are filled by whole tables of one source, or figure by figure."),
    ] = "table",
    also: Annotated[
        list[str] | None,
        typer.Option(help="Use figures of an other_period, other_unit or other_stage too; may be repeated."),
    ] = None,
    threshold: Threshold = 5,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Put figures of several sources side by side, and say which is used."""
    from crimestats import release
    from crimestats.frames import TRAFFICKING
    from crimestats.trafficking.precedence import combine
    from crimestats.trafficking.side_by_side import side_by_side

    endings = {"--out": (PARQUET, CSV), "--table": (CSV, WORKBOOK), "--used": (PARQUET,)}
    places = {"--out": out, "--table": table, "--used": used, "--json": json}
    _refuse(places, endings, [dataset, precedence, *_files_of(folder)])
    say = Console(quiet or is_stdout(json))
    returns = TRAFFICKING.empty() if dataset is None else release.read_parquet(dataset, frame="Trafficking")
    with say.steps("Comparing"):
        found = combine(
            returns,
            folder,
            precedence=precedence,
            fill=fill,
            also=tuple(also or ()),
            protect=protection(threshold),
        )
    wide = side_by_side(found.sources)
    _write(out, found.sources, "Sources", say)
    _write(used, found.dataset, "Trafficking", say)
    _write_table(table, wide, found, say)
    if not say.quiet:
        _show(wide, found.sources)
        say.findings(found.findings, found.records["source_id"].nunique(), messages=2)
    write_json(json, wide.to_json(orient="records", force_ascii=False))
    _end(found.findings)


def cases(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder with reporting_entities.csv, events.csv, victims.csv, perpetrators.csv."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Where to write: the layout of figures.csv.")] = Path(
        "figures.csv"
    ),
    source_id: Annotated[str, typer.Option(help="Of the source, as in sources.csv.")] = "cases",
    threshold: Threshold = 5,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Count the persons in case records, each once a year."""
    from crimestats.files import replacing
    from crimestats.trafficking.cases import count_cases, figures_file, findings_of_cases, read_cases
    from crimestats.trafficking.sources import described_by, hidden_by

    _refuse({"--out": out, "--json": json}, {"--out": (CSV,)}, _files_of(folder))
    say = Console(quiet or is_stdout(json))
    protect = protection(threshold)
    with say.steps("Counting"):
        records = read_cases(folder, source_id)
        counts = described_by(count_cases(records), _unrecorded(source_id))
        counts = hidden_by(protect, counts) if protect else counts
        findings = findings_of_cases(records)
    text = figures_file(counts)
    with replacing(out) as place:
        text.to_csv(place, index=False, lineterminator="\n")
    if not say.quiet:
        _show_counts(counts, records)
        say.findings(findings, 1, messages=2)
        if not protect:
            say.warn("Exact counts of persons: not to be published.")
    say.wrote(out)
    write_json(json, text.to_json(orient="records", force_ascii=False))
    _end(findings)


def protection(threshold: int) -> "Callable[[DataFrame], DataFrame] | None":
    """What hides small figures in a table; none where the threshold is nought.

    Raises:
        CallError: The threshold hides nothing, or is below nought.
    """
    from crimestats.disclosure import protect

    if threshold < 0 or threshold == 1:
        raise CallError("--threshold", f"is {threshold}.", "Write 2 or more, or 0 for none.")
    return (
        (lambda table: protect(_coarsened(table, threshold), threshold=threshold)[0]) if threshold else None
    )


def _coarsened(table: "DataFrame", threshold: int) -> "DataFrame":
    """A range of persons who are not matched, such as 2 to 3, is a small count too."""
    is_small = table["value"].isna() & (table["upper"] < threshold)
    lower, upper = table["lower"].mask(is_small, 0.0), table["upper"].mask(is_small, threshold - 1.0)
    return table.assign(lower=lower, upper=upper)


def _unrecorded(source_id: str) -> "DataFrame":
    """The record of a source of which only the records themselves are known."""
    from pandas import DataFrame

    known = {"source_id": source_id, "title": source_id, "geography": "national", "part": "", "published": ""}
    codes = {"source_type": "court_cases", "method": "case_files", "period": "calendar", "reliability": "_U"}
    return DataFrame([known | codes])


def _refuse(
    places: dict[str, Path | None], endings: dict[str, tuple[str, ...]], inputs: list[Path | None]
) -> None:
    """Refuse places that cannot be written to, or are read, before the work."""
    for option, suffixes in endings.items():
        path = places[option]
        if path is not None:
            refuse_place(option, path, suffixes)
    refuse_inputs(places, inputs)


def _files_of(folder: Path) -> list[Path | None]:
    """What may be read in a folder of sources or of case records, with the folders of records in it."""
    from crimestats.trafficking.case_records import TABLES
    from crimestats.trafficking.sources import FIGURES_FILE, SOURCES_FILE

    here = folder / SOURCES_FILE
    own = [here, folder / FIGURES_FILE] if here.is_file() else []
    return [*own, *(path for name in TABLES for path in folder.rglob(f"{name}.csv"))]


def _write(path: Path | None, table: "DataFrame", frame: str, say: Console) -> None:
    from crimestats import release
    from crimestats.files import replacing

    if path is None:
        return
    if path.suffix.casefold() == PARQUET:
        release.write_parquet(table, frame, path)
    else:
        with replacing(path) as place:
            table.to_csv(place, index=False, lineterminator="\n")
    say.wrote(path)


def _write_table(path: Path | None, wide: "DataFrame", found: Any, say: Console) -> None:
    """The sources side by side; in a workbook with the records of the sources and the findings."""
    from crimestats.files import replacing

    if path is None:
        return
    with replacing(path) as place:
        if path.suffix.casefold() == CSV:
            wide.to_csv(place, index=False, lineterminator="\n")
        else:
            findings = found.findings[["severity", "rule", "area", "year", "message"]]
            _workbook(place, {"Side by side": wide, "Sources": found.records, "Findings": findings})
    say.wrote(path)


def _workbook(place: Path, sheets: "dict[str, DataFrame]") -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(place), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold, used = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bold": True})
        share = book.add_format({"num_format": "0%"})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 2)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            rows = table.astype("object").where(table.notna(), None).to_numpy().tolist()
            for column, heading in enumerate(table.columns):
                texts = [str(row[column] or "") for row in rows]
                sheet.write(0, column, heading, bold)
                sheet.set_column(column, column, min(60, max(map(len, [heading, *texts])) + 2))
                for line, row in enumerate(rows, start=1):
                    form = share if heading.startswith("relative") else None
                    form = used if isinstance(row[column], str) and row[column].endswith(" *") else form
                    sheet.write(line, column, row[column], form)
            sheet.autofilter(0, 0, max(len(rows), 1), len(table.columns) - 1)


def _show(wide: "DataFrame", sources: "DataFrame") -> None:
    """The figures that sources differ on, the widest apart first, then the gaps filled."""
    from rich import box
    from rich import print as show
    from rich.markup import escape
    from rich.table import Table

    from crimestats.frames import TOTAL
    from crimestats.trafficking.side_by_side import named

    ids = [name for name in wide.columns if name in set(sources["source_id"].astype("str"))]
    apart = wide[["relative_lower", "relative_upper"]].abs().max(axis="columns").fillna(-1)
    several = (wide[ids] != "").sum(axis="columns") > 1
    is_whole = (wide[["dimension", "sex", "age"]].astype("str") == TOTAL).all(axis="columns")
    rows = wide.assign(what=named(wide), apart=apart, several=several)[several | is_whole]
    rows = rows.sort_values(["several", "apart"], ascending=False, kind="stable")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("Area", "Year", "Figure", "Sources (* used)"):
        table.add_column(heading, no_wrap=heading in ("Area", "Year"), overflow="fold")
    for row in rows.head(SHOWN).to_dict("records"):
        said = [f"{name} {row[name]}" for name in ids if row[name]]
        table.add_row(*map(escape, (str(row["area"]), str(row["year"]), row["what"], "\n".join(said))))
    if len(rows):
        show(table)
    counts = {
        "figures of other sources": (sources["source_type"] != "government_return").sum(),
        "different things they are on": len(wide), "of these with figures of several sources": several.sum(),
        "figures that fill a gap": (wide["gap_filled"] == "yes").sum(),
    }  # fmt: skip
    typer.echo("\n".join(f"{number:>6,} {name}" for name, number in counts.items()))


def _show_counts(counts: "DataFrame", records: Any) -> None:
    """Totals of each measure and year."""
    from crimestats.trafficking.judging import written

    keys = ["dimension", "sex", "age", "exploitation", "citizenship"]
    total = counts[(counts[keys].astype("str") == "_T").all(axis="columns") & (counts["iccs"] == "0204")]
    text = written(total["lower"], total["upper"]).mask(total["lower"].isna(), total["status"].astype("str"))
    wide = total.assign(text=text).astype({"measure": "str", "area": "str"})
    wide = wide.pivot_table(index=["area", "year"], columns="measure", values="text", aggfunc="first").fillna(
        ""
    )
    typer.echo(wide.rename(columns={"offences": "events"}).rename_axis(columns=None).to_string())
    typer.echo(f"Records: {len(records.victims):,} of victims, {len(records.perpetrators):,} of perpetrators,"
               f" {len(records.events):,} events")  # fmt: skip


def _end(findings: "DataFrame") -> None:
    is_error = (findings["severity"] == "error") & (findings["verdict"] == "fail")
    raise typer.Exit(1 if is_error.any() else 0)
