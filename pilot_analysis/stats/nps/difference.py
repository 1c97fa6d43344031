"""The difference of two Net Promoter Scores of different people."""

from collections.abc import Sequence
from dataclasses import astuple
from math import copysign, hypot, inf, nan
from typing import Literal

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.nps.counts import UNIT, NpsCounts, as_counts
from pilot_analysis.stats.nps.score_interval import score_limits
from pilot_analysis.stats.nps.wald import from_center, moments

__all__ = ["nps_difference"]

NAME = "nps_difference"
METHODS = ("score", "adjusted_wald", "wald")

# A difference shares Rocks's three between its two sides, as Agresti and Caffo share their four:
# at 8 against 8 the 95% interval then covers .94-.97, with three on each side .91-.98
_PSEUDO_RESPONDENTS_A_SIDE = (0.375, 0.75, 0.375)
_ALIKE = (
    "Everybody on a side answered alike, which Wald's interval cannot describe: take the score "
    "interval."
)


def nps_difference(
    first: NpsCounts | Sequence[int],
    second: NpsCounts | Sequence[int],
    *,
    method: Literal["score", "adjusted_wald", "wald"] = "score",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference of two Net Promoter Scores, first minus second, of different respondents.

    Parameters
    ----------
    first, second : NpsCounts, or detractors, passives, promoters
        Of people who are not the same on both sides; for the same people, see
        `nps_difference_paired`.
    method : {"score", "adjusted_wald", "wald"}
        "score" combines the two score intervals: each limit lies as far from the difference as
        the distances of the two sides' limits from their scores, squared and added (MOVER). p is
        1 minus the level at which this interval begins to hold 0. "adjusted_wald" shares Rocks's
        3/4, 3/2 and 3/4 respondents between the sides before the interval is taken. Both are cut
        at -200 and 200. "wald" is for reference, and not cut.
    conf_level : float

    Returns
    -------
    Estimate
        unit "NPS points", estimate the plain difference, n the respondents of both sides.
        Undefined where a side has no respondents, or (Wald) where nobody differs from anybody on
        either side. `std_error` beside a score interval is Wald's, NaN where that would be 0.

    Raises
    ------
    DesignError
        An unknown method, or counts that are not whole numbers.

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27: 1693-1702; Newcombe (1998), Statistics in
    Medicine 17: 873-890, method 10; Rocks (2016), The American Statistician 70: 365-372; Agresti
    and Caffo (2000), The American Statistician 54: 280-288.
    """
    check_conf_level(conf_level)
    sides = as_counts(first), as_counts(second)
    if method not in METHODS:
        raise DesignError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    details = {
        "n": sum(side.n for side in sides),
        "unit": UNIT,
        "method": f"nps_difference_{method}",
        "conf_level": conf_level,
    }
    if not all(side.n for side in sides):
        reason = "One side has no respondents, so there is no difference."
        return Estimate.undefined(NAME, reason, **details)
    return {"score": _score, "adjusted_wald": _adjusted_wald, "wald": _wald}[method](sides, details)


def _difference(sides, pseudo=(0.0, 0.0, 0.0)) -> tuple[float, float]:
    """Return the difference in points and its Wald standard error."""
    (one, se_one), (other, se_other) = (moments(np.add(astuple(side), pseudo)) for side in sides)
    return one - other, hypot(se_one, se_other)


def _wald(sides, details: dict) -> Estimate:
    estimate, se = _difference(sides)
    if se == 0:
        return Estimate.undefined(NAME, _ALIKE, estimate=estimate, **details)
    return Estimate.from_z(NAME, estimate, se, **details)


def _adjusted_wald(sides, details: dict) -> Estimate:
    center, se = _difference(sides, _PSEUDO_RESPONDENTS_A_SIDE)
    return from_center(NAME, _difference(sides)[0], center, se, 200, **details)


def _score(sides, details: dict) -> Estimate:
    estimate, se = _difference(sides)
    low, high = _mover(sides, stats.norm.isf((1 - details["conf_level"]) / 2))
    statistic = _statistic(sides, estimate)
    return Estimate.from_test_inversion(
        NAME,
        estimate,
        100 * low,
        100 * high,
        statistic=statistic,
        p_value=2 * stats.norm.sf(abs(statistic)),
        df=inf,
        std_error=se if se > 0 else nan,
        **details,
    )


def _mover(sides, z: float) -> tuple[float, float]:
    """Return the limits of the difference on the scale -2 to 2."""
    limits = [score_limits(side.detractors, side.promoters, side.n, z) for side in sides]
    (one, other), ((low, high), (low_other, high_other)) = [s.score / 100 for s in sides], limits
    center = one - other
    return (
        center - hypot(one - low, high_other - other),
        center + hypot(high - one, other - low_other),
    )


def _statistic(sides, estimate: float) -> float:
    """Return the z at which the interval that grows from the difference first reaches 0."""
    if estimate == 0:
        return 0.0
    toward_zero = 0 if estimate > 0 else 1

    def remaining(z: float) -> float:
        # at z = 0 the interval is the difference itself
        return (
            abs(estimate) / 100 if z == 0 else copysign(1, estimate) * _mover(sides, z)[toward_zero]
        )

    beyond = 2.0
    while remaining(beyond) > 0:
        beyond *= 2
    return copysign(brentq(remaining, 0.0, beyond, xtol=1e-12, rtol=1e-13), estimate)
