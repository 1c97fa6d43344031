from math import exp, inf, isnan, log1p, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling import basie_posterior

KNOWN = {"prior_mean": 0.05, "prior_sd": 0.10}
numbers = st.floats(-2, 2)
spreads = st.floats(0.01, 2)


def by_quadrature(estimate, std_error, prior_mean, prior_sd, df, threshold):
    """Return mean, SD and P(> threshold) by adaptive quadrature of t times normal."""

    def density(x):
        likelihood = -0.5 * (df + 1) * log1p(((estimate - x) / std_error) ** 2 / df)
        return exp(likelihood - 0.5 * ((x - prior_mean) / prior_sd) ** 2)

    low, high = prior_mean - 20 * prior_sd, prior_mean + 20 * prior_sd
    places = sorted({estimate, prior_mean, threshold, (estimate + prior_mean) / 2})

    def integral(of, start=low):
        inside = [place for place in places if start < place < high]
        return integrate.quad(of, start, high, points=inside, limit=500, epsabs=0, epsrel=1e-11)[0]

    mass = integral(density)
    mean = integral(lambda x: x * density(x)) / mass
    variance = integral(lambda x: (x - mean) ** 2 * density(x)) / mass
    return mean, np.sqrt(variance), integral(density, threshold) / mass


def test_deke_2022_normal_posterior_of_a_finding_of_a_fifth():
    found = basie_posterior(0.20, 0.10, **KNOWN)
    assert found.mean == pytest.approx(0.125)
    assert round(found.sd, 4) == 0.0707
    assert round(found.probability_above(0), 4) == 0.9615
    assert round(found.probability_above(0.05), 4) == 0.8556
    assert found.estimate.conf_low == pytest.approx(stats.norm.ppf(0.025, 0.125, found.sd))
    assert found.estimate.conf_high == pytest.approx(stats.norm.ppf(0.975, 0.125, found.sd))


def test_with_eight_df_the_same_finding_says_less():
    found = basie_posterior(0.20, 0.10, df=8, **KNOWN)
    assert round(found.probability_above(0), 3) == 0.942
    assert found.estimate.df == 8


@pytest.mark.parametrize("df", [0.1, 1, 3.7, 8, 1000])
@pytest.mark.parametrize(
    "case", [(0.2, 0.1, 0.05, 0.1), (1.5, 0.05, 0.0, 0.1), (-0.3, 2.0, 0.1, 0.2)]
)
def test_the_t_likelihood_agrees_with_adaptive_quadrature(df, case):
    estimate, std_error, prior_mean, prior_sd = case
    found = basie_posterior(estimate, std_error, df=df, prior_mean=prior_mean, prior_sd=prior_sd)
    mean, sd, above = by_quadrature(*case, df, 0.1)
    assert found.mean == pytest.approx(mean, abs=1e-8)
    assert found.sd == pytest.approx(sd, rel=1e-7)
    assert found.probability_above(0.1) == pytest.approx(above, abs=1e-8)
    # the interval leaves equal tails
    assert found.probability_above(found.estimate.conf_low) == pytest.approx(0.975, abs=1e-10)
    assert found.probability_above(found.estimate.conf_high) == pytest.approx(0.025, abs=1e-10)


@given(estimate=numbers, std_error=spreads, mean=numbers, sd=spreads, df=st.floats(1, 50))
@settings(max_examples=25)
def test_the_posterior_lies_between_finding_and_prior_and_is_surer_than_the_prior(
    estimate, std_error, mean, sd, df
):
    for given_df in (df, inf):
        found = basie_posterior(estimate, std_error, prior_mean=mean, prior_sd=sd, df=given_df)
        assert min(estimate, mean) - 1e-9 <= found.mean <= max(estimate, mean) + 1e-9
        assert found.estimate.conf_low < found.mean < found.estimate.conf_high
        assert isnan(found.estimate.p_value)
    assert found.sd < min(std_error, sd)  # with a normal likelihood


