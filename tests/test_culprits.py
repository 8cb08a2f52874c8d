"""Which cell is wrong: the fewest figures whose change satisfies all rules, and only if nothing else does as well."""

from itertools import combinations, product

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from pandas import DataFrame

from crimestats.frames import CELLS
from crimestats.questionnaire import Questionnaire, Rule
from crimestats.questionnaire.kinds import Background, Round, judge
from crimestats.validation.findings import findings
from crimestats.validation.localising import COLUMNS, localise, name_culprits
from crimestats.validation.localising.sets import Search

TREE = {  # a total, its sexes, and the ages of each
    "total": ("m", "f", "u"),
    "m": ("m_child", "m_adult"),
    "f": ("f_child", "f_adult"),
    "child": ("m_child", "f_child"),
}
ITEMS = [
    "total",
    "m",
    "f",
    "u",
    "m_child",
    "m_adult",
    "f_child",
    "f_adult",
    "child",
    "seen",
    "tried",
    "share",
]
RECORD = """
id = "invented"
edition = "1"
years = [2018, 2022]
scheme = "iccs-1.0"
module = [{ id = "first", number = "1", sheet = "First", agency = "police" }]
"""
HEAD = "item,number,numbering,module,table,parent,required,iccs,measure,unit,stage,source,sex"


def rule(
    number: int, kind: str, items: tuple[str, ...], severity: str = "error", **parameters: object
) -> Rule:
    message = "{value} in {cells}"
    return Rule(f"T-{number}", kind, severity, items, parameters, message, "why", "rules.toml, line 1")


SUMS = tuple(
    rule(number, "parts", (total,), parts=list(parts)) for number, (total, parts) in enumerate(TREE.items())
)
LIMITS = (
    rule(10, "at_most", ("m", "f", "u"), largest="total", unless=["T-0"]),
    rule(11, "within", (), minimum=0),
    rule(12, "order", ("seen", "tried")),
)
RULES = (*SUMS, *LIMITS)


