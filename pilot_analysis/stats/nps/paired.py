"""The difference of two Net Promoter Scores that the same people gave."""

from collections.abc import Iterable
from math import inf, nan, sqrt
from typing import Literal

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.nps.counts import UNIT, categories, check_scores

__all__ = ["nps_difference_paired"]

NAME = "nps_difference_paired"
METHODS = ("score", "t")

# a promoter of one product who detracts from the other differs by 2
_DIFFERENCES = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


def nps_difference_paired(
    first_scores: Iterable[float],
    second_scores: Iterable[float],
    *,
    method: Literal["score", "t"] = "score",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference of two Net Promoter Scores, first minus second, by the same respondents.

    Each respondent counts with the difference of their two categories (promoter 1, passive 0,
    detractor -1), so that what a respondent's two answers share cancels.

    Parameters
    ----------
    first_scores, second_scores : array_like, shape (n,)
        Answers from 0 to 10, in the same order of respondents. Respondents with a missing answer
        on either side are left out.
    method : {"score", "t"}
        "score" inverts the score test of the mean difference, its variance taken at the
        maximum-likelihood shares of the five possible differences under each value tested; it
        has width where nobody differs. "t" is Student's t of the differences; at 6 to 10
        respondents its 95% interval covers from 86% on.
    conf_level : float

    Returns
    -------
    Estimate
        unit "NPS points", n respondents with both answers; `std_error` is the standard deviation
        of the differences over the square root of n (NaN where that is 0). Undefined with nobody,
        and by "t" with one respondent or where all differences are equal.

    Raises
    ------
    DataError
        An answer that is not a whole number from 0 to 10.
    DesignError
        An unknown method, or sides of different length.

    References
    ----------
    Tango (1998), Statistics in Medicine 17: 891-908, for three categories; the restricted shares
    are those of Owen (2001), Empirical Likelihood, chapter 2, with the categories that nobody
    chose allowed a share.
    """
    check_conf_level(conf_level)
    if method not in METHODS:
        raise DesignError(f"method must be score or t; got {method!r}.")
    difference = _differences(first_scores, second_scores)
    n = len(difference)
    details = {
        "n": n,
        "unit": UNIT,
        "method": f"nps_difference_paired_{method}",
        "conf_level": conf_level,
    }
    if n == 0:
        reason = "Nobody answered about both, so there is no difference."
        return Estimate.undefined(NAME, reason, **details)
    se = difference.std(ddof=1) / sqrt(n) if n > 1 else 0.0
    return (_score if method == "score" else _t)(difference, 100 * se, details)


def _differences(first_scores, second_scores) -> np.ndarray:
    first, second = check_scores(first_scores), check_scores(second_scores)
    if len(first) != len(second):
        raise DesignError(
            "The two sides are answers of the same people in the same order; got "
            f"{len(first)} and {len(second)} answers. Leave missing answers in as missing."
        )
    both = ~(np.isnan(first) | np.isnan(second))
    return categories(first[both]) - categories(second[both])


def _t(difference: np.ndarray, se: float, details: dict) -> Estimate:
    estimate = 100 * difference.mean()
    if se == 0:
        reason = "All differences are equal, which this interval cannot describe: take the score."
        return Estimate.undefined(NAME, reason, estimate=estimate, **details)
    return Estimate.from_t(NAME, estimate, se, details["n"] - 1, **details)


def _score(difference: np.ndarray, se: float, details: dict) -> Estimate:
    shares = (difference[:, None] == _DIFFERENCES).mean(axis=0)
    z, root_n = stats.norm.isf((1 - details["conf_level"]) / 2), sqrt(details["n"])
    mean = difference.mean()
    statistic = mean * root_n / sqrt(_restricted_variance(shares, 0.0)) if mean else 0.0
    return Estimate.from_test_inversion(
        NAME,
        100 * mean,
        -100 * _upper(shares[::-1], z / root_n),
        100 * _upper(shares, z / root_n),
        statistic=statistic,
        p_value=2 * stats.norm.sf(abs(statistic)),
        df=inf,
        std_error=se if se > 0 else nan,
        **details,
    )


def _upper(shares: np.ndarray, distance: float) -> float:
    """Return the largest mean within `distance` of its own restricted standard deviations."""
    observed = float(shares @ _DIFFERENCES)
    largest = _DIFFERENCES[-1]
    if shares[-1] == 1:
        return largest

    def excess(mean: float) -> float:
        return (mean - observed) ** 2 - distance**2 * _restricted_variance(shares, mean)

    # at the largest mean everyone differs alike, so there is no variance
    nudge = 1e-9 * min(1.0, distance**2) * (largest - observed)
    return brentq(excess, observed + nudge, largest * (1 - 1e-15), xtol=1e-15, rtol=1e-14)


def _restricted_variance(shares: np.ndarray, mean: float) -> float:
    """Variance of the differences at their maximum-likelihood shares given their mean.

    The shares are share_k / (1 + t (x_k - mean)). Where t reaches the end of its range, what is
    missing to a sum of 1 goes to the outermost difference, which nobody showed.
    """
    deviation = _DIFFERENCES - mean
    tilt = _tilt(shares, deviation)
    seen = shares > 0
    fitted = np.zeros_like(shares)
    fitted[seen] = shares[seen] / (1 + tilt * deviation[seen])
    fitted[-1 if tilt < 0 else 0] += max(1 - fitted.sum(), 0.0)
    return float(fitted @ deviation**2)


def _tilt(shares: np.ndarray, deviation: np.ndarray) -> float:
    """Return the t that gives the tilted shares a mean deviation of 0, or the nearest allowed."""
    seen = shares > 0
    low, high = (-1 / end * (1 - 1e-12) for end in (deviation[-1], deviation[0]))

    def pull(t: float) -> float:
        return float((shares[seen] * deviation[seen] / (1 + t * deviation[seen])).sum())

    if pull(low) <= 0:
        return low
    if pull(high) >= 0:
        return high
    return brentq(pull, low, high, xtol=1e-16, rtol=1e-14)