@given(estimate=numbers, std_error=spreads, mean=numbers, sd=spreads, df=st.floats(1, 50))
@settings(max_examples=25)
def test_the_sign_and_unit_of_the_outcome_only_turn_and_scale(estimate, std_error, mean, sd, df):
    one = basie_posterior(estimate, std_error, prior_mean=mean, prior_sd=sd, df=df)
    two = basie_posterior(
        -10 * estimate, 10 * std_error, prior_mean=-10 * mean, prior_sd=10 * sd, df=df
    )
    assert two.mean == pytest.approx(-10 * one.mean, abs=1e-9)
    assert two.sd == pytest.approx(10 * one.sd)
    assert two.estimate.conf_low == pytest.approx(-10 * one.estimate.conf_high, abs=1e-8)
    assert two.probability_above(0) == pytest.approx(1 - one.probability_above(0), abs=1e-10)


def test_many_df_are_the_normal_likelihood():
    one, other = (basie_posterior(0.2, 0.1, df=df, **KNOWN) for df in (1e6, inf))
    assert one.mean == pytest.approx(other.mean, abs=1e-6)
    assert one.estimate.conf_low == pytest.approx(other.estimate.conf_low, abs=1e-6)


def test_a_vague_prior_gives_back_the_t_interval_and_a_sharp_one_itself():
    vague = basie_posterior(0.2, 0.1, df=8, prior_mean=0, prior_sd=1e5)
    assert vague.estimate.conf_low == pytest.approx(0.2 - 0.1 * stats.t.ppf(0.975, 8), abs=1e-6)
    sharp = basie_posterior(0.2, 0.1, df=8, prior_mean=0, prior_sd=1e-6)
    assert sharp.mean == pytest.approx(0, abs=1e-9)
    assert sharp.sd == pytest.approx(1e-6, rel=1e-4)


def test_what_is_shown_with_the_result_comes_back():
    found = basie_posterior(
        0.2, 0.1, df=8, prior_source="Kraft (2020)", name="arm", n=240, n_clusters=10, **KNOWN
    )
    assert (found.prior_mean, found.prior_sd, found.prior_source) == (0.05, 0.10, "Kraft (2020)")
    estimate = found.estimate
    assert (estimate.name, estimate.n, estimate.n_clusters, estimate.method) == (
        "arm", 240, 10, "basie",
    )  # fmt: skip
    between = found.probability_between(0, 0.05)
    assert between == pytest.approx(found.probability_above(0) - found.probability_above(0.05))
    assert found.probability_between(-inf, inf) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimate": nan}, "estimate must be a known number"),
        ({"estimate": inf}, "estimate must be a known number"),
        ({"std_error": 0}, "standard error must be positive"),
        ({"std_error": nan}, "standard error must be a known number"),
        ({"prior_mean": nan}, "prior mean must be a known number"),
        ({"prior_sd": 0}, "prior standard deviation must be positive"),
        ({"prior_sd": inf}, "prior standard deviation must be a known number"),
        ({"prior_sd": 1e200}, "Change their unit"),
        ({"std_error": 1e-200}, "Change their unit"),
        ({"df": 0}, "df must be positive"),
        ({"df": nan}, "df must be positive"),
        ({"conf_level": 95}, "conf_level"),
    ],
)
def test_what_has_no_posterior_is_refused(change, message):
    with pytest.raises(DesignError, match=message):
        basie_posterior(**({"estimate": 0.2, "std_error": 0.1} | KNOWN | change))


def test_a_threshold_must_be_a_number_and_bounds_in_order():
    found = basie_posterior(0.2, 0.1, **KNOWN)
    with pytest.raises(DesignError, match="threshold is missing"):
        found.probability_above(nan)
    with pytest.raises(DesignError, match="lower bound must come first"):
        found.probability_between(0.1, 0.0)
