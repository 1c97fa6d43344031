"""Kendall's tau-b: how far two orders agree, pair by pair, and the test of it."""

from math import atanh, sqrt, tanh

import numpy as np
from scipy import stats

from pilot_analysis.stats.association.pairings import (
    CONSTANT,
    FEWEST_PAIRS,
    MOST_STEPS,
    NO_WIDTH,
    concordance_distribution,
    paired_values,
    pairing_cost,
    pairing_distribution,
    varying_pairs,
)
from pilot_analysis.stats.association.significance import Alternative, SignificanceTest
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["kendall_tau_b", "kendall_test"]

_MOST_EXACT = 100  # units, with equal values on one side at most
_ENTRIES_AT_ONCE = 4_000_000


def kendall_tau_b(x, y, *, conf_level: float = 0.95) -> Estimate:
    """Kendall's tau-b: pairs in the same order minus pairs in the other, ties allowed for.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Values of the same units, which are independent. Missing values are refused.

    Returns
    -------
    Estimate
        unit "coefficient", n units, df = n - 2. The interval is Fisher's z of tau-b with a
        jackknife standard error, which holds with ties too. It inverts no test of independence,
        so p is NaN: see `kendall_test`. Undefined, with the reason, where a side does not vary;
        without an interval below four units, where the order is perfect, or where one unit
        alone differs from the others.

    Raises
    ------
    DesignError
        A missing or infinite value, or sides of different length.

    References
    ----------
    Kendall (1970), Rank Correlation Methods, 4th ed., ch. 3; Arvesen (1969), Annals of
    Mathematical Statistics 40: 2076-2100 (jackknifing U-statistics); Long and Cliff (1997),
    British Journal of Mathematical and Statistical Psychology 50: 31-41.
    """
    check_conf_level(conf_level)
    x, y = paired_values(x, y)
    n = len(x)
    details = {"n": n, "unit": "coefficient", "method": "kendall_tau_b", "conf_level": conf_level}
    name = "kendall tau-b"
    if n < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Estimate.undefined(name, CONSTANT, **details)
    both, of_x, of_y = _order_sums(x, y)
    tau = float(both.sum() / sqrt(of_x.sum() * of_y.sum()))
    left_x, left_y = of_x.sum() - 2 * of_x, of_y.sum() - 2 * of_y
    if n < FEWEST_PAIRS or abs(tau) > 1 - 1e-12 or min(left_x.min(), left_y.min()) == 0:
        return Estimate.undefined(name, NO_WIDTH, estimate=tau, **details)
    without = (both.sum() - 2 * both) / np.sqrt(left_x * left_y)
    std_error = sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    if std_error < 1e-12:
        return Estimate.undefined(name, NO_WIDTH, estimate=tau, **details)
    half = stats.t.isf((1 - conf_level) / 2, n - 2) * std_error / (1 - tau**2)
    low, high = tanh(atanh(tau) - half), tanh(atanh(tau) + half)
    return Estimate.from_interval(name, tau, low, high, std_error=std_error, df=n - 2, **details)


def kendall_test(x, y, *, alternative: Alternative = "two-sided") -> SignificanceTest:
    """Test that two orders have nothing to do with each other, by Kendall's S.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Values of the same units, which are independent. Missing values are refused.
    alternative : {"two-sided", "less", "greater"}

    Returns
    -------
    SignificanceTest
        The statistic is S: pairs in the same order minus pairs in the other. Exact up to 100
        units where one side at most has equal values, and where both have them as far as the
        number of tables allows (about 12 units, more where the values are few); otherwise the
        normal distribution with Kendall's variance for ties, without continuity correction.

    Raises
    ------
    DesignError
        A missing or infinite value, sides of different length, or a side that does not vary.

    References
    ----------
    Kendall (1970), Rank Correlation Methods, 4th ed., ch. 4-5.
    """
    x, y = varying_pairs(x, y)
    n = len(x)
    s = round(float(_order_sums(x, y)[0].sum() / 2))
    details = {"alternative": alternative, "n": n, "method": "kendall_test"}
    rows, columns = sorted((_sizes(x), _sizes(y)), key=lambda sizes: -len(sizes))
    if len(rows) == n <= _MOST_EXACT:
        chances = concordance_distribution(columns)
        at = (s + len(chances) - 1) // 2
        return SignificanceTest.from_distribution("kendall", s, chances, at, **details)
    if pairing_cost(rows, columns) <= MOST_STEPS:

        def gain(row, filled, used):
            below = np.cumsum(used)
            return int(np.dot(filled, 2 * below - used - below[-1]))

        most = n * (n - 1) // 2
        chances = pairing_distribution(rows, columns, gain, -most, most)
        return SignificanceTest.from_distribution("kendall", s, chances, s + most, **details)
    return SignificanceTest.from_z("kendall", s, s, _tied_std_error(n, rows, columns), **details)


def _order_sums(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each unit adds to the pairs in order, and to those that differ in x and in y."""
    sums = np.empty((3, len(x)))
    step = max(1, _ENTRIES_AT_ONCE // len(x))
    for start in range(0, len(x), step):
        here = slice(start, start + step)
        in_x, in_y = (np.sign(np.subtract.outer(v[here], v)) for v in (x, y))
        sums[:, here] = (in_x * in_y).sum(1), (in_x**2).sum(1), (in_y**2).sum(1)
    return tuple(sums)


def _sizes(values: np.ndarray) -> list[int]:
    return np.unique(values, return_counts=True)[1].tolist()


def _tied_std_error(n: int, rows: list[int], columns: list[int]) -> float:
    """Return Kendall's (1970, formula 4.4) standard error of S with equal values on both sides."""
    t, u = np.array(rows, dtype=float), np.array(columns, dtype=float)
    pairs, triples, spread = (
        [(k * (k - 1)).sum() for k in (t, u)],
        [(k * (k - 1) * (k - 2)).sum() for k in (t, u)],
        n * (n - 1) * (2 * n + 5) - sum((k * (k - 1) * (2 * k + 5)).sum() for k in (t, u)),
    )
    variance = spread / 18 + pairs[0] * pairs[1] / (2 * n * (n - 1))
    if n > 2:
        variance += triples[0] * triples[1] / (9 * n * (n - 1) * (n - 2))
    return sqrt(variance)
