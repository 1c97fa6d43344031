"""What a search for neighbours needs to know: who may be matched with whom, and how far apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.matching.covariates import numeric_columns
from pilot_analysis.stats.matching.scores import pooled_sd

__all__ = ["Search", "prepare_search"]

_TIE = 1e-10  # of an SD of the score, or of a unit of Mahalanobis' distance
_DEPENDENT = 1e-10  # share of a covariate's variance that the others leave unexplained


@dataclass(frozen=True, slots=True)
class Search:
    """Units and their distances; arrays have one entry (or row) per unit, n in all.

    Attributes
    ----------
    is_treated, is_complete : numpy.ndarray of bool, shape (n,)
    strata : numpy.ndarray of int, shape (n,)
        Combination of the exact columns; -1 for units that are left out.
    score : numpy.ndarray, shape (n,)
        0 for all where there are no scores.
    positions : numpy.ndarray, shape (n, k)
        Coordinates whose Euclidean distance is the distance.
    place : numpy.ndarray of int, shape (n,)
        Rank by score, in the order of the data where scores are equal; 0 without scores.
    width : float
        Largest difference of scores allowed.
    tie : float
        Distances this close count as equal, so that rounding in the last digit decides nothing.
    pools : dict
        Stratum -> its comparison units, in the order of the data.
    """

    is_treated: np.ndarray
    is_complete: np.ndarray
    strata: np.ndarray
    score: np.ndarray
    positions: np.ndarray
    place: np.ndarray
    width: float
    tie: float
    pools: dict[int, np.ndarray]

    def pool(self, unit: int) -> np.ndarray:
        """Return the comparison units that agree with `unit` on the exact columns."""
        return self.pools[self.strata[unit]]

    def distance(self, unit: int, pool: np.ndarray) -> np.ndarray:
        """Return how far `unit` is from each of `pool`; infinite beyond the caliper."""
        apart = np.linalg.norm(self.positions[pool] - self.positions[unit], axis=1)
        near = np.abs(self.score[pool] - self.score[unit]) <= self.width
        return np.where(near, apart, np.inf)

    def queue(self, order: str) -> np.ndarray:
        """Return the treated units in the order in which they choose."""
        units = np.flatnonzero(self.is_treated & self.is_complete)
        if order == "data":
            return units
        return units[np.argsort(-_steps(self.score[units], self.tie), kind="stable")]


def prepare_search(
    data: pd.DataFrame,
    is_treated: np.ndarray,
    is_complete: np.ndarray,
    *,
    score: np.ndarray | None,
    covariates: list[str] | None,
    exact: list[str],
    caliper: float | None,
) -> Search:
    """Put a `Search` together.

    Raises
    ------
    DesignError
        An arm without complete units; covariates that do not vary or follow from one another.
    """
    for name, arm in (("treated", is_treated), ("comparison", ~is_treated)):
        if not (arm & is_complete).any():
            raise DesignError(f"No {name} unit has a value in everything that is matched on.")
    strata = _strata(data, exact, is_complete)
    spread = 1.0 if score is None else pooled_sd(score[is_complete], is_treated[is_complete])
    place = np.zeros(len(data), dtype=int)
    if score is None:
        score = np.zeros(len(data))
    else:
        place[np.argsort(_steps(score, _TIE * spread), kind="stable")] = np.arange(len(data))
    if covariates is None:
        positions, tie = score[:, None], _TIE * spread
    else:
        positions, tie = _whitened(data, covariates, is_treated, is_complete), _TIE
    width = np.inf if caliper is None else caliper * spread + _TIE * spread
    levels = np.unique(strata[is_complete])
    pools = {level: np.flatnonzero(~is_treated & (strata == level)) for level in levels}
    return Search(is_treated, is_complete, strata, score, positions, place, width, tie, pools)


def _steps(score: np.ndarray, step: float) -> np.ndarray:
    """Round to whole steps, so that scores equal but for rounding sort as equal."""
    return np.round(score / step) if step > 0 else score


def _strata(data: pd.DataFrame, exact: list[str], is_complete: np.ndarray) -> np.ndarray:
    strata = np.where(is_complete, 0, -1)
    if exact:
        groups = data.loc[is_complete, exact].groupby(exact, observed=True, sort=True)
        strata[is_complete] = groups.ngroup().to_numpy()
    return strata


def _whitened(data, covariates, is_treated, is_complete) -> np.ndarray:
    """Return coordinates whose Euclidean distance is Mahalanobis'."""
    columns = numeric_columns(data.loc[is_complete], covariates)
    first = {c.covariate: c.level for c in reversed(columns) if c.level is not None}
    # the first level of a category follows from the others
    kept = [c.numbers for c in columns if c.level is None or c.level != first[c.covariate]]
    X, arm = np.array(kept).reshape(len(kept), is_complete.sum()).T, is_treated[is_complete]
    centred = X - np.where(arm[:, None], X[arm].mean(axis=0), X[~arm].mean(axis=0))
    covariance = centred.T @ centred / max(len(X) - 2, 1)
    sd = np.sqrt(np.diag(covariance))
    scale = np.where(sd > 0, sd, 1.0)
    correlation = covariance / np.outer(scale, scale)
    if not kept or (sd == 0).any() or np.linalg.eigvalsh(correlation)[0] < _DEPENDENT:
        raise DesignError(
            "Mahalanobis' distance needs covariates that vary within the arms and do not follow "
            f"from one another; among {', '.join(covariates)} one does not. Leave it out."
        )
    found = np.full((len(data), X.shape[1]), np.nan)
    lower = np.linalg.cholesky(correlation)
    found[is_complete] = linalg.solve_triangular(lower, (X / scale).T, lower=True).T
    return found
