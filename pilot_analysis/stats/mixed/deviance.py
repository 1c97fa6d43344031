"""The REML or ML deviance of a mixed model at given variances, with its derivatives."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.stats.mixed.precision import Precision
from pilot_analysis.stats.mixed.products import CrossProducts
from pilot_analysis.stats.mixed.structure import Chart, Structure

__all__ = ["Point", "Problem", "State"]


@dataclass(frozen=True, slots=True)
class State:
    """The deviance at given variances, with what inference needs.

    Attributes
    ----------
    variances : numpy.ndarray, shape (m,)
        As the structure orders them, the residual variance last.
    gradient : numpy.ndarray, shape (m,)
    hessian : numpy.ndarray, shape (m, m)
        Derivatives of the deviance by the variances.
    beta : numpy.ndarray, shape (p,)
    phi : numpy.ndarray, shape (p, p)
        (X'V^-1 X)^-1.
    first : numpy.ndarray, shape (m, p, p)
        X'V^-1 V_a V^-1 X.
    second : numpy.ndarray, shape (m, m, p, p)
        X'V^-1 V_a V^-1 V_b V^-1 X.
    traces : numpy.ndarray, shape (m, m)
        tr(V^-1 V_a V^-1 V_b).
    """

    variances: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    first: np.ndarray
    second: np.ndarray
    traces: np.ndarray

    def information(self) -> np.ndarray:
        """Return half the expected second derivative of the restricted deviance, (m, m)."""
        value = self.traces - 2 * np.einsum("ij,abji->ab", self.phi, self.second)
        turned = self.first @ self.phi
        return (value + np.einsum("aij,bji->ab", turned, turned)) / 2


@dataclass(frozen=True, slots=True)
class Problem:
    """The data of a mixed model in sums of products, and the likelihood that is asked for."""

    products: CrossProducts
    structure: Structure
    reml: bool

    @property
    def freedom(self) -> int:
        """Rows, less the fixed terms under REML."""
        return self.products.n - (self.products.n_columns - 1 if self.reml else 0)

    def group_count(self, block: tuple[int, ...]) -> int:
        """Return the number of groups that a block's terms vary over."""
        inner = block == (self.structure.n_outer,)
        return len(self.products.means.sizes) if inner else self.products.zz.shape[2]

    def at(self, chart: Chart, theta: np.ndarray) -> "Point":
        """Return the deviance at a chart's parameters."""
        return Point(self, chart, theta)


class Point:
    """The deviance at one value of a chart's parameters.

    Attributes
    ----------
    value : float
        Minus twice the log (restricted) likelihood, in the units and the basis of `products`.
    quadratic : float
        r'V^-1 r at the fixed effects that fit best.
    """

    def __init__(self, problem: Problem, chart: Chart, theta: np.ndarray):
        self.problem, self.chart, self.theta = problem, chart, theta
        factor = chart.factor(theta)
        nested = problem.structure.nested
        self.precision = Precision(
            problem.products, chart.outer_factor(theta),
            factor[-1, -1] ** 2 if nested else 0.0, chart.residual(theta),
        )  # fmt: skip
        plain = self.precision.plain
        lower = np.linalg.cholesky(plain[:-1, :-1])
        self._inverse = np.linalg.inv(lower)
        self._half = self._inverse @ plain[:-1, -1]
        self.quadratic = float(plain[-1, -1] - self._half @ self._half)
        self.value = (
            self.precision.log_determinant + self.quadratic + problem.freedom * np.log(2 * np.pi)
        )
        if problem.reml:
            self.value += 2 * float(np.log(np.diag(lower)).sum())
        self._state = None

    def state(self) -> State:
        """Return the derivatives by the variances, and all that inference needs."""
        if self._state is None:
            self._state = self._derive()
        return self._state

    def derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        """Return gradient and Hessian by the chart's parameters."""
        state = self.state()
        return self.chart.pull_back(self.theta, state.gradient, state.hessian)

    def _derive(self) -> State:
        variances = self.chart.variances(self.theta)
        forms = self.precision.forms(self.problem.structure.directions, variances)
        phi, beta = self._inverse.T @ self._inverse, self._inverse.T @ self._half
        first, second = forms.first, forms.second
        residual = np.append(-beta, 1.0)  # the columns' combination that leaves y - X beta
        by_first = first[:, :-1, :] @ residual
        gradient = forms.single - residual @ first @ residual
        # r'V_a P V_b r with P = V^-1 - V^-1 X phi X'V^-1, and V^-1 on either side
        bent = residual @ second @ residual - by_first @ phi @ by_first.T
        hessian = 2 * bent - forms.double
        first, second = first[:, :-1, :-1], second[:, :, :-1, :-1]
        if self.problem.reml:
            turned = phi @ first
            gradient = gradient - np.trace(turned, axis1=1, axis2=2)
            hessian = hessian + 2 * np.einsum("ij,abji->ab", phi, second)
            hessian = hessian - np.einsum("aij,bji->ab", turned, turned)
        return State(variances, gradient, hessian, beta, phi, first, second, forms.double)
