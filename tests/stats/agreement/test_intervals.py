"""What an interval of a coefficient promises, whichever coefficient it is."""

from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.stats.agreement import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    light_kappa,
)
from pilot_analysis.stats.agreement.chance import by_rater, weighted_coefficient
from pilot_analysis.stats.agreement.distances import distances
from pilot_analysis.stats.agreement.intervals import _levels, linearized_error
from pilot_analysis.stats.agreement.ratings import find_patterns, read_ratings

MANY = (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    light_kappa,
)
tables = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 3)), min_size=3, max_size=3),
    min_size=25,
    max_size=40,
).map(lambda rows: pd.DataFrame(rows, dtype=float))


def simulated(rng, n, shares, reliability):
    """Two raters who know the category with probability sqrt(reliability), else guess."""
    truth = rng.choice(len(shares), p=shares, size=(n, 1))
    knows = rng.random((n, 2)) < np.sqrt(reliability)
    return np.where(knows, truth, rng.choice(len(shares), p=shares, size=(n, 2)))


@pytest.mark.parametrize("coefficient", MANY)
@given(ratings=tables, conf_level=st.sampled_from([0.8, 0.95]))
@settings(max_examples=15)
def test_linearized_p_is_small_exactly_when_the_interval_excludes_0(
    coefficient, ratings, conf_level
):
    found = coefficient(ratings, interval="linearized", conf_level=conf_level)
    if found.is_defined:
        excluded = found.conf_low > 0 or found.conf_high < 0
        assert excluded == (found.p_value < 1 - conf_level)
        assert -1 <= found.conf_low <= found.estimate <= found.conf_high <= 1


@pytest.mark.parametrize("coefficient", MANY)
@given(ratings=tables)
@settings(max_examples=10)
def test_a_bootstrap_interval_holds_the_estimate_and_has_no_p(coefficient, ratings):
    found = coefficient(ratings, draws=200)
    narrow = coefficient(ratings, draws=200, conf_level=0.8)
    if found.is_defined:
        assert isnan(found.p_value)
        assert found.std_error > 0
        assert -1 <= found.conf_low <= found.estimate <= found.conf_high <= 1
        assert found.conf_low <= narrow.conf_low
        assert narrow.conf_high <= found.conf_high


@pytest.mark.parametrize(
    "coefficient", [brennan_prediger, fleiss_kappa, gwet_ac, krippendorff_alpha]
)
@given(ratings=tables, order=st.randoms())
@settings(max_examples=8)
def test_where_raters_are_interchangeable_no_order_changes_the_interval(
    coefficient, ratings, order
):
    columns, rows = list(ratings.columns), list(ratings.index)
    order.shuffle(columns)
    order.shuffle(rows)
    one, other = (coefficient(r, draws=100) for r in (ratings, ratings.loc[rows, columns]))
    assert (one.conf_low, one.conf_high) == pytest.approx(
        (other.conf_low, other.conf_high), abs=1e-9, nan_ok=True
    )


@pytest.mark.parametrize(("n", "level"), [(5, 0.0010), (10, 0.0086), (20, 0.0159), (40, 0.0203)])
def test_a_small_sample_cuts_off_less(n, level):
    """Without bias and skewness the two tails are equal, and approach .025 from below."""
    lower, upper = _levels(0.0, 0.0, n, 0.95)
    assert round(lower, 4) == level
    assert lower == pytest.approx(1 - upper, abs=1e-12)


def test_efron_1987_bias_and_skewness_move_both_ends_one_way():
    plain, biased, skewed = (_levels(b, a, 1000, 0.95) for b, a in ((0, 0), (0.2, 0), (0, 0.1)))
    assert (biased > plain).all()
    assert (skewed > plain).all()
    assert _levels(3.5, 0.2, 20, 0.999)[1] == 1


def test_the_same_seed_gives_the_same_interval_and_another_one_nearly_so():
    ratings = simulated(np.random.default_rng(4), 60, [0.2, 0.3, 0.5], 0.6)
    one, same, other = (cohen_kappa(*ratings.T, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.conf_low != other.conf_low
    assert one.conf_low == pytest.approx(other.conf_low, abs=0.05)


def test_the_linearized_error_is_the_spread_over_new_subjects():
    """Also with subjects rated once, whom Gwet's handbook counts as disagreement."""
    rng = np.random.default_rng(20261121)
    found, errors = [], []
    for _ in range(250):
        ratings = simulated(rng, 120, [0.2, 0.3, 0.5], 0.6).astype(float)
        ratings[rng.random(120) < 0.3, 0] = np.nan
        made = gwet_ac(ratings, interval="linearized")
        found.append(made.estimate)
        errors.append(made.std_error)
    assert np.std(found) == pytest.approx(np.mean(errors), rel=0.1)


def test_the_linearized_error_is_the_limit_of_the_jackknife():
    ratings = simulated(np.random.default_rng(5), 50, [0.2, 0.3, 0.5], 0.6)
    read = read_ratings(np.repeat(ratings, 20, axis=0))
    sample = find_patterns(read.codes, interchangeable=False)
    kappa = weighted_coefficient(sample, distances(read, "quadratic"), by_rater)
    without_one = kappa(sample.times - np.eye(len(sample.times)))
    center = sample.times @ without_one / sample.times.sum()
    n = sample.times.sum()
    jackknife = np.sqrt((n - 1) / n * sample.times @ (without_one - center) ** 2)
    assert linearized_error(kappa, sample) == pytest.approx(jackknife, rel=2e-3)


@pytest.mark.parametrize(
    ("shares", "reliability", "weights", "linearized_at_most"),
    [([0.5, 0.5], 0.3, None, 1.0), ([0.1, 0.3, 0.4, 0.2], 0.8, "quadratic", 0.88)],
)
def test_at_twenty_subjects_the_interval_covers(shares, reliability, weights, linearized_at_most):
    """These raters' true kappa is their reliability, since they guess as categories occur."""
    rng = np.random.default_rng(20261121)
    covered, linearized = [], []
    for _ in range(120):
        first, second = simulated(rng, 20, shares, reliability).T
        found = cohen_kappa(first, second, weights=weights, draws=300)
        if found.is_defined:
            covered.append(found.conf_low <= reliability <= found.conf_high)
            plain = cohen_kappa(first, second, weights=weights, interval="linearized")
            linearized.append(plain.conf_low <= reliability <= plain.conf_high)
    assert len(covered) > 108
    assert np.mean(covered) > 0.9
    assert np.mean(linearized) <= linearized_at_most


def test_rare_categories_are_flagged():
    first, second = [1] * 25 + [1, 2, 2, 2, 2], [1] * 25 + [2, 1, 2, 2, 2]
    assert "rare categories" in cohen_kappa(first, second).flags
    assert "rare categories" in cohen_kappa(first, second, interval="linearized").flags
    assert "rare categories" not in cohen_kappa(first * 2, second * 2).flags


def test_resamples_without_a_coefficient_count_against_both_ends():
    """Most resamples of one odd subject in thirty leave both raters constant and equal."""
    first, second = [1] * 30, [1] * 29 + [2]
    found = fleiss_kappa(pd.DataFrame({"a": first, "b": second}))
    assert (found.conf_low, found.conf_high) == (-1, 1)
    assert "undefined resamples" in found.flags
    assert "rare categories" in found.flags
