"""Weights from propensity scores, for the effect on the treated or on everyone."""

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.matching.sample import (
    Estimand,
    WeightedSample,
    complete_rows,
    make_sample,
)
from pilot_analysis.stats.matching.scores import scores_series
from pilot_analysis.stats.matching.treatment import treated_column

__all__ = ["weight"]


def weight(
    data: pd.DataFrame,
    *,
    treated: str,
    scores,
    estimand: Estimand = "att",
    keep_between: tuple[float, float] | None = None,
) -> WeightedSample:
    """Weight units by their propensity score e.

    "att": 1 for the treated and e/(1 - e) for the others, which makes the comparison units look
    like the treated. "ate": 1/e and 1/(1 - e), which makes both look like everyone.

    Parameters
    ----------
    data : pandas.DataFrame, shape (n, ...)
    treated : str
        Column as in `treated_column`.
    scores : array_like, shape (n,)
        Probability of being treated, for instance `PropensityScores.scores`. Units without a
        score are left out, with the reason.
    estimand : {"att", "ate"}
    keep_between : (low, high), optional
        Leave out units whose score lies outside; Crump and others suggest (0.1, 0.9). The answer
        is then about those who are left.

    Returns
    -------
    WeightedSample

    Raises
    ------
    DesignError
        Scores that are not strictly between 0 and 1, or nobody left in an arm.

    References
    ----------
    Hirano, Imbens and Ridder (2003), Econometrica 71: 1161-1189; Li, Morgan and Zaslavsky (2018),
    JASA 113: 390-400, table 1; Crump, Hotz, Imbens and Mitnik (2009), Biometrika 96: 187-199.
    """
    if estimand not in ("att", "ate"):
        raise DesignError(f"estimand must be att or ate; got {estimand!r}.")
    arm = treated_column(data, treated)
    score = scores_series(scores, data)
    complete, reasons = complete_rows({"scores": score})
    e, side = score.to_numpy(), arm.to_numpy()
    if ((e[complete] <= 0) | (e[complete] >= 1)).any():
        raise DesignError(
            "Propensity scores must lie between 0 and 1, both excluded: a unit that is certain to "
            "be in one arm has nobody to be compared with. Give probabilities, not log odds."
        )
    kept = complete & _inside(e, complete, keep_between, reasons)
    e = np.where(kept, e, 0.5)
    raw = np.where(side, 1.0, e / (1 - e)) if estimand == "att" else 1 / np.where(side, e, 1 - e)
    weights = np.where(kept, raw, 0.0)
    if not (weights[side].any() and weights[~side].any()):
        raise DesignError("Nobody with a usable score is left in one of the arms.")
    return make_sample(f"weight_{estimand}", estimand, arm, weights, reasons)


def _inside(e, complete, bounds, reasons) -> np.ndarray:
    if bounds is None:
        return complete
    low, high = bounds
    if not 0 <= low < high <= 1:
        raise DesignError(f"keep_between must be two probabilities, low then high; got {bounds}.")
    inside = (np.where(complete, e, low) >= low) & (np.where(complete, e, high) <= high)
    reasons[complete & ~inside] = f"The propensity score lies outside {low:g} to {high:g}."
    return inside
