"""Effect sizes of two groups, as the What Works Clearinghouse reports them."""

from math import exp, isfinite, sqrt
from typing import Literal

import numpy as np
from scipy import special, stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = [
    "baseline_equivalence",
    "glass_delta",
    "hedges_g",
    "hedges_g_from_summary",
    "improvement_index",
]

# WWC 5.0, chapter II: baseline differences in standard deviations
SATISFIED, WITH_ADJUSTMENT = 0.05, 0.25
# beyond, scipy's noncentral t runs out of range
_LARGEST_T = 5000.0


def hedges_g(
    treated,
    comparison,
    *,
    small_sample: Literal["wwc", "exact"] = "wwc",
    conf_level: float = 0.95,
) -> Estimate:
    """Standardized mean difference of two independent groups (Hedges' g).

    For individual assignment and for re-analysis of published summaries; where classes or
    schools were assigned the interval is too narrow.

    Parameters
    ----------
    treated, comparison : array_like, shape (n_t,), (n_c,)
        Outcome in its own units. Missing values are refused.
    small_sample : {"wwc", "exact"}
        omega = 1 - 3/(4N - 9), or the exact ratio of gamma functions.
    conf_level : float

    Returns
    -------
    Estimate
        unit "sd", df = n_t + n_c - 2. p is that of the pooled t test, and the interval pivots
        the noncentral t of the same test, so they agree about 0.

    Raises
    ------
    DesignError
        A missing value, fewer than two values in a group, or no variation at all.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, appendix E; Hedges
    (1981), Journal of Educational Statistics 6: 107-128.
    """
    groups = [_values(treated, "treated"), _values(comparison, "comparison")]
    summary = [part for x in groups for part in (x.mean(), x.std(ddof=1), len(x))]
    return hedges_g_from_summary(*summary, small_sample=small_sample, conf_level=conf_level)


def hedges_g_from_summary(
    mean_treated: float,
    sd_treated: float,
    n_treated: int,
    mean_comparison: float,
    sd_comparison: float,
    n_comparison: int,
    *,
    small_sample: Literal["wwc", "exact"] = "wwc",
    conf_level: float = 0.95,
) -> Estimate:
    """Hedges' g from means, standard deviations (n - 1) and sizes; see `hedges_g`.

    Parameters
    ----------
    mean_treated, sd_treated, mean_comparison, sd_comparison : float
        In the outcome's own units.
    n_treated, n_comparison : int
        People.

    Returns
    -------
    Estimate
        As `hedges_g`; std_error = omega sqrt(1/n_t + 1/n_c + g^2 / (2 df)).

    Raises
    ------
    DesignError
        As `hedges_g`.
    """
    check_conf_level(conf_level)
    if min(n_treated, n_comparison) < 2:
        raise DesignError(
            "Hedges' g needs two or more people in each group; got "
            f"{n_treated:g} treated and {n_comparison:g} in the comparison."
        )
    n, df = n_treated + n_comparison, n_treated + n_comparison - 2
    squares = (n_treated - 1) * sd_treated**2 + (n_comparison - 1) * sd_comparison**2
    pooled_sd = sqrt(squares / df)
    if not (isfinite(pooled_sd) and isfinite(mean_treated - mean_comparison)):
        raise DesignError("Hedges' g needs means and standard deviations that are known numbers.")
    if pooled_sd == 0:
        raise DesignError("Nobody differs within a group, so an effect in SD is not defined.")
    omega = _small_sample_factor(small_sample, n)
    d = (mean_treated - mean_comparison) / pooled_sd
    size = sqrt(1 / n_treated + 1 / n_comparison)
    t = d / size
    low, high = _noncentrality_interval(t, df, conf_level)
    return Estimate.from_test_inversion(
        "g",
        omega * d,
        omega * size * low,
        omega * size * high,
        statistic=t,
        p_value=2 * stats.t.sf(abs(t), df),
        std_error=omega * sqrt(size**2 + (omega * d) ** 2 / (2 * df)),
        df=df,
        n=n,
        unit="sd",
        method=f"hedges_g_{small_sample}",
        conf_level=conf_level,
    )


def glass_delta(treated, comparison) -> float:
    """Mean difference in standard deviations of the comparison group (Glass's delta).

    Parameters
    ----------
    treated, comparison : array_like, shape (n_t,), (n_c,)
        Outcome in its own units.

    Returns
    -------
    float
        In SD of the comparison group, without a small-sample correction.

    Raises
    ------
    DesignError
        A missing value, fewer than two values in a group, or no variation in the comparison.
    """
    t, c = _values(treated, "treated"), _values(comparison, "comparison")
    sd = c.std(ddof=1)
    if sd == 0:
        raise DesignError("Nobody in the comparison group differs, so delta is not defined.")
    return float((t.mean() - c.mean()) / sd)


def baseline_equivalence(
    g: float,
) -> Literal["satisfied", "with adjustment", "not satisfied"]:
    """Say whether two groups were alike at the start, by the What Works Clearinghouse's rule.

    Parameters
    ----------
    g : float
        Baseline difference (SD); the sign does not matter.

    Returns
    -------
    str
        "satisfied" up to .05; "with adjustment" up to .25 (the outcome model must then adjust
        for the baseline score); "not satisfied" beyond.

    Raises
    ------
    DesignError
        `g` is not a known number.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, chapter II.
    """
    if not isfinite(g):
        raise DesignError(f"The baseline difference must be a known number, got {g}.")
    if abs(g) <= SATISFIED:
        return "satisfied"
    return "with adjustment" if abs(g) <= WITH_ADJUSTMENT else "not satisfied"


def improvement_index(g):
    """Return the expected change in percentile rank of an average comparison student.

    Parameters
    ----------
    g : float or array_like
        Effect (SD).

    Returns
    -------
    float or numpy.ndarray
        Percentile points, 100 (Phi(g) - .5), between -50 and 50.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, appendix E.
    """
    index = 100 * (stats.norm.cdf(g) - 0.5)
    return float(index) if np.ndim(g) == 0 else index


def _values(group, name: str) -> np.ndarray:
    values = np.asarray(group, dtype=float)
    if np.isnan(values).any():
        raise DesignError(
            f"The {name} group has {np.isnan(values).sum()} missing values; leave out or impute "
            "them first, so that the number of people is the one analyzed."
        )
    if values.size < 2:
        raise DesignError(f"The {name} group needs two or more values, got {values.size}.")
    return values


def _small_sample_factor(small_sample: str, n: int) -> float:
    if small_sample == "wwc":
        return 1 - 3 / (4 * n - 9)
    if small_sample == "exact":
        df = n - 2
        ratio = special.gammaln(df / 2) - special.gammaln((df - 1) / 2)
        return exp(ratio) / sqrt(df / 2)
    raise DesignError(f'small_sample must be "wwc" or "exact"; got {small_sample!r}.')


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
        return special.nctdtr(df, noncentrality, t) - tail

    low, high = t, t + spread
    while excess(low) < 0:
        low -= spread
    while excess(high) > 0:
        high += spread
    return brentq(excess, low, high, xtol=1e-12, rtol=1e-13)
