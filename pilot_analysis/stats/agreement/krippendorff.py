"""Krippendorff's alpha from the coincidences of ratings, at four levels of measurement."""

from typing import Literal

import numpy as np
from scipy.sparse import coo_array

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.chance import (
    Coefficient,
    corrected,
    counts_of,
    disagreement_within,
    ratio,
)
from pilot_analysis.stats.agreement.cohen import ALWAYS_THE_SAME
from pilot_analysis.stats.agreement.distances import on_unit_range
from pilot_analysis.stats.agreement.intervals import DRAWS, SEED, Interval, estimate_coefficient
from pilot_analysis.stats.agreement.ratings import (
    Patterns,
    Ratings,
    as_numbers,
    find_patterns,
    read_ratings,
)
from pilot_analysis.stats.estimate import Estimate

__all__ = ["krippendorff_alpha"]

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(
    ratings,
    *,
    level: Level = "nominal",
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Krippendorff's alpha: any number of raters, missing ratings, four levels of measurement.

    alpha = 1 - observed / expected disagreement. Observed: over all pairs of ratings of a
    subject, the subject with m ratings weighing m. Expected: over all pairs of ratings.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        A missing rating (NaN, None, NA) is passed over; a subject rated once is left out.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Two ratings are the same or not; as far apart as their mid-ranks among all ratings; as
        their values; as their difference over their sum (none may be negative). "ordinal" takes
        numbers or ordered categoricals, and is the level for bands ("25-49%").
    interval, conf_level, draws, seed
        As in `cohen_kappa`; the bootstrap draws subjects, and ranks are found anew in each draw.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects rated twice or more; an interval from 20 on. NaN, with the
        reason, where all ratings are the same or no subject was rated twice.

    Raises
    ------
    DesignError
        Fewer than two raters, an unknown level, or ratings that do not suit the level.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability, University of Pennsylvania;
    Krippendorff (2019), Content Analysis, 4th ed., chapter 12; Zapf and others (2016), BMC
    Medical Research Methodology 16: 93 (resampling of subjects).
    """
    read = read_ratings(ratings)
    distance = _distance(read, level)
    twice = (read.codes >= 0).sum(axis=1) >= 2
    sample = find_patterns(read.codes[twice], interchangeable=True)
    coefficient = (
        _ordinal(sample, len(read.labels)) if level == "ordinal" else _fixed(sample, distance)
    )
    return estimate_coefficient(
        "alpha",
        coefficient,
        sample,
        method=f"krippendorff_alpha_{level}",
        why_undefined=ALWAYS_THE_SAME,
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )


def _distance(ratings: Ratings, level: Level) -> np.ndarray | None:
    """Return the disagreement of any two categories; None where it depends on their use."""
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise DesignError(
            f'level must be "nominal", "ordinal", "interval" or "ratio"; got {level!r}.'
        )
    if level == "nominal":
        return 1.0 - np.eye(len(ratings.labels))
    if level == "ordinal":
        if ratings.scale == "nominal":
            raise DesignError(
                "The ordinal level needs ratings that are numbers, or ordered categoricals; "
                "these are labels."
            )
        return None
    as_numbers(ratings, f"The {level} level")
    if level == "interval":
        return np.subtract.outer(*[on_unit_range(ratings.labels)] * 2) ** 2
    if (ratings.labels < 0).any():
        raise DesignError(
            f"The ratio level needs ratings from 0 up; the smallest is {ratings.labels.min():g}."
        )
    size = ratings.labels / max(ratings.labels.max(initial=0.0), np.finfo(float).tiny)
    sums = np.add.outer(size, size)
    return (np.subtract.outer(size, size) / np.where(sums == 0, 1, sums)) ** 2


def _fixed(sample: Patterns, distance: np.ndarray) -> Coefficient:
    """Alpha where the distance of two categories is given."""
    counts = counts_of(sample.codes, len(distance))
    number = counts.sum(axis=1)
    apart, _ = disagreement_within(sample.codes, distance)

    def coefficient(weights: np.ndarray) -> np.ndarray:
        totals, n = weights @ counts, weights @ number
        expected = (totals @ distance * totals).sum(axis=1)
        return corrected(ratio(weights @ (number * apart), n), ratio(expected, n * (n - 1)))

    return coefficient


def _ordinal(sample: Patterns, size: int) -> Coefficient:
    """Alpha where two categories are as far apart as their mid-ranks among all ratings.

    The mid-ranks follow from the totals of the categories, so each row of weights has its own:
    observed disagreement is found from the coincidences of each pair of unlike categories.
    """
    counts = counts_of(sample.codes, size)
    number = counts.sum(axis=1)
    (low, high), coincidences = _unlike_pairs(sample.codes, number)

    def coefficient(weights: np.ndarray) -> np.ndarray:
        totals, n = weights @ counts, weights @ number
        ranks = np.cumsum(totals, axis=1) - totals / 2
        pairs = (coincidences.T @ weights.T).T
        observed = (pairs * (ranks[:, high] - ranks[:, low]) ** 2).sum(axis=1)
        # the mean rank is n / 2, so the sum over all pairs is 2 n times this one
        expected = 2 * (totals * (ranks - n[:, None] / 2) ** 2).sum(axis=1)
        return corrected(ratio(observed, n), ratio(expected, n - 1))

    return coefficient


def _unlike_pairs(codes: np.ndarray, number: np.ndarray):
    """Return the pairs of unlike categories that met, and how often in each pattern.

    Returns
    -------
    pairs : tuple of two numpy.ndarray of int, shape (pairs,)
        The lower and the higher category.
    coincidences : scipy.sparse.csr_array, shape (patterns, pairs)
        Both orders of a pair, divided by the pattern's ratings less 1.
    """
    first, second = np.triu_indices(codes.shape[1], 1)
    a, b = (
        np.minimum(codes[:, first], codes[:, second]),
        np.maximum(codes[:, first], codes[:, second]),
    )
    row, column = np.nonzero((a >= 0) & (a != b))
    met = np.stack([a[row, column], b[row, column]])
    pairs, position = np.unique(met, axis=1, return_inverse=True)
    shape = (len(codes), pairs.shape[1])
    table = coo_array((2 / (number[row] - 1), (row, position)), shape=shape)
    return tuple(pairs), table.tocsr()
