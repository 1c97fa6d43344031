"""The logistic log-likelihood with Jeffreys's prior: its maximum, and its profile."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
from scipy import special
from scipy.optimize import brentq

__all__ = ["Maximum", "PenalizedLogit"]

_SHARED = 0.4  # with no leverage above, no few rows decide, and no second peak was ever found

_MOST_STEPS = 200
_MOST_HALVINGS = 30
_MOST_PEAKS = 10
_STARTS = 20  # from which other peaks are looked for
_NEARLY_EVEN = 2.0  # SD of the log odds at a start's dividing places
_EVEN = 0.01  # leverage up to which the penalty's own curvature is too small to matter
_FLAT = 1e-20  # squared length of a step, in standard errors, that counts as none
_ROUNDING = 1e-13  # share of the likelihood by which it may seem to fall
_SMALLEST = 1e-75  # of the information's root, so that its inverse does not overflow
_SINGULAR = 1e-7  # ratio in the root at which the columns can no longer be told apart
_LONGEST = 5.0  # a step changes no linear predictor by more


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the penalized likelihood is largest.

    Attributes
    ----------
    beta : numpy.ndarray, shape (p,)
    log_likelihood : float
        Penalized.
    information : numpy.ndarray, shape (p, p)
        Fisher's, at `beta`.
    largest_leverage : float
        Of any row: near 0 where no few rows decide.
    converged : bool
    """

    beta: np.ndarray
    log_likelihood: float
    information: np.ndarray
    largest_leverage: float
    converged: bool


