"""Least squares with cluster-robust variances, Satterthwaite df and joint tests; cluster means."""

from pilot_analysis.stats.cluster.mean import (
    cluster_mean,
    cluster_mean_difference,
    cluster_ratio,
    cluster_ratio_difference,
)
from pilot_analysis.stats.cluster.regression import ClusterRobustFit, Vcov, ols_cluster_robust

__all__ = [
    "ClusterRobustFit",
    "Vcov",
    "cluster_mean",
    "cluster_mean_difference",
    "cluster_ratio",
    "cluster_ratio_difference",
    "ols_cluster_robust",
]
