from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.nps import (
    NpsCounts,
    count_nps,
    net_promoter_score,
    nps_difference,
    pool_nps,
)

METHODS = ("score", "adjusted_wald", "wald")
counts = st.builds(NpsCounts, *[st.integers(0, 60)] * 3)
asked = counts.filter(lambda c: c.n > 0)


def mirrored(c: NpsCounts) -> NpsCounts:
    return NpsCounts(c.promoters, c.passives, c.detractors)


# numbers from R ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("score", "score_tango"),
        ("adjusted_wald", "adj_wald_rocks_075_150_075"),
        ("wald", "wald"),
    ],
)
def test_intervals_agree_with_r(oracle, method, key):
    for case in oracle("nps.intervals")["expected"]:
        found = net_promoter_score(
            NpsCounts(case["detractors"], case["passives"], case["promoters"]), method=method
        )
        expected = np.array(case[key]) * 100
        if method == "adjusted_wald":  # R's is not cut at the ends of the scale
            expected = np.clip(expected, -100, 100)
        assert found.estimate == pytest.approx(case["nps"] * 100, abs=1e-9)
        np.testing.assert_allclose([found.conf_low, found.conf_high], expected, atol=1e-7)


def test_standard_errors_agree_with_r(oracle):
    for case in oracle("nps.intervals")["expected"]:
        c = NpsCounts(case["detractors"], case["passives"], case["promoters"])
        wald = net_promoter_score(c, method="wald")
        adjusted = net_promoter_score(c, method="adjusted_wald")
        assert wald.std_error == pytest.approx(case["se_n"] * 100, abs=1e-9)
        assert adjusted.std_error == pytest.approx(case["adj_wald_se"] * 100, abs=1e-9)


def test_counts_from_scores_agree_with_r(oracle):
    expected = oracle("nps.from_scores")["expected"]
    found = count_nps(expected["scores"])
    assert found == NpsCounts(*expected["counts"].values())
    estimate = net_promoter_score(found, method="wald")
    assert estimate.estimate == pytest.approx(100 * expected["nps"], abs=1e-10)
    assert estimate.std_error == pytest.approx(100 * expected["se"], abs=1e-10)


# numbers from publications ------------------------------------------------------------------


def test_rocks_2016_adjusted_wald_of_2_4_9():
    found = net_promoter_score((2, 4, 9), method="adjusted_wald")
    assert round(found.estimate, 2) == 46.67
    assert (round(found.conf_low, 2), round(found.conf_high, 2)) == (4.84, 72.94)


def test_rocks_2016_iterative_score_of_2_4_9():
    found = net_promoter_score((2, 4, 9))
    assert (round(found.conf_low, 2), round(found.conf_high, 2)) == (3.54, 74.08)


def test_tango_1998_score_of_eight_promoters_has_width():
    found = net_promoter_score((0, 0, 8))
    assert found.estimate == 100
    assert (round(found.conf_low, 2), found.conf_high) == (35.12, 100)


def test_wald_of_eight_promoters_has_no_width_and_says_so():
    found = net_promoter_score((0, 0, 8), method="wald")
    assert (found.conf_low, found.conf_high) == (100, 100)
    assert "do not use" in found.flags[0]
    assert isnan(found.p_value)


def test_passives_only_are_0_with_an_interval_about_it():
    found = net_promoter_score((0, 5, 0))
    assert found.estimate == 0
    assert found.conf_high == pytest.approx(43.448246478)
    assert found.p_value == 1


# identities ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@given(c=asked, conf_level=st.sampled_from([0.8, 0.95, 0.99]))
def test_a_mirrored_score_is_the_negative_with_a_mirrored_interval(method, c, conf_level):
    one = net_promoter_score(c, method=method, conf_level=conf_level)
    other = net_promoter_score(mirrored(c), method=method, conf_level=conf_level)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, nan_ok=True)


