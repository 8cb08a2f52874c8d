"""The questionnaires on trafficking in persons and on arms: complete, coded, and judged as their rules say."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pandas import DataFrame

import crimestats as cs
from crimestats.classification import Classification
from crimestats.frames import BREAKDOWNS, CELLS, TOTAL
from crimestats.questionnaire import Rule
from crimestats.questionnaire.kinds import Background, Round, judge
from crimestats.questionnaire.schema import fill

GLOTIP = cs.Questionnaire.load("glotip-2024")
IAFQ = cs.Questionnaire.load("iafq-2024")
BOTH = {"glotip-2024": GLOTIP, "iafq-2024": IAFQ}
ROWS = [(name, row) for name, each in BOTH.items() for row in each.data.to_dict("records")]
RULES = [(name, rule) for name, each in BOTH.items() for rule in each.rules if not rule.id.startswith("ALL")]
YEARS = (2020, 2021, 2022, 2023)

# persons by sex and age; what a form of exploitation or a stage has is a multiple of them
PERSONS = {("F", "Y0T17"): 71, ("F", "Y_GE18"): 203, ("M", "Y0T17"): 33, ("M", "Y_GE18"): 95,
           ("O", "Y0T17"): 3, ("O", "Y_GE18"): 7, ("_U", "_U"): 11}  # fmt: skip
TIMES = {"victims_sexual": 13, "victims_labour": 7, "victims_other": 3, "victims": 23,
         "suspected": 61, "prosecuted": 43, "convicted": 31}  # fmt: skip
ALONE = {
    "glotip-2024": {"offences": 9973, "repatriated": 1511, "victims_form_unknown": 0, "victims_domestic": 0},
    "iafq-2024": {
        "seizures": 8117, "firearms_seized": 24593, "firearms_found": 3011, "firearms_surrendered": 1709,
        "gun_parts_seized": 5903, "gun_parts_found": 1103, "gun_parts_surrendered": 727,
        "ammunition_seized": 90121, "ammunition_found": 20749, "ammunition_surrendered": 40087,
        "tracing_requests_sent": 911, "tracing_requests_received": 839,
        "targeted": 6203, "suspected": 5101, "prosecuted": 3307, "convicted": 2203,
    },
}  # fmt: skip
MATRIX = ("2.1", "3.1", "4.1", "7.1", "8.1", "9.1")
COUNTRIES = ("AFG", "ALB", "DZA", "AGO", "ARG", "ARM", "AUS", "AUT", "AZE", "BHS", "BHR", "BGD", "BRB", "BLR",
             "BEL", "BLZ", "BEN", "BTN", "BOL", "BIH")  # fmt: skip


def without_fault(name: str) -> dict[str, int]:
    """A figure for every item, all of them consistent."""
    definition, figures = BOTH[name], dict(ALONE[name])
    for item in sorted(definition, key=lambda each: depth(definition, each.item)):
        times = TIMES.get(re.sub(r"(_[fmou])?(_0_17|_18_over|_age_unknown|_unknown)?$", "", item.item))
        if item.item in figures:
            continue
        before = shares(definition, figures, item.item)
        if name == "glotip-2024" and times and item.table in MATRIX:
            figures[item.item] = times * sum(
                count for (sex, age), count in PERSONS.items()
                if item.keys["sex"] in (TOTAL, sex) and item.keys["age"] in (TOTAL, age)
            )  # fmt: skip
        elif before:
            share = 7 if item.module == "tracing" and item.parent.count("_") == 1 else 1
            figures[item.item], figures[before[0]] = share, figures[before[0]] - share
        else:
            figures[item.item] = figures[item.parent]
    return figures | ({"victims_domestic": figures["victims_row1"]} if "victims_row1" in figures else {})


def depth(definition: cs.Questionnaire, item: str) -> int:
    parent = definition[item].parent
    return depth(definition, parent) + 1 if parent else 0


def shares(definition: cs.Questionnaire, figures: dict[str, int], item: str) -> list[str]:
    """Items before it that divide the same whole; the first takes what the others leave."""
    own = definition[item]
    return [
        each.item for each in definition
        if each.item in figures and (each.parent, each.table) == (own.parent, own.table)
        and each.item not in ALONE[definition.id]
    ]  # fmt: skip


def reported(name: str) -> DataFrame:
    """The figures of a return without a fault, 2020 to 2023."""
    definition, figures = BOTH[name], without_fault(name)
    entered = [item.item for item in definition if item.entry]
    labels = {item: COUNTRIES[place % len(COUNTRIES)] for place, item in enumerate(entered)}
    rows = [
        (year, item, str(count * (10 + step)), labels.get(item, ""))
        for step, year in enumerate(YEARS)
        for item, count in figures.items()
    ]
    return DataFrame(rows, columns=["year", "item", "value", "label"])


def answers(definition: cs.Questionnaire) -> dict[str, str]:
    """An answer to every question, the first of its choices or one that says nothing odd."""
    plain = {"provisional": "no", "break_year": "", "break_reason": "", "in_force_since": "1 January 2005"}
    return {
        f"{row['module']}.{row['question']}": plain.get(
            row["question"], row["choices"].split("|")[0] or "text"
        )
        for row in definition.metadata.to_dict("records")
    }


def judged(
    definition: cs.Questionnaire, figures: dict[str, str], year: int = 2021
) -> set[tuple[str, str, str]]:
    """What the questionnaire's own rules find: rule, item, severity."""
    bounds = [
        (0.0, float(raw[1:]) - 1) if raw.startswith("<") else (float(raw),) * 2 for raw in figures.values()
    ]
    frame = fill(DataFrame({
        "return_id": "MEX.xlsx", "area": "MEX", "year": year, "item": list(figures), "raw": list(figures.values()),
        "value": [float("nan") if low < high else low for low, high in bounds],
    }))  # fmt: skip
    lower, upper = zip(*bounds, strict=True)
    status = ["bounded" if low < high else "exact" for low, high in bounds]
    cells = CELLS.cast(frame.assign(lower=lower, upper=upper, status=status))
    rules = tuple(rule for name, rule in RULES if BOTH[name] is definition)
    own = cs.validate(cells, replace(definition, rules=rules)).data
    return set(zip(own["rule"], own["item"], own["severity"], strict=True))


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name} {row['item']}" for name, row in ROWS])
def test_every_item_is_coded(name, row):
    iccs = Classification.load("iccs")
    assert row["iccs"] == "_Z" or all(code in iccs for code in row["iccs"].split("+"))
    assert row["label"]
    assert row["agency"]
    assert row["number"].startswith((row["table"] + ".", row["table"] + "_"))


