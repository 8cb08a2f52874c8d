"""Multiple systems estimation: published estimates come out, and where the data carry none, it is said."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crimestats.cli import app
from crimestats.errors import CallError, DefinitionError
from crimestats.files import read_toml, shipped
from crimestats.trafficking.hidden import estimate, read_lists
from crimestats.trafficking.hidden.bootstrap import acceleration, drawn, interval, quantiles
from crimestats.trafficking.hidden.choosing import Method, choose
from crimestats.trafficking.hidden.designs import design, every_model, label_of, number_of_models
from crimestats.trafficking.hidden.estimability import reason_against
from crimestats.trafficking.hidden.fitting import fit
from crimestats.trafficking.hidden.lists import Overlaps, overlaps
from crimestats.trafficking.hidden.searching import fixed, stepwise
from crimestats.trafficking.hidden.verdicts import verdict

EXAMPLES = shipped("questionnaires", "examples", "lists")
SOURCES = read_toml(EXAMPLES / "source.toml")["table"]
PUBLISHED = [(table["file"], each) for table in SOURCES for each in table["published"]]
DISJOINT = "A,B,C,n\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n"
"""Table 2 of Chan, Silverman and Vincent 2021: list C shares nobody with another list."""


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def counted(text: str) -> Overlaps:
    return overlaps(table(text))


def written(folder: Path, text: str) -> Path:
    path = folder / "lists.csv"
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: str):
    return CliRunner().invoke(app, ["trafficking", "estimate", *arguments])


def poisson(frame: pd.DataFrame, interactions: list[tuple[str, str]]) -> tuple[float, float]:
    """Estimate and BIC by a general linear model of another package."""
    labels = list(frame.columns[:-1])
    table = overlaps(frame)
    cells = np.arange(1, 2 ** len(labels))
    on = pd.DataFrame((cells[:, None] >> np.arange(len(labels))) & 1, columns=labels)
    columns = [np.ones(len(cells)), *(on[label] for label in labels)]
    columns += [on[one] * on[two] for one, two in interactions]
    result = sm.GLM(table.counts, np.column_stack(columns), family=sm.families.Poisson()).fit(tol=1e-12)
    bic = len(columns) * np.log(table.observed) - 2 * result.llf
    return table.observed + float(np.exp(result.params[0])), float(bic)


# --- published figures ---------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "published"),
    PUBLISHED,
    ids=[f"{file} {each['model']} {each['interactions']}" for file, each in PUBLISHED],
)
def test_published_estimates_come_out(file, published):
    lists = read_lists(EXAMPLES / file)
    result = estimate(
        lists,
        model=published["model"],
        interactions=[each for each in [published["interactions"]] if each],
        bootstrap=0,
    )
    assert round(result.estimate) == published["estimate"]
    assert (result.lower, result.upper, result.interval) == (None, None, None)


@pytest.mark.parametrize(
    ("file", "method", "errors"),
    [
        ("new-orleans.csv", Method("main"), (16, 71)),
        ("new-orleans.csv", Method("stepwise", criterion="overlaps"), (73, 61)),
        ("new-orleans-five.csv", Method("stepwise", criterion="overlaps"), (56, 44)),
        ("western-us.csv", Method("stepwise", criterion="overlaps"), (35, 118)),
    ],
    ids=["997", "1184", "1034", "2483"],
)
def test_published_intervals_are_within_bootstrap_error(file, method, errors):
    """A limit of one seed and the published one, of another, differ by no more than two draws do.

    `errors` are standard deviations over seeds of the limits of 1,000 replicates (benchmarks/hidden.py).
    """
    counts = overlaps(read_lists(EXAMPLES / file))
    choice = choose(counts, method)
    value = float(counts.observed + choice.found.dark[0])
    published = next(each for name, each in PUBLISHED if name == file and each["estimate"] == round(value))

    def search(tables):
        return tables.sum(axis=1) + choice.search(tables).dark

    limits = interval(value, search(drawn(counts.counts, 1000, 1)), acceleration(counts.counts, search), 0.95)
    for name, error in zip(("lower", "upper"), errors, strict=True):
        assert abs(getattr(limits, name) - published[name]) < 3 * 2**0.5 * error


def test_the_given_tables_are_the_shared_ones(shared):
    for mine, theirs in (
        ("new-orleans", "NewOrl"),
        ("new-orleans-five", "NewOrl_5"),
        ("western-us", "Western"),
    ):
        one, two = (
            overlaps(read_lists(EXAMPLES / f"{mine}.csv")),
            overlaps(read_lists(shared / "mse" / f"{theirs}.csv")),
        )
        assert one.labels == two.labels
        assert (one.counts == two.counts).all()


def test_persons_are_as_many_as_the_source_says():
    for source in SOURCES:
        assert overlaps(read_lists(EXAMPLES / source["file"])).observed == source["persons"]


def test_five_lists_are_the_eight_with_four_merged():
    merged = overlaps(read_lists(EXAMPLES / "new-orleans.csv"))
    for label in "EFG":
        first = next(place for place, name in enumerate(merged.labels) if name.startswith("B"))
        merged = merged.merged(first, merged.labels.index(label))
    five = overlaps(read_lists(EXAMPLES / "new-orleans-five.csv"))
    assert sorted(merged.counts) == sorted(five.counts)


def test_western_stepwise_and_all_agree():
    lists = read_lists(EXAMPLES / "western-us.csv")
    results = [estimate(lists, model=model, bootstrap=0) for model in ("stepwise", "all")]
    assert {result.model for result in results} == {"A + B + C + D + E + A:E"}
    assert {round(result.estimate) for result in results} == {2483}


# --- fitting against another package -------------------------------------------


@pytest.mark.parametrize(
    "interactions", [[], [("A", "E")], [("A", "E"), ("D", "E")], [("A", "B"), ("C", "D"), ("A", "E")]]
)
def test_fits_are_those_of_another_package(interactions):
    lists = read_lists(EXAMPLES / "western-us.csv")
    result = estimate(
        lists, model="main", interactions=[":".join(each) for each in interactions], bootstrap=0
    )
    value, bic = poisson(lists, interactions)
    assert result.estimate == pytest.approx(value, rel=1e-6)
    assert result.bic == pytest.approx(bic, abs=1e-6)


def test_a_large_overlap_needs_no_luck():
    """Newton's steps are halved where they overshoot."""
    text = "A,B,C,count\n1,0,0,1\n0,1,0,1\n0,0,1,90000\n1,1,0,50000\n1,1,1,3\n0,1,1,1\n1,0,1,700\n"
    value, _ = poisson(table(text), [])
    assert estimate(table(text), model="main", bootstrap=0).estimate == pytest.approx(value, rel=1e-6)


