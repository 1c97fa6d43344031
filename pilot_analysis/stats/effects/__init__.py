"""Effect sizes of two groups, attrition, and the What Works Clearinghouse's thresholds."""

from pilot_analysis.stats.effects.attrition import (
    Attrition,
    ClusterAttrition,
    attrition,
    attrition_of_clusters,
)
from pilot_analysis.stats.effects.binary import cox_index, cox_index_from_counts
from pilot_analysis.stats.effects.clusters import (
    ClusterAdjustedTest,
    cluster_adjusted_g,
    cluster_adjusted_t,
)
from pilot_analysis.stats.effects.standardized import (
    glass_delta,
    hedges_g,
    hedges_g_from_summary,
)
from pilot_analysis.stats.effects.standards import (
    KRAFT_2020,
    EffectBands,
    baseline_equivalence,
    improvement_index,
)

__all__ = [
    "KRAFT_2020",
    "Attrition",
    "ClusterAdjustedTest",
    "ClusterAttrition",
    "EffectBands",
    "attrition",
    "attrition_of_clusters",
    "baseline_equivalence",
    "cluster_adjusted_g",
    "cluster_adjusted_t",
    "cox_index",
    "cox_index_from_counts",
    "glass_delta",
    "hedges_g",
    "hedges_g_from_summary",
    "improvement_index",
]
