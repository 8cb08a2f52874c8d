"""The command with which people decide: `crimestats coding review`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crimestats.cli import console
from crimestats.errors import CallError, FileError

if TYPE_CHECKING:
    from pandas import DataFrame

EXAMPLE = "crimestats coding review suggestions.csv --decisions decisions.csv --coder ANA --language es"
STYLES = {"error": "bold red", "query": "yellow"}

_OF_RECORD = ("--agreement", "--disagreements", "--table")
"""What looks at the record only, and may be asked for together."""

Suggestions = Annotated[
    Path | None, typer.Argument(help="What `coding suggest` wrote; needed to decide, export and import.")
]
Record = Annotated[Path, typer.Option("--decisions", help="Record of all decisions; it is only added to.")]
Weight = Annotated[
    str | None, typer.Option("--weight", help="Column of caseloads; texts with most cases come first.")
]
Sample = Annotated[float, typer.Option("--sample", help="Of the accepted: a share below 1, or a number.")]
Blind = Annotated[
    bool, typer.Option("--blind", help="Second coder: no suggestion, candidates in order of their codes.")
]
Resolve = Annotated[
    bool, typer.Option("--resolve", help="As a third person, decide what coders do not agree on.")
]
Disagreements = Annotated[
    Path | None, typer.Option("--disagreements", help="Write what coders do not agree on, as CSV.")
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--table", help="Write what is settled into a table of yours; with SUGGESTIONS, accepted ones too."
    ),
]
Json = Annotated[
    Path | None, typer.Option("--json", help="With --agreement or --import: as JSON; - for standard output.")
]


def review(
    suggestions: Suggestions = None,
    decisions: Record = Path("decisions.csv"),
    coder: Annotated[str, typer.Option("--coder", help="Your name, kept with each decision.")] = "",
    column: Annotated[str, typer.Option("--column", help="Column of the texts.")] = "description",
    code_column: Annotated[
        str | None, typer.Option("--code-column", help="Column of the national codes.")
    ] = None,
    weight: Weight = None,
    scheme: Annotated[str | None, typer.Option("--scheme", help="Name of the national scheme.")] = None,
    language: Annotated[str, typer.Option("--language", help="Of the texts, e.g. es.")] = "",
    sample: Sample = 0.05,
    seed: Annotated[int, typer.Option("--seed", help="Another one draws another sample.")] = 1,
    blind: Blind = False,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write an Excel sheet to decide in.")
    ] = None,
    import_: Annotated[Path | None, typer.Option("--import", help="Read that sheet back.")] = None,
    resolve: Resolve = False,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Show kappa and alpha at each level.")
    ] = False,
    disagreements: Disagreements = None,
    table: Table = None,
    json: Json = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the exit status and the files.")] = False,
) -> None:
    """Decide what the coder was not sure of, and a sample of what it was: by single keys, or in Excel.

    Texts that were refused or moved up to a parent come with their five best
    candidates. Every decision is saved at once and stays on record. Exit
    status 1: a sheet has lines that could not be taken.
    """
    given = {"--export": export, "--import": import_, "--resolve": resolve, "--agreement": agreement,
             "--disagreements": disagreements, "--table": table}  # fmt: skip
    _refuse_modes([name for name, value in given.items() if value])
    show = _Show(console.Console(quiet or str(json) == "-"), json)
    if agreement or disagreements or table or resolve:
        known = _read(decisions, scheme)
        if agreement:
            show.agreement(known)
        if disagreements:
            show.disagreements(known, disagreements)
        if table:
            given_codes = None if suggestions is None else _suggestions(suggestions)
            show.table(known, table, scheme, given_codes, column, code_column)
        if resolve:
            _resolve(known, decisions, coder)
        return
    keys = {"code_column": code_column, "weight": weight, "scheme": scheme or "", "language": language}
    known = _known(decisions)
    texts = show.queue(_suggestions(suggestions), known, column, sample, seed, keys)
    if export:
        show.export(texts, export, coder, blind)
    elif import_:
        raise typer.Exit(show.filled(texts, import_, known, decisions, coder))
    else:
        _decide(texts, decisions, known, coder, blind)


class _Show:
    """What each mode does and says."""

    def __init__(self, say: console.Console, json: Path | None) -> None:
        self.say, self.json = say, json

    def queue(
        self,
        table: "DataFrame",
        known: "DataFrame",
        column: str,
        sample: float,
        seed: int,
        keys: dict[str, Any],
    ) -> "DataFrame":
        """The queue, with how many texts of each cause."""
        from crimestats.coding.review import CAUSES, queue, tidy

        texts = queue(table, sample, seed, column, **keys)
        counts = texts["cause"].value_counts()
        told = ", ".join(f"{counts.get(each, 0):,} {each.replace('_', ' ')}" for each in CAUSES)
        self._line(
            f"Queue {texts['round'].iloc[0] if len(texts) else 'empty'}: {len(texts):,} texts ({told})."
        )
        if n_blank := int((table[column].map(tidy) == "").sum()):
            self._line(f"{n_blank:,} lines have no text and are left out.")
        self._elsewhere(texts, known)
        return texts

    def _elsewhere(self, texts: "DataFrame", known: "DataFrame") -> None:
        """Decisions on the same texts that do not count, since another scheme or language was named."""
        keys = ["scheme", "language"]
        other = known[~known.set_index(keys).index.isin(texts.set_index(keys).index)]
        n_other = int(texts["text"].isin(other["text"]).sum())
        if n_other:
            one = other[other["text"].isin(texts["text"])].iloc[-1]
            named = f"--scheme '{one['scheme']}' --language '{one['language']}'"
            self._line(f"{n_other:,} of them are on record under {named}, which does not count here.")

    def export(self, texts: "DataFrame", path: Path, coder: str, is_blind: bool) -> None:
        """The sheet."""
        from crimestats.coding.sheet import write_sheet

        self.say.wrote(write_sheet(texts, path, coder, is_blind))

    def filled(self, texts: "DataFrame", path: Path, known: "DataFrame", decisions: Path, coder: str) -> int:
        """The sheet read back; 1 if a line of it could not be taken."""
        from crimestats.coding.decisions import record
        from crimestats.coding.filled import read_sheet

        sheet = read_sheet(path, texts, known, coder)
        if sheet.decisions:
            record(decisions, sheet.decisions)
        told = sheet.findings[["severity", "message"]]
        for severity, message in told.itertuples(index=False, name=None):
            self._line(f"{severity}: {message}", STYLES[severity])
        n_wrong = int((sheet.findings["severity"] == "error").sum())
        self._line(
            f"Taken: {len(sheet.decisions):,}. On record already: {sheet.n_known:,}. "
            f"Not decided: {sheet.n_open:,}. Not taken because of a fault: {n_wrong:,}."
        )
        counts = {"taken": len(sheet.decisions), "known": sheet.n_known, "open": sheet.n_open}
        self._json(counts | {"findings": sheet.findings.to_dict("records")})
        return 1 if n_wrong else 0

    def agreement(self, known: "DataFrame") -> None:
        """Kappa and alpha."""
        from crimestats.coding.agreement import agreement

        found = agreement(known)
        if not self.say.quiet:
            _agreement_table(found)
            alpha = found[found["measure"] == "alpha"]
            if alpha["shown"].any():
                told = (
                    f"{alpha['shown'].max():,} of {alpha['units'].max():,} texts were decided by nobody blind"
                )
                self._line(f"{told}: what was suggested may have raised agreement on them.")
        self._json(found.astype(object).where(found.notna(), None).to_dict("records"))

    def disagreements(self, known: "DataFrame", path: Path) -> None:
        """What coders do not agree on."""
        from crimestats.coding.decisions import disagreements
        from crimestats.files import replacing

        found = disagreements(known)
        with replacing(path) as place:
            found.drop(columns="unit").to_csv(place, index=False, lineterminator="\n")
        n_open = int((found["status"] == "open").sum())
        self._line(f"Coders differ on {len(found):,} texts; {n_open:,} of them are open.")
        self.say.wrote(path)

    def table(
        self, known: "DataFrame", path: Path, scheme: str | None, suggestions: "DataFrame | None",
        column: str, code_column: str | None,
    ) -> None:  # fmt: skip
        """The user's table; with suggestions, what was accepted and not reviewed as candidates."""
        from crimestats.coding.outcomes import candidates, write_table

        suggested = None if suggestions is None else candidates(suggestions, column, code_column)
        missing = write_table(known, path, scheme, suggested)
        for code, why in missing[["code", "why"]].itertuples(index=False, name=None):
            self._line(f"not written: {code[:60]}: {why}", STYLES["query"])
        self.say.wrote(path)

    def _line(self, what: str, style: str = "") -> None:
        if not self.say.quiet:
            from rich import get_console

            get_console().print(what, style=style, markup=False, highlight=False, soft_wrap=True)

    def _json(self, what: object) -> None:
        import json as codec

        from crimestats.files import replacing

        if self.json is None:
            return
        written = codec.dumps(what, ensure_ascii=False)
        if str(self.json) == "-":
            typer.echo(written)
            return
        with replacing(self.json) as place:
            place.write_text(written + "\n", encoding="utf-8")


