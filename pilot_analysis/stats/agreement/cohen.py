"""Cohen's kappa of two raters."""

from pilot_analysis.stats.agreement.chance import by_rater, weighted_coefficient
from pilot_analysis.stats.agreement.distances import Weights, distances
from pilot_analysis.stats.agreement.intervals import DRAWS, SEED, Interval, estimate_coefficient
from pilot_analysis.stats.agreement.ratings import find_patterns, read_pair
from pilot_analysis.stats.estimate import Estimate

__all__ = ["ALWAYS_THE_SAME", "cohen_kappa"]

ALWAYS_THE_SAME = "All ratings are the same, so agreement by chance is certain."


def cohen_kappa(
    first,
    second,
    *,
    weights: Weights = None,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Cohen's kappa of two raters.

    Chance agreement is that of two raters who each give what they gave, in any order.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Ratings of the same subjects; a subject that either did not rate (NaN, None, NA) is left
        out.
    weights : {None, "linear", "quadratic"}
        Disagreement counts fully; by the distance of the ratings; by its square. Weights need
        ratings that are numbers (then a category that nobody used does not matter) or ordered
        categoricals, which are as far apart as their ranks. Mark bands ("25-49%") as ordered
        categoricals.
    interval : {"bootstrap", "linearized"}
        Over whole subjects: bias-corrected and accelerated bootstrap (p is NaN), or Student's t
        about the estimate (then p tests kappa = 0).
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects. An interval from 20 subjects on, else none; flagged "rare
        categories" where it is likely too narrow. NaN, with the reason, only where chance
        agreement is 1 (both raters always gave one and the same rating) or nobody was rated by
        both; one constant rater gives 0. Agreement alone is `percent_agreement`: give both.

    Raises
    ------
    DesignError
        Lengths that differ, an unknown weight or interval, weights for labels without an order,
        or an infinite rating.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20: 37-46; Cohen (1968),
    Psychological Bulletin 70: 213-220; Efron (1987), Journal of the American Statistical
    Association 82: 171-185; Hesterberg (2015), The American Statistician 69: 371-386.
    """
    ratings = read_pair(first, second)
    distance = distances(ratings, weights)
    sample = find_patterns(ratings.codes, interchangeable=False)
    return estimate_coefficient(
        "kappa",
        weighted_coefficient(sample, distance, by_rater),
        sample,
        method=f"cohen_kappa_{weights or 'unweighted'}",
        why_undefined=ALWAYS_THE_SAME,
        interval=interval,
        conf_level=conf_level,
        draws=draws,
        seed=seed,
    )
