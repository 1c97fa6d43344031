"""Standardized mean differences of two independent groups."""

from math import exp, isfinite, sqrt
from typing import Literal

from numpy.typing import ArrayLike
from scipy import special

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import (
    checked_count,
    checked_group,
    checked_number,
    group_summary,
)
from pilot_analysis.stats.effects.noncentral import standardized_difference
from pilot_analysis.stats.estimate import Estimate

__all__ = [
    "SmallSample",
    "glass_delta",
    "hedges_g",
    "hedges_g_from_summary",
    "small_sample_factor",
]

SmallSample = Literal["wwc", "exact"]


def hedges_g(
    treated: ArrayLike,
    comparison: ArrayLike,
    *,
    small_sample: SmallSample = "wwc",
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
        A missing or infinite value, fewer than two values in a group, or no variation at all.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, appendix E; Hedges
    (1981), Journal of Educational Statistics 6: 107-128; Steiger and Fouladi (1997), in Harlow,
    Mulaik and Steiger, What If There Were No Significance Tests?, pp. 221-257.
    """
    return hedges_g_from_summary(
        *group_summary(checked_group(treated, "treated")),
        *group_summary(checked_group(comparison, "comparison")),
        small_sample=small_sample,
        conf_level=conf_level,
    )


def hedges_g_from_summary(
    mean_treated: float,
    sd_treated: float,
    n_treated: int,
    mean_comparison: float,
    sd_comparison: float,
    n_comparison: int,
    *,
    small_sample: SmallSample = "wwc",
    conf_level: float = 0.95,
) -> Estimate:
    """Hedges' g from means, standard deviations (n - 1) and sizes; see `hedges_g`.

    Parameters
    ----------
    mean_treated, sd_treated, mean_comparison, sd_comparison : float
        In the outcome's own units.
    n_treated, n_comparison : int
        People.
    small_sample, conf_level
        As `hedges_g`.

    Returns
    -------
    Estimate
        As `hedges_g`; std_error = omega sqrt(1/n_t + 1/n_c + g^2 / (2 df)).

    Raises
    ------
    DesignError
        A number that is missing or infinite, a negative standard deviation, fewer than two
        people in a group, or no variation in either.

    References
    ----------
    As `hedges_g`.
    """
    n_treated = checked_count(n_treated, "n_treated", minimum=0)
    n_comparison = checked_count(n_comparison, "n_comparison", minimum=0)
    if min(n_treated, n_comparison) < 2:
        raise DesignError(
            "Hedges' g needs two or more people in each group; got "
            f"{n_treated} treated and {n_comparison} in the comparison."
        )
    difference = checked_number(mean_treated, "mean_treated")
    difference -= checked_number(mean_comparison, "mean_comparison")
    sd_treated = checked_number(sd_treated, "sd_treated", minimum=0)
    sd_comparison = checked_number(sd_comparison, "sd_comparison", minimum=0)
    df = n_treated + n_comparison - 2
    # scaled by the larger one, so that squares neither overflow nor vanish
    unit = max(sd_treated, sd_comparison)
    if unit == 0:
        raise DesignError("Nobody differs within a group, so an effect in SD is not defined.")
    squares = (n_treated - 1) * (sd_treated / unit) ** 2
    squares += (n_comparison - 1) * (sd_comparison / unit) ** 2
    return standardized_difference(
        difference / (unit * sqrt(squares / df)),
        sqrt(1 / n_treated + 1 / n_comparison),
        df,
        small_sample_factor(df, small_sample),
        name="g",
        n=n_treated + n_comparison,
        method=f"hedges_g_{small_sample}",
        conf_level=conf_level,
    )


def glass_delta(treated: ArrayLike, comparison: ArrayLike, *, conf_level: float = 0.95) -> Estimate:
    """Mean difference in standard deviations of the comparison group (Glass's delta).

    For a treatment that may change how much people differ, and not only their mean.

    Parameters
    ----------
    treated, comparison : array_like, shape (n_t,), (n_c,)
        Outcome in its own units. Missing values are refused.
    conf_level : float

    Returns
    -------
    Estimate
        unit "sd" (of the comparison group), without a small-sample correction; df = n_c - 1.
        t is the difference over sqrt(s_t^2/n_t + s_c^2/n_c), and the interval pivots its
        noncentral distribution.

    Raises
    ------
    DesignError
        A missing or infinite value, fewer than two values in a group, or no variation in the
        comparison.

    References
    ----------
    Glass, McGaw and Smith (1981), Meta-Analysis in Social Research; Algina, Keselman and Penfield
    (2006), Journal of Modern Applied Statistical Methods 5(1), for the interval.
    """
    mean_t, sd_t, n_t = group_summary(checked_group(treated, "treated"))
    mean_c, sd_c, n_c = group_summary(checked_group(comparison, "comparison"))
    if not all(isfinite(number) for number in (mean_t, sd_t, mean_c, sd_c)):
        raise DesignError("The values are too large to compute with; change their unit.")
    if sd_c == 0:
        raise DesignError("Nobody in the comparison group differs, so delta is not defined.")
    return standardized_difference(
        (mean_t - mean_c) / sd_c,
        sqrt((sd_t / sd_c) ** 2 / n_t + 1 / n_c),
        n_c - 1,
        1.0,
        name="delta",
        n=n_t + n_c,
        method="glass_delta",
        conf_level=conf_level,
    )


def small_sample_factor(df: float, small_sample: SmallSample = "wwc") -> float:
    """Return omega, by which a difference in SD is multiplied to be unbiased.

    Parameters
    ----------
    df : float
        Degrees of freedom of the standard deviation; N - 2 for two groups.
    small_sample : {"wwc", "exact"}
        1 - 3/(4 df - 1), or Gamma(df/2) / (sqrt(df/2) Gamma((df - 1)/2)).

    Raises
    ------
    DesignError
        An unknown name, or at most one degree of freedom.

    References
    ----------
    Hedges (1981), Journal of Educational Statistics 6: 107-128.
    """
    if not df > 1:
        raise DesignError(f"{df:g} degrees of freedom are too few to standardize an effect.")
    if small_sample == "wwc":
        return 1 - 3 / (4 * df - 1)
    if small_sample == "exact":
        return exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / sqrt(df / 2)
    raise DesignError(f'small_sample must be "wwc" or "exact"; got {small_sample!r}.')
