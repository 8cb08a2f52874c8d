"""The files of a store: immutable Parquet, each named by the SHA-256 of its bytes, readable without us."""

import json
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pandas import DataFrame, Series

from crimestats import areas, frames
from crimestats.errors import CallError, FileError

if TYPE_CHECKING:
    import pyarrow

SUFFIX, PART = ".parquet", ".part"
_KEY = b"crimestats"
_VINTAGE = "vintage"
_PERSONS = ("area", "year", "sex", "age", "citizenship")
_KINDS = {"year": "int16", "population": "float64"}


def encoded(table: "pyarrow.Table", **record: Any) -> bytes:
    """A table as the bytes of a Parquet file; the same rows give the same bytes.

    Args:
        table: The rows.
        record: What the file says of itself, under `crimestats` in its metadata.
    """
    import pyarrow.parquet

    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    target = BytesIO()
    rows = table.replace_schema_metadata({_KEY: text.encode()})
    pyarrow.parquet.write_table(rows, target, compression="zstd")
    return target.getvalue()


def encoded_figures(observations: DataFrame, **record: Any) -> bytes:
    """Figures as a file; it names its frame, so that it reads like a file of a release.

    Args:
        observations: As `frames.OBSERVATIONS` declares them, and `vintage` where it is known.
        record: What else the file says of itself, such as the hashes of the workbooks.
    """
    import pyarrow

    declared = frames.OBSERVATIONS
    schema, names = declared.arrow(), list(declared.columns)
    if _VINTAGE in observations:
        schema, names = schema.append(pyarrow.field(_VINTAGE, pyarrow.int64())), [*names, _VINTAGE]
    keys = [name for name, kind in declared.columns.items() if kind == "key"]
    rows = observations[names].assign(**{name: _sorted_codes(observations[name]) for name in keys})
    table = pyarrow.Table.from_pandas(rows, schema=schema, preserve_index=False)
    return encoded(table, frame=declared.name, **record)


def _sorted_codes(column: "Series[Any]") -> "Series[Any]":
    """The codes that occur, sorted: the same figures are the same bytes, whatever they came from."""
    used = column.cat.remove_unused_categories()
    return used.cat.set_categories(sorted(used.cat.categories))


def encoded_population(population: DataFrame | None) -> bytes:
    """A population table as a file; the shipped one where none is given."""
    return _shipped() if population is None else _population(population)


def population_from(content: bytes) -> DataFrame:
    """The population table that a file holds, as `areas.population` gives it."""
    table = table_of(content).to_pandas()
    if (table["citizenship"] == frames.TOTAL).all():
        table = table.drop(columns="citizenship")
    keys = {name: "category" for name in table.columns if name not in _KINDS}
    typed: DataFrame = table.astype(keys)
    return typed


def name_of(content: bytes) -> str:
    """The name of a file, which is what tells whether it is still what it was."""
    return sha256(content).hexdigest()


def keep(folder: Path, content: bytes) -> str:
    """Put a file into its place, for good: what is there when this returns outlives a power cut.

    Returns:
        Its name, without the suffix.

    Raises:
        FileError: The folder cannot be written.
    """
    name = name_of(content)
    part = folder / f".{secrets.token_hex(8)}{PART}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(part, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o444)
        part.replace(place_of(folder, name))
        _settle(folder)
    except OSError as error:
        remedy = "Give a place that may be written and whose disk has room."
        raise FileError(str(folder), f"cannot be written ({error.strerror or error}).", remedy) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return name


def fetch(folder: Path, name: str) -> bytes:
    """The bytes of a file.

    Raises:
        FileError: It is not there, or its content does not fit its name.
    """
    path = place_of(folder, name)
    remedy = "Bring the file back from a copy of the store; the vintages that rest on it cannot be read."
    try:
        content = path.read_bytes()
    except OSError as error:
        remedy = f"{remedy[:-1]}, or name the folder where the files lie now (`--files`)."
        raise FileError(str(path), f"cannot be read ({error.strerror}).", remedy) from error
    if name_of(content) != name:
        raise FileError(str(path), "is not what was accepted: its content does not fit its name.", remedy)
    return content


def place_of(folder: Path, name: str) -> Path:
    """Where a file lies."""
    return folder / f"{name}{SUFFIX}"


def faults(folder: Path, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is wrong in the folder: files that are gone, damaged, or of no vintage, each with its fault."""
    for name in sorted(set(names)):
        try:
            fetch(folder, name)
        except FileError as error:
            yield str(place_of(folder, name)), error.fault
    others = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in others:
        if path.suffix == PART:
            yield str(path), "was being written when its process ended; it may be deleted."
        elif path.suffix != SUFFIX or path.stem not in names:
            yield str(path), "is of no vintage of this store; it does no harm."


def table_of(content: bytes, columns: list[str] | None = None) -> "pyarrow.Table":
    """The rows of a file, or some of its columns."""
    import pyarrow
    import pyarrow.parquet

    reader = pyarrow.BufferReader(content)
    return pyarrow.parquet.ParquetFile(reader).read(columns=columns, use_threads=False)


def _settle(folder: Path) -> None:
    """Let the entry of a folder outlive a power cut, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def _shipped() -> bytes:
    return _population(areas.population())


def _population(population: DataFrame) -> bytes:
    import pyarrow

    names = [*_PERSONS, "population", "source"]
    table = population.assign(
        **{
            name: text
            for name, text in (("citizenship", frames.TOTAL), ("source", "own"))
            if name not in population
        }
    )
    missing = [name for name in names if name not in table]
    if missing:
        fault = f"lacks the column {', '.join(missing)}."
        raise CallError("population", fault, "Give what `population` returns.")
    table = table[names].astype({name: _KINDS.get(name, "str") for name in names})
    table = table.sort_values([*_PERSONS, "population", "source"], ignore_index=True)
    return encoded(pyarrow.Table.from_pandas(table, preserve_index=False), frame="population")
