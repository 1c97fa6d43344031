"""Empirical-Bayes effects with one plugged-in tau, for comparison with other software."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from pilot_analysis.stats.estimate import check_conf_level
from pilot_analysis.stats.pooling.evidence import NormalModel, check_estimates
from pilot_analysis.stats.pooling.heterogeneity import TauMethod, estimate_tau2

__all__ = ["EmpiricalBayesEffects", "empirical_bayes_effects"]

NO_WIDTH = (
    "tau squared is estimated as 0, so every unit would get the mean and an interval with no width "
    "of its own; none is given. Use shrink_effects, which integrates over tau."
)


@dataclass(frozen=True, slots=True)
class EmpiricalBayesEffects:
    """Best linear unbiased predictions of unit effects.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high : numpy.ndarray, shape (n_units,)
        The last three are NaN where tau squared is estimated as 0.
    tau2 : float
    flags : tuple of str
    """

    estimate: np.ndarray
    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    tau2: float
    flags: tuple[str, ...]


def empirical_bayes_effects(
    estimates, std_errors, *, method: TauMethod = "REML", conf_level: float = 0.95
) -> EmpiricalBayesEffects:
    """Draw unit effects towards their mean with tau squared taken as known.

    theta_j = B_j mu + (1 - B_j) y_j with B_j = s_j^2 / (s_j^2 + tau2); variance (1 - B_j) s_j^2 +
    B_j^2 Var(mu). At ten units the intervals are too narrow, since tau2 is not known: report
    `shrink_effects`.

    Parameters
    ----------
    estimates, std_errors : array_like, shape (n_units,)
        A missing or infinite value is refused.
    method : {"REML", "DL", "PM", "FE"}
        How tau squared is estimated.
    conf_level : float

    Returns
    -------
    EmpiricalBayesEffects

    Raises
    ------
    DesignError
        As `random_effects_meta`.

    References
    ----------
    Raudenbush & Bryk (1985), Journal of Educational Statistics 10: 75-98; Morris (1983), Journal
    of the American Statistical Association 78: 47-55.
    """
    check_conf_level(conf_level)
    y, s = check_estimates(estimates, std_errors)
    model = NormalModel(y, s**2, np.ones((len(y), 1)))
    tau2 = estimate_tau2(model, method)
    fit = model.at(tau2)
    pull = s**2 / (s**2 + tau2)
    estimate = pull * fit.beta[0, 0] + (1 - pull) * y
    if tau2 == 0:
        none = np.full(len(y), np.nan)
        return EmpiricalBayesEffects(estimate, none, none, none, tau2, (NO_WIDTH,))
    std_error = np.sqrt((1 - pull) * s**2 + pull**2 * fit.covariance[0, 0, 0])
    half = stats.norm.isf((1 - conf_level) / 2) * std_error
    return EmpiricalBayesEffects(estimate, std_error, estimate - half, estimate + half, tau2, ())
