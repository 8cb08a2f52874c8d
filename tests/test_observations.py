"""Observations: what the cells of a round say, in inline tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crimestats as cs
from crimestats import frames
from crimestats.errors import CallError
from crimestats.observations import breaks, join_ids, observe, reconcile
from crimestats.validation import Report

DEFINITION = cs.Questionnaire.load("un-cts-2024")
INF = float("inf")


def number(text):
    """Status, value, lower and upper of a short notation: 412, <5, >5, or the name of a status."""
    if text.startswith("<"):
        return "bounded", np.nan, 0.0, float(text[1:]) - 1
    if text.startswith(">"):
        return "bounded", np.nan, float(text[1:]) + 1, INF
    if text.replace(".", "").isdecimal():
        return "exact", float(text), float(text), float(text)
    return text, np.nan, np.nan, np.nan


def cells_of(text):
    """Cells from lines of return_id, area, item, year (or -), cell, figure, and a note or raw text."""
    rows = []
    for line in text.strip().splitlines():
        return_id, area, item, year, cell, figure, *rest = line.split(maxsplit=6)
        status, value, lower, upper = number(figure)
        sheet = DEFINITION[item].module.title() if item in DEFINITION else "Metadata"
        rows.append({
            "return_id": return_id, "area": area, "sheet": sheet, "cell": cell, "item": item,
            "year": None if year == "-" else int(year), "raw": rest[0] if figure == "text" else figure,
            "note": "" if figure == "text" or not rest else rest[0],
            "value": value, "lower": lower, "upper": upper, "status": status,
        })  # fmt: skip
    return frames.CELLS.cast(pd.DataFrame(rows, columns=list(frames.CELLS.columns)).astype({"year": "Int16"}))


def report_of(text=""):
    """A report from lines of finding_id, return_id, sheet, cell, severity and verdict."""
    names = ["finding_id", "return_id", "sheet", "cell", "severity", "verdict"]
    rows = pd.DataFrame([line.split() for line in text.strip().splitlines()], columns=names)
    others = {name: "" for name in frames.FINDINGS.columns if name not in names}
    data = rows.assign(**others).assign(year=pd.array([None] * len(rows), dtype="Int16"))
    return Report(frames.FINDINGS.cast(data), frames.RETURNS.empty(), DEFINITION)


def seen(observed, *columns):
    chosen = observed[list(columns)]
    return [tuple(row) for row in chosen.astype(object).where(chosen.notna(), None).to_numpy()]


def test_a_figure_carries_what_the_questionnaire_says_of_its_item():
    observed = observe(cells_of("mx.xlsx MEX homicide_victims_f 2021 D7 3462 provisional"), report_of())
    row = observed.iloc[0]
    expected = {
        "area": "MEX", "year": 2021, "item": "homicide_victims_f", "scheme": "iccs-1.0", "code": "0101",
        "measure": "victims", "unit": "number", "stage": "recorded", "source": "CJS", "sex": "F", "age": "_T",
        "mechanism": "_T", "value": 3462.0, "lower": 3462.0, "upper": 3462.0, "status": "exact",
        "findings": "", "note": "provisional", "return_id": "mx.xlsx", "sheet": "Homicide", "cell": "D7",
        "segment": 0,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert frames.OBSERVATIONS.check(observed) is observed


def test_only_figures_are_observed_sorted_by_area_item_and_year():
    observed = observe(cells_of("""
        pt.xlsx PRT theft_offences      2020 D4 10
        pt.xlsx PRT homicide_victims    2021 E9 80
        pt.xlsx PRT homicide_victims    2020 D9 81
        mx.xlsx MEX theft_offences      2020 D4 99
        mx.xlsx MEX M.homicide.source   -    D5 text Police
        mx.xlsx MEX H.area              -    B3 text MEX
        mx.xlsx MEX _cell.comment       -    D4 text why
        mx.xlsx MEX homicide_victims    -    D4 7
    """), report_of())  # fmt: skip
    assert seen(observed, "area", "item", "year", "value") == [
        ("MEX", "theft_offences", 2020, 99.0),
        ("PRT", "homicide_victims", 2020, 81.0),
        ("PRT", "homicide_victims", 2021, 80.0),
        ("PRT", "theft_offences", 2020, 10.0),
    ]


def test_bounds_and_missing_marks_stay():
    observed = observe(cells_of("""
        mx.xlsx MEX homicide_victims 2018 D4 <5
        mx.xlsx MEX homicide_victims 2019 E4 >5
        mx.xlsx MEX homicide_victims 2020 F4 not_available
        mx.xlsx MEX homicide_victims 2021 G4 blank
        mx.xlsx MEX homicide_victims 2022 H4 unreadable
    """), report_of())  # fmt: skip
    assert seen(observed, "status", "value", "lower", "upper") == [
        ("bounded", None, 0.0, 4.0), ("bounded", None, 6.0, INF), ("not_available", None, None, None),
        ("blank", None, None, None), ("unreadable", None, None, None),
    ]  # fmt: skip


FINDINGS = """
    b1 mx.xlsx Homicide D4 error fail
    a2 mx.xlsx Homicide D4 query fail
    c3 mx.xlsx Homicide E4 error undecided
    d4 pt.xlsx Homicide F4 error fail
    e5 mx.xlsx Other    D4 error fail
    f6 mx.xlsx _Z       _Z error fail
