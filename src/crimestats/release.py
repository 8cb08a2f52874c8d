"""Release folders: the tables of a round as Parquet, with the pages to read them by.

The same input gives the same bytes, whatever the order of its rows. A folder
is written beside its place and renamed when it is whole, so that a release is
either there or not.
"""

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas import DataFrame

from crimestats import areas, frames
from crimestats.errors import FileError
from crimestats.files import reason

if TYPE_CHECKING:
    from crimestats.questionnaire import Questionnaire

RECORD = "release.json"
_KEY = b"crimestats"
_SERIES = {
    "indicator", "series", "area", "iccs", "item", "scheme", "code", *frames.SERIES, "grouping", "method",
    "questionnaire", "agency", "correspondence", "tags",
}  # fmt: skip
"""Keys that tell series apart: sorted before the year, so that the years of a series stand in their order."""


def publish(
    trends: DataFrame,
    folder: str | Path,
    *,
    observations: DataFrame | None = None,
    findings: DataFrame | None = None,
    lineage: DataFrame | None = None,
    returns: DataFrame | None = None,
    estimates: DataFrame | None = None,
    classified: DataFrame | None = None,
    definition: "Questionnaire | None" = None,
    population: DataFrame | None = None,
    title: str = "",
) -> Path:
    """Write a release folder.

    It holds `trends.parquet`, a Parquet file for each further table that is
    given, `index.html` with a chart for each indicator, `findings.html` where
    findings are given, and `release.json` with the versions, the hashes of the
    source workbooks and of the files.

    Figures can be joined to their cells: `part_id` of the lineage is the
    `figure_id` of another figure (`part_kind` figure) or of an estimate
    (estimate), or what `cell_ids` makes of an observation (cell); in SQL
    `return_id || '!' || sheet || '!' || cell`. Values of the parts, times
    `weight`, add to the figure.

    Args:
        trends: Figures of the tables (`frames.TRENDS`).
        folder: Where to; a release that is there already is replaced whole.
        observations: What was reported (`frames.OBSERVATIONS`).
        findings: What the rules found (`frames.FINDINGS`).
        lineage: What each figure is made of (`frames.LINEAGE`).
        returns: The files that were read (`frames.RETURNS`); where they lay is not told.
        estimates: What was put in the place of missing figures (`frames.ESTIMATES`).
        classified: The observations with their categories (`frames.CLASSIFIED`), where a
            correspondence table gave them these; else the code is the category.
        definition: The questionnaire that they answer.
        population: What the rates rest on (as `areas.population`); the shipped table where not given.
        title: Heading of the summary page.

    Returns:
        The folder, as an absolute path.

    Raises:
        CallError: A table is not what its name says.
        FileError: The folder holds something else, or cannot be written.
    """
    given = {
        "Trends": trends,
        "Observations": observations,
        "Findings": findings,
        "Lineage": lineage,
        "Returns": returns,
        "Estimates": estimates,
        "Classified": classified,
    }
    tables = {
        name: _in_order(table, frames.FRAMES[name]) for name, table in given.items() if table is not None
    }
    if "Returns" in tables:
        tables["Returns"] = tables["Returns"].assign(file=tables["Returns"]["return_id"].astype("str"))
    versions = _versions(definition, tables.get("Returns"), population)
    target = Path(folder).resolve()
    with replacing_folder(target) as new:
        for name, table in tables.items():
            _write(table, name, new / f"{name.lower()}.parquet", versions)
        _write_pages(new, tables, definition, population, title)
        _write_record(new, tables, versions, title)
    return target


def write_parquet(table: DataFrame, frame: str, path: str | Path) -> Path:
    """Write one table with the schema that its frame declares: sorted rows, sorted codes, zstd.

    Args:
        table: The rows, in any order.
        frame: Name of its declaration (e.g. `Trends`).
        path: The file; it is renamed into its place when it is whole.

    Raises:
        CallError: The table is not what the name says.
        FileError: The file cannot be written.
    """
    rows, target = _in_order(table, frames.FRAMES[frame]), Path(path)
    new = _part(target)
    with _writing(target):
        try:
            _write(rows, frame, new, _code())
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
    return target


def _write(table: DataFrame, frame: str, path: Path, versions: Mapping[str, Any]) -> None:
    """One Parquet file; its metadata say under `crimestats` which frame it is and what it rests on."""
    import pyarrow
    import pyarrow.parquet

    record = json.dumps({"frame": frame, **versions}, sort_keys=True, ensure_ascii=False)
    arrow = pyarrow.Table.from_pandas(table, schema=frames.FRAMES[frame].arrow(), preserve_index=False)
    pyarrow.parquet.write_table(
        arrow.replace_schema_metadata({_KEY: record.encode()}), path, compression="zstd"
    )


def cell_ids(observations: DataFrame) -> "pd.Series[str]":
    """The id of the cell that each observation is from, as the lineage names it: `return!sheet!cell`."""
    return_id, sheet, cell = (observations[name].astype("str") for name in ("return_id", "sheet", "cell"))
    return return_id + "!" + sheet + "!" + cell


