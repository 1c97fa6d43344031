"""Shares of people, independent or in clusters, with intervals that stay honest at 0 and 1."""

from math import inf, sqrt
from numbers import Real
from typing import Literal

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.mean import cluster_ratio
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.randomization.inputs import known_groups

__all__ = [
    "check_cells",
    "check_counts",
    "cluster_proportion",
    "proportion",
    "wilson_limits",
]

_FEW_CLUSTERS = 5


def proportion(
    successes: int,
    n: int,
    *,
    method: Literal["wilson", "clopper_pearson", "agresti_coull"] = "wilson",
    conf_level: float = 0.95,
) -> Estimate:
    """Share of independent people, with Wilson's interval.

    For people in classes use `cluster_proportion`: with ten classes at an intraclass
    correlation of .1 Wilson's 95% interval covers 70%.

    Parameters
    ----------
    successes, n : int
        People with the property, people asked.
    method : {"wilson", "clopper_pearson", "agresti_coull"}
        Wilson's score interval; the exact one, which never covers less than it says and mostly
        more; Wald's after adding z^2/2 successes and failures, which can pass 0 and 1 and is
        not cut.

    Returns
    -------
    Estimate
        unit "proportion"; undefined where nobody was asked. p is NaN.

    Raises
    ------
    DesignError
        More successes than people, a number that is negative or not whole, or an unknown method.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22: 209-212; Clopper and
    Pearson (1934), Biometrika 26: 404-413; Agresti and Coull (1998), The American Statistician
    52: 119-126.
    """
    check_conf_level(conf_level)
    successes, n = check_counts(successes, n)
    makers = {
        "wilson": wilson_limits,
        "clopper_pearson": _exact_limits,
        "agresti_coull": _agresti_coull_limits,
    }
    if method not in tuple(makers):
        raise DesignError(f"method must be one of {', '.join(makers)}; got {method!r}.")
    details = {"unit": "proportion", "method": method, "conf_level": conf_level}
    if n == 0:
        return Estimate.undefined("proportion", "Nobody was asked.", n=0, **details)
    low, high = makers[method](successes, n, conf_level)
    return Estimate.from_interval("proportion", successes / n, low, high, n=n, **details)


def cluster_proportion(
    y, cluster, *, boundary_icc: float | None = None, conf_level: float = 0.95
) -> Estimate:
    """Share of people who come in clusters (students in classes).

    Linearized variance of the ratio between clusters (G/(G-1)), on the logit scale so that the
    limits stay within 0..1, with t on G - 1 degrees of freedom.

    Parameters
    ----------
    y : array_like of bool or 0/1, shape (n,)
        Missing values are refused.
    cluster : array_like, shape (n,)
        Missing clusters are refused.
    boundary_icc : float, optional
        Intraclass correlation to assume where nobody or everybody has the property, when the
        data cannot show one. Default: none, and then there is no interval at 0 and 1.

    Returns
    -------
    Estimate
        unit "proportion", n people, n_clusters. The share without an interval, and the reason,
        where nobody or everybody has the property (and no `boundary_icc`), with fewer than two
        clusters, or where no cluster differs; flagged "few clusters" below five. p is NaN. With
        `boundary_icc`, the interval at 0 and 1 is Korn and Graubard's: Clopper and Pearson's
        for the effective number of people, with its assumption in the flags.

    Raises
    ------
    DesignError
        A value other than 0 and 1, lengths that differ, or a `boundary_icc` outside 0..1.

    References
    ----------
    Korn and Graubard (1999), Analysis of Health Surveys, sections 2.2 and 5.2; Korn and Graubard
    (1998), Survey Methodology 24: 193-201.
    """
    check_conf_level(conf_level)
    y = float_array(y, "Whether people have the property")
    if y.ndim != 1 or not np.isin(y, (0.0, 1.0)).all():
        raise DesignError("A share needs one 0 or 1, and one cluster, for every person.")
    if boundary_icc is not None and not (isinstance(boundary_icc, Real) and 0 <= boundary_icc <= 1):
        raise DesignError(f"boundary_icc must lie between 0 and 1; got {boundary_icc!r}.")
    codes, names = known_groups(cluster, len(y), "The cluster")
    sizes = np.bincount(codes, minlength=len(names)).astype(float)
    made = cluster_ratio(
        np.bincount(codes, y, len(names)),
        sizes,
        name="proportion",
        unit="proportion",
        n=len(y),
        scale="logit",
        conf_level=conf_level,
        method="cluster_proportion",
    )
    if made.estimate in (0, 1) and boundary_icc is not None and len(names) > 1:
        made = _at_boundary(made, sizes, boundary_icc)
    return made.flagged("few clusters") if made.is_defined and len(names) < _FEW_CLUSTERS else made


def _at_boundary(made: Estimate, sizes: np.ndarray, icc: float) -> Estimate:
    """Return Korn and Graubard's interval where the design effect has to be assumed."""
    n, g = made.n, len(sizes)
    design_effect = 1 + ((sizes @ sizes) / n - 1) * icc
    tail = (1 - made.conf_level) / 2
    df_factor = 1.0 if n == g else (stats.t.isf(tail, n - 1) / stats.t.isf(tail, g - 1)) ** 2
    effective = n / design_effect * df_factor
    low, high = _exact_limits(made.estimate * effective, effective, made.conf_level)
    return Estimate.from_interval(
        "proportion",
        made.estimate,
        low,
        high,
        n=n,
        n_clusters=g,
        df=g - 1,
        unit="proportion",
        method="korn_graubard",
        conf_level=made.conf_level,
        flags=(f"The clusters do not differ; an intraclass correlation of {icc:g} is assumed.",),
    )


def _is_count(count) -> bool:
    """Whether `count` is a whole number, 0 or more."""
    return (
        isinstance(count, Real) and not isinstance(count, bool) and 0 <= count < inf
    ) and count % 1 == 0


def check_cells(*cells: int) -> tuple[int, ...]:
    """Return the counts of a table as whole numbers, or refuse them."""
    for cell in cells:
        if not _is_count(cell):
            raise DesignError(f"{cell!r} is not a number of people: each cell needs a count.")
    return tuple(int(cell) for cell in cells)


def check_counts(successes: int, n: int) -> tuple[int, int]:
    """Return both as whole numbers, or refuse what is no share."""
    if not (_is_count(successes) and _is_count(n) and successes <= n):
        raise DesignError(f"{successes} of {n} is not a share: count again.")
    return int(successes), int(n)


def wilson_limits(successes: int, n: int, conf_level: float) -> tuple[float, float]:
    """Return Wilson's limits of a share; they are 0 and 1 where the share is."""
    z = stats.norm.isf((1 - conf_level) / 2)
    share = successes / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else center - half
    high = 1.0 if successes == n else center + half
    return low, high


def _exact_limits(successes: float, n: float, conf_level: float) -> tuple[float, float]:
    """Return Clopper and Pearson's limits; `n` need not be whole."""
    tail = (1 - conf_level) / 2
    low = 0.0 if successes == 0 else stats.beta.ppf(tail, successes, n - successes + 1)
    high = 1.0 if successes == n else stats.beta.isf(tail, successes + 1, n - successes)
    return float(low), float(high)


def _agresti_coull_limits(successes: int, n: int, conf_level: float) -> tuple[float, float]:
    z = stats.norm.isf((1 - conf_level) / 2)
    share = (successes + z * z / 2) / (n + z * z)
    half = z * sqrt(share * (1 - share) / (n + z * z))
    return share - half, share + half
