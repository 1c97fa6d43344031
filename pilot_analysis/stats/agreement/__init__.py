"""Do observers agree? Shares of agreement and Cohen"s kappa."""

from pilot_analysis.stats.agreement.pairs import FEWEST_FOR_INTERVAL, cohen_kappa, percent_agreement

__all__ = ["FEWEST_FOR_INTERVAL", "cohen_kappa", "percent_agreement"]
