from itertools import permutations
from math import factorial, isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.kendall import kendall_tau_b, kendall_test

few = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=4, max_size=6)
tied_on_one_side = st.lists(st.integers(0, 2), min_size=4, max_size=6).flatmap(
    lambda x: st.permutations(range(len(x))).map(lambda y: list(zip(x, y, strict=True)))
)
many = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=40)


def varying(pairs):
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) and np.ptp(y))
    return x, y


# numbers from R -------------------------------------------------------------------------------


def test_tau_b_and_its_jackknife_interval_agree_with_r(made):
    for case in made["pairs"]:
        found = kendall_tau_b(case["x"], case["y"], conf_level=case["conf_level"])
        assert found.estimate == pytest.approx(case["tau_b"], abs=1e-12)
        ours = [found.std_error, found.conf_low, found.conf_high]
        np.testing.assert_allclose(ours, case["tau_jackknife"], atol=1e-12)
        assert found.df == len(case["x"]) - 2
        assert isnan(found.p_value)


def test_exact_p_without_ties_agrees_with_r(made):
    case = made["kendall_exact"]
    for alternative, key in (("two-sided", "two_sided"), ("less", "less"), ("greater", "greater")):
        for x, y, expected in (
            (made["pairs"][0]["x"], made["pairs"][0]["y"], made["pairs"][0]["kendall"]),
            (case["x"], case["y"], case["p"]),
        ):
            found = kendall_test(x, y, alternative=alternative)
            assert found.exact
            assert found.p_value == pytest.approx(expected[key], abs=1e-12)


def test_large_sample_p_with_ties_agrees_with_r(made):
    case = made["pairs"][2]
    for alternative, key in (("two-sided", "two_sided"), ("less", "less"), ("greater", "greater")):
        found = kendall_test(case["x"], case["y"], alternative=alternative)
        assert not found.exact
        assert isnan(found.smallest_p)
        assert found.p_value == pytest.approx(case["kendall"][key], abs=1e-12)


def test_hollander_and_wolfe_1973_p_185_quality_of_tuna():
    lightness = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    judged = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
    assert kendall_tau_b(lightness, judged).estimate == pytest.approx(0.4444, abs=5e-5)
    found = kendall_test(lightness, judged, alternative="greater")
    assert found.p_value == pytest.approx(0.05972, abs=5e-6)


# what must be true ----------------------------------------------------------------------------


@settings(max_examples=40)
@given(pairs=few | tied_on_one_side)
def test_exact_p_is_the_share_of_all_pairings(pairs):
    x, y = varying(pairs)

    def s_of(order):
        return np.sign(np.subtract.outer(x, x) * np.subtract.outer(y[order], y[order])).sum() / 2

    every = np.array([s_of(list(order)) for order in permutations(range(len(x)))])
    own = s_of(np.arange(len(x)))
    less, greater = (every <= own).mean(), (every >= own).mean()
    found = kendall_test(x, y)
    assert found.exact
    assert found.statistic == own
    assert found.p_value == pytest.approx(min(1, 2 * min(less, greater)), abs=1e-12)
    assert kendall_test(x, y, alternative="less").p_value == pytest.approx(less, abs=1e-12)
    assert kendall_test(x, y, alternative="greater").p_value == pytest.approx(greater, abs=1e-12)
    ends = (every == every.min()).mean(), (every == every.max()).mean()
    assert found.smallest_p == pytest.approx(min(1, 2 * min(ends)), abs=1e-12)


@settings(max_examples=30)
@given(pairs=many)
def test_rank_order_is_all_that_counts(pairs):
    x, y = varying(pairs)
    one, stretched = kendall_tau_b(x, y), kendall_tau_b(np.exp(x), y**3)
    assert stretched.estimate == pytest.approx(one.estimate, abs=1e-12)
    assert stretched.conf_low == pytest.approx(one.conf_low, abs=1e-9, nan_ok=True)
    assert kendall_test(np.exp(x), y**3) == kendall_test(x, y)
    assert one.estimate == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


