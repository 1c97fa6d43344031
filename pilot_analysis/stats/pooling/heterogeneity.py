"""How much true effects differ between units: estimators of tau squared and their interval."""

from typing import Literal, get_args

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.pooling.evidence import NormalModel

__all__ = [
    "TauMethod",
    "check_tau_method",
    "estimate_tau2",
    "heterogeneity_share",
    "q_profile_interval",
    "tau2_std_error",
    "typical_variance",
]

TauMethod = Literal["REML", "DL", "PM", "FE"]
_GRID = 200  # places where the restricted likelihood is searched for more than one peak


def check_tau_method(method: str) -> None:
    """Raise `DesignError` unless `method` is one of `TauMethod`."""
    if method not in get_args(TauMethod):
        raise DesignError(f"method must be one of {', '.join(get_args(TauMethod))}; got {method}.")


def estimate_tau2(model: NormalModel, method: TauMethod) -> float:
    """Estimate the variance of true effects between units.

    Parameters
    ----------
    model : NormalModel
    method : {"REML", "DL", "PM", "FE"}
        Restricted maximum likelihood; DerSimonian and Laird's moments; Paule and Mandel's, which
        make the generalized Q equal its expectation; or none at all (0, a common effect).

    Returns
    -------
    float
        Never negative; exactly 0 where the estimator is at its boundary.

    References
    ----------
    Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30: 261-293; DerSimonian
    & Laird (1986), Controlled Clinical Trials 7: 177-188; Paule & Mandel (1982), Journal of
    Research of the National Bureau of Standards 87: 377-385.
    """
    check_tau_method(method)
    if method == "FE":
        return 0.0
    if method == "DL":
        start = model.at(0.0)
        return max(0.0, float((start.q[0] - model.residual_df) / start.trace[0]))
    if method == "PM":
        return _solve_q(model, model.residual_df)
    return _reml(model)


def tau2_std_error(model: NormalModel, tau2: float, method: TauMethod) -> float:
    """Return the large-sample standard error of tau squared; NaN for a common effect.

    REML: from the expected information, 2 / tr(PP). DL: from Var(Q). PM: 2 k^2 / (k - p) over the
    squared sum of weights, which is exact where all standard errors are equal.

    References
    ----------
    Viechtbauer (2005), as above; Biggerstaff & Tweedie (1997), Statistics in Medicine 16: 753-768.
    """
    if method == "FE":
        return float("nan")
    if method == "DL":
        trace, square = _traces(model, 0.0)
        spread = 2 * (model.residual_df + 2 * tau2 * trace + tau2**2 * square)
        return float(np.sqrt(spread) / trace)
    if method == "PM":
        k = len(model.y)
        return float(np.sqrt(2 * k**2 / model.residual_df) / model.at(tau2).weights.sum())
    return float(np.sqrt(2 / _traces(model, tau2)[1]))


def q_profile_interval(model: NormalModel, conf_level: float) -> tuple[float, float]:
    """Return the interval of tau squared that inverts the generalized Q test.

    Q(tau2) falls as tau2 rises and has a chi-squared distribution with k - p df at the true
    value; the bounds are where it meets the two quantiles.

    Returns
    -------
    low, high : float
        `low` is 0 where Q(0) is no larger than the upper quantile. Both are NaN where even Q(0)
        lies below the lower quantile: the units differ by less than chance lets them, no tau2 is
        in keeping with that, and the interval is empty.

    References
    ----------
    Viechtbauer (2007), Statistics in Medicine 26: 37-52.
    """
    tail = (1 - conf_level) / 2
    lower, upper = stats.chi2.ppf([tail, 1 - tail], model.residual_df)
    if model.at(0.0).q[0] < lower:
        return float("nan"), float("nan")
    return _solve_q(model, upper), _solve_q(model, lower)


def typical_variance(model: NormalModel) -> float:
    """Return the sampling variance of a typical unit, (k - p) / tr P at tau2 = 0.

    References
    ----------
    Higgins & Thompson (2002), Statistics in Medicine 21: 1539-1558, equation 9.
    """
    return float(model.residual_df / model.at(0.0).trace[0])


def heterogeneity_share(tau2: float, typical: float) -> float:
    """Return I squared: tau2 in percent of the variance of a typical unit's estimate."""
    return 100 * tau2 / (tau2 + typical)


def _solve_q(model: NormalModel, target: float) -> float:
    """Return the tau2 at which Q equals `target`, 0 if Q(0) is already below it."""
    if model.at(0.0).q[0] <= target:
        return 0.0
    highest = model.residual_square / target  # Q(t) <= residual square / t
    if highest == 0.0:
        return 0.0
    return float(brentq(lambda t: model.at(t).q[0] - target, 0.0, highest, xtol=1e-15 * highest))


def _reml(model: NormalModel) -> float:
    """Return the highest peak of the restricted likelihood; it may have more than one."""
    spread = model.residual_square / model.residual_df
    if spread == 0.0:
        return 0.0
    # beyond this the slope is negative: y'PPy <= y'Py / t and tr P >= (k - p) / (t + max v)
    highest = spread + np.sqrt(spread * model.v.max())
    grid = np.append(0.0, np.geomspace(1e-10 * highest, highest, _GRID))

    def slope(t):
        profile = model.at(t)
        return profile.qp - profile.trace

    slopes = slope(grid)
    peaks = [0.0] if slopes[0] <= 0 else []
    for left in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        bounds = grid[left], grid[left + 1]
        peaks.append(brentq(lambda t: slope(t)[0], *bounds, xtol=1e-15 * highest))
    return float(peaks[int(np.argmax(model.at(peaks).log_likelihood))])


def _traces(model: NormalModel, tau2: float) -> tuple[float, float]:
    """Return tr P and tr PP."""
    fit = model.at(tau2)
    w, wx = fit.weights[0], fit.weights[0][:, None] * model.X
    p = np.diag(w) - wx @ fit.covariance[0] @ wx.T
    return float(np.trace(p)), float((p**2).sum())
