"""Linear mixed models: random intercepts and slopes at one or two nested levels."""

from pilot_analysis.stats.mixed.anova import AnovaIcc, anova_icc
from pilot_analysis.stats.mixed.comparison import LikelihoodRatioTest, likelihood_ratio_test
from pilot_analysis.stats.mixed.fit import MixedFit
from pilot_analysis.stats.mixed.model import fit_mixed

__all__ = [
    "AnovaIcc",
    "LikelihoodRatioTest",
    "MixedFit",
    "anova_icc",
    "fit_mixed",
    "likelihood_ratio_test",
]
