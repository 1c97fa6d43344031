"""Partial pooling of effects: what ten schools say about each one of them, and about the next."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_number
from pilot_analysis.stats.estimate import check_conf_level
from pilot_analysis.stats.pooling.evidence import check_estimates, check_magnitude
from pilot_analysis.stats.pooling.mixture import (
    mixture_moments,
    mixture_quantile,
    posterior_grid,
)

__all__ = ["ShrunkenEffects", "shrink_effects"]


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
    mean_interval : tuple of float, (low, high)
        Central interval of the mean effect.
    tau : float
        Posterior mean of the standard deviation of effects between units.
    prediction_interval : tuple of float, (low, high)
        Central interval of the true effect of another unit of the same kind.
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
    mean_interval: tuple[float, float]
    tau: float
    prediction_interval: tuple[float, float]
    prior_scale: float
    conf_level: float


def shrink_effects(
    estimates, std_errors, *, prior_scale: float, conf_level: float = 0.95
) -> ShrunkenEffects:
    """Draw unit effects towards their mean, integrating over how much units differ.

    y_j ~ N(theta_j, s_j^2), theta_j ~ N(mu, tau^2), mu flat, tau half-normal(prior_scale). mu
    and theta are integrated in closed form, tau by quadrature on 129 points over the region that
    holds the posterior (outside, less than e^-25 of the peak). Plugging in one estimate of tau
    would give intervals that are too narrow, and of no width where it is 0.

    Parameters
    ----------
    estimates, std_errors : array_like, shape (n_units,)
        Effect of each unit and its standard error, taken as known. A missing or infinite value
        is refused.
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
    y, s = check_estimates(estimates, std_errors)
    if not checked_number(prior_scale, "prior_scale") > 0:
        raise DesignError(f"prior_scale must be a positive number, got {prior_scale}.")
    check_magnitude(y, [prior_scale])
    tau, weight = _posterior_of_tau(y, s, prior_scale)
    mu, mu_variance = _mean_given_tau(y, s, tau)
    # the units, then the mean effect, then the effect of a unit that is not among these
    pull = s**2 / (s**2 + tau[:, None] ** 2)
    center = np.column_stack([pull * mu[:, None] + (1 - pull) * y, mu, mu])
    variance = np.column_stack(
        [(1 - pull) * s**2 + pull**2 * mu_variance[:, None], mu_variance, mu_variance + tau**2]
    )
    mean, sd = mixture_moments(weight, center, np.sqrt(variance))
    tail = (1 - conf_level) / 2
    low, high = (mixture_quantile(p, weight, center, np.sqrt(variance)) for p in (tail, 1 - tail))
    return ShrunkenEffects(
        estimate=mean[:-2],
        std_error=sd[:-2],
        conf_low=low[:-2],
        conf_high=high[:-2],
        mean=float(mean[-2]),
        mean_std_error=float(sd[-2]),
        mean_interval=(float(low[-2]), float(high[-2])),
        tau=float(weight @ tau),
        prediction_interval=(float(low[-1]), float(high[-1])),
        prior_scale=float(prior_scale),
        conf_level=conf_level,
    )


def _posterior_of_tau(y, s, prior_scale) -> tuple[np.ndarray, np.ndarray]:
    """Return points of tau, shape (129,), and their posterior weights, which sum to 1.

    tau = c sinh(x): even steps of x are even steps of tau near 0 and of its logarithm beyond, so
    that a peak at 0 as narrow as the smallest standard error is seen beside a tail far away.
    """
    c = s.min()
    longest = np.arcsinh((8 * prior_scale + np.ptp(y)) / c)

    def log_density(x: np.ndarray) -> np.ndarray:
        return _log_posterior(c * np.sinh(x), y, s, prior_scale) + np.log(np.cosh(x))

    x, weight = posterior_grid(log_density, 0.0, longest)
    return c * np.sinh(x), weight


def _log_posterior(tau, y, s, prior_scale) -> np.ndarray:
    variance = s**2 + tau[:, None] ** 2
    mu, mu_variance = _mean_given_tau(y, s, tau)
    misfit = ((y - mu[:, None]) ** 2 / variance).sum(axis=1)
    likelihood = 0.5 * (np.log(mu_variance) - np.log(variance).sum(axis=1) - misfit)
    return likelihood - 0.5 * (tau / prior_scale) ** 2


def _mean_given_tau(y, s, tau) -> tuple[np.ndarray, np.ndarray]:
    precision = 1 / (s**2 + tau[:, None] ** 2)
    return (precision * y).sum(axis=1) / precision.sum(axis=1), 1 / precision.sum(axis=1)
