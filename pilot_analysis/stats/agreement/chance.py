"""The one form of all chance-corrected coefficients: 1 - observed / expected disagreement.

Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters 2-5: the coefficients share the
observed agreement and differ in what they take for agreement by chance. Written with disagreement
(1 - agreement), complete agreement gives exactly 1, and the unit of distance drops out.

A coefficient here is a function of how often each pattern of ratings counts: an array of shape
(rows, patterns) gives one value per row. One row of counts gives the estimate, many rows of
resampled counts a bootstrap, and complex rows a derivative.
"""

from collections.abc import Callable

import numpy as np

from pilot_analysis.stats.agreement.ratings import Patterns

__all__ = [
    "Coefficient",
    "by_gwet",
    "by_pool",
    "by_rater",
    "by_uniform",
    "corrected",
    "counts_of",
    "disagreement_within",
    "ratio",
    "weighted_coefficient",
]

Coefficient = Callable[[np.ndarray], np.ndarray]
"""Weights, shape (rows, patterns) -> coefficients, shape (rows,)."""


def weighted_coefficient(sample: Patterns, distance: np.ndarray, chance) -> Coefficient:
    """Return the coefficient of a law of chance: `by_pool`, `by_rater`, `by_gwet`, `by_uniform`.

    Observed disagreement is the mean, over subjects rated twice or more, of the mean distance of
    two ratings of the subject.

    Parameters
    ----------
    sample : Patterns
    distance : numpy.ndarray, shape (categories, categories)
        Disagreement of categories, 0 on the diagonal, at most 1.
    chance : function of (sample, distance)
        Gives a function from weights to expected disagreement.
    """
    apart, twice = disagreement_within(sample.codes, distance)
    expected = chance(sample, distance)

    def coefficient(weights: np.ndarray) -> np.ndarray:
        return corrected(ratio(weights @ apart, weights @ twice), expected(weights))

    return coefficient


def by_pool(sample: Patterns, distance: np.ndarray) -> Coefficient:
    """Two ratings drawn from one pool, each subject with equal weight (Scott 1955; Fleiss 1971)."""
    shares = counts_of(sample.codes, len(distance))
    shares /= shares.sum(axis=1, keepdims=True)

    def expected(weights: np.ndarray) -> np.ndarray:
        pool = weights @ shares / weights.sum(axis=1, keepdims=True)
        return (pool @ distance * pool).sum(axis=1)

    return expected


def by_rater(sample: Patterns, distance: np.ndarray) -> Coefficient:
    """Ratings of two different raters, drawn from what each gave (Cohen 1960; Conger 1980)."""
    given = (sample.codes[:, :, None] == np.arange(len(distance))).astype(float)
    people, categories = given.shape[1:]
    given = given.reshape(len(given), people * categories)

    def expected(weights: np.ndarray) -> np.ndarray:
        totals = (weights @ given).reshape(len(weights), people, categories)
        number = totals.sum(axis=2, keepdims=True)
        shares = totals / np.where(number == 0, 1, number)
        raters = (number != 0).sum(axis=(1, 2))
        together = shares.sum(axis=1)
        everybody = (together @ distance * together).sum(axis=1)
        alone = (shares @ distance * shares).sum(axis=(1, 2))
        return ratio(everybody - alone, raters * (raters - 1))

    return expected


def by_gwet(sample: Patterns, distance: np.ndarray) -> Coefficient:
    """Chance only where a subject is hard to rate (Gwet 2008, AC1 and AC2)."""
    shares = counts_of(sample.codes, len(distance))
    shares /= shares.sum(axis=1, keepdims=True)
    size = len(distance)
    if size < 2:  # no two categories that could differ
        return lambda weights: np.zeros(len(weights))
    similarity = (1 - distance).sum() / (size * (size - 1))

    def expected(weights: np.ndarray) -> np.ndarray:
        pool = weights @ shares / weights.sum(axis=1, keepdims=True)
        return 1 - similarity * (pool * (1 - pool)).sum(axis=1)

    return expected


def by_uniform(sample: Patterns, distance: np.ndarray) -> Coefficient:
    """All categories equally likely (Bennett, Alpert and Goldstein 1954; Brennan 1981)."""
    return lambda weights: np.full(len(weights), distance.mean())


def disagreement_within(codes: np.ndarray, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean distance of a subject's ratings, and whether there are two or more.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (patterns, raters)
    distance : numpy.ndarray, shape (categories, categories)

    Returns
    -------
    apart, twice : numpy.ndarray of float, shape (patterns,)
        0 for a subject with fewer than two ratings.
    """
    first, second = np.triu_indices(codes.shape[1], 1)
    a, b = codes[:, first], codes[:, second]
    both = (a >= 0) & (b >= 0)
    pairs = both.sum(axis=1)
    apart = np.where(both, distance[a, b], 0.0).sum(axis=1) / np.maximum(pairs, 1)
    return apart, (pairs > 0).astype(float)


def counts_of(codes: np.ndarray, size: int) -> np.ndarray:
    """Count the ratings of each category, shape (patterns, size)."""
    return (codes[:, :, None] == np.arange(size)).sum(axis=1).astype(float)


def corrected(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return 1 - observed / expected; NaN where no disagreement is expected by chance."""
    return 1 - ratio(observed, expected)


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Divide; NaN where the divisor is 0."""
    return np.where(bottom == 0, np.nan, top / np.where(bottom == 0, 1, bottom))
