from itertools import combinations, product
from math import isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.wilcoxon import (
    kruskal_wallis,
    wilcoxon_rank_sum,
    wilcoxon_signed_rank,
)

SIDES = (("two-sided", "two_sided"), ("less", "less"), ("greater", "greater"))
small = st.lists(st.integers(-4, 4), min_size=2, max_size=6)
group = st.lists(st.integers(0, 6), min_size=1, max_size=5)


# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize(("alternative", "key"), SIDES)
def test_signed_rank_agrees_with_r_exact_with_ties_and_normal(made, alternative, key):
    for case in made["signed_rank"]:
        exact = wilcoxon_signed_rank(case["x"], alternative=alternative)
        normal = wilcoxon_signed_rank(case["x"], alternative=alternative, exact=False)
        assert exact.statistic == normal.statistic == case["v"]
        assert exact.exact
        assert exact.p_value == pytest.approx(case["exact"][key], abs=1e-9)
        assert normal.p_value == pytest.approx(case["normal"][key], abs=1e-9)
        assert isnan(normal.smallest_p)


@pytest.mark.parametrize(("alternative", "key"), SIDES)
def test_rank_sum_agrees_with_r_exact_with_ties_and_normal(made, alternative, key):
    for case in made["rank_sum"]:
        exact = wilcoxon_rank_sum(case["x"], case["y"], alternative=alternative)
        normal = wilcoxon_rank_sum(case["x"], case["y"], alternative=alternative, exact=False)
        assert exact.statistic == normal.statistic == case["u"]
        # the two-sided p of R's packages counts by distance from the mean; the tails are the same
        assert exact.p_value == pytest.approx(case["exact"][key], abs=1e-9)
        assert exact.p_value == pytest.approx(case["coin"][key], abs=1e-9)
        assert normal.p_value == pytest.approx(case["normal"][key], abs=1e-9)


def test_signed_rank_and_kruskal_wallis_agree_with_the_oracle(oracle):
    expected = oracle("small.signed_rank_kw")["expected"]
    x = [2, -1, 3, 0, 1, 4, -2, 2, 1]
    found = wilcoxon_signed_rank(x)
    assert found.statistic == expected["V"]
    assert found.p_value == pytest.approx(expected["p_exact"], abs=1e-9)
    assert wilcoxon_signed_rank(x, exact=False).p_value == pytest.approx(expected["p_cc"], abs=1e-9)
    ranked = kruskal_wallis([(1, 3, 5, 3), (2, 6, 7, 7), (8, 9, 5, 9)])
    assert ranked.statistic == pytest.approx(expected["kw_H"], abs=1e-9)
    assert ranked.p_value == pytest.approx(expected["kw_p"], abs=1e-9)


def test_kruskal_wallis_agrees_with_r(made):
    for case in made["kruskal"]:
        found = kruskal_wallis(case["groups"])
        assert found.statistic == pytest.approx(case["h"], abs=1e-9)
        assert found.p_value == pytest.approx(case["p"], abs=1e-9)
        assert found.df == len(case["groups"]) - 1


# published ------------------------------------------------------------------------------------


def test_hollander_and_wolfe_1973_p_29_depression_scale():
    first = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    found = wilcoxon_signed_rank(np.subtract(first, second), alternative="greater")
    assert found.statistic == 40
    assert found.p_value == pytest.approx(0.01953, abs=5e-6)


def test_hollander_and_wolfe_1973_p_69_permeability():
    term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    early = [1.15, 0.88, 0.90, 0.74, 1.21]
    found = wilcoxon_rank_sum(term, early, alternative="greater")
    assert found.statistic == 35
    assert found.p_value == pytest.approx(0.1272, abs=5e-5)


def test_hollander_and_wolfe_1973_p_116_mucociliary_efficiency():
    normal, obstructed = [2.9, 3.0, 2.5, 2.6, 3.2], [3.8, 2.7, 4.0, 2.4]
    asbestosis = [2.8, 3.4, 3.7, 2.2, 2.0]
    found = kruskal_wallis([normal, obstructed, asbestosis])
    assert found.statistic == pytest.approx(0.77143, abs=5e-6)
    assert found.p_value == pytest.approx(0.68, abs=5e-4)


# what must be true ----------------------------------------------------------------------------


