"""A bootstrap of a Net Promoter Score: all draws at once from the multinomial distribution."""

from dataclasses import astuple
from numbers import Integral

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.nps.counts import NpsCounts
from pilot_analysis.stats.nps.wald import ALIKE

__all__ = ["FEWEST_DRAWS", "bootstrap", "bootstrap_draws"]

FEWEST_DRAWS = 100


def bootstrap_draws(counts: NpsCounts, draws: int, seed: int) -> np.ndarray:
    """Return the scores of `draws` resamples of the respondents, in points, shape (draws,).

    Drawing n respondents with replacement draws their counts from a multinomial distribution, so
    that no respondent need be touched.
    """
    shares = np.array(astuple(counts)) / counts.n
    resampled = np.random.default_rng(seed).multinomial(counts.n, shares, size=draws)
    return 100 * (resampled[:, 2] - resampled[:, 0]) / counts.n


def bootstrap(counts: NpsCounts, draws: int, seed: int, details: dict) -> Estimate:
    """Percentile interval; the limits are scores that were drawn."""
    if not (isinstance(draws, Integral) and draws >= FEWEST_DRAWS):
        raise DesignError(f"A bootstrap needs {FEWEST_DRAWS} or more draws, got {draws}.")
    if counts.n in astuple(counts):
        return Estimate.undefined("nps", ALIKE, estimate=counts.score, **details)
    scores = bootstrap_draws(counts, draws, seed)
    tail = (1 - details["conf_level"]) / 2
    low, high = np.quantile(scores, [tail, 1 - tail], method="inverted_cdf")
    if low == high:
        reason = "The draws hardly differ, so the interval has no width: take the score interval."
        return Estimate.undefined("nps", reason, estimate=counts.score, **details)
    return Estimate.from_interval(
        "nps", counts.score, low, high, std_error=scores.std(ddof=1), **details
    )
