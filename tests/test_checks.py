"""The catalogue of checks, and limits of one's own: data that every shipped rule answers to."""

from importlib.util import find_spec

import pytest
from pandas import DataFrame

from crimestats.errors import DefinitionError, FileError
from crimestats.files import read_csv, shipped
from crimestats.questionnaire import Questionnaire, Rule
from crimestats.questionnaire.kinds import KINDS, Background
from crimestats.questionnaire.limits import with_limits
from crimestats.questionnaire.schema import judge_round
from crimestats.validation.findings import findings

COLUMNS = ("check", "title", "severity", "kinds", "default", "source", "evidence", "note")
CATALOGUE = read_csv(shipped("questionnaires", "checks.csv"), COLUMNS).set_index("check")
SHIPPED = sorted(path.parent.name for path in shipped("questionnaires").glob("*/questionnaire.toml"))
CTS = Questionnaire.load("un-cts-2024")


def rules() -> dict[str, Rule]:
    """Every rule that is shipped, once."""
    return {rule.id: rule for name in SHIPPED for rule in Questionnaire.load(name).rules}


RULES = rules()


def carried_out_by(check: str) -> tuple[set[str], set[str]]:
    """Kinds of a check, and the parameters of kinds (`change.base`) and modules that carry it out otherwise."""
    named = set(CATALOGUE.loc[check, "kinds"].split("|"))
    return {name for name in named if "." not in name}, {name for name in named if "." in name}


def test_the_catalogue_is_whole():
    numbers = [
        *range(1, 9),
        *range(10, 18),
        *range(20, 26),
        *range(30, 34),
        40,
        41,
        50,
        51,
        52,
        *range(60, 65),
        70,
    ]
    assert list(CATALOGUE.index) == [f"R{number:02}" for number in numbers]
    assert set(CATALOGUE["severity"]) <= {"error", "query", "note", "disclosure"}
    assert CATALOGUE["title"].is_unique
    assert CATALOGUE["source"].str.match(r"[FEP](:| |$)").all()
    assert (CATALOGUE.loc[CATALOGUE["source"].str.startswith("E"), "evidence"] != "").all()


@pytest.mark.parametrize("check", CATALOGUE.index)
def test_a_check_is_carried_out(check):
    kinds, otherwise = carried_out_by(check)
    assert kinds <= set(KINDS)
    rules = [rule for rule in RULES.values() if rule.parameters.get("check") == check]
    for name in otherwise:
        if name.startswith("crimestats."):
            assert find_spec(name) is not None, name
        else:
            kind, parameter = name.split(".")
            assert any(rule.kind == kind and parameter in rule.parameters for rule in RULES.values())
    assert rules or otherwise


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_carries_out_a_check_of_the_catalogue(rule):
    check = rule.parameters.get("check")
    if check != "project":
        assert check in CATALOGUE.index
        assert rule.kind in carried_out_by(check)[0], (
            f"{check} is carried out by {CATALOGUE.loc[check, 'kinds']}"
        )


LIMITS = """
[R30.limits]
default = [0.3, 3.5]
homicide_victims = [0.1, 9]

["CTS24-302"]
base = 30
severity = "note"

["CTS24-302".limits]
theft_offences = [0.9, 1.1]

["ALL-031"]
skip = true
"""


@pytest.fixture
def limits(tmp_path):
    """The questionnaire with the limits of a text."""

    def make(text: str) -> Questionnaire:
        path = tmp_path / "limits.toml"
        path.write_text(text, encoding="utf-8")
        return with_limits(CTS, path)

    return make


def test_limits_are_laid_over_those_of_the_rules(limits):
    before, own = CTS, limits(LIMITS)
    change = own.rule("CTS24-302").parameters
    assert (change["base"], own.rule("CTS24-302").severity) == (30, "note")
    assert change["limits"]["theft_offences"] == [0.9, 1.1]
    assert change["limits"]["default"] == [0.3, 3.5], "as the check has it"
    assert change["limits"]["rape_offences"] == before.rule("CTS24-302").parameters["limits"]["rape_offences"]
    assert "homicide_victims" not in change["limits"], "it is not an item of this rule"
    assert own.rule("CTS24-301").parameters["limits"]["homicide_victims"] == [0.1, 9]
    assert own.rule("CTS24-303").parameters["limits"]["default"] == [0.3, 3.5]
    assert before.rule("CTS24-302").parameters["base"] == 50, "the questionnaire itself stays as it was"


def test_a_rule_that_is_skipped_is_named_by_no_other(limits):
    own = limits(LIMITS)
    assert [rule.id for rule in CTS.rules if rule.id not in {rule.id for rule in own.rules}] == ["ALL-031"]
    assert "ALL-031" in CTS.rule("ALL-032").parameters["unless"]
    assert own.rule("ALL-032").parameters["unless"] == []


def test_what_is_said_of_a_rule_goes_before_its_check(limits):
    own = limits('["CTS24-302"]\nskip = false\nbase = 7\n[R30]\nskip = true\nbase = 5\n')
    assert [rule.parameters["base"] for rule in own.rules if rule.kind == "change"] == [7]


def test_limits_move_findings(limits):
    frame = DataFrame({
        "return_id": "a.xlsx", "area": "MEX", "year": [2019, 2020], "item": "theft_offences", "value": [1000, 1200],
        "sheet": "Other", "cell": ["E5", "F5"],
    })  # fmt: skip
    found = [
        findings(*judge_round(frame, Background(definition)))
        .set_index("rule")["severity"]
        .astype(str)
        .to_dict()
        for definition in (CTS, limits(LIMITS))
    ]
    assert "CTS24-302" not in found[0]
    assert found[1]["CTS24-302"] == "note"


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ('\n["CTS24-32"]\nbase = 3', "line 2", "neither a rule nor a check of un-cts-2024. Did you mean CTS24-"),
        ('[R99]\nbase = 3', "line 1", "neither a rule nor a check"),
        ('["CTS24-302"]\nbse = 3', "line 1, bse", "is no limit of CTS24-302. Did you mean base"),
        ('["CTS24-302"]\nmessage = "m"', "line 1, message", "is no limit"),
        ('["CTS24-302"]\nbase = "3"', "line 1, base", "'3' does not fit. Give a number"),
        ('["CTS24-302"]\nseverity = "grave"', "line 1, severity", "`grave` is unknown. One of error, query"),
        ('["CTS24-302"]\nskip = 1', "line 1, skip", "Give true or false"),
        ('["CTS24-302".limits]\ntheft_offence = [0.5, 2]', "line 1, limits",
         "`theft_offence` is not an item of CTS24-302. Did you mean theft_offences"),
        ('["CTS24-302".limits]\ndefault = [2, 0.5]', "line 1, limits", "for example [0.5, 2]"),
        ('["ALL-080".limits]\nheld_x = [0.5, 2]', "line 1, limits", "`held_x` is not an item. Did you mean held"),
        ('"CTS24-302" = 3', "line 1, CTS24-302", "is not a table"),
    ],
)  # fmt: skip
def test_a_wrong_limit_is_refused_by_file_line_and_field(limits, text, place, fault):
    with pytest.raises(DefinitionError) as refused:
        limits(text)
    assert f"limits.toml, {place}: " in str(refused.value)
    assert fault in str(refused.value)


def test_a_file_that_is_not_there_or_no_toml_is_refused(limits, tmp_path):
    with pytest.raises(FileError):
        with_limits(CTS, tmp_path / "none.toml")
    with pytest.raises(DefinitionError, match="is not TOML"):
        limits("[R30")
