"""The house plan holds: a room imports only rooms above it, and the door is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import crimestats

ROOMS = (
    "errors", "files", "frames", "areas", "questionnaire", "returns", "validation", "observations", "store", "sdg", "published", "quality",
    "classification", "coding", "microdata", "trends", "trafficking", "disclosure", "report", "release",
    "tracing", "review", "cli",
)  # fmt: skip
SOURCE = Path(crimestats.__file__).parent
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts != ("__init__.py",))
HEAVY = ("pandas", "pandera", "sklearn", "altair", "vl_convert", "duckdb", "rich", "typer")


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("crimestats"):
            rest = node.module.split(".")[1:]
            names |= {rest[0]} if rest else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("crimestats.")
            }
    return names & set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_rooms_above_it(path):
    room = room_of(path)
    assert room in ROOMS
    assert {name for name in imported(path) if ROOMS.index(name) > ROOMS.index(room)} == set()


def test_the_door_loads_nothing_heavy():
    code = f"import sys, crimestats; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_every_name_of_the_door_is_there():
    for name in crimestats.__all__:
        assert getattr(crimestats, name) is not None
    assert set(crimestats.__all__) <= set(dir(crimestats))
    with pytest.raises(AttributeError, match="no attribute"):
        _ = crimestats.nothing


def test_version_of_the_changelog_is_the_version():
    changelog = (Path(__file__).parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = [line.split()[1].strip("[]") for line in changelog.splitlines() if line.startswith("## ")]
    assert versions[0] == crimestats.__version__
