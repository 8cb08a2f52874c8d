"""Samplonia's returns hold one planted fault of every kind that the rules know, and each is found at its place."""

import pytest
from pandas import DataFrame, concat

import crimestats as cs
from crimestats.areas import areas, groupings
from crimestats.files import read_csv, shipped
from crimestats.questionnaire.kinds import Background
from crimestats.questionnaire.schema import judge_round
from crimestats.validation.findings import findings

EXAMPLES = shipped("questionnaires", "examples")
DEFINITION = cs.Questionnaire.load("un-cts-2024")
GLOTIP = cs.Questionnaire.load("glotip-2024")
PLANTED = read_csv(EXAMPLES / "samplonia-planted.csv")


def judged(folder: str, definition: cs.Questionnaire, **beside: DataFrame) -> DataFrame:
    """The findings on a folder of Samplonia's returns."""
    background = Background(
        definition, population=cs.population(EXAMPLES / "samplonia-population.csv"), **beside
    )
    return findings(*judge_round(cs.read(EXAMPLES / folder, definition), background))


def of_last_round(folder: str, definition: cs.Questionnaire) -> tuple[DataFrame, DataFrame]:
    """Cells and figures of an earlier folder of Samplonia's returns."""
    cells = cs.read(EXAMPLES / folder, definition)
    return cells, cs.observe(cells, cs.validate(cells, definition))


@pytest.fixture(scope="module")
def found():
    """Findings on the last round, and on this one with all that its rules know beside."""
    last_round, previous = of_last_round("samplonia-last-round", DEFINITION)
    last = judged("samplonia-last-round", DEFINITION)
    sources = read_csv(EXAMPLES / "samplonia-sources.csv").astype({"year": int, "value": float})
    beside = {"previous": previous, "sources": sources, "previous_metadata": last_round}
    this = judged("samplonia", DEFINITION, **beside)
    _, before = of_last_round("samplonia-trafficking-last-round", GLOTIP)
    trafficking = judged("samplonia-trafficking", GLOTIP, previous=before)
    return last, concat([this, trafficking], ignore_index=True)


def test_every_kind_is_planted():
    assert {rule.kind for rule in DEFINITION.rules} == set(PLANTED["kind"])


def test_the_last_round_has_no_fault(found):
    assert list(found[0]["message"]) == []


@pytest.mark.parametrize(
    "fault", PLANTED.to_dict("records"), ids=lambda fault: f"{fault['rule']} {fault['where']}"
)
def test_a_planted_fault_is_found_at_its_place(found, fault):
    data = found[1]
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


def test_a_year_that_cannot_be_meant_reaches_no_table():
    cells = cs.read(EXAMPLES / "samplonia", DEFINITION)
    observations = cs.observe(cells, cs.validate(cells, DEFINITION))
    misdated = observations[observations["year"] == 1013]
    assert set(misdated["status"]) == {"misdated"}
    assert misdated[["value", "lower", "upper"]].isna().all(axis=None)
    assert (misdated["findings"] != "").all()
