"""Effects and tests of studies that assigned clusters, from what such a study reports."""

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_count, checked_number
from pilot_analysis.stats.effects.noncentral import standardized_difference
from pilot_analysis.stats.effects.standardized import small_sample_factor
from pilot_analysis.stats.estimate import Estimate

__all__ = [
    "ClusterAdjustedTest",
    "cluster_adjusted_g",
    "cluster_adjusted_t",
    "cluster_effective_df",
    "cluster_small_sample_factor",
]


@dataclass(frozen=True, slots=True)
class ClusterAdjustedTest:
    """A t test of students, corrected for the clusters that were assigned.

    Attributes
    ----------
    statistic, df, p_value : float
        Two-tailed, Student's t with `df` degrees of freedom.
    method : str
        A key of ``docs/methods.md``.
    """

    statistic: float
    df: float
    p_value: float
    method: str = "wwc_cluster_t"


def cluster_adjusted_g(
    difference: float,
    pooled_sd: float,
    n_treated: int,
    n_comparison: int,
    *,
    n_per_cluster: float,
    icc: float,
    std_error: float | None = None,
    df: float | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Hedges' g of a study that assigned clusters, from its summary.

    g = omega_h gamma difference / pooled_sd, omega_h = 1 - 3/(4h - 1), gamma and h as in
    `cluster_effective_df`. It serves to re-analyze somebody else's summary; an analysis of one's
    own data takes its interval from its own model.

    Parameters
    ----------
    difference : float
        Of the means, in the outcome's own units, adjusted or not.
    pooled_sd : float
        Standard deviation of students within arms, not adjusted.
    n_treated, n_comparison : int
        Students.
    n_per_cluster : float
        Students per assigned cluster, on average.
    icc : float
        Share of the variance between those clusters, as reported or assumed (the WWC takes .20
        for achievement and .10 otherwise).
    std_error : float, optional
        Of the difference, in its units, from an analysis that took account of clusters. Without
        it the difference is taken to be the plain one, with clusters ignored.
    df : float, optional
        Of that standard error, if reported; h otherwise, which is too many where the clusters
        are few.
    conf_level : float

    Returns
    -------
    Estimate
        unit "sd". Without `std_error` the test is that of `cluster_adjusted_t`, the interval
        inverts it by the noncentral t (with an `icc` of 0 it is `hedges_g_from_summary`), and
        the standard error is omega_h sqrt(eta (1/n_t + 1/n_c) + g^2 / 2h) with
        eta = 1 + (n_per_cluster - 1) icc. With it, Student's t of g over
        omega_h sqrt((gamma std_error / pooled_sd)^2 + g^2 / 2h), on `df` degrees of freedom.

    Raises
    ------
    DesignError
        Fewer than four clusters in all (one arm would be a single cluster), an `icc` outside
        0..1, or a standard deviation or standard error that is not positive.

    References
    ----------
    What Works Clearinghouse (2020), Supplement to the Procedures Handbook 4.1, and (2022),
    Procedures and Standards Handbook 5.0, appendix E; Hedges (2007), Journal of Educational and
    Behavioral Statistics 32: 341-370.
    """
    n_treated = checked_count(n_treated, "n_treated", minimum=1)
    n_comparison = checked_count(n_comparison, "n_comparison", minimum=1)
    pooled_sd = checked_number(pooled_sd, "pooled_sd")
    if pooled_sd <= 0:
        raise DesignError(f"pooled_sd must be positive, got {pooled_sd:g}.")
    n = n_treated + n_comparison
    n_clusters = _checked_clusters(n, n / checked_number(n_per_cluster, "n_per_cluster", minimum=1))
    h, gamma = cluster_effective_df(n, n_per_cluster, icc), _gamma(n, n_per_cluster, icc)
    d = gamma * checked_number(difference, "difference") / pooled_sd
    omega = small_sample_factor(h)
    details: dict[str, Any] = {
        "name": "g",
        "n": n,
        "n_clusters": round(n_clusters),
        "conf_level": conf_level,
    }
    if std_error is None:
        size = sqrt((1 + (n_per_cluster - 1) * icc) * (1 / n_treated + 1 / n_comparison))
        return standardized_difference(d, size, h, omega, method="wwc_cluster_g", **details)
    if not (isfinite(std_error) and std_error > 0):
        raise DesignError(f"std_error must be a positive number, got {std_error}.")
    se = omega * sqrt((gamma * std_error / pooled_sd) ** 2 + (omega * d) ** 2 / (2 * h))
    return Estimate.from_t(
        estimate=omega * d,
        std_error=se,
        df=h if df is None else df,
        unit="sd",
        method="wwc_cluster_g_reported",
        **details,
    )


def cluster_adjusted_t(t: float, n: int, n_clusters: int, icc: float) -> ClusterAdjustedTest:
    """Correct a reported t of students for the clusters that were assigned.

    t_a = t sqrt(((N-2) - 2(N/M-1) icc) / ((N-2)(1 + (N/M-1) icc))), with h degrees of freedom.
    It serves to re-analyze somebody else's summary: h counts students more than clusters (195
    for ten schools of 60 at an icc of .2, where an analysis of those data has 8).

    Parameters
    ----------
    t : float
        As reported, from an analysis that ignored clusters.
    n, n_clusters : int
        Students N and clusters M, both arms together.
    icc : float
        Share of the variance between clusters, as reported or assumed.

    Returns
    -------
    ClusterAdjustedTest
        .statistic, .df, .p_value (two-tailed).

    Raises
    ------
    DesignError
        Fewer than four clusters in all, fewer students than clusters, an `icc` outside 0..1, or a
        t that is not a known number.

    References
    ----------
    Hedges (2007), Journal of Educational and Behavioral Statistics 32: 151-179 and 341-370; What
    Works Clearinghouse (2020), Procedures Handbook 4.1, appendix F.
    """
    t, n = checked_number(t, "t"), checked_count(n, "n")
    n_per_cluster = n / _checked_clusters(n, checked_count(n_clusters, "n_clusters"))
    h = cluster_effective_df(n, n_per_cluster, icc)
    design_effect = 1 + (n_per_cluster - 1) * icc
    statistic = t * _gamma(n, n_per_cluster, icc) / sqrt(design_effect)
    return ClusterAdjustedTest(statistic, h, float(2 * stats.t.sf(abs(statistic), h)))


def cluster_effective_df(n: float, n_per_cluster: float, icc: float) -> float:
    """Degrees of freedom h of the pooled standard deviation of clustered students.

    Serves the small-sample factor of g and the re-analysis of summaries; no interval or test of
    an analysis of one's own data is taken from it.

    Parameters
    ----------
    n : float
        Students in all.
    n_per_cluster : float
        Students per assigned cluster.
    icc : float
        Share of the variance between those clusters.

    Raises
    ------
    DesignError
        Too few students or clusters, or an `icc` outside 0..1.

    References
    ----------
    Hedges (2007), Journal of Educational and Behavioral Statistics 32; What Works Clearinghouse
    (2022), Procedures and Standards Handbook 5.0, appendix E, equation E.21.
    """
    if not 0 <= icc <= 1:
        raise DesignError(f"icc is a share and must lie between 0 and 1; got {icc}.")
    rest, own = n - 2, n - 2 * n_per_cluster
    top = (rest - 2 * (n_per_cluster - 1) * icc) ** 2
    bottom = rest * (1 - icc) ** 2 + n_per_cluster * own * icc**2 + 2 * own * icc * (1 - icc)
    if not (n > 2 and n_per_cluster >= 1 and bottom > 0):
        raise DesignError(
            f"{n:g} students in clusters of {n_per_cluster:g} at an icc of {icc:g} are too few to "
            "standardize an effect."
        )
    return top / bottom


def cluster_small_sample_factor(n: float, n_per_cluster: float, icc: float) -> float:
    """Return omega times gamma, by which a difference in SD is multiplied to give g.

    omega = 1 - 3/(4h - 1), gamma = sqrt(1 - 2 (n_per_cluster - 1) icc / (n - 2)); parameters,
    errors and references as in `cluster_effective_df`.
    """
    h = cluster_effective_df(n, n_per_cluster, icc)
    return small_sample_factor(h) * _gamma(n, n_per_cluster, icc)


def _gamma(n: float, n_per_cluster: float, icc: float) -> float:
    square = 1 - 2 * (n_per_cluster - 1) * icc / (n - 2)
    if square <= 0:
        raise DesignError("There are too few clusters to standardize an effect.")
    return sqrt(square)


def _checked_clusters(n: int, n_clusters: float) -> float:
    if n_clusters < 4 - 1e-9 or n < n_clusters:
        raise DesignError(
            "An effect on clusters needs two of them in each arm, with students in each (the only "
            "cluster of an arm cannot be told from the treatment); got "
            f"{n} students in {n_clusters:g} clusters."
        )
    return n_clusters
