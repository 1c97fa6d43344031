"""Degrees of freedom and small-sample covariance of a mixed model's fixed effects."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed.deviance import State

__all__ = ["DfMethod", "FixedEffects", "fixed_effects"]

DfMethod = Literal["kenward-roger", "satterthwaite"]


@dataclass(frozen=True, slots=True)
class FixedEffects:
    """What inference on fixed effects needs.

    Attributes
    ----------
    covariance : numpy.ndarray, shape (p, p)
        Of the estimates: Kenward and Roger's adjusted one, or the model's.
    model_covariance : numpy.ndarray, shape (p, p)
        (X'V^-1 X)^-1.
    slopes : numpy.ndarray, shape (m, p, p)
        Derivative of `model_covariance` by each variance.
    uncertainty : numpy.ndarray, shape (m, m)
        Covariance of the variances' estimates.
    """

    covariance: np.ndarray
    model_covariance: np.ndarray
    slopes: np.ndarray
    uncertainty: np.ndarray

    def df(self, contrast: np.ndarray) -> float:
        """Return the degrees of freedom of one contrast of the fixed effects, shape (p,).

        With one contrast Kenward and Roger's scaling is 1 and their df take Satterthwaite's form,
        with the expected instead of the observed information.
        """
        value = contrast @ self.model_covariance @ contrast
        slope = contrast @ self.slopes @ contrast
        spread = slope @ self.uncertainty @ slope
        return float(2 * value**2 / spread) if spread > 0 else np.inf

    def f_test(self, contrasts: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
        """Return Kenward and Roger's scaled F and its denominator df for q contrasts, (q, p)."""
        q = len(contrasts)
        theta = contrasts.T @ linalg.inv(contrasts @ self.model_covariance @ contrasts.T)
        theta = theta @ contrasts
        moved = theta @ self.slopes
        alone = np.trace(moved, axis1=1, axis2=2)
        a1 = alone @ self.uncertainty @ alone
        a2 = np.einsum("ab,aij,bji->", self.uncertainty, moved, moved)
        scale, df = _match_f(a1, a2, q)
        value = contrasts @ beta
        wald = value @ linalg.solve(contrasts @ self.covariance @ contrasts.T, value) / q
        return float(scale * wald), float(df)

    def f_test_satterthwaite(self, contrasts, beta) -> tuple[float, float]:
        """Return F and the denominator df that match the mean of its squared t statistics.

        Where one of these has no mean (its df are 2 or less), F has none either, and 2 is the
        largest denominator df of which that is true.
        """
        q = len(contrasts)
        values, vectors = np.linalg.eigh(contrasts @ self.covariance @ contrasts.T)
        rotated = vectors.T @ contrasts
        wald = float(np.sum((rotated @ beta) ** 2 / values) / q)
        dfs = np.array([self.df(c) for c in rotated])
        if np.ptp(1 / dfs) < 1e-8 / dfs.min():
            return wald, float(dfs[0])
        if dfs.min() <= 2:
            return wald, 2.0
        excess = np.sum(2 / (dfs - 2))  # of the squared t statistics' means over 1
        return wald, float(2 + 2 * q / excess)


def fixed_effects(state: State, df: DfMethod, singular: bool) -> FixedEffects:
    """Gather the inference on fixed effects at an optimum.

    The variances' uncertainty is the inverse of the expected information for Kenward and Roger, of
    the observed for Satterthwaite. At a boundary the observed one does not describe a variance
    that is estimated as zero, and to take that variance for known gives df that are far too
    large; so there the expected information serves both.

    Raises
    ------
    DesignError
        The data hold no information that would tell the variances apart.

    References
    ----------
    Kenward & Roger (1997), Biometrics 53, eqs. 5-8; Fai & Cornelius (1996), Journal of
    Statistical Computation and Simulation 54.
    """
    slopes = np.einsum("ij,ajk,kl->ail", state.phi, state.first, state.phi)
    if df == "satterthwaite":
        information = state.information() if singular else state.hessian / 2
        return FixedEffects(state.phi, state.phi, slopes, _inverse(information))
    uncertainty = _inverse(state.information())
    bent = state.second - np.einsum("aij,jk,bkl->abil", state.first, state.phi, state.first)
    correction = state.phi @ np.einsum("ab,abij->ij", uncertainty, bent) @ state.phi
    return FixedEffects(state.phi + 2 * correction, state.phi, slopes, uncertainty)


def _inverse(information: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.abs(np.diag(information)))
    if not (size.all() and np.linalg.cond(information / np.outer(size, size)) < 1e12):
        raise DesignError(
            "The variances of the levels cannot be told apart in these data. Leave a level or a "
            "random slope out."
        )
    return np.linalg.inv(information / np.outer(size, size)) / np.outer(size, size)


def _match_f(a1: float, a2: float, q: int) -> tuple[float, float]:
    """Match the scaled Wald statistic's mean and variance to an F (Kenward and Roger, sec. 3).

    With 2 denominator df the matched F has no mean, and the formulas are 0/0; their limit is that
    of the exact F tests which they reproduce.
    """
    if a2 <= 0:
        return 1.0, np.inf
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    below = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / below, (q - g) / below, (q + 2 - g) / below
    shrunk, spread = 1 - a2 / q, 1 - c2 * b
    ratio = 1.0 if max(abs(shrunk), abs(spread)) < 1e-9 else shrunk / spread
    rho = ratio**2 * (1 + c1 * b) / (q * (1 - c3 * b))
    df = 4 + (q + 2) / (q * rho - 1)
    scale = 1.0 if abs(df - 2) < 1e-6 else df * shrunk / (df - 2)
    if not (df > 0 and scale > 0):
        raise DesignError(
            "There are too few groups to test these terms together: Kenward and Roger's "
            "approximation has no solution. Test them one at a time."
        )
    return scale, df