@dataclass(frozen=True, slots=True)
class PenalizedLogit:
    """Logistic regression of `y` on `X` with the penalty log|I|/2.

    Attributes
    ----------
    y : numpy.ndarray of 0/1, shape (n,)
    X : numpy.ndarray, shape (n, p)
        Full column rank.
    """

    y: np.ndarray
    X: np.ndarray

    def maximize(self, start: np.ndarray, *, fixed: tuple[int, float] | None = None) -> Maximum:
        """Find the maximum by Newton's method with halved steps.

        Parameters
        ----------
        start : numpy.ndarray, shape (p,)
        fixed : (position, value), optional
            Coefficient held at a value; the penalty stays that of all.
        """
        beta = np.array(start, dtype=float)
        free = np.ones(len(beta), dtype=bool)
        if fixed is not None:
            free[fixed[0]], beta[fixed[0]] = False, fixed[1]
        here = self._at(beta)
        for _ in range(_MOST_STEPS):
            if not np.isfinite(here.value):
                break
            step = self._step(here, free)
            if here.score @ step <= _FLAT:
                return here.as_maximum(beta, converged=True)
            step *= min(1.0, _LONGEST / np.abs(self.X @ step).max())
            for _ in range(_MOST_HALVINGS):
                new = self._at(beta + step)
                if new.value >= here.value - _ROUNDING * abs(here.value):
                    break
                step /= 2
            else:
                break
            beta, here = beta + step, new
        return here.as_maximum(beta, converged=False)

    def highest(self, start: np.ndarray, *, fixed: tuple[int, float] | None = None) -> Maximum:
        """Maximize from `start`, and where there may be several peaks, find the highest.

        There may be where few rows decide, and where the fit separates the outcomes: a peak for
        each way to divide the rows between them.
        """
        first = self.maximize(start, fixed=fixed)
        separated = ((self.X @ first.beta > 0) == (self.y > 0.5)).all()
        if first.converged and first.largest_leverage < _SHARED and not separated:
            return first
        further = [first.beta, 3 * first.beta, 10 * first.beta, *self._divisions(fixed)]
        return self._best(further, fixed=fixed)

    def _best(self, starts: Iterable[np.ndarray], *, fixed: tuple[int, float] | None) -> Maximum:
        found = [self.maximize(start, fixed=fixed) for start in starts]
        return max(found, key=lambda maximum: (maximum.converged, maximum.log_likelihood))

    def profile_limit(
        self, fit: Maximum, j: int, step: float, fall: float, furthest: float
    ) -> float | None:
        """Find where the profile of coefficient `j` lies `fall` below the maximum.

        Far from the maximum the likelihood can have several peaks, so where few rows decide
        others are looked for at the limit; a higher one moves the limit outwards.

        Parameters
        ----------
        step : float
            One standard error, negative for the lower limit.
        furthest : float
            Standard errors after which the search ends.

        Returns
        -------
        float or None
            None where it is not found.
        """
        near = fit
        for _ in range(_MOST_PEAKS):
            near = self._crossing(fit, near, j, step, fall, furthest)
            if near is None:
                return None
            limit = float(near.beta[j])
            if near.largest_leverage < _SHARED or len(near.beta) == 1:
                return limit
            near = self._best(self._divisions((j, limit)), fixed=(j, limit))
            if not near.converged or near.log_likelihood <= fit.log_likelihood - fall + 1e-8:
                return limit
        return None

    def _crossing(self, fit, near, j, step, fall, furthest) -> Maximum | None:
        """Return the maximum, given coefficient `j`, that lies `fall` below, beyond `near`."""
        wanted, anchor = sqrt(fall), near

        def short(distance: float) -> float:
            # the root of the fall is almost a straight line, which the search likes
            nonlocal near
            starts = [near.beta] if near.largest_leverage < _SHARED else [near.beta, anchor.beta]
            near = self._best(starts, fixed=(j, fit.beta[j] + distance * step))
            if not near.converged:
                return nan
            return wanted - sqrt(max(0.0, fit.log_likelihood - near.log_likelihood))

        inside = (near.beta[j] - fit.beta[j]) / step
        outside = inside + 1.5 * sqrt(2 * fall)
        while not (left := short(outside)) <= 0:
            if isnan(left) or outside > furthest:
                return None
            inside, outside = outside, 2 * outside
        try:
            short(brentq(short, inside, outside, xtol=1e-11, rtol=1e-11))
        except ValueError:  # a maximum on the way was not found, or the other end is past it
            return None
        return near

    def _divisions(self, fixed: tuple[int, float] | None) -> Iterator[np.ndarray]:
        """Yield starts at which the odds are about even at places between some of the rows."""
        n, p = self.X.shape
        free = np.ones(p, dtype=bool)
        start = np.zeros(p)
        if fixed is not None:
            free[fixed[0]], start[fixed[0]] = False, fixed[1]
        rng = np.random.default_rng(n)  # always the same places for the same rows
        for _ in range(_STARTS if free.any() else 0):
            one, other = self.X[rng.integers(0, n, (2, free.sum()))]
            share = rng.random((len(one), 1))
            places = one * share + other * (1 - share)
            wanted = rng.normal(0, _NEARLY_EVEN, len(one)) - places @ (start * ~free)
            start[free] = np.linalg.lstsq(places[:, free], wanted, rcond=None)[0]
            yield start.copy()

    def _at(self, beta: np.ndarray) -> "_Point":
        eta = self.X @ beta
        p = special.expit(eta)
        weight = p * special.expit(-eta)
        weighted = self.X * weight[:, None]
        information = self.X.T @ weighted
        lower = _root(information)
        if lower is None:  # so far out that nothing tells the columns apart
            nothing = np.zeros(len(beta))
            return _Point(-np.inf, nothing, information, information, weight, p, weight)
        half = np.linalg.solve(lower, np.eye(len(beta)))
        inverse = half.T @ half
        leverage = (weighted @ inverse * self.X).sum(axis=1)
        value = self.y @ eta - np.logaddexp(0, eta).sum() + np.log(np.diag(lower)).sum()
        score = self.X.T @ (self.y - p + leverage * (0.5 - p))
        return _Point(float(value), score, information, inverse, weight, p, leverage)

    def _step(self, here: "_Point", free: np.ndarray) -> np.ndarray:
        """Return Newton's step, or where the curvature is not that of a maximum, Fisher's."""
        X, skew = self.X, 1 - 2 * here.p
        curvature = here.weight * (1 + here.leverage) - here.leverage * skew**2 / 2
        hessian = X.T @ (X * curvature[:, None])
        if here.leverage.max() > _EVEN:
            # how the information changes with each coefficient, times its inverse
            products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
            change = (X * (here.weight * skew)[:, None]).T @ products
            change = change.reshape(len(free), *here.inverse.shape) @ here.inverse
            hessian += np.einsum("rkl,slk->rs", change, change) / 2
        step = np.zeros(len(free))
        places = np.ix_(free, free)
        lower = _root(hessian[places])
        if lower is None:
            lower = np.linalg.cholesky(here.information[places])
        step[free] = np.linalg.solve(lower.T, np.linalg.solve(lower, here.score[free]))
        return step


@dataclass(frozen=True, slots=True)
class _Point:
    """The penalized likelihood at one place; arrays over rows have shape (n,)."""

    value: float
    score: np.ndarray
    information: np.ndarray
    inverse: np.ndarray
    weight: np.ndarray
    p: np.ndarray
    leverage: np.ndarray

    def as_maximum(self, beta: np.ndarray, *, converged: bool) -> Maximum:
        largest = float(self.leverage.max())
        return Maximum(beta, self.value, self.information, largest, converged)


def _root(curvature: np.ndarray) -> np.ndarray | None:
    """Return the Cholesky factor; None where there is none that can be relied on."""
    try:
        lower = np.linalg.cholesky(curvature)
    except np.linalg.LinAlgError:
        return None
    diagonal = np.diag(lower)
    enough = max(_SMALLEST, _SINGULAR * diagonal.max(initial=0.0))
    return lower if diagonal.min(initial=1.0) > enough else None
