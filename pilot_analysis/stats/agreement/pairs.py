"""Do observers agree? Shares of agreement and Cohen's kappa."""

from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.shares import proportion
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["FEWEST_FOR_INTERVAL", "cohen_kappa", "percent_agreement"]

# large-sample intervals of kappa cover 60-91% at twenty subjects; none is given below
FEWEST_FOR_INTERVAL = 20


def percent_agreement(
    ratings: pd.DataFrame, *, tolerance: float = 0.0, conf_level: float = 0.95
) -> Estimate:
    """Share of subjects on which all raters agree.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Numbers or labels. Subjects with fewer than two ratings are left out; missing ratings of
        the others are passed over.
    tolerance : float
        Ratings this far apart still agree (numbers only).

    Returns
    -------
    Estimate
        unit "proportion", n subjects rated twice or more, Wilson's interval; undefined where no
        subject was rated twice. Agreement says nothing about reliability: give both.

    Raises
    ------
    DesignError
        A tolerance with labels that are no numbers.
    """
    rated = ratings[ratings.notna().sum(axis=1) >= 2]
    if tolerance == 0:
        agree = rated.nunique(axis=1).eq(1)
    else:
        values = _as_numbers(rated, "A tolerance")
        agree = values.max(axis=1) - values.min(axis=1) <= tolerance
    if rated.empty:
        return Estimate.undefined(
            "agreement",
            "No subject was rated by two people.",
            n=0,
            unit="proportion",
            method="percent_agreement",
            conf_level=conf_level,
        )
    return proportion(int(agree.sum()), len(rated), conf_level=conf_level).renamed("agreement")


def cohen_kappa(
    first,
    second,
    *,
    weights: Literal["linear", "quadratic"] | None = None,
    conf_level: float = 0.95,
    draws: int = 2000,
    seed: int = 20261121,
) -> Estimate:
    """Cohen's kappa of two raters.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Ratings of the same subjects; a subject that either did not rate is left out.
    weights : {None, "linear", "quadratic"}
        Disagreement counts fully; by the distance of the ratings; by its square. Weights need
        ratings that are numbers (then a category that nobody used does not matter) or ordered
        categoricals.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects. With 20 subjects or more a percentile bootstrap interval
        (p is NaN), else none. NaN, with the reason, only where chance agreement is 1 (both
        raters always gave one and the same rating) or nobody was rated by both; one constant
        rater gives 0.

    Raises
    ------
    DesignError
        Lengths that differ, an unknown weight, or weights for labels without an order.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20: 37-46; Cohen (1968),
    Psychological Bulletin 70: 213-220.
    """
    check_conf_level(conf_level)
    a, b = pd.Series(first).reset_index(drop=True), pd.Series(second).reset_index(drop=True)
    if len(a) != len(b):
        raise DesignError(f"Two raters need the same subjects; got {len(a)} and {len(b)} ratings.")
    if weights not in (None, "linear", "quadratic"):
        raise DesignError(f'weights must be None, "linear" or "quadratic"; got {weights!r}.')
    both = a.notna() & b.notna()
    codes_a, codes_b, distance = _categories(a[both], b[both], weights)
    details = {
        "n": int(both.sum()),
        "unit": "coefficient",
        "method": f"cohen_kappa_{weights or 'unweighted'}",
        "conf_level": conf_level,
    }
    if not both.any():
        return Estimate.undefined("kappa", "No subject was rated by both.", **details)
    table = np.zeros(distance.shape)
    np.add.at(table, (codes_a, codes_b), 1)
    kappa = float(_kappa(table[None], distance)[0])
    if np.isnan(kappa):
        reason = "Both raters always gave the same rating, so agreement by chance is certain."
        return Estimate.undefined("kappa", reason, **details)
    if details["n"] < FEWEST_FOR_INTERVAL:
        reason = f"An interval needs {FEWEST_FOR_INTERVAL} or more subjects rated by both."
        return Estimate.undefined("kappa", reason, estimate=kappa, **details)
    n = details["n"]
    resampled = np.random.default_rng(seed).multinomial(n, table.ravel() / n, size=draws)
    spread = _kappa(resampled.reshape(draws, *table.shape), distance)
    spread = spread[~np.isnan(spread)]
    if np.ptp(spread) == 0:
        reason = "The raters never disagreed, and resampling cannot say how far chance goes."
        return Estimate.undefined("kappa", reason, estimate=kappa, **details)
    tail = (1 - conf_level) / 2
    low, high = np.quantile(spread, [tail, 1 - tail])
    return Estimate.from_interval("kappa", kappa, low, high, **details)


def _kappa(tables: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Kappa of each table, shape (tables, k, k); NaN where chance agreement is 1."""
    n = tables.sum(axis=(1, 2))
    by_chance = np.einsum("ti,tj->tij", tables.sum(axis=2), tables.sum(axis=1))
    expected = (by_chance * distance).sum(axis=(1, 2)) / n
    observed = (tables * distance).sum(axis=(1, 2))
    undefined = expected == 0
    return np.where(undefined, np.nan, 1 - observed / np.where(undefined, 1.0, expected))


def _categories(a: pd.Series, b: pd.Series, weights):
    """Return the codes of both raters and the disagreement between any two categories."""
    if weights is None:
        codes, labels = pd.factorize(pd.concat([a.astype(object), b.astype(object)]), sort=False)
        distance = 1.0 - np.eye(len(labels))
    else:
        if isinstance(a.dtype, pd.CategoricalDtype) and a.dtype.ordered and a.dtype == b.dtype:
            a, b = a.cat.codes, b.cat.codes
        frame = _as_numbers(pd.DataFrame({"a": a, "b": b}), "A weighted kappa")
        codes, labels = pd.factorize(frame.to_numpy().ravel(order="F"), sort=True)
        distance = np.abs(np.subtract.outer(labels, labels))
        distance = distance**2 if weights == "quadratic" else distance
    return codes[: len(a)], codes[len(a) :], distance


def _as_numbers(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    try:
        return frame.astype("Float64").astype(float)
    except (TypeError, ValueError) as error:
        raise DesignError(
            f"{what} needs ratings that are numbers, or ordered categoricals; these are labels."
        ) from error
