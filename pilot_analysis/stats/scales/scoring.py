"""From the answers to a scale's items to one score a person."""

from collections.abc import Collection, Mapping

import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_number
from pilot_analysis.stats.scales.answers import check_items, check_range, item_bounds

__all__ = ["score_scale"]


def score_scale(
    items: pd.DataFrame,
    *,
    low: Mapping[str, float] | float,
    high: Mapping[str, float] | float,
    reverse: Collection[str] = (),
    minimum_answered: float = 0.5,
) -> pd.Series:
    """Score each respondent: the mean of the answered items.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers on each item's own scale; missing values allowed.
    low, high : number, or mapping of item to number
        Range of the items; an item in `reverse` becomes low + high - answer.
    reverse : collection of str
        Items that are worded the other way round.
    minimum_answered : float
        Share of the items that must be answered for a score, above 0; at least half unless said
        otherwise.

    Returns
    -------
    Series, shape (respondents,)
        Scale points; NaN where too few items were answered. Same index as `items`.

    Raises
    ------
    DataError
        An answer outside its item's range (the message names item and value), or text.
    DesignError
        No items, an item without a range, an unknown item in `reverse`, or a share outside 0..1.
    """
    answers = check_items(items, 1)
    if isinstance(reverse, str) or not isinstance(reverse, Collection):
        raise DesignError(f"reverse is a collection such as [{reverse!r}], not {reverse!r}.")
    unknown = set(reverse) - set(items.columns)
    if unknown:
        raise DesignError(
            f"reverse names no item of this scale: {', '.join(sorted(map(str, unknown)))}."
        )
    if not 0 < checked_number(minimum_answered, "minimum_answered") <= 1:
        raise DesignError(f"minimum_answered must lie in 0..1, above 0; got {minimum_answered}.")
    lows = item_bounds(low, answers.columns, "low")
    highs = item_bounds(high, answers.columns, "high")
    check_range(answers, lows, highs)
    turned = answers.copy()
    for item in set(reverse):
        turned[item] = lows[item] + highs[item] - answers[item]
    enough = answers.notna().mean(axis=1) >= minimum_answered - 1e-12
    return turned.mean(axis=1).where(enough)
