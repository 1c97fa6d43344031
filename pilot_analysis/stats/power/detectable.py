"""The smallest true effect that a design would find, and its chance of finding a given one."""

from math import isfinite
from typing import Literal, Unpack

from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.noncentral import noncentral_t_cdf
from pilot_analysis.stats.power.designs import Design, DesignSizes, effect_precision

__all__ = ["Distribution", "minimum_detectable_effect", "power_of_design"]

Distribution = Literal["central", "noncentral"]


def minimum_detectable_effect(
    design: Design,
    *,
    alpha: float = 0.05,
    power: float = 0.80,
    two_tailed: bool = True,
    distribution: Distribution = "central",
    **sizes: Unpack[DesignSizes],
) -> float:
    """Smallest true effect (SD) found with probability `power`, by PowerUp!'s formulae.

    (t_{1 - alpha/2, df} + t_{power, df}) times the standard error of the effect in SD.

    Parameters
    ----------
    design : {"ira", "bira2c", "bira2f", "bira2r", "cra2", "bcra3f", "bcra3r"}
        Individual, blocked individual (constant, fixed, random effects of blocks), cluster, and
        blocked cluster assignment (for these blocks, for blocks like these).
    alpha, power : float
        Between 0 and 1; `power` above `alpha`.
    two_tailed : bool
    distribution : {"central", "noncentral"}
        "central" adds two quantiles of Student's t, as PowerUp! does; "noncentral" inverts
        `power_of_design`, the exact power of the t test. From 6 degrees of freedom on they differ
        by less than half a percent; with fewer the first is too small, by 5% at 2 and 14% at 1.
    **sizes
        `n_per_cluster`, `n_clusters`, `n_blocks`, `icc`, `icc_block`, `effect_variability`,
        `treated_share` (.5), `r2_within`, `r2_between`, `r2_effect`, `n_covariates`: see
        `pilot_analysis.stats.power.designs.effect_precision`.

    Returns
    -------
    float
        SD of the outcome.

    Raises
    ------
    DesignError
        An unknown design, a share outside its range, too few units for two arms, or no degrees
        of freedom left.

    References
    ----------
    Dong and Maynard (2013), Journal of Research on Educational Effectiveness 6: 24-67.
    """
    check_test(alpha, power)
    precision = effect_precision(design, **sizes)
    multiplier = _multiplier(precision.df, alpha, power, two_tailed, distribution)
    return float(multiplier * precision.std_error)


def power_of_design(
    design: Design,
    *,
    effect: float,
    alpha: float = 0.05,
    two_tailed: bool = True,
    distribution: Distribution = "noncentral",
    **sizes: Unpack[DesignSizes],
) -> float:
    """Return the chance that a design finds a true effect of a given size.

    Parameters
    ----------
    design, alpha, two_tailed, **sizes
        As `minimum_detectable_effect`.
    effect : float
        True effect (SD of the outcome). A one-tailed test looks for a positive one.
    distribution : {"noncentral", "central"}
        "noncentral": the exact power of the t test; a two-tailed one counts both tails.
        "central": the inverse of PowerUp!'s `minimum_detectable_effect`.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    DesignError
        As `minimum_detectable_effect`, or an effect that is not a known number.

    References
    ----------
    Dong and Maynard (2013), Journal of Research on Educational Effectiveness 6: 24-67.
    """
    check_test(alpha)
    if not isfinite(effect):
        raise DesignError(f"The effect must be a known number (SD of the outcome), got {effect}.")
    precision = effect_precision(design, **sizes)
    ratio = (abs(effect) if two_tailed else effect) / precision.std_error
    return float(_power(ratio, precision.df, alpha, two_tailed, distribution))


def check_test(alpha: float, power: float | None = None) -> None:
    """Raise `DesignError` unless 0 < alpha < 1 and alpha < power < 1."""
    if not 0 < alpha < 1:
        raise DesignError(f"alpha must lie between 0 and 1, both excluded; got {alpha}.")
    if power is not None and not alpha < power < 1:
        raise DesignError(f"power must lie between alpha ({alpha}) and 1; got {power}.")


def _critical(df: float, alpha: float, two_tailed: bool) -> float:
    return float(stats.t.isf(alpha / 2 if two_tailed else alpha, df))


def _power(
    ratio: float, df: float, alpha: float, two_tailed: bool, distribution: Distribution
) -> float:
    """Return the chance of rejecting where the effect is `ratio` standard errors."""
    critical = _critical(df, alpha, two_tailed)
    if distribution == "central":
        return stats.t.cdf(ratio - critical, df)
    if distribution != "noncentral":
        raise DesignError(f'distribution must be "central" or "noncentral"; got {distribution!r}.')
    beyond = 1 - noncentral_t_cdf(critical, df, ratio)
    return beyond + noncentral_t_cdf(-critical, df, ratio) if two_tailed else beyond


def _multiplier(
    df: float, alpha: float, power: float, two_tailed: bool, distribution: Distribution
) -> float:
    critical = _critical(df, alpha, two_tailed)
    if distribution == "central":
        return critical + float(stats.t.ppf(power, df))

    def shortfall(ratio: float) -> float:
        return _power(ratio, df, alpha, two_tailed, distribution) - power

    high = critical + 1
    while shortfall(high) < 0:
        high *= 2
    return brentq(shortfall, 0.0, high, xtol=1e-12, rtol=1e-14)
