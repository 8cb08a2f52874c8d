"""The shipped rules: each can be read, each finds its fault, and each says so in plain words."""

import re
from dataclasses import replace

import numpy as np
import pytest
from pandas import DataFrame

from crimestats.errors import DefinitionError
from crimestats.files import shipped
from crimestats.frames import CELLS
from crimestats.questionnaire import Questionnaire, Rule
from crimestats.questionnaire.kinds import Background
from crimestats.questionnaire.loading import load
from crimestats.questionnaire.schema import judge_round
from crimestats.validation.findings import findings

CTS = Questionnaire.load("un-cts-2024")
BEFORE = DataFrame({
    "area": "MEX", "year": 2020, "item": ["held", "held_iccs10"], "country": ["_T", "BRA"],
    "lower": [500.0, 70.0], "upper": [500.0, 70.0],
})  # fmt: skip


SOURCES = DataFrame({
    "source": ["who_mortality", "prison brief"], "area": "MEX", "year": 2020, "item": "held", "value": 300.0,
})  # fmt: skip
ANSWERED = DataFrame({
    "area": ["MEX"], "module": ["prisons"], "question": ["counting_unit"], "raw": ["person"]
})  # fmt: skip


def cell(
    item: str, raw: str, year: int | None = 2020, file: str = "MEX.xlsx", area: str = "MEX", **more: object
) -> dict[str, object]:
    """One row of cells; the raw text stands for what it is."""
    place = {"sheet": "Sheet", "cell": f"E{list(CTS.data['item']).index(item) + 5}" if item in CTS else "D5"}
    number = float(raw) if re.fullmatch(r"-?[\d.]*\d", raw) else np.nan
    low, high = (0.0, float(raw[1:]) - 1) if raw.startswith("<") else (number, number)
    kinds = {"": "blank", "-": "ambiguous"}
    status = kinds.get(raw, "bounded" if low < high else "unreadable" if np.isnan(number) else "exact")
    status = status if item in CTS or not raw else "text"
    row = {
        "return_id": file,
        "area": area,
        "item": item,
        "year": year,
        "raw": raw,
        "note": "",
        "value": number,
    }
    return {**row, **place, "lower": low, "upper": high, "status": status, **more}


NAMED = ("held_iccs10", "held_iccs11")
"""Rows of one table in which, for these tests, the sender names a country."""


def entered() -> Questionnaire:
    """The questionnaire, with two rows that differ by nothing but the country named in them."""
    data = CTS.data.copy()
    data.loc[data["item"].isin(NAMED), ["entry", "iccs", "citizenship"]] = ["country", "11", "FOR"]
    return replace(CTS, data=data)


def table(*figures: tuple[str, int], year: int) -> list[dict[str, object]]:
    """Figures of one year."""
    return [cell(item, str(value), year) for item, value in figures]