@pytest.mark.parametrize("definition", BOTH.values(), ids=BOTH)
def test_no_two_items_ask_for_the_same_figure_and_only_totals_are_asked_of_everybody(definition):
    keys = ["iccs", "measure", "unit", "stage", "source", *BREAKDOWNS]
    assert not definition.data.duplicated(keys).any()
    required = definition.data.query("required == '1'")
    assert len(required)
    assert (required[list(BREAKDOWNS)] == TOTAL).all(axis=None)


@pytest.mark.parametrize("definition", BOTH.values(), ids=BOTH)
def test_every_text_is_there(definition):
    data, metadata = definition.data, definition.metadata
    keys = {
        *("measure." + data["measure"]), *("table." + data["table"]), *("metadata." + metadata["question"]),
        *("module." + module["id"] for module in definition.modules),
    }  # fmt: skip
    assert {key for key in keys if definition.label(key) == key} == set()


def test_numbers_that_the_instrument_is_known_to_have_are_marked():
    published = set(GLOTIP.data.query("numbering == 'published'")["number"])
    assert published == {"1.1", *(f"6.1_{row}" for row in range(1, 22))}
    assert set(IAFQ.data["numbering"]) == {"project"}


def test_each_table_goes_to_its_agency():
    agencies = GLOTIP.data.groupby("module")["agency"].unique().map(list).to_dict()
    assert agencies == {
        "offences": ["police"], "contact": ["police"], "prosecuted": ["prosecution"],
        "convicted": ["courts"], "victims": ["police"], "repatriation": ["coordination"],
    }  # fmt: skip
    assert [IAFQ[item].agency for item in ("suspected_f", "prosecuted", "convicted")] == [
        "police",
        "prosecution",
        "courts",
    ]


def test_rows_with_a_country_of_the_senders_are_kept_apart_by_their_row():
    entered = [item for item in GLOTIP if item.entry]
    assert {item.table for item in entered} == {"6.1", "10.1", "11.1"}
    assert len(entered) == 60
    assert {item.keys["country"] for item in entered} == {"ENTERED"}
    assert all(item.keys["trait"] == "ROW" + item.number.split("_")[1] for item in entered)


