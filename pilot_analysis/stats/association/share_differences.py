"""Differences of two shares, of different people or of the same."""

from math import acos, copysign, cos, pi, sqrt
from typing import Literal

from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.shares import check_cells, check_counts, wilson_limits
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["proportion_difference", "proportion_difference_paired"]


def proportion_difference(
    first_successes: int,
    first_n: int,
    second_successes: int,
    second_n: int,
    *,
    method: Literal["newcombe", "score"] = "newcombe",
    conf_level: float = 0.95,
) -> Estimate:
    """Share of one group minus share of another, of independent people.

    For people in classes use `pilot_analysis.stats.cluster.cluster_mean_difference`.

    Parameters
    ----------
    first_successes, first_n, second_successes, second_n : int
        People with the property, and people asked, in either group.
    method : {"newcombe", "score"}
        Newcombe's hybrid of two Wilson intervals (his method 10), which inverts no test; or
        Miettinen and Nurminen's score interval, which inverts the chi-squared test with the
        factor (N - 1)/N, so that p goes with it.

    Returns
    -------
    Estimate
        unit "proportion", first minus second, n people in both. p is NaN with "newcombe".
        Undefined where nobody was asked in a group.

    Raises
    ------
    DesignError
        More successes than people, a number that is negative or not whole, or an unknown method.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17: 873-890; Miettinen and Nurminen (1985),
    Statistics in Medicine 4: 213-226.
    """
    check_conf_level(conf_level)
    x_1, n_1 = check_counts(first_successes, first_n)
    x_2, n_2 = check_counts(second_successes, second_n)
    if method not in ("newcombe", "score"):
        raise DesignError(f"method must be newcombe or score; got {method!r}.")
    name, details = "proportion difference", {"n": n_1 + n_2, "unit": "proportion"}
    details |= {"method": f"proportion_difference_{method}", "conf_level": conf_level}
    if min(n_1, n_2) == 0:
        return Estimate.undefined(name, "Nobody was asked in one of the groups.", **details)
    difference = x_1 / n_1 - x_2 / n_2
    if method == "newcombe":
        sides = [(x / n, *wilson_limits(x, n, conf_level)) for x, n in ((x_1, n_1), (x_2, n_2))]
        low, high = _square_and_add(*sides, 0.0)
        return Estimate.from_interval(name, difference, low, high, **details)
    counts = x_1, n_1, x_2, n_2
    z = stats.norm.isf((1 - conf_level) / 2)
    # a swap of the groups changes the sign
    low = -_upper_difference(-difference, (x_2, n_2, x_1, n_1), z)
    variance = _score_variance(0.0, *counts)
    statistic = difference / sqrt(variance) if variance > 0 else 0.0
    return Estimate.from_test_inversion(
        name,
        difference,
        low,
        _upper_difference(difference, counts, z),
        statistic=statistic,
        p_value=2 * stats.norm.sf(abs(statistic)),
        df=float("inf"),
        **details,
    )


def proportion_difference_paired(
    both: int, only_first: int, only_second: int, neither: int, *, conf_level: float = 0.95
) -> Estimate:
    """Share at one occasion minus share at another, of the same people.

    Parameters
    ----------
    both, only_first, only_second, neither : int
        People with the property at both occasions, at one of them only, at none.

    Returns
    -------
    Estimate
        unit "proportion", first minus second, n people; Newcombe's hybrid of two Wilson
        intervals with the correlation of the occasions (his method 10). p is NaN: the test is
        `mcnemar`. Undefined where nobody was asked.

    Raises
    ------
    DesignError
        A number that is negative or not whole.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17: 2635-2650.
    """
    check_conf_level(conf_level)
    counts = a, b, c, d = check_cells(both, only_first, only_second, neither)
    n = sum(counts)
    details = {"n": n, "unit": "proportion", "method": "proportion_difference_paired"}
    details["conf_level"] = conf_level
    name = "proportion difference"
    if n == 0:
        return Estimate.undefined(name, "Nobody was asked.", **details)
    product = (a + b) * (c + d) * (a + c) * (b + d)
    together = a * d - b * c
    together = max(together - n / 2, 0) if together > 0 else together
    correlation = together / sqrt(product) if product else 0.0
    sides = [(x / n, *wilson_limits(x, n, conf_level)) for x in (a + b, a + c)]
    low, high = _square_and_add(*sides, correlation)
    return Estimate.from_interval(name, (b - c) / n, low, high, **details)


def _square_and_add(first, second, correlation: float) -> tuple[float, float]:
    """Return the limits of a difference from those of its sides, each (value, low, high)."""
    (p, p_low, p_high), (q, q_low, q_high) = first, second

    def joined(one: float, other: float) -> float:
        return sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))

    return p - q - joined(p - p_low, q_high - q), p - q + joined(p_high - p, q - q_low)


def _upper_difference(difference: float, counts: tuple[int, int, int, int], z: float) -> float:
    """Return the largest difference that the score test does not reject."""
    if difference == 1:
        return 1.0

    def excess(delta: float) -> float:
        return (delta - difference) ** 2 - z * z * _score_variance(delta, *counts)

    start = difference + 1e-9 * (1 - difference)
    return brentq(excess, start, 1.0, xtol=1e-15, rtol=1e-14)


def _score_variance(delta: float, x_1: int, n_1: int, x_2: int, n_2: int) -> float:
    """Variance of the difference where it is `delta`, the shares at their most likely."""
    ratio, share_1, share_2 = n_2 / n_1, x_1 / n_1, x_2 / n_2
    # the likelihood equation a p^3 + b p^2 + c p + d = 0 of the first share, by cosines
    a = 1 + ratio
    b = -(1 + ratio + share_1 + ratio * share_2 + delta * (ratio + 2))
    c = delta**2 + delta * (2 * share_1 + ratio + 1) + share_1 + ratio * share_2
    d = -share_1 * delta * (1 + delta)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + d / (2 * a)
    u = copysign(sqrt(max(0.0, (b / (3 * a)) ** 2 - c / (3 * a))), v)
    angle = acos(min(1.0, max(-1.0, v / u**3))) if u else 0.0
    p = 2 * u * cos((pi + angle) / 3) - b / (3 * a)
    p = min(max(p, delta, 0.0), 1.0, 1.0 + delta)
    q = p - delta
    variance = p * (1 - p) / n_1 + q * (1 - q) / n_2
    return max(0.0, variance) * (n_1 + n_2) / (n_1 + n_2 - 1)