def _refuse_modes(given: list[str]) -> None:
    if len(given) > 1 and not set(given) <= set(_OF_RECORD):
        raise CallError(" and ".join(given), "do not go together.", "Give one at a time.")


def _read(path: Path, scheme: str | None) -> "DataFrame":
    from crimestats.coding.decisions import read_decisions

    known = read_decisions(path)
    if scheme is None:
        return known
    chosen = known[known["scheme"] == scheme].reset_index(drop=True)
    if chosen.empty and len(known):
        there = ", ".join(repr(name) for name in sorted(set(known["scheme"])))
        raise CallError("--scheme", f"{scheme!r} has no decisions in {path}.", f"There are those on {there}.")
    return chosen


def _known(path: Path) -> "DataFrame":
    from crimestats.coding.decisions import none_yet, read_decisions

    if not path.parent.is_dir():
        raise FileError(str(path), "cannot be written (no such folder).", "Make the folder first.")
    return read_decisions(path) if path.exists() and path.stat().st_size else none_yet()


def _suggestions(path: Path | None) -> "DataFrame":
    from crimestats.files import read_csv

    if path is None:
        remedy = "Give the file that `crimestats coding suggest` wrote."
        raise CallError("SUGGESTIONS", "is not given.", remedy)
    return read_csv(path)


