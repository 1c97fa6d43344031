"""Do observers agree, and can their ratings tell subjects apart? Give an answer to both."""

from pilot_analysis.stats.agreement.chance_tests import (
    ChanceTest,
    cohen_kappa_test,
    fleiss_kappa_test,
)
from pilot_analysis.stats.agreement.cohen import cohen_kappa
from pilot_analysis.stats.agreement.gwet import brennan_prediger, gwet_ac
from pilot_analysis.stats.agreement.intervals import FEWEST_FOR_INTERVAL
from pilot_analysis.stats.agreement.intraclass import intraclass_correlation
from pilot_analysis.stats.agreement.krippendorff import krippendorff_alpha
from pilot_analysis.stats.agreement.percent import percent_agreement
from pilot_analysis.stats.agreement.several_raters import conger_kappa, fleiss_kappa, light_kappa

__all__ = [
    "FEWEST_FOR_INTERVAL",
    "ChanceTest",
    "brennan_prediger",
    "cohen_kappa",
    "cohen_kappa_test",
    "conger_kappa",
    "fleiss_kappa",
    "fleiss_kappa_test",
    "gwet_ac",
    "intraclass_correlation",
    "krippendorff_alpha",
    "light_kappa",
    "percent_agreement",
]
