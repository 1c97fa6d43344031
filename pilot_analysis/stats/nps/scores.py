"""Net Promoter Score: counts, one score, the difference of two, and a network of teams."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from math import nan, sqrt
from typing import Literal

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.mean import cluster_ratio
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.nps.counts import NpsCounts, count_nps

__all__ = ["NpsCounts", "count_nps", "net_promoter_score", "nps_difference", "pool_nps"]

UNIT = "NPS points"

# Rocks (2016): three imaginary respondents, of whom a quarter detract and a quarter promote
_PSEUDO_RESPONDENTS = (0.75, 1.5, 0.75)
# A difference shares the three between its two sides, as Agresti and Caffo share their four:
# at 8 against 8 the 95% interval then covers .94-.97, with three on each side .91-.98
_PSEUDO_RESPONDENTS_A_SIDE = (0.375, 0.75, 0.375)


def net_promoter_score(
    counts: NpsCounts | Sequence[int],
    *,
    method: Literal["score", "adjusted_wald", "wald"] = "score",
    conf_level: float = 0.95,
) -> Estimate:
    """Net Promoter Score with an interval that is honest for a handful of respondents.

    NPS = 100 (p - d) with p the share of promoters and d that of detractors. The interval says
    how far chance alone could move the score if the answers were draws from these respondents'
    own tendencies; it is no statement about another team.

    Parameters
    ----------
    counts : NpsCounts, or detractors, passives, promoters
    method : {"score", "adjusted_wald", "wald"}
        "score" inverts Tango's score test, whose variance uses the restricted maximum-likelihood
        share of detractors at each value tested. "adjusted_wald" adds 3/4, 3/2 and 3/4
        respondents and takes Wald's interval, cut at -100 and 100. "wald" is for reference only:
        it has no width when everybody answers alike.
    conf_level : float

    Returns
    -------
    Estimate
        unit "NPS points", n respondents; undefined without respondents. `std_error` is that of
        the interval for the Wald methods, and the plain Wald one beside a score interval (NaN
        where that would be 0).

    References
    ----------
    Tango (1998), Statistics in Medicine 17: 891-908; Rocks (2016), The American Statistician 70:
    365-372.
    """
    check_conf_level(conf_level)
    counts = counts if isinstance(counts, NpsCounts) else NpsCounts(*counts)
    makers = {"score": _score, "adjusted_wald": _adjusted_wald, "wald": _wald}
    if method not in makers:
        raise DesignError(f"method must be one of {', '.join(makers)}; got {method!r}.")
    if counts.n == 0:
        return Estimate.undefined(
            "nps",
            "Nobody answered, so there is no score.",
            n=0,
            unit=UNIT,
            method=f"nps_{method}",
            conf_level=conf_level,
        )
    return makers[method](counts, conf_level)


def nps_difference(
    first: NpsCounts | Sequence[int],
    second: NpsCounts | Sequence[int],
    *,
    method: Literal["adjusted_wald", "wald"] = "adjusted_wald",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference of two Net Promoter Scores, first minus second, of different respondents.

    Parameters
    ----------
    first, second : NpsCounts, or detractors, passives, promoters
    method : {"adjusted_wald", "wald"}
        "adjusted_wald" shares Rocks's 3/4, 3/2 and 3/4 respondents between the sides before
        the interval is taken, cut at -200 and 200; the estimate is the plain difference.

    Returns
    -------
    Estimate
        unit "NPS points"; undefined where a side has no respondents, or (Wald) where nobody
        differs from anybody on either side.

    References
    ----------
    Rocks (2016), The American Statistician 70: 365-372; Agresti and Caffo (2000), The American
    Statistician 54: 280-288.
    """
    check_conf_level(conf_level)
    sides = [c if isinstance(c, NpsCounts) else NpsCounts(*c) for c in (first, second)]
    if method not in ("adjusted_wald", "wald"):
        raise DesignError(f"method must be adjusted_wald or wald; got {method!r}.")
    details = {
        "n": sum(side.n for side in sides),
        "unit": UNIT,
        "method": f"nps_difference_{method}",
        "conf_level": conf_level,
    }
    if not all(side.n for side in sides):
        return Estimate.undefined(
            "nps_difference", "One side has no respondents, so there is no difference.", **details
        )
    plain = [_moments(astuple(side)) for side in sides]
    estimate = plain[0][0] - plain[1][0]
    pseudo = _PSEUDO_RESPONDENTS_A_SIDE if method == "adjusted_wald" else (0.0, 0.0, 0.0)
    used = [_moments(np.add(astuple(side), pseudo)) for side in sides]
    center, se = used[0][0] - used[1][0], sqrt(used[0][1] ** 2 + used[1][1] ** 2)
    if se == 0:
        reason = "Everybody on a side answered alike, which Wald's interval cannot describe."
        return Estimate.undefined("nps_difference", reason, estimate=estimate, **details)
    return _from_center("nps_difference", estimate, center, se, np.inf, 200, **details)


