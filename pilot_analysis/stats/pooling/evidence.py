"""Estimates with their standard errors, checked; the normal-normal model at a given tau squared."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array

__all__ = ["NormalModel", "Profile", "check_estimates", "check_magnitude"]

_SMALLEST, _LARGEST = 1e-50, 1e50  # squares and fourth powers stay within floating point
_RANGE = 1e5  # beyond it, what the others say of tau drowns in the rounding of the most precise


@dataclass(frozen=True, slots=True)
class Profile:
    """The model at each of g values of tau squared; P projects the fixed effects out.

    Attributes
    ----------
    beta : numpy.ndarray, shape (g, p)
        Generalized least squares on the columns of X.
    covariance : numpy.ndarray, shape (g, p, p)
        (X'WX)^-1 with W = diag(1 / (v + tau2)).
    weights : numpy.ndarray, shape (g, k)
    q : numpy.ndarray, shape (g,)
        y'Py, the generalized Q statistic: weighted sum of squared residuals.
    qp : numpy.ndarray, shape (g,)
        y'PPy.
    trace : numpy.ndarray, shape (g,)
        tr P.
    log_likelihood : numpy.ndarray, shape (g,)
        Restricted, without its constants.
    """

    beta: np.ndarray
    covariance: np.ndarray
    weights: np.ndarray
    q: np.ndarray
    qp: np.ndarray
    trace: np.ndarray
    log_likelihood: np.ndarray


@dataclass(frozen=True, slots=True)
class NormalModel:
    """y_j ~ N(x_j' beta, tau2 + v_j), independent.

    Attributes
    ----------
    y, v : numpy.ndarray, shape (k,)
        Estimates and their sampling variances, taken as known.
    X : numpy.ndarray, shape (k, p)
        Full column rank; a column of ones for a common mean.
    """

    y: np.ndarray
    v: np.ndarray
    X: np.ndarray

    @property
    def residual_df(self) -> int:
        """Units less columns of X."""
        return self.X.shape[0] - self.X.shape[1]

    @property
    def residual_square(self) -> float:
        """Sum of squared residuals of ordinary least squares; 0 where only rounding is left."""
        beta = np.linalg.lstsq(self.X, self.y, rcond=None)[0]
        residual = self.y - self.X @ beta
        rounding = 1e-13 * max(np.abs(self.y).max(), np.abs(self.X * beta).max())
        return float(residual @ residual) if np.abs(residual).max() > rounding else 0.0

    def at(self, tau2) -> Profile:
        """Return the model's sums at each value of `tau2`, shape (g,)."""
        y, X, p = self.y, self.X, self.X.shape[1]
        w = 1 / (self.v + np.atleast_1d(np.asarray(tau2, dtype=float))[:, None])
        products = (X[:, :, None] * X[:, None, :]).reshape(-1, p * p)
        information = (w @ products).reshape(-1, p, p)
        covariance = np.linalg.inv(information)
        beta = (covariance @ (w @ (X * y[:, None]))[:, :, None])[:, :, 0]
        residual = y - beta @ X.T
        q = (w * residual**2).sum(axis=1)
        leverage = (covariance.reshape(-1, p * p) * (w**2 @ products)).sum(axis=1)
        return Profile(
            beta=beta,
            covariance=covariance,
            weights=w,
            q=q,
            qp=(w**2 * residual**2).sum(axis=1),
            trace=w.sum(axis=1) - leverage,
            log_likelihood=0.5
            * (np.log(w).sum(axis=1) - np.linalg.slogdet(information).logabsdet - q),
        )


def check_magnitude(values, spreads) -> None:
    """Raise `DesignError` where values or positive spreads cannot be squared safely."""
    spreads = np.asarray(spreads, dtype=float)
    if spreads.min() < _SMALLEST or max(spreads.max(), np.abs(values).max()) > _LARGEST:
        raise DesignError("These numbers are too small or too large to pool. Change their unit.")


def check_estimates(estimates, std_errors, *, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and standard errors as arrays of shape (k,).

    Raises
    ------
    DesignError
        Fewer than `least`, lengths that differ, a missing or infinite value, a standard error
        that is not positive or a hundred thousand times another, or numbers too large or small
        to be squared.
    """
    y, s = float_array(estimates, "Estimates"), float_array(std_errors, "Standard errors")
    if y.ndim != 1 or y.shape != s.shape:
        raise DesignError(
            "Pooling needs one estimate and one standard error for each unit; got "
            f"{y.size} estimates and {s.size} standard errors."
        )
    if y.size < least:
        raise DesignError(
            f"Pooling needs two or more units with an estimate; got {y.size}. Report what there "
            "is on its own."
        )
    if not np.isfinite(y).all():
        raise DesignError(
            f"{int((~np.isfinite(y)).sum())} of {y.size} estimates are missing or infinite. "
            "Leave these units out and say so."
        )
    if not (np.isfinite(s).all() and (s > 0).all()):
        bad = int((~(np.isfinite(s) & (s > 0))).sum())
        raise DesignError(
            f"{bad} of {s.size} standard errors are not positive and finite. Leave these units "
            "out, or find the variation that they should rest on."
        )
    check_magnitude(y, s)
    if s.max() > _RANGE * s.min():
        raise DesignError(
            f"The largest standard error ({s.max():g}) is more than {_RANGE:,.0f} times the "
            f"smallest ({s.min():g}). Check the smallest: a unit that hardly varies within itself "
            "is not that well known."
        )
    return y, s
