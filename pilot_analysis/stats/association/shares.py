"""Shares of people, independent or in clusters, with intervals that stay within 0..1."""

from math import sqrt

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.mean import cluster_ratio
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.grouping import encode_groups

__all__ = ["cluster_proportion", "members_of", "proportion"]


def proportion(successes: int, n: int, *, conf_level: float = 0.95) -> Estimate:
    """Share of independent people, with Wilson's interval.

    For people in classes use `cluster_proportion`: with ten classes at an intraclass
    correlation of .1 Wilson's 95% interval covers 70%.

    Parameters
    ----------
    successes, n : int
        People with the property, people asked.

    Returns
    -------
    Estimate
        unit "proportion"; undefined where nobody was asked. p is NaN.

    Raises
    ------
    DesignError
        More successes than people, or a negative number.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22: 209-212.
    """
    check_conf_level(conf_level)
    if not 0 <= successes <= n:
        raise DesignError(f"{successes} of {n} is not a share: count again.")
    details = {"unit": "proportion", "method": "wilson", "conf_level": conf_level}
    if n == 0:
        return Estimate.undefined("proportion", "Nobody was asked.", n=0, **details)
    z = stats.norm.isf((1 - conf_level) / 2)
    share = successes / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else center - half
    high = 1.0 if successes == n else center + half
    return Estimate.from_interval("proportion", share, low, high, n=n, **details)


def cluster_proportion(y, cluster, *, conf_level: float = 0.95) -> Estimate:
    """Share of people who come in clusters (students in classes).

    Linearized variance of the ratio between clusters (G/(G-1)), on the logit scale so that the
    limits stay within 0..1, with t on G - 1 degrees of freedom.

    Parameters
    ----------
    y : array_like of bool or 0/1, shape (n,)
        Missing values are refused.
    cluster : array_like, shape (n,)

    Returns
    -------
    Estimate
        unit "proportion", n people, n_clusters. The share without an interval, and the reason,
        where nobody or everybody has the property, with fewer than two clusters, or where no
        cluster differs; flagged "few clusters" below five. p is NaN.

    Raises
    ------
    DesignError
        A value other than 0 and 1, or lengths that differ.

    References
    ----------
    Korn and Graubard (1999), Analysis of Health Surveys, sections 2.2 and 5.2.
    """
    y, cluster = np.asarray(y, dtype=float), list(cluster)
    if len(y) != len(cluster) or not np.isin(y, (0.0, 1.0)).all():
        raise DesignError("A share needs one 0 or 1, and one cluster, for every person.")
    members = members_of(cluster)
    made = cluster_ratio(
        [y[people].sum() for people in members],
        [len(people) for people in members],
        name="proportion",
        unit="proportion",
        n=len(y),
        scale="logit",
        conf_level=conf_level,
        method="cluster_proportion",
    )
    return made.flagged("few clusters") if made.is_defined and len(members) < 5 else made


def members_of(cluster) -> list[np.ndarray]:
    """Return the positions of each cluster's members, clusters in the order of their labels.

    Parameters
    ----------
    cluster : array_like, shape (n,)
        Without missing values.

    Returns
    -------
    list of numpy.ndarray of int
    """
    codes, levels = encode_groups(pd.Series(list(cluster), dtype=object))
    return [np.flatnonzero(codes == code) for code in range(len(levels))]