def test_three_lists_with_two_interactions_by_hand():
    """A and C, B and C apart: the table of A and B is left, 40 * 30 / 6 on no list."""
    result = estimate(table(DISJOINT), model="main", interactions=["A:C", "B:C"], bootstrap=0)
    assert result.estimate == pytest.approx(96 + 200)
    assert result.at_minus_infinity == ("A:C", "B:C")


@settings(max_examples=40, deadline=None)
@given(counts=st.lists(st.integers(0, 6), min_size=15, max_size=15), model=st.integers(0, 63))
def test_a_fit_arrives_exactly_where_the_programme_finds_a_maximum(counts, model):
    of = design(4, 2)
    members = every_model(of, of.main_effects, 100)[model]
    made = Overlaps(("A", "B", "C", "D"), np.array(counts))
    if made.observed == 0 or (np.diag(made.shared) == 0).any():
        return
    fitted = fit(of, made.counts[None, :], np.array([0]), members[None, :])
    assert bool(fitted.has_arrived[0]) == (reason_against(of, made, members) == "")
    if fitted.has_arrived[0]:
        assert fitted.expected[0][members] == pytest.approx(made.counts @ of.matrix[:, members], abs=1e-5)


# --- what carries no estimate ----------------------------------------------------


@pytest.mark.parametrize(
    ("interactions", "says"),
    [
        (["A:B", "A:C", "B:C"], "cannot be told apart"),
        (["A:B"], "list C shares nobody"),
        (["A:B", "A:C"], "list C shares nobody"),
        (["A:B", "B:C"], "list C shares nobody"),
        ([], ""),
        (["A:C"], ""),
        (["B:C"], ""),
        (["A:C", "B:C"], ""),
    ],
)
def test_the_artificial_table_fails_as_the_paper_says(interactions, says):
    result = estimate(table(DISJOINT), model="main", interactions=interactions, bootstrap=50)
    assert result.estimable == (says == "")
    assert (result.estimate is None) == (says != "")
    assert says in result.reason
    if says:
        assert (result.lower, result.upper, result.dark, result.verdict.carries) == (None, None, None, False)
        assert result.reason.split(";")[0].rstrip(".") in result.verdict.text