@settings(max_examples=30)
@given(pairs=many)
def test_sides_change_places_and_a_turned_side_changes_the_sign(pairs):
    x, y = varying(pairs)
    one, swapped, turned = kendall_tau_b(x, y), kendall_tau_b(y, x), kendall_tau_b(x, -y)
    assert swapped.estimate == pytest.approx(one.estimate, abs=1e-12)
    assert turned.estimate == pytest.approx(-one.estimate, abs=1e-12)
    assert turned.conf_low == pytest.approx(-one.conf_high, abs=1e-9, nan_ok=True)
    p = kendall_test(x, y).p_value
    assert 0 < p <= 1
    assert kendall_test(y, x).p_value == pytest.approx(p, abs=1e-9)
    assert kendall_test(x, -y).p_value == pytest.approx(p, abs=1e-9)
    if one.is_defined:
        assert -1 <= one.conf_low <= one.estimate <= one.conf_high <= 1


def test_the_order_of_rows_does_not_matter(made):
    x, y = np.array(made["pairs"][2]["x"]), np.array(made["pairs"][2]["y"])
    order = np.random.default_rng(1).permutation(len(x))
    assert kendall_tau_b(x[order], y[order]).conf_low == pytest.approx(kendall_tau_b(x, y).conf_low)


def test_the_interval_covers_as_often_as_it_says_with_ties():
    rng = np.random.default_rng(20261121)

    def answers(n):
        z = rng.normal(size=(2, n))
        z[1] = 0.5 * z[0] + np.sqrt(0.75) * z[1]
        return np.digitize(z, stats.norm.ppf([0.2, 0.4, 0.6, 0.8]))

    truth = np.mean([stats.kendalltau(*answers(3000)).statistic for _ in range(10)])
    found = [kendall_tau_b(*answers(15)) for _ in range(400)]
    covered = [f.conf_low <= truth <= f.conf_high for f in found if f.is_defined]
    assert len(covered) > 390
    assert 0.925 <= np.mean(covered) <= 0.985


def test_a_perfect_order_has_the_smallest_p_and_no_interval():
    found = kendall_test(range(8), range(8))
    assert found.p_value == found.smallest_p == pytest.approx(2 / factorial(8))
    made = kendall_tau_b(range(8), range(8))
    assert made.estimate == 1
    assert not made.is_defined
    assert "no width" in made.flags[0]


def test_exact_stays_exact_to_a_hundred_units_and_small_tails_keep_their_digits():
    x = np.arange(100)
    found = kendall_test(x, x)
    assert found.exact
    assert found.p_value == pytest.approx(2 / float(factorial(100)), rel=1e-9)
    rng = np.random.default_rng(3)
    assert not kendall_test(np.arange(101), rng.permutation(101)).exact


@pytest.mark.parametrize(
    ("x", "y"), [([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [2, 2, 2])]
)
def test_a_side_that_does_not_vary_has_no_tau(x, y):
    found = kendall_tau_b(x, y)
    assert isnan(found.estimate)
    assert "does not vary" in found.flags[0]
    with pytest.raises(DesignError, match="does not vary"):
        kendall_test(x, y)


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2], [1, 2]), ([1, 2, 3], [1, 3, 2]), ([0, 0, 0, 0, 1], [1, 2, 3, 4, 5])]
)
def test_too_few_or_too_like_units_have_no_interval(x, y):
    found = kendall_tau_b(x, y)
    assert not isnan(found.estimate)
    assert not found.is_defined


def test_bad_input_is_refused_in_words():
    with pytest.raises(DesignError, match="first side: 1 of 3 values are missing or infinite"):
        kendall_tau_b([1, np.nan, 2], [1, 2, 3])
    with pytest.raises(DesignError, match="second side: 1 of 3"):
        kendall_test([1, 2, 3], [1, np.inf, 3])
    with pytest.raises(DesignError, match="got 3 values and 2"):
        kendall_tau_b([1, 2, 3], [1, 2])
    with pytest.raises(DesignError, match="must be numbers; got 'a'"):
        kendall_tau_b(["a", "b"], [1, 2])
    with pytest.raises(DesignError, match="alternative must be"):
        kendall_test([1, 2, 3], [1, 3, 2], alternative="both")
    with pytest.raises(DesignError, match="conf_level"):
        kendall_tau_b([1, 2, 3, 4], [1, 2, 4, 3], conf_level=95)
