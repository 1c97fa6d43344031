import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import empirical_bayes_effects, shrink_effects

# Rubin (1981): coaching in eight schools, as in Gelman et al. (2013), table 5.2
EIGHT = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
effects = st.lists(st.tuples(st.floats(-20, 20), st.floats(0.5, 10)), min_size=2, max_size=12).map(
    lambda pairs: tuple(map(np.array, zip(*pairs, strict=True)))
)
FIELDS = ("estimate", "std_error", "conf_low", "conf_high")


# numbers from publications and other ways to compute them -----------------------------------------


def test_gelman_2013_eight_schools_are_drawn_together():
    # Bayesian Data Analysis, 3rd ed., section 5.5: with a flat prior of tau, posterior means of
    # the schools run from about 5 to 11 about a mean of about 8
    found = shrink_effects(*EIGHT, prior_scale=1000)
    assert found.mean == pytest.approx(8, abs=0.3)
    assert found.estimate.max() == pytest.approx(11, abs=1)
    assert found.estimate.min() == pytest.approx(5, abs=1)
    assert (found.conf_low < 0).sum() >= 7


def test_the_grid_agrees_with_adaptive_quadrature():
    y, s, scale = np.array(EIGHT[0], float), np.array(EIGHT[1], float), 10.0

    def density(tau):
        v = s**2 + tau**2
        mu = (y / v).sum() / (1 / v).sum()
        return stats.halfnorm.pdf(tau, scale=scale) * np.exp(
            -0.5 * (np.log(v).sum() + np.log((1 / v).sum()) + ((y - mu) ** 2 / v).sum())
        )

    def expect(of):
        return integrate.quad(lambda t: of(t) * density(t), 0, 100, epsabs=0, epsrel=1e-12)[0]

    def given_tau(t):
        w = 1 / (s**2 + t**2)
        return (w * y).sum() / w.sum(), 1 / w.sum()

    mass = expect(lambda t: 1.0)
    found = shrink_effects(y, s, prior_scale=scale)
    assert found.tau == pytest.approx(expect(lambda t: t) / mass, rel=1e-8)
    assert found.mean == pytest.approx(expect(lambda t: given_tau(t)[0]) / mass, rel=1e-8)

    def below(at, extra):
        return expect(
            lambda t: stats.norm.cdf(at, given_tau(t)[0], np.sqrt(given_tau(t)[1] + extra * t**2))
        )

    for extra, interval in ((0, found.mean_interval), (1, found.prediction_interval)):
        assert below(interval[0], extra) / mass == pytest.approx(0.025, abs=1e-9)
        assert below(interval[1], extra) / mass == pytest.approx(0.975, abs=1e-9)

    def first_school_below(at):
        def of(t):
            pull = s[0] ** 2 / (s[0] ** 2 + t**2)
            mu, variance = given_tau(t)
            centre = pull * mu + (1 - pull) * y[0]
            spread = np.sqrt((1 - pull) * s[0] ** 2 + pull**2 * variance)
            return stats.norm.cdf(at, centre, spread)

        return expect(of) / mass

    assert first_school_below(found.conf_low[0]) == pytest.approx(0.025, abs=1e-9)
    assert first_school_below(found.conf_high[0]) == pytest.approx(0.975, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e6])
def test_the_grid_finds_a_posterior_that_is_narrow_within_its_prior(scale):
    rng = np.random.default_rng(1)
    y, s = rng.normal(0, 0.01, 40), np.full(40, 0.001)
    found = shrink_effects(y, s, prior_scale=scale)
    wide = shrink_effects(y, s, prior_scale=10.0)
    assert found.tau == pytest.approx(wide.tau, rel=0.5 if scale < 1 else 1e-3)
    assert 0.002 < found.tau < 0.02


# identities -----------------------------------------------------------------------------------


@given(case=effects, scale=st.sampled_from([0.01, 1.0, 10.0, 1000.0]))
@settings(max_examples=25)
def test_shrinking_draws_towards_the_mean_and_never_to_no_width(case, scale):
    found, y = shrink_effects(*case, prior_scale=scale), case[0]
    assert (found.estimate >= min(y.min(), found.mean) - 1e-6).all()
    assert (found.estimate <= max(y.max(), found.mean) + 1e-6).all()
    assert (found.conf_low < found.estimate).all()
    assert (found.estimate < found.conf_high).all()
    assert found.mean_interval[0] < found.mean < found.mean_interval[1]
    assert found.prediction_interval[0] < found.mean_interval[0]
    assert found.prediction_interval[1] > found.mean_interval[1]


@given(case=effects)
@settings(max_examples=20)
def test_each_unit_lies_between_its_own_estimate_and_the_mean_given_each_tau(case):
    # with equal standard errors the pull is the same for all, so the mean of all stays where it is
    y = case[0]
    found = shrink_effects(y, np.full(len(y), 3.0), prior_scale=5)
    assert found.mean == pytest.approx(y.mean(), abs=1e-9)
    assert found.estimate.mean() == pytest.approx(y.mean(), abs=1e-9)
    apart = (y - found.estimate) * (found.estimate - found.mean)
    assert (apart >= -1e-9).all()


