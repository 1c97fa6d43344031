"""Partial pooling: what ten schools say about each one of them."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats
from scipy.optimize import minimize

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import check_conf_level

__all__ = ["PooledShares", "ShrunkenEffects", "dirichlet_multinomial", "shrink_effects"]

GRID_POINTS, GRIDS = 401, 4  # an odd number of points, for Simpson's rule
# a concentration beyond this cannot be told from "all units alike"
LARGEST_CONCENTRATION = 1e5


@dataclass(frozen=True, slots=True)
class ShrunkenEffects:
    """Posterior of unit effects that are draws from one normal distribution.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high : numpy.ndarray, shape (n_units,)
        Posterior mean, standard deviation and central interval of each unit's effect, in the
        units of the estimates.
    mean, mean_std_error : float
        Posterior mean and standard deviation of the mean effect.
    tau : float
        Posterior mean of the standard deviation of effects between units.
    prior_scale : float
        Scale of the half-normal prior of that standard deviation.
    conf_level : float
    """

    estimate: np.ndarray
    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    mean: float
    mean_std_error: float
    tau: float
    prior_scale: float
    conf_level: float


@dataclass(frozen=True, slots=True)
class PooledShares:
    """Shares of units that are draws from one Dirichlet distribution.

    Attributes
    ----------
    alpha : numpy.ndarray, shape (n_categories,)
        Maximum-likelihood parameters; infinite where units do not differ by more than chance.
    shares : numpy.ndarray, shape (n_categories,)
        Mean shares of the distribution.
    posterior_mean : numpy.ndarray, shape (n_units, n_categories)
        Shares of each unit, drawn towards `shares`.
    flags : tuple of str
        The reason where there was nothing to tell units apart by.
    """

    alpha: np.ndarray
    shares: np.ndarray
    posterior_mean: np.ndarray
    flags: tuple[str, ...]


def shrink_effects(
    estimates, std_errors, *, prior_scale: float, conf_level: float = 0.95
) -> ShrunkenEffects:
    """Draw unit effects towards their mean, integrating over how much units differ.

    y_j ~ N(theta_j, s_j^2), theta_j ~ N(mu, tau^2), mu flat, tau half-normal(prior_scale). mu
    and theta are integrated in closed form, tau by Simpson's rule on a grid of 401 points. The
    grid first spans 0 to 8 prior scales and the range of the estimates, then three times the
    region that holds the posterior (outside, less than e^-25 of the peak). Plugging in one
    estimate of tau would give intervals that are too narrow, and of no width where it is 0.

    Parameters
    ----------
    estimates, std_errors : array_like, shape (n_units,)
        Effect of each unit and its standard error, taken as known.
    prior_scale : float
        In the units of the estimates. Shown with the results: ten units say little about tau.
    conf_level : float

    Returns
    -------
    ShrunkenEffects

    Raises
    ------
    DesignError
        Fewer than two units, an unknown estimate, or a standard error or scale that is not
        positive.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 5.4; Gelman (2006), Bayesian
    Analysis 1: 515-533.
    """
    check_conf_level(conf_level)
    y, s = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if y.ndim != 1 or y.shape != s.shape or y.size < 2:
        raise DesignError(
            "Shrinking needs an estimate and a standard error for each of two or more units; got "
            f"{y.size} and {s.size}."
        )
    if not (np.isfinite(y).all() and np.isfinite(s).all() and (s > 0).all()):
        raise DesignError("Shrinking needs known estimates and positive standard errors.")
    if not (np.isfinite(prior_scale) and prior_scale > 0):
        raise DesignError(f"prior_scale must be a positive number, got {prior_scale}.")
    tau, weight = _posterior_of_tau(y, s, prior_scale)
    mu, mu_variance = _mean_given_tau(y, s, tau)
    pull = s**2 / (s**2 + tau[:, None] ** 2)
    center = pull * mu[:, None] + (1 - pull) * y
    spread = np.sqrt((1 - pull) * s**2 + pull**2 * mu_variance[:, None])
    estimate, std_error = _mixture_moments(weight, center, spread)
    tail = (1 - conf_level) / 2
    mean, mean_std_error = _mixture_moments(weight, mu[:, None], np.sqrt(mu_variance)[:, None])
    return ShrunkenEffects(
        estimate,
        std_error,
        _mixture_quantile(tail, weight, center, spread),
        _mixture_quantile(1 - tail, weight, center, spread),
        float(mean[0]),
        float(mean_std_error[0]),
        float(weight @ tau),
        float(prior_scale),
        conf_level,
    )


def dirichlet_multinomial(counts) -> PooledShares:
    """Draw the shares of small units towards those of all (partial pooling of counts).

    counts_j ~ Multinomial(n_j, pi_j), pi_j ~ Dirichlet(alpha), alpha by maximum likelihood. Where
    units differ by no more than chance, alpha has no maximum and all units get the common shares.

    Parameters
    ----------
    counts : array_like of int, shape (n_units, n_categories)
        For instance detractors, passives and promoters of each team. A category that nobody
        chose gets a share of 0.

    Returns
    -------
    PooledShares

    Raises
    ------
    DesignError
        Fewer than two units with answers, fewer than two categories, or negative counts.

    References
    ----------
    Minka (2000), Estimating a Dirichlet Distribution; Mosimann (1962), Biometrika 49: 65-82.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or table.shape[1] < 2 or not (table >= 0).all():
        raise DesignError("Pooling needs counts, units x two or more categories, none negative.")
    if (table.sum(axis=1) > 0).sum() < 2:
        raise DesignError("Pooling needs two or more units with answers.")
    total = table.sum(axis=0)
    shares, used = total / total.sum(), total > 0
    alpha = np.full(table.shape[1], np.inf)
    if used.sum() > 1:
        alpha = _fit_dirichlet(table[:, used], shares[used], used)
    if np.isinf(alpha[used]).any():
        flag = "Units differ by no more than chance, so all get the common shares."
        return PooledShares(
            np.where(used, np.inf, 0.0), shares, np.tile(shares, (len(table), 1)), (flag,)
        )
    posterior = (table + alpha) / (table + alpha).sum(axis=1, keepdims=True)
    return PooledShares(alpha, alpha / alpha.sum(), posterior, ())


