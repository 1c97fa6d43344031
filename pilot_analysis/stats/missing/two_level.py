"""Draws from the posterior of a normal model with random class intercepts, many data sets at once.

The model of one target is y = X b + u + e, with u ~ N(0, r s^2) for each class, e ~ N(0, s^2) and
r = icc / (1 - icc). The priors are flat on b and on log s, and uniform on the icc from 0 to .9999.
Given r everything is conjugate, so r is drawn from its marginal posterior on a grid, then s, b and
u in turn: independent draws, without a Markov chain of their own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.missing.cross_products import CrossProducts, VaryingProducts

__all__ = ["Draw", "IccGrid", "PosteriorSampler"]

_HIGHEST_ICC = 0.9999
_NODES, _CELLS = 32, 500
_NUDGE = 1e-10  # of a diagonal: keeps a perfect fit from failing by rounding
_DEPENDENT = 1e-8  # share of a column's variance that the others leave unexplained


@dataclass(frozen=True, slots=True)
class Draw:
    """Parameters for each of m data sets: posterior means given r, and draws.

    Attributes
    ----------
    mean_coefficients, coefficients : numpy.ndarray, shape (m, q)
        Of the fixed columns, then of the varying ones.
    mean_intercepts, intercepts : numpy.ndarray, shape (m, classes)
        Of the classes, each beside the coefficients of its kind.
    sigma : numpy.ndarray, shape (m,)
        Residual SD.
    ratio : numpy.ndarray, shape (m,)
        Variance of classes over the residual variance.
    """

    mean_coefficients: np.ndarray
    coefficients: np.ndarray
    mean_intercepts: np.ndarray
    intercepts: np.ndarray
    sigma: np.ndarray
    ratio: np.ndarray


class IccGrid:
    """Nodes of the icc, and a draw from a density that is known at the nodes.

    With icc = sin(t)^2 and r = tan(t)^2 the nodes are even in t, so dense where the icc is near 0,
    as most are, and near 1.

    Parameters
    ----------
    has_classes : bool
        Without classes the only node is 0.
    """

    def __init__(self, has_classes: bool):
        last = np.arcsin(np.sqrt(_HIGHEST_ICC))
        nodes = np.linspace(0, last, _NODES) if has_classes else np.zeros(1)
        self.ratios = np.tan(nodes) ** 2
        if has_classes:
            self._width = last / _CELLS
            self._centers = (np.arange(_CELLS) + 0.5) * self._width
            self._to_cells = CubicSpline(nodes, np.eye(_NODES))(self._centers)

    def draw(self, log_density: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw one ratio for each row of `log_density` (m, nodes), uniform prior on the icc."""
        m, nodes = log_density.shape
        if nodes == 1:
            return np.zeros(m)
        top = log_density.max(axis=1, keepdims=True)
        # uniform on the icc: d icc = sin(2 t) dt
        fine = (log_density - top) @ self._to_cells.T + np.log(np.sin(2 * self._centers))
        weight = np.exp(fine - fine.max(axis=1, keepdims=True)).cumsum(axis=1)
        at = (weight < rng.random((m, 1)) * weight[:, -1:]).sum(axis=1)
        return np.tan(self._centers[at] + (rng.random(m) - 0.5) * self._width) ** 2


class PosteriorSampler:
    """Draws parameters for one target; what does not change between draws is computed once.

    Parameters
    ----------
    fixed : numpy.ndarray, shape (s, n)
        Columns that are the same in every data set, of full rank; 0 where the target is missing.
    starts, counts : numpy.ndarray of int, shape (classes,)
        First row of each class, and its rows with the target; empty without classes.
    n_known : int
        Rows with the target.
    """

    def __init__(self, fixed: np.ndarray, starts: np.ndarray, counts: np.ndarray, n_known: int):
        self._products = CrossProducts(fixed, starts, counts)
        self._counts, self._n, self._n_fixed = counts, n_known, len(fixed)
        self._grid = IccGrid(has_classes=len(starts) > 0)
        lower = np.linalg.cholesky(self._products.fixed_fixed(self._grid.ratios))
        self._whiten = np.linalg.inv(lower)
        self._log_det = 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)

    def draw(self, varying: np.ndarray, rng: np.random.Generator) -> Draw:
        """Draw parameters for each data set.

        Parameters
        ----------
        varying : numpy.ndarray, shape (m, v + 1, n)
            Columns that differ between data sets, then the target; 0 where it is missing.

        Raises
        ------
        DesignError
            Columns that follow from one another.
        """
        products = self._products.with_varying(varying)
        ratio = self._grid.draw(self._log_posterior(products), rng)
        lower = _factorize(products.at(ratio))
        m, q = len(lower), lower.shape[1] - 1
        sigma = lower[:, q, q] * np.sqrt(1 / rng.chisquare(self._n - q, m))
        noise = sigma[:, None] * rng.standard_normal((m, q))
        right = np.stack([lower[:, q, :q], lower[:, q, :q] + noise], axis=2)
        solved = np.linalg.solve(lower[:, :q, :q].transpose(0, 2, 1), right)
        mean, drawn = solved[:, :, 0], solved[:, :, 1]
        shrink = ratio[:, None] / (1 + ratio[:, None] * self._counts)
        spread = sigma[:, None] * np.sqrt(shrink) * rng.standard_normal(shrink.shape)
        expected, around = (
            shrink * (products.sums[:, q] - (b[:, None] @ products.sums[:, :q])[:, 0])
            for b in (mean, drawn)
        )
        return Draw(mean, drawn, expected, around + spread, sigma, ratio)

    def _log_posterior(self, products: VaryingProducts) -> np.ndarray:
        """Marginal log posterior of each ratio of the grid, without the prior; (m, nodes)."""
        crossed, inner = products.on_grid(self._grid.ratios)
        whitened = self._whiten @ crossed
        rest = inner - whitened.transpose(0, 1, 3, 2) @ whitened
        v = rest.shape[-1] - 1
        rest = rest + _nudge(inner)
        logs = np.log(np.diagonal(np.linalg.cholesky(rest), axis1=2, axis2=3))
        log_det = self._log_det + 2 * logs[..., :v].sum(axis=2)
        classes = self._products.log_det_classes(self._grid.ratios)
        return -0.5 * (classes + log_det) - (self._n - self._n_fixed - v) * logs[..., v]


def _factorize(matrix: np.ndarray) -> np.ndarray:
    """Return lower Cholesky factors; refuse columns (all but the last) that are dependent."""
    lower = np.linalg.cholesky(matrix + _nudge(matrix))
    left = np.diagonal(lower, axis1=1, axis2=2) ** 2 / np.diagonal(matrix, axis1=1, axis2=2)
    if (left[:, :-1] < _DEPENDENT).any():
        raise DesignError(
            "Some columns of the imputation model follow from the others (for instance one target "
            "that is the sum of two, or a copy). Leave one of them out."
        )
    return lower


def _nudge(matrix: np.ndarray) -> np.ndarray:
    return _NUDGE * np.diagonal(matrix, axis1=-2, axis2=-1)[..., None] * np.eye(matrix.shape[-1])
