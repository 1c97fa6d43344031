"""A mixed model's optimum, and its parts in the units of the outcome and the terms' own."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.formula import Design
from pilot_analysis.stats.mixed.basis import orthonormal
from pilot_analysis.stats.mixed.deviance import Problem
from pilot_analysis.stats.mixed.inference import FixedEffects
from pilot_analysis.stats.mixed.levels import Levels
from pilot_analysis.stats.mixed.optimum import Optimum, find_optimum
from pilot_analysis.stats.mixed.products import CrossProducts
from pilot_analysis.stats.mixed.structure import Structure
from pilot_analysis.stats.mixed.terms import RandomTerms

__all__ = ["Solution", "solve"]


@dataclass(frozen=True, slots=True)
class Solution:
    """The optimum of a model whose fixed terms are an orthonormal basis.

    The outcome is what least squares leaves, in units of its own spread, so that the optimizer's
    tolerances mean the same whatever the units are.

    Attributes
    ----------
    design : Design
    levels : Levels
    terms : RandomTerms
    problem : Problem
    optimum : Optimum
    to_terms : numpy.ndarray, shape (p, p)
        Coefficients of the formula's terms = `to_terms` @ coefficients of the basis.
    start : numpy.ndarray, shape (p,)
        Least-squares coefficients in the basis.
    spread : float
    """

    design: Design
    levels: Levels
    terms: RandomTerms
    problem: Problem
    optimum: Optimum
    to_terms: np.ndarray
    start: np.ndarray
    spread: float

    @property
    def coefficients(self) -> np.ndarray:
        """Fixed effects, shape (p,)."""
        return self.to_terms @ (self.start + self.spread * self.optimum.point.state().beta)

    @property
    def log_likelihood(self) -> float:
        """Log (restricted) likelihood of the outcome in its own units."""
        deviance = self.optimum.point.value + 2 * self.problem.freedom * np.log(self.spread)
        if self.problem.reml:
            deviance -= 2 * np.log(np.abs(np.diag(self.to_terms))).sum()
        return float(-deviance / 2)

    def outer_names(self) -> list[str]:
        """Return the names of the outer level's variances: "school", "school: small", ..."""
        level = next(iter(self.levels.labels))
        return [level, *(f"{level}: {slope}" for slope in self.terms.names[1:])]

    def covariance(self) -> np.ndarray:
        """Return the covariance of the random terms, the inner level's intercept last."""
        point, n = self.optimum.point, self.problem.structure.n_outer
        change = np.eye(self.problem.structure.size)
        change[:n, :n] = self.terms.to_terms
        factor = change @ point.chart.factor(point.theta) * self.spread
        return factor @ factor.T

    def variances(self) -> dict[str, float]:
        """Return every variance, the residual one last."""
        point = self.optimum.point
        names = [*self.outer_names(), *list(self.levels.labels)[1:]]
        found = dict(zip(names, np.diag(self.covariance()).tolist(), strict=True))
        return found | {"residual": point.chart.residual(point.theta) * self.spread**2}

    def correlations(self) -> dict[str, float]:
        """Return the correlation of each pair of correlated random terms."""
        if not self.terms.correlated:
            return {}
        covariance, names = self.covariance(), self.terms.names
        level = next(iter(self.levels.labels))
        found = {}
        for i, j in combinations(range(len(names)), 2):
            size = np.sqrt(covariance[i, i] * covariance[j, j])
            value = np.clip(covariance[i, j] / size, -1, 1) if size > 0 else np.nan
            if self.optimum.ranks[0] == 1:
                value = np.sign(value)  # 1 or -1, not nearly so
            found[f"{level}: {names[i]}, {names[j]}"] = float(value)
        return found

    def shares(self) -> dict[str, float]:
        """Return each level's share of the total variance, averaged over the rows."""
        products, point, n = self.problem.products, self.optimum.point, len(self.terms.names)
        square = products.outer_squares().sum(axis=2) / products.n
        factor = point.chart.outer_factor(point.theta) * self.spread
        inside = list(self.variances().values())[n:]
        parts = [float(np.sum(square * (factor @ factor.T))), *inside]
        return dict(zip(self.levels.labels, np.array(parts[:-1]) / sum(parts), strict=True))

    def in_terms(self, effects: FixedEffects) -> FixedEffects:
        """Bring inference from the basis to the formula's terms."""
        change = self.to_terms * self.spread
        return FixedEffects(
            change @ effects.covariance @ change.T,
            change @ effects.model_covariance @ change.T,
            change @ effects.slopes @ change.T,
            effects.uncertainty,
        )


def solve(design: Design, levels: Levels, terms: RandomTerms, reml: bool) -> Solution:
    """Sum up the data and find the optimum.

    Raises
    ------
    DesignError
        Nothing is left to explain, or a slope that does not vary within any group.
    """
    basis, triangle = orthonormal(design.X, design.names)
    start = basis @ design.y
    residual = design.y - start @ basis
    spread = float(np.sqrt(np.mean(residual**2)))
    if not spread > 1e-10 * max(np.abs(design.y).max(), 1e-300):
        raise DesignError("The terms explain the outcome exactly; nothing varies.")
    columns = np.vstack([basis, residual / spread])[:, levels.order]
    products = CrossProducts.of(terms.columns[:, levels.order], columns, levels.outer, levels.inner)
    _require_varying_slopes(products, terms, next(iter(levels.labels)))
    structure = Structure(len(terms.names), levels.inner is not None, terms.correlated)
    problem = Problem(products, structure, reml)
    return Solution(
        design, levels, terms, problem, find_optimum(problem), np.linalg.inv(triangle), start,
        spread,
    )  # fmt: skip


def _require_varying_slopes(products: CrossProducts, terms: RandomTerms, level: str) -> None:
    zz = products.outer_squares()
    for j, name in enumerate(terms.names[1:], start=1):
        within = zz[j, j] - zz[0, j] ** 2 / zz[0, 0]
        if within.sum() < 1e-9 * zz[j, j].sum():
            raise DesignError(
                f"random_slopes: {name!r} does not vary within any {level!r}, so no {level!r} "
                "shows a slope of its own. Leave it out of the random slopes."
            )
