"""What several test files need: the shared data's place, and the example round, read and tabulated once."""

import os
import secrets
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import crimestats as cs
from crimestats.files import shipped

sys.path.append(str(Path(__file__).parent))
import postgresql as postgresql_server

# the model of the shipped data is trained once for all tests and commands, and kept between runs
_KEPT = Path(__file__).resolve().parents[1] / ".pytest_cache" / "coder"
os.environ.setdefault("CRIMESTATS_CACHE", str(_KEPT))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Published files as they were found; tests that want them skip where they are absent."""
    place = Path(os.environ.get("CRIMESTATS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (place / "data").is_dir():
        pytest.skip("the published files are not here")
    return place / "data"


@cache
def _round() -> SimpleNamespace:
    definition = cs.Questionnaire.load("un-cts-2024")
    cells = cs.read(shipped("questionnaires", "examples", "returns"), definition)
    report = cs.validate(cells, definition, population=cs.population())
    observations = cs.observe(cells, report)
    classified = cs.classify(observations)
    trends = cs.tabulate(classified, cs.population())
    return SimpleNamespace(
        definition=definition, cells=cells, report=report, observations=observations,
        classified=classified, trends=trends, lineage=cs.lineage(classified, trends),
    )  # fmt: skip


@pytest.fixture(scope="session")
def example_round() -> SimpleNamespace:
    """The shipped example returns on their way: definition, cells, report, observations, classified, trends, lineage."""
    return _round()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server as long as the tests run: the URL of a database but for its name."""
    try:
        postgresql_server.driver()
        running = postgresql_server.server()
        url = running.__enter__()
    except postgresql_server.UnavailableError as error:
        pytest.skip(f"no PostgreSQL: {error}")
    try:
        yield url
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
def database(postgresql: str) -> Iterator[str]:
    """The URL of an empty database of its own."""
    with postgresql_server.database(postgresql, f"test_{secrets.token_hex(6)}") as url:
        yield url