@settings(max_examples=50)
@given(x=small)
def test_signed_rank_p_is_the_share_of_all_signs(x):
    assume(any(x))
    moved = np.array([v for v in x if v])
    ranks = stats.rankdata(np.abs(moved))
    every = np.array([ranks @ (np.array(s) > 0) for s in product((-1, 1), repeat=len(moved))])
    own = ranks[moved > 0].sum()
    found = wilcoxon_signed_rank(x)
    tails = (every <= own).mean(), (every >= own).mean()
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)), abs=1e-12)
    assert wilcoxon_signed_rank(np.negative(x)).p_value == pytest.approx(found.p_value)
    assert found.smallest_p == pytest.approx(min(1, 2 * 0.5 ** len(moved)))
    assert found.n == len(moved)


@settings(max_examples=50)
@given(first=group, second=group)
def test_rank_sum_p_is_the_share_of_all_draws(first, second):
    pooled = np.array([*first, *second])
    assume(np.ptp(pooled))
    ranks = stats.rankdata(pooled)
    every = np.array([ranks[list(c)].sum() for c in combinations(range(len(pooled)), len(first))])
    own = ranks[: len(first)].sum()
    tails = (every <= own).mean(), (every >= own).mean()
    ends = (every == every.min()).mean(), (every == every.max()).mean()
    found, swapped = wilcoxon_rank_sum(first, second), wilcoxon_rank_sum(second, first)
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)), abs=1e-12)
    assert found.smallest_p == pytest.approx(min(1, 2 * min(ends)), abs=1e-12)
    assert 0 < found.smallest_p <= found.p_value + 1e-12 <= 1 + 1e-9
    assert swapped.p_value == pytest.approx(found.p_value, abs=1e-12)
    assert swapped.statistic == len(first) * len(second) - found.statistic
    stretched = wilcoxon_rank_sum(np.exp(first), np.exp(second))
    assert stretched == found


@pytest.mark.parametrize(("n_1", "n_2"), [(70, 70), (3, 200), (200, 3)])
def test_many_values_stay_exact(n_1, n_2):
    rng = np.random.default_rng(n_1)
    x, y = rng.normal(0.2, 1, n_1), rng.normal(0, 1, n_2)
    found = wilcoxon_rank_sum(x, y)
    assert found.exact
    peer = stats.mannwhitneyu(x, y, method="exact").pvalue
    assert found.p_value == pytest.approx(peer, rel=1e-9)


def test_many_differences_stay_exact_and_very_many_are_normal():
    rng = np.random.default_rng(5)
    x = rng.normal(0.1, 1, 400)
    found = wilcoxon_signed_rank(x)
    assert found.exact
    assert found.p_value == pytest.approx(stats.wilcoxon(x, method="exact").pvalue, rel=1e-9)
    assert not wilcoxon_signed_rank(rng.normal(size=401)).exact
    assert not wilcoxon_rank_sum(rng.normal(size=300), rng.normal(size=300)).exact


def test_zero_differences_are_left_out_and_said():
    found = wilcoxon_signed_rank([0, 0, 1, 2, -3])
    assert found.flags == ("2 differences of zero were left out.",)
    assert wilcoxon_signed_rank([1, 2, -3]).flags == ()
    assert found.p_value == wilcoxon_signed_rank([1, 2, -3]).p_value


def test_one_difference_can_prove_nothing():
    found = wilcoxon_signed_rank([5])
    assert found.p_value == found.smallest_p == 1


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: wilcoxon_signed_rank([0, 0]), "Every difference is zero"),
        (lambda: wilcoxon_signed_rank([]), "Every difference is zero"),
        (lambda: wilcoxon_signed_rank([1, np.nan]), "1 of 2 values are missing or infinite"),
        (lambda: wilcoxon_signed_rank([1, 2], alternative="up"), "alternative must be"),
        (lambda: wilcoxon_signed_rank([1, 2], alternative="up", exact=False), "alternative must"),
        (lambda: wilcoxon_signed_rank(["1", "2"]), "must be numbers; got '1'"),
        (lambda: wilcoxon_signed_rank([1, 2], exact="yes"), "True, False or None"),
        (lambda: wilcoxon_signed_rank(np.arange(1, 9000), exact=True), "too many values"),
        (lambda: wilcoxon_rank_sum([1, 2], [[3, 4]]), "one row of numbers"),
        (lambda: wilcoxon_rank_sum([], [1]), "one has none"),
        (lambda: wilcoxon_rank_sum([1, 1], [1]), "All values are equal"),
        (lambda: wilcoxon_rank_sum([1, np.inf], [1]), "missing or infinite"),
        (lambda: kruskal_wallis([[1, 2]]), "two or more groups"),
        (lambda: kruskal_wallis([[1, 2], []]), "two or more groups"),
        (lambda: kruskal_wallis([[1, 1], [1]]), "All values are equal"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_words(call, text):
    with pytest.raises(DesignError, match=text):
        call()
