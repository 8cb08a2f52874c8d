"""The wheel, built through the sdist and unpacked outside the checkout, is the whole product."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    if not (CHECKOUT / "pyproject.toml").is_file():
        pytest.skip("not a checkout")
    out = tmp_path_factory.mktemp("a wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(CHECKOUT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    assert len(list(out.glob("*.tar.gz"))) == 1
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        package.extractall(out / "site")
    return out / "site"


def run(site: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess:
    code = f"import sys; sys.path.insert(0, {str(site)!r}); import crimestats; " \
           f"assert crimestats.__file__.startswith({str(site)!r}); from crimestats.cli import main; main()"  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=cwd, timeout=300
    )


def test_the_demo_runs_from_the_wheel(unpacked, tmp_path):
    done = run(unpacked, "demo", "--out", "release", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Release folder" in done.stdout
    assert (tmp_path / "release" / "index.html").stat().st_size > 100_000
    assert (tmp_path / "release" / "trends.parquet").is_file()


def test_the_wheel_carries_all_shipped_data(unpacked):
    data = unpacked / "crimestats" / "data"
    for folder in ("classification", "questionnaires"):
        here = {path.relative_to(CHECKOUT) for path in (CHECKOUT / folder).rglob("*") if path.is_file()}
        there = {path.relative_to(data) for path in data.rglob("*") if path.is_file()}
        assert {path for path in here if path.suffix not in (".pyc",)} <= there
