"""What a design could find: smallest detectable effect, power, and the sample that is needed."""

from pilot_analysis.stats.power.designs import DESIGNS, Design, DesignSizes
from pilot_analysis.stats.power.detectable import minimum_detectable_effect, power_of_design
from pilot_analysis.stats.power.sample import required_sample

__all__ = [
    "DESIGNS",
    "Design",
    "DesignSizes",
    "minimum_detectable_effect",
    "power_of_design",
    "required_sample",
]
