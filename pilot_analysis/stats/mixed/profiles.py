"""Profile-likelihood intervals for standard deviations and correlations of a mixed model."""

from collections.abc import Iterable
from itertools import combinations
from math import isnan, nan, sqrt

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.mixed.deviance import Point
from pilot_analysis.stats.mixed.newton import decrement, minimize
from pilot_analysis.stats.mixed.optimum import point_at
from pilot_analysis.stats.mixed.restrictions import (
    Restriction,
    leave_out,
    restrict_correlation,
    restrict_deviation,
)
from pilot_analysis.stats.mixed.solution import Solution

__all__ = ["profile_intervals"]

_FLAT = 1e-6  # fall of the deviance that may be left where one parameter is held fixed
_STEPS = 40  # doublings after which no limit is sought any farther


def profile_intervals(solution: Solution, unit: str, conf_level: float) -> dict[str, Estimate]:
    """Return the interval of every standard deviation and correlation of a verified optimum.

    A value lies inside where the deviance, minimized over everything else with this value held
    fixed, exceeds the smallest one by no more than the quantile of chi-squared with 1 df.
    """
    limit = sqrt(stats.chi2.ppf(conf_level, 1))
    n_outer, sizes = len(solution.terms.names), list(solution.levels.sizes.values())
    found = {}
    for at, (name, variance) in enumerate(solution.variances().items()):
        ends = _around_deviation(solution, at, sqrt(variance) / solution.spread, limit)
        ends = [end * solution.spread for end in ends]
        count = None if name == "residual" else sizes[at >= n_outer]
        found[name] = _estimate(
            solution, f"SD of {name}", sqrt(variance), ends, unit=unit, n_clusters=count,
            conf_level=conf_level,
        )  # fmt: skip
    pairs = combinations(range(n_outer), 2)
    for pair, (name, value) in zip(pairs, solution.correlations().items(), strict=False):
        ends = (nan, nan) if isnan(value) else _around_correlation(solution, *pair, value, limit)
        found[name] = _estimate(
            solution, f"correlation of {name}", value, ends, unit="correlation",
            n_clusters=sizes[0], conf_level=conf_level,
        )  # fmt: skip
    return found


def _estimate(solution: Solution, name, value, ends, **details) -> Estimate:
    details |= {"n": solution.problem.products.n, "method": "mixed_profile"}
    if isnan(value):
        reason = "A correlation with a term whose variance is zero is not defined."
        return Estimate.undefined(name, reason, **details)
    if isnan(sum(ends)):
        reason = "The likelihood does not fall far enough on both sides to give an interval."
        return Estimate.undefined(name, reason, estimate=value, **details)
    flags = ("singular",) if solution.optimum.singular else ()
    return Estimate.from_interval(name, value, *ends, flags=flags, **details)


def _around_deviation(solution: Solution, at: int, value: float, limit: float):
    profile = _Profile(solution, restrict_deviation(solution, at))
    residual = at == solution.problem.structure.size
    if not residual and (value == 0 or _rise_without(solution, at) <= limit):
        low = 0.0
    else:
        low = profile.cross(value, (value * 0.7 ** (2**k) for k in range(6)), limit)
    step = max(value / 4, profile.start_size)
    high = profile.cross(value, (value + step * 2**k for k in range(_STEPS)), limit)
    return low, high


def _around_correlation(solution: Solution, first, second, value: float, limit: float):
    """Where one of the terms may have no variance, every correlation is possible."""
    without = min(_rise_without(solution, term) for term in (first, second))
    if without <= limit:
        return -1.0, 1.0
    profile = _Profile(solution, restrict_correlation(solution, first, second), without)
    return tuple(
        end if value == end or profile.rise(end) <= limit else profile.cross(value, [end], limit)
        for end in (-1.0, 1.0)
    )


def _rise_without(solution: Solution, term: int) -> float:
    return _Profile(solution, leave_out(solution, term)).rise()


class _Profile:
    """Root of the deviance's rise above its minimum, as a function of one parameter.

    Parameters
    ----------
    solution : Solution
    restriction : Restriction
    otherwise : float
        The rise where the other parameters run into a wall.
    """

    def __init__(self, solution: Solution, restriction: Restriction, otherwise: float = nan):
        point = solution.optimum.point
        self._problem, self._restriction = solution.problem, restriction
        self._lowest, self._otherwise = point.value, otherwise
        self._theta = restriction.start
        self.start_size = 0.05 * sqrt(point.chart.residual(point.theta))

    def cross(self, near: float, candidates: Iterable[float], limit: float) -> float:
        """Return where the rise is the limit, between the estimate and the first one beyond it."""
        self._theta = self._restriction.start
        for far in candidates:
            if not self.rise(far) <= limit:
                break
        if not self.rise(far) > limit:
            return nan
        try:
            return brentq(
                lambda at: -limit if at == near else self.rise(at) - limit, near, far,
                xtol=1e-8 * max(abs(near), abs(far)), rtol=1e-8,
            )  # fmt: skip
        except ValueError:  # a rise that is NaN: the profile was lost on the way
            return nan

    def rise(self, value: float = 0.0) -> float:
        """Return the root of the rise where the parameter has this value."""
        chart, positive = self._restriction.chart(value), self._restriction.positive

        def at(theta: np.ndarray) -> Point | None:
            outside = np.any(theta[positive] <= 0)
            return None if outside else point_at(self._problem, chart, theta)

        starts = [at(theta) for theta in (self._theta, self._restriction.start)]
        starts = sorted((p for p in starts if p is not None), key=lambda p: p.value)
        for start in starts:
            size = np.maximum(np.abs(start.theta), self._restriction.size)
            point = minimize(at, start, size)
            if decrement(*point.derivatives(), idle=True) < _FLAT:
                self._theta = point.theta
                return self._root(point.value)
        return self._otherwise

    def _root(self, value: float) -> float:
        if value < self._lowest - _FLAT:
            return nan  # then the optimum was none, and nothing here can be relied on
        rise = sqrt(max(value - self._lowest, 0.0))
        return rise if isnan(self._otherwise) else min(rise, self._otherwise)
