"""Read the returned workbooks of a round into one table of cells."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from pandas import DataFrame, Series

from crimestats.errors import CallError, FileError
from crimestats.frames import CELLS, RETURNS, UNKNOWN
from crimestats.questionnaire import Questionnaire
from crimestats.returns.form import to_form
from crimestats.returns.records import supersede
from crimestats.returns.sheaf import Sheaf
from crimestats.returns.table import to_cells
from crimestats.returns.workbook import HEADER, Reader

_OF_THE_SYSTEM = ("desktop.ini", "thumbs.db")  # what Windows leaves in a folder; nobody sent it

_ALONE = 16 * 2**20  # bytes that are read in about two seconds: threads would save less than they cost
_THREADS = 8  # python-calamine and zlib let go of the interpreter, but not all the time

PathLike = str | os.PathLike[str]


def read(
    paths: PathLike | Iterable[PathLike],
    definition: Questionnaire,
    *,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
) -> DataFrame:
    """Read returned workbooks, all of a round at once.

    Input cells are found by their defined names; where names were lost, by the
    item number of the row and the years of the table's heading. Figures are
    read here and only here: exact, bounded (`<5`), missing with a status, or
    unreadable; the text found is always kept. Whatever is wrong with a file is
    a row of the table and never an exception.

    Args:
        paths: A folder (with those below it), a workbook, or several workbooks.
        definition: The questionnaire that they answer.
        progress: Called after each file with how many are read, and of how many.
        workers: Threads; by default one for each processor where the files have more than 16 MiB
            together, else none: they cost CPU time that only a long read is worth.

    Returns:
        `frames.CELLS`: one row for each filled cell, for each required cell that
        is blank, and for each fact about a file. Items that are no figures:
        `H.<field>` header, `M.<module>.<question>` metadata, `N.<item>` a note
        in a row without figures, `L.<item>` the country or city that the sender named,
        `A.<finding_id>` the answer to a question put before, `_file`, `_sha256`, `_fault.<kind>` about the
        file (raw says what) and `_cell.<kind>` about a cell (raw is the text
        found there, note says what is the matter).

    Raises:
        FileError: There is no such folder or file, or the folder holds no workbook.
        CallError: `workers` is less than 1.

    >>> from pathlib import Path; from tempfile import TemporaryDirectory
    >>> from crimestats.questionnaire import build
    >>> cts = Questionnaire.load("un-cts-2024")
    >>> figures = DataFrame({"year": [2022], "item": ["homicide_victims"], "value": ["<5"]})
    >>> with TemporaryDirectory() as folder:
    ...     _ = build(cts, Path(folder, "PRT.xlsx"), area="PRT", figures=figures)
    ...     cells = read(folder, cts)
    >>> cells.loc[cells["status"] == "bounded", ["area", "item", "year", "raw", "upper"]].to_dict("records")
    [{'area': 'PRT', 'item': 'homicide_victims', 'year': 2022, 'raw': '<5', 'upper': 4.0}]
    """
    if workers is not None and workers < 1:
        raise CallError("workers", f"is {workers}.", "Give 1 or more, or leave it out.")
    files, names = _listed(paths)
    reader = Reader(to_form(definition))
    found = dict(_examined(reader, files, workers, progress))
    sheaves = [found[position] for position in range(len(files))]
    supersede(sheaves, reader.form)
    return to_cells(sheaves, _return_ids(names, sheaves), reader.form)


def read_round(
    paths: PathLike | Iterable[PathLike],
    definition: Questionnaire,
    others: Mapping[str, Callable[[], Questionnaire]],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[tuple[Questionnaire, DataFrame]]:
    """Read the workbooks of a folder that answer several questionnaires, each by its own.

    Args:
        paths: As `read` takes them.
        definition: The questionnaire of files that do not say which they answer.
        others: Further questionnaires by id, loaded when a file states one of them.
        progress: As `read` takes it.

    Returns:
        For each questionnaire that a file answers its definition and the cells; a file that
        states an unknown one stays with the first, with that fault.

    Raises:
        FileError: There is no such folder or file, or the folder holds no workbook.
    """
    files, names = _listed(paths)
    first = Reader(to_form(definition))
    found = dict(_examined(first, files, None, progress))
    sheaves = [found[position] for position in range(len(files))]
    stated = [sheaf.stated() for sheaf in sheaves]
    owner = [name if name in others and name != definition.id else definition.id for name in stated]
    loaded = {definition.id: definition}
    for name in sorted(set(owner) - {definition.id}):
        loaded[name] = others[name]()
        reader = Reader(to_form(loaded[name]))
        for position, whose in enumerate(owner):
            if whose == name:
                sheaves[position] = reader.examine(files[position])
    ids = _return_ids(names, sheaves)
    parts = []
    for name, own in loaded.items():
        chosen = [position for position, whose in enumerate(owner) if whose == name]
        if chosen:
            theirs, form = [sheaves[position] for position in chosen], to_form(own)
            supersede(theirs, form)
            parts.append((own, to_cells(theirs, [ids[position] for position in chosen], form)))
    return parts


def returns(cells: DataFrame) -> DataFrame:
    """The files of a round, from the rows about them.

    Args:
        cells: What `read` returned.

    Returns:
        `frames.RETURNS`; status is `read`, `refused` where the file could not be read, or
        `superseded` where another file of the round answers it.
    """
    CELLS.check(cells)
    known = {name: f"H.{name}" for name in HEADER} | {"file": "_file", "sha256": "_sha256"}
    about = cells[cells["item"].isin([*known.values(), "_fault.other_questionnaire", "_fault.superseded"])]
    about = about.astype({"return_id": "str", "item": "str"})
    texts = {item: rows.set_index("return_id")["raw"] for item, rows in about.groupby("item")}
    nothing = Series(dtype="str")
    found = {name: texts.get(item, nothing).str.strip() for name, item in known.items()}
    table = DataFrame(found).fillna("").rename_axis("return_id").reset_index()
    for key in ("questionnaire", "area", "language"):
        table[key] = table[key].replace("", UNKNOWN)
    others = texts.get("_fault.other_questionnaire", nothing).index
    owner = about[about["item"] == "_file"].set_index("return_id")["area"].astype("str")
    table["area"] = table["return_id"].map(owner).fillna(UNKNOWN)
    is_read = table["return_id"].isin(found["area"].index.difference(others))
    status = is_read.map({True: "read", False: "refused"})
    answered = table["return_id"].isin(texts.get("_fault.superseded", nothing).index)
    return RETURNS.cast(table.assign(status=status.mask(answered, "superseded")))


def _examined(
    reader: Reader, files: Sequence[str], workers: int | None, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, Sheaf]]:
    for done, found in enumerate(_each(reader, files, workers), start=1):
        yield found
        if progress:
            progress(done, len(files))


def _each(reader: Reader, files: Sequence[str], workers: int | None) -> Iterator[tuple[int, Sheaf]]:
    threads = min(workers or _wanted(files), _THREADS, len(files))
    if threads <= 1:
        yield from ((position, reader.examine(path)) for position, path in enumerate(files))
        return
    with ThreadPoolExecutor(threads) as pool:
        futures = {pool.submit(reader.examine, path): position for position, path in enumerate(files)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _wanted(files: Sequence[str]) -> int:
    size = sum(os.path.getsize(path) for path in files if os.path.isfile(path))
    return _processors() if size > _ALONE else 1


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _listed(paths: PathLike | Iterable[PathLike]) -> tuple[list[str], list[str]]:
    """Files to read, and what each is called: its path below the folder given, or its own name."""
    if isinstance(paths, str | os.PathLike) and Path(paths).is_dir():
        found = _workbooks(Path(paths))
        if not found:
            raise FileError(str(paths), "holds no workbook.", "Give the folder of the returned .xlsx files.")
        return [str(path) for path in found], [path.relative_to(paths).as_posix() for path in found]
    given = [Path(path) for path in ((paths,) if isinstance(paths, str | os.PathLike) else paths)]
    for path in given:
        if not path.exists():
            raise FileError(
                str(path), "is not there.", "Give a folder, or the paths of the returned workbooks."
            )
    return [str(path) for path in given], [path.name for path in given]


def _workbooks(folder: Path) -> list[Path]:
    """Files of a folder and below: what is no workbook says so in the table, so that no reply is passed over.

    Left out are hidden files and the lock files that Excel leaves (`~$…`).
    """
    found = (
        path for path in folder.rglob("*") if not path.is_dir() and path.name.lower() not in _OF_THE_SYSTEM
    )
    return sorted(
        path
        for path in found
        if not any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
    )


def _return_ids(names: Sequence[str], sheaves: Sequence[Sheaf]) -> list[str]:
    """Names made unique: by the beginning of the file's hash, and a number where even that is equal."""
    plain = [name.encode("utf-8", "replace").decode() for name in names]
    count = Counter(plain)
    ids = [
        f"{name}~{sheaf.sha256[:8]}" if count[name] > 1 else name
        for name, sheaf in zip(plain, sheaves, strict=True)
    ]
    seen: Counter[str] = Counter()
    for position, name in enumerate(ids):
        seen[name] += 1
        if seen[name] > 1:
            ids[position] = f"{name}~{seen[name]}"
    return ids
