"""Cronbach's alpha: how consistently the items of a scale order people."""

from math import nan, sqrt
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.scales.answers import check_items

__all__ = ["FEWEST_FOR_ALPHA", "Use", "alpha_of", "covariance_of", "cronbach_alpha"]

# below this, alpha says more about who answered than about the scale
FEWEST_FOR_ALPHA = 10

Use = Literal["complete", "pairwise"]

_TOO_FEW = {
    "complete": f"Reliability needs {FEWEST_FOR_ALPHA} or more people who answered every item.",
    "pairwise": f"Reliability needs {FEWEST_FOR_ALPHA} or more people for every pair of items.",
}


def cronbach_alpha(
    items: pd.DataFrame,
    *,
    use: Use = "complete",
    interval: Literal["feldt", "duhachek"] = "feldt",
    conf_level: float = 0.95,
) -> Estimate:
    """Cronbach's alpha with Feldt's interval and the standard error of Duhachek and Iacobucci.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers, already turned so that all items point the same way.
    use : {"complete", "pairwise"}
        "complete" leaves out respondents with a missing answer. "pairwise" takes each covariance
        from those who answered both items; n counts everyone with an answer, and the interval
        takes them for complete, so it is too narrow where much is missing.
    interval : {"feldt", "duhachek"}
        "feldt" from the F distribution, exact for items that are parallel but for their means;
        "duhachek" is alpha +- z standard errors, cut at 1.
    conf_level : float

    Returns
    -------
    Estimate
        unit "coefficient". Below 10 respondents, or where nobody differs, undefined with the
        reason and without a number; where everyone answers all items alike, alpha is 1 without
        an interval. p is NaN: nobody asks whether alpha is 0. Flagged where an item is answered
        alike by all, or where alpha is negative.

    Raises
    ------
    DesignError
        Fewer than two items, or an unknown option.
    DataError
        Answers that are text or infinite.

    References
    ----------
    Cronbach (1951), Psychometrika 16: 297-334; Feldt, Woodruff and Salih (1987), Applied
    Psychological Measurement 11: 93-103; van Zyl, Neudecker and Nel (2000), Psychometrika 65:
    271-280; Duhachek and Iacobucci (2004), Journal of Applied Psychology 89: 792-808.
    """
    check_conf_level(conf_level)
    if interval not in ("feldt", "duhachek"):
        raise DesignError(f"interval must be feldt or duhachek; got {interval!r}.")
    answers = check_items(items, 2)
    cov, n, fewest = covariance_of(answers, use)
    key = "cronbach_alpha" if interval == "feldt" else "cronbach_alpha_duhachek"
    details = {"n": n, "unit": "coefficient", "method": key, "conf_level": conf_level}
    if fewest < FEWEST_FOR_ALPHA:
        return Estimate.undefined("alpha", _TOO_FEW[use], **details)
    alpha = alpha_of(cov)
    if np.isnan(alpha):
        reason = "People's totals do not differ, so reliability is not defined."
        return Estimate.undefined("alpha", reason, **details)
    if 1 - alpha < 1e-12:
        reason = "Everyone answered all items alike, so alpha is 1 and chance cannot be estimated."
        return Estimate.undefined("alpha", reason, estimate=1.0, **details)
    se = _standard_error(cov, n)
    limits = _feldt(alpha, n, len(cov), conf_level)
    if interval == "duhachek":
        half = stats.norm.isf((1 - conf_level) / 2) * se
        limits = alpha - half, min(alpha + half, 1.0)
    return Estimate.from_interval(
        "alpha", alpha, *limits, std_error=se, flags=_flags(cov, alpha), **details
    )


def covariance_of(answers: pd.DataFrame, use: Use) -> tuple[np.ndarray, int, int]:
    """Return the items' covariances (n - 1), the people in them, and the fewest in any of them.

    Raises
    ------
    DesignError
        An unknown `use`.
    """
    if use not in ("complete", "pairwise"):
        raise DesignError(f"use must be complete or pairwise; got {use!r}.")
    used = answers.dropna(how="any" if use == "complete" else "all")
    known = used.notna().to_numpy(dtype=float)
    fewest = int((known.T @ known).min())
    cov = used.cov().to_numpy() if len(used) > 1 else np.full((used.shape[1],) * 2, nan)
    return cov, len(used), fewest


def alpha_of(cov: np.ndarray) -> float:
    """Return alpha of k items with covariances `cov`, shape (k, k); NaN where totals are alike."""
    k, of_items, of_total = len(cov), np.trace(cov), cov.sum()
    if not of_total > 1e-12 * max(1.0, of_items):
        return nan
    return float(k / (k - 1) * (1 - of_items / of_total))


def _standard_error(cov: np.ndarray, n: int) -> float:
    """Large-sample standard error of alpha for normal answers, whatever their covariances."""
    k, total, trace = len(cov), cov.sum(), np.trace(cov)
    squared = cov @ cov
    q = total * (np.trace(squared) + trace**2) - 2 * trace * squared.sum()
    return sqrt(max(2 * k**2 / ((k - 1) ** 2 * total**3) * q, 0.0) / n)


def _feldt(alpha: float, n: int, k: int, conf_level: float) -> tuple[float, float]:
    tail = (1 - conf_level) / 2
    df = n - 1, (n - 1) * (k - 1)
    return 1 - (1 - alpha) * stats.f.isf(tail, *df), 1 - (1 - alpha) * stats.f.ppf(tail, *df)


def _flags(cov: np.ndarray, alpha: float) -> tuple[str, ...]:
    flags = []
    if (np.diag(cov) == 0).any():
        flags.append("An item was answered alike by all.")
    if alpha < 0:
        flags.append("Alpha is negative: an item may point the other way.")
    return tuple(flags)
