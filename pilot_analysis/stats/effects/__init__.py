"""Effect sizes of two groups, as the What Works Clearinghouse reports them."""

from pilot_analysis.stats.effects.standardized import (
    baseline_equivalence,
    glass_delta,
    hedges_g,
    hedges_g_from_summary,
    improvement_index,
)

__all__ = [
    "baseline_equivalence",
    "glass_delta",
    "hedges_g",
    "hedges_g_from_summary",
    "improvement_index",
]
