"""The REML or ML deviance of random intercepts, profiled, and its optimum."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import linalg, optimize

from pilot_analysis.stats.mixed.algebra import Decomposition, Precision

__all__ = ["Optimum", "State", "minimize_deviance"]

_GRID = (0.02, 0.2, 2.0)  # starting ratios of a level's variance to the residual variance
_SMALLEST, _LARGEST = 1e-8, 1e8  # ratios beyond which a level is taken to be at its bound
_GAIN = 1e-8  # fall of the deviance below which a zero variance is as good
_FLAT = 1e-5  # largest gradient of the deviance per unit of a log variance ratio


@dataclass(frozen=True, slots=True)
class State:
    """The deviance at given variances, with what inference needs.

    Attributes
    ----------
    variances : numpy.ndarray, shape (levels + 1,)
        Outermost level first, residual last.
    deviance : float
        Minus twice the log (restricted) likelihood, without the constant of the basis.
    gradient : numpy.ndarray, shape (levels + 1,)
    hessian : numpy.ndarray, shape (levels + 1, levels + 1)
        Derivatives by the variances.
    beta : numpy.ndarray, shape (p,)
    phi : numpy.ndarray, shape (p, p)
        (X'V^-1 X)^-1.
    first : numpy.ndarray, shape (levels + 1, p, p)
        X'V^-1 V_a V^-1 X.
    second : numpy.ndarray, shape (levels + 1, levels + 1, p, p)
        X'V^-1 V_a V^-1 V_b V^-1 X.
    traces : numpy.ndarray, shape (levels + 1, levels + 1)
        tr(V^-1 V_a V^-1 V_b).
    """

    variances: np.ndarray
    deviance: float
    gradient: np.ndarray
    hessian: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    first: np.ndarray
    second: np.ndarray
    traces: np.ndarray


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the deviance is smallest, and whether that could be verified."""

    state: State
    converged: bool
    singular: bool


@dataclass(frozen=True, slots=True)
class _Profile:
    """The deviance at variance ratios; everything in units of the residual variance."""

    precision: Precision
    beta: np.ndarray
    residual_variance: float
    deviance: float


def _profile(parts: Decomposition, ratios: np.ndarray, reml: bool) -> _Profile:
    precision = parts.precision(np.append(ratios, 1.0))
    plain = precision.cross_products()
    lower = linalg.cholesky(plain[:-1, :-1], lower=True)
    half = linalg.solve_triangular(lower, plain[:-1, -1], lower=True)
    p = len(half)
    freedom = parts.n - p if reml else parts.n
    residual_variance = (plain[-1, -1] - half @ half) / freedom
    deviance = precision.log_determinant() + freedom * (1 + np.log(2 * np.pi * residual_variance))
    if reml:
        deviance += 2 * np.log(np.diag(lower)).sum()
    beta = linalg.solve_triangular(lower.T, half)
    return _Profile(precision, beta, float(residual_variance), float(deviance))


def _state(at: _Profile, reml: bool) -> State:
    plain, first, second = at.precision.products()
    single, double = at.precision.traces()
    phi = linalg.inv(plain[:-1, :-1])
    residual = np.append(-at.beta, 1.0)  # the columns' combination that leaves y - X beta
    by_first = first[:, :-1, :] @ residual
    scale = at.residual_variance
    gradient = single - residual @ first @ residual / scale
    # r'V_a P V_b r with P = V^-1 - V^-1 X phi X'V^-1, and V^-1 on either side
    bent = residual @ second @ residual - by_first @ phi @ by_first.T
    hessian = 2 * bent / scale - double
    first, second = first[:, :-1, :-1], second[:, :, :-1, :-1]
    if reml:
        gradient = gradient - np.einsum("ij,aji->a", phi, first)
        turned = phi @ first
        hessian = hessian + 2 * np.einsum("ij,abji->ab", phi, second)
        hessian = hessian - np.einsum("aij,bji->ab", turned, turned)
    # from units of the residual variance to the outcome's own
    return State(
        at.precision.variances * scale, at.deviance, gradient / scale, hessian / scale**2,
        at.beta, phi * scale, first / scale**2, second / scale**3, double / scale**2,
    )  # fmt: skip


def minimize_deviance(parts: Decomposition, reml: bool) -> Optimum:
    """Find the variances with the smallest deviance, boundaries included.

    Every choice of levels whose variance is exactly zero is fitted, the others by Newton steps
    in a trust region on the log ratios, from the best of a grid of starts and, where the result
    is no verified optimum, from the next ones. A zero is preferred wherever it is as good.
    """
    best: Optimum | None = None
    for free in sorted(product((False, True), repeat=parts.n_levels), key=sum):
        found = _minimize_free(parts, np.array(free), reml)
        if found is None:
            continue
        if best is None or best.state.deviance - found.state.deviance > _GAIN:
            best = found
    return best


def _minimize_free(parts, free, reml) -> Optimum | None:
    problem = _Problem(parts, free, reml)
    if not free.any():
        return problem.optimum(np.empty(0))
    starts = sorted(product(np.log(_GRID), repeat=int(free.sum())), key=problem.value)
    best: Optimum | None = None
    for start in starts[:4]:
        answer = optimize.minimize(
            problem.value, np.array(start), jac=problem.gradient, hess=problem.hessian,
            method="trust-exact", options={"gtol": 1e-8, "maxiter": 100},
        )  # fmt: skip
        if np.any(answer.x < np.log(_SMALLEST)):
            continue  # runs off to zero: that boundary is fitted on its own
        found = problem.optimum(answer.x)
        if found.converged:
            return found
        best = best or found
    return best


class _Problem:
    """The profiled deviance as a function of the free levels' log variance ratios."""

    def __init__(self, parts, free, reml):
        self._parts, self._free, self._reml = parts, free, reml
        self._key, self._profiled, self._found = None, None, None

    def value(self, logs) -> float:
        return self._at(logs).deviance

    def gradient(self, logs) -> np.ndarray:
        return self._in_logs(logs)[0]

    def hessian(self, logs) -> np.ndarray:
        return self._in_logs(logs)[1]

    def optimum(self, logs) -> Optimum:
        """Return the point with the verdict whether it is a minimum, bounds included."""
        gradient, hessian = self._in_logs(logs)
        state = self._state_at(logs)
        outward = state.gradient[:-1][~self._free] * state.variances[-1]
        minimum = (
            np.all(np.abs(gradient) < _FLAT)
            and np.all(np.linalg.eigvalsh(hessian) > 0)
            and np.all(logs < np.log(_LARGEST))
            and np.all(outward > -_FLAT * self._parts.n)
        )
        return Optimum(state, bool(minimum), not self._free.all())

    def _at(self, logs) -> _Profile:
        key = tuple(np.asarray(logs, dtype=float))
        if key != self._key:
            ratios = np.zeros(len(self._free))
            # Beyond the bounds no answer is used; the clip only keeps the arithmetic finite.
            ratios[self._free] = np.exp(np.clip(key, -40, 20))
            self._profiled = _profile(self._parts, ratios, self._reml)
            self._key, self._found = key, None
        return self._profiled

    def _state_at(self, logs) -> State:
        at = self._at(logs)
        if self._found is None:
            self._found = _state(at, self._reml)
        return self._found

    def _in_logs(self, logs):
        """Chain rule: variances = exp(log ratio + log residual), the residual profiled out."""
        state = self._state_at(logs)
        use = np.append(self._free, True)
        v = state.variances[use]
        slope = v * state.gradient[use]
        bend = np.diag(slope) + v[:, None] * state.hessian[np.ix_(use, use)] * v
        jacobian = np.eye(len(v))
        jacobian[:, -1] = 1.0
        bend = jacobian.T @ bend @ jacobian
        profiled = bend[:-1, :-1] - np.outer(bend[:-1, -1], bend[-1, :-1]) / bend[-1, -1]
        return slope[:-1], profiled
