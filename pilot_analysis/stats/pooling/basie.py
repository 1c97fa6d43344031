"""What a finding means beside what was known before: one effect with a displayed prior (BASIE)."""

from dataclasses import dataclass
from math import inf, isnan, log
from numbers import Real

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_number
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.pooling.evidence import check_magnitude
from pilot_analysis.stats.pooling.mixture import (
    mixture_above,
    mixture_moments,
    mixture_quantile,
    posterior_grid,
)

__all__ = ["BasiePosterior", "basie_posterior"]


@dataclass(frozen=True, slots=True)
class BasiePosterior:
    """Posterior of one true effect.

    Attributes
    ----------
    estimate : Estimate
        Posterior mean with the posterior standard deviation as `std_error` and the central
        interval; it inverts no test, so p is NaN. `df` is that of the likelihood.
    prior_mean, prior_sd : float
        Shown with the result.
    prior_source : str
        Where the prior comes from, shown as well.
    """

    estimate: Estimate
    prior_mean: float
    prior_sd: float
    prior_source: str
    _weight: np.ndarray
    _center: np.ndarray
    _spread: np.ndarray

    @property
    def mean(self) -> float:
        """Posterior mean."""
        return self.estimate.estimate

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""
        return self.estimate.std_error

    def probability_above(self, threshold: float = 0.0) -> float:
        """Return the probability that the true effect is larger than `threshold`."""
        if not isinstance(threshold, Real) or isnan(threshold):
            raise DesignError("The threshold is missing. Name the effect to be exceeded.")
        return float(mixture_above(threshold, self._weight, self._center, self._spread)[0])

    def probability_between(self, low: float, high: float) -> float:
        """Return the probability that the true effect lies between `low` and `high`."""
        above = self.probability_above(low), self.probability_above(high)
        if not low <= high:
            raise DesignError(f"The lower bound must come first; got {low} and {high}.")
        return above[0] - above[1]


def basie_posterior(
    estimate: float,
    std_error: float,
    *,
    prior_mean: float,
    prior_sd: float,
    df: float = inf,
    prior_source: str = "",
    name: str = "effect",
    n: int = 1,
    n_clusters: int | None = None,
    unit: str = "sd",
    conf_level: float = 0.95,
) -> BasiePosterior:
    """Combine an estimated effect with a normal prior of true effects.

    With infinite df, estimate ~ N(theta, std_error^2), and the posterior is normal in closed form.
    With few clusters, (estimate - theta) / std_error ~ t with `df` degrees of freedom: a mixture
    of normals over a chi-squared variance, which is integrated by quadrature.

    Parameters
    ----------
    estimate, std_error : float
        In `unit`.
    prior_mean, prior_sd : float
        Normal prior of the true effect, in `unit`: the spread of true effects of comparable
        programs, and their mean.
    df : float
        Degrees of freedom of the standard error, e.g. of a `cr2` or `mixed` estimate.
    prior_source : str
        Citation of the prior, kept with the result.
    name, n, n_clusters, unit : str, int, int or None, str
        Carried to the `Estimate`; n defaults to 1, the one finding.
    conf_level : float

    Returns
    -------
    BasiePosterior

    Raises
    ------
    DesignError
        A missing or infinite estimate or prior mean, a standard error or prior standard deviation
        that is not positive and finite, or df that are not positive.

    References
    ----------
    Deke, Finucane & Thal (2022), The BASIE (BAyeSian Interpretation of Estimates) Framework for
    Interpreting Findings from Impact Evaluations, NCEE 2022-005; Gelman et al. (2013), Bayesian
    Data Analysis, 3rd ed., sections 2.5 and 17.2 (t as a mixture of normals).
    """
    check_conf_level(conf_level)
    _require(estimate, std_error, prior_mean, prior_sd, df)
    weight, variance = _variances(estimate - prior_mean, std_error, prior_sd, df)
    pull = variance / (variance + prior_sd**2)
    center = (pull * prior_mean + (1 - pull) * estimate)[:, None]
    spread = (prior_sd * np.sqrt(pull))[:, None]
    mean, sd = mixture_moments(weight, center, spread)
    tail = (1 - conf_level) / 2
    low, high = (mixture_quantile(p, weight, center, spread)[0] for p in (tail, 1 - tail))
    made = Estimate.from_interval(
        name,
        mean[0],
        low,
        high,
        std_error=sd[0],
        df=df,
        n=n,
        n_clusters=n_clusters,
        unit=unit,
        method="basie",
        conf_level=conf_level,
    )
    return BasiePosterior(
        made, float(prior_mean), float(prior_sd), prior_source, weight, center, spread
    )


def _require(estimate, std_error, prior_mean, prior_sd, df) -> None:
    for what, value in (("estimate", estimate), ("prior mean", prior_mean)):
        checked_number(value, f"The {what}")
    for what, value in (("standard error", std_error), ("prior standard deviation", prior_sd)):
        if not checked_number(value, f"The {what}") > 0:
            raise DesignError(f"The {what} must be positive and finite; got {value}.")
    check_magnitude([estimate, prior_mean], [std_error, prior_sd])
    if not (isinstance(df, Real) and df > 0):
        raise DesignError(f"df must be positive, or infinite for a normal likelihood; got {df}.")


def _variances(distance, std_error, prior_sd, df) -> tuple[np.ndarray, np.ndarray]:
    """Return posterior weights and values of the sampling variance, shapes (g,).

    std_error^2 / precision with precision ~ chi-squared(df) / df makes a t of the normal.
    """
    if np.isinf(df):
        return np.ones(1), np.array([std_error**2])

    def log_density(log_precision: np.ndarray) -> np.ndarray:
        total = std_error**2 * np.exp(-log_precision) + prior_sd**2
        prior = 0.5 * df * (log_precision - np.exp(log_precision))
        return prior - 0.5 * np.log(total) - 0.5 * distance**2 / total

    # beyond these the chi-squared density of the log precision is below e^-50 of its peak, or
    # the finding so imprecise that the likelihood is below e^-250 of its own
    low, high = max(-2 - 100 / df, -600.0), log(3 + 200 / df)
    log_precision, weight = posterior_grid(log_density, low, high)
    return weight, std_error**2 * np.exp(-log_precision)
