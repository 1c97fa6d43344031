"""The six intraclass correlations of Shrout and Fleiss, with intervals from F."""

from dataclasses import dataclass
from math import inf, nan
from typing import Literal, get_args

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.ratings import as_numbers, read_ratings
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["intraclass_correlation"]

Model = Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    """An analysis of variance of n subjects with k ratings each (on average, in a one-way one)."""

    n: int
    k: float
    subjects: float
    raters: float
    error: float
    error_df: int


def intraclass_correlation(
    ratings, *, model: Model = "ICC(2,1)", conf_level: float = 0.95
) -> Estimate:
    """Intraclass correlation of raters: what share of the variance lies between subjects.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Numbers; NaN where not rated. ICC(2,*) and ICC(3,*) leave out subjects whom not every
        rater rated (flagged "incomplete subjects left out"). For ICC(1,*) raters have no
        identity, and every subject rated twice or more counts; numbers of ratings that differ
        are flagged "unequal numbers of ratings", k is then their mean after Smith (1957), and
        the interval is approximate.
    model : {"ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"}
        First: 1, each subject had raters of its own; 2, the same raters, a sample of many
        (absolute agreement: that one is more severe counts against them); 3, these raters only
        (consistency). Second: 1, the reliability of a single rating; k, of the mean of all.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects. For models 1 and 3 the F test of 0 and its exact
        interval; `statistic` is F and `df` its denominator's (the numerator's is n - 1), and p is
        two-sided. For model 2 the interval inverts an approximate test at each value: p is NaN
        and `df` Satterthwaite's. The coefficient without an interval, and the reason, where
        raters never differ or the approximation breaks down (df below 1); NaN, with the reason,
        for fewer than two subjects or none that differ.

    Raises
    ------
    DesignError
        Fewer than two raters, an unknown model, or ratings that are no finite numbers.

    References
    ----------
    Shrout and Fleiss (1979), Psychological Bulletin 86: 420-428; McGraw and Wong (1996),
    Psychological Methods 1: 30-46 (models 2 and 3: ICC(A,1), ICC(C,1)); Smith (1957), Biometrics
    13: 311-327 (unequal numbers).
    """
    check_conf_level(conf_level)
    if model not in get_args(Model):
        raise DesignError(f"model must be one of {', '.join(get_args(Model))}; got {model!r}.")
    values = as_numbers(read_ratings(ratings), "An intraclass correlation")
    values = values[:, ~np.isnan(values).all(axis=0)]
    one_way, single = model.startswith("ICC(1"), model.endswith("1)")
    number = (~np.isnan(values)).sum(axis=1)
    used = number >= 2 if one_way else (number == values.shape[1]) & (number >= 2)
    details = {
        "n": int(used.sum()),
        "unit": "coefficient",
        "method": f"icc_{model[4]}_{model[6]}",
        "conf_level": conf_level,
    }
    if details["n"] < 2:
        reason = "Two or more subjects that two people rated are needed to see how subjects differ."
        return Estimate.undefined(model, reason, **details)
    squares = _one_way(values[used]) if one_way else _two_way(values[used])
    flags = ()
    if one_way and np.ptp(number[used]) > 0:
        flags = ("unequal numbers of ratings",)
    elif not one_way and used.sum() < (number > 0).sum():
        flags = ("incomplete subjects left out",)
    made = (_absolute if model.startswith("ICC(2") else _ratio)(model, squares, single, details)
    return made.flagged(*flags)


def _one_way(values: np.ndarray) -> _MeanSquares:
    """Analyse subjects only; k is the mean number of ratings that unbalanced F ratios call for."""
    scaled, rounding = _scaled(values)
    number = (~np.isnan(scaled)).sum(axis=1)
    n, total = len(scaled), int(number.sum())
    means = np.nanmean(scaled, axis=1)
    between = (number * (means - np.nansum(scaled) / total) ** 2).sum() / (n - 1)
    within = np.nansum((scaled - means[:, None]) ** 2) / (total - n)
    k = (total - (number**2).sum() / total) / (n - 1)
    subjects, error = _clean([between, within], rounding)
    return _MeanSquares(n, float(k), subjects, nan, error, total - n)