def planted(rule: Rule) -> list[dict[str, object]]:  # noqa: C901
    """Cells with the fault that a rule looks for."""
    items, own = rule.items, rule.parameters
    match rule.kind:
        case "parts":
            return [cell(items[0], "100"), *(cell(part, "90") for part in own["parts"])]
        case "at_most":
            return [cell(items[0], "1000"), cell(own["largest"], "10")]
        case "order":
            return [cell(items[0], "4"), cell(items[-1], "5")]
        case "change":
            return [cell(items[0], "1000", 2019), cell(items[0], "400000")]
        case "repeat":
            return [cell(items[0], "500", 2019), cell(items[0], str(int(500 * own.get("factors", [1])[0])))]
        case "consistent":
            return [cell(items[0], "9000000")]
        case "fact":
            return [
                cell(own["facts"][0].replace("*", "news"), "what was found", None, note="What is the matter.")
            ]
        case "number":
            return [cell("held", "4 12 3x")]
        case "within":
            return [cell([*items, "held"][0], "-4")]
        case "whole":
            return [cell("held", "4.5")]
        case "required":
            return [cell("held", "")]
        case "cell_id":
            return [cell("held", "F.held.2020")]
        case "prompt":
            return [cell("M.prisons.source", "(please specify) José".encode().decode("latin-1"), None)]
        case "codes":
            wrong = {"area": cell("held", "4", area="MEXX"), "item": cell("hold", "4")}
            column = own["column"]
            return [wrong[column] if column in wrong else cell("held", "4", **{column: "Y0T10"})]
        case "header":
            return [cell("H.area", "MEX", None)]
        case "answered":
            return [cell("M.prisons.source", "", None)]
        case "choices":
            return [cell("M.homicide.attempts", "perhaps", None)]
        case "answer":
            asked = CTS.metadata[CTS.metadata["question"] == own["question"]]
            wrong = [code for choices in asked["choices"] for code in choices.split("|") if code]
            wrong = [code for code in wrong if not re.fullmatch(own.get("pattern", ""), code)]
            module = asked["module"].iloc[0] if len(asked) else "prisons"
            raw = wrong[0] if wrong else "part, since 2019"
            return [cell(f"M.{module}.{own['question']}", raw, None)]
        case "year_range":
            return [cell("held", "4", 1013)]
        case "unique" | "agree":
            return [cell("held", "4"), cell("held", "5" if rule.kind == "unique" else "4", file="again.xlsx")]
        case "revised":
            return [cell("held", "4")]
        case "withdrawn":
            return [cell("held_m", "4")]
        case "zero_block":
            sexes = ("held", "held_m", "held_f")
            return [
                *table(*((item, 90) for item in sexes), year=2019),
                *table(*((item, 0) for item in sexes), year=2020),
            ]
        case "repeated_table":
            figures = ("held", 1000), ("held_m", 900), ("held_f", 100)
            return [*table(*figures, year=2019), *table(*figures, year=2020)]
        case "same_figure":
            return table(("robbery_offences", 654321), ("theft_offences", 654321), year=2020)
        case "swapped":
            pairs = [(("held_m", 900), ("held_f", 100))] * 2 + [(("held_m", 101), ("held_f", 905))]
            return [each for year, pair in enumerate(pairs, 2018) for each in table(*pair, year=year)]
        case "scale":
            series = zip((2018, 2019, 2020), ("4120", "4300000", "4210"), strict=True)
            return [cell("held", raw, year) for year, raw in series]
        case "steady_break":
            declared = cell("M.prisons.break_year", "2020", None)
            return [cell("held", "1000", 2019), cell("held", "1001"), declared]
        case "country":
            return [cell(f"L.{NAMED[0]}", "Atlantis", None)]
        case "named_twice":
            return [cell(f"L.{NAMED[0]}", "Mali", None), cell(f"L.{NAMED[1]}", "MALI", None)]
        case "named_apart":
            files = {"MEX.xlsx": "Mali", "again.xlsx": "Chad"}.items()
            return [
                each
                for file, name in files
                for each in (cell(f"L.{NAMED[0]}", name, None, file=file), cell(NAMED[0], "7", file=file))
            ]
        case "own_country":
            return [cell(f"L.{NAMED[0]}", "México", None)]
        case "name_withdrawn":
            return [cell(f"L.{NAMED[0]}", "Ghana", None), cell(NAMED[0], "71")]
        case "unnamed":
            return [cell(NAMED[0], "7", 2019), cell(NAMED[0], "8")]
        case "provisional":
            return [cell("held", "4") | {"raw": "4 (provisional)"}, cell("held_m", "4") | {"raw": "4 prov."}]
        case "part_of":
            return [cell("H.area", "GBR_S", None, area="GBR_S")]
        case "changed_answer":
            return [cell("M.prisons.counting_unit", "admission", None)]
        case "compared":
            return [cell("held", "1000")]
    raise AssertionError(f"no fault for the kind {rule.kind}")


UNDECIDED = {
    "number": [cell("held", "-")],
    "required": [cell("held", "-")],
    "unique": [cell("held", "4"), cell("held", "<7", file="again.xlsx")],
    "revised": [cell("held", "<600")],
    "zero_block": [
        *(cell(item, "90", 2019) for item in ("held", "held_m", "held_f")),
        *(cell(item, raw) for item, raw in (("held", "<5"), ("held_m", "0"), ("held_f", "0"))),
    ],
}


def found(rule: Rule, rows: list[dict[str, object]]) -> DataFrame:
    alone = replace(
        rule, parameters={name: value for name, value in rule.parameters.items() if name != "unless"}
    )
    frame = DataFrame(rows)
    beside = [name for name in frame.columns if name not in CELLS.columns]
    cells = CELLS.cast(frame).assign(**{name: frame[name].astype("category") for name in beside})
    definition = replace(entered(), rules=(alone,))
    background = Background(definition, BEFORE, sources=SOURCES, previous_metadata=ANSWERED)
    return findings(*judge_round(cells, background))


@pytest.mark.parametrize("rule", CTS.rules, ids=lambda rule: rule.id)
def test_a_rule_finds_its_fault_and_says_so(rule: Rule):
    wrong = found(rule, planted(rule))
    assert wrong["verdict"].tolist() == ["fail"], wrong["message"].tolist()
    assert wrong["rule"].tolist() == [rule.id]
    check_text(rule, wrong["message"].iloc[0])


