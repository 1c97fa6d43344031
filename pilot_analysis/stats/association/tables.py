"""Two-by-two tables: Fisher's exact test, the odds ratio beside it, and McNemar's test."""

from collections.abc import Sequence
from math import inf, nan
from typing import Literal

import numpy as np
from scipy import special, stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.shares import check_cells
from pilot_analysis.stats.association.significance import (
    Alternative,
    SignificanceTest,
    as_exact_p,
    check_alternative,
)
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["fisher_exact", "mcnemar", "odds_ratio"]

_MOST_TABLES = 1_000_000
_EQUAL = 1 + 1e-7  # chances that differ by less are of equally likely tables


def fisher_exact(
    table: Sequence[Sequence[int]],
    *,
    alternative: Alternative = "two-sided",
    mid_p: bool = False,
) -> SignificanceTest:
    """Fisher's exact test that rows and columns of a two-by-two table are independent.

    Parameters
    ----------
    table : two rows of two counts
    alternative : {"two-sided", "less", "greater"}
        Both sides: by minimum likelihood, the tables that are no more likely than this one. An
        odds ratio below (above) 1.
    mid_p : bool
        Count this table, and those as likely, by half: closer to the level, not exact.

    Returns
    -------
    SignificanceTest
        The statistic is the first count. The two-sided p does not go with the interval of
        `odds_ratio`, which has a p of its own.

    Raises
    ------
    DesignError
        A count that is negative or not whole; a row or column without anybody.

    References
    ----------
    Fisher (1935), The Design of Experiments, ch. 2; Agresti (2013), Categorical Data Analysis,
    3rd ed., sec. 3.5 and 16.6.
    """
    check_alternative(alternative)
    first, support, log_weights, n = _margins(table)
    if len(support) == 1:
        raise DesignError("A row or a column of the table has nobody, so there is nothing to test.")
    chances = special.softmax(log_weights)
    extreme = {
        "two-sided": chances <= chances[support == first] * _EQUAL,
        "less": support <= first,
        "greater": support >= first,
    }[alternative]
    p, smallest = chances[extreme].sum(), chances[0 if alternative == "less" else -1]
    if alternative == "two-sided":
        smallest = chances[chances <= chances.min() * _EQUAL].sum()
    if mid_p:
        tied = support == first
        if alternative == "two-sided":
            tied = extreme & (chances >= chances[tied] / _EQUAL)
        p, smallest = p - chances[tied].sum() / 2, smallest / 2
    method = "fisher_mid_p" if mid_p else "fisher_exact"
    p, smallest = as_exact_p(p), as_exact_p(smallest)
    return SignificanceTest("fisher", float(first), nan, p, smallest, not mid_p, n, method)


def odds_ratio(table: Sequence[Sequence[int]], *, conf_level: float = 0.95) -> Estimate:
    """Odds ratio of a two-by-two table, exact given its margins.

    Parameters
    ----------
    table : two rows of two counts

    Returns
    -------
    Estimate
        unit "odds ratio", n people: the conditional maximum-likelihood estimate, which is 0 or
        infinite (and flagged) where a diagonal is as small as the margins allow. The interval
        is the central exact one, each tail holding half of the rest, and p the one that goes
        with it: twice the smaller tail at an odds ratio of 1. Undefined where a row or column
        has nobody.

    Raises
    ------
    DesignError
        A count that is negative or not whole.

    References
    ----------
    Cornfield (1956), Proceedings of the Third Berkeley Symposium 4: 135-148; Agresti (2013),
    Categorical Data Analysis, 3rd ed., sec. 16.6.4.
    """
    check_conf_level(conf_level)
    first, support, log_weights, n = _margins(table)
    details = {"n": n, "unit": "odds ratio", "method": "odds_ratio", "conf_level": conf_level}
    if len(support) == 1:
        reason = "A row or a column of the table has nobody, so there is no odds ratio."
        return Estimate.undefined("odds ratio", reason, **details)

    def tail(log_ratio: float, chosen: np.ndarray) -> float:
        return float(special.softmax(log_weights + support * log_ratio)[chosen].sum())

    def mean(log_ratio: float) -> float:
        return float(special.softmax(log_weights + support * log_ratio) @ support)

    half = (1 - conf_level) / 2
    less, greater = support <= first, support >= first
    low, high, estimate, flags = 0.0, inf, nan, ()
    if first > support[0]:
        low = _ratio_where(lambda t: tail(t, greater) - half)
    if first < support[-1]:
        high = _ratio_where(lambda t: half - tail(t, less))
    if support[0] < first < support[-1]:
        estimate = _ratio_where(lambda t: mean(t) - first)
    else:
        estimate = 0.0 if first == support[0] else inf
        flags = ("A diagonal is as small as the margins allow, so the odds ratio has no end.",)
    return Estimate.from_test_inversion(
        "odds ratio",
        estimate,
        low,
        high,
        statistic=first,
        p_value=min(1.0, 2 * min(tail(0.0, less), tail(0.0, greater))),
        null=1.0,
        flags=flags,
        **details,
    )