def pool_nps(teams: Iterable[NpsCounts | Sequence[int]], *, conf_level: float = 0.95) -> Estimate:
    """Net Promoter Score of a network, with the teams as clusters.

    The score is that of all respondents together. Its variance comes from how far the teams'
    sums lie from what their size and the common score predict (linearized ratio, G/(G-1)), with
    t on teams - 1 degrees of freedom: answers within a team are alike, and the trinomial
    variance would give an interval that is too narrow.

    Parameters
    ----------
    teams : iterable of NpsCounts
        One per team; teams without respondents are left out.

    Returns
    -------
    Estimate
        unit "NPS points", n respondents, n_clusters teams; limits are cut at -100 and 100;
        undefined, with the score, for fewer than two teams or when no team differs.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 6.3 and chapter 9A.
    """
    counts = [c if isinstance(c, NpsCounts) else NpsCounts(*c) for c in teams]
    made = cluster_ratio(
        [100 * (c.promoters - c.detractors) for c in counts],
        [c.n for c in counts],
        name="nps",
        unit=UNIT,
        conf_level=conf_level,
        method="nps_pooled",
    )
    if not made.is_defined:
        return made
    flags = ("few clusters",) if made.n_clusters < 5 else ()
    return replace(
        made, conf_low=max(made.conf_low, -100.0), conf_high=min(made.conf_high, 100.0), flags=flags
    )


def _moments(counts) -> tuple[float, float]:
    """Return 100 (p - d) and its Wald standard error, in points."""
    d, m, p = (float(c) for c in counts)
    n = d + m + p
    net = (p - d) / n
    # (p + d)/n - net^2, written without subtraction so that it is never negative
    variance = (p * (1 - net) ** 2 + d * (1 + net) ** 2 + m * net**2) / n
    return 100 * net, 100 * sqrt(variance / n)


def _from_center(name, estimate, center, se, df, bound, **details) -> Estimate:
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


def _wald(counts: NpsCounts, conf_level: float) -> Estimate:
    estimate, se = _moments(astuple(counts))
    details = {"n": counts.n, "unit": UNIT, "method": "nps_wald", "conf_level": conf_level}
    if se == 0:
        flag = "Everybody answered alike, and Wald's interval has no width: do not use it."
        return Estimate.from_interval(
            "nps", estimate, estimate, estimate, std_error=0.0, flags=(flag,), **details
        )
    return Estimate.from_z("nps", estimate, se, **details)


def _adjusted_wald(counts: NpsCounts, conf_level: float) -> Estimate:
    center, se = _moments(np.add(astuple(counts), _PSEUDO_RESPONDENTS))
    return _from_center(
        "nps",
        _moments(astuple(counts))[0],
        center,
        se,
        np.inf,
        100,
        n=counts.n,
        unit=UNIT,
        method="nps_adjusted_wald",
        conf_level=conf_level,
    )


def _score(counts: NpsCounts, conf_level: float) -> Estimate:
    d, p, n = counts.detractors, counts.promoters, counts.n
    z = stats.norm.isf((1 - conf_level) / 2)
    # at a difference of 0 the restricted variance is (p + d)/n, as in McNemar's test
    statistic = (p - d) / sqrt(p + d) if p + d else 0.0
    estimate, se = _moments(astuple(counts))
    return Estimate.from_test_inversion(
        "nps",
        estimate,
        -100 * _score_limit(d, p, n, z),
        100 * _score_limit(p, d, n, z),
        statistic=statistic,
        p_value=2 * stats.norm.sf(abs(statistic)),
        df=np.inf,
        std_error=se if se > 0 else nan,
        n=n,
        unit=UNIT,
        method="nps_score",
        conf_level=conf_level,
    )


def _score_limit(up: int, down: int, n: int, z: float) -> float:
    """Return the upper limit of the share `up` minus the share `down` (0..1 scale)."""
    if up == n:
        return 1.0

    def excess(delta: float) -> float:
        b = (2 * n - up + down) * delta - up - down
        c = -down * delta * (1 - delta)
        down_share = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * down_share + delta * (1 - delta))
        return (up - down - n * delta) ** 2 - z * z * variance

    # just above the estimate the score is below z; at 1 its variance is 0 and it is beyond any z
    observed = (up - down) / n
    return brentq(excess, observed + 1e-9 * (1 - observed), 1.0, xtol=1e-15, rtol=1e-14)
