"""Sums of squares and products by group: all that a mixed model needs of its rows.

Between groups everything is a stack of small matrices with the group as the last axis, so that
each operation runs over all groups at once. Time and memory are linear in rows.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["CrossProducts", "InnerMeans"]


@dataclass(frozen=True, slots=True)
class InnerMeans:
    """Means of the T inner groups (classes), each times the root of the group's size.

    Attributes
    ----------
    sizes : numpy.ndarray, shape (T,)
        Rows of each inner group.
    starts : numpy.ndarray of int, shape (G,)
        First inner group of each outer group.
    outer : numpy.ndarray of int, shape (T,)
        Outer group of each inner group.
    z, w : numpy.ndarray, shape (q, T), (k, T)
        Means of the random terms and of the model's columns.
    zz, zw : numpy.ndarray, shape (q, q, T), (k, q, T)
        Their products.
    """

    sizes: np.ndarray
    starts: np.ndarray
    outer: np.ndarray
    z: np.ndarray
    w: np.ndarray
    zz: np.ndarray
    zw: np.ndarray

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sum over the inner groups of each outer group: (..., T) to (..., G)."""
        return np.add.reduceat(values, self.starts, axis=-1)


@dataclass(frozen=True, slots=True)
class CrossProducts:
    """Products of the random terms Z and the model's columns W = [X, y] within groups.

    Where there are inner groups, `zz`, `zw` and `ww` are those of the deviations from the inner
    groups' means, and `means` holds the rest.

    Attributes
    ----------
    n : int
        Rows.
    ww : numpy.ndarray, shape (k, k)
    zz, zw : numpy.ndarray, shape (q, q, G), (k, q, G)
    means : InnerMeans or None
    """

    n: int
    ww: np.ndarray
    zz: np.ndarray
    zw: np.ndarray
    means: InnerMeans | None

    @classmethod
    def of(cls, z: np.ndarray, w: np.ndarray, outer: np.ndarray, inner: np.ndarray | None):
        """Sum up rows that stand in the order of their groups.

        Parameters
        ----------
        z, w : numpy.ndarray, shape (q, n), (k, n)
        outer : numpy.ndarray of int, shape (n,)
            Ascending codes of the outer groups.
        inner : numpy.ndarray of int, shape (n,), or None
            Ascending codes of the inner groups, each inside one outer group.
        """
        n, means, starts = z.shape[1], None, _starts(outer)
        if inner is not None:
            z, w, means = _split(z, w, outer, inner)
        zz = np.stack([np.add.reduceat(z * row, starts, axis=1) for row in z])
        zw = np.stack([np.add.reduceat(z * row, starts, axis=1) for row in w])
        return cls(n, w @ w.T, zz, zw, means)

    @property
    def n_columns(self) -> int:
        """Number of model columns: the fixed terms and the outcome."""
        return len(self.ww)

    def largest_ratio(self) -> float:
        """Return how many times the smallest group's size the largest group of a level has."""
        sizes = [self.outer_squares()[0, 0]]  # the first random term is an intercept
        if self.means is not None:
            sizes.append(self.means.sizes)
        return float(max(part.max() / part.min() for part in sizes))

    def outer_squares(self) -> np.ndarray:
        """Return Z'Z of each outer group, shape (q, q, G)."""
        return self.zz if self.means is None else self.zz + self.means.sum(self.means.zz)

    def weighted(self, inner: float, residual: float):
        """Return the products with the inverse of A, the covariance that the inner levels give.

        Parameters
        ----------
        inner, residual : float
            Variances of the inner intercepts and of the residual.

        Returns
        -------
        zz, zw, ww : numpy.ndarray
            As the attributes.
        log_determinant : float
            log|A|.
        weights : numpy.ndarray, shape (T,), or None
            Inverse variance of each inner group's scaled mean.
        """
        zz, zw, ww = self.zz / residual, self.zw / residual, self.ww / residual
        if self.means is None:
            return zz, zw, ww, self.n * np.log(residual), None
        means = self.means
        weights = 1 / (residual + means.sizes * inner)
        zz += means.sum(means.zz * weights)
        zw += means.sum(means.zw * weights)
        ww += (means.w * weights) @ means.w.T
        within = (self.n - len(weights)) * np.log(residual)
        return zz, zw, ww, within - np.log(weights).sum(), weights


def _starts(codes: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.diff(codes, prepend=-1))


def _split(z, w, outer, inner):
    """Take the inner groups' means out of the rows."""
    starts = _starts(inner)
    sizes = np.diff(starts, append=len(inner))
    root, above = np.sqrt(sizes), outer[starts]
    sums = [np.add.reduceat(columns, starts, axis=1) for columns in (z, w)]
    z, w = (c - np.repeat(s / sizes, sizes, axis=1) for c, s in zip((z, w), sums, strict=True))
    z_mean, w_mean = (s / root for s in sums)
    zz, zw = z_mean[:, None] * z_mean, w_mean[:, None] * z_mean
    means = InnerMeans(sizes.astype(float), _starts(above), above, z_mean, w_mean, zz, zw)
    return z, w, means