def test_stepwise_never_ends_in_a_model_without_an_estimate():
    result = estimate(table(DISJOINT), bootstrap=0)
    assert result.estimate == pytest.approx(539.09, abs=0.01)
    every = result.sensitivity.query("kind == 'model'")
    assert every["estimate"].notna().all()
    assert not every["model"].str.contains("A:B").any()


def test_lists_that_share_nobody_carry_nothing():
    result = estimate(table("A,B,C,n\n1,0,0,40\n0,1,0,30\n0,0,1,20\n"))
    assert not result.estimable
    assert "A, B, C share nobody" in result.reason
    assert result.verdict.failing == len(result.sensitivity)


def test_one_list_with_persons_carries_nothing():
    result = estimate(table("A,B,n\n1,0,40\n0,1,0\n"))
    assert (result.estimable, result.estimate) == (False, None)
    assert "Only list A" in result.reason
    assert any("list B" in note for note in result.notes)


def test_a_wide_spread_is_said_and_the_number_still_given():
    result = estimate(table(DISJOINT), bootstrap=200, widest=1.5)
    assert result.estimate is not None
    assert not result.verdict.carries
    assert "too wide" in result.verdict.text.lower()


def test_two_lists_are_lincoln_petersen_and_the_assumption_is_told():
    result = estimate(table("A,B,n\n1,0,40\n0,1,30\n1,1,6\n"), bootstrap=0)
    assert result.estimate == pytest.approx(46 * 36 / 6)
    assert any("cannot be tested" in note for note in result.notes)


# --- choosing --------------------------------------------------------------------


@pytest.mark.parametrize(("lists", "order", "models"), [(3, 2, 8), (5, 2, 1024), (4, 3, 113), (5, 1, 1)])
def test_every_hierarchical_model_is_there_once(lists, order, models):
    of = design(lists, order)
    every = every_model(of, of.main_effects, 5000)
    assert len(every) == models == number_of_models(lists, order, 5000)
    assert len(np.unique(every, axis=0)) == models
    for model in every:
        terms = set(of.terms[model].tolist())
        assert all(small in terms for term in terms for small in of.terms.tolist() if small & term == small)


def test_a_term_of_three_lists_brings_its_pairs():
    result = estimate(
        read_lists(EXAMPLES / "western-us.csv"), model="main", interactions=["A:C:E"], order=3, bootstrap=0
    )
    assert result.model == "A + B + C + D + E + A:C + A:E + C:E + A:C:E"


def test_stepwise_goes_downhill_and_stops_in_a_valley():
    lists = overlaps(read_lists(EXAMPLES / "western-us.csv"))
    of = design(5, 2)
    found = stepwise(of, lists.counts[None, :], of.main_effects)
    chosen = found.models[0]
    for term in np.flatnonzero(of.sizes == 2):
        other = chosen.copy()
        other[term] ^= True
        assert fixed(of, lists.counts[None, :], other).bic[0] >= found.bic[0]
    assert label_of(chosen, of, lists.labels).endswith("+ A:E")


