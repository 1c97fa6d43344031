"""Which variances and covariances a model has, and charts of the covariances it allows.

The random terms of the outer level and, as the last of them, the intercept of the inner level make
one covariance matrix, block by block: correlated terms share a block. A chart writes it as F F',
with F affine in free parameters, and the residual variance as an exponential. Zero variances and
correlations of one lie inside such a chart, not at its edge.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Chart", "Structure"]


@dataclass(frozen=True)
class Structure:
    """The random part's shape.

    Attributes
    ----------
    n_outer : int
        Random terms of the outer level, its intercept included.
    nested : bool
        Whether there is an inner level.
    correlated : bool
        Whether the outer level's terms may covary.
    """

    n_outer: int
    nested: bool
    correlated: bool

    @cached_property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Terms that may covary with one another."""
        terms = tuple(range(self.n_outer))
        outer = [terms] if self.correlated else [(i,) for i in terms]
        return (*outer, *([(self.n_outer,)] if self.nested else []))

    @cached_property
    def rows(self) -> np.ndarray:
        """Row of the matrix in which each variance or covariance stands."""
        return np.array([i for block in self.blocks for i in block for j in block if i <= j])

    @cached_property
    def columns(self) -> np.ndarray:
        """Column of the matrix in which each variance or covariance stands."""
        return np.array([j for block in self.blocks for i in block for j in block if i <= j])

    @property
    def size(self) -> int:
        """Number of random terms, the inner level's intercept included."""
        return self.n_outer + self.nested

    @property
    def n_variances(self) -> int:
        """Variances and covariances, with the residual variance."""
        return len(self.rows) + 1

    @cached_property
    def directions(self) -> np.ndarray:
        """Derivative of the outer level's covariance by each of its entries."""
        n = len(self.rows) - self.nested
        units = np.zeros((n, self.n_outer, self.n_outer))
        units[np.arange(n), self.rows[:n], self.columns[:n]] = 1
        units[np.arange(n), self.columns[:n], self.rows[:n]] = 1
        return units

    def matrix(self, entries: np.ndarray, halved: bool = False) -> np.ndarray:
        """Return the symmetric matrix with these entries; `halved` splits those off the diagonal.

        The gradient by a matrix has halves: a covariance stands in it twice.
        """
        matrix = np.zeros((self.size, self.size))
        off = 0.5 if halved else 1.0
        values = np.where(self.rows == self.columns, 1.0, off) * entries
        matrix[self.rows, self.columns] = matrix[self.columns, self.rows] = values
        return matrix


class Chart:
    """Covariances F F' with F affine in free parameters, and a residual variance.

    Parameters
    ----------
    structure : Structure
    directions : numpy.ndarray, shape (f, size, r)
        Derivatives of F by the free parameters. Where there is an inner level, the last column of
        F belongs to it alone.
    offset : numpy.ndarray, shape (size, r), optional
        F where the free parameters are zero; default: zero.
    log_residual : float, optional
        The logarithm of the residual variance, where that is held fixed. Otherwise it is the last
        parameter.
    """

    def __init__(self, structure: Structure, directions, offset=None, log_residual=None):
        self.structure, self.directions = structure, directions
        self._offset = np.zeros(directions.shape[1:]) if offset is None else offset
        self._flat = directions.reshape(len(directions), self._offset.size)
        self._log_residual = log_residual
        products = np.einsum("kir,ljr->klij", directions, directions)
        bend = products + products.swapaxes(2, 3)
        self._bend = bend[:, :, structure.rows, structure.columns]  # second derivatives

    @property
    def rows(self) -> np.ndarray:
        """Row of F that each free parameter stands in, where it stands in one."""
        return self.directions.any(axis=2).argmax(axis=1)

    @classmethod
    def around(cls, structure: Structure, covariance, ranks, log_residual):
        """Return a chart of the matrices with these ranks per block, and where `covariance` is.

        Each block is factored with the largest variances first, so that a factor with fewer
        columns than rows has a triangle of full rank on top and no idle parameters.
        """
        width = sum(ranks[: len(ranks) - structure.nested]) + structure.nested
        places, values, column = [], [], 0
        for block, rank in zip(structure.blocks, ranks, strict=True):
            factor, free = _pivoted(covariance[np.ix_(block, block)], rank)
            for i, j in zip(*np.nonzero(free), strict=True):
                places.append((block[i], column + j))
                values.append(factor[i, j])
            column += rank
        directions = np.zeros((len(places), structure.size, width))
        for k, (row, col) in enumerate(places):
            directions[k, row, col] = 1
        return cls(structure, directions), np.array([*values, log_residual])

    def factor(self, theta: np.ndarray) -> np.ndarray:
        """Return F."""
        return self._offset + (theta[: len(self._flat)] @ self._flat).reshape(self._offset.shape)

    def residual(self, theta: np.ndarray) -> float:
        """Return the residual variance."""
        fixed = self._log_residual
        return float(np.exp(theta[-1] if fixed is None else fixed))

    def outer_factor(self, theta: np.ndarray) -> np.ndarray:
        """Return the outer level's part of F."""
        factor = self.factor(theta)
        return factor[:-1, :-1] if self.structure.nested else factor

    def covariance(self, theta: np.ndarray) -> np.ndarray:
        """Return F F'."""
        factor = self.factor(theta)
        return factor @ factor.T

    def variances(self, theta: np.ndarray) -> np.ndarray:
        """Return the entries that the structure names, the residual variance last."""
        entries = self.covariance(theta)[self.structure.rows, self.structure.columns]
        return np.append(entries, self.residual(theta))

    def pull_back(self, theta, gradient, hessian) -> tuple[np.ndarray, np.ndarray]:
        """Turn derivatives by the variances into derivatives by the parameters."""
        structure, n = self.structure, len(self._flat)
        slopes = self.directions @ self.factor(theta).T
        slopes = (slopes + slopes.swapaxes(1, 2))[:, structure.rows, structure.columns]
        jacobian = np.zeros((len(theta), structure.n_variances))
        jacobian[:n, :-1] = slopes
        bend = np.zeros((len(theta), len(theta)))
        bend[:n, :n] = self._bend @ gradient[:-1]
        if self._log_residual is None:
            jacobian[-1, -1] = self.residual(theta)
            bend[-1, -1] = gradient[-1] * self.residual(theta)
        return jacobian @ gradient, jacobian @ hessian @ jacobian.T + bend


def _pivoted(matrix: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Cholesky factor (k, rank), largest variance first, and which of its entries are free."""
    factor, free = np.zeros((len(matrix), rank)), np.zeros((len(matrix), rank), dtype=bool)
    left, rows = matrix.copy(), list(range(len(matrix)))
    for j in range(rank):
        pivot = max(rows, key=lambda i: left[i, i])
        free[rows, j] = True
        if left[pivot, pivot] > 0:
            factor[rows, j] = left[rows, pivot] / np.sqrt(left[pivot, pivot])
        left -= np.outer(factor[:, j], factor[:, j])
        rows.remove(pivot)
    return factor, free
