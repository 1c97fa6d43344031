"""A Net Promoter Score of a known, finite group of people, of whom some answered."""

from dataclasses import astuple
from math import ceil, copysign, floor, inf, nan, sqrt

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.nps.counts import NpsCounts, is_people
from pilot_analysis.stats.nps.score_interval import score_limits, score_statistic
from pilot_analysis.stats.nps.wald import ROCKS, moments, wald

__all__ = ["score_of_population"]

METHODS = ("score", "adjusted_wald", "wald")


def score_of_population(counts: NpsCounts, population: int, method: str, details: dict) -> Estimate:
    """Return the score of `population` people, of whom `counts` are a random part.

    The answers are weighed as n (N - 1)/(N - n) independent ones would be, the size at which
    drawing with replacement has the variance of drawing without. The limits of "score" and
    "adjusted_wald" are then moved outwards to scores that N people can have, and cut at what the
    N - n who were silent could make of the score.
    """
    _check(counts, population, method)
    details = details | {"method": f"nps_{method}_population"}
    if population == counts.n:
        reason = f"All {counts.n} answered: this is their score, and chance has no part in it."
        return Estimate.undefined("nps", reason, estimate=counts.score, **details)
    if method == "wald":
        return _wald(counts, population, details)
    weight = (population - 1) / (population - counts.n)
    maker = _score if method == "score" else _adjusted_wald
    low, high, statistic = maker(counts, weight, 1 / population, details["conf_level"])
    net, silent = counts.promoters - counts.detractors, population - counts.n
    worst, best = (net - silent) / population, (net + silent) / population
    if worst > 0 or best < 0:  # the silent cannot bring the score to 0
        statistic, p_value = nan, 0.0
    else:
        p_value = 2 * stats.norm.sf(abs(statistic))
    se = _standard_error(counts, population)
    return Estimate.from_test_inversion(
        "nps",
        counts.score,
        100 * max(floor(low * population + 1e-9) / population, worst),
        100 * min(ceil(high * population - 1e-9) / population, best),
        statistic=statistic,
        p_value=p_value,
        df=inf,
        std_error=se if se > 0 else nan,
        **details,
    )


def _check(counts: NpsCounts, population: int, method: str) -> None:
    if method not in METHODS:
        raise DesignError(
            f"A finite population goes with the methods {', '.join(METHODS)}; got {method!r}. "
            "Leave population out, or take one of these."
        )
    if not is_people(population):
        raise DesignError(f"population must be a whole number of people, not {population!r}.")
    if population < counts.n:
        raise DesignError(
            f"{counts.n} people answered, which is more than the population of {population}. "
            "Check who was asked, or count each person once."
        )


def _score(counts, weight, step, conf_level) -> tuple[float, float, float]:
    d, p, n = (weight * c for c in (counts.detractors, counts.promoters, counts.n))
    z = stats.norm.isf((1 - conf_level) / 2)
    net = (p - d) / n
    # moving the limits out to the scores that the population can have asks the same of the test:
    # 0 is rejected only where the next possible score is
    statistic = score_statistic(d, p, n, copysign(step, net)) if abs(net) > step else 0.0
    return *score_limits(d, p, n, z), statistic


def _adjusted_wald(counts, weight, step, conf_level) -> tuple[float, float, float]:
    z = stats.norm.isf((1 - conf_level) / 2)
    center, se = (m / 100 for m in moments(weight * np.array(astuple(counts)) + ROCKS))
    statistic = copysign(max(abs(center) - step, 0.0), center) / se
    return center - z * se, center + z * se, statistic


def _wald(counts: NpsCounts, population: int, details: dict) -> Estimate:
    if counts.n == 1:
        reason = "One answer does not show how answers differ: take the score interval."
        return Estimate.undefined("nps", reason, estimate=counts.score, **details)
    plain = moments(astuple(counts))[1]
    return wald(counts, details, _standard_error(counts, population) / plain if plain else 1.0)


def _standard_error(counts: NpsCounts, population: int) -> float:
    """Unbiased for drawing without replacement (Cochran 1977, section 2.6); NaN for one answer."""
    n = counts.n
    if n == 1:
        return nan
    return moments(astuple(counts))[1] * sqrt(n / (n - 1) * (1 - n / population))
