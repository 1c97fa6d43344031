"""Small-sample factor of a standardized effect when clusters were assigned."""

from math import sqrt

from pilot_analysis.errors import DesignError

__all__ = ["cluster_effective_df", "cluster_small_sample_factor"]


def cluster_effective_df(n: float, n_per_cluster: float, icc: float) -> float:
    """Degrees of freedom h of the pooled standard deviation of clustered students.

    Serves the small-sample factor of g only; no interval or test of ours is taken from it.

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
    (2022), Procedures and Standards Handbook 5.0, appendix E.
    """
    rest, own = n - 2, n - 2 * n_per_cluster
    top = (rest - 2 * (n_per_cluster - 1) * icc) ** 2
    bottom = rest * (1 - icc) ** 2 + n_per_cluster * own * icc**2 + 2 * own * icc * (1 - icc)
    if n <= 2 or not 0 <= icc <= 1 or bottom <= 0:
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
    gamma = 1 - 2 * (n_per_cluster - 1) * icc / (n - 2)
    if gamma <= 0 or h <= 1:
        raise DesignError("There are too few clusters to standardize an effect.")
    return (1 - 3 / (4 * h - 1)) * sqrt(gamma)
