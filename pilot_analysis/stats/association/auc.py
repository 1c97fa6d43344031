"""Two groups compared by rank: the area under the ROC curve, with units in clusters or without."""

from dataclasses import dataclass
from math import log, nan, sqrt

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.randomization.inputs import known_groups, known_labels, known_values

__all__ = ["FEWEST_A_SIDE", "LeaveOneOut", "auc", "auc_without_each_cluster", "cluster_auc"]

# with one or two units a side no interval for the AUC keeps its promise
FEWEST_A_SIDE = 3
_BOTH = "The AUC needs known values on both sides"


def auc(positives, negatives, *, conf_level: float = 0.95) -> Estimate:
    """Probability that a positive unit is above a negative one (area under the ROC curve).

    Parameters
    ----------
    positives, negatives : array_like, shape (n_p,), (n_n,)
        Values of the two groups; ties count half. Missing values are refused.
    conf_level : float

    Returns
    -------
    Estimate
        unit "proportion", n = n_p + n_n. The interval inverts a score with Hanley and McNeil's
        variance at each value tested (Newcombe's method 5), so that it has width at 0 and 1; it
        takes units as independent (see `cluster_auc`). Below three units a side there is none,
        with the reason. p is NaN: the test is `permutation_test`.

    Raises
    ------
    DesignError
        A group without values, or a missing or infinite value.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143: 29-36; Newcombe (2006), Statistics in Medicine 25:
    559-573.
    """
    check_conf_level(conf_level)
    groups = [known_values(g, _BOTH) for g in (positives, negatives)]
    if min(len(g) for g in groups) == 0:
        raise DesignError(f"{_BOTH}; one side has none.")
    n_p, n_n = (len(g) for g in groups)
    area = _area(*groups)
    details = {"n": n_p + n_n, "unit": "proportion", "method": "auc", "conf_level": conf_level}
    if min(n_p, n_n) < FEWEST_A_SIDE:
        reason = f"An interval needs {FEWEST_A_SIDE} or more units on each side."
        return Estimate.undefined("auc", reason, estimate=area, **details)
    return Estimate.from_interval("auc", area, *_limits(area, n_p, n_n, conf_level), **details)


def cluster_auc(values, positive, cluster, *, conf_level: float = 0.95) -> Estimate:
    """AUC where several units (products) come from one cluster (school).

    Parameters
    ----------
    values : array_like, shape (n_units,)
        Missing values are refused.
    positive : array_like of bool or 0/1, shape (n_units,)
        The group of each unit.
    cluster : array_like, shape (n_units,)

    Returns
    -------
    Estimate
        unit "proportion", n units, n_clusters. Obuchowski's variance between clusters, on the
        logit scale with t on n_clusters - 1 df. Where every positive is above (or below) every
        negative that variance is 0: then, flagged, the interval of `auc` with each cluster
        counted as one unit a side. None where fewer than three clusters hold a side. p is NaN:
        the test is `permutation_test`.

    Raises
    ------
    DesignError
        A missing or infinite value; lengths that differ; units of one group only.

    References
    ----------
    Obuchowski (1997), Biometrics 53: 567-578.
    """
    check_conf_level(conf_level)
    values, positive, codes, names = _units(values, positive, cluster)
    above, below = values[positive], values[~positive]
    area = _area(above, below)
    held = [len(np.unique(codes[side])) for side in (positive, ~positive)]
    details = {"n": len(values), "unit": "proportion", "method": "cluster_auc"}
    details |= {"n_clusters": len(names), "conf_level": conf_level}
    if min(held) < FEWEST_A_SIDE:
        reason = f"An interval needs {FEWEST_A_SIDE} or more clusters on each side."
        return Estimate.undefined("auc", reason, estimate=area, **details)
    sums = np.empty(len(values))
    sums[positive], sums[~positive] = _shares_above(above, below), 1 - _shares_above(below, above)
    sums = (sums - area) / np.where(positive, len(above), len(below))
    by_p, by_n = (
        np.bincount(codes[side], sums[side], len(names)) for side in (positive, ~positive)
    )
    g, (g_p, g_n) = len(names), held
    variance = g_p / (g_p - 1) * (by_p @ by_p) + g_n / (g_n - 1) * (by_n @ by_n)
    variance += 2 * g / (g - 1) * (by_p @ by_n)
    if not 0 < area < 1 or variance < 1e-14:
        flag = "The clusters do not differ, so each counts as one unit in the interval."
        limits = _limits(area, *held, conf_level)
        return Estimate.from_interval("auc", area, *limits, flags=(flag,), **details)
    centre, std_error = log(area / (1 - area)), sqrt(variance)
    half = stats.t.isf((1 - conf_level) / 2, g - 1) * std_error / (area * (1 - area))
    low, high = (0.5 * (1 + np.tanh(end / 2)) for end in (centre - half, centre + half))
    return Estimate.from_interval("auc", area, low, high, std_error=std_error, df=g - 1, **details)


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """An AUC without each cluster in turn.

    Attributes
    ----------
    low, high : float
        Smallest and largest; NaN where no cluster can be left out.
    low_without, high_without : object
        The clusters whose absence gives them; None where there are none.
    n_undefined : int
        Clusters without which one side would be empty.
    """

    low: float
    high: float
    low_without: object
    high_without: object
    n_undefined: int


