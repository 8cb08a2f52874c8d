"""Samplonia's returns hold one planted fault of every kind that the rules know, and each is found at its place."""

import pytest

import crimestats as cs
from crimestats.areas import areas, groupings
from crimestats.files import read_csv, shipped

EXAMPLES = shipped("questionnaires", "examples")
DEFINITION = cs.Questionnaire.load("un-cts-2024")
PLANTED = read_csv(EXAMPLES / "samplonia-planted.csv")


@pytest.fixture(scope="module")
def reports():
    population = cs.population(EXAMPLES / "samplonia-population.csv")
    cells = cs.read(EXAMPLES / "samplonia-last-round", DEFINITION)
    last = cs.validate(cells, DEFINITION, population=population)
    previous = cs.observe(cells, last)
    cells = cs.read(EXAMPLES / "samplonia", DEFINITION)
    return last, cs.validate(cells, DEFINITION, previous=previous, population=population)


def test_every_kind_is_planted():
    assert {rule.kind for rule in DEFINITION.rules} == set(PLANTED["kind"])


def test_the_last_round_has_no_fault(reports):
    assert list(reports[0].data["message"]) == []


@pytest.mark.parametrize(
    "fault", PLANTED.to_dict("records"), ids=lambda fault: f"{fault['rule']} {fault['where']}"
)
def test_a_planted_fault_is_found_at_its_place(reports, fault):
    data = reports[1].data
    found = data[data["rule"] == fault["rule"]].astype({"year": str})
    where = fault["where"]
    if "!" in where:
        sheet, cell = where.split("!")
        found = found[(found["sheet"] == sheet) & (found["cell"] == cell)]
    elif where.endswith(".xlsx"):
        found = found[found["return_id"] == where]
    else:
        found = found[(found["item"] == where) & (found["area"] == "SMP")]
    if fault["year"]:
        found = found[found["year"] == fault["year"]]
    assert len(found) == 1
    assert found["kind"].iloc[0] == fault["kind"]


def test_samplonia_is_nowhere_in_the_world_and_not_in_the_demo():
    assert areas().set_index("area").loc["SMP", "kind"] == "invented"
    for grouping in ("m49", "ldc", "lldc", "sids"):
        assert "SMP" not in set(groupings(grouping)["area"])
    assert not (EXAMPLES / "returns" / "SMP.xlsx").exists()


def test_a_year_that_cannot_be_meant_reaches_no_table(reports):
    cells = cs.read(EXAMPLES / "samplonia", DEFINITION)
    observations = cs.observe(cells, reports[1])
    misdated = observations[observations["year"] == 1013]
    assert set(misdated["status"]) == {"misdated"}
    assert misdated[["value", "lower", "upper"]].isna().all(axis=None)
    assert (misdated["findings"] != "").all()
