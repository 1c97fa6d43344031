"""How alike two arms are, before and after: standardized differences, ready for a love plot."""

from collections.abc import Sequence
from math import nan, sqrt
from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.matching.covariates import Column, numeric_columns
from pilot_analysis.stats.matching.sample import WeightedSample, check_columns
from pilot_analysis.stats.matching.treatment import treated_column

__all__ = ["balance_table"]

_NO_SPREAD = "It does not vary in the arm that gives the SD, so it has no standardized difference."


def balance_table(
    data: pd.DataFrame,
    *,
    treated: str,
    covariates: Sequence[str],
    sample: WeightedSample | None = None,
    standardize_by: Literal["treated", "pooled"] | None = None,
) -> pd.DataFrame:
    """Compare the arms on each covariate, before and after matching or weighting.

    The denominator of a standardized difference is the SD before, in both columns, so that only
    the difference of means can change it.

    Parameters
    ----------
    data : pandas.DataFrame, shape (n, ...)
    treated : str
        Column as in `treated_column`.
    covariates : list of str
        Numbers; text and categories get one row per level. Put the propensity score into a column
        to see it too. Missing values are left out covariate by covariate, and counted.
    sample : WeightedSample, optional
        From `match_nearest`, `match_exact` or `weight`, on the same rows. Without it the columns
        about "after" are NaN.
    standardize_by : {"treated", "pooled"}, optional
        SD of the treated (default, unless the sample is for all units, "ate"), or the root of the
        mean of both arms' variances. For yes/no covariates the variance is p(1 - p).

    Returns
    -------
    pandas.DataFrame
        One row per covariate or level: covariate, level, kind ("number" or "yes/no"), n_missing;
        and mean_treated, mean_comparison, smd (standardized mean difference, treated minus
        comparison), variance_ratio (treated to comparison; numbers only) and ks (largest
        difference of the cumulative distributions, 0 to 1), each with the suffix _before and
        _after; and note, a sentence where a number is missing.

    Raises
    ------
    DesignError
        A covariate that nobody in an arm has; a sample of other rows; what `treated_column` and
        the covariates' columns refuse.

    References
    ----------
    Austin (2009), Statistics in Medicine 28: 3083-3107; Stuart (2010), Statistical Science 25:
    1-21, sec. 4.1.
    """
    arm = treated_column(data, treated)
    covariates = check_columns(data, covariates, "covariates")
    if not covariates:
        raise DesignError("Name at least one covariate.")
    if sample is not None and not sample.weights.index.equals(data.index):
        raise DesignError("The sample was made from other rows than these; pass the same data.")
    if standardize_by not in (None, "treated", "pooled"):
        raise DesignError(f"standardize_by must be treated or pooled; got {standardize_by!r}.")
    pooled = (standardize_by or _default(sample)) == "pooled"
    weights = None if sample is None else sample.weights.to_numpy()
    columns = numeric_columns(data, covariates)
    return pd.DataFrame([_row(column, arm.to_numpy(), weights, pooled) for column in columns])


def _default(sample: WeightedSample | None) -> str:
    return "pooled" if sample is not None and sample.estimand == "ate" else "treated"


def _row(column: Column, arm: np.ndarray, weights: np.ndarray | None, pooled: bool) -> dict:
    known = ~np.isnan(column.numbers)
    before = _compare(column, arm, known.astype(float))
    variances = [before["variance_treated"], before["variance_comparison"]]
    variance = sum(variances) / 2 if pooled else variances[0]
    spread = sqrt(variance) if variance > 0 else nan
    row = {
        "covariate": column.covariate,
        "level": column.level or "",
        "kind": "yes/no" if column.is_binary else "number",
        "n_missing": int((~known).sum()),
    }
    after = None if weights is None else _compare(column, arm, np.where(known, weights, 0.0))
    for suffix, found in (("before", before), ("after", after)):
        row |= _shown(found, suffix, spread)
    return row | {"note": _NO_SPREAD if np.isnan(spread) else ""}


def _shown(found: dict | None, suffix: str, spread: float) -> dict:
    names = ("mean_treated", "mean_comparison", "smd", "variance_ratio", "ks")
    if found is None:
        return {f"{name}_{suffix}": nan for name in names}
    smd = (found["mean_treated"] - found["mean_comparison"]) / spread
    return {f"{name}_{suffix}": {**found, "smd": smd}[name] for name in names}


def _compare(column: Column, arm: np.ndarray, weights: np.ndarray) -> dict:
    """Weighted means, variances and distributions of one covariate in both arms."""
    found, steps = {}, []
    grid = np.unique(column.numbers[weights > 0])
    for name, side in (("treated", arm), ("comparison", ~arm)):
        used = side & (weights > 0)
        if not used.any():
            what = f"{column.covariate} {column.level or ''}".strip()
            raise DesignError(f"No {name} unit that is used has a value of {what}.")
        x, w = column.numbers[used], weights[used] / weights[used].sum()
        mean = float(w @ x)
        found[f"mean_{name}"] = mean
        found[f"variance_{name}"] = _variance(x, w, mean, column.is_binary)
        order = np.argsort(x, kind="stable")
        reached = np.searchsorted(x[order], grid, side="right")
        steps.append(np.append(0.0, np.cumsum(w[order]))[reached])
    ratio = nan
    if not column.is_binary and found["variance_comparison"] > 0:
        ratio = found["variance_treated"] / found["variance_comparison"]
    return found | {"variance_ratio": ratio, "ks": float(np.abs(steps[0] - steps[1]).max())}


def _variance(x: np.ndarray, w: np.ndarray, mean: float, is_binary: bool) -> float:
    if is_binary:
        return mean * (1 - mean)
    freedom = 1 - float(w @ w)  # 1 - 1/n for equal weights
    if len(x) < 2 or np.ptp(x) == 0:
        return 0.0
    return float(w @ (x - mean) ** 2) / freedom
