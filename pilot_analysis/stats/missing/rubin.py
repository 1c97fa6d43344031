"""Rubin's rules: one answer from the answers of several imputed data sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf, sqrt

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate

__all__ = ["RubinParts", "pool_estimates", "pool_rubin", "rubin_parts"]

_METHOD = "rubin"
_NOTHING = 1e-100
_SMALLEST_SHARE = 1e-4  # of the variance that is due to missing values, as in mice


@dataclass(frozen=True, slots=True)
class RubinParts:
    """The parts of a pooled answer.

    Attributes
    ----------
    m : int
        Imputations.
    estimate : float
        Mean of the m estimates.
    within, between, total : float
        Mean of the m squared standard errors; variance of the m estimates; within +
        (1 + 1/m) between.
    relative_increase : float
        (1 + 1/m) between / within: how much the missing values add to the variance.
    missing_information : float
        Fraction of the information about the estimate that the missing values took.
    df : float
        Barnard and Rubin's degrees of freedom.
    df_large_sample : float
        Rubin's, (m - 1)(1 + 1/relative_increase)^2, for very many observations.
    """

    m: int
    estimate: float
    within: float
    between: float
    total: float
    relative_increase: float
    missing_information: float
    df: float
    df_large_sample: float


def pool_rubin(
    estimates,
    std_errors,
    *,
    df_complete,
    name: str = "pooled",
    n: int = 0,
    n_clusters: int | None = None,
    unit: str = "points",
    conf_level: float = 0.95,
) -> Estimate:
    """Pool the estimates of m imputed data sets.

    Parameters
    ----------
    estimates, std_errors : array_like, shape (m,)
        Of the same quantity from each completed data set, m of 2 or more, in `unit`.
    df_complete : float or array_like of shape (m,)
        Degrees of freedom that complete data would have: Kenward-Roger's or Satterthwaite's,
        ``inf`` for a normal reference. Where they differ between data sets the smallest counts.
    n : int
        Observations; 0: not said.
    n_clusters : int, optional
    unit : str

    Returns
    -------
    Estimate
        Mean of the estimates with std_error sqrt(within + (1 + 1/m) between), on Barnard and
        Rubin's df. Where all imputations agree, estimate and standard error are those of the
        complete data, and df is (df_complete + 1) df_complete / (df_complete + 3), as in mice.

    Raises
    ------
    DesignError
        Fewer than two imputations, arrays of different length, values that are not finite,
        standard errors or df that are not positive.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, sec. 3.1; Barnard and Rubin
    (1999), Biometrika 86: 948-955.
    """
    parts = rubin_parts(estimates, std_errors, df_complete=df_complete)
    return Estimate.from_t(
        name,
        parts.estimate,
        sqrt(parts.total),
        parts.df,
        n=n,
        n_clusters=n_clusters,
        unit=unit,
        method=_METHOD,
        conf_level=conf_level,
    )


def pool_estimates(estimates: Sequence[Estimate]) -> Estimate:
    """Pool `Estimate`s of the same quantity, one from each imputed data set.

    Parameters
    ----------
    estimates : sequence of Estimate, length m of 2 or more
        Alike in name, unit and confidence level. Their smallest df is taken for complete data.

    Returns
    -------
    Estimate
        Flags are those that any of the m carries, each once.

    Raises
    ------
    DesignError
        One of them has no interval or no df, they are not alike, or what `pool_rubin` refuses.
    """
    estimates = list(estimates)
    _require_several(len(estimates))
    for estimate in estimates:
        if not (estimate.is_defined and estimate.df > 0):
            raise DesignError(
                f"{estimate.name}: one imputed data set gave no standard error with degrees of "
                f"freedom ({'; '.join(estimate.flags) or 'no reason given'}), so there is nothing "
                "to pool. Use a simpler model."
            )
    if len({(e.name, e.unit, e.conf_level) for e in estimates}) > 1:
        raise DesignError(
            "Only estimates of the same quantity can be pooled; these differ in name, unit or "
            f"confidence level: {', '.join(dict.fromkeys(e.name for e in estimates))}."
        )
    first = estimates[0]
    pooled = pool_rubin(
        [e.estimate for e in estimates],
        [e.std_error for e in estimates],
        df_complete=[e.df for e in estimates],
        name=first.name,
        n=max(e.n for e in estimates),
        n_clusters=first.n_clusters,
        unit=first.unit,
        conf_level=first.conf_level,
    )
    return pooled.flagged(*dict.fromkeys(flag for e in estimates for flag in e.flags))


def rubin_parts(estimates, std_errors, *, df_complete) -> RubinParts:
    """Return the parts of Rubin's rules; parameters and errors as in `pool_rubin`.

    References
    ----------
    Rubin (1987), sec. 3.1-3.3; Barnard and Rubin (1999), Biometrika 86: 948-955; van Buuren
    (2018), Flexible Imputation of Missing Data, 2nd ed., sec. 2.3.
    """
    estimates, errors = np.asarray(estimates, float), np.asarray(std_errors, float)
    df_complete = _check(estimates, errors, np.asarray(df_complete, float))
    m = len(estimates)
    # about the first, so that equal estimates have a mean and a variance that are exact
    centered = estimates - estimates[0]
    within = float(errors[0] ** 2 + (errors**2 - errors[0] ** 2).mean())
    between = float(centered.var(ddof=1))
    total = within + (1 + 1 / m) * between
    increase = (1 + 1 / m) * between / within
    df = _barnard_rubin(m, (1 + 1 / m) * between / total, df_complete)
    return RubinParts(
        m,
        float(estimates[0] + centered.mean()),
        within,
        between,
        total,
        increase,
        (increase + 2 / (df + 3)) / (increase + 1),
        df,
        (m - 1) * (1 + 1 / increase) ** 2 if increase > _NOTHING else inf,
    )


def _barnard_rubin(m: int, share: float, df_complete: float) -> float:
    """Return the df; `share` is that of the missing values in the total variance."""
    if share == 0 and isinf(df_complete):
        return inf
    share = max(share, _SMALLEST_SHARE)
    large = (m - 1) / share**2
    if isinf(df_complete):
        return large
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    return large * observed / (large + observed)


def _require_several(m: int) -> None:
    if m < 2:
        raise DesignError(
            f"Pooling needs the answers of two or more imputed data sets; got {m}. With one, "
            "nothing shows how uncertain the imputed values are."
        )


def _check(estimates: np.ndarray, errors: np.ndarray, df_complete: np.ndarray) -> float:
    if estimates.ndim != 1 or estimates.shape != errors.shape:
        raise DesignError(
            "Give one standard error for each estimate; got shapes "
            f"{estimates.shape} and {errors.shape}."
        )
    _require_several(len(estimates))
    if not (np.isfinite(estimates).all() and np.isfinite(errors).all() and (errors > 0).all()):
        raise DesignError(
            "Every imputed data set must give a finite estimate and a positive standard error; "
            f"got {estimates.tolist()} and {errors.tolist()}."
        )
    if df_complete.ndim and df_complete.shape != estimates.shape:
        raise DesignError(f"df_complete must be one number or {len(estimates)}, one for each.")
    smallest = float(df_complete.min())
    if not smallest > 0:
        raise DesignError(f"df_complete must be positive (or inf); got {smallest}.")
    return smallest