def read_parquet(
    path: str | Path, wanted: Mapping[str, Sequence[Any]] | None = None, *, frame: str | None = None
) -> DataFrame:
    """Read a table of a release, with the dtypes that its frame declares.

    Args:
        path: The file.
        wanted: Columns and the values that rows must have one of; all rows if None.
        frame: Name of the declaration that it must be of (e.g. `Trends`); any if None.

    Raises:
        FileError: It cannot be read, is not of a release, or holds another table.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        if Path(path).is_dir():  # else all the tables in it are read as one
            raise IsADirectoryError
        arrow = pyarrow.parquet.read_table(path, filters=_filter(path, wanted) if wanted else None)
    except (OSError, pyarrow.ArrowException) as error:
        fault = f"cannot be read ({reason(path, error)})."
        raise FileError(str(path), fault, "Give a Parquet file of a release.") from error
    record = json.loads((arrow.schema.metadata or {}).get(_KEY, b"{}"))
    if record.get("frame") not in frames.FRAMES:
        raise FileError(
            str(path), "is not of a release: it names no frame.", "Read it with pandas.read_parquet."
        )
    if frame is not None and record["frame"] != frame:
        fault = f"holds {record['frame'].lower()}, not {frame.lower()}."
        raise FileError(str(path), fault, f"Give a {frame.lower()}.parquet.")
    return frames.FRAMES[record["frame"]].cast(arrow.to_pandas())


def _filter(path: str | Path, wanted: Mapping[str, Sequence[Any]]) -> Any:
    """The condition that rows have one of the values in each column."""
    from functools import reduce
    from operator import and_

    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(path)
    kinds = {name: schema.field(name).type for name in wanted}
    conditions = []
    for name, kind in kinds.items():
        plain = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
        conditions.append(pyarrow.compute.field(name).isin(pyarrow.array(wanted[name], plain)))
    return reduce(and_, conditions)


def _in_order(table: DataFrame, declared: frames.Frame) -> DataFrame:
    """The rows by series, year, then the rest; of each key only the codes that occur, sorted."""
    table = declared.cast(declared.check(table))
    keys = [name for name, kind in declared.columns.items() if kind == "key"]
    table = table.assign(**{name: _sorted_codes(table[name]) for name in keys})
    years = [name for name, kind in declared.columns.items() if kind.endswith("year")]
    first = [*(name for name in keys if name in _SERIES or not years), *years]
    return table.sort_values(
        [*first, *(name for name in table.columns if name not in first)], ignore_index=True
    )


def _sorted_codes(column: "pd.Series[Any]") -> "pd.Series[Any]":
    used = column.cat.remove_unused_categories()
    return used.cat.set_categories(sorted(used.cat.categories))


def _code() -> dict[str, Any]:
    import crimestats
    from crimestats.classification import Classification

    return {"crimestats": crimestats.__version__, "classification": Classification.load("iccs").scheme}


def _versions(
    definition: "Questionnaire | None", returns: DataFrame | None, population: DataFrame | None
) -> dict[str, Any]:
    """What the figures rest on: code, classification, questionnaire, population, workbooks by hash."""
    table = areas.population() if population is None else population
    workbooks = {} if returns is None else dict(zip(returns["return_id"], returns["sha256"], strict=True))
    return {
        **_code(),
        "questionnaire": definition.id if definition else "",
        "population": {
            "sources": sorted({key for joined in table["source"].unique() for key in joined.split("+")}),
            "sha256": sha256(table.to_csv(index=False, lineterminator="\n").encode()).hexdigest(),
        },
        "workbooks": dict(sorted(workbooks.items())),
    }


def _write_pages(
    new: Path,
    tables: Mapping[str, DataFrame],
    definition: "Questionnaire | None",
    population: DataFrame | None,
    title: str,
) -> None:
    from crimestats import report

    if "Findings" in tables:
        report.write(
            report.findings_page(tables["Findings"], tables.get("Returns"), definition), new / "findings.html"
        )
    parts = sorted(path.name for path in new.iterdir())
    page = report.release_page(tables["Trends"], definition, population=population, title=title, parts=parts)
    report.write(page, new / "index.html")


def _write_record(
    new: Path, tables: Mapping[str, DataFrame], versions: Mapping[str, Any], title: str
) -> None:
    rows = {f"{name.lower()}.parquet": {"frame": name, "rows": len(table)} for name, table in tables.items()}
    files = {
        path.name: {**rows.get(path.name, {}), "sha256": sha256(path.read_bytes()).hexdigest()}
        for path in sorted(new.iterdir())
    }
    record = json.dumps({"title": title, **versions, "files": files}, indent=2, ensure_ascii=False)
    (new / RECORD).write_text(record + "\n", encoding="utf-8", newline="\n")


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """A new folder beside the target, which takes its place when the block ends well and else goes.

    What is written into it must hold a `release.json` that lists the files under `files`: by that
    a later one may replace it.

    Raises:
        FileError: The target holds something else, or cannot be written.
    """
    new = _part(target)
    with _writing(target):
        _refuse_others(target)
        try:
            new.mkdir(parents=True)
            yield new
            _replace(target, new)
        finally:
            shutil.rmtree(new, ignore_errors=True)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """What the operating system refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        remedy = "Give a place that may be written and whose disk has room."
        raise FileError(str(target), f"cannot be written ({error.strerror or error}).", remedy) from error


def _part(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _refuse_others(target: Path) -> None:
    """Refuse to replace what is not a release: whatever stands there must be listed in its record."""
    if not target.exists():
        return
    remedy = "Give a new folder, or one that holds a release and nothing else."
    if not target.is_dir():
        raise FileError(str(target), "is a file.", remedy)
    others = sorted({path.name for path in target.iterdir()} - _listed(target / RECORD))
    if others:
        raise FileError(
            str(target), f"holds files that are not of a release: {', '.join(others[:5])}.", remedy
        )


def _listed(path: Path) -> set[str]:
    try:
        return {RECORD, *json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _replace(target: Path, new: Path) -> None:
    """Put the new folder into its place; the old one stays until then, and comes back if that fails."""
    if not target.exists():
        new.rename(target)
        return
    shutil.copymode(target, new)
    old = new.with_suffix(".old")
    target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
