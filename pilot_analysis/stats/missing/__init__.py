"""Missing data: who was lost, multiple imputation, and Rubin's rules."""

from pilot_analysis.stats.missing.flow import ParticipantFlow, participant_flow
from pilot_analysis.stats.missing.imputation import Imputation
from pilot_analysis.stats.missing.impute import impute
from pilot_analysis.stats.missing.rubin import (
    RubinParts,
    pool_estimates,
    pool_rubin,
    rubin_parts,
)

__all__ = [
    "Imputation",
    "ParticipantFlow",
    "RubinParts",
    "impute",
    "participant_flow",
    "pool_estimates",
    "pool_rubin",
    "rubin_parts",
]
