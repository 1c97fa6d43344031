import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import dirichlet_multinomial, shrink_effects

# Rubin (1981): coaching in eight schools, as in Gelman et al. (2013), table 5.2
EIGHT = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
effects = st.lists(st.tuples(st.floats(-20, 20), st.floats(0.5, 10)), min_size=2, max_size=12).map(
    lambda pairs: tuple(map(list, zip(*pairs, strict=True)))
)


def test_beta_binomial_shares_agree_with_r(oracle, oracle_data):
    expected, data = (
        oracle("eb.betabinomial_star_lunch")["expected"],
        oracle_data("star_lunch_counts.csv"),
    )
    found = dirichlet_multinomial(np.c_[data["free"], data["n"] - data["free"]])
    assert found.alpha == pytest.approx([expected["alpha"], expected["beta"]], rel=1e-4)
    assert found.shares[0] == pytest.approx(expected["mu"], rel=1e-4)
    assert found.posterior_mean[:5, 0] == pytest.approx(expected["eb_first5"], rel=1e-4)


def test_gelman_2013_eight_schools_are_drawn_together():
    found = shrink_effects(*EIGHT, prior_scale=25)
    # section 5.5: with a nearly flat prior of tau, posterior means run from about 5 to 11
    assert found.mean == pytest.approx(8, abs=0.5)
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

    mass, tau = (
        integrate.quad(lambda t, k=k: t**k * density(t), 0, 100, limit=200)[0] for k in (0, 1)
    )
    assert shrink_effects(y, s, prior_scale=scale).tau == pytest.approx(tau / mass, rel=1e-5)


@given(case=effects, scale=st.sampled_from([0.01, 1.0, 10.0, 1000.0]))
def test_shrinking_draws_towards_the_mean_and_never_to_no_width(case, scale):
    found = shrink_effects(*case, prior_scale=scale)
    y = np.array(case[0])
    assert (found.estimate >= min(y.min(), found.mean) - 1e-6).all()
    assert (found.estimate <= max(y.max(), found.mean) + 1e-6).all()
    assert (found.conf_low < found.estimate).all()
    assert (found.estimate < found.conf_high).all()


@given(case=effects, shift=st.floats(-100, 100), order=st.randoms())
def test_order_and_origin_do_not_matter(case, shift, order):
    y, s = map(np.array, case)
    places = list(range(len(y)))
    order.shuffle(places)
    one = shrink_effects(y, s, prior_scale=5)
    other = shrink_effects(y[places] + shift, s[places], prior_scale=5)
    np.testing.assert_allclose(other.estimate - shift, one.estimate[places], atol=1e-5)
    assert other.tau == pytest.approx(one.tau, rel=1e-5)


@given(case=effects)
def test_units_change_nothing(case):
    y, s = map(np.array, case)
    one, other = shrink_effects(y, s, prior_scale=5), shrink_effects(y * 9, s * 9, prior_scale=45)
    np.testing.assert_allclose(other.conf_low, one.conf_low * 9, atol=1e-4)


def test_schools_that_do_not_differ_still_have_an_interval():
    found = shrink_effects([2.0] * 10, [3.0] * 10, prior_scale=5)
    assert (found.conf_high - found.conf_low > 2).all()
    assert found.estimate == pytest.approx(np.full(10, 2.0))


def test_a_very_large_difference_is_not_cut_off_by_the_grid():
    found = shrink_effects([-500.0, 0.0, 500.0, 1000.0], [1.0] * 4, prior_scale=1)
    assert found.tau > 8


def test_intervals_of_ten_schools_cover_as_often_as_they_say():
    rng = np.random.default_rng(20261121)
    covered = []
    for _ in range(60):
        truth = rng.normal(3, 2, 10)
        found = shrink_effects(rng.normal(truth, 4.0), np.full(10, 4.0), prior_scale=4)
        covered.extend((found.conf_low <= truth) & (truth <= found.conf_high))
    assert 0.92 <= np.mean(covered) <= 0.99


@pytest.mark.parametrize(
    ("y", "s", "scale", "message"),
    [
        ([1.0], [1.0], 1, "two or more units"),
        ([], [], 1, "two or more units"),
        ([1.0, 2.0], [1.0], 1, "two or more units"),
        ([1.0, np.nan], [1.0, 1.0], 1, "known estimates"),
        ([1.0, 2.0], [1.0, 0.0], 1, "positive standard errors"),
        ([1.0, 2.0], [1.0, 1.0], 0, "prior_scale"),
    ],
)
def test_what_cannot_be_shrunk_is_refused(y, s, scale, message):
    with pytest.raises(DesignError, match=message):
        shrink_effects(y, s, prior_scale=scale)


TEAMS = [[0, 0, 8], [2, 2, 3], [1, 1, 7], [6, 1, 0], [0, 3, 5], [3, 3, 2]]


def test_pooled_shares_lie_between_the_team_and_everybody():
    found = dirichlet_multinomial(TEAMS)
    table = np.array(TEAMS)
    raw = table / table.sum(axis=1, keepdims=True)
    inside = (found.posterior_mean - raw) * (found.shares - raw) >= 0
    assert inside.all()
    assert found.posterior_mean.sum(axis=1) == pytest.approx(np.ones(6))


def test_the_likelihood_has_its_maximum_at_alpha():
    found, n = dirichlet_multinomial(TEAMS), np.sum(TEAMS, axis=1)

    def likelihood(alpha):
        return stats.dirichlet_multinomial(alpha, n).logpmf(TEAMS).sum()

    for k in range(3):
        for factor in (0.99, 1.01):
            other = found.alpha * np.where(np.arange(3) == k, factor, 1)
            assert likelihood(other) < likelihood(found.alpha)


@pytest.mark.parametrize("alike", [[[1, 2, 5]] * 4, [[0, 0, 5], [0, 0, 8]]])
def test_teams_that_do_not_differ_get_the_common_shares(alike):
    found = dirichlet_multinomial(alike)
    assert "no more than chance" in found.flags[0]
    assert found.posterior_mean[0] == pytest.approx(np.sum(alike, axis=0) / np.sum(alike))


def test_a_silent_team_gets_the_common_shares_and_an_unused_answer_none():
    found = dirichlet_multinomial([*([0, a, b] for _, a, b in TEAMS), [0, 0, 0]])
    assert found.posterior_mean[-1] == pytest.approx(found.shares)
    assert (found.posterior_mean[:, 0] == 0).all()


@pytest.mark.parametrize(
    "bad", [[[1, 2, 3]], [[1, 2, 3], [0, 0, 0]], [[1], [2]], [[1, -1], [2, 3]]]
)
def test_counts_that_cannot_be_pooled_are_refused(bad):
    with pytest.raises(DesignError, match="Pooling needs"):
        dirichlet_multinomial(bad)
