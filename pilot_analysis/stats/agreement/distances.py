"""How far apart two categories are."""

from typing import Literal

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.ratings import Ratings

__all__ = ["Weights", "distances", "on_unit_range"]

Weights = Literal["linear", "quadratic"] | None


def distances(ratings: Ratings, weights: Weights) -> np.ndarray:
    """Return the disagreement of any two categories, 0 to 1.

    Parameters
    ----------
    ratings : Ratings
    weights : {None, "linear", "quadratic"}
        Disagreement counts fully; by the distance of the ratings; by its square. Numbers are as
        far apart as their values, ordered categories as their ranks.

    Returns
    -------
    numpy.ndarray, shape (categories, categories)

    Raises
    ------
    DesignError
        An unknown weight, or weights for labels without an order.
    """
    if weights not in (None, "linear", "quadratic"):
        raise DesignError(f'weights must be None, "linear" or "quadratic"; got {weights!r}.')
    size = len(ratings.labels)
    if weights is None:
        return 1.0 - np.eye(size)
    if ratings.scale == "nominal":
        raise DesignError(
            "A weighted coefficient needs ratings that are numbers, or ordered categoricals; "
            "these are labels."
        )
    positions = on_unit_range(np.arange(size) if ratings.scale == "ordered" else ratings.labels)
    apart = np.abs(np.subtract.outer(positions, positions))
    return apart if weights == "linear" else apart**2


def on_unit_range(positions: np.ndarray) -> np.ndarray:
    """Map numbers to 0..1; a single one, or none, stays at 0."""
    if len(positions) < 2:
        return np.zeros(len(positions))
    # first by the largest, since the range of huge numbers may overflow
    positions = positions / np.abs(positions).max()
    return (positions - positions.min()) / np.ptp(positions)