"""
FOUND = """
    mx.xlsx MEX homicide_victims 2020 D4 412
    mx.xlsx MEX homicide_victims 2021 E4 413
    mx.xlsx MEX homicide_victims 2022 F4 414
"""


def test_findings_stand_at_the_cell_that_they_are_about_and_at_no_other():
    observed = observe(cells_of(FOUND), report_of(FINDINGS))
    assert seen(observed, "year", "value", "findings") == [
        (2020, 412.0, "a2 b1"), (2021, 413.0, "c3"), (2022, 414.0, ""),
    ]  # fmt: skip


def test_strict_leaves_out_figures_with_an_open_error_and_says_so():
    observed = observe(cells_of(FOUND), report_of(FINDINGS), strict=True)
    assert seen(observed, "year", "status", "value", "lower", "upper") == [
        (2020, "withheld", None, None, None),
        (2021, "exact", 413.0, 413.0, 413.0),
        (2022, "exact", 414.0, 414.0, 414.0),
    ]  # fmt: skip
    blank = cells_of("mx.xlsx MEX homicide_victims 2020 D4 blank")
    missing = observe(blank, report_of(FINDINGS), strict=True)
    assert seen(missing, "status", "findings") == [("blank", "a2 b1")]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("412", "412", ("exact", 412.0, 412.0, 412.0)),
        ("412", "403", ("conflicting", None, 403.0, 412.0)),
        ("<5", "<5", ("bounded", None, 0.0, 4.0)),
        ("<5", "3", ("conflicting", None, 0.0, 4.0)),
        ("3", "blank", ("exact", 3.0, 3.0, 3.0)),
        ("unreadable", "3", ("exact", 3.0, 3.0, 3.0)),
        ("blank", "not_available", ("not_available", None, None, None)),
        (">5", ">5", ("bounded", None, 6.0, INF)),
    ],
)
def test_two_returns_of_one_area(first, second, expected):
    for pair in ((first, second), (second, first)):
        observed = observe(cells_of(f"""
            a.xlsx MEX homicide_victims 2020 D4 {pair[0]}
            b.xlsx MEX homicide_victims 2020 D4 {pair[1]}
        """), report_of("x1 a.xlsx Homicide D4 note fail\ny2 b.xlsx Homicide D4 note fail"))  # fmt: skip
        assert seen(observed, "status", "value", "lower", "upper") == [expected]
        assert observed["findings"].tolist() == ["x1 y2"]


def test_an_error_in_one_of_two_contradicting_returns_withholds_the_figure():
    cells = cells_of("a.xlsx MEX homicide_victims 2020 D4 9999\nb.xlsx MEX homicide_victims 2020 D4 412")
    report = report_of("x1 a.xlsx Homicide D4 error fail")
    assert seen(observe(cells, report), "status", "value") == [("conflicting", None)]
    strict = observe(cells, report, strict=True)
    assert seen(strict, "status", "value", "lower") == [("withheld", None, None)]


def test_returns_that_do_not_say_their_area_stay_apart():
    cells = cells_of("a.xlsx _U homicide_victims 2020 D4 1\nb.xlsx _U homicide_victims 2020 D4 2")
    observed = observe(cells, report_of())
    assert seen(observed, "area", "return_id", "value") == [("_U", "a.xlsx", 1.0), ("_U", "b.xlsx", 2.0)]


BROKEN = """
    mx.xlsx MEX homicide_victims      2016 D4 1
    mx.xlsx MEX homicide_victims      2017 E4 1
    mx.xlsx MEX homicide_victims      2018 F4 1
    mx.xlsx MEX homicide_victims      2020 H4 1
    mx.xlsx MEX theft_offences        2020 H4 1
    pt.xlsx PRT homicide_victims      2020 H4 1
    mx.xlsx MEX M.homicide.break_year -    D9 text {}
    mx.xlsx MEX M.other.break_reason  -    E9 text in 2015 the law changed
