"""Newton's method for a few parameters, in a trust region, that leaves saddle points."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

__all__ = ["decrement", "minimize"]

_DONE = 1e-13  # fall of the function that a full step still promises
_SUBTLE = 1e-6  # a promised fall this small may drown in the values' rounding errors
_FLAT = 1e-9  # curvature, relative to the largest, that counts as none


class _Point(Protocol):
    value: float
    theta: np.ndarray

    def derivatives(self) -> tuple[np.ndarray, np.ndarray]: ...


P = TypeVar("P", bound=_Point)


def minimize(
    at: Callable[[np.ndarray], P | None], start: P, scale: np.ndarray, *, max_steps: int = 100
) -> P:
    """Return the point where Newton steps from `start` come to rest.

    Each step is taken along the Hessian's own directions, downhill in each of them (a direction of
    negative curvature is followed as far as the region of trust reaches), so that maxima and
    saddle points hold it up no more than steep walls do.

    Parameters
    ----------
    at : callable
        Returns the point at some parameters, or None where the function is not defined.
    start : point
    scale : numpy.ndarray, shape (d,)
        A step of this size in each parameter is neither tiny nor huge.
    max_steps : int
    """
    point, radius = start, 0.5
    for _ in range(max_steps):
        axes, step, promised = _step(point, scale, radius)
        if promised < _DONE:
            break
        trial = at(point.theta + scale * (axes @ step))
        gained = -np.inf if trial is None else point.value - trial.value
        subtle = trial is not None and promised < _SUBTLE
        if gained > 0.05 * promised or (subtle and _step(trial, scale, radius)[2] < promised):
            point = trial
            radius = radius * 2 if gained > 0.5 * promised else radius
        else:
            radius = np.abs(step).max() / 4
            if radius < 1e-9:
                break
    return point


def _step(point: P, scale: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the Hessian's axes, the step along them, and the fall that the quadratic promises."""
    gradient, hessian = point.derivatives()
    curvature, axes = np.linalg.eigh(hessian * scale * scale[:, None])
    slope = axes.T @ (gradient * scale)
    flat = _FLAT * max(np.abs(curvature).max(), 1e-300)
    step = np.clip(-slope / np.maximum(np.abs(curvature), flat), -radius, radius)
    downhill = np.where(slope > 0, -radius, radius)  # to whichever side on the very ridge
    step = np.where(curvature < -flat, downhill, step)
    return axes, step, float(-(slope @ step + curvature @ step**2 / 2))


def decrement(gradient: np.ndarray, hessian: np.ndarray, *, idle: bool = False) -> float:
    """Return how far the function would still fall if it were quadratic; infinite at no minimum.

    The value does not depend on the parameters' units. `idle` allows for parameters, or
    combinations of them, that change nothing.
    """
    if not len(gradient):
        return 0.0
    size = np.sqrt(np.abs(np.diag(hessian)))
    if not (np.isfinite(hessian).all() and size.all()):
        return np.inf
    curvature, axes = np.linalg.eigh(hessian / np.outer(size, size))
    slope = axes.T @ (gradient / size)
    flat = curvature < 1e-10
    if flat.any() and not (idle and curvature[0] > -1e-6):
        return np.inf
    return float(np.sum(slope[~flat] ** 2 / curvature[~flat]) / 2 + np.abs(slope[flat]).sum())
