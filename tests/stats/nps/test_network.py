import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.nps import (
    NpsCounts,
    net_promoter_score,
    pool_nps,
    predict_nps,
    shrink_nps,
)

MADE = Path(__file__).parents[2] / "oracles" / "made" / "nps.json"
counts = st.builds(NpsCounts, *[st.integers(0, 20)] * 3)
asked = counts.filter(lambda c: c.n > 0)


# all together -------------------------------------------------------------------------------


def test_a_network_score_is_that_of_all_respondents():
    teams = [NpsCounts(1, 1, 3), NpsCounts(0, 0, 8), NpsCounts(2, 3, 4)]
    found = pool_nps(teams)
    together = teams[0] + teams[1] + teams[2]
    assert found.estimate == pytest.approx(net_promoter_score(together).estimate)
    assert (found.n, found.n_clusters, found.df) == (22, 3, 2)
    assert "few clusters" in found.flags


def test_with_teams_of_one_the_network_variance_is_the_trinomial_one():
    people = [(0, 0, 1)] * 9 + [(0, 1, 0)] * 4 + [(1, 0, 0)] * 2
    single = net_promoter_score((2, 4, 9), method="wald")
    assert pool_nps(people).std_error == pytest.approx(single.std_error * np.sqrt(15 / 14))


def test_teams_that_disagree_make_the_network_interval_wider():
    split = pool_nps([(0, 0, 8), (8, 0, 0), (0, 0, 8), (8, 0, 0), (0, 0, 8), (8, 0, 0)])
    assert split.std_error > 2 * net_promoter_score((24, 0, 24), method="wald").std_error


@given(teams=st.lists(counts, max_size=8), order=st.randoms())
def test_the_order_of_teams_does_not_matter(teams, order):
    shuffled = list(teams)
    order.shuffle(shuffled)
    one, other = pool_nps(teams), pool_nps(shuffled)
    assert one.estimate == pytest.approx(other.estimate, nan_ok=True)
    assert one.conf_low == pytest.approx(other.conf_low, nan_ok=True)
    if one.is_defined:
        assert one.conf_low >= -100
        assert one.conf_high <= 100
        assert (one.conf_low > 0 or one.conf_high < 0) == (one.p_value < 0.05)


@pytest.mark.parametrize("teams", [[], [(0, 0, 0)], [(1, 2, 3)], [(1, 2, 3)] * 4])
def test_a_network_that_cannot_show_how_teams_differ_has_no_interval(teams):
    found = pool_nps(teams)
    assert not found.is_defined
    assert found.flags[0].endswith(".")


# each drawn to the others' --------------------------------------------------------------------


def test_shrunken_scores_agree_with_r():
    case = json.loads(MADE.read_text(encoding="utf-8"))["dirichlet_multinomial"]
    found = shrink_nps(case["teams"])
    assert found.correlation == pytest.approx(case["correlation"], rel=1e-5)
    assert found.common == pytest.approx(100 * (case["shares"][2] - case["shares"][0]), abs=1e-4)
    np.testing.assert_allclose(found.shrunken, case["posterior_nps"], atol=1e-4)
    raw = [net_promoter_score(team).estimate for team in case["teams"]]
    np.testing.assert_allclose(found.raw, raw)


@given(teams=st.lists(asked, min_size=3, max_size=8))
@settings(max_examples=12)
def test_a_shrunken_score_lies_between_the_teams_and_the_common_one(teams):
    found = shrink_nps(teams)
    low, high = np.minimum(found.raw, found.common), np.maximum(found.raw, found.common)
    assert (found.shrunken >= low - 1e-6).all()
    assert (found.shrunken <= high + 1e-6).all()
    assert 0 <= found.correlation <= 1


def test_mirrored_teams_have_mirrored_shrunken_scores():
    teams = [(1, 1, 6), (4, 3, 1), (0, 2, 6), (5, 2, 0)]
    found, other = shrink_nps(teams), shrink_nps([team[::-1] for team in teams])
    np.testing.assert_allclose(found.shrunken, -other.shrunken, atol=1e-6)


def test_teams_that_do_not_differ_all_get_the_common_score():
    found = shrink_nps([(2, 3, 5)] * 6)
    np.testing.assert_allclose(found.shrunken, 30)
    assert (found.common, found.correlation) == (pytest.approx(30), 0)
    assert "no more than chance" in found.flags[0]


def test_a_small_team_is_drawn_further_than_a_large_one():
    found = shrink_nps([(0, 0, 2), (0, 0, 40), (10, 5, 5), (3, 8, 9), (6, 1, 1)])
    moved = np.abs(found.raw - found.shrunken)
    assert moved[0] > 3 * moved[1]


def test_a_team_without_respondents_gets_the_common_score():
    found = shrink_nps([(0, 0, 0), (1, 1, 6), (5, 2, 1), (0, 2, 6)])
    assert isnan(found.raw[0])
    assert found.shrunken[0] == pytest.approx(found.common)


def test_shrinking_takes_two_teams():
    for teams in ([], [(1, 2, 3)], [(1, 2, 3), (0, 0, 0)]):
        with pytest.raises(DesignError, match="two or more"):
            shrink_nps(teams)


# another team ---------------------------------------------------------------------------------


def test_hahn_and_meeker_1991_another_teams_score():
    teams = [(1, 1, 3), (0, 0, 8), (2, 3, 4), (3, 3, 3)]
    found = predict_nps(teams, conf_level=0.8)
    scores = np.array([40, 100, 200 / 9, 0])
    half = 1.637744353696210 * scores.std(ddof=1) * np.sqrt(1.25)  # t, 80%, 3 df
    assert found.estimate == pytest.approx(scores.mean())
    assert found.conf_low == pytest.approx(scores.mean() - half)
    assert found.conf_high == 100
    assert (found.df, found.n, found.n_clusters) == (3, 31, 4)
    assert isnan(found.p_value)


def test_another_team_is_less_sure_than_the_network():
    teams = [(1, 1, 6), (4, 3, 1), (0, 2, 6), (2, 2, 5), (5, 2, 0), (1, 3, 5)] * 3
    predicted, pooled = predict_nps(teams), pool_nps(teams)
    assert predicted.conf_high - predicted.conf_low > 3 * (pooled.conf_high - pooled.conf_low)


@pytest.mark.parametrize("correlation", [0.02, 0.3])
def test_the_prediction_holds_the_next_score_about_as_often_as_it_says(correlation):
    rng = np.random.default_rng(20261121)
    alpha = np.array([0.2, 0.3, 0.5]) * (1 / correlation - 1)
    held = []
    for _ in range(1500):
        sizes = rng.integers(6, 11, 9)
        teams = rng.multinomial(sizes, rng.dirichlet(alpha, 9)).tolist()
        found = predict_nps(teams[:-1])
        held.append(found.conf_low - 1e-9 <= NpsCounts(*teams[-1]).score <= found.conf_high + 1e-9)
    assert 0.93 < np.mean(held) < 0.97


def test_a_prediction_takes_three_teams_that_differ():
    with pytest.raises(DesignError, match="3 or more teams with respondents, got 2"):
        predict_nps([(1, 2, 3), (2, 2, 2), (0, 0, 0)])
    found = predict_nps([(1, 0, 2), (2, 0, 4), (3, 3, 6)])
    assert found.is_defined
    alike = predict_nps([(1, 0, 2), (2, 0, 4), (4, 0, 8)])
    assert (alike.estimate, alike.is_defined) == (pytest.approx(100 / 3), False)
    assert "same score" in alike.flags[0]
