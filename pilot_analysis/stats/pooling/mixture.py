"""Posteriors that are mixtures of normals over one unknown: its grid, moments and quantiles."""

from collections.abc import Callable

import numpy as np
from scipy import special, stats

__all__ = ["mixture_above", "mixture_moments", "mixture_quantile", "posterior_grid"]

_SEARCH = 201  # places where the density is looked at to find its region
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(129)
_DEPTH = 25.0  # nats below the peak; what lies outside is e^-25 of it
_ROUNDS = 200  # each round at least halves the range: more than floating point can tell apart


def posterior_grid(
    log_density: Callable[[np.ndarray], np.ndarray], low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return points over the region that holds a smooth density, and weights that sum to 1.

    Parameters
    ----------
    log_density : callable
        Log of the density at each of the points given, up to a constant.
    low, high : float
        Range that certainly holds it; narrowed until most of the range matters.

    Returns
    -------
    points, weights : numpy.ndarray, shape (129,)
        Gauss-Legendre quadrature.
    """
    for _ in range(_ROUNDS):
        points = np.linspace(low, high, _SEARCH)
        density = log_density(points)
        inside = np.flatnonzero(density >= density.max() - _DEPTH)
        first, last = max(inside[0] - 1, 0), min(inside[-1] + 1, _SEARCH - 1)
        low, high = points[first], points[last]
        if last - first > _SEARCH // 2:
            break
    points = (low + high) / 2 + (high - low) / 2 * _NODES
    density = log_density(points)
    weights = _WEIGHTS * np.exp(density - density.max())
    return points, weights / weights.sum()


def mixture_moments(weight, center, spread) -> tuple[np.ndarray, np.ndarray]:
    """Return means and standard deviations of m mixtures of normals.

    Parameters
    ----------
    weight : numpy.ndarray, shape (g,)
    center, spread : numpy.ndarray, shape (g, m)
        Mean and standard deviation of each part.
    """
    mean = weight @ center
    return mean, np.sqrt(weight @ (spread**2 + (center - mean) ** 2))


def mixture_quantile(p: float, weight, center, spread) -> np.ndarray:
    """Return the quantile of each of m mixtures, by Newton's steps kept within brackets."""
    z = stats.norm.ppf(p)
    low, high = (center + z * spread).min(axis=0), (center + z * spread).max(axis=0)
    at = (low + high) / 2
    for _ in range(_ROUNDS):
        apart = (at - center) / spread
        excess = weight @ special.ndtr(apart) - p
        low, high = np.where(excess < 0, at, low), np.where(excess < 0, high, at)
        density = weight @ (np.exp(-0.5 * apart**2) / spread) / np.sqrt(2 * np.pi)
        with np.errstate(all="ignore"):  # a step to nowhere is replaced by the middle
            step = at - excess / density
        nearer = np.where((low < step) & (step < high), step, (low + high) / 2)
        settled = np.abs(nearer - at) <= 1e-14 * (np.abs(at) + spread.min(axis=0))
        at = nearer
        if settled.all():
            break
    return at


def mixture_above(threshold: float, weight, center, spread) -> np.ndarray:
    """Return the probability that each of m mixtures puts above `threshold`."""
    return weight @ special.ndtr((center - threshold) / spread)
