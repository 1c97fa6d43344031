"""Wilcoxon's signed-rank and rank-sum tests, exact with ties; the Kruskal-Wallis test."""

from collections.abc import Sequence
from math import nan, sqrt

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.rank_sums import (
    rank_sum_cost,
    rank_sum_distribution,
    signed_rank_distribution,
    whole_ranks,
)
from pilot_analysis.stats.association.significance import Alternative, SignificanceTest
from pilot_analysis.stats.randomization.inputs import known_values

__all__ = ["kruskal_wallis", "wilcoxon_rank_sum", "wilcoxon_signed_rank"]

_MOST_SIGNED = 400  # differences
_MOST_ADDITIONS = 300_000_000  # of a rank-sum distribution: under half a second
_PATIENCE = 10  # times the cost up to which an exact test may be asked for
_ZEROS = "{} differences of zero were left out."


def wilcoxon_signed_rank(
    differences, *, alternative: Alternative = "two-sided", exact: bool | None = None
) -> SignificanceTest:
    """Wilcoxon's signed-rank test that differences lie evenly about zero.

    Parameters
    ----------
    differences : array_like, shape (n,)
        Second minus first, for instance. Missing values are refused; differences of zero are
        left out (and flagged); equal ones share their mean rank, so round away what is noise.
    alternative : {"two-sided", "less", "greater"}
        Both sides; or differences below (above) zero.
    exact : bool, optional
        The full distribution of the signs, also with ties; or the normal distribution with tie
        and continuity correction. Default: exact up to 400 differences.

    Returns
    -------
    SignificanceTest
        The statistic is the sum of the ranks of positive differences; n counts those not zero.

    Raises
    ------
    DesignError
        A missing or infinite value; no difference other than zero.

    References
    ----------
    Wilcoxon (1945), Biometrics Bulletin 1: 80-83; Lehmann (1975), Nonparametrics, ch. 3.
    """
    values = known_values(differences, "The differences")
    moved = values[values != 0]
    n = len(moved)
    if n == 0:
        raise DesignError("Every difference is zero, so there is nothing to test.")
    ranks = stats.rankdata(np.abs(moved))
    statistic = ranks[moved > 0].sum()
    flags = (_ZEROS.format(len(values) - n),) if n < len(values) else ()
    details = {"alternative": alternative, "n": n, "method": "wilcoxon_signed_rank", "flags": flags}
    if _is_exact(exact, n, _MOST_SIGNED):
        whole, scale = whole_ranks(ranks)
        at = round(statistic * scale)
        probabilities = signed_rank_distribution(whole)
        return SignificanceTest.from_distribution(
            "signed rank", statistic, probabilities, at, **details
        )
    std_error = sqrt(n * (n + 1) * (2 * n + 1) / 24 - _tie_sum(moved, absolute=True) / 48)
    distance = statistic - n * (n + 1) / 4
    return SignificanceTest.from_z(
        "signed rank", statistic, distance, std_error, correction=0.5, **details
    )


def wilcoxon_rank_sum(
    first, second, *, alternative: Alternative = "two-sided", exact: bool | None = None
) -> SignificanceTest:
    """Wilcoxon's rank-sum (Mann-Whitney) test that two groups have the same distribution.

    Parameters
    ----------
    first, second : array_like, shape (n_1,), (n_2,)
        Independent values. Missing values are refused; equal values share their mean rank.
    alternative : {"two-sided", "less", "greater"}
        Both sides; or the first group lower (higher).
    exact : bool, optional
        The full permutation distribution, also with ties; or the normal distribution with tie
        and continuity correction. Default: exact where that takes under about half a second
        (up to some 70 in each group).

    Returns
    -------
    SignificanceTest
        The statistic is Mann and Whitney's U of the first group: pairs in which it is higher,
        ties counting half.

    Raises
    ------
    DesignError
        A missing or infinite value; an empty group; all values equal.

    References
    ----------
    Wilcoxon (1945), Biometrics Bulletin 1: 80-83; Mann and Whitney (1947), Annals of
    Mathematical Statistics 18: 50-60; Lehmann (1975), Nonparametrics, ch. 1.
    """
    groups = [known_values(g, "A group") for g in (first, second)]
    n_1, n_2 = (len(g) for g in groups)
    if min(n_1, n_2) == 0:
        raise DesignError("The rank-sum test needs values in both groups; one has none.")
    pooled = np.concatenate(groups)
    if np.ptp(pooled) == 0:
        raise DesignError("All values are equal, so there is nothing to test.")
    n, ranks = n_1 + n_2, stats.rankdata(pooled)
    total = ranks[:n_1].sum()
    u = total - n_1 * (n_1 + 1) / 2
    details = {"alternative": alternative, "n": n, "method": "wilcoxon_rank_sum"}
    if _is_exact(exact, rank_sum_cost(n, n_1), _MOST_ADDITIONS):
        whole, scale = whole_ranks(ranks)
        return SignificanceTest.from_distribution(
            "rank sum", u, rank_sum_distribution(whole, n_1), round(total * scale), **details
        )
    std_error = sqrt(n_1 * n_2 / 12 * (n + 1 - _tie_sum(pooled) / (n * (n - 1))))
    return SignificanceTest.from_z(
        "rank sum", u, u - n_1 * n_2 / 2, std_error, correction=0.5, **details
    )


def kruskal_wallis(groups: Sequence) -> SignificanceTest:
    """Kruskal and Wallis's test that several groups have the same distribution.

    Parameters
    ----------
    groups : sequence of array_like
        Independent values of two or more groups. Missing values are refused.

    Returns
    -------
    SignificanceTest
        H corrected for ties, against chi-squared with (groups - 1) df: a large-sample test,
        rough below five values a group.

    Raises
    ------
    DesignError
        A missing or infinite value; fewer than two groups; an empty group; all values equal.

    References
    ----------
    Kruskal and Wallis (1952), Journal of the American Statistical Association 47: 583-621.
    """
    values = [known_values(g, "A group") for g in groups]
    if len(values) < 2 or min(len(g) for g in values) == 0:
        raise DesignError("The Kruskal-Wallis test needs two or more groups, each with values.")
    pooled = np.concatenate(values)
    n = len(pooled)
    if np.ptp(pooled) == 0:
        raise DesignError("All values are equal, so there is nothing to test.")
    parts = np.split(stats.rankdata(pooled), np.cumsum([len(g) for g in values])[:-1])
    between = sum(len(part) * (part.mean() - (n + 1) / 2) ** 2 for part in parts)
    h = 12 / (n * (n + 1)) * between / (1 - _tie_sum(pooled) / (n**3 - n))
    df = len(values) - 1
    p = float(stats.chi2.sf(h, df))
    return SignificanceTest(
        "kruskal wallis", float(h), float(df), p, nan, False, n, "kruskal_wallis"
    )


def _is_exact(exact: bool | None, cost: float, most: float) -> bool:
    """Whether to take the full distribution; refuse it where it would take minutes."""
    if exact not in (None, True, False):
        raise DesignError(f"exact must be True, False or None; got {exact!r}.")
    if exact and cost > _PATIENCE * most:
        raise DesignError(
            "There are too many values for the exact test, and enough for the normal "
            "distribution: use exact=False."
        )
    return cost <= most if exact is None else exact


def _tie_sum(values: np.ndarray, *, absolute: bool = False) -> float:
    """Return the sum of t^3 - t over groups of t equal values."""
    sizes = np.unique(np.abs(values) if absolute else values, return_counts=True)[1].astype(float)
    return float((sizes**3 - sizes).sum())
