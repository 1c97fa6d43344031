"""Coefficients whose chance does not come from the raters' tendencies: Gwet's, Brennan's."""

from collections.abc import Iterable

from pilot_analysis.stats.agreement.chance import by_gwet, by_uniform, weighted_coefficient
from pilot_analysis.stats.agreement.distances import Weights, distances
from pilot_analysis.stats.agreement.intervals import DRAWS, SEED, Interval, estimate_coefficient
from pilot_analysis.stats.agreement.ratings import find_patterns, read_ratings
from pilot_analysis.stats.estimate import Estimate

__all__ = ["brennan_prediger", "gwet_ac"]


def gwet_ac(
    ratings,
    *,
    weights: Weights = None,
    categories: Iterable | None = None,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Gwet's AC1 (without weights) or AC2 (with weights).

    Does not fall toward 0, as kappa does, where nearly all subjects belong to one category.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Missing ratings as in `fleiss_kappa`.
    weights : {None, "linear", "quadratic"}
        As in `cohen_kappa`.
    categories : iterable, optional
        All that could have been chosen, in their order. Their number enters the coefficient, so
        name them where some were not used; default: those of the categoricals, where the columns
        share one type, else those that were used.
    interval, conf_level, draws, seed
        As in `cohen_kappa`.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects rated twice or more; an interval from 20 on. NaN, with the
        reason, where only one category is known or no subject was rated twice.

    Raises
    ------
    DesignError
        Fewer than two raters, a rating that is not among the categories, an unknown weight, or
        weights for labels without an order.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61: 29-48; Gwet
    (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters 4 and 5.
    """
    return _with_categories(
        "AC1" if weights is None else "AC2",
        by_gwet,
        ratings,
        weights,
        categories,
        method="gwet_ac1" if weights is None else "gwet_ac2",
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )


def brennan_prediger(
    ratings,
    *,
    weights: Weights = None,
    categories: Iterable | None = None,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Brennan and Prediger's coefficient: by chance all categories are equally likely.

    Also known as Bennett's S, and for two categories as PABAK. Parameters, result and errors as
    in `gwet_ac`.

    References
    ----------
    Brennan and Prediger (1981), Educational and Psychological Measurement 41: 687-699; Gwet
    (2014), chapter 4.
    """
    return _with_categories(
        "brennan_prediger",
        by_uniform,
        ratings,
        weights,
        categories,
        method="brennan_prediger",
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )


def _with_categories(name, chance, ratings, weights, categories, *, method, **settings) -> Estimate:
    read = read_ratings(ratings, categories=categories)
    distance = distances(read, weights)
    sample = find_patterns(read.codes, interchangeable=True)
    return estimate_coefficient(
        name,
        weighted_coefficient(sample, distance, chance),
        sample,
        method=method,
        why_undefined="Only one category was used. Name all that could have been chosen.",
        **settings,
    )