@pytest.mark.parametrize(
    "rule", [rule for rule in CTS.rules if "undecided" in rule.parameters], ids=lambda rule: rule.id
)
def test_an_undecided_answer_worth_a_look_is_said(rule: Rule):
    wrong = found(rule, UNDECIDED[rule.kind])
    assert wrong["verdict"].tolist() == ["undecided"]
    assert wrong["severity"].tolist() == ["query"], "nothing is proved, so it is no error"
    check_text(rule, wrong["message"].iloc[0])


def check_text(rule: Rule, text: str) -> None:
    """Place, fault, remedy: whole sentences, every value filled in."""
    place, fault = text.split(": ", 1)
    assert re.fullmatch(rf"{rule.id} at ('\w+'!\w+|\w+\.xlsx) \(\w+( \d{{4}})?\)", place)
    assert not re.search(r"[{}]|\bnan\b|\bNone\b|\binf\b|  | \.|\.\.$", re.sub(r" \.\.[, ]", "", fault)), (
        fault
    )
    assert fault.endswith((".", "!")), fault
    assert len(re.findall(r"[.:?,] [A-Z]?", fault)) >= 1, "fault and remedy"


@pytest.mark.parametrize("rule", CTS.rules, ids=lambda rule: rule.id)
def test_a_rule_says_why(rule: Rule):
    assert re.match(r"(R\d\d|F |Project)", rule.why), "a number of the catalogue, a source, or our own"
    assert re.fullmatch(r"(ALL-0|CTS24-[1-9]|VIC-\d)\d\d", rule.id)
    assert rule.why.endswith(".")


def test_a_fact_is_named_by_one_rule_only():
    for prefix in ("_fault.", "_cell."):
        facts = [
            rule
            for rule in CTS.rules
            if rule.kind == "fact" and rule.parameters["facts"][0].startswith(prefix)
        ]
        named = [fact for rule in facts for fact in rule.parameters["facts"]]
        (rest,) = [rule for rule in facts if f"{prefix}*" in rule.parameters["facts"]]
        assert sorted(named) == sorted({*named})
        assert set(rest.parameters["besides"]) - {"_cell.formula"} == {*named} - {f"{prefix}*"}


GENDER_RELATED = "homicide_victims_f_gender"
"""Women killed by partner or family, who are a part of it, are first of all a part of the women killed."""


def test_sums_are_those_of_the_items_table():
    for rule in CTS.rules:
        if (
            rule.kind == "parts"
            and rule.parameters.get("exhaustive", True)
            and rule.items[0] != GENDER_RELATED
        ):
            total = CTS[rule.items[0]]
            own = {name: code for name, code in total.keys.items() if code != "_T"}
            strangers = [CTS[part] for part in rule.parameters["parts"] if CTS[part].parent != total.item]
            divided = [part.item for part in strangers if not own.items() <= part.keys.items()]
            assert divided == [], f"{rule.id}: neither a part of it nor a division of it"


