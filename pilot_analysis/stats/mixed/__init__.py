"""Linear mixed models with random intercepts at one or two nested levels."""

from pilot_analysis.stats.mixed.model import MixedFit, fit_mixed

__all__ = ["MixedFit", "fit_mixed"]
