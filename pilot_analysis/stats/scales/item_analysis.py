"""Statistics of the single items of a scale."""

from collections.abc import Mapping
from math import nan, sqrt

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.scales.alpha import FEWEST_FOR_ALPHA, Use, alpha_of, covariance_of
from pilot_analysis.stats.scales.answers import check_items, check_range, item_bounds

__all__ = ["item_statistics"]


def item_statistics(
    items: pd.DataFrame,
    *,
    low: Mapping[str, float] | float | None = None,
    high: Mapping[str, float] | float | None = None,
    use: Use = "complete",
) -> pd.DataFrame:
    """Describe the items of a scale.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers, already turned so that all items point the same way. Missing answers are left
        out of an item's own columns; `use` says how the other two take them.
    low, high : number, or mapping of item to number, optional
        Ends of the answer scale, both or neither, for the shares at floor and ceiling.
    use : {"complete", "pairwise"}
        For item_rest and alpha_if_dropped: among respondents who answered every item, or from
        covariances of those who answered both items.

    Returns
    -------
    DataFrame, one row per item
        n, mean and sd of all answers to the item; missing (share of respondents without one);
        floor and ceiling (share of answers, NaN without `low` and `high`); item_rest (correlation
        with the sum of the other items); alpha_if_dropped (NaN below 10 respondents, or with two
        items). NaN where not defined.

    Raises
    ------
    DesignError
        Fewer than two items, a range without width, or one of its ends alone.
    DataError
        Answers that are text, infinite or out of range.
    """
    answers = check_items(items, 2)
    if (low is None) != (high is None):
        raise DesignError("Floor and ceiling need both ends of the answer scale, low and high.")
    floor, ceiling = (pd.Series(nan, index=answers.columns) for _ in range(2))
    if low is not None:
        lows = item_bounds(low, answers.columns, "low")
        highs = item_bounds(high, answers.columns, "high")
        check_range(answers, lows, highs)
        floor, ceiling = (_share(answers.eq(ends), answers) for ends in (lows, highs))
    cov, _, fewest = covariance_of(answers, use)
    others = [np.delete(np.arange(len(cov)), position) for position in range(len(cov))]
    enough = fewest >= FEWEST_FOR_ALPHA and len(cov) > 2
    return pd.DataFrame(
        {
            "n": answers.notna().sum(),
            "mean": answers.mean(),
            "sd": answers.std(),
            "missing": answers.isna().mean(),
            "floor": floor,
            "ceiling": ceiling,
            "item_rest": [_item_rest(cov, i, rest) for i, rest in enumerate(others)],
            "alpha_if_dropped": [
                alpha_of(cov[np.ix_(rest, rest)]) if enough else nan for rest in others
            ],
        },
        index=answers.columns,
    )


def _share(hits: pd.DataFrame, answers: pd.DataFrame) -> pd.Series:
    answered = answers.notna().sum()
    return hits.sum() / answered.where(answered > 0)


def _item_rest(cov: np.ndarray, item: int, rest: np.ndarray) -> float:
    of_item, of_rest = cov[item, item], cov[np.ix_(rest, rest)].sum()
    # a rest score that is constant by cancelling leaves rounding behind
    if not (of_item > 0 and of_rest > 1e-12 * np.trace(cov)):
        return nan
    return float(np.clip(cov[item, rest].sum() / sqrt(of_item * of_rest), -1, 1))