def test_each_table_asks_for_articles_and_source_and_the_legislation_for_itself():
    asked = GLOTIP.metadata.groupby("module")["question"].agg(set)
    assert all({"source", "counting_unit", "coverage", "reference_period", "provisional", "break_year"} <= asked[module]
               for module in asked.index if module != "legislation")  # fmt: skip
    assert all(
        "articles" in asked[module]
        for module in ("offences", "contact", "prosecuted", "convicted", "victims")
    )
    assert {"specific_offence", "in_force_since", "scope", "changes", "definition"} <= asked["legislation"]


# --- the workbook ---------------------------------------------------------------


@pytest.mark.parametrize("name", BOTH)
def test_a_return_without_a_fault_is_read_back_and_has_no_finding(tmp_path, name):
    definition, sent = BOTH[name], reported(name)
    assert set(sent["item"]) == set(definition.data["item"])
    path = cs.build(
        definition, tmp_path / "MEX.xlsx", area="MEX", agency="Office", years=YEARS, figures=sent,
        metadata=answers(definition),
    )  # fmt: skip
    cells = cs.read(path, definition)
    got = cells[cells["item"].isin(definition.data["item"])]
    key = ["year", "item"]
    assert (
        got.astype({"item": str}).set_index(key)["value"].to_dict()
        == sent.assign(value=sent["value"].astype(float)).set_index(key)["value"].to_dict()
    )
    assert [finding.message for finding in cs.validate(cells, definition)] == []


def test_a_figure_that_is_the_number_of_its_own_cell_is_found(tmp_path):
    figures = DataFrame(
        [(2019, "convicted_row10", "61,102,019", "PAK")], columns=["year", "item", "value", "label"]
    )
    path = cs.build(GLOTIP, tmp_path / "PAK.xlsx", area="PAK", years=(2019,), figures=figures)
    report = cs.validate(cs.read(path, GLOTIP), GLOTIP).data
    assert [*report.loc[report["rule"] == "ALL-034", "item"]] == ["convicted_row10"]


# --- the rules ------------------------------------------------------------------

