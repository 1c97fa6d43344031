"""Least squares of one or more outcomes on the same columns, in an orthonormal basis."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.stats.cluster.rows import ClusteredRows
from pilot_analysis.stats.cluster.variance import ClusterMoments, gather, gather_weighted
from pilot_analysis.stats.grouping import within

__all__ = ["LeastSquares", "least_squares"]


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """Coefficients with what their cluster-robust variances are made of.

    Attributes
    ----------
    coefficients : numpy.ndarray, shape (p, r)
        Of r outcomes.
    moments : ClusterMoments
    to_basis : numpy.ndarray, shape (p, p)
        Row j is term j's contrast in the orthonormal basis.
    noise : numpy.ndarray, shape (r,)
        Residuals of this size are rounding errors.
    """

    coefficients: np.ndarray
    moments: ClusterMoments
    to_basis: np.ndarray
    noise: np.ndarray


def least_squares(rows: ClusteredRows, outcomes: np.ndarray, power: float) -> LeastSquares:
    """Regress each column of `outcomes` on the rows' terms, after what is absorbed.

    Parameters
    ----------
    rows : ClusteredRows
    outcomes : numpy.ndarray, shape (n, r)
    power : float
        Power of (I - H_gg) in the variance; see `gather`.
    """
    X, Y = rows.design.X, outcomes
    if rows.absorbed is not None:
        X, Y = within(X, rows.absorbed), within(Y, rows.absorbed)
    root = 1.0 if rows.weights is None else np.sqrt(rows.weights)[:, None]
    basis, triangle = np.linalg.qr(X * root)
    to_basis = np.linalg.inv(triangle)  # scipy's triangular solver wakes threads for 3 x 3
    coefficients = to_basis @ (basis.T @ (Y * root))
    residuals = Y - X @ coefficients
    if rows.weights is None:
        moments = gather(basis, residuals, rows.cluster, power, rows.absorbed)
    else:
        moments = gather_weighted(basis / root, residuals, rows.cluster, power, rows.weights)
    return LeastSquares(coefficients, moments, to_basis, 1e-12 * np.abs(outcomes).max(axis=0))
