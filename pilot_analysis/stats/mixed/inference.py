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
    slopes : numpy.ndarray, shape (a, p, p)
        Derivative of `model_covariance` by each variance that is not at its boundary
        (Satterthwaite), or by every variance (Kenward-Roger).
    uncertainty : numpy.ndarray, shape (a, a)
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
        """Return F and the denominator df that match the mean of its squared t statistics."""
        q = len(contrasts)
        values, vectors = np.linalg.eigh(contrasts @ self.covariance @ contrasts.T)
        rotated = vectors.T @ contrasts
        wald = float(np.sum((rotated @ beta) ** 2 / values) / q)
        dfs = np.array([self.df(c) for c in rotated])
        if q == 1:
            return wald, float(dfs[0])
        expected = np.sum(dfs[dfs > 2] / (dfs[dfs > 2] - 2))
        return wald, float(2 * expected / (expected - q)) if expected > q else 2.0


def fixed_effects(state: State, reml: bool, df: DfMethod) -> FixedEffects:
    """Gather the inference on fixed effects at an optimum.

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
        # A variance at zero does not move, so it adds nothing to the uncertainty.
        inside = state.variances > 0
        uncertainty = 2 * _inverse(state.hessian[np.ix_(inside, inside)])
        return FixedEffects(state.phi, state.phi, slopes[inside], uncertainty)
    information = state.traces - 2 * np.einsum("ij,abji->ab", state.phi, state.second)
    information += np.einsum("aij,bji->ab", state.first @ state.phi, state.first @ state.phi)
    uncertainty = _inverse(information / 2)
    bent = state.second - np.einsum("aij,jk,bkl->abil", state.first, state.phi, state.first)
    correction = state.phi @ np.einsum("ab,abij->ij", uncertainty, bent) @ state.phi
    return FixedEffects(state.phi + 2 * correction, state.phi, slopes, uncertainty)


def _inverse(information: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.abs(np.diag(information)))
    if not np.linalg.cond(information / np.outer(size, size)) < 1e12:
        raise DesignError(
            "The variances of the levels cannot be told apart in these data. Leave a level out."
        )
    return np.linalg.inv(information)


def _match_f(a1: float, a2: float, q: int) -> tuple[float, float]:
    """Match the scaled Wald statistic's mean and variance to an F (Kenward and Roger, sec. 3)."""
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    below = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / below, (q - g) / below, (q + 2 - g) / below
    mean = 1 / (1 - a2 / q)
    variance = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * mean**2)
    df = 4 + (q + 2) / (q * rho - 1)
    return df / (mean * (df - 2)), df