FAULTS = [
    ("sexes", GLOTIP, {"victims": "412", "victims_f": "390", "victims_m": "3", "victims_o": "0", "victims_unknown": "0"},
     {("GLO24-131", "victims", "query")}),
    ("the unknown is a part", GLOTIP,
     {"victims": "412", "victims_f": "390", "victims_m": "3", "victims_o": "0", "victims_unknown": "19"}, set()),
    ("a missing part is not a wrong total", GLOTIP, {"victims": "412", "victims_f": "390", "victims_m": "3"}, set()),
    ("one per cent", GLOTIP, {"suspected": "500", "suspected_m": "496", "suspected_f": "0", "suspected_o": "0",
                              "suspected_u": "0"}, {("GLO24-101", "suspected", "note")}),
    ("ages of a sex", GLOTIP, {"victims_f": "90", "victims_f_0_17": "40", "victims_f_18_over": "49"},
     {("GLO24-133", "victims_f", "error")}),
    ("bounds that meet", GLOTIP, {"victims_0_17": "101", "victims_f_0_17": "70", "victims_m_0_17": "31",
                                  "victims_o_0_17": "<5"}, set()),
    ("bounds that cannot meet", GLOTIP, {"victims_0_17": "101", "victims_f_0_17": "70", "victims_m_0_17": "20",
                                         "victims_o_0_17": "<5"}, {("GLO24-137", "victims_0_17", "query")}),
    ("several forms", GLOTIP, {"victims": "100", "victims_sexual": "70", "victims_labour": "40", "victims_other": "0",
                               "victims_form_unknown": "0"}, {("GLO24-151", "victims", "note")}),
    ("forms left out", GLOTIP, {"victims": "100", "victims_sexual": "50", "victims_labour": "40", "victims_other": "0",
                                "victims_form_unknown": "0"}, {("GLO24-152", "victims", "query")}),
    ("a form above all", GLOTIP, {"victims": "100", "victims_sexual": "140", "victims_labour": "0"},
     {("GLO24-251", "victims_sexual", "error")}),
    ("sectors", GLOTIP, {"victims_labour": "50", **{f"victims_labour_{sector}": "6" for sector in (
        "domestic", "agriculture", "construction", "fishing", "manufacturing", "mining", "catering", "other",
        "sector_unknown")}}, {("GLO24-155", "victims_labour", "query")}),
    ("countries above the total", GLOTIP, {"victims": "100", "victims_row1": "60", "victims_row2": "50"},
     {("GLO24-144", "victims", "query")}),
    ("countries left out", GLOTIP, {"convicted": "100", "convicted_row1": "60", "convicted_row2": "20"}, set()),
    ("nationals", GLOTIP, {"victims_row1": "60", "victims_domestic": "20"},
     {("GLO24-146", "victims_domestic", "query")}),
    ("stages", GLOTIP, {"suspected": "40", "prosecuted": "60", "convicted": "60"},
     {("GLO24-301", "prosecuted", "note")}),
    ("types", IAFQ, {"firearms_seized": "100", **{f"firearms_seized_{kind}": "10" for kind in (
        "pistol", "revolver", "rifle", "shotgun", "submachine_gun", "machine_gun", "other_type", "type_unknown")}},
     {("IAFQ24-101", "firearms_seized", "query")}),
    ("conditions left out", IAFQ, {"firearms_seized": "100", "firearms_seized_converted": "20"}, set()),
    ("conditions above the total", IAFQ, {"firearms_seized": "100", "firearms_seized_converted": "60",
                                          "firearms_seized_modified": "60"}, {("IAFQ24-103", "firearms_seized", "query")}),
    ("other offences", IAFQ, {"firearms_seized": "100", "firearms_seized_with_drugs": "60",
                              "firearms_seized_with_violent": "60"}, {("IAFQ24-105", "firearms_seized", "note")}),
    ("identified without a marking", IAFQ, {"firearms_found_identifiable": "30", "firearms_found_marked": "20"},
     {("IAFQ24-295", "firearms_found_identifiable", "query")}),
    ("tracing", IAFQ, {"firearms_seized": "<5", "firearms_seized_identifiable": "3", "firearms_seized_unidentifiable": "3",
                       "firearms_seized_identifiability_unknown": "0"}, {("IAFQ24-133", "firearms_seized", "query")}),
    ("stages", IAFQ, {"suspected": "10", "prosecuted": "8", "convicted": "9"}, {("IAFQ24-301", "convicted", "note")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "figures", "expected"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS]
)
def test_a_rule_finds_its_fault_and_nothing_else(definition, figures, expected):
    assert judged(definition, figures) == expected


def planted(rule: Rule) -> Iterator[tuple[str, int, float]]:
    """Figures with the fault that a rule looks for: item, year, value."""
    whole, own = rule.items[0], rule.parameters
    match rule.kind:
        case "parts":
            yield whole, 2021, 100
            yield from ((part, 2021, 90 if own.get("exhaustive", True) and len(own["parts"]) == 1 else 101)
                        for part in own["parts"])  # fmt: skip
        case "at_most":
            yield from ((whole, 2021, 1000), (own["largest"], 2021, 10))
        case "change":
            yield from ((whole, 2020, 1000), (whole, 2021, 400_000))
        case "repeat":
            yield from ((whole, 2020, 500), (whole, 2021, 500 * own.get("factors", [1])[0]))
        case "order":
            yield from ((rule.items[0], 2021, 3), (rule.items[1], 2021, 4))
        case "year_range":
            yield "convicted", 1013, 4


JUDGED = [
    (name, rule) for name, rule in RULES if rule.kind in ("parts", "at_most", "change", "repeat", "order")
]


@pytest.mark.parametrize(("name", "rule"), JUDGED, ids=[rule.id for _, rule in JUDGED])
def test_every_rule_on_figures_fails_where_it_should(name, rule):
    frame = DataFrame(list(planted(rule)), columns=["item", "year", "value"]).assign(area="MEX")
    judgement = judge(Round(fill(frame), Background(BOTH[name])), rule)
    assert len(judgement.failing)


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[rule.id for _, rule in RULES])
def test_every_rule_names_its_check_and_why(name, rule):
    assert re.fullmatch(r"R\d\d", rule.parameters["check"])
    assert rule.parameters["check"] in rule.why or rule.parameters["check"] == "R11"


SUMS = [
    (name, rule) for name, rule in JUDGED if rule.kind == "parts" and rule.parameters.get("check") != "R16"
]


@pytest.mark.parametrize(("name", "rule"), SUMS, ids=[rule.id for _, rule in SUMS])
def test_parts_are_of_their_whole_and_each_is_named_once(name, rule):
    definition, whole = BOTH[name], BOTH[name][rule.items[0]]
    parts = [definition[part] for part in rule.parameters["parts"]]
    assert len({part.item for part in parts}) == len(parts) > 1
    for part in parts:
        assert part.keys["measure"] == whole.keys["measure"]
        assert part.keys["stage"] == whole.keys["stage"]
        divided = all(whole.keys[each] in (TOTAL, part.keys[each]) for each in BREAKDOWNS)
        assert divided or part.parent == whole.item
