from itertools import permutations
from math import factorial, isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.spearman import spearman, spearman_test

few = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=4, max_size=6)
many = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=40)
SIDES = (("two-sided", "two_sided"), ("less", "less"), ("greater", "greater"))


def varying(pairs):
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) and np.ptp(y))
    return x, y


# numbers from R -------------------------------------------------------------------------------


def test_rho_and_bonett_and_wrights_interval_agree_with_r(made):
    for case in made["pairs"]:
        found = spearman(case["x"], case["y"], conf_level=case["conf_level"])
        assert found.estimate == pytest.approx(case["rho"], abs=1e-12)
        np.testing.assert_allclose([found.conf_low, found.conf_high], case["rho_interval"])
        assert isnan(found.p_value)


@pytest.mark.parametrize(("alternative", "key"), SIDES)
def test_p_agrees_with_r(made, alternative, key):
    # exact without ties at 9 pairs; Student's t beyond, as R without exact = TRUE
    for case in made["pairs"]:
        found = spearman_test(case["x"], case["y"], alternative=alternative)
        assert found.exact == case["exact"]
        # R writes exact p from an integer sum of squared differences to about 8 digits
        assert found.p_value == pytest.approx(case["spearman"][key], abs=1e-8)


def test_hollander_and_wolfe_1973_p_185_quality_of_tuna():
    lightness = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    judged = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
    assert spearman(lightness, judged).estimate == pytest.approx(0.6)
    assert spearman_test(lightness, judged).p_value == pytest.approx(0.0968, abs=5e-5)


# what must be true ----------------------------------------------------------------------------


@settings(max_examples=40)
@given(pairs=few)
def test_exact_p_is_the_share_of_all_pairings(pairs):
    x, y = varying(pairs)
    ranks = stats.rankdata(x), stats.rankdata(y)
    every = np.array([ranks[0] @ ranks[1][list(o)] for o in permutations(range(len(x)))])
    own = ranks[0] @ ranks[1]
    less, greater = (every <= own).mean(), (every >= own).mean()
    found = spearman_test(x, y)
    assert found.exact
    assert found.p_value == pytest.approx(min(1, 2 * min(less, greater)), abs=1e-12)
    assert spearman_test(x, y, alternative="less").p_value == pytest.approx(less, abs=1e-12)
    assert found.smallest_p <= found.p_value + 1e-12


@settings(max_examples=25)
@given(pairs=many)
def test_rank_order_is_all_that_counts_and_a_turned_side_changes_the_sign(pairs):
    x, y = varying(pairs)
    one, turned = spearman(x, y), spearman(np.exp(x), -(y**3))
    assert one.estimate == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert turned.estimate == pytest.approx(-one.estimate, abs=1e-12)
    assert turned.conf_low == pytest.approx(-one.conf_high, abs=1e-9, nan_ok=True)
    p = spearman_test(x, y).p_value
    assert 0 < p <= 1
    assert spearman_test(y, -x).p_value == pytest.approx(p, abs=1e-9)


@pytest.mark.parametrize("n", [5, 8, 30])
def test_a_perfect_order_has_an_exact_p_at_any_length_and_no_interval(n):
    found = spearman_test(range(n), range(n))
    assert found.exact
    assert found.p_value == found.smallest_p == pytest.approx(2 / factorial(n))
    assert spearman_test(range(n), range(n), alternative="less").p_value == 1
    made = spearman(range(n), range(n))
    assert made.estimate == 1
    assert not made.is_defined


def test_a_perfect_order_with_ties_counts_their_exchanges():
    x = np.repeat(np.arange(20), 2)
    found = spearman_test(x, -x, alternative="less")
    assert found.p_value == pytest.approx(2.0**20 / factorial(40), rel=1e-9)


def test_degenerate_input_is_refused_or_undefined_in_words():
    for x, y in (([], []), ([1], [2]), ([1, 1, 1, 1], [1, 2, 3, 4])):
        found = spearman(x, y)
        assert isnan(found.estimate)
        assert "does not vary" in found.flags[0]
        with pytest.raises(DesignError, match="does not vary"):
            spearman_test(x, y)
    assert not spearman([1, 2, 3], [1, 3, 2]).is_defined
    with pytest.raises(DesignError, match="missing or infinite"):
        spearman([1, 2, None, 4], [1, 2, 3, 4])
    with pytest.raises(DesignError, match="alternative must be"):
        spearman_test([1, 2, 3], [1, 3, 2], alternative="up")