@pytest.fixture(scope="module")
def invented(tmp_path_factory) -> Questionnaire:
    folder = tmp_path_factory.mktemp("invented")
    rows = [
        f"{item},1.{n},project,first,1.1,,0,0101,victims,{'per_cent' if item == 'share' else 'number'},recorded,CJS,_T"
        for n, item in enumerate(ITEMS)
    ]
    texts = {
        "questionnaire.toml": RECORD,
        "items.csv": "\n".join([HEAD, *rows]),
        "metadata.csv": "module,question,type,choices,required\nfirst,break_year,year,,0\n",
        "labels.en.csv": "\n".join(["key,text", *(f"item.{item},{item.title()}" for item in ITEMS)]),
        "rules.toml": "",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Questionnaire.load(folder)


def cells(table: str, area: str = "SMP") -> DataFrame:
    """Cells from words `item value`, the year before them where it is not 2020; each item has its own row from 5."""
    rows, year = [], 2020
    words = table.split()
    while words:
        word = words.pop(0)
        if word.isdigit():
            year = int(word)
            continue
        raw = words.pop(0)
        low, high, status = bounds(raw)
        rows.append({
            "return_id": f"{area}.xlsx", "area": area, "sheet": "First", "item": word, "year": year, "raw": raw,
            "cell": f"{'EFGHI'[year - 2018]}{ITEMS.index(word) + 5}", "note": "", "status": status,
            "value": low if low == high else np.nan, "lower": low, "upper": high,
        })  # fmt: skip
    return CELLS.cast(DataFrame(rows))


def bounds(raw: str) -> tuple[float, float, str]:
    if raw.startswith("<"):
        return 0.0, float(raw[1:]) - 1, "bounded"
    if raw.startswith(">"):
        return float(raw[1:]) + 1, np.inf, "bounded"
    if raw == "..":
        return np.nan, np.nan, "not_available"
    return float(raw), float(raw), "exact"


def judged(invented: Questionnaire, frame: DataFrame, rules: tuple[Rule, ...] = RULES):
    wide = Round(frame, Background(invented))
    return wide, rules, {each.id: judge(wide, each) for each in rules}


def said(
    invented: Questionnaire, table: str, **search: object
) -> list[tuple[str, float, float, int, int, str]]:
    """Cell, lower, upper, size, alternatives and outcome of each row."""
    wide, rules, judgements = judged(invented, cells(table))
    found = localise(wide, rules, judgements, Search(**search) if search else None)
    assert {name: str(kind) for name, kind in found.dtypes.items()} == COLUMNS
    cell = wide.frame["cell"].astype(str).to_numpy()
    named = [cell[place] if place >= 0 else "" for place in found["place"]]
    columns = (found[name] for name in ("lower", "upper", "size", "alternatives", "outcome"))
    return [(place, *map(none, row)) for place, *row in zip(named, *columns, strict=True)]


def none(value: object) -> object:
    return None if value != value else value


GOOD = "total 100 m 60 f 35 u 5 m_child 20 m_adult 40 f_child 10 f_adult 25 child 30"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (GOOD, []),
        # one wrong figure, by all the rules that it stands in
        (GOOD.replace("m 60", "m 66"), [("G6", 60, 60, 1, 1, "named")]),
        (GOOD.replace("total 100", "total 90"), [("G5", 100, 100, 1, 1, "named")]),
        (GOOD.replace("m_child 20", "m_child 2"), [("G9", 20, 20, 1, 1, "named")]),
        (GOOD.replace("total 100", "total 50"), [("G5", 100, 100, 1, 1, "named")]),
        (GOOD.replace("u 5", "u -5"), [("G8", 5, 5, 1, 1, "named")]),
        # an unrelated pair: either may be wrong
        ("seen 10 tried 12", [("", None, None, 1, 2, "several")]),
        ("seen 10 tried -2", [("G15", 0, 10, 1, 1, "named")]),
        # two figures
        (GOOD.replace("m 60", "m 66").replace("child 30", "child 33"),
         [("G6", 60, 60, 2, 1, "named"), ("G13", 30, 30, 2, 1, "named")]),
        (GOOD.replace("m 60", "m 66").replace("m_child 20", "m_child 25"),
         [("G6", 60, 60, 2, 1, "named"), ("G9", 20, 20, 2, 1, "named")]),
        # two failures that only together can be mended, since a sum that holds ties them
        ("total 14 m -1 f 15 u 0 m_child 0 m_adult 0 f_child 6 f_adult 9 child 6",
         [("G5", 15, 15, 2, 1, "named"), ("G6", 0, 0, 2, 1, "named")]),
        # ranges
        ("total 100 m 60 f 35 u <4 m_child 20 m_adult 40", [("", None, None, 1, 3, "several")]),
        ("total 100 m 66 f 35 u <6 m_child 20 m_adult 40", [("G6", 60, 60, 1, 1, "named")]),
        ("total 100 m 66 f 35 u <9 m_child 20 m_adult <41", [("G6", 57, 60, 1, 1, "named")]),
        ("total >99 m 66 f 35 u 5 m_child 20 m_adult 40", [("", None, None, 1, 3, "several")]),
        ("total >99 m 56 f 35 u 5 m_child 20 m_adult 40", [("G6", 60, 60, 1, 1, "named")]),
        # a part that is missing costs nothing: the others may only not be above the total
        ("total 100 m 60 f 35 u .. m_child 20 m_adult 40", []),
        ("total 100 m 76 f 35 u .. m_child 20 m_adult 40", [("G6", 60, 60, 1, 1, "named")]),
        ("total 100 m 60 f 45 u ..", [("", None, None, 1, 3, "several")]),
        # what no change of a figure in reach mends
        ("u -5", [("G8", 0, float("inf"), 1, 1, "named")]),
    ],
)  # fmt: skip
def test_the_wrong_figure_is_named(invented, table, expected):
    assert said(invented, table) == expected


def test_rules_that_are_but_notes_contradict_nothing(invented):
    rules = (rule(12, "order", ("seen", "tried"), severity="note"),)
    wide, rules, judgements = judged(invented, cells("seen 10 tried 12"), rules)
    assert len(judgements["T-12"].failing) == 1
    assert localise(wide, rules, judgements).empty


def test_no_rules_and_no_cells(invented):
    assert localise(*judged(invented, cells(GOOD), ())).empty
    assert localise(*judged(invented, CELLS.empty())).empty


def test_rows_say_which_rules_a_figure_breaks(invented):
    wide, rules, judgements = judged(invented, cells(GOOD.replace("m 60", "m 66")))
    found = localise(wide, rules, judgements)
    assert list(found["rules"]) == ["T-0 T-1"]
    assert wide.frame["item"].iloc[found["place"][0]] == "m"


TWO = "total 100 m 66 f 35 u 5 m_child 25 m_adult 40 f_child 10 f_adult 25 child 30"


