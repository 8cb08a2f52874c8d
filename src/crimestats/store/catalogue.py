"""Where a store lies: its database, the folder of its figures, and how many processes write to it in turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from crimestats.errors import CrimestatsError, FileError

TABLES = MetaData()
"""All tables of a store; each module of the room declares its own here."""

SETTINGS = Table(
    "settings", TABLES,
    Column("name", String(32), primary_key=True), Column("value", Text, nullable=False),
)  # fmt: skip
"""What is said once for a store, such as the folder of its figures."""

CATALOGUE, FIGURES = "catalogue.sqlite", "figures"
"""Database and folder of figures of a store that is a folder."""

_FILES = "files"
_MEMORY = "memory"
_WAIT = 120.0  # seconds that a process waits for another one to finish writing
_LOCK = 7_240_913  # any number, the same in every process: the store's lock in PostgreSQL


class Store:
    """What outlives a round: a database that several people and processes share.

    A path is a folder (where it is one already, or is not there and has no suffix), which
    holds `catalogue.sqlite` and `figures`; else it is a SQLite file, and the figures lie
    beside it in `<stem>.figures`. A URL such as `postgresql+psycopg://user@host/name` is a
    database of that kind, whose driver (`psycopg`) has to be installed beside; the folder
    of its figures is named once and kept in the database. One process writes at a time,
    the others wait; reading goes on meanwhile.

    >>> with Store.open(None) as store:
    ...     store.place
    'memory'
    """

    def __init__(self, engine: Engine, place: str, beside: Path | None = None) -> None:
        self._engine, self.place = engine, place
        self.is_trial = False
        self._beside = beside
        self._temporary: TemporaryDirectory[str] | None = None

    @classmethod
    def open(
        cls,
        place: str | Path | None,
        *,
        create: bool = True,
        trial: bool = False,
        files: str | Path | None = None,
    ) -> Self:
        """Open a store, and make it where there is none.

        Args:
            place: Folder, SQLite file, URL of a database, or None: in memory, gone when closed.
            create: Whether a folder or file that is not there is made.
            trial: Whether all that is written from now on is undone at once: what would be, and no more.
            files: Folder of the files of figures, where it is not the one beside; kept in the store the
                first time it is given, and later only needed where the folder has moved.

        Raises:
            FileError: It is not there, is no store, cannot be reached, or its driver is missing.
        """
        name = _shown(place)
        beside = None
        if place is not None and not _is_url(place):
            place, beside = _laid_out(Path(place), create)
        with _told(name):
            engine = _engine(place)
        store = cls(engine, name, None if files is None else Path(files).absolute())
        try:
            with _told(name), store.writing() as connection:
                TABLES.create_all(connection)
                store._beside = store._beside or _recorded(connection) or beside
                if files is not None and _recorded(connection) is None and not trial:
                    connection.execute(SETTINGS.insert(), {"name": _FILES, "value": str(store._beside)})
        except CrimestatsError:
            store.close()
            raise
        store.is_trial = trial
        return store

    @cached_property
    def files(self) -> Path:
        """The folder of the files of figures; it need not be there yet.

        Raises:
            FileError: None was named for a database by URL.
        """
        if self._beside is not None:
            return self._beside
        if self.place != _MEMORY:
            remedy = "Name one with `files=` or `--files`; the store keeps it."
            raise FileError(self.place, "has no folder for the files of figures.", remedy)
        self._temporary = TemporaryDirectory(prefix="crimestats-")
        return Path(self._temporary.name)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that no other process writes beside: all of it is kept, or nothing."""
        with _told(self.place), self._engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
            if self.is_trial:
                connection.rollback()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of the store as it is at one moment."""
        with _told(self.place), self._engine.connect() as connection:
            connection = connection.execution_options(is_reading=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def opened(place: Store | str | Path) -> Iterator[Store]:
    """A store that is open already, as it is; one by its place, which is closed again.

    Raises:
        FileError: There is none at that place.
    """
    if isinstance(place, Store):
        yield place
        return
    with Store.open(place, create=False) as store:
        yield store


def _is_url(place: str | Path) -> bool:
    return isinstance(place, str) and "://" in place


def _laid_out(path: Path, create: bool) -> tuple[Path, Path]:
    """The SQLite file of a store by path, and the folder of its figures."""
    is_folder = path.is_dir() or (not path.exists() and not path.suffix)
    catalogue = path / CATALOGUE if is_folder else path
    if not (catalogue.exists() or create):
        fault = "is a folder that holds no store." if path.is_dir() else "is not there."
        raise FileError(str(path), fault, "Give the store that `accept --store` or `validate --store` wrote.")
    if not path.parent.is_dir():
        raise FileError(str(path), "cannot be made (no such folder).", "Make the folder first.")
    if is_folder:
        _make(path)
    return catalogue, (path / FIGURES if is_folder else path.with_suffix(f".{FIGURES}")).absolute()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        fault = f"cannot be made ({error.strerror})."
        raise FileError(str(folder), fault, "Choose another place.") from error


def _recorded(connection: Connection) -> Path | None:
    value = connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == _FILES)).scalar()
    return None if value is None else Path(value)


def _shown(place: str | Path | None) -> str:
    """The place without a password, for messages."""
    if place is None:
        return _MEMORY
    if not _is_url(place):
        return str(place)
    try:
        return make_url(str(place)).render_as_string(hide_password=True)
    except ArgumentError:
        return f"{str(place).partition('://')[0]}://…"


def _engine(place: str | Path | None) -> Engine:
    if place is not None and _is_url(place):
        return create_engine(str(place))
    settings: dict[str, Any] = {"poolclass": StaticPool} if place is None else {}
    url = make_url("sqlite://").set(database=None if place is None else str(place))
    connect = {"timeout": _WAIT, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect, **settings)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _: Any) -> None:
    """Readers go on while one writes, what is kept outlives a power cut, transactions begin when told to."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    """A transaction that will write takes its turn at once, so that nothing it has read is out of date."""
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Faults of the database as one of ours, without what the database was asked."""
    try:
        yield
    except DBAPIError as error:
        remedy = "Check the path or URL, that it is a store, and that it may be written."
        raise FileError(place, f"cannot be used as a store ({error.orig}).", remedy) from error
    except (ArgumentError, NoSuchModuleError) as error:
        remedy = "Give a path, or a URL such as postgresql+psycopg://user@host/name."
        raise FileError(place, "is no address of a database.", remedy) from error
    except ModuleNotFoundError as error:
        remedy = f"Install {error.name} beside crimestats."
        raise FileError(place, f"needs the driver {error.name}, which is not installed.", remedy) from error
