"""Least squares with cluster-robust variances, Satterthwaite df and joint tests (HTZ)."""

from pilot_analysis.stats.cluster.regression import ClusterRobustFit, Vcov, ols_cluster_robust

__all__ = ["ClusterRobustFit", "Vcov", "ols_cluster_robust"]
