"""The mean of effects that differ between units, how much they differ, and the next unit's."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.pooling.coefficients import (
    Coefficients,
    MeanTest,
    check_test,
    estimate_coefficients,
)
from pilot_analysis.stats.pooling.evidence import NormalModel, check_estimates
from pilot_analysis.stats.pooling.heterogeneity import (
    TauMethod,
    check_tau_method,
    estimate_tau2,
    heterogeneity_share,
    q_profile_interval,
    tau2_std_error,
    typical_variance,
)

__all__ = ["MetaAnalysis", "random_effects_meta"]

EMPTY = (
    "The estimates differ by less than chance alone would let them, so the interval of tau squared "
    "is empty."
)
AT_ZERO = (
    "tau squared is estimated as 0, which does not show that it is: the prediction interval is "
    "that of the mean only. Prefer the one of shrink_effects."
)


@dataclass(frozen=True, slots=True)
class MetaAnalysis:
    """Result of `random_effects_meta`.

    Attributes
    ----------
    estimate : Estimate
        Mean effect; n is the number of units.
    tau2, tau2_std_error : float
        Variance of true effects between units, in squared units of the estimates.
    tau2_interval, i2_interval : tuple of float, (low, high)
        By Q-profile; NaN where the set is empty (see `flags`).
    i2, h2 : float
        Share of the variance of a typical estimate that is tau squared, in percent, and
        1 / (1 - share).
    q, q_df, q_p_value : float
        Cochran's test that all true effects are equal.
    weights : numpy.ndarray, shape (k,)
        Weight of each unit in the mean; they sum to 1.
    prediction_interval : tuple of float, (low, high)
        For the true effect of another unit, tau taken as known; NaN for a common effect.
    method, test : str
        As asked for.
    flags : tuple of str
        Whole sentences about what is at a boundary.
    """

    estimate: Estimate
    tau2: float
    tau2_std_error: float
    tau2_interval: tuple[float, float]
    i2: float
    i2_interval: tuple[float, float]
    h2: float
    q: float
    q_df: int
    q_p_value: float
    weights: np.ndarray
    prediction_interval: tuple[float, float]
    method: str
    test: str
    flags: tuple[str, ...]


def random_effects_meta(
    estimates,
    std_errors,
    *,
    method: TauMethod = "REML",
    test: MeanTest = "knapp-hartung",
    prediction_df: Literal["test", "k-2"] = "test",
    name: str = "mean effect",
    unit: str = "sd",
    conf_level: float = 0.95,
) -> MetaAnalysis:
    """Average effects of units that are draws from a population of units.

    y_j ~ N(mu, tau2 + s_j^2), s_j taken as known.

    Parameters
    ----------
    estimates, std_errors : array_like, shape (k,)
        Effect of each unit and its standard error, in `unit`. A missing or infinite value is
        refused.
    method : {"REML", "DL", "PM", "FE"}
        How tau squared is estimated; see `estimate_tau2`. "FE" sets it to 0.
    test : {"knapp-hartung", "knapp-hartung-ad-hoc", "z"}
        Knapp and Hartung's variance with t on k - 1 df, the same whose factor is never below
        1, or the plain variance with the normal. With "FE", the factor is Birge's ratio.
    prediction_df : {"test", "k-2"}
        Reference distribution of the prediction interval: that of the mean (as metafor), or t
        with k - 2 df (Higgins, Thompson and Spiegelhalter), undefined for two units.
    name, unit : str
    conf_level : float

    Returns
    -------
    MetaAnalysis
        Its `estimate` is undefined, with the reason, where Knapp and Hartung's variance is zero
        because all estimates are equal.

    Raises
    ------
    DesignError
        Fewer than two units; a missing or infinite value; a standard error that is not positive;
        an unknown option.

    References
    ----------
    Viechtbauer (2005), JEBS 30: 261-293; Knapp & Hartung (2003), Statistics in Medicine 22:
    2693-2710; Higgins & Thompson (2002), Statistics in Medicine 21: 1539-1558; Higgins, Thompson
    & Spiegelhalter (2009), JRSS A 172: 137-159, section 2.4.
    """
    check_conf_level(conf_level)
    check_tau_method(method)
    check_test(test)
    if prediction_df not in ("test", "k-2"):
        raise DesignError(f"prediction_df must be test or k-2; got {prediction_df!r}.")
    y, s = check_estimates(estimates, std_errors)
    model = NormalModel(y, s**2, np.ones((len(y), 1)))
    tau2, typical = estimate_tau2(model, method), typical_variance(model)
    q = float(model.at(0.0).q[0])
    # a common effect has no tau squared; its share is read off Q, as the moment estimate does
    between = estimate_tau2(model, "DL") if method == "FE" else tau2
    interval = q_profile_interval(model, conf_level)
    mean = estimate_coefficients(model, tau2, test)
    weights = model.at(tau2).weights[0]
    flags = (EMPTY,) if np.isnan(interval[0]) else ()
    details = {"n": len(y), "unit": unit, "method": f"meta_{method.lower()}"}
    return MetaAnalysis(
        estimate=mean.estimate(0, name, conf_level=conf_level, **details),
        tau2=tau2,
        tau2_std_error=tau2_std_error(model, tau2, method),
        tau2_interval=interval,
        i2=heterogeneity_share(between, typical),
        i2_interval=(
            heterogeneity_share(interval[0], typical),
            heterogeneity_share(interval[1], typical),
        ),
        h2=between / typical + 1,
        q=q,
        q_df=model.residual_df,
        q_p_value=float(stats.chi2.sf(q, model.residual_df)),
        weights=weights / weights.sum(),
        prediction_interval=_predict(mean, tau2, method, prediction_df, len(y), conf_level),
        method=method,
        test=test,
        flags=(*flags, AT_ZERO) if method != "FE" and tau2 == 0 else flags,
    )


def _predict(
    mean: Coefficients, tau2: float, method: str, prediction_df: str, k: int, conf_level: float
) -> tuple[float, float]:
    """Return the interval for another unit's true effect, NaN where there is none."""
    df = mean.df if prediction_df == "test" else k - 2
    if method == "FE" or mean.factor == 0 or df < 1:
        return float("nan"), float("nan")
    spread = np.sqrt(mean.covariance[0, 0] + tau2)
    half = stats.t.isf((1 - conf_level) / 2, df) * spread
    return float(mean.beta[0] - half), float(mean.beta[0] + half)
