import json
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import beta_binomial, dirichlet_multinomial

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "pooling.json").read_text(encoding="utf-8")
)
TEAMS = [[0, 0, 8], [2, 2, 3], [1, 1, 7], [6, 1, 0], [0, 3, 5], [3, 3, 2]]
tables = st.lists(
    st.lists(st.integers(0, 12), min_size=3, max_size=3).filter(any), min_size=2, max_size=8
).map(np.array)


# numbers from R ---------------------------------------------------------------------------


def test_free_lunch_in_star_agrees_with_r(oracle, oracle_data):
    expected = oracle("eb.betabinomial_star_lunch")["expected"]
    data = oracle_data("star_lunch_counts")
    found = beta_binomial(data["free"], data["n"])
    assert found.alpha == pytest.approx(expected["alpha"], rel=1e-4)
    assert found.beta == pytest.approx(expected["beta"], rel=1e-4)
    assert found.mean == pytest.approx(expected["mu"], rel=1e-4)
    assert found.rho == pytest.approx(expected["rho"], rel=1e-4)
    assert found.log_likelihood == pytest.approx(expected["logLik"], abs=1e-6)
    assert found.posterior_mean[:5] == pytest.approx(expected["eb_first5"], rel=1e-4)
    assert found.conf_low[:5] == pytest.approx(expected["eb_lo5"], rel=1e-4)
    assert found.conf_high[:5] == pytest.approx(expected["eb_hi5"], rel=1e-4)
    # VGAM comes closer to the maximum than BFGS
    assert found.mean == pytest.approx(expected["vgam"]["mu"], rel=1e-6)
    assert found.rho == pytest.approx(expected["vgam"]["rho"], rel=1e-6)
    assert found.log_likelihood >= expected["logLik"] - 1e-9


def test_ten_schools_agree_with_vgam():
    case = MADE["counts"]["beta_binomial"]
    found = beta_binomial(case["successes"], case["totals"])
    assert found.alpha == pytest.approx(case["alpha"], rel=1e-6)
    assert found.beta == pytest.approx(case["beta"], rel=1e-6)
    assert found.log_likelihood == pytest.approx(case["log_likelihood"], abs=1e-9)


def test_teams_agree_with_vgam():
    case = MADE["counts"]["dirichlet"]
    found = dirichlet_multinomial(case["counts"])
    assert found.alpha == pytest.approx(case["alpha"], rel=2e-6)
    assert found.shares == pytest.approx(case["shares"], rel=2e-6)
    assert 1 / (1 + found.alpha.sum()) == pytest.approx(case["phi"], rel=2e-6)


# identities -----------------------------------------------------------------------------------


def test_pooled_shares_lie_between_the_team_and_everybody():
    found, table = dirichlet_multinomial(TEAMS), np.array(TEAMS)
    raw = table / table.sum(axis=1, keepdims=True)
    assert ((found.posterior_mean - raw) * (found.shares - raw) >= 0).all()
    assert found.posterior_mean.sum(axis=1) == pytest.approx(np.ones(6))


@given(table=tables)
@settings(max_examples=25)
def test_no_other_alpha_has_a_higher_likelihood(table):
    found = dirichlet_multinomial(table)
    used = table.sum(axis=0) > 0
    assume(used.sum() > 1)
    n, kept = table.sum(axis=1), table[:, used]

    def likelihood(alpha):
        return stats.dirichlet_multinomial(alpha, n).logpmf(kept).sum()

    mean = kept.sum(axis=0) / kept.sum()
    others = [mean * size for size in np.geomspace(0.01, 1e4, 25)]
    if np.isfinite(found.alpha).all() and found.alpha.any():
        alpha = found.alpha[used]
        assert likelihood(alpha) == pytest.approx(found.log_likelihood, abs=1e-8)
        others += [alpha * factor for factor in (0.9, 0.99, 1.01, 1.1)]
        others += [alpha * (1 + 0.02 * step) for step in np.eye(used.sum())]
        others += [alpha * (1 - 0.02 * step) for step in np.eye(used.sum())]
    assert found.log_likelihood >= max(likelihood(alpha) for alpha in others) - 1e-6


