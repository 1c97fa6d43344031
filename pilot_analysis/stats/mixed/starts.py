"""Where the search for a mixed model's variances starts: the valleys of a coarse map."""

import numpy as np
from scipy import ndimage

from pilot_analysis.stats.mixed.deviance import Problem
from pilot_analysis.stats.mixed.precision import apply_stack, invert_stack
from pilot_analysis.stats.mixed.structure import Chart

__all__ = ["Starts", "profiled_deviances"]

# Reliabilities of an average group's mean. With few groups a second valley may lie far off, and
# costs little to look for.
_FEW = (0.2, 0.7, 0.97)
_MANY = (0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)
_WORK = 3e5  # numbers that the finer map may take
_CHUNK = 1e5  # numbers to hold at once


class Starts:
    """Deviances over a grid of uncorrelated random terms.

    One axis for the outer level's intercept, one for its slopes, one for the inner level.

    Attributes
    ----------
    chart : Chart
        Of all covariances that the structure allows.
    """

    def __init__(self, problem: Problem):
        structure, products = problem.structure, problem.products
        full = [len(block) for block in structure.blocks]
        self.chart, self._unit = Chart.around(structure, np.eye(structure.size), full, 0.0)
        terms = np.arange(structure.size)
        axis = np.where(terms < structure.n_outer, np.minimum(terms, 1), structure.n_outer)
        axis = np.unique(axis, return_inverse=True)[1]
        n_axes = axis[-1] + 1
        work = products.n_columns * structure.n_outer * problem.group_count(structure.blocks[-1])
        grid = _MANY if len(_MANY) ** n_axes * work <= _WORK else _FEW
        odds = np.array(grid) / (1 - np.array(grid))
        at = np.indices([len(grid)] * n_axes).reshape(n_axes, -1).T
        groups = np.empty(structure.size)
        for block in structure.blocks:
            groups[list(block)] = problem.group_count(block)
        ratios = odds[at[:, axis]] * groups / products.n
        chunks = np.array_split(ratios, int(np.ceil(len(ratios) * work / _CHUNK)))
        found = [profiled_deviances(problem, chunk) for chunk in chunks]
        deviances, self._residuals = (np.concatenate(part) for part in zip(*found, strict=True))
        self._ratios, self._order = ratios, np.argsort(deviances, kind="stable")
        table = deviances.reshape([len(grid)] * n_axes)
        self._valley = (table <= ndimage.minimum_filter(table, 3, mode="nearest")).ravel()
        self._corner = np.isin(at, (0, len(grid) - 1)).all(axis=1)

    def valleys(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return parameters, and the size of a step in each, where no neighbour is lower."""
        return [self._point(k) for k in self._order if self._valley[k]]

    def corners(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the corners of the map that are no valleys."""
        return [self._point(k) for k in self._order if self._corner[k] and not self._valley[k]]

    def _point(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        size = np.sqrt(self._ratios[k] * self._residuals[k])[self.chart.rows]
        theta = np.append(self._unit[:-1] * size, np.log(self._residuals[k]))
        return theta, np.append(size, 1.0)


def profiled_deviances(problem: Problem, ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return deviances of uncorrelated random terms, each with its best residual variance.

    Parameters
    ----------
    problem : Problem
    ratios : numpy.ndarray, shape (c, size)
        Variances of the random terms over the residual variance.

    Returns
    -------
    deviances, residuals : numpy.ndarray, shape (c,)
    """
    products, n = problem.products, problem.structure.n_outer
    zz, zw, ww = products.zz[:, :, None], products.zw[:, :, None], products.ww
    logs = np.zeros(len(ratios))
    if products.means is not None:
        means = products.means
        weights = 1 / (1 + ratios[:, -1:] * means.sizes)  # (c, T)
        zz = zz + means.sum(means.zz[:, :, None] * weights)
        zw = zw + means.sum(means.zw[:, :, None] * weights)
        ww = ww + (means.w * weights[:, None]) @ means.w.T
        logs = logs - np.log(weights).sum(axis=1)
    root = np.sqrt(ratios[:, :n]).T[:, :, None]  # (q, c, 1)
    middle = root[:, None] * zz * root
    middle[np.diag_indices(n)] += 1
    inverse, log_determinants = invert_stack(middle)
    pulled = apply_stack(
        root[:, None] * inverse * root, np.broadcast_to(zw, (*zw.shape[:2], *middle.shape[2:]))
    )
    plain = ww - np.einsum("kicg,licg->ckl", np.broadcast_to(zw, pulled.shape), pulled)
    lower = np.linalg.cholesky(plain[:, :-1, :-1])
    half = np.linalg.solve(lower, plain[:, :-1, -1:])[:, :, 0]
    residuals = (plain[:, -1, -1] - np.sum(half**2, axis=1)) / problem.freedom
    deviances = logs + log_determinants.sum(axis=1)
    deviances += problem.freedom * (1 + np.log(2 * np.pi * residuals))
    if problem.reml:
        deviances += 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return deviances, residuals
