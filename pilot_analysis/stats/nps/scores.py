"""One Net Promoter Score and how far chance could move it."""

from collections.abc import Sequence
from dataclasses import astuple
from math import inf, nan
from typing import Literal

from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.nps.counts import UNIT, NpsCounts, as_counts
from pilot_analysis.stats.nps.finite import score_of_population
from pilot_analysis.stats.nps.resampling import bootstrap
from pilot_analysis.stats.nps.score_interval import (
    may_johnson_limits,
    score_limits,
    score_statistic,
)
from pilot_analysis.stats.nps.wald import (
    ALIKE,
    adjusted_wald,
    agresti_min,
    goodman,
    moments,
    t_interval,
    wald,
)

__all__ = ["NpsMethod", "net_promoter_score"]

NpsMethod = Literal[
    "score", "adjusted_wald", "wald", "goodman", "bootstrap", "t", "agresti_min", "may_johnson"
]


def net_promoter_score(
    counts: NpsCounts | Sequence[int],
    *,
    method: NpsMethod = "score",
    conf_level: float = 0.95,
    population: int | None = None,
    draws: int = 2000,
    seed: int = 20261121,
) -> Estimate:
    """Net Promoter Score with an interval that is honest for a handful of respondents.

    NPS = 100 (p - d) with p the share of promoters and d that of detractors. The interval says
    how far chance alone could move the score if the answers were draws from these respondents'
    own tendencies; it is no statement about another team (`predict_nps`), and none about those
    who were asked and did not answer (`nps_bounds`).

    Parameters
    ----------
    counts : NpsCounts, or detractors, passives, promoters
    method : str
        "score" (the default) inverts Tango's score test, whose variance uses the restricted
        maximum-likelihood share of detractors at each value tested. "adjusted_wald" adds 3/4, 3/2
        and 3/4 respondents and takes Wald's interval; "agresti_min" adds 1/2, 1 and 1/2.
        "goodman" is Wald's for all contrasts of the three shares at once, "bootstrap" the
        percentile interval of `draws` resamples, "may_johnson" a score interval with the observed
        share of passives. These are cut at -100 and 100. "wald" and "t" (of the answers as 100,
        0, -100) are not. At ten respondents the first three cover .93 to .98 of the time, the
        others down to .65 where nearly all promote: they are for reference, and Wald's has no
        width when everybody answers alike.
    conf_level : float
    population : int, optional
        Size N of the group that the question is about, when it is about these N people only (not
        about the tendencies that they answered from) and those who answered are as good as a
        random part of them. Where who answers hangs together with what they think, as in most
        surveys, neither this nor any interval describes the error; leave it out. With "score",
        "adjusted_wald" and "wald" only. The limits are then scores that N people can have, within
        what the silent could bring about. Undefined, with the score, if all N answered.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Estimate
        unit "NPS points", n respondents; undefined without respondents, and by the methods that
        cannot describe it where everybody answered alike. `std_error` is that of the interval for
        the Wald methods, and the plain Wald one beside a score interval (NaN where that would be
        0). p is that of a score of 0; NaN for the bootstrap.

    Raises
    ------
    DesignError
        An unknown method, counts that are not whole numbers, more respondents than `population`,
        or fewer than 100 draws.

    References
    ----------
    Tango (1998), Statistics in Medicine 17: 891-908; Rocks (2016), The American Statistician 70:
    365-372; Agresti and Min (2005), Statistics in Medicine 24: 729-740; May and Johnson (1997),
    Statistics in Medicine 16: 2127-2136; Goodman (1964), Annals of Mathematical Statistics 35:
    716-725; Cochran (1977), Sampling Techniques, 3rd ed., sections 2.6 and 3.2.
    """
    check_conf_level(conf_level)
    counts = as_counts(counts)
    makers = {
        "score": _score,
        "adjusted_wald": adjusted_wald,
        "wald": wald,
        "goodman": goodman,
        "bootstrap": lambda c, known: bootstrap(c, draws, seed, known),
        "t": t_interval,
        "agresti_min": agresti_min,
        "may_johnson": _may_johnson,
    }
    if method not in makers:
        raise DesignError(f"method must be one of {', '.join(makers)}; got {method!r}.")
    details = {
        "n": counts.n, "unit": UNIT, "method": f"nps_{method}", "conf_level": conf_level,
    }  # fmt: skip
    if counts.n == 0:
        return Estimate.undefined("nps", "Nobody answered, so there is no score.", **details)
    if population is not None:
        return score_of_population(counts, population, method, details)
    return makers[method](counts, details)


def _score(counts: NpsCounts, details: dict) -> Estimate:
    return _by_score_test(counts, score_limits, details)


def _may_johnson(counts: NpsCounts, details: dict) -> Estimate:
    if counts.passives == counts.n:
        return Estimate.undefined("nps", ALIKE, estimate=0.0, **details)
    return _by_score_test(counts, may_johnson_limits, details)


def _by_score_test(counts: NpsCounts, limits, details: dict) -> Estimate:
    d, p, n = counts.detractors, counts.promoters, counts.n
    low, high = limits(d, p, n, stats.norm.isf((1 - details["conf_level"]) / 2))
    # of a difference of 0, both tests are McNemar's: the variance is (p + d)/n
    statistic = score_statistic(d, p, n, 0.0)
    estimate, se = moments(astuple(counts))
    return Estimate.from_test_inversion(
        "nps",
        estimate,
        100 * low,
        100 * high,
        statistic=statistic,
        p_value=2 * stats.norm.sf(abs(statistic)),
        df=inf,
        std_error=se if se > 0 else nan,
        **details,
    )
