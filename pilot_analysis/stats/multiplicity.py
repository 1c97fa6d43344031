"""Adjusted p-values of a declared family of tests."""

import numpy as np
from numpy.typing import ArrayLike

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_number, float_array

__all__ = ["benjamini_hochberg", "benjamini_hochberg_critical", "holm"]


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """Adjust p-values so that a threshold on them bounds the false discovery rate.

    Parameters
    ----------
    p_values : array_like, any shape
        The family. NaN (no test was made) stays NaN and does not count in the size m.

    Returns
    -------
    numpy.ndarray, of the same shape
        min over k >= i of m p_(k) / k, at most 1. A hypothesis is rejected where its adjusted
        p is *at most* alpha. At an exact tie, p = i alpha / m, the last bit of the product may
        decide; `benjamini_hochberg_critical` compares without one.

    Raises
    ------
    DesignError
        A p-value outside 0..1, or something that is no number.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57: 289-300; What
    Works Clearinghouse (2020), Procedures Handbook 4.1, appendix F.
    """
    values, order = _ordered(p_values)
    ranks = np.arange(1, order.size + 1)
    steps = values.flat[order] * order.size / ranks
    return _placed(values, order, np.minimum.accumulate(steps[::-1])[::-1])


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjust p-values so that a threshold on them bounds the chance of any false rejection.

    Parameters
    ----------
    p_values : array_like, any shape
        The family. NaN stays NaN and does not count in the size m.

    Returns
    -------
    numpy.ndarray, of the same shape
        max over k <= i of (m - k + 1) p_(k), at most 1.

    Raises
    ------
    DesignError
        A p-value outside 0..1, or something that is no number.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6: 65-70.
    """
    values, order = _ordered(p_values)
    steps = values.flat[order] * np.arange(order.size, 0, -1)
    return _placed(values, order, np.maximum.accumulate(steps))


def benjamini_hochberg_critical(p_values: ArrayLike, *, alpha: float = 0.05) -> np.ndarray:
    """Return what each p-value is compared with, rank times alpha over m.

    Parameters
    ----------
    p_values : array_like, any shape
        The family; NaN stays NaN and does not count. Equal values are ranked as they stand.
    alpha : float
        Rate of false discoveries that is accepted, between 0 and 1.

    Returns
    -------
    numpy.ndarray, of the same shape
        Rejected are all p-values up to the largest that is at most its critical value.

    Raises
    ------
    DesignError
        A p-value or `alpha` outside 0..1.

    References
    ----------
    What Works Clearinghouse (2020), Procedures Handbook 4.1, appendix F.
    """
    if not 0 < checked_number(alpha, "alpha") < 1:
        raise DesignError(f"alpha must lie between 0 and 1, for instance 0.05; got {alpha}.")
    values, order = _ordered(p_values)
    critical = np.full(values.shape, np.nan)
    critical.flat[order] = np.arange(1, order.size + 1) * alpha / max(order.size, 1)
    return critical


def _ordered(p_values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the values and the positions (flat) of those that are known, smallest first."""
    values = float_array(p_values, "p-values")
    known = np.flatnonzero(~np.isnan(values))
    outside = [float(p) for p in values.flat[known] if not 0 <= p <= 1]
    if outside:
        raise DesignError(
            f"p-values must lie between 0 and 1; got {outside[0]:g}"
            + (f" and {len(outside) - 1} more outside." if len(outside) > 1 else ".")
        )
    return values, known[np.argsort(values.flat[known], kind="stable")]


def _placed(values: np.ndarray, order: np.ndarray, adjusted: np.ndarray) -> np.ndarray:
    placed = np.full(values.shape, np.nan)
    placed.flat[order] = np.minimum(adjusted, 1.0)
    return placed