def test_stepwise_drops_what_became_needless():
    """Each table goes its own way: many together are what each is alone."""
    of = design(5, 2)
    tables = drawn(overlaps(read_lists(EXAMPLES / "western-us.csv")).counts, 25, 3)
    together = stepwise(of, tables, of.main_effects)
    alone = [stepwise(of, one[None, :], of.main_effects) for one in tables]
    assert (together.models == np.concatenate([each.models for each in alone])).all()
    assert together.dark == pytest.approx(np.concatenate([each.dark for each in alone]))


def test_interactions_asked_for_stay_in():
    lists = read_lists(EXAMPLES / "western-us.csv")
    for model in ("stepwise", "all"):
        assert "B:D" in estimate(lists, model=model, interactions=["B:D"], bootstrap=0).model


def test_the_best_of_all_is_no_worse_than_stepwise():
    lists = read_lists(EXAMPLES / "new-orleans-five.csv")
    stepped, best = (estimate(lists, model=model, bootstrap=0) for model in ("stepwise", "all"))
    assert best.bic <= stepped.bic + 1e-9


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"model": "stepwis"}, "stepwise"),
        ({"criterion": "aic"}, "bic"),
        ({"criterion": "aic"}, "bic or overlaps"),
        ({"interactions": ["AB"]}, "Lists are: A, B, C, D, E. Write two as A:B."),
        ({"interactions": ["A:Z"]}, "not in the table"),
        ({"interactions": ["A"]}, "one list"),
        ({"interactions": ["A:B:C"]}, "order is 2"),
        ({"interactions": ["A:B:C:D:E"], "order": 5}, "nothing is left"),
        ({"order": 0}, "main effects"),
        ({"bootstrap": -1}, "0 for no interval"),
        ({"bootstrap": 1}, "fewer than 20"),
        ({"bootstrap": 19}, "fewer than 20"),
        ({"seed": -1}, "seed"),
        ({"level": 1.0}, "0.95"),
        ({"entry": 0.0}, "0.02"),
        ({"widest": 1.0}, "above 1"),
        ({"within": -1.0}, "0 or more"),
    ],
)
def test_wrong_calls_name_the_remedy(options, fault):
    with pytest.raises(CallError) as caught:
        estimate(read_lists(EXAMPLES / "western-us.csv"), **{"bootstrap": 0, **options})
    assert fault in str(caught.value)


def test_too_many_models_are_refused_with_their_number():
    with pytest.raises(CallError, match="268,435,456 models of 8 lists"):
        estimate(read_lists(EXAMPLES / "new-orleans.csv"), model="all", bootstrap=0)


# --- invariance --------------------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(
    order=st.permutations(range(5)),
    rows=st.randoms(use_true_random=False),
    model=st.sampled_from(["main", "stepwise", "all"]),
)
def test_order_and_names_do_not_matter(order, rows, model):
    lists = read_lists(EXAMPLES / "western-us.csv")
    labels = [lists.columns[place] for place in order]
    other = lists[[*labels, "count"]].sample(frac=1, random_state=rows.randrange(1000))
    other = other.rename(columns={label: f"list {label}" for label in labels})
    one, two = (estimate(each, model=model, bootstrap=0) for each in (lists, other))
    assert two.estimate == pytest.approx(one.estimate)
    assert sorted(two.sensitivity["estimate"]) == pytest.approx(sorted(one.sensitivity["estimate"]))


def test_repeated_rows_are_added_up_and_told():
    once = table("A,B,n\n1,0,40\n0,1,30\n1,1,6\n")
    twice = table("A,B,n\n1,0,25\n0,1,30\n1,1,6\n1,0,15\n1,0,0\n")
    one, two = (estimate(each, bootstrap=0) for each in (once, twice))
    assert one.estimate == two.estimate
    assert any("2 rows repeat" in note for note in two.notes)