@given(table=tables, order=st.permutations([0, 1, 2]))
@settings(max_examples=30)
def test_the_order_of_units_and_categories_does_not_matter(table, order):
    one, other = dirichlet_multinomial(table), dirichlet_multinomial(table[::-1, order])
    assert one.flags == other.flags
    np.testing.assert_allclose(other.alpha, one.alpha[order], rtol=1e-5)
    np.testing.assert_allclose(
        other.posterior_mean, one.posterior_mean[::-1, order], rtol=1e-6, atol=1e-9
    )


@given(table=tables)
@settings(max_examples=40)
def test_posterior_means_are_shares(table):
    found = dirichlet_multinomial(table)
    assert (found.posterior_mean >= 0).all()
    assert found.posterior_mean.sum(axis=1) == pytest.approx(np.ones(len(table)))
    assert found.shares.sum() == pytest.approx(1)


@given(table=tables)
@settings(max_examples=40)
def test_two_categories_are_a_beta_binomial(table):
    two = table[:, :2]
    assume((two.sum(axis=1) > 0).sum() >= 2)
    found, beta = dirichlet_multinomial(two), beta_binomial(two[:, 0], two.sum(axis=1))
    assert beta.posterior_mean == pytest.approx(found.posterior_mean[:, 0])
    assert beta.flags == found.flags
    if not beta.flags:
        assert (beta.alpha, beta.beta) == tuple(found.alpha)
        likelihood = stats.betabinom.logpmf(two[:, 0], two.sum(axis=1), beta.alpha, beta.beta).sum()
        assert beta.log_likelihood == pytest.approx(likelihood, abs=1e-8)
        assert (beta.conf_low < beta.posterior_mean).all()
        assert (beta.posterior_mean < beta.conf_high).all()


