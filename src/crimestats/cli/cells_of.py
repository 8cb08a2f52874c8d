"""The cells that figures of a trafficking report are made of."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from pandas import DataFrame, concat
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crimestats import release
from crimestats.errors import CallError, FileError
from crimestats.frames import NOT_APPLICABLE, TOTAL
from crimestats.trafficking.checks import shown

COLUMNS = (
    "figure_id", "figure", "depth", "part_kind", "part_id", "weight", "area", "year", "what", "value",
    "status", "return_id", "sheet", "cell", "label", "findings",
)  # fmt: skip
"""What a trace tells of each part of a figure; `depth` is 1 for its own parts."""

_TABLES = ("profiles", "flows")
_MOST, _SHOWN = 20, 30
_FIRST = "pooled"
_WHAT = ("measure", "iccs", "sex", "age", "exploitation", "citizenship", "country")


def traced(folder: Path, figure: str | None, where: Mapping[str, str]) -> DataFrame:
    """The parts of figures, down to the cells of the dataset.

    Args:
        folder: What `trafficking build` wrote.
        figure: An id of a share, a flow or a figure of the dataset.
        where: Columns and codes that choose shares or flows instead.

    Returns:
        A row for each part (`COLUMNS`).

    Raises:
        FileError: The folder has not the tables.
        CallError: No figure fits, or too many do.
    """
    for name in ("dataset", "lineage", *_TABLES):
        if not (folder / f"{name}.parquet").is_file():
            remedy = "Give a folder that `crimestats trafficking build` made."
            raise FileError(str(folder), f"has no {name}.parquet.", remedy)
    if figure is None and not where:
        raise CallError("--figure", "is missing.", "Give an id, or choose by --profile, --area, --year.")
    texts = _dataset_figure(folder, figure) if figure else {}
    texts = texts or _chosen(folder, figure, where)
    return _described(folder, _parts(folder, texts))


def _dataset_figure(folder: Path, figure: str) -> dict[str, str]:
    return {figure: ""} if len(_rows(folder, "dataset", "figure_id", [figure])) else {}


def _chosen(folder: Path, figure: str | None, where: Mapping[str, str]) -> dict[str, str]:
    """Ids of the shares or flows that are meant, and what each is."""
    keys = {"figure_id": figure, **where} if figure else dict(where)
    texts: dict[str, str] = {}
    columns: list[str] = []
    for name in _TABLES:
        table = release.read_parquet(folder / f"{name}.parquet")
        columns += table.columns.difference(columns, sort=False).tolist()
        if set(keys) <= set(table.columns):
            texts |= _texts(_pooled_first(_fitting(table, keys)), name)
    _refuse_unknown(keys, columns)
    if not texts or len(texts) > _MOST:
        said = ", ".join(f"{name}={code}" for name, code in keys.items())
        remedy = "See `figure_id` in profiles.parquet and flows.parquet, or choose by further columns."
        raise CallError("trace", f"{len(texts)} figures fit {said}.", remedy)
    return texts


def _refuse_unknown(keys: Mapping[str, str], columns: list[str]) -> None:
    """Say which column there is not, and which may be meant."""
    unknown = [name for name in keys if name not in columns]
    if unknown:
        near = get_close_matches(unknown[0], columns, n=3)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        fault = f"profiles and flows have no column {unknown[0]!r}.{meant}"
        raise CallError("--where", fault, f"Name one of {', '.join(columns)}.")


def _pooled_first(rows: DataFrame) -> DataFrame:
    """Shares of all persons together before means of countries; the groupings in the order of the file."""
    if "variant" not in rows:
        return rows
    is_other = rows["variant"].astype("str") != _FIRST
    return rows.assign(is_other=is_other).sort_values("is_other", kind="stable").drop(columns="is_other")


def _fitting(table: DataFrame, keys: Mapping[str, str]) -> DataFrame:
    for name, code in keys.items():
        table = table[table[name].astype("str") == code]
    return table


def _texts(rows: DataFrame, name: str) -> dict[str, str]:
    """What shares or flows are, in a line."""
    named = (
        ("profile", "within", "category", "variant", "grouping")
        if name == "profiles"
        else ("basis", "origin", "destination", "grouping")
    )
    parts = rows[[*(("area",) if name == "profiles" else ()), "year", *named]].astype("str")
    parts = parts.replace({TOTAL: "", NOT_APPLICABLE: ""})
    parts["year"] = _years(rows)
    texts = [" ".join(each for each in row if each) for row in parts.to_numpy().tolist()]
    shares = [
        "" if share != share else f": {share:.1%} of {base:,.0f}"
        for share, base in zip(rows["share"], rows["base"], strict=True)
    ]
    return {
        figure: text + share for figure, text, share in zip(rows["figure_id"], texts, shares, strict=True)
    }


def _years(rows: DataFrame) -> list[str]:
    """The year, or the years of the window whose most recent figure of each area was taken."""
    pairs = rows[["first_year", "year"]].astype("int64").to_numpy().tolist()
    return [str(last) if first == last else f"{first}-{last} (most recent)" for first, last in pairs]


def _parts(folder: Path, texts: Mapping[str, str]) -> DataFrame:
    """Parts of the figures, and their parts in turn; a figure of the dataset is its own cell."""
    found, wanted, owner, depth = [], list(texts), {figure: figure for figure in texts}, 1
    while wanted:
        edges = _rows(folder, "lineage", "figure_id", wanted)
        edges = edges.assign(root=edges["figure_id"].map(owner), depth=depth)
        found.append(edges)
        inner = edges[edges["part_kind"] == "figure"]
        owner = dict(zip(inner["part_id"], inner["root"], strict=True))
        wanted, depth = list(owner), depth + 1
    parts = concat(found, ignore_index=True)
    if parts.empty:
        only = list(texts)
        parts = DataFrame({"root": only, "depth": 1, "part_kind": "cell", "part_id": only, "weight": 1.0})
    rank = {figure: place for place, figure in enumerate(texts)}
    parts = parts.assign(figure_id=parts["root"], figure=parts["root"].map(texts))
    return parts.sort_values("root", key=lambda roots: roots.map(rank), kind="stable", ignore_index=True)


def _described(folder: Path, parts: DataFrame) -> DataFrame:
    """The parts with what the dataset says of their cells."""
    cells = _rows(folder, "dataset", "figure_id", parts["part_id"].drop_duplicates().tolist())
    cells = cells.astype({name: "str" for name in cells.columns if cells[name].dtype == "category"})
    words = cells[list(_WHAT)].replace({TOTAL: "", NOT_APPLICABLE: ""})
    what = [" ".join(each for each in row if each) for row in words.to_numpy().tolist()]
    own = cells.assign(what=what, value=shown(cells)).rename(columns={"figure_id": "part_id"})
    columns = [name for name in COLUMNS if name in own and name not in ("figure_id", "figure")]
    table = parts.merge(own[columns], on="part_id", how="left")
    rank = {figure: place for place, figure in enumerate(dict.fromkeys(parts["figure_id"]))}
    order = ["rank", "depth", "area", "year", "part_id"]
    table = table.assign(rank=table["figure_id"].map(rank)).sort_values(order, kind="stable")
    return table[list(COLUMNS)].reset_index(drop=True)


def _rows(folder: Path, name: str, column: str, values: list[str]) -> DataFrame:
    return release.read_parquet(folder / f"{name}.parquet", {column: values})


def show(found: DataFrame, full: bool) -> None:
    """Print the parts of each figure, a line each."""
    page = Console()
    count = found["figure_id"].nunique()
    if count > 1:
        page.print(
            f"{count} figures fit, those of all persons together first. To narrow: --where variant=pooled,"
            " --where grouping=m49, --where within=_T.",
            highlight=False,
        )
    for figure, rows in found.groupby("figure_id", sort=False):
        title = f"{figure}  {rows['figure'].iloc[0]}".strip()
        page.print(escape(title), highlight=False)
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for heading, side in (("Area", "left"), ("Year", "right"), ("Of", "left"), ("Value", "right"),
                              ("Part of", "left"), ("Cell", "left")):  # fmt: skip
            table.add_column(heading, justify=side, no_wrap=heading != "Cell", overflow="fold")  # type: ignore[arg-type]
        chosen = rows if full else rows.head(_SHOWN)
        for cells in _cells(chosen):
            table.add_row(*map(escape, cells))
        page.print(table)
        if len(chosen) < len(rows):
            page.print(f"and {len(rows) - len(chosen):,} more cells: --full, or --json -")


def _cells(rows: DataFrame) -> list[list[str]]:
    is_cell = rows["part_kind"] == "cell"
    places = (rows["sheet"] + "!" + rows["cell"]).where(is_cell, rows["part_id"])
    parts = [_part(float(weight)) for weight in rows["weight"]]
    columns = [rows["area"], rows["year"], rows["what"], rows["value"], parts, places]
    return [[str(each) for each in row] for row in zip(*columns, strict=True)]


def _part(weight: float) -> str:
    """Whether the persons of a cell are those that are shared, or in the base alone."""
    if weight in (0, 1):
        return "figure" if weight else "base only"
    return f"{weight:.4g} of it"
