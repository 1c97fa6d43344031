"""The noncentral t distribution, and the interval of a standardized difference that it gives."""

from math import isnan, sqrt

from scipy import special, stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["noncentral_t_cdf", "standardized_difference"]

# beyond, scipy's noncentral t runs out of range
_LARGEST_T = 5000.0


def noncentral_t_cdf(t: float, df: float, noncentrality: float) -> float:
    """Return the chance that a noncentral t variable is at most `t`.

    scipy's own gives NaN in parts of the negative half and where the chance differs from 0 or 1
    by less than 1e-9: the first is reflected to the positive half, the second is 0 or 1.
    """
    if t < 0:
        return 1 - noncentral_t_cdf(-t, df, -noncentrality)
    chance = float(special.nctdtr(df, noncentrality, t))
    if isnan(chance):
        return 1.0 if noncentrality < t else 0.0
    return chance


def standardized_difference(
    d: float,
    size: float,
    df: float,
    omega: float,
    *,
    name: str,
    n: int,
    method: str,
    conf_level: float,
    n_clusters: int | None = None,
) -> Estimate:
    """Return omega d with the t test of `d` and the interval that inverts it.

    Parameters
    ----------
    d : float
        Difference over the standard deviation.
    size : float
        Standard error of a difference of 0, in standard deviations, so that t = d / size.
    df : float
        Degrees of freedom of the standard deviation.
    omega : float
        Small-sample factor.

    Raises
    ------
    DesignError
        A difference so large, against the standard deviation, that it overflows.
    """
    check_conf_level(conf_level)
    t = d / size
    if not abs(t) < 1e150:
        raise DesignError("The groups are too many standard deviations apart to be compared.")
    low, high = _noncentrality_interval(t, df, conf_level)
    return Estimate.from_test_inversion(
        name,
        omega * d,
        omega * size * low,
        omega * size * high,
        statistic=t,
        p_value=2 * stats.t.sf(abs(t), df),
        std_error=omega * sqrt(size**2 + (omega * d) ** 2 / (2 * df)),
        df=df,
        n=n,
        n_clusters=n_clusters,
        unit="sd",
        method=method,
        conf_level=conf_level,
    )


def _noncentrality_interval(t: float, df: float, conf_level: float) -> tuple[float, float]:
    """Noncentralities at which the observed t is the upper, and the lower, tail quantile."""
    tail = (1 - conf_level) / 2
    # by symmetry the lower limit at t is minus the upper limit at -t: g stays antisymmetric
    return -_upper_noncentrality(-t, df, tail), _upper_noncentrality(t, df, tail)


def _upper_noncentrality(t: float, df: float, tail: float) -> float:
    if abs(t) > _LARGEST_T:
        # all that still varies is the SD: P(T <= t) -> P(s >= delta/t), or <= where t is negative
        quantile = stats.chi2.isf(tail, df) if t > 0 else stats.chi2.ppf(tail, df)
        return t * sqrt(quantile / df)
    spread = stats.norm.isf(tail) * sqrt(1 + t * t / (2 * df))

    def excess(noncentrality: float) -> float:
        return noncentral_t_cdf(t, df, noncentrality) - tail

    low, high = t, t + spread
    while excess(low) < 0:
        low -= spread
    while excess(high) > 0:
        high += spread
    return brentq(excess, low, high, xtol=1e-12, rtol=1e-13)
