"""Where the deviance is smallest, boundaries included, and whether that could be verified."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from pilot_analysis.stats.mixed.deviance import Point, Problem
from pilot_analysis.stats.mixed.newton import decrement, minimize
from pilot_analysis.stats.mixed.starts import Starts
from pilot_analysis.stats.mixed.structure import Chart

__all__ = ["Optimum", "find_optimum", "point_at"]

_SLIGHT = 1e-2  # reliability of a group's mean below which a variance of zero is tried
_AS_GOOD = 1e-8  # rise of the deviance that a variance of exactly zero may cost
_FLAT = 1e-8  # fall of the deviance that may be left at an optimum
_FEW, _ALIKE = 50, 4  # groups, and the largest's size relative to the smallest's
_HINT = 0.01  # share of a start's covariance that brings a level back
_COLLAPSED = 1e-10  # residual variance, as a share of what least squares leaves


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best point found.

    Attributes
    ----------
    point : Point
    ranks : tuple of int
        Rank of each block's covariance matrix.
    converged : bool
        Gradient, curvature and the conditions at the boundary hold, and no other point that was
        tried is lower.
    singular : bool
        A variance is exactly zero, or a covariance matrix has lost a rank.
    """

    point: Point
    ranks: tuple[int, ...]
    converged: bool
    singular: bool


def find_optimum(problem: Problem) -> Optimum:
    """Minimize the deviance over all covariances of the problem's structure.

    The search goes down from every valley of a coarse map. With few groups of very unequal sizes
    other valleys may hide between its points, and levels or terms may compete for the same
    variance; so then it also starts from far corners of the map, and tries each level without the
    other. Where a variance, or a direction of a covariance matrix, is as good at zero, it is set
    to exactly zero.
    """
    starts, uneven = Starts(problem), _has_few_uneven_groups(problem)
    best = _lowest(problem, starts.chart, starts.valleys())
    if uneven or not best.converged:
        best = _lowest(problem, starts.chart, starts.corners(), best)
    if uneven:
        for theta, size, inner in starts.one_sided():
            best = _one_level(problem, starts.chart, theta, size, inner, best)
    return best


def _has_few_uneven_groups(problem: Problem) -> bool:
    """Whether there may be several valleys; with many groups, or with equal ones, there is one."""
    few = problem.group_count(problem.structure.blocks[0]) <= _FEW
    return few and problem.products.largest_ratio() > _ALIKE


def _lowest(problem: Problem, chart: Chart, points, best: Optimum | None = None) -> Optimum:
    for theta, size in points:
        found = _descend(problem, chart, theta, size)
        if best is None or _is_better(found, best):
            best = found
    return best


def _one_level(problem: Problem, chart: Chart, theta, size, inner: bool, best: Optimum) -> Optimum:
    """Leave the other level out; if that is lower than the best, go on with a hint of it."""
    structure = problem.structure
    kept = [(structure.n_outer in block) == inner for block in structure.blocks]
    full = [len(block) for block in structure.blocks]
    some = [rank if keep else 0 for rank, keep in zip(full, kept, strict=True)]
    covariance = chart.covariance(theta)
    fewer, start = Chart.around(structure, covariance, some, theta[-1])
    steps = np.append(np.full(len(start) - 1, size[:-1].max()), 1.0)
    point = minimize(partial(point_at, problem, fewer), problem.at(fewer, start), steps)
    if point.value > best.point.value - _AS_GOOD:
        return best
    hinted = fewer.covariance(point.theta) + _HINT * covariance
    again, start = Chart.around(structure, hinted, full, point.theta[-1])
    return _lowest(problem, again, [(start, size)], best)


def _is_better(found: Optimum, best: Optimum) -> bool:
    gain = best.point.value - found.point.value
    return gain > _AS_GOOD or (gain > -_AS_GOOD and found.converged and not best.converged)


def point_at(problem: Problem, chart: Chart, theta: np.ndarray) -> Point | None:
    """Return the point, or None where the covariance cannot be computed with.

    So it is where the residual variance has collapsed, as it does where nothing varies within
    groups.
    """
    if not np.isfinite(theta).all() or chart.residual(theta) < _COLLAPSED / 100:
        return None
    try:
        return problem.at(chart, theta)
    except np.linalg.LinAlgError:
        return None


def _descend(problem: Problem, chart: Chart, theta, size) -> Optimum:
    full = [len(block) for block in problem.structure.blocks]
    point = minimize(partial(point_at, problem, chart), problem.at(chart, theta), size)
    limit, ranks = point.value + _AS_GOOD, full
    while (simpler := _simpler(problem, point, ranks)) is not None:
        fewer, chart, theta = simpler
        size = np.maximum(np.abs(theta), 0.1 * np.sqrt(chart.residual(theta)))
        size[-1] = 1.0
        lower = minimize(partial(point_at, problem, chart), problem.at(chart, theta), size)
        if lower.value > limit:
            break
        point, ranks = lower, fewer
    return Optimum(point, tuple(ranks), _is_minimum(problem, point, ranks), ranks != full)


def _simpler(problem: Problem, point: Point, ranks: list[int]):
    """Return ranks, chart and parameters with the slightest direction of all at zero.

    None where no direction is slight.
    """
    structure, residual = problem.structure, point.chart.residual(point.theta)
    covariance = point.chart.covariance(point.theta)
    slight = []
    for at, (block, rank) in enumerate(zip(structure.blocks, ranks, strict=True)):
        if rank:
            smallest = np.linalg.eigvalsh(covariance[np.ix_(block, block)])[len(block) - rank]
            odds = smallest * problem.products.n / problem.group_count(block) / residual
            slight.append((odds, at))
    if not slight or min(slight)[0] > _SLIGHT:
        return None
    at = min(slight)[1]
    fewer = [rank - (i == at) for i, rank in enumerate(ranks)]
    inside = np.ix_(structure.blocks[at], structure.blocks[at])
    values, vectors = np.linalg.eigh(covariance[inside])
    values[: len(values) - fewer[at]] = 0.0
    covariance[inside] = (vectors * values) @ vectors.T
    return fewer, *Chart.around(structure, covariance, fewer, np.log(residual))


def _is_minimum(problem: Problem, point: Point, ranks: list[int]) -> bool:
    """Verify gradient and curvature along the free parameters, and the slope into the others."""
    if point.chart.residual(point.theta) < _COLLAPSED:
        return False
    if not decrement(*point.derivatives()) < _FLAT:
        return False
    structure, state = problem.structure, point.state()
    slope = structure.matrix(state.gradient[:-1], halved=True)
    curvature = np.diag(structure.matrix(np.diag(state.traces)[:-1]))
    covariance = point.chart.covariance(point.theta)
    for block, rank in zip(structure.blocks, ranks, strict=True):
        if rank == len(block):
            continue
        inside = np.ix_(block, block)
        null = np.linalg.eigh(covariance[inside])[1][:, : len(block) - rank]
        steepest = np.linalg.eigvalsh(null.T @ slope[inside] @ null)[0]
        if steepest < 0 and steepest**2 / curvature[list(block)].max() > _FLAT:
            return False
    return True
