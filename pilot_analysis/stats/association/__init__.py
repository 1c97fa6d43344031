"""How two things go together: ranks, shares, tables, logistic regression, complier effects."""

from pilot_analysis.stats.association.auc import (
    FEWEST_A_SIDE,
    LeaveOneOut,
    auc,
    auc_without_each_cluster,
    cluster_auc,
)
from pilot_analysis.stats.association.firth import FirthFit, firth_logit
from pilot_analysis.stats.association.hodges_lehmann import hodges_lehmann
from pilot_analysis.stats.association.instrumental import ComplierEffect, complier_effect
from pilot_analysis.stats.association.kendall import kendall_tau_b, kendall_test
from pilot_analysis.stats.association.permutation import PermutationTest, permutation_test
from pilot_analysis.stats.association.share_differences import (
    proportion_difference,
    proportion_difference_paired,
)
from pilot_analysis.stats.association.shares import cluster_proportion, proportion
from pilot_analysis.stats.association.significance import SignificanceTest
from pilot_analysis.stats.association.spearman import spearman, spearman_test
from pilot_analysis.stats.association.tables import fisher_exact, mcnemar, odds_ratio
from pilot_analysis.stats.association.wilcoxon import (
    kruskal_wallis,
    wilcoxon_rank_sum,
    wilcoxon_signed_rank,
)

__all__ = [
    "FEWEST_A_SIDE",
    "ComplierEffect",
    "FirthFit",
    "LeaveOneOut",
    "PermutationTest",
    "SignificanceTest",
    "auc",
    "auc_without_each_cluster",
    "cluster_auc",
    "cluster_proportion",
    "complier_effect",
    "firth_logit",
    "fisher_exact",
    "hodges_lehmann",
    "kendall_tau_b",
    "kendall_test",
    "kruskal_wallis",
    "mcnemar",
    "odds_ratio",
    "permutation_test",
    "proportion",
    "proportion_difference",
    "proportion_difference_paired",
    "spearman",
    "spearman_test",
    "wilcoxon_rank_sum",
    "wilcoxon_signed_rank",
]