def mcnemar(
    only_first: int,
    only_second: int,
    *,
    method: Literal["exact", "mid_p", "chi_squared", "corrected"] = "exact",
) -> SignificanceTest:
    """McNemar's test that the same people have a property as often at two occasions.

    Parameters
    ----------
    only_first, only_second : int
        People with the property at one of the occasions only; the others do not count.
    method : {"exact", "mid_p", "chi_squared", "corrected"}
        The binomial test, twice the smaller tail; with half the chance of the observed count;
        chi-squared on 1 df, plain or with continuity correction.

    Returns
    -------
    SignificanceTest
        n people who changed. The statistic is `only_first`, or chi-squared.

    Raises
    ------
    DesignError
        A number that is negative or not whole; nobody changed.

    References
    ----------
    McNemar (1947), Psychometrika 12: 153-157; Fagerland, Lydersen and Laake (2013), BMC Medical
    Research Methodology 13: 91.
    """
    b, c = check_cells(only_first, only_second)
    n = b + c
    if method not in ("exact", "mid_p", "chi_squared", "corrected"):
        raise DesignError(f"method must be exact, mid_p, chi_squared or corrected; got {method!r}.")
    if n == 0:
        raise DesignError("Nobody changed between the occasions, so there is nothing to test.")
    key = f"mcnemar_{method}"
    if method in ("exact", "mid_p"):
        halved = 0.5 if method == "mid_p" else 0.0
        p = 2 * (stats.binom.cdf(min(b, c), n, 0.5) - halved * stats.binom.pmf(b, n, 0.5))
        p, smallest = as_exact_p(p), as_exact_p(2 * (1 - halved) * 0.5**n)
        return SignificanceTest("mcnemar", float(b), nan, p, smallest, method == "exact", n, key)
    apart = max(0, abs(b - c) - (method == "corrected"))
    chi_squared = apart**2 / n
    p = float(stats.chi2.sf(chi_squared, 1))
    return SignificanceTest("mcnemar", chi_squared, 1.0, p, nan, False, n, key)


def _margins(table) -> tuple[int, np.ndarray, np.ndarray, int]:
    """Return the first count, those that the margins allow, their log weights, and n."""
    cells = np.array(table, dtype=object)
    if cells.shape != (2, 2):
        raise DesignError("A two-by-two table needs two rows of two counts.")
    a, b, c, d = check_cells(*cells.ravel())
    first, last = max(0, a - d), min(a + b, a + c)
    if last - first > _MOST_TABLES:
        raise DesignError(
            "The counts are too large for an exact test, which is not needed for so many people; "
            'use proportion_difference with method="score".'
        )
    support = np.arange(first, last + 1)
    cells = np.stack([support, a + b - support, a + c - support, d - a + support])
    return a, support, -special.gammaln(cells + 1).sum(axis=0), a + b + c + d


def _ratio_where(excess) -> float:
    """Return the odds ratio at which a function that rises with its logarithm is 0."""
    reach = 1.0
    while excess(-reach) > 0 or excess(reach) < 0:
        reach *= 2
    return float(np.exp(brentq(excess, -reach, reach, xtol=1e-13, rtol=1e-14)))