@given(table=tables)
@settings(max_examples=30)
def test_counting_failures_in_place_of_successes_mirrors_everything(table):
    x, n = table[:, 0], table[:, :2].sum(axis=1)
    assume((n > 0).sum() >= 2)
    one, other = beta_binomial(x, n), beta_binomial(n - x, n)
    assert other.posterior_mean == pytest.approx(1 - one.posterior_mean, rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(other.conf_low, 1 - one.conf_high, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(other.alpha, one.beta, rtol=1e-5)


def test_units_drawn_from_a_known_distribution_give_it_back():
    rng = np.random.default_rng(20261121)
    truth = np.array([2.0, 5.0, 3.0])
    table = rng.multinomial(30, rng.dirichlet(truth, 2000))
    found = dirichlet_multinomial(table)
    assert found.alpha == pytest.approx(truth, rel=0.1)
    assert found.shares == pytest.approx(truth / 10, abs=0.01)


# boundaries and degenerate counts --------------------------------------------------------------


@pytest.mark.parametrize(
    "alike",
    [[[1, 2, 5]] * 4, [[0, 0, 5], [0, 0, 8]], [[1, 0, 0], [0, 1, 0]], [[3, 4, 5], [3, 4, 4]]],
)
def test_teams_that_do_not_differ_get_the_common_shares(alike):
    found = dirichlet_multinomial(alike)
    assert "no more than chance" in found.flags[0]
    common = np.sum(alike, axis=0) / np.sum(alike)
    np.testing.assert_allclose(found.posterior_mean, np.tile(common, (len(alike), 1)))
    assert found.shares == pytest.approx(common)
    assert set(found.alpha) <= {0.0, inf}
    n = np.sum(alike, axis=1)
    assert found.log_likelihood == pytest.approx(stats.multinomial.logpmf(alike, n, common).sum())


def test_shares_that_do_not_differ_are_pooled_wholly_and_have_no_plug_in_interval():
    found = beta_binomial([5, 5, 10], [10, 10, 20])
    assert (found.alpha, found.beta, found.rho) == (inf, inf, 0)
    assert found.posterior_mean == pytest.approx(np.full(3, 0.5))
    assert np.isnan(found.conf_low).all()
    assert "no more than chance" in found.flags[0]


@pytest.mark.parametrize(("x", "mean"), [([0, 0, 0], 0.0), ([4, 5, 6], 1.0)])
def test_all_or_none_succeeding_everywhere_is_no_difference(x, mean):
    found = beta_binomial(x, [4, 5, 6])
    assert (found.mean, found.rho) == (mean, 0)
    assert found.posterior_mean == pytest.approx(np.full(3, mean))


def test_teams_of_one_mind_each_keep_their_own_shares():
    found = dirichlet_multinomial([[5, 0, 0], [0, 7, 0], [6, 0, 0], [0, 0, 0]])
    assert "In every unit" in found.flags[0]
    assert (found.alpha == 0).all()
    assert found.posterior_mean[0] == pytest.approx([1, 0, 0])
    assert found.posterior_mean[3] == pytest.approx([2 / 3, 1 / 3, 0])
    assert found.log_likelihood == pytest.approx(np.log(4 / 27))
    assert beta_binomial([5, 0], [5, 7]).rho == 1


def test_a_difference_too_small_to_matter_counts_as_none():
    # the likelihood has its peak at a concentration of two millions, .00004 above its limit
    table = [[3285, 95, 3670], [4450, 168, 5036], [2337, 79, 2588], [4550, 141, 4917]]
    found = dirichlet_multinomial([*table, [865, 27, 979], [3530, 102, 3950]])
    assert "no more than chance" in found.flags[0]


def test_a_silent_team_gets_the_common_shares_and_an_unused_answer_none():
    found = dirichlet_multinomial([*([0, a, b] for _, a, b in TEAMS), [0, 0, 0]])
    assert found.posterior_mean[-1] == pytest.approx(found.shares)
    assert (found.posterior_mean[:, 0] == 0).all()
    assert found.alpha[0] == 0


def test_large_counts_that_differ_slightly_are_not_taken_as_alike():
    rng = np.random.default_rng(3)
    n = np.full(200, 20_000)
    found = beta_binomial(rng.binomial(n, rng.beta(500, 500, 200)), n)
    assert found.alpha == pytest.approx(500, rel=0.2)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1, 2, 3]], "two or more units with answers; there are 1"),
        ([[1, 2, 3], [0, 0, 0]], "two or more units with answers; there are 1"),
        ([], "two or more categories"),
        ([[1], [2]], "two or more categories"),
        ([[1, -1], [2, 3]], "negative, missing or fractions"),
        ([[1, np.nan], [2, 3]], "negative, missing or fractions"),
        ([[1, np.inf], [2, 3]], "negative, missing or fractions"),
        ([[0.5, 0.5], [0.2, 0.8]], "Give counts, not shares"),
        ([[0, 0], [0, 0]], "there are 0"),
    ],
)
def test_counts_that_cannot_be_pooled_are_refused(bad, message):
    with pytest.raises(DesignError, match=message):
        dirichlet_multinomial(bad)


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        ([], [], "two or more units with answers; there are 0"),
        ([1], [2], "two or more units with answers; there are 1"),
        ([1, 2], [3], "got 2 and 1"),
        ([3, 1], [2, 2], "1 units have more successes"),
        ([1, 1], [2, np.inf], "negative, missing or fractions"),
        ([np.nan, 1], [2, 2], "negative, missing or fractions"),
        ([0, 0], [0, 0], "there are 0"),
    ],
)
def test_successes_that_cannot_be_pooled_are_refused(x, n, message):
    with pytest.raises(DesignError, match=message):
        beta_binomial(x, n)


def test_a_confidence_level_in_percent_is_refused():
    with pytest.raises(DesignError, match="conf_level"):
        beta_binomial([1, 2], [3, 4], conf_level=95)


def test_text_and_more_people_than_there_are_are_refused():
    with pytest.raises(DesignError, match="Successes must be numbers; got '1'"):
        beta_binomial(["1", "2"], [3, 3])
    with pytest.raises(DesignError, match="more people than there are"):
        dirichlet_multinomial([[1e300, 1], [1, 1]])