@pytest.mark.parametrize("criterion", ["bic", "overlaps"])
def test_the_interval_does_not_hang_on_the_order_of_lists_and_rows(criterion):
    lists = read_lists(EXAMPLES / "new-orleans-five.csv")
    other = lists[[*reversed(lists.columns[:-1]), "count"]].iloc[::-1]
    one, two = (estimate(each, bootstrap=60, seed=3, criterion=criterion) for each in (lists, other))
    assert one.to_json() == two.to_json()


def test_interactions_are_taken_in_any_case():
    lists = read_lists(EXAMPLES / "western-us.csv")
    assert estimate(lists, model="main", interactions=["a: e"], bootstrap=0).model.endswith("+ E + A:E")


@pytest.mark.parametrize("seed", range(3))
def test_independent_lists_give_the_truth_in_the_middle(seed):
    generator = np.random.default_rng(seed)
    persons, chances = 2000, np.array([0.25, 0.2, 0.15, 0.3])
    cells = np.arange(16)
    on = (cells[:, None] >> np.arange(4)) & 1
    shares = np.where(on, chances, 1 - chances).prod(axis=1)
    tables = generator.multinomial(persons, shares, size=200)[:, 1:]
    of = design(4, 2)
    estimates = tables.sum(axis=1) + fixed(of, tables, of.main_effects).dark
    assert abs(np.median(estimates) / persons - 1) < 0.02


# --- bootstrap ---------------------------------------------------------------------


def test_the_same_seed_gives_the_same_interval():
    lists = read_lists(EXAMPLES / "western-us.csv")
    one, two, other = (estimate(lists, model="main", bootstrap=100, seed=seed) for seed in (4, 4, 5))
    assert one.to_json() == two.to_json()
    assert one.lower != other.lower


def test_an_interval_without_bias_is_that_of_the_quantiles():
    replicates = np.arange(1.0, 1001.0)
    limits = interval(500.5, replicates, 0.0, 0.9)
    assert (limits.lower, limits.upper) == pytest.approx(limits.percentile)
    assert limits.percentile == pytest.approx((50.95, 950.05))


def test_bias_and_acceleration_move_the_limits_as_they_should():
    replicates = np.arange(1.0, 1001.0)
    assert interval(400.0, replicates, 0.0, 0.9).upper < interval(500.5, replicates, 0.0, 0.9).upper
    assert interval(500.5, replicates, 0.05, 0.9).upper > interval(500.5, replicates, 0.0, 0.9).upper


def test_errors_of_limits_are_those_of_quantiles():
    """Of n normal replicates a quantile has the error sqrt(p (1 - p) / n) / density (Cramér 1946)."""
    normal = np.random.default_rng(2).normal(size=4000)
    limits = interval(float(np.median(normal)), normal, 0.0, 0.9)
    plain = (0.05 * 0.95 / 4000) ** 0.5 / 0.10314
    bias = 2 * (0.5 * 0.5 / 4000) ** 0.5 / 0.39894  # of the share below the estimate, twice
    assert limits.places == pytest.approx((0.05, 0.95), abs=1e-6)
    for error in limits.errors:
        assert plain < error < 1.3 * (plain + bias)


def test_an_error_of_an_open_limit_is_not_told():
    limits = interval(450.0, np.append(np.arange(900.0), np.full(100, np.inf)), 0.0, 0.95)
    assert np.isinf(limits.errors[1])
    assert np.isfinite(limits.errors[0])


def test_few_replicates_are_told():
    lists = read_lists(EXAMPLES / "western-us.csv")
    few, enough = (estimate(lists, model="main", bootstrap=count).notes for count in (199, 200))
    assert any("Only 199 replicates" in note for note in few)
    assert not any("replicates: the limits are rough" in note for note in enough)


def test_a_limit_among_the_outermost_replicates_is_told():
    notes = estimate(read_lists(EXAMPLES / "new-orleans-five.csv"), bootstrap=200).notes
    assert any("outermost" in note for note in notes)


