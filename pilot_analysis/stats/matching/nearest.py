"""Nearest-neighbour matching on a propensity score or on Mahalanobis' distance."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.matching.greedy import Link, greedy_links, linked_sets
from pilot_analysis.stats.matching.sample import (
    WeightedSample,
    check_columns,
    complete_rows,
    make_sample,
)
from pilot_analysis.stats.matching.scores import scores_series
from pilot_analysis.stats.matching.search import Search, prepare_search
from pilot_analysis.stats.matching.treatment import treated_column

__all__ = ["match_nearest"]


def match_nearest(
    data: pd.DataFrame,
    *,
    treated: str,
    scores=None,
    covariates: Sequence[str] | None = None,
    exact: Sequence[str] = (),
    caliper: float | None = None,
    replace: bool = False,
    ratio: int = 1,
    order: Literal["largest", "data"] | None = None,
) -> WeightedSample:
    """Match each treated unit with the nearest comparison unit, for the effect on the treated.

    The distance is the difference of `scores`, or Mahalanobis' distance where `covariates` are
    given (their covariance pooled within arms). The search is greedy: units choose in turn. Of
    equally near comparison units the one is taken that comes next when all units are sorted by
    score and, at equal scores, stand as in the data; without scores, the first in the data.

    Parameters
    ----------
    data : pandas.DataFrame, shape (n, ...)
        Units that miss a value in anything used are left out, with the reason.
    treated : str
        Column as in `treated_column`.
    scores : array_like, shape (n,), optional
        Propensity scores, as probabilities or log odds.
    covariates : list of str, optional
        Numbers, or categories (one indicator per level).
    exact : list of str
        Columns on which the two of a match must agree, for instance the grade.
    caliper : float, optional
        Largest difference of scores allowed, in SD (root of the mean of the two arms' variances).
        Austin (2011) suggests 0.2 on log odds.
    replace : bool
        Whether a comparison unit may be used again.
    ratio : int
        Comparison units per treated unit, as far as there are any.
    order : {"largest", "data"}, optional
        Who chooses first: the treated with the largest score (default with scores: they are the
        hardest to match), or in the order of the data (default without).

    Returns
    -------
    WeightedSample
        Treated units weigh 1, a comparison unit the sum of its shares in the treated units it
        serves, scaled to a mean of 1. `pairs` gives the distance in units of the scores, or
        Mahalanobis'.

    Raises
    ------
    DesignError
        Neither scores nor covariates; a caliper without scores; covariates that follow from one
        another; or nobody who could be matched.

    References
    ----------
    Rosenbaum and Rubin (1985), The American Statistician 39: 33-38; Rubin (1980), Biometrics 36:
    293-298; Stuart (2010), Statistical Science 25: 1-21; Austin (2011), Pharmaceutical Statistics
    10: 150-161.
    """
    _check_options(scores, covariates, caliper, ratio, order)
    arm = treated_column(data, treated)
    exact = check_columns(data, exact, "exact")
    if covariates is not None:
        covariates = check_columns(data, covariates, "covariates")
    parts = {name: data[name] for name in [*exact, *(covariates or [])]}
    if scores is not None:
        scores = scores_series(scores, data)
        parts["scores"] = scores
    complete, missing = complete_rows(parts)
    search = prepare_search(
        data, arm.to_numpy(), complete, score=None if scores is None else scores.to_numpy(),
        covariates=covariates, exact=exact, caliper=caliper,
    )  # fmt: skip
    chosen_order = order or ("data" if scores is None else "largest")
    links = greedy_links(search, chosen_order, ratio=ratio, replace=replace)
    if not links:
        reasons = _reasons(search, exact, ~complete)
        raise DesignError(
            f"No treated unit could be matched. {_counted(reasons[search.is_treated & complete])} "
            "Widen the caliper, or match exactly on fewer columns."
        )
    weights = _weights(links, len(data))
    reasons = np.where(complete, _reasons(search, exact, weights > 0), missing)
    return make_sample(
        "match_propensity" if covariates is None else "match_mahalanobis", "att", arm,
        weights, reasons, sets=linked_sets(links, len(data)),
        pairs=_pairs(links, data.index),
    )  # fmt: skip


def _check_options(scores, covariates, caliper, ratio, order) -> None:
    if scores is None and not covariates:
        raise DesignError("Give scores, or covariates for Mahalanobis' distance.")
    if caliper is not None and scores is None:
        raise DesignError("A caliper is a width in SD of the scores; give scores as well.")
    if caliper is not None and not 0 < caliper < np.inf:
        raise DesignError(f"caliper must be a positive number of SD, for instance 0.2; {caliper}.")
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 1:
        raise DesignError(f"ratio must be a whole number from 1 on; got {ratio!r}.")
    if order not in (None, "largest", "data") or (order == "largest" and scores is None):
        raise DesignError(f"order must be largest (with scores) or data; got {order!r}.")


def _reasons(search: Search, exact: list[str], is_used: np.ndarray) -> np.ndarray:
    """Say, for every complete unit that is not used, why it is left out."""
    same = f" with the same {', '.join(exact)}" if exact else ""
    reached = set(search.strata[search.is_treated & search.is_complete].tolist())
    reasons = np.full(len(search.strata), "", dtype=object)
    for unit in np.flatnonzero(search.is_complete & ~is_used).tolist():
        pool = search.pool(unit)
        if not search.is_treated[unit]:
            needed = search.strata[unit] in reached
            reason = "No treated unit took it." if needed else f"There is no treated unit{same}."
        elif not len(pool):
            reason = f"There is no comparison unit{same}."
        elif np.isinf(search.distance(unit, pool)).all():
            reason = f"No comparison unit{same} lies within the caliper."
        else:
            reason = "Every comparison unit within reach was taken by others."
        reasons[unit] = reason
    return reasons


def _counted(reasons: np.ndarray) -> str:
    counts = pd.Series(reasons).value_counts()
    return " ".join(f"{reason} ({count} units)" for reason, count in counts.items())


def _weights(links: list[Link], n: int) -> np.ndarray:
    units, partners = np.array([link[:2] for link in links]).T
    share = 1 / np.bincount(units, minlength=n)[units]
    weights = np.bincount(partners, weights=share, minlength=n)
    weights *= len(np.unique(partners)) / weights.sum()
    weights[units] = 1.0
    return weights


def _pairs(links: list[Link], index: pd.Index) -> pd.DataFrame:
    made = pd.DataFrame(
        {
            "treated": index[[link[0] for link in links]],
            "comparison": index[[link[1] for link in links]],
            "distance": [link[2] for link in links],
        }
    )
    return made.iloc[np.argsort([link[0] for link in links], kind="stable")].reset_index(drop=True)
