"""A well-conditioned basis of a few columns, so that tolerances mean the same in any units."""

import numpy as np
from scipy import linalg

from pilot_analysis.errors import DesignError

__all__ = ["orthonormal"]

_SAFE = 1e-6  # smallest eigenvalue of the correlations for which the normal equations will do
_DEPENDENT = 1e-9  # share of a column's length that the columns before it leave unexplained


def orthonormal(columns: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of an orthonormal basis and the triangle that leads back to the columns.

    Parameters
    ----------
    columns : numpy.ndarray, shape (n, p)
    names : tuple of str, length p
        For the error text.

    Returns
    -------
    basis : numpy.ndarray, shape (p, n)
        ``columns.T == triangle.T @ basis``; its first row has the sign of the first column.
    triangle : numpy.ndarray, shape (p, p)
        Upper triangular, with a positive diagonal.

    Raises
    ------
    DesignError
        Collinear columns.
    """
    gram = columns.T @ columns
    length = np.sqrt(np.diag(gram))
    if length.all() and np.linalg.eigvalsh(gram / np.outer(length, length))[0] > _SAFE:
        lower = np.linalg.cholesky(gram)
        return np.linalg.inv(lower) @ columns.T, lower.T
    basis, triangle = linalg.qr(columns, mode="economic")
    signs = np.where(np.diag(triangle) < 0, -1.0, 1.0)
    left = np.abs(np.diag(triangle)) / np.where(length > 0, length, 1)
    if np.any(left < _DEPENDENT):
        dependent = [name for name, share in zip(names, left, strict=True) if share < _DEPENDENT]
        raise DesignError(
            f"These terms follow from the others, so they cannot be told apart: "
            f"{', '.join(dependent)}. Leave out one of each set of collinear terms."
        )
    return basis.T * signs[:, None], triangle * signs[:, None]