def test_an_acceleration_that_cannot_be_told_is_said():
    """Without the one person on both lists nothing is left to estimate from."""
    result = estimate(table("A,B,n\n1,0,40\n0,1,30\n1,1,1\n"), bootstrap=30)
    assert result.interval.acceleration is None
    assert json.loads(result.to_json())["interval"]["acceleration"] is None
    assert any("acceleration" in note for note in result.notes)


def test_which_choices_give_the_published_intervals_is_told():
    lists = read_lists(EXAMPLES / "western-us.csv")
    bic, overlapping = (
        estimate(lists, bootstrap=20, criterion=criterion).notes for criterion in ("bic", "overlaps")
    )
    assert any("criterion overlaps" in note for note in bic)
    assert not any("criterion overlaps" in note for note in overlapping)


def test_replicates_without_an_estimate_leave_the_upper_limit_open():
    replicates = np.append(np.arange(900.0), np.full(100, np.inf))
    limits = interval(450.0, replicates, 0.0, 0.95)
    assert limits.unbounded == 100
    assert np.isinf(limits.upper)
    assert np.isfinite(limits.lower)
    assert quantiles(np.array([1.0, 2.0, np.inf]), np.array([0.5, 0.75])) == (2.0, np.inf)


def test_an_open_limit_is_null_and_said():
    result = estimate(table("A,B,n\n1,0,40\n0,1,30\n1,1,2\n"), bootstrap=400)
    assert result.upper is None
    assert json.loads(result.to_json())["upper"] is None
    assert any("carry no estimate" in note for note in result.notes)
    assert "no upper limit" in result.verdict.text


def test_replicates_keep_the_number_of_persons():
    tables = drawn(counted(DISJOINT).counts, 50, 1)
    assert (tables.sum(axis=1) == 96).all()
    assert (tables[:, counted(DISJOINT).counts == 0] == 0).all()


# --- reading -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("A,B,n\n1,2,4\n", 2, "has `2` for list `B`"),
        ("A,B,n\n1,,4\n", 2, "has `` for list `B`"),
        ("A,B,n\n1,0,4\n1,1,-4\n", 3, "`-4`"),
        ("A,B,n\n1,0,4.5\n", 2, "`4.5`"),
        ("A,B,n\n1,0,many\n", 2, "`many`"),
        ("A,B,n\n1,0,inf\n", 2, "`inf`"),
        ("A,B,n\n1,0,\n", 2, "whole persons"),
        ("A,B,n\n1,0,4\n1,1,<5\n", 3, "hidden"),
        ("A,B,n\n1,0,4\n0,0,4\n", 3, "on no list"),
        ("A,B,n\n1,0,0\n", 1, "counts nobody"),
        ("A,B\n1,0\n", 1, "`B` as its last column"),
        ("count,A,B\n1,0,1\n", 1, "Put `count` last"),
        ("A,n\n1,5\n", 1, "has 1 list"),
        ("A,a,n\n1,1,5\n", 1, "alike"),
        ("A,B:C,n\n1,1,5\n", 1, "B:C"),
        (",".join("ABCDEFGHIJKLM") + ",n\n" + "1," * 13 + "5\n", 1, "13 lists"),
    ],
)
def test_a_wrong_table_names_line_and_remedy(tmp_path, text, line, says):
    with pytest.raises(DefinitionError) as caught:
        read_lists(written(tmp_path, text))
    assert f"lists.csv, line {line}:" in str(caught.value)
    assert says in str(caught.value)


def test_floats_and_a_blank_row_of_nobody_are_read(tmp_path):
    lists = read_lists(written(tmp_path, "A,B,Count\n1.0,0.0,40.0\n0,0,\n0,1,30\n1,1,6\n"))
    assert lists.to_dict("list") == {"A": [1, 0, 1], "B": [0, 1, 1], "count": [40, 30, 6]}


