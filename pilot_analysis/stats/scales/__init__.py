"""Survey scales: scores of people, reliability of the scale, statistics of its items."""

from pilot_analysis.stats.scales.items import (
    FEWEST_FOR_ALPHA,
    cronbach_alpha,
    item_statistics,
    score_scale,
)

__all__ = ["FEWEST_FOR_ALPHA", "cronbach_alpha", "item_statistics", "score_scale"]