def _two_way(values: np.ndarray) -> _MeanSquares:
    """Analyse subjects and raters."""
    scaled, rounding = _scaled(values)
    n, k = scaled.shape
    of_subjects, of_raters = scaled.mean(axis=1, keepdims=True), scaled.mean(axis=0, keepdims=True)
    left = scaled - of_subjects - of_raters + scaled.mean()
    df = (n - 1) * (k - 1)
    found = [k * of_subjects.var(ddof=1), n * of_raters.var(ddof=1), (left**2).sum() / df]
    return _MeanSquares(n, float(k), *_clean(found, rounding), df)


def _scaled(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Center and scale (no coefficient depends on it); also return the size of rounding errors."""
    largest = np.nanmax(np.abs(values))
    centered = values / largest if largest > 0 else values
    centered = centered - np.nanmean(centered)
    spread = np.nanmax(np.abs(centered))
    if spread == 0:
        return centered, 0.0
    return centered / spread, 64 * np.finfo(float).eps / spread


def _clean(mean_squares: list, rounding: float) -> list[float]:
    """Set what is only rounding to exactly 0."""
    return [float(found) if found > rounding**2 else 0.0 for found in mean_squares]


def _ratio(model: str, squares: _MeanSquares, single: bool, details: dict) -> Estimate:
    """Model 1 or 3: a function of one F ratio, and so is the interval."""
    between, error, k = squares.subjects, squares.error, squares.k
    if between == 0 and (error == 0 or not single):
        return Estimate.undefined(model, _SUBJECTS_ALIKE, **details)
    value = (between - error) / (between + (k - 1) * error if single else between)
    if between == 0 or error == 0:
        return Estimate.undefined(model, _NO_F, estimate=value, **details)
    df, error_df = squares.n - 1, squares.error_df
    f, tail = between / error, (1 - details["conf_level"]) / 2
    ends = f / stats.f.isf(tail, df, error_df), f * stats.f.isf(tail, error_df, df)
    low, high = ((end - 1) / (end + k - 1 if single else end) for end in ends)
    return Estimate.from_test_inversion(
        model,
        value,
        low,
        high,
        statistic=f,
        p_value=min(1.0, 2 * min(stats.f.sf(f, df, error_df), stats.f.cdf(f, df, error_df))),
        df=error_df,
        **details,
    )


def _absolute(model: str, squares: _MeanSquares, single: bool, details: dict) -> Estimate:
    """Model 2: Satterthwaite's degrees of freedom for a sum of mean squares."""
    between, error, k, n = squares.subjects, squares.error, squares.k, squares.n
    beside = k * squares.raters + (k * n - k - n) * error
    whole = n * between + (beside if single else squares.raters - error)
    if between == error == 0:
        return Estimate.undefined(model, _SUBJECTS_ALIKE, **details)
    if whole <= 0:
        return Estimate.undefined(model, _NO_SHARE, **details)
    value = n * (between - error) / whole
    rho = n * (between - error) / (n * between + beside)
    of_raters = k * rho * squares.raters
    of_error = (n * (1 + (k - 1) * rho) - k * rho) * error
    scale = (n - 1) * of_raters**2 + of_error**2
    if between == 0 or scale == 0:
        return Estimate.undefined(model, _NO_F, estimate=value, **details)
    df = (k - 1) * (n - 1) * (of_raters + of_error) ** 2 / scale
    if df < 1:
        return Estimate.undefined(model, _NO_DF, estimate=value, **details)
    tail = (1 - details["conf_level"]) / 2
    under, over = stats.f.isf(tail, n - 1, df), stats.f.isf(tail, df, n - 1)
    low = n * (between - under * error) / (under * beside + n * between)
    high = n * (over * between - error) / (beside + n * over * between)
    if not single:
        low, high = (_spearman_brown(end, k) for end in (low, high))
    return Estimate.from_interval(model, value, low, high, df=df, **details)


_SUBJECTS_ALIKE = "The subjects' means do not differ, so there is nothing to tell them apart by."
_NO_SHARE = "The subjects differ by less than errors alone would make them: no share can be given."
_NO_DF = "The coefficient is so far below zero that its interval's approximation breaks down."
_NO_F = "The raters never differ, or the subjects never do, so there is no F ratio to judge by."


def _spearman_brown(single: float, k: float) -> float:
    """Return the reliability of a mean of k; below every bound where it is not defined."""
    bottom = 1 + (k - 1) * single
    return k * single / bottom if bottom > 0 else -inf
