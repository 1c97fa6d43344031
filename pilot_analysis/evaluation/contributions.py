"""How far the largest contributors make up an amount: what the rule of dominance asks for."""

from math import inf

import numpy as np
import pandas as pd

__all__ = ["largest_two", "remainder_percent"]

_TWO = 2


def remainder_percent(contributions, total: float | None = None) -> float:
    """Return what all but the two largest contributors add up to, in percent of the largest.

    Whoever knows the second largest contribution (their own) and the total can tell the largest
    to within this much.

    Parameters
    ----------
    contributions : array_like, shape (n,)
        What each person adds to the total, none below zero; with `total`, the two largest of every
        part of it are enough.
    total : float or None
        None: the sum of `contributions`.

    Returns
    -------
    float
        Percent; infinite where nobody adds anything, and 0 where a contribution is below zero,
        for which the rule is not made.

    References
    ----------
    Federal Committee on Statistical Methodology (2005), Statistical Policy Working Paper 22 (p%
    rule). Hundepool et al. (2012), Statistical Disclosure Control, sec. 4.2.1.
    """
    values = np.sort(np.asarray(contributions, float))[::-1]
    if len(values) and values[-1] < 0:
        return 0.0
    if not len(values) or values[0] <= 0:
        return inf
    total = values.sum() if total is None else total
    return float(100 * max(total - values[:_TWO].sum(), 0) / values[0])


def largest_two(amounts: pd.Series, by: list) -> pd.DataFrame:
    """Return the largest and the second largest amount of each group (0 where there is none).

    Parameters
    ----------
    amounts : pandas.Series
        Index unique.
    by : list
        What `Series.groupby` takes.

    Returns
    -------
    pandas.DataFrame
        Index: the groups. Columns largest, second.
    """
    group = amounts.groupby(by).ngroup()  # a Series, which sorting does not part from its amounts
    rank = amounts.sort_values(ascending=False).groupby(group).cumcount().reindex(amounts.index)
    found = {
        name: amounts.where(rank == place, 0.0).groupby(by).sum()
        for place, name in enumerate(("largest", "second"))
    }
    return pd.DataFrame(found)