@given(case=effects, shift=st.floats(-100, 100), order=st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_order_and_origin_do_not_matter(case, shift, order):
    y, s = case
    places = list(range(len(y)))
    order.shuffle(places)
    one = shrink_effects(y, s, prior_scale=5)
    other = shrink_effects(y[places] + shift, s[places], prior_scale=5)
    np.testing.assert_allclose(other.estimate - shift, one.estimate[places], atol=1e-6)
    np.testing.assert_allclose(other.conf_high - shift, one.conf_high[places], atol=1e-6)
    assert other.tau == pytest.approx(one.tau, rel=1e-6)


@given(case=effects, factor=st.sampled_from([-1.0, 9.0, 1e-6]))
@settings(max_examples=20)
def test_units_change_nothing(case, factor):
    y, s = case
    one = shrink_effects(y, s, prior_scale=5)
    other = shrink_effects(y * factor, s * abs(factor), prior_scale=5 * abs(factor))
    np.testing.assert_allclose(other.estimate / factor, one.estimate, rtol=1e-6, atol=1e-7)
    lower = other.conf_low if factor > 0 else other.conf_high
    np.testing.assert_allclose(lower / factor, one.conf_low, rtol=1e-6, atol=1e-6)


def test_a_prior_that_lets_units_differ_freely_leaves_precise_estimates_alone():
    found = shrink_effects([-5.0, 0.0, 2.0, 9.0], [1e-3] * 4, prior_scale=100)
    assert found.estimate == pytest.approx([-5, 0, 2, 9], abs=1e-3)
    assert found.std_error == pytest.approx(np.full(4, 1e-3), rel=1e-3)


def test_a_prior_that_lets_units_hardly_differ_gives_all_the_common_mean():
    y, s = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.5, 2.0])
    found = shrink_effects(y, s, prior_scale=1e-6)
    common = (y / s**2).sum() / (1 / s**2).sum()
    assert found.estimate == pytest.approx(np.full(3, common), abs=1e-6)
    assert found.std_error == pytest.approx(np.full(3, 1 / np.sqrt((1 / s**2).sum())), rel=1e-6)


def test_schools_that_do_not_differ_still_have_an_interval():
    found = shrink_effects([2.0] * 10, [3.0] * 10, prior_scale=5)
    assert (found.conf_high - found.conf_low > 2).all()
    assert found.estimate == pytest.approx(np.full(10, 2.0))


def test_a_very_large_difference_is_not_cut_off_by_the_grid():
    found = shrink_effects([-500.0, 0.0, 500.0, 1000.0], [1.0] * 4, prior_scale=1)
    assert found.tau > 8


# how often intervals cover ----------------------------------------------------------------------


def test_at_ten_schools_these_intervals_cover_as_often_as_they_say_and_plug_in_ones_do_not():
    rng = np.random.default_rng(20261121)
    ours, plugged_in, next_school, at_zero = [], [], [], 0
    std_error = np.full(10, 4.0)
    for _ in range(100):
        truth = rng.normal(3, 2, 11)
        y = rng.normal(truth[:10], std_error)
        found = shrink_effects(y, std_error, prior_scale=4)
        ours.extend((found.conf_low <= truth[:10]) & (truth[:10] <= found.conf_high))
        next_school.append(
            found.prediction_interval[0] <= truth[10] <= found.prediction_interval[1]
        )
        plug = empirical_bayes_effects(y, std_error)
        at_zero += plug.tau2 == 0
        # where there is no interval nothing is covered: NaN compares as False
        plugged_in.extend((plug.conf_low <= truth[:10]) & (truth[:10] <= plug.conf_high))
    assert 0.93 <= np.mean(ours) <= 0.98
    assert 0.92 <= np.mean(next_school) <= 1
    assert 0.40 <= np.mean(plugged_in) <= 0.82
    assert at_zero > 20


# degenerate data --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "s", "scale", "message"),
    [
        ([], [], 1, "two or more units"),
        ([1.0], [1.0], 1, "two or more units"),
        ([1.0, 2.0], [1.0], 1, "2 estimates and 1 standard errors"),
        ([1.0, np.nan], [1.0, 1.0], 1, "1 of 2 estimates are missing or infinite"),
        ([1.0, 2.0], [1.0, 0.0], 1, "1 of 2 standard errors are not positive"),
        ([1.0, 2.0], [1.0, np.inf], 1, "1 of 2 standard errors are not positive"),
        ([1.0, 2.0], [1.0, 1.0], 0, "prior_scale must be a positive number"),
        ([1.0, 2.0], [1.0, 1.0], np.nan, "prior_scale must be a known number"),
        ([1.0, 2.0], [1.0, 1.0], np.inf, "prior_scale must be a known number"),
        ([1.0, 2.0], [1.0, 1.0], 1e-200, "Change their unit"),
        ([1.0, 2.0], [1.0, 1.0], 1e200, "Change their unit"),
    ],
)
def test_what_cannot_be_shrunk_is_refused(y, s, scale, message):
    with pytest.raises(DesignError, match=message):
        shrink_effects(y, s, prior_scale=scale)


def test_two_units_are_enough():
    found = shrink_effects([0.0, 1.0], [1.0, 1.0], prior_scale=1)
    assert 0 < found.estimate[0] < found.mean < found.estimate[1] < 1
    for field in FIELDS:
        assert np.isfinite(getattr(found, field)).all()
