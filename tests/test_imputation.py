"""Gaps of a series filled many times: what is between, what is carried, what is drawn from others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimestats.trends.imputation import CARRIED, DRAWN, HOW, INTERPOLATED, NONE, REPORTED, Series, impute

PERSONS = 1e6
_ = np.nan


def series(*counts, persons=PERSONS, segment=None, pools=None):
    counts = np.array(counts, dtype=float)
    pools = np.zeros((len(counts), 2), dtype=np.int64) if pools is None else np.array(pools)
    segment = np.ones(counts.shape, dtype=np.int64) if segment is None else np.array(segment)
    residents = np.broadcast_to(np.array(persons, dtype=float).reshape(-1, 1), counts.shape)
    return Series(counts, residents, segment, pools, np.arange(len(counts), dtype=np.uint64) + 7)


def how(imputed):
    return [[HOW[place] for place in row] for row in imputed.how]


def test_between_two_figures_the_log_rate_goes_straight_and_at_the_ends_it_stays():
    imputed = impute(series([_, 100, _, 400, _]), draws=50)
    assert how(imputed) == [["carried", "reported", "interpolated", "reported", "carried"]]
    assert imputed.point[0] == pytest.approx([100, 100, 200, 400, 400], rel=0.005)
    assert (imputed.before[0].tolist(), imputed.after[0].tolist()) == ([1, 1, 1, 3, 3], [-1, 1, 3, 3, -1])


def test_what_is_reported_is_the_same_in_every_draw_and_what_is_not_is_less_sure_the_farther_it_is():
    imputed = impute(series([100, _, _, _, 100, _, _, _]), draws=2000)
    spread = np.log(imputed.draws[0] + 1).std(axis=1)
    assert spread[0] == spread[4] == 0
    assert spread[1] < spread[2]
    assert spread[3] < spread[2]
    assert spread[5] < spread[6] < spread[7]


def test_nothing_is_interpolated_across_a_break():
    imputed = impute(series([100, _, 400], segment=[[1, 1, 2]]), draws=20)
    assert how(imputed) == [["reported", "carried", "reported"]]
    assert imputed.point[0, 1] == pytest.approx(100)


def test_beyond_the_limit_an_area_is_drawn_from_its_subregion():
    others = [[40.0] * 6] * 5
    imputed = impute(series([100, _, _, _, _, _], *others), draws=20, carry=2)
    assert how(imputed)[0] == ["reported", "carried", "carried", "drawn", "drawn", "drawn"]
    assert imputed.point[0, 3:] == pytest.approx([40] * 3)


def test_an_area_without_a_figure_takes_rates_of_the_narrowest_pool_with_donors_enough():
    near, far = [10.0] * 3, [90.0] * 3
    counts = [[_, _, _], *[near] * 5, *[far] * 5]
    pools = [[1, 1], *[[1, 1]] * 5, *[[2, 1]] * 5]
    assert impute(series(*counts, pools=pools), draws=20).point[0] == pytest.approx([10] * 3)
    few = impute(series(*counts[:5], *counts[6:], pools=[*pools[:5], *pools[6:]]), draws=20)
    assert few.point[0] == pytest.approx([(4 * 10 + 5 * 90) / 9] * 3)


def test_a_rate_is_drawn_and_not_a_count():
    persons = [2e6, *[1e6] * 5]
    imputed = impute(series([_, _], *[[10.0, 20.0]] * 5, persons=persons), draws=20)
    assert imputed.point[0] == pytest.approx([20, 40])


def test_draws_follow_one_donor_over_the_years():
    donors = [[float(level)] * 4 for level in (1, 10, 100, 1000, 10_000)]
    drawn = impute(series([_, _, _, _], *donors), draws=200).draws[0]
    assert np.allclose(drawn, drawn[:1])
    assert len(np.unique(drawn[0].round(3))) > 5


def test_nil_stays_about_nil():
    imputed = impute(series([0, _, 0]), draws=500)
    assert imputed.point[0] == pytest.approx([0, 0, 0], abs=1e-9)
    assert imputed.draws[0, 1].min() == 0


def test_without_residents_or_without_any_figure_there_is_nothing():
    nobody = impute(series([5, _], [5, 5], persons=[np.nan, PERSONS]), draws=5)
    assert nobody.how.tolist() == [[REPORTED, NONE], [REPORTED, REPORTED]]
    assert impute(series([_, _]), draws=5).how.tolist() == [[NONE, NONE]]


def test_another_area_changes_no_draw_of_an_area_with_figures_of_its_own_steps():
    one = impute(series([100, _, 120, _]), draws=30)
    both = impute(series([100, _, 120, _], [5, 5, _, 5]), draws=30)
    assert np.array_equal(one.draws[0], both.draws[0])


@given(st.lists(st.one_of(st.just(np.nan), st.integers(0, 10**6).map(float)), min_size=1, max_size=12))
def test_every_gap_is_filled_between_its_neighbours_and_figures_stand(row):
    imputed = impute(series(row, [50.0] * len(row)), draws=5)
    known = ~np.isnan(row)
    assert np.array_equal(imputed.point[0][known], np.array(row)[known])
    assert not np.isnan(imputed.point).any()
    assert (imputed.draws >= 0).all()
    assert set(imputed.how[0].tolist()) <= {REPORTED, INTERPOLATED, CARRIED, DRAWN}
    if known.any():
        figures = np.array(row)[known]
        assert imputed.point[0].min() >= figures.min() - 1e-6 * (1 + figures.min())
        assert imputed.point[0].max() <= figures.max() * (1 + 1e-9) + 1e-9
