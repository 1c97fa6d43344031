"""Propensity scores: the chance of being treated, given what was known before, by a plain logit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize, special

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.formula import Design, design_matrix
from pilot_analysis.stats.matching.treatment import treated_column

__all__ = ["PropensityScores", "propensity_scores"]

_STEPS = 50
_CONVERGED = 1e-12  # change of the deviance, as a share of it
_SUSPECT = 12.0  # log odds beyond which (p < 6e-6) separation is looked for


@dataclass(frozen=True, slots=True)
class PropensityScores:
    """Result of `propensity_scores`.

    Attributes
    ----------
    scores : pandas.Series, shape (n,), index of the data
        Estimated probability of being treated; NaN where a covariate is missing.
    log_odds : pandas.Series, shape (n,), index of the data
        The same on the logit scale, where calipers are usually set.
    estimates : tuple of Estimate
        Coefficients (log odds), named as the formula writes them; large-sample normal.
    log_likelihood : float
    n : int
        Complete rows.
    """

    scores: pd.Series
    log_odds: pd.Series
    estimates: tuple[Estimate, ...]
    log_likelihood: float
    n: int


def propensity_scores(
    formula: str, data: pd.DataFrame, *, conf_level: float = 0.95
) -> PropensityScores:
    """Estimate each unit's probability of being treated by maximum-likelihood logit.

    Parameters
    ----------
    formula : str
        Wilkinson formula with the treatment on its left: ``"treated ~ pre + grade"``. Only what
        was known before the treatment belongs on the right.
    data : pandas.DataFrame, shape (n, ...)
        The treatment as in `treated_column`. A row that misses a covariate gets a score of NaN;
        the matching functions then leave it out and say why.
    conf_level : float

    Returns
    -------
    PropensityScores

    Raises
    ------
    DesignError
        What `design_matrix` and `treated_column` refuse; or covariates that separate the treated
        from the others, so that no maximum-likelihood estimate exists.

    References
    ----------
    Rosenbaum and Rubin (1983), Biometrika 70: 41-55; McCullagh and Nelder (1989), Generalized
    Linear Models, 2nd ed., sec. 4.4; Albert and Anderson (1984), Biometrika 71 (separation).
    """
    name = formula.split("~")[0].strip()
    indicator = treated_column(data, name).astype(float)
    design = design_matrix(formula, data.assign(**{name: indicator}))
    if not 0 < design.y.sum() < len(design.y):
        raise DesignError(f"{formula}: the complete rows are all of one arm. Check the covariates.")
    beta, covariance, deviance = _maximize(design, formula)
    # summed row by row, so that alike rows get scores that are equal to the last bit
    log_odds = pd.Series(np.nan, index=data.index, name="log_odds")
    log_odds.iloc[design.kept_rows] = (design.X * beta).sum(axis=1)
    scores = pd.Series(special.expit(log_odds.to_numpy()), index=data.index, name="score")
    details = {"n": len(design.y), "unit": "log odds", "method": "propensity_logit"}
    estimates = tuple(
        Estimate.from_z(term, b, se, conf_level=conf_level, **details)
        for term, b, se in zip(design.names, beta, np.sqrt(np.diag(covariance)), strict=True)
    )
    return PropensityScores(scores, log_odds, estimates, -deviance / 2, len(design.y))


def _maximize(design: Design, formula: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Newton's method with halved steps; return coefficients, covariance and deviance."""
    scale = np.sqrt((design.X**2).mean(axis=0))
    X, sign = design.X / scale, 2 * design.y - 1
    beta, deviance = np.zeros(X.shape[1]), 2 * len(X) * np.log(2)
    for _ in range(_STEPS):
        p = special.expit(X @ beta)
        information = X.T @ (X * (p * (1 - p))[:, None])
        try:
            step = linalg.solve(information, X.T @ (design.y - p), assume_a="pos")
        except linalg.LinAlgError:
            break  # the weights have vanished: separation, found below
        trial, before = _deviance(X @ (beta + step), sign), deviance
        while trial > deviance * (1 + 1e-9):
            step /= 2
            trial = _deviance(X @ (beta + step), sign)
        beta, deviance = beta + step, trial
        if abs(before - deviance) <= _CONVERGED * (deviance + 1e-6):
            break
    if np.abs(X @ beta).max() > _SUSPECT:
        _refuse_separation(X, sign, formula)
    p = special.expit(X @ beta)
    covariance = linalg.inv(X.T @ (X * (p * (1 - p))[:, None]))
    return beta / scale, covariance / np.outer(scale, scale), float(deviance)


def _deviance(log_odds: np.ndarray, sign: np.ndarray) -> float:
    return 2 * float(np.logaddexp(0, -sign * log_odds).sum())


def _refuse_separation(X: np.ndarray, sign: np.ndarray, formula: str) -> None:
    """Look, by linear programming, for a combination that never points to the wrong arm."""
    signed = X * sign[:, None]
    found = optimize.linprog(
        -signed.sum(axis=0),
        A_ub=np.vstack([-signed, signed]),
        b_ub=np.repeat([0.0, 1.0], len(X)),
        bounds=(None, None),
        method="highs",
    )
    if -found.fun > 1e-6:
        raise DesignError(
            f"{formula}: the covariates tell treated and comparison units apart for certain (a "
            "value, or a combination of values, occurs in one arm only), so no propensity score "
            "can be estimated. Look for that covariate; compare only where both arms occur, for "
            "instance with match_exact, or leave it out."
        )