def test_a_list_of_nobody_is_left_out_and_told():
    result = estimate(
        table("A,B,C,n\n1,0,0,40\n0,1,0,30\n1,1,0,6\n0,0,1,0\n"), interactions=["A:C"], bootstrap=0
    )
    assert result.estimate == pytest.approx(276)
    assert any("list C" in note for note in result.notes)


def test_a_frame_that_is_no_table_is_refused():
    with pytest.raises(CallError, match="row 1"):
        estimate(pd.DataFrame({"A": [1, 3], "B": [1, 0], "count": [4, 5]}))


# --- the command -------------------------------------------------------------------


def test_the_command_gives_json():
    shown = run(
        str(EXAMPLES / "western-us.csv"),
        "--model",
        "main",
        "--interactions",
        "A:E",
        "--bootstrap",
        "50",
        "--json",
        "-",
    )
    assert shown.exit_code == 0
    result = json.loads(shown.stdout)
    assert (round(result["estimate"]), result["estimable"], result["observed"]) == (2483, True, 345)
    assert result["lower"] < result["estimate"] < result["upper"]
    assert result["model"] == "A + B + C + D + E + A:E"
    assert result["interval"]["replicates"] == 50
    assert {row["kind"] for row in result["sensitivity"]["estimates"]} == {
        "method",
        "model",
        "without",
        "merged",
    }


def test_the_page_has_the_sensitivity_first_and_fits():
    shown = run(str(EXAMPLES / "new-orleans-five.csv"), "--bootstrap", "50")
    assert shown.exit_code == 0
    said = " ".join(shown.stdout.split())
    assert said.index("How far the estimate moves") < said.index("Too wide to carry a figure")
    assert "No figure is carried by these data. For study only: the model gives 1,034 persons" in said
    assert "Estimate: 1,034" not in said
    assert "Another seed moves these limits by about" in said
    assert max(len(line) for line in shown.stdout.splitlines()) <= 80


def test_no_estimate_is_status_1(tmp_path):
    path = str(written(tmp_path, DISJOINT))
    shown = run(path, "--model", "main", "--interactions", "A:B")
    assert shown.exit_code == 1
    assert "No estimate. 96 persons were seen." in shown.stdout
    assert run(path, "--model", "main", "--interactions", "A:B", "--quiet").stdout == ""


def test_an_estimate_that_is_carried_is_called_one():
    shown = run(
        str(EXAMPLES / "western-us.csv"), "--model", "main", "--interactions", "a:e", "--bootstrap", "0"
    )
    assert "Estimate: 2,483 persons" in shown.stdout
    assert "study" not in shown.stdout


def test_numbers_agree_with_their_words(tmp_path):
    text = "A,B,C,n\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n1,1,0,0\n"
    shown = run(str(written(tmp_path, text)), "--bootstrap", "0", "--within", "0").stdout
    assert "1 model near the best" in shown
    assert "1 row repeats a capture history" in shown
    assert "1 models" not in shown


def test_what_is_refused_shows_no_bar_and_leaves_the_file(tmp_path):
    path = written(tmp_path, DISJOINT)
    for words, fault in ((["--interactions", "A:Z"], "not in the table"), (["--json", str(path)], "is read")):
        shown = run(str(path), *words)
        assert isinstance(shown.exception, CallError)
        assert fault in str(shown.exception)
        assert "Replicates" not in shown.output
    assert path.read_text(encoding="utf-8") == DISJOINT


def test_the_help_tells_the_exit_status():
    said = " ".join(run("--help").stdout.replace("│", " ").split())
    assert "Exit status: 0 an estimate was made" in said
    assert "published intervals" in said


def test_a_ratio_shows_that_it_is_too_wide():
    spread = pd.DataFrame({"estimate": [1000.0, 3004.0]})
    assert "3.004 times" in verdict(spread, None, "", 3.0).text
    assert verdict(pd.DataFrame({"estimate": [1000.0, 3000.0]}), None, "", 3.0).carries
