"""The smallest true effect that a design would find: "could this pilot have seen it?"."""

from pilot_analysis.stats.power.detectable import DESIGNS, Design, minimum_detectable_effect

__all__ = ["DESIGNS", "Design", "minimum_detectable_effect"]
