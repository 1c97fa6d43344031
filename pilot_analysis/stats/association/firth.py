"""Firth's logistic regression: finite where the outcome is separated, with profile intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.penalized import PenalizedLogit
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.joint import positions
from pilot_analysis.stats.randomization.inputs import known_labels, known_values

__all__ = ["FirthFit", "firth_logit"]

_NO_MAXIMUM = "The search for the likelihood's maximum did not converge, so there is no estimate."
_NO_LIMIT = "No limit of the interval was found: the profile likelihood does not fall far enough."
_PEAKS = "The profile has several peaks, so its interval and the test at zero do not go together."
_DEPENDENT = 1e-7  # share of a column's length that the columns before it leave unexplained
_FURTHEST = 1000.0  # standard errors


@dataclass(frozen=True, slots=True)
class FirthFit:
    """Result of `firth_logit`.

    Attributes
    ----------
    estimates : tuple of Estimate
        Log odds ratios, one per column; look one up with ``fit["score"]``.
    vcov : numpy.ndarray, shape (p, p)
        Inverse of Fisher's information at the estimates.
    log_likelihood : float
        Penalized, at its maximum.
    n : int
        Rows.
    converged : bool
    """

    estimates: tuple[Estimate, ...]
    vcov: np.ndarray
    log_likelihood: float
    n: int
    converged: bool

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of one column; an unknown one is a `DesignError`."""
        return self.estimates[positions([name], [e.name for e in self.estimates])[0]]


def firth_logit(
    y,
    X,
    *,
    names: Sequence[str] | None = None,
    intercept: bool | None = None,
    conf_level: float = 0.95,
) -> FirthFit:
    """Logistic regression by Firth's penalized likelihood.

    The log-likelihood plus half the logarithm of the determinant of Fisher's information
    (Jeffreys's prior) has a finite maximum also where the columns separate the outcomes.

    Parameters
    ----------
    y : array_like of bool or 0/1, shape (n,)
    X : DataFrame or array_like, shape (n,) or (n, p)
        Numbers. Missing values are refused.
    names : sequence of str, optional
        Of the columns; default: the frame's, or x1, x2, ...
    intercept : bool, optional
        Whether a column "Intercept" of ones is put before the others; default: unless X has a
        constant column already.

    Returns
    -------
    FirthFit
        Its estimates have unit "log odds". The interval holds the values that the penalized
        likelihood-ratio test does not reject, and p is that test's, of 0; `statistic` is its
        signed root. The standard error is for reference. A fit or a limit that is not found is
        undefined and says so.

    Raises
    ------
    DesignError
        A missing or infinite value; an outcome that does not vary; collinear columns; no more
        rows than columns.

    References
    ----------
    Firth (1993), Biometrika 80: 27-38; Heinze and Schemper (2002), Statistics in Medicine 21:
    2409-2419.
    """
    check_conf_level(conf_level)
    columns, names = _columns(X, names, intercept)
    outcome = known_labels(y, len(columns), "The outcome")
    if outcome.all() or not outcome.any():
        raise DesignError("The outcome does not vary: both outcomes are needed to compare them.")
    _require_independent(columns, names)
    # of unit length, so that no column's unit decides how well the search goes
    lengths = np.sqrt((columns**2).sum(axis=0))
    model = PenalizedLogit(outcome.astype(float), columns / lengths)
    fit = model.highest(np.zeros(len(names)))
    vcov = np.linalg.inv(fit.information) / np.outer(lengths, lengths)
    details = {"n": len(outcome), "unit": "log odds", "method": "firth_logit"}
    details["conf_level"] = conf_level
    if fit.converged:
        estimates = [
            _profiled(model, fit, j, name, lengths[j], details) for j, name in enumerate(names)
        ]
    else:
        estimates = [Estimate.undefined(name, _NO_MAXIMUM, **details) for name in names]
    return FirthFit(tuple(estimates), vcov, fit.log_likelihood, len(outcome), fit.converged)


def _profiled(model, fit, j: int, name: str, length: float, details) -> Estimate:
    """Make the estimate of one coefficient from the profile of the penalized likelihood."""
    beta, std_error = fit.beta[j], sqrt(np.linalg.inv(fit.information)[j, j])
    details = dict(details)
    fall = stats.chi2.ppf(details["conf_level"], 1) / 2
    low, high = (model.profile_limit(fit, j, side * std_error, fall, _FURTHEST) for side in (-1, 1))
    at_zero = model.highest(fit.beta, fixed=(j, 0.0))
    if low is None or high is None or not at_zero.converged:
        return Estimate.undefined(name, _NO_LIMIT, estimate=beta / length, **details)
    ratio = 2 * max(0.0, fit.log_likelihood - at_zero.log_likelihood)
    p_value = stats.chi2.sf(ratio, 1)
    details |= {"std_error": std_error / length, "df": float("inf")}
    numbers = name, beta / length, low / length, high / length
    if (low <= 0 <= high) == (p_value < 1 - details["conf_level"]):
        return Estimate.from_interval(*numbers, flags=(_PEAKS,), **details)
    statistic = copysign(sqrt(ratio), beta)
    return Estimate.from_test_inversion(*numbers, statistic=statistic, p_value=p_value, **details)


def _columns(X, names, intercept: bool | None) -> tuple[np.ndarray, list[str]]:
    """Return the numeric columns, with a first one of ones where it is wanted, and their names."""
    try:
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    except ValueError as error:
        raise DesignError("X must be a table of numbers: a row for each outcome.") from error
    if intercept not in (None, True, False):
        raise DesignError(f"intercept must be True, False or None; got {intercept!r}.")
    if names is None:
        given = isinstance(X, pd.DataFrame)
        names = [str(c) if given else f"x{i + 1}" for i, c in enumerate(frame.columns)]
    if len(names) != frame.shape[1] or len(set(names)) < len(names):
        raise DesignError(f"{frame.shape[1]} columns need as many different names; got {names}.")
    if not len(frame):
        raise DesignError("There are no rows to fit.")
    columns = [known_values(frame.iloc[:, i], f"Column {name}") for i, name in enumerate(names)]
    if intercept or (intercept is None and not any(np.ptp(c) == 0 and c[0] for c in columns)):
        columns, names = [np.ones(len(frame)), *columns], ["Intercept", *names]
    return np.stack(columns, axis=1), list(names)


def _require_independent(columns: np.ndarray, names: Sequence[str]) -> None:
    if len(columns) <= columns.shape[1]:
        raise DesignError(
            f"{len(columns)} rows are too few for {columns.shape[1]} columns. Use fewer columns."
        )
    lengths = np.sqrt((columns**2).sum(axis=0))
    left = np.abs(np.diag(np.linalg.qr(columns / np.where(lengths > 0, lengths, 1.0))[1]))
    if (left < _DEPENDENT).any():
        raise DesignError(
            f"Column {names[int((left < _DEPENDENT).argmax())]} follows from the columns before "
            "it (it is constant, a copy or a sum). Leave it out."
        )
