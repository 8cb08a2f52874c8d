"""One entry for each real problem: what is planted comes out, each at its place, and nothing else."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def planted() -> ModuleType:
    if not (BENCHMARKS / "planted.py").is_file():
        pytest.skip("the benchmarks are not here")
    spec = importlib.util.spec_from_file_location("planted", BENCHMARKS / "planted.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted"] = module
    spec.loader.exec_module(module)
    return module


def check(planted: ModuleType, areas: int, years: range, faults: int) -> None:
    definition, cells, population = planted.world(areas, years)
    assert planted.judged(cells, definition, population).empty
    spoilt, where = planted.plant(cells, faults)
    assert set(where["kind"]) == {fault.kind for fault in planted.FAULTS}
    found = planted.judged(spoilt, definition, population)
    table, extra = planted.compare(where, found)
    assert table["missed"].sum() == 0, table.to_string()
    assert extra.empty, extra[["rule", "item", "area", "year", "message"]].to_string()
    assert len(found) == len(where)


def test_a_few_faults_come_out_each_at_its_place(planted):
    check(planted, 2, range(2006, 2023), 90)


@pytest.mark.exhaustive
def test_a_tenth_of_the_faults_come_out_each_at_its_place(planted):
    check(planted, 20, range(planted.FIRST, planted.LAST + 1), 1600)


def test_what_is_not_found_and_what_nobody_planted_is_told(planted):
    definition, cells, population = planted.world(1, range(2005, 2012))
    spoilt, where = planted.plant(cells, 30)
    found = planted.judged(spoilt, definition, population)
    table, extra = planted.compare(where.iloc[1:], found.iloc[:-1])
    lost = found.iloc[-1]
    mine = where.iloc[0]
    assert extra[["rule", "cell"]].values.tolist() == [[mine["rule"], mine["cell"]]]
    assert table.loc[table["rule"] == lost["rule"], "missed"].sum() == 1
