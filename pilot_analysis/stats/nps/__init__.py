"""Net Promoter Score: counts, one score, the difference of two, and a network of teams."""

from pilot_analysis.stats.nps.scores import (
    NpsCounts,
    count_nps,
    net_promoter_score,
    nps_difference,
    pool_nps,
)

__all__ = ["NpsCounts", "count_nps", "net_promoter_score", "nps_difference", "pool_nps"]