@pytest.mark.parametrize("method", METHODS)
@given(c=asked, conf_level=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_p_is_small_exactly_when_the_interval_excludes_0(method, c, conf_level):
    found = net_promoter_score(c, method=method, conf_level=conf_level)
    if not isnan(found.p_value):
        excluded = found.conf_low > 0 or found.conf_high < 0
        assert excluded == (found.p_value < 1 - conf_level)


@given(c=asked)
def test_a_score_interval_holds_the_score_and_stays_on_the_scale(c):
    found = net_promoter_score(c)
    assert -100 <= found.conf_low <= found.estimate + 1e-9
    assert found.estimate - 1e-9 <= found.conf_high <= 100
    assert found.conf_low < found.conf_high


@given(c=asked)
def test_more_confidence_is_wider(c):
    narrow, wide = (net_promoter_score(c, conf_level=level) for level in (0.8, 0.95))
    assert wide.conf_low <= narrow.conf_low
    assert narrow.conf_high <= wide.conf_high


@given(scores=st.lists(st.integers(0, 10), max_size=40), order=st.randoms())
def test_order_and_missing_answers_do_not_matter(scores, order):
    shuffled = [*scores, None, np.nan, pd.NA]
    order.shuffle(shuffled)
    assert count_nps(shuffled) == count_nps(scores)
    assert count_nps(scores).n == len(scores)


@pytest.mark.parametrize("method", ["adjusted_wald", "wald"])
@given(first=asked, second=asked)
def test_a_difference_changes_sign_with_its_sides(method, first, second):
    one = nps_difference(first, second, method=method)
    other = nps_difference(second, first, method=method)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-9, nan_ok=True)
    assert one.n == first.n + second.n


@given(first=asked, second=asked)
def test_a_wald_difference_adds_the_variances_of_its_sides(first, second):
    found = nps_difference(first, second, method="wald")
    sides = [net_promoter_score(c, method="wald").std_error for c in (first, second)]
    if found.is_defined:
        assert found.std_error == pytest.approx(np.hypot(*sides))


# a network of teams -------------------------------------------------------------------------


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


@pytest.mark.parametrize("teams", [[], [(0, 0, 0)], [(1, 2, 3)], [(1, 2, 3)] * 4])
def test_a_network_that_cannot_show_how_teams_differ_has_no_interval(teams):
    found = pool_nps(teams)
    assert not found.is_defined
    assert found.flags[0].endswith(".")


# bad and degenerate input ---------------------------------------------------------------------


@pytest.mark.parametrize("bad", [11, -1, 7.5, "9", True, float("inf")])
def test_an_answer_off_the_scale_is_refused_by_name(bad):
    with pytest.raises(DataError, match="whole numbers from 0 to 10") as error:
        count_nps([9, 10, bad, 3])
    assert repr(bad) in str(error.value)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_asked_is_no_score_and_says_so(method):
    found = net_promoter_score(count_nps([]), method=method)
    assert isnan(found.estimate)
    assert found.flags == ("Nobody answered, so there is no score.",)


@pytest.mark.parametrize("single", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_one_respondent_gives_a_wide_interval(single):
    found = net_promoter_score(single)
    assert found.conf_high - found.conf_low > 100


def test_a_difference_needs_respondents_on_both_sides():
    assert not nps_difference((0, 0, 0), (1, 2, 3)).is_defined
    assert nps_difference((0, 0, 8), (8, 0, 0)).conf_high <= 200


@pytest.mark.parametrize("bad", [(-1, 2, 3), (0.5, 1, 2), (float("nan"), 1, 1)])
def test_counts_must_be_whole_and_not_negative(bad):
    with pytest.raises(DesignError, match="detractors must be a whole number"):
        net_promoter_score(bad)


def test_an_unknown_method_is_refused():
    with pytest.raises(DesignError, match="score, adjusted_wald, wald"):
        net_promoter_score((1, 2, 3), method="exact")
    with pytest.raises(DesignError, match="adjusted_wald or wald"):
        nps_difference((1, 2, 3), (1, 2, 3), method="score")
    with pytest.raises(DesignError, match="conf_level"):
        net_promoter_score((1, 2, 3), conf_level=95)
