"""Comparison groups that were not randomized: matching, weighting, and tables of balance."""

from pilot_analysis.stats.matching.balance import balance_table
from pilot_analysis.stats.matching.nearest import match_nearest
from pilot_analysis.stats.matching.propensity import PropensityScores, propensity_scores
from pilot_analysis.stats.matching.sample import WeightedSample
from pilot_analysis.stats.matching.strata import match_exact
from pilot_analysis.stats.matching.weighting import weight

__all__ = [
    "PropensityScores",
    "WeightedSample",
    "balance_table",
    "match_exact",
    "match_nearest",
    "propensity_scores",
    "weight",
]
