"""Ordinal alpha: alpha of the normal variables behind ordered answers."""

import numpy as np
import pandas as pd

from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.scales.alpha import FEWEST_FOR_ALPHA, alpha_of
from pilot_analysis.stats.scales.polychoric import polychoric_correlations

__all__ = ["ordinal_alpha"]


def ordinal_alpha(items: pd.DataFrame, *, correct: float = 0.5) -> Estimate:
    """Alpha computed from polychoric correlations.

    It describes the normal variables that the answers are thought to be cut from, not the scores
    that are made from the answers, and is nearly always above Cronbach's alpha. For the
    reliability of the scores themselves give `cronbach_alpha` or `mcdonald_omega`.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Ordered answers as numbers, already turned so that all items point the same way.
        Respondents with a missing answer are left out.
    correct : float
        As in `polychoric_correlations`.

    Returns
    -------
    Estimate
        unit "coefficient", always without an interval (which the flags say): none with a proven
        coverage exists. Undefined, without a number, below 10 respondents, where an item was
        answered alike by all, and where a pair of items has no polychoric correlation.

    Raises
    ------
    DesignError
        Fewer than two items, or an item with more than 15 different answers.
    DataError
        Answers that are text or infinite.

    References
    ----------
    Zumbo, Gadermann and Zeisser (2007), Journal of Modern Applied Statistical Methods 6: 21-29;
    Chalmers (2018), Educational and Psychological Measurement 78: 1056-1071, on what it is not.
    """
    found = polychoric_correlations(items, correct=correct)
    details = {"n": found.n, "unit": "coefficient", "method": "ordinal_alpha"}
    if found.n < FEWEST_FOR_ALPHA:
        reason = f"Reliability needs {FEWEST_FOR_ALPHA} or more people who answered every item."
        return Estimate.undefined("ordinal_alpha", reason, **details)
    missing = found.correlations.isna().to_numpy()
    if missing.any():
        i, j = np.argwhere(missing)[0]
        one, other = found.correlations.index[[i, j]]
        reason = (
            f"Items {one!r} and {other!r} have no polychoric correlation: one of them was answered "
            "alike by all, or they order people in one and the same way."
        )
        return Estimate.undefined("ordinal_alpha", reason, **details)
    reason = "Ordinal alpha has no interval that is known to hold its level."
    alpha = alpha_of(found.correlations.to_numpy())
    return Estimate.undefined("ordinal_alpha", reason, estimate=alpha, **details)
