"""Survey scales: scores of people, reliability of the scale, statistics of its items."""

from pilot_analysis.stats.scales.alpha import FEWEST_FOR_ALPHA, cronbach_alpha
from pilot_analysis.stats.scales.factor_fit import FactorFit
from pilot_analysis.stats.scales.item_analysis import item_statistics
from pilot_analysis.stats.scales.omega import mcdonald_omega
from pilot_analysis.stats.scales.one_factor import OneFactor, fit_one_factor
from pilot_analysis.stats.scales.ordinal import ordinal_alpha
from pilot_analysis.stats.scales.polychoric import Polychoric, polychoric_correlations
from pilot_analysis.stats.scales.scoring import score_scale

__all__ = [
    "FEWEST_FOR_ALPHA",
    "FactorFit",
    "OneFactor",
    "Polychoric",
    "cronbach_alpha",
    "fit_one_factor",
    "item_statistics",
    "mcdonald_omega",
    "ordinal_alpha",
    "polychoric_correlations",
    "score_scale",
]
