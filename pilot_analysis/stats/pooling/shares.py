"""Partial pooling of shares: counts of few answers drawn towards those of all units."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.estimate import check_conf_level
from pilot_analysis.stats.pooling.dirichlet import (
    ALIKE,
    DirichletFit,
    check_counts,
    fit_dirichlet,
)

__all__ = ["BetaBinomial", "PooledShares", "beta_binomial", "dirichlet_multinomial"]


@dataclass(frozen=True, slots=True)
class PooledShares:
    """Shares of units that are draws from one Dirichlet distribution.

    Attributes
    ----------
    alpha : numpy.ndarray, shape (n_categories,)
        Maximum-likelihood parameters; infinite where units do not differ by more than chance, 0
        where every unit is of one mind.
    shares : numpy.ndarray, shape (n_categories,)
        Mean shares of the distribution.
    posterior_mean : numpy.ndarray, shape (n_units, n_categories)
        Shares of each unit, drawn towards `shares`.
    log_likelihood : float
        With the multinomial coefficients.
    flags : tuple of str
        The reason where there was nothing to tell units apart by.
    """

    alpha: np.ndarray
    shares: np.ndarray
    posterior_mean: np.ndarray
    log_likelihood: float
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    """Shares of units that are draws from one beta distribution.

    Attributes
    ----------
    alpha, beta : float
        Maximum-likelihood parameters; both infinite where units do not differ by more than
        chance, both 0 where every unit is of one mind.
    mean : float
        alpha / (alpha + beta), or its limit.
    rho : float
        Intraclass correlation 1 / (1 + alpha + beta).
    log_likelihood : float
        With the binomial coefficients.
    posterior_mean, conf_low, conf_high : numpy.ndarray, shape (n_units,)
        Each unit's share, and the central interval of its beta posterior with alpha and beta
        taken as known: too narrow for few units. NaN at the boundaries, where it would have no
        width.
    flags : tuple of str
    """

    alpha: float
    beta: float
    mean: float
    rho: float
    log_likelihood: float
    posterior_mean: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    flags: tuple[str, ...]


def dirichlet_multinomial(counts) -> PooledShares:
    """Draw the shares of small units towards those of all (partial pooling of counts).

    counts_j ~ Multinomial(n_j, pi_j), pi_j ~ Dirichlet(alpha), alpha by maximum likelihood. Where
    units differ by no more than chance, alpha has no maximum and all units get the common shares.

    Parameters
    ----------
    counts : array_like of int, shape (n_units, n_categories)
        For instance detractors, passives and promoters of each team; a missing value is refused.
        A category that nobody chose gets a share of 0; a unit without answers the shares of all.

    Returns
    -------
    PooledShares

    Raises
    ------
    DesignError
        Fewer than two units with answers, fewer than two categories, or counts that are not whole
        numbers of 0 or more.

    References
    ----------
    Mosimann (1962), Biometrika 49: 65-82; Minka (2000), Estimating a Dirichlet Distribution.
    """
    table = check_counts(counts)
    fit = fit_dirichlet(table)
    return PooledShares(
        fit.alpha, fit.shares, _posterior(table, fit), fit.log_likelihood, fit.flags
    )


def beta_binomial(successes, totals, *, conf_level: float = 0.95) -> BetaBinomial:
    """Draw the shares of units towards the share of all: empirical Bayes for proportions.

    successes_j ~ Binomial(totals_j, pi_j), pi_j ~ Beta(alpha, beta), by maximum likelihood;
    posterior Beta(alpha + successes_j, beta + totals_j - successes_j).

    Parameters
    ----------
    successes, totals : array_like of int, shape (n_units,)
        A missing value is refused; a unit with a total of 0 gets the distribution of all.
    conf_level : float

    Returns
    -------
    BetaBinomial

    Raises
    ------
    DesignError
        As `dirichlet_multinomial`; more successes than the total; arrays of different length.

    References
    ----------
    Griffiths (1973), Biometrics 29: 637-648.
    """
    check_conf_level(conf_level)
    x, n = float_array(successes, "Successes"), float_array(totals, "Totals")
    if x.ndim != 1 or x.shape != n.shape:
        raise DesignError(
            f"Pooling needs a number of successes and a total for each unit; got {x.size} and "
            f"{n.size}."
        )
    check_counts(np.stack([x, n], axis=1))
    if (x > n).any():
        raise DesignError(f"{int((x > n).sum())} units have more successes than their total.")
    table = np.stack([x, n - x], axis=1)
    fit = fit_dirichlet(table)
    alpha, beta = fit.alpha
    low, high = np.full((2, len(n)), np.nan)
    if not fit.flags:
        tail = (1 - conf_level) / 2
        low, high = (stats.beta.ppf(p, alpha + x, beta + n - x) for p in (tail, 1 - tail))
    if ALIKE in fit.flags:  # of a category that nobody chose as well
        alpha = beta = np.inf
    return BetaBinomial(
        alpha=float(alpha),
        beta=float(beta),
        mean=float(fit.shares[0]),
        rho=float(1 / (1 + alpha + beta)),
        log_likelihood=fit.log_likelihood,
        posterior_mean=_posterior(table, fit)[:, 0],
        conf_low=low,
        conf_high=high,
        flags=fit.flags,
    )


def _posterior(table: np.ndarray, fit: DirichletFit) -> np.ndarray:
    """Return the posterior mean shares of each unit, shape (n_units, n_categories)."""
    if ALIKE in fit.flags:
        return np.tile(fit.shares, (len(table), 1))
    total = table.sum(axis=1, keepdims=True) + fit.alpha.sum()
    return np.where(total > 0, (table + fit.alpha) / np.where(total > 0, total, 1), fit.shares)
