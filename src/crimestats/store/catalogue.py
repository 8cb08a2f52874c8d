"""The database of a store: where it lies, how it is opened, how many processes write to it in turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from crimestats.errors import CrimestatsError, FileError

TABLES = MetaData()
"""All tables of a store; each module of the room declares its own here."""

_WAIT = 60.0  # seconds that a process waits for another one to finish writing
_LOCK = 7_240_913  # any number, the same in every process: the store's lock in PostgreSQL


class Store:
    """What outlives a round: a database that several people and processes share.

    A path is a SQLite file; a URL such as `postgresql+psycopg://user@host/name` is a
    database of that kind, whose driver (`psycopg`) has to be installed beside. One
    process writes at a time, the others wait; reading goes on meanwhile.

    >>> with Store.open(None) as store:
    ...     store.place
    'memory'
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine, self.place = engine, place
        self._is_trial = False

    @classmethod
    def open(cls, place: str | Path | None, *, create: bool = True, trial: bool = False) -> Self:
        """Open a store, and make it where there is none.

        Args:
            place: Path of a SQLite file, URL of a database, or None: in memory, gone when closed.
            create: Whether a file that is not there is made.
            trial: Whether all that is written from now on is undone at once: what would be, and no more.

        Raises:
            FileError: It is not there, is no store, cannot be reached, or its driver is missing.
        """
        name = _shown(place)
        if place is not None and not _is_url(place):
            _need_file(Path(place), create)
        with _told(name):
            engine = _engine(place)
        store = cls(engine, name)
        try:
            with _told(name), store.writing() as connection:
                TABLES.create_all(connection)
        except CrimestatsError:
            store.close()
            raise
        store._is_trial = trial
        return store

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that no other process writes beside: all of it is kept, or nothing."""
        with _told(self.place), self._engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
            if self._is_trial:
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_url(place: str | Path) -> bool:
    return isinstance(place, str) and "://" in place


def _need_file(path: Path, create: bool) -> None:
    if path.is_dir() or not (path.exists() or create):
        fault = "is a folder." if path.is_dir() else "is not there."
        raise FileError(str(path), fault, "Give the file that `validate --store` wrote.")
    if not path.parent.is_dir():
        raise FileError(str(path), "cannot be made (no such folder).", "Make the folder first.")


def _shown(place: str | Path | None) -> str:
    """The place without a password, for messages."""
    if place is None:
        return "memory"
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
    """Readers go on while one writes, and transactions begin when they are told to, not by the driver."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
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
