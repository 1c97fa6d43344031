"""Intervals of a Net Promoter Score that stand on an estimate and its standard error."""

from collections.abc import Sequence
from dataclasses import astuple
from math import inf, sqrt

import numpy as np
from scipy import stats

from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.nps.counts import NpsCounts

__all__ = [
    "ALIKE",
    "ROCKS",
    "adjusted_wald",
    "agresti_min",
    "from_center",
    "goodman",
    "moments",
    "t_interval",
    "wald",
]

ALIKE = "Everybody answered alike, which this interval cannot describe: take the score interval."

# Rocks (2016): three imaginary respondents, of whom a quarter detract and a quarter promote
ROCKS = (0.75, 1.5, 0.75)
# Agresti and Min (2005): half a pair in each cell of the paired two-by-two table; the two cells
# that agree are the passives
_HALF_A_CELL = (0.5, 1.0, 0.5)


def moments(counts: Sequence[float]) -> tuple[float, float]:
    """Return 100 (p - d) and its Wald standard error, in points; `counts` may be fractions."""
    d, m, p = (float(c) for c in counts)
    n = d + m + p
    net = (p - d) / n
    # (p + d)/n - net^2, written without subtraction so that it is never negative
    variance = (p * (1 - net) ** 2 + d * (1 + net) ** 2 + m * net**2) / n
    return 100 * net, 100 * sqrt(variance / n)


def from_center(name, estimate, center, se, bound, *, df=inf, **details) -> Estimate:
    """Interval about `center`, cut at the ends of the scale; the test is that of the center."""
    pivot = Estimate.from_t(name, center, se, df, **details)
    return Estimate.from_test_inversion(
        name,
        estimate,
        max(pivot.conf_low, -bound),
        min(pivot.conf_high, bound),
        statistic=pivot.statistic,
        p_value=pivot.p_value,
        std_error=se,
        df=df,
        **details,
    )


def wald(counts: NpsCounts, details: dict, correction: float = 1.0) -> Estimate:
    """Wald's interval as in textbooks, not cut; `correction` multiplies the standard error."""
    estimate, se = moments(astuple(counts))
    if se == 0:
        flag = "Everybody answered alike, and Wald's interval has no width: do not use it."
        return Estimate.from_interval(
            "nps", estimate, estimate, estimate, std_error=0.0, flags=(flag,), **details
        )
    return Estimate.from_z("nps", estimate, se * correction, **details)


def t_interval(counts: NpsCounts, details: dict) -> Estimate:
    """Student's t of the mean of the answers 100, 0 and -100, not cut."""
    estimate, se = moments(astuple(counts))
    if se == 0:
        return Estimate.undefined("nps", ALIKE, estimate=estimate, **details)
    df = counts.n - 1
    return Estimate.from_t("nps", estimate, se * sqrt(counts.n / df), df, **details)


def adjusted_wald(counts: NpsCounts, details: dict) -> Estimate:
    """Rocks's interval: three imaginary respondents are added, then Wald."""
    return _with_pseudo_respondents(counts, ROCKS, details)


def agresti_min(counts: NpsCounts, details: dict) -> Estimate:
    """As `adjusted_wald` with Agresti and Min's two imaginary respondents."""
    return _with_pseudo_respondents(counts, _HALF_A_CELL, details)


def goodman(counts: NpsCounts, details: dict) -> Estimate:
    """Goodman's interval: Wald's at the square root of a chi-square with 2 df in place of z."""
    estimate, se = moments(astuple(counts))
    if se == 0:
        return Estimate.undefined("nps", ALIKE, estimate=estimate, **details)
    half = sqrt(stats.chi2.isf(1 - details["conf_level"], 2)) * se
    return Estimate.from_test_inversion(
        "nps",
        estimate,
        max(estimate - half, -100.0),
        min(estimate + half, 100.0),
        statistic=estimate / se,
        p_value=stats.chi2.sf((estimate / se) ** 2, 2),
        std_error=se,
        **details,
    )


def _with_pseudo_respondents(counts: NpsCounts, pseudo, details: dict) -> Estimate:
    center, se = moments(np.add(astuple(counts), pseudo))
    return from_center("nps", counts.score, center, se, 100, **details)
