"""The noncentral t distribution against numerical integration, also where scipy's own fails."""

import numpy as np
import pytest
from scipy import special, stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.noncentral import noncentral_t_cdf, standardized_difference


def integrated(t: float, df: float, noncentrality: float) -> float:
    """Phi(t s - noncentrality) averaged over the distribution of s, chi over sqrt(df)."""
    x = np.linspace(np.log(stats.chi2.ppf(1e-30, df)), np.log(stats.chi2.isf(1e-30, df)), 20_001)
    q = np.exp(x)
    density = stats.chi2.pdf(q, df) * q
    return float(np.trapezoid(special.ndtr(t * np.sqrt(q / df) - noncentrality) * density, x))


@pytest.mark.parametrize("df", [1, 2, 5, 8.5, 30, 1000])
@pytest.mark.parametrize("t", [-40.0, -12.7, -2.0, 0.0, 0.5, 3.0, 12.7, 100.0])
def test_it_is_the_integral(df, t):
    for noncentrality in (-60, -11.4, -3, -0.5, 0, 0.5, 3, 11.4, 24, 60):
        expected = integrated(t, df, noncentrality)
        assert noncentral_t_cdf(t, df, noncentrality) == pytest.approx(expected, abs=2e-9)


def test_scipy_alone_would_give_nan_here():
    assert np.isnan(special.nctdtr(1, 11.4, -12.7))
    assert noncentral_t_cdf(-12.7, 1, 11.4) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("df", [1, 4, 1e9])
def test_without_noncentrality_it_is_students_t(df):
    for t in (-3.0, 0.0, 2.0):
        assert noncentral_t_cdf(t, df, 0) == pytest.approx(stats.t.cdf(t, df), abs=1e-12)


@pytest.mark.parametrize("t", [4999.0, 5001.0, -4999.0, -5001.0])
def test_limits_far_out_join_those_nearby(t):
    found = standardized_difference(t, 1.0, 10, 1.0, name="g", n=12, method="m", conf_level=0.95)
    # nothing but the standard deviation varies there
    expected = sorted(t * np.sqrt(stats.chi2.ppf([0.025, 0.975], 10) / 10))
    np.testing.assert_allclose([found.conf_low, found.conf_high], expected, rtol=1e-4)


def test_an_overflow_is_refused():
    with pytest.raises(DesignError, match="too many standard deviations apart"):
        standardized_difference(np.inf, 1.0, 10, 1.0, name="g", n=12, method="m", conf_level=0.95)
