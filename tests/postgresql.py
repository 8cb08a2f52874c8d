"""A PostgreSQL server of Debian for as long as the tests run, in a temporary folder, on a Unix socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PROGRAMS = "/usr/lib/postgresql"
USER = "crimestats"


class UnavailableError(Exception):
    """There is no server here; the text says why."""


def programs() -> Path:
    """The folder of the newest server that is installed."""
    found = [path.parent for path in Path(PROGRAMS).glob("*/bin/initdb")]
    if not found:
        raise UnavailableError("PostgreSQL is not installed (Debian's package `postgresql`)")
    return max(found, key=lambda path: float(path.parent.name))


@contextmanager
def server() -> Iterator[str]:
    """Start a server; gives the URL of a database but for its name, and stops it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    data, bin_folder, guard = folder / "data", None, None
    try:
        bin_folder = programs()
        _as_other(folder)
        _run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        _run("pg_ctl", "-D", data, "-o", settings, "-l", folder / "log", "-w", "-t", "60", "start")
        guard = _guard(data)
        yield f"postgresql+psycopg://{USER}@/{{name}}?host={quote(str(folder), safe='')}"
    finally:
        if guard is not None:
            guard.kill()
            guard.wait()
        if bin_folder is not None and (data / "postmaster.pid").exists():
            _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(url: str, name: str) -> Iterator[str]:
    """An empty database of a server; gives its URL."""
    psycopg = driver()
    place = url.format(name="postgres").replace("+psycopg", "")
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url.format(name=name)
    finally:
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def driver():
    try:
        import psycopg
    except ImportError as error:
        raise UnavailableError(f"the driver psycopg cannot be used ({error})") from error
    return psycopg


def _guard(data: Path) -> subprocess.Popen:
    """A shell that stops the server if this process ends without having done so."""
    server = (data / "postmaster.pid").read_text(encoding="ascii").split()[0]
    watch = f"while kill -0 {os.getpid()} 2>/dev/null; do sleep 2; done; kill -QUIT {server}; sleep 2"
    return subprocess.Popen(["sh", "-c", f"{watch}; rm -rf '{data.parent}'"], start_new_session=True)


def _run(program: str, *words: object) -> None:
    """Run a program of the server, which refuses to be run by root, as its own user."""
    command = [str(programs() / program), *map(str, words)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    try:
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{program} cannot be run ({error})") from error
    if done.returncode:
        raise UnavailableError(f"{program} does not work here: {done.stderr.strip()[-300:]}")


def _as_other(folder: Path) -> None:
    """Give the folder to the user that the server runs as."""
    if os.geteuid() != 0:
        return
    try:
        other = pwd.getpwnam("postgres")
    except KeyError as error:
        raise UnavailableError("there is no user `postgres` to run the server as") from error
    os.chown(folder, other.pw_uid, other.pw_gid)
