"""Which answers can stand behind a rounded average or score: what a reader could work out."""

from itertools import combinations
from math import nan

import numpy as np
from scipy import stats

from pilot_analysis.disclosure.rounding import ROUNDING
from pilot_analysis.stats.nps import NpsCounts, net_promoter_score

__all__ = ["LARGEST_TEAM", "rating_tables", "score_tables"]

LARGEST_TEAM = 24
"""People up to which all tables of ratings are tried; beyond, rounding hides the single answer."""

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
    detractors, promoters = np.divmod(np.arange((n + 1) ** 2), n + 1)
    fits = detractors + promoters <= n
    fits &= np.round(100 * (promoters - detractors) / n, _POINTS) == score
    tables = np.column_stack([detractors, n - detractors - promoters, promoters])[fits]
    if np.isnan(low):
        return tables
    return tables[[_prints(table, low, high, method, conf_level) for table in tables]]


def _prints(table: np.ndarray, low: float, high: float, method: str, conf_level: float) -> bool:
    made = net_promoter_score(
        NpsCounts(*(int(people) for people in table)), method=method, conf_level=conf_level
    )
    return (np.round(made.conf_low, _POINTS), np.round(made.conf_high, _POINTS)) == (low, high)


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
    fits = np.round(means, _RATING) == mean
    if not np.isnan(low):
        squares = tables @ ratings**2 - n * means**2
        se = np.sqrt(np.maximum(squares, 0) / (n - 1) / n)
        reach = stats.t.isf((1 - conf_level) / 2, n - 1) * se
        fits &= np.round(means - reach, _RATING) == low
        fits &= np.round(means + reach, _RATING) == high
    return tables[fits]
