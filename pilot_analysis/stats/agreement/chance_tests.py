"""Tests of agreement no better than chance: results of their own, as no interval inverts them."""

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.chance import by_pool, by_rater, weighted_coefficient
from pilot_analysis.stats.agreement.cohen import ALWAYS_THE_SAME
from pilot_analysis.stats.agreement.distances import Weights, distances
from pilot_analysis.stats.agreement.intervals import FEWEST_FOR_INTERVAL
from pilot_analysis.stats.agreement.ratings import find_patterns, read_pair, read_ratings
from pilot_analysis.stats.agreement.several_raters import one_against_the_rest

__all__ = ["ChanceTest", "cohen_kappa_test", "fleiss_kappa_test"]


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """Large-sample test that raters agree no better than by chance.

    Attributes
    ----------
    statistic : float
        The coefficient over `std_error`, standard normal if there is only chance.
    p_value : float
        Two-sided.
    std_error : float
        Of the coefficient if there is only chance; not the one of its interval.
    n : int
        Subjects.
    method : str
        A key of ``docs/methods.md``.
    flags : tuple of str
        The reason, where statistic and p are NaN.
    """

    statistic: float
    p_value: float
    std_error: float
    n: int
    method: str
    flags: tuple[str, ...] = ()


def cohen_kappa_test(first, second, *, weights: Weights = None) -> ChanceTest:
    """Test Cohen's kappa against 0.

    Parameters
    ----------
    first, second : array_like, shape (n,)
    weights : {None, "linear", "quadratic"}
        As in `cohen_kappa`.

    Returns
    -------
    ChanceTest
        NaN, with the reason, below 20 subjects, where kappa is NaN, and where a rater gave one
        rating only.

    Raises
    ------
    DesignError
        As in `cohen_kappa`.

    References
    ----------
    Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72: 323-327.
    """
    ratings = read_pair(first, second)
    distance = distances(ratings, weights)
    sample = find_patterns(ratings.codes, interchangeable=False)
    method, n = "cohen_kappa_test", sample.rated_twice
    if n < FEWEST_FOR_INTERVAL:
        return _untested(_TOO_FEW, n, method)
    kappa = float(weighted_coefficient(sample, distance, by_rater)(sample.times[None])[0])
    rows, columns = (_shares(ratings.codes[:, [rater]], len(distance)) for rater in (0, 1))
    similarity, together = 1 - distance, np.outer(rows, columns)
    by_chance = (similarity * together).sum()
    ends = np.add.outer(similarity @ columns, rows @ similarity)
    variance = (together * (similarity - ends) ** 2).sum() - by_chance**2
    return _tested(kappa, variance, n * (1 - by_chance) ** 2, n, method)


def fleiss_kappa_test(ratings, *, category=None) -> ChanceTest:
    """Test Fleiss's kappa, of all categories or of one against the rest, against 0.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Every subject with the same number of ratings, two or more; missing ones are allowed as
        long as this holds. Subjects whom nobody rated are left out.
    category : optional
        As in `fleiss_kappa`.

    Returns
    -------
    ChanceTest
        NaN, with the reason, below 20 subjects and where kappa is NaN.

    Raises
    ------
    DesignError
        Numbers of ratings that differ between subjects, or as in `fleiss_kappa`.

    References
    ----------
    Fleiss, Nee and Landis (1979), Psychological Bulletin 86: 974-977.
    """
    read = read_ratings(ratings)
    if category is not None:
        read = one_against_the_rest(read, category)
    distance = distances(read, None)
    sample = find_patterns(read.codes, interchangeable=True)
    number = (sample.codes >= 0).sum(axis=1)
    method, n = "fleiss_kappa_test", sample.rated_twice
    if len(np.unique(number)) > 1:
        raise DesignError(
            "This test needs the same number of ratings for every subject; they have "
            f"{number.min()} to {number.max()}. Use fleiss_kappa, whose interval allows for that."
        )
    if n < FEWEST_FOR_INTERVAL:
        return _untested(_TOO_FEW, n, method)
    kappa = float(weighted_coefficient(sample, distance, by_pool)(sample.times[None])[0])
    share = _shares(read.codes, len(distance))
    spread = share * (1 - share)
    variance = 2 * (spread.sum() ** 2 - (spread * (1 - 2 * share)).sum())
    return _tested(kappa, variance, n * number[0] * (number[0] - 1) * spread.sum() ** 2, n, method)


_TOO_FEW = f"This large-sample test needs {FEWEST_FOR_INTERVAL} or more subjects rated twice."


def _shares(codes: np.ndarray, size: int) -> np.ndarray:
    counts = np.bincount(codes[codes >= 0], minlength=size)
    return counts / counts.sum()


def _tested(kappa: float, variance: float, scale: float, n: int, method: str) -> ChanceTest:
    if isnan(kappa):
        return _untested(ALWAYS_THE_SAME, n, method)
    if variance <= 1e-12:
        return _untested("One rater always gave the same rating, so kappa cannot vary.", n, method)
    error = sqrt(variance / scale)
    statistic = kappa / error
    return ChanceTest(statistic, float(2 * stats.norm.sf(abs(statistic))), error, n, method)


def _untested(reason: str, n: int, method: str) -> ChanceTest:
    return ChanceTest(nan, nan, nan, n, method, (reason,))