TEXTS = [
    ("CTS24-114", [cell(f"serious_assault_victims{sex}", raw) for sex, raw in (
        ("", "412"), ("_m", "400"), ("_f", "3"))],
     "total 412, but its parts {serious_assault_victims_m}:{serious_assault_victims_f} add to 403. A total equals the sum of its parts: correct one of them, "
     "or explain the difference in the note column."),
    ("CTS24-211", [cell("rape_offences", "12"), cell("sexual_violence_offences", "<5")],
     "12, but “Rape” is a part of {sexual_violence_offences}, which is 0 to 4. A part is not larger than the whole: correct one "
     "of them."),
    ("CTS24-303", [cell("held", "100", 2019), cell("held", "250")],
     "250 after 100 in 2019, 2.5 times as many; 0.68 to 1.53 is usual. Explain the change in the note "
     "column, "
     "declare a break, or correct the figure."),
    ("CTS24-304", [cell("held", "500", 2019), cell("held", "50")],
     "50 is 0.1 times the 500 of 2019. Make sure that no digit was lost or added."),
    ("CTS24-401", [cell("homicide_victims", "300000")],
     "300000 victims make a rate of 237 per 100,000 of a population of 126799054; no more than 253598 "
     "victims "
     "would make 200. Correct the figure, or explain it in the note column."),
    ("CTS24-501", [cell("held", "4", 1013)],
     "the year 1013 is not one that the workbook asks for (1970 to 2024). Correct the heading of the "
     "column."),
    ("ALL-002", [cell("_fault.encrypted", "It has a password", None, sheet="_Z", cell="_Z")],
     "the file is locked. It has a password. Ask the sender for a copy without a password."),
    ("ALL-030", [cell("held", "about 400")],
     "“about 400” cannot be read as a figure. Give a whole number, a bound such as <5, .. if it is not "
     "available, "
     "or x if the question does not apply."),
    ("ALL-040", [cell("held", "4", area="MXE")],
     "“MXE” is not the code of a reporting unit. "),
    ("ALL-041", [cell("held_iccs1", "4")],
     "“held_iccs1” is not an item of the questionnaire. Did you mean held_iccs11 or held_iccs10 or "
     "held_iccs01? "
     "Name it as items.csv does."),
    ("ALL-060", [cell("held", "4"), cell("held", "5", file="b.xlsx")],
     "5 here, but 4 in MEX.xlsx 'Sheet'!{held}. A reporting unit has one figure for an item and a year: keep "
     "the "
     "right one, or withdraw one of the files."),
    ("ALL-061", [cell("held", "4"), cell("held", "4", file="b.xlsx")],
     "1 of its figures stand also in MEX.xlsx, with the same values; each is counted once. Leave one of "
     "the files out "
     "if they are copies."),
    ("ALL-070", [cell("held", "4")],
     "4, but 500 was reported for this year before. Explain the revision in the note column, or correct "
     "the figure."),
    ("ALL-045", [cell(f"L.{NAMED[0]}", "Maly", None)],
     "“Maly” is not known as a country. Did you mean MLI"),
    ("ALL-063", [cell(item, raw, year) for year in (2018, 2020)
                 for item, raw in (("held", "1000"), ("held_m", "900"), ("held_f", "100"))],
     "all 3 figures of the table are those of 2018 again. Make sure that the year was not copied."),
    ("ALL-071", [cell("held_m", "4")],
     "no figure of “Persons held: total” for 2020, but 500 was reported before. Give it again, or say that "
     "it is withdrawn."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "rows", "text"), TEXTS, ids=[text[0] for text in TEXTS])
def test_a_message_reads_so(rule, rows, text):
    (message,) = found(CTS.rule(rule), rows)["message"]
    assert text.format_map({item.item: cell(item.item, "")["cell"] for item in CTS}) in message


GOOD = """id = "T-1"
kind = "parts"
severity = "query"
items = ["held"]
parts = ["held_m"]
message = "m"
why = "w"
"""


@pytest.mark.parametrize(
    ("old", "new", "field", "fault"),
    [
        ('"parts"\n', '"party"\n', "kind", "`party` is unknown"),
        ('"query"', '"grave"', "severity", "`grave` is unknown"),
        ('why = "w"\n', "", "why", "is missing"),
        ('["held"]', '["hold"]', "items", "`hold` is not an item. Did you mean held"),
        ('["held_m"]', '["held_n"]', "parts", "`held_n` is not an item. Did you mean held_m"),
        ('["held"]', '["held", "held_f"]', "items", "names 2 items"),
        ('["held"]', "[]", "items", "names 0 items"),
        ('parts = ["held_m"]\n', "", "parts", "is missing. The kind `parts` needs it"),
        ('["held_m"]', '"held_m"', "parts", "does not fit. Give a list of items"),
        ('why = "w"\n', 'why = "w"\nnote_withn = 1\n', "note_withn", "is no parameter of the kind `parts`"),
        ('why = "w"\n', 'why = "w"\nexhaustive = 1\n', "exhaustive", "Give true or false"),
        ('why = "w"\n', 'why = "w"\nunless = ["T-2"]\n', "unless", "`T-2` is not a rule"),
        ('message = "m"', 'message = "{valu}"', "message", "`{valu}` is not known. It may show area, cells"),
        ('message = "m"', 'message = "{value"', "message", "cannot be read"),
        ('message = "m"', 'message = "m"\nundecided = "{sum}"', "undecided", "`{sum}` is not known"),
        ('id = "T-1"', 'id = "ALL-001"', "id", "`ALL-001` stands twice"),
    ],
)
def test_a_wrong_rule_is_refused_by_file_line_and_field(tmp_path, old, new, field, fault):
    for path in shipped("questionnaires", "un-cts-2024").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "rules.toml").write_text("\n[[rule]]\n" + GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load(tmp_path, "en")
    assert f"rules.toml, line 2, {field}: " in str(refused.value)
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["rule = 3", '[rule]\nid = "T-1"', 'rule = [{ id = "T-1" }]'],
)
def test_rules_that_are_no_tables_are_refused(tmp_path, text):
    for path in shipped("questionnaires", "un-cts-2024").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"\[\[rule\]\]"):
        load(tmp_path, "en")
