"""How far people agree: kappa and alpha against published figures, codes cut to a level, what counts."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from crimestats.classification import Classification
from crimestats.coding.agreement import AGREEMENT, agreement, at_level, krippendorff_alpha
from crimestats.coding.decisions import decision

ICCS = Classification.load("iccs")

# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C; then the example of three coders and
# fifteen units that the article on alpha in Wikipedia works through
PUBLISHED = [
    (["123321412...", "1233224125.3", ".3332342251.", "12332441251."], 113 / 152, 0.743),
    ([".....34121133.3", "1.213343.......", "..21344.21133.4"], 56 / 81, 0.691),
]


@pytest.mark.parametrize(("coders", "exact", "printed"), PUBLISHED)
def test_alpha_is_the_published_one(coders, exact, printed):
    values = pd.DataFrame([list(row) for row in coders]).T.replace(".", None)
    alpha = krippendorff_alpha(values)
    assert alpha == pytest.approx(exact)
    assert round(alpha, 3) == printed


@pytest.mark.parametrize("rows", [[], [["a", None]], [["a", "a"], ["a", "a"]], [[None, None]]])
def test_alpha_is_not_defined(rows):
    assert math.isnan(krippendorff_alpha(pd.DataFrame(rows, columns=["x", "y"], dtype="str")))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=2, max_size=12))
def test_alpha_does_not_depend_on_order_or_names(rows):
    values = pd.DataFrame(rows, columns=["x", "y", "z"])
    alpha = krippendorff_alpha(values)
    turned = values[["z", "x", "y"]].iloc[::-1].replace({"a": "q"})
    assert alpha == pytest.approx(krippendorff_alpha(turned), nan_ok=True)
    assert math.isnan(alpha) or alpha <= 1


@pytest.mark.parametrize(
    ("code", "cut"),
    [
        ("010321", ["01", "0103", "01032", "010321"]),
        ("0501", ["05", "0501", "0501", "0501"]),
        ("11", ["11", "11", "11", "11"]),
    ],
)
def test_a_code_that_ends_above_a_level_stands_as_it_is(code, cut):
    assert [at_level(code, level, ICCS) for level in (1, 2, 3, 4)] == cut


def decided(rows: list[tuple[str, str, str]], is_blind: bool = True) -> pd.DataFrame:
    return pd.DataFrame([decision({"text": text}, code, coder, "", is_blind) for text, coder, code in rows])


PAIRS = [
    ("a", "05021", "05021"),
    ("b", "0502", "05021"),
    ("c", "0401", "0501"),
    ("d", "", ""),
    ("e", "0101", ""),
]
BOTH = decided(
    [(text, who, code) for text, one, other in PAIRS for who, code in (("ANA", one), ("BEN", other))]
)


def test_by_level():
    found = agreement(BOTH)
    assert tuple(found.columns) == AGREEMENT
    kappa = found[found["measure"] == "kappa"]
    assert kappa["agreed"].tolist() == [0.6, 0.6, 0.4, 0.4]
    assert kappa["units"].tolist() == [5] * 4
    assert kappa["coders"].unique().tolist() == ["ANA, BEN"]
    at_one = cohen_kappa_score(["05", "05", "04", "none", "01"], ["05", "05", "05", "none", "none"])
    assert kappa["value"].iloc[0] == pytest.approx(at_one)
    assert (found["note"] == "").all()
    assert (found["shown"] == 0).all()


def test_three_coders_and_a_missing_one():
    found = agreement(pd.concat([BOTH, decided([("a", "CY", "0502"), ("f", "CY", "0101")], is_blind=False)]))
    assert found.loc[found["level"] == 1, "coders"].tolist() == [
        "ANA, BEN",
        "ANA, CY",
        "BEN, CY",
        "ANA, BEN, CY",
    ]
    assert found.loc[found["level"] == 1, "units"].tolist() == [5, 1, 1, 5]
    assert found.loc[found["level"] == 1, "shown"].tolist() == [0, 0, 0, 0]


def test_what_is_not_defined_is_said():
    same = agreement(decided([("a", "ANA", "0501"), ("a", "BEN", "0502")], is_blind=False))
    at_one = same[same["level"] == 1]
    assert at_one["value"].isna().all()
    assert set(at_one["note"]) == {"not defined: only one category was used (05)"}
    assert at_one["shown"].tolist() == [1, 1]
    alone = agreement(decided([("a", "ANA", "0501"), ("b", "BEN", "0502")]))
    assert set(alone["note"]) == {"not defined: no text was decided by two coders"}
    nobody = agreement(BOTH.head(0))
    assert (nobody["units"] == 0).all()
    assert (nobody["note"] != "").all()


def test_a_revised_decision_does_not_raise_agreement():
    revised = pd.concat([BOTH, decided([("c", "ANA", "0501")])], ignore_index=True)
    assert agreement(revised).equals(agreement(BOTH))
    undone = pd.DataFrame([decision({"text": "c"}, "", "ANA", kind="withdrawal")])
    again = pd.concat([BOTH, undone, decided([("c", "ana", "0501")])], ignore_index=True)
    found = agreement(again)
    assert found.loc[found["measure"] == "kappa", "agreed"].tolist() == [0.8, 0.8, 0.6, 0.6]


def test_a_resolution_is_no_opinion():
    ruled = pd.DataFrame([decision({"text": "c"}, "0501", "CY", kind="resolution")])
    assert agreement(pd.concat([BOTH, ruled], ignore_index=True)).equals(agreement(BOTH))