def _refuse_nobody(coder: str) -> None:
    if not coder.strip():
        raise CallError("--coder", "is not given.", "Say who decides: the name is kept with each decision.")


def _decide(texts: "DataFrame", path: Path, known: "DataFrame", coder: str, is_blind: bool) -> None:
    from crimestats.cli.desk import Desk

    _refuse_nobody(coder)
    Desk(texts, path, known, coder, is_blind).run()


def _resolve(known: "DataFrame", path: Path, coder: str) -> None:
    from rich import get_console

    from crimestats.cli.desk import Desk
    from crimestats.coding.decisions import disputes

    _refuse_nobody(coder)
    texts, n_own = disputes(known, coder)
    if n_own:
        told = f"{n_own:,} open texts were decided by {coder}: a third person has to resolve them."
        get_console().print(told, markup=False, highlight=False)
    Desk(texts, path, known, coder, kind="resolution").run()


def _agreement_table(found: "DataFrame") -> None:
    from rich import get_console
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Agreement between coders", title_justify="left")
    for heading in ("Level", "Measure", "Coders", "Texts", "Agreed", "Value"):
        table.add_column(heading, justify="left" if heading in ("Measure", "Coders") else "right")
    for row in found.to_dict("records"):
        agreed = "" if row["agreed"] != row["agreed"] else f"{row['agreed']:.3f}"
        value = row["note"] or f"{row['value']:.3f}"
        cells = (row["level"], row["measure"], row["coders"], f"{row['units']:,}", agreed, value)
        table.add_row(*(Text(str(cell)) for cell in cells))
    get_console().print(table)
    note = (
        "A code that ends above a level is compared there as it stands; each coder's first decision counts."
    )
    get_console().print(note, style="dim", highlight=False)
