"""Maximum likelihood of a Dirichlet-multinomial: how much units' shares differ beyond chance."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array

__all__ = ["ALIKE", "ALL_OR_NOTHING", "DirichletFit", "check_counts", "fit_dirichlet"]

ALIKE = "Units differ by no more than chance, so all get the common shares."
ALL_OR_NOTHING = "In every unit all answers are the same, so nothing is drawn towards the others."
# a concentration beyond this cannot be told from "all units alike"
_LARGEST = 1e6
_MOST_PEOPLE = 1e10
_TIE = 1e-6  # log likelihoods that are as good as equal
_STEPS = 500
_ROUNDING = 1e-13  # of the log likelihood, relative: a step is not refused for less
_GRADIENT = 1e-7  # of the log likelihood per answer, at what is called its maximum


@dataclass(frozen=True, slots=True)
class DirichletFit:
    """Where the likelihood is highest.

    Attributes
    ----------
    alpha : numpy.ndarray, shape (n_categories,)
        All infinite (but 0 for a category that nobody chose) where units are alike; all 0 where
        every unit is of one mind.
    shares : numpy.ndarray, shape (n_categories,)
        Mean of the distribution.
    log_likelihood : float
        With the multinomial coefficients.
    flags : tuple of str
        Which boundary the maximum lies at, if it does.
    """

    alpha: np.ndarray
    shares: np.ndarray
    log_likelihood: float
    flags: tuple[str, ...]


def check_counts(counts) -> np.ndarray:
    """Return counts as floats of shape (units, categories).

    Raises
    ------
    DesignError
        Anything but whole numbers of 0 or more in two or more columns, or fewer than two units
        with answers.
    """
    table = float_array(counts, "Counts")
    if table.ndim != 2 or table.shape[1] < 2:
        raise DesignError("Pooling needs counts: a row for each unit, two or more categories.")
    if not (np.isfinite(table).all() and (table >= 0).all() and (table == np.round(table)).all()):
        raise DesignError(
            "Pooling needs counts, whole numbers of 0 or more; some are negative, missing or "
            "fractions. Give counts, not shares."
        )
    if table.max(initial=0.0) > _MOST_PEOPLE:
        raise DesignError(f"A count of {table.max():g} is more people than there are; check it.")
    answering = int((table.sum(axis=1) > 0).sum())
    if answering < 2:
        raise DesignError(f"Pooling needs two or more units with answers; there are {answering}.")
    return table


def fit_dirichlet(table: np.ndarray) -> DirichletFit:
    """Fit alpha to counts, looking at both ends of the range as well as inside it.

    Parameters
    ----------
    table : numpy.ndarray, shape (n_units, n_categories)
        As `check_counts` returns it.

    Raises
    ------
    DesignError
        No maximum could be confirmed by its gradient.

    References
    ----------
    Mosimann (1962), Biometrika 49: 65-82; Minka (2000), Estimating a Dirichlet Distribution.
    """
    used = table.sum(axis=0) > 0
    counts = table[:, used]
    constant = float(
        special.gammaln(table.sum(axis=1) + 1).sum() - special.gammaln(table + 1).sum()
    )
    common, alike = _if_alike(counts)
    own, divided = _if_all_or_nothing(counts)
    alpha, inside = _maximize(counts, common)
    best = max(alike, divided, inside)

    def made(alpha, shares, value, *flags) -> DirichletFit:
        every, mean = np.zeros(len(used)), np.zeros(len(used))
        every[used], mean[used] = alpha, shares
        return DirichletFit(every, mean, value + constant, flags)

    # where the data cannot tell, units are taken to be alike
    if alike >= best - _TIE or alpha.sum() > _LARGEST:
        return made(np.inf, common, alike, ALIKE)
    if divided >= best - _TIE:
        return made(0.0, own, divided, ALL_OR_NOTHING)
    if np.abs(alpha * _slopes(alpha, counts)).max() > _GRADIENT * counts.sum():
        raise DesignError(
            "The Dirichlet-multinomial did not converge on these counts, so nothing is pooled. "
            "Show the raw shares."
        )
    return made(alpha, alpha / alpha.sum(), inside)


def _if_alike(counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Return shares and log likelihood in the limit of an infinite concentration."""
    shares = counts.sum(axis=0) / counts.sum()
    return shares, float(special.xlogy(counts, shares).sum())


def _if_all_or_nothing(counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Return shares and log likelihood in the limit of a concentration of 0."""
    units = (counts > 0).sum(axis=0)
    shares = units / units.sum()
    if ((counts > 0).sum(axis=1) > 1).any():
        return shares, -np.inf
    return shares, float(special.xlogy(units, shares).sum())


def _maximize(counts: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, float]:
    """Return alpha and its log likelihood, climbing from the best of several concentrations."""
    starts = [shares * a for a in np.geomspace(1e-2, _LARGEST, 30)]
    heights = [_log_likelihood(start, counts) for start in starts]
    alpha, height = starts[int(np.argmax(heights))], max(heights)
    for _ in range(_STEPS):
        step = _newton_step(alpha, counts)
        trial = alpha * np.exp(step)
        while _log_likelihood(trial, counts) < height - _ROUNDING * (1 + abs(height)):
            step = step / 2
            trial = alpha * np.exp(step)
        alpha, height = trial, _log_likelihood(trial, counts)
        # nearer than this rounding decides, and beyond the largest there is nothing to find
        if np.abs(step).max() < 1e-12 or alpha.sum() > _LARGEST:
            break
    return alpha, height


def _newton_step(alpha: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return Newton's step for log alpha, uphill even where the surface is not concave."""
    slope = alpha * _slopes(alpha, counts)
    own, common = _curvature(alpha, counts)
    bend = np.outer(alpha, alpha) * common + np.diag(alpha**2 * own + slope)
    values, vectors = np.linalg.eigh(bend)
    steepest = np.maximum(np.abs(values), 1e-12 * counts.sum())
    step = vectors @ ((vectors.T @ slope) / steepest)
    return step * min(1.0, 2 / max(np.abs(step).max(), 1e-300))


def _log_likelihood(alpha: np.ndarray, counts: np.ndarray) -> float:
    """Return the log likelihood without the multinomial coefficients."""
    n = counts.sum(axis=1)
    value = (special.gammaln(alpha.sum()) - special.gammaln(n + alpha.sum())).sum()
    return float(value + (special.gammaln(counts + alpha) - special.gammaln(alpha)).sum())


def _slopes(alpha: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the derivatives of the log likelihood by alpha."""
    n = counts.sum(axis=1)
    common = (special.digamma(alpha.sum()) - special.digamma(n + alpha.sum())).sum()
    return common + (special.digamma(counts + alpha) - special.digamma(alpha)).sum(axis=0)


def _curvature(alpha: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the second derivatives: each category's own part, and the part common to all."""
    n = counts.sum(axis=1)
    own = special.polygamma(1, counts + alpha) - special.polygamma(1, alpha)
    common = special.polygamma(1, alpha.sum()) - special.polygamma(1, n + alpha.sum())
    return own.sum(axis=0), float(common.sum())
