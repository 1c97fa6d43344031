"""Survey scales: scores of people, reliability of the scale, statistics of its items."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["FEWEST_FOR_ALPHA", "cronbach_alpha", "item_statistics", "score_scale"]

# below this, alpha says more about who answered than about the scale
FEWEST_FOR_ALPHA = 10


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
        Share of the items that must be answered for a score, above 0.

    Returns
    -------
    Series, shape (respondents,)
        Scale points; NaN where too few items were answered. Same index as `items`.

    Raises
    ------
    DataError
        An answer outside its item's range; the message names item and value.
    DesignError
        No items, an unknown item in `reverse`, or a share outside 0..1.
    """
    answers = _numbers(items, 1)
    unknown = set(reverse) - set(items.columns)
    if unknown:
        raise DesignError(f"reverse names no item of this scale: {', '.join(sorted(unknown))}.")
    if not 0 < minimum_answered <= 1:
        raise DesignError(f"minimum_answered must lie in 0..1, above 0; got {minimum_answered}.")
    lows, highs = (
        pd.Series(bound, index=items.columns, dtype=float)
        if not isinstance(bound, Mapping)
        else pd.Series({item: float(bound[item]) for item in items.columns})
        for bound in (low, high)
    )
    outside = answers.lt(lows) | answers.gt(highs)
    if outside.to_numpy().any():
        item = outside.any().idxmax()
        found = answers.loc[outside[item], item].iloc[0]
        raise DataError(
            f"item {item!r}: {found:g} is outside {lows[item]:g}-{highs[item]:g}. Check the scale "
            f"on which it was offered; {int(outside.to_numpy().sum())} answers like this."
        )
    turned = answers.copy()
    for item in reverse:
        turned[item] = lows[item] + highs[item] - answers[item]
    enough = answers.notna().mean(axis=1) >= minimum_answered
    return turned.mean(axis=1).where(enough)


def cronbach_alpha(items: pd.DataFrame, *, conf_level: float = 0.95) -> Estimate:
    """Cronbach's alpha with Feldt's interval.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers, already turned so that all items point the same way. Respondents with a missing
        answer are left out; `n` counts those who stay.

    Returns
    -------
    Estimate
        unit "coefficient". Below 10 respondents, or where nobody differs, undefined with the
        reason and without a number. p is NaN: nobody asks whether alpha is 0. Flagged where an
        item is answered alike by all, or where alpha is negative.

    Raises
    ------
    DesignError
        Fewer than two items.

    References
    ----------
    Cronbach (1951), Psychometrika 16: 297-334; Feldt, Woodruff and Salih (1987), Applied
    Psychological Measurement 11: 93-103.
    """
    check_conf_level(conf_level)
    answers = _numbers(items, 2).dropna().to_numpy()
    n, k = answers.shape
    details = {
        "n": n,
        "unit": "coefficient",
        "method": "cronbach_alpha",
        "conf_level": conf_level,
    }
    if n < FEWEST_FOR_ALPHA:
        reason = f"Reliability needs {FEWEST_FOR_ALPHA} or more people who answered every item."
        return Estimate.undefined("alpha", reason, **details)
    of_items, of_total = answers.var(axis=0, ddof=1), answers.sum(axis=1).var(ddof=1)
    if not of_total > 1e-12 * max(1.0, of_items.sum()):
        reason = "People's totals do not differ, so reliability is not defined."
        return Estimate.undefined("alpha", reason, **details)
    alpha = k / (k - 1) * (1 - of_items.sum() / of_total)
    tail = (1 - conf_level) / 2
    df = n - 1, (n - 1) * (k - 1)
    flags = []
    if (of_items == 0).any():
        flags.append("An item was answered alike by all.")
    if alpha < 0:
        flags.append("Alpha is negative: an item may point the other way.")
    return Estimate.from_interval(
        "alpha",
        alpha,
        1 - (1 - alpha) * stats.f.isf(tail, *df),
        1 - (1 - alpha) * stats.f.ppf(tail, *df),
        flags=tuple(flags),
        **details,
    )


def item_statistics(
    items: pd.DataFrame, *, low: float | None = None, high: float | None = None
) -> pd.DataFrame:
    """Describe the items of a scale.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers, already turned so that all items point the same way.
    low, high : float, optional
        Ends of the answer scale, for the shares at floor and ceiling.

    Returns
    -------
    DataFrame, one row per item
        n, mean and sd of all answers to the item; floor and ceiling (share of answers, NaN
        without `low` and `high`); item_rest (correlation with the sum of the other items) and
        alpha_if_dropped, both among respondents who answered every item, NaN where not defined.

    Raises
    ------
    DesignError
        Fewer than two items.
    """
    answers = _numbers(items, 2)
    complete = answers.dropna().to_numpy()
    rows = {}
    for position, name in enumerate(answers.columns):
        own = answers[name].dropna()
        others = np.delete(complete, position, axis=1)
        rows[name] = {
            "n": len(own),
            "mean": own.mean(),
            "sd": own.std(),
            "floor": np.nan if low is None or own.empty else (own == low).mean(),
            "ceiling": np.nan if high is None or own.empty else (own == high).mean(),
            "item_rest": _correlation(complete[:, position], others.sum(axis=1)),
            "alpha_if_dropped": cronbach_alpha(pd.DataFrame(others)).estimate
            if others.shape[1] > 1
            else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _numbers(items: pd.DataFrame, fewest: int) -> pd.DataFrame:
    if items.shape[1] < fewest:
        raise DesignError(f"This needs {fewest} or more items, got {items.shape[1]}.")
    return items.astype("Float64").astype(float)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    return float(np.corrcoef(x, y)[0, 1])
