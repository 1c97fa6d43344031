"""Closed forms for random intercepts at one or two nested levels.

Rows of one inner group (a class) share everything but the residual, so the data split into
deviations from the inner groups' means, whose covariance is the residual variance times the
identity, and the T inner means. With m_t = sqrt(n_t), the covariance of sqrt(n_t) times the means
is diag(residual + n_t inner) + outer * sum over outer groups of m m': a diagonal plus one rank
per outer group, whose inverse, determinant and traces are sums over groups. Time and memory are
linear in rows; nothing here is larger than T x columns.
"""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.stats.grouping import sum_by, within

__all__ = ["Decomposition", "Precision"]


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Columns of a model, split into deviations from inner means and the means.

    Attributes
    ----------
    within : numpy.ndarray, shape (k, k)
        Cross-products of the deviations.
    means : numpy.ndarray, shape (T, k)
        sqrt(n_t) times the inner groups' means.
    sizes : numpy.ndarray, shape (T,)
        n_t, rows of each inner group.
    outer : numpy.ndarray of int, shape (T,), or None
        Outer group of each inner group; None: there is one level only.
    """

    within: np.ndarray
    means: np.ndarray
    sizes: np.ndarray
    outer: np.ndarray | None

    @classmethod
    def of(cls, columns: np.ndarray, inner: np.ndarray, outer: np.ndarray | None):
        """Split `columns` (n, k) by the inner groups' codes (n,)."""
        deviations = within(columns, inner)
        sizes = np.bincount(inner).astype(float)
        means = sum_by(columns, inner) / np.sqrt(sizes)[:, None]
        return cls(deviations.T @ deviations, means, sizes, outer)

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.sizes.sum())

    @property
    def n_levels(self) -> int:
        """Random levels: 1 or 2."""
        return 1 if self.outer is None else 2

    def precision(self, variances: np.ndarray) -> "Precision":
        """Return the inverse covariance at `variances`: (outer,) inner, residual."""
        return Precision(self, variances)


class Precision:
    """Inverse of the covariance V of the rows at given variances, and sums made with it.

    The derivative of V with respect to variance a is V_a; variances are ordered outermost
    first, the residual last.
    """

    def __init__(self, parts: Decomposition, variances: np.ndarray):
        self.parts = parts
        self.variances = variances
        self.residual = variances[-1]
        self.diagonal = 1 / (self.residual + parts.sizes * variances[-2])
        self.free = parts.n - len(parts.sizes)  # dimensions of the deviations
        if parts.outer is None:
            self.total = self.shrink = None
            return
        self.groups = int(parts.outer.max()) + 1
        self.total = np.bincount(parts.outer, parts.sizes * self.diagonal, self.groups)
        self.shrink = 1 / (1 + variances[0] * self.total)
        self.pull = variances[0] * self.shrink
        self.ray = np.sqrt(parts.sizes) * self.diagonal

    def log_determinant(self) -> float:
        """Return log|V|."""
        value = self.free * np.log(self.residual) - np.log(self.diagonal).sum()
        return value if self.total is None else value - np.log(self.shrink).sum()

    def solve(self, means: np.ndarray) -> np.ndarray:
        """Return V^-1 times columns (T, k) of means."""
        solved = means * self.diagonal[:, None]
        if self.total is None:
            return solved
        outer = self.parts.outer
        sums = sum_by(means * self.ray[:, None], outer, self.groups)
        return solved - self.ray[:, None] * (self.pull[:, None] * sums)[outer]

    def derivative(self, level: int, means: np.ndarray) -> np.ndarray:
        """Return V_a times columns (T, k) of means."""
        if level == self.parts.n_levels:
            return means
        if level == self.parts.n_levels - 1:
            return means * self.parts.sizes[:, None]
        root = np.sqrt(self.parts.sizes)[:, None]
        return root * sum_by(means * root, self.parts.outer, self.groups)[self.parts.outer]

    def cross_products(self) -> np.ndarray:
        """Return the model columns' form with V^-1, shape (k, k)."""
        means = self.parts.means
        return means.T @ self.solve(means) + self.parts.within / self.residual

    def products(self):
        """Return the model columns' forms with V^-1, V^-1 V_a V^-1 and V^-1 V_a V^-1 V_b V^-1.

        Returns
        -------
        plain : numpy.ndarray, shape (k, k)
        first : numpy.ndarray, shape (levels + 1, k, k)
        second : numpy.ndarray, shape (levels + 1, levels + 1, k, k)
        """
        count, means, inside = self.parts.n_levels + 1, self.parts.means, self.parts.within
        solved = self.solve(means)
        turned = [self.derivative(a, solved) for a in range(count)]
        again = [self.solve(t) for t in turned]
        plain = means.T @ solved + inside / self.residual
        first = np.stack([solved.T @ t for t in turned])
        second = np.stack([np.stack([t.T @ u for u in again]) for t in turned])
        first[-1] += inside / self.residual**2
        second[-1, -1] += inside / self.residual**3
        return plain, first, second

    def traces(self):
        """Return tr(V^-1 V_a), shape (levels + 1,), and tr(V^-1 V_a V^-1 V_b)."""
        sizes, diagonal = self.parts.sizes, self.diagonal
        ones = np.ones_like(sizes)
        scales = [sizes, ones]  # the diagonals of V_inner and V_residual
        single = np.array([(diagonal * s).sum() for s in scales])
        double = np.array([[(diagonal**2 * s * t).sum() for t in scales] for s in scales])
        if self.total is not None:
            single, double = self._with_outer(scales, single, double)
        single[-1] += self.free / self.residual
        double[-1, -1] += self.free / self.residual**2
        return single, double

    def _with_outer(self, scales, single, double):
        outer, diagonal = self.parts.outer, self.diagonal
        square = self.ray**2
        forms = np.stack([np.bincount(outer, square * s, self.groups) for s in scales])
        single = single - (self.pull * forms).sum(axis=1)
        for a, s in enumerate(scales):
            for b, t in enumerate(scales):
                cross = np.bincount(outer, square * diagonal * s * t, self.groups)
                double[a, b] += (self.pull**2 * forms[a] * forms[b] - 2 * self.pull * cross).sum()
        reach = self.total * self.shrink  # m' V^-1 m of each outer group
        edge = (self.shrink**2 * forms).sum(axis=1)
        corner = np.array([[(reach**2).sum()]])
        return (
            np.append(reach.sum(), single),
            np.block([[corner, edge[None, :]], [edge[:, None], double]]),
        )