def test_what_is_not_solved_is_said(invented):
    assert said(invented, TWO, components=0) == [("", None, None, 0, 0, "not_asked")]
    assert said(invented, TWO, tries=0) == [("", None, None, 0, 0, "limit")]
    assert said(invented, TWO, largest=1) == [("", None, None, 0, 0, "none")]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # f was out of line with the years about it, the total was not
        ("2019 total 97 m 58 f 34 u 5 2020 total 99 m 58 f 60 u 5 2021 total 99 m 59 f 35 u 5",
         [("G7", 36, 36, 1, 3, "named")]),
        # one neighbour is enough
        ("2019 total 970 m 582 f 340 u 48 2020 total 1500 m 600 f 350 u 50", [("G5", 1000, 1000, 1, 4, "named")]),
        # figures too small to tell
        ("2019 total 97 m 90 f 2 u 5 2020 total 99 m 90 f 4 u 4", [("", None, None, 1, 4, "several")]),
        # too like each other
        ("2019 seen 1000 tried 900 2020 seen 600 tried 990", [("G14", 990, float("inf"), 1, 2, "named")]),
        ("2019 seen 70 tried 65 2020 seen 65 tried 68", [("", None, None, 1, 2, "several")]),
        # a comma moved, two digits exchanged
        ("total 1200 m 700 f 480 u 200", [("G8", 20, 20, 1, 4, "named")]),
        ("total 1354 m 715 f 603 u 36", []),
        ("total 1534 m 715 f 603 u 36", [("G5", 1354, 1354, 1, 4, "named")]),
        # digits that another year contradicts say nothing
        ("2019 total 1500 m 700 f 600 u 200 2020 total 1200 m 700 f 480 u 200", [("", None, None, 1, 4, "several")]),
    ],
)  # fmt: skip
def test_of_equally_small_changes_one_is_named_only_on_evidence(invented, table, expected):
    assert said(invented, table) == expected


def test_findings_name_the_culprit_and_what_would_fit(invented):
    other = cells("seen 10 tried 12", "MEX")
    frame = CELLS.join(cells(GOOD.replace("m 60", "m 96")), other)
    wide, rules, judgements = judged(invented, frame, (*RULES, rule(13, "repeat", ("m",), size=1)))
    failing = {name: judgement.failing for name, judgement in judgements.items()}
    said = findings(Round(frame, Background(invented_with(invented, rules))), judgements, failing)
    named = name_culprits(said, wide, rules, judgements)
    assert list(zip(named["rule"], named["cell"], named["culprit"], named["fitting"], strict=True)) == [
        ("T-0", "G5", "'First'!G6", "60"),
        ("T-1", "G6", "'First'!G6", "60"),
        ("T-12", "G15", "", ""),
    ]
    assert list(named.dtypes) == list(said.dtypes)
    assert name_culprits(said.iloc[:0], wide, rules, judgements).empty


def invented_with(invented: Questionnaire, rules: tuple[Rule, ...]) -> Questionnaire:
    from dataclasses import replace

    return replace(invented, rules=rules)


def test_a_finding_that_another_one_says_already_still_counts(invented):
    """`at_most` is silent where the sum says it, and the sum alone names the figure."""
    table = GOOD.replace("m 60", "m 160")
    wide, rules, judgements = judged(invented, cells(table))
    assert len(judgements["T-10"].failing) == 1
    found = localise(wide, rules, judgements)
    assert list(found["rules"]) == ["T-0 T-1 T-10"]
    assert list(found["lower"]) == [60]


def test_an_unusual_change_at_a_named_figure_names_it_too(invented):
    rules = (*RULES, rule(14, "change", ("m",), base=20, limits={"default": [0.5, 2]}))
    frame = cells("2019 " + GOOD + " 2020 " + GOOD.replace("m 60", "m 160"))
    wide, rules, judgements = judged(invented, frame, rules)
    failing = {name: judgement.failing for name, judgement in judgements.items()}
    own = invented_with(invented, rules)
    found = name_culprits(
        findings(Round(frame, Background(own)), judgements, failing), wide, rules, judgements
    )
    assert dict(zip(found["rule"], found["fitting"], strict=True)) == {"T-0": "60", "T-1": "60", "T-14": "60"}


def test_two_files_of_one_unit(invented):
    one, two = cells("total 100 f 35 u 5"), cells("m 66 m_child 20 m_adult 40")
    two = CELLS.cast(two.assign(return_id="SMP_prisons.xlsx"))
    frame = CELLS.join(one, two)
    wide, rules, judgements = judged(invented, frame)
    failing = {name: judgement.failing for name, judgement in judgements.items()}
    own = invented_with(invented, rules)
    found = name_culprits(
        findings(Round(frame, Background(own)), judgements, failing), wide, rules, judgements
    )
    assert dict(zip(found["rule"], found["culprit"], strict=True)) == {
        "T-0": "SMP_prisons.xlsx 'First'!G6", "T-1": "'First'!G6",
    }  # fmt: skip


