"""Charts of the covariances in which one standard deviation or correlation is held fixed."""

from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

import numpy as np

from pilot_analysis.stats.mixed.solution import Solution
from pilot_analysis.stats.mixed.structure import Chart, Structure

__all__ = ["Restriction", "leave_out", "restrict_correlation", "restrict_deviation"]

_HINT = 1e-3  # share of the residual deviation from which a term at its boundary starts


@dataclass(frozen=True, slots=True)
class Restriction:
    """A family of charts, one for each value of the parameter that is held fixed.

    F is written in the terms' own units, and triangular with the parameter's terms first: the
    first entry of a first term is its standard deviation, and the first two entries of a second
    term are that term's standard deviation times r and the root of 1 - r^2.

    Attributes
    ----------
    structure : Structure
    to_basis : numpy.ndarray, shape (size, size)
        From the terms' own units to those of the data's basis.
    kind : {"deviation", "absent", "correlation", "residual"}
    term : int
        The term whose deviation, or whose correlation with the first, is held fixed; or the term
        that is left out.
    places : list of (int, int)
        Entries of F that are free.
    start, size : numpy.ndarray
        The free parameters at the optimum, and the scale of each.
    positive : list of int
        Free parameters that are standard deviations, so that a correlation has its sign.
    """

    structure: Structure
    to_basis: np.ndarray
    kind: Literal["deviation", "absent", "correlation", "residual"]
    term: int
    places: list[tuple[int, int]]
    start: np.ndarray
    size: np.ndarray
    positive: list[int]

    def chart(self, value: float = 0.0) -> Chart:
        """Return the chart in which the parameter has this value."""
        size = self.structure.size
        directions, offset = np.zeros((len(self.places), size, size)), np.zeros((size, size))
        for k, place in enumerate(self.places):
            directions[k][place] = 1
        if self.kind == "deviation":
            offset[self.term, _own_column(self.structure, self.term)] = value
        if self.kind == "correlation":
            second = self.places.index((self.term, 1))
            directions[second, self.term, :2] = value, sqrt(max(1 - value**2, 0.0))
        log_residual = 2 * log(value) if self.kind == "residual" else None
        return Chart(
            self.structure, self.to_basis @ directions, self.to_basis @ offset, log_residual
        )


def restrict_deviation(solution: Solution, at: int) -> Restriction:
    """Hold fixed the standard deviation at a position among the variances, the residual last."""
    size = solution.problem.structure.size
    return _restrict(solution, [at], "residual" if at == size else "deviation", at)


def leave_out(solution: Solution, at: int) -> Restriction:
    """Hold the standard deviation of a random term at zero."""
    return _restrict(solution, [at], "absent", at)


def restrict_correlation(solution: Solution, first: int, second: int) -> Restriction:
    """Hold fixed the correlation of two of the outer level's terms."""
    return _restrict(solution, [first, second], "correlation", second)


def _own_column(structure: Structure, term: int) -> int:
    return 0 if structure.correlated and term < structure.n_outer else term


def _restrict(solution: Solution, first: list[int], kind, term: int) -> Restriction:
    structure, point = solution.problem.structure, solution.optimum.point
    residual, n = point.chart.residual(point.theta), structure.n_outer
    absent = [term] if kind == "absent" else []
    order = [i for i in [*first, *(i for i in range(n) if i not in first)] if i < n]
    units = np.ones(structure.size)
    units[:n] = np.linalg.norm(solution.terms.to_terms, axis=1)
    units *= sqrt(residual)
    factor, places = _factor(solution, [i for i in order if i not in absent], units)
    own = (term, _own_column(structure, term))
    places = [p for p in places if p[0] not in absent and (kind == "residual" or p != own)]
    positive = []
    if kind == "correlation":  # the first entry of the second row is tied to the next
        factor[term, 1] = np.hypot(*factor[term, :2])
        positive = [places.index((first[0], 0)), places.index((term, 1))]
    start = np.array([factor[place] for place in places])
    size = np.array([max(np.abs(factor[row]).max(), 0.05 * units[row]) for row, _ in places])
    if kind != "residual":
        start, size = np.append(start, log(residual)), np.append(size, 1.0)
    to_basis = np.eye(structure.size)
    to_basis[:n, :n] = np.linalg.inv(solution.terms.to_terms)
    return Restriction(structure, to_basis, kind, term, places, start, size, positive)


def _factor(solution: Solution, order: list[int], units: np.ndarray):
    """Return F at the optimum, triangular in this order of the outer terms, and its places.

    A hint of each term is added, so that none starts at zero, where it cannot move.
    """
    structure = solution.problem.structure
    covariance = solution.covariance() / solution.spread**2 + np.diag((_HINT * units) ** 2)
    factor, places = np.diag(np.sqrt(np.diag(covariance))), [(i, i) for i in range(structure.size)]
    if structure.correlated:
        corner = covariance[np.ix_(order, order)]
        factor[np.ix_(order, range(len(order)))] = np.linalg.cholesky(corner)
        triangle = [(row, j) for i, row in enumerate(order) for j in range(i + 1)]
        places = [*triangle, *places[structure.n_outer :]]
    return factor, places
