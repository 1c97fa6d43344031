"""One common factor behind the items of a scale, fitted by maximum likelihood."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.scales.answers import check_items
from pilot_analysis.stats.scales.factor_fit import FactorFit, judge_fit

__all__ = ["OneFactor", "fit_one_factor"]

FEWEST_RESPONDENTS = 10
# shares of an item's variance: at the lower one the likelihood pulls towards a negative variance
SMALLEST_UNIQUENESS, HEYWOOD = 1e-6, 1e-5


@dataclass(frozen=True, slots=True)
class OneFactor:
    """Answer = mean + loading x factor + unique part, the factor with variance 1.

    Attributes
    ----------
    loadings, uniquenesses : pandas.Series, one value per item
        In the units of the answers, and their squares. The sum of the loadings is not negative.
        NaN where the model could not be fitted.
    covariance : numpy.ndarray, shape (2 k, 2 k)
        Of the k loadings, then the k uniquenesses, from the expected information; NaN where the
        solution is improper.
    n : int
        Respondents who answered every item.
    fit : FactorFit
        How well one factor describes the covariances.
    flags : tuple of str
        Sentences that say why the solution must not be used; empty where it may.
    """

    loadings: pd.Series
    uniquenesses: pd.Series
    covariance: np.ndarray
    n: int
    fit: FactorFit
    flags: tuple[str, ...]


def fit_one_factor(items: pd.DataFrame) -> OneFactor:
    """Fit one common factor by normal-theory maximum likelihood.

    The likelihood is profiled over the uniquenesses (Joreskog), from two starts, and the optimum
    refined by Fisher scoring until the gradient is 0 to ten digits.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers, already turned so that all items point the same way. Respondents with a missing
        answer are left out.

    Returns
    -------
    OneFactor
        Flagged, with what numbers there are, where an item's uniqueness goes to 0 (a Heywood
        case), where the model is not identified or its optimum was not found, below 10 (or not
        more than items) respondents, and where items are constant or copies of one another.

    Raises
    ------
    DesignError
        Fewer than three items: one factor of two is not identified.
    DataError
        Answers that are text or infinite.

    References
    ----------
    Joreskog (1967), Psychometrika 32: 443-482; Lawley and Maxwell (1971), Factor Analysis as a
    Statistical Method, 2nd ed., chapters 4 and 5.
    """
    answers = check_items(items, 2)
    if items.shape[1] < 3:
        raise DesignError(
            f"One factor needs 3 or more items to be identified, got {items.shape[1]}. With two "
            "items, give Cronbach's alpha."
        )
    complete = answers.dropna().to_numpy()
    problem = _obstacle(complete, answers.columns)
    if problem:
        return _unfitted(answers.columns, len(complete), problem)
    cov = np.cov(complete, rowvar=False, bias=True)
    sd = np.sqrt(np.diag(cov))
    r = cov / np.outer(sd, sd)
    loadings, unique = _maximize(r)
    loadings, unique, converged = _refine(r, loadings, unique)
    flags = _flags(answers.columns, loadings, unique, converged)
    loadings = loadings if loadings.sum() >= 0 else -loadings
    loadings, unique = loadings * sd, unique * sd**2
    covariance = np.full((2 * len(sd),) * 2, np.nan)
    if not flags:
        covariance = np.linalg.inv(len(complete) * _information(loadings, unique))
    return OneFactor(
        pd.Series(loadings, index=answers.columns),
        pd.Series(unique, index=answers.columns),
        covariance,
        len(complete),
        judge_fit(cov, loadings, unique, len(complete)),
        flags,
    )


def _obstacle(complete: np.ndarray, names: pd.Index) -> str:
    n, k = complete.shape
    fewest = max(FEWEST_RESPONDENTS, k + 1)
    if n < fewest:
        return f"One factor of {k} items needs {fewest} or more people who answered every item."
    constant = np.ptp(complete, axis=0) == 0
    if constant.any():
        return f"Item {names[constant][0]!r} was answered alike by all."
    if np.linalg.eigvalsh(np.corrcoef(complete, rowvar=False))[0] < 1e-10:
        return "An item is a copy of others, or their sum: leave it out."
    return ""


def _unfitted(names: pd.Index, n: int, problem: str) -> OneFactor:
    nothing = pd.Series(np.nan, index=names)
    covariance = np.full((2 * len(names),) * 2, np.nan)
    return OneFactor(nothing, nothing.copy(), covariance, n, FactorFit.unknown(), (problem,))


def _maximize(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings and uniquenesses of a correlation matrix, the better of two starts."""
    k = len(r)

    def loss(log_unique: np.ndarray) -> tuple[float, np.ndarray]:
        unique = np.exp(log_unique)
        loadings, misfit = _given_uniquenesses(r, unique)
        return misfit, (loadings**2 + unique - 1) / unique

    squared_multiple = 1 / np.diag(np.linalg.inv(r))
    fits = [
        minimize(
            loss,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(np.log(SMALLEST_UNIQUENESS), 0.0)] * k,
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
        )
        for start in ((1 - 0.5 / k) * squared_multiple, np.full(k, 0.5))
    ]
    unique = np.exp(min(fits, key=lambda fit: fit.fun).x)
    return _given_uniquenesses(r, unique)[0], unique


def _given_uniquenesses(r: np.ndarray, unique: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the best loadings at these uniquenesses and the discrepancy there."""
    root = np.sqrt(unique)
    values, vectors = np.linalg.eigh(r / np.outer(root, root))
    left = values[:-1] if values[-1] > 1 else values
    loadings = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
    return loadings, float((left - np.log(left) - 1).sum())


def _refine(r, loadings, unique) -> tuple[np.ndarray, np.ndarray, bool]:
    """Fisher scoring from the profiled optimum; the flag says whether the gradient vanished."""
    k = len(r)
    for _ in range(200):
        inverse = _inverse(loadings, unique)
        pull = inverse @ (r @ inverse) - inverse
        gradient = np.concatenate([pull @ loadings, np.diag(pull) / 2])
        if np.abs(gradient * np.concatenate([np.ones(k), unique])).max() < 1e-10:
            return loadings, unique, True
        try:
            step = np.linalg.solve(_information(loadings, unique), gradient)
        except np.linalg.LinAlgError:
            break
        if not (unique + step[k:] > 0).all():
            break
        loadings, unique = loadings + step[:k], unique + step[k:]
    return loadings, unique, False


def _information(loadings: np.ndarray, unique: np.ndarray) -> np.ndarray:
    """Return the expected information of one respondent on loadings, then uniquenesses."""
    inverse = _inverse(loadings, unique)
    weighted = inverse @ loadings
    of_loadings = (loadings @ weighted) * inverse + np.outer(weighted, weighted)
    crossed = inverse * weighted
    return np.block([[of_loadings, crossed], [crossed.T, inverse**2 / 2]])


def _inverse(loadings: np.ndarray, unique: np.ndarray) -> np.ndarray:
    """Return the inverse of the model's covariances (Sherman and Morrison)."""
    weighted = loadings / unique
    return np.diag(1 / unique) - np.outer(weighted, weighted) / (1 + loadings @ weighted)


def _flags(names: pd.Index, loadings, unique, converged: bool) -> tuple[str, ...]:
    improper = unique < HEYWOOD
    if improper.any():
        return (
            f"The part of item {names[improper][0]!r} that is its own is estimated as zero (a "
            "Heywood case): too few people, or more than one factor.",
        )
    if (np.abs(loadings) > 1e-4).sum() < 3:
        return ("Fewer than three items share a factor, so the model is not identified.",)
    if not converged:
        return ("The optimum was not found: not converged.",)
    return ()
