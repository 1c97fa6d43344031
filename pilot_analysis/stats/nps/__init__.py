"""Net Promoter Score: counts, one score, the difference of two, and a network of teams."""

from pilot_analysis.stats.nps.counts import NpsCounts, count_nps
from pilot_analysis.stats.nps.difference import nps_difference
from pilot_analysis.stats.nps.network import ShrunkenNps, pool_nps, predict_nps, shrink_nps
from pilot_analysis.stats.nps.nonresponse import NpsBounds, nps_bounds
from pilot_analysis.stats.nps.paired import nps_difference_paired
from pilot_analysis.stats.nps.scores import net_promoter_score

__all__ = [
    "NpsBounds",
    "NpsCounts",
    "ShrunkenNps",
    "count_nps",
    "net_promoter_score",
    "nps_bounds",
    "nps_difference",
    "nps_difference_paired",
    "pool_nps",
    "predict_nps",
    "shrink_nps",
]
