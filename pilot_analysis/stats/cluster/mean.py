"""Means, shares and their differences where people come in clusters (classes, teachers, days)."""

from math import exp, log, sqrt
from typing import Literal

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.values import cluster_codes, complete_values, pairs_by_cluster
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.estimate import Estimate

__all__ = ["cluster_mean", "cluster_mean_difference", "cluster_ratio", "cluster_ratio_difference"]

ONE_CLUSTER = "Everyone comes from one and the same group, so chance variation cannot be estimated."
NO_VARIATION = "There is no variation, so chance variation cannot be estimated."
NOBODY = "There is nobody to count."
_ROUNDING = 1e-12  # share of the values' size below which a standard error is rounding


def cluster_mean(
    y, cluster=None, *, name: str = "mean", unit: str = "points", conf_level: float = 0.95
) -> Estimate:
    """Mean over people who come in clusters, with a t interval on the linearized ratio.

    The mean is the ratio of the clusters' totals to their sizes, so clusters may differ in size.
    With one person per cluster this is the ordinary t interval of a mean.

    Parameters
    ----------
    y : array_like, shape (n,)
        Values in `unit`; missing values are refused.
    cluster : array_like, shape (n,), optional
        Cluster of each value; None: the values are independent.

    Returns
    -------
    Estimate
        df = clusters - 1. With fewer than two clusters, or no variation between them, the
        estimate has no interval and the flags say why.

    Raises
    ------
    DesignError
        A missing or infinite value, or arrays of different length.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sec. 6.3 and 9A.4.
    """
    y = complete_values(y, name)
    if cluster is None:
        made = cluster_ratio(y, np.ones(len(y)), name=name, unit=unit, conf_level=conf_level)
        return _as_independent(made)
    codes, groups = cluster_codes(cluster, len(y), name)
    return cluster_ratio(
        np.bincount(codes, weights=y, minlength=groups),
        np.bincount(codes, minlength=groups).astype(float),
        name=name,
        unit=unit,
        n=len(y),
        conf_level=conf_level,
        method="cluster_mean",
    )


def cluster_mean_difference(
    y,
    in_first,
    cluster,
    *,
    name: str = "difference",
    unit: str = "points",
    conf_level: float = 0.95,
) -> Estimate:
    """Mean of one side minus mean of the other, where both may sit in the same clusters.

    Parameters
    ----------
    y : array_like, shape (n,)
        Values in `unit`.
    in_first : array_like of bool, shape (n,)
        Whether the person belongs to the first side (whose mean is taken first).
    cluster : array_like, shape (n,)
        Cluster of each person.

    Returns
    -------
    Estimate
        n counts everyone; see `cluster_ratio_difference` for df.

    Raises
    ------
    DesignError
        A missing or infinite value, a side that is neither True nor False, or arrays of
        different length.
    """
    y = complete_values(y, name)
    side = float_array(in_first, f"{name}: sides")
    if side.shape != y.shape:
        raise DesignError(f"{name}: {len(y)} values but {side.size} sides; give one for each.")
    if not np.isin(side, (0, 1)).all():
        raise DesignError(f"{name}: a side must be True or False for every value.")
    in_first = side == 1
    codes, groups = cluster_codes(cluster, len(y), name)
    sides = [
        np.bincount(codes[side], weights=weight, minlength=groups)
        for side in (in_first, ~in_first)
        for weight in (y[side], np.ones(side.sum()))
    ]
    return cluster_ratio_difference(*sides, name=name, unit=unit, n=len(y), conf_level=conf_level)


