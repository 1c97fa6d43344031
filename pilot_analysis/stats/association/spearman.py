"""Spearman's rank correlation and the test of it."""

from math import atanh, nan, sqrt, tanh

import numpy as np
from scipy import special, stats

from pilot_analysis.stats.association.pairings import (
    CONSTANT,
    FEWEST_PAIRS,
    MOST_STEPS,
    NO_WIDTH,
    paired_values,
    pairing_cost,
    pairing_distribution,
    varying_pairs,
)
from pilot_analysis.stats.association.rank_sums import whole_ranks
from pilot_analysis.stats.association.significance import (
    Alternative,
    SignificanceTest,
    as_exact_p,
    check_alternative,
)
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["spearman", "spearman_test"]


def spearman(x, y, *, conf_level: float = 0.95) -> Estimate:
    """Spearman's rank correlation: Pearson's of the mean ranks.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Values of the same units, which are independent. Missing values are refused.

    Returns
    -------
    Estimate
        unit "coefficient", n units. The interval is Fisher's z with Bonett and Wright's
        variance, (1 + r^2/2)/(n - 3). It inverts no test of independence, so p is NaN: see
        `spearman_test`. Undefined, with the reason, where a side does not vary; without an
        interval below four units and where the order is perfect.

    Raises
    ------
    DesignError
        A missing or infinite value, or sides of different length.

    References
    ----------
    Bonett and Wright (2000), Psychometrika 65: 23-28.
    """
    check_conf_level(conf_level)
    x, y = paired_values(x, y)
    n = len(x)
    details = {"n": n, "unit": "coefficient", "method": "spearman", "conf_level": conf_level}
    if n < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Estimate.undefined("spearman", CONSTANT, **details)
    r = _rank_correlation(x, y)
    if n < FEWEST_PAIRS or abs(r) > 1 - 1e-12:
        return Estimate.undefined("spearman", NO_WIDTH, estimate=r, **details)
    half = stats.norm.isf((1 - conf_level) / 2) * sqrt((1 + r * r / 2) / (n - 3))
    low, high = tanh(atanh(r) - half), tanh(atanh(r) + half)
    return Estimate.from_interval("spearman", r, low, high, **details)


def spearman_test(x, y, *, alternative: Alternative = "two-sided") -> SignificanceTest:
    """Test that two orders have nothing to do with each other, by Spearman's rho.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Values of the same units, which are independent. Missing values are refused.
    alternative : {"two-sided", "less", "greater"}

    Returns
    -------
    SignificanceTest
        The statistic is rho. Exact, also with ties, as far as the number of pairings allows
        (about 11 units, more where the values are few) and where the order is perfect;
        otherwise Student's t of rho on n - 2 df.

    Raises
    ------
    DesignError
        A missing or infinite value, sides of different length, a side that does not vary, or
        fewer than three units.

    References
    ----------
    Kendall (1970), Rank Correlation Methods, 4th ed., ch. 4-5.
    """
    check_alternative(alternative)
    x, y = varying_pairs(x, y)
    n, r = len(x), _rank_correlation(x, y)
    method = "spearman_test"
    (of_x, rows), (of_y, columns) = sorted(
        (np.unique(whole_ranks(stats.rankdata(v))[0], return_counts=True) for v in (x, y)),
        key=lambda kinds: -len(kinds[0]),
    )
    rows, columns = rows.tolist(), columns.tolist()
    if pairing_cost(rows, columns) <= MOST_STEPS:
        highest = int(np.sort(np.repeat(of_x, rows)) @ np.sort(np.repeat(of_y, columns)))
        chances = pairing_distribution(
            rows, columns, lambda row, filled, _: int(of_x[row] * (of_y @ filled)), 0, highest
        )
        at = int(whole_ranks(stats.rankdata(x))[0] @ whole_ranks(stats.rankdata(y))[0])
        return SignificanceTest.from_distribution(
            "spearman", r, chances, at, alternative=alternative, n=n, method=method
        )
    if abs(r) > 1 - 1e-12:
        return _perfect(r, n, rows, alternative)
    t = r * sqrt((n - 2) / (1 - r * r))
    p = {"two-sided": 2 * stats.t.sf(abs(t), n - 2), "less": stats.t.cdf(t, n - 2)}
    p = float(p.get(alternative, stats.t.sf(t, n - 2)))
    return SignificanceTest("spearman", r, float(n - 2), p, nan, False, n, method)


def _perfect(r: float, n: int, sizes: list[int], alternative: str) -> SignificanceTest:
    """Return the exact test of a perfect order: only exchanges of equal values keep it."""
    one = float(np.exp(special.gammaln(np.add(sizes, 1)).sum() - special.gammaln(n + 1)))
    smallest = (2 if alternative == "two-sided" else 1) * as_exact_p(one)
    against = alternative == ("less" if r > 0 else "greater")
    p = 1.0 if against else smallest
    return SignificanceTest("spearman", r, nan, p, smallest, True, n, "spearman_test")


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    ranks = [stats.rankdata(v) - (len(v) + 1) / 2 for v in (x, y)]
    r = ranks[0] @ ranks[1] / sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1]))
    return float(np.clip(r, -1.0, 1.0))
