"""Which answers can stand behind a rounded average or score: what a reader could work out."""

from itertools import combinations
from math import comb, nan

import numpy as np
from scipy import stats

from pilot_analysis.disclosure.rounding import ROUNDING
from pilot_analysis.stats.nps import NpsCounts, net_promoter_score

__all__ = ["LARGEST_TEAM", "MOST_TABLES", "how_many_tables", "prints_interval", "rating_tables",
           "score_tables"]  # fmt: skip

LARGEST_TEAM = 24
"""People up to which all tables of ratings are tried; beyond, rounding hides the single answer."""

MOST_TABLES = 100_000
"""Tables of ratings up to which all are tried: 24 people on a scale of 5 points have 20,475."""

_POINTS = ROUNDING["NPS points"]
_RATING = ROUNDING["scale points"]


def score_tables(
    score: float,
    n: int,
    *,
    low: float = nan,
    high: float = nan,
    method: str = "score",
    conf_level: float = 0.95,
) -> np.ndarray:
    """Return every table of counts that prints this Net Promoter Score and interval.

    Parameters
    ----------
    score : float
        As printed, in whole points.
    n : int
        People who answered.
    low, high : float
        Interval as printed; NaN: none is printed.
    method : str
        Of `net_promoter_score`.
    conf_level : float

    Returns
    -------
    numpy.ndarray of int, shape (tables, 3)
        Detractors, passives, promoters. One row: the score gives the counts away.
    """
    differences = np.arange(-n, n + 1)
    differences = differences[np.round(100 * differences / n, _POINTS) == score]
    tables = [_of_difference(n, int(difference)) for difference in differences]
    found = np.concatenate([np.empty((0, 3), int), *tables])
    if np.isnan(low):
        return found
    fits = [prints_interval(table, low, high, method, conf_level) for table in found]
    return found[np.array(fits, bool)]


def _of_difference(n: int, difference: int) -> np.ndarray:
    """Return the tables with so many promoters more than detractors."""
    detractors = np.arange(max(0, -difference), (n - difference) // 2 + 1)
    promoters = detractors + difference
    return np.column_stack([detractors, n - detractors - promoters, promoters])


def prints_interval(
    table: np.ndarray, low: float, high: float, method: str, conf_level: float
) -> bool:
    """Whether these detractors, passives and promoters print this interval of their score."""
    made = net_promoter_score(
        NpsCounts(*(int(people) for people in table)), method=method, conf_level=conf_level
    )
    return (np.round(made.conf_low, _POINTS), np.round(made.conf_high, _POINTS)) == (low, high)


def how_many_tables(n: int, scale: tuple[int, int]) -> int:
    """Return in how many ways n people can be divided over the points of a scale."""
    bars = scale[1] - scale[0]
    return comb(n + bars, bars)


def rating_tables(
    mean: float,
    n: int,
    scale: tuple[int, int],
    *,
    low: float = nan,
    high: float = nan,
    conf_level: float = 0.95,
) -> np.ndarray:
    """Return every table of whole-number ratings that prints this average and its t interval.

    An interval may have been cut at the ends of the scale, as `evaluation.voices.rating_mean` does.

    Parameters
    ----------
    mean : float
        As printed, with one decimal.
    n : int
        People who answered, at most `LARGEST_TEAM`.
    scale : tuple of int
        Lowest and highest rating.
    low, high : float
        Interval as printed; NaN: none is printed.
    conf_level : float

    Returns
    -------
    numpy.ndarray of int, shape (tables, ratings)
        People by rating, lowest first.
    """
    ratings = np.arange(scale[0], scale[1] + 1)
    # stars and bars: where the bars stand among n + bars places
    bars = np.array([*combinations(range(n + len(ratings) - 1), len(ratings) - 1)])
    edges = np.column_stack(
        [np.full(len(bars), -1), bars, np.full(len(bars), n + len(ratings) - 1)]
    )
    tables = np.diff(edges, axis=1) - 1
    means = tables @ ratings / n
    fits = _prints(means, mean)
    if not np.isnan(low):
        squares = tables @ ratings**2 - n * means**2
        se = np.sqrt(np.maximum(squares, 0) / (n - 1) / n)
        reach = stats.t.isf((1 - conf_level) / 2, n - 1) * se
        lowest, highest = means - reach, means + reach
        fits &= _prints(lowest, low) | _prints(np.maximum(lowest, scale[0]), low)
        fits &= _prints(highest, high) | _prints(np.minimum(highest, scale[1]), high)
    return tables[fits]


def _prints(ratings: np.ndarray, printed: float) -> np.ndarray:
    return np.round(ratings, _RATING) == printed
