"""Hodges and Lehmann's estimate of a shift, with the interval that inverts Wilcoxon's test."""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.rank_sums import (
    rank_sum_distribution,
    signed_rank_distribution,
)
from pilot_analysis.stats.association.significance import SignificanceTest
from pilot_analysis.stats.association.wilcoxon import wilcoxon_rank_sum, wilcoxon_signed_rank
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.randomization.inputs import known_values

__all__ = ["hodges_lehmann"]

_MOST_EXACT = 60  # values; beyond, the tests' normal distribution decides
_MOST_PAIRS = 20_000_000
_SAME = 1e-12  # share of the spread by which equal differences may differ in rounding
_TOO_FEW = "{} values are too few to exclude any shift at this confidence."
_ALL_EQUAL = (
    "So many values are equal that every other shift is rejected: an interval has no width."
)
_AT_ZERO = "Zero is the end of the interval itself, where ties decide; see Wilcoxon's test."


def hodges_lehmann(
    first, second=None, *, name: str = "shift", unit: str = "points", conf_level: float = 0.95
) -> Estimate:
    """Typical difference: the median of all pairwise means, or of all pairwise differences.

    Parameters
    ----------
    first, second : array_like, shape (n_1,), (n_2,)
        With one group (differences of pairs, for instance), the pseudo-median; with two
        independent groups, the shift of the first against the second. Missing values are refused.
    unit : str
        Of the values.

    Returns
    -------
    Estimate
        The interval holds every shift that Wilcoxon's signed-rank (one group) or rank-sum test
        does not reject, and p is that test's at 0; exact up to 60 values, also with ties.
        Where ties make the two disagree (0 is the end of the interval itself), p is NaN and the
        flags refer to the test. Undefined where so few values can reject no shift.

    Raises
    ------
    DesignError
        A missing or infinite value; no values; values that do not vary.

    References
    ----------
    Hodges and Lehmann (1963), Annals of Mathematical Statistics 34: 598-611; Bauer (1972),
    Journal of the American Statistical Association 67: 687-690.
    """
    check_conf_level(conf_level)
    groups = [known_values(g, "The values") for g in (first, second) if g is not None]
    if any(len(g) == 0 for g in groups):
        raise DesignError("A typical difference needs values; a group has none.")
    if np.prod([float(len(g)) for g in [*groups, *groups][:2]]) > _MOST_PAIRS:
        raise DesignError("There are too many values to pair each with each; use their means.")
    x, y = groups[0], groups[1:]
    pairs = np.subtract.outer(x, *y) if y else np.add.outer(x, x)[np.triu_indices(len(x))] / 2
    turns, estimate = _distinct(pairs.ravel()), float(np.median(pairs))
    if len(turns) < 2:
        raise DesignError(f"{name}: all values are equal, so no interval can be found.")
    n = sum(len(g) for g in groups)
    exact = n <= _MOST_EXACT
    test = partial(wilcoxon_rank_sum if y else wilcoxon_signed_rank, exact=exact)
    if exact:
        held = _held_of_all(_p_values(x, *y, turns=turns), 1 - conf_level)
    else:
        held = _held_bisected(turns, estimate, lambda t: test(x - t, *y).p_value, 1 - conf_level)
    details = {"n": n, "unit": unit, "method": "hodges_lehmann", "conf_level": conf_level}
    if held is None or held[0] == 0 or held[1] == len(turns):
        reason = _ALL_EQUAL if held is None else _TOO_FEW.format(n)
        return Estimate.undefined(name, reason, estimate=estimate, **details)
    limits = float(turns[held[0] - 1]), float(turns[held[1]])
    at_zero = test(x, *y) if x.any() or y else None
    return _estimate(name, estimate, limits, at_zero, details)


def _estimate(name, estimate, limits, at_zero: SignificanceTest | None, details) -> Estimate:
    low, high = limits
    alpha = 1 - details["conf_level"]
    if at_zero is None or (low <= 0 <= high) == (at_zero.p_value < alpha):
        return Estimate.from_interval(name, estimate, low, high, flags=(_AT_ZERO,), **details)
    return Estimate.from_test_inversion(
        name,
        estimate,
        low,
        high,
        statistic=at_zero.statistic,
        p_value=at_zero.p_value,
        flags=at_zero.flags,
        **details,
    )


def _distinct(pairs: np.ndarray) -> np.ndarray:
    """Return the sorted values, those that differ by rounding only taken once."""
    ordered = np.sort(pairs)
    return ordered[np.diff(ordered, prepend=-np.inf) > _SAME * np.abs(ordered).max()]


def _p_values(x: np.ndarray, y: np.ndarray | None = None, *, turns: np.ndarray) -> np.ndarray:
    """Return the exact two-sided p before, between and after the shifts at which it changes.

    Where no two values are equal the ranks to be signed or drawn are always the same; otherwise
    they depend on where the equal ones come to stand, and each pattern has a distribution.
    """
    step = turns[-1] - turns[0]
    middles = np.concatenate([[turns[0] - step], (turns[:-1] + turns[1:]) / 2, [turns[-1] + step]])
    shifted = x - middles[:, None]
    if y is None:
        whole = np.rint(2 * stats.rankdata(np.abs(shifted), axis=1)).astype(int)
        sums = (whole * (shifted > 0)).sum(axis=1)
    else:
        pooled = np.concatenate([shifted, np.tile(y, (len(middles), 1))], axis=1)
        whole = np.rint(2 * stats.rankdata(pooled, axis=1)).astype(int)
        sums = whole[:, : len(x)].sum(axis=1)
    patterns, pattern_of = np.unique(np.sort(whole, axis=1), axis=0, return_inverse=True)
    p = np.empty(len(middles))
    for i, pattern in enumerate(patterns):
        scale = np.gcd.reduce(pattern)
        pattern = pattern // scale
        chances = (
            signed_rank_distribution(pattern)
            if y is None
            else rank_sum_distribution(pattern, len(x))
        )
        here = pattern_of == i
        at = sums[here] // scale
        less, greater = np.cumsum(chances)[at], np.cumsum(chances[::-1])[len(chances) - 1 - at]
        p[here] = np.minimum(1.0, 2 * np.minimum(less, greater))
    return p


def _held_of_all(p: np.ndarray, alpha: float) -> tuple[int, int] | None:
    """Return the first and the last gap between turns that is not rejected, gap 0 before all."""
    held = np.flatnonzero(p >= alpha)
    return (int(held[0]), int(held[-1])) if len(held) else None


def _held_bisected(
    turns: np.ndarray, estimate: float, p_value: Callable[[float], float], alpha: float
) -> tuple[int, int] | None:
    """As `_held_of_all`, by bisection: p of many values rises to the estimate and falls again."""

    def is_held(gap: int) -> bool:
        return p_value((turns[gap - 1] + turns[gap]) / 2) >= alpha

    around = np.searchsorted(turns, estimate), np.searchsorted(turns, estimate, "right")
    inside = [gap for gap in around if 0 < gap < len(turns) and is_held(gap)]
    if not inside:
        return None
    ends = []
    for outer, inner in ((0, inside[0]), (len(turns), inside[-1])):
        while abs(inner - outer) > 1:
            middle = (inner + outer) // 2
            outer, inner = (outer, middle) if is_held(middle) else (middle, inner)
        ends.append(int(inner))
    return ends[0], ends[1]
