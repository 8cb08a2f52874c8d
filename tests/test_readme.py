"""What the README says is what happens: its commands and its code are run."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [
    line.split("#")[0].strip()
    for language, block in BLOCKS
    if language == "sh"
    for line in block.splitlines()
    if line.startswith("crimestats ")
]


@pytest.fixture
def place(tmp_path):
    for folder in ("questionnaires", "classification", "notebooks"):
        (tmp_path / folder).symlink_to(CHECKOUT / folder, target_is_directory=True)
    return tmp_path


def test_commands(place):
    """One after another in one folder, as a reader types them."""
    code = "from crimestats.cli import main; main()"
    for command in COMMANDS:
        words = shlex.split(command)[1:]
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=place, capture_output=True, text=True, timeout=600
        )
        assert done.returncode in (0, 1), (command, done.stderr)
        for name, path in itertools.pairwise(words):
            if name in ("--out", "--report", "--export"):
                assert (place / path).exists(), command


def test_code(place):
    code = "\n".join(block for language, block in BLOCKS if language == "python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=place, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert (place / "release" / "mine" / "index.html").is_file()


def test_the_targets_named_are_there():
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, flags=re.MULTILINE))
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test", "bench", "check", "notebooks"} <= targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_the_pictures_and_files_named_are_there():
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert (CHECKOUT / path).exists(), path
