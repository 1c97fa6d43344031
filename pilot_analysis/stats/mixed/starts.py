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
_HIGH = 2  # position of a reliability that is high without being extreme
_WORK = 3e5  # numbers that the finer map may take
_CHUNK = 1e5  # numbers to hold at once


class Starts:
    """Points of a map of the deviance over uncorrelated random terms.

    One axis for the outer level's intercept, one for its slopes, one for the inner level.

    Attributes
    ----------
    chart : Chart
        Of all covariances that the structure allows.
    """

    def __init__(self, problem: Problem):
        structure = problem.structure
        full = [len(block) for block in structure.blocks]
        self.chart, self._unit = Chart.around(structure, np.eye(structure.size), full, 0.0)
        self._n_outer_axes = min(structure.n_outer, 2)
        self._at, self._ratios = _grid(problem, self._n_outer_axes)
        work = _numbers_per_point(problem) * len(self._ratios)
        chunks = np.array_split(self._ratios, int(np.ceil(work / _CHUNK)))
        found = [profiled_deviances(problem, chunk) for chunk in chunks]
        deviances, self._residuals = (np.concatenate(part) for part in zip(*found, strict=True))
        self._order = np.argsort(deviances, kind="stable")
        table = deviances.reshape(self._at.max(axis=0) + 1)
        lowest = ndimage.minimum_filter(table, 3, mode="nearest")
        self._valley = (table <= lowest).ravel()

    def valleys(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return parameters, and the size of a step in each, where no neighbour is lower."""
        return [self._point(k) for k in self._order if self._valley[k]]

    def corners(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return points with any choice of lowest and high reliabilities that are no valleys."""
        chosen = np.isin(self._at, (0, _HIGH)).all(axis=1) & ~self._valley
        return [self._point(k) for k in self._order if chosen[k]]

    def one_sided(self) -> list[tuple[np.ndarray, np.ndarray, bool]]:
        """Return points where one level, or an axis of it, has nearly all of the variance.

        With each goes whether that is the inner level.
        """
        outer, inner = np.split(self._at == _HIGH, [self._n_outer_axes], axis=1)
        one = outer.any(axis=1) ^ inner.any(axis=1)
        chosen = np.isin(self._at, (0, _HIGH)).all(axis=1) & one
        return [(*self._point(k), bool(inner[k].any())) for k in self._order if chosen[k]]

    def _point(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        size = np.sqrt(self._ratios[k] * self._residuals[k])[self.chart.rows]
        theta = np.append(self._unit[:-1] * size, np.log(self._residuals[k]))
        return theta, np.append(size, 1.0)


def _grid(problem: Problem, n_outer_axes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions on the axes, and variances of the random terms over the residual one."""
    structure = problem.structure
    n_axes = n_outer_axes + structure.nested
    axis = np.minimum(np.arange(structure.size), 1)
    axis[structure.n_outer :] = n_axes - 1
    few = len(_MANY) ** n_axes * _numbers_per_point(problem) > _WORK
    grid = np.array(_FEW if few else _MANY)
    groups = np.empty(structure.size)
    for block in structure.blocks:
        groups[list(block)] = problem.group_count(block)
    at = np.indices([len(grid)] * n_axes).reshape(n_axes, -1).T
    return at, (grid / (1 - grid))[at[:, axis]] * groups / problem.products.n


def _numbers_per_point(problem: Problem) -> int:
    """Return how many numbers the deviance at one point of the map takes."""
    groups = problem.group_count(problem.structure.blocks[-1])
    return problem.products.n_columns * problem.structure.n_outer * groups


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
    n = problem.structure.n_outer
    zz, zw, ww, logs = _at_inner_ratios(problem, ratios)
    root = np.sqrt(ratios[:, :n]).T[:, :, None]  # (q, c, 1)
    middle = root[:, None] * zz * root
    middle[np.diag_indices(n)] += 1
    inverse, log_determinants = invert_stack(middle)
    pulled = apply_stack(root[:, None] * inverse * root, zw)
    plain = ww - np.einsum("kicg,licg->ckl", zw, pulled)
    lower = np.linalg.cholesky(plain[:, :-1, :-1])
    half = np.linalg.solve(lower, plain[:, :-1, -1:])[:, :, 0]
    residuals = (plain[:, -1, -1] - np.sum(half**2, axis=1)) / problem.freedom
    deviances = logs + log_determinants.sum(axis=1)
    deviances += problem.freedom * (1 + np.log(2 * np.pi * residuals))
    if problem.reml:
        deviances += 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return deviances, residuals


def _at_inner_ratios(problem: Problem, ratios: np.ndarray):
    """Return `CrossProducts.weighted` at many inner variances at once, with a residual of 1."""
    products, means, c = problem.products, problem.products.means, len(ratios)
    zz, zw = products.zz[:, :, None], products.zw[:, :, None]
    if means is None:
        zz, zw = (np.broadcast_to(x, (*x.shape[:2], c, x.shape[3])) for x in (zz, zw))
        return zz, zw, products.ww, np.zeros(c)
    weights = 1 / (1 + ratios[:, -1:] * means.sizes)  # (c, T)
    zz = zz + means.sum(means.zz[:, :, None] * weights)
    zw = zw + means.sum(means.zw[:, :, None] * weights)
    ww = products.ww + (means.w * weights[:, None]) @ means.w.T
    return zz, zw, ww, -np.log(weights).sum(axis=1)
