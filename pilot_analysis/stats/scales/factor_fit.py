"""How well one common factor describes the covariances of the items."""

from dataclasses import dataclass
from math import log, nan, pi, sqrt

import numpy as np
from scipy import stats

__all__ = ["FactorFit", "judge_fit"]


@dataclass(frozen=True, slots=True)
class FactorFit:
    """Fit of a one-factor model.

    Attributes
    ----------
    chi2, df, p_value : float
        Likelihood-ratio test against unrestricted covariances; p is NaN with three items, which
        one factor always fits.
    cfi, tli, rmsea, srmr : float
        Comparative fit, Tucker-Lewis, root mean square error of approximation, standardized root
        mean square residual (variances included).
    log_likelihood : float
        Of the normal model with free means.
    omega_observed : float
        (sum of loadings)^2 over the observed variance of the total score.
    """

    chi2: float
    df: int
    p_value: float
    cfi: float
    tli: float
    rmsea: float
    srmr: float
    log_likelihood: float
    omega_observed: float

    @classmethod
    def unknown(cls) -> "FactorFit":
        """Return the fit of a model that could not be fitted."""
        return cls(nan, 0, nan, nan, nan, nan, nan, nan, nan)


def judge_fit(cov: np.ndarray, loadings: np.ndarray, unique: np.ndarray, n: int) -> FactorFit:
    """Return the fit of `loadings` and `unique` to `cov` (divided by n), shape (k, k).

    References
    ----------
    Bentler (1990), Psychological Bulletin 107: 238-246; Steiger (1990), Multivariate Behavioral
    Research 25: 173-180; Hu and Bentler (1999), Structural Equation Modeling 6: 1-55.
    """
    k = len(cov)
    implied = np.outer(loadings, loadings) + np.diag(unique)
    log_implied, log_observed = (np.linalg.slogdet(m)[1] for m in (implied, cov))
    trace = np.trace(np.linalg.solve(implied, cov))
    chi2 = max(n * (log_implied + trace - log_observed - k), 0.0)
    df = k * (k + 1) // 2 - 2 * k
    baseline, baseline_df = n * (np.log(np.diag(cov)).sum() - log_observed), k * (k - 1) // 2
    excess, baseline_excess = max(chi2 - df, 0.0), max(baseline - baseline_df, 0.0)
    worst = max(excess, baseline_excess)
    sd = np.sqrt(np.diag(cov))
    residual = ((cov - implied) / np.outer(sd, sd))[np.tril_indices(k)]
    return FactorFit(
        chi2=chi2,
        df=df,
        p_value=float(stats.chi2.sf(chi2, df)) if df else nan,
        cfi=1 - excess / worst if worst else 1.0,
        tli=_tucker_lewis(chi2, df, baseline, baseline_df),
        rmsea=sqrt(excess / (df * n)) if df else nan,
        srmr=sqrt((residual**2).mean()),
        log_likelihood=-n / 2 * (k * log(2 * pi) + log_implied + trace),
        omega_observed=float(loadings.sum() ** 2 / cov.sum()),
    )


def _tucker_lewis(chi2: float, df: int, baseline: float, baseline_df: int) -> float:
    if not df or baseline == baseline_df:
        return nan
    return (baseline / baseline_df - chi2 / df) / (baseline / baseline_df - 1)