"""


@pytest.mark.parametrize(
    ("answer", "years", "segments"),
    [
        ("2018", [2018], [0, 0, 2018, 2018]),
        ("2018 and 2020", [2018, 2020], [0, 0, 2018, 2020]),
        ("2017-01-01", [2017], [0, 2017, 2017, 2017]),
        ("٢٠١٧", [2017], [0, 2017, 2017, 2017]),
        ("2010", [2010], [2010, 2010, 2010, 2010]),
        ("none", [], [0, 0, 0, 0]),
        ("120180", [], [0, 0, 0, 0]),
        ("0018", [], [0, 0, 0, 0]),
    ],
)
def test_a_declared_break_starts_a_new_segment_of_its_module(answer, years, segments):
    cells = cells_of(BROKEN.format(answer))
    assert seen(breaks(cells), "area", "module", "year") == [("MEX", "homicide", year) for year in years]
    observed = observe(cells, report_of())
    assert observed["segment"].tolist() == [*segments, 0, 0]


def test_an_empty_round_is_an_empty_table():
    observed = observe(frames.CELLS.empty(), report_of())
    assert len(observed) == 0
    assert frames.OBSERVATIONS.check(observed) is observed
    assert breaks(frames.CELLS.empty()).empty


def test_a_frame_that_is_no_cells_is_refused():
    with pytest.raises(CallError, match="Cells frame"):
        observe(pd.DataFrame({"area": ["MEX"]}), report_of())


def test_ids_are_joined_each_once():
    assert join_ids(np.array([3, 1, 3, 3]), pd.Series(["b", "c", "a b", ""])).to_dict() == {1: "c", 3: "a b"}
    assert join_ids(np.array([], dtype="int64"), pd.Series([], dtype="str")).empty


FIGURES = st.sampled_from(["0", "3", "7", "<5", "<9", ">2", "blank", "not_available", "unreadable"])
ITEMS = st.sampled_from(["homicide_victims", "theft_offences"])
PLACES = st.tuples(st.sampled_from("ab"), ITEMS, st.sampled_from([2020, 2021]))


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(PLACES, FIGURES, min_size=1), st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter_and_bounds_contain_every_return(rows, random):
    lines = [f"{name}.xlsx MEX {item} {year} D{year} {figure}" for (name, item, year), figure in rows.items()]
    observed = observe(cells_of("\n".join(lines)), report_of())
    random.shuffle(lines)
    again = observe(cells_of("\n".join(lines)), report_of())
    pd.testing.assert_frame_equal(observed, again, check_categorical=False)
    assert not observed.duplicated(["area", "year", "item"]).any()
    bounds = observed.set_index(["item", "year"])[["lower", "upper"]]
    for (_, item, year), figure in rows.items():
        _, _, lower, upper = number(figure)
        if not np.isnan(lower):
            assert bounds.loc[(item, year), "lower"] <= lower
            assert bounds.loc[(item, year), "upper"] >= upper


def test_reconcile_returns_unique_figures_untouched():
    frame = pd.DataFrame({"key": [2, 1], "value": [1.0, 2.0]})
    assert reconcile(frame, ["key"]) is frame


def test_strict_withholds_what_several_returns_contradict():
    cells = cells_of("""
        a.xlsx MEX homicide_victims 2020 D4 100
        b.xlsx MEX homicide_victims 2020 D4 120
        c.xlsx MEX homicide_victims 2020 D4 130
    """)
    report = report_of("""
        f1 b.xlsx Homicide D4 error fail
        f2 c.xlsx Homicide D4 error fail
    """)
    assert seen(observe(cells, report), "status", "value", "lower", "upper") == [
        ("conflicting", None, 100, 130)
    ]
    strict = observe(cells, report, strict=True)
    assert seen(strict, "status", "value", "lower", "upper") == [("withheld", None, None, None)]


def test_what_cannot_be_a_count_or_a_year_has_no_value():
    cells = cells_of("""
        a.xlsx MEX homicide_victims 2020 D4 5
        a.xlsx MEX homicide_victims 1013 E4 7
        a.xlsx MEX homicide_victims 2021 F4 0
    """)
    is_negative = (cells["year"] == 2020).to_numpy(bool)
    cells = cells.assign(
        **{name: cells[name].mask(is_negative, -5.0) for name in ("value", "lower", "upper")}
    )
    observed = observe(cells, report_of())
    assert seen(observed, "year", "status", "value", "upper") == [
        (1013, "misdated", None, None), (2020, "impossible", None, None), (2021, "exact", 0, 0),
    ]  # fmt: skip