def test_decimals_are_no_whole_numbers(invented):
    own = (rule(1, "at_most", ("share",), largest="seen"), rule(2, "at_most", ("tried",), largest="share"))
    wide, rules, judgements = judged(invented, cells("seen 0.4 share 0.5 tried 0.3"), own)
    found = localise(wide, rules, judgements)
    assert list(found["alternatives"]) == [2]
    wide, rules, judgements = judged(invented, cells("seen 2.5 share 3.5 tried 2"), own[:1])
    assert list(localise(wide, rules, judgements)["alternatives"]) == [2]


def test_large_figures_are_not_rounded(invented):
    table = f"total {10**12 + 100} m {10**12 + 61} f 35 u 5 m_child {10**12} m_adult 60"
    assert said(invented, table) == [("G6", 10**12 + 60, 10**12 + 60, 1, 1, "named")]
    double = f"total {10**9 + 100} m {10**9 + 61} f 35 u 5 m_child {10**9 + 7} m_adult 60 f_child 10 f_adult 25 child {10**9 + 10}"
    assert said(invented, double) == [
        ("G6", 10**9 + 60, 10**9 + 60, 2, 1, "named"),
        ("G9", 10**9, 10**9, 2, 1, "named"),
    ]


PLAIN = ["total", "m", "f", "u", "m_child", "m_adult", "f_child", "f_adult", "child"]
HIGHEST = 45


@st.composite
def tables(draw) -> dict[str, str]:
    """Figures that agree, some of them then changed, made a range, or taken away."""
    leaves = {name: draw(st.integers(0, 9)) for name in ("u", "m_child", "m_adult", "f_child", "f_adult")}
    m, f = leaves["m_child"] + leaves["m_adult"], leaves["f_child"] + leaves["f_adult"]
    full = {
        **leaves,
        "m": m,
        "f": f,
        "child": leaves["m_child"] + leaves["f_child"],
        "total": m + f + leaves["u"],
    }
    for name in draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=2, unique=True)):
        full[name] = draw(st.integers(-3, 40))
    texts = {name: str(full[name]) for name in PLAIN}
    for name in draw(st.lists(st.sampled_from(PLAIN), max_size=2, unique=True)):
        texts[name] = draw(
            st.sampled_from([f"<{max(full[name], 0) + 1}", f"<{max(full[name], 0) + 3}", ".."])
        )
    return texts


def fails(invented: Questionnaire, texts: dict[str, str], fixed: dict[str, int]) -> bool:
    table = " ".join(f"{name} {fixed.get(name, text)}" for name, text in texts.items())
    _, _, judgements = judged(invented, cells(table))
    return any(len(judgement.failing) for judgement in judgements.values())


def smallest(texts: dict[str, str]) -> int:
    """The least number of figures to change, by trying all values of all sets of figures."""
    known = {name: bounds(text)[:2] for name, text in texts.items() if text != ".."}
    for size in range(4):
        for chosen in combinations(known, size):
            grid = np.array(list(product(range(HIGHEST), repeat=size)), dtype=float).reshape(
                HIGHEST**size, size
            )
            values = {
                name: (grid[:, chosen.index(name)],) * 2 if name in chosen else pair
                for name, pair in known.items()
            }
            if holds(values, len(grid)).any():
                return size
    return 4


def holds(values: dict[str, tuple], number: int) -> np.ndarray:
    """Whether all rules hold, written out once more."""
    right = np.ones(number, dtype=bool)
    for low, _ in values.values():
        right &= np.asarray(low) >= 0
    for total, parts in TREE.items():
        there = [values[part] for part in parts if part in values]
        if total in values and there:
            low, high = sum(part[0] for part in there), sum(part[1] for part in there)
            right &= low <= values[total][1]
            if len(there) == len(parts):
                right &= high >= values[total][0]
    for part in ("m", "f", "u"):
        if part in values and "total" in values:
            right &= values[part][0] <= values["total"][1]
    return right


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_the_changes_named_satisfy_all_rules_and_no_smaller_ones_do(invented, texts):
    table = " ".join(f"{name} {text}" for name, text in texts.items())
    wide, rules, judgements = judged(invented, cells(table))
    found = localise(wide, rules, judgements)
    assert found["outcome"].isin(["named", "several"]).all()
    sizes = found.drop_duplicates("component")["size"]
    assert sizes.sum() == smallest(texts) if len(sizes) < 2 else sizes.sum() >= smallest(texts)
    assume((found["outcome"] == "named").all())
    items = wide.frame["item"].astype(str).to_numpy()
    for end in ("lower", "upper"):
        fixed = {items[row.place]: int(getattr(row, end)) for row in found.itertuples() if row.upper < np.inf}
        if len(fixed) == len(found) and (found["size"] == 1).all():
            assert not fails(invented, texts, fixed)
