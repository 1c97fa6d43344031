"""Kappa of two or more raters: Fleiss's, Conger's and Light's."""

from itertools import combinations

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.chance import (
    Coefficient,
    by_pool,
    by_rater,
    weighted_coefficient,
)
from pilot_analysis.stats.agreement.cohen import ALWAYS_THE_SAME
from pilot_analysis.stats.agreement.distances import Weights, distances
from pilot_analysis.stats.agreement.intervals import DRAWS, SEED, Interval, estimate_coefficient
from pilot_analysis.stats.agreement.ratings import (
    Patterns,
    Ratings,
    find_patterns,
    read_ratings,
)
from pilot_analysis.stats.estimate import Estimate

__all__ = ["conger_kappa", "fleiss_kappa", "light_kappa", "one_against_the_rest"]


def fleiss_kappa(
    ratings,
    *,
    weights: Weights = None,
    category=None,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Fleiss's kappa: raters are interchangeable, and chance draws from all ratings together.

    For two raters and no missing rating it is Scott's pi.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Labels, numbers or categoricals. A missing rating is passed over: observed agreement is
        over subjects rated twice or more, each with equal weight, and the pool over all that
        were rated, each with equal weight (Gwet's extension of Fleiss, who has none missing).
    weights : {None, "linear", "quadratic"}
        As in `cohen_kappa`.
    category : optional
        Kappa of this category against all others.
    interval, conf_level, draws, seed
        As in `cohen_kappa`.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects rated twice or more; an interval from 20 on. NaN, with the
        reason, where all ratings are the same or no subject was rated twice.

    Raises
    ------
    DesignError
        Fewer than two raters, a category that nobody gave, an unknown weight, or weights for
        labels without an order.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76: 378-382; Gwet (2014), Handbook of Inter-Rater
    Reliability, 4th ed., chapters 2 and 5.
    """
    read = read_ratings(ratings)
    if category is not None:
        read = one_against_the_rest(read, category)
    distance = distances(read, weights)
    sample = find_patterns(read.codes, interchangeable=True)
    return estimate_coefficient(
        "kappa",
        weighted_coefficient(sample, distance, by_pool),
        sample,
        method="fleiss_kappa",
        why_undefined=ALWAYS_THE_SAME,
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )


def conger_kappa(
    ratings,
    *,
    weights: Weights = None,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Conger's kappa: Cohen's for two or more raters, each with tendencies of his own.

    Parameters and missing ratings as in `fleiss_kappa`; chance agreement is the mean over pairs
    of raters, each with what the rater gave to all subjects that he rated.

    Returns
    -------
    Estimate
        As `fleiss_kappa`; for two raters without missing ratings Cohen's kappa.

    References
    ----------
    Conger (1980), Psychological Bulletin 88: 322-328; Gwet (2014), chapters 2 and 5.
    """
    read = read_ratings(ratings)
    distance = distances(read, weights)
    sample = find_patterns(read.codes, interchangeable=False)
    return estimate_coefficient(
        "kappa",
        weighted_coefficient(sample, distance, by_rater),
        sample,
        method="conger_kappa",
        why_undefined=ALWAYS_THE_SAME,
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )


def light_kappa(
    ratings,
    *,
    weights: Weights = None,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Light's kappa: the mean of Cohen's kappa over all pairs of raters.

    Parameters as in `fleiss_kappa`; a pair's kappa is over the subjects that both rated.

    Returns
    -------
    Estimate
        As `fleiss_kappa`; also NaN, with the reason, where a pair has no kappa.

    References
    ----------
    Light (1971), Psychological Bulletin 76: 365-377.
    """
    read = read_ratings(ratings)
    distance = distances(read, weights)
    sample = find_patterns(read.codes, interchangeable=False)
    return estimate_coefficient(
        "kappa",
        _mean_of_pairs(sample, distance),
        sample,
        method="light_kappa",
        why_undefined="A pair of raters rated nobody together, or always gave the same rating.",
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )


def one_against_the_rest(ratings: Ratings, category) -> Ratings:
    """Return the ratings with two categories only: `category` and all others.

    Raises
    ------
    DesignError
        A category that is not among the labels.
    """
    position = np.flatnonzero(ratings.labels == category)
    if not len(position):
        raise DesignError(
            f"Nobody gave the category {category!r}; there are "
            f"{', '.join(map(str, ratings.labels))}."
        )
    codes = np.where(ratings.codes < 0, -1, ratings.codes == position[0])
    return Ratings(codes, np.array([0.0, 1.0]), "numeric")


def _mean_of_pairs(sample: Patterns, distance: np.ndarray) -> Coefficient:
    kappas = []
    for pair in combinations(range(sample.codes.shape[1]), 2):
        codes = sample.codes[:, pair]
        both = (codes >= 0).all(axis=1, keepdims=True)
        part = Patterns(np.where(both, codes, -1), sample.times)
        kappas.append(weighted_coefficient(part, distance, by_rater))
    return lambda weights: np.mean([kappa(weights) for kappa in kappas], axis=0)
