"""The user's own population: how far it is from the shipped one."""

import re

import pytest

from crimestats import areas
from crimestats.areas import denominators
from crimestats.errors import DefinitionError


def residents_by(tmp_path, factors):
    """A table of one's own with so many times the residents of the shipped one."""
    shipped = areas.population().query("sex == '_T' and age == '_T' and year >= 2020")
    shipped = shipped[shipped["area"].isin(factors)].astype({"area": "str"})
    own = shipped.assign(population=shipped["population"] * shipped["area"].map(factors))
    own[["area", "year", "population"]].to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ({"FJI": 1.2, "AUS": 0.5, "NZL": 2.9}, None),
        ({"FJI": 1, "AUS": 0.001, "NZL": 1}, "1 of 3 areas .* AUS about 1/1000;"),
        ({"FJI": 4, "AUS": 0.25, "NZL": 1}, "2 of 3 areas .* AUS about 1/4, FJI 4 times;"),
        ({"XKX": 7.0}, "1 of 1 areas"),
    ],
)
def test_residents_far_from_the_shipped_ones_are_doubted(tmp_path, factors, said):
    found = denominators.doubts(areas.population(residents_by(tmp_path, factors)))
    assert len(found) == (said is not None)
    assert said is None or re.search(said, found[0])


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1e-3, "about 1/1000 .*in thousands"),
        (1e-6, "in millions"),
        (200, "200 times"),
        (1 / 150, "about 1/150"),
    ],
)
def test_a_table_that_is_not_in_persons_is_refused(tmp_path, factor, said):
    with pytest.raises(DefinitionError, match=said) as caught:
        areas.population(residents_by(tmp_path, {"FJI": factor, "AUS": factor, "NZL": 1}))
    assert caught.value.place.endswith("people.csv, column population")


def test_tables_without_rows_are_refused(tmp_path):
    path = tmp_path / "none.csv"
    path.write_text("area,year,population\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="has no residents below its header"):
        areas.population(path)
    path.write_text("code,name,area\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="has no memberships below its header"):
        areas.groupings(path)