def cluster_ratio(
    totals,
    sizes,
    *,
    name: str = "mean",
    unit: str = "points",
    n: int | None = None,
    scale: Literal["identity", "logit"] = "identity",
    conf_level: float = 0.95,
    method: str = "cluster_ratio",
) -> Estimate:
    """Ratio of the sum of `totals` to the sum of `sizes`, one pair per cluster.

    The variance is that of the linearized ratio: with z_c = (total_c - ratio size_c) / sum(size),
    G / (G - 1) sum(z_c^2), on G - 1 degrees of freedom.

    Parameters
    ----------
    totals, sizes : array_like, shape (G,)
        Per cluster; clusters of size 0 are left out.
    n : int, optional
        Number of people; default: the sum of `sizes`.
    scale : {"identity", "logit"}
        "logit" keeps the interval of a share between 0 and 1; it then inverts no test of 0.

    Returns
    -------
    Estimate
        Without an interval, and with the reason in its flags, where G < 2 or nothing varies.

    Raises
    ------
    DesignError
        An unknown scale, missing or infinite values, sizes below zero, or arrays of different
        length.
    """
    if scale not in ("identity", "logit"):
        raise DesignError(f'scale must be "identity" or "logit"; got {scale!r}.')
    totals, sizes = pairs_by_cluster(name, totals, sizes)
    totals, sizes = totals[sizes > 0], sizes[sizes > 0]
    size = sizes.sum()
    n = round(size) if n is None else n
    details = {"n": n, "unit": unit, "method": method, "n_clusters": len(sizes)}
    details["conf_level"] = conf_level
    if size <= 0:
        return Estimate.undefined(name, NOBODY, **details)
    ratio = totals.sum() / size
    z = (totals - ratio * sizes) / size
    if len(sizes) < 2:
        return Estimate.undefined(name, ONE_CLUSTER, estimate=ratio, **details)
    std_error = sqrt(len(z) / (len(z) - 1) * float(z @ z))
    if std_error <= _ROUNDING * np.abs(totals).sum() / size:
        return Estimate.undefined(name, NO_VARIATION, estimate=ratio, **details)
    if scale == "identity":
        return Estimate.from_t(name, ratio, std_error, len(z) - 1, **details)
    return _on_logit(name, ratio, std_error, len(z) - 1, details)


def cluster_ratio_difference(
    first_totals,
    first_sizes,
    second_totals,
    second_sizes,
    *,
    name: str = "difference",
    unit: str = "points",
    n: int | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Difference of two ratios whose numerators and denominators come from the same clusters.

    Parameters
    ----------
    first_totals, first_sizes, second_totals, second_sizes : array_like, shape (G,)
        Per cluster; a size of 0 where a cluster holds nobody of that side.

    Returns
    -------
    Estimate
        first minus second. The variance is that of the difference of the linearized values of
        each cluster, so what the two sides share cancels. df = g - 1, where g is the smaller
        number of clusters that hold a side: never too many, whichever way the sides are mixed.

    Raises
    ------
    DesignError
        Missing or infinite values, sizes below zero, or arrays of different length.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sec. 6.16 (difference of two ratios).
    """
    first, first_n = pairs_by_cluster(name, first_totals, first_sizes)
    second, second_n = pairs_by_cluster(name, second_totals, second_sizes)
    if len(first) != len(second):
        raise DesignError(
            f"{name}: the first side has {len(first)} clusters and the second {len(second)}; give "
            "both for every cluster, with a size of 0 where a side is absent."
        )
    g = min(int((first_n > 0).sum()), int((second_n > 0).sum()))
    n = round(first_n.sum() + second_n.sum()) if n is None else n
    details = {"n": n, "unit": unit, "method": "cluster_mean_difference"}
    details |= {"n_clusters": int((first_n + second_n > 0).sum()), "conf_level": conf_level}
    if g == 0:
        return Estimate.undefined(name, "One of the two sides has nobody to count.", **details)
    means = first.sum() / first_n.sum(), second.sum() / second_n.sum()
    z = (first - means[0] * first_n) / first_n.sum()
    z = z - (second - means[1] * second_n) / second_n.sum()
    difference = means[0] - means[1]
    if g < 2:
        return Estimate.undefined(name, ONE_CLUSTER, estimate=difference, **details)
    std_error = sqrt(g / (g - 1) * float(z @ z))
    size = max(np.abs(first).sum() / first_n.sum(), np.abs(second).sum() / second_n.sum())
    if std_error <= _ROUNDING * size:
        return Estimate.undefined(name, NO_VARIATION, estimate=difference, **details)
    return Estimate.from_t(name, difference, std_error, g - 1, **details)


def _on_logit(name, share, std_error, df, details) -> Estimate:
    if not 0 < share < 1:
        return Estimate.undefined(name, NO_VARIATION, estimate=share, **details)
    centre = log(share / (1 - share))
    half = stats.t.isf((1 - details["conf_level"]) / 2, df) * std_error / (share * (1 - share))
    low, high = (1 / (1 + exp(-x)) if x > -700 else 0.0 for x in (centre - half, centre + half))
    return Estimate.from_interval(name, share, low, high, std_error=std_error, df=df, **details)


def _as_independent(made: Estimate) -> Estimate:
    if not made.is_defined:
        reason = made.flags[0]
        if made.n == 1:
            reason = "There is only one answer, so chance variation cannot be estimated."
        return Estimate.undefined(
            made.name,
            reason,
            n=made.n,
            unit=made.unit,
            method="mean_t",
            estimate=made.estimate,
            conf_level=made.conf_level,
        )
    return Estimate.from_t(
        made.name,
        made.estimate,
        made.std_error,
        made.df,
        n=made.n,
        unit=made.unit,
        method="mean_t",
        conf_level=made.conf_level,
    )
