"""Two groups compared by rank, with whole clusters permuted; and shares (see `shares`)."""

from pilot_analysis.stats.association.auc import (
    FEWEST_A_SIDE,
    PermutationTest,
    auc,
    cluster_proportion,
    permutation_test,
    proportion,
)

__all__ = [
    "FEWEST_A_SIDE",
    "PermutationTest",
    "auc",
    "cluster_proportion",
    "permutation_test",
    "proportion",
]