def _posterior_of_tau(y, s, prior_scale) -> tuple[np.ndarray, np.ndarray]:
    """Return a grid of tau, shape (GRID_POINTS,), and its posterior weights, which sum to 1."""
    low, high = 0.0, 8 * prior_scale + np.ptp(y)
    for _ in range(GRIDS):
        tau = np.linspace(low, high, GRID_POINTS)
        density = _log_posterior(tau, y, s, prior_scale)
        inside = np.flatnonzero(density > density.max() - 25)
        low, high = tau[max(inside[0] - 1, 0)], tau[min(inside[-1] + 1, GRID_POINTS - 1)]
    weight = np.exp(density - density.max())
    weight[1:-1:2] *= 4
    weight[2:-1:2] *= 2
    return tau, weight / weight.sum()


def _log_posterior(tau, y, s, prior_scale) -> np.ndarray:
    variance = s**2 + tau[:, None] ** 2
    mu, mu_variance = _mean_given_tau(y, s, tau)
    misfit = ((y - mu[:, None]) ** 2 / variance).sum(axis=1)
    likelihood = 0.5 * (np.log(mu_variance) - np.log(variance).sum(axis=1) - misfit)
    return likelihood - 0.5 * (tau / prior_scale) ** 2


def _mean_given_tau(y, s, tau) -> tuple[np.ndarray, np.ndarray]:
    precision = 1 / (s**2 + tau[:, None] ** 2)
    return (precision * y).sum(axis=1) / precision.sum(axis=1), 1 / precision.sum(axis=1)


def _mixture_moments(weight, center, spread) -> tuple[np.ndarray, np.ndarray]:
    mean = weight @ center
    return mean, np.sqrt(weight @ (spread**2 + (center - mean) ** 2))


def _mixture_quantile(p, weight, center, spread) -> np.ndarray:
    """Quantile of each unit's mixture of normals, by bisection over all units at once."""
    z = stats.norm.ppf(p)
    low, high = (center + z * spread).min(axis=0), (center + z * spread).max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        below = weight @ special.ndtr((middle - center) / spread) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def _fit_dirichlet(table, shares, used) -> np.ndarray:
    """Return alpha for all categories (0 where unused), infinite where there is no maximum."""

    def loss(log_alpha: np.ndarray) -> tuple[float, np.ndarray]:
        alpha = np.exp(log_alpha)
        n, a = table.sum(axis=1), alpha.sum()
        value = (special.gammaln(a) - special.gammaln(n + a)).sum()
        value += (special.gammaln(table + alpha) - special.gammaln(alpha)).sum()
        common = (special.digamma(a) - special.digamma(n + a)).sum()
        own = (special.digamma(table + alpha) - special.digamma(alpha)).sum(axis=0)
        return -value, -alpha * (common + own)

    start = np.log(shares * 10)
    bounds = [(np.log(1e-6), np.log(LARGEST_CONCENTRATION))] * len(start)
    fit = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 2000},
    )
    alike = (table * np.log(shares)).sum()
    alpha = np.zeros(len(used))
    # the likelihood of "all alike" is the limit of an infinite concentration
    all_alike = -fit.fun <= alike + 1e-6 or np.exp(fit.x).sum() > 0.5 * LARGEST_CONCENTRATION
    alpha[used] = np.inf if all_alike else np.exp(fit.x)
    return alpha