def auc_without_each_cluster(values, positive, cluster) -> LeaveOneOut:
    """Show how far the AUC hangs on any one cluster.

    Parameters
    ----------
    values : array_like, shape (n_units,)
        Missing values are refused.
    positive : array_like of bool or 0/1, shape (n_units,)
    cluster : array_like, shape (n_units,)

    Returns
    -------
    LeaveOneOut
        A range, and no interval: it says nothing about other clusters.

    Raises
    ------
    DesignError
        A missing or infinite value; lengths that differ; units of one group only.
    """
    values, positive, codes, names = _units(values, positive, cluster)
    areas = {}
    for code, name in enumerate(names):
        kept = codes != code
        sides = values[kept & positive], values[kept & ~positive]
        if len(sides[0]) and len(sides[1]):
            areas[name] = _area(*sides)
    if not areas:
        return LeaveOneOut(nan, nan, None, None, len(names))
    low, high = min(areas, key=areas.get), max(areas, key=areas.get)
    return LeaveOneOut(areas[low], areas[high], low, high, len(names) - len(areas))


def _units(values, positive, cluster):
    values = known_values(values, _BOTH)
    positive = known_labels(positive, len(values), "The group")
    codes, names = known_groups(cluster, len(values), "The cluster")
    if positive.all() or not positive.any():
        raise DesignError(f"{_BOTH}; one side has none.")
    return values, positive, codes, names


def _area(positives: np.ndarray, negatives: np.ndarray) -> float:
    return float(_shares_above(positives, negatives).mean())


def _shares_above(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each of `values` the share of `others` below it, equal ones counting half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values) + np.searchsorted(ordered, values, "right")
    return below / (2 * len(others))


def _limits(area: float, n_p: int, n_n: int, conf_level: float) -> tuple[float, float]:
    z = stats.norm.isf((1 - conf_level) / 2)
    # a swap of the sides turns the area into its complement, and so the limits
    return 1 - _upper_area(1 - area, n_p, n_n, z), _upper_area(area, n_p, n_n, z)


def _upper_area(area: float, n_p: int, n_n: int, z: float) -> float:
    """Return the upper limit of an AUC by Newcombe's method 5."""
    if area == 1:
        return 1.0
    spare = (n_p + n_n) / 2 - 1

    def excess(theta: float) -> float:
        inner = 1 + spare * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (theta - area) ** 2 - z * z * theta * (1 - theta) * inner / (n_p * n_n)

    return brentq(excess, area + 1e-9 * (1 - area), 1.0, xtol=1e-15, rtol=1e-14)
